//! Stage 9: many HTTP clients at once, and many requests on one connection.
//!
//! # What is new
//!
//! The pool and the queue of stage 5, with the `answer` of stage 8 in its threads. And connections stay
//! open (*keep-alive*): after a response, the client may ask again on the same connection, which saves
//! it the time to connect. It may even send its next requests before the first is answered
//! (*pipelining*). Two things follow:
//!
//! - **One read is not one request.** It may bring half of one, or three and a half. So what was read
//!   and does not belong to this request stays in a buffer, `pending`, and the next one begins there.
//! - **Where a request ends is now a matter of safety.** After a head may come a body, and whoever takes
//!   a body for a request obeys somebody who only filled in a form. We have no use for bodies, so after a
//!   request with one, or with anything in it that is doubtful, we answer and close.
//!
//! The five seconds of patience mean something more now: a connection on which nothing comes for so long
//! is closed, so that its thread is free for others.
//!
//! # Try it
//!
//! In one terminal (the folder is `www` and there are four threads, unless others are named):
//!
//! ```text
//! cargo run --example 09_http_pool -- 7009 www 4
//! ```
//!
//! In another one, ask for two files at once. curl uses one connection for both:
//!
//! ```text
//! curl -v http://127.0.0.1:7009/samples/hello.txt http://127.0.0.1:7009/samples/hello.txt
//! ```
//!
//! Or send two requests in one go, and see two responses come. The second one ends the connection:
//!
//! ```text
//! A='GET /samples/hello.txt HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'
//! B='GET /nowhere HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n'
//! printf "$A$B" | nc 127.0.0.1 7009
//! ```
//!
//! The first terminal shows who was asked by whom. Equal ports mean that it was the same connection:
//!
//! ```text
//! Listening on 127.0.0.1:7009
//! 127.0.0.1:52904: GET /samples/hello.txt HTTP/1.1 -> 200 OK
//! 127.0.0.1:52904: GET /samples/hello.txt HTTP/1.1 -> 200 OK
//! 127.0.0.1:52910: GET /samples/hello.txt HTTP/1.1 -> 200 OK
//! 127.0.0.1:52910: GET /nowhere HTTP/1.1 -> 404 Not Found
//! ```
//!
//! Ctrl-C stops it, with answers cut off where they are; the clients can tell, by `Content-Length`. (The
//! engine lets them finish first.)
//!
//! # What still hurts
//!
//! - A thread still belongs to one client. Four connections that are kept open and say nothing hold up a
//!   fifth for five seconds, and four clients that send a byte every four seconds hold it up for ever.
//! - A large file is in memory as a whole, once for each client that reads it, however slowly.
//! - Browsers ask for parts of files, and whether their copy is still good. They get all of it, each time.
//! - `%20` in names, hidden files, the missing `Date` and `Host`, links that change in the wrong moment.
//!
//! # Where the road leads
//!
//! Into `src/`, where each of these has its place, and where nothing is in principle other than here:
//!
//! - `src/server/worker.rs` is the event loop of stage 6, in each of a few threads; what `talk` does
//!   below is a state machine there, `src/server/connection/mod.rs`, with deadlines (`src/server/timers.rs`);
//! - `read_head` and `parse` are `src/http/request.rs`, the end of a body is `src/http/framing.rs`, and
//!   `locate` is `src/http/target.rs`;
//! - `answer` is `src/site/mod.rs`, and `read` is `src/site/root.rs`, which cannot be led astray;
//! - `write_all` is `src/server/transmit.rs`, which lets the kernel send files by itself;
//! - parts of files are `src/http/range.rs`, and copies that are still good `src/http/conditional.rs`.
//!
//! `src/lib.rs` has the map of it all and an order to read it in.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// How many threads there are if nobody says.
const THREADS: usize = 4;

/// More than that is likely a slip of the finger.
const MOST_THREADS: usize = 1000;

/// How many clients may stand in the queue.
const QUEUE: usize = 64;

/// Somebody who has connected.
type Client = (TcpStream, SocketAddr);

