//! The tables, and how an older file becomes a newer one.

use std::path::Path;

use rusqlite::Connection;

use super::{Result, StateError};

/// One step a version: `MIGRATIONS[n]` makes version `n + 1` of version `n`.
const MIGRATIONS: [&str; 5] = [
    r"
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

    -- How far each side was read, and when all of it was listed last (side: 0 local, 1 remote).
    CREATE TABLE cursor (side INTEGER PRIMARY KEY, value TEXT NOT NULL, listed INTEGER NOT NULL);

    -- The local and the remote tree: what each side held when it was last looked at.
    CREATE TABLE seen (
        side INTEGER NOT NULL, href TEXT NOT NULL, etag TEXT NOT NULL,
        PRIMARY KEY (side, href)
    ) WITHOUT ROWID;

    -- The base: what both sides held when an item was last in sync. An etag is NULL where the
    -- collection did not tell it; verbatim: the blob is that side's bytes, octet for octet.
    CREATE TABLE pair (
        id INTEGER PRIMARY KEY, digest BLOB NOT NULL, blob INTEGER NOT NULL REFERENCES blob,
        local_href TEXT NOT NULL, local_etag TEXT, local_uid TEXT, local_verbatim INTEGER NOT NULL,
        remote_href TEXT NOT NULL, remote_etag TEXT, remote_uid TEXT, remote_verbatim INTEGER NOT NULL
    );
    CREATE INDEX pair_local_href ON pair (local_href);
    CREATE INDEX pair_remote_href ON pair (remote_href);
    CREATE INDEX pair_local_uid ON pair (local_uid);
    CREATE INDEX pair_remote_uid ON pair (remote_uid);
    CREATE INDEX pair_blob ON pair (blob);

    -- Bytes by content, compressed: what base, history and content refer to.
    CREATE TABLE blob (id INTEGER PRIMARY KEY, sha256 BLOB NOT NULL UNIQUE, data BLOB NOT NULL);

    -- Contents of remote items that were fetched but are not settled yet.
    CREATE TABLE content (
        href TEXT PRIMARY KEY, etag TEXT NOT NULL, blob INTEGER NOT NULL REFERENCES blob, modified INTEGER
    ) WITHOUT ROWID;
    CREATE INDEX content_blob ON content (blob);

    -- Items left alone while their etags are these and the time has not come ('' for no href or etag).
    CREATE TABLE aside (
        local_href TEXT NOT NULL, remote_href TEXT NOT NULL, local_etag TEXT NOT NULL, remote_etag TEXT NOT NULL,
        kind TEXT NOT NULL, side INTEGER NOT NULL, summary TEXT NOT NULL, message TEXT NOT NULL,
        since INTEGER NOT NULL, tries INTEGER NOT NULL, next_try INTEGER,
        PRIMARY KEY (local_href, remote_href)
    ) WITHOUT ROWID;

    -- Every version that a run overwrote or deleted (times in milliseconds since 1970).
    CREATE TABLE history (
        id INTEGER PRIMARY KEY, at INTEGER NOT NULL, side INTEGER NOT NULL, href TEXT NOT NULL, uid TEXT,
        summary TEXT NOT NULL, loss TEXT NOT NULL, blob INTEGER NOT NULL REFERENCES blob
    );
    CREATE INDEX history_blob ON history (blob);
    CREATE INDEX history_item ON history (side, href);

    CREATE TABLE report (id INTEGER PRIMARY KEY, started INTEGER NOT NULL, json TEXT NOT NULL);
    CREATE TABLE touched (
        report INTEGER NOT NULL REFERENCES report ON DELETE CASCADE, seq INTEGER NOT NULL,
        conflict INTEGER NOT NULL, json TEXT NOT NULL,
        PRIMARY KEY (report, seq)
    ) WITHOUT ROWID;
",
    r"
    -- The item's UID: what is new on the other side may be the same thing.
    ALTER TABLE aside ADD COLUMN uid TEXT;
",
    r"
    -- What is to be brought back to the other side: not to be deleted on this one. A pair that is saved or dropped takes
    -- its row along.
    CREATE TABLE kept (pair INTEGER PRIMARY KEY REFERENCES pair ON DELETE CASCADE, side INTEGER NOT NULL);
    CREATE TABLE kept_new (side INTEGER NOT NULL, href TEXT NOT NULL, PRIMARY KEY (side, href)) WITHOUT ROWID;
",
    r"
    -- The deletions that were held back last, as they were shown to the person (side: where they would be).
    CREATE TABLE held (side INTEGER NOT NULL, href TEXT NOT NULL, PRIMARY KEY (side, href)) WITHOUT ROWID;
",
    r"
    -- When the run began that overwrote or deleted the version: the start of its report. NULL where it was no run.
    ALTER TABLE history ADD COLUMN run INTEGER;
    CREATE INDEX report_started ON report (started);
    UPDATE history SET run = (
        SELECT CASE WHEN json_valid(json) AND at <= started + 1000 * json_extract(json, '$.seconds') THEN started END
        FROM report WHERE started <= at ORDER BY started DESC LIMIT 1
    );
    CREATE INDEX history_at ON history (at);
    CREATE INDEX history_uid ON history (uid);
    CREATE INDEX history_run ON history (run) WHERE loss = 'deleted';

    -- What a person calls it.
    ALTER TABLE held ADD COLUMN summary TEXT NOT NULL DEFAULT '';
",
];

