//! The inspector from outside: what a page hears, what it can ask, and who is turned away.

use crate::support::{self, Client, LARGE, PATIENCE, Server, folder, wait_until, write_sparse};
use serde_json::Value;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};
use tempfile::TempDir;

fn site() -> TempDir {
    folder(&[("index.html", "<!DOCTYPE html><title>Hello</title>\n"), ("a.txt", "hello")])
}

fn start(site: &TempDir) -> Server {
    Server::start(site.path(), &["--inspect", "--log", "off"])
}

/// A page's view of what happens.
struct Events(support::Events);

impl Events {
    fn open(server: &Server) -> Events {
        Events(support::Events::open(server, "/.glass/events").0)
    }

    /// The next event of this name about which that is true; those before it are passed over.
    fn wait_for(&mut self, name: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        let until = Instant::now() + PATIENCE;
        loop {
            let (found, data) = self.0.next();
            if found == name && is_it(&data) {
                return data;
            }
            assert!(Instant::now() < until, "waited in vain for {name}");
        }
    }
}

/// Sends bytes through the composer.
fn compose(server: &Server, bytes: &str, pauses: &str, fields: &str) -> (u16, Value) {
    let mut client = server.connect();
    let length = bytes.len();
    client.send(format!(
        "POST /.glass/send?pauses={pauses} HTTP/1.0\r\nHost: localhost:{}\r\nContent-Length: {length}\r\n{fields}\r\n{bytes}",
        server.port()
    ));
    let status = client.head().status;
    let body = client.rest().expect("it ends");
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

#[test]
fn a_page_hears_of_a_connection_its_exchanges_and_its_end() {
    let folder = site();
    let server = start(&folder);
    let mut events = Events::open(&server);
    let mut client = server.connect();
    client.get("/a.txt");
    client.get("/nothing");
    drop(client);
    let first = events.wait_for("exchange", |exchange| exchange["target"] == "/a.txt");
    let connection = first["connection"].clone();
    let second = events.wait_for("exchange", |exchange| exchange["target"] == "/nothing");
    assert_eq!((&first["number"], &second["number"]), (&1.into(), &2.into()));
    assert_eq!((&first["status"], &second["status"]), (&200.into(), &404.into()));
    assert_eq!(second["connection"], connection);
    assert_eq!((&first["sent"], &first["length"], &first["complete"]), (&5.into(), &5.into(), &true.into()));
    let times = ["began", "arrived", "decided", "ended"].map(|name| first[name].as_u64().expect("a time"));
    assert!(times.is_sorted(), "{times:?}");
    events.wait_for("close", |close| close["connection"] == connection);
}

#[test]
fn an_exchange_tells_its_bytes_and_each_decision_with_rule_and_source() {
    let folder = site();
    let server = start(&folder);
    let mut events = Events::open(&server);
    server.connect().get_with("/a.txt", "If-None-Match: *\r\n");
    let id = events.wait_for("exchange", |exchange| exchange["status"] == 304)["id"].clone();
    let reply = server.get(&format!("/.glass/exchange/{id}"));
    let detail: Value = serde_json::from_slice(&reply.body).expect("JSON");
    assert_eq!(detail["request"], "GET /a.txt HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: *\r\n\r\n");
    assert!(detail["response"].as_str().expect("text").starts_with("HTTP/1.1 304 Not Modified\r\n"));
    let steps = detail["steps"].as_array().expect("steps");
    let step = steps.iter().find(|step| step["name"] == "precondition").expect("the one that mattered");
    assert_eq!(step["rfc"], "RFC 9110 section 13.1.2");
    assert_eq!(step["url"], "https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2");
    let source = server.get(&format!("/.glass/source/{}", step["file"].as_str().expect("a path"))).text();
    let line = usize::try_from(step["line"].as_u64().expect("a line")).expect("small");
    assert!(source.lines().nth(line - 1).expect("it has so many").contains("record("), "line {line}");
}

#[test]
fn the_source_has_a_table_of_contents_and_what_is_not_in_it_is_said_not_to_be() {
    let folder = site();
    let server = start(&folder);
    let names = server.get("/.glass/source/").text();
    let read = |name: &str| std::fs::read_to_string(name).expect("it is in the repository");
    for name in ["src/main.rs", "examples/01_echo_server.rs", "SECURITY.md"] {
        assert!(names.lines().any(|line| line == name), "{name} in {names}");
        assert_eq!(server.get(&format!("/.glass/source/{name}")).text(), read(name));
    }
    let missing = server.get("/.glass/source/src/no_such.rs");
    assert_eq!(missing.status, 404);
    assert!(missing.text().contains("this file is not in the program"), "{}", missing.text());
}

#[test]
fn the_progress_of_a_download_is_told_while_it_lasts() {
    let folder = site();
    write_sparse(folder.path(), "large", LARGE);
    let server = start(&folder);
    let mut events = Events::open(&server);
    let mut client = server.connect();
    client.send("GET /large HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    let progress = events.wait_for("progress", |progress| progress["target"] == "/large");
    assert_eq!(progress["length"], LARGE);
    assert!(progress["sent"].as_u64().expect("a number") < LARGE);
    client.rest().expect("all of it");
    assert_eq!(events.wait_for("exchange", |_| true)["sent"], LARGE);
}

#[test]
fn ten_thousand_exchanges_leave_the_last_five_hundred() {
    const BATCH: usize = 100;
    let folder = site();
    let server = start(&folder);
    let mut client = server.connect();
    let request =
        "GET /a.txt HTTP/1.1\r\nHost: localhost\r\nCookie: ".to_owned() + &"x".repeat(200) + "\r\n\r\n";
    let mut after_a_tenth = 0;
    for batch in 1..=100 {
        client.send(request.repeat(BATCH));
        (0..BATCH).for_each(|_| assert_eq!(client.reply().status, 200));
        if batch == 10 {
            after_a_tenth = server.process.memory();
        }
    }
    // The client has its answer a moment before the inspector hears that it is sent.
    wait_until("the last to be known", || (server.get("/.glass/exchange/10000").status == 200).then_some(()));
    assert_eq!(server.get("/.glass/exchange/9500").status, 404);
    assert_eq!(server.get("/.glass/exchange/9501").status, 200);
    let grown = server.process.memory().saturating_sub(after_a_tenth);
    assert!(grown < 4_000_000, "{grown} bytes more than after a tenth of them");
}

#[test]
fn a_page_that_reads_nothing_holds_nobody_up() {
    let folder = site();
    let server = start(&folder);
    let mut deaf = server.connect();
    deaf.send("GET /.glass/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let mut client = server.connect();
    let request = "GET /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for _ in 0..300 {
        client.send(request.repeat(100));
        (0..100).for_each(|_| assert_eq!(client.reply().status, 200));
    }
    let memory = server.process.memory();
    assert!(memory < 60_000_000, "{memory} bytes");
}

#[test]
fn the_composer_sends_exactly_these_bytes_and_tells_what_came_back() {
    let folder = site();
    let server = start(&folder);
    let mut events = Events::open(&server);
    let bad = "GET /a.txt HTTP/1.1\nHost: localhost\n\n";
    let (status, outcome) = compose(&server, bad, "", "");
    assert_eq!((status, &outcome["closed"], &outcome["error"]), (200, &true.into(), &Value::Null));
    assert!(outcome["received"].as_str().expect("text").starts_with("HTTP/1.1 400 "), "{outcome}");
    let exchange = events.wait_for("exchange", |exchange| exchange["status"] == 400);
    let detail = server.get(&format!("/.glass/exchange/{}", exchange["id"])).text();
    let detail: Value = serde_json::from_str(&detail).expect("JSON");
    assert_eq!(detail["request"], bad);
}

#[test]
fn the_composer_pauses_where_it_is_told_and_sees_a_connection_that_stays_open() {
    let folder = site();
    let server = start(&folder);
    let request = "GET /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let (_, outcome) = compose(&server, request, "5,20", "");
    assert!(outcome["received"].as_str().expect("text").ends_with("\r\n\r\nhello"), "{outcome}");
    assert_eq!(outcome["closed"], false);
    assert!(outcome["milliseconds"].as_f64().expect("a number") >= 200.0, "{outcome}");
    assert_eq!(compose(&server, request, "20,5", "").0, 400);
    assert_eq!(compose(&server, "", "", "").0, 400);
}

#[test]
fn pages_of_other_origins_and_hosts_can_neither_send_nor_look_on() {
    let folder = site();
    let server = start(&folder);
    let request = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let own = format!("Origin: http://localhost:{}\r\nSec-Fetch-Site: same-origin\r\n", server.port());
    assert_eq!(compose(&server, request, "", &own).0, 200);
    assert_eq!(compose(&server, request, "", "Origin: http://evil.example\r\n").0, 403);
    assert_eq!(compose(&server, request, "", "Sec-Fetch-Site: cross-site\r\n").0, 403);
    let mut client = server.connect();
    assert_eq!(client.get_with("/.glass/events", "Sec-Fetch-Site: cross-site\r\n").status, 403);
    client.send("GET /.glass/ HTTP/1.1\r\nHost: evil.example\r\n\r\n");
    assert_eq!(client.reply().status, 421);
}

#[test]
fn from_another_address_it_does_not_exist() {
    let interfaces = if_addrs::get_if_addrs().expect("there are interfaces");
    let other = interfaces.into_iter().map(|interface| interface.ip());
    let Some(other) = other.into_iter().find(|ip| ip.is_ipv4() && !ip.is_loopback()) else {
        println!("this machine has no address but its own loopback: nothing to try");
        return;
    };
    let folder = site();
    let server = Server::start(folder.path(), &["--inspect", "--log", "off", "--bind", "0.0.0.0"]);
    let mut near =
        Client::connect(SocketAddr::new(IpAddr::from([127, 0, 0, 1]), server.port())).expect("connected");
    assert_eq!(near.get("/.glass/").status, 200);
    let mut far = Client::connect(SocketAddr::new(other, server.port())).expect("connected");
    assert_eq!(far.get("/a.txt").status, 200);
    for target in ["/.glass/", "/.glass/events", "/.glass/source/src/lib.rs"] {
        assert_eq!(far.get(target).status, 404, "{target}");
    }
}

#[test]
fn a_chapter_can_show_the_readers_own_request() {
    let folder = site();
    let server = start(&folder);
    let mut client = server.connect();
    client.get_with("/?x=1", "X-Mine: yes\r\n");
    let reply = wait_until("the exchange to be known", || {
        let reply = server.get("/.glass/live?target=%2F%3Fx%3D1");
        (reply.status == 200).then_some(reply)
    });
    let live: Value = serde_json::from_slice(&reply.body).expect("JSON");
    assert!(live["request"].as_str().expect("text").contains("\r\nX-Mine: yes\r\n"));
    assert_eq!(live["index"], 1);
    assert!(live["steps"].as_array().expect("steps").len() > 5);
}

#[test]
fn the_server_stops_at_once_although_pages_look_on() {
    let folder = site();
    let server = start(&folder);
    let mut events = Events::open(&server);
    let began = Instant::now();
    server.stop();
    assert!(began.elapsed() < Duration::from_secs(5));
    events.0.client().rest().expect("the stream ends");
}

#[test]
fn the_server_stops_at_once_although_another_stream_is_asked_for_behind_the_first() {
    let folder = site();
    let server = start(&folder);
    let mut client = server.connect();
    client.send("GET /.glass/events HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(2));
    client.head();
    let began = Instant::now();
    server.stop();
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

#[test]
fn the_inspector_does_not_watch_itself_however_it_is_asked_for() {
    let folder = site();
    let server = start(&folder);
    let mut events = Events::open(&server);
    let mut other = server.connect();
    other.send("GET http://localhost/.glass/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
    other.head();
    server.get("/a.txt");
    let seen = events.wait_for("exchange", |_| true);
    assert_eq!(seen["target"], "/a.txt");
}

#[test]
fn bodies_from_many_clients_and_long_lines_take_little_memory() {
    let folder = site();
    let server = start(&folder);
    let before = server.process.memory();
    let body = "x".repeat(60_000);
    let clients: Vec<_> = (0..200)
        .map(|_| {
            let mut client = server.connect();
            client
                .send(format!("POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 65536\r\n\r\n{body}"));
            client
        })
        .collect();
    for _ in 0..300 {
        let mut client = server.connect();
        client.send("G ".to_owned() + &"\u{1}".repeat(60_000));
        let _ = client.rest();
    }
    let grown = server.process.memory().saturating_sub(before);
    assert!(grown < 20_000_000, "{grown} bytes more with {} clients", clients.len());
}

#[test]
fn without_the_option_there_is_nothing() {
    let folder = site();
    let server = Server::start(folder.path(), &["--log", "off"]);
    for target in ["/.glass", "/.glass/", "/.glass/events"] {
        assert_eq!(server.get(target).status, 404, "{target}");
    }
}
