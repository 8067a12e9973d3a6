//! Receiving: bytes from the socket become heads and bodies.
//!
//! ```text
//! socket ──read──▶ ReadBuffer ──▶ a whole head ──▶ ask (asking.rs)
//!                             ──▶ a body ──▶ BodyReader ──▶ Sink: a receiver, or nowhere
//! ```
//!
//! The plain case is [`Connection::receive_head`]: the scanner finds the end of a head, and `ask` does the rest. If the
//! head or the body is not complete, [`Connection::receive`] reads more, but only when all responses are sent.

use super::asking::{BODY_UNREAD, Incoming, Sink};
use super::deadline::WaitingFor;
use super::states::{Change, Reading};
use super::{AfterTurn, Connection, Step, Turn};
use crate::base::trace::{self, Rfc};
use crate::http::request::HeadScanner;
use crate::http::{Refusal, Status};
use crate::server::buffer::ReadBuffer;
use crate::server::transport::Transport;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

impl<T: Transport> Connection<T> {
    /// Answers the request whose head is in the input; reads more if the head is not complete.
    pub(super) fn receive_head(&mut self, turn: &mut Turn<'_>, budget: &mut usize) -> Step {
        if turn.input.filled().is_empty() {
            return self.receive(turn, budget);
        }
        if self.scanner.is_new()
            && let Some(end) = self.ask_at_once(turn)
        {
            self.finish_head(turn, end);
            return Step::Continue;
        }
        match self.scanner.find_end(turn.input.filled()) {
            Ok(None) => return self.receive(turn, budget),
            Ok(Some(head)) => {
                let end = head.end;
                self.ask(turn, head, false);
                self.finish_head(turn, end);
            }
            Err(refusal) => {
                self.refuse_unread(turn, &refusal, turn.input.filled());
                self.finish_head(turn, 0);
            }
        }
        Step::Continue
    }

    /// Asks the application again, if it has woken the connection.
    pub(super) fn ask_again(&mut self, turn: &mut Turn<'_>, budget: &mut usize) -> Step {
        // The responses before this one need not wait for it.
        if !self.outgoing.is_empty() {
            return self.send(budget);
        }
        if !std::mem::take(&mut self.is_woken) {
            return Step::Stop(AfterTurn::Wait);
        }
        // Such a request is the only one whose whole head is kept, and so it is parsed again.
        let head = trace::silently(|| HeadScanner::default().find_end(turn.input.filled()));
        let head = head.ok().flatten().expect("it was found before");
        let end = head.end;
        self.ask(turn, head, true);
        self.finish_head(turn, end);
        Step::Continue
    }

    /// Removes a head of `end` bytes from the input, unless the application is to be asked about it again. If the
    /// connection is to close, everything is removed.
    pub(super) fn finish_head(&mut self, turn: &mut Turn<'_>, end: usize) {
        match self.state.reading {
            Reading::Undecided => {}
            Reading::Nothing => {
                self.linger |= turn.input.filled().len() > end;
                turn.input.consume(turn.input.filled().len());
            }
            Reading::Body | Reading::DiscardedBody => turn.input.consume(end),
            Reading::Head => {
                turn.input.consume(end);
                self.begin_request(turn);
            }
        }
    }

    /// The next request may begin.
    pub(super) fn begin_request(&mut self, turn: &Turn<'_>) {
        self.scanner = HeadScanner::default();
        self.request_began = turn.now;
    }

    /// Reads what is there of a body, and queues the response at its end.
    pub(super) fn receive_body(&mut self, turn: &mut Turn<'_>, budget: &mut usize) -> Step {
        let mut incoming = self.incoming.take().expect("there is a body to read");
        let Incoming { reader, sink, in_flight } = &mut *incoming;
        let bytes = turn.input.filled();
        let memory = turn.observers.bodies();
        let mut captured = in_flight.exchange.as_mut().and_then(|exchange| exchange.capture.as_mut());
        let mut capture = |content: &[u8]| {
            if let Some(capture) = &mut captured {
                capture.request_body.take(content, memory);
            }
        };
        let read = catch_unwind(AssertUnwindSafe(|| match sink {
            Sink::Receiver(receiver) => reader.read(bytes, |content| {
                capture(content);
                receiver.take(content)
            }),
            Sink::Discard(..) => reader.read(bytes, |content| {
                capture(content);
                Ok(())
            }),
        }));
        let read = read.unwrap_or_else(|_| {
            trace::switch(turn.observers.interests().capture);
            Err(Refusal::new(Status::INTERNAL_SERVER_ERROR, "the server has made a mistake"))
        });
        let is_too_large = reader.is_too_large();
        if let Ok((eaten, is_complete)) = read {
            turn.input.consume(eaten);
            // To write to a disk costs a turn as much as to read from it.
            let is_received = self.state.reading == Reading::Body;
            *budget = budget.saturating_sub(if is_received { eaten } else { 0 });
            if !is_complete && !is_too_large {
                self.incoming = Some(incoming);
                return if *budget == 0 { Step::Stop(AfterTurn::Again) } else { self.receive(turn, budget) };
            }
        }
        let is_received = matches!(sink, Sink::Receiver(_));
        trace::decision("body", Rfc(9110, "6.4"), || match &read {
            Ok(_) if is_received => ("whole", "all of it is there".to_owned()),
            Ok(_) if !is_too_large => ("past", "read to its end".to_owned()),
            Ok(_) => ("too long", "longer than is worth reading past".to_owned()),
            Err(_) => ("no further", "not read any further".to_owned()),
        });
        match (read, *incoming) {
            // This must not depend on whether the end of the body arrived together with the byte that was too much.
            (Ok(_), Incoming { in_flight, sink: Sink::Discard(response, share), .. }) if is_too_large => {
                drop(share);
                self.answer_last(turn, in_flight, response, BODY_UNREAD);
            }
            (read, incoming) => self.answer_incoming(turn, incoming, read.map(|_| ())),
        }
        self.finish_body(turn);
        Step::Continue
    }

