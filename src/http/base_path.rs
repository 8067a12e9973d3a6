//! The base path: of a site that several servers share, the paths that are this one's
//! (`--base-path /files`, behind a proxy that passes on what begins with `/files/`).
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
//! Where a path is, is asked of what it means, never of the text that was sent: it is read as a whole
//! ([`DecodedPath`]), and then compared segment by segment. So `/%66iles/a`, `/files%2fa` and `/x/../files/a`
//! are below it just as `/files/a` is, and `/files/../a` is not.

use super::target::{DecodedPath, Target, encode_segment};
use super::{Refusal, Request};
use percent_encoding::percent_decode_str;
use std::borrow::Cow;

/// Where everything is. By default that is the root, and each path is below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BasePath {
    /// Decoded, and none of them special; none at all for the root.
    segments: Vec<Vec<u8>>,
    /// As it stands in a URL, with a slash at both ends.
    start: String,
}

/// Where a path is, seen from the base path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// This far below it.
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

    /// What a path names that is still encoded, and where that is.
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
        // As long as they are, with a slash behind each.
        let length: usize = self.segments.iter().map(|own| own.len() + 1).sum();
        let is_all = length > whole.relative.len();
        whole.relative.drain(..length.min(whole.relative.len()));
        if is_all && !whole.names_directory { Place::WithoutSlash } else { Place::Below(whole) }
    }

    /// Whether what is asked for is below it.
    pub fn is_above(&self, request: &Request<'_>) -> bool {
        matches!(request.target, Target::Path { path, .. } if self.below(path).is_some())
    }

    /// What a path names that is below it.
    pub fn below(&self, path: &[u8]) -> Option<DecodedPath> {
        match self.place(DecodedPath::decode(path).ok()?) {
            Place::Below(path) => Some(path),
            Place::WithoutSlash | Place::Outside => None,
        }
    }
}

#[cfg(test)]
mod tests;
