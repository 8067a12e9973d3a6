//! Stage 7: a minimal HTTP server. It answers each request with the same greeting.
//!
//! # What is new
//!
//! The bytes have a meaning. Compared with stage 1 (not with stage 6: this one blocks again, and serves one
//! client at a time), only `echo` has changed, into a request and a response:
//!
//! - a *request* begins with a *head*: lines of text, each ended by CR LF, and an empty line at the end.
//!   Until that line has arrived, the request is incomplete, in however many pieces the bytes come.
//! - a *response* has a head of the same kind (a *status line*, then *fields*, then an empty line) and a
//!   *body*. A stream does not show where the body ends, so `Content-Length` says how many bytes it has. If
//!   the number is too large, the client waits for more; if it is too small, the client loses the end.
//! - `Connection: close` says that the server will close the connection after this response. That is the
//!   simplest way to handle a connection.
//!
//! Two more things are new because a protocol has an order of steps. The server waits for the client, so
//! time and size are bounded. And closing needs care: see `close`.
//!
//! # Try it
//!
//! In one terminal:
//!
//! ```text
//! cargo run --example 07_http_hello -- 7007
//! ```
//!
//! In another one (or in a browser, at <http://127.0.0.1:7007/>):
//!
//! ```text
//! curl -i http://127.0.0.1:7007/
//! HTTP/1.1 200 OK
//! Content-Type: text/plain; charset=utf-8
//! Content-Length: 17
//! Connection: close
//!
//! Hello over HTTP.
//! ```
//!
//! The first terminal shows the request of curl, byte by byte, with line ends as `\r\n`:
//!
//! ```text
//! Listening on 127.0.0.1:7007
//! 127.0.0.1:52870 connected
//! GET / HTTP/1.1\r\n
//! Host: 127.0.0.1:7007\r\n
//! User-Agent: curl/7.88.1\r\n
//! Accept: */*\r\n
//! \r\n
//! 127.0.0.1:52870 disconnected
//! ```
//!
//! A request is only text, so you can send one without curl:
//!
//! ```text
//! printf 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n' | nc 127.0.0.1 7007
//! ```
//!
//! Ctrl-C stops the server. It would cut off a response that is being sent, and the client would notice: it
//! knows from `Content-Length` how many bytes to expect.
//!
//! # What still hurts
//!
//! The server reads the head and does not interpret it. `GET /`, `GET /nowhere` and `DELETE /` all get the
//! same page, and so does `HEAD`, whose response must not have a body. (The `Date` field is missing as well;
//! a server with a clock must send it, RFC 9110 section 6.6.1. The engine does so in
//! `src/http/response.rs`.)
//!
//! The next stage, `08_http_files`, interprets the request and answers with files.

use std::env;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

/// The end of a head: the CR LF of its last line, and an empty line.
const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// The longest head that the server accepts. Without a limit, one client could fill our memory with a
/// head that never ends.
const MAX_HEAD: usize = 8 * 1024;

/// How long a read or a write may block. All other clients have to wait as well, and browsers open
/// connections in advance, before they have a request.
const TIMEOUT: Duration = Duration::from_secs(5);

fn main() -> ExitCode {
    let Some(port) = arguments() else {
        eprintln!("Name a port, 0 for any free one: cargo run --example 07_http_hello -- 7007");
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

/// The port from the command line. `None` if it is missing or not a number, or if there are more
/// arguments.
fn arguments() -> Option<u16> {
    let mut arguments = env::args_os().skip(1);
    let port = arguments.next()?.to_str()?.parse().ok()?;
    arguments.next().is_none().then_some(port)
}

/// Binds a listening socket to the port and prints its address.
fn listen(port: u16) -> io::Result<TcpListener> {
    // 127.0.0.1 is the loopback address: only programs on this machine can connect to it.
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    // We ask the socket for its address, because for port 0 the kernel has chosen a port.
    println!("Listening on {}", listener.local_addr()?);
    Ok(listener)
}

/// Accepts and serves one client after the other, until the process is ended.
fn serve(listener: &TcpListener) -> ! {
    loop {
        // Blocks until a client connects.
        match listener.accept() {
            Ok((mut client, address)) => handle(&mut client, address),
            // Perhaps the client closed its connection while it was in the queue. The others are still
            // there.
            Err(error) => eprintln!("Cannot accept: {error}"),
        }
    }
}

/// Serves one client, and prints when it connects and disconnects.
fn handle(client: &mut TcpStream, address: SocketAddr) {
    println!("{address} connected");
    match serve_connection(client) {
        Ok(()) => println!("{address} disconnected"),
        // The timeout has passed. Systems differ in which of the two errors they report.
        Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
            println!("{address} timed out");
        }
        // A client may crash or lose its network at any time. That ends its connection and must never
        // end the server.
        Err(error) => println!("{address} disconnected: {error}"),
    }
}

/// Serves one connection: one request, one response.
fn serve_connection(client: &mut TcpStream) -> io::Result<()> {
    client.set_read_timeout(Some(TIMEOUT))?;
    client.set_write_timeout(Some(TIMEOUT))?;
    let head = read_head(client)?;
    if head.ends_with(END_OF_HEAD) {
        show(&head);
        client.write_all(&response("200 OK", "Hello over HTTP.\n"))?;
    } else if head.len() > MAX_HEAD {
        client.write_all(&response("431 Request Header Fields Too Large", "That head is too long.\n"))?;
    }
    // Otherwise the client has closed its side before its request was complete, and gets no response.
    close(client)
}

/// Reads the head of a request. The result ends with an empty line, unless the client closes its side
/// before that or the head is too long.
fn read_head(client: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    let mut piece = [0; 1024];
    while head.len() <= MAX_HEAD {
        let count = client.read(&mut piece)?;
        if count == 0 {
            break;
        }
        head.extend_from_slice(&piece[..count]);
        // The end may have arrived in two pieces, so we search the whole head and not only this piece.
        if let Some(at) = head.windows(END_OF_HEAD.len()).position(|bytes| bytes == END_OF_HEAD) {
            // What follows is a body or another request. This server reads neither.
            head.truncate(at + END_OF_HEAD.len());
            break;
        }
    }
    Ok(head)
}

/// Prints a head line by line, with all bytes escaped that are not printable ASCII. The client chooses
/// these bytes, and unescaped they could control your terminal.
fn show(head: &[u8]) {
    for line in head.split_inclusive(|&byte| byte == b'\n') {
        println!("{}", line.escape_ascii());
    }
}

/// The bytes of a response. `status` is a status code for programs and a reason phrase for people.
fn response(status: &str, body: &str) -> Vec<u8> {
    // The length is counted and not typed in by hand: with a wrong one, the client misses the end of
    // the body.
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\
         Content-Length: {length}\r\n\
         Connection: close\r\n\
         \r\n\
         {body}"
    )
    .into_bytes()
}

/// Closes our side of the connection, then reads until the client has closed its side, too.
///
/// If the server closed the socket while bytes of the client lie unread (the body of a POST, say), the
/// kernel would send a reset, and that may destroy the response before the client has read it (RFC 9112
/// section 9.6).
fn close(client: &mut TcpStream) -> io::Result<()> {
    client.shutdown(Shutdown::Write)?;
    client.set_read_timeout(Some(Duration::from_secs(1)))?;
    // At most 64 KB, and a second for each read. How it ends does not matter: the response has been sent.
    let _ = io::copy(&mut client.take(64 * 1024), &mut io::sink());
    Ok(())
}
