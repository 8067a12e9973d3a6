//! Reporting: what observers are told of a connection's exchanges.
//!
//! ```text
//! head complete ──▶ begin ──▶ Exchange      response queued ──▶ push ──▶ Pending      last byte sent ──▶ Event::Ended
//! ```
//!
//! With pipelining, several exchanges of one connection are pending at the same time. If there are no observers,
//! nothing of this is done.

use super::Turn;
use crate::base::trace::{self, Decision};
use crate::http::client::Client;
use crate::http::request::MAX_REQUEST_LINE;
use crate::http::{Method, Request, Status};
use crate::server::events::{
    Capture, Event, Exchange, GivenUp, MAX_CAPTURED_HEAD, Observers, Pending, Receiving, RequestBody,
};
use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::{Duration, Instant, SystemTime};

/// How many exchanges of one connection may be pending: then what is queued is sent before another request is answered.
const MAX_PENDING: usize = 64;

/// What is to be told of a connection.
#[derive(Debug, Default)]
pub(super) struct Reporter {
    /// The connection's number; 0 if it has none.
    pub(super) connection: u64,
    /// How many requests were answered on it.
    answered: u32,
    /// Exchanges whose responses are not wholly sent, in order.
    pending: VecDeque<Pending>,
    /// What was decided about the current request in earlier turns.
    decisions: Vec<Decision>,
    /// Why the server does not send the rest of what is pending, if that is so.
    pub(super) given_up: Option<GivenUp>,
}

/// What is known of a request when its exchange begins.
pub(super) struct RequestInfo<'a> {
    /// The request, if its head could be parsed.
    pub(super) request: Option<&'a Request<'a>>,
    /// Its head, or what came in place of one.
    pub(super) head: &'a [u8],
    pub(super) client: Client,
    pub(super) forwarded: Option<IpAddr>,
    /// When its first byte arrived.
    pub(super) began: Instant,
}

impl Reporter {
    /// How many requests were answered.
    pub(super) fn answered(&self) -> u32 {
        self.answered
    }

    /// Whether no request has been answered yet.
    pub(super) fn is_first(&self) -> bool {
        self.answered == 0
    }

    /// Whether so many exchanges are pending that their responses are to be sent before another request is answered.
    /// What observers want to know of small responses takes more memory than the responses themselves.
    pub(super) fn is_full(&self) -> bool {
        self.pending.len() >= MAX_PENDING
    }

    /// Begins an exchange, if there are observers. Its status is that of a request that gets no response.
    pub(super) fn begin(&self, observers: &Observers, info: &RequestInfo<'_>) -> Option<Box<Exchange>> {
        if observers.is_empty() {
            return None;
        }
        let interests = observers.interests();
        // A head that cannot be parsed may still have a first line that can be shown.
        let line = info.request.map_or_else(|| first_line(info.head), |request| request.line);
        let line = &line[..line.len().min(MAX_REQUEST_LINE)];
        let field = |name| info.request.and_then(|request| request.fields.get(name)).map(<[u8]>::to_vec);
        let (request_line, referer, user_agent) = if interests.text {
            (line.to_vec(), field("referer"), field("user-agent"))
        } else {
            (Vec::new(), None, None)
        };
        let capture = || {
            Box::new(Capture {
                request: info.head[..info.head.len().min(MAX_CAPTURED_HEAD)].to_vec(),
                request_body: RequestBody::default(),
                response: Vec::new(),
                body_start: Vec::new(),
                decisions: Vec::new(),
                began: info.began,
                arrived: info.began,
                decided: info.began,
                ended: info.began,
            })
        };
        Some(Box::new(Exchange {
            connection: self.connection,
            number: self.answered + 1,
            is_internal: false,
            client: info.client,
            forwarded: info.forwarded,
            user: None,
            method: Method::name_in(line),
            request_line,
            referer,
            user_agent,
            status: Status::INTERNAL_SERVER_ERROR,
            body_sent: 0,
            body_length: 0,
            complete: false,
            given_up: None,
            began: info.began,
            ended: SystemTime::UNIX_EPOCH,
            duration: Duration::ZERO,
            capture: interests.capture.then(capture),
        }))
    }

    /// A response is queued.
    pub(super) fn count_answer(&mut self) {
        self.answered += 1;
    }

    /// Takes all decisions that were recorded for the current request until now.
    pub(super) fn take_decisions(&mut self) -> Vec<Decision> {
        let mut decisions = std::mem::take(&mut self.decisions);
        decisions.append(&mut trace::take());
        decisions
    }

    /// At the end of a turn: keeps the decisions of a request that is not answered yet.
    pub(super) fn keep_decisions(&mut self) {
        self.decisions.append(&mut trace::take());
    }

    /// The response of an exchange is queued.
    pub(super) fn push(&mut self, pending: Pending) {
        self.pending.push_back(pending);
    }

    /// The body of the last response was a stream, and has ended here.
    pub(super) fn last_ends_at(&mut self, end: u64) {
        if let Some(last) = self.pending.back_mut() {
            last.ends_at(end);
        }
    }

    /// Tells observers of the exchanges that have ended now that `sent` bytes are sent, or of all if the connection is
    /// closed; and of the one whose response is being sent.
    pub(super) fn report(&mut self, turn: &mut Turn<'_>, sent: u64, is_closed: bool) {
        while let Some(first) = self.pending.front()
            && (is_closed || first.is_over(sent))
        {
            let first = self.pending.pop_front().expect("there is a first");
            turn.observers.notice(&Event::Ended(&first.end(sent, self.given_up)), turn.now);
        }
        if let Some(first) = self.pending.front() {
            turn.observers.notice(&Event::Sending(first.sending(sent)), turn.now);
        } else {
            // A connection that waits owns no memory beside itself.
            self.pending = VecDeque::new();
        }
    }

    /// Whether a response is being sent.
    pub(super) fn is_sending(&self) -> bool {
        !self.pending.is_empty()
    }
}

/// Tells observers of a body that is being received.
pub(super) fn report_receiving(turn: &mut Turn<'_>, exchange: &Exchange, received: u64, length: Option<u64>) {
    turn.observers.notice(&Event::Receiving(Receiving { exchange, received, length }), turn.now);
}

/// The first line in these bytes, or as much of it as has arrived. An empty line before it is skipped.
pub(super) fn first_line(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.strip_prefix(b"\r\n").unwrap_or(bytes);
    bytes.split(|byte| b"\r\n".contains(byte)).next().unwrap_or_default()
}
