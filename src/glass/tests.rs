//! The router: which clients may request which page, with which method.

use super::*;
use crate::http::framing::Framing;
use crate::site::{Options, Root, Site};
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::Arc;
use std::task::Waker;
use std::time::Instant;

/// All pages, of a server whose folder has a file.
fn glass() -> Glass {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http");
    let root = Root::open_path(&folder, false).expect("opened");
    let site = Arc::new(Site::new(root, Options::default()));
    let options = crate::server::Options { threads: 2, ..crate::server::Options::default() };
    let console = reload::Console { warn: |_| {}, explain: None };
    let watched = reload::Options {
        base: BasePath::default(),
        poll: true,
        ignore: Vec::new(),
        hidden: false,
        follow_links: false,
        index: Vec::new(),
        max_connections: 8,
    };
    Glass {
        base: BasePath::default(),
        hosts: Hosts::LoopbackAnd(vec!["dev.example".to_owned()]),
        trusted_hosts: TrustedHosts::with(vec!["dev.example".to_owned()]),
        inspector: Some(Inspector::new(&options, Arc::new(|| Err(std::io::ErrorKind::NotConnected.into())))),
        reload: Some(Reload::start(Arc::clone(site.root()), watched, console).expect("started")),
        laboratory: Some(Laboratory::new(Arc::new(NoEngines))),
        metrics: Some(Metrics::new(Arc::clone(&site), 2)),
        listing: Some(site),
    }
}

/// Engines that cannot be had.
#[derive(Debug)]
struct NoEngines;

impl laboratory::Engines for NoEngines {
    fn spawn(&self, _job: laboratory::Job) -> std::io::Result<()> {
        Err(std::io::ErrorKind::Unsupported.into())
    }

    fn start(
        &self,
        _folder: laboratory::Folder,
        _options: &[String],
        _observe: laboratory::Observe,
    ) -> Result<laboratory::Engine, String> {
        Err("there are none".to_owned())
    }
}

/// The response to a request from this address, or 100 if a receiver takes the body.
fn ask(glass: &Glass, client: [u8; 4], request: &str) -> Option<(u16, String)> {
    let head = format!("{}\r\n\r\n", request.replace('\n', "\r\n"));
    let request = Request::parse(head.as_bytes()).expect("a good head");
    let arrival = Arrival {
        time: Instant::now(),
        client: IpAddr::V4(Ipv4Addr::from(client)).into(),
        forwarded: None,
        framing: Framing::None,
        head: b"",
        wakers: &|| Waker::noop().clone(),
    };
    let begin = match glass.begin(&request, &arrival) {
        Answer::Own(begin) => begin,
        Answer::NotOurs | Answer::Elsewhere => return None,
    };
    Some(match begin {
        Begin::Answer(response) => {
            (response.status.code(), String::from_utf8(response.headers.parts().concat()).expect("ASCII"))
        }
        Begin::Receive(_) => (100, String::new()),
        Begin::Elsewhere(_) => unreachable!("nothing is decided later"),
    })
}

fn status_from(client: [u8; 4], request: &str) -> Option<u16> {
    ask(&glass(), client, request).map(|(status, _)| status)
}

fn status(request: &str) -> Option<u16> {
    status_from([127, 0, 0, 1], request)
}

#[test]
fn every_page_says_which_methods_it_supports_to_its_audience() {
    let glass = glass();
    for route in &ROUTES {
        let path = match route.path {
            "page/*" => "page/gallery.js".to_owned(),
            "folder/*" => "folder/".to_owned(),
            path => path.replace('*', "1"),
        };
        for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "BREW"] {
            let request = format!("{method} /.glass/{path} HTTP/1.1\nHost: localhost");
            let (status, headers) = ask(&glass, [127, 0, 0, 1], &request).expect("it is ours");
            let is_taken = route.methods.allow().split(", ").any(|taken| taken == method);
            assert_eq!(status != 405, is_taken, "{request}: {status}");
            let allow = format!("Allow: {}\r\n", route.methods.allow());
            assert_eq!(headers.contains(&allow), !is_taken, "{request}: {headers}");
            let from_elsewhere = ask(&glass, [192, 0, 2, 7], &request).expect("it is ours").0;
            assert_eq!(from_elsewhere == 404, route.audience == ThisMachine, "{request}: {from_elsewhere}");
            let by_another_name = request.replace("localhost", "evil.example");
            let (status, _) = ask(&glass, [127, 0, 0, 1], &by_another_name).expect("it is ours");
            assert_eq!(status, 421, "{by_another_name}");
        }
    }
}

