//! The stages in examples/: each does what its text promises, and each hurts where the next one cures.
//!
//! They run as processes and are talked to over real sockets. That somebody is *not* answered is shown
//! by a read that waits for a bounded time, followed by what lets the answer come.

#![cfg(target_os = "linux")]

use crate::support::{
    Client, Finished, PATIENCE, Process, Random, V4, as_text, folder, make_fifo, one_line, raise_open_files,
    run, wait_until,
};
use rustix::process::Signal;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;
use tempfile::TempDir;

/// In the order of the road.
const STAGES: [&str; 9] = [
    "01_echo_server",
    "02_echo_client",
    "03_udp_echo",
    "04_echo_threads",
    "05_echo_pool",
    "06_echo_event_loop",
    "07_http_hello",
    "08_http_files",
    "09_http_pool",
];

/// Those that echo over TCP.
const ECHOES: [&str; 4] = ["01_echo_server", "04_echo_threads", "05_echo_pool", "06_echo_event_loop"];

/// Those that answer over HTTP.
const HTTP: [&str; 3] = ["07_http_hello", "08_http_files", "09_http_pool"];

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
fn each_text_names_the_next_stage() {
    for (stage, next) in STAGES.iter().zip(&STAGES[1..]) {
        let text = text(stage);
        let hurts = text.find("# What still hurts").unwrap_or_else(|| panic!("{stage}: what still hurts?"));
        assert!(text[hurts..].contains(&format!("`{next}`")), "{stage} does not lead to {next}");
    }
}

#[test]
fn the_last_text_leads_to_files_of_the_engine() {
    let text = text("09_http_pool");
    let named: BTreeSet<_> = text.split('`').filter(|part| part.starts_with("src/")).collect();
    assert!(named.contains("src/lib.rs") && named.len() > 5, "{named:?}");
    for name in named {
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(name).exists(), "there is no {name}");
    }
}

