//! The request target: what the request is about (RFC 9112 section 3.2).
//!
//! ```text
//! GET /a/b.txt?x=1 HTTP/1.1              origin-form: a path and maybe a query
//! GET http://host/a/b.txt HTTP/1.1       absolute-form: sent to proxies, understood by all
//! OPTIONS * HTTP/1.1                     asterisk-form: the server itself
//! CONNECT host:443 HTTP/1.1              authority-form (host and port alone): for tunnels, and so not for us
//! ```
//!
//! # From a path to a name
//!
//! There is one function for that, and all rules about paths use it ([`DecodedPath::decode`]):
//!
//! ```text
//! /npm/@scope%2fname/./x/..      as it was sent
//! /npm/@scope/name/./x/..        1. percent-decoded, once
//! npm @scope name . x ..         2. split at each "/"; nothing between two of them is no segment
//! npm @scope name                3. dot segments removed (RFC 3986 section 5.2.4)
//! ```
//!
//! So `%2F` divides as `/` does, as package managers expect and all common servers do, and `%2e%2e` is a `..`, as
//! browsers have it. Many clients do not remove `..` before they send a path, and refusing it would help nobody. Only
//! what cannot be a name in the folder is refused: a path that climbs above the root, and NUL, which no name can hold.
//! Every other byte is part of a name. On Unix a backslash is, and so is a `%` that two hexadecimal digits do not
//! follow: `/100%.txt` can mean one file only (the URL standard, "percent-decode", leaves it as it is, and so browsers
//! send it), just as bytes above ASCII can.
//!
//! That a path looks harmless after this is **not** why nothing outside the folder is sent. The guard is the confined
//! open in [`crate::site::root`]: the kernel follows the path beneath the folder, link by link, and fails where it
//! leads out. No check of the text can do that: a link needs no suspicious letters, and can appear between the check
//! and the open.
//!
//! The other rules are about names: what is hidden, what is below the base path, what is the server's own. `/x/../.env`
//! is `/.env`, and `/%2eglass/` is `/.glass/`. Such a rule looks at the result, never at the text as it was sent. And
//! nothing decodes the result again, in which `%2e%2e` is a name of six letters.

use super::host::Host;
use super::{Method, Refusal, Status};
use crate::base::trace::{self, Rfc, quote};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, percent_encode};
use std::borrow::Cow;

/// The longest target that is accepted, in bytes. RFC 9112 section 3 asks for 8000 at least.
pub const MAX_TARGET: usize = 8 * 1024;

/// A request target in one of its four forms; the first two differ only on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target<'a> {
    /// A path and a query, still percent-encoded. Of an absolute-form target this is the part
    /// behind the authority.
    Path {
        /// Starts with `/`.
        path: &'a [u8],
        /// What follows the first `?`, without it.
        query: Option<&'a [u8]>,
    },
    /// `*`, with OPTIONS only.
    Server,
    /// `host:port`, with CONNECT only.
    Authority,
}

impl<'a> Target<'a> {
    /// Parses a target; the method decides which forms are allowed. The second value is the host of an absolute-form
    /// target, which takes precedence over the Host field (RFC 9112 section 3.2.2).
    ///
    /// # Errors
    /// 400 for what is no target, 414 for one longer than [`MAX_TARGET`].
    pub fn parse(method: Method, raw: &'a [u8]) -> Result<(Target<'a>, Option<Host<'a>>), Refusal> {
        if raw.len() > MAX_TARGET {
            return Err(Refusal::new(
                Status::URI_TOO_LONG,
                format!("the target is longer than {MAX_TARGET} bytes"),
            ));
        }
        let path_ends = raw.iter().position(|&byte| ends_path(byte)).unwrap_or(raw.len());
        if let Some(at) = raw[path_ends..].iter().position(|&byte| byte != b'?' && ends_path(byte)) {
            let shown = [raw[path_ends + at]];
            if shown == *b" " {
                return Err(not_three_parts());
            }
            return Err(Refusal::bad_request(format!(
                "the target holds a character that it cannot hold: \"{}\"",
                shown.escape_ascii()
            ))
            .by(Rfc(9112, "3.2")));
        }
        match (method, raw) {
            (Method::Connect, _) => Host::parse(raw)
                .filter(|host| host.port.is_some())
                .map(|_| (Target::Authority, None))
                .ok_or_else(|| {
                    Refusal::bad_request("the target of CONNECT must be host:port").by(Rfc(9112, "3.2.3"))
                }),
            (_, [b'/', ..]) => Ok((split_at(raw, path_ends), None)),
            (Method::Options, b"*") => Ok((Target::Server, None)),
            _ => parse_absolute(raw),
        }
    }
}

