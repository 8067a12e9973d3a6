//! A file as it is sent: type, validators, and as much of it as is asked for.
//!
//! ```text
//! Content-Type: text/html; charset=utf-8
//! Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT
//! ETag: "18f-2ee0c1a2d4b5c000-9a2b"       size, time of change in nanoseconds, inode
//! Accept-Ranges: bytes
//! Cache-Control: no-cache                 keep it, but ask before using it
//! ```

use super::root::OpenFile;
use super::{Body, FilePart, Piece, Response, media_type};
use crate::http::conditional::{self, Outcome, Validators};
use crate::http::range::{self, Ranges};
use crate::http::{Headers, Method, Request, Status, date};
use std::borrow::Cow;
use std::fs::{File, Metadata};
use std::ops::Range;
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A file that changed less than this ago may change again without its time of change showing it:
/// file systems keep that in steps of some milliseconds, a few in steps of two seconds.
const UNSETTLED: Duration = Duration::from_secs(2);

/// What a target names, in the one form that it has here: a file's bytes.
#[derive(Debug)]
pub struct Representation {
    file: Arc<File>,
    length: u64,
    content_type: Cow<'static, str>,
    etag: String,
    last_modified: u64,
}

impl Representation {
    /// The representation of an open file. Its name decides the type.
    pub fn of_file(opened: OpenFile, name: &[u8]) -> Representation {
        let OpenFile { file, metadata } = opened;
        Representation {
            file: Arc::new(file),
            length: metadata.len(),
            content_type: media_type::of(name),
            etag: etag(&metadata, SystemTime::now()),
            last_modified: last_modified(&metadata, SystemTime::now()),
        }
    }

    /// How many bytes it has in whole.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Answers a GET or HEAD with what its preconditions and its range ask for: 200, 206, 304, 412,
    /// or 416 without a body.
    pub fn respond(self, request: &Request<'_>, cache_control: &str) -> Response {
        let fields = &request.fields;
        let validators = Validators { etag: &self.etag, last_modified: self.last_modified };
        // RFC 9110 section 13.2.1: preconditions come before the range.
        match conditional::evaluate(fields, &validators) {
            Outcome::NotModified => return self.without_body(Status::NOT_MODIFIED, cache_control),
            Outcome::Failed => return self.without_body(Status::PRECONDITION_FAILED, cache_control),
            Outcome::Proceed => {}
        }
        // Ranges are for GET alone (section 14.2).
        let ranges = match fields.get_single("range") {
            Some(value) if request.method == Method::Get && conditional::if_range(fields, &validators) => {
                range::evaluate(value, self.length)
            }
            _ => Ranges::Ignore,
        };
        match ranges {
            Ranges::Ignore => self.whole(Status::OK, cache_control),
            Ranges::Unsatisfiable => Response {
                status: Status::RANGE_NOT_SATISFIABLE,
                headers: Headers::default(),
                body: Body::Empty,
            },
            Ranges::Satisfiable(parts) => match parts.as_slice() {
                [part] => self.part(part.clone(), cache_control),
                parts => self.several_parts(parts, cache_control),
            },
        }
    }

    /// Answers with the whole file and an error's status. No preconditions and no ranges: those
    /// concern what was asked for, and this is not it.
    pub fn respond_as_error(self, status: Status) -> Response {
        let mut headers = Headers::default();
        headers.push("Content-Type", &*self.content_type);
        headers.push("Cache-Control", "no-cache");
        // Who does not take HTML gets a line of text instead.
        headers.push("Vary", "Accept");
        Response { status, headers, body: Body::File(FilePart { file: self.file, range: 0..self.length }) }
    }

    fn whole(self, status: Status, cache_control: &str) -> Response {
        let mut headers = Headers::default();
        headers.push("Content-Type", &*self.content_type);
        self.push_validators(&mut headers, cache_control);
        headers.push("Accept-Ranges", "bytes");
        Response { status, headers, body: Body::File(FilePart { file: self.file, range: 0..self.length }) }
    }

