//! Passwords from outside: who comes in, who does not, and that guessing holds nobody up.

#[cfg(unix)]
use crate::support::terminal::Terminal;
use crate::support::{
    self, Client, Finished, PATIENCE, Process, Server, as_text, folder, glasshttp, one_line, run, wait_until,
};
use serde_json::Value;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// "secret", as `htpasswd -nbB` writes it; the second takes some tenths of a second to verify.
const BCRYPT: &str = "$2y$04$KBCwKxOzLha2MUDgW0PjXe/hE/UCO9qF89dOydoHjSwxcHev5LRn.";
const SLOW: &str = "$2y$12$KBCwKxOzLha2MUDgW0PjXe5zOQEHWGkVavCMesZf/asYM36fDVIQa";

/// "geheim".
const ARGON2: &str = "$argon2id$v=19$m=8,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$\
    N+GRuINa4s/GOi3rBlFH9/+TweY3A1susnO3TVBVtmU";

const CHALLENGE: &str = "Basic realm=\"glasshttp\", charset=\"UTF-8\"";

fn site() -> TempDir {
    folder(&[("index.html", "start"), ("a.txt", "aaaaa")])
}

/// A file of users in a folder of its own, for its owner alone.
fn users(content: &str) -> (TempDir, PathBuf) {
    let folder = folder(&[("users", content)]);
    let path = folder.path().join("users");
    for_the_owner_alone(&path);
    (folder, path)
}

#[cfg(unix)]
fn for_the_owner_alone(file: &Path) {
    fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("the mode is set");
}

/// A temporary folder is its owner's own there.
#[cfg(windows)]
fn for_the_owner_alone(_: &Path) {}

fn start(site: &TempDir, plain: &str, file: Option<&Path>, options: &[&str]) -> Server {
    let mut command = glasshttp();
    command.args(["--port", "0"]).args(options);
    if !plain.is_empty() {
        command.env("GLASSHTTP_AUTH", plain);
    }
    if let Some(file) = file {
        command.arg("--auth-file").arg(file);
    }
    Server::start_command(command.arg(site.path()))
}

fn authorization(claim: &str) -> String {
    use base64::Engine;
    format!("Authorization: Basic {}\r\n", base64::engine::general_purpose::STANDARD.encode(claim))
}

/// The status of a GET, with this claim unless it is empty.
fn status(client: &mut Client, claim: &str) -> u16 {
    let field = if claim.is_empty() { String::new() } else { authorization(claim) };
    client.get_with("/a.txt", &field).status
}

/// The same from an address of this machine that is all its own, and so from a network that is, too.
fn connect_from(server: &Server, number: u8) -> Client {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("a socket");
    socket.bind(&SocketAddr::from((Ipv4Addr::new(127, 9, 9, number), 0)).into()).expect("a loopback address");
    socket.connect(&server.address.into()).expect("the server accepts connections");
    Client::over(TcpStream::from(socket)).expect("a socket")
}

fn curl(server: &Server, path: &str, options: &[&str]) -> String {
    let mut command = Command::new("curl");
    let patience = PATIENCE.as_secs().to_string();
    command.args(["-q", "--silent", "--show-error", "--noproxy", "*", "--max-time", &patience]);
    command.args(["--write-out", " %{http_code}"]).args(options).arg(server.url(path));
    let output = command.stdin(Stdio::null()).output().expect("these tests need curl");
    assert!(output.status.success(), "curl: {}", as_text(&output.stderr));
    as_text(&output.stdout)
}

// ---- who comes in

#[test]
fn curl_comes_in_with_the_password_of_each_kind_of_user_and_not_without() {
    let (site, (_folder, file)) = (site(), users(&format!("alice:{BCRYPT}\nbob:{ARGON2}\n")));
    let server = start(&site, "pia:p\u{e4}pper:2", Some(&file), &[]);
    let table = [
        ("alice:secret", "aaaaa 200"),
        ("alice:secret", "aaaaa 200"),
        ("bob:geheim", "aaaaa 200"),
        ("pia:p\u{e4}pper:2", "aaaaa 200"),
        ("alice:wrong", "401 Unauthorized: the user name or the password is wrong\n 401"),
        ("eve:secret", "401 Unauthorized: the user name or the password is wrong\n 401"),
    ];
    for (claim, expected) in table {
        assert_eq!(curl(&server, "/a.txt", &["-u", claim]), expected, "{claim}");
    }
    assert_eq!(curl(&server, "/a.txt", &[]), "401 Unauthorized: a user name and a password are needed\n 401");
    // curl asks without a password first, and then answers the challenge.
    assert_eq!(curl(&server, "/a.txt", &["--anyauth", "-u", "alice:secret"]), "aaaaa 200");
    assert_eq!(curl(&server, "/a.txt", &["-u", "alice:secret", "-r", "0-1"]), "aa 206");
}

