//! What is told of a run, by all its threads.

use super::event::Event;
use crate::glass::written::{Unread, Writer};
use serde::Serialize;
use std::time::{Duration, Instant};

/// What is told to the page, and when the run ends.
#[derive(Debug)]
pub(super) struct Report {
    writer: Writer,
    began: Instant,
    /// When the run is over, whatever happens.
    pub(super) deadline: Instant,
}

/// An event, and when it happened.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    event: &'a Event<'a>,
    at: f64,
}

impl Report {
    /// The report of a run that began at this time and may take so long.
    pub(super) fn new(writer: Writer, began: Instant, time: Duration) -> Report {
        Report { writer, began, deadline: began + time }
    }

    /// Tells the page of an event. If nobody reads, the run is about to end.
    pub(super) fn tell(&self, event: &Event<'_>) {
        let at = (self.began.elapsed().as_secs_f64() * 1e5).round() / 100.0;
        let mut line = serde_json::to_vec(&Line { event, at }).expect("text and numbers");
        line.push(b'\n');
        let _ = self.writer.write(&line);
    }

    /// All is told.
    pub(super) fn end(&self) {
        self.writer.end();
    }

    /// Whether the time for the run is over.
    pub(super) fn is_late(&self) -> bool {
        Instant::now() >= self.deadline
    }

    /// How long the run may take.
    pub(super) fn time(&self) -> Duration {
        self.deadline.saturating_duration_since(self.began)
    }

    /// Waits for this time, or the end of the run if that is sooner.
    ///
    /// # Errors
    /// As soon as the page is gone.
    pub(super) fn wait_until(&self, time: Instant) -> Result<(), Unread> {
        self.writer.wait_until(time.min(self.deadline))
    }
}