#[test]
fn each_text_says_what_is_new_and_how_to_start_it() {
    for stage in STAGES {
        let text = text(stage);
        for part in ["# What is new", "# Try it", "Ctrl-C", &format!("cargo run --example {stage} -- ")] {
            assert!(text.contains(part), "{stage}: no {part:?}");
        }
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
    let wrong: [(&str, &[&str]); 20] = [
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
    for stage in STAGES.into_iter().filter(|&stage| stage != "02_echo_client") {
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
    for stage in STAGES.into_iter().filter(|&stage| stage != "02_echo_client") {
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
    for stage in STAGES.into_iter().filter(|&stage| stage != "02_echo_client") {
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

// ---- the echo servers over TCP

#[test]
fn bytes_of_all_values_come_back_as_they_were() {
    let all: Vec<u8> = (0..=u8::MAX).collect();
    for stage in ECHOES {
        let running = Stage::start(stage);
        let mut client = running.connect();
        client.send(&all);
        assert_eq!(client.bytes(all.len()), all, "{stage}");
    }
}

#[test]
fn a_megabyte_comes_back_as_it_was() {
    let mut random = Random::from_environment();
    let megabyte: Vec<u8> = (0..1024 * 1024 / 8).flat_map(|_| random.next().to_ne_bytes()).collect();
    for stage in ECHOES {
        let running = Stage::start(stage);
        let mut client = running.connect();
        let mut sender = client.sender();
        // Sent and read at the same time. Otherwise each side might wait until the other reads.
        let come_back = std::thread::scope(|scope| {
            scope.spawn(|| {
                sender.write_all(&megabyte).expect("it is taken");
                sender.shutdown(std::net::Shutdown::Write).expect("a socket");
            });
            client.rest().expect("it comes back")
        });
        // Compared first: nobody wants to see both in a message.
        assert!(come_back == megabyte, "{stage}: {} bytes, not the same", come_back.len());
    }
}

#[test]
fn an_echo_server_says_who_comes_and_who_goes() {
    for stage in ECHOES {
        let running = Stage::start(stage);
        let client = running.served();
        let address = client.sender().local_addr().expect("a socket");
        running.prints(&format!("{address} is here"));
        drop(client);
        running.prints(&format!("{address} has left"));
    }
}

#[test]
fn what_is_on_its_way_comes_back_after_the_client_has_said_that_it_is_done() {
    for stage in ECHOES {
        let running = Stage::start(stage);
        let mut client = running.connect();
        client.send("the last words");
        client.finish_sending();
        assert_eq!(as_text(&client.rest().expect("an end")), "the last words", "{stage}");
    }
}

#[test]
fn stage_1_lets_the_second_client_wait_until_the_first_has_left() {
    let running = Stage::start("01_echo_server");
    let first = running.served();
    let mut second = running.connect();
    second.send("hello");
    assert_hears_nothing(&mut second);
    drop(first);
    assert_eq!(as_text(&second.bytes(5)), "hello");
}

#[test]
fn stage_4_answers_both() {
    let running = Stage::start("04_echo_threads");
    let mut first = running.served();
    let mut second = running.served();
    assert_echoes(&mut first, b"one");
    assert_echoes(&mut second, b"two");
}

#[test]
fn stage_4_has_a_thread_for_each_client() {
    let running = Stage::start_command(&mut telling_its_id("04_echo_threads"));
    let clients: Vec<_> = (0..20).map(|_| running.served()).collect();
    assert_eq!(threads(&running), 1 + clients.len());
}

#[test]
fn stage_5_has_the_threads_it_was_told_to_and_no_more() {
    for (arguments, count) in [(&["3"][..], 3), (&[], 4)] {
        let running = Stage::start_command(telling_its_id("05_echo_pool").args(arguments));
        // Served, so that all are started; more than there are threads, so that it would show.
        let _served: Vec<_> = (0..count).map(|_| running.served()).collect();
        let _waiting: Vec<_> = (0..20).map(|_| running.connect()).collect();
        assert_eq!(threads(&running), 1 + count);
    }
}

#[test]
fn stage_5_is_stuck_when_silent_clients_fill_its_pool_and_freed_when_one_leaves() {
    let running = Stage::start_with("05_echo_pool", ["2"]);
    let mut first = running.served();
    let second = running.served();
    let mut third = running.connect();
    third.send("hello");
    assert_hears_nothing(&mut third);
    // Those who have a thread still have all of it.
    assert_echoes(&mut first, b"first");
    drop(second);
    assert_eq!(as_text(&third.bytes(5)), "hello");
}

#[test]
fn stage_5_serves_more_clients_than_its_queue_holds_one_after_the_other() {
    let running = Stage::start_with("05_echo_pool", ["1"]);
    let first = running.served();
    let mut others: Vec<_> = (0..100).map(|_| running.connect()).collect();
    for (number, client) in others.iter_mut().enumerate() {
        client.send(number.to_string());
    }
    drop(first);
    for (number, mut client) in others.into_iter().enumerate() {
        let number = number.to_string();
        assert_eq!(as_text(&client.bytes(number.len())), number);
    }
}

#[test]
fn stage_6_answers_a_newcomer_among_hundreds_of_silent_clients_in_one_thread() {
    raise_open_files(1000);
    let running = Stage::start_command(&mut telling_its_id("06_echo_event_loop"));
    let mut silent: Vec<_> = (0..400).map(|_| running.connect()).collect();
    assert_echoes(&mut running.connect(), b"hello");
    assert_eq!(threads(&running), 1);
    // And they are clients like any other.
    assert_echoes(&mut silent[200], b"now I speak");
}

#[test]
fn stage_6_keeps_what_a_client_does_not_read_and_serves_the_others_meanwhile() {
    let running = Stage::start("06_echo_event_loop");
    let mut greedy = Client::connect_with_little_room(running.address).expect("the stage listens");
    let sent = send_until_it_stalls(&greedy);
    assert_echoes(&mut running.connect(), b"hello");
    // It has sent more than it has got back. All the rest is there, and nothing twice.
    greedy.finish_sending();
    let come_back = greedy.rest().expect("it comes back");
    assert!(come_back == sent, "{} of {} bytes, not the same", come_back.len(), sent.len());
}

/// Sends numbers until the server takes no more: what was taken.
fn send_until_it_stalls(client: &Client) -> Vec<u8> {
    let mut sender = client.sender();
    sender.set_write_timeout(Some(A_WHILE)).expect("a socket");
    let mut sent = Vec::new();
    for number in 0_u64.. {
        let piece: Vec<u8> = (0..512).flat_map(|at| (number * 512 + at).to_be_bytes()).collect();
        let mut rest = piece.as_slice();
        while !rest.is_empty() {
            match sender.write(rest) {
                Ok(count) => {
                    sent.extend_from_slice(&rest[..count]);
                    rest = &rest[count..];
                }
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    return sent;
                }
                Err(error) => panic!("{error}"),
            }
        }
        assert!(sent.len() < 256 * 1024 * 1024, "it takes all that is sent, and keeps it");
    }
    sent
}

#[test]
fn stage_6_goes_on_after_it_was_stopped_and_continued() {
    let running = Stage::start_command(&mut telling_its_id("06_echo_event_loop"));
    let mut client = running.served();
    running.process.signal(Signal::STOP);
    wait_until("it to stop", || is_stopped(&running).then_some(()));
    // This interrupts the wait for clients, with no client to tell of.
    running.process.signal(Signal::CONT);
    wait_until("it to go on", || (!is_stopped(&running)).then_some(()));
    assert_echoes(&mut client, b"are you there?");
}

fn is_stopped(running: &Stage) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", id(running))).expect("it runs");
    // After the name, which stands in parentheses.
    stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('T'))
}

#[test]
fn with_no_file_left_to_open_the_next_client_waits_until_somebody_leaves() {
    for stage in ["04_echo_threads", "05_echo_pool", "06_echo_event_loop"] {
        let mut command = Command::new("sh");
        let limited = command.args(["-c", "ulimit -n 16 && exec \"$@\"", "sh"]).arg(program(stage));
        let running = Stage::start_command(limited.arg("0"));
        let mut clients: Vec<_> = (0..30).map(|_| running.connect()).collect();
        running.process.stderr.line("that it cannot accept", |line| line.contains("Too many open files"));
        let mut last = clients.pop().expect("30 of them");
        last.send("hello");
        drop(clients);
        assert_eq!(as_text(&last.bytes(5)), "hello", "{stage}");
    }
}

/// How many threads it has now. (For a stage that was started by [`telling_its_id`].)
fn threads(running: &Stage) -> usize {
    std::fs::read_dir(format!("/proc/{}/task", id(running))).expect("it runs").count()
}

fn id(running: &Stage) -> String {
    running.process.stderr.line("its id", |line| line.parse::<u32>().is_ok())
}

/// The stage, by way of a shell that writes down the process id, which stays the same.
fn telling_its_id(stage: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", "echo $$ >&2 && exec \"$@\"", "sh"]).arg(program(stage)).arg("0");
    command
}

// ---- the client

/// Runs the client with this for its input.
fn run_client(server: &Stage, input: &str) -> Finished {
    let mut command = Command::new("sh");
    command.args(["-c", "printf %s \"$0\" | exec \"$@\"", input]);
    run(command.arg(program("02_echo_client")).arg(server.address.to_string()))
}

#[test]
fn the_client_prints_what_comes_back_for_each_line_and_ends_with_its_input() {
    let server = Stage::start("01_echo_server");
    let ended = run_client(&server, "hello\n\ntwo words\n");
    assert_eq!((ended.code, ended.stdout), (Some(0), ["hello", "", "two words"].map(String::from).to_vec()));
}

#[test]
fn the_client_and_the_server_call_the_client_by_the_same_address() {
    let server = Stage::start("01_echo_server");
    let ended = run_client(&server, "");
    let start = format!("Connected to {} from ", server.address);
    let line = one_line(&ended.stderr, &[&start], &"client");
    let own = line.strip_prefix(&start).expect("it starts so");
    server.prints(&format!("{own} is here"));
    server.prints(&format!("{own} has left"));
}

#[test]
fn the_client_puts_a_line_together_that_comes_in_pieces() {
    let listener = TcpListener::bind((V4, 0)).expect("a free port");
    let mut client = start_client(&listener);
    let mut server = accept(&listener);
    client.type_in(b"hello\nnext\n");
    assert_eq!(read_line(&server), "hello\n");
    server.write_all(b"he").expect("it reads");
    // It goes on waiting for the rest and does not send its next line.
    server.set_read_timeout(Some(A_WHILE)).expect("a socket");
    let heard = server.read(&mut [0; 8]).map_err(|error| error.kind());
    assert_eq!(heard, Err(ErrorKind::WouldBlock));
    server.write_all(b"llo\n").expect("it reads");
    client.stdout.line("the line", |line| line == "hello");
}

#[test]
fn the_client_ends_the_last_line_where_its_input_does_not() {
    let server = Stage::start("01_echo_server");
    assert_eq!(run_client(&server, "no end").stdout, ["no end"]);
}

#[test]
fn the_client_says_when_the_server_closes() {
    let listener = TcpListener::bind((V4, 0)).expect("a free port");
    let mut client = start_client(&listener);
    let server = accept(&listener);
    client.type_in(b"hello\n");
    assert_eq!(read_line(&server), "hello\n");
    drop(server);
    let Finished { code, stdout, stderr } = client.finish();
    assert_eq!((code, stdout.as_slice()), (Some(1), &[][..]));
    assert!(stderr.last().is_some_and(|line| line.contains("the server has closed")), "{stderr:?}");
}

#[test]
fn the_client_says_when_nobody_is_there() {
    // The port is kept, so that nobody else can listen on it; and it is not listened on.
    let holder = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("a socket");
    holder.bind(&SocketAddr::new(V4, 0).into()).expect("a free port");
    let address = holder.local_addr().expect("bound").as_socket().expect("an address").to_string();
    let Finished { code, stderr, .. } = run(command("02_echo_client").arg(&address));
    assert_eq!(code, Some(1));
    one_line(&stderr, &["Cannot connect", &address, "Is a server running there?"], &"nobody");
}

fn start_client(listener: &TcpListener) -> Process {
    let address = listener.local_addr().expect("bound").to_string();
    Process::start(command("02_echo_client").arg(address))
}

fn accept(listener: &TcpListener) -> TcpStream {
    let (server, _) = listener.accept().expect("it connects");
    server.set_read_timeout(Some(PATIENCE)).expect("a socket");
    server
}

fn read_line(stream: &TcpStream) -> String {
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).expect("a line comes");
    line
}

