//! A directory as a page for people, or as JSON for programs.
//!
//! ```text
//! GET /photos/?sort=size&order=desc       the page, largest first; folders stay on top
//! GET /photos/?view=gallery               the same as cards, with the pictures
//! GET /photos/?format=json                {"path": "/photos/", "entries": [{"name": "a.jpg", ...}]}
//! GET /photos/  Accept: application/json  the same
//! ```
//!
//! Below the table stands the folder's [README](super::readme). Sorting and the views work without
//! scripts: they are links. `listing.js` adds a filter, keys and previews; with `--upload`, `upload.js`
//! adds a place to drop files on.
//!
//! Names are bytes, and anything can
//! stand in them. Links carry the exact bytes, percent-encoded; what is shown is escaped, with
//! control characters as their pictures and U+FFFD for what is not UTF-8.

use super::facts::Facts;
use super::readme::Readme;
use super::root::Root;
use super::{Body, Options, Response, page, script};
use crate::http::base_path::BasePath;
use crate::http::fields::Fields;
use crate::http::target::{DecodedPath, encode_segment, parameter};
use crate::http::{Headers, Refusal, Status, accept};
use crate::human;
use crate::trace;
use jiff::Timestamp;
use jiff::tz::Offset;
use maud::{Markup, PreEscaped, Render, html};
use rustix::fs::{AtFlags, FileType, RawDir};
use rustix::io::Errno;
use serde::Serialize;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt::Write;
use std::fs::File;

/// What only listings have; the rest is in [`page`].
const STYLE: &str = include_str!("listing.css");
const SCRIPT: &str = include_str!("listing.js");
const UPLOAD_SCRIPT: &str = include_str!("upload.js");

/// Nothing may be loaded or run but the two style sheets and the script whose hashes these are, and
/// pictures from here. (Those of the style sheet are in it, as `data:`.)
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; \
    style-src 'sha256-p32HO6eX4I3dRuCKtAC1QLuwmbRu9k+e17UUH21mZwI=' 'sha256-BbrfrGpmJnGctI2awul4ZEaltyMTk/1Mv7CzybnO6HE='; \
    script-src 'sha256-YUCCMXNiahMTv1EskxbI/C/jheVD8NvXDvisG0P5NHA='; img-src 'self' data:; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

/// The script more that there is where files can be added.
const UPLOAD_SOURCE: &str = "'sha256-1c+jenav1lCM54f+ZmuRAWrQBPu0t7UeYUEneBIAS4I='";

/// Files that browsers show as pictures, by the end of their names. `listing.js` and `listing.css`
/// have them, too.
const PICTURES: [&str; 10] = ["apng", "avif", "bmp", "gif", "ico", "jpeg", "jpg", "png", "svg", "webp"];

/// The most bytes of a file that is shown as a picture in the gallery, and the most files there that
/// are, when no script sees to it that only those near to what is in sight are loaded.
const MAX_PICTURE: u64 = 20_000_000;
const MAX_PICTURES: usize = 500;

/// One name in a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    name: Vec<u8>,
    kind: Kind,
    /// In bytes; for files.
    size: u64,
    /// In seconds since 1970.
    modified: i64,
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

/// How many threads may describe the entries of one directory, and how many entries make another
/// thread worth its while.
const MAX_ASKERS: usize = 4;
const WORTH_A_THREAD: usize = 1000;

