//! What a check says when it fails: what was sent, what came, what was expected and what to look at.

use crate::texts::{self, Language, Message, Text};
use std::fmt::Write as _;
use std::time::Duration;

/// What a check gives: nothing, or why it failed.
pub type Outcome<T = ()> = Result<T, Box<Failure>>;

/// Why a check failed, part by part, in the order in which it is shown.
#[derive(Debug, Default)]
pub struct Failure {
    parts: Vec<(Text, Content)>,
}

/// What stands below the name of a part.
#[derive(Debug)]
pub enum Content {
    /// Bytes that were sent or came.
    Bytes(Vec<u8>),
    /// Our own words.
    Words(Message),
    /// Lines that somebody else wrote.
    Lines(String),
    /// Bytes, and then words.
    Then(Vec<u8>, Message),
}

impl From<Message> for Content {
    fn from(message: Message) -> Content {
        Content::Words(message)
    }
}

impl From<Text> for Content {
    fn from(text: Text) -> Content {
        Content::Words(text.into())
    }
}

impl From<&[u8]> for Content {
    fn from(bytes: &[u8]) -> Content {
        Content::Bytes(bytes.to_vec())
    }
}

impl From<&str> for Content {
    fn from(bytes: &str) -> Content {
        Content::Bytes(bytes.as_bytes().to_vec())
    }
}

impl Failure {
    pub fn new() -> Failure {
        Failure::default()
    }

    /// Adds a part.
    pub fn with(mut self, name: Text, content: impl Into<Content>) -> Failure {
        self.parts.push((name, content.into()));
        self
    }

    /// Adds the parts of another.
    pub fn and(mut self, other: Failure) -> Failure {
        self.parts.extend(other.parts);
        self
    }

    /// What the checker sent; left out if that was nothing.
    pub fn sent(self, bytes: &[u8]) -> Failure {
        if bytes.is_empty() { self } else { self.with(texts::SENT, bytes) }
    }

    /// What came.
    pub fn came(self, content: impl Into<Content>) -> Failure {
        self.with(texts::CAME, content)
    }

    /// What was expected.
    pub fn expected(self, content: impl Into<Content>) -> Failure {
        self.with(texts::EXPECTED, content)
    }

    /// As the result of a check.
    pub fn fail<T>(self) -> Outcome<T> {
        Err(Box::new(self))
    }

    /// The lines of it.
    pub fn show(&self, language: Language) -> String {
        let mut shown = String::new();
        for (name, content) in &self.parts {
            let lines = match content {
                Content::Bytes(bytes) => show(bytes, language),
                Content::Words(message) => wrapped(&message.in_language(language)),
                Content::Lines(lines) => lines.trim_end().to_owned(),
                Content::Then(bytes, message) if bytes.is_empty() => message.in_language(language),
                Content::Then(bytes, message) => {
                    format!("{}\n{}", show(bytes, language), message.in_language(language))
                }
            };
            let _ = writeln!(shown, "  {}", name.in_language(language));
            for line in lines.lines() {
                let _ = writeln!(shown, "    {line}");
            }
        }
        shown
    }
}

/// Lines of words, broken at spaces, so that they can be indented. A line without spaces is left to the terminal.
pub fn wrapped(text: &str) -> String {
    const WIDTH: usize = 72;
    let (mut lines, mut line) = (Vec::new(), String::new());
    for word in text.split(' ') {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines.join("\n")
}

/// How many lines of bytes are shown, and how many bytes of each.
const LINES: usize = 12;
const COLUMNS: usize = 160;

/// Bytes as text, a line each, with their ends to be seen. What is too long is cut, with a note of how much.
pub fn show(bytes: &[u8], language: Language) -> String {
    if bytes.is_empty() {
        return texts::NOTHING.in_language(language).to_owned();
    }
    let mut shown: Vec<String> = Vec::new();
    let mut left = bytes.len();
    for line in bytes.split_inclusive(|&byte| byte == b'\n').take(LINES) {
        let mut cut = &line[..line.len().min(COLUMNS)];
        if cut.len() < line.len() {
            // Not in the middle of a letter.
            while let [rest @ .., last] = cut
                && (0x80..=0xff).contains(last)
                && !rest.is_empty()
            {
                cut = rest;
            }
        }
        left -= cut.len();
        shown.push(escape(cut));
        if cut.len() < line.len() {
            break;
        }
    }
    if left > 0 {
        shown.push(texts::MORE_BYTES.with([group(left)]).in_language(language));
    }
    shown.join("\n")
}

/// Letters as they are; what ends lines, controls terminals or is no UTF-8, as escapes.
fn escape(bytes: &[u8]) -> String {
    let mut escaped = String::new();
    for chunk in bytes.utf8_chunks() {
        for letter in chunk.valid().chars() {
            match letter {
                '\'' | '"' => escaped.push(letter),
                '\\' => escaped.push_str("\\\\"),
                letter if letter.is_ascii() => escaped.extend(letter.escape_default()),
                letter => escaped.extend(letter.escape_debug()),
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(escaped, "\\x{byte:02x}");
        }
    }
    escaped.replace("\\u{0}", "\\0")
}

/// A number with a comma at each thousand.
pub fn group(number: usize) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A time in seconds, with one digit behind the point.
pub fn seconds(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_shown_so_that_line_ends_can_be_told() {
        assert_eq!(show(b"", Language::English), "nothing");
        assert_eq!(show(b"a\r\nb\n\0\x1b\xff", Language::English), "a\\r\\n\nb\\n\n\\0\\u{1b}\\xff");
        assert_eq!(show("Grüße 你".as_bytes(), Language::English), "Grüße 你");
    }

    #[test]
    fn what_is_long_is_cut_and_says_so() {
        let shown = show(&vec![b'x'; 220_000], Language::English);
        assert!(shown.ends_with("\n... and 219,840 bytes more"), "{shown}");
        let shown = show(&b"x\n".repeat(1000), Language::Chinese);
        assert_eq!(shown.lines().count(), LINES + 1);
        assert!(shown.contains("1,976"), "{shown}");
    }

    #[test]
    fn words_are_wrapped() {
        assert_eq!(wrapped("short"), "short");
        let long = "eight or nine ".repeat(12);
        assert!(wrapped(&long).lines().all(|line| line.len() <= 72));
        assert_eq!(wrapped(&long).replace('\n', " "), long);
    }

    #[test]
    fn numbers_have_commas() {
        assert_eq!(group(7), "7");
        assert_eq!(group(1_000_000), "1,000,000");
    }
}
