//! Compressing with brotli, zstd and gzip.
//!
//! Live compression has to be quick first. Of the settings that are, on scripts and pages (each about a third of
//! their size):
//!
//! | | MB/s | size |
//! |---|--:|--:|
//! | gzip 5 | 80 | 100 % |
//! | gzip 6 | 60 | 99.7 % |
//! | br 4 | 50 | 100 to 103 % |
//! | br 5 | 30 | 92 to 97 % |
//!
//! [`compress_file`] decides about files, and [`compress_body`] about what a request generates; `coder.rs` does the
//! work, and `stream.rs` sees to it that no worker waits for it.

mod coder;
mod stream;

use super::{Compression, Means};
use crate::answer::{Body, FilePart, Next, Response, Stream};
use crate::base::budget::{Budget, Share};
use crate::base::helpers::Helpers;
use crate::base::platform::open;
use crate::base::trace::{self, Rfc};
use crate::http::Status;
use crate::http::coding::Coding;
use crate::site::effort::Effort;
use crate::site::read_file;
use crate::site::root::OpenFile;
use std::sync::Arc;
use stream::CompressedStream;

/// The smallest body that is compressed, in bytes. Of a smaller one, head and packet are most of what is sent.
const SMALLEST: u64 = 1000;

/// How much is read at a time, in bytes: about a millisecond's work.
const PIECE: usize = 32 * 1024;

/// How much a worker compresses itself, in bytes: a few hundred microseconds' work, of which the first half is to make
/// a coder.
const SMALL: u64 = 8 * 1024;

/// How many bodies may be compressed while they are sent. Each has a coder in memory, of two and a half megabytes at
/// most (br), for as long as its client takes to read it. Beyond that number, bodies go out as they are.
pub const MAX_AT_ONCE: usize = 64;

/// Types, beside text, that compress well. All else that is large on the web (pictures, videos, current font
/// formats, archives) is compressed already.
const TYPES: &[&str] = &[
    "application/javascript",
    "application/json",
    "application/manifest+json",
    "application/rtf",
    "application/sql",
    "application/vnd.ms-fontobject",
    "application/wasm",
    "application/x-javascript",
    "application/x-sh",
    "application/xml",
    "application/yaml",
    "font/otf",
    "font/ttf",
    "image/bmp",
    "image/svg+xml",
    "image/x-icon",
];

/// Whether bodies of this type mostly become smaller.
pub fn is_worth_it(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.starts_with("text/")
        || essence.ends_with("+json")
        || essence.ends_with("+xml")
        || TYPES.contains(&essence)
}

/// Whether bytes look compressed already: each value occurs about as often as any other. Of a file that is compressed
/// while it is sent, nobody can know beforehand whether it becomes smaller.
fn look_compressed(bytes: &[u8]) -> bool {
    let mut counts = [0u64; 256];
    for &byte in bytes {
        counts[usize::from(byte)] += 1;
    }
    // How many pairs of bytes are equal. By chance it is one in 256; in texts it is one in 20.
    let same: u64 = counts.iter().map(|count| count * count).sum();
    let pairs = (bytes.len() * bytes.len()) as u64;
    same * 256 < pairs + pairs / 4
}

/// How the server compresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compressor {
    /// RFC 7932
    Brotli,
    /// RFC 8878
    Zstd,
    /// RFC 1952
    Gzip,
}

impl Compressor {
    /// For the first of the codings that a client takes, if there is one.
    pub fn for_client(preferences: &[Coding]) -> Option<Compressor> {
        preferences.first().map(|coding| match coding {
            Coding::Brotli => Compressor::Brotli,
            Coding::Zstd => Compressor::Zstd,
            Coding::Gzip => Compressor::Gzip,
        })
    }

    /// The coding that it makes.
    pub fn coding(self) -> Coding {
        match self {
            Compressor::Brotli => Coding::Brotli,
            Compressor::Zstd => Coding::Zstd,
            Compressor::Gzip => Coding::Gzip,
        }
    }

    /// These bytes compressed; `None` if that would not make them fewer.
    pub fn compress(self, bytes: Arc<[u8]>) -> Option<Vec<u8>> {
        let length = bytes.len();
        let mut stream = CompressedStream::new(self, FilePart::of_bytes(bytes));
        let mut compressed = Vec::new();
        loop {
            match stream.next() {
                Next::Piece(mut piece) => compressed.append(&mut piece),
                Next::End => return Some(compressed).filter(|compressed| compressed.len() < length),
                Next::NotYet | Next::Busy | Next::Broken => return None,
            }
            if compressed.len() >= length {
                return None;
            }
        }
    }
}

