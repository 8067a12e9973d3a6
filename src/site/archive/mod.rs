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
//! What is in it is what the folder's listing and those below it show and serve: no hidden names, and
//! nothing that a link out of the folder leads to. Links inside are followed, and stand in the archive
//! as what they lead to. They stand in the order of a listing. A file or folder that cannot be read is left
//! out, and a text file in the archive says so. What its owner may execute may be executed by all who unpack it.
//!
//! It is made in small pieces, each when the one before is sent ([`Stream`]). So an archive takes the
//! same memory however large the folder is, but for the names of one folder on each level, and for
//! zip, whose directory comes last, some hundred bytes for each file. And it stops when its client goes.
//!
//! | file | what it does |
//! |---|---|
//! | `archive/walk.rs` | finds what is in the folder, confined like a request |
//! | `archive/tar.rs`, `archive/zip.rs` | the formats: entries in, bytes out |
//! | `archive/missing.rs` | what could not be packed |
//!
//! A header says how long a file is before its bytes are read. What is added to a file after that is
//! not sent. Of one that is cut short the rest are zeros in a tar archive, as other tars do it; in a zip
//! archive, where the length stands behind the file, it is as short as it is. Either is told of like what is
//! missing.

mod missing;
mod tar;
mod walk;
mod zip;

use super::root::{OpenFile, Root};
use crate::answer::{Body, Next, Response, Stream};
use crate::base::budget::{Budget, Share};
use crate::base::human::OneLine;
use crate::base::platform::{names, open};
use crate::base::trace::{self, Rfc};
use crate::http::target::{DecodedPath, encode_segment};
use crate::http::{Headers, Refusal, Status};
use flate2::Compression;
use missing::Missing;
use std::fmt;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use tar::Tar;
use walk::{Names, Step, Walk};
use zip::Zip;

/// How many archives are made at once. Each takes as much of the processor as its client's network
/// lets it, and a processor has more to do than to compress; and each takes some memory.
const AT_ONCE: usize = 4;

/// About how many bytes are read and packed at a time: a millisecond or two of work.
const PIECE: usize = 64 * 1024;

/// What else costs time, in bytes that could have been packed instead: to open something, and to read
/// names as the system gives them, about a thousand.
const COST_OF_OPENING: usize = 2 * 1024;
const COST_OF_NAMES: usize = 16 * 1024;

/// How much is done to make it small. The next higher levels take twice the time for a few per cent.
const LEVEL: Compression = Compression::new(2);

/// The ends of names of files in which there is nothing left to compress.
const COMPRESSED: &[&str] = &[
    "7z", "aac", "apk", "avi", "avif", "br", "bz2", "docx", "epub", "flac", "gif", "gz", "heic", "jar",
    "jpeg", "jpg", "jxl", "m4a", "m4v", "mkv", "mov", "mp3", "mp4", "ods", "odt", "ogg", "opus", "png",
    "pptx", "rar", "tgz", "webm", "webp", "woff", "woff2", "xlsx", "xz", "zip", "zst",
];

/// The places of the archives that are being made.
#[derive(Debug)]
pub struct Archives(Arc<Budget>);

impl Default for Archives {
    fn default() -> Archives {
        Archives(Budget::new(AT_ONCE))
    }
}

/// The forms that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Tar,
    TarGz,
    Zip,
}

impl Format {
    /// Each with its name, which is also the end of the file's name, and its media type.
    const ALL: [(Format, &str, &str); 3] = [
        (Format::TarGz, "tar.gz", "application/gzip"),
        (Format::Zip, "zip", "application/zip"),
        (Format::Tar, "tar", "application/x-tar"),
    ];

    /// The names that it can hold.
    fn names(self) -> Names {
        if self == Format::Zip { Names::WithoutBackslash } else { Names::All }
    }
}

