//! A listing for people: a page with a table, and buttons for all that can be done with it.
//!
//! The folder's [README](crate::site::readme) stands below the table. Orders, views, archives and the rest are buttons
//! of forms with GET: they work without scripts, and a program that follows links does not press them. `listing.js`
//! adds a filter, keys and previews. With `--upload` there is a form for files, and `upload.js` makes it a place to
//! drop files on.

use super::Form;
use super::dates::{Dates, push_clock};
use super::entry::{Entry, Kind};
use super::order::{Column, Order};
use super::read::{Folder, Outline, Totals};
use super::text::{joined, push_encoded, push_number, push_shown, shown, title};
use crate::base::human;
use crate::http::base_path::BasePath;
use crate::http::target::{DecodedPath, encode_segment, parameter};
use crate::site::readme::Readme;
use crate::site::{page, script};
use maud::{Markup, PreEscaped, html};
use std::borrow::Cow;
use std::fmt::Write;

/// What listings have beyond [`page`].
const STYLE: &str = include_str!("listing.css");
const SCRIPT: &str = include_str!("listing.js");
const UPLOAD_SCRIPT: &str = include_str!("upload.js");

/// A browser may load and run nothing but the two style sheets and the script whose hashes these are, and pictures from
/// this server; and no form may send anything to another server. (The pictures of the style sheet are in it, as
/// `data:`.)
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; \
    style-src 'sha256-Pcw8golMUviX2OsuDuFIRiGdyS/+gyT1lydcBkPel+Q=' \
    'sha256-8KBcruZG501jhS72/K0mO4U4h+i4IvwSq8q0EXc2XZA='; \
    script-src 'sha256-TkEqs0jP/2pBZd+Qgxyrzl0RoGFHc9H3TQ7+MC5jFOs='; img-src 'self' data:; \
    base-uri 'none'; form-action 'self'; frame-ancestors 'self'";

/// One more script, where files can be added.
const UPLOAD_SOURCE: &str = "'sha256-cx1j+MHWmJ+PF0LygR5ZKmTDTIc5mytHCdTEV+T6lxQ='";

/// How many pictures the gallery shows: without the script, which loads only those near to what is in sight, a browser
/// would load them all.
const MAX_PICTURES: usize = 500;

/// Stands for what is not known when a page is begun: the entries, what they are together, the README. No text in it
/// holds this character.
const PLACE: char = '\0';

/// How the page shows the entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    List,
    /// Cards, with the pictures.
    Gallery,
}

impl View {
    /// All, from left to right: the view, its name in a query, and its name on the page.
    pub(super) const ALL: [(View, &str, &str); 2] =
        [(View::List, "list", "List"), (View::Gallery, "gallery", "Gallery")];

    pub(super) fn from_query(query: Option<&[u8]>) -> View {
        let is_gallery = parameter(query, "view").as_deref() == Some("gallery");
        if is_gallery { View::Gallery } else { View::List }
    }
}

/// The form for people.
#[derive(Debug)]
pub(super) struct Page {
    view: View,
    /// Whether files can be added.
    uploads: bool,
    /// How many more pictures the gallery may have.
    pictures_left: usize,
    /// What stands behind the entries, with a place for each of the two others.
    end: String,
    dates: Dates,
}

/// The Content-Security-Policy of the page. Where files can be added it allows one more script, and PUT to this
/// server.
pub(super) fn policy(uploads: bool) -> Cow<'static, str> {
    if !uploads {
        return CONTENT_SECURITY_POLICY.into();
    }
    let policy = script::allow(CONTENT_SECURITY_POLICY, "script-src", UPLOAD_SOURCE);
    script::allow(&policy, "connect-src", "'self'").into()
}

impl Page {
    pub(super) fn new(view: View, uploads: bool) -> Page {
        let dates = Dates::new(|date| format!("{:04}-{:02}-{:02} ", date.year(), date.month(), date.day()));
        Page { view, uploads, pictures_left: 0, end: String::new(), dates }
    }
}

impl Form for Page {
    fn begin(&mut self, folder: &Folder, outline: Outline, page: &mut String) {
        // A gallery without pictures would show nothing.
        if !outline.has_pictures {
            self.view = View::List;
        }
        self.pictures_left = if self.view == View::Gallery { MAX_PICTURES } else { 0 };
        let whole = render(folder, outline, self.view, self.uploads);
        let (begin, end) = whole.split_once(PLACE).expect("it is there");
        page.push_str(begin);
        end.clone_into(&mut self.end);
    }

    fn entry(&mut self, entry: &Entry<'_>, page: &mut String) {
        let with_picture = self.pictures_left > 0 && entry.is_picture();
        self.pictures_left -= usize::from(with_picture);
        push_row(page, entry, with_picture, &mut self.dates);
    }

    fn end(&mut self, folder: &Folder, totals: &Totals, page: &mut String) {
        let readmes = totals.readmes.iter().map(Vec::as_slice);
        let readme = Readme::find(&folder.root, &folder.path, readmes);
        let readme = readme.map_or_else(String::new, |readme| section(&readme).into_string());
        let mut parts = self.end.split(PLACE);
        for known in [&summary(totals), &readme, ""] {
            page.push_str(parts.next().expect("there are as many"));
            page.push_str(known);
        }
    }
}