#[test]
fn pages_that_are_not_enabled_are_left_to_the_site() {
    for (part, others) in [
        (Part::Inspector, 5),
        (Part::Reload, 12),
        (Part::Metrics, 12),
        (Part::Listing, 13),
        (Part::Laboratory, 13),
        (Part::LaboratoryOrInspector, 6),
    ] {
        let mut glass = glass();
        match part {
            Part::Inspector => glass.inspector = None,
            Part::Reload => glass.reload = None,
            Part::Metrics => glass.metrics = None,
            Part::Listing => glass.listing = None,
            Part::Laboratory => glass.laboratory = None,
            Part::LaboratoryOrInspector => (glass.laboratory, glass.inspector) = (None, None),
        }
        let on = ROUTES.iter().filter(|route| glass.has(route.part)).count();
        assert!(on >= others, "{part:?}");
        for route in ROUTES.iter().filter(|route| route.part == part) {
            let request = format!("GET /.glass/{} HTTP/1.1\nHost: localhost", route.path.replace('*', "1"));
            let expected = glass.has(Part::Inspector).then_some(404);
            assert_eq!(
                ask(&glass, [127, 0, 0, 1], &request).map(|(status, _)| status),
                expected,
                "{request}"
            );
        }
    }
}

#[test]
fn health_and_metrics_are_for_all_clients_that_may_request_files() {
    let table = [
        ("GET /.glass/health", Some(200)),
        ("HEAD /.glass/health", Some(200)),
        ("HEAD /.glass/metrics?x", Some(200)),
        ("GET /.glass/metrics/", None),
        ("GET /.glass/health2", None),
        ("GET /.glass/health/..", None),
        ("GET /.glass/%68ealth", Some(200)),
        ("GET //.glass/metrics", Some(200)),
        ("GET /x/../.glass%2fmetrics", Some(200)),
        ("OPTIONS *", None),
    ];
    let glass = Glass { inspector: None, reload: None, ..glass() };
    for (request, expected) in table {
        let request = format!("{request} HTTP/1.1\nHost: localhost\nVia: 1.1 proxy");
        assert_eq!(ask(&glass, [192, 0, 2, 7], &request).map(|(status, _)| status), expected, "{request}");
    }
}

#[test]
fn what_listings_ask_for_is_for_everybody_and_named_in_one_way_alone() {
    let base = BasePath::parse("/a b").expect("a path");
    let alone =
        |base| Glass { base, inspector: None, reload: None, metrics: None, laboratory: None, ..glass() };
    for (base, target, expected) in [
        (BasePath::default(), "/.glass/page/gallery.js?v=1", Some(200)),
        (BasePath::default(), "/.glass/folder/", Some(200)),
        (BasePath::default(), "/.glass/folder/none/", Some(404)),
        (BasePath::default(), "/.glass/folder/.git/", Some(404)),
        (BasePath::default(), "/.glass/page/none.js", Some(404)),
        (BasePath::default(), "/.glass/page/../page/gallery.js", Some(200)),
        (BasePath::default(), "//.glass/page/gallery.js", None),
        (BasePath::default(), "/%2eglass/page/gallery.js", None),
        (BasePath::default(), "/.glass/health", None),
        (base.clone(), "/a%20b/.glass/page/gallery.js", Some(200)),
        (base, "/.glass/page/gallery.js", None),
    ] {
        let request = format!("GET {target} HTTP/1.1\nHost: localhost");
        let found = ask(&alone(base), [192, 0, 2, 7], &request).map(|(status, _)| status);
        assert_eq!(found, expected, "{target}");
    }
}

