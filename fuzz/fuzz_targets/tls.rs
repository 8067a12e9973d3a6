//! A connection that speaks TLS, or is to: any bytes, in any pieces, on a socket that takes as few as it
//! likes.
//!
//! The first byte of an input chooses who the client is. If it is odd, the rest is what comes by the
//! wire, as it is. If it is even, there is a real client (rustls) in between, and the rest is what it
//! sends encrypted. Behind the last byte 0x1E is a script of what happens meanwhile, two bytes a step; 0x1F
//! stands for repetitions (see the library).
//!
//! Whatever happens, nothing may panic or go on for ever, and the connection ends when the client does or
//! its time is up. What comes without TLS is answered with an alert, or a no to who speaks HTTP. A real
//! client never gets a record that it cannot read, and unless the script breaks something off it is told
//! that nothing is missing, and gets what a client without TLS gets for the same bytes.

#![no_main]

use glasshttp::answer::{Arrival, Body, Response};
use glasshttp::base::budget::Budget;
use glasshttp::command::tls::Certificate;
use glasshttp::http::{Headers, Request, Status, date};
use glasshttp::server::buffer::ReadBuffer;
use glasshttp::server::connection::{Connection, Next, Turn};
use glasshttp::server::tls::Tls;
use glasshttp::server::transport::{Transport, copy_file};
use glasshttp::server::events::Observers;
use glasshttp::server;
use glasshttp_fuzz::unfold;
use libfuzzer_sys::fuzz_target;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::ServerName;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ClientConnection, RootCertStore, SupportedProtocolVersion};
use std::cell::{RefCell, RefMut};
use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;
use std::sync::{Arc, LazyLock};
use std::time::Instant;

const SCRIPT: u8 = 0x1e;

/// How often a client may have new keys before the server has had enough of it.
const MAX_KEYS: u32 = 32;

fuzz_target!(|input: &[u8]| {
    let Some((&kind, input)) = input.split_first() else { return };
    let behind = input.iter().rposition(|&byte| byte == SCRIPT);
    let (stream, script) = behind.map_or((input, &b""[..]), |at| (&input[..at], &input[at + 1..]));
    let stream = unfold(stream);
    if !kind.is_multiple_of(2) {
        return as_it_is(&stream, script);
    }
    let client = &CLIENTS[usize::from(kind / 2) % CLIENTS.len()];
    let seen = encrypted(&stream, script, client);
    let expected = in_the_clear(&stream);
    if !seen.is_broken_off {
        assert!(seen.is_told, "it is not told that nothing is missing");
        assert!(seen.received == expected, "{} bytes, not {}", seen.received.len(), expected.len());
    } else {
        // Who is late or comes to a stop may be told so.
        assert!(seen.received.is_empty() || seen.received.starts_with(b"HTTP/1.1 "));
    }
});

// ---- the clients

/// What a client without TLS gets, if nothing goes wrong.
fn in_the_clear(stream: &[u8]) -> Vec<u8> {
    let mut run = Run::new(|wire| wire);
    run.arrive(stream);
    run.finish();
    let sent = std::mem::take(&mut run.line().sent);
    sent
}

/// Bytes that may be anything go to a server that speaks TLS.
fn as_it_is(stream: &[u8], script: &[u8]) {
    let mut run = Run::new(|wire| Tls::new(wire, CERTIFICATE.config()));
    let mut rest = stream;
    let mut is_broken_off = false;
    for step in script.chunks_exact(2) {
        let count = if matches!(step[0] % 8, 0..=3) { size(step[1]).min(rest.len()) } else { 0 };
        run.arrive(&rest[..count]);
        rest = &rest[count..];
        is_broken_off |= run.step(step[0], step[1]);
    }
    run.arrive(rest);
    run.finish();
    let sent = std::mem::take(&mut run.line().sent);
    if let Some(&first) = stream.first()
        && !is_broken_off
        && !sent.is_empty()
    {
        // Refused, or sent on to https.
        let answers = [&b"HTTP/1.1 4"[..], b"HTTP/1.1 5", b"HTTP/1.1 308 "];
        let is_answer = answers.iter().any(|start| sent.starts_with(start));
        let is_record = matches!(sent[..], [20..=23, 3, 0..=4, ..]);
        assert_eq!((is_answer, is_record), (first.is_ascii_alphabetic(), !first.is_ascii_alphabetic()));
    }
}

/// What a client that speaks TLS has received.
struct Seen {
    received: Vec<u8>,
    is_told: bool,
    is_broken_off: bool,
}

