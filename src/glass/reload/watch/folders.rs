//! Which folders are watched.
//!
//! ```text
//! watch_all        the root and all folders below it
//! update_watches   after a batch of events: folders are created, removed and renamed
//! ```
//!
//! Each folder has a watch of its own, so that those that are left out cost nothing. A watch belongs to the folder and
//! not to its name. So after a rename, the watches of the folder and of all below it are made anew.

use super::super::debounce::Batch;
use super::super::poll::Poll;
use super::Thread;
use crate::base::human;
use crate::base::platform::status::{self, FileType};
use crate::base::platform::{file_system, names};
use notify::{RecursiveMode, Watcher};
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

impl Thread {
    /// Updates the watches after a batch of events: folders are created, removed and renamed.
    pub(super) fn update_watches(&mut self, batch: &Batch) {
        if batch.overflow {
            return self.watch_all();
        }
        // If the entry of a watched folder has changed, its watch and those below it may belong to something that has
        // another name now.
        let changed =
            batch.paths.iter().filter(|(path, event)| event.entry_changed && self.folders.contains(*path));
        let changed: HashSet<&Path> = changed.map(|(path, _)| path.as_path()).collect();
        if !changed.is_empty() {
            self.unwatch(|folder| folder.ancestors().any(|above| changed.contains(above)));
        }
        for path in batch.paths.keys() {
            let is_folder = path.symlink_metadata().is_ok_and(|metadata| !metadata.is_file());
            if is_folder && !self.folders.contains(path) {
                self.watch_below(path);
            }
        }
    }

    fn unwatch(&mut self, is_it: impl Fn(&Path) -> bool) {
        let gone: Vec<_> = self.folders.iter().filter(|folder| is_it(folder)).cloned().collect();
        for folder in gone {
            if let Some(watcher) = &mut self.watcher {
                // An error means that the folder is gone, and its watch with it.
                let _ = watcher.unwatch(&folder);
            }
            self.folders.remove(&folder);
        }
    }

    /// Makes all watches anew.
    pub(super) fn watch_all(&mut self) {
        self.unwatch(|_| true);
        self.linked.clear();
        self.has_links = false;
        self.poll = Poll::default();
        let path = self.root.path().to_path_buf();
        if let Some(single) = self.root.single_file() {
            let file = names::path(&single.relative).map(|name| path.join(name));
            if let Ok(file) = file
                && (self.options.poll || self.is_silent(&path))
            {
                self.poll.add_file(&file);
            }
            self.watch_one(&path);
        } else {
            self.watch_below(&path);
        }
    }

    /// Watches a folder and all below it. A folder is watched before it is read, so that no folder can be created in
    /// between and be missed.
    fn watch_below(&mut self, folder: &Path) {
        let filter = Arc::clone(&self.filter);
        let mut waiting = vec![folder.to_path_buf()];
        while let Some(folder) = waiting.pop() {
            if !self.may_enter(&folder) {
                continue;
            }
            if !self.poll.covers(&folder) && (self.options.poll || self.is_silent(&folder)) {
                self.poll.add(&folder);
            }
            if !self.watch_one(&folder) || self.is_recursive() {
                continue;
            }
            for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
                let is_file = entry.file_type().is_ok_and(|file_type| file_type.is_file());
                if !is_file && filter.counts(&entry.path()) {
                    waiting.push(entry.path());
                }
            }
        }
    }

    /// Whether the system reports no events for what others change in this folder. The user is told so, once for each
    /// file system.
    fn is_silent(&mut self, folder: &Path) -> bool {
        let Ok(stat) = status::at(folder) else { return false };
        let (device, _) = stat.identity;
        if let Some(&is_silent) = self.silent.get(&device) {
            return is_silent;
        }
        let name = file_system::silent_at(folder);
        self.silent.insert(device, name.is_some());
        if let Some(name) = name {
            (self.console.warn)(&format!(
                "--reload: \"{}\" is on {name}, where this system is not told what others change: it is looked \
                 at twice a second",
                human::OneLine(folder)
            ));
        }
        name.is_some()
    }

    /// Whether this is a folder to watch. A link to a folder is one only if links may lead out of the root; if not, the
    /// folder is watched where it is.
    pub(super) fn may_enter(&mut self, path: &Path) -> bool {
        let Ok(metadata) = path.symlink_metadata() else { return false };
        if !metadata.is_symlink() || path == self.root.path() {
            return metadata.is_dir() || metadata.is_symlink();
        }
        self.has_links = true;
        let Ok(target) = status::at(path) else { return false };
        self.options.follow_links
            && target.file_type == FileType::Directory
            && self.linked.insert(target.identity)
    }

    /// Watches one folder. If the system refuses that, it may still allow others.
    fn watch_one(&mut self, folder: &Path) -> bool {
        let mode = if self.is_recursive() { RecursiveMode::Recursive } else { RecursiveMode::NonRecursive };
        let Some(watcher) = &mut self.watcher else { return false };
        match watcher.watch(folder, mode) {
            Ok(()) => {
                self.folders.insert(folder.to_path_buf());
                true
            }
            Err(error) => {
                if matches!(error.kind, notify::ErrorKind::MaxFilesWatch) {
                    self.fall_back_to_polling(&error);
                }
                false
            }
        }
    }

    /// Whether one watch covers all folders below, too.
    fn is_recursive(&self) -> bool {
        file_system::watches_trees() && self.root.single_file().is_none()
    }
}