// ---- datagrams

/// A socket that sends to the stage.
fn datagrams_to(running: &Stage) -> UdpSocket {
    let socket = UdpSocket::bind((V4, 0)).expect("a free port");
    socket.connect(running.address).expect("an address");
    socket.set_read_timeout(Some(PATIENCE)).expect("a socket");
    socket
}

fn receive(socket: &UdpSocket) -> Vec<u8> {
    let mut buffer = vec![0; 65_536];
    let count = socket.recv(&mut buffer).expect("an answer");
    buffer.truncate(count);
    buffer
}

#[test]
fn datagrams_come_back_one_by_one_with_their_boundaries() {
    let running = Stage::start("03_udp_echo");
    let socket = datagrams_to(&running);
    let all: Vec<u8> = (0..=u8::MAX).collect();
    let sent: [&[u8]; 4] = [b"one", b"", b"and two", &all];
    for datagram in sent {
        assert_eq!(socket.send(datagram).expect("it is sent"), datagram.len());
    }
    for datagram in sent {
        assert_eq!(receive(&socket), datagram);
    }
}

#[test]
fn the_largest_datagram_comes_back_whole() {
    let running = Stage::start("03_udp_echo");
    let socket = datagrams_to(&running);
    let largest = vec![b'x'; 65_507];
    socket.send(&largest).expect("it is sent");
    assert!(receive(&socket) == largest);
    assert!(socket.send(&[largest, vec![b'x']].concat()).is_err(), "one more byte, and it cannot be sent");
}

