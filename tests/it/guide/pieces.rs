//! Every line of a stage stands in a chapter: its pieces are put together as a reader would, and compared with the file.
//!
//! ```html
//! <figure class="piece" id="piece-echo-2" data-file="examples/01_echo_server.rs" data-goes="after" data-line="use std::io;">
//! ```
//!
//! | `data-goes` | where the piece goes |
//! |---|---|
//! | `start` | it is the beginning of a new file |
//! | `copy` | the file begins as a copy of the finished stage in `data-of`; there is no code |
//! | `end` | at the end of what is there |
//! | `after`, `before` | behind or in front of the line that is `data-line` without its indentation |
//! | `instead` | in place of the lines from `data-line` to `data-to`, or of that one line; without code they go |
//!
//! The line must be there once, at that moment; or `data-nth` says which of several it is.

use super::scanner::{Document, Element};
use super::{Faults, Language, Page, pages, project};
use crate::support::files_ending_in;
use std::collections::BTreeMap;
use std::fs;

/// How wide code may be in print, in columns: a Chinese letter takes two.
const WIDTH: usize = 74;

/// The files that the pieces of a page come to, as far as they fit.
fn assemble(page: &Page, faults: &mut Faults) -> BTreeMap<String, Vec<String>> {
    let mut files: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for figure in page.document.find(|element| element.has_class("piece")) {
        let Some(file) = figure.get("data-file") else {
            faults.add(page, figure.line, "a piece needs data-file");
            continue;
        };
        if let Err(fault) = place(page, figure, file, &mut files) {
            faults.add(page, figure.line, fault);
        }
    }
    files
}

/// Puts one piece where it goes.
fn place(
    page: &Page,
    figure: &Element,
    file: &str,
    files: &mut BTreeMap<String, Vec<String>>,
) -> Result<(), String> {
    let of = |name| figure.get(name).unwrap_or_default();
    let document = &page.document;
    let names_the_file = document.find(|element| element.has_class("file") && element.text == file);
    if !names_the_file.into_iter().any(|element| document.is_within(element, figure)) {
        return Err(format!("its caption must name {file}"));
    }
    let code = document.named("code").find(|code| {
        document.is_within(code, figure) && document.is_inside(code, |above| above.has_class("code"))
    });
    let code: Vec<_> = code.map(|code| code.text.lines().map(str::to_owned).collect()).unwrap_or_default();
    if let Some(wide) = code.iter().find(|line| columns(line) > WIDTH) {
        return Err(format!("{} columns: {wide}", columns(wide)));
    }
    match of("data-goes") {
        "start" => drop(files.insert(file.to_owned(), code)),
        "copy" => drop(files.insert(file.to_owned(), lines_of(of("data-of"))?)),
        goes => {
            let there = files.get_mut(file).ok_or_else(|| format!("{file} has not begun"))?;
            if goes == "end" {
                there.extend(code);
                return Ok(());
            }
            let at = position(there, of("data-line"), figure.get("data-nth"))?;
            let range = match goes {
                "after" => at + 1..at + 1,
                "before" => at..at,
                "instead" => {
                    let last = figure.get("data-to").map_or(Ok(at), |to| last_line(there, at, to))?;
                    at..last + 1
                }
                other => return Err(format!("data-goes={other:?}")),
            };
            there.splice(range, code);
        }
    }
    Ok(())
}

/// Where the line is that is this without its indentation.
fn position(lines: &[String], line: &str, nth: Option<&str>) -> Result<usize, String> {
    let found: Vec<_> = (0..lines.len()).filter(|&at| lines[at].trim() == line.trim()).collect();
    match (nth.map(str::parse::<usize>), &found[..]) {
        (None, [at]) => Ok(*at),
        (Some(Ok(nth)), _) if (1..=found.len()).contains(&nth) => Ok(found[nth - 1]),
        _ => Err(format!("{} lines are {line:?}", found.len())),
    }
}

fn last_line(lines: &[String], from: usize, line: &str) -> Result<usize, String> {
    let found = (from..lines.len()).find(|&at| lines[at].trim() == line.trim());
    found.ok_or_else(|| format!("no line behind it is {line:?}"))
}

fn lines_of(file: &str) -> Result<Vec<String>, String> {
    let text = fs::read_to_string(project().join(file)).map_err(|error| format!("{file}: {error}"))?;
    Ok(text.lines().map(str::to_owned).collect())
}

/// How many columns a line takes: letters of East Asia take two (Unicode Standard Annex 11).
pub(super) fn columns(line: &str) -> usize {
    let is_wide = |letter: &char| matches!(u32::from(*letter), 0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe6f | 0xff00..=0xff60 | 0xffe0..=0xffe6);
    line.chars().map(|letter| if is_wide(&letter) { 2 } else { 1 }).sum()
}

/// The code without its comments, and a mark where comments stood by themselves.
fn without_comments(lines: &[String]) -> Vec<String> {
    let mut code: Vec<String> = Vec::new();
    for line in lines {
        match comment_of(line) {
            None => code.push(line.clone()),
            Some(at) if !line[..at].trim().is_empty() => code.push(line[..at].trim_end().to_owned()),
            Some(_) if code.last().is_some_and(|last| last == "//") => {}
            Some(_) => code.push("//".to_owned()),
        }
    }
    code
}

/// Where a comment begins on this line. Two slashes in a string are none.
fn comment_of(line: &str) -> Option<usize> {
    let at = line.find("//")?;
    let is_in_string = line[..at].matches('"').count() % 2 == 1;
    (!is_in_string && (at == 0 || line[..at].ends_with(' '))).then_some(at)
}

