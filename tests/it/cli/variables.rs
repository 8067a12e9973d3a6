//! Each option is a variable, too.

use super::{connect, small_site};
use crate::support::{Finished, Server, V4, V6, folder, glasshttp, one_line, run};
use std::net::TcpListener;

/// What the command says of a folder that is not there; by then it has read all variables.
fn with_variables(variables: &[(&str, &str)], options: &[&str]) -> Finished {
    let mut command = glasshttp();
    run(command.envs(variables.iter().copied()).args(options).arg("/no/such"))
}

/// Each option's variable, the option, and whether it takes a value.
fn variables() -> Vec<(String, String, bool)> {
    use clap::CommandFactory;
    let mut command = glasshttp::command::cli::Cli::command();
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
