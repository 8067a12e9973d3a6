//! 5xx: what the server cannot do, and the last row, which always fits.

use super::facts::Step;
use super::row::{Row, always};

pub(super) const ROWS: &[Row] = &[
    Row::new(
        "failure",
        Step("refused", ""),
        |facts| facts.status() == 500,
        "500: {why}; the mistake is on the server's side, not in the request",
    ),
    Row::new(
        "coding of the transfer",
        Step("refused", ""),
        |facts| facts.status() == 501 && facts.is_refused_in("http/framing.rs"),
        "501: {why}, and this body comes as {>transfer-encoding}",
    ),
    Row::new(
        "unknown method",
        Step("refused", ""),
        |facts| facts.status() == 501,
        "501: {method} is a method that this server does not know",
    ),
    Row::new(
        "no descriptors",
        Step("refused", "descriptors"),
        always,
        "503: the server has as many files open as the system lets it have (`ulimit -n`)",
    ),
    Row::new(
        "too much at once",
        Step("refused", ""),
        |facts| facts.status() == 503,
        "503: {why}; Retry-After says when",
    ),
    Row::new(
        "version",
        Step("refused", ""),
        |facts| facts.status() == 505,
        "505: {why}, and what came is another",
    ),
    Row::new(
        "no room",
        Step("refused", ""),
        |facts| facts.status() == 507,
        "507: {why}; nothing of it was kept",
    ),
    ANYTHING,
];

/// The last row.
pub(super) const ANYTHING: Row = Row::without_step("anything", always, "{status} {phrase}");
