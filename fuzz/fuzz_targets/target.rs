//! No path leads above the root, and an encoded name decodes to itself.

#![no_main]

use glasshttp::http::Method;
use glasshttp::http::base_path::BasePath;
use glasshttp::http::target::{DecodedPath, MAX_TARGET, Target, encode_segment, parameter};
use glasshttp_fuzz::unfold;
use libfuzzer_sys::fuzz_target;

const METHODS: [Method; 4] = [Method::Get, Method::Options, Method::Connect, Method::Unknown];

// The first byte, modulo 4, chooses the method. The rest is the target.
fuzz_target!(|input: &[u8]| {
    let bytes = unfold(input);
    let Some((number, raw)) = bytes.split_first() else { return };
    let method = METHODS[usize::from(number % 4)];
    match Target::parse(method, raw) {
        Ok((Target::Path { path, query }, host)) => {
            assert!(path.starts_with(b"/") && !path.contains(&b'?'));
            assert!(raw.len() <= MAX_TARGET && !raw.iter().any(|byte| *byte <= b' ' || *byte == 0x7f));
            check_split(raw, path, query, host.is_some());
            check_path(path);
            check_query(query);
        }
        Ok((Target::Server, _)) => assert_eq!((method, raw), (Method::Options, &b"*"[..])),
        Ok((Target::Authority, _)) => assert_eq!(method, Method::Connect),
        Err(refusal) => assert!(matches!(refusal.status.code(), 400 | 414)),
    }
    // These functions must not rely on what `Target::parse` refuses.
    check_path(raw);
    check_query(Some(raw));
    check_segment(raw);
});

/// Path and query are the bytes of the target, all of them but scheme and authority.
fn check_split(raw: &[u8], path: &[u8], query: Option<&[u8]>, is_absolute: bool) {
    let mut together = path.to_vec();
    if let Some(query) = query {
        together.push(b'?');
        together.extend_from_slice(query);
    }
    // An empty path is written as "/".
    assert!(raw.ends_with(&together) || (is_absolute && raw.ends_with(&together[1..])));
    assert!(is_absolute || raw.len() == together.len());
}

fn check_path(path: &[u8]) {
    let Ok(decoded) = DecodedPath::decode(path) else { return };
    for segment in decoded.relative.split(|&byte| byte == b'/').filter(|_| !decoded.relative.is_empty()) {
        assert!(!matches!(segment, b"" | b"." | b".."));
        assert!(!segment.contains(&0));
    }
    let is_hidden = decoded.segments().any(|segment| segment.starts_with(b"."));
    assert!(is_hidden || !decoded.is_hidden());
    // Encoded again it has the same meaning, so a redirect leads to the place that the request named.
    let mut encoded = String::new();
    for segment in decoded.segments() {
        encoded += &format!("/{}", encode_segment(segment));
    }
    if decoded.names_directory {
        encoded.push('/');
    }
    assert_eq!(DecodedPath::decode(encoded.as_bytes()).as_ref(), Ok(&decoded));
    check_places(path, &decoded);
}

/// Whether a path lies below a base path depends on its decoded form, however it is written.
fn check_places(path: &[u8], whole: &DecodedPath) {
    for base in ["/", "/a", "/a/b"] {
        let base = BasePath::parse(base).expect("a base path");
        let expected = whole.text().strip_prefix(&base.start().as_bytes()[1..]).map(<[u8]>::to_vec);
        let below = base.below(path).map(|path| path.text().into_owned());
        // For the directory itself, its slash is left.
        let expected = expected.map(|left| if left.is_empty() { b"/".to_vec() } else { left });
        assert_eq!(below, expected);
    }
}

/// The value of a query parameter, found a second time in a slower way.
fn check_query(query: Option<&[u8]>) {
    let value = parameter(query, "sort");
    let Some(query) = query else { return assert_eq!(value, None) };
    let mut expected = None;
    for pair in query.split(|&byte| byte == b'&').rev() {
        let (name, value) = pair.split_at(pair.iter().position(|&byte| byte == b'=').unwrap_or(pair.len()));
        if name == b"sort" {
            expected = Some(decode_loosely(value.get(1..).unwrap_or_default()));
        }
    }
    assert_eq!(value, expected);
}

/// Decodes percent-encoded bytes, and leaves a `%` without two hexadecimal digits as it is.
fn decode_loosely(mut bytes: &[u8]) -> String {
    let mut decoded = Vec::new();
    while let [byte, rest @ ..] = bytes {
        let digit = |at: usize| rest.get(at).and_then(|&digit| (digit as char).to_digit(16));
        match (byte, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                decoded.push((high * 16 + low) as u8);
                bytes = &rest[2..];
            }
            _ => {
                decoded.push(*byte);
                bytes = rest;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// The encoded form of a name leads to the file of that name, and has no character that is special in HTML, in
/// a field or in a URL.
fn check_segment(name: &[u8]) {
    let encoded = encode_segment(name).to_string();
    assert!(encoded.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte)));
    if !name.iter().any(|byte| b"/\0".contains(byte)) && !matches!(name, b"" | b"." | b"..") {
        let decoded = DecodedPath::decode(format!("/{encoded}").as_bytes()).expect("it is a good name");
        assert_eq!(decoded.relative, name);
    }
}
