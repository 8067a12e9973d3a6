//! A listing that is made a little at a time.
//!
//! ```text
//! Gathering: some names, what they are, their order ... ──▶ Sending: some rows, some rows, ... ──▶ Over
//!     one of a few places, and memory as it grows               the place, as long as it is made use of
//! ```
//!
//! Of a directory with few entries all of it is done at once. For many that would take so long that the
//! worker's other clients notice, so each step is short, and others have their turns between two of them.
//! Who finds all places taken waits ([`super::places`]).

use super::places::{Place, Places};
use super::{Entry, Folder, Form, Kind, Listings, Row, Totals, describe, people};
use crate::answer::{Next, Stream};
use crate::base::budget::Share;
use crate::base::trace;
use crate::site::collation::Key;
use crate::site::readme;
use crate::site::root::is_shown;
use crate::site::runs::{Merge, Runs};
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Up to so many entries are listed at once, with a Content-Length.
pub(super) const FEW: usize = 100;

/// How much is done in a step: entries looked at, and rows made. Each takes about a microsecond, a link
/// some more.
pub(super) const STEP: usize = 128;
const COST_OF_LINK: usize = 8;

/// The names that are read at a time, as the system gives them, in bytes.
const NAMES: usize = 8 * 1024;

/// How long it waits until it looks again whether there is a place for it, or memory.
const PAUSE: Duration = Duration::from_millis(50);

/// How often it asks for memory, in vain, before it gives up: half a minute.
const MAX_WAITS: u32 = 600;

/// A listing under way.
#[derive(Debug)]
pub(super) struct Making {
    folder: Folder,
    form: Box<dyn Form>,
    totals: Totals,
    stage: Stage,
    /// One of the places of [`Listings`], once it has begun.
    places: Arc<Places>,
    place: Option<Place>,
    memory: Share,
    waits: u32,
    /// While it waits: when to look again. What it waits for also becomes free by time alone.
    look_again: Option<Instant>,
    /// The server is about to stop.
    is_stopping: bool,
}

#[derive(Debug)]
enum Stage {
    Gathering { names: VecDeque<Box<[u8]>>, are_all_read: bool, rows: Runs<Row> },
    Sending { rows: Merge<Row>, has_begun: bool },
    Over,
}

/// What became of a step of gathering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gathered {
    Some,
    All,
    /// There is no memory for more.
    NoRoom,
}

impl Making {
    pub(super) fn new(folder: Folder, form: Box<dyn Form>, listings: &Listings) -> Making {
        Making {
            folder,
            form,
            totals: Totals::default(),
            stage: Stage::Gathering { names: VecDeque::new(), are_all_read: false, rows: Runs::default() },
            places: Arc::clone(&listings.places),
            place: None,
            memory: listings.memory.take(0).expect("nothing is always left"),
            waits: 0,
            look_again: None,
            is_stopping: false,
        }
    }

    /// Whether there are so few entries that they are listed at once. To see that it reads their names, but
    /// not many more.
    pub(super) fn is_small(&mut self) -> io::Result<bool> {
        let Stage::Gathering { names, are_all_read, .. } = &mut self.stage else { return Ok(false) };
        while !*are_all_read && names.len() <= FEW {
            *are_all_read = !self.folder.read_some(names)?;
        }
        Ok(names.len() <= FEW)
    }

    /// Gathers all entries at once; how many there are.
    pub(super) fn gather(&mut self) -> io::Result<usize> {
        while self.gather_some()? == Gathered::Some {}
        Ok(self.totals.entries)
    }

    /// All of the text, once all entries are there.
    pub(super) fn text(&mut self) -> String {
        let mut text = String::new();
        while let Some(some) = self.some_text() {
            text.push_str(&some);
        }
        text
    }

