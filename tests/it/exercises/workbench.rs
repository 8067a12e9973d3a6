//! What the checkers of the exercises stand on: programs that are built and started, conversations
//! with them, and failures that say what was sent, what came and what was expected.

use crate::support::{PATIENCE, Process, V4};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

// ---- building

/// How long a build may take. It may have to wait for another one.
const BUILD_PATIENCE: Duration = Duration::from_secs(300);

/// The root of the project.
pub(crate) const PROJECT: &str = env!("CARGO_MANIFEST_DIR");

/// Builds examples of this project: where the programs are, by name; or what the compiler says.
pub(crate) fn build_examples(names: &[&str]) -> Result<BTreeMap<String, PathBuf>, String> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("it is inside the target folder");
    let mut cargo = cargo_build(target);
    for name in names {
        cargo.args(["--example", name]);
    }
    build(&mut cargo)
}

/// Builds the solutions, in a package of their own: they are no examples, for nobody is to find
/// them in a list before having tried.
pub(crate) fn build_solutions(names: &[String]) -> Result<BTreeMap<String, PathBuf>, String> {
    let mut manifest = String::from(
        "[package]\nname = \"solutions\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [dependencies]\nmio = { version = \"1\", features = [\"os-poll\", \"net\"] }\n",
    );
    for name in names {
        let path = format!("{PROJECT}/tests/exercises/{name}.rs");
        let _ = write!(manifest, "\n[[bin]]\nname = {name:?}\npath = {path:?}\n");
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("exercises");
    fs::create_dir_all(&folder).expect("a folder is made");
    fs::write(folder.join("Cargo.toml"), manifest).expect("a file is written");
    // The same versions as the project's, which are on this machine: nothing is downloaded.
    fs::copy(Path::new(PROJECT).join("Cargo.lock"), folder.join("Cargo.lock")).expect("a file is copied");
    let mut cargo = cargo_build(&folder.join("target"));
    build(cargo.arg("--manifest-path").arg(folder.join("Cargo.toml")).args(["--offline", "--bins"]))
}

fn cargo_build(target: &Path) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(PROJECT).args(["build", "--quiet", "--message-format=json-render-diagnostics"]);
    cargo.arg("--target-dir").arg(target);
    cargo
}

fn build(cargo: &mut Command) -> Result<BTreeMap<String, PathBuf>, String> {
    let cargo = cargo.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = cargo.spawn().map_err(|error| format!("cargo cannot be started: {error}"))?;
    let (sender, pipes) = mpsc::channel();
    let (mut stdout, mut stderr) = (child.stdout.take().expect("piped"), child.stderr.take().expect("piped"));
    let other = sender.clone();
    std::thread::spawn(move || {
        let mut text = String::new();
        let _ = stdout.read_to_string(&mut text);
        let _ = sender.send((text, String::new()));
    });
    std::thread::spawn(move || {
        let mut text = String::new();
        let _ = stderr.read_to_string(&mut text);
        let _ = other.send((String::new(), text));
    });
    let until = Instant::now() + BUILD_PATIENCE;
    let (mut messages, mut complaints) = (String::new(), String::new());
    for _ in 0..2 {
        let Ok((out, err)) = pipes.recv_timeout(until.saturating_duration_since(Instant::now())) else {
            let _ = child.kill();
            let _ = child.wait();
            return Err(format!("the build took longer than {BUILD_PATIENCE:?}"));
        };
        messages += &out;
        complaints += &err;
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    if !status.success() {
        return Err(complaints);
    }
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    Ok(messages
        .filter_map(|message| {
            let program = message["executable"].as_str()?;
            Some((message["target"]["name"].as_str()?.to_owned(), PathBuf::from(program)))
        })
        .collect())
}

// ---- running

/// A program on the bench, and how long to wait for what it is to do.
pub(crate) struct Bench<'a> {
    /// The program.
    pub(crate) program: &'a Path,
    /// How long anything may take that is to be there at once.
    pub(crate) patience: Duration,
}

