//! A request's head: bytes in, a [`Request`] out.
//!
//! ```text
//! GET /index.html?x=1 HTTP/1.1␍␊     request line: method SP target SP version
//! Host: localhost:8000␍␊             fields, one a line
//! Accept: text/html␍␊
//! ␍␊                                 a blank line ends the head; a body may follow
//! ```
//!
//! TCP gives a stream, not messages: a head can arrive a byte at a time, or together with the next three. So the work
//! has two steps. [`HeadScanner`] looks for the blank line and remembers how far it came, and [`Request::parse`] splits
//! a head that is whole. Both are strict. RFC 9112 section 2.2 lets a server accept a lone LF as the end of a line;
//! this one does not, because two servers that differ on it can be made to see different requests in the same bytes
//! (request smuggling, see [`super::framing`]).
//!
//! ```
//! use glasshttp::http::{Method, Request};
//! let request = Request::parse(b"GET /a?b HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
//! assert_eq!(request.method, Method::Get);
//! assert_eq!(request.fields.get("host"), Some(&b"localhost"[..]));
//! ```

use super::fields::{Fields, first_line, is_token, is_token_char};
use super::host::Host;
use super::target::{MAX_TARGET, Target, not_three_parts};
use super::{Method, Refusal, Status};
use crate::base::trace::{self, Rfc, quote};
use percent_encoding::{CONTROLS, percent_encode};
use std::ops::Range;

/// The longest head that is accepted, with its blank line, in bytes.
pub const MAX_HEAD: usize = 32 * 1024;

/// The longest request line: the longest target, and room for a method and the version.
pub const MAX_REQUEST_LINE: usize = MAX_TARGET + 64;

/// A request's head, split. All parts borrow from the bytes it was parsed from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request<'a> {
    /// What the client wants done.
    pub method: Method,
    /// The request line as it was sent, without its CRLF.
    pub line: &'a [u8],
    /// What it wants it done to.
    pub target: Target<'a>,
    /// Which minor version of HTTP/1 it speaks.
    pub version: Version,
    /// Which host it means: from an absolute-form target, else from the Host field. `None` only
    /// in HTTP/1.0, which knows no Host.
    pub host: Option<Host<'a>>,
    /// The fields, in order.
    pub fields: Fields<'a>,
}

/// The two versions of HTTP/1. A later minor version counts as 1.1 (RFC 9110 section 6.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// HTTP/1.0: a connection for each request, unless the client asks for more; no chunks.
    Http10,
    /// HTTP/1.1
    Http11,
}

impl Version {
    /// As it stands in a request line.
    pub fn as_str(self) -> &'static str {
        match self {
            Version::Http10 => "HTTP/1.0",
            Version::Http11 => "HTTP/1.1",
        }
    }
}

/// Looks for the end of a head in bytes that arrive in pieces. It reads no whole line twice.
#[derive(Debug, Default, Clone)]
pub struct HeadScanner {
    /// Where the first line begins: behind the one empty line that may stand before a request.
    starts_at: usize,
    /// Where the line begins that is not whole yet.
    line_start: usize,
}

impl HeadScanner {
    /// Whether it has found nothing yet.
    pub fn is_new(&self) -> bool {
        self.line_start == 0
    }

    /// Looks at all bytes that have arrived since the head began; call it again with more. When
    /// the head is whole it gives the range to hand to [`Request::parse`].
    ///
    /// What it answers depends on the bytes alone, not on the pieces in which they came.
    ///
    /// # Errors
    /// 400 for a line that does not end in CRLF and for a first line that is no request line at
    /// first sight, 505 for another version, 414 for a request line and 431 for a head that is too long.
    pub fn find_end(&mut self, bytes: &[u8]) -> Result<Option<Range<usize>>, Refusal> {
        let within_limit = &bytes[..bytes.len().min(MAX_HEAD)];
        while self.line_start == self.starts_at {
            if !self.find_request_line(&within_limit[self.line_start..])? {
                return Ok(None);
            }
        }
        while let Some(line_feed) = memchr::memchr(b'\n', &within_limit[self.line_start..]) {
            let line = without_cr(&within_limit[self.line_start..][..line_feed])?;
            self.line_start += line_feed + 1;
            if line.is_empty() {
                trace::decision("head", Rfc(9112, "2.1"), || {
                    format!("the blank line is there: the head is whole, {} bytes", self.line_start)
                });
                return Ok(Some(self.starts_at..self.line_start));
            }
        }
        if bytes.len() < MAX_HEAD {
            return Ok(None);
        }
        let why = format!("the request head is longer than {MAX_HEAD} bytes");
        Err(Refusal::new(Status::HEADER_FIELDS_TOO_LARGE, why).by(Rfc(6585, "5")))
    }

