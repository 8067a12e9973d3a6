//! Floods of what is expensive: each with 200 clients that ask without end and read nothing. Beside them, somebody wants
//! a file of 1 kB.
//!
//! That one is answered in a time that does not depend on what the others want: as a median, in at most twenty times what
//! it takes without them, and in any case in [`FLOOR`], since a machine on which tests run has other things to do, too.
//! What can be counted is: how much waits for helpers, and how much memory is taken. And the server ends when it is
//! told to, within its grace.

#![cfg(target_os = "linux")]

use crate::support::{self, Finished, Process, Server, folder, glasshttp, run, write};
use base64::Engine;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

const CLIENTS: usize = 200;

/// How many of them ask, then there is a millisecond's pause.
const AT_ONCE: usize = 8;

/// How long a flood lasts.
const TIME: Duration = Duration::from_millis(1500);

/// How often somebody wants the file.
const EVERY: Duration = Duration::from_millis(5);

/// How much longer an answer may take beside a flood, and how long it may take in any case.
const FACTOR: u32 = 20;
const FLOOR: Duration = Duration::from_millis(100);

/// How long a server may take to end, with some time to spare: see `Options::stop_timeout`.
const GRACE: Duration = Duration::from_secs(8 + 4);

/// How long the clients of most floods stay after that.
const LEAVE_AFTER: Duration = Duration::from_millis(500);

/// What a server may take: large answers that wait 256 MB, coders 160, the cache 64, and the program itself.
const MEMORY: u64 = 512 * 1024 * 1024;

/// How many bytes a greedy client sends in all before it begins anew.
const MOST_SENT: usize = 256 * 1024;

/// A flood: what it is of, the options of the server, and what a client sends the first time, the second and so on; and
/// whether that is the first on a connection.
struct Flood {
    name: &'static str,
    options: &'static [&'static str],
    ask: fn(client: usize, round: usize, is_first: bool) -> Vec<u8>,
}

const FLOODS: [Flood; 10] = [
    Flood { name: "listings", options: &[], ask: |_, _, _| get("/many/", "") },
    Flood {
        name: "listings, compressed",
        options: &["--compress"],
        ask: |_, _, _| get("/many/", "Accept-Encoding: br\r\n"),
    },
    Flood { name: "tar", options: &[], ask: |_, _, _| get("/?archive=tar", "") },
    Flood { name: "zip", options: &[], ask: |_, _, _| get("/?archive=zip", "") },
    Flood {
        name: "first compressions",
        options: &["--compress"],
        ask: |client, round, _| {
            let coding = ["br", "gzip", "zstd"][round % 3];
            get(&format!("/texts/{}.js", (client + round) % TEXTS), &format!("Accept-Encoding: {coding}\r\n"))
        },
    },
    Flood {
        name: "digests",
        options: &["--etag=content"],
        ask: |client, round, _| {
            // The bytes themselves would be a flood of another kind.
            let mut head = get(&format!("/texts/{}.js", (client + round) % TEXTS), "");
            head.splice(..3, *b"HEAD");
            head
        },
    },
    Flood {
        name: "wrong passwords",
        options: &["--trust-proxy=127.0.0.1", "--auth", "pia:pepper"],
        ask: |client, round, _| {
            let claim = base64::engine::general_purpose::STANDARD.encode(format!("alice:{client}-{round}"));
            let from = format!("10.{}.{}.7", client % 250, round % 250);
            get("/1k.txt", &format!("Authorization: Basic {claim}\r\nX-Forwarded-For: {from}\r\n"))
        },
    },
    Flood { name: "TLS handshakes", options: &[], ask: |_, _, _| client_hello() },
    Flood {
        name: "sets of ranges",
        options: &[],
        ask: |_, _, _| {
            let ranges: Vec<_> = (0..500).map(|part| format!("{0}-{0}", part * 500)).collect();
            get("/big.bin", &format!("Range: bytes={}\r\n", ranges.join(",")))
        },
    },
    Flood {
        name: "uploads",
        options: &["--upload", "--overwrite"],
        ask: |client, _, is_first| {
            let mut bytes = vec![b'x'; 16 * 1024];
            if is_first {
                let head = format!(
                    "PUT /new-{client}.bin HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000000\r\n\r\n"
                );
                bytes.splice(..0, head.into_bytes());
            }
            bytes
        },
    },
];

const TEXTS: usize = 300;

fn get(target: &str, fields: &str) -> Vec<u8> {
    format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n").into_bytes()
}

/// The first message of a handshake. It is good as often as it is sent.
#[cfg(feature = "tls")]
fn client_hello() -> Vec<u8> {
    use std::sync::{Arc, LazyLock};
    static HELLO: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder =
            rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = builder.expect("versions").with_root_certificates(rustls::RootCertStore::empty());
        let name = "localhost".try_into().expect("a name");
        let mut client = rustls::ClientConnection::new(Arc::new(config.with_no_client_auth()), name);
        let mut hello = Vec::new();
        client.as_mut().expect("a client").write_tls(&mut hello).expect("memory");
        hello
    });
    HELLO.clone()
}

