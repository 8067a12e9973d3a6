//! Exercise 8, solved: the server of stage 7 takes a chunked body and
//! sends its content back.
//!
//! The decoder blocks until the next piece has come, as all of stage 7
//! does. That of the engine (`src/http/chunked.rs`) must not block, so it
//! remembers where it is.
//!
//! `diff` with the stage shows it, and "New" marks it.

use std::env;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

/// The end of a head: the CR LF of its last line, and an empty line.
const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// The longest head that the server accepts. Without a limit, one
/// client could fill our memory with a head that never ends.
const MAX_HEAD: usize = 8 * 1024;

/// New: the longest line of a chunked body that is accepted.
const MAX_LINE: usize = 1024;

/// New: how many lines may follow the last chunk.
const MAX_TRAILERS: usize = 16;

/// New: the longest content that is accepted: all of it is in memory.
const MAX_CONTENT: usize = 1_000_000;

/// How long a read or a write may block. All others have to wait as
/// well, and browsers open connections before they have a request.
const TIMEOUT: Duration = Duration::from_secs(5);

fn main() -> ExitCode {
    let Some(port) = arguments() else {
        eprintln!(
            "Name a port, 0 for any free one: \
             cargo run --example exercise_08 -- 7007"
        );
        return ExitCode::from(2);
    };
    match listen(port) {
        Ok(listener) => serve(&listener),
        Err(error) => {
            eprintln!(
                "Cannot listen on port {port}: {error}. \
                 Choose another port."
            );
            ExitCode::FAILURE
        }
    }
}

/// What the command line says. `None` if the port is missing or not a
/// number, or if there are more arguments.
fn arguments() -> Option<u16> {
    let mut arguments = env::args_os().skip(1);
    let port = arguments.next()?.to_str()?.parse().ok()?;
    arguments.next().is_none().then_some(port)
}

/// Binds a listening socket to the port and prints its address.
fn listen(port: u16) -> io::Result<TcpListener> {
    // The loopback address: only this machine can connect to it.
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    // For port 0 the kernel has chosen a port, so we ask for it.
    println!("Listening on {}", listener.local_addr()?);
    Ok(listener)
}

/// Accepts and serves one client after the other, until the process is
/// ended.
fn serve(listener: &TcpListener) -> ! {
    loop {
        // Blocks until a client connects.
        match listener.accept() {
            Ok((mut client, address)) => handle(&mut client, address),
            // Perhaps this client closed its connection while it was in
            // the queue. The others are still there.
            Err(error) => eprintln!("Cannot accept: {error}"),
        }
    }
}

/// Serves one client, and prints what becomes of it.
fn handle(client: &mut TcpStream, address: SocketAddr) {
    println!("{address} connected");
    match serve_connection(client) {
        Ok(()) => println!("{address} disconnected"),
        // The timeout has passed. Systems differ in which of the two
        // errors they report.
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
            ) =>
        {
            println!("{address} timed out");
        }
        // A client may crash or lose its network at any time. That
        // ends its connection and must never end the server.
        Err(error) => println!("{address} disconnected: {error}"),
    }
}

/// Serves one connection: one request, one response.
fn serve_connection(client: &mut TcpStream) -> io::Result<()> {
    client.set_read_timeout(Some(TIMEOUT))?;
    client.set_write_timeout(Some(TIMEOUT))?;
    // New: the bytes behind the head are kept, because they may be the
    // beginning of a body.
    let mut incoming = Incoming { client, pending: Vec::new() };
    let head = incoming.head()?;
    let response = if head.ends_with(END_OF_HEAD) {
        // All bytes that are not printable ASCII are escaped: the client
        // chooses them, and they could control your terminal.
        for line in head.split_inclusive(|&byte| byte == b'\n') {
            println!("{}", line.escape_ascii());
        }
        let head = String::from_utf8_lossy(&head);
        match response_body(&head, &mut incoming) {
            Ok(body) => response("200 OK", &body),
            Err(Fault::Refused(status)) => {
                response(status, format!("{status}\n").as_bytes())
            }
            Err(Fault::Lost(error)) => return Err(error),
        }
    } else {
        response(
            "431 Request Header Fields Too Large",
            b"That head is too long.\n",
        )
    };
    client.write_all(&response)?;
    close(client)
}

/// New: why there is no content.
enum Fault {
    /// The client broke a rule or sends too much: the response's status.
    Refused(&'static str),
    /// The connection is lost, so there can be no response.
    Lost(io::Error),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Fault {
        Fault::Lost(error)
    }
}

const MALFORMED: Fault = Fault::Refused("400 Bad Request");
const UNKNOWN: Fault = Fault::Refused("501 Not Implemented");
const TOO_LARGE: Fault = Fault::Refused("413 Content Too Large");

/// New: the body of the response. That is the content of the request, if
/// it has any.
fn response_body(
    head: &str,
    incoming: &mut Incoming<'_>,
) -> Result<Vec<u8>, Fault> {
    let codings: Vec<&str> =
        field_values(head, "Transfer-Encoding").collect();
    let has_length =
        field_values(head, "Content-Length").next().is_some();
    match codings[..] {
        // Two statements about where the body ends. If we believe one
        // and the proxy in front of us believes the other, we take the
        // end of this body for a request: that is how requests are
        // smuggled.
        [_, ..] if has_length => Err(MALFORMED),
        [coding] if coding.eq_ignore_ascii_case("chunked") => {
            incoming.chunked_content()
        }
        [_, ..] => Err(UNKNOWN),
        [] if has_length => Err(UNKNOWN),
        [] => Ok(b"Hello over HTTP.\n".to_vec()),
    }
}

/// New: the values of a field. It may have more than one line.
fn field_values<'a>(
    head: &'a str,
    name: &'a str,
) -> impl Iterator<Item = &'a str> {
    head.split("\r\n")
        .skip(1)
        .filter_map(|line| line.split_once(':'))
        .filter(move |(found, _)| found.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
}

