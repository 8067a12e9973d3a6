//! What an application gives to a server: neither [`crate::server`] nor [`crate::site`] knows the other, and both
//! know this.
//!
//! ```text
//! Request ──▶ Begin::Answer(Response)                a page, a file, a refusal
//!             Begin::Receive(Receiver) ──▶ Response    an upload
//!             Begin::Later                            a password that takes time to verify
//! ```
//!
//! The plain case is a [`Response`] with a [`Body`], which says what is to be sent. It is data, but for a [`Stream`],
//! which is asked for its next piece. How any of it gets onto the wire (copied, by sendfile, in chunks) only the server
//! knows.

use crate::base::platform::open;
use crate::http::client::Client;
use crate::http::framing::Framing;
use crate::http::{Headers, Refusal, Status};
use std::fmt;
use std::fs::File;
use std::net::IpAddr;
use std::ops::Range;
use std::sync::Arc;
use std::task::Waker;
use std::time::Instant;

/// An answer, whole but for the fields that belong to the connection.
#[derive(Debug)]
pub struct Response {
    /// The status.
    pub status: Status,
    /// All fields but those that the connection adds: see [`crate::http::response::Head`].
    pub headers: Headers,
    /// What follows the head, unless the request was HEAD.
    pub body: Body,
}

impl Response {
    /// 200 with what is true at this moment only, or belongs to this very program: nobody shall keep it.
    pub fn for_once(content_type: &str, body: Body) -> Response {
        let mut headers = Headers::default();
        headers.push("Content-Type", content_type);
        headers.push("Cache-Control", "no-store");
        Response { status: Status::OK, headers, body }
    }

    /// A refusal, as one line of text.
    pub fn of_refusal(refusal: &Refusal) -> Response {
        Response::of_line(refusal, &refusal.why)
    }

    /// A refusal as one line of text that gives this reason.
    pub fn of_line(refusal: &Refusal, why: &str) -> Response {
        let text = format!("{} {}: {why}\n", refusal.status.code(), refusal.status.phrase());
        Response::of_text(refusal.status, "text/plain; charset=utf-8", text)
    }

    /// A text that says why there is nothing else. Who asks differently may get another.
    pub fn of_text(status: Status, content_type: &str, text: String) -> Response {
        let mut headers = Headers::default();
        headers.push("Content-Type", content_type);
        headers.push("Cache-Control", "no-cache");
        headers.push("Vary", "Accept");
        if status == Status::SERVICE_UNAVAILABLE {
            // It is for want of room, and there is room again as soon as others are done.
            headers.push("Retry-After", "1");
        }
        Response { status, headers, body: Body::Bytes(text.into_bytes()) }
    }
}

/// What a response carries.
#[derive(Debug, Default)]
pub enum Body {
    /// Nothing.
    #[default]
    Empty,
    /// Bytes that are in memory.
    Bytes(Vec<u8>),
    /// A file or a part of one.
    File(FilePart),
    /// Several pieces one after another: a multipart answer.
    Pieces(Vec<Piece>),
    /// What is made only while it is sent, of a length that nobody knows yet.
    Stream(Box<dyn Stream>),
}

/// What an application says to a request whose head is whole.
#[derive(Debug)]
pub enum Begin {
    /// This is the answer. It does not depend on the request's body, if there is one.
    Answer(Response),
    /// The receiver takes the request's body, and has the answer when all of it has come.
    Receive(Box<dyn Receiver>),
    /// The application does not know yet, and keeps [`Arrival::waker`]: when that is called, the same question is
    /// asked again.
    Later,
}

/// What is known of a request beside its head.
#[derive(Clone, Copy)]
pub struct Arrival<'a> {
    /// By when it had begun to arrive: the answer may be as old as that, and no older.
    pub time: Instant,
    /// The other end of the connection, whatever a proxy says.
    pub client: Client,
    /// For whom a proxy asks, if it is one that is believed.
    pub forwarded: Option<IpAddr>,
    /// How the body is delimited that follows the head.
    pub framing: Framing,
    /// Makes the waker of the connection.
    pub wakers: &'a dyn Fn() -> Waker,
}

impl Arrival<'_> {
    /// The client that asks, as far as it can be told.
    pub fn real_client(&self) -> Client {
        self.forwarded.map_or(self.client, Client::from)
    }

    /// Wakes the connection, so that the application is asked again: for [`Begin::Later`].
    pub fn waker(&self) -> Waker {
        (self.wakers)()
    }
}

/// Takes the body of one request. If it is dropped before the end, it leaves nothing behind.
pub trait Receiver: fmt::Debug + Send {
    /// Takes the next bytes of the content.
    ///
    /// # Errors
    /// When it is too much, or cannot be kept: the rest of the body is not read.
    fn take(&mut self, content: &[u8]) -> Result<(), Refusal>;

    /// The body is complete: this is the answer.
    fn finish(self: Box<Self>) -> Response;

