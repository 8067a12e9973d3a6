//! As Unixes have it: calls that begin in an open folder, the lock of `flock`, and Linux' files without a name.

use super::super::status::{self, Handle, Stat};
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

pub(super) fn why_impossible_in(_folder: &Dir) -> Option<&'static str> {
    None
}

pub(super) fn check_name(folder: &Dir, name: &Path) -> io::Result<()> {
    match statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Err(Errno::INVAL | Errno::ILSEQ) => Err(Errno::ILSEQ.into()),
        Err(Errno::NAMETOOLONG) => Err(Errno::NAMETOOLONG.into()),
        _ => Ok(()),
    }
}

#[cfg(target_os = "linux")]
pub(super) fn create_unnamed(folder: &Dir) -> io::Result<File> {
    let file: File = openat(folder, c".", OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC, MODE)?.into();
    // Whether it could be given one had better be known now. The name "." is there, which is found out
    // when all else that is needed for that has been.
    match link_unnamed(&file, folder, Path::new(".")) {
        Err(error) if Errno::from_io_error(&error) != Some(Errno::EXIST) => Err(error),
        _ => Ok(file),
    }
}

// Only Linux has that.
#[cfg(not(target_os = "linux"))]
pub(super) fn create_unnamed(_folder: &Dir) -> io::Result<File> {
    Err(Errno::OPNOTSUPP.into())
}

#[cfg(target_os = "linux")]
pub(super) fn link_unnamed(file: &File, folder: &Dir, name: &Path) -> io::Result<()> {
    use std::os::fd::AsRawFd;
    let linked = linkat(file, c"", folder, name, AtFlags::EMPTY_PATH);
    if matches!(linked, Ok(()) | Err(Errno::EXIST)) {
        return Ok(linked?);
    }
    // Before Linux 6.10 that needs a capability; by the file's name in /proc it does not.
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    Ok(linkat(rustix::fs::CWD, path, folder, name, AtFlags::SYMLINK_FOLLOW)?)
}

// There is none.
#[cfg(not(target_os = "linux"))]
pub(super) fn link_unnamed(_file: &File, _folder: &Dir, _name: &Path) -> io::Result<()> {
    Err(Errno::OPNOTSUPP.into())
}

pub(super) fn create_locked(folder: &Dir, name: &Path) -> io::Result<Option<File>> {
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

pub(super) fn try_lock(file: &impl Handle) -> io::Result<bool> {
    match flock(file, FlockOperation::NonBlockingLockExclusive) {
        Err(Errno::WOULDBLOCK) => Ok(false),
        done => Ok(done.map(|()| true)?),
    }
}

pub(super) fn open_to_lock(folder: &impl Handle, name: &Path) -> io::Result<File> {
    // To write, since over NFS only such a file can be locked.
    let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    Ok(openat(folder, name, flags, Mode::empty())?.into())
}

pub(super) fn remove(folder: &impl Handle, name: &Path) -> io::Result<()> {
    Ok(unlinkat(folder, name, AtFlags::empty())?)
}

pub(super) fn rename(folder: &Dir, from: &Path, to: &Path) -> io::Result<()> {
    Ok(renameat(folder, from, folder, to)?)
}

pub(super) fn rename_without_replacing(folder: &Dir, from: &Path, to: &Path) -> io::Result<()> {
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
