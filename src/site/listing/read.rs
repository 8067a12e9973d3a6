//! A directory that is listed, and what each of its entries is.

use super::entry::{Entry, Kind};
use super::order::Order;
use crate::base::platform::directory::Directory;
use crate::base::platform::failure::Failure;
use crate::base::platform::names;
use crate::base::platform::status::{self, FileType};
use crate::http::base_path::BasePath;
use crate::http::target::DecodedPath;
use crate::site::facts::{Facts, Time};
use crate::site::names::join;
use crate::site::readme;
use crate::site::root::Root;
use crate::site::scandir::Name;
use std::io;
use std::sync::Arc;

/// A directory that is listed.
#[derive(Debug)]
pub(super) struct Folder {
    pub(super) root: Arc<Root>,
    pub(super) directory: Directory,
    pub(super) path: DecodedPath,
    /// Whether names that start with a dot are shown.
    pub(super) hidden: bool,
    pub(super) order: Order,
    /// When names in it last changed, as it was before they were read.
    pub(super) state: Option<Time>,
    pub(super) base: BasePath,
}

/// What is known when all names are, and no entry has been looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Outline {
    pub(super) is_empty: bool,
    /// Whether a name is that of a picture.
    pub(super) has_pictures: bool,
}

/// What is known when all entries have been looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Totals {
    pub(super) folders: usize,
    pub(super) files: usize,
    /// Of the files, in bytes.
    pub(super) size: u64,
    /// The names of the files that may be the README of the directory.
    pub(super) readmes: Vec<Vec<u8>>,
}

impl Totals {
    pub(super) fn count(&mut self, entry: &Entry<'_>) {
        match entry.kind {
            Kind::Directory => self.folders += 1,
            Kind::File => {
                self.files += 1;
                self.size = self.size.saturating_add(entry.size);
                if readme::is_one(entry.name) {
                    self.readmes.push(entry.name.to_vec());
                }
            }
            Kind::Other => {}
        }
    }
}

impl Folder {
    /// What is true of the folder now.
    pub(super) fn facts(&self) -> io::Result<Facts> {
        status::of_open(&self.directory).map(|stat| Facts::new(&stat))
    }

    /// Looks at one entry.
    pub(super) fn describe<'a>(&self, name: Name<'a>) -> Option<Entry<'a>> {
        describe(&self.root, &self.directory, &self.path.relative, name.bytes)
    }
}

/// Looks at an entry of a folder that is open and has this path from the root; one that cannot be looked at is
/// [`Kind::Other`]. `None` if it is not there any more.
pub(super) fn describe<'a>(
    root: &Root,
    folder: &Directory,
    relative: &[u8],
    name: &'a [u8],
) -> Option<Entry<'a>> {
    let mut entry = Entry { name, kind: Kind::Other, is_link: false, size: 0, modified: 0 };
    let mut facts = match names::path(name).and_then(|name| status::of_link_in(folder, name)) {
        Ok(stat) => Facts::new(&stat),
        Err(error) if Failure::of(&error) == Some(Failure::NotFound) => return None,
        Err(_) => return Some(entry),
    };
    entry.modified = facts.modified.0;
    entry.is_link = facts.file_type == FileType::Symlink;
    if entry.is_link {
        // What a link leads to is what counts, and only the root may follow it.
        let Ok(found) = root.look(&join(relative, name)) else { return Some(entry) };
        facts = found;
        entry.modified = facts.modified.0;
    }
    entry.kind = match facts.file_type {
        FileType::Directory => Kind::Directory,
        FileType::RegularFile => Kind::File,
        _ => Kind::Other,
    };
    if entry.kind == Kind::File {
        entry.size = facts.length;
    }
    Some(entry)
}
