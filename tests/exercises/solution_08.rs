//! Exercise 8, solved: stage 7 takes what is sent to it in chunks, and sends it back. Look for "New".
//!
//! The decoder waits for each piece that it needs, as everything does in stage 7. That of the engine
//! (`src/http/chunked.rs`) cannot wait, so it remembers where it is.

use std::env;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

/// The end of a head: the end of its last line, and a line that is blank.
const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// No head is longer. Without a limit, one client could fill our memory with a head that never ends.
const LONGEST_HEAD: usize = 8 * 1024;

/// New: no line of a chunked body is longer.
const LONGEST_LINE: usize = 1024;

/// New: nor has its end more lines than this.
const MOST_TRAILERS: usize = 16;

/// New: no content is longer, for all of it is in memory.
const LONGEST_CONTENT: usize = 1_000_000;

/// How long we wait for a client that says nothing. The others are waiting for it, too, and browsers
/// like to open a connection before they know what for.
const PATIENCE: Duration = Duration::from_secs(5);

fn main() -> ExitCode {
    let Some(port) = arguments() else {
        eprintln!("Name a port, 0 for any free one: cargo run --example exercise_08 -- 7007");
        return ExitCode::from(2);
    };
    match listen(port) {
        Ok(listener) => serve(&listener),
        Err(error) => {
            eprintln!("Cannot listen on port {port}: {error}. Choose another port.");
            ExitCode::FAILURE
        }
    }
}

/// The port. `None` if it is missing, is none, or if there is more than a port.
fn arguments() -> Option<u16> {
    let mut arguments = env::args_os().skip(1);
    let port = arguments.next()?.to_str()?.parse().ok()?;
    arguments.next().is_none().then_some(port)
}

/// Takes the port and says so.
fn listen(port: u16) -> io::Result<TcpListener> {
    // 127.0.0.1 is this machine as seen by itself: nobody else on the network can connect.
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    // Asked of the socket, because for port 0 the system has chosen one.
    println!("Listening on {}", listener.local_addr()?);
    Ok(listener)
}

/// Serves one client after the other, until the process is ended.
fn serve(listener: &TcpListener) -> ! {
    loop {
        // Waits until somebody connects.
        match listener.accept() {
            Ok((mut client, address)) => attend(&mut client, address),
            // A client that vanished while it stood in the queue. The others are still there.
            Err(error) => eprintln!("Cannot accept: {error}"),
        }
    }
}

/// Looks after one client, from its coming to its going.
fn attend(client: &mut TcpStream, address: SocketAddr) {
    println!("{address} is here");
    match talk(client) {
        Ok(()) => println!("{address} has left"),
        // What it is called when the time is up: systems differ in that.
        Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
            println!("{address} was silent for too long");
        }
        // It may be switched off, or killed, or unplugged at any time. That is its own affair: it
        // must never end the server.
        Err(error) => println!("{address} is gone: {error}"),
    }
}

/// One request, one response.
fn talk(client: &mut TcpStream) -> io::Result<()> {
    client.set_read_timeout(Some(PATIENCE))?;
    client.set_write_timeout(Some(PATIENCE))?;
    // New: what comes behind the head is kept, for it may be the beginning of a body.
    let mut incoming = Incoming { client, pending: Vec::new() };
    let head = incoming.head()?;
    let response = if head.ends_with(END_OF_HEAD) {
        show(&head);
        match answer(&String::from_utf8_lossy(&head), &mut incoming) {
            Ok(body) => Some(response("200 OK", &body)),
            Err(Fault::Refused(status)) => Some(response(status, format!("{status}\n").as_bytes())),
            Err(Fault::Lost(error)) => return Err(error),
        }
    } else if head.len() > LONGEST_HEAD {
        Some(response("431 Request Header Fields Too Large", b"That head is too long.\n"))
    } else {
        None
    };
    if let Some(response) = response {
        client.write_all(&response)?;
    }
    // Otherwise it has left in the middle of its request, and nobody is there to hear an answer.
    close(client)
}

