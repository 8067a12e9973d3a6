//! Exercise 10, solved: the event loop of stage 6 serves files.
//!
//! A connection goes through three states, and in each of them it may
//! have to wait: for the rest of the request, for room in the socket's
//! buffer, and for the client to close. The state has all that a turn
//! needs to go on where the last one stopped; of a file, it holds no more
//! than one piece.
//!
//! Two things are left out. There is no timeout, so a client that never
//! closes keeps its connection; and to read a file may block on the disk,
//! which delays all clients. The engine solves the first
//! (`src/server/timers.rs`), and the second as far as that is possible
//! (`src/server/transport.rs`).
//!
//! `diff` with the stage shows it, and "New" marks it.

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

/// The token by which events name the listener.
const LISTENER: Token = Token(0);

/// How many steps a client may take in one turn, before the others get
/// theirs.
const ROUNDS_PER_TURN: usize = 16;

/// New: the end of a head.
const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// New: the longest head that the server accepts.
const MAX_HEAD: usize = 8 * 1024;

/// New: how much of a file is in memory at a time.
const PIECE: usize = 64 * 1024;

fn main() -> ExitCode {
    let Some((port, folder)) = arguments() else {
        eprintln!(
            "Name a port, 0 for any free one, and maybe a folder: \
             cargo run --example exercise_10 -- 7006 www"
        );
        return ExitCode::from(2);
    };
    let opened = folder
        .canonicalize()
        .and_then(|folder| Server::listen(port, folder));
    let mut server = match opened {
        Ok(server) => server,
        Err(error) => {
            let folder = folder.display();
            eprintln!(
                "Cannot serve {folder} on port {port}: {error}. \
                 Choose another folder or port."
            );
            return ExitCode::FAILURE;
        }
    };
    loop {
        match server.run_once() {
            // A signal interrupted the wait, and no socket is ready: the
            // process was stopped by Ctrl-Z and continues.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                eprintln!("Cannot wait for clients: {error}");
                return ExitCode::FAILURE;
            }
            Ok(()) => {}
        }
    }
}

/// The port and the folder from the command line. `None` if the port is
/// missing or not a number, or if there are more arguments.
fn arguments() -> Option<(u16, PathBuf)> {
    let mut arguments = env::args_os().skip(1);
    let port = arguments.next()?.to_str()?.parse().ok()?;
    let folder =
        arguments.next().map_or(PathBuf::from("www"), PathBuf::from);
    arguments.next().is_none().then_some((port, folder))
}

/// The state of the event loop.
struct Server {
    poll: Poll,
    /// New: the folder that is served.
    folder: PathBuf,
    /// The events of the last `poll`.
    events: Events,
    listener: TcpListener,
    /// The connections, by the token that their events carry.
    clients: HashMap<Token, Client>,
    /// The number of the newest token. No token is used twice, so a late
    /// event cannot reach another client.
    last_token: usize,
    /// Clients whose last turn ended with work left to do.
    unfinished: Vec<Token>,
}

impl Server {
    /// Binds a listening socket to the port and prints its address.
    fn listen(port: u16, folder: PathBuf) -> io::Result<Server> {
        let poll = Poll::new()?;
        let mut listener = TcpListener::bind(SocketAddr::from((
            Ipv4Addr::LOCALHOST,
            port,
        )))?;
        // A listener is readable when a connection is in its queue.
        poll.registry().register(
            &mut listener,
            LISTENER,
            Interest::READABLE,
        )?;
        println!("Listening on {}", listener.local_addr()?);
        let (events, clients) =
            (Events::with_capacity(256), HashMap::new());
        Ok(Server {
            poll,
            folder,
            events,
            listener,
            clients,
            last_token: LISTENER.0,
            unfinished: Vec::new(),
        })
    }

