//! The names that uploaded files may get.

use crate::base::platform::names;
use crate::http::{Refusal, Status};
use std::borrow::Cow;
use std::collections::HashSet;

/// Checks a name on the path of an upload.
pub(super) fn check_name(name: &[u8]) -> Result<(), Refusal> {
    if name.is_empty() || name.contains(&0) {
        return Err(Refusal::bad_request("no file can have that name"));
    }
    // Of these, .well-known may be read. But it speaks for the whole host: whoever can put files into it can have
    // certificates issued for the host (RFC 8555 section 8.3).
    if name.starts_with(b".") {
        return Err(
            Refusal::new(Status::FORBIDDEN, "names that start with a dot are not taken").because("dot")
        );
    }
    Ok(())
}

/// `image.jpg`, and if that is used already, `image (2).jpg`; of a path the last part. (`upload.js` does the same.)
pub(super) fn name_not_in(used: &HashSet<Vec<u8>>, path: &[u8]) -> Vec<u8> {
    let start = memchr::memrchr(b'/', path).map_or(0, |slash| slash + 1);
    let dot = memchr::memrchr(b'.', &path[start..]).filter(|&dot| dot > 0);
    let (stem, ending) = path.split_at(dot.map_or(path.len(), |dot| start + dot));
    let numbered = (2u32..).map(|number| [stem, format!(" ({number})").as_bytes(), ending].concat());
    let mut names = std::iter::once(path.to_vec()).chain(numbered);
    names.find(|name| !used.contains(&*key(name))).expect("there are more numbers than names")
}

/// As what a name counts among those that are used.
pub(super) fn key(name: &[u8]) -> Cow<'_, [u8]> {
    if names::IGNORE_CASE {
        String::from_utf8_lossy(name).to_lowercase().into_bytes().into()
    } else {
        name.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_letters_make_another_name_where_they_do_on_the_disk() {
        let used = HashSet::from([key(b"a/B.txt").into_owned()]);
        let expected: &[u8] = if names::IGNORE_CASE { b"A/b (2).TXT" } else { b"A/b.TXT" };
        assert_eq!(name_not_in(&used, b"A/b.TXT"), expected);
    }

    #[test]
    fn the_same_name_again_gets_a_number() {
        let mut used = HashSet::new();
        let table = [
            ("image.jpg", "image.jpg"),
            ("image.jpg", "image (2).jpg"),
            ("image.jpg", "image (3).jpg"),
            ("image (2).jpg", "image (2) (2).jpg"),
            ("README", "README"),
            ("README", "README (2)"),
            (".env", ".env"),
            (".env", ".env (2)"),
            ("a.tar.gz", "a.tar.gz"),
            ("a.tar.gz", "a.tar (2).gz"),
            ("a.b/c", "a.b/c"),
            ("a.b/c", "a.b/c (2)"),
            ("a.b/.c", "a.b/.c"),
            ("a.b/.c", "a.b/.c (2)"),
        ];
        for (name, expected) in table {
            let free = name_not_in(&used, name.as_bytes());
            assert_eq!(String::from_utf8_lossy(&free), expected, "{name}");
            used.insert(key(&free).into_owned());
        }
    }
}
