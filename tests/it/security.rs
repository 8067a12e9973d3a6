//! `SECURITY.md`: that the tests are there by which it shows each promise.

use crate::support::files_ending_in;
use std::fs;
use std::path::Path;

/// All source below a folder, one file after another.
fn text_below(folder: &str) -> String {
    let files = files_ending_in("rs", Path::new(folder));
    files.into_iter().map(|path| fs::read_to_string(path).expect("text")).collect()
}

/// Whether a transcript of `tests/wire/` has this name; what ends in `*` stands for all that begin so.
fn is_a_transcript(name: &str) -> bool {
    let transcripts = fs::read_dir("tests/wire").expect("a folder").map(|entry| {
        entry.expect("an entry").file_name().into_string().expect("UTF-8").trim_end_matches(".txt").to_owned()
    });
    let start = name.strip_suffix('*');
    transcripts.into_iter().any(|found| start.map_or(found == name, |start| found.starts_with(start)))
}

#[test]
fn each_promise_names_what_shows_it_and_that_is_there() {
    let source = text_below("src") + &text_below("tests");
    let is_there = |name: &str| {
        source.contains(&format!("fn {name}("))
            || is_a_transcript(name)
            || (name.contains('/') && Path::new(name).exists())
    };
    let document = fs::read_to_string("SECURITY.md").expect("it is there");
    let (mut tables, mut promises) = (0, 0);
    let mut missing = Vec::new();
    let mut is_a_promise = false;
    for (number, line) in (1..).zip(document.lines()) {
        let Some(row) = line.strip_prefix("| ").and_then(|row| row.strip_suffix(" |")) else {
            is_a_promise &= line.starts_with('|');
            continue;
        };
        if row == "promise | shown by" {
            is_a_promise = true;
            tables += 1;
        } else if is_a_promise {
            promises += 1;
            let (_, shown_by) = row.rsplit_once(" | ").expect("two columns");
            let names: Vec<_> = shown_by.split('`').skip(1).step_by(2).collect();
            assert!(!names.is_empty(), "SECURITY.md:{number}: nothing shows it");
            missing
                .extend(names.iter().filter(|name| !is_there(name)).map(|name| format!("{number}: {name}")));
        }
    }
    assert!(tables >= 10 && promises >= 70, "{tables} tables with {promises} promises were found");
    assert!(missing.is_empty(), "in SECURITY.md, and not there:\n{}", missing.join("\n"));
}
