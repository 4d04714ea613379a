//! Conflicts: both versions side by side, and what the person decides.

use pimbridge::daemon::protocol::conflicts::{Decide, View, Which};
use pimbridge::daemon::protocol::history;
use pimbridge::daemon::protocol::reports::{Compared, Settled};
use pimbridge::daemon::protocol::{Answered, Question, Reply};
use pimbridge::item::compare::Row;
use pimbridge::report::Touched;
use pimbridge::sync::conflict::Decision;
use pimbridge::sync::{Side, Sides};
use slint::{ComponentHandle, Model, ModelRc, SharedString, VecModel};
use tr::tr;

use super::{act, ask, back, begin as begin_part, opened_report};
use crate::link::Link;
use crate::ways::sentence;
use crate::{ConflictChoice, MainWindow, ReportsAt, ReportsPage, Tone, compare, shell};

/// How a page names a conflict that a run settled: the side that was written to, and the item there.
const SETTLED: [(Side, &str); 2] = [(Side::Local, "local:"), (Side::Remote, "remote:")];

/// How the page names the conflict of a report.
pub fn settled_key(touched: &Touched) -> String {
    let word = SETTLED.iter().find(|(side, _)| *side == touched.side).map_or("", |(_, word)| word);
    format!("{word}{}", touched.item)
}

fn settled_named(key: &str) -> Option<(Side, &str)> {
    SETTLED.iter().find_map(|(side, word)| Some((*side, key.strip_prefix(word)?)))
}

/// Whether a conflict is that of a report, not one that waits.
pub fn is_of_report(key: &str) -> bool {
    settled_named(key).is_some()
}

/// Shows both versions of an item that a run found in conflict.
pub fn open_settled(window: &MainWindow, link: &Link, key: &str) {
    let (Some((side, item)), Some((id, profile))) = (settled_named(key), opened_report(window)) else {
        return;
    };
    let page = window.global::<ReportsPage>();
    let line = page.get_lines().iter().find(|line| line.conflict == key).unwrap_or_default();
    begin(window, key, &line.title, &line.detail);
    let question = Question::ReportConflict(Settled { profile, report: id, side, item: item.to_owned() });
    ask(window, link, question, |window, _, reply| {
        if let Reply::Answered(Answered::ReportConflict(compared)) = reply {
            let page = window.global::<ReportsPage>();
            let (one, other) = settled_heads(&compared);
            show(&page, &compared.rows, one, other, restores(&compared));
        }
    });
}

/// Shows a conflict that waits.
pub fn open_waiting(window: &MainWindow, link: &Link, key: &str) {
    let Some(which) = waiting_named(key) else { return };
    let row =
        window.global::<ReportsPage>().get_waiting().iter().find(|row| row.key == key).unwrap_or_default();
    begin(window, key, &row.title, "");
    ask(window, link, Question::Conflict(which), |window, _, reply| {
        if let Reply::Answered(Answered::Conflict(view)) = reply {
            let page = window.global::<ReportsPage>();
            page.set_conflict_text(view.waiting.message.as_str().into());
            let (one, other) = waiting_heads(&view);
            show(&page, &view.rows, one, other, decisions(&view));
        }
    });
}

fn waiting_named(key: &str) -> Option<Which> {
    let (conflict, profile) = key.split_once(' ')?;
    Some(Which { profile: profile.to_owned(), conflict: conflict.to_owned() })
}

fn begin(window: &MainWindow, key: &str, title: &str, text: &str) {
    begin_part(window, ReportsAt::Conflict);
    let page = window.global::<ReportsPage>();
    page.set_conflict(key.into());
    page.set_conflict_title(title.into());
    page.set_conflict_text(text.into());
    page.set_done(SharedString::new());
    show(&page, &[], String::new(), String::new(), Vec::new());
}

fn show(page: &ReportsPage<'_>, rows: &[Row], one: String, other: String, choices: Vec<ConflictChoice>) {
    page.set_rows(compare::rows(rows));
    page.set_one(one.into());
    page.set_other(other.into());
    page.set_choices(ModelRc::new(VecModel::from(choices)));
}

