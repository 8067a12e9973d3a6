//! Polling: files are looked at again and again, where the system reports no events.
//!
//! ```text
//! a turn       the next folders of the round, for 50 ms; another turn half a second later
//! a round      all folders once: which files were created, removed and changed
//! ```
//!
//! So a turn costs the same however many files there are, and with more files a round takes more turns. Files that were
//! requested lately do not wait for the round to come to them: `watch/unwatched.rs` looks at them in each turn.
//!
//! Of each file, its length and its times are compared. Its inode number is not: some file systems make up new ones.

use super::file_event::FileEvent;
use crate::base::platform::status::{self, FileType, Time};
use std::collections::{HashMap, hash_map};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// How many files are remembered.
pub(super) const MAX_ENTRIES: usize = 50_000;

/// The folders that are polled, and what was seen in them.
#[derive(Debug, Default)]
pub(super) struct Poll {
    /// Folders that are polled with all below them.
    roots: Vec<PathBuf>,
    /// Files that are polled by themselves.
    files: Vec<PathBuf>,
    /// What is known of each folder.
    folders: HashMap<PathBuf, Folder>,
    /// How many files are remembered in all.
    entries: usize,
    is_full: bool,
    round: u64,
    /// The folders of this round that are still to come.
    waiting: Vec<PathBuf>,
    /// The folder that is being looked at, and the names in it that are still to come.
    current: Option<(PathBuf, std::vec::IntoIter<OsString>)>,
}

#[derive(Debug)]
struct Folder {
    /// The round in which it was last begun.
    round: u64,
    /// Whether it was ever looked at completely. Until then nothing in it counts as created.
    is_known: bool,
    entries: HashMap<OsString, Entry>,
}

#[derive(Debug)]
struct Entry {
    /// The round in which it was last there.
    round: u64,
    seen: Seen,
}

/// What is compared of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Seen {
    file_type: FileType,
    /// Its length and times; `None` for a folder, since the files in it are compared by themselves.
    rest: Option<(u64, Time, Time)>,
}

impl Seen {
    fn at(path: &Path) -> Option<Seen> {
        let mut found = status::of_link(path).ok()?;
        let file_type = found.file_type;
        if file_type == FileType::Symlink
            && let Ok(target) = status::at(path)
        {
            found = target;
        }
        let rest = (found.length, found.modified, found.changed);
        Some(Seen { file_type, rest: (file_type != FileType::Directory).then_some(rest) })
    }
}

impl Poll {
    /// Adds a folder, with all below it.
    pub(super) fn add(&mut self, folder: &Path) {
        self.roots.push(folder.to_path_buf());
    }

    /// Adds a single file.
    pub(super) fn add_file(&mut self, file: &Path) {
        let Some((folder, name)) = folder_and_name(file) else { return };
        let mut known = Folder { round: 0, is_known: true, entries: HashMap::new() };
        known.entries.extend(Seen::at(file).map(|seen| (name.to_owned(), Entry { round: 0, seen })));
        self.folders.insert(folder.to_path_buf(), known);
        self.files.push(file.to_path_buf());
    }

    /// Whether there is nothing to poll.
    pub(super) fn is_empty(&self) -> bool {
        self.roots.is_empty() && self.files.is_empty()
    }

    /// Whether there are more files than are remembered.
    pub(super) fn is_full(&self) -> bool {
        self.is_full
    }

    /// Whether a folder was added, or is below one that was.
    pub(super) fn covers(&self, folder: &Path) -> bool {
        self.roots.iter().any(|root| folder.starts_with(root))
    }

    /// Whether a folder was ever looked at completely.
    pub(super) fn knows(&self, folder: &Path) -> bool {
        self.folders.get(folder).is_some_and(|folder| folder.is_known)
    }

    /// Whether a round has ended, and the next has not begun.
    pub(super) fn is_at_its_start(&self) -> bool {
        self.waiting.is_empty() && self.current.is_none()
    }

