//! Why an exchange went as it did: each decision is recorded where it is taken.
//!
//! ```
//! use glasshttp::base::trace::{self, Rfc};
//!
//! fn is_even(number: u32) -> bool {
//!     let even = number % 2 == 0;
//!     trace::decision("number", Rfc(9110, "8.6"), || format!("{number} is even: {even}"));
//!     even
//! }
//!
//! let (even, decisions) = trace::record(|| is_even(18));
//! assert!(even);
//! assert_eq!(decisions[0].text, "18 is even: true");
//! assert_eq!(decisions[0].rule.unwrap().to_string(), "RFC 9110 section 8.6");
//! ```
//!
//! A decision stands in the code like a comment that says why, and it is one. Under `--explain` it is a
//! line on the terminal, and in the inspector a row, with the place in the source where it was
//! taken. While nobody asks, a decision costs a look at a flag: its text is never made.
//!
//! Decisions are gathered for each thread, as log lines are. A worker deals with one connection at a
//! time, and takes what was gathered with it when it turns to the next. So the functions that
//! decide need no parameter more, and no chapter has to pass one through.

use crate::base::human::{Visible, is_harmless};
use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::Location;
use std::time::Instant;

/// How many decisions of an exchange are kept: the first ones and the last, which mostly says how it ended.
const MAX_DECISIONS: usize = 64;

/// How much of what a client sent is shown in a decision, in bytes.
const MAX_QUOTE: usize = 80;

thread_local! {
    static IS_ON: Cell<bool> = const { Cell::new(false) };
    static GATHERED: RefCell<Gathered> = const { RefCell::new(Gathered { decisions: Vec::new(), left_out: 0 }) };
}

/// The decisions of a thread so far.
#[derive(Default)]
struct Gathered {
    decisions: Vec<Decision>,
    /// How many were taken before the last of these and are not among them.
    left_out: usize,
}

impl Gathered {
    fn push(&mut self, decision: Decision) {
        if self.decisions.len() < MAX_DECISIONS {
            self.decisions.push(decision);
        } else {
            self.left_out += 1;
            self.decisions[MAX_DECISIONS - 1] = decision;
        }
    }

    /// The decisions, with a mark where some are left out.
    fn into_decisions(mut self) -> Vec<Decision> {
        if self.left_out > 0
            && let Some(last) = self.decisions.last()
        {
            let text = match self.left_out {
                1 => "1 decision is left out".to_owned(),
                count => format!("{count} decisions are left out"),
            };
            let (file, line, at) = (file!(), line!(), last.at);
            let mark =
                Decision { name: "left out", outcome: "", text, value: None, rule: None, file, line, at };
            self.decisions.insert(self.decisions.len() - 1, mark);
        }
        self.decisions
    }
}

/// A decision.
#[derive(Debug, Clone)]
pub struct Decision {
    /// What it was about, in a word or two.
    pub name: &'static str,
    /// Which way it went, in a word or two, where programs have to tell that; else empty.
    pub outcome: &'static str,
    /// What was decided and why: one sentence, on one line, with nothing in it but printable text.
    pub text: String,
    /// What it is about, where programs need it: a name or a number out of the text. It is as harmless.
    pub value: Option<String>,
    /// The rule that it follows, if there is one.
    pub rule: Option<Rfc>,
    /// The source file in which it was taken, from the project's folder.
    pub file: &'static str,
    /// The line there, counted from 1.
    pub line: u32,
    /// When.
    pub at: Instant,
}

/// What is told of a decision: its text; mostly with nothing else, and else as `("outcome", text)` or
/// `("outcome", text, value)`. See the fields of [`Decision`].
#[derive(Debug)]
pub struct Told {
    outcome: &'static str,
    text: String,
    value: Option<String>,
}

impl From<String> for Told {
    fn from(text: String) -> Told {
        Told { outcome: "", text, value: None }
    }
}

