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

use crate::base::platform::local::{self, LocalListener};
use crate::base::platform::status::{self, FileType};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

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
    remove_stale(path)?;
    let open = || {
        let listener = local::listen(path, mode, super::listen::BACKLOG)?;
        Ok((listener, SocketFile { path: path.to_owned(), made: Identity::of(path)? }))
    };
    open().map_err(UnixBindError::Failed)
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
