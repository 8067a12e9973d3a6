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
pub use windows::{are_as_spelled, bytes, joined, path, why_impossible};

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

/// Whether a file below a folder has its names letter by letter as in this path, by which it was found. Where large
/// letters and small ones are the same, or a name has a short form, it may have been found by others.
#[cfg(unix)]
pub fn are_as_spelled(_folder: &Path, _path: &[u8]) -> bool {
    true
}
