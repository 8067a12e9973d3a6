//! How the source is built: who may name whom, and where systems may be named.
//!
//! Folders below `src` are chapters, and a chapter knows those below it and none above:
//!
//! ```text
//! command ─▶ glass ─▶ server, site (which do not know each other) ─▶ answer ─▶ http ─▶ base
//! ```
//!
//! Within a chapter, files do not name each other in a circle either. Then each can be read and understood after those
//! that it names. But a file may name what the `mod.rs` of its folder offers to all in it.
//!
//! What is read here is the text of the source: `use` and all paths that begin with `crate` or `super`. Comments,
//! strings and tests do not count.

use crate::support::files_ending_in;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// From below; those on one line do not know each other.
const CHAPTERS: [&[&str]; 6] =
    [&["base"], &["http"], &["answer"], &["site", "server"], &["glass"], &["command"]];

/// Imports that go up or across, and should not be there: a file, and what it names. Take each out as soon as it is
/// gone.
const UPWARDS: &[(&str, &str)] = &[];

/// Files that name each other in a circle, and should not. Take each out as soon as it is gone.
const CIRCLES: &[&[&str]] = &[];

/// Whoever names one of these knows what only one kind of system has.
const OF_A_SYSTEM: [&str; 8] =
    ["rustix", "landlock", "std::os", "target_os", "target_family", "(unix", "(windows", "custom_flags"];

/// The path of a module: `["http", "range"]` is `src/http/range.rs`.
type Module = Vec<String>;

struct Source {
    /// From `src`.
    name: String,
    module: Module,
    /// Without comments, strings and tests.
    text: String,
    /// The tests in it.
    tests: String,
}

/// All files but `main.rs`, which is another crate, and `lib.rs`, which is above all.
fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = files_ending_in("rs", &root);
    let mut found: Vec<_> = files.iter().map(|path| source(&root, path)).collect();
    found.retain(|source| !["main.rs", "lib.rs"].contains(&&*source.name));
    found.sort_by(|one, other| one.name.cmp(&other.name));
    found
}

fn source(root: &Path, path: &Path) -> Source {
    let below: PathBuf = path.strip_prefix(root).expect("below it").with_extension("");
    let mut module: Module = below.iter().map(|part| part.to_str().expect("text").to_owned()).collect();
    if module.last().is_some_and(|last| last == "mod") {
        module.pop();
    }
    let text = code_of(&fs::read_to_string(path).expect("text"));
    let start_of_tests = if module.last().is_some_and(|last| last == "tests") {
        0
    } else {
        text.find("#[cfg(test)]\nmod tests").unwrap_or(text.len())
    };
    let (text, tests) = text.split_at(start_of_tests);
    let name = path.strip_prefix(root).expect("below it").to_str().expect("text").to_owned();
    Source { name, module, text: text.to_owned(), tests: tests.to_owned() }
}

/// The text without comments and with nothing in its strings.
fn code_of(text: &str) -> String {
    let mut code = String::new();
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        if rest.starts_with("//") {
            rest = &rest[rest.find('\n').unwrap_or(rest.len())..];
        } else if let Some(end) = end_of_literal(rest) {
            code.push_str("\"\"");
            rest = &rest[end..];
        } else {
            code.push(next);
            rest = &rest[next.len_utf8()..];
        }
    }
    code
}

/// Where a string or a letter ends that begins here. (`'a` is a lifetime and no letter.)
fn end_of_literal(text: &str) -> Option<usize> {
    if let Some(raw) = text.strip_prefix('r')
        && let hashes = raw.len() - raw.trim_start_matches('#').len()
        && raw[hashes..].starts_with('"')
    {
        let end = format!("\"{}", "#".repeat(hashes));
        let start = 1 + hashes + 1;
        return text[start..].find(&end).map(|at| start + at + end.len());
    }
    let quote = text.chars().next().filter(|first| ['"', '\''].contains(first))?;
    if quote == '\'' && !text.starts_with("'\\") && text.chars().nth(2) != Some('\'') {
        return None;
    }
    let mut is_escaped = false;
    let end = text.char_indices().skip(1).find(|&(_, next)| {
        let is_end = next == quote && !is_escaped;
        is_escaped = next == '\\' && !is_escaped;
        is_end
    });
    end.map(|(at, _)| at + 1)
}

/// All paths in a text that begin with `crate` or `super`, from the root: trees in braces are taken apart.
fn paths_in(text: &str, module: &Module) -> Vec<Module> {
    let mut found = Vec::new();
    for start in ["crate::", "super::"] {
        for (at, _) in text.match_indices(start) {
            let is_start =
                !text[..at].ends_with(|before: char| before.is_alphanumeric() || "_:$".contains(before));
            if is_start {
                let above = if start == "crate::" { Vec::new() } else { parent(module) };
                walk(&text[at + start.len()..], above, &mut found);
            }
        }
    }
    found
}

fn parent(module: &Module) -> Module {
    module[..module.len().saturating_sub(1)].to_vec()
}

