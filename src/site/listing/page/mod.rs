//! A listing for people: a page with a table, and buttons for all that can be done with it.
//!
//! ```text
//! head.rs    the path, the tools (filter, views, archives), the head of the table
//! upload.rs  a place for files that are added
//! row.rs     a row for each entry
//! foot.rs    what they are together, the README; a helper makes it where that takes long
//! ```
//!
//! Orders, views, archives and the rest are buttons of forms with GET: they work without scripts, and a program that
//! follows links does not press them. `listing.js`, which is in each page, adds a filter and keys, and loads what else
//! there is when somebody uses it ([`scripts`]). The page of a small folder has 15,000 bytes at most, all in all.

mod foot;
mod head;
mod icon;
mod row;
mod upload;

use super::dates::Dates;
use super::entry::Entry;
use super::read::{Folder, Outline, Totals};
use super::state;
use super::{Form, Rest, scripts};
use crate::http::target::parameter;
use crate::site::readme::Readme;
use crate::site::{Options, Upload};
use maud::{PreEscaped, Render, html};
use std::fmt;

/// What listings have beyond the style of all pages: all of them, and those with a gallery, a README, a place for uploads, or boxes to
/// pick entries with.
const STYLE: &str = built!("listing.css");
const GALLERY_STYLE: &str = built!("gallery.css");
const README_STYLE: &str = built!("readme.css");
const UPLOAD_STYLE: &str = built!("upload.css");
const PICK_STYLE: &str = built!("pick.css");
const SCRIPT: &str = built!("listing.js");

/// A browser may load and run nothing but the style sheets and the script whose hashes these are, what that script
/// loads, and pictures, sound and answers from this server; and no form may send anything to another server. (The
/// pictures of the style sheet are in it, as `data:`.)
pub(super) const CONTENT_SECURITY_POLICY: &str = concat!(
    "default-src 'none'; style-src ",
    env!("SHA256_OF_SITE_PAGE_CSS"),
    " ",
    env!("SHA256_OF_SITE_LISTING_LISTING_CSS"),
    " ",
    env!("SHA256_OF_SITE_LISTING_GALLERY_CSS"),
    " ",
    env!("SHA256_OF_SITE_LISTING_README_CSS"),
    " ",
    env!("SHA256_OF_SITE_LISTING_UPLOAD_CSS"),
    " ",
    env!("SHA256_OF_SITE_MARKDOWN_MARKDOWN_CSS"),
    " ",
    env!("SHA256_OF_SITE_LISTING_PICK_CSS"),
    "; script-src ",
    env!("SHA256_OF_SITE_LISTING_LISTING_JS"),
    " 'strict-dynamic'; img-src 'self' data:; media-src 'self'; connect-src 'self'; \
     frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
);

/// How many pictures the gallery shows: without the script, which loads only those near to what is in sight, a browser
/// would load them all.
const MAX_PICTURES: usize = 500;

/// After how many rows the others stand in `<noscript>`, and in how large parts: see `many.js`. Browsers that run scripts
/// draw of them what is in sight.
const FIRST: usize = 200;
const PART: usize = 250;
const PART_BEGIN: &str = "<noscript><table>\n";
const PART_END: &str = "</table></noscript>\n";

/// How the page shows the entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    List,
    /// Cards, with the pictures.
    Gallery,
}

impl View {
    /// All, from left to right: the view, its name in a query, and its name on the page.
    const ALL: [(View, &str, &str); 2] =
        [(View::List, "list", "List"), (View::Gallery, "gallery", "Gallery")];
}

/// What a page is to have.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    view: View,
    /// Which files can be added.
    uploads: Option<Upload>,
    /// Whether a README in Markdown is rendered.
    renders: bool,
    /// Whether it asks now and then if the folder has changed. With `--reload` it is told.
    watches: bool,
    /// Whether each row has a box to pick it with, without any script.
    picks: bool,
}

impl Wanted {
    pub(super) fn from_query(query: Option<&[u8]>, options: &Options, renders: bool) -> Wanted {
        let (uploads, watches) = (options.upload, !options.script);
        let is_gallery = parameter(query, "view").as_deref() == Some("gallery");
        let view = if is_gallery { View::Gallery } else { View::List };
        Wanted { view, uploads, renders, watches, picks: parameter(query, "pick").is_some() }
    }
}

/// The form for people.
pub(super) struct Page {
    wanted: Wanted,
    /// How many more pictures the gallery may have.
    pictures_left: usize,
    /// How many rows it has so far.
    rows: usize,
    /// Where the scripts are that it loads.
    scripts: String,
    /// The state of the folder, if the page is to ask whether that is another.
    state: Option<String>,
    dates: Dates,
    /// What makes the end, if that takes long.
    rest: Option<Rest>,
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Page({:?})", self.wanted)
    }
}

impl Page {
    pub(super) fn new(wanted: Wanted) -> Page {
        let dates = Dates::for_people();
        Page { wanted, pictures_left: 0, rows: 0, scripts: String::new(), state: None, dates, rest: None }
    }

    /// Ends the first table, with the script behind it: what stands further down need not have come when it runs.
    fn end_of_first(&self, is_all: bool, page: &mut String) {
        page.push_str("</tbody></table>\n");
        let script = html! {
            script data-from=(self.scripts) data-version=(scripts::VERSION) data-many=[(!is_all).then_some("yes")]
                data-state=[self.state.as_deref()] {
                (PreEscaped(SCRIPT))
            }
        };
        script.render_to(page);
    }
}

