//! The three-way merge of two or three items (NUL octets between them: base, newer, older): no panic; what
//! can be read merges into what can be read, and an unchanged version gives way to the other, octet for octet.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use pimbridge::item::{self, merge};

fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.splitn(3, |&octet| octet == 0);
    let (Some(base), Some(newer)) = (parts.next(), parts.next()) else { return };
    let older = parts.next().unwrap_or(base);
    for base in [None, Some(base)] {
        let merged = merge(base, newer, older, Default::default());
        assert_eq!(merged.is_ok(), item::read(newer).is_ok() && item::read(older).is_ok());
        if let Ok(merged) = merged {
            assert!(item::read(&merged.bytes).is_ok());
        }
    }
    if item::read(newer).is_ok() && item::read(base).is_ok() {
        assert_eq!(merge(Some(base), base, newer, Default::default()).map(|merged| merged.bytes).as_deref(), Ok(newer));
        let newer = Bytes::copy_from_slice(newer);
        if !item::has_category(&newer, "Filter") {
            assert_eq!(item::without_category(&item::with_category(&newer, "Filter"), "Filter"), newer);
        }
    }
});
