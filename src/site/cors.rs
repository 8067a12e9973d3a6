//! Cross-origin resource sharing: which pages of other origins may read the answers of this server.
//!
//! A browser lets a page send requests anywhere, but lets it read an answer of another origin only if
//! the answer says so (the Fetch standard, section 3.3):
//!
//! ```text
//! > GET /data.json HTTP/1.1
//! > Origin: http://localhost:5173
//!
//! < HTTP/1.1 200 OK
//! < Access-Control-Allow-Origin: *
//! ```
//!
//! Before a request that no form could send, such as one with a field of its own, it asks whether the request is
//! allowed. That is the *preflight*: OPTIONS with Access-Control-Request-Method.

use crate::answer::{Body, Response};
use crate::base::trace::{self, quote, show};
use crate::http::fields::is_token;
use crate::http::{FieldLines, Method, Request, Status, origin};

/// Which origins may read answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Cors {
    /// The server's own alone.
    #[default]
    Nobody,
    /// All, without cookies and passwords: the answer is the same for everybody.
    Everybody,
    /// Some, also with cookies and passwords.
    Origins(Origins),
}

/// Origins that may read answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origins {
    /// Such as `http://localhost:5173`. `*.` before a host stands for all hosts below it, with the same scheme and
    /// port: `https://*.example.com`.
    origins: Vec<String>,
    /// The fields of an answer that their pages may see.
    exposed: String,
}

/// The fields of answers beyond those that every page may see (CORS-safelisted, the Fetch standard, section 2.2.6).
/// With credentials a `*` would mean a field of that name, so all are named: a page that reads a file in parts must
/// see whether it has parts (Accept-Ranges) and whether it is coded (Content-Encoding).
const EXPOSED: [&str; 13] = [
    "Accept-Ranges",
    "Allow",
    "Content-Disposition",
    "Content-Encoding",
    "Content-Length",
    "Content-Range",
    "Date",
    "ETag",
    "Location",
    "Retry-After",
    "Server",
    "Vary",
    "WWW-Authenticate",
];

impl Origins {
    /// These origins; `own` are the names of the fields that the user adds to every answer.
    pub fn new<'a>(origins: Vec<String>, own: impl IntoIterator<Item = &'a str>) -> Origins {
        let mut exposed = EXPOSED.to_vec();
        for name in own {
            if !exposed.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                exposed.push(name);
            }
        }
        Origins { origins, exposed: exposed.join(", ") }
    }

    /// Whether this, as a browser writes it, is one of them.
    fn include(&self, origin: &[u8]) -> bool {
        self.origins.iter().any(|one| is_one_of(origin, one))
    }
}

/// How long a browser may remember the answer to a preflight, in seconds.
const PREFLIGHT_AGE: &str = "600";

