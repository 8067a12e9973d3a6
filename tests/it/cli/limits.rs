//! How long it waits, and for how many.

use super::{BEGINNING, small_site, start_download};
use crate::support::{LARGE, Server, write_sparse};

#[test]
fn a_request_that_does_not_arrive_in_time_is_408() {
    let folder = small_site();
    let server = Server::start(folder.path(), &["--head-timeout", "0.2"]);
    let halves = [
        "G",
        "GET / HTTP/1.1\r\nHost: loc",
        "GET / HTTP/1.1\r\nHost: localhost\r\n",
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nhalf",
    ];
    for half in halves {
        let mut client = server.connect();
        client.send(half);
        let reply = client.reply();
        assert_eq!((reply.status, reply.field("connection")), (408, Some("close")), "{half:?}");
        assert_eq!(client.rest().expect("closed, not broken"), b"", "{half:?}");
    }
}

#[test]
fn a_body_that_nobody_wants_is_not_waited_for() {
    let folder = small_site();
    let server = Server::start(folder.path(), &["--head-timeout", "60"]);
    for method in ["POST", "PUT", "DELETE"] {
        for framing in ["Content-Length: 50", "Content-Length: 5000000", "Transfer-Encoding: chunked"] {
            let mut client = server.connect();
            client.send(format!("{method} / HTTP/1.1\r\nHost: localhost\r\n{framing}\r\n\r\n"));
            let reply = client.reply();
            let seen = (reply.status, reply.field("connection"));
            assert_eq!(seen, (405, Some("close")), "{method} {framing}");
            assert_eq!(client.rest().expect("closed, not broken"), b"", "{method} {framing}");
        }
    }
    // One that comes with its head is read past, and the connection stays.
    let mut client = server.connect();
    for _ in 0..2 {
        client.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello");
        let reply = client.reply();
        assert_eq!((reply.status, reply.field("connection")), (405, None));
    }
}

#[test]
fn a_silent_connection_is_closed_without_a_byte() {
    let folder = small_site();
    let server = Server::start(folder.path(), &["--idle-timeout", "0.2"]);
    let mut silent = server.connect();
    assert_eq!(silent.rest().expect("closed, not broken"), b"");
    let mut used = server.connect();
    assert_eq!(used.get("/").status, 200);
    assert_eq!(used.rest().expect("closed, not broken"), b"");
}

#[test]
fn a_client_that_takes_nothing_is_cut_off() {
    let folder = small_site();
    write_sparse(folder.path(), "large", LARGE);
    let server = Server::start(folder.path(), &["--send-timeout", "0.3"]);
    let mut client = server.connect();
    client.send("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(client.head().status, 200);
    // Now it reads no more. The log tells when the server has given up.
    let line = server.process.stdout.line("the log line", |line| line.contains("\"GET /large HTTP/1.1\""));
    let sent: u64 = line.rsplit(' ').next().and_then(|sent| sent.parse().ok()).expect("a number at the end");
    assert!(0 < sent && sent < LARGE, "{line}");
    let received = client.rest().map_or(0, |bytes| bytes.len() as u64);
    assert!(received < LARGE, "{received}");
}

#[test]
fn with_all_connections_taken_the_longest_idle_one_gives_way() {
    let folder = small_site();
    let server = Server::start(folder.path(), &["--max-connections", "2", "--threads", "1"]);
    let (mut first, mut second) = (server.connect(), server.connect());
    assert_eq!((first.get("/").status, second.get("/").status), (200, 200));
    assert_eq!(first.get("/").status, 200);
    // Now the second has been idle for longer.
    assert_eq!(server.get("/").status, 200);
    assert_eq!(second.rest().expect("closed, not broken"), b"");
    assert_eq!(first.get("/").status, 200);
}

#[test]
fn with_all_connections_busy_a_new_one_gets_503() {
    let folder = small_site();
    write_sparse(folder.path(), "large", LARGE);
    for threads in ["1", "4"] {
        let server = Server::start(folder.path(), &["--max-connections", "2", "--threads", threads]);
        let mut busy = [start_download(&server), start_download(&server)];
        let mut third = server.connect();
        let reply = third.reply();
        assert_eq!((reply.status, reply.field("connection")), (503, Some("close")));
        assert!(reply.field("retry-after").is_some_and(|after| after.parse::<u32>().is_ok()), "{reply:?}");
        assert_eq!(third.rest().expect("closed, not broken"), b"");
        // Those that were there first lose nothing.
        for client in &mut busy {
            client.bytes(usize::try_from(LARGE - BEGINNING).expect("it fits"));
        }
    }
}

#[test]
fn an_idle_connection_gives_way_whichever_thread_has_it() {
    let folder = small_site();
    write_sparse(folder.path(), "large", LARGE);
    for round in 1..=8 {
        let server = Server::start(folder.path(), &["--max-connections", "2", "--threads", "4"]);
        let (_busy, mut idle) = (start_download(&server), server.connect());
        assert_eq!(idle.get("/").status, 200);
        // The answer may be here before the server is done with it; once it is logged, it is.
        server.process.stdout.line("the log line", |line| line.contains("\"GET / HTTP/1.1\""));
        let mut third = server.connect();
        third.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assert_eq!(third.reply().status, 200, "round {round}");
        assert_eq!(idle.rest().expect("closed, not broken"), b"");
    }
}
