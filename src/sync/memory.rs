//! How much is in memory at a time: chunks of large items are smaller, and how large the items are is learnt from
//! the first chunk, which goes alone.

/// How many chunks are on their way at the same time.
const CHUNKS_IN_FLIGHT: usize = 3;

/// What was learnt of the sizes of items.
#[derive(Debug, Default)]
pub(super) struct Memory {
    items: u64,
    bytes: u64,
}

impl Memory {
    /// How many bytes of contents a chunk should not exceed.
    const CHUNK_BYTES: u64 = 4 * 1024 * 1024;

    /// A chunk of so many items took so many bytes.
    pub(super) fn learn(&mut self, items: u64, bytes: usize) {
        // What came last counts most.
        self.items = self.items / 2 + items;
        self.bytes = self.bytes / 2 + bytes as u64;
    }

    /// How many chunks may be on their way at the same time.
    pub(super) fn chunks_in_flight(&self) -> usize {
        if self.items == 0 { 1 } else { CHUNKS_IN_FLIGHT }
    }

    /// How many items the next chunk may have, at most this many.
    pub(super) fn chunk_size(&self, most: usize) -> usize {
        let mean = self.bytes.checked_div(self.items).unwrap_or(0).max(1);
        usize::try_from(Self::CHUNK_BYTES / mean).unwrap_or(usize::MAX).clamp(1, most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_of_large_items_are_small() {
        let mut memory = Memory::default();
        assert_eq!((memory.chunks_in_flight(), memory.chunk_size(100)), (1, 100));
        memory.learn(100, 100 * 1024);
        assert_eq!((memory.chunks_in_flight(), memory.chunk_size(100)), (CHUNKS_IN_FLIGHT, 100));
        for _ in 0..4 {
            memory.learn(100, 100 * 1024 * 1024);
        }
        assert_eq!(memory.chunk_size(100), 4);
        memory.learn(1, 1 << 40);
        assert_eq!(memory.chunk_size(100), 1);
    }
}