/// `http://host:port/path?query`, or a refusal: at this point nothing else is left.
fn parse_absolute(raw: &[u8]) -> Result<(Target<'_>, Option<Host<'_>>), Refusal> {
    let after_scheme = [&b"http://"[..], b"https://"].iter().find_map(|scheme| {
        let (start, rest) = raw.split_at_checked(scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then_some(rest)
    });
    let Some(rest) = after_scheme else {
        return Err(
            Refusal::bad_request("the target must start with \"/\" or \"http://\"").by(Rfc(9112, "3.2"))
        );
    };
    let authority_ends = rest.iter().position(|byte| b"/?".contains(byte)).unwrap_or(rest.len());
    let (authority, path_and_query) = rest.split_at(authority_ends);
    // An http URI without a host is invalid (RFC 9110 section 4.2.1), and one with user
    // information in it is a trick more often than not (section 4.2.4): Host::parse refuses "@".
    let host = Host::parse(authority)
        .filter(|host| !host.name.is_empty())
        .ok_or_else(|| Refusal::bad_request("the host in the target is malformed").by(Rfc(9112, "3.2.2")))?;
    let path_ends = memchr::memchr(b'?', path_and_query).unwrap_or(path_and_query.len());
    Ok((split_at(path_and_query, path_ends), Some(host)))
}

/// The refusal of a request line that has more or fewer spaces than two.
#[track_caller]
pub(super) fn not_three_parts() -> Refusal {
    Refusal::bad_request("a request line is a method, a target and a version with one space between")
        .by(Rfc(9112, "3"))
}

/// Whether a path ends before this byte: at a `?`, or at what no target can hold. Bytes above ASCII are not in the
/// grammar, but people type them after curl, and they name exactly one file. A `#` is for the browser alone, and no
/// browser sends it.
fn ends_path(byte: u8) -> bool {
    const TABLE: [bool; 256] = {
        let mut table = [false; 256];
        let mut byte = 0;
        while byte <= b' ' {
            table[byte as usize] = true;
            byte += 1;
        }
        table[0x7f] = true;
        table[b'#' as usize] = true;
        table[b'?' as usize] = true;
        table
    };
    TABLE[usize::from(byte)]
}

/// The path and the query of a target, with a `?` between them at this place, if there is one.
fn split_at(path_and_query: &[u8], path_ends: usize) -> Target<'_> {
    let (path, query) = path_and_query.split_at(path_ends);
    let query = query.split_first().map(|(_, query)| query);
    // An empty path means the same as "/" (RFC 9110 section 4.2.3).
    Target::Path { path: if path.is_empty() { b"/" } else { path }, query }
}

/// A decoded path: the segments from the folder's root down, none of them special to a file system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodedPath {
    /// The segments joined with `/`, without one at either end: `a/b.txt`; empty for the root.
    pub relative: Vec<u8>,
    /// Whether the path ended in `/`, and so names a directory.
    pub names_directory: bool,
}

impl DecodedPath {
    /// Decodes a path once, splits it at `/`, and removes dot segments and empty ones (`//`). A path that
    /// ends in a dot segment names a directory.
    ///
    /// # Errors
    /// 400 for more `..` than there are segments to leave, and for NUL.
    pub fn decode(path: &[u8]) -> Result<DecodedPath, Refusal> {
        // RFC 3986 section 2.1. The crate leaves a "%" without its digits as it is.
        let decoded = match memchr::memchr(b'%', path) {
            Some(_) => Cow::from(percent_decode(path)),
            None => Cow::Borrowed(path),
        };
        if memchr::memchr(0, &decoded).is_some() {
            return Err(Refusal::bad_request("a path must not hold NUL").by(Rfc(3986, "7.3")));
        }
        let mut relative = Vec::with_capacity(decoded.len());
        let mut names_directory = true;
        for segment in decoded.split(|&byte| byte == b'/') {
            names_directory = matches!(segment, b"" | b"." | b"..");
            match segment {
                b"" | b"." => {}
                b".." if relative.is_empty() => {
                    return Err(Refusal::bad_request("the path climbs above the root").by(Rfc(3986, "5.2.4")));
                }
                b".." => relative.truncate(memchr::memrchr(b'/', &relative).unwrap_or(0)),
                name => {
                    if !relative.is_empty() {
                        relative.push(b'/');
                    }
                    relative.extend_from_slice(name);
                }
            }
        }
        Ok(DecodedPath { relative, names_directory })
    }

