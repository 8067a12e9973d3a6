//! A body that is compressed as it is asked for: pieces go into a coder, and what comes out is sent.

use super::{Compressor, PIECE};
use crate::answer::{FilePart, Next, Stream};
use crate::base::budget::Share;
use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;
use std::task::Waker;
use std::time::Instant;

/// After this many pieces of which nothing has come out (zeros, mostly) the coder is flushed.
const MAX_PIECES: usize = 4;

/// How many bytes are worth a chunk of their own.
const ENOUGH: usize = 8 * 1024;

const GZIP_LEVEL: u32 = 5;
const ZSTD_LEVEL: i32 = 3;
/// As for br: see below.
const ZSTD_WINDOW: u32 = 18;
const BROTLI_QUALITY: u32 = 5;
/// Two to this power is how many bytes back it looks for repetitions: more makes little difference to the size, and
/// much to the memory.
const BROTLI_WINDOW: u32 = 18;

/// A body that is compressed as it is asked for.
pub(super) struct CompressedStream {
    by: Compressor,
    /// What is still to be compressed.
    rest: FilePart,
    /// The stream that gives it instead, if it is one.
    source: Option<Box<dyn Stream>>,
    /// It exists from when the first piece is asked for (for HEAD, never) to the last.
    coder: Option<Coder>,
    state: State,
    /// Its share of [`MAX_AT_ONCE`](super::MAX_AT_ONCE), if it is compressed while it is sent.
    _place: Option<Arc<Share>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    NotBegun,
    UnderWay,
    Over,
    Broken,
}

impl CompressedStream {
    pub(super) fn new(by: Compressor, bytes: FilePart, place: Option<Arc<Share>>) -> CompressedStream {
        CompressedStream { by, rest: bytes, source: None, coder: None, state: State::NotBegun, _place: place }
    }

    /// The same of a body that is itself a stream.
    pub(super) fn of_stream(
        by: Compressor,
        source: Box<dyn Stream>,
        place: Option<Arc<Share>>,
    ) -> CompressedStream {
        let nothing = FilePart::of_bytes(Arc::default());
        CompressedStream { source: Some(source), ..CompressedStream::new(by, nothing, place) }
    }

    /// Feeds the coder with the next piece of the stream.
    fn compress_stream(&mut self, source: &mut dyn Stream) -> io::Result<Next> {
        let next = source.next();
        if matches!(next, Next::NotYet | Next::Busy | Next::Broken) {
            return Ok(next);
        }
        let mut coder = self.coder.take().map_or_else(|| Coder::new(self.by), Ok)?;
        let Next::Piece(piece) = next else {
            self.state = State::Over;
            return coder.finish().map(Next::Piece);
        };
        coder.write_all(&piece)?;
        let is_enough = coder.made().len() >= ENOUGH;
        let next = if is_enough { Next::Piece(std::mem::take(coder.made())) } else { Next::Busy };
        self.coder = Some(coder);
        Ok(next)
    }

    /// Feeds the coder with bytes until it has given enough. It fails if the file does not have them any more.
    fn compress_bytes(&mut self) -> io::Result<Vec<u8>> {
        if self.coder.is_none() {
            self.coder = Some(Coder::new(self.by)?);
        }
        let coder = self.coder.as_mut().expect("it was made just now");
        let mut piece = Vec::new();
        for _ in 0..MAX_PIECES {
            if self.rest.length() == 0 {
                let coder = self.coder.take().expect("it was just there");
                self.state = State::Over;
                return coder.finish();
            }
            piece.clear();
            self.rest.append_start(&mut piece, PIECE);
            if piece.is_empty() {
                // The file is shorter than it was when its entity tag was made.
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.rest.range.start += piece.len() as u64;
            coder.write_all(&piece)?;
            if coder.made().len() >= ENOUGH {
                return Ok(std::mem::take(coder.made()));
            }
        }
        coder.flush()?;
        Ok(std::mem::take(coder.made()))
    }
}

impl Stream for CompressedStream {
    fn next(&mut self) -> Next {
        match self.state {
            State::Over => return Next::End,
            State::Broken => return Next::Broken,
            State::NotBegun | State::UnderWay => self.state = State::UnderWay,
        }
        if let Some(mut source) = self.source.take() {
            let next = self.compress_stream(&mut *source).unwrap_or(Next::Broken);
            self.source = Some(source);
            return next;
        }
        match self.compress_bytes() {
            Ok(made) if made.is_empty() => self.next(),
            Ok(made) => Next::Piece(made),
            Err(_) => {
                self.state = State::Broken;
                Next::Broken
            }
        }
    }

    fn wake_with(&mut self, waker: Waker) {
        if let Some(source) = &mut self.source {
            source.wake_with(waker);
        }
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
        f.debug_struct("CompressedStream")
            .field("by", &self.by)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// One of the three libraries. Its output waits in a vector.
enum Coder {
    Brotli(Box<brotli::CompressorWriter<Vec<u8>>>),
    Zstd(zstd::stream::write::Encoder<'static, Vec<u8>>),
    Gzip(flate2::write::GzEncoder<Vec<u8>>),
}

impl Coder {
    fn new(by: Compressor) -> io::Result<Coder> {
        Ok(match by {
            Compressor::Zstd => {
                let mut coder = zstd::stream::write::Encoder::new(Vec::new(), ZSTD_LEVEL)?;
                coder.window_log(ZSTD_WINDOW)?;
                Coder::Zstd(coder)
            }
            Compressor::Brotli => Coder::Brotli(Box::new(brotli::CompressorWriter::new(
                Vec::new(),
                PIECE,
                BROTLI_QUALITY,
                BROTLI_WINDOW,
            ))),
            Compressor::Gzip => {
                let level = flate2::Compression::new(GZIP_LEVEL);
                Coder::Gzip(flate2::write::GzEncoder::new(Vec::new(), level))
            }
        })
    }

    fn made(&mut self) -> &mut Vec<u8> {
        match self {
            Coder::Brotli(coder) => coder.get_mut(),
            Coder::Zstd(coder) => coder.get_mut(),
            Coder::Gzip(coder) => coder.get_mut(),
        }
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Coder::Brotli(coder) => coder.write_all(bytes),
            Coder::Zstd(coder) => coder.write_all(bytes),
            Coder::Gzip(coder) => coder.write_all(bytes),
        }
    }

    /// Makes it give all that it has taken.
    fn flush(&mut self) -> io::Result<()> {
        match self {
            Coder::Brotli(coder) => coder.flush(),
            Coder::Zstd(coder) => coder.flush(),
            Coder::Gzip(coder) => coder.flush(),
        }
    }

    /// The rest of its output, with the end of the coded form.
    fn finish(self) -> io::Result<Vec<u8>> {
        match self {
            Coder::Brotli(coder) => Ok(coder.into_inner()),
            Coder::Zstd(coder) => coder.finish(),
            Coder::Gzip(coder) => coder.finish(),
        }
    }
}
