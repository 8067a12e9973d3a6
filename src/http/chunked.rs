//! Chunked bodies (RFC 9112 section 7.1): a body whose length is not known when it starts.
//!
//! ```text
//! 5;note=x␍␊     a size in hexadecimal; an extension may follow, and is ignored
//! hello␍␊        that many bytes, and a CRLF
//! 0␍␊            size zero: the last chunk
//! Checksum: 1␍␊  trailer fields may follow, and are ignored
//! ␍␊             a blank line ends the body
//! ```
//!
//! The decoder is a state machine that is fed pieces of any size:
//!
//! ```text
//!        ┌──────────────────────────────────────┐
//!        ▼                                      │
//!   Size line ──size > 0──▶ Data ──all of it──▶ DataEnd (CRLF)
//!        │
//!        └──size = 0──▶ Trailer line ──blank──▶ Finished
//! ```
//!
//! Lines are bounded, and so is everything that is not data: otherwise a client could keep the server reading for ever
//! without sending a byte of content.

use super::Refusal;
use super::fields::{is_forbidden_in_value, is_token_char, split_field_line};
use crate::base::trace::Rfc;
use std::ops::Range;

/// The longest size line or trailer line, in bytes without CRLF.
const MAX_LINE: usize = 1024;

/// How many bytes of extensions and trailer fields a body may have in all.
const MAX_OVERHEAD: usize = 8 * 1024;

/// Ends a chunked body.
pub const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// Appends bytes, at least one, as one chunk: an empty chunk would end the body.
pub fn encode(bytes: &[u8], out: &mut Vec<u8>) {
    debug_assert!(!bytes.is_empty(), "a chunk of nothing is the last");
    out.extend_from_slice(format!("{:x}\r\n", bytes.len()).as_bytes());
    out.extend_from_slice(bytes);
    out.extend_from_slice(b"\r\n");
}

/// Decodes one chunked body.
#[derive(Debug, Default)]
pub struct ChunkedDecoder {
    state: State,
    /// The line that is not complete yet, without its CRLF.
    line: Vec<u8>,
    /// Bytes of extensions and trailers so far.
    overhead: usize,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    Size,
    /// How many bytes of the chunk are still to come.
    Data(u64),
    DataEnd,
    Trailer,
    Finished,
}

/// What [`ChunkedDecoder::next`] found at the start of the bytes that it was given.
#[derive(Debug, PartialEq, Eq)]
pub struct Step {
    /// How many of the bytes were consumed. Call again with those that follow them.
    pub consumed: usize,
    /// Which of these bytes are content.
    pub data: Range<usize>,
    /// Whether the body ends here.
    pub finished: bool,
}

impl ChunkedDecoder {
    /// Takes one step: a piece of content, or everything up to the next one. It consumes all bytes
    /// unless content or the end comes first, so call it until they are consumed.
    ///
    /// # Errors
    /// 400 for anything that is not a chunked body, strictly read.
    pub fn next(&mut self, bytes: &[u8]) -> Result<Step, Refusal> {
        let mut at = 0;
        while self.state != State::Finished {
            if let State::Data(left) = self.state {
                let here = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len() - at);
                let left = left - here as u64;
                self.state = if left == 0 { State::DataEnd } else { State::Data(left) };
                return Ok(Step { consumed: at + here, data: at..at + here, finished: false });
            }
            let line_feed = memchr::memchr(b'\n', &bytes[at..]);
            let piece = &bytes[at..line_feed.map_or(bytes.len(), |found| at + found)];
            if self.line.len() + piece.len() > MAX_LINE + 1 {
                return Err(Refusal::bad_request(format!(
                    "a line of a chunked body is longer than {MAX_LINE} bytes"
                ))
                .by(Rfc(9112, "7.1.1")));
            }
            self.line.extend_from_slice(piece);
            at += piece.len();
            if line_feed.is_none() {
                break;
            }
            at += 1;
            self.line_is_whole()?;
        }
        Ok(Step { consumed: at, data: at..at, finished: self.state == State::Finished })
    }

    /// `self.line` holds a line up to its LF, which is not in it.
    fn line_is_whole(&mut self) -> Result<(), Refusal> {
        let Some((b'\r', line)) = self.line.split_last() else {
            if self.state == State::DataEnd {
                return Err(
                    Refusal::bad_request("a chunk does not end where its size says").by(Rfc(9112, "7.1"))
                );
            }
            return Err(
                Refusal::bad_request("a line of a chunked body ends with LF alone").by(Rfc(9112, "2.2"))
            );
        };
        self.state = match self.state {
            State::Size => {
                let (size, extension) = split_size_line(line)?;
                self.overhead += extension;
                if size == 0 { State::Trailer } else { State::Data(size) }
            }
            State::DataEnd if line.is_empty() => State::Size,
            State::DataEnd => {
                return Err(
                    Refusal::bad_request("a chunk does not end where its size says").by(Rfc(9112, "7.1"))
                );
            }
            State::Trailer if line.is_empty() => State::Finished,
            State::Trailer => {
                self.overhead += line.len();
                split_field_line(line)?;
                State::Trailer
            }
            State::Data(_) | State::Finished => unreachable!("no lines are read in these states"),
        };
        self.line.clear();
        if self.overhead > MAX_OVERHEAD {
            return Err(
                Refusal::bad_request("a chunked body has too much beside its content").by(Rfc(9112, "7.1.1"))
            );
        }
        Ok(())
    }
}

