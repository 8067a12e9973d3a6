//! The folder itself: the one way in which anything on disk is opened.
//!
//! On Linux a path is resolved by `openat2` with RESOLVE_BENEATH (through `cap-std`): the kernel itself follows it,
//! link by link, and fails as soon as a step leads out of the folder. That holds even while somebody replaces a
//! directory by a link, which no check of the path beforehand can detect.
//!
//! ```text
//! open("a/b.txt")           a file or a directory
//! open("link-to-a/b.txt")   the same: a link that stays inside is followed
//! open("link-to-etc/x")     403: it leads out
//! open("fifo")              403: neither file nor directory
//! ```
//!
//! Uploads open the folder in the same way: see [`super::upload`].
//!
//! Behind this barrier there is a second one: in the [`crate::site::sandbox`] the kernel lets nothing outside the
//! folder be opened even where this file is wrong.

use super::facts::{Facts, Identity};
use super::names::leads_to_temporary;
use crate::base::platform::failure::Failure;
use crate::base::platform::status::{self, FileType, PreparedPath};
use crate::base::platform::{link, names, new_file, open};
use crate::base::trace::{self, quote};
use crate::http::{Refusal, Status};
use crate::site::sandbox::{Opener, Openers, Who};
use cap_std::fs::Dir;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

/// How often an operation is tried while the folder is being replaced.
const MAX_TRIES: usize = 8;

/// A folder that is served, or a single file in one.
#[derive(Debug)]
pub struct Root {
    /// Absolute, but with its links not resolved: if `current` is a link to a release, the next request after the link
    /// was changed gets the new release.
    path: PathBuf,
    single_file: Option<SingleFile>,
    follow_links: bool,
    open: RwLock<Arc<OpenRoot>>,
    /// The threads that open files when the folder is another one than that of the sandbox.
    openers: Option<Arc<Openers>>,
}

/// A file that is served by itself.
#[derive(Debug)]
pub struct SingleFile {
    /// The name under which it is served.
    pub name: Vec<u8>,
    /// Its name in the folder.
    pub relative: Vec<u8>,
}

/// A path from the root to a file, prepared for system calls.
#[derive(Debug)]
pub struct Trail {
    relative: Box<[u8]>,
    file: PreparedPath,
    /// The directories between the root and the file.
    directories: Vec<PreparedPath>,
}

/// The folder, open.
#[derive(Debug)]
pub(super) struct OpenRoot {
    pub(super) directory: Dir,
    pub(super) identity: Identity,
}

/// What a path led to.
#[derive(Debug)]
pub enum Opened {
    /// A regular file.
    File(OpenFile),
    /// A directory, open for reading its entries.
    Directory(File),
}

/// An open regular file, and what was true of it when it was opened.
#[derive(Debug)]
pub struct OpenFile {
    /// The file, open for reading.
    pub file: File,
    /// Taken from the open file, so that they are true of these bytes.
    pub facts: Facts,
}

