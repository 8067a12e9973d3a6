//! What the system knows of a file (`man 2 stat`).

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

/// Seconds since 1970, and nanoseconds.
pub type Time = (i64, u32);

/// What tells one file from all others that are there: its disk, and its number on it (device and inode).
pub type Identity = (u64, u64);

/// What kind of thing a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileType {
    /// Bytes.
    RegularFile,
    /// A folder.
    Directory,
    /// A symbolic link.
    Symlink,
    /// A socket.
    Socket,
    /// A FIFO, a device.
    Other,
}

/// What is known of a file.
#[derive(Debug, Clone, Copy)]
pub struct Stat {
    /// What it is.
    pub file_type: FileType,
    /// In bytes.
    pub length: u64,
    /// When its bytes last changed. Programs can set it.
    pub modified: Time,
    /// When anything of it last changed. Only the system sets it.
    pub changed: Time,
    /// Which one it is.
    pub identity: Identity,
    /// How many names it has.
    pub names: u64,
    /// Whether it takes no room on the disk.
    pub is_without_blocks: bool,
    /// Whether its owner may execute it.
    pub is_executable: bool,
    /// Whether those may do something with it who are neither its owner nor of its group.
    pub is_open_to_others: bool,
}

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

/// Of the file to which a path leads.
///
/// # Errors
/// When it leads to none, or may not be looked at.
pub fn at(path: &Path) -> io::Result<Stat> {
    Ok(Stat::from(&stat(path)?))
}

/// Of what has this path, be it a link.
///
/// # Errors
/// When nothing has it, or it may not be looked at.
pub fn of_link(path: &Path) -> io::Result<Stat> {
    Ok(Stat::from(&lstat(path)?))
}

/// Of what is open.
///
/// # Errors
/// When the disk fails.
pub fn of_open(file: &impl Handle) -> io::Result<Stat> {
    Ok(Stat::from(&fstat(file)?))
}

/// Of the file to which a path leads that begins in an open folder, wherever it leads.
///
/// # Errors
/// As [`at`].
pub fn at_in(folder: &impl Handle, path: &Path) -> io::Result<Stat> {
    Ok(Stat::from(&statat(folder, path, AtFlags::empty())?))
}

/// Of what has this name in an open folder, be it a link.
///
/// # Errors
/// As [`of_link`].
pub fn of_link_in(folder: &impl Handle, name: &Path) -> io::Result<Stat> {
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

    /// As [`of_link`].
    ///
    /// # Errors
    /// As there.
    pub fn of_link(&self) -> io::Result<Stat> {
        Ok(Stat::from(&lstat(&*self.0)?))
    }
}

/// Says who may do what with a file: `0o600` is for its owner alone. What has no such permissions is left as it is.
///
/// # Errors
/// When it is not there, or somebody else's.
pub fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    fs::set_permissions(path, Permissions::from_mode(mode))
}

/// Makes a FIFO, for tests.
#[cfg(test)]
pub(crate) fn make_fifo(path: &Path) {
    let made = std::process::Command::new("mkfifo").arg(path).status().expect("every Unix has it");
    assert!(made.success());
}
