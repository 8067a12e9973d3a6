//! Content codings, as clients see them: `--precompressed` and `--compress`.
//!
//! Most of these promises are known for having been broken by other servers.

#![cfg(feature = "compress")]

use crate::support::{self, Client, Reply, Server, folder, run, write};
use glasshttp::site::media_type::{self, Look};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

/// Text of about so many bytes.
fn words(length: usize) -> String {
    (0u64..).map(|n| format!("{} ", n * n % 9973)).take(length / 2 + 1).collect::<String>()[..length]
        .to_owned()
}

/// A whole answer on a connection of its own, its body without chunks.
fn ask(server: &Server, line: &str, fields: &str) -> Reply {
    let (method, target) = line.split_once(' ').expect("method and target");
    let mut client = server.connect();
    client
        .send(format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{fields}\r\n"));
    let mut reply = client.head();
    reply.body = client.rest().expect("it ends");
    if method != "HEAD" && reply.field("transfer-encoding") == Some("chunked") {
        reply.body = without_chunks(&reply.body).expect("the last chunk came");
    } else if let (false, Some(length)) = (method == "HEAD", reply.field("content-length")) {
        assert_eq!(length, reply.body.len().to_string(), "{line}");
    }
    reply
}

/// GET of who takes these codings.
fn get(server: &Server, target: &str, accept: &str) -> Reply {
    ask(server, &format!("GET {target}"), &format!("Accept-Encoding: {accept}\r\n"))
}

/// What chunks held; `None` if the last is not there.
fn without_chunks(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = memchr::memmem::find(rest, b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..line]).ok()?, 16).ok()?;
        let chunk = rest.get(line + 2..line + 2 + size + 2)?;
        assert!(chunk.ends_with(b"\r\n"));
        if size == 0 {
            assert_eq!(chunk.len() + line + 2, rest.len(), "nothing is behind the last chunk");
            return Some(body);
        }
        body.extend_from_slice(&chunk[..size]);
        rest = &rest[line + 2 + size + 2..];
    }
}

/// The fields of an answer but those that are of the moment.
fn fields(reply: &Reply) -> BTreeMap<String, Vec<String>> {
    let mut fields: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for line in reply.head.lines().skip(1).filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(": ").expect("a field");
        fields.entry(name.to_ascii_lowercase()).or_default().push(value.to_owned());
    }
    fields.remove("date");
    fields
}

fn varies(reply: &Reply) -> bool {
    fields(reply).get("vary").is_some_and(|values| values.iter().any(|value| value == "Accept-Encoding"))
}

fn set_modified(path: &Path, seconds: u64) {
    let file = File::options().append(true).open(path).expect("it is there");
    file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)).expect("its time is set");
}

/// When [`write`] says that files were changed.
const WRITTEN: u64 = 1_000_000_000;

#[test]
fn without_the_options_nothing_is_coded_and_nothing_varies() {
    let folder = folder(&[("a.txt", &words(9000)), ("a.txt.gz", "GZIP"), ("a.txt.br", "BR")]);
    let server = Server::start(folder.path(), &[]);
    let reply = get(&server, "/a.txt", "gzip, br");
    assert_eq!((reply.field("content-encoding"), reply.field("vary")), (None, None));
    assert_eq!(reply.text(), words(9000));
}

// ---- files that lie there compressed

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

// ---- what every coding has to keep, whoever made it

/// A server with a file that is compressed at once, one that is compressed as it goes, and one that lies there.
fn with_all_three() -> (tempfile::TempDir, Server) {
    let folder = folder(&[
        ("once.txt", &words(20_000)),
        ("as-it-goes.txt", &words(2_000_000)),
        ("beside.txt", &words(20_000)),
        ("beside.txt.gz", "GZIP"),
        ("beside.txt.br", "BR"),
    ]);
    let server = Server::start(folder.path(), &["--precompressed", "--compress"]);
    (folder, server)
}

const ALL_THREE: [&str; 3] = ["/once.txt", "/as-it-goes.txt", "/beside.txt"];

