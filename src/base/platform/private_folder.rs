//! A folder for this process alone, in a place where everybody may make files, as `/tmp` is.
//!
//! ```text
//! /tmp                                        drwxrwxrwt   everybody may add names, and remove their own
//! └── glasshttp-course-1f0c3a5b7d9e2846       drwx------   a PrivateFolder: made by mkdir, and locked
//! ```
//!
//! Others may put there what they like, and wait for a program that takes it for its own:
//!
//! - The name cannot be guessed. If something had it all the same, links among it, `mkdir` would fail.
//! - The folder is known by what is open and not by its name: it is removed only if the name still leads to it. Links
//!   are removed, and not followed.
//! - It is locked as long as its process runs, however that ends: the system takes the lock off. So a folder with such
//!   a name, of the same user and without a lock is left of a process that was killed, and the next may remove it.
//!   (Programs that clear `/tmp` of what is old leave it alone while it is locked: `man 5 tmpfiles.d`.)

use super::new_file::{kept_while_names_change, try_lock};
use super::{open, status};
use crate::base::random;
use cap_std::fs::Dir;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use unix as system;
#[cfg(windows)]
use windows as system;

/// How often it is tried again when another process took the folder for one that was left, in the moment before it
/// was locked.
const TRIES: usize = 5;

/// A folder that only this user may enter. It is there until it is removed, or until another process finds that this
/// one has ended.
#[derive(Debug)]
pub struct PrivateFolder {
    place: Dir,
    name: PathBuf,
    path: PathBuf,
    /// The folder itself, locked; `None` when it was removed.
    folder: Mutex<Option<File>>,
}

impl PrivateFolder {
    /// A new one in this place. Its name is the prefix with a word behind it that nobody can guess.
    ///
    /// # Errors
    /// When the place is not there, or no folder can be made in it.
    pub fn create(place: &Path, prefix: &str) -> io::Result<PrivateFolder> {
        for _ in 0..TRIES {
            let name = PathBuf::from(format!("{prefix}{}", random::word()));
            let path = place.join(&name);
            let place = open_place(place)?;
            system::make(&place, &name)?;
            if let Some(folder) = system::lock(&place, &name)?
                && is_named(&place, &name, &folder)
            {
                return Ok(PrivateFolder { place, name, path, folder: Mutex::new(Some(folder)) });
            }
        }
        Err(io::ErrorKind::ResourceBusy.into())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder, to make files in it.
    ///
    /// # Errors
    /// When no more files can be open, or it was removed.
    pub fn open(&self) -> io::Result<Dir> {
        match &*self.folder() {
            Some(folder) => folder.try_clone().map(Dir::from_std_file),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// Removes it with all that is in it, if it is still there.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn remove(&self) -> io::Result<()> {
        let folder = self.folder().take();
        if !folder.as_ref().is_some_and(|folder| is_named(&self.place, &self.name, folder)) {
            return Ok(());
        }
        let _locked = kept_while_names_change(folder);
        self.place.remove_dir_all(&self.name)
    }

    fn folder(&self) -> MutexGuard<'_, Option<File>> {
        self.folder.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Removes the folders with this prefix that processes of this user left when they were killed.
pub fn remove_left(place: &Path, prefix: &str) {
    let Ok(place) = open_place(place) else { return };
    for entry in place.entries().into_iter().flatten().flatten() {
        let name = PathBuf::from(entry.file_name());
        let word = name.to_str().and_then(|name| name.strip_prefix(prefix));
        if !word.is_some_and(random::is_word) {
            continue;
        }
        // It is not opened if it is a link, or no folder.
        let Ok(folder) = open::folder_beneath(&place, &name) else { continue };
        if system::is_ours(&folder) && try_lock(&folder).unwrap_or(false) && is_named(&place, &name, &folder)
        {
            let _ = place.remove_dir_all(&name);
        }
    }
}

fn open_place(path: &Path) -> io::Result<Dir> {
    open::place(path).map(Dir::from_std_file)
}

/// Whether this name leads to this folder.
fn is_named(place: &Dir, name: &Path, folder: &File) -> bool {
    let named = status::of_link_in(place, name).map(|stat| stat.identity);
    named.is_ok_and(|named| status::of_open(folder).is_ok_and(|stat| stat.identity == named))
}

#[cfg(all(test, unix))]
mod tests;
