//! `profile list`.

use tr::tr;

use super::super::out::widest;
use super::super::status::how_it_went;
use super::super::{Failure, exit, out, stored};
use crate::home::Home;
use crate::profile::{MODES, Profile, word_of};
use crate::setup::change;

pub fn run(home: &Home) -> Result<u8, Failure> {
    let loaded = change::load_all(home)?;
    for profile in &loaded.profiles {
        // A state that cannot be read is for `status` to tell; the list is of profiles.
        let last = stored::last_report(home, &profile.name).ok().flatten();
        let last = last.map_or_else(|| tr!("never"), |(_, report)| how_it_went(&report));
        out::say(block(profile, &last));
    }
    for (_, error) in &loaded.broken {
        out::complain(&error.to_string());
    }
    if loaded.profiles.is_empty() && loaded.broken.is_empty() {
        out::say(tr!("There is no profile yet; \"pimbridge profile add --help\" says how to make one."));
    }
    out::say(tr!("Profiles are kept in {}", home.profiles_dir().display()));
    Ok(if loaded.broken.is_empty() { exit::IN_SYNC } else { exit::WRONG_USE })
}

fn block(profile: &Profile, last: &str) -> String {
    let what = format!("{}: {}, {}", profile.name, profile.kind.in_words(), word_of(MODES, profile.mode));
    let what = match (profile.active, profile.preview_needed) {
        (false, _) => tr!("{what}, inactive", what),
        (true, true) => tr!("{what}, waits for you to look ahead", what),
        (true, false) => what,
    };
    let heads = [tr!("folder"), tr!("server"), tr!("last run")];
    let width = widest(&heads);
    let [folder, server, last_run] = heads;
    let (local, remote) = (&profile.local, &profile.remote);
    format!("{what}\n  {folder:width$}  {local}\n  {server:width$}  {remote}\n  {last_run:width$}  {last}\n")
}
