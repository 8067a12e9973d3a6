//! Symbolic links, for tests and lessons on what is not to be followed.

use cap_std::fs::Dir;
use std::io;
#[cfg(test)]
use std::path::Path;

/// Makes a link of this name to a file.
///
/// # Errors
/// When something of that name is there.
#[cfg(unix)]
pub fn make(folder: &Dir, file: &str, name: &str) -> io::Result<()> {
    folder.symlink(file, name)
}

/// Makes one if this user may: it takes a right that only administrators have, or the developers' mode.
#[cfg(windows)]
#[allow(clippy::unnecessary_wraps)]
pub fn make(folder: &Dir, file: &str, name: &str) -> io::Result<()> {
    let _ = folder.symlink_file(file, name);
    Ok(())
}

/// Makes a link for a test. On Windows it makes none: it takes a right that a test cannot count on.
#[cfg(all(test, unix))]
pub(crate) fn symlink(to: impl AsRef<Path>, link: impl AsRef<Path>) -> io::Result<()> {
    std::os::unix::fs::symlink(to, link)
}

/// See above.
#[cfg(all(test, windows))]
#[allow(clippy::unnecessary_wraps)]
pub(crate) fn symlink(_to: impl AsRef<Path>, _link: impl AsRef<Path>) -> io::Result<()> {
    Ok(())
}
