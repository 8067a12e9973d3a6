//! As Windows has it. Whoever has a file open says what others may do meanwhile, and that stands for a lock: a file on
//! its way is open so that it can be renamed and deleted, and not opened to be written.

use super::super::failure::{Failure, is_held};
use super::super::link::is_on_a_drive;
use super::super::names;
use super::super::names::rules::looks_short;
use super::super::open::path_of;
use super::super::status::{self, FileType, Handle, Stat};
use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt as _};
use std::fs::{self, File};
use std::io;
use std::os::windows::ffi::OsStrExt as _;
use std::os::windows::fs::OpenOptionsExt as _;
use std::path::Path;
use windows_sys::Win32::Storage::FileSystem::{
    DELETE, FILE_FLAG_BACKUP_SEMANTICS, FILE_FLAG_OPEN_REPARSE_POINT, FILE_READ_ATTRIBUTES, FILE_SHARE_DELETE,
};

/// How many units of UTF-16 a name may have, on each kind of disk that Windows has.
const LONGEST_NAME: usize = 255;

pub(super) fn check_name(folder: &Dir, name: &Path) -> io::Result<()> {
    if name.as_os_str().encode_wide().count() > LONGEST_NAME {
        return Err(Failure::NameTooLong.into());
    }
    // By a short name another file would be replaced, perhaps one that is hidden. A new name of that form may come to be
    // the short one of a file that somebody makes meanwhile.
    let text = name.to_string_lossy();
    if looks_short(&text) && text.contains('~') {
        return Err(Failure::NameImpossible.into());
    }
    let options = OpenOptions::new()
        .access_mode(FILE_READ_ATTRIBUTES)
        .custom_flags(FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT)
        .clone();
    match folder.open_with(name, &options) {
        Ok(found) => names::check_is_no_short_name(&found, folder, name).map_err(|_| Failure::Exists.into()),
        Err(error) => match Failure::of(&error) {
            Some(failure @ (Failure::NameTooLong | Failure::NameImpossible)) => Err(failure.into()),
            _ => Ok(()),
        },
    }
}

// cap-std takes `\\?\` from the path of a folder to join a name to it. Of one on another machine that leaves a path from
// where this process is.
pub(super) fn why_impossible_in(folder: &Dir) -> Option<&'static str> {
    let is_well = path_of(folder).is_ok_and(|path| is_on_a_drive(&path));
    (!is_well).then_some("it is on another machine, and not on a drive of this one")
}

// Its files without a name are those that vanish when they are closed, and such a file can be given none.
pub(super) fn create_unnamed(_folder: &Dir) -> io::Result<File> {
    Err(io::ErrorKind::Unsupported.into())
}

pub(super) fn link_unnamed(_file: &File, _folder: &Dir, _name: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

pub(super) fn create_locked(folder: &Dir, name: &Path) -> io::Result<Option<File>> {
    create(folder, name).map(Some)
}

fn create(folder: &Dir, name: &Path) -> io::Result<File> {
    let options = OpenOptions::new().write(true).create_new(true).share_mode(FILE_SHARE_DELETE).clone();
    folder.open_with(name, &options).map(cap_std::fs::File::into_std)
}

/// A file that [`open_to_lock`] has opened is nobody else's. A folder is tried by whether it could be deleted: it could
/// not as long as somebody has it open who does not let it be.
pub(super) fn try_lock(file: &impl Handle) -> io::Result<bool> {
    if status::of_open(file)?.file_type != FileType::Directory {
        return Ok(true);
    }
    let opened =
        File::options().access_mode(DELETE).custom_flags(FILE_FLAG_BACKUP_SEMANTICS).open(path_of(file)?);
    match opened {
        Ok(_) => Ok(true),
        Err(error) if is_held(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

pub(super) fn open_to_lock(folder: &impl Handle, name: &Path) -> io::Result<File> {
    File::options()
        .write(true)
        .share_mode(FILE_SHARE_DELETE)
        .custom_flags(FILE_FLAG_OPEN_REPARSE_POINT)
        .open(path_of(folder)?.join(name))
}

pub(super) fn remove(folder: &impl Handle, name: &Path) -> io::Result<()> {
    fs::remove_file(path_of(folder)?.join(name))
}

pub(super) fn rename(folder: &Dir, from: &Path, to: &Path) -> io::Result<()> {
    folder.rename(from, folder, to).map_err(|error| {
        let is_folder = folder.symlink_metadata(to).is_ok_and(|there| there.is_dir());
        if is_folder { Failure::Exists.into() } else { error }
    })
}

/// Its own call replaces or fails as one likes, but none that is safe here says so: a second name is given, which
/// fails if something has it. FAT has no second names; there the name is claimed by an empty file first.
pub(super) fn rename_without_replacing(folder: &Dir, from: &Path, to: &Path) -> io::Result<()> {
    match link_and_unlink(folder, from, to) {
        Err(error) if Failure::of(&error) == Some(Failure::Other) => claim_and_replace(folder, from, to),
        done => done,
    }
}

fn link_and_unlink(folder: &Dir, from: &Path, to: &Path) -> io::Result<()> {
    folder.hard_link(from, folder, to)?;
    // It has its name. If the other stays, it is removed at the next start.
    let _ = folder.remove_file(from);
    Ok(())
}

fn claim_and_replace(folder: &Dir, from: &Path, to: &Path) -> io::Result<()> {
    let claim = status::of_open(&create(folder, to)?)?.identity;
    let replaced = rename(folder, from, to);
    let is_still_the_claim = |there: Stat| there.length == 0 && there.identity == claim;
    if replaced.is_err() && status::of_link_in(folder, to).is_ok_and(is_still_the_claim) {
        let _ = folder.remove_file(to);
    }
    replaced
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::tests::{content, folder, names_in};

    #[test]
    fn each_way_to_a_name_takes_none_that_something_has() {
        for (number, way) in [link_and_unlink, claim_and_replace].into_iter().enumerate() {
            let (directory, opened) = folder();
            let at = |name: &str| directory.path().join(name);
            for taken in ["file", "empty", "folder"] {
                fs::write(at("new"), "new").expect("written");
                match taken {
                    "folder" => fs::create_dir(at(taken)).expect("made"),
                    name => fs::write(at(name), if name == "file" { "old" } else { "" }).expect("written"),
                }
                let before = names_in(&directory);
                let error = way(&opened, Path::new("new"), Path::new(taken)).expect_err("it is taken");
                assert_eq!(Failure::of(&error), Some(Failure::Exists), "{number}, {taken}");
                assert_eq!(names_in(&directory), before, "{number}, {taken}");
            }
            way(&opened, Path::new("new"), Path::new("name")).expect("nothing has it");
            assert_eq!(
                (content(&directory, "name"), content(&directory, "file")),
                ("new".into(), "old".into())
            );
            assert!(!at("new").exists(), "{number}");
        }
    }

    #[test]
    fn what_is_on_its_way_is_opened_by_nobody_else_to_write() {
        let (directory, opened) = folder();
        let file = create_locked(&opened, Path::new("a")).expect("made").expect("ours");
        assert!(open_to_lock(&opened, Path::new("a")).is_err());
        drop(file);
        assert!(open_to_lock(&opened, Path::new("a")).is_ok());
        rename_without_replacing(&opened, Path::new("a"), Path::new("b")).expect("renamed");
        assert_eq!(names_in(&directory), ["b"]);
    }
}
