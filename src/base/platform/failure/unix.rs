//! The error numbers of Unixes (`man 3 errno`).

use super::Failure;
use rustix::io::Errno;
use std::io;

pub(super) fn words(_: &io::Error) -> Option<&'static str> {
    None
}

pub(super) fn of(error: &io::Error) -> Option<Failure> {
    Some(match Errno::from_io_error(error)? {
        Errno::NOENT => Failure::NotFound,
        Errno::NOTDIR => Failure::NotAFolder,
        Errno::LOOP => Failure::LinkLoop,
        Errno::NAMETOOLONG => Failure::NameTooLong,
        Errno::ILSEQ => Failure::NameImpossible,
        Errno::ACCESS | Errno::PERM => Failure::Denied,
        Errno::ROFS => Failure::ReadOnly,
        Errno::NXIO => Failure::NobodyThere,
        Errno::NODEV => Failure::NoDevice,
        Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM => Failure::Exhausted,
        Errno::NOSPC | Errno::DQUOT => Failure::DiskFull,
        Errno::FBIG => Failure::FileTooLarge,
        Errno::EXIST | Errno::ISDIR | Errno::NOTEMPTY => Failure::Exists,
        Errno::STALE => Failure::Stale,
        Errno::ADDRNOTAVAIL | Errno::AFNOSUPPORT | Errno::PROTONOSUPPORT => Failure::NoSuchAddress,
        _ => Failure::Other,
    })
}

pub(super) fn error(failure: Failure) -> io::Error {
    let errno = match failure {
        Failure::NotFound => Errno::NOENT,
        Failure::NotAFolder => Errno::NOTDIR,
        Failure::LinkLoop => Errno::LOOP,
        Failure::NameTooLong => Errno::NAMETOOLONG,
        Failure::NameImpossible => Errno::ILSEQ,
        Failure::Denied => Errno::ACCESS,
        Failure::ReadOnly => Errno::ROFS,
        Failure::NobodyThere => Errno::NXIO,
        Failure::NoDevice => Errno::NODEV,
        Failure::Exhausted => Errno::MFILE,
        Failure::DiskFull => Errno::NOSPC,
        Failure::FileTooLarge => Errno::FBIG,
        Failure::Exists => Errno::EXIST,
        Failure::Stale => Errno::STALE,
        Failure::NoSuchAddress => Errno::ADDRNOTAVAIL,
        Failure::Other => Errno::IO,
    };
    errno.into()
}
