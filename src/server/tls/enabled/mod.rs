//! TLS: what turns `http` into `https`.
//!
//! TLS (RFC 8446) is a layer between the socket and HTTP. First comes the *handshake*: client and server agree on keys,
//! and the server proves its identity with a certificate. From then on the bytes of HTTP are sent encrypted, in
//! *records* of at most 16 KiB.
//!
//! ```text
//!   Connection ──── GET / HTTP/1.1 ... ──▶ Tls ──── 17 03 03 01 2a 9c ... ──▶ socket
//! ```
//!
//! Cryptography and messages are the work of a library, [rustls](https://docs.rs/rustls). It takes the bytes that were
//! received and says which bytes to send, and does no input or output itself. Here is what connects it to a
//! non-blocking socket. Three things make that more than passing bytes on:
//!
//! - **A read may need a write.** During the handshake each side answers the other. What the socket does not take at
//!   once waits in `outgoing`, and [`TlsSession::flush_pending`] tries again.
//! - **What was encrypted must be sent.** Bytes that were given to rustls cannot be taken back, although they have not
//!   left: they are *owed*. [`Transport::write`] reports them as written only when the socket has taken all of their
//!   records. Until then it fails with `WouldBlock`, and the caller offers the same bytes again. So what counts as sent
//!   is what the kernel has, with TLS as without.
//! - **The end is authenticated.** Anybody on the path can end a TCP connection. Only the server can send
//!   `close_notify`, by which a client knows that nothing is missing.
//!
//! Of the cipher suites that both sides support, rustls takes the one that the client prefers (its
//! `ignore_client_order` is off). A server that insists on its own order does so to avoid weak ones, and there are none
//! here. Which of AES and ChaCha20 is faster depends on the processor, and phones are the slower side.
//!
//! `handshake.rs` gives handshakes to helpers, if the key is a slow one.
//!
//! The kernel cannot encrypt what it sends from a file by itself, so files are read and encrypted here.

mod handshake;

pub use handshake::SlowKeys;

use super::super::transport::{ClientSocket, Socket, TlsSession, Transport};
use crate::base::helpers::{Helpers, Outcome, Owner};
use crate::base::platform::open;
use handshake::Processed;
use mio::event::Source;
use rustls::{HandshakeKind, IoState, ProtocolVersion, ServerConfig, ServerConnection};
use std::fs::File;
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::task::Waker;

/// How many bytes are encrypted at once: four records.
const PIECE: usize = 64 * 1024;

/// How many bytes are read first, to find out what the client speaks. The first message of a handshake mostly fits.
const FIRST: usize = 2 * 1024;

/// How many bytes a client may send during the handshake. Clients mostly send 2 KiB and hardly ever 4 KiB. A handshake
/// that is not finished keeps all of it in memory.
const MAX_HANDSHAKE: usize = 16 * 1024;

/// An alert: a record with two bytes of content, fatal (2) and decode_error (50): RFC 8446 section 6.
const ALERT: [u8; 7] = [21, 3, 3, 0, 2, 2, 50];

/// Wraps sockets in TLS. The configuration has the certificate, and what the handshake may agree on.
#[derive(Debug, Clone)]
pub struct Acceptor {
    config: Arc<ServerConfig>,
    slow_keys: Option<SlowKeys>,
}

impl Acceptor {
    /// With this configuration.
    pub fn new(config: Arc<ServerConfig>, slow_keys: Option<SlowKeys>) -> Acceptor {
        Acceptor { config, slow_keys }
    }

    /// Wraps a socket on which nothing has been received.
    pub(in crate::server) fn wrap(&self, socket: ClientSocket) -> ClientSocket {
        let slow = self.slow_keys.as_ref().filter(|keys| (keys.is_slow)());
        let helpers = slow.map(|keys| Arc::clone(&keys.helpers));
        ClientSocket::Other(Box::new(Tls { helpers, ..Tls::new(socket, Arc::clone(&self.config)) }))
    }
}