/// Answers with the listing of a directory that has no index.
///
/// # Errors
/// When the directory cannot be read; a single entry that cannot is shown without details.
pub fn respond(
    root: &Root,
    directory: &File,
    path: &DecodedPath,
    query: Option<&[u8]>,
    fields: &Fields<'_>,
    options: &Options,
) -> Result<Response, Refusal> {
    let uploads = options.upload.is_some();
    let mut entries = read(root, directory, path, options.hidden).map_err(|error| match error {
        // It was removed after it was opened.
        Errno::NOENT => super::not_found(),
        _ => Refusal::new(Status::INTERNAL_SERVER_ERROR, "the server failed to read this directory"),
    })?;
    let order = Order::from_query(query);
    entries.sort_unstable_by(|a, b| order.compare(a, b));
    let mut headers = Headers::default();
    let as_json_text = wants_json(query, fields);
    trace::step("listing", None, || {
        let form = if as_json_text { "JSON" } else { "a page" };
        format!("no index file is there, so its {} entries are listed, as {form}", entries.len())
    });
    let text = if as_json_text {
        headers.push("Content-Type", "application/json");
        as_json(&options.base, path, &entries)
    } else {
        headers.push("Content-Type", "text/html; charset=utf-8");
        let policy =
            if uploads { policy_with_uploads().into() } else { Cow::Borrowed(CONTENT_SECURITY_POLICY) };
        headers.push("Content-Security-Policy", &*policy);
        let files = entries.iter().filter(|entry| entry.kind == Kind::File);
        let readme = Readme::find(root, path, files.map(|entry| entry.name.as_slice()));
        as_page(&options.base, path, &entries, order, View::from_query(query), readme.as_ref(), uploads)
    };
    headers.push("Cache-Control", "no-cache");
    headers.push("Vary", "Accept");
    Ok(Response { status: Status::OK, headers, body: Body::Bytes(text.into_bytes()) })
}

/// The policy where files can be added, by one script more and by PUT to this server.
fn policy_with_uploads() -> String {
    let policy = script::allow(CONTENT_SECURITY_POLICY, "script-src", UPLOAD_SOURCE);
    script::allow(&policy, "connect-src", "'self'")
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

/// Reads a directory's entries, in the file system's order.
fn read(root: &Root, directory: &File, path: &DecodedPath, hidden: bool) -> rustix::io::Result<Vec<Entry>> {
    let mut names: Vec<Box<[u8]>> = Vec::new();
    let mut buffer = Vec::with_capacity(32 * 1024);
    let mut found = RawDir::new(directory, buffer.spare_capacity_mut());
    while let Some(found) = found.next() {
        let found = found?;
        let name = found.file_name().to_bytes();
        if !matches!(name, b"." | b"..") && (hidden || !name.starts_with(b".")) {
            names.push(name.into());
        }
    }
    // To ask for the size and date of each is most of the work, and the system answers several
    // askers at once.
    let askers = std::thread::available_parallelism().map_or(1, usize::from).min(MAX_ASKERS);
    let share = names.len().div_ceil(askers).max(WORTH_A_THREAD);
    let describe_all = |names: &[Box<[u8]>]| -> Vec<Entry> {
        names.iter().map(|name| describe(root, directory, path, name)).collect()
    };
    let mut shares = names.chunks(share);
    let own_share = shares.next().unwrap_or_default();
    Ok(std::thread::scope(|scope| {
        let others: Vec<_> = shares
            .map(|share| (share, std::thread::Builder::new().spawn_scoped(scope, || describe_all(share))))
            .collect();
        let mut entries = describe_all(own_share);
        for (share, thread) in others {
            // Where no thread can be had, or it failed, the work is done here.
            let described = thread.ok().and_then(|thread| thread.join().ok());
            entries.append(&mut described.unwrap_or_else(|| describe_all(share)));
        }
        entries
    }))
}

/// Looks at one entry; what cannot be looked at is [`Kind::Other`].
fn describe(root: &Root, directory: &File, path: &DecodedPath, name: &[u8]) -> Entry {
    let mut entry = Entry { name: name.to_vec(), kind: Kind::Other, size: 0, modified: 0 };
    let Ok(stat) = rustix::fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW) else { return entry };
    let mut facts = Facts::new(&stat);
    entry.modified = facts.modified.0;
    if facts.file_type == FileType::Symlink {
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
    fn compare(self, a: &Entry, b: &Entry) -> Ordering {
        let folders_first = (b.kind == Kind::Directory).cmp(&(a.kind == Kind::Directory));
        let by_column = match self.column {
            Column::Name => compare_names(&a.name, &b.name),
            Column::Size => a.size.cmp(&b.size),
            Column::Modified => a.modified.cmp(&b.modified),
        };
        let by_column = if self.descending { by_column.reverse() } else { by_column };
        folders_first.then(by_column).then_with(|| compare_names(&a.name, &b.name))
    }

    /// The query that a click on a column's head asks for: that column, and if it is the one
    /// already, the other direction.
    fn after_click(self, column: Column, name: &str, view: View) -> String {
        let order = if self.column == column && !self.descending { "desc" } else { "asc" };
        let view = if view == View::Gallery { "&view=gallery" } else { "" };
        format!("?sort={name}&order={order}{view}")
    }

    /// The query that asks for the same order.
    fn as_query(self) -> String {
        let name = Column::ALL.iter().find(|(column, ..)| *column == self.column).map_or("name", |one| one.1);
        format!("?sort={name}&order={}", if self.descending { "desc" } else { "asc" })
    }

    fn aria_sort(self, column: Column) -> Option<&'static str> {
        (self.column == column).then_some(if self.descending { "descending" } else { "ascending" })
    }
}

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

