//! `--inspect`: a live page at `/.glass/` that shows what goes on in the server.
//!
//! ```text
//! GET  /.glass/                    the page, with inspect.css and inspect.js beside it
//! GET  /.glass/events              what happens, as it happens: server-sent events
//! GET  /.glass/exchange/17         one exchange: its bytes, its decisions, its times
//! GET  /.glass/live?target=/x.html the last exchange that this client had about /x.html
//! GET  /.glass/source/src/lib.rs   the source that this binary was made from
//! POST /.glass/send                these bytes, sent to this server as they are, and what comes back
//! ```
//!
//! It is built on what the server storey offers to every observer ([`crate::server::Observer`]) and on
//! [`crate::base::trace`]: `record` keeps what workers tell, [`crate::glass::events`] passes it on to the pages that
//! are open, `composer` sends bytes, `source` holds the source.
//!
//! It shows everything that clients send, cookies included. So it is for this machine only: for
//! requests from elsewhere it does not exist, it answers only to names of this machine, and pages
//! of other origins are turned away.

mod composer;
mod record;
mod source;

pub use composer::Connect;
pub use record::WorkerInspector;

use crate::answer::{Body, Response};
use crate::base::trace::{self, Rfc};
use crate::glass::events;
use crate::http::base_path::BasePath;
use crate::http::target::{Target, parameter};
use crate::http::{Headers, Method, Refusal, Request, Status, origin};
use crate::server::{self, Arrival};
use crate::site::{TrustedHosts, error_page};
use record::Recorder;
use std::sync::Arc;

/// Where all of it is, seen from the base path.
pub const PREFIX: &[u8] = b".glass/";

/// How large a body the composer takes, in bytes.
pub const MAX_COMPOSED: usize = 64 * 1024;

/// How many pages may look on.
const MAX_PAGES: usize = 8;

/// The page loads nothing from elsewhere and runs nothing but its own script.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; \
    connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The inspector of a server.
pub struct Inspector {
    recorder: Arc<Recorder>,
    composer: composer::Composer,
    hosts: TrustedHosts,
    base: BasePath,
}

impl Inspector {
    /// An inspector of a server with these options, to which the composer connects like
    /// this, and which answers to these hosts.
    pub fn new(server: &server::Options, connect: Connect, hosts: TrustedHosts) -> Inspector {
        Inspector {
            recorder: Arc::new(Recorder::new(server.threads.max(1), server.faults.names())),
            composer: composer::Composer::new(connect),
            hosts,
            base: server.base.clone(),
        }
    }

    /// An observer for the next worker.
    pub fn observer(&self) -> WorkerInspector {
        self.recorder.observer()
    }

    /// The answer to a request for something of the inspector's; `None` if it is for something else.
    pub fn respond(&self, request: &Request<'_>, arrival: &Arrival<'_>) -> Option<Response> {
        let Target::Path { path, query } = request.target else { return None };
        let path = self.base.below(path)?;
        let text = path.text();
        let path = if &*text == b".glass" { &*text } else { text.strip_prefix(PREFIX)? };
        let answer = self.answer(request, path, query, arrival);
        Some(answer.unwrap_or_else(|refusal| error_page::respond(&request.fields, &refusal, &self.base)))
    }

