//! The folders of each system that hold more than most people think of.

use std::path::Path;

/// What is given away with this folder, whose path is without links, if it is one of them.
pub fn what_is_in(folder: &Path) -> Option<&'static str> {
    if folder.parent().is_none() {
        return Some(system::ROOT);
    }
    system::OTHERS.into_iter().find_map(|(name, what)| system::names(name, folder).then_some(what))
}

#[cfg(unix)]
mod system {
    use std::path::Path;

    pub(super) const ROOT: &str =
        "the whole machine: every file that you may read, of the system and of all users";

    pub(super) const OTHERS: [(&str, &str); 5] = [
        ("/etc", "the settings of this machine, and passwords and keys as far as you may read them"),
        ("/proc", "what runs on this machine, with the command lines and variables of your processes"),
        ("/root", "the administrator's whole home folder"),
        ("/run", "what runs on this machine, and keys and passwords as far as you may read them"),
        ("/var", "the logs, mails and databases of this machine as far as you may read them"),
    ];

    // As they are called: the disk is not asked at each start.
    pub(super) fn names(name: &str, folder: &Path) -> bool {
        Path::new(name) == folder
    }
}

// Windows can be on any drive, and says where it is in variables.
#[cfg(windows)]
mod system {
    use std::path::{Path, PathBuf};

    pub(super) const ROOT: &str =
        "a whole drive: every file on it that you may read, of the system and of all users";

    pub(super) const OTHERS: [(&str, &str); 4] = [
        ("SystemRoot", "the files and settings of Windows as far as you may read them"),
        ("ProgramData", "what programs keep on this machine, and keys as far as you may read them"),
        ("APPDATA", "what your programs keep: sessions of your browser, keys and passwords"),
        ("LOCALAPPDATA", "what your programs keep: sessions of your browser, keys and passwords"),
    ];

    pub(super) fn names(variable: &str, folder: &Path) -> bool {
        let place = std::env::var_os(variable).and_then(|place| PathBuf::from(place).canonicalize().ok());
        place.is_some_and(|place| place == folder)
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
        for (name, what) in system::OTHERS {
            let place = if cfg!(unix) { Some(name.into()) } else { std::env::var_os(name) };
            if let Some(Ok(folder)) = place.map(|place| Path::new(&place).canonicalize()) {
                assert!(what_is_in(&folder).is_some(), "{folder:?}: {what}");
            }
        }
    }
}
