//! The documents for people: README, what stands beside it, and `docs/`. README is short enough to be read to its end,
//! links lead to what is there, the options are all described, and both languages say the same.
//!
//! Each failure names a file, and a line where there is one.

mod markdown;

use crate::manual;
use crate::support::folder;
use markdown::Document;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The bytes that a README may have.
const LONGEST_README: usize = 10_000;

/// The bytes that a picture may have.
const LARGEST_PICTURE: u64 = 80_000;

/// Those in these folders of the project.
fn documents_in(folders: &[&str]) -> Vec<Document> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut names = Vec::new();
    for folder in folders {
        for entry in fs::read_dir(project.join(folder)).expect("a folder") {
            let name = entry.expect("an entry").file_name();
            if Path::new(&name).extension().is_some_and(|extension| extension == "md") {
                names.push(format!("{folder}{}", name.to_str().expect("UTF-8")));
            }
        }
    }
    names.sort();
    names.iter().map(|name| Document::read(project, name)).collect()
}

/// Those that are there in both languages.
fn pairs() -> Vec<(Document, Document)> {
    let (chinese, mut english): (Vec<_>, Vec<_>) =
        documents_in(&["", "docs/"]).into_iter().partition(|document| document.name.ends_with(".zh.md"));
    let has_twin = |name: &str| chinese.iter().any(|other| other.name.replace(".zh.md", ".md") == name);
    english.retain(|document| has_twin(&document.name));
    assert_eq!(english.len(), chinese.len(), "each has a twin");
    english.into_iter().zip(chinese).collect()
}

fn document(name: &str) -> Document {
    Document::read(Path::new(env!("CARGO_MANIFEST_DIR")), name)
}

/// The long name in a cell such as `` `-p, --port PORT` ``.
fn long_name(cell: &str) -> &str {
    let name = &cell[cell.find("--").unwrap_or_else(|| panic!("no long name in {cell}"))..];
    let is_part = |letter: char| letter.is_ascii_lowercase() || letter == '-';
    &name[..name.find(|letter| !is_part(letter)).unwrap_or(name.len())]
}

#[test]
fn a_readme_is_short_enough_to_be_read_to_its_end() {
    for name in ["README.md", "README.zh.md"] {
        let length = document(name).text.len();
        assert!(length <= LONGEST_README, "{name} has {length} bytes, and may have {LONGEST_README}");
    }
}