    /// Records what the path that was sent became.
    #[track_caller]
    pub(super) fn tell(&self, sent: &[u8]) {
        trace::decision("path", Rfc(3986, "5.2.4"), || {
            let (encoded, decoded) = (quote(sent), quote(&self.relative));
            match (self.relative.is_empty(), self.names_directory) {
                (true, _) => format!("{encoded} is the root"),
                (_, true) => {
                    format!("{encoded}, decoded once and without dot segments, names the directory {decoded}")
                }
                (_, false) => format!("{encoded}, decoded once and without dot segments, names {decoded}"),
            }
        });
    }

    /// All of it as one text: `a/b.txt`; with a slash at its end if it names a directory, `a/` or `/`.
    pub fn text(&self) -> Cow<'_, [u8]> {
        if self.names_directory {
            [&self.relative, &b"/"[..]].concat().into()
        } else {
            (&self.relative).into()
        }
    }

    /// As it stands in a URL, without the slash at its start: `a%20b/c`, `a/`, or nothing for the root.
    pub fn encoded(&self) -> String {
        let mut encoded = String::new();
        for segment in self.segments() {
            encoded += &format!("{}/", encode_segment(segment));
        }
        if !self.names_directory {
            encoded.pop();
        }
        encoded
    }

    /// The segments from the root down.
    pub fn segments(&self) -> impl DoubleEndedIterator<Item = &[u8]> {
        self.relative.split(|&byte| byte == b'/').filter(|segment| !segment.is_empty())
    }

    /// Whether a segment starts with a dot, which makes a file hidden. `/.well-known/` at the root
    /// is the one place under a dot that is meant for the public (RFC 8615).
    ///
    /// It is a rule about the names in a target, not about where links lead: `current`, a link to `.releases/42`, is
    /// not hidden, nor is what lies below it. Dotfiles are hidden because people forget that they exist, and nobody
    /// forgets a file that they gave another name. (A link out of the folder is not served by any name.)
    pub fn is_hidden(&self) -> bool {
        self.segments()
            .enumerate()
            .any(|(depth, segment)| segment.starts_with(b".") && !(depth == 0 && segment == b".well-known"))
    }
}

/// The [text](DecodedPath::text) of a path, if that can be seen without decoding it, as of most: nothing in it is
/// encoded, no segment is empty, and none begins with a dot. `None` for all others.
pub fn plain_text(path: &[u8]) -> Option<&[u8]> {
    const IS_LETTER: [bool; 256] = {
        let mut table = [true; 256];
        (table[0], table[b'%' as usize]) = (false, false);
        (table[b'/' as usize], table[b'.' as usize]) = (false, false);
        table
    };
    let rest = path.strip_prefix(b"/")?;
    for (before, &byte) in rest.iter().enumerate() {
        if !IS_LETTER[usize::from(byte)] && (matches!(byte, b'%' | 0) || path[before] == b'/') {
            return None;
        }
    }
    Some(if rest.is_empty() { path } else { rest })
}

/// Whether relative links on the page of a folder lead into that folder from this path, still encoded. A client
/// resolves them against the path that it has sent, up to the last `/` in it (RFC 3986 section 5.2.3): from `/a/b/..`,
/// which names the folder `/a/`, they would lead into `/a/b/`.
pub fn ends_as_a_folder(path: &[u8]) -> bool {
    let last = path.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
    last.is_empty() || last == b"." || last.eq_ignore_ascii_case(b"%2e")
}

/// What [`encode_segment`] encodes: all but the unreserved characters of RFC 3986 section 2.3.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Percent-encodes one segment, so that [`DecodedPath::decode`] gives it back, and nothing in it has a meaning in
/// HTML, in a field or in a URL.
pub fn encode_segment(segment: &[u8]) -> impl std::fmt::Display + '_ {
    percent_encode(segment, ENCODED)
}

/// The value of a query parameter, decoded: `parameter(b"a=1&b=2", "b")` is `2`. Of several of the same name the
/// first counts; what is not UTF-8 becomes U+FFFD.
pub fn parameter(query: Option<&[u8]>, name: &str) -> Option<String> {
    query?.split(|&byte| byte == b'&').find_map(|pair| {
        let rest = pair.strip_prefix(name.as_bytes())?;
        let value = if rest.is_empty() { rest } else { rest.strip_prefix(b"=")? };
        Some(percent_decode(value).decode_utf8_lossy().into_owned())
    })
}

#[cfg(test)]
mod tests;
