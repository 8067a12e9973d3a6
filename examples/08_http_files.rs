//! Stage 8: an HTTP server for a folder of files, one client at a time.
//!
//! # What is new
//!
//! Between the request and the response of stage 7, the server decides. It splits the head into lines at CR
//! LF, and the first one, the *request line*, at the spaces: `GET /samples/hello.txt HTTP/1.1` is a method, a
//! target and a version. The path in the target becomes the name of a file; if it ends with `/`, the file is
//! `index.html` there. If there is such a file, it is the body of a 200; if not, the response is a 404. The
//! response names the media type of the file, because a browser must know whether it gets a page or a
//! picture.
//!
//! The client chooses the target, so this is where an attack would begin. `locate` and `read` see to it that
//! nothing outside the folder is read:
//!
//! - A path with a segment `..` is refused (400). Browsers and curl remove such segments before they send
//!   a request. A client that does not gets nothing here: to refuse is simpler, and just as safe.
//! - The segments of the path are added to the folder one by one. `folder.join("/etc/passwd")` would *be*
//!   `/etc/passwd`, and a target that begins with two slashes would get there.
//! - That is only a first defence. The text of a path does not show what is on disk: a symbolic link inside
//!   the folder may lead out of it. So the server asks the system for the real path of the file.
//!
//! # Try it
//!
//! In one terminal (the folder is `www` unless the command names another one):
//!
//! ```text
//! cargo run --example 08_http_files -- 7008 www
//! ```
//!
//! In another one, or open <http://127.0.0.1:7008/> in a browser:
//!
//! ```text
//! curl http://127.0.0.1:7008/samples/hello.txt
//! Hello from the other side of the glass.
//! curl http://127.0.0.1:7008/nowhere
//! 404 Not Found
//! curl --path-as-is http://127.0.0.1:7008/../Cargo.toml
//! 400 Bad Request
//! ```
//!
//! (Without `--path-as-is`, curl itself removes the `..`.) The first terminal shows the requests and the
//! status of each response:
//!
//! ```text
//! Listening on 127.0.0.1:7008
//! 127.0.0.1:52888: GET /samples/hello.txt HTTP/1.1 -> 200 OK
//! 127.0.0.1:52890: GET /nowhere HTTP/1.1 -> 404 Not Found
//! 127.0.0.1:52892: GET /../Cargo.toml HTTP/1.1 -> 400 Bad Request
//! ```
//!
//! Ctrl-C stops the server. It only reads files, so it leaves none half written.
//!
//! # What still hurts
//!
//! - The second defence checks first and opens later, and in between somebody who can write into the folder
//!   may replace a file by a link. `src/site/root.rs` lets the kernel do both in one step.
//! - Names with a space or an umlaut arrive *percent-encoded* (`%20` for a space) and are not found, because
//!   nothing decodes them. (Decoding must come before the path is checked, not after.) Hidden files such as
//!   `.git` are served. A file is read into memory as a whole before any of it is sent.
//! - A page with ten pictures is eleven connections, one after the other, and a client that sends nothing
//!   delays all others by five seconds.
//!
//! The next stage, `09_http_pool`, cures the last of these; the engine in `src/` cures the rest.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
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
    let Some((port, folder)) = arguments() else {
        eprintln!(
            "Name a port, 0 for any free one, and maybe a folder: \
             cargo run --example 08_http_files -- 7008 www"
        );
        return ExitCode::from(2);
    };
    // The real path of the folder: absolute, with symbolic links and `..` resolved.
    match folder.canonicalize().and_then(|folder| Ok((listen(port)?, folder))) {
        Ok((listener, folder)) => serve(&listener, &folder),
        Err(error) => {
            let folder = folder.display();
            eprintln!("Cannot serve {folder} on port {port}: {error}. Choose another folder or port.");
            ExitCode::FAILURE
        }
    }
}

