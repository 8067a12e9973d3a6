//! The frame of the pages that the server itself generates: listings and errors.
//!
//! Their style sheets, the script of listings and the icon are part of the page. Hashes of all that runs are in the
//! Content-Security-Policy, so that the browser runs nothing else, whatever the name of a file may manage to put into the
//! page. (`build.rs` computes these hashes, and takes comments and indents out of what pages include.)

use crate::base::human;
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// The style sheet of all of these pages.
pub(super) const STYLE: &str = include_str!(concat!(env!("OUT_DIR"), "/src/site/page.css"));

/// The icon of the page. Without one, browsers ask for /favicon.ico.
const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='3 3 58 58' \
    fill='%232f9c8c' stroke='%232f9c8c' stroke-width='3.5'%3E%3Cpath fill-opacity='.22' d='M5 5h38v38H5z'/%3E\
    %3Cpath fill-opacity='.38' d='M21 21h38v38H21z'/%3E%3C/svg%3E";

/// The policy of a plain page: a browser may load and run nothing but the style sheet with this hash, and the icon.
pub const CONTENT_SECURITY_POLICY: &str = concat!(
    "default-src 'none'; img-src data:; style-src ",
    env!("SHA256_OF_SITE_PAGE_CSS"),
    "; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
);

/// A whole page; `more_style` is a second style sheet.
pub fn render(title: &str, more_style: Option<&str>, content: &Markup) -> String {
    html! {
        (head(title, [STYLE].into_iter().chain(more_style)))
        body { (content) }
        (PreEscaped("</html>"))
    }
    .into_string()
}

/// The start of a page, up to its body.
pub(super) fn head<'a>(title: &str, styles: impl Iterator<Item = &'a str>) -> Markup {
    html! {
        (DOCTYPE)
        (PreEscaped("<html lang=\"en\">"))
        head {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            title { (title) }
            link rel="icon" href=(ICON);
            @for style in styles { style { (PreEscaped(style)) } }
        }
    }
}

/// A name as pages show it: what would not be seen in it is, and U+FFFD stands for what is not UTF-8.
pub(super) fn shown(name: &[u8]) -> String {
    human::visible(&String::from_utf8_lossy(name)).into_owned()
}

/// The mark of the house, as a link to where the site begins.
pub fn mark(start: &str) -> Markup {
    html! {
        a.mark href=(start) aria-label="Home" {
            svg viewBox="3 3 58 58" fill="#2f9c8c" stroke="#2f9c8c" stroke-width="3.5" aria-hidden="true" {
                path fill-opacity=".22" d="M5 5h38v38H5z" {}
                path fill-opacity=".38" d="M21 21h38v38H21z" {}
            }
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use base64::prelude::{BASE64_STANDARD, Engine};
    use sha2::{Digest, Sha256};

    /// How a policy names what stands in the page.
    pub(crate) fn source(text: &str) -> String {
        format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(text)))
    }

    #[test]
    fn the_policy_names_the_style_sheet() {
        let source = source(STYLE);
        assert!(CONTENT_SECURITY_POLICY.contains(&source), "it must name {source}");
    }
}
