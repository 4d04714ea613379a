//! A profile opened for work: its state, its two collections, and a run or a restore on them.

use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use tr::tr;
use tracing::Instrument;

use super::Sides;
use super::conflict::{self, Decision, DecisionError, View};
use super::policy::Policy;
use super::progress::{Progress, Silent};
use super::repair::{self, RepairReport, repair};
use super::restore::{RestoreError, Restored, restore, restore_gone};
use super::run::{Done, Job, Obstacle, Options, RunError, Stop, run};
use super::scope::Scope;
use crate::home::{Home, HomeError, make_private};
use crate::item::mapping::BusyKey;
use crate::log;
use crate::profile::{
    self, Accounts, LocalSpec, OpenError, PasswordSource, Profile, RemoteSpec, SecretSource, SignIn, keyring,
    remote_key,
};
use crate::report::wording::shell_word;
use crate::report::{Problem, Report};
use crate::settings;
use crate::state::{self, State, StateError, Version, VersionId};

/// Why a profile cannot be worked on. The text is a sentence for a person.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    #[error(transparent)]
    Home(#[from] HomeError),
    #[error(transparent)]
    State(#[from] StateError),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Restore(#[from] RestoreError),
    #[error(transparent)]
    Decision(#[from] DecisionError),
    #[error(transparent)]
    Run(#[from] RunError),
}

/// Runs a profile once. Whatever goes wrong is in the report; it is stored wherever the state can be used.
pub async fn run_profile(
    home: &Home,
    profile: &Profile,
    accounts: &Accounts,
    options: &Options,
    progress: &dyn Progress,
) -> Done {
    let work =
        run_once(home, profile, accounts, options, progress).instrument(log::profile(profile.name.as_str()));
    match options.automatic {
        true => work.await,
        false => keyring::with_person(work).await,
    }
}

async fn run_once(
    home: &Home,
    profile: &Profile,
    accounts: &Accounts,
    options: &Options,
    progress: &dyn Progress,
) -> Done {
    let started = Timestamp::now();
    if profile.preview_needed && !options.dry_run {
        let report = Report::preview_needed(profile.name.as_str(), started);
        tell(&report);
        return Done { report, id: None, foreseen: Vec::new(), obstacle: None, reached: false };
    }
    tracing::info!(mode = ?profile.mode, conflict = ?profile.conflict, ?options, "run started");
    let done = match try_run(home, profile, accounts, options, progress).await {
        // Found in the middle of a run: set aside, and both sides are compared anew.
        Err(SessionError::State(StateError::Damaged)) => {
            match state::set_aside(&home.state_file(&profile.name), started) {
                Ok(notice) => try_run(home, profile, accounts, options, progress).await.map(|mut done| {
                    done.report.notices.insert(0, notice);
                    done
                }),
                Err(error) => Err(error.into()),
            }
        }
        other => other,
    };
    progress.done();
    let mut done = done.unwrap_or_else(|error| {
        let report = not_run(profile, started, options, &error);
        let obstacle = Some(Obstacle::from(&error));
        Done { report, id: None, foreseen: Vec::new(), obstacle, reached: false }
    });
    if profile.preview_needed {
        let word = shell_word(profile.name.as_str());
        let way =
            tr!("It waits for your yes. If that is right: pimbridge sync {word} --accept-preview", word);
        done.report.notices.push(way);
    }
    tell(&done.report);
    done
}

fn not_run(profile: &Profile, started: Timestamp, options: &Options, error: &SessionError) -> Report {
    let report = Report::not_run(profile.name.as_str(), started, error.to_string());
    Report { dry_run: options.dry_run, automatic: options.automatic, part: !options.is_whole(), ..report }
}

/// Writes to the log what the run came to.
fn tell(report: &Report) {
    for notice in &report.notices {
        tracing::warn!("{notice}");
    }
    for Problem { item, summary, side, message, .. } in &report.problems {
        tracing::warn!(item, summary, ?side, "{message}");
    }
    tracing::info!(
        outcome = ?report.outcome,
        local = ?report.local,
        remote = ?report.remote,
        conflicts = report.conflicts,
        held = ?report.held,
        failure = report.failure,
        requests = report.requests,
        seconds = report.seconds,
        "run finished"
    );
}

async fn try_run(
    home: &Home,
    profile: &Profile,
    accounts: &Accounts,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Done, SessionError> {
    let state = match options.automatic {
        true => open_state(home, profile)?,
        false => open_state_in_turn(home, profile, &options.stop).await?,
    };
    let collections = match profile::open(profile, accounts).await {
        Ok(collections) => collections,
        Err(error) => {
            let obstacle = Some(Obstacle::from(&error));
            let report = not_run(profile, Timestamp::now(), options, &error.into());
            let id = match options.dry_run {
                true => None,
                false => Some(state.write(|w| w.end_report(None, &report))?),
            };
            return Ok(Done { report, id, foreseen: Vec::new(), obstacle, reached: false });
        }
    };
    Ok(run(&Opened::new(home, profile, state, collections)?.job(progress), options).await?)
}

/// Stores the report of a run again, with what became known after it. The person has seen it where that fails.
pub async fn save_report(home: &Home, profile: &Profile, done: &mut Done) {
    if done.id.is_none() {
        return;
    }
    let save = async {
        let state = open_state_in_turn(home, profile, &Stop::default()).await?;
        Ok::<_, SessionError>(state.write(|w| w.end_report(done.id, &done.report))?)
    };
    match save.await {
        Ok(id) => done.id = Some(id),
        Err(error) => tracing::warn!("the report could not be stored again: {error}"),
    }
}

/// Brings a version of the profile's history back to both sides.
pub async fn restore_version(home: &Home, profile: &Profile, id: VersionId) -> Result<Version, SessionError> {
    let work = async { Ok(restore(&Opened::open(home, profile).await?.job(&Silent), id).await?) };
    work.instrument(log::profile(profile.name.as_str())).await
}

/// Brings back the items of these versions that are on neither side any more.
pub async fn restore_versions(
    home: &Home,
    profile: &Profile,
    ids: &[VersionId],
) -> Result<Restored, SessionError> {
    let work = async { Ok(restore_gone(&Opened::open(home, profile).await?.job(&Silent), ids).await?) };
    work.instrument(log::profile(profile.name.as_str())).await
}

/// Finds what is doubled or broken on both sides of the profile and, if it is to, mends it.
pub async fn repair_profile(
    home: &Home,
    profile: &Profile,
    options: repair::Options,
) -> Result<RepairReport, SessionError> {
    let work = async { Ok(repair(&Opened::open(home, profile).await?.job(&Silent), options).await?) };
    work.instrument(log::profile(profile.name.as_str())).await
}

/// A conflict that waits for the person's decision, with what is on both sides now.
pub async fn view_conflict(home: &Home, profile: &Profile, id: &str) -> Result<View, SessionError> {
    let work = async { Ok(conflict::view(&Opened::open(home, profile).await?.job(&Silent), id).await?) };
    work.instrument(log::profile(profile.name.as_str())).await
}

/// Does what the person decided about a conflict, about the versions of this mark if they have seen them.
pub async fn decide_conflict(
    home: &Home,
    profile: &Profile,
    id: &str,
    decision: Decision,
    seen: Option<&str>,
) -> Result<Done, SessionError> {
    let work = async {
        let opened = Opened::open(home, profile).await?;
        let done = conflict::decide(&opened.job(&Silent), id, decision, seen).await?;
        tell(&done.report);
        Ok(done)
    };
    work.instrument(log::profile(profile.name.as_str())).await
}

/// A profile with its state and its collections at hand.
struct Opened<'a> {
    profile: &'a Profile,
    state: State,
    collections: profile::Sides,
    sign_in_hint: String,
    scope: Scope,
    keep_reports: Option<SignedDuration>,
}

impl<'a> Opened<'a> {
    fn new(
        home: &Home,
        profile: &'a Profile,
        state: State,
        collections: profile::Sides,
    ) -> Result<Self, SessionError> {
        let scope = scope(home, profile)?;
        // What is wrong with the settings is not told here, and no report goes for it.
        let keep_reports = settings::load(home).ok().map(|settings| settings.keep_reports());
        Ok(Opened { profile, state, collections, sign_in_hint: sign_in_hint(profile), scope, keep_reports })
    }

    async fn open(home: &Home, profile: &'a Profile) -> Result<Self, SessionError> {
        let state = open_state_in_turn(home, profile, &Stop::default()).await?;
        Opened::new(home, profile, state, profile::open(profile, &Accounts::default()).await?)
    }

    fn job<'j>(&'j self, progress: &'j dyn Progress) -> Job<'j> {
        let profile = self.profile;
        Job {
            profile: profile.name.as_str(),
            kind: profile.kind,
            policy: Policy::new(profile.mode, profile.conflict),
            decided: false,
            scope: self.scope.clone(),
            name_and_color: profile.name_and_color,
            guard: profile.guard.into(),
            chunk_size: if profile.chunk_size == 0 { usize::MAX } else { profile.chunk_size },
            keep: SignedDuration::from_hours(24 * i64::from(profile.history_days)),
            keep_reports: self.keep_reports,
            collections: Sides { local: &*self.collections.local, remote: &*self.collections.remote },
            state: &self.state,
            sign_in_hint: &self.sign_in_hint,
            clock: &Timestamp::now,
            progress,
        }
    }
}

/// What is in the profile's range and category now, and which form an item has on each side.
pub fn scope(home: &Home, profile: &Profile) -> Result<Scope, HomeError> {
    let (now, zone) = (Timestamp::now(), TimeZone::system());
    let key = match profile.mapping.calendar.busy_blocks {
        Some(_) => home.busy_key()?,
        None => BusyKey::default(),
    };
    Ok(profile.limits.scope(profile.kind, now, zone.clone()).mapped(&profile.mapping, key, now, &zone))
}

/// How long a person's command waits for another Pimbridge that works on the profile.
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Opens the state when it is its turn: most of what another Pimbridge does on a profile takes a moment only.
async fn open_state_in_turn(home: &Home, profile: &Profile, stop: &Stop) -> Result<State, SessionError> {
    let until = Instant::now() + PATIENCE;
    loop {
        match open_state(home, profile) {
            Err(SessionError::State(StateError::Busy)) if Instant::now() < until => {
                stop.check()?;
                tokio::time::sleep(LOOK_AGAIN).await;
            }
            opened => return opened,
        }
    }
}

fn open_state(home: &Home, profile: &Profile) -> Result<State, SessionError> {
    make_private(home.state_dir())?;
    Ok(State::open(&home.state_file(&profile.name), &identity(profile), Timestamp::now())?)
}

/// Which two collections a profile syncs. The path is taken as written: a link to a disk that is not there now
/// must not look like another folder. An address may name another collection for another user.
fn identity(profile: &Profile) -> String {
    let LocalSpec::Vdir { path } = &profile.local;
    let RemoteSpec::Dav { sign_in, .. } = &profile.remote;
    let user = sign_in.as_ref().and_then(SignIn::user).unwrap_or_default();
    format!("{}\n{}\n{}\n{user}", profile.kind, path.display(), remote_key(&profile.remote))
}

/// Where the profile's password or token comes from, and how to correct it.
fn sign_in_hint(profile: &Profile) -> String {
    let RemoteSpec::Dav { sign_in, .. } = &profile.remote;
    let word = shell_word(profile.name.as_str());
    match sign_in {
        None => tr!("Add your user name to the profile."),
        // What is wrong with it has the way out with it.
        Some(SignIn::OAuth { .. }) => String::new(),
        Some(SignIn::Password { password: source, .. } | SignIn::Token { token: source, .. }) => match source
        {
            PasswordSource::Keyring => tr!("To enter it again: pimbridge profile password {word}", word),
            PasswordSource::Given(SecretSource::Env(variable)) => {
                tr!("It comes from the environment variable {variable}.", variable)
            }
            PasswordSource::Given(SecretSource::Command(_)) => {
                tr!("It comes from the profile's password_command.")
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::profile::Name;
    use crate::report::RunOutcome;

    /// A profile of a server that does not answer, with these lines in `[remote]`.
    fn profile(folder: &Path, remote: &str) -> Profile {
        let text = format!(
            "kind = \"events\"\n[local]\ntype = \"vdir\"\npath = {folder:?}\n[remote]\ntype = \"dav\"\n\
             url = \"http://127.0.0.1:1/work/\"\n{remote}"
        );
        profile::parse(&Name::new("p").unwrap(), Path::new("p.toml"), &text).unwrap()
    }

    async fn run(home: &Home, profile: &Profile, automatic: bool) -> Done {
        let options = Options { automatic, ..Options::default() };
        run_profile(home, profile, &Accounts::default(), &options, &Silent).await
    }

    #[tokio::test]
    async fn why_a_run_could_not_be_done() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        let obstacle = async |remote| run(&home, &profile(folder.path(), remote), true).await.obstacle;
        assert_eq!(obstacle("").await, Some(Obstacle::Offline));
        assert_eq!(
            obstacle("user = \"jana\"\npassword_env = \"PIMBRIDGE_NO_SUCH\"").await,
            Some(Obstacle::SignIn)
        );
        assert_eq!(
            obstacle("user = \"jana\"\npassword_command = \"exit 1\"").await,
            Some(Obstacle::KeyringLocked)
        );
        let proxy = "proxy = \"http://127.0.0.1:1\"\nproxy_user = \"jana\"\nproxy_password_env = \"PIMBRIDGE_NO_SUCH\"";
        assert_eq!(obstacle(proxy).await, Some(Obstacle::KeyringLocked));
        assert_eq!(obstacle("ca_file = \"/no/such/file\"").await, Some(Obstacle::Other));
    }

    #[tokio::test]
    async fn a_person_waits_for_another_run_and_an_automatic_run_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        let profile = profile(folder.path(), "");
        let other = open_state(&home, &profile).unwrap();
        let automatic = run(&home, &profile, true).await;
        assert_eq!((automatic.obstacle, automatic.id), (Some(Obstacle::Elsewhere), None));
        let waiting = run(&home, &profile, false);
        let release = async {
            for _ in 0..5 {
                tokio::task::yield_now().await;
            }
            drop(other);
        };
        let (asked, ()) = tokio::join!(waiting, release);
        assert_eq!((asked.obstacle, asked.report.outcome), (Some(Obstacle::Offline), RunOutcome::Failed));
        assert!(asked.id.is_some());
    }

    #[tokio::test]
    async fn who_waits_for_another_run_can_be_stopped() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        let profile = profile(folder.path(), "");
        let _other = open_state(&home, &profile).unwrap();
        let options = Options::default();
        options.stop.stop();
        let done = run_profile(&home, &profile, &Accounts::default(), &options, &Silent).await;
        assert_eq!(done.obstacle, Some(Obstacle::Stopped));
    }

    #[test]
    fn another_user_is_another_collection() {
        let identity = |user: &str| {
            let text = format!(
                "kind = \"events\"\n[local]\ntype = \"vdir\"\npath = \"/cal\"\n[remote]\ntype = \"dav\"\n\
                 url = \"https://one.example/dav/work/\"\n{user}"
            );
            super::identity(
                &profile::parse(&profile::Name::new("p").unwrap(), Path::new("p.toml"), &text).unwrap(),
            )
        };
        let jana = identity("user = \"jana\"");
        assert_ne!(jana, identity("user = \"ole\""));
        assert_ne!(jana, identity(""));
        assert_eq!(jana, identity("user = \"jana\"\npassword_env = \"X\""));
    }
}