/// Bytes that may be anything go to a server by a client that knows how to encrypt them.
fn encrypted(stream: &[u8], script: &[u8], config: &Arc<ClientConfig>) -> Seen {
    let mut run = Run::new(|wire| Tls::new(wire, CERTIFICATE.config()));
    let name = ServerName::try_from("localhost").expect("a name");
    let mut client = ClientConnection::new(Arc::clone(config), name).expect("a client");
    client.set_buffer_limit(None);
    let mut seen = Seen { received: Vec::new(), is_told: false, is_broken_off: false };
    let mut rest = stream;
    // What was encrypted and is not on its way.
    let mut waiting = Vec::new();
    let mut keys = 0;
    for step in script.chunks_exact(2) {
        match step[0] % 8 {
            // Some of what is encrypted arrives: in pieces that have nothing to do with records.
            0..=2 => {
                let count = size(step[1]).min(waiting.len());
                let piece: Vec<u8> = waiting.drain(..count).collect();
                run.arrive(&piece);
            }
            // Some more is encrypted, by itself.
            3 => {
                let count = size(step[1]).min(rest.len());
                client.writer().write_all(&rest[..count]).expect("no limit");
                rest = &rest[count..];
            }
            4 if step[1].is_multiple_of(2) && !client.is_handshaking() => {
                let count = if step[1] > 200 { MAX_KEYS + 1 } else { 1 };
                for _ in 0..count {
                    let _ = client.refresh_traffic_keys();
                }
                keys += count;
                seen.is_broken_off |= keys > MAX_KEYS;
            }
            _ => seen.is_broken_off |= run.step(step[0], step[1]),
        }
        exchange(&mut run, &mut client, &mut seen, &mut waiting);
    }
    run.line().room = usize::MAX;
    client.writer().write_all(rest).expect("no limit");
    // Until the handshake is over both sides wait for each other.
    for _ in 0..10 {
        exchange(&mut run, &mut client, &mut seen, &mut waiting);
        let piece = std::mem::take(&mut waiting);
        run.arrive(&piece);
        run.notice(true);
    }
    // The end may be told by TLS alone, or by TCP, too.
    client.send_close_notify();
    exchange(&mut run, &mut client, &mut seen, &mut waiting);
    let piece = std::mem::take(&mut waiting);
    run.arrive(&piece);
    if script.len().is_multiple_of(2) || seen.is_broken_off {
        run.finish();
    }
    exchange(&mut run, &mut client, &mut seen, &mut waiting);
    assert!(run.is_closed || run.is_lingering(), "an end that TLS tells is not noticed");
    run.finish();
    seen
}

/// What the client has to send is put to what waits, and it reads all that has come.
fn exchange<T: Transport>(
    run: &mut Run<T>,
    client: &mut ClientConnection,
    seen: &mut Seen,
    waiting: &mut Vec<u8>,
) {
    let sent = std::mem::take(&mut run.line().sent);
    let mut sent = &sent[..];
    while !sent.is_empty() {
        if client.read_tls(&mut sent).expect("memory") == 0 {
            assert!(seen.is_told, "only the end stops a client from reading");
            panic!("something comes after the end was told");
        }
        match client.process_new_packets() {
            Ok(state) => seen.is_told |= state.peer_has_closed(),
            // The server may say that the client broke the rules: those of the script did.
            Err(rustls::Error::AlertReceived(_)) if seen.is_broken_off => return,
            Err(error) => panic!("a record that cannot be read: {error}"),
        }
        let mut plain = Vec::new();
        let _ = client.reader().read_to_end(&mut plain);
        seen.received.extend_from_slice(&plain);
    }
    while client.wants_write() {
        client.write_tls(waiting).expect("memory");
    }
}

static CERTIFICATE: LazyLock<Certificate> =
    LazyLock::new(|| Certificate::self_signed().expect("one can be made"));

static CLIENTS: LazyLock<[Arc<ClientConfig>; 2]> = LazyLock::new(|| {
    let client = |version: &'static SupportedProtocolVersion| {
        let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
        let builder = builder.with_protocol_versions(&[version]).expect("a version");
        let mut roots = RootCertStore::empty();
        roots.add(CERTIFICATE.own()).expect("a certificate");
        Arc::new(builder.with_root_certificates(roots).with_no_client_auth())
    };
    [client(&TLS13), client(&TLS12)]
});

// ---- the network

struct Line {
    arrived: Vec<u8>,
    read: usize,
    client_finished: bool,
    /// How many bytes can be written before it blocks.
    room: usize,
    /// A write takes no more at once, if not 0.
    most: usize,
    sent: Vec<u8>,
    is_finished: bool,
}

/// The server's end of it; the test has the other.
struct Wire(Rc<RefCell<Line>>);

impl Transport for Wire {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut line = self.0.borrow_mut();
        assert!(!into.is_empty(), "to read nothing looks like the end");
        let count = into.len().min(line.arrived.len() - line.read);
        into[..count].copy_from_slice(&line.arrived[line.read..][..count]);
        line.read += count;
        if count == 0 && !line.client_finished { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(count) }
    }

    fn write(&mut self, bytes: &[u8], _more: bool) -> io::Result<usize> {
        let mut line = self.0.borrow_mut();
        assert!(!line.is_finished, "something is written after the end was told");
        assert!(!bytes.is_empty(), "to write nothing looks like a failure");
        let most = if line.most == 0 { usize::MAX } else { line.most };
        let count = bytes.len().min(line.room).min(most);
        line.room -= count;
        line.sent.extend_from_slice(&bytes[..count]);
        if count == 0 { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(count) }
    }

    fn write_file(&mut self, file: &File, offset: u64, count: usize) -> io::Result<usize> {
        copy_file(self, file, offset, count)
    }

    fn finish_writing(&mut self) -> io::Result<()> {
        self.0.borrow_mut().is_finished = true;
        Ok(())
    }
}