/// A server that runs.
pub(crate) struct Running {
    /// Its process.
    pub(crate) process: Process,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    patience: Duration,
}

impl Bench<'_> {
    /// Starts the program with these arguments.
    pub(crate) fn run(&self, arguments: &[&str]) -> Process {
        Process::start(Command::new(self.program).current_dir(PROJECT).args(arguments))
    }

    /// Starts the program as a server on any free port: 0 is its first argument. Waits until it
    /// says which one it got.
    pub(crate) fn serve(&self, arguments: &[&str]) -> Running {
        let process = self.run(&[&["0"], arguments].concat());
        let line = process.stdout.line("the line \"Listening on 127.0.0.1:PORT\"", |_| true);
        let address = line.strip_prefix("Listening on ").and_then(|address| address.parse().ok());
        let address: SocketAddr = address.unwrap_or_else(|| {
            panic!(
                "\n  the first line was:  {line:?}\n  expected:            \"Listening on 127.0.0.1:PORT\"\n"
            )
        });
        assert!(
            address.ip() == V4 && address.port() != 0,
            "\n  the first line was:  {line:?}\n  expected:            the address that listener.local_addr() \
             gives; with the argument 0 the system chooses the port\n"
        );
        Running { process, address, patience: self.patience }
    }
}

impl Running {
    /// A new connection. `who` says in a failure what this client is like.
    pub(crate) fn connect(&self, who: &'static str) -> Talk {
        let stream = TcpStream::connect_timeout(&self.address, PATIENCE);
        let stream = stream.unwrap_or_else(|error| panic!("\n{who} cannot connect: {error}\n"));
        Talk::new(who, stream, self.patience)
    }

    /// A client that has little room for what it does not read.
    pub(crate) fn connect_with_little_room(&self, who: &'static str) -> Talk {
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None);
        let socket = socket.expect("a socket");
        socket.set_recv_buffer_size(16 * 1024).expect("a socket");
        let connected = socket.connect_timeout(&self.address.into(), PATIENCE);
        connected.unwrap_or_else(|error| panic!("\n{who} cannot connect: {error}\n"));
        Talk::new(who, socket.into(), self.patience)
    }

    /// Sends a whole request and reads until the server closes, as it is asked to.
    pub(crate) fn ask(&self, who: &'static str, method_and_target: &str, fields: &str) -> Answer {
        let mut talk = self.connect(who);
        talk.send(format!(
            "{method_and_target} HTTP/1.1\r\nHost: localhost\r\n{fields}Connection: close\r\n\r\n"
        ));
        talk.answer()
    }

    /// A GET.
    pub(crate) fn get(&self, who: &'static str, target: &str) -> Answer {
        self.ask(who, &format!("GET {target}"), "")
    }
}

// ---- talking

/// A conversation on one connection.
pub(crate) struct Talk {
    who: &'static str,
    stream: TcpStream,
    sent: Vec<u8>,
    patience: Duration,
}

/// What [`Talk::listen`] heard.
pub(crate) enum Heard {
    /// These bytes.
    Bytes(Vec<u8>),
    /// Nothing, for as long as it listened.
    Nothing,
    /// The end of the connection.
    End,
}

impl Talk {
    fn new(who: &'static str, stream: TcpStream, patience: Duration) -> Talk {
        stream.set_nodelay(true).expect("a socket");
        stream.set_write_timeout(Some(PATIENCE)).expect("a socket");
        Talk { who, stream, sent: Vec::new(), patience }
    }

