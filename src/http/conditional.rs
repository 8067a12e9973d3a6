//! Preconditions (RFC 9110 section 13): do it only if the representation is (not) the version that I know.
//!
//! A *validator* tells one version of a representation from another: an entity tag (`ETag`), which
//! is opaque, or the time of its last change. A client that kept a copy sends the validator back:
//!
//! ```text
//! If-None-Match: "18f-2a"      send it unless it is still this one: else 304, a few bytes
//! If-Modified-Since: <date>    the same by date, for clients without the tag
//! If-Match: "18f-2a"           go on only if it is still this one: else 412
//! If-Unmodified-Since: <date>  the same by date
//! If-Range: "18f-2a"           the part if it is still this one, else the whole
//! ```
//!
//! There is one function for each precondition, with one of three results; [`evaluate`] asks them in the order of
//! section 13.2.2. In the plain case, a request without any of these fields, all of them say that the field is absent.

use super::date;
use super::fields::{Fields, first_control, trim};
use crate::base::trace::{self, Rfc, show};

/// What the representation is now, to compare with what the client knows.
#[derive(Clone, Copy)]
pub struct Validators<'a> {
    /// The entity tag as it is sent: `"abc"`, or `W/"abc"` if it is weak, that is, if the bytes may change and the tag
    /// stay the same.
    pub etag: &'a str,
    /// Whether another version may have that tag, too: then a client that sends it may have either version.
    pub is_ambiguous: bool,
    /// The weak tag that these very bytes had earlier, when the file was young.
    pub young_tag: Option<&'a str>,
    /// Its date, if it has one.
    pub last_modified: Option<LastModified<'a>>,
}

/// A date as a validator. It is the weaker of the two: it counts whole seconds, and a program that writes a file can
/// set any date, so that two versions may have the same.
#[derive(Clone, Copy)]
pub struct LastModified<'a> {
    /// In seconds since 1970, as Last-Modified says it.
    pub seconds: u64,
    /// Whether it is the time at which the system noted the last change, and not one that a program has set.
    pub is_the_systems: bool,
    /// What else is known about dates.
    pub history: &'a dyn History,
}

/// What is known about the dates of a representation. It is asked only where a date is compared.
pub trait History {
    /// Whether that second is over: no change from now on gets the same date unless a program sets it.
    fn is_over(&self, date: u64) -> bool;

    /// Whether this date is known to have named another version.
    fn named_another(&self, date: u64) -> bool;
}

impl Validators<'_> {
    /// Whether the file cannot change any more without one of its validators showing it: its tag is
    /// weak just as long as it could.
    fn is_settled(&self) -> bool {
        !self.etag.starts_with("W/")
    }

    /// Whether a date names this version. It must be exactly the same: an earlier version may be restored with its
    /// earlier date, and a client with the later version must get it (nginx compares so, too).
    fn is_of(&self, date: u64) -> bool {
        self.is_settled()
            && self.last_modified.is_some_and(|own| {
                own.seconds == date && own.history.is_over(date) && !own.history.named_another(date)
            })
    }
}

/// The outcome of the preconditions of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The request is answered as if there were none.
    Proceed,
    /// 304: the client's copy is good.
    NotModified,
    /// 412: it is not the version that the client means.
    Failed,
}

/// The result of a single precondition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Condition {
    /// The field is absent, or does not count.
    Absent,
    True,
    False,
}

/// Evaluates the preconditions in the order of RFC 9110 section 13.2.2. If the client has this version already, a GET
/// or HEAD (`reads`) gets 304, and any other method 412; If-Modified-Since counts for GET and HEAD alone.
pub fn evaluate(fields: &Fields<'_>, current: &Validators<'_>, reads: bool) -> Outcome {
    // Steps 1 and 2: a date counts only where there is no tag.
    let unchanged = match if_match(fields, current) {
        Condition::Absent => if_unmodified_since(fields, current),
        decided => {
            passed_over(fields, "If-Unmodified-Since", "If-Match");
            decided
        }
    };
    if unchanged == Condition::False {
        return Outcome::Failed;
    }
    // Steps 3 and 4, likewise.
    let changed = match if_none_match(fields, current, reads) {
        Condition::Absent if reads => if_modified_since(fields, current),
        Condition::Absent => Condition::Absent,
        decided => {
            passed_over(fields, "If-Modified-Since", "If-None-Match");
            decided
        }
    };
    match changed {
        Condition::False if reads => Outcome::NotModified,
        Condition::False => Outcome::Failed,
        Condition::Absent | Condition::True => Outcome::Proceed,
    }
}

