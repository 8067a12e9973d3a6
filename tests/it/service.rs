//! A server that runs for longer: its log in a file, what SIGHUP does, the end when nobody asks, and what
//! the service manager is told.

use crate::support::{self, Client, PATIENCE, Process, Server, folder, glasshttp};
use crate::support::{glasshttp_by, one_line, run, wait_until};
use rustix::process::Signal;
use std::collections::VecDeque;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;

fn small_site() -> TempDir {
    folder(&[("a.txt", "aaaaa")])
}

/// A server on a free port that writes its log to `log` in that folder.
fn start_with_log(site: &TempDir, logs: &TempDir, options: &[&str]) -> Server {
    let mut command = glasshttp();
    command.args(["--port", "0", "--log-file"]).arg(logs.path().join("log"));
    Server::start_command(command.args(options).arg(site.path()))
}

fn lines(path: &Path) -> Vec<String> {
    fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect()
}

// ---- the log's file

#[test]
fn the_log_goes_to_the_file_behind_what_was_there_and_nothing_of_it_to_standard_output() {
    let table: &[(&[&str], &str)] = &[
        (&[], "127.0.0.1 - - ["),
        (&["--quiet"], "127.0.0.1 - - ["),
        (&["--log", "combined"], "127.0.0.1 - - ["),
        (&["--log", "json"], "{\"time\":"),
        (&["--explain"], "── connection 1, request 1"),
        (&["--explain", "--color", "always"], "── connection 1, request 1"),
    ];
    for &(options, start) in table {
        let (site, logs) = (small_site(), folder(&[("log", "before\n")]));
        let server = if options.contains(&"--quiet") {
            // It prints nothing, so where it listens has to be known.
            let address = support::address_of_our_own();
            let mut command = glasshttp();
            command.args(["--bind", &address.ip().to_string(), "--port", &address.port().to_string()]);
            command.arg("--log-file").arg(logs.path().join("log"));
            let process = Process::start(command.args(options).arg(site.path()));
            wait_until("the port", || Client::connect(address).ok());
            Server { process, address }
        } else {
            start_with_log(&site, &logs, options)
        };
        assert_eq!(server.get("/a.txt").text(), "aaaaa");
        let end = server.stop();
        // Where it listens, and what the sandbox is.
        let printed =
            usize::from(!options.contains(&"--quiet")) + usize::from(options.contains(&"--explain"));
        assert_eq!((end.code, end.stdout.len()), (Some(0), printed), "{options:?}");
        let lines = lines(&logs.path().join("log"));
        assert_eq!(lines[0], "before");
        assert!(lines[1].starts_with(start), "{options:?}: {lines:?}");
    }
}

#[test]
fn a_new_log_is_for_the_owner_and_the_group_alone() {
    let (site, logs) = (small_site(), folder(&[]));
    let server = start_with_log(&site, &logs, &[]);
    let mode = fs::metadata(logs.path().join("log")).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777 & !0o640, 0, "{mode:o}");
    assert_eq!(server.stop().code, Some(0));
}

#[test]
fn a_log_that_cannot_be_written_or_would_be_served_is_one_line_and_exit_code_1() {
    let (site, logs) = (small_site(), folder(&[]));
    let table = [
        (logs.path().join("missing/log"), "no such file"),
        (logs.path().to_owned(), "is a directory"),
        (site.path().join("log"), "put it elsewhere"),
        (site.path().join("a.txt"), "put it elsewhere"),
    ];
    for (path, part) in table {
        let end = run(glasshttp().args(["--port", "0", "--log-file"]).arg(&path).arg(site.path()));
        assert_eq!((end.code, end.stdout.len()), (Some(1), 0), "{path:?}: {end:?}");
        one_line(&end.stderr, &["glasshttp: ", part], &path);
    }
    let end = run(glasshttp().args(["--log", "off", "--log-file", "log"]).arg(site.path()));
    assert_eq!((end.code, end.stdout.len()), (Some(2), 0), "{end:?}");
    one_line(&end.stderr, &["--log-file", "leave one of them out"], &"off");
}

