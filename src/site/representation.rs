//! A file as it is sent: type, validators, and as much of it as is asked for.
//!
//! ```text
//! Content-Type: text/html; charset=utf-8
//! Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT
//! ETag: "18f-2ee0c1a2d4b5c000-18ea6516b3332d73-9a2b"   size, both times in nanoseconds, inode
//! Accept-Ranges: bytes
//! Cache-Control: no-cache                 keep it, but ask before using it
//! ```
//!
//! The same file can have several representations, one for each content coding; each has a tag of its
//! own, and each says so ([`super::coding`] chooses):
//!
//! ```text
//! Content-Encoding: gzip
//! ETag: "18f-2ee0c1a2d4b5c000-18ea6516b3332d73-9a2b-gzip"
//! Vary: Accept-Encoding
//! ```

#[cfg(feature = "compress")]
use super::compress::Making;
use super::facts::{self, Facts};
use super::media_type::{self, Content, Look};
use super::root::OpenFile;
use super::script;
use super::versions::{Digest, Versions, digest_of, read_at};
use crate::answer::{Body, FilePart, Next, Piece, Response, Source, Stream};
use crate::base::platform::status;
use crate::base::random;
use crate::base::trace::{self, Rfc, quote};
use crate::http::coding::Coding;
use crate::http::conditional::{self, History, LastModified, Outcome, Validators};
use crate::http::range::{self, Ranges};
use crate::http::{Headers, Method, Request, Status, date};
use std::borrow::Cow;
use std::fmt::Write;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::sync::Arc;

/// What entity tags are made of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Etags {
    /// Of what the file system says: no byte has to be read for that.
    #[default]
    Facts,
    /// Of the bytes, so that copies have the same wherever they are and whenever they were made.
    Content,
}

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
    /// As it is, which is coded: that belongs to what its name says (`.svgz`).
    Named(Coding),
    /// A file that is coded already (`app.js.gz`), to a page that loads it: it means what is inside.
    Loaded(Coding),
    /// The same, to who wants the file.
    Saved,
    /// The same, to a page that would load it if it could read that coding.
    Unread,
}

impl Form {
    fn coding(self) -> Option<Coding> {
        match self {
            Form::Plain | Form::Identity | Form::Saved | Form::Unread => None,
            Form::Precompressed(coding)
            | Form::Compressed(coding)
            | Form::Named(coding)
            | Form::Loaded(coding) => Some(coding),
        }
    }

    /// Whether it has a tag of its own beside that of the file.
    fn tag_suffix(self) -> Option<Coding> {
        self.coding().filter(|_| !matches!(self, Form::Named(_)))
    }

    /// By which fields of a request another form might be chosen.
    fn varies_by(self) -> Option<&'static str> {
        match self {
            Form::Plain | Form::Named(_) => None,
            Form::Identity | Form::Precompressed(_) | Form::Compressed(_) => Some("Accept-Encoding"),
            Form::Saved => Some("Sec-Fetch-Dest"),
            Form::Loaded(_) | Form::Unread => Some("Sec-Fetch-Dest, Accept-Encoding"),
        }
    }
}

/// What is known of a file beside its bytes, for each of its representations.
#[derive(Debug)]
pub struct Subject<'a> {
    /// Where it is, from the root.
    pub relative: &'a [u8],
    /// What it is.
    pub content: Content,
    /// The value of Cache-Control.
    pub cache_control: &'a str,
    /// What tags are made of.
    pub etags: Etags,
    /// What is known of versions.
    pub versions: &'a Arc<Versions>,
}

/// The last part of a path.
pub(super) fn name_of(relative: &[u8]) -> &[u8] {
    relative.rsplit(|&byte| byte == b'/').next().unwrap_or_default()
}

impl Subject<'_> {
    /// The same of which these first bytes were seen since.
    #[must_use]
    pub fn seen(self, look: Look) -> Self {
        Subject { content: media_type::of(name_of(self.relative), look), ..self }
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
    /// Another version may have that, too.
    is_ambiguous: bool,
    /// The weak one that these bytes had when the file was young, if somebody was told it.
    young_tag: Option<String>,
    date: Option<Date>,
    /// The fields by which a client or cache knows it again: in 200, 206, 304 and 412.
    validators: Arc<[u8]>,
    /// All fields of a 200, the answer that is given most.
    fields_of_whole: Arc<[u8]>,
    /// If its bytes are not there yet, but made of the source's while they are sent.
    #[cfg(feature = "compress")]
    making: Option<Making>,
    /// How long it is nobody knows before it is read to its end.
    is_endless: bool,
}

