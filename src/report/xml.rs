//! A report in the form of Outlook CalDav Synchronizer: A is the local side, B the server.

use std::io;

use jiff::Unit;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use tr::tr;

use super::wording::line;
use super::{Counts, Delta, Operation, Problem, Report, Touched};
use crate::sync::{Side, Sides};

type Out = Writer<Vec<u8>>;

/// The report as XML, without a line break at the end. That program has an id for each profile.
pub fn xml(report: &Report, touched: &[Touched], id: &str) -> String {
    let mut out = Writer::new_with_indent(Vec::new(), b' ', 2);
    out.config_mut().add_space_before_slash_in_empty_elements = true;
    // Writing to memory cannot fail.
    let _ = write_all(&mut out, report, touched, id);
    String::from_utf8(out.into_inner()).unwrap_or_default()
}

fn write_all(out: &mut Out, report: &Report, touched: &[Touched], id: &str) -> io::Result<()> {
    out.write_event(Event::Decl(BytesDecl::new("1.0", None, None)))?;
    let root = out.create_element("SynchronizationReport").with_attributes([
        ("xmlns:xsd", "http://www.w3.org/2001/XMLSchema"),
        ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"),
    ]);
    root.write_inner_content(|out| {
        element(out, "ProfileName", &report.profile)?;
        element(out, "ProfileId", id)?;
        let started = report.started.round(Unit::Microsecond).unwrap_or(report.started);
        element(out, "StartTime", &started.to_string())?;
        exactly(out, "ADelta", &delta(report.found.local))?;
        exactly(out, "BDelta", &delta(report.found.remote))?;
        element(out, "AJobsInfo", &jobs(report.local))?;
        element(out, "BJobsInfo", &jobs(report.remote))?;
        group(out, "LoadErrors", &report.problems, load_error)?;
        group(out, "EntitySynchronizationReports", touched, entity)?;
        let held = Sides { local: report.held.local, remote: report.held.remote };
        let held =
            Side::BOTH.into_iter().filter(|side| held[*side] > 0).map(|side| match side {
                Side::Local => tr!("1 deletion on this computer held back"
                    | "{n} deletions on this computer held back" % held.local),
                Side::Remote => tr!("1 deletion on the server held back"
                    | "{n} deletions on the server held back" % held.remote),
            });
        let held = held.collect::<Vec<_>>().join(", ");
        let failure = report.failure.as_deref().or((!held.is_empty()).then_some(held.as_str()));
        optional(out, "ExceptionThatLeadToAbortion", failure)?;
        let is_warning = report.failure.is_none() && failure.is_some();
        element(out, "ConsiderExceptionThatLeadToAbortionAsWarning", &is_warning.to_string())?;
        element(out, "Duration", &duration(report.seconds))
    })?;
    Ok(())
}

fn load_error(out: &mut Out, problem: &Problem) -> io::Result<()> {
    let Problem { item, summary, side, message, parked, .. } = problem;
    let named = if summary.trim().is_empty() { message.clone() } else { format!("{summary}: {message}") };
    let children = out.create_element("LoadError");
    children.write_inner_content(|out| {
        element(out, "EntityId", item)?;
        element(out, "Error", &named)?;
        element(out, "IsAEntity", &(*side == Side::Local).to_string())?;
        element(out, "IsWarning", &parked.to_string())
    })?;
    Ok(())
}

fn entity(out: &mut Out, touched: &Touched) -> io::Result<()> {
    let Touched { side, operation, summary, item, why, conflict } = touched;
    let here = |wanted, text: &'_ String| (*side == wanted && !text.is_empty()).then_some(text.clone());
    let done = match operation {
        Operation::Create => "Create",
        Operation::Update => "Update",
        Operation::Delete => "Delete",
    };
    let children = out.create_element("EntitySynchronizationReport");
    children.write_inner_content(|out| {
        element(out, "MappingErrors", "")?;
        group(out, "MappingWarnings", conflict.then_some(why).as_slice(), |out, why| {
            element(out, "string", why)
        })?;
        optional(out, "AId", here(Side::Local, item))?;
        optional(out, "BId", here(Side::Remote, item))?;
        optional(out, "ADisplayName", here(Side::Local, summary))?;
        optional(out, "BDisplayName", here(Side::Remote, summary))?;
        element(out, "Operation", &format!("{done}In{}", if *side == Side::Local { "A" } else { "B" }))
    })?;
    Ok(())
}

