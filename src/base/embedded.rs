//! Files that are in the program itself: its source, and the course. `build.rs` packs them.
//!
//! ```text
//! Block { contents: "1079 www/404.html\n451 www/crlf.svg\n...", deflated: ... }
//!
//! SOURCE.find("src/lib.rs")    the block whose contents name it is unpacked: the file is a piece of what comes out
//! COURSE.for_each(..)          block after block
//! ```
//!
//! Nothing that was unpacked is kept. To unpack a block takes less than a millisecond, and some 128 kB of memory until
//! the file has been taken out of it.

use std::io::Read;
use std::ops::Range;

/// The source of the program, the stages of the course, and other files that the course names. A file that was not
/// there when the program was built is not in here: the package that one builds from has no tests.
pub const SOURCE: Files = Files(&include!(concat!(env!("OUT_DIR"), "/source.rs")));

/// What is in `www/`.
pub const COURSE: Files = Files(&include!(concat!(env!("OUT_DIR"), "/course.rs")));

/// Some files.
#[derive(Debug, Clone, Copy)]
pub struct Files(&'static [Block]);

/// A few of them, which are packed together.
#[derive(Debug)]
struct Block {
    /// A line for each file: its length, and its path in the repository.
    contents: &'static str,
    /// The files, one behind the other, as RFC 1951 packs bytes.
    deflated: &'static [u8],
}

impl Files {
    /// A file, by its path in the repository.
    pub fn find(self, path: &str) -> Option<Vec<u8>> {
        self.0.iter().find_map(|block| {
            let (_, place) = block.places().find(|(name, _)| *name == path)?;
            Some(block.unpack()[place].to_vec())
        })
    }

    /// The paths of all files, in their order.
    pub fn paths(self) -> impl Iterator<Item = &'static str> {
        self.0.iter().flat_map(Block::places).map(|(path, _)| path)
    }

    /// Gives each file, with its path, until one leads to an error.
    ///
    /// # Errors
    /// That of `act`.
    pub fn for_each<E>(self, mut act: impl FnMut(&str, &[u8]) -> Result<(), E>) -> Result<(), E> {
        for block in self.0 {
            let bytes = block.unpack();
            block.places().try_for_each(|(path, place)| act(path, &bytes[place]))?;
        }
        Ok(())
    }
}

impl Block {
    /// The path of each file, and where it is in what is unpacked.
    fn places(&self) -> impl Iterator<Item = (&'static str, Range<usize>)> + use<> {
        let mut end = 0;
        self.contents.lines().map(move |line| {
            let (length, path) = line.split_once(' ').expect("build.rs wrote it");
            let start = end;
            end += length.parse::<usize>().expect("build.rs wrote it");
            (path, start..end)
        })
    }

    fn unpack(&self) -> Vec<u8> {
        let length = self.places().last().map_or(0, |(_, place)| place.end);
        let mut bytes = Vec::with_capacity(length);
        flate2::read::DeflateDecoder::new(self.deflated).read_to_end(&mut bytes).expect("build.rs packed it");
        assert_eq!(bytes.len(), length, "build.rs packed it");
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::{Path, PathBuf};

    /// The files of this kind in a folder and all below it, but not what a reader writes for an exercise.
    fn files_below(folder: &str, ending: &str) -> Vec<String> {
        let mut folders = vec![PathBuf::from(folder)];
        let mut found = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("it can be read") {
                let path = entry.expect("it can be read").path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|found| found == ending) {
                    found.push(path.to_str().expect("ASCII").replace(std::path::MAIN_SEPARATOR, "/"));
                }
            }
        }
        found.retain(|path| !path.starts_with("examples/exercise_"));
        found
    }

    /// Those of these files that are not in the program as they are on the disk.
    fn missing(paths: &[String]) -> Vec<&str> {
        let is_missing = |path: &&String| SOURCE.find(path) != Some(fs::read(path).expect("readable"));
        paths.iter().filter(is_missing).map(String::as_str).collect()
    }

    #[test]
    fn every_file_that_is_compiled_and_every_stage_is_in_the_program() {
        let mut paths = files_below("src", "rs");
        paths.retain(|path| !path.ends_with("/tests.rs"));
        paths.extend(files_below("examples", "rs"));
        assert!(paths.len() > 200, "{paths:?}");
        assert_eq!(missing(&paths), [""; 0]);
    }

    #[test]
    fn every_file_that_the_guide_names_is_in_the_program() {
        let mut named = Vec::new();
        for page in files_below("www", "html") {
            let page = fs::read_to_string(page).expect("readable");
            let rests = page.split("<code class=\"file\">").skip(1);
            named.extend(rests.map(|rest| rest.split_once("</code>").expect("it ends").0.to_owned()));
        }
        // Folders are named, too, and what the reader is to write.
        named.retain(|name| Path::new(name).is_file() && !name.starts_with("examples/exercise_"));
        assert!(named.len() > 50, "{named:?}");
        assert_eq!(missing(&named), [""; 0]);
    }

    #[test]
    fn each_file_is_in_there_once_and_the_blocks_are_small() {
        for files in [SOURCE, COURSE] {
            let paths: Vec<_> = files.paths().collect();
            assert!(paths.is_sorted_by(|one, other| one < other), "{paths:?}");
            let mut count = 0;
            let counted: Result<(), ()> = files.for_each(|path, bytes| {
                assert_eq!((path, Some(bytes)), (paths[count], files.find(path).as_deref()));
                count += 1;
                Ok(())
            });
            assert_eq!((counted, count), (Ok(()), paths.len()));
            assert!(files.0.iter().all(|block| block.unpack().len() < 300_000));
        }
    }

    #[test]
    fn what_is_not_in_there_is_not_found() {
        for path in [
            "",
            "src",
            "src/",
            "Cargo.toml",
            "../Cargo.toml",
            "src/site/tests.rs",
            "src/lib.rs\n",
            "/src/lib.rs",
        ] {
            assert_eq!(SOURCE.find(path), None, "{path}");
        }
    }
}
