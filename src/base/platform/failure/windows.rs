//! The error numbers of Windows, of its files (`winerror.h`) and of its sockets (`winsock2.h`).

use super::Failure;
use std::io;
use windows_sys::Win32::Foundation as E;
use windows_sys::Win32::Networking::WinSock as S;

/// Which number means what. The first of a reason is the one by which this program gives it.
const TABLE: &[(u32, Failure)] = &[
    (E::ERROR_FILE_NOT_FOUND, Failure::NotFound),
    (E::ERROR_PATH_NOT_FOUND, Failure::NotFound),
    // A drive, or a machine, that is not there.
    (E::ERROR_INVALID_DRIVE, Failure::NotFound),
    (E::ERROR_BAD_NETPATH, Failure::NotFound),
    (E::ERROR_BAD_NET_NAME, Failure::NotFound),
    // Somebody has it open who will be the last.
    (E::ERROR_DELETE_PENDING, Failure::NotFound),
    (E::ERROR_DIRECTORY, Failure::NotAFolder),
    (E::ERROR_CANT_RESOLVE_FILENAME, Failure::LinkLoop),
    (E::ERROR_STOPPED_ON_SYMLINK, Failure::LinkLoop),
    (E::ERROR_TOO_MANY_LINKS, Failure::LinkLoop),
    (E::ERROR_FILENAME_EXCED_RANGE, Failure::NameTooLong),
    (E::ERROR_BUFFER_OVERFLOW, Failure::NameTooLong),
    (E::ERROR_INVALID_NAME, Failure::NameImpossible),
    (E::ERROR_BAD_PATHNAME, Failure::NameImpossible),
    (E::ERROR_ACCESS_DENIED, Failure::Denied),
    // Somebody has it open, and lets nobody else.
    (E::ERROR_SHARING_VIOLATION, Failure::Denied),
    (E::ERROR_LOCK_VIOLATION, Failure::Denied),
    (E::ERROR_PRIVILEGE_NOT_HELD, Failure::Denied),
    (E::ERROR_VIRUS_INFECTED, Failure::Denied),
    (S::WSAEACCES.cast_unsigned(), Failure::Denied),
    (E::ERROR_WRITE_PROTECT, Failure::ReadOnly),
    (E::ERROR_PIPE_BUSY, Failure::NobodyThere),
    (E::ERROR_BAD_DEVICE, Failure::NoDevice),
    (E::ERROR_DEV_NOT_EXIST, Failure::NoDevice),
    (E::ERROR_NOT_READY, Failure::NoDevice),
    (E::ERROR_TOO_MANY_OPEN_FILES, Failure::Exhausted),
    (E::ERROR_NOT_ENOUGH_MEMORY, Failure::Exhausted),
    (E::ERROR_OUTOFMEMORY, Failure::Exhausted),
    (E::ERROR_NO_SYSTEM_RESOURCES, Failure::Exhausted),
    (E::ERROR_NOT_ENOUGH_QUOTA, Failure::Exhausted),
    (S::WSAEMFILE.cast_unsigned(), Failure::Exhausted),
    (S::WSAENOBUFS.cast_unsigned(), Failure::Exhausted),
    (E::ERROR_DISK_FULL, Failure::DiskFull),
    (E::ERROR_HANDLE_DISK_FULL, Failure::DiskFull),
    (E::ERROR_DISK_QUOTA_EXCEEDED, Failure::DiskFull),
    (E::ERROR_FILE_TOO_LARGE, Failure::FileTooLarge),
    (E::ERROR_FILE_SYSTEM_LIMITATION, Failure::FileTooLarge),
    (E::ERROR_FILE_EXISTS, Failure::Exists),
    (E::ERROR_ALREADY_EXISTS, Failure::Exists),
    (E::ERROR_DIR_NOT_EMPTY, Failure::Exists),
    (E::ERROR_INVALID_HANDLE, Failure::Stale),
    (E::ERROR_FILE_INVALID, Failure::Stale),
    (S::WSAEADDRNOTAVAIL.cast_unsigned(), Failure::NoSuchAddress),
    (S::WSAEAFNOSUPPORT.cast_unsigned(), Failure::NoSuchAddress),
    (S::WSAEPROTONOSUPPORT.cast_unsigned(), Failure::NoSuchAddress),
    (E::ERROR_GEN_FAILURE, Failure::Other),
];

/// Whether another program has it open, and does not share it.
pub(in super::super) fn is_held(error: &io::Error) -> bool {
    error.raw_os_error() == Some(E::ERROR_SHARING_VIOLATION.cast_signed())
}

pub(super) fn words(error: &io::Error) -> Option<&'static str> {
    let number = error.raw_os_error()?.cast_unsigned();
    Some(match of(error)? {
        _ if matches!(number, E::ERROR_SHARING_VIOLATION | E::ERROR_LOCK_VIOLATION) => {
            "another program has it open for itself alone"
        }
        Failure::NotFound => "no such file or directory",
        Failure::NotAFolder => "not a directory",
        Failure::LinkLoop => "too many levels of links",
        Failure::NameTooLong => "file name too long",
        Failure::NameImpossible => "no file can have that name",
        Failure::Denied => "permission denied",
        Failure::ReadOnly => "read-only file system",
        Failure::NobodyThere => "nobody is at its other end",
        Failure::NoDevice => "no such device",
        Failure::Exhausted => "too many files are open, or memory is short",
        Failure::DiskFull => "no space left on the disk",
        Failure::FileTooLarge => "file too large",
        Failure::Exists => "something has that name, or is in that folder",
        Failure::Stale => "it is there no more",
        Failure::NoSuchAddress => "no such address on this machine",
        Failure::Other => return None,
    })
}

pub(super) fn of(error: &io::Error) -> Option<Failure> {
    let number = error.raw_os_error()?.cast_unsigned();
    let known = TABLE.iter().find(|(known, _)| *known == number);
    Some(known.map_or(Failure::Other, |(_, failure)| *failure))
}

pub(super) fn error(failure: Failure) -> io::Error {
    let known = TABLE.iter().find(|(_, known)| *known == failure);
    io::Error::from_raw_os_error(known.map_or(E::ERROR_GEN_FAILURE, |(number, _)| *number).cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_is_there_once() {
        let mut numbers: Vec<_> = TABLE.iter().map(|(number, _)| number).collect();
        numbers.sort();
        numbers.dedup();
        assert_eq!(numbers.len(), TABLE.len());
    }
}
