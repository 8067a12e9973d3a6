//! The laboratory of the course: an engine is started, gets bytes, and what happens is told line by line. Whatever a
//! page sends, the server that shows the course goes on.

use crate::support::{Client, PATIENCE, Server, folder, glasshttp, wait_until};
use serde_json::{Value, json};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A server with the course, and where it is unpacked.
struct Book {
    server: Server,
    _temporary: TempDir,
}

impl Book {
    fn open() -> Book {
        let temporary = folder(&[]);
        let mut command = glasshttp();
        command.env("TMPDIR", temporary.path()).args(["--course", "--port", "0"]);
        Book { server: Server::start_command(&mut command), _temporary: temporary }
    }

    /// Asks for a run. The answer ends with its connection.
    fn ask(&self, description: &str, fields: &str) -> Client {
        let mut client = self.server.connect();
        let length = description.len();
        client.send(format!(
            "POST /.glass/laboratory/play HTTP/1.0\r\nHost: localhost\r\n{fields}Content-Length: {length}\r\n\r\n{description}"
        ));
        client
    }

    /// What is told of a run, to its end.
    fn play(&self, run: &Value) -> Vec<Value> {
        let mut client = self.ask(&run.to_string(), "");
        assert_eq!(client.head().status, 200);
        let told = client.rest().expect("it is told");
        told.split(|&byte| byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| serde_json::from_slice(line).expect("JSON"))
            .collect()
    }

    /// Status and reason of a run that is refused.
    fn refused(&self, description: &str, fields: &str) -> (u16, String) {
        let mut client = self.ask(description, fields);
        let status = client.head().status;
        (status, String::from_utf8_lossy(&client.rest().expect("a reason")).into_owned())
    }

    fn is_open(&self) -> bool {
        self.server.get("/guide/http.html").status == 200
    }
}

/// One client that sends this at once.
fn one(bytes: &str) -> Value {
    json!({ "pieces": [{ "bytes": bytes }], "quiet": 200 })
}

fn get(target: &str) -> Value {
    one(&format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n"))
}

/// The events of this kind.
fn of<'a>(told: &'a [Value], event: &str) -> Vec<&'a Value> {
    told.iter().filter(|one| one["event"] == event).collect()
}

/// All that this client has got.
fn received(told: &[Value], client: u64) -> String {
    let of_client = of(told, "received").into_iter().filter(|one| one["client"] == client);
    of_client.filter_map(|one| one["bytes"].as_str()).collect()
}

#[test]
fn a_page_is_told_the_bytes_their_times_and_each_decision_with_the_line_that_decided() {
    let book = Book::open();
    let told = book.play(&json!({ "clients": [one("GET /hello.txt HTTP/1.1\nHost: localhost\r\n\r\n")] }));
    let events: Vec<_> = told.iter().map(|one| one["event"].as_str().expect("a name")).collect();
    assert_eq!((events.first(), events.last()), (Some(&"engine"), Some(&"over")), "{told:?}");
    let times: Vec<_> = told.iter().map(|one| one["at"].as_f64().expect("a time")).collect();
    assert!(times.iter().all(|&at| (0.0..10_000.0).contains(&at)), "{times:?}");
    assert!(received(&told, 0).starts_with("HTTP/1.1 400 Bad Request\r\n"), "{told:?}");
    assert_eq!(of(&told, "ended")[0]["how"], "closed");
    let exchange = of(&told, "exchange")[0];
    assert_eq!((&exchange["client"], &exchange["status"]), (&json!(0), &json!(400)));
    assert!(exchange["sentence"].as_str().expect("a sentence").starts_with("400: a line ends with LF alone"));
    let deciding = usize::try_from(exchange["deciding"].as_u64().expect("one")).expect("small");
    let step = &exchange["steps"][deciding];
    assert_eq!(
        (&step["file"], &step["rfc"]),
        (&json!("src/http/request.rs"), &json!("RFC 9112 section 2.2"))
    );
    let source = &step["source"];
    assert_eq!(source["from"], source["decides"]);
    assert!(source["lines"][0].as_str().expect("a line").contains("strip_suffix"), "{source}");
    assert!(book.is_open());
}

#[test]
fn the_engine_has_the_options_and_the_folder_that_a_page_names() {
    let book = Book::open();
    let table = [
        (
            json!({ "options": ["--cache", "3600"], "clients": [get("/hello.txt")] }),
            "Cache-Control: max-age=3600",
        ),
        (
            json!({ "options": ["--fault", "lf-only"], "clients": [get("/hello.txt")] }),
            "HTTP/1.1 200 OK\nDate",
        ),
        (json!({ "options": ["--hidden"], "clients": [get("/.hidden")] }), "hidden\n"),
        (json!({ "folder": "course", "clients": [get("/samples/hello.txt")] }), "Hello from the other side"),
        (json!({ "clients": [get("/numbers.txt")] }), "0995\n"),
    ];
    for (run, part) in table {
        let told = book.play(&run);
        assert!(received(&told, 0).contains(part), "{run}: {told:?}");
    }
}

