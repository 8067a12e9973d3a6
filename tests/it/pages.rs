//! For people who build pages: fallback, clean URLs, other origins, own headers.

use crate::support::{self, Reply, Server, folder, glasshttp, one_line, run};
use tempfile::TempDir;

fn site() -> TempDir {
    folder(&[
        ("index.html", "<title>App</title>"),
        ("other.html", "<title>Other</title>"),
        ("about.html", "<title>About</title>"),
        ("docs/index.html", "<title>Docs</title>"),
        ("both.html", "<title>Page</title>"),
        ("both/index.html", "<title>Folder</title>"),
        ("empty/a.txt", "a"),
        ("style.css", "p {}"),
    ])
}

/// What a browser says that asks for a page.
const PAGE: &str = "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n";

fn ask(server: &Server, target: &str, fields: &str) -> Reply {
    server.connect().get_with(target, fields)
}

#[test]
fn a_page_that_is_not_there_is_the_applications_own_and_nothing_else_is() {
    let site = site();
    let server = Server::start(site.path(), &["--spa"]);
    let table = [
        ("/user/7?tab=2", PAGE, 200, "<title>App</title>"),
        ("/user/7/", PAGE, 200, "<title>App</title>"),
        ("/about.html", PAGE, 200, "<title>About</title>"),
        ("/missing.js", "Accept: */*\r\n", 404, ""),
        ("/missing.css", "Accept: text/css,*/*;q=0.1\r\n", 404, ""),
        ("/missing.png", "Accept: image/avif,image/webp,*/*;q=0.8\r\n", 404, ""),
        ("/api/users", "Accept: application/json\r\n", 404, ""),
        // Who takes anything, as curl and what makes previews of links do, asks for a page by its name.
        ("/user/7", "", 200, "<title>App</title>"),
        ("/user/7", "Accept: */*\r\n", 200, "<title>App</title>"),
        ("/v1.2/user/7/?tab=2", "Accept: */*;q=0.5\r\n", 200, "<title>App</title>"),
        ("/user/7", "Accept: */*\r\nSec-Fetch-Dest: document\r\n", 200, "<title>App</title>"),
        ("/user/7", "Accept: */*\r\nSec-Fetch-Dest: empty\r\n", 404, ""),
        ("/user/7", "Accept: */*\r\nSec-Fetch-Dest: script\r\n", 404, ""),
        ("/user/7", "Sec-Fetch-Dest: image\r\n", 404, ""),
        ("/user/7", "Accept: image/avif,image/webp,*/*;q=0.8\r\n", 404, ""),
        ("/user/7", "Accept: application/json, */*\r\n", 404, ""),
        ("/user/7", "Accept: */*;q=0\r\n", 404, ""),
        ("/user/7.json", "", 404, ""),
        ("/.well-known/acme-challenge/token", "", 404, ""),
        ("/.env", PAGE, 404, ""),
        ("/../secret", PAGE, 400, ""),
    ];
    for (target, fields, status, text) in table {
        let reply = ask(&server, target, fields);
        assert_eq!(reply.status, status, "{target} {fields}");
        assert!(text.is_empty() || reply.text() == text, "{target}: {}", reply.text());
    }
    let mut client = server.connect();
    client.send(format!("HEAD /user/7 HTTP/1.1\r\nHost: localhost\r\n{PAGE}\r\n"));
    let head = client.head();
    assert_eq!((head.status, head.field("content-length")), (200, Some("18")));
    client.send(format!("POST /user/7 HTTP/1.1\r\nHost: localhost\r\n{PAGE}\r\n"));
    assert_eq!(client.reply().status, 405);
}

#[test]
fn the_applications_page_can_be_another_file_and_the_option_has_another_name() {
    let site = site();
    let server = Server::start(site.path(), &["--single=other.html"]);
    assert_eq!(ask(&server, "/x", PAGE).text(), "<title>Other</title>");
    let server = Server::start(site.path(), &["--spa=gone.html"]);
    assert_eq!(ask(&server, "/x", PAGE).status, 404);
}

#[test]
fn the_page_of_a_folder_with_ten_files_has_fifteen_thousand_bytes_at_most() {
    let names = ["a.txt", "b.jpg", "c.md", "d.mp4", "e.mp3", "f.rs", "g.csv", "h.zip", "i.pdf", "j"];
    let site = folder(&names.map(|name| (name, "")));
    let server = Server::start(site.path(), &[]);
    let page = ask(&server, "/", PAGE).text();
    assert!(names.iter().all(|name| page.contains(name)) && page.ends_with("</html>\n"), "{page}");
    // And it names nothing that a browser would load beside it.
    assert_eq!(page.matches(" src=").count() + page.matches("<link").count(), 1, "{page}");
    assert!(page.contains("<link rel=\"icon\" href=\"data:"), "{page}");
    assert!(page.len() <= 15_000, "{}", page.len());
}