    /// RFC 9110 section 15.3.7.1.
    fn part(self, part: Range<u64>, cache_control: &str) -> Response {
        let mut headers = Headers::default();
        headers.push("Content-Type", &*self.content_type);
        headers.push("Content-Range", range::content_range(&part, self.length));
        self.push_validators(&mut headers, cache_control);
        headers.push("Accept-Ranges", "bytes");
        let body = Body::File(FilePart { file: self.file, range: part });
        Response { status: Status::PARTIAL_CONTENT, headers, body }
    }

    /// RFC 9110 section 15.3.7.2, in the syntax of section 14.6: each part has a head of its own,
    /// and a line that no part can be taken to hold stands between them.
    fn several_parts(self, parts: &[Range<u64>], cache_control: &str) -> Response {
        let boundary = boundary();
        let mut headers = Headers::default();
        headers.push("Content-Type", format!("multipart/byteranges; boundary={boundary}"));
        self.push_validators(&mut headers, cache_control);
        headers.push("Accept-Ranges", "bytes");
        let mut pieces = Vec::with_capacity(parts.len() * 2 + 1);
        for part in parts {
            let head = format!(
                "\r\n--{boundary}\r\nContent-Type: {}\r\nContent-Range: {}\r\n\r\n",
                self.content_type,
                range::content_range(part, self.length)
            );
            pieces.push(Piece::Bytes(head.into_bytes()));
            pieces.push(Piece::File(FilePart { file: Arc::clone(&self.file), range: part.clone() }));
        }
        pieces.push(Piece::Bytes(format!("\r\n--{boundary}--\r\n").into_bytes()));
        Response { status: Status::PARTIAL_CONTENT, headers, body: Body::Pieces(pieces) }
    }

    /// 304 has the fields that a cache needs to refresh its copy (RFC 9110 section 15.4.5); for 412
    /// they say what the file is now.
    fn without_body(&self, status: Status, cache_control: &str) -> Response {
        let mut headers = Headers::default();
        self.push_validators(&mut headers, cache_control);
        Response { status, headers, body: Body::Empty }
    }

    fn push_validators(&self, headers: &mut Headers, cache_control: &str) {
        headers.push("Last-Modified", date::imf_fixdate(self.last_modified));
        headers.push("ETag", &self.etag);
        headers.push("Cache-Control", cache_control);
    }
}

/// The time of the last change, but never one in the future (RFC 9110 section 8.8.2.1).
fn last_modified(metadata: &Metadata, now: SystemTime) -> u64 {
    let now = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    u64::try_from(metadata.mtime()).unwrap_or(0).min(now)
}

/// The entity tag of a file (RFC 9110 section 8.8.3). Strong, since size, time and inode change
/// when the bytes do. As long as the file is so young that a second change could hide, it is weak,
/// and it has the time in it at which the system last noted a change of any kind, which no program
/// can set. So it does not match the strong one that follows: who has the file from that time gets
/// it once again.
fn etag(metadata: &Metadata, now: SystemTime) -> String {
    let settled_since = metadata.modified().ok().and_then(|modified| now.duration_since(modified).ok());
    // A time in the future is no more to be trusted than a recent one.
    let weak = if settled_since.is_some_and(|age| age >= UNSETTLED) { "" } else { "W/" };
    let changed = match weak {
        "" => String::new(),
        _ => format!("-{:x}.{:x}", metadata.ctime(), metadata.ctime_nsec()),
    };
    let nanoseconds = i128::from(metadata.mtime()) * 1_000_000_000 + i128::from(metadata.mtime_nsec());
    format!("{weak}\"{:x}-{nanoseconds:x}-{:x}{changed}\"", metadata.len(), metadata.ino())
}

/// A line that separates parts. It must not occur in the file, so it must not be guessable by
/// whoever wrote the file: random keys of the standard library's hash maps make it.
fn boundary() -> String {
    use std::hash::{BuildHasher, RandomState};
    format!("glass-{:016x}", RandomState::new().hash_one(()))
}
