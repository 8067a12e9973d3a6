//! The answer to a search, a step at a time.
//!
//! As with a large listing ([`crate::site::listing::stream`]): between two steps others have their turns; few searches
//! are made at once, and the others wait; what they gather counts as memory of listings.

use super::walk::{Stopped, Walk};
use super::{About, Form};
use crate::answer::{Next, Stream};
use crate::base::budget::{Budget, Share};
use crate::base::trace;
use crate::site::listing::Listings;
use crate::site::places::{Place, Places};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How many names are compared in a step: less than a microsecond each.
pub(super) const STEP: usize = 512;

/// After how long without a hit something is sent, so that it shows whether anybody reads.
const QUIET: Duration = Duration::from_millis(500);

/// How long it waits until it looks again whether there is a place for it, or memory; and how often it does for memory
/// before it gives up: half a minute.
const PAUSE: Duration = Duration::from_millis(50);
const MAX_WAITS: u32 = 600;

/// A search, as an answer.
#[derive(Debug)]
pub(super) struct Search {
    about: About,
    walk: Walk,
    form: Box<dyn Form>,
    stage: Stage,
    /// When something was sent.
    pub(super) sent: Instant,
    places: Arc<Places>,
    place: Option<Place>,
    memory: Share,
    waits: u32,
    look_again: Option<Instant>,
    is_stopping: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Stage {
    Beginning,
    Searching,
    Over,
}

impl Search {
    pub(super) fn new(about: About, walk: Walk, form: Box<dyn Form>, listings: &Listings) -> Search {
        let memory = Budget::take(&listings.memory, 0).expect("nothing is always left");
        let places = Arc::clone(&listings.searches);
        Search {
            about,
            walk,
            form,
            stage: Stage::Beginning,
            sent: Instant::now(),
            places,
            place: None,
            memory,
            waits: 0,
            look_again: None,
            is_stopping: false,
        }
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
                if !self.has_place(now) {
                    return if self.is_stopping { Next::Broken } else { Next::NotYet };
                }
                if !self.memory.grow_to(self.walk.size()) {
                    self.waits += 1;
                    if self.waits <= MAX_WAITS && !self.is_stopping {
                        return Next::NotYet;
                    }
                    self.walk.outcome.stopped = Some(Stopped::Exhausted);
                }
                self.waits = 0;
                self.search(now, &mut page);
            }
            Stage::Over => {
                self.place = None;
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

    /// Whether it has a place, or gets one now.
    fn has_place(&mut self, now: Instant) -> bool {
        match &self.place {
            Some(place) => place.is_asked(now),
            None => self.place = self.places.take(now),
        }
        self.place.is_some()
    }
}

impl Stream for Search {
    fn next(&mut self) -> Next {
        // A line of --explain for each entry would be too many.
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
