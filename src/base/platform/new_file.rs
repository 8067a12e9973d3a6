//! Making a file that nobody sees before it is whole, and giving it a name that nothing else has.
//!
//! Of a file without a name nothing is left when it is closed, even if the process is killed (`man 2 open`,
//! O_TMPFILE). Only Linux has them, and not on every file system.
//!
//! # To get a name without taking another's
//!
//! To look first and rename then would leave it to who is faster. A name that is given to a file without one fails if
//! something has it. A file that has a name already gets the other by the first of these that works where it is; a
//! system call that the kernel, the file system or a container's filter does not have says so in several ways
//! (`is_not_to_be_had`):
//!
//! 1. `renameat2` with RENAME_NOREPLACE does both at once.
//! 2. `linkat`, then `unlinkat`: it gets the name as a second one, which fails if something has it. (Not on FAT and its
//!    kin, which have no second names.)
//! 3. An empty file is made under the name, which fails if something has it (O_EXCL), and then replaced by `renameat`.
//!    For that moment the empty file can be seen; and if in the same moment somebody removes it and puts a file of
//!    theirs there, that one is replaced.

use super::status::{self, Handle, Stat};
use cap_std::fs::Dir;
use rustix::fs::{
    AtFlags, FlockOperation, Mode, OFlags, flock, fstat, linkat, openat, renameat, statat, unlinkat,
};
use rustix::io::Errno;
use std::fs::File;
use std::io;
use std::path::Path;

// What the process's umask leaves of this, as for every new file.
const MODE: Mode = Mode::from_raw_mode(0o666);

/// Whether the disk can have a file of this name. It need not be there.
///
/// # Errors
/// `NameTooLong` or `NameImpossible` (see [`super::failure`]), and nothing else.
pub fn check_name(folder: &Dir, name: &Path) -> io::Result<()> {
    match statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Err(Errno::INVAL | Errno::ILSEQ) => Err(Errno::ILSEQ.into()),
        Err(Errno::NAMETOOLONG) => Err(Errno::NAMETOOLONG.into()),
        _ => Ok(()),
    }
}

/// A file that has no name yet and can be given one, open to be written.
///
/// # Errors
/// When there is no such thing here, or no file at all can be made in the folder.
#[cfg(target_os = "linux")]
pub fn create_unnamed(folder: &Dir) -> io::Result<File> {
    let file: File = openat(folder, c".", OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC, MODE)?.into();
    // Whether it could be given one had better be known now. The name "." is there, which is found out
    // when all else that is needed for that has been.
    match link_unnamed(&file, folder, Path::new(".")) {
        Err(error) if Errno::from_io_error(&error) != Some(Errno::EXIST) => Err(error),
        _ => Ok(file),
    }
}

/// Only Linux has that.
#[cfg(not(target_os = "linux"))]
pub fn create_unnamed(_folder: &Dir) -> io::Result<File> {
    Err(Errno::OPNOTSUPP.into())
}

/// Gives a name to a file without one.
///
/// # Errors
/// `Exists` when something has it; and when the disk fails.
#[cfg(target_os = "linux")]
pub fn link_unnamed(file: &File, folder: &Dir, name: &Path) -> io::Result<()> {
    use std::os::fd::AsRawFd;
    let linked = linkat(file, c"", folder, name, AtFlags::EMPTY_PATH);
    if matches!(linked, Ok(()) | Err(Errno::EXIST)) {
        return Ok(linked?);
    }
    // Before Linux 6.10 that needs a capability; by the file's name in /proc it does not.
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    Ok(linkat(rustix::fs::CWD, path, folder, name, AtFlags::SYMLINK_FOLLOW)?)
}

/// There is none.
#[cfg(not(target_os = "linux"))]
pub fn link_unnamed(_file: &File, _folder: &Dir, _name: &Path) -> io::Result<()> {
    Err(Errno::OPNOTSUPP.into())
}

/// A new file of this name, open to be written and locked as long as it is open. `None` if somebody took it for one
/// that was left, in the moment before it was locked.
///
/// # Errors
/// When something has the name, or no file can be made in the folder.
pub fn create_locked(folder: &Dir, name: &Path) -> io::Result<Option<File>> {
    let file = create(folder, name)?;
    let is_taken_for_left = match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => status::of_open(&file)?.names == 0,
        Err(error) => error == Errno::WOULDBLOCK,
    };
    Ok((!is_taken_for_left).then_some(file))
}

