//! Which browsers have got what: whoever asks for it again, and names no version, has no copy or does not use it.

use super::facts::Facts;
use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};

/// How many answers are remembered, each by a number.
const MOST: usize = 10_000;

/// What browsers have got. All workers share it.
#[derive(Debug, Default)]
pub struct Copies {
    hasher: RandomState,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    all: HashSet<u64>,
    order: VecDeque<u64>,
}

impl Copies {
    /// The same facts, with whether this browser has got this target before. From now on it has, if it can keep what it
    /// gets now.
    pub fn note<'a>(&self, facts: Facts<'a>) -> Facts<'a> {
        let is_known = facts.can_be_kept() && self.is_known(&facts);
        facts.of_repeated(is_known)
    }

    fn is_known(&self, facts: &Facts<'_>) -> bool {
        let (client, browser) = (facts.exchange().real_client(), facts.asked("user-agent"));
        let print = self.hasher.hash_one((client, browser, facts.asked("host"), facts.line().1));
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if !known.all.insert(print) {
            return true;
        }
        known.order.push_back(print);
        if known.order.len() > MOST
            && let Some(oldest) = known.order.pop_front()
        {
            known.all.remove(&oldest);
        }
        false
    }
}
