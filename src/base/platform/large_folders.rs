//! The folders of each system that hold more than most people think of.

use std::path::{Path, PathBuf};

/// What is given away with this folder, whose path is without links, if it is one of them.
pub fn what_is_in(folder: &Path) -> Option<&'static str> {
    if folder.parent().is_none() {
        return Some(system::ROOT);
    }
    let is_it = |other: &PathBuf| other.canonicalize().is_ok_and(|other| other == folder);
    system::others().into_iter().find_map(|(other, what)| is_it(&other).then_some(what))
}

#[cfg(unix)]
mod system {
    use std::path::PathBuf;

    pub(super) const ROOT: &str =
        "the whole machine: every file that you may read, of the system and of all users";

    pub(super) fn others() -> Vec<(PathBuf, &'static str)> {
        let others = [
            ("/etc", "the settings of this machine, and passwords and keys as far as you may read them"),
            ("/proc", "what runs on this machine, with the command lines and variables of your processes"),
            ("/root", "the administrator's whole home folder"),
            ("/run", "what runs on this machine, and keys and passwords as far as you may read them"),
            ("/var", "the logs, mails and databases of this machine as far as you may read them"),
        ];
        others.into_iter().map(|(folder, what)| (PathBuf::from(folder), what)).collect()
    }
}

// Windows can be on any drive, and says where it is in variables.
#[cfg(windows)]
mod system {
    use std::path::PathBuf;

    pub(super) const ROOT: &str =
        "a whole drive: every file on it that you may read, of the system and of all users";

    pub(super) fn others() -> Vec<(PathBuf, &'static str)> {
        let others = [
            ("SystemRoot", "the files and settings of Windows as far as you may read them"),
            ("ProgramData", "what programs keep on this machine, and keys as far as you may read them"),
            ("APPDATA", "what your programs keep: sessions of your browser, keys and passwords"),
            ("LOCALAPPDATA", "what your programs keep: sessions of your browser, keys and passwords"),
        ];
        let folder = |variable: &str| std::env::var_os(variable).map(PathBuf::from);
        others.into_iter().filter_map(|(variable, what)| Some((folder(variable)?, what))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_own_folders_are_known_and_others_are_not() {
        let temporary = tempfile::tempdir().expect("a folder");
        let path = temporary.path().canonicalize().expect("it is there");
        assert_eq!(what_is_in(&path), None);
        let root = path.ancestors().last().expect("it begins somewhere");
        assert!(what_is_in(root).is_some_and(|what| what.contains("every file")), "{root:?}");
        for (folder, what) in system::others() {
            if let Ok(folder) = folder.canonicalize() {
                assert!(what_is_in(&folder).is_some(), "{folder:?}: {what}");
            }
        }
    }
}
