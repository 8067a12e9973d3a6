//! The answer to a search, a step at a time.
//!
//! As with a large listing ([`crate::site::listing::stream`]): between two steps others have their turns; few searches
//! are made at once, and the others wait; what they gather counts as memory of listings.

use super::walk::{Stopped, Walk};
use super::{About, Form};
use crate::answer::{Next, Stream};
use crate::base::trace;
use crate::site::listing::Listings;
use crate::site::listing::waiting::Waiting;
use std::time::{Duration, Instant};

/// How many names are compared in a step: less than a microsecond each.
pub(super) const STEP: usize = 512;

/// After how long without a hit something is sent, so that it shows whether anybody reads.
const QUIET: Duration = Duration::from_millis(500);

/// A search, as an answer.
#[derive(Debug)]
pub(super) struct Search {
    about: About,
    walk: Walk,
    form: Box<dyn Form>,
    stage: Stage,
    /// When something was sent.
    pub(super) sent: Instant,
    waiting: Waiting,
}

#[derive(Debug, PartialEq, Eq)]
enum Stage {
    Beginning,
    Searching,
    Over,
}

impl Search {
    pub(super) fn new(about: About, walk: Walk, form: Box<dyn Form>, listings: &Listings) -> Search {
        let waiting = Waiting::new(&listings.searches, &listings.memory);
        Search { about, walk, form, stage: Stage::Beginning, sent: Instant::now(), waiting }
    }

    fn step(&mut self) -> Next {
        let mut page = String::new();
        match self.stage {
            // That costs nothing, and whoever waits for a place sees what it waits for.
            Stage::Beginning => {
                self.form.begin(&self.about, &mut page);
                self.stage = Stage::Searching;
            }
            Stage::Searching => {
                let now = Instant::now();
                if !self.waiting.has_place(now) {
                    return self.waiting.for_a_place();
                }
                if !self.waiting.has_memory(self.walk.size()) {
                    if self.waiting.may_wait() {
                        return Next::NotYet;
                    }
                    self.walk.outcome.stopped = Some(Stopped::Exhausted);
                }
                self.waiting.go_on();
                self.search(now, &mut page);
            }
            Stage::Over => {
                self.waiting.end();
                return Next::End;
            }
        }
        if page.is_empty() { Next::Busy } else { Next::Piece(page.into_bytes()) }
    }

    fn search(&mut self, now: Instant, page: &mut String) {
        let form = &mut self.form;
        if !self.walk.step(STEP, &mut |hit| form.hit(hit, page)) {
            // In one piece: the script for live reload is put before the end of the body, which is in it.
            form.end(&self.about, &self.walk.outcome, page);
            self.stage = Stage::Over;
        }
        if page.is_empty() && now.saturating_duration_since(self.sent) >= QUIET {
            form.go_on(page);
        }
        if !page.is_empty() {
            self.sent = now;
        }
    }
}

impl Stream for Search {
    fn next(&mut self) -> Next {
        // A line of --explain for each entry would be too many.
        let next = trace::silently(|| self.step());
        self.waiting.note(&next);
        next
    }

    fn wake_at(&self) -> Option<Instant> {
        self.waiting.wake_at()
    }

    fn stop(&mut self) {
        self.waiting.stop();
    }
}
