//! The command: what it prints, how it starts and stops, and that each option does what it says.

mod help;
mod limits;
mod listen;
mod log;
mod served;
mod share;
mod start;
mod stop;
mod terminal;
mod variables;

use crate::support::{Client, LARGE, Process, Server, V4, folder, glasshttp};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;
use tempfile::TempDir;

/// `index.html` with the content `start`, and `a.txt` with the content `aaaaa`.
fn small_site() -> TempDir {
    folder(&[("index.html", "start"), ("a.txt", "aaaaa")])
}

/// Sees to it that 127.0.0.1:8000 is taken as long as this process runs; `None` if somebody else
/// has it, who may leave at any time.
fn hold_default_port() -> Option<&'static TcpListener> {
    static HOLDER: OnceLock<Option<TcpListener>> = OnceLock::new();
    HOLDER.get_or_init(|| TcpListener::bind((V4, 8000)).ok()).as_ref()
}

/// How much of a download the client below takes. A server that gives all connections their turns
/// has then been through more than one for this one, and knows that it is busy.
const BEGINNING: u64 = LARGE / 16;

/// A connection that the server is sending to, and that takes no more than the beginning.
fn start_download(server: &Server) -> Client {
    let mut client = server.connect();
    client.send("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(client.head().status, 200);
    client.bytes(usize::try_from(BEGINNING).expect("it fits"));
    client
}

/// Runs the command at a pseudo-terminal; `None` if there is no `script` of util-linux to make one.
fn at_a_terminal(options: &[&str], folder: &Path) -> Option<Process> {
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
fn start_lines(process: &Process) -> (Vec<String>, u16) {
    process.stdout.line("how to stop", |line| line.contains("Ctrl-C"));
    let lines: Vec<_> = process.stdout.so_far().iter().map(|line| seen(line)).collect();
    let url = lines.iter().find_map(|line| line.trim().strip_prefix("http://localhost:"));
    let port = url.and_then(|rest| rest.strip_suffix('/')?.parse().ok());
    (lines.clone(), port.unwrap_or_else(|| panic!("no URL with localhost in {lines:?}")))
}

fn connect(ip: std::net::IpAddr, port: u16) -> std::io::Result<Client> {
    Client::connect(SocketAddr::new(ip, port))
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).expect("the mode is set");
}
