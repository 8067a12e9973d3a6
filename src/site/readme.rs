//! The README of a folder, which is shown below its listing.
//!
//! ```text
//! notes.txt  README.md  readme.txt     README.md: the first of README, README.md, README.txt
//! ```
//!
//! A `README.md` is [rendered](crate::site::markdown), the others are shown as the text that they are.

use super::markdown;
use super::names::join;
use super::root::{OpenFile, Opened, Root};
use super::versions::read_at;
use crate::base::human;
use crate::base::trace::{self, quote};
use crate::http::target::DecodedPath;

/// The names, compared without regard to case. The first that exists and holds text is shown.
const NAMES: [&[u8]; 3] = [b"README", b"README.md", b"README.txt"];

/// How much of one is shown, in bytes.
const MAX_LENGTH: usize = 64 * 1024;

/// How many files are opened: where `README` and `readme` are two names, there can be many.
const MAX_TRIES: usize = 4;

/// A README, as it is shown.
#[derive(Debug, PartialEq, Eq)]
pub struct Readme {
    /// Its name.
    pub name: Vec<u8>,
    /// Its text, or the beginning of it.
    pub text: String,
    /// Whether the text is longer.
    pub is_cut: bool,
}

/// Whether a file of this name may be a README.
pub fn is_one(name: &[u8]) -> bool {
    rank(name).is_some()
}

fn rank(name: &[u8]) -> Option<usize> {
    NAMES.iter().position(|known| known.eq_ignore_ascii_case(name))
}

impl Readme {
    /// Looks for it among the names of a directory's files.
    pub fn find<'a>(
        root: &Root,
        directory: &DecodedPath,
        names: impl Iterator<Item = &'a [u8]>,
    ) -> Option<Readme> {
        let mut found: Vec<_> = names.filter_map(|name| Some((rank(name)?, name))).collect();
        found.sort_unstable();
        found.into_iter().take(MAX_TRIES).find_map(|(_, name)| {
            let Ok(Opened::File(file)) = root.open(&join(&directory.relative, name)) else { return None };
            let (text, is_cut) = beginning(&file, MAX_LENGTH)?;
            trace::decision("readme", None, || format!("{} is text, so it is shown below", quote(name)));
            Some(Readme { name: name.to_vec(), text, is_cut })
        })
    }

    /// Whether to render it may take longer than a worker's turn.
    pub fn takes_long(&self) -> bool {
        markdown::is_markdown(&self.name) && markdown::takes_long(&self.text)
    }
}

/// The beginning of a file, and whether it is longer; `None` if it is not text.
pub(super) fn beginning(file: &OpenFile, most: usize) -> Option<(String, bool)> {
    // One byte more, to see whether that is all.
    let mut bytes = vec![0; most.min(usize::try_from(file.facts.length).unwrap_or(most)) + 1];
    let count = read_at(&file.file, &mut bytes, 0).ok()?;
    let is_cut = count > most;
    bytes.truncate(count.min(most));
    as_text(&bytes, is_cut).map(|text| (text, is_cut))
}

/// Bytes as text, if they are UTF-8 without a NUL and not empty. Where they were cut, a character may be incomplete.
fn as_text(bytes: &[u8], is_cut: bool) -> Option<String> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) if is_cut && error.error_len().is_none() => {
            std::str::from_utf8(&bytes[..error.valid_up_to()]).ok()?
        }
        Err(_) => return None,
    };
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    if text.trim().is_empty() || text.contains('\0') {
        return None;
    }
    // Control characters as their pictures, as in names.
    let picture = |letter| if matches!(letter, '\n' | '\t') { letter } else { human::picture(letter) };
    Some(text.chars().map(picture).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::platform::link::symlink;
    use std::fs;

    #[test]
    fn text_is_utf8_without_nul() {
        let table: &[(&[u8], bool, Option<&str>)] = &[
            (b"plain\r\ntext\t.\n", false, Some("plain\ntext\t.\n")),
            (b"", false, None),
            (b" \n", false, None),
            (b"a\0b", false, None),
            (b"\xff\xfea\0", false, None),
            (b"caf\xe9", false, None),
            (b"\xef\xbb\xbfmarked", false, Some("marked")),
            (b"\x1b[2J bell\x07", false, Some("\u{241b}[2J bell\u{2407}")),
            ("\u{4e2d}".as_bytes(), false, Some("\u{4e2d}")),
            // Cut within a letter; not cut, but broken off.
            (b"a\xe4\xb8", true, Some("a")),
            (b"a\xe4\xb8", false, None),
            (b"<script>alert(1)</script>", false, Some("<script>alert(1)</script>")),
        ];
        for &(bytes, is_cut, expected) in table {
            assert_eq!(as_text(bytes, is_cut).as_deref(), expected, "{bytes:?}");
        }
    }

    /// The README of a folder of these files.
    fn of(files: &[(&str, &[u8])]) -> Option<(String, usize, bool)> {
        let folder = tempfile::tempdir().expect("a folder");
        let below = folder.path().join("d");
        fs::create_dir(&below).expect("created");
        for (name, content) in files {
            fs::write(below.join(name), content).expect("written");
        }
        fs::write(folder.path().join("outside"), "OUTSIDE").expect("written");
        symlink("../outside", below.join("Readme")).expect("linked");
        let root = Root::open_path(&below, false).expect("it can be read");
        let path = DecodedPath::decode(b"/").expect("a path");
        let names = files.iter().map(|(name, _)| name.as_bytes()).chain([&b"Readme"[..]]);
        let readme = Readme::find(&root, &path, names)?;
        assert!(!readme.text.contains("OUTSIDE"));
        Some((String::from_utf8(readme.name).expect("ASCII"), readme.text.len(), readme.is_cut))
    }

    #[test]
    fn the_first_by_name_that_holds_text_is_shown_and_never_one_outside() {
        let long = vec![b'x'; MAX_LENGTH + 1];
        let table: &[(&[(&str, &[u8])], Option<(&str, usize, bool)>)] = &[
            (&[], None),
            (&[("readme.html", b"no"), ("README.md.bak", b"no")], None),
            (&[("readme.txt", b"txt"), ("ReadMe.MD", b"md")], Some(("ReadMe.MD", 2, false))),
            (&[("README.md", b"md"), ("README", b"none")], Some(("README", 4, false))),
            (&[("README", b"bin\0ary"), ("README.txt", b"txt")], Some(("README.txt", 3, false))),
            (&[("README", &long[1..])], Some(("README", MAX_LENGTH, false))),
            (&[("README", &long)], Some(("README", MAX_LENGTH, true))),
        ];
        for (files, expected) in table {
            let found = of(files);
            let found = found.as_ref().map(|(name, length, is_cut)| (name.as_str(), *length, *is_cut));
            assert_eq!(found, *expected);
        }
    }
}
