//! A response's head: values in, bytes out.
//!
//! ```text
//! HTTP/1.1 200 OK␍␊                        status line
//! Date: Sun, 06 Nov 1994 08:49:37 GMT␍␊    fields: these four are the connection's ...
//! Server: glasshttp␍␊
//! Content-Length: 12␍␊
//! Connection: close␍␊
//! Content-Type: text/plain␍␊               ... these the application's ...
//! X-Content-Type-Options: nosniff␍␊        ... and every response has this one
//! ␍␊                                       blank line; the body follows
//! ```

use super::fields::{is_forbidden_in_value, is_token};
use super::request::Version;
use super::{FieldLines, Status, date};

/// What the head of a response is made of: the application's part, and what only the connection knows.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    /// The status.
    pub status: Status,
    /// The fields that the application gave the response.
    pub headers: &'a FieldLines,
    /// How the client learns where the body ends; in the answer to HEAD, how it would.
    pub delimiting: Delimiting,
    /// Now, as the Date field says it (RFC 9110 section 6.6.1).
    pub date: &'a [u8; date::LENGTH],
    /// Whether the connection stays open after this response.
    pub keep_alive: bool,
    /// The version that the request came in, if one was understood.
    pub request_version: Version,
    /// Fields that every response of this server has.
    pub own: &'a ExtraFields,
}

/// Fields that the user adds to every response. They replace the server's fields of the same names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExtraFields {
    headers: FieldLines,
    names: Vec<String>,
}

/// Fields that only the server can know: with other values, a client could not tell where a message ends, or when it
/// was sent.
const OURS: [&str; 5] = ["Content-Length", "Transfer-Encoding", "Connection", "Date", "Content-Range"];

impl ExtraFields {
    /// Adds a field.
    ///
    /// # Errors
    /// One line that says what is wrong with its name or value.
    pub fn push(&mut self, name: &str, value: &str) -> Result<(), String> {
        if !is_token(name.as_bytes()) {
            return Err(format!("\"{}\" cannot be the name of a header", name.escape_debug()));
        }
        if value.bytes().any(is_forbidden_in_value) {
            return Err(format!("the value of {name} holds a control character or a line end"));
        }
        if OURS.iter().any(|ours| ours.eq_ignore_ascii_case(name)) {
            return Err(format!("{name} is for the server to set: it depends on the answer"));
        }
        self.headers.push(name, value);
        self.names.push(name.to_owned());
        Ok(())
    }

    /// The names of all.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// Whether it has a field of this name.
    fn has(&self, name: &[u8]) -> bool {
        self.names.iter().any(|own| own.as_bytes().eq_ignore_ascii_case(name))
    }
}

/// Where a response's body ends (RFC 9112 section 6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delimiting {
    /// After this many bytes, as Content-Length says; in the answer to HEAD, as many as GET would get (RFC 9110 section
    /// 8.6).
    Length(u64),
    /// After the last chunk: the length of the body is not known when it begins.
    Chunked,
    /// Where the connection ends: the same for a 1.0 client, which does not know chunks.
    UntilClose,
}

impl Head<'_> {
    /// Appends the head, from the status line to the blank line.
    ///
    /// The status line says HTTP/1.1 to 1.0 clients too: it states the highest version that the
    /// server speaks (RFC 9110 section 2.5), and nothing else in the response needs 1.1.
    pub fn render(&self, out: &mut Vec<u8>) {
        // In few pieces: to append one costs about as much, however short it is.
        out.extend_from_slice(self.status.line_and_date());
        out.extend_from_slice(self.date);
        let is_replaced = self.own.has(b"Server");
        out.extend_from_slice(if is_replaced { b"\r\n" } else { b"\r\nServer: glasshttp\r\n" });
        match self.delimiting {
            _ if !self.status.can_have_body() => {}
            Delimiting::Length(length) => {
                out.extend_from_slice(b"Content-Length: ");
                out.extend_from_slice(itoa::Buffer::new().format(length).as_bytes());
                out.extend_from_slice(b"\r\n");
            }
            Delimiting::Chunked => out.extend_from_slice(b"Transfer-Encoding: chunked\r\n"),
            Delimiting::UntilClose => {}
        }
        // A 1.1 client expects that the connection stays open, and a 1.0 client does not (RFC 9112 section 9.3).
        match (self.keep_alive, self.request_version) {
            (true, Version::Http11) => {}
            (true, Version::Http10) => out.extend_from_slice(b"Connection: keep-alive\r\n"),
            (false, _) => out.extend_from_slice(b"Connection: close\r\n"),
        }
        // A browser that guesses at types would run what was only meant to be looked at. This tells it not to guess,
        // whatever the response is.
        const LAST: &[u8] = b"X-Content-Type-Options: nosniff\r\n\r\n";
        let [shared, added] = self.headers.parts();
        if self.own.names.is_empty() {
            out.extend_from_slice(shared);
            if !added.is_empty() {
                out.extend_from_slice(added);
            }
            return out.extend_from_slice(LAST);
        }
        self.push_lines(shared, out);
        self.push_lines(added, out);
        for lines in self.own.headers.parts() {
            out.extend_from_slice(lines);
        }
        self.push_lines(LAST, out);
    }

    /// Appends those of these lines that the user has not replaced.
    fn push_lines(&self, lines: &[u8], out: &mut Vec<u8>) {
        for line in lines.split_inclusive(|&byte| byte == b'\n') {
            let name = line.split(|&byte| byte == b':').next().unwrap_or_default();
            if !self.own.has(name) {
                out.extend_from_slice(line);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(status: Status, keep_alive: bool, request_version: Version) -> String {
        let mut headers = FieldLines::default();
        headers.push("X", "y");
        let date = &date::imf_fixdate(0);
        let delimiting = Delimiting::Length(7);
        let own = &ExtraFields::default();
        let head = Head { status, headers: &headers, delimiting, date, keep_alive, request_version, own };
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
    fn the_users_fields_stand_in_every_head_and_in_place_of_ours() {
        let mut own = ExtraFields::default();
        for (name, value) in
            [("cache-control", "max-age=1"), ("X-Mine", "a"), ("X-Mine", "b"), ("server", "s")]
        {
            own.push(name, value).expect("a good field");
        }
        let mut headers = FieldLines::default();
        headers.push("Cache-Control", "no-cache");
        headers.push("ETag", "\"a\"");
        let (status, delimiting, date) = (Status::OK, Delimiting::Length(7), &date::imf_fixdate(0));
        let request_version = Version::Http11;
        let head = Head {
            status,
            headers: &headers,
            delimiting,
            date,
            keep_alive: true,
            request_version,
            own: &own,
        };
        let mut out = Vec::new();
        head.render(&mut out);
        let expected = "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nContent-Length: 7\r\n\
                        ETag: \"a\"\r\ncache-control: max-age=1\r\nX-Mine: a\r\nX-Mine: b\r\nserver: s\r\n\
                        X-Content-Type-Options: nosniff\r\n\r\n";
        assert_eq!(String::from_utf8_lossy(&out), expected);
    }

    #[test]
    fn a_field_that_could_break_a_message_is_not_taken() {
        let table = [
            ("", "a"),
            ("A b", "c"),
            ("A", "b\r\nC: d"),
            ("A", "b\0"),
            ("content-length", "5"),
            ("Date", "now"),
        ];
        for (name, value) in table {
            assert!(ExtraFields::default().push(name, value).is_err(), "{name}: {value:?}");
        }
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
