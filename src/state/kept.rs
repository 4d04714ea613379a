//! What the person wants to keep although one side lacks it, until it is on both again.

use std::collections::{BTreeSet, HashMap};

use rusqlite::{Connection, Row};

use super::trees::number;
use super::{PairId, Result, State, Subject, Write};
use crate::collection::Href;
use crate::sync::{Side, Sides};

/// The items that are to be brought back. An item is no longer among them once its pair is saved anew or is no more.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kept {
    /// Items that were in sync, and the side on which what is left of each is not to be deleted.
    pub pairs: HashMap<PairId, Side>,
    /// Items without a base, by the side they are on.
    pub new: Sides<BTreeSet<Href>>,
}

impl Kept {
    /// The sides on which this item is not to be deleted.
    pub fn of(&self, pair: Option<PairId>, subject: &Subject) -> Sides<bool> {
        Sides::from_fn(|side| match pair {
            Some(pair) => self.pairs.get(&pair) == Some(&side),
            None => subject[side].as_ref().is_some_and(|href| self.new[side].contains(href)),
        })
    }

    /// The item that is left on this side is to be kept.
    pub fn add(&mut self, side: Side, pair: Option<PairId>, subject: &Subject) {
        match (pair, &subject[side]) {
            (Some(pair), _) => drop(self.pairs.insert(pair, side)),
            (None, Some(href)) => drop(self.new[side].insert(href.clone())),
            (None, None) => {}
        }
    }

    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty() && self.new.local.is_empty() && self.new.remote.is_empty()
    }
}

fn side(row: &Row<'_>, at: usize) -> rusqlite::Result<Side> {
    Ok(if row.get::<_, i64>(at)? == number(Side::Local) { Side::Local } else { Side::Remote })
}

/// The items without a base.
fn new(db: &Connection) -> Result<Sides<BTreeSet<Href>>> {
    let mut found = Sides::<BTreeSet<Href>>::default();
    let mut rows = db.prepare_cached("SELECT side, href FROM kept_new")?;
    let rows = rows.query_map([], |row| Ok((side(row, 0)?, Href::new(row.get_ref(1)?.as_str()?))))?;
    for row in rows {
        let (side, href) = row?;
        found[side].insert(href);
    }
    Ok(found)
}

impl State {
    /// What is to be brought back.
    pub fn kept(&self) -> Result<Kept> {
        let db = self.db();
        let mut pairs = db.prepare_cached("SELECT pair, side FROM kept")?;
        let pairs = pairs.query_map([], |row| Ok((PairId(row.get(0)?), side(row, 1)?)))?;
        Ok(Kept { pairs: pairs.collect::<rusqlite::Result<_>>()?, new: new(&db)? })
    }
}

impl Write<'_> {
    /// From now on, this is what is to be brought back.
    pub fn set_kept(&self, kept: &Kept) -> Result<()> {
        self.0.execute("DELETE FROM kept", [])?;
        let mut pair = self.0.prepare_cached("INSERT INTO kept (pair, side) VALUES (?1, ?2)")?;
        for (id, side) in &kept.pairs {
            pair.execute((id.0, number(*side)))?;
        }
        self.0.execute("DELETE FROM kept_new", [])?;
        let mut row = self.0.prepare_cached("INSERT INTO kept_new (side, href) VALUES (?1, ?2)")?;
        for side in Side::BOTH {
            for href in &kept.new[side] {
                row.execute((number(side), href.as_str()))?;
            }
        }
        Ok(())
    }
}