    /// Sends bytes. If the server has closed, what is read next will show it.
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.sent.extend_from_slice(bytes.as_ref());
        let _ = self.stream.write_all(bytes.as_ref());
    }

    /// Sends bytes one at a time.
    pub(crate) fn trickle(&mut self, bytes: impl AsRef<[u8]>) {
        for byte in bytes.as_ref() {
            self.send([*byte]);
        }
    }

    /// Says that nothing more will be sent.
    pub(crate) fn finish(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Vanishes: the server's next read or write fails.
    pub(crate) fn reset(self) {
        let socket = socket2::SockRef::from(&self.stream);
        socket.set_linger(Some(Duration::ZERO)).expect("a socket");
    }

    /// Sends so much in a thread of its own that it has to be read while it is sent.
    pub(crate) fn send_beside(&mut self, bytes: Vec<u8>) {
        let mut stream = self.stream.try_clone().expect("a socket");
        self.sent.extend_from_slice(&bytes);
        std::thread::spawn(move || {
            let _ = stream.write_all(&bytes);
            let _ = stream.shutdown(Shutdown::Write);
        });
    }

    /// Waits for some bytes, so long and no longer.
    pub(crate) fn listen(&mut self, time: Duration) -> Heard {
        // Zero would mean: for ever.
        let time = time.max(Duration::from_millis(1));
        self.stream.set_read_timeout(Some(time)).expect("a socket");
        let mut piece = vec![0; 64 * 1024];
        loop {
            match self.stream.read(&mut piece) {
                Ok(0) => return Heard::End,
                Ok(count) => {
                    piece.truncate(count);
                    return Heard::Bytes(piece);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                    return Heard::Nothing;
                }
                // Reset: as far as a conversation goes, this is an end, too.
                Err(_) => return Heard::End,
            }
        }
    }

    /// Reads until `is_enough`, the end of the connection, or the end of patience.
    fn hear(&mut self, is_enough: impl Fn(&[u8]) -> bool) -> (Vec<u8>, bool) {
        let until = Instant::now() + self.patience;
        let mut came = Vec::new();
        while !is_enough(&came) {
            match self.listen(until.saturating_duration_since(Instant::now())) {
                Heard::Bytes(bytes) => came.extend_from_slice(&bytes),
                Heard::Nothing => return (came, false),
                Heard::End => return (came, true),
            }
        }
        (came, false)
    }

    /// Fails unless exactly these bytes come next.
    pub(crate) fn expect(&mut self, expected: impl AsRef<[u8]>) {
        let expected = expected.as_ref();
        let (came, ended) = self.hear(|came| came.len() >= expected.len() || !expected.starts_with(came));
        if came != expected {
            self.fail(&came, ended, &show(expected));
        }
        self.sent.clear();
    }

    /// Reads a line; it is given without its line feed.
    pub(crate) fn line(&mut self, expected: &str) -> String {
        let (came, ended) = self.hear(|came| came.contains(&b'\n'));
        match came.strip_suffix(b"\n").and_then(|line| str::from_utf8(line).ok()) {
            Some(line) if !line.contains('\n') => line.to_owned(),
            _ => self.fail(&came, ended, expected),
        }
    }

    /// Fails unless the server ends the connection without another byte.
    pub(crate) fn expect_end(&mut self) {
        let (came, ended) = self.hear(|came| !came.is_empty());
        if !came.is_empty() || !ended {
            self.fail(&came, ended, "the end of the connection, and nothing before it");
        }
    }

    /// Reads so many bytes and gives them; fewer only if no more come.
    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        self.hear(|came| came.len() >= count).0
    }

    /// Reads an HTTP response up to the end of the connection.
    pub(crate) fn answer(&mut self) -> Answer {
        let (came, ended) = self.hear(|_| false);
        let Some(answer) = Answer::parse(self.who, &self.sent, &came) else {
            self.fail(&came, ended, "an HTTP response: \"HTTP/1.1 \", a status, fields, a blank line")
        };
        if !ended {
            self.fail(&came, ended, "the same, and then the end of the connection");
        }
        self.sent.clear();
        answer
    }

    /// Fails: this came, and that was expected.
    pub(crate) fn fail(&self, came: &[u8], ended: bool, expected: &str) -> ! {
        let then = match (came.is_empty(), ended) {
            (true, true) => "nothing: the connection ended".to_owned(),
            (true, false) => format!("nothing for {:?}", self.patience),
            (false, true) => format!("{}and then the connection ended", over(&show(came))),
            (false, false) => show(came),
        };
        fail(self.who, &show(&self.sent), &then, expected)
    }
}