/// Follows a path, or a tree of them, and gives what is behind it.
fn walk<'a>(text: &'a str, mut path: Module, found: &mut Vec<Module>) -> &'a str {
    let text = text.trim_start();
    if let Some(mut rest) = text.strip_prefix('{') {
        loop {
            rest = rest.trim_start_matches(|next: char| next.is_whitespace() || next == ',');
            if rest.is_empty() || rest.starts_with('}') {
                return rest.get(1..).unwrap_or_default();
            }
            rest = walk(rest, path.clone(), found);
            // `as other`
            rest = &rest[rest.find([',', '}']).unwrap_or(rest.len())..];
        }
    }
    let end = text.find(|next: char| !(next.is_alphanumeric() || next == '_')).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    match name {
        "super" => path = parent(&path),
        "" | "self" => {}
        name => path.push(name.to_owned()),
    }
    if let Some(further) = rest.strip_prefix("::")
        && further.starts_with(|next: char| next.is_alphabetic() || "_{*".contains(next))
    {
        return walk(further, path, found);
    }
    found.push(path);
    rest
}

/// Which files each file names, without those in whose folder it is: a file may name what its `mod.rs` offers to the
/// whole folder.
fn imports(sources: &[Source]) -> BTreeMap<&str, BTreeSet<&str>> {
    let by_module: BTreeMap<&Module, &str> =
        sources.iter().map(|source| (&source.module, &*source.name)).collect();
    let file_of = |path: &Module| {
        let mut prefixes = (1..=path.len()).rev().map(|length| path[..length].to_vec());
        prefixes.find_map(|prefix| by_module.get_key_value(&prefix)).map(|(&module, &name)| (module, name))
    };
    let mut all = BTreeMap::new();
    for source in sources {
        let named = paths_in(&source.text, &source.module);
        let named = named.iter().filter_map(file_of);
        let others = named.filter(|(module, _)| !source.module.starts_with(module)).map(|(_, name)| name);
        all.insert(&*source.name, others.collect());
    }
    all
}

fn height(file: &str) -> usize {
    let chapter = file.split(['/', '.']).next().expect("a name");
    CHAPTERS
        .iter()
        .position(|chapters| chapters.contains(&chapter))
        .unwrap_or_else(|| panic!("{file} is in no chapter: where does it stand?"))
}

fn is_same_chapter(one: &str, other: &str) -> bool {
    one.split(['/', '.']).next() == other.split(['/', '.']).next()
}

#[test]
fn a_chapter_names_only_those_below_it() {
    let sources = sources();
    let imports = imports(&sources);
    let pairs = imports.iter().flat_map(|(&file, named)| named.iter().map(move |&named| (file, named)));
    let upwards: Vec<_> = pairs
        .filter(|&(file, named)| !is_same_chapter(file, named) && height(named) >= height(file))
        .collect();
    assert_eq!(upwards, UPWARDS, "(what is found, and the exceptions)");
}

#[test]
fn no_files_name_each_other_in_a_circle() {
    let sources = sources();
    let imports = imports(&sources);
    let reachable = |from: &str| {
        let mut seen = BTreeSet::new();
        let mut waiting: Vec<&str> = imports[from].iter().copied().collect();
        while let Some(file) = waiting.pop() {
            if seen.insert(file) {
                waiting.extend(&imports[file]);
            }
        }
        seen
    };
    let all: BTreeMap<_, _> = imports.keys().map(|&file| (file, reachable(file))).collect();
    // Who can reach itself is in a circle, with all that it can reach and that can reach it.
    let in_circles = all.iter().filter(|(file, reached)| reached.contains(*file));
    let circles: BTreeSet<Vec<_>> = in_circles
        .map(|(file, reached)| reached.iter().copied().filter(|other| all[other].contains(file)).collect())
        .collect();
    let circles: Vec<_> = circles.into_iter().collect();
    assert_eq!(circles, CIRCLES, "(what is found, and the exceptions)");
}

/// Whether this is there, and not only as the beginning of a longer word.
fn has_word(text: &str, word: &str) -> bool {
    let goes_on =
        |at: usize| text[at + word.len()..].starts_with(|next: char| next.is_alphanumeric() || next == '_');
    text.match_indices(word).any(|(at, _)| !goes_on(at))
}

#[test]
fn systems_are_named_in_one_folder_alone() {
    for source in sources().iter().filter(|source| !source.name.starts_with("base/platform/")) {
        let found = |text: &str, but: &[&str]| {
            let names = OF_A_SYSTEM.iter().filter(|name| !but.contains(*name));
            names.copied().filter(|name| has_word(text, name)).collect::<Vec<_>>()
        };
        let hint = "src/base/platform has a function for it, or is the place for one";
        assert_eq!(found(&source.text, &[]), [""; 0], "{}: {hint}", source.name);
        // Tests make links and look at modes, and that is what they are about: they are for systems that have them.
        assert_eq!(
            found(&source.tests, &["std::os", "(unix", "(windows"]),
            [""; 0],
            "{}: {hint}",
            source.name
        );
    }
}

#[test]
fn what_counts_is_code_and_paths_are_found_in_it() {
    let text = "use crate::base::{human, trace::{self, quote}}; // use crate::site;\n\
                let a = \"crate::glass\"; let b = '\"'; let c = r#\"crate::\"\"#; fn d<'a>() {}\n\
                use super::super::pool as other; crate::answer::Body::Bytes(super::next()); pub(super) fn e() {}";
    let module = ["server", "connection", "deadline"].map(str::to_owned).to_vec();
    let found = paths_in(&code_of(text), &module);
    let found: BTreeSet<_> = found.iter().map(|path| path.join("/")).collect();
    let expected = [
        "answer/Body/Bytes",
        "base/human",
        "base/trace",
        "base/trace/quote",
        "server/connection/next",
        "server/pool",
    ];
    assert_eq!(found, expected.map(str::to_owned).into());
}
