//! Live reload from outside: what pages hear of what changes in the folder, and how the script gets
//! into them.

use crate::support::{self, PATIENCE, Reply, Server, folder, one_line, wait_until, write};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const TAG: &str = "<script src=\"/.glass/reload.js\" async></script>";

/// A change is told within this time, with room for a machine that is busy.
const SOON: Duration = Duration::from_secs(5);

fn site() -> TempDir {
    folder(&[
        ("index.html", "<!DOCTYPE html><title>Hello</title><body><p>Hi</body></html>\n"),
        ("css/a.css", "p { color: red }"),
        ("css/b.css", "p { color: blue }"),
        ("app.js", "let a = '</body>';"),
        ("node_modules/x/index.js", "1"),
    ])
}

fn start(folder: &Path) -> Server {
    Server::start(folder, &["--reload", "--log", "off"])
}

/// A page's view of what changes.
struct Events(support::Events);

impl Events {
    fn open(server: &Server) -> (Events, Value) {
        let (events, hello) = support::Events::open(server, "/.glass/reload");
        (Events(events), hello)
    }

    fn next(&mut self) -> (String, Value) {
        self.0.next()
    }

    /// The next event after a change: `reload`, or `css` and the path.
    fn after(&mut self, change: impl FnOnce()) -> String {
        let began = Instant::now();
        change();
        let (name, data) = self.next();
        assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
        data["path"].as_str().map_or(name.clone(), |path| format!("{name} {path}"))
    }
}

fn put(path: impl AsRef<Path>, content: &str) {
    fs::write(path, content).expect("a file is written");
}

#[test]
fn each_way_to_save_a_file_is_told_and_as_what_it_is() {
    each_way_to_save_a_file_is_told("--reload");
}

#[test]
fn each_way_to_save_a_file_is_found_by_looking_at_files_again_and_again() {
    each_way_to_save_a_file_is_told("--reload=poll");
}

fn each_way_to_save_a_file_is_told(option: &str) {
    let folder = site();
    let at = |name: &str| folder.path().join(name);
    let server = Server::start(folder.path(), &[option, "--log", "off"]);
    let (mut events, _) = Events::open(&server);
    let over = |name: &str| {
        put(at("css/.tmp"), "new");
        fs::rename(at("css/.tmp"), at(name)).expect("renamed");
    };
    // As vim does it with its options for safety.
    let like_an_editor = |name: &str| {
        put(at("css/4913"), "");
        fs::remove_file(at("css/4913")).expect("removed");
        let backup = at(&format!("{name}~"));
        fs::rename(at(name), &backup).expect("renamed");
        put(at(name), "p { color: green }");
        fs::remove_file(backup).expect("removed");
    };
    let touch = |name: &str| {
        let file = fs::File::options().append(true).open(at(name)).expect("opened");
        file.set_modified(std::time::SystemTime::now()).expect("set");
    };
    let table: &[(&str, &dyn Fn(), &str)] = &[
        ("written", &|| put(at("index.html"), "<p>new"), "reload"),
        ("style sheet written", &|| put(at("css/a.css"), "p { color: green }"), "css /css/a.css"),
        ("renamed over", &|| over("index.html"), "reload"),
        ("style sheet renamed over", &|| over("css/b.css"), "css /css/b.css"),
        ("as editors do", &|| like_an_editor("css/a.css"), "css /css/a.css"),
        ("touched", &|| touch("app.js"), "reload"),
        ("new", &|| put(at("new file.css"), "x"), "css /new%20file.css"),
        ("renamed", &|| fs::rename(at("new file.css"), at("n.css")).expect("renamed"), "reload"),
        ("removed", &|| fs::remove_file(at("n.css")).expect("removed"), "reload"),
        ("new folder", &|| fs::create_dir_all(at("one/two")).expect("made"), "reload"),
        ("in the new folder", &|| put(at("one/two/c.css"), "x"), "css /one/two/c.css"),
        ("folder renamed", &|| fs::rename(at("one"), at("uno")).expect("renamed"), "reload"),
        ("in the renamed folder", &|| put(at("uno/two/c.css"), "y"), "css /uno/two/c.css"),
        ("folder removed", &|| fs::remove_dir_all(at("uno")).expect("removed"), "reload"),
    ];
    for (what, change, expected) in table {
        assert_eq!(events.after(change), *expected, "{what}");
    }
}

