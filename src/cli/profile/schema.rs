//! `profile schema`.

use tr::tr;

use super::super::{exit, out};
use crate::profile::TABLE;

/// Print every key that a profile can have
///
/// An editor that knows JSON Schema helps with profile files: pimbridge profile schema --json > profile.schema.json
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print a JSON Schema (draft 2020-12)
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args) -> u8 {
    out::say(match args.json {
        true => format!("{:#}", TABLE.schema(&tr!("A profile of Pimbridge"))),
        false => TABLE.text(),
    });
    exit::IN_SYNC
}
