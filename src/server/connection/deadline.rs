//! Timeouts: how long a connection may wait, and for what.
//!
//! ```text
//! Handshake, Head     head_timeout       from its beginning: bytes that drip in do not extend it
//! Request             idle_timeout
//! Body, Room          send_timeout       from the last progress: an upload or a response may take long, but not stall
//! DiscardedBody       a short pause, and head_timeout in all
//! Wakeup              when the stream says; send_timeout
//! End                 a few seconds
//! ```
//!
//! At the end of a turn, [`Connection::set_deadline`] looks at the state and decides. The event loop calls
//! [`Connection::handle_timeout`] when the deadline has passed.

use super::states::{Reading, Writing};
use super::{Connection, Turn};
use crate::server::transport::Transport;
use std::time::{Duration, Instant};

/// How long a connection lingers after the last response.
pub(super) const LINGER_TIME: Duration = Duration::from_secs(5);

/// How long it lingers while the server stops: a client that never closes must not delay that.
pub(super) const LINGER_TIME_AT_STOP: Duration = Duration::from_secs(1);

/// How long a client may pause within a body that is discarded. Most clients send the body right behind the head: then
/// it is read to its end, and the connection stays open for the next request.
pub(super) const MAX_PAUSE_IN_DISCARDED: Duration = Duration::from_millis(300);

/// What a connection waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WaitingFor {
    /// The end of the TLS handshake.
    Handshake,
    /// The first byte of a request.
    Request,
    /// The rest of a head.
    Head,
    /// More of a body that a receiver takes.
    Body,
    /// More of a body that is discarded.
    DiscardedBody,
    /// Room in the socket's send buffer: the client has to read more of a response.
    Room,
    /// Something within this server: the next piece of a stream, the decision of the application, or the time at which
    /// the fault lab lets the next bytes go. Mostly a waker is called before the deadline.
    Wakeup,
    /// The client to close the connection.
    End,
}

/// What a connection waits for, and until when.
#[derive(Debug)]
pub(super) struct Deadline {
    pub(super) waiting_for: WaitingFor,
    pub(super) at: Instant,
    /// When a body that is discarded must be complete, whatever pauses it makes.
    pub(super) body_until: Instant,
}

impl<T: Transport> Connection<T> {
    /// When [`Connection::handle_timeout`] is to be called, unless another turn changes that.
    pub fn deadline(&self) -> Instant {
        self.deadline.at
    }

    /// What it waits for in its present state.
    fn waiting_for(&mut self) -> WaitingFor {
        if !self.outgoing.is_empty() {
            let is_throttled = self.transport.pacing().is_some_and(|pacing| pacing.resume_at().is_some());
            return if is_throttled { WaitingFor::Wakeup } else { WaitingFor::Room };
        }
        match (self.state.reading, self.state.writing) {
            (_, Writing::Stream) | (Reading::Undecided, _) => WaitingFor::Wakeup,
            (Reading::Head, _) if !self.leftover.is_empty() => WaitingFor::Head,
            (Reading::Head, _) if self.is_handshaking() => WaitingFor::Handshake,
            (Reading::Head, _) => WaitingFor::Request,
            (Reading::Body, _) => WaitingFor::Body,
            (Reading::DiscardedBody, _) => WaitingFor::DiscardedBody,
            (Reading::Nothing, Writing::Lingering) => WaitingFor::End,
            (Reading::Nothing, _) => WaitingFor::Room,
        }
    }

    /// Sets the deadline at the end of a turn. `has_progressed` says whether bytes were sent, or bytes of a body
    /// received.
    pub(super) fn set_deadline(&mut self, turn: &Turn<'_>, has_progressed: bool) {
        let (now, options) = (turn.now, turn.options);
        let (before, waiting_for) = (self.deadline.waiting_for, self.waiting_for());
        let is_another = waiting_for != before;
        self.deadline.waiting_for = waiting_for;
        if is_another {
            self.deadline.body_until = now + options.head_timeout;
        }
        self.deadline.at = match waiting_for {
            WaitingFor::End if self.is_finishing => {
                let soon = now + LINGER_TIME_AT_STOP;
                if is_another { soon } else { soon.min(self.deadline.at) }
            }
            // This time can change with every turn.
            WaitingFor::Wakeup => self.wake_at().unwrap_or(now + options.send_timeout),
            _ if !is_another && !has_progressed => return,
            WaitingFor::Request => now + options.idle_timeout,
            WaitingFor::Handshake | WaitingFor::Head => now + options.head_timeout,
            WaitingFor::DiscardedBody => self.deadline.body_until.min(now + MAX_PAUSE_IN_DISCARDED),
            WaitingFor::Room | WaitingFor::Body => now + options.send_timeout,
            WaitingFor::End => now + LINGER_TIME,
        };
    }

    /// When to go on without an event and without a call of the waker.
    fn wake_at(&mut self) -> Option<Instant> {
        if !self.outgoing.is_empty() {
            return self.transport.pacing()?.resume_at();
        }
        self.stream.as_ref()?.source.wake_at()
    }

    fn is_handshaking(&mut self) -> bool {
        self.transport.tls().is_some_and(|tls| tls.is_handshaking())
    }
}
