//! A listing as JSON, for programs that ask for it.
//!
//! ```text
//! {"path":"/photos/","entries":[{"name":"a.jpg","type":"file","size":4,"modified":"...","href":"./a.jpg"}]}
//! ```

use super::Form;
use super::entry::{Entry, Kind};
use super::read::{Folder, Totals};
use super::text::{joined, push_encoded};
use serde::Serialize;

/// The form as JSON.
#[derive(Debug, Default)]
pub(super) struct Json {
    has_entries: bool,
}

#[derive(Serialize)]
struct JsonEntry<'a> {
    /// U+FFFD stands for what is not UTF-8; `href` is exact.
    name: &'a str,
    #[serde(rename = "type")]
    kind: Kind,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    /// RFC 3339, UTC.
    modified: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    href: Option<String>,
}

fn as_text(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("strings and numbers")
}

impl Form for Json {
    fn begin(&mut self, folder: &Folder, _totals: &Totals, page: &mut String) {
        let segments = folder.base.segments().chain(folder.path.segments());
        let path = joined(segments, |segment| String::from_utf8_lossy(segment).into_owned());
        page.push_str(&format!("{{\"path\":{},\"entries\":[", as_text(&path)));
    }

    fn entry(&mut self, entry: &Entry, page: &mut String) {
        if std::mem::replace(&mut self.has_entries, true) {
            page.push(',');
        }
        page.push_str(&as_text(&JsonEntry {
            name: &String::from_utf8_lossy(&entry.name),
            kind: entry.kind,
            size: (entry.kind == Kind::File).then_some(entry.size),
            modified: entry.timestamp().map(|time| time.to_string()),
            href: (entry.kind != Kind::Other).then(|| {
                let mut href = "./".to_owned();
                push_encoded(&mut href, entry);
                href
            }),
        }));
    }

    fn end(&mut self, page: &mut String) {
        page.push_str("]}\n");
    }
}
