//! Chunked bodies in whole, in pieces and broken.

use super::*;
use proptest::prelude::*;

/// Content and consumed bytes when fed in pieces of this size; `None` if more is needed.
fn decode(bytes: &[u8], piece: usize) -> Result<Option<(Vec<u8>, usize)>, Refusal> {
    let mut decoder = ChunkedDecoder::default();
    let (mut content, mut at, mut arrived) = (Vec::new(), 0, 0);
    while arrived < bytes.len() {
        arrived = (arrived + piece).min(bytes.len());
        while at < arrived {
            let step = decoder.next(&bytes[at..arrived])?;
            content.extend_from_slice(&bytes[at..arrived][step.data]);
            at += step.consumed;
            if step.finished {
                return Ok(Some((content, at)));
            }
        }
    }
    Ok(None)
}

#[test]
fn bodies_are_decoded_to_the_byte_in_any_pieces() {
    let long_extension = format!("1;{}\r\na\r\n0\r\n\r\n", "x".repeat(1000));
    let table: &[(&[u8], &[u8])] = &[
        (b"0\r\n\r\n", b""),
        (b"5\r\nhello\r\n0\r\n\r\n", b"hello"),
        (b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", b"hello world"),
        (b"A\r\n0123456789\r\n000\r\n\r\n", b"0123456789"),
        (b"a;b=c;d=\"e f\"\r\n0123456789\r\n0;z\r\n\r\n", b"0123456789"),
        (b"2 ;x\r\n\r\n\r\n0\r\n\r\n", b"\r\n"),
        (b"1 ; a = b ;\tc=\"\"\r\nx\r\n0;d=\";\\\"\\\\\xe9\t\"\r\n\r\n", b"x"),
        (b"1;a;a;a=1;!#$%&'*+-.^_`|~=0\r\nx\r\n0\r\n\r\n", b"x"),
        (b"1\r\nx\r\n0\r\nTrailer: y\r\nOther: z\r\n\r\n", b"x"),
        (long_extension.as_bytes(), b"a"),
    ];
    for &(body, content) in table {
        let mut bytes = body.to_vec();
        bytes.extend_from_slice(b"GET / HTTP/1.1");
        for piece in [1, 2, 3, 7, bytes.len()] {
            let decoded = decode(&bytes, piece).unwrap();
            assert_eq!(decoded, Some((content.to_vec(), body.len())), "{}", body.escape_ascii());
        }
    }
}

#[test]
fn what_is_not_chunked_is_refused_in_any_pieces() {
    let long_line = format!("1;{}\r\n", "x".repeat(MAX_LINE));
    let much_extension = format!("1;{}\r\na\r\n", "x".repeat(1000)).repeat(10);
    let many_trailers = format!("0\r\n{}", "A: b\r\n".repeat(3000));
    let table: &[&[u8]] = &[
        b"\r\n",
        b"x\r\n",
        b"-1\r\n",
        b"+1\r\na\r\n",
        b"0x1\r\na\r\n",
        b" 1\r\na\r\n",
        b"1 \r\na\r\n",
        b"1 x\r\na\r\n",
        b"1,\r\na\r\n",
        b"1;a\rb\r\na\r\n",
        b"1;\r\na\r\n",
        b"1; \r\na\r\n",
        b"1;=\r\na\r\n",
        b"1;=b\r\na\r\n",
        b"1;;;;\r\na\r\n",
        b"1;a;\r\na\r\n",
        b"1;a=\r\na\r\n",
        b"1;a=;b\r\na\r\n",
        b"1;a==b\r\na\r\n",
        b"1;a b\r\na\r\n",
        b"1;a \r\na\r\n",
        b"1;a=b c\r\na\r\n",
        b"1;a,b\r\na\r\n",
        b"1;\"a\"=b\r\na\r\n",
        b"1;a=\"\r\na\r\n",
        b"1;a=\"bc\r\na\r\n",
        b"1;a=\"b\\\"\r\na\r\n",
        b"1;a=\"b\\\r\na\r\n",
        b"1;a=\"b\"c\r\na\r\n",
        b"1;a=b\"c\"\r\na\r\n",
        b"1;a=\"\x01\"\r\na\r\n",
        b"1;a=\"\x7f\"\r\na\r\n",
        b"1;\xe9\r\na\r\n",
        b"0;\r\n\r\n",
        b"1\na\r\n",
        b"1\r\na\n",
        b"1\r\nab\r\n",
        b"2\r\na\r\n0\r\n\r\n",
        b"00000000000000001\r\na\r\n",
        b"fffffffffffffffff\r\n",
        b"0\r\nno colon\r\n",
        b"0\r\n folded: x\r\n",
        b"0\r\n\n",
        long_line.as_bytes(),
        much_extension.as_bytes(),
        many_trailers.as_bytes(),
    ];
    for bytes in table {
        for piece in [1, 3, bytes.len()] {
            let shown = &bytes[..bytes.len().min(60)];
            assert!(decode(bytes, piece).is_err(), "{} by {piece}", shown.escape_ascii());
        }
    }
}

#[test]
fn an_unfinished_body_needs_more() {
    let body = b"5\r\nhello\r\n0\r\n\r\n";
    for end in 0..body.len() {
        assert_eq!(decode(&body[..end], 1), Ok(None), "{end}");
    }
}

/// Bytes that are likely to make a chunked body.
fn nearly_a_body() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'1'), Just(b'0'), Just(b';'), any::<u8>()];
    proptest::collection::vec(byte, 0..60)
}

/// The contents of some chunks.
fn contents() -> impl Strategy<Value = Vec<Vec<u8>>> {
    proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..50), 0..5)
}

proptest! {
    #[test]
    fn any_bytes_in_any_pieces_give_the_same_result(bytes in nearly_a_body(), piece in 1usize..9) {
        prop_assert_eq!(decode(&bytes, piece), decode(&bytes, bytes.len().max(1)));
    }

    #[test]
    fn written_chunks_are_read_back(chunks in contents(), piece in 1usize..9) {
        let mut body = Vec::new();
        for chunk in &chunks {
            encode(chunk, &mut body);
        }
        body.extend_from_slice(LAST_CHUNK);
        prop_assert_eq!(decode(&body, piece), Ok(Some((chunks.concat(), body.len()))));
    }
}
