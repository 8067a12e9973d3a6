//! 3xx: another address, or the copy that the client has.

use super::facts::{Facts, Step};
use super::row::{Row, always};

pub(super) const ROWS: &[Row] = &[
    Row::new(
        "your copy, by tag",
        Step("precondition", "fails"),
        |facts| is_of(facts, 304, "If-None-Match"),
        "304: your copy has this tag, {<etag}",
    ),
    Row::new(
        "your copy, by date",
        Step("precondition", "fails"),
        |facts| is_of(facts, 304, "If-Modified-Since"),
        "304: your copy has this date, {<last-modified}",
    ),
    Row::new(
        "folder without slash",
        Step("slash", "folder"),
        always,
        "{status}: `{path}` is a folder, whose address ends with a slash: `{<location}`",
    ),
    Row::new(
        "page with slash",
        Step("slash", "page"),
        always,
        "{status}: with `--clean-urls` the page at `{path}` has no slash at its end: `{<location}`",
    ),
    Row::new(
        "to https",
        Step("https", ""),
        always,
        "{status}: http came to a port that speaks https: `{<location}`",
    ),
    Row::new(
        "form from a browser",
        Step("upload", "form"),
        |facts| facts.status() == 303,
        "303: the form is whole, {received}; files that came with it: {value}; the browser goes back to the folder",
    ),
    Row::without_step(
        "another address",
        |facts| (300..400).contains(&facts.status()) && facts.answered("location").is_some(),
        "{status}: the address is `{<location}`",
    ),
];

/// Whether it has this status because of this precondition.
pub(super) fn is_of(facts: &Facts<'_>, status: u16, precondition: &str) -> bool {
    facts.status() == status && facts.value_of("precondition", "fails") == Some(precondition)
}
