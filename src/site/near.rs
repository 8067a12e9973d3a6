//! Names that are similar to one that does not exist.
//!
//! ```text
//! GET /Photos/IMG_1.JPG     404, and the page offers photos/img_1.jpg    another case
//! GET /cafe%CC%81.txt       404, and café.txt    another Unicode normalisation: macOS decomposes names
//! GET /report               404, and report.pdf, report.txt              without its extension
//! ```
//!
//! The status stays 404. If the file were served under another name, links would break as soon as the files move to
//! another machine, and caches would hold the same file twice. But people who copy a folder from one system to another
//! should learn what is wrong.
//!
//! The answer names only what a listing would show: nothing hidden, nothing that leads out of the folder, nothing
//! from a folder that has an index, and nothing at all where listings are off. And the work is bounded: the number of
//! names that are looked at for one request, and the number of such requests in a second. All other requests get the
//! 404 alone, which is right, too.

use super::Site;
use super::effort::{Effort, Takes};
use super::names::is_shown;
use super::root::Opened;
use crate::base::platform::directory::Directory;
use crate::base::platform::status::FileType;
use crate::base::trace::{self, quote, show};
use crate::http::target::DecodedPath;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use unicode_normalization::UnicodeNormalization;

/// How many names are looked at, in all folders of a path together. In a larger folder nothing is offered.
const MAX_NAMES: usize = 1000;

/// Of these, how many a worker looks at before it leaves the search to a helper: less than a microsecond each where
/// they are ASCII.
const BRIEF_NAMES: usize = 200;

/// How many bytes of names are read at a time.
const NAMES: usize = 32 * 1024;

/// How deep a path may be, and how long a name, for which similar names are looked for.
const MAX_DEPTH: usize = 16;
const MAX_NAME: usize = 1024;

/// How many are offered.
const MAX_OFFERED: usize = 3;

/// For how many requests in a second similar names are looked for.
const MAX_IN_A_SECOND: u64 = 20;

/// How close a name is to the one in the target; the closest comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Closeness {
    /// The same, but for case and normalisation.
    Same,
    /// The same with an extension.
    Ending,
}

/// The paths that are similar to one that names nothing, the closest first.
pub(super) fn find(site: &Site, path: &DecodedPath, effort: Effort) -> Result<Vec<DecodedPath>, Takes> {
    let depth = path.segments().count();
    let may_be_listed = site.options.listing && site.root.single_file().is_none();
    if !may_be_listed || depth > MAX_DEPTH || !site.near.has_room(Instant::now()) {
        return Ok(Vec::new());
    }
    let mut names_left = if effort == Effort::Full { MAX_NAMES } else { BRIEF_NAMES };
    // The steps of the search are not decisions about the answer.
    let found = trace::silently(|| walk_to(site, path, &mut names_left)).unwrap_or_default();
    if names_left == 0 && effort == Effort::Brief {
        return Err(Takes { what: "looking for similar names".to_owned(), key: None });
    }
    for near in &found {
        trace::decision("near name", None, || {
            let text = "is there, and a listing would show it: the answer offers it";
            ("", format!("{} {text}", quote(&near.text())), show(&near.text()))
        });
    }
    Ok(found)
}

/// Goes from folder to folder. Where there were too many names, `names_left` is 0.
fn walk_to(site: &Site, path: &DecodedPath, names_left: &mut usize) -> Option<Vec<DecodedPath>> {
    let mut found = vec![DecodedPath { relative: Vec::new(), names_directory: true }];
    for segment in path.segments() {
        // Of the folders that are similar to one in the path, the search goes on in the closest.
        let folder = found.into_iter().find(|found| found.names_directory)?;
        found = match what_is_at(site, below(&folder, segment)) {
            Some(exact) => vec![exact],
            None => look_through(site, &folder, segment, names_left)?,
        };
    }
    // The same name with a slash at its end is not a similar one.
    found.retain(|found| found.relative != path.relative);
    found.truncate(MAX_OFFERED);
    Some(found)
}

fn below(folder: &DecodedPath, name: &[u8]) -> Vec<u8> {
    if folder.relative.is_empty() { name.to_vec() } else { [&folder.relative, &b"/"[..], name].concat() }
}

/// The path of a file or folder that would be served.
fn what_is_at(site: &Site, relative: Vec<u8>) -> Option<DecodedPath> {
    match site.root.look(&relative).ok()?.file_type {
        FileType::RegularFile => Some(DecodedPath { relative, names_directory: false }),
        FileType::Directory => Some(DecodedPath { relative, names_directory: true }),
        _ => None,
    }
}