impl From<(&'static str, String)> for Told {
    fn from((outcome, text): (&'static str, String)) -> Told {
        Told { outcome, text, value: None }
    }
}

impl From<(&'static str, String, String)> for Told {
    fn from((outcome, text, value): (&'static str, String, String)) -> Told {
        Told { outcome, text, value: Some(value) }
    }
}

/// A section of an RFC: its number and the section's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rfc(pub u16, pub &'static str);

impl Rfc {
    /// Where it can be read.
    pub fn url(&self) -> String {
        format!("https://www.rfc-editor.org/rfc/rfc{}#section-{}", self.0, self.1)
    }
}

impl fmt::Display for Rfc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RFC {} section {}", self.0, self.1)
    }
}

/// Records a decision, if anybody wants to know. The text is one sentence; what a client sent goes
/// into it through [`quote`].
#[inline]
#[track_caller]
pub fn decision<T: Into<Told>>(name: &'static str, rule: impl Into<Option<Rfc>>, text: impl FnOnce() -> T) {
    if IS_ON.get() {
        push(name, rule.into(), text().into(), Location::caller());
    }
}

/// The same for a decision that was taken elsewhere.
pub fn decision_at<T: Into<Told>>(
    place: &'static Location<'static>,
    name: &'static str,
    rule: Option<Rfc>,
    text: impl FnOnce() -> T,
) {
    if IS_ON.get() {
        push(name, rule, text().into(), place);
    }
}

#[cold]
fn push(name: &'static str, rule: Option<Rfc>, told: Told, place: &'static Location<'static>) {
    let (Told { outcome, text, value }, at) = (told, Instant::now());
    let (file, line) = (place.file(), place.line());
    let decision = Decision { name, outcome, text, value, rule, file, line, at };
    GATHERED.with_borrow_mut(|gathered| gathered.push(decision));
}

/// Whether anybody wants to know.
pub fn is_on() -> bool {
    IS_ON.get()
}

/// From now on decisions of this thread are gathered, or not.
pub fn switch(on: bool) {
    IS_ON.set(on);
}

/// Puts decisions that another thread has taken behind those that this one has gathered.
pub fn add(decisions: Vec<Decision>) {
    GATHERED.with_borrow_mut(|gathered| decisions.into_iter().for_each(|decision| gathered.push(decision)));
}

/// How many decisions this thread has gathered.
#[inline]
pub fn count() -> usize {
    if IS_ON.get() { GATHERED.with_borrow(|gathered| gathered.decisions.len()) } else { 0 }
}

/// Forgets those that were gathered after there were so many.
pub fn forget_after(count: usize) {
    GATHERED.with_borrow_mut(|gathered| gathered.decisions.truncate(count));
}

/// Takes the decisions that this thread has gathered.
pub fn take() -> Vec<Decision> {
    GATHERED.take().into_decisions()
}

/// Runs something and gives, with its result, the decisions that it took.
pub fn record<T>(run: impl FnOnce() -> T) -> (T, Vec<Decision>) {
    let before = IS_ON.replace(true);
    let outer = GATHERED.take();
    let result = run();
    let inner = GATHERED.replace(outer);
    IS_ON.set(before);
    (result, inner.into_decisions())
}

/// Runs something without recording its decisions, because they are known already.
pub fn silently<T>(run: impl FnOnce() -> T) -> T {
    let _silence = silence();
    run()
}

/// Until this is dropped, decisions of this thread are not recorded.
#[must_use]
pub fn silence() -> Silence {
    Silence { was_on: IS_ON.replace(false) }
}

/// See [`silence`].
#[derive(Debug)]
pub struct Silence {
    was_on: bool,
}

impl Drop for Silence {
    fn drop(&mut self) {
        IS_ON.set(self.was_on);
    }
}

/// What a client sent, on one line, harmless to a terminal, and not too long: for values that have quotes of their own.
pub fn show(bytes: &[u8]) -> String {
    let (shown, more) = bytes.split_at(bytes.len().min(MAX_QUOTE));
    let ellipsis = if more.is_empty() { "" } else { "..." };
    format!("{}{ellipsis}", Visible(shown))
}

