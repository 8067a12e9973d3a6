//! What is known about versions of files: what their first bytes say, the digest of all of them, and for which
//! version a date was sent.
//!
//! A *version* is a file as long as its [`Facts`] stay the same. The bytes of a [settled](Facts::is_settled) file
//! cannot change without its facts, so what was found out once is remembered:
//!
//! ```text
//! (device 1, inode 77)   length, times   it is UTF-8       its digest (--etag content)
//! ```
//!
//! And a date that was sent for two versions identifies neither. A program that replaces a file can give the new one
//! the date of the old (`cp -p`, `tar`, `touch -r`), and then a client that has only the date cannot know which
//! version it has. So the version for which a date was sent is remembered, by the name of the file:
//!
//! ```text
//! sent: /app.js, Sun, 06 Nov 1994 08:49:37 GMT        inode 77, changed at 12:00:01.4
//! sent: /app.js, the same date                        inode 78: from now on this date is no validator
//! ```
//!
//! All of it is kept in memory, within bounds. What is forgotten is found out again, and a date that is forgotten
//! counts as it does in other servers.

use super::facts::{Facts, Identity};
use super::media_type::{self, Content, Look};
use super::root::OpenFile;
use crate::base::platform::{open, process, status};
use blake2::digest::consts::U16;
use blake2::digest::{FixedOutput, Update};
use blake2::{Blake2b, Digest as _};
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

/// For how many files and for how many dates something is remembered.
const MAX_FILES: usize = 16 * 1024;
const MAX_DATES: usize = 64 * 1024;

/// How many young files that were sent are remembered.
const MAX_YOUNG: usize = 1024;

/// How many files may wait for their digests.
const MAX_WAITING: usize = 256;

/// How much of a large file is read at a time.
const PIECE: usize = 256 * 1024;

/// A digest of all bytes of a file: the same for the same bytes, and for no others (BLAKE2b, RFC 7693).
pub type Digest = [u8; 16];

/// What is known about versions.
#[derive(Debug, Default)]
pub struct Versions {
    files: Arc<RwLock<HashMap<Identity, Known>>>,
    /// The digests of young files that were sent.
    young: RwLock<HashMap<Identity, (Facts, Digest)>>,
    dates: RwLock<HashMap<u64, Told>>,
    /// Makes the keys of `dates`.
    hasher: RandomState,
    digesting: Digesting,
}

/// What is known about a file.
#[derive(Debug)]
struct Known {
    facts: Facts,
    look: Option<Look>,
    digest: Option<Digest>,
}

/// For which version a date was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// This version.
    Of(u64),
    /// Several versions.
    OfSeveral,
}

impl Versions {
    /// What a file is, by its name and its first bytes.
    pub fn content(&self, file: &OpenFile, name: &[u8]) -> Content {
        if !media_type::needs_a_look(name) {
            return media_type::of(name, Look::default());
        }
        let known = self.known(&file.facts, |known| known.look);
        let look = known.unwrap_or_else(|| {
            let look = look_at(file);
            self.note(&file.facts, |known| known.look = Some(look));
            look
        });
        media_type::of(name, look)
    }

    /// The digest of a file with these bytes.
    pub fn digest(&self, facts: &Facts, bytes: &[u8]) -> Digest {
        self.known(facts, |known| known.digest).unwrap_or_else(|| {
            let digest = digest_of(bytes);
            self.note(facts, |known| known.digest = Some(digest));
            digest
        })
    }

    /// Whether the digest of a file is known.
    pub fn has_digest(&self, facts: &Facts) -> bool {
        self.known(facts, |known| known.digest).is_some()
    }

    /// The digest of a file that is too large to be read now: `None` until a background thread has read it.
    pub fn digest_of_large(&self, file: &Arc<File>, facts: &Facts) -> Option<Digest> {
        let known = self.known(facts, |known| known.digest);
        if known.is_none() && facts.is_settled() {
            self.digesting.ask(&self.files, Arc::clone(file), facts.clone());
        }
        known
    }

    /// Notes with which digest a young file was sent.
    pub fn note_young(&self, facts: &Facts, digest: Digest) {
        let mut young = self.young.write().unwrap_or_else(PoisonError::into_inner);
        if young.len() >= MAX_YOUNG {
            young.clear();
        }
        young.insert(facts.identity, (facts.clone(), digest));
    }

    /// The digest with which a file with these facts was sent when it was young.
    pub fn young(&self, facts: &Facts) -> Option<Digest> {
        let young = self.young.read().unwrap_or_else(PoisonError::into_inner);
        young.get(&facts.identity).filter(|(known, _)| known == facts).map(|(_, digest)| *digest)
    }

    /// Notes that a date is about to be sent for this version of the file of this name.
    pub fn tell(&self, name: &[u8], date: u64, facts: &Facts) {
        let (key, version) = (self.key(name, date), self.version(facts));
        let told = self.dates.read().unwrap_or_else(PoisonError::into_inner).get(&key).copied();
        let now = match told {
            Some(Told::OfSeveral) => return,
            Some(Told::Of(known)) if known == version => return,
            Some(Told::Of(_)) => Told::OfSeveral,
            None => Told::Of(version),
        };
        let mut dates = self.dates.write().unwrap_or_else(PoisonError::into_inner);
        if dates.len() >= MAX_DATES {
            dates.clear();
        }
        dates.insert(key, now);
    }

