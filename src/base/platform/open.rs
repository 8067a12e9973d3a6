//! Opening files in ways that have no other effect, and reading them at a position.

use super::status::Stat;
use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt as _};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt as _};
use std::path::Path;

/// So that opening does not block for a FIFO without a writer, and a terminal does not become ours.
const HARMLESS: OFlags = OFlags::NONBLOCK.union(OFlags::NOCTTY);

/// A folder that is opened only as a place: nothing of it is read, so it need not be readable.
#[cfg(target_os = "linux")]
const PLACE: OFlags = OFlags::PATH.union(OFlags::DIRECTORY);

/// Without O_PATH it has to be readable.
#[cfg(not(target_os = "linux"))]
const PLACE: OFlags = OFlags::DIRECTORY;

/// `custom_flags` takes the bits as the C int that `open` takes.
fn flags(flags: OFlags) -> i32 {
    flags.bits().cast_signed()
}

fn options_in(extra: OFlags) -> OpenOptions {
    OpenOptions::new().read(true).custom_flags(flags(extra)).clone()
}

/// Opens a file to read it, and does nothing else, whatever it turns out to be.
///
/// # Errors
/// When it is not there, or may not be read.
pub fn harmlessly(path: &Path) -> io::Result<File> {
    File::options().read(true).custom_flags(flags(HARMLESS)).open(path)
}

/// The same beneath a folder.
///
/// # Errors
/// As [`harmlessly`]; and when the path leads out of the folder, an error without a number of the system's.
pub fn harmlessly_beneath(folder: &Dir, path: &Path) -> io::Result<File> {
    folder.open_with(path, &options_in(HARMLESS)).map(cap_std::fs::File::into_std)
}

/// Opens a folder as a place in which other things are opened.
///
/// # Errors
/// When it is not there, or no folder; where the system has no such way, when it may not be read, too.
pub fn place(path: &Path) -> io::Result<File> {
    File::options().read(true).custom_flags(flags(PLACE)).open(path)
}

/// The same beneath a folder.
///
/// # Errors
/// As [`place`] and [`harmlessly_beneath`].
pub fn place_beneath(folder: &Dir, path: &Path) -> io::Result<Dir> {
    folder.open_with(path, &options_in(PLACE)).map(|place| Dir::from_std_file(place.into_std()))
}

/// Opens a folder beneath another to read its names. If it is a link, that fails.
///
/// # Errors
/// When it is not there, no folder, or may not be read.
pub fn folder_beneath(folder: &Dir, path: &Path) -> io::Result<File> {
    let only_a_folder = options_in(OFlags::DIRECTORY | OFlags::NOFOLLOW);
    folder.open_with(path, &only_a_folder).map(cap_std::fs::File::into_std)
}

/// What is known of the file to which a path leads beneath a folder. Nothing is read, nothing blocks, and it need not
/// be readable.
///
/// # Errors
/// When it is not there, or when the path leads out: see [`harmlessly_beneath`].
#[cfg(target_os = "linux")]
pub fn look_beneath(folder: &Dir, path: &Path) -> io::Result<Stat> {
    super::status::of_open(&folder.open_with(path, &options_in(OFlags::PATH))?)
}

/// The same, where a file cannot be opened only as a place: cap-std goes from folder to folder and looks at the last.
#[cfg(not(target_os = "linux"))]
pub fn look_beneath(folder: &Dir, path: &Path) -> io::Result<Stat> {
    use super::status::FileType;
    use cap_std::fs::MetadataExt;
    let metadata = folder.metadata(path)?;
    let time = |seconds, nanoseconds| (seconds, u32::try_from(nanoseconds).unwrap_or(0));
    let file_type = match metadata.file_type() {
        known if known.is_file() => FileType::RegularFile,
        known if known.is_dir() => FileType::Directory,
        // A socket is as little a file as a FIFO.
        _ => FileType::Other,
    };
    Ok(Stat {
        file_type,
        length: metadata.len(),
        modified: time(metadata.mtime(), metadata.mtime_nsec()),
        changed: time(metadata.ctime(), metadata.ctime_nsec()),
        identity: (metadata.dev(), metadata.ino()),
        names: metadata.nlink(),
        is_without_blocks: metadata.blocks() == 0,
        is_executable: metadata.mode() & 0o100 != 0,
        is_open_to_others: metadata.mode() & 0o007 != 0,
    })
}

/// Opens a file to append to it, and makes it with this mode if it is not there. It does not wait for somebody who
/// reads, if it is a FIFO; but what is written then waits until there is room.
///
/// # Errors
/// When it may not be written, or is a FIFO that nobody reads.
pub fn to_append(path: &Path, mode: u32) -> io::Result<File> {
    let options = File::options().append(true).create(true).mode(mode).custom_flags(flags(HARMLESS)).clone();
    let file = options.open(path)?;
    fcntl_setfl(&file, fcntl_getfl(&file)?.difference(OFlags::NONBLOCK))?;
    Ok(file)
}

/// Reads some bytes at a position; 0 means that the file ends before it. Where the file stands matters to nobody: it
/// may be read by several at once.
///
/// # Errors
/// When the disk fails.
pub fn read_at(file: &File, into: &mut [u8], offset: u64) -> io::Result<usize> {
    file.read_at(into, offset)
}

/// Reads so many bytes at a position as there is room for.
///
/// # Errors
/// When the file has fewer, or the disk fails.
pub fn read_exact_at(file: &File, into: &mut [u8], offset: u64) -> io::Result<()> {
    file.read_exact_at(into, offset)
}
