//! A walk through a folder: everything in it that the server would serve, once, in the order of a listing.
//!
//! ```text
//! photos/                 Folder  "photos/"
//!   a.jpg                 File    "photos/a.jpg"
//!   empty/                Folder  "photos/empty/"
//!   .git/                 (hidden: left out)
//!   link -> ../secret     (leads out: left out)
//!   up -> .               (a folder in itself: left out)
//!   private/              Missing "photos/private": it cannot be read
//! ```
//!
//! The names come from an open directory, and each file is then opened from the root down, by its whole path, as for a
//! request. So a file that is replaced by a link to somewhere else between the two is refused as it would be to a
//! request.

use super::missing::NAME;
use super::picked::Picked;
use crate::base::platform::directory::Directory;
use crate::base::platform::failure::Failure;
use crate::base::platform::{names, status};
use crate::http::target::DecodedPath;
use crate::site::facts::Identity;
use crate::site::root::{OpenFile, Opened, Root};
use crate::site::scandir::{self, Scan};
use std::borrow::Cow;
use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// How deep folders may be nested; deeper ones are left out.
const MAX_DEPTH: usize = 128;

/// How many names that were not picked are passed in a step.
const MAX_PASSED: usize = 512;

/// A walk that is under way. It has at most one directory open.
#[derive(Debug)]
pub(super) struct Walk {
    root: Arc<Root>,
    hidden: bool,
    names: Names,
    /// The folder whose names come next, as a path from the root.
    relative: Vec<u8>,
    /// The same in the archive; ends with a `/`.
    shown: Vec<u8>,
    /// The folders around the one that the walk began with.
    above: Vec<Identity>,
    /// The folders from there down to the present one.
    levels: Vec<Level>,
    /// The folder whose names are being read.
    reading: Option<Reading>,
    has_begun: bool,
    /// What is wanted of the outermost folder, if not all.
    picked: Option<Picked>,
    /// The names in the outermost folder that begin like that of the file about what is missing, in lower case.
    alike: Vec<Vec<u8>>,
}

#[derive(Debug)]
struct Level {
    identity: Identity,
    names: scandir::Names,
    /// How many of them are done.
    done: usize,
    /// The names in the archive that could be the same as a replacement for another name.
    taken: HashSet<String>,
    /// How much of [`Walk::relative`] and [`Walk::shown`] is the path of the folder around it.
    around: (usize, usize),
}

#[derive(Debug)]
struct Reading {
    directory: Directory,
    identity: Identity,
    scan: Scan,
    taken: HashSet<String>,
    around: (usize, usize),
}

/// Which names an archive can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    /// Any bytes, as in the file system; a backslash is a letter.
    All,
    /// Text only. Programs on Windows take a backslash in a zip file for a slash, and would unpack `..\..\a` outside of
    /// the folder. So `_` stands for a backslash.
    WithoutBackslash,
}

/// What one step of the walk finds.
#[derive(Debug)]
pub(super) enum Step {
    /// A folder; the name ends with a `/`.
    Folder { name: Vec<u8>, modified: i64 },
    /// A file, open, and whether its owner may execute it.
    File { name: Vec<u8>, file: OpenFile, is_executable: bool },
    /// Something that should be served and cannot be, and why.
    Missing { name: Vec<u8>, why: String },
    /// Names were read.
    Names,
    /// Something that is not served.
    Nothing,
    /// The end of the walk.
    End,
}

impl Walk {
    /// A walk through a folder that is open, which is called `name` in the archive.
    pub(super) fn new(
        root: &Arc<Root>,
        directory: File,
        path: &DecodedPath,
        name: &[u8],
        hidden: bool,
        names: Names,
    ) -> Walk {
        // The first step looks up its identity: nothing is done before the first piece is asked for.
        let reading = Reading::new(directory, (0, 0), (0, 0));
        Walk {
            root: Arc::clone(root),
            hidden,
            names,
            relative: path.relative.clone(),
            shown: [name, b"/"].concat(),
            above: Vec::new(),
            levels: Vec::new(),
            reading: Some(reading),
            has_begun: false,
            picked: None,
            alike: Vec::new(),
        }
    }

    /// The same walk, but of the outermost folder only through what was picked.
    pub(super) fn only(self, picked: Option<Picked>) -> Walk {
        Walk { picked, ..self }
    }

