//! The command: what it prints, how it starts and stops, and that each option does what it says.

use crate::support::{
    self, Client, Finished, LARGE, Process, Server, V4, V6, address_of_our_own, folder, glasshttp, has_v6,
    make_fifo, name, one_line, run, wait_until, write, write_sparse,
};
use rustix::process::Signal;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;
use tempfile::TempDir;

/// `index.html` with the content `start`, and `a.txt` with the content `aaaaa`.
fn small_site() -> TempDir {
    folder(&[("index.html", "start"), ("a.txt", "aaaaa")])
}

// ---- the start

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

/// Sees to it that 127.0.0.1:8000 is taken as long as this process runs; `None` if somebody else
/// has it, who may leave at any time.
fn hold_default_port() -> Option<&'static TcpListener> {
    static HOLDER: OnceLock<Option<TcpListener>> = OnceLock::new();
    HOLDER.get_or_init(|| TcpListener::bind((V4, 8000)).ok()).as_ref()
}

#[test]
fn what_cannot_be_served_is_one_line_and_exit_code_1() {
    let folder = small_site();
    make_fifo(&folder.path().join("fifo"));
    symlink("nowhere", folder.path().join("dangling")).expect("a link");
    let table = [
        ("missing", "no such file"),
        ("a.txt/below", "not a directory"),
        ("fifo", "neither a folder nor a file"),
        ("dangling", "no such file"),
        ("line\nfeed \x1b[2J", "no such file"),
    ];
    for (file, reason) in table {
        let end = run(glasshttp().args(["--port", "0"]).arg(folder.path().join(file)));
        assert_eq!((end.code, end.stdout.len()), (Some(1), 0), "{file:?}: {end:?}");
        let line = one_line(&end.stderr, &["glasshttp: cannot serve", reason], &file);
        assert!(!line.contains(char::is_control), "{line:?}");
    }
}

