//! The timers of many connections, nearly all of which are put off before they fire.
//!
//! ```text
//! idle until 60 s           queued: 60
//! half a head, until 10 s   queued: 10 (and 60, which will not count when it comes up)
//! idle until 70 s           queued: 10; at 10 s the connection is asked, and queued for 70
//! ```
//!
//! A busy connection moves its deadline with each request. To move an entry in a queue each time would cost more than
//! to parse the request, so the queue may be early: a connection has an entry for *some* time that is not later than
//! its deadline. When that time comes, the connection is asked for its deadline, and if that is later it is queued
//! again. An entry is added only when the deadline moves *before* the one that is queued.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

/// A priority queue of deadlines, the earliest first. Keys are the worker's keys of its connections.
#[derive(Debug, Default)]
pub struct Timers(BinaryHeap<Reverse<(Instant, usize)>>);

impl Timers {
    /// Makes sure that `key` comes up no later than `deadline`. `queued` is the time of the entry that counts: the
    /// caller keeps it for each key, `None` at first.
    pub fn arm(&mut self, key: usize, queued: &mut Option<Instant>, deadline: Instant) {
        if queued.is_none_or(|at| deadline < at) {
            self.0.push(Reverse((deadline, key)));
            *queued = Some(deadline);
        }
    }

    /// How many entries there are, those included that do not count any more.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Removes the entries that do not count: those of connections that are closed, or that are queued for an earlier
    /// time. Without this, a server with many short connections would remember each of them until its deadline.
    pub fn retain(&mut self, counts: impl Fn(Instant, usize) -> bool) {
        self.0.retain(|&Reverse((at, key))| counts(at, key));
    }

    /// When the next entry comes up.
    pub fn next(&self) -> Option<Instant> {
        self.0.peek().map(|Reverse((at, _))| *at)
    }

    /// Removes the next entry whose time has come. It counts only if the key is queued for that time.
    pub fn pop_due(&mut self, now: Instant) -> Option<(Instant, usize)> {
        if self.next()? > now {
            return None;
        }
        self.0.pop().map(|Reverse(entry)| entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn only_an_earlier_deadline_adds_an_entry() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut timers = Timers::default();
        let mut queued = None;
        timers.arm(7, &mut queued, at(60));
        timers.arm(7, &mut queued, at(70));
        timers.arm(7, &mut queued, at(10));
        timers.arm(7, &mut queued, at(10));
        assert_eq!(queued, Some(at(10)));
        assert_eq!(timers.next(), Some(at(10)));
        assert_eq!(timers.pop_due(at(9)), None);
        assert_eq!(timers.pop_due(at(100)), Some((at(10), 7)));
        assert_eq!(timers.pop_due(at(100)), Some((at(60), 7)));
        assert_eq!(timers.pop_due(at(100)), None);
    }
}
