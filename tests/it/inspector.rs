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
    // It is the line that decided, and not the one that tells it.
    let decided = source.lines().nth(line - 1).expect("it has so many");
    assert!(decided.contains("match any_tag("), "line {line}: {decided}");
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
fn the_last_ten_thousand_exchanges_are_kept_in_bounded_memory() {
    const BATCH: usize = 100;
    let folder = site();
    let server = start(&folder);
    let mut client = server.connect();
    let request =
        "GET /a.txt HTTP/1.1\r\nHost: localhost\r\nCookie: ".to_owned() + &"x".repeat(2000) + "\r\n\r\n";
    let mut when_full = 0;
    for batch in 1..=250 {
        client.send(request.repeat(BATCH));
        (0..BATCH).for_each(|_| assert_eq!(client.reply().status, 200));
        if batch == 150 {
            when_full = server.process.memory();
        }
    }
    // The client has its answer a moment before the inspector hears that it is sent.
    wait_until("the last to be known", || (server.get("/.glass/exchange/25000").status == 200).then_some(()));
    assert_eq!(server.get("/.glass/exchange/15000").status, 404);
    assert_eq!(server.get("/.glass/exchange/15001").status, 200);
    let grown = server.process.memory().saturating_sub(when_full);
    assert!(grown < 8_000_000 && when_full < 150_000_000, "{grown} bytes more than {when_full}");
}

#[test]
fn what_a_request_brought_is_shown_whatever_became_of_it() {
    let folder = site();
    let server =
        Server::start(folder.path(), &["--inspect", "--log", "off", "--upload", "--max-upload", "1M"]);
    let mut events = Events::open(&server);
    let json = "{\"name\":\"Ünïcödé\",\"n\":1}";
    let form = "--e\r\nContent-Disposition: form-data; name=f; filename=f.txt\r\n\r\nnew\r\n--e--\r\n";
    let chunks = "3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\n\r\n";
    let binary: String = (0..=255_u8).map(char::from).collect();
    let with_length = |line: &str, fields: &str, body: &str| {
        format!("{line} HTTP/1.1\r\nHost: localhost\r\n{fields}Content-Length: {}\r\n\r\n{body}", body.len())
    };
    let large = "x".repeat(100_000);
    for (request, status, body, received) in [
        // To a file that takes none, and read past.
        (with_length("DELETE /a.txt", "Content-Type: application/json\r\n", json), 405, json, json.len()),
        (with_length("PUT /new.txt", "", &binary), 201, &*binary, binary.len()),
        (
            with_length("POST /", "Content-Type: multipart/form-data; boundary=e\r\n", form),
            201,
            form,
            form.len(),
        ),
        (
            format!(
                "PUT /chunked.txt HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}"
            ),
            201,
            "abcdefg",
            7,
        ),
        (with_length("PUT /large.txt", "", &large), 201, &large[..64 * 1024], large.len()),
        (with_length("PUT /a.txt", "", "too late"), 409, "too late", 8),
        // Nobody waits for it.
        (
            "PUT /no.txt HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2000000\r\n\r\nabc".to_owned(),
            413,
            "",
            0,
        ),
    ] {
        let mut client = server.connect();
        client.send(&request);
        assert_eq!(client.head().status, status, "{request:.60}");
        let exchange = events.wait_for("exchange", |exchange| exchange["status"] == status);
        assert_eq!(exchange["received"], received, "{request:.60}");
        let detail = server.get(&format!("/.glass/exchange/{}", exchange["id"]));
        let detail: Value = serde_json::from_slice(&detail.body).expect("JSON");
        let bytes: Vec<_> =
            detail["requestBody"].as_str().expect("text").chars().map(|one| one as u8).collect();
        assert_eq!(bytes, body.as_bytes(), "{request:.60}");
        assert_eq!(
            (&detail["requestBodyCut"], &detail["captured"]),
            (&(received > body.len()).into(), &true.into())
        );
        assert!(detail["deciding"].is_u64(), "{detail}");
        let raw = server.get(&format!("/.glass/exchange/{}/request", exchange["id"]));
        assert_eq!(raw.field("Content-Type"), Some("application/octet-stream"));
        assert!(raw.field("Content-Disposition").is_some_and(|field| field.starts_with("attachment")));
        let head_ends = request.find("\r\n\r\n").expect("a head") + 4;
        assert_eq!(raw.body, [&request.as_bytes()[..head_ends], body.as_bytes()].concat(), "{request:.60}");
    }
    for path in ["/.glass/exchange/1/body", "/.glass/exchange/1/", "/.glass/exchange/99/request"] {
        let expected = if path.ends_with("1/") { 200 } else { 404 };
        assert_eq!(server.get(path).status, expected, "{path}");
    }
    let raw = server.get("/.glass/exchange/1/response").text();
    assert!(raw.starts_with("HTTP/1.1 405 ") && raw.contains("\r\n\r\n405 Method Not Allowed: "), "{raw}");
}

#[test]
fn a_body_that_never_ends_is_counted_and_only_its_start_is_kept() {
    let folder = site();
    let server = Server::start(folder.path(), &["--inspect", "--log", "off", "--upload"]);
    let mut events = Events::open(&server);
    let mut client = server.connect();
    client.send("PUT /endless.txt HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
    let before = server.process.memory();
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    (0..200).for_each(|_| client.send(&chunk));
    let grown = server.process.memory().saturating_sub(before);
    assert!(grown < 4_000_000, "{grown} bytes more");
    client.send("no chunk\r\n");
    assert_eq!(client.reply().status, 400);
    let exchange = events.wait_for("exchange", |_| true);
    assert_eq!(exchange["received"], 200 * 0x10000);
    assert!(
        exchange["sentence"].as_str().is_some_and(|text| text.starts_with("400: the chunks")),
        "{exchange}"
    );
}

#[test]
fn a_page_of_another_origin_is_told_apart_though_cors_is_off() {
    let folder = site();
    let server = start(&folder);
    let mut events = Events::open(&server);
    let mut client = server.connect();
    let origin = "Origin: http://localhost:5173\r\n";
    client.send(format!(
        "OPTIONS /a.txt HTTP/1.1\r\nHost: localhost\r\n{origin}Access-Control-Request-Method: PUT\r\n\r\n"
    ));
    client.reply();
    client.get_with("/a.txt", origin);
    client.get_with(
        "/a.txt",
        "Origin: http://localhost:5173\r\nSec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: image\r\n",
    );
    let [preflight, get, image] = [(); 3].map(|()| events.wait_for("exchange", |_| true));
    assert_eq!((&preflight["preflight"], &preflight["blocked"]), (&true.into(), &true.into()));
    assert_eq!((&get["blocked"], &get["about"]), (&true.into(), &preflight["id"]));
    assert_eq!(
        get["sentence"],
        "Blocked by the browser: the page of http://localhost:5173 may not read this; start with \
         `--cors=http://localhost:5173`"
    );
    assert_eq!(
        (&image["blocked"], &image["dest"], &image["mode"]),
        (&false.into(), &"image".into(), &"no-cors".into())
    );
    let detail = server.get(&format!("/.glass/exchange/{}", get["id"])).text();
    let detail: Value = serde_json::from_str(&detail).expect("JSON");
    let deciding = usize::try_from(detail["deciding"].as_u64().expect("one of them")).expect("small");
    assert_eq!(detail["steps"][deciding]["name"], "cors");
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
    // What is kept of ten thousand exchanges, and the events that wait for this page.
    assert!(memory < 110_000_000, "{memory} bytes");
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
