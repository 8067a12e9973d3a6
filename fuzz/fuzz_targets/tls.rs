//! A connection to a TLS port: any bytes, in any pieces, on a socket whose writes may be short.
//!
//! The first byte of an input chooses the client. If it is odd, the rest of the input arrives at the server as it
//! is. If it is even, a real client (rustls) encrypts the rest. After the last byte 0x1E is a script of what
//! happens meanwhile, two bytes a step; 0x1F stands for repetitions (see the library).
//!
//! Whatever happens, nothing may panic or loop for ever, and the connection ends when the client closes it or a
//! deadline passes. Bytes that are not TLS are answered with an alert, or, if they are HTTP, with a response in
//! plain HTTP. A real client never gets a record that it cannot decrypt, and unless the script ends the
//! connection early, it gets `close_notify` (so it knows that nothing is missing) and the same bytes as a client
//! without TLS.

#![no_main]

use glasshttp::answer::{Arrival, Body, Response};
use glasshttp::base::budget::Budget;
use glasshttp::command::tls::Certificate;
use glasshttp::http::{FieldLines, Request, Status, date};
use glasshttp::server;
use glasshttp::server::buffer::ReadBuffer;
use glasshttp::server::connection::{AfterTurn, Connection, Turn};
use glasshttp::server::events::Observers;
use glasshttp::server::tls::Tls;
use glasshttp::server::transport::{Transport, copy_file};
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

/// How many times a client may update its keys before the server closes the connection.
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
    if !seen.ended_early {
        assert!(seen.has_close_notify, "there is no close_notify");
        assert!(seen.received == expected, "{} bytes, not {}", seen.received.len(), expected.len());
    } else {
        // After a timeout or a stop there may be a response that says so.
        assert!(seen.received.is_empty() || seen.received.starts_with(b"HTTP/1.1 "));
    }
});

// ---- the clients

/// The bytes that a client without TLS gets if nothing goes wrong.
fn in_the_clear(stream: &[u8]) -> Vec<u8> {
    let mut run = Run::new(|wire| wire);
    run.arrive(stream);
    run.finish();
    let sent = std::mem::take(&mut run.line().sent);
    sent
}

/// Sends any bytes to a TLS port.
fn as_it_is(stream: &[u8], script: &[u8]) {
    let mut run = Run::new(|wire| Tls::new(wire, CERTIFICATE.config()));
    let mut rest = stream;
    let mut ended_early = false;
    for step in script.chunks_exact(2) {
        let count = if matches!(step[0] % 8, 0..=3) { size(step[1]).min(rest.len()) } else { 0 };
        run.arrive(&rest[..count]);
        rest = &rest[count..];
        ended_early |= run.step(step[0], step[1]);
    }
    run.arrive(rest);
    run.finish();
    let sent = std::mem::take(&mut run.line().sent);
    if let Some(&first) = stream.first()
        && !ended_early
        && !sent.is_empty()
    {
        // An error, or a redirect to https.
        let answers = [&b"HTTP/1.1 4"[..], b"HTTP/1.1 5", b"HTTP/1.1 308 "];
        let is_answer = answers.iter().any(|start| sent.starts_with(start));
        let is_record = matches!(sent[..], [20..=23, 3, 0..=4, ..]);
        assert_eq!((is_answer, is_record), (first.is_ascii_alphabetic(), !first.is_ascii_alphabetic()));
    }
}

/// What a TLS client has received.
struct Seen {
    received: Vec<u8>,
    has_close_notify: bool,
    ended_early: bool,
}

/// Sends any bytes to a TLS port through a client that encrypts them.
fn encrypted(stream: &[u8], script: &[u8], config: &Arc<ClientConfig>) -> Seen {
    let mut run = Run::new(|wire| Tls::new(wire, CERTIFICATE.config()));
    let name = ServerName::try_from("localhost").expect("a name");
    let mut client = ClientConnection::new(Arc::clone(config), name).expect("a client");
    client.set_buffer_limit(None);
    let mut seen = Seen { received: Vec::new(), has_close_notify: false, ended_early: false };
    let mut rest = stream;
    // The bytes that the client has encrypted and that have not arrived yet.
    let mut waiting = Vec::new();
    let mut keys = 0;
    for step in script.chunks_exact(2) {
        match step[0] % 8 {
            // Some encrypted bytes arrive, in pieces that do not follow the records.
            0..=2 => {
                let count = size(step[1]).min(waiting.len());
                let piece: Vec<u8> = waiting.drain(..count).collect();
                run.arrive(&piece);
            }
            // The client encrypts more bytes, in records of their own.
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
                seen.ended_early |= keys > MAX_KEYS;
            }
            _ => seen.ended_early |= run.step(step[0], step[1]),
        }
        exchange(&mut run, &mut client, &mut seen, &mut waiting);
    }
    run.line().room = usize::MAX;
    client.writer().write_all(rest).expect("no limit");
    // Until the handshake is complete, each side waits for the other in turn.
    for _ in 0..10 {
        exchange(&mut run, &mut client, &mut seen, &mut waiting);
        let piece = std::mem::take(&mut waiting);
        run.arrive(&piece);
        run.notice(true);
    }
    // The client ends the stream by close_notify alone, or by TCP as well.
    client.send_close_notify();
    exchange(&mut run, &mut client, &mut seen, &mut waiting);
    let piece = std::mem::take(&mut waiting);
    run.arrive(&piece);
    if script.len().is_multiple_of(2) || seen.ended_early {
        run.finish();
    }
    exchange(&mut run, &mut client, &mut seen, &mut waiting);
    assert!(run.is_closed || run.is_lingering(), "the close_notify of the client is ignored");
    run.finish();
    seen
}

