//! Helpers: a few threads for what takes longer than a worker may spend on one client.
//!
//! A worker has many connections, and all of them wait for each step that it takes. What takes longer than a few
//! hundred microseconds and cannot be cut into pieces is given to a helper:
//!
//! ```text
//! worker ──Job──▶ Queue ──▶ helper: Job::work ──▶ Outcome ──Waker──▶ worker, which goes on with that connection
//! ```
//!
//! - There are as many as the machine has processors, two at least. None runs before there is something to do.
//! - What is [`Kind::Long`] never takes the last of them. So what is [`Kind::Short`] (a signature, say) waits for
//!   nothing long.
//! - The queue is bounded, and fair among clients: see `queue.rs`.
//! - A job whose client has gone is dropped as soon as it would have its turn ([`Job::is_wanted`]).
//! - A job that panics is lost, and nothing else.
//!
//! ```
//! use glasshttp::base::helpers::{Helpers, Kind};
//! use std::task::{Poll, Waker};
//!
//! let helpers = Helpers::new();
//! let sum = helpers.ask(None, Kind::Short, Waker::noop().clone(), || 1 + 1).ok().expect("there is room");
//! while sum.poll() != Poll::Ready(2) {
//!     std::thread::yield_now(); // A worker waits for its waker.
//! }
//! ```

mod outcome;
mod queue;

pub use outcome::Outcome;
pub use queue::Owner;

use super::platform::process;
use outcome::Call;
use queue::Queue;
use std::fmt;
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

/// The most helpers, on a machine with many processors.
const MOST: usize = 8;

/// Something that takes a while.
pub trait Job: Send {
    /// Does the work, or some of it.
    fn work(&mut self) -> Progress;

    /// Whether anybody still waits for it. If not, it is dropped before it does more.
    fn is_wanted(&self) -> bool {
        true
    }
}

/// How far a job has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// All is done.
    Done,
    /// There is more to do: others have their turns before.
    More,
}

/// How long a job takes, roughly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A few milliseconds at most.
    Short,
    /// Longer, or nobody knows.
    Long,
}

/// The helpers. Those that run end when this is dropped, each after what it is doing.
pub struct Helpers(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    /// Notified when a job comes, and at the end.
    has_come: Condvar,
    /// How many helpers there may be.
    most: usize,
}

#[derive(Default)]
struct State {
    short: Queue<Box<dyn Job>>,
    long: Queue<Box<dyn Job>>,
    /// How many helpers run, how many of these wait for a job, and how many have a long one.
    running: usize,
    waiting: usize,
    at_long: usize,
    is_over: bool,
}

impl Helpers {
    /// As many as this machine has processors, two at least.
    pub fn new() -> Arc<Helpers> {
        let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
        Helpers::so_many(processors.clamp(2, MOST))
    }

    fn so_many(most: usize) -> Arc<Helpers> {
        Arc::new(Helpers(Arc::new(Shared { state: Mutex::default(), has_come: Condvar::new(), most })))
    }

    /// Gives a job to the helpers, and says whether it will be done: not if too many wait, or if there can be no helper.
    pub fn give(&self, owner: Owner, kind: Kind, job: impl Job + 'static) -> bool {
        self.give_made(owner, kind, || (Box::new(job), ())).is_some()
    }

    /// Lets a helper call a function, and then calls the waker.
    ///
    /// # Errors
    /// The function, if too much waits already.
    pub fn ask<T: Send + 'static, F: FnOnce() -> T + Send + 'static>(
        &self,
        owner: Owner,
        kind: Kind,
        waker: Waker,
        function: F,
    ) -> Result<Outcome<T>, F> {
        let mut function = Some(function);
        let outcome = self.give_made(owner, kind, || {
            let (call, outcome) = Call::new(function.take(), waker);
            (Box::new(call) as _, outcome)
        });
        match (outcome, function) {
            (Some(outcome), _) => Ok(outcome),
            (None, Some(function)) => Err(function),
            (None, None) => unreachable!("it is taken only if there is room"),
        }
    }

