//! Stage 6: the echo server as an event loop. One thread waits for all clients at once.
//!
//! # What is new
//!
//! No socket waits any more. They are *non-blocking*: a read or a write does what can be done now, and
//! if that is nothing it fails with `WouldBlock`, which is no error but an answer: not yet. Waiting is
//! done in one place, `poll`, for all sockets together. The kernel tells which are *ready*, and each of
//! those gets a turn. (`mio` is a thin layer over what systems have for that: epoll, kqueue and so on.)
//!
//! Look at `echo` below. It is the loop of stage 1, but it must be able to stop in the middle and go on
//! later. A thread remembers by itself where it was; here, `Client` has to. What it has to remember is
//! little: which bytes have come and not been sent back yet. For a write may take only a part of them,
//! and where `write_all` waited until the rest was taken, we leave and come back when there is room.
//! Until then we do not read from that client either, so it cannot fill our memory.
//!
//! # Try it
//!
//! In one terminal:
//!
//! ```text
//! cargo run --example 06_echo_event_loop -- 7006
//! ```
//!
//! In another one, open three hundred connections that say nothing (bash, but not every shell, can do
//! that by itself), and then one that does. It is answered at once:
//!
//! ```text
//! for n in {1..300}; do exec {silent}<>/dev/tcp/127.0.0.1/7006; done
//! nc 127.0.0.1 7006
//! hello            (you typed this)
//! hello            (the server sent this)
//! ```
//!
//! In a third, while they are all there, see what it takes on Linux: one thread (`NLWP`), and about two
//! megabytes of memory (`RSS`, in kB), nearly all of it for the program itself.
//!
//! ```text
//! ps -o nlwp,rss -C 06_echo_event_loop
//! NLWP   RSS
//!    1  2180
//! ```
//!
//! (Type `exit` in the shell of the three hundred, and all of them leave.)
//!
//! Ctrl-C stops it. Still nothing is kept that the kernel would not clean up.
//!
//! # What still hurts
//!
//! It can wait for thousands, but it has nothing to tell them. An echo needs no agreement: whatever
//! comes goes back. As soon as a client wants something in particular, both sides have to agree on how
//! to ask, where a question ends, and how an answer looks. That is a *protocol*.
//!
//! It has become harder to read, too: every place where a thread would simply have waited is now
//! something to remember. So the next stages go back to sockets that wait, to look at the protocol by
//! itself, and the engine in `src/` puts both together. The next stage is `07_http_hello`.

use mio::event::Event;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use std::collections::HashMap;
use std::env;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

/// What the kernel calls the listener when it tells that somebody wants to connect.
const LISTENER: Token = Token(0);

/// How often a client may be read from before the others get their turn.
const ROUNDS: usize = 16;

fn main() -> ExitCode {
    let Some(port) = arguments() else {
        eprintln!("Name a port, 0 for any free one: cargo run --example 06_echo_event_loop -- 7006");
        return ExitCode::from(2);
    };
    let mut server = match Server::listen(port) {
        Ok(server) => server,
        Err(error) => {
            eprintln!("Cannot listen on port {port}: {error}. Choose another port.");
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

/// The port. `None` if it is missing, is none, or if there is more than a port.
fn arguments() -> Option<u16> {
    let mut arguments = env::args_os().skip(1);
    let port = arguments.next()?.to_str()?.parse().ok()?;
    arguments.next().is_none().then_some(port)
}

/// All that the one thread has to remember.
struct Server {
    poll: Poll,
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
    fn listen(port: u16) -> io::Result<Server> {
        let poll = Poll::new()?;
        let mut listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
        // For a listener, to be readable means that somebody stands in the queue.
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        println!("Listening on {}", listener.local_addr()?);
        let (events, clients) = (Events::with_capacity(256), HashMap::new());
        Ok(Server { poll, events, listener, clients, newest: LISTENER.0, unfinished: Vec::new() })
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
                self.clients.insert(token, Client { stream, address, unsent: Vec::new() });
            }
            Err(error) => eprintln!("Cannot wait for {address}: {error}"),
        }
    }

    /// Lets a client do what it can do without waiting.
    fn give_turn(&mut self, token: Token) {
        // It may have left in an earlier turn of this round.
        let Some(client) = self.clients.get_mut(&token) else { return };
        let address = client.address;
        match client.echo() {
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
    /// What it has sent and not got back yet.
    unsent: Vec<u8>,
}

impl Client {
    /// Sends back what the client sends. Each `?` is a place where stage 1 would wait: we leave with
    /// `WouldBlock`, and the next turn begins at the top with what is in `unsent`.
    fn echo(&mut self) -> io::Result<Turn> {
        let mut buffer = [0; 4096];
        // Not for ever: a client that sends and reads without a pause would have us for itself.
        for _ in 0..ROUNDS {
            while !self.unsent.is_empty() {
                let count = self.stream.write(&self.unsent)?;
                self.unsent.drain(..count);
            }
            let count = self.stream.read(&mut buffer)?;
            if count == 0 {
                return Ok(Turn::Left);
            }
            self.unsent.extend_from_slice(&buffer[..count]);
        }
        Ok(Turn::Over)
    }
}
