//! The answer to a GET or HEAD of a representation: the whole, a part, several parts, or no body at all.
//!
//! ```text
//! (no precondition, no range)                200 OK, the whole
//! If-None-Match: "(its entity tag)"          304 Not Modified
//! If-Match: "(another)"                      412 Precondition Failed
//! Range: bytes=0-499                         206 Partial Content
//! Range: bytes=0-0,500-                      206 Partial Content, multipart/byteranges
//! Range: bytes=99999-                        416 Range Not Satisfiable, to which the site gives a body
//! ```
//!
//! The plain case is the first line: `evaluate` finds no precondition, and `whole` takes the fields as they were
//! written once.

use super::{Delivery, Representation};
use crate::answer::{Body, FilePart, Next, Piece, Response, Source, Stream};
use crate::base::random;
use crate::base::trace::{self, Rfc, quote};
use crate::http::conditional::{self, Outcome};
use crate::http::range::{self, Ranges};
use crate::http::{FieldLines, Method, Request, Status};
use crate::site::versions::read_at;
use std::fs::File;
use std::ops::Range;
use std::sync::Arc;

impl Representation {
    /// Answers a GET or HEAD with what its preconditions and its range ask for: 200, 206, 304, 412,
    /// or 416 without a body.
    pub fn respond(&self, request: &Request<'_>) -> Response {
        let response = self.respond_within(request, usize::MAX);
        response.unwrap_or_else(|parts| unreachable!("{parts} parts are not too many"))
    }

    /// The same with so many parts at most.
    ///
    /// # Errors
    /// How many there would be.
    pub(in crate::site) fn respond_within(
        &self,
        request: &Request<'_>,
        most: usize,
    ) -> Result<Response, usize> {
        let fields = &request.fields;
        trace::decision("representation", Rfc(9110, "8"), || {
            let (length, content_type, etag) = (self.length, &self.content_type, &self.tags.etag);
            let coded = match self.form.coding() {
                Some(coding) => format!(", coded as {}", coding.name()),
                None => String::new(),
            };
            format!(
                "{length} bytes of {content_type}, by the file's name and its first bytes{coded}; this version \
                 has the tag {etag}"
            )
        });
        if let Some((at, line)) = &self.script {
            trace::decision("script", None, || {
                let text = format!(
                    "a script of {} bytes is added behind the first {at}, for --reload: so the tag is \
                     another one, and there are no ranges",
                    line.len()
                );
                ("no ranges", text)
            });
        }
        let validators = self.validators();
        // RFC 9110 section 14.2: a range counts only if the answer without it would be 200.
        match conditional::evaluate(fields, &validators, true) {
            Outcome::NotModified => return Ok(self.without_body(Status::NOT_MODIFIED)),
            Outcome::Failed => return Ok(self.without_body(Status::PRECONDITION_FAILED)),
            Outcome::Proceed => {}
        }
        // Section 14.2: a range has a meaning for GET alone.
        let ranges = match fields.get_single("range") {
            // RFC 9110 section 14.2: a server may ignore the Range field.
            _ if !self.has_parts() => Ranges::Ignore,
            Some(value) if request.method == Method::Get && conditional::if_range(fields, &validators) => {
                let ranges = range::evaluate(value, self.length);
                trace::decision("range", Rfc(9110, "14.2"), || {
                    let (outcome, meaning) = meaning_of(&ranges);
                    (outcome, format!("Range {} of {} bytes {meaning}", quote(value), self.length))
                });
                ranges
            }
            _ => Ranges::Ignore,
        };
        Ok(match ranges {
            Ranges::Ignore => self.whole(),
            Ranges::Unsatisfiable => Response {
                status: Status::RANGE_NOT_SATISFIABLE,
                headers: FieldLines::default(),
                body: Body::Empty,
            },
            Ranges::Satisfiable(parts) => match parts.as_slice() {
                [part] => self.part(part.clone()),
                // Clients would apply the Content-Encoding to the whole body, boundaries and all. To send
                // everything is always right (section 14.2).
                _ if self.form.coding().is_some() => {
                    trace::decision("range", Rfc(9110, "14.2"), || {
                        (
                            "coded",
                            "several parts of what is coded would not be understood: the whole".to_owned(),
                        )
                    });
                    self.whole()
                }
                parts if parts.len() > most => return Err(parts.len()),
                parts => self.several_parts(parts).unwrap_or_else(|| self.whole()),
            },
        })
    }

    /// Answers with the whole file and an error's status. Preconditions and ranges do not apply: they are about what
    /// was asked for, and this is something else.
    pub fn respond_as_error(&self, status: Status) -> Response {
        let mut headers = FieldLines::default();
        headers.push("Content-Type", &*self.content_type);
        headers.push("Cache-Control", "no-cache");
        // A client that does not accept HTML gets a line of text instead.
        headers.push("Vary", "Accept");
        Response { status, headers, body: self.whole_body() }
    }

