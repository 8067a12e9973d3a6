//! Range requests (RFC 9110 section 14): send me a part of it.
//!
//! ```text
//! Range: bytes=0-99          the first hundred bytes
//! Range: bytes=100-          from byte 100 to the end (a download that goes on)
//! Range: bytes=-100          the last hundred bytes
//! Range: bytes=0-0,-1        two parts at once: multipart/byteranges
//! ```
//!
//! Positions count from zero and both ends belong to the range. An end behind that of the file is clamped to it; so is
//! a suffix that is longer than the file. A Range field that is malformed, has an unknown unit or is a disorderly set
//! is *ignored* (the whole file is a right answer, section 14.2); a range that is well-formed but wholly behind the
//! end leads to 416.
//!
//! The ranges of a set are joined first and counted then. A set in ascending order may have as many parts as a
//! request's head can hold: a tool that has an old version of a file and fetches what is new in it (zsync) sends such
//! a set. No client needs many parts in another order, or many that overlap (section 14.2 says so, and section 17.15
//! why): of those a few are accepted.

use super::fields::trim;
use arrayvec::ArrayString;
use std::ops::Range;

/// The most parts of a set that is not in ascending order, and the most ranges of one in which more
/// than two overlap. A set that asks for more gets the whole file instead.
pub const MAX_IN_DISORDER: usize = 16;

/// Two ranges with a gap of at most this become one: the head of a part of a multipart answer
/// would be longer than the gap (RFC 9110 section 15.3.7.2).
const GAP_NOT_WORTH_A_PART: u64 = 80;

/// What a Range field comes to for a representation of a certain length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ranges {
    /// Answer as if there were no Range field.
    Ignore,
    /// 416: nothing in the set lies inside the representation.
    Unsatisfiable,
    /// 206 with these parts, one at least, none empty, no byte in two of them. End exclusive.
    Satisfiable(Vec<Range<u64>>),
}

/// Evaluates the value of a Range field for a representation of `length` bytes.
pub fn evaluate(value: &[u8], length: u64) -> Ranges {
    let Some(set) = strip_unit(value) else { return Ranges::Ignore };
    let mut asked = Vec::new();
    let mut specs = 0;
    // A list may have empty members (RFC 9110 section 5.6.1.2), which do not count.
    for spec in set.split(|&byte| byte == b',').map(trim).filter(|spec| !spec.is_empty()) {
        specs += 1;
        match parse_spec(spec, length) {
            None => return Ranges::Ignore,
            Some(range) if range.is_empty() => {}
            Some(range) => asked.push(range),
        }
    }
    match (specs, asked.is_empty()) {
        (0, _) => Ranges::Ignore,
        // Whatever is asked for of nothing, the whole is all of it. Section 14.2 lets a server ignore
        // any Range field, and to who reads a file from its start to its end in parts an error would
        // say that the file cannot be read. That goes for "-0", too: the last no bytes are the whole.
        (_, true) if length == 0 => Ranges::Ignore,
        (_, true) => Ranges::Unsatisfiable,
        (_, false) => join(asked).map_or(Ranges::Ignore, Ranges::Satisfiable),
    }
}

/// What follows `bytes=`; the unit's name has no case (section 14.1).
fn strip_unit(value: &[u8]) -> Option<&[u8]> {
    let (unit, set) = value.split_at_checked(b"bytes=".len())?;
    unit.eq_ignore_ascii_case(b"bytes=").then_some(set)
}

/// One range of a set, clamped to the length; empty if it cannot be satisfied, `None` if it is
/// malformed.
fn parse_spec(spec: &[u8], length: u64) -> Option<Range<u64>> {
    let dash = memchr::memchr(b'-', spec)?;
    let (first, last) = (&spec[..dash], &spec[dash + 1..]);
    if first.is_empty() {
        let suffix = parse_position(last)?;
        return Some(length.saturating_sub(suffix)..length);
    }
    let first = parse_position(first)?;
    if last.is_empty() {
        return Some(first.min(length)..length);
    }
    let last = parse_position(last)?;
    // "5-3" is invalid, and an invalid member makes the whole set invalid (section 14.1.1).
    (first <= last).then(|| first.min(length)..last.saturating_add(1).min(length))
}

/// Digits only. More than fit are a position behind every file, not an error.
fn parse_position(digits: &[u8]) -> Option<u64> {
    let all_digits = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    let value = |digit: &u8| u64::from(digit - b'0');
    all_digits
        .then(|| digits.iter().fold(0u64, |sum, digit| sum.saturating_mul(10).saturating_add(value(digit))))
}

/// The same bytes with no byte in two parts; `None` if that is not worth it. Parts that are apart stay
/// in the order in which they were asked for; as soon as some overlap or nearly touch, all are sorted
/// and those joined.
fn join(asked: Vec<Range<u64>>) -> Option<Vec<Range<u64>>> {
    let is_ascending = asked.is_sorted_by_key(|part| part.start);
    let mut sorted = asked.clone();
    if !is_ascending {
        sorted.sort_unstable_by_key(|part| part.start);
    }
    let mut joined: Vec<Range<u64>> = Vec::with_capacity(sorted.len());
    let mut overlaps = 0;
    for part in sorted {
        match joined.last_mut() {
            Some(before) if part.start <= before.end.saturating_add(GAP_NOT_WORTH_A_PART) => {
                overlaps += usize::from(part.start < before.end);
                before.end = before.end.max(part.end);
            }
            _ => joined.push(part),
        }
    }
    // Section 14.2 speaks of more than two ranges that overlap: one that begins in another is two.
    let is_too_much =
        (overlaps > 1 && asked.len() > MAX_IN_DISORDER) || (!is_ascending && joined.len() > MAX_IN_DISORDER);
    if is_too_much {
        return None;
    }
    Some(if joined.len() == asked.len() { asked } else { joined })
}

/// The value of a Content-Range field: `bytes 0-99/1234` (RFC 9110 section 14.4).
pub fn content_range(part: &Range<u64>, length: u64) -> ArrayString<70> {
    let mut value = ArrayString::new();
    let pieces = [("bytes ", part.start), ("-", part.end - 1), ("/", length)];
    for (before, number) in pieces {
        for text in [before, itoa::Buffer::new().format(number)] {
            value.push_str(text);
        }
    }
    value
}

#[cfg(test)]
mod tests;