/// Step 5: whether a Range field counts. Without If-Range it does; with it, only if its validator matches by the strong
/// comparison, since parts of two versions do not fit together.
pub fn if_range(fields: &Fields<'_>, current: &Validators<'_>) -> bool {
    let Some(value) = fields.get("if-range") else { return true };
    let matches = if value.contains(&b'"') {
        matches!(next_tag(value), Some((tag, b"")) if tag.matches_strongly(current.etag))
    } else {
        // A date is a strong validator only if the server reliably knows that the file did not change twice within
        // that second (section 8.8.2.2). Of a date that a program has set it does not.
        current.last_modified.is_some_and(|own| own.is_the_systems)
            && date::parse(value).is_some_and(|date| current.is_of(date))
    };
    trace::decision("if-range", Rfc(9110, "13.1.5"), || {
        let value = show(value);
        if matches {
            ("holds", format!("If-Range {value} is this version: a part of it fits to what the client has"))
        } else {
            let why = "is not surely this version, so its parts would not fit: the whole file";
            ("fails", format!("If-Range {value} {why}"))
        }
    });
    matches
}

/// Section 13.1.1. Compares strongly.
fn if_match(fields: &Fields<'_>, current: &Validators<'_>) -> Condition {
    let condition = any_tag(fields, "if-match", |tag| tag.matches_strongly(current.etag));
    record(fields, "If-Match", Rfc(9110, "13.1.1"), condition, |is_true| {
        if is_true {
            format!("names this version, {}: go on", current.etag)
        } else {
            format!("does not surely name this version, {}: so 412", current.etag)
        }
    });
    condition
}

/// Section 13.1.2. Compares weakly, and is true if *none* matches.
fn if_none_match(fields: &Fields<'_>, current: &Validators<'_>, reads: bool) -> Condition {
    let is_ours = |tag: &Tag<'_>| {
        (tag.matches_weakly(current.etag) && !current.is_ambiguous)
            || current.young_tag.is_some_and(|young| tag.matches_weakly(young))
    };
    let condition = match any_tag(fields, "if-none-match", is_ours) {
        Condition::Absent => Condition::Absent,
        Condition::True => Condition::False,
        Condition::False => Condition::True,
    };
    record(fields, "If-None-Match", Rfc(9110, "13.1.2"), condition, |is_true| {
        if is_true {
            format!("is another version than ours, {}: go on", current.etag)
        } else if !reads {
            format!("names our version, {}: it must not be there, so 412", current.etag)
        } else {
            format!("names our version, {}: the client has these bytes already, so 304", current.etag)
        }
    });
    condition
}

/// Section 13.1.3. Unless the date surely names this version, the file is sent: one that may change again within the
/// second of its date counts as changed.
fn if_modified_since(fields: &Fields<'_>, current: &Validators<'_>) -> Condition {
    let condition = compare_date(fields, "if-modified-since", current, |_, since| !current.is_of(since));
    record(fields, "If-Modified-Since", Rfc(9110, "13.1.3"), condition, |is_true| {
        if is_true {
            "is not surely the date of this version, or the file may be changing still: send it".to_owned()
        } else {
            "is the date of this version: the client has these bytes already, so 304".to_owned()
        }
    });
    condition
}

/// Section 13.1.4.
fn if_unmodified_since(fields: &Fields<'_>, current: &Validators<'_>) -> Condition {
    let holds = |own: LastModified<'_>, since| own.seconds <= since && !own.history.named_another(since);
    let condition = compare_date(fields, "if-unmodified-since", current, holds);
    record(fields, "If-Unmodified-Since", Rfc(9110, "13.1.4"), condition, |is_true| {
        if is_true {
            "is not before the file's last change: go on".to_owned()
        } else {
            "is before the file's last change, or the date of another version: so 412".to_owned()
        }
    });
    condition
}

