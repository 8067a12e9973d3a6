//! A request's body, read to its end so that the next request can be.
//!
//! GET has no use for a body, but a client may send one, and the next request stands behind it. So a
//! small one is read past, and kept only where somebody asked for that. A large one is not worth the
//! time: the connection closes after the answer. Neither is one that nobody wants, such as a form's, and
//! that does not come right behind its head. An upload is another matter: its body goes to a
//! [`Receiver`], piece by piece, however large it is.

use crate::answer::Receiver;
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
    /// Who takes the content, if somebody does.
    receiver: Option<Box<dyn Receiver>>,
    /// How many bytes there are, if that is known.
    length: Option<u64>,
    /// Nobody wants it, and the answer can be given without.
    is_unwanted: bool,
}

#[derive(Debug)]
enum Progress {
    /// So many bytes are missing.
    Length(u64),
    /// The decoder, and how many bytes it has eaten.
    Chunked(ChunkedDecoder, u64),
}

/// How long a body of this framing is, if that is known.
pub(super) fn known_length(framing: Framing) -> Option<u64> {
    match framing {
        Framing::None => Some(0),
        Framing::Length(length) => Some(length),
        Framing::Chunked => None,
    }
}

impl Progress {
    /// Before the first byte.
    fn of(framing: Framing) -> Progress {
        match framing {
            Framing::None => Progress::Length(0),
            Framing::Length(length) => Progress::Length(length),
            Framing::Chunked => Progress::Chunked(ChunkedDecoder::default(), 0),
        }
    }
}

impl BodyReader {
    /// For a body of this framing, of whose content so much is kept; `None` if it is known to be too
    /// large.
    pub(super) fn new(framing: Framing, keep: usize) -> Option<BodyReader> {
        if matches!(framing, Framing::Length(length) if length > MAX_DISCARDED) {
            return None;
        }
        let (progress, length) = (Progress::of(framing), known_length(framing));
        Some(BodyReader { progress, kept: Vec::new(), keep, receiver: None, length, is_unwanted: false })
    }

    /// For a body that somebody takes.
    pub(super) fn for_receiver(framing: Framing, receiver: Box<dyn Receiver>) -> BodyReader {
        let (progress, length) = (Progress::of(framing), known_length(framing));
        let receiver = Some(receiver);
        BodyReader { progress, kept: Vec::new(), keep: 0, receiver, length, is_unwanted: false }
    }

    /// The same for a body that is not worth waiting for.
    #[must_use]
    pub(super) fn unwanted(self) -> BodyReader {
        BodyReader { is_unwanted: true, ..self }
    }

    /// Whether it is worth waiting for.
    pub(super) fn is_wanted(&self) -> bool {
        !self.is_unwanted
    }

    /// Who takes the body, once all of it has come.
    pub(super) fn take_receiver(&mut self) -> Option<Box<dyn Receiver>> {
        self.receiver.take()
    }

    /// Whether somebody takes it.
    pub(super) fn has_receiver(&self) -> bool {
        self.receiver.is_some()
    }

    /// How many bytes of it have come, and how many there will be, if that is known.
    pub(super) fn progress(&self) -> (u64, Option<u64>) {
        let come = match &self.progress {
            Progress::Length(missing) => self.length.unwrap_or(0) - missing,
            Progress::Chunked(_, total) => *total,
        };
        (come, self.length)
    }

    /// What was kept of it.
    pub(super) fn kept(&self) -> &[u8] {
        &self.kept
    }

    /// Reads as much of the body as is there: how many bytes that was, and whether it was the rest.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Result<(usize, bool), Refusal> {
        let BodyReader { progress, kept, keep, receiver, .. } = self;
        let is_received = receiver.is_some();
        let mut take = |content: &[u8]| {
            if let Some(receiver) = receiver {
                return receiver.take(content);
            }
            let content = &content[..content.len().min(*keep)];
            *keep -= content.len();
            kept.extend_from_slice(content);
            Ok(())
        };
        match progress {
            Progress::Length(missing) => {
                let here = usize::try_from(*missing).unwrap_or(usize::MAX).min(bytes.len());
                *missing -= here as u64;
                take(&bytes[..here])?;
                Ok((here, *missing == 0))
            }
            Progress::Chunked(decoder, total) => {
                // What stands behind the byte that is too much is never looked at, even if it has
                // arrived: what comes out must not depend on that.
                let most = if is_received {
                    bytes.len()
                } else {
                    usize::try_from(MAX_DISCARDED + 1 - *total).unwrap_or(usize::MAX)
                };
                let bytes = &bytes[..bytes.len().min(most)];
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

    /// Whether more of it has come than is read past.
    pub(super) fn is_too_large(&self) -> bool {
        // Whoever takes it says himself when it is too much.
        self.receiver.is_none()
            && matches!(&self.progress, Progress::Chunked(_, total) if *total > MAX_DISCARDED)
    }
}
