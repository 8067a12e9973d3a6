//! The small HTTP servers.

use super::{HTTP, Stage, assert_hears_nothing, command};
use crate::support::{Client, as_text, folder, make_fifo, one_line, run};
use std::path::Path;
use tempfile::TempDir;

/// A page, files in a folder (two have names that are percent-encoded in a target, one has a name that looks
/// so already), files beside the folder, and links to inside and outside.
fn site() -> TempDir {
    let around = folder(&[
        ("site/index.html", "<p>start</p>"),
        ("site/sub/index.html", "<p>sub</p>"),
        ("site/sub/a.txt", "aaaaa"),
        ("site/sub/%61.txt", "percent"),
        ("site/two words.txt", "two"),
        ("site/caf\u{e9}.txt", "coffee"),
        ("site/style.css", "p {}"),
        ("site/data.xyz", "?"),
        ("site-beside/secret.txt", "secret"),
        ("secret.txt", "secret"),
    ]);
    let link = |to: &str, name: &str| std::os::unix::fs::symlink(to, around.path().join("site").join(name));
    link("sub/a.txt", "inside.txt").expect("a link");
    link("../secret.txt", "outside.txt").expect("a link");
    link("../site-beside", "beside").expect("a link");
    around
}

fn start_site(stage: &str) -> (TempDir, Stage) {
    let around = site();
    let running = Stage::serving(stage, &around.path().join("site"));
    (around, running)
}

/// Sends all that is given, and reads until the server closes.
fn exchange(running: &Stage, request: &str) -> String {
    let mut client = running.connect();
    client.send(request);
    as_text(&client.rest().expect("an answer and an end"))
}

const HELLO: &str = "HTTP/1.1 200 OK\r\n\
                     Content-Type: text/plain; charset=utf-8\r\n\
                     Content-Length: 17\r\n\
                     Connection: close\r\n\
                     \r\n\
                     Hello over HTTP.\n";

#[test]
fn stage_7_answers_these_bytes() {
    let running = Stage::start("07_http_hello");
    assert_eq!(exchange(&running, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), HELLO);
}

#[test]
fn stage_7_waits_for_the_end_of_a_head_that_comes_byte_by_byte() {
    let running = Stage::start("07_http_hello");
    let mut client = running.connect();
    let (all_but_one, last) = ("GET / HTTP/1.1\r\nHost: localhost\r\n\r", "\n");
    for byte in all_but_one.bytes() {
        client.send([byte]);
    }
    assert_hears_nothing(&mut client);
    client.send(last);
    assert_eq!(as_text(&client.rest().expect("an answer")), HELLO);
}

#[test]
fn stage_7_shows_each_byte_of_a_head_and_lets_none_at_the_terminal() {
    let running = Stage::start("07_http_hello");
    exchange(&running, "GET / HTTP/1.1\r\nX: \x1b[2J\x07\r\n\r\n");
    running.prints("GET / HTTP/1.1\\r\\n");
    running.prints("X: \\x1b[2J\\x07\\r\\n");
}

#[test]
fn an_answer_survives_a_body_that_nobody_reads() {
    let body = "x".repeat(50_000);
    let request = format!("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50000\r\n\r\n{body}");
    for (stage, expected) in HTTP.into_iter().zip(["200 OK", "501 Not Implemented", "501 Not Implemented"]) {
        let running = Stage::start(stage);
        for _ in 0..20 {
            let answer = exchange(&running, &request);
            assert!(answer.starts_with(&format!("HTTP/1.1 {expected}\r\n")), "{stage}: {answer:?}");
            assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{stage}: the body is no request: {answer:?}");
        }
    }
}

#[test]
fn a_large_answer_is_whole_although_a_body_was_not_wanted() {
    let large = "x".repeat(1024 * 1024);
    let folder = folder(&[("large.txt", &large)]);
    let body = "y".repeat(50_000);
    let head = "GET /large.txt HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50000\r\n\r\n";
    for stage in ["08_http_files", "09_http_pool"] {
        let running = Stage::serving(stage, folder.path());
        for _ in 0..5 {
            // Most of the answer is still in the server's kernel when the server is done with it.
            let mut client = Client::connect_with_little_room(running.address).expect("the stage listens");
            client.send([head, &body].concat());
            assert!(client.reply().text() == large, "{stage}");
        }
    }
}

