//! Stage 8: an HTTP server for a folder of files, one client at a time.
//!
//! # What is new
//!
//! Between the request and the response of stage 7, somebody thinks. The head is split into lines at
//! CR LF and its first line at the spaces, `GET /samples/hello.txt HTTP/1.1`: a method, a target and a
//! version. The path in the target becomes the name of a file, and `/` at its end means `index.html`
//! there. If there is such a file, it is the body of a 200; if not, the answer is 404. The file's type
//! goes along, because a browser has to know whether it gets a page or a picture.
//!
//! The target is chosen by the client, so it is where an attack would begin. `locate` and `read` see to
//! it that nothing outside the folder is read:
//!
//! - `..` is refused (400). Browsers and curl work it out before they ask. Some programs do not, and get
//!   nothing here: to refuse is simpler than to work it out, and just as safe.
//! - The path is added to the folder name by name. `folder.join("/etc/passwd")` would *be* `/etc/passwd`,
//!   and a target that begins with two slashes would get there.
//! - That is only a first defence. Looking at the words of a path says nothing about what is on disk: a
//!   symbolic link inside the folder may lead out. So the system is asked where the path really ends.
//!
//! # Try it
//!
//! In one terminal (the folder is `www` unless another one is named after the port):
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
//! (Without `--path-as-is`, curl works the `..` out by itself.) The first terminal shows what was asked:
//!
//! ```text
//! Listening on 127.0.0.1:7008
//! 127.0.0.1:52888: GET /samples/hello.txt HTTP/1.1 -> 200 OK
//! 127.0.0.1:52890: GET /nowhere HTTP/1.1 -> 404 Not Found
//! 127.0.0.1:52892: GET /../Cargo.toml HTTP/1.1 -> 400 Bad Request
//! ```
//!
//! Ctrl-C stops it. We only read files, so none can be left half written.
//!
//! # What still hurts
//!
//! - Even the second defence looks first and opens later, and in between somebody who can write into the
//!   folder may put a link in the place of a file. `src/site/root.rs` lets the kernel do both in one step.
//! - Names with a space or an umlaut arrive as `%20` and the like, and are not found: nobody decodes them
//!   (and whoever does must do it before the path is checked, not after). Hidden files such as `.git` are
//!   served. A file is read into memory as a whole before any of it is sent.
//! - A page with ten pictures is eleven connections, one after the other, and a client that says nothing
//!   holds up all others for five seconds.
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

/// The end of a head: the end of its last line, and a line that is blank.
const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// No head is longer. Without a limit, one client could fill our memory with a head that never ends.
const LONGEST_HEAD: usize = 8 * 1024;

/// How long we wait for a client that says nothing. The others are waiting for it, too, and browsers
/// like to open a connection before they know what for.
const PATIENCE: Duration = Duration::from_secs(5);

fn main() -> ExitCode {
    let Some((port, folder)) = arguments() else {
        eprintln!(
            "Name a port, 0 for any free one, and maybe a folder: \
             cargo run --example 08_http_files -- 7008 www"
        );
        return ExitCode::from(2);
    };
    // Where the folder really is: its path from the root, without links and `..`.
    match folder.canonicalize().and_then(|folder| Ok((listen(port)?, folder))) {
        Ok((listener, folder)) => serve(&listener, &folder),
        Err(error) => {
            let folder = folder.display();
            eprintln!("Cannot serve {folder} on port {port}: {error}. Choose another folder or port.");
            ExitCode::FAILURE
        }
    }
}