#[test]
fn what_no_page_shows_is_not_told() {
    let folder = site();
    fs::create_dir(folder.path().join(".git")).expect("made");
    let server = start(folder.path());
    let (mut events, _) = Events::open(&server);
    for name in [".hidden", ".git/index", "node_modules/x/index.js", "css/a.css.map", "css/a.scss", "app.js~"]
    {
        put(folder.path().join(name), "new");
    }
    put(folder.path().join("passing"), "new");
    fs::remove_file(folder.path().join("passing")).expect("removed");
    // And so the next that is told is another.
    assert_eq!(events.after(|| put(folder.path().join("css/a.css"), "new")), "css /css/a.css");
    let hidden = Server::start(folder.path(), &["--reload", "--hidden", "--log", "off"]);
    let (mut events, _) = Events::open(&hidden);
    assert_eq!(events.after(|| put(folder.path().join(".hidden"), "newer")), "reload");
}

#[test]
fn a_burst_gives_one_event() {
    let folder = site();
    let server = start(folder.path());
    let (mut events, hello) = Events::open(&server);
    assert_eq!((&hello["reloads"], &hello["styles"], &hello["ago"]), (&0.into(), &0.into(), &Value::Null));
    let burst = || (0..200).for_each(|number| put(folder.path().join(format!("{number}.html")), "x"));
    assert_eq!(events.after(burst), "reload");
    // On a machine that stops in the middle of it, it may be two, and the style sheet may belong to the second.
    let mut tries = 1;
    while events.after(|| put(folder.path().join("css/a.css"), &format!("new {tries}"))) == "reload" {
        assert!(tries < 10, "a style sheet is never told by itself");
        tries += 1;
    }
    let (_, hello) = Events::open(&server);
    assert!(hello["reloads"].as_u64().expect("a number") <= tries, "{hello}");
    assert!(hello["styles"].as_u64().expect("a number") >= 1, "{hello}");
    assert!(hello["ago"].as_u64().is_some(), "{hello}");
}

#[test]
fn several_style_sheets_are_told_one_by_one_and_with_a_page_it_is_a_reload() {
    let folder = site();
    let server = start(folder.path());
    let (mut events, _) = Events::open(&server);
    let both = || {
        put(folder.path().join("css/a.css"), "1");
        put(folder.path().join("css/b.css"), "1");
    };
    assert_eq!(events.after(both), "css /css/a.css");
    assert_eq!(events.next().1["path"], "/css/b.css");
    let with_a_page = || {
        put(folder.path().join("css/a.css"), "2");
        put(folder.path().join("index.html"), "2");
    };
    assert_eq!(events.after(with_a_page), "reload");
}

#[test]
fn a_folder_that_is_removed_and_made_again_or_replaced_is_watched_again() {
    let around = folder(&[]);
    let site = around.path().join("site");
    let fill = |folder: &Path| {
        fs::create_dir_all(folder.join("css")).expect("made");
        put(folder.join("css/a.css"), "1");
        put(folder.join("index.html"), "1");
    };
    fill(&site);
    let server = start(&site);
    let (mut events, _) = Events::open(&server);
    let again = || {
        fs::remove_dir_all(&site).expect("removed");
        fill(&site);
    };
    let replaced = || {
        fill(&around.path().join("next"));
        fs::rename(&site, around.path().join("old")).expect("renamed");
        fs::rename(around.path().join("next"), &site).expect("renamed");
    };
    let changes: [&dyn Fn(); 2] = [&again, &replaced];
    for change in changes {
        assert_eq!(events.after(change), "reload");
        // Whatever is left to be told of it: after this there is nothing, and all of it is watched.
        let style = || put(site.join("css/a.css"), "2");
        let is_watched = (0..20).any(|_| events.after(style) == "css /css/a.css");
        assert!(is_watched);
    }
}

#[cfg(unix)]
#[test]
fn a_link_to_the_folder_that_leads_elsewhere_is_followed() {
    let around = folder(&[("one/index.html", "1"), ("two/index.html", "2")]);
    let link = around.path().join("current");
    std::os::unix::fs::symlink("one", &link).expect("linked");
    let server = start(&link);
    let (mut events, _) = Events::open(&server);
    let switch = || {
        std::os::unix::fs::symlink("two", around.path().join("next")).expect("linked");
        fs::rename(around.path().join("next"), &link).expect("renamed");
    };
    assert_eq!(events.after(switch), "reload");
    assert_eq!(events.after(|| put(around.path().join("two/index.html"), "3")), "reload");
}

