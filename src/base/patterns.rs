//! Patterns of paths, which count from the folder that is served, as people know them from `.gitignore`:
//!
//! ```text
//! *.log            a.log, x/y/b.log           without a slash, at any depth
//! notes            x/notes, and all below it, if it is a folder
//! /notes           notes, and not x/notes     with a slash, from the top
//! data/*.db        data/a.db, and not data/x/a.db
//! data/**/*.db     both
//! *.{db,db-wal}    several in one
//! ```

use crate::base::platform::names;
use fast_glob::ErrorKind;
use std::path::Path;

/// One pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// As [`fast_glob`] wants it, which compiles nothing: a regular expression for the same was a tenth of the time
    /// that the whole program takes to build.
    glob: String,
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// A reason, if it makes no sense.
    pub fn parse(text: &str) -> Result<Pattern, String> {
        if text.starts_with('!') {
            return Err("no pattern takes back another: write !name as \\!name".to_owned());
        }
        let path = text.trim_end_matches('/');
        let path = path.strip_prefix("./").unwrap_or(path);
        let from_the_top = path.contains('/') || text.starts_with("./");
        let path = path.trim_start_matches('/');
        if path.is_empty() {
            return Err("it must be a pattern, such as *.log or data/**".to_owned());
        }
        if path.split('/').any(|name| matches!(name, "" | "." | "..")) {
            return Err("it must be a path from the folder that is served, without . and ..".to_owned());
        }
        let glob = if from_the_top { path.to_owned() } else { format!("**/{path}") };
        fast_glob::validate(&glob).map_err(|error| format!("\"{text}\": {}", in_words(error.kind)))?;
        Ok(Pattern { glob: if names::IGNORE_CASE { glob.to_lowercase() } else { glob } })
    }

    /// Whether it matches this path from the folder, or a folder in the path.
    pub fn matches(&self, relative: &Path) -> bool {
        let matches = |path: &Path| fast_glob::glob_match(&self.glob, path.as_os_str().as_encoded_bytes());
        if names::IGNORE_CASE {
            let folded = String::from_utf8_lossy(&names::joined(relative)).to_lowercase();
            return Path::new(&folded).ancestors().any(matches);
        }
        relative.ancestors().any(matches)
    }
}

/// Without the place, which is that in `glob` and not that in what the user wrote.
fn in_words(error: ErrorKind) -> &'static str {
    match error {
        ErrorKind::UnclosedBrace => "unclosed group: } is missing, or write \\{",
        ErrorKind::UnclosedBracket => "unclosed character class: ] is missing, or write \\[",
        ErrorKind::TrailingBackslash => "nothing stands behind the last \\",
        ErrorKind::BraceNestingTooDeep | ErrorKind::TooManyBraceGroups => "more than 10 groups in braces",
        _ => "it makes no sense",
    }
}
