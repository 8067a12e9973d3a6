//! How the workers share connections: one worker while one suffices, more when it does not.
//!
//! ```text
//! accept    the kernel wakes one worker that sleeps, the first in order; it keeps what it accepts
//! spread    a worker could do no more, and another has time ──▶ half of its busy connections go to that one
//! gather    one could do it all, or there are more workers than cores for them
//!                                                           ──▶ the busy connections of the last go to another
//! ```
//!
//! What counts is what workers do, and not how many connections they have: a thousand idle ones are no work, and one
//! download can be as much as a worker can do. So each worker knows for which part of the time it was busy, and for
//! which part it was on a core. It says so to the others, and looks at what they say, ten times a second while it has
//! something to do.
//!
//! A second worker is no gain in itself. On a machine where the clients run, too, it takes processor time from them:
//! with two cores and 64 connections, one worker answers 15 % more requests than two, and its latency at the 99th
//! percentile is a fifth. Whether there is a core for another worker cannot be known before. So each of the two steps
//! is a trial. After a spread, workers that are ready to run and do not run wait for a core, and are gathered again.
//! After a gathering, a worker that has work all the time and is not on a core waits for a disk: it gives half of it
//! back. Each trial that fails doubles the pause before the next.
//!
//! A connection moves between two requests, when nothing of it is in a buffer, and only if it was busy for a while:
//! one that lives for a single request stays with whoever has accepted it. One that is idle or slow stays, too.

use super::shared::{Gift, Load, Shared};
use crate::base::platform::process::thread_time;
use std::time::{Duration, Instant};

/// How long a worker counts before it looks at what it has counted.
const WINDOW: Duration = Duration::from_millis(100);

/// A worker that had work for so much of the time could do no more.
const SATURATED: f64 = 0.9;

/// A worker that was on a core for less than this part of the time when it had work waited for one, or for a disk.
const ON_CORE: f64 = 0.85;

/// A worker that had work for less of the time has time for connections of others.
const HAS_TIME: f64 = 0.5;

/// One worker could do what two have done if both together were on a core for no longer than this.
const ENOUGH_FOR_ONE: f64 = 0.85;

/// What is below this is not worth a look.
const LITTLE: f64 = 0.02;

/// For how long a step is a trial.
const TRIAL: Duration = Duration::from_secs(1);

/// How long after a trial that failed there is no other; twice as long after the next.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(64);

/// What a worker knows of its work.
#[derive(Debug)]
pub(super) struct Balance {
    here: usize,
    window: Window,
    /// What the last window asked for. A single window may be an accident.
    wish: Option<Wish>,
    /// Which connections to give away, at the ends of their turns.
    giving: Option<Giving>,
    spread: Trials,
    gathering: Trials,
    /// From whom all was taken, and until when that is a trial.
    took: Option<(usize, Instant)>,
}

/// What was counted since it began.
#[derive(Debug)]
struct Window {
    number: u32,
    began: Instant,
    /// How long this thread had been on a core when it began.
    on_core: Duration,
    /// How long the worker was not asleep.
    busy: Duration,
    /// How many connections had a turn.
    active: usize,
}

#[derive(Debug, Clone, Copy)]
struct Giving {
    to: usize,
    left: usize,
    /// It is a gathering, and the other is to know.
    all: bool,
}

/// What to do about the load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    /// Give half of the busy connections to this worker.
    Spread(usize),
    /// Give all of them to this worker.
    Gather(usize),
}

/// Trials of one kind of step.
#[derive(Debug)]
struct Trials {
    /// The other worker, and until when the last step is a trial.
    last: Option<(usize, Instant)>,
    pause: Duration,
    pause_until: Instant,
}

impl Trials {
    fn new(now: Instant) -> Trials {
        Trials { last: None, pause: SHORTEST_PAUSE, pause_until: now }
    }

    fn begin(&mut self, other: usize, now: Instant) {
        // One that was not called a failure has succeeded.
        if self.last.is_some() {
            self.pause = SHORTEST_PAUSE;
        }
        self.last = Some((other, now + TRIAL));
    }

    /// The other worker, if there is a trial.
    fn under_way(&self, now: Instant) -> Option<usize> {
        self.last.filter(|(_, until)| now < *until).map(|(other, _)| other)
    }

    fn fail(&mut self, now: Instant) {
        self.last = None;
        self.pause_until = now + self.pause;
        self.pause = (2 * self.pause).min(LONGEST_PAUSE);
    }

    fn may_begin(&self, now: Instant) -> bool {
        self.pause_until <= now
    }
}

impl Balance {
    /// For a worker that begins now.
    pub(super) fn new(here: usize, now: Instant) -> Balance {
        let window =
            Window { number: 2, began: now, on_core: thread_time(), busy: Duration::ZERO, active: 0 };
        Balance {
            here,
            window,
            wish: None,
            giving: None,
            spread: Trials::new(now),
            gathering: Trials::new(now),
            took: None,
        }
    }