/// A new file of this name, which nothing has.
fn create(folder: &Dir, name: &Path) -> rustix::io::Result<File> {
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(folder, name, flags, MODE).map(File::from)
}

/// Locks a file or a folder for as long as it is open, and says whether that was done or somebody else has it locked.
///
/// # Errors
/// When there are no locks here.
pub fn try_lock(file: &impl Handle) -> io::Result<bool> {
    match flock(file, FlockOperation::NonBlockingLockExclusive) {
        Err(Errno::WOULDBLOCK) => Ok(false),
        done => Ok(done.map(|()| true)?),
    }
}

/// Opens a file in a folder to lock it. A link is not followed, and a FIFO wakes nobody.
///
/// # Errors
/// When it is not there, or may not be written.
pub fn open_to_lock(folder: &impl Handle, name: &Path) -> io::Result<File> {
    // To write, since over NFS only such a file can be locked.
    let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    Ok(openat(folder, name, flags, Mode::empty())?.into())
}

/// Removes a name in a folder.
///
/// # Errors
/// When nothing has it, or the folder may not be written.
pub fn remove(folder: &impl Handle, name: &Path) -> io::Result<()> {
    Ok(unlinkat(folder, name, AtFlags::empty())?)
}

/// Gives a file another name in its folder, and takes it from what has it.
///
/// # Errors
/// `Exists` when that is a folder; and when the disk fails.
pub fn rename(folder: &Dir, from: &Path, to: &Path) -> io::Result<()> {
    Ok(renameat(folder, from, folder, to)?)
}

/// Gives a file another name in its folder, which nothing else has.
///
/// # Errors
/// `Exists` when something has it; and when the disk fails.
pub fn rename_without_replacing(folder: &Dir, from: &Path, to: &Path) -> io::Result<()> {
    Ok(by_the_first_that_works(&WAYS, folder, from, to)?)
}

/// One of the ways to a name that nothing else has: from, to.
type Way = fn(&Dir, &Path, &Path) -> rustix::io::Result<()>;

/// The best first.
const WAYS: [Way; 3] = [rename_at_once, link_and_unlink, claim_and_replace];

fn by_the_first_that_works(ways: &[Way], folder: &Dir, from: &Path, to: &Path) -> rustix::io::Result<()> {
    let mut result = Err(Errno::NOSYS);
    for way in ways {
        result = way(folder, from, to);
        match result {
            Err(error) if is_not_to_be_had(error) => {}
            _ => break,
        }
    }
    result
}

/// What a system call says that is not there for this file system, or not for us. EPERM and EACCES can mean
/// more than that, and then the next way says the same.
fn is_not_to_be_had(error: Errno) -> bool {
    [Errno::INVAL, Errno::NOSYS, Errno::OPNOTSUPP, Errno::NOTSUP, Errno::PERM, Errno::ACCESS, Errno::MLINK]
        .contains(&error)
}

#[cfg(target_os = "linux")]
fn rename_at_once(folder: &Dir, from: &Path, to: &Path) -> rustix::io::Result<()> {
    rustix::fs::renameat_with(folder, from, folder, to, rustix::fs::RenameFlags::NOREPLACE)
}

#[cfg(not(target_os = "linux"))]
fn rename_at_once(_folder: &Dir, _from: &Path, _to: &Path) -> rustix::io::Result<()> {
    Err(Errno::NOSYS)
}

fn link_and_unlink(folder: &Dir, from: &Path, to: &Path) -> rustix::io::Result<()> {
    linkat(folder, from, folder, to, AtFlags::empty())?;
    // It has its name. If the other stays, it is removed at the next start.
    let _ = unlinkat(folder, from, AtFlags::empty());
    Ok(())
}

fn claim_and_replace(folder: &Dir, from: &Path, to: &Path) -> rustix::io::Result<()> {
    let claim = create(folder, to)?;
    let replaced = replace_claim(folder, from, to, &claim);
    if replaced.is_err() && is_still_the_claim(folder, to, &claim) {
        let _ = unlinkat(folder, to, AtFlags::empty());
    }
    replaced
}

/// Replaces the empty file that was made for that, unless somebody has made something of it.
fn replace_claim(folder: &Dir, from: &Path, to: &Path, claim: &File) -> rustix::io::Result<()> {
    if !is_still_the_claim(folder, to, claim) {
        return Err(Errno::EXIST);
    }
    renameat(folder, from, folder, to)
}

