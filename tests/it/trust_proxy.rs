//! `--trust-proxy`, from outside: for whom a proxy asks is believed if it is trusted, and nobody else is.

use crate::support::{self, Server, folder, one_line, run};
use crate::support::{glasshttp, has_v6};
use std::net::SocketAddr;
use std::path::Path;
use tempfile::TempDir;

fn site() -> TempDir {
    folder(&[("a.txt", "hello")])
}

const TRUST: &[&str] = &["--trust-proxy"];

/// Who stands in the log as the one who sent a request with these fields.
fn logged(server: &Server, name: &str, fields: &str) -> String {
    server.connect().get_with(&format!("/{name}"), fields);
    let line = server.process.stdout.line(name, |line| line.contains(&format!("GET /{name} ")));
    line.split(' ').next().expect("a word").to_owned()
}

#[test]
fn without_the_option_and_from_others_a_field_changes_nothing() {
    let folder = site();
    for options in [&[][..], &["--trust-proxy=10.0.0.0/8"], &["--trust-proxy=127.0.0.2,::1"]] {
        let server = Server::start(folder.path(), options);
        for (number, field) in
            ["X-Forwarded-For: 203.0.113.9", "Forwarded: for=203.0.113.9", "X-Real-IP: 203.0.113.9"]
                .iter()
                .enumerate()
        {
            assert_eq!(
                logged(&server, &format!("{number}"), &format!("{field}\r\n")),
                "127.0.0.1",
                "{field}"
            );
        }
    }
}

#[test]
fn the_address_that_a_trusted_proxy_has_added_stands_in_the_log() {
    let folder = site();
    let table: &[(&[&str], &str, &str)] = &[
        (TRUST, "", "127.0.0.1"),
        (TRUST, "X-Forwarded-For: 203.0.113.9\r\n", "203.0.113.9"),
        (TRUST, "x-forwarded-for: 1.2.3.4, 203.0.113.9\r\n", "203.0.113.9"),
        (TRUST, "X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-For: 203.0.113.9\r\n", "203.0.113.9"),
        (TRUST, "X-Forwarded-For: 203.0.113.9, 127.0.0.1\r\n", "203.0.113.9"),
        (TRUST, "X-Forwarded-For: 203.0.113.9, 10.0.0.2\r\n", "10.0.0.2"),
        (&["--trust-proxy=loopback,10.0.0.0/8"], "X-Forwarded-For: 203.0.113.9, 10.0.0.2\r\n", "203.0.113.9"),
        (&["--trust-proxy=127.0.0.1"], "Forwarded: for=\"[2001:db8::9]:1\"\r\n", "2001:db8::9"),
        (TRUST, "X-Forwarded-For: 203.0.113.9, nonsense\r\n", "127.0.0.1"),
        (TRUST, "Forwarded: for=_hidden\r\n", "127.0.0.1"),
        (TRUST, "Forwarded: for=1.2.3.4\r\nX-Forwarded-For: 203.0.113.9\r\n", "127.0.0.1"),
        (TRUST, "X-Real-IP: 203.0.113.9\r\n", "127.0.0.1"),
    ];
    for (number, (options, fields, expected)) in table.iter().enumerate() {
        let server = Server::start(folder.path(), options);
        assert_eq!(logged(&server, &format!("{number}"), fields), *expected, "{options:?} {fields}");
    }
}

#[test]
fn a_list_as_long_as_a_head_may_be_is_read_to_its_end() {
    let folder = site();
    let server = Server::start(folder.path(), TRUST);
    let list = format!("X-Forwarded-For: {}203.0.113.9\r\n", "1.2.3.4, ".repeat(800));
    assert_eq!(logged(&server, "long", &list), "203.0.113.9");
    let lines = format!("{}X-Forwarded-For: 203.0.113.9\r\n", "X-Forwarded-For: 1.2.3.4\r\n".repeat(90));
    assert_eq!(logged(&server, "lines", &lines), "203.0.113.9");
    let elements = format!("Forwarded: {}for=203.0.113.9\r\n", "for=1.2.3.4;;, ".repeat(400));
    assert_eq!(logged(&server, "elements", &elements), "203.0.113.9");
}

#[test]
fn each_request_of_a_kept_connection_has_a_client_of_its_own() {
    let folder = site();
    let server = Server::start(folder.path(), &["--trust-proxy", "--log", "json"]);
    let mut client = server.connect();
    // Together, as a proxy sends those of several clients one after another.
    client.send(
        "GET /1 HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 203.0.113.1\r\n\r\n\
         GET /2 HTTP/1.1\r\nHost: localhost\r\n\r\n\
         GET /3 HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 203.0.113.3\r\n\r\n\
         GET /4 HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 203.0.113.4\r\nno field\r\n\r\n",
    );
    for (request, expected) in [
        ("GET /1 ", "\"client\":\"203.0.113.1\",\"proxy\":\"127.0.0.1\","),
        ("GET /2 ", "\"client\":\"127.0.0.1\",\"request\""),
        ("GET /3 ", "\"client\":\"203.0.113.3\",\"proxy\":\"127.0.0.1\","),
        ("GET /4 ", "\"client\":\"127.0.0.1\",\"request\""),
    ] {
        let line = server.process.stdout.line(request, |line| line.contains(request));
        assert!(line.contains(expected), "{line}");
    }
}

