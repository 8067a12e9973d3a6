//! What an application gives to a server. [`crate::server`] and [`crate::site`] do not know each other; both know this.
//!
//! ```text
//! Request ──▶ Begin::Answer(Response)                 a page, a file, a refusal
//!             Begin::Receive(Receiver) ──▶ Response   an upload
//!             Begin::Elsewhere(Awaited) ──▶ Response  what takes too long for a worker: a helper makes it
//! ```
//!
//! The plain case is a [`Response`] with a [`Body`]. A body says what is to be sent, and is data, except for a
//! [`Stream`], which is asked for its next piece. How it is sent (copied, by sendfile, in chunks) is known to the
//! server alone.

use crate::base::helpers::Owner;
use crate::base::platform::open;
use crate::http::client::Client;
use crate::http::framing::Framing;
use crate::http::{FieldLines, Refusal, Status};
use std::fmt;
use std::fs::File;
use std::net::IpAddr;
use std::ops::Range;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Instant;

/// A response, complete except for the fields that belong to the connection.
#[derive(Debug)]
pub struct Response {
    /// The status code.
    pub status: Status,
    /// All fields except those that the connection adds: see [`crate::http::response::Head`].
    pub headers: FieldLines,
    /// What follows the head, unless the method of the request was HEAD.
    pub body: Body,
}

impl Response {
    /// 200 with something that is true only now, or only of this program: no cache may store it (RFC 9111 section
    /// 5.2.2.5).
    pub fn no_store(content_type: &str, body: Body) -> Response {
        let mut headers = FieldLines::default();
        headers.push("Content-Type", content_type);
        headers.push("Cache-Control", "no-store");
        Response { status: Status::OK, headers, body }
    }

    /// Records that something is refused, and why, and responds with one line of text.
    pub fn refuse(refusal: &Refusal) -> Response {
        refusal.record();
        Response::of_refusal(refusal)
    }

    /// The response to what is refused and is recorded already: one line of text.
    pub fn of_refusal(refusal: &Refusal) -> Response {
        Response::of_line(refusal, &refusal.why)
    }

    /// The same with another reason.
    pub fn of_line(refusal: &Refusal, why: &str) -> Response {
        let text = format!("{} {}: {why}\n", refusal.status.code(), refusal.status.phrase());
        Response::of_text(refusal.status, "text/plain; charset=utf-8", text)
    }

    /// A text that says why there is nothing else. It may depend on what the client accepts.
    pub fn of_text(status: Status, content_type: &str, text: String) -> Response {
        let mut headers = FieldLines::default();
        headers.push("Content-Type", content_type);
        headers.push("Cache-Control", "no-cache");
        headers.push("Vary", "Accept");
        if status == Status::SERVICE_UNAVAILABLE {
            // There is not enough of something, and there will be as soon as other requests are done.
            headers.push("Retry-After", "1");
        }
        Response { status, headers, body: Body::Bytes(text.into_bytes()) }
    }
}

/// The content of a response.
#[derive(Debug, Default)]
pub enum Body {
    /// Nothing.
    #[default]
    Empty,
    /// Bytes that are in memory.
    Bytes(Vec<u8>),
    /// A file or a part of one.
    File(FilePart),
    /// Several pieces, one after another: a multipart response (RFC 9110 section 14.6).
    Pieces(Vec<Piece>),
    /// What is made while it is sent, and whose length is not known before.
    Stream(Box<dyn Stream>),
}

/// What an application says to a request whose head is complete.
#[derive(Debug)]
pub enum Begin {
    /// This is the response. It does not depend on the body of the request, if there is one.
    Answer(Response),
    /// The receiver takes the body of the request, and gives the response at its end.
    Receive(Box<dyn Receiver>),
    /// The response is being made elsewhere, or what it depends on is. When [`Arrival::waker`] is called, it may be
    /// there.
    Elsewhere(Box<dyn Awaited>),
}

/// What a request waits for. It is dropped as soon as the request has its response, or its client is gone: then nobody
/// waits for it any more.
pub trait Awaited: fmt::Debug + Send {
    /// The response, if it is there; nothing, if the application is to be asked again.
    ///
    /// A panic in it costs the request, as one in the application does.
    fn poll(&mut self) -> Poll<Option<Response>>;
}

