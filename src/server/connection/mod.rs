//! One client's connection: bytes in, bytes out, advanced whenever its socket is ready.
//!
//! ```text
//! ReadBuffer ──▶ HeadScanner ──▶ Request ──▶ Application ──▶ Response ──▶ Transmission ──▶ Transport
//! ```
//!
//! Which step comes when is said in `states.rs`: read that first. The plain case, in order: [`Connection::advance`] →
//! `receive_head` (`receiving.rs`) → `ask` (`asking.rs`: from a head to the application's response) → `queue`
//! (`answering.rs`: from a response to bytes) → `send` (`sending.rs`), which `receive` calls when no further head is in the
//! buffer, and `take_steps` before anything else if much is queued. How long a connection may wait is in
//! `deadline.rs`, and what observers are told in `reporter.rs`.
//!
//! What is answered depends on the bytes that come, and not on the pieces in which they come. It depends on time only
//! if a client stops sending in the middle of a request. Such a request times out in the end (408). If only its body is
//! missing, and nobody takes the body, then a short pause is enough: the response is sent without it, and is the last.
//! A client that submits a form has mostly sent the body together with the head, and keeps its connection.
//!
//! Two things look odd until one has been bitten by them:
//!
//! - **One read is not one request.** A read returns whatever has arrived: a byte, a head and a half, five requests.
//!   [`ReadBuffer`] keeps what is not used yet.
//! - **Readiness is reported once** (epoll(7) is used edge-triggered). So the connection remembers in `may_read` and
//!   `may_write` what was reported, and forgets it only when a call says that there is nothing more (`WouldBlock`).

mod answering;
mod asking;
mod deadline;
mod receiving;
mod reporter;
mod sending;
mod states;

use super::Options;
use super::application::Application;
use super::buffer::ReadBuffer;
use super::events::{GivenUp, Observers};
use super::transmit::{Queue, Transmission};
use super::transport::Transport;
use crate::answer::Stream;
use crate::base::budget::Budget;
use crate::http::client::Client;
use crate::http::date;
use crate::http::request::HeadScanner;
use asking::{Incoming, Postponed, Sink};
use deadline::{Deadline, WaitingFor};
use reporter::Reporter;
use states::{Change, Reading, State, Writing};
use std::net::IpAddr;
use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

/// How long a new connection is neither evicted nor closed by a shutdown: its first request is probably on its way.
pub(super) const GRACE_FOR_NEW: Duration = Duration::from_secs(1);

/// How many bytes may be sent in one turn, and how many steps taken, before other connections of the same worker get
/// their turns: so many requests that were sent at once take a few hundred microseconds.
const SEND_BUDGET: usize = 1024 * 1024;
const STEP_BUDGET: usize = 32;

/// A connection.
#[derive(Debug)]
pub struct Connection<T> {
    // ---- The socket, and what is known of it.
    transport: T,
    /// A read may find something. An event sets it, and a read that finds nothing more clears it.
    may_read: bool,
    /// The same for writes.
    may_write: bool,
    /// The client has closed its sending half (FIN). What it has sent before is still to be read.
    read_closed: bool,

    // ---- Who asks.
    /// The other end of the socket.
    client: Client,
    /// The client on whose behalf a trusted proxy sends the current request.
    forwarded: Option<IpAddr>,

    // ---- The protocol.
    /// Which step comes next: see `states.rs`.
    state: State,
    /// Finds the end of the current head, and remembers how far it has come.
    scanner: HeadScanner,
    /// What has arrived and cannot be used yet, between two turns. During a turn it is in the worker's buffer.
    leftover: Vec<u8>,
    /// The request whose body is being read. Most requests have none, so it is in a box.
    incoming: Option<Box<Incoming>>,
    /// The request whose response is being made elsewhere.
    postponed: Option<Box<Postponed>>,
    /// The responses, as far as they are queued and not sent.
    outgoing: Transmission,
    /// The body of the current response, if it is made while it is sent.
    stream: Option<Streaming>,
    /// The application, or the stream, has called its waker: it is worth asking again.
    is_woken: bool,

    // ---- The end.
    /// The server stops: the next response is the last.
    is_finishing: bool,
    /// The client may still be sending, or has sent more than we have read: to close now would send a reset.
    linger: bool,
    /// How many bytes were discarded while lingering. This is bounded.
    drained: u64,

    // ---- Time.
    deadline: Deadline,
    /// When the first byte of the current request arrived; before the first request, when the client connected.
    request_began: Instant,
    /// A time after the last read; `None` if nobody has looked at the clock since. Mostly nobody needs to.
    last_read: Option<Instant>,
    /// Something was read in this turn.
    has_read: bool,
    /// An event has said that there is something to read, and no turn has come since.
    has_read_event: bool,
    /// The next request to be answered had begun to arrive when this turn began.
    began_before_turn: bool,

    /// What observers are to be told.
    reporter: Reporter,
}