#[test]
fn every_link_leads_to_a_file_and_a_heading_that_are_there() {
    let documents = documents_in(&["", "docs/", "examples/", "fuzz/"]);
    let links: usize = documents.iter().map(|document| document.links().len()).sum();
    assert!(links > 150, "only {links} links were found");
    let faults: Vec<_> = documents.iter().flat_map(Document::faults).collect();
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn a_link_that_leads_nowhere_is_a_fault() {
    let cases = [
        ("[a](b.md)", true),
        ("[a](../a.md), ![a picture](../a.md)", true),
        ("[a](b.md#a-heading-of-it)", true),
        ("[a](b.md#a-heading-of-it-1) is the second of that name", true),
        ("[a](#here-它)\n\n## Here: `它`", true),
        ("`[a](none.md)` and\n```\n[a](none.md)\n```", true),
        ("[a](none.md)", false),
        ("[`a`](none.md)", false),
        ("[a](b.md) and [a](none.md)", false),
        ("[a](b.md#no-heading)", false),
        ("[a](b.md#in-code)", false),
        ("[a](../..)", false),
        ("```\n```\n[a](none.md)", false),
    ];
    for (text, is_right) in cases {
        let other = "# A heading, of it\n```\n# In code\n```\n## A heading of it\n";
        let project = folder(&[("a.md", "a"), ("docs/a.md", text), ("docs/b.md", other)]);
        let faults = Document::read(project.path(), "docs/a.md").faults();
        assert_eq!(faults.is_empty(), is_right, "{text:?}: {faults:?}");
    }
}

#[test]
fn each_of_the_documents_says_first_where_its_twin_and_the_readme_are() {
    let file = |name: &str| name.rsplit('/').next().expect("one").to_owned();
    for (english, chinese) in pairs().iter().filter(|(english, _)| english.name.starts_with("docs/")) {
        let third = |document: &Document| document.text.lines().nth(2).unwrap_or_default().to_owned();
        let expected = format!("[中文]({}) · [README](../README.md)", file(&chinese.name));
        assert_eq!(third(english), expected, "{}", english.name);
        let expected = format!("[English]({}) · [README](../README.zh.md)", file(&english.name));
        assert_eq!(third(chinese), expected, "{}", chinese.name);
    }
}

#[test]
fn both_languages_have_the_same_headings_links_numbers_and_commands() {
    for (english, chinese) in pairs() {
        let name = &english.name;
        assert_eq!(english.levels(), chinese.levels(), "{name}: the levels of the headings");
        let targets = |document: &Document| -> Vec<String> {
            let links = document.links().into_iter();
            let paths = links.map(|(_, target)| target.split('#').next().expect("one").to_owned());
            let mut targets: Vec<_> =
                paths.map(|path| path.replace(".zh.md", ".md").replace("www/zh/", "www/")).collect();
            targets.sort();
            targets
        };
        assert_eq!(targets(&english), targets(&chinese), "{name}: where its links lead");
        let (rows, others) = (english.rows(), chinese.rows());
        assert_eq!(rows.len(), others.len(), "{name}: the rows of its tables");
        for (row, other) in rows.iter().zip(&others) {
            assert_eq!(numbers(row), numbers(other), "{name}: the numbers beside {:?}", row[0]);
        }
        assert_eq!(english.code(), chinese.code(), "{name}: what is typed and comes back");
    }
}

/// The numbers in a row, which stand in another order in another language.
fn numbers(row: &[&str]) -> Vec<String> {
    let text = row.join(" | ");
    let parts = text.split(|letter: char| !letter.is_ascii_digit() && !",.".contains(letter));
    let mut numbers: Vec<_> = parts.map(|part| part.trim_matches([',', '.']).to_owned()).collect();
    numbers.retain(|number| !number.is_empty());
    numbers.sort();
    numbers
}

#[test]
fn every_option_is_described_and_none_that_is_not_there() {
    let known: BTreeSet<_> = manual::options().into_iter().collect();
    let [english, chinese] = ["docs/options.md", "docs/options.zh.md"].map(document);
    assert_eq!(english.options(), chinese.options(), "both languages describe the same, in the same order");
    let described: Vec<_> = english.options().into_iter().map(long_name).collect();
    let set: BTreeSet<_> = described.iter().map(|&name| name.to_owned()).collect();
    assert_eq!(described.len(), set.len(), "each once: {described:?}");
    let by_itself = ["--help", "--version"];
    let missing: Vec<_> = known.difference(&set).filter(|name| !by_itself.contains(&name.as_str())).collect();
    assert!(missing.is_empty(), "not in {}: {missing:?}", english.name);
    // Without its features the program knows fewer.
    if cfg!(all(feature = "tls", feature = "compress")) {
        let unknown: Vec<_> = set.difference(&known).collect();
        assert!(unknown.is_empty(), "not in the program: {unknown:?}");
    }
}

#[test]
fn the_readme_has_twelve_of_the_options_and_three_of_the_figures() {
    let (options, speed) = (document("docs/options.md"), document("docs/speed.md"));
    for readme in ["README.md", "README.zh.md"].map(document) {
        let chosen = readme.options();
        assert_eq!(chosen.len(), 12, "{}", readme.name);
        let described: BTreeSet<_> = options.options().into_iter().map(long_name).collect();
        for option in chosen {
            assert!(described.contains(long_name(option)), "{}: {option}", readme.name);
        }
        let rows = readme.rows();
        let figures: Vec<_> =
            rows.iter().filter(|row| row.iter().skip(1).all(|cell| is_figure(cell))).collect();
        assert_eq!(figures.len(), 3, "{}: {figures:?}", readme.name);
        for cells in figures {
            let has_all = |row: &&Vec<&str>| cells[1..].iter().all(|figure| row[2..].contains(figure));
            assert!(speed.rows().iter().filter(|row| row.len() > 2).any(|row| has_all(&row)), "{cells:?}");
        }
    }
}

fn is_figure(cell: &str) -> bool {
    cell.starts_with(|letter: char| letter.is_ascii_digit())
}

#[test]
fn the_pictures_are_small() {
    for folder in ["docs/pictures", "docs/growth"] {
        for entry in fs::read_dir(folder).expect("they are there") {
            let entry = entry.expect("an entry");
            let length = entry.metadata().expect("readable").len();
            assert!(length <= LARGEST_PICTURE, "{:?} has {length} bytes", entry.file_name());
        }
    }
}
