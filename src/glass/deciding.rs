//! Where a decision was taken. What tells it names its own line; the `if` stands some lines above.
//!
//! ```text
//! 204 │         if self.fields.len() == MAX_FIELDS {                   ◀── this decided
//! 205 │             return Err(Refusal::new(Status::FIELDS_TOO_LARGE,
//! 206 │                 "there are more than 100 fields"));            ◀── this tells it
//! 207 │         }
//! ```
//!
//! The source is in the program ([`SOURCE`]), and rustfmt has indented it: who looks upwards for lines that are further
//! to the left goes from a statement to the block that it is in. A line that decides is the first of these that has a
//! condition in it. Where none has, the function decides nothing by itself: then the statement before the telling does.

use crate::base::embedded::SOURCE;
use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// How many lines are shown, at most, and how many of them behind the one that tells.
const MOST: usize = 40;
const MOST_BEHIND: usize = 8;

/// The line that decided what this line tells. Each place is looked up once.
pub(super) fn line(file: &'static str, telling: u32) -> u32 {
    static KNOWN: LazyLock<Mutex<HashMap<(&str, u32), u32>>> = LazyLock::new(Mutex::default);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    *known.entry((file, telling)).or_insert_with(|| {
        let deciding = text_of(file).and_then(|text| find(&text, telling));
        deciding.map_or(telling, |lines| *lines.start())
    })
}

/// The same, with all lines from there to the end of what tells: their numbers, and their text.
pub(super) fn lines(file: &'static str, telling: u32) -> Option<(RangeInclusive<u32>, Vec<String>)> {
    let text = text_of(file)?;
    let numbers = find(&text, telling)?;
    let shown = text.lines().skip(*numbers.start() as usize - 1).take(numbers.clone().count());
    Some((numbers, shown.map(str::to_owned).collect()))
}

/// The text of a file of the source. Those that decide are some thirty, and each is asked for again and again: it is
/// unpacked once.
fn text_of(file: &'static str) -> Option<Arc<str>> {
    static KNOWN: LazyLock<Mutex<HashMap<&str, Option<Arc<str>>>>> = LazyLock::new(Mutex::default);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let unpack = || SOURCE.find(file).and_then(|bytes| String::from_utf8(bytes).ok()).map(Arc::from);
    known.entry(file).or_insert_with(unpack).clone()
}

/// The lines from the one that decides to the end of what tells, counted from 1; nothing, if the text has no such line.
fn find(text: &str, telling: u32) -> Option<RangeInclusive<u32>> {
    let lines: Vec<&str> = text.lines().collect();
    let told = (telling as usize).checked_sub(1).filter(|&at| at < lines.len())?;
    let (decides, statement) = decides(&lines, told);
    let last = end_of_statement(&lines, statement).max(told).min(told + MOST_BEHIND).min(decides + MOST - 1);
    let number = |at: usize| u32::try_from(at + 1).unwrap_or(u32::MAX);
    Some(number(decides)..=number(last))
}

/// Which line decides, and where the statement begins that tells.
fn decides(lines: &[&str], told: usize) -> (usize, usize) {
    if has_condition(before_telling(lines[told])) {
        return (with_its_if(lines, told), told);
    }
    let mut at = told;
    while let Some(above) = opener(lines, at) {
        let above = start_of_opener(lines, above);
        if is_item(lines[above]) {
            return (condition_before(lines, at, above), at);
        }
        at = above;
        if has_condition(before_telling(lines[at])) {
            return (with_its_if(lines, at), at);
        }
    }
    (told, told)
}

/// What stands on a line before it tells. Behind that are conditions, too: which words to use.
fn before_telling(line: &str) -> &str {
    line.split("trace::decision").next().unwrap_or(line)
}

/// The line that opens the block or the call in which this one is.
fn opener(lines: &[&str], at: usize) -> Option<usize> {
    let own = indentation(lines[at]);
    (0..at).rev().find(|&above| is_code(lines[above]) && indentation(lines[above]) < own)
}

