//! Behind a real nginx, over TCP and over a Unix socket: what clients get through it is what they would
//! get without.
//!
//! `cargo test --test it behind_nginx:: -- --ignored` runs them; they need nginx (and no rights).

#![cfg(target_os = "linux")]

use crate::support::proxy::{Behind, Proxy, WAYS, Way};
use crate::support::{self, Client, Random, folder, write};
use std::path::Path;
use tempfile::TempDir;

/// A server behind nginx, with the configuration of docs/operations.md.
fn start(way: Way, site: &Path, options: &[&str]) -> Behind {
    Behind::start(Proxy::Nginx, way, site, options)
}

/// The same in each way, one after another.
fn each_way(site: &TempDir, options: &[&str]) -> impl Iterator<Item = (Way, Behind)> {
    WAYS.into_iter().map(move |way| (way, start(way, site.path(), options)))
}

fn site() -> (TempDir, Vec<u8>) {
    let site = folder(&[
        ("a.txt", "hello"),
        ("sub/b.txt", "bbbbb"),
        ("sub/my file.txt", "spaces"),
        ("about.html", "<title>about</title>"),
    ]);
    let mut random = Random::new(1);
    let large: Vec<u8> = (0..5_000_000 / 8).flat_map(|_| random.next().to_le_bytes()).collect();
    write(site.path(), "large.bin", &large);
    support::let_settle();
    (site, large)
}

