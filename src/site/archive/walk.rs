//! The way through a folder: each thing in it that the server would serve, once, in a stable order.
//!
//! ```text
//! photos/                 Folder  "photos/"
//!   a.jpg                 File    "photos/a.jpg"
//!   empty/                Folder  "photos/empty/"
//!   .git/                 (hidden: not there)
//!   link -> ../secret     (leads out: not there)
//!   up -> .               (a folder in itself: not there)
//! ```
//!
//! Names come from a directory that is open, and each is then opened from the root down, by its whole
//! path, as a request for it would be. So what is swapped for a link to somewhere else between the two
//! is refused as it would be to a request.

use crate::http::target::DecodedPath;
use crate::http::{Refusal, Status};
use crate::site::facts::{Facts, Identity};
use crate::site::root::{OpenFile, Opened, Root};
use rustix::fs::{RawDir, fstat};
use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;
use std::vec::IntoIter;

/// How deep folders may lie in each other; what is deeper is left out.
const MAX_DEPTH: usize = 128;

/// The names that are read at a time, as the system gives them.
const NAMES: usize = 32 * 1024;

/// A walk that is under way. It has one directory open at the most.
#[derive(Debug)]
pub(super) struct Walk {
    root: Arc<Root>,
    hidden: bool,
    names: Names,
    /// Where it is, from the root: the folder whose names come next.
    relative: Vec<u8>,
    /// Where that is in the archive; ends with a `/`.
    shown: String,
    /// The folders around the one that the walk began with.
    above: Vec<Identity>,
    /// The folders from there down to where it is.
    levels: Vec<Level>,
    /// The folder whose names are being read.
    reading: Option<Reading>,
    has_begun: bool,
}

#[derive(Debug)]
struct Level {
    identity: Identity,
    /// What is still to come.
    names: IntoIter<Name>,
    /// How much of [`Walk::relative`] and [`Walk::shown`] is the way to the folder around it.
    around: (usize, usize),
}

#[derive(Debug)]
struct Reading {
    directory: File,
    identity: Identity,
    names: Vec<Box<[u8]>>,
    around: (usize, usize),
}

#[derive(Debug)]
struct Name {
    name: Box<[u8]>,
    /// How it is called in the archive, if that is not the same.
    shown: Option<Box<str>>,
}

/// Which names an archive can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    /// Such as files have here, where a backslash is a letter.
    All,
    /// Who unpacks a zip file on Windows takes a backslash for a slash: `..\..\a` would be put outside of the
    /// folder that it is unpacked in, and a folder in the place of a file. So `_` stands for it.
    WithoutBackslash,
}

/// What a step of the way leads to.
#[derive(Debug)]
pub(super) enum Step {
    /// A folder; the name ends with a `/`.
    Folder { name: String, modified: i64 },
    /// A file, open.
    File { name: String, file: OpenFile },
    /// Names were read.
    Names,
    /// Something that is not served.
    Nothing,
    /// There is nothing more.
    End,
}

impl Walk {
    /// A walk through a folder that is open, which is called `name` in the archive.
    pub(super) fn new(
        root: &Arc<Root>,
        directory: File,
        path: &DecodedPath,
        name: &str,
        hidden: bool,
        names: Names,
    ) -> Walk {
        // Its identity is looked up in the first step: nothing is asked before it is wanted.
        let reading = Reading { directory, identity: (0, 0), names: Vec::new(), around: (0, 0) };
        Walk {
            root: Arc::clone(root),
            hidden,
            names,
            relative: path.relative.clone(),
            shown: format!("{name}/"),
            above: Vec::new(),
            levels: Vec::new(),
            reading: Some(reading),
            has_begun: false,
        }
    }

    /// Takes a step, of bounded work.
    ///
    /// # Errors
    /// When the system cannot open anything for now; what may not be read is merely left out.
    pub(super) fn next(&mut self) -> Result<Step, Refusal> {
        if let Some(reading) = &mut self.reading {
            if !self.has_begun {
                self.has_begun = true;
                let facts = fstat(&reading.directory).map(|stat| Facts::new(&stat));
                let Ok(facts) = facts else { return Ok(Step::End) };
                reading.identity = facts.identity;
                let around = Path::new(OsStr::from_bytes(&self.relative)).ancestors().skip(1);
                let look = |path: &Path| self.root.look(path.as_os_str().as_bytes()).ok();
                self.above = around.filter_map(look).map(|facts| facts.identity).collect();
                return Ok(Step::Folder { name: self.shown.clone(), modified: facts.modified.0 });
            }
            // Of a directory that cannot be read further, that much is there.
            if !reading.read_some(self.hidden).unwrap_or(false) {
                let reading = self.reading.take().expect("it was there");
                self.levels.push(Level {
                    identity: reading.identity,
                    names: in_order(reading.names, self.names).into_iter(),
                    around: reading.around,
                });
            }
            return Ok(Step::Names);
        }
        let Some(level) = self.levels.last_mut() else { return Ok(Step::End) };
        let Some(name) = level.names.next() else {
            let (relative, shown) = level.around;
            self.relative.truncate(relative);
            self.shown.truncate(shown);
            self.levels.pop();
            return Ok(Step::Nothing);
        };
        self.open(&name)
    }

