//! Watches a folder, and tells pages what has changed in it.
//!
//! ```text
//! system ──events──▶ Debouncer ──Batch──▶ classify ──▶ a style sheet has changed    pages swap it
//! polling ─events──▶                               ──▶ anything else                pages reload
//! ```
//!
//! A file that was created and removed within one batch was a temporary file of some program, and does not count. Nor
//! do the paths that `filter.rs` leaves out.
//!
//! A thread of its own does all of this: `run`. Which folders are watched is in `folders.rs`. A watch belongs to a
//! folder and not to its name, so the thread also checks twice a second whether the path of the root still leads to the
//! same folder. Files for which there are no events are polled as often: that is in `unwatched.rs`.

mod folders;
mod unwatched;

use super::debounce::{Batch, Debouncer};
use super::file_event::FileEvent;
use super::filter::Filter;
use super::poll::Poll;
use super::{Change, Console, Options, State};
use crate::base::human;
use crate::base::platform::names;
use crate::base::platform::status::{self, Identity};
use crate::http::target::encode_segment;
use crate::site::Root;
use crate::site::facts::Facts;
use notify::{RecommendedWatcher, Watcher};
use std::collections::{HashMap, HashSet, VecDeque};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, SyncSender};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

/// How often the root is checked, and files are polled.
const TICK: Duration = Duration::from_millis(500);

/// How long files are polled in a tick.
const POLL_TIME: Duration = Duration::from_millis(50);

/// Up to how many style sheets are swapped; if more have changed, pages reload.
const MAX_STYLES: usize = 16;

/// How many requested files are remembered, to be polled.
const MAX_SERVED: usize = 256;

/// How many files an explanation names.
const MAX_NAMES: usize = 3;

/// What the threads share.
#[derive(Debug, Default)]
pub(super) struct Watch {
    events: Debouncer,
    /// Whether there are files without events, so that requested files are remembered.
    is_limited: AtomicBool,
    /// The files that were requested lately, the last at the end.
    served: Mutex<VecDeque<Vec<u8>>>,
}

impl Watch {
    /// Starts a thread that watches, for as long as there are pages to be told (`state`). Waits until all folders are
    /// watched, but no longer than `wait`.
    pub(super) fn start(
        root: Arc<Root>,
        options: Options,
        wait: Duration,
        state: Weak<State>,
        console: Console,
    ) -> io::Result<Arc<Watch>> {
        let watch = Arc::<Watch>::default();
        let (ready, is_ready) = mpsc::sync_channel(1);
        let filter = Arc::new(Filter::new(&root, &options));
        let mut thread = Thread {
            watch: Arc::clone(&watch),
            root,
            options,
            state,
            console,
            filter,
            watcher: None,
            folders: HashSet::new(),
            linked: HashSet::new(),
            has_links: false,
            identity: None,
            poll: Poll::default(),
            linked_polled: HashSet::new(),
            silent: HashMap::new(),
            is_full: false,
            served_before: HashMap::new(),
            polled: Instant::now(),
        };
        std::thread::Builder::new().name("reload".to_owned()).spawn(move || thread.run(&ready))?;
        let _ = is_ready.recv_timeout(wait);
        Ok(watch)
    }

    /// Remembers a file that is requested, if files are to be polled.
    pub(super) fn note(&self, relative: impl FnOnce() -> Option<Vec<u8>>) {
        if !self.is_limited.load(Ordering::Relaxed) {
            return;
        }
        let Some(relative) = relative() else { return };
        let mut served = self.served.lock().unwrap_or_else(PoisonError::into_inner);
        served.retain(|known| *known != relative);
        served.push_back(relative);
        if served.len() > MAX_SERVED {
            served.pop_front();
        }
    }
}

/// The thread that watches.
struct Thread {
    watch: Arc<Watch>,
    root: Arc<Root>,
    options: Options,
    state: Weak<State>,
    console: Console,
    filter: Arc<Filter>,

    // Watches.
    watcher: Option<RecommendedWatcher>,
    /// All folders that have a watch.
    folders: HashSet<PathBuf>,
    /// The folders to which a link led, so that none is walked in circles.
    linked: HashSet<Identity>,
    /// There are links: a file may have several names, and it is not known which of them a page uses.
    has_links: bool,
    /// The folder to which the path of the root leads; `None` while it leads nowhere.
    identity: Option<Identity>,

    // Polling.
    /// The folders for which the system does not report all events.
    poll: Poll,
    /// What `linked` is for the watches.
    linked_polled: HashSet<Identity>,
    /// Whether a file system reports no events, by its device number.
    silent: HashMap<u64, bool>,
    /// The user was told that there are too many files to poll.
    is_full: bool,
    /// What was last seen of the files that were requested lately.
    served_before: HashMap<Vec<u8>, Option<Facts>>,
    /// When files were last polled.
    polled: Instant,
}

