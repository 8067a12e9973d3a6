//! As Windows has it: a file is opened for its attributes alone, which takes no right to read it and keeps nobody from
//! anything, and what is open is asked.
//!
//! | here | is there |
//! |---|---|
//! | identity | the volume's serial number, and the file's index on it |
//! | time of the last change | the time when it was created: no safe call tells the other |
//! | mode | nothing: who may do what is in lists that a folder hands down |

use super::{FileType, Stat, Time};
use crate::base::platform::open;
use std::fs::File;
use std::io;
use std::os::windows::fs::MetadataExt;
use std::os::windows::io::AsHandle;
use std::path::{Path, PathBuf};
use winapi_util::file::{information, typ};
use windows_sys::Win32::Storage::FileSystem::{FILE_ATTRIBUTE_DIRECTORY, FILE_ATTRIBUTE_REPARSE_POINT};

/// An open file or folder, whoever opened it.
pub trait Handle: AsHandle {}

impl<T: AsHandle> Handle for T {}

pub(super) fn at(path: &Path) -> io::Result<Stat> {
    of_file(&open::to_look_at(path, true)?)
}

pub(super) fn of_link(path: &Path) -> io::Result<Stat> {
    of_file(&open::to_look_at(path, false)?)
}

pub(super) fn of_open(file: &impl Handle) -> io::Result<Stat> {
    of_file(&open::as_file(file)?)
}

// By the path that the folder has now: no call looks at a file from an open folder on, follows where links lead, and
// does not stop at its edge.
pub(super) fn at_in(folder: &impl Handle, path: &Path) -> io::Result<Stat> {
    at(&open::path_of(folder)?.join(path))
}

pub(super) fn of_link_in(folder: &impl Handle, name: &Path) -> io::Result<Stat> {
    of_link(&open::path_of(folder)?.join(name))
}

fn of_file(file: &File) -> io::Result<Stat> {
    if !typ(file)?.is_disk() {
        return Ok(Stat::of_device());
    }
    let found = information(file)?;
    let has = |attribute: u32| found.file_attributes() & u64::from(attribute) != 0;
    // Not each reparse point leads elsewhere: a file that a cloud holds, or one that is stored compressed, is one, too.
    let is_link = has(FILE_ATTRIBUTE_REPARSE_POINT) && file.metadata()?.file_type().is_symlink();
    let file_type = match has(FILE_ATTRIBUTE_DIRECTORY) {
        _ if is_link => FileType::Symlink,
        true => FileType::Directory,
        false => FileType::RegularFile,
    };
    Ok(Stat {
        file_type,
        length: found.file_size(),
        modified: time(found.last_write_time()),
        changed: time(found.creation_time()),
        identity: (found.volume_serial_number(), found.file_index()),
        names: found.number_of_links(),
        is_without_blocks: found.file_size() == 0,
        is_executable: false,
        is_open_to_others: false,
    })
}

/// Whether this is a *reparse point* that is no link.
pub(in super::super) fn needs_a_driver(file: &File) -> io::Result<bool> {
    let found = file.metadata()?;
    Ok(found.file_attributes() & FILE_ATTRIBUTE_REPARSE_POINT != 0 && !found.file_type().is_symlink())
}

impl Stat {
    /// The console, a pipe, `NUL`: they have no facts.
    fn of_device() -> Stat {
        Stat {
            file_type: FileType::Other,
            length: 0,
            modified: (0, 0),
            changed: (0, 0),
            identity: (0, 0),
            names: 1,
            is_without_blocks: true,
            is_executable: false,
            is_open_to_others: false,
        }
    }
}

/// What counts steps of 100 ns since 1601, as seconds and nanoseconds since 1970.
fn time(steps: Option<u64>) -> Time {
    const PER_SECOND: i64 = 10_000_000;
    const FROM_1601_TO_1970: i64 = 11_644_473_600;
    let steps = i64::try_from(steps.unwrap_or(0)).unwrap_or(i64::MAX);
    let nanoseconds = u32::try_from(steps.rem_euclid(PER_SECOND) * 100).unwrap_or(0);
    (steps.div_euclid(PER_SECOND) - FROM_1601_TO_1970, nanoseconds)
}

/// A path that is looked at again and again. There is nothing to prepare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreparedPath(PathBuf);

impl PreparedPath {
    /// This path.
    pub fn new(path: &Path) -> Option<PreparedPath> {
        Some(PreparedPath(path.to_owned()))
    }

    /// As [`of_link`](super::of_link).
    ///
    /// # Errors
    /// As there.
    pub fn of_link(&self) -> io::Result<Stat> {
        of_link(&self.0)
    }
}

// A folder in a user's own hands down to what is made in it that nobody else may read it.
#[allow(clippy::unnecessary_wraps)]
pub(super) fn set_mode(_path: &Path, _mode: u32) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_counted_from_1970() {
        assert_eq!(time(Some(116_444_736_000_000_000)), (0, 0));
        assert_eq!(time(Some(116_444_736_012_345_678)), (1, 234_567_800));
        assert_eq!(time(Some(0)), (-11_644_473_600, 0));
    }
}