/// The state of a folder that its page was made with.
fn state_in(page: &str) -> String {
    let state = page.split("data-state=\"").nth(1).and_then(|rest| rest.split('"').next());
    state.expect("the page has it").to_owned()
}

#[test]
fn a_page_can_ask_whether_its_folder_has_changed_and_that_is_in_no_log() {
    let site = folder(&[("a b/1.txt", ""), (".hidden/2.txt", "")]);
    let server = Server::start(site.path(), &["--base-path", "/base"]);
    let question = "/base/.glass/folder/a%20b/";
    let before = state_in(&ask(&server, "/base/a%20b/", PAGE).text());
    assert_eq!(server.get(question).text(), before);
    support::write(site.path(), "a b/3.txt", "");
    let after = server.get(question).text();
    assert_ne!(after, before);
    assert_eq!(state_in(&ask(&server, "/base/a%20b/", PAGE).text()), after);
    for target in ["none/", ".hidden/", "a%20b/1.txt", "../", "a%20b/../../"] {
        assert_eq!(server.get(&format!("/base/.glass/folder/{target}")).status, 404, "{target}");
    }
    assert_eq!(server.get("/base/end").status, 404);
    server.process.stdout.line("the end", |line| line.contains("/base/end"));
    let log = server.process.stdout.so_far();
    assert!(log.iter().all(|line| !line.contains(".glass/folder")), "{log:?}");
    // A page that is told of changes does not ask.
    let server = Server::start(site.path(), &["--reload"]);
    assert!(!ask(&server, "/", PAGE).text().contains("data-state"));
    let server = Server::start(site.path(), &["--no-listing"]);
    assert_eq!(server.get("/.glass/folder/").status, 404);
}

#[test]
fn clean_urls_name_pages_without_html() {
    let site = site();
    let server = Server::start(site.path(), &["--clean-urls"]);
    let table = [
        ("/about", 200, "<title>About</title>"),
        ("/about?a=b", 200, "<title>About</title>"),
        ("/about.html", 200, "<title>About</title>"),
        ("/about/", 308, ""),
        ("/both", 200, "<title>Page</title>"),
        ("/both/", 200, "<title>Folder</title>"),
        ("/style", 404, ""),
        ("/", 200, "<title>App</title>"),
    ];
    for (target, status, text) in table {
        let reply = ask(&server, target, "");
        assert_eq!((reply.status, text.is_empty() || reply.text() == text), (status, true), "{target}");
    }
    let reply = ask(&server, "/docs?a=b", "");
    assert_eq!((reply.status, reply.field("location")), (301, Some("/docs/?a=b")));
    let reply = ask(&server, "/about/?a=b", "");
    assert_eq!((reply.status, reply.field("location")), (308, Some("/about?a=b")));
    let without = Server::start(site.path(), &[]);
    assert_eq!(ask(&without, "/about", "").status, 404);
}

#[test]
fn a_page_that_comes_into_being_under_the_shorter_name_is_found() {
    let site = site();
    let server = Server::start(site.path(), &["--clean-urls"]);
    assert_eq!(ask(&server, "/about", "").text(), "<title>About</title>");
    support::write(site.path(), "about", "plain");
    assert_eq!(ask(&server, "/about", "").text(), "plain");
}

#[test]
fn other_origins_may_read_every_kind_of_answer_if_they_are_let() {
    let site = site();
    let server = Server::start(site.path(), &["--cors"]);
    let origin = "Origin: http://b.example\r\n";
    for (target, fields, status) in [
        ("/style.css", "", 200),
        ("/style.css", "Range: bytes=0-0\r\n", 206),
        ("/style.css", "If-None-Match: *\r\n", 304),
        ("/docs", "", 301),
        ("/nothing", "", 404),
        ("/empty/", "", 200),
    ] {
        let reply = ask(&server, target, &format!("{origin}{fields}"));
        let allowed = reply.field("access-control-allow-origin");
        assert_eq!((reply.status, allowed), (status, Some("*")), "{target}");
    }
    let mut client = server.connect();
    client.send(format!(
        "OPTIONS /style.css HTTP/1.1\r\nHost: localhost\r\n{origin}Access-Control-Request-Method: GET\r\n\
         Access-Control-Request-Headers: x-mine\r\n\r\n"
    ));
    let preflight = client.reply();
    assert_eq!((preflight.status, preflight.field("access-control-allow-headers")), (204, Some("x-mine")));
    let without = Server::start(site.path(), &[]);
    assert_eq!(ask(&without, "/style.css", origin).field("access-control-allow-origin"), None);
}

