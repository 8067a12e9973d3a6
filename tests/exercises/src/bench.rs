//! The bench on which a program is tried: it is started, connected to, and looked at.

use crate::http::Answer;
use crate::process::{Process, path};
use crate::report::{Content, Failure, Outcome, show};
use crate::talk::Talk;
use crate::texts::{self, Language, Text};
use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A program on the bench.
pub struct Bench {
    /// The program.
    pub program: PathBuf,
    /// How long anything may take that is to come at once.
    pub patience: Duration,
    /// The files that it serves, where it serves files.
    pub files: Option<Folder>,
    server: Option<Server>,
    /// What could not be looked at on this system.
    pub notes: Mutex<Vec<Text>>,
}

/// A server that runs.
pub struct Server {
    pub process: Arc<Process>,
    pub address: SocketAddr,
    patience: Duration,
    /// What was said last to it, should it be the last.
    pub last: Arc<Mutex<Vec<u8>>>,
}

impl Bench {
    pub fn new(program: &Path, patience: Duration) -> Bench {
        let (program, notes) = (program.to_owned(), Mutex::default());
        Bench { program, patience, files: None, server: None, notes }
    }

    /// Starts the program with these arguments.
    pub fn run(&self, arguments: &[&str]) -> Outcome<Process> {
        let process = Process::start(Command::new(&self.program).args(arguments));
        process.or_else(|error| {
            Failure::new().with(texts::PROGRAM, texts::CANNOT_START.with([error.to_string()])).fail()
        })
    }

    /// Starts the program as a server on any free port: 0 is its first argument. Waits until it says which one.
    pub fn start(&self, arguments: &[&str]) -> Outcome<Server> {
        let process = Arc::new(self.run(&[&["0"], arguments].concat())?);
        let Some(line) = process.first_line(self.patience) else {
            let printed = process.stdout();
            let failure = Failure::new();
            let failure = match process.ended_by(Instant::now() + Duration::from_millis(200)) {
                Some(status) => failure.with(texts::PROGRAM, ended(status)),
                None if printed.is_empty() => failure.with(texts::PRINTED, texts::NOTHING),
                None => failure.with(texts::PRINTED, Content::Then(printed, texts::NO_LINE_END.into())),
            };
            let failure = failure.expected(texts::LISTENING_LINE);
            return with_last_words(failure, &process).fail();
        };
        let wrong =
            |expected: Text| Failure::new().with(texts::PRINTED, line.as_slice()).expected(expected).fail();
        let text = String::from_utf8_lossy(&line);
        let address = text.trim_end_matches('\r').strip_prefix("Listening on ");
        let Some(address) = address.and_then(|address| address.parse::<SocketAddr>().ok()) else {
            return wrong(texts::LISTENING_LINE);
        };
        if address.ip() != Ipv4Addr::LOCALHOST || address.port() == 0 {
            return wrong(texts::LISTENING_ADDRESS);
        }
        Ok(Server { process, address, patience: self.patience, last: Arc::default() })
    }

    /// Starts the server that the checks talk to.
    pub fn serve(&mut self, arguments: &[&str]) -> Outcome {
        self.server = Some(self.start(arguments)?);
        Ok(())
    }

    /// The same, with a folder as its next argument.
    pub fn serve_files(&mut self, files: Folder, more: &[&str]) -> Outcome {
        let root = files.root().to_owned();
        self.files = Some(files);
        self.serve(&[&[path(&root)], more].concat())
    }

    /// The server, where there is one.
    pub fn running(&self) -> Option<&Server> {
        self.server.as_ref()
    }

    pub fn server(&self) -> &Server {
        self.server.as_ref().expect("it has been started")
    }

    pub fn files(&self) -> &Folder {
        self.files.as_ref().expect("it serves files")
    }
}

/// How a program has ended.
pub fn ended(status: ExitStatus) -> texts::Message {
    match status.code() {
        Some(code) => texts::ENDED_WITH_CODE.with([code.to_string()]),
        None => texts::ENDED_BY_SIGNAL.into(),
    }
}

/// What the program has said of itself, as a part of the failure.
pub fn with_last_words(failure: Failure, process: &Process) -> Failure {
    match process.last_words() {
        Some(words) => failure.with(texts::STDERR, Content::Lines(words)),
        None => failure,
    }
}

