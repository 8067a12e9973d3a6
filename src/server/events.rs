//! What observers are told: an [`Event`] for each thing that happens to a connection.
//!
//! ```text
//! Opened ──▶ Receiving* ──▶ Sending* ──▶ Ended ──▶ ... ──▶ Closed       or, if there was no room: Rejected
//!                                                   └──▶ Left; and Came on the worker that has it now
//! ```
//!
//! The access log, the inspector, the metrics and the progress lines are observers. Each worker has an instance of
//! each, so that no worker waits for another. An observer says beforehand what it is interested in ([`Interests`]):
//! what none of them wants to know is not collected.

use crate::base::budget::{Budget, Share};
use crate::base::trace::Decision;
use crate::http::Status;
use crate::http::client::Client;
use std::net::IpAddr;
use std::ops::{BitOr, Range};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// How many bytes of each head a [`Capture`] holds.
pub const MAX_CAPTURED_HEAD: usize = 16 * 1024;

/// How many bytes of a response's body a [`Capture`] holds.
pub const MAX_CAPTURED_BODY: usize = 4 * 1024;

/// How many bytes of a request's body a [`Capture`] holds.
pub const MAX_CAPTURED_REQUEST: usize = 64 * 1024;

/// How many bytes of the bodies of requests that are not over the observers of one worker hold together.
const MAX_CAPTURED_UNDER_WAY: usize = 4 * 1024 * 1024;

