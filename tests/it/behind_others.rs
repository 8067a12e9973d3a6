//! Behind a real HAProxy and a real Caddy, over TCP and over a Unix socket.
//!
//! `cargo test --test it behind_others:: -- --ignored` runs them.

#![cfg(target_os = "linux")]

use crate::support::proxy::{Behind, Proxy, WAYS};
use crate::support::{self, Random, folder, write};

/// What clients get by files, parts, redirects, listings, uploads and the log.
fn everything_comes_through(proxy: Proxy) {
    let site = folder(&[("a.txt", "hello"), ("sub/b.txt", "bbbbb")]);
    let mut random = Random::new(1);
    let large: Vec<u8> = (0..5_000_000 / 8).flat_map(|_| random.next().to_le_bytes()).collect();
    write(site.path(), "large.bin", &large);
    support::let_settle();
    for way in WAYS {
        let behind = Behind::start(
            proxy,
            way,
            site.path(),
            &["--trust-proxy=127.0.0.1", "--upload", "--overwrite", "--allow-host", "files.example"],
        );
        let mut client = behind.connect_from([127, 0, 0, 5]);
        assert_eq!(client.get("/files/a.txt").text(), "hello", "{way:?}");
        let whole = client.get("/files/large.bin");
        assert!(whole.status == 200 && whole.body == large, "{way:?}: {}", whole.head);
        let tag = whole.field("etag").expect("a tag");
        let part = client.get_with("/files/large.bin", &format!("Range: bytes=10-19\r\nIf-Range: {tag}\r\n"));
        assert_eq!((part.status, part.body.as_slice()), (206, &large[10..20]), "{way:?}");
        let again = client.get_with("/files/large.bin", &format!("If-None-Match: {tag}\r\n"));
        assert_eq!((again.status, again.field("etag")), (304, Some(tag)), "{way:?}");
        client.send("HEAD /files/large.bin HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assert_eq!(client.head().field("content-length"), Some("5000000"), "{way:?}");
        for (target, location) in [("/files", "/files/"), ("/files/sub?a", "/files/sub/?a")] {
            assert_eq!(client.get(target).field("location"), Some(location), "{way:?}");
        }
        assert!(client.get("/files/sub/?format=json").text().starts_with("{\"path\":\"/files/sub/\""));
        client.send(
            "PUT /files/new.bin HTTP/1.1\r\nHost: files.example\r\nOrigin: https://files.example\r\n\
             Content-Length: 3000000\r\n\r\n",
        );
        client.send(&large[..3_000_000]);
        let status = client.reply().status;
        assert!(matches!(status, 201 | 204), "{way:?}: {status}");
        assert!(std::fs::read(site.path().join("new.bin")).expect("it is there") == large[..3_000_000]);
        // What a client says of itself does not count, whatever of it the proxy passes on.
        client.get_with("/files/forged", "X-Forwarded-For: 203.0.113.9\r\nForwarded: for=203.0.113.9\r\n");
        let log = &behind.server.stdout;
        log.line("the client", |line| line.starts_with("127.0.0.5 ") && line.contains("/files/forged "));
    }
}

#[test]
#[ignore = "needs haproxy; .ci/run runs it"]
fn everything_comes_through_haproxy() {
    everything_comes_through(Proxy::Haproxy);
}

#[test]
#[ignore = "needs caddy; .ci/run runs it"]
fn everything_comes_through_caddy() {
    everything_comes_through(Proxy::Caddy);
}
