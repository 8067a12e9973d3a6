//! From a complete head to the application, and from its response to what the connection does next.
//!
//! ```text
//! head ──▶ Request ──▶ Application::begin ──▶ Answer, and there is no body      the plain case: it is queued
//!                                             Answer, and there is a body       DiscardedBody, then it is queued
//!                                             Receive                           Body, then the receiver's is queued
//!                                             Elsewhere                         Undecided, then asked again
//! ```
//!
//! The plain case: [`Connection::ask`] parses the head, `ask_application` asks
//! [`Application::begin`](crate::server::Application::begin), and `answer` queues the response.

use super::reporter::{RequestInfo, first_line};
use super::states::Change;
use super::{Connection, Turn};
use crate::answer::{Arrival, Awaited, Begin, Body, Receiver, Response};
use crate::base::budget::Share;
use crate::base::trace::{self, Rfc};
use crate::http::framing::{self, Framing};
use crate::http::request::{MAX_REQUEST_LINE, Version};
use crate::http::{FieldLines, Method, Refusal, Request, Status};
use crate::server::application::{self, Begun};
use crate::server::body::BodyReader;
use crate::server::events::Exchange;
use crate::server::transmit::FLUSH_SIZE;
use crate::server::transport::Transport;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Poll;
use std::time::Instant;

/// A request in flight: what of it is still needed when its head is gone from the buffer.
#[derive(Debug)]
pub(super) struct InFlight {
    pub(super) version: Version,
    /// The method is HEAD: the response has no body, whatever its head says.
    pub(super) is_head: bool,
    /// The client lets the connection stay open.
    pub(super) keep_alive: bool,
    /// See [`Begun::is_internal`].
    pub(super) is_internal: bool,
    /// What observers are to be told, if there are any.
    pub(super) exchange: Option<Box<Exchange>>,
}

/// What a head says of the body that follows it.
#[derive(Debug, Clone, Copy)]
struct BodyInfo {
    framing: Framing,
    /// The client waits for 100 (Continue) before it sends the body.
    expects_continue: bool,
}

/// A request whose body is being read.
#[derive(Debug)]
pub(super) struct Incoming {
    pub(super) in_flight: InFlight,
    pub(super) reader: BodyReader,
    pub(super) sink: Sink,
}

/// A request whose response is being made elsewhere, and what was said of it already: see [`Begun`].
#[derive(Debug)]
pub(super) struct Postponed {
    awaited: Box<dyn Awaited>,
    user: Option<Vec<u8>>,
    is_internal: bool,
}

impl Postponed {
    /// What comes next. If its response is not to come from elsewhere, the application is asked.
    fn begin(mut self, ask: impl FnOnce() -> Begun) -> Begun {
        let begin = match self.awaited.poll() {
            Poll::Ready(None) => return ask(),
            Poll::Ready(Some(response)) => Begin::Answer(response),
            Poll::Pending => Begin::Elsewhere(self.awaited),
        };
        Begun { begin, user: self.user, is_internal: self.is_internal }
    }
}

/// Where the content of a body goes.
#[derive(Debug)]
pub(super) enum Sink {
    /// To a receiver, which gives the response at its end.
    Receiver(Box<dyn Receiver>),
    /// Nowhere: it is discarded. This is the response, with its share of the memory for large ones.
    Discard(Response, Option<Share>),
}

impl<T: Transport> Connection<T> {
    /// A head is complete: asks for the response. `head` is its place in the input, perhaps behind an empty line. If
    /// the application is asked `again` about a head, what was recorded the first time is not recorded twice.
    pub(super) fn ask(&mut self, turn: &Turn<'_>, head: Range<usize>, again: bool) {
        let bytes = turn.input.filled();
        let silence = again.then(trace::silence);
        self.record_tls_session();
        let mut request = Request::default();
        match request.read(&bytes[head.clone()]) {
            Ok(_) => self.ask_about(turn, &request, head, silence),
            Err(refusal) => {
                drop(silence);
                self.refuse_unread(turn, &refusal, &bytes[..head.end]);
            }
        }
    }