/// A socket with TLS.
#[derive(Debug)]
pub struct Tls<T> {
    socket: T,
    state: State,
    /// Records that were received, and how many bytes of them rustls has taken.
    incoming: Vec<u8>,
    taken: usize,
    /// How many bytes of the handshake rustls has taken.
    handshake: usize,
    /// Records that are to be sent, and how many bytes of them are sent.
    outgoing: Vec<u8>,
    sent: usize,
    /// How many bytes of plaintext are in these records, and not yet reported to the caller as written.
    owed: usize,
    /// The last read of the socket did not fill its room: there is nothing more.
    is_drained: bool,
    /// The client has sent close_notify. No event of the socket reports that.
    read_closed: bool,
    /// Who processes the messages of the handshake, if the key is slow.
    helpers: Option<Arc<Helpers>>,
    /// What came of them, if they were wrong.
    failed: Option<io::Error>,
}

#[derive(Debug)]
enum State {
    /// Nothing has been received.
    Start(Arc<ServerConfig>),
    /// The client speaks TLS: the handshake, and all that follows.
    Session(Box<ServerConnection>),
    /// The same, while a helper processes what was received.
    Elsewhere(Outcome<Processed>),
    /// The client speaks plain HTTP, which begins with these bytes.
    Plain(Vec<u8>),
    /// The end: the client was told that nothing follows, or that it has broken the rules. What it still sends does not
    /// matter.
    Closed,
}

impl<T: Transport> Tls<T> {
    /// Wraps a socket on which nothing has been received.
    pub fn new(socket: T, config: Arc<ServerConfig>) -> Tls<T> {
        Tls {
            socket,
            state: State::Start(config),
            incoming: Vec::new(),
            taken: 0,
            handshake: 0,
            outgoing: Vec::new(),
            sent: 0,
            owed: 0,
            is_drained: false,
            read_closed: false,
            helpers: None,
            failed: None,
        }
    }

    /// Reads the first bytes. They tell what the client speaks.
    fn read_first(&mut self, config: &Arc<ServerConfig>) -> io::Result<()> {
        let mut first = [0; FIRST];
        let count = self.socket.read(&mut first).inspect_err(|_| self.is_drained = true)?;
        self.is_drained = count < FIRST;
        let first = &first[..count];
        // A record of the handshake begins with 22 (RFC 8446 section 5.1), a request line with a letter.
        self.state = match first.first() {
            Some(byte) if byte.is_ascii_alphabetic() => State::Plain(first.to_vec()),
            _ => {
                State::Session(Box::new(ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?))
            }
        };
        if let State::Session(_) = &self.state {
            self.incoming = first.to_vec();
        }
        Ok(())
    }

    /// Reads records into `incoming`. Returns how many bytes there were.
    fn read_records(&mut self) -> io::Result<usize> {
        // Room for the largest record with its header; mostly no more has come.
        let mut records = vec![0; 16 * 1024 + 512];
        let count = self.socket.read(&mut records).inspect_err(|_| self.is_drained = true)?;
        self.is_drained = count < records.len();
        records.truncate(count);
        self.incoming = records;
        Ok(count)
    }

    /// Gives rustls some of what is in `incoming`. An error is the client's fault, and the client is sent an alert.
    fn process_records(&mut self) -> io::Result<()> {
        let State::Session(connection) = &mut self.state else { unreachable!("called in this state") };
        let was_handshaking = connection.is_handshaking();
        let (count, result) = take_records(connection, &self.incoming[self.taken..]);
        self.note_records(was_handshaking, count, result)
    }

