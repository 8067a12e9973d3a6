//! Polling: files for which there are no events.
//!
//! ```text
//! poll_folders    folders on a file system that reports nothing: all files in them, in rounds (`poll.rs`)
//! poll_served     folders for which the system allows no watch: the files that were requested lately
//! ```
//!
//! A page that is open consists of files that were requested lately, and there are few of them however large the folder
//! is.

use super::super::file_event::FileEvent;
use super::super::poll::MAX_ENTRIES;
use super::Thread;
use crate::base::platform::names;
use crate::base::platform::status::FileType;
use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

impl Thread {
    /// Folders cannot be watched, or no more of them: from now on, requested files are polled. The user is told so
    /// once.
    pub(super) fn fall_back_to_polling(&self, error: &notify::Error) {
        if self.watch.is_limited.swap(true, Ordering::Relaxed) {
            return;
        }
        let why = match &error.kind {
            notify::ErrorKind::MaxFilesWatch => "the system lets this user watch no more folders".to_owned(),
            notify::ErrorKind::Io(error) => format!("folders cannot be watched ({error})"),
            other => format!("folders cannot be watched ({other:?})"),
        };
        (self.console.warn)(&format!(
            "--reload: {why}; of the others, only files that were asked for lately are looked at. Raise the \
             limits (sudo sysctl fs.inotify.max_user_watches=1000000 fs.inotify.max_user_instances=1024) or \
             serve a smaller folder"
        ));
    }

    /// Continues the round through the folders for which there are no events, for this time.
    pub(super) fn poll_folders(&mut self, time: Duration) {
        if self.poll.is_empty() {
            return;
        }
        self.watch.is_limited.store(true, Ordering::Relaxed);
        // While it runs, the poll asks `may_enter`, which needs the rest of `self`.
        let mut poll = std::mem::take(&mut self.poll);
        let (watch, filter) = (Arc::clone(&self.watch), Arc::clone(&self.filter));
        std::mem::swap(&mut self.linked, &mut self.linked_polled);
        if poll.is_at_its_start() {
            self.linked.clear();
        }
        poll.look(
            Instant::now() + time,
            |path| filter.counts(path),
            |path| self.may_enter(path),
            |path, event| watch.events.record(path, event),
        );
        std::mem::swap(&mut self.linked, &mut self.linked_polled);
        if poll.is_full() && !self.is_full {
            self.is_full = true;
            (self.console.warn)(&format!(
                "--reload: more than {MAX_ENTRIES} files are not looked at; of the others, only those that \
                 were asked for lately are. Serve a smaller folder, or leave files out: --reload-ignore"
            ));
        }
        self.poll = poll;
    }

    /// Polls the files that were requested lately, unless there are events for them.
    pub(super) fn poll_served(&mut self) {
        if !self.watch.is_limited.load(Ordering::Relaxed) {
            return;
        }
        let served = self.watch.served.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut served_now = HashMap::new();
        let index = self.options.index.iter().map(|name| format!("/{name}"));
        let endings: Vec<_> = [String::new(), ".html".to_owned()].into_iter().chain(index).collect();
        for (path, ending) in served.iter().flat_map(|path| endings.iter().map(move |end| (path, end))) {
            let relative = [path, ending.as_bytes()].concat();
            let relative = relative.strip_prefix(b"/").unwrap_or(&relative);
            let Ok(path) = names::path(relative).map(|path| self.root.path().join(path)) else { continue };
            let Some(folder) = path.parent().filter(|_| self.filter.counts(&path)) else { continue };
            if self.poll.knows(folder) {
                // The round will come to it, but a page that is open should not wait for that.
                if let Some(event) = self.poll.look_at(&path) {
                    self.watch.events.record(path, event);
                }
                continue;
            }
            if self.folders.contains(folder) && !self.poll.covers(folder) {
                continue;
            }
            let facts = self.root.look(relative).ok();
            let facts = facts.filter(|facts| facts.file_type == FileType::RegularFile);
            if self.served_before.get(relative).is_some_and(|before| *before != facts) {
                self.watch.events.record(path, FileEvent { created: false, entry_changed: false });
            }
            served_now.insert(relative.to_vec(), facts);
        }
        self.served_before = served_now;
    }
}
