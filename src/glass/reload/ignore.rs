//! `--reload-ignore`: the files whose changes pages are not told of.
//!
//! ```text
//! --reload-ignore '*.log,data/**'    a.log and data/x/y.db are ignored
//! ```
//!
//! What a pattern means is defined in [`crate::base::patterns`].

use crate::base::patterns::Pattern;
use std::path::Path;

/// Patterns of paths.
#[derive(Debug, Clone, Default)]
pub struct Ignore(Vec<Pattern>);

impl Ignore {
    /// Parses patterns that are separated by commas.
    ///
    /// # Errors
    /// The reason, if one of them is malformed.
    pub fn parse(text: &str) -> Result<Ignore, String> {
        split(text).into_iter().map(Pattern::parse).collect::<Result<_, _>>().map(Ignore)
    }

    /// Whether a pattern matches this relative path, or a folder above it.
    pub(super) fn has(&self, relative: &Path) -> bool {
        self.0.iter().any(|pattern| pattern.matches(relative))
    }
}

/// Splits at commas, except for those in `{a,b}` and `[,]`.
fn split(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut begins, mut depth, mut is_escaped) = (0, 0_usize, false);
    for (at, letter) in text.char_indices() {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '{' | '[' => depth += 1,
            '}' | ']' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(&text[begins..at]);
                begins = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[begins..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::platform::names;

    #[test]
    fn patterns_mean_the_same_as_in_a_gitignore() {
        let table: &[(&str, &[&str], &[&str])] = &[
            ("*.log", &["a.log", "x/y/b.log", ".log", "x.log/in.html"], &["a.log.html", ""]),
            ("notes", &["notes", "x/notes", "notes/a.html", "x/notes/y/a.html"], &["notes.html", "x/y"]),
            ("notes/", &["notes/a.html", "x/notes/a.html"], &["notes.html"]),
            ("/notes", &["notes", "notes/a.html"], &["x/notes"]),
            ("./notes", &["notes"], &["x/notes"]),
            ("data/*.db", &["data/a.db"], &["data/x/a.db", "x/data/a.db", "a.db"]),
            ("data/**/*.db", &["data/a.db", "data/x/y/a.db"], &["a.db"]),
            ("data/**", &["data/a", "data/x/a"], &["data", "x/data/a"]),
            ("**/tmp/*.css", &["tmp/a.css", "x/tmp/a.css"], &["a.css", "tmp/x/a.css"]),
            ("*.{db,db-wal},?.txt", &["a.db", "a.db-wal", "x/a.txt"], &["a.db-shm", "ab.txt"]),
            ("[a,b].js", &["a.js", "b.js", ",.js"], &["c.js"]),
            ("a\\,b,\\!c,\\*", &["a,b", "!c", "*"], &["a", "b", "c"]),
            ("窗*", &["窗.txt"], &["x"]),
        ];
        for (patterns, ignored, counted) in table {
            let ignore = Ignore::parse(patterns).expect(patterns);
            for path in *ignored {
                assert!(ignore.has(Path::new(path)), "{patterns}: {path}");
            }
            for path in *counted {
                assert!(!ignore.has(Path::new(path)), "{patterns}: {path}");
            }
        }
        assert!(!Ignore::default().has(Path::new("a")));
        let ignore = Ignore::parse("*.Log").expect("a pattern");
        assert!(ignore.has(Path::new("a.Log")));
        assert_eq!(ignore.has(Path::new("a.LOG")), names::IGNORE_CASE);
    }

    #[test]
    fn malformed_patterns_are_refused() {
        for pattern in ["", "/", "a,,b", "a,", "[a", "{a", "!a", "../a", "a//b", "a/./b", "\\"] {
            let reason = Ignore::parse(pattern).expect_err(pattern);
            assert!(!reason.contains('\n'), "{reason}");
        }
    }
}
