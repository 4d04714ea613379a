//! The content-line reader: no panic, and every line's range lies behind the one before it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pimbridge::item::lines::Lines;

fuzz_target!(|bytes: &[u8]| {
    let mut end = 0;
    for line in Lines::new(bytes).flatten() {
        assert!(line.range.start >= end && line.range.end > line.range.start && line.range.end <= bytes.len());
        end = line.range.end;
        let _ = (line.group(), line.name(), line.value(), line.is_quoted_printable());
        for param in line.params() {
            let _ = param.values().count();
        }
    }
});