/// The date of a version, and what is needed to tell whether it is of this one alone.
#[derive(Debug)]
struct Date {
    seconds: u64,
    is_the_systems: bool,
    /// Under which name it is told.
    name: Box<[u8]>,
    facts: Facts,
    versions: Arc<Versions>,
}

impl Date {
    /// The date of this version, if it has one. It is noted as told: whoever is sent this is told it.
    fn of(subject: &Subject<'_>, facts: &Facts, form: Form) -> Option<Date> {
        let seconds = facts.date()?;
        // The file that lies beside another has a date of its own.
        let beside = match form {
            Form::Precompressed(coding) => coding.extension(),
            _ => "",
        };
        let name = [subject.relative, b"\0", beside.as_bytes()].concat().into_boxed_slice();
        subject.versions.tell(&name, seconds, facts);
        let (is_the_systems, versions) = (facts.date_is_the_systems(), Arc::clone(subject.versions));
        Some(Date { seconds, is_the_systems, name, facts: facts.clone(), versions })
    }
}

impl History for Date {
    fn is_over(&self, date: u64) -> bool {
        facts::date_is_over(date)
    }

    fn named_another(&self, date: u64) -> bool {
        self.versions.date_named_another(&self.name, date, &self.facts)
    }
}

impl Representation {
    /// The representation of a file whose bytes stay on disk.
    pub fn on_disk(opened: OpenFile, subject: Subject<'_>, form: Form) -> Representation {
        let (file, facts) = (Arc::new(opened.file), &opened.facts);
        let digest = match subject.etags {
            Etags::Content => subject.versions.digest_of_large(&file, facts),
            Etags::Facts => None,
        };
        let (etag, is_ambiguous) = match digest {
            Some(digest) => (tag_of_content(&digest, form), false),
            None if facts.is_settled() => (tag_of_facts(facts, form), false),
            // It may be another one in a moment, and nothing would show it: nobody may take it for this one.
            None => (ambiguous_tag(facts, form), true),
        };
        let date = Date::of(&subject, facts, form);
        let made = Representation::new(Source::Disk(file), facts.length, subject, form, etag, date);
        Representation { is_ambiguous, ..made }
    }

    /// The representation of a file whose bytes were read, and were all of that version.
    pub fn in_memory(bytes: Arc<[u8]>, facts: &Facts, subject: Subject<'_>, form: Form) -> Representation {
        let etag = tag_of_bytes(&bytes, facts, &subject, form);
        let young_tag = young_tag(&bytes, facts, &subject, form);
        let date = Date::of(&subject, facts, form);
        let length = bytes.len() as u64;
        let made = Representation::new(Source::Memory(bytes), length, subject, form, etag, date);
        Representation { young_tag, ..made }
    }

    /// The representation of what the system makes when it is read, so that its length was a guess, and its
    /// times say nothing of it.
    pub fn made_when_read(bytes: Vec<u8>, subject: Subject<'_>, form: Form) -> Representation {
        trace::step("length", Rfc(9110, "8.6"), || {
            format!(
                "the file system does not know how long this is; read to its end, it is {} bytes",
                bytes.len()
            )
        });
        let (etag, length) = (tag_of_content(&digest_of(&bytes), form), bytes.len() as u64);
        Representation::new(Source::Memory(bytes.into()), length, subject, form, etag, None)
    }

    /// The same where that is more than is kept in memory: it is read while it is sent.
    pub fn read_to_its_end(opened: OpenFile, subject: Subject<'_>, form: Form) -> Representation {
        trace::step("length", Rfc(9112, "7.1"), || {
            "the file system does not know how long this is, so it is read until it ends".to_owned()
        });
        let etag = weak_tag(&opened.facts, &random::word(), form);
        let source = Source::Disk(Arc::new(opened.file));
        let made = Representation::new(source, 0, subject, form, etag, None);
        Representation { is_endless: true, ..made }
    }

    /// What a coding has made of a file with these bytes.
    #[cfg(feature = "compress")]
    pub fn compressed(
        compressed: Vec<u8>,
        bytes: &[u8],
        facts: &Facts,
        subject: Subject<'_>,
        coding: Coding,
    ) -> Representation {
        let form = Form::Compressed(coding);
        let etag = tag_of_bytes(bytes, facts, &subject, form);
        let young_tag = young_tag(bytes, facts, &subject, form);
        let date = Date::of(&subject, facts, form);
        let length = compressed.len() as u64;
        let made = Representation::new(Source::Memory(compressed.into()), length, subject, form, etag, date);
        Representation { young_tag, ..made }
    }

