//! The reports of the runs, newest first.

use jiff::Timestamp;
use rusqlite::OptionalExtension;
use serde::{Deserialize, Serialize};

use super::{Peek, Result, StateError, Write};
use crate::report::{Report, Touched};

/// The number of a report within its profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ReportId(pub i64);

/// Which reports are wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Only those with something that a person may want to look at: the run did not end well, or met a conflict.
    pub with_findings: bool,
    /// Only those of runs that began then or later.
    pub from: Option<Timestamp>,
    /// Only those of runs that began before.
    pub until: Option<Timestamp>,
}

impl Peek {
    /// The newest reports that are wanted, at most so many, newest first.
    pub fn find_reports(&self, wanted: &Wanted, limit: usize) -> Result<Vec<(ReportId, Report)>> {
        let db = self.db();
        // What cannot be read is found, so that it is told.
        let mut statement = db.prepare(
            "SELECT id, json FROM report WHERE started >= ?1 AND started < ?2
                AND (?3 = 0 OR NOT json_valid(json) OR json_extract(json, '$.outcome') <> 'ok'
                    OR json_extract(json, '$.conflicts') > 0)
                ORDER BY started DESC, id DESC LIMIT ?4",
        )?;
        let from = wanted.from.map_or(i64::MIN, Timestamp::as_millisecond);
        let until = wanted.until.map_or(i64::MAX, Timestamp::as_millisecond);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = statement.query_map((from, until, wanted.with_findings, limit), |row| {
            Ok((ReportId(row.get(0)?), row.get::<_, String>(1)?))
        })?;
        rows.map(|row| row.map_err(StateError::from).and_then(|(id, json)| Ok((id, parse(&json)?)))).collect()
    }

    /// The newest reports, at most so many, newest first.
    pub fn reports(&self, limit: usize) -> Result<Vec<(ReportId, Report)>> {
        let db = self.db();
        let mut statement = db.prepare("SELECT id, json FROM report ORDER BY id DESC LIMIT ?1")?;
        let rows = statement.query_map([i64::try_from(limit).unwrap_or(i64::MAX)], |row| {
            Ok((ReportId(row.get(0)?), row.get::<_, String>(1)?))
        })?;
        rows.map(|row| row.map_err(StateError::from).and_then(|(id, json)| Ok((id, parse(&json)?)))).collect()
    }

    /// The newest report, where its run goes on or was interrupted.
    pub fn unfinished(&self) -> Result<Option<ReportId>> {
        let sql = "SELECT id, CASE WHEN json_valid(json) THEN json_extract(json, '$.unfinished') END
            FROM report ORDER BY id DESC LIMIT 1";
        let newest =
            self.db().query_row(sql, [], |row| Ok((ReportId(row.get(0)?), row.get(1)?))).optional()?;
        Ok(newest.and_then(|(id, unfinished): (_, Option<bool>)| unfinished?.then_some(id)))
    }

    /// How many reports there are of runs before that time.
    pub fn reports_before(&self, time: Timestamp) -> Result<u64> {
        let sql = "SELECT COUNT(*) FROM report WHERE started < ?1";
        let number: i64 = self.db().query_row(sql, [time.as_millisecond()], |row| row.get(0))?;
        Ok(number.unsigned_abs())
    }

    /// One report.
    pub fn report(&self, id: ReportId) -> Result<Option<Report>> {
        let db = self.db();
        let json: Option<String> =
            db.query_row("SELECT json FROM report WHERE id = ?1", [id.0], |row| row.get(0)).optional()?;
        json.map(|json| parse(&json)).transpose()
    }

    /// How many items the run of a report touched.
    pub fn number_touched(&self, id: ReportId) -> Result<u64> {
        let sql = "SELECT COUNT(*) FROM touched WHERE report = ?1";
        let number: i64 = self.db().query_row(sql, [id.0], |row| row.get(0))?;
        Ok(number.unsigned_abs())
    }

