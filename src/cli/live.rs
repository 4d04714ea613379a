//! How the daemon and its profiles are, in words.

use tr::tr;

use super::bars;
use crate::daemon::protocol::{Paused, State, Status, Step};
use crate::desktop::face;
use crate::report::wording::{line, moment};

/// What is to be said of the daemon itself.
pub fn about(daemon: &Status) -> Vec<String> {
    let runs =
        tr!("Pimbridge runs in the background since {} (process {})", moment(daemon.since), daemon.pid);
    let paused = daemon.paused.map(paused);
    let missing = daemon
        .parts
        .iter()
        .filter_map(|part| Some(format!("{}: {}", face::part(&part.name), part.missing.as_ref()?)));
    [runs].into_iter().chain(paused).chain(missing).collect()
}

/// How long nothing runs by itself.
pub fn paused(paused: Paused) -> String {
    match paused.until {
        Some(until) => tr!("Nothing runs by itself until {}", moment(until)),
        None => {
            tr!("Nothing runs by itself until: pimbridge daemon resume (or until Pimbridge is started anew)")
        }
    }
}

/// What the daemon knows of a profile and the last report does not tell.
pub fn live(state: &State) -> Option<String> {
    Some(match state {
        State::Inactive
        | State::NeverRun
        | State::InSync
        | State::Held { .. }
        | State::PreviewNeeded
        | State::Warning { .. }
        | State::Error { .. } => return None,
        State::Queued => tr!("waits for its turn"),
        State::Running { step: None } => tr!("running"),
        State::Running { step: Some(step) } => tr!("running: {}", far(*step)),
        State::Offline { since, why } => tr!("offline since {}: {}", moment(*since), line(why)),
        State::Busy { since, why } => tr!("the server is busy since {}: {}", moment(*since), line(why)),
        State::SignInNeeded { why } => {
            tr!("does not run by itself until you sign in again: {}", line(why))
        }
        State::KeyringLocked { why } | State::Broken { why } => line(why),
    })
}

fn far(Step { phase, done, total }: Step) -> String {
    let what = bars::words(phase.into());
    match total {
        Some(total) => tr!("{what} ({done} of {total})", what, done, total),
        None => what,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::daemon::protocol::{Part, Phase};

    #[test]
    fn in_words() {
        let since = "2026-11-26T08:00:00Z".parse().unwrap();
        let words = |state| live(&state).map(|words| words.replace(&moment(since), "THEN"));
        let step = |total| Some(Step { phase: Phase::Writing, done: 5, total });
        let why = || "the server\ncannot be reached".to_owned();
        assert_eq!(words(State::InSync), None);
        assert_eq!(words(State::Error { why: why() }), None);
        assert_eq!(words(State::Running { step: step(Some(20)) }).unwrap(), "running: writing (5 of 20)");
        assert_eq!(words(State::Running { step: step(None) }).unwrap(), "running: writing");
        let offline = words(State::Offline { since, why: why() }).unwrap();
        assert_eq!(offline, "offline since THEN: the server cannot be reached");
        let sign_in = words(State::SignInNeeded { why: why() }).unwrap();
        assert_eq!(sign_in, "does not run by itself until you sign in again: the server cannot be reached");
    }

    #[test]
    fn the_daemon_itself() {
        let since = "2026-11-26T08:00:00Z".parse().unwrap();
        let part =
            |name: &str, missing: Option<&str>| Part { name: name.into(), missing: missing.map(Into::into) };
        let parts = vec![part("tray icon", Some("no panel shows icons")), part("keyring", None)];
        let paused = Some(Paused { since, until: None });
        let status = Status { version: "1".into(), pid: 7, since, paused, profiles: vec![], parts };
        let shown = about(&status).join("\n").replace(&moment(since), "THEN");
        insta::assert_snapshot!(shown, @r"
        Pimbridge runs in the background since THEN (process 7)
        Nothing runs by itself until: pimbridge daemon resume (or until Pimbridge is started anew)
        tray icon: no panel shows icons
        ");
    }
}
