//! Where a request's body ends (RFC 9112 section 6).
//!
//! After the head comes the body, and after the body the next request. A server that is wrong about where the body ends
//! reads a part of it as a request. That is request smuggling, and it works whenever two servers in a row disagree. So
//! there are three answers here and a refusal for everything else, and after a refusal the connection closes, because
//! nobody knows where the next request would begin.
//!
//! | fields | body |
//! |---|---|
//! | neither | none |
//! | `Content-Length: 12` | 12 bytes |
//! | `Transfer-Encoding: chunked` | chunks, see [`super::chunked`] |
//! | anything else | 400, or 501 for a coding that the server does not know; then close |

use super::request::Version;
use super::{Refusal, Request, Status};
use crate::base::trace::{self, Rfc};

/// How a request's body is delimited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// No body: the next request follows the head.
    None,
    /// This many bytes.
    Length(u64),
    /// Chunks, the last of size zero.
    Chunked,
}

impl Framing {
    /// How many bytes of content follow the head, if that is known before they come.
    pub fn length(self) -> Option<u64> {
        match self {
            Framing::None => Some(0),
            Framing::Length(length) => Some(length),
            Framing::Chunked => None,
        }
    }

    /// Decides by RFC 9112 section 6.3. A method does not matter: even GET may carry a body.
    ///
    /// # Errors
    /// 400 (or 501) when it is not beyond doubt where the body ends.
    pub fn of(request: &Request<'_>) -> Result<Framing, Refusal> {
        let framing = Framing::decide(request)?;
        trace::decision("framing", Rfc(9112, "6.3"), || match framing {
            Framing::None => "neither Content-Length nor Transfer-Encoding announces a body: \
                              the next request begins behind the blank line"
                .to_owned(),
            Framing::Length(length) => format!("Content-Length: a body of {length} bytes follows"),
            Framing::Chunked => "Transfer-Encoding: a body follows in chunks".to_owned(),
        });
        Ok(framing)
    }

    fn decide(request: &Request<'_>) -> Result<Framing, Refusal> {
        let mut codings = request.fields.get_all("transfer-encoding").peekable();
        if codings.peek().is_none() {
            return content_length(request);
        }
        // Rule 3: both at once is how requests are smuggled.
        if request.fields.get("content-length").is_some() {
            return Err(Refusal::bad_request(
                "a request must not have both Content-Length and Transfer-Encoding",
            )
            .by(Rfc(9112, "6.3")));
        }
        // Section 6.1: a 1.0 client does not know chunks, so an intermediary is faulty.
        if request.version == Version::Http10 {
            return Err(
                Refusal::bad_request("Transfer-Encoding does not exist in HTTP/1.0").by(Rfc(9112, "6.1"))
            );
        }
        let members: Vec<_> = request.fields.list("transfer-encoding").collect();
        let is_chunked = |coding: &&[u8]| coding.eq_ignore_ascii_case(b"chunked");
        match (codings.next(), codings.next()) {
            (Some(only), None) if only.eq_ignore_ascii_case(b"chunked") => Ok(Framing::Chunked),
            // Rule 4: with chunked last, the end could be found but the content not be read.
            _ if members.len() > 1 && members.iter().position(is_chunked) == Some(members.len() - 1) => {
                Err(Refusal::new(Status::NOT_IMPLEMENTED, "the only transfer coding taken here is chunked")
                    .by(Rfc(9112, "6.1")))
            }
            _ => {
                Err(Refusal::bad_request("Transfer-Encoding must be exactly \"chunked\"")
                    .by(Rfc(9112, "6.3")))
            }
        }
    }
}

/// RFC 9112 section 6.3 rules 5 and 6: several values are taken if all are the same.
fn content_length(request: &Request<'_>) -> Result<Framing, Refusal> {
    let mut length = None;
    for value in request.fields.get_all("content-length").flat_map(|line| line.split(|&byte| byte == b',')) {
        let this = parse_length(super::fields::trim(value)).ok_or_else(|| {
            Refusal::bad_request("Content-Length must be a number of bytes, in digits").by(Rfc(9112, "6.3"))
        })?;
        if length.is_some_and(|before| before != this) {
            return Err(
                Refusal::bad_request("there are two different values of Content-Length").by(Rfc(9112, "6.3"))
            );
        }
        length = Some(this);
    }
    Ok(match length {
        None | Some(0) => Framing::None,
        Some(length) => Framing::Length(length),
    })
}

