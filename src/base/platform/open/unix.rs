//! As Unixes have it.

use super::super::failure::Failure;
use super::super::status::{self, FileType, Stat};
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

pub(super) fn harmlessly(path: &Path) -> io::Result<File> {
    File::options().read(true).custom_flags(flags(HARMLESS)).open(path)
}

pub(super) fn harmlessly_beneath(folder: &Dir, path: &Path) -> io::Result<File> {
    // Opening a FIFO wakes a process that waits to write to it, and opening a device can do anything. So what it is, is
    // looked at before; and again by the caller, since the file may have been replaced between.
    let is_special = |stat: Stat| !matches!(stat.file_type, FileType::RegularFile | FileType::Directory);
    if status::at_in(folder, path).is_ok_and(is_special) {
        return Err(Failure::NobodyThere.into());
    }
    folder.open_with(path, &options_in(HARMLESS)).map(cap_std::fs::File::into_std)
}

pub(super) fn place(path: &Path) -> io::Result<File> {
    File::options().read(true).custom_flags(flags(PLACE)).open(path)
}

pub(super) fn place_beneath(folder: &Dir, path: &Path) -> io::Result<Dir> {
    folder.open_with(path, &options_in(PLACE)).map(|place| Dir::from_std_file(place.into_std()))
}

pub(super) fn folder_beneath(folder: &Dir, path: &Path) -> io::Result<File> {
    let only_a_folder = options_in(OFlags::DIRECTORY | OFlags::NOFOLLOW);
    folder.open_with(path, &only_a_folder).map(cap_std::fs::File::into_std)
}

#[cfg(target_os = "linux")]
pub(super) fn look_beneath(folder: &Dir, path: &Path) -> io::Result<Stat> {
    status::of_open(&folder.open_with(path, &options_in(OFlags::PATH))?)
}

// The same, where a file cannot be opened only as a place: cap-std goes from folder to folder and looks at the last.
#[cfg(not(target_os = "linux"))]
pub(super) fn look_beneath(folder: &Dir, path: &Path) -> io::Result<Stat> {
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

pub(super) fn to_append(path: &Path, mode: u32) -> io::Result<File> {
    let options = File::options().append(true).create(true).mode(mode).custom_flags(flags(HARMLESS)).clone();
    let file = options.open(path)?;
    fcntl_setfl(&file, fcntl_getfl(&file)?.difference(OFlags::NONBLOCK))?;
    Ok(file)
}

pub(super) fn read_at(file: &File, into: &mut [u8], offset: u64) -> io::Result<usize> {
    file.read_at(into, offset)
}

pub(super) fn read_exact_at(file: &File, into: &mut [u8], offset: u64) -> io::Result<()> {
    file.read_exact_at(into, offset)
}
