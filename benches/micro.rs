//! What the single steps of a request cost, in time and in allocations: to parse its head, to render the head of the
//! response, to evaluate ranges, to answer from memory and from disk, to make a listing, to write a line of the log.
//!
//! `cargo bench --bench micro` runs all of them, `cargo bench --bench micro -- parse_head` one. A table shows for
//! each the fastest, the slowest, the median and the mean time, and below them the allocations.

use divan::{AllocProfiler, Bencher, black_box};
use glasshttp::glass::access_log::{AccessLog, Format};
use glasshttp::http::request::{HeadScanner, Version};
use glasshttp::http::response::{Delimiting, ExtraFields, Head};
use glasshttp::http::{FieldLines, Request, Status, date, range};
use glasshttp::server::{Event, Exchange, Observer};
use glasshttp::site::{Hosts, Options, Root, Site};
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant, SystemTime};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

/// The request of the load generator wrk.
const SHORT: &str = "GET /1k.html HTTP/1.1\r\nHost: 127.0.0.1:8000\r\n\r\n";

/// The request of Chromium for a page in its cache: it asks whether the stored response is still valid.
const BROWSER: &str = "GET /1k.html HTTP/1.1\r\nHost: localhost:8000\r\nConnection: keep-alive\r\n\
    Cache-Control: max-age=0\r\nsec-ch-ua: \"Chromium\";v=\"130\", \"Not?A_Brand\";v=\"99\"\r\n\
    sec-ch-ua-mobile: ?0\r\nsec-ch-ua-platform: \"Linux\"\r\nUpgrade-Insecure-Requests: 1\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36\r\n\
    Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8\r\n\
    Sec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-User: ?1\r\nSec-Fetch-Dest: document\r\n\
    Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-GB,en;q=0.9\r\n\
    If-None-Match: \"400-18ea65400f0d442c-51400a\"\r\nIf-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n";

#[divan::bench(args = ["short", "browser"])]
fn parse_head(bencher: Bencher, kind: &str) {
    let head = if kind == "short" { SHORT } else { BROWSER };
    bencher.bench(|| {
        let bytes = black_box(head.as_bytes());
        let range = HeadScanner::default().find_end(bytes).unwrap().unwrap();
        black_box(Request::parse(&bytes[range]).unwrap());
    });
}

#[divan::bench]
fn render_head(bencher: Bencher) {
    let mut headers = FieldLines::default();
    headers.push("Content-Type", "text/html; charset=utf-8");
    headers.push("Last-Modified", date::imf_fixdate(784_111_777));
    headers.push("ETag", "\"400-18ea65400f0d442c-51400a\"");
    let date = date::imf_fixdate(784_111_777);
    let mut out = Vec::with_capacity(1024);
    bencher.bench_local(|| {
        out.clear();
        let own = ExtraFields::default();
        let head = Head {
            status: Status::OK,
            headers: black_box(&headers),
            delimiting: Delimiting::Length(1024),
            date: &date,
            keep_alive: true,
            request_version: Version::Http11,
            own: &own,
        };
        head.render(&mut out);
        black_box(&out);
    });
}

#[divan::bench(args = ["bytes=0-499", "bytes=0-0,100-199,500-", "bytes=0-9,5-14,-1,100-"])]
fn ranges(value: &str) {
    black_box(range::evaluate(black_box(value.as_bytes()), 100_000));
}

/// A site that serves this folder, with so many bytes of memory for small files.
fn site(folder: &std::path::Path, cache_size: usize) -> Site {
    let options = Options {
        index: vec!["index.html".into()],
        listing: true,
        hidden: false,
        cache_control: "no-cache".into(),
        hosts: Hosts::LoopbackAnd(Vec::new()),
        cache_size,
        ..glasshttp::site::Options::default()
    };
    Site::new(Root::open_path(folder, false).expect("it can be read"), options)
}

/// The whole answer to a request without the socket: with the file in memory and already checked in this turn of the
/// event loop, with the file in memory and still to be checked, and with the file read from disk.
#[divan::bench(args = ["kept and checked", "kept", "from disk"])]
fn respond(bencher: Bencher, from: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("1k.html"), vec![b'x'; 1024]).expect("written");
    let site = site(folder.path(), if from == "from disk" { 0 } else { 1_000_000 });
    let request = Request::parse(SHORT.as_bytes()).expect("a good head");
    if from != "from disk" {
        // Only a file that has not changed for a while is kept in memory.
        std::thread::sleep(std::time::Duration::from_millis(2100));
        site.respond(&request, Instant::now());
    }
    let turn = Instant::now();
    site.respond(&request, turn);
    bencher.bench_local(|| {
        let arrived = if from == "kept" { Instant::now() } else { turn };
        black_box(site.respond(black_box(&request), arrived))
    });
}

#[divan::bench(args = [10, 10_000], sample_count = 20)]
fn listing(bencher: Bencher, entries: usize) {
    let folder = tempfile::tempdir().expect("a folder");
    for number in 0..entries {
        std::fs::write(folder.path().join(format!("file-{number:05}.txt")), "x").expect("written");
    }
    let site = site(folder.path(), 0);
    let request = Request::parse(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("a good head");
    bencher.bench_local(|| black_box(site.respond(&request, Instant::now())));
}

/// What a line of the access log costs a worker. (Another thread writes it.)
#[divan::bench(args = ["common", "combined", "json"])]
fn log_line(bencher: Bencher, format: &str) {
    let format = match format {
        "common" => Format::Common,
        "combined" => Format::Combined,
        _ => Format::Json,
    };
    let exchange = Exchange {
        user: None,
        connection: 0,
        is_internal: false,
        number: 1,
        body_length: 1234,
        began: Instant::now(),
        capture: None,
        client: IpAddr::V4(Ipv4Addr::LOCALHOST).into(),
        forwarded: None,
        method: "GET",
        request_line: b"GET /1k.html HTTP/1.1".to_vec(),
        referer: None,
        user_agent: Some(b"Mozilla/5.0 (X11; Linux x86_64)".to_vec()),
        status: Status::OK,
        body_sent: 1024,
        complete: true,
        given_up: None,
        ended: SystemTime::now(),
        duration: Duration::from_micros(50),
    };
    let log = AccessLog::start(format, jiff::tz::TimeZone::system(), std::io::sink());
    let mut observer = log.observer();
    let now = Instant::now();
    bencher.bench_local(|| observer.notice(&Event::Ended(black_box(&exchange)), now));
}
