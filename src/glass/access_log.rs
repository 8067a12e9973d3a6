//! The access log: one line for each exchange.
//!
//! ```text
//! pretty    14:29:01  200  GET /index.html  1.2 kB  0.3 ms                    on a terminal
//! common    127.0.0.1 - alice [22/Nov/2026:14:29:01 +0000] "GET / HTTP/1.1" 200 1234
//! combined  the same, then "referer" "user agent"
//! explain   the whole exchange, byte for byte, with every decision and its reason
//! json      {"time":"2026-11-22T14:29:01+00:00","client":"127.0.0.1","status":200,...}
//! ```
//!
//! On a terminal, a pretty line keeps to one line: of a long target, the middle is left out.
//!
//! A worker must not wait for a disk or a terminal. So each worker collects its lines in memory, and passes them on in
//! batches to a thread that only writes. If this thread is stuck and the queue to it is full, the batch is dropped and
//! counted: log lines are lost then, but no response is delayed.
//!
//! A client decides what is in its request line, and escape sequences in it could control the terminal on which the log
//! is read. So they are escaped: in pretty, common and combined everything except printable ASCII, in json and explain
//! everything that [`human::is_harmless`] rejects.
//!
//! Written here: `log` and `tracing` are for a program's messages, and no library was found for these formats.

use super::explain;
use super::sentence::{self, Copies, Facts};
use crate::base::human::{self, write_escaped};
use crate::base::platform::terminal;
use crate::http::client::Client;
use crate::server::{Event, Exchange, Interests, Observer};
use anstyle::{AnsiColor, Color, Style};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use std::fmt::Write as _;
use std::io::IsTerminal;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant, SystemTime};

/// The format of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people at a terminal.
    Pretty,
    /// The Common Log Format of NCSA httpd, which every tool can read.
    Common,
    /// The same with two more fields, as Apache and nginx write it.
    Combined,
    /// One JSON object a line.
    Json,
    /// The whole exchange, on many lines: see [`crate::glass::explain`].
    Explain,
}

/// A batch is passed on when it has so many bytes, or is so old.
const BATCH_SIZE: usize = 16 * 1024;
const BATCH_AGE: Duration = Duration::from_millis(50);

/// How many batches may wait to be written.
const QUEUE: usize = 64;

/// How long the end of the server may wait until they are written.
const END_TIMEOUT: Duration = Duration::from_secs(1);

/// The log: a thread that writes.
#[derive(Debug)]
pub struct AccessLog {
    format: Format,
    time_zone: TimeZone,
    queue: SyncSender<Batch>,
    /// Closed when the writer has ended.
    writing: Receiver<()>,
    counts: Arc<Counts>,
    /// How many columns a line of the terminal has; `None` for any number.
    columns: fn() -> Option<usize>,
    /// What [`Format::Explain`] needs beside the exchange.
    copies: Arc<Copies>,
}

/// What a worker has collected: text, and how many exchanges are in it.
#[derive(Debug, Default)]
struct Batch {
    text: String,
    exchanges: u64,
}

/// How many exchanges there were, and how many of them are in the log; and how many workers have their observer.
#[derive(Debug, Default)]
struct Counts {
    observed: AtomicU64,
    written: AtomicU64,
    workers: AtomicU64,
}

impl AccessLog {
    /// Starts a log that is written to `output`. What cannot be written is dropped.
    ///
    /// # Panics
    /// When no thread can be started.
    pub fn start(format: Format, time_zone: TimeZone, output: impl Write + Send + 'static) -> AccessLog {
        let (queue, batches) = sync_channel(QUEUE);
        let (ended, writing) = sync_channel(0);
        let counts = Arc::new(Counts::default());
        let written = Arc::clone(&counts);
        let write = move || {
            write_batches(&batches, output, &written.written);
            drop::<SyncSender<()>>(ended);
        };
        std::thread::Builder::new().name("log".to_owned()).spawn(write).expect("a thread for the log");
        AccessLog { format, time_zone, queue, writing, counts, columns: || None, copies: Arc::default() }
    }

    /// The same with lines that fit on the terminal that is standard output, if it is one.
    #[must_use]
    pub fn on_terminal(mut self) -> AccessLog {
        self.columns = terminal::output_columns;
        self
    }

