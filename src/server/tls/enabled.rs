//! TLS: what makes `https` of `http`.
//!
//! TLS (RFC 8446) lies between the socket and HTTP. Client and server first agree on keys (the
//! *handshake*), in which the server proves with its certificate who it is; from then on the bytes of
//! HTTP travel encrypted, in *records* of at most 16 KiB.
//!
//! ```text
//!   Connection ──── GET / HTTP/1.1 ... ──▶ Tls ──── 17 03 03 01 2a 9c ... ──▶ socket
//! ```
//!
//! The cryptography and the messages are the library's, [rustls](https://docs.rs/rustls): it takes the
//! bytes that came and says which are to go out, and does no input or output itself. What is here is
//! between it and a socket that never waits. Three things make that more than passing bytes on:
//!
//! - **To read may take a write.** Until the handshake is over, each side answers the other. What could
//!   not be sent at once waits in `outgoing`, and [`TlsSession::flush_pending`] tries again.
//! - **What was encrypted must be sent.** Bytes that were given to rustls cannot be taken back, and yet
//!   they have not left: they are *owed*. [`Transport::write`] says so only when the socket has taken
//!   all of their records, and until then the caller offers the same bytes again. So what counts as
//!   sent is what the kernel has, with TLS as without.
//! - **Its end is signed.** Anybody on the way can end a TCP connection. Only the server can say
//!   `close_notify`: by that a client knows that nothing is missing.
//!
//! Of the ciphers that both sides know rustls takes the client's first (its `ignore_client_order` is off). A server that
//! orders them itself does so to keep weak ones away, and there are none here; which of AES and ChaCha20 is fast
//! depends on the processor, and phones are the slower side.
//!
//! The kernel cannot encrypt what it moves from a file by itself, so files are read and written here.

use super::super::transport::{Socket, TlsSession, Transport};
use crate::base::platform::open;
use mio::event::Source;
use rustls::{HandshakeKind, ProtocolVersion, ServerConfig, ServerConnection};
use std::fs::File;
use std::io::{self, Read, Write};
use std::sync::Arc;

/// How much is encrypted at once: four records.
const PIECE: usize = 64 * 1024;

/// How much is read to find out what a client speaks. The first message of a handshake mostly fits.
const FIRST: usize = 2 * 1024;

/// How much a client may say until both agree. What clients say is mostly 2 KiB long and hardly ever
/// 4 KiB; a handshake that takes its time keeps as much memory as it has said.
const MAX_HANDSHAKE: usize = 16 * 1024;

/// An alert: a record of 2 bytes, which say that it is fatal, and that a message could not be read (RFC
/// 8446 section 6).
const ALERT: [u8; 7] = [21, 3, 3, 0, 2, 2, 50];

/// What accepts TLS on a socket: the certificate, and what may be agreed on.
#[derive(Debug, Clone)]
pub struct Acceptor(Arc<ServerConfig>);

impl Acceptor {
    /// Accepts by this configuration.
    pub fn new(config: Arc<ServerConfig>) -> Acceptor {
        Acceptor(config)
    }

    /// A socket on which TLS is spoken.
    pub(in crate::server) fn wrap(&self, socket: Box<dyn Socket>) -> Box<dyn Socket> {
        Box::new(Tls::new(socket, Arc::clone(&self.0)))
    }
}

/// A socket on which TLS is spoken.
#[derive(Debug)]
pub struct Tls<T> {
    socket: T,
    state: State,
    /// Records that came, and how much of them rustls has taken.
    incoming: Vec<u8>,
    taken: usize,
    /// How much rustls has taken until both agreed.
    handshake: usize,
    /// Records that are to go out, and how much of them has.
    outgoing: Vec<u8>,
    sent: usize,
    /// How many bytes of the caller's are in these records.
    owed: usize,
    /// The last read found less than there was room for.
    is_drained: bool,
    /// The client has said that it will send no more. No event of the socket's tells that.
    client_finished: bool,
}

#[derive(Debug)]
enum State {
    /// Nothing has come.
    Silent(Arc<ServerConfig>),
    /// The client speaks TLS.
    Speaking(Box<ServerConnection>),
    /// The client speaks something else, which begins with these bytes.
    Plain(Vec<u8>),
    /// All is said: the client was told that nothing follows, or that it broke the rules. What it still
    /// sends means nothing.
    Over,
}

impl<T: Transport> Tls<T> {
    /// A socket on which nothing has been said.
    pub fn new(socket: T, config: Arc<ServerConfig>) -> Tls<T> {
        Tls {
            socket,
            state: State::Silent(config),
            incoming: Vec::new(),
            taken: 0,
            handshake: 0,
            outgoing: Vec::new(),
            sent: 0,
            owed: 0,
            is_drained: false,
            client_finished: false,
        }
    }

    /// The first bytes decide what the client speaks.
    fn read_first(&mut self, config: &Arc<ServerConfig>) -> io::Result<()> {
        let mut first = [0; FIRST];
        let count = self.socket.read(&mut first).inspect_err(|_| self.is_drained = true)?;
        self.is_drained = count < FIRST;
        let first = &first[..count];
        // A handshake begins with 22 (RFC 8446 section 5.1), a method with a letter.
        self.state = match first.first() {
            Some(byte) if byte.is_ascii_alphabetic() => State::Plain(first.to_vec()),
            _ => State::Speaking(Box::new(
                ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?,
            )),
        };
        if let State::Speaking(_) = &self.state {
            self.incoming = first.to_vec();
        }
        Ok(())
    }

