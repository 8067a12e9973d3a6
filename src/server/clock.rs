//! The time, read once a turn for all connections of a worker.
//!
//! ```text
//! tick ──▶ now     for deadlines: monotonic, it never goes back
//!          date    for the Date field: "Sun, 06 Nov 1994 08:49:37 GMT", rendered anew once a second
//! ```

use crate::http::date;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The time of a turn.
pub(super) struct Clock {
    pub(super) now: Instant,
    pub(super) date: [u8; date::LENGTH],
    /// The second that `date` names.
    unix_seconds: u64,
}

impl Clock {
    pub(super) fn start() -> Clock {
        let mut clock = Clock { now: Instant::now(), unix_seconds: 0, date: date::imf_fixdate(0) };
        clock.tick();
        clock
    }

    /// Reads the time.
    pub(super) fn tick(&mut self) {
        self.now = Instant::now();
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        if seconds != self.unix_seconds {
            self.unix_seconds = seconds;
            self.date = date::imf_fixdate(seconds);
        }
    }
}
