//! Sorting a little at a time.
//!
//! ```text
//! push 7 2 9 | 4 8 1 | 5          each run is sorted as soon as it is full
//!      2 7 9 | 1 4 8 | 5
//! merged:  1  2  4  5  7  8  9    each time the least of those in front
//! ```
//!
//! Sorting ten thousand names at once takes milliseconds, in which a worker could serve no other client. Here no
//! [`Runs::push`] and no step of [`Merge`] takes longer than sorting one run.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::vec::IntoIter;

/// How many items make a run.
const RUN: usize = 256;

/// Items that are being gathered.
#[derive(Debug)]
pub struct Runs<T> {
    full: Vec<IntoIter<T>>,
    last: Vec<T>,
}

/// Items that were gathered, the least first.
#[derive(Debug)]
pub struct Merge<T> {
    /// Each run without its first item.
    rests: Vec<IntoIter<T>>,
    /// The first item of each run, and the number of the run.
    front: BinaryHeap<Reverse<(T, usize)>>,
}

impl<T> Default for Runs<T> {
    fn default() -> Runs<T> {
        Runs { full: Vec::new(), last: Vec::new() }
    }
}

impl<T: Ord> Runs<T> {
    /// Adds an item.
    pub fn push(&mut self, item: T) {
        self.last.push(item);
        if self.last.len() == RUN {
            self.end_run();
        }
    }

    fn end_run(&mut self) {
        self.last.sort_unstable();
        self.full.push(std::mem::take(&mut self.last).into_iter());
    }

    /// All items in order.
    pub fn merge(mut self) -> Merge<T> {
        self.end_run();
        let mut rests = self.full;
        let front = rests.iter_mut().enumerate();
        let front = front.filter_map(|(run, rest)| Some(Reverse((rest.next()?, run)))).collect();
        Merge { rests, front }
    }
}

impl<T> Merge<T> {
    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.front.is_empty()
    }
}

impl<T: Ord> Iterator for Merge<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        let Reverse((least, run)) = self.front.pop()?;
        if let Some(next) = self.rests[run].next() {
            self.front.push(Reverse((next, run)));
        }
        Some(least)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_merged_is_what_was_pushed_in_order(mut numbers in proptest::collection::vec(0..500, 0..2000)) {
            let mut runs = Runs::default();
            for &number in &numbers {
                runs.push(number);
            }
            numbers.sort_unstable();
            prop_assert_eq!(runs.merge().collect::<Vec<i32>>(), numbers);
        }
    }
}