/// What is similar to a name in a folder that would be listed; `None` if it is no such folder, or too large.
fn look_through(
    site: &Site,
    folder: &DecodedPath,
    wanted: &[u8],
    names_left: &mut usize,
) -> Option<Vec<DecodedPath>> {
    let Ok(Opened::Directory(directory)) = site.root.open(&folder.relative) else { return None };
    if wanted.len() > MAX_NAME || !matches!(site.find_index(folder), Ok(None)) {
        return None;
    }
    let mut near = names_near(Directory::new(directory), wanted, site.options.hidden, names_left)?;
    near.sort_unstable();
    let found = near.into_iter().filter_map(|(closeness, name)| {
        let found = what_is_at(site, below(folder, &name))?;
        (closeness == Closeness::Same || !found.names_directory).then_some(found)
    });
    Some(found.take(MAX_OFFERED).collect())
}

fn names_near(
    mut directory: Directory,
    wanted: &[u8],
    hidden: bool,
    names_left: &mut usize,
) -> Option<Vec<(Closeness, Box<[u8]>)>> {
    let wanted_key = key(wanted);
    let mut near = Vec::new();
    let mut left = Some(*names_left);
    let mut has_more = true;
    while has_more {
        has_more = directory
            .read_some(NAMES, |name, _| {
                left = left.and_then(|left| left.checked_sub(1));
                if left.is_some()
                    && is_shown(name, hidden)
                    && let Some(closeness) = closeness(&wanted_key, name)
                {
                    near.push((closeness, name.into()));
                }
            })
            .ok()?;
        *names_left = left.unwrap_or(0);
        left?;
    }
    Some(near)
}

fn closeness(wanted_key: &[u8], name: &[u8]) -> Option<Closeness> {
    match key(name).strip_prefix(wanted_key)? {
        b"" => Some(Closeness::Same),
        [b'.', _, ..] => Some(Closeness::Ending),
        _ => None,
    }
}

/// A key that is the same for names that differ in case or normalisation only: NFKC of the upper case of NFKC, in which
/// "ß" is "SS". For a name that is not UTF-8, the ASCII letters in upper case.
fn key(name: &[u8]) -> Vec<u8> {
    match std::str::from_utf8(name) {
        Ok(text) if !text.is_ascii() => {
            text.nfkc().flat_map(char::to_uppercase).nfkc().collect::<String>().into_bytes()
        }
        _ => name.to_ascii_uppercase(),
    }
}

/// For how many requests similar names were looked for in this second.
#[derive(Debug)]
pub(super) struct Pace {
    /// Seconds are counted from here.
    start: Instant,
    /// The second in the upper half, and the number in the lower half.
    count: AtomicU64,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace { start: Instant::now(), count: AtomicU64::new(0) }
    }
}

impl Pace {
    /// Whether similar names may be looked for once more at this time.
    pub(super) fn has_room(&self, now: Instant) -> bool {
        let second = now.saturating_duration_since(self.start).as_secs() << 32;
        let one_more = |count: u64| match count.checked_sub(second) {
            // Another worker has begun the next second already, so it counts there.
            None => Some(second + 1),
            Some(this_second) if this_second < MAX_IN_A_SECOND => Some(count + 1),
            Some(_) => None,
        };
        self.count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn names_are_near_by_case_by_normalisation_and_by_their_beginning() {
        use Closeness::{Ending, Same};
        let table: &[(&str, &str, Option<Closeness>)] = &[
            ("readme.md", "README.md", Some(Same)),
            ("IMG_1.JPG", "img_1.jpg", Some(Same)),
            ("cafe\u{301}.txt", "caf\u{e9}.txt", Some(Same)),
            ("caf\u{e9}.txt", "cafe\u{301}.txt", Some(Same)),
            ("CAF\u{c9}.TXT", "cafe\u{301}.txt", Some(Same)),
            ("stra\u{df}e", "STRASSE", Some(Same)),
            ("\u{fb01}le", "file", Some(Same)),
            ("\u{39f}\u{394}\u{39f}\u{3a3}", "\u{3bf}\u{3b4}\u{3bf}\u{3c2}", Some(Same)),
            ("\u{ff21}.txt", "a.txt", Some(Same)),
            ("report", "report.pdf", Some(Ending)),
            ("Report", "report.tar.gz", Some(Ending)),
            ("\u{c4}mter", "a\u{308}mter.html", Some(Ending)),
            ("report", "report.", None),
            ("report", "report2.pdf", None),
            ("report.pdf", "report", None),
            ("cafe", "caf\u{e9}", None),
            ("cafe", "cafe\u{301}", None),
            ("a", "b", None),
        ];
        for &(wanted, name, expected) in table {
            assert_eq!(closeness(&key(wanted.as_bytes()), name.as_bytes()), expected, "{wanted} {name}");
        }
        assert_eq!(closeness(&key(b"A\xff"), b"a\xff"), Some(Same));
        assert_eq!(closeness(&key(b"\xfe"), b"\xff"), None);
    }

    #[test]
    fn so_many_and_no_more_are_looked_for_in_a_second() {
        let pace = Pace::default();
        let in_second = |second| {
            let now = pace.start + Duration::from_secs(second);
            (0..100).filter(|_| pace.has_room(now)).count()
        };
        assert_eq!([0, 0, 1, 5, 5].map(in_second), [20, 0, 20, 20, 0]);
    }
}
