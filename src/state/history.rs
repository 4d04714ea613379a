//! The history: every version that a run overwrote or deleted.

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row};
use serde::{Deserialize, Serialize};

use super::blobs::expand;
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
        at: Timestamp::from_millisecond(row.get(1)?).map_err(|e| {
            rusqlite::Error::FromSqlConversionFailure(1, rusqlite::types::Type::Integer, e.into())
        })?,
        side: if row.get::<_, i64>(2)? == 0 { Side::Local } else { Side::Remote },
        item: row.get(3)?,
        uid: row.get(4)?,
        summary: row.get(5)?,
        loss: if row.get_ref(6)?.as_str()? == "deleted" { Loss::Deleted } else { Loss::Overwritten },
    })
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

impl Peek {
    /// All versions kept, newest first.
    pub fn history(&self) -> Result<Vec<Version>> {
        let db = self.db();
        let mut statement = db.prepare(&format!("{COLUMNS} ORDER BY id DESC"))?;
        let rows = statement.query_map([], version)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
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
    /// Keeps a version; to be committed before it is overwritten or deleted. `None` where the newest entry
    /// of the item says the same already (an edit that failed is tried again).
    pub fn keep_version(&self, at: Timestamp, lost: &Lost<'_>) -> Result<Option<VersionId>> {
        let blob = self.blob(lost.bytes)?;
        let side = if lost.side == Side::Local { 0 } else { 1 };
        let loss = match lost.loss {
            Loss::Overwritten => "overwritten",
            Loss::Deleted => "deleted",
        };
        let newest = self
            .0
            .prepare_cached(
                "SELECT blob, loss FROM history WHERE side = ?1 AND href = ?2 ORDER BY id DESC LIMIT 1",
            )?
            .query_row((side, lost.href.as_str()), |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
            })
            .optional()?;
        if newest.is_some_and(|newest| newest == (blob, loss.to_owned())) {
            return Ok(None);
        }
        self.0
            .prepare_cached(
                "INSERT INTO history (at, side, href, uid, summary, loss, blob) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(rusqlite::params![
                at.as_millisecond(),
                side,
                lost.href.as_str(),
                lost.uid,
                lost.summary,
                loss,
                blob,
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
