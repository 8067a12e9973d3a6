//! Whole exchanges, byte for byte: every transcript in `tests/wire/` against a running server.
//!
//! A transcript is a conversation on one connection (or on several, one after another), with a few
//! words on what it shows:
//!
//! ```text
//! # The last five bytes of a file.
//! #
//! # RFC 9110 section 14.1.2: a suffix range counts from the end.
//!
//! > GET /numbers.txt HTTP/1.1
//! > Host: localhost
//! > Range: bytes=-5
//! >
//! < HTTP/1.1 206 Partial Content
//! < Date: {date}
//! < ...
//! <
//! < 0995\n
//! < (open)
//! ```
//!
//! # The notation
//!
//! Lines with `#` are prose and may stand anywhere; those at the top must say what is shown and which
//! section of an RFC asks for it. Empty lines mean nothing. `> ` is what the client sends, `< ` is
//! what must come back, every byte of it and nothing else. A run of `>` lines, then a run of `<`
//! lines: that is an exchange, and a transcript may have several.
//!
//! | written | means |
//! |---|---|
//! | (nothing) at a line's end | CR LF, as HTTP ends its lines |
//! | `\n` at a line's end | LF alone, instead of CR LF |
//! | `\` at a line's end | no line end at all: the next line goes on here |
//! | `\r` `\n` `\0` `\xNN` `\\` | that byte, anywhere |
//! | `{a*9000}` in `>` | `a` 9000 times; `{a\r\n*3}` is three short lines |
//! | `{date}` in `<` | the date and time of now, in the one format that HTTP writes |
//! | `{etag}` | a strong entity tag: where it comes first it may be any, after that the same; those of other files are `{etag2}` to `{etag4}` |
//! | `{boundary}` in `<` | what separates the parts of one answer: likewise |
//! | `{any}` in `<` | anything up to the line's end |
//! | `{body}` in `<` | as many bytes as Content-Length said, whatever they are; no line end |
//! | `> (end)` | the client has sent all that it will send, and says so (half-close) |
//! | `< (open)` | what becomes of the connection: it is still good for another request |
//! | `< (closed)` | or: the server has closed it, and nothing else came |
//! | `>` behind that | a new connection |
//! | `(site: NAME)` | the folder is served as [`SITES`] says under this name; without it as usual |
//!
//! # The checks
//!
//! What a server answers must depend on the bytes that it gets, and not on the pieces in which they
//! arrive. So each transcript is played at once, byte by byte, and in random pieces; those that
//! leave the connection open also with all their requests sent before an answer is read
//! (pipelining), and at last all of these, one after another, on one connection.

use glasshttp::answer::{Arrival, Response};
use glasshttp::http::{Refusal, Request};
use glasshttp::server::{self, Application, Begun, Server, Stopper};
use glasshttp::site::{self, Hosts, Root, Site};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The folder that is served. Every file in it was last changed on Sun, 06 Nov 1994 08:49:37 GMT.
///
/// Beside these there are
/// - `numbers.txt`: 1000 bytes in lines of five, each of which says where it begins: `0000`, `0005`,
///   `0010` and so on up to `0995`;
/// - `link-inside.txt`, which leads to `hello.txt`, and `link-outside.txt`, which leads to a file
///   beside the folder;
/// - `fifo`: a named pipe, into which nobody writes.
const FILES: &[(&str, &str)] = &[
    ("index.html", "<!doctype html>\n<title>Home</title>\n"),
    ("hello.txt", "Hello, world!\n"),
    ("empty.txt", ""),
    ("style.css", "p { margin: 0 }\n"),
    ("script.js", "let x = 1;\n"),
    ("data.unheard-of", "?\n"),
    ("two words.txt", "two words\n"),
    ("%41.txt", "percent\n"),
    ("100%.txt", "all of it\n"),
    ("back\\slash.txt", "a letter\n"),
    ("sub/index.html", "<!doctype html>\n<title>Sub</title>\n"),
    ("list/a.txt", "one\n"),
    ("list/b.txt", "three\n"),
    ("coded/page.js", "let page = 1;\n"),
    ("coded/page.js.br", "(br)\n"),
    ("coded/page.js.gz", "(gzip)\n"),
    (".hidden", "hidden\n"),
    (".well-known/ok.txt", "ok\n"),
];
const LAST_MODIFIED: Duration = Duration::from_secs(784_111_777);

