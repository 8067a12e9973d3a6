//! A bound on the memory that answers take while they wait to be sent.
//!
//! A file waits on disk, or in the cache that all share. But a listing is made for one request, and
//! a client that asks for a large one and does not read it leaves it in our memory. A thousand such
//! clients would leave a thousand. So whatever is made and large must have its share of a budget;
//! when that is spent, the answer is 503 until somebody has read theirs.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How much memory large answers that were made may take in all.
pub const LARGE_ANSWERS: usize = 256 * 1024 * 1024;

/// What is left of a number of bytes.
#[derive(Debug)]
pub struct Budget(AtomicUsize);

/// So many bytes of a budget, until it is dropped.
#[derive(Debug)]
pub struct Share {
    budget: Arc<Budget>,
    bytes: usize,
}

impl Budget {
    /// A budget of so many bytes.
    pub fn new(bytes: usize) -> Arc<Budget> {
        Arc::new(Budget(AtomicUsize::new(bytes)))
    }

    /// Takes so many bytes, if that many are left.
    pub fn take(self: &Arc<Budget>, bytes: usize) -> Option<Share> {
        let reduce = |left: usize| left.checked_sub(bytes);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, reduce).ok()?;
        Some(Share { budget: Arc::clone(self), bytes })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.0.fetch_add(self.bytes, Ordering::Relaxed);
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
}
