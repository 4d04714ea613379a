//! The deletions that wait for the person's yes, item by item.

use rusqlite::Connection;

use super::trees::number;
use super::{Peek, Result, State, Write};
use crate::collection::Href;
use crate::report::HeldItems;
use crate::sync::{Side, Sides};

fn held(db: &Connection) -> Result<HeldItems> {
    let mut statement = db.prepare("SELECT href, summary FROM held WHERE side = ?1")?;
    let mut on = |side: Side| {
        let rows = statement
            .query_map([number(side)], |row| Ok((Href::new(row.get_ref(0)?.as_str()?), row.get(1)?)))?;
        rows.collect::<rusqlite::Result<_>>()
    };
    Ok(Sides { local: on(Side::Local)?, remote: on(Side::Remote)? })
}

impl Peek {
    /// The deletions that the last run held back which held any.
    pub fn held(&self) -> Result<HeldItems> {
        held(&self.db())
    }
}

impl State {
    /// The deletions that the last run held back which held any.
    pub fn held(&self) -> Result<HeldItems> {
        held(&self.db())
    }
}

impl Write<'_> {
    /// These deletions wait from now on, and no others.
    pub fn set_held(&self, held: &HeldItems) -> Result<()> {
        self.0.execute("DELETE FROM held", [])?;
        let mut statement = self.0.prepare("INSERT INTO held (side, href, summary) VALUES (?1, ?2, ?3)")?;
        for side in Side::BOTH {
            for (href, summary) in &held[side] {
                statement.execute((number(side), href.as_str(), summary))?;
            }
        }
        Ok(())
    }
}
