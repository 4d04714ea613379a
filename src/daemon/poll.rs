//! Asking servers between the runs whether anything changed: one look tells of all profiles of an account.
//!
//! The first look comes a minute after a run that did something, as a person is at work then; while nothing changes
//! each takes twice as long as the one before, until the run at the profile's interval is as soon.
//!
//! A run's own writes are news to the look after it, and one run that finds nothing to do follows. No server tells the new
//! token in its answer to a write, and a token that is asked for afterwards stands for what others wrote meanwhile too.
//! Only the collection's changes since the old one tell the two apart: asking for them is what that run does, in one
//! request, so no run that writes has to make it for the sake of the look.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use super::clock::Moment;
use super::schedule::Account;
use crate::collection::dav::{News, Newsreader, ReadSoFar};
use crate::collection::{Cursor, Trouble};
use crate::home::Home;
use crate::profile::{Accounts, Name, OpenError, Profile, RemoteSpec};
use crate::state::State;
use crate::sync::Side;

/// From a run that did something to the first look; the shortest time between two looks.
const FIRST: Duration = Duration::from_secs(60);

/// When the servers of the accounts are asked.
#[derive(Debug, Default)]
pub struct Looks {
    paces: HashMap<Account, Pace>,
    /// The profiles of which it was said that the server does not tell.
    silent: BTreeSet<Name>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pace {
    wait: Duration,
    due: Option<Moment>,
}

impl Looks {
    /// A run of the account did something. `longest` is the longest interval of its profiles.
    pub fn busy(&mut self, now: Moment, account: &Account, longest: Option<Duration>) {
        if longest.is_none_or(|longest| longest <= FIRST) {
            return;
        }
        let soon = now.plus(FIRST);
        let pace = self.paces.entry(account.clone()).or_insert(Pace { wait: FIRST, due: None });
        *pace = Pace { wait: FIRST, due: Some(pace.due.map_or(soon, |due| due.min(soon))) };
    }

    /// The accounts to be looked at now. Of each of them [`Looks::looked`] is to be told.
    pub fn begin(&mut self, now: Moment) -> Vec<Account> {
        let due = self.paces.iter_mut().filter(|(_, pace)| pace.due.is_some_and(|due| due <= now));
        due.map(|(account, pace)| {
            pace.due = None;
            account.clone()
        })
        .collect()
    }

    /// The account was looked at.
    pub fn looked(&mut self, now: Moment, account: &Account, longest: Option<Duration>) {
        // What was done meanwhile counts.
        let Some(pace) = self.paces.get_mut(account).filter(|pace| pace.due.is_none()) else { return };
        pace.wait = pace.wait.saturating_mul(2);
        pace.due = longest.filter(|longest| pace.wait < *longest).map(|_| now.plus(pace.wait));
    }

    /// The server does not tell what changed in these; those of which that was not said before.
    pub fn untold(&mut self, profiles: impl IntoIterator<Item = Name>) -> Vec<Name> {
        profiles.into_iter().filter(|profile| self.silent.insert(profile.clone())).collect()
    }

    /// When the next one is due.
    pub fn next(&self) -> Option<Moment> {
        self.paces.values().filter_map(|pace| pace.due).min()
    }

    /// Forgets all others.
    pub fn keep(&mut self, wanted: impl Fn(&Account) -> bool) {
        self.paces.retain(|account, _| wanted(account));
    }
}

/// What a look found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Polled {
    /// Something is to be done by a run.
    pub changed: Vec<Name>,
    /// The server does not tell: only runs can find out.
    pub cannot_tell: Vec<Name>,
}

/// Looks whether anything changed on the server in the collections of these profiles of an account.
///
/// # Errors
/// The server cannot be asked now. A sign-in that is refused is none: a run tells of it.
pub async fn look(
    home: &Home,
    accounts: &Accounts,
    reader: &Newsreader,
    profiles: &[Profile],
) -> Result<Polled, OpenError> {
    let mut polled = Polled::default();
    let mut known: Vec<(&Profile, ReadSoFar)> = Vec::new();
    for profile in profiles {
        let RemoteSpec::Dav { url, .. } = &profile.remote;
        match cursor(home, profile).await {
            Some(cursor) => known.push((profile, ReadSoFar { url: url.clone(), cursor })),
            None => polled.cannot_tell.push(profile.name.clone()),
        }
    }
    // An account may be reached in several ways.
    while let Some((first, _)) = known.first() {
        let RemoteSpec::Dav { connection, sign_in, .. } = &first.remote;
        let way = (connection, sign_in);
        let account = accounts.get(first).await?;
        let (these, others) = known.into_iter().partition::<Vec<_>, _>(|(profile, _)| {
            let RemoteSpec::Dav { connection, sign_in, .. } = &profile.remote;
            (connection, sign_in) == way
        });
        let (these, read): (Vec<&Profile>, Vec<ReadSoFar>) = these.into_iter().unzip();
        let news = match reader.news(&account, &read).await {
            Err(error) if matches!(error.trouble, Trouble::SignIn | Trouble::ProxySignIn) => {
                vec![News::Something; these.len()]
            }
            news => news?,
        };
        for (profile, news) in these.into_iter().zip(news) {
            match news {
                News::Nothing => {}
                News::Something => polled.changed.push(profile.name.clone()),
                News::Untold => polled.cannot_tell.push(profile.name.clone()),
            }
        }
        known = others;
    }
    Ok(polled)
}

