//! Numbers and names as people read them.
//!
//! Sizes are written here since `humansize` and `bytesize` round after they have chosen the unit: 999 950 bytes are
//! "1000.0 kB" there.

use crate::base::platform::{failure, names};
use std::borrow::Cow;
use std::fmt::{self, Write};
use std::io;
use std::path::Path;

/// A path on one line, whatever is in it: control characters are escaped, and U+FFFD stands for
/// what is not UTF-8.
#[derive(Debug, Clone, Copy)]
pub struct OneLine<'a>(pub &'a Path);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0.to_string_lossy().chars() {
            if letter.is_control() {
                write!(f, "{}", letter.escape_default())?;
            } else {
                f.write_char(letter)?;
            }
        }
        Ok(())
    }
}

/// Whether a character can be shown to people as it is: it neither moves a cursor nor starts an escape sequence, and it
/// neither hides what follows nor reverses its direction.
pub fn is_harmless(letter: char) -> bool {
    !letter.is_control()
        && !matches!(letter, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

/// A path below the folder that is served, on one line, with `/` between its names as in a URL.
pub fn below(path: &Path) -> String {
    OneLine(Path::new(&*String::from_utf8_lossy(&names::joined(path)))).to_string()
}

/// Bytes as they went over the wire, with visible line ends: `␍` for CR, `␊` for LF. Text of any script stays as it is;
/// everything that is not harmless is written as `\xNN`.
#[derive(Debug, Clone, Copy)]
pub struct Visible<'a>(pub &'a [u8]);

impl fmt::Display for Visible<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            for letter in chunk.valid().chars() {
                match letter {
                    '\r' => f.write_char('␍')?,
                    '\n' => f.write_char('␊')?,
                    '\t' => f.write_char('␉')?,
                    _ if is_harmless(letter) => f.write_char(letter)?,
                    _ => {
                        for byte in letter.encode_utf8(&mut [0; 4]).bytes() {
                            write!(f, "\\x{byte:02x}")?;
                        }
                    }
                }
            }
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

/// A number of bytes: `0 B`, `999 B`, `1.0 kB`, `1.5 MB`. Steps of 1000, as disks, networks and
/// browsers count.
#[derive(Debug, Clone, Copy)]
pub struct Bytes(pub u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 7] = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
        // In tenths of the unit, rounded, in whole numbers: 999 950 bytes are 1.0 MB, not 1000.0 kB.
        let (mut tenths, mut unit) = (u128::from(self.0) * 10, 0);
        while unit + 1 < UNITS.len() && (tenths >= 10_000 || (unit > 0 && tenths >= 9_995)) {
            tenths = (tenths + 500) / 1000;
            unit += 1;
        }
        if unit == 0 {
            write!(f, "{} B", self.0)
        } else if tenths < 1000 {
            write!(f, "{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
        } else {
            write!(f, "{} {}", (tenths + 5) / 10, UNITS[unit])
        }
    }
}

/// A letter, or the picture of a control character (U+2400 and on).
pub fn picture(letter: char) -> char {
    match letter {
        '\0'..='\x1f' => char::from_u32(0x2400 + letter as u32).unwrap_or(letter),
        '\x7f' => '\u{2421}',
        _ => letter,
    }
}

/// Text as people are to see it, and all of it: a control character as its picture, and what shows nothing, but changes
/// how the text around it reads, by its number. So `[U+202E]gpj.exe` does not look like a picture.
///
/// Joiners stay where letters of many scripts and emoji need them: behind what is not ASCII.
pub fn visible(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return text.into();
    }
    let (mut out, mut before) = (String::with_capacity(text.len()), ' ');
    for letter in text.chars() {
        match letter {
            '\0'..='\x1f' | '\x7f' => out.push(picture(letter)),
            '\u{200c}' | '\u{200d}' if !before.is_ascii() => out.push(letter),
            _ if is_harmless(letter) && !is_blank(letter) => out.push(letter),
            _ => {
                let _ = write!(out, "[U+{:04X}]", u32::from(letter));
            }
        }
        before = letter;
    }
    out.into()
}

/// Whether a letter shows nothing at all, and is no space.
fn is_blank(letter: char) -> bool {
    matches!(
        letter,
        '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{3164}' | '\u{ffa0}' | '\u{e0000}'
            ..='\u{e007f}'
    )
}

