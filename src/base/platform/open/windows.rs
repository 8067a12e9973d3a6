//! As Windows has it. Whoever has a file open says what others may do with it meanwhile; this program lets them do
//! everything: read, write, rename and delete (the share modes of `CreateFileW`).

use super::super::failure::Failure;
use super::super::names;
use super::super::status::{self, Handle, Stat};
use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt as _};
use std::fs::File;
use std::io;
use std::os::windows::fs::{FileExt, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use windows_sys::Win32::Storage::FileSystem::{
    FILE_FLAG_BACKUP_SEMANTICS, FILE_FLAG_OPEN_REPARSE_POINT, FILE_READ_ATTRIBUTES, FILE_SHARE_READ,
    FILE_SHARE_WRITE,
};

/// Without it no folder can be opened. On a file it has no effect for whoever has no special rights.
const ALSO_FOLDERS: u32 = FILE_FLAG_BACKUP_SEMANTICS;

fn options_in() -> OpenOptions {
    OpenOptions::new().read(true).custom_flags(ALSO_FOLDERS).clone()
}

pub(super) fn harmlessly(path: &Path) -> io::Result<File> {
    File::options().read(true).custom_flags(ALSO_FOLDERS).open(path)
}

pub(super) fn harmlessly_beneath(folder: &Dir, path: &Path) -> io::Result<File> {
    open_beneath(folder, path, &options_in())
}

fn open_beneath(folder: &Dir, path: &Path, options: &OpenOptions) -> io::Result<File> {
    let file = folder.open_with(path, options)?.into_std();
    names::check_is_no_short_name(&file, folder, path)?;
    as_it_reads(file)
}

/// cap-std opens each file so that a link would be open itself. So would be what else needs a driver to be read: a file
/// that is stored only once for several, or that a cloud has. That is opened again.
fn as_it_reads(file: File) -> io::Result<File> {
    if !status::needs_a_driver(&file)? {
        return Ok(file);
    }
    let again = harmlessly(&path_of(&file)?)?;
    let identity = |file: &File| status::of_open(file).map(|stat| stat.identity);
    if identity(&file)? == identity(&again)? { Ok(again) } else { Err(Failure::NotFound.into()) }
}

pub(super) fn place(path: &Path) -> io::Result<File> {
    only_a_folder(harmlessly(path)?)
}

// What is done in it later is done by the path that it has: so as long as it is open, nobody moves or removes it.
pub(super) fn place_beneath(folder: &Dir, path: &Path) -> io::Result<Dir> {
    let options = options_in().share_mode(FILE_SHARE_READ | FILE_SHARE_WRITE).clone();
    only_a_folder(open_beneath(folder, path, &options)?).map(Dir::from_std_file)
}

pub(super) fn folder_beneath(folder: &Dir, path: &Path) -> io::Result<File> {
    // A link is opened itself, and that is no folder.
    let options = options_in().custom_flags(ALSO_FOLDERS | FILE_FLAG_OPEN_REPARSE_POINT).clone();
    only_a_folder(open_beneath(folder, path, &options)?)
}

fn only_a_folder(file: File) -> io::Result<File> {
    if file.metadata()?.is_dir() { Ok(file) } else { Err(Failure::NotAFolder.into()) }
}

pub(super) fn look_beneath(folder: &Dir, path: &Path) -> io::Result<Stat> {
    let opened = folder.open_with(path, options_in().access_mode(FILE_READ_ATTRIBUTES))?;
    names::check_is_no_short_name(&opened, folder, path)?;
    status::of_open(&opened)
}

/// Opens a file or a folder, or a link itself, to ask what is known of it. That needs no right to read it.
pub(in super::super) fn to_look_at(path: &Path, follow: bool) -> io::Result<File> {
    let flags = if follow { ALSO_FOLDERS } else { ALSO_FOLDERS | FILE_FLAG_OPEN_REPARSE_POINT };
    File::options().access_mode(FILE_READ_ATTRIBUTES).custom_flags(flags).open(path)
}

/// The path that an open file or folder has now.
pub(in super::super) fn path_of(file: &impl Handle) -> io::Result<PathBuf> {
    winx::file::get_file_path(&as_file(file)?)
}

/// The same file, open once more.
pub(in super::super) fn as_file(handle: &impl Handle) -> io::Result<File> {
    Ok(File::from(handle.as_handle().try_clone_to_owned()?))
}

pub(super) fn to_append(path: &Path, _mode: u32) -> io::Result<File> {
    File::options().append(true).create(true).open(path)
}

pub(super) fn read_at(file: &File, into: &mut [u8], offset: u64) -> io::Result<usize> {
    file.seek_read(into, offset)
}

pub(super) fn read_exact_at(file: &File, mut into: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !into.is_empty() {
        match file.seek_read(into, offset) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => {
                into = &mut into[count..];
                offset += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
