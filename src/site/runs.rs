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
//!
//! An item is bytes, behind a key by which it is sorted, and a run is one piece of memory with all of its items. So
//! there are few pieces to free when a client goes away amid a hundred thousand items.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::ops::Range;

/// How many items make a run, and how many bytes.
const ITEMS: usize = 256;
const BYTES: usize = 64 * 1024;

/// Before each item: how long it is with its key, and how long the key.
const HEAD: usize = 8;

/// Items that are being gathered.
#[derive(Debug, Default)]
pub struct Runs {
    full: Vec<Reverse<Run>>,
    last: Vec<u8>,
    /// Where in it the items are, each with its key before it.
    places: Vec<Range<usize>>,
    size: usize,
}

/// Items that were gathered, the least first.
#[derive(Debug)]
pub struct Merge(BinaryHeap<Reverse<Run>>);

/// Items in order, and where the first is that is still to come, with its key before it.
#[derive(Debug)]
struct Run {
    items: Box<[u8]>,
    first: Range<usize>,
}

impl Run {
    /// The first item, with its key before it.
    fn first(&self) -> &[u8] {
        &self.items[self.first.clone()]
    }

    fn number(&self, at: usize) -> usize {
        u32::from_le_bytes(self.items[at..at + 4].try_into().expect("four")) as usize
    }

    /// Goes on to the item behind this place; whether there is one.
    fn go_on(&mut self, behind: usize) -> bool {
        let is_one = behind < self.items.len();
        if is_one {
            let start = behind + HEAD;
            self.first = start..start + self.number(behind);
        }
        is_one
    }
}

impl Runs {
    /// Adds an item, of which the two functions append the key and the rest: of two items, the one with the smaller key
    /// comes first, and of two with the same key the smaller item. No key may begin like another and be longer.
    ///
    /// # Panics
    /// When an item has gigabytes.
    pub fn push(&mut self, push_key: impl FnOnce(&mut Vec<u8>), push_item: impl FnOnce(&mut Vec<u8>)) {
        let start = self.last.len();
        self.last.extend([0; HEAD]);
        push_key(&mut self.last);
        let key = self.last.len() - start - HEAD;
        push_item(&mut self.last);
        for (at, length) in [(start, self.last.len() - start - HEAD), (start + 4, key)] {
            let length = u32::try_from(length).expect("an item is short");
            self.last[at..at + 4].copy_from_slice(&length.to_le_bytes());
        }
        self.places.push(start + HEAD..self.last.len());
        self.size += self.last.len() - start;
        if self.places.len() == ITEMS || self.last.len() >= BYTES {
            self.end_run();
        }
    }

    /// How many bytes of memory they take.
    pub fn size(&self) -> usize {
        self.size
    }

    fn end_run(&mut self) {
        let last = &self.last;
        self.places.sort_unstable_by(|a, b| last[a.clone()].cmp(&last[b.clone()]));
        let mut items = Vec::with_capacity(last.len());
        for place in &self.places {
            items.extend_from_slice(&last[place.start - HEAD..place.end]);
        }
        self.places.clear();
        self.last.clear();
        let mut run = Run { items: items.into(), first: 0..0 };
        if run.go_on(0) {
            self.full.push(Reverse(run));
        }
    }

    /// All items in order.
    pub fn merge(mut self) -> Merge {
        self.end_run();
        Merge(self.full.into())
    }
}

impl Merge {
    /// Gives the next item to `take`; whether there was one.
    pub fn next(&mut self, take: impl FnOnce(&[u8])) -> bool {
        let Some(mut least) = self.0.peek_mut() else { return false };
        let Reverse(run) = &mut *least;
        let key = run.number(run.first.start - HEAD + 4);
        take(&run.first()[key..]);
        if !run.go_on(run.first.end) {
            PeekMut::pop(least);
        }
        true
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Ord for Run {
    fn cmp(&self, other: &Run) -> Ordering {
        self.first().cmp(other.first())
    }
}

impl PartialOrd for Run {
    fn partial_cmp(&self, other: &Run) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Run {
    fn eq(&self, other: &Run) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Run {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn merged(runs: Runs) -> Vec<Vec<u8>> {
        let (mut merge, mut found) = (runs.merge(), Vec::new());
        while merge.next(|item| found.push(item.to_vec())) {}
        assert!(merge.is_empty());
        found
    }

    proptest! {
        #[test]
        fn what_is_merged_is_what_was_pushed_in_order(mut numbers in proptest::collection::vec(0_u16..500, 0..2000)) {
            let mut runs = Runs::default();
            for &number in &numbers {
                // The key is the number backwards; of the item itself nothing else is known.
                runs.push(
                    |key| key.extend((u16::MAX - number).to_be_bytes()),
                    |item| item.extend(number.to_string().bytes()),
                );
            }
            numbers.sort_unstable_by_key(|&number| Reverse(number));
            let expected: Vec<_> = numbers.iter().map(|number| number.to_string().into_bytes()).collect();
            prop_assert_eq!(merged(runs), expected);
        }
    }

    #[test]
    fn long_items_make_short_runs_and_those_with_the_same_key_are_ordered_by_themselves() {
        let mut runs = Runs::default();
        let items: Vec<_> = (0..100_u8).map(|number| vec![number; 10_000]).collect();
        for item in items.iter().rev() {
            runs.push(|key| key.push(7), |bytes| bytes.extend(item));
        }
        assert!(runs.full.len() >= 100 * 10_000 / (BYTES + 10_000), "{}", runs.full.len());
        assert!(runs.size() >= 100 * 10_000);
        assert_eq!(merged(runs), items);
    }
}