#[test]
fn each_coding_has_a_strong_tag_of_its_own_that_is_good_for_304_and_412() {
    let (_folder, server) = with_all_three();
    for target in ALL_THREE {
        let codings = ["", "gzip", "br"];
        let tags =
            codings.map(|accept| get(&server, target, accept).field("etag").expect("a tag").to_owned());
        assert!(tags.iter().all(|tag| tag.starts_with('"')), "{target} {tags:?}");
        assert!(tags[0] != tags[1] && tags[0] != tags[2] && tags[1] != tags[2], "{target} {tags:?}");
        for (accept, own) in codings.iter().zip(&tags) {
            for tag in &tags {
                let ask = |field: &str| {
                    ask(
                        &server,
                        &format!("GET {target}"),
                        &format!("Accept-Encoding: {accept}\r\n{field}: {tag}\r\n"),
                    )
                };
                let (none, some) = (ask("If-None-Match"), ask("If-Match"));
                let expected = if tag == own { (304, 200) } else { (200, 412) };
                assert_eq!((none.status, some.status), expected, "{target} {accept:?} {tag}");
                for reply in [none, some] {
                    assert!(varies(&reply), "{target} {accept:?}: {}", reply.head);
                    assert_eq!(reply.field("etag"), Some(&**own), "{target} {accept:?}");
                }
            }
        }
    }
}

#[test]
fn head_has_the_fields_of_get() {
    let (_folder, server) = with_all_three();
    for target in ALL_THREE {
        for accept in ["", "gzip", "br", "br;q=0, *", "identity;q=0"] {
            for more in ["", "Range: bytes=0-\r\n"] {
                let lines = format!("Accept-Encoding: {accept}\r\n{more}");
                let (get, head) = (
                    ask(&server, &format!("GET {target}"), &lines),
                    ask(&server, &format!("HEAD {target}"), &lines),
                );
                assert!(head.body.is_empty(), "{target} {accept} {more}");
                if more.is_empty() {
                    assert_eq!(fields(&get), fields(&head), "{target} {accept}");
                } else {
                    // Ranges are for GET alone, but which representation it is does not depend on that.
                    assert_eq!((get.status, head.status), (206, 200), "{target} {accept}");
                    assert_eq!(get.field("etag"), head.field("etag"), "{target} {accept}");
                }
            }
        }
    }
    for target in ["/", "/nowhere"] {
        let accept = "Accept-Encoding: br\r\nAccept: text/html\r\n";
        let get = ask(&server, &format!("GET {target}"), accept);
        let head = ask(&server, &format!("HEAD {target}"), accept);
        assert_eq!(fields(&get), fields(&head), "{target}");
    }
}

// ---- compressed by us

#[test]
fn what_is_compressed_decodes_to_the_file_and_ends_where_it_says() {
    let names = ["small.txt", "medium.js", "limit.json", "large.html"];
    let lengths = [1000, 50_000, 512 * 1024, 3_000_000];
    let folder = folder(&[]);
    for (name, length) in names.iter().zip(lengths) {
        write(folder.path(), name, words(length));
    }
    let server = Server::start(folder.path(), &["--compress"]);
    for (name, length) in names.iter().zip(lengths) {
        for (accept, coding) in [("gzip", "gzip"), ("br", "br"), ("gzip, deflate, br, zstd", "br")] {
            let reply = get(&server, &format!("/{name}"), accept);
            assert_eq!(
                (reply.status, reply.field("content-encoding")),
                (200, Some(coding)),
                "{name} {accept}"
            );
            assert!(varies(&reply) && reply.body.len() < length * 3 / 4, "{name} {accept}");
            assert_eq!(reply.field("accept-ranges"), None, "{name}: of this no part can be had");
            assert_eq!(
                reply.field("content-type"),
                Some(&*media_type::of(name.as_bytes(), Look::at(b"a", true)).content_type)
            );
            assert!(decode(coding, &reply.body) == words(length).as_bytes(), "{name} {accept}");
        }
    }
}

fn decode(coding: &str, bytes: &[u8]) -> Vec<u8> {
    use std::io::Read;
    let mut decoded = Vec::new();
    match coding {
        "gzip" => flate2::read::GzDecoder::new(bytes).read_to_end(&mut decoded),
        "br" => brotli::Decompressor::new(bytes, 4096).read_to_end(&mut decoded),
        other => panic!("{other}"),
    }
    .expect("it can be decoded");
    decoded
}

