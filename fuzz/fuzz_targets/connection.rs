//! A whole connection to a server of a real folder: any bytes, in any pieces, with everything that can happen to
//! a socket.
//!
//! An input is the bytes that the client sends, and after the last byte 0x1E a script of what happens meanwhile,
//! two bytes a step. Without a script, all bytes arrive at once and the socket has room for all responses. In the
//! client's bytes, 0x1F stands for repetitions (see the library), and 0x1D for the entity tag of `/hello.txt`.
//!
//! Whatever happens, nothing may panic, each response must be well formed, nothing may follow one that says
//! `Connection: close`, and no byte of a file that is not served may be sent. And unless the script ends the
//! connection early, the server must send the same bytes as without a script.

#![no_main]

use glasshttp::answer::{Arrival, Awaited, Begin, Body, Receiver, Response};
use glasshttp::base::budget::Budget;
use glasshttp::http::{FieldLines, Method, Refusal, Request, Status, date};
use glasshttp::server::buffer::ReadBuffer;
use glasshttp::server::connection::{AfterTurn, Connection, Turn};
use glasshttp::server::events::Observers;
use glasshttp::server::transport::{Transport, copy_file};
use glasshttp::server::{self, Begun, Event, Exchange, Interests, Observer};
use glasshttp::site::{self, Hosts, Root, Site};
use glasshttp_fuzz::unfold;
use libfuzzer_sys::fuzz_target;
use std::fs::{self, File};
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::task::{Poll, Wake};
use std::time::{Duration, Instant, UNIX_EPOCH};

const SCRIPT: u8 = 0x1e;
const ETAG: u8 = 0x1d;

fuzz_target!(|input: &[u8]| {
    let behind = input.iter().rposition(|&byte| byte == SCRIPT);
    let (stream, script) = behind.map_or((input, &b""[..]), |at| (&input[..at], &input[at + 1..]));
    let stream = with_etag(&unfold(stream));

    let plain = Run::new(&stream).play(&[], &SITES.cached);
    plain.check(&stream);
    let scripted = Run::new(&stream).play(script, &SITES.plain);
    scripted.check(&stream);

    let (expected, seen) =
        (without_boundaries(&plain.socket.sent), without_boundaries(&scripted.socket.sent));
    if !scripted.is_late_or_stopped {
        let same = expected.iter().zip(&seen).take_while(|(a, b)| a == b).count();
        let shown = |bytes: &[u8]| bytes[same..bytes.len().min(same + 200)].escape_ascii().to_string();
        assert!(
            same == seen.len(),
            "after {same} bytes the server sent\n{}\nand when all arrived at once\n{}",
            shown(&seen),
            shown(&expected)
        );
        assert!(scripted.ended_early || seen.len() == expected.len(), "the end of the responses is missing");
    }
});

// ---- what is served

/// The content of the files that must not be sent. No response repeats these characters of a request unescaped.
const MARKER: &[u8] = b"<not to be served>";

const FILES: &[(&str, &str)] = &[
    ("site/hello.txt", "Hello, world!\n"),
    ("site/empty.txt", ""),
    ("site/two words.txt", "two words\n"),
    ("site/%41.txt", "percent\n"),
    ("site/sub/index.html", "<!doctype html>\n<title>Sub</title>\n"),
    ("site/list/a.txt", "one\n"),
    ("site/list/b.json", "{}\n"),
    ("site/.well-known/ok.txt", "ok\n"),
    ("site/.hidden", "<not to be served>\n"),
    ("site/.git/config", "<not to be served>\n"),
    ("site-beside/secret.txt", "<not to be served>\n"),
    ("secret.txt", "<not to be served>\n"),
];

/// The same folder served twice, because small files are sent in different ways: from memory and from disk.
struct Sites {
    cached: Arc<Site>,
    plain: Arc<Site>,
    etag: String,
}

static SITES: LazyLock<Sites> = LazyLock::new(|| {
    let folder = std::env::temp_dir().join(format!("glasshttp-fuzz-{}", std::process::id()));
    fill(&folder).expect("the folder can be filled");
    let site = |cache_size| {
        let options = site::Options {
            index: vec!["index.html".to_owned()],
            listing: true,
            hidden: false,
            cache_control: "no-cache".into(),
            hosts: Hosts::LoopbackAnd(Vec::new()),
            cache_size,
            ..site::Options::default()
        };
        Arc::new(Site::new(Root::open_path(&folder.join("site"), false).expect("it is there"), options))
    };
    let (cached, plain) = (site(1_000_000), site(0));
    let request = Request::parse(b"HEAD /hello.txt HTTP/1.0\r\n\r\n").expect("it is good");
    let etag =
        plain.respond(&request, Instant::now()).headers.get("etag").expect("a file has one").to_owned();
    Sites { cached, plain, etag }
});