    /// What a coding will make of a file, while it is sent.
    #[cfg(feature = "compress")]
    pub fn to_be_compressed(opened: OpenFile, subject: Subject<'_>, making: Making) -> Representation {
        let form = Form::Compressed(making.coding());
        let file = Representation::on_disk(opened, subject, form);
        Representation { making: Some(making), ..file }
    }

    fn new(
        source: Source,
        length: u64,
        subject: Subject<'_>,
        form: Form,
        etag: String,
        date: Option<Date>,
    ) -> Representation {
        Representation {
            form,
            source,
            length,
            script: None,
            content_type: subject.content.content_type,
            etag,
            is_ambiguous: false,
            young_tag: None,
            date,
            validators: Arc::default(),
            fields_of_whole: Arc::default(),
            #[cfg(feature = "compress")]
            making: None,
            is_endless: false,
        }
        .with_fields(subject.cache_control)
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
        if let Some(date) = &self.date {
            validators.push("Last-Modified", date::imf_fixdate(date.seconds));
        }
        validators.push("ETag", &self.etag);
        validators.push("Cache-Control", cache_control);
        if let Some(fields) = self.form.varies_by() {
            validators.push("Vary", fields);
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
        self.script.is_none() && !self.is_endless && !matches!(self.form, Form::Compressed(_))
    }

    /// Of what is coded by us nothing is said: parts of the file as it is can be had.
    fn push_accept_ranges(&self, headers: &mut Headers) {
        match (&self.script, self.form) {
            (Some(_), _) => headers.push("Accept-Ranges", "none"),
            (None, _) if self.is_endless => headers.push("Accept-Ranges", "none"),
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
        let last_modified = self.date.as_ref().map(|date| LastModified {
            seconds: date.seconds,
            is_the_systems: date.is_the_systems,
            history: date,
        });
        let young_tag = self.young_tag.as_deref();
        Validators { etag: &self.etag, is_ambiguous: self.is_ambiguous, young_tag, last_modified }
    }

    /// By which fields a client may get another one.
    pub fn varies_by(&self) -> Option<&'static str> {
        self.form.varies_by()
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
                "{length} bytes of {content_type}, by the file's name and its first bytes{coded}; this version \
                 has the tag {etag}"
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
                parts => self.several_parts(parts).unwrap_or_else(|| self.whole()),
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
        if let (true, Source::Disk(file)) = (self.is_endless, &self.source) {
            return Body::Stream(Box::new(ToItsEnd { file: Arc::clone(file), offset: 0 }));
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
    /// and a line that no part can be taken to hold stands between them. `None` if with all their heads
    /// they are more than the whole.
    fn several_parts(&self, parts: &[Range<u64>]) -> Option<Response> {
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
        let body = Body::Pieces(pieces);
        if body.length().is_none_or(|length| length > self.length) {
            trace::step("range", Rfc(9110, "14.2"), || {
                "the parts and their heads are more than the whole file: the whole goes out".to_owned()
            });
            return None;
        }
        Some(Response { status: Status::PARTIAL_CONTENT, headers, body })
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

/// All bytes of a file; `None` if they cannot be read, are more or fewer than its length says, or the file is
/// being written to.
pub(super) fn read(opened: &OpenFile) -> Option<Arc<[u8]>> {
    let mut bytes = vec![0; usize::try_from(opened.facts.length).ok()?];
    let count = read_at(&opened.file, &mut bytes, 0).ok()?;
    let facts_after = Facts::new(&status::of_open(&opened.file).ok()?);
    (count == bytes.len() && facts_after == opened.facts).then(|| bytes.into())
}

/// What a file is read to whose length may be a guess.
#[derive(Debug)]
pub(super) enum Found {
    /// It is as long as the file system says.
    AsSaid,
    /// All of it.
    All(Vec<u8>),
    /// More than is kept in memory, or what cannot be read to its end: this is its beginning.
    More(Vec<u8>),
}

const PAGE: usize = 4096;

/// The most that is read before a head is written, in bytes.
const MOST_READ: usize = 1024 * 1024;

/// Reads a file that has no room on a disk, as those of `/proc` and `/sys`, if it is not too long for that.
pub(super) fn read_to_find_out(opened: &OpenFile) -> Found {
    let said = usize::try_from(opened.facts.length).unwrap_or(usize::MAX);
    if !opened.facts.is_without_blocks || said > MOST_READ {
        return Found::AsSaid;
    }
    // Most are short: a first read of some pages tells all, and of an empty file that there is nothing.
    let mut bytes = Vec::new();
    // (Some want to be read in whole pages.)
    for room in [said.next_multiple_of(PAGE) + 4 * PAGE, MOST_READ + PAGE] {
        let before = bytes.len();
        bytes.resize(room, 0);
        match read_at(&opened.file, &mut bytes[before..], before as u64) {
            Ok(count) => bytes.truncate(before + count),
            // It waits for more, which nobody does here: what there was is all.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => bytes.truncate(before),
            // Whoever is sent it sees that it does not come to its end.
            Err(_) if said == 0 => {
                bytes.truncate(before);
                return Found::More(bytes);
            }
            Err(_) => return Found::AsSaid,
        }
        if bytes.len() < room {
            return if bytes.len() == said { Found::AsSaid } else { Found::All(bytes) };
        }
    }
    if said > 0 { Found::AsSaid } else { Found::More(bytes) }
}

/// A body that ends where its file does.
#[derive(Debug)]
struct ToItsEnd {
    file: Arc<File>,
    offset: u64,
}

impl Stream for ToItsEnd {
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

/// What a Range field came to, in words.
fn meaning_of(ranges: &Ranges) -> String {
    match ranges {
        Ranges::Ignore => {
            "is malformed, of an unknown unit, or a set of too many that overlap or are out of order; or the \
             file is empty: it is ignored, and the whole goes out"
                .to_owned()
        }
        Ranges::Unsatisfiable => "lies behind the end".to_owned(),
        Ranges::Satisfiable(parts) => match parts.as_slice() {
            [part] => format!("is the bytes {} to {}", part.start, part.end - 1),
            parts => format!("is {} parts, which go out in one answer with a border between", parts.len()),
        },
    }
}

/// The entity tag of a file (RFC 9110 section 8.8.3). Strong: whatever changes the bytes changes the time at
/// which the system noted a change, and that no program can set. The other time, which programs do set, is
/// in it, too, for file systems that keep but one (FAT). What a coding makes of a file has other bytes, and
/// so another tag (section 8.8.3.3).
fn tag_of_facts(facts: &Facts, form: Form) -> String {
    quoted(&in_hexadecimal(facts), form)
}

/// Length, both times in nanoseconds, and inode.
fn in_hexadecimal(facts: &Facts) -> String {
    let (modified, changed) = (nanoseconds(facts.modified), nanoseconds(facts.changed));
    let (length, inode) = (facts.length, facts.identity.1);
    format!("{length:x}-{modified:x}-{changed:x}-{inode:x}")
}

/// The tag of a file as long as it is so young that a second change could hide behind the same times. Weak, and
/// with something in it that is of these bytes alone: their digest.
fn weak_tag(facts: &Facts, own: &str, form: Form) -> String {
    format!("W/{}", quoted(&format!("{:x}-{own}", facts.length), form))
}

/// The same where they are too many to be read for that. It says what the file system says, so that all
/// instances give the same; and it is taken for no name of this version.
fn ambiguous_tag(facts: &Facts, form: Form) -> String {
    format!("W/{}", quoted(&format!("{}-young", in_hexadecimal(facts)), form))
}

/// The tag of a file whose bytes are here.
fn tag_of_bytes(bytes: &[u8], facts: &Facts, subject: &Subject<'_>, form: Form) -> String {
    match subject.etags {
        Etags::Content => tag_of_content(&subject.versions.digest(facts, bytes), form),
        Etags::Facts if facts.is_settled() => tag_of_facts(facts, form),
        Etags::Facts => {
            let digest = digest_of(bytes);
            subject.versions.note_young(facts, digest);
            weak_tag(facts, &hexadecimal(&digest), form)
        }
    }
}

/// The weak tag that these bytes were given when they were young. The times of the file are still the same, but
/// that alone says nothing: there may have been a change behind them.
fn young_tag(bytes: &[u8], facts: &Facts, subject: &Subject<'_>, form: Form) -> Option<String> {
    let told = subject.versions.young(facts).filter(|_| facts.is_settled())?;
    (told == digest_of(bytes)).then(|| weak_tag(facts, &hexadecimal(&told), form))
}

/// The tag that all files with these bytes have.
fn tag_of_content(digest: &Digest, form: Form) -> String {
    quoted(&hexadecimal(digest), form)
}

fn quoted(opaque: &str, form: Form) -> String {
    let coding = form.tag_suffix().map(|coding| format!("-{}", coding.name())).unwrap_or_default();
    format!("\"{opaque}{coding}\"")
}

fn nanoseconds((seconds, nanoseconds): facts::Time) -> i128 {
    i128::from(seconds) * 1_000_000_000 + i128::from(nanoseconds)
}

fn hexadecimal(digest: &Digest) -> String {
    digest.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A line that separates parts. It must not occur in the file, so it must not be guessable by
/// whoever wrote the file.
fn boundary() -> String {
    format!("glass-{}", random::word())
}