    /// An observer for one worker.
    pub fn observer(&self) -> WorkerLog {
        WorkerLog {
            worker: self.counts.workers.fetch_add(1, Ordering::Relaxed),
            format: self.format,
            clock: Clock::new(self.format, self.time_zone.clone()),
            batch: Batch::default(),
            wake_at: None,
            queue: self.queue.clone(),
            counts: Arc::clone(&self.counts),
            columns: self.columns,
            width: None,
            copies: Arc::clone(&self.copies),
        }
    }

    /// Waits until everything is written, when all observers are gone; but not for ever, since a pipe may have a reader
    /// that does not read. Returns how many lines were lost.
    pub fn finish(self) -> u64 {
        drop(self.queue);
        // Nothing is ever sent on this channel. It is closed when the writer ends, and that ends the wait.
        let _ = self.writing.recv_timeout(END_TIMEOUT);
        self.counts.observed.load(Ordering::Relaxed) - self.counts.written.load(Ordering::Relaxed)
    }
}

fn write_batches(batches: &Receiver<Batch>, mut output: impl Write, written: &AtomicU64) {
    for batch in batches {
        // A batch that cannot be written is lost; the next may fare better.
        if output.write_all(batch.text.as_bytes()).and_then(|()| output.flush()).is_ok() {
            written.fetch_add(batch.exchanges, Ordering::Relaxed);
        }
    }
}

/// The log of one worker.
#[derive(Debug)]
pub struct WorkerLog {
    /// Its number, as in the name of its thread.
    worker: u64,
    format: Format,
    clock: Clock,
    batch: Batch,
    /// When to pass on what is collected.
    wake_at: Option<Instant>,
    queue: SyncSender<Batch>,
    counts: Arc<Counts>,
    columns: fn() -> Option<usize>,
    /// What that said when the batch was begun.
    width: Option<usize>,
    copies: Arc<Copies>,
}

impl Observer for WorkerLog {
    fn interests(&self) -> Interests {
        let capture = self.format == Format::Explain;
        Interests { connections: capture, text: true, capture, bodies: false, turns: false }
    }

    fn notice(&mut self, event: &Event<'_>, now: Instant) {
        let Event::Ended(exchange) = event else { return };
        if super::is_only_a_question(exchange) {
            return;
        }
        if self.batch.exchanges == 0 {
            self.width = (self.columns)();
        }
        match self.format {
            Format::Explain => self.explain(exchange),
            format => write_line(&mut self.batch.text, format, exchange, &mut self.clock, self.width),
        }
        self.batch.exchanges += 1;
        self.counts.observed.fetch_add(1, Ordering::Relaxed);
        if self.batch.text.len() >= BATCH_SIZE {
            self.wake();
        } else {
            self.wake_at.get_or_insert(now + BATCH_AGE);
        }
    }

    fn wake_at(&self) -> Option<Instant> {
        self.wake_at
    }

    fn wake(&mut self) {
        self.wake_at = None;
        let batch = std::mem::take(&mut self.batch);
        if batch.exchanges > 0 {
            // If the queue is full the batch is lost.
            let _ = self.queue.try_send(batch);
        }
    }
}

impl WorkerLog {
    fn explain(&mut self, exchange: &Exchange) {
        let Some(facts) = Facts::new(exchange) else { return };
        let facts = self.copies.note(facts);
        explain::write(&mut self.batch.text, self.worker, &facts, &sentence::of(&facts), self.width);
    }
}

/// Writes times. In a busy second there are thousands of lines, so the text of a second is made once.
#[derive(Debug)]
struct Clock {
    format: Format,
    time_zone: TimeZone,
    /// In seconds since 1970.
    second: u64,
    /// The text of that second, without what follows the fraction.
    text: String,
    /// What follows the fraction: the time zone.
    zone: String,
}

impl Clock {
    fn new(format: Format, time_zone: TimeZone) -> Clock {
        let mut clock = Clock { format, time_zone, second: 0, text: String::new(), zone: String::new() };
        clock.set(0);
        clock
    }

