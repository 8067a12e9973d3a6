//! Uploads: what gets into the folder, what does not, and what is never left behind.

use crate::support::{self, Client, Reply, Server, as_text, folder, glasshttp, one_line, run, wait_until};
use std::fs;
#[cfg(unix)]
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
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
    #[cfg(unix)]
    symlink("../outside", served(&site).join("link")).expect("a link");
    #[cfg(unix)]
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
        ("/a.txt/new.txt", "", "new", 409),
        ("/a.txt/nothing/new.txt", "", "new", 409),
        ("/nothing/.hidden/new.txt", "", "new", 403),
        ("/nothing/large.txt", "", "eleven byte", 413),
        ("/nothing/ranged.txt", "Content-Range: bytes 0-2/6\r\n", "new", 400),
        ("/nothing/deeper/new.txt", "If-Match: *\r\n", "new", 412),
        ("/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/new.txt", "", "new", 403),
        #[cfg(unix)]
        ("/link/nothing/new.txt", "", "new", 403),
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
        #[cfg(unix)]
        ("/x/../link/new.txt", "", "new", 403),
        #[cfg(unix)]
        ("/link/new.txt", "", "new", 403),
        #[cfg(unix)]
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
    #[cfg(unix)]
    symlink("../outside/c.txt", served(&site).join("link")).expect("a link");
    #[cfg(unix)]
    assert_eq!(put(&server, "/link", "", "third").status, 403);
    assert_eq!(fs::read(site.path().join("outside/c.txt")).expect("it is there"), b"c");
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
    wait_until("the file on its way", || (on_their_way(&site, &server) == 1).then_some(()));
    assert_eq!(server.get("/new.txt").status, 404);
    if nameless(&server) == 1 {
        assert_eq!(names(&served(&site)), ["a.txt", "folder"], "nothing has a name before it is whole");
    }
    drop(client);
    wait_until("it to be gone", || (on_their_way(&site, &server) == 0).then_some(()));
    assert_eq!(names(&served(&site)), ["a.txt", "folder"]);
}

/// How many uploads are on their way: files without a name, and where there are none, those that have theirs not yet.
fn on_their_way(site: &TempDir, server: &Server) -> usize {
    let named = support::files_below(&served(site));
    nameless(server) + named.iter().filter(|path| path.to_string_lossy().contains(".glass-upload-")).count()
}

/// How many files without a name the server has open.
fn nameless(server: &Server) -> usize {
    // Only Linux has this folder.
    let Ok(open) = fs::read_dir(format!("/proc/{}/fd", server.process.id())) else { return 0 };
    let is_nameless = |path: std::path::PathBuf| path.to_string_lossy().ends_with(" (deleted)");
    open.filter(|file| {
        let link = file.as_ref().ok().and_then(|file| fs::read_link(file.path()).ok());
        link.is_some_and(is_nameless)
    })
    .count()
}

