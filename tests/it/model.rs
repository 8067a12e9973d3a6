//! The state machine of a connection against a model of it.
//!
//! A client sends requests, good and bad, one after another. What must come back depends on their
//! bytes alone, so a model that sees all of them at once can say it: a list of answers, each with the
//! number of bytes that must have arrived before it is due, and whether it is the last. The
//! connection sees the same bytes as a network brings them: in any pieces, with little room for
//! answers, with deadlines that pass, with a client that ends or resets the connection in the middle
//! and a server that is stopped. Whatever happens, and after each thing that does:
//!
//! - what came out is the beginning of what the model owes, and all of it where there was room;
//! - the connection ends when it has a reason to, and never without one;
//! - its deadline lies ahead, it is idle exactly if it waits for a request, and it asks for another
//!   turn only after a long one;
//! - the observer was told of each answer that is wholly sent, and at the end of all that were begun.
//!
//! The cases are the same in each run. `PROPTEST_CASES=100000 PROPTEST_RNG_SEED=1` tries others.

use glasshttp::answer::{Arrival, Body, FilePart, Piece, Response, Source};
use glasshttp::base::budget::Budget;
use glasshttp::http::chunked::ChunkedDecoder;
use glasshttp::http::framing::{Framing, expects_continue};
use glasshttp::http::request::HeadScanner;
use glasshttp::http::{FieldLines, Refusal, Request, Status, date};
use glasshttp::server::buffer::ReadBuffer;
use glasshttp::server::connection::{AfterTurn, Connection, Turn};
use glasshttp::server::events::Observers;
use glasshttp::server::transmit::Queue;
use glasshttp::server::transport::{Transport, copy_file};
use glasshttp::server::{self, Exchange, Interests, Observer, Options};
use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestCaseResult};
use std::fs::File;
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, LazyLock, Mutex};
use std::task::Waker;
use std::time::{Duration, Instant};

// ---- what a client sends

/// What a request leads to.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Leads {
    /// The site's answer, and then the next request.
    On,
    /// The site's answer, the last.
    ToLast,
    /// A refusal with this status, the last.
    ToRefusal(u16),
}
use Leads::{On, ToLast, ToRefusal};