impl Archives {
    /// Answers with a folder as an archive.
    ///
    /// # Errors
    /// 400 for a format that does not exist, 503 when enough archives are being made.
    pub fn respond(
        &self,
        root: &Arc<Root>,
        directory: File,
        path: &DecodedPath,
        format: &str,
        hidden: bool,
    ) -> Result<Response, Refusal> {
        let Some(&(format, end, media_type)) = Format::ALL.iter().find(|(_, name, _)| *name == format) else {
            let names = Format::ALL.map(|(_, name, _)| name).join(", ");
            return Err(Refusal::bad_request(format!("an archive can be one of {names}")));
        };
        let place = self.0.take(1).ok_or_else(|| {
            let why = format!("{AT_ONCE} archives are being made already; try again when one is done");
            Refusal::new(Status::SERVICE_UNAVAILABLE, why)
        })?;
        let name = name_of(root, path);
        let mut headers = Headers::default();
        headers.push("Content-Type", media_type);
        headers.push("Content-Disposition", attachment(&format!("{}.{end}", as_text(&name))));
        headers.push("Cache-Control", "no-cache");
        trace::step("archive", Rfc(9112, "7.1"), || {
            "the folder is packed while it is sent: nobody knows how long that will be, so it comes in \
             chunks, and no part of it can be asked for"
                .to_owned()
        });
        let archive = Archive::new(root, directory, path, format, hidden, place);
        Ok(Response { status: Status::OK, headers, body: Body::Stream(Box::new(archive)) })
    }
}

/// Whether it is a waste of time to compress a file, by its name.
fn is_compressed_already(name: &str) -> bool {
    let end = name.rsplit_once('.').map_or("", |(_, end)| end);
    COMPRESSED.iter().any(|known| end.eq_ignore_ascii_case(known))
}

/// What a folder is called in its archive: its own name, without the dots that would hide it.
fn name_of(root: &Root, path: &DecodedPath) -> Vec<u8> {
    let own = path.segments().next_back().map(<[u8]>::to_vec).or_else(|| root.name()).unwrap_or_default();
    let dots = own.iter().take_while(|&&byte| byte == b'.').count();
    if dots == own.len() { b"files".to_vec() } else { own[dots..].to_vec() }
}

/// The same for those who need text, or would take a backslash for a slash.
fn as_text(name: &[u8]) -> String {
    String::from_utf8_lossy(name).replace('\\', "_")
}

/// The value of Content-Disposition for a file to be saved under this name: in ASCII for old clients,
/// and as it is (RFC 6266 section 4.3, RFC 8187 section 3.2).
fn attachment(name: &str) -> String {
    // "%" is left out since some decode it here (RFC 6266 appendix D).
    let plain = |letter: char| if letter.is_ascii_graphic() || letter == ' ' { letter } else { '_' };
    let plain: String =
        name.chars().map(plain).map(|letter| if "\"\\%/".contains(letter) { '_' } else { letter }).collect();
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{}", encode_segment(name.as_bytes()))
}

/// An archive that is being made.
struct Archive {
    walk: Walk,
    packer: Packer,
    /// The file that is being packed.
    file: Option<Packing>,
    missing: Missing,
    /// What is packed, from the root of the site, for who runs the server.
    of: Vec<u8>,
    /// The name and the time of the outermost folder.
    outermost: Option<(Vec<u8>, i64)>,
    /// All is packed, and what is missing is told of.
    is_whole: bool,
    ended: bool,
    /// One of the places of [`Archives`], until this is dropped.
    _place: Share,
}

/// A file on its way into the archive.
struct Packing {
    name: Vec<u8>,
    file: File,
    offset: u64,
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
        // A step for each file would be a long story.
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
    fn new(
        root: &Arc<Root>,
        directory: File,
        path: &DecodedPath,
        format: Format,
        hidden: bool,
        place: Share,
    ) -> Archive {
        let name = name_of(root, path);
        let name = if format.names() == Names::All { name } else { as_text(&name).into_bytes() };
        Archive {
            walk: Walk::new(root, directory, path, &name, hidden, format.names()),
            packer: Packer::new(format),
            file: None,
            missing: Missing::default(),
            of: [b"/", &path.relative[..]].concat(),
            outermost: None,
            is_whole: false,
            ended: false,
            _place: place,
        }
    }

    /// Does a piece of work, which may give bytes or not yet.
    fn make_piece(&mut self) -> Result<Vec<u8>, Failed> {
        let mut work = 0;
        let mut buffer = Vec::new();
        while work < PIECE && !self.ended {
            work += match &mut self.file {
                Some(file) => {
                    let count = file.pack(&mut self.packer, &mut buffer, PIECE - work, &mut self.missing)?;
                    if file.left == 0 {
                        self.packer.end_file()?;
                        self.file = None;
                    }
                    count
                }
                None => self.go_on()?,
            };
        }
        Ok(self.packer.take()?)
    }

