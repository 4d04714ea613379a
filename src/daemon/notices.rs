//! What the person is told of: once for each distinct problem, until it changes or is solved. Pure: it is told how a run
//! ended, and says which notices are shown and which are taken back.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tr::tr;

use super::protocol::{Answer, Page, State};
use super::schedule::{Account, Reason};
use crate::desktop::{Notice, Shown, Wish};
use crate::item::hex;
use crate::language::Language;
use crate::profile::Name;
use crate::report::wording::{but_for, line};
use crate::report::{Held, Report, RunOutcome};
use crate::settings::Finding;
use crate::sync::run::Obstacle;

/// A warning is told after so many runs by themselves in a row.
const PATIENCE: u32 = 2;
const KEYRING: &str = "keyring";
/// A server that only ever asks to come back later is told of when nothing came through for so long.
const BUSY: SignedDuration = SignedDuration::from_hours(24);
/// What the mark of held deletions begins with.
const HELD: &str = "held";

/// What was seen on the screen, and is not solved: as it is remembered over a restart.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Told {
    /// Notices by their keys, with a mark of what they said.
    told: BTreeMap<String, String>,
    /// How many runs by themselves in a row ended with a warning.
    warned: BTreeMap<String, u32>,
    /// The accounts whose password cannot be had, which one notice tells for all.
    without_secret: BTreeSet<String>,
    /// Since when the servers of these accounts are busy, and nothing came through.
    busy: BTreeMap<String, Timestamp>,
}

/// What is to be done on the desktop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tell {
    Notify(Notice),
    Withdraw(String),
}

/// How a run ended.
#[derive(Debug, Clone, Copy)]
pub struct Ended<'a> {
    pub profile: &'a Name,
    pub account: &'a Account,
    /// Why some of the ways into the account are closed after it.
    pub closed: &'a BTreeSet<Reason>,
    pub report: &'a Report,
    pub obstacle: Option<&'a Obstacle>,
    /// The server answered it.
    pub reached: bool,
    /// A person asked for it.
    pub by_hand: bool,
    /// It was about all items, not only about some that had changed.
    pub full: bool,
}

/// Keeps what was told.
#[derive(Debug)]
pub struct Notices {
    told: Told,
    /// The marks of notices that the desktop was given and nobody has seen yet, by their keys. A restart tells them again.
    waiting: BTreeMap<String, String>,
    /// What the person wants to be told of.
    wanted: Vec<Finding>,
    /// Nothing is said while the server cannot be reached.
    quiet_offline: bool,
}

/// Something to be told.
struct Problem {
    finding: Finding,
    /// The same for the same problem.
    mark: String,
    notice: Notice,
}

impl Notices {
    pub fn new(told: Told, wanted: Vec<Finding>, quiet_offline: bool) -> Notices {
        Notices { told, waiting: BTreeMap::new(), wanted, quiet_offline }
    }

    pub fn set_wanted(&mut self, wanted: Vec<Finding>, quiet_offline: bool) {
        (self.wanted, self.quiet_offline) = (wanted, quiet_offline);
    }

    /// What is to be remembered.
    pub fn told(&self) -> &Told {
        &self.told
    }

    /// The desktop has shown this.
    pub fn shown(&mut self, Shown { key, mark }: Shown) {
        if self.waiting.get(&key) == Some(&mark) {
            self.waiting.remove(&key);
            self.told.told.insert(key, mark);
        }
    }

    /// The mark of what was told last of this, or is to be told.
    fn last(&self, key: &str) -> Option<&String> {
        self.waiting.get(key).or_else(|| self.told.told.get(key))
    }

