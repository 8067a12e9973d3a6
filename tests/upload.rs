//! Uploads: what gets into the folder, what does not, and what is never left behind.

mod support;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use support::{Client, Reply, Server, as_text, folder, glasshttp, one_line, run, wait_until};
use tempfile::TempDir;

fn site() -> TempDir {
    folder(&[("served/a.txt", "hello"), ("served/folder/b.txt", "b"), ("outside/c.txt", "c")])
}

fn served(site: &TempDir) -> std::path::PathBuf {
    site.path().join("served")
}

fn start(site: &TempDir, options: &[&str]) -> Server {
    Server::start(&served(site), &[&["--upload"], options].concat())
}

fn put(server: &Server, target: &str, fields: &str, body: &str) -> Reply {
    let mut client = server.connect();
    send(&mut client, target, fields, body);
    client.reply()
}

fn send(client: &mut Client, target: &str, fields: &str, body: &str) {
    let length = body.len();
    client.send(format!(
        "PUT {target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n{fields}\r\n{body}"
    ));
}

/// All names in a folder, hidden ones included.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("it is there");
    let mut names: Vec<_> =
        entries.map(|entry| entry.expect("readable").file_name().into_string().expect("UTF-8")).collect();
    names.sort();
    names
}

#[test]
fn a_file_is_added_and_served_and_the_connection_goes_on() {
    let site = site();
    let server = start(&site, &[]);
    let mut client = server.connect();
    send(&mut client, "/folder/n%C3%A9w%20file.txt", "", "new content");
    send(&mut client, "/empty", "", "");
    client.send("GET /folder/n%C3%A9w%20file.txt HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!((client.reply().status, client.reply().status), (201, 201));
    assert_eq!(client.reply().text(), "new content");
    assert_eq!(names(&served(&site).join("folder")), ["b.txt", "néw file.txt"]);
    assert_eq!(fs::read(served(&site).join("empty")).expect("it is there"), b"");
}

#[test]
fn the_target_names_the_file_as_it_would_to_get_it() {
    let site = site();
    let server = start(&site, &[]);
    for (target, name) in [
        ("/a\\b.txt", "a\\b.txt"),
        ("/c%5Cd.txt", "c\\d.txt"),
        ("/100%.txt", "100%.txt"),
        ("/folder%2fnew.txt", "folder/new.txt"),
        ("/nothing/../folder/newer.txt", "folder/newer.txt"),
    ] {
        assert_eq!(put(&server, target, "", "new").status, 201, "{target}");
        assert_eq!(fs::read(served(&site).join(name)).expect("it is there"), b"new", "{target}");
        assert_eq!(server.get(target).text(), "new", "{target}");
    }
}

#[test]
fn without_the_option_nothing_can_be_added() {
    let site = site();
    let server = Server::start(&served(&site), &[]);
    let reply = put(&server, "/new.txt", "", "new");
    assert_eq!((reply.status, reply.field("allow")), (405, Some("GET, HEAD, OPTIONS")));
    assert_eq!(names(&served(&site)), ["a.txt", "folder"]);
}

#[test]
fn what_may_not_be_added_is_refused_and_leaves_nothing() {
    let site = site();
    symlink("../outside", served(&site).join("link")).expect("a link");
    symlink("../outside/c.txt", served(&site).join("link.txt")).expect("a link");
    let before = names(&served(&site));
    let server = start(&site, &["--max-upload", "10"]);
    let table = [
        ("/.well-known/new.txt", "", "new", 403),
        ("/folder/.well-known/new.txt", "", "new", 403),
        ("/.glass-upload-0123456789abcdef", "", "new", 403),
        ("/new.txt", "Content-Encoding: gzip\r\n", "new", 415),
        ("/new.txt", "Content-Encoding: identity, br\r\n", "new", 415),
        ("/new.txt", "Content-Encoding: identity\r\nContent-Encoding: x-nothing\r\n", "new", 415),
        ("/a.txt", "", "new", 409),
        ("/folder", "", "new", 409),
        ("/folder/", "", "new", 409),
        ("/", "", "new", 409),
        ("/nothing/new.txt", "", "new", 404),
        ("/a.txt/new.txt", "", "new", 404),
        ("/.hidden", "", "new", 403),
        ("/.git/config", "", "new", 403),
        ("/../new.txt", "", "new", 400),
        ("/%2e%2e/new.txt", "", "new", 400),
        ("/folder/../../new.txt", "", "new", 400),
        ("/folder%2f..%2f..%2fnew.txt", "", "new", 400),
        ("/new%00.txt", "", "new", 400),
        ("/folder/..", "", "new", 409),
        ("/folder%2f", "", "new", 409),
        ("/x/../.hidden", "", "new", 403),
        ("/folder/..%2f.hidden", "", "new", 403),
        ("/x/../.glass/send", "", "new", 403),
        ("/x/../a.txt", "", "new", 409),
        ("/x/../link/new.txt", "", "new", 403),
        ("/link/new.txt", "", "new", 403),
        ("/link.txt", "", "new", 403),
        ("/new.txt", "", "eleven byte", 413),
        ("/new.txt", "Content-Range: bytes 0-2/6\r\n", "new", 400),
        ("/new.txt", "If-Match: *\r\n", "new", 412),
        ("/a.txt", "If-None-Match: *\r\n", "new", 409),
        ("/new.txt", "Origin: http://evil.example\r\n", "new", 403),
        ("/new.txt", "Sec-Fetch-Site: cross-site\r\n", "new", 403),
    ];
    for (target, fields, body, status) in table {
        let reply = put(&server, target, fields, body);
        assert_eq!(reply.status, status, "{target} {fields}: {}", reply.text());
    }
    assert_eq!(names(&served(&site)), before);
    assert_eq!(names(&site.path().join("outside")), ["c.txt"]);
    assert_eq!(fs::read(served(&site).join("a.txt")).expect("it is there"), b"hello");
    let foreign_host = "PUT /new.txt HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 3\r\n\r\nnew";
    let mut client = server.connect();
    client.send(foreign_host);
    assert_eq!(client.reply().status, 421);
}

#[test]
fn files_are_replaced_only_where_that_is_asked_for_and_only_the_version_that_is_meant() {
    let site = site();
    let server = start(&site, &["--overwrite"]);
    assert_eq!(put(&server, "/a.txt", "", "second").status, 204);
    assert_eq!(server.get("/a.txt").text(), "second");
    assert_eq!(put(&server, "/a.txt", "If-Match: \"other\"\r\n", "third").status, 412);
    assert_eq!(put(&server, "/a.txt", "If-None-Match: *\r\n", "third").status, 412);
    // A date in the future: it counts for reading only.
    let date = "If-Modified-Since: Sun, 06 Nov 2044 08:49:37 GMT\r\n";
    assert_eq!(put(&server, "/a.txt", date, "third").status, 204);
    assert_eq!(put(&server, "/folder", "", "third").status, 409);
    // A link is replaced, never followed.
    symlink("../outside/c.txt", served(&site).join("link")).expect("a link");
    let status = put(&server, "/link", "", "third").status;
    assert_eq!(fs::read(site.path().join("outside/c.txt")).expect("it is there"), b"c");
    assert_eq!(status, 403);
}

#[test]
fn chunks_are_taken_and_counted() {
    let site = site();
    let server = start(&site, &["--max-upload", "10"]);
    let head = "HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
    let mut client = server.connect();
    client.send(format!("PUT /new.txt {head}3\r\nnew\r\n0\r\n\r\n"));
    assert_eq!(client.reply().status, 201);
    client.send(format!("PUT /large.txt {head}b\r\neleven byte\r\n0\r\n\r\n"));
    assert_eq!(client.reply().status, 413);
    assert_eq!(names(&served(&site)), ["a.txt", "folder", "new.txt"]);
}

#[test]
fn a_client_that_waits_to_be_told_is_told_before_it_sends() {
    let site = site();
    let server = start(&site, &["--max-upload", "10"]);
    let mut client = server.connect();
    let head = "Host: localhost\r\nExpect: 100-continue\r\nContent-Length:";
    client.send(format!("PUT /new.txt HTTP/1.1\r\n{head} 3\r\n\r\n"));
    assert_eq!(client.head().status, 100);
    client.send("new");
    assert_eq!(client.reply().status, 201);
    // What would be refused is refused before the body is sent.
    client.send(format!("PUT /large.txt HTTP/1.1\r\n{head} 11\r\n\r\n"));
    let refusal = client.reply();
    assert_eq!((refusal.status, refusal.field("connection")), (413, Some("close")));
}

#[test]
fn a_client_that_goes_away_leaves_nothing() {
    let site = site();
    let server = start(&site, &[]);
    let mut client = server.connect();
    client.send(
        "PUT /new.txt HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\nonly the beginning",
    );
    wait_until("the file on its way", || (on_their_way(&server) == 1).then_some(()));
    assert_eq!(server.get("/new.txt").status, 404);
    assert_eq!(names(&served(&site)), ["a.txt", "folder"], "nothing has a name before it is whole");
    drop(client);
    wait_until("it to be gone", || (on_their_way(&server) == 0).then_some(()));
    assert_eq!(names(&served(&site)), ["a.txt", "folder"]);
}

/// How many files without a name the server has open.
fn on_their_way(server: &Server) -> usize {
    let open = fs::read_dir(format!("/proc/{}/fd", server.process.id())).expect("it runs");
    let is_nameless = |path: std::path::PathBuf| path.to_string_lossy().ends_with(" (deleted)");
    open.filter(|file| {
        let link = file.as_ref().ok().and_then(|file| fs::read_link(file.path()).ok());
        link.is_some_and(is_nameless)
    })
    .count()
}

#[test]
fn a_server_that_is_killed_leaves_nothing() {
    let site = site();
    let mut server = start(&site, &["--hidden", "--overwrite"]);
    let mut client = server.connect();
    client.send("PUT /a.txt HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nhalf");
    wait_until("the file on its way", || (on_their_way(&server) == 1).then_some(()));
    server.process.signal(rustix::process::Signal::KILL);
    server.process.wait();
    assert_eq!(names(&served(&site)), ["a.txt", "folder"]);
    assert_eq!(fs::read(served(&site).join("a.txt")).expect("it is there"), b"hello");
}

#[test]
fn what_an_earlier_run_left_is_shown_to_nobody_and_removed_at_the_start() {
    const LEFT: &str = ".glass-upload-0123456789abcdef";
    let site = site();
    let places = [served(&site).join(LEFT), served(&site).join("folder").join(LEFT)];
    for place in &places {
        fs::write(place, "half of it").expect("written");
    }
    fs::write(served(&site).join(".visible"), "").expect("written");
    // Without --upload nothing may be removed; shown it is not, even if hidden names are.
    let server = Server::start(&served(&site), &["--hidden"]);
    for target in [format!("/{LEFT}"), format!("/{}", LEFT.to_uppercase()), format!("/folder/{LEFT}")] {
        assert_eq!(server.get(&target).status, 404, "{target}");
    }
    for target in ["/", "/?format=json", "/folder/", "/?archive=tar"] {
        let reply = server.get(target);
        assert_eq!(reply.status, 200, "{target}");
        assert!(!String::from_utf8_lossy(&reply.body).contains("glass-upload"), "{target}");
    }
    assert!(server.get("/").text().contains(".visible"));
    assert!(places.iter().all(|place| place.exists()));
    drop(server);
    let server = start(&site, &["--hidden"]);
    wait_until("them to be removed", || places.iter().all(|place| !place.exists()).then_some(()));
    assert_eq!(names(&served(&site)), [".visible", "a.txt", "folder"]);
    server.process.stderr.line("how many", |line| line.contains("removed what was left of 2 uploads"));
}

#[test]
fn uploads_are_taken_under_names_that_no_page_of_somebody_else_can_have() {
    let site = site();
    let uname = Command::new("uname").arg("-n").output().expect("it is there");
    let machine = as_text(&uname.stdout).trim().to_owned();
    let options = ["--bind", "0.0.0.0", "--upload", "--overwrite", "--allow-host", "files.example"];
    let server = Server::start(&served(&site), &options);
    let put = |host: &str| {
        let mut client = server.connect();
        let origin = format!("Origin: http://{host}");
        client.send(format!(
            "PUT /new.txt HTTP/1.1\r\nHost: {host}\r\n{origin}\r\nContent-Length: 3\r\n\r\nnew"
        ));
        client.reply()
    };
    for host in ["evil.example", "evil.example:8000", "192.168.1.5.evil.example", "files.example.evil"] {
        let reply = put(host);
        assert_eq!(reply.status, 421, "{host}");
        assert!(reply.text().contains("--allow-host NAME"), "{}", reply.text());
        // To read is what the server is there for.
        let mut reader = server.connect();
        reader.send(format!("GET /a.txt HTTP/1.1\r\nHost: {host}\r\n\r\n"));
        assert_eq!(reader.reply().status, 200, "{host}");
    }
    assert_eq!(names(&served(&site)), ["a.txt", "folder"]);
    // A program says no Origin, and gets the same answer.
    let mut program = server.connect();
    program.send("PUT /new.txt HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 3\r\n\r\nnew");
    assert_eq!(program.reply().status, 421);
    let good = ["192.168.1.5:8000", "[fd00::5]", "localhost:8000", "FILES.example", machine.as_str()];
    for host in good.into_iter().map(str::to_owned).chain([format!("{machine}.local")]) {
        let status = put(&host).status;
        assert!([201, 204].contains(&status), "{host}: {status}");
    }
}

#[test]
fn an_upload_may_take_its_time_as_long_as_it_moves_and_no_longer() {
    let site = site();
    let server = start(&site, &["--send-timeout", "0.5", "--head-timeout", "0.3"]);
    let mut client = server.connect();
    client.send("PUT /slow.txt HTTP/1.1\r\nHost: localhost\r\nContent-Length: 8\r\n\r\n");
    for byte in ["s", "l", "o", "w", "n", "e", "s"] {
        // The pace is what is tested: each is within the time, all together are not.
        assert_eq!(client.listen(std::time::Duration::from_millis(100)).expect("open"), None);
        client.send(byte);
    }
    client.send("s");
    assert_eq!(client.reply().status, 201);
    client.send("PUT /still.txt HTTP/1.1\r\nHost: localhost\r\nContent-Length: 8\r\n\r\nst");
    assert_eq!(client.reply().status, 408);
    assert_eq!(names(&served(&site)), ["a.txt", "folder", "slow.txt"]);
}

#[test]
fn a_file_that_comes_into_being_meanwhile_is_not_replaced() {
    let site = site();
    let server = start(&site, &[]);
    let mut client = server.connect();
    client.send("PUT /new.txt HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\n");
    wait_until("the file on its way", || (on_their_way(&server) == 1).then_some(()));
    fs::write(served(&site).join("new.txt"), "other").expect("written");
    client.send("new");
    assert_eq!(client.reply().status, 409);
    assert_eq!(fs::read(served(&site).join("new.txt")).expect("it is there"), b"other");
    assert_eq!(names(&served(&site)), ["a.txt", "folder", "new.txt"]);
}

#[test]
fn a_large_file_arrives_whole_with_curl_and_little_memory() {
    const LENGTH: usize = 50_000_000;
    let site = site();
    let server = start(&site, &["--log", "off"]);
    let local = site.path().join("outside/large");
    let bytes: Vec<u8> = (0..=250).cycle().take(LENGTH).collect();
    fs::write(&local, &bytes).expect("written");
    let mut curl = Command::new("curl");
    curl.args(["-sS", "-w", "%{http_code}", "-T"]).arg(&local).arg(server.url("/large"));
    let end = curl.output().expect("curl is there");
    assert_eq!(as_text(&end.stdout), "201", "{}", as_text(&end.stderr));
    assert!(fs::read(served(&site).join("large")).expect("it is there") == bytes);
    assert!(server.process.memory() < 30_000_000);
}

#[test]
fn options_name_the_method_and_the_start_says_that_uploads_are_on() {
    let site = site();
    let server = start(&site, &["--cors"]);
    let mut client = server.connect();
    client.send("OPTIONS /a HTTP/1.1\r\nHost: localhost\r\nOrigin: http://a\r\nAccess-Control-Request-Method: PUT\r\n\r\n");
    let preflight = client.reply();
    let expected = Some("GET, HEAD, PUT, OPTIONS");
    assert_eq!(
        (preflight.field("allow"), preflight.field("access-control-allow-methods")),
        (expected, expected)
    );
    let end = server.stop();
    one_line(&end.stderr, &["uploads are on", "add files of up to 1.0 GB"], &"--upload");
    let wrong = run(glasshttp().args(["--upload", "--max-upload", "much"]).arg(served(&site)));
    assert_eq!(wrong.code, Some(2));
    one_line(&wrong.stderr, &["it must be a size"], &"much");
}
