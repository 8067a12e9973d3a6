//! What the integration tests share: a server process, a client on a raw socket, folders to serve.
//!
//! Nothing here sleeps. Each wait is for an event (a line, bytes, the end of a process) and gives up
//! with an explanation after [`PATIENCE`].

#[cfg(target_os = "linux")]
pub(crate) mod proxy;
pub(crate) mod terminal;
pub(crate) mod webdriver;

use std::ffi::OsStr;
use std::fmt::Debug;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use tempfile::TempDir;

/// How long anything may take before a test fails. Nothing takes so long unless it hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A length that no socket buffers hold: while a client has not read most of it, the server is
/// still sending.
pub(crate) const LARGE: u64 = 64 * 1024 * 1024;

// ---- folders

/// A temporary folder with these files: name (folders before it with `/`) and content.
pub(crate) fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, content) in files {
        write(folder.path(), name, content);
    }
    folder
}

/// Waits until what was written before is no longer so young that another change could hide behind it: until
/// then no entity tag is strong, and nothing is kept in memory.
pub(crate) fn let_settle() {
    std::thread::sleep(SETTLED_AFTER);
}

/// Longer than any step of the clock of a file system on which tests run.
const SETTLED_AFTER: Duration = Duration::from_millis(105);

/// Writes a file below a folder, and the folders that it needs. It was last changed in 2001: that
/// it is new makes no difference to what is tested.
pub(crate) fn write(folder: &Path, name: impl AsRef<Path>, content: impl AsRef<[u8]>) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().expect("it is below a folder")).expect("folders are made");
    std::fs::write(&path, content).expect("a file is written");
    settle(&path);
}

/// A file of so many zeros that takes no room on the disk.
pub(crate) fn write_sparse(folder: &Path, name: &str, length: u64) {
    let path = folder.join(name);
    File::create(&path).and_then(|file| file.set_len(length)).expect("a sparse file is made");
    settle(&path);
}

fn settle(path: &Path) {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let file = File::options().append(true).open(path);
    file.and_then(|file| file.set_modified(time)).expect("its time is set");
}

/// A named pipe. Whoever opens one to read waits until somebody opens it to write.
pub(crate) fn make_fifo(path: &Path) {
    let made = Command::new("mkfifo").arg(path).status().expect("mkfifo runs");
    assert!(made.success(), "mkfifo: {made}");
}

// ---- processes

/// The command, with nothing in its environment that the tests do not set.
pub(crate) fn glasshttp() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_glasshttp"));
    for (name, _) in std::env::vars_os() {
        if name.as_bytes().starts_with(b"GLASSHTTP_") {
            command.env_remove(name);
        }
    }
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS"] {
        command.env_remove(name);
    }
    command.env("TZ", "UTC");
    command
}

/// A process whose output is read all the time, so that it never has to wait for us. It is killed
/// when dropped.
pub(crate) struct Process {
    child: Child,
    /// What it has written to standard output.
    pub(crate) stdout: Output,
    /// What it has written to standard error.
    pub(crate) stderr: Output,
}

impl Process {
    /// Starts a command.
    pub(crate) fn start(command: &mut Command) -> Process {
        Process::try_start(command).unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}"))
    }

    /// Starts a command; the error is the system's.
    pub(crate) fn try_start(command: &mut Command) -> io::Result<Process> {
        Process::try_start_with(command, Stdio::piped())
    }

    /// The same with a standard input that is not ours to write to.
    pub(crate) fn try_start_with(command: &mut Command, stdin: Stdio) -> io::Result<Process> {
        let command = command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let stdout = Output::of(child.stdout.take().expect("it is piped"));
        let stderr = Output::of(child.stderr.take().expect("it is piped"));
        Ok(Process { child, stdout, stderr })
    }

    /// Writes to its standard input.
    pub(crate) fn type_in(&mut self, bytes: &[u8]) {
        let stdin = self.child.stdin.as_mut().expect("it is piped");
        stdin.write_all(bytes).and_then(|()| stdin.flush()).expect("it reads its standard input");
    }

    /// Its number.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).expect("a signal can be sent");
    }

    /// Waits for its end.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        // A process that has ended has closed both; only then to wait cannot take long.
        self.stdout.all();
        self.stderr.all();
        self.child.wait().expect("the process is ours")
    }

    /// Waits for its end, and gives its exit code and all that it wrote.
    pub(crate) fn finish(mut self) -> Finished {
        let code = self.wait().code();
        Finished { code, stdout: self.stdout.all(), stderr: self.stderr.all() }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("stdout: {:?}\nstderr: {:?}", self.stdout.so_far(), self.stderr.so_far());
        }
    }
}

