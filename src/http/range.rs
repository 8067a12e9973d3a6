//! Range requests (RFC 9110 section 14): send me a part of it.
//!
//! ```text
//! Range: bytes=0-99          the first hundred bytes
//! Range: bytes=100-          from byte 100 to the end (a download that goes on)
//! Range: bytes=-100          the last hundred bytes
//! Range: bytes=0-0,-1        two parts at once: multipart/byteranges
//! ```
//!
//! Positions count from zero and both ends belong to the range. An end behind the file's is
//! clamped to it; so is a suffix longer than the file. A range that is malformed, of a unit that
//! we do not know, or greedy is *ignored* (the whole file is a right answer, section 14.2); one
//! that is well formed but wholly behind the end is 416.

use super::fields::trim;
use arrayvec::ArrayVec;
use std::ops::Range;

/// The most parts sent in one answer. A set that asks for more gets the whole file instead.
pub const MAX_PARTS: usize = 16;

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
    Satisfiable(ArrayVec<Range<u64>, MAX_PARTS>),
}

/// Evaluates the value of a Range field for a representation of `length` bytes.
pub fn evaluate(value: &[u8], length: u64) -> Ranges {
    let Some(set) = strip_unit(value) else { return Ranges::Ignore };
    let mut parts = ArrayVec::new();
    let mut specs = 0;
    let mut last_spec = &b""[..];
    // A list may have empty members (RFC 9110 section 5.6.1.2), which do not count.
    for spec in set.split(|&byte| byte == b',').map(trim).filter(|spec| !spec.is_empty()) {
        specs += 1;
        last_spec = spec;
        match parse_spec(spec, length) {
            None => return Ranges::Ignore,
            Some(range) if range.is_empty() => {}
            Some(range) => {
                if parts.try_push(range).is_err() {
                    return Ranges::Ignore;
                }
            }
        }
    }
    // "bytes=-5" of an empty file asks for all of it, and gets it (section 14.1.2).
    let asks_for_all_of_nothing =
        length == 0 && specs == 1 && last_spec.first() == Some(&b'-') && !is_zero(last_spec);
    match (specs, parts.is_empty()) {
        (0, _) => Ranges::Ignore,
        (_, true) if asks_for_all_of_nothing => Ranges::Ignore,
        (_, true) => Ranges::Unsatisfiable,
        (_, false) => Ranges::Satisfiable(without_overlaps(parts)),
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

/// Whether a suffix range asks for no bytes: `-0`.
fn is_zero(set: &[u8]) -> bool {
    !set.iter().any(|byte| (b'1'..=b'9').contains(byte))
}

/// The same bytes with no byte in two parts. Parts that are apart stay in the order in which they
/// were asked for; as soon as some overlap or nearly touch, all are sorted and those joined.
fn without_overlaps(parts: ArrayVec<Range<u64>, MAX_PARTS>) -> ArrayVec<Range<u64>, MAX_PARTS> {
    let mut sorted = parts.clone();
    sorted.sort_unstable_by_key(|part| part.start);
    let mut joined: ArrayVec<Range<u64>, MAX_PARTS> = ArrayVec::new();
    for part in sorted {
        match joined.last_mut() {
            Some(before) if part.start <= before.end.saturating_add(GAP_NOT_WORTH_A_PART) => {
                before.end = before.end.max(part.end);
            }
            _ => joined.push(part),
        }
    }
    if joined.len() == parts.len() { parts } else { joined }
}

/// The value of a Content-Range field: `bytes 0-99/1234` (RFC 9110 section 14.4).
pub fn content_range(part: &Range<u64>, length: u64) -> String {
    format!("bytes {}-{}/{length}", part.start, part.end - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(ranges: &Ranges) -> String {
        match ranges {
            Ranges::Ignore => "ignore".to_owned(),
            Ranges::Unsatisfiable => "416".to_owned(),
            Ranges::Satisfiable(parts) => {
                let parts: Vec<_> =
                    parts.iter().map(|part| format!("{}-{}", part.start, part.end - 1)).collect();
                parts.join(",")
            }
        }
    }

    #[test]
    fn ranges_of_a_file_of_1000_bytes() {
        let table = [
            ("bytes=0-0", "0-0"),
            ("bytes=0-1", "0-1"),
            ("bytes=0-499", "0-499"),
            ("bytes=500-", "500-999"),
            ("bytes=0-", "0-999"),
            ("bytes=999-", "999-999"),
            ("bytes=-1", "999-999"),
            ("bytes=-1000", "0-999"),
            ("bytes=-1001", "0-999"),
            ("bytes=0-1000", "0-999"),
            ("bytes=0-99999999999999999999999999", "0-999"),
            ("bytes=-99999999999999999999999999", "0-999"),
            ("BYTES=1-2", "1-2"),
            ("bytes= 1-2 , 500-501", "1-2,500-501"),
            ("bytes=,1-2,,", "1-2"),
            ("bytes=500-501,1-2", "500-501,1-2"),
            ("bytes=0-9,5-14", "0-14"),
            ("bytes=5-14,0-9,900-", "0-14,900-999"),
            ("bytes=0-9,10-19", "0-19"),
            ("bytes=0-9,90-99", "0-99"),
            ("bytes=0-9,91-99", "0-9,91-99"),
            ("bytes=0-,0-,0-,0-", "0-999"),
            ("bytes=1000-,0-0", "0-0"),
            ("bytes=1000-", "416"),
            ("bytes=1000-2000", "416"),
            ("bytes=99999999999999999999999999-", "416"),
            ("bytes=-0", "416"),
            ("bytes=1000-,-0", "416"),
            ("bytes=", "ignore"),
            ("bytes=,", "ignore"),
            ("bytes", "ignore"),
            ("bytes=-", "ignore"),
            ("bytes=5-3", "ignore"),
            ("bytes=0-1,5-3", "ignore"),
            ("bytes=a-b", "ignore"),
            ("bytes=1-2x", "ignore"),
            ("bytes=+1-2", "ignore"),
            ("bytes=1--2", "ignore"),
            ("bytes=1 - 2", "ignore"),
            ("bytes =1-2", "ignore"),
            ("bytes:1-2", "ignore"),
            ("items=0-5", "ignore"),
            ("", "ignore"),
        ];
        for (value, expected) in table {
            assert_eq!(shown(&evaluate(value.as_bytes(), 1000)), expected, "{value}");
        }
    }

    #[test]
    fn ranges_of_an_empty_file() {
        for (value, expected) in
            [("bytes=0-", "416"), ("bytes=0-0", "416"), ("bytes=-5", "ignore"), ("bytes=-0", "416")]
        {
            assert_eq!(shown(&evaluate(value.as_bytes(), 0)), expected, "{value}");
        }
    }

    #[test]
    fn more_parts_than_the_limit_are_ignored() {
        let set = |count: u64| {
            let specs: Vec<_> = (0..count).map(|n| format!("{}-{}", n * 1000, n * 1000)).collect();
            format!("bytes={}", specs.join(","))
        };
        assert!(
            matches!(evaluate(set(16).as_bytes(), 1 << 20), Ranges::Satisfiable(parts) if parts.len() == 16)
        );
        assert_eq!(evaluate(set(17).as_bytes(), 1 << 20), Ranges::Ignore);
    }

    #[test]
    fn content_range_counts_from_zero_and_includes_both_ends() {
        assert_eq!(content_range(&(0..100), 1234), "bytes 0-99/1234");
    }

    proptest! {
        #[test]
        fn parts_never_overlap_nor_leave_the_file(value in "bytes=([0-9]{0,3}-[0-9]{0,3},?){0,20}", length in 0u64..500) {
            if let Ranges::Satisfiable(parts) = evaluate(value.as_bytes(), length) {
                prop_assert!(!parts.is_empty());
                let mut sorted = parts.clone();
                sorted.sort_unstable_by_key(|part| part.start);
                prop_assert!(sorted.iter().all(|part| part.start < part.end && part.end <= length));
                prop_assert!(sorted.windows(2).all(|pair| pair[0].end <= pair[1].start));
            }
        }

        #[test]
        fn any_value_is_answered_without_panic(value in proptest::collection::vec(any::<u8>(), 0..60), length: u64) {
            let _ = evaluate(&value, length);
        }
    }
}