#[test]
fn a_head_without_an_end_is_refused() {
    for stage in HTTP {
        let running = Stage::start(stage);
        let answer = exchange(&running, &format!("GET / HTTP/1.1\r\nX: {}", "x".repeat(20_000)));
        assert!(answer.starts_with("HTTP/1.1 431 "), "{stage}: {answer:?}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{stage}: {answer:?}");
    }
}

#[test]
fn half_a_request_gets_no_answer() {
    for stage in HTTP {
        let running = Stage::start(stage);
        let mut client = running.connect();
        client.send("GET / HTTP/1.1\r\nHost: loc");
        client.finish_sending();
        assert_eq!(as_text(&client.rest().expect("an end")), "", "{stage}");
    }
}

#[test]
fn stages_7_and_8_let_the_second_client_wait_for_the_first() {
    for stage in ["07_http_hello", "08_http_files"] {
        let running = Stage::start(stage);
        let silent = running.connect();
        let mut second = running.connect();
        second.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assert_hears_nothing(&mut second);
        drop(silent);
        assert_eq!(second.reply().status, 200, "{stage}");
    }
}

#[test]
fn a_file_is_sent_with_its_length_and_type() {
    for stage in ["08_http_files", "09_http_pool"] {
        let (_around, running) = start_site(stage);
        for (target, media_type, body) in [
            ("/", "text/html; charset=utf-8", "<p>start</p>"),
            ("/index.html", "text/html; charset=utf-8", "<p>start</p>"),
            ("/sub/", "text/html; charset=utf-8", "<p>sub</p>"),
            ("/sub/a.txt", "text/plain; charset=utf-8", "aaaaa"),
            ("/sub/./a.txt?query=/../x%", "text/plain; charset=utf-8", "aaaaa"),
            ("/inside.txt", "text/plain; charset=utf-8", "aaaaa"),
            // Decoded once, and then split: what is encoded means the same as what is not.
            ("/sub/%61.txt", "text/plain; charset=utf-8", "aaaaa"),
            ("/sub%2Fa%2etxt", "text/plain; charset=utf-8", "aaaaa"),
            ("/sub%2f", "text/html; charset=utf-8", "<p>sub</p>"),
            ("/sub/%2e/a.txt", "text/plain; charset=utf-8", "aaaaa"),
            ("/sub/%2561.txt", "text/plain; charset=utf-8", "percent"),
            ("/two%20words.txt", "text/plain; charset=utf-8", "two"),
            ("/caf%C3%A9.txt", "text/plain; charset=utf-8", "coffee"),
            ("/style.css", "text/css; charset=utf-8", "p {}"),
            ("/data.xyz", "application/octet-stream", "?"),
        ] {
            let reply = running.connect().get(target);
            let found = (reply.status, reply.field("content-type"), reply.text());
            assert_eq!(found, (200, Some(media_type), body.to_owned()), "{stage} {target}");
        }
    }
}

#[test]
fn what_is_not_there_is_404() {
    for stage in ["08_http_files", "09_http_pool"] {
        let (around, running) = start_site(stage);
        make_fifo(&around.path().join("site/pipe"));
        for target in ["/nope", "/sub", "/sub/nope/", "/index.html/", "/pipe", "/a%3Fb", "/%252e%252e/x"] {
            let reply = running.connect().get(target);
            assert_eq!((reply.status, reply.text().as_str()), (404, "404 Not Found\n"), "{stage} {target:?}");
        }
    }
}

#[test]
fn nothing_outside_the_folder_is_read() {
    for stage in ["08_http_files", "09_http_pool"] {
        let (around, running) = start_site(stage);
        let absolute = around.path().join("secret.txt").display().to_string();
        for (target, status) in [
            ("/../secret.txt", 400),
            ("/sub/../../secret.txt", 400),
            ("/..", 400),
            ("../secret.txt", 400),
            (&absolute, 404),
            (&format!("/{absolute}"), 404),
            (&format!("//{absolute}"), 404),
            ("/sub/../index.html", 400),
            ("/%2e%2e/secret.txt", 400),
            ("/..%2fsecret.txt", 400),
            ("/sub%2f..%2F%2e.%2fsecret.txt", 400),
            ("/%252e%252e/secret.txt", 404),
            ("/%252e%252e%252fsecret.txt", 404),
            (&format!("/{}", absolute.replace('/', "%2f")), 404),
            ("/..\\secret.txt", 404),
            ("/outside.txt", 404),
            ("/beside/secret.txt", 404),
        ] {
            let reply = running.connect().get(target);
            assert_eq!(reply.status, status, "{stage} {target}: {reply:?}");
            assert!(!reply.text().contains("secret"), "{stage} {target}: {reply:?}");
        }
    }
}