/// What stands above the two versions: where each was, and what became of it.
fn settled_heads(compared: &Compared) -> (String, String) {
    let both_lost = compared.lost.local.is_some() && compared.lost.remote.is_some();
    let head = |side: Side| match (side, compared.had[side], compared.lost[side].is_some()) {
        (Side::Local, _, _) if both_lost => tr!("On this computer"),
        (Side::Remote, _, _) if both_lost => tr!("On the server"),
        (Side::Local, false, _) => tr!("On this computer: it was deleted"),
        (Side::Remote, false, _) => tr!("On the server: it was deleted"),
        (Side::Local, true, true) => tr!("On this computer: it was replaced"),
        (Side::Remote, true, true) => tr!("On the server: it was replaced"),
        (Side::Local, true, false) => tr!("On this computer: it stayed"),
        (Side::Remote, true, false) => tr!("On the server: it stayed"),
    };
    (head(Side::Local), head(Side::Remote))
}

/// The versions that did not stay as they were can be used again.
fn restores(compared: &Compared) -> Vec<ConflictChoice> {
    let choice = |side: Side| {
        let number = compared.lost[side]?;
        let label = match side {
            Side::Local => tr!("Use the version of this computer"),
            Side::Remote => tr!("Use the version of the server"),
        };
        let detail = tr!(
            "It is written to both sides. What is there now goes into the history, so that this can be undone."
        );
        Some(ConflictChoice { key: number.to_string().into(), label: label.into(), detail: detail.into() })
    };
    Side::BOTH.into_iter().filter_map(choice).collect()
}

fn waiting_heads(view: &View) -> (String, String) {
    let head = |side: Side| match (side, view.has[side], view.newer == side) {
        (Side::Local, false, _) => tr!("On this computer: it was deleted"),
        (Side::Remote, false, _) => tr!("On the server: it was deleted"),
        (Side::Local, true, true) => tr!("On this computer, changed last"),
        (Side::Remote, true, true) => tr!("On the server, changed last"),
        (Side::Local, true, false) => tr!("On this computer"),
        (Side::Remote, true, false) => tr!("On the server"),
    };
    (head(Side::Local), head(Side::Remote))
}

/// What can be decided about a conflict that waits, with the words for it.
const DECISIONS: [(&str, Decision); 4] = [
    ("local", Decision::Take(Side::Local)),
    ("remote", Decision::Take(Side::Remote)),
    ("merge", Decision::Merge),
    ("both", Decision::Both),
];

fn decisions(view: &View) -> Vec<ConflictChoice> {
    let Sides { local, remote } = view.has;
    let words = |decision: Decision| {
        Some(match (decision, local, remote) {
            (Decision::Take(Side::Local), true, true) => {
                (tr!("Take what is on this computer"), tr!("The server's version goes into the history."))
            }
            (Decision::Take(Side::Remote), true, true) => {
                (tr!("Take what is on the server"), tr!("This computer's version goes into the history."))
            }
            (Decision::Merge, true, true) => (tr!("Put both together"), merged(view.merged.as_deref()?)),
            (Decision::Both, true, true) => (tr!("Keep both, as two items"), String::new()),
            (Decision::Take(Side::Local), true, false) => {
                (tr!("Keep it, and bring it back to the server"), String::new())
            }
            (Decision::Take(Side::Remote), true, false) => {
                (tr!("Delete it on this computer too"), tr!("It goes into the history."))
            }
            (Decision::Take(Side::Remote), false, true) => {
                (tr!("Keep it, and bring it back to this computer"), String::new())
            }
            (Decision::Take(Side::Local), false, true) => {
                (tr!("Delete it on the server too"), tr!("It goes into the history."))
            }
            _ => return None,
        })
    };
    let choice = |(key, decision): (&str, Decision)| {
        let (label, detail) = words(decision)?;
        // It is about these versions.
        let key = format!("{key} {}", view.mark);
        Some(ConflictChoice { key: key.into(), label: label.into(), detail: detail.into() })
    };
    DECISIONS.into_iter().filter_map(choice).collect()
}

fn merged(choices: &str) -> String {
    match choices {
        "" => tr!("All that both have."),
        choices => sentence(choices),
    }
}

/// Does what the person chose.
pub fn choose(window: &MainWindow, link: &Link, choice: &str) {
    let key = window.global::<ReportsPage>().get_conflict();
    match is_of_report(&key) {
        true => use_version(window, link, choice),
        false => decide(window, link, &key, choice),
    }
}

