//! The engine by itself: a real server on a real port, and in place of the site a function.

use glasshttp::answer::{Arrival, Body, FilePart, Next, Response, Source, Stream};
use glasshttp::http::{FieldLines, Refusal, Request, Status};
use glasshttp::server::{Application, Begun, Heartbeat, Options, Server, Stopper};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, LazyLock, Mutex};
use std::task::Waker;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A bound on every wait; nothing here waits for it to pass.
const BOUND: Duration = Duration::from_secs(20);

fn options() -> Options {
    Options {
        head_timeout: BOUND,
        idle_timeout: BOUND,
        send_timeout: BOUND,
        stop_timeout: BOUND,
        ..Options::default()
    }
}

/// A server on a thread of its own; it is stopped, and its thread waited for, in the end.
struct Running {
    address: SocketAddr,
    stopper: Stopper,
    heartbeat: Heartbeat,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    fn start(options: Options, respond: fn(&Request<'_>, &Arrival<'_>) -> Response) -> Running {
        Running::start_application(options, respond)
    }

    fn start_application(options: Options, application: impl Application + Send + 'static) -> Running {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let server = Server::new(vec![listener.into()], options).expect("a server");
        let (address, stopper, heartbeat) = (server.addresses()[0], server.stopper(), server.heartbeat());
        let run = move || server.run(&application, &Vec::new).expect("it runs until it is stopped");
        Running { address, stopper, heartbeat, thread: Some(std::thread::spawn(run)) }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).expect("it listens");
        stream.set_read_timeout(Some(BOUND)).expect("set");
        stream.set_write_timeout(Some(BOUND)).expect("set");
        stream
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stopper.stop();
        let ended = self.thread.take().expect("it runs").join();
        assert!(ended.is_ok() || std::thread::panicking(), "the server's thread panicked");
    }
}

fn answer(text: &str) -> Response {
    Response { status: Status::OK, headers: FieldLines::default(), body: Body::Bytes(text.into()) }
}

/// The target decides: `/panic` panics, `/large` is a file of 64 MiB, anything else is echoed.
fn respond(request: &Request<'_>, _arrival: &Arrival<'_>) -> Response {
    let line = String::from_utf8_lossy(request.line);
    match line.split(' ').nth(1) {
        Some("/panic") => panic!("this is the panic that the test provokes"),
        Some("/large") => {
            let file = tempfile::tempfile().expect("a file");
            file.set_len(LARGE).expect("set");
            let body = Body::File(FilePart { source: Source::Disk(Arc::new(file)), range: 0..LARGE });
            Response { status: Status::OK, headers: FieldLines::default(), body }
        }
        target => answer(target.unwrap_or_default()),
    }
}

const LARGE: u64 = 64 << 20;

fn get(stream: &mut TcpStream, target: &str) {
    let request = format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("sent");
}

/// The body of the next response, whose length it states.
fn read_body(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("a head");
        head.extend(byte);
    }
    let head = String::from_utf8(head).expect("ASCII");
    let length = head.split("Content-Length: ").nth(1).and_then(|rest| rest.split("\r\n").next());
    let mut body = vec![0; length.expect("a length").parse().expect("a number")];
    stream.read_exact(&mut body).expect("a body");
    String::from_utf8(body).expect("text")
}

fn is_closed(stream: &mut TcpStream) -> bool {
    matches!(stream.read(&mut [0]), Ok(0) | Err(_))
}

#[test]
fn a_panic_costs_its_connection_and_no_other() {
    let server = Running::start(options(), respond);
    let (mut before, mut panics) = (server.connect(), server.connect());
    get(&mut before, "/1");
    assert_eq!(read_body(&mut before), "/1");
    for _ in 0..3 {
        get(&mut panics, "/panic");
        assert!(read_body(&mut panics).starts_with("500 Internal Server Error: "));
        assert!(is_closed(&mut panics));
        panics = server.connect();
    }
    get(&mut before, "/2");
    assert_eq!(read_body(&mut before), "/2");
    let mut after = server.connect();
    get(&mut after, "/3");
    assert_eq!(read_body(&mut after), "/3");
}

