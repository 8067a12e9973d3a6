//! Which codings a client gets files in: what the options permit and what its request accepts.
//!
//! ```text
//! > Accept-Encoding: gzip, br              --precompressed: br, then gzip, if such a file lies beside the one named
//!                                          --compress: br, if the file is worth it
//! > Range: bytes=0-99                      --compress: nothing, for what is compressed now has no parts
//! > Sec-Fetch-Dest: script                 for app.js.gz: what is in it, if the client accepts gzip
//! ```
//!
//! `select.rs` selects a representation by it. In the plain case, with neither option, all that runs here is
//! [`Codings::are_off`] and a look at the last byte of the path.

use super::compress::{self, Compressor};
use super::representation::Form;
use crate::http::Request;
use crate::http::coding::{Coding, Preferences, preferences};
use std::borrow::Cow;

/// In which codings files may go out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Codings {
    /// Whether a file that lies beside another, with the extension of a coding, is sent in its place.
    pub precompressed: bool,
    /// Whether the server compresses files and what it makes itself.
    pub compress: bool,
}

/// The codings in which one request may be answered.
#[derive(Debug, Default)]
pub struct Wanted {
    /// Those of a file that lies beside the one named, the best first.
    pub(super) beside: Preferences,
    /// The one in which the server would compress.
    pub(super) compressor: Option<Compressor>,
    /// Those that a page accepts for what it loads by a whole name such as `app.js.gz`; `None` if no page does that.
    loaded: Option<Preferences>,
}

impl Codings {
    /// Whether all files go out as they are.
    pub fn are_off(&self) -> bool {
        *self == Codings::default()
    }

    /// The codings for this request.
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

    /// The coding in which the server would compress. A request for a part means a part of the file as it is: what the
    /// server compresses has none, since the middle cannot be made without the beginning.
    fn compressor(self, request: &Request<'_>, preferences: &Preferences) -> Option<Compressor> {
        let for_a_part = request.fields.get("range").is_some();
        Compressor::for_client(preferences).filter(|_| self.compress && !for_a_part)
    }

    /// Whether a file of this name and type is sent in more than one form.
    pub(super) fn can_vary(self, name: &[u8], content_type: &str) -> bool {
        (self.compress && compress::is_worth_it(content_type)) || (self.precompressed && !is_compressed(name))
    }
}

/// The values of Sec-Fetch-Dest (Fetch Metadata) for what a page loads to use it, and neither shows by itself nor
/// saves.
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
    /// The same for this path, if a page loads a coded file by the name that it has on disk. (A page loads WebAssembly
    /// with `fetch`, whose destination says nothing; but a page that fetches it wants to run it.)
    pub(super) fn or_loaded(self, request: &Request<'_>, path: &[u8]) -> Wanted {
        // For most paths the last letter shows that they name no coded file.
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

    /// The form of a coded file: for what is in it, if a page loads it and accepts that coding.
    pub(super) fn form_of_packed(&self, coding: Coding) -> Form {
        match &self.loaded {
            Some(codings) if codings.contains(&coding) => Form::Loaded(coding),
            Some(_) => Form::Unread,
            None => Form::Saved,
        }
    }

    /// The key under which the cache keeps the representation: the path, and the codings if there are any. No path
    /// contains a NUL.
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

/// Whether a name says that the file is compressed already.
pub(super) fn is_compressed(name: &[u8]) -> bool {
    let extension = name.rsplit(|&byte| byte == b'.').next().unwrap_or_default();
    Coding::ALL.iter().any(|coding| coding.extension().as_bytes() == extension)
}
