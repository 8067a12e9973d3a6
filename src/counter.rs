//! A number that many threads raise all the time, and somebody reads now and then.
//!
//! ```
//! use glasshttp::counter::Counter;
//! let counter = Counter::default();
//! std::thread::scope(|scope| {
//!     scope.spawn(|| counter.add_one());
//!     scope.spawn(|| counter.add_one());
//! });
//! assert_eq!(counter.read(), 2);
//! ```
//!
//! A single atomic number would go from one processor's cache to another's with each addition. So there
//! are several, each in a cache line of its own; a thread always adds to the same, and who reads adds
//! them up.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// More threads than this share. That is slower, and still right.
const STRIPES: usize = 16;

/// The number, in parts.
#[derive(Debug, Default)]
pub struct Counter([Stripe; STRIPES]);

/// A part, as large as what processors take from each other at once.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Stripe(AtomicU64);

/// How many threads have got a part to add to.
static THREADS: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// The part to which this thread adds.
    static MINE: usize = THREADS.fetch_add(1, Ordering::Relaxed) % STRIPES;
}

impl Counter {
    /// One more.
    pub fn add_one(&self) {
        self.0[MINE.with(|mine| *mine)].0.fetch_add(1, Ordering::Relaxed);
    }

    /// How many there are. What others add at this moment may be among them or not.
    pub fn read(&self) -> u64 {
        self.0.iter().map(|stripe| stripe.0.load(Ordering::Relaxed)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_lost_however_many_threads_add() {
        let counter = Counter::default();
        std::thread::scope(|scope| {
            for _ in 0..2 * STRIPES {
                scope.spawn(|| (0..1000).for_each(|_| counter.add_one()));
            }
        });
        assert_eq!(counter.read(), 2 * STRIPES as u64 * 1000);
    }
}
