//! A zip archive, written from its beginning to its end without ever going back.
//!
//! ```text
//! "PK\3\4" header, name, extra fields     for each entry, without a file's length
//! the file, compressed (deflate)
//! "PK\7\8" checksum, both lengths         which is here
//!   ...
//! "PK\1\2" all of it again, with its position, for each entry: the directory, from which readers start
//! "PK\5\6" where the directory is
//! ```
//!
//! The format is PKWARE's *APPNOTE.TXT*, sections 4.3 and 4.4. Numbers that do not fit into 16 or 32
//! bits are all ones there, and stand in full in further fields ("zip64", sections 4.5.3 and 4.3.14).
//!
//! The format is written here since an archive is made in pieces, between which other clients are served. Of an entry
//! this module keeps its bytes in the directory, and no more than [`MAX_DIRECTORY`] of them. `rawzip` 0.5.2 was tried
//! with 100,000 files of names like `photos/2024-summer/IMG_000001.jpg`:
//!
//! | | here | rawzip |
//! |---|---|---|
//! | memory for each entry | 88 bytes | 153 bytes |
//! | the same with what its vectors hold in reserve | 167 bytes | 204 bytes |
//! | the longest turn at the end, when the directory is sent | 0.02 ms | 25 ms, all of it at once |
//! | a file that is not done when its turn is over | stays in [`Zip`] | borrows the archive, so nothing can own both |
//! | a time before 1970 | is kept | becomes 1970 |
//!
//! The `zip` crate (9.8) keeps some hundred bytes for each entry, and needs a newer compiler than this program.

use super::PIECE;
use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};
use jiff::Timestamp;
use jiff::tz::Offset;
use std::io::{self, Write};

/// How many bytes the directory, which is sent last, may have: enough for half a million files.
const MAX_DIRECTORY: usize = 64 * 1024 * 1024;

/// From here on the lengths of a file have 64 bits. Deflate can make it longer, but by far less than what is left of 32
/// bits.
const LARGE: u64 = 0xf000_0000;

const FULL_32: u64 = 0xffff_ffff;

/// Flags: the lengths are behind the file; the name is UTF-8.
const LENGTHS_FOLLOW: u16 = 1 << 3;
const UTF8: u16 = 1 << 11;

/// Which version a reader must understand: deflate and folders, or zip64.
const VERSION_PLAIN: u16 = 20;
const VERSION_ZIP64: u16 = 45;

/// Made on Unix, by the rules of version 4.5: the upper half of the attributes is a mode.
const MADE_BY: u16 = 3 << 8 | VERSION_ZIP64;

/// A zip archive that is being made.
pub(super) struct Zip {
    /// The bytes that were made and not taken yet, without those that are still in the compressor.
    made: Vec<u8>,
    /// How many bytes were taken.
    taken: u64,
    current: Option<Entry>,
    crc: Crc,
    quick: Deflate,
    /// For files that are compressed already: deflate without compression. (A file that is stored as it is needs a
    /// header with its length.)
    none: Deflate,
    directory: Vec<u8>,
    /// Where the directory begins, once all files were added.
    directory_start: Option<u64>,
    entries: u64,
}

/// A compressor, made when it is first needed and then used again.
struct Deflate(Compression, Option<DeflateEncoder<Vec<u8>>>);

/// An entry, as its headers describe it.
#[derive(Debug, Clone, Default)]
struct Entry {
    name: String,
    /// Its permissions, as a Unix mode.
    mode: u32,
    modified: i64,
    is_folder: bool,
    is_compressed_already: bool,
    /// Whether its lengths have 64 bits.
    is_large: bool,
    crc: u32,
    size: u64,
    compressed_size: u64,
    /// Where its header begins.
    offset: u64,
}

impl Zip {
    pub(super) fn new(level: Compression) -> Zip {
        Zip {
            made: Vec::new(),
            taken: 0,
            current: None,
            crc: Crc::new(),
            quick: Deflate(level, None),
            none: Deflate(Compression::none(), None),
            directory: Vec::new(),
            directory_start: None,
            entries: 0,
        }
    }

    /// How many bytes of memory its directory takes so far.
    pub(super) fn size(&self) -> usize {
        self.directory.len()
    }

    /// Begins a folder; its name ends with a `/`.
    pub(super) fn folder(&mut self, name: &str, modified: i64) -> io::Result<()> {
        let offset = self.position();
        let entry = Entry {
            name: name.to_owned(),
            mode: 0o755,
            modified,
            is_folder: true,
            offset,
            ..Entry::default()
        };
        entry.write_local(&mut self.made);
        self.register(&entry)
    }

