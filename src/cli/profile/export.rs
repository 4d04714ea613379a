//! `profile export`.

use std::path::PathBuf;

use tr::tr;

use super::super::{Failure, exit, out};
use crate::home::Home;
use crate::setup::transfer;

/// Write profiles to a .cdsp file, which Outlook CalDav Synchronizer can import
///
/// Passwords are never in it.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The .cdsp file, which must not exist yet
    file: PathBuf,
    /// The profiles [default: all]
    #[arg(value_name = "PROFILE")]
    profiles: Vec<String>,
}

pub fn run(home: &Home, args: &Args) -> Result<u8, Failure> {
    let gathered = transfer::gather(home, &args.profiles)?;
    gathered.broken.iter().for_each(|error| out::complain(error));
    let unkept = gathered.save(home, &args.file)?;
    let number = gathered.number();
    out::say(tr!(
        "One profile is in {}, without passwords." | "{n} profiles are in {}, without passwords." % number,
        args.file.display()
    ));
    gathered.notes.iter().for_each(out::say);
    unkept.iter().for_each(|why| out::complain(why));
    Ok(match (gathered.broken.is_empty(), unkept.is_empty()) {
        (false, _) => exit::WRONG_USE,
        (true, false) => exit::SOME_FAILED,
        (true, true) => exit::IN_SYNC,
    })
}
