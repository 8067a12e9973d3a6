//! Exercise 5, solved: the server of stage 7 looks at the method.
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

/// How long a read or a write may block. All others have to wait as
/// well, and browsers open connections before they have a request.
const TIMEOUT: Duration = Duration::from_secs(5);

fn main() -> ExitCode {
    let Some(port) = arguments() else {
        eprintln!(
            "Name a port, 0 for any free one: \
             cargo run --example exercise_05 -- 7007"
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
    let head = read_head(client)?;
    if head.ends_with(END_OF_HEAD) {
        // All bytes that are not printable ASCII are escaped: the client
        // chooses them, and they could control your terminal.
        for line in head.split_inclusive(|&byte| byte == b'\n') {
            println!("{}", line.escape_ascii());
        }
        client.write_all(&respond(&head))?;
    } else if head.len() > MAX_HEAD {
        client.write_all(&response(
            "431 Request Header Fields Too Large",
            "",
            "That head is too long.\n",
        ))?;
    }
    // Otherwise the client has closed its side before its request was
    // complete, and gets no response.
    close(client)
}

/// New: the response to a request with this head.
fn respond(head: &[u8]) -> Vec<u8> {
    let mut hello = response("200 OK", "", "Hello over HTTP.\n");
    match method(head) {
        Some(b"GET") => hello,
        Some(b"HEAD") => {
            // The response to GET, cut off behind the empty line. So the
            // two cannot differ, whatever fields are added later.
            let end = hello
                .windows(END_OF_HEAD.len())
                .position(|bytes| bytes == END_OF_HEAD)
                .expect("each response has a head");
            hello.truncate(end + END_OF_HEAD.len());
            hello
        }
        // The server knows these methods, and this page does not allow
        // them: 405, which must list those that it allows.
        Some(b"POST" | b"PUT" | b"DELETE" | b"PATCH") => response(
            "405 Method Not Allowed",
            "Allow: GET, HEAD\r\n",
            "This page can only be read.\n",
        ),
        Some(_) => response(
            "501 Not Implemented",
            "",
            "Nobody here knows that method.\n",
        ),
        None => response("400 Bad Request", "", "That is no request.\n"),
    }
}

/// New: the method, out of `GET / HTTP/1.1`. Methods are case-sensitive.
/// `None` if the request line does not have three words, of which the
/// last is a version of HTTP/1.
fn method(head: &[u8]) -> Option<&[u8]> {
    let line = head.split(|&byte| byte == b'\r').next()?;
    let mut words = line.split(|&byte| byte == b' ');
    let (method, target) = (words.next()?, words.next()?);
    let version = words.next()?;
    let is_right = !method.is_empty()
        && !target.is_empty()
        && version.starts_with(b"HTTP/1.")
        && words.next().is_none();
    is_right.then_some(method)
}

/// Reads the head of a request. The result ends with an empty line,
/// unless the client closes its side before that or the head is too
/// long.
fn read_head(client: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    let mut piece = [0; 1024];
    while head.len() <= MAX_HEAD {
        let count = client.read(&mut piece)?;
        if count == 0 {
            break;
        }
        head.extend_from_slice(&piece[..count]);
        // The end may have arrived in two pieces, so we search the
        // whole head and not only this piece.
        if let Some(at) = head
            .windows(END_OF_HEAD.len())
            .position(|bytes| bytes == END_OF_HEAD)
        {
            // What follows is a body or another request. This server
            // reads neither.
            head.truncate(at + END_OF_HEAD.len());
            break;
        }
    }
    Ok(head)
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
/// a reason phrase for people. `fields` (new) are more lines of the
/// head, each with its CR LF.
fn response(status: &str, fields: &str, body: &str) -> Vec<u8> {
    // The length is counted and not typed in by hand: with a wrong one,
    // the client misses the end of the body.
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\
         Content-Length: {length}\r\n\
         {fields}\
         Connection: close\r\n\
         \r\n\
         {body}"
    )
    .into_bytes()
}
