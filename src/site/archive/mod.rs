//! A folder as one file to download, made while it is sent.
//!
//! ```text
//! > GET /photos/?archive=zip HTTP/1.1        or tar.gz, or tar
//!
//! < HTTP/1.1 200 OK
//! < Transfer-Encoding: chunked
//! < Content-Type: application/zip
//! < Content-Disposition: attachment; filename="photos.zip"; filename*=UTF-8''photos.zip
//! ```
//!
//! With names (`&name=a.jpg&name=in`) it holds these alone: see `archive/picked.rs`.
//!
//! It holds what the folder's listing and those below it show and serve, in the same order: no hidden names, and
//! nothing to which a link out of the folder leads. Links inside are followed; the archive holds what they lead to. A
//! file or folder that cannot be read is left out, and a text file in the archive says so. A file that its owner may
//! execute is executable for everybody who unpacks it.
//!
//! It is made in small pieces, each when the one before is sent ([`Stream`](crate::answer::Stream)). So an archive
//! takes the same memory however large the folder is, but for the names of one folder on each level, and for zip,
//! whose directory comes last, some hundred bytes for each file. It ends when the client closes its connection.
//!
//! | file | what it does |
//! |---|---|
//! | here | the answer: which format, under which name |
//! | `archive/stream.rs` | makes the pieces |
//! | `archive/walk.rs` | finds what is in the folder, confined like a request |
//! | `archive/picked.rs` | which entries of the folder are wanted, if not all |
//! | `archive/packer.rs` | entries in, bytes out, in one of the formats: |
//! | `archive/tar.rs`, `archive/zip.rs` | the formats |
//! | `archive/missing.rs` | what could not be packed |
//!
//! A header says how long a file is before its bytes are read. Bytes that are added to the file after that are not
//! sent. If the file becomes shorter, zeros stand for the rest in a tar archive, as other tars do it; in a zip
//! archive, where the length stands behind the file, it is simply shorter. Either is reported like a file that is
//! missing.

mod missing;
mod packer;
mod picked;
mod stream;
mod tar;
mod walk;
mod zip;

use super::places::Places;
use super::root::Root;
use crate::answer::{Body, Response};
use crate::base::budget::Budget;
use crate::base::trace::{self, Rfc};
use crate::http::target::{DecodedPath, encode_segment};
use crate::http::{FieldLines, Refusal, Status};
use picked::Picked;
use std::fs::File;
use std::sync::Arc;
use std::time::{Duration, Instant};
use stream::Archive;
use walk::Names;

/// How many archives are made at once. Each takes memory, and as much of a processor as its client's network permits,
/// which other requests need, too.
const AT_ONCE: usize = 4;

/// After which pause an archive does not count as one of these: its client does not read, and it causes no work.
const PAUSE: Duration = Duration::from_millis(10);

/// How much memory all archives together may take, in bytes; and what each takes, beside the names that it has read and
/// the directory of a zip archive: most of it is the compressor's.
const MEMORY: usize = 256 * 1024 * 1024;
const OWN_MEMORY: usize = 512 * 1024;

/// About how many bytes are read and packed in one turn, if they are not compressed: a tenth of a millisecond of work,
/// or two.
const PIECE: usize = 64 * 1024;

/// How much longer it takes to compress a byte.
const COST_OF_COMPRESSING: usize = 4;

/// The places of archives, and their memory.
#[derive(Debug)]
pub struct Archives {
    places: Arc<Places>,
    memory: Arc<Budget>,
}

impl Default for Archives {
    fn default() -> Archives {
        Archives { places: Places::new(AT_ONCE, PAUSE), memory: Budget::new(MEMORY) }
    }
}

/// The formats that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Tar,
    TarGz,
    Zip,
}

impl Format {
    /// Each with its name, which is also the file's extension, and its media type.
    const ALL: [(Format, &str, &str); 3] = [
        (Format::TarGz, "tar.gz", "application/gzip"),
        (Format::Zip, "zip", "application/zip"),
        (Format::Tar, "tar", "application/x-tar"),
    ];

