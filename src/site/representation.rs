//! A file as it is sent: type, validators, and as much of it as is asked for.
//!
//! ```text
//! Content-Type: text/html; charset=utf-8
//! Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT
//! ETag: "18f-2ee0c1a2d4b5c000-9a2b"       size, time of change in nanoseconds, inode
//! Accept-Ranges: bytes
//! Cache-Control: no-cache                 keep it, but ask before using it
//! ```
//!
//! The same file can have several representations, one for each content coding; each has a tag of its
//! own, and each says so ([`super::coding`] chooses):
//!
//! ```text
//! Content-Encoding: gzip
//! ETag: "18f-2ee0c1a2d4b5c000-9a2b-gzip"
//! Vary: Accept-Encoding
//! ```

#[cfg(feature = "compress")]
use super::compress::Making;
use super::facts::Facts;
use super::root::OpenFile;
use super::script;
use super::{Body, FilePart, Piece, Response, Source, media_type};
use crate::http::coding::Coding;
use crate::http::conditional::{self, Outcome, Validators};
use crate::http::range::{self, Ranges};
use crate::http::{Headers, Method, Request, Status, date};
use crate::random;
use crate::trace::{self, Rfc, quote};
use std::borrow::Cow;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// In which form a file is sent (RFC 9110 section 8.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As it is, whatever the client takes.
    Plain,
    /// As it is, but another client may get it coded.
    Identity,
    /// A file that is coded already, in place of another.
    Precompressed(Coding),
    /// Coded by us.
    Compressed(Coding),
}

impl Form {
    fn coding(self) -> Option<Coding> {
        match self {
            Form::Plain | Form::Identity => None,
            Form::Precompressed(coding) | Form::Compressed(coding) => Some(coding),
        }
    }
}

/// What a target names, as it is sent: a file's bytes, or those that a coding makes of them.
#[derive(Debug)]
pub struct Representation {
    form: Form,
    source: Source,
    length: u64,
    /// Where the script for live reload is added, if it is, and the line that does that.
    script: Option<(u64, Arc<str>)>,
    content_type: Cow<'static, str>,
    etag: String,
    last_modified: u64,
    /// The fields by which a client or cache knows it again: in 200, 206, 304 and 412.
    validators: Arc<[u8]>,
    /// All fields of a 200, the answer that is given most.
    fields_of_whole: Arc<[u8]>,
    /// If its bytes are not there yet, but made of the source's while they are sent.
    #[cfg(feature = "compress")]
    making: Option<Making>,
}

impl Representation {
    /// The representation of a file whose bytes stay on disk. Its name decides the type.
    pub fn on_disk(opened: OpenFile, name: &[u8], cache_control: &str, form: Form) -> Representation {
        Representation::new(Source::Disk(Arc::new(opened.file)), &opened.facts, name, cache_control, form)
    }

    /// The representation of a file whose bytes are read now; `None` if they cannot be, or the file
    /// is being written to.
    pub fn in_memory(
        opened: &OpenFile,
        name: &[u8],
        cache_control: &str,
        form: Form,
    ) -> Option<Representation> {
        let source = Source::Memory(read(opened)?.into());
        Some(Representation::new(source, &opened.facts, name, cache_control, form))
    }

    /// What a coding has made of a file.
    #[cfg(feature = "compress")]
    pub fn compressed(
        bytes: Vec<u8>,
        facts: &Facts,
        name: &[u8],
        cache_control: &str,
        coding: Coding,
    ) -> Representation {
        let length = bytes.len() as u64;
        let source = Source::Memory(bytes.into());
        let form = Form::Compressed(coding);
        Representation { length, ..Representation::new(source, facts, name, cache_control, form) }
    }

    /// What a coding will make of a file, while it is sent.
    #[cfg(feature = "compress")]
    pub fn to_be_compressed(
        opened: OpenFile,
        name: &[u8],
        cache_control: &str,
        making: Making,
    ) -> Representation {
        let form = Form::Compressed(making.coding());
        let file = Representation::on_disk(opened, name, cache_control, form);
        Representation { making: Some(making), ..file }
    }

    fn new(source: Source, facts: &Facts, name: &[u8], cache_control: &str, form: Form) -> Representation {
        Representation {
            form,
            source,
            length: facts.length,
            script: None,
            content_type: media_type::of(name),
            etag: etag(facts, form.coding()),
            last_modified: last_modified(facts),
            validators: Arc::default(),
            fields_of_whole: Arc::default(),
            #[cfg(feature = "compress")]
            making: None,
        }
        .with_fields(cache_control)
    }

    /// The same with the script for live reload in it, if it is a page: another representation, so
    /// its entity tag is another, too. It is sent only in whole.
    #[must_use]
    pub fn with_script(mut self, cache_control: &str, tag: &Arc<str>) -> Representation {
        if !self.content_type.starts_with("text/html") {
            return self;
        }
        let Some(at) = script::place_in(&self.source, self.length) else { return self };
        self.script = Some((at, Arc::clone(tag)));
        self.length += tag.len() as u64;
        self.etag.insert_str(self.etag.len() - 1, "-r");
        self.with_fields(cache_control)
    }