fn is_still_the_claim(folder: &Dir, name: &Path, claim: &File) -> bool {
    let (there, ours) = (statat(folder, name, AtFlags::SYMLINK_NOFOLLOW), fstat(claim));
    let (Ok(there), Ok(ours)) = (there, ours) else { return false };
    there.st_size == 0 && Stat::from(&there).identity == Stat::from(&ours).identity
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::tests::{content, folder, names_in};
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn each_way_to_a_name_takes_none_that_something_has() {
        for (number, way) in WAYS.into_iter().enumerate() {
            let (directory, opened) = folder();
            let at = |name: &str| directory.path().join(name);
            for taken in ["file", "empty", "folder", "link"] {
                fs::write(at("new"), "new").expect("written");
                match taken {
                    "folder" => fs::create_dir(at(taken)).expect("made"),
                    "link" => symlink("nowhere", at(taken)).expect("linked"),
                    name => fs::write(at(name), if name == "file" { "old" } else { "" }).expect("written"),
                }
                let before = names_in(&directory);
                let result = way(&opened, Path::new("new"), Path::new(taken));
                assert_eq!(result, Err(Errno::EXIST), "{number}, {taken}");
                assert_eq!(names_in(&directory), before, "{number}, {taken}");
            }
            assert_eq!(way(&opened, Path::new("new"), Path::new("name")), Ok(()), "{number}");
            assert_eq!(
                (content(&directory, "name"), content(&directory, "file")),
                ("new".into(), "old".into())
            );
            assert!(!at("new").exists(), "{number}");
        }
    }

    #[test]
    fn where_a_way_is_not_to_be_had_the_next_is_taken_and_else_none() {
        let try_after = |error: fn() -> Errno, ways: usize| {
            let (directory, opened) = folder();
            fs::write(directory.path().join("from"), "new").expect("written");
            let failing: [Way; 4] = [
                |_, _, _| Err(Errno::INVAL),
                |_, _, _| Err(Errno::NOSYS),
                |_, _, _| Err(Errno::PERM),
                |_, _, _| Err(Errno::OPNOTSUPP),
            ];
            let before =
                failing.into_iter().filter(|way| way(&opened, Path::new(""), Path::new("")) == Err(error()));
            let ways: Vec<Way> = before.chain(WAYS[ways..].iter().copied()).collect();
            let result = by_the_first_that_works(&ways, &opened, Path::new("from"), Path::new("to"));
            (result, names_in(&directory))
        };
        for error in [|| Errno::INVAL, || Errno::NOSYS, || Errno::PERM, || Errno::OPNOTSUPP] {
            for ways in 0..WAYS.len() {
                assert_eq!(try_after(error, ways), (Ok(()), vec!["to".to_owned()]), "{}, {ways}", error());
            }
            assert_eq!(try_after(error, WAYS.len()), (Err(error()), vec!["from".to_owned()]));
        }
        let (_directory, opened) = folder();
        let (full, never): (Way, Way) = (|_, _, _| Err(Errno::NOSPC), |_, _, _| unreachable!("not tried"));
        let result = by_the_first_that_works(&[full, never], &opened, Path::new("from"), Path::new("to"));
        assert_eq!(result, Err(Errno::NOSPC));
    }

    #[test]
    fn a_claim_that_somebody_made_something_of_is_theirs() {
        type Change = fn(&Path);
        let changes: [Change; 3] = [
            |claim| fs::write(claim, "theirs").expect("written"),
            |claim| fs::remove_file(claim).expect("removed"),
            |claim| {
                fs::write(claim.with_extension("other"), "").expect("written");
                fs::rename(claim.with_extension("other"), claim).expect("moved");
            },
        ];
        for (number, change) in changes.into_iter().enumerate() {
            let (directory, opened) = folder();
            fs::write(directory.path().join("from"), "new").expect("written");
            let claim = File::create_new(directory.path().join("to")).expect("made");
            change(&directory.path().join("to"));
            let result = replace_claim(&opened, Path::new("from"), Path::new("to"), &claim);
            assert_eq!(result, Err(Errno::EXIST), "{number}");
            assert_eq!(content(&directory, "from"), "new", "{number}");
        }
    }
}
