//! What is said when it cannot start, and what when it can.

#[cfg(unix)]
use super::set_mode;
use super::{hold_default_port, small_site};
use crate::support::{Finished, Server, V4, folder, glasshttp, one_line, run};
#[cfg(unix)]
use crate::support::{Process, address_of_our_own, make_fifo};
use std::net::TcpListener;
#[cfg(unix)]
use std::path::Path;

#[test]
fn without_a_terminal_one_line_says_where_it_already_listens() {
    let folder = small_site();
    let server = Server::start(folder.path(), &["--log", "off"]);
    assert_eq!(server.get("/").text(), "start");
    let start_line = format!("Listening on http://127.0.0.1:{}/", server.port());
    let Finished { code, stdout, stderr } = server.stop();
    assert_eq!((code, stdout, stderr), (Some(0), vec![start_line], vec![]));
}

#[test]
fn a_port_that_is_taken_is_one_line_and_exit_code_1() {
    let folder = small_site();
    let holder = TcpListener::bind((V4, 0)).expect("a free port");
    let port = holder.local_addr().expect("bound").port().to_string();
    let end = run(glasshttp().args(["--port", &port]).arg(folder.path()));
    assert_eq!((end.code, end.stdout.len()), (Some(1), 0));
    one_line(&end.stderr, &["glasshttp: ", &port, "taken", "--port"], &"port taken");
}

#[test]
fn without_a_terminal_a_taken_default_port_is_no_reason_to_take_another() {
    let Some(_) = hold_default_port() else { return };
    let folder = small_site();
    let end = run(glasshttp().arg(folder.path()));
    assert_eq!((end.code, end.stdout.len()), (Some(1), 0));
    one_line(&end.stderr, &["8000", "taken"], &"default port taken");
}

