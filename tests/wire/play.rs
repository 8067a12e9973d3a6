//! Playing a transcript: a client that sends what it says and reads what comes.

use crate::known::{Comparison, Known};
use crate::notation::{Line, Transcript, parse};
use crate::servers::Servers;
use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::Duration;

/// When nothing has come for so long, nothing will: the bound of a failure, never waited for else.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// Played at once only. If what a client sends behind its last request arrives after the server has
/// closed, then the system answers it with a reset: how the connection ends depends on who is faster.
const AT_ONCE_ONLY: &[&str] = &["connection-close-and-more.txt"];

/// Asked where a transcript says that the connection is open: what is answered alike on every site.
const PROBE: &str = "# RFC
> GET /coded/page.js.gz HTTP/1.1
> Host: localhost
>
< HTTP/1.1 200 OK
< Date: {date}
< Server: glasshttp
< Content-Length: 7
< Content-Type: application/gzip
< Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT
< ETag: {any}
< Cache-Control: no-cache
< Vary: Sec-Fetch-Dest
< Accept-Ranges: bytes
< X-Content-Type-Options: nosniff
<
< (gzip)\\n
< (open)
";

/// In which pieces the client's bytes are written.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Delivery {
    /// All bytes up to the next expected answer in one write.
    AtOnce,
    /// Each byte in a write of its own.
    ByteByByte,
    /// Pieces of random length; the seed says which.
    Pieces(u64),
}

