//! The multistatus reader: no panic, and an end.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    pimbridge::collection::dav::read_multistatus(bytes);
});
