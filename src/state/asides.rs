//! What is left alone: items in trouble or out of scope, and conflicts that wait for the person.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::Connection;

use super::trees::{number, time};
use super::{Peek, Result, State, Subject, Write};
use crate::collection::{Etag, Href};
use crate::sync::{Side, Sides};

/// Why an item is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AsideKind {
    /// It belongs to another kind of collection (a task among events): not this profile's business.
    Foreign,
    /// It cannot be understood, or a collection refuses it.
    Trouble,
    /// It could not be had this time.
    Passing,
    /// It is out of the profile's time range or category.
    Outside,
    /// Both sides changed it, and the person decides.
    Parked,
}

impl AsideKind {
    const ALL: [AsideKind; 5] =
        [AsideKind::Foreign, AsideKind::Trouble, AsideKind::Passing, AsideKind::Outside, AsideKind::Parked];

    fn word(self) -> &'static str {
        match self {
            AsideKind::Foreign => "foreign",
            AsideKind::Trouble => "trouble",
            AsideKind::Passing => "passing",
            AsideKind::Outside => "outside",
            AsideKind::Parked => "parked",
        }
    }
}

/// An item that is left alone while its versions are these and its time has not come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aside {
    pub subject: Subject,
    pub etags: Sides<Option<Etag>>,
    pub kind: AsideKind,
    /// The side on which the trouble is.
    pub side: Side,
    /// The item's UID, where it is known.
    pub uid: Option<String>,
    pub summary: String,
    pub message: String,
    pub since: Timestamp,
    /// How often it was tried.
    pub tries: u32,
    /// When it is tried again although nothing changed; `None`: not before it changes.
    pub next_try: Option<Timestamp>,
}

impl State {
    /// How many conflicts wait for the person's decision.
    pub fn parked(&self) -> Result<u64> {
        let db = self.db();
        let mut statement = db.prepare_cached("SELECT count(*) FROM aside WHERE kind = ?1")?;
        Ok(statement.query_row([AsideKind::Parked.word()], |row| row.get::<_, i64>(0))?.unsigned_abs())
    }

    /// All that is left alone, by subject.
    pub fn asides(&self) -> Result<HashMap<Subject, Aside>> {
        Ok(asides(&self.db())?.into_iter().map(|aside| (aside.subject.clone(), aside)).collect())
    }

    /// The conflicts that wait for the person's decision, the oldest first.
    pub fn conflicts(&self) -> Result<Vec<Aside>> {
        conflicts(&self.db())
    }
}

impl Peek {
    /// The conflicts that wait for the person's decision, the oldest first.
    pub fn conflicts(&self) -> Result<Vec<Aside>> {
        conflicts(&self.db())
    }
}

fn conflicts(db: &Connection) -> Result<Vec<Aside>> {
    let mut parked = asides(db)?;
    parked.retain(|aside| aside.kind == AsideKind::Parked);
    parked.sort_by(|a, b| (a.since, &a.subject).cmp(&(b.since, &b.subject)));
    Ok(parked)
}

fn asides(db: &Connection) -> Result<Vec<Aside>> {
    let mut statement = db.prepare_cached(
        "SELECT local_href, remote_href, local_etag, remote_etag, kind, side, summary, message, since, tries,
                next_try, uid FROM aside",
    )?;
    let rows = statement.query_map([], |row| {
        let some = |at: usize| -> rusqlite::Result<Option<String>> {
            Ok(Some(row.get::<_, String>(at)?).filter(|text| !text.is_empty()))
        };
        Ok(Aside {
            subject: Sides { local: some(0)?.map(Href::new), remote: some(1)?.map(Href::new) },
            etags: Sides { local: some(2)?.map(Etag::new), remote: some(3)?.map(Etag::new) },
            kind: {
                let word = row.get_ref(4)?.as_str()?;
                AsideKind::ALL.into_iter().find(|k| k.word() == word).unwrap_or(AsideKind::Trouble)
            },
            side: if row.get::<_, i64>(5)? == 0 { Side::Local } else { Side::Remote },
            summary: row.get(6)?,
            message: row.get(7)?,
            since: time(row.get(8)?)?,
            tries: row.get(9)?,
            next_try: row.get::<_, Option<i64>>(10)?.map(time).transpose()?,
            uid: row.get(11)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

impl Write<'_> {
    pub fn put_aside(&self, aside: &Aside) -> Result<()> {
        self.0
            .prepare_cached(
                "INSERT OR REPLACE INTO aside (local_href, remote_href, local_etag, remote_etag, kind, side, summary,
                    message, since, tries, next_try, uid)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            )?
            .execute(rusqlite::params![
                text(aside.subject.local.as_ref().map(Href::as_str)),
                text(aside.subject.remote.as_ref().map(Href::as_str)),
                text(aside.etags.local.as_ref().map(Etag::as_str)),
                text(aside.etags.remote.as_ref().map(Etag::as_str)),
                aside.kind.word(),
                number(aside.side),
                aside.summary,
                aside.message,
                aside.since.as_millisecond(),
                aside.tries,
                aside.next_try.map(|t| t.as_millisecond()),
                aside.uid,
            ])?;
        Ok(())
    }

    pub(super) fn drop_asides(&self, kind: AsideKind) -> Result<()> {
        self.0.prepare_cached("DELETE FROM aside WHERE kind = ?1")?.execute([kind.word()])?;
        Ok(())
    }

    pub fn drop_aside(&self, subject: &Subject) -> Result<()> {
        self.0.prepare_cached("DELETE FROM aside WHERE local_href = ?1 AND remote_href = ?2")?.execute([
            text(subject.local.as_ref().map(Href::as_str)),
            text(subject.remote.as_ref().map(Href::as_str)),
        ])?;
        Ok(())
    }
}

fn text(value: Option<impl AsRef<str>>) -> String {
    value.map(|v| v.as_ref().to_owned()).unwrap_or_default()
}
