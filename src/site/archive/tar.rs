//! A tar archive: for each entry a header of 512 bytes, then the file, filled up to 512 bytes.
//!
//! ```text
//! 0    name, 100 bytes      "photos/a.jpg"
//! 124  size, octal          "00000012345"
//! 257  "ustar"
//! 345  prefix, 155 bytes    what of a longer name stands before a "/"
//! ```
//!
//! What does not fit, such as a longer name, stands in an entry before, as text (the *pax* format of
//! POSIX): `21 path=photos/ü.jpg`. A name that is not ASCII stands there, too: a header does not say
//! how its bytes are meant.

use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::{self, Write};
use tar::{Builder, EntryType, Header};

/// From here on a size does not fit into eleven octal digits.
const TOO_LARGE: u64 = 1 << 33;

/// A tar archive that is being made, compressed or not.
pub(super) struct Tar {
    /// What was made and not taken, before it is compressed.
    builder: Builder<Vec<u8>>,
    gzip: Option<GzEncoder<Vec<u8>>>,
    /// How many bytes have to follow the file at hand.
    filling: usize,
}

impl Tar {
    pub(super) fn new() -> Tar {
        Tar { builder: Builder::new(Vec::new()), gzip: None, filling: 0 }
    }

    /// A compressed one. Who waits for an archive waits for the network or for the processor: it is
    /// quick rather than small.
    pub(super) fn compressed(level: Compression) -> Tar {
        Tar { gzip: Some(GzEncoder::new(Vec::new(), level)), ..Tar::new() }
    }

    /// Begins a folder; its name ends with a `/`.
    pub(super) fn folder(&mut self, name: &str, modified: i64) -> io::Result<()> {
        self.entry(EntryType::Directory, name, modified, 0)
    }

    /// Begins a file of so many bytes.
    pub(super) fn file(&mut self, name: &str, modified: i64, size: u64) -> io::Result<()> {
        self.entry(EntryType::Regular, name, modified, size)
    }

    /// Goes on with the file.
    pub(super) fn content(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.builder.get_mut().write_all(bytes)
    }

    /// Ends the file, of which all bytes are there.
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

    /// What was made since it was last asked.
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

    fn entry(&mut self, kind: EntryType, name: &str, modified: i64, size: u64) -> io::Result<()> {
        let mut header = Header::new_ustar();
        let mut extensions: Vec<(&str, Vec<u8>)> = Vec::new();
        if header.set_path(name).is_err() {
            // For those who do not know pax: as much of it as there is room for.
            let room = &mut header.as_old_mut().name;
            let mut short = name.len().min(room.len());
            while !name.is_char_boundary(short) {
                short -= 1;
            }
            room[..short].copy_from_slice(&name.as_bytes()[..short]);
            extensions.push(("path", name.into()));
        } else if !name.is_ascii() {
            extensions.push(("path", name.into()));
        }
        if size >= TOO_LARGE {
            extensions.push(("size", size.to_string().into()));
        }
        let since_1970 = u64::try_from(modified).ok().filter(|&seconds| seconds < TOO_LARGE);
        if since_1970.is_none() {
            extensions.push(("mtime", modified.to_string().into()));
        }
        self.builder.append_pax_extensions(extensions.iter().map(|(key, value)| (*key, &value[..])))?;
        header.set_entry_type(kind);
        header.set_size(size);
        header.set_mtime(since_1970.unwrap_or(0));
        header.set_mode(if kind == EntryType::Directory { 0o755 } else { 0o644 });
        header.set_uid(0);
        header.set_gid(0);
        header.set_cksum();
        self.filling = usize::try_from(size.next_multiple_of(512) - size).expect("less than 512");
        self.builder.get_mut().write_all(header.as_bytes())
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
            tar.file(name, time, 3).and_then(|()| tar.content(b"abc")).expect("a file");
            tar.end_file();
            tar.folder(&format!("{name}/"), 5).expect("a folder");
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
        tar.file("large", -1, TOO_LARGE).expect("a file");
        let text = String::from_utf8_lossy(&tar.take().expect("a header")).into_owned();
        assert!(text.contains("19 size=8589934592\n12 mtime=-1\n"), "{text:?}");
    }
}
