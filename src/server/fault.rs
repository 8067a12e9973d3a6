//! The fault lab, which is fault injection: the server breaks rules on purpose, so that one sees in a real browser what
//! each rule protects from.
//!
//! | fault | what it does | what it shows |
//! |---|---|---|
//! | `slow=1000` | sends 1000 bytes a second | pages that grow, timeouts, progress bars |
//! | `split` | sends one byte in each write | one read is not one message |
//! | `drop-after=1000` | closes a connection after so many bytes | cut-off bodies, resumed downloads |
//! | `no-length` | leaves Content-Length out | a client that waits for the end of the connection |
//! | `wrong-length=+5` | adds that to Content-Length | a client that waits for bytes that never come |
//! | `lf-only` | ends the lines of heads with LF alone | what clients tolerate |
//!
//! [`Faulty`] wraps the transport, and `Faults::corrupt_head` changes heads. The server's own pages are exempt, so that
//! the inspector can show what faults do. The connection knows only that a transport may delay a write by itself
//! ([`Pacing`]).

use super::transport::{Pacing, Socket, TlsSession, Transport};
use crate::base::trace;
use mio::event::Source;
use std::fs::File;
use std::io;
use std::str::FromStr;
use std::time::{Duration, Instant};

/// The faults to inject.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    /// How many bytes a second are sent on one connection, at most.
    pub slow: Option<u64>,
    /// Each write sends one byte.
    pub split: bool,
    /// After how many bytes a connection is closed.
    pub drop_after: Option<u64>,
    /// Heads have no Content-Length.
    pub no_length: bool,
    /// What is added to Content-Length.
    pub wrong_length: Option<i64>,
    /// The lines of heads end with LF alone.
    pub lf_only: bool,
}

/// One fault, as it is written on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// See [`Faults::slow`].
    Slow(u64),
    /// See [`Faults::split`].
    Split,
    /// See [`Faults::drop_after`].
    DropAfter(u64),
    /// See [`Faults::no_length`].
    NoLength,
    /// See [`Faults::wrong_length`].
    WrongLength(i64),
    /// See [`Faults::lf_only`].
    LfOnly,
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Fault, String> {
        let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
        let count = |what: &str| {
            let count = value.and_then(|value| value.parse().ok()).filter(|&count| count > 0);
            count.ok_or_else(|| format!("{name} takes a number of {what}, such as {name}=1000"))
        };
        match (name, value) {
            ("slow", _) => Ok(Fault::Slow(count("bytes a second")?)),
            ("drop-after", _) => Ok(Fault::DropAfter(count("bytes")?)),
            ("wrong-length", value) => {
                let difference =
                    value.and_then(|value| value.parse().ok()).filter(|&difference| difference != 0);
                let complaint =
                    "wrong-length takes a number to add, such as wrong-length=+5 or wrong-length=-5";
                difference.map(Fault::WrongLength).ok_or_else(|| complaint.to_owned())
            }
            ("split", None) => Ok(Fault::Split),
            ("no-length", None) => Ok(Fault::NoLength),
            ("lf-only", None) => Ok(Fault::LfOnly),
            _ => Err("the faults are slow=N, split, drop-after=N, no-length, wrong-length=+N and lf-only"
                .to_owned()),
        }
    }
}

impl FromIterator<Fault> for Faults {
    fn from_iter<T: IntoIterator<Item = Fault>>(all: T) -> Faults {
        let mut faults = Faults::default();
        for fault in all {
            match fault {
                Fault::Slow(rate) => faults.slow = Some(rate),
                Fault::Split => faults.split = true,
                Fault::DropAfter(bytes) => faults.drop_after = Some(bytes),
                Fault::NoLength => faults.no_length = true,
                Fault::WrongLength(difference) => faults.wrong_length = Some(difference),
                Fault::LfOnly => faults.lf_only = true,
            }
        }
        faults
    }
}

