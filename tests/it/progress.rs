//! Lines on a terminal for what takes long: they are there while it does, and leave no trace.

use crate::support::terminal::Terminal;
use crate::support::{
    self, Client, LARGE, V4, address_of_our_own, folder, glasshttp, glasshttp_by, wait_until, write_sparse,
};
use rustix::process::{Pid, Signal, kill_process};
use std::net::SocketAddr;
use std::process::Child;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A server at a terminal, ended when dropped.
struct AtATerminal {
    terminal: Terminal,
    child: Child,
    address: SocketAddr,
}

impl AtATerminal {
    fn start(folder: &TempDir, options: &[&str]) -> AtATerminal {
        // Its own session, so that what is typed reaches it.
        let mut command = glasshttp_by("setsid", &["--ctty", "--wait"]);
        command.env("TERM", "xterm").args(["--port", "0", "--bind", "127.0.0.1"]).args(options);
        let (terminal, child) = Terminal::run(command.arg(folder.path()));
        let port = wait_until("the port", || {
            let lines = terminal.screen();
            let url = lines.iter().find_map(|line| line.trim().strip_prefix("http://127.0.0.1:"));
            let url =
                url.or_else(|| lines.iter().find_map(|line| line.trim().strip_prefix("http://localhost:")));
            lines.iter().any(|line| line.contains("Ctrl-C")).then(|| url?.strip_suffix('/')?.parse().ok())?
        });
        AtATerminal { terminal, child, address: SocketAddr::new(V4, port) }
    }

    /// The lines about transfers that stand on the screen.
    fn lines(&self) -> Vec<String> {
        let is_one = |line: &String| line.starts_with(['↓', '↑']) || line.starts_with("and ");
        self.terminal.screen().into_iter().filter(is_one).collect()
    }

    fn wait_for_lines(&self, count: usize) -> Vec<String> {
        wait_until(&format!("{count} lines"), || Some(self.lines()).filter(|lines| lines.len() == count))
    }

    /// Waits for the log to tell of these many exchanges, and for all lines to be gone.
    fn wait_for_log(&self, part: &str, count: usize) -> Vec<String> {
        wait_until("the log", || {
            let lines: Vec<_> =
                self.terminal.screen().into_iter().filter(|line| line.contains(part)).collect();
            (lines.len() == count).then_some(lines)
        })
    }
}

impl Drop for AtATerminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("{:#?}\n{:?}", self.terminal.screen(), self.terminal.shown());
        }
    }
}

fn site() -> TempDir {
    let folder = folder(&[("a.txt", "aaaaa")]);
    write_sparse(folder.path(), "large", LARGE);
    folder
}

