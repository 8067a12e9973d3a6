//! `--precompressed`: files that lie there compressed.

use super::{WRITTEN, ask, get, set_modified, varies, words};
use crate::support::{self, Server, folder};
use glasshttp::site::media_type::{self, Look};

#[test]
fn the_best_sibling_that_the_client_takes_goes_out_and_else_the_file() {
    let folder = folder(&[
        ("all.js", "all"),
        ("all.js.br", "BR"),
        ("all.js.zst", "ZSTD"),
        ("all.js.gz", "GZIP"),
        ("some.js", "some"),
        ("some.js.gz", "GZIP"),
        ("index.html", "index"),
        ("index.html.br", "BR"),
    ]);
    let server = Server::start(folder.path(), &["--precompressed"]);
    let table = [
        ("/all.js", "gzip, deflate, br, zstd", Some("br"), "BR"),
        ("/all.js", "gzip, zstd", Some("zstd"), "ZSTD"),
        ("/all.js", "gzip", Some("gzip"), "GZIP"),
        ("/all.js", "gzip, br;q=0.9", Some("gzip"), "GZIP"),
        ("/all.js", "br;q=0, *", Some("zstd"), "ZSTD"),
        ("/all.js", "gzip;q=0", None, "all"),
        ("/all.js", "gzip;q=0, *;q=0", None, "all"),
        ("/all.js", "identity", None, "all"),
        ("/all.js", "", None, "all"),
        ("/all.js", "deflate, identity;q=0", None, "all"),
        ("/some.js", "br, zstd, gzip", Some("gzip"), "GZIP"),
        ("/some.js", "gzip;q=0, *", None, "some"),
        ("/", "br", Some("br"), "BR"),
        ("/", "gzip", None, "index"),
        // By its own name it is a file like any other.
        ("/all.js.gz", "gzip, br", None, "GZIP"),
        ("/all.js.br", "gzip, br", None, "BR"),
    ];
    for (target, accept, coding, body) in table {
        let reply = get(&server, target, accept);
        assert_eq!((reply.status, reply.field("content-encoding")), (200, coding), "{target} {accept}");
        assert_eq!(reply.text(), body, "{target} {accept}");
        let is_itself = target.ends_with("gz") || target.ends_with("br");
        assert_eq!(varies(&reply), !is_itself, "{target} {accept}");
        let name = if target == "/" { "index.html" } else { target };
        assert_eq!(
            reply.field("content-type"),
            Some(&*media_type::of(name.as_bytes(), Look::at(b"a", true)).content_type),
            "{target} {accept}"
        );
    }
    assert_eq!(get(&server, "/all.js.gz", "gzip").field("content-type"), Some("application/gzip"));
    assert_eq!(ask(&server, "GET /all.js", "").text(), "all", "who says nothing gets the file");
}

#[test]
fn what_is_coded_by_its_name_says_so_and_is_never_coded_again() {
    let drawing = "<svg/>".repeat(1000);
    let folder = folder(&[("a.svgz", &drawing), ("a.svgz.br", "BR"), ("b.SVGZ", &drawing)]);
    let server = Server::start(folder.path(), &["--compress", "--precompressed"]);
    for target in ["/a.svgz", "/b.SVGZ"] {
        for accept in ["", "identity", "br, gzip"] {
            let reply = get(&server, target, accept);
            assert_eq!(
                (reply.field("content-type"), reply.field("content-encoding"), reply.text()),
                (Some("image/svg+xml"), Some("gzip"), drawing.clone()),
                "{target} {accept}"
            );
            assert!(!varies(&reply), "{target} {accept}");
        }
    }
}

