//! `--inspect`: a live page at `/.glass/` that shows what happens in the server.
//!
//! ```text
//! GET  /.glass/                    the page
//! GET  /.glass/inspect/main.js     one of its files: a module of its script, or a style sheet
//! GET  /.glass/events              what happens, as it happens: server-sent events
//! GET  /.glass/exchange/17         one exchange: its bytes, its decisions, its times
//! GET  /.glass/exchange/17/request  what came of its request, byte for byte; likewise /response
//! GET  /.glass/live?target=/x.html the last exchange that this client had about /x.html
//! GET  /.glass/source/             the names of all files of the source that this program was made from
//! GET  /.glass/source/src/lib.rs   one of them
//! POST /.glass/send                sends these bytes to this server, unchanged, and returns what comes back
//! ```
//!
//! It is built on what a server tells every observer ([`crate::server::Observer`]) and on [`crate::base::trace`]. The
//! plain case: `observer` is told what happens, `record` keeps it, and [`crate::glass::events`] sends it to the pages that
//! are open. `composer` sends bytes.
//!
//! It shows everything that clients send, cookies included. So it is for this machine only: the guard of the router
//! ([`crate::glass`]) makes sure of that.

mod composer;
mod message;
mod observer;
mod page_files;
mod record;
mod ring;
mod summary;

pub use composer::Connect;
pub use observer::WorkerInspector;

use super::events;
use crate::answer::{Body, Receiver, Response};
use crate::base::embedded::SOURCE;
use crate::http::client::Client;
use crate::http::target::parameter;
use crate::http::{FieldLines, Refusal, Status};
use crate::server::{self, Capture};
use record::Recorder;
use std::sync::Arc;

/// How large the body may be that the composer takes, in bytes.
pub const MAX_COMPOSED: usize = 64 * 1024;

/// How many inspector pages may be open.
const MAX_PAGES: usize = 8;

/// The page loads nothing from elsewhere and runs nothing but its own script.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; \
    connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The inspector of a server.
pub struct Inspector {
    recorder: Arc<Recorder>,
    composer: Arc<composer::Composer>,
}

impl Inspector {
    /// An inspector of a server with these options. The composer connects to it by `connect`.
    pub fn new(server: &server::Options, connect: Connect) -> Inspector {
        Inspector {
            recorder: Arc::new(Recorder::new(server.threads.max(1), server.faults.names())),
            composer: Arc::new(composer::Composer::new(connect)),
        }
    }

    /// An observer for the next worker.
    pub fn observer(&self) -> WorkerInspector {
        WorkerInspector::new(&self.recorder)
    }

    /// What happens, as it happens.
    pub(super) fn events(&self) -> Result<Response, Refusal> {
        self.recorder.subscribe(MAX_PAGES).map(events::respond)
    }

    /// One exchange, by its number; or what was captured of its request or its response, byte for byte: `17/request`.
    pub(super) fn exchange(&self, rest: &[u8]) -> Option<Response> {
        let rest = str::from_utf8(rest).ok()?;
        let (number, part) = rest.split_once('/').unwrap_or((rest, ""));
        let number = number.parse().ok()?;
        let of: fn(&Capture) -> Vec<u8> = match part {
            "" => return self.recorder.exchange(number).map(json),
            "request" => |capture| [&capture.request[..], &capture.request_body.start].concat(),
            "response" => |capture| [&capture.response[..], &capture.body_start].concat(),
            _ => return None,
        };
        let bytes = Body::Bytes(self.recorder.captured(number, of)?);
        let mut response = Response::no_store("application/octet-stream", bytes);
        let name = format!("attachment; filename=\"exchange-{number}-{part}\"");
        response.headers.push("Content-Disposition", name);
        Some(response)
    }

    /// The last exchange of this client whose target is the one that the query names.
    pub(super) fn live(&self, query: Option<&[u8]>, client: Client) -> Option<Response> {
        let target = parameter(query, "target")?;
        self.recorder.last_for_target(target.as_bytes(), client).map(json)
    }

    /// Receives the bytes that are to be sent, with pauses as the query says.
    pub(super) fn send(&self, query: Option<&[u8]>) -> Box<dyn Receiver> {
        let pauses = parameter(query, "pauses").unwrap_or_default();
        Box::new(composer::ComposedBytes::new(Arc::clone(&self.composer), pauses))
    }
}

/// A file of the source, or the names of all.
pub(super) fn source(path: &[u8]) -> Result<Response, Refusal> {
    let path = str::from_utf8(path).unwrap_or_default();
    let plain = |bytes| Response::no_store("text/plain; charset=utf-8", Body::Bytes(bytes));
    if path.is_empty() {
        return Ok(plain(SOURCE.paths().flat_map(|path| [path, "\n"]).collect::<String>().into_bytes()));
    }
    SOURCE.find(path).map(plain).ok_or_else(|| {
        let why = "this file is not in the program, which has those that /.glass/source/ names";
        Refusal::new(Status::NOT_FOUND, why)
    })
}

/// The page.
pub(super) fn page() -> Response {
    let mut response = text("text/html; charset=utf-8", include_str!("page.html"));
    response.headers.push("Content-Security-Policy", CONTENT_SECURITY_POLICY);
    response
}

/// A file of it, by its name.
pub(super) fn file(name: &[u8]) -> Option<Response> {
    page_files::find(name).map(|(kind, content)| text(&format!("{kind}; charset=utf-8"), content))
}

/// The redirect to the page, for a target without the slash at its end.
pub(super) fn redirect_to_page(base: &str) -> Response {
    let mut headers = FieldLines::default();
    headers.push("Location", format!("{base}.glass/"));
    headers.push("Cache-Control", "no-store");
    Response { status: Status::MOVED_PERMANENTLY, headers, body: Body::Empty }
}

fn text(content_type: &str, text: &str) -> Response {
    Response::no_store(content_type, Body::Bytes(text.as_bytes().to_vec()))
}

fn json(json: String) -> Response {
    Response::no_store("application/json", Body::Bytes(json.into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::{Interests, Observer};

    #[test]
    fn its_observers_are_interested_in_all_there_is_to_see() {
        let connect: Connect = Arc::new(|| Err(std::io::ErrorKind::NotConnected.into()));
        let inspector = Inspector::new(&server::Options::default(), connect);
        let all = Interests { connections: true, text: true, capture: true, bodies: true, turns: true };
        assert_eq!(inspector.observer().interests(), all);
    }
}
