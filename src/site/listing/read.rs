//! Reading a directory: its names, some at a time, and what each of them is.

use super::entry::{Entry, Kind};
use super::order::Order;
use crate::base::platform::directory::Directory;
use crate::base::platform::names;
use crate::base::platform::status::{self, FileType};
use crate::http::base_path::BasePath;
use crate::http::target::DecodedPath;
use crate::site::facts::Facts;
use crate::site::names::is_shown;
use crate::site::readme;
use crate::site::root::Root;
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

/// How many bytes of names are read at a time, as the system gives them.
const NAMES: usize = 8 * 1024;

/// A directory that is listed.
#[derive(Debug)]
pub(super) struct Folder {
    pub(super) root: Arc<Root>,
    pub(super) directory: Directory,
    pub(super) path: DecodedPath,
    /// Whether names that start with a dot are shown.
    pub(super) hidden: bool,
    pub(super) order: Order,
    pub(super) base: BasePath,
}

/// What is known when all entries have been looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Totals {
    pub(super) entries: usize,
    pub(super) folders: usize,
    pub(super) files: usize,
    /// Of the files, in bytes.
    pub(super) size: u64,
    pub(super) has_pictures: bool,
    /// The names of the files that may be the README of the directory.
    pub(super) readmes: Vec<Vec<u8>>,
}

impl Folder {
    /// Reads as many names as the system gives at once, and says whether there may be more.
    pub(super) fn read_some(&mut self, names: &mut VecDeque<Box<[u8]>>) -> io::Result<bool> {
        self.directory.read_some(NAMES, |name, _| {
            if is_shown(name, self.hidden) {
                names.push_back(name.into());
            }
        })
    }
}

impl Totals {
    pub(super) fn count(&mut self, entry: &Entry) {
        self.entries += 1;
        match entry.kind {
            Kind::Directory => self.folders += 1,
            Kind::File => {
                self.files += 1;
                self.size = self.size.saturating_add(entry.size);
                self.has_pictures |= entry.is_picture();
                if readme::is_one(&entry.name) {
                    self.readmes.push(entry.name.clone());
                }
            }
            Kind::Other => {}
        }
    }
}
/// Looks at one entry; one that cannot be looked at is [`Kind::Other`].
pub(super) fn describe(root: &Root, directory: &Directory, path: &DecodedPath, name: &[u8]) -> Entry {
    let mut entry = Entry { name: name.to_vec(), kind: Kind::Other, size: 0, modified: 0, is_link: false };
    let look = |name| status::of_link_in(directory, name);
    let Ok(stat) = names::path(name).and_then(look) else { return entry };
    let mut facts = Facts::new(&stat);
    entry.modified = facts.modified.0;
    if facts.file_type == FileType::Symlink {
        entry.is_link = true;
        // What a link leads to is what counts, and only the root may follow it.
        let relative = [&path.relative, &b"/"[..], name].concat();
        facts = match root.look(relative.strip_prefix(b"/").unwrap_or(&relative)) {
            Ok(facts) => facts,
            Err(_) => return entry,
        };
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
    entry
}
