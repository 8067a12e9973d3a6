//! Opening files in ways that have no other effect, and reading them at a position.

use super::status::Stat;
use cap_std::fs::Dir;
use std::fs::File;
use std::io;
use std::path::Path;

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use unix as system;
#[cfg(windows)]
use windows as system;

#[cfg(windows)]
pub(super) use windows::{as_file, path_of, to_look_at};

/// Opens a file to read it, and does nothing else, whatever it turns out to be.
///
/// # Errors
/// When it is not there, or may not be read.
pub fn harmlessly(path: &Path) -> io::Result<File> {
    system::harmlessly(path)
}

/// The same beneath a folder.
///
/// # Errors
/// As [`harmlessly`]; and when the path leads out of the folder, an error without a number of the system's.
pub fn harmlessly_beneath(folder: &Dir, path: &Path) -> io::Result<File> {
    system::harmlessly_beneath(folder, path)
}

/// Opens a folder as a place in which other things are opened.
///
/// # Errors
/// When it is not there, or no folder; where the system has no such way, when it may not be read, too.
pub fn place(path: &Path) -> io::Result<File> {
    system::place(path)
}

/// The same beneath a folder.
///
/// # Errors
/// As [`place`] and [`harmlessly_beneath`].
pub fn place_beneath(folder: &Dir, path: &Path) -> io::Result<Dir> {
    system::place_beneath(folder, path)
}

/// Opens a folder beneath another to read its names. If it is a link, that fails.
///
/// # Errors
/// When it is not there, no folder, or may not be read.
pub fn folder_beneath(folder: &Dir, path: &Path) -> io::Result<File> {
    system::folder_beneath(folder, path)
}

/// What is known of the file to which a path leads beneath a folder. Nothing is read, nothing blocks, and it need not
/// be readable.
///
/// # Errors
/// When it is not there, or when the path leads out: see [`harmlessly_beneath`].
pub fn look_beneath(folder: &Dir, path: &Path) -> io::Result<Stat> {
    system::look_beneath(folder, path)
}

/// Opens a file to append to it, and makes it with this mode if it is not there. It does not wait for somebody who
/// reads, if it is a FIFO; but what is written then waits until there is room.
///
/// # Errors
/// When it may not be written, or is a FIFO that nobody reads.
pub fn to_append(path: &Path, mode: u32) -> io::Result<File> {
    system::to_append(path, mode)
}

/// Reads some bytes at a position; 0 means that the file ends before it. Where the file stands matters to nobody: it
/// may be read by several at once.
///
/// # Errors
/// When the disk fails.
pub fn read_at(file: &File, into: &mut [u8], offset: u64) -> io::Result<usize> {
    system::read_at(file, into, offset)
}

/// Reads so many bytes at a position as there is room for.
///
/// # Errors
/// When the file has fewer, or the disk fails.
pub fn read_exact_at(file: &File, into: &mut [u8], offset: u64) -> io::Result<()> {
    system::read_exact_at(file, into, offset)
}
