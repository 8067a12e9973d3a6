//! Looks at files again and again, where nobody tells that they change.
//!
//! ```text
//! a turn       the next folders of the round, for 50 ms
//! half a second later, another
//! a round      all folders once: what came, what went, what is no longer as it was
//! ```
//!
//! So a turn costs the same however many files there are, and with more of them a round takes more
//! turns. What a page has asked for lately does not wait for its round: `watch.rs` has it looked at in
//! each turn.
//!
//! What is compared of a file is its length and its times. The number of its inode is not: some file
//! systems make that up anew.

use super::step::Step;
use crate::base::platform::status::{self, FileType, Time};
use std::collections::{HashMap, hash_map};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Of how many files it is remembered how they were.
pub(super) const MAX_ENTRIES: usize = 50_000;

/// Folders that are looked at, and what was seen in them.
#[derive(Debug, Default)]
pub(super) struct Poll {
    roots: Vec<PathBuf>,
    files: Vec<PathBuf>,
    folders: HashMap<PathBuf, Folder>,
    /// How many files are remembered in all.
    entries: usize,
    is_full: bool,
    round: u64,
    /// The folders of this round that are still to come.
    waiting: Vec<PathBuf>,
    /// The one that is being looked at, and the names in it that are still to come.
    current: Option<(PathBuf, std::vec::IntoIter<OsString>)>,
}

#[derive(Debug)]
struct Folder {
    /// In which round it was last begun.
    round: u64,
    /// Whether it was ever looked at in whole. Until then nothing in it is new.
    is_known: bool,
    entries: HashMap<OsString, Entry>,
}

