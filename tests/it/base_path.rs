//! `--base-path /files`, from outside: all of a site is below it, and all that a site says of where
//! things are is right.

use crate::support::{Reply, Server, folder, glasshttp, one_line, run, write};
use std::path::Path;
use tempfile::TempDir;

fn site() -> TempDir {
    let folder = folder(&[
        ("a.txt", "aaaaa"),
        ("about.html", "<title>about</title>"),
        ("404.html", "<title>not here</title>"),
        ("sub/b.txt", "bbbbb"),
        ("sub/deep/c.txt", "ccccc"),
        ("files/d.txt", "ddddd"),
        ("app.js", "let plain = true;"),
    ]);
    write(folder.path(), "app.js.gz", "not really gzip");
    folder
}

fn start(folder: &Path, options: &[&str]) -> Server {
    Server::start(folder, &[&["--base-path", "/files"], options].concat())
}

/// GET by somebody who wants a page.
fn page(server: &Server, target: &str) -> Reply {
    server.connect().get_with(target, "Accept: text/html\r\n")
}

#[test]
fn files_are_below_it_and_nowhere_else() {
    let folder = site();
    let server = start(folder.path(), &[]);
    let table = [
        ("/files/a.txt", 200, "aaaaa"),
        ("/files/sub/b.txt", 200, "bbbbb"),
        ("/files/files/d.txt", 200, "ddddd"),
        ("/%66iles/a.txt", 200, "aaaaa"),
        ("//files///a.txt", 200, "aaaaa"),
        ("/./files/./a.txt", 200, "aaaaa"),
        ("http://localhost/files/a.txt", 200, "aaaaa"),
        ("/files/sub/../a.txt", 200, "aaaaa"),
        ("/files/sub%2fb.txt", 200, "bbbbb"),
        ("/files%2fa.txt", 200, "aaaaa"),
        ("/x/../files/a.txt", 200, "aaaaa"),
        ("/x%2f..%2ffiles%2fa.txt", 200, "aaaaa"),
        ("/files/../files/a.txt", 200, "aaaaa"),
        ("/files/../a.txt", 404, "all that this server has is below /files/"),
        ("/files/%2e%2e/a.txt", 404, "all that this server has is below /files/"),
        ("/files%2f..%2fa.txt", 404, "all that this server has is below /files/"),
        ("/files/..", 404, "all that this server has is below /files/"),
        ("/../files/a.txt", 400, "climbs above the root"),
        ("/files/../../files/a.txt", 400, "climbs above the root"),
        ("/files/a.txt%00", 400, "NUL"),
        ("/%zz", 404, "all that this server has is below /files/"),
        ("/", 404, "all that this server has is below /files/"),
        ("/a.txt", 404, "all that this server has is below /files/"),
        ("/filesystem/a.txt", 404, "all that this server has is below /files/"),
        ("/Files/a.txt", 404, "all that this server has is below /files/"),
        ("/%2566iles/a.txt", 404, "all that this server has is below /files/"),
        ("/sub", 404, "all that this server has is below /files/"),
    ];
    let mut client = server.connect();
    for (target, status, text) in table {
        // What is not kept in memory at first is at the second time.
        for _ in 0..2 {
            let reply = client.get(target);
            assert_eq!(reply.status, status, "{target}: {}", reply.text());
            assert!(reply.text().contains(text), "{target}: {}", reply.text());
        }
    }
}

#[test]
fn redirects_stay_below_it() {
    let folder = site();
    let server = start(folder.path(), &[]);
    let table = [
        ("/files", "/files/"),
        ("/files?sort=size", "/files/?sort=size"),
        ("/%66iles", "/files/"),
        ("//files", "/files/"),
        ("/x/../files", "/files/"),
        ("/files/x/../sub", "/files/sub/"),
        ("/files%2fsub?q", "/files/sub/?q"),
        ("/files/sub", "/files/sub/"),
        ("//files//sub?a=//b", "/files/sub/?a=//b"),
        ("/files/files", "/files/files/"),
    ];
    for (target, location) in table {
        let reply = server.get(target);
        assert_eq!((reply.status, reply.field("location")), (301, Some(location)), "{target}");
    }
}