/// The size, and how long the extensions behind it are.
fn split_size_line(line: &[u8]) -> Result<(u64, usize), Refusal> {
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let (size, extensions) = line.split_at(digits);
    // Sixteen digits fill a u64. More would overflow, and with a wrong size the chunk would end at a wrong place.
    if size.is_empty() || size.len() > 16 {
        return Err(
            Refusal::bad_request("a chunk must start with its size in hexadecimal").by(Rfc(9112, "7.1"))
        );
    }
    if !are_extensions(extensions) {
        return Err(Refusal::bad_request("a chunk's size is followed by something that is no extension")
            .by(Rfc(9112, "7.1.1")));
    }
    let size = size.iter().fold(0u64, |size, digit| {
        size << 4 | u64::from((*digit as char).to_digit(16).expect("only digits were taken"))
    });
    Ok((size, extensions.len()))
}

/// `*( BWS ";" BWS token [ BWS "=" BWS ( token / quoted-string ) ] )`, RFC 9112 section 7.1.1. Extensions are ignored,
/// but read strictly: if one server accepts a string that does not end, or a `;` with nothing behind it, and the next
/// does not, the two see the end of the chunk at different places.
fn are_extensions(mut rest: &[u8]) -> bool {
    while !rest.is_empty() {
        let Some(behind) = trim_start(rest).strip_prefix(b";") else { return false };
        let Some(behind) = skip_token(trim_start(behind)) else { return false };
        rest = behind;
        let Some(value) = trim_start(rest).strip_prefix(b"=").map(trim_start) else { continue };
        let Some(behind) = skip_token(value).or_else(|| skip_quoted_string(value)) else { return false };
        rest = behind;
    }
    true
}

/// Without the spaces and tabs in front.
fn trim_start(bytes: &[u8]) -> &[u8] {
    let blanks = bytes.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    &bytes[blanks..]
}

/// What is behind a token; `None` if there is none.
fn skip_token(bytes: &[u8]) -> Option<&[u8]> {
    let (token, behind) = bytes.split_at(bytes.iter().take_while(|&&byte| is_token_char(byte)).count());
    (!token.is_empty()).then_some(behind)
}

/// What is behind a quoted string (RFC 9110 section 5.6.4); `None` if there is none that ends.
fn skip_quoted_string(bytes: &[u8]) -> Option<&[u8]> {
    let mut rest = bytes.strip_prefix(b"\"")?;
    loop {
        rest = match rest {
            [b'"', behind @ ..] => return Some(behind),
            [b'\\', escaped, behind @ ..] if !is_forbidden_in_value(*escaped) => behind,
            [b'\\', ..] | [] => return None,
            [byte, behind @ ..] if !is_forbidden_in_value(*byte) => behind,
            [_, ..] => return None,
        };
    }
}

#[cfg(test)]
mod tests;