/// Requests, and what they lead to. The answer is due when all before `|` has arrived, or else all of
/// the request, and not a byte earlier. `{a*9}` is nine times `a`.
const REQUESTS: &[(&str, Leads)] = &[
    ("GET /small HTTP/1.1\r\nHost: a\r\n\r\n", On),
    ("\r\nGET /small HTTP/1.1\r\nHost: a\r\n\r\n", On),
    ("HEAD /small HTTP/1.1\r\nHost: a\r\n\r\n", On),
    ("GET /empty HTTP/1.1\r\nHost: a\r\n\r\n", On),
    ("GET /no-content HTTP/1.1\r\nHost: a\r\n\r\n", On),
    ("GET /not-modified HTTP/1.1\r\nHost: a\r\n\r\n", On),
    ("GET /small-file HTTP/1.1\r\nHost: a\r\n\r\n", On),
    ("GET /file HTTP/1.1\r\nHost: a\r\n\r\n", On),
    ("HEAD /file HTTP/1.1\r\nHost: a\r\n\r\n", On),
    ("GET /memory HTTP/1.1\r\nHost: a\r\n\r\n", On),
    ("GET /bytes HTTP/1.1\r\nHost: a\r\n\r\n", On),
    ("GET /pieces HTTP/1.1\r\nHost: a\r\n\r\n", On),
    ("GET /small HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", On),
    ("GET /small HTTP/1.1\r\nHost: a\r\nX: {x*9000}\r\n\r\n", On),
    ("POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", On),
    (
        "HEAD /small HTTP/1.1\r\nHost: a\r\nContent-Length: 36\r\n\r\nGET /not HTTP/1.1\r\nHost: a\r\n\r\n123456",
        On,
    ),
    ("POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 65536\r\n\r\n{x*65536}", On),
    ("POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nExpect: 100-continue\r\n\r\n", On),
    ("POST /small HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", On),
    (
        "POST /small HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n\
         0a\r\nGET / HTTP\r\n0\r\nX: y\r\n\r\n",
        On,
    ),
    ("POST /file HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{4\r\nabcd\r\n*2000}0\r\n\r\n", On),
    // Three hundred requests that need neither reading nor sending between them.
    ("{GET /no-content HTTP/1.1\r\nHost:\r\n\r\n*300}", On),
    ("GET /small HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", ToLast),
    ("HEAD /small HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n", ToLast),
    ("GET /file HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", ToLast),
    ("GET /small HTTP/1.0\r\n\r\n", ToLast),
    ("POST /small HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc", ToLast),
    ("POST /small HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n|abc", ToLast),
    ("POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 65537\r\n\r\n|{x*9}", ToLast),
    (
        "POST /small HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffffff\r\n{x*65529}|{x*200}",
        ToLast,
    ),
    ("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n|\x16\x03\x01", ToLast),
    ("\x16|\x03\x01", ToRefusal(400)),
    ("\r\n\r\n|GET /small HTTP/1.1\r\n", ToRefusal(400)),
    ("GET /small HTTP/1.1\n|Host: a\n\n", ToRefusal(400)),
    ("HEAD /small HTTP/1.1\n|Host: a\n\n", ToRefusal(400)),
    ("GET /small HTTP/1.1\r\n\r\n", ToRefusal(400)),
    ("HEAD /small HTTP/1.1\r\n\r\n", ToRefusal(400)),
    ("GET  /small HTTP/1.1\r\nHost: a\r\n\r\n", ToRefusal(400)),
    ("GET /small HTTP/1.1\r\nHost : a\r\n\r\n|abc", ToRefusal(400)),
    ("GET /small HTTP/2.0\r\n|Host: a\r\n\r\n", ToRefusal(505)),
    ("GET /{a*8252}|{a*100} HTTP/1.1\r\n", ToRefusal(414)),
    ("GET / HTTP/1.1\r\nX: {x*32749}|{x*100}\r\n", ToRefusal(431)),
    ("GET / HTTP/1.1\r\n{X:\r\n*101}\r\n", ToRefusal(431)),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n|abcd", ToRefusal(400)),
    (
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n|0\r\n\r\n",
        ToRefusal(400),
    ),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n|x", ToRefusal(501)),
    ("POST / HTTP/1.1\r\nHost: a\r\nExpect: wonders\r\nContent-Length: 3\r\n\r\n|abc", ToRefusal(417)),
    (
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n|0\r\n\r\n",
        ToRefusal(400),
    ),
    ("HEAD / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n+1\r\n|a\r\n0\r\n\r\n", ToRefusal(400)),
    // Last, since it takes the most time: more than may be sent in one turn.
    ("GET /huge HTTP/1.1\r\nHost: a\r\n\r\n", On),
];

/// `a{b*3}` is `abbb`.
fn unfold(mut text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Some((before, rest)) = text.split_once('{') {
        let (inside, behind) = rest.split_once('}').expect("a repetition ends");
        let (what, count) = inside.rsplit_once('*').expect("a repetition has a count");
        bytes.extend_from_slice(before.as_bytes());
        bytes.extend_from_slice(what.repeat(count.parse().expect("a number")).as_bytes());
        text = behind;
    }
    bytes.extend_from_slice(text.as_bytes());
    bytes
}

// ---- what answers

const FILE_LENGTH: usize = 50_000;
const LARGE: usize = 100_000;

/// How many requests a client sends at most.
const MOST_REQUESTS: usize = 6;
const HUGE_WORDS: u32 = 600_000;
const HUGE_LENGTH: usize = 4 * HUGE_WORDS as usize;

/// Bytes of which no two pieces are alike, so that none can stand in another's place.
static BYTES: LazyLock<Arc<[u8]>> = LazyLock::new(|| (0..HUGE_WORDS).flat_map(u32::to_be_bytes).collect());

/// The same bytes on disk.
static FILE: LazyLock<Arc<File>> = LazyLock::new(|| {
    let mut file = tempfile::tempfile().expect("a file");
    file.write_all(&BYTES).expect("there is room for it");
    Arc::new(file)
});

fn respond(request: &Request<'_>) -> Response {
    let on_disk = |range| FilePart { source: Source::Disk(Arc::clone(&FILE)), range };
    let path = request.line.split(|&byte| byte == b' ').nth(1).expect("a target");
    let (status, body) = match path {
        b"/empty" => (Status::OK, Body::Empty),
        b"/no-content" => (Status::NO_CONTENT, Body::Empty),
        b"/not-modified" => (Status::NOT_MODIFIED, Body::Empty),
        b"/bytes" => (Status::OK, Body::Bytes(BYTES[..LARGE].to_vec())),
        b"/small-file" => (Status::OK, Body::File(on_disk(5..105))),
        b"/file" => (Status::OK, Body::File(on_disk(0..FILE_LENGTH as u64))),
        b"/huge" => (Status::OK, Body::File(on_disk(0..HUGE_LENGTH as u64))),
        b"/memory" => {
            let part = FilePart { source: Source::Memory(Arc::clone(&BYTES)), range: 0..FILE_LENGTH as u64 };
            (Status::OK, Body::File(part))
        }
        b"/pieces" => {
            let words = |words: &str| Piece::Bytes(words.into());
            let parts = [words("["), Piece::File(on_disk(7..FILE_LENGTH as u64)), words("]["), words("]")];
            (Status::OK, Body::Pieces(parts.into()))
        }
        _ => (Status::OK, Body::Bytes(b"hello".to_vec())),
    };
    let mut headers = FieldLines::default();
    headers.push("X", "y");
    Response { status, headers, body }
}