#[test]
fn clients_of_a_run_are_told_apart_and_each_way_of_ending_has_its_name() {
    let book = Book::open();
    let half = json!({ "pieces": [{ "bytes": "GET / HTTP/1.1\r\n" }] });
    let mut late = get("/hello.txt");
    late["after"] = json!(100);
    let options = ["--max-connections", "1", "--head-timeout", "1"];
    let told = book.play(&json!({ "options": options, "clients": [half, late] }));
    assert!(received(&told, 0).starts_with("HTTP/1.1 408 "), "{told:?}");
    assert!(received(&told, 1).starts_with("HTTP/1.1 503 "), "{told:?}");
    assert_eq!(of(&told, "exchange")[0]["client"], 0);

    let mut ends = get("/hello.txt");
    ends["end"] = json!(true);
    let told = book.play(&json!({ "clients": [get("/hello.txt"), ends] }));
    let how = |client| {
        of(&told, "ended").into_iter().find(|one| one["client"] == client).expect("it ends")["how"].clone()
    };
    assert_eq!((how(0), how(1)), (json!("quiet"), json!("closed")), "{told:?}");
}

#[test]
fn bytes_one_by_one_and_with_pauses_arrive_as_they_were_sent() {
    let book = Book::open();
    let request = "HEAD /hello.txt HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut pieces: Vec<_> = request.chars().map(|byte| json!({ "bytes": byte.to_string() })).collect();
    pieces[10]["wait"] = json!(150);
    let told = book.play(&json!({ "clients": [{ "pieces": pieces, "quiet": 200 }] }));
    let sent = of(&told, "sent");
    assert_eq!(sent.len(), request.len());
    let at = |index: usize| sent[index]["at"].as_f64().expect("a time");
    assert!(at(10) - at(9) >= 149.0, "{} {}", at(9), at(10));
    assert!(received(&told, 0).starts_with("HTTP/1.1 200 OK\r\n"));
}