/// How a folder is served, by the name that a transcript uses.
const SITES: &[(&str, fn(&mut site::Options))] = &[
    // As on the command line without options.
    ("usual", |_| {}),
    // The folder has a page `404.html` of its own: "<!doctype html>\n<title>Lost</title>\n".
    ("own-404", |_| {}),
    // --no-listing
    ("no-listing", |options| options.listing = false),
    // Reachable from other machines, and so under names that it cannot know.
    ("any-host", |options| options.hosts = Hosts::Any),
    // --precompressed
    ("precompressed", |options| options.codings.precompressed = true),
    // --compress
    #[cfg(feature = "compress")]
    ("compress", |options| options.codings.compress = true),
];

/// When nothing has come for so long, nothing will: the bound of a failure, never waited for else.
const PATIENCE: Duration = Duration::from_secs(10);

/// Played at once only. If what a client sends behind its last request arrives after the server has
/// closed, then the system answers it with a reset: how the connection ends depends on who is faster.
const AT_ONCE_ONLY: &[&str] = &["connection-close-and-more.txt"];

/// Asked where a transcript says that the connection is open: what is answered alike on every site.
const PROBE: &str = "# RFC
> GET /coded/page.js.gz HTTP/1.1
> Host: localhost
>
< HTTP/1.1 200 OK
< Date: {date}
< Server: glasshttp
< Content-Length: 7
< Content-Type: application/gzip
< Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT
< ETag: {any}
< Cache-Control: no-cache
< Vary: Sec-Fetch-Dest
< Accept-Ranges: bytes
< X-Content-Type-Options: nosniff
<
< (gzip)\\n
< (open)
";

// ---- the checks

#[test]
fn at_once() {
    check(|servers, transcript| play(servers, transcript, Delivery::AtOnce).map(drop));
}

#[test]
fn byte_by_byte() {
    check(|servers, transcript| play(servers, transcript, Delivery::ByteByByte).map(drop));
}

#[test]
fn in_random_pieces() {
    check(|servers, transcript| {
        (1..=4).try_for_each(|seed| play(servers, transcript, Delivery::Pieces(seed)).map(drop))
    });
}

#[test]
fn pipelined() {
    check(|servers, transcript| {
        if !transcript.stays_open {
            return Ok(());
        }
        let known = play(servers, transcript, Delivery::AtOnce)?;
        play_in_a_row(servers, &[(transcript, known)], Delivery::AtOnce)
    });
}

#[test]
fn all_on_one_connection() {
    let servers = Servers::start();
    let transcripts = read_transcripts();
    for &(site, _) in SITES {
        let mut row = Vec::new();
        for transcript in transcripts.iter().filter(|found| found.stays_open && found.site == site) {
            // One that fails by itself is shown by the tests above.
            if let Ok(known) = play(&servers, transcript, Delivery::AtOnce) {
                row.push((transcript, known));
            }
        }
        for delivery in [Delivery::AtOnce, Delivery::ByteByByte, Delivery::Pieces(1), Delivery::Pieces(2)] {
            if let Err(failure) = play_in_a_row(&servers, &row, delivery) {
                panic!("site {site}, {delivery:?}: {failure}");
            }
        }
    }
}

/// Does something with every transcript, and reports all that fail, not only the first.
fn check(test: impl Fn(&Servers, &Transcript) -> Result<(), String>) {
    let servers = Servers::start();
    let transcripts = read_transcripts();
    let failures: Vec<_> = transcripts.iter().filter_map(|each| test(&servers, each).err()).collect();
    let (failed, all) = (failures.len(), transcripts.len());
    assert!(failures.is_empty(), "{failed} of {all} transcripts failed\n\n{}", failures.join("\n"));
}

// ---- playing a transcript

/// In which pieces the client's bytes are written.
#[derive(Debug, Clone, Copy)]
enum Delivery {
    /// All bytes up to the next expected answer in one write.
    AtOnce,
    /// Each byte in a write of its own.
    ByteByByte,
    /// Pieces of random length; the seed says which.
    Pieces(u64),
}

