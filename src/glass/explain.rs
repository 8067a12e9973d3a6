//! `--explain`: an exchange in full, with its bytes, and with every decision and its reason.
//!
//! ```text
//! ── connection 1, request 1, from 127.0.0.1 ── 304 Not Modified ──
//!   > request line  GET /hello.txt HTTP/1.1␍␊
//!   > field         Host: localhost:8000␍␊
//!   > field         If-None-Match: "18f-2a"␍␊
//!   > blank line    ␍␊
//!     0.1 ms until the request was whole
//!   ? head          the blank line is there: the head is whole, 74 bytes
//!                   RFC 9112 section 2.1; src/http/request.rs:124
//!   ? ...
//!     0.1 ms to decide
//!   < status line   HTTP/1.1 304 Not Modified␍␊
//!   < ...
//!     0.1 ms to send
//!   = in short      304: your copy has this tag, "18f-2a"
//! ```
//!
//! The last line is the sentence of [`super::sentence`]. On a terminal, lines are wrapped at words, with their indent.
//!
//! What a client has sent is shown unchanged, except for what could control a terminal: see [`human::Visible`].

use crate::base::human::{self, Visible};
use crate::base::trace::Decision;
use crate::glass::deciding;
use crate::glass::sentence::{Facts, Sentence};
use crate::http::Status;
use crate::server::{Capture, Exchange};
use anstyle::{AnsiColor, Color, Style};
use std::fmt::Write;
use std::time::{Duration, Instant};

/// How many bytes of one line of a head are shown, and how many of a body.
const MAX_LINE: usize = 1000;
const MAX_BODY: usize = 200;

const DIM: Style = Style::new().dimmed();
const BOLD: Style = Style::new().bold();
const REQUEST: Style = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Cyan)));
const RESPONSE: Style = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Green)));
const DECISION: Style = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Yellow)));

/// The column in which the text of a line begins.
const INDENT: usize = 19;

/// Appends the explanation of an exchange, which this worker has answered, with colours that the output may remove, in
/// lines of so many columns at most.
pub fn write(out: &mut String, worker: u64, facts: &Facts<'_>, sentence: &Sentence, columns: Option<usize>) {
    let mut lines = String::new();
    write_lines(&mut lines, worker, facts.exchange(), facts.capture());
    let _ = writeln!(lines, "  {BOLD}= {:<14} {}{BOLD:#}", "in short", sentence.text);
    match columns {
        Some(columns) => lines.lines().for_each(|line| wrap(out, line, columns)),
        None => out.push_str(&lines),
    }
    out.push('\n');
}

/// Appends a line, wrapped at words. What is longer than a line is broken.
fn wrap(out: &mut String, line: &str, columns: usize) {
    // A narrow terminal has no room for the indent, and a title needs none.
    let has_room = columns >= 3 * INDENT && line.starts_with(' ');
    let indent = " ".repeat(if has_room { INDENT } else { 2 });
    let options = textwrap::Options::new(columns.max(10))
        .subsequent_indent(&indent)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .wrap_algorithm(textwrap::WrapAlgorithm::FirstFit);
    for line in textwrap::wrap(line, options) {
        out.push_str(&line);
        out.push('\n');
    }
}

/// Appends all that is known of an exchange, a line for each. Writing to a string cannot fail, so the results are
/// ignored.
fn write_lines(out: &mut String, worker: u64, exchange: &Exchange, capture: &Capture) {
    let (connection, number, client) = (exchange.connection, exchange.number, exchange.real_client());
    let by = exchange.forwarded.map(|_| format!(" by {}", exchange.client)).unwrap_or_default();
    let (code, phrase) = (exchange.status.code(), exchange.status.phrase());
    let _ = writeln!(
        out,
        "{BOLD}── connection {connection}, request {number}, from {client}{by}, to worker {worker} ── {code} {phrase} \
         ──{BOLD:#}"
    );
    for (name, bytes) in parts(&capture.request, "request line") {
        write_line(out, '>', REQUEST, name, bytes, MAX_LINE);
    }
    if capture.request.is_empty() {
        let _ = writeln!(out, "  {REQUEST}>{REQUEST:#} nothing came");
    }
    // Whose head did not come to its end, or made no sense, never was whole.
    let is_whole = capture.decisions.iter().any(|decision| decision.name == "head");
    let when = if is_whole { "until the request was whole" } else { "until the last byte of it came" };
    let _ = writeln!(out, "    {DIM}{} {when}{DIM:#}", Milliseconds::between(capture.began, capture.arrived));
    for decision in &capture.decisions {
        write_decision(out, decision);
    }
    let waited = exchange.status == Status::REQUEST_TIMEOUT;
    let what = if waited { "in which no more came" } else { "to decide" };
    let _ =
        writeln!(out, "    {DIM}{} {what}{DIM:#}", Milliseconds::between(capture.arrived, capture.decided));
    for (name, bytes) in parts(&capture.response, "status line") {
        write_line(out, '<', RESPONSE, name, bytes, MAX_LINE);
    }
    write_body(out, exchange, capture);
    let _ = write!(out, "    {DIM}{} to send", Milliseconds::between(capture.decided, capture.ended));
    if !exchange.complete {
        let _ = write!(out, "; the connection ended before all was sent");
    }
    let _ = writeln!(out, "{DIM:#}");
}

