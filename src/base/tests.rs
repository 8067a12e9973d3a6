//! What the tests of several chapters do with a folder of their own.

use cap_std::fs::Dir;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// An empty folder, which is removed when dropped; and the same, open.
pub(crate) fn folder() -> (TempDir, Dir) {
    let directory = tempfile::tempdir().expect("a folder");
    let opened = open(&directory);
    (directory, opened)
}

/// A folder, open.
pub(crate) fn open(path: impl AsRef<Path>) -> Dir {
    Dir::from_std_file(super::platform::open::place(path.as_ref()).expect("it is there"))
}

/// The names in it, in order.
pub(crate) fn names_in(directory: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(directory.path()).expect("it is there");
    let mut names: Vec<_> =
        entries.map(|entry| entry.expect("readable").file_name().into_string().expect("UTF-8")).collect();
    names.sort();
    names
}

/// What is in a file of it.
pub(crate) fn content(directory: &TempDir, name: &str) -> String {
    fs::read_to_string(directory.path().join(name)).expect("it is there")
}
