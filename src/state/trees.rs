//! The three trees, the cursors, and contents not settled yet.

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row};

use super::blobs::expand;
use super::{AsideKind, Peek, Result, State, Write};
use crate::collection::{Cursor, Etag, Href};
use crate::item::Digest;
use crate::sync::{Side, Sides};

/// What one side held when it was last looked at.
pub type Tree = BTreeMap<Href, Etag>;

/// The identity of a pair: an item on one or both sides and its base.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PairId(pub i64);

/// One side of a base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub href: Href,
    /// The version last known in sync; `None` where the collection did not tell: whatever is there
    /// counts as changed.
    pub etag: Option<Etag>,
    pub uid: Option<String>,
    /// This side's bytes, octet for octet, are the base's in this side's form.
    pub verbatim: bool,
}

/// A pair as the planner needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    pub id: PairId,
    pub digest: Digest,
    pub sides: Sides<Seen>,
}

impl Pair {
    /// Where its item is, or was when both sides last agreed; nothing where another item has its name now.
    pub fn subject(&self) -> Subject {
        Sides::from_fn(|side| Some(self.sides[side].href.clone()).filter(|href| !href.as_str().is_empty()))
    }
}

/// What is to be remembered of a pair that is in sync now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    pub digest: Digest,
    /// In the local side's form.
    pub bytes: Bytes,
    pub sides: Sides<Seen>,
}

/// The content of a remote item that was fetched earlier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    pub etag: Etag,
    pub bytes: Bytes,
    pub modified: Option<Timestamp>,
}

/// What a row of the plan is about: the hrefs of an item on the two sides.
pub type Subject = Sides<Option<Href>>;

pub(super) fn number(side: Side) -> i64 {
    match side {
        Side::Local => 0,
        Side::Remote => 1,
    }
}

pub(super) fn time(milliseconds: i64) -> rusqlite::Result<Timestamp> {
    Timestamp::from_millisecond(milliseconds)
        .map_err(|e| rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Integer, e.into()))
}

impl State {
    /// How far a side was read, and when all of it was listed last.
    pub fn cursor(&self, side: Side) -> Result<Option<(Cursor, Timestamp)>> {
        cursor(&self.db(), side)
    }

    /// What a side held when it was last looked at.
    pub fn tree(&self, side: Side) -> Result<Tree> {
        tree(&self.db(), side)
    }

    /// All pairs, by their id.
    pub fn pairs(&self) -> Result<Vec<Pair>> {
        let db = self.db();
        let mut statement = db.prepare_cached(&format!("{PAIRS} ORDER BY id"))?;
        let rows = statement.query_map([], pair)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The pair of an item that had this UID on this side, or this name where it has no UID.
    pub fn pair_of(&self, side: Side, uid: Option<&str>, name: &str) -> Result<Option<Pair>> {
        pair_of(&self.db(), side, uid, name)
    }

    /// The exact bytes of a pair's base.
    pub fn base_bytes(&self, pair: PairId) -> Result<Option<Bytes>> {
        base_bytes(&self.db(), pair)
    }

    /// Whether a pair has this UID on this side.
    pub fn pair_with_uid(&self, side: Side, uid: &str) -> Result<Option<PairId>> {
        let db = self.db();
        let mut statement = db.prepare_cached(match side {
            Side::Local => "SELECT id FROM pair WHERE local_uid = ?1",
            Side::Remote => "SELECT id FROM pair WHERE remote_uid = ?1",
        })?;
        Ok(statement.query_row([uid], |row| row.get(0)).optional()?.map(PairId))
    }

    /// Whether the pair's item was last seen on this side under its name and in the base's version.
    pub fn is_in_place(&self, pair: PairId, side: Side) -> Result<bool> {
        let db = self.db();
        let mut statement = db.prepare_cached(match side {
            Side::Local => {
                "SELECT EXISTS (SELECT 1 FROM pair JOIN seen ON href = local_href AND etag = local_etag
                    WHERE id = ?1 AND side = ?2)"
            }
            Side::Remote => {
                "SELECT EXISTS (SELECT 1 FROM pair JOIN seen ON href = remote_href AND etag = remote_etag
                    WHERE id = ?1 AND side = ?2)"
            }
        })?;
        Ok(statement.query_row((pair.0, number(side)), |row| row.get(0))?)
    }

    /// The content of a remote item, where it was fetched earlier and has not changed since.
    pub fn content(&self, href: &Href, etag: &Etag) -> Result<Option<Content>> {
        let db = self.db();
        let mut statement = db.prepare_cached(
            "SELECT data, modified FROM content JOIN blob ON blob.id = content.blob WHERE href = ?1 AND etag = ?2",
        )?;
        let found: Option<(Vec<u8>, Option<i64>)> = statement
            .query_row([href.as_str(), etag.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        found
            .map(|(data, modified)| {
                Ok(Content {
                    etag: etag.clone(),
                    bytes: expand(&data)?,
                    modified: modified.map(time).transpose()?,
                })
            })
            .transpose()
    }
}

impl Peek {
    /// How far a side was read, and when all of it was listed last.
    pub fn cursor(&self, side: Side) -> Result<Option<(Cursor, Timestamp)>> {
        cursor(&self.db(), side)
    }

    /// What a side held when it was last looked at.
    pub fn tree(&self, side: Side) -> Result<Tree> {
        tree(&self.db(), side)
    }

    /// The same of these items only.
    pub fn tree_of<'a>(&self, side: Side, hrefs: impl IntoIterator<Item = &'a Href>) -> Result<Tree> {
        let db = self.db();
        let mut statement = db.prepare("SELECT etag FROM seen WHERE side = ?1 AND href = ?2")?;
        let mut tree = Tree::new();
        for href in hrefs {
            let known = statement.query_row((number(side), href.as_str()), |row| etag(row, 0)).optional()?;
            tree.extend(known.map(|etag| (href.clone(), etag)));
        }
        Ok(tree)
    }
}

