//! What the chapters ask, and what they let the reader try: questions with their reasons, blocks of the laboratory, and
//! the map of the source.

use super::scanner::Element;
use super::{Faults, Page, pages, project};
use std::collections::BTreeSet;
use std::fs;

/// The numbers of the questions that a learner should be able to answer at the end.
const QUESTIONS: std::ops::RangeInclusive<u32> = 1..=20;

/// How many laboratory blocks a chapter from the fourth to the eighth has at least.
const BLOCKS: usize = 4;

/// The chapters that have such blocks.
const WITH_BLOCKS: [&str; 6] = ["http", "files", "keep-alive", "sending", "caching", "staying-alive"];

fn inside<'a>(
    page: &'a Page,
    around: &'a Element,
    is_it: impl Fn(&Element) -> bool + 'a,
) -> Vec<&'a Element> {
    let is_inside = |element: &&Element| page.document.is_within(element, around);
    page.document.find(is_it).filter(is_inside).collect()
}

#[test]
fn each_question_has_one_right_answer_and_a_reason_for_each() {
    let mut faults = Faults::default();
    let mut count = 0;
    for page in pages() {
        for ask in page.document.find(|element| element.has_class("ask")) {
            count += 1;
            let mut wrong = |fault: String| faults.add(&page, ask.line, fault);
            if !ask.get("id").is_some_and(|id| id.starts_with("ask-")) {
                wrong("a question needs an id that begins with ask-".to_owned());
            }
            let answers = inside(&page, ask, |element| element.has_class("answer"));
            let right: Vec<_> = answers.iter().filter(|answer| answer.has_class("right")).collect();
            if right.len() != 1 || !(2..=6).contains(&answers.len()) {
                wrong(format!("{} answers, {} of them right", answers.len(), right.len()));
            }
            for answer in &answers {
                let summaries = inside(&page, answer, |element| element.name == "summary");
                let summary = summaries.first().map_or("", |summary| summary.text.trim());
                if summary.is_empty() || answer.text.trim().chars().count() < summary.chars().count() + 8 {
                    wrong(format!("no reason for {summary:?}"));
                }
                let is_right = answer.has_class("right");
                if is_right && ask.get("data-number").is_some_and(|number| number != summary) {
                    wrong(format!("the right answer is {summary:?}, and not data-number"));
                }
            }
        }
    }
    assert!(count > 100, "{count} questions in two languages");
    faults.assert_none();
}

#[test]
fn the_questions_that_a_learner_should_answer_are_asked_in_both_languages() {
    for prefix in ["/guide/", "/zh/guide/"] {
        let mut asked = BTreeSet::new();
        for page in pages().iter().filter(|page| page.url.starts_with(prefix)) {
            let numbers = page.document.elements.iter().filter_map(|element| element.get("data-question"));
            asked.extend(
                numbers
                    .flat_map(|numbers| numbers.split(' '))
                    .map(|number| number.parse::<u32>().expect("a number")),
            );
        }
        assert_eq!(asked, QUESTIONS.collect(), "{prefix}");
    }
}

#[test]
fn each_block_asks_first_and_shows_its_command_or_exchange_without_scripts() {
    let mut faults = Faults::default();
    for page in pages() {
        let blocks: Vec<_> = page.document.find(|element| element.has_class("lab")).collect();
        let name =
            page.url.rsplit('/').next().and_then(|name| name.strip_suffix(".html")).unwrap_or_default();
        if WITH_BLOCKS.contains(&name) && blocks.len() < BLOCKS {
            faults.add(&page, 1, format!("{} blocks of the laboratory, and not {BLOCKS}", blocks.len()));
        }
        for block in blocks {
            let mut wrong = |fault: &str| faults.add(&page, block.line, fault);
            if !block.get("id").is_some_and(|id| id.starts_with("lab-")) {
                wrong("a block needs an id that begins with lab-");
            }
            if inside(&page, block, |element| element.has_class("ask")).is_empty() {
                wrong("no question comes first");
            }
            let shown = inside(&page, block, |element| element.has_class("transcript"));
            if shown.is_empty() || shown.iter().any(|one| !one.text.contains("> ")) {
                wrong("it has no exchange that was recorded");
            }
            if !["lab", "course"].contains(&block.get("data-folder").unwrap_or("lab")) {
                wrong("data-folder is lab or course");
            }
            let sends = ["whole", "bytes", "halves", "twice", "half"];
            if !sends.contains(&block.get("data-send").unwrap_or("whole")) {
                wrong("data-send is whole, bytes, halves, twice or half");
            }
        }
    }
    faults.assert_none();
}

#[test]
fn both_languages_ask_and_try_the_same() {
    let mut faults = Faults::default();
    let pages = pages();
    for page in pages.iter().filter(|page| page.url.starts_with("/guide/")) {
        let twin = pages.iter().find(|twin| twin.url == page.twin()).expect("both have the same pages");
        for class in ["piece", "ask", "lab", "line", "transcript"] {
            let of = |page: &Page| -> Vec<(String, Vec<(String, String)>)> {
                let found = page.document.find(|element| element.has_class(class));
                let mut known: Vec<_> = found
                    .map(|element| {
                        let mut data = element.attributes.clone();
                        data.retain(|(name, _)| name.starts_with("data-") || name == "id");
                        data.sort();
                        (if class == "line" { element.text.clone() } else { String::new() }, data)
                    })
                    .collect();
                if class == "line" {
                    known.sort();
                }
                known
            };
            let (ours, theirs) = (of(page), of(twin));
            if let Some(at) = (0..ours.len().max(theirs.len())).find(|&at| ours.get(at) != theirs.get(at)) {
                faults.add(
                    twin,
                    1,
                    format!("{class} {at}: {:?}, and not {:?}", theirs.get(at), ours.get(at)),
                );
            }
        }
    }
    faults.assert_none();
}

#[test]
fn the_map_of_the_source_leads_to_lines_that_are_there_once() {
    let mut faults = Faults::default();
    let mut count = 0;
    for page in pages().iter().filter(|page| page.url.ends_with("/guide/source.html")) {
        for line in page.document.find(|element| element.has_class("line")) {
            count += 1;
            let file = line.get("data-file").unwrap_or_default();
            let Ok(text) = fs::read_to_string(project().join(file)) else {
                faults.add(page, line.line, format!("there is no {file:?}"));
                continue;
            };
            let times = text.lines().filter(|one| one.trim() == line.text.trim()).count();
            if times != 1 {
                faults.add(page, line.line, format!("{file} has {times} lines {:?}", line.text));
            }
        }
    }
    assert!(count > 100, "{count} lines in two languages");
    faults.assert_none();
}
