//! The state machine without a socket: the test says what arrives, what can be sent, and when time passes.

use super::deadline::{LINGER_TIME, LINGER_TIME_AT_STOP, MAX_PAUSE_IN_DISCARDED};
use super::*;
use crate::answer::{Arrival, Awaited, Begin, Body, FilePart, Next, Piece, Receiver, Response, Source};
use crate::http::{FieldLines, Method, Refusal, Request, Status};
use crate::server::application::Begun;
use crate::server::events::{Event, Exchange, Interests, Observer};
use crate::server::transmit::FLUSH_SIZE;
use crate::server::transport::TlsSession;
use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Poll, Wake};

/// The client of a connection, and the kernel between.
#[derive(Debug, Default)]
struct FakeSocket {
    arrived: VecDeque<u8>,
    /// How much room its send buffer has, in bytes.
    room: usize,
    sent: Vec<u8>,
    writes: usize,
    finished: bool,
    /// If not 0: it sends records of so many bytes, and a write succeeds when its record has left.
    record: usize,
    on_the_way: usize,
    /// How many bytes its close_notify has.
    close_notify: usize,
}

impl Transport for FakeSocket {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.arrived.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let count = into.len().min(self.arrived.len());
        into[..count].fill_with(|| self.arrived.pop_front().expect("counted"));
        Ok(count)
    }

    fn write(&mut self, bytes: &[u8], _more: bool) -> io::Result<usize> {
        self.writes += 1;
        let record = self.record.min(bytes.len());
        let count = if record > 0 { record - self.on_the_way } else { bytes.len() }.min(self.room);
        self.room -= count;
        self.sent.extend_from_slice(&bytes[self.on_the_way..][..count]);
        if record > 0 {
            self.on_the_way += count;
            if self.on_the_way < record {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            return Ok(std::mem::take(&mut self.on_the_way));
        }
        if count == 0 { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(count) }
    }

    fn write_file(&mut self, file: &File, offset: u64, count: usize) -> io::Result<usize> {
        super::super::transport::copy_file(self, file, offset, count)
    }

    fn finish_writing(&mut self) -> io::Result<()> {
        self.finished = true;
        Ok(())
    }

    fn tls(&mut self) -> Option<&mut dyn TlsSession> {
        (self.record > 0 || self.close_notify > 0).then_some(self as _)
    }
}

impl TlsSession for FakeSocket {
    fn flush_pending(&mut self) {}

    fn is_handshaking(&self) -> bool {
        false
    }

    fn may_hold_more(&self) -> bool {
        false
    }

    fn on_the_way(&self) -> usize {
        self.on_the_way
    }

    fn close_notify(&mut self) -> io::Result<()> {
        let count = self.close_notify.min(self.room);
        self.room -= count;
        self.close_notify -= count;
        if self.close_notify > 0 { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(()) }
    }

    fn is_plain_http(&self) -> bool {
        false
    }

    fn session(&self) -> Option<String> {
        None
    }
}

/// A connection, its worker's buffers and a clock.
struct Bench {
    connection: Connection<FakeSocket>,
    now: Instant,
    options: Options,
    input: ReadBuffer,
    output: Option<Box<Queue>>,
    budget: Arc<Budget>,
    app: App,
    wakes: Arc<Wakes>,
    observers: Observers,
    log: Arc<Mutex<Vec<Exchange>>>,
}

const BODY: usize = 1_000_000;
const SECOND: Duration = Duration::from_secs(1);

fn respond(request: &Request<'_>) -> Response {
    let body = match request.line.split(|&byte| byte == b' ').nth(1) {
        Some(b"/large") => Body::Bytes(vec![b'x'; BODY]),
        Some(b"/work") => Body::Stream(Box::new(Work { next: 0 })),
        Some(b"/parts") => Body::Pieces(parts()),
        Some(b"/cut-off") => Body::Pieces(parts_that_are_cut_off()),
        Some(b"/stream") => Body::Stream(Box::new(Counter { next: 0 })),
        Some(b"/quiet") => Body::Stream(Box::new(Quiet { until: Instant::now() + QUIET, asked: 0 })),
        _ => Body::Bytes(vec![b'x'; 2]),
    };
    Response { status: Status::OK, headers: FieldLines::default(), body }
}

const PARTS: u64 = 1000;
const PART: u64 = 10_000;

fn letter(n: u64) -> String {
    char::from(b'a' + u8::try_from(n % 26).expect("less than 26")).to_string()
}

/// Every second part of a file, each behind a head that says which it is.
fn parts() -> Vec<Piece> {
    let mut file = tempfile::tempfile().expect("a file");
    let bytes: Vec<u8> = (0..PARTS * 2).flat_map(|n| letter(n).repeat(10_000).into_bytes()).collect();
    std::io::Write::write_all(&mut file, &bytes).expect("written");
    let source = Source::Disk(Arc::new(file));
    let part = |n: u64| FilePart { source: source.clone(), range: 2 * n * PART..(2 * n + 1) * PART };
    (0..PARTS).flat_map(|n| [Piece::Bytes(format!("[{n}]").into_bytes()), Piece::File(part(n))]).collect()
}