impl Delivery {
    /// Cuts what is to be sent.
    fn cut(self, mut bytes: &[u8]) -> Vec<&[u8]> {
        let mut random = match self {
            Delivery::AtOnce => return vec![bytes],
            Delivery::ByteByByte => return bytes.chunks(1).collect(),
            Delivery::Pieces(seed) => seed,
        };
        let mut pieces = Vec::new();
        while !bytes.is_empty() {
            // The generator splitmix64.
            random = random.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (random ^ (random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            let length = usize::try_from((mixed >> 33) % 40 + 1).expect("at most 40");
            let (piece, rest) = bytes.split_at(length.min(bytes.len()));
            pieces.push(piece);
            bytes = rest;
        }
        pieces
    }
}

/// Plays a transcript on a connection of its own, and gives what its placeholders stood for.
fn play(servers: &Servers, transcript: &Transcript, delivery: Delivery) -> Result<Known, String> {
    let mut known = Known::default();
    if AT_ONCE_ONLY.contains(&&*transcript.name) && !matches!(delivery, Delivery::AtOnce) {
        return Ok(known);
    }
    let mut client = Client::connect(servers, transcript.site);
    let result = transcript.exchanges.iter().try_for_each(|exchange| {
        let bytes = known.fill_in(&exchange.send)?;
        client.converse(&bytes, exchange.ends, delivery, |client| client.expect(&exchange.expect, &mut known))
    });
    let result =
        result.and_then(|()| if transcript.stays_open { client.probe() } else { client.expect_end() });
    match result {
        Ok(()) => Ok(known),
        Err(failure) => Err(format!("{}:{failure}\n    ({delivery:?})\n", transcript.name)),
    }
}

/// Plays transcripts on one connection, sending all their requests without waiting for an answer.
fn play_in_a_row(servers: &Servers, row: &[(&Transcript, Known)], delivery: Delivery) -> Result<(), String> {
    let Some((first, _)) = row.first() else { return Ok(()) };
    let mut bytes = Vec::new();
    for (transcript, known) in row {
        for exchange in &transcript.exchanges {
            bytes.extend(known.fill_in(&exchange.send)?);
        }
    }
    let mut client = Client::connect(servers, first.site);
    client.converse(&bytes, false, delivery, |client| {
        for (transcript, known) in row {
            let mut known = known.clone();
            for exchange in &transcript.exchanges {
                client
                    .expect(&exchange.expect, &mut known)
                    .map_err(|failure| format!("{}:{failure}\n    (pipelined)\n", transcript.name))?;
            }
        }
        Ok(())
    })?;
    client.probe().map_err(|failure| format!("behind all of them: {failure}"))
}

/// The client's end of a connection.
struct Client {
    stream: TcpStream,
    /// What came back, and how much of it is accounted for.
    received: Vec<u8>,
    seen: usize,
    /// Why no more comes.
    over: Option<String>,
}

impl Client {
    fn connect(servers: &Servers, site: &str) -> Client {
        let stream = TcpStream::connect(servers.address(site)).expect("the server listens");
        stream.set_nodelay(true).expect("it is a TCP socket");
        stream.set_read_timeout(Some(PATIENCE)).expect("it is not zero");
        stream.set_write_timeout(Some(PATIENCE)).expect("it is not zero");
        Client { stream, received: Vec::new(), seen: 0, over: None }
    }

    /// Sends while it reads, as a client must: neither side can wait for the other for ever.
    fn converse(
        &mut self,
        bytes: &[u8],
        ends: bool,
        delivery: Delivery,
        read: impl FnOnce(&mut Client) -> Result<(), String>,
    ) -> Result<(), String> {
        let mut stream = self.stream.try_clone().expect("a descriptor is free");
        thread::scope(|scope| {
            scope.spawn(move || {
                for piece in delivery.cut(bytes) {
                    // The server may have closed, as the transcript will tell.
                    if stream.write_all(piece).is_err() {
                        return;
                    }
                }
                if ends {
                    let _ = stream.shutdown(Shutdown::Write);
                }
            });
            read(self)
        })
    }

    /// Reads on; false if there is no more.
    fn read(&mut self) -> bool {
        let mut piece = [0; 16 * 1024];
        if self.over.is_none() {
            match self.stream.read(&mut piece) {
                Ok(0) => self.over = Some("the connection is closed".to_owned()),
                Ok(count) => self.received.extend_from_slice(&piece[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => self.over = Some(format!("the connection failed: {error}")),
            }
        }
        self.over.is_none()
    }

    fn expect(&mut self, lines: &[Line], known: &mut Known) -> Result<(), String> {
        let answer_starts = self.seen;
        for line in lines {
            loop {
                match known.compare(&line.parts, &self.received[self.seen..]) {
                    Comparison::Same(length) => {
                        self.seen += length;
                        break;
                    }
                    Comparison::Shorter if self.read() => {}
                    Comparison::Shorter | Comparison::Other => {
                        return Err(self.describe_failure(line, answer_starts));
                    }
                }
            }
        }
        Ok(())
    }

    fn describe_failure(&mut self, line: &Line, answer_starts: usize) -> String {
        let rest = &self.received[self.seen..];
        let line_ends = rest.iter().position(|&byte| byte == b'\n').map_or(rest.len(), |found| found + 1);
        let over = self.over.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
        let mut text = format!(
            "{}\n    expected  {}\n    got       {}{over}\n    in",
            line.number,
            line.shown(),
            rest[..line_ends].escape_ascii(),
        );
        for line in self.received[answer_starts..].split_inclusive(|&byte| byte == b'\n').take(40) {
            let _ = write!(text, "\n        < {}", line.escape_ascii());
        }
        text
    }

    /// The connection must be closed, and nothing come before that.
    fn expect_end(&mut self) -> Result<(), String> {
        while self.seen == self.received.len() && self.read() {}
        let extra = self.received[self.seen..].escape_ascii();
        match self.over.as_deref() {
            Some("the connection is closed") if self.seen == self.received.len() => Ok(()),
            over => Err(format!(" expected the end, got \"{extra}\"; {}", over.unwrap_or("it is open"))),
        }
    }

    /// The connection must answer another request.
    fn probe(&mut self) -> Result<(), String> {
        let probes = parse("the request at the end", PROBE).expect("it is well formed");
        let exchange = &probes[0].exchanges[0];
        let mut known = Known::default();
        let bytes = known.fill_in(&exchange.send)?;
        self.converse(&bytes, false, Delivery::AtOnce, |client| client.expect(&exchange.expect, &mut known))
            .map_err(|failure| format!(" it is not open: {}:{failure}", probes[0].name))
    }
}

// ---- comparing

/// What placeholders stand for, so far.
#[derive(Debug, Default, Clone)]
struct Known {
    etags: [Option<Vec<u8>>; 4],
    /// Of the current answer.
    boundary: Option<Vec<u8>>,
    /// The Content-Length of the current answer.
    length: usize,
}

/// How what came compares with what was expected.
enum Comparison {
    /// It begins with that; so long it was.
    Same(usize),
    /// As far as it goes it is the same.
    Shorter,
    /// It is something else.
    Other,
}

impl Known {
    /// What to send.
    fn fill_in(&self, lines: &[Line]) -> Result<Vec<u8>, String> {
        let mut bytes = Vec::new();
        for line in lines {
            for part in &line.parts {
                let known = match part {
                    Part::Bytes(bytes) => Some(bytes),
                    Part::ETag(which) => self.etags[*which].as_ref(),
                    _ => None,
                };
                let known = known.ok_or_else(|| format!("{}: what is to be sent here?", line.number))?;
                bytes.extend_from_slice(known);
            }
        }
        Ok(bytes)
    }

    /// Compares a whole line, and if it is the same, remembers what its placeholders stood for.
    fn compare(&mut self, parts: &[Part], bytes: &[u8]) -> Comparison {
        let mut new = self.clone();
        if matches!(parts.first(), Some(Part::Bytes(start)) if start.starts_with(b"HTTP/1.1 ")) {
            (new.boundary, new.length) = (None, 0);
        }
        let mut at = 0;
        for part in parts {
            match new.compare_part(part, &bytes[at..]) {
                Comparison::Same(length) => at += length,
                other => return other,
            }
        }
        if let Some(value) = bytes[..at].strip_prefix(b"Content-Length: ") {
            new.length = String::from_utf8_lossy(value).trim_end().parse().unwrap_or(0);
        }
        *self = new;
        Comparison::Same(at)
    }

    fn compare_part(&mut self, part: &Part, bytes: &[u8]) -> Comparison {
        let fixed = match part {
            Part::Bytes(expected) => Some(expected),
            Part::ETag(which) => self.etags[*which].as_ref(),
            Part::Boundary => self.boundary.as_ref(),
            Part::Body if bytes.len() < self.length => return Comparison::Shorter,
            Part::Body => return Comparison::Same(self.length),
            Part::Date | Part::Any => None,
        };
        if let Some(expected) = fixed {
            return match bytes {
                _ if bytes.starts_with(expected) => Comparison::Same(expected.len()),
                _ if expected.starts_with(bytes) => Comparison::Shorter,
                _ => Comparison::Other,
            };
        }
        // The others are a field's value, or the rest of one.
        let Some(ends) = bytes.iter().position(|&byte| byte == b'\r') else { return Comparison::Shorter };
        let value = &bytes[..ends];
        let is_right = match part {
            Part::Date => is_date_of_now(value),
            Part::ETag(_) => is_strong_etag(value),
            Part::Boundary => is_boundary(value),
            _ => true,
        };
        match part {
            Part::ETag(which) => self.etags[*which] = Some(value.to_vec()),
            Part::Boundary => self.boundary = Some(value.to_vec()),
            _ => {}
        }
        if is_right { Comparison::Same(ends) } else { Comparison::Other }
    }
}

/// RFC 9110 section 5.6.7, in the format that is to be written.
fn is_date_of_now(value: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(value) else { return false };
    let Ok(time) = httpdate::parse_http_date(text) else { return false };
    let now = SystemTime::now();
    let apart = now.duration_since(time).unwrap_or_else(|error| error.duration());
    httpdate::fmt_http_date(time) == text && apart < Duration::from_secs(60)
}

/// RFC 9110 section 8.8.3.
fn is_strong_etag(value: &[u8]) -> bool {
    let is_etagc = |&byte: &u8| byte > b' ' && byte != b'"' && byte != 0x7f;
    matches!(value, [b'"', inside @ .., b'"'] if !inside.is_empty() && inside.iter().all(is_etagc))
}

/// RFC 2046 section 5.1.1, and nothing that would need quotes.
fn is_boundary(value: &[u8]) -> bool {
    let is_good = |&byte: &u8| byte.is_ascii_alphanumeric() || b"'+-._".contains(&byte);
    (1..=70).contains(&value.len()) && value.iter().all(is_good)
}

// ---- reading transcripts

/// A conversation on one connection.
struct Transcript {
    /// The name of the file it stands in.
    name: String,
    /// One of [`SITES`].
    site: &'static str,
    exchanges: Vec<Exchange>,
    /// Whether it ends with `(open)`; else with `(closed)`.
    stays_open: bool,
}

/// What is sent, then what must come back.
#[derive(Default)]
struct Exchange {
    send: Vec<Line>,
    /// Whether the client says that this was all.
    ends: bool,
    expect: Vec<Line>,
}

/// A line with its line end.
struct Line {
    /// Its number in the file.
    number: usize,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq)]
enum Part {
    Bytes(Vec<u8>),
    Date,
    /// Of which of the files in the transcript.
    ETag(usize),
    Boundary,
    Any,
    Body,
}

const PLACEHOLDERS: &[(&str, Part)] = &[
    ("{date}", Part::Date),
    ("{etag}", Part::ETag(0)),
    ("{etag2}", Part::ETag(1)),
    ("{etag3}", Part::ETag(2)),
    ("{etag4}", Part::ETag(3)),
    ("{boundary}", Part::Boundary),
    ("{any}", Part::Any),
    ("{body}", Part::Body),
];

/// All transcripts, by name.
fn read_transcripts() -> Vec<Transcript> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire");
    let mut transcripts = Vec::new();
    for entry in fs::read_dir(&folder).expect("there are transcripts") {
        let path = entry.expect("the folder can be read").path();
        let name = path.file_name().expect("it has a name").to_string_lossy().into_owned();
        assert!(path.extension() == Some("txt".as_ref()), "{name} is no transcript");
        let is_left_out = name == "coding-compressed.txt" && !cfg!(feature = "compress");
        if is_left_out {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        transcripts.extend(parse(&name, &text).unwrap_or_else(|error| panic!("{name}:{error}")));
    }
    assert!(!transcripts.is_empty(), "there are no transcripts");
    transcripts.sort_by(|a, b| a.name.cmp(&b.name));
    transcripts
}

/// Reads a file: its conversations, one after another.
fn parse(name: &str, text: &str) -> Result<Vec<Transcript>, String> {
    let mut site = SITES[0].0;
    let mut finished: Vec<Transcript> = Vec::new();
    let mut exchanges: Vec<Exchange> = Vec::new();
    let mut prose = String::new();
    for (line, number) in text.lines().zip(1..) {
        let wrong = |why: &str| Err(format!("{number}: {why}"));
        let is_at_start = finished.is_empty() && exchanges.is_empty();
        match line {
            "" => {}
            "> (end)" => match exchanges.last_mut() {
                Some(exchange) if exchange.expect.is_empty() => exchange.ends = true,
                _ => return wrong("nothing was sent that could end"),
            },
            "< (open)" | "< (closed)" => {
                let stays_open = line == "< (open)";
                if exchanges.is_empty() || stays_open && exchanges.iter().any(|exchange| exchange.ends) {
                    return wrong("nothing was sent, or the client has ended what is said to be open");
                }
                let exchanges = std::mem::take(&mut exchanges);
                finished.push(Transcript { name: name.to_owned(), site, exchanges, stays_open });
            }
            _ if line.starts_with('#') => {
                if is_at_start {
                    prose += line;
                }
            }
            _ if line.starts_with('>') => {
                if exchanges.last().is_none_or(|exchange| !exchange.expect.is_empty()) {
                    exchanges.push(Exchange::default());
                }
                let exchange = exchanges.last_mut().expect("one was pushed");
                exchange.send.push(Line::parse(number, &line[1..])?);
            }
            _ if line.starts_with('<') => match exchanges.last_mut() {
                Some(exchange) => exchange.expect.push(Line::parse(number, &line[1..])?),
                None => return wrong("an answer comes before the request"),
            },
            _ => {
                let named = line.strip_prefix("(site: ").and_then(|rest| rest.strip_suffix(')'));
                match SITES.iter().find(|(name, _)| Some(*name) == named) {
                    Some(&(name, _)) if is_at_start => site = name,
                    _ => return wrong("this is neither prose nor sent nor expected"),
                }
            }
        }
    }
    if !prose.contains("RFC") {
        return Err("1: the prose at the top must name a section of an RFC".to_owned());
    }
    if finished.is_empty() || !exchanges.is_empty() {
        return Err(" the last line must be \"< (open)\" or \"< (closed)\"".to_owned());
    }
    Ok(finished)
}

impl Line {
    /// Parses what stands behind `>` or `<`.
    fn parse(number: usize, text: &str) -> Result<Line, String> {
        let text = match text.strip_prefix(' ') {
            Some(text) if !text.is_empty() => text,
            None if text.is_empty() => text,
            _ => return Err(format!("{number}: one space belongs between \">\" and what follows, if any")),
        };
        let mut line = Line { number, parts: Vec::new() };
        let mut rest = text;
        while !rest.is_empty() {
            rest = line.parse_part(rest).ok_or_else(|| format!("{number}: malformed: {rest}"))?;
        }
        let ends_otherwise = ends_with_lone_backslash(text)
            || text.strip_suffix('n').is_some_and(ends_with_lone_backslash)
            || line.parts.last() == Some(&Part::Body);
        if !ends_otherwise {
            line.push_bytes(b"\r\n");
        }
        Ok(line)
    }

    /// Takes one escape, placeholder or character off the front.
    fn parse_part<'a>(&mut self, text: &'a str) -> Option<&'a str> {
        if text == "\\" {
            return Some("");
        }
        if let Some((name, part)) = PLACEHOLDERS.iter().find(|(name, _)| text.starts_with(name)) {
            self.parts.push(part.clone());
            return Some(&text[name.len()..]);
        }
        if let Some((repeated, rest)) = parse_repetition(text) {
            self.push_bytes(&repeated);
            return Some(rest);
        }
        let (bytes, rest) = unescape_one(text)?;
        self.push_bytes(&bytes);
        Some(rest)
    }

    fn push_bytes(&mut self, bytes: &[u8]) {
        match self.parts.last_mut() {
            Some(Part::Bytes(before)) => before.extend_from_slice(bytes),
            _ => self.parts.push(Part::Bytes(bytes.to_vec())),
        }
    }

    fn shown(&self) -> String {
        let shown = self.parts.iter().map(|part| match part {
            Part::Bytes(bytes) => bytes.escape_ascii().to_string(),
            other => PLACEHOLDERS
                .iter()
                .find(|(_, part)| part == other)
                .map_or_else(String::new, |(name, _)| (*name).to_owned()),
        });
        shown.collect()
    }
}

/// Whether the last backslash stands for itself and not, after another, for a backslash.
fn ends_with_lone_backslash(text: &str) -> bool {
    (text.len() - text.trim_end_matches('\\').len()) % 2 == 1
}

/// `{a*9000}`, unfolded, and what follows it.
fn parse_repetition(text: &str) -> Option<(Vec<u8>, &str)> {
    let (inside, rest) = text.strip_prefix('{')?.split_once('}')?;
    let (mut what, count) = inside.rsplit_once('*')?;
    let mut bytes = Vec::new();
    while !what.is_empty() {
        let (one, behind) = unescape_one(what)?;
        bytes.extend(one);
        what = behind;
    }
    Some((bytes.repeat(count.parse().ok()?), rest))
}

/// The bytes of one character or escape, and what follows it.
fn unescape_one(text: &str) -> Option<(Vec<u8>, &str)> {
    let Some(escape) = text.strip_prefix('\\') else {
        let length = text.chars().next()?.len_utf8();
        return Some((text.as_bytes()[..length].to_vec(), &text[length..]));
    };
    let rest = escape.get(1..)?;
    match escape.as_bytes()[0] {
        b'r' => Some((vec![b'\r'], rest)),
        b'n' => Some((vec![b'\n'], rest)),
        b'0' => Some((vec![0], rest)),
        b'\\' => Some((vec![b'\\'], rest)),
        b'x' => Some((vec![u8::from_str_radix(rest.get(..2)?, 16).ok()?], &rest[2..])),
        _ => None,
    }
}

// ---- the servers

/// One server for each of [`SITES`].
struct Servers {
    running: Vec<Running>,
    _folders: tempfile::TempDir,
}

struct Running {
    address: SocketAddr,
    stopper: Stopper,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl Servers {
    fn start() -> Servers {
        let folders = tempfile::tempdir().expect("there is room for a folder");
        fs::write(folders.path().join("secret.txt"), "secret\n").expect("it can be written");
        let running = SITES.iter().map(|(name, change)| {
            let folder = folders.path().join(name);
            fill(&folder, *name == "own-404").expect("a folder can be filled");
            let mut options = site::Options {
                index: vec!["index.html".to_owned()],
                listing: true,
                hidden: false,
                cache_control: "no-cache".into(),
                cache_size: 1_000_000,
                hosts: Hosts::LoopbackAnd(Vec::new()),
                ..glasshttp::site::Options::default()
            };
            change(&mut options);
            let root = Root::open_path(&folder, false).expect("the folder is there");
            Running::start(Site::new(root, options)).expect("a server starts")
        });
        Servers { running: running.collect(), _folders: folders }
    }

    fn address(&self, site: &str) -> SocketAddr {
        let index = SITES.iter().position(|(name, _)| *name == site).expect("it is one of them");
        self.running[index].address
    }
}

/// A site, and nothing of the server's own.
struct SiteAlone(Site);

impl Application for SiteAlone {
    fn begin(&self, request: &Request<'_>, arrival: &Arrival<'_>) -> Begun {
        self.0.begin(request, arrival).into()
    }

