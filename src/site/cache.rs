//! Small files that were served before, kept in memory, and never served stale.
//!
//! Opening a file, asking for its length, reading and closing it takes six system calls. Asking whether it is still the
//! same takes one for each part of its path, and answers for all requests that are waiting at that moment. So a file is
//! kept with what identifies its content (device, inode, length, times of change), and an entry is used only if it was
//! found to be still true **after the request had arrived**:
//!
//! ```text
//! requests arrive      A B C
//! check                      ✓ at this moment the file is what the cache has
//! answers                      A B C     all three may use it: each came before the check
//! request arrives                    D   needs another check
//! ```
//!
//! No answer is older than its request, just as if each request had opened the file.
//!
//! The plain case is [`Cache::get`] for an entry that was checked already: a lookup and two comparisons.
//!
//! With content codings an answer can rest on more than its file: on a compressed file beside it, or on there being
//! none. Then all of it is checked, and there is an entry for each coding
//! ([`Wanted::key`](super::coding::Wanted::key)).
//!
//! A file that could change without a trace is not kept: one that changed just now may change again within the same
//! step of its file system's clock ([`Facts::is_settled`]). (One way remains that no server can see that goes by
//! times: a program that has mapped the file into its memory and writes there.)

use super::facts::Facts;
use super::representation::Representation;
use super::root::{Root, Trail};
use crate::base::trace;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Instant;

/// The largest file that is kept, in bytes. For a larger one, sending it takes far longer than opening it.
pub const MAX_FILE: u64 = 512 * 1024;

/// How much memory an entry takes beside the file and its names, roughly.
const OVERHEAD: usize = 512;

/// Representations of files, by the path and the codings of a request.
#[derive(Debug)]
pub struct Cache {
    /// In bytes.
    capacity: usize,
    size: AtomicUsize,
    entries: RwLock<HashMap<Box<[u8]>, Arc<Entry>>>,
    /// Times are counted from here.
    start: Instant,
    /// How often it was of use, if that is counted.
    counts: Option<Box<Counts>>,
}

/// Hits and misses. All workers share the two numbers, as they share the lock on the entries, which they take as often.
#[derive(Debug, Default)]
struct Counts {
    hits: AtomicU64,
    misses: AtomicU64,
}

/// The figures of a cache. Hits and misses are counted from its beginning, and only if that was asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// How often it had what it was asked for.
    pub hits: u64,
    /// How often it had not.
    pub misses: u64,
    /// How many entries it has.
    pub entries: usize,
    /// How many bytes they take, roughly.
    pub bytes: usize,
    /// How many bytes they may take.
    pub capacity: usize,
}

/// What must still be true for an answer to be given again.
#[derive(Debug)]
pub struct Grounds {
    /// The path of the file that the target names.
    pub trail: Trail,
    /// What was true of it when it was opened.
    pub facts: Facts,
    /// The paths of other files on which the selection rests, with what was true of them; `None` if nothing was there.
    pub others: Vec<(Trail, Option<Facts>)>,
}

impl Grounds {
    /// Those of an answer that rests on one file alone.
    pub fn of(trail: Trail, facts: Facts) -> Grounds {
        Grounds { trail, facts, others: Vec::new() }
    }

    fn still_hold(&self, root: &Root) -> bool {
        root.still_leads_to(&self.trail, &self.facts)
            && self.others.iter().all(|(trail, facts)| match facts {
                Some(facts) => root.still_leads_to(trail, facts),
                None => root.is_nothing_at(trail),
            })
    }
}

#[derive(Debug)]
struct Entry {
    representation: Arc<Representation>,
    grounds: Grounds,
    size: usize,
    /// It was found to be true after this time, in nanoseconds since the cache's start.
    checked: AtomicU64,
    /// Whether it was used since entries were last evicted.
    used: AtomicBool,
}

impl Cache {
    /// An empty cache of this many bytes; 0 keeps nothing.
    pub fn new(capacity: usize) -> Cache {
        let (size, entries) = (AtomicUsize::new(0), RwLock::default());
        Cache { capacity, size, entries, start: Instant::now(), counts: None }
    }

