//! Exercise 9, solved: in stage 9 a request has a deadline.
//!
//! A timeout for each read does not bound the whole: a client that sends
//! a byte now and then never exceeds it. So the limit is on the time
//! since the request began, and each read gets what is left.
//!
//! `diff` with the stage shows it, and "New" marks it.

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
use std::time::{Duration, Instant};

/// The number of threads if the command line does not say.
const THREADS: usize = 4;

/// A larger number is probably a typing error.
const MAX_THREADS: usize = 1000;

/// How many accepted clients may wait in the queue.
const QUEUE_LENGTH: usize = 64;

/// An accepted connection, and the address of the client.
type Client = (TcpStream, SocketAddr);

/// The end of a head: the CR LF of its last line, and an empty line.
const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// The longest head that the server accepts. Without a limit, one
/// client could fill our memory with a head that never ends.
const MAX_HEAD: usize = 8 * 1024;

/// New: how long a head may take from its first byte to its last.
const HEAD_TIMEOUT: Duration = Duration::from_secs(2);

/// New: how long we read from a client after the last response.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// How long a read or a write may block. Other clients may be waiting
/// for the thread, and browsers keep a connection open in case they
/// need it again.
const TIMEOUT: Duration = Duration::from_secs(5);

fn main() -> ExitCode {
    let Some((port, folder, threads)) = arguments() else {
        eprintln!(
            "Name a port, 0 for any free one, and maybe a folder and \
             a number of threads from 1 to {MAX_THREADS}: \
             cargo run --example exercise_09 -- 7009 www 4"
        );
        return ExitCode::from(2);
    };
    match prepare(port, &folder, threads) {
        Ok((listener, queue)) => serve(&listener, &queue),
        Err(error) => {
            let folder = folder.display();
            eprintln!(
                "Cannot serve {folder} on port {port}: {error}. \
                 Choose another folder or port."
            );
            ExitCode::FAILURE
        }
    }
}

/// What the command line says. `None` if a part of it is wrong, or if
/// there are more arguments.
fn arguments() -> Option<(u16, PathBuf, usize)> {
    let mut arguments = env::args_os().skip(1);
    let port = arguments.next()?.to_str()?.parse().ok()?;
    let folder =
        arguments.next().map_or(PathBuf::from("www"), PathBuf::from);
    let threads = match arguments.next() {
        Some(threads) => threads.to_str()?.parse().ok()?,
        None => THREADS,
    };
    let are_right = (1..=MAX_THREADS).contains(&threads)
        && arguments.next().is_none();
    are_right.then_some((port, folder, threads))
}

/// Finds the folder, starts the threads and binds the port.
fn prepare(
    port: u16,
    folder: &Path,
    threads: usize,
) -> io::Result<(TcpListener, SyncSender<Client>)> {
    // The real path of the folder: absolute, with symbolic links and
    // `..` resolved.
    let queue = start_pool(threads, &folder.canonicalize()?)?;
    Ok((listen(port)?, queue))
}
/// Binds a listening socket to the port and prints its address.
fn listen(port: u16) -> io::Result<TcpListener> {
    // The loopback address: only this machine can connect to it.
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    // For port 0 the kernel has chosen a port, so we ask for it.
    println!("Listening on {}", listener.local_addr()?);
    Ok(listener)
}

/// Starts the threads and returns the sending end of the queue.
fn start_pool(
    threads: usize,
    folder: &Path,
) -> io::Result<SyncSender<Client>> {
    let (queue, receiver) = mpsc::sync_channel(QUEUE_LENGTH);
    // The queue has one receiving end. The threads share it, and the
    // lock lets one of them use it at a time.
    let receiver = Arc::new(Mutex::new(receiver));
    for _ in 0..threads {
        let (receiver, folder) =
            (Arc::clone(&receiver), folder.to_owned());
        thread::Builder::new().spawn(move || work(&receiver, &folder))?;
    }
    Ok(queue)
}
/// Accepts clients and puts them into the queue, until the process is
/// ended.
fn serve(listener: &TcpListener, queue: &SyncSender<Client>) -> ! {
    loop {
        // Blocks until a client connects.
        match listener.accept() {
            // Blocks while the queue is full.
            Ok(client) => {
                queue.send(client).expect("the threads never end");
            }
            Err(error) => {
                eprintln!("Cannot accept: {error}");
                // Perhaps there are too many open files. We wait for
                // some client to disconnect.
                thread::sleep(Duration::from_millis(100));
            }
        }
    }
}

/// What each thread of the pool does: it serves one client after the
/// other.
fn work(receiver: &Mutex<Receiver<Client>>, folder: &Path) {
    while let Some((mut client, address)) = next_client(receiver) {
        handle(&mut client, address, folder);
    }
}

