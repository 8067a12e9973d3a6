//! As Windows has it: the place (`%TEMP%`) is each user's own, what is made in it nobody else may read, and a folder
//! that is open so that it may not be deleted is locked.

use crate::base::platform::failure::is_held;
use crate::base::platform::open::path_of;
use cap_std::fs::Dir;
use std::fs::File;
use std::io;
use std::os::windows::fs::OpenOptionsExt;
use std::path::Path;
use windows_sys::Win32::Storage::FileSystem::{
    FILE_FLAG_BACKUP_SEMANTICS, FILE_SHARE_READ, FILE_SHARE_WRITE,
};

pub(super) fn make(place: &Dir, name: &Path) -> io::Result<()> {
    place.create_dir(name)
}

pub(super) fn lock(place: &Dir, name: &Path) -> io::Result<Option<File>> {
    let path = path_of(place)?.join(name);
    let options = File::options()
        .read(true)
        .share_mode(FILE_SHARE_READ | FILE_SHARE_WRITE)
        .custom_flags(FILE_FLAG_BACKUP_SEMANTICS)
        .clone();
    match options.open(path) {
        // Another process took it for one that was left, and has removed it.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        // Or is about to look whether it was.
        Err(error) if is_held(&error) => Ok(None),
        opened => opened.map(Some),
    }
}

pub(super) fn is_ours(_folder: &File) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::super::{PrivateFolder, remove_left};
    use std::fs;

    #[test]
    fn what_is_left_is_removed_and_what_is_in_use_is_not() {
        const PREFIX: &str = "glasshttp-test-";
        let place = tempfile::tempdir().expect("a folder");
        let create = || {
            let folder = PrivateFolder::create(place.path(), PREFIX).expect("made");
            folder.open().and_then(|folder| folder.write("file", "text")).expect("written");
            folder
        };
        let (in_use, left) = (create(), create());
        let path = left.path().to_owned();
        // As when its process is killed.
        drop(left);
        remove_left(place.path(), PREFIX);
        assert!(!path.exists() && in_use.path().join("file").exists());
        in_use.remove().expect("removed");
        in_use.remove().expect("it was removed already");
        assert_eq!(fs::read_dir(place.path()).expect("readable").count(), 0);
    }
}