#[test]
fn a_log_that_nobody_reads_keeps_nothing_from_starting_or_stopping() {
    let (site, logs) = (small_site(), folder(&[]));
    let path = logs.path().join("log");
    support::make_fifo(&path);
    let end = run(glasshttp().args(["--port", "0", "--log-file"]).arg(&path).arg(site.path()));
    assert_eq!(end.code, Some(1), "{end:?}");
    one_line(&end.stderr, &["glasshttp: cannot open the log", "nobody reads"], &"without a reader");
    let reader = rustix::fs::open(
        &path,
        rustix::fs::OFlags::RDONLY | rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::CLOEXEC,
        rustix::fs::Mode::empty(),
    );
    let reader = reader.expect("opened");
    let server = start_with_log(&site, &logs, &["--log", "combined"]);
    // More than it holds, until what writes to it has to wait.
    let request =
        format!("GET /a.txt HTTP/1.1\r\nHost: localhost\r\nUser-Agent: {}\r\n\r\n", "x".repeat(4000));
    let mut client = server.connect();
    let mut held = 0;
    wait_until("it to be full", || {
        for _ in 0..20 {
            client.send(&request);
            assert_eq!(client.reply().status, 200);
        }
        let before = std::mem::replace(&mut held, rustix::io::ioctl_fionread(&reader).expect("a FIFO"));
        (held > 0 && held == before).then_some(())
    });
    drop(client);
    server.process.signal(Signal::HUP);
    server.process.signal(Signal::TERM);
    assert_eq!(server.process.finish().code, Some(0));
}

#[test]
fn what_the_disk_does_not_take_of_the_log_is_said_once_and_costs_nobody_an_answer() {
    let (site, outer) = (small_site(), folder(&[]));
    // In place of a full disk: a file may have 512 or 1024 bytes, depending on the shell.
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -f 1; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_glasshttp"), "--port", "0"]);
    command.args(["--upload", "--log-file"]).arg(outer.path().join("log")).arg(site.path());
    let server = Server::start_command(&mut command);
    let mut client = server.connect();
    for _ in 0..40 {
        assert_eq!(client.get("/a.txt").status, 200);
    }
    server.process.stderr.line("why", |line| line.contains("cannot write the log"));
    client.send("PUT /large HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\n");
    client.send("x".repeat(5000));
    assert_eq!(client.reply().status, 507);
    drop(client);
    assert_eq!(server.get("/a.txt").status, 200);
    assert_eq!(fs::read_dir(site.path()).expect("it is there").count(), 1, "nothing of it stays");
    let end = server.stop();
    assert_eq!((end.code, end.stderr.len()), (Some(0), 3), "{:?}", end.stderr);
    assert!(end.stderr[2].contains("lines of the log could not be written"), "{:?}", end.stderr);
}

// ---- SIGHUP

#[test]
fn no_line_is_lost_while_logs_are_moved_away_and_opened_anew() {
    const ROUNDS: usize = 20;
    let (site, logs) = (small_site(), folder(&[]));
    let server = start_with_log(&site, &logs, &[]);
    let (stop, asked) = (AtomicBool::new(false), AtomicUsize::new(0));
    let log = logs.path().join("log");
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut client = server.connect();
                while !stop.load(Ordering::Relaxed) {
                    assert_eq!(client.get("/a.txt").status, 200);
                    asked.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for round in 0..ROUNDS {
            wait_until("lines", || (!lines(&log).is_empty()).then_some(()));
            fs::rename(&log, logs.path().join(format!("log.{round}"))).expect("moved");
            server.process.signal(Signal::HUP);
            wait_until("a new file", || log.exists().then_some(()));
        }
        stop.store(true, Ordering::Relaxed);
    });
    let end = server.stop();
    assert_eq!((end.code, end.stderr), (Some(0), vec![]));
    let all: Vec<_> =
        fs::read_dir(logs.path()).expect("readable").map(|file| file.expect("named").path()).collect();
    assert_eq!(all.len(), ROUNDS + 1);
    let all: Vec<_> = all.iter().flat_map(|file| lines(file)).collect();
    assert_eq!(all.len(), asked.into_inner());
    assert!(all.iter().all(|line| line.ends_with("\"GET /a.txt HTTP/1.1\" 200 5")), "each line is whole");
}

