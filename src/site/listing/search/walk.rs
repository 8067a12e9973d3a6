//! Goes from folder to folder, and finds names.
//!
//! ```text
//! photos/            read ──▶ names, in order ──▶ each is looked at: a hit?  a folder, to be looked into later?
//!   2024/            its names come when those of the folder around it are done
//!   link ──▶ 2024    the same folder: each is looked into once, so links in a circle end
//!   up ──▶ ..        a folder around the first: not below it
//!   private/         cannot be read: it is counted, and named
//! ```
//!
//! What is kept are the names of the folder that is being looked at, the paths of those that are still to come, and a
//! number for each that was entered.

use super::Words;
use crate::base::platform::directory::Directory;
use crate::base::platform::failure::Failure;
use crate::base::platform::{names, status};
use crate::http::target::DecodedPath;
use crate::site::facts::Identity;
use crate::site::listing::entry::{Entry, Kind};
use crate::site::listing::read::describe;
use crate::site::names::join;
use crate::site::root::{Opened, Root};
use crate::site::scandir::{Is, Names, Scan};
use std::collections::HashSet;
use std::fs::File;
use std::sync::Arc;

/// How many names are looked at, and how many hits there are, before it stops.
pub(super) const MAX_NAMES: u64 = 1_000_000;
pub(super) const MAX_HITS: usize = 1000;

/// How deep folders may be nested below the first.
const MAX_DEPTH: usize = 128;

/// How many of the folders that it could not look into are named.
const MAX_NAMED: usize = 20;

/// What it costs to look at what has a name, in what it costs to compare a name; and the same for a link, which is
/// followed, and for opening a folder.
const COST_OF_LOOK: usize = 16;
const COST_OF_LINK: usize = 128;

/// What is kept of each folder that was entered, in bytes.
const NUMBER: usize = 32;

/// A search that goes on.
#[derive(Debug)]
pub(super) struct Walk {
    root: Arc<Root>,
    hidden: bool,
    words: Words,
    /// The folder that it begins with, as a path from the root.
    start: Vec<u8>,
    /// The folders that are still to be looked into, the next one last: paths from the first, with a slash at their end.
    pending: Vec<Vec<u8>>,
    /// How many bytes these are.
    pending_size: usize,
    /// The folders that were entered, and those around the first.
    entered: HashSet<Identity>,
    /// The folder that is being looked at.
    folder: Option<Folder>,
    has_begun: bool,
    pub(super) outcome: Outcome,
}

#[derive(Debug)]
struct Folder {
    /// Its path from the first; empty, or with a slash at its end.
    below: Vec<u8>,
    directory: Directory,
    names: Reading,
    /// The folders in it.
    folders: Vec<Vec<u8>>,
}

#[derive(Debug)]
enum Reading {
    Scan(Scan),
    Names { names: Names, passed: usize },
}

/// Something that was found.
#[derive(Debug)]
pub(super) struct Hit<'a> {
    /// The folder that it is in, from the first: empty, or with a slash at its end.
    pub(super) below: &'a [u8],
    pub(super) entry: Entry<'a>,
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) hits: usize,
    pub(super) looked_at: u64,
    /// Why it stopped before its end.
    pub(super) stopped: Option<Stopped>,
    /// The folders that it could not look into, the first of them, and how many there are.
    pub(super) unreadable: Vec<Vec<u8>>,
    pub(super) unreadable_count: usize,
}

/// Why a search stops before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stopped {
    /// There are [`MAX_HITS`], and one more.
    Hits,
    /// [`MAX_NAMES`] were looked at.
    Names,
    /// The server has no memory for it, or too many files open.
    Exhausted,
}

impl Walk {
    /// A search below a folder that is open.
    pub(super) fn new(
        root: &Arc<Root>,
        directory: File,
        path: &DecodedPath,
        words: Words,
        hidden: bool,
    ) -> Walk {
        Walk {
            root: Arc::clone(root),
            hidden,
            words,
            start: path.relative.clone(),
            pending: Vec::new(),
            pending_size: 0,
            entered: HashSet::new(),
            folder: Some(Folder::new(Vec::new(), directory)),
            has_begun: false,
            outcome: Outcome::default(),
        }
    }

