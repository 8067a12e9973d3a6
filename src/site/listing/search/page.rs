//! What a search finds, for people: a page that grows while the search goes on.
//!
//! It needs no script. What came of the search is known at its end, and stands there; the style sheet shows it above the
//! table.

use super::walk::{Hit, Outcome, folders};
use super::{About, Form, forms};
use crate::site::listing::dates::{Dates, push_clock};
use crate::site::listing::entry::{Entry, Kind};
use crate::site::listing::text::push_shown;
use crate::site::page;
use maud::{PreEscaped, Render, html};
use std::fmt::Write;

/// What the page has beyond the style of all pages.
const STYLE: &str = built!("search.css");

/// A browser may load and run nothing but the style sheets and the icon, and no form may send anything to another server.
pub(super) const CONTENT_SECURITY_POLICY: &str = concat!(
    "default-src 'none'; img-src data:; style-src ",
    env!("SHA256_OF_SITE_PAGE_CSS"),
    " ",
    env!("SHA256_OF_SITE_LISTING_SEARCH_CSS"),
    "; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
);

/// Stands for where the hits belong. No text on the page holds this character.
const PLACE: char = '\0';

/// The form for people.
#[derive(Debug)]
pub(super) struct Page {
    /// What stands behind what came of the search.
    end: String,
    dates: Dates,
}

impl Page {
    pub(super) fn new() -> Page {
        Page { end: String::new(), dates: Dates::for_people() }
    }
}

impl Form for Page {
    fn begin(&mut self, about: &About, page: &mut String) {
        let content = html! {
            main {
                h1 { (page::mark(about.base.start())) "Search below " a href="./" { (about.shown()) } }
                form role="search" {
                    input type="search" name="search" value=(about.term) required maxlength="200"
                        aria-label="All words that the name has in it" autocomplete="off" autocapitalize="off"
                        spellcheck="false" enterkeyhint="search";
                    button { "Search" }
                }
                p.busy { "Searching …" }
                table {
                    caption { "What was found" }
                    thead { tr { th scope="col" { "Name" } th scope="col" { "Size" } th scope="col" { "Modified (UTC)" } } }
                    tbody { (PreEscaped(PLACE.to_string())) }
                }
                (PreEscaped(PLACE.to_string()))
            }
        };
        let title = format!("{} · search below {}", about.term, about.shown());
        let whole = page::render(&title, Some(STYLE), &content);
        let (begin, end) = whole.split_once(PLACE).expect("it is there");
        page.push_str(begin);
        end.clone_into(&mut self.end);
    }

    fn hit(&mut self, hit: &Hit<'_>, page: &mut String) {
        let Hit { below, entry } = hit;
        page.push_str("<tr><td><a href=\"./");
        forms::push_link(page, hit);
        page.push_str("\">");
        push_shown(page, entry.name);
        page.push_str(if entry.kind == Kind::Directory { "/</a>" } else { "</a>" });
        push_way(page, below);
        page.push_str("</td><td>");
        if entry.kind == Kind::File {
            let _ = write!(page, "{}", crate::base::human::Bytes(entry.size));
        }
        page.push_str("</td><td>");
        push_time(page, entry, &mut self.dates);
        page.push_str("</td></tr>\n");
    }

    fn go_on(&mut self, page: &mut String) {
        page.push_str("<!-- -->");
    }

    fn end(&mut self, about: &About, outcome: &Outcome, page: &mut String) {
        let (behind_table, end) = self.end.split_once(PLACE).expect("it is there");
        page.push_str(behind_table);
        let mut lines = forms::said(about, outcome).into_iter();
        html! {
            div.outcome { p { (lines.next().unwrap_or_default()) } @for line in lines { p.warn { (line) } } }
        }
        .render_to(page);
        page.push_str(end);
    }
}

/// The folders on the way to a hit, each a link.
fn push_way(page: &mut String, below: &[u8]) {
    if below.is_empty() {
        return;
    }
    page.push_str("<span>in ");
    for (name, end) in folders(below) {
        page.push_str("<a href=\"./");
        forms::push_path(page, &below[..end]);
        page.push_str("\">");
        push_shown(page, name);
        page.push_str("</a>/");
    }
    page.push_str("</span>");
}

/// When it was modified.
fn push_time(page: &mut String, entry: &Entry<'_>, dates: &mut Dates) {
    let Some((day, second)) = dates.of(entry.modified) else { return };
    let start = page.len();
    page.push_str(day);
    push_clock(page, second, false);
    let text = page[start..].to_owned();
    page.truncate(start);
    let _ = write!(page, "<time datetime=\"{}Z\">{text}</time>", text.replace(' ', "T"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::page::tests::source;

    #[test]
    fn the_policy_names_the_style_sheets() {
        for style in [page::STYLE, STYLE] {
            let source = source(style);
            assert!(CONTENT_SECURITY_POLICY.contains(&source), "it must name {source}");
            assert!(!style.contains("</"));
        }
    }
}
