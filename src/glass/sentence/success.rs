//! 2xx. First what may surprise: the whole though a part was asked for, the file though the client had a copy.

use super::facts::{Facts, Step};
use super::row::Row;

pub(super) const ROWS: &[Row] = &[
    // ---- Uploads.
    Row::new("added", Step("upload", "added"), is_success, "201: `{name}` is here now, {received}"),
    Row::new("replaced", Step("upload", "replaced"), is_success, "204: `{name}` is replaced, by {received}"),
    Row::new(
        "form for programs",
        Step("upload", "form"),
        is_success,
        "{status}: the form is whole, {received}; files that came with it: {value}",
    ),
    // ---- Other methods than GET.
    Row::new("methods", Step("method", ""), is_success, "204: what can be asked here is {<allow}"),
    Row::without_step(
        "head",
        |facts| facts.is("HEAD") && facts.status() == 200 && facts.answered("content-length").is_some(),
        "200 to HEAD: the head alone; GET would bring {<content-length} bytes more",
    ),
    Row::without_step(
        "head of a stream",
        |facts| facts.is("HEAD") && facts.status() == 200,
        "200 to HEAD: the head alone; how long the body would be shows only when it is made",
    ),
    // ---- Parts.
    Row::new("part", Step("range", "part"), is_partial, "206: {<content-range} of `{name}`, as Range asks"),
    Row::new(
        "parts",
        Step("range", "parts"),
        is_partial,
        "206: several parts of `{name}` in one answer, as Range asks: `{>range}`",
    ),
    Row::new(
        "another version",
        Step("if-range", "fails"),
        is_ok,
        "200 and the whole though a part was asked for: If-Range names another version than this, {<etag}",
    ),
    Row::new(
        "range ignored",
        Step("range", "ignored"),
        is_ok,
        "200 and the whole though a part was asked for: `{>range}` is malformed, of another unit than bytes, or asks \
         for too many parts",
    ),
    Row::new(
        "parts too long",
        Step("range", "longer than the whole"),
        is_ok,
        "200 and the whole though parts were asked for: with their heads they would be longer than the whole",
    ),
    Row::new(
        "parts of what is coded",
        Step("range", "coded"),
        is_ok,
        "200 and the whole though parts were asked for: of what is coded as {<content-encoding}, several would not be \
         understood",
    ),
    Row::new(
        "page with script",
        Step("script", "no ranges"),
        |facts| is_ok(facts) && facts.asks_any(&["range"]),
        "200 and the whole though a part was asked for: `--reload` puts its script into this page, so it has no parts",
    ),
    Row::without_step(
        "no parts",
        |facts| is_ok(facts) && facts.asks_any(&["range"]) && facts.is("GET"),
        "200 and the whole though a part was asked for: this is made anew for each request, and has no parts",
    ),
    // ---- Copies.
    Row::new(
        "changed, by tag",
        Step("precondition", "holds"),
        |facts| is_ok(facts) && facts.value_of("precondition", "holds") == Some("If-None-Match"),
        "200 though the client has a copy: it is of another version, this one has the tag {<etag}",
    ),
    Row::new(
        "changed, by date",
        Step("precondition", "holds"),
        |facts| is_ok(facts) && facts.value_of("precondition", "holds") == Some("If-Modified-Since"),
        "200 though the client has a copy: it is not surely of this version, which is of {<last-modified}",
    ),
    Row::new(
        "date ignored",
        Step("precondition", "ignored"),
        is_ok,
        "200 though the client has a copy: its {value} is not one valid date",
    ),
    Row::without_step(
        "no validators",
        |facts| is_ok(facts) && facts.is_conditional() && facts.answered("etag").is_none(),
        "200 though the client has a copy: this is made anew for each request, and has no tag",
    ),
    Row::new(
        "fresh, as asked",
        Step("representation", ""),
        |facts| is_ok(facts) && facts.has_forgotten_its_copy() && asks_for_fresh(facts),
        "200 though the browser had a copy: it sent no validator, and asked for a fresh one (a hard reload, or caching \
         is off in its tools)",
    ),
    Row::new(
        "no validator",
        Step("representation", ""),
        |facts| is_ok(facts) && facts.has_forgotten_its_copy(),
        "200 though the browser had a copy: it sent no validator, so it has not kept that (another profile, a private \
         window or no room)",
    ),
    // ---- What is at another address.
    Row::new(
        "fallback",
        Step("fallback", ""),
        is_success,
        "200 though nothing is at {path}: with `--spa`, `{value}` decides what it means",
    ),
    Row::new("clean URL", Step("clean URL", ""), is_success, "200: `{value}`, which `{path}` stands for"),
    Row::new(
        "archive",
        Step("archive", ""),
        is_success,
        "200: the folder as one archive, packed while it was sent, {sent}",
    ),
    Row::new("QR code", Step("QR code", ""), is_success, "200: the address of `{path}` as a QR code"),
    Row::new(
        "Markdown",
        Step("Markdown", ""),
        is_success,
        "200: `{name}` as a page, as `?markdown` asks, {sent}",
    ),
    Row::new(
        "search",
        Step("search", ""),
        is_success,
        "200: the names below `{path}` that were looked for, {sent}",
    ),
    Row::new(
        "listing",
        Step("listing", ""),
        is_success,
        "200: the names in this folder, {sent}, since no index file is there",
    ),
    Row::new("metrics", Step("metrics", ""), is_success, "200: what the workers have counted"),
    Row::new("health", Step("health", ""), is_success, "200: the server answers, and that was the question"),
    Row::without_step(
        "internal",
        |facts| facts.exchange().is_internal && is_success(facts),
        "{status}: a page of the server's own",
    ),
    // ---- Codings.
    Row::new(
        "compressed",
        Step("coding", "compressed"),
        |facts| is_ok(facts) && facts.uncoded_length().is_some(),
        "200: the whole of `{path}`, compressed as {<content-encoding}: {sent} in place of {uncoded}",
    ),
    Row::new(
        "precompressed",
        Step("coding", "beside"),
        is_ok,
        "200: `{value}`, which lies beside `{path}` and is compressed already: {sent} in place of {uncoded}",
    ),
    Row::new(
        "loaded by a page",
        Step("coding", "loaded"),
        is_ok,
        "200: what is in `{name}`, which a page loads, coded as {<content-encoding}",
    ),
    Row::new(
        "older beside",
        Step("coding", "older"),
        is_ok,
        "200: `{path}` as it is, {sent}: `{value}` beside it is older, so make that anew",
    ),
    Row::new(
        "too few to compress",
        Step("coding", "too few"),
        is_ok,
        "200: the whole of `{path}`, not compressed: {sent} are too few for that to help",
    ),
    Row::new(
        "no smaller",
        Step("coding", "no smaller"),
        is_ok,
        "200: the whole of `{path}`, {sent}, not compressed: that would make it no smaller",
    ),
    Row::new(
        "too busy to compress",
        Step("coding", "busy"),
        is_ok,
        "200: the whole of `{path}`, {sent}, not compressed: too much else is being compressed at this moment",
    ),
    Row::new(
        "compression off",
        Step("representation", ""),
        |facts| is_ok(facts) && facts.could_be_smaller(),
        "200: the whole of `{path}`, {sent}, not compressed though the client takes {>accept-encoding}: `--compress` \
         turns that on",
    ),
    // ---- Plain.
    Row::new(
        "from memory",
        Step("cache", "hit"),
        is_ok,
        "200: the whole of `{path}`, {sent}, from memory, since it has not changed on disk",
    ),
    Row::new(
        "changed on disk",
        Step("cache", "changed"),
        is_ok,
        "200: the whole of `{path}`, {sent}, read anew, since it has changed on disk",
    ),
    Row::new("index", Step("index", ""), is_ok, "200: `{value}`, the index of this folder, {sent}"),
    Row::new("file", Step("open", "file"), is_ok, "200: the whole of `{path}`, {sent}"),
];

fn is_success(facts: &Facts<'_>) -> bool {
    (200..300).contains(&facts.status())
}

fn is_ok(facts: &Facts<'_>) -> bool {
    facts.status() == 200
}

fn is_partial(facts: &Facts<'_>) -> bool {
    facts.status() == 206
}

fn asks_for_fresh(facts: &Facts<'_>) -> bool {
    facts.asked("cache-control") == Some(b"no-cache") || facts.asked("pragma") == Some(b"no-cache")
}
