//! Compressing: bytes in, fewer bytes out, a piece at a time.
//!
//! ```text
//! a file of up to 512 kB      compressed once, kept in the cache, sent with its length
//! a larger one                compressed while it is sent, in chunks; no more than some pieces are in memory
//! what is made for a request  (a listing, an error) likewise: small ones at once, large ones as they go
//! ```
//!
//! Both ways make the same bytes, for both feed the coder in the same manner: one entity tag does for both.
//!
//! Live compression has to be quick first. Of the settings that are, on scripts and pages (each about a
//! third of their size):
//!
//! | | MB/s | size |
//! |---|--:|--:|
//! | gzip 5 | 80 | 100 % |
//! | gzip 6 | 60 | 99.7 % |
//! | br 4 | 50 | 100 to 103 % |
//! | br 5 | 30 | 92 to 97 % |

use crate::answer::{Body, FilePart, Next, Response, Stream};
use crate::base::budget::{Budget, Share};
use crate::base::trace::{self, Rfc};
use crate::http::Status;
use crate::http::coding::Coding;
use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;
use std::task::Waker;
use std::time::Instant;

/// The smallest body that is compressed, in bytes. With less, head and packet are most of what is sent.
pub const SMALLEST: u64 = 1000;

/// How much is compressed at a time, in bytes: about a millisecond's work.
pub const PIECE: usize = 32 * 1024;

/// After so many pieces of which nothing has come out (zeros, mostly) the coder must give what it has.
const MAX_PIECES: usize = 4;

/// So much is worth a chunk of its own.
const ENOUGH: usize = 8 * 1024;

/// How many answers may be compressed while they are sent. Each has a coder in memory, of two and a half
/// megabytes at most (br), for as long as its client takes to read it. When all places are taken, answers
/// go out as they are.
pub const MAX_AT_ONCE: usize = 64;

const GZIP_LEVEL: u32 = 5;
const ZSTD_LEVEL: i32 = 3;
/// As for br.
const ZSTD_WINDOW: u32 = 18;
const BROTLI_QUALITY: u32 = 5;
/// 2 to this power is how many bytes back it looks for repetitions: more makes little difference to the
/// size, and much to the memory.
const BROTLI_WINDOW: u32 = 18;

/// Types that are made of words. All else that is large on the web (pictures, videos, fonts of today,
/// archives) is compressed already.
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

/// Whether bytes look like what is compressed already: each value comes about as often as any other. Of a file that is
/// compressed while it is sent, nobody knows beforehand whether it becomes smaller.
pub(super) fn look_compressed(bytes: &[u8]) -> bool {
    let mut counts = [0u64; 256];
    for &byte in bytes {
        counts[usize::from(byte)] += 1;
    }
    // How many pairs of bytes are the same. By chance it is one in 256; in texts it is one in 20.
    let same: u64 = counts.iter().map(|count| count * count).sum();
    let pairs = (bytes.len() * bytes.len()) as u64;
    same * 256 < pairs + pairs / 4
}

