//! Debouncing: events are collected until there was a pause, and then looked at together.
//!
//! ```text
//! create 4913, remove 4913, rename a.css a.css~, create a.css, write a.css, remove a.css~
//!                                        60 ms in which nothing happens
//!                                                                        Batch { 4913, a.css, a.css~ }
//! ```
//!
//! The system reports every step that a program takes (`notify`, which uses inotify(7) on Linux). An editor that saves
//! one file takes several, and a build tool takes thousands.
//!
//! Written here: `notify-debouncer-full` gives out each event when it is old enough, and keeps as many as come. A page
//! is to hear of a change once, when it is over; and a batch has bounds.

use super::file_event::FileEvent;
use super::filter::Filter;
use notify::event::{EventKind, ModifyKind, RenameMode};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A batch is complete when nothing has happened for this long.
const PAUSE: Duration = Duration::from_millis(60);

/// A batch is complete after this time even if things go on happening.
const MAX_AGE: Duration = Duration::from_millis(500);

/// How many paths a batch holds. Of a larger change it is enough to know that it was large.
const MAX_PATHS: usize = 10_000;

/// Collects events from several threads for one that waits.
#[derive(Debug, Default)]
pub(super) struct Debouncer {
    batch: Mutex<Batch>,
    changed: Condvar,
}

/// What has happened and was not looked at yet.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) paths: HashMap<PathBuf, FileEvent>,
    /// There are more events than the batch holds, or the system has lost some (`IN_Q_OVERFLOW`).
    pub(super) overflow: bool,
    /// When the first and the last of these events came.
    pub(super) span: Option<(Instant, Instant)>,
}

impl Debouncer {
    /// Records an event of the system, if it says that something has changed.
    pub(super) fn record_system_event(&self, filter: &Filter, event: notify::Result<notify::Event>) {
        let event = match event {
            Ok(event) if !event.need_rescan() => event,
            _ => return self.update(|batch| batch.overflow = true),
        };
        let file_event = match event.kind {
            // The second of these repeats two others.
            EventKind::Access(_) | EventKind::Modify(ModifyKind::Name(RenameMode::Both)) => return,
            EventKind::Create(_) | EventKind::Modify(ModifyKind::Name(RenameMode::To)) => {
                FileEvent { created: true, entry_changed: true }
            }
            EventKind::Modify(ModifyKind::Data(_) | ModifyKind::Metadata(_)) => {
                FileEvent { created: false, entry_changed: false }
            }
            _ => FileEvent { created: false, entry_changed: true },
        };
        for path in event.paths {
            if filter.counts(&path) {
                self.record(path, file_event);
            }
        }
    }

    /// Records what has happened to a path.
    pub(super) fn record(&self, path: PathBuf, event: FileEvent) {
        self.update(|batch| {
            if batch.paths.len() < MAX_PATHS {
                batch.paths.entry(path).or_insert(event).entry_changed |= event.entry_changed;
            } else {
                batch.overflow = true;
            }
        });
    }

    fn update(&self, change: impl FnOnce(&mut Batch)) {
        let mut batch = self.batch.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut batch);
        let now = Instant::now();
        batch.span = Some((batch.span.map_or(now, |(first, _)| first), now));
        self.changed.notify_one();
    }

    /// Waits until a batch is complete, but for no longer than `most`; `None` if none is.
    pub(super) fn next_batch(&self, most: Duration) -> Option<Batch> {
        let give_up = Instant::now() + most;
        let mut batch = self.batch.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let until = batch.span.map_or(give_up, |(first, last)| (last + PAUSE).min(first + MAX_AGE));
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return batch.span.is_some().then(|| std::mem::take(&mut *batch));
            }
            batch = self.changed.wait_timeout(batch, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}