/// How far the profile's collection on the server was read.
async fn cursor(home: &Home, profile: &Profile) -> Option<Cursor> {
    let file = home.state_file(&profile.name);
    let read = move || {
        Ok::<_, crate::state::StateError>(match State::peek(&file)? {
            Some(state) => state.cursor(Side::Remote)?.map(|(cursor, _)| cursor),
            None => None,
        })
    };
    let read = tokio::task::spawn_blocking(read).await.ok()?;
    // A run says what is wrong with it.
    read.inspect_err(|error| tracing::debug!("the state of {} cannot be read: {error}", profile.name)).ok()?
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::daemon::schedule::tests::account;
    use crate::item::Kind;
    use crate::profile;
    use crate::server::{Options, Server};
    use crate::sync::progress::Silent;
    use crate::sync::run::Options as RunOptions;
    use crate::sync::session;

    const MINUTE: Duration = Duration::from_secs(60);
    const NEVER: [u32; 0] = [];
    const LONGEST: Option<Duration> = Some(Duration::from_secs(15 * 60));

    fn minute(number: u32) -> Moment {
        Moment::at(MINUTE * number)
    }

    /// The minutes of an hour and a half in which the account is looked at. At those of `busy` a run does something.
    fn looked_at(busy: &[u32], longest: Option<Duration>) -> Vec<u32> {
        let (mut looks, account) = (Looks::default(), account("one.example", "jana"));
        let mut at = Vec::new();
        for number in 0..90 {
            let now = minute(number);
            for found in looks.begin(now) {
                at.push(number);
                looks.looked(now, &found, longest);
            }
            if busy.contains(&number) {
                looks.busy(now, &account, longest);
            }
            assert!(looks.next().is_none_or(|next| next > now));
        }
        at
    }

    #[test]
    fn looks_come_soon_after_work_and_then_less_and_less() {
        assert_eq!(looked_at(&[], LONGEST), NEVER);
        assert_eq!(looked_at(&[0], LONGEST), [1, 3, 7, 15]);
        assert_eq!(looked_at(&[0], Some(60 * MINUTE)), [1, 3, 7, 15, 31, 63]);
        assert_eq!(looked_at(&[0, 3, 50], LONGEST), [1, 3, 4, 6, 10, 18, 51, 53, 57, 65]);
    }

    #[test]
    fn looks_are_a_minute_apart_however_much_is_done() {
        let all: Vec<u32> = (0..90).collect();
        assert_eq!(looked_at(&all, LONGEST), all[1..]);
    }

    #[test]
    fn where_runs_come_as_soon_or_only_by_hand_there_are_no_looks() {
        assert_eq!(looked_at(&[0], Some(MINUTE)), NEVER);
        assert_eq!(looked_at(&[0], None), NEVER);
    }

    #[test]
    fn work_during_a_look_counts_and_what_is_gone_is_forgotten() {
        let (mut looks, jana) = (Looks::default(), account("one.example", "jana"));
        looks.busy(minute(0), &jana, LONGEST);
        assert_eq!(looks.begin(minute(1)), std::slice::from_ref(&jana));
        assert_eq!((looks.begin(minute(1)), looks.next()), (vec![], None), "it goes on");
        looks.busy(minute(2), &jana, LONGEST);
        looks.looked(minute(2), &jana, LONGEST);
        assert_eq!(looks.next(), Some(minute(3)));
        looks.keep(|_| false);
        assert_eq!(looks.next(), None);
        looks.looked(minute(2), &jana, LONGEST);
        assert_eq!(looks.next(), None);
    }

    #[test]
    fn that_a_server_does_not_tell_is_said_once() {
        let names = |names: &[&str]| names.iter().map(|name| Name::new(name).unwrap()).collect::<Vec<_>>();
        let mut looks = Looks::default();
        assert_eq!(looks.untold(names(&["a", "b"])), names(&["a", "b"]));
        assert_eq!(looks.untold(names(&["b", "c"])), names(&["c"]));
        assert_eq!(looks.untold(names(&["a"])), []);
    }

    /// Profiles of one account between folders and an embedded server.
    struct World {
        folder: tempfile::TempDir,
        home: Home,
        accounts: Accounts,
        server: Server,
        profiles: Vec<Profile>,
    }

    impl World {
        async fn new(names: &[&str]) -> World {
            let folder = tempfile::tempdir().unwrap();
            let server = Server::start(Options::default()).await.unwrap();
            let profiles = names.iter().map(|name| {
                let url = server.create_collection(&format!("calendars/home/{name}"), Kind::Events, name);
                std::fs::create_dir(folder.path().join(name)).unwrap();
                let text = format!(
                    "kind = \"events\"\n[local]\ntype = \"vdir\"\npath = '{}'\n[remote]\ntype = \"dav\"\nurl = \"{url}\"\n",
                    folder.path().join(name).display()
                );
                profile::parse(&Name::new(name).unwrap(), Path::new("p.toml"), &text).unwrap()
            });
            let profiles = profiles.collect();
            let home = Home::at(&folder.path().join("pimbridge"));
            World { folder, home, accounts: Accounts::default(), server, profiles }
        }

        async fn run(&self) {
            for profile in &self.profiles {
                let done = session::run_profile(
                    &self.home,
                    profile,
                    &self.accounts,
                    &RunOptions::default(),
                    &Silent,
                )
                .await;
                assert_eq!(done.report.failure, None);
            }
        }

        /// What a look finds, and how many requests it takes.
        async fn look(&self, reader: &Newsreader) -> (Polled, u64) {
            self.server.take_traffic();
            let polled = look(&self.home, &self.accounts, reader, &self.profiles).await.unwrap();
            (polled, self.server.take_traffic().total())
        }
    }

    fn event(uid: &str) -> String {
        format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//x//EN\r\nBEGIN:VEVENT\r\nUID:{uid}\r\n\
             DTSTAMP:20261126T100000Z\r\nDTSTART:20261127T100000Z\r\nSUMMARY:{uid}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        )
    }

    fn named(changed: &[&str], cannot_tell: &[&str]) -> Polled {
        let names = |names: &[&str]| names.iter().map(|name| Name::new(name).unwrap()).collect();
        Polled { changed: names(changed), cannot_tell: names(cannot_tell) }
    }

    #[tokio::test]
    async fn one_request_tells_of_all_profiles() {
        let world = World::new(&["a", "b", "c", "d", "e"]).await;
        let reader = Newsreader::default();
        let all = ["a", "b", "c", "d", "e"];
        assert_eq!(world.look(&reader).await, (named(&[], &all), 0), "before the first run nothing is known");
        world.run().await;
        assert_eq!(world.look(&reader).await, (named(&[], &[]), 1));
        world.server.put("calendars/home/b", "new.ics", event("new"));
        world.server.put("calendars/home/d", "new.ics", event("new"));
        assert_eq!(world.look(&reader).await, (named(&["b", "d"], &[]), 1));
        world.run().await;
        assert_eq!(world.look(&reader).await, (named(&[], &[]), 1));
        // What a run wrote is told once more, and a run that looks at it has nothing to do.
        std::fs::write(world.folder.path().join("c/own.ics"), event("own")).unwrap();
        world.run().await;
        assert_eq!(world.look(&reader).await, (named(&["c"], &[]), 1));
        world.run().await;
        assert_eq!(world.look(&reader).await, (named(&[], &[]), 1));
    }

    #[tokio::test]
    async fn a_server_that_is_gone_is_an_error_and_a_damaged_state_is_none() {
        let world = World::new(&["a", "b"]).await;
        world.run().await;
        std::fs::write(world.home.state_file(&world.profiles[1].name), "no database").unwrap();
        let reader = Newsreader::default();
        assert_eq!(world.look(&reader).await, (named(&[], &["b"]), 1));
        drop(world.server);
        let error = look(&world.home, &world.accounts, &reader, &world.profiles).await.unwrap_err();
        let OpenError::Collection(error) = error else { panic!("{error}") };
        assert_eq!(error.trouble, Trouble::Offline);
    }
}
