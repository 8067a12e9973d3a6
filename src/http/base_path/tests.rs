//! Which paths are below a base path, however they are written.

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
        assert!(base.place_of(path.as_bytes()).is_err() && base.below(path.as_bytes()).is_none(), "{path}");
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
