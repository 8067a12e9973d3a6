//! The base path: of a site that several servers share, the paths that are this one's
//! (`--base-path /files`, behind a proxy that passes on what begins with `/files/`).
//!
//! ```
//! use glasshttp::http::base_path::{BasePath, Place};
//! let base = BasePath::parse("/files").unwrap();
//! assert_eq!(base.start(), "/files/");
//! assert_eq!(base.place_of(b"/files/a.txt"), Place::Below(b"/a.txt"));
//! assert_eq!(base.place_of(b"/files"), Place::WithoutSlash);
//! assert_eq!(base.place_of(b"/filesystem/a.txt"), Place::Outside);
//! ```
//!
//! Paths are compared as [`DecodedPath`](super::target::DecodedPath) reads them: split on `/` first, each segment decoded once,
//! empty ones and `.` passed over. So `/%66iles/a` and `//files/a` name the same here as `/files/a`, just
//! as `/%61` and `//a` name the same file as `/a`. A `..` is never a segment of the base path, and so
//! `/x/../files/a` is outside of it, while in `/files/../a` it is left to who reads the rest, and refused.

use super::Request;
use super::target::{Target, decode_segment, encode_segment};

/// Where everything is. By default that is the root, and each path is below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BasePath {
    /// Decoded, and none of them special; none at all for the root.
    segments: Vec<Vec<u8>>,
    /// As it stands in a URL, with a slash at both ends.
    start: String,
}

/// Where a path is, seen from the base path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place<'a> {
    /// This far below it: what is left, from its slash on, still encoded.
    Below(&'a [u8]),
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
            let mut decoded = Vec::new();
            if let Err(refusal) = decode_segment(segment.as_bytes(), &mut decoded) {
                return wrong(&refusal.why);
            }
            match decoded.as_slice() {
                b"" => return wrong("two of its slashes have nothing between them"),
                b"." | b".." => return wrong("\".\" and \"..\" have no place in it"),
                _ if decoded.iter().any(|byte| byte.is_ascii_control() || b"/\\".contains(byte)) => {
                    return wrong("a control character, \"/\" or \"\\\" is encoded in it");
                }
                _ => {}
            }
            base.start.push_str(&format!("{}/", encode_segment(&decoded)));
            base.segments.push(decoded);
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
    pub fn place_of<'a>(&self, path: &'a [u8]) -> Place<'a> {
        let mut rest = path;
        for own in &self.segments {
            match next_segment(&mut rest) {
                Some(segment) if is_same(segment, own) => {}
                _ => return Place::Outside,
            }
        }
        match rest {
            [] if !self.segments.is_empty() => Place::WithoutSlash,
            rest => Place::Below(rest),
        }
    }

    /// Whether what is asked for is below it.
    pub fn is_above(&self, request: &Request<'_>) -> bool {
        matches!(request.target, Target::Path { path, .. } if self.below(path).is_some())
    }

    /// What is left of a path that is below it.
    pub fn below<'a>(&self, path: &'a [u8]) -> Option<&'a [u8]> {
        match self.place_of(path) {
            Place::Below(rest) => Some(rest),
            Place::WithoutSlash | Place::Outside => None,
        }
    }
}

/// Takes the next segment that counts off a path.
fn next_segment<'a>(path: &mut &'a [u8]) -> Option<&'a [u8]> {
    loop {
        let start = path.iter().position(|&byte| byte != b'/')?;
        let rest = &path[start..];
        let end = memchr::memchr(b'/', rest).unwrap_or(rest.len());
        let (segment, rest) = rest.split_at(end);
        *path = rest;
        if !is_same(segment, b".") {
            return Some(segment);
        }
    }
}

/// Whether a segment, decoded, is this one. What is malformed is no other.
fn is_same(segment: &[u8], decoded: &[u8]) -> bool {
    if !segment.contains(&b'%') {
        return segment == decoded;
    }
    let mut found = Vec::with_capacity(segment.len());
    decode_segment(segment, &mut found).is_ok() && found == decoded
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
            ("/100%", Err("hexadecimal")),
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
    fn paths_are_compared_as_they_are_decoded() {
        let base = BasePath::parse("/files").expect("a base path");
        let table: &[(&str, Place<'_>)] = &[
            ("/files", Place::WithoutSlash),
            ("/%66ile%73", Place::WithoutSlash),
            ("//./files", Place::WithoutSlash),
            ("/files/", Place::Below(b"/")),
            ("/files/a%2f", Place::Below(b"/a%2f")),
            ("/%66iles/a", Place::Below(b"/a")),
            ("//files//a", Place::Below(b"//a")),
            ("/./%2e/files/.", Place::Below(b"/.")),
            ("/files/../a", Place::Below(b"/../a")),
            ("/files/files", Place::Below(b"/files")),
            ("/", Place::Outside),
            ("//", Place::Outside),
            ("/.", Place::Outside),
            ("/Files/a", Place::Outside),
            ("/filesystem", Place::Outside),
            ("/file", Place::Outside),
            ("/%2566iles/", Place::Outside),
            ("/files%2fa", Place::Outside),
            ("/files%", Place::Outside),
            ("/a/files/", Place::Outside),
            ("/a/../files/", Place::Outside),
            ("/../files/", Place::Outside),
        ];
        for &(path, expected) in table {
            assert_eq!(base.place_of(path.as_bytes()), expected, "{path}");
        }
        let deep = BasePath::parse("/a/b%20c").expect("a base path");
        assert_eq!(deep.place_of(b"/a/b%20c/d"), Place::Below(b"/d"));
        assert_eq!(deep.place_of(b"/a/b%20c"), Place::WithoutSlash);
        assert_eq!(deep.place_of(b"/a/"), Place::Outside);
        assert_eq!(BasePath::default().place_of(b"//a"), Place::Below(b"//a"));
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
            match base.below(path.as_bytes()).map(DecodedPath::decode) {
                Some(Ok(below)) => {
                    let whole = whole.expect("its parts are well-formed");
                    let joined = [&b"a"[..], &below.relative].join(&b'/');
                    prop_assert_eq!(whole.relative, joined.strip_suffix(b"/").unwrap_or(&joined));
                    prop_assert_eq!(whole.names_directory, below.names_directory);
                }
                Some(Err(_)) => prop_assert!(whole.is_err()),
                None => if let Ok(whole) = whole {
                    prop_assert!(!whole.relative.starts_with(b"a/"));
                },
            }
        }
    }
}
