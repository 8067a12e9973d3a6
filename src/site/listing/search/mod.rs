//! A search below a folder: everything in it, and in the folders below, whose name has all words of a term in it.
//!
//! ```text
//! GET /photos/?search=holiday+77                            a page that grows while the search goes on
//! GET /photos/?search=holiday+77  without Accept: text/html links and nothing else, for programs
//! GET /photos/?search=holiday+77&format=json                {"path": "/photos/", "search": "holiday 77", "entries": [...
//! ```
//!
//! What is found is what the listings show: no hidden names, nothing to which a link out of the folder leads. Letters
//! count as in the order of names ([`crate::site::collation`]): without accents, large or small. The answer is made in
//! steps, like a large listing ([`super::stream`]), so that nobody waits for it and the first hits are there while it
//! goes on; and it ends when the client closes its connection. Where it stops before the end it says so, and it names
//! the folders that it could not look into.
//!
//! | file | what it does |
//! |---|---|
//! | here | the term, and the answer |
//! | `search/walk.rs` | goes from folder to folder and finds names |
//! | `search/stream.rs` | the answer, a step at a time |
//! | `search/forms.rs`, `search/page.rs` | the forms: hits in, text out |

mod forms;
mod page;
mod stream;
mod walk;

use super::text::joined;
use super::{Listings, is_for_people, wants_json};
use crate::answer::{Body, Response};
use crate::base::trace::{self, Rfc, quote};
use crate::http::base_path::BasePath;
use crate::http::fields::Fields;
use crate::http::target::DecodedPath;
use crate::http::{FieldLines, Status};
use crate::site::collation;
use crate::site::root::Root;
use memchr::memmem::Finder;
use percent_encoding::percent_decode;
use std::fmt;
use std::fs::File;
use std::sync::Arc;
use stream::Search;
use walk::{Outcome, Walk};

/// How long a term may be, in bytes; the rest of it does not count.
const MAX_TERM: usize = 200;

/// What is searched for, and where.
#[derive(Debug)]
struct About {
    term: String,
    path: DecodedPath,
    base: BasePath,
}

/// A form of the answer: it makes text of hits.
trait Form: fmt::Debug + Send {
    /// Writes what stands before the hits.
    fn begin(&mut self, about: &About, page: &mut String);

    /// Writes a hit.
    fn hit(&mut self, hit: &walk::Hit<'_>, page: &mut String);

    /// Writes something that nobody sees, so that it shows whether anybody reads.
    fn go_on(&mut self, page: &mut String);

    /// Writes what stands behind them.
    fn end(&mut self, about: &About, outcome: &Outcome, page: &mut String);
}

/// Words in plain letters, all of which a name has to have in it.
#[derive(Debug)]
struct Words {
    words: Vec<Finder<'static>>,
    /// The name that is looked at, in plain letters.
    name: Vec<u8>,
}

/// The term in a query, if there is one: `search=a+b` is that of a form, in which `+` stands for a space.
pub(super) fn term(query: Option<&[u8]>) -> Option<String> {
    let value = query?.split(|&byte| byte == b'&').find_map(|pair| pair.strip_prefix(b"search="))?;
    let spaced: Vec<u8> = value.iter().map(|&byte| if byte == b'+' { b' ' } else { byte }).collect();
    let term = percent_decode(&spaced).decode_utf8_lossy();
    let term = term.trim();
    let end = (0..=MAX_TERM.min(term.len())).rev().find(|&end| term.is_char_boundary(end))?;
    let term = term[..end].trim_end();
    (!term.is_empty()).then(|| term.to_owned())
}

impl Words {
    fn of(term: &str) -> Words {
        let words = term.split_whitespace().map(|word| Finder::new(&plain(word.as_bytes())).into_owned());
        Words { words: words.collect(), name: Vec::new() }
    }

    /// Whether a name has all of them in it.
    fn are_in(&mut self, name: &[u8]) -> bool {
        self.name.clear();
        if name.is_ascii() {
            self.name.extend(name.iter().map(u8::to_ascii_lowercase));
        } else {
            self.name.extend_from_slice(&plain(name));
        }
        self.words.iter().all(|word| word.find(&self.name).is_some())
    }
}

fn plain(name: &[u8]) -> Vec<u8> {
    collation::plain(&String::from_utf8_lossy(name)).into_bytes()
}

/// How an answer is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Page,
    Links,
    Json,
}

impl Wanted {
    pub(super) fn by(query: Option<&[u8]>, fields: &Fields<'_>) -> Wanted {
        match (wants_json(query, fields), is_for_people(query, fields)) {
            (true, _) => Wanted::Json,
            (false, true) => Wanted::Page,
            (false, false) => Wanted::Links,
        }
    }
}

/// Answers with what is found below a folder.
pub(super) fn respond(
    listings: &Listings,
    root: &Arc<Root>,
    directory: File,
    term: String,
    (path, base): (&DecodedPath, &BasePath),
    hidden: bool,
    wanted: Wanted,
) -> Response {
    trace::decision("search", Rfc(9112, "7.1"), || {
        format!(
            "names below this folder are looked for that have {} in them; what is found is sent at once, and nobody \
             knows how much that will be",
            quote(term.as_bytes())
        )
    });
    let walk = Walk::new(root, directory, path, Words::of(&term), hidden);
    let about = About { term, path: path.clone(), base: base.clone() };
    let mut headers = FieldLines::default();
    let form: Box<dyn Form> = match wanted {
        Wanted::Page => {
            headers.push("Content-Type", "text/html; charset=utf-8");
            headers.push("Content-Security-Policy", page::CONTENT_SECURITY_POLICY);
            Box::new(page::Page::new())
        }
        Wanted::Links => {
            headers.push("Content-Type", "text/html; charset=utf-8");
            headers.push("Content-Security-Policy", super::links::CONTENT_SECURITY_POLICY);
            Box::new(forms::Links::new())
        }
        Wanted::Json => {
            headers.push("Content-Type", "application/json");
            Box::new(forms::Json::new())
        }
    };
    headers.push("Cache-Control", "no-cache");
    headers.push("Vary", "Accept");
    let search = Search::new(about, walk, form, listings);
    Response { status: Status::OK, headers, body: Body::Stream(Box::new(search)) }
}

impl About {
    /// The path of the folder, as it is shown.
    fn shown(&self) -> String {
        joined(self.base.segments().chain(self.path.segments()), super::text::shown)
    }
}

#[cfg(test)]
mod tests;
