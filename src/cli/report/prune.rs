//! `report prune`.

use jiff::{SignedDuration, Timestamp};
use tr::tr;

use super::super::{Failure, exit, out, stored};
use crate::home::Home;
use crate::settings;
use crate::state::State;

/// Delete old reports
///
/// Each profile does so by itself once a day when it runs. The history of versions stays.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only the reports of this profile
    profile: Option<String>,
    /// Delete what is older than so many days [default: the setting report_days]
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(..=36_500))]
    older_than: Option<u32>,
    /// Only tell how many reports would be deleted
    #[arg(long)]
    dry_run: bool,
}

pub fn run(home: &Home, args: &Args) -> Result<u8, Failure> {
    let names = match &args.profile {
        Some(name) => vec![stored::known(home, name)?],
        None => stored::all(home)?,
    };
    let days = match args.older_than {
        Some(days) => days,
        None => settings::load(home)?.report_days,
    };
    let before = Timestamp::now() - SignedDuration::from_hours(24 * i64::from(days));
    let mut found = false;
    for name in names {
        let reports = match args.dry_run {
            true => stored::peek(home, &name)?.map_or(Ok(0), |state| state.reports_before(before))?,
            false => State::prune_reports(&home.state_file(&name), before)?,
        };
        if reports > 0 {
            found = true;
            out::say(match args.dry_run {
                true => tr!(
                    "{name}: 1 report would be deleted" | "{name}: {n} reports would be deleted" % reports,
                    name
                ),
                false => tr!("{name}: 1 report deleted" | "{name}: {n} reports deleted" % reports, name),
            });
        }
    }
    if !found {
        out::say(tr!("No report is older than 1 day." | "No report is older than {n} days." % days));
    }
    Ok(exit::IN_SYNC)
}