    /// Reads records into `incoming`; how many bytes there were.
    fn read_records(&mut self) -> io::Result<usize> {
        // Room for the largest with its head, which is mostly all that came.
        let mut records = vec![0; 16 * 1024 + 512];
        let count = self.socket.read(&mut records).inspect_err(|_| self.is_drained = true)?;
        self.is_drained = count < records.len();
        records.truncate(count);
        self.incoming = records;
        Ok(count)
    }

    /// Gives rustls some of what is in `incoming`. An error is the client's, who is told of it.
    fn take_in(&mut self) -> io::Result<()> {
        let State::Speaking(connection) = &mut self.state else { unreachable!("called in this state") };
        let was_handshaking = connection.is_handshaking();
        let result = match connection.read_tls(&mut &self.incoming[self.taken..]) {
            Ok(count) => {
                self.taken += count;
                self.handshake += if was_handshaking { count } else { 0 };
                match connection.process_new_packets() {
                    Ok(_) if self.handshake > MAX_HANDSHAKE && connection.is_handshaking() => {
                        Err(rustls::Error::General("the handshake is too long".to_owned()))
                    }
                    result => result,
                }
            }
            // In memory nothing fails: rustls keeps no more of a message that comes in too many pieces.
            Err(error) => Err(rustls::Error::General(error.to_string())),
        };
        if self.taken == self.incoming.len() || result.is_err() {
            (self.incoming, self.taken) = (Vec::new(), 0);
        }
        if result.is_err() && connection.is_handshaking() && !connection.wants_write() {
            // rustls says mostly itself what is wrong, but not always.
            self.outgoing.extend_from_slice(&ALERT);
        }
        self.flush_pending();
        match result {
            Ok(state) => {
                self.client_finished |= state.peer_has_closed();
                Ok(())
            }
            Err(error) => {
                self.state = State::Over;
                Err(io::Error::new(io::ErrorKind::InvalidData, error))
            }
        }
    }

    /// Plaintext that is there; `None` if more has to come before.
    fn plaintext(&mut self, into: &mut [u8]) -> Option<io::Result<usize>> {
        let State::Speaking(connection) = &mut self.state else { unreachable!("called in this state") };
        match connection.reader().read(into) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
            // The connection ended without close_notify. HTTP says itself where a request ends.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Some(Ok(0)),
            result => Some(result),
        }
    }

    /// Sends what waits to be sent; `WouldBlock` if some of it still does.
    fn flush(&mut self, more: bool) -> io::Result<()> {
        if let State::Speaking(connection) = &mut self.state {
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
        // Connections that wait own no buffer.
        self.outgoing = Vec::new();
        self.sent = 0;
        Ok(())
    }

    /// What was owed and is sent by now, if anything was. Nothing new may be encrypted before.
    fn settle(&mut self) -> io::Result<Option<usize>> {
        self.flush(false)?;
        Ok((self.owed > 0).then(|| std::mem::take(&mut self.owed)))
    }

    /// Encrypts and sends the first [`PIECE`] of these bytes. Nothing is owed before.
    fn encrypt(&mut self, bytes: &[u8], more: bool) -> io::Result<usize> {
        let State::Speaking(connection) = &mut self.state else {
            return Err(io::ErrorKind::NotConnected.into());
        };
        self.owed = connection.writer().write(&bytes[..bytes.len().min(PIECE)])?;
        self.flush(more)?;
        Ok(std::mem::take(&mut self.owed))
    }
}

impl<T: Transport> Transport for Tls<T> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut has_read = false;
        loop {
            match &mut self.state {
                State::Silent(config) => {
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
                State::Over => return self.socket.read(into),
                State::Speaking(_) => {
                    if let Some(result) = self.plaintext(into) {
                        return result;
                    }
                    if self.incoming.is_empty() {
                        // There are records with nothing in them, and who sends them fast enough
                        // would never let us go.
                        if has_read {
                            return Err(io::ErrorKind::Interrupted.into());
                        }
                        if self.read_records()? == 0 {
                            return Ok(0);
                        }
                        has_read = true;
                    }
                    self.take_in()?;
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
            // What still comes would be answered, be it a handshake.
            self.state = State::Over;
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
        // If it cannot be sent now, it can later; if never, the next read or write says so.
        let _ = self.flush(false);
    }

    fn is_handshaking(&self) -> bool {
        match &self.state {
            State::Silent(_) => true,
            State::Speaking(connection) => connection.is_handshaking(),
            State::Plain(_) | State::Over => false,
        }
    }

    fn may_hold_more(&self) -> bool {
        let has_first = matches!(&self.state, State::Plain(first) if !first.is_empty());
        has_first || !self.incoming.is_empty() || !self.is_drained || self.client_finished
    }

    fn on_the_way(&self) -> usize {
        if self.owed > 0 { self.sent } else { 0 }
    }

    fn close_notify(&mut self) -> io::Result<()> {
        if let State::Speaking(connection) = &mut self.state {
            // Once is enough, and rustls knows.
            connection.send_close_notify();
        }
        self.flush(false)
    }

    fn is_plain_http(&self) -> bool {
        matches!(self.state, State::Plain(_))
    }

    fn session(&self) -> Option<String> {
        let State::Speaking(connection) = &self.state else { return None };
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
