//! What comes back, beside what was expected.

use crate::notation::{Line, Part};
use std::time::{Duration, SystemTime};

/// What placeholders stand for, so far.
#[derive(Debug, Default, Clone)]
pub(crate) struct Known {
    etags: [Option<Vec<u8>>; 4],
    /// Of the current answer.
    boundary: Option<Vec<u8>>,
    /// The Content-Length of the current answer.
    length: usize,
}

/// How what came compares with what was expected.
pub(crate) enum Comparison {
    /// It begins with that; so long it was.
    Same(usize),
    /// As far as it goes it is the same.
    Shorter,
    /// It is something else.
    Other,
}

impl Known {
    /// What to send.
    pub(crate) fn fill_in(&self, lines: &[Line]) -> Result<Vec<u8>, String> {
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
    pub(crate) fn compare(&mut self, parts: &[Part], bytes: &[u8]) -> Comparison {
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
