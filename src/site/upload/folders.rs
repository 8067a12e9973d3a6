//! Folders that are made for a file which is uploaded into them.
//!
//! ```text
//! PUT /trip/day1/a.jpg     "trip" is not there: it is made, and "trip/day1" in it
//!                          the file is whole: they stay
//!                          it is refused, or its client goes: what is empty of them is removed
//! ```
//!
//! Several files of a folder come at the same time, and only the first of them finds that the folder is not there. So
//! it is known which folders were made and hold no whole file yet, and how many uploads are in each: it is the last of
//! these that removes it. One upload at a time makes or removes folders, which takes microseconds; so none is removed
//! while another begins in it.
//!
//! A folder is made in one that was opened like every other ([`crate::site::root`]), by a name without a slash. So no
//! link leads out of the root, whatever is replaced meanwhile.

use crate::base::platform::failure::Failure;
use crate::base::platform::{new_folder, open, status};
use crate::site::facts::Identity;
use crate::site::root::{OpenRoot, as_path};
use cap_std::fs::Dir;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{fmt, io};

/// How deep the folders may be in which others are made, counted from the root.
pub(super) const MAX_DEPTH: usize = 32;

/// How many folders uploads may make as long as the server runs: each file can bring 32, and a disk has so many and no
/// more.
pub(super) const MOST: usize = 100_000;

/// The folders that uploads make.
#[derive(Debug, Default)]
pub struct Folders(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Those that hold no whole file yet.
    made: BTreeMap<Key, Made>,
    /// How many were made and not removed.
    count: usize,
}

/// Which root it is in, and its path from there.
type Key = (Identity, Vec<u8>);

#[derive(Debug)]
struct Made {
    identity: Identity,
    /// How many uploads are in it, those in the folders below not counted.
    uploads: usize,
}

/// An upload in a folder, until it is told how that ends.
#[derive(Debug)]
pub(super) struct Stay {
    folders: Arc<Folders>,
    root: Arc<OpenRoot>,
    path: Vec<u8>,
    /// How many folders were made for it.
    pub(super) made: usize,
}

/// Why no folder is made, where the system would.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    /// It would be deeper than [`MAX_DEPTH`].
    Depth,
    /// There are [`MOST`] already.
    Number,
}

