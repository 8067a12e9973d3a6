//! The stages in examples/: each does what its text promises, and each hurts where the next one cures.
//!
//! They run as processes and are talked to over real sockets. That somebody is *not* answered is shown
//! by a read that waits for a bounded time, followed by what lets the answer come.

#![cfg(target_os = "linux")]

mod client;
mod datagrams;
mod http;
mod load;
mod tcp;

use crate::support::{Client, Finished, Process, V4, as_text, one_line, run, wait_until};
use rustix::process::Signal;
use std::collections::BTreeSet;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

/// In the order of the road.
const STAGES: [&str; 11] = [
    "01_echo_server",
    "02_echo_client",
    "03_udp_echo",
    "04_echo_threads",
    "05_echo_pool",
    "06_echo_event_loop",
    "07_http_hello",
    "08_http_files",
    "09_http_pool",
    "10_load",
    "11_echo_loops",
];

/// Those that need a crate, and with it Cargo.
const WITH_A_CRATE: [&str; 2] = ["06_echo_event_loop", "11_echo_loops"];

/// Those that echo over TCP.
const ECHOES: [&str; 5] =
    ["01_echo_server", "04_echo_threads", "05_echo_pool", "06_echo_event_loop", "11_echo_loops"];

/// Those that answer over HTTP.
const HTTP: [&str; 3] = ["07_http_hello", "08_http_files", "09_http_pool"];

/// Those that listen on a port.
fn servers() -> impl Iterator<Item = &'static str> {
    STAGES.into_iter().filter(|stage| !["02_echo_client", "10_load"].contains(stage))
}

/// How long a test listens to make sure that nothing comes. (Something that comes later is found by the
/// test all the same: the next thing that it reads is not what it expects.)
const A_WHILE: Duration = Duration::from_millis(200);

// ---- the programs

/// A stage's program. It stands beside this test's, where Cargo puts examples.
fn program(stage: &str) -> PathBuf {
    static EXAMPLES: OnceLock<PathBuf> = OnceLock::new();
    let examples = EXAMPLES.get_or_init(|| {
        let test = std::env::current_exe().expect("a path");
        let profile = test.parent().and_then(Path::parent).expect("it is in target/PROFILE/deps/");
        let examples = profile.join("examples");
        if STAGES.iter().any(|stage| !is_built(stage, &examples)) {
            build(profile);
        }
        examples
    });
    let program = examples.join(stage);
    assert!(program.exists(), "no {stage}: run cargo build --examples");
    program
}

/// Whether a program is there, and no older than its text.
fn is_built(stage: &str, examples: &Path) -> bool {
    let changed = |path: PathBuf| std::fs::metadata(path).and_then(|found| found.modified()).ok();
    changed(examples.join(stage)) >= changed(source(stage))
}

