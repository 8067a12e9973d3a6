//! Clients that want more than their share: very many connections, requests that never end, answers
//! that nobody reads. Each is bounded, and whoever behaves is served meanwhile.
//!
//! `GLASSHTTP_ABUSE_CONNECTIONS` says how many connections are opened at once (1000).

#![cfg(target_os = "linux")]

use crate::support::{
    self, Client, LARGE, Reply, Server, as_text, folder, raise_open_files, setting, wait_until, write_sparse,
};
use std::io::Write;
use std::net::TcpStream;
use std::thread::JoinHandle;
use std::time::Duration;
use tempfile::TempDir;

const MIB: u64 = 1024 * 1024;

const GET: &str = "GET /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// A page of 5 bytes, another of 20 KB, and a file so large that while a client reads nothing it is
/// under way.
fn site() -> TempDir {
    let folder = folder(&[("a.txt", "hello"), ("b.txt", &"b".repeat(20_000))]);
    write_sparse(folder.path(), "large", LARGE);
    folder
}

fn assert_is_hello(reply: &Reply) {
    assert_eq!((reply.status, reply.text().as_str()), (200, "hello"), "{reply:?}");
}

/// Waits until the server has no more descriptors open than it had.
fn wait_for_descriptors(server: &Server, most: usize) {
    wait_until("the descriptors to be back", || (server.process.descriptors().len() <= most).then_some(()));
}

// ---- many connections

#[test]
fn very_many_open_connections_are_all_answered_and_cost_little() {
    let count = setting("GLASSHTTP_ABUSE_CONNECTIONS", 1000);
    raise_open_files(count + 200);
    let folder = site();
    let most = (count + 100).to_string();
    let options = ["--max-connections", &most, "--idle-timeout", "600", "--log", "off"];
    let server = Server::start(folder.path(), &options);
    assert_is_hello(&server.get("/a.txt"));
    let (descriptors, memory) = (server.process.descriptors().len(), server.process.memory());
    let mut clients: Vec<_> = (0..count).map(|_| server.connect()).collect();
    for round in 1..=2 {
        for client in &mut clients {
            assert_is_hello(&client.get("/a.txt"));
        }
        assert!(server.process.descriptors().len() as u64 >= count, "not all stayed open in round {round}");
    }
    let each = server.process.memory().saturating_sub(memory) / count;
    println!("{count} connections; each costs {each} bytes");
    assert!(each < 4096, "an idle connection costs {each} bytes");
    drop(clients);
    wait_for_descriptors(&server, descriptors);
}

/// How many connections the servers below may have.
const SEATS: usize = 50;

#[test]
fn in_a_flood_idle_connections_give_way_and_everybody_is_answered() {
    let folder = site();
    let server = Server::start(folder.path(), &["--max-connections", &SEATS.to_string(), "--log", "off"]);
    let mut clients = Vec::new();
    for _ in 0..10 * SEATS {
        let mut client = server.connect();
        assert_is_hello(&client.get("/a.txt"));
        clients.push(client);
    }
    // A few descriptors are its own.
    let open = server.process.descriptors().len();
    assert!(open < 2 * SEATS, "{open} descriptors for {SEATS} connections");
}

#[test]
fn in_a_flood_connections_that_are_busy_keep_their_seats_and_the_rest_get_503() {
    let folder = site();
    let server = Server::start(folder.path(), &["--max-connections", &SEATS.to_string(), "--log", "off"]);
    let mut busy: Vec<_> = (0..SEATS).map(|_| server.connect()).collect();
    for client in &mut busy {
        // The answer to the first says that the half of the second is there, too.
        client.send(format!("{GET}{}", &GET[..30]));
        assert_is_hello(&client.reply());
    }
    for number in 0..10 * SEATS {
        let mut client = server.connect();
        let reply = client.reply();
        assert_eq!((reply.status, reply.field("connection")), (503, Some("close")), "number {number}");
        assert!(reply.field("retry-after").is_some(), "{reply:?}");
        assert_eq!(client.rest().expect("closed, not broken"), b"");
    }
    for client in &mut busy {
        client.send(&GET[30..]);
        assert_is_hello(&client.reply());
    }
    drop(busy);
    assert_is_hello(&server.get("/a.txt"));
}

