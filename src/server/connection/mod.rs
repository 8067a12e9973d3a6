//! One client's connection: a state machine that is moved on whenever its socket is ready.
//!
//! ```text
//!               accepted
//!                  │
//!                  ▼
//!   ┌──────▶ ReceivingHead ───there is a body to read──▶ ReceivingBody
//!   │              │                                          │
//!   │              │ no body; or refused, late, or            │ it is whole; or refused, late,
//!   │              │ answered without its body                │ too much, or not worth a wait
//!   │              ▼                                          ▼
//!   │       ┌─────────────── an answer is queued ─────────────────┐
//!   │       └──┬────────────────────────────────────────┬─────────┘
//!   └──────────┘ there may be another request           │ it is the last
//!                                                       ▼
//!      closed ◀──nothing can be lost any more────── SendingLast
//!        ▲                                              │
//!        └─the client closes, or its time is up─ Lingering ◀┘
//! ```
//!
//! Three things are no states of their own. *Sending*: responses gather in [`Transmission`] while
//! requests that have already arrived are answered (pipelining), and nothing is received while any
//! of it waits to be sent. So a client that does not read its answers is not read from either, and
//! TCP slows it down. *Streaming*: while a body is made piece by piece ([`Stream`]) it comes before
//! every state, and the next request waits. An *upload*: ReceivingBody, with somebody who takes the
//! bytes ([`crate::answer::Receiver`]); `100 Continue` may go out before it.
//!
//! What is answered depends on the bytes that come and not on the pieces in which they do; only on who
//! stops sending in the middle. Then a request is late in the end (408). Where its body is all that is
//! missing, and the method is none that files take, a short pause is enough: the answer (405) goes without
//! it, and is the last. A client that sends a form has mostly sent the body with the head, and keeps its
//! connection.
//!
//! Three things that look odd until one has been bitten:
//!
//! - **One read is not one request.** A read gives whatever has arrived: a byte, a head and a half,
//!   five requests. [`ReadBuffer`] keeps what is not used yet.
//! - **Readiness is told once** (epoll is used edge-triggered). So the connection notes in
//!   `may_read` and `may_write` what it has been told, and clears a note only when a call says
//!   that there is nothing more.
//! - **Closing can destroy what was sent.** If a socket is closed while bytes from the client are
//!   unread, the kernel sends a reset, and the client may lose our answer before it reads it
//!   (RFC 9112 section 9.6). So after an early answer the connection *lingers*: it tells the client
//!   that no more will come, and reads on, away, until the client has closed, too.

use super::body::{BodyReader, known_length};
use super::buffer::ReadBuffer;
use super::events::{MAX_STORY_BODY, MAX_STORY_HEAD, Observer, Pending, Receiving, Story};
use super::transmit::{ENOUGH, Progress, SMALL_FILE, Transmission};
use super::transport::Transport;
use super::{Arrival, Options, Responder};
use crate::answer::{self, Admission, Begun, Body, FilePart, Response, Source, Stream};
use crate::base::budget::{Budget, Share};
use crate::base::trace::{self, Rfc};
use crate::http::chunked;
use crate::http::client::Client;
use crate::http::framing::{self, Framing};
use crate::http::request::{HeadScanner, MAX_REQUEST_LINE, Version};
use crate::http::response::{Framing as ResponseFraming, Head};
use crate::http::{Headers, Method, Refusal, Request, Status, date};
use crate::site::error_page;
use std::collections::VecDeque;
use std::io;
use std::net::IpAddr;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a client that has just connected is taken to be about to speak.
pub(super) const TIME_TO_SPEAK: Duration = Duration::from_secs(1);

/// How long and how far to read on after the last response.
const LINGER_TIME: Duration = Duration::from_secs(5);
const MAX_LINGER_BYTES: u64 = 16 * 1024 * 1024;

/// How long when the server stops: a client that never closes must not keep it from that.
const LINGER_TIME_AT_STOP: Duration = Duration::from_secs(1);

/// What a connection may have sent in all to be closed without lingering. It counts from the
/// connection's beginning, which errs on the side of lingering.
const ON_ITS_WAY_AT_ONCE: u64 = 16 * 1024;

/// How long a client may pause within a body that nobody wants. Most send it right behind the head; then
/// it is read past, and the connection stays good for the next request.
const PAUSE_IN_UNWANTED: Duration = Duration::from_millis(300);

/// How many exchanges of one connection may wait to be sent before that is done.
const MAX_PENDING: usize = 64;

/// How long until a stream that had nothing to give is asked again.
const MOMENT: Duration = Duration::from_millis(50);

/// How many bytes may be sent and how many steps taken in one turn, before other connections of
/// the same worker get theirs.
const SEND_BUDGET: usize = 1024 * 1024;
const STEP_BUDGET: usize = 256;