impl Faults {
    /// Whether there are any.
    pub fn are_any(&self) -> bool {
        *self != Faults::default()
    }

    /// Their names, as they are written on the command line.
    pub fn names(&self) -> Vec<String> {
        let with = |name: &str, value: Option<u64>| value.map(|value| format!("{name}={value}"));
        let without = |name: &str, is_on: bool| is_on.then(|| name.to_owned());
        let all = [
            with("slow", self.slow),
            without("split", self.split),
            with("drop-after", self.drop_after),
            without("no-length", self.no_length),
            self.wrong_length.map(|difference| format!("wrong-length={difference:+}")),
            without("lf-only", self.lf_only),
        ];
        all.into_iter().flatten().collect()
    }

    /// Changes a rendered head.
    pub(super) fn corrupt_head(&self, head: &mut Vec<u8>) {
        const NAME: &[u8] = b"\r\nContent-Length: ";
        if (self.no_length || self.wrong_length.is_some())
            && let Some(at) = memchr::memmem::find(head, NAME)
            && let value_starts = at + NAME.len()
            && let Some(digits) = memchr::memchr(b'\r', &head[value_starts..])
        {
            let value_ends = value_starts + digits;
            if self.no_length {
                trace::decision("fault", None, || "no-length: Content-Length is left out".to_owned());
                head.drain(at..value_ends);
            } else if let Some(difference) = self.wrong_length {
                let length = std::str::from_utf8(&head[value_starts..value_ends]).ok();
                let length: u64 = length.and_then(|length| length.parse().ok()).unwrap_or_default();
                let wrong = length.saturating_add_signed(difference);
                trace::decision("fault", None, || {
                    format!("wrong-length: Content-Length says {wrong}, not {length}")
                });
                head.splice(value_starts..value_ends, wrong.to_string().into_bytes());
            }
        }
        if self.lf_only {
            trace::decision("fault", None, || "lf-only: the lines of the head end without CR".to_owned());
            head.retain(|&byte| byte != b'\r');
        }
    }
}

/// Time is counted in ticks, so that a slow connection does not need a write for each byte.
const TICK_MILLISECONDS: u64 = 50;
const TICKS_A_SECOND: u64 = 20;

/// How many writes of one byte a connection may do in one tick.
const SPLITS_A_TICK: u32 = 5000;

/// A socket that injects faults.
#[derive(Debug)]
pub struct Faulty<T> {
    socket: T,
    faults: Faults,
    sent: u64,
    /// How many bytes may still be sent in this tick, and which tick it is. A connection that was idle does not save up
    /// credit.
    credit: u64,
    ticks: u128,
    began: Instant,
    /// How many writes of one byte there were in this tick.
    splits: u32,
    is_exempt: bool,
    /// The last write was refused to delay it, and not because the send buffer is full.
    is_throttled: bool,
}

impl<T: Transport> Faulty<T> {
    /// Wraps a socket. Time counts from `began`.
    pub fn new(socket: T, faults: Faults, began: Instant) -> Faulty<T> {
        Faulty {
            socket,
            faults,
            sent: 0,
            credit: 0,
            ticks: 0,
            began,
            splits: 0,
            is_exempt: false,
            is_throttled: false,
        }
    }

