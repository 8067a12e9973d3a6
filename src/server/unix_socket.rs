//! Unix sockets: a connection within a machine, through a name in the file system in place of an
//! address and a port.
//!
//! ```text
//! glasshttp --bind unix:/run/site.sock folder
//! curl --unix-socket /run/site.sock http://localhost/
//! ```
//!
//! Who may connect is a matter of the file's mode, as for any file (it takes the right to write). That
//! makes them the usual way from a proxy to the servers behind it.
//!
//! The name outlives the server that made it: a server that was killed leaves it behind, nobody can
//! connect to it, and yet `bind` says that it is taken. So we find out whether anybody listens. If
//! somebody does, that is an error; if nobody does, the stale name is replaced. What is no socket is
//! somebody's file, and never removed.
//!
//! # Two servers that start at once
//!
//! Both find the stale name. One removes it and listens by it; and if the other removes it only then, it is the name of
//! the first, to which nobody can connect any more. To bind another name and rename it would not help: that, too,
//! replaces whatever is there by then. So to look and to act is one step: whoever does it holds a lock on the folder.
//! A file to lock would be left lying there, since who removes it can take it from somebody who waits for it; and a
//! folder is there in any case.

use crate::base::platform::local::{self, LocalListener};
use crate::base::platform::status::{self, FileType};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Why a Unix socket could not be opened.
#[derive(Debug)]
pub enum UnixBindError {
    /// There is something by that name which is no socket.
    NoSocket,
    /// Somebody listens there.
    Taken,
    /// The system's reason.
    Failed(io::Error),
}

/// The name of a Unix socket, which is removed when this is dropped: if it still is the one that was
/// made, and not that of a server which came later.
#[derive(Debug)]
pub struct SocketFile {
    path: PathBuf,
    made: Identity,
}

/// What tells one file from all others: its file system, its number there, and, since numbers are used
/// again, when it was made (nobody writes to a socket's file).
#[derive(Debug, PartialEq, Eq)]
struct Identity(status::Identity, status::Time);

impl Identity {
    fn of(path: &Path) -> io::Result<Identity> {
        let there = status::of_link(path)?;
        Ok(Identity(there.identity, there.modified))
    }
}

/// Opens a Unix socket by this name, with these permissions. A stale one is replaced.
///
/// # Errors
/// When somebody listens there, or has another file there, or the system does not let us.
pub fn bind_unix(path: &Path, mode: u32) -> Result<(LocalListener, SocketFile), UnixBindError> {
    // Where there are no such locks we go on without one.
    let _alone = alone(path).map_err(UnixBindError::Failed)?;
    remove_stale(path)?;
    let open = || {
        let listener = local::listen(path, mode, super::listen::BACKLOG)?;
        Ok((listener, SocketFile { path: path.to_owned(), made: Identity::of(path)? }))
    };
    open().map_err(UnixBindError::Failed)
}

/// How long somebody may hold the lock of a folder. It takes a few system calls to do what it is for; but it is anybody's
/// to hold who can read the folder.
const PATIENCE: Duration = Duration::from_secs(5);

/// Lets nobody else bind or remove names of sockets in this one's folder as long as it is held.
fn alone(path: &Path) -> io::Result<Option<File>> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    local::lock_folder(folder, PATIENCE).map_err(|error| match error.kind() {
        io::ErrorKind::TimedOut => io::Error::new(error.kind(), "another program holds a lock on its folder"),
        _ => error,
    })
}

/// Removes a socket by this name on which nobody listens.
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
        // A name that stays, since the folder cannot be had, is stale, and the next server replaces it.
        let Ok(_alone) = alone(&self.path) else { return };
        if Identity::of(&self.path).is_ok_and(|there| there == self.made) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;

    #[test]
    fn a_name_is_given_back_and_never_taken_from_another() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("s");
        let (first, name) = bind_unix(&path, 0o600).expect("nothing is there");
        assert_eq!(fs::metadata(&path).expect("made").mode() & 0o777, 0o600);
        assert!(matches!(bind_unix(&path, 0o600), Err(UnixBindError::Taken)));
        // It ends without a word: the name stays, and nobody listens.
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
