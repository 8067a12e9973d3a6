//! What a browser keeps from pages of other origins (CORS, the Fetch standard, section 3.3). To a page it is a failure
//! without a reason; the server can tell.

use super::facts::{Facts, Step};
use super::row::{Row, always};

pub(super) const ROWS: &[Row] = &[
    Row::new(
        "another site may not",
        Step("refused", "another site"),
        always,
        "{status}: {why}; no option allows that, so do it from a page of this server",
    ),
    Row::new(
        "preflight, CORS off",
        Step("cors", "off"),
        is_preflight,
        "Blocked by the browser: it asks whether the page of {origin} may send {>access-control-request-method}, and \
         nothing says yes; start with `{cors}`",
    ),
    Row::new(
        "preflight, others allowed",
        Step("cors", "others"),
        is_preflight,
        "Blocked by the browser: it asks whether the page of {origin} may send {>access-control-request-method}, and \
         `--cors` names others only; add `{cors}`",
    ),
    Row::new(
        "preflight, refused",
        Step("refused", ""),
        |facts| facts.is_preflight() && is_blocked(facts),
        "Blocked by the browser: it asks whether the page of {origin} may send {>access-control-request-method}, and \
         got {status}: {why}",
    ),
    Row::new(
        "preflight, PUT not allowed",
        Step("preflight", ""),
        |facts| wants_put(facts) && !facts.allows_method(),
        "Blocked by the browser: the page of {origin} may not send PUT, since uploads are off; `--upload` turns them \
         on, though for pages of this server only",
    ),
    Row::new(
        "preflight, method not allowed",
        Step("preflight", ""),
        |facts| facts.is_preflight() && !facts.allows_method(),
        "Blocked by the browser: the page of {origin} may send {<access-control-allow-methods} here, but not \
         {>access-control-request-method}",
    ),
    Row::new(
        "preflight, allowed",
        Step("preflight", ""),
        is_preflight,
        "{status} to a preflight: the page of {origin} may send its {>access-control-request-method}, which comes \
         next",
    ),
    Row::new(
        "cookies for everybody",
        Step("cors", "cookies"),
        always,
        "Blocked by the browser: the page of {origin} sent cookies along, and `--cors` for everybody does not allow \
         that; start with `{cors}`",
    ),
    Row::new(
        "CORS off, near name",
        Step("cors", "off"),
        |facts| facts.has("near name", ""),
        "Blocked by the browser: the page of {origin} may not read this {status} (`/{near}` is there, `{path}` was \
         asked for); start with `{cors}`",
    ),
    Row::new(
        "CORS off, refused",
        Step("cors", "off"),
        |facts| facts.has("refused", ""),
        "Blocked by the browser: the page of {origin} may not read this {status} ({why}); start with `{cors}`",
    ),
    Row::new(
        "CORS off",
        Step("cors", "off"),
        always,
        "Blocked by the browser: the page of {origin} may not read this; start with `{cors}`",
    ),
    Row::new(
        "CORS for others",
        Step("cors", "others"),
        always,
        "Blocked by the browser: the page of {origin} may not read this {status}, since `--cors` names others only; \
         add `{cors}`",
    ),
    Row::new(
        "refused before CORS",
        Step("refused", ""),
        is_blocked,
        "Blocked by the browser: the page of {origin} may not read this {status} ({why}), whatever `--cors` says",
    ),
];

fn is_preflight(facts: &Facts<'_>) -> bool {
    facts.is_preflight()
}

fn is_blocked(facts: &Facts<'_>) -> bool {
    facts.is_blocked()
}

fn wants_put(facts: &Facts<'_>) -> bool {
    facts.is_preflight() && facts.asked("access-control-request-method") == Some(b"PUT")
}