#[test]
fn one_socket_answers_everybody_who_sends() {
    let running = Stage::start("03_udp_echo");
    let sockets: Vec<_> = (0..10).map(|_| datagrams_to(&running)).collect();
    for (number, socket) in sockets.iter().enumerate() {
        socket.send(number.to_string().as_bytes()).expect("it is sent");
    }
    for (number, socket) in sockets.iter().enumerate() {
        assert_eq!(as_text(&receive(socket)), number.to_string());
        running.prints(&format!("1 bytes from {}", socket.local_addr().expect("bound")));
    }
}

#[test]
fn datagrams_that_find_no_room_are_lost_and_their_sender_is_not_told() {
    let running = Stage::start_command(&mut telling_its_id("03_udp_echo"));
    let socket = datagrams_to(&running);
    running.process.signal(Signal::STOP);
    wait_until("it to stop", || is_stopped(&running).then_some(()));
    let count = 2000;
    for _ in 0..count {
        // No error, each time.
        assert_eq!(socket.send(&[b'x'; 1000]).expect("it is sent"), 1000);
    }
    running.process.signal(Signal::CONT);
    // The end, sent until it arrives: then whatever did arrive before it has been dealt with.
    let mark = UdpSocket::bind((V4, 0)).expect("a free port");
    mark.connect(running.address).expect("an address");
    mark.set_read_timeout(Some(Duration::from_millis(20))).expect("a socket");
    wait_until("the mark", || {
        mark.send(b"end").expect("it is sent");
        mark.recv(&mut [0; 8]).ok()
    });
    // It prints in order: when this line is here, so are those before it.
    running.prints(&format!("3 bytes from {}", mark.local_addr().expect("bound")));
    let arrived = running.process.stdout.so_far().iter().filter(|line| line.contains("1000 bytes")).count();
    assert!(0 < arrived && arrived < count, "{arrived} of {count}");
}