    /// Looks for the end of the request line, or of an empty line before it. Returns whether it is there.
    fn find_request_line(&mut self, rest: &[u8]) -> Result<bool, Refusal> {
        check_first_byte(rest)?;
        let line_feed = memchr::memchr(b'\n', rest);
        if line_feed.unwrap_or(rest.len()) > MAX_REQUEST_LINE {
            let why = format!("the request line is longer than {MAX_REQUEST_LINE} bytes");
            return Err(Refusal::new(Status::URI_TOO_LONG, why));
        }
        let Some(line_feed) = line_feed else { return Ok(false) };
        let line = without_cr(&rest[..line_feed])?;
        self.line_start += line_feed + 1;
        if !line.is_empty() {
            // A client of another protocol, or of HTTP/0.9, may be waiting for an answer to this line.
            parse_version(&line[memchr::memrchr(b' ', line).map_or(0, |space| space + 1)..])?;
        } else if self.starts_at == 0 {
            // RFC 9112 section 2.2: old clients put an empty line after a body, so one before a request line is
            // ignored.
            self.starts_at = self.line_start;
        } else {
            return Err(
                Refusal::bad_request("more than one empty line before the request line").by(Rfc(9112, "2.2"))
            );
        }
        Ok(true)
    }
}

/// A line of a head, without the CR at its end.
fn without_cr(line: &[u8]) -> Result<&[u8], Refusal> {
    line.strip_suffix(b"\r").ok_or_else(|| {
        Refusal::bad_request("a line ends with LF alone; HTTP lines end with CR LF")
            .by(Rfc(9112, "2.2"))
            .because("LF alone")
    })
}

/// A request starts with a method, and a method with a token character. A client of another protocol may never end its
/// line, so it is refused by its first byte.
fn check_first_byte(line: &[u8]) -> Result<(), Refusal> {
    match line.first() {
        None | Some(b'\r' | b'\n') => Ok(()),
        Some(&byte) if is_token_char(byte) => Ok(()),
        // The first byte of a TLS record that carries a ClientHello (RFC 8446 section 5.1).
        Some(0x16) => {
            Err(Refusal::bad_request("this looks like TLS: use http://, this port does not speak https")
                .because("TLS"))
        }
        Some(_) => {
            Err(Refusal::bad_request("a request starts with a method, such as GET").by(Rfc(9112, "3.1")))
        }
    }
}

impl Default for Request<'_> {
    /// One that is still empty: see [`Request::read`].
    fn default() -> Self {
        Request {
            method: Method::Unknown,
            line: &[],
            target: Target::Server,
            version: Version::Http11,
            host: None,
            fields: Fields::default(),
        }
    }
}

