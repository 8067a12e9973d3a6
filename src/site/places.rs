//! How many large answers are made at a time, listings or archives: a few, and all others wait.
//!
//! An answer holds a place from its first entry to its last. But a client that reads slowly, or not at all, causes no
//! work: its answer is not asked for more. So a place counts only while its answer is asked for more without a
//! pause, and slow clients keep no other client waiting.

use slab::Slab;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A number of places.
#[derive(Debug)]
pub struct Places {
    most: usize,
    /// After such a pause an answer does not count.
    pause: Duration,
    /// When each was last asked for more.
    taken: Mutex<Slab<Instant>>,
}

/// One of them, until it is dropped.
#[derive(Debug)]
pub struct Place {
    places: Arc<Places>,
    key: usize,
}

impl Places {
    /// So many, each of which counts until such a pause.
    pub fn new(most: usize, pause: Duration) -> Arc<Places> {
        Arc::new(Places { most, pause, taken: Mutex::default() })
    }

    /// Takes a place, if one is free.
    pub fn take(self: &Arc<Places>, now: Instant) -> Option<Place> {
        let mut taken = self.taken();
        let count = taken.iter().filter(|(_, asked)| now.saturating_duration_since(**asked) < self.pause);
        if count.count() >= self.most {
            return None;
        }
        Some(Place { key: taken.insert(now), places: Arc::clone(self) })
    }

    fn taken(&self) -> MutexGuard<'_, Slab<Instant>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Notes that its answer is asked for more.
    pub fn is_asked(&self, now: Instant) {
        self.places.taken()[self.key] = now;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.taken().remove(self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_free_again_when_they_are_given_back_or_not_made_use_of() {
        let pause = Duration::from_millis(10);
        let (places, start) = (Places::new(2, pause), Instant::now());
        let (first, second) = (places.take(start), places.take(start));
        assert!(first.is_some() && places.take(start).is_none());
        drop(first);
        let third = places.take(start).expect("the first was given back");
        assert!(places.take(start).is_none());
        // The second is asked for nothing.
        third.is_asked(start + pause / 2);
        assert!(places.take(start + pause * 9 / 10).is_none());
        let fourth = places.take(start + pause).expect("the second does not count");
        assert!(places.take(start + pause).is_none());
        // It goes on all the same, and counts again.
        second.as_ref().expect("a place").is_asked(start + pause * 2);
        drop(fourth);
        third.is_asked(start + pause * 2);
        assert!(places.take(start + pause * 2).is_none());
        drop((second, third));
        assert!(places.taken().is_empty());
    }
}