/// The bytes of a body that [`respond`] gave.
fn bytes_of(body: &Body) -> Vec<u8> {
    let of_part = |part: &FilePart| {
        let position = |position| usize::try_from(position).expect("it is small");
        BYTES[position(part.range.start)..position(part.range.end)].to_vec()
    };
    let of_piece = |piece: &Piece| match piece {
        Piece::Bytes(bytes) => bytes.clone(),
        Piece::File(part) => of_part(part),
    };
    match body {
        Body::Empty => Vec::new(),
        Body::Bytes(bytes) => bytes.clone(),
        Body::File(part) => of_part(part),
        Body::Pieces(pieces) => pieces.iter().flat_map(of_piece).collect(),
        Body::Stream(_) => unreachable!("the responder of the model gives none"),
    }
}

// ---- the model

/// An answer as it must come out.
#[derive(Debug, Clone)]
struct Answer {
    status: u16,
    head: Arc<[u8]>,
    body: Arc<[u8]>,
}

/// An answer that will be due.
#[derive(Debug, Clone)]
struct Due {
    /// As soon as so many bytes have arrived.
    at: usize,
    answer: Answer,
    /// The answer if the server is stopping by then.
    if_stopping: Answer,
    is_last: bool,
    /// Where the next request begins.
    request_ends: usize,
}

impl Answer {
    fn new(
        status: Status,
        connection: Option<&str>,
        fields: &str,
        body: Vec<u8>,
        is_head: bool,
        has_length: bool,
    ) -> Answer {
        let line = format!("HTTP/1.1 {} {}\r\n", status.code(), status.phrase());
        let date = "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\nServer: glasshttp\r\n";
        let length = if has_length { format!("Content-Length: {}\r\n", body.len()) } else { String::new() };
        let connection = connection.map_or_else(String::new, |option| format!("Connection: {option}\r\n"));
        let head = format!("{line}{date}{length}{connection}{fields}X-Content-Type-Options: nosniff\r\n\r\n");
        let body = if is_head { Vec::new() } else { body };
        Answer { status: status.code(), head: head.into_bytes().into(), body: body.into() }
    }

    fn of_site(request: &Request<'_>, is_last: bool) -> Answer {
        let response = respond(request);
        let is_old = request.line.ends_with(b"HTTP/1.0");
        let connection = match (is_last, is_old) {
            (true, _) => Some("close"),
            (false, true) => Some("keep-alive"),
            (false, false) => None,
        };
        let has_length = !matches!(response.status.code(), 204 | 304);
        let is_head = request.line.starts_with(b"HEAD ");
        Answer::new(response.status, connection, "X: y\r\n", bytes_of(&response.body), is_head, has_length)
    }

    fn refusal(refusal: &Refusal, is_head: bool) -> Answer {
        let body = format!("{} {}: {}\n", refusal.status.code(), refusal.status.phrase(), refusal.why);
        let fields = "Content-Type: text/plain; charset=utf-8\r\nCache-Control: no-cache\r\nVary: Accept\r\n";
        Answer::new(refusal.status, Some("close"), fields, body.into(), is_head, true)
    }
}

/// What is wrong with these bytes; how the protocol storey says it.
fn refusal_of(bytes: &[u8]) -> Result<(), Refusal> {
    let head = HeadScanner::default().find_end(bytes)?.expect("as much as is needed");
    let request = Request::parse(&bytes[head.clone()])?;
    expects_continue(&request)?;
    if Framing::of(&request)? == Framing::Chunked {
        let (mut decoder, mut rest) = (ChunkedDecoder::default(), &bytes[head.end..]);
        while !rest.is_empty() {
            rest = &rest[decoder.next(rest)?.consumed..];
        }
    }
    Ok(())
}