/// Where what opens a block begins, if it was too long for one line: then its last line is a brace, or begins with one.
fn start_of_opener(lines: &[&str], opener: usize) -> usize {
    let is_end = |line: &str| line == "{" || line.starts_with(')') || line.starts_with("where");
    let own = indentation(lines[opener]);
    let starts = |&above: &usize| {
        is_code(lines[above]) && indentation(lines[above]) == own && !is_end(lines[above].trim())
    };
    if is_end(lines[opener].trim()) { (0..opener).rev().find(starts).unwrap_or(opener) } else { opener }
}

/// An `else` decides nothing by itself: its `if` does.
fn with_its_if(lines: &[&str], at: usize) -> usize {
    let line = lines[at].trim_start();
    if !line.starts_with("} else {") && !line.starts_with("} else if ") {
        return at;
    }
    let own = indentation(lines[at]);
    let starts =
        |&above: &usize| indentation(lines[above]) == own && !lines[above].trim_start().starts_with('}');
    (0..at).rev().filter(|&above| is_code(lines[above])).find(starts).unwrap_or(at)
}

/// The last statement before this one in a function that has a condition: it has found out what is told. If there is
/// none, the line that tells is all that there is.
fn condition_before(lines: &[&str], at: usize, function: usize) -> usize {
    let own = indentation(lines[at]);
    let mut end = at;
    for start in (function + 1..at).rev() {
        let line = lines[start].trim_start();
        if !is_code(lines[start])
            || indentation(lines[start]) != own
            || line.starts_with(['}', ')', ']', '.', '{'])
        {
            continue;
        }
        let tells = line.starts_with("trace::decision");
        if !tells && lines[start..end].iter().any(|line| is_code(line) && compares(line)) {
            return start;
        }
        end = start;
    }
    at
}

/// The last line of the statement that begins here.
fn end_of_statement(lines: &[&str], start: usize) -> usize {
    let own = indentation(lines[start]);
    let is_end = |&at: &usize| is_code(lines[at]) && indentation(lines[at]) <= own;
    match (start + 1..lines.len()).find(is_end) {
        // What closes it is a part of it.
        Some(end) if lines[end].trim_start().starts_with(['}', ')', ']']) => end,
        Some(next) => next - 1,
        None => start,
    }
}

/// Whether a line has a condition: a keyword, the arm of a `match`, or a method that does one thing or another.
fn has_condition(line: &str) -> bool {
    const STARTS: [&str; 7] = ["if ", "} else", "else ", "match ", "while ", "for ", "_ => "];
    const PARTS: [&str; 15] = [
        " if ",
        " else {",
        " match ",
        " => ",
        ".ok_or",
        ".then(",
        ".then_some(",
        ".filter(",
        ".map_or",
        ".unwrap_or",
        ".or_else",
        ".is_some_and(",
        ".is_none_or(",
        ".and_then(",
        ".map_err(",
    ];
    let line = line.split(" // ").next().unwrap_or(line).trim_start();
    is_code(line)
        && !is_item(line)
        && (STARTS.iter().any(|start| line.starts_with(start))
            || PARTS.iter().any(|part| line.contains(part)))
}

/// Whether it finds something out: a condition, a comparison, or what may fail.
fn compares(line: &str) -> bool {
    const PARTS: [&str; 10] =
        [" && ", " || ", " == ", " != ", " < ", " > ", " <= ", " >= ", "matches!(", ")?"];
    has_condition(line) || PARTS.iter().any(|part| line.contains(part))
}

/// The first line of a function, or of what holds functions.
fn is_item(line: &str) -> bool {
    let mut words = line.split_whitespace().take_while(|word| !word.contains('='));
    words.any(|word| ["fn", "impl", "mod", "static", "trait"].contains(&word) || word.starts_with("impl<"))
}