/// Sets a connection up and brings the file to the newest version.
pub(super) fn prepare(db: &mut Connection, path: &Path) -> Result<()> {
    db.pragma_update(None, "journal_mode", "WAL")?;
    // Full: the history must be on the disk before a version is overwritten.
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "foreign_keys", true)?;
    db.busy_timeout(std::time::Duration::from_secs(10))?;
    let version: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let Some(steps) = usize::try_from(version).ok().and_then(|done| MIGRATIONS.get(done..)) else {
        return Err(StateError::Newer(path.to_owned()));
    };
    if !steps.is_empty() {
        let tx = db.transaction()?;
        for step in steps {
            tx.execute_batch(step)?;
        }
        tx.pragma_update(None, "user_version", MIGRATIONS.len() as i64)?;
        tx.commit()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::state::State;

    #[test]
    fn in_an_older_file_the_runs_of_versions_are_found_by_their_times() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("work.sqlite");
        let db = Connection::open(&path).unwrap();
        MIGRATIONS[..3].iter().for_each(|step| db.execute_batch(step).unwrap());
        db.pragma_update(None, "user_version", 3).unwrap();
        db.execute_batch(
            r#"
            INSERT INTO blob VALUES (1, x'00', x'00');
            INSERT INTO report VALUES (1, 10000, '{"seconds":2.5}'), (2, 20000, '{"seconds":0.5}'), (3, 30000, 'no JSON');
            INSERT INTO history (at, side, href, summary, loss, blob) VALUES
                (5000, 0, 'before', 'before any run', 'deleted', 1),
                (12000, 0, 'a', 'A', 'deleted', 1), (12500, 0, 'b', 'B', 'deleted', 1),
                (15000, 0, 'restored', 'between two runs', 'deleted', 1),
                (20100, 0, 'c', 'C', 'deleted', 1), (30000, 0, 'd', 'D', 'deleted', 1);
            "#,
        )
        .unwrap();
        drop(db);
        let state = State::peek(&path).unwrap().unwrap();
        let at = |second| Timestamp::from_second(second).unwrap();
        let runs: Vec<_> = state.deletions(10).unwrap().into_iter().map(|run| (run.run, run.items)).collect();
        assert_eq!(runs, [(at(20), 1), (at(10), 2)]);
        assert_eq!(state.history().unwrap().len(), 6);
    }
}