#[test]
fn a_log_that_cannot_be_opened_anew_is_one_line_and_goes_on_where_it_was() {
    let (site, outer) = (small_site(), folder(&[("logs/log", "")]));
    let mut command = glasshttp();
    command.args(["--port", "0", "--log-file"]).arg(outer.path().join("logs/log")).arg(site.path());
    let server = Server::start_command(&mut command);
    fs::rename(outer.path().join("logs"), outer.path().join("away")).expect("moved");
    server.process.signal(Signal::HUP);
    server.process.stderr.line("why", |line| line.contains("cannot open the log"));
    assert_eq!(server.get("/a.txt").status, 200);
    let end = server.stop();
    assert_eq!(end.code, Some(0));
    one_line(&end.stderr, &["glasshttp: ", "no such file"], &"moved away");
    assert_eq!(lines(&outer.path().join("away/log")).len(), 1);
}

#[test]
fn a_log_that_would_be_served_once_it_is_opened_anew_stays_where_it_was() {
    use std::os::unix::fs::symlink;
    let (site, outer) = (small_site(), folder(&[]));
    let (logs, log) = (outer.path().join("logs"), outer.path().join("logs/x.log"));
    let away = || fs::rename(&logs, outer.path().join("away")).expect("moved");
    let logs_are = |target: &Path| symlink(target, &logs).expect("a link");
    let change: [(&str, &dyn Fn()); 4] = [
        ("is in the folder", &|| {
            away();
            logs_are(site.path());
        }),
        ("is in the folder", &|| {
            fs::rename(&log, outer.path().join("x.old")).expect("moved");
            // It leads to nothing until somebody makes a file there.
            symlink(site.path().join("x.log"), &log).expect("a link");
        }),
        ("another name in the folder", &|| fs::hard_link(&log, site.path().join("x.log")).expect("a link")),
        ("is in the folder", &|| {
            away();
            fs::create_dir(site.path().join(".well-known")).expect("made");
            logs_are(&site.path().join(".well-known"));
        }),
    ];
    for (part, change) in change {
        fs::create_dir(&logs).expect("made");
        let mut command = glasshttp();
        let server =
            Server::start_command(command.args(["--port", "0", "--log-file"]).arg(&log).arg(site.path()));
        change();
        server.process.signal(Signal::HUP);
        server.process.stderr.line(part, |line| line.contains(part));
        if !part.contains("another") {
            assert_eq!(server.get("/x.log").status, 404);
            assert_eq!(server.get("/.well-known/x.log").status, 404);
        }
        let end = server.stop();
        assert_eq!(end.code, Some(0));
        one_line(&end.stderr, &["glasshttp: the log ", part, "where all could read it"], &part);
        // The next begins with nothing.
        for path in
            [outer.path().join("away"), logs.clone(), outer.path().join("x.old"), site.path().join("x.log")]
        {
            let _ = fs::remove_file(&path).or_else(|_| fs::remove_dir_all(&path));
        }
    }
}

#[test]
fn where_there_is_nothing_to_open_anew_sighup_ends_the_process() {
    let site = small_site();
    // Whoever runs the tests under nohup has SIGHUP ignored, and that is inherited.
    let mut command = glasshttp_by("env", &["--default-signal=HUP"]);
    let server = Server::start_command(command.args(["--port", "0"]).arg(site.path()));
    server.process.signal(Signal::HUP);
    assert_eq!(server.process.finish().code, None);
}

/// A terminal whose other end is ours.
fn terminal() -> (std::os::fd::OwnedFd, fs::File) {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).expect("a terminal");
    grantpt(&master).and_then(|()| unlockpt(&master)).expect("it can be opened");
    let name = ptsname(&master, Vec::new()).expect("it has a name");
    let slave =
        fs::File::options().read(true).write(true).open(name.to_str().expect("ASCII")).expect("opened");
    (master, slave)
}

