//! How each profile is, and what the person can do about it.

use std::fmt::{self, Write};

use tr::tr;

use super::View;
use crate::daemon::protocol::{Part, Phase, ProfileStatus, State, Step};
use crate::desktop::face::{self, Face, Look};
use crate::report::page::{header, named, safe, section};
use crate::report::wording::{moment, sentence, shell_word};

pub fn write(out: &mut String, view: &View<'_>) -> fmt::Result {
    let face = Face::of(view.status, view.now, view.zone);
    let mut lines = face.tooltip.lines();
    let heading = safe(lines.next().unwrap_or_default());
    let more: Vec<String> = lines.map(safe).collect();
    let as_of = tr!("As it was at {}; to see how it is now, open it again from the icon.", moment(view.now));
    header(out, class(face.look), &more.join(" · "), &heading, &as_of)?;
    if view.status.profiles.is_empty() {
        section(out, &tr!("How to begin"))?;
        writeln!(
            out,
            "<p>{}</p>\n<pre>pimbridge profile add --help</pre>\n</section>",
            tr!("Connect a folder and a calendar, task list or address book on your server:")
        )?;
    }
    for profile in &view.status.profiles {
        one(out, view, profile)?;
    }
    parts(out, &view.status.parts)
}

/// The class of a section about something that looks so.
fn class(look: Look) -> &'static str {
    match look {
        Look::Idle | Look::Running => "good",
        Look::Warning | Look::Held => "look",
        Look::Error => "bad",
        Look::Paused | Look::Offline => "",
    }
}

fn one(out: &mut String, view: &View<'_>, profile: &ProfileStatus) -> fmt::Result {
    let told = told(view, profile);
    let class = match profile.state {
        State::Inactive => "",
        _ => class(face::look_of(&profile.state)),
    };
    writeln!(
        out,
        "<section class=\"{class}\">\n<h2>{}</h2>\n<p><b>{}</b></p>",
        named(&profile.name),
        safe(&told.what)
    )?;
    if let Some(why) = &told.why {
        writeln!(out, "<p>{}</p>", safe(&sentence(why)))?;
    }
    for (when, command) in &told.ways {
        writeln!(out, "<p>{}</p>", safe(when))?;
        if let Some(command) = command {
            writeln!(out, "<pre>pimbridge {}</pre>", safe(command))?;
        }
    }
    items(out, view, profile)?;
    let mut times = Vec::new();
    if let Some(last) = &profile.last {
        let when = view.when(last.started);
        let listed = last.report_id.and_then(|id| view.report(&profile.name, id));
        let when = match listed {
            Some(listed) => format!("<a href=\"{}\">{}</a>", listed.address(), safe(&when)),
            None => safe(&when),
        };
        times.push(face::last_run(last.outcome, &when));
    }
    if let Some(next) = profile.next.filter(|_| view.status.paused.is_none()) {
        times.push(tr!("Next sync: {}", safe(&view.when(next.max(view.now)))));
    }
    if !times.is_empty() {
        writeln!(out, "<p class=\"small\">{}</p>", times.join(" · "))?;
    }
    out.write_str("</section>\n")
}

/// How many items are named here; the report has all of them.
const NAMED: usize = 5;

/// The items that the last run could not bring in sync.
fn items(out: &mut String, view: &View<'_>, profile: &ProfileStatus) -> fmt::Result {
    let listed = profile.last.as_ref().and_then(|last| view.report(&profile.name, last.report_id?));
    let Some(problems) = listed.map(|listed| &listed.report.problems).filter(|problems| !problems.is_empty())
    else {
        return Ok(());
    };
    out.write_str("<ul>\n")?;
    for problem in problems.iter().take(NAMED) {
        let called = if problem.summary.trim().is_empty() { &problem.item } else { &problem.summary };
        writeln!(out, "<li>{}: {}</li>", named(called), safe(&sentence(&problem.message)))?;
    }
    if problems.len() > NAMED {
        let more = problems.len() - NAMED;
        let more = tr!("… and one more item: see the report of the last sync"
            | "… and {n} more items: see the report of the last sync" % more);
        writeln!(out, "<li>{more}</li>")?;
    }
    out.write_str("</ul>\n")
}