#[test]
fn a_client_that_says_nothing_holds_nobody_up() {
    let server = Running::start(options(), respond);
    let _silent: Vec<_> = (0..20).map(|_| server.connect()).collect();
    let mut talks = server.connect();
    get(&mut talks, "/");
    assert_eq!(read_body(&mut talks), "/");
}

#[test]
fn a_client_that_does_not_read_holds_nobody_up() {
    let server = Running::start(options(), respond);
    let mut greedy = server.connect();
    for _ in 0..3 {
        get(&mut greedy, "/large");
    }
    let mut other = server.connect();
    for _ in 0..3 {
        get(&mut other, "/");
        assert_eq!(read_body(&mut other), "/");
    }
}

#[test]
fn a_large_file_arrives_whole_behind_and_before_small_answers() {
    let server = Running::start(options(), respond);
    let mut stream = server.connect();
    stream
        .write_all(
            b"GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /large HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n",
        )
        .expect("sent");
    assert_eq!(read_body(&mut stream), "/a");
    assert_eq!(read_body(&mut stream).len() as u64, LARGE);
    assert_eq!(read_body(&mut stream), "/b");
}

#[test]
fn many_pipelined_requests_are_answered_in_order() {
    let server = Running::start(options(), respond);
    let mut stream = server.connect();
    let mut writes = stream.try_clone().expect("cloned");
    let sender =
        std::thread::spawn(move || (0..5000).for_each(|number| get(&mut writes, &format!("/{number}"))));
    for number in 0..5000 {
        assert_eq!(read_body(&mut stream), format!("/{number}"));
    }
    sender.join().expect("all sent");
}

#[test]
fn a_half_closed_client_gets_its_answers() {
    let server = Running::start(options(), respond);
    let mut stream = server.connect();
    get(&mut stream, "/1");
    get(&mut stream, "/large");
    stream.shutdown(Shutdown::Write).expect("half closed");
    assert_eq!(read_body(&mut stream), "/1");
    assert_eq!(read_body(&mut stream).len() as u64, LARGE);
    assert!(is_closed(&mut stream));
}

#[test]
fn while_a_worker_is_busy_another_takes_new_connections() {
    static STAGE: (Mutex<u8>, Condvar) = (Mutex::new(0), Condvar::new());
    fn reach(stage: u8) {
        *STAGE.0.lock().expect("no panic") = stage;
        STAGE.1.notify_all();
    }
    fn wait_for(stage: u8) {
        let now = STAGE.0.lock().expect("no panic");
        let (now, _) = STAGE.1.wait_timeout_while(now, BOUND, |now| *now < stage).expect("no panic");
        assert!(*now >= stage, "waited too long");
    }
    let server = Running::start(Options { threads: 2, ..options() }, |request, _| {
        if request.line.contains(&b'b') {
            reach(1);
            wait_for(2);
        }
        answer("done")
    });
    let mut busy = server.connect();
    get(&mut busy, "/b");
    wait_for(1);
    for _ in 0..8 {
        let mut stream = server.connect();
        get(&mut stream, "/");
        assert_eq!(read_body(&mut stream), "done");
    }
    reach(2);
    assert_eq!(read_body(&mut busy), "done");
}

#[test]
fn when_all_seats_are_taken_the_longest_idle_connection_gives_way() {
    for threads in [1, 3] {
        let server = Running::start(Options { threads, max_connections: 3, ..options() }, respond);
        let mut seats: Vec<_> = (0..3).map(|_| server.connect()).collect();
        for stream in &mut seats {
            get(stream, "/");
            read_body(stream);
        }
        get(&mut seats[0], "/");
        read_body(&mut seats[0]);
        let mut newcomer = server.connect();
        get(&mut newcomer, "/new");
        assert_eq!(read_body(&mut newcomer), "/new", "{threads} threads");
    }
}

