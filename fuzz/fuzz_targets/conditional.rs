//! Preconditions: no fields lead to a panic, and well-formed ones are evaluated as RFC 9110 section 13.2.2
//! says.

#![no_main]

use glasshttp::http::Request;
use glasshttp::http::conditional::{History, LastModified, Outcome, Validators, evaluate, if_range};
use libfuzzer_sys::fuzz_target;

/// A second before the last change of the file, its time, and a second after it.
const DATES: [(u64, &str); 3] = [
    (784_111_776, "Sun, 06 Nov 1994 08:49:36 GMT"),
    (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
    (784_111_778, "Sunday, 06-Nov-94 08:49:38 GMT"),
];
const LAST_MODIFIED: u64 = DATES[1].0;
const TAGS: [&str; 5] = ["\"a\"", "W/\"a\"", "\"b\"", "\"\"", "W/\",\""];
const CURRENT: [&str; 2] = ["\"a\"", "W/\"a\""];
const SEPARATORS: [&str; 4] = [",", ", ", " ,\t", ",,  ,"];

fuzz_target!(|input: &[u8]| {
    let Some((first, rest)) = input.split_first() else { return };
    // The input is either field lines, or it chooses well-formed ones.
    if first.is_ascii_graphic() {
        with_fields(input, |request, current| {
            let _ = (evaluate(&request.fields, current, true), if_range(&request.fields, current));
        });
    } else {
        let chosen = Chosen::new(*first, rest);
        with_fields(chosen.lines().as_bytes(), |request, current| {
            assert_eq!(
                evaluate(&request.fields, current, true),
                chosen.outcome(current),
                "{}",
                chosen.lines()
            );
        });
    }
});

fn with_fields(lines: &[u8], check: impl Fn(&Request<'_>, &Validators<'_>)) {
    let head = [b"GET / HTTP/1.1\r\nHost: a\r\n", lines, b"\r\n\r\n"].concat();
    let Ok(request) = Request::parse(&head) else { return };
    let date = LastModified { seconds: LAST_MODIFIED, is_the_systems: true, history: &LongAgo };
    for etag in CURRENT {
        check(
            &request,
            &Validators { etag, is_ambiguous: false, young_tag: None, last_modified: Some(date) },
        );
    }
}

/// A history in which each date has named one version of the file and no other.
struct LongAgo;

impl History for LongAgo {
    fn is_over(&self, _: u64) -> bool {
        true
    }

    fn named_another(&self, _: u64) -> bool {
        false
    }
}

/// The value of If-Match or If-None-Match.
enum Tags {
    Absent,
    Any,
    /// The index of each tag in [`TAGS`], with that of the separator before it in [`SEPARATORS`].
    List(Vec<(usize, usize)>),
}

/// Well-formed preconditions, as the input chooses them.
struct Chosen {
    if_match: Tags,
    if_none_match: Tags,
    /// Indices in [`DATES`].
    if_unmodified_since: Option<usize>,
    if_modified_since: Option<usize>,
}

impl Chosen {
    fn new(kinds: u8, bytes: &[u8]) -> Chosen {
        let (first, second) = bytes.split_at(bytes.len() / 2);
        let list = |kind: u8, bytes: &[u8]| match kind % 4 {
            0 => Tags::Absent,
            1 => Tags::Any,
            _ => Tags::List(
                bytes.iter().map(|byte| (usize::from(byte % 5), usize::from(byte / 5 % 4))).collect(),
            ),
        };
        let date = |byte: Option<&u8>| byte.map(|byte| usize::from(byte % 4)).filter(|&number| number < 3);
        Chosen {
            if_match: list(kinds, first),
            if_none_match: list(kinds >> 2, second),
            if_unmodified_since: date(first.last()),
            if_modified_since: date(second.last()),
        }
    }

    fn lines(&self) -> String {
        let mut lines = Vec::new();
        for (name, tags) in [("If-Match", &self.if_match), ("If-None-Match", &self.if_none_match)] {
            match tags {
                Tags::Absent => {}
                Tags::Any => lines.push(format!("{name}: *")),
                Tags::List(list) => {
                    let members = list
                        .iter()
                        .map(|&(tag, separator)| format!("{}{}", SEPARATORS[separator], TAGS[tag]));
                    lines.push(format!("{name}: {}", members.collect::<String>()));
                }
            }
        }
        let dates = [
            ("If-Unmodified-Since", self.if_unmodified_since),
            ("If-Modified-Since", self.if_modified_since),
        ];
        for (name, date) in dates {
            lines.extend(date.map(|number| format!("{name}: {}", DATES[number].1)));
        }
        lines.join("\r\n")
    }

    /// The result by RFC 9110 section 13.2.2, step by step.
    fn outcome(&self, current: &Validators<'_>) -> Outcome {
        let is_weak = current.etag.starts_with('W');
        let opaque = |tag: &str| tag.trim_start_matches("W/").to_owned();
        let any = |list: &[(usize, usize)], matches: &dyn Fn(&str) -> bool| {
            list.iter().any(|&(tag, _)| matches(TAGS[tag]))
        };
        let may_go_on = match &self.if_match {
            Tags::Absent => self.if_unmodified_since.is_none_or(|number| LAST_MODIFIED <= DATES[number].0),
            Tags::Any => true,
            Tags::List(list) => any(list, &|tag| !is_weak && tag == current.etag),
        };
        let is_known = match &self.if_none_match {
            // A weak tag stands for a file that may change again within the same second, which its date
            // cannot validate. For other files, only the exact date of the last change counts.
            Tags::Absent => {
                !is_weak && self.if_modified_since.is_some_and(|number| LAST_MODIFIED == DATES[number].0)
            }
            Tags::Any => true,
            Tags::List(list) => any(list, &|tag| opaque(tag) == opaque(current.etag)),
        };
        match (may_go_on, is_known) {
            (false, _) => Outcome::Failed,
            (true, true) => Outcome::NotModified,
            (true, false) => Outcome::Proceed,
        }
    }
}