    fn whole(&self) -> Response {
        let headers = FieldLines::from_shared(Arc::clone(&self.fields_of_whole));
        Response { status: Status::OK, headers, body: self.whole_body() }
    }

    fn whole_body(&self) -> Body {
        match (&self.delivery, &self.source, &self.script) {
            (Delivery::Compressed(pending), ..) => Body::Stream(pending.start(self.bytes(0..self.length))),
            (Delivery::ToTheEnd, Source::Disk(file), _) => {
                Body::Stream(Box::new(ToTheEnd { file: Arc::clone(file), offset: 0 }))
            }
            (.., Some((at, line))) => {
                let part = |range| Piece::File(self.bytes(range));
                let end = self.length - line.len() as u64;
                Body::Pieces(vec![part(0..*at), Piece::Bytes(line.as_bytes().to_vec()), part(*at..end)])
            }
            (.., None) => Body::File(self.bytes(0..self.length)),
        }
    }

    /// RFC 9110 section 15.3.7.1.
    fn part(&self, part: Range<u64>) -> Response {
        let mut headers = FieldLines::from_shared(Arc::clone(&self.fields_of_whole));
        headers.push("Content-Range", range::content_range(&part, self.length).as_str());
        Response { status: Status::PARTIAL_CONTENT, headers, body: Body::File(self.bytes(part)) }
    }

    /// RFC 9110 section 15.3.7.2, in the syntax of section 14.6: each part has a head of its own, and a boundary
    /// that occurs in no part stands between them. `None` if with all their heads they are longer than the whole.
    fn several_parts(&self, parts: &[Range<u64>]) -> Option<Response> {
        let boundary = boundary();
        let mut headers = FieldLines::default();
        headers.push("Content-Type", format!("multipart/byteranges; boundary={boundary}"));
        headers.push_lines(&self.validators);
        headers.push("Accept-Ranges", "bytes");
        let mut pieces = Vec::with_capacity(parts.len() * 2 + 1);
        for part in parts {
            let head = format!(
                "\r\n--{boundary}\r\nContent-Type: {}\r\nContent-Range: {}\r\n\r\n",
                self.content_type,
                range::content_range(part, self.length)
            );
            pieces.push(Piece::Bytes(head.into_bytes()));
            pieces.push(Piece::File(self.bytes(part.clone())));
        }
        pieces.push(Piece::Bytes(format!("\r\n--{boundary}--\r\n").into_bytes()));
        let body = Body::Pieces(pieces);
        if body.length().is_none_or(|length| length > self.length) {
            trace::decision("range", Rfc(9110, "14.2"), || {
                let text = "the parts and their heads are more than the whole file: the whole goes out";
                ("longer than the whole", text.to_owned())
            });
            return None;
        }
        Some(Response { status: Status::PARTIAL_CONTENT, headers, body })
    }

    /// 304 has the fields that a cache needs to refresh its copy (RFC 9110 section 15.4.5); in a 412 they say which
    /// version exists now.
    fn without_body(&self, status: Status) -> Response {
        let headers = FieldLines::from_shared(Arc::clone(&self.validators));
        Response { status, headers, body: Body::Empty }
    }

    fn bytes(&self, range: Range<u64>) -> FilePart {
        FilePart { source: self.source.clone(), range }
    }
}

/// A body that ends where its file does.
#[derive(Debug)]
struct ToTheEnd {
    file: Arc<File>,
    offset: u64,
}

impl Stream for ToTheEnd {
    fn next(&mut self) -> Next {
        let mut piece = vec![0; 64 * 1024];
        match read_at(&self.file, &mut piece, self.offset) {
            Ok(0) => Next::End,
            Ok(count) => {
                piece.truncate(count);
                self.offset += count as u64;
                Next::Piece(piece)
            }
            Err(_) => Next::Broken,
        }
    }
}

/// What a Range field means, in words.
fn meaning_of(ranges: &Ranges) -> (&'static str, String) {
    match ranges {
        Ranges::Ignore => {
            let meaning = "is malformed, of an unknown unit, or a set of too many that overlap or are out of \
                           order; or the file is empty: it is ignored, and the whole goes out";
            ("ignored", meaning.to_owned())
        }
        Ranges::Unsatisfiable => ("behind the end", "lies behind the end".to_owned()),
        Ranges::Satisfiable(parts) => match parts.as_slice() {
            [part] => ("part", format!("is the bytes {} to {}", part.start, part.end - 1)),
            parts => {
                let meaning = "parts, which go out in one answer with a border between";
                ("parts", format!("is {} {meaning}", parts.len()))
            }
        },
    }
}

/// What separates the parts. It must not occur in the file, so nobody who writes the file can be allowed to guess it.
fn boundary() -> String {
    format!("glass-{}", random::word())
}
