//! What stands behind the rows of a listing for people: what they are together, and the README.

use super::README_STYLE;
use crate::base::human;
use crate::http::target::encode_segment;
use crate::site::listing::read::Totals;
use crate::site::listing::text::shown;
use crate::site::readme::Readme;
use maud::{Markup, PreEscaped, Render, html};

/// Appends it. In one piece: the script for live reload is put before the end of the body, which is in it.
pub(super) fn push(onto: &mut String, totals: &Totals, readme: Option<&Readme>) {
    let foot = html! {
        footer id="end" { (summary(totals)) }
        @if let Some(readme) = readme { (section(readme)) }
    };
    foot.render_to(onto);
    onto.push_str("</main></body></html>\n");
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

/// The README, as plain text.
fn section(readme: &Readme) -> Markup {
    let name = shown(&readme.name);
    html! {
        style { (PreEscaped(README_STYLE)) }
        section class="readme" aria-labelledby="readme" {
            h2 id="readme" { (name) }
            // An HTML parser drops one line feed here.
            pre { "\n" (readme.text) }
            @if readme.is_cut {
                p { "This is the beginning. " a href={ "./" (encode_segment(&readme.name)) } { "All of " (name) } }
            }
        }
    }
}
