//! Files that are for the server and for no client: the log, the file of users, the key.
//!
//! None of them may be where it could be asked for like any other file, under whatever name:
//!
//! ```text
//! /srv/www/users                     in the folder
//! /etc/users -> /srv/www/users       a link that leads there; for a log, also one that leads to nothing yet
//! /mnt/www/users                     the same folder, mounted elsewhere, too
//! /etc/users = /srv/www/a.txt        one file with two names (a hard link)
//! ```
//!
//! That is looked at at the start, and again whenever such a file is opened anew: names change.

use crate::base::human::OneLine;
use crate::base::platform::status::{self, FileType, Stat};
use crate::command::cli::Config;
use std::path::{Component, Path, PathBuf};

/// How many links may follow one another, as in the kernel.
const MAX_LINKS: usize = 40;

/// How many entries of the folder are looked at for another name of a file that has several.
const MAX_ENTRIES: usize = 1_000_000;

/// What is served, and so is no place for such files.
#[derive(Debug, Clone)]
pub(crate) struct Apart {
    folder: PathBuf,
    /// Whether names that begin with a dot are served, too.
    hidden: bool,
}

impl Apart {
    pub(crate) fn from(config: &Config) -> Apart {
        Apart { folder: config.folder.clone(), hidden: config.site.hidden }
    }

    /// Looks whether this file could be asked for like any other. It need not be there yet. `what` is what the
    /// line calls it.
    ///
    /// # Errors
    /// A line that says what to do.
    pub(crate) fn check(&self, what: &str, path: &Path) -> Result<(), String> {
        let shown = OneLine(path);
        let refused = |how: String| Err(format!("{what} \"{shown}\" {how}"));
        // What cannot be found is not served either, or cannot be opened here.
        let (Ok(root), Some(file)) = (self.folder.canonicalize(), resolve(path)) else { return Ok(()) };
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
                OneLine(&name)
            )),
            Err(()) => refused(
                "has other names (hard links), and the folder that is served is too large to look whether one is in \
                 there: make it a file of its own"
                    .into(),
            ),
        }
    }

    /// Whether clients can ask for what has this name below the folder.
    fn serves(&self, below: &Path) -> bool {
        let is_hidden = |(depth, part): (usize, Component<'_>)| {
            let name = part.as_os_str().as_encoded_bytes();
            name.starts_with(b".") && !(depth == 0 && name == b".well-known")
        };
        self.hidden || !below.components().enumerate().any(is_hidden)
    }

    /// A name of this file in the folder, if it has one there that is served.
    fn other_name(&self, root: &Path, file: &Stat) -> Result<Option<PathBuf>, ()> {
        let (mut folders, mut seen) = (vec![root.to_owned()], 0);
        while let Some(folder) = folders.pop() {
            // What we may not read is not served.
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

/// Where this path leads, through all links; the last of its names need not be there.
fn resolve(path: &Path) -> Option<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        if let Ok(found) = path.canonicalize() {
            return Some(found);
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = folder.canonicalize().ok()?;
        let file = folder.join(path.file_name()?);
        // What opens a link that leads to nothing makes a file there.
        match std::fs::read_link(&file) {
            Ok(target) => path = folder.join(target),
            Err(_) => return Some(file),
        }
    }
    None
}