/// Without regard to ASCII case; where that makes no difference, by bytes.
fn compare_names(a: &[u8], b: &[u8]) -> Ordering {
    // Neighbours in a folder often have much in common, which is passed over as it is.
    let differing = a.iter().zip(b).filter(|(a, b)| a != b);
    let folded = differing.map(|(a, b)| a.to_ascii_lowercase().cmp(&b.to_ascii_lowercase()));
    let first = folded.into_iter().find(|order| order.is_ne());
    first.unwrap_or_else(|| a.len().cmp(&b.len())).then_with(|| a.cmp(b))
}

fn as_page(
    base: &BasePath,
    path: &DecodedPath,
    entries: &[Entry],
    order: Order,
    view: View,
    readme: Option<&Readme>,
    uploads: bool,
) -> String {
    let title = format!("Index of {}", shown_path(base, path));
    // Without pictures there is nothing to see in a gallery.
    let has_pictures = entries.iter().any(is_picture);
    let view = if has_pictures { view } else { View::List };
    let mut pictures_left = if view == View::Gallery { MAX_PICTURES } else { 0 };
    let rows = entries.iter().map(|entry| {
        let with_picture = pictures_left > 0 && is_picture(entry);
        pictures_left -= usize::from(with_picture);
        Row { entry, with_picture }
    });
    let content = html! {
        main class=[(view == View::Gallery).then_some("gallery")] {
            h1 { (breadcrumb(base, path)) }
            div class="tools" {
                // Shown by the script, without which it would do nothing.
                input id="filter" type="search" hidden placeholder="Filter ( / )" aria-label="Filter by name"
                    aria-keyshortcuts="/" autocomplete="off" autocapitalize="off" spellcheck="false" enterkeyhint="go";
                span id="shown" role="status" {}
                @if has_pictures {
                    nav aria-label="View" {
                        @for (one, name, label) in View::ALL {
                            a href={ (order.as_query()) "&view=" (name) }
                                aria-current=[(one == view).then_some("true")] { (label) }
                        }
                    }
                }
            }
            table {
                thead {
                    tr {
                        @for (column, name, label) in Column::ALL {
                            th scope="col" aria-sort=[order.aria_sort(column)] {
                                a href=(order.after_click(column, name, view)) { (label) }
                            }
                        }
                    }
                }
                tbody {
                    @if !path.relative.is_empty() {
                        tr { td { a.up href="../" { "Parent directory" } } td {} td {} }
                    }
                    @if entries.is_empty() {
                        tr { td.empty colspan="3" { "This directory is empty." } }
                    }
                    @for row in rows { (row) }
                }
            }
            @if uploads {
                // Shown by the script, likewise.
                section id="upload" hidden {
                    label { "Add files: drop them anywhere here, or " input type="file" multiple; }
                    ul role="status" {}
                }
            }
            footer {
                span { (summary(entries)) }
                @if cfg!(feature = "archive") {
                    span {
                        "Download all: " a href="?archive=tar.gz" rel="nofollow" { "tar.gz" }
                        ", " a href="?archive=zip" rel="nofollow" { "zip" }
                    }
                }
                a href="?format=json" { "as JSON" }
            }
            @if let Some(readme) = readme { (section(readme)) }
        }
        script { (PreEscaped(SCRIPT)) }
        @if uploads { script { (PreEscaped(UPLOAD_SCRIPT)) } }
    };
    page::render(&title, Some(STYLE), &content)
}

