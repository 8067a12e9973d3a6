//! Named pipes: mkfifo(3), for tests and lessons on what is not to be opened.

use cap_std::fs::Dir;
use std::io;

/// Makes a named pipe in a folder.
///
/// # Errors
/// When something of that name is there.
#[cfg(target_os = "linux")]
pub fn make(folder: &Dir, name: &str) -> io::Result<()> {
    use rustix::fs::{FileType, Mode, mknodat};
    Ok(mknodat(folder, name, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?)
}

/// Makes none: there is no call for it that needs no path from the root.
#[cfg(not(target_os = "linux"))]
pub fn make(_folder: &Dir, _name: &str) -> io::Result<()> {
    Ok(())
}
