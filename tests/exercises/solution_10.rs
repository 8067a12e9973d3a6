//! Exercise 10, solved: the event loop of stage 6 serves files. Look for "New".
//!
//! A client goes through three states, and in each of them it may have to wait: for the rest of its
//! request, for room in its socket's buffer, and for the client to close. Whatever a turn needs to go on
//! where the last one stopped is in the state. Of a file that is no more than one piece.
//!
//! Two things are left out. Nobody has a time limit, so a client that never closes stays; and reading a
//! file may wait for the disk, and everybody with it. The engine has an answer to the first
//! (`src/server/timers.rs`), and to the second as far as there is one (`src/server/transport.rs`).

use mio::event::Event;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use std::collections::HashMap;
use std::env;
use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// What the kernel calls the listener when it tells that somebody wants to connect.
const LISTENER: Token = Token(0);

/// How many steps a client may take before the others get their turn.
const ROUNDS: usize = 16;

/// New: the end of a head.
const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// New: no head is longer.
const LONGEST_HEAD: usize = 8 * 1024;

/// New: as much of a file is in memory at a time.
const PIECE: usize = 64 * 1024;

fn main() -> ExitCode {
    let Some((port, folder)) = arguments() else {
        eprintln!(
            "Name a port, 0 for any free one, and maybe a folder: \
             cargo run --example exercise_10 -- 7010 www"
        );
        return ExitCode::from(2);
    };
    let mut server = match folder.canonicalize().and_then(|folder| Server::listen(port, folder)) {
        Ok(server) => server,
        Err(error) => {
            let folder = folder.display();
            eprintln!("Cannot serve {folder} on port {port}: {error}. Choose another folder or port.");
            return ExitCode::FAILURE;
        }
    };
    loop {
        match server.turn() {
            // Nothing happened to any socket: the process was stopped by Ctrl-Z and goes on.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                eprintln!("Cannot wait for clients: {error}");
                return ExitCode::FAILURE;
            }
            Ok(()) => {}
        }
    }
}

/// The port and the folder. `None` if the port is missing or none, or if there is more than that.
fn arguments() -> Option<(u16, PathBuf)> {
    let mut arguments = env::args_os().skip(1);
    let port = arguments.next()?.to_str()?.parse().ok()?;
    let folder = arguments.next().map_or(PathBuf::from("www"), PathBuf::from);
    arguments.next().is_none().then_some((port, folder))
}

/// All that the one thread has to remember.
struct Server {
    poll: Poll,
    /// New: what is served.
    folder: PathBuf,
    /// What the kernel has told last.
    events: Events,
    listener: TcpListener,
    /// The kernel knows a client by its token.
    clients: HashMap<Token, Client>,
    /// The number of the newest token. None is used twice, so nobody gets the turn of another.
    newest: usize,
    /// Clients whose turn was over before they had no more to do.
    unfinished: Vec<Token>,
}

impl Server {
    /// Takes the port and says so.
    fn listen(port: u16, folder: PathBuf) -> io::Result<Server> {
        let poll = Poll::new()?;
        let mut listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
        // For a listener, to be readable means that somebody stands in the queue.
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        println!("Listening on {}", listener.local_addr()?);
        let (events, clients) = (Events::with_capacity(256), HashMap::new());
        let (newest, unfinished) = (LISTENER.0, Vec::new());
        Ok(Server { poll, folder, events, listener, clients, newest, unfinished })
    }

    /// One round of the loop: waits until something can be done, and does it.
    fn turn(&mut self) -> io::Result<()> {
        // With work left over we only have a look at who else is ready.
        let at_most = (!self.unfinished.is_empty()).then_some(Duration::ZERO);
        self.poll.poll(&mut self.events, at_most)?;
        let mut ready = std::mem::take(&mut self.unfinished);
        ready.extend(self.events.iter().map(Event::token));
        for token in ready {
            match token {
                LISTENER => self.accept(),
                client => self.give_turn(client),
            }
        }
        Ok(())
    }

    /// Lets in all who stand in the queue.
    fn accept(&mut self) {
        // All, and not one: the kernel says that the queue is no longer empty, and will not say so
        // again while it stays so. The same holds for reading and writing ("edge-triggered").
        loop {
            match self.listener.accept() {
                Ok((stream, address)) => self.let_in(stream, address),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // It vanished while it stood in the queue.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                // Too many open files, most likely. When somebody leaves, we try again.
                Err(error) => return eprintln!("Cannot accept: {error}"),
            }
        }
    }

    fn let_in(&mut self, mut stream: TcpStream, address: SocketAddr) {
        self.newest += 1;
        let token = Token(self.newest);
        // From now on the kernel tells when there is something to read or room to write.
        let interest = Interest::READABLE | Interest::WRITABLE;
        match self.poll.registry().register(&mut stream, token, interest) {
            Ok(()) => {
                println!("{address} is here");
                self.clients.insert(token, Client { stream, address, state: State::Asking(Vec::new()) });
            }
            Err(error) => eprintln!("Cannot wait for {address}: {error}"),
        }
    }

    /// Lets a client do what it can do without waiting.
    fn give_turn(&mut self, token: Token) {
        // It may have left in an earlier turn of this round.
        let Some(client) = self.clients.get_mut(&token) else { return };
        let address = client.address;
        match client.advance(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
            Ok(Turn::Over) => return self.unfinished.push(token),
            Ok(Turn::Left) => println!("{address} has left"),
            Err(error) => println!("{address} is gone: {error}"),
        }
        // This closes the socket, and the kernel forgets the token.
        self.clients.remove(&token);
        // Whoever could not be let in may have room now.
        self.accept();
    }
}

