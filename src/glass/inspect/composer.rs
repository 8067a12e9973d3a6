//! The composer: sends bytes to this server on a new connection, unchanged, and shows what comes back.
//!
//! ```text
//! POST /.glass/send?pauses=4    "GET / HTTP/1.1␍␊..."
//! ──▶ a thread sends "GET ", waits 100 ms, sends the rest, and reads
//! ──▶ {"received":"HTTP/1.1 200 OK...","closed":false,"milliseconds":402.1,...}
//! ```
//!
//! This blocks, so a thread does it, and not a worker. It can connect to nothing but this server.

use super::MAX_COMPOSED;
use crate::answer::{Body, Receiver, Response};
use crate::base::budget::Budget;
use crate::base::human;
use crate::base::platform::local::LocalStream;
use crate::glass::written;
use crate::http::{Refusal, Status};
use serde::Serialize;
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How many requests may be sending at the same time.
const MAX_AT_ONCE: usize = 4;

/// How long all of it may take.
const TIMEOUT: Duration = Duration::from_secs(3);

/// If a response has begun and nothing has come for this long, nothing more will come.
const QUIET_TIME: Duration = Duration::from_millis(300);

/// How long a pause between two pieces is, and how many pauses there may be.
const PAUSE: Duration = Duration::from_millis(100);
const MAX_PAUSES: usize = 10;

/// How many bytes of what comes back are shown.
const MAX_RECEIVED: usize = 64 * 1024;

/// Makes a new connection to the server.
pub type Connect = Arc<dyn Fn() -> io::Result<LocalStream> + Send + Sync>;

/// Sends to one server.
pub(super) struct Composer {
    connect: Connect,
    /// A permit for each request that is sending.
    permits: Arc<Budget>,
}

/// What came back.
#[derive(Debug, Default, Serialize)]
struct Outcome {
    received: String,
    /// There was more than is shown.
    cut: bool,
    /// The server closed the connection.
    closed: bool,
    milliseconds: f64,
    error: Option<String>,
}

impl std::fmt::Debug for Composer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Composer").field("permits", &self.permits).finish_non_exhaustive()
    }
}

impl Composer {
    /// Sends to the server to which this connects.
    pub(super) fn new(connect: Connect) -> Composer {
        Composer { connect, permits: Budget::new(MAX_AT_ONCE) }
    }

    /// Sends these bytes, with a pause at each of the offsets in `pauses` (`12,30`). The body of the response comes
    /// when there is an outcome.
    fn respond(&self, bytes: &[u8], pauses: &str) -> Result<Response, Refusal> {
        if bytes.is_empty() {
            return Err(Refusal::new(Status::BAD_REQUEST, "there is nothing to send: the body is empty"));
        }
        let pieces = split(bytes, pauses).ok_or_else(|| {
            Refusal::new(Status::BAD_REQUEST, "pauses are offsets into the body, such as 12,30")
        })?;
        let permit = self.permits.take(1).ok_or_else(|| {
            Refusal::new(Status::SERVICE_UNAVAILABLE, "others are sending; try again in a moment")
        })?;
        let connect = Arc::clone(&self.connect);
        let (writer, written) = written::pair(false);
        let run = move || {
            let _permit = permit;
            let outcome = serde_json::to_vec(&send(&connect, &pieces)).expect("text and numbers");
            // If nobody waits for it any more, nobody misses it.
            let _ = writer.write(&outcome);
            writer.end();
        };
        std::thread::Builder::new().name("composer".to_owned()).spawn(run).map_err(|_| {
            Refusal::new(Status::SERVICE_UNAVAILABLE, "no thread can be had; try again in a moment")
        })?;
        Ok(Response::no_store("application/json", Body::Stream(Box::new(written))))
    }
}

/// The bytes that are to be sent, as far as they are received.
#[derive(Debug)]
pub(super) struct ComposedBytes {
    composer: Arc<Composer>,
    bytes: Vec<u8>,
    pauses: String,
}

impl ComposedBytes {
    pub(super) fn new(composer: Arc<Composer>, pauses: String) -> ComposedBytes {
        ComposedBytes { composer, bytes: Vec::new(), pauses }
    }
}

