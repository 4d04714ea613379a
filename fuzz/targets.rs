//! What the fuzz targets do; the program's own tests do the same with the seeds.

use std::path::Path;

use bytes::Bytes;
use pimbridge::item::{self, lines::Lines};
use pimbridge::profile::{Name, parse};

/// The content-line reader: no panic, and every line's range lies behind the one before it.
pub fn content_lines(bytes: &[u8]) {
    let mut end = 0;
    for line in Lines::new(bytes).flatten() {
        assert!(
            line.range.start >= end && line.range.end > line.range.start && line.range.end <= bytes.len()
        );
        end = line.range.end;
        let _ = (line.group(), line.name(), line.value(), line.is_quoted_printable());
        for param in line.params() {
            let _ = param.values().count();
        }
    }
}

/// The item facts: no panic; what can be read can be read again after its UID was changed, says the same and has
/// the UID.
pub fn item(bytes: &[u8]) {
    let _ = item::title(bytes);
    let Ok(facts) = item::read(bytes) else { return };
    assert!(!facts.summary.is_empty());
    let changed = item::with_uid(&Bytes::copy_from_slice(bytes), "another-uid");
    match item::read(&changed) {
        Ok(again) => {
            assert_eq!(again.digest, facts.digest);
            assert_eq!(again.kind, facts.kind);
            if facts.kind.is_some() {
                assert_eq!(again.uid.as_deref(), Some("another-uid"));
            }
        }
        Err(error) => panic!("no item any more: {error}"),
    }
}

/// The multistatus reader: no panic, and an end.
pub fn multistatus(bytes: &[u8]) {
    pimbridge::collection::dav::read_multistatus(bytes);
}

/// Profile files: no panic, and an error is a sentence.
pub fn profile(bytes: &[u8]) {
    let (Ok(name), Ok(text)) = (Name::new("fuzzed"), std::str::from_utf8(bytes)) else { return };
    if let Err(error) = parse(&name, Path::new("fuzzed.toml"), text) {
        assert!(!error.to_string().is_empty());
    }
}