/// The same in quotes, with the quotes and backslashes in it escaped.
pub fn quote(bytes: &[u8]) -> String {
    let (shown, more) = bytes.split_at(bytes.len().min(MAX_QUOTE));
    let mut quoted = String::from("\"");
    // Text in other scripts stays as it is; what could move a cursor or hide does not.
    for chunk in shown.utf8_chunks() {
        for letter in chunk.valid().chars() {
            match letter {
                '"' | '\\' => quoted.extend(['\\', letter]),
                _ if is_harmless(letter) => quoted.push(letter),
                _ => quoted.extend(letter.escape_default()),
            }
        }
        for byte in chunk.invalid() {
            quoted.push_str(&format!("\\x{byte:02x}"));
        }
    }
    quoted.push('"');
    if !more.is_empty() {
        quoted.push_str(&format!(" and {} bytes more", more.len()));
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide() {
        decision("decision", None, || "it was so".to_owned());
    }

    #[test]
    fn a_decision_has_the_place_where_it_was_taken() {
        let ((), decisions) = record(decide);
        assert_eq!((decisions.len(), decisions[0].file), (1, file!()));
        assert!(decisions[0].line < line!());
    }

    #[test]
    fn while_nobody_asks_no_text_is_made() {
        decision("decision", Rfc(9110, "1"), || -> String { unreachable!("nobody asks") });
        assert!(take().is_empty());
    }

    #[test]
    fn a_decision_says_which_way_it_went_and_what_it_is_about() {
        let ((), decisions) = record(|| {
            decide();
            decision("way", None, || ("left", "to the left".to_owned()));
            decision("way", None, || ("right", "to the right, by 3".to_owned(), "3".to_owned()));
        });
        let told = decisions.iter().map(|one| (one.outcome, one.value.as_deref()));
        assert_eq!(told.collect::<Vec<_>>(), [("", None), ("left", None), ("right", Some("3"))]);
    }

    #[test]
    fn recordings_within_each_other_stay_apart() {
        let ((inner, ()), outer) = record(|| {
            decide();
            let ((), inner) = record(decide);
            (inner, decide())
        });
        assert_eq!((inner.len(), outer.len()), (1, 2));
    }

    #[test]
    fn decisions_are_bounded_and_the_last_is_always_among_them() {
        let number = |number: usize| decision("number", None, || number.to_string());
        for count in [0, 1, MAX_DECISIONS - 1, MAX_DECISIONS] {
            let ((), decisions) = record(|| (0..count).for_each(number));
            let texts: Vec<_> = decisions.into_iter().map(|decision| decision.text).collect();
            assert_eq!(texts, (0..count).map(|number| number.to_string()).collect::<Vec<_>>());
        }
        for (count, mark) in
            [(MAX_DECISIONS + 1, "1 decision is left out"), (10_000, "9936 decisions are left out")]
        {
            let ((), decisions) = record(|| (0..count).for_each(number));
            let ends: Vec<_> =
                decisions[MAX_DECISIONS - 2..].iter().map(|decision| &*decision.text).collect();
            let (before, last) = ((MAX_DECISIONS - 2).to_string(), (count - 1).to_string());
            assert_eq!(ends, [&*before, mark, &*last]);
            assert!(take().is_empty(), "nothing of it is left for the next recording");
        }
    }

    #[test]
    fn quotes_are_harmless_and_short() {
        let table: &[(&[u8], &str)] = &[
            (b"plain", "\"plain\""),
            ("ü 窗".as_bytes(), "\"ü 窗\""),
            (b"a\"b\\c", "\"a\\\"b\\\\c\""),
            (b"\x1b[2J\r\n", "\"\\u{1b}[2J\\r\\n\""),
            (b"\xff\x80", "\"\\xff\\x80\""),
            ("\u{202e}\u{9b}".as_bytes(), "\"\\u{202e}\\u{9b}\""),
        ];
        for (bytes, expected) in table {
            assert_eq!(quote(bytes), *expected);
        }
        assert_eq!(quote(&[b'a'; 100]), format!("\"{}\" and 20 bytes more", "a".repeat(80)));
    }
}
