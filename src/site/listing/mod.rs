//! A directory as a page for people, or as a list for programs.
//!
//! ```text
//! GET /photos/                            links to the entries and to the folder above, for programs
//! GET /photos/  Accept: text/html         the page for people
//!     ?sort=size&order=desc               largest first; folders stay on top
//!     ?view=gallery                       cards, with the pictures
//!     ?pick                               boxes to pick several entries with, for one archive of them
//! GET /photos/?format=json                {"path": "/photos/", "entries": [{"name": "a.jpg", ...}]}
//! GET /photos/  Accept: application/json  the same
//!     ?search=holiday+77                  what is in it and below by that name
//! ```
//!
//! Programs that go through whole trees (`wget -r`, `rclone`, `lftp`, fsspec) follow every link that they find. So
//! they get no links but those to entries; and on the page for people everything else (orders, views, archives) is a
//! button.
//!
//! | file | what it does |
//! |---|---|
//! | here | the answer: which form, at once or in pieces |
//! | `listing/known.rs` | the names of folders that have not changed; [`super::scandir`] reads and sorts them |
//! | `listing/read.rs`, `listing/entry.rs` | looks at what each of them is |
//! | `listing/order.rs`, `listing/rows.rs` | gives the entries in their order |
//! | `listing/page/`, `listing/links.rs`, `listing/json.rs` | the forms: entries in, text out |
//! | `listing/state.rs` | whether a folder has changed since its page was made |
//! | `listing/scripts.rs` | what the page for people loads when it is used |
//! | `listing/text.rs` | how names and paths are written in all forms |
//! | `listing/stream.rs` | a large listing, a little at a time |
//! | `listing/waiting.rs` | its place among others, and its memory; a search has the same |
//! | `listing/search/` | what is found below a folder |
//!
//! Names are bytes, and any byte but `/` and NUL can stand in them. Links hold the exact bytes, percent-encoded; what
//! is shown is escaped, with control characters as their pictures, letters that show nothing as their numbers, and U+FFFD
//! for what is not UTF-8.

/// A style sheet or a script of this folder, as the build has packed it.
macro_rules! built {
    ($name:literal) => {
        include_str!(concat!(env!("OUT_DIR"), "/src/site/listing/", $name))
    };
}

mod dates;
mod entry;
mod json;
mod known;
mod links;
mod order;
mod page;
mod read;
mod rows;
pub mod scripts;
mod search;
pub(super) mod state;
mod stream;
mod text;
mod waiting;

use super::effort::{Effort, Takes, Unanswered};
use super::places::Places;
use super::root::Root;
use super::{Options, error_page};
use crate::answer::{Body, Response};
use crate::base::budget::Budget;
use crate::base::helpers::Helpers;
use crate::base::platform::directory::Directory;
use crate::base::platform::failure::Failure;
use crate::base::trace::{self, Rfc};
use crate::http::fields::Fields;
use crate::http::target::{DecodedPath, parameter};
use crate::http::{FieldLines, Refusal, Status, accept};
use entry::Entry;
use known::Known;
use order::Order;
use read::{Folder, Outline, Totals};
use std::fmt;
use std::fs::File;
use std::sync::Arc;
use std::time::Duration;
use stream::Gradual;

/// How many large listings are made at once. Each takes a part of a worker's time; others wait.
const AT_ONCE: usize = 4;

/// After which pause a listing does not count as one of these. A client that reads what it gets is asked for more in
/// each turn of its worker.
const PAUSE: Duration = Duration::from_millis(10);

/// How much memory the entries of all large listings together may take, in bytes. Most take less than 100 bytes each.
const MEMORY: usize = 256 * 1024 * 1024;

/// How many searches are made at once.
const SEARCHES: usize = 2;

/// How much of it may be names that are kept, in bytes: those of half a million files.
const KEPT: usize = 16 * 1024 * 1024;

/// The places and the memory of large listings, and the names that are kept.
#[derive(Debug)]
pub struct Listings {
    places: Arc<Places>,
    searches: Arc<Places>,
    memory: Arc<Budget>,
    known: Arc<Known>,
}

/// A form of a listing: it makes text of entries.
trait Form: fmt::Debug + Send {
    /// Writes what stands before the entries, which were not looked at yet.
    fn begin(&mut self, folder: &Folder, outline: Outline, page: &mut String);

