//! A Markdown file as a page: `GET /notes.md?markdown`.
//!
//! The address is the file's own with a query, so all that is true of the file is true of the page: who may ask for it,
//! where it is, what is hidden, and where the links in it lead. A query alone never changes which file is named, and any
//! other query is none of the server's business; `/?markdown=notes.md` would have brought a second way to name files.

use super::{Rendered, STYLE, render, takes_long};
use crate::answer::{Body, Response};
use crate::base::trace::{self, quote};
use crate::http::base_path::BasePath;
use crate::http::target::encode_segment;
use crate::http::{FieldLines, Status};
use crate::site::effort::{Effort, Takes};
use crate::site::readme;
use crate::site::root::OpenFile;
use crate::site::{page, script};
use maud::{Markup, PreEscaped, html};

/// How a policy names [`STYLE`].
const STYLE_SOURCE: &str = env!("SHA256_OF_SITE_MARKDOWN_MARKDOWN_CSS");

/// How much of a file is shown, in bytes. The worst that is known takes 120 ms, of a helper.
const MAX_LENGTH: usize = 256 * 1024;

/// A Markdown file as a page. `None` if it is not text, and so is none.
pub(in crate::site) fn respond(
    file: &OpenFile,
    (name, is_alone): (&[u8], bool),
    base: &BasePath,
    effort: Effort,
) -> Result<Option<Response>, Takes> {
    let takes = || Takes { what: "rendering Markdown".to_owned(), key: None };
    if effort == Effort::Brief && file.facts.length > super::BRIEF as u64 {
        return Err(takes());
    }
    let Some((text, is_cut)) = readme::beginning(file, MAX_LENGTH) else { return Ok(None) };
    if effort == Effort::Brief && takes_long(&text) {
        return Err(takes());
    }
    let rendered = match effort {
        // Nobody has time for it.
        Effort::Least if takes_long(&text) => return Ok(None),
        _ => render(&text, 1),
    };
    trace::decision("Markdown", None, || {
        format!("{} is shown as a page of {} bytes, as ?markdown asks", quote(name), rendered.html.len())
    });
    let mut headers = FieldLines::default();
    headers.push("Content-Type", "text/html; charset=utf-8");
    let policy = script::allow(page::CONTENT_SECURITY_POLICY, "style-src", STYLE_SOURCE);
    headers.push("Content-Security-Policy", script::allow(&policy, "img-src", "'self'"));
    headers.push("Cache-Control", "no-cache");
    let content = html! {
        main {
            header class="about" {
                h1 { (page::mark(base.start())) (page::shown(name)) }
                p {
                    a href={ "./" (encode_segment(name)) } { "As text" }
                    // A single file is in no folder that is served.
                    @if !is_alone { " · " a href="./" { "Its folder" } }
                }
            }
            (article(&rendered, is_cut, name))
        }
    };
    let html = page::render(&page::shown(name), Some(STYLE), &content);
    Ok(Some(Response { status: Status::OK, headers, body: Body::Bytes(html.into_bytes()) }))
}

/// What was rendered, and if it is not all of the file, a line that says so.
pub(in crate::site) fn article(rendered: &Rendered, is_cut: bool, name: &[u8]) -> Markup {
    html! {
        article id="md" { (PreEscaped(&rendered.html)) }
        @if is_cut || rendered.is_cut {
            p { "This is the beginning. " a href={ "./" (encode_segment(name)) } { "All of it as text" } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::page::tests::source;

    #[test]
    fn the_policy_names_the_style_sheet() {
        assert_eq!(STYLE_SOURCE, source(STYLE));
        assert!(!STYLE.contains("</"));
    }
}
