//! Markdown, as far as these tests read it: links, headings, tables and blocks of code.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

pub(super) struct Document {
    /// From the folder that it was found in.
    pub(super) name: String,
    folder: PathBuf,
    pub(super) text: String,
}

impl Document {
    pub(super) fn read(folder: &Path, name: &str) -> Document {
        let text = fs::read_to_string(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        Document { name: name.to_owned(), folder: folder.to_owned(), text }
    }

    /// The lines, numbered from 1, that are not in a block of code.
    pub(super) fn prose(&self) -> impl Iterator<Item = (usize, &str)> {
        let mut in_code = false;
        (1..).zip(self.text.lines()).filter(move |(_, line)| {
            let is_fence = line.starts_with("```");
            in_code ^= is_fence;
            !in_code && !is_fence
        })
    }

    /// The blocks of code, each without its comments, which have a language of their own.
    pub(super) fn code(&self) -> Vec<String> {
        let blocks = self.text.split("\n```").skip(1).step_by(2);
        let commands = |line: &str| line.split("  #").next().expect("one").trim_end().to_owned();
        blocks.map(|block| block.lines().map(commands).collect::<Vec<_>>().join("\n")).collect()
    }

    /// Where links and pictures lead, each with its line.
    pub(super) fn links(&self) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        for (number, line) in self.prose() {
            let without_code: String = line.split('`').step_by(2).collect();
            let ends = without_code.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0));
            found.extend(ends.map(|target| (number, target.to_owned())));
        }
        found.retain(|(_, target)| !target.starts_with("https://") && !target.starts_with("http://"));
        found
    }

    /// How deep each heading is.
    pub(super) fn levels(&self) -> Vec<usize> {
        let headings = self.prose().filter(|(_, line)| line.starts_with('#'));
        headings.map(|(_, line)| line.bytes().take_while(|&byte| byte == b'#').count()).collect()
    }

    /// What can stand behind `#`, by the rules of those who show Markdown on the web.
    pub(super) fn anchors(&self) -> BTreeSet<String> {
        let mut times: BTreeMap<String, usize> = BTreeMap::new();
        let headings = self.prose().filter(|(_, line)| line.starts_with('#'));
        let anchors = headings.map(|(_, line)| {
            let kept = line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
            let name: String =
                kept.chars().filter(|&letter| letter.is_alphanumeric() || "-_".contains(letter)).collect();
            let before = times.entry(name.clone()).or_default();
            *before += 1;
            if *before == 1 { name } else { format!("{name}-{}", *before - 1) }
        });
        anchors.collect()
    }

    /// Each row of its tables, as its cells.
    pub(super) fn rows(&self) -> Vec<Vec<&str>> {
        let rows = self.prose().filter_map(|(_, line)| line.strip_prefix('|')?.strip_suffix('|'));
        rows.map(|row| row.split('|').map(str::trim).collect()).collect()
    }

    /// The options that its tables describe: the cells in which they stand.
    pub(super) fn options(&self) -> Vec<&str> {
        let cells = self.rows().into_iter().flatten();
        cells.filter(|cell| cell.starts_with("`-") && cell.ends_with('`')).collect()
    }

    /// Links that lead nowhere.
    pub(super) fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        for (line, target) in self.links() {
            let mut fault = |what: &str| faults.push(format!("{}:{line}: {target}: {what}", self.name));
            let (path, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let here = self.folder.join(&self.name);
            let there = if path.is_empty() { here } else { here.with_file_name("").join(path) };
            let Ok(there) = there.canonicalize() else {
                fault("there is no such file");
                continue;
            };
            let Ok(name) = there.strip_prefix(self.folder.canonicalize().expect("a folder")) else {
                fault("outside of the project");
                continue;
            };
            if anchor.is_empty() {
                continue;
            }
            let is_document = there.extension().is_some_and(|extension| extension == "md");
            let name = name.to_str().expect("UTF-8");
            if !is_document || !Document::read(&self.folder, name).anchors().contains(anchor) {
                fault("there is no such heading");
            }
        }
        faults
    }
}