/// The same, of a file that has become shorter since its length was read.
fn parts_that_are_cut_off() -> Vec<Piece> {
    let mut parts = parts();
    for piece in parts.iter_mut().skip(1001).step_by(2) {
        let Piece::File(part) = piece else { panic!("every second is a part") };
        part.range = u64::from(u32::MAX)..u64::from(u32::MAX) + PART;
    }
    parts
}

/// Answers as [`respond`] does; but it does not know its response to `/late` at first, that to `/elsewhere` is made
/// elsewhere, for the user pia, and it panics at `/panic`. A PUT is an upload.
#[derive(Debug, Default)]
struct App {
    /// It knows its response to `/late`.
    knows: AtomicBool,
    /// It panics over what is refused.
    panics: bool,
    wakers: Mutex<Vec<Waker>>,
    /// What comes of the response that is made elsewhere, each time that it is asked for; then that panics.
    polls: Arc<Mutex<VecDeque<Poll<Option<Status>>>>>,
}

/// A response that is made elsewhere.
#[derive(Debug)]
struct Made(Arc<Mutex<VecDeque<Poll<Option<Status>>>>>);

impl Awaited for Made {
    fn poll(&mut self) -> Poll<Option<Response>> {
        let next = self.0.lock().expect("no panic").pop_front();
        let next = next.expect("this is the panic that the test provokes");
        next.map(|status| {
            Some(Response { status: status?, headers: FieldLines::default(), body: Body::Empty })
        })
    }
}

impl App {
    /// It gets to know its response to `/late`. Returns how many connections it has woken.
    fn get_to_know(&self) -> usize {
        self.knows.store(true, Ordering::Relaxed);
        let wakers = std::mem::take(&mut *self.wakers.lock().expect("no panic"));
        wakers.into_iter().map(Waker::wake).count()
    }
}

impl Application for App {
    fn begin(&self, request: &Request<'_>, arrival: &Arrival<'_>) -> Begun {
        match request.line.split(|&byte| byte == b' ').nth(1) {
            Some(b"/late") if !self.knows.load(Ordering::Relaxed) => {
                self.wakers.lock().expect("no panic").push(arrival.waker());
                let ask_again = VecDeque::from([Poll::Ready(None)]);
                Begin::Elsewhere(Box::new(Made(Arc::new(Mutex::new(ask_again))))).into()
            }
            Some(b"/elsewhere") if !self.knows.load(Ordering::Relaxed) => {
                let begin = Begin::Elsewhere(Box::new(Made(Arc::clone(&self.polls))));
                Begun { begin, user: Some(b"pia".to_vec()), is_internal: true }
            }
            Some(b"/panic") => panic!("this is the panic that the test provokes"),
            _ if request.method == Method::Put => Begin::Receive(Box::new(Upload::default())).into(),
            _ => respond(request).into(),
        }
    }

    fn refuse(&self, _request: Option<&Request<'_>>, refusal: &Refusal) -> Response {
        assert!(!self.panics, "this is the panic that the test provokes");
        Response::refuse(refusal)
    }
}

/// Takes a body. It panics at an `x`, and at the end of an empty body.
#[derive(Debug, Default)]
struct Upload(usize);

impl Receiver for Upload {
    fn take(&mut self, content: &[u8]) -> Result<(), Refusal> {
        assert!(!content.contains(&b'x'), "this is the panic that the test provokes");
        self.0 += content.len();
        Ok(())
    }

    fn finish(self: Box<Self>) -> Response {
        assert!(self.0 > 0, "this is the panic that the test provokes");
        Response { status: Status::CREATED, headers: FieldLines::default(), body: Body::Empty }
    }

    fn refuse(self: Box<Self>, refusal: &Refusal) -> Response {
        Response::of_refusal(refusal)
    }
}

/// Counts its calls.
#[derive(Debug, Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Keeps the exchanges that it is told of.
#[derive(Default)]
struct Log(Arc<Mutex<Vec<Exchange>>>);

impl Observer for Log {
    fn interests(&self) -> Interests {
        Interests { text: true, ..Interests::default() }
    }

    fn notice(&mut self, event: &Event<'_>, _now: Instant) {
        if let Event::Ended(exchange) = event {
            self.0.lock().expect("no panic").push((*exchange).clone());
        }
    }
}

/// A body that counts to three, with a pause before it begins and one before it ends.
#[derive(Debug)]
struct Counter {
    next: u8,
}

impl Stream for Counter {
    fn next(&mut self) -> Next {
        self.next += 1;
        match self.next {
            1 | 5 => Next::NotYet,
            2..=4 => Next::Piece(vec![b'0' + self.next - 1]),
            _ => Next::End,
        }
    }

