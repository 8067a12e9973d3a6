//! The composer: sends bytes to this server over a connection of their own, exactly as they are, and
//! tells what came back.
//!
//! A thread does it, since it waits, and a worker never does. It can reach nothing but this server.

use super::MAX_COMPOSED;
use crate::answer::{Body, Next, Receiver, Response, Stream};
use crate::base::budget::Budget;
use crate::base::human;
use crate::base::platform::local::LocalStream;
use crate::http::{Refusal, Status};
use serde::Serialize;
use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Waker;
use std::time::{Duration, Instant};

/// How many may send at once.
const MAX_AT_ONCE: usize = 4;

/// How long all of it may take.
const TIME: Duration = Duration::from_secs(3);

/// After an answer has begun, so much silence means that no more will come.
const SILENCE: Duration = Duration::from_millis(300);

/// How long a pause between two pieces is, and how many there may be.
const PAUSE: Duration = Duration::from_millis(100);
const MAX_PAUSES: usize = 10;

/// How much of what comes back is shown, in bytes.
const MAX_RECEIVED: usize = 64 * 1024;

/// How a new connection to the server is had.
pub type Connect = Arc<dyn Fn() -> io::Result<LocalStream> + Send + Sync>;

/// Sends to one server.
pub(super) struct Composer {
    connect: Connect,
    /// For those who may send at once.
    places: Arc<Budget>,
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
        f.debug_struct("Composer").field("places", &self.places).finish_non_exhaustive()
    }
}

impl Composer {
    /// Sends to the server that this connects to.
    pub(super) fn new(connect: Connect) -> Composer {
        Composer { connect, places: Budget::new(MAX_AT_ONCE) }
    }

    /// Sends these bytes, with a pause at each of the offsets in `pauses` (`12,30`). The answer's body
    /// comes when there is an outcome.
    fn respond(&self, bytes: &[u8], pauses: &str) -> Result<Response, Refusal> {
        if bytes.is_empty() {
            return Err(Refusal::new(Status::BAD_REQUEST, "there is nothing to send: the body is empty"));
        }
        let pieces = split(bytes, pauses).ok_or_else(|| {
            Refusal::new(Status::BAD_REQUEST, "pauses are offsets into the body, such as 12,30")
        })?;
        let place = self.places.take(1).ok_or_else(|| {
            Refusal::new(Status::SERVICE_UNAVAILABLE, "others are sending; try again in a moment")
        })?;
        let connect = Arc::clone(&self.connect);
        let awaited = Arc::<Mutex<Awaited>>::default();
        let pending = Pending(Arc::clone(&awaited));
        let run = move || {
            let _place = place;
            // Also where this thread panics it is over, and whoever waits is woken.
            let over = Over(awaited);
            let outcome = send(&connect, &pieces);
            over.0.lock().unwrap_or_else(PoisonError::into_inner).outcome = Some(outcome);
        };
        std::thread::Builder::new().name("composer".to_owned()).spawn(run).map_err(|_| {
            Refusal::new(Status::SERVICE_UNAVAILABLE, "no thread can be had; try again in a moment")
        })?;
        Ok(Response::no_store("application/json", Body::Stream(Box::new(pending))))
    }
}

/// Bytes that are to be sent, as they come.
#[derive(Debug)]
pub(super) struct Composing {
    composer: Arc<Composer>,
    bytes: Vec<u8>,
    pauses: String,
}

impl Composing {
    pub(super) fn new(composer: Arc<Composer>, pauses: String) -> Composing {
        Composing { composer, bytes: Vec::new(), pauses }
    }
}

impl Receiver for Composing {
    fn take(&mut self, content: &[u8]) -> Result<(), Refusal> {
        if self.bytes.len() + content.len() > MAX_COMPOSED {
            let why = format!("more than {MAX_COMPOSED} bytes are not sent");
            return Err(Refusal::new(Status::CONTENT_TOO_LARGE, why));
        }
        self.bytes.extend_from_slice(content);
        Ok(())
    }

    fn finish(self: Box<Self>) -> Response {
        self.composer.respond(&self.bytes, &self.pauses).unwrap_or_else(|refusal| {
            refusal.record();
            Response::of_refusal(&refusal)
        })
    }

    fn refuse(self: Box<Self>, refusal: &Refusal) -> Response {
        refusal.record();
        Response::of_refusal(refusal)
    }
}

/// The bytes in the pieces in which they are to be sent; `None` if the offsets make no sense.
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
    if let Err(error) = converse(connect, pieces, began, &mut outcome) {
        outcome.error = Some(human::reason(&error));
    }
    outcome.milliseconds = (began.elapsed().as_secs_f64() * 1e4).round() / 10.0;
    outcome
}

fn converse(connect: &Connect, pieces: &[Vec<u8>], began: Instant, outcome: &mut Outcome) -> io::Result<()> {
    let mut stream = connect()?;
    stream.set_write_timeout(Some(TIME))?;
    for (index, piece) in pieces.iter().enumerate() {
        if index > 0 {
            std::thread::sleep(PAUSE);
        }
        // The server may have answered and closed already; what it said is what matters.
        if stream.write_all(piece).is_err() {
            break;
        }
    }
    let mut received = Vec::new();
    let mut buffer = [0; 8192];
    loop {
        let left = TIME.saturating_sub(began.elapsed());
        let patience = if received.is_empty() { left } else { left.min(SILENCE) };
        if patience.is_zero() {
            break;
        }
        stream.set_read_timeout(Some(patience))?;
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
    outcome.received = super::as_characters(&received);
    Ok(())
}

/// An outcome that is awaited.
#[derive(Debug, Default)]
struct Awaited {
    outcome: Option<Outcome>,
    is_over: bool,
    waker: Option<Waker>,
}

/// Dropped when there is an outcome, or none will come.
struct Over(Arc<Mutex<Awaited>>);

impl Drop for Over {
    fn drop(&mut self) {
        let mut awaited = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        awaited.is_over = true;
        let waker = awaited.waker.take();
        drop(awaited);
        waker.into_iter().for_each(Waker::wake);
    }
}

/// The body that consists of the outcome.
#[derive(Debug)]
struct Pending(Arc<Mutex<Awaited>>);

impl Stream for Pending {
    fn next(&mut self) -> Next {
        let mut awaited = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match awaited.outcome.take() {
            Some(outcome) => Next::Piece(serde_json::to_vec(&outcome).expect("text and numbers")),
            None if awaited.is_over => Next::End,
            None => Next::NotYet,
        }
    }

    fn wake_with(&mut self, waker: Waker) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).waker = Some(waker);
    }
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
    fn so_many_and_no_more_send_at_once() {
        let places = Composer::new(Arc::new(|| Err(io::ErrorKind::NotConnected.into()))).places;
        let mut tickets: Vec<_> = (0..MAX_AT_ONCE).map(|_| places.take(1).expect("there is one")).collect();
        assert!(places.take(1).is_none());
        tickets.pop();
        assert!(places.take(1).is_some());
    }
}
