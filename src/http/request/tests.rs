//! Heads in whole, in pieces and broken: what is read of them, and how they are refused.

use super::*;
use proptest::prelude::*;

/// Everything that the two steps say of these bytes, as the connection would use them.
fn read_whole(bytes: &[u8]) -> Result<Option<(usize, String)>, Refusal> {
    let Some(head) = HeadScanner::default().find_end(bytes)? else { return Ok(None) };
    Request::parse(&bytes[head.clone()]).map(|request| Some((head.end, format!("{request:?}"))))
}

/// The same when the bytes come in pieces that end at these places.
fn read_in_pieces(bytes: &[u8], ends: &[usize]) -> Result<Option<(usize, String)>, Refusal> {
    let mut scanner = HeadScanner::default();
    for &end in ends.iter().chain([&bytes.len()]) {
        if let Some(head) = scanner.find_end(&bytes[..end.min(bytes.len())])? {
            return Request::parse(&bytes[head.clone()])
                .map(|request| Some((head.end, format!("{request:?}"))));
        }
    }
    Ok(None)
}

fn status_of(bytes: &[u8]) -> u16 {
    match read_whole(bytes) {
        Ok(Some(_)) => 200,
        Ok(None) => 0,
        Err(refusal) => refusal.status.code(),
    }
}

