//! Clients on raw sockets: well-behaved ones, others, and pages that listen to events.

use super::{PATIENCE, Server, as_text};
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

/// 127.0.0.1
pub(crate) const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// `::1`
pub(crate) const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

/// Where a server can listen that does not say where it does: at an address that no other test has, on a port that the
/// system gives to nobody who asks for any.
pub(crate) fn address_of_our_own() -> SocketAddr {
    static CALLS: AtomicU8 = AtomicU8::new(0);
    let [.., high, low] = std::process::id().to_be_bytes();
    let call = CALLS.fetch_add(1, Ordering::Relaxed);
    assert!(call < 100, "so many addresses are not set aside");
    SocketAddr::from(([127, 80 + call, high, low], 8080))
}

/// A port that is free on all addresses, and that the system gives to nobody who asks for any.
pub(crate) fn port_of_our_own() -> u16 {
    let first = 20_000 + u16::try_from(std::process::id() % 10_000).expect("less");
    let is_free = |port: &u16| TcpListener::bind((Ipv4Addr::UNSPECIFIED, *port)).is_ok();
    (first..32_000).find(is_free).expect("one of many")
}

/// Whether this machine has `::1`; tests that need it pass without it.
pub(crate) fn has_v6() -> bool {
    TcpListener::bind((V6, 0)).is_ok()
}

/// A connection on which every byte is ours to choose.
pub(crate) struct Client {
    stream: TcpStream,
    /// What was read and belongs to the next reply.
    ahead: Vec<u8>,
}

impl Client {
    /// Connects. Nothing is sent.
    pub(crate) fn connect(address: SocketAddr) -> io::Result<Client> {
        Client::over(TcpStream::connect_timeout(&address, PATIENCE)?)
    }

    /// A connection that was made elsewhere.
    pub(crate) fn over(stream: TcpStream) -> io::Result<Client> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Client { stream, ahead: Vec::new() })
    }

    /// Sends bytes as they are.
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).expect("the server takes what is sent");
    }

    /// Sends a GET and reads the reply. The connection stays open.
    pub(crate) fn get(&mut self, target: &str) -> Reply {
        self.get_with(target, "")
    }

    /// The same with more fields, each with its CRLF.
    pub(crate) fn get_with(&mut self, target: &str, fields: &str) -> Reply {
        self.send(format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n"));
        self.reply()
    }

    /// Reads a head and, if it says how long, its body.
    pub(crate) fn reply(&mut self) -> Reply {
        let mut reply = self.head();
        let length = reply.field("content-length").map_or(0, |length| length.parse().expect("a length"));
        reply.body = self.bytes(length);
        reply
    }

    /// Reads a head; its body is left.
    pub(crate) fn head(&mut self) -> Reply {
        let end = loop {
            if let Some(at) = memchr::memmem::find(&self.ahead, b"\r\n\r\n") {
                break at + 4;
            }
            assert!(self.read_more() > 0, "the connection ended in a head: {:?}", as_text(&self.ahead));
        };
        let head = String::from_utf8(self.ahead.drain(..end).collect()).expect("a head is ASCII");
        let status = head.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
        Reply { status: status.unwrap_or_else(|| panic!("not a head: {head:?}")), head, body: Vec::new() }
    }

    /// Reads so many bytes.
    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes: Vec<u8> = self.ahead.drain(..count.min(self.ahead.len())).collect();
        let start = bytes.len();
        bytes.resize(count, 0);
        self.stream.read_exact(&mut bytes[start..]).expect("the bytes come");
        bytes
    }

    /// Reads until the server closes: what came, or how the connection broke.
    pub(crate) fn rest(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = std::mem::take(&mut self.ahead);
        self.stream.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Says that nothing more will be sent.
    pub(crate) fn finish_sending(&mut self) {
        self.stream.shutdown(Shutdown::Write).expect("a socket");
    }

    fn read_more(&mut self) -> usize {
        let mut piece = [0; 4096];
        loop {
            match self.stream.read(&mut piece) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => {
                    let count = result.expect("the server answers");
                    self.ahead.extend_from_slice(&piece[..count]);
                    return count;
                }
            }
        }
    }
}

