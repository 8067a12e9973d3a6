//! The head of a request is parsed to the same result in whatever pieces it arrives, and a head that is accepted is
//! well formed.

#![no_main]

use glasshttp::http::framing::{Framing, expects_continue};
use glasshttp::http::request::{HeadScanner, MAX_HEAD, MAX_REQUEST_LINE};
use glasshttp::http::{Refusal, Request};
use glasshttp_fuzz::{cuts, unfold};
use libfuzzer_sys::fuzz_target;
use std::ops::Range;

/// The result of reading a head: where it is, and the request.
type Outcome<'a> = Result<Option<(Range<usize>, Request<'a>)>, Refusal>;

fuzz_target!(|input: &[u8]| {
    let bytes = unfold(input);
    let whole = read(&bytes, [bytes.len()]);
    assert_eq!(read(&bytes, 0..=bytes.len()), whole, "byte by byte");
    for cut in cuts(bytes.len()) {
        assert_eq!(read(&bytes, [cut, bytes.len()]), whole, "cut at {cut}");
    }
    // What is read at once, without a search for its end, is what the scanner finds.
    if bytes.len() <= MAX_REQUEST_LINE
        && bytes.ends_with(b"\r\n\r\n")
        && Request::default().read(&bytes) == Ok(&[])
    {
        assert!(matches!(&whole, Ok(Some((head, _))) if *head == (0..bytes.len())), "at once");
    }
    if let Ok(Some((head, request))) = whole {
        check_end(&bytes, &head);
        check_parts(&bytes[head], &request);
    }
});

/// Reads a head that arrives in pieces, which end at these places. A head that exceeds a limit is refused at
/// that byte, whatever follows, so reading ends with the first result.
fn read(bytes: &[u8], ends: impl IntoIterator<Item = usize>) -> Outcome<'_> {
    let mut scanner = HeadScanner::default();
    for end in ends {
        if let Some(head) = scanner.find_end(&bytes[..end])? {
            return Ok(Some((head.clone(), Request::parse(&bytes[head])?)));
        }
    }
    Ok(None)
}

/// The head ends with the first empty line after its request line, and all its lines end with CRLF.
fn check_end(bytes: &[u8], head: &Range<usize>) {
    assert!(head.end <= MAX_HEAD);
    assert!(head.start == 0 || (head.start == 2 && bytes.starts_with(b"\r\n")));
    let head = &bytes[head.clone()];
    let blank_line = head.windows(4).position(|window| window == b"\r\n\r\n");
    assert_eq!(blank_line, Some(head.len() - 4));
    for (at, _) in head.iter().enumerate().filter(|(_, byte)| **byte == b'\n') {
        assert_eq!(head[at - 1], b'\r', "a lone LF at {at}");
    }
}

/// Each part consists of bytes that its grammar allows, and all parts together are the head again.
fn check_parts(head: &[u8], request: &Request<'_>) {
    let mut lines = head.strip_suffix(b"\r\n\r\n").expect("checked before").split(|&byte| byte == b'\n');
    let without_cr = |line: &'_ [u8]| line.strip_suffix(b"\r").unwrap_or(line).to_vec();
    assert_eq!(lines.next().map(without_cr).as_deref(), Some(request.line));
    assert_eq!(request.line.iter().filter(|byte| byte.is_ascii_whitespace()).count(), 2);
    assert!(!request.line.iter().any(u8::is_ascii_control));
    for field in request.fields.iter() {
        let line = lines.next().map(without_cr).expect("a line for each field");
        assert!(field.name.iter().all(u8::is_ascii_graphic) && !field.name.is_empty());
        assert!(!field.value.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t'));
        let value = line.strip_prefix(field.name).and_then(|rest| rest.strip_prefix(b":"));
        assert_eq!(value.map(<[u8]>::trim_ascii), Some(field.value));
    }
    assert_eq!(lines.next(), None);
    check_framing(request);
    let _ = expects_continue(request);
    let _ = request.allows_keep_alive();
}

/// A body is accepted only if the fields leave no doubt about where it ends (RFC 9112 section 6.3).
fn check_framing(request: &Request<'_>) {
    let lengths: Vec<_> = request.fields.get_all("content-length").collect();
    let codings: Vec<_> = request.fields.get_all("transfer-encoding").collect();
    match Framing::of(request) {
        Err(refusal) => assert!(matches!(refusal.status.code(), 400 | 501)),
        Ok(Framing::Chunked) => {
            assert!(lengths.is_empty());
            assert!(matches!(codings[..], [only] if only.eq_ignore_ascii_case(b"chunked")));
        }
        Ok(framing) => {
            let expected = if let Framing::Length(length) = framing { length } else { 0 };
            assert!(codings.is_empty());
            assert!(framing == Framing::None || expected > 0);
            for length in lengths.iter().flat_map(|line| line.split(|&byte| byte == b',')) {
                let digits = std::str::from_utf8(length.trim_ascii()).expect("digits");
                assert!(!digits.starts_with('+'));
                assert_eq!(digits.parse(), Ok(expected));
            }
        }
    }
}