/// The end of a head: the end of its last line, and a line that is blank.
const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// No head is longer. Without a limit, one client could fill our memory with a head that never ends.
const LONGEST_HEAD: usize = 8 * 1024;

/// How long we wait for a client that says nothing. Others may be waiting for its thread, and browsers
/// like to keep a connection open in case they need it again.
const PATIENCE: Duration = Duration::from_secs(5);

fn main() -> ExitCode {
    let Some((port, folder, threads)) = arguments() else {
        eprintln!(
            "Name a port, 0 for any free one, and maybe a folder and a number of threads from 1 to \
             {MOST_THREADS}: cargo run --example 09_http_pool -- 7009 www 4"
        );
        return ExitCode::from(2);
    };
    match prepare(port, &folder, threads) {
        Ok((listener, queue)) => serve(&listener, &queue),
        Err(error) => {
            let folder = folder.display();
            eprintln!("Cannot serve {folder} on port {port}: {error}. Choose another folder or port.");
            ExitCode::FAILURE
        }
    }
}

/// The port, the folder and the number of threads. `None` if one is wrong, or if there is more.
fn arguments() -> Option<(u16, PathBuf, usize)> {
    let mut arguments = env::args_os().skip(1);
    let port = arguments.next()?.to_str()?.parse().ok()?;
    let folder = arguments.next().map_or(PathBuf::from("www"), PathBuf::from);
    let threads = match arguments.next() {
        Some(threads) => threads.to_str()?.parse().ok()?,
        None => THREADS,
    };
    let are_right = (1..=MOST_THREADS).contains(&threads) && arguments.next().is_none();
    are_right.then_some((port, folder, threads))
}

/// Finds the folder, starts the threads and takes the port.
fn prepare(port: u16, folder: &Path, threads: usize) -> io::Result<(TcpListener, SyncSender<Client>)> {
    // Where the folder really is: its path from the root, without links and `..`.
    let queue = start_pool(threads, &folder.canonicalize()?)?;
    Ok((listen(port)?, queue))
}

/// Takes the port and says so.
fn listen(port: u16) -> io::Result<TcpListener> {
    // 127.0.0.1 is this machine as seen by itself: nobody else on the network can connect.
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    // Asked of the socket, because for port 0 the system has chosen one.
    println!("Listening on {}", listener.local_addr()?);
    Ok(listener)
}

/// Starts the threads, and gives the end of the queue at which clients line up.
fn start_pool(threads: usize, folder: &Path) -> io::Result<SyncSender<Client>> {
    let (queue, front) = mpsc::sync_channel(QUEUE);
    // The queue has one front. The threads share it, and the lock lets one at a time stand there.
    let front = Arc::new(Mutex::new(front));
    for _ in 0..threads {
        let (front, folder) = (Arc::clone(&front), folder.to_owned());
        thread::Builder::new().spawn(move || work(&front, &folder))?;
    }
    Ok(queue)
}

/// Puts all who connect into the queue, until the process is ended.
fn serve(listener: &TcpListener, queue: &SyncSender<Client>) -> ! {
    loop {
        // Waits until somebody connects.
        match listener.accept() {
            // Waits while the queue is full.
            Ok(client) => queue.send(client).expect("the threads never end"),
            Err(error) => {
                eprintln!("Cannot accept: {error}");
                // Too many open files, perhaps. Give somebody time to leave.
                thread::sleep(Duration::from_millis(100));
            }
        }
    }
}

/// A thread's life: one client after the other.
fn work(front: &Mutex<Receiver<Client>>, folder: &Path) {
    while let Some((mut client, address)) = next(front) {
        attend(&mut client, address, folder);
    }
}

