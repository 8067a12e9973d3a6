//! What one worker counts: numbers that it alone writes, and that any thread can read.
//!
//! ```text
//! worker 0 ──writes──▶ Counts ◀──reads──┐
//! worker 1 ──writes──▶ Counts ◀──reads──┴── GET /.glass/metrics, on any of them
//! ```
//!
//! Each number has one writer. So an addition is a load and a store, without the locked instruction that several
//! writers would need; and workers wait neither for each other nor for the reader. In which order the reader sees two
//! numbers change is not defined, and does not matter: each of them by itself only grows.

use crate::http::{Method, Status};
use crate::server::{Event, Exchange, Interests, Observer, Sending};
use std::array;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How many methods are counted apart.
pub(super) const METHODS: usize = Method::NAMES.len();

/// How many status codes there are.
pub(super) const STATUSES: usize = Status::ALL.len();

/// Upper bounds of histograms: in microseconds, and in seconds as they are written.
const ALL_BOUNDS: [(u64, &str); 20] = [
    (50, "0.00005"),
    (100, "0.0001"),
    (250, "0.00025"),
    (500, "0.0005"),
    (1_000, "0.001"),
    (2_500, "0.0025"),
    (5_000, "0.005"),
    (10_000, "0.01"),
    (25_000, "0.025"),
    (50_000, "0.05"),
    (100_000, "0.1"),
    (250_000, "0.25"),
    (500_000, "0.5"),
    (1_000_000, "1"),
    (2_500_000, "2.5"),
    (5_000_000, "5"),
    (10_000_000, "10"),
    (30_000_000, "30"),
    (60_000_000, "60"),
    (300_000_000, "300"),
];

/// Those of turns, to one second: a turn is to take a few hundred microseconds at most.
pub(super) const TURN_BOUNDS: &[(u64, &str)] = ALL_BOUNDS.split_at(14).0;

/// Those of exchanges. A page from memory takes a tenth of a millisecond, and a large download as long as the network of
/// its client needs.
pub(super) const BOUNDS: &[(u64, &str)] = ALL_BOUNDS.split_at(1).1;

/// A number that one thread writes.
#[derive(Debug, Default)]
pub(super) struct Count(AtomicU64);

impl Count {
    /// Adds to it. Only the thread that owns it may do this.
    fn add(&self, amount: u64) {
        self.0.store(self.read().wrapping_add(amount), Ordering::Relaxed);
    }

    fn subtract_one(&self) {
        self.0.store(self.read().saturating_sub(1), Ordering::Relaxed);
    }

    /// What it is now.
    pub(super) fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// How many durations there were: a bucket for each bound, and one for what is above all of them.
#[derive(Debug)]
pub(super) struct Histogram<const BUCKETS: usize> {
    pub(super) bounds: &'static [(u64, &'static str)],
    pub(super) buckets: [Count; BUCKETS],
    /// The sum of all durations, in nanoseconds.
    pub(super) nanoseconds: Count,
}

impl<const BUCKETS: usize> Histogram<BUCKETS> {
    fn new(bounds: &'static [(u64, &'static str)]) -> Histogram<BUCKETS> {
        Histogram { bounds, buckets: array::from_fn(|_| Count::default()), nanoseconds: Count::default() }
    }

    fn add(&self, time: Duration) {
        self.buckets[bucket(self.bounds, time)].add(1);
        self.nanoseconds.add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
    }
}

/// What a worker has counted.
#[derive(Debug)]
pub(super) struct Counts {
    /// Exchanges by status (as in [`Status::ALL`]), then by method (as in [`Method::NAMES`]).
    pub(super) exchanges: [[Count; METHODS]; STATUSES],
    /// Exchanges for the server's own pages. They are in none of the other counts.
    pub(super) internal: Count,
    /// Bytes of response bodies that were sent.
    pub(super) body_bytes: Count,
    /// Exchanges by duration.
    pub(super) times: Histogram<{ BOUNDS.len() + 1 }>,
    /// Turns of connections by duration.
    pub(super) turns: Histogram<{ TURN_BOUNDS.len() + 1 }>,
    /// Connections that were accepted.
    pub(super) accepted: Count,
    /// How many of them are open.
    pub(super) open: Count,
    /// Connections for which there was no room.
    pub(super) rejected: Count,
}

