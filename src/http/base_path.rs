//! The base path: where this site is on a host that several servers share (`--base-path /files`, behind a proxy that
//! passes on all requests for paths that begin with `/files/`).
//!
//! ```
//! use glasshttp::http::base_path::{BasePath, Place};
//! let base = BasePath::parse("/files").unwrap();
//! assert_eq!(base.start(), "/files/");
//! assert!(matches!(base.place_of(b"/files/a.txt"), Ok(Place::Below(path)) if path.relative == b"a.txt"));
//! assert_eq!(base.place_of(b"/files"), Ok(Place::WithoutSlash));
//! assert_eq!(base.place_of(b"/filesystem/a.txt"), Ok(Place::Outside));
//! ```
//!
//! What counts is what a path means, never the text that was sent: the path is decoded as a whole ([`DecodedPath`]),
//! and then compared segment by segment. So `/%66iles/a`, `/files%2fa` and `/x/../files/a` are below the base path
//! just as `/files/a` is, and `/files/../a` is not.
//!
//! The plain case is no base path: it is `/`, and every path is below it.

use super::target::{DecodedPath, Target, encode_segment};
use super::{Refusal, Request};
use percent_encoding::percent_decode_str;
use std::borrow::Cow;

/// The path below which all of the site is: the root by default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BasePath {
    /// Decoded segments, none of them `.` or `..`; empty for the root.
    segments: Vec<Vec<u8>>,
    /// As it stands in a URL, with a slash at both ends.
    start: String,
}

/// Where a path is, seen from the base path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Below it, at this path from there.
    Below(DecodedPath),
    /// It is the base path, but for the slash at its end.
    WithoutSlash,
    /// Somewhere else.
    Outside,
}

impl Default for BasePath {
    fn default() -> BasePath {
        BasePath { segments: Vec::new(), start: "/".to_owned() }
    }
}

impl BasePath {
    /// Reads what a user has written: `/files`, `/files/` or `/a/b%20c`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<BasePath, String> {
        let wrong = |why: &str| Err(format!("{why}; it must be a path such as /files"));
        let Some(rest) = text.strip_prefix('/') else { return wrong("it does not begin with \"/\"") };
        if let Some(letter) = text.chars().find(|letter| "?#\\".contains(*letter)) {
            return wrong(&format!("there is a \"{letter}\" in it"));
        }
        if rest.is_empty() {
            return Ok(BasePath::default());
        }
        let mut base = BasePath::default();
        for segment in rest.strip_suffix('/').unwrap_or(rest).split('/') {
            let decoded = Cow::from(percent_decode_str(segment));
            match &*decoded {
                b"" => return wrong("two of its slashes have nothing between them"),
                b"." | b".." => return wrong("\".\" and \"..\" have no place in it"),
                _ if decoded.iter().any(|byte| byte.is_ascii_control() || b"/\\".contains(byte)) => {
                    return wrong("a control character, \"/\" or \"\\\" is encoded in it");
                }
                _ => {}
            }
            base.start.push_str(&format!("{}/", encode_segment(&decoded)));
            base.segments.push(decoded.into_owned());
        }
        Ok(base)
    }

    /// Where the site begins, as it stands in a URL: `/` or `/files/`.
    pub fn start(&self) -> &str {
        &self.start
    }

    /// Its segments, decoded.
    pub fn segments(&self) -> impl Iterator<Item = &[u8]> {
        self.segments.iter().map(Vec::as_slice)
    }

    /// Where a path is that is still encoded.
    ///
    /// # Errors
    /// 400 for what [`DecodedPath::decode`] refuses.
    #[track_caller]
    pub fn place_of(&self, path: &[u8]) -> Result<Place, Refusal> {
        let whole = DecodedPath::decode(path)?;
        whole.tell(path);
        Ok(self.place(whole))
    }

    fn place(&self, mut whole: DecodedPath) -> Place {
        let first = whole.segments().take(self.segments.len());
        if !first.eq(self.segments()) {
            return Place::Outside;
        }
        // The segments, with a slash behind each.
        let length: usize = self.segments.iter().map(|own| own.len() + 1).sum();
        let is_all = length > whole.relative.len();
        whole.relative.drain(..length.min(whole.relative.len()));
        if is_all && !whole.names_directory { Place::WithoutSlash } else { Place::Below(whole) }
    }

    /// Whether the target of a request is below it.
    pub fn is_above(&self, request: &Request<'_>) -> bool {
        matches!(request.target, Target::Path { path, .. } if self.below(path).is_some())
    }

    /// The path from here, decoded, of one that is below it.
    pub fn below(&self, path: &[u8]) -> Option<DecodedPath> {
        match self.place(DecodedPath::decode(path).ok()?) {
            Place::Below(path) => Some(path),
            Place::WithoutSlash | Place::Outside => None,
        }
    }
}

#[cfg(test)]
mod tests;
