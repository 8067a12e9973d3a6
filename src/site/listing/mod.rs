//! A directory as a page for people, or as a list for programs.
//!
//! ```text
//! GET /photos/                            children and the way up, and nothing else: for programs
//! GET /photos/  Accept: text/html         the page that people get
//!     ?sort=size&order=desc               largest first; folders stay on top
//!     ?view=gallery                       cards, with the pictures
//! GET /photos/?format=json                {"path": "/photos/", "entries": [{"name": "a.jpg", ...}]}
//! GET /photos/  Accept: application/json  the same
//! ```
//!
//! Programs that go through whole trees (`wget -r`, `rclone`, `lftp`, fsspec) follow every link that they
//! find. So for them there are no links but those to what is there; and on the page for people whatever
//! else can be done (orders, views, archives) is a button.
//!
//! | file | what it does |
//! |---|---|
//! | here | decides which form it gets, looks at entries, orders them |
//! | `listing/making.rs`, `listing/places.rs` | read, order and send them, a little at a time if there are many |
//! | `listing/people.rs`, `listing/programs.rs`, `listing/json.rs` | the forms: entries in, text out |
//!
//! Names are bytes, and anything can
//! stand in them. Links carry the exact bytes, percent-encoded; what is shown is escaped, with
//! control characters as their pictures and U+FFFD for what is not UTF-8.

mod json;
mod making;
mod people;
mod places;
mod programs;

use super::collation::{self, Key};
use super::facts::Facts;
use super::root::Root;
use super::{Options, error_page};
use crate::answer::{Body, Response};
use crate::base::budget::Budget;
use crate::base::human;
use crate::base::platform::directory::Directory;
use crate::base::platform::failure::Failure;
use crate::base::platform::names;
use crate::base::platform::status::{self, FileType};
use crate::base::trace::{self, Rfc};
use crate::http::base_path::BasePath;
use crate::http::fields::Fields;
use crate::http::target::{DecodedPath, encode_segment, parameter};
use crate::http::{Headers, Refusal, Status, accept};
use jiff::Timestamp;
use making::Making;
use places::Places;
use serde::Serialize;
use std::cmp::Ordering;
use std::fmt;
use std::fs::File;
use std::sync::Arc;
use std::time::Duration;

/// How many large listings are made and sent at once; others wait for their turn. Each takes a part of a
/// worker's time.
const AT_ONCE: usize = 4;

/// How long a client may pause in taking its listing before that no longer counts as one of these. Who takes
/// what there is is asked whether there is room for more each time that its worker comes round.
const PAUSE: Duration = Duration::from_millis(10);

/// How much memory the entries of large listings take that are being made or sent, of all together, in
/// bytes. Most are below 200 bytes each.
const MEMORY: usize = 256 * 1024 * 1024;

/// One name in a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    name: Vec<u8>,
    kind: Kind,
    /// In bytes; for files.
    size: u64,
    /// In seconds since 1970.
    modified: i64,
    /// Whether a link had to be followed to see what it is.
    is_link: bool,
}

/// What an entry is, links followed as the server would follow them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Directory,
    File,
    /// What would be refused: a FIFO, a link that leads out or nowhere. It is shown, so that nobody
    /// looks for it in vain, but without a link.
    Other,
}

/// The places and the memory of large listings.
#[derive(Debug)]
pub struct Listings {
    places: Arc<Places>,
    memory: Arc<Budget>,
}

impl Default for Listings {
    fn default() -> Listings {
        Listings { places: Places::new(AT_ONCE, PAUSE), memory: Budget::new(MEMORY) }
    }
}

/// What is listed, and how.
#[derive(Debug)]
struct Folder {
    root: Arc<Root>,
    directory: Directory,
    path: DecodedPath,
    /// Whether names that start with a dot are shown.
    hidden: bool,
    order: Order,
    base: BasePath,
}

/// A form that a listing can have: what makes text of entries.
trait Form: fmt::Debug + Send {
    /// What stands before the entries, of which this is known.
    fn begin(&mut self, folder: &Folder, totals: &Totals, page: &mut String);

