//! A file's bytes, read before the answer begins: all of a small file, and enough of one whose length is a guess.
//!
//! ```text
//! /srv/a.txt          4 kB, and has room on a disk      it is as long as the file system says
//! /proc/cpuinfo       0 bytes, says the file system     read to its end it has 5 kB
//! /proc/kallsyms      0 bytes, says the file system     more than is kept in memory: sent until it ends
//! ```

use super::effort::{Effort, Takes};
use super::facts::Facts;
use super::root::OpenFile;
use super::versions::read_at;
use crate::base::platform::status;
use std::io;
use std::sync::Arc;

/// All bytes of a file; `None` if they cannot be read, are more or fewer than its length says, or change meanwhile.
pub(super) fn read(opened: &OpenFile) -> Option<Arc<[u8]>> {
    let mut bytes = vec![0; usize::try_from(opened.facts.length).ok()?];
    let count = read_at(&opened.file, &mut bytes, 0).ok()?;
    let facts_after = Facts::new(&status::of_open(&opened.file).ok()?);
    (count == bytes.len() && facts_after == opened.facts).then(|| bytes.into())
}

/// What was found of a file whose length may be a guess.
#[derive(Debug)]
pub(super) enum Found {
    /// It is as long as the file system says.
    AsSaid,
    /// All of it.
    All(Vec<u8>),
    /// It has more than is kept in memory, or cannot be read to its end: this is its beginning.
    More(Vec<u8>),
    /// To find out takes longer than that.
    Takes(Takes),
}

const PAGE: usize = 4096;

/// The most that is read before a head is written, in bytes.
const MOST_READ: usize = 1024 * 1024;

/// Reads a file that takes no room on a disk, as those of `/proc` and `/sys`, if it is not too long for that.
pub(super) fn read_to_find_out(opened: &OpenFile, effort: Effort) -> Found {
    let said = usize::try_from(opened.facts.length).unwrap_or(usize::MAX);
    if !opened.facts.is_without_blocks || said > MOST_READ {
        return Found::AsSaid;
    }
    // Most are short: a first read of a few pages gives all, and shows that an empty file is empty.
    let mut bytes = Vec::new();
    // (Some can be read only in whole pages.)
    for room in [said.next_multiple_of(PAGE) + 4 * PAGE, MOST_READ + PAGE] {
        let before = bytes.len();
        bytes.resize(room, 0);
        match read_at(&opened.file, &mut bytes[before..], before as u64) {
            Ok(count) => bytes.truncate(before + count),
            // It would block until there is more: what has come so far is all.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => bytes.truncate(before),
            // The client will see that the body does not come to its end.
            Err(_) if said == 0 => {
                bytes.truncate(before);
                return Found::More(bytes);
            }
            Err(_) => return Found::AsSaid,
        }
        if bytes.len() < room {
            return if bytes.len() == said { Found::AsSaid } else { Found::All(bytes) };
        }
        if effort == Effort::Brief {
            return Found::Takes(Takes { what: "reading what has no length".to_owned(), key: None });
        }
    }
    if said > 0 { Found::AsSaid } else { Found::More(bytes) }
}
