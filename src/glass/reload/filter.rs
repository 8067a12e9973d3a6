//! Which paths count: a change of any other path is ignored.
//!
//! ```text
//! a.css, x/b.html                              count
//! .git, node_modules, a.css~, a.css.map        do not
//! .profile                                     counts if hidden files are served
//! what --reload-ignore names                   does not
//! ```

use super::{Ignore, Options};
use crate::base::platform::names;
use crate::site::Root;
use crate::site::names::is_temporary;
use std::path::{Component, Path, PathBuf};

/// Which paths count.
pub(super) struct Filter {
    root: PathBuf,
    hidden: bool,
    single: Option<Vec<u8>>,
    ignore: Vec<Ignore>,
}

impl Filter {
    pub(super) fn new(root: &Root, options: &Options) -> Filter {
        let single = root.single_file().map(|file| file.relative.clone());
        let (hidden, ignore) = (options.hidden, options.ignore.clone());
        Filter { root: root.path().to_path_buf(), hidden, single, ignore }
    }

    /// Whether a change of this path counts.
    pub(super) fn counts(&self, path: &Path) -> bool {
        let Ok(relative) = path.strip_prefix(&self.root) else { return false };
        if let Some(single) = &self.single {
            return *names::joined(relative) == **single;
        }
        let names = relative.components().enumerate().all(|(depth, component)| match component {
            Component::Normal(name) => self.counts_by_name(names::bytes(name), depth),
            _ => true,
        });
        let is_ignored = || self.ignore.iter().any(|ignore| ignore.has(relative));
        names && !is_of_no_page(&names::joined(relative)) && !is_ignored()
    }

    fn counts_by_name(&self, name: &[u8], depth: usize) -> bool {
        match name {
            b".git" | b"node_modules" => false,
            b".well-known" if depth == 0 => true,
            name if is_temporary(name) => false,
            name => self.hidden || !name.starts_with(b"."),
        }
    }
}

/// Whether no page loads such a file: backups of editors; sources that are compiled before a page loads them; and files
/// without a name (O_TMPFILE, open(2)), which the system reports as "#" and a number.
fn is_of_no_page(path: &[u8]) -> bool {
    let name = path.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
    [&b"~"[..], b".css.map", b".js.map", b".scss", b".sass"].iter().any(|end| name.ends_with(end))
        || (name.len() > 1 && name.starts_with(b"#") && name.ends_with(b"#"))
        || name.strip_prefix(b"#").is_some_and(|it| !it.is_empty() && it.iter().all(u8::is_ascii_digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hidden_or_not_part_of_a_page_does_not_count() {
        let filter =
            |hidden| Filter { root: PathBuf::from("/site"), hidden, single: None, ignore: Vec::new() };
        let table = [
            ("/site", true, true),
            ("/site/a.css", true, true),
            ("/site/a/b.html", true, true),
            ("/site/.well-known/x", true, true),
            ("/site/a/.well-known/x", false, true),
            ("/site/.a.css.swp", false, true),
            ("/site/.git/index", false, false),
            ("/site/node_modules", false, false),
            ("/site/a/node_modules/b/c.js", false, false),
            ("/site/a.css~", false, false),
            ("/site/a.css.map", false, false),
            ("/site/a.scss", false, false),
            ("/site/#a.css#", false, false),
            ("/site/#", true, true),
            ("/site/#1234", false, false),
            ("/site/#1234.html", true, true),
            ("/site/.glass-upload-0123456789abcdef", false, false),
            ("/other/a.css", false, false),
        ];
        for (path, plain, hidden) in table {
            assert_eq!(filter(false).counts(Path::new(path)), plain, "{path}");
            assert_eq!(filter(true).counts(Path::new(path)), hidden, "{path}, hidden ones as well");
        }
        let single = Filter { single: Some(b"a.html".to_vec()), ..filter(false) };
        assert!(single.counts(Path::new("/site/a.html")) && !single.counts(Path::new("/site/b.html")));
        let ignore = vec![Ignore::parse("*.log,notes").expect("patterns"), Ignore::parse("/d").expect("one")];
        let ignoring = Filter { ignore, ..filter(false) };
        for path in ["/site/a.log", "/site/x/b.log", "/site/notes/a.html", "/site/d"] {
            assert!(!ignoring.counts(Path::new(path)), "{path}");
        }
        assert!(ignoring.counts(Path::new("/site")) && ignoring.counts(Path::new("/site/x/d/a.css")));
    }
}
