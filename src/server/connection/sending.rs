//! Sending: what is queued goes out, streams are asked for more, and the connection ends in a way that loses nothing.
//!
//! ```text
//! send        Transmission ──▶ socket                                      the plain case
//! stream      Stream::next ──▶ a chunk ──▶ Transmission ──▶ socket
//! send_last   the last response ──▶ socket; then close_notify (TLS), FIN
//! drain       socket ──▶ discarded, until the client closes
//! ```

use super::states::Change;
use super::{AfterTurn, Connection, Step, Turn};
use crate::answer::Next;
use crate::http::chunked;
use crate::server::events::GivenUp;
use crate::server::transmit::Progress;
use crate::server::transport::{TlsSession, Transport};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How many bytes are discarded after the last response, before the connection is closed in any case.
const MAX_LINGER_BYTES: u64 = 16 * 1024 * 1024;

/// How many bytes a connection may have sent, since its beginning, to be closed without lingering. So few have left the
/// machine already. To count those of earlier responses, too, only makes it linger more often than it must.
const SENT_AT_ONCE: u64 = 16 * 1024;

impl<T: Transport> Connection<T> {
    /// Sends what is queued of a stream, and asks the stream for more.
    pub(super) fn stream(&mut self, budget: &mut usize) -> Step {
        if !self.outgoing.is_empty() {
            return self.send(budget);
        }
        let stream = self.stream.as_mut().expect("there is one in this state");
        let next = catch_unwind(AssertUnwindSafe(|| stream.source.next()));
        match next.unwrap_or(Next::Broken) {
            Next::Piece(piece) => {
                if stream.chunked {
                    self.outgoing.push_with(|out| chunked::encode(&piece, out));
                } else {
                    self.outgoing.push_with(|out| out.extend_from_slice(&piece));
                }
                // To make a piece can be work: other connections have their turns before the next one.
                match self.send(budget) {
                    Step::Continue => Step::Stop(AfterTurn::Again),
                    stop @ Step::Stop(_) => stop,
                }
            }
            Next::Busy => Step::Stop(AfterTurn::Again),
            Next::Broken => self.give_up(GivenUp::Unmade),
            // A client that has closed its sending half has mostly gone. A stream of events may have nothing to send
            // for a long time, and would not notice.
            Next::NotYet if self.read_closed && stream.source.is_endless() => Step::Stop(AfterTurn::Close),
            Next::NotYet => Step::Stop(AfterTurn::Wait),
            Next::End => {
                if stream.chunked {
                    self.outgoing.push_with(|out| out.extend_from_slice(chunked::LAST_CHUNK));
                }
                self.stream = None;
                self.reporter.last_ends_at(self.outgoing.queued());
                self.change(Change::StreamEnded);
                Step::Continue
            }
        }
    }

    /// Sends what is queued, and continues when all of it is sent.
    pub(super) fn send(&mut self, budget: &mut usize) -> Step {
        if !self.may_write {
            return Step::Stop(AfterTurn::Wait);
        }
        match self.outgoing.send(&mut self.transport, budget) {
            Ok(Progress::Everything) if self.outgoing.is_broken() => self.give_up(GivenUp::Broken),
            Ok(Progress::Everything) => Step::Continue,
            Ok(Progress::Blocked) => {
                self.may_write = false;
                Step::Stop(AfterTurn::Wait)
            }
            Ok(Progress::BudgetSpent) => Step::Stop(AfterTurn::Again),
            // The kernel says this of no write; see `fault.rs`.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => self.give_up(GivenUp::Fault),
            Err(_) => Step::Stop(AfterTurn::Close),
        }
    }

    /// Closes the connection, though the client would take more.
    fn give_up(&mut self, why: GivenUp) -> Step {
        self.reporter.given_up = Some(why);
        Step::Stop(AfterTurn::Close)
    }

    /// Sends the rest of the last response, and then closes the connection, or at least its sending half.
    pub(super) fn send_last(&mut self, budget: &mut usize) -> Step {
        if !self.outgoing.is_empty() {
            return self.send(budget);
        }
        // A small response is safe if the client has nothing more to send: it has left already. Of a large one, much is
        // still in the send buffer, and a reset would destroy it.
        let may_be_lost = self.linger || self.may_read || self.outgoing.sent() > SENT_AT_ONCE;
        match self.transport.tls().map_or(Ok(()), TlsSession::close_notify) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Step::Stop(AfterTurn::Wait),
            Err(_) => return Step::Stop(AfterTurn::Close),
            Ok(()) if !may_be_lost => return Step::Stop(AfterTurn::Close),
            Ok(()) => {}
        }
        if self.transport.finish_writing().is_err() {
            return Step::Stop(AfterTurn::Close);
        }
        self.change(Change::LastSent);
        Step::Continue
    }

    /// After the last response: reads what still comes, and discards it.
    pub(super) fn drain(&mut self, turn: &mut Turn<'_>) -> Step {
        let step = self.read(turn.input);
        let count = turn.input.filled().len();
        turn.input.consume(count);
        self.drained += count as u64;
        if self.drained > MAX_LINGER_BYTES { Step::Stop(AfterTurn::Close) } else { step }
    }
}
