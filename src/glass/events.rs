//! Server-sent events: an answer that does not end, a line for everything that happens.
//!
//! ```text
//! event: exchange
//! data: {"id":17,"connection":3,"method":"GET",...}
//!                                                     an empty line ends an event
//! ```
//!
//! The format is that of the HTML standard (section 9.2), which browsers read with `EventSource`. A
//! page that does not keep up misses events, and is told how many; the server never waits for it.

use crate::answer::{Body, Next, Response, Stream};
use crate::http::{Refusal, Status};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::{Duration, Instant};

/// How many events may wait for one page, and how many bytes they may have. What is known when a page
/// comes must fit.
const MAX_EVENTS: usize = 20_000;
const MAX_BYTES: usize = 8 * 1024 * 1024;

/// How large a piece of the stream is, at most about.
const PIECE: usize = 64 * 1024;

/// After so much silence a comment is sent, so that a page that has gone is noticed, and no proxy between takes the
/// silence for the end (most wait for a minute). Until then a page that hears nothing costs nothing.
const HEARTBEAT: Duration = Duration::from_secs(45);

/// The pages that listen, each by a connection of its own.
#[derive(Debug, Default)]
pub struct Subscribers(Vec<Arc<Subscriber>>);

impl Subscribers {
    /// Another page, which is told what comes from now on.
    ///
    /// # Errors
    /// 503 if so many listen already.
    pub fn add(&mut self, most: usize) -> Result<Arc<Subscriber>, Refusal> {
        if self.count() >= most {
            let why = format!("{most} pages look on already; close one");
            return Err(Refusal::new(Status::SERVICE_UNAVAILABLE, why));
        }
        let subscriber = Arc::new(Subscriber::default());
        self.0.push(Arc::clone(&subscriber));
        Ok(subscriber)
    }

    /// Whether nobody listens.
    pub fn is_empty(&mut self) -> bool {
        self.count() == 0
    }

    /// How many listen. Those whose page has gone are known by nobody else.
    fn count(&mut self) -> usize {
        self.0.retain(|subscriber| Arc::strong_count(subscriber) > 1);
        self.0.len()
    }

    /// Tells all pages.
    pub fn tell(&self, event: &Arc<str>) {
        for subscriber in &self.0 {
            subscriber.tell(event);
        }
    }
}

/// An event as it goes onto the wire; `data` must be one line.
pub fn render(name: &str, data: &str) -> Arc<str> {
    format!("event: {name}\ndata: {data}\n\n").into()
}

/// The answer to a page that wants to listen.
///
/// nginx keeps an answer until a buffer is full or the answer ends, and so would keep this one for ever:
/// `X-Accel-Buffering: no` makes it pass on what comes as it comes, without a line in its configuration.
/// What compresses on the way (mod_deflate, CDNs) waits for more in the same manner; `no-transform` (RFC
/// 9111 section 5.2.2.6) forbids that.
pub fn respond(subscriber: Arc<Subscriber>) -> Response {
    let stream = Body::Stream(Box::new(EventStream::new(subscriber)));
    let mut response = Response::no_store("text/event-stream", stream);
    response.headers.replace("Cache-Control", "no-store, no-transform");
    response.headers.push("X-Accel-Buffering", "no");
    response
}

/// What waits for a page.
#[derive(Debug, Default)]
pub struct Subscriber(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    events: VecDeque<Arc<str>>,
    bytes: usize,
    lost: u64,
    /// Wakes the connection to the page.
    waker: Option<Waker>,
}

impl Subscriber {
    /// Adds an event, or counts it as lost.
    pub fn tell(&self, event: &Arc<str>) {
        let mut waiting = self.waiting();
        if waiting.events.len() >= MAX_EVENTS || waiting.bytes + event.len() > MAX_BYTES {
            waiting.lost += 1;
            return;
        }
        waiting.bytes += event.len();
        waiting.events.push_back(Arc::clone(event));
        if let Some(waker) = &waiting.waker {
            waker.wake_by_ref();
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes some of what waits.
    pub fn take(&self) -> Option<Vec<u8>> {
        let mut waiting = self.waiting();
        let mut piece = Vec::new();
        while piece.len() < PIECE
            && let Some(event) = waiting.events.pop_front()
        {
            waiting.bytes -= event.len();
            piece.extend_from_slice(event.as_bytes());
        }
        if waiting.events.is_empty() && waiting.lost > 0 {
            let lost = std::mem::take(&mut waiting.lost);
            piece.extend_from_slice(format!("event: lost\ndata: {{\"events\":{lost}}}\n\n").as_bytes());
        }
        (!piece.is_empty()).then_some(piece)
    }
}

/// The body that a page reads.
#[derive(Debug)]
pub struct EventStream {
    subscriber: Arc<Subscriber>,
    last: Instant,
    stopped: bool,
}

impl EventStream {
    /// A body that gives what this page is told.
    pub fn new(subscriber: Arc<Subscriber>) -> EventStream {
        EventStream { subscriber, last: Instant::now(), stopped: false }
    }
}

impl Stream for EventStream {
    fn next(&mut self) -> Next {
        if self.stopped {
            return Next::End;
        }
        let piece = self.subscriber.take();
        if piece.is_none() && self.last.elapsed() < HEARTBEAT {
            return Next::NotYet;
        }
        self.last = Instant::now();
        Next::Piece(piece.unwrap_or_else(|| b":\n\n".to_vec()))
    }

    fn wake_with(&mut self, waker: Waker) {
        self.subscriber.waiting().waker = Some(waker);
    }

    fn wake_at(&self) -> Option<Instant> {
        Some(self.last + HEARTBEAT)
    }

    fn is_endless(&self) -> bool {
        true
    }

    fn stop(&mut self) {
        self.stopped = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_does_not_keep_up_misses_events_and_is_told_how_many() {
        let subscriber = Subscriber::default();
        let event: Arc<str> = "event: x\ndata: 1\n\n".into();
        for _ in 0..MAX_EVENTS + 7 {
            subscriber.tell(&event);
        }
        let mut all = Vec::new();
        while let Some(piece) = subscriber.take() {
            assert!(piece.len() < 2 * PIECE);
            all.extend(piece);
        }
        let all = String::from_utf8(all).expect("text");
        assert_eq!(all.matches("event: x\n").count(), MAX_EVENTS);
        assert!(all.ends_with("event: lost\ndata: {\"events\":7}\n\n"));
        subscriber.tell(&event);
        assert_eq!(subscriber.take().as_deref(), Some(event.as_bytes()));
    }

    #[test]
    fn large_events_are_bounded_in_bytes() {
        let subscriber = Subscriber::default();
        let event: Arc<str> = "x".repeat(MAX_BYTES / 4).into();
        for _ in 0..10 {
            subscriber.tell(&event);
        }
        let waiting = subscriber.0.lock().expect("no panic");
        assert_eq!((waiting.events.len(), waiting.lost), (4, 6));
    }
}
