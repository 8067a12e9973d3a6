//! Receiving: bytes from the socket become heads, and bodies that somebody takes or that are read past.
//!
//! The plain case is [`Connection::receive_head`]: the scanner finds the end of a head, `ask` (`asking.rs`) does the
//! rest, and the head is left behind. Where nothing can be done with what is there, [`Connection::receive`] reads more,
//! but not before everything is sent that waits to be.

use super::asking::{Incoming, NOT_READ, Taker};
use super::deadline::WaitingFor;
use super::states::{Change, Reading};
use super::{Connection, Next, Step, Turn};
use crate::base::trace::{self, Rfc};
use crate::http::request::HeadScanner;
use crate::http::{Refusal, Status};
use crate::server::buffer::ReadBuffer;
use crate::server::transport::Transport;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

impl<T: Transport> Connection<T> {
    pub(super) fn receive_head(&mut self, turn: &mut Turn<'_>, budget: &mut usize) -> Step {
        match self.scanner.find_end(turn.input.filled()) {
            Ok(None) => return self.receive(turn, budget),
            Ok(Some(head)) => {
                let end = head.end;
                self.ask(turn, head, false);
                self.leave_head(turn, end);
            }
            Err(refusal) => {
                self.refuse_unread(turn, &refusal, turn.input.filled());
                self.leave_head(turn, 0);
            }
        }
        Step::GoOn
    }

    /// The application did not know yet what to answer.
    pub(super) fn ask_again(&mut self, turn: &mut Turn<'_>, budget: &mut usize) -> Step {
        // The answers before this one need not wait for it.
        if !self.outgoing.is_empty() {
            return self.send(budget);
        }
        if !std::mem::take(&mut self.is_woken) {
            return Step::Stop(Next::Wait);
        }
        // The head is read again, for this one time: it is the only request for which all of it is kept.
        let head = trace::silently(|| HeadScanner::default().find_end(turn.input.filled()));
        let head = head.ok().flatten().expect("it was found before");
        let end = head.end;
        self.ask(turn, head, true);
        self.leave_head(turn, end);
        Step::GoOn
    }

    /// Leaves a head behind, which ends here, if there is nothing more to be done with it.
    pub(super) fn leave_head(&mut self, turn: &mut Turn<'_>, end: usize) {
        match self.state.reading {
            Reading::Undecided => {}
            Reading::Nothing => {
                self.linger |= turn.input.filled().len() > end;
                turn.input.consume(turn.input.filled().len());
            }
            Reading::Body | Reading::UnwantedBody => turn.input.consume(end),
            Reading::Head => {
                turn.input.consume(end);
                self.begin_request(turn);
            }
        }
    }

    /// From now on the next request is received.
    pub(super) fn begin_request(&mut self, turn: &Turn<'_>) {
        self.scanner = HeadScanner::default();
        self.request_began = turn.now;
    }

    pub(super) fn receive_body(&mut self, turn: &mut Turn<'_>, budget: &mut usize) -> Step {
        let mut incoming = self.incoming.take().expect("there is a body to read");
        let Incoming { reader, taker, .. } = &mut *incoming;
        let bytes = turn.input.filled();
        let read = catch_unwind(AssertUnwindSafe(|| match taker {
            Taker::Receiver(receiver) => reader.read(bytes, |content| receiver.take(content)),
            Taker::Nobody(..) => reader.read(bytes, |_| Ok(())),
        }));
        let read = read.unwrap_or_else(|_| {
            trace::switch(turn.observers.interests().capture);
            Err(Refusal::new(Status::INTERNAL_SERVER_ERROR, "the server has made a mistake"))
        });
        let is_too_large = reader.is_too_large();
        if let Ok((eaten, is_complete)) = read {
            turn.input.consume(eaten);
            // What is on its way to a disk is budgeted like what comes from there.
            let is_taken = self.state.reading == Reading::Body;
            *budget = budget.saturating_sub(if is_taken { eaten } else { 0 });
            if !is_complete && !is_too_large {
                self.incoming = Some(incoming);
                return if *budget == 0 { Step::Stop(Next::Again) } else { self.receive(turn, budget) };
            }
        }
        let is_taken = matches!(taker, Taker::Receiver(_));
        trace::step("body", Rfc(9110, "6.4"), || match &read {
            Ok(_) if is_taken => "all of it is there".to_owned(),
            Ok(_) if !is_too_large => "read to its end".to_owned(),
            Ok(_) => "longer than is worth reading past".to_owned(),
            Err(_) => "not read any further".to_owned(),
        });
        match (read, *incoming) {
            // Whether the end arrived with the byte that was too much makes no difference.
            (Ok(_), Incoming { asked, taker: Taker::Nobody(response, share), .. }) if is_too_large => {
                drop(share);
                self.answer_last(turn, asked, response, NOT_READ);
            }
            (read, incoming) => self.answer_incoming(turn, incoming, read.map(|_| ())),
        }
        self.leave_body(turn);
        Step::GoOn
    }

