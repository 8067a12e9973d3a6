//! Pages about what a target names, by a query that has nothing else in it.
//!
//! ```text
//! GET /notes.md?markdown     the Markdown file as a page
//! GET /photos/?qr            the address of the folder, as a QR code; of files, too
//! GET /notes.md              the file
//! GET /notes.md?v=2          the file: any other query is for somebody else
//! ```
//!
//! They are there where listings are, and for what a listing shows: a page that stands for something else, as an index
//! does for its folder, may have queries of its own.

use super::Site;
use super::effort::{Effort, Takes};
use super::markdown;
use super::qr;
use super::representation::name_of;
use super::root::OpenFile;
use crate::answer::Response;
use crate::http::Request;
use crate::http::target::DecodedPath;

/// A page about a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    /// What is in it, rendered.
    Markdown,
    /// Its address, for another device.
    Qr,
}

impl Site {
    /// The page that the query asks for, if there may be one.
    pub(super) fn view(&self, query: Option<&[u8]>) -> Option<View> {
        let view = match query? {
            b"markdown" => View::Markdown,
            b"qr" => View::Qr,
            _ => return None,
        };
        self.options.listing.then_some(view)
    }

    /// The page about a file. `None` if there is none of this file.
    pub(super) fn show_file(
        &self,
        view: View,
        file: &OpenFile,
        relative: &[u8],
        (request, path): (&Request<'_>, &DecodedPath),
        effort: Effort,
    ) -> Result<Option<Response>, Takes> {
        let single = self.root.single_file();
        if single.is_none() && relative != path.relative {
            return Ok(None);
        }
        let name = single.map_or_else(|| name_of(relative), |single| &single.name);
        match view {
            View::Markdown if markdown::is_markdown(name) => {
                markdown::respond(file, (name, single.is_some()), &self.options.base, effort)
            }
            View::Markdown => Ok(None),
            View::Qr => self.show_address(request, path, effort).map(Some),
        }
    }

    /// The page with the address of a file or folder.
    pub(super) fn show_address(
        &self,
        request: &Request<'_>,
        path: &DecodedPath,
        effort: Effort,
    ) -> Result<Response, Takes> {
        qr::respond(&self.options.reach, request.host, &self.options.base, path, effort)
    }
}