    /// Writes the fields, of what is known.
    #[must_use]
    fn with_fields(mut self, cache_control: &str) -> Representation {
        let mut validators = Headers::default();
        validators.push("Last-Modified", date::imf_fixdate(self.last_modified));
        validators.push("ETag", &self.etag);
        validators.push("Cache-Control", cache_control);
        if self.form != Form::Plain {
            validators.push("Vary", "Accept-Encoding");
        }
        self.validators = validators.share();
        let mut whole = self.fields_of_content();
        whole.push_lines(&self.validators);
        self.push_accept_ranges(&mut whole);
        self.fields_of_whole = whole.share();
        self
    }

    /// What the bytes are: type and coding.
    fn fields_of_content(&self) -> Headers {
        let mut headers = Headers::default();
        headers.push("Content-Type", &*self.content_type);
        if let Some(coding) = self.form.coding() {
            headers.push("Content-Encoding", coding.name());
        }
        headers
    }

    /// Of a page with the script in it no part can be had, nor of what we have coded: who asks for a part
    /// gets one of the file as it is.
    fn has_parts(&self) -> bool {
        self.script.is_none() && !matches!(self.form, Form::Compressed(_))
    }

    /// Of what is coded by us nothing is said: parts of the file as it is can be had.
    fn push_accept_ranges(&self, headers: &mut Headers) {
        match (&self.script, self.form) {
            (Some(_), _) => headers.push("Accept-Ranges", "none"),
            (None, Form::Compressed(_)) => {}
            (None, _) => headers.push("Accept-Ranges", "bytes"),
        }
    }

    /// How many bytes it has in whole; of one that is made while it is sent, those that it is made of.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// What tells this version of it from others.
    pub fn validators(&self) -> Validators<'_> {
        Validators { etag: &self.etag, last_modified: self.last_modified }
    }

    /// Whether a client that takes other codings may get another one.
    pub fn varies(&self) -> bool {
        self.form != Form::Plain
    }

    /// Answers a GET or HEAD with what its preconditions and its range ask for: 200, 206, 304, 412,
    /// or 416 without a body.
    pub fn respond(&self, request: &Request<'_>) -> Response {
        let fields = &request.fields;
        trace::step("representation", Rfc(9110, "8"), || {
            let (length, content_type, etag) = (self.length, &self.content_type, &self.etag);
            let coded = match self.form.coding() {
                Some(coding) => format!(", coded as {}", coding.name()),
                None => String::new(),
            };
            format!(
                "{length} bytes of {content_type}, by the file's name{coded}; this version has the tag {etag}"
            )
        });
        if let Some((at, tag)) = &self.script {
            trace::step("script", None, || {
                format!(
                    "a script of {} bytes is added behind the first {at}, for --reload: so the tag is \
                     another one, and there are no ranges",
                    tag.len()
                )
            });
        }
        let validators = self.validators();
        // RFC 9110 section 14.2: a range is looked at only if the answer without it would be 200.
        match conditional::evaluate(fields, &validators, true) {
            Outcome::NotModified => return self.without_body(Status::NOT_MODIFIED),
            Outcome::Failed => return self.without_body(Status::PRECONDITION_FAILED),
            Outcome::Proceed => {}
        }
        // Ranges are for GET alone (section 14.2).
        let ranges = match fields.get_single("range") {
            // RFC 9110 section 14.2: whoever does not want to take a Range field ignores it.
            _ if !self.has_parts() => Ranges::Ignore,
            Some(value) if request.method == Method::Get && conditional::if_range(fields, &validators) => {
                let ranges = range::evaluate(value, self.length);
                trace::step("range", Rfc(9110, "14.2"), || {
                    format!("Range {} of {} bytes {}", quote(value), self.length, meaning_of(&ranges))
                });
                ranges
            }
            _ => Ranges::Ignore,
        };
        match ranges {
            Ranges::Ignore => self.whole(),
            Ranges::Unsatisfiable => Response {
                status: Status::RANGE_NOT_SATISFIABLE,
                headers: Headers::default(),
                body: Body::Empty,
            },
            Ranges::Satisfiable(parts) => match parts.as_slice() {
                [part] => self.part(part.clone()),
                // Clients take Content-Encoding for one of the whole body, borders and all. To send
                // everything is always right (section 14.2).
                _ if self.form.coding().is_some() => self.whole(),
                parts => self.several_parts(parts),
            },
        }
    }

    /// Answers with the whole file and an error's status. No preconditions and no ranges: those
    /// concern what was asked for, and this is not it.
    pub fn respond_as_error(&self, status: Status) -> Response {
        let mut headers = Headers::default();
        headers.push("Content-Type", &*self.content_type);
        headers.push("Cache-Control", "no-cache");
        // Who does not take HTML gets a line of text instead.
        headers.push("Vary", "Accept");
        Response { status, headers, body: self.whole_body() }
    }

    fn whole(&self) -> Response {
        let headers = Headers::from_shared(Arc::clone(&self.fields_of_whole));
        Response { status: Status::OK, headers, body: self.whole_body() }
    }

    fn whole_body(&self) -> Body {
        #[cfg(feature = "compress")]
        if let Some(making) = &self.making {
            let bytes = FilePart { source: self.source.clone(), range: 0..self.length };
            return Body::Stream(making.start(bytes));
        }
        let Some((at, tag)) = &self.script else { return self.bytes(0..self.length) };
        let part = |range| Piece::File(FilePart { source: self.source.clone(), range });
        let end = self.length - tag.len() as u64;
        Body::Pieces(vec![part(0..*at), Piece::Bytes(tag.as_bytes().to_vec()), part(*at..end)])
    }

    /// RFC 9110 section 15.3.7.1.
    fn part(&self, part: Range<u64>) -> Response {
        let mut headers = self.fields_of_content();
        headers.push("Content-Range", range::content_range(&part, self.length));
        headers.push_lines(&self.validators);
        self.push_accept_ranges(&mut headers);
        Response { status: Status::PARTIAL_CONTENT, headers, body: self.bytes(part) }
    }

    /// RFC 9110 section 15.3.7.2, in the syntax of section 14.6: each part has a head of its own,
    /// and a line that no part can be taken to hold stands between them.
    fn several_parts(&self, parts: &[Range<u64>]) -> Response {
        let boundary = boundary();
        let mut headers = Headers::default();
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
            pieces.push(Piece::File(FilePart { source: self.source.clone(), range: part.clone() }));
        }
        pieces.push(Piece::Bytes(format!("\r\n--{boundary}--\r\n").into_bytes()));
        Response { status: Status::PARTIAL_CONTENT, headers, body: Body::Pieces(pieces) }
    }

    /// 304 has the fields that a cache needs to refresh its copy (RFC 9110 section 15.4.5); for 412
    /// they say what the file is now.
    fn without_body(&self, status: Status) -> Response {
        let headers = Headers::from_shared(Arc::clone(&self.validators));
        Response { status, headers, body: Body::Empty }
    }

    fn bytes(&self, range: Range<u64>) -> Body {
        Body::File(FilePart { source: self.source.clone(), range })
    }
}