#[test]
fn sighup_opens_anew_as_long_as_the_terminal_is_there_and_stops_when_it_is_gone() {
    let (site, logs) = (small_site(), folder(&[]));
    let (master, slave) = terminal();
    let mut command = glasshttp();
    command.args(["--port", "0", "--log-file"]).arg(logs.path().join("log")).arg(site.path());
    let mut child =
        command.stdin(Stdio::null()).stdout(slave).stderr(Stdio::null()).spawn().expect("it starts");
    drop(command);
    let hang_up = |child: &std::process::Child| {
        let pid = rustix::process::Pid::from_child(child);
        rustix::process::kill_process(pid, Signal::HUP).expect("signalled");
    };
    // All of what is shown comes after the signals are listened to.
    let mut shown = Vec::new();
    while !support::as_text(&shown).contains("Ctrl-C") {
        let mut piece = [0; 1024];
        let count = rustix::io::read(&master, &mut piece).expect("it shows where it listens");
        shown.extend_from_slice(&piece[..count]);
    }
    fs::rename(logs.path().join("log"), logs.path().join("log.1")).expect("moved");
    hang_up(&child);
    wait_until("a new file", || logs.path().join("log").exists().then_some(()));
    assert!(child.try_wait().expect("ours").is_none());
    drop(master);
    hang_up(&child);
    let status = wait_until("the end", || child.try_wait().expect("ours"));
    assert_eq!(status.code(), Some(0));
}

// ---- whether it answers

/// What `--check` says of this URL.
fn check(url: &str) -> support::Finished {
    run(glasshttp().args(["--check", url]))
}

#[test]
fn check_ends_with_0_if_the_url_is_there_and_else_with_1_and_a_line() {
    let site = folder(&[("a.txt", "aaaaa"), ("sub/b.txt", "")]);
    let server = Server::start(site.path(), &["--no-listing"]);
    let table = [
        ("/a.txt", 0, "200"),
        ("/sub", 0, "301"),
        ("/missing?q", 1, "/missing?q answers with 404"),
        ("/sub/", 1, "answers with 403"),
    ];
    for (path, code, part) in table {
        let end = check(&server.url(path));
        assert_eq!(end.code, Some(code), "{path}: {end:?}");
        let (said, silent) = if code == 0 { (&end.stdout, &end.stderr) } else { (&end.stderr, &end.stdout) };
        one_line(said, &[part], &path);
        assert!(silent.is_empty(), "{end:?}");
    }
    let url = server.url("/");
    assert_eq!(server.stop().code, Some(0));
    let end = check(&url);
    assert_eq!(end.code, Some(1));
    one_line(&end.stderr, &["glasshttp: ", "does not answer: connection refused"], &url);
    let end = check("localhost:80");
    assert_eq!(end.code, Some(2));
    one_line(&end.stderr, &["--check", "it must be a URL", "unix:PATH"], &"no URL");
}

#[test]
fn check_asks_through_a_unix_socket_too() {
    let (site, outer) = (small_site(), folder(&[]));
    let socket = format!("unix:{}", outer.path().join("socket").display());
    let process = Process::start(glasshttp().args(["--bind", &socket]).arg(site.path()));
    process.stdout.line("where", |line| line.starts_with("Listening on "));
    assert_eq!(check(&socket).code, Some(0));
    assert_eq!(run(glasshttp().args(["--bind", &socket, "--check"])).code, Some(0));
    process.signal(Signal::TERM);
    assert_eq!(process.finish().code, Some(0));
    assert_eq!(check(&socket).code, Some(1));
}

#[test]
fn check_may_bring_a_password_and_does_not_show_it() {
    let site = small_site();
    let mut command = glasshttp();
    command.env("GLASSHTTP_AUTH", "pia:pepper").args(["--port", "0"]).arg(site.path());
    let server = Server::start_command(&mut command);
    for (claim, code, part) in [("pia:pepper@", 0, "200"), ("pia:salt@", 1, "401"), ("", 1, "401")] {
        let end = check(&format!("http://{claim}{}/a.txt", server.address));
        assert_eq!(end.code, Some(code), "{claim}: {end:?}");
        let line = one_line(if code == 0 { &end.stdout } else { &end.stderr }, &[part], &claim);
        assert!(!line.contains("pia") && !line.contains("pepper"), "{line}");
    }
}

#[test]
fn check_does_not_wait_for_ever_and_what_is_no_http_is_no_answer() {
    use std::io::Write;
    let listener = std::net::TcpListener::bind((support::V4, 0)).expect("a free port");
    let url = format!("http://{}/", listener.local_addr().expect("bound"));
    let began = Instant::now();
    // The kernel accepts, and nobody ever answers.
    let end = check(&url);
    assert_eq!(end.code, Some(1));
    one_line(&end.stderr, &["does not answer within 5 seconds"], &"silence");
    assert!(began.elapsed() < PATIENCE);
    drop(listener);
    let listener = std::net::TcpListener::bind((support::V4, 0)).expect("a free port");
    let url = format!("http://{}/", listener.local_addr().expect("bound"));
    let other = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("somebody connects");
        stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n").expect("sent");
        let _ = std::io::Read::read(&mut stream, &mut [0; 1024]);
    });
    let end = check(&url);
    assert_eq!(end.code, Some(1));
    one_line(&end.stderr, &["not HTTP"], &"another protocol");
    other.join().expect("no panic");
}

