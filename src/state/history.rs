//! The history: every version that a run overwrote or deleted.

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, ToSql};
use serde::{Deserialize, Serialize};

use super::blobs::expand;
use super::trees::{base_bytes, number, pair_of, time};
use super::{Peek, Result, State, Write};
use crate::collection::Href;
use crate::sync::Side;

/// The number of a version in a profile's history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct VersionId(pub i64);

/// What happened to a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Loss {
    Overwritten,
    Deleted,
}

/// A version of an item that was overwritten or deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    pub id: VersionId,
    pub at: Timestamp,
    /// The side that held it.
    pub side: Side,
    /// Its name there.
    pub item: String,
    pub uid: Option<String>,
    pub summary: String,
    pub loss: Loss,
}

const COLUMNS: &str = "SELECT id, at, side, href, uid, summary, loss FROM history";

fn version(row: &Row<'_>) -> rusqlite::Result<Version> {
    Ok(Version {
        id: VersionId(row.get(0)?),
        at: time(row.get(1)?)?,
        side: if row.get::<_, i64>(2)? == 0 { Side::Local } else { Side::Remote },
        item: row.get(3)?,
        uid: row.get(4)?,
        summary: row.get(5)?,
        loss: if row.get_ref(6)?.as_str()? == "deleted" { Loss::Deleted } else { Loss::Overwritten },
    })
}

/// Whether a text has another one in it, which is in small letters.
fn has(text: &str, small: &str) -> bool {
    text.contains(small) || text.to_lowercase().contains(small)
}

pub(super) fn one(db: &Connection, id: VersionId) -> Result<Option<(Version, Bytes)>> {
    let Some(found) = db.query_row(&format!("{COLUMNS} WHERE id = ?1"), [id.0], version).optional()? else {
        return Ok(None);
    };
    let data: Vec<u8> = db.query_row(
        "SELECT data FROM blob WHERE id = (SELECT blob FROM history WHERE id = ?1)",
        [id.0],
        |row| row.get(0),
    )?;
    Ok(Some((found, expand(&data)?)))
}

/// The versions that a run deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deletions {
    /// When the run began.
    pub run: Timestamp,
    pub items: u64,
}

const NEWEST_FIRST: &str = "ORDER BY at DESC, id DESC";

impl Peek {
    /// All versions kept, newest first.
    pub fn history(&self) -> Result<Vec<Version>> {
        self.find_versions("", usize::MAX)
    }

    /// The versions of items whose title or name has the text in it, in capitals or not, the newest first; at most so
    /// many.
    pub fn find_versions(&self, text: &str, limit: usize) -> Result<Vec<Version>> {
        let text = text.to_lowercase();
        let db = self.db();
        let mut statement = db.prepare(&format!("{COLUMNS} {NEWEST_FIRST}"))?;
        let mut rows = statement.query([])?;
        let mut found = Vec::new();
        while found.len() < limit
            && let Some(row) = rows.next()?
        {
            let has = |column| Ok::<_, rusqlite::Error>(has(row.get_ref(column)?.as_str()?, &text));
            if text.is_empty() || has(5)? || has(3)? {
                found.push(version(row)?);
            }
        }
        Ok(found)
    }

    /// The versions kept of the same item, on both sides, the newest first; at most so many.
    pub fn versions_of(&self, one: &Version, limit: usize) -> Result<Vec<Version>> {
        let db = self.db();
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = |condition: &str, values: &[&dyn ToSql]| {
            let sql = format!("{COLUMNS} WHERE {condition} {NEWEST_FIRST} LIMIT {limit}");
            db.prepare(&sql)?.query_map(values, version)?.collect::<rusqlite::Result<Vec<_>>>()
        };
        Ok(match &one.uid {
            Some(uid) => rows("uid = ?1", &[uid])?,
            None => rows("side = ?1 AND href = ?2", &[&number(one.side), &one.item])?,
        })
    }

    /// Why a run overwrote or deleted the version, as its report says it; none where it was no run, or the report is
    /// gone.
    pub fn reason(&self, id: VersionId) -> Result<Option<String>> {
        let sql = "SELECT json_extract(touched.json, '$.why') FROM history
            JOIN report ON report.started = history.run
            JOIN touched ON touched.report = report.id
                AND json_extract(touched.json, '$.item') = history.href
                AND json_extract(touched.json, '$.side') = CASE history.side WHEN 0 THEN 'local' ELSE 'remote' END
            WHERE history.id = ?1";
        Ok(self.db().query_row(sql, [id.0], |row| row.get(0)).optional()?.flatten())
    }

    /// What both sides had of the item when they last agreed, in the local side's form; none where it is gone.
    pub fn present(&self, one: &Version) -> Result<Option<Bytes>> {
        let db = self.db();
        let Some(pair) = pair_of(&db, one.side, one.uid.as_deref(), &one.item)? else { return Ok(None) };
        base_bytes(&db, pair.id)
    }

