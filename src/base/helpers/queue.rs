//! A queue that is fair among owners: each has one job taken in turn, however many it has.
//!
//! ```text
//! 192.0.2.1   a b c d e f          taken: a, x, b, c, ...
//! 192.0.2.2   x
//! ```
//!
//! The jobs of one owner are taken in the order in which they came. A connection asks for one thing at a time, so among
//! the connections of one address, too, each has one taken in turn: that is what fairness comes to on this machine
//! itself, or behind a proxy that names nobody, where all have the same address.

use std::collections::VecDeque;
use std::net::IpAddr;

/// For whom something is done: an address, or the network of a home or a server; `None` by a Unix socket.
pub type Owner = Option<IpAddr>;

/// How many jobs may wait in all, and of one owner. A connection has one, so this many only wait where very many
/// connections are open.
pub(super) const MAX_WAITING: usize = 4096;
pub(super) const MAX_OF_ONE: usize = 1024;

/// Jobs that wait.
#[derive(Debug)]
pub(super) struct Queue<T> {
    /// Owners in the order in which they have their turns. None of them has no job.
    owners: VecDeque<(Owner, VecDeque<T>)>,
    length: usize,
}

impl<T> Default for Queue<T> {
    fn default() -> Queue<T> {
        Queue { owners: VecDeque::new(), length: 0 }
    }
}

impl<T> Queue<T> {
    /// Whether one more of this owner may wait.
    pub(super) fn has_room(&self, owner: Owner) -> bool {
        let known = self.owners.iter().find(|(one, _)| *one == owner);
        self.length < MAX_WAITING && known.is_none_or(|(_, jobs)| jobs.len() < MAX_OF_ONE)
    }

    /// Takes out those that are not to be kept.
    pub(super) fn take_out(&mut self, is_kept: impl Fn(&T) -> bool) -> Vec<T> {
        let mut out = Vec::new();
        for (_, jobs) in &mut self.owners {
            let (kept, others) = std::mem::take(jobs).into_iter().partition(&is_kept);
            *jobs = kept;
            out.extend::<VecDeque<T>>(others);
        }
        self.owners.retain(|(_, jobs)| !jobs.is_empty());
        self.length -= out.len();
        out
    }

    /// Adds a job.
    pub(super) fn push(&mut self, owner: Owner, job: T) {
        match self.owners.iter_mut().find(|(one, _)| *one == owner) {
            Some((_, jobs)) => jobs.push_back(job),
            None => self.owners.push_back((owner, VecDeque::from([job]))),
        }
        self.length += 1;
    }

    /// Takes the next job, with its owner.
    pub(super) fn pop(&mut self) -> Option<(Owner, T)> {
        let (owner, mut jobs) = self.owners.pop_front()?;
        let job = jobs.pop_front()?;
        self.length -= 1;
        if !jobs.is_empty() {
            self.owners.push_back((owner, jobs));
        }
        Some((owner, job))
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.length
    }

    pub(super) fn is_empty(&self) -> bool {
        self.length == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::unnecessary_wraps, reason = "it is what an owner is")]
    fn owner(last: u8) -> Owner {
        Some(IpAddr::from([192, 0, 2, last]))
    }

    fn all(mut queue: Queue<u32>) -> Vec<u32> {
        std::iter::from_fn(|| queue.pop()).map(|(_, job)| job).collect()
    }

    #[test]
    fn who_has_one_job_waits_for_one_of_who_has_many() {
        let mut queue = Queue::default();
        for job in 0..200 {
            queue.push(owner(1), job);
        }
        queue.push(owner(2), 1000);
        queue.push(None, 2000);
        assert_eq!(all(queue)[..5], [0, 1000, 2000, 1, 2]);
    }

    #[test]
    fn one_that_comes_back_waits_for_all_others_of_its_owner() {
        let mut queue = Queue::default();
        for job in [1, 2, 3] {
            queue.push(owner(1), job);
        }
        let (of, job) = queue.pop().expect("there are three");
        queue.push(of, job);
        assert_eq!(all(queue), [2, 3, 1]);
    }

    #[test]
    fn what_is_taken_out_makes_room_and_the_rest_keeps_its_order() {
        let mut queue = Queue::default();
        for job in 0..6 {
            queue.push(owner(if job < 5 { 1 } else { 2 }), job);
        }
        assert_eq!(queue.take_out(|job| job % 2 == 0), [1, 3, 5]);
        assert_eq!((queue.len(), all(queue)), (3, vec![0, 2, 4]));
    }

    #[test]
    fn one_owner_cannot_take_all_the_room() {
        let mut queue = Queue::default();
        let lengths = [1, 2, 3, 4, 5].map(|last| {
            while queue.has_room(owner(last)) {
                queue.push(owner(last), ());
            }
            queue.len()
        });
        assert_eq!(lengths, [1, 2, 3, 4, 4].map(|owners| owners * MAX_OF_ONE));
        assert_eq!(queue.len(), MAX_WAITING);
    }
}
