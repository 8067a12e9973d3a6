//! Names of files, which clients spell in bytes.
//!
//! On Unix a name is any bytes but `/` and NUL, so one is the other. On Windows a name is UTF-16, not every text is a
//! name, and one file can be had by several: see [`rules`].

#[cfg(unix)]
use std::{borrow::Cow, ffi::OsStr, io, path::Path};

#[cfg(any(windows, test, doc))]
pub mod rules;
#[cfg(windows)]
mod windows;

#[cfg(windows)]
pub(super) use windows::check_is_no_short_name;
#[cfg(windows)]
pub use windows::{are_as_spelled, bytes, check_are_no_short_names, joined, path, why_impossible};

/// The path with these bytes, its parts divided by `/`.
///
/// # Errors
/// `NameImpossible` (see [`super::failure`]) when no file can have such a name here.
#[cfg(unix)]
pub fn path(bytes: &[u8]) -> io::Result<&Path> {
    use std::os::unix::ffi::OsStrExt;
    Ok(Path::new(OsStr::from_bytes(bytes)))
}

/// Why no file can have the path with these bytes, if so: a clause that tells of its names.
#[cfg(unix)]
pub fn why_impossible(_path: &[u8]) -> Option<&'static str> {
    None
}

/// The bytes of a name or a path.
#[cfg(unix)]
pub fn bytes(name: &(impl AsRef<OsStr> + ?Sized)) -> &[u8] {
    name.as_ref().as_encoded_bytes()
}

/// The bytes of a path, its parts divided by `/` as in a URL.
#[cfg(unix)]
pub fn joined(path: &Path) -> Cow<'_, [u8]> {
    bytes(path).into()
}

/// Whether large letters and small ones are the same in names, so that `a.txt` and `A.TXT` are one file.
pub const IGNORE_CASE: bool = cfg!(windows);

/// Whether what is open has its names letter by letter as in this path, by which it was found. Where large letters and
/// small ones are the same, it may have been found by others.
#[cfg(unix)]
pub fn are_as_spelled(_opened: &impl super::status::Handle, _path: &[u8]) -> bool {
    true
}

/// Fails if a name in this path below a folder is the short form of another. [`super::open`] does that itself; this is
/// for a path whose end is found by what the links in it say.
///
/// # Errors
/// `NotFound` if one is, or if that cannot be told.
#[cfg(unix)]
pub fn check_are_no_short_names(_folder: &Path, _path: &Path) -> io::Result<()> {
    Ok(())
}