#[test]
fn a_folder_that_may_not_be_read_is_one_line_and_exit_code_1() {
    let outer = folder(&[("folder/a.txt", "")]);
    set_mode(outer.path(), 0o755);
    set_mode(&outer.path().join("folder"), 0o000);
    let mut command = glasshttp();
    command.args(["--port", "0"]).arg(outer.path().join("folder"));
    if rustix::process::geteuid().is_root() {
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

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).expect("the mode is set");
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

#[test]
fn version_and_help_go_to_standard_output_with_exit_code_0() {
    let version = concat!("glasshttp ", env!("CARGO_PKG_VERSION"));
    for (option, part) in [("--version", version), ("-V", version), ("--help", "Usage:"), ("-h", "Usage:")] {
        let end = run(glasshttp().arg(option));
        assert_eq!((end.code, end.stderr.len()), (Some(0), 0), "{option}");
        assert!(end.stdout.iter().any(|line| line.contains(part)), "{option}: {:?}", end.stdout);
    }
}

/// Each heading of the help, its options, and a part of what says their default.
const HELP: &[(&str, &[(&str, &str)])] = &[
    ("Arguments:", &[("[FOLDER]", ".")]),
    (
        "Options:",
        &[
            #[cfg(feature = "manual")]
            ("--completions <SHELL>", ""),
            #[cfg(feature = "manual")]
            ("--man", ""),
            ("-h, --help", ""),
            ("-V, --version", ""),
        ],
    ),
    (
        "Where:",
        &[
            ("-p, --port <PORT>", "8000"),
            ("-b, --bind <ADDR>", "127.0.0.1 and ::1"),
            ("--socket-mode <MODE>", "600"),
            ("--lan", ""),
            ("--allow-host <NAME>", "localhost and addresses"),
            ("--base-path <PATH>", "/"),
            ("--trust-proxy[=<ADDR>]", "nobody"),
        ],
    ),
    #[cfg(feature = "tls")]
    (
        "Encryption:",
        &[("--tls-cert <FILE>", ""), ("--tls-key <FILE>", "in the same file"), ("--tls-self-signed", "")],
    ),
    #[cfg(feature = "auth")]
    (
        "Who:",
        &[("-a, --auth <USER:PASSWORD>", "everybody"), ("--auth-file <FILE>", ""), ("--hash <USER>", "")],
    ),
    (
        "What:",
        &[
            ("--index <NAME>", "index.html, index.htm"),
            ("--no-listing", "they are listed"),
            ("--hidden", "only /.well-known/"),
            ("--follow-links", "they are refused"),
            ("--cache <[PATTERN=]VALUE>", "no-cache"),
            ("--etag <WHAT>", "file"),
        ],
    ),
    (
        "For building pages:",
        &[
            ("--spa[=<FILE>]", "404"),
            ("--clean-urls", ""),
            ("--precompressed", ""),
            #[cfg(feature = "compress")]
            ("--compress", ""),
            ("--cors[=<ORIGIN>]", "of none"),
            ("-H, --header <NAME: VALUE>", ""),
            ("--isolate", ""),
            #[cfg(feature = "reload")]
            ("--reload[=<HOW>]", "off; HOW: auto"),
            ("--reload-ignore <GLOB>", ""),
        ],
    ),
    ("For sharing files:", &[("--upload", ""), ("--overwrite", ""), ("--max-upload <SIZE>", "1G")]),
    (
        "Output:",
        &[
            ("--log <FORMAT>", "auto"),
            ("--explain", ""),
            ("--inspect", ""),
            #[cfg(feature = "metrics")]
            ("--metrics", ""),
            ("--fault <FAULT>", ""),
            ("--qr", ""),
            ("-o, --open[=<PATH>]", ""),
            ("-q, --quiet", "the address and the log"),
            ("--color <WHEN>", "auto"),
        ],
    ),
    (
        "Limits:",
        &[
            ("-t, --threads <N>", "one for each processor"),
            ("--max-connections <N>", "half of the files"),
            ("--cache-size <MB>", "64"),
            ("--head-timeout <SECONDS>", "10"),
            ("--idle-timeout <SECONDS>", "60"),
            ("--send-timeout <SECONDS>", "30"),
        ],
    ),
    (
        "For running it longer:",
        &[
            ("--log-file <PATH>", ""),
            ("--quit-after <SECONDS>", "never"),
            ("--no-sandbox", "those of the folder alone"),
            ("--check [<URL>]", "the server that the other options"),
        ],
    ),
];

#[test]
fn help_names_each_option_with_its_default() {
    let groups = help_by_group();
    let expected: Vec<_> = HELP.iter().map(|(group, _)| *group).collect();
    let found: Vec<_> = groups.iter().map(|(group, _)| group.as_str()).collect();
    assert_eq!(found, expected);
    for ((group, options), (_, found)) in HELP.iter().zip(&groups) {
        assert_eq!(options.len(), found.len(), "{group} {found:?}");
        for ((option, default), entry) in options.iter().zip(found) {
            assert!(entry.starts_with(option), "{option} in {entry:?}");
            let has_default = entry.contains(&format!("[default: {default}"));
            assert!(has_default || default.is_empty(), "{default} in {entry:?}");
        }
    }
}

/// The groups of the help, each with its entries, and each entry on one line.
fn help_by_group() -> Vec<(String, Vec<String>)> {
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for line in run(glasshttp().arg("--help")).stdout {
        let words = line.split_whitespace().collect::<Vec<_>>().join(" ");
        let indent = line.len() - line.trim_start().len();
        match groups.last_mut() {
            _ if line.starts_with("Examples:") => break,
            _ if indent == 0 && line.ends_with(':') => groups.push((line, Vec::new())),
            Some((_, entries)) if words.starts_with(['-', '[']) && indent < 10 => entries.push(words),
            Some((_, entries)) if !words.is_empty() => {
                let entry = entries.last_mut().expect("an entry before its second line");
                *entry = format!("{entry} {words}");
            }
            _ => {}
        }
    }
    groups
}

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

// ---- variables

/// What the command says of a folder that is not there; by then it has read all variables.
fn with_variables(variables: &[(&str, &str)], options: &[&str]) -> Finished {
    let mut command = glasshttp();
    run(command.envs(variables.iter().copied()).args(options).arg("/no/such"))
}

/// Each option's variable, the option, and whether it takes a value.
fn variables() -> Vec<(String, String, bool)> {
    use clap::CommandFactory;
    let mut command = glasshttp::cli::Cli::command();
    command.build();
    let variables: Vec<_> = command
        .get_arguments()
        .filter_map(|arg| {
            let option = arg.get_long().map_or_else(|| arg.to_string(), |long| format!("--{long}"));
            let name = arg.get_env()?.to_str().expect("ASCII").to_owned();
            Some((name, option, arg.get_action().takes_values()))
        })
        .collect();
    assert!(variables.len() > 30, "{variables:?}");
    variables
}

#[test]
fn an_empty_variable_is_unset_whichever_option_it_is_for() {
    let variables = variables();
    for (name, _, takes_value) in &variables {
        for value in if *takes_value { &[""][..] } else { &["", "0", "false", "no"] } {
            let end = with_variables(&[(name, value)], &["--lan"]);
            assert_eq!((end.code, end.stdout.len()), (Some(1), 0), "{name}={value}: {end:?}");
            one_line(&end.stderr, &["cannot serve \"/no/such\""], name);
        }
    }
    let folder = small_site();
    let mut command = glasshttp();
    for (name, ..) in &variables {
        command.env(name, "");
    }
    let server = Server::start_command(command.args(["--port", "0"]).current_dir(folder.path()));
    assert_eq!((server.address.ip(), server.get("/").text()), (V4, "start".to_owned()));
    assert_eq!(server.stop().stderr, Vec::<String>::new());
}

#[test]
fn what_is_wrong_in_a_variable_is_told_with_the_variables_name() {
    let is_word = |line: &str, word: &str| line.split([' ', '\'', ';', ':']).any(|part| part == word);
    let mut refused = 0;
    for (name, option, takes_value) in variables() {
        let end = with_variables(&[(&name, "\u{1}?/..:,")], if takes_value { &["--quiet"] } else { &[] });
        if end.code == Some(2) {
            let line = one_line(&end.stderr, &["glasshttp: ", &name, "--help"], &name);
            assert!(!is_word(line, &option), "{line}");
            refused += 1;
        } else {
            assert!(takes_value, "{name} says neither yes nor no, which may open what was to stay closed");
        }
    }
    assert!(refused > 15, "{refused}");
}

#[test]
fn what_variables_and_options_contradict_each_other_in_is_told_by_their_names() {
    let table: &[(&[(&str, &str)], &[&str], &[&str])] = &[
        (&[("GLASSHTTP_LAN", "1")], &["--bind", "::1"], &["GLASSHTTP_LAN", "--bind"]),
        (&[("GLASSHTTP_BIND", "::1")], &["--lan"], &["GLASSHTTP_BIND", "--lan"]),
        (&[("GLASSHTTP_LAN", "1"), ("GLASSHTTP_BIND", "::1")], &[], &["GLASSHTTP_LAN", "GLASSHTTP_BIND"]),
        (&[("GLASSHTTP_QUIET", "1"), ("GLASSHTTP_PORT", "1")], &["--qr"], &["GLASSHTTP_QUIET", "--qr"]),
        (&[("GLASSHTTP_OVERWRITE", "1")], &[], &["GLASSHTTP_OVERWRITE", "--upload"]),
        (&[("GLASSHTTP_LOG", "off")], &["--log-file", "x"], &["GLASSHTTP_LOG off and --log-file"]),
        (&[("GLASSHTTP_LOG_FILE", "x")], &["--log", "off"], &["--log off and GLASSHTTP_LOG_FILE"]),
        // Only one of them is wrong.
        (
            &[("GLASSHTTP_THREADS", "0"), ("GLASSHTTP_PORT", "1")],
            &[],
            &["glasshttp: invalid", "GLASSHTTP_THREADS"],
        ),
        // That one is the option's own.
        (&[("GLASSHTTP_PORT", "1")], &["--threads", "0"], &["'--threads <N>'"]),
    ];
    for &(variables, options, parts) in table {
        let end = with_variables(variables, options);
        assert_eq!((end.code, end.stdout.len()), (Some(2), 0), "{variables:?} {options:?}: {end:?}");
        let line = one_line(&end.stderr, parts, &variables);
        assert!(!line.contains("GLASSHTTP_PORT"), "{line}");
    }
}

#[test]
fn what_kubernetes_sets_for_a_service_of_our_name_is_passed_over() {
    for value in ["tcp://10.96.0.17:8000", "tcp://[fd00::11]:8000"] {
        let end = with_variables(&[("GLASSHTTP_PORT", value), ("GLASSHTTP_SERVICE_HOST", "10.96.0.17")], &[]);
        assert_eq!(end.code, Some(1), "{end:?}");
        one_line(&end.stderr, &["cannot serve"], &value);
    }
    let end = with_variables(&[("GLASSHTTP_PORT", "tcp://here")], &[]);
    assert_eq!(end.code, Some(2));
    one_line(&end.stderr, &["GLASSHTTP_PORT", "a number from 0 to 65535"], &"no address");
    let end = with_variables(&[("GLASSHTTP_BIND", "tcp://10.96.0.17:8000")], &[]);
    assert_eq!(end.code, Some(2), "that is for the port alone");
}

#[test]
fn an_option_goes_before_a_variable_and_what_that_says_is_not_looked_at() {
    let folder = small_site();
    let mut command = glasshttp();
    command.env("GLASSHTTP_PORT", "x").env("GLASSHTTP_FOLDER", "/no/such");
    assert_eq!(Server::start_command(command.args(["--port", "0"]).arg(folder.path())).get("/").status, 200);
}

#[test]
fn a_file_of_a_variable_that_cannot_be_opened_is_told_with_the_variables_name() {
    let site = small_site();
    let table: &[(&str, &str, &str)] = &[
        ("GLASSHTTP_FOLDER", "/no/such", "cannot serve \"/no/such\" (GLASSHTTP_FOLDER): no such file"),
        (
            "GLASSHTTP_LOG_FILE",
            "/no/such/log",
            "cannot open the log \"/no/such/log\" (GLASSHTTP_LOG_FILE): no such",
        ),
        ("GLASSHTTP_BIND", "192.0.2.1", "GLASSHTTP_BIND takes an address of this machine"),
        #[cfg(feature = "auth")]
        ("GLASSHTTP_AUTH_FILE", "/no/such", "\"/no/such\" (GLASSHTTP_AUTH_FILE): no such file"),
        #[cfg(feature = "tls")]
        ("GLASSHTTP_TLS_CERT", "/no/such", "\"/no/such\" (GLASSHTTP_TLS_CERT): no such file"),
    ];
    for &(name, value, part) in table {
        let mut command = glasshttp();
        let end = run(command.env(name, value).args(["--port", "0"]).current_dir(site.path()));
        assert_eq!((end.code, end.stdout.len()), (Some(1), 0), "{name}: {end:?}");
        one_line(&end.stderr, &[part], &name);
    }
}

#[test]
fn a_taken_port_of_a_variable_is_told_with_the_variables_name() {
    let folder = small_site();
    let holder = TcpListener::bind((V4, 0)).expect("a free port");
    let port = holder.local_addr().expect("bound").port().to_string();
    let end = run(glasshttp().env("GLASSHTTP_PORT", &port).arg(folder.path()));
    assert_eq!(end.code, Some(1));
    let line = one_line(&end.stderr, &[&port, "taken", "GLASSHTTP_PORT"], &"port taken");
    assert!(!line.contains("--port"), "{line}");
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
        #[cfg(feature = "auth")]
        (&["-a", "0.0.0.0"], 2, &["--bind ADDR"]),
    ];
    let empty = folder(&[]);
    for &(arguments, code, parts) in table {
        let end = run(glasshttp().args(arguments).current_dir(empty.path()));
        assert_eq!((end.code, end.stdout.len()), (Some(code), 0), "{arguments:?}: {end:?}");
        one_line(&end.stderr, parts, &arguments);
    }
}