/// What a process has left behind.
#[derive(Debug)]
pub(crate) struct Finished {
    /// The exit code; `None` if a signal ended it.
    pub(crate) code: Option<i32>,
    /// The lines of its standard output.
    pub(crate) stdout: Vec<String>,
    /// The lines of its standard error.
    pub(crate) stderr: Vec<String>,
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command) -> Finished {
    Process::start(command).finish()
}

/// The lines that a process writes. What is not UTF-8 is replaced; the line feed is cut off.
#[derive(Clone)]
pub(crate) struct Output(Arc<(Mutex<Lines>, Condvar)>);

#[derive(Default)]
struct Lines {
    lines: Vec<String>,
    ended: bool,
}

impl Output {
    fn of(pipe: impl Read + Send + 'static) -> Output {
        let output = Output(Arc::default());
        let writer = output.clone();
        std::thread::spawn(move || {
            let mut pipe = BufReader::new(pipe);
            let mut line = Vec::new();
            while pipe.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
                let text = String::from_utf8_lossy(line.strip_suffix(b"\n").unwrap_or(&line)).into_owned();
                writer.update(|lines| lines.lines.push(text));
                line.clear();
            }
            writer.update(|lines| lines.ended = true);
        });
        output
    }

    fn update(&self, change: impl FnOnce(&mut Lines)) {
        let (lines, changed) = &*self.0;
        change(&mut lines.lock().unwrap_or_else(PoisonError::into_inner));
        changed.notify_all();
    }

    /// Waits until `find` finds something in what has been written; fails if that ends before.
    fn wait_until<T>(&self, what: &str, find: impl Fn(&Lines) -> Option<T>) -> T {
        let (lines, changed) = &*self.0;
        let until = Instant::now() + PATIENCE;
        let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(found) = find(&lines) {
                return found;
            }
            let left = until.saturating_duration_since(Instant::now());
            assert!(!lines.ended && !left.is_zero(), "waited in vain for {what} in {:?}", lines.lines);
            lines = changed.wait_timeout(lines, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waits for a line of which `is_it` is true, and gives it.
    pub(crate) fn line(&self, what: &str, is_it: impl Fn(&str) -> bool) -> String {
        self.wait_until(what, |lines| lines.lines.iter().find(|line| is_it(line)).cloned())
    }

    /// Waits for the end, and gives all lines.
    pub(crate) fn all(&self) -> Vec<String> {
        self.wait_until("the end", |lines| lines.ended.then(|| lines.lines.clone()))
    }

    /// What there is now.
    pub(crate) fn so_far(&self) -> Vec<String> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).lines.clone()
    }
}

/// A running server.
pub(crate) struct Server {
    /// Its process.
    pub(crate) process: Process,
    /// What it says it listens on; the first address, if there are several.
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Serves a folder on a free port and waits until it says that it listens.
    pub(crate) fn start(folder: &Path, options: &[&str]) -> Server {
        Server::start_command(glasshttp().args(["--port", "0"]).args(options).arg(folder))
    }

    /// Starts a server by a command that tells it all that it needs.
    pub(crate) fn start_command(command: &mut Command) -> Server {
        let_settle();
        let process = Process::start(command);
        let line = process.stdout.line("the start line", |_| true);
        let url = line.strip_prefix("Listening on ").filter(|url| url.ends_with('/'));
        let address = url.and_then(|url| url.split_once("://")?.1.split('/').next());
        let address = address.and_then(|address| address.parse().ok());
        Server { address: address.unwrap_or_else(|| panic!("not a start line: {line:?}")), process }
    }

    /// The port.
    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// An URL; the path starts with `/`.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A new connection.
    pub(crate) fn connect(&self) -> Client {
        Client::connect(self.address).expect("the server accepts connections")
    }

    /// GET on a connection of its own.
    pub(crate) fn get(&self, target: &str) -> Reply {
        self.connect().get(target)
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) fn stop(self) -> Finished {
        self.process.signal(rustix::process::Signal::TERM);
        self.process.finish()
    }

    /// Waits until nobody can connect any more.
    pub(crate) fn wait_until_it_accepts_no_more(&self) {
        let until = Instant::now() + PATIENCE;
        while Client::connect(self.address).is_ok() {
            assert!(Instant::now() < until, "it still accepts connections");
            std::thread::yield_now();
        }
    }
}

// ---- the network

/// 127.0.0.1
pub(crate) const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// `::1`
pub(crate) const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