    /// Makes a job and queues it, if there is room.
    fn give_made<T>(&self, owner: Owner, kind: Kind, make: impl FnOnce() -> (Box<dyn Job>, T)) -> Option<T> {
        // It is dropped when the lock is free again: what is dropped with a job may want it.
        let mut unwanted = Vec::new();
        let mut state = self.0.state();
        let queue = state.queue(kind);
        if !queue.has_room(owner) {
            unwanted.append(&mut queue.take_out(|job| job.is_wanted()));
        }
        if !self.has_one(&mut state, kind) || !state.queue(kind).has_room(owner) {
            return None;
        }
        let (job, rest) = make();
        state.queue(kind).push(owner, job);
        drop(state);
        self.0.has_come.notify_one();
        Some(rest)
    }

    /// How many jobs wait.
    pub fn waiting(&self) -> usize {
        let state = self.0.state();
        state.short.len() + state.long.len()
    }

    /// Whether there is a helper. Where there may be another and it would have something to do, it is started.
    fn has_one(&self, state: &mut State, kind: Kind) -> bool {
        let would_wait = kind == Kind::Long && state.at_long + 1 >= self.0.most;
        // Those that wait may have been notified of what is queued, and have not taken it yet.
        let are_taken = state.waiting <= state.short.len() + state.long.len();
        if are_taken && state.running < self.0.most && !(would_wait && state.running > 0) {
            let shared = Arc::clone(&self.0);
            let thread = std::thread::Builder::new().name("helper".to_owned());
            if thread.spawn(move || shared.help()).is_ok() {
                state.running += 1;
            }
        }
        state.running > 0
    }
}

impl Drop for Helpers {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.is_over = true;
        let left = (std::mem::take(&mut state.short), std::mem::take(&mut state.long));
        drop(state);
        // What is dropped with a job may want the lock.
        drop(left);
        self.0.has_come.notify_all();
    }
}

impl fmt::Debug for Helpers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Helpers({} of {})", self.0.state().running, self.0.most)
    }
}

impl State {
    fn queue(&mut self, kind: Kind) -> &mut Queue<Box<dyn Job>> {
        match kind {
            Kind::Short => &mut self.short,
            Kind::Long => &mut self.long,
        }
    }

    /// The next job for a helper that is free. Long ones come first as long as a helper is left for short ones: so
    /// neither kind waits for all of the other.
    fn take(&mut self, most: usize) -> Option<(Kind, Owner, Box<dyn Job>)> {
        let kind = if self.at_long + 1 < most && !self.long.is_empty() { Kind::Long } else { Kind::Short };
        let (owner, job) = self.queue(kind).pop()?;
        self.at_long += usize::from(kind == Kind::Long);
        Some((kind, owner, job))
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a helper does until the end.
    fn help(&self) {
        process::let_others_go_first();
        let mut state = self.state();
        while !state.is_over {
            let Some((kind, owner, job)) = state.take(self.most) else {
                state.waiting += 1;
                state = self.has_come.wait(state).unwrap_or_else(PoisonError::into_inner);
                state.waiting -= 1;
                continue;
            };
            drop(state);
            let left = work(job);
            state = self.state();
            state.at_long -= usize::from(kind == Kind::Long);
            match left {
                Some(job) if state.is_over => {
                    drop(state);
                    drop(job);
                    return;
                }
                Some(job) => state.queue(kind).push(owner, job),
                None => {}
            }
        }
    }
}

/// Lets a job work, if anybody wants that. Gives it back if there is more to do. A panic costs this job.
fn work(mut job: Box<dyn Job>) -> Option<Box<dyn Job>> {
    let progress = catch_unwind(AssertUnwindSafe(|| {
        let has_more = job.is_wanted() && job.work() == Progress::More;
        has_more.then_some(job)
    }));
    progress.unwrap_or(None)
}

#[cfg(test)]
mod tests;
