//! A copy of what a run goes by, for a look ahead.

use std::io;
use std::path::Path;

use rusqlite::Connection;
use tr::tr;

use super::{Peek, Result, StateError, connect};

/// Neither the history nor the reports, and of the bytes only those that the others refer to, which come first.
const COPY: &str = "
    INSERT INTO copy.blob SELECT * FROM main.blob
        WHERE id IN (SELECT blob FROM main.pair UNION SELECT blob FROM main.content);
    INSERT INTO copy.pair SELECT * FROM main.pair;
    INSERT INTO copy.content SELECT * FROM main.content;
    INSERT INTO copy.seen SELECT * FROM main.seen;
    INSERT INTO copy.cursor SELECT * FROM main.cursor;
    INSERT INTO copy.aside SELECT * FROM main.aside;
    INSERT INTO copy.kept SELECT * FROM main.kept;
    INSERT INTO copy.kept_new SELECT * FROM main.kept_new;
    INSERT INTO copy.held SELECT * FROM main.held;
    INSERT INTO copy.meta SELECT * FROM main.meta;
";

impl Peek {
    /// Writes what a run goes by to a new file: as it is at one moment, whatever a run does meanwhile.
    pub fn copy_to(&self, file: &Path) -> Result<()> {
        let Some(to) = file.to_str() else {
            let source = io::Error::new(io::ErrorKind::InvalidInput, tr!("its path is not UTF-8 text"));
            return Err(StateError::Io { path: file.to_owned(), source });
        };
        // With the tables in it.
        drop(connect(file)?);
        let mut db = self.db();
        db.execute("ATTACH ?1 AS copy", [to])?;
        let copied = copy(&mut db);
        db.execute("DETACH copy", [])?;
        copied
    }
}

fn copy(db: &mut Connection) -> Result<()> {
    let transaction = db.transaction()?;
    transaction.execute_batch(COPY)?;
    Ok(transaction.commit()?)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use jiff::Timestamp;

    use super::*;
    use crate::collection::{Cursor, Etag, Href};
    use crate::item::Digest;
    use crate::report::fixtures;
    use crate::state::{Base, Loss, Lost, Seen, State};
    use crate::sync::{Side, Sides};

    #[test]
    fn a_copy_has_what_a_run_goes_by_and_not_what_is_kept_of_earlier_ones() {
        let dir = tempfile::tempdir().unwrap();
        let [here, there] = ["here", "there"].map(|name| dir.path().join(format!("{name}.sqlite")));
        let state = State::open(&here, "one|other", Timestamp::UNIX_EPOCH).unwrap();
        let seen = Seen { href: Href::new("a"), etag: None, uid: Some("a".into()), verbatim: true };
        let base = Base {
            digest: Digest([7; 32]),
            bytes: Bytes::from_static(b"now"),
            sides: Sides { local: seen.clone(), remote: seen },
        };
        let lost = Lost {
            side: Side::Local,
            href: &Href::new("a"),
            uid: None,
            summary: "A",
            loss: Loss::Overwritten,
            bytes: b"before",
        };
        state
            .write(|w| {
                w.keep_version(Timestamp::UNIX_EPOCH, None, &lost)?;
                w.save_pair(None, &base)?;
                w.see(Side::Remote, &Href::new("a"), &Etag::new("1"))?;
                w.set_cursor(Side::Remote, Some((&Cursor::new("token"), Timestamp::UNIX_EPOCH)))?;
                w.begin_report(&fixtures::report())
            })
            .unwrap();
        // A run goes on.
        State::peek(&here).unwrap().unwrap().copy_to(&there).unwrap();

        let copy = State::open(&there, "one|other", Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(copy.pairs().unwrap(), state.pairs().unwrap());
        assert_eq!(copy.base_bytes(copy.pairs().unwrap()[0].id).unwrap().unwrap(), "now");
        assert_eq!(copy.tree(Side::Remote).unwrap(), state.tree(Side::Remote).unwrap());
        assert_eq!(copy.cursor(Side::Remote).unwrap(), state.cursor(Side::Remote).unwrap());
        let count = |table: &str| -> i64 {
            copy.db().query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
        };
        assert_eq!((count("blob"), count("history"), count("report")), (1, 0, 0));
    }

    #[test]
    fn no_table_is_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let state = State::open(&dir.path().join("a.sqlite"), "", Timestamp::UNIX_EPOCH).unwrap();
        let db = state.db();
        let mut tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").unwrap();
        let tables = tables.query_map([], |row| row.get::<_, String>(0)).unwrap();
        let left_out = |table: &String| !COPY.contains(&format!("copy.{table} "));
        let mut left_out: Vec<String> = tables.map(|name| name.unwrap()).filter(left_out).collect();
        left_out.sort();
        assert_eq!(left_out, ["history", "report", "touched"]);
    }
}