    fn answer(
        &self,
        request: &Request<'_>,
        path: &[u8],
        query: Option<&[u8]>,
        arrival: &Arrival<'_>,
    ) -> Result<Response, Refusal> {
        if !arrival.client.is_loopback() {
            trace::step("inspector", None, || {
                "it is for this machine only, and this client is not on it".to_owned()
            });
            return Err(not_found());
        }
        self.hosts.check(request.host, "the inspector answers")?;
        check_origin(request)?;
        check_that_nobody_passed_it_on(request)?;
        match (request.method, path) {
            (Method::Get | Method::Head, b".glass") => Ok(self.to_the_page()),
            (Method::Get | Method::Head, b"") => Ok(page()),
            (Method::Get | Method::Head, b"inspect.css") => {
                Ok(text("text/css; charset=utf-8", include_str!("inspect.css")))
            }
            (Method::Get | Method::Head, b"inspect.js") => {
                Ok(text("text/javascript; charset=utf-8", include_str!("inspect.js")))
            }
            (Method::Get | Method::Head, b"events") => {
                self.recorder.subscribe(MAX_PAGES).map(events::respond)
            }
            (Method::Get | Method::Head, b"live") => {
                let target = parameter(query, "target").ok_or_else(not_found)?;
                self.recorder.last_about(target.as_bytes(), arrival.client).map(json).ok_or_else(not_found)
            }
            (Method::Post, b"send") => {
                let pauses = parameter(query, "pauses").unwrap_or_default();
                let body = arrival.body.ok_or_else(|| {
                    let why = format!(
                        "there is no body, or it is longer than {MAX_COMPOSED} bytes: nothing is sent"
                    );
                    Refusal::new(Status::BAD_REQUEST, why)
                })?;
                self.composer.respond(body, &pauses)
            }
            (Method::Get | Method::Head, path) => self.one_of_many(path).ok_or_else(not_found),
            _ => Err(Refusal::new(
                Status::METHOD_NOT_ALLOWED,
                "this part of the inspector takes another method",
            )),
        }
    }
}

impl Inspector {
    fn to_the_page(&self) -> Response {
        let mut headers = Headers::default();
        headers.push("Location", format!("{}.glass/", self.base.start()));
        headers.push("Cache-Control", "no-store");
        Response { status: Status::MOVED_PERMANENTLY, headers, body: Body::Empty }
    }

    /// An exchange, or a file of the source.
    fn one_of_many(&self, path: &[u8]) -> Option<Response> {
        let path = std::str::from_utf8(path).ok()?;
        if let Some(number) = path.strip_prefix("exchange/") {
            return self.recorder.exchange(number.parse().ok()?).map(json);
        }
        let file = source::find(path.strip_prefix("source/")?)?;
        Some(text("text/plain; charset=utf-8", file))
    }
}

/// A page of another origin must not reach in here. It could not read the answers, but sending is
/// bad enough, and so is holding event streams open.
fn check_origin(request: &Request<'_>) -> Result<(), Refusal> {
    if origin::is_own(request) {
        return Ok(());
    }
    let rule = Rfc(6454, "7");
    Err(Refusal::new(Status::FORBIDDEN, "the inspector answers its own pages, and this is from elsewhere")
        .by(rule))
}

/// A proxy on this machine makes all its clients look as if they were on it. Most say that they are
/// there.
fn check_that_nobody_passed_it_on(request: &Request<'_>) -> Result<(), Refusal> {
    let signs = ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip"];
    match signs.iter().find(|sign| request.fields.get(sign).is_some()) {
        Some(_) => Err(not_found()),
        None => Ok(()),
    }
}

fn page() -> Response {
    let mut response = text("text/html; charset=utf-8", include_str!("page.html"));
    response.headers.push("Content-Security-Policy", CONTENT_SECURITY_POLICY);
    response
}

fn text(content_type: &str, text: &str) -> Response {
    Response::for_once(content_type, Body::Bytes(text.as_bytes().to_vec()))
}

fn json(json: String) -> Response {
    Response::for_once("application/json", Body::Bytes(json.into_bytes()))
}

#[track_caller]
fn not_found() -> Refusal {
    Refusal::new(Status::NOT_FOUND, "there is nothing here")
}