    /// Writes an entry.
    fn entry(&mut self, entry: &Entry<'_>, page: &mut String);

    /// Writes what stands behind them, if that takes no longer than a worker may.
    fn end(&mut self, folder: &Folder, totals: &Totals, page: &mut String);

    /// If it does take longer: what makes it.
    fn rest(&mut self) -> Option<Rest> {
        None
    }
}

/// Makes the end of a text.
type Rest = Box<dyn FnOnce() -> String + Send>;

impl Listings {
    /// Without any listing yet. They keep names if the site's cache, which has so many bytes, keeps anything.
    pub fn new(cache_size: usize) -> Listings {
        let known = Arc::new(Known::new(KEPT.min(cache_size)));
        Listings {
            places: Places::new(AT_ONCE, PAUSE),
            searches: Places::new(SEARCHES, PAUSE),
            memory: Budget::new(MEMORY),
            known,
        }
    }

    /// Answers with the listing of a directory that has no index.
    ///
    /// # Errors
    /// When the directory cannot be read, or if the effort does not suffice. A single entry that cannot be looked at is
    /// shown without details.
    pub(super) fn respond(
        &self,
        root: &Arc<Root>,
        directory: File,
        path: &DecodedPath,
        (query, fields): (Option<&[u8]>, &Fields<'_>),
        options: &Options,
        (effort, helpers): (Effort, Option<&Arc<Helpers>>),
    ) -> Result<Response, Unanswered> {
        if let Some(term) = search::term(query) {
            let wanted = search::Wanted::by(query, fields);
            let place = (path, &options.base);
            return Ok(search::respond(self, root, directory, term, place, options.hidden, wanted));
        }
        let mut headers = FieldLines::default();
        let (reader, form): (_, Box<dyn Form>) = if wants_json(query, fields) {
            headers.push("Content-Type", "application/json");
            ("as JSON", Box::new(json::Json::new()))
        } else {
            headers.push("Content-Type", "text/html; charset=utf-8");
            if is_for_people(query, fields) {
                headers.push("Content-Security-Policy", page::CONTENT_SECURITY_POLICY);
                // What takes longest of it is left out first.
                let renders = effort != Effort::Least;
                let wanted = page::Wanted::from_query(query, options, renders);
                ("as a page for people", Box::new(page::Page::new(wanted)))
            } else {
                headers.push("Content-Security-Policy", links::CONTENT_SECURITY_POLICY);
                (
                    "as links and nothing else, for a program: Accept does not name text/html",
                    Box::new(links::Links::new()),
                )
            }
        };
        let folder = Folder {
            root: Arc::clone(root),
            directory: Directory::new(directory),
            path: path.clone(),
            hidden: options.hidden,
            order: Order::from_query(query),
            state: None,
            base: options.base.clone(),
        };
        let unreadable = |error| match Failure::of(&error) {
            // The directory was removed after it was opened.
            Some(Failure::NotFound) => super::not_found(),
            _ => Refusal::new(Status::INTERNAL_SERVER_ERROR, "the server failed to read this directory"),
        };
        let mut listing = Gradual::new(folder, form, self, helpers.cloned());
        if listing.are_names_known() {
            trace::decision("names", None, || {
                "the folder has not changed since its names were read and sorted: they are in memory"
                    .to_owned()
            });
        }
        let is_small = listing.is_small().map_err(unreadable)?;
        let body = if is_small {
            let text = listing.text(effort == Effort::Full).map_err(unreadable)?;
            let Some((text, entries)) = text else {
                return Err(Takes { what: "rendering the README".to_owned(), key: None }.into());
            };
            trace::decision("listing", None, || {
                format!("no index file is there, so its {entries} entries are listed, {reader}")
            });
            Body::Bytes(text.into_bytes())
        } else {
            trace::decision("listing", Rfc(9112, "7.1"), || {
                format!(
                    "no index file is there, so its entries are listed, {reader}; there are many, so they are \
                     looked at and sent a few at a time, in turn with what others want, and nobody knows yet \
                     how long that will be"
                )
            });
            Body::Stream(Box::new(listing))
        };
        headers.push("Cache-Control", "no-cache");
        headers.push("Vary", "Accept");
        Ok(Response { status: Status::OK, headers, body })
    }
}

/// `?format=` decides; without it, JSON is wanted if the Accept field names it and gives it more weight than HTML.
fn wants_json(query: Option<&[u8]>, fields: &Fields<'_>) -> bool {
    match parameter(query, "format").as_deref() {
        Some("json") => true,
        Some("html") => false,
        _ => fields.combined("accept").is_some_and(|value| {
            accept::names(&value, "application", "json")
                && accept::quality(&value, "application", "json") > accept::quality(&value, "text", "html")
        }),
    }
}

/// The same for a page for people, if JSON is not wanted.
fn is_for_people(query: Option<&[u8]>, fields: &Fields<'_>) -> bool {
    parameter(query, "format").as_deref() == Some("html") || error_page::prefers_html(fields)
}

#[cfg(test)]
mod tests;
