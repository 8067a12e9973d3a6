//! The three libraries, as one: bytes go in, and what comes out waits in a vector.

use super::Compressor;
use std::io::{self, Write};

/// How many bytes brotli takes at a time.
const BUFFER: usize = 32 * 1024;

const GZIP_LEVEL: u32 = 5;
const ZSTD_LEVEL: i32 = 3;
/// As for br: see below.
const ZSTD_WINDOW: u32 = 18;
const BROTLI_QUALITY: u32 = 5;
/// Two to this power is how many bytes back it looks for repetitions: more makes little difference to the size, and
/// much to the memory.
const BROTLI_WINDOW: u32 = 18;

/// One of the three libraries. Its output waits in a vector.
pub(super) enum Coder {
    Brotli(Box<brotli::CompressorWriter<Vec<u8>>>),
    Zstd(zstd::stream::write::Encoder<'static, Vec<u8>>),
    Gzip(flate2::write::GzEncoder<Vec<u8>>),
}

impl Coder {
    pub(super) fn new(by: Compressor) -> io::Result<Coder> {
        Ok(match by {
            Compressor::Zstd => {
                let mut coder = zstd::stream::write::Encoder::new(Vec::new(), ZSTD_LEVEL)?;
                coder.window_log(ZSTD_WINDOW)?;
                Coder::Zstd(coder)
            }
            Compressor::Brotli => Coder::Brotli(Box::new(brotli::CompressorWriter::new(
                Vec::new(),
                BUFFER,
                BROTLI_QUALITY,
                BROTLI_WINDOW,
            ))),
            Compressor::Gzip => {
                let level = flate2::Compression::new(GZIP_LEVEL);
                Coder::Gzip(flate2::write::GzEncoder::new(Vec::new(), level))
            }
        })
    }

    pub(super) fn made(&mut self) -> &mut Vec<u8> {
        match self {
            Coder::Brotli(coder) => coder.get_mut(),
            Coder::Zstd(coder) => coder.get_mut(),
            Coder::Gzip(coder) => coder.get_mut(),
        }
    }

    pub(super) fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Coder::Brotli(coder) => coder.write_all(bytes),
            Coder::Zstd(coder) => coder.write_all(bytes),
            Coder::Gzip(coder) => coder.write_all(bytes),
        }
    }

    /// Makes it give all that it has taken.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        match self {
            Coder::Brotli(coder) => coder.flush(),
            Coder::Zstd(coder) => coder.flush(),
            Coder::Gzip(coder) => coder.flush(),
        }
    }

    /// The rest of its output, with the end of the coded form.
    pub(super) fn finish(self) -> io::Result<Vec<u8>> {
        match self {
            Coder::Brotli(coder) => Ok(coder.into_inner()),
            Coder::Zstd(coder) => coder.finish(),
            Coder::Gzip(coder) => coder.finish(),
        }
    }
}
