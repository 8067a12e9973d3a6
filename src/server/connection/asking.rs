//! From a complete head to the application, and from its answer to what the connection does next.
//!
//! The plain case: [`Connection::ask`] parses the head, asks [`Application::begin`](crate::server::Application::begin), and
//! queues the response that it gives. A request that has a body takes one of two ways more: somebody takes the body, or
//! it is read past.

use super::states::Change;
use super::telling::{Told, first_line};
use super::{Connection, Turn};
use crate::answer::{Arrival, Begin, Body, Receiver, Response};
use crate::base::budget::Share;
use crate::base::trace::{self, Rfc};
use crate::http::framing::{self, Framing};
use crate::http::request::Version;
use crate::http::{Headers, Method, Refusal, Request, Status};
use crate::server::application::Begun;
use crate::server::body::BodyReader;
use crate::server::events::Exchange;
use crate::server::transmit::ENOUGH;
use crate::server::transport::Transport;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

/// What of a request outlives its head.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) version: Version,
    /// The response has no body, whatever its head says.
    pub(super) is_head: bool,
    /// The client lets the connection stay open.
    pub(super) keep_alive: bool,
    /// See [`Begun::is_internal`].
    pub(super) is_internal: bool,
    /// What observers are told, if there are any.
    pub(super) exchange: Option<Box<Exchange>>,
}

/// The body of a request, on its way in.
#[derive(Debug)]
pub(super) struct Incoming {
    pub(super) asked: Asked,
    pub(super) reader: BodyReader,
    pub(super) taker: Taker,
}

/// Who takes a body.
#[derive(Debug)]
pub(super) enum Taker {
    /// Somebody, who has the answer when it is complete.
    Receiver(Box<dyn Receiver>),
    /// Nobody. This is the answer, with the memory that it takes.
    Nobody(Response, Option<Share>),
}

impl<T: Transport> Connection<T> {
    /// A head is complete: asks what the answer is. Its bytes are `head`, behind an empty line perhaps. What was asked
    /// before is recorded only once.
    pub(super) fn ask(&mut self, turn: &Turn<'_>, head: Range<usize>, again: bool) {
        let bytes = turn.input.filled();
        let silence = again.then(trace::silence);
        self.describe_session();
        // A request is some kilobytes of references into its head. It stays where it was made.
        match &Request::parse(&bytes[head.clone()]) {
            Ok(request) => {
                if let Some(proxies) = &turn.options.proxies {
                    self.forwarded = self.client.asks_for(&request.fields, proxies);
                }
                let framing = Framing::of(request);
                let framing = framing.and_then(|body| Ok((body, framing::expects_continue(request)?)));
                drop(silence);
                let asked = self.asked(turn, Some(request), &bytes[..head.end]);
                if self.transport.tls().is_some_and(|tls| tls.is_plain_http()) {
                    return self.send_to_https(turn, request, asked);
                }
                match framing {
                    Ok((framing, expects_continue)) => {
                        self.consult(turn, request, asked, framing, expects_continue);
                    }
                    Err(refusal) => self.refuse(turn, request, asked, &refusal),
                }
            }
            Err(refusal) => {
                drop(silence);
                self.refuse_unread(turn, refusal, &bytes[..head.end]);
            }
        }
    }

