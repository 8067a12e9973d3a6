//! What a terminal shows.

use super::{connect, hold_default_port, small_site};
use crate::support::{Process, Server, V4, glasshttp, one_line};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

#[test]
fn a_terminal_is_told_what_is_served_where_how_to_share_it_and_how_to_stop() {
    let folder = small_site();
    let Some(process) = at_a_terminal(&["--port", "0"], folder.path()) else { return };
    let (lines, port) = start_lines(&process);
    assert_eq!(connect(V4, port).expect("it listens").get("/").text(), "start");
    for part in [folder.path().to_str().expect("UTF-8"), "--lan", "Ctrl-C"] {
        assert!(lines.iter().any(|line| line.contains(part)), "{part} in {lines:?}");
    }
    assert!(!lines.iter().any(|line| line.contains("taken")), "{lines:?}");
    let line = process.stdout.line("the log", |line| line.contains("GET /"));
    assert!(seen(&line).contains("  200  GET /  5 "), "{line:?}");
}

#[test]
fn shared_with_the_network_a_terminal_is_not_told_how_to_share() {
    let folder = small_site();
    let Some(process) = at_a_terminal(&["--port", "0", "--bind", "0.0.0.0"], folder.path()) else { return };
    let (lines, _) = start_lines(&process);
    assert!(!lines.iter().any(|line| line.contains("--lan") || line.contains("0.0.0.0")), "{lines:?}");
}

#[test]
fn at_a_terminal_a_unix_socket_comes_with_what_to_type() {
    let folder = small_site();
    let socket = folder.path().join("socket").display().to_string();
    let Some(process) = at_a_terminal(&["--bind", &format!("unix:{socket}")], folder.path()) else { return };
    process.stdout.line("where", |line| seen(line) == format!("  unix:{socket}"));
    let command = format!("curl --unix-socket {socket} http://localhost/");
    process.stdout.line("how", |line| seen(line).ends_with(&command));
}

#[test]
fn at_a_terminal_control_c_stops_it_with_exit_code_0() {
    let folder = small_site();
    let Some(mut process) = at_a_terminal(&["--port", "0"], folder.path()) else { return };
    start_lines(&process);
    process.type_in(b"\x03");
    process.stdout.line("that it stops", |line| line.contains("Stopping"));
    assert_eq!(process.wait().code(), Some(0));
}

#[test]
fn at_a_terminal_a_taken_default_port_gives_the_next_and_says_so() {
    let Some(_) = hold_default_port() else { return };
    let folder = small_site();
    let Some(process) = at_a_terminal(&[], folder.path()) else { return };
    let (lines, port) = start_lines(&process);
    assert!((8001..=8100).contains(&port), "{lines:?}");
    let words = format!("Port 8000 is taken, so this is port {port}.");
    assert!(lines.contains(&words), "{lines:?}");
    assert!(lines.iter().any(|line| line.contains("Only this machine")), "{lines:?}");
    assert_eq!(connect(V4, port).expect("it listens").get("/").text(), "start");
}

#[test]
fn at_a_terminal_a_port_that_was_asked_for_and_is_taken_is_an_error() {
    let folder = small_site();
    let holder = TcpListener::bind((V4, 0)).expect("a free port");
    let port = holder.local_addr().expect("bound").port().to_string();
    let Some(process) = at_a_terminal(&["--port", &port], folder.path()) else { return };
    let end = process.finish();
    assert_eq!(end.code, Some(1), "{end:?}");
    one_line(&end.stdout, &[&port, "taken"], &"port taken");
}

#[test]
fn colours_are_written_when_asked_for() {
    let folder = small_site();
    for (option, expected) in [("always", true), ("auto", true), ("never", false)] {
        let Some(process) = at_a_terminal(&["--port", "0", "--color", option], folder.path()) else { return };
        start_lines(&process);
        let lines = process.stdout.so_far();
        assert_eq!(lines.iter().any(|line| line.contains('\x1b')), expected, "{option}: {lines:?}");
    }
}

