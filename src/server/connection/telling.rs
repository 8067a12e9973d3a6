//! What observers are told of a connection's exchanges, and what has to be remembered for that.
//!
//! An [`Exchange`] is begun when a head is complete ([`Telling::begin`]), gets its response when that is queued, and ends
//! when the last byte of it is sent. With pipelining several of one connection are on their way at the same time. Where
//! nobody listens nothing of this is done.

use super::Turn;
use crate::base::trace::{self, Step};
use crate::http::client::Client;
use crate::http::request::MAX_REQUEST_LINE;
use crate::http::{Method, Request, Status};
use crate::server::events::{Capture, Event, Exchange, MAX_CAPTURED_HEAD, Observers, Pending, Receiving};
use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::{Duration, Instant, SystemTime};

/// How many exchanges of one connection may wait to be sent before that is done.
const MAX_PENDING: usize = 64;

/// What there is to tell of a connection.
#[derive(Debug, Default)]
pub(super) struct Telling {
    /// The connection's number; 0 if it has none.
    pub(super) connection: u64,
    /// How many requests were answered on it.
    answered: u32,
    /// Exchanges whose answers are not wholly sent.
    pending: VecDeque<Pending>,
    /// What was decided of the current request in turns before this one.
    steps: Vec<Step>,
}

/// What a request is told by.
pub(super) struct Told<'a> {
    /// The request, if it could be read.
    pub(super) request: Option<&'a Request<'a>>,
    /// Its head, or what came in place of one.
    pub(super) head: &'a [u8],
    pub(super) client: Client,
    pub(super) forwarded: Option<IpAddr>,
    /// When its first byte was there.
    pub(super) began: Instant,
}

impl Telling {
    /// How many requests were answered.
    pub(super) fn answered(&self) -> u32 {
        self.answered
    }

    /// Whether no request has been answered yet.
    pub(super) fn is_first(&self) -> bool {
        self.answered == 0
    }

    /// Whether it is time to send rather than to answer the next request: small answers that observers
    /// want to know all about take more memory than what is to be sent of them.
    pub(super) fn is_enough(&self) -> bool {
        self.pending.len() >= MAX_PENDING
    }

    /// Begins an exchange, if anybody listens. Its status is that of a request which comes to no answer.
    pub(super) fn begin(&self, observers: &Observers, told: &Told<'_>) -> Option<Box<Exchange>> {
        if observers.is_empty() {
            return None;
        }
        let interests = observers.interests();
        // Of a request that was not understood as a whole, so much may be plain.
        let line = told.request.map_or_else(|| first_line(told.head), |request| request.line);
        let line = &line[..line.len().min(MAX_REQUEST_LINE)];
        let field = |name| told.request.and_then(|request| request.fields.get(name)).map(<[u8]>::to_vec);
        let (request_line, referer, user_agent) = if interests.text {
            (line.to_vec(), field("referer"), field("user-agent"))
        } else {
            (Vec::new(), None, None)
        };
        let capture = || {
            Box::new(Capture {
                request: told.head[..told.head.len().min(MAX_CAPTURED_HEAD)].to_vec(),
                response: Vec::new(),
                body_start: Vec::new(),
                steps: Vec::new(),
                began: told.began,
                arrived: told.began,
                decided: told.began,
                ended: told.began,
            })
        };
        Some(Box::new(Exchange {
            connection: self.connection,
            number: self.answered + 1,
            is_internal: false,
            client: told.client,
            forwarded: told.forwarded,
            user: None,
            method: Method::name_in(line),
            request_line,
            referer,
            user_agent,
            status: Status::INTERNAL_SERVER_ERROR,
            body_sent: 0,
            body_length: 0,
            complete: false,
            began: told.began,
            ended: SystemTime::UNIX_EPOCH,
            duration: Duration::ZERO,
            capture: interests.capture.then(capture),
        }))
    }

    /// A response is queued.
    pub(super) fn count_answer(&mut self) {
        self.answered += 1;
    }

    /// All steps that were recorded for the current request until now.
    pub(super) fn take_steps(&mut self) -> Vec<Step> {
        let mut steps = std::mem::take(&mut self.steps);
        steps.append(&mut trace::take());
        steps
    }

    /// At the end of a turn: the steps of a request that is not answered yet.
    pub(super) fn keep_steps(&mut self) {
        self.steps.append(&mut trace::take());
    }

    /// An exchange's response is queued.
    pub(super) fn push(&mut self, pending: Pending) {
        self.pending.push_back(pending);
    }

    /// The body of the last response has ended here: it was a stream.
    pub(super) fn last_ends_at(&mut self, end: u64) {
        if let Some(last) = self.pending.back_mut() {
            last.ends_at(end);
        }
    }

    /// Tells of exchanges that are over when so many bytes are sent; of all if the connection is.
    pub(super) fn report(&mut self, turn: &mut Turn<'_>, sent: u64, is_closed: bool) {
        while let Some(first) = self.pending.front()
            && (is_closed || first.is_over(sent))
        {
            let first = self.pending.pop_front().expect("there is a first");
            turn.observers.notice(&Event::Ended(&first.end(sent)), turn.now);
        }
        if let Some(first) = self.pending.front() {
            turn.observers.notice(&Event::Sending(first.sending(sent)), turn.now);
        }
    }

    /// Whether a response is on its way.
    pub(super) fn is_sending(&self) -> bool {
        !self.pending.is_empty()
    }
}

/// Tells of a body that is on its way in.
pub(super) fn receiving(turn: &mut Turn<'_>, exchange: &Exchange, received: u64, length: Option<u64>) {
    turn.observers.notice(&Event::Receiving(Receiving { exchange, received, length }), turn.now);
}

/// The first line of what is there, behind an empty one; what of it has arrived.
pub(super) fn first_line(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.strip_prefix(b"\r\n").unwrap_or(bytes);
    bytes.split(|byte| b"\r\n".contains(byte)).next().unwrap_or_default()
}