    /// Does work of about this cost, and gives what it finds to `hit`. Whether there is more to do.
    pub(super) fn step(&mut self, cost: usize, hit: &mut dyn FnMut(&Hit<'_>)) -> bool {
        if !self.has_begun {
            self.has_begun = true;
            self.note_folders_around();
            return true;
        }
        let mut work = 0;
        while work < cost && self.outcome.stopped.is_none() {
            match self.folder.take() {
                Some(folder) => work += self.look_at(folder, cost - work, hit),
                None if self.pending.is_empty() => return false,
                None => {
                    self.enter_next();
                    work += COST_OF_LINK;
                }
            }
        }
        self.outcome.stopped.is_none()
    }

    /// How many bytes of memory it takes.
    pub(super) fn size(&self) -> usize {
        let folder = self.folder.as_ref().map_or(0, |folder| match &folder.names {
            Reading::Scan(scan) => scan.size(),
            Reading::Names { names, .. } => names.size(),
        });
        folder + self.pending_size + NUMBER * self.entered.len()
    }

    /// A link can lead to a folder around the first one, which is not below it.
    fn note_folders_around(&mut self) {
        let Ok(start) = names::path(&self.start) else { return };
        for path in start.ancestors() {
            let known = self.root.look(&names::joined(path.strip_prefix(".").unwrap_or(path)));
            self.entered.extend(known.ok().map(|facts| facts.identity));
        }
    }

    /// Opens the folder that is next, unless it was entered before.
    fn enter_next(&mut self) {
        let Some(below) = self.pending.pop() else { return };
        self.pending_size -= size_of(&below);
        if folders(&below).count() > MAX_DEPTH {
            return self.note_unreadable(below);
        }
        let path = self.relative(below.strip_suffix(b"/").unwrap_or(&below));
        match self.root.open_any(&path) {
            Ok(Opened::Directory(directory)) => match status::of_open(&directory) {
                Ok(known) if self.entered.insert(known.identity) => {
                    self.folder = Some(Folder::new(below, directory));
                }
                Ok(_) => {}
                Err(_) => self.note_unreadable(below),
            },
            // It has become something else.
            Ok(Opened::File(_)) => {}
            Err(error) => match Failure::of(&error) {
                Some(Failure::Exhausted) => self.outcome.stopped = Some(Stopped::Exhausted),
                None | Some(Failure::NotFound | Failure::NotAFolder | Failure::LinkLoop) => {}
                Some(_) => self.note_unreadable(below),
            },
        }
    }

    fn note_unreadable(&mut self, below: Vec<u8>) {
        self.outcome.unreadable_count += 1;
        if self.outcome.unreadable.len() < MAX_NAMED {
            self.outcome.unreadable.push(below);
        }
    }

    /// A path from the root.
    fn relative(&self, below: &[u8]) -> Vec<u8> {
        if below.is_empty() { self.start.clone() } else { join(&self.start, below) }
    }

    /// Reads names of a folder, or looks at some. Says what it cost.
    fn look_at(&mut self, mut folder: Folder, cost: usize, hit: &mut dyn FnMut(&Hit<'_>)) -> usize {
        let names = match &mut folder.names {
            Reading::Names { .. } => return self.look_at_names(folder, cost, hit),
            Reading::Scan(scan) => scan.step(&mut folder.directory, self.hidden, |_| {}),
        };
        match names {
            Ok(Some(names)) => folder.names = Reading::Names { names, passed: 0 },
            Ok(None) => {}
            // What was read so far is looked at.
            Err(_) => self.note_unreadable(folder.below.clone()),
        }
        self.folder = Some(folder);
        // A step of that is as long as one of ours may be.
        cost
    }

    fn look_at_names(&mut self, mut folder: Folder, cost: usize, hit: &mut dyn FnMut(&Hit<'_>)) -> usize {
        let around = self.relative(folder.below.strip_suffix(b"/").unwrap_or(&folder.below));
        let Folder { below, directory, names, folders } = &mut folder;
        let Reading::Names { names, passed } = names else { return 0 };
        let mut work = 0;
        while work < cost {
            let Some(name) = names.get(*passed) else {
                // The first of them comes first.
                for name in folders.drain(..).rev() {
                    let path = [below, &*name, b"/"].concat();
                    self.pending_size += size_of(&path);
                    self.pending.push(path);
                }
                return work + 1;
            };
            if self.outcome.looked_at == MAX_NAMES {
                self.outcome.stopped = Some(Stopped::Names);
                return work;
            }
            *passed += 1;
            self.outcome.looked_at += 1;
            work += 1;
            let is_hit = self.words.are_in(name.bytes);
            if !is_hit && name.is != Is::Unsure {
                folders.extend((name.is == Is::Folder).then(|| name.bytes.to_vec()));
                continue;
            }
            work += if name.is == Is::Unsure { COST_OF_LINK } else { COST_OF_LOOK };
            let Some(entry) = describe(&self.root, directory, &around, name.bytes) else { continue };
            folders.extend((entry.kind == Kind::Directory).then(|| name.bytes.to_vec()));
            // What is not served is not found.
            if is_hit && entry.kind != Kind::Other {
                if self.outcome.hits == MAX_HITS {
                    self.outcome.stopped = Some(Stopped::Hits);
                    return work;
                }
                self.outcome.hits += 1;
                hit(&Hit { below, entry });
            }
        }
        self.folder = Some(folder);
        work
    }
}

impl Folder {
    fn new(below: Vec<u8>, directory: File) -> Folder {
        let names = Reading::Scan(Scan::default());
        Folder { below, directory: Directory::new(directory), names, folders: Vec::new() }
    }
}

/// What a path takes that is kept.
fn size_of(path: &[u8]) -> usize {
    path.len() + std::mem::size_of::<Vec<u8>>()
}

/// The folders from the first to this one: each with its name and how long its path is.
pub(super) fn folders(below: &[u8]) -> impl Iterator<Item = (&[u8], usize)> {
    let mut end = 0;
    below.split_inclusive(|&byte| byte == b'/').map(move |part| {
        end += part.len();
        (part.strip_suffix(b"/").unwrap_or(part), end)
    })
}
