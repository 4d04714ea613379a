//! `demo`: a whole sync against a server inside the program.

use super::Failure;
use crate::home::Home;

/// Show a whole sync with a server and sample data inside the program
///
/// A small calendar and contacts server starts inside the program, with sample events, tasks and contacts, among
/// them a conflict and a deletion. Your own profiles and data are not touched.
#[derive(Debug, clap::Args)]
pub struct Args {}

pub async fn run(home: &Home, _args: Args) -> Result<u8, Failure> {
    run_demo(home).await
}

async fn run_demo(_home: &Home) -> Result<u8, Failure> {
    Err(Failure::NotDone("this version has no demo yet".to_owned()))
}