fn fill(folder: &Path) -> io::Result<()> {
    let numbers = (0..50_000).step_by(5).map(|at| format!("{at:04}\n")).collect::<String>();
    let files = FILES.iter().copied();
    for (name, content) in files.chain([("site/numbers.txt", &numbers[..1000]), ("site/large.txt", &numbers)])
    {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("it is in the folder"))?;
        fs::write(&path, content)?;
        File::options()
            .write(true)
            .open(&path)?
            .set_modified(UNIX_EPOCH + Duration::from_secs(784_111_777))?;
    }
    symlink("hello.txt", folder.join("site/link-inside"))?;
    symlink("../secret.txt", folder.join("site/link-outside"))?;
    symlink("..", folder.join("site/link-up"))?;
    symlink(folder.join("secret.txt"), folder.join("site/link-absolute"))
}

/// Replaces the first eight placeholders by the entity tag.
fn with_etag(bytes: &[u8]) -> Vec<u8> {
    let mut parts = bytes.splitn(9, |&byte| byte == ETAG);
    let mut whole = parts.next().unwrap_or_default().to_vec();
    for part in parts {
        whole.extend_from_slice(SITES.etag.as_bytes());
        whole.extend_from_slice(part);
    }
    whole
}

// ---- the network

#[derive(Default)]
struct Socket {
    arrived: Vec<u8>,
    read: usize,
    client_finished: bool,
    is_reset: bool,
    /// How many bytes can be written before a write would block.
    room: usize,
    /// How many of the next writes take only a few bytes.
    short_writes: u8,
    /// How many of the next calls fail with `Interrupted`.
    interruptions: u8,
    sent: Vec<u8>,
    finished: bool,
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
        assert!(!into.is_empty(), "a read into an empty buffer looks like the end of the stream");
        self.call()?;
        let count = into.len().min(self.arrived.len() - self.read);
        into[..count].copy_from_slice(&self.arrived[self.read..][..count]);
        self.read += count;
        if count == 0 && !self.client_finished { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(count) }
    }

    fn write(&mut self, bytes: &[u8], _more: bool) -> io::Result<usize> {
        assert!(!self.finished, "bytes are written after the sending side was closed");
        assert!(!bytes.is_empty(), "a write of nothing looks like a failure");
        self.call()?;
        let mut count = bytes.len().min(self.room);
        if self.short_writes > 0 {
            self.short_writes -= 1;
            count = count.min(7);
        }
        self.room -= count;
        self.sent.extend_from_slice(&bytes[..count]);
        if count == 0 { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(count) }
    }

    fn write_file(&mut self, file: &File, offset: u64, count: usize) -> io::Result<usize> {
        copy_file(self, file, offset, count)
    }

    fn finish_writing(&mut self) -> io::Result<()> {
        self.finished = true;
        if self.is_reset { Err(io::ErrorKind::NotConnected.into()) } else { Ok(()) }
    }
}

/// The exchanges that have ended.
#[derive(Default)]
struct Observed(Arc<Mutex<Vec<Exchange>>>);

impl Observer for Observed {
    fn interests(&self) -> Interests {
        Interests { text: true, ..Interests::default() }
    }

    fn notice(&mut self, event: &Event<'_>, _now: Instant) {
        if let Event::Ended(exchange) = event {
            self.0.lock().expect("no panic").push((*exchange).clone());
        }
    }
}

// ---- what answers

/// The site, with two differences: the content of a PUT is received and counted, and a request with a query is
/// first postponed.
struct Application<'a> {
    site: &'a Arc<Site>,
    wakes: &'a Wakes,
}

/// Nothing comes from elsewhere: the application is asked again.
#[derive(Debug)]
struct AskAgain;

impl Awaited for AskAgain {
    fn poll(&mut self) -> Poll<Option<Response>> {
        Poll::Ready(None)
    }
}

