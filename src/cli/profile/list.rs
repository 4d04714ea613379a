//! `profile list`.

use tr::tr;

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
        let last = last.map_or_else(|| "never".to_owned(), |(_, report)| how_it_went(&report));
        out::say(block(profile, &last));
    }
    for (_, error) in &loaded.broken {
        out::complain(&error.to_string());
    }
    if loaded.profiles.is_empty() && loaded.broken.is_empty() {
        out::say("There is no profile yet; \"pimbridge profile add --help\" says how to make one.");
    }
    out::say(tr!("Profiles are kept in {}", home.profiles_dir().display()));
    Ok(if loaded.broken.is_empty() { exit::IN_SYNC } else { exit::WRONG_USE })
}

fn block(profile: &Profile, last: &str) -> String {
    let active = match (profile.active, profile.preview_needed) {
        (false, _) => ", inactive",
        (true, true) => ", waits for you to look ahead",
        (true, false) => "",
    };
    tr!(
        "{}: {}, {}{active}\n  folder    {}\n  server    {}\n  last run  {last}\n",
        profile.name,
        profile.kind,
        word_of(MODES, profile.mode),
        profile.local,
        profile.remote,
        active,
        last
    )
}
