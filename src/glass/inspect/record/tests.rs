//! What pages are told, and how much is kept.

use super::*;
use crate::answer::{Next, Stream};
use crate::glass::inspect::WorkerInspector;
use crate::glass::inspect::ring::RING;
use crate::http::Status;
use crate::server::{Exchange, RequestBody};
use serde_json::Value;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, SystemTime};

const CLIENT: Client = Client::Ip(IpAddr::V4(Ipv4Addr::LOCALHOST));

fn exchange(connection: u64, head: &str) -> Exchange {
    let (now, request_line) = (Instant::now(), head.split("\r\n").next().unwrap_or_default());
    let capture = Capture {
        request: format!("{head}\r\n\r\n").into_bytes(),
        request_body: RequestBody::default(),
        response: b"HTTP/1.1 200 OK\r\n\r\n".to_vec(),
        body_start: b"\xff".to_vec(),
        decisions: Vec::new(),
        began: now,
        arrived: now,
        decided: now,
        ended: now,
    };
    Exchange {
        user: None,
        connection,
        number: 1,
        is_internal: request_line.contains(" /.glass/"),
        client: CLIENT,
        forwarded: None,
        method: "GET",
        request_line: request_line.as_bytes().to_vec(),
        referer: None,
        user_agent: None,
        status: Status::OK,
        body_sent: 1,
        body_length: 1,
        complete: true,
        given_up: None,
        ended: SystemTime::now(),
        duration: Duration::ZERO,
        began: now,
        capture: Some(Box::new(capture)),
    }
}

/// The same with a body of so many bytes.
fn upload(connection: u64, length: usize) -> Exchange {
    let mut exchange = exchange(connection, &format!("PUT /{connection} HTTP/1.1"));
    let body = &mut exchange.capture.as_mut().expect("captured").request_body;
    (body.start, body.received) = (vec![b'x'; length], length as u64);
    exchange
}

fn recorder() -> (Arc<Recorder>, WorkerInspector) {
    let recorder = Arc::new(Recorder::new(1, Vec::new()));
    let worker = WorkerInspector::new(&recorder);
    (recorder, worker)
}

/// Takes all events that wait.
fn take_all(stream: &mut EventStream) -> String {
    let mut all = Vec::new();
    while let Next::Piece(piece) = stream.next() {
        all.extend(piece);
    }
    String::from_utf8(all).expect("text")
}

/// The data of all exchanges among these events.
fn exchanges(events: &str) -> Vec<Value> {
    let data = events.split("event: exchange\ndata: ").skip(1).filter_map(|event| event.lines().next());
    data.map(|data| serde_json::from_str(data).expect("JSON")).collect()
}

#[test]
fn a_page_is_told_what_is_known_and_then_what_happens() {
    let (recorder, mut worker) = recorder();
    worker.opened(1, CLIENT, Instant::now());
    worker.ended(&exchange(1, "GET /before HTTP/1.1"));
    let mut stream = recorder.subscribe(1).expect("the first");
    // This happens before the page has taken what it is told of before.
    worker.ended(&exchange(1, "GET /meanwhile HTTP/1.1"));
    let first = take_all(&mut stream);
    assert!(first.starts_with("event: hello\ndata: {"), "{first}");
    let place = |what: &str| first.find(what).unwrap_or_else(|| panic!("{what} in {first}"));
    assert!(place("event: open\n") < place("\"target\":\"/before\""), "{first}");
    assert!(place("\"target\":\"/before\"") < place("\"target\":\"/meanwhile\""), "{first}");
    worker.ended(&exchange(1, "GET /after HTTP/1.1"));
    worker.closed(1, Instant::now());
    let after = take_all(&mut stream);
    assert!(after.contains("\"target\":\"/after\"") && after.contains("event: close\n"), "{after}");
    assert!(!after.contains("/before") && take_all(&mut stream).is_empty());
}

#[test]
fn what_was_before_comes_in_pieces_that_take_no_time() {
    let (recorder, mut worker) = recorder();
    (0..1000).for_each(|number| worker.ended(&exchange(number, "GET / HTTP/1.1")));
    let mut stream = recorder.subscribe(1).expect("the first");
    let mut told = Vec::new();
    while let Next::Piece(piece) = stream.next() {
        let piece = exchanges(&String::from_utf8(piece).expect("text"));
        // Those that happen meanwhile are rendered already.
        let known = piece.iter().filter(|exchange| exchange["id"].as_u64() <= Some(1000)).count();
        assert!(known <= PIECE, "{known}");
        told.extend(piece.iter().map(|exchange| exchange["id"].as_u64().expect("a number")));
        // While the page takes it, the oldest go; it hears of others meanwhile, but only behind these.
        if told.len() == 2 * PIECE {
            (0..RING as u64 - 500).for_each(|number| worker.ended(&exchange(number, "GET / HTTP/1.1")));
        }
    }
    let expected: Vec<_> = (1..=2 * PIECE as u64).chain(501..=RING as u64 + 500).collect();
    assert_eq!(told, expected);
}