// ---- HTTP

/// An HTTP response.
pub(crate) struct Answer {
    who: &'static str,
    sent: Vec<u8>,
    came: Vec<u8>,
    /// The status.
    pub(crate) status: u16,
    fields: Vec<(String, String)>,
    /// What follows the blank line.
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// `None` if it is none.
    pub(crate) fn parse(who: &'static str, sent: &[u8], came: &[u8]) -> Option<Answer> {
        let end = memchr::memmem::find(came, b"\r\n\r\n")?;
        let mut lines = str::from_utf8(&came[..end]).ok()?.split("\r\n");
        let status = lines.next()?.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
        let field = |line: &str| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_ascii_lowercase(), value.trim().to_owned()))
        };
        let fields = lines.map(field).collect::<Option<_>>()?;
        let body = came[end + 4..].to_vec();
        Some(Answer { who, sent: sent.to_vec(), came: came.to_vec(), status, fields, body })
    }

    /// The value of a field; the name in lower case.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// Fails unless this is the status.
    pub(crate) fn expect_status(&self, status: u16) {
        if self.status != status {
            self.fail(&format!("status {status}"));
        }
    }

    /// Fails unless this field has this value.
    pub(crate) fn expect_field(&self, name: &str, value: &str) {
        if self.field(&name.to_ascii_lowercase()) != Some(value) {
            self.fail(&format!("the field {name}: {value}"));
        }
    }

    /// Fails unless this is the body, and its length is what Content-Length says.
    pub(crate) fn expect_body(&self, body: impl AsRef<[u8]>) {
        let body = body.as_ref();
        if self.body != body {
            self.fail(&format!("the body {}", over(&show(body))));
        }
        self.expect_field("Content-Length", &body.len().to_string());
    }

    /// Fails if anything follows the blank line.
    pub(crate) fn expect_no_body(&self) {
        if !self.body.is_empty() {
            self.fail("nothing behind the blank line");
        }
    }

    /// Fails: something else was expected.
    pub(crate) fn fail(&self, expected: &str) -> ! {
        fail(self.who, &show(&self.sent), &show(&self.came), expected)
    }
}

// ---- failing

/// Fails with the three things that help to go on.
pub(crate) fn fail(who: &str, sent: &str, came: &str, expected: &str) -> ! {
    panic!("\n{who}\n  sent:      {sent}\n  came:      {came}\n  expected:  {expected}\n")
}

/// Bytes as text in quotes, each line on a line of its own; the middle of many is left out.
pub(crate) fn show(bytes: &[u8]) -> String {
    const LINES: usize = 16;
    const COLUMNS: usize = 240;
    if bytes.is_empty() {
        return "nothing".to_owned();
    }
    let mut lines = bytes.split_inclusive(|&byte| byte == b'\n');
    let mut shown: Vec<String> = Vec::new();
    let mut left = bytes.len();
    for line in lines.by_ref().take(LINES) {
        let cut = &line[..line.len().min(COLUMNS)];
        left -= cut.len();
        let text = String::from_utf8_lossy(cut).escape_debug().to_string().replace("\\'", "'");
        shown.push(format!("\"{text}\""));
        if cut.len() < line.len() {
            break;
        }
    }
    if left > 0 {
        shown.push(format!("and {left} bytes more"));
    }
    shown.join("\n             ")
}

/// The text, and room for more behind it.
fn over(text: &str) -> String {
    format!("{text}\n             ")
}

#[test]
fn a_failure_shows_bytes_as_they_are() {
    assert_eq!(show(b""), "nothing");
    assert_eq!(show(b"a\r\nb\x00\n"), "\"a\\r\\n\"\n             \"b\\0\\n\"");
    assert!(show(&[b'x'; 1000]).ends_with("and 760 bytes more"));
}
