//! How names and paths are written, in all forms of a listing.

use super::entry::{Entry, Kind};
use super::read::Folder;
use crate::base::human;
use crate::http::target::encode_segment;
use std::borrow::Cow;
use std::fmt::Write;

/// A name as it is shown: its control characters as pictures (U+2400 and on), so that a line break in a name can be
/// seen.
pub(super) fn shown(name: &[u8]) -> Cow<'_, str> {
    match plain(name, |byte| (b' '..=b'~').contains(&byte)) {
        Some(text) => text.into(),
        None => String::from_utf8_lossy(name).chars().map(human::picture).collect(),
    }
}

/// A name of such bytes alone, as text.
pub(super) fn plain(name: &[u8], is_plain: impl Fn(u8) -> bool) -> Option<&str> {
    if name.iter().all(|&byte| is_plain(byte)) { std::str::from_utf8(name).ok() } else { None }
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
    // Most names are of what is never encoded.
    match plain(entry.name, |byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)) {
        Some(text) => onto.push_str(text),
        None => {
            let _ = write!(onto, "{}", encode_segment(entry.name));
        }
    }
    if entry.kind == Kind::Directory {
        onto.push('/');
    }
}

/// Appends a number, behind so many spaces that it takes this width.
pub(super) fn push_number(onto: &mut String, mut number: u64, width: usize) {
    let (mut digits, mut at) = ([b' '; 20], 20);
    loop {
        at -= 1;
        digits[at] = b'0' + u8::try_from(number % 10).unwrap_or(0);
        number /= 10;
        if number == 0 {
            break;
        }
    }
    let start = at.min(digits.len().saturating_sub(width));
    onto.extend(digits[start..].iter().map(|&digit| char::from(digit)));
}

#[cfg(test)]
mod tests {
    use super::*;

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
