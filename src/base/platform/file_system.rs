//! What the system tells of changes to files, and which file systems do not tell what others change.
//!
//! inotify tells what this kernel does to a file under the name that is watched. What happens behind
//! its back, on a server, in the host of a virtual machine, in the folder below a stacked file system,
//! it never hears of.

use std::path::Path;

/// The numbers by which `statfs` names file systems, from `linux/magic.h` and from the sources of
/// those that are not in there.
#[cfg(target_os = "linux")]
const SILENT: &[(u32, &str)] = &[
    // A program stands behind it: sshfs, bindfs, rclone, NTFS, and also virtiofs.
    (0x6573_5546, "FUSE"),
    // On other machines.
    (0x0000_6969, "NFS"),
    (0x0000_517b, "SMB"),
    (0xff53_4d42, "SMB"),
    (0xfe53_4d42, "SMB"),
    (0x6b41_4653, "AFS"),
    (0x5346_414f, "AFS"),
    (0x7375_7245, "Coda"),
    (0x0000_564c, "NCP"),
    (0x00c3_6400, "Ceph"),
    (0x0bd0_0bd0, "Lustre"),
    (0x4750_4653, "GPFS"),
    (0x1983_0326, "BeeGFS"),
    (0x2003_0528, "OrangeFS"),
    (0xaad7_aaea, "PanFS"),
    (0xbeef_dead, "StorNext"),
    // On a disk that other machines write to as well.
    (0x0116_1970, "GFS2"),
    (0x7461_636f, "OCFS2"),
    (0x6163_6673, "ACFS"),
    // In the host of this virtual machine; 9p is what WSL has for Windows' drives.
    (0x0102_1997, "9p"),
    (0x786f_4256, "a shared folder of VirtualBox"),
    (0xbacb_acbc, "a shared folder of VMware"),
    (0x7c7c_6673, "a shared folder of Parallels"),
    // On top of other folders.
    (0x794c_7630, "overlayfs"),
    (0x6175_6673, "aufs"),
    (0x0000_f15f, "eCryptfs"),
    // Not files at all: what they hold is made when it is read.
    (0x0000_9fa0, "proc"),
    (0x6265_6572, "sysfs"),
];

/// The name of the file system that a folder is on, if it is one of those.
#[cfg(target_os = "linux")]
pub fn silent_at(folder: &Path) -> Option<&'static str> {
    let found = rustix::fs::statfs(folder).ok()?;
    // The field's width and sign differ from machine to machine; the number has 32 bits.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::unnecessary_cast)]
    silent_by_number(found.f_type as u32)
}

/// Other systems have other numbers, and `--reload=poll`.
#[cfg(not(target_os = "linux"))]
pub fn silent_at(_: &Path) -> Option<&'static str> {
    None
}

/// Those that give a folder a new time with each name that comes or goes, whoever brings it, and keep it to themselves:
/// they are on a disk of this machine or in its memory. Of others it is not known, or known to be otherwise: a folder of
/// `/proc` never changes its time, and one on a server may be known here as it was some seconds ago.
#[cfg(target_os = "linux")]
const TRUE_TIMES: &[u32] = &[
    // ext2, ext3 and ext4; xfs; btrfs; f2fs; zfs; bcachefs.
    0x0000_ef53,
    0x5846_5342,
    0x9123_683e,
    0xf2f5_2010,
    0x2fc1_2fc1,
    0xca45_1a4e,
    // In memory.
    0x0102_1994,
    0x8584_58f6,
    // What containers have: names come and go in its upper folder alone.
    0x794c_7630,
];

/// Whether the time of this open folder tells that its names are the same as before.
#[cfg(target_os = "linux")]
pub fn has_true_times(folder: &impl super::status::Handle) -> bool {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::unnecessary_cast)]
    rustix::fs::fstatfs(folder).is_ok_and(|found| TRUE_TIMES.contains(&(found.f_type as u32)))
}

/// Other systems have other numbers.
#[cfg(not(target_os = "linux"))]
pub fn has_true_times(_: &impl super::status::Handle) -> bool {
    false
}

/// Whether the system watches a folder with all below it at once; else each folder needs a watch of its own. (Windows
/// could; but what --reload-ignore names is then watched, too.)
pub const fn watches_trees() -> bool {
    cfg!(target_os = "macos")
}

#[cfg(target_os = "linux")]
fn silent_by_number(number: u32) -> Option<&'static str> {
    SILENT.iter().find(|(known, _)| *known == number).map(|(_, name)| *name)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn file_systems_are_known_by_their_number() {
        let table = [
            (0x6573_5546, Some("FUSE")),
            (0x6969, Some("NFS")),
            (0xff53_4d42, Some("SMB")),
            (0xfe53_4d42, Some("SMB")),
            (0x0102_1997, Some("9p")),
            (0x786f_4256, Some("a shared folder of VirtualBox")),
            (0x794c_7630, Some("overlayfs")),
            // ext4, xfs, btrfs, tmpfs, zfs, f2fs.
            (0xef53, None),
            (0x5846_5342, None),
            (0x9123_683e, None),
            (0x0102_1994, None),
            (0x2fc1_2fc1, None),
            (0xf2f5_2010, None),
        ];
        for (number, name) in table {
            assert_eq!(silent_by_number(number), name, "{number:x}");
        }
        let mut numbers: Vec<_> = SILENT.iter().map(|(number, _)| number).collect();
        numbers.sort();
        numbers.dedup();
        assert_eq!(numbers.len(), SILENT.len(), "each once");
    }

    #[test]
    fn nothing_of_proc_is_told_by_its_time() {
        let folder = |path: &str| std::fs::File::open(path).expect("a folder");
        assert!(!has_true_times(&folder("/proc/self")) && !has_true_times(&folder("/sys")));
        assert!(TRUE_TIMES.iter().all(|number| {
            !["proc", "sysfs", "FUSE", "NFS"].contains(&silent_by_number(*number).unwrap_or_default())
        }));
    }

    #[test]
    fn a_folder_is_asked_for_its_file_system() {
        assert_eq!(silent_at(Path::new("/proc/self")), Some("proc"));
        assert_eq!(silent_at(Path::new("/no such folder")), None);
    }
}