#[test]
fn what_cannot_be_served_is_one_line_and_exit_code_1() {
    let folder = small_site();
    #[cfg(unix)]
    make_fifo(&folder.path().join("fifo"));
    #[cfg(unix)]
    std::os::unix::fs::symlink("nowhere", folder.path().join("dangling")).expect("a link");
    let table = [
        ("missing", "no such file"),
        #[cfg(unix)]
        ("a.txt/below", "not a directory"),
        #[cfg(unix)]
        ("fifo", "neither a folder nor a file"),
        #[cfg(unix)]
        ("dangling", "no such file"),
        #[cfg(unix)]
        ("line\nfeed \x1b[2J", "no such file"),
    ];
    for (file, reason) in table {
        let end = run(glasshttp().args(["--port", "0"]).arg(folder.path().join(file)));
        assert_eq!((end.code, end.stdout.len()), (Some(1), 0), "{file:?}: {end:?}");
        let line = one_line(&end.stderr, &["glasshttp: cannot serve", reason], &file);
        assert!(!line.contains(char::is_control), "{line:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_folder_that_may_not_be_read_is_one_line_and_exit_code_1() {
    let outer = folder(&[("folder/a.txt", "")]);
    set_mode(outer.path(), 0o755);
    set_mode(&outer.path().join("folder"), 0o000);
    let mut command = glasshttp();
    command.args(["--port", "0"]).arg(outer.path().join("folder"));
    if rustix::process::geteuid().is_root() {
        use std::os::unix::process::CommandExt;
        // The administrator may read everything; somebody else may not.
        command.uid(65534).gid(65534);
    }
    let started = Process::try_start(&mut command);
    // That user may not even be able to reach the program.
    if let Ok(process) = started {
        let end = process.finish();
        assert_eq!((end.code, end.stdout.len()), (Some(1), 0), "{end:?}");
        one_line(&end.stderr, &["glasshttp: cannot serve", "permission denied"], &"mode 000");
    }
    set_mode(&outer.path().join("folder"), 0o755);
}

#[test]
fn a_wrong_command_line_is_one_line_and_exit_code_2() {
    let table: &[(&[&str], &str)] = &[
        (&["--no-such-option"], "--no-such-option"),
        (&["--lisitng"], "--no-listing"),
        (&["--port", "65536"], "65536"),
        (&["--port", "http"], "--port"),
        (&["--port"], "--port"),
        (&["--bind", "here"], "IP address"),
        (&["--bind", "127.0.0.1:80"], "IP address"),
        (&["--bind", "unix:"], "path of a socket"),
        (&["--socket-mode", "9"], "octal"),
        (&["--allow-host", "dev.example:80"], "without a port"),
        (&["--allow-host", "*"], "*.example.com"),
        (&["--index", "../index.html"], "without a folder"),
        (&["--cache", "a while"], "no-store"),
        (&["--log", "xml"], "combined"),
        (&["--color", "red"], "never"),
        (&["--threads", "0"], "--threads"),
        (&["--threads", "-1"], "-1"),
        (&["--max-connections", "0"], "--max-connections"),
        (&["--head-timeout", "0"], "above 0"),
        (&["--idle-timeout", "NaN"], "above 0"),
        (&["--send-timeout", "inf"], "above 0"),
        (&["one", "two"], "two"),
    ];
    for &(arguments, part) in table {
        let end = run(glasshttp().args(arguments));
        assert_eq!((end.code, end.stdout.len()), (Some(2), 0), "{arguments:?}: {end:?}");
        one_line(&end.stderr, &["glasshttp: ", part, "--help"], &arguments);
    }
}

#[test]
fn an_address_of_another_machine_is_one_line_and_exit_code_1() {
    let folder = small_site();
    // RFC 5737: nobody has this address.
    let end = run(glasshttp().args(["--port", "0", "--bind", "192.0.2.1"]).arg(folder.path()));
    assert_eq!((end.code, end.stdout.len()), (Some(1), 0), "{end:?}");
    one_line(&end.stderr, &["192.0.2.1", "address of this machine"], &"bind");
}

#[cfg(unix)]
#[test]
fn what_could_surprise_at_the_start_is_one_line_and_it_serves() {
    let outer = folder(&[("site/a.txt", "aaaaa")]);
    let start = |options: &[&str], folder: &Path| {
        let mut command = glasshttp();
        command.env("HOME", outer.path()).args(options).arg(folder);
        Server::start_command(&mut command)
    };
    // The port is the same for all who try, so the address is not.
    let ip = address_of_our_own().ip().to_string();
    let table: &[(&[&str], &Path, &str)] = &[
        (&["--port", "0"], Path::new("/"), "the whole machine: every file that you may read"),
        (&["--port", "0", "--hidden"], Path::new("/"), "hidden names too"),
        (
            &["--port", "0", "--quiet", "--log", "off"],
            outer.path(),
            "your whole home folder, but for hidden names",
        ),
        (&["--port", "6666", "--bind", &ip], &outer.path().join("site"), "browsers refuse to open port 6666"),
    ];
    for &(options, folder, part) in table {
        if options.contains(&"--quiet") {
            let mut command = glasshttp();
            let process = Process::start(command.env("HOME", outer.path()).args(options).arg(folder));
            process.stderr.line(part, |line| line.contains(part));
            continue;
        }
        let server = start(options, folder);
        assert_eq!(server.get("/").status, 200, "{options:?}");
        one_line(&server.stop().stderr, &["glasshttp: ", part], &options);
    }
    assert_eq!(start(&["--port", "0"], &outer.path().join("site")).stop().stderr, Vec::<String>::new());
}

#[test]
fn who_knows_another_server_gets_a_tip() {
    let table: &[(&[&str], i32, &[&str])] = &[
        (&["8000"], 1, &["no such file", "did you mean --port 8000?"]),
        (&["localhost:8000"], 1, &["did you mean --bind localhost --port 8000?"]),
        (&["-d", "site"], 2, &["'-d'", "glasshttp FOLDER"]),
        (&["--directory", "site"], 2, &["'--directory'", "glasshttp FOLDER"]),
        (&["-p", "abc"], 2, &["abc", "it must be a number from 0 to 65535"]),
        (&["site", "8000"], 2, &["--port PORT"]),
        (&["--cgi"], 2, &["no program is run"]),
        (&["-l", "tcp://0.0.0.0:8000"], 2, &["--bind ADDR"]),
        #[cfg(feature = "tls")]
        (&["-S"], 2, &["--tls-cert FILE"]),
        (&["-a", "0.0.0.0"], 2, &["--bind ADDR"]),
    ];
    let empty = folder(&[]);
    for &(arguments, code, parts) in table {
        let end = run(glasshttp().args(arguments).current_dir(empty.path()));
        assert_eq!((end.code, end.stdout.len()), (Some(code), 0), "{arguments:?}: {end:?}");
        one_line(&end.stderr, parts, &arguments);
    }
}