/// The client reads all that the server has sent, and adds what it has to send to `waiting`.
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
            assert!(seen.has_close_notify, "only close_notify stops a client from reading");
            panic!("bytes follow the close_notify");
        }
        match client.process_new_packets() {
            Ok(state) => seen.has_close_notify |= state.peer_has_closed(),
            // The server may send an alert if the script has broken a rule of TLS.
            Err(rustls::Error::AlertReceived(_)) if seen.ended_early => return,
            Err(error) => panic!("a record that cannot be decrypted: {error}"),
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
    /// How many bytes can be written before a write would block.
    room: usize,
    /// The most bytes that one write takes; 0 for no limit.
    most: usize,
    sent: Vec<u8>,
    is_finished: bool,
}

/// The server's end of the line; the test has the other.
struct Wire(Rc<RefCell<Line>>);

impl Transport for Wire {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut line = self.0.borrow_mut();
        assert!(!into.is_empty(), "a read into an empty buffer looks like the end of the stream");
        let count = into.len().min(line.arrived.len() - line.read);
        into[..count].copy_from_slice(&line.arrived[line.read..][..count]);
        line.read += count;
        if count == 0 && !line.client_finished { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(count) }
    }

    fn write(&mut self, bytes: &[u8], _more: bool) -> io::Result<usize> {
        let mut line = self.0.borrow_mut();
        assert!(!line.is_finished, "bytes are written after the sending side was closed");
        assert!(!bytes.is_empty(), "a write of nothing looks like a failure");
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

/// Fewer than 128 bytes, or up to 76,800.
fn size(amount: u8) -> usize {
    if amount < 128 { usize::from(amount) } else { usize::from(amount - 127) * 600 }
}

// ---- a connection's life

struct Run<T> {
    connection: Connection<T>,
    line: Rc<RefCell<Line>>,
    now: Instant,
    options: server::Options,
    /// The buffers that a worker lends to a connection for a turn.
    input: ReadBuffer,
    output: Option<Box<glasshttp::server::transmit::Queue>>,
    is_closed: bool,
}

impl<T: Transport> Run<T> {
    fn new(wrap: impl FnOnce(Wire) -> T) -> Run<T> {
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
            connection: Connection::new(wrap(Wire(Rc::clone(&line))), client, now, &options),
            line,
            now,
            options,
            input: ReadBuffer::default(),
            output: None,
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
        self.connection.note_readiness(true, false, false);
        self.take_turns(Connection::advance);
    }

    fn notice(&mut self, writable: bool) {
        self.connection.note_readiness(false, writable, false);
        self.take_turns(Connection::advance);
    }

    /// Plays a step of a script. Returns whether it ends the connection early.
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
                self.take_turns(Connection::handle_timeout);
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

    /// The socket has room for everything, and the client closes its side. That must end the connection.
    fn finish(&mut self) {
        self.line().room = usize::MAX;
        self.line().client_finished = true;
        self.connection.note_readiness(true, true, true);
        self.take_turns(Connection::advance);
        assert!(self.is_closed, "the connection never ends");
    }

    /// Gives the connection turns until it waits for an event.
    fn take_turns(&mut self, mut act: fn(&mut Connection<T>, &mut Turn<'_>) -> AfterTurn) {
        let mut turns = 0;
        while !self.is_closed {
            turns += 1;
            assert!(turns < 10_000, "it asks for more turns for ever");
            match self.turn(act) {
                AfterTurn::Close => self.is_closed = true,
                AfterTurn::Wait => {
                    assert!(self.connection.deadline() > self.now, "its deadline has passed, and it waits");
                    return;
                }
                AfterTurn::Again => {}
            }
            let is_late = self.connection.deadline() <= self.now;
            act = if is_late { Connection::handle_timeout } else { Connection::advance };
        }
    }

    fn turn(&mut self, act: fn(&mut Connection<T>, &mut Turn<'_>) -> AfterTurn) -> AfterTurn {
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

/// Answers with a small body, or with a large one that is sent in several pieces.
fn respond(request: &Request<'_>, _: &Arrival<'_>) -> Response {
    let length = if request.line.starts_with(b"GET /large") { 200_000 } else { 10 };
    Response { status: Status::OK, headers: FieldLines::default(), body: Body::Bytes(vec![b'x'; length]) }
}
