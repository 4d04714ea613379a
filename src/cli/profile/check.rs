//! `profile check`.

use tr::tr;

use super::super::out::widest;
use super::super::{Failure, exit, out};
use crate::home::Home;
use crate::setup::check::{About, Found, check};

pub async fn run(home: &Home, name: &str) -> Result<u8, Failure> {
    let mut status = exit::IN_SYNC;
    let mut tell = |about, found: Found| {
        if matches!(found, Found::Wrong(_)) {
            status = if about == About::Profile { exit::WRONG_USE } else { exit::NOT_DONE };
        }
        say(about, &found);
    };
    check(home, name, &mut tell).await?;
    Ok(status)
}

fn say(about: About, found: &Found) {
    let marks = [tr!("ok"), tr!("note"), tr!("WRONG")];
    let [fine, warning, wrong] = &marks;
    let (mark, text) = match found {
        Found::Fine(text) => (fine, text),
        Found::Warning(text) => (warning, text),
        Found::Wrong(text) => (wrong, text),
    };
    let subjects = [tr!("profile"), tr!("folder"), tr!("server")];
    let [profile, folder, server] = &subjects;
    let about = match about {
        About::Profile => profile,
        About::Folder => folder,
        About::Server => server,
    };
    let (mark_width, about_width) = (widest(&marks), widest(&subjects));
    out::say(format!("{mark:<mark_width$}  {about:<about_width$}  {text}"));
}
