//! The answer to a request that is refused: a small page for browsers, one line of text for other clients.

use super::page;
use crate::answer::Response;
use crate::base::human;
use crate::base::trace::{self, Rfc};
use crate::http::Refusal;
use crate::http::accept;
use crate::http::base_path::BasePath;
use crate::http::fields::Fields;
use crate::http::target::DecodedPath;
use maud::html;

/// The answer to a request that is refused, if its fields could be read. A page has a link to where the site begins.
pub fn respond(fields: &Fields<'_>, refusal: &Refusal, base: &BasePath) -> Response {
    refusal.record();
    say(fields, refusal, base)
}

/// The answer to a request whose fields are not there any more: as a page, or as a line.
pub(super) fn respond_in(as_html: bool, refusal: &Refusal, base: &BasePath) -> Response {
    refusal.record();
    if as_html { as_page(refusal, base, &[]) } else { Response::of_refusal(refusal) }
}

/// The same for a refusal that was recorded already.
pub(super) fn say(fields: &Fields<'_>, refusal: &Refusal, base: &BasePath) -> Response {
    say_with(fields, refusal, base, &[])
}

/// The same, with similar names.
pub(super) fn say_with(
    fields: &Fields<'_>,
    refusal: &Refusal,
    base: &BasePath,
    near: &[DecodedPath],
) -> Response {
    let as_html = prefers_html(fields);
    trace::decision("error page", Rfc(9110, "12.5.1"), || {
        let (what, why) = if as_html { ("a page", "names") } else { ("a line of text", "does not name") };
        format!("{what} says so, because Accept {why} text/html")
    });
    if as_html {
        return as_page(refusal, base, near);
    }
    if near.is_empty() {
        return Response::of_refusal(refusal);
    }
    // Percent-encoded, so that it can be copied into a request.
    let near: Vec<_> = near.iter().map(|near| format!("{}{}", base.start(), near.encoded())).collect();
    Response::of_line(refusal, &format!("{}, but there is {}", refusal.why, near.join(", ")))
}

fn as_page(refusal: &Refusal, base: &BasePath, near: &[DecodedPath]) -> Response {
    let status = refusal.status;
    let title = format!("{} {}", status.code(), status.phrase());
    let content = html! {
        main class="error" {
            (page::mark(base.start()))
            p class="code" { (status.code()) }
            h1 { (status.phrase()) }
            p { (sentence(&refusal.why)) }
            @for near in near {
                p { "Did you mean " a href={ (base.start()) (near.encoded()) } { (shown(near)) } "?" }
            }
            p { a href=(base.start()) { "Go to the start page" } }
        }
    };
    let text = page::render(&title, None, &content);
    let mut response = Response::of_text(refusal.status, "text/html; charset=utf-8", text);
    response.headers.push("Content-Security-Policy", page::CONTENT_SECURITY_POLICY);
    response
}

/// Whether the client prefers a page. Browsers send `text/html`; curl and other programs send `*/*` or no Accept field.
pub(super) fn prefers_html(fields: &Fields<'_>) -> bool {
    fields.combined("accept").is_some_and(|value| accept::names(&value, "text", "html"))
}

/// Whether the client accepts a page at all. Without an Accept field it accepts anything.
pub(super) fn takes_html_at_all(fields: &Fields<'_>) -> bool {
    fields.combined("accept").is_none_or(|value| accept::quality(&value, "text", "html") > 0)
}

/// Whether the client accepts anything, and a page as well as anything else: it sends no Accept field, or one that
/// says just that, and no Sec-Fetch-Dest of something else than a page. (A script's `fetch` sends `empty`, which is
/// no page.)
pub(super) fn takes_anything(fields: &Fields<'_>) -> bool {
    let is_for_a_page = fields
        .get_all("sec-fetch-dest")
        .all(|destination| matches!(destination, b"document" | b"frame" | b"iframe"));
    is_for_a_page && fields.get_all("accept").all(accept::is_indifferent)
}

/// A path as it is shown: its control characters as pictures, U+FFFD for what is not UTF-8.
fn shown(path: &DecodedPath) -> String {
    String::from_utf8_lossy(&path.text()).chars().map(human::picture).collect()
}

/// "no host" to "No host."
fn sentence(why: &str) -> String {
    let mut letters = why.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}
