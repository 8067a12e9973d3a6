//! What the system knows of a file (`man 2 stat`; on Windows `GetFileInformationByHandle`).

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

#[cfg(all(test, unix))]
pub(crate) use system::make_fifo;
#[cfg(windows)]
pub(super) use system::needs_a_driver;
pub use system::{Handle, PreparedPath};
/// Seconds since 1970, and nanoseconds.
pub type Time = (i64, u32);

/// Whether the system tells when anything of a file last changed. Where not, [`Stat::changed`] is when it was created,
/// which programs can set.
pub const TELLS_WHEN_CHANGED: bool = cfg!(unix);

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
    /// When anything of it last changed, which only the system sets; where no safe call says that, when it was made.
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

/// Of the file to which a path leads.
///
/// # Errors
/// When it leads to none, or may not be looked at.
pub fn at(path: &Path) -> io::Result<Stat> {
    system::at(path)
}

/// Of what has this path, be it a link.
///
/// # Errors
/// When nothing has it, or it may not be looked at.
pub fn of_link(path: &Path) -> io::Result<Stat> {
    system::of_link(path)
}

/// Of what is open.
///
/// # Errors
/// When the disk fails.
pub fn of_open(file: &impl Handle) -> io::Result<Stat> {
    system::of_open(file)
}

/// Of the file to which a path leads that begins in an open folder, wherever it leads.
///
/// # Errors
/// As [`at`].
pub fn at_in(folder: &impl Handle, path: &Path) -> io::Result<Stat> {
    system::at_in(folder, path)
}

/// Of what has this name in an open folder, be it a link.
///
/// # Errors
/// As [`of_link`].
pub fn of_link_in(folder: &impl Handle, name: &Path) -> io::Result<Stat> {
    system::of_link_in(folder, name)
}

/// Says who may do what with a file: `0o600` is for its owner alone. What has no such permissions is left as it is.
///
/// # Errors
/// When it is not there, or somebody else's.
pub fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    system::set_mode(path, mode)
}