    fn set(&mut self, second: u64) {
        let timestamp = i64::try_from(second).ok().and_then(|second| Timestamp::from_second(second).ok());
        let time = timestamp.unwrap_or(Timestamp::UNIX_EPOCH).to_zoned_datetime(self.time_zone.clone());
        let (text, zone) = match self.format {
            Format::Pretty => ("%H:%M:%S", ""),
            Format::Common | Format::Combined => ("%d/%b/%Y:%H:%M:%S %z", ""),
            Format::Json => ("%Y-%m-%dT%H:%M:%S", "%:z"),
            Format::Explain => ("", ""),
        };
        self.second = second;
        self.text = time.strftime(text).to_string();
        self.zone = time.strftime(zone).to_string();
    }

    /// The text of a time, without its fraction and what follows that.
    fn text(&mut self, time: SystemTime) -> &str {
        let second = time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
        if second != self.second {
            self.set(second);
        }
        &self.text
    }
}

/// Appends a line. Writing to a string cannot fail, so the results are ignored.
fn write_line(
    out: &mut String,
    format: Format,
    exchange: &Exchange,
    clock: &mut Clock,
    columns: Option<usize>,
) {
    match format {
        Format::Common => write_common(out, exchange, clock),
        Format::Combined => {
            write_common(out, exchange, clock);
            write_quoted(out, exchange.referer.as_deref().unwrap_or(b"-"));
            write_quoted(out, exchange.user_agent.as_deref().unwrap_or(b"-"));
        }
        Format::Json => write_json(out, exchange, clock),
        Format::Pretty => return write_pretty(out, exchange, clock, columns),
        Format::Explain => unreachable!("it is many lines"),
    }
    out.push('\n');
}

/// How much of a request is shown at least, in columns, however narrow the terminal is.
const MIN_REQUEST: usize = 24;

fn write_pretty(out: &mut String, exchange: &Exchange, clock: &mut Clock, columns: Option<usize>) {
    const DIM: Style = Style::new().dimmed();
    let color = match exchange.status.code() / 100 {
        2 => AnsiColor::Green,
        3 => AnsiColor::Cyan,
        4 => AnsiColor::Yellow,
        _ => AnsiColor::Red,
    };
    let status = Style::new().fg_color(Some(Color::Ansi(color)));
    // The HTTP version is nearly always the same. The other formats have it.
    let line = &exchange.request_line;
    let version_starts = memchr::memrchr(b' ', line).unwrap_or(line.len());
    let mut request = String::new();
    write_escaped(&mut request, if line.is_empty() { b"(no request)" } else { &line[..version_starts] });
    let (time, code) = (clock.text(exchange.ended), exchange.status.code());
    let milliseconds = exchange.duration.as_secs_f64() * 1000.0;
    let figures = format!("{}  {milliseconds:.1} ms", human::Bytes(exchange.body_sent));
    let end = if exchange.complete { "" } else { "  (the client left before the end)" };
    if let Some(columns) = columns {
        let others = time.len() + 2 + 3 + 2 + 2 + figures.len() + end.len();
        leave_out_middle(&mut request, columns.saturating_sub(others).max(MIN_REQUEST));
    }
    let _ =
        write!(out, "{DIM}{time}{DIM:#}  {status}{code}{status:#}  {request}  {DIM}{figures}{DIM:#}{end}");
    out.push('\n');
}

/// Makes a text of ASCII so long at most: its beginning and its end say most.
fn leave_out_middle(text: &mut String, most: usize) {
    const GAP: &str = "...";
    if text.len() > most {
        let kept = most.saturating_sub(GAP.len());
        text.replace_range(kept.div_ceil(2)..text.len() - kept / 2, GAP);
    }
}

fn write_common(out: &mut String, exchange: &Exchange, clock: &mut Clock) {
    let _ = write!(out, "{}", exchange.real_client());
    out.push_str(" - ");
    match &exchange.user {
        Some(user) => write_column(out, user),
        None => out.push('-'),
    }
    out.push_str(" [");
    out.push_str(clock.text(exchange.ended));
    out.push(']');
    write_quoted(out, if exchange.request_line.is_empty() { b"-" } else { &exchange.request_line });
    for number in [u64::from(exchange.status.code()), exchange.body_sent] {
        out.push(' ');
        out.push_str(itoa::Buffer::new().format(number));
    }
}

