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
use crate::base::trace::{self, quote};
use crate::http::fields::is_token;
use crate::http::{FieldLines, Method, Request, Status};

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
        if *self == Cors::Nobody || !is_preflight {
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
        trace::decision("preflight", None, || {
            "a browser asks whether a page of another origin may ask".to_owned()
        });
        Some(Response { status: Status::NO_CONTENT, headers, body: Body::Empty })
    }

    /// Says in an answer which origins may read it.
    pub fn add_to(&self, headers: &mut FieldLines, request: &Request<'_>) {
        match self {
            Cors::Nobody => return,
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
        trace::decision("cors", None, || match (request.fields.get("origin"), self.allowed(request)) {
            (None, _) => "no Origin is named: not a page of another origin".to_owned(),
            (Some(origin), Some(_)) => format!("pages of {} may read this", quote(origin)),
            (Some(origin), None) => format!("pages of {} may not read this", quote(origin)),
        });
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
mod tests {
    use super::*;

    fn origin(one: &str) -> Cors {
        Cors::Origins(Origins::new(vec![one.to_owned()], []))
    }

    fn answer(cors: &Cors, request: &str) -> String {
        let head = format!("{}\r\nHost: a\r\n\r\n", request.replace('\n', "\r\n"));
        let request = Request::parse(head.as_bytes()).expect("a good head");
        let preflight = cors.preflight(&request, "GET, HEAD, OPTIONS");
        let mut headers = preflight.map(|response| response.headers).unwrap_or_default();
        cors.add_to(&mut headers, &request);
        String::from_utf8(headers.parts().concat()).expect("ASCII").replace("\r\n", "\n")
    }

    #[test]
    fn who_may_read_is_said_in_every_answer() {
        let one = origin("http://a.example");
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
    fn pages_of_a_named_origin_see_all_fields_that_are_sent() {
        let own = ["X-Mine", "etag", "x-mine"];
        let cors = Cors::Origins(Origins::new(vec!["http://a.example".to_owned()], own));
        let answer = answer(&cors, "GET / HTTP/1.1\nOrigin: http://a.example");
        let exposed = answer.lines().find_map(|line| line.strip_prefix("Access-Control-Expose-Headers: "));
        let exposed: Vec<_> = exposed.expect("it is there").split(", ").collect();
        for name in ["Accept-Ranges", "Content-Encoding", "Content-Range", "Content-Disposition", "X-Mine"] {
            assert_eq!(exposed.iter().filter(|known| known.eq_ignore_ascii_case(name)).count(), 1, "{name}");
        }
        // With credentials it would be the name of a field.
        assert!(!exposed.contains(&"*"));
    }

    #[test]
    fn a_star_stands_for_all_hosts_below_one() {
        for (one, origin, expected) in [
            ("https://*.a.example", "https://x.a.example", true),
            ("https://*.a.example", "https://x.y-1.a.example", true),
            ("https://*.a.example", "https://a.example", false),
            ("https://*.a.example", "https://.a.example", false),
            ("https://*.a.example", "https://xa.example", false),
            ("https://*.a.example", "http://x.a.example", false),
            ("https://*.a.example", "https://x.a.example:8443", false),
            ("https://*.a.example", "https://x.a.example.evil", false),
            ("https://*.a.example", "https://evil.example/.a.example", false),
            ("https://*.a.example", "https://evil.example:80.a.example", false),
            ("https://*.a.example", "https://evil.example#x.a.example", false),
            ("https://*.a.example", "null", false),
            ("http://*.a.example:81", "http://x.a.example:81", true),
            ("http://*.a.example:81", "http://x.a.example", false),
        ] {
            let answer = answer(&self::origin(one), &format!("GET / HTTP/1.1\nOrigin: {origin}"));
            let named = format!("Access-Control-Allow-Origin: {origin}\n");
            assert_eq!(answer.contains(&named), expected, "{one} {origin}");
            assert_eq!(answer.contains("Credentials"), expected, "{one} {origin}");
        }
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
        let stranger = answer(&origin("http://a.example"), ask);
        assert_eq!(stranger, "Allow: GET, HEAD, OPTIONS\nVary: Origin\n");
        assert_eq!(answer(&Cors::Nobody, ask), "");
        let odd = ask.replace("x-one,X-Two", "a b");
        assert!(!answer(&Cors::Everybody, &odd).contains("Allow-Headers"));
    }
}