    fn refuse(&self, request: Option<&Request<'_>>, refusal: &Refusal) -> Response {
        self.0.refuse_for_server(request, refusal)
    }
}

impl Running {
    fn start(site: Site) -> io::Result<Running> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let options = server::Options {
            threads: 2,
            max_connections: 100,
            head_timeout: Duration::from_secs(60),
            idle_timeout: Duration::from_secs(60),
            send_timeout: Duration::from_secs(60),
            stop_timeout: PATIENCE,
            ..server::Options::default()
        };
        let server = Server::new(vec![listener.into()], options)?;
        let stopper = server.stopper();
        let thread = thread::spawn(move || server.run(&SiteAlone(site), &Vec::new));
        Ok(Running { address, stopper, thread: Some(thread) })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stopper.stop();
        let result = self.thread.take().map(JoinHandle::join);
        if !thread::panicking() {
            assert!(matches!(result, Some(Ok(Ok(())))), "the server did not end well: {result:?}");
        }
    }
}

/// Makes the folder of [`FILES`].
fn fill(folder: &Path, with_page: bool) -> io::Result<()> {
    let numbers = (0..1000).step_by(5).map(|at| format!("{at:04}\n")).collect::<Vec<_>>().concat();
    let page = with_page.then_some(("404.html", "<!doctype html>\n<title>Lost</title>\n"));
    for (name, content) in FILES.iter().copied().chain([("numbers.txt", &*numbers)]).chain(page) {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("it is in the folder"))?;
        fs::write(&path, content)?;
        File::options().write(true).open(&path)?.set_modified(UNIX_EPOCH + LAST_MODIFIED)?;
    }
    symlink("hello.txt", folder.join("link-inside.txt"))?;
    symlink("../secret.txt", folder.join("link-outside.txt"))?;
    let made = Command::new("mkfifo").arg(folder.join("fifo")).status()?;
    // Until a file is so old that another change would show, its tag is weak.
    thread::sleep(Duration::from_millis(105));
    if made.success() { Ok(()) } else { Err(io::Error::other("mkfifo failed")) }
}