    /// Reads some names, or looks at some entries.
    fn gather_some(&mut self) -> io::Result<Gathered> {
        let Stage::Gathering { names, are_all_read, rows } = &mut self.stage else {
            return Ok(Gathered::All);
        };
        if names.is_empty() && !*are_all_read {
            *are_all_read = !self.folder.read_some(names)?;
            return Ok(Gathered::Some);
        }
        let mut work = 0;
        while work < STEP {
            let Some(name) = names.front() else { break };
            let Folder { root, directory, path, order, .. } = &self.folder;
            let key = Key::of(name);
            // What it takes to keep both beside the row itself, as memory is given out.
            if !self.memory.grow(size_of::<Row>() + name.len() + key.size() + 32) {
                return Ok(Gathered::NoRoom);
            }
            let entry = describe(root, directory, path, name);
            self.totals.count(&entry);
            work += if entry.is_link { COST_OF_LINK } else { 1 };
            rows.push(Row { order: *order, key, entry });
            names.pop_front();
        }
        if !names.is_empty() || !*are_all_read {
            return Ok(Gathered::Some);
        }
        self.stage = Stage::Sending { rows: std::mem::take(rows).merge(), has_begun: false };
        Ok(Gathered::All)
    }

    /// Makes some of the text; `None` when all of it was made.
    fn some_text(&mut self) -> Option<String> {
        let Stage::Sending { rows, has_begun } = &mut self.stage else { return None };
        let mut page = String::new();
        if !std::mem::replace(has_begun, true) {
            self.form.begin(&self.folder, &self.totals, &mut page);
        }
        for row in rows.take(STEP) {
            self.form.entry(&row.entry, &mut page);
        }
        if rows.is_empty() {
            // In one piece with nothing cut in two: the script for live reload looks for a place in it.
            self.form.end(&mut page);
            self.stage = Stage::Over;
        }
        Some(page)
    }

    /// A step of the way.
    fn step(&mut self) -> Next {
        if let Stage::Over = self.stage {
            self.place = None;
            return Next::End;
        }
        let now = Instant::now();
        match &self.place {
            Some(place) => place.is_asked(now),
            None => self.place = self.places.take(now),
        }
        if self.place.is_none() {
            // Who only waits has nothing to lose but time, and there is none left.
            return if self.is_stopping { Next::Broken } else { Next::NotYet };
        }
        match self.stage {
            Stage::Gathering { .. } => match self.gather_some() {
                Ok(Gathered::Some | Gathered::All) => {
                    self.waits = 0;
                    Next::Busy
                }
                Ok(Gathered::NoRoom) if self.waits < MAX_WAITS && !self.is_stopping => {
                    self.waits += 1;
                    Next::NotYet
                }
                Ok(Gathered::NoRoom) | Err(_) => Next::Broken,
            },
            Stage::Sending { .. } => match self.some_text() {
                Some(text) if text.is_empty() => Next::Busy,
                Some(text) => Next::Piece(text.into_bytes()),
                None => Next::End,
            },
            Stage::Over => Next::End,
        }
    }
}

impl Stream for Making {
    fn next(&mut self) -> Next {
        // A step for each entry would be a long story.
        let next = trace::silently(|| self.step());
        self.look_again = (next == Next::NotYet).then(|| Instant::now() + PAUSE);
        next
    }

    fn wake_at(&self) -> Option<Instant> {
        self.look_again
    }

    fn stop(&mut self) {
        self.is_stopping = true;
    }
}

impl Folder {
    /// Reads as many names as the system gives at once; whether there may be more.
    fn read_some(&mut self, names: &mut VecDeque<Box<[u8]>>) -> io::Result<bool> {
        self.directory.read_some(NAMES, |name, _| {
            if is_shown(name, self.hidden) {
                names.push_back(name.into());
            }
        })
    }
}

impl Totals {
    fn count(&mut self, entry: &Entry) {
        self.entries += 1;
        match entry.kind {
            Kind::Directory => self.folders += 1,
            Kind::File => {
                self.files += 1;
                self.size = self.size.saturating_add(entry.size);
                self.has_pictures |= people::is_picture(entry);
                if readme::is_one(&entry.name) {
                    self.readmes.push(entry.name.clone());
                }
            }
            Kind::Other => {}
        }
    }
}
