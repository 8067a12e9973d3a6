//! Windows has such sockets, and the libraries that this program stands on do not know them there. Where two ends of a
//! connection within this process are needed, they are of TCP.

use crate::base::platform::socket::Watched;
use listenfd::ListenFd;
use mio::event::Source;
use mio::{Interest, Registry, Token};
use std::convert::Infallible;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, IoSlice, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Whether this system has them.
pub const ARE_THERE: bool = false;

/// A connection within this process.
pub type LocalStream = TcpStream;

/// A socket that listens by a name: there is none.
#[derive(Debug)]
pub struct LocalListener(Infallible);

/// A socket that listens, in an event loop: there is none.
#[derive(Debug)]
pub struct PolledListener(Infallible);

/// A socket for messages: there is none.
#[derive(Debug)]
pub struct LocalDatagram(Infallible);

impl LocalListener {
    /// As of a TCP socket.
    pub fn set_nonblocking(&self, _nonblocking: bool) -> io::Result<()> {
        match self.0 {}
    }

    /// As of a TCP socket.
    pub fn try_clone(&self) -> io::Result<LocalListener> {
        match self.0 {}
    }
}

impl PolledListener {
    /// The same in an event loop.
    pub fn from_std(listener: LocalListener) -> PolledListener {
        match listener.0 {}
    }

    /// As of a TCP socket.
    pub fn accept(&self) -> io::Result<(PolledStream, ())> {
        match self.0 {}
    }
}

impl Source for PolledListener {
    fn register(&mut self, _registry: &Registry, _token: Token, _interests: Interest) -> io::Result<()> {
        match self.0 {}
    }

    fn reregister(&mut self, _registry: &Registry, _token: Token, _interests: Interest) -> io::Result<()> {
        match self.0 {}
    }

    fn deregister(&mut self, _registry: &Registry) -> io::Result<()> {
        match self.0 {}
    }
}

impl LocalDatagram {
    /// As of a UDP socket.
    pub fn send(&self, _message: &[u8]) -> io::Result<usize> {
        match self.0 {}
    }
}

/// A connection within this process, in an event loop.
#[derive(Debug)]
pub struct PolledStream(mio::net::TcpStream);

impl PolledStream {
    /// This one, which is non-blocking.
    pub fn from_std(stream: LocalStream) -> PolledStream {
        PolledStream(mio::net::TcpStream::from_std(stream))
    }

    /// As of a TCP socket.
    ///
    /// # Errors
    /// As there.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.0.shutdown(how)
    }
}

impl Watched for PolledStream {
    fn had_to_wait(&self) -> io::Result<()> {
        self.0.had_to_wait()
    }
}

impl Read for PolledStream {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.read(into)
    }
}

impl Write for PolledStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn write_vectored(&mut self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.write_vectored(pieces)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Source for PolledStream {
    fn register(&mut self, registry: &Registry, token: Token, interests: Interest) -> io::Result<()> {
        self.0.register(registry, token, interests)
    }

    fn reregister(&mut self, registry: &Registry, token: Token, interests: Interest) -> io::Result<()> {
        self.0.reregister(registry, token, interests)
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        self.0.deregister(registry)
    }
}

/// Others on this machine could connect to the port for the moment that it is open; whoever is not our other end is
/// sent away.
pub(super) fn pair() -> io::Result<(LocalStream, LocalStream)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let ours = TcpStream::connect(listener.local_addr()?)?;
    loop {
        let (theirs, from) = listener.accept()?;
        if from == ours.local_addr()? {
            ours.set_nodelay(true)?;
            theirs.set_nodelay(true)?;
            return Ok((ours, theirs));
        }
    }
}

pub(super) fn listen(_path: &Path, _mode: u32, _backlog: i32) -> io::Result<LocalListener> {
    Err(io::ErrorKind::Unsupported.into())
}

pub(super) fn connect(_path: &Path) -> io::Result<LocalStream> {
    Err(io::ErrorKind::Unsupported.into())
}

pub(super) fn is_somebody_there(_path: &Path) -> io::Result<bool> {
    Err(io::ErrorKind::Unsupported.into())
}

pub(super) fn lock_folder(_folder: &Path, _patience: Duration) -> io::Result<Option<File>> {
    Ok(None)
}

pub(super) fn datagrams_to(_address: &OsStr) -> io::Result<LocalDatagram> {
    Err(io::ErrorKind::Unsupported.into())
}

pub(super) fn given(_given: &mut ListenFd, _index: usize) -> Option<(LocalListener, Option<PathBuf>)> {
    None
}
