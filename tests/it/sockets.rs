//! Unix sockets, and sockets that were opened before the server was started.

#![cfg(target_os = "linux")]

use crate::support::{Client, Finished, PATIENCE, Process, Server, V4, folder, glasshttp, one_line, run};
use rustix::process::Signal;
use std::fs;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// A folder `served`, whose `a.txt` is `hello`, and place for sockets beside it.
fn site() -> TempDir {
    folder(&[("served/a.txt", "hello")])
}

/// A server on a Unix socket alone, once it listens.
fn start(outer: &Path, options: &[&str]) -> Process {
    let bind = format!("unix:{}", outer.join("s").display());
    let process = Process::start(glasshttp().args(["--bind", &bind]).args(options).arg(outer.join("served")));
    process.stdout.line("the start line", |line| line == format!("Listening on {bind}"));
    process
}

/// What comes back for a request for this target, to the end of the connection.
fn ask(socket: &Path, target: &str, fields: &str) -> String {
    let mut stream = UnixStream::connect(socket).expect("it accepts");
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
    let request = format!("GET {target} HTTP/1.1\r\nHost: any.example\r\nConnection: close\r\n{fields}\r\n");
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut reply = String::new();
    stream.read_to_string(&mut reply).expect("it answers");
    reply
}

#[test]
fn a_unix_socket_is_served_and_its_name_is_gone_afterwards() {
    let outer = site();
    let socket = outer.path().join("s");
    let server = start(outer.path(), &[]);
    let reply = ask(&socket, "/a.txt", "");
    assert!(reply.starts_with("HTTP/1.1 200 OK\r\n") && reply.ends_with("\r\n\r\nhello"), "{reply}");
    // What has no address is written as others do.
    server.stdout.line("a line of the log", |line| line.starts_with("unix: - - ["));
    server.signal(Signal::TERM);
    assert_eq!(server.finish().code, Some(0));
    assert!(!socket.exists());
}

#[test]
fn large_files_come_whole_through_a_unix_socket() {
    let outer = site();
    let bytes: Vec<u8> = (0..=250).cycle().take(3_000_000).collect();
    fs::write(outer.path().join("served/large"), &bytes).expect("written");
    let _server = start(outer.path(), &[]);
    let mut stream = UnixStream::connect(outer.path().join("s")).expect("it accepts");
    stream.write_all(b"GET /large HTTP/1.0\r\n\r\n").expect("it reads");
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).expect("it answers");
    assert!(reply.ends_with(&bytes), "{} bytes", reply.len());
}

#[test]
fn the_mode_decides_who_may_connect() {
    for (options, mode) in
        [(&[][..], 0o600), (&["--socket-mode", "660"], 0o660), (&["--socket-mode", "666"], 0o666)]
    {
        let outer = site();
        let _server = start(outer.path(), options);
        assert_eq!(fs::metadata(outer.path().join("s")).expect("made").mode() & 0o777, mode, "{options:?}");
    }
}

#[test]
fn a_stale_socket_is_replaced() {
    let outer = site();
    let socket = outer.path().join("s");
    let killed = start(outer.path(), &[]);
    killed.signal(Signal::KILL);
    killed.finish();
    assert!(socket.exists(), "a killed server cannot tidy up");
    let _server = start(outer.path(), &[]);
    assert!(ask(&socket, "/a.txt", "").ends_with("hello"));
}

#[test]
fn what_is_no_socket_or_is_somebodys_is_left_and_is_one_line() {
    let outer = site();
    fs::write(outer.path().join("file"), "precious").expect("written");
    let _holder = UnixListener::bind(outer.path().join("held")).expect("a socket");
    let table = [
        ("file", "no socket"),
        ("held", "somebody listens on"),
        ("served", "no socket"),
        ("missing/s", "no such file or directory"),
    ];
    for (name, part) in table {
        let bind = format!("unix:{}", outer.path().join(name).display());
        let ended = run(glasshttp().args(["--bind", &bind]).arg(outer.path().join("served")));
        assert_eq!((ended.code, ended.stdout.len()), (Some(1), 0), "{name}");
        one_line(&ended.stderr, &[part], &name);
    }
    assert_eq!(fs::read_to_string(outer.path().join("file")).expect("there"), "precious");
    assert!(UnixStream::connect(outer.path().join("held")).is_ok());
}

