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
//!   not be sent at once waits in `outgoing`, and [`Transport::tend`] tries again.
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

use super::transport::{Socket, Transport};
use mio::event::Source;
use rustls::{HandshakeKind, ProtocolVersion, ServerConfig, ServerConnection};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
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
        self.tend();
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
        let read = file.read_at(&mut piece, offset)?;
        if read == 0 { Ok(0) } else { self.encrypt(&piece[..read], read < count) }
    }

    fn finish_writing(&mut self) -> io::Result<()> {
        self.take_leave()?;
        if !matches!(self.state, State::Plain(_)) {
            // What still comes would be answered, be it a handshake.
            self.state = State::Over;
            (self.incoming, self.taken) = (Vec::new(), 0);
        }
        self.socket.finish_writing()
    }

    fn tend(&mut self) {
        // If it cannot be sent now, it can later; if never, the next read or write says so.
        let _ = self.flush(false);
    }

    fn is_agreed(&self) -> bool {
        match &self.state {
            State::Silent(_) => false,
            State::Speaking(connection) => !connection.is_handshaking(),
            State::Plain(_) | State::Over => true,
        }
    }

    fn may_hold_more(&self) -> bool {
        let has_first = matches!(&self.state, State::Plain(first) if !first.is_empty());
        has_first || !self.incoming.is_empty() || !self.is_drained || self.client_finished
    }

    fn on_the_way(&self) -> usize {
        if self.owed > 0 { self.sent } else { 0 }
    }

    fn take_leave(&mut self) -> io::Result<()> {
        if let State::Speaking(connection) = &mut self.state {
            // Once is enough, and rustls knows.
            connection.send_close_notify();
        }
        self.flush(false)
    }

    fn sends_files(&self) -> bool {
        false
    }

    fn is_plain_by_mistake(&self) -> bool {
        matches!(self.state, State::Plain(_))
    }

    fn agreement(&self) -> Option<String> {
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
mod tests {
    use super::*;
    use crate::command::tls::Certificate;
    use rustls::pki_types::ServerName;
    use rustls::{ClientConfig, ClientConnection, RootCertStore};
    use std::collections::VecDeque;

    /// A socket in memory. It takes so many bytes at a time, and refuses every other write.
    #[derive(Debug, Default)]
    struct Pipe {
        to_server: VecDeque<u8>,
        to_client: Vec<u8>,
        most: usize,
        refuses: bool,
        /// How many bytes a read gives at most, if not all, and how many reads there were.
        most_at_once: Option<usize>,
        reads: usize,
        is_finished: bool,
    }

    impl Transport for Pipe {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            self.reads += 1;
            if self.to_server.is_empty() {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            let count = self.most_at_once.unwrap_or(into.len()).min(into.len());
            self.to_server.read(&mut into[..count])
        }

        fn write(&mut self, bytes: &[u8], _more: bool) -> io::Result<usize> {
            self.refuses = !self.refuses;
            if self.refuses {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            let count = bytes.len().min(self.most);
            self.to_client.extend_from_slice(&bytes[..count]);
            Ok(count)
        }

        fn write_file(&mut self, _: &File, _: u64, _: usize) -> io::Result<usize> {
            unreachable!("files are read and encrypted")
        }

        fn finish_writing(&mut self) -> io::Result<()> {
            self.is_finished = true;
            Ok(())
        }
    }

    /// A server's end and a client's, connected by a socket that takes `most` bytes at a time.
    struct Ends {
        server: Tls<Pipe>,
        client: ClientConnection,
        /// What the client has read.
        received: Vec<u8>,
        /// What it was told after that.
        end: Option<io::Result<usize>>,
    }

    impl Ends {
        fn new(most: usize) -> Ends {
            let certificate = Certificate::self_signed().expect("one can be made");
            let builder =
                ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()));
            let builder = builder.with_safe_default_protocol_versions().expect("versions");
            let mut roots = RootCertStore::empty();
            roots.add(certificate.own()).expect("a certificate");
            let config = builder.with_root_certificates(roots).with_no_client_auth();
            let name = ServerName::try_from("localhost").expect("a name");
            Ends {
                server: Tls::new(Pipe { most, ..Pipe::default() }, certificate.config()),
                client: ClientConnection::new(Arc::new(config), name).expect("a client"),
                received: Vec::new(),
                end: None,
            }
        }

        /// Moves what there is from one end to the other and back, once.
        fn carry(&mut self) {
            let mut bytes = Vec::new();
            while self.client.wants_write() {
                self.client.write_tls(&mut bytes).expect("memory");
            }
            self.server.socket.to_server.extend(bytes);
            self.server.tend();
            let bytes = std::mem::take(&mut self.server.socket.to_client);
            let mut rest = &bytes[..];
            while !rest.is_empty() {
                self.client.read_tls(&mut rest).expect("memory");
                self.client.process_new_packets().expect("a good record");
                self.end = Some(self.client.reader().read_to_end(&mut self.received));
            }
        }

        fn agree(&mut self) {
            let mut buffer = [0; 10];
            for _ in 0..100_000 {
                self.carry();
                let read = self.server.read(&mut buffer).expect_err("nothing is sent yet").kind();
                assert!(matches!(read, io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted), "{read}");
                if self.server.is_agreed() && !self.client.is_handshaking() {
                    return;
                }
            }
            panic!("they never agree");
        }
    }

    #[test]
    fn they_agree_however_few_bytes_the_socket_takes() {
        for most in [1, 100, 100_000] {
            let mut ends = Ends::new(most);
            assert!(!ends.server.is_agreed() && ends.server.agreement().is_none());
            ends.agree();
            assert!(ends.server.agreement().expect("agreed").starts_with("TLS 1.3, TLS13_"));
        }
    }

    #[test]
    fn what_counts_as_sent_is_what_the_client_gets() {
        let file = tempfile::tempfile().expect("a file");
        let sent: Vec<u8> = (0..=250).cycle().take(300_000).collect();
        file.write_all_at(&sent, 0).expect("written");
        for (most, from_file) in [(1000, false), (1000, true), (70_000, false), (70_000, true)] {
            let mut ends = Ends::new(most);
            ends.agree();
            let mut offset = 0;
            while offset < sent.len() {
                let result = if from_file {
                    ends.server.write_file(&file, offset as u64, sent.len() - offset)
                } else {
                    ends.server.write(&sent[offset..], false)
                };
                match result {
                    Ok(count) => {
                        offset += count;
                        // All of it has left.
                        ends.carry();
                        assert_eq!(ends.received.len(), offset);
                    }
                    Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
                }
            }
            assert!(ends.received == sent, "{most} {from_file}");
            assert_eq!(ends.server.outgoing.capacity(), 0, "a buffer is kept");
        }
    }

    #[test]
    fn what_the_client_sends_is_read_whole_in_pieces_of_any_size() {
        let sent: Vec<u8> = (0..=250).cycle().take(100_000).collect();
        for size in [1, 1000, 40_000] {
            let mut ends = Ends::new(100_000);
            ends.agree();
            let (mut rest, mut received) = (&sent[..], Vec::new());
            let mut buffer = vec![0; size];
            while received.len() < sent.len() {
                rest = &rest[ends.client.writer().write(rest).expect("memory")..];
                ends.carry();
                loop {
                    match ends.server.read(&mut buffer) {
                        Ok(count) => {
                            received.extend_from_slice(&buffer[..count]);
                            // Nothing that is left may wait for an event that never comes.
                            if count < size && !ends.server.may_hold_more() {
                                break;
                            }
                        }
                        Err(error) => {
                            assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
                            break;
                        }
                    }
                }
            }
            assert!(received == sent, "{size}");
        }
    }

    #[test]
    fn its_end_is_told_and_before_that_of_tcp() {
        let mut ends = Ends::new(1);
        ends.agree();
        while !ends.server.outgoing.is_empty() {
            ends.carry();
        }
        ends.carry();
        assert!(ends.end.take().is_some_and(|end| end.is_err()), "it has not ended");
        while let Err(error) = ends.server.finish_writing() {
            assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
            assert!(!ends.server.socket.is_finished, "what is not sent yet would be lost");
        }
        assert!(ends.server.socket.is_finished);
        ends.carry();
        assert_eq!(ends.end.expect("something came").expect("close_notify"), 0);
    }

    #[test]
    fn nothing_is_said_behind_the_end() {
        let mut buffer = [0; 1000];
        // A stop before a handshake, or in the middle of it.
        for begun in [0, 10] {
            let mut ends = Ends::new(100_000);
            let mut hello = Vec::new();
            ends.client.write_tls(&mut hello).expect("memory");
            ends.server.socket.to_server.extend(&hello[..begun]);
            ends.server.read(&mut buffer).expect_err("nothing is agreed on");
            while ends.server.finish_writing().is_err() {}
            ends.server.socket.to_client.clear();
            ends.server.socket.to_server.extend(&hello[begun..]);
            while ends.server.read(&mut buffer).is_ok() {}
            ends.server.tend();
            ends.server.tend();
            assert!(ends.server.socket.to_client.is_empty(), "{:?}", ends.server.socket.to_client);
            assert!(ends.server.socket.to_server.is_empty(), "it is read away");
        }
    }

    #[test]
    fn the_clients_end_is_noticed_though_no_event_will_tell() {
        let mut ends = Ends::new(100_000);
        ends.agree();
        ends.client.writer().write_all(b"last").expect("memory");
        ends.client.send_close_notify();
        ends.carry();
        let mut buffer = [0; 10];
        assert_eq!(ends.server.read(&mut buffer).expect("bytes"), 4);
        assert!(ends.server.may_hold_more(), "the end is still to be read");
        assert_eq!(ends.server.read(&mut buffer).expect("the end"), 0);
    }

    #[test]
    fn records_with_nothing_in_them_do_not_keep_the_worker() {
        let mut ends = Ends::new(100_000);
        ends.agree();
        for _ in 0..30 {
            ends.client.refresh_traffic_keys().expect("agreed");
        }
        ends.carry();
        ends.server.socket.most_at_once = Some(50);
        let mut buffer = [0; 10];
        for _ in 0..10 {
            ends.server.socket.reads = 0;
            let error = ends.server.read(&mut buffer).expect_err("there are no bytes of the client's");
            assert_eq!((error.kind(), ends.server.socket.reads), (io::ErrorKind::Interrupted, 1));
        }
    }

    #[test]
    fn a_handshake_that_is_too_long_is_refused_once_and_takes_no_memory() {
        // The beginning of a ClientHello of 65,520 bytes, which goes on in records of so many.
        for size in [1_u16, 1000, 16_000] {
            let mut ends = Ends::new(100_000);
            ends.server.socket.to_server.extend(b"\x16\x03\x01\0\x04\x01\0\xff\xf0");
            for _ in 0..60_000 / size {
                ends.server.socket.to_server.extend(b"\x16\x03\x01");
                ends.server.socket.to_server.extend(size.to_be_bytes());
                ends.server.socket.to_server.extend(vec![0; size.into()]);
            }
            let (all, mut buffer) = (ends.server.socket.to_server.len(), [0; 1000]);
            let error = loop {
                match ends.server.read(&mut buffer).expect_err("nothing is agreed on").kind() {
                    io::ErrorKind::Interrupted => {}
                    error => break error,
                }
            };
            assert_eq!(error, io::ErrorKind::InvalidData);
            let read = all - ends.server.socket.to_server.len();
            assert!(read <= MAX_HANDSHAKE + 17 * 1024, "{read}");
            assert_eq!(ends.server.incoming.capacity(), 0);
            ends.server.tend();
            assert_eq!(ends.server.socket.to_client, ALERT);
            assert_eq!(ends.server.read(&mut buffer).expect("read away"), buffer.len());
        }
    }

    #[test]
    fn what_is_on_the_way_is_seen_to_move() {
        let mut ends = Ends::new(1000);
        ends.agree();
        let bytes = [0; 10_000];
        let mut before = 0;
        while let Err(error) = ends.server.write(&bytes, false) {
            assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
            assert!(ends.server.on_the_way() >= before);
            before = ends.server.on_the_way();
        }
        assert!(before > 8000, "{before}");
        assert_eq!(ends.server.on_the_way(), 0);
    }

    #[test]
    fn who_speaks_http_is_heard_as_that() {
        let mut ends = Ends::new(100);
        ends.server.socket.to_server.extend(b"GET / HTTP/1.1\r\n");
        let mut buffer = [0; 10];
        assert_eq!(ends.server.read(&mut buffer).expect("bytes"), 10);
        assert!(ends.server.is_plain_by_mistake() && ends.server.may_hold_more());
        assert_eq!(ends.server.read(&mut buffer).expect("bytes"), 6);
        assert_eq!(&buffer[..6], b"/1.1\r\n");
    }

    #[test]
    fn what_is_neither_gets_an_alert() {
        for garbage in
            [&b"\x00\x01\x02"[..], b"\x16\x03\x01\x00\x05hello", b"\xff\xff\xff\xff\xff\xff", b"{}\r\n\r\n"]
        {
            let mut ends = Ends::new(100);
            ends.server.socket.to_server.extend(garbage);
            let mut buffer = [0; 10];
            let mut result = ends.server.read(&mut buffer);
            if result.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock) {
                // Too little to tell.
                ends.server.socket.to_server.extend([0xff; 40]);
                result = ends.server.read(&mut buffer);
            }
            assert_eq!(result.expect_err("garbage").kind(), io::ErrorKind::InvalidData, "{garbage:?}");
            ends.server.tend();
            ends.server.tend();
            // An alert (21) of level fatal (2): RFC 8446 section 6.
            let alert = &ends.server.socket.to_client;
            assert_eq!((alert.first(), alert.get(5)), (Some(&21), Some(&2)), "{garbage:?}: {alert:?}");
            assert!(ends.server.is_agreed(), "there is nothing left to agree on");
        }
    }
}
