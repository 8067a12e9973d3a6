//! Which representation of a file goes out (RFC 9110 sections 8.4 and 12.5.3): the file as it is, a compressed file
//! that lies beside it, or what the server compresses.
//!
//! ```text
//! > GET /app.js HTTP/1.1
//! > Accept-Encoding: gzip, br
//!
//! app.js.br   exists, and is not older than app.js     --precompressed: it goes out, Content-Encoding: br
//! app.js.gz   would be next
//! app.js      is text                                  --compress: else it is compressed, here with br
//! app.js      else goes out as it is
//! ```
//!
//! A compressed file beside the original comes before what the server would compress: it was compressed with more
//! care, its length is known, and parts of it can be sent. A client that accepts nothing of all this gets the file
//! as it is; a 406 would help nobody.
//!
//! The plain case is neither option: [`Site::select`] settles the form at once and hands the file to
//! [`Site::represent`], which reads a small file into memory for the cache and leaves a large one on disk. The cache
//! may keep a representation only if all that the selection rests on can be checked again; [`Selection`] collects
//! that.

use super::Site;
use super::cache::{self, Grounds};
use super::coding::{Wanted, is_compressed};
use super::compress::{self, Compression, Means};
use super::effort::{Effort, Takes};
use super::facts::Facts;
use super::media_type::{self, Look};
use super::read_file;
use super::representation::{Etags, Form, Representation, Subject, name_of};
use super::root::{OpenFile, Opened};
use crate::base::trace::{self, Rfc, quote, show};
use crate::http::Status;
use crate::http::coding::Coding;
use std::sync::Arc;

/// The largest file whose digest a worker makes, in bytes: it takes a tenth of a millisecond.
const MAX_BRIEFLY_DIGESTED: u64 = 128 * 1024;

/// What a selection rests on, and under which key the cache keeps its outcome.
struct Selection<'a> {
    site: &'a Site,
    key: Option<&'a [u8]>,
    /// `None` if the outcome cannot be kept.
    grounds: Option<Grounds>,
}

impl<'a> Selection<'a> {
    /// A selection that rests on one file so far. Without a key, or for a file that may not be kept, nothing is
    /// collected.
    fn of(
        site: &'a Site,
        key: Option<&'a [u8]>,
        relative: &[u8],
        facts: &Facts,
        may_be_kept: bool,
    ) -> Selection<'a> {
        let trail = if key.is_some() && may_be_kept { site.root.trail(relative) } else { None };
        Selection { site, key, grounds: trail.map(|trail| Grounds::of(trail, facts.clone())) }
    }

    /// It rests on what is at this path, too; `None` for nothing.
    fn rests_on(&mut self, relative: &[u8], facts: Option<&Facts>) {
        let trail = self.site.root.trail(relative);
        let can_be_kept = facts.is_none_or(|facts| self.site.cache.would_keep(facts));
        match (&mut self.grounds, trail) {
            (Some(grounds), Some(trail)) if can_be_kept => grounds.others.push((trail, facts.cloned())),
            (grounds, _) => *grounds = None,
        }
    }

    /// Whether the cache will keep what becomes of this file.
    fn will_keep(&self, facts: &Facts) -> bool {
        self.grounds.is_some() && self.site.cache.would_keep(facts)
    }

    /// Puts its outcome, which is in memory, into the cache.
    fn keep(self, representation: &Arc<Representation>) {
        if let (Some(key), Some(grounds)) = (self.key, self.grounds) {
            self.site.cache.keep(key, grounds, Arc::clone(representation));
        }
    }
}

impl Site {
    /// Selects a file's representation for a client that accepts these codings. The cache keeps it under `key`, if
    /// there is one and the file permits.
    pub(super) fn select(
        &self,
        file: OpenFile,
        relative: &[u8],
        key: Option<&[u8]>,
        wanted: &Wanted,
        effort: Effort,
    ) -> Result<Arc<Representation>, Takes> {
        let mut subject = self.subject(&file, relative);
        if let Some(form) = self.only_form(&mut subject, wanted) {
            let may_be_kept = self.cache.would_keep(&file.facts);
            let selection = Selection::of(self, key, relative, &file.facts, may_be_kept);
            return self.represent(file, subject, form, selection, effort);
        }
        // The file itself may be too large for the cache, and the one beside it small enough.
        let mut selection = Selection::of(self, key, relative, &file.facts, file.facts.is_settled());
        if let Some((coding, beside)) = self.find_beside(&file, relative, wanted, &mut selection) {
            return self.represent(beside, subject, Form::Precompressed(coding), selection, effort);
        }
        let will_be_kept = selection.will_keep(&file.facts);
        let content_type = &subject.content.content_type;
        let means = Means { will_be_kept, effort, places: &self.compressing, helpers: self.helpers.as_ref() };
        match compress::compress_file(wanted.compressor, &file, content_type, &means) {
            Compression::Done { original, compressed, coding } => {
                let made = Representation::compressed(compressed, &original, &file.facts, subject, coding);
                let made = Arc::new(made);
                if will_be_kept {
                    selection.keep(&made);
                }
                Ok(made)
            }
            Compression::Pending(pending) => {
                Ok(Arc::new(Representation::to_be_compressed(file, subject, pending)))
            }
            Compression::Takes(what) => Err(Takes { what, key: key.map(Into::into) }),
            not => {
                if matches!(not, Compression::NotNow) {
                    selection.grounds = None;
                }
                let varies = self.options.codings.can_vary(name_of(relative), content_type);
                let form = if varies { Form::Identity } else { Form::Plain };
                self.represent(file, subject, form, selection, effort)
            }
        }
    }

