//! What somebody has picked of a folder, to be packed without the rest.
//!
//! ```text
//! GET  /photos/?archive=zip&name=a.jpg&name=in%20use        names, as any part of a URL is encoded
//! GET  /photos/?archive=zip&href=a.jpg&href=in%2520use%2F   links as the folder's page has them: what its form sends,
//!                                                           since in a form only text survives
//! POST /photos/?archive=zip                                 the same as the body, if it is too long for a target
//! ```
//!
//! A name can be any bytes but `/` and NUL. One that the folder does not show (it is gone, hidden, or a path that leads
//! elsewhere) is not there, whatever it is elsewhere: only names that the folder itself lists are ever compared with it.

use super::Archives;
use crate::answer::{Begin, Receiver, Response};
use crate::base::budget::Share;
use crate::base::trace;
use crate::http::target::{DecodedPath, Target, parameter};
use crate::http::{Method, Refusal, Request, Status, origin};
use crate::site::effort::{Effort, Takes};
use crate::site::find::Found;
use crate::site::root::Root;
use crate::site::{Site, names, not_found};
use percent_encoding::percent_decode;
use std::collections::BTreeSet;
use std::sync::Arc;

/// How long the names may be together, encoded, in bytes.
const MOST: usize = 1024 * 1024;

/// How many names are looked up before an archive is begun, to see whether one is there at all.
const MAX_LOOKS: usize = 64;

/// How many names a refusal names.
const MAX_NAMED: usize = 5;

/// The names that were picked, and have not come yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Picked(BTreeSet<Vec<u8>>);

impl Picked {
    /// The names in a query or in the body of a form; `None` if there are none.
    pub(super) fn read(text: &[u8]) -> Option<Picked> {
        let pairs = text.split(|&byte| byte == b'&');
        let names = pairs.filter_map(|pair| {
            let decode = |bytes: &[u8]| percent_decode(bytes).collect::<Vec<u8>>();
            let name = match pair.strip_prefix(b"href=") {
                Some(link) => {
                    let link = decode(link);
                    decode(link.strip_prefix(b"./").unwrap_or(&link))
                }
                None => decode(pair.strip_prefix(b"name=")?),
            };
            let name = name.strip_suffix(b"/").unwrap_or(&name);
            (!name.is_empty()).then(|| name.to_vec())
        });
        let names: BTreeSet<_> = names.collect();
        (!names.is_empty()).then_some(Picked(names))
    }

    /// Whether this name was picked. It is not asked for again.
    pub(super) fn take(&mut self, name: &[u8]) -> bool {
        self.0.remove(name)
    }

    /// One that did not come.
    pub(super) fn next_missing(&mut self) -> Option<Vec<u8>> {
        self.0.pop_first()
    }

    /// About how many bytes of memory they take.
    pub(super) fn size(&self) -> usize {
        self.0.iter().map(|name| name.len() + 2 * size_of::<Vec<u8>>()).sum()
    }

    /// Refuses the request if none of them is there any more. Of very many, the first are looked up.
    pub(super) fn check(&self, root: &Root, folder: &[u8], hidden: bool) -> Result<(), Refusal> {
        let is_there = |name: &[u8]| {
            let is_name = !name.contains(&b'/') && names::is_shown(name, hidden);
            is_name && root.look(&names::join(folder, name)).is_ok()
        };
        let count = self.0.len();
        if count > MAX_LOOKS || self.0.iter().any(|name| is_there(name)) {
            return Ok(());
        }
        let mut named: Vec<_> = self.0.iter().take(MAX_NAMED).map(|name| trace::quote(name)).collect();
        if count > MAX_NAMED {
            named.push(format!("and {} more", count - MAX_NAMED));
        }
        let why = format!("nothing that was picked is in this folder (any more): {}", named.join(", "));
        Err(Refusal::new(Status::NOT_FOUND, why))
    }
}

impl Archives {
    /// The refusal of a form in which nothing is ticked.
    #[track_caller]
    fn nothing_picked() -> Refusal {
        Refusal::bad_request("nothing was picked: go back, and tick what the archive is to hold")
    }
}

impl Site {
    /// Whether a request asks for an archive of what its body names. It changes nothing.
    pub(in crate::site) fn is_picked(&self, request: &Request<'_>) -> bool {
        let is_form =
            |kind: &[u8]| kind.to_ascii_lowercase().starts_with(b"application/x-www-form-urlencoded");
        request.method == Method::Post
            && self.options.listing
            && request.fields.get_single("content-type").is_some_and(is_form)
            && matches!(request.target, Target::Path { query, .. } if parameter(query, "archive").is_some())
    }

