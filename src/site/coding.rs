//! Which representation of a file goes out: as it is, one that lies beside it compressed, or one that we
//! compress (RFC 9110 sections 8.4 and 12.5.3).
//!
//! ```text
//! > GET /app.js HTTP/1.1
//! > Accept-Encoding: gzip, br
//!
//! app.js.br   is there, and not older than app.js      --precompressed: it goes out, Content-Encoding: br
//! app.js.gz   would be next
//! app.js      is text                                  --compress: else it is compressed, here with br
//! app.js      else goes out as it is
//! ```
//!
//! What lies there goes before what we would make: it was compressed with more care, its length is known,
//! and parts of it can be had. A client that can take nothing of all this gets the file as it is; 406 would
//! help nobody.
//!
//! With neither option, nothing of this file is on the way of a request but the question whether it is.

#[cfg(feature = "compress")]
use super::compress::{self, Compressor, Making};
use super::representation::{Form, Representation, Subject, name_of};
use super::root::{OpenFile, Opened};
use super::{Site, cache::Grounds, facts::Facts};
#[cfg(feature = "compress")]
use crate::base::platform::open;
use crate::base::trace::{self, Rfc, quote};
use crate::http::coding::{Coding, Preferences, preferences};
use crate::http::{Request, Status};
use std::borrow::Cow;
use std::sync::Arc;

/// Which codings there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Codings {
    /// Whether a file that lies beside another, with the extension of a coding, is sent in its place.
    pub precompressed: bool,
    /// Whether we compress.
    #[cfg(feature = "compress")]
    pub compress: bool,
}

/// The codings in which a client may get a file.
#[derive(Debug, Default)]
pub struct Wanted {
    /// Those that may lie beside it, the best first.
    beside: Preferences,
    /// The one that we would make.
    #[cfg(feature = "compress")]
    pub(super) made: Option<Compressor>,
    /// Those in which a page takes what it loads by its whole name, `app.js.gz`; `None` if no page does that.
    loaded: Option<Preferences>,
}

impl Codings {
    /// Whether all files go out as they are.
    pub fn are_off(&self) -> bool {
        *self == Codings::default()
    }

    /// What this request may be answered with.
    pub fn wanted(&self, request: &Request<'_>) -> Wanted {
        if self.are_off() {
            return Wanted::default();
        }
        let preferences = preferences(&request.fields);
        Wanted {
            #[cfg(feature = "compress")]
            made: self.made(request, &preferences),
            beside: if self.precompressed { preferences } else { Preferences::default() },
            loaded: None,
        }
    }

    /// Who asks for a part means one of the file as it is: what we make has no parts, for there is no way
    /// to make the middle of it without its beginning.
    #[cfg(feature = "compress")]
    fn made(self, request: &Request<'_>, preferences: &Preferences) -> Option<Compressor> {
        let for_a_part = request.fields.get("range").is_some();
        Compressor::for_client(preferences).filter(|_| self.compress && !for_a_part)
    }

    /// Whether a file of this name and type is sent in more than one form.
    fn can_vary(self, name: &[u8], content_type: &str) -> bool {
        #[cfg(feature = "compress")]
        if self.compress && compress::is_worth_it(content_type) {
            return true;
        }
        let _ = content_type;
        self.precompressed && !is_compressed(name)
    }
}

/// What a page loads to use it, by Sec-Fetch-Dest (Fetch Metadata): not what is shown by itself or saved.
const LOADED: &[&[u8]] = &[
    b"audio",
    b"audioworklet",
    b"font",
    b"image",
    b"json",
    b"manifest",
    b"paintworklet",
    b"script",
    b"serviceworker",
    b"sharedworker",
    b"style",
    b"track",
    b"video",
    b"worker",
    b"xslt",
];

