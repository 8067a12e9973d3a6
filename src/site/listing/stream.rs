//! A listing that is made a little at a time.
//!
//! ```text
//! Scanning: names, in order ──▶ Rows: some rows, some rows, ... ──▶ Over           by name
//!                           ──▶ Gathering: what they are ──▶ Rows: ... ──▶ Over    by size or time
//!                                                Rows: ... ──▶ Rest, Elsewhere ──▶ Over    with a long README
//! ```
//!
//! The plain case is a directory with few entries: all of it is done at once. With many entries that would take so
//! long that the worker's other clients notice. So each step is short, and other connections have their turns between
//! two steps. By name, an entry is looked at when its row is made, so that the first rows leave before the last are
//! known. The names of a folder that has not changed since they were read are known ([`super::known`]).
//!
//! A listing that finds all places taken waits ([`super::waiting`]).

use super::entry::{Entry, is_name_of_picture};
use super::known::{Known, Listed};
use super::order::Column;
use super::read::{Folder, Outline, Totals};
use super::rows::{ByName, COST_OF_ROW, Gathering, Sorted};
use super::waiting::Waiting;
use super::{Form, Listings, Rest};
use crate::answer::{Next, Stream};
use crate::base::helpers::{Helpers, Kind, Outcome, Owner};
use crate::base::platform::file_system;
use crate::base::trace;
use crate::site::facts::Facts;
use crate::site::scandir::Scan;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Instant;

/// How many entries are listed at once, with a Content-Length. One that has to be followed counts as several.
pub(super) const FEW: usize = 100;
const LINK: usize = 7;

/// How much work is done in a step: at most so many rows are made, which take about a microsecond each; of long names,
/// fewer.
pub(super) const STEP: usize = 128 * COST_OF_ROW;

/// About how many bytes of text that is.
const TEXT: usize = 16 * 1024;

/// A listing that is being made.
pub(super) struct Gradual {
    folder: Folder,
    form: Box<dyn Form>,
    totals: Totals,
    stage: Stage,
    known: Arc<Known>,
    /// Its place, and the memory that it takes beside its names.
    waiting: Waiting,
    helpers: Option<Arc<Helpers>>,
    /// For whom it is made, and what wakes its connection.
    owner: Owner,
    waker: Waker,
}

enum Stage {
    Scanning {
        scan: Scan,
        has_pictures: bool,
        /// What was true of the folder before its names were read, if they may be kept.
        before: Option<Facts>,
    },
    /// The names are there, and nothing else has begun.
    Named(Arc<Listed>),
    Gathering(Gathering),
    Rows(Rows),
    /// Only the end is missing, and takes longer than a worker may.
    Rest(Rest),
    /// A helper makes it.
    Elsewhere(Outcome<String>),
    Over,
}

enum Rows {
    ByName(ByName),
    Sorted(Sorted),
}

impl Gradual {
    pub(super) fn new(
        folder: Folder,
        form: Box<dyn Form>,
        listings: &Listings,
        helpers: Option<Arc<Helpers>>,
    ) -> Gradual {
        let scan = Scan::default();
        let mut listing = Gradual {
            folder,
            form,
            totals: Totals::default(),
            stage: Stage::Scanning { scan, has_pictures: false, before: None },
            known: Arc::clone(&listings.known),
            waiting: Waiting::new(&listings.places, &listings.memory),
            helpers,
            owner: None,
            waker: Waker::noop().clone(),
        };
        let facts = listing.folder.facts().ok();
        listing.folder.state = facts.as_ref().map(|facts| facts.modified);
        let facts = facts.filter(|facts| !listing.find_known(facts) && facts.is_settled());
        if let Stage::Scanning { before, .. } = &mut listing.stage {
            *before = facts;
        }
        listing
    }

    /// Takes the names of the folder that has these facts now, if they are known.
    fn find_known(&mut self, facts: &Facts) -> bool {
        let listed = self.known.get(facts);
        let is_known = listed.is_some();
        if let Some(listed) = listed {
            self.stage = Stage::Named(listed);
        }
        is_known
    }

