//! Redirects: the other address under which a target is served.
//!
//! ```text
//! /photos?sort=size     301   Location: /photos/?sort=size     links in a listing count from the directory
//! /about/               308   Location: /about                 with clean URLs, links in the page do
//! /base                 301   Location: /base/                 the root of a site below a base path
//! ```
//!
//! A Location is written from the decoded segments and not from what the client sent: it starts with one slash,
//! so it stays on this host even where the target was `//evil.example/..`.

use super::Site;
use crate::answer::{Body, Response};
use crate::base::trace::{self, Rfc, quote};
use crate::http::target::DecodedPath;
use crate::http::{FieldLines, Status};

impl Site {
    /// `/a/b?q` to `/a/b/?q`. Without a path it is the root.
    #[track_caller]
    pub(super) fn redirect_to_directory(&self, path: Option<&DecodedPath>, query: Option<&[u8]>) -> Response {
        let path = path.map(|path| DecodedPath { names_directory: true, ..path.clone() });
        let location = self.location(path.as_ref(), query);
        trace::decision("slash", Rfc(9110, "15.4.2"), || {
            let text = "the target is a directory and has no \"/\" at its end: a redirect to";
            ("folder", format!("{text} {} adds it", quote(&location)))
        });
        redirect(Status::MOVED_PERMANENTLY, location)
    }

    /// With clean URLs, `/about/?q` to `/about?q`.
    #[track_caller]
    pub(super) fn redirect_to_page(&self, path: DecodedPath, query: Option<&[u8]>) -> Response {
        let location = self.location(Some(&DecodedPath { names_directory: false, ..path }), query);
        trace::decision("slash", Rfc(9110, "15.4.9"), || {
            let text = "the target is a page and has a \"/\" at its end: a redirect to";
            ("page", format!("{text} {} drops it", quote(&location)))
        });
        redirect(Status::PERMANENT_REDIRECT, location)
    }

    fn location(&self, path: Option<&DecodedPath>, query: Option<&[u8]>) -> Vec<u8> {
        let mut location = String::from(self.options.base.start()).into_bytes();
        location.extend(path.map(DecodedPath::encoded).unwrap_or_default().into_bytes());
        if let Some(query) = query {
            location.push(b'?');
            location.extend_from_slice(query);
        }
        location
    }
}

fn redirect(status: Status, location: Vec<u8>) -> Response {
    let mut headers = FieldLines::default();
    headers.push("Location", location);
    // Without this a browser may keep a permanent redirect for ever, and a directory may become a file.
    headers.push("Cache-Control", "no-cache");
    Response { status, headers, body: Body::Empty }
}
