//! Which codings a client gets files in: what the options permit and what its request accepts.
//!
//! ```text
//! > Accept-Encoding: gzip, br              --precompressed: br, then gzip, if such a file lies beside the one named
//!                                          --compress: br, if the file is worth it
//! > Range: bytes=0-99                      --compress: nothing, for what is compressed now has no parts
//! > Sec-Fetch-Dest: script                 for app.js.gz: what is in it, if the client accepts gzip
//! ```
//!
//! [`select`](super::Site) chooses a representation by it. In the plain case, with neither option,
//! [`Codings::are_off`] and one look at the last letter of the path is all that runs here.

use super::compress::{self, Compressor};
use super::representation::Form;
use crate::http::Request;
use crate::http::coding::{Coding, Preferences, preferences};
use std::borrow::Cow;

/// Which codings there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Codings {
    /// Whether a file that lies beside another, with the extension of a coding, is sent in its place.
    pub precompressed: bool,
    /// Whether the server compresses files and what it makes itself.
    pub compress: bool,
}

/// The codings in which a client may get a file.
#[derive(Debug, Default)]
pub struct Wanted {
    /// Those that may lie beside it, the best first.
    pub(super) beside: Preferences,
    /// The one in which the server would compress it.
    pub(super) compressor: Option<Compressor>,
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
            compressor: self.compressor(request, &preferences),
            beside: if self.precompressed { preferences } else { Preferences::default() },
            loaded: None,
        }
    }

    /// Who asks for a part means one of the file as it is: what we make has no parts, for there is no way
    /// to make the middle of it without its beginning.
    fn compressor(self, request: &Request<'_>, preferences: &Preferences) -> Option<Compressor> {
        let for_a_part = request.fields.get("range").is_some();
        Compressor::for_client(preferences).filter(|_| self.compress && !for_a_part)
    }

    /// Whether a file of this name and type is sent in more than one form.
    pub(super) fn can_vary(self, name: &[u8], content_type: &str) -> bool {
        (self.compress && compress::is_worth_it(content_type)) || (self.precompressed && !is_compressed(name))
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
        if let Some(by) = self.compressor {
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
pub(super) fn is_compressed(name: &[u8]) -> bool {
    let extension = name.rsplit(|&byte| byte == b'.').next().unwrap_or_default();
    Coding::ALL.iter().any(|coding| coding.extension().as_bytes() == extension)
}
