//! What passes between a site and the server storey: answers ([`Response`], [`Body`]), bodies that are
//! made while they are sent ([`Stream`]), and bodies that are taken in ([`Uploads`], [`Receiver`]).
//!
//! A [`Body`] says what is to be sent. It is data, but for a stream, which is asked for its next piece.
//! How any of it gets onto the wire (copied, by sendfile, in chunks) only the server storey knows.

use crate::base::platform::open;
use crate::http::client::Client;
use crate::http::{Headers, Refusal, Request, Status};
use std::fmt;
use std::fs::File;
use std::ops::Range;
use std::sync::Arc;
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

/// A body that is made piece by piece. It belongs to one connection, and is dropped with it.
pub trait Stream: fmt::Debug + Send {
    /// Gives what comes next. It must not wait: who has nothing says so, and is asked again soon.
    fn next(&mut self) -> Next;

    /// Whether it may go on for ever, with nothing to give for a long time: events, as they happen.
    fn is_endless(&self) -> bool {
        false
    }

    /// The server is about to stop: who would go on for ever ends now.
    fn stop(&mut self) {}
}

/// Who is asked about each request as soon as its head is whole, before anything is done with it.
pub trait Gate: fmt::Debug + Send + Sync {
    /// Whether a request, which had arrived by then, may be answered. It must not wait: who does not
    /// know yet says so, and is asked again soon.
    fn admit(&self, request: &Request<'_>, client: Client, arrived: Instant) -> Admission;
}

/// What a [`Gate`] says.
#[derive(Debug)]
pub enum Admission {
    /// Come in; this is who you are.
    Welcome(Vec<u8>),
    /// Nothing yet: ask again in a moment.
    NotYet,
    /// This, and nothing of what was asked for.
    TurnedAway(Response),
}

/// Who takes bodies in (uploads); all others are read to their end and forgotten.
pub trait Uploads: fmt::Debug + Send + Sync {
    /// Looks at a request whose body is still to come, of this length if that is known: `None` if it is
    /// none that is taken here, and has to be answered like any other.
    fn begin(&self, request: &Request<'_>, client: Client, length: Option<u64>) -> Option<Begun>;
}

/// What becomes of an upload.
#[derive(Debug)]
pub enum Begun {
    /// It is taken.
    Take(Box<dyn Receiver>),
    /// It is answered at once, without its body.
    Answer(Response),
}

/// Takes the body of one request. Dropped before its end, it leaves nothing behind.
pub trait Receiver: fmt::Debug + Send {
    /// Takes what comes next.
    ///
    /// # Errors
    /// When it is too much, or cannot be kept: the rest of the body is not wanted.
    fn take(&mut self, content: &[u8]) -> Result<(), Refusal>;

    /// That was all of it: the answer.
    fn finish(self: Box<Self>, request: &Request<'_>) -> Response;
}

/// What a [`Stream`] has to give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Bytes, one at least.
    Piece(Vec<u8>),
    /// Nothing yet.
    NotYet,
    /// Nothing yet, for it takes more work: who asks lets others have their turn, and asks again.
    Busy,
    /// It cannot go on. The connection ends, so that nobody takes what there is for the whole.
    Broken,
    /// Nothing more: the body is whole.
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
    #[cfg(feature = "compress")]
    pub(super) fn of_bytes(bytes: Arc<[u8]>) -> FilePart {
        FilePart { range: 0..bytes.len() as u64, source: Source::Memory(bytes) }
    }

    /// How many bytes it has.
    pub fn length(&self) -> u64 {
        self.range.end - self.range.start
    }

    /// Appends its first bytes, at most so many.
    pub(super) fn append_start(&self, onto: &mut Vec<u8>, most: usize) {
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