/// Where a server can listen that does not say where it does: at an address of this test program's own,
/// on a port that the system gives to nobody who asks for any.
pub(crate) fn address_of_our_own() -> SocketAddr {
    let [.., high, low] = std::process::id().to_be_bytes();
    SocketAddr::from(([127, 80, high, low], 8080))
}

/// Whether this machine has `::1`; tests that need it pass without it.
pub(crate) fn has_v6() -> bool {
    TcpListener::bind((V6, 0)).is_ok()
}

/// A connection on which every byte is ours to choose.
pub(crate) struct Client {
    stream: TcpStream,
    /// What was read and belongs to the next reply.
    ahead: Vec<u8>,
}

impl Client {
    /// Connects. Nothing is sent.
    pub(crate) fn connect(address: SocketAddr) -> io::Result<Client> {
        Client::over(TcpStream::connect_timeout(&address, PATIENCE)?)
    }

    /// A connection that was made elsewhere.
    pub(crate) fn over(stream: TcpStream) -> io::Result<Client> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Client { stream, ahead: Vec::new() })
    }

    /// Sends bytes as they are.
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).expect("the server takes what is sent");
    }

    /// Sends a GET and reads the reply. The connection stays open.
    pub(crate) fn get(&mut self, target: &str) -> Reply {
        self.get_with(target, "")
    }

    /// The same with more fields, each with its CRLF.
    pub(crate) fn get_with(&mut self, target: &str, fields: &str) -> Reply {
        self.send(format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n"));
        self.reply()
    }

    /// Reads a head and, if it says how long, its body.
    pub(crate) fn reply(&mut self) -> Reply {
        let mut reply = self.head();
        let length = reply.field("content-length").map_or(0, |length| length.parse().expect("a length"));
        reply.body = self.bytes(length);
        reply
    }

    /// Reads a head; its body is left.
    pub(crate) fn head(&mut self) -> Reply {
        let end = loop {
            if let Some(at) = memchr::memmem::find(&self.ahead, b"\r\n\r\n") {
                break at + 4;
            }
            assert!(self.read_more() > 0, "the connection ended in a head: {:?}", as_text(&self.ahead));
        };
        let head = String::from_utf8(self.ahead.drain(..end).collect()).expect("a head is ASCII");
        let status = head.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
        Reply { status: status.unwrap_or_else(|| panic!("not a head: {head:?}")), head, body: Vec::new() }
    }

    /// Reads so many bytes.
    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes: Vec<u8> = self.ahead.drain(..count.min(self.ahead.len())).collect();
        let start = bytes.len();
        bytes.resize(count, 0);
        self.stream.read_exact(&mut bytes[start..]).expect("the bytes come");
        bytes
    }

    /// Reads until the server closes: what came, or how the connection broke.
    pub(crate) fn rest(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = std::mem::take(&mut self.ahead);
        self.stream.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Says that nothing more will be sent.
    pub(crate) fn finish_sending(&mut self) {
        self.stream.shutdown(Shutdown::Write).expect("a socket");
    }

    fn read_more(&mut self) -> usize {
        let mut piece = [0; 4096];
        loop {
            match self.stream.read(&mut piece) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => {
                    let count = result.expect("the server answers");
                    self.ahead.extend_from_slice(&piece[..count]);
                    return count;
                }
            }
        }
    }
}

/// A response.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    /// The status code.
    pub(crate) status: u16,
    /// All before the body.
    pub(crate) head: String,
    /// The body.
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// The value of a field; the name in lower case.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        as_text(&self.body)
    }
}

/// Bytes to look at.
pub(crate) fn as_text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A name that need not be UTF-8.
pub(crate) fn name(bytes: &[u8]) -> &OsStr {
    OsStr::from_bytes(bytes)
}

/// Fails unless there is exactly one line, and it has all these parts. Gives the line.
pub(crate) fn one_line<'a>(lines: &'a [String], parts: &[&str], context: &dyn Debug) -> &'a str {
    let [line] = lines else { panic!("{context:?}: not one line: {lines:?}") };
    for part in parts {
        assert!(line.contains(part), "{context:?}: there is no {part:?} in {line:?}");
    }
    line
}

// ---- what a process uses