    /// Continues the round until this time, but not into the next round. `counts` says which paths count, `may_enter`
    /// which folders are walked, and `tell` is told of changes.
    pub(super) fn look(
        &mut self,
        until: Instant,
        counts: impl Fn(&Path) -> bool,
        mut may_enter: impl FnMut(&Path) -> bool,
        mut tell: impl FnMut(PathBuf, FileEvent),
    ) {
        for file in self.files.clone() {
            if let Some(event) = self.look_at(&file) {
                tell(file, event);
            }
        }
        if self.is_at_its_start() {
            self.round += 1;
            self.waiting.clone_from(&self.roots);
        }
        while Instant::now() < until {
            if let Some((folder, mut names)) = self.current.take() {
                let Some(name) = names.next() else {
                    self.end(&folder, &mut tell);
                    continue;
                };
                let path = folder.join(name);
                self.current = Some((folder, names));
                if !counts(&path) {
                    continue;
                }
                if let Some(event) = self.look_at(&path) {
                    tell(path.clone(), event);
                }
                let has_more = self.seen(&path).is_some_and(|seen| seen.file_type != FileType::RegularFile);
                if has_more && may_enter(&path) {
                    self.waiting.push(path);
                }
            } else if let Some(folder) = self.waiting.pop() {
                self.begin(folder);
            } else {
                // A folder that was not begun in this round does not exist any more.
                let round = self.round;
                if !self.roots.is_empty() {
                    self.folders.retain(|_, folder| folder.round == round);
                }
                self.entries = self.folders.values().map(|folder| folder.entries.len()).sum();
                return;
            }
        }
    }

    /// Looks at one path whose folder is known. Returns what has happened to it since it was last looked at.
    pub(super) fn look_at(&mut self, path: &Path) -> Option<FileEvent> {
        let (folder, name) = folder_and_name(path)?;
        let (round, has_room) = (self.round, self.entries < MAX_ENTRIES);
        let folder = self.folders.get_mut(folder)?;
        let is_known = folder.is_known;
        match (Seen::at(path), folder.entries.entry(name.to_owned())) {
            (None, hash_map::Entry::Vacant(_)) => None,
            (None, hash_map::Entry::Occupied(entry)) => {
                entry.remove();
                self.entries = self.entries.saturating_sub(1);
                Some(FileEvent { created: false, entry_changed: true })
            }
            (Some(seen), hash_map::Entry::Vacant(entry)) => {
                if !has_room {
                    self.is_full = true;
                    return None;
                }
                entry.insert(Entry { round, seen });
                self.entries += 1;
                is_known.then_some(FileEvent { created: true, entry_changed: true })
            }
            (Some(seen), hash_map::Entry::Occupied(mut entry)) => {
                let before = entry.insert(Entry { round, seen }).seen;
                let entry_changed = before.file_type != seen.file_type;
                (before != seen).then_some(FileEvent { created: false, entry_changed })
            }
        }
    }

    fn seen(&self, path: &Path) -> Option<Seen> {
        let (folder, name) = folder_and_name(path)?;
        self.folders.get(folder)?.entries.get(name).map(|entry| entry.seen)
    }

    fn begin(&mut self, folder: PathBuf) {
        let Ok(entries) = std::fs::read_dir(&folder) else { return };
        let names: Vec<_> = entries.flatten().take(MAX_ENTRIES).map(|entry| entry.file_name()).collect();
        let new = || Folder { round: 0, is_known: false, entries: HashMap::new() };
        self.folders.entry(folder.clone()).or_insert_with(new).round = self.round;
        self.current = Some((folder, names.into_iter()));
    }

    /// All names in a folder were looked at: a file that was not among them is removed.
    fn end(&mut self, path: &Path, tell: &mut impl FnMut(PathBuf, FileEvent)) {
        let round = self.round;
        let Some(folder) = self.folders.get_mut(path) else { return };
        folder.is_known = true;
        let mut gone = 0;
        folder.entries.retain(|name, entry| {
            let is_there = entry.round == round;
            if !is_there {
                gone += 1;
                tell(path.join(name), FileEvent { created: false, entry_changed: true });
            }
            is_there
        });
        self.entries = self.entries.saturating_sub(gone);
    }
}