#[test]
fn a_single_file_is_watched_and_its_neighbours_are_not() {
    for option in ["--reload", "--reload=poll"] {
        let folder = site();
        let server = Server::start(&folder.path().join("index.html"), &[option, "--log", "off"]);
        assert!(server.get("/").text().contains(TAG));
        let (mut events, _) = Events::open(&server);
        put(folder.path().join("app.js"), "new");
        // Renamed over, so that it cannot be seen half written.
        put(folder.path().join("next"), "new");
        let over = || fs::rename(folder.path().join("next"), folder.path().join("index.html"));
        assert_eq!(events.after(|| over().expect("renamed")), "reload");
        let (_, hello) = Events::open(&server);
        assert_eq!(hello["reloads"], 1, "{option}");
    }
}

// ---- what is left out, and what it was

#[test]
fn files_that_are_ignored_reload_nothing_and_explain_names_those_that_do() {
    for option in ["--reload", "--reload=poll"] {
        let folder = site();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("data")).expect("made");
        put(at("old.log"), "1");
        let options =
            [option, "--reload-ignore", "*.log,*.{db,db-wal}", "--reload-ignore", "/data", "--explain"];
        let server = Server::start(folder.path(), &options);
        let (mut events, _) = Events::open(&server);
        for name in ["old.log", "css/new.log", "data/x.html", "site.db", "site.db-wal"] {
            put(at(name), "new");
        }
        fs::remove_file(at("old.log")).expect("removed");
        assert_eq!(events.after(|| put(at("css/a.css"), "new")), "css /css/a.css", "{option}");
        let told = |expected: &str| server.process.stdout.line(expected, |line| line == expected);
        told("Reload: \"css/a.css\" has changed: pages swap it");
        assert_eq!(events.after(|| fs::remove_file(at("app.js")).expect("removed")), "reload");
        told("Reload: \"app.js\" is gone: pages reload");
        let lines = server.process.stdout.so_far();
        assert_eq!(lines.iter().filter(|line| line.starts_with("Reload: ")).count(), 2, "{lines:?}");
        let (_, hello) = Events::open(&server);
        assert_eq!((&hello["reloads"], &hello["styles"]), (&1.into(), &1.into()));
    }
}

#[test]
fn what_has_changed_is_said_to_nobody_who_has_not_asked() {
    let folder = site();
    let server = Server::start(folder.path(), &["--reload"]);
    let (mut events, _) = Events::open(&server);
    assert_eq!(events.after(|| put(folder.path().join("app.js"), "new")), "reload");
    let (out, complaints) = (server.process.stdout.so_far(), server.process.stderr.so_far());
    assert!(!out.iter().chain(&complaints).any(|line| line.contains("app.js")), "{out:?} {complaints:?}");
}

// ---- where the system does not tell

/// A folder that is another one seen through a program.
#[cfg(unix)]
struct Mirror<'a>(&'a Path);

#[cfg(unix)]
impl Mirror<'_> {
    fn of<'a>(source: &Path, place: &'a Path) -> Mirror<'a> {
        let status = std::process::Command::new("bindfs").arg(source).arg(place).status();
        assert!(status.expect("bindfs").success());
        Mirror(place)
    }
}