/// Compresses a file, or sees to it that it is compressed while it is sent; neither, if the client does not want
/// that, it is not worth it, or enough is being compressed already. What the cache will keep is compressed at once,
/// by a helper if it is not small.
pub(in crate::site) fn compress_file(
    by: Option<Compressor>,
    file: &OpenFile,
    content_type: &str,
    means: &Means<'_>,
) -> Compression {
    let Some(by) = by.filter(|_| is_worth_it(content_type)) else { return Compression::No };
    let (length, coding) = (file.facts.length, by.coding());
    if length < SMALLEST {
        trace::decision("coding", None, || ("too few", format!("{length} bytes are too few to compress")));
        return Compression::No;
    }
    match means.effort {
        Effort::Brief if means.will_be_kept && length > SMALL => {
            return Compression::Takes(format!("to compress {length} bytes with {}", coding.name()));
        }
        Effort::Least if means.will_be_kept && length > SMALL => {
            trace::decision("coding", None, || {
                ("busy", "too much waits to be compressed already: as it is".to_owned())
            });
            return Compression::NotNow;
        }
        _ => {}
    }
    if means.will_be_kept || length <= SMALL {
        let Some(original) = read_file::read(file) else { return Compression::No };
        let Some(compressed) = by.compress(Arc::clone(&original)) else {
            trace::decision("coding", None, || {
                ("no smaller", "compressed it would be no smaller: as it is".to_owned())
            });
            return Compression::No;
        };
        trace::decision("coding", Rfc(9110, "12.5.3"), || {
            let (coding, compressed) = (coding.name(), compressed.len());
            let text = format!("the client takes {coding}, which makes {compressed} bytes of {length}");
            ("compressed", text, length.to_string())
        });
        return Compression::Done { original, compressed, coding };
    }
    let mut start = vec![0; PIECE];
    let read = open::read_at(&file.file, &mut start, 0).unwrap_or(0);
    if look_compressed(&start[..read]) {
        trace::decision("coding", None, || {
            ("no smaller", "its bytes look as if they were compressed already: as it is".to_owned())
        });
        return Compression::No;
    }
    let Some(pending) = PendingCompression::new(by, means.places, means.helpers) else {
        trace::decision("coding", None, || {
            ("busy", "too much is being compressed already: as it is".to_owned())
        });
        return Compression::No;
    };
    trace::decision("coding", Rfc(9110, "12.5.3"), || {
        let coding = coding.name();
        let text = format!(
            "the client takes {coding}: {length} bytes are compressed, a piece at a time, as they go"
        );
        ("compressed", text, length.to_string())
    });
    Compression::Pending(pending)
}

/// Compresses a body that the server generated for this request, or generates while it is sent, if that is worth it.
/// A file is no such body: [`compress_file`] has decided about it.
pub(in crate::site) fn compress_body(
    response: &mut Response,
    by: Option<Compressor>,
    places: &Arc<Budget>,
    helpers: Option<&Arc<Helpers>>,
) {
    let length = match &response.body {
        Body::Bytes(bytes) => Some(bytes.len()),
        Body::Stream(_) if response.headers.get("content-encoding").is_none() => None,
        _ => return,
    };
    // 416 answers a request for a part, and so it is never compressed.
    if response.status == Status::RANGE_NOT_SATISFIABLE
        || !response.headers.get("content-type").is_some_and(is_worth_it)
    {
        return;
    }
    response.headers.push("Vary", "Accept-Encoding");
    let Some(by) = by.filter(|_| length.is_none_or(|length| length as u64 >= SMALLEST)) else { return };
    let (body, is_compressed) = match std::mem::take(&mut response.body) {
        Body::Bytes(bytes) if bytes.len() as u64 <= SMALL => match by.compress(bytes.as_slice().into()) {
            Some(compressed) => (Body::Bytes(compressed), true),
            None => (Body::Bytes(bytes), false),
        },
        body => match (PendingCompression::new(by, places, helpers), body) {
            (Some(pending), Body::Bytes(bytes)) => {
                (Body::Stream(pending.start(FilePart::of_bytes(bytes.into()))), true)
            }
            (Some(pending), Body::Stream(stream)) => (Body::Stream(pending.start_with(stream)), true),
            (_, body) => (body, false),
        },
    };
    response.body = body;
    if !is_compressed {
        return;
    }
    let coding = by.coding().name();
    trace::decision("coding", Rfc(9110, "12.5.3"), || {
        let what = length.map_or_else(
            || "each piece is compressed when it is made".to_owned(),
            |length| format!("these {length} bytes are compressed"),
        );
        let length = length.map(|length| length.to_string());
        ("compressed", format!("the client takes {coding}: {what}"), length.unwrap_or_default())
    });
    response.headers.push("Content-Encoding", coding);
}

/// A body that will be compressed while it is sent, and its share of how many may be.
#[derive(Debug, Clone)]
pub struct PendingCompression {
    by: Compressor,
    place: Arc<Share>,
    helpers: Option<Arc<Helpers>>,
}

impl PendingCompression {
    /// `None` if enough bodies are being compressed already.
    pub fn new(
        by: Compressor,
        places: &Arc<Budget>,
        helpers: Option<&Arc<Helpers>>,
    ) -> Option<PendingCompression> {
        let place = Arc::new(places.take(1)?);
        Some(PendingCompression { by, place, helpers: helpers.cloned() })
    }

    /// The coding that it will be in.
    pub fn coding(&self) -> Coding {
        self.by.coding()
    }

    /// The body, made of these bytes.
    pub fn start(&self, bytes: FilePart) -> Box<dyn Stream> {
        Box::new(self.lend(CompressedStream::new(self.by, bytes)))
    }

    /// The body, made of a stream.
    pub fn start_with(&self, stream: Box<dyn Stream>) -> Box<dyn Stream> {
        Box::new(self.lend(CompressedStream::of_stream(self.by, stream)))
    }

    fn lend(&self, stream: CompressedStream) -> CompressedStream {
        stream.by(self.helpers.clone(), Arc::clone(&self.place))
    }
}

#[cfg(test)]
mod tests;