/// Splits a head into its lines, each with its name and with its line terminator. What is not a head is split in the
/// same way, as far as possible.
fn parts<'a>(head: &'a [u8], first: &'static str) -> Vec<(&'static str, &'a [u8])> {
    let mut parts = Vec::new();
    let mut lines_before = 0;
    for line in head.split_inclusive(|&byte| byte == b'\n') {
        let is_blank = matches!(line, b"\r\n" | b"\n");
        let name = match (lines_before, is_blank) {
            (0, true) => "empty line",
            (0, false) => first,
            (_, true) => "blank line",
            (_, false) => "field",
        };
        lines_before += usize::from(name != "empty line");
        parts.push((name, line));
    }
    parts
}

fn write_line(out: &mut String, mark: char, style: Style, name: &str, bytes: &[u8], most: usize) {
    let (shown, more) = bytes.split_at(bytes.len().min(most));
    let _ = write!(out, "  {style}{mark} {name:<14}{style:#} {}", Visible(shown));
    if !more.is_empty() {
        let _ = write!(out, " {DIM}and {} bytes more{DIM:#}", more.len());
    }
    out.push('\n');
}

fn write_decision(out: &mut String, decision: &Decision) {
    let Decision { name, text, rule, file, .. } = decision;
    let line = deciding::line(file, decision.line);
    let _ = write!(out, "  {DECISION}? {name:<14}{DECISION:#} {text}\n    {:<14} {DIM}", "");
    if let Some(rule) = rule {
        let _ = write!(out, "{rule}; ");
    }
    let _ = writeln!(out, "{file}:{line}{DIM:#}");
}

fn write_body(out: &mut String, exchange: &Exchange, capture: &Capture) {
    if exchange.body_length == 0 {
        return;
    }
    // Do not cut in the middle of a UTF-8 character.
    let start = &capture.body_start[..capture.body_start.len().min(MAX_BODY)];
    let whole = start.utf8_chunks().next().map_or(0, |chunk| chunk.valid().len());
    let start = if start.len() - whole < 4 { &start[..whole] } else { start };
    let more = exchange.body_length - start.len() as u64;
    let _ = write!(out, "  {RESPONSE}< {:<14}{RESPONSE:#} {}", "body", Visible(start));
    if more > 0 {
        let _ = write!(out, " {DIM}and {} more{DIM:#}", human::Bytes(more));
    }
    out.push('\n');
}

/// A duration in milliseconds, with two decimals.
struct Milliseconds(Duration);

impl Milliseconds {
    fn between(from: Instant, to: Instant) -> Milliseconds {
        Milliseconds(to.saturating_duration_since(from))
    }
}

impl std::fmt::Display for Milliseconds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.2} ms", self.0.as_secs_f64() * 1000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_wrapped_at_words_with_their_indent_and_long_words_are_broken() {
        let line = format!("  {DECISION}? {:<14}{DECISION:#} one two three {}", "name", "x".repeat(70));
        let wrapped = |columns| {
            let mut out = String::new();
            wrap(&mut out, &line, columns);
            anstream::adapter::strip_str(&out).to_string()
        };
        let expected = format!(
            "  ? name           one two three\n{0:19}{1}\n{0:19}{2}\n",
            "",
            "x".repeat(41),
            "x".repeat(29)
        );
        assert_eq!(wrapped(60), expected);
        for columns in [1, 10, 30, 57, 100] {
            let all: String = wrapped(columns).split_whitespace().collect();
            assert_eq!(all, format!("?nameonetwothree{}", "x".repeat(70)), "{columns}");
            assert!(wrapped(columns).lines().all(|line| line.len() <= columns.max(10)), "{columns}");
        }
    }

    #[test]
    fn the_lines_of_a_head_have_names() {
        let names = |head: &'static [u8]| -> Vec<_> {
            parts(head, "request line").into_iter().map(|(name, _)| name).collect()
        };
        assert_eq!(names(b"GET / HTTP/1.1\r\nA: b\r\n\r\n"), ["request line", "field", "blank line"]);
        assert_eq!(names(b"\r\nGET / HTTP/1.1\r\n"), ["empty line", "request line"]);
        assert_eq!(names(b"GET / HTTP/1.1\nA"), ["request line", "field"]);
        assert!(names(b"").is_empty());
    }
}