    fn register_client(
        &mut self,
        mut stream: TcpStream,
        address: SocketAddr,
    ) {
        self.last_token += 1;
        let token = Token(self.last_token);
        // From now on the kernel reports when there are bytes to read or
        // there is room to write.
        let interest = Interest::READABLE | Interest::WRITABLE;
        match self.poll.registry().register(&mut stream, token, interest)
        {
            Ok(()) => {
                println!("{address} connected");
                let state = State::Receiving(Vec::new());
                self.clients
                    .insert(token, Client { stream, address, state });
            }
            Err(error) => eprintln!("Cannot wait for {address}: {error}"),
        }
    }

    /// One iteration of the event loop: waits until sockets are ready,
    /// and gives each of them a turn.
    fn run_once(&mut self) -> io::Result<()> {
        // With work left to do, `poll` does not wait: it only reports
        // what else is ready.
        let at_most =
            (!self.unfinished.is_empty()).then_some(Duration::ZERO);
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

    /// Gives a client its turn: does what can be done without waiting.
    fn give_turn(&mut self, token: Token) {
        // Its connection may have been closed earlier in this iteration.
        let Some(client) = self.clients.get_mut(&token) else { return };
        let address = client.address;
        match client.advance(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                return;
            }
            Ok(Turn::Unfinished) => return self.unfinished.push(token),
            Ok(Turn::Closed) => println!("{address} disconnected"),
            Err(error) => println!("{address} disconnected: {error}"),
        }
        // This closes the socket, which also removes its registration.
        self.clients.remove(&token);
        // A connection that could not be accepted before can be now.
        self.accept();
    }

    /// Accepts all connections in the queue.
    fn accept(&mut self) {
        // All, and not one: the kernel reports that the queue is no
        // longer empty, and does not report it again while that is so.
        // The same holds for reading and writing (*edge-triggered*, see
        // epoll(7)).
        loop {
            match self.listener.accept() {
                Ok((stream, address)) => {
                    self.register_client(stream, address);
                }
                Err(error)
                    if error.kind() == io::ErrorKind::WouldBlock =>
                {
                    return;
                }
                // The client closed its connection while it was in the
                // queue.
                Err(error)
                    if error.kind()
                        == io::ErrorKind::ConnectionAborted => {}
                // Most likely there are too many open files. When a
                // client disconnects, we try again.
                Err(error) => return eprintln!("Cannot accept: {error}"),
            }
        }
    }
}

/// One connection, and how far it has come.
struct Client {
    stream: TcpStream,
    address: SocketAddr,
    state: State,
}

/// New: how far a connection has come.
enum State {
    /// We receive the head: this much has come.
    Receiving(Vec<u8>),
    /// We send the response.
    Sending {
        /// The head of the response, or a piece of the file.
        piece: Vec<u8>,
        /// How many bytes of the piece have been sent.
        sent: usize,
        /// What follows the piece: a file, and how many bytes of it.
        rest: Option<(File, u64)>,
    },
    /// The response has been sent, and we wait for the client to close
    /// its side.
    Closing,
}

