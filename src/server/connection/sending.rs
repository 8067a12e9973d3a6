//! Sending: what is queued goes out, bodies are made while that happens, and the connection ends so that nothing is lost.

use super::states::Change;
use super::{Connection, Next, Step, Turn};
use crate::answer;
use crate::http::chunked;
use crate::server::transmit::Progress;
use crate::server::transport::{TlsSession, Transport};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How far to read on after the last response.
const MAX_LINGER_BYTES: u64 = 16 * 1024 * 1024;

/// What a connection may have sent in all to be closed without lingering. It counts from the
/// connection's beginning, which errs on the side of lingering.
const ON_ITS_WAY_AT_ONCE: u64 = 16 * 1024;

impl<T: Transport> Connection<T> {
    /// Sends what is there of a body that is made while it is sent, and asks for more.
    pub(super) fn stream(&mut self, budget: &mut usize) -> Step {
        if !self.outgoing.is_empty() {
            return self.send(budget);
        }
        let stream = self.stream.as_mut().expect("there is one in this state");
        let next = catch_unwind(AssertUnwindSafe(|| stream.source.next()));
        match next.unwrap_or(answer::Next::Broken) {
            answer::Next::Piece(piece) => {
                if stream.chunked {
                    self.outgoing.push_with(|out| chunked::encode(&piece, out));
                } else {
                    self.outgoing.push_with(|out| out.extend_from_slice(&piece));
                }
                // To make a piece can be work: others have their turn before the next.
                match self.send(budget) {
                    Step::GoOn => Step::Stop(Next::Again),
                    stop @ Step::Stop(_) => stop,
                }
            }
            answer::Next::Busy => Step::Stop(Next::Again),
            answer::Next::Broken => Step::Stop(Next::Close),
            // A client that has said that it will send no more has mostly gone; a stream that may have
            // nothing to say for ever would never find out.
            answer::Next::NotYet if self.client_finished && stream.source.is_endless() => {
                Step::Stop(Next::Close)
            }
            answer::Next::NotYet => Step::Stop(Next::Wait),
            answer::Next::End => {
                if stream.chunked {
                    self.outgoing.push_with(|out| out.extend_from_slice(chunked::LAST_CHUNK));
                }
                self.stream = None;
                self.telling.last_ends_at(self.outgoing.queued());
                self.change(Change::StreamEnded);
                Step::GoOn
            }
        }
    }

    /// Sends what is queued; goes on when all of it is sent.
    pub(super) fn send(&mut self, budget: &mut usize) -> Step {
        if !self.may_write {
            return Step::Stop(Next::Wait);
        }
        match self.outgoing.send(&mut self.transport, budget) {
            Ok(Progress::Everything) if self.outgoing.is_broken() => Step::Stop(Next::Close),
            Ok(Progress::Everything) => Step::GoOn,
            Ok(Progress::Blocked) => {
                self.may_write = false;
                Step::Stop(Next::Wait)
            }
            Ok(Progress::BudgetSpent) => Step::Stop(Next::Again),
            Err(_) => Step::Stop(Next::Close),
        }
    }

    pub(super) fn send_last(&mut self, budget: &mut usize) -> Step {
        if !self.outgoing.is_empty() {
            return self.send(budget);
        }
        // A small answer to a client that has sent all that it had to is safe: its bytes are on
        // their way at once. Of a large one much is still here, and would be lost with a reset.
        let may_be_lost = self.linger || self.may_read || self.outgoing.sent() > ON_ITS_WAY_AT_ONCE;
        match self.transport.tls().map_or(Ok(()), TlsSession::close_notify) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Step::Stop(Next::Wait),
            Err(_) => return Step::Stop(Next::Close),
            Ok(()) if !may_be_lost => return Step::Stop(Next::Close),
            Ok(()) => {}
        }
        if self.transport.finish_writing().is_err() {
            return Step::Stop(Next::Close);
        }
        self.change(Change::LastIsSent);
        Step::GoOn
    }

    /// After the last response: whatever else comes is read and forgotten.
    pub(super) fn read_away(&mut self, turn: &mut Turn<'_>) -> Step {
        let step = self.read(turn.input);
        let count = turn.input.filled().len();
        turn.input.consume(count);
        self.lingered += count as u64;
        if self.lingered > MAX_LINGER_BYTES { Step::Stop(Next::Close) } else { step }
    }
}
