//! Uploads: PUT a file into the folder (RFC 9110 section 9.3.4). What a form sends is in [`super::form`].
//!
//! ```text
//! > PUT /photos/cat.jpg HTTP/1.1
//! > Host: localhost
//! > Content-Length: 48213
//! > Expect: 100-continue
//!
//! < HTTP/1.1 100 Continue           all that can be known beforehand is well
//!
//! > ...48213 bytes...
//!
//! < HTTP/1.1 201 Created            204 if a file of that name was replaced
//! ```
//!
//! What arrives gets its name when it is whole ([`super::new_file`]): nobody ever sees half a file, and a
//! client that goes away leaves nothing. Unless that is asked for, no file is replaced, not even one that
//! comes into being meanwhile.

use super::form::{self, IncomingForm};
use super::new_file::NewFile;
use super::root::{OpenFile, Opened, Root, refusal_for};
use super::{Site, error_page};
use crate::answer::{Begun, Body, Receiver, Response, Uploads};
use crate::base::platform::status::FileType;
use crate::base::trace::{self, Rfc, quote};
use crate::http::base_path::{BasePath, Place};
use crate::http::client::Client;
use crate::http::conditional::{self, Outcome};
use crate::http::multipart::{self, Decoder};
use crate::http::target::{DecodedPath, Target};
use crate::http::{Headers, Method, Refusal, Request, Status, origin};

/// What may be uploaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Upload {
    /// Whether files that are there may be replaced.
    pub overwrite: bool,
    /// How large one may be, in bytes.
    pub most: u64,
}

impl Uploads for Site {
    fn begin(&self, request: &Request<'_>, _client: Client, length: Option<u64>) -> Option<Begun> {
        self.begin_upload(request, length)
    }
}

impl Site {
    /// Looks at a request whose body is still to come, of this length if that is known: an upload is received, or
    /// answered at once without its body. `None` for every other request.
    pub fn begin_upload(&self, request: &Request<'_>, length: Option<u64>) -> Option<Begun> {
        let upload = self.options.upload?;
        let begun = match request.method {
            Method::Put => self.begin_file(request, length, upload),
            // What is hidden is nobody's, or the inspector's.
            Method::Post if self.is_visible(request) => self.begin_form(request, length, upload),
            _ => return None,
        };
        Some(begun.map_or_else(
            |refusal| {
                let mut response = self.refuse(request, &refusal);
                match refusal.status {
                    // RFC 9110 section 12.5.3: which codings it would be taken in.
                    Status::UNSUPPORTED_MEDIA_TYPE => response.headers.push("Accept-Encoding", "identity"),
                    Status::METHOD_NOT_ALLOWED => response.headers.replace("Allow", Method::ALLOW_WITH_PUT),
                    _ => {}
                }
                Begun::Answer(self.complete_early(request, response))
            },
            Begun::Take,
        ))
    }
}

/// Whether a request would add files where that is possible.
pub(super) fn is_upload(request: &Request<'_>) -> bool {
    request.method == Method::Put || (request.method == Method::Post && is_form(request))
}

fn is_form(request: &Request<'_>) -> bool {
    request.fields.get_single("content-type").is_some_and(multipart::is_form)
}

impl Site {
    /// Looks at everything of a PUT that can be looked at before the body comes.
    fn begin_file(
        &self,
        request: &Request<'_>,
        length: Option<u64>,
        upload: Upload,
    ) -> Result<Box<dyn Receiver>, Refusal> {
        let path = self.may_upload(request)?;
        if path.names_directory {
            return Err(not_a_file());
        }
        if length.is_some_and(|length| length > upload.most) {
            return Err(too_large(upload.most));
        }
        let replaces = self.check_present(request, &path.relative, upload)?;
        let file = self.root.create(&path.relative)?;
        trace::step("upload", Rfc(9110, "9.3.4"), || {
            let name = quote(&path.relative);
            format!("{name} may be sent: nobody sees it before it is whole, and then it gets its name")
        });
        let (cors, base) = (self.options.cors.clone(), self.options.base.clone());
        Ok(Box::new(Incoming { file, upload, replaces, received: 0, cors, base }))
    }

