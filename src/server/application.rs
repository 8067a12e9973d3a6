//! The one question that a server asks: what is the answer to this request?
//!
//! ```text
//! Connection ── Request, Arrival ──▶ Application::begin ──▶ Begin::Answer(Response) | Receive(Receiver) | Later
//! ```
//!
//! The server parses, frames, sends and keeps time. All that depends on what is served (files, passwords, pages of
//! the server's own) stands behind this trait.

use crate::answer::{Arrival, Begin, Response};
use crate::http::{Refusal, Request};

/// What an application says to a request, and what the server has to know of it beside.
#[derive(Debug)]
pub struct Begun {
    /// What comes next.
    pub begin: Begin,
    /// The client's name, if it has proven that it is its own: for logs.
    pub user: Option<Vec<u8>>,
    /// Whether the request is about something of the server's own, and not of what it serves: observers are told, and the
    /// fault lab leaves its answer as it is.
    pub is_internal: bool,
}

/// What answers requests. Several workers call it at the same time.
pub trait Application: Sync {
    /// Begins to answer a request whose head is whole; its body, if it has one, is still to come. It must not wait for
    /// anything: other connections of the same worker do nothing meanwhile.
    ///
    /// A panic in it costs this request (500) and nothing else.
    fn begin(&self, request: &Request<'_>, arrival: &Arrival<'_>) -> Begun;

    /// The answer to what the server itself refuses: `request` is there if the head made sense.
    fn refuse(&self, _request: Option<&Request<'_>>, refusal: &Refusal) -> Response {
        refusal.record();
        Response::of_refusal(refusal)
    }
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

/// A function that has an answer at once is an application.
impl<F: Fn(&Request<'_>, &Arrival<'_>) -> Response + Sync> Application for F {
    fn begin(&self, request: &Request<'_>, arrival: &Arrival<'_>) -> Begun {
        self(request, arrival).into()
    }
}