#[test]
fn explanations_are_wrapped_at_words_with_their_indent_as_wide_as_the_terminal_is() {
    let folder = small_site();
    for columns in [60, 100] {
        let options = ["--port", "0", "--explain"];
        let Some(process) = at_a_terminal_of(columns, &options, folder.path()) else { return };
        let (_, port) = start_lines(&process);
        let reply = connect(V4, port).expect("it listens").get_with("/", "Origin: http://localhost:5173\r\n");
        assert_eq!(reply.status, 200);
        process.stdout.line("the end", |line| seen(line).ends_with("`--cors=http://localhost:5173`"));
        let lines: Vec<_> = process.stdout.so_far().iter().map(|line| seen(line)).collect();
        let begins = lines.iter().position(|line| line.starts_with("── ")).expect("a title");
        let (explained, text) = (&lines[begins..], lines[begins..].join("\n"));
        assert!(explained.iter().all(|line| line.chars().count() <= columns), "{columns}\n{text}");
        // Words are whole, and so is the sentence.
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let sentence = "= in short Blocked by the browser: the page of http://localhost:5173 may not read this; \
                        start with `--cors=http://localhost:5173`";
        assert!(words.contains(sentence), "{columns}\n{text}");
        let indented = format!("{:19}", "");
        let is_whole = |line: &&String| line.starts_with("  ") && &line[2..3] != " ";
        let named = explained[1..].iter().filter(is_whole).count();
        let wrapped = explained[1..].iter().filter(|line| line.starts_with(&indented)).count();
        let others =
            explained[1..].iter().filter(|line| line.starts_with("    ") && line.contains(" ms ")).count();
        assert!(named + wrapped + others >= explained.len() - 2 && wrapped > 10, "{columns}\n{text}");
    }
}

#[test]
fn piped_explanations_are_not_wrapped() {
    let folder = small_site();
    let server = Server::start(folder.path(), &["--explain"]);
    server.get("/");
    let line = server.process.stdout.line("the framing", |line| line.contains("? framing"));
    assert!(line.chars().count() > 100, "{line}");
}

// ---- at a terminal

/// Runs the command at a pseudo-terminal; `None` if there is no `script` of util-linux to make one.
pub(super) fn at_a_terminal(options: &[&str], folder: &Path) -> Option<Process> {
    at_a_terminal_after(":", options, folder)
}

/// The same at one of so many columns.
fn at_a_terminal_of(columns: usize, options: &[&str], folder: &Path) -> Option<Process> {
    at_a_terminal_after(&format!("stty cols {columns}"), options, folder)
}

/// The same after another command.
fn at_a_terminal_after(before: &str, options: &[&str], folder: &Path) -> Option<Process> {
    let version = Command::new("script").arg("--version").output().ok()?;
    if !String::from_utf8_lossy(&version.stdout).contains("util-linux") {
        return None;
    }
    let command = glasshttp();
    let quoted = |text: &str| format!("'{}'", text.replace('\'', r"'\''"));
    let mut words = vec![command.get_program().to_str()?];
    words.extend(options);
    words.push(folder.to_str()?);
    let line = words.into_iter().map(quoted).collect::<Vec<_>>().join(" ");
    let mut script = Command::new("script");
    for (variable, value) in command.get_envs() {
        match value {
            Some(value) => script.env(variable, value),
            None => script.env_remove(variable),
        };
    }
    script.env("SHELL", "/bin/sh").env("TERM", "xterm").args([
        "-qec",
        &format!("{before}; exec {line}"),
        "/dev/null",
    ]);
    Some(Process::start(&mut script))
}

/// A line as a person sees it: without colours and the carriage return at its end.
fn seen(line: &str) -> String {
    anstream::adapter::strip_str(line).to_string().trim_end().to_owned()
}

/// The lines up to the one that says how to stop, and the port that they name.
pub(super) fn start_lines(process: &Process) -> (Vec<String>, u16) {
    process.stdout.line("how to stop", |line| line.contains("Ctrl-C"));
    let lines: Vec<_> = process.stdout.so_far().iter().map(|line| seen(line)).collect();
    let url = lines.iter().find_map(|line| line.trim().strip_prefix("http://localhost:"));
    let port = url.and_then(|rest| rest.strip_suffix('/')?.parse().ok());
    (lines.clone(), port.unwrap_or_else(|| panic!("no URL with localhost in {lines:?}")))
}