/// Records the result of a precondition, if the request has it.
#[track_caller]
fn record(
    fields: &Fields<'_>,
    name: &str,
    rule: Rfc,
    condition: Condition,
    meaning: impl Fn(bool) -> String,
) {
    let value = || show(fields.get(name).unwrap_or_default());
    match condition {
        Condition::Absent if fields.get(name).is_none() => {}
        Condition::Absent => {
            trace::decision("precondition", rule, || {
                let why = "does not count: it is not one valid date, or the file has none";
                ("ignored", format!("{name} {} {why}", value()), name.to_owned())
            });
        }
        decided => trace::decision("precondition", rule, || {
            let outcome = if decided == Condition::True { "holds" } else { "fails" };
            let text = format!("{name} {} {}", value(), meaning(decided == Condition::True));
            (outcome, text, name.to_owned())
        }),
    }
}

/// Records that a date does not count, if one was sent beside a tag.
#[track_caller]
fn passed_over(fields: &Fields<'_>, date: &str, tag: &str) {
    if fields.get(date).is_some() {
        trace::decision("precondition", Rfc(9110, "13.2.2"), || {
            ("passed over", format!("{date} does not count beside {tag}, which says it better"))
        });
    }
}

/// A field that is not one valid date is ignored, and so is one for a file that has no date (sections 13.1.3
/// and 13.1.4).
fn compare_date(
    fields: &Fields<'_>,
    name: &str,
    current: &Validators<'_>,
    holds: impl Fn(LastModified<'_>, u64) -> bool,
) -> Condition {
    match (current.last_modified, fields.get_single(name).and_then(date::parse)) {
        (None, _) | (_, None) => Condition::Absent,
        (Some(own), Some(since)) if holds(own, since) => Condition::True,
        _ => Condition::False,
    }
}

/// Whether a tag in a list matches; `*` matches any version. Reading ends at the first member that is no tag; those
/// before it count.
fn any_tag(fields: &Fields<'_>, name: &str, matches: impl Fn(&Tag<'_>) -> bool) -> Condition {
    let mut result = Condition::Absent;
    for value in fields.get_all(name) {
        result = Condition::False;
        if value == b"*" {
            return Condition::True;
        }
        let mut rest = value;
        while let Some((tag, behind)) = next_tag(rest) {
            if matches(&tag) {
                return Condition::True;
            }
            rest = behind;
        }
    }
    result
}

/// An entity tag as a client sent it.
#[derive(Debug, PartialEq, Eq)]
struct Tag<'a> {
    is_weak: bool,
    /// With its quotes.
    opaque: &'a [u8],
}

impl Tag<'_> {
    /// Section 8.8.3.2: both are the same, and neither is weak.
    fn matches_strongly(&self, current: &str) -> bool {
        !self.is_weak && self.opaque == current.as_bytes()
    }

    /// Section 8.8.3.2: both are the same, weak or not.
    fn matches_weakly(&self, current: &str) -> bool {
        self.opaque == current.strip_prefix("W/").unwrap_or(current).as_bytes()
    }
}

/// The first tag of a list, and the rest behind its comma. A tag is quoted and can contain a comma, so the list cannot
/// simply be split (section 8.8.3).
fn next_tag(list: &[u8]) -> Option<(Tag<'_>, &[u8])> {
    let list = trim_list_start(list);
    let (is_weak, quoted) = match list {
        [b'W', b'/', quoted @ ..] => (true, quoted),
        quoted => (false, quoted),
    };
    let inside = quoted.strip_prefix(b"\"")?;
    // etagc: neither a quote, nor a space, nor a control character.
    let ends = memchr::memchr2(b'"', b' ', inside).filter(|&ends| inside[ends] == b'"')?;
    if first_control(&inside[..ends]).is_some() {
        return None;
    }
    let (opaque, behind) = quoted.split_at(ends + 2);
    let behind = trim(behind);
    match behind {
        [] => Some((Tag { is_weak, opaque }, behind)),
        [b',', behind @ ..] => Some((Tag { is_weak, opaque }, behind)),
        _ => None,
    }
}

/// Without white space and empty members at the start.
fn trim_list_start(mut list: &[u8]) -> &[u8] {
    while let [b' ' | b'\t' | b',', rest @ ..] = list {
        list = rest;
    }
    list
}

#[cfg(test)]
mod tests;
