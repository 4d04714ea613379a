//! `repair`: what is doubled or broken.

use serde::Serialize;
use tr::tr;

use super::{Failure, exit, out};
use crate::home::Home;
use crate::profile;
use crate::report::json;
use crate::report::wording::{line, shell_word, summary};
use crate::sync::Side;
use crate::sync::repair::{Fate, Found, Options, RepairReport, What, words};
use crate::sync::run::RunError;
use crate::sync::session::{SessionError, repair_profile};
use crate::sync::words::place;

/// Find doubled and broken items, and mend them
///
/// Finds, on both sides, items that say the same as another, that share their UID with another, that have no UID, that
/// hold several items, or that cannot be read. Nothing is changed without --apply. What is removed or changed is kept:
/// "pimbridge history" brings it back. The next sync brings what was mended to the other side.
#[derive(Debug, clap::Args)]
#[command(after_help = JSON)]
pub struct Args {
    /// The profile
    profile: String,
    /// Mend what can be mended; without it nothing is changed
    #[arg(long)]
    apply: bool,
    /// Remove even unusually many items, which otherwise wait for your yes
    #[arg(long, requires = "apply")]
    allow_deletions: bool,
    /// Print one JSON object an item and line, and nothing else
    #[arg(long)]
    json: bool,
}

const JSON: &str = "\
As JSON, each item has:
  profile, side   where it is: \"local\" or \"remote\"
  item, summary   its name there, and what you call it
  problem         \"double\", \"shared-uid\", \"no-uid\", \"several-uids\" or \"unreadable\"
  state           \"mendable\", \"mended\", \"held\" (waits for your yes) or \"left\" (to you)
  message         what is wrong, in words

Exit status:
  0  nothing is doubled or broken, or all of it was mended
  1  something is still to be mended
  2  wrong use, or a wrong profile
  3  it could not be done (no network, sign-in refused, folder or collection gone)
  4  so many removals that they wait for your yes";

pub async fn run(home: &Home, args: Args) -> Result<u8, Failure> {
    let profile = profile::load(home, &args.profile)?;
    let options = Options { apply: args.apply, allow_deletions: args.allow_deletions };
    let report = repair_profile(home, &profile, options).await.map_err(|error| match error {
        SessionError::State(error) | SessionError::Run(RunError::State(error)) => error.into(),
        other => Failure::NotDone(other.to_string()),
    })?;
    let name = profile.name.as_str();
    if args.json {
        report.found.iter().for_each(|found| out::say(json_line(name, found)));
    } else {
        out::say(text(name, options, &report));
    }
    if let Some(error) = &report.failure {
        out::complain(&error.to_string());
    }
    Ok(status(&report))
}

fn status(report: &RepairReport) -> u8 {
    let any = |fate: fn(&Fate) -> bool| report.found.iter().any(|found| fate(&found.fate));
    if report.failure.is_some() {
        exit::NOT_DONE
    } else if any(|fate| *fate == Fate::Held) {
        exit::HELD
    } else if any(|fate| *fate != Fate::Mended) {
        exit::SOME_FAILED
    } else {
        exit::IN_SYNC
    }
}