#[test]
fn the_inspector_is_for_this_machine_only() {
    let request = "GET /.glass/ HTTP/1.1\nHost: localhost";
    assert_eq!(status(request), Some(200));
    assert_eq!(status_from([192, 168, 1, 9], request), Some(404));
    assert_eq!(status("GET /.glass/ HTTP/1.1\nHost: evil.example"), Some(421));
    assert_eq!(status("GET /.glass/ HTTP/1.1\nHost: dev.example"), Some(200));
    assert_eq!(status_from([192, 168, 1, 9], "GET /.glass HTTP/1.1\nHost: localhost"), Some(404));
    for sign in ["X-Forwarded-For: 203.0.113.5", "Via: 1.1 a", "Forwarded: for=203.0.113.5"] {
        assert_eq!(status(&format!("{request}\n{sign}")), Some(404), "{sign}");
    }
}

#[test]
fn other_paths_are_left_to_the_site() {
    for target in ["/", "/.glasses", "/a/.glass/", "/.glass/../a", "/.glass%2f..", "/.glass\\", "/../.glass/"]
    {
        assert_eq!(status(&format!("GET {target} HTTP/1.1\nHost: localhost")), None, "{target}");
    }
    assert_eq!(status("OPTIONS * HTTP/1.1\nHost: localhost"), None);
}

#[test]
fn each_target_has_its_status() {
    let table = [
        ("GET /.glass", 301),
        ("GET //.glass/", 200),
        ("GET /%2eglass/", 200),
        ("GET /.glass%2f", 200),
        ("GET /x/../.glass/./", 200),
        ("GET /x/%2e%2e/.glass%2finspect/main.js", 200),
        ("GET /.glass/source/src/../../inspect/main.js", 200),
        ("GET /.glass/inspect/inspect.css", 200),
        ("GET /.glass/inspect/main.js", 200),
        ("GET /.glass/inspect/", 404),
        ("GET /.glass/inspect/mod.rs", 404),
        ("GET /.glass/events", 200),
        ("GET /.glass/source/", 200),
        ("GET /.glass/source/src/glass/inspect/mod.rs", 200),
        ("GET /.glass/source/src/glass/tests.rs", 404),
        ("GET /.glass/source/Cargo.toml", 404),
        ("GET /.glass/source/../Cargo.toml", 404),
        ("GET /.glass/exchange/1", 404),
        ("GET /.glass/exchange/x", 404),
        ("GET /.glass/live", 404),
        ("GET /.glass/live?target=/", 404),
        ("GET /.glass/send", 405),
        ("GET /.glass/nothing", 404),
        ("POST /.glass/", 405),
        ("DELETE /.glass/send", 405),
    ];
    for (request, expected) in table {
        assert_eq!(status(&format!("{request} HTTP/1.1\nHost: localhost")), Some(expected), "{request}");
    }
}

#[test]
fn requests_from_pages_of_other_origins_are_refused() {
    let table = [
        ("", 200),
        ("Origin: http://localhost:8000", 200),
        ("Origin: http://localhost:8001", 403),
        ("Origin: http://evil.example", 403),
        ("Origin: null", 403),
        ("Sec-Fetch-Site: same-origin", 200),
        ("Sec-Fetch-Site: none", 200),
        ("Sec-Fetch-Site: same-site", 403),
        ("Sec-Fetch-Site: cross-site", 403),
        ("Sec-Fetch-Site: same-origin\nOrigin: http://evil.example", 403),
    ];
    for (fields, expected) in table {
        let head = format!("GET /.glass/events HTTP/1.1\nHost: localhost:8000\n{fields}");
        assert_eq!(status(head.trim_end()), Some(expected), "{fields}");
    }
}
