//! Watches a folder, and tells what in it has changed.
//!
//! The system tells of each step that a program takes (`notify`, which is inotify on Linux). An editor
//! that saves one file takes several, and a build tool thousands. So steps are gathered until there
//! was a pause, and then looked at together:
//!
//! ```text
//! create 4913, remove 4913, rename a.css a.css~, create a.css, write a.css, remove a.css~
//!                                       60 ms in which nothing happens
//!                                                                       /a.css has changed
//! ```
//!
//! What came into being and is gone again was somebody's temporary file, and is left out. So are hidden
//! names (unless they are served), `.git`, `node_modules`, backups (`a~`), and what no page loads: source
//! maps, Sass.
//!
//! Each folder is watched by itself, so that those left out cost nothing. What a watch is tied to is
//! the folder and not its name; so after a rename its watches are made anew, and the root is looked at
//! twice a second, to see whether its path still leads to the same folder.
//!
//! If the system allows no more watches, the files that were asked for lately are looked at as often:
//! a page in sight is made of those, and there are few of them however large the folder is. And where
//! it does not tell what others change, all files are: that is in `poll.rs`.

use super::ignore::Ignore;
use super::poll::{MAX_ENTRIES, Poll};
use super::step::Step;
use super::{Change, Options, State, Voice};
use crate::base::human;
use crate::base::platform::status::{self, FileType, Identity};
use crate::base::platform::{file_system, names};
use crate::http::target::encode_segment;
use crate::site::Root;
use crate::site::facts::Facts;
use crate::site::names::is_temporary;
use notify::event::{EventKind, ModifyKind, RenameMode};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use std::collections::{HashMap, HashSet, VecDeque};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, SyncSender};
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

/// After so much silence a change is complete.
const SILENCE: Duration = Duration::from_millis(60);

/// A change that does not end is told after this time.
const PATIENCE: Duration = Duration::from_millis(500);

/// How often it is looked whether the folder is still the same one, and at files without a watch.
const TICK: Duration = Duration::from_millis(500);

/// How many paths are remembered of a change. Of a larger one it is enough to know that.
const MAX_PATHS: usize = 10_000;

/// Of how many style sheets pages are told one by one.
const MAX_STYLES: usize = 16;

/// How many files are looked at that have no watch.
const MAX_SERVED: usize = 256;

/// How long a tick looks at files.
const TURN: Duration = Duration::from_millis(50);

/// How many files a line names.
const MAX_NAMES: usize = 3;

/// What the threads have in common.
#[derive(Debug)]
pub(super) struct Watch {
    steps: Mutex<Steps>,
    changed: Condvar,
    /// Whether there are folders without a watch, so that what is served is to be noted.
    is_limited: AtomicBool,
    served: Mutex<VecDeque<Vec<u8>>>,
}

/// What has happened and was not looked at yet.
#[derive(Debug, Default)]
struct Steps {
    paths: HashMap<PathBuf, Step>,
    /// More than is kept, or the system itself has lost some.
    too_many: bool,
    /// When the first and the last of these happened.
    span: Option<(Instant, Instant)>,
}

impl Watch {
    /// Watches on a thread of its own, for as long as there is somebody to tell. Waits until all
    /// folders are watched, but no longer than that.
    pub(super) fn start(
        root: Arc<Root>,
        options: Options,
        wait: Duration,
        state: Weak<State>,
        voice: Voice,
    ) -> io::Result<Arc<Watch>> {
        let watch = Arc::new(Watch {
            steps: Mutex::default(),
            changed: Condvar::new(),
            is_limited: AtomicBool::new(false),
            served: Mutex::default(),
        });
        let (ready, is_ready) = mpsc::sync_channel(1);
        let filter = Arc::new(Filter::new(&root, &options));
        let mut thread = Thread {
            watch: Arc::clone(&watch),
            root,
            options,
            state,
            voice,
            filter,
            watcher: None,
            folders: HashSet::new(),
            linked: HashSet::new(),
            has_links: false,
            identity: None,
            known: HashMap::new(),
            poll: Poll::default(),
            linked_polled: HashSet::new(),
            silent: HashMap::new(),
            is_full: false,
            polled: Instant::now(),
        };
        std::thread::Builder::new().name("reload".to_owned()).spawn(move || thread.run(&ready))?;
        let _ = is_ready.recv_timeout(wait);
        Ok(watch)
    }

    /// Notes what is asked for, if there is a reason to.
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