/// A download of which nothing is read but its head.
fn slow(address: SocketAddr, target: &str) -> Client {
    let mut client = Client::connect(address).expect("it accepts");
    client.send(format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    assert_eq!(client.head().status, 200);
    client
}

/// Reads the rest of it.
fn finish(client: &mut Client) {
    client.bytes(usize::try_from(LARGE).expect("it fits"));
}

#[test]
fn a_slow_download_has_a_line_that_leaves_no_trace_and_the_log_is_whole() {
    let (site, began) = (site(), Instant::now());
    let server = AtATerminal::start(&site, &[]);
    let mut client = slow(server.address, "/large?%1b[2J");
    let lines = server.wait_for_lines(1);
    assert!(began.elapsed() >= Duration::from_secs(2), "too early");
    for part in ["↓  ", "%", " of 67.1 MB", "/s", "127.0.0.1  /large?%1b[2J"] {
        assert!(lines[0].contains(part), "{part} in {lines:?}");
    }
    // What is logged meanwhile stands above it, and whole.
    for _ in 0..3 {
        Client::connect(server.address).expect("it accepts").get("/a.txt");
    }
    let logged = server.wait_for_log("  200  GET /a.txt  5 B  ", 3);
    assert!(logged.iter().all(|line| line.ends_with(" ms")), "{logged:?}");
    // It is taken away for each line of the log, and comes back below.
    wait_until("it to be the last", || {
        let screen = server.terminal.screen();
        let is_last = screen.last().is_some_and(|line| line.starts_with('↓'));
        (is_last && server.lines().len() == 1).then_some(())
    });
    finish(&mut client);
    server.wait_for_lines(0);
    let logged = server.wait_for_log("  200  GET /large?%1b[2J  67.1 MB  ", 1);
    assert!(logged[0].ends_with(" ms"), "{logged:?}");
    // There is nothing between what was said at the start and the log, and nothing below it.
    let screen = server.terminal.screen();
    let first = screen.iter().position(|line| line.contains("  200  GET ")).expect("the log");
    assert!(screen[first..first + 4].iter().all(|line| line.contains("  200  GET ")), "{screen:?}");
    assert_eq!(screen[first + 4..], [""], "{screen:?}");
}

#[test]
fn a_slow_upload_has_a_line_too() {
    let site = site();
    let server = AtATerminal::start(&site, &["--upload"]);
    let mut client = Client::connect(server.address).expect("it accepts");
    client.send("PUT /new.bin HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n");
    client.send(vec![b'x'; 250_000]);
    let lines = server.wait_for_lines(1);
    for part in ["↑  25%", "250 kB of 1.0 MB", "127.0.0.1  /new.bin"] {
        assert!(lines[0].contains(part), "{part} in {lines:?}");
    }
    client.send(vec![b'x'; 750_000]);
    assert_eq!(client.reply().status, 201);
    server.wait_for_lines(0);
    server.wait_for_log("  201  PUT /new.bin  ", 1);
}

#[test]
fn of_many_there_are_a_handful_of_lines_and_one_for_the_rest() {
    let site = site();
    let server = AtATerminal::start(&site, &[]);
    let mut clients: Vec<_> = (0..8).map(|_| slow(server.address, "/large")).collect();
    wait_until("all of them", || {
        let lines = server.lines();
        (lines.len() == 6 && lines[5] == "and 3 more").then_some(())
    });
    // One ends, and two go away.
    finish(&mut clients.pop().expect("there are some"));
    clients.drain(..2).for_each(Client::reset);
    server.wait_for_lines(5);
    clients.into_iter().for_each(Client::reset);
    server.wait_for_lines(0);
}

#[test]
fn control_c_leaves_a_clean_terminal() {
    let site = site();
    for times in [1, 2] {
        let mut server = AtATerminal::start(&site, &[]);
        let mut client = slow(server.address, "/large");
        server.wait_for_lines(1);
        server.terminal.type_in(b"\x03");
        server.wait_for_log("Stopping; answers under way may finish.", 1);
        if times == 1 {
            server.wait_for_lines(1);
            finish(&mut client);
            drop(client);
        } else {
            server.terminal.type_in(b"\x03");
        }
        assert_eq!(server.child.wait().expect("it is ours").code(), Some(if times == 1 { 0 } else { 130 }));
        server.wait_for_lines(0);
        let screen = server.terminal.screen();
        assert!(!screen.iter().any(|line| line.contains("MB of")), "{screen:?}");
    }
}

#[test]
fn quiet_and_without_a_terminal_there_are_no_lines() {
    let site = site();
    let address = address_of_our_own();
    let (ip, port) = (address.ip().to_string(), address.port().to_string());
    let mut command = glasshttp();
    command.env("TERM", "xterm").args(["--quiet", "--bind", &ip, "--port", &port]);
    let (terminal, mut child) = Terminal::run(command.arg(site.path()));
    wait_until("the server", || Client::connect(address).ok());
    let quiet = slow(address, "/large");
    let other = support::Server::start(site.path(), &[]);
    let elsewhere = slow(other.address, "/large");
    let began = Instant::now();
    wait_until("a line to be due", || (began.elapsed() > Duration::from_secs(3)).then_some(()));
    for mut client in [quiet, elsewhere] {
        finish(&mut client);
    }
    assert_eq!(terminal.shown(), "");
    kill_process(Pid::from_child(&child), Signal::TERM).expect("it runs");
    assert_eq!(child.wait().expect("it is ours").code(), Some(0));
    let end = other.stop();
    assert_eq!((end.stdout.len(), end.stderr), (2, vec![]));
}
