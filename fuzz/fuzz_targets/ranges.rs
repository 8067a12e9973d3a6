//! The parts that are sent for a Range field lie within the file, do not overlap, and are those that were requested.

#![no_main]

use glasshttp::http::range::{MAX_IN_DISORDER, Ranges, content_range, evaluate};
use libfuzzer_sys::fuzz_target;
use std::ops::Range;

const LENGTHS: [u64; 10] = [0, 1, 2, 10, 99, 100, 1000, 1_000_000, u64::MAX - 1, u64::MAX];

/// Gaps between ranges up to this size may be sent as well.
const SMALL_GAP: u64 = 80;

// The first byte, modulo 10, chooses one of the lengths. The rest is the value of the field.
fuzz_target!(|input: &[u8]| {
    let Some((number, value)) = input.split_first() else { return };
    let length = LENGTHS[usize::from(number % 10)];
    let ranges = evaluate(value, length);
    if let Ranges::Satisfiable(parts) = &ranges {
        check_parts(parts, length);
    }
    check_against_reference(value, length, &ranges);
});

/// There is at least one part, none is empty, all lie within the file, and no byte is in two of them.
fn check_parts(parts: &[Range<u64>], length: u64) {
    assert!(!parts.is_empty());
    let mut sorted = parts.to_vec();
    sorted.sort_by_key(|part| part.start);
    assert!(sorted == parts || parts.len() <= MAX_IN_DISORDER);
    let mut before = 0;
    let mut total = 0;
    for part in &sorted {
        assert!(before <= part.start && part.start < part.end && part.end <= length);
        before = part.end;
        total += part.end - part.start;
        assert_eq!(*content_range(part, length), *format!("bytes {}-{}/{length}", part.start, part.end - 1));
    }
    assert!(total <= length);
}

/// What one range of a set selects.
enum Asked {
    Part(Range<u64>),
    /// The range is well formed and selects no byte of the file.
    Nothing,
}

/// Evaluates the field a second time by other means: text and large numbers instead of bytes and saturation.
fn check_against_reference(value: &[u8], length: u64, ranges: &Ranges) {
    let asked = std::str::from_utf8(value).ok().and_then(|text| read_set(text, u128::from(length)));
    let Some(asked) = asked.filter(|asked| !asked.is_empty()) else {
        return assert_eq!(*ranges, Ranges::Ignore);
    };
    let parts: Vec<_> = asked
        .iter()
        .filter_map(|asked| if let Asked::Part(part) = asked { Some(part) } else { None })
        .collect();
    match (&parts[..], ranges) {
        ([], _) if length == 0 => assert_eq!(*ranges, Ranges::Ignore),
        ([], _) => assert_eq!(*ranges, Ranges::Unsatisfiable),
        ([part], _) => assert_eq!(*ranges, Ranges::Satisfiable(vec![(*part).clone()])),
        (parts, Ranges::Satisfiable(sent)) => check_union(parts, sent),
        (parts, _) => assert!(*ranges == Ranges::Ignore && are_many_in_disorder(parts), "{ranges:?}"),
    }
}

/// Whether the ranges are too many to be sorted, and one begins before the end of the one before it.
fn are_many_in_disorder(parts: &[&Range<u64>]) -> bool {
    parts.len() > MAX_IN_DISORDER && parts.windows(2).any(|pair| pair[1].start < pair[0].end)
}

/// Everything that was requested is sent, and nothing else but small gaps.
fn check_union(asked: &[&Range<u64>], sent: &[Range<u64>]) {
    for part in asked {
        assert!(sent.iter().any(|sent| sent.start <= part.start && part.end <= sent.end));
    }
    for sent in sent {
        let mut inside: Vec<_> =
            asked.iter().filter(|part| sent.start <= part.start && part.end <= sent.end).collect();
        inside.sort_by_key(|part| part.start);
        assert_eq!(inside.first().map(|part| part.start), Some(sent.start));
        let mut covered = sent.start;
        for part in inside {
            assert!(part.start.saturating_sub(covered) <= SMALL_GAP);
            covered = covered.max(part.end);
        }
        assert_eq!(covered, sent.end);
    }
}

/// The set of ranges, if all of it is well formed.
fn read_set(value: &str, length: u128) -> Option<Vec<Asked>> {
    let (unit, set) = value.split_once('=')?;
    if !unit.eq_ignore_ascii_case("bytes") {
        return None;
    }
    let members = set.split(',').map(|spec| spec.trim_matches([' ', '\t'])).filter(|spec| !spec.is_empty());
    members.map(|spec| read_range(spec, length)).collect()
}

fn read_range(spec: &str, length: u128) -> Option<Asked> {
    let (first, last) = spec.split_once('-')?;
    let (start, end) = match (first, last) {
        ("", suffix) => {
            let suffix = read_number(suffix)?;
            (length.saturating_sub(suffix), length)
        }
        (first, "") => (read_number(first)?, length),
        (first, last) => {
            let (first, last) = (read_number(first)?, read_number(last)?);
            if last < first {
                return None;
            }
            (first, length.min(last + 1))
        }
    };
    let position = |position| u64::try_from(position).expect("it is within the file");
    Some(if start < end { Asked::Part(position(start)..position(end)) } else { Asked::Nothing })
}

const LARGEST: u128 = u64::MAX as u128;

/// A number in digits. One that does not fit into a position is replaced by the largest, which no file reaches.
fn read_number(digits: &str) -> Option<u128> {
    let is_number = !digits.is_empty() && digits.chars().all(|digit| digit.is_ascii_digit());
    is_number.then(|| digits.parse().map_or(LARGEST, |number: u128| number.min(LARGEST)))
}
