//! As Unixes have them: `AF_UNIX`.

use crate::base::platform::{new_file::try_lock, status};
use listenfd::ListenFd;
use socket2::{Domain, SockAddr, Socket, Type};
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Whether this system has them.
pub const ARE_THERE: bool = true;

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

pub(super) fn pair() -> io::Result<(LocalStream, LocalStream)> {
    LocalStream::pair()
}

pub(super) fn listen(path: &Path, mode: u32, backlog: i32) -> io::Result<LocalListener> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.bind(&SockAddr::unix(path)?)?;
    // Before it listens: until then nobody can connect, whatever the mode was.
    status::set_mode(path, mode)?;
    socket.listen(backlog)?;
    Ok(LocalListener::from(socket))
}

pub(super) fn connect(path: &Path) -> io::Result<LocalStream> {
    LocalStream::connect(path)
}

pub(super) fn is_somebody_there(path: &Path) -> io::Result<bool> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    // One that has no time for us listens all the same.
    socket.set_nonblocking(true)?;
    match socket.connect(&SockAddr::unix(path)?) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(false),
        Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
        _ => Ok(true),
    }
}

pub(super) fn lock_folder(folder: &Path, patience: Duration) -> io::Result<Option<File>> {
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

pub(super) fn datagrams_to(address: &OsStr) -> io::Result<LocalDatagram> {
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

pub(super) fn given(given: &mut ListenFd, index: usize) -> Option<(LocalListener, Option<PathBuf>)> {
    let listener = given.take_unix_listener(index).ok()??;
    let address = listener.local_addr().ok();
    let name = address.and_then(|address| address.as_pathname().map(Path::to_owned));
    Some((listener, name))
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
