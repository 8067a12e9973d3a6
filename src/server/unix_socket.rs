//! Unix sockets (unix(7)): a connection within a machine, by a name in the file system in place of an address and a
//! port.
//!
//! ```text
//! glasshttp --bind unix:/run/site.sock folder
//! curl --unix-socket /run/site.sock http://localhost/
//! ```
//!
//! Who may connect depends on the mode of the file, as with any file: it takes the permission to write. So this is the
//! usual way from a proxy to the servers behind it.
//!
//! The name outlives the server that has made it. A server that was killed leaves its name behind: no client can
//! connect to it, and yet bind(2) fails with EADDRINUSE. So we find out whether a server listens there. If one does,
//! that is an error; if none does, the stale name is replaced. A file that is not a socket is never removed.
//!
//! # Two servers that start at once
//!
//! Both find the stale name. One removes it, and listens on the same name. If the other removes it only then, that is
//! the name of the first, and no client can connect to it any more. To bind another name and rename it would not help:
//! that replaces whatever is there by then, too. So the look and the act must be one step, and a server holds a lock on
//! the folder for it (flock(2)). A lock file would have to stay there: to remove it could take it from another server
//! that waits for it. The folder is there in any case.

use crate::base::platform::local::{self, LocalListener};
use crate::base::platform::status::{self, FileType};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Why a Unix socket could not be opened.
#[derive(Debug)]
pub enum UnixBindError {
    /// The name is that of a file that is not a socket.
    NoSocket,
    /// Another server listens there.
    Taken,
    /// Another error of the system.
    Failed(io::Error),
}

/// The name of a Unix socket. When this is dropped, the name is removed, if it is still the one that was made, and not
/// that of a server that came later.
#[derive(Debug)]
pub struct SocketFile {
    path: PathBuf,
    made: Identity,
}

/// What distinguishes one file from all others: its file system, its inode number there, and, since inode numbers are
/// used again, its modification time (the file of a socket is never written to).
#[derive(Debug, PartialEq, Eq)]
struct Identity(status::Identity, status::Time);

impl Identity {
    fn of(path: &Path) -> io::Result<Identity> {
        let there = status::of_link(path)?;
        Ok(Identity(there.identity, there.modified))
    }
}

/// Opens a Unix socket with this name and mode. A stale name is replaced.
///
/// # Errors
/// When another server listens there, when another file is there, and when the system reports an error.
pub fn bind_unix(path: &Path, mode: u32) -> Result<(LocalListener, SocketFile), UnixBindError> {
    // Where folders cannot be locked, we go on without a lock.
    let _lock = lock_folder(path).map_err(UnixBindError::Failed)?;
    remove_stale(path)?;
    let open = || {
        let listener = local::listen(path, mode, super::listen::BACKLOG)?;
        Ok((listener, SocketFile { path: path.to_owned(), made: Identity::of(path)? }))
    };
    open().map_err(UnixBindError::Failed)
}

/// How long to wait for the lock on a folder. Servers hold it for a few system calls; but any program that can read the
/// folder can hold it.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);

/// Locks the folder of this name, so that no other server binds or removes names of sockets in it.
fn lock_folder(path: &Path) -> io::Result<Option<File>> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    local::lock_folder(folder, LOCK_TIMEOUT).map_err(|error| match error.kind() {
        io::ErrorKind::TimedOut => io::Error::new(error.kind(), "another program holds a lock on its folder"),
        _ => error,
    })
}

/// Removes a socket with this name if no server listens on it.
fn remove_stale(path: &Path) -> Result<(), UnixBindError> {
    let there = match status::of_link(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        there => there.map_err(UnixBindError::Failed)?,
    };
    if there.file_type != FileType::Socket {
        return Err(UnixBindError::NoSocket);
    }
    match local::is_somebody_there(path) {
        Ok(true) => Err(UnixBindError::Taken),
        Ok(false) => fs::remove_file(path).map_err(UnixBindError::Failed),
        Err(error) => Err(UnixBindError::Failed(error)),
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        // If the folder cannot be locked, the name stays; it is stale then, and the next server replaces it.
        let Ok(_lock) = lock_folder(&self.path) else { return };
        if Identity::of(&self.path).is_ok_and(|there| there == self.made) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    #![cfg(unix)]
    #![allow(clippy::mixed_attributes_style)]

    use super::*;
    use std::os::unix::fs::MetadataExt;

    #[test]
    fn a_name_is_given_back_and_never_taken_from_another() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("s");
        let (first, name) = bind_unix(&path, 0o600).expect("nothing is there");
        assert_eq!(fs::metadata(&path).expect("made").mode() & 0o777, 0o600);
        assert!(matches!(bind_unix(&path, 0o600), Err(UnixBindError::Taken)));
        // The server ends without removing the name: it stays, and nobody listens.
        drop(first);
        let (second, successor) = bind_unix(&path, 0o666).expect("it is stale");
        assert_eq!(fs::metadata(&path).expect("made").mode() & 0o777, 0o666);
        drop(name);
        assert!(path.exists(), "the name is another's by now");
        drop((second, successor));
        assert!(!path.exists());
    }

    #[test]
    fn of_servers_that_start_at_once_one_has_the_name_and_the_others_say_that_it_is_taken() {
        const SERVERS: usize = 8;
        const ROUNDS: usize = 50;
        let folder = tempfile::tempdir().expect("a folder");
        for round in 0..ROUNDS {
            // Every other time the name is free, else it is stale.
            let path = folder.path().join(round.to_string());
            if round % 2 == 0 {
                std::mem::forget(bind_unix(&path, 0o600).expect("nothing is there").1);
            }
            let start = std::sync::Barrier::new(SERVERS);
            let bind = || {
                start.wait();
                bind_unix(&path, 0o600)
            };
            let opened: Vec<_> = std::thread::scope(|scope| {
                let threads: Vec<_> = (0..SERVERS).map(|_| scope.spawn(bind)).collect();
                threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
            });
            let (had, not): (Vec<_>, Vec<_>) = opened.into_iter().partition(Result::is_ok);
            assert_eq!(had.len(), 1, "round {round}");
            assert!(not.iter().all(|not| matches!(not, Err(UnixBindError::Taken))), "round {round}: {not:?}");
            assert!(local::is_somebody_there(&path).expect("it can be asked"), "round {round}");
        }
    }

    #[test]
    fn what_is_no_socket_is_never_removed() {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "precious").expect("written");
        let stale = folder.path().join("stale");
        std::mem::forget(bind_unix(&stale, 0o600).expect("nothing is there").1);
        std::os::unix::fs::symlink(&stale, &link).expect("linked");
        for path in [&file, &link, &folder.path().to_owned()] {
            assert!(matches!(bind_unix(path, 0o600), Err(UnixBindError::NoSocket)), "{path:?}");
            assert!(path.symlink_metadata().is_ok(), "{path:?}");
        }
        assert_eq!(fs::read(&file).expect("there"), b"precious");
    }
}