#[cfg(unix)]
#[test]
fn a_server_that_is_killed_leaves_nothing() {
    let site = site();
    let mut server = start(&site, &["--hidden", "--overwrite"]);
    let mut client = server.connect();
    client.send("PUT /a.txt HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nhalf");
    wait_until("the file on its way", || (on_their_way(&site, &server) == 1).then_some(()));
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
fn folders_on_the_way_are_made_for_a_file_that_comes_whole_and_go_again_without_it() {
    let site = site();
    let server = start(&site, &["--max-upload", "10"]);
    assert_eq!(put(&server, "/trip/day%201/a.txt", "", "new").status, 201);
    assert_eq!(server.get("/trip/day%201/a.txt").text(), "new");
    let before = names(&served(&site));
    let mut client = server.connect();
    client.send("PUT /other/x/b.txt HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nhalf");
    wait_until("the file on its way", || served(&site).join("other/x").exists().then_some(()));
    drop(client);
    wait_until("the folders to be gone", || (!served(&site).join("other").exists()).then_some(()));
    // One that turns out to be too large on the way.
    let mut client = server.connect();
    client.send("PUT /other/c.txt HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
    client.send("b\r\neleven byte\r\n0\r\n\r\n");
    assert_eq!(client.reply().status, 413);
    assert_eq!(names(&served(&site)), before);
}

#[test]
fn a_file_that_comes_into_being_meanwhile_is_not_replaced() {
    let site = site();
    let server = start(&site, &[]);
    let mut client = server.connect();
    client.send("PUT /new.txt HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\n");
    wait_until("the file on its way", || (on_their_way(&site, &server) == 1).then_some(()));
    fs::write(served(&site).join("new.txt"), "other").expect("written");
    client.send("new");
    assert_eq!(client.reply().status, 409);
    assert_eq!(fs::read(served(&site).join("new.txt")).expect("it is there"), b"other");
    assert_eq!(names(&served(&site)), ["a.txt", "folder", "new.txt"]);
}

#[cfg(unix)]
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
    let expected = Some("GET, HEAD, PUT, POST, OPTIONS");
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

// ---- forms

/// A form with these parts: the names of files, if they are files, and what is in them.
fn form(parts: &[(Option<&str>, &str)]) -> String {
    let mut form = String::new();
    for (file_name, content) in parts {
        let file_name = file_name.map(|name| format!("; filename=\"{name}\"")).unwrap_or_default();
        form.push_str("--edge\r\nContent-Disposition: form-data; name=\"f\"");
        form.push_str(&format!("{file_name}\r\n\r\n{content}\r\n"));
    }
    form + "--edge--\r\n"
}

fn post(server: &Server, target: &str, fields: &str, body: &str) -> Reply {
    let mut client = server.connect();
    let length = body.len();
    let content_type = "Content-Type: multipart/form-data; boundary=edge";
    client.send(format!(
        "POST {target} HTTP/1.1\r\nHost: localhost\r\n{content_type}\r\nContent-Length: {length}\r\n{fields}\r\n{body}"
    ));
    client.reply()
}

fn content(site: &TempDir, name: &str) -> String {
    fs::read_to_string(served(site).join(name)).expect("it is there")
}

#[cfg(unix)]
#[test]
fn the_files_of_a_form_are_added_with_curl_and_a_line_says_each() {
    const LENGTH: usize = 20_000_000;
    let site = site();
    let server = start(&site, &[]);
    let own = folder(&[("one.txt", "1"), ("q\"u \\ü.txt", "2")]);
    let bytes: Vec<u8> = b"\r\n--\r\n-".iter().copied().cycle().take(LENGTH).collect();
    fs::write(own.path().join("large"), &bytes).expect("written");
    let mut curl = Command::new("curl");
    curl.current_dir(own.path()).args(["-sS", "-w", "%{http_code}", "-F", "a=field"]);
    for name in ["one.txt", r#""q\"u \\ü.txt""#, "large"] {
        curl.args(["-F", &format!("file=@{name}")]);
    }
    let end = curl.arg(server.url("/folder/")).output().expect("curl is there");
    let said = as_text(&end.stdout);
    assert_eq!(said, "added one.txt\nadded q\"u \\ü.txt\nadded large\n201", "{}", as_text(&end.stderr));
    let at = |name: &str| served(&site).join("folder").join(name);
    assert!(fs::read(at("large")).expect("it is there") == bytes);
    assert_eq!(content(&site, "folder/q\"u \\ü.txt"), "2");
    assert_eq!(names(&served(&site).join("folder")), ["b.txt", "large", "one.txt", "q\"u \\ü.txt"]);
    assert!(server.process.memory() < 30_000_000);
}

#[test]
fn a_browser_that_has_sent_a_form_is_led_back_to_the_folder() {
    let site = site();
    let server = start(&site, &["--base-path", "/base"]);
    let accept = "Accept: text/html,*/*;q=0.8\r\nOrigin: http://localhost\r\nSec-Fetch-Site: same-origin\r\n";
    for (target, location) in
        [("/base/folder/?view=list", "/base/folder/"), ("/base/folder", "/base/folder/"), ("/base", "/base/")]
    {
        let name = format!("{}.txt", target.len());
        let reply = post(&server, target, accept, &form(&[(Some(&name), "new")]));
        assert_eq!((reply.status, reply.field("location")), (303, Some(location)), "{target}");
    }
    // Nobody else is; one file that is added is where Location says.
    let reply = post(&server, "/base/folder/", "", &form(&[(None, "v"), (Some("n\u{e9}w"), "new")]));
    assert_eq!((reply.status, reply.field("location")), (201, Some("/base/folder/n%C3%A9w")));
    assert_eq!(content(&site, "folder/n\u{e9}w"), "new");
}

#[test]
fn what_is_wrong_with_a_form_is_said_and_nothing_half_written_stays() {
    let site = site();
    #[cfg(unix)]
    symlink("../outside", served(&site).join("link")).expect("a link");
    let before = names(&served(&site));
    let server = start(&site, &["--max-upload", "10"]);
    let one = form(&[(Some("new.txt"), "new")]);
    let cut_off = &one[..one.len() - 6];
    let table = [
        ("/", "", &*form(&[(Some("a.txt"), "new")]), 409, "\"a.txt\": a file of that name"),
        ("/", "", &form(&[(Some("folder"), "new")]), 409, "a folder has that name"),
        ("/", "", &form(&[(Some("new.txt"), "eleven byte")]), 413, "\"new.txt\""),
        ("/", "", &form(&[(Some("new.txt"), &"x".repeat(2_000_000))]), 413, "together"),
        ("/", "", &form(&[(Some(".hidden"), "new")]), 403, "start with a dot"),
        ("/", "", &form(&[(Some("../.."), "new")]), 403, "start with a dot"),
        ("/", "", &form(&[(Some("folder/"), "new")]), 400, "no file can have that name"),
        ("/", "", &form(&[(Some(&"x".repeat(300)), "new")]), 400, "longer than this disk"),
        ("/", "", &form(&[(Some(""), "")]), 400, "no file was chosen"),
        ("/", "", &form(&[(Some(""), "new")]), 400, "has no name"),
        ("/", "", &form(&[(None, "a field")]), 400, "no file was chosen"),
        ("/", "", "--edge--", 400, "no file was chosen"),
        ("/", "", "", 400, "before its last boundary"),
        ("/", "", cut_off, 400, "before its last boundary"),
        ("/", "", &one.replace("edge", "other"), 400, "before its last boundary"),
        ("/nothing/", "", &one, 404, "no such folder"),
        ("/a.txt", "", &one, 405, "curl -T"),
        #[cfg(unix)]
        ("/link/", "", &one, 403, "leads out"),
        ("/.git/", "", &one, 405, ""),
        ("/", "Content-Encoding: gzip\r\n", &one, 415, "without a Content-Encoding"),
        ("/", "Content-Range: bytes 0-2/6\r\n", &one, 400, "a part of a file"),
        ("/", "Origin: http://evil.example\r\n", &one, 403, "another site"),
        ("/", "Origin: null\r\n", &one, 403, "another site"),
        ("/", "Sec-Fetch-Site: cross-site\r\n", &one, 403, "another site"),
    ];
    for (target, fields, body, status, why) in table {
        let reply = post(&server, target, fields, body);
        assert_eq!(reply.status, status, "{target} {fields}: {}", reply.text());
        assert!(reply.text().contains(why), "{target} {fields}: {}", reply.text());
    }
    assert_eq!(names(&served(&site)), before);
    assert_eq!(on_their_way(&site, &server), 0);
    let mut client = server.connect();
    client.send(format!(
        "POST / HTTP/1.1\r\nHost: evil.example\r\nContent-Type: multipart/form-data; boundary=edge\r\nContent-Length: {}\r\n\r\n{one}",
        one.len()
    ));
    assert_eq!(client.reply().status, 421);
}

#[test]
fn a_form_may_come_in_any_pieces_and_one_that_is_cut_off_leaves_what_was_whole() {
    let site = site();
    let server = start(&site, &[]);
    let head = "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\
                Content-Type: multipart/form-data; boundary=\"edge\"\r\n\r\n";
    let body = form(&[(Some("1.txt"), "\r\n--edg"), (None, "v"), (Some("2.txt"), "")]);
    let mut client = server.connect();
    client.send(head);
    for byte in body.bytes() {
        client.send(format!("1\r\n{}\r\n", char::from(byte)));
    }
    client.send("0\r\n\r\n");
    assert_eq!(client.reply().text(), "added 1.txt\nadded 2.txt\n");
    assert_eq!((content(&site, "1.txt"), content(&site, "2.txt")), ("\r\n--edg".into(), String::new()));
    let body = form(&[(Some("3.txt"), "three"), (Some("4.txt"), "four")]);
    let sent = &body[..body.find("four").expect("it is there") + 2];
    client.send(format!("{head}{:x}\r\n{sent}\r\n", sent.len()));
    wait_until("the first to be whole", || served(&site).join("3.txt").exists().then_some(()));
    drop(client);
    wait_until("the second to be gone", || (on_their_way(&site, &server) == 0).then_some(()));
    assert_eq!(names(&served(&site)), ["1.txt", "2.txt", "3.txt", "a.txt", "folder"]);
}

#[test]
fn files_of_one_name_in_one_form_are_numbered_and_of_a_path_the_last_part_counts() {
    let site = site();
    let server = start(&site, &["--overwrite"]);
    let names_and_contents =
        [("a.txt", "1"), ("dir/a.txt", "2"), ("/etc/../a.txt", "3"), ("d\\b", "4"), ("a (2).txt", "5")];
    let parts: Vec<_> = names_and_contents.map(|(name, content)| (Some(name), content)).into();
    let reply = post(&server, "/", "", &form(&parts));
    let said = "replaced a.txt\nadded a (2).txt\nadded a (3).txt\nadded d\\b\nadded a (2) (2).txt\n";
    assert_eq!((reply.status, reply.text().as_str()), (201, said));
    let contents =
        ["a.txt", "a (2).txt", "a (3).txt", "d\\b", "a (2) (2).txt"].map(|name| content(&site, name));
    assert_eq!(contents, ["1", "2", "3", "4", "5"]);
}

#[test]
fn in_the_field_for_a_folder_a_path_is_one_and_is_checked_name_by_name() {
    let site = site();
    let server = start(&site, &["--overwrite"]);
    let in_folder = |parts: &[(Option<&str>, &str)]| form(parts).replace("name=\"f\"", "name=\"folder\"");
    let parts = [
        (Some("trip/a.txt"), "1"),
        (Some("trip/day 1/a.txt"), "2"),
        (Some("trip/a.txt"), "3"),
        (Some(""), ""),
    ];
    let reply = post(&server, "/folder/", "", &in_folder(&parts));
    let said = "added trip/a.txt\nadded trip/day 1/a.txt\nadded trip/a (2).txt\n";
    assert_eq!((reply.status, reply.text().as_str()), (201, said));
    assert_eq!(content(&site, "folder/trip/day 1/a.txt"), "2");
    let reply = post(&server, "/folder/", "", &in_folder(&[(Some("x/y z.txt"), "4")]));
    assert_eq!(reply.field("location"), Some("/folder/x/y%20z.txt"));
    let before = names(&served(&site));
    for (name, status) in [
        ("../new.txt", 403),
        ("a/../../new.txt", 403),
        ("/etc/new.txt", 400),
        ("a//new.txt", 400),
        ("a/", 400),
        ("a/.git/config", 403),
        ("a.txt/new.txt", 409),
        ("folder/trip", 409),
    ] {
        let reply = post(&server, "/", "", &in_folder(&[(Some(name), "new")]));
        assert_eq!(reply.status, status, "{name}: {}", reply.text());
        assert_eq!(names(&served(&site)), before, "{name}");
    }
}

#[test]
fn without_the_option_a_form_is_told_of_it_and_with_it_other_posts_of_curl() {
    let site = site();
    let server = Server::start(&served(&site), &[]);
    let reply = post(&server, "/", "", &form(&[(Some("new.txt"), "new")]));
    assert_eq!((reply.status, reply.field("allow")), (405, Some("GET, HEAD, OPTIONS")));
    assert!(reply.text().contains("--upload"), "{}", reply.text());
    assert!(put(&server, "/new.txt", "", "new").text().contains("--upload"));
    let server = start(&site, &["--inspect"]);
    let mut client = server.connect();
    for content_type in ["", "Content-Type: application/x-www-form-urlencoded\r\n"] {
        client.send(format!("POST / HTTP/1.1\r\nHost: localhost\r\n{content_type}Content-Length: 0\r\n\r\n"));
        let reply = client.reply();
        assert_eq!((reply.status, reply.text().contains("curl -T FILE URL")), (415, true), "{content_type}");
    }
    // What is the inspector's goes to it.
    client.send("POST /.glass/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
    assert!(client.reply().text().contains("this page takes GET, HEAD only"));
    assert_eq!(names(&served(&site)), ["a.txt", "folder"]);
}