    /// Whether a date was sent for another version than this one.
    pub fn date_named_another(&self, name: &[u8], date: u64, facts: &Facts) -> bool {
        let told = self.dates.read().unwrap_or_else(PoisonError::into_inner);
        told.get(&self.key(name, date)).is_some_and(|told| *told != Told::Of(self.version(facts)))
    }

    fn key(&self, name: &[u8], date: u64) -> u64 {
        self.hasher.hash_one((name, date))
    }

    fn version(&self, facts: &Facts) -> u64 {
        self.hasher.hash_one((facts.identity, facts.length, facts.modified, facts.changed))
    }

    fn known<T>(&self, facts: &Facts, what: impl FnOnce(&Known) -> Option<T>) -> Option<T> {
        let files = self.files.read().unwrap_or_else(PoisonError::into_inner);
        files.get(&facts.identity).filter(|known| known.facts == *facts).and_then(what)
    }

    fn note(&self, facts: &Facts, what: impl FnOnce(&mut Known)) {
        note(&self.files, facts, what);
    }
}

/// Notes something about a file, unless it is young.
fn note(files: &RwLock<HashMap<Identity, Known>>, facts: &Facts, what: impl FnOnce(&mut Known)) {
    if !facts.is_settled() {
        return;
    }
    let mut files = files.write().unwrap_or_else(PoisonError::into_inner);
    if files.len() >= MAX_FILES && !files.contains_key(&facts.identity) {
        files.clear();
    }
    let new = || Known { facts: facts.clone(), look: None, digest: None };
    let known = files.entry(facts.identity).or_insert_with(new);
    if known.facts != *facts {
        *known = new();
    }
    what(known);
}

/// What the first bytes of a file say.
fn look_at(file: &OpenFile) -> Look {
    let mut start =
        vec![0; usize::try_from(file.facts.length).unwrap_or(usize::MAX).min(media_type::MOST_LOOKED_AT)];
    // Bytes that cannot be read say nothing.
    let read = read_at(&file.file, &mut start, 0).unwrap_or(0);
    Look::at(&start[..read], read as u64 == file.facts.length)
}

/// Reads until the buffer is full or the file ends.
pub(super) fn read_at(file: &File, into: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut filled = 0;
    while filled < into.len() {
        match open::read_at(file, &mut into[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// The digest of these bytes.
pub(super) fn digest_of(bytes: &[u8]) -> Digest {
    Blake2b::<U16>::digest(bytes).into()
}

/// The background thread that reads large files for their digests, one after another. It starts when it is first
/// needed, and ends with the site.
#[derive(Debug, Default)]
struct Digesting {
    jobs: OnceLock<Option<SyncSender<Job>>>,
    /// The files that wait or are being read.
    waiting: Arc<Mutex<HashSet<Identity>>>,
}

type Job = (Arc<File>, Facts);

impl Digesting {
    fn ask(&self, files: &Arc<RwLock<HashMap<Identity, Known>>>, file: Arc<File>, facts: Facts) {
        let Some(jobs) = self.jobs.get_or_init(|| self.start(Arc::clone(files))) else { return };
        let lock = || self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let identity = facts.identity;
        if !lock().insert(identity) {
            return;
        }
        // If the queue is full, the next request for the file asks again.
        if let Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) = jobs.try_send((file, facts)) {
            lock().remove(&identity);
        }
    }

    fn start(&self, files: Arc<RwLock<HashMap<Identity, Known>>>) -> Option<SyncSender<Job>> {
        let (sender, jobs) = sync_channel::<Job>(MAX_WAITING);
        let waiting = Arc::clone(&self.waiting);
        let work = move || {
            process::let_others_go_first();
            for (file, facts) in jobs {
                if let Ok(digest) = digest_of_file(&file, &facts) {
                    note(&files, &facts, |known| known.digest = Some(digest));
                }
                waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&facts.identity);
            }
        };
        std::thread::Builder::new().name("digests".to_owned()).spawn(work).ok().map(|_| sender)
    }
}

/// The digest of a whole file; an error, too, if it is another version at the end.
fn digest_of_file(file: &File, facts: &Facts) -> io::Result<Digest> {
    let (mut digest, mut piece, mut offset) = (Blake2b::<U16>::default(), vec![0; PIECE], 0);
    loop {
        let count = read_at(file, &mut piece, offset)?;
        Update::update(&mut digest, &piece[..count]);
        offset += count as u64;
        if count < piece.len() {
            break;
        }
    }
    let is_the_same = offset == facts.length && Facts::new(&status::of_open(file)?) == *facts;
    if is_the_same { Ok(digest.finalize_fixed().into()) } else { Err(io::ErrorKind::InvalidData.into()) }
}
