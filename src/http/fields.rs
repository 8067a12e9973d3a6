//! The fields of a request: `Name: value` lines, in the order in which they came.
//!
//! ```text
//! Host: localhost:8000        name "Host", value "localhost:8000"
//! Accept:   text/html         white space around a value is not part of it
//! ```
//!
//! Names compare without regard to case (RFC 9110 section 5.1). A field that holds a list may come
//! as several lines, which mean the same as one line joined with commas (section 5.3).

use super::{Refusal, Status};
use crate::base::trace::Rfc;
use arrayvec::ArrayVec;
use std::borrow::Cow;

/// How many fields a request may have. Browsers send about fifteen.
pub const MAX_FIELDS: usize = 100;

/// One field line, split. Both parts borrow from the request's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    /// The name as it was sent: a token.
    pub name: &'a [u8],
    /// The value without the white space around it. May hold bytes that are not UTF-8.
    pub value: &'a [u8],
}

/// The fields of one request, at most [`MAX_FIELDS`], without an allocation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields<'a>(ArrayVec<Field<'a>, MAX_FIELDS>);

impl<'a> Fields<'a> {
    /// Splits one line (without its CRLF) and adds it.
    ///
    /// # Errors
    /// 400 for a line that is not `token ":" value`, 431 for one field too many.
    pub(super) fn push_line(&mut self, line: &'a [u8]) -> Result<(), Refusal> {
        let field = split_field_line(line)?;
        self.0.try_push(field).map_err(|_| {
            Refusal::new(Status::HEADER_FIELDS_TOO_LARGE, format!("more than {MAX_FIELDS} header fields"))
                .by(Rfc(6585, "5"))
        })
    }

    /// The value of the first field of this name.
    pub fn get(&self, name: &str) -> Option<&'a [u8]> {
        self.get_all(name).next()
    }

    /// The value of the field of this name if there is exactly one.
    pub fn get_single(&self, name: &str) -> Option<&'a [u8]> {
        let mut values = self.get_all(name);
        values.next().filter(|_| values.next().is_none())
    }

    /// The values of all fields of this name, in order.
    pub fn get_all(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.0
            .iter()
            .filter(move |field| field.name.eq_ignore_ascii_case(name.as_bytes()))
            .map(|field| field.value)
    }

    /// The members of a field that is a comma-separated list, over all its lines. Empty members do not count (RFC
    /// 9110 section 5.6.1.2).
    pub fn list(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.get_all(name).flat_map(list_members)
    }

    /// The value of a field that is a list, as one line (RFC 9110 section 5.3).
    pub fn combined(&self, name: &str) -> Option<Cow<'a, [u8]>> {
        let mut values = self.get_all(name);
        let first = values.next()?;
        let mut combined = Cow::Borrowed(first);
        for value in values {
            combined.to_mut().extend_from_slice(b", ");
            combined.to_mut().extend_from_slice(value);
        }
        Some(combined)
    }

    /// All fields in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = Field<'a>> {
        self.0.iter().copied()
    }
}

/// The members of a comma-separated list, trimmed, without the empty ones. It is for lists without quoted strings, in
/// which every comma separates.
pub fn list_members(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|&byte| byte == b',').map(trim).filter(|member| !member.is_empty())
}

/// Splits one field line, without its CRLF, by the grammar of RFC 9112 section 5 and RFC 9110 section 5.5.
///
/// ```text
/// field-line    = field-name ":" OWS field-value OWS
/// field-name    = token
/// field-value   = *field-content
/// field-content = field-vchar [ 1*( SP / HTAB / field-vchar ) field-vchar ]
/// field-vchar   = VCHAR / obs-text                    ; no control character
/// ```
pub(super) fn split_field_line(line: &[u8]) -> Result<Field<'_>, Refusal> {
    // RFC 9112 section 5.2: a line that starts with white space once continued the line before it.
    // Parsers that disagree on that see different requests, so it is refused.
    if matches!(line.first(), Some(b' ' | b'\t')) {
        return Err(Refusal::bad_request(
            "a header line must not start with white space (obsolete line folding)",
        )
        .by(Rfc(9112, "5.2")));
    }
    let colon = memchr::memchr(b':', line).ok_or_else(|| {
        Refusal::bad_request("a header line needs a colon between name and value").by(Rfc(9112, "5"))
    })?;
    let (name, value) = (&line[..colon], trim(&line[colon + 1..]));
    if name.is_empty() {
        return Err(Refusal::bad_request("a header line has no name before its colon").by(Rfc(9112, "5")));
    }
    // RFC 9112 section 5.1: `Content-Length : 5` has let requests be smuggled past servers that
    // saw no Content-Length in it.
    if matches!(name.last(), Some(b' ' | b'\t')) {
        return Err(Refusal::bad_request("there must be no white space between a header name and its colon")
            .by(Rfc(9112, "5.1")));
    }
    if !is_token(name) {
        return Err(Refusal::bad_request("a header name holds a character that names cannot hold")
            .by(Rfc(9110, "5.6.2")));
    }
    if value.iter().any(|&byte| is_forbidden_in_value(byte)) {
        return Err(Refusal::bad_request("a header value holds a control character").by(Rfc(9110, "5.5")));
    }
    Ok(Field { name, value })
}

