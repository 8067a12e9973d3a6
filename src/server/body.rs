//! Bodies that nobody wants.
//!
//! No method that files take has a use for a request's body, but a client may send one, and the next
//! request stands behind it. So a small one is read away. A large one is not worth the time: the
//! connection closes after the answer.

use crate::http::Refusal;
use crate::http::chunked::ChunkedDecoder;
use crate::http::framing::Framing;

/// How large a body may be, framing included, to be read past.
const MAX_DISCARDED: u64 = 64 * 1024;

/// Reads a body away.
#[derive(Debug)]
pub(super) enum BodyReader {
    /// So many bytes are missing.
    Length(u64),
    /// The decoder, and how many bytes it has eaten.
    Chunked(ChunkedDecoder, u64),
}

impl BodyReader {
    /// For a body of this framing; `None` if it is known to be too large.
    pub(super) fn new(framing: Framing) -> Option<BodyReader> {
        match framing {
            Framing::None => Some(BodyReader::Length(0)),
            Framing::Length(length) if length > MAX_DISCARDED => None,
            Framing::Length(length) => Some(BodyReader::Length(length)),
            Framing::Chunked => Some(BodyReader::Chunked(ChunkedDecoder::default(), 0)),
        }
    }

    /// Reads as much of the body as is there: how many bytes that was, and whether it was the rest.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Result<(usize, bool), Refusal> {
        match self {
            BodyReader::Length(missing) => {
                let here = usize::try_from(*missing).unwrap_or(usize::MAX).min(bytes.len());
                *missing -= here as u64;
                Ok((here, *missing == 0))
            }
            BodyReader::Chunked(decoder, total) => {
                // What stands behind the byte that is too much is never looked at, even if it has
                // arrived: what comes out must not depend on that.
                let most = usize::try_from(MAX_DISCARDED + 1 - *total).unwrap_or(usize::MAX);
                let bytes = &bytes[..bytes.len().min(most)];
                let mut eaten = 0;
                loop {
                    let step = decoder.next(&bytes[eaten..])?;
                    eaten += step.consumed;
                    *total += step.consumed as u64;
                    if step.finished || eaten == bytes.len() {
                        return Ok((eaten, step.finished));
                    }
                }
            }
        }
    }

    /// Whether more of it has come than is read past.
    pub(super) fn is_too_large(&self) -> bool {
        matches!(self, BodyReader::Chunked(_, total) if *total > MAX_DISCARDED)
    }
}
