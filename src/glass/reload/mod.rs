//! `--reload`: pages reload in the browser when files of the folder change.
//!
//! ```text
//! GET /.glass/reload.js       the script that each page loads: crate::site::script adds a line to the page for that
//! GET /.glass/reload          what changes, as it changes: server-sent events
//!
//! event: hello                              the first: the server's name, and how much has changed until now
//! data: {"server":"6f0c…","reloads":4,"styles":2,"ago":81002}
//! event: css                                a style sheet has changed: it is swapped
//! data: {"reloads":4,"styles":3,"ago":61,"path":"/css/site.css"}
//! event: reload                             something else has: the page reloads
//! data: {"reloads":5,"styles":3,"ago":64}
//! ```
//!
//! The plain case: `watch` gets events from the system and tells pages what they mean; `debounce.rs` collects the
//! events, and `filter.rs` and `ignore.rs` say which paths count. Where the system reports no events
//! ([`crate::base::platform::file_system`] knows where that is), `poll.rs` looks at the files.
//!
//! A page may be disconnected for a while, because it is in the background or the network is down. By the counts it
//! knows whether it has missed something; after a restart of the server they begin again, under another name of the
//! server. `ago` (milliseconds) closes the last gap: by it a page that has just been loaded knows whether something has
//! changed after it was read and before its script has connected.
//!
//! All clients that may request the pages may listen, so that a phone reloads, too. A browser opens only six
//! connections to a host, and a page may have more frames than that. So all visible windows and frames share one
//! stream: one of them listens and tells the others, and `reload.js` says how they choose it.

mod debounce;
mod file_event;
mod filter;
mod ignore;
mod poll;
mod watch;

pub use ignore::Ignore;

use crate::answer::{Body, Response};
use crate::base::random;
use crate::base::trace;
use crate::glass::events::{self, EventStream, Subscribers};
use crate::http::Refusal;
use crate::http::base_path::BasePath;
use crate::http::target::DecodedPath;
use crate::site::Root;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use watch::Watch;

/// How many pages may listen at once, however many connections there may be.
const MAX_PAGES: usize = 256;

/// How long the start of the server waits until all folders are watched. If there are very many, that takes longer.
const START: Duration = Duration::from_millis(300);

/// Live reload.
#[derive(Debug)]
pub struct Reload {
    state: Arc<State>,
    watch: Arc<Watch>,
    most: usize,
}

/// How the folder is watched.
#[derive(Debug, Clone)]
pub struct Options {
    /// The base path of the site.
    pub base: BasePath,
    /// Whether all files are polled, and the system is not asked for events.
    pub poll: bool,
    /// The paths whose changes are ignored.
    pub ignore: Vec<Ignore>,
    /// Whether names that begin with a dot count.
    pub hidden: bool,
    /// Whether links that lead out of the folder are followed.
    pub follow_links: bool,
    /// The names of index files.
    pub index: Vec<String>,
    /// How many connections the server may have. A quarter of them may be used for live reload.
    pub max_connections: usize,
}

/// Where messages for the user go.
#[derive(Debug, Clone, Copy)]
pub struct Console {
    /// Prints a warning.
    pub warn: fn(&str),
    /// Prints which files have changed, each time that pages are told of a change. `None` if this is not wanted.
    pub explain: Option<fn(&str)>,
}

/// What has changed.
#[derive(Debug, PartialEq, Eq)]
enum Change {
    /// Style sheets and nothing else: the paths of their URLs, relative to the base path.
    Styles(Vec<String>),
    /// Something else.
    Any,
}

/// What pages are told, and which pages listen.
#[derive(Debug)]
struct State {
    /// A random name, which distinguishes this run of the server from the one before.
    server: String,
    base: BasePath,
    broadcast: Mutex<Broadcast>,
}

#[derive(Debug, Default)]
struct Broadcast {
    subscribers: Subscribers,
    /// How often pages were told to reload.
    reloads: u64,
    /// How often they were told to swap a style sheet.
    styles: u64,
    /// When the last of these changes was complete.
    last: Option<Instant>,
}

impl Reload {
    /// Watches the folder from now on.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn start(root: Arc<Root>, options: Options, console: Console) -> io::Result<Reload> {
        let state = Arc::new(State {
            server: random::word(),
            base: options.base.clone(),
            broadcast: Mutex::default(),
        });
        let most = (options.max_connections / 4).clamp(1, MAX_PAGES);
        let watch = Watch::start(root, options, START, Arc::downgrade(&state), console)?;
        Ok(Reload { state, watch, most })
    }

    /// A file of the site is requested, so a change of it matters to a page.
    pub(super) fn note(&self, path: &DecodedPath) {
        self.watch.note(|| Some(path.relative.clone()));
    }

    /// The response to a page that listens for changes.
    pub(super) fn listen(&self) -> Result<Response, Refusal> {
        let mut broadcast = self.state.broadcast();
        let subscriber = broadcast.subscribers.add(self.most)?;
        let ago = broadcast.last.map(|last| last.elapsed().as_millis());
        let ago = ago.map_or("null".to_owned(), |ago| ago.to_string());
        let (server, reloads, styles) = (&self.state.server, broadcast.reloads, broadcast.styles);
        let data = format!(r#"{{"server":"{server}","reloads":{reloads},"styles":{styles},"ago":{ago}}}"#);
        subscriber.send(&events::render("hello", &data));
        drop(broadcast);
        trace::decision("reload", None, || "a page listens for changes from now on".to_owned());
        Ok(events::respond(EventStream::new(subscriber)))
    }
}

impl State {
    /// Tells all pages of a change that was complete at this time.
    fn publish(&self, change: &Change, at: Instant) {
        let mut broadcast = self.broadcast();
        broadcast.last = Some(at);
        let ago = at.elapsed().as_millis();
        match change {
            Change::Any => {
                broadcast.reloads += 1;
                let (reloads, styles) = (broadcast.reloads, broadcast.styles);
                let data = format!(r#"{{"reloads":{reloads},"styles":{styles},"ago":{ago}}}"#);
                broadcast.subscribers.publish(&events::render("reload", &data));
            }
            Change::Styles(paths) => {
                for path in paths {
                    broadcast.styles += 1;
                    let (reloads, styles) = (broadcast.reloads, broadcast.styles);
                    // A path is percent-encoded, so there is nothing in it that JSON would have to escape.
                    let path = format!("{}{}", self.base.start(), path.trim_start_matches('/'));
                    let data =
                        format!(r#"{{"reloads":{reloads},"styles":{styles},"ago":{ago},"path":"{path}"}}"#);
                    broadcast.subscribers.publish(&events::render("css", &data));
                }
            }
        }
    }

    fn broadcast(&self) -> MutexGuard<'_, Broadcast> {
        self.broadcast.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The script that pages get.
pub(super) fn script() -> Response {
    let script = include_str!("reload.js").as_bytes().to_vec();
    Response::no_store("text/javascript; charset=utf-8", Body::Bytes(script))
}
