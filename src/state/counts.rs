//! Numbers for a person: how many items there are, and how many were changed when.

use jiff::Timestamp;
use serde::Deserialize;

use super::trees::{number, time};
use super::{Peek, Result, StateError};
use crate::report::Counts;
use crate::sync::{Side, Sides};

/// What a report says of the work that was done.
#[derive(Deserialize)]
struct Worked {
    local: Counts,
    remote: Counts,
}

impl Peek {
    /// How many items each side held when it was last looked at.
    pub fn number_of_items(&self) -> Result<Sides<u64>> {
        let db = self.db();
        let mut statement = db.prepare("SELECT COUNT(*) FROM seen WHERE side = ?1")?;
        let mut count = |side: Side| statement.query_row([number(side)], |row| row.get::<_, i64>(0));
        Ok(Sides { local: count(Side::Local)?.unsigned_abs(), remote: count(Side::Remote)?.unsigned_abs() })
    }

    /// What the runs that began then or later changed, on both sides together.
    pub fn changes_since(&self, time_from: Timestamp) -> Result<Vec<(Timestamp, Counts)>> {
        let db = self.db();
        let mut statement = db.prepare("SELECT started, json FROM report WHERE started >= ?1")?;
        let rows = statement.query_map([time_from.as_millisecond()], |row| {
            Ok((time(row.get(0)?)?, row.get::<_, String>(1)?))
        })?;
        rows.map(|row| {
            let (started, json) = row?;
            let Worked { local, remote } = serde_json::from_str(&json).map_err(|_| StateError::Damaged)?;
            Ok((started, local + remote))
        })
        .collect()
    }
}