/// A body that is made while it is sent.
#[derive(Debug)]
struct Streaming {
    source: Box<dyn Stream>,
    /// Each piece is sent as a chunk. If not, the body ends with the connection.
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
    /// Where responses are queued before they are sent.
    pub output: &'a mut Option<Box<Queue>>,
    /// What answers requests.
    pub application: &'a dyn Application,
    /// What is told of exchanges.
    pub observers: &'a mut Observers,
    /// The limits.
    pub options: &'a Options,
    /// The memory for large responses.
    pub budget: &'a Arc<Budget>,
    /// Makes a waker of this connection.
    pub wakers: &'a dyn Fn() -> Waker,
}

/// What a worker is to do with a connection after its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterTurn {
    /// Nothing: it waits for its socket, its waker or its deadline.
    Wait,
    /// Give it another turn, after those of other connections: it can go on without an event.
    Again,
    /// Close it.
    Close,
}

/// The result of one step of a turn.
enum Step {
    /// Another step may follow.
    Continue,
    /// The turn is over.
    Stop(AfterTurn),
}

impl<T: Transport> Connection<T> {
    /// A connection that was just accepted. Nothing has been read from it.
    pub fn new(transport: T, client: Client, now: Instant, options: &Options) -> Connection<T> {
        Connection {
            transport,
            may_read: true,
            may_write: true,
            read_closed: false,
            client,
            forwarded: None,
            state: State::START,
            scanner: HeadScanner::default(),
            leftover: Vec::new(),
            incoming: None,
            postponed: None,
            outgoing: Transmission::default(),
            stream: None,
            is_woken: false,
            is_finishing: false,
            linger: false,
            drained: 0,
            deadline: Deadline {
                waiting_for: WaitingFor::Request,
                at: now + options.idle_timeout,
                body_until: now,
            },
            request_began: now,
            last_read: Some(now),
            has_read: false,
            has_read_event: false,
            began_before_turn: false,
            reporter: Reporter::default(),
        }
    }

    /// Gives it a number, by which observers know it.
    #[must_use]
    pub fn numbered(mut self, number: u64) -> Connection<T> {
        self.reporter.connection = number;
        self
    }

    /// Its number; 0 if it has none.
    pub fn number(&self) -> u64 {
        self.reporter.connection
    }

    /// How many requests were answered on it, refusals included.
    pub fn answered(&self) -> u32 {
        self.reporter.answered()
    }

    /// The socket, so that the event loop can register it.
    pub fn transport(&mut self) -> &mut T {
        &mut self.transport
    }

    /// Whether it waits between two requests, or before the first.
    pub fn is_idle(&self) -> bool {
        self.deadline.waiting_for == WaitingFor::Request && self.outgoing.is_empty()
    }

    /// Whether it is idle and may be closed to make room for another. Clients are prepared for a close between two
    /// requests (RFC 9112 section 9.5); but a client that has only just connected is about to send its first.
    pub fn can_be_evicted(&self, now: Instant) -> bool {
        let has_been_answered = self.outgoing.sent() > 0;
        self.is_idle()
            && (has_been_answered || now.saturating_duration_since(self.request_began) > GRACE_FOR_NEW)
    }

    /// Notes what an event says of the socket: it is readable, it is writable, the client has closed its sending half.
    pub fn note_readiness(&mut self, readable: bool, writable: bool, read_closed: bool) {
        self.may_read |= readable || read_closed;
        self.has_read_event |= readable;
        self.may_write |= writable;
        self.read_closed |= read_closed;
    }

    /// Notes that its waker was called: see [`Turn::wakers`].
    pub fn wake(&mut self) {
        self.is_woken = true;
    }

    /// Begins its graceful shutdown: the response under way is the last, and without one it closes.
    pub fn finish(&mut self) {
        self.is_finishing = true;
        if let Some(stream) = &mut self.stream {
            stream.source.stop();
        }
    }

    /// Whether its graceful shutdown has begun.
    pub fn is_finishing(&self) -> bool {
        self.is_finishing
    }

    /// Whether it sends a body that is made while it is sent.
    pub fn is_streaming(&self) -> bool {
        self.stream.is_some()
    }

    /// Whether a response is being made for it elsewhere.
    pub fn is_postponed(&self) -> bool {
        self.postponed.is_some()
    }

    /// Reads what has arrived of the first request, and answers nothing yet.
    pub fn read_ahead(&mut self, input: &mut ReadBuffer) -> AfterTurn {
        let step = self.read(input);
        self.leftover = input.take_rest();
        match step {
            Step::Continue => AfterTurn::Again,
            Step::Stop(next) => next,
        }
    }

