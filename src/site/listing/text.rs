//! How names and paths are written, in all forms of a listing.

use super::entry::{Entry, Kind};
use super::read::Folder;
use crate::base::human;
use percent_encoding::percent_encode_byte;
use std::borrow::Cow;

/// Where a byte of a name can stand as it is: as it is shown (no control character), in HTML, in a JSON string, if all of
/// the name is UTF-8; in a segment of a URL (RFC 3986 section 2.3).
pub(super) const SHOWN: u8 = 1;
pub(super) const HTML: u8 = 2;
pub(super) const JSON: u8 = 4;
pub(super) const SEGMENT: u8 = 8;

/// For each byte, where it can stand. In a large listing each byte of each name is looked up, some in all of them.
const PLACES: [u8; 256] = {
    let mut places = [0; 256];
    let mut byte = b' ';
    while byte <= b'~' {
        places[byte as usize] = SHOWN
            | if matches!(byte, b'&' | b'<' | b'>' | b'"') { 0 } else { HTML }
            | if matches!(byte, b'"' | b'\\') { 0 } else { JSON }
            | if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
                SEGMENT
            } else {
                0
            };
        byte += 1;
    }
    let mut byte = 0x80;
    while byte < places.len() {
        // With some of these begins what shows nothing: then each letter is looked at (`human::visible`).
        let may_be_invisible = matches!(byte, 0xc2 | 0xcd | 0xd8 | 0xe1..=0xe3 | 0xef | 0xf3);
        places[byte] = if may_be_invisible { JSON } else { SHOWN | HTML | JSON };
        byte += 1;
    }
    places
};

/// A name as text, if all of it can stand there as it is.
pub(super) fn plain(name: &[u8], place: u8) -> Option<&str> {
    if start(name, place) == name.len() { std::str::from_utf8(name).ok() } else { None }
}

/// How many bytes of a name can stand there as they are, before the first that cannot.
fn start(name: &[u8], place: u8) -> usize {
    name.iter().position(|&byte| PLACES[usize::from(byte)] & place == 0).unwrap_or(name.len())
}

/// A name as it is shown: all that is in it can be seen ([`human::visible`]), a line break or a letter that turns the
/// direction of others, too.
pub(super) fn shown(name: &[u8]) -> Cow<'_, str> {
    match plain(name, SHOWN) {
        Some(text) => text.into(),
        None => match String::from_utf8_lossy(name) {
            Cow::Borrowed(text) => human::visible(text),
            Cow::Owned(text) => human::visible(&text).into_owned().into(),
        },
    }
}

/// How many characters are shown of a name.
pub(super) fn letters(name: &[u8]) -> usize {
    // A control character is shown as one, too.
    if name.is_ascii() { name.len() } else { shown(name).chars().count() }
}

/// Appends a name as it is shown in HTML.
pub(super) fn push_shown(onto: &mut String, name: &[u8]) {
    if let Some(text) = plain(name, HTML) {
        return onto.push_str(text);
    }
    let shown = shown(name);
    let mut rest = &*shown;
    while let Some(at) = rest.find(['&', '<', '>', '"']) {
        onto.push_str(&rest[..at]);
        onto.push_str(match rest.as_bytes()[at] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            _ => "&quot;",
        });
        rest = &rest[at + 1..];
    }
    onto.push_str(rest);
}

/// The title of the page of a folder.
pub(super) fn title(folder: &Folder) -> String {
    format!("Index of {}", joined(folder.base.segments().chain(folder.path.segments()), shown))
}

/// The segments of a folder's path, joined.
pub(super) fn joined<'a>(
    segments: impl Iterator<Item = &'a [u8]>,
    shown: impl Fn(&'a [u8]) -> Cow<'a, str>,
) -> String {
    segments.fold("/".to_owned(), |before, segment| before + &shown(segment) + "/")
}

/// Appends the name of an entry as it stands in a link from its directory.
pub(super) fn push_encoded(onto: &mut String, entry: &Entry<'_>) {
    let mut rest = entry.name;
    while !rest.is_empty() {
        let (start, end) = rest.split_at(start(rest, SEGMENT));
        onto.push_str(std::str::from_utf8(start).expect("it is ASCII"));
        onto.push_str(end.first().map_or("", |&byte| percent_encode_byte(byte)));
        rest = end.get(1..).unwrap_or_default();
    }
    if entry.kind == Kind::Directory {
        onto.push('/');
    }
}

/// Appends a number, behind so many spaces that it takes this width, which is at most that of the largest.
pub(super) fn push_number(onto: &mut String, number: u64, width: usize) {
    const SPACES: &str = "                    ";
    let mut digits = itoa::Buffer::new();
    let digits = digits.format(number);
    onto.push_str(&SPACES[..width.saturating_sub(digits.len())]);
    onto.push_str(digits);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::target::encode_segment;
    use maud::Render;

    #[test]
    fn each_byte_is_written_as_it_must_be_wherever_it_stands() {
        for byte in 0..=255 {
            for name in [
                vec![byte],
                vec![b'a', byte, b'b'],
                vec![byte, byte, 0xc3, 0xa4, byte],
                vec![0xe2, 0x80, byte, b'<'],
                vec![0xc2, byte, b'&'],
            ] {
                let entry = Entry { name: &name, kind: Kind::File, is_link: false, size: 0, modified: 0 };
                let (mut encoded, mut escaped) = (String::new(), String::new());
                push_encoded(&mut encoded, &entry);
                assert_eq!(encoded, encode_segment(&name).to_string());
                push_shown(&mut escaped, &name);
                assert_eq!(letters(&name), shown(&name).chars().count());
                assert_eq!(escaped, shown(&name).as_ref().render().into_string());
                assert_eq!(shown(&name), human::visible(&String::from_utf8_lossy(&name)));
                let json = plain(&name, JSON).map(|text| format!("\"{text}\""));
                assert!(
                    json.is_none_or(|json| json
                        == serde_json::to_string(&*String::from_utf8_lossy(&name)).expect("a string"))
                );
            }
        }
    }

    #[test]
    fn numbers_are_as_wide_as_they_must_be_and_no_wider() {
        for (number, width, expected) in
            [(0, 0, "0"), (7, 3, "  7"), (1234, 2, "1234"), (u64::MAX, 20, "18446744073709551615")]
        {
            let mut text = String::new();
            push_number(&mut text, number, width);
            assert_eq!(text, expected);
            assert_eq!(text, format!("{number:>width$}"));
        }
    }
}