fn write_quoted(out: &mut String, bytes: &[u8]) {
    out.push_str(" \"");
    write_escaped(out, bytes);
    out.push('"');
}

/// The same without quotes. A space is escaped, since it would end the column.
fn write_column(out: &mut String, bytes: &[u8]) {
    for (index, part) in bytes.split(|&byte| byte == b' ').enumerate() {
        out.push_str(if index > 0 { "\\x20" } else { "" });
        write_escaped(out, part);
    }
}

fn write_json(out: &mut String, exchange: &Exchange, clock: &mut Clock) {
    #[derive(Serialize)]
    struct Line {
        time: String,
        client: Client,
        #[serde(skip_serializing_if = "Option::is_none")]
        proxy: Option<Client>,
        #[serde(skip_serializing_if = "Option::is_none")]
        user: Option<String>,
        request: String,
        status: u16,
        bytes: u64,
        complete: bool,
        duration_us: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        referer: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        user_agent: Option<String>,
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let microseconds =
        exchange.ended.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.subsec_micros());
    let mut time = clock.text(exchange.ended).to_owned();
    let _ = write!(time, ".{microseconds:06}{}", clock.zone);
    let line = Line {
        time,
        client: exchange.real_client(),
        proxy: exchange.forwarded.map(|_| exchange.client),
        user: exchange.user.as_deref().map(text),
        request: text(&exchange.request_line),
        status: exchange.status.code(),
        bytes: exchange.body_sent,
        complete: exchange.complete,
        duration_us: u64::try_from(exchange.duration.as_micros()).unwrap_or(u64::MAX),
        referer: exchange.referer.as_deref().map(text),
        user_agent: exchange.user_agent.as_deref().map(text),
    };
    let json = serde_json::to_string(&line).expect("strings and numbers");
    // JSON does not escape DEL and the C1 controls (U+0080 to U+009F), which terminals obey, nor the characters that
    // end a line or change its direction.
    for letter in json.chars() {
        if human::is_harmless(letter) {
            out.push(letter);
        } else {
            let _ = write!(out, "\\u{:04x}", letter as u32);
        }
    }
}

