//! How long a connection may wait, and for what.
//!
//! Each kind of waiting has a limit of its own. A head has to arrive within its time, however steadily its bytes drip
//! in; a response, or an upload, may take as long as it likes, as long as it moves.

use super::states::{Reading, Writing};
use super::{Connection, Turn};
use crate::server::transport::Transport;
use std::time::{Duration, Instant};

/// How long to read on after the last response.
pub(super) const LINGER_TIME: Duration = Duration::from_secs(5);

/// How long when the server stops: a client that never closes must not keep it from that.
pub(super) const LINGER_TIME_AT_STOP: Duration = Duration::from_secs(1);

/// How long a client may pause within a body that nobody takes. Most send it right behind the head; then
/// it is read past, and the connection stays good for the next request.
pub(super) const PAUSE_IN_UNWANTED: Duration = Duration::from_millis(300);

/// What a connection waits for; each has its own time limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WaitingFor {
    /// Client and server to agree on keys (TLS).
    Handshake,
    /// The first byte of a request.
    Request,
    /// The rest of a head.
    Head,
    /// More of a body that somebody takes.
    Body,
    /// More of a body that nobody takes.
    UnwantedBody,
    /// The client to take more of a response.
    Room,
    /// Something within this server: a stream's next piece, what the application does not know yet, or the next bytes
    /// that the fault lab lets go. Mostly it wakes us before this time.
    Wakeup,
    /// The client to close.
    End,
}

/// Until when it waits.
#[derive(Debug)]
pub(super) struct Deadline {
    pub(super) waiting_for: WaitingFor,
    pub(super) at: Instant,
    /// Until when a body must be complete that nobody takes.
    pub(super) body_until: Instant,
}

impl<T: Transport> Connection<T> {
    /// When [`Connection::time_is_up`] is to be called, unless something happens before.
    pub fn deadline(&self) -> Instant {
        self.deadline.at
    }

    /// What it waits for.
    fn waiting_for(&mut self) -> WaitingFor {
        if !self.outgoing.is_empty() {
            let is_held_back = self.transport.pacing().is_some_and(|pacing| pacing.resume_at().is_some());
            return if is_held_back { WaitingFor::Wakeup } else { WaitingFor::Room };
        }
        match (self.state.reading, self.state.writing) {
            (_, Writing::Stream) | (Reading::Undecided, _) => WaitingFor::Wakeup,
            (Reading::Head, _) if !self.leftover.is_empty() => WaitingFor::Head,
            (Reading::Head, _) if self.is_handshaking() => WaitingFor::Handshake,
            (Reading::Head, _) => WaitingFor::Request,
            (Reading::Body, _) => WaitingFor::Body,
            (Reading::UnwantedBody, _) => WaitingFor::UnwantedBody,
            (Reading::Nothing, Writing::Lingering) => WaitingFor::End,
            (Reading::Nothing, _) => WaitingFor::Room,
        }
    }

    /// Decides at the end of a turn how long to wait. `has_moved` says whether something was sent, or received of what
    /// may take its time.
    pub(super) fn set_deadline(&mut self, turn: &Turn<'_>, has_moved: bool) {
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
            // There it is looked at anew who will wake us, and when.
            WaitingFor::Wakeup => self.wake_at().unwrap_or(now + options.send_timeout),
            _ if !is_another && !has_moved => return,
            WaitingFor::Request => now + options.idle_timeout,
            WaitingFor::Handshake | WaitingFor::Head => now + options.head_timeout,
            WaitingFor::UnwantedBody => self.deadline.body_until.min(now + PAUSE_IN_UNWANTED),
            WaitingFor::Room | WaitingFor::Body => now + options.send_timeout,
            WaitingFor::End => now + LINGER_TIME,
        };
    }

    /// When to go on without an event and without being woken.
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