#[test]
fn pages_are_told_of_a_turn_if_none_was_longer_and_what_it_was_for() {
    let recorder = Arc::new(Recorder::new(2, Vec::new()));
    let mut workers = [WorkerInspector::new(&recorder), WorkerInspector::new(&recorder)];
    let mut stream = recorder.subscribe(1).expect("the first");
    take_all(&mut stream);
    let mut told = |worker: usize, target: &str, took| {
        let observer = &mut workers[worker];
        observer.ended(&exchange(7, &format!("GET {target} HTTP/1.1")));
        observer.took_turn(7, Duration::from_micros(took));
        let events = take_all(&mut stream);
        events.split_once("event: turn\ndata: ").map(|(_, data)| data.trim_end().to_owned())
    };
    let turn = |worker, took, target: &str| {
        Some(format!(
            "{{\"connection\":7,\"method\":\"GET\",\"target\":\"{target}\",\"took\":{took},\"worker\":{worker}}}"
        ))
    };
    let told = [(0, "/a", 30), (1, "/b", 20), (1, "/c", 40), (0, "/.glass/x", 90), (0, "/d", 40)]
        .map(|(worker, target, took)| told(worker, target, took));
    assert_eq!(told, [turn(0, 30, "/a"), None, turn(1, 40, "/c"), None, None]);
    let later = take_all(&mut recorder.subscribe(2).expect("the second"));
    assert!(later.contains(&turn(1, 40, "/c").expect("it was the longest")), "{later}");
}

#[test]
fn the_ring_is_bounded_and_drops_the_oldest_first() {
    let (recorder, mut worker) = recorder();
    let count = RING as u64 + 100;
    for number in 1..=count {
        worker.ended(&exchange(number, &format!("GET /{number} HTTP/1.1")));
    }
    assert_eq!(recorder.state().ring.iter().count(), RING);
    assert!(recorder.exchange(count - RING as u64).is_none() && recorder.exchange(count + 1).is_none());
    let oldest = recorder.exchange(count + 1 - RING as u64).expect("it is still there");
    assert!(oldest.contains(&format!("\"target\":\"/{}\"", count + 1 - RING as u64)), "{oldest}");
}

#[test]
fn what_is_captured_is_bounded_in_bytes_and_a_summary_outlives_it() {
    const LENGTH: usize = 64 * 1024;
    let (recorder, mut worker) = recorder();
    (1..=1100).for_each(|number| worker.ended(&upload(number, LENGTH)));
    let kept: Vec<_> = (1..=1100)
        .map(|id| {
            let detail = recorder.exchange(id).expect("its summary is kept");
            let detail: Value = serde_json::from_str(&detail).expect("JSON");
            assert_eq!((&detail["received"], &detail["target"]), (&LENGTH.into(), &format!("/{id}").into()));
            let body = detail["requestBody"].as_str().expect("text").len();
            let is_captured = detail["captured"] == true;
            assert_eq!(
                (body, &detail["requestBodyCut"]),
                (if is_captured { LENGTH } else { 0 }, &(!is_captured).into())
            );
            is_captured
        })
        .collect();
    let bytes = kept.iter().filter(|&&kept| kept).count() * LENGTH;
    assert!((60_000_000..=64 * 1024 * 1024).contains(&bytes), "{bytes}");
    assert!(kept.is_sorted(), "the oldest go first");
    assert!(recorder.captured(1, |capture| capture.request.clone()).is_none());
}

#[test]
fn a_request_is_tied_to_the_preflight_that_it_had_a_moment_ago() {
    let (recorder, mut worker) = recorder();
    let mut stream = recorder.subscribe(1).expect("the first");
    let preflight =
        "OPTIONS /a HTTP/1.1\r\nHost: x\r\nOrigin: http://b\r\nAccess-Control-Request-Method: PUT";
    let put = "PUT /a HTTP/1.1\r\nHost: x\r\nOrigin: http://b";
    let of_another = Exchange { client: IpAddr::from([127, 0, 0, 2]).into(), ..exchange(6, put) };
    let mut late = exchange(7, put);
    let capture = late.capture.as_mut().expect("captured");
    capture.began += Duration::from_secs(11);
    capture.arrived = capture.began;
    for one in [
        exchange(1, put),
        exchange(2, preflight),
        exchange(3, put),
        exchange(4, &put.replace("/a", "/b")),
        exchange(5, &put.replace("http://b", "http://c")),
        of_another,
        late,
        exchange(8, "PUT /a HTTP/1.1\r\nHost: x"),
    ] {
        worker.ended(&one);
    }
    let told = exchanges(&take_all(&mut stream));
    let about: Vec<_> = told.iter().map(|exchange| exchange["about"].as_u64()).collect();
    assert_eq!(about, [None, None, Some(2), None, None, None, None, None]);
    let preflights: Vec<_> = told.iter().map(|exchange| exchange["preflight"] == true).collect();
    assert_eq!(preflights.iter().filter(|&&is_one| is_one).count(), 1);
    assert_eq!((&told[1]["blocked"], &told[7]["blocked"]), (&true.into(), &false.into()));
}