/// Neither empty nor a comment or an attribute.
fn is_code(line: &str) -> bool {
    let line = line.trim_start();
    !line.is_empty() && !line.starts_with("//") && !line.starts_with("#[")
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines of the source that tell of a decision, with their numbers.
    fn tellings() -> Vec<(&'static str, u32)> {
        let mut found = Vec::new();
        for path in SOURCE.paths().filter(|path| path.starts_with("src/")) {
            let text = String::from_utf8(SOURCE.find(path).expect("it is there")).expect("UTF-8");
            let text = text.split("\n#[cfg(test)]").next().expect("a first part");
            for (line, number) in text.lines().zip(1..) {
                let code = line.trim_start();
                let tells = code.contains("trace::decision(")
                    || code.contains("Refusal::new(")
                    || code.contains("Refusal::bad_request(");
                if tells && !code.starts_with("//") {
                    found.push((path, number));
                }
            }
        }
        found
    }

    /// What decides nothing by itself: it tells of what was found, or has gone wrong. (A file, and a part of the line.)
    const UNCONDITIONAL: &[(&str, &str)] = &[
        ("src/glass/metrics/mod.rs", "\"metrics\""),
        ("src/glass/metrics/mod.rs", "\"health\""),
        ("src/server/connection/answering.rs", "\"date\""),
        ("src/server/connection/asking.rs", "the server has made a mistake"),
        ("src/site/error_page.rs", "\"error page\""),
        ("src/site/listing/search/mod.rs", "\"search\""),
        ("src/site/representation/respond.rs", "\"representation\""),
        ("src/site/upload/form.rs", "\"upload\""),
    ];

    #[test]
    fn the_line_is_the_one_with_the_condition_and_not_the_one_that_tells() {
        // A file, a part of what is told, and a part of the line that decides.
        let table = [
            ("src/http/request.rs", "a line ends with LF alone", "line.strip_suffix(b\"\\r\")"),
            ("src/http/request.rs", "needs a Host field", "(None, _) =>"),
            ("src/http/fields.rs", "white space between", "if matches!(name.last(), Some(b' ' | b'\\t')) {"),
            (
                "src/http/framing.rs",
                "both Content-Length and Transfer-Encoding",
                "if request.fields.get(\"content-length\")",
            ),
            ("src/http/target.rs", "climbs above the root", "b\"..\" if relative.is_empty() =>"),
            ("src/site/hosts.rs", "answers for localhost only", "if let Some(why) = why {"),
            ("src/site/root.rs", "a link leads out of the folder that is served\")", "if leads_out(error) {"),
            ("src/server/connection/answering.rs", "stays open for the next request", "let keep_alive ="),
        ];
        for (file, told, decides) in table {
            let text = String::from_utf8(SOURCE.find(file).expect("it is there")).expect("UTF-8");
            let at = text.lines().position(|line| line.contains(told) && !line.contains("//")).expect(told);
            let starts = |at: &usize| {
                tellings().iter().any(|&(path, number)| path == file && number as usize == at + 1)
            };
            let telling = (0..=at).rev().find(starts).expect(told) + 1;
            let (deciding, lines) = lines(file, u32::try_from(telling).expect("small")).expect(told);
            assert!(lines[0].contains(decides), "{told}: {deciding:?} {}", lines[0]);
            assert_eq!(deciding.count(), lines.len(), "{told}");
            let shown = lines.join("\n");
            assert!(shown.contains("trace::decision") || shown.contains("Refusal::"), "{shown}");
        }
    }

    #[test]
    fn each_decision_leads_to_a_line_with_a_condition() {
        let mut bad = Vec::new();
        for (path, number) in tellings() {
            let (deciding, lines) = lines(path, number).expect("it is there");
            assert!((1..=MOST).contains(&lines.len()), "{path}:{number}: {deciding:?}");
            let line = lines[0].trim();
            let is_known = UNCONDITIONAL.iter().any(|(file, part)| path == *file && line.contains(part));
            if !compares(before_telling(line)) && !is_known && !names_its_caller(path, number) {
                bad.push(format!("{path}:{number}: {line}"));
            }
        }
        assert_eq!(bad, [""; 0], "\n{}", bad.join("\n"));
    }

    /// Whether the place is that of the function's caller.
    fn names_its_caller(path: &str, number: u32) -> bool {
        let text = String::from_utf8(SOURCE.find(path).expect("it is there")).expect("UTF-8");
        let above: Vec<_> = text.lines().take(number as usize).collect();
        let function = above.iter().rposition(|line| is_item(line) && is_code(line)).expect("a function");
        above[..function]
            .iter()
            .rev()
            .take_while(|line| line.trim_start().starts_with('#'))
            .any(|line| line.contains("track_caller"))
    }
}