    /// Mostly the input is one whole head and nothing else. Then this asks for the response without looking for the end
    /// of the head first, and returns how long the head is. It finds only what the scanner would find, too, and leaves
    /// all else to that.
    pub(super) fn ask_at_once(&mut self, turn: &Turn<'_>) -> Option<usize> {
        let head = turn.input.filled();
        let may_be_one = head.len() <= MAX_REQUEST_LINE && head.ends_with(b"\r\n\r\n");
        if !may_be_one || trace::is_on() {
            return None;
        }
        let mut request = Request::default();
        if !matches!(request.read(head), Ok([])) {
            return None;
        }
        self.ask_about(turn, &request, 0..head.len(), None);
        Some(head.len())
    }

    /// Asks for the response to a request. Its head is at this place in the input.
    fn ask_about(
        &mut self,
        turn: &Turn<'_>,
        request: &Request<'_>,
        head: Range<usize>,
        silence: Option<trace::Silence>,
    ) {
        let bytes = turn.input.filled();
        if let Some(proxies) = &turn.options.proxies {
            self.forwarded = self.client.asks_for(&request.fields, proxies);
        }
        let body = body_info(request);
        drop(silence);
        let in_flight = self.in_flight(turn, Some(request), &bytes[..head.end]);
        if self.transport.tls().is_some_and(|tls| tls.is_plain_http()) {
            return self.redirect_to_https(turn, request, in_flight);
        }
        match body {
            Ok(body) => self.ask_application(turn, request, &bytes[head], in_flight, body),
            Err(refusal) => self.refuse(turn, request, in_flight, &refusal),
        }
    }

    /// Asks the application, and does what it says.
    fn ask_application(
        &mut self,
        turn: &Turn<'_>,
        request: &Request<'_>,
        head: &[u8],
        mut in_flight: InFlight,
        body: BodyInfo,
    ) {
        let arrival = Arrival {
            time: self.time_of_arrival(turn),
            client: self.client,
            forwarded: self.forwarded,
            framing: body.framing,
            head,
            wakers: turn.wakers,
        };
        let postponed = self.postponed.take();
        let begun = catch_unwind(AssertUnwindSafe(|| match postponed {
            None => turn.application.begin(request, &arrival),
            Some(postponed) => postponed.begin(|| turn.application.begin(request, &arrival)),
        }));
        let Ok(Begun { begin, user, is_internal }) = begun else {
            return self.answer_last(turn, in_flight, internal_error(turn), BOUNDARY_LOST);
        };
        if let Begin::Elsewhere(awaited) = begin {
            self.postponed = Some(Box::new(Postponed { awaited, user, is_internal }));
            return self.change(Change::Postponed);
        }
        in_flight.is_internal = is_internal;
        if let Some(exchange) = &mut in_flight.exchange {
            (exchange.is_internal, exchange.user) = (is_internal, user);
        }
        match begin {
            Begin::Elsewhere(_) => unreachable!("it has returned"),
            Begin::Receive(receiver) => self.accept_body(in_flight, receiver, body),
            // What follows a CONNECT may be meant for the tunnel that the client did not get.
            Begin::Answer(response) if request.method == Method::Connect => {
                self.answer_last(turn, in_flight, response, BODY_UNREAD);
            }
            Begin::Answer(response) if body.framing == Framing::None => {
                self.answer(turn, in_flight, response);
            }
            Begin::Answer(response) => self.discard_body(turn, in_flight, response, body),
        }
    }

