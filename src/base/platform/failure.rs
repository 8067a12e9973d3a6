//! Why a call of the system failed, as far as this program tells one reason from another.
//!
//! `std::io::ErrorKind` knows most of the reasons, but not that too many files are open or that links go in a circle;
//! so here are all of them.

use std::io;

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use unix as system;
#[cfg(windows)]
use windows as system;

#[cfg(windows)]
pub(super) use windows::is_held;

/// A reason. In brackets is what it is called where Unix' system calls are described (`man 3 errno`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// Nothing has that name (ENOENT).
    NotFound,
    /// Something on the way is no folder (ENOTDIR).
    NotAFolder,
    /// Links lead to each other (ELOOP).
    LinkLoop,
    /// A name is longer than the disk can hold (ENAMETOOLONG).
    NameTooLong,
    /// A name has a form, or holds a character, that the disk cannot hold in names (EILSEQ).
    NameImpossible,
    /// This user may not (EACCES, EPERM).
    Denied,
    /// Nothing there can be written (EROFS).
    ReadOnly,
    /// It is a socket, or a FIFO that nobody reads, or a device that is not there (ENXIO).
    NobodyThere,
    /// The system knows no device for that file (ENODEV).
    NoDevice,
    /// Too many files are open, or there is no memory for one more (EMFILE, ENFILE, ENOBUFS, ENOMEM).
    Exhausted,
    /// The disk is full, or this user's part of it (ENOSPC, EDQUOT).
    DiskFull,
    /// Files may not be as large as that (EFBIG).
    FileTooLarge,
    /// Something has that name, or is a folder where a file was meant (EEXIST, EISDIR, ENOTEMPTY).
    Exists,
    /// What was open is there no more (ESTALE).
    Stale,
    /// The machine has no such address, or no such kind of addresses (EADDRNOTAVAIL, EAFNOSUPPORT, EPROTONOSUPPORT).
    NoSuchAddress,
    /// Another one.
    Other,
}

impl Failure {
    /// The reason that an error of the system gives; `None` for an error that is not the system's.
    pub fn of(error: &io::Error) -> Option<Failure> {
        system::of(error)
    }
}

/// What an error is called here, if the system's own words for it are no good: Windows says it in the language of its
/// user, in sentences.
pub fn words(error: &io::Error) -> Option<&'static str> {
    system::words(error)
}

/// The error that the system gives for this reason.
impl From<Failure> for io::Error {
    fn from(failure: Failure) -> io::Error {
        system::error(failure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_is_known_again_by_its_error() {
        use Failure as F;
        let all = [
            [F::NotFound, F::NotAFolder, F::LinkLoop, F::NameTooLong],
            [F::NameImpossible, F::Denied, F::ReadOnly, F::NobodyThere],
            [F::NoDevice, F::Exhausted, F::DiskFull, F::FileTooLarge],
            [F::Exists, F::Stale, F::NoSuchAddress, F::Other],
        ];
        for failure in all.into_iter().flatten() {
            assert_eq!(Failure::of(&failure.into()), Some(failure));
        }
        assert_eq!(Failure::of(&io::ErrorKind::NotFound.into()), None, "nobody asked the system");
    }
}