/// One of [`REQUESTS`]: all its bytes, and the answers, counted from its beginning.
fn answers_to(text: &str, leads: Leads) -> (Vec<u8>, Vec<Due>) {
    // Several at once are of one kind, and need nothing but their heads.
    if let Some((one, count)) = text.strip_prefix('{').and_then(|rest| rest.rsplit_once('*')) {
        let (one, due) = answers_to(one, leads);
        let count: usize = count.trim_end_matches('}').parse().expect("a number");
        let dues = (0..count).map(|before| due[0].behind(before * one.len()));
        return (one.repeat(count), dues.collect());
    }
    let (needed, rest) = text.split_once('|').unwrap_or((text, ""));
    let (needed, rest) = (unfold(needed), unfold(rest));
    let is_last = leads != On;
    let (answer, if_stopping) = if let ToRefusal(status) = leads {
        let refusal = refusal_of(&needed).expect_err("it is in the table as one");
        assert_eq!(refusal.status.code(), status, "{text}");
        let answer = Answer::refusal(&refusal, needed.starts_with(b"HEAD "));
        (answer.clone(), answer)
    } else {
        let head = HeadScanner::default().find_end(&needed).expect("good").expect("whole");
        let request = Request::parse(&needed[head]).expect("good");
        (Answer::of_site(&request, is_last), Answer::of_site(&request, true))
    };
    let (at, request_ends) = (needed.len(), needed.len() + rest.len());
    ([needed, rest].concat(), vec![Due { at, answer, if_stopping, is_last, request_ends }])
}

impl Due {
    /// The same when so many bytes come before it.
    fn behind(&self, before: usize) -> Due {
        Due { at: self.at + before, request_ends: self.request_ends + before, ..self.clone() }
    }
}

static KNOWN: LazyLock<Vec<(Vec<u8>, Vec<Due>)>> =
    LazyLock::new(|| REQUESTS.iter().map(|&(text, leads)| answers_to(text, leads)).collect());

/// What must come out, as far as it is known by now.
#[derive(Debug)]
struct Model {
    input: Vec<u8>,
    dues: Vec<Due>,
    /// The answers that are due, the bytes of all of them, and where each ends in these.
    owed: Vec<Answer>,
    bytes: Vec<u8>,
    ends: Vec<usize>,
    /// So many bytes of the input have arrived to be heard.
    heard: usize,
    /// Where the request begins that is not answered.
    request_begins: usize,
    /// The last answer is among those that are due.
    is_over: bool,
    is_stopping: bool,
    /// How many requests were answered when the server was told to stop.
    answered_before: usize,
    /// Which answer is the last is settled, even if the server stops.
    is_settled: bool,
}

impl Model {
    fn new(requests: &[usize]) -> Model {
        let (mut input, mut dues) = (Vec::new(), Vec::new());
        for (bytes, answers) in requests.iter().map(|&index| &KNOWN[index]) {
            dues.extend(answers.iter().map(|due| due.behind(input.len())));
            input.extend_from_slice(bytes);
        }
        let (owed, bytes, ends) = (Vec::new(), Vec::new(), Vec::new());
        let (heard, request_begins, answered_before) = (0, 0, 0);
        let (is_over, is_stopping, is_settled) = (false, false, false);
        Model {
            input,
            dues,
            owed,
            bytes,
            ends,
            heard,
            request_begins,
            is_over,
            is_stopping,
            answered_before,
            is_settled,
        }
    }

    /// So many bytes of the input have arrived.
    fn hear(&mut self, arrived: usize) {
        if self.is_stopping {
            return;
        }
        self.heard = arrived;
        while !self.is_over
            && let Some(due) = self.dues.get(self.owed.len())
            && due.at <= arrived
        {
            (self.is_over, self.request_begins) = (due.is_last, due.request_ends);
            self.owe(due.answer.clone());
        }
    }

    fn owe(&mut self, answer: Answer) {
        self.bytes.extend_from_slice(&answer.head);
        self.bytes.extend_from_slice(&answer.body);
        self.ends.push(self.bytes.len());
        self.owed.push(answer);
    }

    /// A part of a request has arrived, and no more is to be waited for. Nobody takes a body here: if that is all
    /// that is missing, the site's answer comes without it.
    fn is_late(&mut self) {
        let rest = &self.input[self.request_begins..self.heard].to_vec();
        let head = HeadScanner::default().find_end(rest);
        if let Ok(Some(head)) = head
            && let Ok(request) = Request::parse(&rest[head])
        {
            self.owe(Answer::of_site(&request, true));
            (self.is_over, self.is_settled) = (true, true);
            return;
        }
        let is_head = rest.strip_prefix(b"\r\n").unwrap_or(rest).starts_with(b"HEAD ");
        let refusal = Refusal::new(Status::REQUEST_TIMEOUT, "the request did not arrive in time");
        self.owe(Answer::refusal(&refusal, is_head));
        (self.is_over, self.is_settled) = (true, true);
    }

