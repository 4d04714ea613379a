use super::super::rule::{Rule, Until};
use super::super::{Work, local};
use crate::item::time::read_basic;

fn at(text: &str) -> i64 {
    let (date, time) = read_basic(text).unwrap();
    local(date.to_datetime(time.unwrap().0))
}

/// Each line is what python-dateutil says of a random rule: a start, the rule, a window, and the first six
/// starts in it. It is wrong on `BYDAY=FR,2SU` (either, not both at once) and on weeks counted from the end
/// that begin before New Year; such rules are not among them.
#[test]
fn the_same_starts() {
    const STARTS: usize = 6;
    let mut wrong = Vec::new();
    for line in include_str!("dateutil.txt").lines() {
        let [start, rule, from, to, expected] = *line.split(' ').collect::<Vec<_>>() else {
            panic!("{line}")
        };
        let (start, from, to) = (at(start), at(from), at(to) - 1);
        let work = Work::default();
        let read = Rule::read(rule, start, &work).unwrap();
        let lasts = |at| !matches!(read.until, Some(Until::Local(last)) if at > last);
        let mut found = Vec::new();
        let enough = read.any(start, (from, to), &work, lasts, |at| {
            found.push(at);
            found.len() == STARTS
        });
        let expected: Vec<_> = expected.split(',').filter(|text| *text != "-").map(at).collect();
        if enough.is_err() || found != expected {
            wrong.push(format!("{line}: {enough:?}, {} found", found.len()));
        }
    }
    assert!(wrong.is_empty(), "{} wrong: {wrong:#?}", wrong.len());
}