#[test]
fn a_page_that_loads_what_is_coded_gets_what_is_inside_and_others_the_file() {
    let names = ["app.js.br", "app.wasm.gz", "font.woff2.zst", "data.tar.gz", "style.css.GZ"];
    let files: Vec<_> = names.iter().map(|name| (*name, *name)).collect();
    let folder = folder(&files);
    const ALL: &str = "Accept-Encoding: gzip, br, zstd\r\n";
    const ONE: &str = "Accept-Encoding: gzip\r\n";
    let octets = "application/octet-stream";
    let table = [
        ("/app.js.br", "script", ALL, "text/javascript", Some("br")),
        ("/app.js.br", "worker", ALL, "text/javascript", Some("br")),
        ("/app.js.br", "script", ONE, octets, None),
        ("/app.js.br", "document", ALL, octets, None),
        ("/app.js.br", "empty", ALL, octets, None),
        ("/app.js.br", "", ALL, octets, None),
        ("/app.wasm.gz", "empty", ALL, "application/wasm", Some("gzip")),
        ("/app.wasm.gz", "", ALL, "application/gzip", None),
        ("/font.woff2.zst", "font", ALL, "font/woff2", Some("zstd")),
        ("/style.css.GZ", "style", ALL, "text/css", Some("gzip")),
        ("/data.tar.gz", "script", ALL, "application/gzip", None),
    ];
    for options in [&[][..], &["--compress"], &["--precompressed"], &["--cache-size", "0"]] {
        let server = Server::start(folder.path(), options);
        // Twice: the second answers are from memory.
        for (target, dest, accept, media_type, coding) in table.iter().chain(&table) {
            let fields = if dest.is_empty() {
                (*accept).to_owned()
            } else {
                format!("{accept}Sec-Fetch-Dest: {dest}\r\n")
            };
            let reply = server.connect().get_with(target, &fields);
            assert_eq!(
                (reply.field("content-type"), reply.field("content-encoding"), reply.text()),
                (Some(*media_type), *coding, target[1..].to_owned()),
                "{options:?} {target} {fields}"
            );
        }
        let tags: std::collections::HashSet<_> = ["", "Sec-Fetch-Dest: script\r\n"]
            .map(|dest| server.connect().get_with("/app.js.br", &format!("{ALL}{dest}")))
            .iter()
            .map(|reply| reply.field("etag").expect("a tag").to_owned())
            .collect();
        assert_eq!(tags.len(), 2, "{options:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_sibling_that_is_older_or_no_file_or_leads_out_is_never_served() {
    let outside = folder(&[("secret", "SECRET")]);
    let folder = folder(&[
        ("older.js", "new"),
        ("older.js.br", "OLD"),
        ("older.js.gz", "GZIP"),
        ("folder.js", "file"),
        ("folder.js.br/a", "a"),
        ("link.js", "file"),
        ("nowhere.js", "file"),
        ("orphan.js.br", "BR"),
    ]);
    let path = folder.path();
    set_modified(&path.join("older.js.br"), WRITTEN - 1);
    std::os::unix::fs::symlink(outside.path().join("secret"), path.join("link.js.br")).expect("linked");
    std::os::unix::fs::symlink("nowhere", path.join("nowhere.js.br")).expect("linked");
    support::make_fifo(&path.join("nowhere.js.gz"));
    let server = Server::start(path, &["--precompressed"]);
    for target in ["/folder.js", "/link.js", "/nowhere.js"] {
        let reply = get(&server, target, "br, gzip");
        let found = (reply.status, reply.field("content-encoding"), reply.text());
        assert_eq!(found, (200, None, "file".to_owned()), "{target}");
        assert!(varies(&reply), "{target}");
    }
    let reply = get(&server, "/older.js", "br, gzip");
    assert_eq!((reply.field("content-encoding"), &*reply.text()), (Some("gzip"), "GZIP"));
    assert_eq!(get(&server, "/older.js", "br").text(), "new");
    // A sibling stands for a file, and for none that is not there.
    assert_eq!(get(&server, "/orphan.js", "br").status, 404);
}

#[test]
fn a_single_file_that_is_served_has_no_siblings() {
    let folder = folder(&[("a.js", "file"), ("a.js.br", "BR")]);
    let server = Server::start(&folder.path().join("a.js"), &["--precompressed"]);
    assert_eq!(get(&server, "/", "br").text(), "file");
}

#[test]
fn names_with_a_dot_are_hidden_whatever_is_asked_for() {
    let folder = folder(&[(".env", "SECRET"), (".env.gz", "SECRET")]);
    let server = Server::start(folder.path(), &["--precompressed", "--compress"]);
    for target in ["/.env", "/.env.gz"] {
        assert_eq!(get(&server, target, "gzip").status, 404, "{target}");
    }
}

#[test]
fn parts_of_a_sibling_are_parts_of_its_bytes() {
    let folder = folder(&[("a.js", &words(5000)), ("a.js.br", &words(1000))]);
    let server = Server::start(folder.path(), &["--precompressed", "--compress"]);
    let tag = get(&server, "/a.js", "br").field("etag").expect("a tag").to_owned();
    let identity = get(&server, "/a.js", "").field("etag").expect("a tag").to_owned();
    let range = |more: &str| {
        let more = more.replace("TAG", &tag).replace("IDENTITY", &identity);
        ask(&server, "GET /a.js", &format!("Accept-Encoding: br\r\n{more}"))
    };
    let whole = words(1000);
    let table = [
        ("Range: bytes=2-4\r\n", 206, &whole[2..5]),
        ("Range: bytes=-1\r\nIf-Range: TAG\r\n", 206, &whole[999..]),
        // A part of one coding does not fit to what somebody has in another.
        ("Range: bytes=-1\r\nIf-Range: IDENTITY\r\n", 200, &*whole),
        // A client would take Content-Encoding for that of the whole body, with its borders.
        ("Range: bytes=0-0,999-\r\n", 200, &*whole),
    ];
    for (more, status, body) in table {
        let reply = range(more);
        assert_eq!((reply.status, &*reply.text()), (status, body), "{more}");
        assert_eq!(reply.field("content-encoding"), Some("br"), "{more}");
        assert!(varies(&reply), "{more}");
    }
    let reply = range("Range: bytes=1000-\r\n");
    assert_eq!((reply.status, reply.field("content-range")), (416, Some("bytes */1000")));
    assert!(varies(&reply));
}