/// Something has happened on a connection. Connections are numbered from 1, all workers together. If no observer is
/// interested in connections, the number is 0.
#[derive(Debug)]
pub enum Event<'a> {
    /// This worker has a new connection.
    Opened {
        /// Its number.
        connection: u64,
        /// The other end.
        client: Client,
    },
    /// At the end of a turn, a receiver was taking the body of a request.
    Receiving(Receiving<'a>),
    /// At the end of a turn, a response was being sent, whether or not any of it was sent in that turn.
    Sending(Sending<'a>),
    /// An exchange has ended.
    Ended(&'a Exchange),
    /// A connection that waits for its next request has gone to another worker.
    Left,
    /// It has come from another worker. All that follows of it happens here.
    Came,
    /// A connection is closed.
    Closed {
        /// Its number.
        connection: u64,
    },
    /// There was no room for a connection: it got 503. There is no other event for it.
    Rejected,
    /// A connection has had a turn, if an observer is interested in turns. As long as it took, all other connections of
    /// this worker have waited.
    Turn {
        /// Its number.
        connection: u64,
        /// How long it took.
        took: Duration,
    },
}

/// What an observer is interested in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Interests {
    /// Connections: they get numbers, and there are [`Event::Opened`], [`Event::Closed`] and what is between these.
    pub connections: bool,
    /// What clients sent: [`Exchange::request_line`], [`Exchange::referer`] and [`Exchange::user_agent`].
    pub text: bool,
    /// All that can be seen of an exchange: [`Exchange::capture`].
    pub capture: bool,
    /// The bodies of requests, too: [`RequestBody::start`].
    pub bodies: bool,
    /// How long turns take: [`Event::Turn`].
    pub turns: bool,
}

impl BitOr for Interests {
    type Output = Interests;

    fn bitor(self, other: Interests) -> Interests {
        Interests {
            connections: self.connections | other.connections,
            text: self.text | other.text,
            capture: self.capture | other.capture,
            bodies: self.bodies | other.bodies,
            turns: self.turns | other.turns,
        }
    }
}

/// An observer is told what happens on the connections of one worker. It must not block.
pub trait Observer: Send {
    /// What it wants to be told. This must always be the same.
    fn interests(&self) -> Interests;

    /// Something has happened, at this time.
    fn notice(&mut self, event: &Event<'_>, now: Instant);

    /// When it wants [`Observer::wake`] to be called; `None` means never.
    fn wake_at(&self) -> Option<Instant> {
        None
    }

    /// This time has come, or the worker ends: it passes on what it has collected.
    fn wake(&mut self) {}
}

/// Makes the observers for a worker.
pub type ObserverFactory<'a> = dyn Fn() -> Vec<Box<dyn Observer>> + 'a;

/// The observers of one worker.
#[derive(Default)]
pub struct Observers {
    all: Vec<Box<dyn Observer>>,
    interests: Interests,
    /// The memory for bodies of requests, if one of them is interested in these.
    bodies: Option<Arc<Budget>>,
}

impl Observers {
    /// A worker's observers.
    pub fn new(all: Vec<Box<dyn Observer>>) -> Observers {
        let interests = all.iter().map(|observer| observer.interests());
        let interests = interests.reduce(BitOr::bitor).unwrap_or_default();
        let bodies = interests.bodies.then(|| Budget::new(MAX_CAPTURED_UNDER_WAY));
        Observers { all, interests, bodies }
    }

    /// What at least one of them is interested in.
    pub fn interests(&self) -> Interests {
        self.interests
    }

    /// The memory for bodies of requests that are not over, if one of them is interested in these.
    pub(super) fn bodies(&self) -> Option<&Arc<Budget>> {
        self.bodies.as_ref()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Tells all of them. A panic in one costs that observer this event, and nothing else.
    pub fn notice(&mut self, event: &Event<'_>, now: Instant) {
        for observer in &mut self.all {
            let _ = catch_unwind(AssertUnwindSafe(|| observer.notice(event, now)));
        }
    }

    /// The earliest time at which one of them wants to be woken.
    pub fn wake_at(&self) -> Option<Instant> {
        self.all.iter().filter_map(|observer| observer.wake_at()).min()
    }

    /// Wakes those whose time has come.
    pub fn wake_due(&mut self, now: Instant) {
        self.wake_if(|observer| observer.wake_at().is_some_and(|at| at <= now));
    }

    /// Wakes all, for the last time.
    pub fn wake_all(&mut self) {
        self.wake_if(|_| true);
    }

    fn wake_if(&mut self, is_due: impl Fn(&dyn Observer) -> bool) {
        for observer in self.all.iter_mut().filter(|observer| is_due(&***observer)) {
            let _ = catch_unwind(AssertUnwindSafe(|| observer.wake()));
        }
    }
}

/// Why the server has not sent all of a response, though its client was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GivenUp {
    /// The client has read nothing for too long.
    Stuck,
    /// What the rest is made of cannot be read.
    Broken,
    /// The rest could not be made.
    Unmade,
    /// A fault that the user has switched on.
    Fault,
}

impl GivenUp {
    /// The reason, as a clause.
    pub fn why(self) -> &'static str {
        match self {
            GivenUp::Stuck => "the client has read nothing for too long",
            GivenUp::Broken => "the rest of it cannot be read",
            GivenUp::Unmade => "the rest of it could not be made",
            GivenUp::Fault => "the fault drop-after closes connections",
        }
    }
}

/// An exchange: a request and its response. What a client sent is in it unchanged: whatever shows it must escape it.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// The number of its connection.
    pub connection: u64,
    /// Its place among the exchanges of its connection, counted from 1.
    pub number: u32,
    /// Whether it is for a page of the server's own: see [`super::Begun::is_internal`].
    pub is_internal: bool,
    /// The other end of the connection.
    pub client: Client,
    /// If that is a trusted proxy: the client on whose behalf it has sent the request.
    pub forwarded: Option<IpAddr>,
    /// The name of the user, if the request was authenticated.
    pub user: Option<Vec<u8>>,
    /// The name of the method, if it is one that we know: see [`crate::http::Method::NAMES`].
    pub method: &'static str,
    /// The request line without its CRLF, or what came in place of one. Empty if nothing came, or if no observer is
    /// interested in text.
    pub request_line: Vec<u8>,
    /// The Referer field, if an observer is interested in text.
    pub referer: Option<Vec<u8>>,
    /// The User-Agent field, if an observer is interested in text.
    pub user_agent: Option<Vec<u8>>,
    /// The response's status.
    pub status: Status,
    /// How many bytes of the response's body were sent: the kernel has taken them.
    pub body_sent: u64,
    /// How many bytes of the body were to be sent.
    pub body_length: u64,
    /// Whether all of the response was sent.
    pub complete: bool,
    /// If it was not, and not because of the client: why the server has ended it.
    pub given_up: Option<GivenUp>,
    /// When the first byte of the request arrived.
    pub began: Instant,
    /// When the exchange ended, as wall-clock time.
    pub ended: SystemTime,
    /// The time from the first byte of the request to the last of the response.
    pub duration: Duration,
    /// All that could be seen of it, if an observer is interested in that.
    pub capture: Option<Box<Capture>>,
}