    /// What the runs deleted, the last run first; at most so many runs.
    pub fn deletions(&self, limit: usize) -> Result<Vec<Deletions>> {
        let db = self.db();
        let mut statement = db.prepare(
            "SELECT run, COUNT(*) FROM history WHERE loss = 'deleted' AND run IS NOT NULL
                GROUP BY run ORDER BY run DESC LIMIT ?1",
        )?;
        let rows = statement.query_map([i64::try_from(limit).unwrap_or(i64::MAX)], |row| {
            Ok(Deletions { run: time(row.get(0)?)?, items: row.get::<_, i64>(1)?.unsigned_abs() })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The versions that the run deleted which began then, in the order of their titles; at most so many.
    pub fn deleted_in(&self, run: Timestamp, limit: usize) -> Result<Vec<Version>> {
        let db = self.db();
        let sql = format!("{COLUMNS} WHERE loss = 'deleted' AND run = ?1 ORDER BY summary, id LIMIT ?2");
        let mut statement = db.prepare(&sql)?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = statement.query_map((run.as_millisecond(), limit), version)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// How many versions the run deleted which began then.
    pub fn number_deleted_in(&self, run: Timestamp) -> Result<u64> {
        let sql = "SELECT COUNT(*) FROM history WHERE loss = 'deleted' AND run = ?1";
        let number: i64 = self.db().query_row(sql, [run.as_millisecond()], |row| row.get(0))?;
        Ok(number.unsigned_abs())
    }

    /// One version with its bytes.
    pub fn version(&self, id: VersionId) -> Result<Option<(Version, Bytes)>> {
        one(&self.db(), id)
    }
}

impl State {
    /// One version with its bytes.
    pub fn version(&self, id: VersionId) -> Result<Option<(Version, Bytes)>> {
        one(&self.db(), id)
    }
}

/// A version that is about to be overwritten or deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost<'a> {
    pub side: Side,
    pub href: &'a Href,
    pub uid: Option<&'a str>,
    pub summary: &'a str,
    pub loss: Loss,
    pub bytes: &'a [u8],
}

impl Write<'_> {
    /// Keeps a version; to be committed before the run that began at `run`, or no run, overwrites or deletes it. `None`
    /// where the newest entry of the item says the same already: that is about this loss from now on (an edit that
    /// failed is tried again, or what was brought back goes again).
    pub fn keep_version(
        &self,
        at: Timestamp,
        run: Option<Timestamp>,
        lost: &Lost<'_>,
    ) -> Result<Option<VersionId>> {
        let blob = self.blob(lost.bytes)?;
        let side = number(lost.side);
        let run = run.map(Timestamp::as_millisecond);
        let loss = match lost.loss {
            Loss::Overwritten => "overwritten",
            Loss::Deleted => "deleted",
        };
        let newest = self
            .0
            .prepare_cached(
                "SELECT id, blob, loss FROM history WHERE side = ?1 AND href = ?2 ORDER BY id DESC LIMIT 1",
            )?
            .query_row((side, lost.href.as_str()), |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, String>(2)?))
            })
            .optional()?;
        if let Some((newest, _, _)) = newest.filter(|(_, held, how)| (*held, how.as_str()) == (blob, loss)) {
            self.0.prepare_cached("UPDATE history SET at = ?2, run = ?3 WHERE id = ?1")?.execute((
                newest,
                at.as_millisecond(),
                run,
            ))?;
            return Ok(None);
        }
        self.0
            .prepare_cached(
                "INSERT INTO history (at, side, href, uid, summary, loss, blob, run)
                    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?
            .execute(rusqlite::params![
                at.as_millisecond(),
                side,
                lost.href.as_str(),
                lost.uid,
                lost.summary,
                loss,
                blob,
                run,
            ])?;
        Ok(Some(VersionId(self.0.last_insert_rowid())))
    }

    /// Takes a version out of the history: it was neither overwritten nor deleted after all.
    pub fn drop_version(&self, id: VersionId) -> Result<()> {
        let blob: Option<i64> = self
            .0
            .prepare_cached("DELETE FROM history WHERE id = ?1 RETURNING blob")?
            .query_row([id.0], |row| row.get(0))
            .optional()?;
        blob.map_or(Ok(()), |blob| self.release_blob(blob))
    }

    /// Once a day, drops versions and reports that were kept long enough; no report where it is not known how long.
    pub fn prune_daily(
        &self,
        now: Timestamp,
        keep: SignedDuration,
        keep_reports: Option<SignedDuration>,
    ) -> Result<()> {
        let day = now.as_second() / (24 * 60 * 60);
        let pruned = self
            .0
            .prepare_cached("SELECT value FROM meta WHERE key = 'pruned'")?
            .query_row([], |row| row.get::<_, String>(0))
            .optional()?;
        if pruned == Some(day.to_string()) {
            return Ok(());
        }
        self.set_meta("pruned", &day.to_string())?;
        let before = |keep| now.checked_sub(keep).unwrap_or(Timestamp::MIN);
        if let Some(keep) = keep_reports {
            self.prune_reports(before(keep))?;
        }
        self.prune(before(keep))
    }

    fn prune(&self, before: Timestamp) -> Result<()> {
        let before = before.as_millisecond();
        let versions = self.0.execute("DELETE FROM history WHERE at < ?1", [before])?;
        if versions > 0 {
            self.release_blobs()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
