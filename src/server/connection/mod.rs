//! One client's connection: bytes in, bytes out, moved on whenever its socket is ready.
//!
//! What it does when is in `states.rs`: read that first. Here are the steps that the states lead to. The plain case, in
//! order: [`Connection::advance`] → `receive_head` (`receiving.rs`) → `ask` (`asking.rs`: head, application, response) →
//! `queue` (`answering.rs`: a response becomes bytes) → `send` (`sending.rs`). How long it may wait is in `deadline.rs`, and what observers
//! are told in `telling.rs`.
//!
//! ```text
//! ReadBuffer ──▶ HeadScanner ──▶ Request ──▶ Application ──▶ Response ──▶ Transmission ──▶ Transport
//! ```
//!
//! What is answered depends on the bytes that come and not on the pieces in which they do; only on who
//! stops sending in the middle. Then a request is late in the end (408). Where its body is all that is
//! missing, and nobody takes it, a short pause is enough: the answer goes without
//! it, and is the last. A client that sends a form has mostly sent the body with the head, and keeps its
//! connection.
//!
//! Two things look odd until one has been bitten:
//!
//! - **One read is not one request.** A read gives whatever has arrived: a byte, a head and a half,
//!   five requests. [`ReadBuffer`] keeps what is not used yet.
//! - **Readiness is told once** (epoll is used edge-triggered). So the connection notes in
//!   `may_read` and `may_write` what it has been told, and clears a note only when a call says
//!   that there is nothing more.

mod answering;
mod asking;
mod deadline;
mod receiving;
mod sending;
mod states;
mod telling;

use super::Options;
use super::application::Application;
use super::buffer::ReadBuffer;
use super::events::Observers;
use super::transmit::Transmission;
use super::transport::Transport;
use crate::answer::Stream;
use crate::base::budget::Budget;
use crate::http::client::Client;
use crate::http::date;
use crate::http::request::HeadScanner;
use asking::{Incoming, Taker};
use deadline::{Deadline, WaitingFor};
use states::{Change, Reading, State, Writing};
use std::net::IpAddr;
use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};
use telling::Telling;

/// How long a client that has just connected is taken to be about to speak.
pub(super) const TIME_TO_SPEAK: Duration = Duration::from_secs(1);

/// How many bytes may be sent and how many steps taken in one turn, before other connections of
/// the same worker get theirs.
const SEND_BUDGET: usize = 1024 * 1024;
const STEP_BUDGET: usize = 256;

/// A connection and all that is known of it.
#[derive(Debug)]
pub struct Connection<T> {
    // The socket, and what we know of it.
    transport: T,
    /// It may have something for us to read.
    may_read: bool,
    /// It may take something to send.
    may_write: bool,
    /// The client has said that it will send no more; what it sent before is still to be read.
    client_finished: bool,

    // Who asks.
    client: Client,
    /// For whom the current request is sent, as a trusted proxy says.
    forwarded: Option<IpAddr>,

    // The protocol.
    state: State,
    scanner: HeadScanner,
    /// What has arrived and could not be used yet.
    leftover: Vec<u8>,
    /// The body of the current request, while it comes.
    incoming: Option<Box<Incoming>>,
    outgoing: Transmission,
    /// The body that is being made while it is sent.
    stream: Option<Streaming>,
    /// The application, or a stream, has woken us.
    is_woken: bool,
    /// Whatever is answered next is the last.
    is_finishing: bool,
    /// After the last response the client may be sending still, or has sent more than we have read.
    linger: bool,
    /// How many bytes were read away since then.
    lingered: u64,

    // Time.
    deadline: Deadline,
    /// When the first byte of the current request arrived; before the first, when the client
    /// connected.
    request_began: Instant,
    /// When something was last read.
    last_read: Instant,
    /// We were told that there is something to read, and have not looked since.
    told_of_input: bool,
    /// The next request to be answered had begun to arrive when this turn began.
    began_before_turn: bool,

    telling: Telling,
}

/// A body that is made while it is sent.
#[derive(Debug)]
struct Streaming {
    source: Box<dyn Stream>,
    /// Each piece is a chunk; else the connection's end is the body's.
    chunked: bool,
}