/// Waits for the next client. `None` if there can be no more. This is a
/// function of its own so that the lock is released at its end: if
/// `work` held it while it serves a client, no other thread could
/// receive the next one.
fn next_client(receiver: &Mutex<Receiver<Client>>) -> Option<Client> {
    let receiver =
        receiver.lock().expect("no thread panics while it waits");
    receiver.recv().ok()
}
/// Serves one client, and prints what becomes of it.
fn handle(client: &mut TcpStream, address: SocketAddr, folder: &Path) {
    match serve_connection(client, address, folder) {
        Ok(()) => {}
        // The timeout has passed.
        Err(error) if has_timed_out(&error) => {
            println!("{address} timed out");
        }
        // A client may crash or lose its network at any time. That
        // ends its connection and must never end the server.
        Err(error) => println!("{address} disconnected: {error}"),
    }
}

/// New: whether a read has failed because its timeout has passed.
/// Systems differ in which of the two errors they report.
fn has_timed_out(error: &io::Error) -> bool {
    let kind = error.kind();
    matches!(kind, io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

/// Serves one connection: requests and responses in turn, until one
/// side ends it.
fn serve_connection(
    client: &mut TcpStream,
    address: SocketAddr,
    folder: &Path,
) -> io::Result<()> {
    client.set_write_timeout(Some(TIMEOUT))?;
    // Otherwise the kernel holds back a small response until the client
    // has acknowledged the one before it (Nagle's algorithm, see
    // TCP_NODELAY in tcp(7)).
    client.set_nodelay(true)?;
    // The bytes that were read and belong to no request yet.
    let mut pending = Vec::new();
    loop {
        let head = match read_head(client, &mut pending) {
            // New. The client has sent a part of a request, so the
            // response says why it is refused. Then the connection ends,
            // because nobody can know where the next request would begin.
            Err(error)
                if has_timed_out(&error) && !pending.is_empty() =>
            {
                println!("{address} was too slow");
                let late = Response::refusal("408 Request Timeout");
                client.write_all(&late.to_bytes(true, false))?;
                break;
            }
            head => head?,
        };
        if !head.ends_with(END_OF_HEAD) && head.len() <= MAX_HEAD {
            // The client has closed its side, between two requests or
            // within one.
            break;
        }
        // Bytes that are not UTF-8 become U+FFFD, which nothing that
        // this server understands contains.
        let head = String::from_utf8_lossy(&head);
        let response = respond(&head, folder);
        // Escaped, because the client chooses these characters, and
        // unescaped they could control your terminal.
        let line = head.lines().next().unwrap_or_default();
        let line = line.escape_debug();
        println!("{address}: {line} -> {}", response.status);
        let keep_alive = allows_keep_alive(&head);
        // The response to HEAD is that to GET, length included,
        // without the body.
        let with_body = !head.starts_with("HEAD ");
        client.write_all(&response.to_bytes(with_body, keep_alive))?;
        if !keep_alive {
            break;
        }
    }
    close(client)
}

/// Takes one head out of `pending`, and reads until there is one. The
/// result ends with an empty line, unless the client closes its side
/// before that or the head is too long.
fn read_head(
    client: &mut TcpStream,
    pending: &mut Vec<u8>,
) -> io::Result<Vec<u8>> {
    let mut piece = [0; 1024];
    // New. A client that has not begun a request may be idle, as before.
    // One that has begun has a deadline.
    let mut began = (!pending.is_empty()).then(Instant::now);
    loop {
        // We search before we read: this request may have arrived
        // together with the last one.
        if let Some(at) = pending
            .windows(END_OF_HEAD.len())
            .position(|bytes| bytes == END_OF_HEAD)
        {
            // What follows stays for the next call.
            let end = at + END_OF_HEAD.len();
            return Ok(pending.drain(..end).collect());
        }
        let left = match began {
            Some(began) => HEAD_TIMEOUT.saturating_sub(began.elapsed()),
            None => TIMEOUT,
        };
        // `set_read_timeout` refuses a timeout of zero.
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        client.set_read_timeout(Some(left))?;
        let count = if pending.len() > MAX_HEAD {
            0
        } else {
            client.read(&mut piece)?
        };
        began = began.or_else(|| Some(Instant::now()));
        if count == 0 {
            return Ok(std::mem::take(pending));
        }
        pending.extend_from_slice(&piece[..count]);
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
    // New. Here, too, the limit is on the whole: with one on each read, a
    // client that sends a byte now and then could hold the thread for
    // hours. How it ends does not matter: the response has been sent.
    let began = Instant::now();
    let mut piece = [0; 1024];
    loop {
        let left = CLOSE_TIMEOUT.saturating_sub(began.elapsed());
        if left.is_zero() {
            return Ok(());
        }
        client.set_read_timeout(Some(left))?;
        if matches!(client.read(&mut piece), Ok(0) | Err(_)) {
            return Ok(());
        }
    }
}

/// Whether the connection may stay open and the next request begins
/// right behind this head. In doubt it may not.
fn allows_keep_alive(head: &str) -> bool {
    let has_body = field_values(head, "Content-Length")
        .any(|value| value != "0")
        || field_values(head, "Transfer-Encoding").next().is_some();
    let wants_to_close = field_values(head, "Connection")
        .flat_map(|value| value.split(','))
        .any(|word| eq_ignore_case(word, "close"));
    // Clients of HTTP/1.0 expect that the server closes the connection.
    let (line, _) = head.split_once("\r\n").unwrap_or_default();
    let is_whole = head.as_bytes().ends_with(END_OF_HEAD);
    let is_clear =
        is_whole && parse(head).is_some() && line.ends_with(" HTTP/1.1");
    is_clear && !has_body && !wants_to_close
}
/// The values of a field. It may have more than one line.
fn field_values<'a>(
    head: &'a str,
    name: &'a str,
) -> impl Iterator<Item = &'a str> {
    let fields = head
        .split("\r\n")
        .skip(1)
        .filter_map(|line| line.split_once(':'));
    fields
        .filter(move |(found, _)| eq_ignore_case(found, name))
        .map(|(_, value)| value.trim())
}

/// Whether two tokens are equal, without regard to case.
fn eq_ignore_case(word: &str, other: &str) -> bool {
    word.trim().eq_ignore_ascii_case(other)
}
/// The response to a request.
struct Response {
    /// A status code for programs and a reason phrase for people.
    status: &'static str,
    media_type: &'static str,
    body: Vec<u8>,
}

impl Response {
    /// A response whose body is its status and nothing more.
    fn refusal(status: &'static str) -> Response {
        let body = format!("{status}\n").into_bytes();
        Response { status, media_type: "text/plain; charset=utf-8", body }
    }

    /// The bytes of the response.
    fn to_bytes(&self, with_body: bool, keep_alive: bool) -> Vec<u8> {
        // The length is counted and not typed in by hand: with a wrong
        // one, the client misses the end of the body.
        let head = format!(
            "HTTP/1.1 {}\r\n\
             Content-Type: {}\r\n\
             Content-Length: {}\r\n\
             Connection: {}\r\n\
             \r\n",
            self.status,
            self.media_type,
            self.body.len(),
            if keep_alive { "keep-alive" } else { "close" }
        );
        let body = if with_body { self.body.as_slice() } else { &[] };
        [head.as_bytes(), body].concat()
    }
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
        Ok(body) => Response {
            status: "200 OK",
            media_type: media_type(&file),
            body,
        },
        // Whatever the reason is, the client cannot have this file.
        Err(_) => Response::refusal("404 Not Found"),
    }
}