    /// The form of a file that has but one for this request, whatever codings the client accepts.
    fn only_form(&self, subject: &mut Subject<'_>, wanted: &Wanted) -> Option<Form> {
        let name = name_of(subject.relative);
        match (subject.content.coding, media_type::packed(name)) {
            (Some(coding), _) => Some(Form::Named(coding)),
            (None, Some((coding, inner))) => {
                let form = wanted.form_of_packed(coding);
                if form == Form::Loaded(coding) {
                    trace::decision("coding", None, || {
                        let text = "Sec-Fetch-Dest says that a page loads it: so it is";
                        ("loaded", format!("{text} {}, coded", quote(inner)))
                    });
                    subject.content = media_type::of(inner, Look::default());
                }
                Some(form)
            }
            // The script for live reload is put into a page while it is sent: it goes out as it is.
            (None, None) if self.options.codings.are_off() || subject.script.is_some() => Some(Form::Plain),
            (None, None) => None,
        }
    }

    /// What is known of a file beside its bytes.
    pub(super) fn subject<'a>(&'a self, file: &OpenFile, relative: &'a [u8]) -> Subject<'a> {
        let name = name_of(relative);
        let is_page = media_type::is_page(name);
        Subject {
            relative,
            content: self.versions.content(file, name),
            cache_control: self.options.cache_control.value(relative, is_page),
            script: (self.options.script && is_page).then_some(&self.script_tag),
            etags: self.options.etags,
            versions: &self.versions,
        }
    }

    /// The file beside this one in the best coding that the client accepts. One that is older than the file was
    /// not made anew after the file changed, and does not count.
    fn find_beside(
        &self,
        file: &OpenFile,
        relative: &[u8],
        wanted: &Wanted,
        selection: &mut Selection<'_>,
    ) -> Option<(Coding, OpenFile)> {
        // Beside a single file that is served, no other file is.
        if is_compressed(name_of(relative)) || self.root.single_file().is_some() {
            return None;
        }
        for &coding in &wanted.beside {
            let beside = [relative, b".", coding.extension().as_bytes()].concat();
            match self.root.open(&beside) {
                Ok(Opened::File(found)) if found.facts.modified >= file.facts.modified => {
                    trace::decision("coding", Rfc(9110, "12.5.3"), || {
                        let text =
                            format!("the client takes {}, and {} is there", coding.name(), quote(&beside));
                        ("beside", text, show(name_of(&beside)))
                    });
                    selection.rests_on(&beside, Some(&found.facts));
                    return Some((coding, found));
                }
                Ok(Opened::File(old)) => {
                    trace::decision("coding", None, || {
                        let text =
                            format!("{} is older than the file itself: it is passed over", quote(&beside));
                        ("older", text, show(name_of(&beside)))
                    });
                    selection.rests_on(&beside, Some(&old.facts));
                }
                Err(refusal) if refusal.status == Status::NOT_FOUND => selection.rests_on(&beside, None),
                // Something else has this name, or it cannot be opened.
                Ok(Opened::Directory(_)) | Err(_) => selection.grounds = None,
            }
        }
        None
    }

    /// A file's representation in one form: in memory and in the cache if the cache can keep it, else on disk.
    fn represent(
        &self,
        file: OpenFile,
        subject: Subject<'_>,
        form: Form,
        selection: Selection<'_>,
        effort: Effort,
    ) -> Result<Arc<Representation>, Takes> {
        let will_be_kept = selection.will_keep(&file.facts);
        // The entity tag of a small file is made of its bytes if the file may still be changing, if it was sent
        // while it was, or if --etag content asks for that.
        let must_be_read = file.facts.length <= cache::MAX_FILE
            && (!file.facts.is_settled()
                || subject.etags == Etags::Content
                || self.versions.young(&file.facts).is_some());
        if must_be_read
            && effort == Effort::Brief
            && file.facts.length > MAX_BRIEFLY_DIGESTED
            && !self.versions.has_digest(&file.facts)
        {
            let what = format!("making an entity tag of all {} bytes", file.facts.length);
            return Err(Takes { what, key: selection.key.map(Into::into).filter(|_| will_be_kept) });
        }
        let bytes = match read_file::read_to_find_out(&file, effort) {
            read_file::Found::AsSaid => {
                (will_be_kept || must_be_read).then(|| read_file::read(&file)).flatten()
            }
            read_file::Found::All(bytes) => {
                let subject = subject.seen(Look::at(&bytes, true));
                return Ok(Arc::new(Representation::made_when_read(bytes, subject, form)));
            }
            read_file::Found::More(start) => {
                let subject = subject.seen(Look::at(&start, false));
                return Ok(Arc::new(Representation::read_to_its_end(file, subject, form)));
            }
            read_file::Found::Takes(takes) => return Err(takes),
        };
        let Some(bytes) = bytes else {
            return Ok(Arc::new(Representation::on_disk(file, subject, form)));
        };
        let representation = Arc::new(Representation::in_memory(bytes, &file.facts, subject, form));
        if will_be_kept {
            selection.keep(&representation);
        }
        Ok(representation)
    }
}