#[test]
fn one_origin_is_let_and_caches_are_told_that_it_matters() {
    let site = site();
    let server = Server::start(site.path(), &["--cors=HTTP://LocalHost:5173", "-H", "X-Mine: 1"]);
    let friend = ask(&server, "/style.css", "Origin: http://localhost:5173\r\n");
    assert_eq!(friend.field("access-control-allow-origin"), Some("http://localhost:5173"));
    assert_eq!(friend.field("vary"), Some("Origin"));
    let exposed = friend.field("access-control-expose-headers").expect("it says what may be seen");
    for name in ["Accept-Ranges", "Content-Encoding", "Content-Disposition", "X-Mine"] {
        assert!(exposed.split(", ").any(|one| one == name), "{name}: {exposed}");
    }
    let stranger = ask(&server, "/style.css", "Origin: http://localhost:5174\r\n");
    assert_eq!(
        (stranger.field("access-control-allow-origin"), stranger.field("vary")),
        (None, Some("Origin"))
    );
}

#[test]
fn origins_are_written_in_many_ways_and_a_star_stands_for_all_hosts_below() {
    let site = site();
    let table = [
        ("https://*.a.example", "https://x.a.example", true),
        ("https://*.a.example", "https://x.y.a.example", true),
        ("https://*.a.example", "https://a.example", false),
        ("https://*.a.example", "http://x.a.example", false),
        ("https://A.Example:443", "https://a.example", true),
        ("http://a.example:80", "http://a.example", true),
        ("http://[0:0::1]:3000", "http://[::1]:3000", true),
        ("http://a.example,http://*.b.example", "http://c.b.example", true),
    ];
    for (option, origin, expected) in table {
        let server = Server::start(site.path(), &[&format!("--cors={option}")]);
        let reply = ask(&server, "/style.css", &format!("Origin: {origin}\r\n"));
        let allowed = reply.field("access-control-allow-origin");
        assert_eq!(allowed, expected.then_some(origin), "{option} {origin}");
    }
}

#[test]
fn own_headers_are_in_every_answer_and_in_place_of_ours() {
    let site = site();
    let options = ["-H", "X-Robots-Tag: noindex", "--header", "cache-control: max-age=60", "--isolate"];
    let server = Server::start(site.path(), &options);
    let mut client = server.connect();
    client.send(
        "GET /style.css HTTP/1.1\r\nHost: localhost\r\n\r\nGET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n",
    );
    client.send("BREW / HTTP/1.1\r\nHost: localhost\r\n\r\nGET / HTTP/1.1\n");
    for status in [200, 404, 501, 400] {
        let reply = client.reply();
        assert_eq!(reply.status, status);
        assert_eq!(reply.field("x-robots-tag"), Some("noindex"));
        assert_eq!(reply.head.to_ascii_lowercase().matches("cache-control").count(), 1, "{}", reply.head);
        assert_eq!(reply.field("cache-control"), Some("max-age=60"));
        assert_eq!(reply.field("cross-origin-opener-policy"), Some("same-origin"));
        assert_eq!(reply.field("cross-origin-embedder-policy"), Some("require-corp"));
    }
}

#[test]
fn an_own_header_replaces_that_of_isolate_too() {
    let site = site();
    let own = "cross-origin-opener-policy: same-origin-allow-popups";
    let server = Server::start(site.path(), &["--isolate", "-H", own]);
    let reply = server.get("/style.css");
    assert_eq!(
        reply.head.to_ascii_lowercase().matches("cross-origin-opener-policy").count(),
        1,
        "{}",
        reply.head
    );
    assert_eq!(reply.field("cross-origin-opener-policy"), Some("same-origin-allow-popups"));
    assert_eq!(reply.field("cross-origin-embedder-policy"), Some("require-corp"));
}

#[test]
fn what_cannot_be_a_header_an_origin_or_a_page_is_refused_at_the_start() {
    let site = site();
    let table = [
        (&["-H", "no colon"][..], "a name, a colon and a value"),
        (&["-H", "A b: c"], "cannot be the name of a header"),
        (&["-H", "A: b\r\nC: d"], "control character or a line end"),
        (&["-H", "Content-Length: 5"], "for the server to set"),
        (&["--cors=localhost:5173"], "it must be an origin"),
        (&["--cors=http://a.example/"], "it must be an origin"),
        (&["--cors=https://*"], "https://*.example.com"),
        (&["--spa=../index.html"], "the name of a file"),
    ];
    for (options, words) in table {
        let end = run(glasshttp().args(["--port", "0"]).args(options).arg(site.path()));
        assert_eq!(end.code, Some(2), "{options:?}: {end:?}");
        one_line(&end.stderr, &[words], &options);
    }
}
