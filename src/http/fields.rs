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
pub struct Fields<'a> {
    lines: ArrayVec<Field<'a>, MAX_FIELDS>,
    /// A bit for each name, as [`bit_of`] gives it. Most questions are about fields that a request does not have, and
    /// this answers nearly all of them without a look at the lines.
    names: u64,
}

impl<'a> Fields<'a> {
    /// Splits the first line of what is left of a head, and adds it. Returns what is behind that line.
    ///
    /// # Errors
    /// 400 for a line that is not `token ":" value`, 431 for one field too many.
    pub(super) fn take_line(&mut self, rest: &'a [u8]) -> Result<&'a [u8], Refusal> {
        let (field, behind) = if let Some(found) = first_plain_field(rest) {
            found
        } else {
            let (line, behind) = first_line(rest);
            (split_field_line(line)?, behind)
        };
        self.lines.try_push(field).map_err(|_| {
            Refusal::new(Status::HEADER_FIELDS_TOO_LARGE, format!("more than {MAX_FIELDS} header fields"))
                .by(Rfc(6585, "5"))
        })?;
        self.names |= bit_of(field.name);
        Ok(behind)
    }

    /// The value of the first field of this name.
    #[inline]
    pub fn get(&self, name: &str) -> Option<&'a [u8]> {
        if self.lacks(name) { None } else { self.of(name).next() }
    }

    /// The value of the field of this name if there is exactly one.
    #[inline]
    pub fn get_single(&self, name: &str) -> Option<&'a [u8]> {
        if self.lacks(name) {
            return None;
        }
        let mut values = self.of(name);
        values.next().filter(|_| values.next().is_none())
    }

    /// The values of all fields of this name, in order.
    #[inline]
    pub fn get_all(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        let lines = if self.lacks(name) { &[] } else { &self.lines[..] };
        named(lines, name)
    }

    /// The same if it may be there.
    fn of(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        named(&self.lines, name)
    }

    /// Whether it is known without a look at the lines that no field has this name. For a name that stands in the code,
    /// the compiler knows the bit.
    #[inline]
    fn lacks(&self, name: &str) -> bool {
        self.names & bit_of(name.as_bytes()) == 0
    }

    /// The members of a field that is a comma-separated list, over all its lines. Empty members do not count (RFC
    /// 9110 section 5.6.1.2).
    pub fn list(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.get_all(name).flat_map(list_members)
    }

    /// Whether a field that is a list has this member, whatever the case of its letters.
    pub fn list_has(&self, name: &str, member: &str) -> bool {
        self.get_all(name).any(|value| {
            // Mostly there is one member.
            value.eq_ignore_ascii_case(member.as_bytes())
                || (memchr::memchr(b',', value).is_some()
                    && list_members(value).any(|one| one.eq_ignore_ascii_case(member.as_bytes())))
        })
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
        self.lines.iter().copied()
    }
}

/// The values of the fields of this name.
fn named<'a>(lines: &[Field<'a>], name: &str) -> impl Iterator<Item = &'a [u8]> {
    lines
        .iter()
        .filter(move |field| field.name.eq_ignore_ascii_case(name.as_bytes()))
        .map(|field| field.value)
}

