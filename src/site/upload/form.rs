//! Files that a form sends (RFC 7578), from a page without scripts or with `curl -F`.
//!
//! ```text
//! $ curl -F file=@a.txt -F file=@b.txt http://localhost:8000/photos/
//! added a.txt
//! added b.txt
//! ```
//!
//! What holds for a PUT holds here for each file. A form is sent to a folder, and names its files itself: of a path
//! the last part counts (RFC 7578 section 4.2). Only in a field with the name `folder` a path is one: there a browser
//! sends a folder that somebody has picked (`<input type="file" name="folder" webkitdirectory>`), and the folders in it
//! are made. Each file gets its name when *it* is whole. So one is open at a time,
//! and after a failure the files before it need not be sent again; the one that is cut off leaves nothing behind. A
//! browser is redirected to the folder by 303 (RFC 9110 section 15.4.4), so that loading the page again does not send
//! the form again; every other client gets a line for each file.
//!
//! Phones give the same name to all pictures that are chosen at once. So the second `image.jpg` of a form is
//! `image (2).jpg`, even where files may be replaced: it is not another version of the first.

use super::folders::Folders;
use super::name::{check_name, key, name_not_in};
use super::new_file::NewFile;
use super::{Reply, Upload, existing, is_form, no_such_folder, too_large};
use crate::answer::{Body, Receiver, Response};
use crate::base::human;
use crate::base::platform::status::FileType;
use crate::base::trace::{self, Rfc, quote};
use crate::http::multipart::{Decoder, Event, Part};
use crate::http::target::encode_segment;
use crate::http::{FieldLines, Refusal, Request, Status};
use crate::site::Site;
use crate::site::names::join;
use crate::site::root::{Root, refusal_for};
use std::collections::HashSet;
use std::sync::Arc;

/// How many bytes a form may have beyond its files: the heads of parts, and fields that are no files.
const ROOM_FOR_THE_REST: u64 = 1024 * 1024;

/// The name of the field whose files have paths.
const FOLDER: &[u8] = b"folder";

/// How many of the files that came before it a refusal names.
const MAX_NAMED: usize = 5;

impl Site {
    /// Decides about a form with files before its body comes.
    pub(super) fn begin_form(
        &self,
        request: &Request<'_>,
        length: Option<u64>,
        upload: Upload,
    ) -> Result<Box<dyn Receiver>, Refusal> {
        let path = self.may_upload(request)?;
        if !is_form(request) {
            let why = "of what is sent with POST only forms with files are taken (multipart/form-data); \
                       one file is sent with PUT: curl -T FILE URL";
            return Err(Refusal::new(Status::UNSUPPORTED_MEDIA_TYPE, why).because("no form"));
        }
        let decoder = Decoder::new(request.fields.get("content-type").unwrap_or_default())?;
        if let Some(length) = length {
            check_length(length, upload.most)?;
        }
        let folder = self.root.look(&path.relative).map_err(|error| match refusal_for(&error) {
            refusal if refusal.status == Status::NOT_FOUND => no_such_folder(),
            refusal => refusal,
        })?;
        if folder.file_type != FileType::Directory {
            let why = "a form with files is sent to a folder; one file is sent with PUT: curl -T FILE URL";
            return Err(Refusal::new(Status::METHOD_NOT_ALLOWED, why).because("form to a file"));
        }
        // A client should learn now if no files can be added at all. This one has no name, and disappears at once.
        drop(NewFile::create(&self.root, &self.folders, &join(&path.relative, b"file"))?);
        trace::decision("upload", Rfc(7578, "1"), || {
            ("begins", "a form with files may be sent: each file gets its name when it is whole".to_owned())
        });
        let reply = Reply::new(request, &self.options);
        let places = (Arc::clone(&self.root), Arc::clone(&self.folders));
        Ok(Box::new(IncomingForm::new(decoder, places, path.relative, reply, upload)))
    }
}

/// A form whose content is being received.
#[derive(Debug)]
struct IncomingForm {
    decoder: Decoder,
    root: Arc<Root>,
    folders: Arc<Folders>,
    /// The folder that it is sent to, as a path from the root; empty for the root.
    folder: Vec<u8>,
    upload: Upload,
    received: u64,
    part: CurrentPart,
    /// The files that are whole and have their names, in the order in which they came.
    kept: Vec<Kept>,
    /// Names that this form has used.
    used: HashSet<Vec<u8>>,
    reply: Reply,
}