/// New: why there is no content.
enum Fault {
    /// The client did something that it must not, or wants too much: the status of the answer.
    Refused(&'static str),
    /// Nobody is there any more to hear an answer.
    Lost(io::Error),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Fault {
        Fault::Lost(error)
    }
}

const MALFORMED: Fault = Fault::Refused("400 Bad Request");

/// New: the body of the answer. That is the content of the request, if it has any.
fn answer(head: &str, incoming: &mut Incoming<'_>) -> Result<Vec<u8>, Fault> {
    let codings: Vec<&str> = values(head, "Transfer-Encoding").collect();
    let has_length = values(head, "Content-Length").next().is_some();
    match codings[..] {
        // Two statements about where the body ends. Whoever believes the other one than the proxy
        // before us takes the end of this body for a request: that is how requests are smuggled.
        [_, ..] if has_length => Err(MALFORMED),
        [coding] if coding.eq_ignore_ascii_case("chunked") => incoming.chunked_content(),
        [_, ..] => Err(Fault::Refused("501 Not Implemented")),
        [] if has_length => Err(Fault::Refused("501 Not Implemented")),
        [] => Ok(b"Hello over HTTP.\n".to_vec()),
    }
}

/// The values of a field. It may come more than once.
fn values<'a>(head: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    let fields = head.split("\r\n").skip(1).filter_map(|line| line.split_once(':'));
    fields.filter(move |(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

/// New: a client, and what was read from it and is not used yet.
struct Incoming<'a> {
    client: &'a mut TcpStream,
    pending: Vec<u8>,
}

impl Incoming<'_> {
    /// Reads some more. That there is no more is an error, for whoever calls this needs it.
    fn read(&mut self) -> io::Result<()> {
        let mut piece = [0; 16 * 1024];
        let count = self.client.read(&mut piece)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.pending.extend_from_slice(&piece[..count]);
        Ok(())
    }

    /// Takes the head. It ends with a blank line, unless it is too long.
    fn head(&mut self) -> io::Result<Vec<u8>> {
        loop {
            let end = self.pending.windows(END_OF_HEAD.len()).position(|bytes| bytes == END_OF_HEAD);
            if let Some(at) = end {
                return Ok(self.pending.drain(..at + END_OF_HEAD.len()).collect());
            }
            if self.pending.len() > LONGEST_HEAD {
                return Ok(std::mem::take(&mut self.pending));
            }
            self.read()?;
        }
    }

    /// Takes a line; its CR LF is taken, too, and not given.
    fn line(&mut self) -> Result<Vec<u8>, Fault> {
        loop {
            if let Some(at) = self.pending.windows(2).position(|bytes| bytes == b"\r\n") {
                let mut line: Vec<u8> = self.pending.drain(..at + 2).collect();
                line.truncate(at);
                return Ok(line);
            }
            // A size, an extension or a trailer without end would fill our memory as well as content.
            if self.pending.len() > LONGEST_LINE {
                return Err(MALFORMED);
            }
            self.read()?;
        }
    }

    /// Takes so many bytes.
    fn bytes(&mut self, count: usize) -> Result<Vec<u8>, Fault> {
        // The room grows with what comes, not with what was announced.
        while self.pending.len() < count {
            self.read()?;
        }
        Ok(self.pending.drain(..count).collect())
    }

    /// Takes a chunked body and gives its content.
    fn chunked_content(&mut self) -> Result<Vec<u8>, Fault> {
        let mut content = Vec::new();
        loop {
            let size = chunk_size(&self.line()?).ok_or(MALFORMED)?;
            if size == 0 {
                break;
            }
            // Before a byte of it has come. `content` is never longer, so this cannot go below zero.
            if size > LONGEST_CONTENT - content.len() {
                return Err(Fault::Refused("413 Content Too Large"));
            }
            content.extend(self.bytes(size)?);
            if self.bytes(2)? != b"\r\n" {
                return Err(MALFORMED);
            }
        }
        // Trailer fields, up to a blank line. We have no use for them.
        for _ in 0..MOST_TRAILERS {
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
    // `from_str_radix` would take a sign as well. What does not fit is refused by it.
    let are_digits = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if are_digits { usize::from_str_radix(digits, 16).ok() } else { None }
}

/// Prints a head, line by line, every byte so that it can be seen. A client chooses these bytes: as
/// they are, they could do things to your terminal.
fn show(head: &[u8]) {
    for line in head.split_inclusive(|&byte| byte == b'\n') {
        println!("{}", line.escape_ascii());
    }
}

/// The bytes of a response. `status` is a number for programs and a few words for people.
fn response(status: &str, body: &[u8]) -> Vec<u8> {
    // The length is that of the bytes, never typed in by hand: it has to be right.
    let length = body.len();
    let mut response = format!(
        "HTTP/1.1 {status}\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\
         Content-Length: {length}\r\n\
         Connection: close\r\n\
         \r\n"
    )
    .into_bytes();
    response.extend_from_slice(body);
    response
}

/// Says that nothing more will come, and listens until the client has closed, too.
///
/// If we closed while bytes of the client lie unread (the body of a POST, say), the kernel would tell
/// it that they are lost: with a reset, which may overtake our answer and destroy it.
fn close(client: &mut TcpStream) -> io::Result<()> {
    client.shutdown(Shutdown::Write)?;
    client.set_read_timeout(Some(Duration::from_secs(1)))?;
    // Not for ever, though, and nothing depends on how it ends: the answer is out.
    let _ = io::copy(&mut client.take(64 * 1024), &mut io::sink());
    Ok(())
}
