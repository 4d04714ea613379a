//! Bytes by content: stored once, compressed.

use std::io::{self, Read, Write as _};

use bytes::Bytes;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use rusqlite::OptionalExtension;
use sha2::{Digest as _, Sha256};

use super::{Result, StateError, Write};
use crate::item::MAX_BYTES;

impl Write<'_> {
    /// The id of a blob with these bytes, which is made where there is none.
    pub(super) fn blob(&self, bytes: &[u8]) -> Result<i64> {
        let digest = Sha256::digest(bytes);
        let known = self
            .0
            .prepare_cached("SELECT id FROM blob WHERE sha256 = ?1")?
            .query_row([digest.as_slice()], |row| row.get(0))
            .optional()?;
        if let Some(id) = known {
            return Ok(id);
        }
        let data = compress(bytes)
            .map_err(|e| StateError::Sql(rusqlite::Error::ToSqlConversionFailure(e.into())))?;
        self.0
            .prepare_cached("INSERT INTO blob (sha256, data) VALUES (?1, ?2)")?
            .execute((digest.as_slice(), data))?;
        Ok(self.0.last_insert_rowid())
    }

    /// Drops the blob if nothing refers to it any more.
    pub(super) fn release_blob(&self, id: i64) -> Result<()> {
        self.0
            .prepare_cached(
                "DELETE FROM blob WHERE id = ?1
                    AND NOT EXISTS (SELECT 1 FROM pair WHERE blob = ?1)
                    AND NOT EXISTS (SELECT 1 FROM content WHERE blob = ?1)
                    AND NOT EXISTS (SELECT 1 FROM history WHERE blob = ?1)",
            )?
            .execute([id])?;
        Ok(())
    }

    /// Drops every blob that nothing refers to.
    pub(super) fn release_blobs(&self) -> Result<()> {
        self.0.execute(
            "DELETE FROM blob WHERE id NOT IN
                (SELECT blob FROM pair UNION SELECT blob FROM content UNION SELECT blob FROM history)",
            [],
        )?;
        Ok(())
    }
}

fn compress(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = DeflateEncoder::new(Vec::with_capacity(bytes.len() / 2 + 64), Compression::fast());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// The bytes of a stored blob; an error where they are not what was stored.
pub(super) fn expand(data: &[u8]) -> Result<Bytes> {
    let mut bytes = Vec::with_capacity(data.len() * 3);
    // No larger item is ever stored.
    let limit = MAX_BYTES as u64 + 1;
    DeflateDecoder::new(data).take(limit).read_to_end(&mut bytes).map_err(|_| StateError::Damaged)?;
    Ok(bytes.into())
}
