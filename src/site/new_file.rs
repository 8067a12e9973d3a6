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
//! Of a file without a name nothing is left when it is closed, even if the process is killed. Not every system and
//! not every file system has such files, and none of them can take the place of another. So there
//! is also a name that stands for it until then. What has such a name is not listed, served or packed, whatever
//! the options say ([`is_on_its_way`]); and what somebody left who was killed is removed at the next start
//! ([`Root::remove_leftovers`](super::Root::remove_leftovers)). It is locked (`man 2 flock`) as long as
//! somebody writes it, which tells the two from each other.

use super::root::{leads_out, refusal_for};
use crate::base::platform::directory::Directory;
use crate::base::platform::failure::Failure;
use crate::base::platform::status::{self, FileType};
use crate::base::platform::{names, new_file, open};
use crate::base::random;
use crate::base::trace;
use crate::http::{Refusal, Status};
use crate::site::sandbox::Opener;
use cap_std::fs::Dir;
use std::fs::File;
use std::io::{self, Write};
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
    pub(super) opener: Option<Arc<Opener>>,
}

impl NewFile {
    /// Begins a file that is to get this name in this folder.
    ///
    /// # Errors
    /// When no file can be made in the folder, or none of that name.
    pub(super) fn begin(folder: Dir, name: &Path) -> io::Result<NewFile> {
        // What is wrong with a name is to be told before the content is sent.
        new_file::check_name(&folder, name)?;
        match new_file::create_unnamed(&folder) {
            Ok(file) => Ok(NewFile { folder, name: name.to_owned(), file, temporary: None, opener: None }),
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
        Ok(NewFile { folder, name: name.to_owned(), file, temporary: Some(temporary), opener: None })
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
        match self.opener.take() {
            Some(opener) => opener
                .run(move || self.keep_here(overwrite))
                .unwrap_or_else(|| Err(refusal_to_write(&Failure::Denied.into()))),
            None => self.keep_here(overwrite),
        }
    }

    fn keep_here(&mut self, overwrite: bool) -> Result<(), Refusal> {
        self.get_its_name(overwrite).map_err(|error| match Failure::of(&error) {
            Some(Failure::Exists) => {
                Refusal::new(Status::CONFLICT, "something else has got that name meanwhile")
            }
            _ => refusal_to_write(&error),
        })?;
        self.temporary = None;
        Ok(())
    }

    fn get_its_name(&mut self, overwrite: bool) -> io::Result<()> {
        if self.temporary.is_none() {
            match new_file::link_unnamed(&self.file, &self.folder, &self.name) {
                Err(error) if overwrite && Failure::of(&error) == Some(Failure::Exists) => {}
                done => return done,
            }
            // Another server that starts just now shall not take it for one that was left.
            let _ = new_file::try_lock(&self.file);
            let temporary = temporary_name();
            new_file::link_unnamed(&self.file, &self.folder, &temporary)?;
            self.temporary = Some(temporary);
        }
        let temporary = self.temporary.as_deref().expect("it has one now");
        if overwrite {
            return new_file::rename(&self.folder, temporary, &self.name);
        }
        new_file::rename_without_replacing(&self.folder, temporary, &self.name)
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        let Some(temporary) = self.temporary.take() else { return };
        match (self.opener.take(), self.folder.try_clone()) {
            (Some(opener), Ok(folder)) => {
                let _ = opener.run(move || new_file::remove(&folder, &temporary));
            }
            _ => {
                let _ = new_file::remove(&self.folder, &temporary);
            }
        }
    }
}

/// A name that nobody can guess and nothing has.
fn temporary_name() -> PathBuf {
    format!("{}{}", PREFIX.escape_ascii(), random::word()).into()
}

/// A file with a name for the time until it is whole, locked as long as it is open.
fn with_temporary_name(folder: &Dir) -> io::Result<(PathBuf, File)> {
    loop {
        let temporary = temporary_name();
        // Another server that starts just now may have seen it before it was locked.
        if let Some(file) = new_file::create_locked(folder, &temporary)? {
            return Ok((temporary, file));
        }
    }
}

/// How much room there is for names that are read at a time, in bytes.
const NAMES: usize = 16 * 1024;

/// Removes files on their way that nobody writes any more, in this folder and all below: a server was killed
/// that wrote them. It gives their number. Links are not followed.
pub(super) fn remove_leftovers(root: &Dir) -> usize {
    let (mut removed, mut below) = (0, vec![PathBuf::from(".")]);
    while let Some(path) = below.pop() {
        // What cannot be read is passed over.
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

/// Whether we could have given it, letter by letter.
fn is_temporary_name(name: &[u8]) -> bool {
    let is_digit = |byte: &u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte);
    name.strip_prefix(PREFIX).is_some_and(|word| word.len() == 16 && word.iter().all(is_digit))
}

/// Removes a file unless somebody is writing it; whether it was removed.
fn remove_if_left(folder: &Directory, name: &Path) -> bool {
    let Ok(file) = new_file::open_to_lock(folder, name) else { return false };
    let Ok(ours) = status::of_open(&file) else { return false };
    if ours.file_type != FileType::RegularFile {
        return false;
    }
    // Where there are no locks, its age says it.
    let is_left = new_file::try_lock(&file).unwrap_or_else(|_| is_old(&file));
    let is_still_it = || status::of_link_in(folder, name).is_ok_and(|there| there.identity == ours.identity);
    is_left && is_still_it() && new_file::remove(folder, name).is_ok()
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
    match Failure::of(error) {
        Some(Failure::DiskFull) => Refusal::new(Status::INSUFFICIENT_STORAGE, "the disk is full"),
        Some(Failure::FileTooLarge) => {
            Refusal::new(Status::INSUFFICIENT_STORAGE, "files may not be as large as that on this machine")
        }
        Some(Failure::Denied | Failure::ReadOnly) => {
            Refusal::new(Status::FORBIDDEN, "the server may not write here")
        }
        Some(Failure::NameTooLong) => Refusal::bad_request("the name is longer than this disk can hold"),
        Some(Failure::NameImpossible) => {
            Refusal::bad_request("the name holds a character that this disk cannot hold in names")
        }
        Some(Failure::Exhausted) => refusal_for(error),
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

    #[test]
    fn a_file_on_its_way_has_no_name_at_all_where_that_is_to_be_had() {
        let (directory, opened) = folder();
        let is_to_be_had = new_file::create_unnamed(&opened).is_ok();
        let _file = NewFile::begin(opened, Path::new("a")).expect("it can be made");
        assert_eq!(names(&directory).is_empty(), is_to_be_had);
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
        assert!(is_temporary_name(names::bytes(&made)) && is_on_its_way(names::bytes(&made)));
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
