//! What a connection reads from and writes to: a non-blocking socket, perhaps wrapped in something.
//!
//! ```text
//! Connection ──▶ TcpStream                       the plain case
//! Connection ──▶ Faulty ──▶ Tls ──▶ TcpStream    with --fault and TLS
//! ```
//!
//! All calls return at once. What cannot be done now fails with `WouldBlock` (EAGAIN), and an event reports when to try
//! again.

use crate::base::helpers::Owner;
use crate::base::platform::local::PolledStream;
use crate::base::platform::open::read_at;
use crate::base::platform::socket::{self, write_with_more_to_come};
use mio::event::Source;
use mio::net::TcpStream;
use std::fmt;
use std::fs::File;
use std::io::{self, IoSlice, Read, Write};
use std::net::Shutdown;
use std::task::Waker;
use std::time::Instant;

/// A stream of bytes in both directions.
pub trait Transport {
    /// Reads some bytes. Other results:
    ///
    /// | result | means |
    /// |---|---|
    /// | `Ok(0)` | the client has closed its sending half (FIN) |
    /// | `WouldBlock` | there is nothing to read; an event will report when there is |
    /// | `Interrupted` | there was work and no plaintext (TLS): give others their turns, then read again |
    /// | `InvalidData` | the client has broken the rules of TLS, and was told so: send what is queued, then linger |
    /// | another error | the connection is gone |
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize>;

    /// Writes some of these bytes. `more` says that others follow at once, so that the kernel can send both in one TCP
    /// segment (MSG_MORE, send(2)).
    fn write(&mut self, bytes: &[u8], more: bool) -> io::Result<usize>;

    /// Writes some of `first` and, if all of that is written, of `second`: a head, and a body that is elsewhere in memory
    /// (writev(2)).
    fn write_both(&mut self, first: &[u8], _second: &[u8]) -> io::Result<usize> {
        self.write(first, true)
    }

    /// Writes some of `count` bytes of a file from `offset` on. 0 means that the file ends there.
    fn write_file(&mut self, file: &File, offset: u64, count: usize) -> io::Result<usize>;

    /// Closes the sending half (FIN, shutdown(2)): the client sees the end. Reading goes on.
    fn finish_writing(&mut self) -> io::Result<()>;

    /// The TLS session, if there is one.
    fn tls(&mut self) -> Option<&mut dyn TlsSession> {
        None
    }

    /// What slows it down on purpose, if anything does.
    fn pacing(&mut self) -> Option<&mut dyn Pacing> {
        None
    }
}

/// What a transport with TLS can say and do besides carrying bytes: see [`super::tls`].
pub trait TlsSession {
    /// Sends what is left of its own messages, as far as the socket takes it now. Called at the beginning of each turn.
    fn flush_pending(&mut self);

    /// Goes on with what a helper does for it, for this client. Called at the beginning of each turn. Returns whether a
    /// read may find something, of which no event tells.
    fn go_on_elsewhere(&mut self, _owner: Owner, _wakers: &dyn Fn() -> Waker) -> bool {
        false
    }

    /// Whether a read found what a helper is to process: there is to be another turn.
    fn is_for_helper(&self) -> bool {
        false
    }

    /// Whether a helper is at work for it. A client that closes its sending half meanwhile is gone: it could not finish
    /// the handshake.
    fn is_elsewhere(&self) -> bool {
        false
    }

    /// Whether the handshake is not finished, so that no bytes can be carried yet.
    fn is_handshaking(&self) -> bool;

    /// Whether a read may find more, although the last one did not fill the room that it had.
    fn may_hold_more(&self) -> bool;

    /// How many bytes were sent since the last write that succeeded. They show that the client reads, even if it takes
    /// long until the next write succeeds.
    fn on_the_way(&self) -> usize;

    /// Sends `close_notify` (RFC 8446 section 6.1): nothing is missing, and nothing follows. `WouldBlock` if not all of
    /// it could be sent. The connection is closed next.
    fn close_notify(&mut self) -> io::Result<()>;

    /// Whether the client speaks plain HTTP where it was to speak TLS.
    fn is_plain_http(&self) -> bool;

    /// What the handshake has agreed on, in words.
    fn session(&self) -> Option<String>;
}

/// A transport that delays writes by itself: see [`super::fault`].
pub trait Pacing {
    /// Whether what is written from now on is not to be delayed.
    fn exempt(&mut self, is_exempt: bool);

    /// When to try the last write again, if it was delayed. No event will report that.
    fn resume_at(&self) -> Option<Instant>;
}

/// A transport that an event loop can watch: the socket of a client, perhaps wrapped in something.
pub trait Socket: Transport + fmt::Debug + Send {
    /// What is registered with the poll.
    fn watched(&mut self) -> &mut dyn Source;
}

impl Socket for TcpStream {
    fn watched(&mut self) -> &mut dyn Source {
        self
    }
}

impl Socket for PolledStream {
    fn watched(&mut self) -> &mut dyn Source {
        self
    }
}