/// One of 64 bits for each name, whatever its case. Several names share a bit.
#[inline]
const fn bit_of(name: &[u8]) -> u64 {
    // The case of a letter is one bit. (It counts in no other character either.)
    const CASE: u8 = 0x20;
    match name {
        [] => 0,
        [first, ..] => {
            let (first, last) = (*first | CASE, name[name.len() - 1] | CASE);
            // With these factors, hardly a field that browsers send has the bit of another that is asked for.
            1 << ((7 * name.len() + 11 * first as usize + 7 * last as usize) % 64)
        }
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

/// The first line of what is left of a head, if it is as nearly all are: a token, a colon, and a value without a control
/// character or tab, which CRLF ends. Its bytes are looked at once. Of any other line, [`split_field_line`] says whether
/// it is well-formed, and if not, why.
fn first_plain_field(rest: &[u8]) -> Option<(Field<'_>, &[u8])> {
    let name_ends = rest.iter().position(|&byte| !is_token_char(byte))?;
    let (name, [b':', behind_colon @ ..]) = rest.split_at(name_ends) else { return None };
    let (value, [b'\r', b'\n', behind @ ..]) = behind_colon.split_at(first_control(behind_colon)?) else {
        return None;
    };
    (!name.is_empty()).then(|| (Field { name, value: trim(value) }, behind))
}

/// The first line of what is left of a head, without its CRLF, and what is behind it. [`Request::parse`] may be called
/// without a scanner before it: a lone LF then stays in the line, where nothing takes it.
///
/// [`Request::parse`]: super::Request::parse
pub(super) fn first_line(rest: &[u8]) -> (&[u8], &[u8]) {
    let (line, behind) = rest.split_at(memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1));
    (line.strip_suffix(b"\r\n").unwrap_or(line), behind)
}

/// Where the first control character is. It looks at eight bytes at a time, as one number: to subtract 0x20 from each of
/// them borrows from the top bit of those that are smaller. (A borrow can spoil the bytes above it, and never those
/// below: so the lowest that is found is right.)
pub(super) fn first_control(bytes: &[u8]) -> Option<usize> {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let (words, rest) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let is_del = word ^ (0x7f * EACH);
        let below_space = word.wrapping_sub(0x20 * EACH) & !word;
        let found = (below_space | (is_del.wrapping_sub(EACH) & !is_del)) & (0x80 * EACH);
        if found != 0 {
            return Some(8 * index + (found.trailing_zeros() / 8) as usize);
        }
    }
    let at = rest.iter().position(u8::is_ascii_control)?;
    Some(8 * words.len() + at)
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
    const TABLE: [bool; 256] = alphanumeric_and(b"!#$%&'*+-.^_`|~");
    TABLE[usize::from(byte)]
}

/// An alphabet as a table, so that it takes one look-up a byte: letters and digits of ASCII, and these others.
pub(super) const fn alphanumeric_and(others: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0u8;
    while byte < 128 {
        table[byte as usize] = byte.is_ascii_alphanumeric();
        byte += 1;
    }
    let mut at = 0;
    while at < others.len() {
        table[others[at] as usize] = true;
        at += 1;
    }
    table
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
    use proptest::prelude::*;

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

    proptest! {
        #[test]
        fn a_plain_line_is_split_as_every_other(
            line in "[!-~]{0,12}:[ -~\t\u{0}\r\n\u{7f}\u{80}-\u{ff}]{0,40}(\r\n|\n|\r)?[a-z]{0,9}"
        ) {
            let (whole, behind) = first_line(line.as_bytes());
            if let Some(found) = first_plain_field(line.as_bytes()) {
                prop_assert_eq!(Ok(found), split_field_line(whole).map(|field| (field, behind)));
            } else {
                let is_tabbed = whole.contains(&b'\t') || whole.len() + 2 > line.len() - behind.len();
                prop_assert!(split_field_line(whole).is_err() || is_tabbed, "{}", line);
            }
        }

        #[test]
        fn a_field_is_found_whatever_the_case_of_its_name(name in "[!#$%&'*+.^_`|~0-9a-zA-Z-]{1,20}") {
            for written in [name.to_ascii_lowercase(), name.to_ascii_uppercase()] {
                let line = format!("{written}: y\r\n");
                let mut fields = Fields::default();
                fields.take_line(line.as_bytes()).expect("well formed");
                prop_assert_eq!(fields.get(&name), Some(&b"y"[..]));
                prop_assert_eq!(fields.get(&format!("{name}x")), None);
            }
        }

        #[test]
        fn the_first_control_character_is_found_eight_bytes_at_a_time(bytes in proptest::collection::vec(
            prop_oneof![8 => 0x20..=0xffu8, 1 => 0..=0xffu8], 0..40,
        )) {
            prop_assert_eq!(first_control(&bytes), bytes.iter().position(u8::is_ascii_control));
        }
    }

    #[test]
    fn lists_are_read_over_several_lines() {
        let mut fields = Fields::default();
        let mut rest = &b"Accept: a, ,b ,\r\nX: y\r\nACCEPT:c\r\n"[..];
        while !rest.is_empty() {
            rest = fields.take_line(rest).expect("well formed");
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
            assert_eq!(fields.take_line(b"X: y\r\nmore"), Ok(&b"more"[..]));
        }
        assert_eq!(fields.take_line(b"X: y\r\n").unwrap_err().status, Status::HEADER_FIELDS_TOO_LARGE);
    }
}