/// What a worker lends to a connection for its turn.
pub struct Turn<'a> {
    /// Now.
    pub now: Instant,
    /// Now, for the Date field.
    pub date: &'a [u8; date::LENGTH],
    /// Where to read to.
    pub input: &'a mut ReadBuffer,
    /// Where to write responses before they are sent.
    pub output: &'a mut Vec<u8>,
    /// What answers requests.
    pub application: &'a dyn Application,
    /// Who is told of exchanges.
    pub observers: &'a mut Observers,
    /// The limits.
    pub options: &'a Options,
    /// The memory for large answers.
    pub budget: &'a Arc<Budget>,
    /// Makes what wakes this connection.
    pub wakers: &'a dyn Fn() -> Waker,
}

/// What is to become of a connection after its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// It waits for its socket, its waker or its deadline.
    Wait,
    /// It could go on at once, but others come first.
    Again,
    /// It is over: drop it.
    Close,
}

/// The result of one step of a turn.
enum Step {
    GoOn,
    Stop(Next),
}

impl<T: Transport> Connection<T> {
    /// A connection that was just accepted. Nothing has been read from it.
    pub fn new(transport: T, client: Client, now: Instant, options: &Options) -> Connection<T> {
        Connection {
            transport,
            may_read: true,
            may_write: true,
            client_finished: false,
            client,
            forwarded: None,
            state: State::START,
            scanner: HeadScanner::default(),
            leftover: Vec::new(),
            incoming: None,
            outgoing: Transmission::default(),
            stream: None,
            is_woken: false,
            is_finishing: false,
            linger: false,
            lingered: 0,
            deadline: Deadline {
                waiting_for: WaitingFor::Request,
                at: now + options.idle_timeout,
                body_until: now,
            },
            request_began: now,
            last_read: now,
            told_of_input: false,
            began_before_turn: false,
            telling: Telling::default(),
        }
    }

    /// Gives it a number, by which its observers know it.
    #[must_use]
    pub fn numbered(mut self, number: u64) -> Connection<T> {
        self.telling.connection = number;
        self
    }

    /// Its number; 0 if it has none.
    pub fn number(&self) -> u64 {
        self.telling.connection
    }

    /// How many requests were answered on it, or refused.
    pub fn answered(&self) -> u32 {
        self.telling.answered()
    }

    /// The socket, to register it.
    pub fn transport(&mut self) -> &mut T {
        &mut self.transport
    }

    /// Whether it waits between two requests, or before the first.
    pub fn is_idle(&self) -> bool {
        self.deadline.waiting_for == WaitingFor::Request && self.outgoing.is_empty()
    }

    /// Whether it is idle and could be closed in favour of another. Clients are prepared for that
    /// between two requests; one that has only just connected is about to send its first.
    pub fn can_give_way(&self, now: Instant) -> bool {
        let has_been_answered = self.outgoing.sent() > 0;
        self.is_idle()
            && (has_been_answered || now.saturating_duration_since(self.request_began) > TIME_TO_SPEAK)
    }

    /// Notes what the socket is ready for.
    pub fn notice(&mut self, readable: bool, writable: bool, client_finished: bool) {
        self.may_read |= readable || client_finished;
        self.told_of_input |= readable;
        self.may_write |= writable;
        self.client_finished |= client_finished;
    }

    /// Notes that it was woken: see [`Turn::wakers`].
    pub fn wake(&mut self) {
        self.is_woken = true;
    }

    /// No more requests: the response under way, if there is one, is the last.
    pub fn finish(&mut self) {
        self.is_finishing = true;
        if let Some(stream) = &mut self.stream {
            stream.source.stop();
        }
    }

    /// Whether it was told so.
    pub fn is_finishing(&self) -> bool {
        self.is_finishing
    }

    /// Whether a body is under way that is made while it is sent.
    pub fn is_streaming(&self) -> bool {
        self.stream.is_some()
    }

    /// Reads what there is of the first request, and answers nothing yet.
    pub fn listen(&mut self, input: &mut ReadBuffer) -> Next {
        let step = self.read(input);
        self.leftover = input.take_rest();
        match step {
            Step::GoOn => Next::Again,
            Step::Stop(next) => next,
        }
    }

