//! Names of files, which clients spell in bytes.
//!
//! On Unix a name is any bytes but `/` and NUL, so one is the other. Elsewhere not every name can be made of bytes;
//! hence the error.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// The path with these bytes, its parts divided by `/`.
///
/// # Errors
/// When no file can have such a name here.
pub fn path(bytes: &[u8]) -> io::Result<&Path> {
    Ok(Path::new(OsStr::from_bytes(bytes)))
}

/// The bytes of a name or a path.
pub fn bytes(name: &(impl AsRef<OsStr> + ?Sized)) -> &[u8] {
    name.as_ref().as_bytes()
}