    /// A name for the file about what is missing, which nothing in the outermost folder has.
    pub(super) fn free_name(&self, (start, end): (&str, &str)) -> String {
        let numbered = (2..).map(|number| format!("{start} ({number}){end}"));
        let mut names = std::iter::once(format!("{start}{end}")).chain(numbered);
        let is_free = |name: &String| !self.alike.contains(&name.to_ascii_lowercase().into_bytes());
        names.find(is_free).expect("numbers do not end")
    }

    /// Takes a step, of bounded work.
    ///
    /// # Errors
    /// When the system cannot open anything for now. What may not be read is reported and left out.
    pub(super) fn next(&mut self) -> io::Result<Step> {
        if let Some(reading) = &mut self.reading {
            if !self.has_begun {
                self.has_begun = true;
                let facts = status::of_open(&reading.directory)?;
                reading.identity = facts.identity;
                let around = names::path(&self.relative)?.ancestors().skip(1);
                let look = |path: &Path| self.root.look(&names::joined(path)).ok();
                self.above = around.filter_map(look).map(|facts| facts.identity).collect();
                return Ok(Step::Folder { name: self.shown.clone(), modified: facts.modified.0 });
            }
            let alike = self.levels.is_empty().then_some(&mut self.alike);
            match reading.some(self.hidden, self.names, alike) {
                Ok(None) => {}
                Ok(Some(names)) => {
                    let Reading { identity, taken, around, .. } = self.reading.take().expect("it was there");
                    self.levels.push(Level { identity, names, done: 0, taken, around });
                }
                // A directory that cannot be read further ends here.
                Err(error) => {
                    return Ok(self.missing(format!("not all of its names could be read: {error}")));
                }
            }
            return Ok(Step::Names);
        }
        let is_outermost = self.levels.len() == 1;
        let Some(level) = self.levels.last_mut() else { return Ok(Step::End) };
        let mut picked = self.picked.as_mut().filter(|_| is_outermost);
        if let Some(picked) = &mut picked {
            let until = level.done + MAX_PASSED;
            while level.names.get(level.done).is_some_and(|name| !picked.take(name.bytes)) {
                level.done += 1;
                if level.done == until {
                    return Ok(Step::Nothing);
                }
            }
        }
        let Some(name) = level.names.get(level.done) else {
            if let Some(name) = picked.and_then(Picked::next_missing) {
                let name = [&self.shown[..], &name].concat();
                return Ok(Step::Missing { name, why: "it is not in the folder (any more)".to_owned() });
            }
            let (relative, shown) = level.around;
            self.relative.truncate(relative);
            self.shown.truncate(shown);
            self.levels.pop();
            return Ok(Step::Nothing);
        };
        level.done += 1;
        let name = name.bytes.to_vec();
        let shown = self.names.in_archive(&name, &mut level.taken);
        self.open(&name, &shown)
    }

    /// How many bytes of memory the names take that were read and are not done.
    pub(super) fn size(&self) -> usize {
        let reading = self.reading.as_ref().map_or(0, |reading| reading.scan.size());
        reading + self.levels.iter().map(|level| level.names.size()).sum::<usize>()
    }

    /// Reports the present entry as missing.
    fn missing(&self, why: String) -> Step {
        Step::Missing { name: self.shown.clone(), why }
    }

    fn open(&mut self, name: &[u8], shown: &[u8]) -> io::Result<Step> {
        let around = (self.relative.len(), self.shown.len());
        if !self.relative.is_empty() {
            self.relative.push(b'/');
        }
        self.relative.extend_from_slice(name);
        let opened = self.root.open_any(&self.relative);
        self.shown.extend_from_slice(shown);
        let step = match opened {
            Ok(Opened::File(file)) => {
                let is_executable = status::of_open(&file.file).is_ok_and(|stat| stat.is_executable);
                Step::File { name: self.shown.clone(), file, is_executable }
            }
            Ok(Opened::Directory(directory)) => match status::of_open(&directory) {
                Ok(facts) if self.is_around(facts.identity) => Step::Nothing,
                Ok(_) if self.levels.len() >= MAX_DEPTH => {
                    self.missing(format!("it lies deeper than {MAX_DEPTH} folders"))
                }
                Ok(facts) => {
                    self.shown.push(b'/');
                    self.reading = Some(Reading::new(directory, facts.identity, around));
                    return Ok(Step::Folder { name: self.shown.clone(), modified: facts.modified.0 });
                }
                Err(error) => self.missing(error.to_string()),
            },
            Err(error) => match Failure::of(&error) {
                // This says nothing about the file: the server cannot open any.
                Some(Failure::Exhausted) => return Err(error),
                // It leads out, does not exist any more, or is neither a file nor a folder.
                None
                | Some(
                    Failure::NotFound
                    | Failure::NotAFolder
                    | Failure::LinkLoop
                    | Failure::NobodyThere
                    | Failure::NoDevice,
                ) => Step::Nothing,
                Some(Failure::Denied) => self.missing("the server may not read it".to_owned()),
                Some(Failure::NameTooLong) => self.missing("its path is too long".to_owned()),
                Some(_) => self.missing(error.to_string()),
            },
        };
        self.relative.truncate(around.0);
        self.shown.truncate(around.1);
        Ok(step)
    }