const PAIRS: &str = "SELECT id, digest, local_href, local_etag, local_uid, local_verbatim,
    remote_href, remote_etag, remote_uid, remote_verbatim FROM pair";

fn pair(row: &Row<'_>) -> rusqlite::Result<Pair> {
    Ok(Pair {
        id: PairId(row.get(0)?),
        digest: Digest(row.get(1)?),
        sides: Sides { local: seen(row, 2)?, remote: seen(row, 6)? },
    })
}

pub(super) fn pair_of(db: &Connection, side: Side, uid: Option<&str>, name: &str) -> Result<Option<Pair>> {
    let (column, value) = match (side, uid) {
        (Side::Local, Some(uid)) => ("local_uid", uid),
        (Side::Remote, Some(uid)) => ("remote_uid", uid),
        (Side::Local, None) => ("local_href", name),
        (Side::Remote, None) => ("remote_href", name),
    };
    let mut statement = db.prepare_cached(&format!("{PAIRS} WHERE {column} = ?1 ORDER BY id LIMIT 1"))?;
    Ok(statement.query_row([value], pair).optional()?)
}

pub(super) fn base_bytes(db: &Connection, pair: PairId) -> Result<Option<Bytes>> {
    let mut statement =
        db.prepare_cached("SELECT data FROM blob WHERE id = (SELECT blob FROM pair WHERE id = ?1)")?;
    let data: Option<Vec<u8>> = statement.query_row([pair.0], |row| row.get(0)).optional()?;
    data.map(|data| expand(&data)).transpose()
}

fn cursor(db: &Connection, side: Side) -> Result<Option<(Cursor, Timestamp)>> {
    let mut statement = db.prepare_cached("SELECT value, listed FROM cursor WHERE side = ?1")?;
    let cursor = |row: &Row<'_>| Ok((Cursor::new(row.get::<_, String>(0)?), time(row.get(1)?)?));
    Ok(statement.query_row([number(side)], cursor).optional()?)
}

