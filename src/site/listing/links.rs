//! A listing for programs that follow links: links to the entries and to the folder above, and nothing else.
//!
//! ```text
//! <a href="../">../</a>
//! <a href="a%20b.txt">a b.txt</a>                                            22-Nov-2026 14:29       1234
//! ```
//!
//! Its layout is that of nginx and Apache, which programs can read; some of them (`lftp`) read the dates and sizes,
//! too.

use super::Form;
use super::entry::{Entry, Kind};
use super::read::{Folder, Totals};
use super::text::{push_encoded, shown, title};
use jiff::tz::Offset;
use maud::Render;
use std::fmt::Write;

/// A browser may load and run nothing at all.
pub(super) const CONTENT_SECURITY_POLICY: &str =
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

/// The column in which dates begin, unless a name is longer, counted in characters from the start of the name.
const WIDTH: usize = 50;

/// The form for programs that follow links.
#[derive(Debug)]
pub(super) struct Links;

impl Form for Links {
    fn begin(&mut self, folder: &Folder, _totals: &Totals, page: &mut String) {
        let title = title(folder);
        page.push_str("<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>");
        title.as_str().render_to(page);
        page.push_str("</title></head>\n<body><h1>");
        title.as_str().render_to(page);
        page.push_str("</h1>\n<pre>");
        // What is above the root is not part of the site.
        if !folder.path.relative.is_empty() {
            page.push_str("<a href=\"../\">../</a>\n");
        }
    }

    fn entry(&mut self, entry: &Entry, page: &mut String) {
        // A program could do nothing with an entry that is not served.
        if entry.kind == Kind::Other {
            return;
        }
        page.push_str("<a href=\"");
        // Some programs (fsspec) take whatever begins like this for a whole URL. All else that could be taken for
        // something other than a name is percent-encoded.
        if entry.name.starts_with(b"http") {
            page.push_str("./");
        }
        push_encoded(page, entry);
        page.push_str("\">");
        let mut name = shown(&entry.name);
        if entry.kind == Kind::Directory {
            name.push('/');
        }
        name.as_str().render_to(page);
        page.push_str("</a>");
        let room = WIDTH.saturating_sub(name.chars().count());
        let time = entry.timestamp().map(|time| {
            let time = Offset::UTC.to_datetime(time);
            const MONTHS: [&str; 12] =
                ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
            let month = MONTHS[usize::from(time.month().unsigned_abs()) - 1];
            format!("{:02}-{month}-{:04} {:02}:{:02}", time.day(), time.year(), time.hour(), time.minute())
        });
        let size = if entry.kind == Kind::File { entry.size.to_string() } else { "-".to_owned() };
        let _ = writeln!(page, "{:room$} {:17} {size:>19}", "", time.unwrap_or_default());
    }

    fn end(&mut self, page: &mut String) {
        page.push_str("</pre></body></html>\n");
    }
}
