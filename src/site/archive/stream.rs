//! The body of an archive: a piece of work each time that the connection asks for more bytes.
//!
//! ```text
//! walk: folder "photos"    ──▶ packer: a header
//! walk: file "a.jpg"       ──▶ packer: a header, then its bytes, a piece at a time
//! walk: "b.jpg" missing    ──▶ noted
//! walk: end                ──▶ packer: MISSING.txt if something is, then the end of the archive
//! ```
//!
//! The work in one turn is bounded, in bytes: to compress one counts as several, and so does opening a file.

use super::missing::{self, Missing};
use super::packer::Packer;
use super::picked::Picked;
use super::walk::{Names, Step, Walk};
use super::{COST_OF_COMPRESSING, Format, OWN_MEMORY, PIECE, as_text, name_of};
use crate::answer::{Next, Stream};
use crate::base::budget::Share;
use crate::base::human::OneLine;
use crate::base::platform::{names, open};
use crate::base::trace;
use crate::http::target::DecodedPath;
use crate::site::places::Place;
use crate::site::root::{OpenFile, Root};
use std::fmt;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// What else takes time, in bytes that could be packed in the same without compression: opening a file, and reading or
/// sorting some hundred names.
const COST_OF_OPENING: usize = 4 * 1024;
const COST_OF_NAMES: usize = 32 * 1024;

/// An archive that is being made.
pub(super) struct Archive {
    walk: Walk,
    packer: Packer,
    /// The file that is being packed.
    pub(super) file: Option<Packing>,
    missing: Missing,
    /// The folder, from the root of the site, for a line to the user who runs the server.
    of: Vec<u8>,
    /// The name and the time of the outermost folder.
    outermost: Option<(Vec<u8>, i64)>,
    /// All is packed, and what is missing is named.
    is_whole: bool,
    ended: bool,
    /// One of the archives that may be made at once.
    place: Place,
    /// The memory that it takes.
    memory: Share,
}

/// A file that is being packed.
pub(super) struct Packing {
    name: Vec<u8>,
    file: File,
    pub(super) offset: u64,
    /// How many of the bytes that the header promised are still to come.
    left: u64,
    /// It has become shorter than it was.
    is_cut_short: bool,
}

impl fmt::Debug for Archive {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Archive").field("walk", &self.walk).finish_non_exhaustive()
    }
}

impl Stream for Archive {
    fn next(&mut self) -> Next {
        if self.ended {
            return Next::End;
        }
        self.place.is_asked(Instant::now());
        // A line of --explain for each file would be too many.
        match trace::silently(|| self.make_piece()) {
            Ok(piece) if piece.is_empty() => Next::Busy,
            Ok(piece) => Next::Piece(piece),
            Err(Failed) => Next::Broken,
        }
    }
}

/// The archive cannot be made whole.
#[derive(Debug)]
struct Failed;

impl From<io::Error> for Failed {
    fn from(_: io::Error) -> Failed {
        Failed
    }
}

impl Archive {
    pub(super) fn new(
        root: &Arc<Root>,
        directory: File,
        path: &DecodedPath,
        format: Format,
        hidden: bool,
        picked: Option<Picked>,
        (place, memory): (Place, Share),
    ) -> Archive {
        let name = name_of(root, path);
        let name = if format.names() == Names::All { name } else { as_text(&name).into_bytes() };
        Archive {
            walk: Walk::new(root, directory, path, &name, hidden, format.names()).only(picked),
            packer: Packer::new(format),
            file: None,
            missing: Missing::default(),
            of: [b"/", &path.relative[..]].concat(),
            outermost: None,
            is_whole: false,
            ended: false,
            place,
            memory,
        }
    }

    /// Does the work of one turn; it may give no bytes yet.
    fn make_piece(&mut self) -> Result<Vec<u8>, Failed> {
        let mut work = 0;
        let mut buffer = Vec::new();
        let cost = if self.packer.compresses() { COST_OF_COMPRESSING } else { 1 };
        while work < PIECE && !self.ended {
            work += match &mut self.file {
                Some(file) => {
                    let most = (PIECE - work).div_ceil(cost);
                    let count = file.pack(&mut self.packer, &mut buffer, most, &mut self.missing)?;
                    if file.left == 0 {
                        self.packer.end_file()?;
                        self.file = None;
                    }
                    cost * count
                }
                None => self.next_entry()?,
            };
        }
        Ok(self.packer.take()?)
    }