    /// The same with what is true of the folder now. What it has read itself is not needed then.
    fn find_known_now(&mut self) -> bool {
        let is_known = self.folder.facts().is_ok_and(|facts| self.find_known(&facts));
        if is_known {
            self.waiting.give_memory();
        }
        is_known
    }

    /// Whether the names were known when it began.
    pub(super) fn are_names_known(&self) -> bool {
        matches!(self.stage, Stage::Named(_))
    }

    /// Whether there are so few entries that they are listed at once. To find out it reads their names, but not many
    /// more.
    pub(super) fn is_small(&mut self) -> io::Result<bool> {
        loop {
            let ((count, unsure), is_all) = match &self.stage {
                Stage::Scanning { scan, .. } => (scan.count(), scan.has_read_all()),
                Stage::Named(listed) => ((listed.names.len(), listed.names.unsure()), true),
                _ => return Ok(false),
            };
            let cost = count + LINK * unsure;
            if is_all || cost > FEW {
                return Ok(cost <= FEW);
            }
            self.scan()?;
        }
    }

    /// All of the text at once, and how many entries there are; `None` if that takes longer than a worker may, and it
    /// may not.
    pub(super) fn text(&mut self, may_take_long: bool) -> io::Result<Option<(String, usize)>> {
        let (mut text, mut count) = (String::new(), 0);
        loop {
            match &self.stage {
                Stage::Scanning { .. } => self.scan()?,
                Stage::Named(listed) => {
                    count = listed.names.len();
                    self.begin(&mut text);
                }
                Stage::Gathering(_) => self.gather(),
                Stage::Rows(_) => self.push_rows(&mut text),
                Stage::Rest(_) if !may_take_long => return Ok(None),
                Stage::Rest(_) => {
                    if let Stage::Rest(rest) = std::mem::replace(&mut self.stage, Stage::Over) {
                        text.push_str(&rest());
                    }
                }
                Stage::Elsewhere(_) | Stage::Over => return Ok(Some((text, count))),
            }
        }
    }

    /// Reads some names, or sorts some.
    fn scan(&mut self) -> io::Result<()> {
        let Stage::Scanning { scan, has_pictures, before } = &mut self.stage else { return Ok(()) };
        let Folder { directory, hidden, .. } = &mut self.folder;
        let names = scan.step(directory, *hidden, |name| {
            *has_pictures = *has_pictures || (!name.is_folder() && is_name_of_picture(name.bytes));
        })?;
        let Some(names) = names else { return Ok(()) };
        // From here on they take less than while they were read.
        let memory = self.waiting.give_memory_for(names.size());
        let listed = Arc::new(Listed { names, has_pictures: *has_pictures, _memory: memory });
        if let Some(before) = before.take()
            && file_system::has_true_times(&self.folder.directory)
            && self.folder.facts().is_ok_and(|after| after == before)
        {
            self.known.keep(before, &listed);
        }
        self.stage = Stage::Named(listed);
        Ok(())
    }

    /// Begins with the rows, or with what has to be known for their order.
    fn begin(&mut self, page: &mut String) {
        let Stage::Named(listed) = &self.stage else { return };
        let outline = Outline { is_empty: listed.names.is_empty(), has_pictures: listed.has_pictures };
        self.form.begin(&self.folder, outline, page);
        let listed = Arc::clone(listed);
        let order = self.folder.order;
        self.stage = match order.column {
            Column::Name => Stage::Rows(Rows::ByName(ByName::new(listed, order.descending))),
            Column::Size | Column::Modified => Stage::Gathering(Gathering::new(listed)),
        };
    }

    /// Looks at some entries.
    fn gather(&mut self) {
        let Stage::Gathering(gathering) = &mut self.stage else { return };
        let totals = &mut self.totals;
        if !gathering.some(&self.folder, STEP, &mut |entry| totals.count(entry)) {
            self.stage = Stage::Rows(Rows::Sorted(gathering.sorted()));
        }
    }

