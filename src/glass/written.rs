//! A body that other threads write while it is sent.
//!
//! ```text
//! thread ──write──▶ what waits ──▶ Written, a Stream ──▶ the connection
//!        ◀─ Unread, if the client is gone or takes nothing
//! ```
//!
//! It ends when the writer says so. If the [`Writer`] is dropped before, or too much waits to be read, what is sent is
//! not whole, and the client is to see that: the connection breaks off.

use crate::answer::{Next, Stream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Instant;

/// How many bytes may wait for a client that takes nothing.
const MOST: usize = 8 * 1024 * 1024;

/// Nobody reads what is written: the client is gone, or too much waits for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unread;

/// The end into which bytes are written.
#[derive(Debug)]
pub(super) struct Writer(Arc<Shared>);

/// The end from which they are sent.
#[derive(Debug)]
pub(super) struct Written {
    shared: Arc<Shared>,
    is_endless: bool,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// Nobody reads any more.
    dropped: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<u8>,
    /// Nothing more will be written.
    is_over: bool,
    /// And nothing of it is missing.
    is_whole: bool,
    /// Nobody reads.
    is_unread: bool,
    waker: Option<Waker>,
}

/// Both ends of a new body. An endless one is given up as soon as its client has closed, though there is nothing to
/// send, and when the server stops: see [`Stream::is_endless`].
pub(super) fn pair(is_endless: bool) -> (Writer, Written) {
    let shared = Arc::<Shared>::default();
    (Writer(Arc::clone(&shared)), Written { shared, is_endless })
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nobody reads any more.
    fn give_up(&self) {
        self.state().is_unread = true;
        self.dropped.notify_all();
    }
}

impl Writer {
    /// Appends these bytes, of which there is at least one.
    ///
    /// # Errors
    /// When nobody reads them.
    pub(super) fn write(&self, bytes: &[u8]) -> Result<(), Unread> {
        let mut state = self.0.state();
        state.is_unread |= state.waiting.len() + bytes.len() > MOST;
        if state.is_unread {
            return Err(Unread);
        }
        state.waiting.extend_from_slice(bytes);
        wake(state);
        Ok(())
    }

    /// That was all of it.
    pub(super) fn end(&self) {
        let mut state = self.0.state();
        (state.is_over, state.is_whole) = (true, !state.is_unread);
        wake(state);
    }

    /// Waits for this time.
    ///
    /// # Errors
    /// As soon as nobody reads any more.
    pub(super) fn wait_until(&self, time: Instant) -> Result<(), Unread> {
        let mut state = self.0.state();
        while !state.is_unread {
            let left = time.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            state = self.0.dropped.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        Err(Unread)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.is_over = true;
        wake(state);
    }
}

/// Wakes the connection. Its waker may take a lock, so ours is given back first.
fn wake(state: MutexGuard<'_, State>) {
    let waker = state.waker.clone();
    drop(state);
    waker.into_iter().for_each(Waker::wake);
}

impl Stream for Written {
    fn next(&mut self) -> Next {
        let mut state = self.shared.state();
        match std::mem::take(&mut state.waiting) {
            waiting if !waiting.is_empty() => Next::Piece(waiting),
            _ if state.is_over && state.is_whole => Next::End,
            _ if state.is_over || state.is_unread => Next::Broken,
            _ => Next::NotYet,
        }
    }

    fn wake_with(&mut self, waker: Waker) {
        self.shared.state().waker = Some(waker);
    }

    fn is_endless(&self) -> bool {
        self.is_endless
    }

    fn stop(&mut self) {
        if self.is_endless {
            self.shared.give_up();
        }
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        self.shared.give_up();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn what_is_written_comes_out_in_order_and_ends_when_the_writer_says_so() {
        let (writer, mut written) = pair(false);
        assert_eq!(written.next(), Next::NotYet);
        writer.write(b"one\n").and_then(|()| writer.write(b"two\n")).expect("it is read");
        assert_eq!(written.next(), Next::Piece(b"one\ntwo\n".to_vec()));
        assert_eq!(written.next(), Next::NotYet);
        writer.write(b"three\n").expect("it is read");
        writer.end();
        drop(writer);
        assert_eq!((written.next(), written.next()), (Next::Piece(b"three\n".to_vec()), Next::End));
    }

    #[test]
    fn what_is_not_whole_breaks_off() {
        let (writer, mut written) = pair(false);
        writer.write(b"one\n").expect("it is read");
        drop(writer);
        assert_eq!((written.next(), written.next()), (Next::Piece(b"one\n".to_vec()), Next::Broken));
    }

    #[test]
    fn one_without_an_end_is_given_up_when_the_server_stops() {
        for is_endless in [true, false] {
            let (writer, mut written) = pair(is_endless);
            written.stop();
            assert_eq!((written.is_endless(), writer.write(b"x").is_err()), (is_endless, is_endless));
        }
    }

    #[test]
    fn a_writer_learns_that_nobody_reads() {
        let (writer, written) = pair(true);
        let waits = std::thread::spawn(move || {
            let end = writer.wait_until(Instant::now() + Duration::from_secs(60));
            (end, writer.write(b"x"))
        });
        drop(written);
        assert_eq!(waits.join().expect("no panic"), (Err(Unread), Err(Unread)));
    }

    #[test]
    fn no_more_than_a_bound_waits_for_who_takes_nothing() {
        let (writer, mut written) = pair(true);
        let piece = vec![b'x'; 1024 * 1024];
        let taken = (0..100).take_while(|_| writer.write(&piece).is_ok()).count();
        assert_eq!(taken, MOST / piece.len());
        assert!(matches!(written.next(), Next::Piece(piece) if piece.len() == MOST));
        assert_eq!(writer.write(b"x"), Err(Unread), "some of it is lost, so it must not go on");
        writer.end();
        assert_eq!(written.next(), Next::Broken);
    }
}
