//! What comes in: bytes that were read and are not consumed yet.
//!
//! ```text
//! [ consumed | filled | room ]
//!                       └─ a read from the socket goes here
//! ```
//!
//! A worker has one buffer for all its connections. At the beginning of its turn, a connection puts into it what it has
//! kept from its last turn. It reads, consumes what it can use, and at the end of the turn takes back the rest; mostly
//! there is none. So a connection that waits owns no buffer at all, and ten thousand of them are cheap.

use std::ops::Range;

/// Room for the longest head, and for a good part of what follows it.
const CAPACITY: usize = 2 * crate::http::request::MAX_HEAD;

/// A buffer.
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
    /// Begins a connection's turn, with what it has kept from its last turn.
    pub fn load(&mut self, leftover: &[u8]) {
        self.storage[..leftover.len()].copy_from_slice(leftover);
        self.filled = 0..leftover.len();
    }

    /// Ends a connection's turn: returns what it could not use yet.
    pub fn take_rest(&mut self) -> Vec<u8> {
        let rest = self.filled().to_vec();
        self.filled = 0..0;
        rest
    }

    /// What was read and is not consumed.
    #[inline]
    pub fn filled(&self) -> &[u8] {
        &self.storage[self.filled.clone()]
    }

    /// Where to read to. It is never empty while less than half of the buffer is filled.
    pub fn room(&mut self) -> &mut [u8] {
        if self.filled.start > 0 {
            self.storage.copy_within(self.filled.clone(), 0);
            self.filled = 0..self.filled.len();
        }
        &mut self.storage[self.filled.end..]
    }

    /// Notes that `count` bytes were read into the room.
    pub fn grow(&mut self, count: usize) {
        self.filled.end += count;
    }

    /// Consumes the first `count` filled bytes.
    pub fn consume(&mut self, count: usize) {
        self.filled.start += count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_consumed_makes_room_and_the_rest_stays() {
        let mut buffer = ReadBuffer::default();
        buffer.load(b"head");
        buffer.room()[..8].copy_from_slice(b"bodynext");
        buffer.grow(8);
        buffer.consume(4);
        assert_eq!(buffer.filled(), b"bodynext");
        buffer.consume(4);
        assert_eq!(buffer.filled(), b"next");
        assert_eq!(buffer.room().len(), CAPACITY - 4);
        assert_eq!(buffer.take_rest(), b"next");
        assert!(buffer.filled().is_empty());
    }
}