    /// Begins a file of at most this many bytes.
    pub(super) fn file(
        &mut self,
        name: &str,
        mode: u32,
        modified: i64,
        size: u64,
        is_compressed_already: bool,
    ) {
        let entry = Entry {
            name: name.to_owned(),
            mode,
            modified,
            is_compressed_already,
            is_large: size >= LARGE,
            offset: self.position(),
            ..Entry::default()
        };
        entry.write_local(&mut self.made);
        self.current = Some(entry);
        self.crc.reset();
    }

    /// Adds bytes of the file.
    pub(super) fn content(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.crc.update(bytes);
        self.encode(|encoder| encoder.write_all(bytes))
    }

    /// Ends the file.
    pub(super) fn end_file(&mut self) -> io::Result<()> {
        self.encode(DeflateEncoder::try_finish)?;
        let mut entry = self.current.take().expect("one was begun");
        entry.crc = self.crc.sum();
        entry.write_lengths(&mut self.made);
        self.register(&entry)
    }

    /// Ends the archive, a piece at a time; whether this was the last.
    pub(super) fn end(&mut self) -> bool {
        let size = self.directory.len();
        let start = *self.directory_start.get_or_insert(self.taken + self.made.len() as u64);
        let sent = usize::try_from(self.position() - start).expect("it is in memory");
        let piece = &self.directory[sent..size.min(sent + PIECE)];
        self.made.extend_from_slice(piece);
        let is_whole = sent + piece.len() == size;
        if is_whole {
            write_end(&mut self.made, self.entries, start, size as u64);
        }
        is_whole
    }

    /// Takes the bytes that were made since the last call.
    pub(super) fn take(&mut self) -> Vec<u8> {
        self.taken += self.made.len() as u64;
        std::mem::take(&mut self.made)
    }

    fn position(&self) -> u64 {
        self.taken + self.made.len() as u64
    }

    /// Takes what the compressor of the present file has made, and counts it.
    fn encode(
        &mut self,
        work: impl FnOnce(&mut DeflateEncoder<Vec<u8>>) -> io::Result<()>,
    ) -> io::Result<()> {
        let entry = self.current.as_mut().expect("one was begun");
        let Deflate(level, encoder) =
            if entry.is_compressed_already { &mut self.none } else { &mut self.quick };
        let encoder = encoder.get_or_insert_with(|| DeflateEncoder::new(Vec::new(), *level));
        work(encoder)?;
        entry.size = encoder.total_in();
        entry.compressed_size = encoder.total_out();
        self.made.append(encoder.get_mut());
        Ok(())
    }

    fn register(&mut self, entry: &Entry) -> io::Result<()> {
        for encoder in [&mut self.quick.1, &mut self.none.1].into_iter().flatten() {
            if encoder.total_in() > 0 || encoder.total_out() > 0 {
                encoder.reset(Vec::new())?;
            }
        }
        entry.write_central(&mut self.directory);
        self.entries += 1;
        if self.directory.len() > MAX_DIRECTORY {
            return Err(io::Error::other("too many files for a zip archive"));
        }
        Ok(())
    }
}

impl Entry {
    /// What both headers have in common: version, flags, method, time.
    fn write_common(&self, onto: &mut Vec<u8>) {
        let needs_64 = self.is_large || self.offset >= FULL_32;
        let version = if needs_64 { VERSION_ZIP64 } else { VERSION_PLAIN };
        let (flags, method) = if self.is_folder { (UTF8, 0) } else { (UTF8 | LENGTHS_FOLLOW, 8) };
        let (time, date) = dos_time(self.modified);
        push_16(onto, &[version, flags, method, time, date]);
    }

    fn write_local(&self, onto: &mut Vec<u8>) {
        onto.extend_from_slice(b"PK\x03\x04");
        self.write_common(onto);
        let (length, mut extra) = if self.is_large {
            // The lengths are here, and behind the file, as always.
            (FULL_32, extra_field(1, &[0; 16]))
        } else {
            (0, Vec::new())
        };
        extra.extend(self.time_field());
        push_32(onto, &[0, length, length]);
        push_16(onto, &[length_16(self.name.as_bytes()), length_16(&extra)]);
        onto.extend_from_slice(self.name.as_bytes());
        onto.extend(extra);
    }

