//! `profile presets`.

use tr::tr;

use super::super::out::widest;
use super::super::{Failure, exit, out};
use crate::profile::PRESETS;

pub fn run() -> Result<u8, Failure> {
    let title = widest(PRESETS.iter().map(|preset| preset.title));
    let name = widest(PRESETS.iter().map(|preset| preset.name));
    for preset in PRESETS {
        out::say(format!("{:title$}  {:name$}  {}", preset.title, preset.name, preset.shown()));
    }
    out::say(format!(
        "{}\n  pimbridge profile add --all jana@icloud.com --preset icloud --dry-run\n  \
         pimbridge profile add --all jana --preset nextcloud --url cloud.example.org --dry-run",
        tr!("For example:")
    ));
    Ok(exit::IN_SYNC)
}