impl server::Application for Application<'_> {
    fn begin(&self, request: &Request<'_>, arrival: &Arrival<'_>) -> Begun {
        if request.line.contains(&b'?') && !self.wakes.has_woken.swap(true, Ordering::Relaxed) {
            arrival.waker().wake();
            return Begin::Elsewhere(Box::new(AskAgain)).into();
        }
        self.wakes.has_woken.store(false, Ordering::Relaxed);
        if request.method == Method::Put {
            return Begin::Receive(Box::new(Counting(0))).into();
        }
        let mut begin = self.site.begin(request, arrival);
        // Which similar names a 404 mentions depends on how many requests have asked in this second.
        if let Begin::Answer(response) = &mut begin
            && response.status == Status::NOT_FOUND
        {
            response.body = Body::Bytes(b"404".to_vec());
        }
        begin.into()
    }

    fn refuse(&self, request: Option<&Request<'_>>, refusal: &Refusal) -> Response {
        self.site.refuse_for_server(request, refusal)
    }
}

#[derive(Debug)]
struct Counting(u64);

impl Receiver for Counting {
    fn take(&mut self, content: &[u8]) -> Result<(), Refusal> {
        self.0 += content.len() as u64;
        if self.0 > 200_000 { Err(Refusal::new(Status::CONTENT_TOO_LARGE, "too much")) } else { Ok(()) }
    }

    fn finish(self: Box<Self>) -> Response {
        Response {
            status: Status::CREATED,
            headers: FieldLines::default(),
            body: Body::Bytes(self.0.to_string().into()),
        }
    }

    fn refuse(self: Box<Self>, refusal: &Refusal) -> Response {
        Response::of_refusal(refusal)
    }
}

/// Notes that the connection was woken.
#[derive(Debug, Default)]
struct Wakes {
    is_woken: AtomicBool,
    /// Whether the application has woken it for the current request.
    has_woken: AtomicBool,
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.is_woken.store(true, Ordering::Relaxed);
    }
}

// ---- a connection's life

type Act = fn(&mut Connection<Socket>, &mut Turn<'_>) -> AfterTurn;

struct Run<'a> {
    stream: &'a [u8],
    connection: Connection<Socket>,
    now: Instant,
    options: server::Options,
    /// The buffers that a worker lends to a connection for a turn.
    input: ReadBuffer,
    output: Option<Box<glasshttp::server::transmit::Queue>>,
    observers: Observers,
    observed: Arc<Mutex<Vec<Exchange>>>,
    wakes: Arc<Wakes>,
    is_closed: bool,
    outcome: Flags,
}

#[derive(Default, Clone, Copy)]
struct Flags {
    ended_early: bool,
    is_late_or_stopped: bool,
}

/// The state after the connection has been closed.
struct Ended {
    socket: Socket,
    exchanges: Vec<Exchange>,
    ended_early: bool,
    is_late_or_stopped: bool,
}

