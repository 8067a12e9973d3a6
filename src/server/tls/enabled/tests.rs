//! TLS over a socket in memory, with a real client.

use super::*;
use crate::command::tls::Certificate;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore};
use std::collections::VecDeque;
use std::io::{Read, Write};

/// A socket in memory. It takes at most `most` bytes at a time, and refuses every other write.
#[derive(Debug, Default)]
struct Pipe {
    to_server: VecDeque<u8>,
    to_client: Vec<u8>,
    most: usize,
    refuses: bool,
    /// How many bytes a read returns at most, if there is a limit.
    most_at_once: Option<usize>,
    /// How many reads there were.
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
    /// What its last read returned: the end, or that more is to come.
    end: Option<io::Result<usize>>,
}

impl Ends {
    fn new(most: usize) -> Ends {
        let certificate = Certificate::self_signed().expect("one can be made");
        let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
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
        self.server.flush_pending();
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
            if !self.server.is_handshaking() && !self.client.is_handshaking() {
                return;
            }
        }
        panic!("they never agree");
    }
}

#[test]
fn the_handshake_succeeds_however_few_bytes_the_socket_takes() {
    for most in [1, 100, 100_000] {
        let mut ends = Ends::new(most);
        assert!(ends.server.is_handshaking() && ends.server.session().is_none());
        ends.agree();
        assert!(ends.server.session().expect("agreed").starts_with("TLS 1.3, TLS13_"));
    }
}

