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

use globset::{GlobBuilder, GlobMatcher};
use std::path::Path;

/// One pattern.
#[derive(Debug, Clone)]
pub struct Pattern {
    text: String,
    matcher: GlobMatcher,
}

/// Two patterns are equal if their texts are.
impl PartialEq for Pattern {
    fn eq(&self, other: &Pattern) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

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
        let glob = GlobBuilder::new(&glob).literal_separator(true).build();
        let glob = glob.map_err(|error| format!("\"{text}\": {}", error.kind()))?;
        Ok(Pattern { text: text.to_owned(), matcher: glob.compile_matcher() })
    }

    /// Whether it matches this path from the folder, or a folder in the path.
    pub fn matches(&self, relative: &Path) -> bool {
        relative.ancestors().any(|path| self.matcher.is_match(path))
    }
}
