//! The frame of the pages that the server itself makes: listings and errors.
//!
//! They load nothing of their own: the styles stand in the page, and so does the one script, that of
//! listings. The browser is told their hashes and to allow nothing else, whatever a file's name may
//! manage to put into the page.

use maud::{DOCTYPE, Markup, PreEscaped, html};

/// The style sheet of all of these pages.
pub(super) const STYLE: &str = include_str!("page.css");

/// Of a page without more: nothing may be loaded or run but the style sheet whose hash this is.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; \
    style-src 'sha256-p32HO6eX4I3dRuCKtAC1QLuwmbRu9k+e17UUH21mZwI='; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

/// A whole page; `more_style` is a style sheet beside that of all pages.
pub fn render(title: &str, more_style: Option<&str>, content: &Markup) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                style { (PreEscaped(STYLE)) }
                @if let Some(style) = more_style { style { (PreEscaped(style)) } }
            }
            body { (content) }
        }
    }
    .into_string()
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