    /// Whether a part of a request has arrived.
    fn is_within_request(&self) -> bool {
        self.heard > self.request_begins
    }

    /// When the server stops, those requests count that the connection has read, and which that are
    /// nobody can say from outside; the last of them is told that it is. So this learns from what came
    /// out, and gives whether it can be right: all that was answered must come out, and who was
    /// answered after the stop must have been told.
    fn learn_from(&mut self, sent: &[u8], nothing_left: bool, answered: usize) -> bool {
        if !self.is_stopping || self.is_settled {
            return true;
        }
        let (mut whole, mut begin) = (0, 0);
        while let Some(&end) = self.ends.get(whole)
            && sent.get(begin..end) == Some(&self.bytes[begin..end])
        {
            (whole, begin) = (whole + 1, end);
        }
        let rest = &sent[begin..];
        let is_as_owed = self.bytes[begin..].starts_with(rest);
        if is_as_owed && !nothing_left {
            return true;
        }
        let is_told = answered == self.answered_before || (whole > 0 && self.dues[whole - 1].is_last);
        if is_as_owed && !(rest.is_empty() && whole >= answered && is_told) {
            return false;
        }
        self.keep_first(whole);
        (self.is_over, self.is_settled) = (true, true);
        if !is_as_owed {
            self.owe(self.dues[whole].if_stopping.clone());
        }
        true
    }

    fn keep_first(&mut self, answers: usize) {
        self.owed.truncate(answers);
        self.ends.truncate(answers);
        self.bytes.truncate(self.ends.last().copied().unwrap_or(0));
    }
}

// ---- the network

/// The client's end of the connection, and the kernel between.
#[derive(Debug, Default)]
struct Socket {
    arrived: Vec<u8>,
    read: usize,
    client_finished: bool,
    is_reset: bool,
    /// How many bytes can be written before it blocks, and how many at once.
    room: usize,
    at_once: usize,
    sent: Vec<u8>,
    finished: bool,
    /// So many calls are interrupted by signals before the next one succeeds.
    interruptions: usize,
    /// What one turn may do is bounded; this counts it.
    calls: usize,
}

impl Socket {
    fn call(&mut self) -> io::Result<()> {
        self.calls += 1;
        if self.interruptions > 0 {
            self.interruptions -= 1;
            return Err(io::ErrorKind::Interrupted.into());
        }
        if self.is_reset { Err(io::ErrorKind::ConnectionReset.into()) } else { Ok(()) }
    }
}

impl Transport for Socket {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        assert!(!into.is_empty(), "to read nothing looks like the end");
        self.call()?;
        let count = into.len().min(self.arrived.len() - self.read);
        into[..count].copy_from_slice(&self.arrived[self.read..][..count]);
        self.read += count;
        if count == 0 && !self.client_finished { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(count) }
    }

    fn write(&mut self, bytes: &[u8], _more: bool) -> io::Result<usize> {
        assert!(!self.finished, "something is written after the end was told");
        assert!(!bytes.is_empty(), "to write nothing looks like a failure");
        self.call()?;
        let count = bytes.len().min(self.room).min(self.at_once);
        self.room -= count;
        self.sent.extend_from_slice(&bytes[..count]);
        if count == 0 { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(count) }
    }

    fn write_file(&mut self, file: &File, offset: u64, count: usize) -> io::Result<usize> {
        copy_file(self, file, offset, count)
    }

    fn finish_writing(&mut self) -> io::Result<()> {
        assert!(!self.finished, "the end is told twice");
        self.finished = true;
        Ok(())
    }
}

