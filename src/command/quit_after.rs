//! `--quit-after`: a server that is started when somebody asks, and ends when nobody does any more.
//!
//! ```text
//! systemd has the port ──▶ somebody connects ──▶ glasshttp is started and answers
//!                                                 no request for IDLE: it ends with exit code 0
//!                      ◀── and systemd waits for the next who connects
//! ```
//!
//! What counts is requests. Browsers keep connections open for minutes that they may never use again;
//! those are idle, and are closed. A download, an upload or a page that listens (`--reload`, `--inspect`)
//! is a request that has not ended, and keeps the server there for as long as it lasts.
//!
//! Each worker notes when it has answered. Nobody polls: the thread that waits sleeps until the time could
//! be over, and so wakes up once in IDLE at the most.

use crate::server::{Event, Interests, Observer};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// When the last request was answered.
#[derive(Debug)]
pub struct Activity {
    began: Instant,
    /// In microseconds after that.
    last: AtomicU64,
}

impl Activity {
    /// Nothing was asked for yet; the time runs from now.
    pub fn start() -> Arc<Activity> {
        Arc::new(Activity { began: Instant::now(), last: AtomicU64::new(0) })
    }

    /// An observer for one worker.
    pub fn observer(self: &Arc<Activity>) -> WorkerActivity {
        WorkerActivity(Arc::clone(self))
    }

    /// Waits until there was no request for so long. `is_busy` says whether one is under way.
    pub fn wait_for_idleness(&self, idle: Duration, is_busy: impl Fn() -> bool) {
        let mut until = self.last() + idle;
        loop {
            let now = Instant::now();
            if until > now {
                std::thread::sleep(until - now);
                continue;
            }
            let earliest = self.last() + idle;
            until = match is_busy() {
                // Its end counts, and so it cannot be over before that.
                true => now + idle,
                false if earliest <= now => return,
                false => earliest,
            };
        }
    }

    fn last(&self) -> Instant {
        self.began + Duration::from_micros(self.last.load(Ordering::Relaxed))
    }
}

/// Notes what one worker answers.
#[derive(Debug)]
pub struct WorkerActivity(Arc<Activity>);

impl Observer for WorkerActivity {
    fn interests(&self) -> Interests {
        Interests::default()
    }

    fn notice(&mut self, event: &Event<'_>, now: Instant) {
        if let Event::Ended(_) = event {
            let after = now.saturating_duration_since(self.0.began).as_micros();
            self.0.last.fetch_max(u64::try_from(after).unwrap_or(u64::MAX), Ordering::Relaxed);
        }
    }
}