impl Receiver for ComposedBytes {
    fn take(&mut self, content: &[u8]) -> Result<(), Refusal> {
        if self.bytes.len() + content.len() > MAX_COMPOSED {
            let why = format!("more than {MAX_COMPOSED} bytes are not sent");
            return Err(Refusal::new(Status::CONTENT_TOO_LARGE, why));
        }
        self.bytes.extend_from_slice(content);
        Ok(())
    }

    fn finish(self: Box<Self>) -> Response {
        self.composer.respond(&self.bytes, &self.pauses).unwrap_or_else(|refusal| Response::refuse(&refusal))
    }

    fn refuse(self: Box<Self>, refusal: &Refusal) -> Response {
        Response::refuse(refusal)
    }
}

/// Splits the bytes into the pieces that are to be sent; `None` if the offsets are malformed or not in order.
fn split(bytes: &[u8], pauses: &str) -> Option<Vec<Vec<u8>>> {
    let mut pieces = Vec::new();
    let mut start = 0;
    for offset in pauses.split(',').filter(|offset| !offset.is_empty()) {
        let offset: usize = offset.parse().ok()?;
        if offset < start || offset > bytes.len() || pieces.len() == MAX_PAUSES {
            return None;
        }
        pieces.push(bytes[start..offset].to_vec());
        start = offset;
    }
    pieces.push(bytes[start..].to_vec());
    Some(pieces)
}

fn send(connect: &Connect, pieces: &[Vec<u8>]) -> Outcome {
    let began = Instant::now();
    let mut outcome = Outcome::default();
    if let Err(error) = send_and_receive(connect, pieces, began, &mut outcome) {
        outcome.error = Some(human::reason(&error));
    }
    outcome.milliseconds = (began.elapsed().as_secs_f64() * 1e4).round() / 10.0;
    outcome
}

fn send_and_receive(
    connect: &Connect,
    pieces: &[Vec<u8>],
    began: Instant,
    outcome: &mut Outcome,
) -> io::Result<()> {
    let mut stream = connect()?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    for (index, piece) in pieces.iter().enumerate() {
        if index > 0 {
            std::thread::sleep(PAUSE);
        }
        // The server may have responded and closed already; its response is what matters.
        if stream.write_all(piece).is_err() {
            break;
        }
    }
    let mut received = Vec::new();
    let mut buffer = [0; 8192];
    loop {
        let left = TIMEOUT.saturating_sub(began.elapsed());
        let timeout = if received.is_empty() { left } else { left.min(QUIET_TIME) };
        if timeout.is_zero() {
            break;
        }
        stream.set_read_timeout(Some(timeout))?;
        match stream.read(&mut buffer) {
            Ok(0) => {
                outcome.closed = true;
                break;
            }
            Ok(count) => received.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                break;
            }
            Err(_) => {
                outcome.closed = true;
                break;
            }
        }
        if received.len() > MAX_RECEIVED {
            outcome.cut = true;
            break;
        }
    }
    received.truncate(MAX_RECEIVED);
    outcome.received = crate::glass::as_characters(&received);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_split_where_pauses_are() {
        let table: &[(&str, Option<&[&str]>)] = &[
            ("", Some(&["abcdef"])),
            ("2", Some(&["ab", "cdef"])),
            ("2,4", Some(&["ab", "cd", "ef"])),
            ("0,6", Some(&["", "abcdef", ""])),
            ("4,2", None),
            ("7", None),
            ("x", None),
            ("1,1,1,1,1,1,1,1,1,1,1", None),
        ];
        for (pauses, expected) in table {
            let pieces = split(b"abcdef", pauses);
            let expected =
                expected.map(|pieces| pieces.iter().map(|piece| piece.as_bytes().to_vec()).collect());
            assert_eq!(pieces, expected, "{pauses}");
        }
    }

    #[test]
    fn only_so_many_requests_send_at_the_same_time() {
        let permits = Composer::new(Arc::new(|| Err(io::ErrorKind::NotConnected.into()))).permits;
        let mut taken: Vec<_> = (0..MAX_AT_ONCE).map(|_| permits.take(1).expect("there is one")).collect();
        assert!(permits.take(1).is_none());
        taken.pop();
        assert!(permits.take(1).is_some());
    }
}