/// How a turn ended, if not because there was nothing to do.
enum Turn {
    /// The client has had its share; there may be more to do.
    Over,
    /// The client has closed its end.
    Left,
}

/// One client, and where we are with it.
struct Client {
    stream: TcpStream,
    address: SocketAddr,
    state: State,
}

/// New: how far a client has come.
enum State {
    /// It has sent this much of its head.
    Asking(Vec<u8>),
    /// It is being answered.
    Answering {
        /// The head of the answer, or a piece of the file.
        piece: Vec<u8>,
        /// How much of the piece is sent.
        sent: usize,
        /// What comes behind it: a file, and how many bytes of it.
        rest: Option<(File, u64)>,
    },
    /// It has all, and is to close.
    Leaving,
}

impl Client {
    /// New: takes one step after the other. Each `?` is a place where a thread would wait: we leave with
    /// `WouldBlock`, and the next turn begins with the state as it is.
    fn advance(&mut self, folder: &Path) -> io::Result<Turn> {
        let mut buffer = [0; 4096];
        // Not for ever: a client with a large file would have us for itself.
        for _ in 0..ROUNDS {
            match &mut self.state {
                State::Asking(head) => {
                    let count = self.stream.read(&mut buffer)?;
                    if count == 0 {
                        return Ok(Turn::Left);
                    }
                    head.extend_from_slice(&buffer[..count]);
                    if head.windows(END_OF_HEAD.len()).any(|bytes| bytes == END_OF_HEAD) {
                        self.state = answer(&String::from_utf8_lossy(head), folder);
                    } else if head.len() > LONGEST_HEAD {
                        self.state = refusal("431 Request Header Fields Too Large");
                    }
                }
                State::Answering { piece, sent, .. } if *sent < piece.len() => {
                    // The kernel takes what it has room for. `sent` is all that we need to remember.
                    *sent += self.stream.write(&piece[*sent..])?;
                }
                State::Answering { piece, sent, rest: Some((file, left)) } if *left > 0 => {
                    let count = usize::try_from(*left).unwrap_or(PIECE).min(PIECE);
                    piece.resize(count, 0);
                    let count = file.read(piece)?;
                    if count == 0 {
                        // Its length was promised, and it has become shorter. To break off is the only
                        // way to say so.
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                    piece.truncate(count);
                    *sent = 0;
                    *left -= count as u64;
                }
                State::Answering { .. } => {
                    self.stream.shutdown(Shutdown::Write)?;
                    self.state = State::Leaving;
                }
                State::Leaving => {
                    // To close while bytes of the client lie unread might destroy our answer on its way.
                    if self.stream.read(&mut buffer)? == 0 {
                        return Ok(Turn::Left);
                    }
                }
            }
        }
        Ok(Turn::Over)
    }
}

/// New: decides what a request gets.
fn answer(head: &str, folder: &Path) -> State {
    let Some((method, path)) = parse(head) else { return refusal("400 Bad Request") };
    if !matches!(method, "GET" | "HEAD") {
        return refusal("501 Not Implemented");
    }
    let Some(path) = locate(folder, path) else { return refusal("400 Bad Request") };
    match open(folder, &path) {
        Ok((file, length)) => {
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
            let rest = (method == "GET").then_some((file, length));
            State::Answering { piece: head.into_bytes(), sent: 0, rest }
        }
        Err(_) => refusal("404 Not Found"),
    }
}

/// New: an answer that says no more than its status.
fn refusal(status: &str) -> State {
    let length = status.len() + 1;
    let answer = format!(
        "HTTP/1.1 {status}\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\
         Content-Length: {length}\r\n\
         Connection: close\r\n\
         \r\n\
         {status}\n"
    );
    State::Answering { piece: answer.into_bytes(), sent: 0, rest: None }
}

/// The method and the path, out of the first line. `None` if that is none.
fn parse(head: &str) -> Option<(&str, &str)> {
    let mut lines = head.split("\r\n");
    let mut words = lines.next()?.split(' ');
    let (method, target, version) = (words.next()?, words.next()?, words.next()?);
    let is_right = version.starts_with("HTTP/1.") && target.starts_with('/') && words.next().is_none();
    // After a question mark comes a query, which means nothing to a file.
    let path = target.split('?').next()?;
    is_right.then_some((method, path))
}

/// The file that a path means, as far as words go. `None` if the path tries to climb.
fn locate(folder: &Path, path: &str) -> Option<PathBuf> {
    let mut file = folder.to_path_buf();
    // Between two slashes there cannot be a third, so each of these is one name and never a path.
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." => return None,
            name => file.push(name),
        }
    }
    if path.ends_with('/') {
        file.push("index.html");
    }
    Some(file)
}

/// New: opens a file, if it is one, and if it really lies in the folder. Its bytes stay on the disk.
fn open(folder: &Path, path: &Path) -> io::Result<(File, u64)> {
    // Follows all links, and gives the path without them.
    let path = path.canonicalize()?;
    if !path.starts_with(folder) || !path.is_file() {
        return Err(io::ErrorKind::NotFound.into());
    }
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    Ok((file, length))
}