    fn open(&mut self, name: &Name) -> Result<Step, Refusal> {
        let around = (self.relative.len(), self.shown.len());
        if !self.relative.is_empty() {
            self.relative.push(b'/');
        }
        self.relative.extend_from_slice(&name.name);
        let opened = self.root.open(&self.relative);
        let as_text = name.shown.as_deref().or_else(|| std::str::from_utf8(&name.name).ok());
        self.shown.push_str(as_text.expect("what is not UTF-8 has another name"));
        let step = match opened {
            Ok(Opened::File(file)) => Step::File { name: self.shown.clone(), file },
            Ok(Opened::Directory(directory)) => {
                let facts = fstat(&directory).map(|stat| Facts::new(&stat));
                if let Ok(facts) = facts
                    && self.may_enter(facts.identity)
                {
                    self.shown.push('/');
                    let identity = facts.identity;
                    self.reading = Some(Reading { directory, identity, names: Vec::new(), around });
                    return Ok(Step::Folder { name: self.shown.clone(), modified: facts.modified.0 });
                }
                Step::Nothing
            }
            // Not that it is not there: the server cannot tell.
            Err(refusal)
                if matches!(refusal.status, Status::SERVICE_UNAVAILABLE | Status::INTERNAL_SERVER_ERROR) =>
            {
                return Err(refusal);
            }
            Err(_) => Step::Nothing,
        };
        self.relative.truncate(around.0);
        self.shown.truncate(around.1);
        Ok(step)
    }

    /// A link can lead to a folder that it lies in. So no folder is entered within itself.
    fn may_enter(&self, identity: Identity) -> bool {
        let mut around = self.above.iter().copied().chain(self.levels.iter().map(|level| level.identity));
        self.levels.len() < MAX_DEPTH && around.all(|one| one != identity)
    }
}

impl Reading {
    /// Reads as many names as the system gives at once; whether there may be more.
    fn read_some(&mut self, hidden: bool) -> io::Result<bool> {
        let mut buffer = Vec::with_capacity(NAMES);
        let mut found = RawDir::new(&self.directory, buffer.spare_capacity_mut());
        while let Some(entry) = found.next() {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if (hidden || !name.starts_with(b".")) && !matches!(name, b"." | b"..") {
                self.names.push(name.into());
            }
            if found.is_buffer_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Sorts names by their bytes, and finds another for each that the archive cannot hold: one that none of
/// its neighbours has.
fn in_order(mut names: Vec<Box<[u8]>>, allowed: Names) -> Vec<Name> {
    names.sort_unstable();
    let has_backslash = |name: &[u8]| allowed == Names::WithoutBackslash && name.contains(&b'\\');
    let replaced = |name: &[u8]| std::str::from_utf8(name).is_err() || has_backslash(name);
    let mut taken = HashSet::new();
    if names.iter().any(|name| replaced(name)) {
        let kept = names.iter().filter(|name| !replaced(name));
        let texts = kept.filter_map(|name| std::str::from_utf8(name).ok());
        // Only those that hold what is put in a letter's place can be like one that is made.
        let can_be_made = |text: &&str| text.contains([char::REPLACEMENT_CHARACTER, '_']);
        taken.extend(texts.filter(can_be_made).map(str::to_owned));
    }
    let find_another = |name: &[u8], taken: &mut HashSet<String>| {
        let mut text = String::from_utf8_lossy(name).into_owned();
        if has_backslash(name) {
            text = text.replace('\\', "_");
        }
        let numbered = (2..).map(|number| format!("{text} ({number})"));
        let free = std::iter::once(text.clone()).chain(numbered).find(|text| !taken.contains(text));
        let free = free.expect("numbers do not end");
        taken.insert(free.clone());
        free.into_boxed_str()
    };
    let with_shown = names.into_iter().map(|name| {
        let shown = replaced(&name).then(|| find_another(&name, &mut taken));
        Name { name, shown }
    });
    with_shown.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_not_utf8_get_others_that_nobody_has() {
        let names: [&[u8]; 6] = [b"a\xff", b"b", "a\u{fffd}".as_bytes(), b"a\xfe", b"a\xfd", b"A"];
        let ordered = in_order(names.iter().map(|&name| name.into()).collect(), Names::All);
        let shown: Vec<_> = ordered.iter().map(|name| (&*name.name, name.shown.as_deref())).collect();
        let expected: &[(&[u8], Option<&str>)] = &[
            (b"A", None),
            ("a\u{fffd}".as_bytes(), None),
            (b"a\xfd", Some("a\u{fffd} (2)")),
            (b"a\xfe", Some("a\u{fffd} (3)")),
            (b"a\xff", Some("a\u{fffd} (4)")),
            (b"b", None),
        ];
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_backslash_is_kept_or_gives_way_to_a_letter_that_makes_no_name_twice() {
        let names: [&[u8]; 6] = [b"a\\b", b"a_b", b"a_b (2)", b"c\\\xff", b"..\\x", b"d"];
        let shown = |allowed| -> Vec<_> {
            let ordered = in_order(names.iter().map(|&name| name.into()).collect(), allowed);
            let shown =
                |name: Name| name.shown.map_or(String::from_utf8(name.name.into()), |shown| Ok(shown.into()));
            ordered.into_iter().map(|name| shown(name).expect("UTF-8 by now")).collect()
        };
        assert_eq!(shown(Names::All), ["..\\x", "a\\b", "a_b", "a_b (2)", "c\\\u{fffd}", "d"]);
        assert_eq!(shown(Names::WithoutBackslash), [".._x", "a_b (3)", "a_b", "a_b (2)", "c_\u{fffd}", "d"]);
    }
}
