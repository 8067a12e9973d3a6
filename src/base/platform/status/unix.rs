//! As Unixes have it: `fstatat` and its kin.

use super::{FileType, Stat};
use rustix::fs::{AtFlags, fstat, lstat, stat, statat};
use std::ffi::CString;
use std::fs::{self, Permissions};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// An open file or folder, whoever opened it.
pub trait Handle: AsFd {}

impl<T: AsFd> Handle for T {}

impl From<&rustix::fs::Stat> for Stat {
    // The widths and signs of these fields differ from system to system.
    #[allow(clippy::unnecessary_cast, clippy::cast_sign_loss, clippy::cast_possible_truncation)]
    #[allow(clippy::cast_possible_wrap, clippy::cast_lossless)]
    fn from(stat: &rustix::fs::Stat) -> Stat {
        Stat {
            file_type: rustix::fs::FileType::from_raw_mode(stat.st_mode).into(),
            length: stat.st_size as u64,
            modified: (stat.st_mtime as i64, stat.st_mtime_nsec as u32),
            changed: (stat.st_ctime as i64, stat.st_ctime_nsec as u32),
            identity: (stat.st_dev as u64, stat.st_ino as u64),
            names: stat.st_nlink as u64,
            is_without_blocks: stat.st_blocks == 0,
            is_executable: stat.st_mode & 0o100 != 0,
            is_open_to_others: stat.st_mode & 0o007 != 0,
        }
    }
}

impl From<rustix::fs::FileType> for FileType {
    fn from(file_type: rustix::fs::FileType) -> FileType {
        match file_type {
            rustix::fs::FileType::RegularFile => FileType::RegularFile,
            rustix::fs::FileType::Directory => FileType::Directory,
            rustix::fs::FileType::Symlink => FileType::Symlink,
            rustix::fs::FileType::Socket => FileType::Socket,
            _ => FileType::Other,
        }
    }
}

pub(super) fn at(path: &Path) -> io::Result<Stat> {
    Ok(Stat::from(&stat(path)?))
}

pub(super) fn of_link(path: &Path) -> io::Result<Stat> {
    Ok(Stat::from(&lstat(path)?))
}

pub(super) fn of_open(file: &impl Handle) -> io::Result<Stat> {
    Ok(Stat::from(&fstat(file)?))
}

pub(super) fn at_in(folder: &impl Handle, path: &Path) -> io::Result<Stat> {
    Ok(Stat::from(&statat(folder, path, AtFlags::empty())?))
}

pub(super) fn of_link_in(folder: &impl Handle, name: &Path) -> io::Result<Stat> {
    Ok(Stat::from(&statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)?))
}

/// A path that is looked at again and again: spelled once as the system takes it (on Unix, with NUL at its end).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreparedPath(CString);

impl PreparedPath {
    /// This path; `None` if it holds a NUL, so that no file can have it.
    pub fn new(path: &Path) -> Option<PreparedPath> {
        CString::new(path.as_os_str().as_bytes()).ok().map(PreparedPath)
    }

    /// As [`of_link`](super::of_link).
    ///
    /// # Errors
    /// As there.
    pub fn of_link(&self) -> io::Result<Stat> {
        Ok(Stat::from(&lstat(&*self.0)?))
    }
}

pub(super) fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    fs::set_permissions(path, Permissions::from_mode(mode))
}

/// Makes a FIFO, for tests.
#[cfg(test)]
pub(crate) fn make_fifo(path: &Path) {
    let made = std::process::Command::new("mkfifo").arg(path).status().expect("every Unix has it");
    assert!(made.success());
}
