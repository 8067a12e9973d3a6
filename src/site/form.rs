//! Files that a form sends (RFC 7578), from a page without scripts or with `curl -F`.
//!
//! ```text
//! $ curl -F file=@a.txt -F file=@b.txt http://localhost:8000/photos/
//! added a.txt
//! added b.txt
//! ```
//!
//! What holds for PUT ([`super::upload`]) holds here, for each file. A form is sent to a folder, and names its files
//! itself: of a path the last part counts (RFC 7578 section 4.2). Each file gets its name when *it* is whole,
//! so that one is open at a time and what has come need not come again; the one that is cut off leaves nothing.
//! A browser is led back to the folder by 303 (RFC 9110 section 15.4.4), so that to load the page again does not
//! send all again; everybody else gets a line for each file.
//!
//! Phones give the same name to all pictures that are chosen at once. So the second `image.jpg` of a form is
//! `image (2).jpg`, also where files may be replaced: it is not another version of the first.

use super::new_file::NewFile;
use super::root::Root;
use super::upload::{self, Reply, Upload};
use crate::answer::{Body, Receiver, Response};
use crate::base::human;
use crate::base::trace::{self, Rfc, quote};
use crate::http::multipart::{Decoder, Event, Part};
use crate::http::target::encode_segment;
use crate::http::{Headers, Refusal, Status};
use std::collections::HashSet;
use std::sync::Arc;

/// How much a form may have beside its files: heads, and fields that are no files.
const ROOM_FOR_THE_REST: u64 = 1024 * 1024;

/// How many of the files that came before it a refusal names.
const MAX_NAMED: usize = 5;

/// A form on its way.
#[derive(Debug)]
pub(super) struct IncomingForm {
    decoder: Decoder,
    root: Arc<Root>,
    /// The folder that it is sent to, from the root; empty for that.
    folder: Vec<u8>,
    upload: Upload,
    received: u64,
    part: CurrentPart,
    /// The files that are there, by the names that they have got, in the order in which they came.
    kept: Vec<Kept>,
    /// Names that this form has used.
    used: HashSet<Vec<u8>>,
    reply: Reply,
}

/// The part whose content comes now.
#[derive(Debug)]
enum CurrentPart {
    /// None, or a field that is no file: nobody wants it.
    NoFile,
    /// A place for a file, and none was chosen.
    NotChosen,
    File {
        file: NewFile,
        name: Vec<u8>,
        replaces: bool,
        received: u64,
    },
}

#[derive(Debug)]
struct Kept {
    name: Vec<u8>,
    replaced: bool,
}

/// How large a form may be in all. Its files can be sent one by one, too.
pub(super) fn check_length(length: u64, most: u64) -> Result<(), Refusal> {
    if length <= most.saturating_add(ROOM_FOR_THE_REST) {
        return Ok(());
    }
    let most = human::Bytes(most);
    let why = format!("the files of a form may have {most} together here; send them one by one");
    Err(Refusal::new(Status::CONTENT_TOO_LARGE, why))
}

impl IncomingForm {
    /// For a form that comes through this decoder, with files for this folder.
    pub(super) fn new(
        decoder: Decoder,
        root: &Arc<Root>,
        folder: Vec<u8>,
        reply: Reply,
        upload: Upload,
    ) -> IncomingForm {
        IncomingForm {
            decoder,
            root: Arc::clone(root),
            folder,
            upload,
            received: 0,
            part: CurrentPart::NoFile,
            kept: Vec::new(),
            used: HashSet::new(),
            reply,
        }
    }

    /// All that has come so far.
    fn go_on(&mut self) -> Result<(), Refusal> {
        let IncomingForm { decoder, root, folder, upload, part, kept, used, .. } = self;
        while let Some(event) = decoder.next()? {
            match event {
                Event::Part(head) => *part = begin(&head, root, folder, *upload, used)?,
                Event::Data(data) => match part {
                    CurrentPart::NoFile => {}
                    CurrentPart::NotChosen => {
                        return Err(Refusal::bad_request("a file of the form has no name"));
                    }
                    CurrentPart::File { file, name, received, .. } => {
                        *received += data.len() as u64;
                        let fits = *received <= upload.most;
                        let written =
                            if fits { file.write(data) } else { Err(upload::too_large(upload.most)) };
                        written.map_err(|refusal| about(name, refusal))?;
                    }
                },
                Event::PartEnd => {
                    if let CurrentPart::File { file, name, replaces, .. } =
                        std::mem::replace(part, CurrentPart::NoFile)
                    {
                        file.keep(upload.overwrite).map_err(|refusal| about(&name, refusal))?;
                        trace::step("upload", Rfc(7578, "4.2"), || {
                            format!("{} is whole, and has its name", quote(&name))
                        });
                        kept.push(Kept { name, replaced: replaces });
                    }
                }
            }
        }
        Ok(())
    }

