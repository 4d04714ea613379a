//! `status`: how each profile is doing.

use serde_json::json;
use tr::tr;

use super::live::{about, live};
use super::{Failure, exit, out, stored};
use crate::daemon::control::{Client, ControlError};
use crate::daemon::protocol::{ProfileStatus, Reply, Request, Status};
use crate::home::Home;
use crate::profile::Profile;
use crate::report::wording::{but_for, line, moment, shell_word};
use crate::report::{Report, RunOutcome, json as report_json};
use crate::setup::change;

/// Show how each profile is doing
///
/// Where Pimbridge runs in the background, this says also what it is doing now, when it runs a profile next, and what
/// of the desktop it misses.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print one JSON object a profile and line: profile, active, last (as "sync --json" prints it, or null), and state,
    /// next and daemon (null where none runs)
    #[arg(long)]
    json: bool,
}

pub async fn run(home: &Home, args: Args) -> Result<u8, Failure> {
    let loaded = change::load_all(home)?;
    let daemon = daemon(home).await.unwrap_or_else(|error| {
        out::complain(&error.to_string());
        None
    });
    for profile in &loaded.profiles {
        let last = stored::last_report(home, &profile.name)?.map(|(_, report)| report);
        out::say(match args.json {
            true => as_json(profile, last.as_ref(), daemon.as_ref()),
            false => as_text(profile, last.as_ref(), daemon.as_ref()),
        });
    }
    for (_, error) in &loaded.broken {
        out::complain(&error.to_string());
    }
    if loaded.profiles.is_empty() && loaded.broken.is_empty() && !args.json {
        out::say(tr!("There is no profile yet; \"pimbridge profile add --help\" says how to make one."));
    }
    if let (Some(daemon), false) = (&daemon, args.json) {
        about(daemon).iter().for_each(out::say);
    }
    Ok(if loaded.broken.is_empty() { exit::IN_SYNC } else { exit::WRONG_USE })
}

/// How the daemon is; none where none runs.
async fn daemon(home: &Home) -> Result<Option<Status>, ControlError> {
    let Some(mut client) = Client::connect(home).await? else { return Ok(None) };
    match client.ask(Request::Status).await? {
        Reply::Status { status } => Ok(Some(*status)),
        Reply::Refused { why } => Err(ControlError::Refused(why)),
        Reply::Done | Reply::Runs { .. } | Reply::NoWindow | Reply::Answered(_) => Err(ControlError::Unclear),
    }
}

fn in_daemon<'a>(daemon: Option<&'a Status>, profile: &Profile) -> Option<&'a ProfileStatus> {
    daemon?.profiles.iter().find(|status| status.name == profile.name.as_str())
}

fn as_text(profile: &Profile, last: Option<&Report>, daemon: Option<&Status>) -> String {
    let status = in_daemon(daemon, profile);
    let live = status.and_then(|status| live(&status.state));
    let never = || match profile.active && profile.mode.deletes_at_first() {
        true => {
            tr!("never synced: run it once yourself: pimbridge sync {}", shell_word(profile.name.as_str()))
        }
        false => tr!("never run"),
    };
    let went = || last.map_or_else(never, how_it_went);
    let how = live.unwrap_or_else(went);
    let how = match profile.active {
        true => how,
        false => tr!("{how} (inactive: runs only when it is named)", how),
    };
    let how = match status.and_then(|status| status.next) {
        Some(next) => tr!("{how}; next run {}", moment(next), how),
        None => how,
    };
    format!("{}: {how}", profile.name)
}

fn as_json(profile: &Profile, last: Option<&Report>, daemon: Option<&Status>) -> String {
    let last: Option<serde_json::Value> =
        last.and_then(|report| serde_json::from_str(&report_json::line(report)).ok());
    let status = in_daemon(daemon, profile);
    json!({
        "profile": profile.name.as_str(),
        "active": profile.active,
        "last": last,
        "state": status.map(|status| &status.state),
        "next": status.and_then(|status| status.next),
        "daemon": daemon.map(|daemon| json!({
            "version": daemon.version,
            "pid": daemon.pid,
            "since": daemon.since,
            "paused": daemon.paused,
            "parts": daemon.parts,
        })),
    })
    .to_string()
}

/// "all in sync, 2026-11-21 08:00".
pub fn how_it_went(report: &Report) -> String {
    let outcome = match report.outcome {
        RunOutcome::Ok => tr!("all in sync"),
        RunOutcome::Partial => but_for(report),
        RunOutcome::Held if report.failure.is_some() => tr!("waits for you to look ahead"),
        RunOutcome::Held => {
            let waiting = report.held.local + report.held.remote;
            tr!("1 deletion waits for your yes" | "{n} deletions wait for your yes" % waiting)
        }
        RunOutcome::Failed => match &report.failure {
            Some(failure) => tr!("could not be synced: {}", line(failure)),
            None => tr!("could not be synced"),
        },
    };
    format!("{outcome} ({})", moment(report.started))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures::report;

    #[test]
    fn in_words() {
        let words = |outcome| {
            let mut report = report();
            (report.outcome, report.held.remote, report.parked) = (outcome, 12, 2);
            report.failure =
                (outcome == RunOutcome::Failed).then(|| "the server\ncannot be reached".to_owned());
            how_it_went(&report).rsplit_once(" (").unwrap().0.to_owned()
        };
        assert_eq!(words(RunOutcome::Ok), "all in sync");
        assert_eq!(words(RunOutcome::Partial), "2 conflicts wait for your decision");
        assert_eq!(words(RunOutcome::Held), "12 deletions wait for your yes");
        assert_eq!(words(RunOutcome::Failed), "could not be synced: the server cannot be reached");
    }
}