impl Exchange {
    /// The client, as far as it is known: if a trusted proxy names one, it is that.
    pub fn real_client(&self) -> Client {
        self.forwarded.map_or(self.client, Client::from)
    }
}

/// The bytes of an exchange, its decisions, and where its time went.
#[derive(Debug, Clone)]
pub struct Capture {
    /// The head of the request as it came, or as much of one as came; at most [`MAX_CAPTURED_HEAD`] bytes.
    pub request: Vec<u8>,
    /// What came of the request's body.
    pub request_body: RequestBody,
    /// The head of the response.
    pub response: Vec<u8>,
    /// The first [`MAX_CAPTURED_BODY`] bytes of the response's body.
    pub body_start: Vec<u8>,
    /// What was decided, in order.
    pub decisions: Vec<Decision>,
    /// When the first byte of the request arrived.
    pub began: Instant,
    /// When its last byte arrived.
    pub arrived: Instant,
    /// When the response was ready to be sent.
    pub decided: Instant,
    /// When the kernel took the last byte of the response, or the connection ended.
    pub ended: Instant,
}

/// What came of the body of a request, without the chunked coding.
#[derive(Debug, Default)]
pub struct RequestBody {
    /// Its first [`MAX_CAPTURED_REQUEST`] bytes, if an observer is interested in them.
    pub start: Vec<u8>,
    /// How many bytes came.
    pub received: u64,
    /// There was no memory for all of the start.
    pub is_short: bool,
    /// What the start takes of the memory for those that are not over.
    share: Option<Share>,
}

impl RequestBody {
    /// Takes what has come. What does not fit into the budget is counted, and not kept.
    pub(super) fn take(&mut self, content: &[u8], budget: Option<&Arc<Budget>>) {
        self.received += content.len() as u64;
        let kept = &content[..content.len().min(MAX_CAPTURED_REQUEST - self.start.len())];
        let Some(budget) = budget.filter(|_| !kept.is_empty() && !self.is_short) else { return };
        self.is_short = !self.share.get_or_insert_with(|| budget.nothing()).grow(kept.len());
        if !self.is_short {
            self.start.extend_from_slice(kept);
        }
    }
}

impl Clone for RequestBody {
    /// Whoever keeps a copy has to bound its memory.
    fn clone(&self) -> RequestBody {
        let RequestBody { start, received, is_short, share: _ } = self;
        RequestBody { start: start.clone(), received: *received, is_short: *is_short, share: None }
    }
}

/// An exchange whose response is being sent.
#[derive(Debug, Clone, Copy)]
pub struct Sending<'a> {
    /// What is known of it. What belongs to its end is not filled in.
    pub exchange: &'a Exchange,
    /// How many bytes of the body were sent.
    pub body_sent: u64,
    /// How many bytes the body has. The length of a stream is not known: this is what was sent of it.
    pub body_length: u64,
}

/// An upload that is being received. The response comes at its end.
#[derive(Debug, Clone, Copy)]
pub struct Receiving<'a> {
    /// What is known of it. There is no response yet.
    pub exchange: &'a Exchange,
    /// How many bytes of the body were received, the chunked coding included.
    pub received: u64,
    /// How many bytes there will be, if the client has said so.
    pub length: Option<u64>,
}

/// An exchange whose response is queued. It ends when the bytes that were queued for it are sent.
#[derive(Debug)]
pub(super) struct Pending {
    exchange: Box<Exchange>,
    /// Where its body is among all bytes that the connection sends. As long as its end is not known, it is `u64::MAX`.
    body: Range<u64>,
}

