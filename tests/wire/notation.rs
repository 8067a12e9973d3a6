//! Reading transcripts. What they are written in is told at the top of main.rs.

use crate::servers::SITES;
use std::fs;
use std::path::Path;

/// A conversation on one connection.
pub(crate) struct Transcript {
    /// The name of the file it stands in.
    pub(crate) name: String,
    /// One of [`SITES`].
    pub(crate) site: &'static str,
    pub(crate) exchanges: Vec<Exchange>,
    /// Whether it ends with `(open)`; else with `(closed)`.
    pub(crate) stays_open: bool,
}

/// What is sent, then what must come back.
#[derive(Default)]
pub(crate) struct Exchange {
    pub(crate) send: Vec<Line>,
    /// Whether the client says that this was all.
    pub(crate) ends: bool,
    pub(crate) expect: Vec<Line>,
}

/// A line with its line end.
pub(crate) struct Line {
    /// Its number in the file.
    pub(crate) number: usize,
    pub(crate) parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Part {
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

/// The conversations of a file; or what is wrong with it, and where.
pub(crate) fn read(file: &Path) -> Result<Vec<Transcript>, String> {
    let name = file.file_name().expect("it has a name").to_string_lossy();
    if file.extension() != Some("txt".as_ref()) {
        return Err(format!("{name} is no transcript"));
    }
    let text = fs::read_to_string(file).map_err(|error| format!("{name}: {error}"))?;
    parse(&name, &text).map_err(|error| format!("{name}:{error}"))
}

/// Parses the text of a file: its conversations, one after another.
pub(crate) fn parse(name: &str, text: &str) -> Result<Vec<Transcript>, String> {
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

    pub(crate) fn shown(&self) -> String {
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

// ---- tests of this file

pub(crate) const TESTS: [(&str, fn()); 2] = [
    ("the_notation_is_read_as_documented", is_read_as_documented),
    ("a_transcript_says_what_it_shows_and_how_it_ends", asks_for_prose_and_an_end),
];

fn is_read_as_documented() {
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

fn asks_for_prose_and_an_end() {
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
