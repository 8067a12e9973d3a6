//! The body of a request: it is read to its end, since the next request begins there.
//!
//! ```text
//! BodyReader::to_receive(framing)    an upload: a Receiver takes the content, however much it is
//! BodyReader::to_discard(framing)    nobody takes the content: a small body is read and discarded
//! ```
//!
//! A request with the method GET has no use for a body, but a client may send one, and the next request begins behind
//! it. So a small one is read and discarded. A large one is not worth the time: the connection closes after the
//! response.

use crate::http::Refusal;
use crate::http::chunked::ChunkedDecoder;
use crate::http::framing::Framing;

/// How large a body may be to be discarded, the chunked coding included.
const MAX_DISCARDED: u64 = 64 * 1024;

/// Reads a body, which may come in pieces.
#[derive(Debug)]
pub(super) struct BodyReader {
    progress: Progress,
    /// How many bytes the body has, if that is known.
    length: Option<u64>,
    /// How many bytes it may have, the chunked coding included.
    most: u64,
}

#[derive(Debug)]
enum Progress {
    /// How many bytes are missing.
    Length(u64),
    /// The decoder, and how many bytes it has read.
    Chunked(ChunkedDecoder, u64),
}

impl BodyReader {
    /// For a body that is discarded; `None` if it is known to be too large.
    pub(super) fn to_discard(framing: Framing) -> Option<BodyReader> {
        let reader = BodyReader { most: MAX_DISCARDED, ..BodyReader::to_receive(framing) };
        reader.length.is_none_or(|length| length <= MAX_DISCARDED).then_some(reader)
    }

    /// For a body that a receiver takes. The receiver says when it is too large.
    pub(super) fn to_receive(framing: Framing) -> BodyReader {
        let progress = match framing {
            Framing::None => Progress::Length(0),
            Framing::Length(length) => Progress::Length(length),
            Framing::Chunked => Progress::Chunked(ChunkedDecoder::default(), 0),
        };
        BodyReader { progress, length: framing.length(), most: u64::MAX }
    }

    /// How many bytes of it were received.
    pub(super) fn received(&self) -> u64 {
        match &self.progress {
            Progress::Length(missing) => self.length.unwrap_or(0) - missing,
            Progress::Chunked(_, total) => *total,
        }
    }

    /// How many bytes the body has, if that is known.
    pub(super) fn length(&self) -> Option<u64> {
        self.length
    }

    /// Whether it is larger than it may be.
    pub(super) fn is_too_large(&self) -> bool {
        self.received() > self.most
    }

    /// Reads the body as far as it is in `bytes`, and passes its content to `take`. Returns how many bytes it has read,
    /// and whether the body is complete.
    pub(super) fn read(
        &mut self,
        bytes: &[u8],
        mut take: impl FnMut(&[u8]) -> Result<(), Refusal>,
    ) -> Result<(usize, bool), Refusal> {
        match &mut self.progress {
            Progress::Length(missing) => {
                let here = usize::try_from(*missing).unwrap_or(usize::MAX).min(bytes.len());
                *missing -= here as u64;
                take(&bytes[..here])?;
                Ok((here, *missing == 0))
            }
            Progress::Chunked(decoder, total) => {
                // What follows the first byte that is too much is never looked at, even if it has arrived: the result
                // must not depend on that.
                let most = self.most.saturating_add(1).saturating_sub(*total);
                let bytes = &bytes[..bytes.len().min(usize::try_from(most).unwrap_or(usize::MAX))];
                let mut eaten = 0;
                loop {
                    let step = decoder.next(&bytes[eaten..])?;
                    take(&bytes[eaten..][step.data.clone()])?;
                    eaten += step.consumed;
                    *total += step.consumed as u64;
                    if step.finished || eaten == bytes.len() {
                        return Ok((eaten, step.finished));
                    }
                }
            }
        }
    }
}