#[test]
fn when_all_seats_are_taken_and_busy_a_newcomer_gets_503() {
    for threads in [1, 3] {
        let server = Running::start(Options { threads, max_connections: 2, ..options() }, respond);
        let mut busy: Vec<_> = (0..2).map(|_| server.connect()).collect();
        for stream in &mut busy {
            get(stream, "/large");
            // Its answer has begun, and it does not read on.
            stream.read_exact(&mut [0; 100]).expect("a beginning");
        }
        let mut newcomer = server.connect();
        let mut response = String::new();
        newcomer.read_to_string(&mut response).expect("an answer and an end");
        assert!(response.starts_with("HTTP/1.1 503 "), "{response}");
        assert!(response.contains("\r\nRetry-After: 1\r\n"), "{response}");
    }
}

/// Answers as [`respond`] does, and panics over what is refused.
struct PanicsOverRefusals;

impl Application for PanicsOverRefusals {
    fn begin(&self, request: &Request<'_>, arrival: &Arrival<'_>) -> Begun {
        respond(request, arrival).into()
    }

    fn refuse(&self, _request: Option<&Request<'_>>, _refusal: &Refusal) -> Response {
        panic!("this is the panic that the test provokes")
    }
}

#[test]
fn a_panic_over_a_newcomer_who_finds_no_seat_costs_nobody_theirs() {
    let options = Options { threads: 1, max_connections: 1, ..options() };
    let server = Running::start_application(options, PanicsOverRefusals);
    let mut busy = server.connect();
    get(&mut busy, "/large");
    busy.read_exact(&mut [0; 100]).expect("a beginning");
    for _ in 0..2 {
        let mut response = String::new();
        server.connect().read_to_string(&mut response).expect("an answer and an end");
        assert!(response.starts_with("HTTP/1.1 503 "), "{response}");
    }
    let rest = std::io::copy(&mut busy.take(LARGE), &mut std::io::sink());
    assert_eq!(rest.expect("what it asked for"), LARGE);
}

#[test]
fn stopping_lets_answers_under_way_finish_and_closes_what_is_idle() {
    let server = Running::start(options(), respond);
    let (mut idle, mut loads) = (server.connect(), server.connect());
    get(&mut idle, "/");
    read_body(&mut idle);
    get(&mut loads, "/large");
    let mut first = [0; 1];
    loads.read_exact(&mut first).expect("a beginning");
    server.stopper.stop();
    assert!(is_closed(&mut idle));
    let mut rest = Vec::new();
    loads.read_to_end(&mut rest).expect("the rest");
    assert!(rest.len() as u64 > LARGE, "{}", rest.len());
}

#[test]
fn who_has_just_connected_is_answered_although_the_server_stops() {
    let mut tries = 0..10;
    while tries.next().is_some() {
        let server = Running::start(Options { threads: 1, ..options() }, respond);
        let began = Instant::now();
        let (mut newcomer, mut silent) = (server.connect(), server.connect());
        // Accepted after these two.
        let mut idle = server.connect();
        get(&mut idle, "/");
        read_body(&mut idle);
        server.stopper.stop();
        assert!(is_closed(&mut idle));
        // On a machine that is busy with other things they may have had their second.
        if began.elapsed() > Duration::from_millis(500) {
            continue;
        }
        get(&mut newcomer, "/new");
        let mut answer = String::new();
        newcomer.read_to_string(&mut answer).expect("an answer and an end");
        assert!(answer.ends_with("\r\n\r\n/new"), "{answer}");
        // Who says nothing is not waited for until the end of all time for stopping.
        assert_eq!(silent.read(&mut [0]).expect("closed, not given up by us"), 0);
        assert!(began.elapsed() < BOUND / 2, "{:?}", began.elapsed());
        return;
    }
    panic!("this machine was never quick enough");
}

#[test]
fn a_large_last_answer_arrives_whole_although_the_client_sends_more() {
    let server = Running::start(options(), respond);
    let mut stream = server.connect();
    stream.write_all(b"GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").expect("sent");
    stream.read_exact(&mut [0; 1]).expect("a beginning");
    stream.write_all(b"\r\n").expect("sent");
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).expect("the rest, and no reset");
    assert!(rest.len() as u64 > LARGE, "{}", rest.len());
}

