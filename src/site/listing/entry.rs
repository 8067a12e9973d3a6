//! An entry of a directory: its name, and what it is.

/// Files that browsers show as pictures, by their extensions. `page/icon.rs` has the same list.
pub(super) const PICTURES: [&str; 10] =
    ["apng", "avif", "bmp", "gif", "ico", "jpeg", "jpg", "png", "svg", "webp"];

/// How large a file may be that is shown as a picture, in bytes.
const MAX_PICTURE: u64 = 20_000_000;

/// An entry of a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry<'a> {
    pub(super) name: &'a [u8],
    pub(super) kind: Kind,
    /// Whether it is a symbolic link; all else is what is true of what it leads to.
    pub(super) is_link: bool,
    /// In bytes; of a file.
    pub(super) size: u64,
    /// In seconds since 1970; 0 stands for a time that is not known.
    pub(super) modified: i64,
}

/// What an entry is, links followed as the server would follow them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Directory,
    File,
    /// An entry that would be refused: a FIFO, a link that leads out or nowhere. Its name is shown, so that nobody
    /// looks for it in vain, but it is no link.
    Other,
}

impl Entry<'_> {
    /// Whether the gallery shows it as a picture.
    pub(super) fn is_picture(&self) -> bool {
        self.kind == Kind::File && self.size <= MAX_PICTURE && is_name_of_picture(self.name)
    }
}

/// Whether a file of this name is a picture.
pub(super) fn is_name_of_picture(name: &[u8]) -> bool {
    let extension = name.iter().rposition(|&byte| byte == b'.').map(|dot| &name[dot + 1..]);
    extension.is_some_and(|it| PICTURES.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(it)))
}
