//! A response's head: values in, bytes out.
//!
//! ```text
//! HTTP/1.1 200 OK␍␊                        status line
//! Date: Sun, 06 Nov 1994 08:49:37 GMT␍␊    fields: these four of the connection's ...
//! Server: glasshttp␍␊
//! Content-Length: 12␍␊
//! Connection: close␍␊
//! Content-Type: text/plain␍␊               ... those that the site gave it ...
//! X-Content-Type-Options: nosniff␍␊        ... and one that all have
//! ␍␊                                       blank line; the body follows
//! ```

use super::request::Version;
use super::{Headers, Status, date};

/// What the connection knows about a response, beside what the site said.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    /// The status.
    pub status: Status,
    /// The fields that the site gave the response.
    pub headers: &'a Headers,
    /// How the client learns where the body ends; to HEAD, how it would.
    pub framing: Framing,
    /// Now, as the Date field says it (RFC 9110 section 6.6.1).
    pub date: &'a [u8; date::LENGTH],
    /// Whether the connection stays open after this response.
    pub keep_alive: bool,
    /// The version that the request came in, if one was understood.
    pub request_version: Version,
}

/// Where a response's body ends (RFC 9112 section 6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// After so many bytes, as Content-Length says; in the answer to HEAD, so many it would have
    /// (RFC 9110 section 8.6).
    Length(u64),
    /// After the last chunk: its length is not known when it begins.
    Chunked,
    /// Where the connection ends: the same, for a client of 1.0, which knows no chunks.
    UntilClose,
}

impl Head<'_> {
    /// Appends the head, from the status line to the blank line.
    ///
    /// The status line says HTTP/1.1 to 1.0 clients too: it states the highest version that the
    /// server speaks (RFC 9110 section 2.5), and nothing else in the response needs 1.1.
    pub fn render(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.status.line());
        out.extend_from_slice(b"Date: ");
        out.extend_from_slice(self.date);
        out.extend_from_slice(b"\r\nServer: glasshttp\r\n");
        match self.framing {
            _ if !self.status.can_have_body() => {}
            Framing::Length(length) => {
                out.extend_from_slice(b"Content-Length: ");
                out.extend_from_slice(itoa::Buffer::new().format(length).as_bytes());
                out.extend_from_slice(b"\r\n");
            }
            Framing::Chunked => out.extend_from_slice(b"Transfer-Encoding: chunked\r\n"),
            Framing::UntilClose => {}
        }
        // To stay open is what 1.1 expects and 1.0 does not (RFC 9112 section 9.3).
        match (self.keep_alive, self.request_version) {
            (true, Version::Http11) => {}
            (true, Version::Http10) => out.extend_from_slice(b"Connection: keep-alive\r\n"),
            (false, _) => out.extend_from_slice(b"Connection: close\r\n"),
        }
        for lines in self.headers.parts() {
            out.extend_from_slice(lines);
        }
        // A browser that guesses at types would run what was only meant to be looked at: let it not
        // guess, whatever the response is.
        out.extend_from_slice(b"X-Content-Type-Options: nosniff\r\n\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(status: Status, keep_alive: bool, request_version: Version) -> String {
        let mut headers = Headers::default();
        headers.push("X", "y");
        let date = &date::imf_fixdate(0);
        let framing = Framing::Length(7);
        let head = Head { status, headers: &headers, framing, date, keep_alive, request_version };
        let mut out = Vec::new();
        head.render(&mut out);
        String::from_utf8(out).expect("ASCII")
    }

    #[test]
    fn a_head_is_a_status_line_fields_and_a_blank_line() {
        let expected = "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nServer: glasshttp\r\n\
                        Content-Length: 7\r\nX: y\r\nX-Content-Type-Options: nosniff\r\n\r\n";
        assert_eq!(rendered(Status::OK, true, Version::Http11), expected);
    }

    #[test]
    fn the_connection_field_says_what_the_version_does_not() {
        assert!(rendered(Status::OK, false, Version::Http11).contains("\r\nConnection: close\r\n"));
        assert!(rendered(Status::OK, false, Version::Http10).contains("\r\nConnection: close\r\n"));
        assert!(rendered(Status::OK, true, Version::Http10).contains("\r\nConnection: keep-alive\r\n"));
    }

    #[test]
    fn a_status_without_body_has_no_length() {
        for status in [Status::NO_CONTENT, Status::NOT_MODIFIED] {
            assert!(!rendered(status, true, Version::Http11).contains("Content-Length"));
        }
    }
}
