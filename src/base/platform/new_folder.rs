//! Making a folder that nothing else has the name of, and removing it as long as nothing is in it.

use super::failure::Failure;
use cap_std::fs::Dir;
use std::io;
use std::path::Path;

/// Makes a folder of this name in another. Says whether it did; if not, something has that name, be it a link that leads
/// nowhere.
///
/// # Errors
/// When none can be made there, or none of that name.
pub fn make(folder: &Dir, name: &Path) -> io::Result<bool> {
    match create(folder, name) {
        Err(error) if Failure::of(&error) == Some(Failure::Exists) => Ok(false),
        done => done.map(|()| true),
    }
}

#[cfg(unix)]
fn create(folder: &Dir, name: &Path) -> io::Result<()> {
    use rustix::fs::{Mode, mkdirat};
    use rustix::io::Errno;
    // What the process's umask leaves of this, as for every new folder.
    const MODE: Mode = Mode::from_raw_mode(0o777);
    match mkdirat(folder, name, MODE) {
        // As `check_name` in `new_file` says it.
        Err(Errno::INVAL) => Err(Errno::ILSEQ.into()),
        done => Ok(done?),
    }
}

#[cfg(windows)]
fn create(folder: &Dir, name: &Path) -> io::Result<()> {
    folder.create_dir(name)
}

/// Removes a folder in which nothing is.
///
/// # Errors
/// When something is in it, it is not there, or the folder around it may not be written.
#[cfg(unix)]
pub fn remove(folder: &Dir, name: &Path) -> io::Result<()> {
    use rustix::fs::{AtFlags, unlinkat};
    Ok(unlinkat(folder, name, AtFlags::REMOVEDIR)?)
}

/// The same.
#[cfg(windows)]
pub fn remove(folder: &Dir, name: &Path) -> io::Result<()> {
    folder.remove_dir(name)
}