#[cfg(unix)]
impl Drop for Mirror<'_> {
    fn drop(&mut self) {
        // Lazily: the server may still look at it.
        for (program, option) in [("fusermount3", "-uz"), ("fusermount", "-uz"), ("umount", "-l")] {
            let done = std::process::Command::new(program).arg(option).arg(self.0).output();
            if done.is_ok_and(|output| output.status.success()) {
                return;
            }
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "needs bindfs and the right to mount; .ci/run runs it"]
fn changes_behind_a_mount_that_does_not_tell_of_them_are_found_and_that_is_said() {
    let source = site();
    let place = folder(&[]);
    let mirror = Mirror::of(source.path(), place.path());
    let server = start(place.path());
    server.process.stderr.line("what it does", |line| line.contains("--reload: ") && line.contains("FUSE"));
    let (mut events, _) = Events::open(&server);
    assert_eq!(events.after(|| put(source.path().join("index.html"), "new")), "reload");
    assert_eq!(events.after(|| put(source.path().join("css/a.css"), "new")), "css /css/a.css");
    assert_eq!(events.after(|| put(source.path().join("css/new.css"), "new")), "css /css/new.css");
    assert_eq!(events.after(|| fs::remove_file(source.path().join("app.js")).expect("removed")), "reload");
    // What comes through it is told by the system, and not found once more by looking.
    let before = Events::open(&server).1["styles"].as_u64().expect("a number");
    assert_eq!(events.after(|| put(place.path().join("css/b.css"), "new")), "css /css/b.css");
    assert_eq!(events.after(|| put(source.path().join("index.html"), "newer")), "reload");
    assert_eq!(Events::open(&server).1["styles"], before + 1);
    drop((server, mirror));
    // And in a folder of which only a part is such a mount.
    let outer = folder(&[("index.html", "1")]);
    let sub = outer.path().join("sub");
    fs::create_dir(&sub).expect("made");
    let _mirror = Mirror::of(source.path(), &sub);
    let server = start(outer.path());
    let (mut events, _) = Events::open(&server);
    assert_eq!(events.after(|| put(source.path().join("css/a.css"), "newer")), "css /sub/css/a.css");
    assert_eq!(events.after(|| put(outer.path().join("index.html"), "2")), "reload");
}

// ---- the script in pages

/// A page, asked for by GET and HEAD, which must agree on all but the body.
fn page(server: &Server, target: &str, fields: &str) -> Reply {
    let reply = server.connect().get_with(target, fields);
    let mut client = server.connect();
    client.send(format!("HEAD {target} HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n"));
    let without_date = |head: &str| -> Vec<String> {
        head.lines().filter(|line| !line.starts_with("Date:")).map(str::to_owned).collect()
    };
    assert_eq!(without_date(&client.head().head), without_date(&reply.head), "{target}");
    reply
}

#[test]
fn pages_get_the_script_with_length_and_validators_of_their_own() {
    let long = "x".repeat(2_000_000);
    let (page_of_404, tag) = ("<p>nothing</body>", TAG);
    let folder = folder(&[
        ("index.html", "<p>Hi</BODY></html>\n"),
        ("open.htm", "<p>Hi"),
        ("empty.html", ""),
        ("long.html", &format!("{long}</body>")),
        ("sub/a.txt", ""),
        ("404.html", page_of_404),
    ]);
    let (plain, server) = (Server::start(folder.path(), &["--log", "off"]), start(folder.path()));
    let nothing = "Accept: text/html\r\n";
    let table = [
        ("/", "", format!("<p>Hi{tag}</BODY></html>\n")),
        ("/index.html", "", format!("<p>Hi{tag}</BODY></html>\n")),
        ("/open.htm", "", format!("<p>Hi{tag}")),
        ("/empty.html", "", tag.to_owned()),
        ("/long.html", "", format!("{long}{tag}</body>")),
        ("/nothing", nothing, format!("<p>nothing{tag}</body>")),
    ];
    for (target, fields, expected) in table {
        // Twice: from the disk, and from memory.
        for _ in 0..2 {
            let reply = page(&server, target, fields);
            assert!(reply.text() == expected, "{target}: {}", reply.head);
            assert_eq!(reply.field("content-length"), Some(expected.len().to_string().as_str()));
        }
        if target == "/nothing" {
            continue;
        }
        let (without, with) = (plain.get(target), server.get(target));
        let tag_of = |reply: &Reply| reply.field("etag").expect("a tag").to_owned();
        assert_eq!(tag_of(&with), format!("\"{}-r\"", tag_of(&without).trim_matches('"')));
        assert_eq!(with.field("last-modified"), without.field("last-modified"));
        assert_eq!(with.field("accept-ranges"), Some("none"));
        let known =
            |tag: &str| server.connect().get_with(target, &format!("If-None-Match: {tag}\r\n")).status;
        assert_eq!((known(&tag_of(&with)), known(&tag_of(&without))), (304, 200), "{target}");
        let ranged = page(&server, target, "Range: bytes=0-1\r\n");
        assert_eq!((ranged.status, ranged.body.len()), (200, expected.len()), "{target}");
    }
}

#[test]
fn what_is_no_page_is_left_as_it_is() {
    let folder = site();
    let gzip_like = b"\x1f\x8b\x08</body>\0\xff";
    write(folder.path(), "page.html.gz", gzip_like);
    write(folder.path(), "utf16.html", b"\xff\xfe<\0p\0>\0");
    write(folder.path(), "picture.svg", "<svg xmlns='http://www.w3.org/2000/svg'></svg>");
    let (plain, server) = (Server::start(folder.path(), &["--log", "off"]), start(folder.path()));
    for target in ["/app.js", "/css/a.css", "/page.html.gz", "/utf16.html", "/picture.svg"] {
        let (without, with) = (plain.get(target), server.get(target));
        assert_eq!(with.body, without.body, "{target}");
        for name in ["content-length", "content-type", "etag", "last-modified", "accept-ranges"] {
            assert_eq!(with.field(name), without.field(name), "{target}: {name}");
        }
        let part = server.connect().get_with(target, "Range: bytes=0-1\r\n");
        assert_eq!((part.status, part.body.as_slice()), (206, &without.body[..2]), "{target}");
    }
}

#[test]
fn a_page_is_never_stale_though_the_script_is_in_it() {
    let folder = site();
    let server = start(folder.path());
    for number in 0..20 {
        // As if it were old: so it is kept in memory.
        write(folder.path(), "index.html", format!("<p>{number:02}"));
        for _ in 0..2 {
            assert_eq!(server.get("/").text(), format!("<p>{number:02}{TAG}"));
        }
    }
}

#[test]
fn pages_that_the_server_makes_reload_too_and_allow_nothing_else() {
    let folder = folder(&[("a.txt", "")]);
    let server = start(folder.path());
    for target in ["/", "/nothing"] {
        let reply = server.connect().get_with(target, "Accept: text/html\r\n");
        let policy = reply.field("content-security-policy").expect("a policy");
        let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next());
        let tag =
            format!("<script src=\"/.glass/reload.js\" nonce=\"{}\" async></script>", nonce.expect(policy));
        assert!(reply.text().contains(&tag), "{target}");
        assert!(policy.contains("default-src 'none'"), "{policy}");
    }
    assert!(!server.get("/?format=json").text().contains("reload.js"));
}