/// A connection and all that is known of it.
#[derive(Debug)]
pub struct Connection<T> {
    transport: T,
    client: Client,
    /// Its number, for the observer, and how many requests were answered on it.
    number: u64,
    answered: u32,
    state: State,
    /// What has arrived and could not be used yet.
    leftover: Vec<u8>,
    outgoing: Transmission,
    /// The body that is being made while it is sent. Until it ends nothing is received.
    stream: Option<Streaming>,
    /// The socket may have something for us to read.
    may_read: bool,
    /// The socket may take something to send.
    may_write: bool,
    /// The client has said that it will send no more; what it sent before is still to be read.
    client_finished: bool,
    /// This response is the last one.
    closing: bool,
    /// The client has sent more than we have read, or may be sending still.
    linger: bool,
    /// What the connection waits for, and until when.
    waiting_for: WaitingFor,
    deadline: Instant,
    /// When the first byte of the current request arrived; before the first, when the client
    /// connected.
    request_began: Instant,
    /// We were told that there is something to read, and have not looked since.
    told_of_input: bool,
    /// The next request to be answered had begun to arrive when this turn began.
    began_before_turn: bool,
    /// When something was last read.
    last_read: Instant,
    /// Until when a body must be whole that nobody wants, if it is waited for.
    body_until: Instant,
    /// Exchanges whose answers are not wholly sent, for the observer.
    pending: VecDeque<Pending>,
    /// Who sends the current request, if that was proven.
    user: Option<Vec<u8>>,
    /// For whom it is sent, as a trusted proxy says.
    forwarded: Option<IpAddr>,
    /// What was decided of the current request in turns before this one.
    steps: Vec<trace::Step>,
}

#[derive(Debug)]
enum State {
    /// What is there so far is the beginning of a head, or nothing.
    ReceivingHead(HeadScanner),
    /// The head is the first bytes in the buffer, and those behind it belong to a body.
    ReceivingBody { head: Range<usize>, body: BodyReader },
    /// The head is there, and nobody knows yet whether the request may be answered.
    Deciding { head: Range<usize> },
    /// The last response is on its way.
    SendingLast,
    /// It is sent; so many bytes more of the client's were read away.
    Lingering(u64),
}

/// A body that is made while it is sent.
#[derive(Debug)]
struct Streaming {
    source: Box<dyn Stream>,
    /// Each piece is a chunk; else the connection's end is the body's.
    chunked: bool,
}

/// What a connection waits for; each has its own time limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitingFor {
    /// The other side to agree on how to speak (TLS).
    Agreement,
    /// The first byte of a request.
    Request,
    /// The rest of a head.
    Head,
    /// The rest of a body.
    Body,
    /// More of a body that nobody wants.
    UnwantedBody,
    /// More of a body that somebody takes.
    Upload,
    /// The client to take more of a response.
    Room,
    /// A moment: until the gate knows more, a response's next piece is made, or a fault lets the next
    /// bytes go.
    Moment,
    /// The client to close.
    End,
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
    pub respond: &'a Responder<'a>,
    /// Who is told of exchanges.
    pub observer: Option<&'a mut dyn Observer>,
    /// The limits.
    pub options: &'a Options,
    /// The memory for large answers.
    pub budget: &'a Arc<Budget>,
}

impl Turn<'_> {
    fn wants_stories(&self) -> bool {
        self.observer.as_ref().is_some_and(|observer| observer.wants_stories())
    }
}

/// What is to become of a connection after its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// It waits for its socket or its deadline.
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

/// What follows an answer.
enum Then {
    /// The connection stays open.
    NextRequest,
    /// No answer yet: the body comes first.
    ReceiveBody(BodyReader),
    /// No answer yet: the gate has to be asked again.
    AskAgain,
    /// The answer was the last, as the client wished or was told.
    Close,
    /// The answer was the last, and the client may still be sending.
    CloseEarly,
}

impl<T: Transport> Connection<T> {
    /// A connection that was just accepted. Nothing has been read from it.
    pub fn new(transport: T, client: Client, now: Instant, options: &Options) -> Connection<T> {
        Connection {
            transport,
            client,
            number: 0,
            answered: 0,
            state: State::ReceivingHead(HeadScanner::default()),
            leftover: Vec::new(),
            outgoing: Transmission::default(),
            stream: None,
            may_read: true,
            may_write: true,
            client_finished: false,
            closing: false,
            linger: false,
            waiting_for: WaitingFor::Request,
            deadline: now + options.idle_timeout,
            request_began: now,
            told_of_input: true,
            began_before_turn: true,
            last_read: now,
            body_until: now,
            pending: VecDeque::new(),
            user: None,
            forwarded: None,
            steps: Vec::new(),
        }
    }

    /// Gives it a number, by which its observer knows it.
    #[must_use]
    pub fn numbered(self, number: u64) -> Connection<T> {
        Connection { number, ..self }
    }

    /// Its number; 0 if it has none.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The socket, to register it.
    pub fn transport(&mut self) -> &mut T {
        &mut self.transport
    }

