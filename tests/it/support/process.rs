//! Processes: the command, what it prints, how it ends, and what it uses meanwhile.

use super::{Client, PATIENCE, Reply, V4, let_settle, wait_until};
use send_ctrlc::{Interruptible as _, InterruptibleChild, InterruptibleCommand as _};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Instant;

/// Another program to test than the one that Cargo has built: tests/windows/run gives one that Wine runs.
const OTHER_PROGRAM: &str = "GLASSHTTP_TEST_PROGRAM";

/// The command, with nothing in its environment that the tests do not set.
pub(crate) fn glasshttp() -> Command {
    let other = std::env::var_os(OTHER_PROGRAM);
    let mut command = Command::new(other.unwrap_or_else(|| env!("CARGO_BIN_EXE_glasshttp").into()));
    for (name, _) in std::env::vars_os() {
        if name.as_encoded_bytes().starts_with(b"GLASSHTTP_") {
            command.env_remove(name);
        }
    }
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS"] {
        command.env_remove(name);
    }
    command.env("TZ", "UTC");
    command
}

/// The same, started by a program that becomes it: `env`, or a shell.
pub(crate) fn glasshttp_by(program: &str, arguments: &[&str]) -> Command {
    let command = glasshttp();
    let mut starter = Command::new(program);
    starter.args(arguments).arg(command.get_program());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => starter.env(name, value),
            None => starter.env_remove(name),
        };
    }
    starter
}

/// A process whose output is read all the time, so that it never has to wait for us. It is killed
/// when dropped.
pub(crate) struct Process {
    child: InterruptibleChild,
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
        let mut child = command.spawn_interruptible()?;
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

    /// Asks it to stop.
    pub(crate) fn ask_to_stop(&mut self) {
        ask_to_stop(&mut self.child);
    }

    /// Sends it a signal.
    #[cfg(unix)]
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

/// Asks a process to stop: SIGTERM, and Ctrl-Break on Windows. Of Wine SIGINT asks it: to its programs that is Ctrl-C.
pub(crate) fn ask_to_stop(child: &mut InterruptibleChild) {
    let is_asked = match std::env::var_os(OTHER_PROGRAM) {
        Some(_) => child.interrupt(),
        None => child.terminate(),
    };
    is_asked.expect("a signal can be sent");
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
    pub(crate) fn stop(mut self) -> Finished {
        self.process.ask_to_stop();
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

// ---- what a process uses

impl Process {
    /// Starts a command whose standard output goes elsewhere.
    pub(crate) fn start_writing_to(command: &mut Command, stdout: impl Into<Stdio>) -> Process {
        let command = command.stdin(Stdio::piped()).stdout(stdout).stderr(Stdio::piped());
        let mut child = command
            .spawn_interruptible()
            .unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}"));
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

    /// How often its workers have gone to sleep until now, and so how often they were woken.
    #[cfg(target_os = "linux")]
    pub(crate) fn sleeps_of_workers(&self) -> u64 {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.id())).expect("it runs");
        let read = |path: std::path::PathBuf| std::fs::read_to_string(path).unwrap_or_default();
        let workers = tasks.filter_map(|task| {
            let status = read(task.expect("it can be read").path().join("status"));
            status.starts_with("Name:\tworker-").then_some(status)
        });
        let count = |status: String| {
            let line =
                status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:")).map(str::trim);
            line.and_then(|count| count.parse::<u64>().ok()).expect("a number")
        };
        workers.map(count).sum()
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

// ---- few descriptors

/// How many files a server with few descriptors may have open.
pub(crate) const FEW: u64 = 64;

/// A server that may have few files open.
pub(crate) fn start_with_few_descriptors(folder: &Path, options: &[&str]) -> Server {
    let mut shell = glasshttp_by("sh", &["-c", &format!("ulimit -n {FEW}; exec \"$@\""), "sh"]);
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
