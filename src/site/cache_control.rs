//! How long browsers may use a copy of a file without asking (RFC 9111 section 5.2.2).
//!
//! ```text
//! --cache '/assets/**=immutable'    files that get a new name with each change: for a year
//! --cache '*.css=3600'              style sheets for an hour
//! --cache 60                        all other files for a minute
//! --spa                             but pages not: an address of the application always leads to the newest
//! ```
//!
//! The first pattern that matches decides. The default is `no-cache`: a browser keeps a copy, and asks before it uses
//! it.

use crate::base::patterns::Pattern;
use crate::base::platform::names;

/// A year, which caches take for ever.
const FOR_EVER: &str = "max-age=31536000, immutable";

/// How long files of a folder may be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheControl {
    rules: Vec<(Pattern, String)>,
    /// The value for files that no pattern names.
    others: String,
    /// The value for pages among these, if it is another.
    pages: Option<String>,
}

/// The same for all files.
impl From<&str> for CacheControl {
    fn from(value: &str) -> CacheControl {
        CacheControl { rules: Vec::new(), others: value.to_owned(), pages: None }
    }
}

/// The value of one `--cache`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    pattern: Option<Pattern>,
    value: String,
}

impl Rule {
    /// Reads `VALUE` or `PATTERN=VALUE`.
    ///
    /// # Errors
    /// A reason, if it makes no sense.
    pub fn parse(text: &str) -> Result<Rule, String> {
        let (pattern, value) = match text.rsplit_once('=') {
            Some((pattern, value)) => (Some(Pattern::parse(pattern)?), value),
            None => (None, text),
        };
        Ok(Rule { pattern, value: parse_value(value)? })
    }
}

fn parse_value(text: &str) -> Result<String, String> {
    let wrong = || {
        "it must be a number of seconds, no-cache, no-store or immutable, for all files or as PATTERN=VALUE, such \
         as '*.css=3600'"
            .to_owned()
    };
    match text {
        "no-cache" | "no-store" => return Ok(text.to_owned()),
        "immutable" => return Ok(FOR_EVER.to_owned()),
        _ => {}
    }
    let (seconds, immutable) = match text.split_once(',') {
        Some((seconds, "immutable")) => (seconds, ", immutable"),
        Some(_) => return Err(wrong()),
        None => (text, ""),
    };
    let is_number = !seconds.is_empty() && seconds.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = seconds.parse::<u32>().ok().filter(|_| is_number).ok_or_else(wrong)?;
    Ok(format!("max-age={seconds}{immutable}"))
}

impl CacheControl {
    /// All of these together. Of several without a pattern the last counts.
    pub fn of(rules: &[Rule]) -> CacheControl {
        let mut all = CacheControl::from("no-cache");
        for Rule { pattern, value } in rules {
            match pattern {
                Some(pattern) => all.rules.push((pattern.clone(), value.clone())),
                None => all.others.clone_from(value),
            }
        }
        all
    }

    /// The same, but browsers always ask for pages that no pattern names.
    #[must_use]
    pub fn with_fresh_pages(self) -> CacheControl {
        let pages = self.others.starts_with("max-age").then(|| "no-cache".to_owned());
        CacheControl { pages, ..self }
    }

    /// The same, but browsers always ask.
    #[must_use]
    pub fn without_ages(mut self) -> CacheControl {
        let values = self.rules.iter_mut().map(|(_, value)| value).chain([&mut self.others]);
        for value in values.filter(|value| value.starts_with("max-age")) {
            "no-cache".clone_into(value);
        }
        self
    }

    /// The value for a file, by its path from the root.
    pub fn value(&self, relative: &[u8], is_page: bool) -> &str {
        let path = names::path(relative).ok();
        let rule = self.rules.iter().find(|(pattern, _)| path.is_some_and(|path| pattern.matches(path)));
        match (rule, &self.pages) {
            (Some((_, value)), _) => value,
            (None, Some(pages)) if is_page => pages,
            _ => &self.others,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(rules: &[&str]) -> CacheControl {
        CacheControl::of(&rules.iter().map(|rule| Rule::parse(rule).expect(rule)).collect::<Vec<_>>())
    }

    #[test]
    fn the_first_pattern_that_matches_decides_and_pages_of_an_application_stay_fresh() {
        let rules = policy(&[
            "/assets/**=immutable",
            "*.css=3600",
            "*.css=1",
            "60",
            "about.html=no-store",
            "90,immutable",
        ]);
        let table = [
            ("assets/app.3f2a.js", "max-age=31536000, immutable"),
            ("assets/app.css", "max-age=31536000, immutable"),
            ("x/site.css", "max-age=3600"),
            ("about.html", "no-store"),
            ("index.html", "no-cache"),
            ("logo.png", "max-age=90, immutable"),
        ];
        for (path, expected) in table {
            let value =
                |rules: &CacheControl| rules.value(path.as_bytes(), path.contains(".html")).to_owned();
            assert_eq!(value(&rules.clone().with_fresh_pages()), expected, "{path}");
            let kept = if path == "index.html" { "max-age=90, immutable" } else { expected };
            assert_eq!(value(&rules), kept, "{path}");
            let fresh = if expected == "no-store" { expected } else { "no-cache" };
            assert_eq!(value(&rules.clone().without_ages()), fresh, "{path}");
        }
        assert_eq!(policy(&[]).value(b"a.css", false), "no-cache");
        assert_eq!(policy(&["no-store"]).with_fresh_pages().value(b"a.html", true), "no-store");
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_a_reason() {
        let table = [
            "soon",
            "",
            "-1",
            "+1",
            "5,public",
            "*.css=soon",
            "=5",
            "[a=5",
            "*.css=",
            "a=b=c",
            "99999999999",
        ];
        for text in table {
            let reason = Rule::parse(text).expect_err(text);
            assert!(!reason.is_empty() && !reason.contains('\n'), "{text}: {reason}");
        }
        assert!(Rule::parse("a=b=5").is_ok(), "a name may hold an equals sign");
    }
}
