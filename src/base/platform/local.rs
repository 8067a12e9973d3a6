//! Sockets within this machine, which have a name in the file system in place of an address and a port.

use listenfd::ListenFd;
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use unix as system;
#[cfg(windows)]
use windows as system;

pub use system::{ARE_THERE, LocalDatagram, LocalListener, LocalStream, PolledListener, PolledStream};

/// Two ends of a connection that has no name.
///
/// # Errors
/// When there is no descriptor left.
pub fn pair() -> io::Result<(LocalStream, LocalStream)> {
    system::pair()
}

/// Listens by this name, which nothing has yet. Who may connect is a matter of the file's mode: it takes the right to
/// write.
///
/// # Errors
/// When something has the name, or the system does not let us.
pub fn listen(path: &Path, mode: u32, backlog: i32) -> io::Result<LocalListener> {
    system::listen(path, mode, backlog)
}

/// Connects to whoever listens by this name.
///
/// # Errors
/// When nobody does, or the system does not let us.
pub fn connect(path: &Path) -> io::Result<LocalStream> {
    system::connect(path)
}

/// Whether somebody listens by this name.
///
/// # Errors
/// When the system does not let us connect.
pub fn is_somebody_there(path: &Path) -> io::Result<bool> {
    system::is_somebody_there(path)
}

/// Locks a folder (`man 2 flock`), so that whoever does the same waits, for as long as what is given back is held.
/// Nothing is left in the folder of it, and if the process is killed, the lock is gone. `None` where there are no such
/// locks, or the folder may not be read.
///
/// # Errors
/// `TimedOut` when somebody else has held it for all that time.
pub fn lock_folder(folder: &Path, patience: Duration) -> io::Result<Option<File>> {
    system::lock_folder(folder, patience)
}

/// A socket for messages to whoever has this address: a path, or a name in no file system if it begins with `@`
/// (`man 7 unix`, abstract names). It never waits.
///
/// # Errors
/// When nobody has it, or it is neither.
pub fn datagrams_to(address: &OsStr) -> io::Result<LocalDatagram> {
    system::datagrams_to(address)
}

/// One that was opened before the program started, and its name if it has one.
pub fn given(given: &mut ListenFd, index: usize) -> Option<(LocalListener, Option<PathBuf>)> {
    system::given(given, index)
}
