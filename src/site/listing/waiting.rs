//! What an answer that is made a little at a time needs to go on: a place among the few that are made at once, and memory
//! for what it has gathered. Without them it waits, and looks again every now and then: what it waits for also becomes
//! free by time alone.

use crate::answer::Next;
use crate::base::budget::{Budget, Share};
use crate::site::places::{Place, Places};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long it waits until it looks again.
const PAUSE: Duration = Duration::from_millis(50);

/// How often it asks in vain before it gives up: half a minute.
const MAX_WAITS: u32 = 600;

/// What an answer has of that.
#[derive(Debug)]
pub(super) struct Waiting {
    places: Arc<Places>,
    /// One of the places, from its first step on.
    place: Option<Place>,
    budget: Arc<Budget>,
    memory: Share,
    /// How often it has asked in vain since it last went on.
    waits: u32,
    look_again: Option<Instant>,
    is_stopping: bool,
}

impl Waiting {
    pub(super) fn new(places: &Arc<Places>, budget: &Arc<Budget>) -> Waiting {
        Waiting {
            places: Arc::clone(places),
            place: None,
            budget: Arc::clone(budget),
            memory: budget.nothing(),
            waits: 0,
            look_again: None,
            is_stopping: false,
        }
    }

    /// Whether it has a place, or gets one now.
    pub(super) fn has_place(&mut self, now: Instant) -> bool {
        match &self.place {
            Some(place) => place.is_asked(now),
            None => self.place = self.places.take(now),
        }
        self.place.is_some()
    }

    /// What an answer without a place says: it waits for one however long that takes, but not while the server stops.
    pub(super) fn for_a_place(&self) -> Next {
        if self.is_stopping { Next::Broken } else { Next::NotYet }
    }

    /// Takes the memory for what was gathered so far, in bytes; whether it was there.
    pub(super) fn has_memory(&mut self, size: usize) -> bool {
        self.memory.grow_to(size)
    }

    /// Gives its memory back, and takes this much in its place, if it is there, for something that lives on.
    pub(super) fn give_memory_for(&mut self, size: usize) -> Option<Share> {
        self.give_memory();
        self.budget.take(size)
    }

    /// Gives its memory back.
    pub(super) fn give_memory(&mut self) {
        self.memory = self.budget.nothing();
    }

    /// It has asked for something in vain: whether it may go on waiting.
    pub(super) fn may_wait(&mut self) -> bool {
        self.waits += 1;
        self.waits <= MAX_WAITS && !self.is_stopping
    }

    /// It has all that it needs for its next step.
    pub(super) fn go_on(&mut self) {
        self.waits = 0;
    }

    /// Its last step is done: others may have its place.
    pub(super) fn end(&mut self) {
        self.place = None;
    }

    /// What the last step came to.
    pub(super) fn note(&mut self, next: &Next) {
        self.look_again = (*next == Next::NotYet).then(|| Instant::now() + PAUSE);
    }

    /// While it waits: when to look again.
    pub(super) fn wake_at(&self) -> Option<Instant> {
        self.look_again
    }

    /// The server is about to stop.
    pub(super) fn stop(&mut self) {
        self.is_stopping = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_in_vain_gives_up_after_half_a_minute_or_when_the_server_stops() {
        let (places, budget) = (Places::new(1, Duration::MAX), Budget::new(10));
        let mut one = Waiting::new(&places, &budget);
        let mut other = Waiting::new(&places, &budget);
        let now = Instant::now();
        assert!(one.has_place(now) && !other.has_place(now) && other.for_a_place() == Next::NotYet);
        assert!(one.has_memory(10) && !other.has_memory(1));
        let waits = (0..10_000).take_while(|_| other.may_wait()).count();
        assert_eq!(PAUSE * u32::try_from(waits).expect("few"), Duration::from_secs(30));
        other.go_on();
        assert!(other.may_wait());
        one.end();
        one.give_memory();
        assert!(other.has_place(now) && other.has_memory(10) && !one.has_place(now));
        other.stop();
        one.stop();
        assert!(!other.may_wait() && one.for_a_place() == Next::Broken);
    }
}
