//! The entries of a listing in its order, one after the other.
//!
//! ```text
//! by name          names ──▶ folders; then again ──▶ all others      each entry is looked at when its row is made
//! by size or time  names ──▶ each entry is looked at ──▶ sorted      nobody knows the first row before the last entry
//! ```

use super::entry::{Entry, Kind};
use super::known::Listed;
use super::read::Folder;
use crate::site::runs::{Merge, Runs};
use crate::site::scandir::{CHUNK, Is};
use std::sync::Arc;

/// What it takes to make a row, in what it takes to pass by a name, and for how many bytes of its name it takes one more.
pub(super) const COST_OF_ROW: usize = 16;
const LETTERS: usize = 4;

/// The same for a link, which is followed.
const COST_OF_LINK: usize = 8 * COST_OF_ROW;

/// Entries in the order of their names, folders first.
#[derive(Debug)]
pub(super) struct ByName {
    listed: Arc<Listed>,
    descending: bool,
    /// How many names are passed, in the present round.
    passed: usize,
    /// Whether this is the round of those that are no folders.
    are_others: bool,
    /// What was found out in the first round about links, and what the folder does not say what it is, without names.
    found: Vec<Option<Entry<'static>>>,
    /// How many of those are passed in the second.
    found_passed: usize,
}

/// Entries that are being looked at, to be put in another order.
#[derive(Debug)]
pub(super) struct Gathering {
    listed: Arc<Listed>,
    next: usize,
    runs: Runs,
}

/// Entries in another order.
#[derive(Debug)]
pub(super) struct Sorted {
    listed: Arc<Listed>,
    merge: Merge,
}

impl ByName {
    pub(super) fn new(listed: Arc<Listed>, descending: bool) -> ByName {
        ByName { listed, descending, passed: 0, are_others: false, found: Vec::new(), found_passed: 0 }
    }

    /// How many bytes of memory it takes.
    pub(super) fn size(&self) -> usize {
        size_of_val(&*self.found)
    }

    /// Does work of this cost, or a little more, and gives the entries that it comes by to `row`. Whether there are more.
    pub(super) fn some(&mut self, folder: &Folder, cost: usize, row: &mut dyn FnMut(&Entry<'_>)) -> bool {
        let (listed, mut work) = (Arc::clone(&self.listed), 0);
        let count = listed.names.len();
        while work < cost {
            if self.passed == count {
                if std::mem::replace(&mut self.are_others, true) {
                    return false;
                }
                self.passed = 0;
            }
            let number = if self.descending { count.wrapping_sub(1 + self.passed) } else { self.passed };
            let Some(name) = listed.names.get(number) else { return false };
            work += 1;
            if self.passes_many(number) {
                continue;
            }
            self.passed += 1;
            let entry = match (name.is, self.are_others) {
                (Is::Folder, true) | (Is::NoFolder, false) => continue,
                (Is::Folder, false) | (Is::NoFolder, true) => folder.describe(name),
                // Only who looks at it knows whether it is a folder.
                (Is::Unsure, false) => {
                    work += COST_OF_LINK;
                    let entry = folder.describe(name);
                    self.found.push(entry.map(|entry| Entry { name: b"", ..entry }));
                    entry.filter(|entry| entry.kind == Kind::Directory)
                }
                // They come in the same order.
                (Is::Unsure, true) => {
                    let entry = self.found.get(self.found_passed).copied().flatten();
                    self.found_passed += 1;
                    let entry = entry.filter(|entry| entry.kind != Kind::Directory);
                    entry.map(|entry| Entry { name: name.bytes, ..entry })
                }
            };
            if let Some(entry) = entry {
                work += COST_OF_ROW + entry.name.len() / LETTERS;
                row(&entry);
            }
        }
        true
    }

    /// Passes all names that are kept together, if this is the first of them, and folders are wanted, and none of them
    /// can be one.
    fn passes_many(&mut self, number: usize) -> bool {
        let (folders, all) = self.listed.names.folders_near(number);
        let is_first = if self.descending { number % CHUNK == all - 1 } else { number.is_multiple_of(CHUNK) };
        let none_is_due = !self.are_others && folders == 0;
        if is_first && none_is_due {
            self.passed += all;
        }
        is_first && none_is_due
    }
}

impl Gathering {
    pub(super) fn new(listed: Arc<Listed>) -> Gathering {
        Gathering { listed, next: 0, runs: Runs::default() }
    }

    /// Looks at some entries, for about this cost, and gives them to `see`. Whether there are more.
    pub(super) fn some(&mut self, folder: &Folder, cost: usize, see: &mut dyn FnMut(&Entry<'_>)) -> bool {
        let mut work = 0;
        while work < cost {
            let Some(name) = self.listed.names.get(self.next) else { return false };
            let number = self.next as u64;
            self.next += 1;
            work += if name.is == Is::Unsure { COST_OF_LINK } else { COST_OF_ROW };
            if let Some(entry) = folder.describe(name) {
                see(&entry);
                let key = |key: &mut Vec<u8>| folder.order.push_key(&entry, number, key);
                self.runs.push(key, |item| push(&entry, number, item));
            }
        }
        true
    }

    /// How many bytes of memory it takes.
    pub(super) fn size(&self) -> usize {
        self.runs.size()
    }

    /// All of them in order.
    pub(super) fn sorted(&mut self) -> Sorted {
        Sorted { listed: Arc::clone(&self.listed), merge: std::mem::take(&mut self.runs).merge() }
    }
}

impl Sorted {
    /// Gives as many entries to `row` as this cost permits. Whether there are more.
    pub(super) fn some(&mut self, cost: usize, row: &mut dyn FnMut(&Entry<'_>)) -> bool {
        let Sorted { listed, merge } = self;
        let mut work = 0;
        while work < cost {
            let mut give = |item: &[u8]| {
                if let Some(entry) = entry(listed, item) {
                    work += COST_OF_ROW + entry.name.len() / LETTERS;
                    row(&entry);
                }
            };
            if !merge.next(&mut give) {
                return false;
            }
        }
        true
    }
}

/// What is kept of an entry while it is sorted: the number of its name, and what it is.
fn push(entry: &Entry<'_>, number: u64, item: &mut Vec<u8>) {
    for field in [number, entry.size, entry.modified.cast_unsigned()] {
        item.extend(field.to_le_bytes());
    }
    item.extend([u8::from(entry.is_link), entry.kind as u8]);
}

/// The entry of which that was kept.
fn entry<'a>(listed: &'a Listed, item: &[u8]) -> Option<Entry<'a>> {
    let field = |at: usize| Some(u64::from_le_bytes(item.get(8 * at..8 * at + 8)?.try_into().ok()?));
    let name = listed.names.get(usize::try_from(field(0)?).ok()?)?;
    const KINDS: [Kind; 3] = [Kind::Directory, Kind::File, Kind::Other];
    let kind = KINDS.into_iter().find(|&kind| Some(&(kind as u8)) == item.last())?;
    let is_link = item.get(item.len().checked_sub(2)?) == Some(&1);
    Some(Entry { name: name.bytes, kind, is_link, size: field(1)?, modified: field(2)?.cast_signed() })
}