#[test]
fn the_sender_prints_the_answer() {
    let running = Stage::start("03_udp_echo");
    let address = running.address.to_string();
    let ended = run(command("03_udp_echo").args(["send", &address, "hello there"]));
    assert_eq!((ended.code, ended.stdout, ended.stderr), (Some(0), vec!["hello there".into()], vec![]));
}

#[test]
fn the_sender_gives_up_when_no_answer_comes() {
    // It takes the datagram and says nothing.
    let silent = UdpSocket::bind((V4, 0)).expect("a free port");
    let address = silent.local_addr().expect("bound").to_string();
    let Finished { code, stderr, .. } = run(command("03_udp_echo").args(["send", &address, "hello"]));
    assert_eq!(code, Some(1));
    one_line(&stderr, &["No answer", &address, "lost"], &"silent");
    assert_eq!(receive(&silent), b"hello");
}

// ---- HTTP

/// A page, a file in a folder, a file beside the folder, and links to inside and outside.
fn site() -> TempDir {
    let around = folder(&[
        ("site/index.html", "<p>start</p>"),
        ("site/sub/index.html", "<p>sub</p>"),
        ("site/sub/a.txt", "aaaaa"),
        ("site/style.css", "p {}"),
        ("site/data.xyz", "?"),
        ("site-beside/secret.txt", "secret"),
        ("secret.txt", "secret"),
    ]);
    let link = |to: &str, name: &str| std::os::unix::fs::symlink(to, around.path().join("site").join(name));
    link("sub/a.txt", "inside.txt").expect("a link");
    link("../secret.txt", "outside.txt").expect("a link");
    link("../site-beside", "beside").expect("a link");
    around
}

fn start_site(stage: &str) -> (TempDir, Stage) {
    let around = site();
    let running = Stage::serving(stage, &around.path().join("site"));
    (around, running)
}

/// Sends all that is given, and reads until the server closes.
fn exchange(running: &Stage, request: &str) -> String {
    let mut client = running.connect();
    client.send(request);
    as_text(&client.rest().expect("an answer and an end"))
}

const HELLO: &str = "HTTP/1.1 200 OK\r\n\
                     Content-Type: text/plain; charset=utf-8\r\n\
                     Content-Length: 17\r\n\
                     Connection: close\r\n\
                     \r\n\
                     Hello over HTTP.\n";

#[test]
fn stage_7_answers_these_bytes() {
    let running = Stage::start("07_http_hello");
    assert_eq!(exchange(&running, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), HELLO);
}

#[test]
fn stage_7_waits_for_the_end_of_a_head_that_comes_byte_by_byte() {
    let running = Stage::start("07_http_hello");
    let mut client = running.connect();
    let (all_but_one, last) = ("GET / HTTP/1.1\r\nHost: localhost\r\n\r", "\n");
    for byte in all_but_one.bytes() {
        client.send([byte]);
    }
    assert_hears_nothing(&mut client);
    client.send(last);
    assert_eq!(as_text(&client.rest().expect("an answer")), HELLO);
}

