//! How names and paths are written, in all forms of a listing.

use super::entry::{Entry, Kind};
use super::read::Folder;
use crate::base::human;
use crate::http::target::encode_segment;
use std::fmt::Write;

/// A name as it is shown: its control characters as pictures (U+2400 and on), so that a line break in a name can be
/// seen.
pub(super) fn shown(name: &[u8]) -> String {
    String::from_utf8_lossy(name).chars().map(human::picture).collect()
}

/// The title of the page of a folder.
pub(super) fn title(folder: &Folder) -> String {
    format!("Index of {}", joined(folder.base.segments().chain(folder.path.segments()), shown))
}

/// The segments of a folder's path, joined.
pub(super) fn joined<'a>(
    segments: impl Iterator<Item = &'a [u8]>,
    shown: impl Fn(&[u8]) -> String,
) -> String {
    segments.fold("/".to_owned(), |before, segment| before + &shown(segment) + "/")
}

/// Appends the name of an entry as it stands in a link from its directory.
pub(super) fn push_encoded(onto: &mut String, entry: &Entry) {
    let slash = if entry.kind == Kind::Directory { "/" } else { "" };
    let _ = write!(onto, "{}{slash}", encode_segment(&entry.name));
}
