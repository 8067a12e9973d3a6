//! `--reload`: pages reload in the browser when files of the folder change.
//!
//! ```text
//! GET /.glass/reload.js       what each page loads: crate::site::script puts a line into it for that
//! GET /.glass/reload          what changes, as it changes: server-sent events
//!
//! event: hello                              the first: who speaks, and what has changed until now
//! data: {"server":"6f0c…","reloads":4,"styles":2,"ago":81002}
//! event: css                                a style sheet has changed: it is swapped
//! data: {"reloads":4,"styles":3,"ago":61,"path":"/css/site.css"}
//! event: reload                             something else has: the page reloads
//! data: {"reloads":5,"styles":3,"ago":64}
//! ```
//!
//! `watch.rs` sees what changes, `poll.rs` where the system does not tell of it
//! ([`crate::base::platform::file_system`] knows where that is), and `ignore.rs` knows what is to change without a
//! word. A page that was not connected for a while, since nobody saw it or the
//! network was away, knows by the counts whether it has missed something; after a restart the counts
//! begin anew under another name of the server. `ago` (milliseconds) closes the last gap: by it a page
//! that has just been loaded knows whether something changed between its own bytes and its script's
//! first word.
//!
//! It is for everybody who may see the pages, so that a phone reloads, too. A browser opens only six
//! connections to a host, and a page may have more frames than that: so all windows and frames in sight
//! share one stream. One of them listens and tells the others; `reload.js` says how they agree on it.

mod ignore;
mod poll;
mod step;
mod watch;

pub use ignore::Ignore;

use crate::answer::{Body, Response};
use crate::base::random;
use crate::base::trace;
use crate::glass::events::{self, Subscribers};
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

/// The start does not wait longer than this until all folders are watched: it may take a while where
/// there are very many.
const START: Duration = Duration::from_millis(300);

/// What reloads pages.
#[derive(Debug)]
pub struct Reload {
    state: Arc<State>,
    watch: Arc<Watch>,
    most: usize,
}

/// How the folder is looked at.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where all of the site is.
    pub base: BasePath,
    /// Whether all files are looked at, and the system is not asked to tell.
    pub poll: bool,
    /// What may change without a word.
    pub ignore: Vec<Ignore>,
    /// Whether names that start with a dot count.
    pub hidden: bool,
    /// Whether links that lead out of the folder are followed.
    pub follow_links: bool,
    /// Which files stand for their folder.
    pub index: Vec<String>,
    /// How many connections the server may have; a part of them may be for this.
    pub max_connections: usize,
}

/// Where lines for the user go.
#[derive(Debug, Clone, Copy)]
pub struct Voice {
    /// What is not as it should be.
    pub complain: fn(&str),
    /// Which files it was, each time that pages are told something, if anybody wants to know.
    pub explain: Option<fn(&str)>,
}

/// What has changed.
#[derive(Debug, PartialEq, Eq)]
enum Change {
    /// Style sheets and nothing else: the paths of their URLs, seen from the base path.
    Styles(Vec<String>),
    /// Something else.
    Any,
}

/// What is told to pages, and to whom.
#[derive(Debug)]
struct State {
    /// Tells this server from the one that was here before it.
    server: String,
    base: BasePath,
    told: Mutex<Told>,
}

#[derive(Debug, Default)]
struct Told {
    subscribers: Subscribers,
    reloads: u64,
    styles: u64,
    last: Option<Instant>,
}

impl Reload {
    /// Watches the folder from now on.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn start(root: Arc<Root>, options: Options, voice: Voice) -> io::Result<Reload> {
        let state =
            Arc::new(State { server: random::word(), base: options.base.clone(), told: Mutex::default() });
        let most = (options.max_connections / 4).clamp(1, MAX_PAGES);
        let watch = Watch::start(root, options, START, Arc::downgrade(&state), voice)?;
        Ok(Reload { state, watch, most })
    }

    /// A page of the site, or something of it, was asked for: changes there concern somebody.
    pub(super) fn note(&self, path: &DecodedPath) {
        self.watch.note(|| Some(path.relative.clone()));
    }

    /// The answer to a page that wants to hear of changes.
    pub(super) fn listen(&self) -> Result<Response, Refusal> {
        let mut told = self.state.told();
        let subscriber = told.subscribers.add(self.most)?;
        let ago = told.last.map(|last| last.elapsed().as_millis());
        let ago = ago.map_or("null".to_owned(), |ago| ago.to_string());
        let (server, reloads, styles) = (&self.state.server, told.reloads, told.styles);
        let data = format!(r#"{{"server":"{server}","reloads":{reloads},"styles":{styles},"ago":{ago}}}"#);
        subscriber.tell(&events::render("hello", &data));
        drop(told);
        trace::step("reload", None, || "a page listens for changes from now on".to_owned());
        Ok(events::respond(subscriber))
    }
}

impl State {
    /// Tells all pages of a change that was complete at that time.
    fn tell(&self, change: &Change, at: Instant) {
        let mut told = self.told();
        told.last = Some(at);
        let ago = at.elapsed().as_millis();
        match change {
            Change::Any => {
                told.reloads += 1;
                let (reloads, styles) = (told.reloads, told.styles);
                let data = format!(r#"{{"reloads":{reloads},"styles":{styles},"ago":{ago}}}"#);
                told.subscribers.tell(&events::render("reload", &data));
            }
            Change::Styles(paths) => {
                for path in paths {
                    told.styles += 1;
                    let (reloads, styles) = (told.reloads, told.styles);
                    // A path is percent-encoded: there is nothing in it that JSON would mind.
                    let path = format!("{}{}", self.base.start(), path.trim_start_matches('/'));
                    let data =
                        format!(r#"{{"reloads":{reloads},"styles":{styles},"ago":{ago},"path":"{path}"}}"#);
                    told.subscribers.tell(&events::render("css", &data));
                }
            }
        }
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The script that pages get.
pub(super) fn script() -> Response {
    let script = include_str!("reload.js").as_bytes().to_vec();
    Response::no_store("text/javascript; charset=utf-8", Body::Bytes(script))
}