#[test]
fn a_path_that_cannot_be_decoded_is_400() {
    for stage in ["08_http_files", "09_http_pool"] {
        let (_around, running) = start_site(stage);
        for target in
            ["/%", "/sub/a.txt%", "/%4", "/%4g", "/%g4", "/%+1", "/% 1", "/sub/a.txt%00", "/a\0b", "/%ff"]
        {
            let request = format!("GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            let answer = exchange(&running, &request);
            assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{stage} {target:?}: {answer:?}");
        }
    }
}

#[test]
fn head_gets_the_head_of_what_get_would_get() {
    for stage in ["08_http_files", "09_http_pool"] {
        let (_around, running) = start_site(stage);
        let fields = "HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        for (target, length) in [("/sub/a.txt", 5), ("/nope", 14)] {
            let reply = exchange(&running, &format!("HEAD {target} {fields}"));
            let (head, body) = reply.split_once("\r\n\r\n").expect("a head");
            assert!(head.contains(&format!("\r\nContent-Length: {length}\r\n")), "{stage}: {head:?}");
            assert_eq!(body, "", "{stage}");
        }
    }
}

#[test]
fn what_is_no_request_is_400_and_the_end() {
    for stage in ["08_http_files", "09_http_pool"] {
        let (_around, running) = start_site(stage);
        for line in
            ["", "GET /", "GET  / HTTP/1.1", "GET / HTTP/1.1 x", "GET / HTTP/2", "GET a HTTP/1.1", "\u{1}"]
        {
            let answer = exchange(&running, &format!("{line}\r\nHost: localhost\r\n\r\n"));
            assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{stage} {line:?}: {answer:?}");
        }
    }
}

#[test]
fn a_folder_that_is_not_there_is_one_line_and_exit_code_1() {
    for stage in ["08_http_files", "09_http_pool"] {
        let ended = run(command(stage).args(["0", "/no/such/folder"]));
        assert_eq!((ended.code, ended.stdout.as_slice()), (Some(1), &[][..]), "{stage}");
        one_line(&ended.stderr, &["/no/such/folder", "Choose another folder"], &stage);
    }
}

#[test]
fn stages_8_and_9_say_what_was_asked_and_what_came_of_it() {
    for stage in ["08_http_files", "09_http_pool"] {
        let (_around, running) = start_site(stage);
        let mut client = running.connect();
        assert_eq!(client.get("/no\x1bpe").status, 404);
        let address = client.sender().local_addr().expect("a socket");
        let line = running.prints(&address.to_string());
        assert_eq!(line, format!("{address}: GET /no\\u{{1b}}pe HTTP/1.1 -> 404 Not Found"), "{stage}");
    }
}

#[test]
fn stages_8_and_9_serve_www_if_nothing_else_is_named() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("www/index.html"));
    let page = page.expect("a page");
    for stage in ["08_http_files", "09_http_pool"] {
        assert_eq!(Stage::start(stage).connect().get("/").text(), page, "{stage}");
    }
}

#[test]
fn stage_8_closes_after_one_request_and_says_so() {
    let (_around, running) = start_site("08_http_files");
    let mut client = running.connect();
    let reply = client.get("/sub/a.txt");
    assert_eq!(reply.field("connection"), Some("close"));
    assert_eq!(client.rest().expect("an end"), b"");
}

#[test]
fn stage_9_keeps_the_connection_open() {
    let (_around, running) = start_site("09_http_pool");
    let mut client = running.connect();
    for (target, status) in [("/", 200), ("/nope", 404), ("/../x", 400), ("/sub/a.txt", 200)] {
        let reply = client.get(target);
        assert_eq!((reply.status, reply.field("connection")), (status, Some("keep-alive")), "{target}");
    }
}