// ---- the end when nobody asks

#[test]
fn it_ends_when_nobody_has_asked_for_so_long_though_connections_are_open() {
    let site = small_site();
    let server = Server::start(site.path(), &["--quit-after", "0.3", "--idle-timeout", "1000"]);
    let (mut used, mut silent) = (server.connect(), server.connect());
    assert_eq!(used.get("/a.txt").status, 200);
    let answered = Instant::now();
    for client in [&mut used, &mut silent] {
        assert_eq!(client.rest().expect("closed, not broken"), b"");
    }
    let end = server.process.finish();
    assert_eq!((end.code, end.stderr), (Some(0), vec![]));
    // The clock of its turn may be a little older than the answer.
    assert!(answered.elapsed() > Duration::from_millis(250), "{:?}", answered.elapsed());
}

#[test]
fn it_does_not_end_while_something_is_asked_for_or_under_way() {
    let site = small_site();
    support::write(site.path(), "long", [b'x'; 1200]);
    let idle = Duration::from_millis(300);
    let server = Server::start(site.path(), &["--quit-after", "0.3", "--fault", "slow=1000"]);
    let began = Instant::now();
    // Four times as long as it would wait.
    assert_eq!(server.get("/long").body.len(), 1200);
    assert!(began.elapsed() > 3 * idle, "{:?}", began.elapsed());
    assert_eq!(server.get("/missing").status, 404);
    assert_eq!(server.process.finish().code, Some(0));
}

// ---- the service manager

/// The socket of a service manager.
struct Manager {
    folder: TempDir,
    socket: UnixDatagram,
    heard: VecDeque<String>,
}

impl Manager {
    fn new() -> Manager {
        let folder = folder(&[]);
        let socket = UnixDatagram::bind(folder.path().join("notify")).expect("a socket");
        Manager::over(folder, socket)
    }

    fn over(folder: TempDir, socket: UnixDatagram) -> Manager {
        socket.set_read_timeout(Some(PATIENCE)).expect("a socket");
        Manager { folder, socket, heard: VecDeque::new() }
    }

    fn command(&self) -> Command {
        let mut command = glasshttp();
        command.args(["--port", "0"]).env("NOTIFY_SOCKET", self.folder.path().join("notify"));
        command
    }

    /// The next line that it is told.
    fn hears(&mut self) -> String {
        if self.heard.is_empty() {
            let mut message = [0; 4096];
            let length = self.socket.recv(&mut message).expect("it is told something");
            self.heard.extend(support::as_text(&message[..length]).lines().map(str::to_owned));
        }
        self.heard.pop_front().expect("a message has a line")
    }
}

#[test]
fn the_service_manager_hears_when_it_answers_reloads_and_stops() {
    let (site, logs, mut manager) = (small_site(), folder(&[]), Manager::new());
    let mut command = manager.command();
    let server =
        Server::start_command(command.arg("--log-file").arg(logs.path().join("log")).arg(site.path()));
    assert_eq!(manager.hears(), "READY=1");
    let status = format!("STATUS=Serving {} at http://{}/", site.path().display(), server.address);
    assert_eq!(manager.hears(), status);
    assert_eq!(server.get("/a.txt").status, 200);
    server.process.signal(Signal::HUP);
    assert_eq!(manager.hears(), "RELOADING=1");
    let time = manager.hears();
    assert!(time.strip_prefix("MONOTONIC_USEC=").is_some_and(|time| time.parse::<u64>().is_ok()), "{time}");
    assert_eq!((manager.hears(), manager.hears()), ("READY=1".to_owned(), status));
    fs::remove_dir_all(logs.path()).expect("removed");
    server.process.signal(Signal::HUP);
    assert_eq!((manager.hears(), manager.hears().starts_with("MONOTONIC")), ("RELOADING=1".to_owned(), true));
    assert_eq!(manager.hears(), "READY=1");
    let status = manager.hears();
    assert!(status.contains("told to reload: cannot open the log"), "{status}");
    server.process.signal(Signal::TERM);
    assert_eq!(manager.hears(), "STOPPING=1");
    assert_eq!(server.process.finish().code, Some(0));
}

