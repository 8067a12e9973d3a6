//! `--course`: what is served is the course, as `www/` has it; and of where it is unpacked nothing is left.

use crate::support::terminal::Terminal;
use crate::support::{
    Finished, LARGE, Server, contents_below, folder, glasshttp, one_line, run, wait_until, write_sparse,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

const NOT_IN_A_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/');

/// The command, with this folder for temporary files.
fn course(temporary: &TempDir) -> Command {
    let mut command = glasshttp();
    command.env("TMPDIR", temporary.path()).arg("--course");
    command
}

/// A server, and where it has unpacked the course.
fn start(temporary: &TempDir, options: &[&str]) -> (Server, PathBuf) {
    let before = names(temporary);
    let server = Server::start_command(course(temporary).args(["--port", "0"]).args(options));
    let new = names(temporary).into_iter().find(|name| !before.contains(name));
    (server, temporary.path().join(new.expect("it is unpacked")).join("course"))
}

fn names(folder: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(folder.path()).expect("readable");
    entries.map(|entry| entry.expect("readable").file_name().into_string().expect("ASCII")).collect()
}

#[test]
fn the_course_is_served_whole_and_byte_for_byte() {
    let temporary = folder(&[]);
    let (server, unpacked) = start(&temporary, &[]);
    let expected = contents_below(Path::new("www"));
    let hint = "(a sample that changed is in the program when a page has changed, too: see build.rs)";
    assert!(
        expected.len() > 30 && contents_below(&unpacked) == expected,
        "{:?} {hint}",
        contents_below(&unpacked).keys()
    );
    let mut client = server.connect();
    for (name, bytes) in &expected {
        let target = format!("/{}", utf8_percent_encode(name, NOT_IN_A_PATH));
        let reply = client.get(&target);
        assert!(reply.status == 200 && reply.body == *bytes, "{target}: {}", reply.status);
    }
    for (target, name) in [("/", "index.html"), ("/zh/", "zh/index.html")] {
        assert_eq!(client.get(target).body, expected[name], "{target}");
    }
}

#[test]
fn its_folder_is_for_its_user_alone_and_in_the_sandbox_like_any_other() {
    let temporary = folder(&[]);
    let (server, unpacked) = start(&temporary, &["--explain"]);
    let place = unpacked.parent().expect("it is in a folder");
    assert_eq!(fs::metadata(place).expect("it is there").mode() & 0o777, 0o700);
    let other = Server::start(temporary.path(), &["--explain"]);
    let sandbox =
        |server: &Server| server.process.stdout.line("the sandbox", |line| line.starts_with("Sandbox:"));
    assert_eq!(sandbox(&server), sandbox(&other));
    symlink("/etc/passwd", unpacked.join("leak.txt")).expect("linked");
    assert_eq!(server.get("/leak.txt").status, 403);
}

#[test]
fn a_reader_can_change_its_files_and_they_are_as_old_as_the_program() {
    let temporary = folder(&[]);
    let (server, unpacked) = start(&temporary, &[]);
    let program = fs::metadata(env!("CARGO_BIN_EXE_glasshttp")).and_then(|program| program.modified());
    let expected = httpdate::fmt_http_date(program.expect("it is there"));
    let first = server.get("/samples/hello.txt");
    assert_eq!(first.field("last-modified"), Some(&*expected));
    let changed = fs::write(unpacked.join("samples/hello.txt"), "changed");
    changed.expect("its files may be written");
    let second = server.get("/samples/hello.txt");
    assert_eq!(second.text(), "changed");
    assert_ne!(first.field("etag"), second.field("etag"));
}

#[test]
fn nothing_is_left_when_it_ends() {
    let temporary = folder(&[]);
    for signal in [Signal::TERM, Signal::INT] {
        let (server, _) = start(&temporary, &[]);
        server.process.signal(signal);
        let Finished { code, stderr, .. } = server.process.finish();
        assert_eq!((code, stderr, names(&temporary)), (Some(0), vec![], vec![]), "{signal:?}");
    }
    let end = run(course(&temporary).args(["--port", "0", "--quit-after", "0.01"]));
    assert_eq!((end.code, names(&temporary)), (Some(0), vec![]), "{end:?}");
}

#[test]
fn nothing_is_left_when_a_second_signal_ends_it_at_once() {
    let temporary = folder(&[]);
    let (server, unpacked) = start(&temporary, &["--send-timeout", "1000"]);
    write_sparse(&unpacked, "large", LARGE);
    let mut client = server.connect();
    client.send("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(client.head().status, 200);
    server.process.signal(Signal::TERM);
    server.wait_until_it_accepts_no_more();
    server.process.signal(Signal::TERM);
    assert_eq!((server.process.finish().code, names(&temporary)), (Some(143), vec![]));
}

#[test]
fn nothing_is_left_when_it_cannot_start() {
    let temporary = folder(&[]);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let end = run(course(&temporary).args(["--bind", "127.0.0.1", "--port", &port]));
    assert_eq!((end.code, names(&temporary)), (Some(1), vec![]), "{end:?}");
}

#[test]
fn on_a_terminal_it_says_where_both_languages_are_and_ends_with_it() {
    let temporary = folder(&[]);
    let (terminal, mut child) = Terminal::run(course(&temporary).args(["--port", "0"]));
    let shown = wait_until("how to stop", || {
        let lines = terminal.screen();
        lines.iter().any(|line| line.starts_with("Ctrl-C")).then_some(lines)
    });
    // A long path goes on on the next line.
    let text = shown.concat();
    let path = temporary.path().join(&names(&temporary)[0]);
    assert!(text.starts_with("glasshttp serves the course"), "{text}");
    assert!(text.contains(path.to_str().expect("UTF-8")), "{text}");
    let is_url = |line: &String, end: &str| line.starts_with("  http://localhost:") && line.ends_with(end);
    for end in ["/", "/zh/ in Chinese (中文)"] {
        assert!(shown.iter().any(|line| is_url(line, end)), "{end} in {shown:?}");
    }
    // What comes when the window is closed.
    kill_process(Pid::from_child(&child), Signal::HUP).expect("signalled");
    assert_eq!((child.wait().expect("it ends").code(), names(&temporary)), (Some(0), vec![]));
}

#[test]
fn what_a_killed_server_left_goes_with_the_next_start_and_nothing_else_does() {
    let (temporary, theirs) = (folder(&[]), folder(&[("file", "theirs")]));
    let (killed, left) = start(&temporary, &[]);
    let (other, in_use) = start(&temporary, &[]);
    killed.process.signal(Signal::KILL);
    drop(killed.process.finish());
    let left = left.parent().expect("it is in a folder");
    assert!(left.exists());
    // What others could put there for us to stumble over.
    let link = temporary.path().join("glasshttp-course-0123456789abcdef");
    symlink(theirs.path(), &link).expect("linked");
    let file = temporary.path().join("glasshttp-course-0123456789abcde0");
    fs::write(&file, "").expect("written");
    let (next, _) = start(&temporary, &[]);
    wait_until("it is gone", || (!left.exists()).then_some(()));
    assert!(in_use.join("index.html").exists() && other.get("/").status == 200);
    assert!(fs::symlink_metadata(&link).is_ok() && file.exists() && theirs.path().join("file").exists());
    assert_eq!(next.get("/").status, 200);
}

#[test]
fn what_does_not_go_with_it_is_refused_in_a_line_that_says_what_to_leave_out() {
    let table: &[(&[&str], &[&str])] = &[
        (&["www"], &["--course", "the folder \"www\"", "leave out"]),
        (&["."], &["--course", "the folder \".\"", "leave out"]),
        (&["--upload"], &["--course and --upload contradict"]),
        (&["--base-path", "/x"], &["--course and --base-path contradict"]),
    ];
    for (arguments, parts) in table {
        let end = run(glasshttp().arg("--course").args(*arguments));
        assert_eq!((end.code, end.stdout.len()), (Some(2), 0), "{arguments:?}");
        one_line(&end.stderr, parts, arguments);
    }
    let end = run(glasshttp().arg("--course").env("GLASSHTTP_FOLDER", "/srv"));
    assert_eq!(end.code, Some(2));
    one_line(&end.stderr, &["GLASSHTTP_FOLDER", "--course", "\"/srv\""], &"a variable");
}

#[test]
fn where_it_cannot_be_unpacked_is_told_in_one_line_that_says_what_to_do() {
    let file = folder(&[("file", "")]);
    let mut places = vec![PathBuf::from("/no/such"), file.path().join("file")];
    // Nobody may make anything there, the administrator included.
    places.extend(cfg!(target_os = "linux").then(|| PathBuf::from("/proc/self")));
    for place in places {
        let end = run(glasshttp().arg("--course").env("TMPDIR", &place));
        assert_eq!((end.code, end.stdout.len()), (Some(1), 0), "{place:?}");
        let shown = place.to_str().expect("UTF-8");
        one_line(&end.stderr, &["cannot unpack the course into", shown, "in TMPDIR"], &place);
    }
}

#[test]
fn with_the_inspector_it_shows_the_source_that_it_speaks_of() {
    let temporary = folder(&[]);
    // Where there is nothing of the repository.
    let server = Server::start_command(
        course(&temporary).args(["--port", "0", "--inspect"]).current_dir(temporary.path()),
    );
    let source = server.get("/.glass/source/examples/01_echo_server.rs");
    assert_eq!(source.body, fs::read("examples/01_echo_server.rs").expect("readable"));
}
