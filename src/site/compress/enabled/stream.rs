//! A body that is compressed as it is asked for: pieces go into a coder, and what comes out is sent.
//!
//! ```text
//! a file      helper: read, compress ──▶ worker: send (and meanwhile the helper makes the next piece)
//! a stream    worker: Stream::next ──▶ helper: compress ──▶ worker: send
//! ```
//!
//! A coder does nothing with most of the bytes that it is given, and then works on all of them for two milliseconds:
//! brotli has blocks of 64 kB. So no worker compresses; without helpers (in tests, say) it is done at once.

use super::coder::Coder;
use super::{Compressor, PIECE};
use crate::answer::{FilePart, Next, Stream};
use crate::base::budget::Share;
use crate::base::helpers::{Helpers, Kind, Outcome, Owner};
use std::fmt;
use std::io;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Instant;

/// After this many pieces of which nothing has come out (zeros, mostly) the coder is flushed.
const MAX_PIECES: usize = 4;

/// How many bytes are worth a chunk of their own.
const ENOUGH: usize = 8 * 1024;

/// A body that is compressed as it is asked for.
pub(super) struct CompressedStream {
    state: State,
    /// What gives the bytes, if it is not a file.
    source: Option<Box<dyn Stream>>,
    helpers: Option<Arc<Helpers>>,
    owner: Owner,
    waker: Waker,
    /// Its share of [`MAX_AT_ONCE`](super::MAX_AT_ONCE), if it is compressed while it is sent.
    _place: Option<Arc<Share>>,
}

enum State {
    /// It is our turn.
    Here(Box<Work>),
    /// A helper compresses.
    Elsewhere(Outcome<Box<Work>>),
    Over,
    Broken,
}

/// What goes from the stream to a helper, and comes back.
struct Work {
    by: Compressor,
    /// It exists from when the first piece is asked for (for HEAD, never) to the last.
    coder: Option<Coder>,
    /// What is still to be compressed: the file, or what the source has given.
    rest: FilePart,
    given: Vec<u8>,
    /// There will be no more than that.
    is_all: bool,
    /// What has come out, and what went wrong.
    made: Vec<u8>,
    is_finished: bool,
    failed: bool,
}

impl CompressedStream {
    pub(super) fn new(by: Compressor, bytes: FilePart) -> CompressedStream {
        let (coder, given, made) = (None, Vec::new(), Vec::new());
        let work =
            Work { by, coder, rest: bytes, given, is_all: true, made, is_finished: false, failed: false };
        CompressedStream {
            state: State::Here(Box::new(work)),
            source: None,
            helpers: None,
            owner: None,
            waker: Waker::noop().clone(),
            _place: None,
        }
    }

    /// The same of a body that is itself a stream.
    pub(super) fn of_stream(by: Compressor, source: Box<dyn Stream>) -> CompressedStream {
        let mut stream = CompressedStream::new(by, FilePart::of_bytes(Arc::default()));
        if let State::Here(work) = &mut stream.state {
            work.is_all = false;
        }
        CompressedStream { source: Some(source), ..stream }
    }

    /// The same, by helpers if there are any, with its share of how many there may be.
    pub(super) fn by(self, helpers: Option<Arc<Helpers>>, place: Arc<Share>) -> CompressedStream {
        CompressedStream { helpers, _place: Some(place), ..self }
    }

    /// What to return for work that has come back, or was not begun; `None` if more is to be compressed.
    fn returned(work: &mut Work) -> Option<Next> {
        match () {
            () if work.failed => Some(Next::Broken),
            () if !work.made.is_empty() => Some(Next::Piece(std::mem::take(&mut work.made))),
            () if work.is_finished => Some(Next::End),
            () => None,
        }
    }

    /// Asks the source for as much as is worth compressing; what to return, if that has not come.
    fn ask_source(&mut self, work: &mut Work) -> Option<Next> {
        let source = self.source.as_mut().filter(|_| !work.is_all)?;
        match source.next() {
            Next::Piece(piece) => {
                work.given.extend(piece);
                (work.given.len() < PIECE).then_some(Next::Busy)
            }
            Next::End => {
                work.is_all = true;
                None
            }
            other => Some(other),
        }
    }