    /// A body has been read, or is not read any further.
    pub(super) fn finish_body(&mut self, turn: &mut Turn<'_>) {
        if self.state.reading == Reading::Nothing {
            self.linger |= !turn.input.filled().is_empty();
            turn.input.consume(turn.input.filled().len());
        } else {
            self.begin_request(turn);
        }
    }

    /// The rest of a request did not come in its time: queues the response.
    #[track_caller]
    pub(super) fn time_out_request(&mut self, turn: &mut Turn<'_>) {
        turn.input.load(&std::mem::take(&mut self.leftover));
        let refusal = Refusal::new(Status::REQUEST_TIMEOUT, "the request did not arrive in time");
        let is_a_pause =
            self.deadline.waiting_for == WaitingFor::DiscardedBody && turn.now < self.deadline.body_until;
        match self.incoming.take().map(|incoming| *incoming) {
            None => self.refuse_unread(turn, &refusal, turn.input.filled()),
            // The response does not depend on the body, so the client gets it now and not after the whole timeout.
            Some(Incoming { in_flight, sink: Sink::Discard(response, share), .. }) if is_a_pause => {
                trace::decision("body", Rfc(9110, "6.4"), || {
                    "it does not come, and nobody wants it: the client gets the answer without it".to_owned()
                });
                drop(share);
                self.answer_last(turn, in_flight, response, BODY_UNREAD);
            }
            Some(incoming) => self.answer_incoming(turn, incoming, Err(refusal)),
        }
        turn.input.consume(turn.input.filled().len());
        self.leftover = turn.input.take_rest();
    }

    /// Nothing can be done with what is in the input: sends what waits to be sent, then reads more.
    pub(super) fn receive(&mut self, turn: &mut Turn<'_>, budget: &mut usize) -> Step {
        if !self.outgoing.is_empty() {
            return self.send(budget);
        }
        if self.is_finishing && self.state.reading != Reading::Body {
            self.incoming = None;
            self.change(Change::NoMoreRequests);
            return Step::Continue;
        }
        let is_first = turn.input.filled().is_empty() && self.state.reading == Reading::Head;
        let step = self.read(turn.input);
        if is_first && !turn.input.filled().is_empty() {
            self.request_began = turn.now;
        }
        step
    }

    /// One read from the socket, if there may be something to read.
    pub(super) fn read(&mut self, input: &mut ReadBuffer) -> Step {
        if !self.may_read {
            return Step::Stop(AfterTurn::Wait);
        }
        let room = input.room();
        let size = room.len();
        match self.transport.read(room) {
            Ok(0) => {
                self.close_notify();
                Step::Stop(AfterTurn::Close)
            }
            Ok(count) => {
                input.grow(count);
                self.has_read = true;
                self.last_read = trace::is_on().then(Instant::now);
                // A read that does not fill the room has read all that there was, and an event will report what comes
                // next. But the end of the stream (FIN) was reported together with these bytes, and is still to be
                // read.
                self.may_read = count == size
                    || self.read_closed
                    || self.transport.tls().is_some_and(|tls| tls.may_hold_more());
                Step::Continue
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.may_read = false;
                Step::Stop(match self.transport.tls() {
                    Some(tls) if tls.is_for_helper() => AfterTurn::Again,
                    Some(tls) if tls.is_elsewhere() && self.read_closed => AfterTurn::Close,
                    _ => AfterTurn::Wait,
                })
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Step::Stop(AfterTurn::Again),
            // The client has broken the rules of TLS, and was told so. To close at once could destroy that message.
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                self.linger = true;
                self.incoming = None;
                self.change(Change::NoMoreRequests);
                Step::Continue
            }
            Err(_) => Step::Stop(AfterTurn::Close),
        }
    }
}
