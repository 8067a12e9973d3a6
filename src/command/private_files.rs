//! Private files: the log, the file of users and the key are for the server, and no client may get them.
//!
//! Each of them is refused if a client could ask for it like for any other file, under whatever name:
//!
//! ```text
//! /srv/www/users                     it is in the folder
//! /etc/users -> /srv/www/users       a symbolic link leads there (for a log, also one to a file that is not there yet)
//! /mnt/www/users                     the same folder is mounted in another place, too
//! /etc/users = /srv/www/a.txt        one file has two names (a hard link)
//! ```
//!
//! Names change, so this is checked at the start, and again each time such a file is opened anew. The plain case,
//! `glasshttp folder`, has no private files and does not come here.

use crate::base::human::{self, OneLine};
use crate::base::platform::status::{self, FileType, Stat};
use std::path::{Component, Path, PathBuf};

/// How many symbolic links may follow one another, as in the kernel.
const MAX_LINKS: usize = 40;

/// How many entries of the folder the search for another name of a file visits at most.
const MAX_ENTRIES: usize = 1_000_000;

/// The folder that is served, or the single file: the wrong place for private files.
#[derive(Debug, Clone)]
pub(crate) struct ServedFolder {
    path: PathBuf,
    /// Whether names that begin with a dot are served, too.
    hidden: bool,
}

impl ServedFolder {
    /// The folder at this path. `hidden` says whether names that begin with a dot are served, too.
    pub(crate) fn new(path: PathBuf, hidden: bool) -> ServedFolder {
        ServedFolder { path, hidden }
    }

    /// Makes sure that no client can ask for this file. The file need not be there yet. The error calls it `what`.
    ///
    /// # Errors
    /// A line that says what is wrong and what to do.
    pub(crate) fn must_not_serve(&self, what: &str, path: &Path) -> Result<(), String> {
        let shown = OneLine(path);
        let refused = |how: String| Err(format!("{what} \"{shown}\" {how}"));
        // A file that cannot be found is not served either. The function that opens it reports the error.
        let (Ok(root), Some(file)) = (self.path.canonicalize(), resolve(path)) else { return Ok(()) };
        let Ok(top) = status::at(&root) else { return Ok(()) };
        let below = file
            .ancestors()
            .find(|above| status::at(above).is_ok_and(|above| above.identity == top.identity))
            .and_then(|above| file.strip_prefix(above).ok());
        // A single file is served whatever its name.
        if below.is_some_and(|below| top.file_type == FileType::RegularFile || self.serves(below)) {
            return refused(
                "is in the folder that is served, where all could read it: put it elsewhere".into(),
            );
        }
        let Ok(found) = status::at(&file) else { return Ok(()) };
        if found.file_type != FileType::RegularFile || found.names < 2 {
            return Ok(());
        }
        match self.other_name(&root, &found) {
            Ok(None) => Ok(()),
            Ok(Some(name)) => refused(format!(
                "has another name in the folder that is served, \"{}\", where all could read it: make it a file of \
                 its own",
                human::below(&name)
            )),
            Err(()) => refused(
                "has other names (hard links), and the folder that is served is too large to look whether one is in \
                 there: make it a file of its own"
                    .into(),
            ),
        }
    }

    /// Whether clients can ask for a file of this path below the folder.
    fn serves(&self, below: &Path) -> bool {
        let is_hidden = |(depth, part): (usize, Component<'_>)| {
            let name = part.as_os_str().as_encoded_bytes();
            name.starts_with(b".") && !(depth == 0 && name.eq_ignore_ascii_case(b".well-known"))
        };
        self.hidden || !below.components().enumerate().any(is_hidden)
    }

    /// A name of this file in the folder, if it has one there that is served.
    fn other_name(&self, root: &Path, file: &Stat) -> Result<Option<PathBuf>, ()> {
        let (mut folders, mut seen) = (vec![root.to_owned()], 0);
        while let Some(folder) = folders.pop() {
            // A folder that this process may not read is not served either.
            for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
                let path = entry.path();
                let Ok(below) = path.strip_prefix(root) else { continue };
                seen += 1;
                if seen > MAX_ENTRIES {
                    return Err(());
                }
                if !self.serves(below) {
                    continue;
                }
                match status::of_link(&path) {
                    // A file has all its names on one file system.
                    Ok(found)
                        if found.file_type == FileType::Directory && found.identity.0 == file.identity.0 =>
                    {
                        folders.push(path);
                    }
                    Ok(found) if found.identity == file.identity => return Ok(Some(below.to_owned())),
                    _ => {}
                }
            }
        }
        Ok(None)
    }
}

/// Where this path leads, through all symbolic links. Its last component need not be there.
fn resolve(path: &Path) -> Option<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        if let Ok(found) = path.canonicalize() {
            return Some(found);
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = folder.canonicalize().ok()?;
        let file = folder.join(path.file_name()?);
        // To create a file through a link whose target is missing creates the target.
        match std::fs::read_link(&file) {
            Ok(target) => path = folder.join(target),
            Err(_) => return Some(file),
        }
    }
    None
}
