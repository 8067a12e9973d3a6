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
//! Cryptography and messages are the work of a library, [rustls](https://docs.rs/rustls). It is shown the bytes that were
//! received and says which bytes to send, and does no input or output itself. The buffers are ours, too (its
//! [`rustls::unbuffered`] interface): the other one keeps 4 KiB for each connection, and most connections wait. Here is
//! what connects it to a non-blocking socket. Three things make that more than passing bytes on:
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
mod session;

pub use handshake::SlowKeys;

use super::super::transport::{ClientSocket, Socket, TlsSession, Transport};
use crate::base::helpers::{Helpers, Outcome, Owner};
use crate::base::platform::open;
use handshake::Processed;
use mio::event::Source;
use rustls::server::UnbufferedServerConnection;
use rustls::{HandshakeKind, ProtocolVersion, ServerConfig};
use session::{Buffers, Session, Then};
use std::fs::File;
use std::io;
use std::sync::Arc;
use std::task::Waker;

/// How many bytes are encrypted at once: four records.
const PIECE: usize = 64 * 1024;

/// How many bytes are read first, to find out what the client speaks. The first message of a handshake mostly fits.
const FIRST: usize = 2 * 1024;

/// How many bytes a client may send during the handshake. Clients mostly send 2 KiB and hardly ever 4 KiB. A handshake
/// that is not finished keeps all of it in memory.
const MAX_HANDSHAKE: usize = 16 * 1024;

/// How many bytes are read at once: the largest record with its header. Mostly no more has come.
const ROOM: usize = 16 * 1024 + 512;

/// How many received bytes may wait for what is missing of a record, or of a message in several records.
const MAX_INCOMPLETE: usize = 32 * 1024;

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
    buffers: Buffers,
    /// How much of the plaintext the caller has.
    plaintext_read: usize,
    /// How many bytes of the handshake have come.
    handshake: usize,
    /// How many bytes of the records that are to be sent are sent.
    sent: usize,
    /// How many bytes of plaintext are in these records, and not yet reported to the caller as written.
    owed: usize,
    /// The last read of the socket did not fill its room: there is nothing more.
    is_drained: bool,
    /// Something was received, and rustls has not seen it.
    is_unprocessed: bool,
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
    Session(Box<Session>),
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
            buffers: Buffers::default(),
            plaintext_read: 0,
            handshake: 0,
            sent: 0,
            owed: 0,
            is_drained: false,
            is_unprocessed: false,
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
        if first.first().is_some_and(u8::is_ascii_alphabetic) {
            self.state = State::Plain(first.to_vec());
            return Ok(());
        }
        let rustls = UnbufferedServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
        self.state = State::Session(Box::new(Session { rustls, is_closed: false }));
        self.buffers.incoming = first.to_vec();
        (self.handshake, self.is_unprocessed) = (count, count > 0);
        Ok(())
    }

    /// Reads records into `incoming`. Returns how many bytes there were.
    fn read_records(&mut self) -> io::Result<usize> {
        let before = self.buffers.incoming.len();
        // Fresh memory is zero already; what grows would be written byte by byte.
        let mut records = vec![0; before + ROOM];
        records[..before].copy_from_slice(&self.buffers.incoming);
        let result = self.socket.read(&mut records[before..]);
        let count = *result.as_ref().unwrap_or(&0);
        records.truncate(before + count);
        self.buffers.incoming = records;
        self.is_drained = count < ROOM;
        self.is_unprocessed |= count > 0;
        self.handshake += if self.is_handshaking() { count } else { 0 };
        if count == 0 {
            self.buffers.incoming.shrink_to_fit();
        }
        result
    }

    /// Lets rustls process what was received. An error is the client's fault, and the client is sent an alert.
    fn process_records(&mut self) -> io::Result<()> {
        let was_handshaking = self.is_handshaking();
        let result = self.process(&Then::Nothing);
        self.note_records(was_handshaking, result)
    }

    /// Goes on after rustls has seen what was received, and this came of it.
    fn note_records(
        &mut self,
        was_handshaking: bool,
        mut result: Result<bool, rustls::Error>,
    ) -> io::Result<()> {
        self.is_unprocessed = false;
        // What waits for the rest of a record keeps no more room than it needs.
        self.buffers.incoming.shrink_to_fit();
        let is_too_long = (self.handshake > MAX_HANDSHAKE && self.is_handshaking())
            || self.buffers.incoming.len() > MAX_INCOMPLETE;
        if result.is_ok() && is_too_long {
            result = Err(rustls::Error::General("the message is too long".to_owned()));
        }
        if result.is_err() {
            if let State::Session(session) = &mut self.state {
                session.take_alert(&mut self.buffers);
            }
            self.discard_input();
            if was_handshaking && self.buffers.outgoing.is_empty() {
                // Mostly rustls has made an alert itself, but not always.
                self.buffers.outgoing.extend_from_slice(&ALERT);
            }
        }
        self.flush_pending();
        result.map(|_| ()).map_err(|error| {
            self.state = State::Closed;
            io::Error::new(io::ErrorKind::InvalidData, error)
        })
    }

    /// See [`Session::process`].
    fn process(&mut self, then: &Then<'_>) -> Result<bool, rustls::Error> {
        let State::Session(session) = &mut self.state else { return Ok(false) };
        session.process(&mut self.buffers, then)
    }

    /// The end: what came and was not used does not matter.
    fn discard_input(&mut self) {
        (self.buffers.incoming, self.buffers.plaintext) = (Vec::new(), Vec::new());
        (self.plaintext_read, self.is_unprocessed) = (0, false);
    }

    /// Reads plaintext, if there is any.
    fn read_plaintext(&mut self, into: &mut [u8]) -> usize {
        let rest = &self.buffers.plaintext[self.plaintext_read..];
        let count = rest.len().min(into.len());
        into[..count].copy_from_slice(&rest[..count]);
        self.plaintext_read += count;
        if self.plaintext_read == self.buffers.plaintext.len() {
            (self.buffers.plaintext, self.plaintext_read) = (Vec::new(), 0);
        }
        count
    }

    /// Sends the records that wait to be sent. `WouldBlock` if the socket does not take all of them.
    fn flush(&mut self, more: bool) -> io::Result<()> {
        while self.sent < self.buffers.outgoing.len() {
            match self.socket.write(&self.buffers.outgoing[self.sent..], more)? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                count => self.sent += count,
            }
        }
        // A connection that waits owns no buffer.
        self.buffers.outgoing = Vec::new();
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
        let piece = &bytes[..bytes.len().min(PIECE)];
        if !self.process(&Then::Bytes(piece)).map_err(io::Error::other)? {
            return Err(io::ErrorKind::NotConnected.into());
        }
        self.owed = piece.len();
        self.flush(more)?;
        Ok(std::mem::take(&mut self.owed))
    }
}