/// The port and the folder from the command line. `None` if the port is missing or not a number, or if
/// there are more arguments.
fn arguments() -> Option<(u16, PathBuf)> {
    let mut arguments = env::args_os().skip(1);
    let port = arguments.next()?.to_str()?.parse().ok()?;
    let folder = arguments.next().map_or(PathBuf::from("www"), PathBuf::from);
    arguments.next().is_none().then_some((port, folder))
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
fn serve(listener: &TcpListener, folder: &Path) -> ! {
    loop {
        // Blocks until a client connects.
        match listener.accept() {
            Ok((mut client, address)) => handle(&mut client, address, folder),
            // Perhaps the client closed its connection while it was in the queue. The others are still
            // there.
            Err(error) => eprintln!("Cannot accept: {error}"),
        }
    }
}

/// Serves one client and reports an error, if there is one.
fn handle(client: &mut TcpStream, address: SocketAddr, folder: &Path) {
    match serve_connection(client, address, folder) {
        Ok(()) => {}
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
fn serve_connection(client: &mut TcpStream, address: SocketAddr, folder: &Path) -> io::Result<()> {
    client.set_read_timeout(Some(TIMEOUT))?;
    client.set_write_timeout(Some(TIMEOUT))?;
    let head = read_head(client)?;
    if head.ends_with(END_OF_HEAD) || head.len() > MAX_HEAD {
        // Bytes that are not UTF-8 become U+FFFD, which nothing that this server understands contains.
        let head = String::from_utf8_lossy(&head);
        let response = respond(&head, folder);
        // Escaped, because the client chooses these characters, and unescaped they could control your
        // terminal.
        let line = head.lines().next().unwrap_or_default().escape_debug();
        println!("{address}: {line} -> {}", response.status);
        // The response to HEAD is that to GET, length included, without the body.
        client.write_all(&response.to_bytes(!head.starts_with("HEAD ")))?;
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

/// The response to a request.
struct Response {
    /// A status code for programs and a reason phrase for people.
    status: &'static str,
    media_type: &'static str,
    body: Vec<u8>,
}

/// Decides which response a request gets.
fn respond(head: &str, folder: &Path) -> Response {
    if !head.as_bytes().ends_with(END_OF_HEAD) {
        return Response::refusal("431 Request Header Fields Too Large");
    }
    let Some((method, path)) = parse(head) else {
        return Response::refusal("400 Bad Request");
    };
    if !matches!(method, "GET" | "HEAD") {
        return Response::refusal("501 Not Implemented");
    }
    let Some(file) = locate(folder, path) else {
        return Response::refusal("400 Bad Request");
    };
    match read(folder, &file) {
        Ok(body) => Response { status: "200 OK", media_type: media_type(&file), body },
        // Whatever the reason is, the client cannot have this file.
        Err(_) => Response::refusal("404 Not Found"),
    }
}

/// The method and the path from the request line. `None` if that is malformed.
fn parse(head: &str) -> Option<(&str, &str)> {
    let mut lines = head.split("\r\n");
    let mut words = lines.next()?.split(' ');
    let (method, target, version) = (words.next()?, words.next()?, words.next()?);
    let is_right = version.starts_with("HTTP/1.") && target.starts_with('/') && words.next().is_none();
    // Behind a question mark is a query, which means nothing for a file.
    let path = target.split('?').next()?;
    is_right.then_some((method, path))
}

/// The file that a path names, found by its text alone. `None` if a segment is `..`.
fn locate(folder: &Path, path: &str) -> Option<PathBuf> {
    let mut file = folder.to_path_buf();
    // A segment between two slashes contains no slash, so it is one name and never a path.
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." => return None,
            name => file.push(name),
        }
    }
    if path.ends_with('/') {
        file.push("index.html");
    }
    Some(file)
}

/// Reads a file if it is a regular file and really lies in the folder.
fn read(folder: &Path, file: &Path) -> io::Result<Vec<u8>> {
    // Resolves all symbolic links and returns the real path.
    let file = file.canonicalize()?;
    // To open a named pipe could block for ever, so only a regular file will do.
    if file.starts_with(folder) && file.is_file() {
        fs::read(file)
    } else {
        Err(io::ErrorKind::NotFound.into())
    }
}

/// The media type of a file, guessed from its extension.
fn media_type(file: &Path) -> &'static str {
    match file.extension().and_then(OsStr::to_str) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("txt") => "text/plain; charset=utf-8",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("jpg") => "image/jpeg",
        // Bytes of unknown meaning: a browser offers to save them.
        _ => "application/octet-stream",
    }
}

impl Response {
    /// A response whose body is its status and nothing more.
    fn refusal(status: &'static str) -> Response {
        let body = format!("{status}\n").into_bytes();
        Response { status, media_type: "text/plain; charset=utf-8", body }
    }

    /// The bytes of the response.
    fn to_bytes(&self, with_body: bool) -> Vec<u8> {
        // The length is counted and not typed in by hand: with a wrong one, the client misses the end
        // of the body.
        let head = format!(
            "HTTP/1.1 {}\r\n\
             Content-Type: {}\r\n\
             Content-Length: {}\r\n\
             Connection: close\r\n\
             \r\n",
            self.status,
            self.media_type,
            self.body.len()
        );
        let body = if with_body { self.body.as_slice() } else { &[] };
        [head.as_bytes(), body].concat()
    }
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