    /// Leaves a body behind.
    pub(super) fn leave_body(&mut self, turn: &mut Turn<'_>) {
        if self.state.reading == Reading::Nothing {
            self.linger |= !turn.input.filled().is_empty();
            turn.input.consume(turn.input.filled().len());
        } else {
            self.begin_request(turn);
        }
    }

    /// What was to come did not come in its time.
    pub(super) fn request_is_late(&mut self, turn: &mut Turn<'_>) {
        turn.input.load(&std::mem::take(&mut self.leftover));
        let refusal = Refusal::new(Status::REQUEST_TIMEOUT, "the request did not arrive in time");
        let is_a_pause =
            self.deadline.waiting_for == WaitingFor::UnwantedBody && turn.now < self.deadline.body_until;
        match self.incoming.take().map(|incoming| *incoming) {
            None => self.refuse_unread(turn, &refusal, turn.input.filled()),
            // The answer does not depend on the body, so the client need not wait for that until it is late.
            Some(Incoming { asked, taker: Taker::Nobody(response, share), .. }) if is_a_pause => {
                trace::step("body", Rfc(9110, "6.4"), || {
                    "it does not come, and nobody wants it: the client gets the answer without it".to_owned()
                });
                drop(share);
                self.answer_last(turn, asked, response, NOT_READ);
            }
            Some(incoming) => self.answer_incoming(turn, incoming, Err(refusal)),
        }
        turn.input.consume(turn.input.filled().len());
        self.leftover = turn.input.take_rest();
    }

    /// Nothing can be done with what is there. Sends what is waiting to be sent, then reads.
    pub(super) fn receive(&mut self, turn: &mut Turn<'_>, budget: &mut usize) -> Step {
        if !self.outgoing.is_empty() {
            return self.send(budget);
        }
        if self.is_finishing && self.state.reading != Reading::Body {
            self.incoming = None;
            self.change(Change::NoMoreRequests);
            return Step::GoOn;
        }
        let is_first = turn.input.filled().is_empty() && self.state.reading == Reading::Head;
        let step = self.read(turn.input);
        if is_first && !turn.input.filled().is_empty() {
            self.request_began = turn.now;
        }
        step
    }

    /// One read, if there may be something to read.
    pub(super) fn read(&mut self, input: &mut ReadBuffer) -> Step {
        if !self.may_read {
            return Step::Stop(Next::Wait);
        }
        let room = input.room();
        let size = room.len();
        match self.transport.read(room) {
            Ok(0) => {
                self.close_notify();
                Step::Stop(Next::Close)
            }
            Ok(count) => {
                input.grow(count);
                self.last_read = Instant::now();
                // Less than there was room for: that was all, and the next byte will be told of.
                // But the end of the stream is told of only once, and is still to be read.
                self.may_read = count == size
                    || self.client_finished
                    || self.transport.tls().is_some_and(|tls| tls.may_hold_more());
                Step::GoOn
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.may_read = false;
                Step::Stop(Next::Wait)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Step::Stop(Next::Again),
            // To close at once could take back what the client was told.
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                self.linger = true;
                self.incoming = None;
                self.change(Change::NoMoreRequests);
                Step::GoOn
            }
            Err(_) => Step::Stop(Next::Close),
        }
    }
}