/// The README as the text that it is.
fn section(readme: &Readme) -> Markup {
    let name = shown(&readme.name);
    html! {
        section class="readme" aria-labelledby="readme" {
            h2 id="readme" { (name) }
            // The parser leaves out one line feed here.
            pre { "\n" (readme.text) }
            @if readme.is_cut {
                p { "This is the beginning. " a href={ "./" (encode_segment(&readme.name)) } { "All of " (name) } }
            }
        }
    }
}

/// Whether it is shown as a picture.
fn is_picture(entry: &Entry) -> bool {
    let ending = entry.name.iter().rposition(|&byte| byte == b'.').map(|dot| &entry.name[dot + 1..]);
    entry.kind == Kind::File
        && entry.size <= MAX_PICTURE
        && ending.is_some_and(|it| PICTURES.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(it)))
}

/// A row of the table. There can be very many, so a row is short, and written where it belongs
/// rather than copied there; what its cells are, the style sheet knows by their order.
struct Row<'a> {
    entry: &'a Entry,
    with_picture: bool,
}

impl Render for Row<'_> {
    fn render_to(&self, page: &mut String) {
        let entry = self.entry;
        page.push_str("<tr><td>");
        match entry.kind {
            Kind::Other => page.push_str(concat!(
                "<span title=\"This cannot be served: it is not a file, ",
                "or it leads out of the folder.\">"
            )),
            Kind::Directory => page.push_str("<a class=\"dir\" href=\""),
            Kind::File => page.push_str("<a href=\""),
        }
        if entry.kind != Kind::Other {
            push_link(page, entry);
            page.push_str("\">");
        }
        if self.with_picture {
            page.push_str("<img alt=\"\" loading=\"lazy\" decoding=\"async\" src=\"");
            push_link(page, entry);
            page.push_str("\">");
        }
        push_shown(page, &entry.name);
        page.push_str(match entry.kind {
            Kind::Directory => "/</a></td><td></td><td>",
            Kind::File => "</a></td><td>",
            Kind::Other => "</span></td><td></td><td>",
        });
        if entry.kind == Kind::File {
            let _ = write!(page, "{}</td><td>", human::Bytes(entry.size));
        }
        if let Some(time) = timestamp(entry) {
            push_minute(page, time);
        }
        page.push_str("</td></tr>\n");
    }
}

/// A name as text in HTML.
fn push_shown(page: &mut String, name: &[u8]) {
    let is_plain = |byte: &u8| (b' '..=b'~').contains(byte) && !b"&<>\"".contains(byte);
    match std::str::from_utf8(name) {
        Ok(text) if name.iter().all(is_plain) => page.push_str(text),
        _ => shown(name).render_to(page),
    }
}

/// `2026-11-22 14:29`
fn push_minute(page: &mut String, time: Timestamp) {
    let time = Offset::UTC.to_datetime(time);
    let _ = write!(page, "{:04}", time.year());
    for (separator, number) in
        [('-', time.month()), ('-', time.day()), (' ', time.hour()), (':', time.minute())]
    {
        let digits = [number / 10, number % 10].map(|digit| char::from(b'0' + digit.unsigned_abs()));
        page.extend([separator, digits[0], digits[1]]);
    }
}

/// The path as links to each directory above.
fn breadcrumb(base: &BasePath, path: &DecodedPath) -> Markup {
    let segments: Vec<_> = path.segments().collect();
    let root = joined(base.segments(), shown);
    html! {
        @if segments.is_empty() { span { "Index of " (root) } }
        @else { "Index of " a href=(base.start()) aria-label="root" { (root) } }
        @for (depth, segment) in segments.iter().enumerate() {
            @let levels_up = segments.len() - 1 - depth;
            @if depth > 0 { span.sep { " / " } }
            @if levels_up == 0 { span aria-current="page" { (shown(segment)) } }
            @else { a href=("../".repeat(levels_up)) { (shown(segment)) } }
        }
    }
}

fn summary(entries: &[Entry]) -> String {
    let count = |kind| entries.iter().filter(|entry| entry.kind == kind).count();
    let plural =
        |count: usize, one: &str, many: &str| format!("{count} {}", if count == 1 { one } else { many });
    let total = entries.iter().fold(0, |total: u64, entry| total.saturating_add(entry.size));
    format!(
        "{}, {}, {}",
        plural(count(Kind::Directory), "folder", "folders"),
        plural(count(Kind::File), "file", "files"),
        human::Bytes(total)
    )
}

