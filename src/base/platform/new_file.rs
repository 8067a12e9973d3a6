//! Making a file that nobody sees before it is whole, and giving it a name that nothing else has.
//!
//! Of a file without a name nothing is left when it is closed, even if the process is killed (`man 2 open`,
//! O_TMPFILE). Only Linux has them, and not on every file system.
//!
//! # To get a name without taking another's
//!
//! To look first and rename then would leave it to who is faster. A name that is given to a file without one fails if
//! something has it. A file that has a name already gets the other by the first of these that works where it is; a
//! system call that the kernel, the file system or a container's filter does not have says so in several ways
//! (`is_not_to_be_had`):
//!
//! 1. `renameat2` with RENAME_NOREPLACE does both at once.
//! 2. `linkat`, then `unlinkat`: it gets the name as a second one, which fails if something has it. (Not on FAT and its
//!    kin, which have no second names.)
//! 3. An empty file is made under the name, which fails if something has it (O_EXCL), and then replaced by `renameat`.
//!    For that moment the empty file can be seen; and if in the same moment somebody removes it and puts a file of
//!    theirs there, that one is replaced.

use super::status::Handle;
use cap_std::fs::Dir;
use std::fs::File;
use std::io;
use std::path::Path;

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use unix as system;
#[cfg(windows)]
use windows as system;

/// What of a lock is kept while the name of what is locked is changed or removed: on Windows what is open keeps its name
/// until it is closed, and so nothing.
pub fn kept_while_names_change(locked: Option<File>) -> Option<File> {
    locked.filter(|_| cfg!(unix))
}

/// Whether the disk can have a file of this name. It need not be there.
///
/// # Errors
/// `NameTooLong` or `NameImpossible` (see [`super::failure`]), and nothing else.
pub fn check_name(folder: &Dir, name: &Path) -> io::Result<()> {
    system::check_name(folder, name)
}

/// A file that has no name yet and can be given one, open to be written.
///
/// # Errors
/// When there is no such thing here, or no file at all can be made in the folder.
pub fn create_unnamed(folder: &Dir) -> io::Result<File> {
    system::create_unnamed(folder)
}

/// Gives a name to a file without one.
///
/// # Errors
/// `Exists` when something has it; and when the disk fails.
pub fn link_unnamed(file: &File, folder: &Dir, name: &Path) -> io::Result<()> {
    system::link_unnamed(file, folder, name)
}

/// Why no files can be added to a folder, or below it, if so.
pub fn why_impossible_in(folder: &Dir) -> Option<&'static str> {
    system::why_impossible_in(folder)
}

/// A new file of this name, open to be written and locked as long as it is open. `None` if somebody took it for one
/// that was left, in the moment before it was locked.
///
/// # Errors
/// When something has the name, or no file can be made in the folder.
pub fn create_locked(folder: &Dir, name: &Path) -> io::Result<Option<File>> {
    system::create_locked(folder, name)
}

/// Locks a file or a folder for as long as it is open, and says whether that was done or somebody else has it locked.
///
/// # Errors
/// When there are no locks here.
pub fn try_lock(file: &impl Handle) -> io::Result<bool> {
    system::try_lock(file)
}

/// Opens a file in a folder to lock it. A link is not followed, and a FIFO wakes nobody.
///
/// # Errors
/// When it is not there, or may not be written.
pub fn open_to_lock(folder: &impl Handle, name: &Path) -> io::Result<File> {
    system::open_to_lock(folder, name)
}

/// Removes a name in a folder.
///
/// # Errors
/// When nothing has it, or the folder may not be written.
pub fn remove(folder: &impl Handle, name: &Path) -> io::Result<()> {
    system::remove(folder, name)
}

/// Gives a file another name in its folder, and takes it from what has it.
///
/// # Errors
/// `Exists` when that is a folder; and when the disk fails.
pub fn rename(folder: &Dir, from: &Path, to: &Path) -> io::Result<()> {
    system::rename(folder, from, to)
}

/// Gives a file another name in its folder, which nothing else has.
///
/// # Errors
/// `Exists` when something has it; and when the disk fails.
pub fn rename_without_replacing(folder: &Dir, from: &Path, to: &Path) -> io::Result<()> {
    system::rename_without_replacing(folder, from, to)
}