impl<T: Transport> Transport for Tls<T> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut has_read = false;
        loop {
            let is_for_helper = self.is_for_helper();
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
                State::Session(_) if is_for_helper => return Err(io::ErrorKind::WouldBlock.into()),
                State::Session(_) if self.is_unprocessed => self.process_records()?,
                State::Session(_) if !self.buffers.plaintext.is_empty() => {
                    return Ok(self.read_plaintext(into));
                }
                State::Session(_) if self.buffers.read_closed => return Ok(0),
                // One read of the socket is enough: records can be empty, and a client that sends empty ones fast
                // enough would keep the worker in this loop.
                State::Session(_) if has_read => return Err(io::ErrorKind::Interrupted.into()),
                State::Session(_) => {
                    // The connection may end without close_notify. That does no harm: HTTP itself says where a request
                    // ends.
                    if self.read_records()? == 0 {
                        return Ok(0);
                    }
                    has_read = true;
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
            self.discard_input();
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

    fn is_elsewhere(&self) -> bool {
        Tls::is_elsewhere(self)
    }

    fn is_handshaking(&self) -> bool {
        match &self.state {
            State::Start(_) | State::Elsewhere(_) => true,
            State::Session(session) => session.rustls.is_handshaking(),
            State::Plain(_) | State::Closed => false,
        }
    }

    fn may_hold_more(&self) -> bool {
        let has_first = matches!(&self.state, State::Plain(first) if !first.is_empty());
        let has_more = self.is_unprocessed || !self.buffers.plaintext.is_empty();
        has_first || has_more || !self.is_drained || self.buffers.read_closed
    }

    fn on_the_way(&self) -> usize {
        if self.owed > 0 { self.sent } else { 0 }
    }

    fn close_notify(&mut self) -> io::Result<()> {
        if let State::Session(session) = &self.state
            && !session.is_closed
        {
            let _ = self.process(&Then::CloseNotify);
        }
        self.flush(false)
    }

    fn is_plain_http(&self) -> bool {
        matches!(self.state, State::Plain(_))
    }

    fn session(&self) -> Option<String> {
        let State::Session(session) = &self.state else { return None };
        let connection = &session.rustls;
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
