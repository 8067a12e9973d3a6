//! The frame of the pages that the server itself generates: listings and errors.
//!
//! They load no other files: the style sheets and the one script, that of listings, are part of the page. Their hashes
//! are in the Content-Security-Policy, so that the browser runs nothing else, whatever the name of a file may manage to
//! put into the page.

use maud::{DOCTYPE, Markup, PreEscaped, html};

/// The style sheet of all of these pages.
pub(super) const STYLE: &str = include_str!("page.css");

/// The policy of a plain page: a browser may load and run nothing but the style sheet with this hash.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; \
    style-src 'sha256-p32HO6eX4I3dRuCKtAC1QLuwmbRu9k+e17UUH21mZwI='; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

/// A whole page; `more_style` is a second style sheet.
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
