//! A file on its way into the folder: nobody sees it before it is whole.
//!
//! ```text
//! begin ── a file without a name ────────────────────── linkat ───────────▶ its name
//!   │      (O_TMPFILE)                                    │
//!   │                                                     │ to replace another
//!   │ that is not to be had here                          ▼
//!   └───── .glass-upload-…, locked ────────────── .glass-upload-… ─────────▶ its name
//!          (O_EXCL)                                            rename, or what stands for it
//! ```
//!
//! Of a file without a name nothing is left when it is closed, even if the process is killed (`man 2 open`,
//! O_TMPFILE). Not every file system has such files, and none of them can take the place of another. So there
//! is also a name that stands for it until then. What has such a name is not listed, served or packed, whatever
//! the options say ([`is_on_its_way`]); and what somebody left who was killed is removed at the next start
//! ([`Root::remove_leftovers`](super::Root::remove_leftovers)). It is locked (`man 2 flock`) as long as
//! somebody writes it, which tells the two from each other.
//!
//! # To get a name without taking another's
//!
//! To look first and rename then would leave it to who is faster. A name that is given to a file without one
//! fails if something has it. A file that has a name already gets the other by the first of these that works
//! where it is; a system call that the kernel, the file system or a container's filter does not have says so in
//! several ways (`is_not_to_be_had`):
//!
//! 1. `renameat2` with RENAME_NOREPLACE does both at once.
//! 2. `linkat`, then `unlinkat`: it gets the name as a second one, which fails if something has it. (Not on
//!    FAT and its kin, which have no second names.)
//! 3. An empty file is made under the name, which fails if something has it (O_EXCL), and then replaced by
//!    `renameat`. For that moment the empty file can be seen; and if in the same moment somebody removes it and
//!    puts a file of theirs there, that one is replaced.

use super::facts::Facts;
use super::root::{leads_out, refusal_for};
use crate::base::random;
use crate::base::trace;
use crate::http::{Refusal, Status};
use crate::site::sandbox::Deputy;
use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt};
use rustix::fs::{
    AtFlags, FileType, FlockOperation, Mode, OFlags, RawDir, flock, fstat, linkat, openat, renameat, statat,
    unlinkat,
};
use rustix::io::Errno;
use std::ffi::CStr;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// How the names begin of files on their way; sixteen hexadecimal digits follow.
const PREFIX: &[u8] = b".glass-upload-";

/// How long a file on its way has not been touched that nobody writes any more, where locks do not say so.
const SURELY_LEFT: Duration = Duration::from_secs(24 * 60 * 60);

/// Whether a name is one of files on their way, which are nobody's business. Some file systems do not tell
/// small letters from capital ones, and pass over dots at the end.
pub fn is_on_its_way(name: &[u8]) -> bool {
    name.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX))
}

/// A file on its way. Dropped before it is kept, it is removed.
#[derive(Debug)]
pub struct NewFile {
    folder: Dir,
    /// The name that it is to have.
    name: PathBuf,
    file: File,
    /// The one that it has until then, if it has one.
    temporary: Option<PathBuf>,
    /// Who made it, if we may not.
    pub(super) deputy: Option<Arc<Deputy>>,
}