#[test]
fn in_a_flood_all_at_once_each_gets_an_answer_or_503_and_afterwards_it_serves() {
    let folder = site();
    let server = Server::start(folder.path(), &["--max-connections", &SEATS.to_string(), "--log", "off"]);
    let (mut answered, mut turned_away, mut broken) = (0, 0, 0);
    for _ in 0..4 {
        let mut clients: Vec<_> = (0..10 * SEATS).map(|_| server.connect()).collect();
        let sent: Vec<_> = clients.iter_mut().map(|client| client.try_send(GET).is_ok()).collect();
        for (client, _) in clients.iter_mut().zip(sent) {
            match client.listen(support::PATIENCE) {
                Ok(Some(bytes)) if bytes.starts_with(b"HTTP/1.1 200 ") && bytes.ends_with(b"hello") => {
                    answered += 1;
                }
                Ok(Some(bytes)) if bytes.starts_with(b"HTTP/1.1 503 ") => turned_away += 1,
                // It was turned away before it had sent its request, and that broke the connection.
                Err(_) => broken += 1,
                Ok(other) => panic!("{:?}", other.map(|bytes| as_text(&bytes))),
            }
        }
    }
    println!("{answered} answered, {turned_away} turned away, {broken} broken");
    assert!(answered >= SEATS, "{answered}");
    assert_is_hello(&server.get("/a.txt"));
}

// ---- work

#[test]
fn who_wants_little_is_served_beside_many_who_want_large_listings() {
    const GREEDY: usize = 200;
    let folder = site();
    for number in 0..2000 {
        support::write(folder.path(), format!("many/{number}"), "");
    }
    let server = Server::start(folder.path(), &["--threads", "1"]);
    let ask = "GET /many/ HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut clients: Vec<_> = (0..GREEDY).map(|_| server.connect()).collect();
    // Each wants two, and nobody wants to wait.
    for client in &mut clients {
        client.send(ask.repeat(2));
    }
    let readers: Vec<_> = clients
        .chunks_mut(GREEDY / 4)
        .map(|some| some.iter().map(Client::sender).collect::<Vec<_>>())
        .map(|some| std::thread::spawn(move || read_all(&some)))
        .collect();
    for _ in 0..10 {
        assert_is_hello(&server.get("/a.txt"));
    }
    // The log says in which order the answers were sent.
    let lines = server.process.stdout.so_far();
    let count = |what: &str| lines.iter().filter(|line| line.contains(what)).count();
    let (small, large) = (count("GET /a.txt "), count("GET /many/ "));
    println!("{large} of {} listings were whole when ten small answers were", 2 * GREEDY);
    assert!(large < GREEDY, "{large} listings, and {small} small answers");
    drop(server);
    drop(clients);
    for reader in readers {
        reader.join().expect("it ends");
    }
}

/// Reads from all of these until they end.
fn read_all(sockets: &[TcpStream]) {
    let mut open: Vec<_> = sockets.iter().collect();
    for socket in &open {
        socket.set_read_timeout(Some(Duration::from_millis(1))).expect("a time");
    }
    let mut buffer = vec![0; 256 * 1024];
    while !open.is_empty() {
        open.retain_mut(|socket| match std::io::Read::read(socket, &mut buffer) {
            Ok(count) => count > 0,
            Err(error) => error.kind() == std::io::ErrorKind::WouldBlock,
        });
    }
}

// ---- slow clients

/// How many slow clients there are at once, and how often they send a byte.
const SLOW: usize = 20;
const PACE: Duration = Duration::from_millis(40);

/// Sends `all` byte by byte on many connections until each is answered; while they are at it, others
/// are served. What they get must be 408 and the end.
fn assert_too_slow(beginning: &str, all: &str) {
    let folder = site();
    let server = Server::start(folder.path(), &["--head-timeout", "0.5"]);
    let mut slow: Vec<_> = (0..SLOW).map(|_| server.connect()).collect();
    for client in &mut slow {
        client.send(beginning);
    }
    let mut answer = None;
    for byte in all.as_bytes() {
        // One of them paces all.
        answer = slow[0].listen(PACE).expect("not broken");
        if answer.is_some() {
            break;
        }
        for client in &mut slow {
            // Those that have been answered may be closed already.
            let _ = client.try_send([*byte]);
        }
        assert_is_hello(&server.get("/a.txt"));
    }
    assert!(answer.as_ref().is_some_and(|bytes| bytes.starts_with(b"HTTP/1.1 408 ")), "{answer:?}");
    for client in &mut slow[1..] {
        let reply = client.reply();
        assert_eq!((reply.status, reply.field("connection")), (408, Some("close")), "{reply:?}");
    }
}