/// Waits for the next client; `None` if there will never be one. This is a function of its own so
/// that the lock is given back at its end: if `work` held it while it serves, no other thread could
/// get at the queue.
fn next(front: &Mutex<Receiver<Client>>) -> Option<Client> {
    let front = front.lock().expect("no thread panics while it waits");
    front.recv().ok()
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

/// Requests and responses in turn, until one side has had enough.
fn talk(client: &mut TcpStream, address: SocketAddr, folder: &Path) -> io::Result<()> {
    client.set_read_timeout(Some(PATIENCE))?;
    client.set_write_timeout(Some(PATIENCE))?;
    // Otherwise the kernel holds back a small response while the one before it is on its way.
    client.set_nodelay(true)?;
    // What has come and belongs to no request yet.
    let mut pending = Vec::new();
    loop {
        let head = read_head(client, &mut pending)?;
        if !head.ends_with(END_OF_HEAD) && head.len() <= LONGEST_HEAD {
            // It has left, between two requests or in the middle of one.
            break;
        }
        // Bytes that are no text cannot be part of anything that we understand.
        let head = String::from_utf8_lossy(&head);
        let answer = answer(&head, folder);
        // Escaped: a client chooses these characters, and they could do things to your terminal.
        let line = head.lines().next().unwrap_or_default().escape_debug();
        println!("{address}: {line} -> {}", answer.status);
        let stays = may_stay(&head);
        // HEAD wants to know what GET would get, length and all, without the body.
        client.write_all(&answer.to_response(!head.starts_with("HEAD "), stays))?;
        if !stays {
            break;
        }
    }
    close(client)
}

/// Takes one head out of what is pending, and reads until there is one. What comes back ends with a
/// blank line, unless the client closes its end before that or the head is too long.
fn read_head(client: &mut TcpStream, pending: &mut Vec<u8>) -> io::Result<Vec<u8>> {
    let mut piece = [0; 1024];
    loop {
        // We look before we read: the next request may have come together with the last one.
        if let Some(at) = pending.windows(END_OF_HEAD.len()).position(|bytes| bytes == END_OF_HEAD) {
            // What follows stays for the next time.
            return Ok(pending.drain(..at + END_OF_HEAD.len()).collect());
        }
        let count = if pending.len() > LONGEST_HEAD { 0 } else { client.read(&mut piece)? };
        if count == 0 {
            return Ok(std::mem::take(pending));
        }
        pending.extend_from_slice(&piece[..count]);
    }
}

/// Whether the next request can be looked for right after this head. On any doubt it cannot.
fn may_stay(head: &str) -> bool {
    let has_body = values(head, "Content-Length").any(|value| value != "0")
        || values(head, "Transfer-Encoding").next().is_some();
    let wants_to_close =
        values(head, "Connection").flat_map(|value| value.split(',')).any(|word| is(word, "close"));
    // Clients of HTTP/1.0 expect that we close.
    let (line, _) = head.split_once("\r\n").unwrap_or_default();
    let is_whole = head.as_bytes().ends_with(END_OF_HEAD);
    let is_clear = is_whole && parse(head).is_some() && line.ends_with(" HTTP/1.1");
    is_clear && !has_body && !wants_to_close
}

/// The values of a field. It may come more than once.
fn values<'a>(head: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    let fields = head.split("\r\n").skip(1).filter_map(|line| line.split_once(':'));
    fields.filter(move |(found, _)| is(found, name)).map(|(_, value)| value.trim())
}

/// Whether two words are the same; upper and lower case make no difference.
fn is(word: &str, other: &str) -> bool {
    word.trim().eq_ignore_ascii_case(other)
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
    // Half a line end could hide a line from us that others see. That is how requests are smuggled.
    let is_clean = lines.all(|line| !line.contains(['\r', '\n']));
    // After a question mark comes a query, which means nothing to a file.
    let path = target.split('?').next()?;
    (is_right && is_clean).then_some((method, path))
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
    fn to_response(&self, with_body: bool, stays: bool) -> Vec<u8> {
        // The length is that of the bytes, never typed in by hand: it has to be right.
        let head = format!(
            "HTTP/1.1 {}\r\n\
             Content-Type: {}\r\n\
             Content-Length: {}\r\n\
             Connection: {}\r\n\
             \r\n",
            self.status,
            self.media_type,
            self.body.len(),
            if stays { "keep-alive" } else { "close" }
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
