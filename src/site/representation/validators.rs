//! What tells one version of a representation from another: entity tags (RFC 9110 section 8.8.3) and dates.
//!
//! ```text
//! "18f-2ee0c1a2d4b5c000-18ea6516b3332d73-9a2b"        length, both times, inode: no byte has to be read
//! "18f-2ee0c1a2d4b5c000-18ea6516b3332d73-9a2b-gzip"   what gzip makes of it has other bytes (section 8.8.3.3)
//! "b3c5...-gzip"                                      --etag content: a digest of the bytes
//! W/"18f-b3c5..."                                     a young file: its length and a digest of its bytes
//! W/"18f-...-9a2b-young"                              a young file too large to be read: ambiguous
//! ```
//!
//! A *young* file changed so recently that another change could leave the same times behind
//! ([`Facts::is_settled`]). The plain case is a settled file: the first line.

use super::{Form, Subject};
use crate::http::conditional::History;
use crate::site::facts::{self, Facts};
use crate::site::versions::{Digest, Versions, digest_of};
use std::fmt::Write;
use std::fs::File;
use std::sync::Arc;

/// What entity tags are made of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Etags {
    /// Of what the file system says of a file: no byte has to be read.
    #[default]
    Facts,
    /// Of the bytes, so that copies have the same tag, wherever they are and whenever they were made.
    Content,
}

/// The entity tag of a representation, and what is to be known about it.
#[derive(Debug)]
pub(super) struct Tags {
    pub(super) etag: String,
    /// Another version may have the same.
    pub(super) is_ambiguous: bool,
    /// The weak tag that a client may know these bytes by, from when the file was young.
    pub(super) young: Option<String>,
}

impl Tags {
    fn only(etag: String) -> Tags {
        Tags { etag, is_ambiguous: false, young: None }
    }

    /// Those of a file whose bytes stay on disk.
    pub(super) fn of_file(file: &Arc<File>, facts: &Facts, subject: &Subject<'_>, form: Form) -> Tags {
        let digest = match subject.etags {
            Etags::Content => subject.versions.digest_of_large(file, facts),
            Etags::Facts => None,
        };
        match digest {
            Some(digest) => Tags::only(tag_of_digest(&digest, form)),
            None if facts.is_settled() => Tags::only(tag_of_facts(facts, form)),
            // In a moment the file may hold other bytes, and nothing would show that: no client may take them for
            // the same.
            None => Tags { is_ambiguous: true, ..Tags::only(ambiguous_tag(facts, form)) },
        }
    }

    /// Those of a file with these bytes.
    pub(super) fn of_bytes(bytes: &[u8], facts: &Facts, subject: &Subject<'_>, form: Form) -> Tags {
        let etag = match subject.etags {
            Etags::Content => tag_of_digest(&subject.versions.digest(facts, bytes), form),
            Etags::Facts if facts.is_settled() => tag_of_facts(facts, form),
            Etags::Facts => {
                let digest = digest_of(bytes);
                subject.versions.note_young(facts, digest);
                weak_tag(facts, &hexadecimal(&digest), form)
            }
        };
        Tags { young: young_tag(bytes, facts, subject, form), ..Tags::only(etag) }
    }

    /// Those of bytes that belong to no file on a disk.
    pub(super) fn of_content(bytes: &[u8], form: Form) -> Tags {
        Tags::only(tag_of_digest(&digest_of(bytes), form))
    }

    /// Those of bytes that nobody has seen yet: a tag that no other answer has.
    pub(super) fn of_this_answer(facts: &Facts, word: &str, form: Form) -> Tags {
        Tags::only(weak_tag(facts, word, form))
    }

    /// Appends to the tag, within its quotes.
    pub(super) fn mark(&mut self, mark: &str) {
        self.etag.insert_str(self.etag.len() - 1, mark);
    }
}

/// The Last-Modified date of a version, and what is needed to tell whether no other version had it.
#[derive(Debug)]
pub(super) struct Date {
    pub(super) seconds: u64,
    pub(super) is_the_systems: bool,
    /// The name for which it is remembered.
    name: Box<[u8]>,
    facts: Facts,
    versions: Arc<Versions>,
}

impl Date {
    /// The date of this version, if it has one. It is remembered as told, since the answer will tell it.
    pub(super) fn of(subject: &Subject<'_>, facts: &Facts, form: Form) -> Option<Date> {
        let seconds = facts.date()?;
        // A compressed file beside the original has a date of its own.
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

/// The entity tag of a settled file. It is strong: whatever changes the bytes changes the ctime, which no program can
/// set. The mtime, which programs do set, is part of it for file systems that keep only one time (FAT).
fn tag_of_facts(facts: &Facts, form: Form) -> String {
    quoted(&in_hexadecimal(facts), form)
}

/// Length, both times in nanoseconds, and inode.
fn in_hexadecimal(facts: &Facts) -> String {
    let (modified, changed) = (nanoseconds(facts.modified), nanoseconds(facts.changed));
    let (length, inode) = (facts.length, facts.identity.1);
    format!("{length:x}-{modified:x}-{changed:x}-{inode:x}")
}

/// The tag of a young file. It is weak, and names what is true of these bytes alone: their digest.
fn weak_tag(facts: &Facts, own: &str, form: Form) -> String {
    format!("W/{}", quoted(&format!("{:x}-{own}", facts.length), form))
}

/// The tag of a young file with too many bytes to be read for that. It says what the file system says, so that all
/// instances of the server give the same; and a precondition that names it never holds.
fn ambiguous_tag(facts: &Facts, form: Form) -> String {
    format!("W/{}", quoted(&format!("{}-young", in_hexadecimal(facts)), form))
}

/// The weak tag that these bytes had when the file was young. The file still has the same times, but that alone proves
/// nothing: a change may have left them as they were.
fn young_tag(bytes: &[u8], facts: &Facts, subject: &Subject<'_>, form: Form) -> Option<String> {
    let told = subject.versions.young(facts).filter(|_| facts.is_settled())?;
    (told == digest_of(bytes)).then(|| weak_tag(facts, &hexadecimal(&told), form))
}

/// The tag of all files with these bytes.
fn tag_of_digest(digest: &Digest, form: Form) -> String {
    quoted(&hexadecimal(digest), form)
}

fn quoted(opaque: &str, form: Form) -> String {
    let coding = form.coding_in_tag().map(|coding| format!("-{}", coding.name())).unwrap_or_default();
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