#[test]
fn the_next_answer_on_the_connection_starts_where_a_compressed_one_ends() {
    let (_folder, server) = with_all_three();
    let mut client = server.connect();
    for _ in 0..3 {
        let reply = client.get_with("/once.txt", "Accept-Encoding: gzip\r\n");
        assert!(decode("gzip", &reply.body) == words(20_000).as_bytes());
    }
    client.send("GET /as-it-goes.txt HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: br\r\n\r\n");
    client.send("GET /once.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    let rest = client.rest().expect("it ends");
    let second = memchr::memmem::rfind(&rest, b"HTTP/1.1 200 OK").expect("a second answer");
    let body = memchr::memmem::find(&rest, b"\r\n\r\n").expect("a head") + 4;
    let body = without_chunks(&rest[body..second]).expect("whole");
    assert!(decode("br", &body) == words(2_000_000).as_bytes());
    assert!(rest.ends_with(words(20_000).as_bytes()));
}

#[test]
fn who_asks_for_a_part_gets_one_of_the_file_as_it_is() {
    let (_folder, server) = with_all_three();
    for (target, length) in [("/once.txt", 20_000), ("/as-it-goes.txt", 2_000_000)] {
        let coded = get(&server, target, "gzip, br").field("etag").expect("a tag").to_owned();
        for accept in ["gzip", "br", "*", "identity;q=0, gzip"] {
            let part = |more: &str| {
                let lines = format!("Accept-Encoding: {accept}\r\nRange: bytes=1000-1999\r\n{more}");
                ask(&server, &format!("GET {target}"), &lines)
            };
            let reply = part("");
            assert_eq!((reply.status, reply.field("content-encoding")), (206, None), "{target} {accept}");
            assert_eq!(reply.text(), words(length)[1000..2000], "{target} {accept}");
            assert!(varies(&reply) && reply.field("etag") != Some(&coded), "{target} {accept}");
            // To who has a part of the coded one, all of it is sent anew.
            let reply = part(&format!("If-Range: {coded}\r\n"));
            assert_eq!((reply.status, reply.field("content-encoding")), (200, None), "{target} {accept}");
            assert_eq!(reply.body.len(), length, "{target} {accept}");
        }
    }
}

#[test]
fn weights_of_zero_are_kept_and_406_is_never_sent() {
    let (_folder, server) = with_all_three();
    let table = [
        ("gzip;q=0", None),
        ("gzip;q=0.0, br;q=0.00", None),
        ("gzip;q=0, *", Some("br")),
        ("br;q=0, *", Some("zstd")),
        ("*;q=0", None),
        ("identity;q=0", None),
        ("identity;q=0, zstd", Some("zstd")),
        ("zstd, gzip;q=0.1", Some("zstd")),
        ("identity, gzip;q=0.5", None),
        ("gzip;q=0.2, br;q=0.1", Some("gzip")),
        ("br;gzip", None),
    ];
    for (accept, coding) in table {
        let reply = get(&server, "/once.txt", accept);
        assert_eq!((reply.status, reply.field("content-encoding")), (200, coding), "{accept}");
        assert!(varies(&reply), "{accept}");
    }
}

#[test]
fn what_is_small_or_compressed_or_would_not_shrink_goes_out_as_it_is() {
    let folder = folder(&[("tiny.txt", &words(999)), ("empty.txt", ""), ("a.png", &words(9000))]);
    let mut random = support::Random::new(1);
    let noise: Vec<u8> = (0..50_000).map(|_| random.next().to_be_bytes()[0]).collect();
    write(folder.path(), "noise.txt", &noise);
    let server = Server::start(folder.path(), &["--compress"]);
    for (target, length, vary) in [
        ("/tiny.txt", 999, true),
        ("/empty.txt", 0, true),
        ("/a.png", 9000, false),
        ("/noise.txt", 50_000, true),
    ] {
        let reply = get(&server, target, "gzip, br");
        assert_eq!((reply.field("content-encoding"), reply.body.len()), (None, length), "{target}");
        assert_eq!(varies(&reply), vary, "{target}");
        assert_eq!(reply.field("accept-ranges"), Some("bytes"), "{target}");
    }
}

#[test]
fn listings_and_errors_are_compressed_too() {
    let folder = folder(&[]);
    for number in 0..1000 {
        write(folder.path(), format!("many/{number}.txt"), "");
    }
    write(folder.path(), "few/a.txt", "");
    let server = Server::start(folder.path(), &["--compress"]);
    for target in ["/many/", "/few/", "/many/?format=json", "/nowhere"] {
        for coding in ["gzip", "br"] {
            let accept = |coding| format!("Accept: text/html\r\nAccept-Encoding: {coding}\r\n");
            let plain = ask(&server, &format!("GET {target}"), &accept(""));
            let reply = ask(&server, &format!("GET {target}"), &accept(coding));
            assert_eq!(reply.status, plain.status, "{target}");
            assert_eq!(reply.field("content-encoding"), Some(coding), "{target}");
            assert_eq!(decode(coding, &reply.body), plain.body, "{target}");
            assert!(varies(&reply) && varies(&plain), "{target}");
            assert_eq!(fields(&reply)["vary"], ["Accept", "Accept-Encoding"], "{target}");
        }
    }
}

#[test]
fn a_client_of_1_0_gets_a_compressed_stream_without_chunks() {
    let (_folder, server) = with_all_three();
    let mut client = server.connect();
    client.send("GET /as-it-goes.txt HTTP/1.0\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n");
    let head = client.head();
    assert_eq!((head.field("transfer-encoding"), head.field("content-encoding")), (None, Some("gzip")));
    assert!(decode("gzip", &client.rest().expect("it ends")) == words(2_000_000).as_bytes());
}

#[test]
fn a_file_that_is_cut_short_while_it_is_compressed_is_not_taken_for_whole() {
    let folder = folder(&[]);
    // So large, and so hard to compress, that most of it is still to be read when it is cut.
    let mut random = support::Random::new(2);
    let mut digits = String::new();
    for _ in 0..1_500_000 {
        write!(digits, "{:016x}", random.next()).expect("there is memory");
    }
    write(folder.path(), "a.txt", &digits);
    let server = Server::start(folder.path(), &["--compress"]);
    let mut client = Client::connect_with_little_room(server.address).expect("it listens");
    client.send("GET /a.txt HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n");
    assert_eq!(client.head().field("transfer-encoding"), Some("chunked"));
    File::options()
        .write(true)
        .open(folder.path().join("a.txt"))
        .and_then(|file| file.set_len(10))
        .expect("cut");
    let body = client.rest().unwrap_or_default();
    assert_eq!(without_chunks(&body), None, "there is no last chunk");
}

#[test]
fn an_upload_may_name_the_tag_of_the_coding_that_its_client_got() {
    let folder = folder(&[("a.txt", &words(5000)), ("b.txt", &words(5000)), ("b.txt.br", "BR")]);
    let server = Server::start(folder.path(), &["--precompressed", "--compress", "--upload", "--overwrite"]);
    for target in ["/a.txt", "/b.txt"] {
        let put = |tag: &str| {
            let lines = format!("Accept-Encoding: br\r\nIf-Match: {tag}\r\nContent-Length: 3\r\n\r\nnew");
            let mut client = server.connect();
            client.send(format!("PUT {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{lines}"));
            client.head().status
        };
        let tag = get(&server, target, "br").field("etag").expect("a tag").to_owned();
        assert_eq!((put("\"another\""), put(&tag), put(&tag)), (412, 204, 412), "{target}");
        // The sibling is older now.
        assert_eq!(get(&server, target, "br").text(), "new", "{target}");
    }
}

#[test]
#[cfg(feature = "reload")]
fn pages_that_get_the_script_for_reload_go_out_as_they_are() {
    let folder = folder(&[("a.html", &words(5000)), ("a.html.br", "BR"), ("a.js", "js"), ("a.js.br", "BR")]);
    let server = Server::start(folder.path(), &["--precompressed", "--compress", "--reload"]);
    let page = get(&server, "/a.html", "br");
    assert_eq!(page.field("content-encoding"), None);
    assert!(page.text().contains("/.glass/reload.js"));
    assert_eq!(get(&server, "/a.js", "br").text(), "BR");
    let listing = ask(&server, "GET /", "Accept: text/html\r\nAccept-Encoding: br\r\n");
    let listing = String::from_utf8(decode("br", &listing.body)).expect("text");
    assert!(listing.contains("/.glass/reload.js"));
}

// ---- the cache

#[test]
fn what_is_kept_compressed_is_never_older_than_any_file_that_it_rests_on() {
    let names =
        ["live.js", "gets-sibling.js", "loses-sibling.js", "changes-sibling.js", "outdates-sibling.js"];
    let folder = folder(&[]);
    let path = folder.path();
    for name in names {
        write(path, name, words(5000));
    }
    for name in &names[2..] {
        write(path, format!("{name}.br"), "BR");
    }
    // Only what has not changed for two seconds is kept.
    let until = SystemTime::now() + Duration::from_secs(2);
    support::wait_until("the files to be old enough", || (SystemTime::now() > until).then_some(()));
    let server = Server::start(path, &["--precompressed", "--compress", "--explain"]);
    let state = |name: &str, accept: &str| {
        let reply = get(&server, &format!("/{name}"), accept);
        let body = if reply.text() == "BR" || reply.text() == "NEW" {
            reply.text()
        } else if let Some(coding) = reply.field("content-encoding") {
            let decoded = String::from_utf8(decode(coding, &reply.body)).expect("text");
            if decoded == words(5000) { "words" } else { "changed" }.to_owned()
        } else {
            if reply.text() == words(5000) { "plain" } else { "plain, changed" }.to_owned()
        };
        (body, reply.field("etag").expect("a tag").to_owned())
    };
    let before = ["words", "words", "BR", "BR", "BR"];
    for (name, expected) in names.iter().zip(before) {
        for accept in ["br", "", "br"] {
            let (body, _) = state(name, accept);
            assert_eq!(body, if accept.is_empty() { "plain" } else { expected }, "{name} {accept}");
        }
    }
    // Else the rest would show little.
    let from_memory = |line: &&String| line.contains("in memory, and found unchanged");
    support::wait_until("answers from memory", || {
        let output = server.process.stdout.so_far();
        (output.iter().filter(from_memory).count() >= names.len()).then_some(())
    });
    let old_tags = names.map(|name| state(name, "br").1);
    write(path, "live.js", words(6000));
    write(path, "gets-sibling.js.br", "BR");
    fs::remove_file(path.join("loses-sibling.js.br")).expect("removed");
    write(path, "changes-sibling.js.br", "NEW");
    fs::write(path.join("outdates-sibling.js"), words(6000)).expect("written");
    let after = ["changed", "BR", "words", "NEW", "changed"];
    for ((name, expected), old) in names.iter().zip(after).zip(&old_tags) {
        for _ in 0..2 {
            let (body, tag) = state(name, "br");
            assert_eq!(body, expected, "{name}");
            assert_ne!(&tag, old, "{name}");
        }
    }
    assert_eq!(state("live.js", "").0, "plain, changed");
}

// ---- real clients

#[test]
fn gzip_itself_takes_what_we_compress() {
    let (folder, server) = with_all_three();
    for target in ["/once.txt", "/as-it-goes.txt"] {
        let file = folder.path().join("got.gz");
        fs::write(&file, get(&server, target, "gzip").body).expect("written");
        let end = run(std::process::Command::new("gzip").arg("-t").arg(&file));
        assert_eq!((end.code, end.stderr.len()), (Some(0), 0), "{target}: {end:?}");
    }
}

#[test]
fn curl_gets_the_same_file_with_and_without_compressed() {
    let (folder, server) = with_all_three();
    for target in ["/once.txt", "/as-it-goes.txt"] {
        for options in
            [&["--compressed"][..], &[], &["--compressed", "--http1.0"], &["--compressed", "-r", "5-"]]
        {
            let got = folder.path().join("got");
            let end = run(std::process::Command::new("curl")
                .args(["-sS", "--fail", "-o"])
                .arg(&got)
                .args(options)
                .arg(server.url(target)));
            assert_eq!((end.code, end.stderr.len()), (Some(0), 0), "{target} {options:?}: {end:?}");
            let expected = fs::read(folder.path().join(&target[1..])).expect("readable");
            let skipped = if options.contains(&"-r") { 5 } else { 0 };
            assert!(fs::read(&got).expect("readable") == expected[skipped..], "{target} {options:?}");
        }
    }
}