/// The port and the folder. `None` if the port is missing or none, or if there is more than that.
fn arguments() -> Option<(u16, PathBuf)> {
    let mut arguments = env::args_os().skip(1);
    let port = arguments.next()?.to_str()?.parse().ok()?;
    let folder = arguments.next().map_or(PathBuf::from("www"), PathBuf::from);
    arguments.next().is_none().then_some((port, folder))
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
fn serve(listener: &TcpListener, folder: &Path) -> ! {
    loop {
        // Waits until somebody connects.
        match listener.accept() {
            Ok((mut client, address)) => attend(&mut client, address, folder),
            // A client that vanished while it stood in the queue. The others are still there.
            Err(error) => eprintln!("Cannot accept: {error}"),
        }
    }
}

/// Looks after one client, from its coming to its going.
fn attend(client: &mut TcpStream, address: SocketAddr, folder: &Path) {
    match talk(client, address, folder) {
        Ok(()) => {}
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
fn talk(client: &mut TcpStream, address: SocketAddr, folder: &Path) -> io::Result<()> {
    client.set_read_timeout(Some(PATIENCE))?;
    client.set_write_timeout(Some(PATIENCE))?;
    let head = read_head(client)?;
    if head.ends_with(END_OF_HEAD) || head.len() > LONGEST_HEAD {
        // Bytes that are no text cannot be part of anything that we understand.
        let head = String::from_utf8_lossy(&head);
        let answer = answer(&head, folder);
        // Escaped: a client chooses these characters, and they could do things to your terminal.
        let line = head.lines().next().unwrap_or_default().escape_debug();
        println!("{address}: {line} -> {}", answer.status);
        // HEAD wants to know what GET would get, length and all, without the body.
        client.write_all(&answer.to_response(!head.starts_with("HEAD ")))?;
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

/// What a client gets for its request.
struct Answer {
    /// A number for programs and a few words for people.
    status: &'static str,
    media_type: &'static str,
    body: Vec<u8>,
}

/// Decides what that is.
fn answer(head: &str, folder: &Path) -> Answer {
    if !head.as_bytes().ends_with(END_OF_HEAD) {
        return Answer::refusal("431 Request Header Fields Too Large");
    }
    let Some((method, path)) = parse(head) else {
        return Answer::refusal("400 Bad Request");
    };
    if !matches!(method, "GET" | "HEAD") {
        return Answer::refusal("501 Not Implemented");
    }
    let Some(file) = locate(folder, path) else {
        return Answer::refusal("400 Bad Request");
    };
    match read(folder, &file) {
        Ok(body) => Answer { status: "200 OK", media_type: media_type(&file), body },
        // Whatever the reason is: here is nothing for this client.
        Err(_) => Answer::refusal("404 Not Found"),
    }
}

/// The method and the path, out of the first line. `None` if that is none.
fn parse(head: &str) -> Option<(&str, &str)> {
    let mut lines = head.split("\r\n");
    let mut words = lines.next()?.split(' ');
    let (method, target, version) = (words.next()?, words.next()?, words.next()?);
    let is_right = version.starts_with("HTTP/1.") && target.starts_with('/') && words.next().is_none();
    // After a question mark comes a query, which means nothing to a file.
    let path = target.split('?').next()?;
    is_right.then_some((method, path))
}

/// The file that a path means, as far as words go. `None` if the path tries to climb.
fn locate(folder: &Path, path: &str) -> Option<PathBuf> {
    let mut file = folder.to_path_buf();
    // Between two slashes there cannot be a third, so each of these is one name and never a path.
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

/// Reads a file, if it is one, and if it really lies in the folder.
fn read(folder: &Path, file: &Path) -> io::Result<Vec<u8>> {
    // Follows all links, and gives the path without them.
    let file = file.canonicalize()?;
    // A named pipe could keep us waiting for ever, so it must be a plain file.
    if file.starts_with(folder) && file.is_file() {
        fs::read(file)
    } else {
        Err(io::ErrorKind::NotFound.into())
    }
}

/// What a browser has to know about a file, guessed from the end of its name.
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
        // Just bytes: a browser offers to save them.
        _ => "application/octet-stream",
    }
}

impl Answer {
    /// An answer that says no more than its status.
    fn refusal(status: &'static str) -> Answer {
        let body = format!("{status}\n").into_bytes();
        Answer { status, media_type: "text/plain; charset=utf-8", body }
    }

    /// The bytes of the response.
    fn to_response(&self, with_body: bool) -> Vec<u8> {
        // The length is that of the bytes, never typed in by hand: it has to be right.
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