    fn is_endless(&self) -> bool {
        true
    }

    fn stop(&mut self) {
        self.next = 9;
    }
}

/// A body that has nothing to send for a long time.
#[derive(Debug)]
struct Quiet {
    until: Instant,
    asked: u32,
}

const QUIET: Duration = Duration::from_secs(3600);

impl Stream for Quiet {
    fn next(&mut self) -> Next {
        self.asked += 1;
        if self.asked == 1 { Next::NotYet } else { Next::Piece(b".".to_vec()) }
    }

    fn wake_with(&mut self, waker: Waker) {
        assert_eq!(self.asked, 0);
        waker.wake();
    }

    fn wake_at(&self) -> Option<Instant> {
        Some(self.until)
    }
}

/// A body that takes work for its one piece, and then cannot go on.
#[derive(Debug)]
struct Work {
    next: u8,
}

impl Stream for Work {
    fn next(&mut self) -> Next {
        self.next += 1;
        match self.next {
            1 | 2 => Next::Busy,
            3 => Next::Piece(b"x".to_vec()),
            _ => Next::Broken,
        }
    }
}

impl Bench {
    fn new() -> Bench {
        let options = Options {
            max_connections: 1,
            head_timeout: 10 * SECOND,
            idle_timeout: 60 * SECOND,
            send_timeout: 30 * SECOND,
            stop_timeout: 10 * SECOND,
            ..Options::default()
        };
        let (now, log) = (Instant::now(), Arc::default());
        let socket = FakeSocket { room: usize::MAX, ..FakeSocket::default() };
        let client = std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST).into();
        let connection = Connection::new(socket, client, now, &options);
        Bench {
            connection,
            now,
            options,
            input: ReadBuffer::default(),
            output: None,
            budget: Budget::new(2 * BODY),
            app: App::default(),
            wakes: Arc::default(),
            observers: Observers::new(vec![Box::new(Log(Arc::clone(&log)))]),
            log,
        }
    }

    fn turn(&mut self, act: fn(&mut Connection<FakeSocket>, &mut Turn<'_>) -> AfterTurn) -> AfterTurn {
        let mut turn = Turn {
            now: self.now,
            date: &date::imf_fixdate(0),
            input: &mut self.input,
            output: &mut self.output,
            application: &self.app,
            observers: &mut self.observers,
            options: &self.options,
            budget: &self.budget,
            wakers: &|| Arc::clone(&self.wakes).into(),
        };
        act(&mut self.connection, &mut turn)
    }

    fn arrive(&mut self, bytes: &str) -> AfterTurn {
        self.connection.transport.arrived.extend(bytes.bytes());
        self.connection.note_readiness(true, false, false);
        self.turn(Connection::advance)
    }

    /// Time passes until the deadline, which must be `expected` away, and the connection times out.
    fn wait_for_deadline(&mut self, expected: Duration) -> AfterTurn {
        assert_eq!(self.connection.deadline() - self.now, expected);
        self.now += expected;
        self.turn(Connection::handle_timeout)
    }

    /// The waker is called, and the connection gets a turn.
    fn wake(&mut self) -> AfterTurn {
        self.connection.wake();
        self.turn(Connection::advance)
    }

    /// The connection gets one turn after another, as long as it asks for more.
    fn go_on(&mut self) -> AfterTurn {
        let mut next = AfterTurn::Again;
        while next == AfterTurn::Again {
            next = self.turn(Connection::advance);
        }
        next
    }

    fn sent(&self) -> String {
        String::from_utf8_lossy(&self.connection.transport.sent).into_owned()
    }

    fn status_lines(&self) -> Vec<String> {
        self.sent()
            .split("HTTP/1.1 ")
            .skip(1)
            .map(|rest| rest.lines().next().unwrap_or_default().to_owned())
            .collect()
    }
}

#[test]
fn a_connection_without_a_request_is_closed_without_a_response() {
    let mut bench = Bench::new();
    assert_eq!(bench.arrive(""), AfterTurn::Wait);
    assert_eq!(bench.wait_for_deadline(60 * SECOND), AfterTurn::Close);
    assert_eq!(bench.sent(), "");
}

#[test]
fn a_head_has_to_arrive_in_its_time_however_its_bytes_drip_in() {
    let mut bench = Bench::new();
    for _ in 0..9 {
        assert_eq!(bench.arrive("X"), AfterTurn::Wait);
        bench.now += SECOND;
    }
    assert_eq!(bench.wait_for_deadline(SECOND), AfterTurn::Wait);
    assert_eq!(bench.status_lines(), ["408 Request Timeout"]);
    assert!(bench.connection.transport.finished);
}