    /// A run ended.
    pub fn run_ended(&mut self, run: Ended<'_>) -> Vec<Tell> {
        let key = of_profile(run.profile.as_str());
        match run.obstacle {
            Some(Obstacle::Elsewhere | Obstacle::Stopped) => Vec::new(),
            Some(Obstacle::Busy { .. }) => self.busy(&run).into_iter().collect(),
            Some(Obstacle::Offline) if self.quiet_offline => Vec::new(),
            Some(Obstacle::SignIn | Obstacle::ProxySignIn) => {
                let told = [self.has_secret(&run), self.set(&of_account(run.account), Some(sign_in(&run)))];
                told.into_iter().flatten().collect()
            }
            Some(Obstacle::KeyringLocked) => {
                self.told.without_secret.insert(of_account(run.account));
                self.set(KEYRING, Some(keyring(&run))).into_iter().collect()
            }
            Some(Obstacle::NotUnderstood) => self.warn(&run).into_iter().collect(),
            Some(Obstacle::Offline | Obstacle::Other) => {
                self.told.warned.remove(run.profile.as_str());
                self.set(&key, Some(error(&run))).into_iter().collect()
            }
            None => {
                let solved = match run.reached {
                    true => [self.signed_in(&run), self.has_secret(&run), self.is_not_busy(run.account)],
                    false => [const { None }; 3],
                };
                let found = match run.report.outcome {
                    // What some items are like says nothing about the others. Where they are held, a full run follows.
                    _ if !run.full => None,
                    RunOutcome::Held if run.report.held != Held::default() => {
                        self.set(&key, Some(held(&run)))
                    }
                    RunOutcome::Partial => self.warn(&run),
                    RunOutcome::Ok => self.set(&key, None),
                    RunOutcome::Failed => self.set(&key, Some(error(&run))),
                    RunOutcome::Held => None,
                };
                if run.full && run.report.outcome != RunOutcome::Partial {
                    self.told.warned.remove(run.profile.as_str());
                }
                solved.into_iter().flatten().chain(found).collect()
            }
        }
    }

    /// The person has answered what this profile asked. Where it is asked still, it is told anew.
    pub fn answered(&mut self, profile: &str) -> Option<Tell> {
        self.set(&of_profile(profile), None)
    }

    /// These profiles there are, and why some of them cannot run.
    pub fn profiles(
        &mut self,
        profiles: &[(&Name, Account)],
        broken: &BTreeMap<String, String>,
    ) -> Vec<Tell> {
        let mut known: BTreeSet<String> = profiles.iter().map(|(_, account)| of_account(account)).collect();
        self.told.without_secret.retain(|account| known.contains(account));
        let servers: BTreeSet<String> = profiles.iter().map(|(_, account)| of_server(account)).collect();
        self.told.busy.retain(|server, _| servers.contains(server));
        known.extend(servers);
        if !self.told.without_secret.is_empty() {
            known.insert(KEYRING.to_owned());
        }
        known.extend(profiles.iter().map(|(name, _)| of_profile(name.as_str())));
        known.extend(broken.keys().map(|name| of_file(name)));
        let keys = self.told.told.keys().chain(self.waiting.keys());
        let gone: BTreeSet<String> = keys.filter(|key| !known.contains(*key)).cloned().collect();
        self.told.warned.retain(|name, _| profiles.iter().any(|(known, _)| known.as_str() == name));
        let withdrawn: Vec<Tell> = gone.iter().filter_map(|key| self.set(key, None)).collect();
        let wrong =
            broken.iter().filter_map(|(name, why)| self.set(&of_file(name), Some(wrong_file(name, why))));
        withdrawn.into_iter().chain(wrong.collect::<Vec<_>>()).collect()
    }

    /// Something that may pass by itself: what was told of it before stays, something else is solved.
    fn warn(&mut self, run: &Ended<'_>) -> Option<Tell> {
        let (key, problem) = (of_profile(run.profile.as_str()), warning(run));
        let times = self.told.warned.entry(run.profile.to_string()).or_default();
        if !run.by_hand {
            *times = times.saturating_add(1);
        }
        if *times >= PATIENCE || self.last(&key) == Some(&problem.mark) {
            return self.set(&key, Some(problem));
        }
        // A run that was not done has solved nothing.
        if run.report.outcome == RunOutcome::Failed { None } else { self.set(&key, None) }
    }

    /// The sign-in was accepted. Where it is still refused by another way, the notice stays.
    fn signed_in(&mut self, run: &Ended<'_>) -> Option<Tell> {
        if run.closed.contains(&Reason::SignIn) { None } else { self.set(&of_account(run.account), None) }
    }

    /// The server asks to come back later, which may last; but not for ever.
    fn busy(&mut self, run: &Ended<'_>) -> Option<Tell> {
        let (server, now) = (of_server(run.account), run.report.started);
        let since = *self.told.busy.entry(server.clone()).or_insert(now);
        if now.duration_since(since) < BUSY { None } else { self.set(&server, Some(busy(run))) }
    }

    fn is_not_busy(&mut self, account: &Account) -> Option<Tell> {
        let server = of_server(account);
        self.told.busy.remove(&server);
        self.set(&server, None)
    }