impl Process {
    /// Starts a command whose standard output goes elsewhere.
    pub(crate) fn start_writing_to(command: &mut Command, stdout: impl Into<Stdio>) -> Process {
        let command = command.stdin(Stdio::piped()).stdout(stdout).stderr(Stdio::piped());
        let mut child =
            command.spawn().unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}"));
        // Otherwise the command keeps its own end of a pipe open.
        command.stdout(Stdio::null());
        let stderr = Output::of(child.stderr.take().expect("it is piped"));
        Process { child, stdout: Output::of(io::empty()), stderr }
    }

    /// A file of what Linux tells about it.
    fn about(&self, name: &str) -> String {
        std::fs::read_to_string(format!("/proc/{}/{name}", self.child.id())).expect("it runs, and on Linux")
    }

    /// The numbers of the descriptors that it has open.
    pub(crate) fn descriptors(&self) -> Vec<u64> {
        let names =
            std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).expect("it runs, and on Linux");
        let name =
            |name: io::Result<std::fs::DirEntry>| name.expect("it runs").file_name().into_string().ok();
        names.map(|found| name(found).and_then(|name| name.parse().ok()).expect("a number")).collect()
    }

    /// How many bytes of memory it occupies.
    pub(crate) fn memory(&self) -> u64 {
        self.kilobytes("VmRSS:") * 1024
    }

    /// How many it has occupied at most.
    pub(crate) fn peak_memory(&self) -> u64 {
        self.kilobytes("VmHWM:") * 1024
    }

    fn kilobytes(&self, name: &str) -> u64 {
        let status = self.about("status");
        let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("a line of its own");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    /// The time that it has spent running so far, in ticks, of which a second has a hundred.
    pub(crate) fn processor_ticks(&self) -> u64 {
        let stat = self.about("stat");
        // The second field is the name in parentheses, in which anything can stand; the 14th and
        // 15th are the times in user and in kernel mode.
        let rest = stat.rsplit(')').next().expect("one at least");
        let fields = rest.split_whitespace().skip(11).take(2);
        fields.map(|ticks| ticks.parse::<u64>().expect("a number")).sum()
    }

    /// Waits until it listens on a port of 127.0.0.1, and gives it. For those whose start line goes
    /// elsewhere.
    pub(crate) fn wait_for_port(&self) -> SocketAddr {
        wait_until("a port", || self.listens_on())
    }

    fn listens_on(&self) -> Option<SocketAddr> {
        const LISTENING: &str = "0A";
        let names =
            std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).expect("it runs, and on Linux");
        let targets = names.filter_map(|name| std::fs::read_link(name.ok()?.path()).ok());
        let sockets: Vec<_> = targets.map(|target| target.to_string_lossy().into_owned()).collect();
        self.about("net/tcp").lines().skip(1).find_map(|line| {
            let fields: Vec<_> = line.split_whitespace().collect();
            let is_its_own = sockets.contains(&format!("socket:[{}]", fields.get(9)?));
            let port = fields[1].strip_prefix("0100007F:")?;
            let port = u16::from_str_radix(port, 16).ok()?;
            (is_its_own && fields[3] == LISTENING).then(|| SocketAddr::new(V4, port))
        })
    }
}

/// Asks again and again until there is an answer; fails after [`PATIENCE`].
pub(crate) fn wait_until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < until, "waited in vain for {what}");
        // What is asked for here tells nobody when it changes. The test must not take the processor
        // from the process that it waits for.
        std::thread::park_timeout(Duration::from_millis(1));
    }
}

/// Lets this process have so many files open, if it may.
pub(crate) fn raise_open_files(count: u64) {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let maximum = limit.maximum;
    assert!(maximum.is_none_or(|maximum| maximum >= count), "the test needs {count} open files: {maximum:?}");
    if limit.current.is_some_and(|current| current < count) {
        setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).expect("it may be raised so far");
    }
}

/// A number from the environment, for those who want a test to take longer.
pub(crate) fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().unwrap_or_else(|_| panic!("{name}={value}")))
}

// ---- chance

/// Numbers that look random and are the same for the same seed.
pub(crate) struct Random(u64);

impl Random {
    /// A generator whose seed is printed when the test fails. `GLASSHTTP_TEST_SEED` sets it.
    pub(crate) fn from_environment() -> Random {
        let seed = setting("GLASSHTTP_TEST_SEED", 1);
        println!("GLASSHTTP_TEST_SEED={seed}");
        Random(seed)
    }

    /// A generator of this seed.
    pub(crate) fn new(seed: u64) -> Random {
        Random(seed)
    }

    /// Another generator, for another thread.
    pub(crate) fn fork(&mut self) -> Random {
        Random(self.next())
    }

    /// The generator splitmix64.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() >> 33).expect("31 bits") % end
    }

    /// One of these.
    pub(crate) fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }
}

