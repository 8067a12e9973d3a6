//! Text files that people write, with any editor.
//!
//! ```text
//! EF BB BF alice:...       Windows' Notepad and PowerShell put U+FEFF before it: skipped
//! FF FE 61 00 6C 00 ...    UTF-16, as PowerShell's > writes it: refused with advice
//! ```
//!
//! Lines may end in CR LF, too, and in blanks: the functions that split them deal with that.

use crate::base::human::OneLine;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// How long such a file may be, in bytes: enough for hundreds of certificates, or ten thousand users.
const MOST: u64 = 1024 * 1024;

/// Opens one.
///
/// # Errors
/// That of the system; and of a folder that it is one, which some systems call a lack of rights.
pub fn open(path: &Path) -> io::Result<File> {
    File::open(path).map_err(|error| if path.is_dir() { io::ErrorKind::IsADirectory.into() } else { error })
}

/// The content of a file.
///
/// # Errors
/// That of the system, or that it is too long to be such a file.
pub fn read(file: impl Read) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    file.take(MOST + 1).read_to_end(&mut content)?;
    if content.len() as u64 > MOST {
        return Err(io::Error::other("it has more than a megabyte, and so is something else"));
    }
    Ok(content)
}

/// U+FEFF in UTF-8: the *byte order mark*, which has no meaning in UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// The text of a file, without a byte order mark.
///
/// # Errors
/// A line that says what to do, if the file is in UTF-16, in which every other byte of ASCII text is a zero.
pub fn text<'a>(path: &Path, bytes: &'a [u8]) -> Result<&'a [u8], String> {
    if matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, _, ..] | [_, 0, ..]) {
        return Err(format!("\"{}\" is in UTF-16: save it again in UTF-8", OneLine(path)));
    }
    Ok(bytes.strip_prefix(MARK).unwrap_or(bytes))
}

/// Checks that a file can be read more than once. A pipe, such as a shell's `<(...)`, cannot, and opening it again may
/// block for ever.
///
/// # Errors
/// That of the system, or that it is no file.
pub fn can_be_read_again(path: &Path) -> io::Result<()> {
    if path.metadata()?.is_file() {
        Ok(())
    } else {
        Err(io::Error::other("it is no file that can be read again"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_not_read_to_its_end() {
        assert_eq!(read(&b"alice"[..]).expect("it is short"), b"alice");
        assert!(read(io::repeat(0)).is_err());
    }

    #[test]
    fn a_mark_is_passed_over_and_utf_16_is_told_from_text() {
        let table: &[(&[u8], Option<&[u8]>)] = &[
            (b"a:b", Some(b"a:b")),
            (b"\xef\xbb\xbfa:b", Some(b"a:b")),
            (b"\xef\xbb\xbf\xef\xbb\xbf", Some(b"\xef\xbb\xbf")),
            (b"", Some(b"")),
            (b"a", Some(b"a")),
            (b"\xff\xfea\0", None),
            (b"\xfe\xff\0a", None),
            (b"a\0:\0", None),
            (b"\0a\0:", None),
        ];
        for &(bytes, expected) in table {
            let found = text(Path::new("file"), bytes);
            assert_eq!(found.as_deref().ok(), expected, "{}", bytes.escape_ascii());
            assert!(found.err().is_none_or(|line| line == "\"file\" is in UTF-16: save it again in UTF-8"));
        }
    }
}
