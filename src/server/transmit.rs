//! What goes out: responses are written to a [`Transport`], in order, with as few system calls as possible.
//!
//! ```text
//! front: bytes          head and small body of one response, or of several to a client that does not wait between
//!                       its requests (pipelining)
//! rest:  [file | bytes] what is too large to copy: files (from a disk by sendfile, from memory by plain writes), bytes
//! ```
//!
//! The plain case: a head and a small body are appended to `front`, and leave in one write. A file is sent in bounded
//! pieces, so that a fast client with a large download does not keep a worker from its other connections. Many small
//! parts of a file are gathered, with what stands between them, into few writes; but only as they are sent, so that a
//! client that asks for thousands of parts does not make the server hold them all.

use super::transport::Transport;
use crate::answer::{Body, FilePart, Piece, Source};
use crate::base::budget::Share;
use crate::base::platform::open;
use std::collections::VecDeque;
use std::io;
use std::ops::Range;

/// A file of at most so many bytes is copied behind its head, and both leave in one write.
pub const SMALL_FILE: u64 = 32 * 1024;

/// When so many bytes are queued, they are sent before another response is added.
pub const FLUSH_SIZE: usize = 64 * 1024;

/// What it costs of a turn's budget to read a small part of a file, in bytes that could be sent instead.
const COST_OF_READING: usize = 4 * 1024;

/// The bytes that a connection still has to send.
#[derive(Debug, Default)]
pub struct Transmission {
    /// What is queued. A connection that waits for a request has none.
    queue: Option<Box<Queue>>,
    /// The length that a head has promised cannot be kept: when all is sent, the connection must close.
    broken: bool,
    /// How many bytes were queued since the connection began.
    queued: u64,
    /// How many of these were sent.
    sent: u64,
}

/// What is queued. A worker lends it to a connection for its turn: see [`Transmission::borrow_queue`].
#[derive(Debug, Default)]
pub struct Queue {
    front: Vec<u8>,
    /// How much of `front` is sent.
    front_sent: usize,
    rest: VecDeque<Piece>,
    /// The memory that large bodies take, each with the count of `sent` at which it is free again.
    shares: Vec<(u64, Share)>,
}

/// How far [`Transmission::send`] came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Nothing is left to send.
    Everything,
    /// The socket takes no more for now: its send buffer is full.
    Blocked,
    /// There is more, and the budget for one turn is spent.
    BudgetSpent,
}

impl Transmission {
    /// Whether nothing is left to send.
    pub fn is_empty(&self) -> bool {
        self.queue.as_ref().is_none_or(|queue| queue.is_empty())
    }

    /// Whether to send before another response is added.
    pub fn should_flush(&self) -> bool {
        let is_long =
            |queue: &Queue| queue.front.len() - queue.front_sent >= FLUSH_SIZE || !queue.rest.is_empty();
        self.queue.as_deref().is_some_and(is_long)
    }

    /// Whether the connection must close once all is sent.
    pub fn is_broken(&self) -> bool {
        self.broken
    }

    /// How many bytes were queued since the connection began.
    pub fn queued(&self) -> u64 {
        self.queued
    }

    /// How many bytes were sent since the connection began.
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// Queues the bytes that `write` appends.
    pub fn push_with(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let last = self.queue.get_or_insert_default().last();
        let before = last.len();
        write(last);
        self.queued += (last.len() - before) as u64;
    }

    /// Holds the memory that the last queued body takes, until the body is sent.
    pub fn hold(&mut self, share: Share) {
        let until = self.queued;
        self.queue().shares.push((until, share));
    }

    /// Queues a response's body.
    pub fn push_body(&mut self, body: Body) {
        match body {
            Body::Empty => {}
            Body::Stream(_) => unreachable!("the connection asks a stream for its pieces, and queues those"),
            Body::Bytes(bytes) => self.push_bytes(bytes),
            Body::File(part) => self.push_file(part),
            Body::Pieces(pieces) => {
                for piece in pieces {
                    match piece {
                        // What follows a piece that cannot be read must not be sent in its place.
                        _ if self.broken => return,
                        Piece::Bytes(bytes) => self.push_bytes(bytes),
                        Piece::File(part) => self.push_file(part),
                    }
                }
            }
        }
    }

    fn push_bytes(&mut self, bytes: Vec<u8>) {
        if self.queue().rest.is_empty() && bytes.len() < FLUSH_SIZE {
            self.push_with(|last| last.extend_from_slice(&bytes));
        } else {
            self.queued += bytes.len() as u64;
            self.queue().rest.push_back(Piece::Bytes(bytes));
        }
    }

