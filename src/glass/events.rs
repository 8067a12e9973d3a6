//! Server-sent events: a response that does not end, to which every event is appended.
//!
//! ```text
//! event: exchange
//! data: {"id":17,"connection":3,"method":"GET",...}
//!                                                     an empty line ends an event
//! ```
//!
//! The format is defined in the HTML standard (section 9.2), and browsers read it with `EventSource`. Publisher and
//! subscribers: an event is put into a queue for each page, and the connection to the page is woken. A page that is too
//! slow misses events, and is told how many; the server never waits for it.

use crate::answer::{Body, Next, Response, Stream};
use crate::http::{Refusal, Status};
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::{Duration, Instant};

/// How many events may wait for one page, and how many bytes they may have.
const MAX_EVENTS: usize = 20_000;
const MAX_BYTES: usize = 8 * 1024 * 1024;

/// About how many bytes a piece of the stream has at most.
const PIECE: usize = 64 * 1024;

/// If there was no event for this long, a comment is sent. So a page that is gone is noticed, and no proxy in between
/// times out (most wait for a minute). Until then a page without events costs nothing.
const HEARTBEAT: Duration = Duration::from_secs(45);

/// The pages that listen, each on a connection of its own.
#[derive(Debug, Default)]
pub struct Subscribers(Vec<Arc<Subscriber>>);

impl Subscribers {
    /// Adds a page, which gets all events from now on.
    ///
    /// # Errors
    /// 503 if `most` pages listen already.
    pub fn add(&mut self, most: usize) -> Result<Arc<Subscriber>, Refusal> {
        if self.count() >= most {
            let why = format!("{most} pages look on already; close one");
            return Err(Refusal::new(Status::SERVICE_UNAVAILABLE, why));
        }
        let subscriber = Arc::new(Subscriber::default());
        self.0.push(Arc::clone(&subscriber));
        Ok(subscriber)
    }

    /// Whether no page listens.
    pub fn is_empty(&mut self) -> bool {
        self.count() == 0
    }

    /// How many pages listen. If the stream of a page was dropped, ours is the last reference, and is dropped now.
    fn count(&mut self) -> usize {
        self.0.retain(|subscriber| Arc::strong_count(subscriber) > 1);
        self.0.len()
    }

    /// Sends an event to all pages.
    pub fn publish(&self, event: &Arc<str>) {
        for subscriber in &self.0 {
            subscriber.send(event);
        }
    }
}

/// An event as it is sent; `data` must be one line.
pub fn render(name: &str, data: &str) -> Arc<str> {
    format!("event: {name}\ndata: {data}\n\n").into()
}

/// The response to a page that wants to listen.
///
/// nginx buffers a response until a buffer is full or the response ends, and so would keep this one for ever.
/// `X-Accel-Buffering: no` makes it forward everything as it comes, without a line in its configuration. What
/// compresses responses on their way (mod_deflate, CDNs) buffers them, too, and `no-transform` (RFC 9111 section
/// 5.2.2.6) forbids that.
pub fn respond(stream: EventStream) -> Response {
    let stream = Body::Stream(Box::new(stream));
    let mut response = Response::no_store("text/event-stream", stream);
    response.headers.replace("Cache-Control", "no-store, no-transform");
    response.headers.push("X-Accel-Buffering", "no");
    response
}

/// A page that listens: the events that wait for it.
#[derive(Debug, Default)]
pub struct Subscriber(Mutex<Queue>);

#[derive(Debug, Default)]
struct Queue {
    events: VecDeque<Arc<str>>,
    bytes: usize,
    lost: u64,
    /// Wakes the connection to the page.
    waker: Option<Waker>,
}

impl Subscriber {
    /// Sends an event, or counts it as lost if too many wait already.
    pub fn send(&self, event: &Arc<str>) {
        let mut queue = self.queue();
        if queue.events.len() >= MAX_EVENTS || queue.bytes + event.len() > MAX_BYTES {
            queue.lost += 1;
            return;
        }
        queue.bytes += event.len();
        queue.events.push_back(Arc::clone(event));
        if let Some(waker) = &queue.waker {
            waker.wake_by_ref();
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes some of the events that wait.
    pub fn take(&self) -> Option<Vec<u8>> {
        let mut queue = self.queue();
        let mut piece = Vec::new();
        while piece.len() < PIECE
            && let Some(event) = queue.events.pop_front()
        {
            queue.bytes -= event.len();
            piece.extend_from_slice(event.as_bytes());
        }
        if queue.events.is_empty() && queue.lost > 0 {
            let lost = std::mem::take(&mut queue.lost);
            piece.extend_from_slice(format!("event: lost\ndata: {{\"events\":{lost}}}\n\n").as_bytes());
        }
        (!piece.is_empty()).then_some(piece)
    }
}

/// Events that a page is told of before all others: the next piece of them; nothing, when that was all. Each piece is to
/// be small, since other connections wait for it.
pub type Earlier = Box<dyn FnMut() -> Option<Vec<u8>> + Send>;

/// The body of the response to a page.
pub struct EventStream {
    earlier: Option<Earlier>,
    subscriber: Arc<Subscriber>,
    last: Instant,
    stopped: bool,
}

impl EventStream {
    /// A body of the events of this page.
    pub fn new(subscriber: Arc<Subscriber>) -> EventStream {
        EventStream { earlier: None, subscriber, last: Instant::now(), stopped: false }
    }

    /// The same with what happened before.
    pub fn after(earlier: Earlier, subscriber: Arc<Subscriber>) -> EventStream {
        EventStream { earlier: Some(earlier), ..EventStream::new(subscriber) }
    }
}

impl fmt::Debug for EventStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream").field("subscriber", &self.subscriber).finish_non_exhaustive()
    }
}

impl Stream for EventStream {
    fn next(&mut self) -> Next {
        if self.stopped {
            return Next::End;
        }
        let earlier = self.earlier.as_mut().and_then(|earlier| earlier());
        if earlier.is_none() {
            self.earlier = None;
        }
        let piece = earlier.or_else(|| self.subscriber.take());
        if piece.is_none() && self.last.elapsed() < HEARTBEAT {
            return Next::NotYet;
        }
        self.last = Instant::now();
        Next::Piece(piece.unwrap_or_else(|| b":\n\n".to_vec()))
    }

    fn wake_with(&mut self, waker: Waker) {
        self.subscriber.queue().waker = Some(waker);
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
            subscriber.send(&event);
        }
        let mut all = Vec::new();
        while let Some(piece) = subscriber.take() {
            assert!(piece.len() < 2 * PIECE);
            all.extend(piece);
        }
        let all = String::from_utf8(all).expect("text");
        assert_eq!(all.matches("event: x\n").count(), MAX_EVENTS);
        assert!(all.ends_with("event: lost\ndata: {\"events\":7}\n\n"));
        subscriber.send(&event);
        assert_eq!(subscriber.take().as_deref(), Some(event.as_bytes()));
    }

    #[test]
    fn large_events_are_bounded_in_bytes() {
        let subscriber = Subscriber::default();
        let event: Arc<str> = "x".repeat(MAX_BYTES / 4).into();
        for _ in 0..10 {
            subscriber.send(&event);
        }
        let queue = subscriber.0.lock().expect("no panic");
        assert_eq!((queue.events.len(), queue.lost), (4, 6));
    }
}