    /// An entry.
    fn entry(&mut self, entry: &Entry, page: &mut String);

    /// What stands behind them.
    fn end(&mut self, page: &mut String);
}

/// What is known when all entries have been looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Totals {
    entries: usize,
    folders: usize,
    files: usize,
    /// Of the files, in bytes.
    size: u64,
    has_pictures: bool,
    /// The names of files that may be the folder's README.
    readmes: Vec<Vec<u8>>,
}

impl Listings {
    /// Answers with the listing of a directory that has no index.
    ///
    /// # Errors
    /// When the directory cannot be read; a single entry that cannot is shown without details.
    pub fn respond(
        &self,
        root: &Arc<Root>,
        directory: File,
        path: &DecodedPath,
        query: Option<&[u8]>,
        fields: &Fields<'_>,
        options: &Options,
    ) -> Result<Response, Refusal> {
        let mut headers = Headers::default();
        let (reader, form): (_, Box<dyn Form>) = if wants_json(query, fields) {
            headers.push("Content-Type", "application/json");
            ("as JSON", Box::new(json::Json::default()))
        } else {
            let for_people =
                parameter(query, "format").as_deref() == Some("html") || error_page::prefers_html(fields);
            headers.push("Content-Type", "text/html; charset=utf-8");
            if for_people {
                headers.push("Content-Security-Policy", &*people::policy(options.upload.is_some()));
                let view = View::from_query(query);
                ("as a page for people", Box::new(people::Page::new(view, options.upload.is_some())))
            } else {
                headers.push("Content-Security-Policy", programs::CONTENT_SECURITY_POLICY);
                (
                    "as links and nothing else, for a program: Accept does not name text/html",
                    Box::new(programs::Links),
                )
            }
        };
        let folder = Folder {
            root: Arc::clone(root),
            directory: Directory::new(directory),
            path: path.clone(),
            hidden: options.hidden,
            order: Order::from_query(query),
            base: options.base.clone(),
        };
        let unreadable = |error| match Failure::of(&error) {
            // It was removed after it was opened.
            Some(Failure::NotFound) => super::not_found(),
            _ => Refusal::new(Status::INTERNAL_SERVER_ERROR, "the server failed to read this directory"),
        };
        let mut making = Making::new(folder, form, self);
        let is_small = making.is_small().map_err(unreadable)?;
        let body = if is_small {
            let entries = making.gather().map_err(unreadable)?;
            trace::step("listing", None, || {
                format!("no index file is there, so its {entries} entries are listed, {reader}")
            });
            Body::Bytes(making.text().into_bytes())
        } else {
            trace::step("listing", Rfc(9112, "7.1"), || {
                format!(
                    "no index file is there, so its entries are listed, {reader}; there are many, so they are \
                     read and sent a few at a time, in turn with what others want, and nobody knows yet how \
                     long that will be"
                )
            });
            Body::Stream(Box::new(making))
        };
        headers.push("Cache-Control", "no-cache");
        headers.push("Vary", "Accept");
        Ok(Response { status: Status::OK, headers, body })
    }
}

/// `?format=` decides; without it, whichever type the Accept field names and likes better.
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

/// Looks at one entry; what cannot be looked at is [`Kind::Other`].
fn describe(root: &Root, directory: &Directory, path: &DecodedPath, name: &[u8]) -> Entry {
    let mut entry = Entry { name: name.to_vec(), kind: Kind::Other, size: 0, modified: 0, is_link: false };
    let look = |name| status::of_link_in(directory, name);
    let Ok(stat) = names::path(name).and_then(look) else { return entry };
    let mut facts = Facts::new(&stat);
    entry.modified = facts.modified.0;
    if facts.file_type == FileType::Symlink {
        entry.is_link = true;
        // Only where a link leads says what it is, and only the root may follow it.
        let relative = [&path.relative, &b"/"[..], name].concat();
        facts = match root.look(relative.strip_prefix(b"/").unwrap_or(&relative)) {
            Ok(facts) => facts,
            Err(_) => return entry,
        };
        entry.modified = facts.modified.0;
    }
    entry.kind = match facts.file_type {
        FileType::Directory => Kind::Directory,
        FileType::RegularFile => Kind::File,
        _ => Kind::Other,
    };
    if entry.kind == Kind::File {
        entry.size = facts.length;
    }
    entry
}