#[cfg(not(feature = "tls"))]
fn client_hello() -> Vec<u8> {
    Vec::new()
}

/// All that the floods are about, and a folder beside it for what is not served.
fn site() -> (tempfile::TempDir, tempfile::TempDir) {
    let (site, beside) = (folder(&[("1k.txt", &"x".repeat(1000))]), folder(&[]));
    for number in 0..3000 {
        write(site.path(), format!("many/file {number}.txt"), "");
    }
    let words: String = (0u64..).map(|n| format!("{} ", n * n % 9973)).take(40_000).collect();
    for number in 0..TEXTS {
        write(site.path(), format!("texts/{number}.js"), format!("// {number}\n{words}"));
    }
    write(site.path(), "big.bin", vec![7; 4_000_000]);
    let hash = run_with_input(glasshttp().args(["--hash", "alice"]), "secret\n");
    write(beside.path(), "users", hash.stdout.join("\n"));
    let mut openssl = Command::new("openssl");
    openssl
        .args(["req", "-x509", "-newkey", "rsa:4096", "-nodes", "-days", "7", "-subj", "/CN=localhost"])
        .args(["-addext", "subjectAltName=DNS:localhost", "-keyout", "key.pem", "-out", "cert.pem"])
        .current_dir(beside.path());
    assert_eq!(run(&mut openssl).code, Some(0), "openssl makes a key for RSA");
    (site, beside)
}

fn run_with_input(command: &mut Command, input: &str) -> Finished {
    let mut process = Process::start(command);
    process.type_in(input.as_bytes());
    process.finish()
}

/// A greedy client.
struct Greedy {
    number: usize,
    stream: Option<TcpStream>,
    round: usize,
    /// The first round on this connection.
    begun: usize,
    /// What is left of what it sends now, and how much it has sent on this connection.
    rest: Vec<u8>,
    sent: usize,
    /// How often the server has taken nothing.
    stuck: usize,
}

/// How often the server may take nothing before a client begins anew.
const PATIENCE: usize = 4;

impl Greedy {
    /// Sends as much as the server takes at once, and begins anew where it takes no more.
    fn go_on(&mut self, address: SocketAddr, flood: &Flood, asked: &AtomicU64) {
        let Some(stream) = &mut self.stream else {
            self.stream =
                TcpStream::connect(address).and_then(|it| it.set_nonblocking(true).map(|()| it)).ok();
            (self.rest, self.sent, self.stuck) = (Vec::new(), 0, 0);
            self.begun = self.round;
            return;
        };
        if self.rest.is_empty() {
            self.rest = (flood.ask)(self.number, self.round, self.round == self.begun);
            self.round += 1;
            asked.fetch_add(1, Ordering::Relaxed);
        }
        match stream.write(&self.rest) {
            Ok(count) => {
                self.rest.drain(..count);
                self.sent += count;
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => self.stuck += 1,
            Err(_) => self.stream = None,
        }
        let is_over = self.sent > MOST_SENT || (flood.name.starts_with("TLS") && self.rest.is_empty());
        self.stuck += usize::from(is_over);
        if self.stuck > PATIENCE {
            self.stream = None;
        }
    }
}

/// Asks for the small file on a connection of its own.
fn probe(socket: &Path) -> io::Result<Duration> {
    let began = Instant::now();
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(support::PATIENCE))?;
    let pia = base64::engine::general_purpose::STANDARD.encode("pia:pepper");
    let fields = format!("Authorization: Basic {pia}\r\nConnection: close\r\n");
    stream.write_all(&get("/1k.txt", &fields))?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    assert!(answer.starts_with(b"HTTP/1.1 200 OK\r\n") && answer.ends_with(&[b'x'; 1000]));
    Ok(began.elapsed())
}

/// The median of what those wait who want the file, one every few milliseconds in this time. They come whether or not the
/// one before them has been answered, so a long answer makes many wait.
fn median(socket: &Path, time: Duration) -> Duration {
    let began = Instant::now();
    let moments = (0u32..).map(|number| began + EVERY * number).take_while(|at| *at < began + time);
    let mut times: Vec<_> = moments
        .map(|at| {
            std::thread::park_timeout(at.saturating_duration_since(Instant::now()));
            let late = Instant::now().saturating_duration_since(at);
            late + probe(socket).expect("the small file is answered")
        })
        .collect();
    times.sort_unstable();
    times[times.len() / 2]
}

