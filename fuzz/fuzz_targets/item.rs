//! The item facts: no panic; what can be read can be read again after its UID was changed, says the same and
//! has the UID; line ends do not count.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use pimbridge::item;

fuzz_target!(|bytes: &[u8]| {
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
});
