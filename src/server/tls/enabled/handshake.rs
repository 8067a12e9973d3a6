//! Handshakes that take long: a helper makes the signature.
//!
//! ```text
//! worker: ClientHello ──▶ helper: keys, signature ──▶ worker: ServerHello, Certificate, CertificateVerify ...
//! ```
//!
//! Of what a server computes for a handshake, its signature can take longest. With ring: P-256 23 us, P-384 420 us, RSA
//! with 2048 bits 670 us, with 4096 bits 4.8 ms (and 70 us for the key exchange). So with a slow key all messages of the
//! handshake are processed by a helper: the session goes there and comes back.

use super::session::{Buffers, Session, Then};
use super::{State, Tls};
use crate::base::helpers::{Helpers, Kind, Outcome, Owner};
use crate::server::transport::Transport;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::task::{Poll, Waker};

/// Who makes signatures with slow keys, and whether the key is slow now: certificates can be read again.
#[derive(Clone)]
pub struct SlowKeys {
    /// Who makes them.
    pub helpers: Arc<Helpers>,
    /// Whether a signature takes longer than a worker may.
    pub is_slow: Arc<dyn Fn() -> bool + Send + Sync>,
}

impl fmt::Debug for SlowKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SlowKeys")
    }
}

/// A session that has come back, with its buffers, and what came of them.
pub(super) type Processed = (Box<Session>, Buffers, Result<bool, rustls::Error>);

impl<T: Transport> Tls<T> {
    /// Whether what was received is for a helper.
    pub(super) fn is_for_helper(&self) -> bool {
        let State::Session(session) = &self.state else { return false };
        self.helpers.is_some() && session.rustls.is_handshaking() && self.is_unprocessed
    }

    /// Gives the session to a helper, with what was received.
    fn give_to_helper(&mut self, owner: Owner, waker: Waker) -> Option<Outcome<Processed>> {
        let helpers = self.helpers.as_ref()?;
        let State::Session(mut session) = std::mem::replace(&mut self.state, State::Closed) else {
            unreachable!("there is one")
        };
        // What is to be sent stays here.
        let incoming = std::mem::take(&mut self.buffers.incoming);
        let mut buffers = Buffers { incoming, ..Buffers::default() };
        let process = move || {
            let result = session.process(&mut buffers, &Then::Nothing);
            (session, buffers, result)
        };
        let outcome = helpers.ask(owner, Kind::Short, waker, process).ok();
        if outcome.is_none() {
            // So many clients of this address wait that this one would have given up before its turn.
            self.failed = Some(io::Error::other("too many handshakes wait"));
        }
        outcome
    }

    /// Whether a helper has the session.
    pub(super) fn is_elsewhere(&self) -> bool {
        matches!(self.state, State::Elsewhere(_))
    }

    /// The session has come back.
    fn come_back(&mut self, (session, buffers, result): Processed) {
        self.state = State::Session(session);
        self.buffers.incoming = buffers.incoming;
        self.buffers.outgoing.extend_from_slice(&buffers.outgoing);
        self.buffers.plaintext.extend_from_slice(&buffers.plaintext);
        self.buffers.read_closed |= buffers.read_closed;
        // The next read tells of a failure.
        self.failed = self.note_records(true, result).err();
    }

    /// Goes on with what a helper has done or is to do. Returns whether a read may find something.
    pub(super) fn go_on_elsewhere(&mut self, owner: Owner, wakers: &dyn Fn() -> Waker) -> bool {
        if self.is_for_helper() {
            if let Some(outcome) = self.give_to_helper(owner, wakers()) {
                self.state = State::Elsewhere(outcome);
                return false;
            }
            return true;
        }
        let State::Elsewhere(outcome) = &self.state else { return false };
        let Poll::Ready(processed) = outcome.poll() else { return false };
        self.come_back(processed);
        true
    }

    /// What failed while the session was elsewhere.
    pub(super) fn failure(&mut self) -> io::Result<()> {
        self.failed.take().map_or(Ok(()), Err)
    }
}