/// An error in words, without the number that the standard library adds.
pub fn reason(error: &io::Error) -> String {
    if let Some(words) = failure::words(error) {
        return words.to_owned();
    }
    let text = error.to_string();
    match text.find(" (os error") {
        Some(at) => text[..at].trim_end_matches('.').to_lowercase(),
        None => text,
    }
}

/// Printable ASCII as it is, but for the quote and the escape's own backslash; else `\xNN`.
pub fn write_escaped(out: &mut String, mut bytes: &[u8]) {
    let is_plain = |byte: &u8| (b' '..=b'~').contains(byte) && !b"\"\\".contains(byte);
    while !bytes.is_empty() {
        // Most text is plain, and is written at once.
        let plain = bytes.iter().take_while(|byte| is_plain(byte)).count();
        let (text, rest) = bytes.split_at(plain);
        out.extend(text.iter().map(|&byte| char::from(byte)));
        if let Some(&byte) = rest.first() {
            let _ = match byte {
                b'"' | b'\\' => write!(out, "\\{}", byte as char),
                _ => write!(out, "\\x{byte:02x}"),
            };
        }
        bytes = rest.get(1..).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_have_no_numbers() {
        let error = io::Error::from(crate::base::platform::failure::Failure::NotFound);
        assert_eq!(reason(&error), "no such file or directory");
    }

    #[test]
    fn below_the_folder_names_are_divided_as_in_a_url() {
        assert_eq!(below(&Path::new("css").join("a\nb.css")), "css/a\\nb.css");
    }

    #[test]
    fn a_path_is_one_line() {
        assert_eq!(OneLine(Path::new("a b/ü\n\x1b[2J")).to_string(), "a b/ü\\n\\u{1b}[2J");
    }

    #[test]
    fn bytes_are_shown_with_their_line_ends_and_without_tricks() {
        let table: &[(&[u8], &str)] = &[
            (b"GET / HTTP/1.1\r\n", "GET / HTTP/1.1␍␊"),
            (b"a\tb\x00\x1b[2J\x7f", "a␉b\\x00\\x1b[2J\\x7f"),
            ("ü 窗".as_bytes(), "ü 窗"),
            ("\u{202e}x\u{9b}".as_bytes(), "\\xe2\\x80\\xaex\\xc2\\x9b"),
            (b"\xff\xc3", "\\xff\\xc3"),
        ];
        for (bytes, expected) in table {
            assert_eq!(Visible(bytes).to_string(), *expected);
        }
    }

    #[test]
    fn what_shows_nothing_is_shown_and_what_joins_letters_is_left() {
        let table = [
            ("a b-~", "a b-~"),
            ("line\nfeed\x1b\x7f", "line\u{240a}feed\u{241b}\u{2421}"),
            ("\u{202e}gpj.exe", "[U+202E]gpj.exe"),
            ("a\u{2066}b\u{2069}\u{200e}\u{200f}\u{61c}", "a[U+2066]b[U+2069][U+200E][U+200F][U+061C]"),
            ("a\u{200b}b\u{ad}\u{feff}\u{2028}", "a[U+200B]b[U+00AD][U+FEFF][U+2028]"),
            ("a\u{85}\u{3164}\u{e0041}", "a[U+0085][U+3164][U+E0041]"),
            ("a\u{200d}b\u{200c}", "a[U+200D]b[U+200C]"),
            ("\u{1f468}\u{200d}\u{1f469}.png", "\u{1f468}\u{200d}\u{1f469}.png"),
            ("\u{645}\u{6cc}\u{200c}\u{634}", "\u{645}\u{6cc}\u{200c}\u{634}"),
            ("\u{e4}\u{4e2d}\u{2013}", "\u{e4}\u{4e2d}\u{2013}"),
        ];
        for (text, expected) in table {
            assert_eq!(visible(text), expected);
        }
    }

    #[test]
    fn sizes_are_short() {
        let table = [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (1549, "1.5 kB"),
            (99_949, "99.9 kB"),
            (100_000, "100 kB"),
            (999_400, "999 kB"),
            (999_950, "1.0 MB"),
            (1_500_000_000, "1.5 GB"),
            (u64::MAX, "18.4 EB"),
        ];
        for (bytes, expected) in table {
            assert_eq!(Bytes(bytes).to_string(), expected);
        }
    }
}
