//! What a refused request is answered with: a small page for browsers, one plain line for others.

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

/// The answer to a request whose fields could be read, which is refused. A page has a link to where the
/// site begins.
pub fn respond(fields: &Fields<'_>, refusal: &Refusal, base: &BasePath) -> Response {
    refusal.record();
    say(fields, refusal, base)
}

/// The answer to a request whose fields are not there any more: as a page, or as a line.
pub(super) fn respond_in(as_html: bool, refusal: &Refusal, base: &BasePath) -> Response {
    refusal.record();
    if as_html { as_page(refusal, base, &[]) } else { Response::of_refusal(refusal) }
}

/// The same of a refusal that has been recorded.
pub(super) fn say(fields: &Fields<'_>, refusal: &Refusal, base: &BasePath) -> Response {
    say_with(fields, refusal, base, &[])
}

/// The same, with what may have been meant.
pub(super) fn say_with(
    fields: &Fields<'_>,
    refusal: &Refusal,
    base: &BasePath,
    near: &[DecodedPath],
) -> Response {
    let as_html = prefers_html(fields);
    trace::step("error page", Rfc(9110, "12.5.1"), || {
        let (what, why) = if as_html { ("a page", "names") } else { ("a line of text", "does not name") };
        format!("{what} says so, because Accept {why} text/html")
    });
    if as_html {
        return as_page(refusal, base, near);
    }
    if near.is_empty() {
        return Response::of_refusal(refusal);
    }
    // Percent-encoded: as it stands it can be asked for.
    let near: Vec<_> = near.iter().map(|near| format!("{}{}", base.start(), near.encoded())).collect();
    Response::of_line(refusal, &format!("{}, but there is {}", refusal.why, near.join(", ")))
}

fn as_page(refusal: &Refusal, base: &BasePath, near: &[DecodedPath]) -> Response {
    let status = refusal.status;
    let title = format!("{} {}", status.code(), status.phrase());
    let content = html! {
        main class="error" {
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

/// Browsers say `text/html`; curl and programs say `*/*` or nothing.
pub(super) fn prefers_html(fields: &Fields<'_>) -> bool {
    fields.combined("accept").is_some_and(|value| accept::names(&value, "text", "html"))
}

/// Whether a page can be sent at all; without an Accept field everything can.
pub(super) fn takes_html_at_all(fields: &Fields<'_>) -> bool {
    fields.combined("accept").is_none_or(|value| accept::quality(&value, "text", "html") > 0)
}

/// Whether the client takes whatever there is, and a page as well as anything else: it has no Accept field,
/// or one that says just that, and it is no browser that wants it for something but a page. A script's
/// `fetch` is that, too (its destination is `empty`).
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
