//! `status`: how each profile is doing.

use serde_json::json;

use super::{Failure, exit, out, stored};
use crate::home::Home;
use crate::profile::{self, Profile};
use crate::report::text::{but_for, line, moment};
use crate::report::{Report, RunOutcome, json as report_json};

/// Show how each profile is doing
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print one JSON object a profile and line: profile, active, last (as "sync --json" prints it, or null)
    #[arg(long)]
    json: bool,
}

pub fn run(home: &Home, args: Args) -> Result<u8, Failure> {
    let loaded = profile::load_all(home)?;
    for profile in &loaded.profiles {
        let last = stored::last_report(home, &profile.name)?.map(|(_, report)| report);
        out::say(if args.json { as_json(profile, last.as_ref()) } else { as_text(profile, last.as_ref()) });
    }
    for (_, error) in &loaded.broken {
        out::complain(&error.to_string());
    }
    if loaded.profiles.is_empty() && loaded.broken.is_empty() && !args.json {
        out::say("There is no profile yet; \"pimbridge profile add --help\" says how to make one.");
    }
    Ok(if loaded.broken.is_empty() { exit::IN_SYNC } else { exit::WRONG_USE })
}

fn as_text(profile: &Profile, last: Option<&Report>) -> String {
    let off = if profile.active { "" } else { " (inactive: runs only when it is named)" };
    format!("{}: {}{off}", profile.name, last.map_or_else(|| "never run".to_owned(), how_it_went))
}

fn as_json(profile: &Profile, last: Option<&Report>) -> String {
    let last: Option<serde_json::Value> =
        last.and_then(|report| serde_json::from_str(&report_json::line(report)).ok());
    json!({ "profile": profile.name.as_str(), "active": profile.active, "last": last }).to_string()
}

/// "all in sync, 2026-11-21 08:00".
pub fn how_it_went(report: &Report) -> String {
    let outcome = match report.outcome {
        RunOutcome::Ok => "all in sync".to_owned(),
        RunOutcome::Partial => but_for(report),
        RunOutcome::Held if report.failure.is_some() => "waits for you to look ahead".to_owned(),
        RunOutcome::Held => format!("{} deletions wait for your yes", report.held.local + report.held.remote),
        RunOutcome::Failed => match &report.failure {
            Some(failure) => format!("could not be synced: {}", line(failure)),
            None => "could not be synced".to_owned(),
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
