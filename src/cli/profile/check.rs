//! `profile check`.

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
    let about = match about {
        About::Profile => "profile",
        About::Folder => "folder",
        About::Server => "server",
    };
    let (mark, text) = match found {
        Found::Fine(text) => ("ok", text),
        Found::Warning(text) => ("note", text),
        Found::Wrong(text) => ("WRONG", text),
    };
    out::say(format!("{mark:<5}  {about:<7}  {text}"));
}
