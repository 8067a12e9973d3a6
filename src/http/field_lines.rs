//! The header section of a response, kept as the bytes that will go onto the wire.
//!
//! ```
//! use glasshttp::http::FieldLines;
//! let mut headers = FieldLines::default();
//! headers.push("Content-Type", "text/plain");
//! assert_eq!(headers.parts().concat(), b"Content-Type: text/plain\r\n");
//! assert_eq!(headers.get("content-type"), Some("text/plain"));
//! ```

use super::fields::{first_control, is_forbidden_in_value, is_token, split_field_line};
use std::sync::Arc;

/// Field lines, each ending in CRLF.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldLines {
    /// Lines that many responses have in common, written once.
    shared: Option<Arc<[u8]>>,
    own: Vec<u8>,
}

impl FieldLines {
    /// Begins with shared lines, as [`FieldLines::share`] gives them.
    pub fn from_shared(lines: Arc<[u8]>) -> FieldLines {
        FieldLines { shared: Some(lines), own: Vec::new() }
    }

    /// All lines, to be used for several responses.
    pub fn share(&self) -> Arc<[u8]> {
        self.parts().concat().into()
    }

    /// Adds a field. No value can end its line early, wherever it comes from: a control character in it is replaced
    /// by a space (RFC 9110 section 5.5). Otherwise a file's name with a CRLF in it could add fields, or a whole
    /// second response.
    pub fn push(&mut self, name: &str, value: impl AsRef<[u8]>) {
        debug_assert!(is_token(name.as_bytes()), "{name:?} is no field name");
        let value = value.as_ref();
        let lines = &mut self.own;
        lines.reserve(name.len() + value.len() + 4);
        lines.extend_from_slice(name.as_bytes());
        lines.extend_from_slice(b": ");
        let value_starts = lines.len();
        lines.extend_from_slice(value);
        if first_control(value).is_some() {
            for byte in &mut lines[value_starts..] {
                if is_forbidden_in_value(*byte) {
                    *byte = b' ';
                }
            }
        }
        lines.extend_from_slice(b"\r\n");
    }

    /// Sets a field, in place of all fields of this name.
    pub fn replace(&mut self, name: &str, value: impl AsRef<[u8]>) {
        let is_other = |line: &&[u8]| {
            split_field_line(line.strip_suffix(b"\r\n").unwrap_or(line))
                .is_ok_and(|field| !field.name.eq_ignore_ascii_case(name.as_bytes()))
        };
        let lines = self.parts().into_iter().flat_map(|part| part.split_inclusive(|&byte| byte == b'\n'));
        self.own = lines.filter(is_other).collect::<Vec<_>>().concat();
        self.shared = None;
        self.push(name, value);
    }

    /// Adds a copy of shared lines, as [`FieldLines::share`] gives them.
    pub fn push_lines(&mut self, lines: &[u8]) {
        self.own.extend_from_slice(lines);
    }

    /// The value of the first field of this name, if it is UTF-8.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.parts()
            .into_iter()
            .flat_map(|part| part.split_inclusive(|&byte| byte == b'\n'))
            .filter_map(|line| split_field_line(line.strip_suffix(b"\r\n")?).ok())
            .find(|field| field.name.eq_ignore_ascii_case(name.as_bytes()))
            .and_then(|field| std::str::from_utf8(field.value).ok())
    }

    /// The lines as they go onto the wire, in two parts.
    pub fn parts(&self) -> [&[u8]; 2] {
        [self.shared.as_deref().unwrap_or_default(), &self.own]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_is_replaced_has_its_new_value_alone() {
        let mut headers = FieldLines::default();
        for name in ["A", "b", "B", "C"] {
            headers.push(name, "1");
        }
        headers.replace("B", "2");
        assert_eq!(headers.parts().concat(), b"A: 1\r\nC: 1\r\nB: 2\r\n");
    }

    #[test]
    fn a_field_among_the_shared_lines_is_replaced_too_and_the_shared_lines_stay_as_they_are() {
        let mut headers = FieldLines::default();
        headers.push("A", "1");
        headers.push("B", "1");
        let shared = headers.share();
        let mut headers = FieldLines::from_shared(Arc::clone(&shared));
        headers.push("C", "1");
        headers.replace("b", "2");
        assert_eq!(headers.parts().concat(), b"A: 1\r\nC: 1\r\nb: 2\r\n");
        assert_eq!(&*shared, b"A: 1\r\nB: 1\r\n");
    }

    #[test]
    fn no_value_can_end_its_line() {
        let mut headers = FieldLines::default();
        headers.push("Location", b"/a\r\nSet-Cookie: x\0\x7f\tb");
        assert_eq!(headers.parts().concat(), b"Location: /a  Set-Cookie: x  \tb\r\n");
    }
}