impl Wanted {
    /// The same for a request by a page that loads what is coded already, by the name that it has on disk.
    /// (WebAssembly comes by `fetch`, which says nothing of what it is for; but who fetches that by a page
    /// wants to run it.)
    pub(super) fn or_loaded(self, request: &Request<'_>, path: &[u8]) -> Wanted {
        // Mostly it can be seen by the last letter that it is not about one.
        if !path.last().is_some_and(|last| b"RTZrtz".contains(last)) {
            return self;
        }
        let ends_with = |end: &str| {
            path.len()
                .checked_sub(end.len())
                .is_some_and(|at| path[at..].eq_ignore_ascii_case(end.as_bytes()))
        };
        let is_packed = Coding::ALL.iter().any(|coding| {
            ends_with(coding.extension()) && path.iter().rev().nth(coding.extension().len()) == Some(&b'.')
        });
        let is_loaded = |dest: &[u8]| {
            let is_wasm = || Coding::ALL.iter().any(|it| ends_with(&format!(".wasm.{}", it.extension())));
            LOADED.contains(&dest) || (dest == b"empty" && is_wasm())
        };
        if !is_packed || !request.fields.get("sec-fetch-dest").is_some_and(is_loaded) {
            return self;
        }
        Wanted { loaded: Some(preferences(&request.fields)), ..self }
    }

    /// In which form a file goes out that is coded so: for what is inside, to a page that loads it and can
    /// read that.
    pub(super) fn form_of_packed(&self, coding: Coding) -> Form {
        match &self.loaded {
            Some(codings) if codings.contains(&coding) => Form::Loaded(coding),
            Some(_) => Form::Unread,
            None => Form::Saved,
        }
    }

    /// Under what the cache keeps the answer for all who want the same: the path alone for those who want
    /// the file as it is. No path has a NUL in it.
    pub fn key<'a>(&self, path: &'a [u8]) -> Cow<'a, [u8]> {
        let mut key = Cow::Borrowed(path);
        for coding in &self.beside {
            key.to_mut().extend_from_slice(format!("\0{}", coding.extension()).as_bytes());
        }
        #[cfg(feature = "compress")]
        if let Some(by) = self.made {
            key.to_mut().extend_from_slice(format!("\0+{}", by.coding().extension()).as_bytes());
        }
        if let Some(codings) = &self.loaded {
            let names: Vec<_> = codings.iter().map(|coding| coding.extension()).collect();
            key.to_mut().extend_from_slice(format!("\0@{}", names.join("@")).as_bytes());
        }
        key
    }
}

/// Whether a name says that the file is compressed already, so that nobody would do it again.
fn is_compressed(name: &[u8]) -> bool {
    let extension = name.rsplit(|&byte| byte == b'.').next().unwrap_or_default();
    Coding::ALL.iter().any(|coding| coding.extension().as_bytes() == extension)
}

/// What came of compressing a file: it, or what it was to be made of.
#[cfg(feature = "compress")]
enum Compressed<'a> {
    Yes(Arc<Representation>),
    No(OpenFile, Subject<'a>),
}

/// On what a choice rests, as long as all of it can be looked at again.
struct Choice<'a> {
    site: &'a Site,
    grounds: Option<Grounds>,
}

impl Choice<'_> {
    /// It rests on what is at this path, too.
    fn rests_on(&mut self, relative: &[u8], facts: Option<&Facts>) {
        let trail = self.site.root.trail(relative);
        let can_be_kept = facts.is_none_or(|facts| self.site.cache.would_keep(facts));
        match (&mut self.grounds, trail) {
            (Some(grounds), Some(trail)) if can_be_kept => grounds.others.push((trail, facts.cloned())),
            (grounds, _) => *grounds = None,
        }
    }
}

impl Site {
    /// The representation of a file for who wants these codings. It is kept under `key`, if there is one
    /// and it can be.
    pub(super) fn represent_coded(
        &self,
        file: OpenFile,
        subject: Subject<'_>,
        key: Option<&[u8]>,
        wanted: &Wanted,
    ) -> Arc<Representation> {
        let codings = self.options.codings;
        let relative = subject.relative;
        let name = name_of(relative);
        // Files that are too large to keep are not worth a trail.
        let is_known = key.is_some() && file.facts.is_settled();
        let trail = self.root.trail(relative).filter(|_| is_known);
        let grounds = trail.map(|trail| Grounds::of(trail, file.facts.clone()));
        let mut choice = Choice { site: self, grounds };
        if let Some((coding, found)) = self.find_beside(&file, relative, name, wanted, &mut choice) {
            return self.in_form(found, subject, Form::Precompressed(coding), key, choice.grounds);
        }
        #[cfg(feature = "compress")]
        let (file, subject) = match self.compress(file, subject, key, wanted, &mut choice) {
            Compressed::Yes(representation) => return representation,
            Compressed::No(file, subject) => (file, subject),
        };
        let varies = codings.can_vary(name, &subject.content.content_type);
        let form = if varies { Form::Identity } else { Form::Plain };
        self.in_form(file, subject, form, key, choice.grounds)
    }

