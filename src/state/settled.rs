//! What both sides had of an item that a run found in conflict, and what became of it.

use bytes::Bytes;
use jiff::Timestamp;
use rusqlite::OptionalExtension;

use super::blobs::expand;
use super::history::one;
use super::trees::number;
use super::{Peek, Result, Version, VersionId};
use crate::sync::Side;

impl Peek {
    /// The version that a side lost first in the run that began then, of an item with this name there; none where it is
    /// not kept any more.
    pub fn first_lost(&self, side: Side, item: &str, run: Timestamp) -> Result<Option<(Version, Bytes)>> {
        let db = self.db();
        let sql = "SELECT id FROM history WHERE side = ?1 AND href = ?2 AND run = ?3 ORDER BY id LIMIT 1";
        let id =
            db.query_row(sql, (number(side), item, run.as_millisecond()), |row| row.get(0)).optional()?;
        id.map_or(Ok(None), |id| one(&db, VersionId(id)))
    }

    /// What the other side lost of the same item at the same moment: the two were put together.
    pub fn lost_beside(&self, version: &Version) -> Result<Option<(Version, Bytes)>> {
        let Some(uid) = &version.uid else { return Ok(None) };
        let db = self.db();
        let sql = "SELECT id FROM history WHERE side = ?1 AND uid = ?2 AND at = ?3 ORDER BY id LIMIT 1";
        let values = (number(version.side.other()), uid, version.at.as_millisecond());
        let id = db.query_row(sql, values, |row| row.get(0)).optional()?;
        id.map_or(Ok(None), |id| one(&db, VersionId(id)))
    }

    /// What came in the place of a version that was overwritten, and the side whose form it has; none where it is not
    /// kept any more.
    pub fn successor(&self, version: &Version) -> Result<Option<(Side, Bytes)>> {
        let db = self.db();
        let of = (number(version.side), &version.item, version.id.0);
        let next = "SELECT id FROM history WHERE side = ?1 AND href = ?2 AND id > ?3 ORDER BY id LIMIT 1";
        if let Some(next) = db.query_row(next, of, |row| row.get(0)).optional()? {
            return Ok(one(&db, VersionId(next))?.map(|(next, bytes)| (next.side, bytes)));
        }
        // It is what both sides have in common now.
        let base = match version.side {
            Side::Local => "SELECT data FROM blob JOIN pair ON pair.blob = blob.id WHERE local_href = ?1",
            Side::Remote => "SELECT data FROM blob JOIN pair ON pair.blob = blob.id WHERE remote_href = ?1",
        };
        let data: Option<Vec<u8>> = db.query_row(base, [&version.item], |row| row.get(0)).optional()?;
        data.map(|data| Ok((Side::Local, expand(&data)?))).transpose()
    }
}