/// What is known of a request besides its head.
#[derive(Clone, Copy)]
pub struct Arrival<'a> {
    /// A time at which it had begun to arrive. What is answered must be true at this time or later.
    pub time: Instant,
    /// The other end of the connection, which may be a proxy.
    pub client: Client,
    /// If that is a trusted proxy: the client on whose behalf it sends the request.
    pub forwarded: Option<IpAddr>,
    /// How the body that follows the head is delimited.
    pub framing: Framing,
    /// The head of the request, as it came: for who answers it elsewhere.
    pub head: &'a [u8],
    /// Makes a waker of the connection.
    pub wakers: &'a dyn Fn() -> Waker,
}

impl Arrival<'_> {
    /// The client, as far as it is known: if a trusted proxy names one, it is that.
    pub fn real_client(&self) -> Client {
        self.forwarded.map_or(self.client, Client::from)
    }

    /// A waker of the connection, for [`Begin::Elsewhere`]: when it is called, what is awaited is asked.
    pub fn waker(&self) -> Waker {
        (self.wakers)()
    }
}

/// Takes the body of one request. If it is dropped before the end of the body, it leaves nothing behind.
pub trait Receiver: fmt::Debug + Send {
    /// Takes the next bytes of the content.
    ///
    /// # Errors
    /// When the content is too large, or cannot be stored. The rest of the body is not read.
    fn take(&mut self, content: &[u8]) -> Result<(), Refusal>;

    /// The body is complete. Returns the response.
    fn finish(self: Box<Self>) -> Response;

    /// The body cannot be received to its end, for this reason. Returns the response.
    fn refuse(self: Box<Self>, refusal: &Refusal) -> Response;
}

/// A body that is made piece by piece, while it is sent. It belongs to one connection, and is dropped with it.
pub trait Stream: fmt::Debug + Send {
    /// Returns the next piece. It must not block.
    fn next(&mut self) -> Next;

    /// Takes a waker of the connection, before the first piece is asked for. A stream that has returned
    /// [`Next::NotYet`] calls it when there is something.
    fn wake_with(&mut self, _waker: Waker) {}

    /// Takes for whom it is made, before the first piece is asked for: what is made by helpers waits its turn.
    fn belong_to(&mut self, _owner: Owner) {}

    /// When [`Stream::next`] is to be called again after [`Next::NotYet`], even if the waker is not called.
    fn wake_at(&self) -> Option<Instant> {
        None
    }

    /// Whether it has no end, and may have nothing to send for a long time: events, as they happen.
    fn is_endless(&self) -> bool {
        false
    }

    /// The server is about to stop: a stream without an end ends now.
    fn stop(&mut self) {}
}

/// What a [`Stream`] returns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Bytes, at least one.
    Piece(Vec<u8>),
    /// Nothing, until something happens elsewhere: see [`Stream::wake_with`].
    NotYet,
    /// Nothing yet, since it takes more work: the worker gives other connections their turns, and asks again.
    Busy,
    /// It cannot go on. The connection closes before the end of the body, so that the client knows that it is
    /// incomplete.
    Broken,
    /// The end: the body is complete.
    End,
}

/// A piece of a body.
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
    /// Where the file's bytes are.
    pub source: Source,
    /// Which of them are the part; the end is exclusive.
    pub range: Range<u64>,
}

/// Where the bytes of a file are. Several parts can share it.
#[derive(Debug, Clone)]
pub enum Source {
    /// On disk. Each read names its offset (pread(2)), so the position of the descriptor does not matter.
    Disk(Arc<File>),
    /// In memory, all of them.
    Memory(Arc<[u8]>),
}

impl FilePart {
    /// A whole file that is in memory.
    pub fn of_bytes(bytes: Arc<[u8]>) -> FilePart {
        FilePart { range: 0..bytes.len() as u64, source: Source::Memory(bytes) }
    }

    /// Its length in bytes.
    pub fn length(&self) -> u64 {
        self.range.end - self.range.start
    }

    /// Appends its first bytes to `onto`, at most `most`.
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
    /// Its first bytes, at most `most`; fewer if a file cannot be read.
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

    /// How much memory it takes while it waits to be sent, without what it shares with others.
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

    /// Its length in bytes, if that is known: the value of Content-Length.
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
