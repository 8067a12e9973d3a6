//! A folder for this process alone, in a place where everybody may make files, as `/tmp` is.
//!
//! ```text
//! /tmp                                        drwxrwxrwt   everybody may add names, and remove their own
//! └── glasshttp-course-1f0c3a5b7d9e2846       drwx------   a PrivateFolder: made by mkdir, and locked
//! ```
//!
//! Others may put there what they like, and wait for a program that takes it for its own:
//!
//! - The name cannot be guessed. If something had it all the same, links among it, `mkdir` would fail.
//! - The folder is known by what is open and not by its name: it is removed only if the name still leads to it. Links
//!   are removed, and not followed.
//! - It is locked as long as its process runs, however that ends: the system takes the lock off. So a folder with such
//!   a name, of the same user and without a lock is left of a process that was killed, and the next may remove it.
//!   (Programs that clear `/tmp` of what is old leave it alone while it is locked: `man 5 tmpfiles.d`.)

use super::new_file::try_lock;
use super::{open, status};
use crate::base::random;
use cap_std::fs::Dir;
use rustix::fs::{Mode, fstat, mkdirat};
use rustix::process::geteuid;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// How often it is tried again when another process took the folder for one that was left, in the moment before it
/// was locked.
const TRIES: usize = 5;

/// A folder that only this user may enter. It is there until it is removed, or until another process finds that this
/// one has ended.
#[derive(Debug)]
pub struct PrivateFolder {
    place: Dir,
    name: PathBuf,
    path: PathBuf,
    /// The folder itself, locked.
    folder: File,
}

impl PrivateFolder {
    /// A new one in this place. Its name is the prefix with a word behind it that nobody can guess.
    ///
    /// # Errors
    /// When the place is not there, or no folder can be made in it.
    pub fn create(place: &Path, prefix: &str) -> io::Result<PrivateFolder> {
        for _ in 0..TRIES {
            let name = PathBuf::from(format!("{prefix}{}", random::word()));
            let path = place.join(&name);
            let place = open_place(place)?;
            mkdirat(&place, &name, Mode::RWXU)?;
            let folder = open::folder_beneath(&place, &name)?;
            let folder = PrivateFolder { place, name, path, folder };
            // Where there are no locks, nothing is ever taken for left.
            if try_lock(&folder.folder).unwrap_or(true) && folder.has_its_name() {
                return Ok(folder);
            }
        }
        Err(io::ErrorKind::ResourceBusy.into())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder, to make files in it.
    ///
    /// # Errors
    /// When no more files can be open.
    pub fn open(&self) -> io::Result<Dir> {
        self.folder.try_clone().map(Dir::from_std_file)
    }

    /// Removes it with all that is in it, if it is still there.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn remove(&self) -> io::Result<()> {
        if self.has_its_name() { self.place.remove_dir_all(&self.name) } else { Ok(()) }
    }

    fn has_its_name(&self) -> bool {
        is_named(&self.place, &self.name, &self.folder)
    }
}

/// Removes the folders with this prefix that processes of this user left when they were killed.
pub fn remove_left(place: &Path, prefix: &str) {
    let Ok(place) = open_place(place) else { return };
    for entry in place.entries().into_iter().flatten().flatten() {
        let name = PathBuf::from(entry.file_name());
        let word = name.to_str().and_then(|name| name.strip_prefix(prefix));
        if !word.is_some_and(random::is_word) {
            continue;
        }
        // It is not opened if it is a link, or no folder.
        let Ok(folder) = open::folder_beneath(&place, &name) else { continue };
        let is_ours = fstat(&folder).is_ok_and(|stat| stat.st_uid == geteuid().as_raw());
        if is_ours && try_lock(&folder).unwrap_or(false) && is_named(&place, &name, &folder) {
            let _ = place.remove_dir_all(&name);
        }
    }
}

fn open_place(path: &Path) -> io::Result<Dir> {
    open::place(path).map(Dir::from_std_file)
}

