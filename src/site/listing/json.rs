//! A listing as JSON, for programs that ask for it.
//!
//! ```text
//! {"path":"/photos/","entries":[{"name":"a.jpg","type":"file","size":4,"modified":"...","href":"./a.jpg"}]}
//! ```

use super::Form;
use super::dates::{Dates, push_clock};
use super::entry::{Entry, Kind};
use super::read::{Folder, Outline, Totals};
use super::text::{JSON, joined, plain, push_encoded, push_number};
use crate::http::base_path::BasePath;
use crate::http::target::DecodedPath;

/// The form as JSON.
#[derive(Debug)]
pub(super) struct Json {
    has_entries: bool,
    dates: Dates,
}

impl Json {
    pub(super) fn new() -> Json {
        Json { has_entries: false, dates: dates() }
    }
}

/// Days as RFC 3339 has them.
pub(super) fn dates() -> Dates {
    Dates::new(|date| date.to_string())
}

/// A name as a string; U+FFFD stands for what is not UTF-8.
pub(super) fn push_string(name: &[u8], page: &mut String) {
    match plain(name, JSON) {
        Some(text) => page.extend(["\"", text, "\""]),
        None => page.push_str(&serde_json::to_string(&String::from_utf8_lossy(name)).expect("a string")),
    }
}

/// The start of the object, with the path of the folder.
pub(super) fn push_start(base: &BasePath, path: &DecodedPath, page: &mut String) {
    page.push_str("{\"path\":");
    let segments = base.segments().chain(path.segments());
    push_string(joined(segments, String::from_utf8_lossy).as_bytes(), page);
}

/// What an entry is, and when it was last modified (RFC 3339, UTC).
pub(super) fn push_facts(entry: &Entry<'_>, dates: &mut Dates, page: &mut String) {
    page.push_str(match entry.kind {
        Kind::Directory => ",\"type\":\"directory\"",
        Kind::File => ",\"type\":\"file\",\"size\":",
        Kind::Other => ",\"type\":\"other\"",
    });
    if entry.kind == Kind::File {
        push_number(page, entry.size, 0);
    }
    page.push_str(",\"modified\":");
    match dates.of(entry.modified) {
        None => page.push_str("null"),
        Some((day, second)) => {
            page.extend(["\"", day, "T"]);
            push_clock(page, second, true);
            page.push_str("Z\"");
        }
    }
}

impl Form for Json {
    fn begin(&mut self, folder: &Folder, _outline: Outline, page: &mut String) {
        push_start(&folder.base, &folder.path, page);
        page.push_str(",\"entries\":[");
    }

    fn entry(&mut self, entry: &Entry<'_>, page: &mut String) {
        if std::mem::replace(&mut self.has_entries, true) {
            page.push(',');
        }
        // `href` is exact.
        page.push_str("{\"name\":");
        push_string(entry.name, page);
        push_facts(entry, &mut self.dates, page);
        if entry.kind != Kind::Other {
            // Nothing in it has to be escaped.
            page.push_str(",\"href\":\"./");
            push_encoded(page, entry);
            page.push('"');
        }
        page.push('}');
    }

    fn end(&mut self, _folder: &Folder, _totals: &Totals, page: &mut String) {
        page.push_str("]}\n");
    }
}