impl NewFile {
    /// Begins a file that is to get this name in this folder.
    ///
    /// # Errors
    /// When no file can be made in the folder, or none of that name.
    pub(super) fn begin(folder: Dir, name: &Path) -> io::Result<NewFile> {
        // What is wrong with a name is to be told before the content is sent.
        match statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::INVAL | Errno::ILSEQ) => return Err(Errno::ILSEQ.into()),
            Err(Errno::NAMETOOLONG) => return Err(Errno::NAMETOOLONG.into()),
            _ => {}
        }
        match without_name(&folder) {
            Ok(file) => Ok(NewFile { folder, name: name.to_owned(), file, temporary: None, deputy: None }),
            // Whatever is in the way: if it is in the way of every file, this says what it is.
            Err(error) => {
                trace::step("upload", None, || {
                    format!(
                        "no file without a name is to be had here ({error}): it has one that nobody is shown"
                    )
                });
                NewFile::begin_with_name(folder, name)
            }
        }
    }

    fn begin_with_name(folder: Dir, name: &Path) -> io::Result<NewFile> {
        let (temporary, file) = with_temporary_name(&folder)?;
        Ok(NewFile { folder, name: name.to_owned(), file, temporary: Some(temporary), deputy: None })
    }

    /// Appends bytes.
    ///
    /// # Errors
    /// 507 if the disk is full, 500 if it fails.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        self.file.write_all(bytes).map_err(|error| refusal_to_write(&error))
    }

    /// Gives it its name.
    ///
    /// # Errors
    /// 409 if something has that name and is not to be replaced, or is a folder; 500 if it fails.
    pub fn keep(mut self, overwrite: bool) -> Result<(), Refusal> {
        match self.deputy.take() {
            Some(deputy) => deputy
                .act(move || self.keep_here(overwrite))
                .unwrap_or_else(|| Err(refusal_to_write(&Errno::ACCESS.into()))),
            None => self.keep_here(overwrite),
        }
    }

    fn keep_here(&mut self, overwrite: bool) -> Result<(), Refusal> {
        self.get_its_name(overwrite).map_err(|error| match error {
            Errno::EXIST | Errno::ISDIR | Errno::NOTEMPTY => {
                Refusal::new(Status::CONFLICT, "something else has got that name meanwhile")
            }
            error => refusal_to_write(&error.into()),
        })?;
        self.temporary = None;
        Ok(())
    }

    fn get_its_name(&mut self, overwrite: bool) -> rustix::io::Result<()> {
        if self.temporary.is_none() {
            match link_without_name(&self.file, &self.folder, &self.name) {
                Err(Errno::EXIST) if overwrite => {}
                done => return done,
            }
            // Another server that starts just now shall not take it for one that was left.
            let _ = flock(&self.file, FlockOperation::NonBlockingLockExclusive);
            let temporary = temporary_name();
            link_without_name(&self.file, &self.folder, &temporary)?;
            self.temporary = Some(temporary);
        }
        let temporary = self.temporary.as_deref().expect("it has one now");
        if overwrite {
            return renameat(&self.folder, temporary, &self.folder, &self.name);
        }
        by_the_first_that_works(&WAYS, &self.folder, temporary, &self.name)
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        let Some(temporary) = self.temporary.take() else { return };
        match (self.deputy.take(), self.folder.try_clone()) {
            (Some(deputy), Ok(folder)) => {
                let _ = deputy.act(move || unlinkat(&folder, &temporary, AtFlags::empty()));
            }
            _ => {
                let _ = unlinkat(&self.folder, &temporary, AtFlags::empty());
            }
        }
    }
}

/// A name that nobody can guess and nothing has.
fn temporary_name() -> PathBuf {
    format!("{}{}", PREFIX.escape_ascii(), random::word()).into()
}

// What the process's umask leaves of this, as for every new file.
const MODE: Mode = Mode::from_raw_mode(0o666);

/// A file that has no name yet and can be given one.
#[cfg(target_os = "linux")]
fn without_name(folder: &Dir) -> rustix::io::Result<File> {
    let file: File = openat(folder, c".", OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC, MODE)?.into();
    // Whether it could be given one had better be known now. The name "." is there, which is found out
    // when all else that is needed for that has been.
    match link_without_name(&file, folder, Path::new(".")) {
        Err(Errno::EXIST) | Ok(()) => Ok(file),
        Err(error) => Err(error),
    }
}

/// Only Linux has that.
#[cfg(not(target_os = "linux"))]
fn without_name(_folder: &Dir) -> rustix::io::Result<File> {
    Err(Errno::OPNOTSUPP)
}

/// Gives a name to a file without one.
#[cfg(target_os = "linux")]
fn link_without_name(file: &File, folder: &Dir, name: &Path) -> rustix::io::Result<()> {
    use std::os::fd::AsRawFd;
    let linked = linkat(file, c"", folder, name, AtFlags::EMPTY_PATH);
    if matches!(linked, Ok(()) | Err(Errno::EXIST)) {
        return linked;
    }
    // Before Linux 6.10 that needs a capability; by the file's name in /proc it does not.
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    linkat(rustix::fs::CWD, path, folder, name, AtFlags::SYMLINK_FOLLOW)
}

/// There is none.
#[cfg(not(target_os = "linux"))]
fn link_without_name(_file: &File, _folder: &Dir, _name: &Path) -> rustix::io::Result<()> {
    Err(Errno::OPNOTSUPP)
}