    /// Takes down what happened to a path.
    fn step(&self, path: PathBuf, step: Step) {
        self.take_down(|steps| {
            if steps.paths.len() < MAX_PATHS {
                steps.paths.entry(path).or_insert(step).moved |= step.moved;
            } else {
                steps.too_many = true;
            }
        });
    }

    /// Takes down that something happened, and nobody knows what.
    fn lost(&self) {
        self.take_down(|steps| steps.too_many = true);
    }

    fn take_down(&self, what: impl FnOnce(&mut Steps)) {
        let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        what(&mut steps);
        let now = Instant::now();
        steps.span = Some((steps.span.map_or(now, |(first, _)| first), now));
        self.changed.notify_one();
    }

    /// Waits until a change is complete, or for a tick.
    fn next_change(&self) -> Option<Steps> {
        let tick = Instant::now() + TICK;
        let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let until = steps.span.map_or(tick, |(first, last)| (last + SILENCE).min(first + PATIENCE));
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return steps.span.is_some().then(|| std::mem::take(&mut *steps));
            }
            steps = self.changed.wait_timeout(steps, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// The thread that watches.
struct Thread {
    watch: Arc<Watch>,
    root: Arc<Root>,
    options: Options,
    state: Weak<State>,
    voice: Voice,
    filter: Arc<Filter>,
    watcher: Option<RecommendedWatcher>,
    /// All that have a watch.
    folders: HashSet<PathBuf>,
    /// Those that a link led to, so that none is gone through in circles.
    linked: HashSet<Identity>,
    /// A file may then have several names, and which of them a page uses nobody knows.
    has_links: bool,
    /// Which folder the root's path leads to; `None` while it leads nowhere.
    identity: Option<Identity>,
    /// What was last seen of files without a watch.
    known: HashMap<Vec<u8>, Option<Facts>>,
    /// The folders of which the system does not tell all.
    poll: Poll,
    /// What `linked` is to the watches.
    linked_polled: HashSet<Identity>,
    /// Of each file system by its device, whether it is one of those.
    silent: HashMap<u64, bool>,
    /// Somebody was told that there are too many files to look at.
    is_full: bool,
    /// When files were last looked at.
    polled: Instant,
}

impl Thread {
    fn run(&mut self, ready: &SyncSender<()>) {
        if !self.options.poll {
            let (watch, filter) = (Arc::clone(&self.watch), Arc::clone(&self.filter));
            let handler = move |event: notify::Result<notify::Event>| take_down(&watch, &filter, event);
            match RecommendedWatcher::new(handler, notify::Config::default()) {
                Ok(watcher) => self.watcher = Some(watcher),
                Err(error) => self.make_do_without(&error),
            }
        }
        self.identity = self.current_identity();
        self.watch_all();
        self.look_at_polled(super::START);
        let _ = ready.send(());
        loop {
            let steps = self.watch.next_change();
            let began = steps.as_ref().and_then(|steps| steps.span).map_or_else(Instant::now, |span| span.1);
            let identity = self.current_identity();
            let is_same = identity == self.identity;
            let change = if is_same {
                let change = steps.as_ref().and_then(|steps| self.judge(steps));
                if self.polled.elapsed() >= TICK {
                    self.look_at_files_without_a_watch();
                    self.look_at_polled(TURN);
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
                if let Some(explain) = self.voice.explain {
                    explain(&self.why(&change, steps.as_ref().filter(|_| is_same)));
                }
                state.tell(&change, began);
            }
        }
    }

    fn current_identity(&self) -> Option<Identity> {
        status::at(self.root.path()).ok().map(|stat| stat.identity)
    }

    // ---- what it means

    /// What has changed, all in all; `None` if that is nothing.
    fn judge(&mut self, steps: &Steps) -> Option<Change> {
        self.follow(steps);
        // What the system has told need not be found once more.
        for path in steps.paths.keys() {
            self.poll.look_at(path);
        }
        if steps.too_many {
            return Some(Change::Any);
        }
        let mut styles = Vec::new();
        for (path, step) in &steps.paths {
            let is_folder = match path.symlink_metadata() {
                // Somebody's temporary file.
                Err(_) if step.came => continue,
                Err(_) => return Some(Change::Any),
                Ok(metadata) => metadata.is_dir(),
            };
            // Of a folder that was there before only the permissions have changed.
            if is_folder && !step.moved {
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

    /// Why pages are told something, in a line.
    fn why(&self, change: &Change, steps: Option<&Steps>) -> String {
        let what = match change {
            Change::Styles(_) => "pages swap it",
            Change::Any => "pages reload",
        };
        let Some(steps) = steps else {
            return format!("Reload: the folder itself is another one than before: {what}");
        };
        let of_others = |(path, step): &(&PathBuf, &Step)| !step.came || path.symlink_metadata().is_ok();
        let mut paths: Vec<_> = steps.paths.iter().filter(of_others).map(|(path, _)| path).collect();
        paths.sort();
        let name = |path: &&PathBuf| {
            let relative = path.strip_prefix(self.root.path()).unwrap_or(path);
            let verb = if path.symlink_metadata().is_ok() { "has changed" } else { "is gone" };
            format!("\"{}\" {verb}", human::OneLine(relative))
        };
        let mut names: Vec<_> = paths.iter().take(MAX_NAMES).map(name).collect();
        match paths.len().saturating_sub(MAX_NAMES) {
            0 if steps.too_many => names.push("more than the system tells one by one".to_owned()),
            0 => {}
            more => names.push(format!("and {more} more")),
        }
        format!("Reload: {}: {what}", names.join(", "))
    }

    /// The path of the URL of a style sheet, if it is one and that can be told.
    fn path_of_style(&self, path: &Path) -> Option<String> {
        let is_style = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("css"));
        if !is_style || self.has_links || self.root.single_file().is_some() {
            return None;
        }
        let names = path.strip_prefix(self.root.path()).ok()?.iter();
        let segments: Vec<_> = names.map(|name| encode_segment(names::bytes(name)).to_string()).collect();
        Some(format!("/{}", segments.join("/")))
    }

    // ---- watches

    /// Keeps the watches to what there is: folders come, go and change their names.
    fn follow(&mut self, steps: &Steps) {
        if steps.too_many {
            return self.watch_all();
        }
        // A folder of which we hear by its own name has gone or come; its watch, and those below it,
        // may be tied to something that has another name now.
        let moved = steps.paths.iter().filter(|(path, step)| step.moved && self.folders.contains(*path));
        let moved: HashSet<&Path> = moved.map(|(path, _)| path.as_path()).collect();
        if !moved.is_empty() {
            self.unwatch(|folder| folder.ancestors().any(|above| moved.contains(above)));
        }
        for path in steps.paths.keys() {
            let is_folder = path.symlink_metadata().is_ok_and(|metadata| !metadata.is_file());
            if is_folder && !self.folders.contains(path) {
                self.watch_below(path);
            }
        }
    }

    fn unwatch(&mut self, is_it: impl Fn(&Path) -> bool) {
        let gone: Vec<_> = self.folders.iter().filter(|folder| is_it(folder)).cloned().collect();
        for folder in gone {
            if let Some(watcher) = &mut self.watcher {
                // It may know already that the folder is not there.
                let _ = watcher.unwatch(&folder);
            }
            self.folders.remove(&folder);
        }
    }

    fn watch_all(&mut self) {
        self.unwatch(|_| true);
        self.linked.clear();
        self.has_links = false;
        self.poll = Poll::default();
        let path = self.root.path().to_path_buf();
        if let Some(single) = self.root.single_file() {
            let file = names::path(&single.relative).map(|name| path.join(name));
            if let Ok(file) = file
                && (self.options.poll || self.is_silent(&path))
            {
                self.poll.add_file(&file);
            }
            self.watch_one(&path);
        } else {
            self.watch_below(&path);
        }
    }

    /// Watches a folder and all below it. First a folder and then what is in it: so none can come into
    /// being between and be missed.
    fn watch_below(&mut self, folder: &Path) {
        let filter = Arc::clone(&self.filter);
        let mut waiting = vec![folder.to_path_buf()];
        while let Some(folder) = waiting.pop() {
            if !self.may_enter(&folder) {
                continue;
            }
            if !self.poll.covers(&folder) && (self.options.poll || self.is_silent(&folder)) {
                self.poll.add(&folder);
            }
            if !self.watch_one(&folder) || self.is_recursive() {
                continue;
            }
            for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
                let is_file = entry.file_type().is_ok_and(|file_type| file_type.is_file());
                if !is_file && filter.counts(&entry.path()) {
                    waiting.push(entry.path());
                }
            }
        }
    }

    /// Whether the system does not tell what others change in this folder. It says so, once for each
    /// file system.
    fn is_silent(&mut self, folder: &Path) -> bool {
        let Ok(stat) = status::at(folder) else { return false };
        let (device, _) = stat.identity;
        if let Some(&is_silent) = self.silent.get(&device) {
            return is_silent;
        }
        let name = file_system::silent_at(folder);
        self.silent.insert(device, name.is_some());
        if let Some(name) = name {
            (self.voice.complain)(&format!(
                "--reload: \"{}\" is on {name}, where this system is not told what others change: it is looked \
                 at twice a second",
                human::OneLine(folder)
            ));
        }
        name.is_some()
    }

    /// Whether this is a folder to watch. A link may be one where it may lead out; else what it leads to
    /// is seen where it is.
    fn may_enter(&mut self, path: &Path) -> bool {
        let Ok(metadata) = path.symlink_metadata() else { return false };
        if !metadata.is_symlink() || path == self.root.path() {
            return metadata.is_dir() || metadata.is_symlink();
        }
        self.has_links = true;
        let Ok(target) = status::at(path) else { return false };
        self.options.follow_links
            && target.file_type == FileType::Directory
            && self.linked.insert(target.identity)
    }

    /// Watches one folder. Where that is refused, others may still be watched.
    fn watch_one(&mut self, folder: &Path) -> bool {
        let mode = if self.is_recursive() { RecursiveMode::Recursive } else { RecursiveMode::NonRecursive };
        let Some(watcher) = &mut self.watcher else { return false };
        match watcher.watch(folder, mode) {
            Ok(()) => {
                self.folders.insert(folder.to_path_buf());
                true
            }
            Err(error) => {
                if matches!(error.kind, notify::ErrorKind::MaxFilesWatch) {
                    self.make_do_without(&error);
                }
                false
            }
        }
    }

    /// Whether one watch is for all folders below, too.
    fn is_recursive(&self) -> bool {
        file_system::watches_trees() && self.root.single_file().is_none()
    }

    // ---- files without a watch

    fn make_do_without(&self, error: &notify::Error) {
        if self.watch.is_limited.swap(true, Ordering::Relaxed) {
            return;
        }
        let why = match &error.kind {
            notify::ErrorKind::MaxFilesWatch => "the system lets this user watch no more folders".to_owned(),
            notify::ErrorKind::Io(error) => format!("folders cannot be watched ({error})"),
            other => format!("folders cannot be watched ({other:?})"),
        };
        (self.voice.complain)(&format!(
            "--reload: {why}; of the others, only files that were asked for lately are looked at. Raise the \
             limits (sudo sysctl fs.inotify.max_user_watches=1000000 fs.inotify.max_user_instances=1024) or \
             serve a smaller folder"
        ));
    }

    /// Goes on looking at the folders of which the system does not tell all.
    fn look_at_polled(&mut self, time: Duration) {
        if self.poll.is_empty() {
            return;
        }
        self.watch.is_limited.store(true, Ordering::Relaxed);
        // The poll asks which folders it may enter, and that is known here.
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
            |path, step| watch.step(path, step),
        );
        std::mem::swap(&mut self.linked, &mut self.linked_polled);
        if poll.is_full() && !self.is_full {
            self.is_full = true;
            (self.voice.complain)(&format!(
                "--reload: more than {MAX_ENTRIES} files are not looked at; of the others, only those that \
                 were asked for lately are. Serve a smaller folder, or leave files out: --reload-ignore"
            ));
        }
        self.poll = poll;
    }

    fn look_at_files_without_a_watch(&mut self) {
        if !self.watch.is_limited.load(Ordering::Relaxed) {
            return;
        }
        let served = self.watch.served.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut known = HashMap::new();
        let index = self.options.index.iter().map(|name| format!("/{name}"));
        let endings: Vec<_> = [String::new(), ".html".to_owned()].into_iter().chain(index).collect();
        for (path, ending) in served.iter().flat_map(|path| endings.iter().map(move |end| (path, end))) {
            let relative = [path, ending.as_bytes()].concat();
            let relative = relative.strip_prefix(b"/").unwrap_or(&relative);
            let Ok(path) = names::path(relative).map(|path| self.root.path().join(path)) else { continue };
            let Some(folder) = path.parent().filter(|_| self.filter.counts(&path)) else { continue };
            if self.poll.knows(folder) {
                // It will be its turn some time; but what is on the screen is looked at each time.
                if let Some(step) = self.poll.look_at(&path) {
                    self.watch.step(path, step);
                }
                continue;
            }
            if self.folders.contains(folder) && !self.poll.covers(folder) {
                continue;
            }
            let facts = self.root.look(relative).ok();
            let facts = facts.filter(|facts| facts.file_type == FileType::RegularFile);
            if self.known.get(relative).is_some_and(|before| *before != facts) {
                self.watch.step(path, Step { came: false, moved: false });
            }
            known.insert(relative.to_vec(), facts);
        }
        self.known = known;
    }
}

/// Takes down an event of the system, if it says that something has changed.
fn take_down(watch: &Watch, filter: &Filter, event: notify::Result<notify::Event>) {
    let event = match event {
        Ok(event) if !event.need_rescan() => event,
        _ => return watch.lost(),
    };
    let step = match event.kind {
        // The second repeats two others.
        EventKind::Access(_) | EventKind::Modify(ModifyKind::Name(RenameMode::Both)) => return,
        EventKind::Create(_) | EventKind::Modify(ModifyKind::Name(RenameMode::To)) => {
            Step { came: true, moved: true }
        }
        EventKind::Modify(ModifyKind::Data(_) | ModifyKind::Metadata(_)) => {
            Step { came: false, moved: false }
        }
        _ => Step { came: false, moved: true },
    };
    for path in event.paths {
        if filter.counts(&path) {
            watch.step(path, step);
        }
    }
}

/// Which paths count.
struct Filter {
    root: PathBuf,
    hidden: bool,
    single: Option<Vec<u8>>,
    ignore: Vec<Ignore>,
}

impl Filter {
    fn new(root: &Root, options: &Options) -> Filter {
        let single = root.single_file().map(|file| file.relative.clone());
        let (hidden, ignore) = (options.hidden, options.ignore.clone());
        Filter { root: root.path().to_path_buf(), hidden, single, ignore }
    }

    fn counts(&self, path: &Path) -> bool {
        let Ok(relative) = path.strip_prefix(&self.root) else { return false };
        if let Some(single) = &self.single {
            return names::bytes(relative) == single;
        }
        let names = relative.components().enumerate().all(|(depth, component)| match component {
            Component::Normal(name) => self.counts_by_name(names::bytes(name), depth),
            _ => true,
        });
        let is_ignored = || self.ignore.iter().any(|ignore| ignore.has(relative));
        names && !is_of_no_page(names::bytes(relative)) && !is_ignored()
    }

    fn counts_by_name(&self, name: &[u8], depth: usize) -> bool {
        match name {
            b".git" | b"node_modules" => false,
            b".well-known" if depth == 0 => true,
            name if is_temporary(name) => false,
            name => self.hidden || !name.starts_with(b"."),
        }
    }
}

/// Backups of editors, what is made into something else before a page loads it, and files that have no name
/// (O_TMPFILE), for which the system tells "#" and their number.
fn is_of_no_page(path: &[u8]) -> bool {
    let name = path.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
    [&b"~"[..], b".css.map", b".js.map", b".scss", b".sass"].iter().any(|end| name.ends_with(end))
        || (name.len() > 1 && name.starts_with(b"#") && name.ends_with(b"#"))
        || name.strip_prefix(b"#").is_some_and(|it| !it.is_empty() && it.iter().all(u8::is_ascii_digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hidden_or_no_part_of_a_page_does_not_count() {
        let filter =
            |hidden| Filter { root: PathBuf::from("/site"), hidden, single: None, ignore: Vec::new() };
        let table = [
            ("/site", true, true),
            ("/site/a.css", true, true),
            ("/site/a/b.html", true, true),
            ("/site/.well-known/x", true, true),
            ("/site/a/.well-known/x", false, true),
            ("/site/.a.css.swp", false, true),
            ("/site/.git/index", false, false),
            ("/site/node_modules", false, false),
            ("/site/a/node_modules/b/c.js", false, false),
            ("/site/a.css~", false, false),
            ("/site/a.css.map", false, false),
            ("/site/a.scss", false, false),
            ("/site/#a.css#", false, false),
            ("/site/#", true, true),
            ("/site/#1234", false, false),
            ("/site/#1234.html", true, true),
            ("/site/.glass-upload-0123456789abcdef", false, false),
            ("/other/a.css", false, false),
        ];
        for (path, plain, hidden) in table {
            assert_eq!(filter(false).counts(Path::new(path)), plain, "{path}");
            assert_eq!(filter(true).counts(Path::new(path)), hidden, "{path}, hidden ones as well");
        }
        let single = Filter { single: Some(b"a.html".to_vec()), ..filter(false) };
        assert!(single.counts(Path::new("/site/a.html")) && !single.counts(Path::new("/site/b.html")));
        let ignore = vec![Ignore::parse("*.log,notes").expect("patterns"), Ignore::parse("/d").expect("one")];
        let ignoring = Filter { ignore, ..filter(false) };
        for path in ["/site/a.log", "/site/x/b.log", "/site/notes/a.html", "/site/d"] {
            assert!(!ignoring.counts(Path::new(path)), "{path}");
        }
        assert!(ignoring.counts(Path::new("/site")) && ignoring.counts(Path::new("/site/x/d/a.css")));
    }
}
