//! The course tells decisions in Chinese, too: `www/course/decisions.zh.data.js` has a sentence for each that the server can
//! tell. What is told anew, or in other words, needs one there, and this finds what lacks it.
//!
//! The sentences are found in the source: the literals, of more than one word, of each file that tells something. Those by
//! which programs know a decision are no sentences, and neither is what makes up a page or a field.

use crate::support::files_ending_in;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A file in which one of these stands tells something.
const TELLS: [&str; 5] =
    ["trace::decision(", "Refusal::new(", "Refusal::bad_request(", "Row::new(", "Takes {"];

/// These have words for others that tell it.
const ALSO: [&str; 7] = [
    "base/trace.rs",
    "command/laboratory/",
    "glass/laboratory/",
    "glass/sentence/",
    "http/forwarded.rs",
    "server/events.rs",
    "server/tls/enabled/mod.rs",
];

/// Behind these stands no sentence: what only programs are told, or nobody.
const NAMES: [&str; 9] = [
    "decision(",
    "because(",
    "Step(",
    "Step(\"\",",
    "expect(",
    "panic!(",
    "unreachable!(",
    "Row::new(",
    "Row::without_step(",
];

/// Names of decisions that stand elsewhere.
const MORE_NAMES: [&str; 3] = ["inspector", "laboratory", "left out"];

/// What stands in files that tell something, and is told to nobody: names of other things, values of fields, parts of pages,
/// what the command line says, and what only those see who write the program.
const NOT_TOLD: &str = "
    given up | left out | near name | no further | not read | passed over | too long | TLS 1.2 | TLS 1.3 | {} s
    GET, HEAD | GET, HEAD, OPTIONS | GET, HEAD, PUT, OPTIONS | GET, HEAD, PUT, POST, OPTIONS | bytes */{}
    Accept, Accept-Language, Sec-Fetch-Dest | Sec-Fetch-Dest, Accept-Encoding | no-store, no-transform
    multipart/byteranges; boundary={} | RFC {} section {}
    0 0 | M0 0h | M{} {}h{}v1h-{}z | QR code of the address | QR code of {} | The address: | The folder of
    For the camera of another device: | All of it as text | As text | Its folder | This is the beginning.
    {}, but there is {}
    it must be loopback, an address or a network such as 10.0.0.0/8 | bytes a second
    the faults are slow=N, split, drop-after=N, no-length, wrong-length=+N and lf-only
    wrong-length takes a number to add, such as wrong-length=+5 or wrong-length=-5
    {} takes a number of {}, such as {}=1000 | it is neither a folder nor a file
    it must be a name, a colon and a password, without control characters
    Auth({} and {} users) | Plain({}, ...) | a chunk of nothing is the last | it is what pages return
    the message is too long | two words.txt";

/// The same, of a whole file: it looks for the calls that tell something.
const SILENT: &str = "glass/deciding.rs";

fn not_told() -> impl Iterator<Item = &'static str> {
    NOT_TOLD.split(['|', '\n']).map(str::trim).filter(|known| !known.is_empty())
}

/// A literal of the source: what stands before it, without white space and with other literals emptied; and its text, with
/// `{}` for what is filled in.
type Literal = (String, String);

/// A file of the source: its name, its text, and its literals.
type Source = (String, String, Vec<Literal>);