#[derive(Debug)]
struct Entry {
    /// In which round it was last there.
    round: u64,
    seen: Seen,
}

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Seen {
    file_type: FileType,
    /// Of a folder nothing: what is in it is looked at by itself.
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
    /// Looks at a folder, too, and at all below it.
    pub(super) fn add(&mut self, folder: &Path) {
        self.roots.push(folder.to_path_buf());
    }

    /// Looks at one file and nothing beside it.
    pub(super) fn add_file(&mut self, file: &Path) {
        let Some((folder, name)) = folder_and_name(file) else { return };
        let mut known = Folder { round: 0, is_known: true, entries: HashMap::new() };
        known.entries.extend(Seen::at(file).map(|seen| (name.to_owned(), Entry { round: 0, seen })));
        self.folders.insert(folder.to_path_buf(), known);
        self.files.push(file.to_path_buf());
    }

    /// Whether there is nothing to look at.
    pub(super) fn is_empty(&self) -> bool {
        self.roots.is_empty() && self.files.is_empty()
    }

    /// Whether there are more files than are remembered.
    pub(super) fn is_full(&self) -> bool {
        self.is_full
    }

    /// Whether a folder is one of those, or below one.
    pub(super) fn covers(&self, folder: &Path) -> bool {
        self.roots.iter().any(|root| folder.starts_with(root))
    }

    /// Whether it is known how a folder was.
    pub(super) fn knows(&self, folder: &Path) -> bool {
        self.folders.get(folder).is_some_and(|folder| folder.is_known)
    }

    /// Whether a round is over, and the next has not begun.
    pub(super) fn is_at_its_start(&self) -> bool {
        self.waiting.is_empty() && self.current.is_none()
    }

    /// Goes on with the round until then, and not into the next.
    pub(super) fn look(
        &mut self,
        until: Instant,
        counts: impl Fn(&Path) -> bool,
        mut may_enter: impl FnMut(&Path) -> bool,
        mut tell: impl FnMut(PathBuf, Step),
    ) {
        for file in self.files.clone() {
            if let Some(step) = self.look_at(&file) {
                tell(file, step);
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
                if let Some(step) = self.look_at(&path) {
                    tell(path.clone(), step);
                }
                let has_more = self.seen(&path).is_some_and(|seen| seen.file_type != FileType::RegularFile);
                if has_more && may_enter(&path) {
                    self.waiting.push(path);
                }
            } else if let Some(folder) = self.waiting.pop() {
                self.begin(folder);
            } else {
                // What was not begun in this round is not there any more.
                let round = self.round;
                if !self.roots.is_empty() {
                    self.folders.retain(|_, folder| folder.round == round);
                }
                self.entries = self.folders.values().map(|folder| folder.entries.len()).sum();
                return;
            }
        }
    }

    /// Looks at one path whose folder is known, and says what has happened to it since it was looked at
    /// before.
    pub(super) fn look_at(&mut self, path: &Path) -> Option<Step> {
        let (folder, name) = folder_and_name(path)?;
        let (round, has_room) = (self.round, self.entries < MAX_ENTRIES);
        let folder = self.folders.get_mut(folder)?;
        let is_known = folder.is_known;
        match (Seen::at(path), folder.entries.entry(name.to_owned())) {
            (None, hash_map::Entry::Vacant(_)) => None,
            (None, hash_map::Entry::Occupied(entry)) => {
                entry.remove();
                self.entries = self.entries.saturating_sub(1);
                Some(Step { came: false, moved: true })
            }
            (Some(seen), hash_map::Entry::Vacant(entry)) => {
                if !has_room {
                    self.is_full = true;
                    return None;
                }
                entry.insert(Entry { round, seen });
                self.entries += 1;
                is_known.then_some(Step { came: true, moved: true })
            }
            (Some(seen), hash_map::Entry::Occupied(mut entry)) => {
                let before = entry.insert(Entry { round, seen }).seen;
                let moved = before.file_type != seen.file_type;
                (before != seen).then_some(Step { came: false, moved })
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

    /// All names of a folder were looked at: what was not among them is gone.
    fn end(&mut self, path: &Path, tell: &mut impl FnMut(PathBuf, Step)) {
        let round = self.round;
        let Some(folder) = self.folders.get_mut(path) else { return };
        folder.is_known = true;
        let mut gone = 0;
        folder.entries.retain(|name, entry| {
            let is_there = entry.round == round;
            if !is_there {
                gone += 1;
                tell(path.join(name), Step { came: false, moved: true });
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

    const CAME: Step = Step { came: true, moved: true };
    const GONE: Step = Step { came: false, moved: true };
    const CHANGED: Step = Step { came: false, moved: false };

    /// A whole round in turns of this length, and what it finds.
    fn round(poll: &mut Poll, root: &Path, turn: Duration) -> Vec<(String, Step)> {
        let mut found = Vec::new();
        loop {
            poll.look(
                Instant::now() + turn,
                |path| path.extension() != Some(OsStr::new("no")),
                |path| path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir()),
                |path, step| {
                    let path = path.strip_prefix(root).expect("below it");
                    found.push((path.to_str().expect("text").to_owned(), step));
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
    fn a_round_finds_what_came_what_went_and_what_has_changed() {
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
            let table: &[(&dyn Fn(), &[(&str, Step)])] = &[
                (&|| put(at("a.html"), "22"), &[("a.html", CHANGED)]),
                (&|| touch("x/y/b.css"), &[("x/y/b.css", CHANGED)]),
                (&|| put(at("c.js"), ""), &[("c.js", CAME)]),
                (&|| put(at("c.no"), ""), &[]),
                (&|| rename("c.js", "d.js"), &[("c.js", GONE), ("d.js", CAME)]),
                (&|| fs::remove_file(at("d.js")).expect("removed"), &[("d.js", GONE)]),
                (&|| put(at("new/in/e.html"), "1"), &[("new", CAME)]),
                (&|| put(at("new/in/e.html"), "22"), &[("new/in/e.html", CHANGED)]),
                (&|| put(at("new/in/f.html"), "1"), &[("new/in/f.html", CAME)]),
                (&|| rename("x", "z"), &[("x", GONE), ("z", CAME)]),
                (&|| put(at("z/y/b.css"), "333"), &[("z/y/b.css", CHANGED)]),
                (&|| fs::remove_dir_all(at("new")).expect("removed"), &[("new", GONE)]),
                (&|| put(at("new/in/e.html"), "1"), &[("new", CAME)]),
            ];
            for (number, (change, expected)) in table.iter().enumerate() {
                change();
                let expected: Vec<_> =
                    expected.iter().map(|(name, step)| ((*name).to_owned(), *step)).collect();
                assert_eq!(round(&mut poll, root, turn), expected, "number {number}");
                assert_eq!(round(&mut poll, root, turn), [], "number {number} once");
            }
        }
    }

    #[test]
    fn what_was_looked_at_by_itself_is_not_found_once_more() {
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
        assert_eq!((poll.look_at(&file), poll.look_at(&file)), (Some(GONE), None));
        put(&file, "1");
        assert_eq!(poll.look_at(&file), Some(CAME));
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
