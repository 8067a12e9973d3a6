//! A file that is being uploaded: nobody sees it before it is whole.
//!
//! ```text
//! begin ── a file without a name ────────────────────── linkat ───────────▶ its name
//!   │      (O_TMPFILE)                                    │
//!   │                                                     │ to replace another
//!   │ if there is no such file here                       ▼
//!   └───── .glass-upload-…, locked ────────────── .glass-upload-… ─────────▶ its name
//!          (O_EXCL)                                            rename, or what stands for it
//! ```
//!
//! A file without a name disappears when it is closed, even if the process is killed. Not every system and not every
//! file system has such files, and none of them can take the place of another. So there are temporary names, too. A
//! file with such a name is not listed, served or packed, whatever the options say ([`is_temporary`]). One that a
//! server left behind when it was killed is removed at the next start ([`super::remove_leftovers`]); the lock (`man 2
//! flock`) that a server holds while it writes tells the two from each other.

use super::folders::{self, Bound, Folders, Stay};
use crate::base::platform::failure::Failure;
use crate::base::platform::new_file;
use crate::base::random;
use crate::base::trace::{self, quote};
use crate::http::{Refusal, Status};
use crate::site::names::TEMPORARY;
#[cfg(doc)]
use crate::site::names::is_temporary;
use crate::site::root::{OpenRoot, Root, as_path, denied, leads_out, refusal_for};
use crate::site::sandbox::Opener;
use cap_std::fs::Dir;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file that is being uploaded. If it is dropped before it is kept, nothing is left of it.
#[derive(Debug)]
pub(super) struct NewFile {
    /// Open until it is dropped.
    folder: Option<Dir>,
    /// The name that it gets.
    name: PathBuf,
    /// Open until it gets its name.
    file: Option<File>,
    /// Its temporary name, if it has one.
    temporary: Option<PathBuf>,
    /// The thread that made it, if this one may not.
    opener: Option<Arc<Opener>>,
    /// What was made for it.
    stay: Option<Stay>,
}

impl NewFile {
    /// Makes a file that gets this name, a path from the root, when it is whole. If its folder is not there, it is made.
    /// Links out of the root are never followed for it, whatever the options say.
    ///
    /// # Errors
    /// 409 if something else has the name of its folder, 403 if that leads out, lies too deep or may not be written to,
    /// 507 if the disk is full.
    pub(super) fn create(root: &Root, folders: &Arc<Folders>, relative: &[u8]) -> Result<NewFile, Refusal> {
        let made = NewFile::create_any(root, folders, relative);
        let made = made.map_err(|error| match Failure::of(&error) {
            Some(Failure::NotFound | Failure::NotAFolder | Failure::Exists | Failure::LinkLoop) => {
                in_the_way(root, relative)
            }
            _ => refusal_to_write(&error),
        })?;
        if made.stay.as_ref().is_some_and(|stay| stay.made > 0) {
            trace::decision("upload", None, || {
                let folder = quote(folders::split(relative).0);
                format!("{folder} is not there: it is made, and removed again if there will be no file in it")
            });
        }
        Ok(made)
    }

    fn create_any(root: &Root, folders: &Arc<Folders>, relative: &[u8]) -> io::Result<NewFile> {
        root.in_current(|open| match root.opener_for(open)? {
            None => create_in(open, folders, relative),
            Some((opener, _)) => {
                let (open, folders, wanted) = (Arc::clone(open), Arc::clone(folders), relative.to_vec());
                let create = move || create_in(&open, &folders, &wanted);
                let mut file = opener.run(create).unwrap_or_else(denied)?;
                file.opener = Some(opener);
                Ok(file)
            }
        })
    }