    fn push_file(&mut self, part: FilePart) {
        let length = part.length();
        if length > SMALL_FILE || self.should_flush() {
            self.queued += length;
            self.queue().rest.push_back(Piece::File(part));
            return;
        }
        let mut read = Ok(());
        self.push_with(|front| read = append(&part, front));
        self.broken |= read.is_err();
    }

    fn queue(&mut self) -> &mut Queue {
        self.queue.get_or_insert_default()
    }

    /// Sends until nothing is left, the socket takes no more, or `budget` bytes are sent. Reduces the budget by what
    /// was sent.
    ///
    /// # Errors
    /// When the connection is gone, or a file ends before the length that was promised.
    pub fn send(&mut self, to: &mut impl Transport, budget: &mut usize) -> io::Result<Progress> {
        let Some(queue) = &mut self.queue else { return Ok(Progress::Everything) };
        loop {
            let result = if queue.front_sent < queue.front.len() {
                queue.send_front(to, *budget)
            } else {
                match queue.rest.front_mut() {
                    None => {
                        queue.reset();
                        return Ok(Progress::Everything);
                    }
                    Some(Piece::File(part)) if part.range.is_empty() => {
                        queue.rest.pop_front();
                        continue;
                    }
                    Some(_) if *budget == 0 => return Ok(Progress::BudgetSpent),
                    Some(Piece::Bytes(_)) => {
                        self.broken |= queue.gather(budget).is_err();
                        continue;
                    }
                    Some(Piece::File(part)) => send_part(part, to, *budget),
                }
            };
            match result {
                Ok(written) => {
                    self.sent += written as u64;
                    let sent = self.sent;
                    queue.shares.retain(|(end, _)| *end > sent);
                    *budget = budget.saturating_sub(written);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(Progress::Blocked),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// How much memory it holds, in bytes and pieces.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.queue.as_deref().map_or(0, |queue| {
            size_of::<Queue>() + queue.front.capacity() + queue.rest.capacity() + queue.shares.capacity()
        })
    }

    /// Begins a turn: borrows the worker's queue, unless it has something to send in one of its own.
    pub fn borrow_queue(&mut self, lent: &mut Option<Box<Queue>>) {
        if self.queue.is_none() {
            self.queue = lent.take();
        }
    }

    /// Ends a turn. If nothing is left to send, it keeps no memory: the worker gets the larger of the two queues that
    /// there may be, and a connection that waits owns none.
    pub fn give_queue_back(&mut self, lent: &mut Option<Box<Queue>>) {
        let Some(mut queue) = self.queue.take_if(|queue| queue.is_empty()) else { return };
        queue.reset();
        if lent.as_ref().is_none_or(|lent| lent.capacity() < queue.capacity()) {
            *lent = Some(queue);
        }
    }
}

impl Queue {
    fn is_empty(&self) -> bool {
        self.front_sent == self.front.len() && self.rest.is_empty()
    }

    /// How many bytes fit into it without another allocation.
    pub(super) fn capacity(&self) -> usize {
        self.front.capacity()
    }

    #[cfg(test)]
    pub(super) fn with_capacity(capacity: usize) -> Queue {
        Queue { front: Vec::with_capacity(capacity), ..Queue::default() }
    }

    /// Where bytes are appended.
    fn last(&mut self) -> &mut Vec<u8> {
        if let Some(Piece::File(_)) = self.rest.back() {
            self.rest.push_back(Piece::Bytes(Vec::new()));
        }
        match self.rest.back_mut() {
            Some(Piece::Bytes(bytes)) => bytes,
            _ => &mut self.front,
        }
    }

    /// Copies the next small pieces into `front`, as many as fit into one write. `rest` begins with bytes.
    ///
    /// # Errors
    /// When a part cannot be read. What follows it is not sent.
    fn gather(&mut self, budget: &mut usize) -> io::Result<()> {
        self.front.clear();
        self.front_sent = 0;
        while self.front.len() < FLUSH_SIZE && *budget > 0 {
            match self.rest.front_mut() {
                Some(Piece::Bytes(bytes)) if bytes.len() < FLUSH_SIZE => self.front.extend_from_slice(bytes),
                Some(Piece::Bytes(bytes)) if self.front.is_empty() => self.front = std::mem::take(bytes),
                // If `front` is empty, this is the rest of a large part, which the kernel sends.
                Some(Piece::File(part)) if part.length() <= SMALL_FILE && !self.front.is_empty() => {
                    *budget = budget.saturating_sub(COST_OF_READING);
                    if let Err(error) = append(part, &mut self.front) {
                        self.rest.clear();
                        return Err(error);
                    }
                }
                _ => return Ok(()),
            }
            self.rest.pop_front();
        }
        Ok(())
    }