    /// When [`Connection::time_is_up`] is to be called, unless something happens before.
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Whether it waits between two requests, or before the first.
    pub fn is_idle(&self) -> bool {
        self.waiting_for == WaitingFor::Request && self.outgoing.is_empty()
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

    /// No more requests: the response under way, if there is one, is the last.
    pub fn finish(&mut self) {
        self.closing = true;
        if let Some(stream) = &mut self.stream {
            stream.source.stop();
        }
    }

    /// Whether a body is under way that is made while it is sent.
    pub fn is_streaming(&self) -> bool {
        self.stream.is_some()
    }

    /// Whether it was told so.
    pub fn is_finishing(&self) -> bool {
        self.closing
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
        self.transport.tend();
        let next = self.take_steps(turn);
        let has_sent = self.left() != left_before;
        let has_received = self.last_read > read_before && self.may_take_its_time();
        self.outgoing.give_buffer_back(turn.output);
        self.leftover = turn.input.take_rest();
        self.report(turn, next == Next::Close);
        if turn.wants_stories() {
            self.steps.append(&mut trace::take());
        }
        if next != Next::Close {
            self.set_deadline(turn, has_sent || has_received);
        }
        next
    }

    /// The deadline has come.
    pub fn time_is_up(&mut self, turn: &mut Turn<'_>) -> Next {
        match self.waiting_for {
            // A client that has not begun to ask is not told anything: it could take that for the
            // answer to a request that it is just sending.
            WaitingFor::Request => {
                self.take_leave();
                self.abandon(turn)
            }
            // Before the two agree, nothing can be said that the client would understand.
            WaitingFor::Agreement | WaitingFor::End => self.abandon(turn),
            WaitingFor::Moment => {
                self.may_write = true;
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
            WaitingFor::UnwantedBody if turn.now < self.body_until => {
                self.answer_without_body(turn);
                self.advance(turn)
            }
            WaitingFor::Head | WaitingFor::Body | WaitingFor::UnwantedBody | WaitingFor::Upload => {
                self.request_is_late(turn);
                self.advance(turn)
            }
        }
    }

    /// How much of what there is to send has left: it changes with each byte.
    fn left(&self) -> (u64, usize) {
        (self.outgoing.sent(), self.transport.on_the_way())
    }

    /// Tells the client that nothing is missing and nothing follows; where there is no room for that,
    /// nobody waits for it. All that there was to send is sent.
    pub fn take_leave(&mut self) {
        let _ = self.transport.take_leave();
    }

    /// Ends the connection as it is.
    pub fn abandon(&mut self, turn: &mut Turn<'_>) -> Next {
        self.report(turn, true);
        Next::Close
    }

    fn request_is_late(&mut self, turn: &mut Turn<'_>) {
        turn.input.load(&std::mem::take(&mut self.leftover));
        let refusal = Refusal::new(Status::REQUEST_TIMEOUT, "the request did not arrive in time");
        let then = match &self.state {
            State::ReceivingBody { head, .. } => {
                let head = head.clone();
                let request = parse_again(&turn.input.filled()[head]);
                self.refuse(turn, Some(&request), &refusal)
            }
            _ => self.refuse(turn, None, &refusal),
        };
        self.go_to(then, turn, 0..0);
    }

    /// A body that nobody wants does not come: the answer does not depend on it, so the client need not
    /// wait for that until it is late.
    fn answer_without_body(&mut self, turn: &mut Turn<'_>) {
        turn.input.load(&std::mem::take(&mut self.leftover));
        let State::ReceivingBody { head, .. } = &self.state else { unreachable!("it waits for a body") };
        let head = head.clone();
        let then = {
            let request = parse_again(&turn.input.filled()[head]);
            trace::step("body", Rfc(9110, "6.4"), || {
                "it does not come, and nobody wants it: the client gets the answer without it".to_owned()
            });
            self.respond_early(turn, &request)
        };
        self.go_to(then, turn, 0..0);
    }

    fn take_steps(&mut self, turn: &mut Turn<'_>) -> Next {
        let mut send_budget = SEND_BUDGET;
        for _ in 0..STEP_BUDGET {
            let step = match self.state {
                _ if self.is_enough() => self.send(&mut send_budget),
                _ if self.stream.is_some() => self.stream(&mut send_budget),
                State::ReceivingHead(_) => self.receive_head(turn, &mut send_budget),
                State::ReceivingBody { .. } => self.receive_body(turn, &mut send_budget),
                State::Deciding { .. } => self.decide(turn, &mut send_budget),
                State::SendingLast => self.send_last(&mut send_budget),
                State::Lingering(_) => self.read_away(turn),
            };
            if let Step::Stop(next) = step {
                return next;
            }
        }
        Next::Again
    }

    /// Whether it is time to send rather than to answer the next request. Small answers that observers
    /// want to know all about take more memory than what is to be sent of them.
    fn is_enough(&self) -> bool {
        self.outgoing.is_enough() || (self.pending.len() >= MAX_PENDING && !self.outgoing.is_empty())
    }

    // ---- receiving

    fn receive_head(&mut self, turn: &mut Turn<'_>, send_budget: &mut usize) -> Step {
        let State::ReceivingHead(scanner) = &mut self.state else { unreachable!("called in this state") };
        match scanner.find_end(turn.input.filled()) {
            Ok(None) => return self.receive(turn, send_budget),
            Ok(Some(head)) => {
                let then = self.head_is_whole(turn, &head);
                self.go_to(then, turn, head);
            }
            Err(refusal) => {
                let then = self.refuse(turn, None, &refusal);
                self.go_to(then, turn, 0..0);
            }
        }
        Step::GoOn
    }

    /// A head is whole: refuse it, or see what is to be done with it.
    fn head_is_whole(&mut self, turn: &Turn<'_>, head: &Range<usize>) -> Then {
        if self.answered == 0
            && let Some(agreement) = self.transport.agreement()
        {
            trace::step("TLS", Rfc(8446, "2"), || agreement);
        }
        match Request::parse(&turn.input.filled()[head.clone()]) {
            Ok(request) if self.transport.is_plain_by_mistake() => self.send_to_https(turn, &request),
            Ok(request) => {
                if let Some(proxies) = &turn.options.proxies {
                    self.forwarded = self.client.asks_for(&request.fields, proxies);
                }
                self.consider(turn, &request)
            }
            Err(refusal) => self.refuse(turn, None, &refusal),
        }
    }

    /// Nothing of the site is said in the clear: a client that reads goes to https, and who wanted something
    /// changed is told, since what it sent has been seen by all between.
    fn send_to_https(&mut self, turn: &Turn<'_>, request: &Request<'_>) -> Then {
        if matches!(request.method, Method::Get | Method::Head)
            && let Some(location) = request.location_in_https()
        {
            trace::step("https", Rfc(9110, "15.4.9"), || {
                format!("this port speaks HTTPS: off to {}", trace::quote(location.as_bytes()))
            });
            let mut headers = Headers::default();
            headers.push("Location", location);
            // The port may speak http again another day.
            headers.push("Cache-Control", "no-cache");
            let response = Response { status: Status::PERMANENT_REDIRECT, headers, body: Body::Empty };
            return self.answer_early(turn, request, response);
        }
        let host = String::from_utf8_lossy(request.fields.get("host").unwrap_or(b"..."));
        let why = format!("this port speaks HTTPS: ask for https://{host} instead");
        self.refuse(turn, Some(request), &Refusal::bad_request(why).by(Rfc(9110, "4.2.2")))
    }

    /// The gate did not know yet whether this request may be answered.
    fn decide(&mut self, turn: &mut Turn<'_>, send_budget: &mut usize) -> Step {
        // The answers before this one need not wait for it.
        if !self.outgoing.is_empty() {
            return self.send(send_budget);
        }
        let State::Deciding { head } = &self.state else { unreachable!("called in this state") };
        let head = head.clone();
        let then = {
            let request = parse_again(&turn.input.filled()[head.clone()]);
            self.consider(turn, &request)
        };
        if matches!(then, Then::AskAgain) {
            return Step::Stop(Next::Wait);
        }
        self.go_to(then, turn, head);
        Step::GoOn
    }

    /// Turns a request away, answers it, or receives its body first.
    fn consider(&mut self, turn: &Turn<'_>, request: &Request<'_>) -> Then {
        let framing = Framing::of(request).and_then(|body| Ok((body, framing::expects_continue(request)?)));
        self.user = None;
        if let Some(gate) = &turn.options.gate {
            match gate.admit(request, self.asker(), self.arrival(turn).time) {
                Admission::Welcome(user) => self.user = Some(user),
                Admission::NotYet => return Then::AskAgain,
                Admission::TurnedAway(response) => {
                    let is_whole = framing == Ok((Framing::None, false)) && request.method != Method::Connect;
                    return if is_whole {
                        self.answer(turn, request, response)
                    } else {
                        self.answer_early(turn, request, response)
                    };
                }
            }
        }
        if let Ok((body, expects_continue)) = framing
            && let Some(begun) = self.begin_upload(turn, request, body)
        {
            return self.upload(turn, request, body, expects_continue, begun);
        }
        match framing {
            // What follows a CONNECT may be meant for the tunnel that it did not get.
            Ok(_) if request.method == Method::Connect => self.respond_early(turn, request),
            Ok((Framing::None, _)) => self.respond(turn, request),
            // The client waits to be told to send its body. What the site answers does not depend on
            // one (only the inspector's composer reads bodies, and its page never waits), so the client
            // gets the answer instead, and closing tells it not to send (RFC 9110 section 10.1.1).
            Ok((_, true)) => {
                trace::step("continue", Rfc(9110, "10.1.1"), || {
                    "the body is not waited for: the client gets the answer instead".to_owned()
                });
                self.respond_early(turn, request)
            }
            Ok((framing, false)) => {
                let keep = self.kept_of_body(turn, request);
                match BodyReader::new(framing, keep) {
                    Some(body) if keep > 0 || request.method.ignores_content() => Then::ReceiveBody(body),
                    Some(body) => Then::ReceiveBody(body.unwanted()),
                    None => self.respond_early(turn, request),
                }
            }
            Err(refusal) => self.refuse(turn, Some(request), &refusal),
        }
    }

    /// Who sends the current request, as far as it can be told.
    fn asker(&self) -> Client {
        self.forwarded.map_or(self.client, Client::from)
    }

    /// How much of a request's body is kept for its answer: of what is the server's own, and only for
    /// this machine, since others could make it keep very much.
    fn kept_of_body(&self, turn: &Turn<'_>, request: &Request<'_>) -> usize {
        match &turn.options.internal {
            Some(internal)
                if request.method == Method::Post
                    && self.client.is_loopback()
                    && internal.is_asked_for(request, &turn.options.base) =>
            {
                internal.keep_bodies
            }
            _ => 0,
        }
    }

    /// Asks whether the body is one that somebody takes.
    fn begin_upload(&self, turn: &Turn<'_>, request: &Request<'_>, framing: Framing) -> Option<Begun> {
        turn.options.uploads.as_ref()?.begin(request, self.client, known_length(framing))
    }

    /// Receives a body that is taken, or answers without it.
    fn upload(
        &mut self,
        turn: &Turn<'_>,
        request: &Request<'_>,
        framing: Framing,
        expects_continue: bool,
        begun: Begun,
    ) -> Then {
        match begun {
            Begun::Take(receiver) => {
                if expects_continue {
                    trace::step("continue", Rfc(9110, "10.1.1"), || {
                        "the client waits to be told to send its body: 100 Continue".to_owned()
                    });
                    self.outgoing.push_with(|out| out.extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n"));
                }
                Then::ReceiveBody(BodyReader::for_receiver(framing, receiver))
            }
            Begun::Answer(response) if framing == Framing::None => self.answer(turn, request, response),
            Begun::Answer(response) => self.answer_early(turn, request, response),
        }
    }

    fn receive_body(&mut self, turn: &mut Turn<'_>, send_budget: &mut usize) -> Step {
        let State::ReceivingBody { head, body } = &mut self.state else {
            unreachable!("called in this state")
        };
        let head = head.clone();
        let is_upload = body.has_receiver();
        let read = body.read(&turn.input.filled()[head.end..]);
        let is_too_large = body.is_too_large();
        let receiver = if matches!(read, Ok((_, true))) { body.take_receiver() } else { None };
        if let Ok((eaten, _)) = read {
            turn.input.consume_behind(head.end, eaten);
            // What is on its way to a disk is budgeted like what comes from there.
            *send_budget = send_budget.saturating_sub(if is_upload { eaten } else { 0 });
        }
        if matches!(read, Ok((_, false))) && !is_too_large {
            return if *send_budget == 0 { Step::Stop(Next::Again) } else { self.receive(turn, send_budget) };
        }
        trace::step("body", Rfc(9110, "6.4"), || match &read {
            Ok((_, true)) if receiver.is_some() => "all of it is there".to_owned(),
            Ok((_, true)) if !is_too_large => "read to its end".to_owned(),
            Ok(_) => "longer than is worth reading past".to_owned(),
            Err(_) => "not read any further".to_owned(),
        });
        let then = {
            let request = parse_again(&turn.input.filled()[head.clone()]);
            match (read, receiver) {
                (Ok(_), Some(receiver)) => {
                    let response = receiver.finish(&request);
                    self.answer(turn, &request, response)
                }
                // Whether the end arrived with the byte that was too much makes no difference.
                (Ok((_, true)), None) if !is_too_large => self.respond(turn, &request),
                (Ok(_), None) => self.respond_early(turn, &request),
                (Err(refusal), _) => self.refuse(turn, Some(&request), &refusal),
            }
        };
        self.go_to(then, turn, head);
        Step::GoOn
    }

    /// Nothing can be done with what is there. Send what is waiting to be sent, then read.
    fn receive(&mut self, turn: &mut Turn<'_>, send_budget: &mut usize) -> Step {
        if !self.outgoing.is_empty() {
            return self.send(send_budget);
        }
        if self.closing && !self.is_receiving_an_upload() {
            self.state = State::SendingLast;
            return Step::GoOn;
        }
        let is_first = turn.input.filled().is_empty();
        let step = self.read(turn.input);
        if is_first && !turn.input.filled().is_empty() {
            self.request_began = turn.now;
        }
        step
    }

    /// One read, if there may be something to read.
    fn read(&mut self, input: &mut ReadBuffer) -> Step {
        if !self.may_read {
            return Step::Stop(Next::Wait);
        }
        let room = input.room();
        let size = room.len();
        match self.transport.read(room) {
            Ok(0) => {
                self.take_leave();
                Step::Stop(Next::Close)
            }
            Ok(count) => {
                input.grow(count);
                self.last_read = Instant::now();
                // Less than there was room for: that was all, and the next byte will be told of.
                // But the end of the stream is told of only once, and is still to be read.
                self.may_read = count == size || self.client_finished || self.transport.may_hold_more();
                Step::GoOn
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.may_read = false;
                Step::Stop(Next::Wait)
            }
            // It may have been work without any bytes to show for it (TLS): others have their turn.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Step::Stop(Next::Again),
            // It spoke to break the rules of TLS, and was told. To close at once could take that back.
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                self.linger = true;
                self.state = State::SendingLast;
                Step::GoOn
            }
            Err(_) => Step::Stop(Next::Close),
        }
    }

    // ---- responding

    fn is_receiving_an_upload(&self) -> bool {
        matches!(&self.state, State::ReceivingBody { body, .. } if body.has_receiver())
    }

    /// Whether what it receives may take as long as it likes, as long as it moves; a body that nobody
    /// wants no longer than another.
    fn may_take_its_time(&self) -> bool {
        matches!(&self.state, State::ReceivingBody { body, .. } if body.has_receiver() || !body.is_wanted())
    }

    /// Answers a request whose body, if it had one, is read.
    fn respond(&mut self, turn: &Turn<'_>, request: &Request<'_>) -> Then {
        let response = (turn.respond)(request, &self.arrival(turn));
        self.answer(turn, request, response)
    }

    /// Queues the answer to a request that is read to its end.
    fn answer(&mut self, turn: &Turn<'_>, request: &Request<'_>, response: Response) -> Then {
        let ends_with_connection =
            matches!(response.body, Body::Stream(_)) && request.version == Version::Http10;
        let keep_alive = !self.closing && !ends_with_connection && request.allows_keep_alive();
        trace::step("connection", Rfc(9112, "9.3"), || {
            let version = request.version.as_str();
            match (keep_alive, request.version) {
                (true, Version::Http11) => format!("stays open for the next request, as usual in {version}"),
                (true, Version::Http10) => format!("stays open, as the client asks in {version}"),
                (false, _) if self.closing => "closes: the server is about to stop".to_owned(),
                (false, Version::Http11) => "closes, as the client asks".to_owned(),
                (false, Version::Http10) => format!("closes, as usual in {version}"),
            }
        });
        self.queue(turn, Some(request), response, keep_alive);
        if keep_alive && !self.outgoing.is_broken() { Then::NextRequest } else { Then::Close }
    }

    /// Of the request that is to be answered. Mostly it is the reason for this turn, and so had
    /// begun to arrive before it. Those behind it may have been sent since, and read with it.
    fn arrival(&self, turn: &Turn<'_>) -> Arrival<'_> {
        let time = if self.began_before_turn { turn.now } else { self.last_read.max(turn.now) };
        let body = match &self.state {
            State::ReceivingBody { body, .. } if !body.is_too_large() => Some(body.kept()),
            _ => None,
        };
        Arrival { time, client: self.client, body }
    }

    /// Answers without having read the body, and so for the last time: where the next request
    /// would start is not known.
    fn respond_early(&mut self, turn: &Turn<'_>, request: &Request<'_>) -> Then {
        let response = (turn.respond)(request, &self.arrival(turn));
        self.answer_early(turn, request, response)
    }

    /// Queues the answer to a request that is not read to its end.
    fn answer_early(&mut self, turn: &Turn<'_>, request: &Request<'_>, response: Response) -> Then {
        trace::step("connection", Rfc(9112, "9.6"), || {
            "closes: what follows the head is not read, and so nobody knows where a next request begins"
                .to_owned()
        });
        self.queue(turn, Some(request), response, false);
        Then::CloseEarly
    }

    /// Answers what cannot be answered otherwise, for the last time.
    fn refuse(&mut self, turn: &Turn<'_>, request: Option<&Request<'_>>, refusal: &Refusal) -> Then {
        let response = if let Some(request) = request {
            error_page::respond(&request.fields, refusal, &turn.options.base)
        } else {
            refusal.record();
            error_page::as_line(refusal)
        };
        trace::step("connection", Rfc(9112, "9.6"), || {
            "closes: after this, nobody can be sure where a next request would begin".to_owned()
        });
        self.queue(turn, request, response, false);
        Then::CloseEarly
    }

    /// Queues a response: its head, and its body unless the request was HEAD.
    fn queue(
        &mut self,
        turn: &Turn<'_>,
        request: Option<&Request<'_>>,
        response: Response,
        keep_alive: bool,
    ) {
        // Of a request that was not understood as a whole, so much may be plain.
        let line = request.map_or_else(|| first_line(turn.input.filled()), |request| request.line);
        let line = &line[..line.len().min(MAX_REQUEST_LINE)];
        let is_internal = request.is_some_and(|request| {
            turn.options.internal.is_some_and(|internal| internal.is_asked_for(request, &turn.options.base))
        });
        self.transport.spare(is_internal);
        let is_head = line.starts_with(b"HEAD ");
        let (response, share) = if is_head { (response, None) } else { within_budget(turn, response) };
        let request_version = request.map_or(Version::Http11, |request| request.version);
        let framing = match (response.body.length(), request_version) {
            (Some(length), _) => ResponseFraming::Length(length),
            (None, Version::Http11) => ResponseFraming::Chunked,
            (None, Version::Http10) => ResponseFraming::UntilClose,
        };
        let head = Head {
            status: response.status,
            headers: &response.headers,
            framing,
            date: turn.date,
            keep_alive,
            request_version,
            own: &turn.options.fields,
        };
        self.began_before_turn = false;
        self.answered += 1;
        record_sending(&response.body, is_head, self.transport.sends_files());
        let wants_story = turn.wants_stories();
        let mut rendered = Vec::new();
        self.outgoing.push_with(|out| {
            let starts = out.len();
            head.render(out);
            if turn.options.faults.are_any() && !is_internal {
                let mut head = out.split_off(starts);
                turn.options.faults.spoil(&mut head);
                out.append(&mut head);
            }
            if wants_story {
                rendered = out[starts..].to_vec();
            }
        });
        // All that was recorded until here belongs to this exchange.
        let body_start = || if is_head { Vec::new() } else { response.body.start(MAX_STORY_BODY) };
        let story = wants_story.then(|| Box::new(self.story(turn, rendered, body_start())));
        let body_starts = self.outgoing.queued();
        match response.body {
            _ if is_head => {}
            Body::Stream(mut source) => {
                if self.closing {
                    source.stop();
                }
                self.stream = Some(Streaming { source, chunked: framing == ResponseFraming::Chunked });
            }
            body => self.outgoing.push_body(body),
        }
        if let Some(share) = share {
            self.outgoing.hold(share);
        }
        if let Some(observer) = &turn.observer {
            let ends = if self.stream.is_some() { u64::MAX } else { self.outgoing.queued() };
            let body = body_starts..ends;
            let (number, began) = (self.answered, self.request_began);
            let mut exchange = Pending::new(number, line, response.status, began, body, story);
            if observer.wants_text() {
                exchange = exchange.with_text(line, request.map(|request| &request.fields));
            }
            self.pending.push_back(exchange.asked_by(self.forwarded.take(), self.user.take(), is_internal));
        }
    }

    /// What can be seen of the exchange whose answer is about to be sent.
    fn story(&mut self, turn: &Turn<'_>, response: Vec<u8>, body_start: Vec<u8>) -> Story {
        let mut steps = std::mem::take(&mut self.steps);
        steps.append(&mut trace::take());
        let bytes = turn.input.filled();
        let head = trace::silently(|| HeadScanner::default().find_end(bytes));
        let request = &bytes[..head.ok().flatten().map_or(bytes.len(), |head| head.end)];
        let now = Instant::now();
        Story {
            request: request[..request.len().min(MAX_STORY_HEAD)].to_vec(),
            response,
            body_start,
            steps,
            began: self.request_began.min(self.last_read),
            arrived: self.last_read,
            decided: now,
            ended: now,
        }
    }

    /// Leaves the request behind whose head this is.
    fn go_to(&mut self, then: Then, turn: &mut Turn<'_>, head: Range<usize>) {
        match then {
            Then::NextRequest => {
                turn.input.consume(head.end);
                self.request_began = turn.now;
                self.state = State::ReceivingHead(HeadScanner::default());
            }
            Then::ReceiveBody(body) => self.state = State::ReceivingBody { head, body },
            Then::AskAgain => self.state = State::Deciding { head },
            Then::Close => {
                self.linger = turn.input.filled().len() > head.end;
                self.state = State::SendingLast;
            }
            Then::CloseEarly => {
                self.linger = true;
                self.state = State::SendingLast;
            }
        }
        if matches!(self.state, State::SendingLast) {
            turn.input.consume(turn.input.filled().len());
        }
    }

    // ---- sending

    /// Sends what is there of a body that is made while it is sent, and asks for more.
    fn stream(&mut self, budget: &mut usize) -> Step {
        if !self.outgoing.is_empty() {
            return self.send(budget);
        }
        let stream = self.stream.as_mut().expect("called with one");
        match stream.source.next() {
            answer::Next::Piece(piece) => {
                if stream.chunked {
                    self.outgoing.push_with(|out| chunked::encode(&piece, out));
                } else {
                    self.outgoing.push_with(|out| out.extend_from_slice(&piece));
                }
                // To make a piece can be work: others have their turn before the next.
                return match self.send(budget) {
                    Step::GoOn => Step::Stop(Next::Again),
                    stop @ Step::Stop(_) => stop,
                };
            }
            answer::Next::Busy => return Step::Stop(Next::Again),
            answer::Next::Broken => return Step::Stop(Next::Close),
            // A client that has said that it will send no more has mostly gone; a stream that may have
            // nothing to say for ever would never find out.
            answer::Next::NotYet if self.client_finished && stream.source.is_endless() => {
                return Step::Stop(Next::Close);
            }
            answer::Next::NotYet => return Step::Stop(Next::Wait),
            answer::Next::End => {
                if stream.chunked {
                    self.outgoing.push_with(|out| out.extend_from_slice(chunked::LAST_CHUNK));
                }
                self.stream = None;
                if let Some(exchange) = self.pending.back_mut() {
                    exchange.finish(self.outgoing.queued());
                }
            }
        }
        Step::GoOn
    }

    /// Sends what is queued; goes on when all of it is sent.
    fn send(&mut self, budget: &mut usize) -> Step {
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

    fn send_last(&mut self, budget: &mut usize) -> Step {
        if !self.outgoing.is_empty() {
            return self.send(budget);
        }
        // A small answer to a client that has sent all that it had to is safe: its bytes are on
        // their way at once. Of a large one much is still here, and would be lost with a reset.
        let may_be_lost = self.linger || self.may_read || self.outgoing.sent() > ON_ITS_WAY_AT_ONCE;
        match self.transport.take_leave() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Step::Stop(Next::Wait),
            Err(_) => return Step::Stop(Next::Close),
            Ok(()) if !may_be_lost => return Step::Stop(Next::Close),
            Ok(()) => {}
        }
        if self.transport.finish_writing().is_err() {
            return Step::Stop(Next::Close);
        }
        self.state = State::Lingering(0);
        Step::GoOn
    }

    /// After the last response: whatever else comes is read and forgotten.
    fn read_away(&mut self, turn: &mut Turn<'_>) -> Step {
        let step = self.read(turn.input);
        let count = turn.input.filled().len();
        turn.input.consume(count);
        let State::Lingering(bytes) = &mut self.state else { unreachable!("called in this state") };
        *bytes += count as u64;
        if *bytes > MAX_LINGER_BYTES { Step::Stop(Next::Close) } else { step }
    }

    // ---- time

    /// What it waits for decides how long it may.
    fn set_deadline(&mut self, turn: &Turn<'_>, has_moved: bool) {
        let waiting_for = match &self.state {
            _ if !self.outgoing.is_empty() && !self.transport.is_held_back() => WaitingFor::Room,
            _ if !self.outgoing.is_empty() || self.stream.is_some() => WaitingFor::Moment,
            State::ReceivingHead(_) if !self.transport.is_agreed() => WaitingFor::Agreement,
            State::ReceivingHead(_) if self.leftover.is_empty() => WaitingFor::Request,
            State::ReceivingHead(_) => WaitingFor::Head,
            State::ReceivingBody { body, .. } if body.has_receiver() => WaitingFor::Upload,
            State::ReceivingBody { body, .. } if body.is_wanted() => WaitingFor::Body,
            State::ReceivingBody { .. } => WaitingFor::UnwantedBody,
            State::Deciding { .. } => WaitingFor::Moment,
            State::SendingLast => WaitingFor::Room,
            State::Lingering(_) => WaitingFor::End,
        };
        if self.closing && waiting_for == WaitingFor::End {
            let soon = turn.now + LINGER_TIME_AT_STOP;
            let has_lingered = self.waiting_for == WaitingFor::End;
            self.deadline = if has_lingered { soon.min(self.deadline) } else { soon };
            self.waiting_for = waiting_for;
            return;
        }
        // A head has to arrive within its time, however steadily its bytes drip in; a response, or an
        // upload, may take as long as it likes, as long as it moves.
        if waiting_for == self.waiting_for && waiting_for != WaitingFor::Moment && !has_moved {
            return;
        }
        let options = turn.options;
        if waiting_for != self.waiting_for {
            self.body_until = turn.now + options.head_timeout;
        }
        self.waiting_for = waiting_for;
        self.deadline = match waiting_for {
            WaitingFor::Request => turn.now + options.idle_timeout,
            WaitingFor::Agreement | WaitingFor::Head | WaitingFor::Body => turn.now + options.head_timeout,
            WaitingFor::UnwantedBody => self.body_until.min(turn.now + PAUSE_IN_UNWANTED),
            WaitingFor::Room | WaitingFor::Upload => turn.now + options.send_timeout,
            WaitingFor::Moment => turn.now + MOMENT,
            WaitingFor::End => turn.now + LINGER_TIME,
        };
    }

    // ---- telling

    /// Tells the observer of exchanges that are over, or of all if the connection is.
    fn report(&mut self, turn: &mut Turn<'_>, closed: bool) {
        let Some(observer) = &mut turn.observer else { return };
        let sent = self.outgoing.sent();
        while let Some(first) = self.pending.front()
            && (closed || first.is_over(sent))
        {
            let first = self.pending.pop_front().expect("there is a first");
            observer.observe(&first.end(self.number, self.client, sent), turn.now);
        }
        if let Some(first) = self.pending.front() {
            observer.progress(&first.under_way(self.number, self.client, sent), turn.now);
        } else if let State::ReceivingBody { head, body } = &self.state
            && body.has_receiver()
            && let Some(head) = self.leftover.get(head.clone())
        {
            let (received, length) = body.progress();
            observer.receiving(
                &Receiving {
                    connection: self.number,
                    number: self.answered + 1,
                    client: self.asker(),
                    request_line: first_line(head),
                    received,
                    length,
                    began: self.request_began,
                },
                turn.now,
            );
        }
    }
}

/// A head that has been parsed before, while its body was still to come.
fn parse_again(head: &[u8]) -> Request<'_> {
    trace::silently(|| Request::parse(head)).expect("it was parsed before")
}

/// Records how a body gets onto the wire.
fn record_sending(body: &Body, is_head: bool, sends_files: bool) {
    trace::step("sending", None, || match body {
        _ if is_head => "HEAD: the head says how long the body would be, and the body stays here".to_owned(),
        Body::Empty => "a head and no body".to_owned(),
        Body::Bytes(bytes) => {
            format!("the head, and behind it {} bytes that were made just now", bytes.len())
        }
        Body::File(FilePart { source: Source::Memory(_), range }) => {
            format!("the head, and behind it {} bytes from memory", range.end - range.start)
        }
        Body::File(part) if part.length() <= SMALL_FILE => {
            format!("the head, and behind it, in the same write, {} bytes read from the file", part.length())
        }
        Body::File(part) if sends_files => format!(
            "the head, and then {} bytes that the kernel takes from the file itself (sendfile), a piece at a time",
            part.length()
        ),
        Body::File(part) => format!(
            "the head, and then {} bytes, read from the file and encrypted a piece at a time",
            part.length()
        ),
        Body::Pieces(pieces) => format!("the head, and then {} pieces", pieces.len()),
        Body::Stream(_) => "the head, and then what is made while it is sent".to_owned(),
    });
}

/// The response with its share of the memory for large ones; another if there is none left.
fn within_budget(turn: &Turn<'_>, response: Response) -> (Response, Option<Share>) {
    let taken = response.body.memory();
    if taken < ENOUGH {
        return (response, None);
    }
    let share = turn.budget.take(taken);
    if share.is_some() {
        return (response, share);
    }
    (error_page::try_again("too many large answers wait to be read by others; try again in a moment"), None)
}

/// The first line of what is there, behind an empty one; what of it has arrived.
fn first_line(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.strip_prefix(b"\r\n").unwrap_or(bytes);
    bytes.split(|byte| b"\r\n".contains(byte)).next().unwrap_or_default()
}

#[cfg(test)]
mod tests;