/// The page, with [`PLACE`] where belongs what is not known yet.
fn render(folder: &Folder, outline: Outline, view: View, uploads: bool) -> String {
    let order = folder.order;
    let content = html! {
        main class=[(view == View::Gallery).then_some("gallery")] {
            h1 { (page::mark(folder.base.start())) (breadcrumb(&folder.base, &folder.path)) }
            div class="tools" {
                // Hidden until the script shows it, since it does nothing without the script.
                input id="filter" type="search" hidden placeholder="Filter ( / )" aria-label="Filter by name"
                    aria-keyshortcuts="/" autocomplete="off" autocapitalize="off" spellcheck="false" enterkeyhint="go";
                span id="shown" role="status" {}
                @if outline.has_pictures {
                    form role="group" aria-label="View" {
                        (order_fields(order.column, order.descending))
                        @for (one, name, label) in View::ALL {
                            button name="view" value=(name)
                                aria-current=[(one == view).then_some("true")] { (label) }
                        }
                    }
                }
            }
            table {
                thead {
                    tr {
                        @for (column, _, label) in Column::ALL {
                            th scope="col" aria-sort=[aria_sort(order, column)] {
                                form autocomplete="off" {
                                    // A click on the column of the present order reverses it.
                                    (order_fields(column, order.column == column && !order.descending))
                                    @if view == View::Gallery {
                                        input type="hidden" name="view" value="gallery";
                                    }
                                    button { (label) }
                                }
                            }
                        }
                    }
                }
                tbody {
                    @if !folder.path.relative.is_empty() {
                        tr { td { a.up href="../" { "Parent directory" } } td {} td {} }
                    }
                    @if outline.is_empty {
                        tr { td.empty colspan="3" { "This directory is empty." } }
                    }
                    (PreEscaped(PLACE.to_string()))
                }
            }
            @if uploads {
                // The script makes more of it.
                section id="upload" {
                    form method="post" enctype="multipart/form-data" {
                        label { "Add files: " input type="file" name="file" multiple required; }
                        " " button { "Send" }
                    }
                    ul role="status" {}
                }
            }
            footer {
                span { (PreEscaped(PLACE.to_string())) }
                form {
                    span {
                        "Download all: " button name="archive" value="tar.gz" { "tar.gz" }
                        ", " button name="archive" value="zip" { "zip" }
                    }
                    button name="format" value="json" { "as JSON" }
                }
            }
            (PreEscaped(PLACE.to_string()))
        }
        script { (PreEscaped(SCRIPT)) }
        @if uploads { script { (PreEscaped(UPLOAD_SCRIPT)) } }
    };
    page::render(&title(folder), Some(STYLE), &content)
}

/// The fields by which a form asks for an order.
fn order_fields(column: Column, descending: bool) -> Markup {
    let name = Column::ALL.iter().find(|(one, ..)| *one == column).map_or("name", |&(_, name, _)| name);
    html! {
        input type="hidden" name="sort" value=(name);
        input type="hidden" name="order" value=(if descending { "desc" } else { "asc" });
    }
}

fn aria_sort(order: Order, column: Column) -> Option<&'static str> {
    (order.column == column).then_some(if order.descending { "descending" } else { "ascending" })
}

/// The README, as plain text.
fn section(readme: &Readme) -> Markup {
    let name = shown(&readme.name);
    html! {
        section class="readme" aria-labelledby="readme" {
            h2 id="readme" { (name) }
            // An HTML parser drops one line feed here.
            pre { "\n" (readme.text) }
            @if readme.is_cut {
                p { "This is the beginning. " a href={ "./" (encode_segment(&readme.name)) } { "All of " (name) } }
            }
        }
    }
}

/// A row of the table. There can be very many, so a row is short: the style sheet knows its cells by their order.
fn push_row(page: &mut String, entry: &Entry<'_>, with_picture: bool, dates: &mut Dates) {
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
    if with_picture {
        page.push_str("<img alt=\"\" loading=\"lazy\" decoding=\"async\" src=\"");
        push_link(page, entry);
        page.push_str("\">");
    }
    push_shown(page, entry.name);
    page.push_str(match entry.kind {
        Kind::Directory => "/</a></td><td></td><td>",
        Kind::File => "</a></td><td>",
        Kind::Other => "</span></td><td></td><td>",
    });
    if entry.kind == Kind::File {
        push_size(page, entry.size);
        page.push_str("</td><td>");
    }
    // 2026-11-22 14:29
    if let Some((day, second)) = dates.of(entry.modified) {
        page.push_str(day);
        push_clock(page, second, false);
    }
    page.push_str("</td></tr>\n");
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

fn summary(totals: &Totals) -> String {
    let plural =
        |count: usize, one: &str, many: &str| format!("{count} {}", if count == 1 { one } else { many });
    format!(
        "{}, {}, {}",
        plural(totals.folders, "folder", "folders"),
        plural(totals.files, "file", "files"),
        human::Bytes(totals.size)
    )
}

/// A link to an entry, from its directory. `./` keeps a name such as `javascript:x` a name.
fn push_link(onto: &mut String, entry: &Entry<'_>) {
    onto.push_str("./");
    push_encoded(onto, entry);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::listing::entry::PICTURES;
    use crate::site::page::tests::source;

    #[test]
    fn the_policy_names_the_style_sheets_and_the_script() {
        for (text, directive) in [(page::STYLE, "style-src"), (STYLE, "style-src"), (SCRIPT, "script-src")] {
            let source = source(text);
            let named = CONTENT_SECURITY_POLICY.split(';').find(|part| part.contains(&source));
            assert!(named.is_some_and(|part| part.contains(directive)), "{directive} must name {source}");
            assert!(policy(true).contains(&source), "with uploads, {directive} must name {source}");
        }
        let source = source(UPLOAD_SCRIPT);
        assert!(policy(true).contains(&source), "with uploads, script-src must name {source}");
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