/// A file with a name for the time until it is whole, locked as long as it is open.
fn with_temporary_name(folder: &Dir) -> io::Result<(PathBuf, File)> {
    loop {
        let temporary = temporary_name();
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file: File = openat(folder, &temporary, flags, MODE)?.into();
        // Another server that starts just now may have seen it before it was locked.
        let is_taken_for_left = match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => fstat(&file)?.st_nlink == 0,
            Err(error) => error == Errno::WOULDBLOCK,
        };
        if !is_taken_for_left {
            return Ok((temporary, file));
        }
    }
}

/// One of the ways to a name that nothing else has: from, to.
type Way = fn(&Dir, &Path, &Path) -> rustix::io::Result<()>;

/// The best first.
const WAYS: [Way; 3] = [rename_without_replacing, link_and_unlink, claim_and_replace];

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
fn rename_without_replacing(folder: &Dir, from: &Path, to: &Path) -> rustix::io::Result<()> {
    rustix::fs::renameat_with(folder, from, folder, to, rustix::fs::RenameFlags::NOREPLACE)
}

#[cfg(not(target_os = "linux"))]
fn rename_without_replacing(_folder: &Dir, _from: &Path, _to: &Path) -> rustix::io::Result<()> {
    Err(Errno::NOSYS)
}

fn link_and_unlink(folder: &Dir, from: &Path, to: &Path) -> rustix::io::Result<()> {
    linkat(folder, from, folder, to, AtFlags::empty())?;
    // It has its name. If the other stays, it is removed at the next start.
    let _ = unlinkat(folder, from, AtFlags::empty());
    Ok(())
}

fn claim_and_replace(folder: &Dir, from: &Path, to: &Path) -> rustix::io::Result<()> {
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let claim = File::from(openat(folder, to, flags, MODE)?);
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
    there.st_size == 0 && Facts::new(&there).identity == Facts::new(&ours).identity
}

/// Removes files on their way that nobody writes any more, in this folder and all below: a server was killed
/// that wrote them. It gives their number. Links are not followed.
pub(super) fn remove_leftovers(root: &Dir) -> usize {
    let (mut removed, mut below) = (0, vec![PathBuf::from(".")]);
    while let Some(path) = below.pop() {
        // What cannot be read is passed over.
        let only_a_folder = (OFlags::DIRECTORY | OFlags::NOFOLLOW).bits().cast_signed();
        let options = OpenOptions::new().read(true).custom_flags(only_a_folder).clone();
        let Ok(folder) = root.open_with(&path, &options) else { continue };
        let folder = Dir::from_std_file(folder.into_std());
        let mut buffer = Vec::with_capacity(16 * 1024);
        let mut entries = RawDir::new(&folder, buffer.spare_capacity_mut());
        while let Some(Ok(entry)) = entries.next() {
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            let file_type = match entry.file_type() {
                FileType::Unknown => match statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW) {
                    Ok(stat) => FileType::from_raw_mode(stat.st_mode),
                    Err(_) => continue,
                },
                known => known,
            };
            match file_type {
                FileType::Directory => below.push(path.join(std::ffi::OsStr::from_bytes(name.to_bytes()))),
                FileType::RegularFile if is_temporary_name(name.to_bytes()) => {
                    removed += usize::from(remove_if_left(&folder, name));
                }
                _ => {}
            }
        }
    }
    removed
}

/// Whether we could have given it, letter by letter.
fn is_temporary_name(name: &[u8]) -> bool {
    let is_digit = |byte: &u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte);
    name.strip_prefix(PREFIX).is_some_and(|word| word.len() == 16 && word.iter().all(is_digit))
}

/// Removes a file unless somebody is writing it; whether it was removed.
fn remove_if_left(folder: &Dir, name: &CStr) -> bool {
    // To write, since over NFS only such a file can be locked.
    let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let Ok(file) = openat(folder, name, flags, Mode::empty()).map(File::from) else { return false };
    let Ok(facts) = fstat(&file).map(|stat| Facts::new(&stat)) else { return false };
    if facts.file_type != FileType::RegularFile {
        return false;
    }
    let is_left = match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => true,
        Err(Errno::WOULDBLOCK) => false,
        // There are no locks here.
        Err(_) => is_old(&file),
    };
    let is_still_it = || {
        statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)
            .is_ok_and(|stat| Facts::new(&stat).identity == facts.identity)
    };
    is_left && is_still_it() && unlinkat(folder, name, AtFlags::empty()).is_ok()
}

