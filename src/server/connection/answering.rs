//! From a response to bytes that are queued.
//!
//! ```text
//! Response ──▶ does the connection stay open? ──▶ head, rendered ──▶ body, or a stream ──▶ Answered, or AnsweredLast
//! ```
//!
//! The plain case: `answer` → `answer_with` (keep-alive) → `queue`. What observers are to be told of the response is
//! kept until it is sent (`reporter.rs`).

use super::asking::{InFlight, within_budget};
use super::states::Change;
use super::{Connection, Streaming, Turn};
use crate::answer::{Body, FilePart, Response, Source};
use crate::base::budget::Share;
use crate::base::trace::{self, Rfc};
use crate::http::request::Version;
use crate::http::response::{Delimiting, Head};
use crate::server::events::{Exchange, MAX_CAPTURED_BODY, Pending};
use crate::server::transmit::SMALL_FILE;
use crate::server::transport::Transport;
use std::time::Instant;

impl<T: Transport> Connection<T> {
    /// Queues the response to a request that was read to its end.
    pub(super) fn answer(&mut self, turn: &Turn<'_>, in_flight: InFlight, response: Response) {
        let (response, share) = within_budget(turn, &in_flight, response);
        self.answer_with(turn, in_flight, response, share);
    }

    /// The same with the share of memory that the response takes. Decides whether the connection stays open (RFC 9112
    /// section 9.3).
    pub(super) fn answer_with(
        &mut self,
        turn: &Turn<'_>,
        in_flight: InFlight,
        response: Response,
        share: Option<Share>,
    ) {
        let ends_with_connection =
            matches!(response.body, Body::Stream(_)) && in_flight.version == Version::Http10;
        let keep_alive = !self.is_finishing && !ends_with_connection && in_flight.keep_alive;
        trace::decision("connection", Rfc(9112, "9.3"), || {
            let version = in_flight.version.as_str();
            match (keep_alive, in_flight.version) {
                (true, Version::Http11) => {
                    ("open", format!("stays open for the next request, as usual in {version}"))
                }
                (true, Version::Http10) => ("open", format!("stays open, as the client asks in {version}")),
                (false, _) if self.is_finishing => {
                    ("stopping", "closes: the server is about to stop".to_owned())
                }
                (false, Version::Http11) => ("asked", "closes, as the client asks".to_owned()),
                (false, Version::Http10) => ("usual", format!("closes, as usual in {version}")),
            }
        });
        self.queue(turn, in_flight, response, share, keep_alive);
    }

    /// Queues the response to a request that is not read to its end. It is the last, for the reason `why`.
    #[track_caller]
    pub(super) fn answer_last(
        &mut self,
        turn: &Turn<'_>,
        in_flight: InFlight,
        response: Response,
        why: &'static str,
    ) {
        trace::decision("connection", Rfc(9112, "9.6"), || ("unread", why.to_owned()));
        let (response, share) = within_budget(turn, &in_flight, response);
        self.linger = true;
        self.queue(turn, in_flight, response, share, false);
    }

    /// Queues a response: its head, and its body unless the request was HEAD.
    fn queue(
        &mut self,
        turn: &Turn<'_>,
        mut in_flight: InFlight,
        response: Response,
        share: Option<Share>,
        keep_alive: bool,
    ) {
        if let Some(pacing) = self.transport.pacing() {
            pacing.exempt(in_flight.is_internal);
        }
        let delimiting = match (response.body.length(), in_flight.version) {
            (Some(length), _) => Delimiting::Length(length),
            (None, Version::Http11) => Delimiting::Chunked,
            (None, Version::Http10) => Delimiting::UntilClose,
        };
        describe_sending(&response.body, in_flight.is_head, self.transport.tls().is_some());
        let rendered = self.queue_head(turn, &in_flight, &response, delimiting, keep_alive);
        let exchange = in_flight.exchange.take().map(|mut exchange| {
            exchange.status = response.status;
            self.fill_capture(&mut exchange, rendered, &response.body, in_flight.is_head);
            exchange
        });
        self.began_before_turn = false;
        self.reporter.count_answer();
        let body_starts = self.outgoing.queued();
        let body = if in_flight.is_head { Body::Empty } else { response.body };
        let by_stream = self.queue_body(turn, body, delimiting == Delimiting::Chunked);
        if let Some(share) = share {
            self.outgoing.hold(share);
        }
        if let Some(exchange) = exchange {
            let ends = if by_stream { u64::MAX } else { self.outgoing.queued() };
            self.reporter.push(Pending::new(exchange, body_starts..ends));
        }
        let another_may_follow = keep_alive && !self.outgoing.is_broken();
        self.change(if another_may_follow {
            Change::Answered { by_stream }
        } else {
            Change::AnsweredLast { by_stream }
        });
    }