    /// Asks the application.
    fn consult(
        &mut self,
        turn: &Turn<'_>,
        request: &Request<'_>,
        mut asked: Asked,
        framing: Framing,
        expects_continue: bool,
    ) {
        let arrival = Arrival {
            time: self.time_of_arrival(turn),
            client: self.client,
            forwarded: self.forwarded,
            framing,
            wakers: turn.wakers,
        };
        let begun = catch_unwind(AssertUnwindSafe(|| turn.application.begin(request, &arrival)));
        let Ok(Begun { begin, user, is_internal }) = begun else {
            return self.answer_last(turn, asked, after_a_panic(turn), NOBODY_CAN_BE_SURE);
        };
        asked.is_internal = is_internal;
        if let Some(exchange) = &mut asked.exchange {
            (exchange.is_internal, exchange.user) = (is_internal, user);
        }
        match begin {
            Begin::Later => self.change(Change::Postponed),
            Begin::Receive(receiver) => {
                if expects_continue {
                    trace::step("continue", Rfc(9110, "10.1.1"), || {
                        "the client waits to be told to send its body: 100 Continue".to_owned()
                    });
                    self.outgoing.push_with(|out| out.extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n"));
                }
                let (reader, taker) = (BodyReader::to_receive(framing), Taker::Receiver(receiver));
                self.incoming = Some(Box::new(Incoming { asked, reader, taker }));
                self.change(Change::BodyIsTaken);
            }
            // What follows a CONNECT may be meant for the tunnel that it did not get.
            Begin::Answer(response) if request.method == Method::Connect => {
                self.answer_last(turn, asked, response, NOT_READ);
            }
            Begin::Answer(response) if framing == Framing::None => self.answer(turn, asked, response),
            // The client waits to be told to send its body. Nobody takes it, so the client gets the answer instead, and
            // closing tells it not to send (RFC 9110 section 10.1.1).
            Begin::Answer(response) if expects_continue => {
                trace::step("continue", Rfc(9110, "10.1.1"), || {
                    "the body is not waited for: the client gets the answer instead".to_owned()
                });
                self.answer_last(turn, asked, response, NOT_READ);
            }
            Begin::Answer(response) => self.read_past_body(turn, asked, response, framing),
        }
    }

    /// The answer is there, and goes out when the body has been read past.
    fn read_past_body(&mut self, turn: &Turn<'_>, asked: Asked, response: Response, framing: Framing) {
        let Some(reader) = BodyReader::to_discard(framing) else {
            return self.answer_last(turn, asked, response, NOT_READ);
        };
        let (response, share) = if asked.is_head { (response, None) } else { within_budget(turn, response) };
        let taker = Taker::Nobody(response, share);
        self.incoming = Some(Box::new(Incoming { asked, reader, taker }));
        self.change(Change::BodyIsUnwanted);
    }

    /// A body has come to its end, or cannot be read to it: this is the answer.
    pub(super) fn answer_incoming(
        &mut self,
        turn: &Turn<'_>,
        incoming: Incoming,
        result: Result<(), Refusal>,
    ) {
        let Incoming { asked, taker, .. } = incoming;
        match (taker, result) {
            (Taker::Receiver(receiver), result) => {
                let response = catch_unwind(AssertUnwindSafe(|| match &result {
                    Ok(()) => receiver.finish(),
                    Err(refusal) => receiver.refuse(refusal),
                }));
                match (response, result) {
                    (Ok(response), Ok(())) => self.answer(turn, asked, response),
                    (Ok(response), Err(_)) => self.answer_last(turn, asked, response, NOBODY_CAN_BE_SURE),
                    (Err(_), _) => self.answer_last(turn, asked, after_a_panic(turn), NOBODY_CAN_BE_SURE),
                }
            }
            (Taker::Nobody(response, share), Ok(())) => self.answer_with(turn, asked, response, share),
            (Taker::Nobody(..), Err(refusal)) => {
                let response = turn.application.refuse(None, &refusal);
                self.answer_last(turn, asked, response, NOBODY_CAN_BE_SURE);
            }
        }
    }

    /// Refuses a request, for the last time.
    fn refuse(&mut self, turn: &Turn<'_>, request: &Request<'_>, asked: Asked, refusal: &Refusal) {
        let response = turn.application.refuse(Some(request), refusal);
        self.answer_last(turn, asked, response, NOBODY_CAN_BE_SURE);
    }

    /// Answers what is no request, for the last time. `came` is what came in place of one.
    pub(super) fn refuse_unread(&mut self, turn: &Turn<'_>, refusal: &Refusal, came: &[u8]) {
        let asked = self.asked(turn, None, came);
        let response = turn.application.refuse(None, refusal);
        self.answer_last(turn, asked, response, NOBODY_CAN_BE_SURE);
    }

    /// What of a request outlives its head.
    fn asked(&self, turn: &Turn<'_>, request: Option<&Request<'_>>, head: &[u8]) -> Asked {
        let told = Told {
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
        Asked {
            version: request.map_or(Version::Http11, |request| request.version),
            is_head,
            keep_alive: request.is_some_and(Request::allows_keep_alive),
            is_internal: false,
            exchange: self.telling.begin(turn.observers, &told),
        }
    }

    /// Nothing of the site is said in the clear: a client that reads goes to https, and who wanted something
    /// changed is told, since what it sent has been seen by all between.
    fn send_to_https(&mut self, turn: &Turn<'_>, request: &Request<'_>, asked: Asked) {
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
            return self.answer_last(turn, asked, response, NOT_READ);
        }
        let host = String::from_utf8_lossy(request.fields.get("host").unwrap_or(b"..."));
        let why = format!("this port speaks HTTPS: ask for https://{host} instead");
        self.refuse(turn, request, asked, &Refusal::bad_request(why).by(Rfc(9110, "4.2.2")));
    }

    /// By when the request that is to be answered had begun to arrive. Mostly it is the reason for this turn, and so
    /// had begun before it. Those behind it may have been sent since, and read with it.
    fn time_of_arrival(&self, turn: &Turn<'_>) -> Instant {
        if self.began_before_turn { turn.now } else { self.last_read.max(turn.now) }
    }

    /// Records what TLS has agreed on, for the first request.
    fn describe_session(&mut self) {
        if trace::is_on()
            && self.telling.is_first()
            && let Some(session) = self.transport.tls().and_then(|tls| tls.session())
        {
            trace::step("TLS", Rfc(8446, "2"), || session);
        }
    }
}

/// Why a connection closes after an answer.
pub(super) const NOT_READ: &str =
    "closes: what follows the head is not read, and so nobody knows where a next request begins";

/// Why a connection closes after a refusal.
const NOBODY_CAN_BE_SURE: &str = "closes: after this, nobody can be sure where a next request would begin";

/// The answer to a request that made the application panic.
fn after_a_panic(turn: &Turn<'_>) -> Response {
    // It may have switched the steps off, and not on again.
    trace::switch(turn.observers.interests().capture);
    let refusal = Refusal::new(Status::INTERNAL_SERVER_ERROR, "the server has made a mistake");
    refusal.record();
    Response::of_refusal(&refusal)
}

/// The response with its share of the memory for large ones; another if there is none left.
pub(super) fn within_budget(turn: &Turn<'_>, response: Response) -> (Response, Option<Share>) {
    let taken = response.body.memory();
    if taken < ENOUGH {
        return (response, None);
    }
    let share = turn.budget.take(taken);
    if share.is_some() {
        return (response, share);
    }
    let why = "too many large answers wait to be read by others; try again in a moment";
    (turn.application.refuse(None, &Refusal::new(Status::SERVICE_UNAVAILABLE, why)), None)
}
