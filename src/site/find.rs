//! What a path names: a file, the index of a directory, a page without its extension, a directory.
//!
//! ```text
//! /a.txt      a.txt is a file                             that file
//! /photos/    photos/index.html is a file                 that file
//! /photos/    photos is a directory without an index      the directory: a listing, or 403
//! /photos     photos is a directory                       a redirect to /photos/
//! /a.txt/     a.txt is a file                             404: a file has nothing below it
//! /about      --clean-urls, and about.html is a file      that file
//! /about/     the same                                    a redirect to /about
//! /users/7    --spa app.html, and a page is wanted        app.html
//! ```
//!
//! The plain case is the first line: [`Site::find`] opens the file through [`root`](super::root), and no other
//! function of this file runs. Everything here opens files through [`root`](super::root), which lets nothing outside
//! the folder be opened.

use super::root::{OpenFile, Opened, SingleFile};
use super::{Site, error_page, not_found};
use crate::base::platform::status::FileType;
use crate::base::trace::{self, quote, show};
use crate::http::target::DecodedPath;
use crate::http::{Refusal, Request, Status};

/// What a path turned out to name.
pub(super) enum Found {
    File {
        file: OpenFile,
        /// Its path from the root.
        relative: Vec<u8>,
        /// Whether the target names this file for as long as the file exists, whatever other files appear.
        for_certain: bool,
    },
    /// A directory that has no index file.
    Directory(std::fs::File),
    /// A directory, and the target lacks the slash at its end.
    DirectoryWithoutSlash,
    /// A page whose extension may be left out (clean URLs), and the target has a slash at its end.
    PageWithSlash,
}

impl Site {
    /// What the path names.
    pub(super) fn find(&self, path: &DecodedPath) -> Result<Found, Refusal> {
        if let Some(single) = self.root.single_file() {
            return self.find_single(path, single);
        }
        let relative = &path.relative;
        let directory = match self.root.open(relative) {
            // A file has nothing below it: "/a.txt/" names something that does not exist.
            Ok(Opened::File(_)) if path.names_directory => {
                trace::decision("slash", None, || {
                    ("file", "the target ends in \"/\", and a file has nothing below it".to_owned())
                });
                return Err(not_found());
            }
            Ok(Opened::File(file)) => {
                return Ok(Found::File { file, relative: relative.clone(), for_certain: true });
            }
            Ok(Opened::Directory(directory)) => Ok(directory),
            Err(refusal) if refusal.status == Status::NOT_FOUND => {
                return match self.find_page(path)? {
                    Some(_) if path.names_directory => Ok(Found::PageWithSlash),
                    page => page.ok_or(refusal),
                };
            }
            // A directory that the server may search but not read (mode 0711): the files in it can still be opened
            // by their names, and its index is one of them.
            Err(refusal) if self.is_directory(relative) => {
                trace::decision("open", None, || {
                    let text = "is a directory that the server may not read: only its index is looked for";
                    ("unreadable", format!("{} {text}", quote(relative)))
                });
                Err(refusal)
            }
            Err(refusal) => return Err(refusal),
        };
        if !path.names_directory {
            return Ok(self.find_page(path)?.unwrap_or(Found::DirectoryWithoutSlash));
        }
        match self.find_index(path)? {
            Some(index) => Ok(index),
            None => directory.map(Found::Directory),
        }
    }

    /// The first index file that exists in a directory. One that exists and cannot be opened is a refusal:
    /// a listing in its place would show what the index was meant to cover.
    pub(super) fn find_index(&self, directory: &DecodedPath) -> Result<Option<Found>, Refusal> {
        for (rank, name) in self.options.index.iter().enumerate() {
            let mut relative = directory.relative.clone();
            if !relative.is_empty() {
                relative.push(b'/');
            }
            relative.extend_from_slice(name.as_bytes());
            if let Some(file) = self.open_if_file(&relative)? {
                trace::decision("index", None, || {
                    let text = format!("{} stands for its directory", quote(name.as_bytes()));
                    ("", text, show(name.as_bytes()))
                });
                // The second name counts only as long as no file has the first.
                return Ok(Some(Found::File { file, relative, for_certain: rank == 0 }));
            }
        }
        Ok(None)
    }

    /// With clean URLs, the page that a path without `.html` names.
    fn find_page(&self, path: &DecodedPath) -> Result<Option<Found>, Refusal> {
        if !self.options.clean_urls || path.relative.is_empty() {
            return Ok(None);
        }
        let relative = [&path.relative, &b".html"[..]].concat();
        let Some(file) = self.open_if_file(&relative)? else { return Ok(None) };
        trace::decision("clean URL", None, || {
            ("", format!("it stands for the page {}", quote(&relative)), show(&relative))
        });
        // A file with the shorter name may still appear.
        Ok(Some(Found::File { file, relative, for_certain: false }))
    }

    /// A single file is the whole site: the root names it, and so does its own name.
    fn find_single(&self, path: &DecodedPath, single: &SingleFile) -> Result<Found, Refusal> {
        let is_named = path.relative == single.name && !path.names_directory;
        if !is_named && !path.relative.is_empty() {
            return Err(not_found());
        }
        match self.root.open(&single.relative)? {
            Opened::File(file) => {
                Ok(Found::File { file, relative: single.relative.clone(), for_certain: true })
            }
            Opened::Directory(_) => Err(not_found()),
        }
    }

    /// Where the path names nothing, the page of a single-page application (`--spa`), which has addresses that are
    /// no files. Only a client that wants a page gets it: in place of a script or a picture that is missing, a
    /// browser would take the HTML and hide the mistake. A client that accepts anything (curl, or a program that
    /// makes previews of links) gets it for a name without an extension, which is no file's name.
    pub(super) fn fall_back(
        &self,
        request: &Request<'_>,
        path: &DecodedPath,
        refusal: Refusal,
    ) -> Result<Found, Refusal> {
        let Some(name) = &self.options.fallback else { return Err(refusal) };
        let fields = &request.fields;
        let is_dotted = |segment: &[u8]| segment.contains(&b'.');
        let names_a_file = || {
            path.segments().any(|one| one.starts_with(b".")) || path.segments().last().is_some_and(is_dotted)
        };
        let why = match refusal.status {
            Status::NOT_FOUND if error_page::prefers_html(fields) => "Accept asks for a page",
            Status::NOT_FOUND if error_page::takes_anything(fields) && !names_a_file() => {
                "the client takes anything and the name has no ending"
            }
            _ => return Err(refusal),
        };
        let relative = name.as_bytes().to_vec();
        let Ok(Opened::File(file)) = self.root.open(&relative) else { return Err(refusal) };
        trace::decision("fallback", None, || {
            let text = format!("nothing is there, and {why}: {} decides what it means", quote(&relative));
            ("", text, show(&relative))
        });
        Ok(Found::File { file, relative, for_certain: false })
    }

    /// Whether the path names a directory, be it one that the server may not read.
    fn is_directory(&self, relative: &[u8]) -> bool {
        self.root.look(relative).is_ok_and(|facts| facts.file_type == FileType::Directory)
    }

    /// The file at this path, if it is one. A file that exists and cannot be opened is a refusal.
    fn open_if_file(&self, relative: &[u8]) -> Result<Option<OpenFile>, Refusal> {
        match self.root.open(relative) {
            Ok(Opened::File(file)) => Ok(Some(file)),
            Ok(Opened::Directory(_)) => Ok(None),
            Err(refusal) if refusal.status == Status::NOT_FOUND => Ok(None),
            Err(refusal) => Err(refusal),
        }
    }
}