    /// Takes the next step of the way, and says what it cost.
    fn go_on(&mut self) -> Result<usize, Failed> {
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
            Step::Names => return Ok(COST_OF_NAMES),
            Step::Nothing => {}
            Step::End if !self.is_whole => {
                self.is_whole = true;
                self.tell_what_is_missing()?;
                return Ok(PIECE);
            }
            Step::End => {
                self.ended = self.packer.end()?;
                return Ok(PIECE);
            }
        }
        Ok(COST_OF_OPENING)
    }

    /// Says in the archive what is not in it, and to who runs the server that it is so.
    fn tell_what_is_missing(&mut self) -> Result<(), Failed> {
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
        // Who does not read what we say does not keep us from the rest.
        let _ = writeln!(
            io::stderr(),
            "glasshttp: {number}{what} missing in an archive of {of}, or not whole; {own} in it says why"
        );
        Ok(())
    }
}

impl Packing {
    /// Packs so many bytes at the most, and says how many.
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
            // A read that has failed may have left something in it.
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

/// What makes bytes of entries.
enum Packer {
    Tar(Tar),
    Zip(Zip),
}

impl Packer {
    fn new(format: Format) -> Packer {
        match format {
            Format::Tar => Packer::Tar(Tar::new()),
            Format::TarGz => Packer::Tar(Tar::compressed(LEVEL)),
            Format::Zip => Packer::Zip(Zip::new(LEVEL)),
        }
    }

    /// Whether a file has to have the length that was said when it began.
    fn keeps_promises(&self) -> bool {
        matches!(self, Packer::Tar(_))
    }

    fn folder(&mut self, name: &[u8], modified: i64) -> io::Result<()> {
        match self {
            Packer::Tar(tar) => tar.folder(name, modified),
            Packer::Zip(zip) => zip.folder(&String::from_utf8_lossy(name), modified),
        }
    }

    fn file(&mut self, name: &[u8], mode: u32, modified: i64, size: u64) -> io::Result<()> {
        match self {
            Packer::Tar(tar) => tar.file(name, mode, modified, size),
            Packer::Zip(zip) => {
                let name = String::from_utf8_lossy(name);
                zip.file(&name, mode, modified, size, is_compressed_already(&name));
                Ok(())
            }
        }
    }

    fn content(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Packer::Tar(tar) => tar.content(bytes),
            Packer::Zip(zip) => zip.content(bytes),
        }
    }

    fn end_file(&mut self) -> io::Result<()> {
        match self {
            Packer::Tar(tar) => {
                tar.end_file();
                Ok(())
            }
            Packer::Zip(zip) => zip.end_file(),
        }
    }

    /// Ends the archive; whether this was all.
    fn end(&mut self) -> io::Result<bool> {
        match self {
            Packer::Tar(tar) => tar.end().map(|()| true),
            Packer::Zip(zip) => Ok(zip.end()),
        }
    }