    /// Makes some rows; and after the last, what stands behind them.
    fn push_rows(&mut self, page: &mut String) {
        let Stage::Rows(rows) = &mut self.stage else { return };
        let (form, totals, folder) = (&mut self.form, &mut self.totals, &self.folder);
        let are_more = match rows {
            Rows::ByName(rows) => rows.some(folder, STEP, &mut |entry: &Entry<'_>| {
                totals.count(entry);
                form.entry(entry, page);
            }),
            Rows::Sorted(rows) => rows.some(STEP, &mut |entry| form.entry(entry, page)),
        };
        if !are_more {
            // In one piece: the script for live reload is put before the end of the body, which is in it.
            self.form.end(&self.folder, &self.totals, page);
            self.stage = self.form.rest().map_or(Stage::Over, Stage::Rest);
        }
    }

    /// A step behind the last row.
    fn finish(&mut self) -> Next {
        match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Rest(rest) => self.give(rest),
            Stage::Elsewhere(outcome) => match outcome.poll() {
                Poll::Ready(rest) => Next::Piece(rest.into_bytes()),
                Poll::Pending => {
                    self.stage = Stage::Elsewhere(outcome);
                    Next::NotYet
                }
            },
            _ => {
                self.waiting.end();
                Next::End
            }
        }
    }

    /// Lets a helper make the end. If too many want one, it waits; without any it is made at once.
    fn give(&mut self, rest: Rest) -> Next {
        let Some(helpers) = &self.helpers else { return Next::Piece(rest().into_bytes()) };
        match helpers.ask(self.owner, Kind::Long, self.waker.clone(), rest) {
            Ok(outcome) => self.stage = Stage::Elsewhere(outcome),
            Err(rest) => {
                self.stage = Stage::Rest(rest);
                if !self.waiting.may_wait() {
                    return Next::Broken;
                }
            }
        }
        Next::NotYet
    }

    /// Takes the memory for what was gathered so far; whether it was there.
    fn has_memory(&mut self) -> bool {
        let size = match &self.stage {
            Stage::Scanning { scan, .. } => scan.size(),
            Stage::Gathering(gathering) => gathering.size(),
            Stage::Rows(Rows::ByName(rows)) => rows.size(),
            _ => 0,
        };
        self.waiting.has_memory(size)
    }

    /// One step.
    fn step(&mut self) -> Next {
        if let Stage::Rest(_) | Stage::Elsewhere(_) | Stage::Over = self.stage {
            return self.finish();
        }
        if !self.waiting.has_place(Instant::now()) {
            // A listing that only waits has sent nothing yet: it may end here.
            return self.waiting.for_a_place();
        }
        if !self.has_memory() {
            return if self.waiting.may_wait() { Next::NotYet } else { Next::Broken };
        }
        self.waiting.go_on();
        let mut page = String::new();
        match self.stage {
            Stage::Scanning { .. } => {
                // Another listing may have read all of the names meanwhile.
                if !self.find_known_now() && self.scan().is_err() {
                    return Next::Broken;
                }
            }
            Stage::Named(_) => self.begin(&mut page),
            Stage::Gathering(_) => self.gather(),
            Stage::Rows(_) => {
                page.reserve(TEXT);
                self.push_rows(&mut page);
            }
            Stage::Rest(_) | Stage::Elsewhere(_) | Stage::Over => {}
        }
        if page.is_empty() { Next::Busy } else { Next::Piece(page.into_bytes()) }
    }
}

impl fmt::Debug for Gradual {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gradual")
            .field("folder", &self.folder)
            .field("form", &self.form)
            .finish_non_exhaustive()
    }
}

impl Stream for Gradual {
    fn next(&mut self) -> Next {
        // A line of --explain for each entry would be too many.
        let next = trace::silently(|| self.step());
        self.waiting.note(&next);
        next
    }

    fn wake_with(&mut self, waker: Waker) {
        self.waker = waker;
    }

    fn belong_to(&mut self, owner: Owner) {
        self.owner = owner;
    }

    fn wake_at(&self) -> Option<Instant> {
        self.waiting.wake_at()
    }

    fn stop(&mut self) {
        self.waiting.stop();
    }
}