/// Standard output for the thread of the log. Colours are removed if it is not a terminal, or if the environment says
/// so.
pub fn standard_output() -> impl Write + Send {
    struct Stdout(anstream::AutoStream<io::Stdout>);
    impl Write for Stdout {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.write(bytes)
        }
        fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
            let mut write = || self.0.write_all(bytes).and_then(|()| self.0.flush());
            // On a terminal there may be progress lines, which must make room.
            if io::stdout().is_terminal() {
                return crate::glass::progress::aside(write);
            }
            write()
        }
        fn flush(&mut self) -> io::Result<()> {
            self.0.flush()
        }
    }
    Stdout(anstream::AutoStream::auto(io::stdout()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Status;
    use std::net::{IpAddr, Ipv4Addr};

    fn exchange() -> Exchange {
        Exchange {
            connection: 0,
            is_internal: false,
            number: 1,
            body_length: 1234,
            began: Instant::now(),
            capture: None,
            client: IpAddr::V4(Ipv4Addr::LOCALHOST).into(),
            forwarded: None,
            user: None,
            method: "GET",
            request_line: b"GET /a?b HTTP/1.1".to_vec(),
            referer: None,
            user_agent: Some(b"curl/8".to_vec()),
            status: Status::OK,
            body_sent: 1234,
            complete: true,
            given_up: None,
            ended: SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777),
            duration: Duration::from_micros(1250),
        }
    }

    fn line(format: Format, exchange: &Exchange) -> String {
        let mut out = String::new();
        write_line(&mut out, format, exchange, &mut Clock::new(format, TimeZone::UTC), None);
        anstream::adapter::strip_str(&out).to_string()
    }

    #[test]
    fn each_format_writes_its_line() {
        let table = [
            (Format::Pretty, "08:49:37  200  GET /a?b  1.2 kB  1.2 ms\n"),
            (Format::Common, "127.0.0.1 - - [06/Nov/1994:08:49:37 +0000] \"GET /a?b HTTP/1.1\" 200 1234\n"),
            (
                Format::Combined,
                "127.0.0.1 - - [06/Nov/1994:08:49:37 +0000] \"GET /a?b HTTP/1.1\" 200 1234 \"-\" \"curl/8\"\n",
            ),
            (
                Format::Json,
                "{\"time\":\"1994-11-06T08:49:37.000000+00:00\",\"client\":\"127.0.0.1\",\
                 \"request\":\"GET /a?b HTTP/1.1\",\"status\":200,\"bytes\":1234,\"complete\":true,\
                 \"duration_us\":1250,\"user_agent\":\"curl/8\"}\n",
            ),
        ];
        for (format, expected) in table {
            assert_eq!(line(format, &exchange()), expected, "{format:?}");
        }
    }

    #[test]
    fn the_name_of_a_user_is_one_column() {
        let exchange = Exchange { user: Some(b"Al i\"ce".to_vec()), ..exchange() };
        let table = [
            (Format::Common, "127.0.0.1 - Al\\x20i\\\"ce [06/Nov/"),
            (Format::Combined, "127.0.0.1 - Al\\x20i\\\"ce [06/Nov/"),
            (
                Format::Json,
                "{\"time\":\"1994-11-06T08:49:37.000000+00:00\",\"client\":\"127.0.0.1\",\"user\":\"Al i\\\"ce\",",
            ),
        ];
        for (format, expected) in table {
            let line = line(format, &exchange);
            assert!(line.starts_with(expected), "{line}");
        }
    }

    #[test]
    fn nothing_that_a_client_sent_can_control_a_terminal_or_forge_a_line() {
        let hostile = b"GET /\x1b[2J\"\\\n\x7f\xc2\x9b\xff HTTP/1.1".to_vec();
        let exchange = Exchange {
            user: Some(hostile.clone()),
            request_line: hostile.clone(),
            user_agent: Some(hostile),
            ..exchange()
        };
        for format in [Format::Pretty, Format::Common, Format::Combined, Format::Json] {
            let mut out = String::new();
            write_line(&mut out, format, &exchange, &mut Clock::new(format, TimeZone::UTC), None);
            // Our own colours are the only escapes there may be.
            let ours = anstream::adapter::strip_str(&out).to_string();
            assert_eq!(ours.lines().count(), 1, "{ours:?}");
            assert!(!ours.trim_end_matches('\n').contains(char::is_control), "{ours:?}");
            assert!(
                ours.contains(if format == Format::Json { "\\u001b[2J" } else { "\\x1b[2J" }),
                "{ours:?}"
            );
        }
    }

    #[test]
    fn a_pretty_line_keeps_to_one_line_of_the_terminal() {
        let mut exchange = exchange();
        let target = format!("/photos/{}end.jpg", "2026/".repeat(40));
        exchange.request_line = format!("GET {target} HTTP/1.1").into_bytes();
        let table = [
            (None, format!("GET {target}")),
            (Some(1000), format!("GET {target}")),
            (Some(80), "GET /photos/2026/2026/2.../2026/2026/2026/end.jpg".to_owned()),
            (Some(60), "GET /photos/2.../2026/end.jpg".to_owned()),
            (Some(20), "GET /photos...26/end.jpg".to_owned()),
        ];
        for (columns, request) in table {
            let mut out = String::new();
            let mut clock = Clock::new(Format::Pretty, TimeZone::UTC);
            write_line(&mut out, Format::Pretty, &exchange, &mut clock, columns);
            let plain = anstream::adapter::strip_str(&out).to_string();
            assert!(plain.contains(&format!("  {request}  1.2 kB")), "{columns:?}: {plain}");
            assert!(columns.is_none_or(|most| most < 60 || plain.trim_end().len() <= most), "{plain}");
        }
    }

    #[test]
    fn a_log_that_cannot_be_written_counts_what_is_lost() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let log = AccessLog::start(Format::Common, TimeZone::UTC, Full);
        let mut observer = log.observer();
        for _ in 0..2 {
            observer.notice(&Event::Ended(&exchange()), Instant::now());
        }
        observer.wake();
        drop(observer);
        assert_eq!(log.finish(), 2);
    }
}
