//! JSON lines, no longer than they may be.

use std::io;

use serde::Serialize;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};

/// Reads lines up to a length.
pub struct Lines<R> {
    reader: BufReader<R>,
    /// What has come of the line that is not at its end.
    begun: Vec<u8>,
    longest: usize,
    /// The rest of a line that is too long is passed over.
    skips: bool,
}

/// Why no further line can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineError {
    TooLong,
    /// The other side is gone, whatever it had begun to say.
    Gone,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    pub fn new(reader: R, longest: usize) -> Self {
        Lines { reader: BufReader::new(reader), begun: Vec::new(), longest, skips: false }
    }

    /// The next line, without its end. Nothing is lost when this is dropped and called again.
    pub async fn next(&mut self) -> Result<Vec<u8>, LineError> {
        loop {
            let come = self.reader.fill_buf().await.unwrap_or_default();
            if come.is_empty() {
                return Err(LineError::Gone);
            }
            let end = come.iter().position(|&octet| octet == b'\n');
            let part = &come[..end.unwrap_or(come.len())];
            let is_too_long = !self.skips && self.begun.len() + part.len() > self.longest;
            let is_whole = !self.skips && !is_too_long && end.is_some();
            if is_too_long {
                self.begun = Vec::new();
            } else if !self.skips {
                self.begun.extend_from_slice(part);
            }
            self.skips = (self.skips || is_too_long) && end.is_none();
            let used = part.len() + usize::from(end.is_some());
            self.reader.consume(used);
            if is_too_long {
                return Err(LineError::TooLong);
            }
            if is_whole {
                return Ok(std::mem::take(&mut self.begun));
            }
        }
    }
}

/// Writes a value as one line.
pub async fn write(out: &mut (impl AsyncWrite + Unpin), value: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    out.write_all(&line).await?;
    out.flush().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_in_any_parts() {
        let (mut writer, reader) = tokio::io::duplex(3);
        let mut lines = Lines::new(reader, 8);
        let write = tokio::spawn(async move {
            writer.write_all(b"12345678\n\nabc\nlost").await.unwrap();
        });
        let mut read = Vec::new();
        while let Ok(line) = lines.next().await {
            read.push(String::from_utf8(line).unwrap());
        }
        assert_eq!(lines.next().await, Err(LineError::Gone));
        write.await.unwrap();
        assert_eq!(read, ["12345678", "", "abc"]);
    }

    #[tokio::test]
    async fn a_line_that_is_dropped_in_the_middle_is_read_all_the_same() {
        let (mut writer, reader) = tokio::io::duplex(64);
        let mut lines = Lines::new(reader, 64);
        writer.write_all(b"first ").await.unwrap();
        tokio::select! {
            biased;
            _ = lines.next() => panic!("it has no end yet"),
            () = std::future::ready(()) => {}
        }
        writer.write_all(b"second\n").await.unwrap();
        assert_eq!(lines.next().await.unwrap(), b"first second");
    }

    #[tokio::test]
    async fn nothing_is_longer_than_it_may_be() {
        let mut lines = Lines::new(&b"123456789\n12345678\n"[..], 8);
        assert_eq!(lines.next().await, Err(LineError::TooLong));
        assert_eq!(lines.next().await.unwrap(), b"12345678", "what comes after it is read");
        let endless = format!("{}\nnext\n", "x".repeat(1 << 20));
        let mut lines = Lines::new(endless.as_bytes(), 10_000);
        assert_eq!(lines.next().await, Err(LineError::TooLong));
        assert_eq!(lines.next().await.unwrap(), b"next");
        assert_eq!(Lines::new(tokio::io::repeat(b'x'), 1 << 20).next().await, Err(LineError::TooLong));
    }
}