impl Client {
    /// New: takes one step after the other. At each `?`, a thread would
    /// block: here the function returns `WouldBlock`, and the next turn
    /// begins with the state as it is.
    fn advance(&mut self, folder: &Path) -> io::Result<Turn> {
        let mut buffer = [0; 4096];
        // Bounded, because a client with a large file would keep the
        // thread for itself.
        for _ in 0..ROUNDS_PER_TURN {
            match &mut self.state {
                State::Receiving(head) => {
                    let count = self.stream.read(&mut buffer)?;
                    if count == 0 {
                        return Ok(Turn::Closed);
                    }
                    head.extend_from_slice(&buffer[..count]);
                    if head
                        .windows(END_OF_HEAD.len())
                        .any(|bytes| bytes == END_OF_HEAD)
                    {
                        let head = String::from_utf8_lossy(head);
                        self.state = respond(&head, folder);
                    } else if head.len() > MAX_HEAD {
                        self.state = refusal(
                            "431 Request Header Fields Too Large",
                        );
                    }
                }
                State::Sending { piece, sent, .. }
                    if *sent < piece.len() =>
                {
                    // The kernel takes as many bytes as it has room for.
                    // `sent` is all that we need to remember.
                    *sent += self.stream.write(&piece[*sent..])?;
                }
                State::Sending {
                    piece,
                    sent,
                    rest: Some((file, left)),
                } if *left > 0 => {
                    let count = usize::try_from(*left)
                        .unwrap_or(PIECE)
                        .min(PIECE);
                    piece.resize(count, 0);
                    let count = file.read(piece)?;
                    if count == 0 {
                        // The file has become shorter than the
                        // Content-Length that was sent. To close the
                        // connection early is the only way to report it.
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                    piece.truncate(count);
                    *sent = 0;
                    *left -= count as u64;
                }
                State::Sending { .. } => {
                    self.stream.shutdown(Shutdown::Write)?;
                    self.state = State::Closing;
                }
                State::Closing => {
                    // To close while bytes of the client lie unread might
                    // destroy the response on its way.
                    if self.stream.read(&mut buffer)? == 0 {
                        return Ok(Turn::Closed);
                    }
                }
            }
        }
        Ok(Turn::Unfinished)
    }
}

/// How a turn ended, if not with `WouldBlock`.
enum Turn {
    /// The client has had its share, and there may be more to do.
    Unfinished,
    /// The client has closed its side of the connection.
    Closed,
}

/// New: decides which response a request gets.
fn respond(head: &str, folder: &Path) -> State {
    let Some((method, path)) = parse(head) else {
        return refusal("400 Bad Request");
    };
    if !matches!(method, "GET" | "HEAD") {
        return refusal("501 Not Implemented");
    }
    let Some(path) = locate(folder, path) else {
        return refusal("400 Bad Request");
    };
    match open(folder, &path) {
        Ok((file, length)) => {
            let head = format!(
                "HTTP/1.1 200 OK\r\n\
                 Content-Length: {length}\r\n\
                 Connection: close\r\n\
                 \r\n"
            );
            let rest = (method == "GET").then_some((file, length));
            State::Sending { piece: head.into_bytes(), sent: 0, rest }
        }
        Err(_) => refusal("404 Not Found"),
    }
}

/// New: a response whose body is its status and nothing more.
fn refusal(status: &str) -> State {
    let length = status.len() + 1;
    let response = format!(
        "HTTP/1.1 {status}\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\
         Content-Length: {length}\r\n\
         Connection: close\r\n\
         \r\n\
         {status}\n"
    );
    State::Sending { piece: response.into_bytes(), sent: 0, rest: None }
}

/// New: the method and the path from the request line. `None` if that is
/// malformed.
fn parse(head: &str) -> Option<(&str, &str)> {
    let mut words = head.split("\r\n").next()?.split(' ');
    let (method, target) = (words.next()?, words.next()?);
    let version = words.next()?;
    let is_right = version.starts_with("HTTP/1.")
        && target.starts_with('/')
        && words.next().is_none();
    // Behind a question mark is a query, which means nothing for a file.
    let path = target.split('?').next()?;
    is_right.then_some((method, path))
}

/// New: the file that a path names, found by its text alone. `None` if a
/// segment is `..`.
fn locate(folder: &Path, path: &str) -> Option<PathBuf> {
    let mut file = folder.to_path_buf();
    // A segment between two slashes contains no slash, so it is one name
    // and never a path.
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

/// New: opens a file if it is a regular file and really lies in the
/// folder. Its bytes stay on the disk.
fn open(folder: &Path, path: &Path) -> io::Result<(File, u64)> {
    // Resolves all symbolic links and returns the real path.
    let path = path.canonicalize()?;
    if !path.starts_with(folder) || !path.is_file() {
        return Err(io::ErrorKind::NotFound.into());
    }
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    Ok((file, length))
}
