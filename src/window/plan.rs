//! What the plans of several pages have in common.

use pimbridge::report::Report;
use tr::tr;

/// The last line of a plan that does not name all of its items; it names so many.
pub fn more(report: &Report, named: usize) -> Option<String> {
    let all = report.local.total() + report.remote.total();
    let left = all.saturating_sub(u64::try_from(named).unwrap_or(u64::MAX));
    (left > 0).then(|| tr!("… and one more" | "… and {n} more" % left))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use pimbridge::report::Counts;

    use super::*;

    #[test]
    fn a_plan_says_how_many_it_does_not_name() {
        let nothing = Report::not_run("work", Timestamp::UNIX_EPOCH, String::new());
        let local = Counts { created: 1200, updated: 0, deleted: 3 };
        let report = Report { local, remote: Counts { updated: 1, ..Counts::default() }, ..nothing };
        assert_eq!(more(&report, 1000).as_deref(), Some("… and 204 more"));
        assert_eq!(more(&report, 1203).as_deref(), Some("… and one more"));
        assert_eq!(more(&report, 1204), None);
    }
}