#[test]
fn the_pieces_of_each_chapter_are_its_stages_letter_for_letter() {
    let mut faults = Faults::default();
    let mut told: BTreeMap<String, usize> = BTreeMap::new();
    for page in pages() {
        for (file, lines) in assemble(&page, &mut faults) {
            *told.entry(file.clone()).or_default() += 1;
            let Ok(real) = lines_of(&file) else {
                faults.add(&page, 1, format!("there is no {file}"));
                continue;
            };
            // The comments of the Chinese chapters are Chinese, and the code is the same.
            let of = |lines: Vec<String>| match page.language() {
                Language::English => lines,
                Language::Chinese => without_comments(&lines),
            };
            let (lines, real) = (of(lines), of(real));
            let count = lines.len().max(real.len());
            if let Some(at) = (0..count).find(|&at| lines.get(at) != real.get(at)) {
                let (told, has) = (lines.get(at), real.get(at));
                faults.add(&page, 1, format!("{file}, line {}: told {told:?}, is {has:?}", at + 1));
            }
        }
    }
    for stage in files_ending_in("rs", &project().join("examples")) {
        let name = super::name_of(&stage);
        let times = told.get(&name);
        if !name.contains(super::YET_TO_BE_WRITTEN) && times != Some(&2) {
            faults.0.push(format!("{name}: told in {times:?} chapters, and not once in each language"));
        }
    }
    faults.assert_none();
}

#[test]
fn comments_in_chinese_chapters_are_chinese() {
    let mut faults = Faults::default();
    let is_chinese = |text: &str| text.chars().any(|letter| ('\u{4e00}'..='\u{9fff}').contains(&letter));
    for page in pages().iter().filter(|page| page.language() == Language::Chinese) {
        for figure in page.document.find(|element| element.has_class("piece")) {
            let comments = figure.text.lines().filter_map(|line| Some(&line[comment_of(line)?..]));
            let words: String = comments.filter(|comment| comment.contains(char::is_alphabetic)).collect();
            if !words.is_empty() && !is_chinese(&words) {
                faults.add(page, figure.line, format!("its comments are not in Chinese: {words}"));
            }
        }
    }
    faults.assert_none();
}

#[test]
fn code_fits_a_printed_page() {
    let mut faults = Faults::default();
    for page in pages() {
        for block in page.document.find(|element| element.name == "pre" && element.has_class("code")) {
            for (line, number) in block.text.lines().zip(block.line..) {
                if columns(line) > WIDTH {
                    faults.add(&page, number, format!("{} columns: {line}", columns(line)));
                }
            }
        }
    }
    faults.assert_none();
}

#[test]
fn pieces_go_where_they_say_and_what_does_not_fit_is_told() {
    let read = |pieces: &[(&str, &str)]| {
        let figures = pieces.iter().map(|(attributes, code)| {
            format!(
                "<figure class=\"piece\" data-file=\"Cargo.toml\" {attributes}><figcaption><code class=\"file\">Cargo.toml</code></figcaption><pre class=\"code\"><code>{code}</code></pre></figure>"
            )
        });
        let html =
            format!("<!DOCTYPE html>\n<html lang=\"en\"><body>{}</body></html>", figures.collect::<String>());
        let page = Page { file: "p".to_owned(), url: "/p".to_owned(), document: Document::read(&html) };
        let mut faults = Faults::default();
        let files = assemble(&page, &mut faults);
        (files.get("Cargo.toml").map(|lines| lines.join("|")).unwrap_or_default(), faults.0.join(" "))
    };
    let begin = ("data-goes=\"start\"", "a\n  b\nc\nb\n");
    let table: &[(&[(&str, &str)], &str, &str)] = &[
        (&[begin], "a|  b|c|b", ""),
        (&[begin, ("data-goes=\"end\"", "d\n")], "a|  b|c|b|d", ""),
        (&[begin, ("data-goes=\"after\" data-line=\"a\"", "x\ny\n")], "a|x|y|  b|c|b", ""),
        (&[begin, ("data-goes=\"before\" data-line=\"c\"", "x\n")], "a|  b|x|c|b", ""),
        (&[begin, ("data-goes=\"after\" data-line=\"b\"", "x\n")], "a|  b|c|b", "2 lines are \"b\""),
        (&[begin, ("data-goes=\"after\" data-line=\"b\" data-nth=\"2\"", "x\n")], "a|  b|c|b|x", ""),
        (&[begin, ("data-goes=\"instead\" data-line=\"c\" data-to=\"b\"", "x\n")], "a|  b|x", ""),
        (&[begin, ("data-goes=\"instead\" data-line=\"c\"", "")], "a|  b|b", ""),
        (
            &[begin, ("data-goes=\"instead\" data-line=\"c\" data-to=\"z\"", "")],
            "a|  b|c|b",
            "no line behind it",
        ),
        (&[("data-goes=\"end\"", "x\n")], "", "has not begun"),
        (&[begin, ("data-goes=\"nowhere\" data-line=\"a\"", "x\n")], "a|  b|c|b", "data-goes"),
    ];
    for (pieces, expected, fault) in table {
        let (got, faults) = read(pieces);
        assert_eq!(got, *expected, "{pieces:?}");
        assert!(faults.contains(fault) && faults.is_empty() == fault.is_empty(), "{pieces:?}: {faults}");
    }
    assert_eq!(columns("窗 a"), 4);
    let strip = |text: &str| without_comments(&text.lines().map(str::to_owned).collect::<Vec<_>>());
    assert_eq!(strip("// a\n// b\nx // c\n\"http://y\""), ["//", "x", "\"http://y\""]);
}