impl Folders {
    /// Opens a folder as a place, a path from the root, for an upload into it. If it is not there it is made, with those
    /// around it. If that fails, none of them stays.
    ///
    /// # Errors
    /// `Exists` or `NotAFolder` when something else has such a name; when the system refuses; and a [`Bound`].
    pub(super) fn enter(self: &Arc<Folders>, root: &Arc<OpenRoot>, path: &[u8]) -> io::Result<(Dir, Stay)> {
        let mut state = self.state();
        let (folder, made) = match place(root, path) {
            Ok(folder) => (folder, 0),
            Err(error) if Failure::of(&error) == Some(Failure::NotFound) => {
                let made = state.make(root, path).and_then(|count| Ok((place(root, path)?, count)));
                made.inspect_err(|_| state.remove(root, path))?
            }
            Err(error) => return Err(error),
        };
        if let Some(made) = state.find(root, path) {
            made.uploads += 1;
        }
        let (folders, root) = (Arc::clone(self), Arc::clone(root));
        Ok((folder, Stay { folders, root, path: path.to_vec(), made }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stay {
    /// The file has its name: the folders stay, whatever becomes of other uploads.
    pub(super) fn settle(self) {
        let mut state = self.folders.state();
        for path in up_from(&self.path) {
            state.made.remove(&(self.root.identity, path.to_vec()));
        }
    }

    /// There will be no file: the folders that were made are removed, unless something is in them.
    pub(super) fn leave(self) {
        let mut state = self.folders.state();
        if let Some(made) = state.find(&self.root, &self.path) {
            made.uploads = made.uploads.saturating_sub(1);
            state.remove(&self.root, &self.path);
        }
    }
}

impl State {
    fn find(&mut self, root: &OpenRoot, path: &[u8]) -> Option<&mut Made> {
        self.made.get_mut(&(root.identity, path.to_vec()))
    }

    /// Makes a folder and those around it, as far as they are not there. How many that were.
    fn make(&mut self, root: &OpenRoot, path: &[u8]) -> io::Result<usize> {
        if path.split(|&byte| byte == b'/').count() > MAX_DEPTH {
            return Err(Bound::Depth.into());
        }
        let mut missing = Vec::new();
        for path in up_from(path) {
            match place(root, path) {
                Ok(_) => break,
                Err(error) if Failure::of(&error) == Some(Failure::NotFound) => missing.push(path),
                Err(error) => return Err(error),
            }
        }
        let mut count = 0;
        for path in missing.into_iter().rev() {
            if self.count >= MOST {
                return Err(Bound::Number.into());
            }
            let (around, name) = split(path);
            let around = place(root, around)?;
            if new_folder::make(&around, as_path(name)?)? {
                let identity = status::of_link_in(&around, as_path(name)?)?.identity;
                self.made.insert((root.identity, path.to_vec()), Made { identity, uploads: 0 });
                self.count += 1;
                count += 1;
            }
        }
        Ok(count)
    }

    /// Removes a folder and those around it, as far as they were made, no upload is in them and they are empty.
    fn remove(&mut self, root: &OpenRoot, path: &[u8]) {
        for path in up_from(path) {
            let key = (root.identity, path.to_vec());
            let Some(made) = self.made.get(&key) else { continue };
            let below = (root.identity, [path, b"/"].concat());
            let has_one_below = self.made.range(below.clone()..).next();
            let is_in_use = has_one_below.is_some_and(|((_, other), _)| other.starts_with(&below.1));
            if made.uploads > 0 || is_in_use {
                return;
            }
            if remove_if_it(root, path, made.identity).is_ok() {
                self.count -= 1;
            }
            self.made.remove(&key);
        }
    }
}

/// Removes the folder at this path, if it is empty and still the one that was made.
fn remove_if_it(root: &OpenRoot, path: &[u8], made: Identity) -> io::Result<()> {
    let (around, name) = split(path);
    let (around, name) = (place(root, around)?, as_path(name)?);
    if status::of_link_in(&around, name)?.identity != made {
        return Err(Failure::Exists.into());
    }
    new_folder::remove(&around, name)
}

fn place(root: &OpenRoot, path: &[u8]) -> io::Result<Dir> {
    open::place_beneath(&root.directory, as_path(path)?)
}

/// A path and those around it, but for the root: `a/b`, then `a`.
fn up_from(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let ends = memchr::memrchr_iter(b'/', path).map(|slash| &path[..slash]);
    std::iter::once(path).chain(ends).filter(|path| !path.is_empty())
}

/// The path around a name, and the name.
pub(super) fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memrchr(b'/', path) {
        Some(slash) => (&path[..slash], &path[slash + 1..]),
        None => (b"", path),
    }
}

/// The part of a path that is a file, where a folder would have to be.
pub(super) fn file_on_the_way(root: &OpenRoot, path: &[u8]) -> Option<Vec<u8>> {
    let is_no_folder = |path: &&[u8]| {
        let known = as_path(path).and_then(|path: &Path| open::look_beneath(&root.directory, path));
        known.is_ok_and(|known| known.file_type != status::FileType::Directory)
    };
    up_from(path).find(is_no_folder).map(<[u8]>::to_vec)
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Bound::Depth => write!(f, "folders are made {MAX_DEPTH} deep and no deeper"),
            Bound::Number => {
                write!(f, "{MOST} folders were made for uploads, and that is the most until the next start")
            }
        }
    }
}

impl std::error::Error for Bound {}

impl From<Bound> for io::Error {
    fn from(bound: Bound) -> io::Error {
        io::Error::other(bound)
    }
}

impl Bound {
    /// The bound that an error stands for.
    pub(super) fn of(error: &io::Error) -> Option<Bound> {
        error.get_ref()?.downcast_ref().copied()
    }
}

#[cfg(test)]
mod tests;
