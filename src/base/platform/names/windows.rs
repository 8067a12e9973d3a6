//! As Windows has them.

use super::rules::{fault, looks_short};
use crate::base::platform::failure::Failure;
use crate::base::platform::open::path_of;
use crate::base::platform::status::Handle;
use cap_std::fs::Dir;
use normpath::PathExt;
use std::borrow::Cow;
use std::ffi::OsStr;
use std::io;
use std::path::{Component, Path, PathBuf};

/// The path with these bytes, its parts divided by `/`.
///
/// # Errors
/// `NameImpossible` (see [`crate::base::platform::failure`]) when no file can have such a name here.
pub fn path(bytes: &[u8]) -> io::Result<&Path> {
    checked(bytes).map(Path::new).map_err(|_| Failure::NameImpossible.into())
}

/// Why no file can have the path with these bytes, if so: a clause that tells of its names.
pub fn why_impossible(path: &[u8]) -> Option<&'static str> {
    checked(path).err()
}

fn checked(path: &[u8]) -> Result<&str, &'static str> {
    let path = str::from_utf8(path).map_err(|_| "names are Unicode, and this is not UTF-8")?;
    let fault = path.split('/').filter(|name| *name != ".").find_map(fault);
    fault.map_or(Ok(path), Err)
}

/// The bytes of a name or a path: UTF-8, but for halves of letters that are in it alone.
pub fn bytes(name: &(impl AsRef<OsStr> + ?Sized)) -> &[u8] {
    name.as_ref().as_encoded_bytes()
}

/// The bytes of a path, its parts divided by `/` as in a URL.
pub fn joined(path: &Path) -> Cow<'_, [u8]> {
    let bytes = bytes(path);
    if !bytes.contains(&b'\\') {
        return bytes.into();
    }
    bytes.iter().map(|&byte| if byte == b'\\' { b'/' } else { byte }).collect()
}

/// Whether a file below a folder has its names letter by letter as in this path, by which it was found. Large letters
/// and small ones are the same here, and it may have been found by others.
pub fn are_as_spelled(folder: &Path, relative: &[u8]) -> bool {
    let Ok(relative) = path(relative) else { return false };
    in_full(&folder.join(relative)).is_ok_and(|found| found.ends_with(relative))
}

/// Fails if a name in this path, by which something was opened beneath a folder, is the short form of another.
pub(in super::super) fn check_is_no_short_name(
    opened: &impl Handle,
    folder: &Dir,
    path: &Path,
) -> io::Result<()> {
    if !path.components().filter_map(as_name).any(|name| looks_short(&name.to_string_lossy())) {
        return Ok(());
    }
    // The path of what is open has all names in full, and may be as long as it likes. Where a link was followed it is
    // another path, and the folders on the way have to be asked.
    if end_likewise(path, &path_of(opened)?) || end_likewise(path, &in_full(&path_of(folder)?.join(path))?) {
        Ok(())
    } else {
        Err(Failure::NotFound.into())
    }
}

/// Whether the last names of a path are those of this one, in large letters or small ones.
fn end_likewise(asked: &Path, found: &Path) -> bool {
    let found: Vec<_> = found.components().filter_map(as_name).collect();
    let asked: Vec<_> = asked.components().filter_map(as_name).collect();
    asked.len() <= found.len()
        && asked.iter().rev().zip(found.iter().rev()).all(|(asked, found)| {
            asked.to_string_lossy().to_lowercase() == found.to_string_lossy().to_lowercase()
        })
}

fn as_name(component: Component<'_>) -> Option<&OsStr> {
    match component {
        Component::Normal(name) => Some(name),
        _ => None,
    }
}

/// A path with its names as the folders have them.
///
/// # Errors
/// When nothing has it; and when it is longer than Windows can do that for.
fn in_full(path: &Path) -> io::Result<PathBuf> {
    // What begins with `\\?\` it leaves as it is.
    let path = dunce::simplified(path);
    if path
        .components()
        .next()
        .is_some_and(|first| matches!(first, Component::Prefix(it) if it.kind().is_verbatim()))
    {
        return Err(Failure::NameTooLong.into());
    }
    Ok(path.expand()?.into_owned().into())
}
