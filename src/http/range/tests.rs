//! Range fields in, ranges out: tables, and properties that hold for any of them.

use super::*;
use proptest::prelude::*;

fn shown(ranges: &Ranges) -> String {
    match ranges {
        Ranges::Ignore => "ignore".to_owned(),
        Ranges::Unsatisfiable => "416".to_owned(),
        Ranges::Satisfiable(parts) => {
            let parts: Vec<_> = parts.iter().map(|part| format!("{}-{}", part.start, part.end - 1)).collect();
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
fn a_range_of_an_empty_file_is_ignored() {
    for value in ["bytes=0-", "bytes=0-0", "bytes=-5", "bytes=-0", "bytes=5-9,-1", "bytes=7-"] {
        assert_eq!(evaluate(value.as_bytes(), 0), Ranges::Ignore, "{value}");
    }
}

/// A set of so many ranges of `length` bytes, each so far behind the one before, or before it.
fn set(count: u64, step: i64, length: u64) -> String {
    let starts: Vec<u64> = (0..count).map(|n| n * step.unsigned_abs()).collect();
    let specs = starts.iter().map(|start| format!("{start}-{}", start + length - 1));
    let specs: Vec<_> = if step < 0 { specs.rev().collect() } else { specs.collect() };
    format!("bytes={}", specs.join(","))
}

#[test]
fn a_set_is_joined_first_and_counted_then() {
    const LENGTH: u64 = 1 << 30;
    let one_overlap = format!("{},19950-20000", set(3, 10_000, 100).replace("20000-20099", "19900-19999"));
    let table = [
        ("ascending and apart", set(17, 10_000, 100), Some(17)),
        ("as many as a head holds", set(3000, 200, 100), Some(3000)),
        ("touching", set(17, 100, 100), Some(1)),
        ("gaps that are not worth a part", set(500, 180, 100), Some(1)),
        ("descending and touching", set(500, -100, 100), Some(1)),
        ("a few in descending order", set(16, -10_000, 100), Some(16)),
        ("many in descending order", set(17, -10_000, 100), None),
        ("a few that overlap", set(16, 50, 100), Some(1)),
        ("many that overlap", set(17, 50, 100), None),
        ("the same again and again", format!("bytes={}", vec!["0-"; 17].join(",")), None),
        ("two that overlap", one_overlap, Some(3)),
        ("two that overlap among many", format!("{},160050-160199", set(17, 10_000, 100)), Some(17)),
        ("many behind the end", format!("bytes=0-0,{}", vec!["9999999999-"; 17].join(",")), Some(1)),
    ];
    for (name, value, expected) in table {
        let parts = match evaluate(value.as_bytes(), LENGTH) {
            Ranges::Satisfiable(parts) => Some(parts.len()),
            _ => None,
        };
        assert_eq!(parts, expected, "{name}: {}", &value[..value.len().min(100)]);
    }
}

#[test]
fn content_range_counts_from_zero_and_includes_both_ends() {
    assert_eq!(&*content_range(&(0..100), 1234), "bytes 0-99/1234");
}

proptest! {
    #[test]
    fn parts_never_overlap_nor_leave_the_file(value in "bytes=([0-9]{0,3}-[0-9]{0,3},?){0,30}", length in 0u64..500) {
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