#[test]
fn with_a_service_manager_sighup_is_no_end_even_if_there_is_nothing_to_open_anew() {
    let (site, mut manager) = (small_site(), Manager::new());
    let server = Server::start_command(manager.command().arg(site.path()));
    assert_eq!(manager.hears(), "READY=1");
    manager.hears();
    server.process.signal(Signal::HUP);
    assert_eq!((manager.hears(), manager.hears().starts_with("MONOTONIC")), ("RELOADING=1".to_owned(), true));
    assert_eq!(manager.hears(), "READY=1");
    assert_eq!(server.stop().code, Some(0));
}

#[test]
fn the_service_manager_hears_of_an_end_for_lack_of_requests() {
    let (site, mut manager) = (small_site(), Manager::new());
    let server = Server::start_command(manager.command().args(["--quit-after", "0.1"]).arg(site.path()));
    assert_eq!(manager.hears(), "READY=1");
    manager.hears();
    assert_eq!(manager.hears(), "STOPPING=1");
    assert_eq!(server.process.finish().code, Some(0));
}

#[cfg(target_os = "linux")]
#[test]
fn its_socket_may_be_a_name_without_a_file() {
    use std::os::linux::net::SocketAddrExt;
    let (site, folder) = (small_site(), folder(&[]));
    let name = format!("glasshttp-test-{}", std::process::id());
    let address = std::os::unix::net::SocketAddr::from_abstract_name(&name).expect("an address");
    let mut manager = Manager::over(folder, UnixDatagram::bind_addr(&address).expect("a socket"));
    let mut command = manager.command();
    let server = Server::start_command(command.env("NOTIFY_SOCKET", format!("@{name}")).arg(site.path()));
    assert_eq!(manager.hears(), "READY=1");
    manager.hears();
    server.process.signal(Signal::TERM);
    assert_eq!(manager.hears(), "STOPPING=1");
    assert_eq!(server.process.finish().code, Some(0));
}

#[test]
fn its_watchdog_is_fed_as_long_as_it_was_asked_for_that() {
    let (site, mut manager) = (small_site(), Manager::new());
    let mut command = manager.command();
    let server = Server::start_command(command.env("WATCHDOG_USEC", "200000").arg(site.path()));
    for _ in 0..5 {
        while manager.hears() != "WATCHDOG=1" {}
    }
    assert_eq!(server.get("/a.txt").status, 200);
    assert_eq!(server.stop().code, Some(0));
}

#[test]
fn a_service_manager_that_is_not_there_is_one_line_and_it_serves() {
    let site = small_site();
    let mut command = glasshttp();
    command.args(["--port", "0"]).env("NOTIFY_SOCKET", "/no/such/socket").arg(site.path());
    let server = Server::start_command(&mut command);
    assert_eq!(server.get("/a.txt").status, 200);
    one_line(&server.stop().stderr, &["glasshttp: ", "NOTIFY_SOCKET", "no such file"], &"missing");
}

#[test]
fn what_the_service_manager_has_said_is_not_passed_on_to_the_browser() {
    let (site, opener, manager) = (small_site(), folder(&[]), Manager::new());
    let asked = opener.path().join("asked");
    let script = format!("#!/bin/sh\nenv > {0}.new\nmv {0}.new {0}\n", asked.display());
    fs::write(opener.path().join("xdg-open"), script).expect("written");
    fs::set_permissions(opener.path().join("xdg-open"), PermissionsExt::from_mode(0o755)).expect("set");
    let path = format!("{}:/usr/bin:/bin", opener.path().display());
    let mut command = manager.command();
    command.args(["--open"]).arg(site.path()).env("PATH", path).env("WATCHDOG_USEC", "60000000");
    let server = Server::start_command(&mut command);
    let environment = wait_until("the browser", || fs::read_to_string(&asked).ok());
    assert!(environment.contains("TZ=UTC"), "{environment}");
    assert!(!environment.contains("NOTIFY_SOCKET") && !environment.contains("WATCHDOG"), "{environment}");
    assert_eq!(server.stop().code, Some(0));
}
