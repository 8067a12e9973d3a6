//! A body that other threads write while it is sent.
//!
//! ```text
//! thread ──write──▶ what waits ──▶ Written, a Stream ──▶ the connection
//!        ◀─ Unread, if the client is gone or takes nothing
//! ```
//!
//! It ends when its [`Writer`] is dropped, however the thread that had it ended.

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
pub(super) struct Written(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// The body was dropped.
    dropped: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<u8>,
    /// Nothing more will be written.
    is_over: bool,
    /// Nobody reads.
    is_unread: bool,
    waker: Option<Waker>,
}

/// Both ends of a new body.
pub(super) fn pair() -> (Writer, Written) {
    let shared = Arc::<Shared>::default();
    (Writer(Arc::clone(&shared)), Written(shared))
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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
        wake(state, false);
        Ok(())
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
        wake(self.0.state(), true);
    }
}

/// Wakes the connection. Its waker may take a lock, so ours is given back first.
fn wake(mut state: MutexGuard<'_, State>, is_over: bool) {
    state.is_over |= is_over;
    let waker = state.waker.clone();
    drop(state);
    waker.into_iter().for_each(Waker::wake);
}

impl Stream for Written {
    fn next(&mut self) -> Next {
        let mut state = self.0.state();
        match std::mem::take(&mut state.waiting) {
            waiting if !waiting.is_empty() => Next::Piece(waiting),
            _ if state.is_over => Next::End,
            _ => Next::NotYet,
        }
    }

    fn wake_with(&mut self, waker: Waker) {
        self.0.state().waker = Some(waker);
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        self.0.state().is_unread = true;
        self.0.dropped.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn what_is_written_comes_out_in_order_and_ends_with_its_writer() {
        let (writer, mut written) = pair();
        assert_eq!(written.next(), Next::NotYet);
        writer.write(b"one\n").and_then(|()| writer.write(b"two\n")).expect("it is read");
        assert_eq!(written.next(), Next::Piece(b"one\ntwo\n".to_vec()));
        assert_eq!(written.next(), Next::NotYet);
        writer.write(b"three\n").expect("it is read");
        drop(writer);
        assert_eq!((written.next(), written.next()), (Next::Piece(b"three\n".to_vec()), Next::End));
    }

    #[test]
    fn a_writer_learns_that_nobody_reads() {
        let (writer, written) = pair();
        let waits = std::thread::spawn(move || {
            let end = writer.wait_until(Instant::now() + Duration::from_secs(60));
            (end, writer.write(b"x"))
        });
        drop(written);
        assert_eq!(waits.join().expect("no panic"), (Err(Unread), Err(Unread)));
    }

    #[test]
    fn no_more_than_a_bound_waits_for_who_takes_nothing() {
        let (writer, mut written) = pair();
        let piece = vec![b'x'; 1024 * 1024];
        let taken = (0..100).take_while(|_| writer.write(&piece).is_ok()).count();
        assert_eq!(taken, MOST / piece.len());
        assert!(matches!(written.next(), Next::Piece(piece) if piece.len() == MOST));
        assert_eq!(writer.write(b"x"), Err(Unread), "some of it is lost, so it must not go on");
    }
}
