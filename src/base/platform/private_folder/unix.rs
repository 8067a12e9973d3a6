//! As Unixes have it: a mode, an owner, and the lock of `flock`.

use crate::base::platform::new_file::try_lock;
use crate::base::platform::open;
use cap_std::fs::Dir;
use rustix::fs::{Mode, fstat, mkdirat};
use rustix::process::geteuid;
use std::fs::File;
use std::io;
use std::path::Path;

/// Makes a folder that only this user may enter.
pub(super) fn make(place: &Dir, name: &Path) -> io::Result<()> {
    Ok(mkdirat(place, name, Mode::RWXU)?)
}

/// Opens a folder and locks it; `None` if somebody else has locked it.
pub(super) fn lock(place: &Dir, name: &Path) -> io::Result<Option<File>> {
    let folder = open::folder_beneath(place, name)?;
    // Where there are no locks, nothing is ever taken for left.
    Ok(try_lock(&folder).unwrap_or(true).then_some(folder))
}

/// Whether it belongs to this user.
pub(super) fn is_ours(folder: &File) -> bool {
    fstat(folder).is_ok_and(|stat| stat.st_uid == geteuid().as_raw())
}