    fn write_lengths(&self, onto: &mut Vec<u8>) {
        onto.extend_from_slice(b"PK\x07\x08");
        onto.extend(self.crc.to_le_bytes());
        if self.is_large {
            push_64(onto, &[self.compressed_size, self.size]);
        } else {
            push_32(onto, &[self.compressed_size, self.size]);
        }
    }

    fn write_central(&self, onto: &mut Vec<u8>) {
        let numbers = [self.size, self.compressed_size, self.offset];
        // Those that do not fit, in this order (section 4.5.3).
        let full: Vec<u64> = numbers.into_iter().filter(|&number| number >= FULL_32).collect();
        let mut extra = Vec::new();
        if !full.is_empty() {
            let mut bytes = Vec::new();
            push_64(&mut bytes, &full);
            extra = extra_field(1, &bytes);
        }
        extra.extend(self.time_field());
        let [size, compressed_size, offset] = numbers.map(|number| number.min(FULL_32));
        let kind: u64 = if self.is_folder { 0o40_000 } else { 0o100_000 };
        let mode = kind | u64::from(self.mode);
        onto.extend_from_slice(b"PK\x01\x02");
        push_16(onto, &[MADE_BY]);
        self.write_common(onto);
        push_32(onto, &[self.crc.into(), compressed_size, size]);
        push_16(onto, &[length_16(self.name.as_bytes()), length_16(&extra), 0, 0, 0]);
        push_32(onto, &[mode << 16 | u64::from(self.is_folder) << 4, offset]);
        onto.extend_from_slice(self.name.as_bytes());
        onto.extend(extra);
    }

    /// The time to the second and in UTC, if it fits: the "UT" field of Info-ZIP, which all readers on Unix know.
    fn time_field(&self) -> Vec<u8> {
        let Ok(seconds) = i32::try_from(self.modified) else { return Vec::new() };
        let mut bytes = vec![1];
        bytes.extend(seconds.to_le_bytes());
        extra_field(u16::from_le_bytes(*b"UT"), &bytes)
    }
}

/// The records behind the directory.
fn write_end(onto: &mut Vec<u8>, entries: u64, start: u64, size: u64) {
    if entries >= u64::from(u16::MAX) || start >= FULL_32 || size >= FULL_32 {
        onto.extend_from_slice(b"PK\x06\x06");
        // How long the rest of this record is.
        push_64(onto, &[44]);
        push_16(onto, &[MADE_BY, VERSION_ZIP64]);
        push_32(onto, &[0, 0]);
        push_64(onto, &[entries, entries, size, start]);
        // Its position, and that there is one disk.
        onto.extend_from_slice(b"PK\x06\x07");
        push_32(onto, &[0]);
        push_64(onto, &[start + size]);
        push_32(onto, &[1]);
    }
    onto.extend_from_slice(b"PK\x05\x06");
    let count = u16::try_from(entries).unwrap_or(u16::MAX);
    push_16(onto, &[0, 0, count, count]);
    push_32(onto, &[size.min(FULL_32), start.min(FULL_32)]);
    push_16(onto, &[0]);
}

fn extra_field(kind: u16, bytes: &[u8]) -> Vec<u8> {
    let mut field = Vec::new();
    push_16(&mut field, &[kind, length_16(bytes)]);
    field.extend_from_slice(bytes);
    field
}

/// A path is far shorter than 64 kB: the system opens no path of more than 4 kB.
fn length_16(bytes: &[u8]) -> u16 {
    u16::try_from(bytes.len()).expect("names and fields are short")
}

fn push_16(onto: &mut Vec<u8>, numbers: &[u16]) {
    onto.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
}

/// Numbers of 32 bits.
fn push_32(onto: &mut Vec<u8>, numbers: &[u64]) {
    let all = numbers.iter().map(|&number| u32::try_from(number).expect("it fits or was made to"));
    onto.extend(all.flat_map(u32::to_le_bytes));
}

fn push_64(onto: &mut Vec<u8>, numbers: &[u64]) {
    onto.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
}