#[test]
fn stage_7_shows_each_byte_of_a_head_and_lets_none_at_the_terminal() {
    let running = Stage::start("07_http_hello");
    exchange(&running, "GET / HTTP/1.1\r\nX: \x1b[2J\x07\r\n\r\n");
    running.prints("GET / HTTP/1.1\\r\\n");
    running.prints("X: \\x1b[2J\\x07\\r\\n");
}

#[test]
fn an_answer_survives_a_body_that_nobody_reads() {
    let body = "x".repeat(50_000);
    let request = format!("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50000\r\n\r\n{body}");
    for (stage, expected) in HTTP.into_iter().zip(["200 OK", "501 Not Implemented", "501 Not Implemented"]) {
        let running = Stage::start(stage);
        for _ in 0..20 {
            let answer = exchange(&running, &request);
            assert!(answer.starts_with(&format!("HTTP/1.1 {expected}\r\n")), "{stage}: {answer:?}");
            assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{stage}: the body is no request: {answer:?}");
        }
    }
}

#[test]
fn a_large_answer_is_whole_although_a_body_was_not_wanted() {
    let large = "x".repeat(1024 * 1024);
    let folder = folder(&[("large.txt", &large)]);
    let body = "y".repeat(50_000);
    let head = "GET /large.txt HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50000\r\n\r\n";
    for stage in ["08_http_files", "09_http_pool"] {
        let running = Stage::serving(stage, folder.path());
        for _ in 0..5 {
            // Most of the answer is still in the server's kernel when the server is done with it.
            let mut client = Client::connect_with_little_room(running.address).expect("the stage listens");
            client.send([head, &body].concat());
            assert!(client.reply().text() == large, "{stage}");
        }
    }
}

#[test]
fn a_head_without_an_end_is_refused() {
    for stage in HTTP {
        let running = Stage::start(stage);
        let answer = exchange(&running, &format!("GET / HTTP/1.1\r\nX: {}", "x".repeat(20_000)));
        assert!(answer.starts_with("HTTP/1.1 431 "), "{stage}: {answer:?}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{stage}: {answer:?}");
    }
}

#[test]
fn half_a_request_gets_no_answer() {
    for stage in HTTP {
        let running = Stage::start(stage);
        let mut client = running.connect();
        client.send("GET / HTTP/1.1\r\nHost: loc");
        client.finish_sending();
        assert_eq!(as_text(&client.rest().expect("an end")), "", "{stage}");
    }
}

#[test]
fn stages_7_and_8_let_the_second_client_wait_for_the_first() {
    for stage in ["07_http_hello", "08_http_files"] {
        let running = Stage::start(stage);
        let silent = running.connect();
        let mut second = running.connect();
        second.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assert_hears_nothing(&mut second);
        drop(silent);
        assert_eq!(second.reply().status, 200, "{stage}");
    }
}

#[test]
fn a_file_is_sent_with_its_length_and_type() {
    for stage in ["08_http_files", "09_http_pool"] {
        let (_around, running) = start_site(stage);
        for (target, media_type, body) in [
            ("/", "text/html; charset=utf-8", "<p>start</p>"),
            ("/index.html", "text/html; charset=utf-8", "<p>start</p>"),
            ("/sub/", "text/html; charset=utf-8", "<p>sub</p>"),
            ("/sub/a.txt", "text/plain; charset=utf-8", "aaaaa"),
            ("/sub/./a.txt?query=/../x", "text/plain; charset=utf-8", "aaaaa"),
            ("/inside.txt", "text/plain; charset=utf-8", "aaaaa"),
            ("/style.css", "text/css; charset=utf-8", "p {}"),
            ("/data.xyz", "application/octet-stream", "?"),
        ] {
            let reply = running.connect().get(target);
            let found = (reply.status, reply.field("content-type"), reply.text());
            assert_eq!(found, (200, Some(media_type), body.to_owned()), "{stage} {target}");
        }
    }
}

#[test]
fn what_is_not_there_is_404() {
    for stage in ["08_http_files", "09_http_pool"] {
        let (around, running) = start_site(stage);
        make_fifo(&around.path().join("site/pipe"));
        for target in ["/nope", "/sub", "/sub/nope/", "/index.html/", "/a\0b", "/pipe", "/sub/%61.txt"] {
            let reply = running.connect().get(target);
            assert_eq!((reply.status, reply.text().as_str()), (404, "404 Not Found\n"), "{stage} {target:?}");
        }
    }
}

