//! The names of folders that were listed before, in order, so that they need not be read and sorted again.
//!
//! A folder gets a new time with each name that comes, goes or changes. As long as its [`Facts`] are those that it had
//! when its names were read, its names are the same:
//!
//! ```text
//! request ──▶ facts of the folder ──▶ the same as then: its names are known
//!                                 ──▶ others, or none known: they are read; kept, if
//!                                       it was settled before that, and has the same facts after it
//! ```
//!
//! Two changes within one step of the file system's clock leave the same time, so a folder that changed just now is not
//! [settled](Facts::is_settled), and its names are not kept. Nor are those of a file system whose times may not be true.
//! What each name *is* may change without the folder, and is looked at each time.

use crate::base::budget::Share;
use crate::site::facts::{Facts, Identity};
use crate::site::scandir::Names;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How much memory a folder takes beside its names, roughly; so there are not too many of them.
const OVERHEAD: usize = 1024;

/// The names in a folder, and what they tell.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) names: Names,
    /// Whether one may be that of a picture.
    pub(super) has_pictures: bool,
    /// The memory that they take.
    pub(super) _memory: Option<Share>,
}

/// The names of folders.
#[derive(Debug)]
pub(super) struct Known {
    /// In bytes.
    capacity: usize,
    folders: Mutex<Folders>,
}

#[derive(Debug, Default)]
struct Folders {
    size: usize,
    known: HashMap<Identity, Folder>,
}

#[derive(Debug)]
struct Folder {
    facts: Facts,
    listed: Arc<Listed>,
    /// Whether they were used since folders were last evicted.
    used: bool,
}

impl Folder {
    fn size(&self) -> usize {
        self.listed.names.size() + OVERHEAD
    }
}

impl Known {
    /// Nothing yet, and never more than so many bytes.
    pub(super) fn new(capacity: usize) -> Known {
        Known { capacity, folders: Mutex::default() }
    }

    /// The names of the folder that has these facts now.
    pub(super) fn get(&self, facts: &Facts) -> Option<Arc<Listed>> {
        let mut folders = self.folders();
        let folder = folders.known.get_mut(&facts.identity).filter(|folder| folder.facts == *facts)?;
        folder.used = true;
        Some(Arc::clone(&folder.listed))
    }

    /// Keeps the names of the folder that had these facts from before they were read to after that.
    pub(super) fn keep(&self, facts: Facts, listed: &Arc<Listed>) {
        let folder = Folder { facts, listed: Arc::clone(listed), used: false };
        if folder.size() > self.capacity {
            return;
        }
        let mut folders = self.folders();
        folders.size += folder.size();
        let before = folders.known.insert(folder.facts.identity, folder);
        let mut size = folders.size - before.map_or(0, |folder| folder.size());
        // Second chance, as in `cache.rs`.
        while size > self.capacity {
            folders.known.retain(|_, folder| {
                let stays = size <= self.capacity || std::mem::take(&mut folder.used);
                if !stays {
                    size -= folder.size();
                }
                stays
            });
        }
        folders.size = size;
    }

    fn folders(&self) -> MutexGuard<'_, Folders> {
        self.folders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::platform::status;

    fn facts(folder: &tempfile::TempDir) -> Facts {
        Facts::new(&status::at(folder.path()).expect("it is there"))
    }

    fn listed() -> Arc<Listed> {
        Arc::new(Listed { names: Names::default(), has_pictures: false, _memory: None })
    }

    #[test]
    fn names_are_those_of_the_folder_as_it_was_and_the_last_used_stay() {
        let folders: Vec<_> = (0..4).map(|_| tempfile::tempdir().expect("a folder")).collect();
        let known = Known::new(3 * OVERHEAD);
        for folder in &folders[..3] {
            known.keep(facts(folder), &listed());
        }
        assert!(known.get(&facts(&folders[1])).is_some());
        let before = facts(&folders[1]);
        known.keep(facts(&folders[3]), &listed());
        let size = known.folders().size;
        let count = known.folders().known.len();
        assert!(size <= 3 * OVERHEAD && size == count * OVERHEAD, "{size}");
        assert!(known.get(&before).is_some(), "it was used");
        std::fs::write(folders[1].path().join("new"), "").expect("written");
        assert!(known.get(&facts(&folders[1])).is_none(), "it has changed");
        known.keep(facts(&folders[1]), &listed());
        assert!(known.get(&facts(&folders[1])).is_some() && known.get(&before).is_none());
        let none = Known::new(0);
        none.keep(before.clone(), &listed());
        assert!(none.get(&before).is_none());
    }
}