    /// Goes on after rustls has taken so many bytes, and this came of them.
    fn note_records(
        &mut self,
        was_handshaking: bool,
        count: usize,
        result: Result<IoState, rustls::Error>,
    ) -> io::Result<()> {
        let State::Session(connection) = &mut self.state else { unreachable!("called in this state") };
        self.taken += count;
        self.handshake += if was_handshaking { count } else { 0 };
        let result = match result {
            Ok(_) if self.handshake > MAX_HANDSHAKE && connection.is_handshaking() => {
                Err(rustls::Error::General("the handshake is too long".to_owned()))
            }
            result => result,
        };
        if self.taken == self.incoming.len() || result.is_err() {
            (self.incoming, self.taken) = (Vec::new(), 0);
        }
        if result.is_err() && connection.is_handshaking() && !connection.wants_write() {
            // Mostly rustls has made an alert itself, but not always.
            self.outgoing.extend_from_slice(&ALERT);
        }
        self.flush_pending();
        match result {
            Ok(state) => {
                self.read_closed |= state.peer_has_closed();
                Ok(())
            }
            Err(error) => {
                self.state = State::Closed;
                Err(io::Error::new(io::ErrorKind::InvalidData, error))
            }
        }
    }

    /// Reads plaintext. `None` if more records have to come first.
    fn plaintext(&mut self, into: &mut [u8]) -> Option<io::Result<usize>> {
        let State::Session(connection) = &mut self.state else { unreachable!("called in this state") };
        match connection.reader().read(into) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
            // The connection has ended without close_notify. That does no harm: HTTP itself says where a request ends.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Some(Ok(0)),
            result => Some(result),
        }
    }

    /// Sends the records that wait to be sent. `WouldBlock` if the socket does not take all of them.
    fn flush(&mut self, more: bool) -> io::Result<()> {
        if let State::Session(connection) = &mut self.state {
            while connection.wants_write() {
                connection.write_tls(&mut self.outgoing)?;
            }
        }
        while self.sent < self.outgoing.len() {
            match self.socket.write(&self.outgoing[self.sent..], more)? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                count => self.sent += count,
            }
        }
        // A connection that waits owns no buffer.
        self.outgoing = Vec::new();
        self.sent = 0;
        Ok(())
    }

    /// Finishes an earlier write, before anything else is encrypted. Returns what was owed, if anything was.
    fn settle(&mut self) -> io::Result<Option<usize>> {
        self.flush(false)?;
        Ok((self.owed > 0).then(|| std::mem::take(&mut self.owed)))
    }

    /// Encrypts and sends the first [`PIECE`] of these bytes. Nothing may be owed before.
    fn encrypt(&mut self, bytes: &[u8], more: bool) -> io::Result<usize> {
        let State::Session(connection) = &mut self.state else {
            return Err(io::ErrorKind::NotConnected.into());
        };
        self.owed = connection.writer().write(&bytes[..bytes.len().min(PIECE)])?;
        self.flush(more)?;
        Ok(std::mem::take(&mut self.owed))
    }
}

/// Lets rustls take some of what was received. Returns how many bytes it has taken, and what came of them.
fn take_records(
    connection: &mut ServerConnection,
    mut records: &[u8],
) -> (usize, Result<IoState, rustls::Error>) {
    match connection.read_tls(&mut records) {
        Ok(count) => (count, connection.process_new_packets()),
        // In memory nothing fails: rustls keeps no more of a message that comes in too many pieces.
        Err(error) => (0, Err(rustls::Error::General(error.to_string()))),
    }
}

