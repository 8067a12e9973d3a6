//! A chunked body ends where a second, simpler decoder of RFC 9112 section 7.1 says, in whatever pieces it arrives.

#![no_main]

use glasshttp::http::chunked::ChunkedDecoder;
use glasshttp_fuzz::{cuts, unfold};
use libfuzzer_sys::fuzz_target;

/// The result of decoding: the content and where the body ends, or `Ok(None)` if more bytes are needed.
type Outcome = Result<Option<(Vec<u8>, usize)>, ()>;

/// The limits that the decoder documents.
const MAX_LINE: usize = 1024;
const MAX_OVERHEAD: usize = 8 * 1024;

fuzz_target!(|input: &[u8]| {
    let bytes = unfold(input);
    let whole = decode(&bytes, [bytes.len()]);
    assert_eq!(whole, reference(&bytes));
    assert_eq!(decode(&bytes, 0..=bytes.len()), whole, "byte by byte");
    for cut in cuts(bytes.len()) {
        assert_eq!(decode(&bytes, [cut, bytes.len()]), whole, "cut at {cut}");
    }
});

/// Decodes a body that arrives in pieces, which end at these places.
fn decode(bytes: &[u8], ends: impl IntoIterator<Item = usize>) -> Outcome {
    let mut decoder = ChunkedDecoder::default();
    let (mut content, mut at) = (Vec::new(), 0);
    for end in ends {
        while at < end {
            let piece = &bytes[at..end];
            let step = decoder.next(piece).map_err(drop)?;
            assert!(step.consumed <= piece.len() && step.data.end <= step.consumed);
            assert!(step.consumed > 0 || step.finished, "it would never end");
            content.extend_from_slice(&piece[step.data]);
            at += step.consumed;
            if step.finished {
                return Ok(Some((content, at)));
            }
        }
    }
    Ok(None)
}

/// The second decoder, which has all bytes at once.
fn reference(bytes: &[u8]) -> Outcome {
    let (mut content, mut rest, mut overhead) = (Vec::new(), bytes, 0);
    loop {
        let Some(line) = take_line(&mut rest)? else { return Ok(None) };
        let (size, extension) = read_size_line(line).ok_or(())?;
        overhead += extension;
        check(overhead <= MAX_OVERHEAD)?;
        if size == 0 {
            break;
        }
        let Some((data, behind)) = usize::try_from(size).ok().and_then(|size| rest.split_at_checked(size))
        else {
            return Ok(None);
        };
        content.extend_from_slice(data);
        rest = behind;
        let Some(line) = take_line(&mut rest)? else { return Ok(None) };
        check(line.is_empty())?;
    }
    loop {
        let Some(line) = take_line(&mut rest)? else { return Ok(None) };
        if line.is_empty() {
            return Ok(Some((content, bytes.len() - rest.len())));
        }
        overhead += line.len();
        check(overhead <= MAX_OVERHEAD && is_field(line))?;
    }
}

fn check(is_right: bool) -> Result<(), ()> {
    if is_right { Ok(()) } else { Err(()) }
}

/// Takes a line and returns it without its CRLF. `None` if its end has not arrived, and an error if it is too
/// long or ends with a lone LF.
fn take_line<'a>(rest: &mut &'a [u8]) -> Result<Option<&'a [u8]>, ()> {
    let ends = rest.iter().position(|&byte| byte == b'\n');
    check(ends.unwrap_or(rest.len()) <= MAX_LINE + 1)?;
    let Some(ends) = ends else { return Ok(None) };
    let line = &rest[..ends];
    *rest = &rest[ends + 1..];
    line.strip_suffix(b"\r").map(Some).ok_or(())
}

/// The size of the chunk, and the length of its extensions.
fn read_size_line(line: &[u8]) -> Option<(u64, usize)> {
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let (size, extensions) = line.split_at(digits);
    let size = std::str::from_utf8(size).ok().filter(|_| digits <= 16)?;
    let size = u64::from_str_radix(size, 16).ok()?;
    extensions_are_right(extensions).then_some((size, extensions.len()))
}

/// What may come next in an extension.
#[derive(Clone, Copy, PartialEq)]
enum Expected {
    /// After the size or a quoted value: white space and a semicolon, or the end.
    Semicolon,
    BeforeName,
    Name,
    /// After a name and white space: an equals sign or a semicolon.
    AfterName,
    BeforeValue,
    Value,
    Quoted,
    Escaped,
    /// After white space: a semicolon, and not the end.
    OnlySemicolon,
}

/// The grammar of RFC 9112 section 7.1.1, a byte at a time.
fn extensions_are_right(bytes: &[u8]) -> bool {
    let mut expected = Expected::Semicolon;
    for &byte in bytes {
        use Expected::*;
        let is_blank = matches!(byte, b' ' | b'\t');
        expected = match (expected, byte) {
            (BeforeName | BeforeValue | AfterName | OnlySemicolon, _) if is_blank => expected,
            (Semicolon | Value, _) if is_blank => OnlySemicolon,
            (Name, _) if is_blank => AfterName,
            (Semicolon | OnlySemicolon | Name | AfterName | Value, b';') => BeforeName,
            (Name | AfterName, b'=') => BeforeValue,
            (BeforeName | Name, _) if is_token_char(byte) => Name,
            (BeforeValue | Value, _) if is_token_char(byte) => Value,
            (BeforeValue, b'"') => Quoted,
            (Quoted, b'"') => Semicolon,
            (Quoted, b'\\') => Escaped,
            (Quoted | Escaped, _) if byte == b'\t' || !byte.is_ascii_control() => Quoted,
            _ => return false,
        };
    }
    matches!(expected, Expected::Semicolon | Expected::Name | Expected::Value)
}

fn is_token_char(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\"(),/:;<=>?@[\\]{}".contains(&byte)
}

/// `token ":" value`, RFC 9112 section 5.
fn is_field(line: &[u8]) -> bool {
    let Some(colon) = line.iter().position(|&byte| byte == b':') else { return false };
    let (name, value) = line.split_at(colon);
    !name.is_empty()
        && name.iter().all(|&byte| is_token_char(byte))
        && value.iter().all(|&byte| byte == b'\t' || !byte.is_ascii_control())
}
