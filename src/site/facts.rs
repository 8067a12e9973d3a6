//! What the file system says of a file.

use rustix::fs::{FileType, Stat};
use std::time::{SystemTime, UNIX_EPOCH};

/// What kind of thing a file is, how long, since when, and which one. As long as all of it is the
/// same, so are its bytes, with one exception: see [`Facts::is_settled`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// A file, a directory, or something else.
    pub file_type: FileType,
    /// In bytes.
    pub length: u64,
    /// When its bytes last changed. Programs can set it.
    pub modified: Time,
    /// When anything of it last changed. Only the system sets it.
    pub changed: Time,
    /// Which file it is, whatever its name.
    pub identity: Identity,
}

/// Seconds since 1970, and nanoseconds.
pub type Time = (i64, u32);

/// Device and inode: the disk, and the file's number on it.
pub type Identity = (u64, u64);

/// Two changes within so many seconds may show the same time: file systems keep it in steps, of
/// some milliseconds mostly and of two seconds at the most.
const STEP_SECONDS: u64 = 2;

impl Facts {
    /// The facts in an answer of the system.
    // The widths and signs of these fields differ from system to system.
    #[allow(clippy::unnecessary_cast, clippy::cast_sign_loss, clippy::cast_possible_truncation)]
    #[allow(clippy::cast_possible_wrap, clippy::cast_lossless)]
    pub fn new(stat: &Stat) -> Facts {
        Facts {
            file_type: FileType::from_raw_mode(stat.st_mode),
            length: stat.st_size as u64,
            modified: (stat.st_mtime as i64, stat.st_mtime_nsec as u32),
            changed: (stat.st_ctime as i64, stat.st_ctime_nsec as u32),
            identity: (stat.st_dev as u64, stat.st_ino as u64),
        }
    }

    /// Neither a file nor a directory: a FIFO, a socket, a device.
    pub fn is_special(&self) -> bool {
        !matches!(self.file_type, FileType::RegularFile | FileType::Directory)
    }

    /// Whether the bytes last changed so long ago that another change would show.
    pub fn is_settled(&self) -> bool {
        is_long_ago(self.modified)
    }

    /// The same, also if somebody has set the time back after a change.
    pub fn is_surely_settled(&self) -> bool {
        is_long_ago(self.modified) && is_long_ago(self.changed)
    }
}

/// A time in the future is no more to be trusted than a recent one.
fn is_long_ago((seconds, nanoseconds): Time) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(seconds).is_ok_and(|seconds| {
        let settled_at = std::time::Duration::new(seconds.saturating_add(STEP_SECONDS), nanoseconds);
        settled_at <= now
    })
}
