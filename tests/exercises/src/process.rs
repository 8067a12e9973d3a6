//! Programs that are started, watched and ended; each wait has an end.

use std::io::{self, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// As much as is kept of what a program prints.
const KEPT: usize = 256 * 1024;

/// How often is looked whether a process has ended.
const TICK: Duration = Duration::from_millis(5);

/// A process. It ends when this is dropped.
pub struct Process {
    child: Mutex<Child>,
    stdout: Pipe,
    stderr: Pipe,
}

/// How a process ended, and what it printed.
pub struct Finished {
    pub status: ExitStatus,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

/// One of its outputs, which is read all the time: a process that nobody listens to would come to a stop.
struct Pipe {
    kept: Arc<Mutex<Vec<u8>>>,
    first_line: Mutex<Receiver<Vec<u8>>>,
    end: Mutex<Receiver<()>>,
}

/// A lock, whoever panicked while holding it.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Pipe {
    fn read(mut source: impl Read + Send + 'static) -> Pipe {
        let kept = Arc::new(Mutex::new(Vec::new()));
        let (line, first_line) = mpsc::channel();
        let (ended, end) = mpsc::channel();
        let shared = Arc::clone(&kept);
        thread::spawn(move || {
            let (mut piece, mut has_line) = ([0; 4096], false);
            while let Ok(count @ 1..) = source.read(&mut piece) {
                let mut kept = lock(&shared);
                kept.extend_from_slice(&piece[..count]);
                if !has_line && let Some(at) = kept.iter().position(|&byte| byte == b'\n') {
                    has_line = true;
                    let _ = line.send(kept[..at].to_vec());
                }
                if kept.len() > KEPT {
                    let too_much = kept.len() - KEPT / 2;
                    kept.drain(..too_much);
                }
            }
            drop(ended);
        });
        Pipe { kept, first_line: Mutex::new(first_line), end: Mutex::new(end) }
    }
}

impl Process {
    /// Starts a program.
    pub fn start(command: &mut Command) -> io::Result<Process> {
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // What a panic says is shown; where it came from would be a page.
        let mut child = command.env("RUST_BACKTRACE", "0").spawn()?;
        let stdout = Pipe::read(child.stdout.take().expect("it is piped"));
        let stderr = Pipe::read(child.stderr.take().expect("it is piped"));
        Ok(Process { child: Mutex::new(child), stdout, stderr })
    }

    /// The first line that it prints, without its end. `None` if there is none in this time.
    pub fn first_line(&self, patience: Duration) -> Option<Vec<u8>> {
        lock(&self.stdout.first_line).recv_timeout(patience).ok()
    }

    /// How it ended, if it has.
    pub fn ended(&self) -> Option<ExitStatus> {
        lock(&self.child).try_wait().ok().flatten()
    }

    /// The same, after a moment in which it may still be ending.
    pub fn ended_by(&self, until: Instant) -> Option<ExitStatus> {
        loop {
            let ended = self.ended();
            if ended.is_some() || Instant::now() >= until {
                return ended;
            }
            thread::sleep(TICK);
        }
    }

    /// Waits for its end. `None` if it goes on for longer.
    pub fn finish(&self, patience: Duration) -> Option<Finished> {
        let until = Instant::now() + patience;
        let status = self.ended_by(until)?;
        // Somebody else may have inherited the pipes, and never close them.
        for pipe in [&self.stdout, &self.stderr] {
            let _ = lock(&pipe.end).recv_timeout(Duration::from_secs(1));
        }
        Some(Finished { status, stdout: self.stdout(), stderr: self.stderr() })
    }

    /// What it has printed so far.
    pub fn stdout(&self) -> Vec<u8> {
        lock(&self.stdout.kept).clone()
    }

    /// What it has printed on standard error so far.
    pub fn stderr(&self) -> Vec<u8> {
        lock(&self.stderr.kept).clone()
    }

    /// The last lines of that, for somebody to read.
    pub fn last_words(&self) -> Option<String> {
        let words = String::from_utf8_lossy(&self.stderr()).into_owned();
        let is_told = |line: &&str| !line.trim().is_empty() && !line.starts_with("note: run with");
        let lines: Vec<&str> = words.lines().filter(is_told).collect();
        let printable = |letter: char| if letter.is_control() { '\u{fffd}' } else { letter };
        let shorten = |line: &&str| line.chars().map(printable).take(200).collect::<String>();
        let last: Vec<String> = lines[lines.len().saturating_sub(3)..].iter().map(shorten).collect();
        (!last.is_empty()).then(|| last.join("\n"))
    }

    /// Whether it has panicked, in whichever thread.
    pub fn panicked(&self) -> bool {
        self.stderr().windows(b"panicked at ".len()).any(|bytes| bytes == b"panicked at ")
    }

    pub fn id(&self) -> u32 {
        lock(&self.child).id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let mut child = lock(&self.child);
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// The name of an executable file.
pub fn executable(name: &str) -> String {
    format!("{name}{}", std::env::consts::EXE_SUFFIX)
}

/// A path as the words of a command line want it.
pub fn path(path: &Path) -> &str {
    path.to_str().unwrap_or_else(|| panic!("{} is not UTF-8", path.display()))
}