    /// Queues a head. Returns its bytes if an observer is interested in them.
    fn queue_head(
        &mut self,
        turn: &Turn<'_>,
        in_flight: &InFlight,
        response: &Response,
        delimiting: Delimiting,
        keep_alive: bool,
    ) -> Vec<u8> {
        // See `clock.rs`.
        trace::decision("date", Rfc(9110, "6.6.1"), || {
            "the second of this turn of the worker, written once for all answers in it".to_owned()
        });
        let head = Head {
            status: response.status,
            headers: &response.headers,
            delimiting,
            date: turn.date,
            keep_alive,
            request_version: in_flight.version,
            own: &turn.options.fields,
        };
        let faults =
            (!in_flight.is_internal && turn.options.faults.are_any()).then_some(&turn.options.faults);
        let is_captured = turn.observers.interests().capture;
        let mut rendered = Vec::new();
        self.outgoing.push_with(|out| {
            let starts = out.len();
            head.render(out);
            if let Some(faults) = faults {
                let mut head = out.split_off(starts);
                faults.corrupt_head(&mut head);
                out.append(&mut head);
            }
            if is_captured {
                rendered = out[starts..].to_vec();
            }
        });
        rendered
    }

    /// Queues a body, or begins a stream. Returns whether it is a stream.
    fn queue_body(&mut self, turn: &Turn<'_>, body: Body, chunked: bool) -> bool {
        let Body::Stream(mut source) = body else {
            self.outgoing.push_body(body);
            return false;
        };
        source.wake_with((turn.wakers)());
        if self.is_finishing {
            source.stop();
        }
        self.stream = Some(Streaming { source, chunked });
        true
    }

    /// Fills in what can be seen of an exchange before its response is sent.
    fn fill_capture(&mut self, exchange: &mut Exchange, rendered: Vec<u8>, body: &Body, is_head: bool) {
        let Some(capture) = &mut exchange.capture else { return };
        capture.response = rendered;
        capture.body_start = if is_head { Vec::new() } else { body.start(MAX_CAPTURED_BODY) };
        // What was recorded until now belongs to this exchange.
        capture.decisions = self.reporter.take_decisions();
        capture.decided = Instant::now();
        capture.arrived = self.last_read.unwrap_or(capture.decided);
        capture.began = exchange.began.min(capture.arrived);
        capture.ended = capture.decided;
    }
}

/// Records how a body gets onto the wire.
#[track_caller]
fn describe_sending(body: &Body, is_head: bool, is_encrypted: bool) {
    trace::decision("sending", None, || match body {
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
        Body::File(part) if is_encrypted => format!(
            "the head, and then {} bytes, read from the file and encrypted a piece at a time",
            part.length()
        ),
        Body::File(part) => format!(
            "the head, and then {} bytes that the kernel takes from the file itself (sendfile), a piece at a time",
            part.length()
        ),
        Body::Pieces(pieces) => format!("the head, and then {} pieces", pieces.len()),
        Body::Stream(_) => "the head, and then what is made while it is sent".to_owned(),
    });
}