/// The statuses of so many replies.
fn statuses(client: &mut Client, count: usize) -> Vec<u16> {
    (0..count).map(|_| client.reply().status).collect()
}

#[test]
fn stage_9_answers_three_requests_of_one_write_in_order() {
    let (_around, running) = start_site("09_http_pool");
    let mut client = running.connect();
    let request = |target: &str| format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    client.send([request("/"), request("/nope"), request("/sub/a.txt")].concat());
    let replies: Vec<_> = (0..3).map(|_| client.reply()).map(|reply| (reply.status, reply.text())).collect();
    let expected = [(200, "<p>start</p>"), (404, "404 Not Found\n"), (200, "aaaaa")];
    assert_eq!(replies, expected.map(|(status, text)| (status, text.to_owned())));
}

#[test]
fn stage_9_answers_requests_however_they_are_cut() {
    let (_around, running) = start_site("09_http_pool");
    let requests = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\nGET /nope HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for cut in 1..requests.len() {
        let mut client = running.connect();
        client.send(&requests[..cut]);
        client.send(&requests[cut..]);
        assert_eq!(statuses(&mut client, 2), [200, 404], "cut at {cut}");
    }
}

#[test]
fn stage_9_answers_the_first_request_before_the_second_is_whole() {
    let (_around, running) = start_site("09_http_pool");
    let mut client = running.connect();
    client.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\nGET /nope HTTP/1.1\r\nHo");
    assert_eq!(client.reply().status, 200);
    assert_hears_nothing(&mut client);
    client.send("st: localhost\r\n\r\n");
    assert_eq!(client.reply().status, 404);
}

#[test]
fn stage_9_closes_when_asked_to_or_when_the_end_of_a_request_is_in_doubt() {
    let (_around, running) = start_site("09_http_pool");
    let hidden = "GET /sub/a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for (request, status) in [
        ("GET / HTTP/1.1\r\nConnection: close\r\n\r\n", 200),
        ("GET / HTTP/1.1\r\nconnection: x, CLOSE\r\n\r\n", 200),
        ("GET / HTTP/1.0\r\n\r\n", 200),
        ("GET / HTTP/1.1\r\nContent-Length: 47\r\n\r\n", 200),
        ("GET / HTTP/1.1\r\nContent-Length: 0\r\nContent-Length: 47\r\n\r\n", 200),
        ("GET / HTTP/1.1\r\nContent-Length : 47\r\n\r\n", 200),
        ("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 200),
        ("POST / HTTP/1.1\r\nContent-Length: 47\r\n\r\n", 501),
        ("GET / HTTP/1.1\r\nX: y\nContent-Length: 47\r\n\r\n", 400),
        ("GET / HTTP/1.1 \r\n\r\n", 400),
    ] {
        let answers = exchange(&running, &format!("{request}{hidden}"));
        assert!(answers.starts_with(&format!("HTTP/1.1 {status} ")), "{request:?}: {answers:?}");
        assert!(answers.contains("\r\nConnection: close\r\n"), "{request:?}: {answers:?}");
        assert_eq!(answers.matches("HTTP/1.1").count(), 1, "{request:?}: {answers:?}");
    }
}

#[test]
fn stage_9_answers_as_many_clients_at_once_as_it_has_threads() {
    let around = site();
    let site = around.path().join("site");
    let running = Stage::start_command(command("09_http_pool").arg("0").arg(site).arg("2"));
    let mut first = running.connect();
    let mut second = running.connect();
    assert_eq!((first.get("/").status, second.get("/").status), (200, 200));
    assert_eq!((first.get("/").status, second.get("/").status), (200, 200));
    // Both stay open and hold both threads: the pain that the engine in src/ cures.
    let mut third = running.connect();
    third.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_hears_nothing(&mut third);
    drop(first);
    assert_eq!(third.reply().status, 200);
}

#[test]
fn stage_9_takes_the_thread_back_from_a_client_that_says_nothing() {
    let around = site();
    let site = around.path().join("site");
    let running = Stage::start_command(command("09_http_pool").arg("0").arg(site).arg("1"));
    let mut silent = running.connect();
    let mut second = running.connect();
    assert_eq!(second.get("/").status, 200);
    assert_eq!(silent.rest().expect("an end"), b"");
    running.prints("timed out");
}
