//! The parts of a form are those that a second, simpler decoder of RFC 2046 section 5.1.1 finds, in whatever
//! pieces the form arrives.

#![no_main]

use glasshttp::http::multipart::{Decoder, Event, MAX_PARTS, Part};
use glasshttp_fuzz::{cuts, unfold};
use libfuzzer_sys::fuzz_target;

const CONTENT_TYPE: &[u8] = b"multipart/form-data; boundary=x";

/// The parts, and whether the form is complete.
type Outcome = Result<(Vec<(Part, Vec<u8>)>, bool), ()>;

fuzz_target!(|input: &[u8]| {
    let bytes = unfold(input);
    let whole = decode(&bytes, [bytes.len()]);
    for cut in cuts(bytes.len()) {
        assert_eq!(decode(&bytes, [cut, bytes.len()]), whole, "cut at {cut}");
    }
    if bytes.len() < 4096 {
        assert_eq!(decode(&bytes, 0..=bytes.len()), whole, "byte by byte");
    }
    if let Ok((parts, true)) = &whole {
        let contents: Vec<_> = parts.iter().map(|(_, content)| content.as_slice()).collect();
        assert_eq!(contents, reference(&bytes));
        assert!(parts.len() <= MAX_PARTS);
    }
});

/// Decodes a form that arrives in pieces, which end at these places.
fn decode(bytes: &[u8], ends: impl IntoIterator<Item = usize>) -> Outcome {
    let mut decoder = Decoder::new(CONTENT_TYPE).expect("it names a boundary");
    let (mut parts, mut at, mut is_open) = (Vec::<(Part, Vec<u8>)>::new(), 0, false);
    for end in ends {
        decoder.push(&bytes[at..end]);
        at = end;
        while let Some(event) = decoder.next().map_err(drop)? {
            match event {
                Event::Part(part) => {
                    assert!(!is_open, "one part at a time");
                    is_open = true;
                    parts.push((part, Vec::new()));
                }
                Event::Data(data) => {
                    assert!(is_open && !data.is_empty());
                    parts.last_mut().expect("one is open").1.extend_from_slice(data);
                }
                Event::PartEnd => {
                    assert!(is_open);
                    is_open = false;
                }
            }
        }
    }
    assert!(!(is_open && decoder.is_whole()));
    Ok((parts, decoder.is_whole()))
}

/// The second decoder: the contents of the parts of a complete form.
fn reference(bytes: &[u8]) -> Vec<&[u8]> {
    const DELIMITER: &[u8] = b"\r\n--x";
    let find = |bytes: &[u8], what: &[u8]| bytes.windows(what.len()).position(|window| window == what);
    let mut rest = match bytes.strip_prefix(b"--x") {
        Some(rest) => rest,
        None => &bytes[find(bytes, DELIMITER).expect("it is whole") + DELIMITER.len()..],
    };
    let mut contents = Vec::new();
    while !rest.starts_with(b"--") {
        let content = &rest[find(rest, b"\r\n\r\n").expect("a head ends") + 4..];
        let ends = find(content, DELIMITER).expect("a part ends");
        contents.push(&content[..ends]);
        rest = &content[ends + DELIMITER.len()..];
    }
    contents
}