impl Server {
    /// A new connection.
    pub fn connect(&self) -> Outcome<Talk> {
        match TcpStream::connect_timeout(&self.address, self.patience) {
            Ok(stream) => Ok(Talk::new(stream, self.patience, Arc::clone(&self.last))),
            Err(error) => {
                let failure = Failure::new().came(texts::CANNOT_CONNECT.with([error.to_string()]));
                failure.expected(texts::A_CONNECTION).fail()
            }
        }
    }

    /// Sends these bytes on a new connection and reads an answer up to the end of the connection.
    pub fn ask_raw(&self, request: impl AsRef<[u8]>) -> Outcome<Answer> {
        let mut talk = self.connect()?;
        talk.send(request);
        talk.answer()
    }

    /// Sends a whole request and reads until the server closes, as it is asked to.
    pub fn ask(&self, method_and_target: &str, fields: &str) -> Outcome<Answer> {
        self.ask_raw(format!(
            "{method_and_target} HTTP/1.1\r\nHost: localhost\r\n{fields}Connection: close\r\n\r\n"
        ))
    }

    /// A GET.
    pub fn get(&self, target: &str) -> Outcome<Answer> {
        self.ask(&format!("GET {target}"), "")
    }

    /// Clients that vanish in the middle of what they send, at each of these places, or of what they are sent.
    pub fn vanish(&self, request: &str, ends: &[usize]) -> Outcome {
        for &end in ends {
            let mut talk = self.connect()?;
            talk.send(&request[..end]);
            drop(talk);
        }
        // Twice as many as have a thread.
        for _ in 0..4 {
            let mut talk = self.connect()?;
            talk.send(request);
            if !talk.reset() {
                // It will not answer the next one either, and that is asked afterwards.
                break;
            }
        }
        Ok(())
    }

    /// Whether it is still there, and has not panicked.
    pub fn is_well(&self) -> Outcome {
        let failure = || Failure::new().sent(&crate::process::lock(&self.last));
        if let Some(status) = self.process.ended() {
            let failure = failure().with(texts::PROGRAM, ended(status)).expected(texts::GOES_ON);
            return with_last_words(failure, &self.process).fail();
        }
        if self.process.panicked() {
            return with_last_words(failure(), &self.process).expected(texts::NO_PANIC).fail();
        }
        Ok(())
    }

    /// What it has come to, said in a failure that does not say it yet.
    pub fn explain(&self, failure: Failure) -> Failure {
        // A program that panics prints first and ends then.
        match self.process.ended_by(Instant::now() + Duration::from_millis(100)) {
            Some(status) => with_last_words(failure.with(texts::PROGRAM, ended(status)), &self.process),
            None if self.process.panicked() => with_last_words(failure, &self.process),
            None => failure,
        }
    }
}

/// A folder with files, which is removed when this is dropped.
pub struct Folder {
    all: PathBuf,
    root: PathBuf,
}

impl Folder {
    /// A new one, and in it `site`, with these files.
    pub fn with(files: &[(&str, &[u8])]) -> Outcome<Folder> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let all = std::env::temp_dir().join(format!("glasshttp-exercise-{}-{number}", std::process::id()));
        let folder = Folder { root: all.join("site"), all };
        let made = || -> io::Result<Folder> {
            fs::create_dir_all(&folder.root)?;
            for (name, content) in files {
                let file = folder.root.join(name);
                fs::create_dir_all(file.parent().expect("it lies in the folder"))?;
                fs::write(file, content)?;
            }
            Ok(folder)
        };
        made().or_else(unusable)
    }

    /// What is served.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Writes a file anew, and says when that was.
    pub fn write(&self, name: &str, content: &[u8], changed: std::time::SystemTime) -> Outcome {
        let write = || -> io::Result<()> {
            let path = self.root.join(name);
            fs::write(&path, content)?;
            fs::File::options().write(true).open(path)?.set_modified(changed)
        };
        write().or_else(unusable)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.all);
    }
}

/// This machine does not let the checker work.
#[expect(clippy::needless_pass_by_value, reason = "it is handed to or_else")]
pub fn unusable<T>(error: io::Error) -> Outcome<T> {
    Failure::new().with(texts::CHECKER, texts::CHECKER_CANNOT.with([error.to_string()])).fail()
}

/// For the words of a failure.
pub fn shown(bytes: &[u8]) -> String {
    show(bytes, Language::English)
}
