//! Answers that were not sent to their end, and those that have none.

use super::row::Row;

pub(super) const ROWS: &[Row] = &[
    Row::without_step(
        "events",
        |facts| facts.answered("content-type") == Some(b"text/event-stream"),
        "{status}: a page has listened for changes, until it was closed",
    ),
    Row::without_step(
        "given up",
        |facts| facts.exchange().given_up.is_some(),
        "Broken off by the server after {sent}: {given up}",
    ),
    Row::without_step(
        "gone before",
        |facts| !facts.exchange().complete && facts.exchange().body_sent == 0,
        "The client was gone before it had the answer, {status}",
    ),
    Row::without_step(
        "broken off, length unknown",
        |facts| !facts.exchange().complete && facts.answered("content-length").is_none(),
        "Broken off by the client after {sent} of an answer whose length nobody knew",
    ),
    Row::without_step(
        "broken off",
        |facts| !facts.exchange().complete,
        "Broken off by the client after {sent} of {length}",
    ),
];
