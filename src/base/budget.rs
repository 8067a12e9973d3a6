//! A bound on something that is shared: an amount for all together, of which each user takes a share until it is
//! dropped.
//!
//! ```
//! use glasshttp::base::budget::Budget;
//! let places = Budget::new(1);
//! let place = places.take(1);
//! assert!(place.is_some() && places.take(1).is_none());
//! drop(place);
//! assert!(places.take(1).is_some());
//! ```
//!
//! It bounds the memory of large answers that wait to be sent, in bytes, and the number of tasks that are too
//! expensive to run in any number: archives, compressing while sending, the inspector's composer.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The amount that is left.
#[derive(Debug)]
pub struct Budget(AtomicUsize);

/// A part of a budget, which is given back when this is dropped.
#[derive(Debug)]
pub struct Share {
    budget: Arc<Budget>,
    amount: usize,
}

impl Budget {
    /// A budget of this amount.
    pub fn new(amount: usize) -> Arc<Budget> {
        Arc::new(Budget(AtomicUsize::new(amount)))
    }

    /// Takes this amount, if it is left.
    pub fn take(self: &Arc<Budget>, amount: usize) -> Option<Share> {
        let reduce = |left: usize| left.checked_sub(amount);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, reduce).ok()?;
        Some(Share { budget: Arc::clone(self), amount })
    }

    /// A share that is nothing yet, and may grow.
    pub fn nothing(self: &Arc<Budget>) -> Share {
        Share { budget: Arc::clone(self), amount: 0 }
    }

    /// How much is left now.
    #[cfg(test)]
    pub(crate) fn left(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Share {
    /// Takes this amount more, if it is left, and says whether it was.
    pub fn grow(&mut self, amount: usize) -> bool {
        let Some(mut more) = self.budget.take(amount) else { return false };
        self.amount += std::mem::take(&mut more.amount);
        true
    }

    /// Grows to this amount, unless it has that already, and says whether there was enough left.
    pub fn grow_to(&mut self, amount: usize) -> bool {
        self.grow(amount.saturating_sub(self.amount))
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.0.fetch_add(self.amount, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_comes_back_when_it_is_dropped() {
        let budget = Budget::new(10);
        let (six, four) = (budget.take(6), budget.take(4));
        assert!(six.is_some() && four.is_some() && budget.take(1).is_none());
        drop(six);
        assert!(budget.take(7).is_none() && budget.take(6).is_some());
    }

    #[test]
    fn a_share_grows_as_long_as_there_is_something_left_and_gives_all_of_it_back() {
        let budget = Budget::new(10);
        let mut share = budget.nothing();
        assert!(share.grow(7) && !share.grow(4) && share.grow(3) && budget.take(1).is_none());
        assert!(share.grow_to(10) && share.grow_to(3) && !share.grow_to(11));
        drop(share);
        assert!(budget.take(10).is_some());
    }
}