    /// Moves on as far as it goes without waiting.
    pub fn advance(&mut self, turn: &mut Turn<'_>) -> Next {
        turn.input.load(&std::mem::take(&mut self.leftover));
        self.outgoing.borrow_buffer(turn.output);
        self.began_before_turn = std::mem::take(&mut self.told_of_input) || !turn.input.filled().is_empty();
        let (left_before, read_before) = (self.left(), self.last_read);
        if let Some(tls) = self.transport.tls() {
            tls.flush_pending();
        }
        let next = self.take_steps(turn);
        let has_moved =
            self.left() != left_before || (self.last_read > read_before && self.incoming.is_some());
        self.outgoing.give_buffer_back(turn.output);
        self.leftover = turn.input.take_rest();
        if !turn.observers.is_empty() {
            self.report(turn, next == Next::Close);
        }
        if next != Next::Close {
            self.set_deadline(turn, has_moved);
        }
        next
    }

    fn take_steps(&mut self, turn: &mut Turn<'_>) -> Next {
        let mut budget = SEND_BUDGET;
        for _ in 0..STEP_BUDGET {
            let step = match (self.state.reading, self.state.writing) {
                _ if self.is_enough() => self.send(&mut budget),
                (_, Writing::Stream) => self.stream(&mut budget),
                (Reading::Head, _) => self.receive_head(turn, &mut budget),
                (Reading::Undecided, _) => self.ask_again(turn, &mut budget),
                (Reading::Body | Reading::UnwantedBody, _) => self.receive_body(turn, &mut budget),
                (Reading::Nothing, Writing::Lingering) => self.read_away(turn),
                (Reading::Nothing, _) => self.send_last(&mut budget),
            };
            if let Step::Stop(next) = step {
                return next;
            }
        }
        Next::Again
    }

    /// The deadline has come.
    pub fn time_is_up(&mut self, turn: &mut Turn<'_>) -> Next {
        match self.deadline.waiting_for {
            // A client that has not begun to ask is not told anything: it could take that for the
            // answer to a request that it is just sending.
            WaitingFor::Request => {
                self.close_notify();
                self.abandon(turn)
            }
            // Before the two have agreed on keys, nothing can be said that the client would understand.
            WaitingFor::Handshake | WaitingFor::End => self.abandon(turn),
            WaitingFor::Wakeup => {
                (self.may_write, self.is_woken) = (true, true);
                self.advance(turn)
            }
            WaitingFor::Room => {
                // The kernel tells of room only when a good part of its buffer is free. A client
                // that reads slowly may have made less, and it may go on.
                self.may_write = true;
                let left_before = self.left();
                match self.advance(turn) {
                    Next::Wait if self.left() == left_before => self.abandon(turn),
                    next => next,
                }
            }
            WaitingFor::Head | WaitingFor::Body | WaitingFor::UnwantedBody => {
                self.request_is_late(turn);
                self.advance(turn)
            }
        }
    }

    /// Ends the connection as it is.
    pub fn abandon(&mut self, turn: &mut Turn<'_>) -> Next {
        self.report(turn, true);
        Next::Close
    }

    /// Tells the client that nothing is missing and nothing follows (TLS); where there is no room for that,
    /// nobody waits for it. All that there was to send is sent.
    pub fn close_notify(&mut self) {
        if let Some(tls) = self.transport.tls() {
            let _ = tls.close_notify();
        }
    }

    /// How much of what there is to send has left: it changes with each byte.
    fn left(&mut self) -> (u64, usize) {
        (self.outgoing.sent(), self.transport.tls().map_or(0, |tls| tls.on_the_way()))
    }

    /// Whether it is time to send rather than to answer the next request.
    fn is_enough(&self) -> bool {
        self.outgoing.is_enough() || (self.telling.is_enough() && !self.outgoing.is_empty())
    }

    /// Goes to the next state.
    fn change(&mut self, change: Change) {
        let next = self.state.after(change);
        debug_assert!(next.is_some(), "{change:?} in {:?}", self.state);
        self.state = next.unwrap_or(State { reading: Reading::Nothing, writing: Writing::Last });
    }

    /// Tells observers of exchanges that are over, or of all if the connection is.
    fn report(&mut self, turn: &mut Turn<'_>, is_closed: bool) {
        self.telling.report(turn, self.outgoing.sent(), is_closed);
        if !is_closed
            && !self.telling.is_sending()
            && let Some(incoming) = &self.incoming
            && let (Taker::Receiver(_), Some(exchange)) = (&incoming.taker, &incoming.asked.exchange)
        {
            telling::receiving(turn, exchange, incoming.reader.received(), incoming.reader.length());
        }
        if turn.observers.interests().capture {
            self.telling.keep_steps();
        }
    }
}

#[cfg(test)]
mod tests;