#[test]
fn browsers_ask_again_whatever_is_said_of_caching() {
    let folder = site();
    for (cache, expected) in [("3600", "no-cache"), ("no-store", "no-store"), ("no-cache", "no-cache")] {
        let server = Server::start(folder.path(), &["--reload", "--log", "off", "--cache", cache]);
        assert_eq!(server.get("/app.js").field("cache-control"), Some(expected), "{cache}");
    }
}

// ---- who may listen

#[test]
fn only_pages_of_the_site_may_listen_and_only_so_many() {
    let folder = site();
    let options = ["--reload", "--log", "off", "--max-connections", "40"];
    let server = Server::start(folder.path(), &options);
    let ask = |target: &str, host: &str, fields: &str| {
        let mut client = server.connect();
        client.send(format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n"));
        client.head().status
    };
    for target in ["/.glass/reload", "/.glass/reload.js"] {
        assert_eq!(ask(target, "localhost", "Sec-Fetch-Site: same-origin\r\n"), 200, "{target}");
        assert_eq!(ask(target, "localhost", "Sec-Fetch-Site: cross-site\r\n"), 403, "{target}");
        assert_eq!(ask(target, "evil.example", ""), 421, "{target}");
    }
    let mut client = server.connect();
    client.send("POST /.glass/reload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(client.reply().status, 405);
    // A quarter of the connections; those from above may not have been found gone yet.
    let mut pages = Vec::new();
    let refused = loop {
        let mut client = server.connect();
        client.send("GET /.glass/reload HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let head = client.head();
        if head.status != 200 {
            break head;
        }
        pages.push(client);
        assert!(pages.len() <= 10);
    };
    assert_eq!((refused.status, refused.field("retry-after")), (503, Some("1")));
    pages.clear();
    wait_until("room again", || (ask("/.glass/reload", "localhost", "") == 200).then_some(()));
}

#[test]
fn without_the_option_there_is_nothing() {
    let folder = site();
    let server = Server::start(folder.path(), &["--log", "off"]);
    assert_eq!(server.get("/.glass/reload").status, 404);
    assert_eq!(server.get("/.glass/reload.js").status, 404);
    assert!(!server.get("/").text().contains("reload.js"));
}

#[test]
fn the_inspector_goes_on_beside_it_and_does_not_show_it() {
    let folder = site();
    let server = Server::start(folder.path(), &["--reload", "--inspect", "--log", "off"]);
    assert_eq!(server.get("/.glass/reload.js").status, 200);
    assert_eq!(server.get("/.glass/").status, 200);
    server.get("/app.js");
    wait_until("the exchange to be known", || {
        (server.get("/.glass/live?target=/app.js").status == 200).then_some(())
    });
    assert_eq!(server.get("/.glass/live?target=/.glass/reload.js").status, 404);
}

#[test]
fn the_server_stops_at_once_although_pages_listen() {
    let folder = site();
    let server = start(folder.path());
    let (mut events, _) = Events::open(&server);
    let began = Instant::now();
    server.stop();
    assert!(began.elapsed() < PATIENCE / 4);
    events.0.client().rest().expect("the stream ends");
}

// ---- many files

#[test]
fn a_folder_of_very_many_files_is_watched_at_once() {
    const FOLDERS: usize = 100;
    let files = support::setting("GLASSHTTP_TEST_RELOAD_FILES", 5_000);
    let folder = folder(&[("index.html", "<p>Hi")]);
    for number in 0..usize::try_from(files).expect("it fits") {
        let at = folder.path().join(format!("f{}", number % FOLDERS));
        fs::create_dir_all(&at).expect("made");
        fs::File::create(at.join(format!("{number}.css"))).expect("made");
    }
    let began = Instant::now();
    let server = start(folder.path());
    let started = began.elapsed();
    println!("{files} files: listening after {started:?}");
    assert!(started < SOON, "{started:?}");
    let (mut events, _) = Events::open(&server);
    assert_eq!(events.after(|| put(folder.path().join("f99/99.css"), "x")), "css /f99/99.css");
}

/// The limit is for a whole user, so it cannot be reached without harm to others, but in a namespace of
/// its own it can. Where there are none this shows nothing.
#[test]
fn where_the_system_allows_no_watches_files_that_were_asked_for_are_looked_at() {
    let folder = site();
    let mut command = std::process::Command::new("unshare");
    let script = "echo 0 > /proc/sys/user/max_inotify_watches && exec \"$0\" \"$@\"";
    command.args(["--user", "--map-root-user", "sh", "-c", script, env!("CARGO_BIN_EXE_glasshttp")]);
    let probe = std::process::Command::new("unshare")
        .args(["--user", "--map-root-user", "sh", "-c", "echo 0 > /proc/sys/user/max_inotify_watches"])
        .stderr(std::process::Stdio::null())
        .status();
    if !probe.is_ok_and(|status| status.success()) {
        println!("this machine does not let a test lower the limit: nothing to try");
        return;
    }
    let server =
        Server::start_command(command.args(["--port", "0", "--reload", "--log", "off"]).arg(folder.path()));
    let (mut events, _) = Events::open(&server);
    server.get("/");
    server.get("/css/a.css");
    // It has to be seen once before a change can be.
    wait_until("a change to be seen", || {
        put(folder.path().join("css/a.css"), &format!("{:?}", Instant::now()));
        (Events::open(&server).1["styles"] != 0).then_some(())
    });
    assert_eq!(events.next().1["path"], "/css/a.css");
    let page = || put(folder.path().join("index.html"), &format!("{:?}", Instant::now()));
    assert!((0..3).any(|_| events.after(page) == "reload"));
    let complaint = server.process.stderr.so_far();
    one_line(&complaint, &["glasshttp: --reload: ", "max_user_watches"], &"the limit");
}

#[cfg(target_os = "linux")]
#[test]
fn a_page_that_hears_nothing_wakes_nobody() {
    let folder = site();
    let server = Server::start(folder.path(), &["--reload", "--inspect", "--log", "off"]);
    let pages = ["/.glass/reload", "/.glass/reload", "/.glass/events"];
    let mut pages = pages.map(|page| support::Events::open(&server, page).0);
    let sleeps = || server.process.sleeps_of_workers();
    // What the pages are told at their beginning is told, and the workers sleep.
    let before = wait_until("the workers to sleep", || {
        let before = sleeps();
        let quiet = pages
            .iter_mut()
            .all(|page| page.client().listen(Duration::from_millis(100)).is_ok_and(|heard| heard.is_none()));
        (quiet && sleeps() == before).then_some(before)
    });
    // Long enough for six looks at each, if anybody looked every 50 ms.
    for page in &mut pages {
        assert_eq!(page.client().listen(Duration::from_millis(300)).expect("it stays open"), None);
    }
    assert_eq!(sleeps(), before, "nothing happened, and yet a worker woke up");
    put(folder.path().join("app.js"), "changed");
    assert!(pages[0].client().listen(SOON).expect("it stays open").is_some(), "what happens is told at once");
}