#[test]
fn the_explanation_names_both_and_why() {
    let folder = site();
    let server = Server::start(folder.path(), &["--trust-proxy", "--explain"]);
    server.connect().get_with("/a.txt", "X-Forwarded-For: 203.0.113.9\r\n");
    let out = &server.process.stdout;
    out.line("both", |line| {
        line.contains("from 203.0.113.9 by 127.0.0.1, to worker ") && line.contains(" ── 200 OK")
    });
    out.line("why", |line| line.contains("127.0.0.1 is a trusted proxy, and asks for 203.0.113.9"));
    server.connect().get_with("/a.txt", "X-Forwarded-For: 203.0.113.9, x\r\n");
    out.line("one", |line| line.contains("request 1, from 127.0.0.1, to worker "));
    out.line("why", |line| {
        line.contains("but for whom it asks is malformed: it counts as the client itself")
    });
}

#[test]
fn the_inspector_shows_both_and_stays_closed_to_whoever_comes_by_a_proxy() {
    let folder = site();
    for options in [&["--inspect", "--log", "off"][..], &["--inspect", "--log", "off", "--trust-proxy"]] {
        let server = Server::start(folder.path(), options);
        for field in [
            "X-Forwarded-For: 127.0.0.1",
            "Forwarded: for=127.0.0.1",
            "Forwarded: for=\"[::1]\"",
            "Via: 1.1 a",
        ] {
            let reply = server.connect().get_with("/.glass/", &format!("{field}\r\n"));
            assert_eq!(reply.status, 404, "{options:?} {field}");
        }
        let mut client = server.connect();
        client.get_with("/a.txt", "X-Forwarded-For: 203.0.113.9\r\n");
        let live = client.get("/.glass/live?target=/a.txt").text();
        let shown = live.contains("\"client\":\"127.0.0.1\",\"forwarded\":\"203.0.113.9\"");
        assert_eq!(shown, options.contains(&"--trust-proxy"), "{live}");
    }
}

/// What one who gives this password is told, behind a proxy that says this.
fn log_in(server: &Server, password: &str, fields: &str) -> u16 {
    use base64::prelude::{BASE64_STANDARD, Engine};
    let claim = BASE64_STANDARD.encode(format!("alice:{password}"));
    server.connect().get_with("/a.txt", &format!("Authorization: Basic {claim}\r\n{fields}")).status
}

#[test]
fn who_guesses_behind_a_proxy_has_to_wait_and_others_behind_it_do_not() {
    let folder = site();
    let server = Server::start(folder.path(), &["--auth", "alice:right", "--trust-proxy"]);
    for number in 0..5 {
        let fields = format!("X-Forwarded-For: 1.2.3.{number}, 203.0.113.9\r\n");
        assert_eq!(log_in(&server, &format!("wrong{number}"), &fields), 401);
    }
    assert_eq!(log_in(&server, "right", "X-Forwarded-For: 8.8.8.8, 203.0.113.9\r\n"), 429);
    assert_eq!(log_in(&server, "right", "X-Forwarded-For: 203.0.113.10\r\n"), 200);
    assert_eq!(log_in(&server, "right", ""), 200);
}

#[test]
fn nobody_escapes_the_delay_by_a_field_of_his_own() {
    let folder = site();
    let server = Server::start(folder.path(), &["--auth", "alice:right", "--trust-proxy=10.0.0.0/8"]);
    for number in 0..5 {
        let fields = format!("X-Forwarded-For: 203.0.113.{number}\r\n");
        assert_eq!(log_in(&server, &format!("wrong{number}"), &fields), 401);
    }
    assert_eq!(log_in(&server, "right", "X-Forwarded-For: 203.0.113.77\r\n"), 429);
}

#[cfg(unix)]
#[test]
fn a_proxy_on_a_unix_socket_or_on_ipv6_is_trusted_likewise() {
    let folder = site();
    let socket = folder.path().join("s");
    let bind = format!("--bind=unix:{}", socket.display());
    let process =
        support::Process::start(glasshttp().args([&bind, "--trust-proxy=192.0.2.1"]).arg(folder.path()));
    process.stdout.line("the start line", |line| line.starts_with("Listening on unix:"));
    ask_by_socket(&socket, "GET /a.txt HTTP/1.0\r\nX-Forwarded-For: 203.0.113.9\r\n\r\n");
    process.stdout.line("the client", |line| line.starts_with("203.0.113.9 - - ["));
    ask_by_socket(&socket, "GET /a.txt HTTP/1.0\r\n\r\n");
    process.stdout.line("no client", |line| line.starts_with("unix: - - ["));
    if has_v6() {
        let server = Server::start(folder.path(), &["--bind", "::1", "--trust-proxy"]);
        assert!(matches!(server.address, SocketAddr::V6(_)));
        assert_eq!(logged(&server, "v6", "X-Forwarded-For: 2001:db8::9\r\n"), "2001:db8::9");
    }
}

#[cfg(unix)]
fn ask_by_socket(socket: &Path, request: &str) {
    use std::io::{Read, Write};
    let mut stream = std::os::unix::net::UnixStream::connect(socket).expect("it accepts");
    stream.write_all(request.as_bytes()).expect("it reads");
    stream.read_to_end(&mut Vec::new()).expect("it answers");
}

#[test]
fn what_is_no_proxy_is_refused_in_one_line() {
    for value in ["", "proxy.example", "10.0.0.0/33", "127.0.0.1,"] {
        let finished = run(glasshttp().arg(format!("--trust-proxy={value}")));
        assert_eq!(finished.code, Some(2), "{value}");
        one_line(&finished.stderr, &["--trust-proxy", "10.0.0.0/8"], &value);
    }
}