    /// The same, which counts hits and misses.
    #[must_use]
    pub fn counting(self) -> Cache {
        Cache { counts: Some(Box::default()), ..self }
    }

    /// Its figures now.
    pub fn figures(&self) -> Figures {
        let counts = self
            .counts
            .as_ref()
            .map(|counts| (counts.hits.load(Ordering::Relaxed), counts.misses.load(Ordering::Relaxed)));
        let (hits, misses) = counts.unwrap_or_default();
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner).len();
        Figures { hits, misses, entries, bytes: self.size.load(Ordering::Relaxed), capacity: self.capacity }
    }

    /// The representation under this key, if it is known and still true for a request that had arrived at that time.
    pub fn get(&self, path: &[u8], arrived: Instant, root: &Root) -> Option<Arc<Representation>> {
        let found = self.find(path, arrived, root);
        if let Some(counts) = &self.counts {
            let count = if found.is_some() { &counts.hits } else { &counts.misses };
            count.fetch_add(1, Ordering::Relaxed);
        }
        found
    }

    fn find(&self, path: &[u8], arrived: Instant, root: &Root) -> Option<Arc<Representation>> {
        let entry = {
            let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(entries.get(path)?)
        };
        let arrived = self.nanoseconds(arrived);
        let is_unchecked = entry.checked.load(Ordering::Acquire) < arrived;
        if is_unchecked {
            if !entry.grounds.still_hold(root) {
                self.remove(path);
                trace::decision("cache", None, || {
                    ("changed", "in memory, but it has changed on disk: read it anew".to_owned())
                });
                return None;
            }
            // It is true of a moment after this request's arrival, and so of all that arrived before that, too.
            entry.checked.fetch_max(arrived, Ordering::AcqRel);
        }
        trace::decision("cache", None, || {
            let when = if is_unchecked { "just now" } else { "by another request, after this one had come" };
            ("hit", format!("in memory, and found unchanged on disk {when}: no need to open it"))
        });
        // A write only where it changes something: otherwise the processors would take the cache line from each other.
        if !entry.used.load(Ordering::Relaxed) {
            entry.used.store(true, Ordering::Relaxed);
        }
        Some(Arc::clone(&entry.representation))
    }

    /// Whether a file like this would be kept.
    pub fn would_keep(&self, facts: &Facts) -> bool {
        self.capacity > 0 && facts.length <= MAX_FILE && facts.is_settled()
    }

    /// Keeps a file's representation, which must be in memory, under this key.
    pub fn keep(&self, path: &[u8], grounds: Grounds, representation: Arc<Representation>) {
        // Each trail holds the path about twice more.
        let names = (1 + 2 * (1 + grounds.others.len())) * path.len();
        let size = usize::try_from(representation.length()).unwrap_or(usize::MAX) + names + OVERHEAD;
        if size > self.capacity {
            return;
        }
        let entry = Entry {
            representation,
            grounds,
            size,
            // Not checked since any request arrived: the next one does that.
            checked: AtomicU64::new(0),
            used: AtomicBool::new(false),
        };
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        let before = entries.insert(path.into(), Arc::new(entry)).map_or(0, |entry| entry.size);
        let mut total = self.size.load(Ordering::Relaxed) + size - before;
        // Second chance: entries that were not used since the last time go first. If that is not enough, a second round
        // finds all of them unused.
        while total > self.capacity {
            entries.retain(|_, entry| {
                let stays = total <= self.capacity || entry.used.swap(false, Ordering::Relaxed);
                if !stays {
                    total -= entry.size;
                }
                stays
            });
        }
        self.size.store(total, Ordering::Relaxed);
    }

    fn remove(&self, path: &[u8]) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = entries.remove(path) {
            self.size.fetch_sub(entry.size, Ordering::Relaxed);
        }
    }

    fn nanoseconds(&self, time: Instant) -> u64 {
        u64::try_from(time.saturating_duration_since(self.start).as_nanos()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests;
