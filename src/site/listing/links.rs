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
use super::dates::{Dates, push_clock};
use super::entry::{Entry, Kind};
use super::read::{Folder, Outline, Totals};
use super::text::{letters, push_encoded, push_number, push_shown, title};
use maud::Render;

/// A browser may load and run nothing at all.
pub(super) const CONTENT_SECURITY_POLICY: &str =
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

/// The column in which dates begin, unless a name is longer, counted in characters from the start of the name.
const WIDTH: usize = 50;

/// How wide the dates and the sizes are.
const DATE: usize = 17;
const SIZE: usize = 19;

/// The form for programs that follow links.
#[derive(Debug)]
pub(super) struct Links {
    dates: Dates,
}

impl Links {
    pub(super) fn new() -> Links {
        Links { dates: dates() }
    }
}

impl Form for Links {
    fn begin(&mut self, folder: &Folder, _outline: Outline, page: &mut String) {
        push_head(&title(folder), page);
        // What is above the root is not part of the site.
        if !folder.path.relative.is_empty() {
            page.push_str("<a href=\"../\">../</a>\n");
        }
    }

    fn entry(&mut self, entry: &Entry<'_>, page: &mut String) {
        // A program could do nothing with an entry that is not served.
        if entry.kind != Kind::Other {
            push_line(page, entry, &mut self.dates, |page| push_encoded(page, entry));
        }
    }

    fn end(&mut self, _folder: &Folder, _totals: &Totals, page: &mut String) {
        page.push_str("</pre></body></html>\n");
    }
}

/// The start of the page, up to its lines.
pub(super) fn push_head(title: &str, page: &mut String) {
    page.push_str("<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>");
    title.render_to(page);
    page.push_str("</title></head>\n<body><h1>");
    title.render_to(page);
    page.push_str("</h1>\n<pre>");
}

/// Days as these programs read them.
pub(super) fn dates() -> Dates {
    Dates::new(|date| {
        const MONTHS: [&str; 12] =
            ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let month = MONTHS[usize::from(date.month().unsigned_abs()) - 1];
        format!("{:02}-{month}-{:04} ", date.day(), date.year())
    })
}

/// Appends the line of an entry, which `push_target` gives the target of its link.
pub(super) fn push_line(
    page: &mut String,
    entry: &Entry<'_>,
    dates: &mut Dates,
    push_target: impl FnOnce(&mut String),
) {
    page.push_str("<a href=\"");
    // Some programs (fsspec) take whatever begins like this for a whole URL. All else that could be taken for
    // something other than a name is percent-encoded.
    if entry.name.starts_with(b"http") {
        page.push_str("./");
    }
    push_target(page);
    page.push_str("\">");
    push_shown(page, entry.name);
    let slash = if entry.kind == Kind::Directory { "/" } else { "" };
    page.push_str(slash);
    page.push_str("</a>");
    push_spaces(page, WIDTH.saturating_sub(letters(entry.name) + slash.len()) + 1);
    let start = page.len();
    if let Some((day, second)) = dates.of(entry.modified) {
        page.push_str(day);
        push_clock(page, second, false);
    }
    push_spaces(page, (start + DATE + 1).saturating_sub(page.len()));
    if entry.kind == Kind::File {
        push_number(page, entry.size, SIZE);
    } else {
        push_spaces(page, SIZE - 1);
        page.push('-');
    }
    page.push('\n');
}

/// Appends spaces; no more are ever wanted.
fn push_spaces(page: &mut String, count: usize) {
    const SPACES: &str = match std::str::from_utf8(&[b' '; WIDTH + 1]) {
        Ok(spaces) => spaces,
        Err(_) => "",
    };
    page.push_str(&SPACES[..count.min(SPACES.len())]);
}
