//! What an archive lacks, so that nobody takes it for the whole.
//!
//! ```text
//! photos/a.jpg
//! photos/private/              the server may not read it
//! photos/MISSING.txt           ...
//!                              photos/private: the server may not read it
//! ```
//!
//! What is not served on purpose (hidden names, links that lead out, special files) is not missing.

use crate::base::human;

/// How the file is called that names what is missing, unless something else in the folder is.
pub(super) const NAME: (&str, &str) = ("MISSING", ".txt");

/// How much of it is written, in bytes: not all of what may be missing has to be named.
const MAX_TEXT: usize = 32 * 1024;

/// What is missing so far.
#[derive(Debug, Default)]
pub(super) struct Missing {
    text: String,
    count: usize,
    not_named: usize,
}

impl Missing {
    /// Notes something, by its name in the archive.
    pub(super) fn add(&mut self, name: &[u8], why: &str) {
        self.count += 1;
        if self.text.len() >= MAX_TEXT {
            self.not_named += 1;
            return;
        }
        let shown = String::from_utf8_lossy(name);
        self.text.push_str(&human::visible(&shown));
        self.text.push_str(": ");
        self.text.push_str(why);
        self.text.push('\n');
    }

    /// How many they are.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// The file that names them.
    pub(super) fn text(&self) -> String {
        let mut text =
            format!("This archive is not whole. What could not be packed as it is:\n\n{}", self.text);
        if self.not_named > 0 {
            text.push_str(&format!("and {} more\n", self.not_named));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_line_whatever_its_name_is_and_what_is_too_much_is_counted() {
        let mut missing = Missing::default();
        missing.add(b"a\nb", "why");
        missing.add(b"\xff", "another");
        assert!(missing.text().ends_with(":\n\na␊b: why\n\u{fffd}: another\n"), "{}", missing.text());
        for _ in 0..10_000 {
            missing.add(b"some name", "why");
        }
        let text = missing.text();
        let named = text.lines().count() - 3;
        assert!(text.len() < MAX_TEXT + 200, "{}", text.len());
        assert!(text.ends_with(&format!("and {} more\n", 10_002 - named)), "{text}");
        assert_eq!(missing.count(), 10_002);
    }
}