#[test]
fn a_summary_has_what_the_heads_say_and_leaves_out_what_they_do_not() {
    let (recorder, mut worker) = recorder();
    let mut stream = recorder.subscribe(1).expect("the first");
    let own = "GET /a.css HTTP/1.1\r\nHost: x:8000\r\nOrigin: http://x:8000\r\nReferer: http://x:8000/p?q\r\n\
               Sec-Fetch-Dest: style\r\nSec-Fetch-Mode: no-cors\r\nSec-Fetch-Site: same-origin\r\nIf-None-Match: \"x\"";
    let other = format!("GET / HTTP/1.1\r\nHost: x:8000\r\nReferer: http://y/{}", "z".repeat(600));
    let mut coded = exchange(1, own);
    coded.capture.as_mut().expect("captured").response =
        b"HTTP/1.1 200 OK\r\nContent-Type: text/css\r\nContent-Encoding: br\r\nCache-Control: no-cache\r\n\r\n".to_vec();
    worker.ended(&coded);
    worker.ended(&exchange(2, &other));
    let told = exchanges(&take_all(&mut stream));
    let (own, other) = (&told[0], &told[1]);
    for (name, expected) in [
        ("referer", "/p?q"),
        ("dest", "style"),
        ("mode", "no-cors"),
        ("site", "same-origin"),
        ("type", "text/css"),
        ("coding", "br"),
        ("cache", "no-cache"),
    ] {
        assert_eq!(own[name], expected, "{name}");
        assert!(name == "referer" || other.get(name).is_none(), "{name}: {other}");
    }
    for name in ["origin", "user", "about", "full"] {
        assert!(own.get(name).is_none(), "{name}: {own}");
    }
    assert_eq!((&own["conditional"], &other["conditional"]), (&true.into(), &false.into()));
    assert_eq!(other["referer"].as_str().map(str::len), Some(500));
    assert!(own["sentence"].as_str().is_some_and(|sentence| sentence.starts_with("200")), "{own}");
}

#[test]
fn what_the_page_itself_requests_is_not_shown() {
    let (recorder, mut worker) = recorder();
    let mut first = recorder.subscribe(1).expect("the first");
    worker.opened(1, CLIENT, Instant::now());
    worker.ended(&exchange(1, "GET /.glass/exchange/3 HTTP/1.1"));
    // A page that comes later is told the same.
    let mut later = recorder.subscribe(2).expect("the second");
    let later = take_all(&mut later);
    worker.closed(1, Instant::now());
    for events in [take_all(&mut first), later] {
        let open = events.find("event: open").expect("it was opened");
        let internal = events.find("event: internal\ndata: {\"connection\":1}").expect("it is internal");
        assert!(open < internal && !events.contains("event: exchange"), "{events}");
    }
    let state = recorder.state();
    assert!(state.internal.is_empty() && state.connections.is_empty() && state.ring.iter().next().is_none());
}

#[test]
fn the_last_exchange_with_a_target_is_the_clients_own() {
    let (recorder, mut worker) = recorder();
    for (connection, client) in [(1, [127, 0, 0, 1]), (2, [127, 0, 0, 2])] {
        let exchange =
            Exchange { client: IpAddr::from(client).into(), ..exchange(connection, "GET /a?b HTTP/1.1") };
        worker.ended(&exchange);
    }
    let mine = recorder.last_for_target(b"/a?b", CLIENT).expect("there was one");
    assert!(mine.contains("\"connection\":1,") && mine.contains("\"body\":\"\u{ff}\""), "{mine}");
    assert!(recorder.last_for_target(b"/a", CLIENT).is_none());
}

#[test]
fn only_so_many_pages_can_be_open_and_a_page_that_is_gone_does_not_count() {
    let (recorder, _) = recorder();
    let first = recorder.subscribe(1).expect("the first");
    assert!(recorder.subscribe(1).is_err());
    drop(first);
    assert!(recorder.subscribe(1).is_ok());
}

#[test]
fn a_stream_gives_the_events_that_wait_and_then_waits_itself() {
    let (recorder, _) = recorder();
    let mut stream = recorder.subscribe(1).expect("the first");
    assert!(matches!(stream.next(), Next::Piece(hello) if hello.starts_with(b"event: hello")));
    assert_eq!(stream.next(), Next::NotYet);
    stream.stop();
    assert_eq!(stream.next(), Next::End);
}