    /// Goes on to the next entry, and says what that cost.
    fn next_entry(&mut self) -> Result<usize, Failed> {
        match self.walk.next()? {
            Step::Folder { name, modified } => {
                self.packer.folder(&name, modified)?;
                self.outermost.get_or_insert((name, modified));
            }
            Step::File { name, file: OpenFile { file, facts }, is_executable } => {
                let mode = if is_executable { 0o755 } else { 0o644 };
                self.packer.file(&name, mode, facts.modified.0, facts.length)?;
                self.file = Some(Packing { name, file, offset: 0, left: facts.length, is_cut_short: false });
            }
            Step::Missing { name, why } => self.missing.add(&name, &why),
            Step::Names => {
                self.take_memory()?;
                return Ok(COST_OF_NAMES);
            }
            Step::Nothing => {}
            Step::End if !self.is_whole => {
                self.is_whole = true;
                self.pack_missing()?;
                return Ok(PIECE);
            }
            Step::End => {
                self.ended = self.packer.end()?;
                return Ok(PIECE);
            }
        }
        Ok(COST_OF_OPENING)
    }

    /// Takes the memory for the names that were read so far, and for the directory of a zip archive.
    fn take_memory(&mut self) -> Result<(), Failed> {
        let gathered = self.walk.size() + self.packer.size();
        if self.memory.grow_to(OWN_MEMORY + gathered) { Ok(()) } else { Err(Failed) }
    }

    /// Packs a file that names what is missing, and tells the user who runs the server.
    fn pack_missing(&mut self) -> Result<(), Failed> {
        let Some((folder, modified)) = self.outermost.take().filter(|_| self.missing.count() > 0) else {
            return Ok(());
        };
        let own = self.walk.free_name(missing::NAME);
        let (name, text) = ([&folder, own.as_bytes()].concat(), self.missing.text());
        self.packer.file(&name, 0o644, modified, text.len() as u64)?;
        self.packer.content(text.as_bytes())?;
        self.packer.end_file()?;
        let of = OneLine(names::path(&self.of).unwrap_or(Path::new("")));
        let count = self.missing.count();
        let what = if count == 1 { "one file or folder is" } else { "files or folders are" };
        let number = if count == 1 { String::new() } else { format!("{count} ") };
        // A terminal that is closed must not end the archive.
        let _ = writeln!(
            io::stderr(),
            "glasshttp: {number}{what} missing in an archive of {of}, or not whole; {own} in it says why"
        );
        Ok(())
    }
}

impl Packing {
    /// Packs at most this many bytes, and says how many.
    fn pack(
        &mut self,
        packer: &mut Packer,
        buffer: &mut Vec<u8>,
        most: usize,
        missing: &mut Missing,
    ) -> Result<usize, Failed> {
        let count = usize::try_from(self.left).map_or(most, |left| left.min(most));
        buffer.clear();
        buffer.resize(count, 0);
        let read = if self.is_cut_short || count == 0 {
            Ok(0)
        } else {
            match open::read_at(&self.file, buffer, self.offset) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(0),
                read => read,
            }
        };
        let (read, why) = match read {
            Ok(read) => (read, "it became shorter while it was packed".to_owned()),
            Err(error) => (0, format!("it could not be read to its end: {error}")),
        };
        if read == 0 && count > 0 {
            let rest =
                if packer.keeps_promises() { "the rest of it is zeros" } else { "the rest is not there" };
            if !std::mem::replace(&mut self.is_cut_short, true) {
                missing.add(&self.name, &format!("{why}; {rest}"));
            }
            if !packer.keeps_promises() {
                self.left = 0;
                return Ok(0);
            }
            // A read that failed may have left bytes in it.
            buffer.fill(0);
            packer.content(buffer)?;
            self.left -= count as u64;
            return Ok(count);
        }
        packer.content(&buffer[..read])?;
        self.offset += read as u64;
        self.left -= read as u64;
        Ok(read)
    }
}