/// All literals of a source file, without its comments and tests.
fn literals(text: &str) -> Vec<Literal> {
    let mut rest = &text[..text.find("#[cfg(test)]\nmod tests").unwrap_or(text.len())];
    let (mut found, mut code) = (Vec::new(), String::new());
    while let Some(next) = rest.chars().next() {
        let length = match next {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            'r' if rest.starts_with("r#\"") => rest.find("\"#").expect("it is closed") + 2,
            // Not so the lifetime `'a`.
            '\'' if rest.starts_with("'\\") || rest.chars().nth(2) == Some('\'') => end_of(rest, '\''),
            '"' => {
                let end = end_of(rest, '"');
                let start = code.char_indices().rev().nth(39).map_or(0, |(at, _)| at);
                found.push((code[start..].to_owned(), with_holes(&plain(&rest[1..end - 1]))));
                code.push_str("\"\"");
                end
            }
            _ => {
                code.extend(Some(next).filter(|next| !next.is_whitespace()));
                next.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    found
}

/// Where a literal ends that begins here.
fn end_of(text: &str, quote: char) -> usize {
    let mut is_escaped = false;
    let end = text.char_indices().skip(1).find(|&(_, next)| {
        let is_end = next == quote && !is_escaped;
        is_escaped = next == '\\' && !is_escaped;
        is_end
    });
    end.expect("it is closed").0 + 1
}

/// What a literal stands for. A line that ends with a backslash goes on in the next.
fn plain(literal: &str) -> String {
    let (mut text, mut rest) = (String::new(), literal);
    while let Some((before, behind)) = rest.split_once('\\') {
        text.push_str(before);
        let next = behind.chars().next().expect("something is escaped");
        rest = &behind[next.len_utf8()..];
        match next {
            '\n' => rest = rest.trim_start(),
            'n' | 'r' => text.push('\n'),
            other => text.push(other),
        }
    }
    text + rest
}

/// The same with `{}` for each hole, whatever is in it.
fn with_holes(text: &str) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some((before, behind)) = rest.split_once('{') {
        let Some((_, after)) = behind.split_once('}') else { break };
        out = out + before + "{}";
        rest = after;
    }
    out + rest
}

/// All files of the source but tests.
fn source() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = files_ending_in("rs", &root);
    files.retain(|path| !path.ends_with("tests.rs"));
    let read = |path: &PathBuf| {
        let name = path.strip_prefix(&root).expect("below it").to_str().expect("text").to_owned();
        let text = fs::read_to_string(path).expect("text");
        let literals = literals(&text);
        (name, text, literals)
    };
    files.iter().map(read).collect()
}

/// The sentences that are told, each with a file in which it stands.
fn told(source: &[Source]) -> BTreeSet<(String, String)> {
    let all = source.iter().flat_map(|(_, _, literals)| literals);
    let outcomes: BTreeSet<_> =
        all.filter(|(before, _)| before.ends_with("Step(\"\",")).map(|(_, text)| &**text).collect();
    let is_told = |(before, text): &&Literal| {
        let is_named = NAMES.iter().any(|name| before.ends_with(name)) || outcomes.contains(&**text);
        let is_markup =
            ["<", "\n", "=\"", "; charset=", "default-src"].iter().any(|part| text.contains(part));
        let is_sentence = text.trim().contains(' ') && !text.ends_with('.');
        is_sentence && !is_named && !is_markup && !not_told().any(|known| known == text.trim())
    };
    let tells = |(name, text, _): &&Source| {
        let is_one = |tells: &&str| text.contains(tells);
        name != SILENT && (TELLS.iter().any(is_one) || ALSO.iter().any(|also| name.starts_with(also)))
    };
    let files = source.iter().filter(tells);
    let pairs =
        files.flat_map(|(name, _, literals)| literals.iter().filter(is_told).map(move |told| (told, name)));
    pairs.map(|((_, text), name)| (text.clone(), name.clone())).collect()
}

/// The names of decisions.
fn names(source: &[Source]) -> BTreeSet<String> {
    let all = source.iter().filter(|(name, ..)| name != SILENT).flat_map(|(_, _, literals)| literals);
    let is_name = |(before, _): &&Literal| {
        ["trace::decision(", "decision_at(self.place,"].iter().any(|call| before.ends_with(call))
    };
    all.filter(is_name).map(|(_, text)| text.clone()).chain(MORE_NAMES.map(str::to_owned)).collect()
}

/// The entries of one of the tables of the catalogue: English and Chinese.
fn entries(table: &str) -> Vec<[String; 2]> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("www/course/decisions.zh.data.js");
    let text = fs::read_to_string(path).expect("text");
    let (_, table) = text.split_once(&format!("export const {table} = [\n")).expect("it is there");
    let (table, _) = table.split_once("\n];").expect("it is closed");
    let lines = table.lines().map(str::trim).filter(|line| line.starts_with('['));
    lines.map(|line| serde_json::from_str(line.trim_end_matches(',')).expect(line)).collect()
}

/// The numbers in the holes of a Chinese sentence.
fn numbers(chinese: &str) -> BTreeSet<usize> {
    let holes = chinese.split('{').skip(1).filter_map(|part| part.split_once('}'));
    holes.map(|(hole, _)| hole.trim_end_matches(['?', '!']).parse().expect(chinese)).collect()
}

#[test]
fn whatever_the_server_tells_it_tells_in_chinese() {
    let entries = entries("SENTENCES");
    let known: BTreeSet<_> = entries.iter().map(|[english, _]| with_holes(english)).collect();
    let mut missing = told(&source());
    missing.retain(|(text, _)| !known.contains(text));
    assert_eq!(missing, BTreeSet::new(), "SENTENCES of www/course/decisions.zh.data.js lacks these");
    assert_eq!(known.len(), entries.len(), "one is there twice");
}

#[test]
fn each_name_of_a_decision_is_there_in_chinese_and_no_other() {
    let entries = entries("NAMES");
    let known: BTreeSet<_> = entries.iter().map(|[english, _]| english.clone()).collect();
    assert_eq!(
        known,
        names(&source()),
        "(NAMES of www/course/decisions.zh.data.js, and what is in the source)"
    );
}

#[test]
fn no_sentence_is_there_that_nobody_tells() {
    let source = source();
    let all: BTreeSet<_> =
        source.iter().flat_map(|(_, _, literals)| literals).map(|(_, text)| &**text).collect();
    let stale: Vec<_> = entries("SENTENCES")
        .into_iter()
        .filter(|[english, _]| !all.contains(&*with_holes(english)))
        .collect();
    assert!(stale.is_empty(), "these stand nowhere in the source: {stale:#?}");
    let stale: Vec<_> = not_told().filter(|known| !all.iter().any(|text| text.trim() == *known)).collect();
    assert!(stale.is_empty(), "these exceptions stand nowhere in the source: {stale:#?}");
}

#[test]
fn a_chinese_sentence_has_the_holes_and_the_marks_of_the_english_one() {
    for [english, chinese] in entries("SENTENCES") {
        let count = with_holes(&english).matches("{}").count();
        assert_eq!(numbers(&chinese), (0..count).collect(), "{english}\n{chinese}");
        assert_eq!(chinese.matches('`').count(), english.matches('`').count(), "{english}\n{chinese}");
    }
}