    /// The body cannot be received to its end, for this reason: this is the answer.
    fn refuse(self: Box<Self>, refusal: &Refusal) -> Response;
}

/// A body that is made piece by piece, while it is sent. It belongs to one connection, and is dropped with it.
pub trait Stream: fmt::Debug + Send {
    /// Gives what comes next. It must not wait.
    fn next(&mut self) -> Next;

    /// Takes the waker of the connection, before the first piece is asked for. A stream that gives
    /// [`Next::NotYet`] calls it when there is something.
    fn wake_with(&mut self, _waker: Waker) {}

    /// When [`Stream::next`] is to be called again, after [`Next::NotYet`], even if the waker was not.
    fn wake_at(&self) -> Option<Instant> {
        None
    }

    /// Whether it may go on without end, with nothing to give for a long time: events, as they happen.
    fn is_endless(&self) -> bool {
        false
    }

    /// The server is about to stop: a stream without end ends now.
    fn stop(&mut self) {}
}

/// What a [`Stream`] gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Bytes, one at least.
    Piece(Vec<u8>),
    /// Nothing until something happens elsewhere: see [`Stream::wake_with`].
    NotYet,
    /// Nothing yet, since it takes more work: the worker lets others have their turn, and asks again.
    Busy,
    /// It cannot go on. The connection ends, so that nobody takes what was sent for the whole.
    Broken,
    /// Nothing more: the body is complete.
    End,
}

/// A part of a body that is sent in one manner.
#[derive(Debug)]
pub enum Piece {
    /// Bytes that are in memory.
    Bytes(Vec<u8>),
    /// A part of a file.
    File(FilePart),
}

/// A part of a file.
#[derive(Debug, Clone)]
pub struct FilePart {
    /// Where its bytes are.
    pub source: Source,
    /// Which of them, end exclusive.
    pub range: Range<u64>,
}

/// Where a file's bytes are to be had. Several parts can share it.
#[derive(Debug, Clone)]
pub enum Source {
    /// On disk. Each read says where it reads, so the file's own position does not matter.
    Disk(Arc<File>),
    /// All of them in memory.
    Memory(Arc<[u8]>),
}

impl FilePart {
    /// All of what is in memory.
    pub fn of_bytes(bytes: Arc<[u8]>) -> FilePart {
        FilePart { range: 0..bytes.len() as u64, source: Source::Memory(bytes) }
    }

    /// How many bytes it has.
    pub fn length(&self) -> u64 {
        self.range.end - self.range.start
    }

    /// Appends its first bytes, at most so many.
    pub fn append_start(&self, onto: &mut Vec<u8>, most: usize) {
        let count = usize::try_from(self.length()).map_or(most, |length| length.min(most));
        match &self.source {
            Source::Memory(bytes) => {
                let skipped = usize::try_from(self.range.start).unwrap_or(usize::MAX);
                onto.extend(bytes.iter().skip(skipped).take(count));
            }
            Source::Disk(file) => {
                let before = onto.len();
                onto.resize(before + count, 0);
                let read = open::read_at(file, &mut onto[before..], self.range.start).unwrap_or(0);
                onto.truncate(before + read);
            }
        }
    }
}

impl Piece {
    fn length(&self) -> u64 {
        match self {
            Piece::Bytes(bytes) => bytes.len() as u64,
            Piece::File(part) => part.length(),
        }
    }
}

impl Body {
    /// Its first bytes, at most so many; fewer if a file cannot be read.
    pub fn start(&self, most: usize) -> Vec<u8> {
        let mut start = Vec::new();
        match self {
            Body::Empty | Body::Stream(_) => {}
            Body::Bytes(bytes) => start.extend(bytes.iter().take(most)),
            Body::File(part) => part.append_start(&mut start, most),
            Body::Pieces(pieces) => {
                for piece in pieces {
                    let room = most - start.len();
                    match piece {
                        _ if room == 0 => break,
                        Piece::Bytes(bytes) => start.extend(bytes.iter().take(room)),
                        Piece::File(part) => part.append_start(&mut start, room),
                    }
                }
            }
        }
        start
    }

    /// How much memory it takes as long as it waits to be sent, but for what others have, too.
    pub fn memory(&self) -> usize {
        match self {
            Body::Empty | Body::File(_) | Body::Stream(_) => 0,
            Body::Bytes(bytes) => bytes.len(),
            Body::Pieces(pieces) => {
                let made = |piece: &Piece| if let Piece::Bytes(bytes) = piece { bytes.len() } else { 0 };
                std::mem::size_of_val(&pieces[..]) + pieces.iter().map(made).sum::<usize>()
            }
        }
    }

    /// How many bytes it has, if that is known: what Content-Length says.
    pub fn length(&self) -> Option<u64> {
        match self {
            Body::Empty => Some(0),
            Body::Bytes(bytes) => Some(bytes.len() as u64),
            Body::File(part) => Some(part.length()),
            Body::Pieces(pieces) => Some(pieces.iter().map(Piece::length).sum()),
            Body::Stream(_) => None,
        }
    }
}