impl Root {
    /// Opens a folder, or the folder of a single file.
    ///
    /// # Errors
    /// When the path does not exist, is neither file nor folder, is a file that cannot be read or a folder
    /// that can be neither read nor entered.
    pub fn open_path(path: &Path, follow_links: bool) -> io::Result<Root> {
        let mut path = std::path::absolute(path)?;
        let metadata = std::fs::metadata(&path)?;
        let mut single_file = None;
        if metadata.is_file() {
            // If it cannot be read, this fails now and not at the first request.
            File::open(&path)?;
            // A link to a file is served under the name of the link, from where the file is.
            let target = std::fs::canonicalize(&path)?;
            let name = |path: &Path| names::bytes(path.file_name().unwrap_or_default()).to_vec();
            single_file = Some(SingleFile { name: name(&path), relative: name(&target) });
            path = target;
            path.pop();
        } else if !metadata.is_dir() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is neither a folder nor a file"));
        }
        let open = RwLock::new(Arc::new(OpenRoot::at(&path)?));
        let root = Root { path, single_file, follow_links, open, openers: None };
        if root.single_file.is_none() {
            // The folder must be searchable, but need not be readable (mode 0711). If it is not searchable, this fails
            // now and not at the first request.
            std::fs::metadata(root.path.join("."))?;
        }
        Ok(root)
    }

    /// Whether the folder can be read now, and so listed. If not, its files can still be asked for by name.
    pub fn can_be_read(&self) -> bool {
        std::fs::read_dir(&self.path).is_ok()
    }

    /// Why no files can be added to it, if so.
    pub fn why_nothing_can_be_added(&self) -> Option<&'static str> {
        new_file::why_impossible_in(&self.current().ok()?.directory)
    }

    /// The same for threads in a sandbox, which need others to open files if the folder is replaced.
    #[must_use]
    pub fn with_openers(self, openers: Arc<Openers>) -> Root {
        Root { openers: Some(openers), ..self }
    }

    /// Where the folder is: absolute, with links in it as they were given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder's own name, if it has one: `/` has none.
    pub fn name(&self) -> Option<Vec<u8>> {
        let name = |path: &Path| path.file_name().map(|name| names::bytes(name).to_vec());
        // A path that ends in ".." does not contain it.
        name(&self.path).or_else(|| name(&std::fs::canonicalize(&self.path).ok()?))
    }

    /// The single file, if one is served.
    pub fn single_file(&self) -> Option<&SingleFile> {
        self.single_file.as_ref()
    }

    /// Opens a file or directory below the root. `relative` comes from a decoded request target:
    /// segments joined with `/`, none of them `..`; empty for the root itself.
    ///
    /// # Errors
    /// A refusal with the status that the failure leads to: 404, 403, 503 or 500.
    pub fn open(&self, relative: &[u8]) -> Result<Opened, Refusal> {
        let opened = self.open_any(relative).map_err(|error| refusal_for(&error))?;
        trace::decision("open", None, || {
            let name = if relative.is_empty() { "the folder itself".to_owned() } else { quote(relative) };
            match &opened {
                Opened::File(file) => {
                    let length = file.facts.length;
                    ("file", format!("{name} is a file of {length} bytes"), length.to_string())
                }
                Opened::Directory(_) => ("folder", format!("{name} is a directory"), String::new()),
            }
        });
        Ok(opened)
    }

    /// The same with the error of the system; that of a path that leads out has no error number.
    pub(super) fn open_any(&self, relative: &[u8]) -> io::Result<Opened> {
        // A single file is served on purpose, whatever its name.
        if self.single_file.is_none() && leads_to_temporary(relative) {
            trace::decision("hidden", None, || {
                ("temporary", "a name in it is one of files on their way, which nobody is shown".to_owned())
            });
            return Err(Failure::NotFound.into());
        }
        if let Some(why) = names::why_impossible(relative) {
            trace::decision("name", None, || {
                ("impossible", format!("no file here can be called that: {why}"))
            });
        }
        self.in_current(|root| match self.opener_for(root)? {
            None => self.open_in(root, relative),
            Some((opener, there)) => {
                let (root, wanted) = (Arc::clone(root), relative.to_vec());
                opener.run(move || there.open_in(&root, &wanted)).unwrap_or_else(denied)
            }
        })
    }

    fn open_in(&self, root: &OpenRoot, relative: &[u8]) -> io::Result<Opened> {
        let path = as_path(relative)?;
        let file = match open_confined(root, path) {
            Err(error) if leads_out(&error) => {
                names::check_are_no_short_names(&self.path, path)?;
                if self.follow_links {
                    trace::decision("link", None, || {
                        "a link leads out of the folder; --follow-links lets it be followed".to_owned()
                    });
                    self.open_anywhere(path)?
                } else {
                    // The kernel treats every absolute link as one that leads out. Where this one really ends is looked
                    // up by name, and that path is opened like any other, from the root down. If it was changed
                    // meanwhile, this fails; it never opens anything outside.
                    let inside = self.resolve_inside(path).ok_or(error)?;
                    trace::decision("link", None, || {
                        let end = quote(&names::joined(&inside));
                        format!(
                            "an absolute link on the way ends inside the folder, at {end}: it is followed"
                        )
                    });
                    open_confined(root, &inside)?
                }
            }
            opened => opened?,
        };
        let facts = Facts::new(&status::of_open(&file)?);
        match facts.file_type {
            FileType::RegularFile => Ok(Opened::File(OpenFile { file, facts })),
            FileType::Directory => Ok(Opened::Directory(file)),
            _ => Err(Failure::NobodyThere.into()),
        }
    }

    /// The thread that opens files in the folder if this one may not, and the root that it needs for that.
    pub(super) fn opener_for(&self, root: &Arc<OpenRoot>) -> io::Result<Option<(Arc<Opener>, Root)>> {
        let opener = match self.openers.as_ref().map(|openers| openers.of(root.identity)) {
            None | Some(Who::Ourselves) => return Ok(None),
            Some(Who::Opener(opener)) => opener,
            Some(Who::Nobody) => return Err(Failure::Stale.into()),
        };
        trace::decision("sandbox", None, || {
            "the folder is another one than at the start, where this thread may open nothing: one that is \
             in a sandbox around the new one does it"
                .to_owned()
        });
        let there = Root {
            path: self.path.clone(),
            single_file: None,
            follow_links: self.follow_links,
            open: RwLock::new(Arc::clone(root)),
            openers: None,
        };
        Ok(Some((opener, there)))
    }

    /// Does something in the folder that the path names now. The folder may be removed and made anew, or replaced by
    /// another, before that is done; and a failure in a folder that is gone says nothing about the new one. Then the
    /// operation is tried again there. If that happens again and again, the folder counts as missing.
    pub(super) fn in_current<T>(&self, act: impl Fn(&Arc<OpenRoot>) -> io::Result<T>) -> io::Result<T> {
        for _ in 0..MAX_TRIES {
            let root = self.current()?;
            match act(&root) {
                Err(error) if Failure::of(&error) == Some(Failure::Stale) => {}
                Err(_) if self.identity()? != root.identity => {}
                done => return done,
            }
        }
        Err(Failure::NotFound.into())
    }

    fn identity(&self) -> io::Result<Identity> {
        Ok(Facts::new(&status::at(&self.path)?).identity)
    }

    /// What a path leads to without opening it, links followed as [`Root::open`] would.
    pub fn look(&self, relative: &[u8]) -> io::Result<Facts> {
        if leads_to_temporary(relative) {
            return Err(Failure::NotFound.into());
        }
        let path = as_path(relative)?;
        let look = |root: &OpenRoot, path: &Path| -> io::Result<Facts> {
            Ok(Facts::new(&open::look_beneath(&root.directory, path)?))
        };
        self.in_current(|root| match look(root, path) {
            Err(error) if leads_out(&error) => {
                names::check_are_no_short_names(&self.path, path)?;
                if self.follow_links {
                    // Whatever it leads to, even outside.
                    return Ok(Facts::new(&status::at_in(&root.directory, path)?));
                }
                look(root, &self.resolve_inside(path).ok_or(error)?)
            }
            result => result,
        })
    }

    /// The paths to check for whether a path still leads to the same file.
    pub fn trail(&self, relative: &[u8]) -> Option<Trail> {
        let name = |path: &Path| PreparedPath::new(&self.path.join(path));
        let path = as_path(relative).ok()?;
        // From the file up; the last ancestor is the empty path, which is the folder itself.
        let above = path.ancestors().skip(1).filter(|path| !path.as_os_str().is_empty());
        let directories = above.map(name).collect::<Option<_>>()?;
        Some(Trail { relative: relative.into(), file: name(path)?, directories })
    }

    /// Whether a trail leads, inside the folder, to the file with these facts. It is cheap if no part of the path is a
    /// link: one system call for each part.
    pub fn still_leads_to(&self, trail: &Trail, facts: &Facts) -> bool {
        let look = |name: &PreparedPath| name.of_link().map(|stat| Facts::new(&stat)).ok();
        let has_no_link = trail
            .directories
            .iter()
            .all(|directory| look(directory).is_some_and(|facts| facts.file_type == FileType::Directory));
        match look(&trail.file) {
            Some(found) if has_no_link && found == *facts => true,
            // Links need the confined way, which sees where they lead.
            Some(found) if !has_no_link || found.file_type == FileType::Symlink => {
                self.look(&trail.relative).is_ok_and(|found| found == *facts)
            }
            _ => false,
        }
    }

    /// Whether nothing is at the end of a trail, not even a link that leads nowhere.
    pub fn is_nothing_at(&self, trail: &Trail) -> bool {
        trail.file.of_link().is_err_and(|error| Failure::of(&error) == Some(Failure::NotFound))
    }

    /// Opens a file that may be outside: with `--follow-links`, and for links that lead out alone.
    fn open_anywhere(&self, path: &Path) -> io::Result<File> {
        open::harmlessly(&self.path.join(path))
    }

    /// Where a path ends after all links, as a path from the root; `None` if outside. Of a path that does not exist in
    /// whole, the part that does is resolved, so that no client can find out what exists outside.
    fn resolve_inside(&self, path: &Path) -> Option<PathBuf> {
        if link::leads_off_this_machine(&self.path.join(path)) {
            return None;
        }
        let root = std::fs::canonicalize(&self.path).ok()?;
        let (existing, end) = path.ancestors().find_map(|existing| {
            let end = std::fs::canonicalize(self.path.join(existing)).ok()?;
            Some((existing, end))
        })?;
        // The "." gives the root itself a name.
        let parts = [Path::new("."), end.strip_prefix(&root).ok()?, path.strip_prefix(existing).ok()?];
        Some(parts.iter().flat_map(|part| part.components()).collect())
    }

    /// The folder that the path names *now*. Each call checks that, for one `stat`: if the folder was removed and made
    /// again, or replaced by another, the new one is opened.
    fn current(&self) -> io::Result<Arc<OpenRoot>> {
        let identity = self.identity()?;
        let open = Arc::clone(&self.open.read().unwrap_or_else(PoisonError::into_inner));
        if open.identity == identity {
            return Ok(open);
        }
        let reopened = Arc::new(OpenRoot::at(&self.path)?);
        *self.open.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&reopened);
        Ok(reopened)
    }
}