/// A response.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    /// The status code.
    pub(crate) status: u16,
    /// All before the body.
    pub(crate) head: String,
    /// The body.
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// The value of a field; the name in lower case.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        as_text(&self.body)
    }
}

// ---- clients that misbehave

impl Client {
    /// Connects with a small buffer, so that the server feels at once when we do not read.
    pub(crate) fn connect_with_little_room(address: SocketAddr) -> io::Result<Client> {
        let socket =
            socket2::Socket::new(socket2::Domain::for_address(address), socket2::Type::STREAM, None)?;
        socket.set_recv_buffer_size(16 * 1024)?;
        socket.connect_timeout(&address.into(), PATIENCE)?;
        Client::over(TcpStream::from(socket))
    }

    /// Vanishes: the server gets a reset rather than an end.
    pub(crate) fn reset(self) {
        let socket = socket2::SockRef::from(&self.stream);
        socket.set_linger(Some(Duration::ZERO)).expect("a socket");
    }

    /// Sends what the server takes of this; what happened if it was not all.
    pub(crate) fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.stream.write_all(bytes.as_ref())
    }

    /// Reads what comes within a time: `None` if nothing did, nothing if the connection ended.
    pub(crate) fn listen(&mut self, time: Duration) -> io::Result<Option<Vec<u8>>> {
        if !self.ahead.is_empty() {
            return Ok(Some(std::mem::take(&mut self.ahead)));
        }
        self.stream.set_read_timeout(Some(time))?;
        let mut piece = vec![0; 64 * 1024];
        let result = match self.stream.read(&mut piece) {
            Ok(count) => {
                piece.truncate(count);
                Ok(Some(piece))
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                Ok(None)
            }
            Err(error) => Err(error),
        };
        self.stream.set_read_timeout(Some(PATIENCE))?;
        result
    }

    /// Another handle to the same connection, for a thread that only sends.
    pub(crate) fn sender(&self) -> TcpStream {
        self.stream.try_clone().expect("a socket")
    }
}

// ---- server-sent events

/// What a page hears. It speaks HTTP/1.0, so that there are no chunks to take apart.
pub(crate) struct Events(Client);

impl Events {
    /// Begins to listen; the first event is always `hello`, and this is its data.
    pub(crate) fn open(server: &Server, target: &str) -> (Events, serde_json::Value) {
        let mut client = server.connect();
        client.send(format!("GET {target} HTTP/1.0\r\n\r\n"));
        let head = client.head();
        assert_eq!((head.status, head.field("content-type")), (200, Some("text/event-stream")));
        // No proxy keeps back what is to arrive at once.
        assert_eq!(head.field("x-accel-buffering"), Some("no"));
        assert_eq!(head.field("cache-control"), Some("no-store, no-transform"));
        let mut events = Events(client);
        let (name, hello) = events.next();
        assert_eq!(name, "hello");
        (events, hello)
    }

    /// The next event: its name and its data. Which turn was the longest so far may be told at any time, and is left
    /// out.
    pub(crate) fn next(&mut self) -> (String, serde_json::Value) {
        loop {
            let (name, data) = self.next_of_any_kind();
            if name != "turn" {
                return (name, data);
            }
        }
    }

    /// The next event.
    pub(crate) fn next_of_any_kind(&mut self) -> (String, serde_json::Value) {
        let until = Instant::now() + PATIENCE;
        let mut text = String::new();
        while !text.ends_with("\n\n") {
            text.push(char::from(self.0.bytes(1)[0]));
            // A sign of life now and then is no event.
            if text == ":\n\n" {
                assert!(Instant::now() < until, "waited in vain for an event");
                text.clear();
            }
        }
        let (name, data) = text.trim_end().split_once('\n').expect("two lines");
        let name = name.strip_prefix("event: ").expect("a name");
        let data = data.strip_prefix("data: ").expect("data");
        (name.to_owned(), serde_json::from_str(data).expect("JSON"))
    }

    /// The connection on which it listens.
    pub(crate) fn client(&mut self) -> &mut Client {
        &mut self.0
    }
}