/// What was found and done, for people.
fn text(profile: &str, options: Options, report: &RepairReport) -> String {
    let profile = shell_word(profile);
    let group = |title: String, is_in: fn(&Fate) -> bool| {
        let found: Vec<&Found> = report.found.iter().filter(|found| is_in(&found.fate)).collect();
        match found.len() {
            0 => String::new(),
            number => {
                let lines: String = found.into_iter().map(shown).collect();
                format!("\n  {title} ({number}):\n{lines}")
            }
        }
    };
    if report.found.is_empty() {
        return tr!("{profile}: nothing is doubled or broken.", profile);
    }
    let mut text = tr!(
        "{profile}: 1 item is doubled or broken."
            | "{profile}: {n} items are doubled or broken." % report.found.len(),
        profile
    );
    text.push('\n');
    text.push_str(&group(tr!("Mended"), |fate| *fate == Fate::Mended));
    text.push_str(&group(tr!("Can be mended"), |fate| *fate == Fate::Mendable));
    text.push_str(&group(tr!("Waits for your yes"), |fate| *fate == Fate::Held));
    text.push_str(&group(tr!("Left to you"), |fate| matches!(fate, Fate::Left(_))));
    let any = |fate: Fate| report.found.iter().any(|found| found.fate == fate);
    if any(Fate::Mended) {
        let next = tr!("The next sync brings this to the other side: pimbridge sync {profile}", profile);
        let kept = tr!("What was removed or changed is kept: pimbridge history list {profile}", profile);
        text.push_str(&format!("\n{next}\n{kept}\n"));
    }
    if any(Fate::Held) {
        let how = tr!(
            "These are unusually many to remove. To do it: pimbridge repair {profile} --apply --allow-deletions",
            profile
        );
        text.push_str(&format!("\n{how}\n"));
    }
    if any(Fate::Mendable) && !options.apply {
        let how = tr!("Nothing was changed. To mend them: pimbridge repair {profile} --apply", profile);
        text.push_str(&format!("\n{how}\n"));
    }
    text
}

fn shown(found: &Found) -> String {
    let finding = &found.finding;
    let (item, place) = (line(finding.item.href.as_str()), place(finding.side));
    let title = match summary(&finding.summary) {
        title if title == item => format!("{item} ({place})"),
        title => format!("{title} ({item} {place})"),
    };
    let why = match &found.fate {
        Fate::Left(why) => format!("      {}\n", line(why)),
        _ => String::new(),
    };
    format!("    {title} {}.\n{why}", words::problem(finding))
}

#[derive(Serialize)]
struct Json<'a> {
    profile: &'a str,
    side: Side,
    item: &'a str,
    summary: &'a str,
    problem: &'static str,
    state: &'static str,
    message: String,
}

