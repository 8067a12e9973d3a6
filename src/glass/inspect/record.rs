//! What the inspector knows: the open connections, and the last exchanges with all that was captured of them.
//!
//! ```text
//! workers ──Event──▶ WorkerInspector ──▶ Recorder ──Message──▶ the pages that are open
//!                                        └─ a ring of exchanges ──▶ GET /.glass/exchange/17
//! ```
//!
//! All of it is behind one lock, which is held for as long as it takes to append to a list. Under full load this slows
//! the server down a little, and nobody who inspects a server will mind that. What is kept is bounded: [`RING`]
//! exchanges, of each of which the server captures some kilobytes.

use super::as_characters;
use crate::glass::events::{self, Subscriber, Subscribers};
use crate::http::Refusal;
use crate::http::client::Client;
use crate::server::{Event, Exchange, Interests, Observer, Sending};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How many exchanges are kept.
const RING: usize = 500;

/// How many bytes of a target are in a summary; the exchange itself has all of it.
const MAX_WORD: usize = 500;

/// How often pages are told of the progress of one response.
const PROGRESS_PAUSE: Duration = Duration::from_millis(100);

/// Keeps what workers tell, and publishes it.
#[derive(Debug)]
pub(super) struct Recorder {
    start: Instant,
    workers: usize,
    faults: Vec<String>,
    /// How many workers have got their observer.
    observed: AtomicUsize,
    /// How long the longest turn took, in microseconds.
    longest: AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    connections: BTreeMap<u64, Open>,
    /// The connections that the server's own pages use: they are not shown.
    internal: HashSet<u64>,
    ring: VecDeque<Record>,
    /// How many exchanges there were in all.
    count: u64,
    /// The longest turn of a connection so far.
    longest: Option<Longest>,
    subscribers: Subscribers,
}

/// A connection that is open.
#[derive(Debug, Clone, Copy, Serialize)]
struct Open {
    connection: u64,
    worker: usize,
    client: Client,
    at: u64,
}

/// An exchange that has ended.
#[derive(Debug)]
struct Record {
    summary: Summary,
    exchange: Exchange,
}

/// What pages are told of an exchange when it has ended. Times are in microseconds since the start of the server.
#[derive(Debug, Clone, Serialize)]
struct Summary {
    id: u64,
    connection: u64,
    number: u32,
    worker: usize,
    client: Client,
    #[serde(skip_serializing_if = "Option::is_none")]
    forwarded: Option<IpAddr>,
    method: String,
    target: String,
    status: u16,
    phrase: &'static str,
    sent: u64,
    length: u64,
    complete: bool,
    began: u64,
    arrived: u64,
    decided: u64,
    ended: u64,
}

/// All that is known of an exchange.
#[derive(Serialize)]
struct Detail<'a> {
    #[serde(flatten)]
    summary: &'a Summary,
    /// Its place among the exchanges of its connection, counted from 1.
    index: u32,
    request: String,
    response: String,
    body: String,
    steps: Vec<Step<'a>>,
}

#[derive(Serialize)]
struct Step<'a> {
    name: &'a str,
    text: &'a str,
    rfc: Option<String>,
    url: Option<String>,
    file: &'a str,
    line: u32,
    at: u64,
}

/// What pages are told. The name of the variant is the name of the event.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Message<'a> {
    Hello { version: &'a str, workers: usize, now: u64, faults: &'a [String] },
    Open(Open),
    Close { connection: u64, at: u64 },
    Internal { connection: u64 },
    Progress(Progress),
    Exchange(&'a Summary),
    Turn(&'a Longest),
}

/// The longest turn of a connection: so long have all other connections of its worker waited.
#[derive(Debug, Clone, Serialize)]
struct Longest {
    connection: u64,
    worker: usize,
    /// How long it took, in microseconds.
    took: u64,
    /// What was answered in it; empty if it was something else.
    method: String,
    target: String,
}

#[derive(Serialize)]
struct Progress {
    connection: u64,
    number: u32,
    method: String,
    target: String,
    status: u16,
    sent: u64,
    length: u64,
    began: u64,
    at: u64,
}

impl Message<'_> {
    /// Renders it as an event: `event: open`, and its data as JSON in one line.
    fn render(&self) -> Arc<str> {
        let value = serde_json::to_value(self).expect("names, numbers and text");
        let (name, data) =
            value.as_object().and_then(|object| object.iter().next()).expect("a single variant");
        events::render(name, &data.to_string())
    }
}

