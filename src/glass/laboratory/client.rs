//! A client of a run: it connects, sends its pieces, each at its time, and reads what comes. It blocks, on a thread of
//! its own.

use super::event::{Event, How};
use super::observer::Arrivals;
use super::order::Client;
use super::report::Report;
use crate::base::human;
use crate::glass::as_characters;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// How many bytes of answers a client takes.
pub(super) const MAX_RECEIVED: usize = 64 * 1024;

/// How long a write may take. The bytes of a client fit into the buffers of its kernel, so mostly it takes no time.
const WRITE_TIMEOUT: Duration = Duration::from_secs(1);

/// How often a client that reads looks whether the page is still there.
const LOOK: Duration = Duration::from_millis(100);

/// A client that plays.
struct Playing<'a> {
    stream: TcpStream,
    index: usize,
    report: &'a Report,
    /// How many bytes have come.
    received: usize,
}

/// Plays a client from its connection to its end.
pub(super) fn play(
    client: &Client,
    index: usize,
    address: SocketAddr,
    began: Instant,
    report: &Report,
    arrivals: &Arrivals,
) {
    if report.wait_until(began + client.after).is_err() || report.is_late() {
        return;
    }
    let connected = arrivals.connect(index, || {
        let stream = TcpStream::connect_timeout(&address, WRITE_TIMEOUT)?;
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(WRITE_TIMEOUT))?;
        let port = stream.local_addr()?.port();
        report.tell(&Event::Connected { client: index, port });
        Ok::<_, io::Error>(stream)
    });
    match connected {
        Ok(stream) => {
            let how = Playing { stream, index, report, received: 0 }.play(client);
            report.tell(&Event::Ended { client: index, how });
        }
        Err(error) => report.tell(&Event::Refused { client: index, why: human::reason(&error) }),
    }
}

impl Playing<'_> {
    fn play(mut self, client: &Client) -> How {
        for piece in &client.pieces {
            if !piece.wait.is_zero()
                && let Some(how) = self.read_until(Instant::now() + piece.wait, None)
            {
                return how;
            }
            if self.report.is_late() {
                break;
            }
            // The server may have answered and closed already; then its answer is what matters.
            if self.stream.write_all(&piece.bytes).is_err() {
                break;
            }
            self.report.tell(&Event::Sent { client: self.index, count: piece.bytes.len() });
        }
        if client.ends {
            let _ = self.stream.shutdown(Shutdown::Write);
        }
        self.read_until(self.report.deadline, client.quiet).unwrap_or_else(|| {
            let seconds = self.report.time().as_secs();
            let text = format!("the laboratory gives a run {seconds} s, and they are over");
            self.report.tell(&Event::Bound { text });
            How::Time
        })
    }

    /// Reads until this time, or until the connection is over; then it says how. With `quiet`, it is over for us if
    /// an answer has begun and nothing has come for so long.
    fn read_until(&mut self, time: Instant, quiet: Option<Duration>) -> Option<How> {
        let time = time.min(self.report.deadline);
        let mut last = Instant::now();
        let mut buffer = [0; 8192];
        loop {
            let now = Instant::now();
            if self.report.wait_until(now).is_err() {
                return Some(How::Stopped);
            }
            let until_quiet = quiet.filter(|_| self.received > 0).map(|quiet| last + quiet);
            if until_quiet.is_some_and(|until| now >= until) {
                return Some(How::Quiet);
            }
            let left = until_quiet.map_or(time, |until| until.min(time)).saturating_duration_since(now);
            if left.is_zero() {
                return None;
            }
            // Zero would be "for ever".
            let timeout = left.min(LOOK).max(Duration::from_millis(1));
            if self.stream.set_read_timeout(Some(timeout)).is_err() {
                return Some(How::Reset);
            }
            match self.stream.read(&mut buffer) {
                Ok(0) => return Some(How::Closed),
                Ok(count) => {
                    last = Instant::now();
                    if let Some(how) = self.take(&buffer[..count]) {
                        return Some(how);
                    }
                }
                Err(error) => match error.kind() {
                    io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted => {}
                    _ => return Some(How::Reset),
                },
            }
        }
    }

    /// Tells of bytes that have come, as far as there is room for them.
    fn take(&mut self, bytes: &[u8]) -> Option<How> {
        let shown = &bytes[..bytes.len().min(MAX_RECEIVED - self.received)];
        self.received += shown.len();
        self.report.tell(&Event::Received { client: self.index, bytes: as_characters(shown) });
        if self.received < MAX_RECEIVED {
            return None;
        }
        let text = format!("the laboratory shows {MAX_RECEIVED} bytes of what a client gets at most");
        self.report.tell(&Event::Bound { text });
        Some(How::Full)
    }
}
