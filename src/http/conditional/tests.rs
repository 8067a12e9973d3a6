//! Preconditions in, outcomes out: a table for each rule of RFC 9110 section 13.

use super::*;
use crate::http::Request;
use proptest::prelude::*;

struct Is {
    over: bool,
    of_another: bool,
}

impl History for Is {
    fn is_over(&self, _: u64) -> bool {
        self.over
    }

    fn named_another(&self, _: u64) -> bool {
        self.of_another
    }
}

const DATE: LastModified<'_> = LastModified {
    seconds: 784_111_777,
    is_the_systems: true,
    history: &Is { over: true, of_another: false },
};
const STRONG: Validators<'_> =
    Validators { etag: "\"a\"", is_ambiguous: false, young_tag: None, last_modified: Some(DATE) };
const WEAK: Validators<'_> =
    Validators { etag: "W/\"a\"", is_ambiguous: false, young_tag: None, last_modified: Some(DATE) };
const SAME: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const EARLIER: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
const LATER: &str = "Sun, 06 Nov 1994 08:49:38 GMT";

fn with_fields<T>(lines: &str, test: impl Fn(&Fields<'_>) -> T) -> T {
    let lines = lines.replace("SAME", SAME).replace("EARLIER", EARLIER).replace("LATER", LATER);
    let head = format!("GET / HTTP/1.1\r\nHost: a\r\n{lines}\r\n\r\n");
    let head = head.replace("\r\n\r\n\r\n", "\r\n\r\n");
    test(&Request::parse(head.as_bytes()).expect("a good head").fields)
}

#[test]
fn preconditions_in_the_order_of_the_rfc() {
    use Outcome::{Failed, NotModified, Proceed};
    let table = [
        ("", Proceed, Proceed),
        ("If-None-Match: \"a\"", NotModified, NotModified),
        ("If-None-Match: W/\"a\"", NotModified, NotModified),
        ("If-None-Match: \"b\"", Proceed, Proceed),
        ("If-None-Match: *", NotModified, NotModified),
        ("If-None-Match: \"b\", \"a\"", NotModified, NotModified),
        ("If-None-Match: \"b\" ,, W/\"a\" ,", NotModified, NotModified),
        ("If-None-Match: \"b,\",\"a\"", NotModified, NotModified),
        ("If-None-Match: \"b\"\r\nIf-None-Match: \"a\"", NotModified, NotModified),
        ("If-None-Match: a", Proceed, Proceed),
        ("If-None-Match: \"a", Proceed, Proceed),
        ("If-None-Match: \"a\"x", Proceed, Proceed),
        ("If-None-Match: w/\"a\"", Proceed, Proceed),
        ("If-None-Match:", Proceed, Proceed),
        ("If-Modified-Since: SAME", NotModified, Proceed),
        // What was there later may have been taken back.
        ("If-Modified-Since: LATER", Proceed, Proceed),
        ("If-Modified-Since: EARLIER", Proceed, Proceed),
        ("If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT", NotModified, Proceed),
        ("If-Modified-Since: Sun Nov  6 08:49:37 1994", NotModified, Proceed),
        ("If-Modified-Since: yesterday", Proceed, Proceed),
        ("If-Modified-Since: SAME\r\nIf-Modified-Since: SAME", Proceed, Proceed),
        // The date does not count beside a tag, whether that matches or not.
        ("If-None-Match: \"b\"\r\nIf-Modified-Since: LATER", Proceed, Proceed),
        ("If-None-Match: \"a\"\r\nIf-Modified-Since: EARLIER", NotModified, NotModified),
        ("If-Match: \"a\"", Proceed, Failed),
        ("If-Match: W/\"a\"", Failed, Failed),
        ("If-Match: \"b\"", Failed, Failed),
        ("If-Match: \"b\", \"a\"", Proceed, Failed),
        ("If-Match: *", Proceed, Proceed),
        ("If-Match: nonsense", Failed, Failed),
        ("If-Unmodified-Since: SAME", Proceed, Proceed),
        ("If-Unmodified-Since: LATER", Proceed, Proceed),
        ("If-Unmodified-Since: EARLIER", Failed, Failed),
        ("If-Unmodified-Since: nonsense", Proceed, Proceed),
        ("If-Match: *\r\nIf-Unmodified-Since: EARLIER", Proceed, Proceed),
        ("If-Match: \"b\"\r\nIf-None-Match: \"a\"", Failed, Failed),
        ("If-Match: *\r\nIf-None-Match: \"a\"", NotModified, NotModified),
    ];
    for (lines, strong, weak) in table {
        assert_eq!(with_fields(lines, |fields| evaluate(fields, &STRONG, true)), strong, "{lines}");
        assert_eq!(with_fields(lines, |fields| evaluate(fields, &WEAK, true)), weak, "weak: {lines}");
    }
}

#[test]
fn if_range_takes_a_strong_match_only() {
    let table = [
        ("", true, true),
        ("If-Range: \"a\"", true, false),
        ("If-Range: W/\"a\"", false, false),
        ("If-Range: \"b\"", false, false),
        ("If-Range: \"a\", \"b\"", false, false),
        ("If-Range: SAME", true, false),
        ("If-Range: EARLIER", false, false),
        ("If-Range: LATER", false, false),
        ("If-Range: nonsense", false, false),
        ("If-Range: *", false, false),
    ];
    for (lines, strong, weak) in table {
        assert_eq!(with_fields(lines, |fields| if_range(fields, &STRONG)), strong, "{lines}");
        assert_eq!(with_fields(lines, |fields| if_range(fields, &WEAK)), weak, "weak: {lines}");
    }
}

#[test]
fn the_tag_of_a_young_file_is_good_for_the_same_bytes_and_only_to_save_sending_them() {
    use Outcome::{Failed, NotModified, Proceed};
    let grown = Validators { young_tag: Some("W/\"y\""), ..STRONG };
    let come_to = |lines: &str| with_fields(lines, |fields| evaluate(fields, &grown, true));
    assert_eq!(come_to("If-None-Match: W/\"y\""), NotModified);
    assert_eq!(come_to("If-None-Match: W/\"x\""), Proceed);
    assert_eq!(come_to("If-Match: W/\"y\""), Failed);
    assert!(!with_fields("If-Range: W/\"y\"", |fields| if_range(fields, &grown)));
    let ambiguous = Validators { is_ambiguous: true, ..WEAK };
    let come_to = |lines: &str| with_fields(lines, |fields| evaluate(fields, &ambiguous, true));
    assert_eq!(come_to("If-None-Match: W/\"a\""), Proceed);
    assert_eq!(come_to("If-None-Match: *"), NotModified);
}

#[test]
fn a_date_counts_only_where_it_surely_names_this_version() {
    use Outcome::{Failed, NotModified, Proceed};
    let (fresh, ambiguous) = (Is { over: false, of_another: false }, Is { over: true, of_another: true });
    let table = [
        ("as it should be", Some(DATE), NotModified, Proceed, true),
        ("the second is not over", Some(LastModified { history: &fresh, ..DATE }), Proceed, Proceed, false),
        (
            "set by a program",
            Some(LastModified { is_the_systems: false, ..DATE }),
            NotModified,
            Proceed,
            false,
        ),
        (
            "another version had it",
            Some(LastModified { history: &ambiguous, ..DATE }),
            Proceed,
            Failed,
            false,
        ),
        ("there is none", None, Proceed, Proceed, false),
    ];
    for (what, last_modified, modified, unmodified, range) in table {
        let current = Validators { etag: "\"a\"", is_ambiguous: false, young_tag: None, last_modified };
        let come_to = |lines: &str| with_fields(lines, |fields| evaluate(fields, &current, true));
        assert_eq!(come_to("If-Modified-Since: SAME"), modified, "{what}");
        assert_eq!(come_to("If-Unmodified-Since: SAME"), unmodified, "{what}");
        assert_eq!(with_fields("If-Range: SAME", |fields| if_range(fields, &current)), range, "{what}");
    }
}

/// Bytes that are likely to make a list of tags.
fn nearly_a_list() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![Just(b'"'), Just(b','), Just(b'W'), Just(b'/'), any::<u8>()];
    proptest::collection::vec(byte, 0..40)
}

proptest! {
    #[test]
    fn any_list_is_read_without_panic_or_endless_loop(list in nearly_a_list()) {
        let mut rest = &list[..];
        while let Some((_, behind)) = next_tag(rest) {
            prop_assert!(behind.len() < rest.len());
            rest = behind;
        }
    }
}