#[test]
fn a_client_that_does_not_send_a_body_that_is_discarded_is_answered_without_it() {
    for framing in ["Content-Length: 50", "Transfer-Encoding: chunked"] {
        for method in ["POST", "DELETE", "PURGE", "GET", "HEAD", "OPTIONS"] {
            let mut bench = Bench::new();
            bench.arrive(&format!("{method} / HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n"));
            assert_eq!(bench.sent(), "");
            bench.wait_for_deadline(MAX_PAUSE_IN_DISCARDED);
            assert_eq!(bench.status_lines(), ["200 OK"], "{method} {framing}");
            assert!(bench.sent().contains("Connection: close\r\n"));
            assert!(bench.connection.transport.finished, "it says that nothing more comes");
            // What comes later is discarded, so that no reset destroys the response.
            assert_eq!(bench.arrive("late"), AfterTurn::Wait);
            assert_eq!(bench.status_lines().len(), 1);
        }
    }
}

#[test]
fn a_body_that_is_discarded_may_pause_but_only_for_so_long() {
    let mut bench = Bench::new();
    let (pause, parts) = (MAX_PAUSE_IN_DISCARDED * 3 / 4, 4);
    let post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n";
    bench.arrive(post);
    for _ in 0..parts {
        bench.now += pause;
        bench.arrive("x");
    }
    assert_eq!(bench.status_lines(), ["200 OK"]);
    assert!(bench.connection.is_idle() && !bench.sent().contains("close"), "it stays open");
    bench.arrive(&post.replace('4', "1000"));
    let began = bench.now;
    while bench.connection.deadline() > bench.now + pause {
        bench.now += pause;
        bench.arrive("x");
    }
    bench.now = bench.connection.deadline();
    assert_eq!(bench.now - began, 10 * SECOND);
    bench.turn(Connection::handle_timeout);
    assert_eq!(bench.status_lines(), ["200 OK", "408 Request Timeout"]);
}

#[test]
fn a_head_request_that_times_out_gets_a_response_without_a_body() {
    let mut bench = Bench::new();
    bench.arrive("HEAD / HTTP/1.1\r\nHost");
    bench.wait_for_deadline(10 * SECOND);
    assert_eq!(bench.status_lines(), ["408 Request Timeout"]);
    assert!(bench.sent().ends_with("\r\n\r\n"), "{}", bench.sent());
}

#[test]
fn a_client_that_takes_nothing_is_cut_off_and_one_that_takes_a_little_is_not() {
    let mut bench = Bench::new();
    bench.connection.transport.room = 1000;
    assert_eq!(bench.arrive("GET /large HTTP/1.1\r\nHost: a\r\n\r\n"), AfterTurn::Wait);
    for _ in 0..5 {
        // Too little for the kernel to report the socket as writable.
        bench.connection.transport.room = 100;
        assert_eq!(bench.wait_for_deadline(30 * SECOND), AfterTurn::Wait);
    }
    assert_eq!(bench.sent().len(), 1500);
    assert_eq!(bench.wait_for_deadline(30 * SECOND), AfterTurn::Close);
}

#[test]
fn a_client_that_takes_a_little_of_a_record_is_not_cut_off_either() {
    let mut bench = Bench::new();
    (bench.connection.transport.room, bench.connection.transport.record) = (1000, 64 * 1024);
    assert_eq!(bench.arrive("GET /large HTTP/1.1\r\nHost: a\r\n\r\n"), AfterTurn::Wait);
    for _ in 0..5 {
        bench.connection.transport.room = 100;
        assert_eq!(bench.wait_for_deadline(30 * SECOND), AfterTurn::Wait);
    }
    assert_eq!(bench.sent().len(), 1500);
    assert_eq!(bench.wait_for_deadline(30 * SECOND), AfterTurn::Close);
}

#[test]
fn the_connection_waits_for_room_for_its_close_notify() {
    for room_comes in [true, false] {
        let mut bench = Bench::new();
        bench.connection.transport.room = 0;
        bench.arrive("GET / HTTP/1.0\r\n\r\n");
        // There is room for the response, and later for as little again.
        bench.connection.transport.room = 500;
        bench.connection.transport.close_notify = 500;
        bench.connection.note_readiness(false, true, false);
        assert_eq!(bench.turn(Connection::advance), AfterTurn::Wait);
        assert!(bench.connection.outgoing.is_empty() && bench.connection.transport.close_notify > 0);
        assert!(!bench.connection.transport.finished);
        if room_comes {
            bench.connection.transport.room = usize::MAX;
            bench.connection.note_readiness(false, true, false);
            assert_eq!(bench.turn(Connection::advance), AfterTurn::Close);
        } else {
            assert_eq!(bench.wait_for_deadline(30 * SECOND), AfterTurn::Close);
        }
    }
}

