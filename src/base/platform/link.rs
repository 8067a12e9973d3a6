//! Symbolic links: where they lead, and how to make them for tests and lessons on what is not to be followed.

use cap_std::fs::Dir;
use std::io;
use std::path::Path;

#[cfg(windows)]
pub(super) use windows::is_on_a_drive;

/// Whether a link on this path leads to another machine, or to a device. To find out where a link ends, the system opens
/// what it leads to, and on Windows that tells the other machine who the user is.
#[cfg(unix)]
pub fn leads_off_this_machine(_path: &Path) -> bool {
    false
}

/// See above.
#[cfg(windows)]
pub fn leads_off_this_machine(path: &Path) -> bool {
    windows::leads_off(path, windows::MOST_LINKS)
}

#[cfg(windows)]
mod windows {
    use std::path::{Component, Path, Prefix};

    /// As many links as Windows itself follows on one path.
    pub(super) const MOST_LINKS: u32 = 63;

    pub(super) fn leads_off(path: &Path, links_left: u32) -> bool {
        let mut places: Vec<_> = path.ancestors().collect();
        places.reverse();
        places.into_iter().any(|place| {
            let Ok(target) = place.read_link() else { return false };
            let target = place.parent().unwrap_or(place).join(target);
            links_left == 0 || !is_on_a_drive(&target) || leads_off(&target, links_left - 1)
        })
    }

    /// Whether a path begins with the letter of a drive, or nowhere.
    pub(in super::super) fn is_on_a_drive(path: &Path) -> bool {
        match path.components().next() {
            Some(Component::Prefix(prefix)) => {
                matches!(prefix.kind(), Prefix::Disk(_) | Prefix::VerbatimDisk(_))
            }
            _ => true,
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_path_of_another_machine_or_a_device_is_told_from_one_on_a_drive() {
            for (path, expected) in [
                (r"C:\a", true),
                (r"\\?\C:\a", true),
                ("a", true),
                (r"\\host\share\a", false),
                (r"\\?\UNC\host\share", false),
                (r"\\.\pipe\a", false),
                (r"\\?\Volume{0}\a", false),
            ] {
                assert_eq!(is_on_a_drive(Path::new(path)), expected, "{path}");
            }
        }
    }
}

/// Makes a link of this name to a file.
///
/// # Errors
/// When something of that name is there.
#[cfg(unix)]
pub fn make(folder: &Dir, file: &str, name: &str) -> io::Result<()> {
    folder.symlink(file, name)
}

/// Makes one if this user may: it takes a right that only administrators have, or the developers' mode.
#[cfg(windows)]
#[allow(clippy::unnecessary_wraps)]
pub fn make(folder: &Dir, file: &str, name: &str) -> io::Result<()> {
    let _ = folder.symlink_file(file, name);
    Ok(())
}

/// Makes a link for a test. On Windows it makes none: it takes a right that a test cannot count on.
#[cfg(all(test, unix))]
pub(crate) fn symlink(to: impl AsRef<Path>, link: impl AsRef<Path>) -> io::Result<()> {
    std::os::unix::fs::symlink(to, link)
}

/// See above.
#[cfg(all(test, windows))]
#[allow(clippy::unnecessary_wraps)]
pub(crate) fn symlink(_to: impl AsRef<Path>, _link: impl AsRef<Path>) -> io::Result<()> {
    Ok(())
}