fn folder_and_name(path: &Path) -> Option<(&Path, &OsStr)> {
    Some((path.parent()?, path.file_name()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::time::Duration;

    const CREATED: FileEvent = FileEvent { created: true, entry_changed: true };
    const REMOVED: FileEvent = FileEvent { created: false, entry_changed: true };
    const CHANGED: FileEvent = FileEvent { created: false, entry_changed: false };

    /// A whole round, in turns of this length. Returns what it finds.
    fn round(poll: &mut Poll, root: &Path, turn: Duration) -> Vec<(String, FileEvent)> {
        let mut found = Vec::new();
        loop {
            poll.look(
                Instant::now() + turn,
                |path| path.extension() != Some(OsStr::new("no")),
                |path| path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir()),
                |path, event| {
                    let path = path.strip_prefix(root).expect("below it");
                    found.push((path.to_str().expect("text").replace(std::path::MAIN_SEPARATOR, "/"), event));
                },
            );
            if poll.is_at_its_start() {
                found.sort_by(|one, other| one.0.cmp(&other.0));
                return found;
            }
        }
    }

    fn put(path: impl AsRef<Path>, content: &str) {
        fs::create_dir_all(path.as_ref().parent().expect("a folder")).expect("made");
        fs::write(path, content).expect("written");
    }

    #[test]
    fn a_round_finds_what_was_created_removed_and_changed() {
        for turn in [Duration::from_secs(10), Duration::from_micros(50)] {
            let folder = tempfile::tempdir().expect("a folder");
            let root = folder.path();
            let at = |name: &str| root.join(name);
            put(at("a.html"), "1");
            put(at("x/y/b.css"), "1");
            let mut poll = Poll::default();
            poll.add(root);
            assert_eq!(round(&mut poll, root, turn), [], "nothing is new at first");
            assert_eq!(round(&mut poll, root, turn), [], "nor later");
            let touch = |name: &str| {
                let file = fs::File::options().append(true).open(at(name)).expect("opened");
                file.set_modified(std::time::SystemTime::UNIX_EPOCH).expect("set");
            };
            let rename = |from: &str, to: &str| fs::rename(at(from), at(to)).expect("renamed");
            let table: &[(&dyn Fn(), &[(&str, FileEvent)])] = &[
                (&|| put(at("a.html"), "22"), &[("a.html", CHANGED)]),
                (&|| touch("x/y/b.css"), &[("x/y/b.css", CHANGED)]),
                (&|| put(at("c.js"), ""), &[("c.js", CREATED)]),
                (&|| put(at("c.no"), ""), &[]),
                (&|| rename("c.js", "d.js"), &[("c.js", REMOVED), ("d.js", CREATED)]),
                (&|| fs::remove_file(at("d.js")).expect("removed"), &[("d.js", REMOVED)]),
                (&|| put(at("new/in/e.html"), "1"), &[("new", CREATED)]),
                (&|| put(at("new/in/e.html"), "22"), &[("new/in/e.html", CHANGED)]),
                (&|| put(at("new/in/f.html"), "1"), &[("new/in/f.html", CREATED)]),
                (&|| rename("x", "z"), &[("x", REMOVED), ("z", CREATED)]),
                (&|| put(at("z/y/b.css"), "333"), &[("z/y/b.css", CHANGED)]),
                (&|| fs::remove_dir_all(at("new")).expect("removed"), &[("new", REMOVED)]),
                (&|| put(at("new/in/e.html"), "1"), &[("new", CREATED)]),
            ];
            for (number, (change, expected)) in table.iter().enumerate() {
                change();
                let expected: Vec<_> =
                    expected.iter().map(|(name, event)| ((*name).to_owned(), *event)).collect();
                assert_eq!(round(&mut poll, root, turn), expected, "number {number}");
                assert_eq!(round(&mut poll, root, turn), [], "number {number} once");
            }
        }
    }

    #[test]
    fn what_was_looked_at_by_itself_is_not_found_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let (root, file) = (folder.path(), folder.path().join("a.css"));
        put(&file, "1");
        let mut poll = Poll::default();
        poll.add(root);
        assert_eq!(poll.look_at(&file), None, "its folder is not known yet");
        let long = Duration::from_secs(10);
        round(&mut poll, root, long);
        put(&file, "22");
        assert_eq!(poll.look_at(&file), Some(CHANGED));
        fs::remove_file(&file).expect("removed");
        assert_eq!((poll.look_at(&file), poll.look_at(&file)), (Some(REMOVED), None));
        put(&file, "1");
        assert_eq!(poll.look_at(&file), Some(CREATED));
        assert_eq!(round(&mut poll, root, long), []);
    }

    #[test]
    fn of_a_single_file_its_neighbours_do_not_matter() {
        let folder = tempfile::tempdir().expect("a folder");
        let (root, file) = (folder.path(), folder.path().join("a.html"));
        put(&file, "1");
        let mut poll = Poll::default();
        poll.add_file(&file);
        let long = Duration::from_secs(10);
        put(root.join("b.html"), "1");
        assert_eq!(round(&mut poll, root, long), []);
        put(&file, "22");
        assert_eq!(round(&mut poll, root, long), [("a.html".to_owned(), CHANGED)]);
    }
}