    /// The names of files that it can hold.
    fn names(self) -> Names {
        if self == Format::Zip { Names::WithoutBackslash } else { Names::All }
    }
}

impl Archives {
    /// The refusal of one more.
    #[track_caller]
    fn are_enough() -> Refusal {
        let why = "enough archives are being made already; try again when one is done";
        Refusal::new(Status::SERVICE_UNAVAILABLE, why)
    }

    /// Answers with a folder as an archive, or with what the query names of it.
    ///
    /// # Errors
    /// 400 for a format that does not exist, 404 if nothing is there of what was picked, 503 when enough archives are
    /// being made.
    pub fn respond_to(
        &self,
        root: &Arc<Root>,
        directory: File,
        path: &DecodedPath,
        (format, query): (&str, Option<&[u8]>),
        hidden: bool,
    ) -> Result<Response, Refusal> {
        let picked = query.and_then(Picked::read);
        self.respond(root, directory, path, format, hidden, picked)
    }

    /// The same with what was picked.
    fn respond(
        &self,
        root: &Arc<Root>,
        directory: File,
        path: &DecodedPath,
        format: &str,
        hidden: bool,
        picked: Option<Picked>,
    ) -> Result<Response, Refusal> {
        let Some(&(format, extension, media_type)) = Format::ALL.iter().find(|(_, name, _)| *name == format)
        else {
            let names = Format::ALL.map(|(_, name, _)| name).join(", ");
            return Err(Refusal::bad_request(format!("an archive can be one of {names}")));
        };
        if let Some(picked) = &picked {
            picked.check(root, &path.relative, hidden)?;
        }
        let size = picked.as_ref().map_or(0, Picked::size);
        let place = self.places.take(Instant::now());
        let (Some(place), Some(memory)) = (place, self.memory.take(OWN_MEMORY + size)) else {
            return Err(Archives::are_enough());
        };
        let name = name_of(root, path);
        let mut headers = FieldLines::default();
        headers.push("Content-Type", media_type);
        headers.push("Content-Disposition", attachment(&format!("{}.{extension}", as_text(&name))));
        headers.push("Cache-Control", "no-cache");
        trace::decision("archive", Rfc(9112, "7.1"), || {
            "the folder is packed while it is sent: nobody knows how long that will be, so it comes in \
             chunks, and no part of it can be asked for"
                .to_owned()
        });
        let archive = Archive::new(root, directory, path, format, hidden, picked, (place, memory));
        Ok(Response { status: Status::OK, headers, body: Body::Stream(Box::new(archive)) })
    }
}

/// The name of a folder in its archive: its own, without the dots that would hide it.
fn name_of(root: &Root, path: &DecodedPath) -> Vec<u8> {
    let own = path.segments().next_back().map(<[u8]>::to_vec).or_else(|| root.name()).unwrap_or_default();
    let dots = own.iter().take_while(|&&byte| byte == b'.').count();
    if dots == own.len() { b"files".to_vec() } else { own[dots..].to_vec() }
}

/// The same as text without a backslash, which some programs take for a slash.
fn as_text(name: &[u8]) -> String {
    String::from_utf8_lossy(name).replace('\\', "_")
}

/// The value of Content-Disposition for a file to be saved under this name: in ASCII for old clients, and exact for
/// all others (RFC 6266 section 4.3, RFC 8187 section 3.2).
fn attachment(name: &str) -> String {
    // "%" is left out since some clients decode it here (RFC 6266 appendix D).
    let plain = |letter: char| if letter.is_ascii_graphic() || letter == ' ' { letter } else { '_' };
    let plain: String =
        name.chars().map(plain).map(|letter| if "\"\\%/".contains(letter) { '_' } else { letter }).collect();
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{}", encode_segment(name.as_bytes()))
}

#[cfg(test)]
mod tests;
