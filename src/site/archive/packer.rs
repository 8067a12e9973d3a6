//! Packing in any of the formats: entries in, bytes out.

use super::Format;
use super::tar::Tar;
use super::zip::Zip;
use flate2::Compression;
use std::io;

/// How hard it compresses. The next higher levels take twice the time for a few per cent.
const LEVEL: Compression = Compression::new(2);

/// The extensions of files that are compressed already.
const COMPRESSED: &[&str] = &[
    "7z", "aac", "apk", "avi", "avif", "br", "bz2", "docx", "epub", "flac", "gif", "gz", "heic", "jar",
    "jpeg", "jpg", "jxl", "m4a", "m4v", "mkv", "mov", "mp3", "mp4", "ods", "odt", "ogg", "opus", "png",
    "pptx", "rar", "tgz", "webm", "webp", "woff", "woff2", "xlsx", "xz", "zip", "zst",
];

/// An archive under way, in its format.
pub(super) enum Packer {
    Tar(Tar),
    Zip(Zip),
}

impl Packer {
    pub(super) fn new(format: Format) -> Packer {
        match format {
            Format::Tar => Packer::Tar(Tar::new()),
            Format::TarGz => Packer::Tar(Tar::compressed(LEVEL)),
            Format::Zip => Packer::Zip(Zip::new(LEVEL)),
        }
    }

    /// Whether a file must have the length that its header says.
    pub(super) fn keeps_promises(&self) -> bool {
        matches!(self, Packer::Tar(_))
    }

    /// Whether it compresses what it packs.
    pub(super) fn compresses(&self) -> bool {
        match self {
            Packer::Tar(tar) => tar.compresses(),
            Packer::Zip(_) => true,
        }
    }

    /// How many bytes of memory it takes for what it keeps until the end.
    pub(super) fn size(&self) -> usize {
        match self {
            Packer::Tar(_) => 0,
            Packer::Zip(zip) => zip.size(),
        }
    }

    pub(super) fn folder(&mut self, name: &[u8], modified: i64) -> io::Result<()> {
        match self {
            Packer::Tar(tar) => tar.folder(name, modified),
            Packer::Zip(zip) => zip.folder(&String::from_utf8_lossy(name), modified),
        }
    }

    pub(super) fn file(&mut self, name: &[u8], mode: u32, modified: i64, size: u64) -> io::Result<()> {
        match self {
            Packer::Tar(tar) => tar.file(name, mode, modified, size),
            Packer::Zip(zip) => {
                let name = String::from_utf8_lossy(name);
                zip.file(&name, mode, modified, size, is_compressed_already(&name));
                Ok(())
            }
        }
    }

    pub(super) fn content(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Packer::Tar(tar) => tar.content(bytes),
            Packer::Zip(zip) => zip.content(bytes),
        }
    }

    pub(super) fn end_file(&mut self) -> io::Result<()> {
        match self {
            Packer::Tar(tar) => {
                tar.end_file();
                Ok(())
            }
            Packer::Zip(zip) => zip.end_file(),
        }
    }

    /// Ends the archive, in one or several calls; whether this was the last.
    pub(super) fn end(&mut self) -> io::Result<bool> {
        match self {
            Packer::Tar(tar) => tar.end().map(|()| true),
            Packer::Zip(zip) => Ok(zip.end()),
        }
    }

    /// The bytes so far.
    pub(super) fn take(&mut self) -> io::Result<Vec<u8>> {
        match self {
            Packer::Tar(tar) => tar.take(),
            Packer::Zip(zip) => Ok(zip.take()),
        }
    }
}

/// Whether it would be a waste of time to compress a file of this name.
fn is_compressed_already(name: &str) -> bool {
    let end = name.rsplit_once('.').map_or("", |(_, end)| end);
    COMPRESSED.iter().any(|known| end.eq_ignore_ascii_case(known))
}
