//! What a search finds, for programs: as links and nothing else, or as JSON.
//!
//! ```text
//! <a href="2024/b.jpg">2024/b.jpg</a>                     22-Nov-2026 14:29       1234
//!
//! {"path":"/photos/","search":"b","entries":[
//! {"name":"b.jpg","folder":"2024/","type":"file","size":1234,"modified":"...","href":"./2024/b.jpg"}
//! ],"looked_at":812,"stopped":null,"unreadable":[],"unreadable_count":0}
//! ```

use super::walk::{Hit, MAX_HITS, MAX_NAMES, Outcome, Stopped, folders};
use super::{About, Form};
use crate::site::listing::dates::Dates;
use crate::site::listing::entry::{Entry, Kind};
use crate::site::listing::json::push_string;
use crate::site::listing::text::{push_encoded, push_number, shown};
use crate::site::listing::{json, links};
use maud::Render;

/// The form for programs that follow links.
#[derive(Debug)]
pub(super) struct Links(Dates);

/// The form as JSON.
#[derive(Debug)]
pub(super) struct Json {
    has_hits: bool,
    dates: Dates,
}

impl Links {
    pub(super) fn new() -> Links {
        Links(links::dates())
    }
}

impl Json {
    pub(super) fn new() -> Json {
        Json { has_hits: false, dates: json::dates() }
    }
}

impl Form for Links {
    fn begin(&mut self, about: &About, page: &mut String) {
        let title = format!("Search \"{}\" below {}", about.term, about.shown());
        links::push_head(&title, page);
    }

    fn hit(&mut self, hit: &Hit<'_>, page: &mut String) {
        let name = [hit.below, hit.entry.name].concat();
        let entry = Entry { name: &name, ..hit.entry };
        links::push_line(page, &entry, &mut self.0, |page| push_link(page, hit));
    }

    fn go_on(&mut self, page: &mut String) {
        page.push_str("<!-- -->");
    }

    fn end(&mut self, about: &About, outcome: &Outcome, page: &mut String) {
        page.push_str("</pre>");
        for line in said(about, outcome) {
            page.push_str("\n<p>");
            line.render_to(page);
        }
        page.push_str("</body></html>\n");
    }
}

impl Form for Json {
    fn begin(&mut self, about: &About, page: &mut String) {
        json::push_start(&about.base, &about.path, page);
        page.push_str(",\"search\":");
        push_string(about.term.as_bytes(), page);
        page.push_str(",\"entries\":[");
    }

    fn hit(&mut self, Hit { below, entry }: &Hit<'_>, page: &mut String) {
        page.push_str(if std::mem::replace(&mut self.has_hits, true) { ",\n" } else { "\n" });
        page.push_str("{\"name\":");
        push_string(entry.name, page);
        page.push_str(",\"folder\":");
        push_string(below, page);
        json::push_facts(entry, &mut self.dates, page);
        page.push_str(",\"href\":\"./");
        push_link(page, &Hit { below, entry: *entry });
        page.push_str("\"}");
    }

    fn go_on(&mut self, page: &mut String) {
        page.push(' ');
    }

    fn end(&mut self, _about: &About, outcome: &Outcome, page: &mut String) {
        page.push_str("\n],\"looked_at\":");
        push_number(page, outcome.looked_at, 0);
        page.push_str(",\"stopped\":");
        page.push_str(match outcome.stopped {
            None => "null",
            Some(Stopped::Hits) => "\"hits\"",
            Some(Stopped::Names) => "\"names\"",
            Some(Stopped::Exhausted) => "\"exhausted\"",
        });
        page.push_str(",\"unreadable\":[");
        for (number, folder) in outcome.unreadable.iter().enumerate() {
            page.push_str(if number > 0 { "," } else { "" });
            push_string(folder, page);
        }
        page.push_str("],\"unreadable_count\":");
        push_number(page, outcome.unreadable_count as u64, 0);
        page.push_str("}\n");
    }
}

/// A link to a hit, from the folder where the search began, without what may have to stand before it.
pub(super) fn push_link(onto: &mut String, Hit { below, entry }: &Hit<'_>) {
    push_path(onto, below);
    push_encoded(onto, entry);
}

/// The path of a folder, as it stands in a link.
pub(super) fn push_path(onto: &mut String, below: &[u8]) {
    for (name, _) in folders(below) {
        push_encoded(onto, &Entry { name, kind: Kind::Directory, is_link: false, size: 0, modified: 0 });
    }
}

/// What came of a search, in words: a line each for what was found, why it stopped, and what it could not see.
pub(super) fn said(about: &About, outcome: &Outcome) -> Vec<String> {
    let names = grouped(outcome.looked_at);
    let names = if outcome.looked_at == 1 { "1 name".to_owned() } else { format!("{names} names") };
    let mut lines = vec![match outcome.hits {
        0 => {
            format!("Nothing below {} has \"{}\" in its name. {names} looked at.", about.shown(), about.term)
        }
        hits => format!("{} found. {names} looked at.", grouped(hits as u64)),
    }];
    lines.extend(outcome.stopped.map(|why| match why {
        Stopped::Hits => {
            format!("These are the first {} of more: another word finds fewer.", grouped(MAX_HITS as u64))
        }
        Stopped::Names => {
            format!(
                "It stopped after {} names, and there are more: search in a folder below.",
                grouped(MAX_NAMES)
            )
        }
        Stopped::Exhausted => {
            "It stopped before its end: the server has no memory or open files left for it now.".to_owned()
        }
    }));
    if outcome.unreadable_count > 0 {
        let folders: Vec<_> = outcome.unreadable.iter().map(|path| shown(path)).collect();
        let more = match outcome.unreadable_count - folders.len() {
            0 => String::new(),
            more => format!(" and {} more", grouped(more as u64)),
        };
        lines.push(format!("Could not look into: {}{more}.", folders.join(", ")));
    }
    lines
}

/// A number with a comma at each thousand.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}