#[test]
fn nothing_outside_the_folder_is_read() {
    for stage in ["08_http_files", "09_http_pool"] {
        let (around, running) = start_site(stage);
        let absolute = around.path().join("secret.txt").display().to_string();
        for (target, status) in [
            ("/../secret.txt", 400),
            ("/sub/../../secret.txt", 400),
            ("/..", 400),
            ("../secret.txt", 400),
            (&absolute, 404),
            (&format!("/{absolute}"), 404),
            (&format!("//{absolute}"), 404),
            ("/%2e%2e/secret.txt", 404),
            ("/..%2fsecret.txt", 404),
            ("/..\\secret.txt", 404),
            ("/outside.txt", 404),
            ("/beside/secret.txt", 404),
        ] {
            let reply = running.connect().get(target);
            assert_eq!(reply.status, status, "{stage} {target}: {reply:?}");
            assert!(!reply.text().contains("secret"), "{stage} {target}: {reply:?}");
        }
    }
}

#[test]
fn head_gets_the_head_of_what_get_would_get() {
    for stage in ["08_http_files", "09_http_pool"] {
        let (_around, running) = start_site(stage);
        let fields = "HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        for (target, length) in [("/sub/a.txt", 5), ("/nope", 14)] {
            let reply = exchange(&running, &format!("HEAD {target} {fields}"));
            let (head, body) = reply.split_once("\r\n\r\n").expect("a head");
            assert!(head.contains(&format!("\r\nContent-Length: {length}\r\n")), "{stage}: {head:?}");
            assert_eq!(body, "", "{stage}");
        }
    }
}

#[test]
fn what_is_no_request_is_400_and_the_end() {
    for stage in ["08_http_files", "09_http_pool"] {
        let (_around, running) = start_site(stage);
        for line in
            ["", "GET /", "GET  / HTTP/1.1", "GET / HTTP/1.1 x", "GET / HTTP/2", "GET a HTTP/1.1", "\u{1}"]
        {
            let answer = exchange(&running, &format!("{line}\r\nHost: localhost\r\n\r\n"));
            assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{stage} {line:?}: {answer:?}");
        }
    }
}

#[test]
fn a_folder_that_is_not_there_is_one_line_and_exit_code_1() {
    for stage in ["08_http_files", "09_http_pool"] {
        let ended = run(command(stage).args(["0", "/no/such/folder"]));
        assert_eq!((ended.code, ended.stdout.as_slice()), (Some(1), &[][..]), "{stage}");
        one_line(&ended.stderr, &["/no/such/folder", "Choose another folder"], &stage);
    }
}

#[test]
fn stages_8_and_9_say_what_was_asked_and_what_came_of_it() {
    for stage in ["08_http_files", "09_http_pool"] {
        let (_around, running) = start_site(stage);
        let mut client = running.connect();
        assert_eq!(client.get("/no\x1bpe").status, 404);
        let address = client.sender().local_addr().expect("a socket");
        let line = running.prints(&address.to_string());
        assert_eq!(line, format!("{address}: GET /no\\u{{1b}}pe HTTP/1.1 -> 404 Not Found"), "{stage}");
    }
}

#[test]
fn stages_8_and_9_serve_www_if_nothing_else_is_named() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("www/index.html"));
    let page = page.expect("a page");
    for stage in ["08_http_files", "09_http_pool"] {
        assert_eq!(Stage::start(stage).connect().get("/").text(), page, "{stage}");
    }
}

#[test]
fn stage_8_closes_after_one_request_and_says_so() {
    let (_around, running) = start_site("08_http_files");
    let mut client = running.connect();
    let reply = client.get("/sub/a.txt");
    assert_eq!(reply.field("connection"), Some("close"));
    assert_eq!(client.rest().expect("an end"), b"");
}

#[test]
fn stage_9_keeps_the_connection_open() {
    let (_around, running) = start_site("09_http_pool");
    let mut client = running.connect();
    for (target, status) in [("/", 200), ("/nope", 404), ("/../x", 400), ("/sub/a.txt", 200)] {
        let reply = client.get(target);
        assert_eq!((reply.status, reply.field("connection")), (status, Some("keep-alive")), "{target}");
    }
}

