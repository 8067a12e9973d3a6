//! A tar archive: for each entry a header of 512 bytes, then the file, padded to a multiple of 512 bytes.
//!
//! ```text
//! 0    name, 100 bytes      "photos/a.jpg"
//! 124  size, octal          "00000012345"
//! 257  "ustar"
//! 345  prefix, 155 bytes    the beginning of a longer name, up to a "/"
//! ```
//!
//! A value that does not fit, such as a longer name, is given as text in an entry before (the *pax* format of POSIX):
//! `21 path=photos/ü.jpg`. So is a name that is not ASCII, because a header does not say in which charset it is.
//!
//! A name that is not UTF-8 cannot be given there, since a pax entry is text. Its bytes are in the header as they are;
//! one that is too long for the header has an entry of its own before it (GNU's `././@LongLink`). All readers know
//! that: GNU tar, bsdtar, BusyBox, Python. Pax has `hdrcharset=BINARY` for it, but GNU tar warns at each file that it
//! does not know that.

use crate::base::platform::names;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::{self, Write};
use tar::{Builder, EntryType, Header};

/// From here on a size does not fit into eleven octal digits.
const TOO_LARGE: u64 = 1 << 33;

/// A tar archive that is being made, compressed or not.
pub(super) struct Tar {
    /// The bytes that were made and not taken yet, before they are compressed.
    builder: Builder<Vec<u8>>,
    gzip: Option<GzEncoder<Vec<u8>>>,
    /// How many bytes of padding follow the present file.
    filling: usize,
}

impl Tar {
    pub(super) fn new() -> Tar {
        Tar { builder: Builder::new(Vec::new()), gzip: None, filling: 0 }
    }

    /// A compressed one. A client waits for the network or for the processor: this is quick rather than small.
    pub(super) fn compressed(level: Compression) -> Tar {
        Tar { gzip: Some(GzEncoder::new(Vec::new(), level)), ..Tar::new() }
    }

    /// Whether it is compressed.
    pub(super) fn compresses(&self) -> bool {
        self.gzip.is_some()
    }

    /// Begins a folder; its name ends with a `/`.
    pub(super) fn folder(&mut self, name: &[u8], modified: i64) -> io::Result<()> {
        self.entry(EntryType::Directory, name, 0o755, modified, 0)
    }

    /// Begins a file of this many bytes.
    pub(super) fn file(&mut self, name: &[u8], mode: u32, modified: i64, size: u64) -> io::Result<()> {
        self.entry(EntryType::Regular, name, mode, modified, size)
    }

    /// Adds bytes of the file.
    pub(super) fn content(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.builder.get_mut().write_all(bytes)
    }

    /// Ends the file, all bytes of which were added.
    pub(super) fn end_file(&mut self) {
        let made = self.builder.get_mut();
        made.resize(made.len() + std::mem::take(&mut self.filling), 0);
    }

    /// Ends the archive.
    pub(super) fn end(&mut self) -> io::Result<()> {
        self.builder.finish()?;
        self.compress()?;
        self.gzip.as_mut().map_or(Ok(()), GzEncoder::try_finish)
    }

    /// Takes the bytes that were made since the last call.
    pub(super) fn take(&mut self) -> io::Result<Vec<u8>> {
        self.compress()?;
        let made = match &mut self.gzip {
            Some(gzip) => gzip.get_mut(),
            None => self.builder.get_mut(),
        };
        Ok(std::mem::take(made))
    }

    fn compress(&mut self) -> io::Result<()> {
        let Some(gzip) = &mut self.gzip else { return Ok(()) };
        let made = self.builder.get_mut();
        gzip.write_all(made)?;
        made.clear();
        Ok(())
    }

    fn entry(&mut self, kind: EntryType, name: &[u8], mode: u32, modified: i64, size: u64) -> io::Result<()> {
        let mut header = Header::new_ustar();
        let mut extensions: Vec<(&str, Vec<u8>)> = Vec::new();
        let is_short = names::path(name).and_then(|path| header.set_path(path)).is_ok();
        if !is_short {
            // For programs that do not know pax: as much of the name as the field can hold.
            let room = &mut header.as_old_mut().name;
            let mut short = name.len().min(room.len());
            // No character is cut in two.
            while short > 0 && name.get(short).is_some_and(|byte| byte & 0xc0 == 0x80) {
                short -= 1;
            }
            room.fill(0);
            room[..short].copy_from_slice(&name[..short]);
        }
        let is_text = std::str::from_utf8(name).is_ok();
        if is_text && (!is_short || !name.is_ascii()) {
            extensions.push(("path", name.to_vec()));
        }
        if size >= TOO_LARGE {
            extensions.push(("size", size.to_string().into()));
        }
        let since_1970 = u64::try_from(modified).ok().filter(|&seconds| seconds < TOO_LARGE);
        if since_1970.is_none() {
            extensions.push(("mtime", modified.to_string().into()));
        }
        self.builder.append_pax_extensions(extensions.iter().map(|(key, value)| (*key, &value[..])))?;
        if !is_text && !is_short {
            self.long_name(name)?;
        }
        header.set_entry_type(kind);
        header.set_size(size);
        header.set_mtime(since_1970.unwrap_or(0));
        header.set_mode(mode);
        header.set_uid(0);
        header.set_gid(0);
        header.set_cksum();
        self.filling = usize::try_from(size.next_multiple_of(512) - size).expect("less than 512");
        self.builder.get_mut().write_all(header.as_bytes())
    }