impl<'a> Run<'a> {
    fn new(stream: &'a [u8]) -> Run<'a> {
        let second = Duration::from_secs(1);
        let options = server::Options {
            threads: 1,
            max_connections: 1,
            head_timeout: 10 * second,
            idle_timeout: 60 * second,
            send_timeout: 30 * second,
            stop_timeout: 10 * second,
            ..server::Options::default()
        };
        let (now, observed) = (Instant::now(), Arc::<Mutex<_>>::default());
        let socket = Socket { room: usize::MAX, ..Socket::default() };
        Run {
            stream,
            connection: Connection::new(socket, IpAddr::V4(Ipv4Addr::LOCALHOST).into(), now, &options),
            now,
            options,
            input: ReadBuffer::default(),
            output: None,
            observers: Observers::new(vec![Box::new(Observed(Arc::clone(&observed)))]),
            observed,
            wakes: Arc::default(),
            is_closed: false,
            outcome: Flags::default(),
        }
    }

    /// Plays the script. Then all other bytes arrive, and the client closes its side, or time passes.
    fn play(mut self, script: &[u8], site: &Arc<Site>) -> Ended {
        self.take_turns(site, Connection::advance);
        for step in script.chunks_exact(2) {
            self.step(step[0], step[1], site);
        }
        self.socket().room = usize::MAX;
        self.connection.note_readiness(false, true, false);
        self.arrive(usize::MAX);
        self.take_turns(site, Connection::advance);
        if script.len().is_multiple_of(2) {
            self.socket().client_finished = true;
            self.connection.note_readiness(false, false, true);
            self.take_turns(site, Connection::advance);
        } else {
            self.outcome.is_late_or_stopped |= !self.connection.is_idle();
            // After the first deadline there may be a 408. After the second the connection is closed.
            self.let_deadline_pass(site);
            self.let_deadline_pass(site);
        }
        assert!(self.is_closed, "the connection never ends");
        let Flags { ended_early, is_late_or_stopped } = self.outcome;
        let exchanges = std::mem::take(&mut *self.observed.lock().expect("no panic"));
        let socket = std::mem::take(self.connection.transport());
        Ended { socket, exchanges, ended_early, is_late_or_stopped }
    }

    fn step(&mut self, kind: u8, amount: u8, site: &Arc<Site>) {
        // Fewer than 128 bytes, or up to 76,800.
        let size = if amount < 128 { usize::from(amount) } else { usize::from(amount - 127) * 600 };
        match kind % 12 {
            0..=3 => self.arrive(size),
            4 => self.socket().room = size,
            5 | 6 => {
                self.socket().room = self.socket().room.saturating_add(size);
                self.connection.note_readiness(false, true, false);
            }
            7 => {
                self.socket().interruptions = amount % 4;
                self.socket().short_writes = amount / 4;
            }
            8 => self.connection.note_readiness(true, true, false),
            9 => {
                if amount < 64 {
                    self.outcome.is_late_or_stopped = true;
                    return self.let_deadline_pass(site);
                }
                self.now += (self.connection.deadline() - self.now) * u32::from(amount) / 256;
            }
            10 => {
                self.outcome.ended_early = true;
                self.socket().client_finished = true;
                self.connection.note_readiness(amount.is_multiple_of(2), false, true);
            }
            _ if amount.is_multiple_of(2) => {
                self.outcome.ended_early = true;
                self.socket().is_reset = true;
                self.connection.note_readiness(true, true, true);
            }
            _ => {
                self.outcome.is_late_or_stopped = true;
                self.connection.finish();
            }
        }
        self.take_turns(site, Connection::advance);
    }

    fn socket(&mut self) -> &mut Socket {
        self.connection.transport()
    }

    fn arrive(&mut self, count: usize) {
        let stream = self.stream;
        let socket = self.socket();
        if !socket.client_finished {
            let from = socket.arrived.len();
            socket.arrived.extend_from_slice(&stream[from..stream.len().min(from.saturating_add(count))]);
            self.connection.note_readiness(true, false, false);
        }
    }

    fn let_deadline_pass(&mut self, site: &Arc<Site>) {
        if !self.is_closed {
            self.now = self.connection.deadline();
            self.take_turns(site, Connection::handle_timeout);
        }
    }

    /// Gives the connection turns until it waits for an event.
    fn take_turns(&mut self, site: &Arc<Site>, mut act: Act) {
        let mut fruitless = 0;
        while !self.is_closed {
            let calls = self.socket().calls;
            match self.turn(site, act) {
                AfterTurn::Close => self.is_closed = true,
                AfterTurn::Wait if self.wakes.is_woken.swap(false, Ordering::Relaxed) => {
                    self.connection.wake()
                }
                AfterTurn::Wait => {
                    assert!(self.connection.deadline() > self.now, "its deadline has passed, and it waits");
                    return;
                }
                AfterTurn::Again => {
                    // The requests of a turn may need no system call, but a buffer holds only a few of them.
                    fruitless = if self.socket().calls == calls { fruitless + 1 } else { 0 };
                    assert!(fruitless < 50, "it has nothing to do, and asks for another turn");
                }
            }
            let is_late = self.connection.deadline() <= self.now;
            act = if is_late { Connection::handle_timeout } else { Connection::advance };
        }
    }

    fn turn(&mut self, site: &Arc<Site>, act: Act) -> AfterTurn {
        let mut turn = Turn {
            now: self.now,
            date: &date::imf_fixdate(784_111_777),
            input: &mut self.input,
            output: &mut self.output,
            application: &Application { site, wakes: &self.wakes },
            observers: &mut self.observers,
            options: &self.options,
            budget: &BUDGET,
            wakers: &|| Arc::clone(&self.wakes).into(),
        };
        act(&mut self.connection, &mut turn)
    }
}

static BUDGET: LazyLock<Arc<Budget>> = LazyLock::new(|| Budget::new(1 << 30));

// ---- what came out

/// A response, or the part of it that was sent.
struct ParsedResponse<'a> {
    status: u16,
    fields: Vec<(&'a [u8], &'a [u8])>,
    /// How many bytes of the body were sent, and whether that is all of them.
    body: usize,
    is_complete: bool,
}

