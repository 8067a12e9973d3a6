//! What a connection reads from and writes to: a non-blocking socket, or something like one.
//!
//! All calls return at once. What cannot be done now fails with `WouldBlock`, and the event loop
//! tells when it is worth another try.

use crate::base::platform::local::PolledStream;
use crate::base::platform::open::read_at;
use crate::base::platform::socket::{self, write_with_more_to_come};
use mio::event::Source;
use mio::net::TcpStream;
use std::fmt;
use std::fs::File;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::time::Instant;

/// A stream of bytes in both directions.
pub trait Transport {
    /// Reads some bytes. What else can come of it:
    ///
    /// | result | means |
    /// |---|---|
    /// | `Ok(0)` | the other side has finished sending |
    /// | `WouldBlock` | there is nothing to read; an event will tell when there is |
    /// | `Interrupted` | there was work, and no bytes to show for it (TLS): others have their turn, then read again |
    /// | `InvalidData` | the other side broke the rules of TLS, and was told; send what is left, then close as after a last response |
    /// | another error | the connection is gone |
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize>;

    /// Writes some of these bytes. `more` tells that others follow at once, so that the kernel
    /// can put both into one segment (a packet of TCP's).
    fn write(&mut self, bytes: &[u8], more: bool) -> io::Result<usize>;

    /// Writes some of `count` bytes of a file from `offset`; 0 means that the file ends there.
    fn write_file(&mut self, file: &File, offset: u64, count: usize) -> io::Result<usize>;

    /// Tells the other side that nothing more will be sent. Reading goes on.
    fn finish_writing(&mut self) -> io::Result<()>;

    /// The TLS session, if bytes go by way of one.
    fn tls(&mut self) -> Option<&mut dyn TlsSession> {
        None
    }

    /// Who slows it down on purpose, if somebody does.
    fn pacing(&mut self) -> Option<&mut dyn Pacing> {
        None
    }
}

/// What a transport that speaks TLS has to say beside the bytes that it carries: see [`super::tls`].
pub trait TlsSession {
    /// Sends what is left of its own messages, as far as it goes now. Called whenever something has happened.
    fn flush_pending(&mut self);

    /// Whether client and server are still agreeing on keys, and no bytes can be carried yet.
    fn is_handshaking(&self) -> bool;

    /// Whether it may have more to give although the last read did not fill the room there was.
    fn may_hold_more(&self) -> bool;

    /// How many bytes have left since the last write that said how many it took: a client that takes
    /// them moves, though it may be long until the next write succeeds.
    fn on_the_way(&self) -> usize;

    /// Sends `close_notify`: nothing will follow, and nothing is missing. `WouldBlock` if it could not all be sent. The
    /// connection is closed next.
    fn close_notify(&mut self) -> io::Result<()>;

    /// Whether the client speaks HTTP where it was to speak TLS.
    fn is_plain_http(&self) -> bool;

    /// What was agreed on, in words, if anything was.
    fn session(&self) -> Option<String>;
}

/// A transport that puts writes off by itself: see [`super::fault`].
pub trait Pacing {
    /// What is written from now on goes as fast as it can, or not any more.
    fn exempt(&mut self, is_exempt: bool);

    /// When to try again what was put off by the last write; `None` if nothing was. No event tells of it.
    fn resume_at(&self) -> Option<Instant>;
}

/// A transport that the event loop can watch: a client's socket, perhaps with something around it.
pub trait Socket: Transport + fmt::Debug + Send {
    /// What the event loop watches.
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

impl Transport for Box<dyn Socket> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        (**self).read(into)
    }

    fn write(&mut self, bytes: &[u8], more: bool) -> io::Result<usize> {
        (**self).write(bytes, more)
    }

    fn write_file(&mut self, file: &File, offset: u64, count: usize) -> io::Result<usize> {
        (**self).write_file(file, offset, count)
    }

    fn finish_writing(&mut self) -> io::Result<()> {
        (**self).finish_writing()
    }

    fn tls(&mut self) -> Option<&mut dyn TlsSession> {
        (**self).tls()
    }

    fn pacing(&mut self) -> Option<&mut dyn Pacing> {
        (**self).pacing()
    }
}

impl Socket for Box<dyn Socket> {
    fn watched(&mut self) -> &mut dyn Source {
        (**self).watched()
    }
}

/// The calls are the same for both kinds of sockets.
macro_rules! impl_transport_for_stream {
    ($stream:ty) => {
        impl Transport for $stream {
            fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
                Read::read(self, into)
            }

            fn write(&mut self, bytes: &[u8], more: bool) -> io::Result<usize> {
                if more { write_with_more_to_come(self, bytes) } else { Write::write(self, bytes) }
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

/// [`Transport::write_file`] for where the kernel has no way of its own: one read, one write. What
/// was read and did not fit is read again next time.
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
        // It blocks, so that no readiness has to be waited for.
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
