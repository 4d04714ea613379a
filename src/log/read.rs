//! Reading the log: all days that are kept, in order, and what comes while one reads.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::{SPAN, day_of};

/// How much is read at once; a longer line is cut.
const CHUNK: u64 = 64 * 1024;

/// Reads the log from its first line on.
pub struct Reader {
    folder: PathBuf,
    /// The name of the file that is being read, and how far it was read.
    file: Option<(String, u64)>,
    /// A line whose end has not been read yet.
    begun: Vec<u8>,
}

impl Reader {
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), file: None, begun: Vec::new() }
    }

    /// Some of the next lines; none where all was read that has been written so far.
    pub fn read(&mut self) -> io::Result<Vec<String>> {
        loop {
            let chunk = match &mut self.file {
                Some((name, at)) => chunk(&self.folder.join(name), at)?,
                None => Vec::new(),
            };
            let mut lines = Vec::new();
            if chunk.is_empty() {
                let Some(next) = self.next_file()? else { return Ok(lines) };
                self.file = Some((next, 0));
                lines.extend(self.end_line());
            }
            for part in chunk.split_inclusive(|byte| *byte == b'\n') {
                self.begun.extend(part);
                if part.ends_with(b"\n") || self.begun.len() as u64 >= CHUNK {
                    lines.extend(self.end_line());
                }
            }
            if !lines.is_empty() {
                return Ok(lines);
            }
        }
    }

    fn end_line(&mut self) -> Option<String> {
        let line = std::mem::take(&mut self.begun);
        let line = String::from_utf8_lossy(&line);
        Some(line.trim_end()).filter(|line| !line.is_empty()).map(str::to_owned)
    }

    /// The file of the day after the one that is being read.
    fn next_file(&self) -> io::Result<Option<String>> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            entries => entries?,
        };
        let mut next: Option<String> = None;
        for entry in entries {
            let Ok(name) = entry?.file_name().into_string() else { continue };
            let is_later = self.file.as_ref().is_none_or(|(file, _)| name > *file);
            if day_of(&name).is_some() && is_later && next.as_ref().is_none_or(|next| name < *next) {
                next = Some(name);
            }
        }
        Ok(next)
    }
}

/// What a file has from there on, as far as one reads at once.
fn chunk(path: &Path, at: &mut u64) -> io::Result<Vec<u8>> {
    let mut chunk = Vec::new();
    let mut file = match File::open(path) {
        // Its days are over.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(chunk),
        file => file?,
    };
    file.seek(SeekFrom::Start(*at))?;
    *at += file.take(CHUNK).read_to_end(&mut chunk)? as u64;
    Ok(chunk)
}

/// Whether a line was written while this profile was worked on.
pub fn is_of(line: &str, profile: &str) -> bool {
    let Some((_time, rest)) = line.split_once(' ') else { return false };
    let Some((_level, rest)) = rest.trim_start().split_once(' ') else { return false };
    rest.trim_start().starts_with(&format!("{SPAN}{{name={profile:?}}}"))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn write(folder: &Path, day: &str, text: &str) {
        let path = folder.join(format!("pimbridge.{day}.log"));
        File::options().create(true).append(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
    }

    fn rest(reader: &mut Reader) -> Vec<String> {
        std::iter::repeat_with(|| reader.read().unwrap())
            .take_while(|lines| !lines.is_empty())
            .flatten()
            .collect()
    }

    #[test]
    fn the_days_come_one_after_the_other() {
        let folder = tempfile::tempdir().unwrap();
        let mut reader = Reader::new(&folder.path().join("logs"));
        assert!(rest(&mut reader).is_empty(), "no folder");
        let mut reader = Reader::new(folder.path());
        assert!(rest(&mut reader).is_empty(), "no file");
        write(folder.path(), "2026-11-30", "b\nc");
        write(folder.path(), "2026-11-29", "a\n\n");
        fs::write(folder.path().join("pimbridge.notes.log"), "no\n").unwrap();
        assert_eq!(rest(&mut reader), ["a", "b"], "c is not ended yet");
        write(folder.path(), "2026-11-30", "d\ne");
        assert_eq!(rest(&mut reader), ["cd"]);
        write(folder.path(), "2026-12-01", "f\n");
        assert_eq!(rest(&mut reader), ["e", "f"], "the day has changed");
        fs::remove_file(folder.path().join("pimbridge.2026-12-01.log")).unwrap();
        write(folder.path(), "2026-12-02", "g\n");
        assert_eq!(rest(&mut reader), ["g"], "a day that is over is removed");
    }

    #[test]
    fn long_lines_are_cut_and_no_bytes_are_lost() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "2026-11-30", &"x".repeat(200_000));
        write(folder.path(), "2026-11-30", "\n\u{fffd}y\n");
        let lines = rest(&mut Reader::new(folder.path()));
        assert!(lines.iter().all(|line| line.len() as u64 <= CHUNK));
        assert_eq!(lines.concat(), "x".repeat(200_000) + "\u{fffd}y");
    }

    #[test]
    fn the_lines_of_a_profile() {
        let line = "2026-11-26T10:00:00.1Z INFO profile{name=\"my work\"}: pimbridge::sync: run started";
        assert!(is_of(line, "my work"));
        assert!(is_of(&line.replace(" INFO", "  INFO"), "my work"));
        assert!(!is_of(line, "my"));
        assert!(!is_of(
            "2026-11-26T10:00:00.1Z INFO pimbridge: say profile{name=\"my work\"}: hi",
            "my work"
        ));
        assert!(!is_of("", "my work") && !is_of("x y", ""));
    }
}