#[test]
fn a_head_that_waited_behind_a_long_answer_has_its_time_from_then_on() {
    let mut bench = Bench::new();
    bench.connection.transport.room = 1000;
    bench.arrive("GET /large HTTP/1.1\r\nHost: a\r\n\r\nGET / HT");
    bench.now += 29 * SECOND;
    bench.connection.transport.room = usize::MAX;
    bench.connection.note_readiness(false, true, false);
    assert_eq!(bench.turn(Connection::advance), AfterTurn::Wait);
    bench.now += 9 * SECOND;
    assert_eq!(bench.arrive("TP/1.1\r\nHost: a\r\n\r\n"), AfterTurn::Wait);
    assert_eq!(bench.status_lines(), ["200 OK", "200 OK"]);
}

#[test]
fn a_connection_that_waits_owns_no_buffer() {
    let mut bench = Bench::new();
    bench.connection.transport.room = 1000;
    bench.arrive("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    // Meanwhile another connection of the worker makes the buffer grow.
    bench.output = Some(Box::new(Queue::with_capacity(200_000)));
    bench.connection.transport.room = usize::MAX;
    bench.connection.note_readiness(false, true, false);
    assert_eq!(bench.turn(Connection::advance), AfterTurn::Wait);
    assert!(bench.connection.is_idle());
    assert_eq!(bench.connection.outgoing.capacity(), 0);
    assert_eq!(bench.connection.leftover.capacity(), 0);
    assert!(bench.output.is_some_and(|queue| queue.capacity() >= 200_000));
}

#[test]
fn after_the_last_response_the_connection_lingers_if_the_client_may_still_be_sending() {
    let table = [
        // Nothing follows the request, and the response is small.
        ("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", false),
        // Something follows the request.
        ("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nG", true),
        // The response is large.
        ("GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", true),
        // The request is refused before its end.
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999\r\n\r\n", true),
        ("nonsense\r\n", true),
    ];
    for (request, lingers) in table {
        let mut bench = Bench::new();
        let next = bench.arrive(request);
        assert_eq!(
            (next, bench.connection.transport.finished),
            (if lingers { AfterTurn::Wait } else { AfterTurn::Close }, lingers),
            "{request}"
        );
        if lingers {
            assert_eq!(bench.arrive("more"), AfterTurn::Wait);
            assert_eq!(bench.wait_for_deadline(LINGER_TIME), AfterTurn::Close);
        }
        assert_eq!(bench.status_lines().len(), 1, "{request}");
    }
}

#[test]
fn a_shutdown_waits_for_a_client_that_never_closes_but_not_for_long() {
    let ask = "GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    for is_stopped_before in [true, false] {
        let mut bench = Bench::new();
        bench.connection.transport.room = if is_stopped_before { 1000 } else { usize::MAX };
        assert_eq!(bench.arrive(ask), AfterTurn::Wait);
        bench.connection.finish();
        bench.connection.transport.room = usize::MAX;
        bench.connection.note_readiness(false, true, false);
        assert_eq!(bench.turn(Connection::advance), AfterTurn::Wait);
        assert!(bench.connection.transport.finished);
        // What the client sends does not extend the time.
        bench.now += LINGER_TIME_AT_STOP / 2;
        assert_eq!(bench.arrive("more"), AfterTurn::Wait);
        assert_eq!(bench.wait_for_deadline(LINGER_TIME_AT_STOP / 2), AfterTurn::Close);
    }
}

