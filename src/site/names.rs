//! Which names in a folder the server shows: not the hidden ones, and never those of uploads under way.
//!
//! ```text
//! a.txt                             shown
//! .git                              only with --hidden
//! .glass-upload-0123456789abcdef    never, whatever the options say: a file that is not whole
//! ```

/// How the names of files begin that are not whole yet; sixteen hexadecimal digits follow.
pub(super) const TEMPORARY: &[u8] = b".glass-upload-";

/// Whether a name is that of a file that is not whole yet. Some file systems do not tell small letters from capital
/// ones, and ignore dots at the end.
pub fn is_temporary(name: &[u8]) -> bool {
    name.get(..TEMPORARY.len()).is_some_and(|start| start.eq_ignore_ascii_case(TEMPORARY))
}

/// Whether a path leads to such a file.
pub(super) fn leads_to_temporary(relative: &[u8]) -> bool {
    relative.split(|&byte| byte == b'/').any(is_temporary)
}

/// `photos` and `a.jpg` to `photos/a.jpg`; in the root it is the name alone.
pub(super) fn join(folder: &[u8], name: &[u8]) -> Vec<u8> {
    if folder.is_empty() { name.to_vec() } else { [folder, b"/", name].concat() }
}

/// Whether a listing shows a name, with or without those that start with a dot. (`.well-known`, which is served all
/// the same, it does not show.)
pub(super) fn is_shown(name: &[u8], hidden: bool) -> bool {
    !matches!(name, b"." | b"..") && (hidden || !name.starts_with(b".")) && !is_temporary(name)
}
