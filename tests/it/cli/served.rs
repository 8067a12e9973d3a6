//! What is served, and what is not.

use super::small_site;
#[cfg(unix)]
use crate::support;
use crate::support::{Server, folder, glasshttp, write};
use std::ffi::OsStr;
use std::path::Path;

#[test]
fn a_single_file_is_served_at_the_root_and_at_its_name_and_nothing_else_is() {
    let folder = folder(&[
        ("a.txt", "aaaaa"),
        ("b.txt", "b"),
        ("index.html", "start"),
        ("404.html", "not here"),
        ("sub/a.txt", "sub"),
    ]);
    let server = Server::start(&folder.path().join("a.txt"), &[]);
    for target in ["/", "/a.txt", "/a.txt?query"] {
        let reply = server.get(target);
        assert_eq!((reply.status, reply.text().as_str()), (200, "aaaaa"), "{target}");
        assert_eq!(reply.field("content-type"), Some("text/plain; charset=utf-8"));
    }
    for target in ["/b.txt", "/index.html", "/404.html", "/sub/", "/sub/a.txt", "/sub", "/missing"] {
        let reply = server.get(target);
        assert_eq!(reply.status, 404, "{target}");
        assert_ne!(reply.text(), "not here", "{target}");
    }
}

#[test]
fn a_folder_may_have_any_name() {
    let outer = folder(&[]);
    let names = [
        OsStr::new("a b"),
        OsStr::new("-"),
        OsStr::new("\u{4e2d}"),
        #[cfg(unix)]
        support::name(b"\xff\xfe"),
        #[cfg(unix)]
        support::name(b"line\nfeed"),
    ];
    for name in names {
        write(outer.path(), Path::new(name).join("a.txt"), "aaaaa");
        let mut command = glasshttp();
        command.args(["--port", "0", "--"]).arg(name).current_dir(outer.path());
        assert_eq!(Server::start_command(&mut command).get("/a.txt").text(), "aaaaa", "{name:?}");
    }
}

#[test]
fn without_a_folder_it_serves_where_it_is_started() {
    let folder = small_site();
    let server = Server::start_command(glasshttp().args(["--port", "0"]).current_dir(folder.path()));
    assert_eq!(server.get("/a.txt").text(), "aaaaa");
}

#[test]
fn without_listings_a_folder_without_an_index_is_403() {
    let folder = folder(&[("index.html", "start"), ("sub/a.txt", "aaaaa")]);
    let with = Server::start(folder.path(), &[]);
    let without = Server::start(folder.path(), &["--no-listing"]);
    for (target, status_with, status_without) in
        [("/", 200, 200), ("/sub/", 200, 403), ("/sub/?format=json", 200, 403), ("/sub/a.txt", 200, 200)]
    {
        assert_eq!(with.get(target).status, status_with, "{target}");
        assert_eq!(without.get(target).status, status_without, "{target}");
    }
    assert!(!without.get("/sub/").text().contains("a.txt"));
}

#[test]
fn hidden_names_are_served_only_when_asked_for() {
    let folder = folder(&[
        (".env", "secret"),
        (".git/config", "secret"),
        ("sub/.env", "secret"),
        (".well-known/a", "public"),
    ]);
    let without = Server::start(folder.path(), &[]);
    let with = Server::start(folder.path(), &["--hidden"]);
    for target in ["/.env", "/.git/", "/.git/config", "/sub/.env", "/%2eenv", "/.git"] {
        assert_eq!(without.get(target).status, 404, "{target}");
        assert!(matches!(with.get(target).status, 200 | 301), "{target}");
    }
    assert!(!without.get("/").text().contains(".env"));
    assert!(with.get("/").text().contains(".env"));
    assert_eq!(without.get("/.well-known/a").text(), "public");
}

#[cfg(unix)]
#[test]
fn links_that_lead_out_are_followed_only_when_asked_for() {
    use std::os::unix::fs::symlink;
    let outside = folder(&[("secret.txt", "secret")]);
    let inside = small_site();
    symlink(outside.path().join("secret.txt"), inside.path().join("file")).expect("a link");
    symlink(outside.path(), inside.path().join("folder")).expect("a link");
    let without = Server::start(inside.path(), &["--index", "none"]);
    let with = Server::start(inside.path(), &["--index", "none", "--follow-links"]);
    for target in ["/file", "/folder/secret.txt"] {
        let refused = without.get(target);
        assert_eq!(refused.status, 403, "{target}");
        assert!(!refused.text().contains("secret"), "{target}");
        assert_eq!(with.get(target).text(), "secret", "{target}");
    }
    assert_eq!((without.get("/folder/").status, with.get("/folder/").status), (403, 200));
    for (server, links) in [(&without, false), (&with, true)] {
        let listing = server.get("/").text();
        assert_eq!((listing.contains("\"file\""), listing.contains("\"folder/\"")), (links, links));
    }
}

#[test]
fn the_index_is_the_first_of_the_names_that_exists() {
    let folder = folder(&[
        ("index.html", "index"),
        ("home.htm", "home"),
        ("two/second.html", "second"),
        ("none/a.txt", ""),
    ]);
    let table: &[(&[&str], &str, &str)] = &[
        (&[], "/", "index"),
        (&["--index", "home.htm"], "/", "home"),
        (&["--index", "first.html", "--index", "second.html"], "/two/", "second"),
        (&["--index", "home.htm,index.html"], "/", "home"),
        (&["--index", "first.html"], "/", "Index of /"),
        (&[], "/none/", "Index of /none/"),
    ];
    for &(options, target, part) in table {
        let text = Server::start(folder.path(), options).get(target).text();
        assert!(text.contains(part), "{options:?} {target}: {text}");
    }
}

#[test]
fn the_cache_option_decides_how_long_browsers_keep_files() {
    let folder = small_site();
    let table: &[(&[&str], &str)] = &[
        (&[], "no-cache"),
        (&["--cache", "no-cache"], "no-cache"),
        (&["--cache", "no-store"], "no-store"),
        (&["--cache", "3600"], "max-age=3600"),
        (&["--cache", "0"], "max-age=0"),
    ];
    for &(options, expected) in table {
        let server = Server::start(folder.path(), options);
        assert_eq!(server.get("/a.txt").field("cache-control"), Some(expected), "{options:?}");
    }
}
