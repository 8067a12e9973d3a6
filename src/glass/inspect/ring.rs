//! The last exchanges. What was captured of them takes more memory than their summaries, and the oldest of it goes first.

use super::summary::Summary;
use crate::base::trace::Decision;
use crate::server::Capture;
use std::collections::VecDeque;
use std::sync::Arc;

/// How many exchanges are kept.
pub(super) const RING: usize = 10_000;

/// How much memory all that was captured may take, in bytes.
const MEMORY: usize = 64 * 1024 * 1024;

/// An exchange that has ended.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) summary: Arc<Summary>,
    /// Which of its decisions it turned on.
    pub(super) deciding: Option<usize>,
    /// All that was captured, unless the memory was needed for later ones.
    pub(super) capture: Option<Capture>,
}

/// The last exchanges, numbered from 1 without a gap.
#[derive(Debug, Default)]
pub(super) struct Ring {
    records: VecDeque<Record>,
    /// How many exchanges there were in all.
    count: u64,
    /// How much what was captured takes.
    memory: usize,
    /// How many of the first in the ring have nothing of it any more.
    bare: usize,
}

impl Ring {
    /// The number that the next one gets.
    pub(super) fn next_id(&self) -> u64 {
        self.count + 1
    }

    /// The number of the oldest; that of the next, if there is none.
    pub(super) fn first_id(&self) -> u64 {
        self.next_id() - self.records.len() as u64
    }

    /// The one with this number, if it is still there.
    pub(super) fn get(&self, id: u64) -> Option<&Record> {
        self.records.get(usize::try_from(id.checked_sub(self.first_id())?).ok()?)
    }

    /// All, the oldest first.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &Record> {
        self.records.iter()
    }

    /// Adds one, whose number must be [`Ring::next_id`].
    pub(super) fn push(&mut self, record: Record) {
        debug_assert_eq!(record.summary.id, self.next_id());
        self.count += 1;
        self.memory += record.memory();
        self.records.push_back(record);
        if self.records.len() > RING
            && let Some(oldest) = self.records.pop_front()
        {
            self.memory -= oldest.memory();
            self.bare = self.bare.saturating_sub(1);
        }
        while self.memory > MEMORY {
            let oldest = &mut self.records[self.bare];
            self.memory -= oldest.memory();
            oldest.capture = None;
            self.bare += 1;
        }
    }
}

impl Record {
    /// How much memory what was captured takes.
    fn memory(&self) -> usize {
        let Some(capture) = &self.capture else { return 0 };
        let Capture { request, request_body, response, body_start, decisions, .. } = capture;
        let bytes = [request, &request_body.start, response, body_start].map(Vec::len);
        let of_step = |step: &Decision| step.text.len() + step.value.as_ref().map_or(0, String::len);
        let steps = decisions.iter().map(of_step).sum::<usize>() + size_of_val(&decisions[..]);
        bytes.iter().sum::<usize>() + steps
    }
}