fn use_version(window: &MainWindow, link: &Link, number: &str) {
    let (Ok(version), Some((_, profile))) = (number.parse(), opened_report(window)) else { return };
    let question = Question::RestoreVersion(history::Which { profile, version });
    let done = tr!("This version is on both sides now. What was there before is in the history.");
    act(window, link, question, done, |window, _, done| window.global::<ReportsPage>().set_done(done.into()));
}

fn decide(window: &MainWindow, link: &Link, key: &str, choice: &str) {
    let Some((word, seen)) = choice.split_once(' ') else { return };
    let decision = DECISIONS.into_iter().find(|(known, _)| *known == word);
    let (Some(which), Some((_, decision))) = (waiting_named(key), decision) else { return };
    let done = tr!("It is done as you decided, on both sides.");
    act(
        window,
        link,
        Question::Decide(Decide { which, decision, seen: seen.to_owned() }),
        done,
        |window, link, done| {
            back(window, link);
            shell::tell(window, Tone::Calm, done);
        },
    );
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use pimbridge::daemon::protocol::conflicts::Waiting;
    use pimbridge::report::Operation;

    use super::*;

    fn view(local: bool, remote: bool, merged: Option<&str>) -> View {
        let waiting = Waiting {
            profile: "my work".into(),
            conflict: "1a2b3c4d".into(),
            summary: "Dentist".into(),
            message: String::new(),
            since: Timestamp::UNIX_EPOCH,
        };
        let merged = merged.map(str::to_owned);
        let (has, mark) = (Sides { local, remote }, "5eed".to_owned());
        View { waiting, rows: Vec::new(), has, mark, newer: Side::Remote, merged }
    }

    fn told(choices: &[ConflictChoice]) -> String {
        choices
            .iter()
            .map(|one| format!("{}: {} | {}", one.key, one.label, one.detail).trim_end().to_owned())
            .collect::<Vec<_>>()
            .join("\n")
    }

    #[test]
    fn what_can_be_decided() {
        insta::assert_snapshot!(told(&decisions(&view(true, true, Some("title from this computer")))), @"
        local 5eed: Take what is on this computer | The server's version goes into the history.
        remote 5eed: Take what is on the server | This computer's version goes into the history.
        merge 5eed: Put both together | Title from this computer.
        both 5eed: Keep both, as two items |
        ");
        insta::assert_snapshot!(told(&decisions(&view(true, false, None))), @"
        local 5eed: Keep it, and bring it back to the server |
        remote 5eed: Delete it on this computer too | It goes into the history.
        ");
        insta::assert_snapshot!(told(&decisions(&view(false, true, None))), @"
        local 5eed: Delete it on the server too | It goes into the history.
        remote 5eed: Keep it, and bring it back to this computer |
        ");
        assert!(decisions(&view(true, true, None)).iter().all(|choice| !choice.key.starts_with("merge")));
        assert_eq!(
            waiting_heads(&view(false, true, None)),
            ("On this computer: it was deleted".to_owned(), "On the server, changed last".to_owned())
        );
    }

    #[test]
    fn who_won_and_what_can_be_used_instead() {
        let compared = |had, lost| Compared { rows: Vec::new(), had, lost };
        let both = Sides { local: true, remote: true };
        let one_lost = compared(both, Sides { local: Some(7), remote: None });
        assert_eq!(
            settled_heads(&one_lost),
            ("On this computer: it was replaced".to_owned(), "On the server: it stayed".to_owned())
        );
        assert_eq!(restores(&one_lost).iter().map(|choice| choice.key.as_str()).collect::<Vec<_>>(), ["7"]);
        let merged = compared(both, Sides { local: Some(7), remote: Some(8) });
        assert_eq!(settled_heads(&merged), ("On this computer".to_owned(), "On the server".to_owned()));
        assert_eq!(restores(&merged).len(), 2);
    }

    #[test]
    fn an_item_is_found_again_by_its_key() {
        let touched = Touched {
            side: Side::Remote,
            operation: Operation::Update,
            summary: "x".into(),
            item: "local: a.ics".into(),
            why: String::new(),
            conflict: true,
        };
        assert_eq!(settled_named(&settled_key(&touched)), Some((Side::Remote, "local: a.ics")));
        assert_eq!(
            waiting_named("1a my work"),
            Some(Which { profile: "my work".into(), conflict: "1a".into() })
        );
        assert!(!is_of_report("1a my work"));
    }
}