impl Cors {
    /// The origin of this request, as the answer has to name it if it may be read.
    fn allowed<'a>(&self, request: &Request<'a>) -> Option<&'a [u8]> {
        let origin = request.fields.get_single("origin")?;
        match self {
            Cors::Nobody => None,
            Cors::Everybody => Some(b"*"),
            Cors::Origins(origins) => origins.include(origin).then_some(origin),
        }
    }

    /// The answer to a preflight about a target that allows these methods; `None` if the request is no preflight, or no
    /// other origin is allowed.
    pub fn preflight(&self, request: &Request<'_>, methods: &str) -> Option<Response> {
        let is_preflight = request.method == Method::Options
            && request.fields.get("origin").is_some()
            && request.fields.get("access-control-request-method").is_some();
        if !is_preflight {
            return None;
        }
        trace::decision("preflight", None, || {
            let method = show(request.fields.get("access-control-request-method").unwrap_or_default());
            let origin = quote(request.fields.get("origin").unwrap_or_default());
            let text = format!("a browser asks whether a page of {origin} may send {method} here");
            match self {
                Cors::Nobody => ("off", format!("{text}; with CORS off this is a plain OPTIONS"), method),
                _ => ("", text, method),
            }
        });
        if *self == Cors::Nobody {
            return None;
        }
        let mut headers = FieldLines::default();
        headers.push("Allow", methods);
        if self.allowed(request).is_some() {
            headers.push("Access-Control-Allow-Methods", methods);
            if let Some(names) = asked_for(request) {
                headers.push("Access-Control-Allow-Headers", names);
            }
            // A page from the internet wants to ask a server in the local network.
            if request.fields.get("access-control-request-private-network") == Some(b"true") {
                headers.push("Access-Control-Allow-Private-Network", "true");
            }
            headers.push("Access-Control-Max-Age", PREFLIGHT_AGE);
        }
        Some(Response { status: Status::NO_CONTENT, headers, body: Body::Empty })
    }

    /// Says in an answer which origins may read it.
    pub fn add_to(&self, headers: &mut FieldLines, request: &Request<'_>) {
        match self {
            Cors::Nobody => {}
            Cors::Everybody => {
                headers.push("Access-Control-Allow-Origin", "*");
                headers.push("Access-Control-Expose-Headers", "*");
            }
            Cors::Origins(origins) => {
                // A cache must not give a copy that was made for one origin to another.
                headers.push("Vary", "Origin");
                if let Some(origin) = self.allowed(request) {
                    headers.push("Access-Control-Allow-Origin", origin);
                    headers.push("Access-Control-Allow-Credentials", "true");
                    headers.push("Access-Control-Expose-Headers", &origins.exposed);
                }
            }
        }
        if trace::is_on() {
            self.tell(request);
        }
    }

    /// Records what a browser makes of the answer. A page of another origin is told of even if no option is about it:
    /// that its fetch fails is then a riddle.
    fn tell(&self, request: &Request<'_>) {
        let Some(origin) = origin::foreign(request) else {
            if *self != Cors::Nobody {
                trace::decision("cors", None, || ("own", "no page of another origin asks".to_owned()));
            }
            return;
        };
        trace::decision("cors", None, || {
            let page = quote(origin);
            let field = |name| request.fields.get(name);
            match (reads(request.method, field("sec-fetch-mode"), field("accept")), self) {
                (Reads::No(why), _) => {
                    ("not read", format!("a page of {page} asks, {why}: nothing to allow"))
                }
                (Reads::Yes, Cors::Nobody) => (
                    "off",
                    format!("a page of {page} may not read this: CORS is off, and --cors turns it on"),
                ),
                // The Fetch standard, section 4.10: a `*` is not enough for a request with credentials.
                (Reads::Yes, Cors::Everybody) if request.fields.get("cookie").is_some() => {
                    let why = "it has sent cookies along, for which --cors must name the origin";
                    ("cookies", format!("a page of {page} may not read this: {why}"))
                }
                (Reads::Yes, _) if self.allowed(request).is_some() => {
                    ("allowed", format!("pages of {page} may read this"))
                }
                (Reads::Yes, _) => {
                    ("others", format!("pages of {page} may not read this: --cors names others"))
                }
            }
        });
    }
}

/// Whether the page that asks is to read the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reads {
    /// It is.
    Yes,
    /// It is not, for this reason, and so nobody has to allow that.
    No(&'static str),
}

/// Whether the page of another origin that sends a request is to read the answer (the Fetch standard, section 2.2.5: the
/// mode). Browsers say in Sec-Fetch-Mode what they will do; to a server that is neither https nor on their own machine
/// they do not, and then a form that is sent from another site can be told by what it accepts.
pub fn reads(method: Method, mode: Option<&[u8]>, accept: Option<&[u8]>) -> Reads {
    let is_page = |accept: &[u8]| accept.starts_with(b"text/html");
    match mode {
        Some(b"no-cors") => Reads::No("to use the answer without reading it (no-cors)"),
        Some(b"navigate" | b"nested-navigate") => Reads::No("by a form or a link that leads here"),
        None if method == Method::Post && accept.is_some_and(is_page) => {
            Reads::No("by a form that leads here")
        }
        _ => Reads::Yes,
    }
}

/// Whether an origin, as a browser writes it, is this one, or one of those that it stands for.
fn is_one_of(origin: &[u8], one: &str) -> bool {
    let Some((scheme, host)) = one.split_once("://*.") else { return origin == one.as_bytes() };
    let rest = origin.strip_prefix(scheme.as_bytes()).and_then(|rest| rest.strip_prefix(b"://"));
    let below = rest.and_then(|rest| rest.strip_suffix(host.as_bytes())?.strip_suffix(b"."));
    // A name, and nothing that another parser could take for a host of its own.
    below.is_some_and(|name| {
        !name.is_empty() && name.iter().all(|&byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
    })
}

/// The names of the fields that the page wants to send, if they are well-formed.
fn asked_for(request: &Request<'_>) -> Option<Vec<u8>> {
    let names: Vec<_> = request.fields.list("access-control-request-headers").collect();
    (!names.is_empty() && names.iter().all(|name| is_token(name))).then(|| names.join(&b", "[..]))
}

#[cfg(test)]
mod tests;