#[test]
fn what_counts_as_sent_is_what_the_client_gets() {
    let file = tempfile::tempfile().expect("a file");
    let sent: Vec<u8> = (0..=250).cycle().take(300_000).collect();
    (&file).write_all(&sent).expect("written");
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
                    // All records have left.
                    ends.carry();
                    assert_eq!(ends.received.len(), offset);
                }
                Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
            }
        }
        assert!(ends.received == sent, "{most} {from_file}");
        assert_eq!(ends.server.buffers.outgoing.capacity(), 0, "a buffer is kept");
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
                        // What is left must not wait for an event that never comes.
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
fn close_notify_is_sent_before_the_end_of_tcp() {
    let mut ends = Ends::new(1);
    ends.agree();
    while !ends.server.buffers.outgoing.is_empty() {
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
fn nothing_is_sent_after_the_end() {
    let mut buffer = [0; 1000];
    // A shutdown before a handshake, or in the middle of it.
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
        ends.server.flush_pending();
        ends.server.flush_pending();
        assert!(ends.server.socket.to_client.is_empty(), "{:?}", ends.server.socket.to_client);
        assert!(ends.server.socket.to_server.is_empty(), "it is discarded");
    }
}

#[test]
fn the_close_notify_of_the_client_is_noticed_though_no_event_reports_it() {
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
fn empty_records_do_not_keep_the_worker() {
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
    // The beginning of a ClientHello of 65,520 bytes, which continues in records of `size` bytes.
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
        assert_eq!(ends.server.buffers.incoming.capacity(), 0);
        ends.server.flush_pending();
        assert_eq!(ends.server.socket.to_client, ALERT);
        assert_eq!(ends.server.read(&mut buffer).expect("read away"), buffer.len());
    }
}

#[test]
fn bytes_of_an_unfinished_write_are_counted_when_they_are_sent() {
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
fn plain_http_is_recognized() {
    let mut ends = Ends::new(100);
    ends.server.socket.to_server.extend(b"GET / HTTP/1.1\r\n");
    let mut buffer = [0; 10];
    assert_eq!(ends.server.read(&mut buffer).expect("bytes"), 10);
    assert!(ends.server.is_plain_http() && ends.server.may_hold_more());
    assert_eq!(ends.server.read(&mut buffer).expect("bytes"), 6);
    assert_eq!(&buffer[..6], b"/1.1\r\n");
}

#[test]
fn what_is_neither_tls_nor_http_gets_an_alert() {
    for garbage in
        [&b"\x00\x01\x02"[..], b"\x16\x03\x01\x00\x05hello", b"\xff\xff\xff\xff\xff\xff", b"{}\r\n\r\n"]
    {
        let mut ends = Ends::new(100);
        ends.server.socket.to_server.extend(garbage);
        let mut buffer = [0; 10];
        let mut result = ends.server.read(&mut buffer);
        if result.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock) {
            // These bytes are too few to tell.
            ends.server.socket.to_server.extend([0xff; 40]);
            result = ends.server.read(&mut buffer);
        }
        assert_eq!(result.expect_err("garbage").kind(), io::ErrorKind::InvalidData, "{garbage:?}");
        ends.server.flush_pending();
        ends.server.flush_pending();
        // An alert (21) of level fatal (2): RFC 8446 section 6.
        let alert = &ends.server.socket.to_client;
        assert_eq!((alert.first(), alert.get(5)), (Some(&21), Some(&2)), "{garbage:?}: {alert:?}");
        assert!(!ends.server.is_handshaking(), "there is nothing left to agree on");
    }
}

/// Rings when a helper has done its work.
struct Bell(std::sync::mpsc::Sender<()>);

impl std::task::Wake for Bell {
    fn wake(self: Arc<Self>) {
        let _ = self.0.send(());
    }
}

/// Reads, as a worker does where the key is slow, until that fails with something that is not for a helper.
fn read_with_helpers(server: &mut Tls<Pipe>) -> (io::ErrorKind, usize) {
    let (sender, rung) = std::sync::mpsc::channel();
    let bell = Arc::new(Bell(sender));
    let wakers = || Arc::clone(&bell).into();
    let mut given = 0;
    loop {
        let kind = server.read(&mut [0; 10]).expect_err("nothing is sent yet").kind();
        if kind == io::ErrorKind::WouldBlock && server.is_for_helper() {
            given += 1;
            let may_read = server.go_on_elsewhere(None, &wakers);
            assert!(!may_read && server.is_handshaking() && !server.is_for_helper(), "it is elsewhere");
            assert_eq!(
                server.read(&mut [0; 10]).map_err(|error| error.kind()),
                Err(io::ErrorKind::WouldBlock)
            );
            rung.recv_timeout(std::time::Duration::from_secs(20)).expect("it comes back");
            assert!(server.go_on_elsewhere(None, &wakers), "there may be something to read");
        } else if kind != io::ErrorKind::Interrupted {
            return (kind, given);
        }
    }
}

#[test]
fn with_a_slow_key_helpers_process_the_handshake_and_nothing_behind_it() {
    let mut ends = Ends::new(100_000);
    ends.server.helpers = Some(Helpers::new());
    let mut given = 0;
    for _ in 0..100 {
        ends.carry();
        given += read_with_helpers(&mut ends.server).1;
        if !ends.server.is_handshaking() && !ends.client.is_handshaking() {
            break;
        }
    }
    assert_eq!((given, ends.server.session().is_some()), (2, true), "ClientHello and Finished");
    ends.client.writer().write_all(b"hello").expect("memory");
    ends.carry();
    assert_eq!(ends.server.read(&mut [0; 10]).ok(), Some(5), "no helper is asked");
}

#[test]
fn what_is_wrong_with_a_handshake_is_told_by_the_next_read_wherever_it_was_found() {
    for helpers in [None, Some(Helpers::new())] {
        let mut ends = Ends::new(100_000);
        ends.server.helpers = helpers;
        ends.server.socket.to_server.extend(b"\x16\x03\x01\x00\x05hello");
        assert_eq!(read_with_helpers(&mut ends.server).0, io::ErrorKind::InvalidData);
        ends.server.flush_pending();
        assert!(ends.server.socket.to_client.starts_with(&[21, 3, 3]), "the client is sent an alert");
    }
}
