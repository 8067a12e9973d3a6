//! The one question that a server asks: what is the answer to this request?
//!
//! ```text
//! Connection ── Request, Arrival ──▶ Application::begin ──▶ Begin::Answer(Response) | Receive(Receiver) | Elsewhere
//! ```
//!
//! The server parses requests, delimits bodies, sends responses and keeps time. All that depends on what is served
//! (files, passwords, the server's own pages) is behind this trait. The program's implementation is `command/application.rs`:
//! login, then the server's own pages, then the site.

use crate::answer::{Arrival, Begin, Response};
use crate::base::trace;
use crate::http::{Refusal, Request};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What an application says to a request, and what else the server has to know of the request.
#[derive(Debug)]
pub struct Begun {
    /// What comes next.
    pub begin: Begin,
    /// The name of the user, if the request was authenticated (RFC 9110 section 11): for logs.
    pub user: Option<Vec<u8>>,
    /// Whether the request is for a page of the server's own, and not for what it serves. Observers are told so, and no
    /// fault is injected into the response.
    pub is_internal: bool,
}

/// What answers requests. Several workers call it concurrently.
pub trait Application: Sync {
    /// Begins to answer a request whose head is complete. Its body, if it has one, is still to come. This must not
    /// block, since all other connections of the same worker wait for it.
    ///
    /// A panic in it costs this request (500) and nothing else.
    fn begin(&self, request: &Request<'_>, arrival: &Arrival<'_>) -> Begun;

    /// The response to what the server itself refuses. There is a `request` if its head could be parsed.
    ///
    /// A panic in it costs this response: the client gets the plain one of [`Response::refuse`].
    fn refuse(&self, _request: Option<&Request<'_>>, refusal: &Refusal) -> Response {
        Response::refuse(refusal)
    }
}

/// What [`Application::refuse`] answers, or the plain response if that panics.
pub(super) fn refuse(
    application: &dyn Application,
    request: Option<&Request<'_>>,
    refusal: &Refusal,
) -> Response {
    let was_on = trace::is_on();
    let response = catch_unwind(AssertUnwindSafe(|| application.refuse(request, refusal)));
    response.unwrap_or_else(|_| {
        // The panic may have come while steps were switched off.
        trace::switch(was_on);
        Response::refuse(refusal)
    })
}

impl From<Response> for Begun {
    fn from(response: Response) -> Begun {
        Begin::Answer(response).into()
    }
}

impl From<Begin> for Begun {
    fn from(begin: Begin) -> Begun {
        Begun { begin, user: None, is_internal: false }
    }
}

/// A function from a request to a response is an application.
impl<F: Fn(&Request<'_>, &Arrival<'_>) -> Response + Sync> Application for F {
    fn begin(&self, request: &Request<'_>, arrival: &Arrival<'_>) -> Begun {
        self(request, arrival).into()
    }
}