impl Pending {
    /// An exchange, and where its body is among all bytes that the connection sends.
    pub(super) fn new(exchange: Box<Exchange>, body: Range<u64>) -> Pending {
        Pending { exchange, body }
    }

    /// Sets the end of the body: it was a stream, whose length was not known.
    pub(super) fn ends_at(&mut self, end: u64) {
        self.body.end = end;
    }

    /// What can be told of it when the connection has sent so many bytes.
    pub(super) fn sending(&self, sent: u64) -> Sending<'_> {
        let (body_sent, body_length) = (self.body_sent(sent), self.body_length(sent));
        Sending { exchange: &self.exchange, body_sent, body_length }
    }

    fn body_length(&self, sent: u64) -> u64 {
        match self.body.end {
            u64::MAX => self.body_sent(sent),
            end => end - self.body.start,
        }
    }

    fn body_sent(&self, sent: u64) -> u64 {
        sent.min(self.body.end).saturating_sub(self.body.start)
    }

    /// Whether all its bytes are among the first `sent` of the connection.
    pub(super) fn is_over(&self, sent: u64) -> bool {
        sent >= self.body.end
    }

    /// Ends the exchange now, when the connection has sent so many bytes.
    pub(super) fn end(mut self, sent: u64, given_up: Option<GivenUp>) -> Box<Exchange> {
        let (body_sent, body_length) = (self.body_sent(sent), self.body_length(sent));
        let complete = self.is_over(sent);
        let exchange = &mut self.exchange;
        (exchange.body_sent, exchange.body_length, exchange.complete) = (body_sent, body_length, complete);
        exchange.given_up = given_up.filter(|_| !complete);
        let now = Instant::now();
        exchange.duration = now.saturating_duration_since(exchange.began);
        exchange.ended = SystemTime::now();
        if let Some(capture) = &mut exchange.capture {
            capture.ended = now;
        }
        self.exchange
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    /// Counts the events that it is told, and panics at the first if `panics` is set.
    struct Fragile {
        panics: bool,
        told: Arc<Mutex<u32>>,
    }

    impl Observer for Fragile {
        fn interests(&self) -> Interests {
            Interests { text: self.panics, ..Interests::default() }
        }

        fn notice(&mut self, _event: &Event<'_>, _now: Instant) {
            assert!(!std::mem::take(&mut self.panics), "this is the panic that the test provokes");
            *self.told.lock().expect("no panic while it is locked") += 1;
        }
    }

    #[test]
    fn the_start_of_a_body_is_kept_within_a_budget_and_all_of_it_is_counted() {
        let budget = Budget::new(MAX_CAPTURED_REQUEST + 10);
        let (mut one, mut other, mut uncaptured) = Default::default();
        for body in [&mut one, &mut other] {
            for _ in 0..100 {
                RequestBody::take(body, &[b'x'; 1000], Some(&budget));
            }
        }
        RequestBody::take(&mut uncaptured, b"12345", None);
        let of = |body: &RequestBody| (body.start.len(), body.received, body.is_short);
        assert_eq!(of(&one), (MAX_CAPTURED_REQUEST, 100_000, false));
        assert_eq!(of(&other), (0, 100_000, true));
        assert_eq!(of(&uncaptured), (0, 5, false));
        let kept = one.clone();
        drop(one);
        assert_eq!((budget.left(), kept.start.len()), (MAX_CAPTURED_REQUEST + 10, MAX_CAPTURED_REQUEST));
    }

    #[test]
    fn a_panic_of_an_observer_costs_it_the_event_and_nobody_else_anything() {
        let told = [Arc::default(), Arc::default()];
        let [one, other] = told.clone();
        let mut observers = Observers::new(vec![
            Box::new(Fragile { panics: true, told: one }),
            Box::new(Fragile { panics: false, told: other }),
        ]);
        assert_eq!(observers.interests(), Interests { text: true, ..Interests::default() });
        for _ in 0..2 {
            observers.notice(&Event::Rejected, Instant::now());
        }
        assert_eq!(told.map(|told| *told.lock().expect("no panic while it is locked")), [1, 2]);
    }
}