#[test]
fn a_listing_names_it_and_links_to_its_start() {
    let folder = site();
    let server = start(folder.path(), &[]);
    let listing = page(&server, "/files/sub/deep/").text();
    assert!(listing.contains("<title>Index of /files/sub/deep/</title>"), "{listing}");
    assert!(listing.contains("<a href=\"/files/\" aria-label=\"root\">/files/</a>"), "{listing}");
    assert!(listing.contains("<a href=\"../\">sub</a>"), "{listing}");
    for link in ["href=\"./c.txt\"", "href=\"../\""] {
        assert!(listing.contains(link), "{link}: {listing}");
    }
    // Forms go to where the page is.
    assert!(listing.contains("<form") && !listing.contains("action="), "{listing}");
    assert!(!listing.replace("href=\"/files/\"", "").contains("href=\"/"), "{listing}");
    let json: serde_json::Value =
        serde_json::from_slice(&server.get("/files/sub/?format=json").body).expect("JSON");
    assert_eq!((&json["path"], &json["entries"][0]["href"]), (&"/files/sub/".into(), &"./deep/".into()));
}

#[test]
fn a_folder_below_it_can_be_had_as_an_archive() {
    let folder = site();
    let server = start(folder.path(), &[]);
    assert_eq!(server.connect().get_with("/files/sub/?archive=zip", "Connection: close\r\n").status, 200);
    assert_eq!(server.get("/sub/?archive=zip").status, 404);
}

#[test]
fn pages_that_say_no_link_to_its_start_and_the_folders_own_is_for_what_is_below() {
    let folder = site();
    let server = start(folder.path(), &[]);
    for (target, status) in [("/", 404), ("/x", 404), ("/files/..", 404), ("/..", 400)] {
        let reply = page(&server, target);
        assert_eq!(reply.status, status, "{target}");
        assert!(reply.text().contains("<a href=\"/files/\">Go to the start page</a>"), "{target}");
    }
    let own = page(&server, "/files/x");
    assert_eq!((own.status, own.text().as_str()), (404, "<title>not here</title>"));
    // What is refused before anybody has looked for it.
    let mut client = server.connect();
    client.send("POST /x HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\nContent-Length: x\r\n\r\n");
    assert!(client.reply().text().contains("href=\"/files/\""));
}

#[test]
fn clean_urls_the_applications_page_and_precompressed_files_are_below_it() {
    let folder = site();
    let options = ["--clean-urls", "--spa=about.html", "--precompressed"];
    let server = start(folder.path(), &options);
    assert_eq!(server.get("/files/about").text(), "<title>about</title>");
    assert_eq!(server.get("/about").status, 404);
    let route = page(&server, "/files/some/route");
    assert_eq!((route.status, route.text().as_str()), (200, "<title>about</title>"));
    assert_eq!(page(&server, "/some/route").status, 404);
    let mut client = server.connect();
    for target in ["/files/app.js", "//files/app.js", "/%66iles/app.js", "/files/app.js"] {
        let coded = client.get_with(target, "Accept-Encoding: gzip\r\n");
        assert_eq!(
            (coded.field("content-encoding"), coded.text().as_str()),
            (Some("gzip"), "not really gzip")
        );
        assert_eq!(client.get(target).text(), "let plain = true;", "{target}");
    }
}

#[test]
fn pages_of_other_origins_may_read_below_it_and_what_a_no_says() {
    let folder = site();
    let server = start(folder.path(), &["--cors"]);
    for (target, status) in [("/files/a.txt", 200), ("/files", 301), ("/", 404)] {
        let reply = server.connect().get_with(target, "Origin: http://a.example\r\n");
        assert_eq!(
            (reply.status, reply.field("access-control-allow-origin")),
            (status, Some("*")),
            "{target}"
        );
    }
}

#[test]
fn uploads_are_taken_below_it_and_nowhere_else() {
    let folder = site();
    let server = start(folder.path(), &["--upload"]);
    for (target, status) in [
        ("/files/new.txt", 201),
        ("/%66iles/sub/new.txt", 201),
        ("/files", 409),
        ("/files/", 409),
        ("/new.txt", 404),
        ("/files/../up.txt", 404),
        ("/files%2f..%2fup.txt", 404),
        ("/files/../../up.txt", 400),
    ] {
        let mut client = server.connect();
        client.send(format!("PUT {target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nnew"));
        assert_eq!(client.reply().status, status, "{target}");
    }
    for name in ["new.txt", "sub/new.txt"] {
        assert_eq!(std::fs::read(folder.path().join(name)).expect("it is there"), b"new", "{name}");
    }
    assert!(!folder.path().join("files/new.txt").exists() && !folder.path().join("up.txt").exists());
}