// ---- clients that misbehave

impl Client {
    /// Connects with a small buffer, so that the server feels at once when we do not read.
    pub(crate) fn connect_with_little_room(address: SocketAddr) -> io::Result<Client> {
        let socket =
            socket2::Socket::new(socket2::Domain::for_address(address), socket2::Type::STREAM, None)?;
        socket.set_recv_buffer_size(16 * 1024)?;
        socket.connect_timeout(&address.into(), PATIENCE)?;
        Client::over(TcpStream::from(socket))
    }

    /// Vanishes: the server gets a reset rather than an end.
    pub(crate) fn reset(self) {
        let socket = socket2::SockRef::from(&self.stream);
        socket.set_linger(Some(Duration::ZERO)).expect("a socket");
    }

    /// Sends what the server takes of this; what happened if it was not all.
    pub(crate) fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.stream.write_all(bytes.as_ref())
    }

    /// Reads what comes within a time: `None` if nothing did, nothing if the connection ended.
    pub(crate) fn listen(&mut self, time: Duration) -> io::Result<Option<Vec<u8>>> {
        if !self.ahead.is_empty() {
            return Ok(Some(std::mem::take(&mut self.ahead)));
        }
        self.stream.set_read_timeout(Some(time))?;
        let mut piece = vec![0; 64 * 1024];
        let result = match self.stream.read(&mut piece) {
            Ok(count) => {
                piece.truncate(count);
                Ok(Some(piece))
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                Ok(None)
            }
            Err(error) => Err(error),
        };
        self.stream.set_read_timeout(Some(PATIENCE))?;
        result
    }

    /// Another handle to the same connection, for a thread that only sends.
    pub(crate) fn sender(&self) -> TcpStream {
        self.stream.try_clone().expect("a socket")
    }
}

// ---- few descriptors

/// How many files a server with few descriptors may have open.
pub(crate) const FEW: u64 = 64;

/// A server that may have few files open.
pub(crate) fn start_with_few_descriptors(folder: &Path, options: &[&str]) -> Server {
    let command = glasshttp();
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("ulimit -n {FEW}; exec \"$@\"")]).arg("sh").arg(command.get_program());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    Server::start_command(shell.args(["--port", "0"]).args(options).arg(folder))
}

/// More connections than the server has descriptors, each with half a request, so that none of
/// them is idle.
pub(crate) fn take_all_descriptors(server: &Server) -> Vec<Client> {
    let mut clients: Vec<_> = (0..2 * FEW).map(|_| server.connect()).collect();
    for client in &mut clients {
        client.send("OPTIONS * HTTP/1.1\r\n");
    }
    wait_until("the last descriptor to be taken", || {
        let taken = server.process.descriptors();
        (0..FEW).all(|number| taken.contains(&number)).then_some(())
    });
    clients
}

// ---- server-sent events

/// What a page hears. It speaks HTTP/1.0, so that there are no chunks to take apart.
pub(crate) struct Events(Client);

impl Events {
    /// Begins to listen; the first event is always `hello`, and this is its data.
    pub(crate) fn open(server: &Server, target: &str) -> (Events, serde_json::Value) {
        let mut client = server.connect();
        client.send(format!("GET {target} HTTP/1.0\r\n\r\n"));
        let head = client.head();
        assert_eq!((head.status, head.field("content-type")), (200, Some("text/event-stream")));
        // No proxy keeps back what is to arrive at once.
        assert_eq!(head.field("x-accel-buffering"), Some("no"));
        assert_eq!(head.field("cache-control"), Some("no-store, no-transform"));
        let mut events = Events(client);
        let (name, hello) = events.next();
        assert_eq!(name, "hello");
        (events, hello)
    }

    /// The next event: its name and its data.
    pub(crate) fn next(&mut self) -> (String, serde_json::Value) {
        let until = Instant::now() + PATIENCE;
        let mut text = String::new();
        while !text.ends_with("\n\n") {
            text.push(char::from(self.0.bytes(1)[0]));
            // A sign of life now and then is no event.
            if text == ":\n\n" {
                assert!(Instant::now() < until, "waited in vain for an event");
                text.clear();
            }
        }
        let (name, data) = text.trim_end().split_once('\n').expect("two lines");
        let name = name.strip_prefix("event: ").expect("a name");
        let data = data.strip_prefix("data: ").expect("data");
        (name.to_owned(), serde_json::from_str(data).expect("JSON"))
    }

    /// The connection on which it listens.
    pub(crate) fn client(&mut self) -> &mut Client {
        &mut self.0
    }
}