impl Recorder {
    pub(super) fn new(workers: usize, faults: Vec<String>) -> Recorder {
        let (start, observed, longest) = (Instant::now(), AtomicUsize::new(0), AtomicU64::new(0));
        Recorder { start, workers, faults, observed, longest, state: Mutex::default() }
    }

    /// An observer for the next worker.
    pub(super) fn observer(self: &Arc<Self>) -> WorkerInspector {
        let worker = self.observed.fetch_add(1, Ordering::Relaxed);
        WorkerInspector { recorder: Arc::clone(self), worker, last_progress: HashMap::new(), about: None }
    }

    /// All that is known of an exchange, as JSON.
    pub(super) fn exchange(&self, id: u64) -> Option<String> {
        let state = self.state();
        state.ring.iter().find(|record| record.summary.id == id).map(|record| self.detail(record))
    }

    /// The same for the last exchange of this client with this target.
    pub(super) fn last_for_target(&self, target: &[u8], client: Client) -> Option<String> {
        let state = self.state();
        let target = as_characters(target);
        let is_it = |record: &&Record| record.summary.target == target && record.exchange.client == client;
        state.ring.iter().rev().find(is_it).map(|record| self.detail(record))
    }

    /// Adds a page. It gets what is known already, and then everything as it happens.
    ///
    /// # Errors
    /// 503 if `most` pages are open already.
    pub(super) fn subscribe(&self, most: usize) -> Result<Arc<Subscriber>, Refusal> {
        let mut state = self.state();
        let subscriber = state.subscribers.add(most)?;
        let now = self.microseconds(Instant::now());
        let version = env!("CARGO_PKG_VERSION");
        subscriber
            .send(&Message::Hello { version, workers: self.workers, now, faults: &self.faults }.render());
        for open in state.connections.values() {
            subscriber.send(&Message::Open(*open).render());
            if state.internal.contains(&open.connection) {
                subscriber.send(&Message::Internal { connection: open.connection }.render());
            }
        }
        if let Some(longest) = &state.longest {
            subscriber.send(&Message::Turn(longest).render());
        }
        for record in &state.ring {
            subscriber.send(&Message::Exchange(&record.summary).render());
        }
        Ok(subscriber)
    }

    fn detail(&self, record: &Record) -> String {
        let Record { summary, exchange } = record;
        let capture = exchange.capture.as_ref().expect("it was asked for");
        let steps = capture.decisions.iter().map(|step| Step {
            name: step.name,
            text: &step.text,
            rfc: step.rule.map(|rule| rule.to_string()),
            url: step.rule.map(|rule| rule.url()),
            file: step.file,
            line: step.line,
            at: self.microseconds(step.at),
        });
        let detail = Detail {
            summary,
            index: exchange.number,
            request: as_characters(&capture.request),
            response: as_characters(&capture.response),
            body: as_characters(&capture.body_start),
            steps: steps.collect(),
        };
        serde_json::to_string(&detail).expect("names, numbers and text")
    }

    /// A time in microseconds since the start of the server.
    fn microseconds(&self, time: Instant) -> u64 {
        u64::try_from(time.saturating_duration_since(self.start).as_micros()).unwrap_or(u64::MAX)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Sends a message to all pages, if there are any.
    fn publish(&mut self, event: &Message<'_>) {
        if self.subscribers.is_empty() {
            return;
        }
        self.subscribers.publish(&event.render());
    }

    /// A connection is used by one of the server's own pages.
    fn hide(&mut self, connection: u64) {
        if self.internal.insert(connection) {
            self.publish(&Message::Internal { connection });
        }
    }
}

/// The observer of one worker.
#[derive(Debug)]
pub struct WorkerInspector {
    recorder: Arc<Recorder>,
    worker: usize,
    /// When pages were last told of the progress on a connection.
    last_progress: HashMap<u64, Instant>,
    /// What the turn of a connection was about, as far as it is known.
    about: Option<(String, String)>,
}

impl Observer for WorkerInspector {
    fn interests(&self) -> Interests {
        Interests { connections: true, text: true, capture: true, bodies: true, turns: true }
    }