/// The method and the path from the request line. `None` if that is
/// malformed.
fn parse(head: &str) -> Option<(&str, &str)> {
    let mut lines = head.split("\r\n");
    let mut words = lines.next()?.split(' ');
    let (method, target, version) =
        (words.next()?, words.next()?, words.next()?);
    let is_right = version.starts_with("HTTP/1.")
        && target.starts_with('/')
        && words.next().is_none();
    // Some programs end a line at a lone CR or LF, and would see a line
    // that we do not. That is how requests are smuggled.
    let is_clean = lines.all(|line| !line.contains(['\r', '\n']));
    // Behind a question mark is a query, which means nothing for a
    // file.
    let path = target.split('?').next()?;
    (is_right && is_clean).then_some((method, path))
}

/// The file that a path names, found by its text alone. `None` if the
/// path cannot be decoded, or if a segment is `..`.
fn locate(folder: &Path, path: &str) -> Option<PathBuf> {
    // Once, and before anything is looked for in it.
    let path = decode(path)?;
    let mut file = folder.to_path_buf();
    // A segment between two slashes contains no slash, so it is one
    // name and never a path.
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

/// The text that a path stands for: `%` and two hexadecimal digits are
/// one byte. `None` if the digits are missing, if a byte is NUL, or if
/// the bytes are not UTF-8.
fn decode(path: &str) -> Option<String> {
    let mut decoded = Vec::new();
    let mut bytes = path.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => 16 * digit(bytes.next()?)? + digit(bytes.next()?)?,
            byte => byte,
        });
    }
    // To C, and so to the kernel, a name ends at NUL.
    if decoded.contains(&0) {
        return None;
    }
    String::from_utf8(decoded).ok()
}

/// The value of a hexadecimal digit.
fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16)?.try_into().ok()
}

/// Reads a file if it is a regular file and really lies in the folder.
fn read(folder: &Path, file: &Path) -> io::Result<Vec<u8>> {
    // Resolves all symbolic links and returns the real path.
    let file = file.canonicalize()?;
    // To open a named pipe could block for ever, so only a regular file
    // will do.
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