/// Bytes as JSON can hold them: each byte as the character of its number.
fn as_characters(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| char::from(byte)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::Observer;
    use std::net::{IpAddr, Ipv4Addr};
    use std::time::Instant;

    fn inspector() -> Inspector {
        let options = server::Options { threads: 2, ..server::Options::default() };
        Inspector::new(
            &options,
            Arc::new(|| Err(std::io::ErrorKind::NotConnected.into())),
            TrustedHosts::with(vec!["dev.example".to_owned()]),
        )
    }

    fn status_from(client: [u8; 4], request: &str) -> Option<u16> {
        let head = format!("{}\r\n\r\n", request.replace('\n', "\r\n"));
        let request = Request::parse(head.as_bytes()).expect("a good head");
        let client = IpAddr::V4(Ipv4Addr::from(client)).into();
        let arrival = Arrival { time: Instant::now(), client, body: Some(b"") };
        inspector().respond(&request, &arrival).map(|response| response.status.code())
    }

    fn status(request: &str) -> Option<u16> {
        status_from([127, 0, 0, 1], request)
    }

    #[test]
    fn it_is_there_for_this_machine_only() {
        let request = "GET /.glass/ HTTP/1.1\nHost: localhost";
        assert_eq!(status(request), Some(200));
        assert_eq!(status_from([192, 168, 1, 9], request), Some(404));
        assert_eq!(status("GET /.glass/ HTTP/1.1\nHost: evil.example"), Some(421));
        assert_eq!(status("GET /.glass/ HTTP/1.1\nHost: dev.example"), Some(200));
        assert_eq!(status_from([192, 168, 1, 9], "GET /.glass HTTP/1.1\nHost: localhost"), Some(404));
        for sign in ["X-Forwarded-For: 203.0.113.5", "Via: 1.1 a", "Forwarded: for=203.0.113.5"] {
            assert_eq!(status(&format!("{request}\n{sign}")), Some(404), "{sign}");
        }
    }

    #[test]
    fn what_is_not_its_own_it_leaves_to_the_site() {
        for target in
            ["/", "/.glasses", "/a/.glass/", "/.glass/../a", "/.glass%2f..", "/.glass\\", "/../.glass/"]
        {
            assert_eq!(status(&format!("GET {target} HTTP/1.1\nHost: localhost")), None, "{target}");
        }
        assert_eq!(status("OPTIONS * HTTP/1.1\nHost: localhost"), None);
    }

    #[test]
    fn each_target_has_its_answer() {
        let table = [
            ("GET /.glass", 301),
            ("GET //.glass/", 200),
            ("GET /%2eglass/", 200),
            ("GET /.glass%2f", 200),
            ("GET /x/../.glass/./", 200),
            ("GET /x/%2e%2e/.glass%2finspect.css", 200),
            ("GET /.glass/source/src/../../inspect.css", 200),
            ("GET /.glass/inspect.css", 200),
            ("GET /.glass/inspect.js", 200),
            ("GET /.glass/events", 200),
            ("GET /.glass/source/src/glass/inspect/mod.rs", 200),
            ("GET /.glass/source/Cargo.toml", 404),
            ("GET /.glass/source/../Cargo.toml", 404),
            ("GET /.glass/exchange/1", 404),
            ("GET /.glass/exchange/x", 404),
            ("GET /.glass/live", 404),
            ("GET /.glass/live?target=/", 404),
            ("GET /.glass/send", 404),
            ("GET /.glass/nothing", 404),
            ("POST /.glass/", 405),
            ("DELETE /.glass/send", 405),
        ];
        for (request, expected) in table {
            assert_eq!(status(&format!("{request} HTTP/1.1\nHost: localhost")), Some(expected), "{request}");
        }
    }

    #[test]
    fn pages_of_other_origins_are_turned_away() {
        let table = [
            ("", 200),
            ("Origin: http://localhost:8000", 200),
            ("Origin: http://localhost:8001", 403),
            ("Origin: http://evil.example", 403),
            ("Origin: null", 403),
            ("Sec-Fetch-Site: same-origin", 200),
            ("Sec-Fetch-Site: none", 200),
            ("Sec-Fetch-Site: same-site", 403),
            ("Sec-Fetch-Site: cross-site", 403),
            ("Sec-Fetch-Site: same-origin\nOrigin: http://evil.example", 403),
        ];
        for (fields, expected) in table {
            let head = format!("GET /.glass/events HTTP/1.1\nHost: localhost:8000\n{fields}");
            assert_eq!(status(head.trim_end()), Some(expected), "{fields}");
        }
    }

    #[test]
    fn its_observers_want_all_there_is_to_see() {
        assert!(inspector().observer().wants_stories());
    }
}