/// An element with one for each of these in it.
fn group<T>(
    out: &mut Out,
    name: &str,
    all: &[T],
    mut each: impl FnMut(&mut Out, &T) -> io::Result<()>,
) -> io::Result<()> {
    let element = out.create_element(name);
    match all {
        [] => element.write_empty()?,
        all => element.write_inner_content(|out| all.iter().try_for_each(|one| each(out, one)))?,
    };
    Ok(())
}

fn optional(out: &mut Out, name: &str, text: Option<impl AsRef<str>>) -> io::Result<()> {
    text.map_or(Ok(()), |text| element(out, name, text.as_ref()))
}

fn element(out: &mut Out, name: &str, text: &str) -> io::Result<()> {
    // XML 1.0 allows no control characters, and not these two (section 2.2).
    exactly(out, name, &line(text).replace(['\u{fffe}', '\u{ffff}'], ""))
}

fn exactly(out: &mut Out, name: &str, text: &str) -> io::Result<()> {
    let element = out.create_element(name);
    match text {
        "" => element.write_empty()?,
        text => element.write_text_content(BytesText::new(text))?,
    };
    Ok(())
}

/// The blanks are as that program writes them.
fn delta(found: Delta) -> String {
    let Delta { unchanged, new, changed, deleted } = found;
    format!("Unchanged: {unchanged} , Added: {new} , Deleted {deleted} ,  Changed {changed}")
}

fn jobs(counts: Counts) -> String {
    let Counts { created, updated, deleted } = counts;
    format!("Create {created} , Update {updated} , Delete {deleted}")
}

