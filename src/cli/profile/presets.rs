//! `profile presets`.

use super::super::{Failure, exit, out};
use crate::profile::PRESETS;

pub fn run() -> Result<u8, Failure> {
    let title = PRESETS.iter().map(|preset| preset.title.chars().count()).max().unwrap_or(0);
    let name = PRESETS.iter().map(|preset| preset.name.len()).max().unwrap_or(0);
    for preset in PRESETS {
        out::say(format!("{:title$}  {:name$}  {}", preset.title, preset.name, preset.shown()));
    }
    out::say(
        "For example:\n  pimbridge profile add --all jana@icloud.com --preset icloud --dry-run\n  \
         pimbridge profile add --all jana --preset nextcloud --url cloud.example.org --dry-run",
    );
    Ok(exit::IN_SYNC)
}
