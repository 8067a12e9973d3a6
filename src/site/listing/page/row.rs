//! A row of a listing for people.
//!
//! ```text
//! <tr><td><a class="t" href="./a%20b.txt">a b.txt</a><td>1.2 kB<td>2026-11-22 14:29
//! ```
//!
//! There can be very many, so a row is short: the style sheet knows its cells by their order, and HTML ends cells and
//! rows where the next begin. Each has a line of its own, by which `many.js` takes them apart.

use super::icon;
use crate::base::human;
use crate::site::listing::dates::{Dates, push_clock};
use crate::site::listing::entry::{Entry, Kind};
use crate::site::listing::text::{push_encoded, push_number, push_shown};
use std::fmt::Write;

/// What a row has beyond the plain ones.
#[derive(Debug, Clone, Copy)]
pub(super) struct With {
    pub(super) picture: bool,
    /// A box to pick it with.
    pub(super) pick: bool,
}

/// Appends the row of an entry.
pub(super) fn push(page: &mut String, entry: &Entry<'_>, with: With, dates: &mut Dates) {
    page.push_str("<tr><td>");
    if with.pick && entry.kind != Kind::Other {
        push_pick(page, entry);
    }
    match entry.kind {
        Kind::Other => page.push_str("<span>"),
        Kind::Directory => page.push_str("<a class=\"d\" href=\""),
        Kind::File => page.push_str(icon::start_of_link(entry.name)),
    }
    if entry.kind != Kind::Other {
        push_link(page, entry);
        page.push_str("\">");
    }
    if with.picture {
        page.push_str("<img alt=\"\" loading=\"lazy\" decoding=\"async\" src=\"");
        push_link(page, entry);
        page.push_str("\">");
    }
    push_shown(page, entry.name);
    page.push_str(match (entry.kind, entry.is_link) {
        (Kind::Directory, false) => "/</a><td><td>",
        (Kind::Directory, true) => "/</a><i>link</i><td><td>",
        (Kind::File, false) => "</a><td>",
        (Kind::File, true) => "</a><i>link</i><td>",
        (Kind::Other, false) => "</span><i>not served: it is no file and no folder</i><td><td>",
        (Kind::Other, true) => {
            "</span><i>not served: a link that leads nowhere, or out of this folder</i><td><td>"
        }
    });
    if entry.kind == Kind::File {
        push_size(page, entry.size);
        page.push_str("<td>");
    }
    // 2026-11-22 14:29
    if let Some((day, second)) = dates.of(entry.modified) {
        page.push_str(day);
        push_clock(page, second, false);
    }
    page.push('\n');
}

/// A box to pick an entry with. What it sends is its link, which is text whatever bytes the name has.
fn push_pick(page: &mut String, entry: &Entry<'_>) {
    page.push_str("<input type=\"checkbox\" form=\"pick\" name=\"href\" value=\"");
    push_link(page, entry);
    page.push_str("\" aria-label=\"Pick ");
    push_shown(page, entry.name);
    page.push_str("\">");
}

/// A size as people read it.
fn push_size(page: &mut String, size: u64) {
    if size < 1000 {
        // As below, and faster.
        push_number(page, size, 0);
        page.push_str(" B");
    } else {
        let _ = write!(page, "{}", human::Bytes(size));
    }
}

/// A link to an entry, from its directory. `./` keeps a name such as `javascript:x` a name.
fn push_link(onto: &mut String, entry: &Entry<'_>) {
    onto.push_str("./");
    push_encoded(onto, entry);
}