impl Default for Counts {
    fn default() -> Counts {
        Counts {
            exchanges: array::from_fn(|_| array::from_fn(|_| Count::default())),
            internal: Count::default(),
            body_bytes: Count::default(),
            times: Histogram::new(BOUNDS),
            turns: Histogram::new(TURN_BOUNDS),
            accepted: Count::default(),
            open: Count::default(),
            rejected: Count::default(),
        }
    }
}

/// The observer that counts what its worker does.
#[derive(Debug)]
pub struct WorkerMetrics {
    counts: Arc<Counts>,
    /// How many bytes of each response under way are counted already, by connection. A response that is sent in one
    /// turn is never in here.
    under_way: HashMap<u64, u64>,
}

impl WorkerMetrics {
    pub(super) fn new(counts: Arc<Counts>) -> WorkerMetrics {
        WorkerMetrics { counts, under_way: HashMap::new() }
    }
}

impl Observer for WorkerMetrics {
    fn interests(&self) -> Interests {
        Interests { connections: true, turns: true, ..Interests::default() }
    }

    fn notice(&mut self, event: &Event<'_>, _now: Instant) {
        match event {
            Event::Opened { .. } => {
                self.counts.accepted.add(1);
                self.counts.open.add(1);
            }
            Event::Came => self.counts.open.add(1),
            Event::Left => self.counts.open.subtract_one(),
            Event::Receiving(_) => {}
            Event::Sending(sending) => self.count_sent(sending),
            Event::Ended(exchange) => self.count(exchange),
            Event::Closed { connection } => {
                self.under_way.remove(connection);
                self.counts.open.subtract_one();
            }
            Event::Rejected => self.counts.rejected.add(1),
            Event::Turn { took, .. } => self.counts.turns.add(*took),
        }
    }
}

impl WorkerMetrics {
    /// Counts what was sent of a response under way: a long download is not to count all at once at its end.
    fn count_sent(&mut self, sending: &Sending<'_>) {
        if sending.exchange.is_internal || sending.body_sent == 0 {
            return;
        }
        let counted = self.under_way.entry(sending.exchange.connection).or_default();
        self.counts.body_bytes.add(sending.body_sent.saturating_sub(*counted));
        *counted = sending.body_sent;
    }

    fn count(&mut self, exchange: &Exchange) {
        let counts = &self.counts;
        if exchange.is_internal {
            return counts.internal.add(1);
        }
        let before =
            if self.under_way.is_empty() { None } else { self.under_way.remove(&exchange.connection) };
        counts.body_bytes.add(exchange.body_sent.saturating_sub(before.unwrap_or(0)));
        let status = Status::ALL.iter().position(|status| *status == exchange.status);
        let method = Method::NAMES.iter().position(|method| *method == exchange.method);
        if let (Some(status), Some(method)) = (status, method) {
            counts.exchanges[status][method].add(1);
        }
        counts.times.add(exchange.duration);
    }
}

/// The bucket to which a duration belongs. A bound belongs to the bucket below it.
fn bucket(bounds: &[(u64, &str)], time: Duration) -> usize {
    bounds.partition_point(|(most, _)| Duration::from_micros(*most) < time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_in_the_first_bucket_whose_bound_it_does_not_exceed() {
        let table = [
            (0, 0),
            (100_000, 0),
            (100_001, 1),
            (1_000_000, 3),
            (300_000_000_000, 18),
            (300_000_000_001, 19),
            (u64::MAX, 19),
        ];
        for (nanoseconds, expected) in table {
            assert_eq!(bucket(BOUNDS, Duration::from_nanos(nanoseconds)), expected, "{nanoseconds}");
        }
    }

    #[test]
    fn bounds_are_written_as_they_are_and_grow() {
        for bounds in [BOUNDS, TURN_BOUNDS] {
            for (microseconds, seconds) in bounds {
                let meant = Duration::from_micros(*microseconds).as_secs_f64();
                assert_eq!(seconds.parse::<f64>(), Ok(meant), "{seconds}");
            }
            assert!(bounds.is_sorted_by(|one, next| one.0 < next.0));
        }
    }
}