    fn notice(&mut self, event: &Event<'_>, now: Instant) {
        match event {
            Event::Opened { connection, client } => self.opened(*connection, *client, now),
            Event::Sending(sending) => self.sending(sending, now),
            Event::Ended(exchange) => self.ended(exchange),
            Event::Closed { connection } => self.closed(*connection, now),
            Event::Turn { connection, took } => self.took_turn(*connection, *took),
            Event::Left | Event::Came | Event::Receiving(_) | Event::Rejected => {}
        }
    }
}

impl WorkerInspector {
    fn opened(&mut self, connection: u64, client: Client, now: Instant) {
        let open = Open { connection, worker: self.worker, client, at: self.recorder.microseconds(now) };
        let mut state = self.recorder.state();
        state.connections.insert(connection, open);
        state.publish(&Message::Open(open));
    }

    fn closed(&mut self, connection: u64, now: Instant) {
        self.last_progress.remove(&connection);
        let mut state = self.recorder.state();
        state.connections.remove(&connection);
        // Pages may show an internal connection, too, since browsers use one connection for several of their pages.
        state.internal.remove(&connection);
        state.publish(&Message::Close { connection, at: self.recorder.microseconds(now) });
    }

    /// A turn is over: pages are told of it if none was longer.
    fn took_turn(&mut self, connection: u64, took: Duration) {
        let about = self.about.take();
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        // Mostly it is not, and then the lock is not taken.
        if took <= self.recorder.longest.load(Ordering::Relaxed) {
            return;
        }
        let mut state = self.recorder.state();
        if state.internal.contains(&connection) {
            return;
        }
        self.recorder.longest.store(took, Ordering::Relaxed);
        let (method, target) = about.unwrap_or_default();
        let longest = Longest { connection, worker: self.worker, took, method, target };
        state.publish(&Message::Turn(&longest));
        state.longest = Some(longest);
    }

    fn ended(&mut self, exchange: &Exchange) {
        self.about = Some(method_and_target(&exchange.request_line));
        self.last_progress.remove(&exchange.connection);
        let Some(capture) = &exchange.capture else { return };
        let recorder = &self.recorder;
        let mut state = recorder.state();
        if exchange.is_internal {
            return state.hide(exchange.connection);
        }
        state.count += 1;
        let (method, target) = method_and_target(&exchange.request_line);
        let summary = Summary {
            id: state.count,
            connection: exchange.connection,
            number: exchange.number,
            worker: self.worker,
            client: exchange.client,
            forwarded: exchange.forwarded,
            method,
            target,
            status: exchange.status.code(),
            phrase: exchange.status.phrase(),
            sent: exchange.body_sent,
            length: exchange.body_length,
            complete: exchange.complete,
            began: recorder.microseconds(capture.began),
            arrived: recorder.microseconds(capture.arrived),
            decided: recorder.microseconds(capture.decided),
            ended: recorder.microseconds(capture.ended),
        };
        state.publish(&Message::Exchange(&summary));
        state.ring.push_back(Record { summary, exchange: exchange.clone() });
        if state.ring.len() > RING {
            state.ring.pop_front();
        }
    }