/// How a listing is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Order {
    column: Column,
    descending: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Name,
    Size,
    Modified,
}

impl Column {
    /// In the order in which they are shown: the column, its name in a query and on the page.
    const ALL: [(Column, &str, &str); 3] = [
        (Column::Name, "name", "Name"),
        (Column::Size, "size", "Size"),
        (Column::Modified, "modified", "Modified (UTC)"),
    ];
}

impl Order {
    /// `?sort=name|size|modified&order=asc|desc`; what is missing or unknown is by name, ascending.
    fn from_query(query: Option<&[u8]>) -> Order {
        let sort = parameter(query, "sort");
        let known = Column::ALL.iter().find(|(_, name, _)| sort.as_deref() == Some(name));
        let column = known.map_or(Column::Name, |&(column, ..)| column);
        Order { column, descending: parameter(query, "order").as_deref() == Some("desc") }
    }

    /// Folders come first in every order, and equal entries are ordered by name.
    fn compare(self, a: &Row, b: &Row) -> Ordering {
        let folders_first = (b.entry.kind == Kind::Directory).cmp(&(a.entry.kind == Kind::Directory));
        let by_name = || collation::compare((&a.key, &a.entry.name), (&b.key, &b.entry.name));
        let by_column = match self.column {
            Column::Name => by_name(),
            Column::Size => a.entry.size.cmp(&b.entry.size),
            Column::Modified => a.entry.modified.cmp(&b.entry.modified),
        };
        let by_column = if self.descending { by_column.reverse() } else { by_column };
        folders_first.then(by_column).then_with(by_name)
    }
}

/// An entry in its order.
#[derive(Debug)]
struct Row {
    order: Order,
    key: Key,
    entry: Entry,
}

impl Ord for Row {
    fn cmp(&self, other: &Row) -> Ordering {
        self.order.compare(self, other)
    }
}

impl PartialOrd for Row {
    fn partial_cmp(&self, other: &Row) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Row {
    fn eq(&self, other: &Row) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Row {}

/// How the page shows what is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum View {
    List,
    /// Cards, with the pictures.
    Gallery,
}

impl View {
    /// In the order in which they are shown: the view, its name in a query and on the page.
    const ALL: [(View, &str, &str); 2] =
        [(View::List, "list", "List"), (View::Gallery, "gallery", "Gallery")];

    fn from_query(query: Option<&[u8]>) -> View {
        let is_gallery = parameter(query, "view").as_deref() == Some("gallery");
        if is_gallery { View::Gallery } else { View::List }
    }
}

fn timestamp(entry: &Entry) -> Option<Timestamp> {
    (entry.modified != 0).then(|| Timestamp::from_second(entry.modified).ok()).flatten()
}

/// A name as it is shown: its control characters as pictures (U+2400 and on), so that a line break
/// in a name is seen to be one.
fn shown(name: &[u8]) -> String {
    String::from_utf8_lossy(name).chars().map(human::picture).collect()
}

/// What the folder is called.
fn title(folder: &Folder) -> String {
    format!("Index of {}", joined(folder.base.segments().chain(folder.path.segments()), shown))
}

/// A folder's segments as one path.
fn joined<'a>(segments: impl Iterator<Item = &'a [u8]>, shown: impl Fn(&[u8]) -> String) -> String {
    segments.fold("/".to_owned(), |before, segment| before + &shown(segment) + "/")
}