    /// A turn: goes on as far as it can without waiting.
    pub fn advance(&mut self, turn: &mut Turn<'_>) -> AfterTurn {
        if !self.leftover.is_empty() {
            turn.input.load(&std::mem::take(&mut self.leftover));
        }
        self.outgoing.borrow_queue(turn.output);
        self.began_before_turn = std::mem::take(&mut self.has_read_event) || !turn.input.filled().is_empty();
        let sent_before = self.bytes_sent();
        self.has_read = false;
        if let Some(tls) = self.transport.tls() {
            tls.flush_pending();
            self.may_read |= tls.go_on_elsewhere(self.client.owner(), turn.wakers);
        }
        let next = self.take_steps(turn);
        let has_progressed = self.bytes_sent() != sent_before || (self.has_read && self.incoming.is_some());
        self.outgoing.give_queue_back(turn.output);
        self.leftover = turn.input.take_rest();
        if !turn.observers.is_empty() {
            self.report(turn, next == AfterTurn::Close);
        }
        if next != AfterTurn::Close {
            self.set_deadline(turn, has_progressed);
        }
        next
    }

    /// One step after another, each as the state says: see the first table in `states.rs`. If much is queued, sending
    /// comes first, whatever the state.
    fn take_steps(&mut self, turn: &mut Turn<'_>) -> AfterTurn {
        let mut budget = SEND_BUDGET;
        for _ in 0..STEP_BUDGET {
            let step = match (self.state.reading, self.state.writing) {
                _ if self.should_flush() => self.send(&mut budget),
                (_, Writing::Stream) => self.stream(&mut budget),
                (Reading::Head, _) => self.receive_head(turn, &mut budget),
                (Reading::Undecided, _) => self.ask_again(turn, &mut budget),
                (Reading::Body | Reading::DiscardedBody, _) => self.receive_body(turn, &mut budget),
                (Reading::Nothing, Writing::Lingering) => self.drain(turn),
                (Reading::Nothing, _) => self.send_last(&mut budget),
            };
            if let Step::Stop(next) = step {
                return next;
            }
        }
        AfterTurn::Again
    }

    /// A turn when its deadline has passed.
    pub fn handle_timeout(&mut self, turn: &mut Turn<'_>) -> AfterTurn {
        match self.deadline.waiting_for {
            // A client that has sent nothing of a request gets no response (408): it could take that for the response
            // to a request that it sends at this moment.
            WaitingFor::Request => {
                self.close_notify();
                self.abandon(turn)
            }
            // Before the handshake is done, nothing can be said that the client would understand.
            WaitingFor::Handshake | WaitingFor::End => self.abandon(turn),
            WaitingFor::Wakeup => {
                (self.may_write, self.is_woken) = (true, true);
                self.advance(turn)
            }
            WaitingFor::Room => {
                // The kernel reports a socket as writable only when a good part of its send buffer is free. A client
                // that reads slowly may have made less room, and may go on.
                self.may_write = true;
                let sent_before = self.bytes_sent();
                match self.advance(turn) {
                    AfterTurn::Wait if self.bytes_sent() == sent_before => {
                        self.reporter.given_up = Some(GivenUp::Stuck);
                        self.abandon(turn)
                    }
                    next => next,
                }
            }
            WaitingFor::Head | WaitingFor::Body | WaitingFor::DiscardedBody => {
                self.time_out_request(turn);
                self.advance(turn)
            }
        }
    }

    /// Ends the connection as it is.
    pub fn abandon(&mut self, turn: &mut Turn<'_>) -> AfterTurn {
        self.report(turn, true);
        AfterTurn::Close
    }

    /// With TLS: tells the client that nothing is missing and nothing follows. All responses are sent before. If the
    /// socket has no room for this message, it is not waited for.
    pub fn close_notify(&mut self) {
        if let Some(tls) = self.transport.tls() {
            let _ = tls.close_notify();
        }
    }

    /// How many bytes were sent, in all and of the current TLS records. It changes with every byte that leaves.
    fn bytes_sent(&mut self) -> (u64, usize) {
        (self.outgoing.sent(), self.transport.tls().map_or(0, |tls| tls.on_the_way()))
    }

    /// Whether to send now, before the next request is answered.
    fn should_flush(&self) -> bool {
        self.outgoing.should_flush() || (self.reporter.is_full() && !self.outgoing.is_empty())
    }

    /// Goes to the next state.
    fn change(&mut self, change: Change) {
        let next = self.state.after(change);
        debug_assert!(next.is_some(), "{change:?} in {:?}", self.state);
        self.state = next.unwrap_or(State { reading: Reading::Nothing, writing: Writing::Last });
    }

    /// Tells observers of exchanges that have ended, and of those that are under way.
    fn report(&mut self, turn: &mut Turn<'_>, is_closed: bool) {
        self.reporter.report(turn, self.outgoing.sent(), is_closed);
        if !is_closed
            && !self.reporter.is_sending()
            && let Some(incoming) = &self.incoming
            && let (Sink::Receiver(_), Some(exchange)) = (&incoming.sink, &incoming.in_flight.exchange)
        {
            reporter::report_receiving(turn, exchange, incoming.reader.received(), incoming.reader.length());
        }
        if turn.observers.interests().capture {
            self.reporter.keep_decisions();
        }
    }
}

#[cfg(test)]
mod tests;
