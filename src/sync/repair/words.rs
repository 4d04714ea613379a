//! What a repair says of its findings.

use tr::tr;

use super::{Finding, Left, What};
use crate::report::wording::line;

/// What is wrong, and what mends it: goes on from the name of the item.
pub fn problem(finding: &Finding) -> String {
    match &finding.what {
        What::Double { of, twin: None } => {
            tr!("says the same as {}; it goes, and the history keeps it", line(of.as_str()))
        }
        What::Double { of, twin: Some(_) } => tr!(
            "says the same as {}, and so it is on the other side; it goes on both sides, and the history keeps it",
            line(of.as_str())
        ),
        What::SharedUid { with, .. } => {
            tr!("has the UID of {}, but says something else; it gets a UID of its own", line(with.as_str()))
        }
        What::NoUid { .. } => tr!("has no UID; it gets one"),
        What::SeveralUids { .. } => tr!("holds several items; each gets a place of its own"),
        What::Unreadable { reason } => tr!("cannot be read: {}", line(reason.trim_end_matches('.'))),
    }
}

/// Why a finding is left to the person, with a way out.
pub(super) fn left(left: Left) -> String {
    match left {
        Left::Unreadable => tr!(
            "Only you can say what it should be: correct it or delete it. Until then it is left as it is."
        ),
        Left::Failed => {
            tr!("It could not be had this time, so nothing is known of it. Run the repair again.")
        }
        Left::Source => tr!(
            "It is not mended here, because this profile never writes to that side. Mend it there, or change the mode of \
             the profile."
        ),
        Left::Guests => tr!(
            "It is not mended here, because the server might write to the people who are invited. Delete or copy it in \
             your calendar program."
        ),
        Left::Taken => tr!(
            "It is not mended here, because one of its items is there already, but says something else. Delete the one \
             that is wrong."
        ),
    }
}