/// The name of an entry as a link from its directory has it.
fn push_encoded(onto: &mut String, entry: &Entry) {
    use fmt::Write;
    let slash = if entry.kind == Kind::Directory { "/" } else { "" };
    let _ = write!(onto, "{}{slash}", encode_segment(&entry.name));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::{Next, Stream};
    use crate::http::Request;

    /// A folder of so many files.
    fn folder(count: usize) -> (tempfile::TempDir, Arc<Root>) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for number in 0..count {
            std::fs::write(folder.path().join(number.to_string()), "").expect("written");
        }
        let root = Arc::new(Root::open_path(folder.path(), false).expect("a folder"));
        (folder, root)
    }

    /// A large listing that nobody has asked for anything yet.
    fn begin(listings: &Listings, root: &Arc<Root>) -> Box<dyn Stream> {
        let request = Request::parse(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("a good one");
        let directory = File::open(root.path()).expect("a folder");
        let path = DecodedPath::decode(b"/").expect("a path");
        let options = Options::default();
        let response = listings.respond(root, directory, &path, None, &request.fields, &options);
        let Body::Stream(stream) = response.expect("it can be read").body else { panic!("there are many") };
        stream
    }

    /// All the rest of it.
    fn rest(stream: &mut dyn Stream) -> Vec<u8> {
        let mut bytes = Vec::new();
        loop {
            match stream.next() {
                Next::Piece(piece) => bytes.extend(piece),
                Next::Busy => {}
                Next::End => return bytes,
                other => panic!("it stops: {other:?}"),
            }
        }
    }

    #[test]
    fn so_many_large_listings_are_made_at_once_and_who_waits_ends_with_the_server() {
        let (_folder, root) = folder(500);
        // However slow the test is.
        let listings = Listings { places: Places::new(AT_ONCE, Duration::MAX), ..Listings::default() };
        let mut made: Vec<_> = (0..AT_ONCE).map(|_| begin(&listings, &root)).collect();
        assert!(made.iter_mut().all(|stream| stream.next() == Next::Busy));
        let (mut waiting, mut other) = (begin(&listings, &root), begin(&listings, &root));
        assert_eq!((waiting.next(), other.next()), (Next::NotYet, Next::NotYet));
        assert!(rest(&mut *made[0]).ends_with(b"</html>\n"));
        assert_eq!((waiting.next(), other.next()), (Next::Busy, Next::NotYet));
        other.stop();
        waiting.stop();
        assert_eq!((other.next(), waiting.next()), (Next::Broken, Next::Busy), "what has begun may end");
        assert!(rest(&mut *waiting).ends_with(b"</html>\n"));
        drop(made);
        assert_eq!(begin(&listings, &root).next(), Next::Busy);
    }

    #[test]
    fn who_does_not_take_its_listing_keeps_nobody_waiting() {
        let (_folder, root) = folder(500);
        // Nobody is ever asked soon enough.
        let listings = Listings { places: Places::new(AT_ONCE, Duration::ZERO), ..Listings::default() };
        let mut stalled: Vec<_> = (0..3 * AT_ONCE).map(|_| begin(&listings, &root)).collect();
        assert!(stalled.iter_mut().all(|stream| stream.next() == Next::Busy));
        assert!(rest(&mut *begin(&listings, &root)).ends_with(b"</html>\n"));
        assert!(rest(&mut *stalled[0]).ends_with(b"</html>\n"));
    }

    #[test]
    fn who_has_no_memory_for_its_entries_waits_for_it_and_at_last_breaks_off() {
        let (_folder, root) = folder(500);
        let listings = Listings { memory: Budget::new(50_000), ..Listings::default() };
        let held = listings.memory.take(45_000);
        let mut stream = begin(&listings, &root);
        let mut answers = std::iter::repeat_with(|| stream.next());
        assert!(answers.by_ref().any(|next| next == Next::NotYet));
        drop(held);
        // What was given back is enough for some more, but not for all.
        assert_eq!(answers.next(), Some(Next::Busy));
        let waits = answers.take_while(|next| *next != Next::Broken).filter(|next| *next == Next::NotYet);
        assert!(waits.count() > 100);
        drop(stream);
        assert!(listings.memory.take(50_000).is_some(), "all of it is given back");
    }
}
