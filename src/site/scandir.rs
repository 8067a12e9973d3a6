//! The names in a folder, in order: what `scandir(3)` does, a little at a time.
//!
//! ```text
//! Scan:   read some names ... sort some ... sort some ──▶ Names      each step within a fraction of a millisecond
//! Names:  0 "a.jpg" file   1 "b" folder   2 "c" link ...             in the order of `collation`
//! ```
//!
//! A folder tells, with each name, what it is: nothing need be looked at to know which names are folders, but for links
//! and on file systems that do not tell.

use super::collation;
use super::names::is_shown;
use super::runs::{Merge, Runs};
use crate::base::platform::directory::Directory;
use crate::base::platform::status::FileType;
use std::io;

/// How many bytes of names are read at a time, as the system gives them: two hundred of twenty letters.
const NAMES: usize = 8 * 1024;

/// How many names are put in their place in a step.
const STEP: usize = 256;

/// How many names are kept together.
pub const CHUNK: usize = 512;

/// Names that are being read and sorted.
#[derive(Debug)]
pub struct Scan {
    stage: Stage,
    names: Names,
}

#[derive(Debug)]
enum Stage {
    Reading(Runs),
    Sorting(Merge),
}

/// The names in a folder, in order.
#[derive(Debug, Default)]
pub struct Names {
    /// All but the last hold as many names as a chunk can.
    chunks: Vec<Chunk>,
    count: usize,
    size: usize,
    unsure: usize,
}

/// Some names, one behind the other.
#[derive(Debug, Default)]
struct Chunk {
    /// Before each name a byte that says what it is.
    bytes: Vec<u8>,
    /// Where each ends.
    ends: Vec<u32>,
    /// How many are, or may be, folders.
    folders: usize,
}

/// A name, and what it is, if the folder says so and it is no link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Name<'a> {
    /// The name.
    pub bytes: &'a [u8],
    /// What has it.
    pub is: Is,
}

/// What a folder says of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Is {
    /// It is a folder.
    Folder = 0,
    /// It is a file, or something else that is neither a folder nor a link.
    NoFolder = 1,
    /// It is a link, or the folder does not say what it is.
    Unsure = 2,
}

impl Name<'_> {
    /// Whether it is known to be that of a folder.
    pub fn is_folder(&self) -> bool {
        self.is == Is::Folder
    }
}

impl Is {
    fn of(file_type: Option<FileType>) -> Is {
        match file_type {
            Some(FileType::Directory) => Is::Folder,
            None | Some(FileType::Symlink) => Is::Unsure,
            Some(_) => Is::NoFolder,
        }
    }

    fn from_byte(byte: u8) -> Is {
        match byte {
            0 => Is::Folder,
            1 => Is::NoFolder,
            _ => Is::Unsure,
        }
    }
}

impl Default for Scan {
    fn default() -> Scan {
        Scan { stage: Stage::Reading(Runs::default()), names: Names::default() }
    }
}

