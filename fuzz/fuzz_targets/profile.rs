//! Profile files: no panic, and an error is one sentence.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use pimbridge::profile::{Name, parse};

fuzz_target!(|text: &str| {
    let Ok(name) = Name::new("fuzzed") else { return };
    if let Err(error) = parse(&name, Path::new("fuzzed.toml"), text) {
        assert!(!error.to_string().is_empty());
    }
});
