//! Where links and pictures of a Markdown text may lead.
//!
//! ```text
//! https://example.org/   http, https and mailto     a link
//! javascript:alert(1)    any other scheme           none: its text stays
//! b.md#Part              Markdown of this site      ./b.md?markdown#md-part, its page
//! #Part                  a heading of this text     #md-part
//! cat.png                of this site               a link, or a picture
//! //example.org/x.png    no scheme, another host    a link, and no picture
//! ```
//!
//! Browsers read more into an address than stands in it (the URL standard, "basic URL parser"): they drop tabs and line
//! ends, cut spaces and control characters off the ends, and take a backslash for a slash. So what has any of that in it
//! is no link, or loses it here; and `./` stands before what does not begin with a slash, so that it cannot be taken
//! for a scheme.

use crate::site::markdown::{MAX_ID, is_markdown};
use crate::site::media_type::{self, Look};
use percent_encoding::percent_decode_str;

/// The schemes of links.
const SCHEMES: [&str; 3] = ["http", "https", "mailto"];

/// The longest address, in bytes.
const MAX_LENGTH: usize = 2000;

/// An address that a page may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Url {
    /// On this site.
    Here(String),
    /// With a scheme, or a host.
    Elsewhere(String),
}

impl Url {
    /// Where a link leads, if it may.
    pub(super) fn of_link(destination: &str) -> Option<Url> {
        let url = destination.trim_matches(|letter: char| letter <= ' ');
        if url.len() > MAX_LENGTH || url.chars().any(char::is_control) {
            return None;
        }
        if let Some(scheme) = scheme(url) {
            let is_allowed = SCHEMES.iter().any(|known| known.eq_ignore_ascii_case(scheme));
            return is_allowed.then(|| Url::Elsewhere(url.to_owned()));
        }
        if url.starts_with("//") {
            return Some(Url::Elsewhere(url.to_owned()));
        }
        Some(Url::Here(here(&url.replace('\\', "%5C"))))
    }

    /// Where a picture is, if it is one of this site. It is a file, and nothing that is made when it is asked for: else
    /// to look at a page could be work for the server.
    pub(super) fn of_picture(destination: &str) -> Option<Url> {
        let Url::Here(url) = Url::of_link(destination)? else { return None };
        let path = url.split('#').next().unwrap_or_default();
        let content = media_type::of(path.as_bytes(), Look::default());
        (content.content_type.starts_with("image/") && !path.contains('?')).then_some(Url::Here(url))
    }

    pub(super) fn as_str(&self) -> &str {
        let (Url::Here(url) | Url::Elsewhere(url)) = self;
        url
    }

    /// Whether it is on this site.
    pub(super) fn is_here(&self) -> bool {
        matches!(self, Url::Here(_))
    }
}

/// The scheme of an address (RFC 3986 section 3.1), if it has one.
fn scheme(url: &str) -> Option<&str> {
    let (scheme, _) = url.split_once(':')?;
    let mut letters = scheme.bytes();
    let is_scheme = letters.next()?.is_ascii_alphabetic()
        && letters.all(|letter| letter.is_ascii_alphanumeric() || b"+-.".contains(&letter));
    is_scheme.then_some(scheme)
}

/// An address on this site, as a page has it. A fragment names a heading, and of Markdown the page is meant.
fn here(url: &str) -> String {
    let (address, fragment) = url.split_once('#').map_or((url, None), |(url, part)| (url, Some(part)));
    let (path, query) = address.split_once('?').map_or((address, None), |(path, query)| (path, Some(query)));
    let is_page = query.is_none() && is_markdown(path.as_bytes());
    let mut made = String::new();
    if !path.is_empty() && !path.starts_with('/') {
        made.push_str("./");
    }
    made.push_str(path);
    if let Some(query) = query {
        made.push('?');
        made.push_str(query);
    }
    if is_page {
        made.push_str("?markdown");
    }
    match fragment {
        Some(fragment) if is_page || address.is_empty() => {
            let decoded = percent_decode_str(fragment).decode_utf8_lossy();
            made.push_str("#md-");
            made.push_str(&id(&decoded));
        }
        Some(fragment) => {
            made.push('#');
            made.push_str(fragment);
        }
        None => {}
    }
    made
}

/// The id of a heading, as other programs make it of its text, so that their links lead there: letters in lower case,
/// digits, `-` and `_`; spaces become `-`, and all else is left out.
pub(super) fn id(text: &str) -> String {
    let letters = text.trim().chars().filter_map(|letter| match letter {
        ' ' | '\n' => Some('-'),
        '-' | '_' => Some(letter),
        _ if letter.is_alphanumeric() => Some(letter),
        _ => None,
    });
    letters.flat_map(char::to_lowercase).take(MAX_ID).collect()
}