fn is_old(file: &File) -> bool {
    let modified = file.metadata().and_then(|metadata| metadata.modified());
    modified.is_ok_and(|time| SystemTime::now().duration_since(time).is_ok_and(|age| age > SURELY_LEFT))
}

/// The status for a failure to write, and words that name no path of this machine.
pub(super) fn refusal_to_write(error: &io::Error) -> Refusal {
    if leads_out(error) {
        return refusal_for(error);
    }
    match Errno::from_io_error(error) {
        Some(Errno::NOSPC | Errno::DQUOT) => Refusal::new(Status::INSUFFICIENT_STORAGE, "the disk is full"),
        Some(Errno::FBIG) => {
            Refusal::new(Status::INSUFFICIENT_STORAGE, "files may not be as large as that on this machine")
        }
        Some(Errno::ACCESS | Errno::PERM | Errno::ROFS) => {
            Refusal::new(Status::FORBIDDEN, "the server may not write here")
        }
        Some(Errno::NAMETOOLONG) => Refusal::bad_request("the name is longer than this disk can hold"),
        Some(Errno::ILSEQ) => {
            Refusal::bad_request("the name holds a character that this disk cannot hold in names")
        }
        Some(Errno::MFILE | Errno::NFILE | Errno::NOMEM) => refusal_for(error),
        _ => Refusal::new(Status::INTERNAL_SERVER_ERROR, "the server failed to write this"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use tempfile::TempDir;

    fn folder() -> (TempDir, Dir) {
        let directory = tempfile::tempdir().expect("a folder");
        let opened = Dir::from_std_file(File::open(directory.path()).expect("it is there"));
        (directory, opened)
    }

    fn names(directory: &TempDir) -> Vec<String> {
        let entries = fs::read_dir(directory.path()).expect("it is there");
        let mut names: Vec<_> =
            entries.map(|entry| entry.expect("readable").file_name().into_string().expect("UTF-8")).collect();
        names.sort();
        names
    }

    fn content(directory: &TempDir, name: &str) -> String {
        fs::read_to_string(directory.path().join(name)).expect("it is there")
    }

    /// Both ways to begin a file.
    const BEGINNINGS: [fn(Dir, &Path) -> io::Result<NewFile>; 2] = [NewFile::begin, NewFile::begin_with_name];

    #[test]
    fn a_file_gets_its_name_when_it_is_whole_and_takes_no_others_unless_it_is_to() {
        for begin in BEGINNINGS {
            let (directory, _) = folder();
            let open = || Dir::from_std_file(File::open(directory.path()).expect("it is there"));
            let begin = |content: &str| {
                let mut file = begin(open(), Path::new("a")).expect("it can be made");
                file.write(content.as_bytes()).expect("written");
                file
            };
            let status = |kept: Result<(), Refusal>| kept.map_err(|refusal| refusal.status);
            begin("first").keep(false).expect("nothing has that name");
            assert_eq!(status(begin("second").keep(false)), Err(Status::CONFLICT));
            assert_eq!((names(&directory), content(&directory, "a")), (vec!["a".to_owned()], "first".into()));
            begin("third").keep(true).expect("it may be replaced");
            assert_eq!((names(&directory), content(&directory, "a")), (vec!["a".to_owned()], "third".into()));
            // As any program makes files here.
            let mode =
                |name| fs::metadata(directory.path().join(name)).expect("it is there").permissions().mode();
            fs::write(directory.path().join("b"), "").expect("written");
            assert_eq!(mode("a"), mode("b"));
            // A link is replaced, and what it leads to is as it was.
            fs::rename(directory.path().join("a"), directory.path().join("c")).expect("moved");
            symlink("c", directory.path().join("a")).expect("linked");
            begin("fourth").keep(true).expect("it may be replaced");
            assert_eq!(
                (content(&directory, "a"), content(&directory, "c")),
                ("fourth".into(), "third".into())
            );
            fs::remove_file(directory.path().join("a")).expect("removed");
            fs::create_dir(directory.path().join("a")).expect("made");
            for overwrite in [false, true] {
                assert_eq!(status(begin("fifth").keep(overwrite)), Err(Status::CONFLICT), "{overwrite}");
            }
            assert_eq!(names(&directory), ["a", "b", "c"]);
        }
    }

    #[test]
    fn what_is_dropped_before_it_is_whole_leaves_nothing() {
        for begin in BEGINNINGS {
            let (directory, opened) = folder();
            let mut file = begin(opened, Path::new("a")).expect("it can be made");
            file.write(b"half").expect("written");
            assert!(names(&directory).iter().all(|name| is_on_its_way(name.as_bytes())));
            drop(file);
            assert_eq!(names(&directory), [""; 0]);
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn on_linux_a_file_on_its_way_has_no_name_at_all() {
        let (directory, opened) = folder();
        let _file = NewFile::begin(opened, Path::new("a")).expect("it can be made");
        assert_eq!(names(&directory), [""; 0]);
    }

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
                let before = names(&directory);
                let result = way(&opened, Path::new("new"), Path::new(taken));
                assert_eq!(result, Err(Errno::EXIST), "{number}, {taken}");
                assert_eq!(names(&directory), before, "{number}, {taken}");
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
            (result, names(&directory))
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

    #[test]
    fn names_of_files_on_their_way_are_known_whatever_a_file_system_makes_of_them() {
        let table = [
            (".glass-upload-0123456789abcdef", true, true),
            (".GLASS-Upload-0123456789ABCDEF", true, false),
            (".glass-upload-0123456789abcdef.", true, false),
            (".glass-upload-0123456789abcdeg", true, false),
            (".glass-upload-0123456789abcde", true, false),
            (".glass-upload-", true, false),
            (".glass-upload", false, false),
            ("a.glass-upload-0123456789abcdef", false, false),
            ("glass-upload-0123456789abcdef", false, false),
            ("", false, false),
        ];
        for (name, is_hidden, is_removed) in table {
            assert_eq!(is_on_its_way(name.as_bytes()), is_hidden, "{name}");
            assert_eq!(is_temporary_name(name.as_bytes()), is_removed, "{name}");
        }
        let made = temporary_name();
        assert!(is_temporary_name(made.as_os_str().as_bytes()) && is_on_its_way(made.as_os_str().as_bytes()));
    }

    #[test]
    fn what_was_left_is_removed_and_nothing_else() {
        let (directory, opened) = folder();
        let at = |name: &str| directory.path().join(name);
        fs::create_dir_all(at("sub/deep")).expect("made");
        let outside = tempfile::tempdir().expect("a folder");
        symlink(outside.path(), at("sub/out")).expect("linked");
        let left = |word: &str| format!(".glass-upload-{word}");
        let kept = [
            "a.txt".to_owned(),
            left("not-one-of-ours"),
            left("0123456789ABCDEF"),
            format!("sub/{}", left("0000000000000000x")),
        ];
        for name in &kept {
            fs::write(at(name), "").expect("written");
        }
        // A folder and a link of such a name are nobody's upload.
        fs::create_dir(at(&left("1111111111111111"))).expect("made");
        symlink("a.txt", at(&left("2222222222222222"))).expect("linked");
        fs::write(outside.path().join(left("3333333333333333")), "").expect("written");
        for name in [left("4444444444444444"), format!("sub/deep/{}", left("5555555555555555"))] {
            fs::write(at(&name), "half").expect("written");
        }
        // One that is being written stays.
        let subfolder = Dir::from_std_file(File::open(at("sub")).expect("it is there"));
        let written = NewFile::begin_with_name(subfolder, Path::new("new")).expect("it can be made");
        let its_name = at("sub").join(written.temporary.as_ref().expect("it has one"));
        assert_eq!(remove_leftovers(&opened), 2);
        assert!(its_name.exists() && kept.iter().all(|name| at(name).exists()));
        assert!(at(&left("1111111111111111")).is_dir() && at(&left("2222222222222222")).is_symlink());
        assert!(outside.path().join(left("3333333333333333")).exists());
        written.keep(false).expect("it is whole");
        assert_eq!(remove_leftovers(&opened), 0);
        assert!(at("sub/new").exists());
    }

    #[test]
    fn a_name_that_the_disk_cannot_hold_is_refused_before_anything_is_written() {
        let (_directory, opened) = folder();
        let error = NewFile::begin(opened, Path::new(&"x".repeat(300))).expect_err("it is too long");
        assert_eq!(refusal_to_write(&error).status, Status::BAD_REQUEST);
    }
}