impl Scan {
    /// Takes a step. `each` is told names when they are read, those that are not shown left out. The names, when all of
    /// them are in order.
    ///
    /// # Errors
    /// When the folder cannot be read further. What was read so far is sorted in the next steps.
    pub fn step(
        &mut self,
        directory: &mut Directory,
        hidden: bool,
        mut each: impl FnMut(Name<'_>),
    ) -> io::Result<Option<Names>> {
        match &mut self.stage {
            Stage::Reading(runs) => {
                let unsure = &mut self.names.unsure;
                let count = &mut self.names.count;
                let read = directory.read_some(NAMES, |bytes, file_type| {
                    if is_shown(bytes, hidden) {
                        let is = Is::of(file_type);
                        *unsure += usize::from(is == Is::Unsure);
                        *count += 1;
                        let item = |item: &mut Vec<u8>| item.extend(bytes.iter().chain(&[is as u8]));
                        runs.push(|key| collation::push_key(bytes, key), item);
                        each(Name { bytes, is });
                    }
                });
                if !matches!(read, Ok(true)) {
                    self.stage = Stage::Sorting(std::mem::take(runs).merge());
                }
                read?;
                Ok(None)
            }
            Stage::Sorting(sorted) => {
                let mut left = STEP;
                while left > 0 && sorted.next(|item| self.names.push(item)) {
                    left -= 1;
                }
                Ok(sorted.is_empty().then(|| std::mem::take(&mut self.names)))
            }
        }
    }

    /// Whether all names were read.
    pub fn has_read_all(&self) -> bool {
        matches!(self.stage, Stage::Sorting(_))
    }

    /// How many names were read so far, and how many of these have to be looked at to know what they are.
    pub fn count(&self) -> (usize, usize) {
        (self.names.count, self.names.unsure)
    }

    /// How many bytes of memory it will have taken at its end, by what was read so far.
    pub fn size(&self) -> usize {
        match &self.stage {
            // Each name twice: as it was read, with its key, and in its place.
            Stage::Reading(runs) => 2 * runs.size(),
            Stage::Sorting(_) => 0,
        }
    }
}

impl Names {
    fn push(&mut self, item: &[u8]) {
        let Some((&is, name)) = item.split_last() else { return };
        if self.chunks.last().is_none_or(|chunk| chunk.ends.len() == CHUNK) {
            self.chunks.push(Chunk::default());
        }
        let chunk = self.chunks.last_mut().expect("it was pushed");
        chunk.bytes.push(is);
        chunk.bytes.extend_from_slice(name);
        chunk.ends.push(u32::try_from(chunk.bytes.len()).expect("a chunk is small"));
        chunk.folders += usize::from(is != Is::NoFolder as u8);
        if chunk.ends.len() == CHUNK {
            chunk.bytes.shrink_to_fit();
        }
        self.size += 1 + name.len() + size_of::<u32>();
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// How many have to be looked at to know whether they are folders.
    pub fn unsure(&self) -> usize {
        self.unsure
    }

    /// About how many bytes of memory they take.
    pub fn size(&self) -> usize {
        self.size
    }

    /// One of them.
    pub fn get(&self, number: usize) -> Option<Name<'_>> {
        let (chunk, number) = (self.chunks.get(number / CHUNK)?, number % CHUNK);
        let end = *chunk.ends.get(number)? as usize;
        let start = if number == 0 { 0 } else { chunk.ends[number - 1] as usize };
        let (&is, bytes) = chunk.bytes[start..end].split_first()?;
        Some(Name { bytes, is: Is::from_byte(is) })
    }

    /// How many names beside this one, kept together with it, may be folders, itself counted; and how many there are.
    pub fn folders_near(&self, number: usize) -> (usize, usize) {
        self.chunks.get(number / CHUNK).map_or((0, 0), |chunk| (chunk.folders, chunk.ends.len()))
    }
}

#[cfg(test)]
mod tests {
    #![cfg(unix)]
    #![allow(clippy::mixed_attributes_style)]

    use super::*;
    use std::fs::File;
    use std::os::unix::fs::symlink;

    #[test]
    fn names_are_read_and_sorted_in_many_steps_and_say_what_they_are() {
        let folder = tempfile::tempdir().expect("a folder");
        for number in 0..3000 {
            std::fs::write(folder.path().join(format!("n{number}")), "").expect("written");
        }
        std::fs::create_dir(folder.path().join("A folder")).expect("made");
        symlink("n1", folder.path().join("z link")).expect("linked");
        std::fs::write(folder.path().join(".hidden"), "").expect("written");
        let mut directory = Directory::new(File::open(folder.path()).expect("it is there"));
        let (mut scan, mut steps, mut most, mut told) = (Scan::default(), 0, 0, 0);
        let names = loop {
            let before = told;
            let names = scan.step(&mut directory, false, |_| told += 1).expect("it can be read");
            steps += 1;
            most = most.max(told - before);
            if let Some(names) = names {
                break names;
            }
        };
        assert_eq!((names.len(), names.unsure(), told), (3002, 1, 3002));
        assert!(most <= NAMES / 24, "no entry takes less than 24 bytes: {most}");
        assert!(steps >= 3002_usize.div_ceil(most) + 3002_usize.div_ceil(STEP), "{steps}");
        let name = |number| {
            names.get(number).map(|name| (String::from_utf8_lossy(name.bytes).into_owned(), name.is))
        };
        assert_eq!(name(0), Some(("A folder".to_owned(), Is::Folder)));
        for number in 0..3000 {
            assert_eq!(name(number + 1), Some((format!("n{number}"), Is::NoFolder)));
        }
        assert_eq!(name(3001), Some(("z link".to_owned(), Is::Unsure)));
        assert_eq!(name(3002), None);
        assert_eq!([0, 600, 3001].map(|number| names.folders_near(number).0), [1, 0, 1]);
    }
}
