//! `--compress`: compressed by us.

use super::{ask, decode, fields, get, varies, with_all_three, without_chunks, words};
use crate::support::{self, Client, Server, folder, write};
use glasshttp::site::media_type::{self, Look};
use std::fmt::Write;
use std::fs::File;

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
            let page = if reply.status == 404 { "Accept, Accept-Language, Sec-Fetch-Dest" } else { "Accept" };
            assert_eq!(fields(&reply)["vary"], [page, "Accept-Encoding"], "{target}");
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