#[test]
fn heads_are_taken_or_refused() {
    let table: &[(&[u8], u16)] = &[
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 200),
        (b"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 200),
        (b"GET / HTTP/1.0\r\n\r\n", 200),
        (b"GET / HTTP/1.7\r\nHost: a\r\n\r\n", 200),
        (b"GET / HTTP/1.1\r\nHost:\r\n\r\n", 200),
        (b"GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", 200),
        (b"BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 200),
        (b"", 0),
        (b"GET / HTTP/1.1\r\nHost: a\r\n", 0),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r", 0),
        (b"\r\n", 0),
        (b"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET / HTTP/1.1\nHost: a\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\n", 400),
        (b"GET / HTTP/1.1\r\rHost: a\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n", 400),
        (b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET /  HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400),
        (b" GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET\t/\tHTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET /\r\n\r\n", 400),
        (b"GET /\r\n", 400),
        (b"EHLO mail.example\r\n", 400),
        (b"PRI * HTTP/2.0\r\n", 505),
        (b"GET\r\n\r\n", 400),
        (b"GET / http/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET / HTTP/1.10\r\nHost: a\r\n\r\n", 400),
        (b"GET / HTTP/1\r\nHost: a\r\n\r\n", 400),
        (b"GET / HTTP/+1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
        (b"GET / HTTP/0.9\r\n\r\n", 505),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        (b"G\x00T / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET /\x00 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
        (b"GET / HTTP/1.0\r\nHost: a\r\nhost: a\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
        (b"GET http://b/ HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00", 400),
        (b"\x00", 400),
    ];
    for &(bytes, expected) in table {
        assert_eq!(status_of(bytes), expected, "{}", bytes.escape_ascii());
    }
}

#[test]
fn limits_hold_to_the_byte() {
    let with_target = |length: usize| format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(length - 1));
    assert_eq!(status_of(with_target(MAX_TARGET).as_bytes()), 200);
    assert_eq!(status_of(with_target(MAX_TARGET + 1).as_bytes()), 414);
    assert_eq!(status_of("A".repeat(MAX_REQUEST_LINE).as_bytes()), 0);
    assert_eq!(status_of("A".repeat(MAX_REQUEST_LINE + 1).as_bytes()), 414);
    let with_length = |length: usize| {
        let start = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
        format!("{start}{}\r\n\r\n", "x".repeat(length - start.len() - 4))
    };
    assert_eq!(status_of(with_length(MAX_HEAD).as_bytes()), 200);
    assert_eq!(status_of(with_length(MAX_HEAD + 1).as_bytes()), 431);
    assert_eq!(status_of(&with_length(MAX_HEAD + 1).as_bytes()[..MAX_HEAD - 1]), 0);
    let with_fields =
        |count: usize| format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: y\r\n".repeat(count - 1));
    assert_eq!(status_of(with_fields(100).as_bytes()), 200);
    assert_eq!(status_of(with_fields(101).as_bytes()), 431);
}

#[test]
fn the_host_of_an_absolute_target_goes_before_the_field() {
    let request = Request::parse(b"GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    assert_eq!(request.host.unwrap().name, b"b");
}

#[test]
fn keep_alive_follows_version_and_connection_options() {
    let table = [
        ("HTTP/1.1", "", true),
        ("HTTP/1.1", "Connection: close\r\n", false),
        ("HTTP/1.1", "Connection: x, CLOSE\r\n", false),
        ("HTTP/1.1", "Connection: x\r\nConnection: close\r\n", false),
        ("HTTP/1.1", "Connection: keep-alive\r\n", true),
        ("HTTP/1.1", "Connection: not-close\r\n", true),
        ("HTTP/1.0", "", false),
        ("HTTP/1.0", "Connection: Keep-Alive\r\n", true),
        ("HTTP/1.0", "Connection: keep-alive, close\r\n", false),
    ];
    for (version, field, expected) in table {
        let head = format!("GET / {version}\r\nHost: a\r\n{field}\r\n");
        let request = Request::parse(head.as_bytes()).unwrap();
        assert_eq!(request.allows_keep_alive(), expected, "{head}");
    }
}

/// Bytes that are often nearly a request.
fn nearly_a_request() -> impl Strategy<Value = Vec<u8>> {
    const PIECES: [&[u8]; 13] = [
        b"GET / HTTP/1.1\r\n",
        b"HEAD /a%20b?c HTTP/1.0\r\n",
        b"Host: a\r\n",
        b"Host: ",
        b"X: y",
        b"\r\n",
        b"\r\n\r\n",
        b"\n",
        b"\r",
        b" ",
        b":",
        b"\0",
        b"\xff",
    ];
    let piece = proptest::sample::select(&PIECES[..]);
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_bytes_are_answered_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read_whole(&bytes);
        let _ = Request::parse(&bytes);
    }

    #[test]
    fn any_split_gives_the_same_result(
        bytes in nearly_a_request(),
        mut ends in proptest::collection::vec(0usize..120, 0..6),
    ) {
        ends.sort_unstable();
        prop_assert_eq!(read_in_pieces(&bytes, &ends), read_whole(&bytes));
        let every_byte: Vec<usize> = (1..bytes.len()).collect();
        prop_assert_eq!(read_in_pieces(&bytes, &every_byte), read_whole(&bytes));
    }

    #[test]
    fn what_is_read_at_once_is_what_the_scanner_finds(mut bytes in nearly_a_request(), ends: bool) {
        if ends {
            bytes.extend_from_slice(b"\r\n\r\n");
        }
        if bytes.len() <= MAX_REQUEST_LINE && Request::default().read(&bytes) == Ok(&[]) && bytes.ends_with(b"\r\n\r\n") {
            prop_assert_eq!(HeadScanner::default().find_end(&bytes), Ok(Some(0..bytes.len())));
        }
    }

    #[test]
    fn a_written_head_is_read_back(
        target in "/[a-z0-9/%?&=._~-]{0,30}",
        fields in proptest::collection::vec(("[A-Za-z][A-Za-z0-9-]{0,10}", "[!-~]([ -~]{0,20}[!-~])?"), 0..8),
    ) {
        let mut head = format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n");
        for (name, value) in &fields {
            prop_assume!(!name.eq_ignore_ascii_case("host"));
            head += &format!("{name}: {value}\r\n");
        }
        head += "\r\n";
        let range = HeadScanner::default().find_end(head.as_bytes()).unwrap().unwrap();
        prop_assert_eq!(range, 0..head.len());
        let request = Request::parse(head.as_bytes()).unwrap();
        let line = format!("GET {target} HTTP/1.1");
        prop_assert_eq!(request.line, line.as_bytes());
        let seen: Vec<_> = request.fields.iter().skip(1).collect();
        prop_assert_eq!(seen.len(), fields.len());
        for (field, (name, value)) in seen.iter().zip(&fields) {
            prop_assert_eq!((field.name, field.value), (name.as_bytes(), value.as_bytes()));
        }
    }
}