    /// An entry that holds the name of the next one, in GNU's format: a NUL ends it.
    fn long_name(&mut self, name: &[u8]) -> io::Result<()> {
        const OWN_NAME: &[u8] = b"././@LongLink";
        let mut header = Header::new_gnu();
        header.as_old_mut().name[..OWN_NAME.len()].copy_from_slice(OWN_NAME);
        header.set_entry_type(EntryType::GNULongName);
        header.set_size(name.len() as u64 + 1);
        header.set_cksum();
        let made = self.builder.get_mut();
        made.write_all(header.as_bytes())?;
        made.write_all(name)?;
        made.resize(made.len() + 512 - name.len() % 512, 0);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn read_back(bytes: &[u8]) -> Vec<(String, u64, u64, u32, Vec<u8>)> {
        let mut archive = tar::Archive::new(bytes);
        let entries = archive.entries().expect("an archive").map(|entry| {
            let mut entry = entry.expect("an entry");
            let name = String::from_utf8(entry.path_bytes().into_owned()).expect("UTF-8");
            let header = entry.header();
            let (time, mode) = (header.mtime().expect("a time"), header.mode().expect("a mode"));
            let mut content = Vec::new();
            entry.read_to_end(&mut content).expect("its content");
            (name, entry.size(), time, mode, content)
        });
        entries.collect()
    }

    #[test]
    fn names_come_back_whatever_their_length_and_letters() {
        let long = format!("a/{}/b", "x".repeat(120));
        let longer = format!("a/{}/{}/ü", "y".repeat(250), "z".repeat(250));
        let names = ["a", "ü/中文", "a b\nc", &long, &longer, &"é".repeat(100), "..a/b..", " "];
        let mut tar = Tar::new();
        for (time, name) in (0..).zip(names) {
            tar.file(name.as_bytes(), 0o644, time, 3).and_then(|()| tar.content(b"abc")).expect("a file");
            tar.end_file();
            tar.folder(format!("{name}/").as_bytes(), 5).expect("a folder");
        }
        tar.end().expect("an end");
        let bytes = tar.take().expect("an archive");
        assert_eq!(bytes.len() % 512, 0);
        let mut expected = Vec::new();
        for (time, name) in (0..).zip(names) {
            expected.push((name.to_owned(), 3, time, 0o644, b"abc".to_vec()));
            expected.push((format!("{name}/"), 0, 5, 0o755, Vec::new()));
        }
        assert_eq!(read_back(&bytes), expected);
    }

    #[test]
    fn what_does_not_fit_into_a_header_stands_before_it() {
        let mut tar = Tar::new();
        tar.file(b"large", 0o755, -1, TOO_LARGE).expect("a file");
        let text = String::from_utf8_lossy(&tar.take().expect("a header")).into_owned();
        assert!(text.contains("19 size=8589934592\n12 mtime=-1\n"), "{text:?}");
    }

    #[test]
    fn names_that_are_not_utf8_come_back_with_their_bytes_and_are_never_called_text() {
        let long = [&b"a/"[..], &[0xfe; 200], b"/b"].concat();
        let (continued, block) = ([0x80; 150], [0xfe; 511]);
        for name in [b"\xff", &long[..], b"caf\xe9 \xe4", &continued, &block, &[0xfe; 512]] {
            let mut tar = Tar::new();
            tar.file(name, 0o644, 0, 1).and_then(|()| tar.content(b"x")).expect("a file");
            tar.end_file();
            tar.end().expect("an end");
            let bytes = tar.take().expect("an archive");
            let mut archive = tar::Archive::new(&bytes[..]);
            let mut entry = archive.entries().expect("an archive").next().expect("one").expect("a good one");
            assert_eq!(entry.path_bytes(), name);
            assert!(entry.pax_extensions().expect("none").is_none());
            let mut content = String::new();
            entry.read_to_string(&mut content).expect("its content");
            assert_eq!(content, "x");
        }
    }
}