/// The statuses of so many replies.
fn statuses(client: &mut Client, count: usize) -> Vec<u16> {
    (0..count).map(|_| client.reply().status).collect()
}

#[test]
fn stage_9_answers_three_requests_of_one_write_in_order() {
    let (_around, running) = start_site("09_http_pool");
    let mut client = running.connect();
    let request = |target: &str| format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    client.send([request("/"), request("/nope"), request("/sub/a.txt")].concat());
    let replies: Vec<_> = (0..3).map(|_| client.reply()).map(|reply| (reply.status, reply.text())).collect();
    let expected = [(200, "<p>start</p>"), (404, "404 Not Found\n"), (200, "aaaaa")];
    assert_eq!(replies, expected.map(|(status, text)| (status, text.to_owned())));
}

#[test]
fn stage_9_answers_requests_however_they_are_cut() {
    let (_around, running) = start_site("09_http_pool");
    let requests = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\nGET /nope HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for cut in 1..requests.len() {
        let mut client = running.connect();
        client.send(&requests[..cut]);
        client.send(&requests[cut..]);
        assert_eq!(statuses(&mut client, 2), [200, 404], "cut at {cut}");
    }
}

#[test]
fn stage_9_answers_the_first_request_before_the_second_is_whole() {
    let (_around, running) = start_site("09_http_pool");
    let mut client = running.connect();
    client.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\nGET /nope HTTP/1.1\r\nHo");
    assert_eq!(client.reply().status, 200);
    assert_hears_nothing(&mut client);
    client.send("st: localhost\r\n\r\n");
    assert_eq!(client.reply().status, 404);
}

#[test]
fn stage_9_closes_when_asked_to_or_when_the_end_of_a_request_is_in_doubt() {
    let (_around, running) = start_site("09_http_pool");
    let hidden = "GET /sub/a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for (request, status) in [
        ("GET / HTTP/1.1\r\nConnection: close\r\n\r\n", 200),
        ("GET / HTTP/1.1\r\nconnection: x, CLOSE\r\n\r\n", 200),
        ("GET / HTTP/1.0\r\n\r\n", 200),
        ("GET / HTTP/1.1\r\nContent-Length: 47\r\n\r\n", 200),
        ("GET / HTTP/1.1\r\nContent-Length: 0\r\nContent-Length: 47\r\n\r\n", 200),
        ("GET / HTTP/1.1\r\nContent-Length : 47\r\n\r\n", 200),
        ("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 200),
        ("POST / HTTP/1.1\r\nContent-Length: 47\r\n\r\n", 501),
        ("GET / HTTP/1.1\r\nX: y\nContent-Length: 47\r\n\r\n", 400),
        ("GET / HTTP/1.1 \r\n\r\n", 400),
    ] {
        let answers = exchange(&running, &format!("{request}{hidden}"));
        assert!(answers.starts_with(&format!("HTTP/1.1 {status} ")), "{request:?}: {answers:?}");
        assert!(answers.contains("\r\nConnection: close\r\n"), "{request:?}: {answers:?}");
        assert_eq!(answers.matches("HTTP/1.1").count(), 1, "{request:?}: {answers:?}");
    }
}

#[test]
fn stage_9_answers_as_many_clients_at_once_as_it_has_threads() {
    let around = site();
    let site = around.path().join("site");
    let running = Stage::start_command(command("09_http_pool").arg("0").arg(site).arg("2"));
    let mut first = running.connect();
    let mut second = running.connect();
    assert_eq!((first.get("/").status, second.get("/").status), (200, 200));
    assert_eq!((first.get("/").status, second.get("/").status), (200, 200));
    // Both stay open and hold both threads: the pain that the engine in src/ cures.
    let mut third = running.connect();
    third.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_hears_nothing(&mut third);
    drop(first);
    assert_eq!(third.reply().status, 200);
}

#[test]
fn stage_9_takes_the_thread_back_from_a_client_that_says_nothing() {
    let around = site();
    let site = around.path().join("site");
    let running = Stage::start_command(command("09_http_pool").arg("0").arg(site).arg("1"));
    let mut silent = running.connect();
    let mut second = running.connect();
    assert_eq!(second.get("/").status, 200);
    assert_eq!(silent.rest().expect("an end"), b"");
    running.prints("was silent for too long");
}