/// `cargo test` builds the examples by itself, `cargo test --test it` does not.
fn build(profile: &Path) {
    let name = profile.file_name().and_then(|name| name.to_str()).expect("the profile's name");
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--examples", "--profile", if name == "debug" { "dev" } else { name }])
        .arg("--target-dir")
        .arg(profile.parent().expect("it is below the target directory"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status();
    assert!(built.as_ref().is_ok_and(std::process::ExitStatus::success), "cargo build --examples: {built:?}");
}

fn source(stage: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(stage).with_extension("rs")
}

/// The text at the top of a stage, its `//!` cut off.
fn text(stage: &str) -> String {
    let source = std::fs::read_to_string(source(stage)).expect("a stage");
    let lines: Vec<_> = source.lines().map_while(|line| line.strip_prefix("//!")).collect();
    lines.join("\n")
}

fn command(stage: &str) -> Command {
    Command::new(program(stage))
}

/// A stage that is running.
struct Stage {
    process: Process,
    address: SocketAddr,
}

impl Stage {
    /// Starts a server on a free port and waits until it says that it listens.
    fn start(stage: &str) -> Stage {
        Stage::start_with(stage, [])
    }

    /// The same with more arguments.
    fn start_with<const N: usize>(stage: &str, arguments: [&str; N]) -> Stage {
        Stage::start_command(command(stage).arg("0").args(arguments))
    }

    /// The same with a folder to serve.
    fn serving(stage: &str, folder: &Path) -> Stage {
        Stage::start_command(command(stage).arg("0").arg(folder))
    }

    fn start_command(command: &mut Command) -> Stage {
        // From the project's root, as the texts say: there the folder `www` is found.
        let process = Process::start(command.current_dir(env!("CARGO_MANIFEST_DIR")));
        let line = process.stdout.line("the start line", |_| true);
        let address = line.strip_prefix("Listening on ").and_then(|address| address.parse().ok());
        Stage { address: address.unwrap_or_else(|| panic!("not a start line: {line:?}")), process }
    }

    fn connect(&self) -> Client {
        Client::connect(self.address).expect("the stage listens")
    }

    /// Waits for a line that it prints.
    fn prints(&self, part: &str) -> String {
        self.process.stdout.line(part, |line| line.contains(part))
    }

    /// Connects and makes sure that the connection has been accepted and is served.
    fn served(&self) -> Client {
        let mut client = self.connect();
        assert_echoes(&mut client, b"here");
        client
    }
}

/// Sends bytes and expects them back.
fn assert_echoes(client: &mut Client, bytes: &[u8]) {
    client.send(bytes);
    assert_eq!(as_text(&client.bytes(bytes.len())), as_text(bytes));
}

/// Fails if anything comes within a while.
fn assert_hears_nothing(client: &mut Client) {
    let heard = client.listen(A_WHILE).expect("a connection");
    assert_eq!(heard.as_deref().map(as_text), None);
}

// ---- all of them

#[test]
fn each_text_says_what_it_is_and_how_to_build_it_and_which_chapter_does_so() {
    for (stage, number) in STAGES.into_iter().zip(1..) {
        let text = text(stage);
        // A chapter tells the rest.
        assert!(text.lines().count() < 20, "{stage} tells too much");
        let build = if WITH_A_CRATE.contains(&stage) {
            format!("cargo run --example {stage} -- ")
        } else {
            format!("examples/{stage}.rs\n ./{stage} ")
        };
        for part in [&format!("Stage {number}: "), " of the course", &build, "Ctrl-C"] {
            assert!(text.contains(part), "{stage}: no {part:?}");
        }
        assert!(WITH_A_CRATE.contains(&stage) || text.contains("rustc --edition 2024 "), "{stage}: rustc");
    }
}

#[test]
fn the_text_of_the_last_http_server_leads_to_files_of_the_engine() {
    let text = text("09_http_pool");
    let named: BTreeSet<_> = text.split('`').filter(|part| part.starts_with("src/")).collect();
    assert!(named.contains("src/lib.rs") && named.len() > 5, "{named:?}");
    for name in named {
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(name).exists(), "there is no {name}");
    }
}

#[test]
fn the_compiler_alone_builds_each_stage_without_a_crate() {
    let folder = crate::support::folder(&[]);
    let compile = |stage: &'static str| {
        let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or("rustc".into()));
        rustc.args(["--edition", "2024", "-D", "warnings"]).arg(source(stage)).current_dir(folder.path());
        (stage, rustc.spawn().expect("a compiler"))
    };
    let compiling: Vec<_> =
        STAGES.into_iter().filter(|stage| !WITH_A_CRATE.contains(stage)).map(compile).collect();
    for (stage, mut compiler) in compiling {
        assert!(compiler.wait().expect("it ends").success(), "{stage}");
        assert!(folder.path().join(stage).exists(), "{stage}");
    }
}

#[test]
fn the_table_has_each_stage_and_no_other() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let table = std::fs::read_to_string(folder.join("README.md")).expect("a table");
    let listed: Vec<_> =
        table.lines().filter_map(|line| line.strip_prefix("| [`")?.split('`').next()).collect();
    assert_eq!(listed, STAGES);
    let names = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let programs = names.filter(|path| path.extension().is_some_and(|end| end == "rs"));
    let found: BTreeSet<_> = programs.map(|path| path.file_stem().expect("a name").to_owned()).collect();
    assert_eq!(found, STAGES.iter().map(Into::into).collect());
}

