//! Exercise 7, solved: the server of stage 8 sends the last bytes of a
//! file.
//! `diff` with the stage shows it, and "New" marks it.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::ops::Range;
use std::path::{Path, PathBuf};
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
    let Some((port, folder)) = arguments() else {
        eprintln!(
            "Name a port, 0 for any free one, and maybe a folder: \
             cargo run --example exercise_07 -- 7008 www"
        );
        return ExitCode::from(2);
    };
    // The real path of the folder: absolute, with symbolic links and
    // `..` resolved.
    match folder
        .canonicalize()
        .and_then(|folder| Ok((listen(port)?, folder)))
    {
        Ok((listener, folder)) => serve(&listener, &folder),
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

/// What the command line says. `None` if the port is missing or not a
/// number, or if there are more arguments.
fn arguments() -> Option<(u16, PathBuf)> {
    let mut arguments = env::args_os().skip(1);
    let port = arguments.next()?.to_str()?.parse().ok()?;
    let folder =
        arguments.next().map_or(PathBuf::from("www"), PathBuf::from);
    arguments.next().is_none().then_some((port, folder))
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
fn serve(listener: &TcpListener, folder: &Path) -> ! {
    loop {
        // Blocks until a client connects.
        match listener.accept() {
            Ok((mut client, address)) => {
                handle(&mut client, address, folder);
            }
            // Perhaps this client closed its connection while it was in
            // the queue. The others are still there.
            Err(error) => eprintln!("Cannot accept: {error}"),
        }
    }
}

/// Serves one client, and prints what becomes of it.
fn handle(client: &mut TcpStream, address: SocketAddr, folder: &Path) {
    match serve_connection(client, address, folder) {
        Ok(()) => {}
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
fn serve_connection(
    client: &mut TcpStream,
    address: SocketAddr,
    folder: &Path,
) -> io::Result<()> {
    client.set_read_timeout(Some(TIMEOUT))?;
    client.set_write_timeout(Some(TIMEOUT))?;
    let head = read_head(client)?;
    if head.ends_with(END_OF_HEAD) || head.len() > MAX_HEAD {
        // Bytes that are not UTF-8 become U+FFFD, which nothing that
        // this server understands contains.
        let head = String::from_utf8_lossy(&head);
        let response = respond(&head, folder);
        // Escaped, because the client chooses these characters, and
        // unescaped they could control your terminal.
        let line = head.lines().next().unwrap_or_default();
        let line = line.escape_debug();
        println!("{address}: {line} -> {}", response.status);
        // The response to HEAD is that to GET, length included,
        // without the body.
        let with_body = !head.starts_with("HEAD ");
        client.write_all(&response.to_bytes(with_body))?;
    }
    // Otherwise the client has closed its side before its request was
    // complete, and gets no response.
    close(client)
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

/// The response to a request.
struct Response {
    /// A status code for programs and a reason phrase for people.
    status: &'static str,
    media_type: &'static str,
    /// New: the value of Content-Range.
    range: Option<String>,
    body: Vec<u8>,
}

impl Response {
    /// A response whose body is its status and nothing more.
    fn refusal(status: &'static str) -> Response {
        let body = format!("{status}\n").into_bytes();
        let media_type = "text/plain; charset=utf-8";
        Response { status, media_type, range: None, body }
    }

    /// New: as much of a file as the client requests.
    fn of_part(
        media_type: &'static str,
        mut body: Vec<u8>,
        head: &str,
    ) -> Response {
        let length = body.len();
        match select(head, length) {
            Selection::All => {
                let status = "200 OK";
                Response { status, media_type, range: None, body }
            }
            Selection::Part(part) => {
                let status = "206 Partial Content";
                // Both ends are inclusive: the last byte of a thousand is
                // number 999.
                let (first, last) = (part.start, part.end - 1);
                let range = format!("bytes {first}-{last}/{length}");
                let range = Some(range);
                let body = body.drain(part).collect();
                Response { status, media_type, range, body }
            }
            Selection::Unsatisfiable => {
                let status = "416 Range Not Satisfiable";
                let range = Some(format!("bytes */{length}"));
                Response { range, ..Response::refusal(status) }
            }
        }
    }

    /// The bytes of the response.
    fn to_bytes(&self, with_body: bool) -> Vec<u8> {
        // The length is counted and not typed in by hand: with a wrong
        // one, the client misses the end of the body.
        let mut head = format!(
            "HTTP/1.1 {}\r\n\
             Content-Type: {}\r\n\
             Content-Length: {}\r\n",
            self.status,
            self.media_type,
            self.body.len()
        );
        if let Some(range) = &self.range {
            head += &format!("Content-Range: {range}\r\n");
        }
        head += "Accept-Ranges: bytes\r\nConnection: close\r\n\r\n";
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
        // New. The response to HEAD is as before: ranges are for GET.
        Ok(body) if method == "GET" => {
            Response::of_part(media_type(&file), body, head)
        }
        Ok(body) => Response {
            status: "200 OK",
            media_type: media_type(&file),
            range: None,
            body,
        },
        // Whatever the reason is, the client cannot have this file.
        Err(_) => Response::refusal("404 Not Found"),
    }
}

/// New: what a Range field selects from so many bytes.
enum Selection {
    /// There is no range that we understand, so the field is ignored.
    /// That is always allowed.
    All,
    Part(Range<usize>),
    /// No byte at all, which cannot be sent as a part.
    Unsatisfiable,
}

/// New: evaluates a range like `bytes=-5`, and no other kind.
fn select(head: &str, length: usize) -> Selection {
    let mut ranges = field_values(head, "Range");
    let (Some(range), None) = (ranges.next(), ranges.next()) else {
        return Selection::All;
    };
    let digits = match range.split_once('=') {
        Some((unit, range)) if unit.eq_ignore_ascii_case("bytes") => {
            range.strip_prefix('-').unwrap_or_default()
        }
        _ => "",
    };
    // `parse` would accept a sign as well.
    let are_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    if digits.is_empty() || !are_digits {
        return Selection::All;
    }
    // A number that does not fit is larger than any file, and so is not
    // an error.
    match digits.parse().unwrap_or(usize::MAX) {
        0 => Selection::Unsatisfiable,
        // An empty file has no last bytes to send.
        _ if length == 0 => Selection::All,
        count => Selection::Part(length.saturating_sub(count)..length),
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
    // Behind a question mark is a query, which means nothing for a
    // file.
    let path = target.split('?').next()?;
    is_right.then_some((method, path))
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