/// As .NET writes a time span: `[days.]hh:mm:ss[.fffffff]`.
fn duration(seconds: f64) -> String {
    // Out of range, the ends count.
    let ticks = (seconds * 1e7).round() as u64;
    let (all, fraction) = (ticks / 10_000_000, ticks % 10_000_000);
    let (days, hours, minutes, seconds) = (all / 86_400, all / 3_600 % 24, all / 60 % 60, all % 60);
    let days = if days > 0 { format!("{days}.") } else { String::new() };
    let fraction = if fraction > 0 { format!(".{fraction:07}") } else { String::new() };
    format!("{days}{hours:02}:{minutes:02}:{seconds:02}{fraction}")
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{problem, report, touched};
    use super::super::{Held, RunOutcome};
    use super::*;

    const ID: &str = "3f0c1c52-6f0e-4d0b-9d0c-2b8a0d5f7a11";

    #[test]
    fn nothing_changed() {
        let mut report = report();
        report.found = Sides::from_fn(|_| Delta { unchanged: 119, ..Delta::default() });
        insta::assert_snapshot!(xml(&report, &[], ID), @r#"
        <?xml version="1.0"?>
        <SynchronizationReport xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
          <ProfileName>work</ProfileName>
          <ProfileId>3f0c1c52-6f0e-4d0b-9d0c-2b8a0d5f7a11</ProfileId>
          <StartTime>2026-11-21T08:00:00Z</StartTime>
          <ADelta>Unchanged: 119 , Added: 0 , Deleted 0 ,  Changed 0</ADelta>
          <BDelta>Unchanged: 119 , Added: 0 , Deleted 0 ,  Changed 0</BDelta>
          <AJobsInfo>Create 0 , Update 0 , Delete 0</AJobsInfo>
          <BJobsInfo>Create 0 , Update 0 , Delete 0</BJobsInfo>
          <LoadErrors />
          <EntitySynchronizationReports />
          <ConsiderExceptionThatLeadToAbortionAsWarning>false</ConsiderExceptionThatLeadToAbortionAsWarning>
          <Duration>00:00:00.4200000</Duration>
        </SynchronizationReport>
        "#);
    }

    #[test]
    fn a_busy_run() {
        let mut report = report();
        (report.profile, report.seconds) = ("Jana & \"Ole\"".into(), 93_784.300_188_3);
        report.started = "2026-11-21T08:00:00.123456789Z".parse().unwrap();
        report.found.local = Delta { unchanged: 1, new: 24, changed: 3, deleted: 2 };
        report.local = Counts { created: 1, updated: 2, deleted: 3 };
        report.problems = vec![
            problem("a.ics", "Party", Side::Remote, "the server refuses it: <too large>\n\u{1b}[31m\u{ffff}"),
            problem("b.ics", "", Side::Local, "it waits"),
        ];
        report.problems[1].parked = true;
        (report.outcome, report.held) = (RunOutcome::Held, Held { local: 1, remote: 40, ..Held::default() });
        let mut items = vec![
            touched(Side::Remote, Operation::Create, "Dentist", "new on this computer"),
            touched(Side::Local, Operation::Delete, "", "deleted on the server"),
            touched(Side::Local, Operation::Update, "Team", "changed on both sides, the server's is newer"),
        ];
        items[2].conflict = true;
        insta::assert_snapshot!(xml(&report, &items, ID), @r#"
        <?xml version="1.0"?>
        <SynchronizationReport xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
          <ProfileName>Jana &amp; &quot;Ole&quot;</ProfileName>
          <ProfileId>3f0c1c52-6f0e-4d0b-9d0c-2b8a0d5f7a11</ProfileId>
          <StartTime>2026-11-21T08:00:00.123457Z</StartTime>
          <ADelta>Unchanged: 1 , Added: 24 , Deleted 2 ,  Changed 3</ADelta>
          <BDelta>Unchanged: 0 , Added: 0 , Deleted 0 ,  Changed 0</BDelta>
          <AJobsInfo>Create 1 , Update 2 , Delete 3</AJobsInfo>
          <BJobsInfo>Create 0 , Update 0 , Delete 0</BJobsInfo>
          <LoadErrors>
            <LoadError>
              <EntityId>a.ics</EntityId>
              <Error>Party: the server refuses it: &lt;too large&gt; [31m</Error>
              <IsAEntity>false</IsAEntity>
              <IsWarning>false</IsWarning>
            </LoadError>
            <LoadError>
              <EntityId>b.ics</EntityId>
              <Error>it waits</Error>
              <IsAEntity>true</IsAEntity>
              <IsWarning>true</IsWarning>
            </LoadError>
          </LoadErrors>
          <EntitySynchronizationReports>
            <EntitySynchronizationReport>
              <MappingErrors />
              <MappingWarnings />
              <BId>x.ics</BId>
              <BDisplayName>Dentist</BDisplayName>
              <Operation>CreateInB</Operation>
            </EntitySynchronizationReport>
            <EntitySynchronizationReport>
              <MappingErrors />
              <MappingWarnings />
              <AId>x.ics</AId>
              <Operation>DeleteInA</Operation>
            </EntitySynchronizationReport>
            <EntitySynchronizationReport>
              <MappingErrors />
              <MappingWarnings>
                <string>changed on both sides, the server&apos;s is newer</string>
              </MappingWarnings>
              <AId>x.ics</AId>
              <ADisplayName>Team</ADisplayName>
              <Operation>UpdateInA</Operation>
            </EntitySynchronizationReport>
          </EntitySynchronizationReports>
          <ExceptionThatLeadToAbortion>1 deletion on this computer held back, 40 deletions on the server held back</ExceptionThatLeadToAbortion>
          <ConsiderExceptionThatLeadToAbortionAsWarning>true</ConsiderExceptionThatLeadToAbortionAsWarning>
          <Duration>1.02:03:04.3001883</Duration>
        </SynchronizationReport>
        "#);
    }

    #[test]
    fn a_failed_run() {
        let mut report = report();
        report.failure = Some("the server cannot be reached".into());
        let xml = xml(&report, &[], ID);
        assert!(xml.contains("<ExceptionThatLeadToAbortion>the server cannot be reached</"), "{xml}");
        assert!(xml.contains("<ConsiderExceptionThatLeadToAbortionAsWarning>false</"), "{xml}");
    }

    #[test]
    fn times_as_dot_net_writes_them() {
        assert_eq!(duration(3.300_188_3), "00:00:03.3001883");
        assert_eq!(duration(0.0), "00:00:00");
        assert_eq!(duration(90_061.5), "1.01:01:01.5000000");
        assert_eq!(duration(-1.0), "00:00:00");
        assert_eq!(duration(f64::NAN), "00:00:00");
    }
}
