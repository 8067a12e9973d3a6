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
//! The same file can have several representations, one for each content coding; each has an entity tag of its own,
//! and each says so:
//!
//! ```text
//! Content-Encoding: gzip
//! ETag: "18f-2ee0c1a2d4b5c000-18ea6516b3332d73-9a2b-gzip"
//! Vary: Accept-Encoding
//! ```
//!
//! The plain case: [`Representation::on_disk`] or [`Representation::in_memory`] writes the fields once, and
//! [`Representation::respond`] answers each request with them.
//!
//! | file | what it does |
//! |---|---|
//! | here | what a representation is, and its fields |
//! | `respond.rs` | the answer to a request: 200, 206, 304, 412 |
//! | `validators.rs` | entity tags and dates |

mod respond;
mod validators;

pub use validators::Etags;

use super::compress::PendingCompression;
use super::facts::Facts;
use super::media_type::{self, Content, Look};
use super::root::OpenFile;
use super::script;
use super::versions::Versions;
use crate::answer::Source;
use crate::base::random;
use crate::base::trace::{self, Rfc};
use crate::http::coding::Coding;
use crate::http::conditional::{LastModified, Validators};
use crate::http::{FieldLines, date};
use std::borrow::Cow;
use std::sync::Arc;
use validators::{Date, Tags};

/// The form in which a file is sent (RFC 9110 section 8.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As it is, whatever the client accepts.
    Plain,
    /// As it is, but a client that accepts other codings may get it coded.
    Identity,
    /// A coded file, in place of the one beside which it lies.
    Precompressed(Coding),
    /// Coded by the server.
    Compressed(Coding),
    /// As it is, which is coded: its name says so (`.svgz`).
    Named(Coding),
    /// A coded file (`app.js.gz`) for a page that loads it, and so means what is in it.
    Loaded(Coding),
    /// The same for a client that wants the file itself.
    Saved,
    /// The same for a page that would load it, but does not accept that coding.
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

    /// The coding that its entity tag names, so that it has another one than the file as it is.
    fn coding_in_tag(self) -> Option<Coding> {
        self.coding().filter(|_| !matches!(self, Form::Named(_)))
    }

    /// By which fields of a request another form might be selected.
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
    /// Its path from the root.
    pub relative: &'a [u8],
    /// What it is.
    pub content: Content,
    /// The value of Cache-Control.
    pub cache_control: &'a str,
    /// The line for live reload, if this is a page that gets it.
    pub script: Option<&'a Arc<str>>,
    /// What entity tags are made of.
    pub etags: Etags,
    /// What is known of versions.
    pub versions: &'a Arc<Versions>,
}

/// The last part of a path.
pub(super) fn name_of(relative: &[u8]) -> &[u8] {
    relative.rsplit(|&byte| byte == b'/').next().unwrap_or_default()
}

impl Subject<'_> {
    /// The same after a look at these first bytes.
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
    /// With the script in it, if it has one.
    length: u64,
    delivery: Delivery,
    /// Where the line for live reload is put in, and that line.
    script: Option<(u64, Arc<str>)>,
    content_type: Cow<'static, str>,
    tags: Tags,
    date: Option<Date>,
    /// The fields by which a client or cache knows it again: in 200, 206, 304 and 412.
    validators: Arc<[u8]>,
    /// All fields of a 200, the most frequent answer.
    fields_of_whole: Arc<[u8]>,
}

/// How its bytes come out of its source.
#[derive(Debug)]
enum Delivery {
    /// They are the source's.
    AsStored,
    /// They are made of the source's while they are sent.
    Compressed(PendingCompression),
    /// They are the source's, up to its end, and the length is known only there.
    ToTheEnd,
}

impl Representation {
    /// The representation of a file whose bytes stay on disk.
    pub fn on_disk(opened: OpenFile, subject: Subject<'_>, form: Form) -> Representation {
        Representation::of_file(opened, subject, form, Delivery::AsStored)
    }

    /// The representation of a file that is compressed while it is sent.
    pub fn to_be_compressed(
        opened: OpenFile,
        subject: Subject<'_>,
        pending: PendingCompression,
    ) -> Representation {
        let form = Form::Compressed(pending.coding());
        Representation::of_file(opened, subject, form, Delivery::Compressed(pending))
    }

    fn of_file(opened: OpenFile, subject: Subject<'_>, form: Form, delivery: Delivery) -> Representation {
        let (file, facts) = (Arc::new(opened.file), &opened.facts);
        let tags = Tags::of_file(&file, facts, &subject, form);
        let date = Date::of(&subject, facts, form);
        Representation::new((Source::Disk(file), facts.length), delivery, subject, form, tags, date)
    }

    /// The representation of a file whose bytes were read, and were all of that version.
    pub fn in_memory(bytes: Arc<[u8]>, facts: &Facts, subject: Subject<'_>, form: Form) -> Representation {
        let tags = Tags::of_bytes(&bytes, facts, &subject, form);
        Representation::of_bytes(bytes, facts, subject, form, tags)
    }

    /// The representation of what a coding has made of a file with these bytes.
    pub fn compressed(
        compressed: Vec<u8>,
        original: &[u8],
        facts: &Facts,
        subject: Subject<'_>,
        coding: Coding,
    ) -> Representation {
        let form = Form::Compressed(coding);
        let tags = Tags::of_bytes(original, facts, &subject, form);
        Representation::of_bytes(compressed.into(), facts, subject, form, tags)
    }

