//! `--quit-after`: a server that ends when there has been no request for a while.
//!
//! ```text
//! systemd has the port ──▶ a client connects ──▶ systemd starts glasshttp, which answers
//!                                                 no request for IDLE: it ends with exit code 0
//!                      ◀── systemd waits for the next client
//! ```
//!
//! Only requests count. Browsers keep connections open for minutes that they may never use again; those are idle, and
//! the server closes them. A download, an upload or a page with an event stream (`--reload`, `--inspect`) is a request
//! that has not ended, and keeps the server running for as long as it lasts.
//!
//! Each worker notes when it has answered. Nothing polls: the thread that waits sleeps until the earliest time at which
//! the server could end, and so wakes up once in IDLE at most.

use crate::glass::is_only_a_question;
use crate::server::{Event, Interests, Observer};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// When the last request was answered.
#[derive(Debug)]
pub struct Activity {
    began: Instant,
    /// The time of the last answer, in microseconds after `began`.
    last: AtomicU64,
}

impl Activity {
    /// No request has come yet, and the time runs from now.
    pub fn start() -> Arc<Activity> {
        Arc::new(Activity { began: Instant::now(), last: AtomicU64::new(0) })
    }

    /// An observer for one worker.
    pub fn observer(self: &Arc<Activity>) -> WorkerActivity {
        WorkerActivity(Arc::clone(self))
    }

    /// Waits until there has been no request for this long. `is_busy` says whether one is under way.
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
                // The time runs from the end of that request.
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

/// Notes when one worker answers.
#[derive(Debug)]
pub struct WorkerActivity(Arc<Activity>);

impl Observer for WorkerActivity {
    fn interests(&self) -> Interests {
        Interests::default()
    }

    fn notice(&mut self, event: &Event<'_>, now: Instant) {
        // A page that is open somewhere asks on and on.
        if let Event::Ended(exchange) = event
            && !is_only_a_question(exchange)
        {
            let after = now.saturating_duration_since(self.0.began).as_micros();
            self.0.last.fetch_max(u64::try_from(after).unwrap_or(u64::MAX), Ordering::Relaxed);
        }
    }
}