/// How we compress.
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

    /// Into what it compresses.
    pub fn coding(self) -> Coding {
        match self {
            Compressor::Brotli => Coding::Brotli,
            Compressor::Zstd => Coding::Zstd,
            Compressor::Gzip => Coding::Gzip,
        }
    }

    /// All of it compressed; `None` if it would not be smaller.
    pub fn compress(self, bytes: Arc<[u8]>) -> Option<Vec<u8>> {
        let length = bytes.len();
        let mut compressing = Compressing::new(self, FilePart::of_bytes(bytes), None);
        let mut compressed = Vec::new();
        loop {
            match compressing.next() {
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

/// Compresses a body that was made for this request, or is made while it is sent, if it is worth it. Files
/// are none of these: they have been asked for in a coding, or have none.
pub(super) fn compress_made(response: &mut Response, by: Option<Compressor>, places: &Arc<Budget>) {
    let length = match &response.body {
        Body::Bytes(bytes) => Some(bytes.len()),
        Body::Stream(_) if response.headers.get("content-encoding").is_none() => None,
        _ => return,
    };
    // 416 is an answer to who asks for a part, and so never compressed.
    if response.status == Status::RANGE_NOT_SATISFIABLE
        || !response.headers.get("content-type").is_some_and(is_worth_it)
    {
        return;
    }
    response.headers.push("Vary", "Accept-Encoding");
    let Some(by) = by.filter(|_| length.is_none_or(|length| length as u64 >= SMALLEST)) else { return };
    let (body, is_compressed) = match std::mem::take(&mut response.body) {
        Body::Bytes(bytes) if bytes.len() <= PIECE => match by.compress(bytes.as_slice().into()) {
            Some(compressed) => (Body::Bytes(compressed), true),
            None => (Body::Bytes(bytes), false),
        },
        body => match (Making::new(by, places), body) {
            (Some(making), Body::Bytes(bytes)) => {
                (Body::Stream(making.start(FilePart::of_bytes(bytes.into()))), true)
            }
            (Some(making), Body::Stream(stream)) => (Body::Stream(making.start_with(stream)), true),
            (_, body) => (body, false),
        },
    };
    response.body = body;
    if !is_compressed {
        return;
    }
    let coding = by.coding().name();
    trace::step("coding", Rfc(9110, "12.5.3"), || match length {
        Some(length) => format!("the client takes {coding}: these {length} bytes are compressed"),
        None => format!("the client takes {coding}: each piece is compressed when it is made"),
    });
    response.headers.push("Content-Encoding", coding);
}

/// What will be compressed while it is sent, and its place among the few that may be.
#[derive(Debug, Clone)]
pub struct Making {
    by: Compressor,
    place: Arc<Share>,
}

impl Making {
    /// A place, if one is free.
    pub fn new(by: Compressor, places: &Arc<Budget>) -> Option<Making> {
        places.take(1).map(|place| Making { by, place: Arc::new(place) })
    }

    /// Into what it is made.
    pub fn coding(&self) -> Coding {
        self.by.coding()
    }

    /// The body.
    pub fn start(&self, bytes: FilePart) -> Box<dyn Stream> {
        Box::new(Compressing::new(self.by, bytes, Some(Arc::clone(&self.place))))
    }

    /// The body, of what is itself made while it is sent.
    pub fn start_with(&self, stream: Box<dyn Stream>) -> Box<dyn Stream> {
        let mut compressing =
            Compressing::new(self.by, FilePart::of_bytes(Arc::default()), Some(Arc::clone(&self.place)));
        compressing.source = Some(stream);
        Box::new(compressing)
    }
}

/// A body that is compressed as it is asked for.
struct Compressing {
    by: Compressor,
    /// What is still to be read.
    rest: FilePart,
    /// Where it is asked for instead, if it is made meanwhile.
    source: Option<Box<dyn Stream>>,
    /// There is none before the first piece is asked for (to HEAD, never) nor after the last.
    coder: Option<Coder>,
    state: State,
    _place: Option<Arc<Share>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    NotBegun,
    UnderWay,
    Over,
    Broken,
}

impl Compressing {
    fn new(by: Compressor, bytes: FilePart, place: Option<Arc<Share>>) -> Compressing {
        Compressing { by, rest: bytes, source: None, coder: None, state: State::NotBegun, _place: place }
    }

    /// Feeds the coder with what is made next.
    fn pass_on(&mut self, source: &mut dyn Stream) -> io::Result<Next> {
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

    /// Feeds the coder until it has given enough. It fails if the bytes cannot be had as promised.
    fn go_on(&mut self) -> io::Result<Vec<u8>> {
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
                // It has become shorter than it was when its tag was made.
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

impl Stream for Compressing {
    fn next(&mut self) -> Next {
        match self.state {
            State::Over => return Next::End,
            State::Broken => return Next::Broken,
            State::NotBegun | State::UnderWay => self.state = State::UnderWay,
        }
        if let Some(mut source) = self.source.take() {
            let next = self.pass_on(&mut *source).unwrap_or(Next::Broken);
            self.source = Some(source);
            return next;
        }
        match self.go_on() {
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

impl fmt::Debug for Compressing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compressing")
            .field("by", &self.by)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// One of the three libraries. What it has made waits in a vector.
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

    /// Lets it give all that it has taken.
    fn flush(&mut self) -> io::Result<()> {
        match self {
            Coder::Brotli(coder) => coder.flush(),
            Coder::Zstd(coder) => coder.flush(),
            Coder::Gzip(coder) => coder.flush(),
        }
    }

    /// What is left, with the end behind it.
    fn finish(self) -> io::Result<Vec<u8>> {
        match self {
            Coder::Brotli(coder) => Ok(coder.into_inner()),
            Coder::Zstd(coder) => coder.finish(),
            Coder::Gzip(coder) => coder.finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::Source;
    use crate::site::media_type;
    use std::io::Read;

    const ALL: [Compressor; 3] = [Compressor::Brotli, Compressor::Zstd, Compressor::Gzip];

    fn decode(by: Compressor, bytes: &[u8]) -> Vec<u8> {
        let mut decoded = Vec::new();
        match by {
            Compressor::Brotli => brotli::Decompressor::new(bytes, 4096).read_to_end(&mut decoded),
            Compressor::Zstd => {
                zstd::stream::read::Decoder::new(bytes).and_then(|mut coder| coder.read_to_end(&mut decoded))
            }
            Compressor::Gzip => flate2::read::GzDecoder::new(bytes).read_to_end(&mut decoded),
        }
        .expect("it can be decoded");
        decoded
    }

    /// Words, as many bytes of them.
    fn words(length: usize) -> Arc<[u8]> {
        let words = (0u64..).flat_map(|n| format!("{} ", n.wrapping_mul(n) % 9973).into_bytes());
        words.take(length).collect()
    }

    /// Bytes that no coding makes fewer.
    fn noise(length: usize) -> Arc<[u8]> {
        let mut state = 1u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            state.to_be_bytes()[0]
        };
        (0..length).map(|_| next()).collect()
    }

    /// The pieces of a stream, and whether it ended as it should.
    fn pieces(mut stream: Box<dyn Stream>) -> (Vec<Vec<u8>>, bool) {
        let mut pieces = Vec::new();
        loop {
            match stream.next() {
                Next::Piece(piece) => pieces.push(piece),
                Next::NotYet => panic!("it never waits"),
                end => {
                    assert_eq!(stream.next(), end, "it stays so");
                    return (pieces, end == Next::End);
                }
            }
        }
    }

    #[test]
    fn what_is_compressed_decodes_to_the_same_bytes_at_once_or_by_pieces() {
        let making = |by| Making::new(by, &Budget::new(1)).expect("a place");
        let bodies = [0, 1, 1000, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, 1_000_000].map(words);
        let zeros: Arc<[u8]> = vec![0; 5_000_000].into();
        for bytes in bodies.iter().chain([&zeros, &noise(300_000)]) {
            for by in ALL {
                let (pieces, whole) = pieces(making(by).start(FilePart::of_bytes(Arc::clone(bytes))));
                assert!(whole && pieces.iter().all(|piece| !piece.is_empty()));
                let largest = pieces.iter().map(Vec::len).max().unwrap_or_default();
                assert!(largest <= 8 * PIECE, "{by:?}: a piece of {largest} bytes");
                let streamed = pieces.concat();
                assert!(decode(by, &streamed) == **bytes, "{by:?}, {} bytes", bytes.len());
                // One tag is for both ways.
                match by.compress(Arc::clone(bytes)) {
                    Some(at_once) => assert!(at_once == streamed && at_once.len() < bytes.len()),
                    None => assert!(streamed.len() >= bytes.len()),
                }
            }
        }
    }

    #[test]
    fn what_would_not_be_smaller_is_not_compressed() {
        for by in ALL {
            assert_eq!(by.compress(noise(100_000)), None);
            assert_eq!(by.compress(Arc::default()), None);
        }
    }

    #[test]
    fn noise_looks_compressed_and_words_and_numbers_do_not() {
        let numbers: Arc<[u8]> = noise(100_000).iter().map(|byte| byte % 64).collect();
        let table = [(noise(100_000), true), (words(100_000), false), (numbers, false)];
        for (bytes, expected) in table {
            assert_eq!(look_compressed(&bytes), expected);
        }
    }

    #[test]
    fn a_file_that_is_cut_short_breaks_the_body_off() {
        let file = tempfile::tempfile().expect("a file");
        (&file).write_all(&words(200_000)).expect("written");
        let source = Source::Disk(Arc::new(file.try_clone().expect("a descriptor")));
        for by in ALL {
            file.set_len(200_000).expect("made longer");
            let making = Making::new(by, &Budget::new(1)).expect("a place");
            let mut stream = making.start(FilePart { source: source.clone(), range: 0..200_000 });
            assert!(matches!(stream.next(), Next::Piece(_)));
            file.set_len(150_000).expect("cut short");
            assert!(!pieces(stream).1, "{by:?}");
        }
    }

    #[test]
    fn there_is_a_place_for_so_many_and_then_for_none_until_one_is_done() {
        let places = Budget::new(MAX_AT_ONCE);
        let mut held: Vec<_> =
            (0..MAX_AT_ONCE).map_while(|_| Making::new(Compressor::Gzip, &places)).collect();
        assert_eq!(held.len(), MAX_AT_ONCE);
        assert!(Making::new(Compressor::Gzip, &places).is_none());
        let body = held.pop().expect("one").start(FilePart::of_bytes(words(10)));
        assert!(Making::new(Compressor::Gzip, &places).is_none(), "the body has it now");
        drop(body);
        assert!(Making::new(Compressor::Gzip, &places).is_some());
    }

    #[test]
    fn types_that_are_made_of_words_are_worth_it() {
        let table = [
            ("a.html", true),
            ("a.css", true),
            ("a.js", true),
            ("a.mjs", true),
            ("a.json", true),
            ("a.map", true),
            ("a.geojson", true),
            ("a.webmanifest", true),
            ("a.xml", true),
            ("a.svg", true),
            ("a.wasm", true),
            ("a.txt", true),
            ("a.md", true),
            ("a.csv", true),
            ("a.yaml", true),
            ("a.ttf", true),
            ("a.ico", true),
            ("a.png", false),
            ("a.jpeg", false),
            ("a.webp", false),
            ("a.woff2", false),
            ("a.woff", false),
            ("a.mp4", false),
            ("a.ts", true),
            ("a.m2ts", false),
            ("a.pdf", false),
            ("a.zip", false),
            ("a.txt.gz", false),
            ("a.js.br", false),
            ("a.js.zst", false),
            ("a.unheard-of", false),
        ];
        for (name, expected) in table {
            let content = media_type::of(name.as_bytes(), media_type::Look::at(b"a", true));
            assert_eq!(is_worth_it(&content.content_type), expected, "{name}");
        }
    }
}
