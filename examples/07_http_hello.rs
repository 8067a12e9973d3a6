//! Stage 7: the smallest honest HTTP server. It says hello to whoever asks.
//!
//! # What is new
//!
//! The bytes mean something. Compared with stage 1 (not with stage 6: this one waits again, and serves
//! one client at a time), only `echo` has changed, into a request and a response:
//!
//! - a *request* begins with a *head*: lines of text, each ended by CR LF, and a blank line as its end.
//!   Before that line has come, the client is not done asking, in however many pieces the bytes arrive.
//! - a *response* has a head of the same kind (a *status line*, then *fields*, then a blank line) and a
//!   *body*. The client cannot see where a stream pauses for good, so `Content-Length` says how many
//!   bytes the body has. One too many and the client waits; one too few and it loses the end.
//! - `Connection: close` says that we will close after this. That is the simplest thing that is true.
//!
//! Two things are new because a protocol has an order in which things happen. We wait for the client, so
//! there is a bound on how long and for how much. And closing needs care: see `close`.
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
//! The first terminal shows what curl has asked, each byte of it, with line ends as `\r\n`:
//!
//! ```text
//! Listening on 127.0.0.1:7007
//! 127.0.0.1:52870 is here
//! GET / HTTP/1.1\r\n
//! Host: 127.0.0.1:7007\r\n
//! User-Agent: curl/7.88.1\r\n
//! Accept: */*\r\n
//! \r\n
//! 127.0.0.1:52870 has left
//! ```
//!
//! No curl is needed, a request is only text:
//!
//! ```text
//! printf 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n' | nc 127.0.0.1 7007
//! ```
//!
//! Ctrl-C stops it. An answer under way would be cut off, and the client would know: it has been told
//! how many bytes there are.
//!
//! # What still hurts
//!
//! It reads the head and does not look at it. `GET /`, `GET /nowhere` and `DELETE /` all get the same
//! page, and `HEAD`, which wants no body, gets one. (A `Date` field is missing as well; a server with a
//! clock owes it. The engine writes it in `src/http/response.rs`.)
//!
//! The next stage, `08_http_files`, reads what it is asked and answers with files.

use std::env;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

/// The end of a head: the end of its last line, and a line that is blank.
const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// No head is longer. Without a limit, one client could fill our memory with a head that never ends.
const LONGEST_HEAD: usize = 8 * 1024;

/// How long we wait for a client that says nothing. The others are waiting for it, too, and browsers
/// like to open a connection before they know what for.
const PATIENCE: Duration = Duration::from_secs(5);

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
    let head = read_head(client)?;
    if head.ends_with(END_OF_HEAD) {
        show(&head);
        client.write_all(&response("200 OK", "Hello over HTTP.\n"))?;
    } else if head.len() > LONGEST_HEAD {
        client.write_all(&response("431 Request Header Fields Too Large", "That head is too long.\n"))?;
    }
    // Otherwise it has left in the middle of its request, and nobody is there to hear an answer.
    close(client)
}

/// Reads as far as the head goes. What comes back ends with a blank line, unless the client closes its
/// end before that or the head is too long.
fn read_head(client: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    let mut piece = [0; 1024];
    while head.len() <= LONGEST_HEAD {
        let count = client.read(&mut piece)?;
        if count == 0 {
            break;
        }
        head.extend_from_slice(&piece[..count]);
        // The end may have come in two pieces: so we look at all of it, not at the piece.
        if let Some(at) = head.windows(END_OF_HEAD.len()).position(|bytes| bytes == END_OF_HEAD) {
            // What follows is a body, or another request. Neither interests us here.
            head.truncate(at + END_OF_HEAD.len());
            break;
        }
    }
    Ok(head)
}

/// Prints a head, line by line, every byte so that it can be seen. A client chooses these bytes: as
/// they are, they could do things to your terminal.
fn show(head: &[u8]) {
    for line in head.split_inclusive(|&byte| byte == b'\n') {
        println!("{}", line.escape_ascii());
    }
}

/// The bytes of a response. `status` is a number for programs and a few words for people.
fn response(status: &str, body: &str) -> Vec<u8> {
    // The length is that of the bytes, never typed in by hand: it has to be right.
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