/// What is told of a profile: how it is, why, and what the person can do, with the command for it.
struct Told {
    what: String,
    why: Option<String>,
    ways: Vec<(String, Option<String>)>,
}

fn told(view: &View<'_>, profile: &ProfileStatus) -> Told {
    let word = shell_word(&profile.name);
    let (what, why, ways) = match &profile.state {
        State::Inactive => (
            tr!("It runs only when you say so"),
            None,
            vec![(tr!("To do so:"), Some(format!("sync {word}")))],
        ),
        State::NeverRun if profile.next.is_none() => (
            tr!("It was never synced"),
            None,
            vec![(tr!("Run it once yourself:"), Some(format!("sync {word}")))],
        ),
        State::NeverRun => (tr!("It has not run yet"), None, vec![]),
        State::InSync => (tr!("All in sync"), None, vec![]),
        State::Queued => (tr!("It waits for its turn"), None, vec![]),
        State::Running { step } => (running(*step), None, vec![]),
        State::Offline { since, why } => {
            let what = tr!("The server cannot be reached since {}", view.when(*since));
            (what, Some(why), vec![(tr!("It is tried again by itself."), None)])
        }
        State::Busy { why, .. } => (
            tr!("The server asks to come back later"),
            Some(why),
            vec![(tr!("It is tried again by itself."), None)],
        ),
        State::SignInNeeded { why } => (
            tr!("The server does not let you in"),
            Some(why),
            vec![(
                tr!(
                    "Nothing of this account runs by itself until that is mended, so that the account is not locked."
                ),
                None,
            )],
        ),
        State::KeyringLocked { why } => (tr!("The password cannot be read"), Some(why), vec![]),
        State::Held { held } => {
            let number = held.local + held.remote;
            let what = tr!("One deletion waits for your yes" | "{n} deletions wait for your yes" % number);
            let ways = vec![
                (
                    tr!("If that was you, let them be deleted on the other side too:"),
                    Some(format!("sync {word} --allow-deletions")),
                ),
                (tr!("If not, bring back what is missing:"), Some(format!("sync {word} --undo-deletions"))),
            ];
            (what, None, ways)
        }
        State::PreviewNeeded => (
            tr!("It waits for you to look ahead, as it may delete"),
            None,
            vec![
                (tr!("See what it would do:"), Some(format!("sync {word} --dry-run"))),
                (tr!("If that is right:"), Some(format!("sync {word} --accept-preview"))),
            ],
        ),
        State::Warning { why } => {
            let what = sentence(why).trim_end_matches('.').to_owned();
            (what, None, vec![])
        }
        State::Error { why } => (tr!("It could not be synced"), Some(why), vec![]),
        State::Broken { why } => (tr!("It cannot run as it is written"), Some(why), vec![]),
    };
    Told { what, why: why.cloned(), ways }
}

fn running(step: Option<Step>) -> String {
    let Some(step) = step else { return tr!("It is being synced") };
    let looking = match step.phase {
        Phase::LookingHere => tr!("It is being synced: looking at this computer"),
        Phase::LookingAtServer => tr!("It is being synced: looking at the server"),
        Phase::Comparing => tr!("It is being synced: comparing"),
        Phase::Writing => tr!("It is being synced: writing"),
    };
    match step.total {
        Some(total) => tr!("{looking}, {done} of {total}", looking, done = step.done, total),
        None => looking,
    }
}

fn parts(out: &mut String, parts: &[Part]) -> fmt::Result {
    let missing: Vec<(&str, &str)> =
        parts.iter().filter_map(|part| Some((part.name.as_str(), part.missing.as_deref()?))).collect();
    if missing.is_empty() {
        return Ok(());
    }
    section(out, &tr!("What is missing on this desktop"))?;
    for (name, why) in missing {
        writeln!(out, "<p><b>{}</b>: {}</p>", safe(&face::part(name)), safe(why))?;
    }
    out.write_str("</section>\n")
}
