//! What the fuzz targets do, with their seeds and with pieces of them.

use std::fs;
use std::path::Path;

use crate::fuzz_targets as targets;

/// Runs a target on the files of a folder of the project: whole, and at `places` of each cut off and with a byte changed.
fn replay(folder: &str, places: usize, target: impl Fn(&[u8])) {
    let files = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap();
    let mut replayed = 0;
    for file in files {
        let mut bytes = fs::read(file.unwrap().path()).unwrap();
        target(&bytes);
        let step = bytes.len() / places + 1;
        for at in (0..bytes.len()).step_by(step) {
            target(&bytes[..at]);
            for other in *b"\n\"<;:\xff" {
                let was = std::mem::replace(&mut bytes[at], other);
                target(&bytes);
                bytes[at] = was;
            }
        }
        replayed += 1;
    }
    assert!(replayed > 0, "{folder} is empty");
}

#[test]
fn content_lines() {
    replay("fuzz/seeds/item", 100, targets::content_lines);
}

#[test]
fn items() {
    replay("fuzz/seeds/item", 100, targets::item);
}

#[test]
fn merges() {
    let whole = include_bytes!("../../fuzz/seeds/item/demo-bicycle.ics");
    replay("fuzz/seeds/item", 100, |bytes: &[u8]| targets::merge(&[bytes, b"\0", whole.as_slice()].concat()));
}

#[test]
fn forms() {
    let whole = include_bytes!("../../fuzz/seeds/item/demo-bicycle.ics");
    // Each is tried in a dozen forms.
    replay("fuzz/seeds/item", 12, |bytes: &[u8]| targets::forms(&[bytes, b"\0", whole.as_slice()].concat()));
}

#[test]
fn multistatus() {
    replay("fuzz/seeds/multistatus", 100, targets::multistatus);
}

#[test]
fn cdsp_files() {
    replay("fuzz/seeds/cdsp", 100, targets::cdsp);
}

#[test]
fn profiles() {
    replay("profiles-examples", 100, targets::profile);
}