// ---- the end

#[test]
fn a_signal_stops_it_with_exit_code_0() {
    let folder = small_site();
    for signal in [Signal::INT, Signal::TERM] {
        let server = Server::start(folder.path(), &["--log", "off"]);
        server.process.signal(signal);
        let end = server.process.finish();
        assert_eq!((end.code, end.stderr), (Some(0), vec![]), "{signal:?}");
    }
}

#[test]
fn idle_connections_are_closed_when_it_stops() {
    let folder = small_site();
    let server = Server::start(folder.path(), &["--idle-timeout", "1000"]);
    let (mut used, mut silent) = (server.connect(), server.connect());
    assert_eq!(used.get("/").status, 200);
    // That it has an answer says that the connection before it is taken in, too.
    assert_eq!(server.get("/").status, 200);
    server.process.signal(Signal::TERM);
    for client in [&mut used, &mut silent] {
        assert_eq!(client.rest().expect("closed, not broken"), b"");
    }
    assert_eq!(server.process.finish().code, Some(0));
}

#[test]
fn a_download_under_way_is_finished_before_it_stops() {
    let folder = small_site();
    write_sparse(folder.path(), "large", LARGE);
    let server = Server::start(folder.path(), &[]);
    let mut client = server.connect();
    client.send("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(client.head().field("content-length"), Some(&*LARGE.to_string()));
    let half = usize::try_from(LARGE / 2).expect("it fits");
    client.bytes(half);
    server.process.signal(Signal::TERM);
    server.wait_until_it_accepts_no_more();
    assert_eq!(client.rest().expect("closed, not broken").len(), half);
    let end = server.process.finish();
    assert_eq!((end.code, end.stderr), (Some(0), vec![]));
}

#[test]
fn a_second_signal_ends_it_at_once_with_another_exit_code() {
    let folder = small_site();
    write_sparse(folder.path(), "large", LARGE);
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let server = Server::start(folder.path(), &["--send-timeout", "1000"]);
        let mut client = server.connect();
        client.send("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assert_eq!(client.head().status, 200);
        server.process.signal(signal);
        server.wait_until_it_accepts_no_more();
        server.process.signal(signal);
        assert_eq!(server.process.finish().code, Some(code), "{signal:?}");
    }
}

#[test]
fn a_port_can_be_used_again_at_once() {
    let folder = small_site();
    let first = Server::start(folder.path(), &[]);
    let port = first.port().to_string();
    let mut client = first.connect();
    assert_eq!(client.get("/").status, 200);
    // The server closes first, so it is its side that stays around in TIME_WAIT.
    assert_eq!(first.stop().code, Some(0));
    let second = Server::start_command(glasshttp().args(["--port", &port]).arg(folder.path()));
    assert_eq!(second.get("/").status, 200);
}

// ---- what is served

#[test]
fn a_single_file_is_served_at_the_root_and_at_its_name_and_nothing_else_is() {
    let folder = folder(&[
        ("a.txt", "aaaaa"),
        ("b.txt", "b"),
        ("index.html", "start"),
        ("404.html", "not here"),
        ("sub/a.txt", "sub"),
    ]);
    let server = Server::start(&folder.path().join("a.txt"), &[]);
    for target in ["/", "/a.txt", "/a.txt?query"] {
        let reply = server.get(target);
        assert_eq!((reply.status, reply.text().as_str()), (200, "aaaaa"), "{target}");
        assert_eq!(reply.field("content-type"), Some("text/plain; charset=utf-8"));
    }
    for target in ["/b.txt", "/index.html", "/404.html", "/sub/", "/sub/a.txt", "/sub", "/missing"] {
        let reply = server.get(target);
        assert_eq!(reply.status, 404, "{target}");
        assert_ne!(reply.text(), "not here", "{target}");
    }
}

#[test]
fn a_folder_may_have_any_name() {
    let outer = folder(&[]);
    for bytes in [&b"a b"[..], b"-", b"\xff\xfe", b"line\nfeed", "\u{4e2d}".as_bytes()] {
        write(outer.path(), Path::new(name(bytes)).join("a.txt"), "aaaaa");
        let mut command = glasshttp();
        command.args(["--port", "0", "--"]).arg(name(bytes)).current_dir(outer.path());
        assert_eq!(Server::start_command(&mut command).get("/a.txt").text(), "aaaaa", "{bytes:?}");
    }
}

#[test]
fn without_a_folder_it_serves_where_it_is_started() {
    let folder = small_site();
    let server = Server::start_command(glasshttp().args(["--port", "0"]).current_dir(folder.path()));
    assert_eq!(server.get("/a.txt").text(), "aaaaa");
}

#[test]
fn without_listings_a_folder_without_an_index_is_403() {
    let folder = folder(&[("index.html", "start"), ("sub/a.txt", "aaaaa")]);
    let with = Server::start(folder.path(), &[]);
    let without = Server::start(folder.path(), &["--no-listing"]);
    for (target, status_with, status_without) in
        [("/", 200, 200), ("/sub/", 200, 403), ("/sub/?format=json", 200, 403), ("/sub/a.txt", 200, 200)]
    {
        assert_eq!(with.get(target).status, status_with, "{target}");
        assert_eq!(without.get(target).status, status_without, "{target}");
    }
    assert!(!without.get("/sub/").text().contains("a.txt"));
}

#[test]
fn hidden_names_are_served_only_when_asked_for() {
    let folder = folder(&[
        (".env", "secret"),
        (".git/config", "secret"),
        ("sub/.env", "secret"),
        (".well-known/a", "public"),
    ]);
    let without = Server::start(folder.path(), &[]);
    let with = Server::start(folder.path(), &["--hidden"]);
    for target in ["/.env", "/.git/", "/.git/config", "/sub/.env", "/%2eenv", "/.git"] {
        assert_eq!(without.get(target).status, 404, "{target}");
        assert!(matches!(with.get(target).status, 200 | 301), "{target}");
    }
    assert!(!without.get("/").text().contains(".env"));
    assert!(with.get("/").text().contains(".env"));
    assert_eq!(without.get("/.well-known/a").text(), "public");
}

#[test]
fn links_that_lead_out_are_followed_only_when_asked_for() {
    let outside = folder(&[("secret.txt", "secret")]);
    let inside = small_site();
    symlink(outside.path().join("secret.txt"), inside.path().join("file")).expect("a link");
    symlink(outside.path(), inside.path().join("folder")).expect("a link");
    let without = Server::start(inside.path(), &["--index", "none"]);
    let with = Server::start(inside.path(), &["--index", "none", "--follow-links"]);
    for target in ["/file", "/folder/secret.txt"] {
        let refused = without.get(target);
        assert_eq!(refused.status, 403, "{target}");
        assert!(!refused.text().contains("secret"), "{target}");
        assert_eq!(with.get(target).text(), "secret", "{target}");
    }
    assert_eq!((without.get("/folder/").status, with.get("/folder/").status), (403, 200));
    for (server, links) in [(&without, false), (&with, true)] {
        let listing = server.get("/").text();
        assert_eq!((listing.contains("\"file\""), listing.contains("\"folder/\"")), (links, links));
    }
}

#[test]
fn the_index_is_the_first_of_the_names_that_exists() {
    let folder = folder(&[
        ("index.html", "index"),
        ("home.htm", "home"),
        ("two/second.html", "second"),
        ("none/a.txt", ""),
    ]);
    let table: &[(&[&str], &str, &str)] = &[
        (&[], "/", "index"),
        (&["--index", "home.htm"], "/", "home"),
        (&["--index", "first.html", "--index", "second.html"], "/two/", "second"),
        (&["--index", "home.htm,index.html"], "/", "home"),
        (&["--index", "first.html"], "/", "Index of /"),
        (&[], "/none/", "Index of /none/"),
    ];
    for &(options, target, part) in table {
        let text = Server::start(folder.path(), options).get(target).text();
        assert!(text.contains(part), "{options:?} {target}: {text}");
    }
}

#[test]
fn the_cache_option_decides_how_long_browsers_keep_files() {
    let folder = small_site();
    let table: &[(&[&str], &str)] = &[
        (&[], "no-cache"),
        (&["--cache", "no-cache"], "no-cache"),
        (&["--cache", "no-store"], "no-store"),
        (&["--cache", "3600"], "max-age=3600"),
        (&["--cache", "0"], "max-age=0"),
    ];
    for &(options, expected) in table {
        let server = Server::start(folder.path(), options);
        assert_eq!(server.get("/a.txt").field("cache-control"), Some(expected), "{options:?}");
    }
}

// ---- where it listens

#[test]
fn by_default_both_loopback_addresses_answer() {
    let folder = small_site();
    let server = Server::start(folder.path(), &[]);
    assert_eq!(server.address.ip(), V4);
    assert_eq!(server.get("/").status, 200);
    if has_v6() {
        assert_eq!(connect(V6, server.port()).expect("::1").get("/").status, 200);
    }
}

#[test]
fn bind_decides_which_addresses_answer() {
    let folder = small_site();
    let v6 = has_v6();
    // Options, whether they need IPv6, and who answers: 127.0.0.1, ::1.
    let table: &[(&[&str], bool, bool, bool)] = &[
        (&["--bind", "127.0.0.1"], false, true, false),
        (&["-b127.0.0.1"], false, true, false),
        (&["--host", "127.0.0.1"], false, true, false),
        (&["--bind", "0.0.0.0"], false, true, false),
        (&["--bind", "127.0.0.1", "--bind", "127.0.0.1"], false, true, false),
        (&["--bind", "::1"], true, false, true),
        (&["--bind", "[::1]"], true, false, true),
        (&["--bind", "127.0.0.1", "--bind", "::1"], true, true, true),
        (&["--bind", "127.0.0.1,::1"], true, true, true),
        (&["--bind", "::1", "--host", "127.0.0.1"], true, true, true),
        (&["--bind", "localhost"], true, true, true),
        (&["--bind", "::"], true, true, true),
        (&["--bind", "0.0.0.0", "--bind", "::"], true, true, true),
    ];
    for &(options, needs_v6, v4_answers, v6_answers) in table {
        if needs_v6 && !v6 {
            continue;
        }
        let server = Server::start(folder.path(), options);
        for (address, answers) in [(V4, v4_answers), (V6, v6_answers)] {
            let status = connect(address, server.port()).map(|mut client| client.get("/").status);
            assert_eq!(status.ok(), answers.then_some(200), "{options:?} at {address}");
        }
    }
}

#[test]
fn the_start_line_names_an_address_that_can_be_opened() {
    let folder = small_site();
    let v6 = has_v6();
    for (bind, needs_v6, ip) in [("0.0.0.0", false, V4), ("::1", true, V6), ("::", true, V6)] {
        if !needs_v6 || v6 {
            let server = Server::start(folder.path(), &["--bind", bind]);
            assert_eq!(server.address.ip(), ip, "{bind}");
            assert_eq!(server.get("/").status, 200, "{bind}");
        }
    }
}

fn connect(ip: std::net::IpAddr, port: u16) -> std::io::Result<Client> {
    Client::connect(SocketAddr::new(ip, port))
}

#[test]
fn on_loopback_only_allowed_hosts_are_answered() {
    let folder = small_site();
    let table: &[(&[&str], &str, u16)] = &[
        (&[], "localhost", 200),
        (&[], "127.0.0.1:8000", 200),
        (&[], "evil.example", 421),
        (&["--allow-host", "dev.example"], "dev.example", 200),
        (&["--allow-host", "dev.example"], "DEV.example:1234", 200),
        (&["--allow-host", "dev.example"], "localhost", 200),
        (&["--allow-host", "dev.example"], "evil.example", 421),
        (&["--allow-host", "a.example", "--allow-host", "b.example"], "b.example", 200),
        (&["--allow-host", "a.example,b.example"], "b.example", 200),
        (&["--allow-host", "*.a.example"], "x.a.example", 200),
        (&["--allow-host", ".a.example"], "x.y.A.example:80", 200),
        (&["--allow-host", ".a.example"], "a.example.evil", 421),
        // Nobody can let an address lead to another machine.
        (&[], "0.0.0.0:8000", 200),
        (&[], "[::]:8000", 200),
        (&[], "192.0.2.1", 200),
        // Who shares with the network cannot know under which names it sees this machine.
        (&["--bind", "0.0.0.0"], "this-machine.example", 200),
    ];
    for &(options, host, expected) in table {
        let server = Server::start(folder.path(), options);
        let mut client = server.connect();
        client.send(format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"));
        assert_eq!(client.reply().status, expected, "{options:?} {host}");
    }
}

// ---- the log

const COMMON_END: &str = "] \"GET /a.txt?q HTTP/1.1\" 200 5";
const COMBINED_END: &str = "] \"GET /a.txt?q HTTP/1.1\" 200 5 \"http://there/\" \"test/1\"";

#[test]
fn each_log_format_writes_one_line_an_exchange() {
    let folder = small_site();
    let table: &[(&[&str], &str)] = &[
        (&[], COMMON_END),
        (&["--log", "auto"], COMMON_END),
        (&["--log", "common"], COMMON_END),
        (&["--log", "combined"], COMBINED_END),
    ];
    for &(options, end) in table {
        let lines = logged(folder.path(), options);
        let line = one_line(&lines, &["127.0.0.1 - - ["], &options);
        assert!(line.ends_with(end), "{options:?}: {line}");
    }
}

#[test]
fn the_json_log_writes_one_object_an_exchange() {
    let folder = small_site();
    let lines = logged(folder.path(), &["--log", "json"]);
    let line = one_line(&lines, &[], &"json");
    let object: serde_json::Value = serde_json::from_str(line).expect("a line is JSON");
    let expected = [
        ("client", "127.0.0.1".into()),
        ("request", "GET /a.txt?q HTTP/1.1".into()),
        ("status", 200.into()),
        ("bytes", 5.into()),
        ("complete", true.into()),
        ("referer", "http://there/".into()),
        ("user_agent", serde_json::Value::from("test/1")),
    ];
    for (key, value) in expected {
        assert_eq!(object[key], value, "{key} in {line}");
    }
    assert!(object["time"].is_string() && object["duration_us"].is_u64(), "{line}");
}

#[test]
fn without_a_log_nothing_is_written() {
    let folder = small_site();
    assert_eq!(logged(folder.path(), &["--log", "off"]), Vec::<String>::new());
}

/// What is written beside the start line while a server answers one request.
fn logged(folder: &Path, options: &[&str]) -> Vec<String> {
    let server = Server::start(folder, options);
    let fields = "Referer: http://there/\r\nUser-Agent: test/1\r\n";
    assert_eq!(server.connect().get_with("/a.txt?q", fields).status, 200);
    let end = server.stop();
    assert_eq!((end.code, end.stderr), (Some(0), vec![]));
    end.stdout[1..].to_vec()
}

#[test]
fn a_log_line_is_there_soon_after_its_exchange() {
    let folder = small_site();
    let server = Server::start(folder.path(), &[]);
    let mut client = server.connect();
    for target in ["/a.txt", "/missing"] {
        client.get(target);
        // The connection stays open, and the server runs on.
        server.process.stdout.line(target, |line| line.contains(&format!("\"GET {target} HTTP/1.1\"")));
    }
}

#[test]
fn quiet_prints_nothing_at_all() {
    let address = address_of_our_own();
    let folder = small_site();
    for quiet in [&["--quiet"][..], &["-q"], &["-q", "--log", "json"]] {
        let place = ["--bind", &address.ip().to_string(), "--port", &address.port().to_string()];
        let process = Process::start(glasshttp().args(quiet).args(place).arg(folder.path()));
        let mut client = wait_until("a connection", || Client::connect(address).ok());
        assert_eq!(client.get("/").status, 200);
        process.signal(Signal::TERM);
        let Finished { code, stdout, stderr } = process.finish();
        assert_eq!((code, stdout, stderr), (Some(0), vec![], vec![]), "{quiet:?}");
    }
}

#[test]
fn nothing_that_a_client_sends_controls_the_terminal_of_who_reads_the_log() {
    let folder = small_site();
    let agent: &[u8] = b"User-Agent: \xc2\x9b2J \xff \"quoted\" \\\r\n";
    let requests: &[(&[u8], &[u8])] = &[
        (b"GET /\xc2\x9b2J\xff\x80\"a%1b%0a HTTP/1.1\r\n", agent),
        (b"GET /\x1b[2J HTTP/1.1\r\n", b""),
        (b"GET /\x07\x08 HTTP/1.1\r\n", b""),
        (b"GET / HTTP/1.1\r\n", b"User-Agent: \x1b[2J\r\n"),
        (b"\x1b[2J / HTTP/1.1\r\n", b""),
    ];
    for format in ["common", "combined", "json"] {
        let server = Server::start(folder.path(), &["--log", format]);
        for (line, fields) in requests {
            let mut client = server.connect();
            client.send([*line, b"Host: localhost\r\n", *fields, b"\r\n"].concat());
            assert!(matches!(client.reply().status, 400 | 404), "{line:?}");
        }
        let lines = server.stop().stdout.split_off(1);
        assert_eq!(lines.len(), requests.len(), "{format}: {lines:?}");
        for line in lines {
            assert!(!line.contains(|letter: char| letter.is_control()), "{format}: {line:?}");
            if format == "json" {
                serde_json::from_str::<serde_json::Value>(&line).expect("a line is JSON");
            } else {
                assert!(line.is_ascii(), "{format}: {line:?}");
            }
        }
    }
}

// ---- the environment

#[test]
fn each_option_can_be_set_by_its_variable() {
    let folder = folder(&[("home.htm", "home"), (".env", "secret"), ("sub/a.txt", "aaaaa")]);
    let mut command = glasshttp();
    command.env("GLASSHTTP_FOLDER", folder.path()).envs([
        ("GLASSHTTP_PORT", "0"),
        ("GLASSHTTP_BIND", "127.0.0.1"),
        ("GLASSHTTP_ALLOW_HOST", "a.example,b.example"),
        ("GLASSHTTP_INDEX", "none.html,home.htm"),
        ("GLASSHTTP_NO_LISTING", "true"),
        ("GLASSHTTP_HIDDEN", "true"),
        ("GLASSHTTP_CACHE", "60"),
        ("GLASSHTTP_LOG", "off"),
        ("GLASSHTTP_THREADS", "1"),
        ("GLASSHTTP_IDLE_TIMEOUT", "0.2"),
    ]);
    let server = Server::start_command(&mut command);
    assert_eq!(server.get("/").text(), "home");
    assert_eq!(server.get("/.env").field("cache-control"), Some("max-age=60"));
    assert_eq!(server.get("/sub/").status, 403);
    assert!(connect(V6, server.port()).is_err());
    let mut client = server.connect();
    client.send("GET / HTTP/1.1\r\nHost: b.example\r\n\r\n");
    assert_eq!(client.reply().status, 200);
    assert_eq!(client.rest().expect("closed after 0.2 s"), b"");
    assert_eq!(server.stop().stdout.len(), 1);
}

#[test]
fn what_the_command_line_says_goes_before_the_environment() {
    let folder = small_site();
    let mut command = glasshttp();
    command.envs([("GLASSHTTP_PORT", "1"), ("GLASSHTTP_CACHE", "60"), ("GLASSHTTP_FOLDER", "/nowhere")]);
    let server =
        Server::start_command(command.args(["--port", "0", "--cache", "no-store"]).arg(folder.path()));
    assert_eq!(server.get("/a.txt").field("cache-control"), Some("no-store"));
}

#[test]
fn a_switch_in_the_environment_takes_the_usual_words_for_on_and_off() {
    let folder = folder(&[(".env", "secret")]);
    for (word, status) in
        [("1", 200), ("true", 200), ("yes", 200), ("on", 200), ("0", 404), ("false", 404), ("no", 404)]
    {
        let mut command = glasshttp();
        command.args(["--port", "0"]).arg(folder.path()).env("GLASSHTTP_HIDDEN", word);
        assert_eq!(Server::start_command(&mut command).get("/.env").status, status, "{word:?}");
    }
}

#[test]
fn a_wrong_variable_is_one_line_and_exit_code_2() {
    for (variable, value) in [("PORT", "x"), ("BIND", "here"), ("LOG", "xml"), ("IDLE_TIMEOUT", "-1")] {
        let end = run(glasshttp().env(format!("GLASSHTTP_{variable}"), value));
        assert_eq!((end.code, end.stdout.len()), (Some(2), 0), "{variable}");
        one_line(&end.stderr, &[value], &variable);
    }
}

// ---- limits

#[test]
fn a_request_that_does_not_arrive_in_time_is_408() {
    let folder = small_site();
    let server = Server::start(folder.path(), &["--head-timeout", "0.2"]);
    let halves = [
        "G",
        "GET / HTTP/1.1\r\nHost: loc",
        "GET / HTTP/1.1\r\nHost: localhost\r\n",
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nhalf",
    ];
    for half in halves {
        let mut client = server.connect();
        client.send(half);
        let reply = client.reply();
        assert_eq!((reply.status, reply.field("connection")), (408, Some("close")), "{half:?}");
        assert_eq!(client.rest().expect("closed, not broken"), b"", "{half:?}");
    }
}

#[test]
fn a_body_that_nobody_wants_is_not_waited_for() {
    let folder = small_site();
    let server = Server::start(folder.path(), &["--head-timeout", "60"]);
    for method in ["POST", "PUT", "DELETE"] {
        for framing in ["Content-Length: 50", "Content-Length: 5000000", "Transfer-Encoding: chunked"] {
            let mut client = server.connect();
            client.send(format!("{method} / HTTP/1.1\r\nHost: localhost\r\n{framing}\r\n\r\n"));
            let reply = client.reply();
            let seen = (reply.status, reply.field("connection"));
            assert_eq!(seen, (405, Some("close")), "{method} {framing}");
            assert_eq!(client.rest().expect("closed, not broken"), b"", "{method} {framing}");
        }
    }
    // One that comes with its head is read past, and the connection stays.
    let mut client = server.connect();
    for _ in 0..2 {
        client.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello");
        let reply = client.reply();
        assert_eq!((reply.status, reply.field("connection")), (405, None));
    }
}

#[test]
fn a_silent_connection_is_closed_without_a_byte() {
    let folder = small_site();
    let server = Server::start(folder.path(), &["--idle-timeout", "0.2"]);
    let mut silent = server.connect();
    assert_eq!(silent.rest().expect("closed, not broken"), b"");
    let mut used = server.connect();
    assert_eq!(used.get("/").status, 200);
    assert_eq!(used.rest().expect("closed, not broken"), b"");
}

#[test]
fn a_client_that_takes_nothing_is_cut_off() {
    let folder = small_site();
    write_sparse(folder.path(), "large", LARGE);
    let server = Server::start(folder.path(), &["--send-timeout", "0.3"]);
    let mut client = server.connect();
    client.send("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(client.head().status, 200);
    // Now it reads no more. The log tells when the server has given up.
    let line = server.process.stdout.line("the log line", |line| line.contains("\"GET /large HTTP/1.1\""));
    let sent: u64 = line.rsplit(' ').next().and_then(|sent| sent.parse().ok()).expect("a number at the end");
    assert!(0 < sent && sent < LARGE, "{line}");
    let received = client.rest().map_or(0, |bytes| bytes.len() as u64);
    assert!(received < LARGE, "{received}");
}

#[test]
fn with_all_connections_taken_the_longest_idle_one_gives_way() {
    let folder = small_site();
    let server = Server::start(folder.path(), &["--max-connections", "2", "--threads", "1"]);
    let (mut first, mut second) = (server.connect(), server.connect());
    assert_eq!((first.get("/").status, second.get("/").status), (200, 200));
    assert_eq!(first.get("/").status, 200);
    // Now the second has been idle for longer.
    assert_eq!(server.get("/").status, 200);
    assert_eq!(second.rest().expect("closed, not broken"), b"");
    assert_eq!(first.get("/").status, 200);
}

#[test]
fn with_all_connections_busy_a_new_one_gets_503() {
    let folder = small_site();
    write_sparse(folder.path(), "large", LARGE);
    for threads in ["1", "4"] {
        let server = Server::start(folder.path(), &["--max-connections", "2", "--threads", threads]);
        let mut busy = [start_download(&server), start_download(&server)];
        let mut third = server.connect();
        let reply = third.reply();
        assert_eq!((reply.status, reply.field("connection")), (503, Some("close")));
        assert!(reply.field("retry-after").is_some_and(|after| after.parse::<u32>().is_ok()), "{reply:?}");
        assert_eq!(third.rest().expect("closed, not broken"), b"");
        // Those that were there first lose nothing.
        for client in &mut busy {
            client.bytes(usize::try_from(LARGE - BEGINNING).expect("it fits"));
        }
    }
}

#[test]
fn an_idle_connection_gives_way_whichever_thread_has_it() {
    let folder = small_site();
    write_sparse(folder.path(), "large", LARGE);
    for round in 1..=8 {
        let server = Server::start(folder.path(), &["--max-connections", "2", "--threads", "4"]);
        let (_busy, mut idle) = (start_download(&server), server.connect());
        assert_eq!(idle.get("/").status, 200);
        // The answer may be here before the server is done with it; once it is logged, it is.
        server.process.stdout.line("the log line", |line| line.contains("\"GET / HTTP/1.1\""));
        let mut third = server.connect();
        third.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assert_eq!(third.reply().status, 200, "round {round}");
        assert_eq!(idle.rest().expect("closed, not broken"), b"");
    }
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

// ---- at a terminal

/// Runs the command at a pseudo-terminal; `None` if there is no `script` of util-linux to make one.
fn at_a_terminal(options: &[&str], folder: &Path) -> Option<Process> {
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
    script.env("SHELL", "/bin/sh").env("TERM", "xterm").args(["-qec", &format!("exec {line}"), "/dev/null"]);
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

// ---- sharing it, and opening it

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
        assert_eq!((code, stderr), (Some(0), vec![]), "{options:?}");
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

#[test]
fn a_log_that_nobody_reads_keeps_the_server_neither_from_answering_nor_from_ending() {
    use std::io::{BufRead, BufReader, Read, Write};
    use std::process::{Command, Stdio};
    let folder = support::folder(&[("a.txt", "hello")]);
    let mut child = Command::new(env!("CARGO_BIN_EXE_glasshttp"))
        .args(["--port", "0"])
        .arg(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
    let mut line = String::new();
    stdout.read_line(&mut line).expect("the start line");
    let address = line.trim().trim_start_matches("Listening on http://").trim_end_matches('/');
    let mut stream = std::net::TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(support::PATIENCE)).expect("set");
    // A hundred bytes of log for each request: several times what a pipe holds.
    for _ in 0..5000 {
        stream.write_all(b"GET /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("sent");
        let mut answer = [0; 1024];
        assert!(stream.read(&mut answer).expect("an answer") > 0);
    }
    let id = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(id, rustix::process::Signal::TERM).expect("signalled");
    let (ended, waits) = std::sync::mpsc::channel();
    std::thread::spawn(move || ended.send(child.wait()));
    let status = waits.recv_timeout(support::PATIENCE).expect("it ends").expect("waited for");
    assert_eq!(status.code(), Some(0));
}
