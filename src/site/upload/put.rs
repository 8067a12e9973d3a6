//! A file that is sent with PUT (RFC 9110 section 9.3.4).

use super::new_file::NewFile;
use super::{Reply, Upload, existing, too_large};
use crate::answer::{Body, Receiver, Response};
use crate::base::trace::{self, Rfc, quote};
use crate::http::conditional::{self, Outcome};
use crate::http::{FieldLines, Refusal, Request, Status};
use crate::site::Site;
use crate::site::effort::{Effort, Takes};

impl Site {
    /// Decides about a PUT before its body comes.
    pub(super) fn begin_put(
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
        let file = NewFile::create(&self.root, &self.folders, &path.relative)?;
        trace::decision("upload", Rfc(9110, "9.3.4"), || {
            let name = quote(&path.relative);
            let text = "may be sent: nobody sees it before it is whole, and then it gets its name";
            ("begins", format!("{name} {text}"))
        });
        let reply = Reply::new(request, &self.options);
        Ok(Box::new(Incoming { file, upload, replaces, received: 0, reply }))
    }

    /// Checks the file that has this name now, if one has: whether it may be replaced, and is the version that the
    /// client means. Says whether there is one.
    fn check_present(&self, request: &Request<'_>, relative: &[u8], upload: Upload) -> Result<bool, Refusal> {
        // RFC 9110 section 13.2.1: preconditions count only if the request would succeed without them.
        let Some(file) = existing(&self.root, relative, upload)? else {
            return if request.fields.get("if-match").is_some() { Err(another_version()) } else { Ok(false) };
        };
        // With content codings it is the representation that the client would get (section 8.8.3.3): it knows that
        // one's entity tag.
        let wanted = self.options.codings.wanted(request);
        let present =
            self.select(file, relative, None, &wanted, Effort::Least).unwrap_or_else(Takes::whatever);
        if conditional::evaluate(&request.fields, &present.validators(), false) != Outcome::Proceed {
            return Err(another_version());
        }
        Ok(true)
    }
}

/// A file whose content is being received.
#[derive(Debug)]
struct Incoming {
    file: NewFile,
    upload: Upload,
    /// Whether a file of that name existed when it began.
    replaces: bool,
    received: u64,
    reply: Reply,
}

impl Receiver for Incoming {
    fn take(&mut self, content: &[u8]) -> Result<(), Refusal> {
        self.received += content.len() as u64;
        if self.received > self.upload.most {
            return Err(too_large(self.upload.most));
        }
        self.file.write(content)
    }

    fn finish(self: Box<Self>) -> Response {
        let Incoming { file, upload, replaces, reply, .. } = *self;
        match file.keep(upload.overwrite) {
            Ok(()) => {
                let status = if replaces { Status::NO_CONTENT } else { Status::CREATED };
                trace::decision("upload", Rfc(9110, "9.3.4"), || {
                    (if replaces { "replaced" } else { "added" }, "whole, and it has its name".to_owned())
                });
                reply.finish(Response { status, headers: FieldLines::default(), body: Body::Empty })
            }
            Err(refusal) => reply.refuse(&refusal),
        }
    }

    fn refuse(self: Box<Self>, refusal: &Refusal) -> Response {
        self.reply.refuse(refusal)
    }
}

#[track_caller]
fn another_version() -> Refusal {
    Refusal::new(Status::PRECONDITION_FAILED, "it is not the version that the request means")
}

#[track_caller]
fn not_a_file() -> Refusal {
    Refusal::new(Status::CONFLICT, "the target must end with the name of a file").because("no name")
}