// ---- the notation itself

#[test]
fn the_notation_is_read_as_documented() {
    let table: &[(&str, &[u8])] = &[
        ("", b"\r\n"),
        (" Host: a", b"Host: a\r\n"),
        ("  two", b" two\r\n"),
        (" a\\n", b"a\n"),
        (" a\\", b"a"),
        (" a\\r\\", b"a\r"),
        (" a\\\\", b"a\\\r\n"),
        (" a\\\\n", b"a\\n\r\n"),
        (" a\\nb\\x00\\xff\\0", b"a\nb\x00\xff\x00\r\n"),
        (" {ab*3}\\", b"ababab"),
        (" {a\\r\\n*2}", b"a\r\na\r\n\r\n"),
        (" {\"a\": 1}", b"{\"a\": 1}\r\n"),
        (" \u{fc}\\", b"\xc3\xbc"),
    ];
    for &(text, expected) in table {
        let line = Line::parse(1, text).expect(text);
        assert_eq!(line.parts, [Part::Bytes(expected.to_vec())], "{text}");
    }
    for text in [" ", "x", " \\q", " \\x0", " \\xzz"] {
        assert!(Line::parse(1, text).is_err(), "{text}");
    }
    let line = Line::parse(1, " a{any}b{body}").expect("well formed");
    let [a, b] = [b"a", b"b"].map(|byte| Part::Bytes(byte.to_vec()));
    assert_eq!(line.parts, [a, Part::Any, b, Part::Body]);
}

#[test]
fn a_transcript_says_what_it_shows_and_how_it_ends() {
    let good = "# RFC 9110\n> a\n> (end)\n< b\n\n# then\n> c\n< d\n< (closed)\n> e\n< (open)\n";
    let transcripts = parse("good", good).expect("well formed");
    let seen: Vec<_> = transcripts.iter().map(|each| (each.exchanges.len(), each.stays_open)).collect();
    assert_eq!(seen, [(2, false), (1, true)]);
    for bad in [
        "",
        "> a\n< b\n< (open)\n",
        "# RFC\n> a\n< b\n",
        "# RFC\n< b\n< (open)\n",
        "# RFC\n> a\n< b\n< (open)\n> c\n",
        "# RFC\n> a\n> (end)\n< b\n< (open)\n",
        "# RFC\na\n> a\n< b\n< (open)\n",
        "# RFC\n(site: nowhere)\n> a\n< b\n< (open)\n",
        "# RFC\n> (end)\n< (closed)\n",
    ] {
        assert!(parse("bad", bad).is_err(), "{bad}");
    }
}
