//! `--metrics`: what Prometheus reads is what was done, and it is there only where it was asked for.

// Samples are written as decimals, but what is compared here counts things, and so is exact.
#![allow(clippy::float_cmp)]

use crate::support::{
    self, Client, LARGE, Process, Server, as_text, folder, glasshttp, wait_until, write_sparse,
};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use tempfile::TempDir;

// ---- the text, read strictly

/// What a scrape says: each sample by its name and labels as they are written, and each type.
#[derive(Debug, Default)]
struct Scrape {
    samples: BTreeMap<String, f64>,
    types: BTreeMap<String, String>,
}

impl Scrape {
    /// Asks for it.
    fn of(client: &mut Client) -> Scrape {
        let reply = client.get("/.glass/metrics");
        assert_eq!(reply.status, 200, "{}", reply.head);
        assert_eq!(reply.field("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
        assert_eq!(reply.field("cache-control"), Some("no-store"));
        Scrape::parse(&reply.text())
    }

    /// Reads the exposition format 0.0.4 as strictly as one can: HELP, TYPE and all samples of a name
    /// stand together in this order, no series is there twice, and histograms add up.
    fn parse(text: &str) -> Scrape {
        let mut scrape = Scrape::default();
        let (mut described, mut current) = (BTreeSet::new(), String::new());
        assert!(text.ends_with('\n') && !text.contains('\r'), "{text}");
        for line in text.strip_suffix('\n').expect("just seen").split('\n') {
            if let Some(help) = line.strip_prefix("# HELP ") {
                let (name, words) = help.split_once(' ').expect("a name and words");
                assert!(is_name(name) && words.ends_with('.') && words.trim() == words, "{line}");
                assert!(described.insert(name.to_owned()), "described twice: {line}");
                name.clone_into(&mut current);
            } else if let Some(kind) = line.strip_prefix("# TYPE ") {
                let (name, kind) = kind.split_once(' ').expect("a name and a type");
                assert!(name == current && ["counter", "gauge", "histogram"].contains(&kind), "{line}");
                assert_eq!(name.ends_with("_total"), kind == "counter", "{line}");
                assert!(scrape.types.insert(name.to_owned(), kind.to_owned()).is_none(), "{line}");
            } else {
                let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no value: {line:?}"));
                let (name, labels) = series_parts(series);
                let suffixes: &[&str] = if scrape.types.get(&current).is_some_and(|kind| kind == "histogram")
                {
                    &["_bucket", "_sum", "_count"]
                } else {
                    &[""]
                };
                let is_its_own = suffixes.iter().any(|suffix| name == format!("{current}{suffix}"));
                assert!(is_its_own && scrape.types.contains_key(&current), "not of {current}: {line}");
                assert_eq!(labels.contains_key("le"), name.ends_with("_bucket"), "{line}");
                let value: f64 = value.parse().unwrap_or_else(|_| panic!("not a number: {line}"));
                assert!(value.is_finite() && value >= 0.0, "{line}");
                assert!(scrape.samples.insert(series.to_owned(), value).is_none(), "there twice: {line}");
            }
        }
        scrape.check_histogram("glasshttp_request_duration_seconds", text);
        scrape.check_histogram("glasshttp_turn_duration_seconds", text);
        scrape
    }

    /// Buckets come in the order of their bounds and hold those before them; the last holds all.
    fn check_histogram(&self, name: &str, text: &str) {
        let (mut last_bound, mut last_count) = (0.0, 0.0);
        for line in text.lines().filter(|line| line.starts_with(&format!("{name}_bucket"))) {
            let (series, value) = line.rsplit_once(' ').expect("read before");
            let bound = match series_parts(series).1["le"].as_str() {
                "+Inf" => f64::INFINITY,
                bound => bound.parse().expect("a number"),
            };
            let count = value.parse::<f64>().expect("a number");
            assert!(bound > last_bound && count >= last_count, "{line}");
            (last_bound, last_count) = (bound, count);
        }
        assert!(last_bound.is_infinite());
        assert_eq!(Some(&last_count), self.samples.get(&format!("{name}_count")));
        assert!(self.samples.contains_key(&format!("{name}_sum")));
    }

    /// A sample; 0 if it is not there.
    fn get(&self, series: &str) -> f64 {
        self.samples.get(series).copied().unwrap_or(0.0)
    }

    /// All samples of a name, summed up.
    fn sum(&self, name: &str) -> f64 {
        self.samples.iter().filter(|(series, _)| series_parts(series).0 == name).map(|(_, value)| value).sum()
    }

    /// Answers by status and method: those that there were.
    fn requests(&self) -> BTreeMap<(String, String), f64> {
        let of_requests = |series: &str| {
            let (name, mut labels) = series_parts(series);
            let label = |labels: &mut BTreeMap<String, String>, name| labels.remove(name).expect("a label");
            (name == "glasshttp_requests_total")
                .then(|| (label(&mut labels, "code"), label(&mut labels, "method")))
        };
        self.samples.iter().filter_map(|(series, value)| Some((of_requests(series)?, *value))).collect()
    }

    /// The series that may only grow.
    fn growing(&self) -> impl Iterator<Item = (&String, f64)> {
        let ends = ["_total", "_bucket", "_count", "_sum"];
        let grows = move |series: &str| ends.iter().any(|end| series_parts(series).0.ends_with(end));
        self.samples.iter().filter(move |(series, _)| grows(series)).map(|(series, value)| (series, *value))
    }
}

fn is_name(name: &str) -> bool {
    let mut letters = name.chars();
    let first = letters.next();
    first.is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

/// A series' name, and its labels with their values as they are meant.
fn series_parts(series: &str) -> (&str, BTreeMap<String, String>) {
    let mut labels = BTreeMap::new();
    let Some((name, rest)) = series.split_once('{') else {
        assert!(is_name(series), "{series}");
        return (series, labels);
    };
    assert!(is_name(name), "{series}");
    let mut rest = rest;
    loop {
        let (label, value) = rest.split_once("=\"").unwrap_or_else(|| panic!("no label: {series}"));
        assert!(is_name(label), "{series}");
        let (mut meant, mut letters) = (String::new(), value.char_indices());
        let end = loop {
            match letters.next().unwrap_or_else(|| panic!("no end: {series}")) {
                (end, '"') => break end,
                (_, '\\') => meant.push(match letters.next() {
                    Some((_, 'n')) => '\n',
                    Some((_, letter @ ('\\' | '"'))) => letter,
                    other => panic!("not an escape: {other:?} in {series}"),
                }),
                (_, letter) => meant.push(letter),
            }
        };
        assert!(labels.insert(label.to_owned(), meant).is_none(), "{series}");
        match &value[end + 1..] {
            "}" => return (name, labels),
            more => rest = more.strip_prefix(',').unwrap_or_else(|| panic!("no comma: {series}")),
        }
    }
}

// ---- a server

fn site() -> TempDir {
    folder(&[("a.txt", "hello"), ("b.txt", "another"), ("index.html", "<p>start")])
}

fn start(folder: &TempDir, options: &[&str]) -> Server {
    Server::start(folder.path(), &[&["--metrics", "--log", "off"], options].concat())
}

/// Asks until what is said is so: a number may be written a moment after its answer is sent.
fn scrape_until(client: &mut Client, what: &str, is_so: impl Fn(&Scrape) -> bool) -> Scrape {
    let client = std::cell::RefCell::new(client);
    wait_until(what, || {
        let scrape = Scrape::of(&mut client.borrow_mut());
        is_so(&scrape).then_some(scrape)
    })
}

// ---- what it is

#[test]
fn health_is_ok_in_one_word() {
    let (site, fields) = (site(), "X-Forwarded-For: 203.0.113.5\r\nOrigin: http://a.example\r\n");
    let server = start(&site, &[]);
    let mut client = server.connect();
    let reply = client.get_with("/.glass/health?x=y", fields);
    assert_eq!((reply.status, reply.text().as_str()), (200, "ok\n"));
    assert_eq!(reply.field("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(reply.field("cache-control"), Some("no-store"));
    client.send("HEAD /.glass/health HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let head = client.head();
    assert_eq!((head.status, head.field("content-length")), (200, Some("3")));
    // There was no body.
    assert_eq!(client.get("/a.txt").text(), "hello");
}

#[test]
fn each_turn_of_a_connection_is_counted() {
    let site = site();
    let server = start(&site, &[]);
    let mut client = server.connect();
    let turns = |client: &mut Client| Scrape::of(client).get("glasshttp_turn_duration_seconds_count");
    let before = turns(&mut client);
    for _ in 0..10 {
        client.get("/");
    }
    // One for each request, and the one in which the metrics were asked for before.
    assert!(turns(&mut client) - before >= 11.0);
}

#[test]
fn there_is_a_sample_for_each_thing_to_know_from_the_start() {
    let site = site();
    let server = start(&site, &["--threads", "3"]);
    let mut client = server.connect();
    let scrape = Scrape::of(&mut client);
    let zero = [
        "glasshttp_internal_requests_total",
        "glasshttp_response_body_bytes_total",
        "glasshttp_connections_turned_away_total",
        "glasshttp_cache_hits_total",
        "glasshttp_cache_misses_total",
        "glasshttp_cache_entries",
        "glasshttp_cache_bytes",
        "glasshttp_request_duration_seconds_count",
        "glasshttp_request_duration_seconds_sum",
        "glasshttp_helper_jobs_waiting",
    ];
    for name in zero {
        assert_eq!(scrape.samples.get(name), Some(&0.0), "{name}");
    }
    let version = format!("glasshttp_build_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"));
    assert_eq!(scrape.get(&version), 1.0);
    assert_eq!(scrape.get("glasshttp_workers"), 3.0);
    assert_eq!(scrape.get("glasshttp_cache_capacity_bytes"), 64e6);
    assert_eq!(scrape.get("glasshttp_connections_accepted_total"), 1.0);
    assert_eq!(scrape.sum("glasshttp_connections_open"), 1.0);
    let workers = ["0", "1", "2"].map(|number| format!("glasshttp_connections_open{{worker=\"{number}\"}}"));
    assert!(workers.iter().all(|series| scrape.samples.contains_key(series)), "{scrape:?}");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    let age = now.as_secs_f64() - scrape.get("process_start_time_seconds");
    assert!((0.0..60.0).contains(&age), "{age}");
}

#[test]
fn without_the_option_there_is_nothing() {
    let site = site();
    for options in [&[][..], &["--inspect"], &["--hidden"]] {
        let server = Server::start(site.path(), options);
        let mut client = server.connect();
        for target in ["/.glass/health", "/.glass/metrics"] {
            assert_eq!(client.get(target).status, 404, "{target} {options:?}");
        }
    }
}

#[test]
fn it_stands_beside_the_inspector_and_live_reload() {
    let site = site();
    let options = ["--inspect", "--reload", "--upload"];
    let server = start(&site, &options);
    let mut client = server.connect();
    for (target, status) in
        [("/.glass/health", 200), ("/.glass/metrics", 200), ("/.glass/", 200), ("/.glass/nothing", 404)]
    {
        assert_eq!(client.get(target).status, status, "{target}");
    }
    client.send("PUT /.glass/metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx");
    assert!([403, 404, 405].contains(&client.reply().status));
    assert!(!site.path().join(".glass").exists());
}

#[test]
fn with_passwords_both_need_one() {
    let site = site();
    let server = start(&site, &["--auth", "alice:secret"]);
    for target in ["/.glass/health", "/.glass/metrics"] {
        assert_eq!(server.get(target).status, 401, "{target}");
        let fields = "Authorization: Basic YWxpY2U6c2VjcmV0\r\n";
        assert_eq!(server.connect().get_with(target, fields).status, 200, "{target}");
    }
}

#[test]
fn below_a_base_path_both_are_there_and_nowhere_else() {
    let site = site();
    let server = start(&site, &["--base-path", "/files"]);
    for (target, status) in [("/.glass/health", 200), ("/.glass/metrics", 200)] {
        assert_eq!(server.get(&format!("/files{target}")).status, status, "{target}");
        assert_eq!(server.get(target).status, 404, "{target}");
    }
}

#[test]
fn a_stranger_s_name_for_this_machine_is_refused_as_elsewhere() {
    let site = site();
    let server = start(&site, &[]);
    let mut client = server.connect();
    for target in ["/.glass/health", "/.glass/metrics"] {
        client.send(format!("GET {target} HTTP/1.1\r\nHost: evil.example\r\n\r\n"));
        assert_eq!(client.reply().status, 421, "{target}");
    }
}

// ---- what it says

/// Requests as they are sent, each on a connection of its own, and under what they are counted.
const REQUESTS: &[(&str, &str, &str)] = &[
    ("GET /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n", "200", "GET"),
    ("GET /b.txt HTTP/1.1\r\nHost: localhost\r\n\r\n", "200", "GET"),
    ("HEAD /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n", "200", "HEAD"),
    ("GET /a.txt HTTP/1.1\r\nHost: localhost\r\nRange: bytes=1-2\r\n\r\n", "206", "GET"),
    ("GET /a.txt HTTP/1.1\r\nHost: localhost\r\nRange: bytes=9-\r\n\r\n", "416", "GET"),
    ("GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n", "404", "GET"),
    ("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", "421", "GET"),
    ("OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", "204", "OPTIONS"),
    ("DELETE /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n", "405", "DELETE"),
    ("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx", "405", "POST"),
    ("PROPFIND / HTTP/1.1\r\nHost: localhost\r\n\r\n", "501", "other"),
    ("M$METHOD-OF-MINE / HTTP/1.1\r\nHost: localhost\r\n\r\n", "501", "other"),
    ("other / HTTP/1.1\r\nHost: localhost\r\n\r\n", "501", "other"),
    ("\"}\\n 1\r\n\r\n", "400", "other"),
    ("GET /\u{1} HTTP/1.1\r\nHost: localhost\r\n\r\n", "400", "GET"),
    ("GET / HTTP/9.9\r\nHost: localhost\r\n\r\n", "505", "GET"),
];

#[test]
fn the_numbers_follow_what_was_done() {
    let site = site();
    let server = start(&site, &["--threads", "2"]);
    let mut expected = BTreeMap::new();
    let (mut bytes, mut watcher) = (0, server.connect());
    for &(request, code, method) in REQUESTS {
        let mut client = server.connect();
        client.send(request);
        client.finish_sending();
        let head = client.head();
        let body = client.rest().expect("closed, not broken");
        assert_eq!(head.status.to_string(), code, "{request:?}");
        bytes += body.len();
        *expected.entry((code.to_owned(), method.to_owned())).or_insert(0.0) += 1.0;
        let done: f64 = expected.values().sum();
        let scrape = scrape_until(&mut watcher, "the request to be counted", |scrape| {
            scrape.requests() == expected && scrape.sum("glasshttp_connections_open") == 1.0
        });
        assert_eq!(scrape.get("glasshttp_response_body_bytes_total"), as_float(bytes), "{request:?}");
        assert_eq!(scrape.get("glasshttp_request_duration_seconds_count"), done, "{request:?}");
        assert_eq!(scrape.get("glasshttp_connections_accepted_total"), done + 1.0, "{request:?}");
        assert!(scrape.get("glasshttp_request_duration_seconds_sum") > 0.0);
    }
    // Two of its own, and the one that asks is not among them yet.
    let before = Scrape::of(&mut watcher).get("glasshttp_internal_requests_total");
    assert_eq!(watcher.get("/.glass/nothing").status, 404);
    let own = |scrape: &Scrape| scrape.get("glasshttp_internal_requests_total") >= before + 2.0;
    let scrape = scrape_until(&mut watcher, "internal requests to be counted", own);
    assert_eq!(scrape.requests(), expected);
}

/// A number of things as a sample has it.
fn as_float(count: usize) -> f64 {
    f64::from(u32::try_from(count).expect("not so many"))
}

#[test]
fn the_cache_says_what_it_had_and_has() {
    let site = site();
    let server = start(&site, &["--threads", "1"]);
    let client = server.connect();
    let figures = |client: &mut Client| {
        let scrape = Scrape::of(client);
        ["hits_total", "misses_total", "entries"].map(|name| scrape.get(&format!("glasshttp_cache_{name}")))
    };
    // A file that has just been made is not kept before it is old enough to be sure of.
    let missed = std::cell::Cell::new(0.0);
    let client = std::cell::RefCell::new(client);
    wait_until("the file to be kept", || {
        assert_eq!(client.borrow_mut().get("/a.txt").text(), "hello");
        missed.set(missed.get() + 1.0);
        let [had, had_not, entries] = figures(&mut client.borrow_mut());
        assert_eq!((had, had_not), (0.0, missed.get()));
        (entries > 0.0).then_some(())
    });
    let (mut client, missed) = (client.into_inner(), missed.get());
    let steps = [
        ("/a.txt", [1.0, missed, 1.0]),
        ("/b.txt", [1.0, missed + 1.0, 2.0]),
        ("/nothing", [1.0, missed + 2.0, 2.0]),
        ("/a.txt", [2.0, missed + 2.0, 2.0]),
    ];
    for (target, expected) in steps {
        client.get(target);
        assert_eq!(figures(&mut client), expected, "{target}");
    }
    assert!(Scrape::of(&mut client).get("glasshttp_cache_bytes") > 12.0);
    support::write(site.path(), "a.txt", "changed");
    assert_eq!(client.get("/a.txt").text(), "changed");
    assert_eq!(figures(&mut client), [2.0, missed + 3.0, 1.0]);
}

#[test]
fn a_download_counts_while_it_goes_on() {
    let site = site();
    write_sparse(site.path(), "large", LARGE);
    let server = start(&site, &[]);
    let (mut watcher, mut slow) =
        (server.connect(), Client::connect_with_little_room(server.address).expect("it accepts"));
    slow.send("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(slow.head().status, 200);
    let bytes = |scrape: &Scrape| scrape.get("glasshttp_response_body_bytes_total");
    let under_way = scrape_until(&mut watcher, "bytes", |scrape| bytes(scrape) > 0.0);
    assert_eq!(under_way.requests(), BTreeMap::new());
    slow.bytes(usize::try_from(LARGE).expect("it fits"));
    let over = scrape_until(&mut watcher, "the end", |scrape| !scrape.requests().is_empty());
    let exact = f64::from(u32::try_from(LARGE).expect("it fits"));
    assert!(bytes(&under_way) < exact);
    assert_eq!(bytes(&over), exact);
}

#[test]
fn connections_that_there_is_no_room_for_are_counted() {
    let site = site();
    let server = start(&site, &["--max-connections", "1", "--threads", "1"]);
    let mut only = server.connect();
    only.send("GET /.glass/metrics HTTP/1.1\r\nHost: localhost\r\n");
    let mut other = server.connect();
    assert_eq!(other.head().status, 503);
    only.send("\r\n");
    let scrape = Scrape::parse(&only.reply().text());
    assert_eq!(scrape.get("glasshttp_connections_turned_away_total"), 1.0);
    assert_eq!(scrape.get("glasshttp_connections_accepted_total"), 1.0);
}

#[test]
fn under_load_no_counter_ever_falls_and_in_the_end_all_are_right() {
    const CLIENTS: usize = 6;
    const EACH: usize = 300;
    let site = site();
    let server = start(&site, &["--threads", "3"]);
    let stop = AtomicBool::new(false);
    let mut watcher = server.connect();
    std::thread::scope(|scope| {
        let work = |client: usize| {
            let mut connection = server.connect();
            for number in 0..EACH {
                let target = if (number + client).is_multiple_of(3) { "/nothing" } else { "/a.txt" };
                connection.get(target);
            }
        };
        let threads: Vec<_> = (0..CLIENTS).map(|client| scope.spawn(move || work(client))).collect();
        let looking = scope.spawn(|| {
            let (mut looks, mut before) = (0, Scrape::of(&mut watcher));
            while !stop.load(Ordering::Relaxed) || looks < 3 {
                let now = Scrape::of(&mut watcher);
                for (series, value) in before.growing() {
                    assert!(now.get(series) >= value, "{series} fell from {value} to {}", now.get(series));
                }
                (looks, before) = (looks + 1, now);
            }
        });
        for thread in threads {
            thread.join().expect("a client is served");
        }
        stop.store(true, Ordering::Relaxed);
        looking.join().expect("what is read is right");
    });
    let all = as_float(CLIENTS * EACH);
    let scrape = scrape_until(&mut watcher, "all of them", |scrape| {
        scrape.sum("glasshttp_requests_total") == all && scrape.sum("glasshttp_connections_open") == 1.0
    });
    assert_eq!(scrape.get("glasshttp_request_duration_seconds_count"), all);
    assert_eq!(scrape.get("glasshttp_cache_hits_total") + scrape.get("glasshttp_cache_misses_total"), all);
    assert_eq!(scrape.get("glasshttp_connections_accepted_total"), as_float(CLIENTS + 1));
}

// ---- with the real one

/// Needs promtool (Debian: prometheus), and so is run by .ci/run.
#[test]
#[ignore = "needs promtool"]
fn promtool_finds_nothing_to_say() {
    let site = site();
    let server = start(&site, &[]);
    for &(request, ..) in REQUESTS {
        let mut client = server.connect();
        client.send(request);
        client.head();
    }
    let text = server.get("/.glass/metrics").body;
    Scrape::parse(&as_text(&text));
    let mut tool = Command::new("promtool");
    let tool =
        tool.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = tool.spawn().expect("promtool is installed");
    child.stdin.take().expect("it is piped").write_all(&text).expect("it reads");
    let end = child.wait_with_output().expect("it ends");
    let said = as_text(&[end.stdout, end.stderr].concat());
    assert!(end.status.success() && said.is_empty(), "{said}");
}

#[test]
fn quiet_or_not_it_counts() {
    let site = site();
    let mut command = glasshttp();
    command.args(["--quiet", "--metrics", "--port", "0", "--bind", "127.0.0.1"]).arg(site.path());
    let process = Process::start(&mut command);
    let mut client = Client::connect(process.wait_for_port()).expect("it listens");
    assert_eq!(client.get("/a.txt").status, 200);
    let scrape = scrape_until(&mut client, "the request", |scrape| !scrape.requests().is_empty());
    assert_eq!(scrape.requests(), BTreeMap::from([(("200".to_owned(), "GET".to_owned()), 1.0)]));
}
