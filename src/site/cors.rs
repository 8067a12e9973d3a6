//! Cross-origin resource sharing: which pages of other origins may read our answers.
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
//! Before a request that a form could not have sent, such as one with a field of its own, it asks
//! whether that is welcome. That is the *preflight*: OPTIONS with Access-Control-Request-Method.

use super::{Body, Response};
use crate::http::fields::is_token;
use crate::http::{Headers, Method, Request, Status};
use crate::trace::{self, quote};

/// Which origins may read answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Cors {
    /// None but our own.
    #[default]
    Nobody,
    /// All, without cookies and passwords: the answer is the same for everybody.
    Everybody,
    /// These (such as `http://localhost:5173`), also with cookies and passwords.
    Origins(Vec<String>),
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
            Cors::Origins(origins) => origins.iter().any(|one| one.as_bytes() == origin).then_some(origin),
        }
    }

    /// The answer to a preflight about a target that takes these methods; `None` if the request is
    /// none, or nobody is welcome anyway.
    pub fn preflight(&self, request: &Request<'_>, methods: &str) -> Option<Response> {
        let is_preflight = request.method == Method::Options
            && request.fields.get("origin").is_some()
            && request.fields.get("access-control-request-method").is_some();
        if *self == Cors::Nobody || !is_preflight {
            return None;
        }
        let mut headers = Headers::default();
        headers.push("Allow", methods);
        if self.allowed(request).is_some() {
            headers.push("Access-Control-Allow-Methods", methods);
            if let Some(names) = asked_for(request) {
                headers.push("Access-Control-Allow-Headers", names);
            }
            // A page of the internet that asks a server in the local network.
            if request.fields.get("access-control-request-private-network") == Some(b"true") {
                headers.push("Access-Control-Allow-Private-Network", "true");
            }
            headers.push("Access-Control-Max-Age", PREFLIGHT_AGE);
        }
        trace::step("preflight", None, || {
            "a browser asks whether a page of another origin may ask".to_owned()
        });
        Some(Response { status: Status::NO_CONTENT, headers, body: Body::Empty })
    }

    /// Says in an answer who may read it.
    pub fn add_to(&self, headers: &mut Headers, request: &Request<'_>) {
        match self {
            Cors::Nobody => return,
            Cors::Everybody => {
                headers.push("Access-Control-Allow-Origin", "*");
                headers.push("Access-Control-Expose-Headers", "*");
            }
            Cors::Origins(_) => {
                // A copy that was made for one origin must not be given to another.
                headers.push("Vary", "Origin");
                if let Some(origin) = self.allowed(request) {
                    headers.push("Access-Control-Allow-Origin", origin);
                    headers.push("Access-Control-Allow-Credentials", "true");
                    headers.push(
                        "Access-Control-Expose-Headers",
                        "Content-Length, Content-Range, ETag, Location",
                    );
                }
            }
        }
        trace::step("cors", None, || match (request.fields.get("origin"), self.allowed(request)) {
            (None, _) => "no Origin is named: not a page of another origin".to_owned(),
            (Some(origin), Some(_)) => format!("pages of {} may read this", quote(origin)),
            (Some(origin), None) => format!("pages of {} may not read this", quote(origin)),
        });
    }
}

/// The names of the fields that the page wants to send, if they are names.
fn asked_for(request: &Request<'_>) -> Option<Vec<u8>> {
    let names: Vec<_> = request.fields.list("access-control-request-headers").collect();
    (!names.is_empty() && names.iter().all(|name| is_token(name))).then(|| names.join(&b", "[..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(cors: &Cors, request: &str) -> String {
        let head = format!("{}\r\nHost: a\r\n\r\n", request.replace('\n', "\r\n"));
        let request = Request::parse(head.as_bytes()).expect("a good head");
        let preflight = cors.preflight(&request, Method::ALLOW);
        let mut headers = preflight.map(|response| response.headers).unwrap_or_default();
        cors.add_to(&mut headers, &request);
        String::from_utf8(headers.parts().concat()).expect("ASCII").replace("\r\n", "\n")
    }

    #[test]
    fn who_may_read_is_said_in_every_answer() {
        let one = Cors::Origins(vec!["http://a.example".to_owned()]);
        let ask = |origin: &str| format!("GET / HTTP/1.1{origin}");
        assert_eq!(answer(&Cors::Nobody, &ask("\nOrigin: http://a.example")), "");
        let everybody = "Access-Control-Allow-Origin: *\nAccess-Control-Expose-Headers: *\n";
        assert_eq!(answer(&Cors::Everybody, &ask("")), everybody);
        assert_eq!(answer(&Cors::Everybody, &ask("\nOrigin: http://b.example")), everybody);
        for stranger in
            ["", "\nOrigin: http://b.example", "\nOrigin: null", "\nOrigin: http://a.example.evil"]
        {
            assert_eq!(answer(&one, &ask(stranger)), "Vary: Origin\n", "{stranger}");
        }
        let friend = answer(&one, &ask("\nOrigin: http://a.example"));
        assert!(
            friend.starts_with("Vary: Origin\nAccess-Control-Allow-Origin: http://a.example\n"),
            "{friend}"
        );
        assert!(friend.contains("Access-Control-Allow-Credentials: true\n"), "{friend}");
    }

    #[test]
    fn everybody_never_goes_with_credentials() {
        let ask = "OPTIONS / HTTP/1.1\nOrigin: http://b.example\nAccess-Control-Request-Method: PUT";
        assert!(!answer(&Cors::Everybody, ask).contains("Credentials"));
    }

    #[test]
    fn a_preflight_is_told_what_is_welcome() {
        let ask = "OPTIONS /a HTTP/1.1\nOrigin: http://b.example\nAccess-Control-Request-Method: GET\n\
                   Access-Control-Request-Headers: x-one,X-Two\nAccess-Control-Request-Private-Network: true";
        let expected = "Allow: GET, HEAD, OPTIONS\nAccess-Control-Allow-Methods: GET, HEAD, OPTIONS\n\
                        Access-Control-Allow-Headers: x-one, X-Two\nAccess-Control-Allow-Private-Network: true\n\
                        Access-Control-Max-Age: 600\nAccess-Control-Allow-Origin: *\n\
                        Access-Control-Expose-Headers: *\n";
        assert_eq!(answer(&Cors::Everybody, ask), expected);
        let stranger = answer(&Cors::Origins(vec!["http://a.example".to_owned()]), ask);
        assert_eq!(stranger, "Allow: GET, HEAD, OPTIONS\nVary: Origin\n");
        assert_eq!(answer(&Cors::Nobody, ask), "");
        let odd = ask.replace("x-one,X-Two", "a b");
        assert!(!answer(&Cors::Everybody, &odd).contains("Allow-Headers"));
    }
}