#[test]
fn the_inspector_is_below_it() {
    let folder = site();
    let server = start(folder.path(), &["--inspect", "--log", "off"]);
    let page = server.get("/files/.glass/");
    assert!(page.status == 200 && !page.text().contains("=\"/"), "{}", page.text());
    assert_eq!(server.get("/files/.glass/inspect/main.js").status, 200);
    // Its own requests are not shown, however they are written.
    server.get("/%66iles/.glass/inspect/inspect.css");
    server.get("/x/../files/.glass%2finspect/inspect.css");
    let mut client = server.connect();
    client.get("/files/a.txt");
    let live = client.get("/files/.glass/live?target=/files/a.txt");
    assert!(live.status == 200 && live.text().contains("{\"id\":1,"), "{}", live.text());
    assert!(live.text().contains("below /files/ it is \\\"/a.txt\\\""), "{}", live.text());
    let moved = server.get("/files/.glass");
    assert_eq!((moved.status, moved.field("location")), (301, Some("/files/.glass/")));
    assert_eq!(server.get("/.glass/").status, 404);
}

#[test]
fn pages_find_the_script_for_reload_below_it() {
    const TAG: &str = "<script src=\"/files/.glass/reload.js\" async></script>";
    let folder = site();
    write(folder.path(), "a.css", "p { color: red }");
    let server = start(folder.path(), &["--reload", "--log", "off"]);
    for _ in 0..2 {
        let reply = server.get("/files/about.html");
        assert_eq!(reply.text(), format!("<title>about</title>{TAG}"));
    }
    assert!(page(&server, "/files/").text().contains("<script src=\"/files/.glass/reload.js\" nonce="));
    assert_eq!(server.get("/files/.glass/reload.js").status, 200);
    assert_eq!(server.get("/.glass/reload.js").status, 404);
    let (mut events, _) = crate::support::Events::open(&server, "/files/.glass/reload");
    std::fs::write(folder.path().join("a.css"), "p { color: blue }").expect("written");
    let (name, data) = events.next();
    assert_eq!((name.as_str(), &data["path"]), ("css", &"/files/a.css".into()));
}

#[test]
fn a_single_file_is_at_it_and_at_its_name_below() {
    let folder = site();
    let server = start(&folder.path().join("a.txt"), &[]);
    for (target, status) in [("/files/", 200), ("/files/a.txt", 200), ("/files", 301), ("/a.txt", 404)] {
        assert_eq!(server.get(target).status, status, "{target}");
    }
}

#[test]
fn the_start_line_and_the_qr_code_name_it() {
    let folder = site();
    let server = start(folder.path(), &["--qr"]);
    let line = server.process.stdout.line("the start line", |_| true);
    assert_eq!(line, format!("Listening on http://{}/files/", server.address));
    let address = format!("http://localhost:{}/files/", server.port());
    server.process.stdout.line("the address in words", |line| line.contains(&address));
}

#[test]
fn without_it_and_with_the_root_everything_is_at_the_root() {
    let folder = site();
    for server in [Server::start(folder.path(), &[]), Server::start(folder.path(), &["--base-path", "/"])] {
        assert_eq!(server.get("/files").field("location"), Some("/files/"));
        assert_eq!(server.get("/a.txt").text(), "aaaaa");
        assert!(page(&server, "/sub/").text().contains("<a href=\"/\" aria-label=\"root\">/</a>"));
    }
}

#[test]
fn what_is_no_path_is_refused_in_one_line() {
    for value in ["files", "/a?b", "/a/../b", "//a", "/a%00", "http://a/", ""] {
        let finished = run(glasshttp().args(["--base-path", value]));
        assert_eq!(finished.code, Some(2), "{value}");
        one_line(&finished.stderr, &["--base-path", "such as /files"], &value);
    }
}