/// Up to some bytes, or up to some thousands.
fn size(amount: u8) -> usize {
    if amount < 128 { usize::from(amount) } else { usize::from(amount - 127) * 600 }
}

// ---- a connection's life

struct Run<T> {
    connection: Connection<T>,
    line: Rc<RefCell<Line>>,
    now: Instant,
    options: server::Options,
    /// What a worker lends.
    input: ReadBuffer,
    output: Vec<u8>,
    is_closed: bool,
}

impl<T: Transport> Run<T> {
    fn new(dress: impl FnOnce(Wire) -> T) -> Run<T> {
        let options = server::Options { threads: 1, max_connections: 1, ..server::Options::default() };
        let line = Rc::new(RefCell::new(Line {
            arrived: Vec::new(),
            read: 0,
            client_finished: false,
            room: usize::MAX,
            most: 0,
            sent: Vec::new(),
            is_finished: false,
        }));
        let now = Instant::now();
        let client = IpAddr::V4(Ipv4Addr::LOCALHOST).into();
        Run {
            connection: Connection::new(dress(Wire(Rc::clone(&line))), client, now, &options),
            line,
            now,
            options,
            input: ReadBuffer::default(),
            output: Vec::new(),
            is_closed: false,
        }
    }

    fn line(&self) -> RefMut<'_, Line> {
        self.line.borrow_mut()
    }

    fn is_lingering(&self) -> bool {
        self.line().is_finished
    }

    fn arrive(&mut self, bytes: &[u8]) {
        if self.is_closed || bytes.is_empty() {
            return;
        }
        self.line().arrived.extend_from_slice(bytes);
        self.connection.notice(true, false, false);
        self.take_turns(Connection::advance);
    }

    fn notice(&mut self, writable: bool) {
        self.connection.notice(false, writable, false);
        self.take_turns(Connection::advance);
    }

    /// A step of a script; whether it breaks something off.
    fn step(&mut self, kind: u8, amount: u8) -> bool {
        match kind % 8 {
            5 => self.line().room = size(amount),
            6 => {
                {
                    let mut line = self.line();
                    line.room = line.room.saturating_add(size(amount));
                }
                self.notice(true);
            }
            7 if amount < 32 => {
                self.now = self.connection.deadline();
                self.take_turns(Connection::time_is_up);
                return true;
            }
            7 if amount < 64 => {
                self.connection.finish();
                self.take_turns(Connection::advance);
                return true;
            }
            _ => self.line().most = usize::from(amount),
        }
        false
    }

    /// There is room for everything and the client finishes; if that does not end it, time does.
    fn finish(&mut self) {
        self.line().room = usize::MAX;
        self.line().client_finished = true;
        self.connection.notice(true, true, true);
        self.take_turns(Connection::advance);
        assert!(self.is_closed, "it never ends");
    }

    /// Gives the connection turns until it waits.
    fn take_turns(&mut self, mut act: fn(&mut Connection<T>, &mut Turn<'_>) -> Next) {
        let mut turns = 0;
        while !self.is_closed {
            turns += 1;
            assert!(turns < 10_000, "it asks to go on for ever");
            match self.turn(act) {
                Next::Close => self.is_closed = true,
                Next::Wait => {
                    assert!(self.connection.deadline() > self.now, "its time is up, and it waits");
                    return;
                }
                Next::Again => {}
            }
            let is_late = self.connection.deadline() <= self.now;
            act = if is_late { Connection::time_is_up } else { Connection::advance };
        }
    }

    fn turn(&mut self, act: fn(&mut Connection<T>, &mut Turn<'_>) -> Next) -> Next {
        let mut turn = Turn {
            now: self.now,
            date: &date::imf_fixdate(784_111_777),
            input: &mut self.input,
            output: &mut self.output,
            application: &respond,
            observers: &mut Observers::default(),
            options: &self.options,
            budget: &BUDGET,
            wakers: &|| std::task::Waker::noop().clone(),
        };
        act(&mut self.connection, &mut turn)
    }
}

static BUDGET: LazyLock<Arc<Budget>> = LazyLock::new(|| Budget::new(1 << 30));

/// Small answers, and large ones of more than one piece.
fn respond(request: &Request<'_>, _: &Arrival<'_>) -> Response {
    let length = if request.line.starts_with(b"GET /large") { 200_000 } else { 10 };
    Response { status: Status::OK, headers: Headers::default(), body: Body::Bytes(vec![b'x'; length]) }
}