    /// The worker goes to sleep at `now`, after a turn that began at `woke`.
    pub(super) fn sleeps(&mut self, shared: &Shared, woke: Instant, now: Instant) {
        self.window.busy += now.saturating_duration_since(woke);
        if now.saturating_duration_since(self.window.began) >= WINDOW {
            self.look(shared, now);
        }
    }

    /// A connection has had a turn, and waits for its next request. `last` is the number of the last window in which it
    /// had one. Returns the worker to which it is to go, if it is to go.
    pub(super) fn moves_to(&mut self, last: &mut u32) -> Option<usize> {
        let before = std::mem::replace(last, self.window.number);
        if before == self.window.number {
            return None;
        }
        self.window.active += 1;
        let giving = self.giving.as_mut()?;
        if before.wrapping_add(1) != self.window.number || giving.left == 0 {
            return None;
        }
        giving.left -= 1;
        Some(giving.to)
    }

    /// Who gives, and why: for the worker to which a connection is to go.
    pub(super) fn gift(&self) -> Gift {
        Gift { from: self.here, all: self.giving.is_some_and(|giving| giving.all) }
    }

    /// Another worker has given connections. If it has them from here, that was of no use.
    pub(super) fn take(&mut self, gift: Gift, now: Instant) {
        let mine = if gift.all { &mut self.spread } else { &mut self.gathering };
        if mine.under_way(now) == Some(gift.from) {
            mine.fail(now);
        }
        if gift.all && self.took.is_none_or(|(_, until)| until <= now) {
            self.took = Some((gift.from, now + TRIAL));
        }
    }

    /// A window is over: decides what to do in the next.
    fn look(&mut self, shared: &Shared, now: Instant) {
        let length = now.saturating_duration_since(self.window.began).as_secs_f64();
        let on_core = thread_time();
        let mine = Load {
            busy: self.window.busy.as_secs_f64() / length,
            on_core: on_core.saturating_sub(self.window.on_core).as_secs_f64() / length,
        };
        shared.set_load(self.here, mine, now);
        self.giving = None;
        if mine.busy >= LITTLE && self.window.active > 0 {
            let loads: Vec<_> =
                (0..shared.mailboxes().len()).map(|worker| shared.load(worker, now)).collect();
            self.decide(&loads, now);
        }
        let number = self.window.number.wrapping_add(1);
        self.window = Window { number, began: now, on_core, busy: Duration::ZERO, active: 0 };
    }

    /// Decides what to do with this load of all workers.
    fn decide(&mut self, loads: &[Load], now: Instant) {
        if let Some((from, until)) = self.took
            && now < until
            && loads[self.here].is_saturated()
            && loads[self.here].waits()
        {
            self.took = None;
            self.giving = Some(Giving { to: from, left: self.window.active / 2, all: false });
            return;
        }
        let wish = self.wish(loads);
        if wish.is_none() || self.wish != wish {
            self.wish = wish;
            return;
        }
        match wish {
            Some(Wish::Spread(to)) if self.spread.may_begin(now) => {
                self.spread.begin(to, now);
                self.giving = Some(Giving { to, left: self.window.active / 2, all: false });
            }
            Some(Wish::Gather(to)) if self.gathering.may_begin(now) => {
                self.gathering.begin(to, now);
                self.giving = Some(Giving { to, left: usize::MAX, all: true });
            }
            _ => {}
        }
    }

    /// What this load asks for.
    fn wish(&self, loads: &[Load]) -> Option<Wish> {
        let (here, mine) = (self.here, loads[self.here]);
        let others = |step| (here + step) % loads.len();
        let by_busy = |a: &usize, b: &usize| loads[*a].busy.total_cmp(&loads[*b].busy);
        if mine.is_saturated() && !mine.waits() {
            // Of several that have as much time, the next behind this one, so that not all choose the same.
            let least = (1..loads.len()).map(others).min_by(by_busy)?;
            let is_worth_it = loads[least].busy < HAS_TIME && self.window.active > 1;
            return is_worth_it.then_some(Wish::Spread(least));
        }
        // Those that wait for a core are too many by one, and that is the last.
        if loads[here + 1..].iter().any(|load| load.busy >= LITTLE) {
            return None;
        }
        let active = (0..here).filter(|&other| loads[other].busy >= LITTLE);
        let least = active.min_by(by_busy)?;
        let both = mine.on_core + loads[least].on_core;
        let is_one_enough = both <= ENOUGH_FOR_ONE || (mine.waits() && loads[least].waits());
        is_one_enough.then_some(Wish::Gather(least))
    }
}

impl Load {
    /// Whether the worker could do no more.
    fn is_saturated(self) -> bool {
        self.busy >= SATURATED
    }

    /// Whether it was ready to run, and did not.
    fn waits(self) -> bool {
        self.on_core < ON_CORE * self.busy
    }
}

#[cfg(test)]
mod tests;