#[test]
fn stopping_lets_an_answer_finish_although_the_next_request_is_there() {
    let server = Running::start(options(), respond);
    let mut stream = server.connect();
    get(&mut stream, "/large");
    stream.read_exact(&mut [0; 1]).expect("a beginning");
    get(&mut stream, "/");
    server.stopper.stop();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).expect("the rest, and no reset");
    assert!(rest.len() as u64 > LARGE, "{}", rest.len());
}

#[test]
fn connections_that_have_not_spoken_yet_do_not_give_way_to_others_at_once() {
    let server = Running::start(Options { max_connections: 10, ..options() }, respond);
    let mut streams: Vec<_> = (0..20).map(|_| server.connect()).collect();
    let mut answers = Vec::new();
    for stream in &mut streams {
        let _ = stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer, be it 503");
        answers.push(answer.split(' ').nth(1).expect("a status").to_owned());
    }
    assert!(answers[..10].iter().all(|status| status == "200"), "{answers:?}");
    assert!(answers[10..].iter().all(|status| status == "503" || status == "200"), "{answers:?}");
}

/// A stream that has one piece, and then nothing until it is woken for the end.
#[derive(Debug)]
struct Quiet(Arc<(Mutex<QuietState>, Condvar)>, bool);

#[derive(Debug, Default)]
struct QuietState {
    waker: Option<Waker>,
    asked: u32,
    is_over: bool,
}

impl Stream for Quiet {
    fn next(&mut self) -> Next {
        let mut state = self.0.0.lock().expect("no panic");
        state.asked += 1;
        self.0.1.notify_all();
        match (std::mem::replace(&mut self.1, true), state.is_over) {
            (false, _) => Next::Piece(b"begun".to_vec()),
            (true, false) => Next::NotYet,
            (true, true) => Next::End,
        }
    }

    fn wake_with(&mut self, waker: Waker) {
        self.0.0.lock().expect("no panic").waker = Some(waker);
    }
}

#[test]
fn a_stream_that_has_nothing_to_say_costs_no_turn_and_goes_on_when_it_wakes_its_connection() {
    static STATE: LazyLock<Arc<(Mutex<QuietState>, Condvar)>> = LazyLock::new(Arc::default);
    let server = Running::start(options(), |_, _| Response {
        status: Status::OK,
        headers: FieldLines::default(),
        body: Body::Stream(Box::new(Quiet(Arc::clone(&STATE), false))),
    });
    let mut page = server.connect();
    get(&mut page, "/");
    let (state, asked) = (&STATE.0, &STATE.1);
    // It was asked for its piece, and then once more, in vain.
    let waited = asked.wait_timeout_while(state.lock().expect("no panic"), BOUND, |state| state.asked < 2);
    assert!(!waited.expect("no panic").1.timed_out());
    // That turn is over when the next has begun.
    let turns = || server.heartbeat.turns()[0];
    let before = turns();
    server.heartbeat.wake();
    let began = Instant::now();
    while turns() == before {
        assert!(began.elapsed() < BOUND);
        std::thread::yield_now();
    }
    let before = turns();
    // As long as a page that is asked every 50 ms would be asked six times.
    let mut read = vec![0; 1000];
    page.set_read_timeout(Some(Duration::from_millis(300))).expect("set");
    while page.read(&mut read).is_ok_and(|count| count > 0) {}
    assert_eq!(turns(), before, "nothing happens, and the worker sleeps");
    assert_eq!(state.lock().expect("no panic").asked, 2);
    let waker = {
        let mut state = state.lock().expect("no panic");
        state.is_over = true;
        state.waker.take().expect("it was given one")
    };
    waker.wake();
    page.set_read_timeout(Some(BOUND)).expect("set");
    let mut end = [0; 5];
    page.read_exact(&mut end).expect("the last chunk");
    assert_eq!(&end, b"0\r\n\r\n");
}