    /// Lets a helper work, or works at once.
    fn give(&mut self, mut work: Box<Work>) -> State {
        let Some(helpers) = &self.helpers else {
            work.compress();
            return State::Here(work);
        };
        let compress = move || {
            work.compress();
            work
        };
        match helpers.ask(self.owner, Kind::Long, self.waker.clone(), compress) {
            Ok(outcome) => State::Elsewhere(outcome),
            // There are too many who wait. This one has begun, so it goes on.
            Err(compress) => State::Here(compress()),
        }
    }
}

impl Work {
    fn compress(&mut self) {
        self.failed = self.try_to_compress().is_err();
    }

    /// Feeds the coder until it has given enough. It fails if the file does not have its bytes any more.
    fn try_to_compress(&mut self) -> io::Result<()> {
        let mut coder = self.coder.take().map_or_else(|| Coder::new(self.by), Ok)?;
        coder.write_all(&std::mem::take(&mut self.given))?;
        let mut piece = Vec::new();
        for _ in 0..MAX_PIECES {
            if coder.made().len() >= ENOUGH {
                break;
            }
            if self.rest.length() == 0 {
                if self.is_all {
                    self.made = coder.finish()?;
                    self.is_finished = true;
                    return Ok(());
                }
                break;
            }
            piece.clear();
            self.rest.append_start(&mut piece, PIECE);
            if piece.is_empty() {
                // The file is shorter than it was when its entity tag was made.
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.rest.range.start += piece.len() as u64;
            coder.write_all(&piece)?;
        }
        if self.is_all && coder.made().len() < ENOUGH {
            coder.flush()?;
        }
        self.made = std::mem::take(coder.made());
        self.coder = Some(coder);
        Ok(())
    }
}

impl Stream for CompressedStream {
    fn next(&mut self) -> Next {
        loop {
            let mut work = match std::mem::replace(&mut self.state, State::Broken) {
                State::Here(work) => work,
                State::Elsewhere(outcome) => match outcome.poll() {
                    Poll::Ready(work) => work,
                    Poll::Pending => {
                        self.state = State::Elsewhere(outcome);
                        return Next::NotYet;
                    }
                },
                State::Over => {
                    self.state = State::Over;
                    return Next::End;
                }
                State::Broken => return Next::Broken,
            };
            match CompressedStream::returned(&mut work) {
                Some(Next::End) => {
                    self.state = State::Over;
                    return Next::End;
                }
                Some(Next::Broken) => return Next::Broken,
                Some(piece) => {
                    // While this one is sent, the next is made.
                    let has_more = !work.is_finished && self.source.is_none() && self.helpers.is_some();
                    self.state = if has_more { self.give(work) } else { State::Here(work) };
                    return piece;
                }
                None => {}
            }
            if let Some(next) = self.ask_source(&mut work) {
                self.state = State::Here(work);
                return next;
            }
            self.state = self.give(work);
        }
    }

    fn wake_with(&mut self, waker: Waker) {
        if let Some(source) = &mut self.source {
            source.wake_with(waker.clone());
        }
        self.waker = waker;
    }

    fn belong_to(&mut self, owner: Owner) {
        if let Some(source) = &mut self.source {
            source.belong_to(owner);
        }
        self.owner = owner;
    }

    fn wake_at(&self) -> Option<Instant> {
        self.source.as_ref().and_then(|source| source.wake_at())
    }

    fn stop(&mut self) {
        if let Some(source) = &mut self.source {
            source.stop();
        }
    }
}

impl fmt::Debug for CompressedStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &self.state {
            State::Here(_) => "here",
            State::Elsewhere(_) => "elsewhere",
            State::Over => "over",
            State::Broken => "broken",
        };
        write!(f, "CompressedStream({state})")
    }
}
