//! Targets in, paths out: what is decoded, what is removed and what is refused.

use super::*;
use proptest::prelude::*;

#[test]
fn each_form_is_taken_where_it_is_allowed() {
    fn path<'a>(path: &'a str, query: Option<&'a str>) -> Target<'a> {
        Target::Path { path: path.as_bytes(), query: query.map(str::as_bytes) }
    }
    let table = [
        (Method::Get, "/", Some((path("/", None), None))),
        (Method::Get, "/a?b?c", Some((path("/a", Some("b?c")), None))),
        (Method::Get, "/?", Some((path("/", Some("")), None))),
        (Method::Get, "//a//", Some((path("//a//", None), None))),
        (Method::Get, "/ü", Some((path("/ü", None), None))),
        (Method::Get, "http://h/a?b", Some((path("/a", Some("b")), Some("h")))),
        (Method::Get, "HTTPS://h:1", Some((path("/", None), Some("h")))),
        (Method::Get, "http://h?q", Some((path("/", Some("q")), Some("h")))),
        (Method::Get, "http://[::1]:80/", Some((path("/", None), Some("[::1]")))),
        (Method::Options, "*", Some((Target::Server, None))),
        (Method::Connect, "h:443", Some((Target::Authority, None))),
        (Method::Get, "*", None),
        (Method::Get, "h:443", None),
        (Method::Get, "a", None),
        (Method::Get, "ftp://h/", None),
        (Method::Get, "http:///a", None),
        (Method::Get, "http://u@h/", None),
        (Method::Get, "/a#b", None),
        (Method::Get, "/a\x7f", None),
        (Method::Get, "/a\tb", None),
        (Method::Connect, "/", None),
        (Method::Connect, "h", None),
    ];
    for (method, raw, expected) in table {
        let parsed = Target::parse(method, raw.as_bytes());
        let seen = parsed.ok().map(|(target, host)| (target, host.map(|host| host.name)));
        let expected = expected.map(|(target, host)| (target, host.map(str::as_bytes)));
        assert_eq!(seen, expected, "{raw}");
    }
}

#[test]
fn the_longest_target_is_taken_and_one_byte_more_is_414() {
    let mut raw = vec![b'/'; MAX_TARGET];
    assert!(Target::parse(Method::Get, &raw).is_ok());
    raw.push(b'/');
    assert_eq!(Target::parse(Method::Get, &raw).unwrap_err().status, Status::URI_TOO_LONG);
}

#[test]
fn paths_are_decoded_once_then_split_then_rid_of_dot_segments() {
    let table: &[(&str, Option<(&[u8], bool)>)] = &[
        ("/", Some((b"", true))),
        ("//", Some((b"", true))),
        ("/a", Some((b"a", false))),
        ("/a/", Some((b"a", true))),
        ("//a///b//", Some((b"a/b", true))),
        ("/./a/./b", Some((b"a/b", false))),
        ("/a/.", Some((b"a", true))),
        ("/a/%2e", Some((b"a", true))),
        ("/%2E/a", Some((b"a", false))),
        ("/a%20b", Some((b"a b", false))),
        ("/a+b", Some((b"a+b", false))),
        ("/%ff%0a", Some((b"\xff\n", false))),
        ("/...", Some((b"...", false))),
        // An encoded slash divides, too.
        ("/a%2fb", Some((b"a/b", false))),
        ("/npm/@scope%2Fname", Some((b"npm/@scope/name", false))),
        ("/a%2f", Some((b"a", true))),
        ("/a%2F%2fb", Some((b"a/b", false))),
        // Dot segments, however they are written.
        ("/a/../b", Some((b"b", false))),
        ("/a/b/../../c", Some((b"c", false))),
        ("/a/..", Some((b"", true))),
        ("/a/b/..", Some((b"a", true))),
        ("/a/b/../", Some((b"a", true))),
        ("/a/%2e%2E/b", Some((b"b", false))),
        ("/a/.%2e/b", Some((b"b", false))),
        ("/a%2F..%2Fb", Some((b"b", false))),
        ("/a//../b", Some((b"b", false))),
        ("/a/./../b", Some((b"b", false))),
        ("/a/..b/b..", Some((b"a/..b/b..", false))),
        ("/..", None),
        ("/../a", None),
        ("/a/../..", None),
        ("/a/../../a", None),
        ("//..", None),
        ("/./../a", None),
        ("/%2e%2e/a", None),
        ("/.%2E/a", None),
        ("/..%2fa", None),
        ("/a%2f..%2f..%2fb", None),
        // What is decoded is not decoded again.
        ("/%25%32%65", Some((b"%2e", false))),
        ("/%252e%252e", Some((b"%2e%2e", false))),
        ("/a%252fb", Some((b"a%2fb", false))),
        ("/%2%65%2%65/a", Some((b"%2e%2e/a", false))),
        ("/%%32e", Some((b"%2e", false))),
        // A letter is a letter.
        ("/a\\b", Some((b"a\\b", false))),
        ("/a%5cb", Some((b"a\\b", false))),
        ("/..\\..\\a", Some((b"..\\..\\a", false))),
        ("/100%", Some((b"100%", false))),
        ("/100%.txt", Some((b"100%.txt", false))),
        ("/a%2", Some((b"a%2", false))),
        ("/a%zz", Some((b"a%zz", false))),
        ("/%%20", Some((b"% ", false))),
        ("/%u002e%u002e/a", Some((b"%u002e%u002e/a", false))),
        ("/%c0%ae%c0%ae/a", Some((b"\xc0\xae\xc0\xae/a", false))),
        ("/a%00b", None),
        ("/a%00/..", None),
    ];
    for &(path, expected) in table {
        let decoded = DecodedPath::decode(path.as_bytes());
        let seen = decoded.as_ref().ok().map(|path| (path.relative.as_slice(), path.names_directory));
        assert_eq!(seen, expected, "{path}");
    }
}