    /// A refusal with what is there in spite of it, for who sends the rest again.
    fn with_what_is_kept(&self, mut refusal: Refusal) -> Refusal {
        if !self.kept.is_empty() {
            let names: Vec<_> = self.kept.iter().take(MAX_NAMED).map(|kept| quote(&kept.name)).collect();
            let more = match self.kept.len() - names.len() {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            refusal.why = format!("{}; taken before that: {}{more}", refusal.why, names.join(", ")).into();
        }
        refusal
    }

    fn outcome(&self) -> Result<(), Refusal> {
        if !self.decoder.is_whole() {
            let why = "the form ends before its last boundary";
            return Err(Refusal::bad_request(why).by(Rfc(2046, "5.1.1")));
        }
        if self.kept.is_empty() {
            return Err(Refusal::bad_request("no file was chosen: the form holds none"));
        }
        Ok(())
    }

    /// Back to the folder, where all of it can be seen.
    fn to_the_folder(&self) -> Response {
        trace::step("upload", Rfc(9110, "15.4.4"), || {
            "Accept names text/html: the browser is led to the folder".to_owned()
        });
        let mut headers = Headers::default();
        headers.push("Location", self.location(b""));
        headers.push("Cache-Control", "no-store");
        Response { status: Status::SEE_OTHER, headers, body: Body::Empty }
    }

    /// A line for each file.
    fn as_lines(&self) -> Response {
        let mut text = String::new();
        for Kept { name, replaced } in &self.kept {
            text.push_str(if *replaced { "replaced " } else { "added " });
            text.extend(String::from_utf8_lossy(name).chars().map(human::picture));
            text.push('\n');
        }
        let body = Body::Bytes(text.into_bytes());
        let mut response = Response::for_once("text/plain; charset=utf-8", body);
        if let Some(added) = self.kept.iter().find(|kept| !kept.replaced) {
            response.status = Status::CREATED;
            if let [_] = self.kept.as_slice() {
                response.headers.push("Location", self.location(&added.name));
            }
        }
        response
    }

    /// The folder, or a file in it, as a path in a URL.
    fn location(&self, name: &[u8]) -> String {
        let mut location = self.reply.base.start().to_owned();
        for segment in self.folder.split(|&byte| byte == b'/').filter(|segment| !segment.is_empty()) {
            location.push_str(&format!("{}/", encode_segment(segment)));
        }
        location.push_str(&encode_segment(name).to_string());
        location
    }
}

impl Receiver for IncomingForm {
    fn take(&mut self, content: &[u8]) -> Result<(), Refusal> {
        self.received += content.len() as u64;
        self.decoder.push(content);
        let result = check_length(self.received, self.upload.most).and_then(|()| self.go_on());
        result.map_err(|refusal| self.with_what_is_kept(refusal))
    }

    fn finish(self: Box<Self>) -> Response {
        match self.outcome() {
            Ok(()) if self.reply.as_html => self.reply.finish(self.to_the_folder()),
            Ok(()) => self.reply.finish(self.as_lines()),
            Err(refusal) => self.reply.refuse(&self.with_what_is_kept(refusal)),
        }
    }

    fn refuse(self: Box<Self>, refusal: &Refusal) -> Response {
        self.reply.refuse(refusal)
    }
}

/// A part begins: a file, if it is one that is taken.
fn begin(
    part: &Part,
    root: &Root,
    folder: &[u8],
    upload: Upload,
    used: &mut HashSet<Vec<u8>>,
) -> Result<CurrentPart, Refusal> {
    let Some(file_name) = &part.file_name else { return Ok(CurrentPart::NoFile) };
    if file_name.is_empty() {
        return Ok(CurrentPart::NotChosen);
    }
    let name = file_name.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
    let name = name_not_in(used, name);
    let begun = upload::check_name(&name).and_then(|()| {
        let relative = join(folder, &name);
        let replaces = upload::is_there(root, &relative, upload)?.is_some();
        Ok((root.create(&relative)?, replaces))
    });
    let (file, replaces) = begun.map_err(|refusal| about(&name, refusal))?;
    trace::step("upload", Rfc(7578, "4.2"), || {
        format!("a file begins, {}: nobody sees it before it is whole", quote(&name))
    });
    used.insert(name.clone());
    Ok(CurrentPart::File { file, name, replaces, received: 0 })
}

/// `photos` and `a.jpg` to `photos/a.jpg`; in the root it is the name alone.
pub(super) fn join(folder: &[u8], name: &[u8]) -> Vec<u8> {
    if folder.is_empty() { name.to_vec() } else { [folder, b"/", name].concat() }
}

/// The same refusal, with the name of the file that it is about.
fn about(name: &[u8], mut refusal: Refusal) -> Refusal {
    refusal.why = format!("{}: {}", quote(name), refusal.why).into();
    refusal
}

/// `image.jpg`, and if that is used already, `image (2).jpg`. (`upload.js` does the same.)
fn name_not_in(used: &HashSet<Vec<u8>>, name: &[u8]) -> Vec<u8> {
    let dot = memchr::memrchr(b'.', name).filter(|&dot| dot > 0).unwrap_or(name.len());
    let (stem, ending) = name.split_at(dot);
    let numbered = (2u32..).map(|number| [stem, format!(" ({number})").as_bytes(), ending].concat());
    let mut names = std::iter::once(name.to_vec()).chain(numbered);
    names.find(|name| !used.contains(name)).expect("there are more numbers than names")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_name_again_gets_a_number() {
        let mut used = HashSet::new();
        let table = [
            ("image.jpg", "image.jpg"),
            ("image.jpg", "image (2).jpg"),
            ("image.jpg", "image (3).jpg"),
            ("image (2).jpg", "image (2) (2).jpg"),
            ("IMAGE.jpg", "IMAGE.jpg"),
            ("README", "README"),
            ("README", "README (2)"),
            (".env", ".env"),
            (".env", ".env (2)"),
            ("a.tar.gz", "a.tar.gz"),
            ("a.tar.gz", "a.tar (2).gz"),
        ];
        for (name, expected) in table {
            let free = name_not_in(&used, name.as_bytes());
            assert_eq!(String::from_utf8_lossy(&free), expected, "{name}");
            used.insert(free);
        }
    }
}