/// The part whose content is coming.
#[derive(Debug)]
enum CurrentPart {
    /// None, or a field that is no file: its content is dropped.
    NoFile,
    /// A field for a file, and no file was chosen.
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

/// Checks the length of a whole form. Files that are too large together can be sent one by one.
fn check_length(length: u64, most: u64) -> Result<(), Refusal> {
    if length <= most.saturating_add(ROOM_FOR_THE_REST) {
        return Ok(());
    }
    let most = human::Bytes(most);
    let why = format!("the files of a form may have {most} together here; send them one by one");
    Err(Refusal::new(Status::CONTENT_TOO_LARGE, why))
}

impl IncomingForm {
    /// Begins to receive a form through this decoder, with files for this folder.
    fn new(
        decoder: Decoder,
        (root, folders): (Arc<Root>, Arc<Folders>),
        folder: Vec<u8>,
        reply: Reply,
        upload: Upload,
    ) -> IncomingForm {
        IncomingForm {
            decoder,
            root,
            folders,
            folder,
            upload,
            received: 0,
            part: CurrentPart::NoFile,
            kept: Vec::new(),
            used: HashSet::new(),
            reply,
        }
    }

    /// Decodes what has come so far.
    fn go_on(&mut self) -> Result<(), Refusal> {
        let IncomingForm { decoder, root, folders, folder, upload, part, kept, used, .. } = self;
        while let Some(event) = decoder.next()? {
            match event {
                Event::Part(head) => *part = begin(&head, (root, folders), folder, *upload, used)?,
                Event::Data(data) => match part {
                    CurrentPart::NoFile => {}
                    CurrentPart::NotChosen => {
                        return Err(Refusal::bad_request("a file of the form has no name"));
                    }
                    CurrentPart::File { file, name, received, .. } => {
                        *received += data.len() as u64;
                        let fits = *received <= upload.most;
                        let written = if fits { file.write(data) } else { Err(too_large(upload.most)) };
                        written.map_err(|refusal| about(name, refusal))?;
                    }
                },
                Event::PartEnd => {
                    if let CurrentPart::File { file, name, replaces, .. } =
                        std::mem::replace(part, CurrentPart::NoFile)
                    {
                        file.keep(upload.overwrite).map_err(|refusal| about(&name, refusal))?;
                        trace::decision("upload", Rfc(7578, "4.2"), || {
                            format!("{} is whole, and has its name", quote(&name))
                        });
                        kept.push(Kept { name, replaced: replaces });
                    }
                }
            }
        }
        Ok(())
    }

    /// The refusal with the names of the files that were kept in spite of it, for a client that sends the rest again.
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

    /// A redirect to the folder, where all files can be seen.
    fn to_the_folder(&self) -> Response {
        trace::decision("upload", Rfc(9110, "15.4.4"), || {
            let text = "Accept names text/html: the browser is led to the folder".to_owned();
            ("form", text, self.kept.len().to_string())
        });
        let mut headers = FieldLines::default();
        headers.push("Location", self.location(b""));
        headers.push("Cache-Control", "no-store");
        Response { status: Status::SEE_OTHER, headers, body: Body::Empty }
    }

    /// A line for each file.
    fn as_lines(&self) -> Response {
        let mut text = String::new();
        for Kept { name, replaced } in &self.kept {
            text.push_str(if *replaced { "replaced " } else { "added " });
            text.push_str(&human::visible(&String::from_utf8_lossy(name)));
            text.push('\n');
        }
        trace::decision("upload", Rfc(7578, "1"), || {
            let text = "the form is whole, and each file has its name: a line says so of each".to_owned();
            ("form", text, self.kept.len().to_string())
        });
        let body = Body::Bytes(text.into_bytes());
        let mut response = Response::no_store("text/plain; charset=utf-8", body);
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
        let path = join(&self.folder, name);
        let segments = path.split(|&byte| byte == b'/').map(|segment| encode_segment(segment).to_string());
        self.reply.base.start().to_owned() + &segments.collect::<Vec<_>>().join("/")
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

/// Begins a part: a file, if it is one and may be added.
fn begin(
    part: &Part,
    (root, folders): (&Root, &Arc<Folders>),
    folder: &[u8],
    upload: Upload,
    used: &mut HashSet<Vec<u8>>,
) -> Result<CurrentPart, Refusal> {
    let Some(file_name) = &part.file_name else { return Ok(CurrentPart::NoFile) };
    if file_name.is_empty() {
        return Ok(CurrentPart::NotChosen);
    }
    let is_path = part.name == FOLDER;
    let last = file_name.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
    let name = name_not_in(used, if is_path { file_name } else { last });
    let begun = name.split(|&byte| byte == b'/').try_for_each(check_name).and_then(|()| {
        let relative = join(folder, &name);
        let replaces = existing(root, &relative, upload)?.is_some();
        Ok((NewFile::create(root, folders, &relative)?, replaces))
    });
    let (file, replaces) = begun.map_err(|refusal| about(&name, refusal))?;
    trace::decision("upload", Rfc(7578, "4.2"), || {
        format!("a file begins, {}: nobody sees it before it is whole", quote(&name))
    });
    used.insert(key(&name).into_owned());
    Ok(CurrentPart::File { file, name, replaces, received: 0 })
}

/// The same refusal, with the name of the file that it is about.
fn about(name: &[u8], mut refusal: Refusal) -> Refusal {
    refusal.why = format!("{}: {}", quote(name), refusal.why).into();
    refusal
}