#[test]
#[ignore = "needs nginx; .ci/run runs it"]
fn files_come_as_they_are_in_whole_and_in_parts() {
    let (site, large) = site();
    for (way, behind) in each_way(&site, &[]) {
        let mut client = behind.connect();
        assert_eq!(client.get("/files/a.txt").text(), "hello");
        assert_eq!(client.get("/files/sub/my%20file.txt").text(), "spaces");
        let whole = client.get("/files/large.bin");
        assert!(whole.status == 200 && whole.body == large, "{way:?}: {}", whole.head);
        for (range, from, to) in
            [("0-99", 0, 100), ("2500000-2600000", 2_500_000, 2_600_001), ("-7", 4_999_993, 5_000_000)]
        {
            let part = client.get_with("/files/large.bin", &format!("Range: bytes={range}\r\n"));
            assert_eq!((part.status, part.body.as_slice()), (206, &large[from..to]), "{way:?} {range}");
            let expected = format!("bytes {from}-{}/5000000", to - 1);
            assert_eq!(part.field("content-range"), Some(expected.as_str()));
        }
        assert_eq!(client.get_with("/files/a.txt", "Range: bytes=9-\r\n").status, 416);
        // As browsers and caches ask again.
        let (tag, date) =
            (whole.field("etag").expect("a tag"), whole.field("last-modified").expect("a date"));
        for field in [format!("If-None-Match: {tag}"), format!("If-Modified-Since: {date}")] {
            let again = client.get_with("/files/large.bin", &format!("{field}\r\n"));
            assert_eq!((again.status, again.field("etag")), (304, Some(tag)), "{way:?} {field}");
        }
        client.send("HEAD /files/large.bin HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let head = client.head();
        assert_eq!((head.status, head.field("content-length")), (200, Some("5000000")));
        assert_eq!(head.field("cache-control"), Some("no-cache"));
        assert_eq!(client.get("/files/a.txt").text(), "hello", "{way:?}: the connection is still good");
    }
}

#[test]
#[ignore = "needs nginx; .ci/run runs it"]
fn listings_redirects_and_pages_that_say_no_lead_back_through_it() {
    let (site, _) = site();
    for (way, behind) in each_way(&site, &["--clean-urls"]) {
        let mut client = behind.connect();
        for (target, location) in [("/files", "/files/"), ("/files/sub?a=b", "/files/sub/?a=b")] {
            let moved = client.get(target);
            assert_eq!((moved.status, moved.field("location")), (301, Some(location)), "{way:?}");
        }
        assert_eq!(client.get("/files/about").text(), "<title>about</title>");
        let listing = client.get("/files/sub/?format=json");
        assert!(listing.text().starts_with("{\"path\":\"/files/sub/\""), "{}", listing.text());
        assert!(listing.text().contains("\"href\":\"./my%20file.txt\""), "{}", listing.text());
        let page = client.get_with("/files/sub/", "Accept: text/html\r\n").text();
        assert!(page.contains("<a href=\"/files/\" aria-label=\"root\">"), "{page}");
        let missing = client.get_with("/files/no", "Accept: text/html\r\n");
        assert!(missing.status == 404 && missing.text().contains("href=\"/files/\""), "{}", missing.text());
        // What is not passed on nginx answers.
        let outside = client.get("/a.txt");
        assert!(outside.status == 404 && outside.text().contains("nginx"), "{}", outside.text());
        // nginx resolves dot segments before it looks for whom a path is.
        assert!(client.get("/files/../a.txt").text().contains("nginx"));
        // It decodes before it looks, and so do we: nothing of one is below the other's path.
        let outside = client.get("/files/..%2fa.txt");
        assert!(matches!(outside.status, 400 | 404), "{}", outside.head);
        assert_eq!(client.get("/files/sub%2f..%2fa.txt").text(), "hello");
    }
}

#[test]
#[ignore = "needs nginx; .ci/run runs it"]
fn archives_are_streamed_through_it() {
    let (site, _) = site();
    for (way, behind) in each_way(&site, &[]) {
        let mut client = behind.connect();
        // Without chunks: the connection's end is the archive's.
        client.send("GET /files/sub/?archive=zip HTTP/1.0\r\nHost: localhost\r\n\r\n");
        assert_eq!(client.head().status, 200);
        let archive = client.rest().expect("it comes whole");
        assert!(archive.starts_with(b"PK") && archive.len() > 100, "{way:?}: {} bytes", archive.len());
    }
}

#[test]
#[ignore = "needs nginx; .ci/run runs it"]
fn uploads_arrive_whole_with_and_without_request_buffering() {
    let (site, large) = site();
    std::fs::create_dir(site.path().join("direct")).expect("a folder");
    let body = &large[..3_000_000];
    for (number, (way, behind)) in each_way(&site, &["--upload"]).enumerate() {
        let mut client = behind.connect();
        // As the listing's script does it; nginx passes on the Host that the browser knows.
        let put = |client: &mut Client, target: &str, framing: &str| {
            client.send(format!(
                "PUT {target} HTTP/1.1\r\nHost: localhost\r\nOrigin: https://localhost\r\n{framing}\r\n\r\n"
            ));
        };
        for folder in ["", "direct/"] {
            let (name, chunked) = (format!("{folder}up{number}.bin"), format!("{folder}chunked{number}.bin"));
            put(&mut client, &format!("/files/{name}"), "Content-Length: 3000000");
            client.send(body);
            assert_eq!(client.reply().status, 201, "{way:?} {name}");
            put(&mut client, &format!("/files/{chunked}"), "Transfer-Encoding: chunked");
            for piece in body.chunks(300_000) {
                client.send(format!("{:x}\r\n", piece.len()));
                client.send(piece);
                client.send("\r\n");
            }
            client.send("0\r\n\r\n");
            assert_eq!(client.reply().status, 201, "{way:?} {chunked}");
            for name in [name, chunked] {
                assert!(
                    std::fs::read(site.path().join(&name)).expect("it is there") == body,
                    "{way:?} {name}"
                );
            }
        }
        put(&mut client, "/files/a.txt", "Content-Length: 3");
        client.send("new");
        assert_eq!(client.reply().status, 409);
    }
}

#[test]
#[ignore = "needs nginx; .ci/run runs it"]
fn one_connection_to_the_server_serves_many_clients() {
    let (site, _) = site();
    for (_, behind) in each_way(&site, &["--explain"]) {
        for target in ["/files/a.txt", "/files/sub/", "/files/no", "/files/a.txt"] {
            behind.connect().get_with(target, "If-None-Match: \"x\"\r\n");
        }
        behind.server.stdout.line("its fourth request", |line| line.contains("connection 1, request 4, "));
    }
}

#[test]
#[ignore = "needs nginx; .ci/run runs it"]
fn the_log_names_the_client_if_nginx_is_trusted_and_nginx_if_not() {
    let (site, _) = site();
    for way in WAYS {
        let itself = if way == Way::Tcp { "127.0.0.1" } else { "unix:" };
        for (options, expected) in [
            (&[][..], itself),
            (&["--trust-proxy"], "127.0.0.5"),
            (&["--trust-proxy=127.0.0.1"], "127.0.0.5"),
            (&["--trust-proxy=192.0.2.1"], if way == Way::Tcp { itself } else { "127.0.0.5" }),
        ] {
            let behind = start(way, site.path(), options);
            let mut client = behind.connect_from([127, 0, 0, 5]);
            client.get("/files/plain");
            let log = &behind.server.stdout;
            log.line("the client", |line| line.starts_with(expected) && line.contains("/files/plain "));
            // What the client says itself is passed on, and does not count.
            if options != ["--trust-proxy"] {
                client.get_with(
                    "/files/forged",
                    "X-Forwarded-For: 203.0.113.9\r\nForwarded: for=203.0.113.9\r\n",
                );
                log.line("the client", |line| line.starts_with(expected) && line.contains("/files/forged "));
            }
        }
    }
}

#[test]
#[ignore = "needs nginx; .ci/run runs it"]
fn the_inspector_does_not_open_through_it() {
    let (site, _) = site();
    for (way, behind) in each_way(&site, &["--inspect", "--trust-proxy"]) {
        assert_eq!(behind.connect().get("/files/.glass/").status, 404, "{way:?}");
    }
}

#[test]
#[ignore = "needs nginx; .ci/run runs it"]
fn pages_behind_it_hear_of_changes_at_once() {
    let (site, _) = site();
    for (_, behind) in each_way(&site, &["--reload"]) {
        let page = behind.connect().get("/files/about.html");
        assert!(page.text().contains("<script src=\"/files/.glass/reload.js\""), "{}", page.text());
        assert_eq!(behind.connect().get("/files/.glass/reload.js").status, 200);
        check_that_pages_hear_of_a_change(&behind, &site);
    }
}

/// nginx keeps answers back unless they say that they must not wait.
#[test]
#[ignore = "needs nginx; .ci/run runs it"]
fn pages_behind_a_bare_proxy_pass_hear_of_changes_at_once() {
    let (site, _) = site();
    let behind = Behind::start(Proxy::BareNginx, Way::Tcp, site.path(), &["--reload"]);
    check_that_pages_hear_of_a_change(&behind, &site);
}

/// Listens as a page does, while a file is written.
fn check_that_pages_hear_of_a_change(behind: &Behind, site: &TempDir) {
    let mut client = behind.connect();
    client.send("GET /files/.glass/reload HTTP/1.0\r\nHost: localhost\r\n\r\n");
    assert_eq!(client.head().field("content-type"), Some("text/event-stream"));
    wait_for(&mut client, "event: hello");
    write(site.path(), "new.html", "new");
    wait_for(&mut client, "event: reload");
}

/// Reads until this has come.
fn wait_for(client: &mut Client, text: &str) {
    let mut heard = String::new();
    while !heard.contains(text) {
        heard.push(char::from(client.bytes(1)[0]));
    }
}