#[test]
fn a_head_that_comes_byte_by_byte_is_408_however_steadily() {
    let head = format!("GET /a.txt HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n", "x".repeat(1000));
    assert_too_slow("", &head);
}

#[test]
fn a_body_that_comes_byte_by_byte_is_408_however_steadily() {
    assert_too_slow("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n", &"x".repeat(1000));
}

#[test]
fn a_chunked_body_that_comes_byte_by_byte_is_408_however_steadily() {
    let head = "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert_too_slow(head, &"1\r\nx\r\n".repeat(100));
}

#[test]
fn an_empty_line_begins_a_head_that_must_arrive_in_time() {
    assert_too_slow("\r\n", &"G".repeat(1000));
}

#[test]
fn clients_that_read_nothing_are_cut_off_and_leave_nothing_behind() {
    let folder = site();
    let server = Server::start(folder.path(), &["--send-timeout", "0.3"]);
    let mut paces = server.connect();
    assert_is_hello(&paces.get("/a.txt"));
    let before = server.process.descriptors().len();
    let mut stuck = Vec::new();
    for _ in 0..SLOW {
        let mut client = server.connect();
        client.send("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assert_eq!(client.head().status, 200);
        stuck.push(client);
    }
    wait_for_descriptors(&server, before);
    assert_is_hello(&paces.get("/a.txt"));
}

#[test]
fn a_client_that_reads_slowly_but_steadily_is_not_cut_off() {
    let folder = site();
    let server = Server::start(folder.path(), &["--send-timeout", "0.5"]);
    let mut client = Client::connect_with_little_room(server.address).expect("it accepts");
    let length = 8 * MIB;
    let range = format!("Range: bytes=0-{}\r\n", length - 1);
    client.send(format!("GET /large HTTP/1.1\r\nHost: localhost\r\n{range}\r\n"));
    assert_eq!(client.head().status, 206);
    // What it waits for never comes; it only takes its time.
    let mut paces = server.connect();
    let piece = length / 128;
    for part in 0..128 {
        let bytes = client.bytes(usize::try_from(piece).expect("it fits"));
        assert!(bytes.iter().all(|&byte| byte == 0), "part {part}");
        assert_eq!(paces.listen(Duration::from_millis(15)).expect("open"), None);
    }
}

// ---- answers that nobody reads

/// How many such clients there are.
const GREEDY: usize = 10;

/// Sends so many requests, or as many as the server takes.
fn pipeline_without_reading(client: &Client, request: &str, count: usize) {
    let mut sender = client.sender();
    sender.set_write_timeout(Some(Duration::from_millis(100))).expect("a socket");
    let bytes = request.repeat(100);
    // What is written in part is the last.
    let _ = (0..count / 100).try_for_each(|_| sender.write_all(bytes.as_bytes()));
}

/// Lets several clients send thousands of requests and read nothing: how much memory the server
/// takes for that at most. Others are served.
fn memory_for_pipelining(request: &str, count: usize) -> u64 {
    let folder = site();
    let server = Server::start(folder.path(), &["--send-timeout", "60", "--threads", "2"]);
    let mut polite = server.connect();
    assert_is_hello(&polite.get("/a.txt"));
    let before = server.process.memory();
    let connect = |_| Client::connect_with_little_room(server.address).expect("it accepts");
    let greedy: Vec<_> = (0..GREEDY).map(connect).collect();
    let mut most = 0;
    for client in &greedy {
        pipeline_without_reading(client, request, count);
        assert_is_hello(&polite.get("/a.txt"));
        most = server.process.memory().max(most);
    }
    let cost = most.saturating_sub(before);
    println!("{GREEDY} clients cost {} KiB", cost / 1024);
    cost
}

/// What the server may take for these clients: of each it may hold a read buffer's worth of requests
/// and somewhat more than 64 KiB of answers, and each of two workers what it needs for a turn.
const GREED_LIMIT: u64 = GREEDY as u64 * MIB / 4 + 2 * 8 * MIB;

#[test]
fn requests_without_number_whose_answers_nobody_reads_take_little_memory() {
    let cost = memory_for_pipelining("GET /b.txt HTTP/1.1\r\nHost: localhost\r\n\r\n", 5000);
    assert!(cost < GREED_LIMIT, "{cost}");
}

#[test]
fn large_requests_whose_answers_nobody_reads_take_little_memory() {
    let long = "x".repeat(7000);
    let fields = format!("Host: localhost\r\nReferer: {long}\r\nUser-Agent: {long}\r\n");
    let cost = memory_for_pipelining(&format!("GET /none HTTP/1.1\r\n{fields}\r\n"), 300);
    assert!(cost < GREED_LIMIT, "{cost}");
}

#[test]
fn tiny_requests_with_tiny_answers_that_nobody_reads_take_little_memory() {
    let cost = memory_for_pipelining("HEAD /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n", 20_000);
    assert!(cost < GREED_LIMIT, "{cost}");
}

// ---- requests that never end

/// The most that an endless sender sends.
const ENDLESS: usize = 64 * 1024 * 1024;

/// Sends the same again and again until the server does not take it any more: whether it came to
/// that.
fn send_endlessly(mut stream: TcpStream, piece: &[u8]) -> JoinHandle<bool> {
    let pieces = piece.repeat(16 * 1024 / piece.len() + 1);
    std::thread::spawn(move || (0..ENDLESS / pieces.len()).any(|_| stream.write_all(&pieces).is_err()))
}

/// What comes of a request that has this beginning and goes on for ever: the answer's status, after
/// which the connection must end, and nobody else must notice.
fn endless(beginning: &str, piece: &str) -> u16 {
    let folder = site();
    let server = Server::start(folder.path(), &["--threads", "2"]);
    let mut other = server.connect();
    assert_is_hello(&other.get("/a.txt"));
    let (descriptors, memory) = (server.process.descriptors().len(), server.process.memory());
    let mut client = server.connect();
    client.send(beginning);
    let sender = send_endlessly(client.sender(), piece.as_bytes());
    let reply = client.reply();
    assert_eq!(reply.field("connection"), Some("close"), "{reply:?}");
    assert!(sender.join().expect("it ends"), "the server took {ENDLESS} bytes");
    assert_is_hello(&other.get("/a.txt"));
    wait_for_descriptors(&server, descriptors);
    let cost = server.process.memory().saturating_sub(memory);
    println!("{:?} without end: {}, {} KiB", &piece[..piece.len().min(9)], reply.status, cost / 1024);
    assert!(cost < 2 * MIB, "{cost} bytes");
    reply.status
}

#[test]
fn a_request_line_without_end_is_414() {
    assert_eq!(endless("GET /", "a"), 414);
}

#[test]
fn a_method_without_end_is_refused() {
    assert_eq!(endless("", "A"), 414);
}

#[test]
fn a_header_line_without_end_is_431() {
    assert_eq!(endless("GET / HTTP/1.1\r\nHost: localhost\r\nX: ", "x"), 431);
}

#[test]
fn header_lines_without_end_are_431() {
    assert_eq!(endless("GET / HTTP/1.1\r\nHost: localhost\r\n", "X: y\r\n"), 431);
}

#[test]
fn empty_lines_without_end_are_400() {
    assert_eq!(endless("", "\r\n"), 400);
}

const CHUNKED: &str = "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";

#[test]
fn a_chunk_size_without_end_is_400() {
    assert_eq!(endless(CHUNKED, "0"), 400);
}

#[test]
fn a_chunk_extension_without_end_is_400() {
    assert_eq!(endless(&format!("{CHUNKED}1;x="), "x"), 400);
}

#[test]
fn trailers_without_end_are_400() {
    assert_eq!(endless(&format!("{CHUNKED}0\r\n"), "X: y\r\n"), 400);
}

#[test]
fn a_trailer_line_without_end_is_400() {
    assert_eq!(endless(&format!("{CHUNKED}0\r\nX: "), "x"), 400);
}

#[test]
fn tiny_chunks_without_end_are_405_and_cut() {
    assert_eq!(endless(CHUNKED, "1\r\nx\r\n"), 405);
}

#[test]
fn large_chunks_without_end_are_405_and_cut() {
    assert_eq!(endless(CHUNKED, &format!("4000\r\n{}\r\n", "x".repeat(0x4000))), 405);
}

#[test]
fn a_body_without_end_is_405_and_cut() {
    let head = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9223372036854775807\r\n\r\n";
    assert_eq!(endless(head, "x"), 405);
}

#[test]
fn requests_without_end_behind_the_last_answer_are_cut() {
    let head = "GET /a.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    assert_eq!(endless(head, GET), 200);
}

// ---- requests that ask for too much

#[test]
fn thousands_of_tiny_ranges_are_never_more_than_the_file() {
    let folder = site();
    let server = Server::start(folder.path(), &[]);
    let mut client = server.connect();
    let tiny = |step: usize| (0..2000).map(move |number| format!("{}-{}", step * number, step * number));
    let ascending = |step| tiny(step).collect::<Vec<_>>().join(",");
    let descending = |step| tiny(step).rev().collect::<Vec<_>>().join(",");
    let whole = (200, 20_000);
    let table = [
        ("nearly touching: they are one", "/b.txt", ascending(2), (206, 3999)),
        ("with a head for each more than the file", "/b.txt", ascending(100), whole),
        ("out of order", "/b.txt", descending(100), whole),
        ("all of it again and again", "/b.txt", vec!["0-"; 5000].join(","), whole),
        ("the end of it again and again", "/b.txt", vec!["-1"; 5000].join(","), whole),
    ];
    for (name, target, set, expected) in table {
        let reply = client.get_with(target, &format!("Range: bytes={set}\r\n"));
        assert_eq!((reply.status, reply.body.len()), expected, "{name}: {}", reply.head);
    }
    // Apart, in order, and less than the file: that is what such tools ask for.
    let set: Vec<_> = tiny(20_000).take(1500).collect();
    let reply = client.get_with("/large", &format!("Range: bytes={}\r\n", set.join(",")));
    assert_eq!((reply.status, reply.text().matches("Content-Range: ").count()), (206, 1500));
}

#[test]
fn thousands_of_entity_tags_are_compared_and_no_worse() {
    let folder = site();
    let server = Server::start(folder.path(), &[]);
    let mut client = server.connect();
    let etag = client.get("/a.txt").field("etag").expect("an entity tag").to_owned();
    let many = "\"no\", ".repeat(5000);
    let reply = client.get_with("/a.txt", &format!("If-None-Match: {many}{etag}\r\n"));
    assert_eq!(reply.status, 304);
    let reply = client.get_with("/a.txt", &format!("If-None-Match: {many}\"other\"\r\n"));
    assert_is_hello(&reply);
}

#[test]
fn a_path_of_thousands_of_segments_is_404() {
    let folder = site();
    let server = Server::start(folder.path(), &[]);
    let mut client = server.connect();
    for segment in ["a/", "%61/"] {
        let reply = client.get(&format!("/{}", segment.repeat(8000 / segment.len())));
        assert_eq!(reply.status, 404, "{segment:?}");
    }
    assert_is_hello(&client.get("/a.txt"));
}

// ---- all of it

#[test]
fn after_a_storm_its_memory_is_what_it_was() {
    let folder = site();
    // Each thread has memory of its own.
    let options =
        ["--threads", "2", "--max-connections", "300", "--head-timeout", "0.3", "--send-timeout", "0.3"];
    let server = Server::start(folder.path(), &options);
    // What it needs for work at all, it has after some work.
    let mut other = server.connect();
    for _ in 0..100 {
        assert_is_hello(&other.get("/a.txt"));
    }
    let (descriptors, memory) = (server.process.descriptors().len(), server.process.memory());
    let heads = [
        "GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /a.txt HTTP/1.1\r\nHost: loc",
        "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        CHUNKED,
        "GET /none HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ];
    let long = format!("GET /b.txt HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n", "x".repeat(30_000));
    let mut most = 0;
    for round in 0..3 {
        let mut clients: Vec<_> = (0..400).map(|_| server.connect()).collect();
        for (number, client) in clients.iter_mut().enumerate() {
            // Some of these are turned away.
            let _ = client.try_send(heads[number % heads.len()]);
            let _ = client.try_send(if number % 3 == round { long.as_str() } else { GET });
        }
        for client in clients.iter_mut().skip(2).step_by(heads.len()) {
            // A listing, or 503.
            let _ = client.listen(support::PATIENCE);
        }
        most = server.process.memory().max(most);
        for (number, client) in clients.into_iter().enumerate() {
            if number % 2 == 0 { client.reset() } else { drop(client) }
        }
    }
    wait_for_descriptors(&server, descriptors);
    let after = server.process.memory();
    println!("idle {} KiB, at most {} KiB, after {} KiB", memory / 1024, most / 1024, after / 1024);
    // Some of it is parts of the program that only a storm needs, and what allocators keep: 5 times as
    // many rounds leave no more.
    assert!(after < memory + memory / 5 + 6 * MIB, "{memory} bytes before, {after} after");
    assert_is_hello(&server.get("/a.txt"));
}