/// What a scrape says of this.
fn metric(socket: &Path, name: &str) -> Option<u64> {
    let mut stream = UnixStream::connect(socket).expect("it listens");
    let pia = base64::engine::general_purpose::STANDARD.encode("pia:pepper");
    let fields = format!("Authorization: Basic {pia}\r\nConnection: close\r\n");
    stream.write_all(&get("/.glass/metrics", &fields)).expect("it takes what is sent");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("it answers");
    text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
}

/// Plays one flood. Says what is wrong.
fn play(flood: &Flood, site: &Path, beside: &Path, is_last: bool) -> Option<String> {
    let socket: PathBuf = beside.join("socket");
    let _ = std::fs::remove_file(&socket);
    let mut command = glasshttp();
    command.args(["--port", "0", "--bind", "127.0.0.1", "--metrics", "--bind"]);
    command.arg(format!("unix:{}", socket.display())).args(flood.options);
    if flood.name.contains("passwords") {
        command.arg("--auth-file").arg(beside.join("users"));
    }
    if flood.name.starts_with("TLS") {
        command.arg("--tls-cert").arg(beside.join("cert.pem")).arg("--tls-key").arg(beside.join("key.pem"));
    }
    let server = Server::start_command(command.arg(site));
    let quiet = median(&socket, Duration::from_millis(300));
    let (over, asked) = (AtomicBool::new(false), AtomicU64::new(0));
    let address = server.address;
    let (beside_it, waiting, greedy) = std::thread::scope(|scope| {
        let flooding = scope.spawn(|| {
            let new = |number| Greedy {
                number,
                stream: None,
                round: 0,
                begun: 0,
                rest: Vec::new(),
                sent: 0,
                stuck: 0,
            };
            let mut all: Vec<_> = (0..CLIENTS).map(new).collect();
            let mut next = 0;
            while !over.load(Ordering::Relaxed) {
                // Some thousand requests a second: more of what is cheap would be a flood, too, but another one.
                for _ in 0..AT_ONCE {
                    all[next].go_on(address, flood, &asked);
                    next = (next + 1) % CLIENTS;
                }
                std::thread::park_timeout(Duration::from_millis(1));
            }
            all
        });
        let beside_it = median(&socket, TIME);
        let waiting = metric(&socket, "glasshttp_helper_jobs_waiting ");
        over.store(true, Ordering::Relaxed);
        (beside_it, waiting, flooding.join().expect("no panic"))
    });
    let (memory, asked) = (server.process.peak_memory(), asked.into_inner());
    let mut wrong = Vec::new();
    if beside_it > (quiet * FACTOR).max(FLOOR) {
        wrong.push(format!("a median of {beside_it:?}, and {quiet:?} without"));
    }
    // Each client has one thing made at a time.
    if waiting.is_none_or(|waiting| waiting > CLIENTS as u64) {
        wrong.push(format!("jobs wait: {waiting:?}"));
    }
    if memory > MEMORY {
        wrong.push(format!("{} MB", memory >> 20));
    }
    if asked < CLIENTS as u64 {
        wrong.push(format!("it was no flood: {asked} requests"));
    }
    println!(
        "{}: {quiet:?} alone, {beside_it:?} beside {asked} requests, jobs waiting: {waiting:?}, {} MB",
        flood.name,
        memory >> 20
    );
    // The clients are there for a while, and read nothing; those of the last flood, until the server has ended.
    let (signalled, process) = (Instant::now(), server.process);
    process.signal(rustix::process::Signal::TERM);
    let ended = std::thread::spawn(move || process.finish());
    while !ended.is_finished() && (is_last || signalled.elapsed() < LEAVE_AFTER) {
        std::thread::park_timeout(Duration::from_millis(5));
    }
    drop(greedy);
    let finished = ended.join().expect("it ends");
    let took = signalled.elapsed();
    if took > GRACE || finished.code != Some(0) {
        wrong.push(format!("ended after {took:?} with {:?}", finished.code));
    }
    (!wrong.is_empty()).then(|| format!("{}: {}", flood.name, wrong.join("; ")))
}

#[test]
#[ignore = "takes half a minute"]
fn whoever_wants_little_is_answered_beside_a_flood_of_what_is_expensive() {
    support::raise_open_files(4 * CLIENTS as u64);
    let (site, beside) = site();
    let wanted = |flood: &&Flood| match flood.name {
        name if name.starts_with("TLS") => cfg!(feature = "tls"),
        name if name.contains("compress") => cfg!(feature = "compress"),
        _ => true,
    };
    let floods: Vec<_> = FLOODS.iter().filter(wanted).collect();
    let last = floods.len() - 1;
    let outcomes = floods.iter().enumerate();
    let wrong: Vec<_> = outcomes
        .filter_map(|(number, flood)| {
            let play = || play(flood, site.path(), beside.path(), number == last);
            // The machine may have had something else to do; what is wrong with the server is so again.
            play().and_then(|_| play())
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