/// Whether this name leads to this folder.
fn is_named(place: &Dir, name: &Path, folder: &File) -> bool {
    let named = status::of_link_in(place, name).map(|stat| stat.identity);
    named.is_ok_and(|named| status::of_open(folder).is_ok_and(|stat| stat.identity == named))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{MetadataExt, chown, symlink};

    const PREFIX: &str = "glasshttp-test-";

    fn place() -> tempfile::TempDir {
        tempfile::tempdir().expect("a folder")
    }

    fn create(place: &tempfile::TempDir) -> PrivateFolder {
        let folder = PrivateFolder::create(place.path(), PREFIX).expect("made");
        folder.open().and_then(|folder| folder.create_dir("a")).expect("made");
        folder.open().and_then(|folder| folder.write("a/file", "text")).expect("written");
        folder
    }

    #[test]
    fn only_its_user_may_enter_it_and_no_name_comes_twice() {
        let place = place();
        let folders = [create(&place), create(&place)];
        assert_ne!(folders[0].path(), folders[1].path());
        for folder in folders {
            let metadata = fs::symlink_metadata(folder.path()).expect("it is there");
            assert_eq!((metadata.is_dir(), metadata.mode() & 0o777), (true, 0o700));
            folder.remove().expect("removed");
            folder.remove().expect("it was removed already");
        }
        assert_eq!(fs::read_dir(place.path()).expect("readable").count(), 0);
    }

    #[test]
    fn what_was_put_in_its_place_is_left_alone() {
        let (place, theirs) = (place(), place());
        fs::write(theirs.path().join("file"), "theirs").expect("written");
        let changes: [&dyn Fn(&Path); 3] = [
            &|path| symlink(theirs.path(), path).expect("linked"),
            &|path| fs::create_dir(path).expect("made"),
            &|path| fs::write(path, "").expect("written"),
        ];
        for change in changes {
            let folder = create(&place);
            fs::rename(folder.path(), place.path().join("elsewhere")).expect("moved");
            change(folder.path());
            folder.remove().expect("nothing to do");
            assert!(fs::symlink_metadata(folder.path()).is_ok());
            fs::remove_dir_all(place.path().join("elsewhere")).expect("removed");
        }
        assert!(theirs.path().join("file").exists());
    }

    #[test]
    fn a_link_in_it_is_removed_and_not_followed() {
        let (place, theirs) = (place(), place());
        fs::write(theirs.path().join("file"), "theirs").expect("written");
        let folder = create(&place);
        symlink(theirs.path(), folder.path().join("a/link")).expect("linked");
        symlink(theirs.path().join("file"), folder.path().join("link")).expect("linked");
        folder.remove().expect("removed");
        assert!(!folder.path().exists() && theirs.path().join("file").exists());
    }

    #[test]
    fn what_is_left_is_removed_and_nothing_else_is() {
        let (place, theirs) = (place(), place());
        let name = |word: &str| place.path().join(format!("{PREFIX}{word}"));
        let in_use = create(&place);
        let left = create(&place);
        let path = left.path().to_owned();
        // As when its process is killed.
        drop(left);
        fs::write(theirs.path().join("file"), "theirs").expect("written");
        symlink(theirs.path(), name("0123456789abcdef")).expect("linked");
        fs::write(name("0123456789abcde0"), "a file").expect("written");
        for word in ["", "0123", "0123456789abcdeg", "0123456789abcdef0"] {
            fs::create_dir(name(word)).expect("made");
        }
        let of_another = name("00000000000000ff");
        fs::create_dir(&of_another).expect("made");
        let is_of_another = chown(&of_another, Some(4711), None).is_ok();
        let count = || fs::read_dir(place.path()).expect("readable").count();
        let before = count();
        remove_left(place.path(), PREFIX);
        assert!(
            !path.exists() && in_use.path().join("a/file").exists() && theirs.path().join("file").exists()
        );
        assert_eq!(of_another.exists(), is_of_another);
        assert_eq!(count(), before - 1 - usize::from(!is_of_another));
    }
}
