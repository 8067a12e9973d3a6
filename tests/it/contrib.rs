//! What is in `contrib/`: that the command takes what the units and the image give it, and, with the
//! programs for which they are, that these take it, too.

use crate::support::{self, Server, as_text, folder, glasshttp, wait_until};
use std::fs;
use std::path::Path;
use std::process::Command;

fn contrib(name: &str) -> String {
    fs::read_to_string(Path::new("contrib").join(name)).expect("it is there")
}

/// The values of a key, in a unit or a Dockerfile.
fn values<'a>(text: &'a str, key: &str) -> Vec<&'a str> {
    text.lines().filter_map(|line| line.strip_prefix(key)).collect()
}

/// Runs a program that has to succeed; what it wrote.
fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("this test needs {program}: {error}"));
    let text = as_text(&output.stdout) + &as_text(&output.stderr);
    assert!(output.status.success(), "{program}: {text}");
    text
}

/// The unit's command, with these in place of its folders.
fn command_of_the_unit(site: &Path, logs: &Path) -> Command {
    let unit = contrib("glasshttp.service");
    let [line] = values(&unit, "ExecStart=")[..] else { panic!("one command") };
    let mut command = glasshttp();
    for word in line.split(' ').skip(1) {
        let word = word.replace("/srv/www", site.to_str().expect("UTF-8"));
        command.arg(word.replace("/var/log/glasshttp", logs.to_str().expect("UTF-8")));
    }
    command
}

#[test]
fn the_command_takes_what_the_unit_gives_it() {
    let (site, logs) = (folder(&[("a.txt", "aaaaa")]), folder(&[]));
    let mut command = command_of_the_unit(site.path(), logs.path());
    let server = Server::start_command(command.args(["--port", "0"]));
    assert_eq!(server.get("/a.txt").text(), "aaaaa");
    assert_eq!(server.stop().code, Some(0));
    assert!(logs.path().join("access.log").exists());
}

#[test]
fn the_command_takes_what_the_image_gives_it() {
    let site = folder(&[("a.txt", "aaaaa")]);
    let image = contrib("Dockerfile");
    let mut command = glasshttp();
    for variable in values(&image, "ENV ").iter().flat_map(|line| line.split(' ')) {
        let (name, value) = variable.split_once('=').expect("a name and a value");
        command.env(name, value);
    }
    // The image has a folder and a port to itself.
    let server = Server::start_command(command.env("GLASSHTTP_FOLDER", site.path()).args(["--port", "0"]));
    assert_eq!(server.address.ip().to_string(), "127.0.0.1", "0.0.0.0 is shown as where it can be reached");
    assert_eq!(server.get("/a.txt").text(), "aaaaa");
    assert_eq!(server.stop().code, Some(0));
}

#[test]
fn the_image_asks_itself_whether_it_is_well_and_passwords_or_other_ports_by_variables_do_not_matter() {
    let site = folder(&[("a.txt", "aaaaa")]);
    let image = contrib("Dockerfile");
    let [line] = values(&image, "HEALTHCHECK ")[..] else { panic!("one health check") };
    let (_, command) = line.split_once("CMD ").expect("a command");
    let words: Vec<String> = serde_json::from_str(command).expect("a list");
    assert_eq!(words[0], "/glasshttp");
    let port = support::port_of_our_own().to_string();
    let in_the_image = |more: &[(&str, &str)]| {
        let mut command = glasshttp();
        for variable in values(&image, "ENV ").iter().flat_map(|line| line.split(' ')) {
            let (name, value) = variable.split_once('=').expect("a name and a value");
            command.env(name, value);
        }
        command.env("GLASSHTTP_FOLDER", site.path()).env("GLASSHTTP_PORT", &port);
        command.envs(more.iter().copied());
        command
    };
    let variables: &[&[(&str, &str)]] = &[
        &[],
        &[("GLASSHTTP_BASE_PATH", "/files"), ("GLASSHTTP_NO_LISTING", "1")],
        &[("GLASSHTTP_AUTH", "pia:pepper")],
        #[cfg(feature = "tls")]
        &[("GLASSHTTP_TLS_SELF_SIGNED", "1")],
    ];
    for more in variables {
        let check = || support::run(in_the_image(more).args(&words[1..]));
        assert_eq!(check().code, Some(1), "nobody is there");
        let process = support::Process::start(&mut in_the_image(more));
        process.stdout.line("where", |line| line.starts_with("Listening on "));
        let end = check();
        assert_eq!((end.code, end.stderr.len()), (Some(0), 0), "{more:?}: {end:?}");
        process.signal(rustix::process::Signal::TERM);
        assert_eq!(process.finish().code, Some(0));
    }
}

#[test]
#[ignore = "it needs systemd-analyze"]
fn systemd_takes_the_units_and_finds_them_safe() {
    let units = folder(&[("glasshttp.socket", &contrib("glasshttp.socket"))]);
    let service =
        contrib("glasshttp.service").replace("/usr/local/bin/glasshttp", env!("CARGO_BIN_EXE_glasshttp"));
    fs::write(units.path().join("glasshttp.service"), service).expect("written");
    let at = |name: &str| units.path().join(name).to_str().expect("UTF-8").to_owned();
    let said = run("systemd-analyze", &["verify", &at("glasshttp.service"), &at("glasshttp.socket")]);
    assert_eq!(said, "");
    // In tenths: a service without any of this has 96.
    run(
        "systemd-analyze",
        &["security", "--offline=true", "--threshold=12", "--no-pager", &at("glasshttp.service")],
    );
}

#[test]
#[ignore = "it needs logrotate"]
fn logrotate_moves_the_log_away_and_the_server_makes_a_new_one() {
    let (site, logs) = (folder(&[("a.txt", "aaaaa")]), folder(&[]));
    let mut command = command_of_the_unit(site.path(), logs.path());
    let server = Server::start_command(command.args(["--port", "0"]));
    let (log, moved) = (logs.path().join("access.log"), logs.path().join("access.log.1"));
    assert_eq!(server.get("/a.txt").status, 200);
    wait_until("the line", || fs::read_to_string(&log).ok().filter(|lines| !lines.is_empty()));
    let rules = contrib("logrotate")
        .replace("/var/log/glasshttp", logs.path().to_str().expect("UTF-8"))
        .replace("systemctl reload glasshttp.service", &format!("kill -HUP {}", server.process.id()));
    let outer = folder(&[("rules", &rules)]);
    let at = |name: &str| outer.path().join(name).to_str().expect("UTF-8").to_owned();
    let (state, rules) = (at("state"), at("rules"));
    run("logrotate", &["--force", "--state", &state, &rules]);
    wait_until("a new log", || log.exists().then_some(()));
    assert_eq!(server.get("/a.txt?later").status, 200);
    assert_eq!(server.stop().code, Some(0));
    let lines = |path: &Path| fs::read_to_string(path).expect("it is there");
    assert!(lines(&moved).contains("\"GET /a.txt HTTP/1.1\" 200"));
    assert!(lines(&log).contains("\"GET /a.txt?later HTTP/1.1\" 200"));
}