fn json_line(profile: &str, found: &Found) -> String {
    let finding = &found.finding;
    let problem = tr!("It {}.", words::problem(finding));
    json::written(&Json {
        profile,
        side: finding.side,
        item: finding.item.href.as_str(),
        summary: &finding.summary,
        problem: match finding.what {
            What::Double { .. } => "double",
            What::SharedUid { .. } => "shared-uid",
            What::NoUid { .. } => "no-uid",
            What::SeveralUids { .. } => "several-uids",
            What::Unreadable { .. } => "unreadable",
        },
        state: match found.fate {
            Fate::Mendable => "mendable",
            Fate::Mended => "mended",
            Fate::Held => "held",
            Fate::Left(_) => "left",
        },
        message: match &found.fate {
            Fate::Left(why) => format!("{problem} {why}"),
            _ => problem,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collection::{Entry, Etag, Href};
    use crate::sync::repair::{Finding, Left};

    fn found(side: Side, item: &str, summary: &str, what: What, fate: Fate) -> Found {
        let item = Entry { href: Href::new(item), etag: Etag::new("1") };
        let left = matches!(fate, Fate::Left(_)).then_some(Left::Unreadable);
        Found { finding: Finding { side, item, pair: None, summary: summary.into(), what, left }, fate }
    }

    fn report(fate: Fate) -> RepairReport {
        let twin = Some(Entry { href: Href::new("y"), etag: Etag::new("1") });
        let found = vec![
            found(
                Side::Local,
                "copy.ics",
                "Dentist, 3 May 2026",
                What::Double { of: Href::new("dentist.ics"), twin: None },
                fate.clone(),
            ),
            found(Side::Local, "b.ics", "Lunch", What::Double { of: Href::new("a.ics"), twin }, fate.clone()),
            found(
                Side::Remote,
                "c.ics",
                "Standup\u{1b}[2J",
                What::SharedUid { with: Href::new("d.ics"), new: "x".into() },
                fate.clone(),
            ),
            found(Side::Remote, "e.ics", "Party", What::NoUid { new: "x".into() }, fate.clone()),
            found(
                Side::Local,
                "all.ics",
                "First",
                What::SeveralUids { stays: "1".into(), create: vec!["2".into()] },
                fate,
            ),
            found(
                Side::Local,
                "empty.ics",
                "empty.ics",
                What::Unreadable { reason: "the file is empty".into() },
                Fate::Left("Correct it.".into()),
            ),
        ];
        RepairReport { found, failure: None }
    }

    #[test]
    fn before() {
        let report = report(Fate::Mendable);
        assert_eq!(status(&report), exit::SOME_FAILED);
        insta::assert_snapshot!(text("my work", Options::default(), &report), @r#"
        "my work": 6 items are doubled or broken.

          Can be mended (5):
            Dentist, 3 May 2026 (copy.ics on this computer) says the same as dentist.ics; it goes, and the history keeps it.
            Lunch (b.ics on this computer) says the same as a.ics, and so it is on the other side; it goes on both sides, and the history keeps it.
            Standup [2J (c.ics on the server) has the UID of d.ics, but says something else; it gets a UID of its own.
            Party (e.ics on the server) has no UID; it gets one.
            First (all.ics on this computer) holds several items; each gets a place of its own.

          Left to you (1):
            empty.ics (on this computer) cannot be read: the file is empty.
              Correct it.

        Nothing was changed. To mend them: pimbridge repair "my work" --apply
        "#);
        let lines: Vec<String> = report.found.iter().map(|found| json_line("work", found)).collect();
        insta::assert_snapshot!(lines.join("\n"), @r#"
        {"profile":"work","side":"local","item":"copy.ics","summary":"Dentist, 3 May 2026","problem":"double","state":"mendable","message":"It says the same as dentist.ics; it goes, and the history keeps it."}
        {"profile":"work","side":"local","item":"b.ics","summary":"Lunch","problem":"double","state":"mendable","message":"It says the same as a.ics, and so it is on the other side; it goes on both sides, and the history keeps it."}
        {"profile":"work","side":"remote","item":"c.ics","summary":"Standup\u001b[2J","problem":"shared-uid","state":"mendable","message":"It has the UID of d.ics, but says something else; it gets a UID of its own."}
        {"profile":"work","side":"remote","item":"e.ics","summary":"Party","problem":"no-uid","state":"mendable","message":"It has no UID; it gets one."}
        {"profile":"work","side":"local","item":"all.ics","summary":"First","problem":"several-uids","state":"mendable","message":"It holds several items; each gets a place of its own."}
        {"profile":"work","side":"local","item":"empty.ics","summary":"empty.ics","problem":"unreadable","state":"left","message":"It cannot be read: the file is empty. Correct it."}
        "#);
    }

    #[test]
    fn after() {
        let options = Options { apply: true, allow_deletions: false };
        let mut report = report(Fate::Mended);
        assert_eq!(status(&report), exit::SOME_FAILED);
        report.found[0].fate = Fate::Held;
        assert_eq!(status(&report), exit::HELD);
        insta::assert_snapshot!(text("work", options, &report), @"
        work: 6 items are doubled or broken.

          Mended (4):
            Lunch (b.ics on this computer) says the same as a.ics, and so it is on the other side; it goes on both sides, and the history keeps it.
            Standup [2J (c.ics on the server) has the UID of d.ics, but says something else; it gets a UID of its own.
            Party (e.ics on the server) has no UID; it gets one.
            First (all.ics on this computer) holds several items; each gets a place of its own.

          Waits for your yes (1):
            Dentist, 3 May 2026 (copy.ics on this computer) says the same as dentist.ics; it goes, and the history keeps it.

          Left to you (1):
            empty.ics (on this computer) cannot be read: the file is empty.
              Correct it.

        The next sync brings this to the other side: pimbridge sync work
        What was removed or changed is kept: pimbridge history list work

        These are unusually many to remove. To do it: pimbridge repair work --apply --allow-deletions
        ");
        report.found.truncate(1);
        report.found[0].fate = Fate::Mended;
        assert_eq!(status(&report), exit::IN_SYNC);
        report.found.clear();
        insta::assert_snapshot!(text("work", options, &report), @"work: nothing is doubled or broken.");
    }
}
