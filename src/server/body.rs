//! A request's body, read to its end so that the next request can be.
//!
//! No method that files take has a use for a body, but a client may send one, and the next request
//! stands behind it. So a small one is read past, and kept only where somebody asked for that. A
//! large one is not worth the time: the connection closes after the answer.

use crate::http::Refusal;
use crate::http::chunked::ChunkedDecoder;
use crate::http::framing::Framing;

/// How large a body may be, framing included, to be read past.
const MAX_DISCARDED: u64 = 64 * 1024;

/// Reads a body.
#[derive(Debug)]
pub(super) struct BodyReader {
    progress: Progress,
    kept: Vec<u8>,
    /// How many bytes of content may still be kept.
    keep: usize,
}

#[derive(Debug)]
enum Progress {
    /// So many bytes are missing.
    Length(u64),
    /// The decoder, and how many bytes it has eaten.
    Chunked(ChunkedDecoder, u64),
}

impl BodyReader {
    /// For a body of this framing, of whose content so much is kept; `None` if it is known to be too
    /// large.
    pub(super) fn new(framing: Framing, keep: usize) -> Option<BodyReader> {
        let progress = match framing {
            Framing::None => Progress::Length(0),
            Framing::Length(length) if length > MAX_DISCARDED => return None,
            Framing::Length(length) => Progress::Length(length),
            Framing::Chunked => Progress::Chunked(ChunkedDecoder::default(), 0),
        };
        Some(BodyReader { progress, kept: Vec::new(), keep })
    }

    /// What was kept of it.
    pub(super) fn kept(&self) -> &[u8] {
        &self.kept
    }

    /// Reads as much of the body as is there: how many bytes that was, and whether it was the rest.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Result<(usize, bool), Refusal> {
        let BodyReader { progress, kept, keep } = self;
        let mut keep_some = |content: &[u8]| {
            let content = &content[..content.len().min(*keep)];
            *keep -= content.len();
            kept.extend_from_slice(content);
        };
        match progress {
            Progress::Length(missing) => {
                let here = usize::try_from(*missing).unwrap_or(usize::MAX).min(bytes.len());
                *missing -= here as u64;
                keep_some(&bytes[..here]);
                Ok((here, *missing == 0))
            }
            Progress::Chunked(decoder, total) => {
                // What stands behind the byte that is too much is never looked at, even if it has
                // arrived: what comes out must not depend on that.
                let most = usize::try_from(MAX_DISCARDED + 1 - *total).unwrap_or(usize::MAX);
                let bytes = &bytes[..bytes.len().min(most)];
                let mut eaten = 0;
                loop {
                    let step = decoder.next(&bytes[eaten..])?;
                    keep_some(&bytes[eaten..][step.data.clone()]);
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
        matches!(&self.progress, Progress::Chunked(_, total) if *total > MAX_DISCARDED)
    }
}