    /// The file that lies beside this one in the best coding that the client takes. One that is older than
    /// the file is what somebody forgot to make anew.
    fn find_beside(
        &self,
        file: &OpenFile,
        relative: &[u8],
        name: &[u8],
        wanted: &Wanted,
        choice: &mut Choice<'_>,
    ) -> Option<(Coding, OpenFile)> {
        // A single file that is served is the only one.
        if is_compressed(name) || self.root.single_file().is_some() {
            return None;
        }
        for &coding in &wanted.beside {
            let beside = [relative, b".", coding.extension().as_bytes()].concat();
            match self.root.open(&beside) {
                Ok(Opened::File(found)) if found.facts.modified >= file.facts.modified => {
                    trace::step("coding", Rfc(9110, "12.5.3"), || {
                        format!("the client takes {}, and {} is there", coding.name(), quote(&beside))
                    });
                    choice.rests_on(&beside, Some(&found.facts));
                    return Some((coding, found));
                }
                Ok(Opened::File(old)) => {
                    trace::step("coding", None, || {
                        format!("{} is older than the file itself: it is passed over", quote(&beside))
                    });
                    choice.rests_on(&beside, Some(&old.facts));
                }
                Err(refusal) if refusal.status == Status::NOT_FOUND => choice.rests_on(&beside, None),
                // Something else has this name, or it cannot be read.
                Ok(Opened::Directory(_)) | Err(_) => choice.grounds = None,
            }
        }
        None
    }

    /// What we make of a file; the file, if that is not wanted, not possible or not worth it.
    #[cfg(feature = "compress")]
    fn compress<'a>(
        &self,
        file: OpenFile,
        subject: Subject<'a>,
        key: Option<&[u8]>,
        wanted: &Wanted,
        choice: &mut Choice<'_>,
    ) -> Compressed<'a> {
        let Some(by) = wanted.made.filter(|_| compress::is_worth_it(&subject.content.content_type)) else {
            return Compressed::No(file, subject);
        };
        let length = file.facts.length;
        if length < compress::SMALLEST {
            trace::step("coding", None, || format!("{length} bytes are too few to compress"));
            return Compressed::No(file, subject);
        }
        let will_be_kept = choice.grounds.is_some() && self.cache.would_keep(&file.facts);
        if will_be_kept || length <= compress::PIECE as u64 {
            let Some(bytes) = super::representation::read(&file) else {
                return Compressed::No(file, subject);
            };
            let Some(compressed) = by.compress(Arc::clone(&bytes)) else {
                trace::step("coding", None, || "compressed it would be no smaller: as it is".to_owned());
                return Compressed::No(file, subject);
            };
            trace::step("coding", Rfc(9110, "12.5.3"), || {
                let (coding, compressed) = (by.coding().name(), compressed.len());
                format!("the client takes {coding}, which makes {compressed} bytes of {length}")
            });
            let made = Representation::compressed(compressed, &bytes, &file.facts, subject, by.coding());
            let made = Arc::new(made);
            if let (Some(key), Some(grounds), true) = (key, choice.grounds.take(), will_be_kept) {
                self.cache.keep(key, grounds, Arc::clone(&made));
            }
            return Compressed::Yes(made);
        }
        let mut start = vec![0; compress::PIECE];
        let read = open::read_at(&file.file, &mut start, 0).unwrap_or(0);
        if compress::look_compressed(&start[..read]) {
            trace::step("coding", None, || {
                "its bytes look as if they were compressed already: as it is".to_owned()
            });
            return Compressed::No(file, subject);
        }
        let Some(making) = Making::new(by, &self.compressing) else {
            trace::step("coding", None, || "too much is being compressed already: as it is".to_owned());
            return Compressed::No(file, subject);
        };
        trace::step("coding", Rfc(9110, "12.5.3"), || {
            let coding = by.coding().name();
            format!("the client takes {coding}: {length} bytes are compressed, a piece at a time, as they go")
        });
        Compressed::Yes(Arc::new(Representation::to_be_compressed(file, subject, making)))
    }
}