/// All bytes of a file; `None` if they cannot be read, or the file is being written to.
pub(super) fn read(opened: &OpenFile) -> Option<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(opened.facts.length).ok()?];
    opened.file.read_exact_at(&mut bytes, 0).ok()?;
    let facts_after = Facts::new(&rustix::fs::fstat(&opened.file).ok()?);
    (facts_after == opened.facts).then_some(bytes)
}

/// What a Range field came to, in words.
fn meaning_of(ranges: &Ranges) -> String {
    match ranges {
        Ranges::Ignore => {
            "is malformed, of an unknown unit or too greedy: it is ignored, and the whole goes out".to_owned()
        }
        Ranges::Unsatisfiable => "lies behind the end".to_owned(),
        Ranges::Satisfiable(parts) => match parts.as_slice() {
            [part] => format!("is the bytes {} to {}", part.start, part.end - 1),
            parts => format!("is {} parts, which go out in one answer with a border between", parts.len()),
        },
    }
}

/// The time of the last change, but never one in the future (RFC 9110 section 8.8.2.1).
fn last_modified(facts: &Facts) -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    u64::try_from(facts.modified.0).unwrap_or(0).min(now)
}

/// The entity tag of a file (RFC 9110 section 8.8.3). Strong, since size, time and inode change
/// when the bytes do. As long as the file is so young that a second change could hide, it is weak,
/// and it has the time in it at which the system last noted a change of any kind, which no program
/// can set. So it does not match the strong one that follows: who has the file from that time gets
/// it once again. What a coding makes of a file has other bytes, and so another tag (section 8.8.3.3).
fn etag(facts: &Facts, coding: Option<Coding>) -> String {
    let (seconds, nanoseconds) = facts.modified;
    let nanoseconds = i128::from(seconds) * 1_000_000_000 + i128::from(nanoseconds);
    let (length, inode) = (facts.length, facts.identity.1);
    let coding = coding.map(|coding| format!("-{}", coding.name())).unwrap_or_default();
    if facts.is_settled() {
        format!("\"{length:x}-{nanoseconds:x}-{inode:x}{coding}\"")
    } else {
        let (seconds, rest) = facts.changed;
        format!("W/\"{length:x}-{nanoseconds:x}-{inode:x}-{seconds:x}.{rest:x}{coding}\"")
    }
}

/// A line that separates parts. It must not occur in the file, so it must not be guessable by
/// whoever wrote the file.
fn boundary() -> String {
    format!("glass-{}", random::word())
}