/// Opens a file or directory beneath the folder.
fn open_confined(root: &OpenRoot, path: &Path) -> io::Result<File> {
    open::harmlessly_beneath(&root.directory, path)
}

impl OpenRoot {
    fn at(path: &Path) -> io::Result<OpenRoot> {
        // Opened only as a place, which the sandbox permits for any folder.
        let directory = Dir::from_std_file(open::place(path)?);
        let identity = status::of_open(&directory)?.identity;
        Ok(OpenRoot { directory, identity })
    }
}

pub(super) fn as_path(relative: &[u8]) -> io::Result<&Path> {
    names::path(if relative.is_empty() { b"." } else { relative })
}

/// Whether this is the error of cap-std for a path that leads out; errors of the system have a number.
pub(super) fn leads_out(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::PermissionDenied && error.raw_os_error().is_none()
}

/// The result if an opener could not do it.
pub(super) fn denied<T>() -> io::Result<T> {
    Err(Failure::Denied.into())
}

/// The status for a failure to open, and words that name no path of this machine.
pub(super) fn refusal_for(error: &io::Error) -> Refusal {
    if leads_out(error) {
        return Refusal::new(Status::FORBIDDEN, "a link leads out of the folder that is served")
            .because("link outside");
    }
    match Failure::of(error) {
        Some(
            Failure::NotFound
            | Failure::NotAFolder
            | Failure::NameTooLong
            | Failure::NameImpossible
            | Failure::LinkLoop,
        ) => super::not_found(),
        Some(Failure::Denied) => {
            Refusal::new(Status::FORBIDDEN, "the server may not read this").because("unreadable")
        }
        // Opening a socket, or a device that is not there, fails with it as well.
        Some(Failure::NobodyThere | Failure::NoDevice) => {
            Refusal::new(Status::FORBIDDEN, "this is neither a file nor a directory").because("special")
        }
        Some(Failure::Exhausted) => {
            Refusal::new(Status::SERVICE_UNAVAILABLE, "the server has too many files open; try again")
                .because("descriptors")
        }
        _ => Refusal::new(Status::INTERNAL_SERVER_ERROR, "the server failed to open this"),
    }
}