#[test]
fn a_port_and_a_unix_socket_are_served_side_by_side() {
    let outer = site();
    let bind = format!("unix:{}", outer.path().join("s").display());
    let server = Server::start(&outer.path().join("served"), &["--bind", &bind, "--bind", "127.0.0.1"]);
    assert_eq!(server.get("/a.txt").text(), "hello");
    // Hosts are checked for the port's sake.
    assert!(ask(&outer.path().join("s"), "/a.txt", "").starts_with("HTTP/1.1 421 "));
}

#[test]
fn through_a_unix_socket_the_inspector_is_for_nobody() {
    let outer = site();
    let _server = start(outer.path(), &["--inspect"]);
    assert!(ask(&outer.path().join("s"), "/.glass/", "").starts_with("HTTP/1.1 404 "));
}

// ---- socket activation

/// A server to which `systemd-socket-activate` hands over what it opened here.
///
/// The program is there wherever systemd is.
fn activate(listen: &str, options: &[&str], folder: &Path) -> Process {
    let mut command = Command::new("systemd-socket-activate");
    command.args(["--listen", listen]).arg(glasshttp().get_program()).args(options).arg(folder);
    Process::start(&mut command)
}

#[test]
#[ignore = "needs systemd-socket-activate"]
fn sockets_that_systemd_opened_are_served() {
    let outer = site();
    let socket = outer.path().join("s");
    let server = activate(socket.to_str().expect("UTF-8"), &[], &outer.path().join("served"));
    // Its name is there a moment before it listens.
    server.stderr.line("the socket", |line| line.starts_with("Listening on ") && line.ends_with(" as 3."));
    assert!(ask(&socket, "/a.txt", "").ends_with("hello"));
    server.stdout.line("the start line", |line| line == format!("Listening on unix:{}", socket.display()));
    server.signal(Signal::TERM);
    assert_eq!(server.finish().code, Some(0));
    // It is systemd's, which goes on listening.
    assert!(socket.exists());
}

/// A stand-in for systemd that needs nothing but a shell: the file that listens becomes number 3.
fn hand_over(listener: impl Into<OwnedFd>, options: &[&str], folder: &Path) -> Process {
    let mut command = Command::new("sh");
    let script = "LISTEN_PID=$$ LISTEN_FDS=1 exec \"$@\" 3<&0 0</dev/null";
    command.args(["-c", script, "sh"]).arg(glasshttp().get_program()).args(options).arg(folder);
    Process::try_start_with(&mut command, listener.into().into()).expect("there is a shell")
}

#[test]
fn a_port_that_was_opened_before_is_taken_over() {
    let outer = site();
    let listener = std::net::TcpListener::bind((V4, 0)).expect("a port");
    let address = listener.local_addr().expect("bound");
    let server = hand_over(listener, &["--port", "1"], &outer.path().join("served"));
    server.stdout.line("the start line", |line| line == format!("Listening on http://{address}/"));
    assert_eq!(Client::connect(address).expect("it listens").get("/a.txt").text(), "hello");
    server.signal(Signal::TERM);
    let Finished { code, stderr, .. } = server.finish();
    assert_eq!(code, Some(0));
    one_line(&stderr, &["--port", "not used"], &"a port of its own");
    assert!(Client::connect(address).is_err());
}

#[test]
fn a_unix_socket_that_was_opened_before_answers_for_every_host() {
    let outer = site();
    let socket = outer.path().join("s");
    let listener = UnixListener::bind(&socket).expect("a socket");
    let _server = hand_over(listener, &["--reload"], &outer.path().join("served"));
    for target in ["/a.txt", "/.glass/reload.js"] {
        let reply = ask(&socket, target, "");
        assert!(reply.starts_with("HTTP/1.1 200 "), "{target}: {reply}");
    }
}

#[test]
fn what_is_handed_over_and_does_not_listen_is_one_line() {
    let outer = site();
    let file = fs::File::open(outer.path().join("served/a.txt")).expect("a file");
    let ended = hand_over(file, &[], &outer.path().join("served")).finish();
    assert_eq!(ended.code, Some(1));
    one_line(&ended.stderr, &["LISTEN_FDS", ".socket unit"], &"a file");
}