    /// The same of a form with files.
    fn begin_form(
        &self,
        request: &Request<'_>,
        length: Option<u64>,
        upload: Upload,
    ) -> Result<Box<dyn Receiver>, Refusal> {
        let path = self.may_upload(request)?;
        if !is_form(request) {
            let why = "of what is sent with POST only forms with files are taken (multipart/form-data); \
                       one file is sent with PUT: curl -T FILE URL";
            return Err(Refusal::new(Status::UNSUPPORTED_MEDIA_TYPE, why));
        }
        let decoder = Decoder::new(request.fields.get("content-type").unwrap_or_default())?;
        if let Some(length) = length {
            form::check_length(length, upload.most)?;
        }
        let folder = self.root.look(&path.relative).map_err(|error| match refusal_for(&error) {
            refusal if refusal.status == Status::NOT_FOUND => no_such_folder(),
            refusal => refusal,
        })?;
        if folder.file_type != FileType::Directory {
            let why = "a form with files is sent to a folder; one file is sent with PUT: curl -T FILE URL";
            return Err(Refusal::new(Status::METHOD_NOT_ALLOWED, why));
        }
        // Whether files can be added at all had better be told now. This one has no name, and goes at once.
        drop(self.root.create(&form::join(&path.relative, b"file"))?);
        trace::step("upload", Rfc(7578, "1"), || {
            "a form with files may be sent: each file gets its name when it is whole".to_owned()
        });
        Ok(Box::new(IncomingForm::new(decoder, &self.root, path.relative, &self.options, upload)))
    }

    /// Whether nothing on the way of a target is hidden.
    fn is_visible(&self, request: &Request<'_>) -> bool {
        let Target::Path { path, .. } = request.target else { return false };
        match trace::silently(|| self.options.base.place_of(path)) {
            Ok(Place::Below(path)) => path.segments().all(|name| check_name(name).is_ok()),
            Ok(Place::WithoutSlash) => true,
            Ok(Place::Outside) | Err(_) => false,
        }
    }

    /// What holds for everything that is sent: who may send it, to where, and in which form.
    fn may_upload(&self, request: &Request<'_>) -> Result<DecodedPath, Refusal> {
        self.options.hosts.check(request.host)?;
        self.options.trusted_hosts.check(request.host, "uploads are taken")?;
        if !origin::is_own(request) {
            let why = "a page of another site sends this, and such a page may not add files here";
            return Err(Refusal::new(Status::FORBIDDEN, why).by(Rfc(6454, "7")));
        }
        let Target::Path { path, .. } = request.target else { return Err(super::not_found()) };
        let path = match self.options.base.place_of(path)? {
            Place::Below(path) => path,
            Place::WithoutSlash => DecodedPath { relative: Vec::new(), names_directory: true },
            Place::Outside => return Err(self.outside()),
        };
        if self.root.single_file().is_some() {
            return Err(Refusal::new(
                Status::FORBIDDEN,
                "a single file is served, and there is no folder to add to",
            ));
        }
        path.segments().try_for_each(check_name)?;
        // RFC 9110 section 14.4: a part of a file must not be taken for the whole.
        if request.fields.get("content-range").is_some() {
            return Err(
                Refusal::bad_request("a part of a file cannot be sent; send all of it").by(Rfc(9110, "14.4"))
            );
        }
        // What would be stored is the coded form, and nobody would know that it is one.
        if request.fields.list("content-encoding").any(|coding| !coding.eq_ignore_ascii_case(b"identity")) {
            let why = "files are kept as they are sent: send this one without a Content-Encoding";
            return Err(Refusal::new(Status::UNSUPPORTED_MEDIA_TYPE, why));
        }
        Ok(path)
    }