/// A time as DOS kept it, in steps of two seconds from 1980 to 2107, here in UTC.
fn dos_time(seconds: i64) -> (u16, u16) {
    const FIRST: i64 = 315_532_800;
    const LAST: i64 = 4_354_819_198;
    let time = Timestamp::from_second(seconds.clamp(FIRST, LAST)).expect("between 1980 and 2107");
    let time = Offset::UTC.to_datetime(time);
    let [year, month, day] = [time.year() - 1980, time.month().into(), time.day().into()];
    let [hour, minute, second] = [time.hour(), time.minute(), time.second()].map(i16::from);
    let pack = |a: i16, b: i16, c: i16, widths: (u16, u16)| {
        let [a, b, c] = [a, b, c].map(i16::unsigned_abs);
        a << widths.0 | b << widths.1 | c
    };
    (pack(hour, minute, second / 2, (11, 5)), pack(year, month, day, (9, 5)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn central(entry: &Entry) -> Vec<u8> {
        let mut bytes = Vec::new();
        entry.write_central(&mut bytes);
        bytes
    }

    #[test]
    fn times_are_as_dos_kept_them() {
        let table = [
            // 2001-09-09 01:46:40
            (1_000_000_000, ((1 << 11) + (46 << 5) + 20, (21 << 9) + (9 << 5) + 9)),
            (0, (0, (1 << 5) + 1)),
            (-1, (0, (1 << 5) + 1)),
            (i64::MAX, ((23 << 11) + (59 << 5) + 29, (127 << 9) + (12 << 5) + 31)),
        ];
        for (seconds, expected) in table {
            assert_eq!(dos_time(seconds), expected, "{seconds}");
        }
    }

    #[test]
    fn numbers_that_do_not_fit_stand_in_full_in_the_order_of_the_format() {
        let entry =
            |size, compressed_size, offset| Entry { size, compressed_size, offset, ..Entry::default() };
        let table = [
            (entry(FULL_32 - 1, 1, 2), [1, 0xffff_fffe, 2], vec![]),
            (entry(FULL_32, 1, 2), [1, 0xffff_ffff, 2], vec![FULL_32]),
            (entry(1, 2, 5 << 32), [2, 1, 0xffff_ffff], vec![5 << 32]),
            (entry(7 << 32, 6 << 32, 5 << 32), [0xffff_ffff; 3], vec![7 << 32, 6 << 32, 5 << 32]),
        ];
        for (entry, short, full) in table {
            let bytes = central(&entry);
            let number = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four"));
            assert_eq!([number(20), number(24), number(42)], short, "{entry:?}");
            let mut field = Vec::new();
            push_64(&mut field, &full);
            let field = if full.is_empty() { field } else { extra_field(1, &field) };
            assert_eq!(bytes[46..], [field, entry.time_field()].concat(), "{entry:?}");
        }
    }

    #[test]
    fn a_file_of_four_gigabytes_or_almost_has_room_for_its_lengths() {
        let begun = |size| {
            let mut zip = Zip::new(Compression::fast());
            zip.file("a", 0o644, 0, size, false);
            zip.end_file().expect("an end");
            zip.take()
        };
        let (small, large) = (begun(LARGE - 1), begun(LARGE));
        assert_eq!((small[4], large[4]), (20, 45));
        assert_eq!(large[18..26], [0xff; 8], "both lengths");
        assert_eq!(large[31..][..20], [&[1, 0, 16, 0][..], &[0; 16]].concat());
        // A file of nothing is two bytes of deflate; then the checksum and two lengths.
        assert_eq!(small[small.len() - 16..], [&b"PK\x07\x08"[..], &[0; 4], &[2, 0, 0, 0], &[0; 4]].concat());
        let lengths: &[u8] = &[2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(large[large.len() - 24..], [b"PK\x07\x08", &[0; 4][..], lengths].concat());
    }

    #[test]
    fn the_directory_is_kept_up_to_a_bound_and_no_further() {
        let mut zip = Zip::new(Compression::fast());
        let name = "x".repeat(60_000);
        let room = MAX_DIRECTORY / (46 + 60_000 + 9);
        for _ in 0..room {
            zip.folder(&name, 0).map(|()| zip.take()).expect("there is room");
        }
        assert!(zip.folder(&name, 0).is_err());
    }

    #[test]
    fn the_end_says_where_the_directory_is_in_as_many_bits_as_it_takes() {
        let end = |entries, start, size| {
            let mut bytes = Vec::new();
            write_end(&mut bytes, entries, start, size);
            bytes
        };
        assert_eq!(end(0xfffe, 2, 3).len(), 22);
        for (entries, start, size) in [(0xffff, 2, 3), (1, FULL_32, 3), (1, 2, FULL_32), (70_000, 1 << 40, 9)]
        {
            let bytes = end(entries, start, size);
            assert_eq!(bytes.len(), 56 + 20 + 22);
            let number = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight"));
            assert_eq!([24, 32, 40, 48].map(number), [entries, entries, size, start]);
            assert_eq!(number(64), start + size, "where this record is");
        }
    }
}
