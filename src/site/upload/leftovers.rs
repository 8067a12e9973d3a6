//! Files that a server was uploading when it was killed: they are removed at the next start.

use crate::base::platform::directory::Directory;
use crate::base::platform::status::{self, FileType};
use crate::base::platform::{names, new_file, open};
use crate::base::random;
use crate::site::names::TEMPORARY;
use crate::site::root::Root;
use cap_std::fs::Dir;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// For how long a file was not touched that nobody writes any more, where there are no locks to tell.
const SURELY_LEFT: Duration = Duration::from_secs(24 * 60 * 60);

/// Removes the files that earlier servers were uploading when they were killed, and says how many there were. It looks
/// through the whole folder, which can take long.
pub fn remove_leftovers(root: &Root) -> usize {
    let removed = root.in_current(|open| Ok(remove_in(&open.directory)));
    removed.unwrap_or(0)
}

/// How much room there is for names that are read at a time, in bytes.
const NAMES: usize = 16 * 1024;

/// The same in this folder and all below. Links are not followed.
pub(super) fn remove_in(root: &Dir) -> usize {
    let (mut removed, mut below) = (0, vec![PathBuf::from(".")]);
    while let Some(path) = below.pop() {
        // A folder that cannot be read is skipped.
        let Ok(mut folder) = open::folder_beneath(root, &path).map(Directory::new) else { continue };
        let (mut found, mut has_more) = (Vec::new(), true);
        while has_more {
            found.clear();
            let each = |name: &[u8], file_type| found.push((name.to_vec(), file_type));
            has_more = folder.read_some(NAMES, each).unwrap_or(false);
            for (name, file_type) in &found {
                let Ok(name) = names::path(name) else { continue };
                let look = || status::of_link_in(&folder, name).map(|stat| stat.file_type).ok();
                match file_type.or_else(look) {
                    Some(FileType::Directory) => below.push(path.join(name)),
                    Some(FileType::RegularFile) if is_temporary_name(names::bytes(name)) => {
                        removed += usize::from(remove_if_left(&folder, name));
                    }
                    _ => {}
                }
            }
        }
    }
    removed
}

/// Whether a name is, letter by letter, one that a server could have given.
pub(super) fn is_temporary_name(name: &[u8]) -> bool {
    let word = name.strip_prefix(TEMPORARY).and_then(|word| str::from_utf8(word).ok());
    word.is_some_and(random::is_word)
}

/// Removes a file unless a server is writing it, and says whether it did.
fn remove_if_left(folder: &Directory, name: &Path) -> bool {
    let Ok(file) = new_file::open_to_lock(folder, name) else { return false };
    let Ok(ours) = status::of_open(&file) else { return false };
    if ours.file_type != FileType::RegularFile {
        return false;
    }
    // Where there are no locks, its age tells.
    let is_left = new_file::try_lock(&file).unwrap_or_else(|_| is_old(&file));
    let is_still_it = || status::of_link_in(folder, name).is_ok_and(|there| there.identity == ours.identity);
    is_left && is_still_it() && new_file::remove(folder, name).is_ok()
}

fn is_old(file: &File) -> bool {
    let modified = file.metadata().and_then(|metadata| metadata.modified());
    modified.is_ok_and(|time| SystemTime::now().duration_since(time).is_ok_and(|age| age > SURELY_LEFT))
}