    /// Looks at what has that name now: whether it may be replaced, and is what the client means.
    fn check_present(&self, request: &Request<'_>, relative: &[u8], upload: Upload) -> Result<bool, Refusal> {
        let failed =
            || Refusal::new(Status::PRECONDITION_FAILED, "it is not the version that the request means");
        // RFC 9110 section 13.2.1: conditions count only where it would be done without them.
        let Some(file) = is_there(&self.root, relative, upload)? else {
            return if request.fields.get("if-match").is_some() { Err(failed()) } else { Ok(false) };
        };
        // With content codings it is the one that the client would get (section 8.8.3.3): the tag that it knows
        // is that one's.
        let wanted = self.options.codings.wanted(request);
        let present = self.select(file, relative, None, &wanted);
        if conditional::evaluate(&request.fields, &present.validators(), false) != Outcome::Proceed {
            return Err(failed());
        }
        Ok(true)
    }
}

/// Which file has that name now, if there is one that may be replaced.
pub(super) fn is_there(root: &Root, relative: &[u8], upload: Upload) -> Result<Option<OpenFile>, Refusal> {
    match root.open(relative) {
        Err(refusal) if refusal.status == Status::NOT_FOUND => Ok(None),
        Err(refusal) => Err(refusal),
        Ok(Opened::Directory(_)) => Err(Refusal::new(Status::CONFLICT, "a folder has that name")),
        Ok(Opened::File(_)) if !upload.overwrite => {
            let why = "a file of that name is there already, and files are not replaced here";
            Err(Refusal::new(Status::CONFLICT, why))
        }
        Ok(Opened::File(file)) => Ok(Some(file)),
    }
}

/// Whether a file or folder of that name may be sent to.
pub(super) fn check_name(name: &[u8]) -> Result<(), Refusal> {
    if name.is_empty() || name.contains(&0) {
        return Err(Refusal::bad_request("no file can have that name"));
    }
    // Of these, .well-known may be read. But what is there speaks for the whole host: who may put files into it
    // can have certificates issued for it (RFC 8555 section 8.3).
    if name.starts_with(b".") {
        return Err(Refusal::new(Status::FORBIDDEN, "names that start with a dot are not taken"));
    }
    Ok(())
}

/// A file on its way.
#[derive(Debug)]
struct Incoming {
    file: NewFile,
    upload: Upload,
    /// A file of that name was there when it began.
    replaces: bool,
    received: u64,
    cors: super::Cors,
    base: BasePath,
}

impl Receiver for Incoming {
    fn take(&mut self, content: &[u8]) -> Result<(), Refusal> {
        self.received += content.len() as u64;
        if self.received > self.upload.most {
            return Err(too_large(self.upload.most));
        }
        self.file.write(content)
    }

    fn finish(self: Box<Self>, request: &Request<'_>) -> Response {
        let Incoming { file, upload, replaces, cors, base, .. } = *self;
        let mut response = match file.keep(upload.overwrite) {
            Ok(()) => {
                let status = if replaces { Status::NO_CONTENT } else { Status::CREATED };
                trace::step("upload", Rfc(9110, "9.3.4"), || "whole, and it has its name".to_owned());
                Response { status, headers: Headers::default(), body: Body::Empty }
            }
            Err(refusal) => error_page::respond(&request.fields, &refusal, &base),
        };
        cors.add_to(&mut response.headers, request);
        response
    }
}

/// The folder to which something is sent is not there.
#[track_caller]
pub(super) fn no_such_folder() -> Refusal {
    Refusal::new(Status::NOT_FOUND, "there is no such folder to add to")
}

#[track_caller]
fn not_a_file() -> Refusal {
    Refusal::new(Status::CONFLICT, "the target must end with the name of a file")
}

pub(super) fn too_large(most: u64) -> Refusal {
    let most = crate::base::human::Bytes(most);
    Refusal::new(Status::CONTENT_TOO_LARGE, format!("a file may have {most} at most here"))
}