/// What happens to a connection.
#[derive(Debug, Clone, Copy)]
enum Event {
    /// So many bytes of the input arrive.
    Arrive(usize),
    /// All arrives that the next answer needs, but for so many bytes.
    ArriveAllBut(usize),
    /// There is room for so many bytes more, and the kernel tells of it.
    Room(usize),
    /// There is room, but too little for the kernel to tell.
    QuietRoom(usize),
    /// The socket is said to be ready, and nothing has changed.
    FalseAlarm,
    /// The next calls are interrupted.
    Interruptions(usize),
    /// So many hundredths of the time to the deadline pass.
    Time(u32),
    /// All of it passes.
    Deadline,
    /// The client has sent all that it will send; what it has not sent by now will never come.
    ClientFinishes,
    /// The connection breaks.
    Reset,
    /// The server is to stop.
    Stop,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    use Event::{
        Arrive, ArriveAllBut, ClientFinishes, Deadline, FalseAlarm, Interruptions, QuietRoom, Reset, Room,
        Stop, Time,
    };
    let size = || prop_oneof![1usize..5, 1usize..200, 1usize..70_000, Just(usize::MAX)];
    let event = prop_oneof![
        12 => size().prop_map(Arrive),
        6 => (0usize..3).prop_map(ArriveAllBut),
        8 => size().prop_map(Room),
        2 => (1usize..5000).prop_map(QuietRoom),
        2 => Just(FalseAlarm),
        1 => (1usize..3).prop_map(Interruptions),
        2 => (1u32..100).prop_map(Time),
        1 => Just(Deadline),
        1 => Just(ClientFinishes),
        1 => Just(Stop),
        1 => Just(Reset),
    ];
    prop::collection::vec(event, 0..25)
}

fn requests() -> impl Strategy<Value = Vec<usize>> {
    let good = REQUESTS.iter().take_while(|(_, leads)| *leads == On).count();
    let request = prop_oneof![30 => 0..good, 8 => good..REQUESTS.len() - 1, 1 => Just(REQUESTS.len() - 1)];
    prop::collection::vec(request, 1..=MOST_REQUESTS)
}

// ---- both together

