//! The bytes that came in and are not dealt with yet.
//!
//! A worker has one buffer for all its connections. A connection whose turn it is puts into it
//! what it had left over, reads, and takes away what it could not use; mostly that is nothing.
//! So a connection that waits owns no buffer at all, and ten thousand of them are cheap.

use std::ops::Range;

/// Room for the longest head, and for a good part of what follows it.
const CAPACITY: usize = 2 * crate::http::request::MAX_HEAD;

/// A buffer: `[dealt with | filled | room]`.
#[derive(Debug)]
pub struct ReadBuffer {
    storage: Box<[u8]>,
    filled: Range<usize>,
}

impl Default for ReadBuffer {
    fn default() -> Self {
        ReadBuffer { storage: vec![0; CAPACITY].into_boxed_slice(), filled: 0..0 }
    }
}

impl ReadBuffer {
    /// Starts a connection's turn with what it had left over.
    pub fn load(&mut self, leftover: &[u8]) {
        self.storage[..leftover.len()].copy_from_slice(leftover);
        self.filled = 0..leftover.len();
    }

    /// Ends a connection's turn: what it could not use yet.
    pub fn take_rest(&mut self) -> Vec<u8> {
        let rest = self.filled().to_vec();
        self.filled = 0..0;
        rest
    }

    /// What has arrived and is not dealt with.
    pub fn filled(&self) -> &[u8] {
        &self.storage[self.filled.clone()]
    }

    /// Where more can be read to. Never empty while less than half of the buffer is filled.
    pub fn room(&mut self) -> &mut [u8] {
        if self.filled.start > 0 {
            self.storage.copy_within(self.filled.clone(), 0);
            self.filled = 0..self.filled.len();
        }
        &mut self.storage[self.filled.end..]
    }

    /// So many bytes were read into the room.
    pub fn grow(&mut self, count: usize) {
        self.filled.end += count;
    }

    /// So many of the first filled bytes are dealt with.
    pub fn consume(&mut self, count: usize) {
        self.filled.start += count;
    }

    /// So many filled bytes behind the first `keep` are dealt with.
    pub fn consume_behind(&mut self, keep: usize, count: usize) {
        let start = self.filled.start;
        self.storage.copy_within(start..start + keep, start + count);
        self.filled.start += count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_consumed_at_the_front_and_behind_a_head() {
        let mut buffer = ReadBuffer::default();
        buffer.load(b"head");
        buffer.room()[..8].copy_from_slice(b"bodynext");
        buffer.grow(8);
        buffer.consume_behind(4, 3);
        assert_eq!(buffer.filled(), b"headynext");
        buffer.consume_behind(4, 1);
        buffer.consume(4);
        assert_eq!(buffer.filled(), b"next");
        assert_eq!(buffer.room().len(), CAPACITY - 4);
        assert_eq!(buffer.take_rest(), b"next");
        assert!(buffer.filled().is_empty());
    }
}