#[test]
fn without_a_password_there_is_a_challenge_whatever_is_asked_for() {
    let site = site();
    let server = start(&site, "alice:secret", None, &["--inspect", "--cors"]);
    let lines = [
        "GET / HTTP/1.1",
        "HEAD /a.txt HTTP/1.1",
        "GET /nothing HTTP/1.1",
        "GET /../x HTTP/1.1",
        "GET /x/../a.txt HTTP/1.1",
        "GET /.glass%2f..%2fa.txt HTTP/1.1",
        "GET /x/../.glass/ HTTP/1.1",
        "GET /%2eglass%2fsource/src/lib.rs HTTP/1.1",
        "PUT /a.txt HTTP/1.1",
        "BREW / HTTP/1.1",
        "OPTIONS * HTTP/1.1",
        "GET /.glass HTTP/1.1",
        "GET /.glass/ HTTP/1.1",
        "GET /.glass/source/src/lib.rs HTTP/1.1",
        "POST /.glass/send HTTP/1.1",
    ];
    for line in lines {
        let mut client = server.connect();
        client.send(format!("{line}\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
        let head = client.head();
        assert_eq!((head.status, head.field("www-authenticate")), (401, Some(CHALLENGE)), "{line}");
    }
    let preflight = "OPTIONS /a.txt HTTP/1.1\r\nHost: localhost\r\nOrigin: http://a.example\r\n\
                     Access-Control-Request-Method: GET\r\n\r\n";
    let mut client = server.connect();
    client.send(preflight);
    assert_eq!(client.reply().status, 204, "browsers send it without a password");
    assert_eq!(client.get_with("/.glass/", &authorization("alice:secret")).status, 200);
    client.send("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n");
    assert_eq!(client.reply().status, 421, "nobody is asked for a password under another site's name");
}

#[test]
fn nothing_can_be_uploaded_without_a_password() {
    let (site, (_folder, file)) = (site(), users(&format!("alice:{BCRYPT}\n")));
    let server = start(&site, "", Some(&file), &["--upload"]);
    let put = |claim: &str, expect: &str| {
        let mut client = server.connect();
        client.send(format!(
            "PUT /new.txt HTTP/1.1\r\nHost: localhost\r\n{claim}{expect}Content-Length: 3\r\n\r\n"
        ));
        client
    };
    for expect in ["", "Expect: 100-continue\r\n"] {
        assert_eq!(put("", expect).head().status, 401, "at once, whether the body comes or not");
        assert_eq!(put(&authorization("alice:no"), expect).head().status, 401);
    }
    let files = || fs::read_dir(site.path()).expect("a folder").count();
    assert_eq!(files(), 2, "nothing was begun");
    let mut client = put(&authorization("alice:secret"), "Expect: 100-continue\r\n");
    assert_eq!(client.head().status, 100);
    client.send("new");
    assert_eq!(client.reply().status, 201);
    assert_eq!(curl(&server, "/new.txt", &["-u", "alice:secret"]), "new 200");
    one_line(&server.stop().stderr, &["uploads are on: whoever knows a password may add"], &"--upload");
}

#[test]
fn a_password_may_be_asked_for_adding_alone() {
    let site = site();
    let options = ["--upload", "--auth-for", "upload", "--inspect", "--reload", "--metrics", "--explain"];
    let server = start(&site, "alice:secret", None, &options);
    let ask = |line: &str, fields: &str| {
        let mut client = server.connect();
        client.send(format!("{line} HTTP/1.1\r\nHost: localhost\r\n{fields}Connection: close\r\n\r\n"));
        let head = client.head();
        (head.status, head.field("www-authenticate").is_some(), head.field("vary").map(str::to_owned))
    };
    let form = "Content-Type: multipart/form-data; boundary=x\r\n";
    let picks = "Content-Type: application/x-www-form-urlencoded\r\n";
    let table = [
        ("GET /a.txt", "", 200),
        ("HEAD /a.txt", "", 200),
        ("OPTIONS *", "", 204),
        ("OPTIONS /a.txt", "", 204),
        ("GET /nothing", "", 404),
        ("GET /.glass/health", "", 200),
        ("GET /.glass/reload.js", "", 200),
        // A wrong password takes nothing away from who needs none.
        ("GET /a.txt", &authorization("alice:wrong"), 200),
        ("PUT /new.txt", "", 401),
        ("PUT /new.txt", &authorization("alice:wrong"), 401),
        ("POST /", form, 401),
        ("POST /", "", 401),
        // What is picked comes as the body of a form if it is too long for a target, and is only read. (Here nothing is.)
        ("POST /?archive=zip", picks, 400),
        ("POST /?archive=zip", form, 401),
        ("POST /", picks, 401),
        ("DELETE /a.txt", "", 401),
        ("BREW /a.txt", "", 401),
        ("GET /.glass/", "", 401),
        ("GET /.glass", "", 401),
        ("GET /x/../%2eglass/events", "", 401),
        ("GET /.glass/source/src/lib.rs", "", 401),
        ("GET /.glass/nothing", "", 401),
        ("POST /.glass/send", "", 401),
        ("GET /.glass/", &authorization("alice:secret"), 200),
    ];
    for (line, fields, status) in table {
        let (said, asks, _) = ask(line, fields);
        assert_eq!((said, asks), (status, status == 401), "{line} {fields}");
    }
    let without = ask("GET /a.txt", "").2;
    assert_eq!(
        ask("GET /a.txt", &authorization("alice:secret")).2,
        without,
        "it depends on nobody's password"
    );
    let put = ["-T", "-", "-u", "alice:secret"];
    assert_eq!(curl(&server, "/folder/new.txt", &put), " 201");
    let end = server.stop();
    let why = "it changes nothing, and --auth-for upload asks for a password for adding alone";
    assert!(end.stdout.iter().any(|line| line.contains("? auth") && line.ends_with(why)));
    one_line(&end.stderr, &["whoever knows a password may add", "and everybody may read"], &"--auth-for");
}

#[test]
fn for_what_a_password_is_asked_needs_users_and_what_it_is_asked_for() {
    let table: [(&[&str], &[&str]); 4] = [
        (&["--auth-for", "upload", "--upload"], &["add --auth or --auth-file"]),
        (&["--auth-for", "everything"], &["add --auth or --auth-file"]),
        (&["--auth-for", "upload", "--auth", "a:b"], &["none can be added", "add --upload"]),
        (&["--auth-for", "reading", "--auth", "a:b"], &["everything, upload"]),
    ];
    for (options, parts) in table {
        let end = run(glasshttp().args(options));
        assert_eq!(end.code, Some(2), "{options:?}");
        one_line(&end.stderr, parts, &options);
    }
}

#[test]
fn a_body_is_read_to_its_end_before_the_next_request_even_while_a_password_is_verified() {
    let (site, (_folder, file)) = (site(), users(&format!("alice:{BCRYPT}\n")));
    let server = start(&site, "", Some(&file), &[]);
    let field = authorization("alice:secret");
    let mut client = server.connect();
    client.send(format!(
        "POST / HTTP/1.1\r\nHost: localhost\r\n{field}Content-Length: 5\r\n\r\nGET /\
         GET /a.txt HTTP/1.1\r\nHost: localhost\r\n{field}\r\n"
    ));
    assert_eq!(client.reply().status, 405);
    assert_eq!(client.reply().text(), "aaaaa");
}

/// RFC 9111 section 3.5: a shared cache may keep the answer to a request with Authorization only if
/// that says so in one of these ways.
#[test]
fn what_needs_a_password_is_kept_by_no_shared_cache() {
    let site = site();
    for options in [&[][..], &["--cache", "3600"]] {
        let server = start(&site, "alice:secret", None, options);
        for target in ["/a.txt", "/", "/nothing"] {
            let reply = server.connect().get_with(target, &authorization("alice:secret"));
            let control = reply.field("cache-control").unwrap_or_default();
            let is_shared =
                ["public", "s-maxage", "must-revalidate"].iter().any(|word| control.contains(word));
            assert!(!is_shared, "{target}: {control}");
        }
    }
}

// ---- guessing

#[test]
fn while_somebody_guesses_a_single_worker_serves_all_others() {
    let (site, (_folder, file)) = (site(), users(&format!("alice:{SLOW}\n")));
    let server = start(&site, "pia:pepper", Some(&file), &["--threads", "1"]);
    // Each from a network of its own, so that none is turned away.
    let mut guessers: Vec<_> = (1..=4).map(|number| connect_from(&server, number)).collect();
    for (number, guesser) in guessers.iter_mut().enumerate() {
        guesser.send(format!(
            "GET /a.txt HTTP/1.1\r\nHost: localhost\r\n{}\r\n",
            authorization(&format!("alice:{number}"))
        ));
    }
    // That one of them has an answer says that the next is just being verified.
    assert_eq!(guessers.remove(0).reply().status, 401);
    let mut client = server.connect();
    for _ in 0..20 {
        assert_eq!(status(&mut client, "pia:pepper"), 200);
    }
    let last = guessers.last_mut().expect("three are left");
    let heard = last.listen(Duration::from_millis(1)).expect("it is connected");
    assert_eq!(heard, None, "twenty requests were answered while guesses were still being verified");
    assert_eq!(status(&mut server.connect(), "alice:secret"), 200, "whoever waits has a turn");
}

#[test]
fn who_guesses_is_told_to_wait_and_then_nothing_is_verified() {
    let (site, (_folder, file)) = (site(), users(&format!("alice:{BCRYPT}\n")));
    let server = start(&site, "pia:pepper", Some(&file), &[]);
    let mut client = connect_from(&server, 1);
    assert_eq!(status(&mut client, "alice:secret"), 200);
    for number in 0..5 {
        assert_eq!(status(&mut client, &format!("alice:{number}")), 401);
    }
    for claim in ["alice:5", "alice:secret", "pia:pepper"] {
        let reply = client.get_with("/a.txt", &authorization(claim));
        let seconds = reply.field("retry-after").and_then(|seconds| seconds.parse::<u32>().ok());
        assert_eq!(reply.status, 429, "{claim}");
        assert!(seconds.is_some_and(|seconds| (1..=30).contains(&seconds)), "{}", reply.head);
    }
    assert_eq!(status(&mut client, ""), 401, "who claims nothing is asked");
    assert_eq!(status(&mut connect_from(&server, 2), "alice:secret"), 200);
}

#[test]
fn yesterdays_password_asked_with_again_and_again_locks_nobody_out() {
    let (site, (_folder, file)) = (site(), users(&format!("alice:{BCRYPT}\n")));
    for server in [start(&site, "", Some(&file), &[]), start(&site, "alice:secret", None, &[])] {
        let mut clients: Vec<_> = (0..20).map(|_| server.connect()).collect();
        for client in &mut clients {
            client.send(format!("GET / HTTP/1.1\r\nHost: localhost\r\n{}\r\n", authorization("alice:old")));
        }
        for client in &mut clients {
            assert_eq!(client.reply().status, 401);
        }
        assert_eq!(status(&mut server.connect(), "alice:secret"), 200);
    }
}

#[cfg(unix)]
#[test]
fn guesses_take_the_memory_of_one_and_give_it_back() {
    const MIB: u64 = 1024 * 1024;
    // As --hash writes it: 19 MiB each.
    let line = "alice:$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$\
        N+GRuINa4s/GOi3rBlFH9/+TweY3A1susnO3TVBVtmU\n";
    let (site, (_folder, file)) = (site(), users(line));
    let server = start(&site, "", Some(&file), &[]);
    let before = server.process.memory();
    for number in 0..12 {
        // One after another, and all at once from networks of their own.
        assert_eq!(status(&mut connect_from(&server, 10 + number), &format!("alice:{number}")), 401);
    }
    let mut guessers: Vec<_> = (0..12).map(|number| connect_from(&server, 50 + number)).collect();
    for (number, guesser) in guessers.iter_mut().enumerate() {
        let field = authorization(&format!("alice:again {number}"));
        guesser.send(format!("GET /a.txt HTTP/1.1\r\nHost: localhost\r\n{field}\r\n"));
    }
    for guesser in &mut guessers {
        assert_eq!(guesser.reply().status, 401);
    }
    let peak = server.process.peak_memory();
    assert!(peak > before + 15 * MIB, "it was verified: {before} {peak}");
    assert!(peak < before + 40 * MIB, "the memory of one is enough: {before} {peak}");
    wait_until("it to be given back", || (server.process.memory() < before + 10 * MIB).then_some(()));
}

// ---- another file

#[cfg(unix)]
#[test]
fn at_sighup_the_file_is_read_again_and_an_old_password_works_no_more() {
    let (site, (_folder, file)) = (site(), users(&format!("alice:{BCRYPT}\nbob:{ARGON2}\n")));
    let server = start(&site, "pia:pepper", Some(&file), &[]);
    let mut kept = server.connect();
    for claim in ["alice:secret", "bob:geheim", "pia:pepper"] {
        assert_eq!(status(&mut kept, claim), 200, "{claim}");
    }
    // alice has another password now, bob is gone, carol is new.
    fs::write(&file, format!("alice:{ARGON2}\ncarol:{BCRYPT}\n")).expect("written");
    assert_eq!(status(&mut kept, "alice:secret"), 200, "nobody has said that it changed");
    server.process.signal(rustix::process::Signal::HUP);
    wait_until("the new file", || (status(&mut kept, "alice:secret") == 401).then_some(()));
    for (claim, expected) in
        [("alice:geheim", 200), ("carol:secret", 200), ("bob:geheim", 401), ("pia:pepper", 200)]
    {
        assert_eq!(status(&mut server.connect(), claim), expected, "{claim}");
    }
    assert_eq!(server.stop().stderr, Vec::<String>::new());
}

#[cfg(unix)]
#[test]
fn a_file_that_is_no_good_at_sighup_is_one_line_and_the_users_stay() {
    let (site, (folder, file)) = (site(), users(&format!("alice:{BCRYPT}\n")));
    let aside = folder.path().join("aside");
    let spoil: [(&str, &dyn Fn()); 5] = [
        ("users:1: it must be user:hash", &|| fs::write(&file, "alice:plain\n").expect("written")),
        ("users:1: there is no user in it", &|| fs::write(&file, "").expect("written")),
        ("no such file", &|| fs::remove_file(&file).expect("removed")),
        ("no file that can be read again", &|| support::make_fifo(&file)),
        ("another name in the folder that is served, \"b.txt\"", &|| {
            fs::write(&file, format!("alice:{ARGON2}\n")).expect("written");
            fs::hard_link(&file, site.path().join("b.txt")).expect("a link");
        }),
    ];
    for (part, spoil) in spoil {
        let _ = fs::remove_file(&file);
        fs::write(&file, format!("alice:{BCRYPT}\n")).expect("written");
        for_the_owner_alone(&file);
        let server = start(&site, "", Some(&file), &[]);
        if part.contains("again") {
            fs::rename(&file, &aside).expect("moved");
        }
        spoil();
        server.process.signal(rustix::process::Signal::HUP);
        server.process.stderr.line(part, |line| line.contains(part));
        assert_eq!(status(&mut server.connect(), "alice:secret"), 200, "{part}");
        let end = server.stop();
        assert_eq!(end.code, Some(0), "{part}");
        one_line(&end.stderr, &["glasshttp: ", part], &part);
    }
}

#[test]
fn it_stops_at_once_with_guesses_under_way() {
    let (site, (_folder, file)) = (site(), users(&format!("alice:{SLOW}\n")));
    let mut server = start(&site, "", Some(&file), &[]);
    let mut client = server.connect();
    client.send(format!("GET /a.txt HTTP/1.1\r\nHost: localhost\r\n{}\r\n", authorization("alice:secret")));
    // That another one has its answer says that this one has been read.
    assert_eq!(status(&mut server.connect(), ""), 401);
    server.process.ask_to_stop();
    let reply = client.reply();
    assert_eq!((reply.status, reply.field("connection")), (200, Some("close")), "what was asked is answered");
    assert_eq!(server.process.finish().code, Some(0));
}

// ---- what is written down

#[test]
fn the_log_names_who_came_in_and_nobody_else() {
    let (site, (_folder, file)) = (site(), users(&format!("al ice:{BCRYPT}\n")));
    for format in ["common", "combined", "json"] {
        let server = start(&site, "", Some(&file), &["--log", format]);
        let mut client = server.connect();
        assert_eq!(status(&mut client, "al ice:secret"), 200);
        assert_eq!(status(&mut client, "al ice:wrong"), 401);
        assert_eq!(status(&mut client, ""), 401);
        client
            .send(format!("GET / HTTP/1.1\r\nHost: evil.example\r\n{}\r\n", authorization("al ice:secret")));
        assert_eq!(client.reply().status, 421);
        drop(client);
        let lines = server.stop().stdout.split_off(1);
        let names: Vec<_> = lines
            .iter()
            .map(|line| match serde_json::from_str::<Value>(line) {
                Ok(json) => json.get("user").and_then(Value::as_str).unwrap_or("-").to_owned(),
                Err(_) => line.split(' ').nth(2).expect("a third column").replace("\\x20", " "),
            })
            .collect();
        assert_eq!(names, ["al ice", "-", "-", "-"], "{lines:?}");
        assert!(!lines.iter().any(|line| line.contains("secret") || line.contains("wrong")), "{lines:?}");
    }
}

// ---- options

#[test]
fn a_file_may_be_written_by_any_editor() {
    let site = site();
    let table = [
        format!("\u{feff}alice:{BCRYPT}\n"),
        format!("\u{feff}# users\r\n\r\nalice:{BCRYPT}\r\n"),
        format!("alice:{BCRYPT}  \t\r\n"),
        format!("alice:{BCRYPT}"),
    ];
    for content in table {
        let (_folder, file) = users(&content);
        let server = start(&site, "", Some(&file), &[]);
        assert_eq!(status(&mut server.connect(), "alice:secret"), 200, "{content:?}");
    }
}

#[test]
fn a_line_that_hash_prints_lets_its_user_in() {
    let mut command = glasshttp();
    let mut process = Process::start(command.args(["--hash", "b\u{e4}r"]));
    process.type_in(b"pass word\n");
    let Finished { code, stdout, stderr } = process.finish();
    assert_eq!((code, stdout.len(), stderr.len()), (Some(0), 1, 0));
    assert!(stdout[0].starts_with("b\u{e4}r:$argon2id$v=19$m=19456,t=2,p=1$"), "{stdout:?}");
    let (site, (_folder, file)) = (site(), users(&format!("{}\n", stdout[0])));
    let server = start(&site, "", Some(&file), &[]);
    assert_eq!(status(&mut server.connect(), "b\u{e4}r:pass word"), 200);
}

#[cfg(unix)]
#[test]
fn at_a_terminal_hash_asks_twice_and_shows_nothing_of_it() {
    for (second, code, said) in [("pass word", 0, "bob:$argon2id$"), ("password", 1, "not the same")] {
        let mut command = Command::new("setsid");
        command.args(["--ctty", "--wait", env!("CARGO_BIN_EXE_glasshttp"), "--hash", "bob"]);
        let (mut terminal, mut child) = Terminal::run(&mut command);
        terminal.answer("Password for bob: ", "pass word");
        terminal.answer("again: ", second);
        wait_until("the end", || terminal.shown().contains(said).then_some(()));
        assert_eq!(child.wait().expect("it is ours").code(), Some(code));
        assert!(!terminal.shown().contains("pass"), "{}", terminal.shown());
    }
}

#[test]
fn a_bad_file_of_users_is_one_line_that_names_it_and_exit_code_1() {
    let site = site();
    let table = [
        ("alice\n", "users:1: it must be user:hash"),
        ("# all\n\nalice:plain\n", "users:3: it must be user:hash, with a bcrypt"),
        ("alice:{SHA}x\n", "--hash USER prints one"),
        ("", "users:1: there is no user in it"),
        ("\u{feff}", "users:1: there is no user in it"),
        ("a\0l\0i\0c\0e\0", "is in UTF-16: save it again in UTF-8"),
    ];
    for (content, part) in table {
        let (_folder, file) = users(content);
        let end = run(glasshttp().args(["--port", "0", "--auth-file"]).arg(&file).arg(site.path()));
        assert_eq!((end.code, end.stdout.len()), (Some(1), 0), "{end:?}");
        one_line(&end.stderr, &["glasshttp: ", part], &content);
    }
    let end = run(glasshttp().args(["--port", "0", "--auth-file", "/no/such"]).arg(site.path()));
    assert_eq!(end.code, Some(1));
    one_line(&end.stderr, &["glasshttp: cannot read the users", "/no/such", "no such file"], &"missing");
}

#[cfg(unix)]
#[test]
fn a_file_of_users_must_not_be_served_itself_and_should_be_for_its_owner_alone() {
    let site = site();
    let line = format!("alice:{BCRYPT}\n");
    support::write(site.path(), "users", &line);
    support::write(site.path(), ".htpasswd", &line);
    let refused = |name: &str, more: &[&str]| {
        let file = site.path().join(name);
        run(glasshttp().args(["--port", "0"]).args(more).arg("--auth-file").arg(file).arg(site.path()))
    };
    for (name, more) in [("users", &[][..]), (".htpasswd", &["--hidden"])] {
        let end = refused(name, more);
        assert_eq!((end.code, end.stdout.len()), (Some(1), 0), "{end:?}");
        one_line(&end.stderr, &["in the folder that is served", "elsewhere"], &name);
    }
    // One file with two names, of which one is served.
    let (folder, _) = users("");
    for (name, other, refused) in
        [("a/b.txt", "one", true), (".b.txt", "two", false), (".well-known/b", "three", true)]
    {
        support::write(site.path(), name, &line);
        let file = folder.path().join(other);
        fs::hard_link(site.path().join(name), &file).expect("a link");
        fs::hard_link(&file, folder.path().join(format!("{other}, also"))).expect("a link");
        let mut command = glasshttp();
        command.args(["--port", "0", "--auth-file"]).arg(&file);
        if refused {
            let end = run(command.arg(site.path()));
            assert_eq!((end.code, end.stdout.len()), (Some(1), 0), "{end:?}");
            one_line(&end.stderr, &["another name in the folder that is served", name, "of its own"], &name);
        } else {
            Server::start_command(command.arg(site.path()));
        }
    }
    let hidden = site.path().join(".htpasswd");
    let open_to_all = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    fs::set_permissions(&hidden, open_to_all).expect("the mode is set");
    let server = start(&site, "", Some(&hidden), &[]);
    assert_eq!(server.connect().get_with("/.htpasswd", &authorization("alice:secret")).status, 404);
    one_line(&server.stop().stderr, &["glasshttp: ", ".htpasswd", "chmod 600"], &"mode 644");
}

#[test]
fn a_password_that_cannot_be_one_is_not_repeated_on_the_terminal() {
    for wrong in ["pepper", "pia:", ":pepper"] {
        let end = run(glasshttp().args(["--auth", wrong]));
        assert_eq!((end.code, end.stdout.len()), (Some(2), 0), "{end:?}");
        let line =
            one_line(&end.stderr, &["glasshttp: ", "--auth", "a name, a colon and a password"], &wrong);
        assert!(!line.contains("pepper") && !line.contains("pia"), "{line}");
    }
}

#[test]
fn several_users_can_be_named_and_the_variable_may_hold_a_line_for_each() {
    let site = site();
    let server = start(&site, "a,b:c,d\nc:d", None, &[]);
    for claim in ["a,b:c,d", "c:d"] {
        assert_eq!(status(&mut server.connect(), claim), 200, "{claim}");
    }
    let server = start(&site, "", None, &["-a", "x:y", "--auth", "z:y"]);
    for (claim, expected) in [("x:y", 200), ("z:y", 200), ("x:z", 401)] {
        assert_eq!(status(&mut server.connect(), claim), expected, "{claim}");
    }
}
