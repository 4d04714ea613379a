//! `daemon follow`: what happens, as it happens.

use tr::tr;

use crate::cli::live::{live, paused};
use crate::cli::status::how_it_went;
use crate::cli::{Failure, exit, out};
use crate::daemon::control::{Client, ControlError};
use crate::daemon::protocol::{Event, ProfileStatus, State, Status};
use crate::home::Home;
use crate::report::json;

/// Watch what happens in the background, until Ctrl-C
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print one JSON object an event and line; ARCHITECTURE.md describes them
    #[arg(long)]
    json: bool,
}

pub async fn run(home: &Home, args: Args) -> Result<u8, Failure> {
    let mut client = super::ask::connect(home).await?;
    client.follow().await?;
    let mut before = None;
    loop {
        let event = match client.event().await {
            // Who reads too slowly is left; it may come again.
            Err(ControlError::Gone) => {
                client = Client::connect(home).await?.ok_or(ControlError::Gone)?;
                client.follow().await?;
                continue;
            }
            event => event?,
        };
        let lines = match args.json {
            true => vec![json::written(&event)],
            false => in_words(event, &mut before),
        };
        for line in lines {
            if out::try_say(&line).is_err() {
                // Nobody reads it any more.
                return Ok(exit::IN_SYNC);
            }
        }
    }
}

/// What a person is told of an event.
fn in_words(event: Event, before: &mut Option<Status>) -> Vec<String> {
    match event {
        Event::Status { status } => {
            let lines = changes(before.as_ref(), &status);
            *before = Some(*status);
            lines
        }
        Event::RunStarted { profile, .. } => vec![tr!("{profile}: started", profile)],
        Event::Progress { .. } | Event::Show { .. } => Vec::new(),
        Event::RunFinished { profile, report, .. } => vec![format!("{profile}: {}", how_it_went(&report))],
    }
}

/// What is another than before, without what the runs themselves tell.
fn changes(before: Option<&Status>, now: &Status) -> Vec<String> {
    let mut lines = Vec::new();
    if before.map(|before| before.paused) != Some(now.paused) && (before.is_some() || now.paused.is_some()) {
        lines.push(now.paused.map_or_else(|| tr!("Everything runs by itself again"), paused));
    }
    for ProfileStatus { name, state, .. } in &now.profiles {
        let old = before.and_then(|before| before.profiles.iter().find(|profile| profile.name == *name));
        let is_told_by_runs = matches!(state, State::Queued | State::Running { .. } | State::InSync);
        if old.is_none_or(|old| old.state != *state) && !is_told_by_runs {
            lines.extend(live(state).map(|words| format!("{name}: {words}")));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::daemon::protocol::{Paused, RunId};
    use crate::report::fixtures::report;
    use crate::report::wording::moment;

    #[test]
    fn what_a_person_is_told() {
        let since = "2026-11-26T08:00:00Z".parse().unwrap();
        let state = |state, is_paused: bool| {
            let profile = ProfileStatus { name: "work".into(), active: true, state, last: None, next: None };
            let paused = is_paused.then_some(Paused { since, until: None });
            let (version, profiles, parts) = ("1".into(), vec![profile], vec![]);
            Event::Status { status: Box::new(Status { version, pid: 1, since, paused, profiles, parts }) }
        };
        let offline = || State::Offline { since, why: "no network".into() };
        let (run, profile) = (RunId(1), "work".to_owned());
        let events = [
            state(State::InSync, false),
            Event::RunStarted { run, profile: profile.clone() },
            state(State::Running { step: None }, false),
            Event::RunFinished {
                run,
                profile,
                report_id: None,
                report: Box::new(report()),
                foreseen: vec![],
            },
            state(State::InSync, false),
            state(offline(), false),
            state(offline(), true),
            state(offline(), false),
        ];
        let mut before = None;
        let lines: Vec<String> = events.into_iter().flat_map(|event| in_words(event, &mut before)).collect();
        let shown =
            lines.join("\n").replace(&moment(since), "THEN").replace(&moment(report().started), "THEN");
        insta::assert_snapshot!(shown, @r"
        work: started
        work: all in sync (THEN)
        work: offline since THEN: no network
        Nothing runs by itself until: pimbridge daemon resume (or until Pimbridge is started anew)
        Everything runs by itself again
        ");
    }
}