impl<T: Transport> Transport for Tls<T> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut has_read = false;
        loop {
            match &mut self.state {
                State::Start(config) => {
                    let config = Arc::clone(config);
                    self.read_first(&config)?;
                    has_read = true;
                }
                State::Plain(first) if first.is_empty() => return self.socket.read(into),
                State::Plain(first) => {
                    let count = first.len().min(into.len());
                    into[..count].copy_from_slice(&first[..count]);
                    first.drain(..count);
                    return Ok(count);
                }
                State::Elsewhere(_) => return Err(io::ErrorKind::WouldBlock.into()),
                State::Closed => {
                    self.failure()?;
                    return self.socket.read(into);
                }
                State::Session(_) => {
                    if let Some(result) = self.plaintext(into) {
                        return result;
                    }
                    if self.incoming.is_empty() {
                        // One read of the socket is enough: records can be empty, and a client that sends empty ones
                        // fast enough would keep the worker in this loop.
                        if has_read {
                            return Err(io::ErrorKind::Interrupted.into());
                        }
                        if self.read_records()? == 0 {
                            return Ok(0);
                        }
                        has_read = true;
                    }
                    if self.is_for_helper() {
                        return Err(io::ErrorKind::WouldBlock.into());
                    }
                    self.process_records()?;
                }
            }
        }
    }

    fn write(&mut self, bytes: &[u8], more: bool) -> io::Result<usize> {
        if let State::Plain(_) = self.state {
            return self.socket.write(bytes, more);
        }
        match self.settle()? {
            Some(count) => Ok(count),
            None => self.encrypt(bytes, more),
        }
    }

    fn write_file(&mut self, file: &File, offset: u64, count: usize) -> io::Result<usize> {
        if let Some(count) = self.settle()? {
            return Ok(count);
        }
        let mut piece = vec![0; count.min(PIECE)];
        let read = open::read_at(file, &mut piece, offset)?;
        if read == 0 { Ok(0) } else { self.encrypt(&piece[..read], read < count) }
    }

    fn finish_writing(&mut self) -> io::Result<()> {
        self.close_notify()?;
        if !matches!(self.state, State::Plain(_)) {
            // rustls would still answer what comes, a handshake for instance.
            self.state = State::Closed;
            (self.incoming, self.taken) = (Vec::new(), 0);
        }
        self.socket.finish_writing()
    }

    fn tls(&mut self) -> Option<&mut dyn TlsSession> {
        Some(self)
    }
}

impl<T: Transport> TlsSession for Tls<T> {
    fn flush_pending(&mut self) {
        // An error that is not temporary will show in the next read or write.
        let _ = self.flush(false);
    }

    fn go_on_elsewhere(&mut self, owner: Owner, wakers: &dyn Fn() -> Waker) -> bool {
        Tls::go_on_elsewhere(self, owner, wakers)
    }

    fn is_for_helper(&self) -> bool {
        Tls::is_for_helper(self)
    }

    fn is_handshaking(&self) -> bool {
        match &self.state {
            State::Start(_) | State::Elsewhere(_) => true,
            State::Session(connection) => connection.is_handshaking(),
            State::Plain(_) | State::Closed => false,
        }
    }

    fn may_hold_more(&self) -> bool {
        let has_first = matches!(&self.state, State::Plain(first) if !first.is_empty());
        has_first || !self.incoming.is_empty() || !self.is_drained || self.read_closed
    }

    fn on_the_way(&self) -> usize {
        if self.owed > 0 { self.sent } else { 0 }
    }

    fn close_notify(&mut self) -> io::Result<()> {
        if let State::Session(connection) = &mut self.state {
            // rustls sends it only once.
            connection.send_close_notify();
        }
        self.flush(false)
    }

    fn is_plain_http(&self) -> bool {
        matches!(self.state, State::Plain(_))
    }

    fn session(&self) -> Option<String> {
        let State::Session(connection) = &self.state else { return None };
        let version = match connection.protocol_version()? {
            ProtocolVersion::TLSv1_2 => "TLS 1.2",
            ProtocolVersion::TLSv1_3 => "TLS 1.3",
            _ => "TLS",
        };
        let suite = connection.negotiated_cipher_suite()?.suite();
        let keys = match (connection.handshake_kind()?, connection.negotiated_key_exchange_group()) {
            (HandshakeKind::Resumed, _) => "with keys from a session before".to_owned(),
            (_, Some(group)) => format!("with keys agreed on by {:?}", group.name()),
            (_, None) => "with new keys".to_owned(),
        };
        Some(format!("{version}, {suite:?}, {keys}"))
    }
}

impl<S: Socket> Socket for Tls<S> {
    fn watched(&mut self) -> &mut dyn Source {
        self.socket.watched()
    }
}

#[cfg(test)]
mod tests;
