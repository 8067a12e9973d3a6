//! The answer to a request that is refused: the site's own 404 page if it has one, else the page or the line of
//! [`error_page`].
//!
//! A 404 says which names are similar to the one in the target ([`near`]), and where the folder above is; a 405 lists the
//! methods that are allowed.

use super::effort::{Effort, Takes};
use super::error_page::Missing;
use super::representation::{Form, Representation};
use super::root::Opened;
use super::{Site, error_page, near};
use crate::answer::Response;
use crate::base::platform::status::FileType;
use crate::base::trace;
use crate::http::target::{DecodedPath, Target};
use crate::http::{Method, Refusal, Request, Status};

/// How deep a folder is looked for above a path that names nothing.
const MAX_DEPTH: usize = 16;

impl Site {
    /// The answer to a request that is refused.
    pub(super) fn refuse(
        &self,
        request: &Request<'_>,
        refusal: &Refusal,
        effort: Effort,
    ) -> Result<Response, Takes> {
        refusal.record();
        if refusal.status == Status::NOT_FOUND
            && let Some(page) = self.own_page(request, refusal.status, effort)?
        {
            return Ok(page);
        }
        let is_missing = refusal.status == Status::NOT_FOUND;
        let missing = if is_missing { self.missing(request, effort)? } else { Missing::default() };
        let mut response = error_page::say(request, refusal, &self.options.base, &missing);
        if refusal.status == Status::METHOD_NOT_ALLOWED {
            // RFC 9110 section 15.5.6: a 405 must have it.
            response.headers.push("Allow", self.methods());
        }
        Ok(response)
    }

    /// The site's own `404.html`, for a client that accepts HTML.
    fn own_page(
        &self,
        request: &Request<'_>,
        status: Status,
        effort: Effort,
    ) -> Result<Option<Response>, Takes> {
        if self.root.single_file().is_some()
            || !self.options.base.is_above(request)
            || !error_page::takes_html_at_all(&request.fields)
        {
            return Ok(None);
        }
        let Ok(Opened::File(file)) = self.root.open(b"404.html") else { return Ok(None) };
        trace::decision("error page", None, || "the folder's own 404.html says so".to_owned());
        // The page offers no similar names; --explain shows them all the same.
        if trace::is_on() {
            self.find_near(request, effort)?;
        }
        let subject = self.subject(&file, b"404.html");
        Ok(Some(Representation::on_disk(file, subject, Form::Plain).respond_as_error(status)))
    }

    /// What can be said of a path that names nothing.
    fn missing(&self, request: &Request<'_>, effort: Effort) -> Result<Missing, Takes> {
        let near = self.find_near(request, effort)?;
        let path = match request.target {
            // A line of text says nothing of it.
            Target::Path { path, .. } if error_page::gets_page(&request.fields) => {
                self.options.base.below(path)
            }
            _ => None,
        };
        let above = path.as_ref().and_then(|path| trace::silently(|| self.folder_above(path)));
        Ok(Missing { path, near, above })
    }

    /// The deepest folder above a path that is there and has a page. At the root there is always one, which all error
    /// pages lead to.
    fn folder_above(&self, path: &DecodedPath) -> Option<DecodedPath> {
        let count = path.segments().count();
        let mut found = None;
        let mut folder = DecodedPath { relative: Vec::new(), names_directory: true };
        for segment in path.segments().take(count.saturating_sub(1).min(MAX_DEPTH)) {
            if !folder.relative.is_empty() {
                folder.relative.push(b'/');
            }
            folder.relative.extend_from_slice(segment);
            let is_folder =
                self.root.look(&folder.relative).is_ok_and(|it| it.file_type == FileType::Directory);
            if !is_folder || folder.is_hidden() && !self.options.hidden {
                break;
            }
            if self.options.listing || matches!(self.find_index(&folder), Ok(Some(_))) {
                found = Some(folder.clone());
            }
        }
        found
    }

    /// Names that are similar to one that does not exist, as far as a listing would show them.
    fn find_near(&self, request: &Request<'_>, effort: Effort) -> Result<Vec<DecodedPath>, Takes> {
        match (request.method, request.target) {
            (Method::Get | Method::Head, Target::Path { path, .. }) => match self.options.base.below(path) {
                Some(path) if self.options.hidden || !path.is_hidden() => near::find(self, &path, effort),
                _ => Ok(Vec::new()),
            },
            _ => Ok(Vec::new()),
        }
    }
}
