//! Whether a request comes from a page of this server, or from one of another site.
//!
//! A browser lets any page *send* requests anywhere, with the cookies, passwords and network access of its user; it
//! only keeps the page from reading the answer. So before a request changes something, the server must check which
//! page sends it. Browsers say so in Sec-Fetch-Site (Fetch Metadata) and, for everything but plain GET, in Origin
//! (RFC 6454 section 7).

use super::{Refusal, Request, Status};
use crate::base::trace::Rfc;

/// Refuses a request that a page of another site sends. `why` says what such a page may not do.
pub fn check(request: &Request<'_>, why: &'static str) -> Result<(), Refusal> {
    if is_own(request) {
        return Ok(());
    }
    Err(Refusal::new(Status::FORBIDDEN, why).by(Rfc(6454, "7")).because("another site"))
}

/// Whether a request comes from a page of this very server, or from no page at all: from a typed address, or from a
/// program. A request without these fields comes from no current browser.
fn is_own(request: &Request<'_>) -> bool {
    let site = request.fields.get("sec-fetch-site");
    let is_own_site = site.is_none_or(|site| matches!(site, b"same-origin" | b"none"));
    is_own_site && foreign(request).is_none()
}

/// The origin that a request names, if it is another than this server's.
pub fn foreign<'a>(request: &Request<'a>) -> Option<&'a [u8]> {
    let host = request.fields.get("host").unwrap_or_default();
    request.fields.get_all("origin").find(|origin| !is_of_host(origin, host))
}

/// Whether an origin is that of a server at this host.
pub fn is_of_host(origin: &[u8], host: &[u8]) -> bool {
    // A proxy may speak https to the browser; the host and the port are what counts.
    let schemes = [&b"http://"[..], b"https://"];
    schemes.iter().any(|scheme| origin.strip_prefix(*scheme) == Some(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_pages_and_programs_are_told_from_strangers() {
        let table = [
            ("", true),
            ("Origin: http://localhost:8000", true),
            ("Origin: https://localhost:8000", true),
            ("Origin: http://localhost:8001", false),
            ("Origin: http://localhost", false),
            ("Origin: http://evil.example", false),
            ("Origin: null", false),
            ("Origin: http://localhost:8000\r\nOrigin: http://evil.example", false),
            ("Sec-Fetch-Site: same-origin", true),
            ("Sec-Fetch-Site: none", true),
            ("Sec-Fetch-Site: same-site", false),
            ("Sec-Fetch-Site: cross-site", false),
            ("Sec-Fetch-Site: same-origin\r\nOrigin: http://evil.example", false),
        ];
        for (fields, expected) in table {
            let end = if fields.is_empty() { "" } else { "\r\n" };
            let head = format!("PUT /a HTTP/1.1\r\nHost: localhost:8000\r\n{fields}{end}\r\n");
            let request = Request::parse(head.as_bytes()).expect("a good head");
            assert_eq!(is_own(&request), expected, "{fields}");
        }
    }
}