impl Thread {
    fn run(&mut self, ready: &SyncSender<()>) {
        if !self.options.poll {
            let (watch, filter) = (Arc::clone(&self.watch), Arc::clone(&self.filter));
            let handler = move |event: notify::Result<notify::Event>| {
                watch.events.record_system_event(&filter, event);
            };
            match RecommendedWatcher::new(handler, notify::Config::default()) {
                Ok(watcher) => self.watcher = Some(watcher),
                Err(error) => self.fall_back_to_polling(&error),
            }
        }
        self.identity = self.current_identity();
        self.watch_all();
        self.poll_folders(super::START);
        let _ = ready.send(());
        loop {
            let batch = self.watch.events.next_batch(TICK);
            let began = batch.as_ref().and_then(|batch| batch.span).map_or_else(Instant::now, |span| span.1);
            let identity = self.current_identity();
            let is_same = identity == self.identity;
            let change = if is_same {
                let change = batch.as_ref().and_then(|batch| self.classify(batch));
                if self.polled.elapsed() >= TICK {
                    self.poll_served();
                    self.poll_folders(POLL_TIME);
                    self.polled = Instant::now();
                }
                change
            } else {
                self.identity = identity;
                self.watch_all();
                Some(Change::Any)
            };
            let Some(state) = self.state.upgrade() else { return };
            // While there is no folder at all, a page that reloads would find nothing.
            if let (Some(change), Some(_)) = (change, self.identity) {
                if let Some(explain) = self.console.explain {
                    explain(&self.explanation(&change, batch.as_ref().filter(|_| is_same)));
                }
                state.publish(&change, began);
            }
        }
    }

    fn current_identity(&self) -> Option<Identity> {
        status::at(self.root.path()).ok().map(|stat| stat.identity)
    }

    /// What a batch of events means for pages; `None` if nothing.
    fn classify(&mut self, batch: &Batch) -> Option<Change> {
        self.update_watches(batch);
        // What the system has reported need not be found again by polling.
        for path in batch.paths.keys() {
            self.poll.look_at(path);
        }
        if batch.overflow {
            return Some(Change::Any);
        }
        let mut styles = Vec::new();
        for (path, event) in &batch.paths {
            let is_folder = match path.symlink_metadata() {
                // A temporary file of some program.
                Err(_) if event.created => continue,
                Err(_) => return Some(Change::Any),
                Ok(metadata) => metadata.is_dir(),
            };
            // The folder was there before, and only its permissions have changed.
            if is_folder && !event.entry_changed {
                continue;
            }
            let style = self.path_of_style(path);
            if is_folder || style.is_none() || styles.len() >= MAX_STYLES {
                return Some(Change::Any);
            }
            styles.extend(style);
        }
        styles.sort();
        (!styles.is_empty()).then_some(Change::Styles(styles))
    }

    /// Why pages are told of a change, in one line.
    fn explanation(&self, change: &Change, batch: Option<&Batch>) -> String {
        let what = match change {
            Change::Styles(_) => "pages swap it",
            Change::Any => "pages reload",
        };
        let Some(batch) = batch else {
            return format!("Reload: the folder itself is another one than before: {what}");
        };
        let is_no_temporary_file =
            |(path, event): &(&PathBuf, &FileEvent)| !event.created || path.symlink_metadata().is_ok();
        let mut paths: Vec<_> =
            batch.paths.iter().filter(is_no_temporary_file).map(|(path, _)| path).collect();
        paths.sort();
        let name = |path: &&PathBuf| {
            let relative = path.strip_prefix(self.root.path()).unwrap_or(path);
            let verb = if path.symlink_metadata().is_ok() { "has changed" } else { "is gone" };
            format!("\"{}\" {verb}", human::below(relative))
        };
        let mut names: Vec<_> = paths.iter().take(MAX_NAMES).map(name).collect();
        match paths.len().saturating_sub(MAX_NAMES) {
            0 if batch.overflow => names.push("more than the system tells one by one".to_owned()),
            0 => {}
            more => names.push(format!("and {more} more")),
        }
        format!("Reload: {}: {what}", names.join(", "))
    }

    /// The path of the URL of a style sheet, if this is one and its URL is known.
    fn path_of_style(&self, path: &Path) -> Option<String> {
        let is_style = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("css"));
        if !is_style || self.has_links || self.root.single_file().is_some() {
            return None;
        }
        let names = path.strip_prefix(self.root.path()).ok()?.iter();
        let segments: Vec<_> = names.map(|name| encode_segment(names::bytes(name)).to_string()).collect();
        Some(format!("/{}", segments.join("/")))
    }
}
