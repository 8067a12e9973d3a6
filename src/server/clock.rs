//! The time, read once a turn for all connections of a worker.
//!
//! ```text
//! tick ──▶ now     for deadlines: monotonic, it never goes back
//!          date    for the Date field: "Sun, 06 Nov 1994 08:49:37 GMT", read and rendered anew once a second
//! ```

use crate::http::date;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The time of a turn.
pub(super) struct Clock {
    pub(super) now: Instant,
    pub(super) date: [u8; date::LENGTH],
    /// When the second is over that `date` names.
    date_until: Instant,
}

impl Clock {
    pub(super) fn start() -> Clock {
        let now = Instant::now();
        let mut clock = Clock { now, date: date::imf_fixdate(0), date_until: now };
        clock.read_date();
        clock
    }

    /// Reads the time.
    pub(super) fn tick(&mut self) {
        self.now = Instant::now();
        if self.now >= self.date_until {
            self.read_date();
        }
    }

    /// Reads the date. (If somebody sets the system's clock, that shows when the second is over.)
    #[cold]
    fn read_date(&mut self) {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.date = date::imf_fixdate(since_1970.as_secs());
        let left = Duration::from_nanos(1_000_000_000 - u64::from(since_1970.subsec_nanos()));
        self.date_until = self.now + left;
    }
}
