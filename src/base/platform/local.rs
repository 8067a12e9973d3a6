//! Sockets within this machine, which have a name in the file system in place of an address and a port.

use super::new_file::try_lock;
use socket2::{Domain, SockAddr, Socket, Type};
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::{Duration, Instant};

/// A socket that listens by a name.
pub type LocalListener = std::os::unix::net::UnixListener;

/// A connection through one.
pub type LocalStream = std::os::unix::net::UnixStream;

/// A socket for messages.
pub type LocalDatagram = std::os::unix::net::UnixDatagram;

/// A socket that listens, in an event loop.
pub type PolledListener = mio::net::UnixListener;

/// A connection in an event loop.
pub type PolledStream = mio::net::UnixStream;

/// Two ends of a connection that has no name.
///
/// # Errors
/// When there is no descriptor left.
pub fn pair() -> io::Result<(LocalStream, LocalStream)> {
    LocalStream::pair()
}

/// Listens by this name, which nothing has yet. Who may connect is a matter of the file's mode: it takes the right to
/// write.
///
/// # Errors
/// When something has the name, or the system does not let us.
pub fn listen(path: &Path, mode: u32, backlog: i32) -> io::Result<LocalListener> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.bind(&SockAddr::unix(path)?)?;
    // Before it listens: until then nobody can connect, whatever the mode was.
    super::status::set_mode(path, mode)?;
    socket.listen(backlog)?;
    Ok(LocalListener::from(socket))
}

/// Whether somebody listens by this name.
///
/// # Errors
/// When the system does not let us connect.
pub fn is_somebody_there(path: &Path) -> io::Result<bool> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    // One that has no time for us listens all the same.
    socket.set_nonblocking(true)?;
    match socket.connect(&SockAddr::unix(path)?) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(false),
        Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
        _ => Ok(true),
    }
}

/// Locks a folder (`man 2 flock`), so that whoever does the same waits, for as long as what is given back is held.
/// Nothing is left in the folder of it, and if the process is killed, the lock is gone. `None` where there are no such
/// locks, or the folder may not be read.
///
/// # Errors
/// `TimedOut` when somebody else has held it for all that time.
pub fn lock_folder(folder: &Path, patience: Duration) -> io::Result<Option<File>> {
    /// Held as shortly as here it is mostly free at the second try.
    const PAUSE: Duration = Duration::from_millis(5);
    let Ok(file) = File::open(folder) else { return Ok(None) };
    let until = Instant::now() + patience;
    loop {
        match try_lock(&file) {
            Ok(true) => return Ok(Some(file)),
            Err(_) => return Ok(None),
            Ok(false) if Instant::now() >= until => return Err(io::ErrorKind::TimedOut.into()),
            Ok(false) => std::thread::sleep(PAUSE),
        }
    }
}

/// A socket for messages to whoever has this address: a path, or a name in no file system if it begins with `@`
/// (`man 7 unix`, abstract names). It never waits.
///
/// # Errors
/// When nobody has it, or it is neither.
pub fn datagrams_to(address: &OsStr) -> io::Result<LocalDatagram> {
    let socket = LocalDatagram::unbound()?;
    match address.as_bytes() {
        [b'/', ..] => socket.connect(address)?,
        [b'@', name @ ..] => connect_to_abstract(&socket, name)?,
        _ => return Err(io::Error::new(io::ErrorKind::InvalidInput, "it must begin with / or @")),
    }
    // Somebody who does not read must not keep us waiting.
    socket.set_nonblocking(true)?;
    Ok(socket)
}

#[cfg(target_os = "linux")]
fn connect_to_abstract(socket: &LocalDatagram, name: &[u8]) -> io::Result<()> {
    use std::os::linux::net::SocketAddrExt;
    socket.connect_addr(&std::os::unix::net::SocketAddr::from_abstract_name(name)?)
}

#[cfg(not(target_os = "linux"))]
fn connect_to_abstract(_socket: &LocalDatagram, _name: &[u8]) -> io::Result<()> {
    Err(io::Error::new(
        io::ErrorKind::InvalidInput,
        "it must begin with /: only Linux has names without a file",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_locked_by_one_at_a_time_and_nothing_is_left_in_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let lock = || lock_folder(folder.path(), Duration::ZERO);
        let held = lock().expect("nobody has it");
        assert!(held.is_some());
        assert_eq!(lock().expect_err("somebody has it").kind(), io::ErrorKind::TimedOut);
        drop(held);
        assert!(lock().expect("nobody has it").is_some());
        assert_eq!(std::fs::read_dir(folder.path()).expect("readable").count(), 0);
        let nowhere = folder.path().join("nowhere");
        assert!(lock_folder(&nowhere, Duration::ZERO).expect("no lock, and no error").is_none());
    }
}
