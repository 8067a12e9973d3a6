//! Making a folder that nothing else has the name of, and removing it as long as nothing is in it.

use cap_std::fs::Dir;
use rustix::fs::{AtFlags, Mode, mkdirat, unlinkat};
use rustix::io::Errno;
use std::io;
use std::path::Path;

// What the process's umask leaves of this, as for every new folder.
const MODE: Mode = Mode::from_raw_mode(0o777);

/// Makes a folder of this name in another. Says whether it did; if not, something has that name, be it a link that leads
/// nowhere.
///
/// # Errors
/// When none can be made there, or none of that name.
pub fn make(folder: &Dir, name: &Path) -> io::Result<bool> {
    match mkdirat(folder, name, MODE) {
        Ok(()) => Ok(true),
        Err(Errno::EXIST) => Ok(false),
        // As `check_name` in `new_file` says it.
        Err(Errno::INVAL) => Err(Errno::ILSEQ.into()),
        Err(error) => Err(error.into()),
    }
}

/// Removes a folder in which nothing is.
///
/// # Errors
/// When something is in it, it is not there, or the folder around it may not be written.
pub fn remove(folder: &Dir, name: &Path) -> io::Result<()> {
    Ok(unlinkat(folder, name, AtFlags::REMOVEDIR)?)
}
