//! What stands behind the rows of a listing for people: what they are together, and the README.

use super::README_STYLE;
use crate::base::human;
use crate::http::target::encode_segment;
use crate::site::listing::read::Totals;
use crate::site::listing::text::shown;
use crate::site::markdown;
use crate::site::readme::Readme;
use maud::{Markup, PreEscaped, html};

/// Makes it. In one piece: the script for live reload is put before the end of the body, which is in it.
pub(super) fn make(totals: &Totals, readme: Option<&Readme>, renders: bool) -> String {
    let foot = html! {
        footer id="end" { (summary(totals)) }
        @if let Some(readme) = readme { (section(readme, renders)) }
    };
    foot.into_string() + "</main></body></html>\n"
}

fn summary(totals: &Totals) -> String {
    let plural =
        |count: usize, one: &str, many: &str| format!("{count} {}", if count == 1 { one } else { many });
    format!(
        "{}, {}, {}",
        plural(totals.folders, "folder", "folders"),
        plural(totals.files, "file", "files"),
        human::Bytes(totals.size)
    )
}

/// The README: rendered, if it is Markdown and that is wished.
fn section(readme: &Readme, renders: bool) -> Markup {
    let name = shown(&readme.name);
    let source = format!("./{}", encode_segment(&readme.name));
    if renders && markdown::is_markdown(&readme.name) {
        let rendered = markdown::render(&readme.text, 2);
        return html! {
            style { (PreEscaped(markdown::STYLE)) }
            section class="readme" aria-labelledby="readme" {
                header class="about" {
                    h2 id="readme" { (name) }
                    p { a href=(source) { (name) " as text" } }
                }
                (markdown::article(&rendered, readme.is_cut, &readme.name))
            }
        };
    }
    html! {
        style { (PreEscaped(README_STYLE)) }
        section class="readme" aria-labelledby="readme" {
            h2 id="readme" { (name) }
            // An HTML parser drops one line feed here.
            pre { "\n" (readme.text) }
            @if readme.is_cut { p { "This is the beginning. " a href=(source) { "All of " (name) } } }
        }
    }
}