    fn take(&mut self) -> io::Result<Vec<u8>> {
        match self {
            Packer::Tar(tar) => tar.take(),
            Packer::Zip(zip) => Ok(zip.take()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    /// The archive of a folder, with its pieces joined.
    fn make(root: &Arc<Root>, relative: &str, format: Format, hidden: bool) -> Vec<u8> {
        let mut archive = archive_of(root, relative, format, hidden);
        let mut bytes = Vec::new();
        loop {
            match archive.next() {
                Next::Piece(piece) => bytes.extend(piece),
                Next::Busy => {}
                Next::End => return bytes,
                other => panic!("{other:?}"),
            }
        }
    }

    fn archive_of(root: &Arc<Root>, relative: &str, format: Format, hidden: bool) -> Archive {
        let Ok(super::super::root::Opened::Directory(directory)) = root.open(relative.as_bytes()) else {
            panic!("{relative} is no folder");
        };
        let path = DecodedPath::decode(format!("/{relative}/").as_bytes()).expect("a path");
        let place = Budget::new(1).take(1).expect("it is free");
        Archive::new(root, directory, &path, format, hidden, place)
    }

    /// The names of a tar archive's entries.
    fn names(bytes: &[u8]) -> Vec<String> {
        let mut archive = ::tar::Archive::new(bytes);
        let names = archive.entries().expect("an archive").map(|entry| {
            String::from_utf8(entry.expect("an entry").path_bytes().into_owned()).expect("UTF-8")
        });
        names.collect()
    }

    fn folder(files: &[(&str, &str)]) -> (tempfile::TempDir, Arc<Root>) {
        let outer = tempfile::tempdir().expect("a temporary folder");
        let folder = outer.path().join("files");
        std::fs::create_dir(&folder).expect("made");
        for (name, content) in files {
            let path = folder.join(name);
            std::fs::create_dir_all(path.parent().expect("it has one")).expect("made");
            std::fs::write(path, content).expect("written");
        }
        let root = Arc::new(Root::open_path(&folder, false).expect("a folder"));
        (outer, root)
    }

    #[test]
    fn what_is_in_it_is_what_the_server_would_serve_sorted_by_name() {
        let (outer, root) =
            folder(&[("b/c.txt", "c"), ("b/.git/x", ""), ("a.txt", ""), (".env", ""), ("b\\c", "")]);
        let files = outer.path().join("files");
        std::fs::write(outer.path().join("secret"), "x").expect("written");
        std::fs::create_dir(files.join("empty")).expect("made");
        for (target, name) in [
            ("../secret", "out.txt"),
            ("..", "out"),
            ("b/../../secret", "b/out"),
            ("nowhere", "broken"),
            ("b/c.txt", "link.txt"),
            ("b", "link"),
            (".", "self"),
            ("..", "b/up"),
            ("loop-b", "loop-a"),
            ("loop-a", "loop-b"),
        ] {
            symlink(target, files.join(name)).expect("a link");
        }
        symlink(files.join("b"), files.join("absolute")).expect("a link");
        crate::base::platform::status::make_fifo(&files.join("fifo"));
        let expected = [
            "",
            "a.txt",
            "absolute/",
            "absolute/c.txt",
            "b/",
            "b/c.txt",
            "b\\c",
            "empty/",
            "link/",
            "link/c.txt",
            "link.txt",
        ];
        let expected: Vec<_> = expected.iter().map(|name| format!("files/{name}")).collect();
        assert_eq!(names(&make(&root, "", Format::Tar, false)), expected);
        assert_eq!(names(&make(&root, "b", Format::Tar, false)), ["b/", "b/c.txt"]);
        let with_hidden = names(&make(&root, "b", Format::Tar, true));
        assert_eq!(with_hidden, ["b/", "b/.git/", "b/.git/x", "b/c.txt"]);
    }

    #[test]
    fn folders_that_lead_to_each_other_end() {
        let (outer, root) = folder(&[("a/x", ""), ("b/y", "")]);
        let files = outer.path().join("files");
        symlink("../b", files.join("a/b")).expect("a link");
        symlink("../a", files.join("b/a")).expect("a link");
        let expected = ["", "a/", "a/b/", "a/b/y", "a/x", "b/", "b/a/", "b/a/x", "b/y"]
            .map(|name| format!("files/{name}"));
        assert_eq!(names(&make(&root, "", Format::Tar, false)), expected);
    }

    #[test]
    fn folders_are_entered_so_deep_and_no_deeper() {
        let deep = ["d"; 130].join("/");
        let (_outer, root) = folder(&[(&format!("{deep}/x"), "")]);
        let bytes = make(&root, "", Format::Tar, false);
        let names = names(&bytes);
        assert_eq!(names.len(), 129);
        assert_eq!(names[127].matches("d/").count(), 127);
        assert_eq!(names[128], "files/MISSING.txt");
        let line = format!("\nfiles/{}d: it lies deeper than 128 folders\n", "d/".repeat(127));
        assert!(String::from_utf8_lossy(&bytes).contains(&line));
    }

    #[test]
    fn the_same_folder_gives_the_same_bytes() {
        let (_outer, root) = folder(&[("a/x", "1"), ("b.txt", "2"), ("ü", "3")]);
        for (format, ..) in Format::ALL {
            assert_eq!(make(&root, "", format, false), make(&root, "", format, false), "{format:?}");
        }
    }

    /// The archive of a file of five pieces, which gets another length when two are packed.
    fn make_while_changing(format: Format, length: usize) -> Vec<u8> {
        let (outer, root) = folder(&[("a", &"x".repeat(5 * PIECE)), ("b", "the next")]);
        let mut archive = archive_of(&root, "", format, false);
        let mut bytes = Vec::new();
        let mut has_changed = false;
        loop {
            match archive.next() {
                Next::Piece(piece) => bytes.extend(piece),
                Next::End => return bytes,
                other => assert_eq!(other, Next::Busy),
            }
            let is_under_way = archive.file.as_ref().is_some_and(|file| file.offset >= PIECE as u64);
            if is_under_way && !std::mem::replace(&mut has_changed, true) {
                let file = File::options().write(true).open(outer.path().join("files/a")).expect("a file");
                file.set_len(length as u64).expect("it can be changed");
            }
        }
    }

    #[test]
    fn a_file_that_grows_or_shrinks_while_it_is_read_keeps_the_length_that_was_said() {
        for length in [0, 3 * PIECE + 1, 9 * PIECE] {
            let bytes = make_while_changing(Format::Tar, length);
            let mut tar = ::tar::Archive::new(&bytes[..]);
            let mut entries = tar.entries().expect("an archive").skip(1);
            let mut content = || {
                let mut text = String::new();
                let mut entry = entries.next().expect("an entry").expect("a good one");
                io::Read::read_to_string(&mut entry, &mut text).expect("its content");
                text
            };
            let text = content();
            assert_eq!(text.len(), 5 * PIECE, "{length}");
            let zeros = text.trim_start_matches('x');
            assert!(zeros.bytes().all(|byte| byte == 0), "{length}");
            assert!((text.len() - zeros.len()).abs_diff(length.min(5 * PIECE)) <= 2 * PIECE, "{length}");
            assert_eq!(content(), "the next");
            if zeros.is_empty() {
                assert!(entries.next().is_none(), "{length}: nothing is missing");
            } else {
                assert!(
                    content()
                        .contains("files/a: it became shorter while it was packed; the rest of it is zeros")
                );
            }
        }
    }

    #[test]
    fn in_a_zip_archive_a_file_that_shrinks_is_as_short_as_it_is() {
        for length in [0, 3 * PIECE + 1, 9 * PIECE] {
            let bytes = make_while_changing(Format::Zip, length);
            // The directory's second entry: behind "files/".
            let entries: Vec<_> = memchr::memmem::find_iter(&bytes, b"PK\x01\x02").collect();
            let (before, at) = (entries[1], entries[2]);
            let number = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four"));
            let size = number(before + 24) as usize;
            assert!(size.abs_diff(length.min(5 * PIECE)) <= 2 * PIECE, "{length}: {size}");
            assert_eq!(number(at + 24), 8, "the next");
        }
    }

    #[test]
    fn names_to_save_it_under_are_plain_for_the_old_and_exact_for_others() {
        let table = [
            ("a b.zip", "filename=\"a b.zip\"; filename*=UTF-8''a%20b.zip"),
            ("ü.zip", "filename=\"_.zip\"; filename*=UTF-8''%C3%BC.zip"),
            ("a\"\\%\r\n.zip", "filename=\"a_____.zip\"; filename*=UTF-8''a%22%5C%25%0D%0A.zip"),
        ];
        for (name, expected) in table {
            assert_eq!(attachment(name), format!("attachment; {expected}"));
        }
    }

    #[test]
    fn so_many_and_no_more_are_made_at_once() {
        let (_outer, root) = folder(&[("a", "")]);
        let archives = Archives::default();
        let ask = || {
            let Ok(super::super::root::Opened::Directory(directory)) = root.open(b"") else {
                panic!("a folder")
            };
            let path = DecodedPath::decode(b"/").expect("a path");
            archives.respond(&root, directory, &path, "zip", false)
        };
        let mut open: Vec<_> = (0..AT_ONCE).map(|_| ask().expect("there is room")).collect();
        assert_eq!(ask().expect_err("there is none").status, Status::SERVICE_UNAVAILABLE);
        open.pop();
        assert!(ask().is_ok());
    }

    #[test]
    fn a_format_that_does_not_exist_is_told_which_do() {
        let (_outer, root) = folder(&[]);
        for format in ["", "rar", "ZIP", "tar.xz"] {
            let Ok(super::super::root::Opened::Directory(directory)) = root.open(b"") else {
                panic!("a folder")
            };
            let path = DecodedPath::decode(b"/").expect("a path");
            let refusal = Archives::default().respond(&root, directory, &path, format, false);
            let refusal = refusal.expect_err("there is no such format");
            assert_eq!(refusal.status, Status::BAD_REQUEST);
            assert!(refusal.why.contains("tar.gz, zip, tar"), "{}", refusal.why);
        }
    }
}