    fn sending(&mut self, sending: &Sending<'_>, now: Instant) {
        let Sending { exchange, body_sent, body_length } = sending;
        self.about = Some(method_and_target(&exchange.request_line));
        let last_progress = self.last_progress.get(&exchange.connection);
        if last_progress
            .is_some_and(|&last_progress| now.saturating_duration_since(last_progress) < PROGRESS_PAUSE)
        {
            return;
        }
        self.last_progress.insert(exchange.connection, now);
        let mut state = self.recorder.state();
        if exchange.is_internal {
            return state.hide(exchange.connection);
        }
        let (method, target) = method_and_target(&exchange.request_line);
        state.publish(&Message::Progress(Progress {
            connection: exchange.connection,
            number: exchange.number,
            method,
            target,
            status: exchange.status.code(),
            sent: *body_sent,
            length: *body_length,
            began: self.recorder.microseconds(exchange.began),
            at: self.recorder.microseconds(now),
        }));
    }
}

/// The first two words of a request line, if it has them.
fn method_and_target(line: &[u8]) -> (String, String) {
    let word = |word: &[u8]| as_characters(&word[..word.len().min(MAX_WORD)]);
    let mut words = line.splitn(3, |&byte| byte == b' ').map(word);
    (words.next().unwrap_or_default(), words.next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::{Next, Stream};
    use crate::http::Status;
    use crate::server::{Capture, RequestBody};
    use std::net::Ipv4Addr;
    use std::time::SystemTime;

    const CLIENT: Client = Client::Ip(IpAddr::V4(Ipv4Addr::LOCALHOST));

    fn exchange(connection: u64, request_line: &str) -> Exchange {
        let now = Instant::now();
        let capture = Capture {
            request: format!("{request_line}\r\n\r\n").into_bytes(),
            request_body: RequestBody::default(),
            response: b"HTTP/1.1 200 OK\r\n\r\n".to_vec(),
            body_start: b"\xff".to_vec(),
            decisions: Vec::new(),
            began: now,
            arrived: now,
            decided: now,
            ended: now,
        };
        Exchange {
            user: None,
            connection,
            number: 1,
            is_internal: request_line.contains(" /.glass/"),
            client: CLIENT,
            forwarded: None,
            method: "GET",
            request_line: request_line.as_bytes().to_vec(),
            referer: None,
            user_agent: None,
            status: Status::OK,
            body_sent: 1,
            body_length: 1,
            complete: true,
            given_up: None,
            ended: SystemTime::now(),
            duration: Duration::ZERO,
            began: now,
            capture: Some(Box::new(capture)),
        }
    }

    /// Takes all events that wait.
    fn take_all(subscriber: &Subscriber) -> String {
        match subscriber.take() {
            Some(bytes) => String::from_utf8(bytes).expect("text"),
            None => String::new(),
        }
    }

    #[test]
    fn a_page_is_told_what_is_known_and_then_what_happens() {
        let recorder = Arc::new(Recorder::new(1, Vec::new()));
        let mut worker = recorder.observer();
        worker.opened(1, CLIENT, Instant::now());
        worker.ended(&exchange(1, "GET /before HTTP/1.1"));
        let subscriber = recorder.subscribe(1).expect("the first");
        let before = take_all(&subscriber);
        assert!(before.starts_with("event: hello\ndata: {"), "{before}");
        assert!(before.contains("event: open\n") && before.contains("\"target\":\"/before\""), "{before}");
        worker.ended(&exchange(1, "GET /after HTTP/1.1"));
        worker.closed(1, Instant::now());
        let after = take_all(&subscriber);
        assert!(after.contains("\"target\":\"/after\"") && after.contains("event: close\n"), "{after}");
        assert!(!after.contains("/before") && take_all(&subscriber).is_empty());
    }

    #[test]
    fn pages_are_told_of_a_turn_if_none_was_longer_and_what_it_was_for() {
        let recorder = Arc::new(Recorder::new(2, Vec::new()));
        let mut workers = [recorder.observer(), recorder.observer()];
        let subscriber = recorder.subscribe(1).expect("the first");
        take_all(&subscriber);
        let mut told = |worker: usize, target: &str, took| {
            let observer = &mut workers[worker];
            observer.ended(&exchange(7, &format!("GET {target} HTTP/1.1")));
            observer.took_turn(7, Duration::from_micros(took));
            let events = take_all(&subscriber);
            events.split_once("event: turn\ndata: ").map(|(_, data)| data.trim_end().to_owned())
        };
        let turn = |worker, took, target: &str| {
            Some(format!(
                "{{\"connection\":7,\"method\":\"GET\",\"target\":\"{target}\",\"took\":{took},\"worker\":{worker}}}"
            ))
        };
        let told = [(0, "/a", 30), (1, "/b", 20), (1, "/c", 40), (0, "/.glass/x", 90), (0, "/d", 40)]
            .map(|(worker, target, took)| told(worker, target, took));
        assert_eq!(told, [turn(0, 30, "/a"), None, turn(1, 40, "/c"), None, None]);
        let later = take_all(&recorder.subscribe(2).expect("the second"));
        assert!(later.contains(&turn(1, 40, "/c").expect("it was the longest")), "{later}");
    }

    #[test]
    fn the_ring_is_bounded_and_drops_the_oldest_first() {
        let recorder = Arc::new(Recorder::new(1, Vec::new()));
        let mut worker = recorder.observer();
        for number in 1..=10_000 {
            worker.ended(&exchange(number, &format!("GET /{number} HTTP/1.1")));
        }
        assert_eq!(recorder.state().ring.len(), RING);
        assert!(recorder.exchange(10_000 - RING as u64).is_none());
        let oldest = recorder.exchange(10_001 - RING as u64).expect("it is still there");
        assert!(oldest.contains(&format!("\"target\":\"/{}\"", 10_001 - RING)), "{oldest}");
    }

    #[test]
    fn what_the_page_itself_requests_is_not_shown() {
        let recorder = Arc::new(Recorder::new(1, Vec::new()));
        let mut worker = recorder.observer();
        let subscriber = recorder.subscribe(1).expect("the first");
        worker.opened(1, CLIENT, Instant::now());
        worker.ended(&exchange(1, "GET /.glass/exchange/3 HTTP/1.1"));
        // A page that comes later is told the same.
        let later = take_all(&recorder.subscribe(2).expect("the second"));
        worker.closed(1, Instant::now());
        for events in [take_all(&subscriber), later] {
            let open = events.find("event: open").expect("it was opened");
            let internal = events.find("event: internal\ndata: {\"connection\":1}").expect("it is internal");
            assert!(open < internal && !events.contains("event: exchange"), "{events}");
        }
        let state = recorder.state();
        assert!(state.internal.is_empty() && state.connections.is_empty() && state.ring.is_empty());
    }

    #[test]
    fn the_last_exchange_with_a_target_is_the_clients_own() {
        let recorder = Arc::new(Recorder::new(1, Vec::new()));
        let mut worker = recorder.observer();
        for (connection, client) in [(1, [127, 0, 0, 1]), (2, [127, 0, 0, 2])] {
            let exchange =
                Exchange { client: IpAddr::from(client).into(), ..exchange(connection, "GET /a?b HTTP/1.1") };
            worker.ended(&exchange);
        }
        let mine = recorder.last_for_target(b"/a?b", CLIENT).expect("there was one");
        assert!(mine.contains("\"connection\":1,") && mine.contains("\"body\":\"\u{ff}\""), "{mine}");
        assert!(recorder.last_for_target(b"/a", CLIENT).is_none());
    }

    #[test]
    fn only_so_many_pages_can_be_open_and_a_page_that_is_gone_does_not_count() {
        let recorder = Arc::new(Recorder::new(1, Vec::new()));
        let first = events::EventStream::new(recorder.subscribe(1).expect("the first"));
        assert!(recorder.subscribe(1).is_err());
        drop(first);
        assert!(recorder.subscribe(1).is_ok());
    }

    #[test]
    fn a_stream_gives_the_events_that_wait_and_then_waits_itself() {
        let recorder = Arc::new(Recorder::new(1, Vec::new()));
        let mut stream = events::EventStream::new(recorder.subscribe(1).expect("the first"));
        assert!(matches!(stream.next(), Next::Piece(hello) if hello.starts_with(b"event: hello")));
        assert_eq!(stream.next(), Next::NotYet);
        stream.stop();
        assert_eq!(stream.next(), Next::End);
    }
}