    /// One write of what is not sent of `front`; and of what follows, if that is the last and in memory.
    fn send_front(&mut self, to: &mut impl Transport, budget: usize) -> io::Result<usize> {
        let front = &self.front[self.front_sent..];
        let is_last = self.rest.len() == 1;
        let written = match self.rest.front_mut() {
            Some(Piece::File(FilePart { source: Source::Memory(bytes), range })) if is_last => {
                let behind = &bytes[in_memory(range)];
                let written = to.write_both(front, &behind[..behind.len().min(budget)])?;
                range.start += written.saturating_sub(front.len()) as u64;
                written
            }
            rest => to.write(front, rest.is_some())?,
        };
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        self.front_sent += written.min(front.len());
        Ok(written)
    }

    /// All is sent: keeps a buffer of the usual size for the next response, and frees a large one.
    fn reset(&mut self) {
        self.front_sent = 0;
        if self.shares.capacity() > 0 {
            self.shares = Vec::new();
        }
        if self.rest.capacity() > 0 {
            self.rest = VecDeque::new();
        }
        if self.front.capacity() > 4 * FLUSH_SIZE {
            self.front = Vec::new();
        } else {
            self.front.clear();
        }
    }
}

/// Appends a small part of a file.
///
/// # Errors
/// When the file has become shorter since its length was promised, or the disk fails. Nothing else may be sent in its
/// place: the client sees that the connection ends too early.
fn append(part: &FilePart, onto: &mut Vec<u8>) -> io::Result<()> {
    let file = match &part.source {
        Source::Disk(file) => file,
        Source::Memory(bytes) => {
            onto.extend_from_slice(&bytes[in_memory(&part.range)]);
            return Ok(());
        }
    };
    let start = onto.len();
    onto.resize(start + usize::try_from(part.length()).expect("it is small"), 0);
    let read = open::read_exact_at(file, &mut onto[start..], part.range.start);
    if read.is_err() {
        onto.truncate(start);
    }
    read
}

/// A range of a file that is in memory.
fn in_memory(range: &Range<u64>) -> Range<usize> {
    let position = |position| usize::try_from(position).expect("what is in memory has such positions");
    position(range.start)..position(range.end)
}

/// One write of what is not sent of a part of a file.
fn send_part(part: &mut FilePart, to: &mut impl Transport, budget: usize) -> io::Result<usize> {
    let count = usize::try_from(part.length()).unwrap_or(usize::MAX).min(budget);
    let written = match &part.source {
        Source::Disk(file) => to.write_file(file, part.range.start, count),
        Source::Memory(bytes) => to.write(&bytes[in_memory(&part.range)][..count], false),
    };
    match written? {
        // The file has become shorter than the length that was promised.
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        written => {
            part.range.start += written as u64;
            Ok(written)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    /// A socket that takes a number of bytes at a time, and notes how many there were in each write.
    #[derive(Debug)]
    struct Writes {
        most: usize,
        bytes: Vec<u8>,
        sizes: Vec<usize>,
    }

    impl Transport for Writes {
        fn read(&mut self, _into: &mut [u8]) -> io::Result<usize> {
            unreachable!("it is written to")
        }

        fn write(&mut self, bytes: &[u8], _more: bool) -> io::Result<usize> {
            let count = bytes.len().min(self.most);
            self.bytes.extend_from_slice(&bytes[..count]);
            self.sizes.push(count);
            Ok(count)
        }

        fn write_both(&mut self, first: &[u8], second: &[u8]) -> io::Result<usize> {
            self.write(&[first, second].concat(), false)
        }

        fn write_file(&mut self, _: &File, _: u64, _: usize) -> io::Result<usize> {
            unreachable!("it is in memory")
        }

        fn finish_writing(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_head_and_a_file_in_memory_leave_in_one_write_and_whole_however_little_is_taken() {
        let file: Vec<u8> = (0..=250).cycle().take(100_000).collect();
        for most in [1_000_000, 60_000, 700, 3] {
            let mut to = Writes { most, bytes: Vec::new(), sizes: Vec::new() };
            let mut transmission = Transmission::default();
            transmission.push_with(|out| out.extend_from_slice(b"head"));
            let (source, range) = (Source::Memory(file.clone().into()), 1..file.len() as u64);
            transmission.push_body(Body::File(FilePart { source, range }));
            while transmission.send(&mut to, &mut 50_000).expect("taken") != Progress::Everything {}
            assert!(to.bytes == [b"head", &file[1..]].concat(), "{most}");
            assert_eq!(transmission.sent(), 4 + 99_999);
            assert_eq!(to.sizes[0], most.min(50_004), "of the file, what the turn allows");
        }
    }
}