/// Digits only. `str::parse` takes a sign, and a sign is a doubt; it refuses overflow.
fn parse_length(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// What an `Expect` field asks for (RFC 9110 section 10.1.1).
///
/// # Errors
/// 417 for an expectation other than `100-continue`.
pub fn expects_continue(request: &Request<'_>) -> Result<bool, Refusal> {
    // Section 10.1.1: in a 1.0 request the field is ignored.
    if request.version == Version::Http10 {
        return Ok(false);
    }
    let mut expects = false;
    for member in request.fields.list("expect") {
        if !member.eq_ignore_ascii_case(b"100-continue") {
            return Err(Refusal::new(
                Status::EXPECTATION_FAILED,
                "the only expectation met here is 100-continue",
            )
            .by(Rfc(9110, "10.1.1")));
        }
        expects = true;
    }
    if expects {
        trace::decision("expectation", Rfc(9110, "10.1.1"), || {
            "the client waits to be told whether to send its body".to_owned()
        });
    }
    Ok(expects)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framing(version: &str, fields: &str) -> Result<Framing, u16> {
        let head = format!("POST / {version}\r\nHost: a\r\n{fields}\r\n");
        let request = Request::parse(head.as_bytes()).expect("a good head");
        Framing::of(&request).map_err(|refusal| refusal.status.code())
    }

    #[test]
    fn a_body_ends_where_the_fields_say_or_the_request_is_refused() {
        let table = [
            ("", Ok(Framing::None)),
            ("Content-Length: 0\r\n", Ok(Framing::None)),
            ("Content-Length: 12\r\n", Ok(Framing::Length(12))),
            ("Content-Length: 012\r\n", Ok(Framing::Length(12))),
            ("Content-Length: 18446744073709551615\r\n", Ok(Framing::Length(u64::MAX))),
            ("Content-Length: 5\r\nContent-Length: 5\r\n", Ok(Framing::Length(5))),
            ("Content-Length: 5, 5\r\n", Ok(Framing::Length(5))),
            ("Content-Length: 18446744073709551616\r\n", Err(400)),
            ("Content-Length: 5\r\nContent-Length: 6\r\n", Err(400)),
            ("Content-Length: 5, 6\r\n", Err(400)),
            ("Content-Length: 5,\r\n", Err(400)),
            ("Content-Length:\r\n", Err(400)),
            ("Content-Length: +5\r\n", Err(400)),
            ("Content-Length: -5\r\n", Err(400)),
            ("Content-Length: 0x5\r\n", Err(400)),
            ("Content-Length: 5 5\r\n", Err(400)),
            ("Content-Length: 5;\r\n", Err(400)),
            ("Transfer-Encoding: chunked\r\n", Ok(Framing::Chunked)),
            ("Transfer-Encoding: Chunked\r\n", Ok(Framing::Chunked)),
            ("Transfer-Encoding: gzip, chunked\r\n", Err(501)),
            ("Transfer-Encoding: gzip, deflate, chunked\r\n", Err(501)),
            ("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", Err(501)),
            ("Transfer-Encoding: chunked, chunked\r\n", Err(400)),
            ("Transfer-Encoding: chunked,\r\n", Err(400)),
            ("Transfer-Encoding: chunked, gzip\r\n", Err(400)),
            ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", Err(400)),
            ("Transfer-Encoding: xchunked\r\n", Err(400)),
            ("Transfer-Encoding: \"chunked\"\r\n", Err(400)),
            ("Transfer-Encoding: chunked;x=y\r\n", Err(400)),
            ("Transfer-Encoding: identity\r\n", Err(400)),
            ("Transfer-Encoding:\r\n", Err(400)),
            ("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", Err(400)),
            ("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", Err(400)),
        ];
        for (fields, expected) in table {
            assert_eq!(framing("HTTP/1.1", fields), expected, "{fields}");
        }
        assert_eq!(framing("HTTP/1.0", "Transfer-Encoding: chunked\r\n"), Err(400));
        assert_eq!(framing("HTTP/1.0", "Content-Length: 3\r\n"), Ok(Framing::Length(3)));
    }

    #[test]
    fn the_one_expectation_is_100_continue() {
        let table = [
            ("HTTP/1.1", "", Ok(false)),
            ("HTTP/1.1", "Expect: 100-continue\r\n", Ok(true)),
            ("HTTP/1.1", "Expect: 100-Continue\r\n", Ok(true)),
            ("HTTP/1.1", "Expect: 200-ok\r\n", Err(417)),
            ("HTTP/1.1", "Expect: 100-continue, tea\r\n", Err(417)),
            ("HTTP/1.0", "Expect: 100-continue\r\n", Ok(false)),
        ];
        for (version, field, expected) in table {
            let head = format!("POST / {version}\r\nHost: a\r\n{field}\r\n");
            let request = Request::parse(head.as_bytes()).expect("a good head");
            assert_eq!(
                expects_continue(&request).map_err(|refusal| refusal.status.code()),
                expected,
                "{field}"
            );
        }
    }
}