fn tree(db: &Connection, side: Side) -> Result<Tree> {
    let mut statement = db.prepare_cached("SELECT href, etag FROM seen WHERE side = ?1 ORDER BY href")?;
    let rows = statement.query_map([number(side)], |row| Ok((href(row, 0)?, etag(row, 1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// A base in another scope.
#[derive(Debug)]
pub struct Rebased {
    pub bytes: Bytes,
    /// `None`: as before.
    pub digest: Option<Digest>,
    /// The local item counts as changed. It does where the bytes are others.
    pub is_changed: bool,
}

impl Write<'_> {
    /// A side was read up to this cursor; all of it was listed last at `listed`.
    pub fn set_cursor(&self, side: Side, cursor: Option<(&Cursor, Timestamp)>) -> Result<()> {
        match cursor {
            Some((cursor, listed)) => self
                .0
                .prepare_cached("INSERT OR REPLACE INTO cursor (side, value, listed) VALUES (?1, ?2, ?3)")?
                .execute((number(side), cursor.as_str(), listed.as_millisecond()))?,
            None => self.0.prepare_cached("DELETE FROM cursor WHERE side = ?1")?.execute([number(side)])?,
        };
        Ok(())
    }

    /// An item was seen at this version.
    pub fn see(&self, side: Side, href: &Href, etag: &Etag) -> Result<()> {
        self.0
            .prepare_cached("INSERT OR REPLACE INTO seen (side, href, etag) VALUES (?1, ?2, ?3)")?
            .execute((number(side), href.as_str(), etag.as_str()))?;
        Ok(())
    }

    /// An item is gone, confirmed.
    pub fn unsee(&self, side: Side, href: &Href) -> Result<()> {
        self.0
            .prepare_cached("DELETE FROM seen WHERE side = ?1 AND href = ?2")?
            .execute((number(side), href.as_str()))?;
        if side == Side::Remote {
            self.drop_content(href)?;
        }
        Ok(())
    }

    /// A pair is in sync: its base is this from now on. Both sides are seen at the base's versions.
    pub fn save_pair(&self, id: Option<PairId>, base: &Base) -> Result<PairId> {
        let blob = self.blob(&base.bytes)?;
        let old: Option<i64> = match id {
            Some(id) => self
                .0
                .prepare_cached("SELECT blob FROM pair WHERE id = ?1")?
                .query_row([id.0], |row| row.get(0))
                .optional()?,
            None => None,
        };
        let Sides { local, remote } = &base.sides;
        self.0
            .prepare_cached(
                "INSERT OR REPLACE INTO pair (id, digest, blob, local_href, local_etag, local_uid, local_verbatim,
                    remote_href, remote_etag, remote_uid, remote_verbatim)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            )?
            .execute(rusqlite::params![
                id.map(|id| id.0),
                base.digest.0,
                blob,
                local.href.as_str(),
                local.etag.as_ref().map(Etag::as_str),
                local.uid,
                local.verbatim,
                remote.href.as_str(),
                remote.etag.as_ref().map(Etag::as_str),
                remote.uid,
                remote.verbatim,
            ])?;
        let id = PairId(self.0.last_insert_rowid());
        for side in Side::BOTH {
            let seen = &base.sides[side];
            self.take_name(id, side, &seen.href)?;
            if let Some(etag) = &seen.etag {
                self.see(side, &seen.href, etag)?;
            }
        }
        self.drop_content(&remote.href)?;
        if let Some(old) = old.filter(|old| *old != blob) {
            self.release_blob(old)?;
        }
        Ok(id)
    }

    /// One side of a pair has another version with the same content. Whether its bytes are still the
    /// base's is not known.
    pub fn touch_pair(&self, id: PairId, side: Side, etag: &Etag, uid: Option<&str>) -> Result<()> {
        self.0
            .prepare_cached(match side {
                Side::Local => {
                    "UPDATE pair SET local_etag = ?2, local_uid = ?3, local_verbatim = 0 WHERE id = ?1"
                }
                Side::Remote => {
                    "UPDATE pair SET remote_etag = ?2, remote_uid = ?3, remote_verbatim = 0 WHERE id = ?1"
                }
            })?
            .execute((id.0, etag.as_str(), uid))?;
        Ok(())
    }

    /// A pair's item has another UID on one side now.
    pub fn set_pair_uid(&self, id: PairId, side: Side, uid: Option<&str>) -> Result<()> {
        self.0
            .prepare_cached(match side {
                Side::Local => "UPDATE pair SET local_uid = ?2, local_verbatim = 0 WHERE id = ?1",
                Side::Remote => "UPDATE pair SET remote_uid = ?2, remote_verbatim = 0 WHERE id = ?1",
            })?
            .execute((id.0, uid))?;
        Ok(())
    }

    /// The local side's form of a pair's base is another one; what is the same on both sides is not.
    pub fn set_base_bytes(&self, id: PairId, bytes: &Bytes) -> Result<()> {
        let blob = self.blob(bytes)?;
        let old: i64 = self
            .0
            .prepare_cached("SELECT blob FROM pair WHERE id = ?1")?
            .query_row([id.0], |row| row.get(0))?;
        self.0
            .prepare_cached("UPDATE pair SET blob = ?2, remote_verbatim = 0 WHERE id = ?1")?
            .execute((id.0, blob))?;
        if old == blob { Ok(()) } else { self.release_blob(old) }
    }

    /// The scope of the profile is another one: what was out of it is looked at again, and `rebase` tells what each
    /// base is.
    pub fn rescope(&self, rebase: impl Fn(&Bytes) -> Option<Rebased>) -> Result<()> {
        self.drop_asides(AsideKind::Outside)?;
        // The remote version that a base's local one comes to is another one now.
        self.0.execute("UPDATE pair SET remote_verbatim = 0", [])?;
        let ids: Vec<i64> = {
            let mut pairs = self.0.prepare("SELECT id FROM pair")?;
            let ids = pairs.query_map([], |row| row.get(0))?;
            ids.collect::<rusqlite::Result<_>>()?
        };
        let mut old =
            self.0.prepare("SELECT data, digest FROM pair JOIN blob ON blob.id = blob WHERE pair.id = ?1")?;
        let mut update = self.0.prepare("UPDATE pair SET digest = ?2 WHERE id = ?1")?;
        let mut change =
            self.0.prepare("UPDATE pair SET local_etag = NULL, local_verbatim = 0 WHERE id = ?1")?;
        for id in ids {
            let (data, before): (Vec<u8>, [u8; 32]) =
                old.query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))?;
            let base = expand(&data)?;
            let Some(Rebased { bytes, digest, is_changed }) = rebase(&base) else { continue };
            let digest = digest.map_or(before, |digest| digest.0);
            if !is_changed && digest == before {
                continue;
            }
            update.execute((id, digest))?;
            if is_changed {
                self.set_base_bytes(PairId(id), &bytes)?;
                change.execute([id])?;
            }
        }
        Ok(())
    }

    /// What has this name is this pair's item: another pair that had it has lost its own there.
    fn take_name(&self, id: PairId, side: Side, href: &Href) -> Result<()> {
        if href.as_str().is_empty() {
            return Ok(());
        }
        self.0
            .prepare_cached(match side {
                Side::Local => "UPDATE pair SET local_href = '' WHERE local_href = ?2 AND id <> ?1",
                Side::Remote => "UPDATE pair SET remote_href = '' WHERE remote_href = ?2 AND id <> ?1",
            })?
            .execute((id.0, href.as_str()))?;
        Ok(())
    }

    /// A pair's item is not on this side any more, although something else has its name now.
    pub fn detach(&self, id: PairId, side: Side) -> Result<()> {
        self.rename(id, side, &Href::new(""))
    }

    /// A pair's item has another name on one side now.
    pub fn rename(&self, id: PairId, side: Side, href: &Href) -> Result<()> {
        self.take_name(id, side, href)?;
        self.0
            .prepare_cached(match side {
                Side::Local => "UPDATE pair SET local_href = ?2 WHERE id = ?1",
                Side::Remote => "UPDATE pair SET remote_href = ?2 WHERE id = ?1",
            })?
            .execute((id.0, href.as_str()))?;
        Ok(())
    }

    /// A pair is no more.
    pub fn drop_pair(&self, id: PairId) -> Result<()> {
        let blob: Option<i64> = self
            .0
            .prepare_cached("DELETE FROM pair WHERE id = ?1 RETURNING blob")?
            .query_row([id.0], |row| row.get(0))
            .optional()?;
        blob.map_or(Ok(()), |blob| self.release_blob(blob))
    }

    /// Keeps the content of a remote item until it is settled, so that it need not be fetched again.
    pub fn keep_content(&self, href: &Href, content: &Content) -> Result<()> {
        self.drop_content(href)?;
        let blob = self.blob(&content.bytes)?;
        self.0
            .prepare_cached("INSERT INTO content (href, etag, blob, modified) VALUES (?1, ?2, ?3, ?4)")?
            .execute((
                href.as_str(),
                content.etag.as_str(),
                blob,
                content.modified.map(|t| t.as_millisecond()),
            ))?;
        Ok(())
    }

    fn drop_content(&self, href: &Href) -> Result<()> {
        let blob: Option<i64> = self
            .0
            .prepare_cached("DELETE FROM content WHERE href = ?1 RETURNING blob")?
            .query_row([href.as_str()], |row| row.get(0))
            .optional()?;
        blob.map_or(Ok(()), |blob| self.release_blob(blob))
    }

    /// Forgets both trees, the base and the cursors; the next run pairs both sides anew.
    pub fn forget_trees(&self) -> Result<()> {
        for table in ["cursor", "seen", "kept", "kept_new", "held", "pair", "content", "aside"] {
            self.0.execute(&format!("DELETE FROM {table}"), [])?;
        }
        self.0.execute("DELETE FROM meta WHERE key IN ('look', 'look_refused', 'undone')", [])?;
        self.release_blobs()
    }
}

fn href(row: &Row<'_>, at: usize) -> rusqlite::Result<Href> {
    Ok(Href::new(row.get_ref(at)?.as_str()?))
}

fn etag(row: &Row<'_>, at: usize) -> rusqlite::Result<Etag> {
    Ok(Etag::new(row.get_ref(at)?.as_str()?))
}

fn seen(row: &Row<'_>, at: usize) -> rusqlite::Result<Seen> {
    Ok(Seen {
        href: href(row, at)?,
        etag: row.get_ref(at + 1)?.as_str_or_null()?.map(Etag::new),
        uid: row.get(at + 2)?,
        verbatim: row.get(at + 3)?,
    })
}