/// What a worker has of a client. Most sockets are plain TCP, and those need no memory of their own.
#[derive(Debug)]
pub enum ClientSocket {
    /// A connection to a TCP port.
    Tcp(TcpStream),
    /// A socket of another kind, or one that is wrapped in something.
    Other(Box<dyn Socket>),
}

impl Transport for ClientSocket {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            ClientSocket::Tcp(stream) => Transport::read(stream, into),
            ClientSocket::Other(socket) => socket.read(into),
        }
    }

    fn write(&mut self, bytes: &[u8], more: bool) -> io::Result<usize> {
        match self {
            ClientSocket::Tcp(stream) => Transport::write(stream, bytes, more),
            ClientSocket::Other(socket) => socket.write(bytes, more),
        }
    }

    fn write_both(&mut self, first: &[u8], second: &[u8]) -> io::Result<usize> {
        match self {
            ClientSocket::Tcp(stream) => stream.write_both(first, second),
            ClientSocket::Other(socket) => socket.write_both(first, second),
        }
    }

    fn write_file(&mut self, file: &File, offset: u64, count: usize) -> io::Result<usize> {
        match self {
            ClientSocket::Tcp(stream) => stream.write_file(file, offset, count),
            ClientSocket::Other(socket) => socket.write_file(file, offset, count),
        }
    }

    fn finish_writing(&mut self) -> io::Result<()> {
        match self {
            ClientSocket::Tcp(stream) => stream.finish_writing(),
            ClientSocket::Other(socket) => socket.finish_writing(),
        }
    }

    fn tls(&mut self) -> Option<&mut dyn TlsSession> {
        match self {
            ClientSocket::Tcp(_) => None,
            ClientSocket::Other(socket) => socket.tls(),
        }
    }

    fn pacing(&mut self) -> Option<&mut dyn Pacing> {
        match self {
            ClientSocket::Tcp(_) => None,
            ClientSocket::Other(socket) => socket.pacing(),
        }
    }
}

impl Socket for ClientSocket {
    fn watched(&mut self) -> &mut dyn Source {
        match self {
            ClientSocket::Tcp(stream) => stream,
            ClientSocket::Other(socket) => socket.watched(),
        }
    }
}

/// Implements [`Transport`] for a kind of socket. The calls are the same for TCP and Unix sockets.
macro_rules! impl_transport_for_stream {
    ($stream:ty) => {
        impl Transport for $stream {
            fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
                let count = Read::read(self, into)?;
                if count < into.len() {
                    socket::watch_on(self);
                }
                Ok(count)
            }

            fn write(&mut self, bytes: &[u8], more: bool) -> io::Result<usize> {
                if more { write_with_more_to_come(self, bytes) } else { Write::write(self, bytes) }
            }

            fn write_both(&mut self, first: &[u8], second: &[u8]) -> io::Result<usize> {
                self.write_vectored(&[IoSlice::new(first), IoSlice::new(second)])
            }

            fn write_file(&mut self, file: &File, offset: u64, count: usize) -> io::Result<usize> {
                match socket::send_file(self, file, offset, count)? {
                    Some(sent) => Ok(sent),
                    None => copy_file(self, file, offset, count),
                }
            }

            fn finish_writing(&mut self) -> io::Result<()> {
                self.shutdown(Shutdown::Write)
            }
        }
    };
}

impl_transport_for_stream!(TcpStream);
impl_transport_for_stream!(PolledStream);

/// [`Transport::write_file`] without the help of the kernel: one read, one write. What was read and not written is read
/// again next time.
pub fn copy_file(to: &mut impl Transport, file: &File, offset: u64, count: usize) -> io::Result<usize> {
    const PIECE: usize = 64 * 1024;
    let mut piece = vec![0; count.min(PIECE)];
    let read = read_at(file, &mut piece, offset)?;
    if read == 0 { Ok(0) } else { to.write(&piece[..read], read < count) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_copied_onto_a_real_socket_whole_and_from_any_offset() {
        const LENGTH: usize = 3_000_001;
        let bytes: Vec<u8> = (0..=250).cycle().take(LENGTH).collect();
        let file = tempfile::tempfile().expect("a file");
        (&file).write_all(&bytes).expect("written");
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let client = std::net::TcpStream::connect(listener.local_addr().expect("bound")).expect("connected");
        let reader = std::thread::spawn(move || {
            let mut received = Vec::new();
            (&client).read_to_end(&mut received).map(|_| received)
        });
        // It is a blocking socket, so that the test need not wait for readiness.
        let mut to = mio::net::TcpStream::from_std(listener.accept().expect("a client").0);
        let mut offset = 7;
        loop {
            let (at, count) = (offset as u64, LENGTH + 1000 - offset);
            match copy_file(&mut to, &file, at, count).expect("sent") {
                0 => break,
                sent => offset += sent,
            }
        }
        drop(to);
        let received = reader.join().expect("no panic").expect("read");
        assert!(received == bytes[7..], "{} bytes", received.len());
    }
}
