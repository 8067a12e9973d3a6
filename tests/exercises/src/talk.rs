//! Conversations on a connection. Each wait has an end.

use crate::http::Answer;
use crate::process::lock;
use crate::report::{Content, Failure, Outcome, seconds};
use crate::texts::{self, Message};
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// How much is remembered of what was sent.
const REMEMBERED: usize = 4096;

/// A conversation on one connection.
pub struct Talk {
    stream: TcpStream,
    /// What was sent since the last answer that was right.
    sent: Vec<u8>,
    /// All that was sent, or its beginning; given away at the end.
    all: Vec<u8>,
    last: Arc<Mutex<Vec<u8>>>,
    patience: Duration,
}

/// What [`Talk::listen`] heard.
pub enum Heard {
    /// These bytes.
    Bytes(Vec<u8>),
    /// Nothing, for as long as it listened.
    Nothing,
    /// The end of the connection.
    End,
}

impl Talk {
    pub fn new(stream: TcpStream, patience: Duration, last: Arc<Mutex<Vec<u8>>>) -> Talk {
        let _ = stream.set_nodelay(true);
        let _ = stream.set_write_timeout(Some(patience));
        Talk { stream, sent: Vec::new(), all: Vec::new(), last, patience }
    }

    /// Sends bytes. If the server has closed, what is read next will show it.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        self.remember(bytes);
        let _ = self.stream.write_all(bytes);
    }

    fn remember(&mut self, bytes: &[u8]) {
        self.sent.extend_from_slice(bytes);
        let room = REMEMBERED.saturating_sub(self.all.len());
        self.all.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// Sends bytes one at a time.
    pub fn trickle(&mut self, bytes: impl AsRef<[u8]>) {
        for byte in bytes.as_ref() {
            self.send([*byte]);
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Sends bytes in pieces, with a pause between them, so that each is read by itself.
    pub fn send_pieces(&mut self, pieces: &[&[u8]]) {
        for (at, piece) in pieces.iter().enumerate() {
            if at > 0 {
                thread::sleep(Duration::from_millis(120));
            }
            self.send(piece);
        }
    }

    /// Says that nothing more will be sent.
    pub fn finish(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Vanishes: waits until something has come and leaves it unread. Whoever closes so resets the connection, and
    /// the server's next read or write fails. False if nothing came.
    pub fn reset(self) -> bool {
        let _ = self.stream.set_read_timeout(Some(self.patience));
        self.stream.peek(&mut [0]).is_ok()
    }

    /// Sends so much, in a thread of its own, that it has to be read while it is sent.
    pub fn send_beside(&mut self, bytes: Vec<u8>) {
        self.remember(&bytes);
        let Ok(mut stream) = self.stream.try_clone() else { return };
        thread::spawn(move || {
            let _ = stream.write_all(&bytes);
            let _ = stream.shutdown(Shutdown::Write);
        });
    }

    /// Sends until nothing more fits in, and reads nothing.
    pub fn stuff(&mut self) {
        let _ = self.stream.set_write_timeout(Some(Duration::from_millis(200)));
        self.remember(b"x\n");
        let much = b"x\n".repeat(32 * 1024);
        // More than any two sockets hold.
        for _ in 0..2048 {
            if self.stream.write(&much).is_err() {
                break;
            }
        }
        let _ = self.stream.set_write_timeout(Some(self.patience));
    }

    /// Waits for some bytes, so long and no longer.
    pub fn listen(&mut self, time: Duration) -> Heard {
        // Zero would mean: for ever.
        let _ = self.stream.set_read_timeout(Some(time.max(Duration::from_millis(1))));
        let mut piece = vec![0; 64 * 1024];
        loop {
            match self.stream.read(&mut piece) {
                Ok(0) => return Heard::End,
                Ok(count) => {
                    piece.truncate(count);
                    return Heard::Bytes(piece);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                    return Heard::Nothing;
                }
                // Reset: as far as a conversation goes, this is an end, too.
                Err(_) => return Heard::End,
            }
        }
    }

    /// Reads until `is_enough`, the end of the connection, or the end of patience.
    fn hear(&mut self, is_enough: impl Fn(&[u8]) -> bool) -> (Vec<u8>, bool) {
        let until = Instant::now() + self.patience;
        let mut came = Vec::new();
        while !is_enough(&came) {
            match self.listen(until.saturating_duration_since(Instant::now())) {
                Heard::Bytes(bytes) => came.extend_from_slice(&bytes),
                Heard::Nothing => return (came, false),
                Heard::End => return (came, true),
            }
        }
        (came, false)
    }

    /// Fails unless exactly these bytes come next.
    pub fn expect(&mut self, expected: impl AsRef<[u8]>) -> Outcome {
        let expected = expected.as_ref();
        let (came, ended) = self.hear(|came| came.len() >= expected.len() || !expected.starts_with(came));
        if came != expected {
            return self.fail_bytes(&came, ended, expected);
        }
        self.sent.clear();
        Ok(())
    }

    /// Fails, and says where the difference is if there is much.
    fn fail_bytes<T>(&self, came: &[u8], ended: bool, expected: &[u8]) -> Outcome<T> {
        if expected.len() <= 1000 {
            return self.fail(came, ended, expected);
        }
        let same = came.iter().zip(expected).take_while(|(one, other)| one == other).count();
        let numbers = [expected.len(), came.len(), same].map(crate::report::group);
        Failure::new()
            .sent(&self.sent)
            .came(self.what_came(&came[same.saturating_sub(8)..], ended))
            .expected(texts::MUCH_THE_SAME.with(numbers))
            .fail()
    }

    /// Reads a line; it is given without its line feed.
    pub fn line(&mut self, expected: impl Into<Content>) -> Outcome<String> {
        let (came, ended) = self.hear(|came| came.contains(&b'\n'));
        match came.strip_suffix(b"\n").and_then(|line| str::from_utf8(line).ok()) {
            Some(line) if !line.contains('\n') => Ok(line.to_owned()),
            _ => self.fail(&came, ended, expected),
        }
    }

    /// Fails unless the server ends the connection without another byte.
    pub fn expect_end(&mut self) -> Outcome {
        let (came, ended) = self.hear(|came| !came.is_empty());
        if !came.is_empty() || !ended {
            return self.fail(&came, ended, texts::THE_END);
        }
        Ok(())
    }

    /// Fails if anything comes in this time, the end included.
    pub fn expect_nothing(&mut self, time: Duration, expected: impl Into<Content>) -> Outcome {
        match self.listen(time) {
            Heard::Nothing => Ok(()),
            Heard::Bytes(came) => self.fail(&came, false, expected),
            Heard::End => self.fail(b"", true, expected),
        }
    }

    /// Reads so many bytes and gives them; fewer only if no more come.
    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        self.hear(|came| came.len() >= count).0
    }

    /// Reads an HTTP response up to the end of the connection.
    pub fn answer(&mut self) -> Outcome<Answer> {
        let (came, ended) = self.hear(|_| false);
        let Some(answer) = Answer::parse(&self.sent, &came) else {
            return self.fail(&came, ended, texts::A_RESPONSE);
        };
        if !ended {
            return self.fail(&came, ended, texts::AND_THE_END);
        }
        self.sent.clear();
        Ok(answer)
    }

    /// Reads an HTTP response whose length its head says, and leaves the connection open.
    pub fn kept_answer(&mut self) -> Outcome<Answer> {
        let whole = |came: &[u8]| Answer::parse(b"", came).is_some_and(|answer| answer.is_whole());
        let (came, ended) = self.hear(whole);
        match Answer::parse(&self.sent, &came) {
            Some(answer) if answer.is_whole() => {
                self.sent.clear();
                Ok(answer)
            }
            _ => self.fail(&came, ended, texts::A_RESPONSE),
        }
    }

    fn what_came(&self, came: &[u8], ended: bool) -> Content {
        let nothing = came.is_empty();
        let then: Message = match (nothing, ended) {
            (true, true) => texts::NOTHING_BUT_END.into(),
            (true, false) => texts::NOTHING_FOR.with([seconds(self.patience)]),
            (false, true) => texts::THEN_THE_END.into(),
            (false, false) => return came.into(),
        };
        Content::Then(came.to_vec(), then)
    }

    /// Fails: this came, and that was expected.
    pub fn fail<T>(&self, came: &[u8], ended: bool, expected: impl Into<Content>) -> Outcome<T> {
        Failure::new().sent(&self.sent).came(self.what_came(came, ended)).expected(expected).fail()
    }
}

impl Drop for Talk {
    fn drop(&mut self) {
        *lock(&self.last) = std::mem::take(&mut self.all);
    }
}