    /// The items that the run of a report touched, in order: all those in conflict, and the others of the
    /// first so many.
    pub fn touched(&self, id: ReportId, first: usize) -> Result<Vec<Touched>> {
        let db = self.db();
        let sql = "SELECT json FROM touched WHERE report = ?1 AND (conflict OR seq < ?2) ORDER BY seq";
        let mut statement = db.prepare(sql)?;
        let first = i64::try_from(first).unwrap_or(i64::MAX);
        let rows = statement.query_map((id.0, first), |row| row.get::<_, String>(0))?;
        rows.map(|json| parse(&json?)).collect()
    }
}

impl Write<'_> {
    /// Begins a report (as it is to be read if the run is killed).
    pub fn begin_report(&self, report: &Report) -> Result<ReportId> {
        self.0
            .prepare_cached("INSERT INTO report (started, json) VALUES (?1, ?2)")?
            .execute((report.started.as_millisecond(), json(report)?))?;
        Ok(ReportId(self.0.last_insert_rowid()))
    }

    /// Replaces a report by what is known now.
    pub fn save_report(&self, id: ReportId, report: &Report) -> Result<()> {
        self.0.prepare_cached("UPDATE report SET started = ?2, json = ?3 WHERE id = ?1")?.execute((
            id.0,
            report.started.as_millisecond(),
            json(report)?,
        ))?;
        Ok(())
    }

    /// Stores the report of a run that has ended; `begun` is its number, where it was begun. Where it says the same as
    /// the one before it, it takes the place of that one.
    pub fn end_report(&self, begun: Option<ReportId>, report: &Report) -> Result<ReportId> {
        if let Some(last) = self.last_that_says_the_same(begun, report)? {
            if let Some(begun) = begun {
                self.drop_report(begun)?;
            }
            self.save_report(last, report)?;
            return Ok(last);
        }
        match begun {
            Some(id) => self.save_report(id, report).map(|()| id),
            None => self.begin_report(report),
        }
    }

    fn last_that_says_the_same(&self, begun: Option<ReportId>, report: &Report) -> Result<Option<ReportId>> {
        if !report.is_repetitive() {
            return Ok(None);
        }
        let last = self
            .0
            .prepare_cached("SELECT id, json FROM report WHERE id < ?1 ORDER BY id DESC LIMIT 1")?
            .query_row([begun.map_or(i64::MAX, |begun| begun.0)], |row| {
                Ok((ReportId(row.get(0)?), row.get::<_, String>(1)?))
            })
            .optional()?;
        let Some((id, last)) = last else { return Ok(None) };
        Ok(parse(&last).ok().filter(|last| report.says_the_same_as(last)).map(|_| id))
    }

    /// Drops the report of a run that did nothing.
    pub fn drop_report(&self, id: ReportId) -> Result<()> {
        self.0.prepare_cached("DELETE FROM report WHERE id = ?1")?.execute([id.0])?;
        Ok(())
    }

    /// Drops the reports of the runs before that time, and tells how many.
    pub fn prune_reports(&self, before: Timestamp) -> Result<u64> {
        Ok(self.0.execute("DELETE FROM report WHERE started < ?1", [before.as_millisecond()])? as u64)
    }

    /// Adds the item that is number `seq` of a run.
    pub fn add_touched(&self, id: ReportId, seq: u64, touched: &Touched) -> Result<()> {
        self.0
            .prepare_cached("INSERT INTO touched (report, seq, conflict, json) VALUES (?1, ?2, ?3, ?4)")?
            .execute((id.0, i64::try_from(seq).unwrap_or(i64::MAX), touched.conflict, json(touched)?))?;
        Ok(())
    }
}

fn json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value)
        .map_err(|e| StateError::Sql(rusqlite::Error::ToSqlConversionFailure(e.into())))
}

fn parse<T: for<'a> Deserialize<'a>>(json: &str) -> Result<T> {
    serde_json::from_str(json).map_err(|_| StateError::Damaged)
}