impl Delivery {
    /// Cuts what is to be sent.
    fn cut(self, mut bytes: &[u8]) -> Vec<&[u8]> {
        let mut random = match self {
            Delivery::AtOnce => return vec![bytes],
            Delivery::ByteByByte => return bytes.chunks(1).collect(),
            Delivery::Pieces(seed) => seed,
        };
        let mut pieces = Vec::new();
        while !bytes.is_empty() {
            // The generator splitmix64.
            random = random.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (random ^ (random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            let length = usize::try_from((mixed >> 33) % 40 + 1).expect("at most 40");
            let (piece, rest) = bytes.split_at(length.min(bytes.len()));
            pieces.push(piece);
            bytes = rest;
        }
        pieces
    }
}

/// Plays a transcript on a connection of its own, and gives what its placeholders stood for.
pub(crate) fn play(servers: &Servers, transcript: &Transcript, delivery: Delivery) -> Result<Known, String> {
    let mut known = Known::default();
    if AT_ONCE_ONLY.contains(&&*transcript.name) && !matches!(delivery, Delivery::AtOnce) {
        return Ok(known);
    }
    let mut client = Client::connect(servers, transcript.site);
    let result = transcript.exchanges.iter().try_for_each(|exchange| {
        let bytes = known.fill_in(&exchange.send)?;
        client.converse(&bytes, exchange.ends, delivery, |client| client.expect(&exchange.expect, &mut known))
    });
    let result =
        result.and_then(|()| if transcript.stays_open { client.probe() } else { client.expect_end() });
    match result {
        Ok(()) => Ok(known),
        Err(failure) => Err(format!("{}:{failure}\n    ({delivery:?})\n", transcript.name)),
    }
}

/// Plays transcripts on one connection, sending all their requests without waiting for an answer.
pub(crate) fn play_in_a_row(
    servers: &Servers,
    row: &[(Transcript, Known)],
    delivery: Delivery,
) -> Result<(), String> {
    let Some((first, _)) = row.first() else { return Ok(()) };
    let mut bytes = Vec::new();
    for (transcript, known) in row {
        for exchange in &transcript.exchanges {
            bytes.extend(known.fill_in(&exchange.send)?);
        }
    }
    let mut client = Client::connect(servers, first.site);
    client.converse(&bytes, false, delivery, |client| {
        for (transcript, known) in row {
            let mut known = known.clone();
            for exchange in &transcript.exchanges {
                client
                    .expect(&exchange.expect, &mut known)
                    .map_err(|failure| format!("{}:{failure}\n    (pipelined)\n", transcript.name))?;
            }
        }
        Ok(())
    })?;
    client.probe().map_err(|failure| format!("behind all of them: {failure}"))
}

/// The client's end of a connection.
struct Client {
    stream: TcpStream,
    /// What came back, and how much of it is accounted for.
    received: Vec<u8>,
    seen: usize,
    /// Why no more comes.
    over: Option<String>,
}

impl Client {
    fn connect(servers: &Servers, site: &str) -> Client {
        let stream = TcpStream::connect(servers.address(site)).expect("the server listens");
        stream.set_nodelay(true).expect("it is a TCP socket");
        stream.set_read_timeout(Some(PATIENCE)).expect("it is not zero");
        stream.set_write_timeout(Some(PATIENCE)).expect("it is not zero");
        Client { stream, received: Vec::new(), seen: 0, over: None }
    }

    /// Sends while it reads, as a client must: neither side can wait for the other for ever.
    fn converse(
        &mut self,
        bytes: &[u8],
        ends: bool,
        delivery: Delivery,
        read: impl FnOnce(&mut Client) -> Result<(), String>,
    ) -> Result<(), String> {
        let mut stream = self.stream.try_clone().expect("a descriptor is free");
        thread::scope(|scope| {
            scope.spawn(move || {
                for piece in delivery.cut(bytes) {
                    // The server may have closed, as the transcript will tell.
                    if stream.write_all(piece).is_err() {
                        return;
                    }
                }
                if ends {
                    let _ = stream.shutdown(Shutdown::Write);
                }
            });
            read(self)
        })
    }

    /// Reads on; false if there is no more.
    fn read(&mut self) -> bool {
        let mut piece = [0; 16 * 1024];
        if self.over.is_none() {
            match self.stream.read(&mut piece) {
                Ok(0) => self.over = Some("the connection is closed".to_owned()),
                Ok(count) => self.received.extend_from_slice(&piece[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => self.over = Some(format!("the connection failed: {error}")),
            }
        }
        self.over.is_none()
    }

    fn expect(&mut self, lines: &[Line], known: &mut Known) -> Result<(), String> {
        let answer_starts = self.seen;
        for line in lines {
            loop {
                match known.compare(&line.parts, &self.received[self.seen..]) {
                    Comparison::Same(length) => {
                        self.seen += length;
                        break;
                    }
                    Comparison::Shorter if self.read() => {}
                    Comparison::Shorter | Comparison::Other => {
                        return Err(self.describe_failure(line, answer_starts));
                    }
                }
            }
        }
        Ok(())
    }

    fn describe_failure(&mut self, line: &Line, answer_starts: usize) -> String {
        let rest = &self.received[self.seen..];
        let line_ends = rest.iter().position(|&byte| byte == b'\n').map_or(rest.len(), |found| found + 1);
        let over = self.over.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
        let mut text = format!(
            "{}\n    expected  {}\n    got       {}{over}\n    in",
            line.number,
            line.shown(),
            rest[..line_ends].escape_ascii(),
        );
        for line in self.received[answer_starts..].split_inclusive(|&byte| byte == b'\n').take(40) {
            let _ = write!(text, "\n        < {}", line.escape_ascii());
        }
        text
    }

    /// The connection must be closed, and nothing come before that.
    fn expect_end(&mut self) -> Result<(), String> {
        while self.seen == self.received.len() && self.read() {}
        let extra = self.received[self.seen..].escape_ascii();
        match self.over.as_deref() {
            Some("the connection is closed") if self.seen == self.received.len() => Ok(()),
            over => Err(format!(" expected the end, got \"{extra}\"; {}", over.unwrap_or("it is open"))),
        }
    }

    /// The connection must answer another request.
    fn probe(&mut self) -> Result<(), String> {
        let probes = parse("the request at the end", PROBE).expect("it is well formed");
        let exchange = &probes[0].exchanges[0];
        let mut known = Known::default();
        let bytes = known.fill_in(&exchange.send)?;
        self.converse(&bytes, false, Delivery::AtOnce, |client| client.expect(&exchange.expect, &mut known))
            .map_err(|failure| format!(" it is not open: {}:{failure}", probes[0].name))
    }
}