    /// Another process ran the profile, and left it so: what that solved is taken back, so that it is told again when it
    /// comes again. What that process found, it told itself.
    pub fn ran_elsewhere(&mut self, profile: &Name, state: &State) -> Option<Tell> {
        let key = of_profile(profile.as_str());
        let is_solved = |mark: &String| match state {
            State::InSync => true,
            State::Held { held } => *mark != held_mark(*held),
            // Some items are not in sync, but none waits for a yes.
            State::Warning { .. } => mark.starts_with(HELD),
            _ => false,
        };
        if *state == State::InSync {
            self.told.warned.remove(profile.as_str());
        }
        if self.last(&key).is_some_and(is_solved) { self.set(&key, None) } else { None }
    }

    /// The secret of the account could be had: the last of those that could not takes the notice back.
    fn has_secret(&mut self, run: &Ended<'_>) -> Option<Tell> {
        if run.closed.contains(&Reason::KeyringLocked) {
            return None;
        }
        self.told.without_secret.remove(&of_account(run.account));
        if self.told.without_secret.is_empty() { self.set(KEYRING, None) } else { None }
    }

    /// From now on this is so, or nothing.
    fn set(&mut self, key: &str, problem: Option<Problem>) -> Option<Tell> {
        let problem = problem.filter(|problem| self.wanted.contains(&problem.finding));
        if let Some(problem) = &problem
            && self.last(key).is_some_and(|last| is_same(last, &problem.mark))
        {
            if let Some(told) = self.told.told.get_mut(key) {
                told.clone_from(&problem.mark);
            }
            return None;
        }
        let told = self.told.told.remove(key);
        let last = self.waiting.remove(key).or(told);
        match problem {
            Some(Problem { mark, notice, .. }) => {
                self.waiting.insert(key.to_owned(), mark.clone());
                Some(Tell::Notify(Notice { key: key.to_owned(), mark, ..notice }))
            }
            None => last.map(|_| Tell::Withdraw(key.to_owned())),
        }
    }
}

fn of_profile(name: &str) -> String {
    format!("profile {name}")
}

fn of_file(name: &str) -> String {
    format!("file {name}")
}

fn of_account(account: &Account) -> String {
    format!("sign-in {}", key_of(account))
}

fn of_server(account: &Account) -> String {
    format!("busy {}", key_of(account))
}

fn server(account: &Account) -> String {
    match &account.origin {
        url::Origin::Tuple(_, host, _) => host.to_string(),
        other => other.ascii_serialization(),
    }
}

/// The same in every language, and after a restart.
fn key_of(account: &Account) -> String {
    match account.user() {
        Some(user) => format!("{user} at {}", server(account)),
        None => server(account),
    }
}

/// "jana at dav.example.org".
fn in_words(account: &Account) -> String {
    match account.user() {
        Some(user) => tr!("{user} at {server}", user, server = server(account)),
        None => server(account),
    }
}

/// What the mark of a text begins with.
const TEXT: &str = "text ";

/// The same for texts that say the same, though a server puts a new number or time into each.
fn mark(kind: &str, text: &str) -> String {
    mark_in(Language::spoken(), kind, text)
}

fn mark_in(language: Language, kind: &str, text: &str) -> String {
    let words = text.split_whitespace().filter(|word| !word.contains(|c: char| c.is_ascii_digit()));
    let mut hash = Sha256::new();
    words.for_each(|word| hash.update([word.as_bytes(), b" "].concat()));
    format!("{TEXT}{kind} {} {}", language.code(), hex(&hash.finalize()[..12]))
}

/// Whether both stand for the same problem. Texts of two languages cannot be compared: the person changed the language
/// while the problem was there.
fn is_same(one: &str, other: &str) -> bool {
    let is_other_language = kind_and_language(one)
        .zip(kind_and_language(other))
        .is_some_and(|((kind, code), (of_other, code_of_other))| kind == of_other && code != code_of_other);
    one == other || is_other_language
}

fn kind_and_language(mark: &str) -> Option<(&str, &str)> {
    let (kind, rest) = mark.strip_prefix(TEXT)?.split_once(' ')?;
    Some((kind, rest.split_once(' ')?.0))
}

fn notice(title: String, text: &str, urgent: bool, actions: Vec<(String, Wish)>) -> Notice {
    Notice { key: String::new(), mark: String::new(), title, text: line(text), urgent, actions }
}

fn show(page: Page) -> (String, Wish) {
    (tr!("Show"), Wish::Open(page))
}

fn show_report(profile: &Name) -> (String, Wish) {
    show(Page::Report { profile: profile.to_string() })
}

fn failure(run: &Ended<'_>) -> String {
    run.report.failure.clone().unwrap_or_else(|| tr!("It could not be done; the report says more."))
}