#[test]
fn each_wrong_command_line_is_one_line_that_shows_a_right_one_and_exit_code_2() {
    let wrong: [(&str, &[&str]); 28] = [
        ("01_echo_server", &[]),
        ("01_echo_server", &["port"]),
        ("01_echo_server", &["65536"]),
        ("01_echo_server", &["0", "1"]),
        ("02_echo_client", &[]),
        ("02_echo_client", &["127.0.0.1"]),
        ("02_echo_client", &["127.0.0.1:port"]),
        ("02_echo_client", &["127.0.0.1:1", "more"]),
        ("03_udp_echo", &[]),
        ("03_udp_echo", &["send"]),
        ("03_udp_echo", &["send", "127.0.0.1:7003"]),
        ("03_udp_echo", &["send", "127.0.0.1", "hello"]),
        ("04_echo_threads", &["-1"]),
        ("05_echo_pool", &["0", "0"]),
        ("05_echo_pool", &["0", "1001"]),
        ("05_echo_pool", &["0", "4", "4"]),
        ("06_echo_event_loop", &["--help"]),
        ("07_http_hello", &["0", "www"]),
        ("08_http_files", &["www"]),
        ("09_http_pool", &["0", "www", "many"]),
        ("10_load", &[]),
        ("10_load", &["127.0.0.1:7004"]),
        // Another machine's server.
        ("10_load", &["echo://192.0.2.1:7"]),
        ("10_load", &["echo://127.0.0.1:7004", "clients=1,0"]),
        ("10_load", &["echo://127.0.0.1:7004", "seconds=61"]),
        ("10_load", &["echo://127.0.0.1:7004", "pid=me"]),
        ("11_echo_loops", &["0", "0"]),
        ("11_echo_loops", &["0", "2", "2"]),
    ];
    for (stage, arguments) in wrong {
        let Finished { code, stdout, stderr } = run(command(stage).args(arguments));
        assert_eq!((code, stdout.as_slice()), (Some(2), &[][..]), "{stage} {arguments:?}");
        one_line(&stderr, &[&format!("cargo run --example {stage} -- ")], &(stage, arguments));
    }
}

#[test]
fn a_port_that_is_taken_is_one_line_and_exit_code_1() {
    let holder = TcpListener::bind((V4, 0)).expect("a free port");
    let holder_of_datagrams = UdpSocket::bind((V4, 0)).expect("a free port");
    for stage in servers() {
        let is_udp = stage == "03_udp_echo";
        let address = if is_udp { holder_of_datagrams.local_addr() } else { holder.local_addr() };
        let port = address.expect("bound").port().to_string();
        let ended = run(command(stage).arg(&port).current_dir(env!("CARGO_MANIFEST_DIR")));
        assert_eq!((ended.code, ended.stdout.as_slice()), (Some(1), &[][..]), "{stage}");
        one_line(&ended.stderr, &[&port, "in use", "Choose another"], &stage);
    }
}

#[test]
fn the_port_asked_for_is_the_one_it_listens_on() {
    for stage in servers() {
        // Free a moment ago. Another process may take it before the stage does: then once more.
        let address = wait_until("a port that stays free", || {
            let port = TcpListener::bind((V4, 0)).and_then(|holder| holder.local_addr()).ok()?.port();
            let mut command = command(stage);
            let process =
                Process::start(command.arg(port.to_string()).current_dir(env!("CARGO_MANIFEST_DIR")));
            let line = wait_until("a line", || {
                let lines = [process.stdout.so_far(), process.stderr.so_far()].concat();
                lines.into_iter().next()
            });
            (!line.starts_with("Cannot listen")).then_some((line, SocketAddr::new(V4, port)))
        });
        assert_eq!(address.0, format!("Listening on {}", address.1), "{stage}");
    }
}

#[test]
fn ctrl_c_ends_each_server_even_with_a_client_there() {
    for stage in servers() {
        // Whoever runs the tests in the background of a script may have had SIGINT ignored, and that is
        // inherited. A terminal does not do so.
        let mut command = Command::new("env");
        let mut running =
            Stage::start_command(command.arg("--default-signal=INT").arg(program(stage)).arg("0"));
        let client = (stage != "03_udp_echo").then(|| running.connect());
        running.process.signal(Signal::INT);
        let status = running.process.wait();
        let ended_by = std::os::unix::process::ExitStatusExt::signal(&status);
        assert_eq!(ended_by, Some(Signal::INT.as_raw()), "{stage}: {status}");
        drop(client);
    }
}

#[test]
fn a_client_that_resets_or_leaves_in_the_middle_ends_no_server() {
    for stage in ECHOES.into_iter().chain(HTTP) {
        let running = Stage::start(stage);
        for _ in 0..3 {
            // Gone before it is looked at, gone in the middle of a request, gone by way of a reset.
            drop(running.connect());
            let mut client = running.connect();
            client.send("GET / HT");
            drop(client);
            let mut client = running.connect();
            client.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
            client.reset();
            running.connect().reset();
        }
        let mut client = running.connect();
        if HTTP.contains(&stage) {
            assert_eq!(client.get("/").status, 200, "{stage}");
        } else {
            assert_echoes(&mut client, b"still here");
        }
    }
}

/// The stage, by way of a shell that writes down the process id, which stays the same.
fn telling_its_id(stage: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", "echo $$ >&2 && exec \"$@\"", "sh"]).arg(program(stage)).arg("0");
    command
}

fn is_stopped(running: &Stage) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", id(running))).expect("it runs");
    // After the name, which stands in parentheses.
    stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('T'))
}

fn id(running: &Stage) -> String {
    running.process.stderr.line("its id", |line| line.parse::<u32>().is_ok())
}