#[test]
fn whoever_wants_too_much_is_told_the_bound_and_the_book_goes_on() {
    let book = Book::open();
    let (status, why) = book.refused(&"x".repeat(256 * 1024 + 1), "");
    assert_eq!(status, 413);
    assert!(why.contains("262144 bytes"), "{why}");
    let (status, why) = book.refused(r#"{"clients":[]}"#, "");
    assert_eq!((status, why.contains("there is no client")), (400, true), "{why}");
    for (options, part) in
        [(["--threads", "5"], "4 threads at most"), (["--port", "1"], "--port is not for the laboratory")]
    {
        let told = book.play(&json!({ "options": options, "clients": [get("/")] }));
        assert!(of(&told, "bound")[0]["text"].as_str().expect("a text").contains(part), "{told:?}");
    }
    // More than is shown: an answer of some hundred kilobytes is asked for again and again.
    let many = "GET /guide/exercises.html HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(60);
    let told = book.play(&json!({ "folder": "course", "clients": [one(&many)] }));
    let bounds: Vec<_> = of(&told, "bound").into_iter().map(|one| one["text"].to_string()).collect();
    assert!(bounds.iter().any(|text| text.contains("65536 bytes")), "{bounds:?}");
    assert_eq!(of(&told, "ended")[0]["how"], "full");
    // Nothing is sent after the time is over.
    let pieces: Vec<_> = (0..4).map(|_| json!({ "bytes": "x", "wait": 700 })).collect();
    let told = book.play(&json!({ "seconds": 1, "clients": [{ "pieces": pieces }] }));
    assert_eq!((of(&told, "sent").len(), &of(&told, "ended")[0]["how"]), (1, &json!("time")), "{told:?}");
    let late = json!({ "after": 2000, "pieces": [] });
    let told = book.play(&json!({ "seconds": 1, "clients": [late] }));
    assert!(of(&told, "connected").is_empty(), "{told:?}");
    // The time is over.
    let told = book.play(&json!({ "seconds": 1, "clients": [{ "pieces": [] }] }));
    assert_eq!(of(&told, "ended")[0]["how"], "time");
    assert!(of(&told, "bound")[0]["text"].to_string().contains("1 s"), "{told:?}");
    assert!(book.is_open());
}

#[test]
fn a_script_that_opens_a_thousand_engines_gets_four_and_the_book_goes_on() {
    let book = Book::open();
    let waits = json!({ "clients": [{ "pieces": [] }] }).to_string();
    let mut runs: Vec<_> = (0..4).map(|_| book.ask(&waits, "")).collect();
    assert!(runs.iter_mut().all(|run| run.head().status == 200));
    for _ in 0..1000 {
        let (status, why) = book.refused(&waits, "");
        assert_eq!((status, why.contains("4 runs at once")), (503, true), "{why}");
    }
    assert!(book.is_open());
    // Whoever leaves makes room: the run ends with its page.
    drop(runs);
    wait_until("there is room", || (book.ask(&waits, "").head().status == 200).then_some(()));
}

#[test]
fn an_engine_ends_with_its_run_and_when_its_page_is_gone() {
    let book = Book::open();
    let is_there =
        |port: u64| TcpStream::connect(("127.0.0.1", u16::try_from(port).expect("a port"))).is_ok();
    let told = book.play(&json!({ "clients": [get("/")] }));
    assert!(!is_there(told[0]["port"].as_u64().expect("a port")));
    let mut run = book.ask(&json!({ "clients": [{ "pieces": [] }] }).to_string(), "");
    assert_eq!(run.head().status, 200);
    let mut line = Vec::new();
    while !line.ends_with(b"\n") {
        line.extend(run.bytes(1));
    }
    let engine: Value = serde_json::from_slice(&line).expect("JSON");
    let port = engine["port"].as_u64().expect("a port");
    assert!(is_there(port));
    // All that came was read: a browser that leaves says so with an ordinary end.
    run.finish_sending();
    wait_until("it is gone", || (!is_there(port)).then_some(()));
}

#[test]
fn a_page_that_reads_nothing_holds_nobody_up() {
    let book = Book::open();
    let many = "GET /numbers.txt HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(50);
    let clients: Vec<_> = (0..8).map(|_| one(&many)).collect();
    let began = Instant::now();
    let _unread = book.ask(&json!({ "clients": clients }).to_string(), "");
    assert!(book.is_open());
    assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
    // What waits for it is bounded, and the run ends as any other: there is room for others at last.
    let waits = json!({ "seconds": 1, "clients": [{ "pieces": [] }] }).to_string();
    let runs: Vec<_> = (0..3).map(|_| book.ask(&waits, "")).collect();
    wait_until("there is room", || (book.ask(&waits, "").head().status == 200).then_some(()));
    drop(runs);
}

#[test]
fn nothing_outside_of_its_folders_is_served_and_its_engines_are_in_a_sandbox() {
    let book = Book::open();
    for target in [
        "/link-outside.txt",
        "/../secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e/%2e%2e/etc/passwd",
        "//etc/passwd",
    ] {
        let told = book.play(&json!({ "clients": [get(target)] }));
        let answer = received(&told, 0);
        assert!(!answer.starts_with("HTTP/1.1 2") && !answer.contains("secret\n"), "{target}: {answer}");
    }
    let told = book.play(&json!({ "options": ["--follow-links"], "clients": [get("/link-outside.txt")] }));
    assert!(of(&told, "bound")[0]["text"].to_string().contains("--follow-links is not for"), "{told:?}");
}

#[test]
fn it_is_for_pages_of_this_server_on_this_machine_and_there_only_with_the_course() {
    let book = Book::open();
    let run = json!({ "clients": [get("/")] }).to_string();
    assert_eq!(book.refused(&run, "Origin: http://evil.example\r\n").0, 403);
    assert_eq!(book.refused(&run, "X-Forwarded-For: 192.0.2.1\r\n").0, 404);
    let mut client = book.server.connect();
    client.send("GET /.glass/laboratory/ HTTP/1.1\r\nHost: evil.example\r\n\r\n");
    assert_eq!(client.reply().status, 421);
    let about = book.server.get("/.glass/laboratory/");
    let about: Value = serde_json::from_slice(&about.body).expect("JSON");
    assert_eq!((&about["laboratory"], &about["bounds"]["runs"]), (&json!(1), &json!(4)));
    let plain = Server::start(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("www"), &[]);
    assert_eq!(plain.get("/.glass/laboratory/").status, 404);
}

#[test]
fn a_run_does_not_keep_the_server_from_stopping() {
    let book = Book::open();
    let mut run = book.ask(&json!({ "clients": [{ "pieces": [] }] }).to_string(), "");
    assert_eq!(run.head().status, 200);
    let began = Instant::now();
    assert_eq!(book.server.stop().code, Some(0));
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
}
