//! The answer to a request that is refused: a small page for browsers, one line of text for other clients.
//!
//! ```text
//! 404  the path, names that are near, the folder above that is there
//! 421  the host that was asked for, and where the server answers: a link to the same host would lead back here
//! ```
//!
//! A browser that loads a picture or a script gets the line, too: nobody would see the page. The page is in Chinese for
//! who prefers that, and below a folder `zh` (`words.rs`).

mod words;

use super::page;
use crate::answer::Response;
use crate::base::trace::{self, Rfc};
use crate::http::accept;
use crate::http::base_path::BasePath;
use crate::http::fields::Fields;
use crate::http::host::Host;
use crate::http::target::DecodedPath;
use crate::http::{Refusal, Request};
use maud::{Markup, html};
use words::Language;

/// How much of a path is shown, in characters.
const MAX_SHOWN: usize = 200;

/// What is known of what was asked for and is not there.
#[derive(Debug, Default)]
pub(super) struct Missing {
    /// Its path.
    pub(super) path: Option<DecodedPath>,
    /// Similar names.
    pub(super) near: Vec<DecodedPath>,
    /// The folder above it that is there, if that has a page.
    pub(super) above: Option<DecodedPath>,
}

/// The answer to a request that is refused, if its fields could be read. A page has a link to where the site begins.
pub fn respond(request: &Request<'_>, refusal: &Refusal, base: &BasePath) -> Response {
    refusal.record();
    say(request, refusal, base, &Missing::default())
}

/// The answer to a request whose fields are not there any more: as a page, or as a line.
pub(super) fn respond_in(as_html: bool, refusal: &Refusal, base: &BasePath) -> Response {
    refusal.record();
    if as_html {
        as_page(None, Language::English, refusal, base, &Missing::default())
    } else {
        Response::of_refusal(refusal)
    }
}

/// The same for a refusal that was recorded already, with what is known of what is missing.
pub(super) fn say(request: &Request<'_>, refusal: &Refusal, base: &BasePath, missing: &Missing) -> Response {
    let (is_named, is_shown) = (prefers_html(&request.fields), is_for_a_page(&request.fields));
    trace::decision("error page", Rfc(9110, "12.5.1"), || match (is_named, is_shown) {
        (true, true) => "a page says so, because Accept names text/html".to_owned(),
        (true, false) => {
            "a line of text says so, because Sec-Fetch-Dest says that no page is loaded".to_owned()
        }
        (false, _) => "a line of text says so, because Accept does not name text/html".to_owned(),
    });
    if is_named && is_shown {
        return as_page(request.host, Language::of(request), refusal, base, missing);
    }
    if missing.near.is_empty() {
        return Response::of_refusal(refusal);
    }
    // Percent-encoded, so that it can be copied into a request.
    let near: Vec<_> =
        missing.near.iter().map(|near| format!("{}{}", base.start(), near.encoded())).collect();
    Response::of_line(refusal, &format!("{}, but there is {}", refusal.why, near.join(", ")))
}

fn as_page(
    host: Option<Host<'_>>,
    language: Language,
    refusal: &Refusal,
    base: &BasePath,
    missing: &Missing,
) -> Response {
    let (code, name, labels) = (refusal.status.code(), language.name(refusal.status), language.labels());
    // The server answers for this machine alone.
    let elsewhere = host.filter(|_| refusal.cause() == "not this machine");
    let content = html! {
        main class="error" lang=[language.code()] {
            (page::mark(base.start()))
            p class="code" { (code) }
            h1 { (name) }
            (explanation(language, refusal))
            @if let Some(path) = &missing.path {
                p { (labels.asked) " " code { (base.start()) (cut(&shown(path))) } }
            }
            @if let Some(host) = elsewhere {
                @let port = host.written_port();
                p { (labels.host) " " code { (cut(&String::from_utf8_lossy(host.name))) } }
                p { (labels.localhost) " "
                    a href={ "//localhost" (port) (base.start()) } { "localhost" (port) (base.start()) } }
            }
            @for near in &missing.near {
                p { (labels.near) " " a href={ (base.start()) (near.encoded()) } { (base.start()) (shown(near)) } }
            }
            @if let Some(above) = &missing.above {
                p { (labels.above) " " a href={ (base.start()) (above.encoded()) } { (base.start()) (shown(above)) } }
            }
            @if elsewhere.is_none() { p { a href=(base.start()) { (labels.start) } } }
        }
    };
    let text = page::render(&format!("{code} {name}"), None, &content);
    let mut response = Response::of_text(refusal.status, "text/html; charset=utf-8", text);
    response.headers.replace("Vary", "Accept, Accept-Language, Sec-Fetch-Dest");
    response.headers.push("Content-Security-Policy", page::CONTENT_SECURITY_POLICY);
    response
}

/// What is wrong, and what can be done about it.
fn explanation(language: Language, refusal: &Refusal) -> Markup {
    let translated = language.sentence(refusal);
    html! {
        @if let Some((sentence, _)) = translated { p { (sentence) } }
        @if translated.is_none_or(|(_, is_all)| !is_all) {
            p lang=[translated.map(|_| "en")] { (sentence(&refusal.why)) }
        }
        @if let Some(advice) = language.advice(refusal) { p { (advice) } }
    }
}

/// Whether the client prefers a page. Browsers send `text/html`; curl and other programs send `*/*` or no Accept field.
pub(super) fn prefers_html(fields: &Fields<'_>) -> bool {
    fields.combined("accept").is_some_and(|value| accept::names(&value, "text", "html"))
}

/// Whether the answer to a request that is refused is a page, and no line.
pub(super) fn gets_page(fields: &Fields<'_>) -> bool {
    prefers_html(fields) && is_for_a_page(fields)
}

/// Whether the client accepts a page at all. Without an Accept field it accepts anything.
pub(super) fn takes_html_at_all(fields: &Fields<'_>) -> bool {
    fields.combined("accept").is_none_or(|value| accept::quality(&value, "text", "html") > 0)
}

/// Whether the client accepts anything, and a page as well as anything else: it sends no Accept field, or one that
/// says just that, and no Sec-Fetch-Dest of something else than a page. (A script's `fetch` sends `empty`, which is
/// no page.)
pub(super) fn takes_anything(fields: &Fields<'_>) -> bool {
    is_for_a_page(fields) && fields.get_all("accept").all(accept::is_indifferent)
}

/// Whether what is loaded is a page, as far as the client says.
fn is_for_a_page(fields: &Fields<'_>) -> bool {
    fields
        .get_all("sec-fetch-dest")
        .all(|destination| matches!(destination, b"document" | b"frame" | b"iframe"))
}

/// A path as it is shown, from the root: all that is in it to be seen, U+FFFD for what is not UTF-8.
fn shown(path: &DecodedPath) -> String {
    let text = path.text();
    page::shown(text.strip_prefix(b"/").unwrap_or(&text))
}

/// A text without its middle, if it is too long.
fn cut(text: &str) -> String {
    let letters: Vec<_> = text.chars().collect();
    if letters.len() <= MAX_SHOWN {
        return text.to_owned();
    }
    let (start, end) = (&letters[..MAX_SHOWN / 2], &letters[letters.len() - MAX_SHOWN / 2..]);
    start.iter().chain(&['…']).chain(end).collect()
}

/// "no host" to "No host."
fn sentence(why: &str) -> String {
    let mut letters = why.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

#[cfg(test)]
mod tests;