#[test]
fn a_shutdown_closes_idle_connections_and_lets_a_response_finish() {
    let mut idle = Bench::new();
    idle.arrive("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    idle.connection.finish();
    assert_eq!(idle.turn(Connection::advance), AfterTurn::Close);

    let mut busy = Bench::new();
    busy.connection.transport.room = 1000;
    busy.arrive("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    busy.connection.finish();
    assert_eq!(busy.turn(Connection::advance), AfterTurn::Wait);
    busy.connection.transport.room = usize::MAX;
    busy.connection.note_readiness(false, true, false);
    busy.turn(Connection::advance);
    assert!(busy.sent().len() > BODY && busy.connection.transport.finished);
}

#[test]
fn large_responses_that_wait_take_no_more_memory_than_the_budget_has() {
    let request = "GET /large HTTP/1.1\r\nHost: a\r\n\r\n";
    let mut bench = Bench::new();
    let share = bench.budget.take(BODY + 1).expect("it is all there");
    bench.arrive(request);
    assert_eq!(bench.status_lines(), ["503 Service Unavailable"]);
    drop(share);
    bench.arrive(request);
    assert_eq!(bench.status_lines(), ["503 Service Unavailable", "200 OK"]);
    // It is sent, so all of its memory is free again.
    assert!(bench.budget.take(2 * BODY).is_some());
}

#[test]
fn memory_for_a_large_response_is_freed_when_it_is_sent_and_not_taken_for_head() {
    let mut bench = Bench::new();
    // Each time a little of the last response is not read, so that there is always something left to send.
    bench.connection.transport.room = BODY - 30_000;
    for _ in 0..10 {
        bench.arrive("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
        bench.connection.transport.room = BODY;
        bench.connection.note_readiness(false, true, false);
        bench.turn(Connection::advance);
    }
    assert!(!bench.sent().contains("503"));
    let mut heads = Bench::new();
    heads.connection.transport.room = 0;
    heads.arrive(&"HEAD /large HTTP/1.1\r\nHost: a\r\n\r\n".repeat(10));
    assert!(heads.budget.take(2 * BODY).is_some());
}

#[test]
fn thousands_of_parts_arrive_complete_and_are_not_all_held_in_memory() {
    let mut bench = Bench::new();
    bench.connection.transport.room = 100_000;
    let mut next = bench.arrive("GET /parts HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(next, AfterTurn::Wait, "the socket takes no more for now");
    while !bench.connection.outgoing.is_empty() {
        let held = bench.connection.outgoing.capacity();
        assert!(held < 8 * FLUSH_SIZE, "{held} bytes are held");
        bench.connection.transport.room = 100_000;
        bench.connection.note_readiness(false, true, false);
        next = bench.go_on();
    }
    assert_eq!(next, AfterTurn::Wait, "it stays open");
    let sent = bench.sent();
    let (_, body) = sent.split_once("\r\n\r\n").expect("a head");
    let part = |n: u64| format!("[{n}]{}", letter(2 * n).repeat(10_000));
    assert!(body == (0..PARTS).map(part).collect::<String>(), "{} bytes", body.len());
}

#[test]
fn small_parts_leave_in_few_writes_and_let_others_have_their_turns() {
    let mut bench = Bench::new();
    assert_eq!(bench.arrive("GET /parts HTTP/1.1\r\nHost: a\r\n\r\n"), AfterTurn::Again);
    // A turn's budget is for reading, too.
    assert!(bench.connection.transport.sent.len() < 2 * SEND_BUDGET);
    assert!(bench.connection.transport.writes < 2 * SEND_BUDGET / FLUSH_SIZE);
}

#[test]
fn what_is_behind_a_part_that_cannot_be_read_is_not_sent_in_its_place() {
    let mut bench = Bench::new();
    bench.arrive("GET /cut-off HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(bench.go_on(), AfterTurn::Close);
    assert!(bench.sent().ends_with("[500]"));
}

#[test]
fn the_heads_of_many_parts_count_as_memory_for_large_responses() {
    let mut bench = Bench::new();
    let _share = bench.budget.take(2 * BODY - FLUSH_SIZE).expect("it is all there");
    bench.arrive("GET /parts HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(bench.status_lines(), ["503 Service Unavailable"]);
}

#[test]
fn a_stream_is_sent_in_chunks_as_it_is_made_and_what_follows_it_waits() {
    let mut bench = Bench::new();
    let both = "GET /stream HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n";
    assert_eq!(bench.arrive(both), AfterTurn::Wait);
    assert!(bench.sent().contains("\r\nTransfer-Encoding: chunked\r\n"));
    assert!(bench.sent().ends_with("\r\n\r\n"), "nothing is there yet: {}", bench.sent());
    // Other connections have their turn between two pieces.
    assert_eq!(bench.wake(), AfterTurn::Again);
    assert!(bench.sent().ends_with("\r\n\r\n1\r\n1\r\n"), "{}", bench.sent());
    assert_eq!(bench.go_on(), AfterTurn::Wait);
    assert!(bench.sent().ends_with("1\r\n1\r\n1\r\n2\r\n1\r\n3\r\n"), "{}", bench.sent());
    assert_eq!(bench.status_lines().len(), 1);
    assert_eq!(bench.wake(), AfterTurn::Wait);
    assert!(bench.sent().contains("3\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n"), "{}", bench.sent());
    assert_eq!(bench.status_lines().len(), 2);
    assert!(bench.connection.is_idle());
}

#[test]
fn a_stream_that_has_nothing_is_asked_when_it_calls_its_waker_or_at_its_time_and_not_in_between() {
    let mut bench = Bench::new();
    assert_eq!(bench.arrive("GET /quiet HTTP/1.1\r\nHost: a\r\n\r\n"), AfterTurn::Wait);
    bench.now = bench.connection.deadline();
    assert!(bench.now + SECOND > Instant::now() + QUIET, "not before its time");
    assert_eq!(bench.turn(Connection::handle_timeout), AfterTurn::Again);
    assert!(bench.sent().ends_with("\r\n\r\n1\r\n.\r\n"), "{}", bench.sent());
    // It got the waker before it was first asked.
    assert_eq!(bench.wakes.0.load(Ordering::Relaxed), 1);
}

#[test]
fn a_postponed_request_is_asked_about_again_after_a_call_of_the_waker_and_what_follows_it_waits() {
    // A request, and how many answers there are.
    let table = [
        ("GET /late HTTP/1.1\r\nHost: a\r\n\r\n", 3),
        ("POST /late HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", 3),
        ("GET /late HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 2),
        ("POST /late HTTP/1.1\r\nHost: a\r\nContent-Length: 99999\r\n\r\nabc", 2),
    ];
    for (late, answers) in table {
        let mut bench = Bench::new();
        let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
        assert_eq!(bench.arrive(&format!("{get}{late}{get}")), AfterTurn::Wait);
        assert_eq!(bench.status_lines().len(), 1, "what came before it does not wait: {late}");
        assert!(!bench.connection.is_idle());
        assert_eq!(bench.arrive("GET"), AfterTurn::Wait, "more may come, and is not read");
        assert_eq!(bench.status_lines().len(), 1);
        assert_eq!((bench.app.get_to_know(), bench.wakes.0.load(Ordering::Relaxed)), (1, 1), "asked once");
        bench.wake();
        assert_eq!(bench.status_lines().len(), answers, "{late}");
    }
}

#[test]
fn a_response_that_is_made_elsewhere_is_sent_when_it_is_there_with_all_that_was_known_of_the_request() {
    let mut bench = Bench::new();
    *bench.app.polls.lock().expect("no panic") = [Poll::Pending, Poll::Ready(Some(Status::CREATED))].into();
    let get = "GET /elsewhere HTTP/1.1\r\nHost: a\r\n\r\n";
    assert_eq!(bench.arrive(&format!("{get}GET / HTTP/1.1\r\nHost: a\r\n\r\n")), AfterTurn::Wait);
    assert!(bench.connection.is_postponed() && !bench.connection.is_idle());
    bench.wake();
    assert_eq!(bench.sent(), "", "it was woken for something else");
    bench.wake();
    assert_eq!(bench.status_lines(), ["201 Created", "200 OK"]);
    assert!(!bench.connection.is_postponed());
    let log = bench.log.lock().expect("no panic");
    let known: Vec<_> = log.iter().map(|exchange| (exchange.user.as_deref(), exchange.is_internal)).collect();
    assert_eq!(known, [(Some(&b"pia"[..]), true), (None, false)]);
}

#[test]
fn where_nothing_comes_from_elsewhere_the_application_is_asked_again_and_a_panic_there_is_a_500() {
    for (knows, status) in [(true, "200 OK"), (false, "500 Internal Server Error")] {
        let mut bench = Bench::new();
        *bench.app.polls.lock().expect("no panic") = [Poll::Ready(None)].into();
        bench.arrive("GET /elsewhere HTTP/1.1\r\nHost: a\r\n\r\n");
        bench.app.knows.store(knows, Ordering::Relaxed);
        bench.wake();
        // If it does not know more than before, something is made elsewhere once more.
        bench.wake();
        assert_eq!(bench.status_lines(), [status]);
    }
}

#[test]
fn when_a_connection_ends_nobody_waits_any_more_for_what_is_made_elsewhere() {
    let mut bench = Bench::new();
    bench.arrive("GET /elsewhere HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(Arc::strong_count(&bench.app.polls), 2);
    let Bench { connection, app, .. } = bench;
    drop(connection);
    assert_eq!(Arc::strong_count(&app.polls), 1);
}

#[test]
fn a_turn_answers_only_so_many_requests_however_many_there_are() {
    let mut bench = Bench::new();
    let requests = "GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(1000);
    let (mut next, mut answered) = (bench.arrive(&requests), 0);
    for _ in 0..1000 {
        let now = bench.connection.answered() as usize;
        assert!(now - answered <= STEP_BUDGET, "{} in one turn", now - answered);
        answered = now;
        if next != AfterTurn::Again {
            break;
        }
        next = bench.turn(Connection::advance);
    }
    assert_eq!(answered, 1000);
}

#[test]
fn a_shutdown_waits_for_a_postponed_request() {
    let mut bench = Bench::new();
    bench.arrive("GET /late HTTP/1.1\r\nHost: a\r\n\r\n");
    bench.connection.finish();
    assert_eq!(bench.turn(Connection::advance), AfterTurn::Wait);
    bench.app.get_to_know();
    bench.wake();
    assert!(bench.sent().contains("\r\nConnection: close\r\n"), "{}", bench.sent());
}

#[test]
fn a_request_that_panics_is_answered_with_500_and_in_the_log() {
    let table = [
        ("GET /panic HTTP/1.1\r\nHost: a\r\n\r\n", ""),
        ("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n", "x"),
        ("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", ""),
    ];
    for (head, body) in table {
        let mut bench = Bench::new();
        bench.arrive(&format!("GET / HTTP/1.1\r\nHost: a\r\n\r\n{head}{body}"));
        assert_eq!(bench.status_lines(), ["200 OK", "500 Internal Server Error"], "{head}");
        assert!(bench.sent().contains("\r\nConnection: close\r\n"));
        let log = bench.log.lock().expect("no panic");
        let told: Vec<_> = log.iter().map(|exchange| (exchange.status.code(), exchange.complete)).collect();
        assert_eq!(told, [(200, true), (500, true)], "{head}");
        assert_eq!(log[1].request_line, head.lines().next().expect("a line").as_bytes());
    }
}

#[test]
fn a_refusal_over_which_the_application_panics_is_answered_all_the_same_and_in_the_log() {
    let table = [
        ("no request", "nonsense\r\n\r\n"),
        ("no body of its kind", "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 2\r\n\r\n"),
        ("no end of its body", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n+1\r\n"),
        ("no memory for it", "GET /large HTTP/1.1\r\nHost: a\r\n\r\n"),
    ];
    for (what, request) in table {
        let answered = [false, true].map(|panics| {
            let mut bench = Bench::new();
            bench.app.panics = panics;
            let _share = bench.budget.take(BODY + 1).expect("it is all there");
            let next = bench.arrive(&format!("GET / HTTP/1.1\r\nHost: a\r\n\r\n{request}"));
            let log = bench.log.lock().expect("no panic");
            assert_eq!(log.len(), 2, "{what}");
            (next, bench.sent(), log[1].status)
        });
        assert!(answered[0].2.code() >= 400, "{what}");
        assert_eq!(answered[0], answered[1], "{what}");
    }
}

#[test]
fn a_receiver_gives_the_response_also_if_the_body_does_not_come_to_its_end() {
    let put = "PUT / HTTP/1.1\r\nHost: a\r\n";
    let mut bench = Bench::new();
    bench.arrive(&format!("{put}Expect: 100-continue\r\nContent-Length: 3\r\n\r\n"));
    assert_eq!(bench.status_lines(), ["100 Continue"]);
    assert_eq!(bench.arrive("abcGET / HTTP/1.1\r\nHost: a\r\n\r\n"), AfterTurn::Wait);
    assert_eq!(bench.status_lines(), ["100 Continue", "201 Created", "200 OK"]);
    let mut malformed = Bench::new();
    malformed.arrive(&format!("{put}Transfer-Encoding: chunked\r\n\r\n+1\r\na\r\n0\r\n\r\n"));
    assert_eq!(malformed.status_lines(), ["400 Bad Request"]);
    let mut late = Bench::new();
    late.arrive(&format!("{put}Content-Length: 3\r\n\r\na"));
    late.wait_for_deadline(30 * SECOND);
    assert_eq!(late.status_lines(), ["408 Request Timeout"]);
}

#[test]
fn a_client_with_http_1_0_gets_a_stream_without_chunks_and_then_the_end_of_the_connection() {
    let mut bench = Bench::new();
    bench.arrive("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    bench.wake();
    bench.go_on();
    assert_eq!(bench.wake(), AfterTurn::Close);
    assert!(bench.sent().ends_with("\r\n\r\n123"), "{}", bench.sent());
    assert!(bench.sent().contains("\r\nConnection: close\r\n") && !bench.sent().contains("chunked"));
}

#[test]
fn a_stream_ends_when_the_server_stops_and_with_the_client() {
    let mut bench = Bench::new();
    bench.arrive("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
    bench.connection.finish();
    bench.turn(Connection::advance);
    assert!(bench.sent().ends_with("0\r\n\r\n"), "{}", bench.sent());
    let mut gone = Bench::new();
    gone.arrive("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
    gone.connection.note_readiness(false, false, true);
    gone.wake();
    assert_eq!(gone.go_on(), AfterTurn::Close);
}

#[test]
fn a_busy_stream_lets_other_connections_have_their_turns_and_a_broken_one_ends_the_connection() {
    let mut bench = Bench::new();
    assert_eq!(bench.arrive("GET /work HTTP/1.1\r\nHost: a\r\n\r\n"), AfterTurn::Again);
    assert_eq!(bench.turn(Connection::advance), AfterTurn::Again);
    assert_eq!(bench.turn(Connection::advance), AfterTurn::Again);
    assert!(bench.sent().ends_with("\r\n\r\n1\r\nx\r\n"), "{}", bench.sent());
    assert_eq!(bench.turn(Connection::advance), AfterTurn::Close);
    assert!(bench.sent().ends_with("1\r\nx\r\n"), "no last chunk: {}", bench.sent());
}

#[test]
fn a_response_to_head_announces_a_stream_and_does_not_send_it() {
    let mut bench = Bench::new();
    assert_eq!(bench.arrive("HEAD /stream HTTP/1.1\r\nHost: a\r\n\r\n"), AfterTurn::Wait);
    assert!(
        bench.sent().contains("\r\nTransfer-Encoding: chunked\r\n") && bench.sent().ends_with("\r\n\r\n")
    );
    assert!(bench.connection.is_idle());
}
