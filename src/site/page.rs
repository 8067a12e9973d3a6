//! The frame of the pages that the server itself makes: listings and errors.
//!
//! They load nothing: the style stands in the page, there are no scripts, and the browser is told
//! to allow neither, whatever a file's name may manage to put into the page.

use maud::{DOCTYPE, Markup, PreEscaped, html};

/// The one style sheet of these pages.
const STYLE: &str = include_str!("page.css");

/// Nothing may be loaded or run but the style sheet whose hash this is.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; \
    style-src 'sha256-+EhkV0wOVeboXG1sxcAoBaSxUubNcZhZWIyG0O5dajg='; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

/// A whole page.
pub fn render(title: &str, content: &Markup) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body { (content) }
        }
    }
    .into_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::prelude::{BASE64_STANDARD, Engine};
    use sha2::{Digest, Sha256};

    #[test]
    fn the_policy_names_the_style_sheet() {
        let hash = BASE64_STANDARD.encode(Sha256::digest(STYLE));
        assert!(CONTENT_SECURITY_POLICY.contains(&format!("'sha256-{hash}'")), "it must name sha256-{hash}");
    }
}