/// New: a connection, and the bytes that were read from it and not used
/// yet.
struct Incoming<'a> {
    client: &'a mut TcpStream,
    pending: Vec<u8>,
}

impl Incoming<'_> {
    /// Reads more bytes. The end of the stream is an error, because the
    /// caller needs more.
    fn read(&mut self) -> io::Result<()> {
        let mut piece = [0; 16 * 1024];
        let count = self.client.read(&mut piece)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.pending.extend_from_slice(&piece[..count]);
        Ok(())
    }

    /// Takes the head. It ends with an empty line, unless it is too long.
    fn head(&mut self) -> io::Result<Vec<u8>> {
        loop {
            if let Some(at) = self
                .pending
                .windows(END_OF_HEAD.len())
                .position(|bytes| bytes == END_OF_HEAD)
            {
                let end = at + END_OF_HEAD.len();
                return Ok(self.pending.drain(..end).collect());
            }
            if self.pending.len() > MAX_HEAD {
                return Ok(std::mem::take(&mut self.pending));
            }
            self.read()?;
        }
    }

    /// Takes a line and its CR LF, and returns it without.
    fn line(&mut self) -> Result<Vec<u8>, Fault> {
        loop {
            if let Some(at) =
                self.pending.windows(2).position(|two| two == b"\r\n")
            {
                let mut line: Vec<u8> =
                    self.pending.drain(..at + 2).collect();
                line.truncate(at);
                return Ok(line);
            }
            // A size, an extension or a trailer field without end would
            // fill our memory as well as content.
            if self.pending.len() > MAX_LINE {
                return Err(MALFORMED);
            }
            self.read()?;
        }
    }

    /// Takes so many bytes.
    fn bytes(&mut self, count: usize) -> Result<Vec<u8>, Fault> {
        // The buffer grows with the bytes that arrive, not with the
        // announced size.
        while self.pending.len() < count {
            self.read()?;
        }
        Ok(self.pending.drain(..count).collect())
    }

    /// Takes a chunked body and returns its content.
    fn chunked_content(&mut self) -> Result<Vec<u8>, Fault> {
        let mut content = Vec::new();
        loop {
            let size = chunk_size(&self.line()?).ok_or(MALFORMED)?;
            if size == 0 {
                break;
            }
            // We check this before a byte of the chunk has come. An
            // addition could overflow; `content` is never longer than
            // the limit, so this subtraction cannot.
            if size > MAX_CONTENT - content.len() {
                return Err(TOO_LARGE);
            }
            content.extend(self.bytes(size)?);
            if self.bytes(2)? != b"\r\n" {
                return Err(MALFORMED);
            }
        }
        // Trailer fields, up to an empty line. The server ignores them.
        for _ in 0..MAX_TRAILERS {
            if self.line()?.is_empty() {
                return Ok(content);
            }
        }
        Err(MALFORMED)
    }
}

/// New: the size, out of `1f;extension=x`. `None` if there is none.
fn chunk_size(line: &[u8]) -> Option<usize> {
    let line = str::from_utf8(line).ok()?;
    let (digits, _) = line.split_once(';').unwrap_or((line, ""));
    // `from_str_radix` would accept a sign as well. It refuses a number
    // that does not fit.
    if digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        usize::from_str_radix(digits, 16).ok()
    } else {
        None
    }
}

/// Closes our side of the connection, then reads until the client has
/// closed its side, too.
///
/// If the server closed the socket while bytes of the client lie unread
/// (the body of a POST, say), the kernel would send a reset, and that
/// may destroy the response before the client has read it (RFC 9112
/// section 9.6).
fn close(client: &mut TcpStream) -> io::Result<()> {
    client.shutdown(Shutdown::Write)?;
    client.set_read_timeout(Some(Duration::from_secs(1)))?;
    // At most 64 KB, and a second for each read. How it ends does not
    // matter: the response has been sent.
    let _ = io::copy(&mut client.take(64 * 1024), &mut io::sink());
    Ok(())
}

/// The bytes of a response. `status` is a status code for programs and
/// a reason phrase for people.
fn response(status: &str, body: &[u8]) -> Vec<u8> {
    // The length is counted and not typed in by hand: with a wrong one,
    // the client misses the end of the body.
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\
         Content-Length: {length}\r\n\
         Connection: close\r\n\
         \r\n"
    );
    [head.as_bytes(), body].concat()
}