    /// Begins a file that gets this name in this folder.
    ///
    /// # Errors
    /// When no file can be made in the folder, or none of that name.
    fn begin(folder: Dir, name: &Path) -> io::Result<NewFile> {
        // A client should learn that the name is wrong before it sends the content.
        new_file::check_name(&folder, name)?;
        match new_file::create_unnamed(&folder) {
            Ok(file) => Ok(NewFile::of(folder, name, file, None)),
            // If the reason holds for every file, the second way fails with it, too.
            Err(error) => {
                trace::decision("upload", None, || {
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
        Ok(NewFile::of(folder, name, file, Some(temporary)))
    }

    fn of(folder: Dir, name: &Path, file: File, temporary: Option<PathBuf>) -> NewFile {
        NewFile {
            folder: Some(folder),
            name: name.to_owned(),
            file: Some(file),
            temporary,
            opener: None,
            stay: None,
        }
    }

    /// Appends bytes.
    ///
    /// # Errors
    /// 507 if the disk is full, 500 if it fails.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        let file = self.file.as_mut().expect("it is open as long as it has not got its name");
        file.write_all(bytes).map_err(|error| refusal_to_write(&error))
    }

    /// Gives it its name.
    ///
    /// # Errors
    /// 409 if something has that name and is not to be replaced, or is a folder, or its own folder is gone; 500 if it
    /// fails.
    pub(super) fn keep(mut self, overwrite: bool) -> Result<(), Refusal> {
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
            Some(Failure::NotFound) => Refusal::new(Status::CONFLICT, "its folder was removed meanwhile"),
            _ => refusal_to_write(&error),
        })?;
        self.temporary = None;
        if let Some(stay) = self.stay.take() {
            stay.settle();
        }
        Ok(())
    }

    fn get_its_name(&mut self, overwrite: bool) -> io::Result<()> {
        let file = self.file.as_ref().expect("it gets its name once");
        let folder = self.folder.as_ref().expect("it is open as long as this is there");
        if self.temporary.is_none() {
            match new_file::link_unnamed(file, folder, &self.name) {
                Err(error) if overwrite && Failure::of(&error) == Some(Failure::Exists) => {}
                done => return done,
            }
            // The lock keeps another server that is just starting from taking it for one that was left behind.
            let _ = new_file::try_lock(file);
            let temporary = temporary_name();
            new_file::link_unnamed(file, folder, &temporary)?;
            self.temporary = Some(temporary);
        }
        self.file = new_file::kept_while_names_change(self.file.take());
        let temporary = self.temporary.as_deref().expect("it has one now");
        if overwrite {
            return new_file::rename(folder, temporary, &self.name);
        }
        new_file::rename_without_replacing(folder, temporary, &self.name)
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        let (temporary, stay) = (self.temporary.take(), self.stay.take());
        if temporary.is_none() && stay.is_none() {
            return;
        }
        let Some(folder) = self.folder.take() else { return };
        let _locked = new_file::kept_while_names_change(self.file.take());
        let remove = move || {
            if let Some(temporary) = temporary {
                let _ = new_file::remove(&folder, &temporary);
            }
            drop(folder);
            if let Some(stay) = stay {
                stay.leave();
            }
        };
        match self.opener.take() {
            Some(opener) => {
                let _ = opener.run(remove);
            }
            None => remove(),
        }
    }
}

fn create_in(root: &Arc<OpenRoot>, folders: &Arc<Folders>, relative: &[u8]) -> io::Result<NewFile> {
    let (folder, name) = folders::split(relative);
    // Opened only as a place: files may be put into some folders that may not be listed.
    let (folder, stay) = folders.enter(root, folder)?;
    match as_path(name).and_then(|name| NewFile::begin(folder, name)) {
        Ok(mut file) => {
            file.stay = Some(stay);
            Ok(file)
        }
        Err(error) => {
            stay.leave();
            Err(error)
        }
    }
}

/// The refusal of a file for which there is no folder and none can be made.
fn in_the_way(root: &Root, relative: &[u8]) -> Refusal {
    let on_the_way = root.in_current(|open| Ok(folders::file_on_the_way(open, folders::split(relative).0)));
    let what = match on_the_way {
        Ok(Some(path)) => format!("{} is a file, and no folder to add to", quote(&path)),
        _ => "something else has the name of its folder".to_owned(),
    };
    Refusal::new(Status::CONFLICT, what)
}

/// A name that nobody can guess and no file has.
fn temporary_name() -> PathBuf {
    format!("{}{}", TEMPORARY.escape_ascii(), random::word()).into()
}

/// A file with a temporary name, locked as long as it is open.
fn with_temporary_name(folder: &Dir) -> io::Result<(PathBuf, File)> {
    loop {
        let temporary = temporary_name();
        // Another server that is just starting may have found it before it was locked.
        if let Some(file) = new_file::create_locked(folder, &temporary)? {
            return Ok((temporary, file));
        }
    }
}

/// The status for a failure to write, and words that name no path of this machine.
fn refusal_to_write(error: &io::Error) -> Refusal {
    if leads_out(error) {
        return refusal_for(error);
    }
    match Bound::of(error) {
        Some(Bound::Depth) => return Refusal::new(Status::FORBIDDEN, Bound::Depth.to_string()),
        Some(Bound::Number) => return Refusal::new(Status::INSUFFICIENT_STORAGE, Bound::Number.to_string()),
        None => {}
    }
    match Failure::of(error) {
        Some(Failure::DiskFull) => Refusal::new(Status::INSUFFICIENT_STORAGE, "the disk is full"),
        Some(Failure::FileTooLarge) => {
            Refusal::new(Status::INSUFFICIENT_STORAGE, "files may not be as large as that on this machine")
        }
        Some(Failure::Denied | Failure::ReadOnly) => {
            Refusal::new(Status::FORBIDDEN, "the server may not write here").because("unwritable")
        }
        Some(Failure::NameTooLong) => Refusal::bad_request("the name is longer than this disk can hold"),
        Some(Failure::NameImpossible) => Refusal::bad_request("no file on this disk can have that name"),
        Some(Failure::Exhausted) => refusal_for(error),
        _ => Refusal::new(Status::INTERNAL_SERVER_ERROR, "the server failed to write this"),
    }
}

#[cfg(test)]
mod tests;