    /// How many of `count` bytes may be sent now.
    fn allowed(&mut self, count: usize) -> io::Result<usize> {
        let mut allowed = count as u64;
        self.is_throttled = false;
        if self.is_exempt {
            return Ok(count);
        }
        let ticks = self.began.elapsed().as_millis() / u128::from(TICK_MILLISECONDS);
        if ticks > self.ticks {
            self.ticks = ticks;
            self.splits = 0;
            self.credit = self.faults.slow.map_or(0, |rate| (rate / TICKS_A_SECOND).max(1));
        }
        if let Some(last) = self.faults.drop_after {
            if self.sent >= last {
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
            allowed = allowed.min(last - self.sent);
        }
        if self.faults.slow.is_some() {
            allowed = allowed.min(self.credit);
        }
        if self.faults.split {
            // A write for each byte is work, and other connections are to have their turns.
            self.splits += 1;
            allowed = if self.splits > SPLITS_A_TICK { 0 } else { allowed.min(1) };
        }
        self.is_throttled = allowed == 0;
        if allowed == 0 {
            Err(io::ErrorKind::WouldBlock.into())
        } else {
            Ok(allowed.try_into().unwrap_or(count))
        }
    }

    fn count(&mut self, written: usize) -> usize {
        self.sent += written as u64;
        self.credit = self.credit.saturating_sub(written as u64);
        written
    }
}

impl<T: Transport> Transport for Faulty<T> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.socket.read(into)
    }

    fn write(&mut self, bytes: &[u8], more: bool) -> io::Result<usize> {
        let allowed = self.allowed(bytes.len())?;
        let written = self.socket.write(&bytes[..allowed], more && !self.faults.split)?;
        Ok(self.count(written))
    }

    fn write_file(&mut self, file: &File, offset: u64, count: usize) -> io::Result<usize> {
        let allowed = self.allowed(count)?;
        let written = self.socket.write_file(file, offset, allowed)?;
        Ok(self.count(written))
    }

    fn finish_writing(&mut self) -> io::Result<()> {
        self.socket.finish_writing()
    }

    fn tls(&mut self) -> Option<&mut dyn TlsSession> {
        self.socket.tls()
    }

    fn pacing(&mut self) -> Option<&mut dyn Pacing> {
        Some(self)
    }
}

impl<T> Pacing for Faulty<T> {
    fn exempt(&mut self, is_exempt: bool) {
        self.is_exempt = is_exempt;
    }

    fn resume_at(&self) -> Option<Instant> {
        let next_tick = || {
            Duration::from_millis(
                u64::try_from(self.ticks).unwrap_or(0) * TICK_MILLISECONDS + TICK_MILLISECONDS,
            )
        };
        self.is_throttled.then(|| self.began + next_tick())
    }
}

impl<S: Socket> Socket for Faulty<S> {
    fn watched(&mut self) -> &mut dyn Source {
        self.socket.watched()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_read_and_written_back() {
        for text in [
            "slow=1000",
            "split",
            "drop-after=7",
            "no-length",
            "wrong-length=+5",
            "wrong-length=-5",
            "lf-only",
        ] {
            let faults: Faults = [text.parse().expect("a fault")].into_iter().collect();
            assert_eq!(faults.names(), [text]);
            assert!(faults.are_any());
        }
        for text in
            ["", "slow", "slow=", "slow=0", "slow=-1", "drop-after=x", "wrong-length=0", "split=1", "fire"]
        {
            assert!(text.parse::<Fault>().is_err(), "{text}");
        }
        assert!(!Faults::default().are_any());
    }

    #[test]
    fn heads_are_changed_as_the_faults_say() {
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 12\r\nA: b\r\n\r\n";
        let table = [
            (Faults::default(), head),
            (Faults { no_length: true, ..Faults::default() }, "HTTP/1.1 200 OK\r\nA: b\r\n\r\n"),
            (
                Faults { wrong_length: Some(5), ..Faults::default() },
                "HTTP/1.1 200 OK\r\nContent-Length: 17\r\nA: b\r\n\r\n",
            ),
            (
                Faults { wrong_length: Some(-20), ..Faults::default() },
                "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nA: b\r\n\r\n",
            ),
            (Faults { lf_only: true, ..Faults::default() }, "HTTP/1.1 200 OK\nContent-Length: 12\nA: b\n\n"),
        ];
        for (faults, expected) in table {
            let mut changed = head.as_bytes().to_vec();
            faults.corrupt_head(&mut changed);
            assert_eq!(String::from_utf8_lossy(&changed), expected, "{faults:?}");
        }
    }
}
