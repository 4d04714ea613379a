//! The newest reports of all profiles.

use std::fmt::{self, Write};

use tr::tr;

use super::{REPORTS, View};
use crate::report::html::heading;
use crate::report::page::{header, named, safe};
use crate::report::wording::{in_words, moment};
use crate::report::{Counts, Report};

pub fn write(out: &mut String, view: &View<'_>) -> fmt::Result {
    let below = match view.reports.len() {
        REPORTS => tr!("The newest {REPORTS}. All of them: pimbridge report list", REPORTS),
        0 => tr!("As soon as a profile has run, its report is here."),
        number => tr!("{n} report" | "{n} reports" % number as u64),
    };
    header(out, "", &tr!("What the syncs did"), &tr!("Reports"), &below)?;
    if view.reports.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "<section>\n<table>\n<thead><tr><th>{}</th><th>{}</th><th>{}</th></tr></thead>\n<tbody>",
        tr!("Profile"),
        tr!("When"),
        tr!("How it went")
    )?;
    for listed in &view.reports {
        let report = &listed.report;
        writeln!(
            out,
            "<tr><td>{}</td><td><a href=\"{}\">{}</a></td><td>{}{}</td></tr>",
            named(&report.profile),
            listed.address(),
            safe(&moment(report.started)),
            safe(&heading(report)),
            changes(report)
        )?;
    }
    out.write_str("</tbody>\n</table>\n</section>\n")
}

fn changes(report: &Report) -> String {
    let told = |place: String, counts: Counts| {
        (counts.total() > 0).then(|| format!("<br><i>{place}: {}</i>", in_words(counts)))
    };
    [told(tr!("On the server"), report.remote), told(tr!("On this computer"), report.local)]
        .into_iter()
        .flatten()
        .collect()
}