    fn of_bytes(
        bytes: Arc<[u8]>,
        facts: &Facts,
        subject: Subject<'_>,
        form: Form,
        tags: Tags,
    ) -> Representation {
        let date = Date::of(&subject, facts, form);
        let length = bytes.len() as u64;
        Representation::new((Source::Memory(bytes), length), Delivery::AsStored, subject, form, tags, date)
    }

    /// The representation of a file that the system generates when it is read (`/proc`): its length was a guess, and
    /// its times say nothing about its bytes.
    #[track_caller]
    pub fn made_when_read(bytes: Vec<u8>, subject: Subject<'_>, form: Form) -> Representation {
        trace::decision("length", Rfc(9110, "8.6"), || {
            format!(
                "the file system does not know how long this is; read to its end, it is {} bytes",
                bytes.len()
            )
        });
        let tags = Tags::of_content(&bytes, form);
        let length = bytes.len() as u64;
        let source = (Source::Memory(bytes.into()), length);
        Representation::new(source, Delivery::AsStored, subject, form, tags, None)
    }

    /// The same where that is more than is kept in memory: it is read while it is sent.
    #[track_caller]
    pub fn read_to_its_end(opened: OpenFile, subject: Subject<'_>, form: Form) -> Representation {
        trace::decision("length", Rfc(9112, "7.1"), || {
            "the file system does not know how long this is, so it is read until it ends".to_owned()
        });
        let tags = Tags::of_this_answer(&opened.facts, &random::word(), form);
        let source = (Source::Disk(Arc::new(opened.file)), 0);
        Representation::new(source, Delivery::ToTheEnd, subject, form, tags, None)
    }

    fn new(
        (source, length): (Source, u64),
        delivery: Delivery,
        subject: Subject<'_>,
        form: Form,
        tags: Tags,
        date: Option<Date>,
    ) -> Representation {
        let mut representation = Representation {
            form,
            source,
            length,
            delivery,
            script: None,
            content_type: subject.content.content_type,
            tags,
            date,
            validators: Arc::default(),
            fields_of_whole: Arc::default(),
        };
        if let Some(line) = subject.script {
            representation.add_script(line);
        }
        representation.write_fields(subject.cache_control);
        representation
    }

    /// Puts the line for live reload into a page. That is another representation, so its entity tag is another one,
    /// too, and it is sent only in whole.
    fn add_script(&mut self, line: &Arc<str>) {
        if !matches!(self.delivery, Delivery::AsStored) {
            return;
        }
        if let Some(at) = script::place_in(&self.source, self.length) {
            self.script = Some((at, Arc::clone(line)));
            self.length += line.len() as u64;
            self.tags.mark("-r");
        }
    }

    /// Writes the fields once, for all answers.
    fn write_fields(&mut self, cache_control: &str) {
        let mut validators = FieldLines::default();
        if let Some(date) = &self.date {
            validators.push("Last-Modified", date::imf_fixdate(date.seconds));
        }
        validators.push("ETag", &self.tags.etag);
        validators.push("Cache-Control", cache_control);
        if let Some(fields) = self.form.varies_by() {
            validators.push("Vary", fields);
        }
        self.validators = validators.share();
        let mut whole = self.fields_of_content();
        whole.push_lines(&self.validators);
        self.push_accept_ranges(&mut whole);
        self.fields_of_whole = whole.share();
    }

    /// What the bytes are: type and coding.
    fn fields_of_content(&self) -> FieldLines {
        let mut headers = FieldLines::default();
        headers.push("Content-Type", &*self.content_type);
        if let Some(coding) = self.form.coding() {
            headers.push("Content-Encoding", coding.name());
        }
        headers
    }

    /// Whether parts of it can be sent. A page with the script in it has none, and neither has what the server
    /// compresses: a request for a part gets one of the file as it is.
    fn has_parts(&self) -> bool {
        self.script.is_none()
            && !matches!(self.delivery, Delivery::ToTheEnd)
            && !matches!(self.form, Form::Compressed(_))
    }

    /// Says whether parts of it can be sent. Of what the server compresses it says nothing, since parts of the file
    /// as it is can be.
    fn push_accept_ranges(&self, headers: &mut FieldLines) {
        match (self.has_parts(), self.form) {
            (true, _) => headers.push("Accept-Ranges", "bytes"),
            (false, Form::Compressed(_)) => {}
            (false, _) => headers.push("Accept-Ranges", "none"),
        }
    }

    /// How many bytes it has in whole; of one that is compressed while it is sent, those of the file.
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
        let Tags { etag, is_ambiguous, young } = &self.tags;
        Validators { etag, is_ambiguous: *is_ambiguous, young_tag: young.as_deref(), last_modified }
    }

    /// By which fields of a request another representation might be selected.
    pub fn varies_by(&self) -> Option<&'static str> {
        self.form.varies_by()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Request;
    use crate::site::root::{Opened, Root};

    #[test]
    fn what_is_read_to_its_end_says_that_it_has_no_parts() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("a.txt"), "one").expect("written");
        let root = Root::open_path(folder.path(), false).expect("it can be read");
        let Ok(Opened::File(file)) = root.open(b"a.txt") else { panic!("it exists") };
        let subject = Subject {
            relative: b"a.txt",
            content: media_type::of(b"a.txt", Look::default()),
            cache_control: "no-cache",
            script: None,
            etags: Etags::default(),
            versions: &Arc::default(),
        };
        let request = Request::parse(b"GET / HTTP/1.1\r\nHost: a\r\nRange: bytes=0-0\r\n\r\n").expect("good");
        let response = Representation::read_to_its_end(file, subject, Form::Plain).respond(&request);
        assert_eq!((response.status.code(), response.headers.get("accept-ranges")), (200, Some("none")));
    }
}