fn error(run: &Ended<'_>) -> Problem {
    let (why, title) = (failure(run), tr!("{} could not be synced", run.profile));
    let notice = notice(title, &why, true, vec![show_report(run.profile)]);
    Problem { finding: Finding::Errors, mark: mark("error", &why), notice }
}

fn sign_in(run: &Ended<'_>) -> Problem {
    let why = failure(run);
    let text = tr!(
        "{}. Nothing of this account is synced by itself until what you sign in with is another one.",
        why.trim_end_matches('.')
    );
    let title = tr!("Cannot sign in: {}", in_words(run.account));
    let notice = notice(title, &text, true, vec![show_report(run.profile)]);
    // The text names the profile that met it first.
    Problem { finding: Finding::Errors, mark: "refused".to_owned(), notice }
}

fn keyring(run: &Ended<'_>) -> Problem {
    let notice = notice(tr!("The password cannot be had"), &failure(run), true, vec![show(Page::Status)]);
    Problem { finding: Finding::Errors, mark: "locked".to_owned(), notice }
}

fn busy(run: &Ended<'_>) -> Problem {
    let text = tr!(
        "For more than a day the server has only asked to come back later, and nothing was synced. It is tried again by \
         itself; if this goes on, ask those who run it. ({})",
        failure(run)
    );
    let notice =
        notice(tr!("Busy for a day: {}", in_words(run.account)), &text, false, vec![show(Page::Status)]);
    Problem { finding: Finding::Warnings, mark: "busy".to_owned(), notice }
}

fn wrong_file(name: &str, why: &str) -> Problem {
    let notice =
        notice(tr!("The profile {name} cannot be used", name), why, true, vec![show(Page::Profiles)]);
    Problem { finding: Finding::Errors, mark: mark("file", why), notice }
}

fn warning(run: &Ended<'_>) -> Problem {
    let show = vec![show_report(run.profile)];
    if run.report.outcome == RunOutcome::Failed {
        let why = failure(run);
        let notice = notice(tr!("{} could not be synced", run.profile), &why, false, show);
        return Problem { finding: Finding::Warnings, mark: mark("failed", &why), notice };
    }
    let problems = &run.report.problems;
    let items: BTreeSet<&str> = problems.iter().map(|problem| problem.item.as_str()).collect();
    let mut hash = Sha256::new_with_prefix(format!("items {}", run.report.parked));
    items.iter().for_each(|item| hash.update([item.as_bytes(), b"\n"].concat()));
    let text = match problems.first() {
        Some(first) => format!("{}: {}", first.summary, first.message),
        None => tr!("The report says what waits for your decision."),
    };
    let notice = notice(format!("{}: {}", run.profile, but_for(run.report)), &text, false, show);
    Problem { finding: Finding::Warnings, mark: hex(&hash.finalize()[..12]), notice }
}

/// A page that the person asked for cannot be shown.
pub fn no_page(why: &str) -> Notice {
    Notice { key: "page".to_owned(), ..notice(tr!("The page cannot be shown"), why, false, vec![]) }
}

/// What the person asked for at the desktop is not done.
pub fn refused(profile: &str, why: &str) -> Notice {
    let notice = notice(tr!("{profile} does not run", profile), why, false, vec![show(Page::Status)]);
    Notice { key: format!("refused {profile}"), ..notice }
}

fn held_mark(Held { local, remote, marks }: Held) -> String {
    format!("{HELD} {local} {remote} {}{}", String::from(marks.local), String::from(marks.remote))
}

fn held(run: &Ended<'_>) -> Problem {
    let Held { local, remote, .. } = run.report.held;
    let remote = (remote > 0).then(|| tr!("one item on the server" | "{n} items on the server" % remote));
    let local = (local > 0).then(|| tr!("one item on this computer" | "{n} items on this computer" % local));
    let which = match (remote, local) {
        (Some(remote), Some(local)) => tr!("{remote} and {local}", remote, local),
        (remote, local) => remote.or(local).unwrap_or_default(),
    };
    let text = tr!(
        "Unusually much was deleted: {which} would be deleted too. \"Keep them\" brings back what is missing.",
        which
    );
    let shown = run.report.held;
    let answer = |answer| Wish::Answer { profile: run.profile.to_string(), shown, answer };
    let actions = vec![
        show_report(run.profile),
        (tr!("Delete them"), answer(Answer::Delete)),
        (tr!("Keep them"), answer(Answer::Keep)),
    ];
    let notice = notice(tr!("{} waits for your yes", run.profile), &text, true, actions);
    Problem { finding: Finding::Held, mark: held_mark(run.report.held), notice }
}

#[cfg(test)]
mod tests;
