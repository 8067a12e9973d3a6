//! Uploads: PUT a file into the folder (RFC 9110 section 9.3.4).
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

use super::new_file::NewFile;
use super::root::Opened;
use super::{Begun, Body, Receiver, Response, Site, Uploads, error_page};
use crate::client::Client;
use crate::http::base_path::{BasePath, Place};
use crate::http::conditional::{self, Outcome};
use crate::http::target::Target;
use crate::http::{Headers, Method, Refusal, Request, Status, origin};
use crate::trace::{self, Rfc, quote};

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
        let upload = self.options.upload?;
        if request.method != Method::Put {
            return None;
        }
        Some(match self.begin_upload(request, length, upload) {
            Ok(receiver) => Begun::Take(Box::new(receiver)),
            Err(refusal) => {
                let mut response = self.refuse(request, &refusal);
                if refusal.status == Status::UNSUPPORTED_MEDIA_TYPE {
                    // RFC 9110 section 12.5.3: which codings it would be taken in.
                    response.headers.push("Accept-Encoding", "identity");
                }
                Begun::Answer(self.finish(request, response))
            }
        })
    }
}

impl Site {
    /// Looks at everything that can be looked at before the body comes.
    fn begin_upload(
        &self,
        request: &Request<'_>,
        length: Option<u64>,
        upload: Upload,
    ) -> Result<Incoming, Refusal> {
        self.options.hosts.check(request.host)?;
        self.options.trusted_hosts.check(request.host, "uploads are taken")?;
        if !origin::is_own(request) {
            let why = "a page of another site sends this, and such a page may not add files here";
            return Err(Refusal::new(Status::FORBIDDEN, why).by(Rfc(6454, "7")));
        }
        let Target::Path { path, .. } = request.target else { return Err(super::not_found()) };
        let path = match self.options.base.place_of(path)? {
            Place::Below(path) => path,
            Place::WithoutSlash => return Err(not_a_file()),
            Place::Outside => return Err(self.outside()),
        };
        if self.root.single_file().is_some() {
            return Err(Refusal::new(
                Status::FORBIDDEN,
                "a single file is served, and there is no folder to add to",
            ));
        }
        // Of these, .well-known may be read. But what is there speaks for the whole host: who may put files
        // into it can have certificates issued for it (RFC 8555 section 8.3).
        if path.segments().any(|name| name.starts_with(b".")) {
            return Err(Refusal::new(Status::FORBIDDEN, "names that start with a dot are not taken"));
        }
        if path.names_directory {
            return Err(not_a_file());
        }
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
        Ok(Incoming { file, upload, replaces, received: 0, cors, base })
    }

    /// Looks at what has that name now: whether it may be replaced, and is what the client means.
    fn check_present(&self, request: &Request<'_>, relative: &[u8], upload: Upload) -> Result<bool, Refusal> {
        let failed =
            || Refusal::new(Status::PRECONDITION_FAILED, "it is not the version that the request means");
        match self.root.open(relative) {
            Err(refusal) if refusal.status == Status::NOT_FOUND => match request.fields.get("if-match") {
                Some(_) => Err(failed()),
                None => Ok(false),
            },
            Err(refusal) => Err(refusal),
            Ok(Opened::Directory(_)) => Err(Refusal::new(Status::CONFLICT, "a folder has that name")),
            Ok(Opened::File(file)) => {
                // RFC 9110 section 13.2.1: conditions count only where it would be done without them.
                if !upload.overwrite {
                    let why = "a file of that name is there already, and files are not replaced here";
                    return Err(Refusal::new(Status::CONFLICT, why));
                }
                // With content codings it is the one that the client would get (section 8.8.3.3): the tag
                // that it knows is that one's.
                let wanted = self.options.codings.wanted(request);
                let present = self.represent(file, relative, None, &wanted);
                if conditional::evaluate(&request.fields, &present.validators(), false) != Outcome::Proceed {
                    return Err(failed());
                }
                Ok(true)
            }
        }
    }
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

#[track_caller]
fn not_a_file() -> Refusal {
    Refusal::new(Status::CONFLICT, "the target must end with the name of a file")
}

fn too_large(most: u64) -> Refusal {
    let most = crate::human::Bytes(most);
    Refusal::new(Status::CONTENT_TOO_LARGE, format!("a file may have {most} at most here"))
}