impl Form for Page {
    fn begin(&mut self, folder: &Folder, outline: Outline, page: &mut String) {
        // A gallery without pictures would show nothing.
        if !outline.has_pictures {
            self.wanted.view = View::List;
        }
        self.pictures_left = if self.wanted.view == View::Gallery { MAX_PICTURES } else { 0 };
        // As all links, from the folder itself: a proxy may have taken away the start of the path.
        let up = "../".repeat(folder.path.segments().count());
        self.scripts = format!("{up}.glass/");
        self.state = folder.state.filter(|_| self.wanted.watches).map(state::text);
        head::push(page, folder, outline, self.wanted);
    }

    fn entry(&mut self, entry: &Entry<'_>, page: &mut String) {
        let with_picture = self.pictures_left > 0 && entry.is_picture();
        self.pictures_left -= usize::from(with_picture);
        if self.rows == FIRST {
            self.end_of_first(false, page);
            page.push_str(PART_BEGIN);
        } else if self.rows > FIRST && (self.rows - FIRST).is_multiple_of(PART) {
            page.push_str(PART_END);
            page.push_str(PART_BEGIN);
        }
        self.rows += 1;
        let with = row::With { picture: with_picture, pick: self.wanted.picks };
        row::push(page, entry, with, &mut self.dates);
    }

    fn end(&mut self, folder: &Folder, totals: &Totals, page: &mut String) {
        if self.rows <= FIRST {
            self.end_of_first(true, page);
        } else {
            page.push_str(PART_END);
        }
        let readmes = totals.readmes.iter().map(Vec::as_slice);
        let readme = Readme::find(&folder.root, &folder.path, readmes);
        let (totals, renders) = (totals.clone(), self.wanted.renders);
        let takes_long = renders && readme.as_ref().is_some_and(Readme::takes_long);
        let make = move || foot::make(&totals, readme.as_ref(), renders);
        if takes_long {
            self.rest = Some(Box::new(make));
        } else {
            page.push_str(&make());
        }
    }

    fn rest(&mut self) -> Option<Rest> {
        self.rest.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::{Body, Next};
    use crate::site::markdown;
    use crate::site::page::{self, tests::source};

    /// A page of so many entries, from its first row on.
    fn rows_of(count: usize) -> String {
        let folder = tempfile::tempdir().expect("a folder");
        for number in 0..count {
            std::fs::write(folder.path().join(number.to_string()), "").expect("written");
        }
        let root = crate::site::Root::open_path(folder.path(), false).expect("it can be read");
        let site = crate::site::Site::new(root, crate::site::Options::default());
        let head = b"GET /?format=html HTTP/1.1\r\nHost: localhost\r\n\r\n";
        let request = crate::http::Request::parse(head).expect("a good one");
        let mut text = match site.respond(&request, std::time::Instant::now()).body {
            Body::Bytes(bytes) => bytes,
            Body::Stream(mut stream) => std::iter::from_fn(|| match stream.next() {
                Next::Piece(piece) => Some(piece),
                Next::End => None,
                _ => Some(Vec::new()),
            })
            .flatten()
            .collect(),
            other => panic!("{other:?}"),
        };
        let at = memchr::memmem::find(&text, b"<tbody>").expect("a table");
        String::from_utf8(text.split_off(at)).expect("text")
    }

    #[test]
    fn each_entry_has_a_row_and_those_behind_the_first_make_no_elements_where_scripts_run() {
        for (count, parts) in
            [(1, 0), (FIRST, 0), (FIRST + 1, 1), (FIRST + PART, 1), (FIRST + PART + 1, 2), (1000, 4)]
        {
            let page = rows_of(count);
            let starts = |text: &str, start: &str| text.matches(start).count();
            let first = page.split("<script").next().expect("a part before the script");
            let rest = &page[first.len()..];
            assert_eq!(starts(first, "<tr>"), count.min(FIRST), "{count}");
            assert_eq!(starts(rest, "\n<tr>"), count.saturating_sub(FIRST), "{count}");
            assert_eq!((starts(&page, PART_BEGIN), starts(&page, PART_END)), (parts, parts), "{count}");
            assert_eq!(starts(&page, "</table>"), 1 + parts, "{count}");
            assert_eq!(starts(&page, "data-many=\"yes\""), usize::from(parts > 0), "{count}");
            // Without its end it is no script, and of another one the policy does not know the hash.
            assert!(
                page.contains(&format!("{SCRIPT}</script>")) && page.ends_with("</body></html>\n"),
                "{count}"
            );
        }
    }

    #[test]
    fn the_policy_names_the_style_sheets_and_the_script() {
        let styles =
            [page::STYLE, STYLE, GALLERY_STYLE, README_STYLE, UPLOAD_STYLE, PICK_STYLE, markdown::STYLE];
        let texts = styles.map(|style| (style, "style-src")).into_iter().chain([(SCRIPT, "script-src")]);
        for (text, directive) in texts {
            let source = source(text);
            let named = CONTENT_SECURITY_POLICY.split(';').find(|part| part.contains(&source));
            assert!(named.is_some_and(|part| part.contains(directive)), "{directive} must name {source}");
            // It would end the script, or the style, before its end.
            assert!(!text.contains("</"));
        }
    }
}