    /// Whether a folder is one of those around the present one. A link can lead to a folder in which it lies, and no
    /// folder is entered within itself.
    fn is_around(&self, identity: Identity) -> bool {
        let mut around = self.above.iter().copied().chain(self.levels.iter().map(|level| level.identity));
        around.any(|one| one == identity)
    }
}

impl Reading {
    fn new(directory: File, identity: Identity, around: (usize, usize)) -> Reading {
        let directory = Directory::new(directory);
        Reading { directory, identity, scan: Scan::default(), taken: HashSet::new(), around }
    }

    /// Reads some names, or sorts some; all of them when that is done. It notes those that begin like the name of the
    /// file about what is missing.
    fn some(
        &mut self,
        hidden: bool,
        names: Names,
        mut alike: Option<&mut Vec<Vec<u8>>>,
    ) -> io::Result<Option<scandir::Names>> {
        self.scan.step(&mut self.directory, hidden, |name| {
            if names == Names::WithoutBackslash
                && let Some(text) = names.kept(name.bytes)
                && text.contains([char::REPLACEMENT_CHARACTER, '_'])
            {
                // Only those that hold what is put in a letter's place can be like one that is made.
                self.taken.insert(text.to_owned());
            }
            if let Some(alike) = &mut alike
                && name
                    .bytes
                    .get(..NAME.0.len())
                    .is_some_and(|start| start.eq_ignore_ascii_case(NAME.0.as_bytes()))
            {
                alike.push(name.bytes.to_ascii_lowercase());
            }
        })
    }
}

impl Names {
    /// A name as text, if the archive can hold it as it is.
    fn kept(self, name: &[u8]) -> Option<&str> {
        let is_for_it = |_: &&str| self == Names::All || !name.contains(&b'\\');
        std::str::from_utf8(name).ok().filter(is_for_it)
    }

    /// The name of a file in the archive: its own, or, if the archive cannot hold that, one that none of its neighbours
    /// has.
    fn in_archive<'a>(self, name: &'a [u8], taken: &mut HashSet<String>) -> Cow<'a, [u8]> {
        if self == Names::All || self.kept(name).is_some() {
            return Cow::Borrowed(name);
        }
        let text = String::from_utf8_lossy(name).replace('\\', "_");
        let numbered = (2..).map(|number| format!("{text} ({number})"));
        let free = std::iter::once(text.clone()).chain(numbered).find(|text| !taken.contains(text));
        let free = free.expect("numbers do not end");
        taken.insert(free.clone());
        Cow::Owned(free.into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::collation;

    #[test]
    fn names_that_an_archive_cannot_hold_get_others_that_nobody_has() {
        let names: [&[u8]; 7] =
            [b"a\xff", b"b", "a\u{fffd}".as_bytes(), b"a\xfe", b"a_b", b"a\\b", "a\\\u{fffd}".as_bytes()];
        let in_order = |form: Names| {
            let mut taken = HashSet::new();
            let mut sorted = names.map(|name| {
                let mut key = Vec::new();
                collation::push_key(name, &mut key);
                taken.extend(form.kept(name).map(str::to_owned));
                (key, name)
            });
            sorted.sort();
            sorted.map(|(_, name)| form.in_archive(name, &mut taken).into_owned())
        };
        let expected: [&[u8]; 7] = [
            "a_\u{fffd}".as_bytes(),
            b"a_b (2)",
            b"a_b",
            "a\u{fffd}".as_bytes(),
            "a\u{fffd} (2)".as_bytes(),
            "a\u{fffd} (3)".as_bytes(),
            b"b",
        ];
        assert_eq!(in_order(Names::WithoutBackslash), expected);
        let mut exact = names.map(<[u8]>::to_vec);
        let mut found = in_order(Names::All);
        exact.sort();
        found.sort();
        assert_eq!(found, exact);
    }
}