impl<'a> Request<'a> {
    /// Splits a whole head: all bytes from the request line to the blank line, both included.
    ///
    /// # Errors
    /// 400 for anything malformed or a Host that is missing, doubled or malformed, 505 for a major
    /// version other than 1, 414 and 431 for too much.
    pub fn parse(head: &'a [u8]) -> Result<Request<'a>, Refusal> {
        let mut request = Request::default();
        request.read(head)?;
        Ok(request)
    }

    /// The same for a request that is still empty. One has room for all its fields, some kilobytes: so it is read where
    /// it stays. Returns what is behind the blank line.
    ///
    /// # Errors
    /// Those of [`Request::parse`].
    pub fn read(&mut self, head: &'a [u8]) -> Result<&'a [u8], Refusal> {
        let (line, mut rest) = first_line(head);
        self.line = line;
        let (method_name, raw_target, version) = split_request_line(line)?;
        self.method = Method::from_name(method_name);
        self.version = parse_version(version)?;
        let (target, target_host) = Target::parse(self.method, raw_target)?;
        self.target = target;
        trace::decision("request line", Rfc(9112, "3"), || {
            let (method, version) = (quote(method_name), self.version.as_str());
            format!(
                "split at its two spaces: method {method}, target {}, version {version}",
                quote(raw_target)
            )
        });
        while !matches!(rest, [] | [b'\r', b'\n', ..]) {
            rest = self.fields.take_line(rest)?;
        }
        trace::decision("fields", Rfc(9112, "5"), || match self.fields.iter().count() {
            0 => "no fields".to_owned(),
            1 => "one field, split at its first colon".to_owned(),
            count => format!("{count} fields, each split at its first colon"),
        });
        let field_host = host_field(&self.fields, self.version)?;
        self.host = target_host.or(field_host);
        Ok(rest.get(2..).unwrap_or_default())
    }

    /// Whether the client allows the connection to stay open after the answer (RFC 9112 section 9.3): in 1.1 unless
    /// it says `close`, in 1.0 if it says `keep-alive`.
    pub fn allows_keep_alive(&self) -> bool {
        let says = |option| self.fields.list_has("connection", option);
        match self.version {
            Version::Http11 => !says("close"),
            Version::Http10 => says("keep-alive") && !says("close"),
        }
    }

    /// The same target of the same host by https, as the value of a Location field; `None` if no host is
    /// named. Neither of the two can hold what would end the field: see [`Target::parse`] and [`Host::parse`].
    pub fn location_in_https(&self) -> Option<String> {
        let host = self.host.filter(|host| !host.name.is_empty())?;
        let Target::Path { path, query } = self.target else { return None };
        let (name, path) = (std::str::from_utf8(host.name).ok()?, percent_encode(path, CONTROLS));
        let port = host.written_port();
        let query = query.map(|query| format!("?{}", percent_encode(query, CONTROLS))).unwrap_or_default();
        Some(format!("https://{name}{port}{path}{query}"))
    }
}

/// Splits a request line, without its CRLF, by the grammar of RFC 9112 section 3. One space, and no other white space,
/// separates the parts.
///
/// ```text
/// request-line = method SP request-target SP HTTP-version
/// method       = token
/// ```
fn split_request_line(line: &[u8]) -> Result<(&[u8], &[u8], &[u8]), Refusal> {
    let method_ends = line.iter().position(|&byte| !is_token_char(byte)).unwrap_or(line.len());
    let target_ends = line.len().saturating_sub(" HTTP/1.1".len());
    // As in nearly all requests. Of any other line it is looked at what is wrong with it.
    if 0 < method_ends && method_ends < target_ends && line[method_ends] == b' ' && line[target_ends] == b' '
    {
        return Ok((&line[..method_ends], &line[method_ends + 1..target_ends], &line[target_ends + 1..]));
    }
    let (Some(first), Some(last)) = (memchr::memchr(b' ', line), memchr::memrchr(b' ', line)) else {
        return Err(not_three_parts());
    };
    let (method, version) = (&line[..first], &line[last + 1..]);
    let target = line.get(first + 1..last).ok_or_else(not_three_parts)?;
    if memchr::memchr(b' ', target).is_some() {
        return Err(not_three_parts());
    }
    if !is_token(method) {
        return Err(Refusal::bad_request("the method holds a character that methods cannot hold")
            .by(Rfc(9110, "9.1")));
    }
    Ok((method, target, version))
}

/// The version that a request line names (RFC 9112 section 2.3). A later minor version of HTTP/1 counts as 1.1.
///
/// ```text
/// HTTP-version = %x48.54.54.50 "/" DIGIT "." DIGIT    ; "HTTP", in capital letters
/// ```
fn parse_version(version: &[u8]) -> Result<Version, Refusal> {
    match version {
        b"HTTP/1.0" => Ok(Version::Http10),
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'1'..=b'9'] => Ok(Version::Http11),
        [b'H', b'T', b'T', b'P', b'/', b'0'..=b'9', b'.', b'0'..=b'9'] => {
            Err(Refusal::new(Status::VERSION_NOT_SUPPORTED, "this server speaks HTTP/1.0 and HTTP/1.1"))
        }
        _ => {
            Err(Refusal::bad_request("a request line ends with a version, such as HTTP/1.1")
                .by(Rfc(9112, "2.3")))
        }
    }
}

/// The one Host field (RFC 9112 section 3.2). A 1.1 request must have it, no request may have two, and even where an
/// absolute-form target takes precedence over it, it must be well-formed.
fn host_field<'a>(fields: &Fields<'a>, version: Version) -> Result<Option<Host<'a>>, Refusal> {
    let mut values = fields.get_all("host");
    match (values.next(), values.next()) {
        (Some(value), None) => match Host::parse(value) {
            Some(host) => Ok(Some(host)),
            None => Err(Refusal::bad_request("the Host field is malformed").by(Rfc(9110, "7.2"))),
        },
        (Some(_), Some(_)) => {
            Err(Refusal::bad_request("there is more than one Host field").by(Rfc(9112, "3.2")))
        }
        (None, _) if version == Version::Http10 => Ok(None),
        (None, _) => Err(Refusal::bad_request("an HTTP/1.1 request needs a Host field")
            .by(Rfc(9112, "3.2"))
            .because("no Host")),
    }
}

#[cfg(test)]
mod tests;
