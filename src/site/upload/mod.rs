//! Uploads: PUT a file into the folder (RFC 9110 section 9.3.4), or send it with a form (RFC 7578).
//!
//! ```text
//! > PUT /photos/cat.jpg HTTP/1.1
//! > Host: localhost
//! > Content-Length: 48213
//! > Expect: 100-continue
//!
//! < HTTP/1.1 100 Continue           nothing that can be known before the body is wrong
//!
//! > ...48213 bytes...
//!
//! < HTTP/1.1 201 Created            204 if a file of that name was replaced
//! ```
//!
//! A file gets its name when it is whole: nobody ever sees half a file, and a client that disconnects leaves nothing
//! behind. Unless `--overwrite` is given, no file is replaced, not even one that appears meanwhile. Folders on its way
//! that are not there are made.
//!
//! The plain case: [`Site::begin_upload`], here, decides before the body comes; then `put.rs` receives it.
//!
//! | file | what it does |
//! |---|---|
//! | here | what holds for all uploads: which clients may send them, and to where |
//! | `upload/put.rs` | a file that is sent with PUT |
//! | `upload/form.rs` | the files of a form |
//! | `upload/name.rs` | the names that files may get |
//! | `upload/folders.rs` | the folders that are made for a file |
//! | `upload/new_file.rs` | a file that nobody sees before it is whole |
//! | `upload/leftovers.rs` | what is left of those whose server was killed |

mod folders;
mod form;
mod leftovers;
mod name;
mod new_file;
mod put;

pub use folders::Folders;
pub use leftovers::remove_leftovers;

use super::effort::{Effort, Takes};
use super::root::{OpenFile, Opened, Root};
use super::{Options, Site, error_page};
use crate::answer::{Begin, Response};
use crate::base::trace::{self, Rfc};
use crate::http::base_path::{BasePath, Place};
use crate::http::multipart;
use crate::http::target::{DecodedPath, Target};
use crate::http::{FieldLines, Method, Refusal, Request, Status, origin};
use name::check_name;

/// The methods of what takes no form, as the value of an Allow field.
const WITHOUT_FORMS: &str = "GET, HEAD, PUT, OPTIONS";

/// Which files may be uploaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Upload {
    /// Whether existing files may be replaced.
    pub overwrite: bool,
    /// How large one may be, in bytes.
    pub most: u64,
    /// Whether a password is asked for that, and not for reading.
    pub asks_alone: bool,
}

impl Site {
    /// Looks at a request whose body is still to come, of this length if that is known: an upload is received, or
    /// answered at once without its body. `None` for every other request.
    pub fn begin_upload(&self, request: &Request<'_>, length: Option<u64>) -> Option<Begin> {
        let upload = self.options.upload?;
        let begun = match request.method {
            Method::Put => self.begin_put(request, length, upload),
            // A hidden path is nobody's, or the inspector's.
            Method::Post if self.is_visible(request) => self.begin_form(request, length, upload),
            _ => return None,
        };
        Some(begun.map_or_else(
            |refusal| {
                let mut response =
                    self.refuse(request, &refusal, Effort::Least).unwrap_or_else(Takes::whatever);
                match refusal.status {
                    // RFC 9110 section 12.5.3: which codings it would be taken in.
                    Status::UNSUPPORTED_MEDIA_TYPE => response.headers.push("Accept-Encoding", "identity"),
                    Status::METHOD_NOT_ALLOWED => response.headers.replace("Allow", WITHOUT_FORMS),
                    _ => {}
                }
                Begin::Answer(self.complete_early(request, response))
            },
            Begin::Receive,
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
    /// Whether no name in the path of the target is hidden.
    fn is_visible(&self, request: &Request<'_>) -> bool {
        let Target::Path { path, .. } = request.target else { return false };
        match trace::silently(|| self.options.base.place_of(path)) {
            Ok(Place::Below(path)) => path.segments().all(|name| check_name(name).is_ok()),
            Ok(Place::WithoutSlash) => true,
            Ok(Place::Outside) | Err(_) => false,
        }
    }

    /// Checks what holds for every upload: its client, its target and its form.
    fn may_upload(&self, request: &Request<'_>) -> Result<DecodedPath, Refusal> {
        self.options.hosts.check(request.host)?;
        self.options.trusted_hosts.check(request.host, "uploads are taken")?;
        let why = "a page of another site sends this, and such a page may not add files here";
        origin::check(request, why)?;
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
        // The coded form would be stored, and nothing would say that it is one.
        if request.fields.list("content-encoding").any(|coding| !coding.eq_ignore_ascii_case(b"identity")) {
            let why = "files are kept as they are sent: send this one without a Content-Encoding";
            return Err(Refusal::new(Status::UNSUPPORTED_MEDIA_TYPE, why).because("coded"));
        }
        Ok(path)
    }
}

/// The file that has this name now, if one has and it may be replaced.
fn existing(root: &Root, relative: &[u8], upload: Upload) -> Result<Option<OpenFile>, Refusal> {
    match root.open(relative) {
        Err(refusal) if refusal.status == Status::NOT_FOUND => Ok(None),
        Err(refusal) => Err(refusal),
        Ok(Opened::Directory(_)) => {
            Err(Refusal::new(Status::CONFLICT, "a folder has that name").because("folder"))
        }
        Ok(Opened::File(_)) if !upload.overwrite => {
            let why = "a file of that name is there already, and files are not replaced here";
            Err(Refusal::new(Status::CONFLICT, why).because("there already"))
        }
        Ok(Opened::File(file)) => Ok(Some(file)),
    }
}

/// What the answer to an upload takes from its request, whose head is gone by then.
#[derive(Debug)]
struct Reply {
    /// Accept names text/html.
    as_html: bool,
    base: BasePath,
    /// Which origins may read the answer.
    cors: FieldLines,
}

impl Reply {
    fn new(request: &Request<'_>, options: &Options) -> Reply {
        let mut cors = FieldLines::default();
        options.cors.add_to(&mut cors, request);
        let as_html = error_page::prefers_html(&request.fields);
        Reply { as_html, base: options.base.clone(), cors }
    }

    /// The answer to an upload that is refused.
    fn refuse(&self, refusal: &Refusal) -> Response {
        self.finish(error_page::respond_in(self.as_html, refusal, &self.base))
    }

    /// Adds what every answer has.
    fn finish(&self, mut response: Response) -> Response {
        response.headers.push_lines(&self.cors.share());
        response
    }
}

/// The refusal of an upload into a folder that does not exist.
#[track_caller]
fn no_such_folder() -> Refusal {
    Refusal::new(Status::NOT_FOUND, "there is no such folder to add to").because("no such folder")
}

/// The refusal of a file that is larger than any may be.
#[track_caller]
fn too_large(most: u64) -> Refusal {
    let most = crate::base::human::Bytes(most);
    Refusal::new(Status::CONTENT_TOO_LARGE, format!("a file may have {most} at most here"))
}
