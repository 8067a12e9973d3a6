//! An entry of a directory: its name, and what it is.

use jiff::Timestamp;
use serde::Serialize;

/// Files that browsers show as pictures, by their extensions. `listing.js` and `listing.css` have the same list.
pub(super) const PICTURES: [&str; 10] =
    ["apng", "avif", "bmp", "gif", "ico", "jpeg", "jpg", "png", "svg", "webp"];

/// How large a file may be that is shown as a picture, in bytes.
const MAX_PICTURE: u64 = 20_000_000;

/// An entry of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: Vec<u8>,
    pub(super) kind: Kind,
    /// In bytes; of a file.
    pub(super) size: u64,
    /// In seconds since 1970.
    pub(super) modified: i64,
    /// Whether it is a link, which was followed to see what it leads to.
    pub(super) is_link: bool,
}

/// What an entry is, links followed as the server would follow them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Directory,
    File,
    /// An entry that would be refused: a FIFO, a link that leads out or nowhere. Its name is shown, so that nobody
    /// looks for it in vain, but it is no link.
    Other,
}

impl Entry {
    /// When it was last modified, if that is known.
    pub(super) fn timestamp(&self) -> Option<Timestamp> {
        (self.modified != 0).then(|| Timestamp::from_second(self.modified).ok()).flatten()
    }

    /// Whether the gallery shows it as a picture.
    pub(super) fn is_picture(&self) -> bool {
        let extension = self.name.iter().rposition(|&byte| byte == b'.').map(|dot| &self.name[dot + 1..]);
        self.kind == Kind::File
            && self.size <= MAX_PICTURE
            && extension
                .is_some_and(|it| PICTURES.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(it)))
    }
}
