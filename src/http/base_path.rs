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
mod tests {
    use super::*;
    use crate::http::target::DecodedPath;
    use proptest::prelude::*;

    #[test]
    fn a_base_path_is_a_path_and_nothing_else() {
        let table = [
            ("/", Ok("/")),
            ("/files", Ok("/files/")),
            ("/files/", Ok("/files/")),
            ("/a/b", Ok("/a/b/")),
            ("/a%20b", Ok("/a%20b/")),
            ("/a b", Ok("/a%20b/")),
            ("/\u{fc}", Ok("/%C3%BC/")),
            ("/.files", Ok("/.files/")),
            ("", Err("does not begin")),
            ("files", Err("does not begin")),
            ("http://a/files", Err("does not begin")),
            ("//", Err("nothing between")),
            ("//files", Err("nothing between")),
            ("/a//b", Err("nothing between")),
            ("/a?b", Err("\"?\"")),
            ("/a#b", Err("\"#\"")),
            ("/a\\b", Err("\"\\\"")),
            ("/a%5cb", Err("encoded")),
            ("/a%2fb", Err("encoded")),
            ("/a%00", Err("encoded")),
            ("/a\nb", Err("control character")),
            ("/a\x7f", Err("control character")),
            ("/.", Err("\"..\"")),
            ("/a/..", Err("\"..\"")),
            ("/%2e%2E/a", Err("\"..\"")),
            ("/100%", Ok("/100%25/")),
        ];
        for (text, expected) in table {
            match (BasePath::parse(text), expected) {
                (Ok(base), Ok(start)) => assert_eq!(base.start(), start, "{text:?}"),
                (Err(why), Err(part)) => assert!(why.contains(part), "{text:?}: {why}"),
                (seen, expected) => panic!("{text:?}: {seen:?}, not {expected:?}"),
            }
        }
    }

    #[test]
    fn where_a_path_is_is_asked_of_what_it_means() {
        let below = |path: &[u8], names_directory| {
            Ok(Place::Below(DecodedPath { relative: path.to_vec(), names_directory }))
        };
        let file = |path: &str| below(path.as_bytes(), false);
        let directory = |path: &str| below(path.as_bytes(), true);
        let base = BasePath::parse("/files").expect("a base path");
        let table = [
            ("/files", Ok(Place::WithoutSlash)),
            ("/%66ile%73", Ok(Place::WithoutSlash)),
            ("//./files", Ok(Place::WithoutSlash)),
            ("/x/../files", Ok(Place::WithoutSlash)),
            ("/files/", directory("")),
            ("/files/.", directory("")),
            ("/files/x/..", directory("")),
            ("/files%2f", directory("")),
            ("/files/a", file("a")),
            ("/files/a%2f", directory("a")),
            ("/files%2fa", file("a")),
            ("/%66iles/a", file("a")),
            ("//files//a", file("a")),
            ("/./%2e/files/a/.", directory("a")),
            ("/a/../files/", directory("")),
            ("/a/%2e%2e/files/b/../c", file("c")),
            ("/files/../files/a", file("a")),
            ("/files/files", file("files")),
            ("/files/../a", Ok(Place::Outside)),
            ("/files/..", Ok(Place::Outside)),
            ("/files/%2e%2e/files%2f..%2fa", Ok(Place::Outside)),
            ("/", Ok(Place::Outside)),
            ("//", Ok(Place::Outside)),
            ("/.", Ok(Place::Outside)),
            ("/Files/a", Ok(Place::Outside)),
            ("/filesystem", Ok(Place::Outside)),
            ("/file", Ok(Place::Outside)),
            ("/%2566iles/", Ok(Place::Outside)),
            ("/files%", Ok(Place::Outside)),
            ("/files\\a", Ok(Place::Outside)),
            ("/a/files/", Ok(Place::Outside)),
        ];
        for (path, expected) in table {
            assert_eq!(base.place_of(path.as_bytes()), expected, "{path}");
            let seen = base.below(path.as_bytes()).map(Place::Below);
            assert_eq!(seen, expected.ok().filter(|place| matches!(place, Place::Below(_))), "{path}");
        }
        for path in ["/../files/", "/files/../../files/a", "/files/a%00", "/a/%2e%2e%2f../files/a"] {
            assert!(
                base.place_of(path.as_bytes()).is_err() && base.below(path.as_bytes()).is_none(),
                "{path}"
            );
        }
        let deep = BasePath::parse("/a/b%20c").expect("a base path");
        assert_eq!(deep.place_of(b"/a/b%20c/d"), file("d"));
        assert_eq!(deep.place_of(b"/a/b%20c"), Ok(Place::WithoutSlash));
        assert_eq!(deep.place_of(b"/a/b%20c/d/../"), directory(""));
        assert_eq!(deep.place_of(b"/a/b%20cd"), Ok(Place::Outside));
        assert_eq!(deep.place_of(b"/a/"), Ok(Place::Outside));
        assert_eq!(BasePath::default().place_of(b"//a"), file("a"));
        assert_eq!(BasePath::default().place_of(b"/"), directory(""));
    }

    proptest! {
        /// What is below it is what the same path names that is decoded as a whole.
        #[test]
        fn below_is_what_comes_behind_the_base_path_when_all_of_it_is_decoded(
            path in "(/|\\.|%2e|%2f|a|%61|b|%){0,12}",
        ) {
            let base = BasePath::parse("/a").expect("a base path");
            let path = format!("/{path}");
            let whole = DecodedPath::decode(path.as_bytes());
            match base.below(path.as_bytes()) {
                Some(below) => {
                    let whole = whole.expect("it is below");
                    let joined = [&b"a"[..], &below.relative].join(&b'/');
                    prop_assert_eq!(&whole.relative, joined.strip_suffix(b"/").unwrap_or(&joined));
                    prop_assert_eq!(whole.names_directory, below.names_directory);
                }
                None => if let Ok(whole) = whole {
                    prop_assert!(!whole.text().starts_with(b"a/"));
                },
            }
        }
    }
}