/// An interim response, which is not in the log.
const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

impl Ended {
    fn check(&self, stream: &[u8]) {
        let sent = &self.socket.sent;
        assert!(contains(stream, MARKER) || !contains(sent, MARKER), "a file is served that must not be");
        let (mut at, mut says_close) = (0, false);
        let mut exchanges = self.exchanges.iter();
        while at < sent.len() {
            if sent[at..].starts_with(CONTINUE) {
                at += CONTINUE.len();
                continue;
            }
            assert!(!says_close, "bytes follow a response that says `Connection: close`");
            let exchange = exchanges.next().expect("an exchange for each response");
            let line = &exchange.request_line;
            assert!(!line.iter().any(|byte| b"\r\n".contains(byte)) && contains(stream, line));
            let Some((response, length)) = read_response(&sent[at..], line.starts_with(b"HEAD ")) else {
                assert!(self.may_be_cut() && !exchange.complete && exchange.body_sent == 0);
                break;
            };
            assert!(response.is_complete || self.may_be_cut(), "a response is incomplete");
            let told = (exchange.status.code(), exchange.body_sent, exchange.complete);
            assert_eq!(told, (response.status, response.body as u64, response.is_complete));
            let is_close = |&(name, value): &(&[u8], &[u8])| name == b"Connection" && value == b"close";
            says_close = response.fields.iter().any(is_close);
            at += length;
        }
        for exchange in exchanges {
            assert!(self.may_be_cut() && !exchange.complete && exchange.body_sent == 0);
        }
    }

    fn may_be_cut(&self) -> bool {
        self.ended_early || self.is_late_or_stopped
    }
}

/// Parses a response strictly by RFC 9112, and returns it with its length. `None` if its head is incomplete.
fn read_response(bytes: &[u8], to_head: bool) -> Option<(ParsedResponse<'_>, usize)> {
    let head_ends = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let mut lines = bytes[..head_ends - 4]
        .split(|&byte| byte == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let status_line = lines.next().expect("there is a first line");
    let known = Status::ALL.iter().find(|status| status.line().strip_suffix(b"\r\n") == Some(status_line));
    let status = known.unwrap_or_else(|| panic!("a status line: {}", status_line.escape_ascii())).code();
    let mut fields = Vec::new();
    for line in lines {
        let colon = line.iter().position(|&byte| byte == b':').expect("a field has a colon");
        let (name, value) = (&line[..colon], &line[colon + 1..]);
        assert!(!name.is_empty() && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-'));
        assert!(!value.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t'));
        fields.push((name, value.strip_prefix(b" ").expect("a space behind the colon")));
    }
    let count = |wanted: &[u8]| fields.iter().filter(|(name, _)| name.eq_ignore_ascii_case(wanted)).count();
    for name in [&b"Date"[..], b"Server", b"X-Content-Type-Options"] {
        assert_eq!(count(name), 1, "{}", name.escape_ascii());
    }
    assert_eq!(count(b"Transfer-Encoding"), 0);
    let can_have_body = !matches!(status, 100..=199 | 204 | 304);
    assert_eq!(count(b"Content-Length"), usize::from(can_have_body));
    let length = fields
        .iter()
        .find(|(name, _)| *name == b"Content-Length")
        .map_or(0, |(_, value)| std::str::from_utf8(value).expect("digits").parse().expect("a number"));
    let length = if to_head { 0 } else { length };
    let body = length.min(bytes.len() - head_ends);
    Some((ParsedResponse { status, fields, body, is_complete: body == length }, head_ends + body))
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    part.is_empty() || bytes.windows(part.len()).any(|window| window == part)
}

/// Multipart boundaries are random, so they are replaced.
fn without_boundaries(bytes: &[u8]) -> Vec<u8> {
    const START: &[u8] = b"glass-";
    let mut bytes = bytes.to_vec();
    let mut at = 0;
    while let Some(found) = bytes[at..].windows(START.len()).position(|window| window == START) {
        at += found + START.len();
        let end = bytes.len().min(at + 16);
        bytes[at..end].fill(b'0');
    }
    bytes
}
