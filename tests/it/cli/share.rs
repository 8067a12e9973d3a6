//! Letting others open it, and opening it: codes for phones, all addresses, a browser.

use super::{connect, small_site};
#[cfg(unix)]
use super::{
    set_mode,
    terminal::{at_a_terminal, start_lines},
};
use crate::support::{self, Finished, Server, V4, V6, folder, glasshttp, has_v6, one_line, write};
use tempfile::TempDir;

/// Whether a line is one of a QR code.
fn is_of_a_code(line: &str) -> bool {
    let line = line.trim_end();
    line.chars().count() > 20 && line.chars().all(|block| "█▀▄ ".contains(block))
}

#[test]
fn without_a_terminal_a_code_is_drawn_only_if_asked_for_and_behind_the_first_line() {
    let folder = small_site();
    let table: &[(&[&str], bool)] =
        &[(&[], false), (&["--lan"], false), (&["--qr"], true), (&["--lan", "--qr"], true)];
    for &(options, drawn) in table {
        let server = Server::start(folder.path(), &[options, &["--log", "off"]].concat());
        assert_eq!(server.address.ip(), V4, "{options:?}");
        assert_eq!(server.get("/").text(), "start", "{options:?}");
        let url = format!("http://localhost:{}/", server.port());
        let Finished { code, stdout, stderr } = server.stop();
        assert_eq!(code, Some(0), "{options:?}");
        // That the network can come in is not in the line that scripts read.
        let warned = stderr.iter().filter(|line| line.contains("not only this machine can connect")).count();
        assert_eq!(
            (warned, stderr.len()),
            if options.contains(&"--lan") { (1, 1) } else { (0, 0) },
            "{stderr:?}"
        );
        // Without a terminal there are no colours.
        let lines = stdout.iter().filter(|line| is_of_a_code(line)).count();
        assert_eq!(lines > 10, drawn, "{options:?}: {stdout:?}");
        assert!(drawn || stdout.len() == 1, "{options:?}: {stdout:?}");
        assert!(options != ["--qr"] || stdout[1].ends_with(&url), "{stdout:?}");
    }
}

#[test]
fn lan_answers_on_all_addresses() {
    let folder = small_site();
    let server = Server::start(folder.path(), &["--lan"]);
    assert_eq!(server.get("/").status, 200);
    if has_v6() {
        assert_eq!(connect(V6, server.port()).expect("::1").get("/").status, 200);
    }
    for interface in if_addrs::get_if_addrs().expect("interfaces").iter().filter(|one| one.ip().is_ipv4()) {
        assert_eq!(connect(interface.ip(), server.port()).expect("an address").get("/").status, 200);
    }
}

#[cfg(unix)]
#[test]
fn lan_tells_a_terminal_what_others_open_with_a_code_for_phones() {
    let folder = small_site();
    let Some(process) = at_a_terminal(&["--port", "0", "--lan"], folder.path()) else { return };
    let (lines, port) = start_lines(&process);
    let interfaces = if_addrs::get_if_addrs().expect("interfaces");
    let others = interfaces.iter().filter(|one| one.ip().is_ipv4() && !one.is_loopback());
    let others: Vec<_> = others.filter(|one| !one.is_link_local()).collect();
    for interface in &others {
        let url = format!("  http://{}:{port}/", interface.ip());
        assert!(lines.contains(&url), "{url} in {lines:?}");
    }
    let drawn = lines.iter().any(|line| is_of_a_code(line));
    let nobody = lines.iter().any(|line| line.contains("in no network"));
    assert!(drawn != nobody && (drawn || others.is_empty()), "{lines:?}");
    assert!(!lines.iter().any(|line| line.contains("--lan")), "{lines:?}");
}

/// A folder with a command for opening browsers: it writes its arguments to `asked` and then does
/// something more.
#[cfg(unix)]
fn opener(more: &str) -> TempDir {
    let folder = folder(&[]);
    let asked = folder.path().join("asked");
    // Renamed, so that whoever finds it finds all of it.
    let script =
        format!("#!/bin/sh\necho \"$@\" > '{0}.new' && mv '{0}.new' '{0}'\n{more}\n", asked.display());
    write(folder.path(), "xdg-open", script);
    set_mode(&folder.path().join("xdg-open"), 0o755);
    folder
}

#[cfg(unix)]
#[test]
fn open_asks_the_system_for_a_browser_at_the_servers_address() {
    let site = small_site();
    for (option, path) in
        [("-o", ""), ("--open", ""), ("--open=/a.txt?b#c", "a.txt?b#c"), ("-o=a b", "a%20b")]
    {
        // It does not wait for the browser to end.
        let opener = opener("while [ -e \"$0\" ]; do sleep 0.1; done");
        let mut command = glasshttp();
        let path_variable = format!("{}:{}", opener.path().display(), std::env::var("PATH").expect("set"));
        command.args(["--port", "0", option]).arg(site.path()).env("PATH", path_variable);
        let server = Server::start_command(&mut command);
        let asked =
            support::wait_until("the command", || std::fs::read_to_string(opener.path().join("asked")).ok());
        assert_eq!(asked.trim_end(), format!("http://localhost:{}/{path}", server.port()), "{option}");
        assert_eq!(server.get("/").status, 200);
        let end = server.stop();
        assert_eq!((end.code, end.stderr), (Some(0), vec![]), "{option}");
    }
}

#[cfg(unix)]
#[test]
fn a_browser_that_cannot_be_opened_is_one_line_and_the_server_serves() {
    let site = small_site();
    let (failing, nothing) = (opener("exit 3"), folder(&[]));
    for (path, part) in [(failing.path(), "xdg-open"), (nothing.path(), "no command")] {
        let mut command = glasshttp();
        let server =
            Server::start_command(command.args(["--port", "0", "--open"]).arg(site.path()).env("PATH", path));
        server.process.stderr.line("that it failed", |line| line.contains("no browser"));
        assert_eq!(server.get("/").status, 200);
        let end = server.stop();
        assert_eq!(end.code, Some(0));
        one_line(&end.stderr, &["glasshttp: ", part], &path);
    }
}
