//! As Windows has them.

use super::rules::{fault, looks_short};
use crate::base::platform::failure::Failure;
use crate::base::platform::open::path_of;
use crate::base::platform::status::Handle;
use cap_std::fs::Dir;
use normpath::PathExt;
use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Component, Path, PathBuf, Prefix};

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

/// Whether what is open has its names letter by letter as in this path, by which it was found. Large letters and small
/// ones are the same here, and it may have been found by others.
pub fn are_as_spelled(opened: &impl Handle, relative: &[u8]) -> bool {
    let Ok(relative) = path(relative) else { return false };
    path_of(opened).is_ok_and(|found| found.ends_with(relative))
}

/// Fails if a name in this path, by which something was opened beneath a folder, is the short form of another.
pub(in super::super) fn check_is_no_short_name(
    opened: &impl Handle,
    folder: &Dir,
    path: &Path,
) -> io::Result<()> {
    if !any_name(path, looks_short) {
        return Ok(());
    }
    // The path of what is open has all names in full, and may be as long as it likes. But where a link was followed it
    // is another path, and some drivers of disks only say again what they were asked for.
    if end_likewise(path, &path_of(opened)?) && !any_name(path, |name| name.contains('~')) {
        return Ok(());
    }
    check_are_no_short_names(&path_of(folder)?, path)
}

/// Fails if a name in this path below a folder is the short form of another. [`crate::base::platform::open`] does that
/// itself; this is for a path whose end is found by what the links in it say.
///
/// # Errors
/// `NotFound` if one is, or if that cannot be told.
pub fn check_are_no_short_names(folder: &Path, path: &Path) -> io::Result<()> {
    let is_well = || in_full(&folder.join(path)).is_ok_and(|found| end_likewise(path, &found));
    if !any_name(path, looks_short) || is_well() { Ok(()) } else { Err(Failure::NotFound.into()) }
}

fn any_name(path: &Path, is_it: impl Fn(&str) -> bool) -> bool {
    path.components().filter_map(as_name).any(|name| is_it(&name.to_string_lossy()))
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

/// A path with no short names, links left as they are.
///
/// # Errors
/// When nothing has it; and when it is longer than Windows can do that for.
fn in_full(path: &Path) -> io::Result<PathBuf> {
    // What begins with `\\?\` would be left as it is.
    let path = without_prefix(path).ok_or(Failure::NameTooLong)?;
    Ok(path.expand()?.into_owned().into())
}

/// `C:\a` for `\\?\C:\a`, and `\\host\share` for `\\?\UNC\host\share`; `None` for what can be written in no other way.
fn without_prefix(path: &Path) -> Option<Cow<'_, Path>> {
    let Some(Component::Prefix(prefix)) = path.components().next() else { return Some(path.into()) };
    match prefix.kind() {
        Prefix::VerbatimUNC(host, share) => {
            let mut plain = OsString::from("\\\\");
            plain.push(host);
            plain.push("\\");
            plain.push(share);
            Some(
                PathBuf::from_iter([Path::new(&plain), &path.components().skip(1).collect::<PathBuf>()])
                    .into(),
            )
        }
        kind if kind.is_verbatim() => {
            Some(dunce::simplified(path)).filter(|plain| *plain != path).map(Cow::from)
        }
        _ => Some(path.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_written_without_its_prefix_where_that_is_the_same() {
        let table = [
            (r"\\?\C:\a\b", Some(r"C:\a\b")),
            (r"C:\a", Some(r"C:\a")),
            (r"\\?\UNC\host\share\a\b", Some(r"\\host\share\a\b")),
            (r"\\?\Volume{0}\a", None),
            (r"\\?\C:\nul", None),
        ];
        for (path, expected) in table {
            assert_eq!(without_prefix(Path::new(path)).as_deref(), expected.map(Path::new), "{path}");
        }
    }

    #[test]
    fn the_last_names_are_compared_without_regard_to_large_letters() {
        let found = Path::new(r"\\?\C:\Site\Long name.text");
        for (asked, expected) in [
            ("site/LONG NAME.TEXT", true),
            ("LONGNA~1.TEX", false),
            ("other/long name.text", false),
            ("a/b/c/d/Site/Long name.text", false),
            ("", true),
        ] {
            assert_eq!(end_likewise(Path::new(asked), found), expected, "{asked}");
        }
    }
}