type Act = fn(&mut Connection<Socket>, &mut Turn<'_>) -> AfterTurn;

/// A connection, what a worker lends to it, and its model.
struct Bench {
    connection: Connection<Socket>,
    now: Instant,
    options: Options,
    input: ReadBuffer,
    output: Option<Box<Queue>>,
    /// Enough for all that the client can ask for; all of it is there again when that is sent.
    budget: Arc<Budget>,
    observers: Observers,
    /// The exchanges that the observer was told of.
    observed: Arc<Mutex<Vec<Exchange>>>,
    model: Model,
    /// There is room that the kernel has not told of.
    room_is_quiet: bool,
    /// The connection is broken or its time is up: it must end, whatever is owed.
    must_end: bool,
}

#[derive(Default)]
struct Observed(Arc<Mutex<Vec<Exchange>>>);

impl Observer for Observed {
    fn interests(&self) -> Interests {
        Interests::default()
    }

    fn notice(&mut self, event: &server::Event<'_>, _now: Instant) {
        if let server::Event::Ended(exchange) = event {
            self.0.lock().expect("no panic").push((*exchange).clone());
        }
    }
}

impl Bench {
    fn new(requests: &[usize], at_once: usize) -> Bench {
        let second = Duration::from_secs(1);
        let options = Options {
            max_connections: 1,
            head_timeout: 10 * second,
            idle_timeout: 60 * second,
            send_timeout: 30 * second,
            stop_timeout: 10 * second,
            ..Options::default()
        };
        let (now, observed) = (Instant::now(), Arc::<Mutex<_>>::default());
        let socket = Socket { at_once, ..Socket::default() };
        Bench {
            connection: Connection::new(socket, IpAddr::V4(Ipv4Addr::LOCALHOST).into(), now, &options),
            now,
            options,
            input: ReadBuffer::default(),
            output: None,
            budget: Budget::new(MOST_REQUESTS * LARGE),
            observers: Observers::new(vec![Box::new(Observed(Arc::clone(&observed)))]),
            observed,
            model: Model::new(requests),
            room_is_quiet: false,
            must_end: false,
        }
    }

    fn socket(&mut self) -> &mut Socket {
        self.connection.transport()
    }

    fn answered(&self) -> usize {
        self.connection.answered() as usize
    }

    fn turn(&mut self, act: Act) -> AfterTurn {
        let mut turn = Turn {
            now: self.now,
            date: &date::imf_fixdate(0),
            input: &mut self.input,
            output: &mut self.output,
            application: &|request: &Request<'_>, _: &Arrival<'_>| respond(request),
            observers: &mut self.observers,
            options: &self.options,
            budget: &self.budget,
            wakers: &|| Waker::noop().clone(),
        };
        act(&mut self.connection, &mut turn)
    }

    /// Lets something happen, and the connection do what it can. Gives whether it is still there.
    fn play(&mut self, event: Event) -> Result<bool, TestCaseError> {
        let mut act: Act = Connection::advance;
        match event {
            Event::Arrive(count) => self.arrive(count),
            Event::ArriveAllBut(count) => {
                let arrived = self.socket().arrived.len();
                let needed = self.model.dues.iter().map(|due| due.at).find(|&at| at > arrived);
                self.arrive(needed.map_or(0, |at| at - arrived).saturating_sub(count));
            }
            Event::Room(count) => {
                self.make_room(count, false);
                self.connection.note_readiness(false, true, false);
            }
            Event::QuietRoom(count) => self.make_room(count, true),
            Event::FalseAlarm => {
                self.room_is_quiet = false;
                self.connection.note_readiness(true, true, false);
            }
            Event::Interruptions(count) => self.socket().interruptions = count,
            Event::Time(hundredths) => {
                self.now += (self.connection.deadline() - self.now) * hundredths / 100;
            }
            Event::Deadline => {
                self.deadline_comes();
                act = Connection::handle_timeout;
            }
            Event::ClientFinishes => {
                self.socket().client_finished = true;
                self.connection.note_readiness(false, false, true);
            }
            Event::Reset => {
                self.socket().is_reset = true;
                self.must_end = true;
                self.connection.note_readiness(true, true, true);
            }
            Event::Stop => {
                if !self.model.is_stopping {
                    (self.model.is_stopping, self.model.answered_before) = (true, self.answered());
                }
                self.connection.finish();
            }
        }
        self.take_turns(act)
    }

    fn arrive(&mut self, count: usize) {
        let (socket, model) = (self.connection.transport(), &mut self.model);
        if !socket.client_finished {
            let from = socket.arrived.len();
            let to = model.input.len().min(from.saturating_add(count));
            socket.arrived.extend_from_slice(&model.input[from..to]);
            model.hear(to);
        }
        self.connection.note_readiness(true, false, false);
    }

    fn make_room(&mut self, count: usize, is_quiet: bool) {
        self.socket().room = self.socket().room.saturating_add(count);
        self.room_is_quiet = is_quiet;
    }

    /// Who takes nothing is cut off, and so is who says nothing; who was late is told so.
    fn deadline_comes(&mut self) {
        self.now = self.connection.deadline();
        self.room_is_quiet = false;
        let (sent, has_room) = (self.socket().sent.len(), self.socket().room > 0);
        if sent < self.model.bytes.len() {
            self.must_end = !has_room;
        } else if !self.model.is_over && self.model.is_within_request() {
            self.model.is_late();
        } else {
            self.must_end = true;
        }
    }

    /// Gives the connection turns until it waits. Gives whether it is still there.
    fn take_turns(&mut self, mut act: Act) -> Result<bool, TestCaseError> {
        loop {
            let before = (self.socket().calls + self.answered(), self.socket().sent.len());
            let interruptions = self.socket().interruptions;
            let next = self.turn(act);
            let was_interrupted = self.socket().interruptions < interruptions;
            let after = (self.socket().calls + self.answered(), self.socket().sent.len());
            self.check_bytes(next)?;
            self.check_observer(next)?;
            match next {
                AfterTurn::Close => return self.check_close().map(|()| false),
                AfterTurn::Wait => return self.check_wait().map(|()| true),
                // Every other step at least calls something; a call that is interrupted ends the turn.
                AfterTurn::Again => {
                    let (calls, bytes) = (after.0 - before.0, after.1 - before.1);
                    prop_assert!(
                        calls > 12 || bytes > 1_000_000 || was_interrupted,
                        "again after {calls} calls, {bytes} bytes"
                    );
                }
            }
            // As a worker does it: a deadline that has passed comes first.
            let is_late = self.connection.deadline() <= self.now;
            act = if is_late { Connection::handle_timeout } else { Connection::advance };
        }
    }

    /// What came out is the beginning of what is owed, and all of it if nothing was in the way.
    fn check_bytes(&mut self, next: AfterTurn) -> TestCaseResult {
        let answered = self.answered();
        let socket = self.connection.transport();
        let has_room = socket.room > 0 && !self.room_is_quiet;
        let nothing_left = !self.must_end
            && (next == AfterTurn::Close || socket.finished || (next == AfterTurn::Wait && has_room));
        let is_possible = self.model.learn_from(&socket.sent, nothing_left, answered);
        let (sent, owed) = (&socket.sent, &self.model.bytes);
        if is_possible && owed.starts_with(sent) && !(nothing_left && sent.len() < owed.len()) {
            return Ok(());
        }
        let same = sent.iter().zip(owed).take_while(|(a, b)| a == b).count();
        let shown = |bytes: &[u8]| bytes[same..bytes.len().min(same + 200)].escape_ascii().to_string();
        Err(TestCaseError::fail(format!(
            "{next:?}; behind {same} bytes was sent\n  {}\nwhere was owed\n  {}",
            shown(sent),
            shown(owed)
        )))
    }

    /// The observer is told of what is wholly sent, and in the end of all that was begun.
    fn check_observer(&mut self, next: AfterTurn) -> TestCaseResult {
        let sent = self.socket().sent.len();
        let (told, model) = (self.observed.lock().expect("no panic"), &self.model);
        let whole = model.ends.partition_point(|&end| end <= sent);
        let begun = model.ends.partition_point(|&end| end < sent) + usize::from(sent > 0);
        if next == AfterTurn::Close {
            prop_assert!(told.len() >= begun.max(self.answered()), "{} exchanges of {begun}", told.len());
        } else {
            prop_assert_eq!(told.len(), whole, "exchanges");
        }
        let mut begins = 0;
        for (exchange, answer) in told.iter().zip(&model.owed) {
            let body_sent = sent.saturating_sub(begins + answer.head.len()).min(answer.body.len());
            begins += answer.head.len() + answer.body.len();
            let seen = (exchange.status.code(), exchange.body_sent, exchange.complete);
            prop_assert_eq!(seen, (answer.status, body_sent as u64, begins <= sent));
        }
        Ok(())
    }

    /// It has a reason to close, and nothing that was sent is lost by that.
    fn check_close(&mut self) -> TestCaseResult {
        if self.must_end {
            return Ok(());
        }
        let (socket, model) = (self.connection.transport(), &self.model);
        prop_assert!(model.is_over || socket.client_finished, "it closes without a reason");
        // To close with something unread destroys what is on its way.
        prop_assert_eq!(socket.read, socket.arrived.len(), "it closes, and so much of what arrived is read");
        let last = model.owed.len().checked_sub(1).and_then(|last| model.dues.get(last));
        let may_be_sending = last.is_some_and(|due| due.is_last && due.at < socket.arrived.len());
        prop_assert!(socket.finished || socket.client_finished || !may_be_sending, "it does not linger");
        Ok(())
    }

    /// It has a reason to wait, and knows what for.
    fn check_wait(&mut self) -> TestCaseResult {
        prop_assert!(self.connection.deadline() > self.now, "the deadline has passed");
        prop_assert!(!self.must_end, "it goes on");
        let (is_idle, can_be_evicted) = (self.connection.is_idle(), self.connection.can_be_evicted(self.now));
        let (socket, model) = (self.connection.transport(), &self.model);
        let is_all_sent = socket.sent.len() == model.bytes.len();
        let waits_for_request =
            is_all_sent && !model.is_over && !model.is_stopping && !model.is_within_request();
        prop_assert_eq!(is_idle, waits_for_request, "idle");
        prop_assert!(is_idle || !can_be_evicted, "it would give way in the middle of something");
        if is_all_sent {
            prop_assert_eq!(
                socket.read,
                socket.arrived.len(),
                "it waits, and so much of what arrived is read"
            );
            prop_assert!(!socket.client_finished, "the client has finished, and it waits");
            prop_assert_eq!(socket.finished, model.is_over, "whether the end was told");
            prop_assert!(
                self.budget.take(MOST_REQUESTS * LARGE).is_some(),
                "memory is kept for what is sent"
            );
        }
        Ok(())
    }
}

/// The same cases in each run, unless others are asked for.
fn config() -> ProptestConfig {
    let default = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    let cases = std::env::var_os("PROPTEST_CASES").map_or(3000, |_| default.cases);
    let rng_seed = match default.rng_seed {
        RngSeed::Random => RngSeed::Fixed(0),
        chosen @ RngSeed::Fixed(_) => chosen,
    };
    ProptestConfig { cases, rng_seed, ..default }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_connection_does_what_the_model_says(
        requests in requests(),
        events in events(),
        at_once in prop_oneof![1 => 1000usize..5000, 3 => Just(usize::MAX)],
    ) {
        let mut bench = Bench::new(&requests, at_once);
        let mut is_there = bench.play(Event::FalseAlarm)?;
        // In the end all that is missing comes, so that all that is owed must.
        let end = [Event::Room(usize::MAX), Event::Arrive(usize::MAX), Event::ClientFinishes];
        for event in events.into_iter().chain(end) {
            is_there = is_there && bench.play(event)?;
        }
        prop_assert!(!is_there);
    }
}
