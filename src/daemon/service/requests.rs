//! What clients and the person at the desktop want.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tr::tr;

use super::{Daemon, Ready, Then};
use crate::collection::Href;
use crate::daemon::clock::Moment;
use crate::daemon::control::Asked;
use crate::daemon::protocol::{Answer, Event, How, NotRun, OnDeletions, Reply, Request, RunId, Ticket};
use crate::daemon::schedule::Order;
use crate::daemon::{answers, notices};
use crate::desktop::Wish;
use crate::profile::{self, Name, ProfileError};
use crate::sync::run::Deletions;

impl Daemon {
    /// Does what a client asks for; a question is answered beside everything else.
    pub(super) fn take(&mut self, asked: Asked) -> Then {
        match asked.request {
            Request::Question(question) => {
                let (home, accounts) = (self.home.clone(), Arc::clone(&self.accounts));
                let signed_in = question.signs_in().map(str::to_owned);
                let worked_on = question.works_on().and_then(|name| Name::new(name).ok());
                let changes_files = question.changes_files();
                if let (Some(watcher), Some(profile)) = (&self.watcher, &worked_on) {
                    watcher.hold(profile);
                }
                self.tasks.spawn(async move {
                    let reply = answers::answer(&home, &accounts, question).await;
                    let signed_in = signed_in.filter(|_| reply == Reply::Done);
                    let (reply, to) = (Box::new(reply), asked.reply);
                    Ready::Answered { reply, to, changes_files, signed_in, worked_on }
                });
                Then::GoOn
            }
            request => {
                let (reply, then) = self.answer(request);
                // The client may be gone.
                let _ = asked.reply.send(reply);
                then
            }
        }
    }

    /// Does what is done at once.
    fn answer(&mut self, request: Request) -> (Reply, Then) {
        let now = self.clock.now();
        let reply = match request {
            Request::Sync { profiles, how } => self.sync(now, &profiles, how),
            Request::Preview { profile } => {
                self.ask(now, &[profile], Order { dry_run: true, ..Order::everything() }, Vec::new())
            }
            Request::Answer { profile, shown, answer } => {
                let deletions = match answer {
                    Answer::Delete => Deletions::AllowedUpTo(shown),
                    Answer::Keep => Deletions::kept(shown),
                };
                let told = self.notices.answered(&profile);
                self.say(told.into_iter().collect());
                self.ask(now, &[profile], Order { deletions, ..Order::everything() }, Vec::new())
            }
            Request::Pause { minutes } => {
                let until = minutes.map(|minutes| now.plus(Duration::from_secs(60 * u64::from(minutes))));
                self.schedule.pause(now, until);
                Reply::Done
            }
            Request::Resume => {
                self.schedule.resume();
                Reply::Done
            }
            Request::Status | Request::Follow { .. } => {
                // What of the desktop is missing may have changed without a word, and others may have synced.
                self.look_elsewhere();
                let now = self.clock.now();
                self.show(now);
                Reply::Status { status: Box::new(Arc::unwrap_or_clone(Arc::clone(&self.status.borrow()))) }
            }
            Request::Show { page } if self.windows.any() => {
                self.tell(Event::Show { page });
                Reply::Done
            }
            Request::Show { .. } => Reply::NoWindow,
            Request::Stop => return (Reply::Done, Then::End),
            // It is taken before.
            Request::Question(_) => Reply::Refused { why: answers::mistake() },
        };
        (reply, Then::GoOn)
    }

    fn sync(&mut self, now: Moment, profiles: &[String], how: How) -> Reply {
        if profiles.is_empty() && how.deletions != OnDeletions::Guarded {
            return Reply::Refused { why: tr!("name the profiles whose deletions are allowed or undone") };
        }
        let (mut accepted, mut refused) = (Vec::new(), Vec::new());
        for name in profiles {
            match self.accept(name, &how.seen) {
                Ok(()) => accepted.push(name.clone()),
                Err(why) => refused.push(NotRun { profile: name.clone(), why }),
            }
        }
        if accepted.is_empty() && !refused.is_empty() {
            return Reply::Runs { runs: Vec::new(), refused };
        }
        let files: BTreeSet<Href> = how.only.into_iter().map(Href::new).collect();
        let order = if files.is_empty() { Order::everything() } else { Order::files(files) };
        self.ask(now, &accepted, Order { deletions: how.deletions.into(), ..order }, refused)
    }

    /// A profile that waits for a look ahead waits no longer, if it is as it was when the person saw what it would do.
    fn accept(&self, name: &str, seen: &[RunId]) -> Result<(), String> {
        if seen.is_empty() {
            return Ok(());
        }
        let told = |error: ProfileError| error.to_string();
        let profile = profile::load(&self.home, name).map_err(told)?;
        let foreseen = self.foreseen.get(&profile.name);
        let is_seen = foreseen.is_some_and(|(run, then)| seen.contains(run) && *then == profile);
        if profile.preview_needed && !is_seen {
            return Err(tr!(
                "it may do something else by now than you have seen, so nothing was done; see again what it would do"
            ));
        }
        profile::accept_preview(&self.home, name).map(drop).map_err(told)
    }

