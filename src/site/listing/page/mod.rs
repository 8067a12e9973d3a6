//! A listing for people: a page with a table, and buttons for all that can be done with it.
//!
//! ```text
//! head.rs    the path, the tools (filter, views, archives), a place for uploads, the head of the table
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

use super::dates::Dates;
use super::entry::Entry;
use super::read::{Folder, Outline, Totals};
use super::{Form, Rest, scripts};
use crate::http::target::parameter;
use crate::site::readme::Readme;
use maud::{PreEscaped, html};
use std::fmt;

macro_rules! built {
    ($name:literal) => {
        include_str!(concat!(env!("OUT_DIR"), "/src/site/listing/", $name))
    };
}

/// What listings have beyond the style of all pages: all of them, and those with a gallery, a README, or a place for uploads.
const STYLE: &str = built!("listing.css");
const GALLERY_STYLE: &str = built!("gallery.css");
const README_STYLE: &str = built!("readme.css");
const UPLOAD_STYLE: &str = built!("upload.css");
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
    "; script-src ",
    env!("SHA256_OF_SITE_LISTING_LISTING_JS"),
    " 'strict-dynamic'; img-src 'self' data:; media-src 'self'; connect-src 'self'; \
     base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
);

/// How many pictures the gallery shows: without the script, which loads only those near to what is in sight, a browser
/// would load them all.
const MAX_PICTURES: usize = 500;

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

    pub(super) fn from_query(query: Option<&[u8]>) -> View {
        let is_gallery = parameter(query, "view").as_deref() == Some("gallery");
        if is_gallery { View::Gallery } else { View::List }
    }
}

/// The form for people.
pub(super) struct Page {
    view: View,
    /// Whether files can be added.
    uploads: bool,
    /// Whether a README in Markdown is rendered.
    renders: bool,
    /// How many more pictures the gallery may have.
    pictures_left: usize,
    dates: Dates,
    /// What makes the end, if that takes long.
    rest: Option<Rest>,
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Page({:?})", self.view)
    }
}

impl Page {
    pub(super) fn new(view: View, uploads: bool, renders: bool) -> Page {
        let dates = Dates::new(|date| format!("{:04}-{:02}-{:02} ", date.year(), date.month(), date.day()));
        Page { view, uploads, renders, pictures_left: 0, dates, rest: None }
    }

    /// The script, and where it finds those that it loads.
    fn script(folder: &Folder) -> String {
        let from = format!("{}.glass/{}", folder.base.start(), scripts::FOLDER);
        html! { script data-from=(from) data-version=(scripts::VERSION) { (PreEscaped(SCRIPT)) } }
            .into_string()
    }
}

impl Form for Page {
    fn begin(&mut self, folder: &Folder, outline: Outline, page: &mut String) {
        // A gallery without pictures would show nothing.
        if !outline.has_pictures {
            self.view = View::List;
        }
        self.pictures_left = if self.view == View::Gallery { MAX_PICTURES } else { 0 };
        head::push(page, folder, outline, self.view, self.uploads);
    }

    fn entry(&mut self, entry: &Entry<'_>, page: &mut String) {
        let with_picture = self.pictures_left > 0 && entry.is_picture();
        self.pictures_left -= usize::from(with_picture);
        row::push(page, entry, with_picture, &mut self.dates);
    }

    fn end(&mut self, folder: &Folder, totals: &Totals, page: &mut String) {
        page.push_str("</tbody></table>\n");
        page.push_str(&Page::script(folder));
        let readmes = totals.readmes.iter().map(Vec::as_slice);
        let readme = Readme::find(&folder.root, &folder.path, readmes);
        let (totals, renders) = (totals.clone(), self.renders);
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
    use crate::site::markdown;
    use crate::site::page::{self, tests::source};

    #[test]
    fn the_policy_names_the_style_sheets_and_the_script() {
        let styles = [page::STYLE, STYLE, GALLERY_STYLE, README_STYLE, UPLOAD_STYLE, markdown::STYLE];
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
