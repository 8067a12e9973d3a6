//! Which methods a site allows (RFC 9110 section 9): GET, HEAD and OPTIONS, and with uploads PUT and POST.
//!
//! The plain case is GET or HEAD of a path. OPTIONS is answered with the list. What is left is refused: 405 with the
//! list, or 501 for a method that the server does not know. (An upload never comes here: see [`super::upload`].)

use super::{Site, upload};
use crate::answer::{Body, Response};
use crate::base::trace::{self, Rfc};
use crate::http::target::Target;
use crate::http::{FieldLines, Method, Refusal, Request, Status};

/// The methods of files and folders, as the value of an Allow field.
pub(super) const READING: &str = "GET, HEAD, OPTIONS";

/// The same where files can be uploaded, with PUT or by a form.
const WITH_UPLOADS: &str = "GET, HEAD, PUT, POST, OPTIONS";

/// What a request asks for, by its method.
pub(super) enum Asked<'a> {
    /// A representation of what is at this path, or the head of that answer.
    Representation { path: &'a [u8], query: Option<&'a [u8]> },
    /// The methods that are allowed.
    Methods,
}

impl Site {
    /// The methods that files and folders allow here, as the value of an Allow field.
    pub(super) fn methods(&self) -> &'static str {
        if self.options.upload.is_some() { WITH_UPLOADS } else { READING }
    }

    /// What the method asks for.
    pub(super) fn method<'a>(&self, request: &Request<'a>) -> Result<Asked<'a>, Refusal> {
        match (request.method, request.target) {
            (Method::Get | Method::Head, Target::Path { path, query }) => {
                Ok(Asked::Representation { path, query })
            }
            (Method::Options, _) => {
                trace::decision("method", Rfc(9110, "9.3.7"), || "OPTIONS asks what can be asked".to_owned());
                Ok(Asked::Methods)
            }
            (Method::Unknown, _) => {
                Err(Refusal::new(Status::NOT_IMPLEMENTED, "this server does not know the method"))
            }
            _ => {
                let (cause, why) = match self.options.upload {
                    Some(_) => ("", "files take GET, HEAD, PUT and OPTIONS only"),
                    None if upload::is_upload(request) => (
                        "uploads off",
                        "no files are taken here; start the server with --upload to let people add some",
                    ),
                    None => ("", "files take GET, HEAD and OPTIONS only"),
                };
                Err(Refusal::new(Status::METHOD_NOT_ALLOWED, why).because(cause))
            }
        }
    }

    /// The answer to OPTIONS (RFC 9110 section 9.3.7), about the server as about any file.
    pub(super) fn tell_methods(&self) -> Response {
        let mut headers = FieldLines::default();
        headers.push("Allow", self.methods());
        Response { status: Status::NO_CONTENT, headers, body: Body::Empty }
    }
}