    /// Has these profiles run, or all active ones, besides those that are refused already.
    fn ask(&mut self, now: Moment, profiles: &[String], order: Order, mut refused: Vec<NotRun>) -> Reply {
        self.reload();
        let mut runs = Vec::new();
        for (profile, may_run) in self.known.requested(&self.home, profiles) {
            match may_run.map(|name| self.schedule.ask(now, &name, order.clone())) {
                Ok(Some(run)) => runs.push(Ticket { profile, run }),
                Ok(None) => refused.push(NotRun { profile, why: tr!("it was just removed") }),
                Err(why) => refused.push(NotRun { profile, why }),
            }
        }
        Reply::Runs { runs, refused }
    }

    /// Does what the person wishes on the desktop.
    pub(super) fn fulfil(&mut self, wish: Wish) -> Then {
        // Of all profiles those that cannot run have been told already.
        let about_one = matches!(wish, Wish::Sync { .. } | Wish::Answer { .. });
        let request = match wish {
            Wish::SyncAll => Request::Sync { profiles: Vec::new(), how: How::default() },
            Wish::Sync { profile } => Request::Sync { profiles: vec![profile], how: How::default() },
            Wish::Pause => Request::Pause { minutes: None },
            Wish::Resume => Request::Resume,
            Wish::Quit => Request::Stop,
            Wish::Answer { profile, shown, answer } => Request::Answer { profile, shown, answer },
            Wish::Open(page) => {
                self.open(page);
                return Then::GoOn;
            }
        };
        let (reply, then) = self.answer(request);
        if let Reply::Runs { refused, .. } = reply {
            for NotRun { profile, why } in refused {
                tracing::warn!("{profile} does not run: {why}");
                if about_one {
                    self.desktop.notify(notices::refused(&profile, &why));
                }
            }
        }
        then
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::home::Home;
    use crate::profile::Name;

    /// A daemon with the profile work, which waits, and was looked at by run 7.
    fn daemon(home: &Home) -> Daemon {
        std::fs::create_dir_all(home.profiles_dir()).unwrap();
        std::fs::write(home.settings_file(), "tray = false\n").unwrap();
        let text = "kind = \"events\"\npreview_needed = true\n[local]\ntype = \"vdir\"\npath = \"/nowhere/work\"\n\
                    [remote]\ntype = \"dav\"\nurl = \"https://work.example/\"\nuser = \"jana\"\n";
        std::fs::write(home.profile_file(&Name::new("work").unwrap()), text).unwrap();
        let mut daemon = Daemon::start(home).unwrap().unwrap().daemon;
        let work = profile::load(home, "work").unwrap();
        daemon.foreseen.insert(work.name.clone(), (RunId(7), work));
        daemon
    }

    /// What runs and what does not, where these looks ahead were seen.
    fn sync(daemon: &mut Daemon, seen: &[u64], profiles: &[&str]) -> (String, String) {
        let profiles = profiles.iter().map(|name| (*name).to_owned()).collect();
        let how = How { seen: seen.iter().copied().map(RunId).collect(), ..How::default() };
        match daemon.answer(Request::Sync { profiles, how }).0 {
            Reply::Runs { runs, refused } => {
                let runs: Vec<String> = runs.into_iter().map(|ticket| ticket.profile).collect();
                let refused: Vec<String> = refused.into_iter().map(|not| not.profile).collect();
                (runs.join(" "), refused.join(" "))
            }
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn the_yes_to_one_profile_counts_whatever_another_one_lacks() {
        let folder = tempfile::tempdir().unwrap();
        let mut daemon = daemon(&Home::at(folder.path()));
        assert_eq!(sync(&mut daemon, &[7], &["gone"]), (String::new(), "gone".to_owned()));
        assert_eq!(sync(&mut daemon, &[7], &["work", "gone"]), ("work".to_owned(), "gone".to_owned()));
    }

    #[tokio::test]
    async fn a_yes_is_about_what_was_seen() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        let mut daemon = daemon(&home);
        let (runs, refused) = (|| ("work".to_owned(), String::new()), || (String::new(), "work".to_owned()));
        assert_eq!(sync(&mut daemon, &[6], &["work"]), refused(), "that look ahead is not the last one");
        let (name, text) = profile::read_text(&home, "work").unwrap();
        let other = format!("mode = \"replicate-from-server\"\n{text}");
        std::fs::write(home.profile_file(&name), &other).unwrap();
        assert_eq!(sync(&mut daemon, &[7], &["work"]), refused(), "it does something else now");
        assert!(profile::load(&home, "work").unwrap().preview_needed);
        std::fs::write(home.profile_file(&name), &text).unwrap();
        assert_eq!(sync(&mut daemon, &[7], &["work"]), runs());
        assert!(!profile::load(&home, "work").unwrap().preview_needed);
        assert_eq!(sync(&mut daemon, &[6], &["work"]), runs(), "it waits no longer");
    }
}