/// A link to an entry, from its directory. `./` keeps a name such as `javascript:x` a name.
fn push_link(onto: &mut String, entry: &Entry) {
    let slash = if entry.kind == Kind::Directory { "/" } else { "" };
    let _ = write!(onto, "./{}{slash}", encode_segment(&entry.name));
}

/// A name as it is shown: its control characters as pictures (U+2400 and on), so that a line break
/// in a name is seen to be one.
fn shown(name: &[u8]) -> String {
    String::from_utf8_lossy(name).chars().map(human::picture).collect()
}

fn shown_path(base: &BasePath, path: &DecodedPath) -> String {
    joined(base.segments().chain(path.segments()), shown)
}

/// A folder's segments as one path.
fn joined<'a>(segments: impl Iterator<Item = &'a [u8]>, shown: impl Fn(&[u8]) -> String) -> String {
    segments.fold("/".to_owned(), |before, segment| before + &shown(segment) + "/")
}

fn timestamp(entry: &Entry) -> Option<Timestamp> {
    (entry.modified != 0).then(|| Timestamp::from_second(entry.modified).ok()).flatten()
}

fn as_json(base: &BasePath, path: &DecodedPath, entries: &[Entry]) -> String {
    #[derive(Serialize)]
    struct Listing {
        path: String,
        entries: Vec<JsonEntry>,
    }
    #[derive(Serialize)]
    struct JsonEntry {
        /// U+FFFD stands for what is not UTF-8; `href` is exact.
        name: String,
        #[serde(rename = "type")]
        kind: Kind,
        #[serde(skip_serializing_if = "Option::is_none")]
        size: Option<u64>,
        /// RFC 3339, UTC.
        modified: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        href: Option<String>,
    }
    let entries = entries.iter().map(|entry| JsonEntry {
        name: String::from_utf8_lossy(&entry.name).into_owned(),
        kind: entry.kind,
        size: (entry.kind == Kind::File).then_some(entry.size),
        modified: timestamp(entry).map(|time| time.to_string()),
        href: (entry.kind != Kind::Other).then(|| {
            let mut href = String::new();
            push_link(&mut href, entry);
            href
        }),
    });
    let path = joined(base.segments().chain(path.segments()), |segment| {
        String::from_utf8_lossy(segment).into_owned()
    });
    let listing = Listing { path, entries: entries.collect() };
    serde_json::to_string(&listing).expect("strings and numbers") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::page::tests::source;

    #[test]
    fn the_policy_names_the_style_sheets_and_the_script() {
        for (text, directive) in [(page::STYLE, "style-src"), (STYLE, "style-src"), (SCRIPT, "script-src")] {
            let source = source(text);
            let named = CONTENT_SECURITY_POLICY.split(';').find(|part| part.contains(&source));
            assert!(named.is_some_and(|part| part.contains(directive)), "{directive} must name {source}");
            assert!(policy_with_uploads().contains(&source), "with uploads, {directive} must name {source}");
        }
        let source = source(UPLOAD_SCRIPT);
        assert!(policy_with_uploads().contains(&source), "with uploads, script-src must name {source}");
        // It would end the script, or the style, before its end.
        assert!(!SCRIPT.contains("</") && !STYLE.contains("</") && !UPLOAD_SCRIPT.contains("</"));
    }

    #[test]
    fn what_is_a_picture_is_the_same_in_the_script_and_the_style_sheet() {
        assert!(SCRIPT.contains(&format!("({})$/i", ["?:", &PICTURES.join("|")].concat())));
        let selectors: Vec<_> =
            PICTURES.iter().map(|ending| format!("td a[href$=\".{ending}\" i]")).collect();
        let before = STYLE.split("{ background-image: var(--picture)").next().expect("a rule");
        let found = before.rsplit('}').next().expect("selectors").split_whitespace().collect::<Vec<_>>();
        assert_eq!(found.join(" "), selectors.join(", "));
    }
}