#[test]
fn as_one_text_a_directory_has_its_slash() {
    for (path, text) in [("/", "/"), ("/a/b", "a/b"), ("/a/b%2f", "a/b/"), ("/a/..", "/"), ("/a/b/..", "a/")]
    {
        let decoded = DecodedPath::decode(path.as_bytes()).expect("a good path");
        assert_eq!(decoded.text(), text.as_bytes(), "{path}");
        assert_eq!(decoded.encoded(), text.trim_start_matches('/'), "{path}");
    }
}

#[test]
fn hidden_is_any_dot_segment_but_well_known_at_the_root() {
    let table = [
        ("/a/b", false),
        ("/.env", true),
        ("/a/.git/config", true),
        ("/.well-known/acme", false),
        ("/.well-known/.secret", true),
        ("/a/.well-known/x", true),
        ("/./a", false),
        ("/%2eenv", true),
        ("/.env/.", true),
        ("/a/../.env", true),
        ("/a%2f.env", true),
        ("/.env/../a", false),
        ("/.well-known/../.env", true),
        ("/a/../.well-known/acme", false),
        ("/.well-known%2f..%2fa/.well-known/x", true),
    ];
    for (path, expected) in table {
        assert_eq!(DecodedPath::decode(path.as_bytes()).unwrap().is_hidden(), expected, "{path}");
    }
}

#[test]
fn most_paths_mean_what_they_say() {
    for path in ["/", "/a", "/a/b.c/", "/a b/\\c"] {
        assert!(plain_text(path.as_bytes()).is_some(), "{path}");
    }
    for path in ["", "//", "/a//b", "/.env", "/a/../b", "/a%20b", "/a/."] {
        assert_eq!(plain_text(path.as_bytes()), None, "{path}");
    }
}

#[test]
fn links_lead_into_a_folder_only_from_what_ends_as_one() {
    for (path, expected) in [
        ("/", true),
        ("/a/", true),
        ("/a/../b/", true),
        ("/a/.", true),
        ("/a/%2E", true),
        ("/a/..", false),
        ("/a/%2e.", false),
        ("/a%2f", false),
        ("/a", false),
    ] {
        assert_eq!(ends_as_a_folder(path.as_bytes()), expected, "{path}");
    }
}

#[test]
fn query_parameters_are_found_and_decoded() {
    let query = Some(&b"a=1&bb=x%20y&c&a=2"[..]);
    let table = [("a", Some("1")), ("b", None), ("bb", Some("x y")), ("c", Some("")), ("d", None)];
    for (name, expected) in table {
        assert_eq!(parameter(query, name).as_deref(), expected, "{name}");
    }
    assert_eq!(parameter(None, "a"), None);
}

proptest! {
    #[test]
    fn decoding_never_lets_a_special_segment_through(path in proptest::collection::vec(any::<u8>(), 0..40)) {
        if let Ok(decoded) = DecodedPath::decode(&path) {
            for segment in decoded.segments() {
                prop_assert!(segment != b".." && segment != b"." && !segment.contains(&0));
            }
            prop_assert!(!decoded.relative.starts_with(b"/") && !decoded.relative.ends_with(b"/"));
        }
    }

    /// A second way to the same: what RFC 3986 section 5.2.4 does, on whole segments and step by step.
    #[test]
    fn dot_segments_are_removed_as_the_rfc_does_it(path in "(/|\\.|%2e|%2E|%2f|g|h|%|%25|\\\\){0,16}") {
        let path = format!("/{path}");
        let text = percent_decode(path.as_bytes()).decode_utf8().expect("ASCII");
        let mut left = Some(Vec::new());
        for segment in text.split('/').filter(|segment| !matches!(*segment, "" | ".")) {
            left = left.and_then(|mut left: Vec<_>| match segment {
                ".." => left.pop().map(|_| left),
                name => { left.push(name); Some(left) }
            });
        }
        let decoded = DecodedPath::decode(path.as_bytes()).ok().map(|path| path.relative);
        prop_assert_eq!(decoded, left.map(|left| left.join("/").into_bytes()));
    }

    #[test]
    fn a_path_that_means_what_it_says_is_decoded_to_that(
        path in "/[a-z%./ ]{0,6}(/[a-z%2ef./]{0,4}){0,3}", bytes in proptest::collection::vec(any::<u8>(), 0..9))
    {
        for path in [path.as_bytes(), &[b"/", &bytes[..]].concat()] {
            if let Some(text) = plain_text(path) {
                let decoded = DecodedPath::decode(path).unwrap();
                prop_assert_eq!(text, &*decoded.text());
            }
        }
    }

    #[test]
    fn an_encoded_name_decodes_to_itself(name in proptest::collection::vec(any::<u8>(), 1..40)) {
        prop_assume!(!name.iter().any(|byte| b"/\0".contains(byte)) && name != b"." && name != b"..");
        let encoded = format!("/{}", encode_segment(&name));
        let decoded = DecodedPath::decode(encoded.as_bytes()).unwrap();
        prop_assert_eq!(&decoded.relative, &name);
        prop_assert_eq!(encoded, format!("/{}", decoded.encoded()));
    }
}
