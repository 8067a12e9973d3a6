//! Warnings at the start: the user may be surprised by what the server gives away, or by a browser that refuses its
//! port.
//!
//! ```text
//! glasshttp -p 6000     browsers refuse to open port 6000, which is another protocol's ...
//! glasshttp ~           this gives whoever can connect your whole home folder, but for hidden names; ...
//! ```

use super::browser;
use super::cli::Config;
use super::urls::Places;
use crate::base::platform::large_folders;
use std::net::SocketAddr;
use std::path::Path;

/// The warnings about this configuration, a line each. `home` is the user's home folder.
pub(super) fn lines(config: &Config, places: &Places, home: Option<&Path>) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(port) = places.addresses.iter().map(SocketAddr::port).find(|port| browser::refuses(*port)) {
        lines.push(format!(
            "browsers refuse to open port {port}, which is another protocol's (the Fetch standard, \"port blocking\"); \
             for them choose another with --port"
        ));
    }
    if let Some(what) = gives_away(&config.folder, home) {
        let hidden = if config.site.hidden { ", hidden names too" } else { ", but for hidden names" };
        lines.push(format!(
            "this gives whoever can connect {what}{hidden}; name a smaller folder if you do not mean that"
        ));
    }
    lines
}

/// What this folder gives away, if it is a large one.
fn gives_away(folder: &Path, home: Option<&Path>) -> Option<&'static str> {
    let folder = folder.canonicalize().ok()?;
    if let Some(what) = large_folders::what_is_in(&folder) {
        return Some(what);
    }
    let home = home?.canonicalize().ok()?;
    match home.strip_prefix(&folder) {
        // A process without a user has `/` for a home folder.
        _ if home.parent().is_none() => None,
        Ok(rest) if rest.as_os_str().is_empty() => Some("your whole home folder"),
        Ok(_) => Some("the home folders of this machine, as far as you may read them"),
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    #![cfg(unix)]
    #![allow(clippy::mixed_attributes_style)]

    use super::*;
    use std::path::PathBuf;

    #[test]
    fn large_folders_are_told_from_others_by_whatever_path() {
        let outer = tempfile::tempdir().expect("a folder");
        let (homes, home) = (outer.path().join("home"), outer.path().join("home/alice"));
        std::fs::create_dir_all(home.join("site")).expect("made");
        std::os::unix::fs::symlink("/", outer.path().join("root")).expect("a link");
        let table = [
            (PathBuf::from("/"), "whole machine"),
            (PathBuf::from("/tmp/.."), "whole machine"),
            (outer.path().join("root"), "whole machine"),
            (PathBuf::from("/etc"), "settings"),
            (home.clone(), "your whole home folder"),
            (home.join("site/.."), "your whole home folder"),
            (homes, "the home folders"),
            (home.join("site"), ""),
            (PathBuf::from("/usr/share"), ""),
        ];
        for (folder, part) in table {
            let found = gives_away(&folder, Some(&home));
            assert_eq!(found.is_some(), !part.is_empty(), "{folder:?} {found:?}");
            assert!(found.unwrap_or_default().contains(part), "{folder:?} {found:?}");
        }
        assert_eq!(gives_away(&home, Some(Path::new("/"))), None, "whoever has no home has / for one");
        assert_eq!(gives_away(&home, None), None);
    }
}