/// Control characters but HTAB have no place in a field value (RFC 9110 section 5.5).
pub fn is_forbidden_in_value(byte: u8) -> bool {
    byte.is_ascii_control() && byte != b'\t'
}

/// Whether these bytes are a token, the alphabet of names and methods (RFC 9110 section 5.6.2).
pub fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|&byte| is_token_char(byte))
}

/// Whether this byte may occur in a token.
pub fn is_token_char(byte: u8) -> bool {
    /// One look-up a byte: names are the longest part of a head to check.
    const TABLE: [bool; 256] = {
        let mut table = [false; 256];
        let mut byte = 0u8;
        while byte < 128 {
            table[byte as usize] = byte.is_ascii_alphanumeric();
            byte += 1;
        }
        let others = b"!#$%&'*+-.^_`|~";
        let mut at = 0;
        while at < others.len() {
            table[others[at] as usize] = true;
            at += 1;
        }
        table
    };
    TABLE[usize::from(byte)]
}

/// Without the optional white space (OWS: spaces and tabs) at both ends (RFC 9110 section 5.6.3).
pub fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = bytes {
        bytes = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_lines_are_split_at_the_first_colon() {
        let table: &[(&[u8], &[u8], &[u8])] = &[
            (b"Host: a", b"Host", b"a"),
            (b"Host:a", b"Host", b"a"),
            (b"Host: \t a \t", b"Host", b"a"),
            (b"Host:", b"Host", b""),
            (b"X: a:b: c", b"X", b"a:b: c"),
            (b"!#$%&'*+-.^_`|~09azAZ: x", b"!#$%&'*+-.^_`|~09azAZ", b"x"),
            (b"X: tab\tinside \xff", b"X", b"tab\tinside \xff"),
        ];
        for &(line, name, value) in table {
            assert_eq!(split_field_line(line), Ok(Field { name, value }), "{}", line.escape_ascii());
        }
    }

    #[test]
    fn malformed_field_lines_are_refused_with_the_reason() {
        let table: &[(&[u8], &str)] = &[
            (b" folded", "folding"),
            (b"\tfolded: yes", "folding"),
            (b"no colon", "colon"),
            (b": empty name", "no name"),
            (b"Host : a", "between a header name and its colon"),
            (b"Ho st: a", "names cannot hold"),
            (b"Ho\x00st: a", "names cannot hold"),
            (b"H\xc3\xb6st: a", "names cannot hold"),
            (b"X: a\x00b", "control"),
            (b"X: a\rb", "control"),
            (b"X: a\nb", "control"),
            (b"X: \x7f", "control"),
        ];
        for &(line, part) in table {
            let refusal = split_field_line(line).expect_err("must be refused");
            assert_eq!(refusal.status, Status::BAD_REQUEST);
            assert!(refusal.why.contains(part), "{}: {}", line.escape_ascii(), refusal.why);
        }
    }

    #[test]
    fn lists_are_read_over_several_lines() {
        let mut fields = Fields::default();
        for line in [&b"Accept: a, ,b ,"[..], b"X: y", b"ACCEPT:c"] {
            fields.push_line(line).expect("well formed");
        }
        assert_eq!(fields.list("accept").collect::<Vec<_>>(), [b"a", b"b", b"c"]);
        assert_eq!(fields.get("accept"), Some(&b"a, ,b ,"[..]));
        assert_eq!(fields.combined("accept").as_deref(), Some(&b"a, ,b ,, c"[..]));
        assert_eq!(fields.combined("x").as_deref(), Some(&b"y"[..]));
        assert_eq!(fields.get_single("accept"), None);
        assert_eq!(fields.get_single("x"), Some(&b"y"[..]));
    }

    #[test]
    fn one_field_too_many_is_431() {
        let mut fields = Fields::default();
        for _ in 0..MAX_FIELDS {
            fields.push_line(b"X: y").expect("up to the limit");
        }
        assert_eq!(fields.push_line(b"X: y").unwrap_err().status, Status::HEADER_FIELDS_TOO_LARGE);
    }
}