    /// Begins to receive what was picked, if that is what a request sends; `None` for every other request.
    pub(in crate::site) fn begin_picked(
        self: &Arc<Site>,
        request: &Request<'_>,
        head: &[u8],
    ) -> Option<Begin> {
        if !self.is_picked(request) {
            return None;
        }
        let checked = self.options.hosts.check(request.host);
        let checked = checked.and_then(|()| origin::check(request, "a page of another site sends this"));
        Some(match checked {
            Ok(()) => {
                let memory = self.archives.memory.nothing();
                let (site, head) = (Arc::clone(self), head.to_vec());
                Begin::Receive(Box::new(Incoming { site, head, form: Vec::new(), memory }))
            }
            Err(refusal) => Begin::Answer(self.refuse_picked(request, &refusal)),
        })
    }

    /// The archive of what a form names.
    fn pack_picked(&self, request: &Request<'_>, form: &[u8]) -> Result<Response, Refusal> {
        let Target::Path { path, query } = request.target else { return Err(not_found()) };
        let format = parameter(query, "archive").unwrap_or_default();
        let picked = Picked::read(form).ok_or_else(Archives::nothing_picked)?;
        let path: DecodedPath = self.below_base(path)?.ok_or_else(not_found)?;
        self.check_hidden(&path)?;
        match self.find(&path)? {
            Found::Directory(directory) => {
                let hidden = self.options.hidden;
                self.archives.respond(&self.root, directory, &path, &format, hidden, Some(picked))
            }
            _ => Err(not_found()),
        }
    }

    fn refuse_picked(&self, request: &Request<'_>, refusal: &Refusal) -> Response {
        let response = self.refuse(request, refusal, Effort::Least).unwrap_or_else(Takes::whatever);
        self.complete_early(request, response)
    }
}

/// A form whose body is being received.
#[derive(Debug)]
struct Incoming {
    site: Arc<Site>,
    /// The head of the request.
    head: Vec<u8>,
    form: Vec<u8>,
    /// What it takes of the memory of archives.
    memory: Share,
}

impl Receiver for Incoming {
    fn take(&mut self, content: &[u8]) -> Result<(), Refusal> {
        if self.form.len() + content.len() > MOST {
            let why = "more was picked than can be named at once: download all, or pick folders";
            return Err(Refusal::new(Status::CONTENT_TOO_LARGE, why));
        }
        if !self.memory.grow_to(self.form.len() + content.len()) {
            return Err(Archives::are_enough());
        }
        self.form.extend_from_slice(content);
        Ok(())
    }

    fn finish(self: Box<Self>) -> Response {
        let request = Request::parse(&self.head).expect("it could be parsed before");
        match self.site.pack_picked(&request, &self.form) {
            Ok(response) => self.site.complete_early(&request, response),
            Err(refusal) => self.site.refuse_picked(&request, &refusal),
        }
    }

    fn refuse(self: Box<Self>, refusal: &Refusal) -> Response {
        let request = Request::parse(&self.head).expect("it could be parsed before");
        self.site.refuse_picked(&request, refusal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_with_any_bytes_encoded_once_or_as_links_twice() {
        let table: &[(&[u8], &[&[u8]])] = &[
            (b"", &[]),
            (b"archive=zip", &[]),
            (b"archive=zip&name=&href=./", &[]),
            (b"name=a%20b&name=c", &[b"a b", b"c"]),
            (b"href=./a%2520b&href=c%2F", &[b"a b", b"c"]),
            (b"name=%ff%0a&href=%25FF%250A", &[b"\xff\n"]),
            (b"name=a%26b%3Dc+d", &[b"a&b=c+d"]),
            (b"name=sub%2F&name=..%2Fx&name=/etc", &[b"../x", b"/etc", b"sub"]),
            (b"names=a&xname=b&href", &[]),
        ];
        for &(text, names) in table {
            let found = Picked::read(text).map(|picked| picked.0.into_iter().collect::<Vec<_>>());
            let expected: Vec<_> = names.iter().map(|name| name.to_vec()).collect();
            assert_eq!(found.unwrap_or_default(), expected, "{}", String::from_utf8_lossy(text));
        }
    }
}