    /// A receiver takes the body.
    fn accept_body(&mut self, in_flight: InFlight, receiver: Box<dyn Receiver>, body: BodyInfo) {
        if body.expects_continue {
            trace::decision("continue", Rfc(9110, "10.1.1"), || {
                ("told", "the client waits to be told to send its body: 100 Continue".to_owned())
            });
            self.outgoing.push_with(|out| out.extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n"));
        }
        let (reader, sink) = (BodyReader::to_receive(body.framing), Sink::Receiver(receiver));
        self.incoming = Some(Box::new(Incoming { in_flight, reader, sink }));
        self.change(Change::BodyAccepted);
    }

    /// The response is known, and nobody takes the body. The response is sent when the body has been read; but at once,
    /// and as the last, if the body is too large, or if the client has not begun to send it.
    fn discard_body(&mut self, turn: &Turn<'_>, in_flight: InFlight, response: Response, body: BodyInfo) {
        if body.expects_continue {
            // The client gets the final response in place of 100 (Continue), and the end of the connection tells it not
            // to send the body (RFC 9110 section 10.1.1).
            trace::decision("continue", Rfc(9110, "10.1.1"), || {
                ("refused", "the body is not waited for: the client gets the answer instead".to_owned())
            });
            return self.answer_last(turn, in_flight, response, BODY_UNREAD);
        }
        let Some(reader) = BodyReader::to_discard(body.framing) else {
            return self.answer_last(turn, in_flight, response, BODY_UNREAD);
        };
        let (response, share) = within_budget(turn, &in_flight, response);
        let sink = Sink::Discard(response, share);
        self.incoming = Some(Box::new(Incoming { in_flight, reader, sink }));
        self.change(Change::BodyDiscarded);
    }

    /// A body was read to its end, or cannot be, as `result` says: queues the response.
    pub(super) fn answer_incoming(
        &mut self,
        turn: &Turn<'_>,
        incoming: Incoming,
        result: Result<(), Refusal>,
    ) {
        let Incoming { in_flight, sink, .. } = incoming;
        match (sink, result) {
            (Sink::Receiver(receiver), result) => {
                let response = catch_unwind(AssertUnwindSafe(|| match &result {
                    Ok(()) => receiver.finish(),
                    Err(refusal) => receiver.refuse(refusal),
                }));
                match (response, result) {
                    (Ok(response), Ok(())) => self.answer(turn, in_flight, response),
                    (Ok(response), Err(_)) => self.answer_last(turn, in_flight, response, BOUNDARY_LOST),
                    (Err(_), _) => self.answer_last(turn, in_flight, internal_error(turn), BOUNDARY_LOST),
                }
            }
            (Sink::Discard(response, share), Ok(())) => self.answer_with(turn, in_flight, response, share),
            (Sink::Discard(..), Err(refusal)) => {
                let response = application::refuse(turn.application, None, &refusal);
                self.answer_last(turn, in_flight, response, BOUNDARY_LOST);
            }
        }
    }

    /// Refuses a request. The connection closes.
    #[track_caller]
    fn refuse(&mut self, turn: &Turn<'_>, request: &Request<'_>, in_flight: InFlight, refusal: &Refusal) {
        let response = application::refuse(turn.application, Some(request), refusal);
        self.answer_last(turn, in_flight, response, BOUNDARY_LOST);
    }

    /// Refuses what is not a request: `came` is what came in place of one. The connection closes.
    #[track_caller]
    pub(super) fn refuse_unread(&mut self, turn: &Turn<'_>, refusal: &Refusal, came: &[u8]) {
        let in_flight = self.in_flight(turn, None, came);
        let response = application::refuse(turn.application, None, refusal);
        self.answer_last(turn, in_flight, response, BOUNDARY_LOST);
    }

    /// What is needed of a request when its head is gone.
    fn in_flight(&self, turn: &Turn<'_>, request: Option<&Request<'_>>, head: &[u8]) -> InFlight {
        let info = RequestInfo {
            request,
            head,
            client: self.client,
            forwarded: self.forwarded.filter(|_| request.is_some()),
            began: self.request_began,
        };
        let is_head = match request {
            Some(request) => request.method == Method::Head,
            None => first_line(head).starts_with(b"HEAD "),
        };
        InFlight {
            version: request.map_or(Version::Http11, |request| request.version),
            is_head,
            keep_alive: request.is_some_and(Request::allows_keep_alive),
            is_internal: false,
            exchange: self.reporter.begin(turn.observers, &info),
        }
    }

    /// Answers a request in plain HTTP on a port for TLS. GET and HEAD are redirected to https. Another request is
    /// refused with the reason, so that its user learns that what was sent could be read on its way.
    fn redirect_to_https(&mut self, turn: &Turn<'_>, request: &Request<'_>, in_flight: InFlight) {
        if matches!(request.method, Method::Get | Method::Head)
            && let Some(location) = request.location_in_https()
        {
            trace::decision("https", Rfc(9110, "15.4.9"), || {
                format!("this port speaks HTTPS: redirected to {}", trace::quote(location.as_bytes()))
            });
            let mut headers = FieldLines::default();
            headers.push("Location", location);
            // The port may speak http again another day.
            headers.push("Cache-Control", "no-cache");
            let response = Response { status: Status::PERMANENT_REDIRECT, headers, body: Body::Empty };
            return self.answer_last(turn, in_flight, response, BODY_UNREAD);
        }
        let host = String::from_utf8_lossy(request.fields.get("host").unwrap_or(b"..."));
        let why = format!("this port speaks HTTPS: ask for https://{host} instead");
        self.refuse(
            turn,
            request,
            in_flight,
            &Refusal::bad_request(why).by(Rfc(9110, "4.2.2")).because("https"),
        );
    }

    /// A time at which the request that is to be answered had begun to arrive. Mostly its arrival is the reason for
    /// this turn, and so it began before the turn. Those behind it may have been sent later, and read together with it.
    fn time_of_arrival(&mut self, turn: &Turn<'_>) -> Instant {
        if self.began_before_turn {
            return turn.now;
        }
        (*self.last_read.get_or_insert_with(Instant::now)).max(turn.now)
    }

    /// Records what the TLS handshake has agreed on, before the first request.
    fn record_tls_session(&mut self) {
        if trace::is_on()
            && self.reporter.is_first()
            && let Some(session) = self.transport.tls().and_then(|tls| tls.session())
        {
            trace::decision("TLS", Rfc(8446, "2"), || session);
        }
    }
}

/// What a request says of its body.
fn body_info(request: &Request<'_>) -> Result<BodyInfo, Refusal> {
    let framing = Framing::of(request)?;
    Ok(BodyInfo { framing, expects_continue: framing::expects_continue(request)? })
}

/// Why a connection closes after a response that does not wait for the body.
pub(super) const BODY_UNREAD: &str =
    "closes: what follows the head is not read, and so nobody knows where a next request begins";

/// Why a connection closes after a refusal.
const BOUNDARY_LOST: &str = "closes: after this, nobody can be sure where a next request would begin";

/// The response to a request that made the application panic.
fn internal_error(turn: &Turn<'_>) -> Response {
    // The panic may have come while steps were switched off.
    trace::switch(turn.observers.interests().capture);
    let refusal = Refusal::new(Status::INTERNAL_SERVER_ERROR, "the server has made a mistake");
    Response::refuse(&refusal)
}

/// The response with its share of the memory for large ones; or 503, if there is none left. The body of a response to
/// HEAD is not sent and waits for nobody, and takes no share.
pub(super) fn within_budget(
    turn: &Turn<'_>,
    in_flight: &InFlight,
    response: Response,
) -> (Response, Option<Share>) {
    let taken = response.body.memory();
    if in_flight.is_head || taken < FLUSH_SIZE {
        return (response, None);
    }
    let share = turn.budget.take(taken);
    if share.is_some() {
        return (response, share);
    }
    let why = "too many large answers wait to be read by others; try again in a moment";
    let refusal = Refusal::new(Status::SERVICE_UNAVAILABLE, why);
    (application::refuse(turn.application, None, &refusal), None)
}
