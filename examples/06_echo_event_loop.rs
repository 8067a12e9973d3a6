//! Stage 6: the echo server as an event loop. One thread waits for all
//! clients at once. Chapter 3 of the course builds it up.
//!
//! ```text
//! cargo run --example 06_echo_event_loop -- 7006
//! ```
//!
//! Ctrl-C stops it.

use mio::event::Event;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use std::collections::HashMap;
use std::env;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

/// The token by which events name the listener.
const LISTENER: Token = Token(0);

/// How many times a client is read from in one turn, before the others
/// get theirs.
const ROUNDS_PER_TURN: usize = 16;

fn main() -> ExitCode {
    let Some(port) = arguments() else {
        eprintln!(
            "Name a port, 0 for any free one: \
             cargo run --example 06_echo_event_loop -- 7006"
        );
        return ExitCode::from(2);
    };
    let mut server = match Server::listen(port) {
        Ok(server) => server,
        Err(error) => {
            eprintln!(
                "Cannot listen on port {port}: {error}. \
                 Choose another port."
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

/// The port from the command line. `None` if it is missing or not a
/// number, or if there are more arguments.
fn arguments() -> Option<u16> {
    let mut arguments = env::args_os().skip(1);
    let port = arguments.next()?.to_str()?.parse().ok()?;
    arguments.next().is_none().then_some(port)
}

/// The state of the event loop.
struct Server {
    poll: Poll,
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
    fn listen(port: u16) -> io::Result<Server> {
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
                self.clients.insert(
                    token,
                    Client { stream, address, unsent: Vec::new() },
                );
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
        match client.echo() {
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

/// One connection, and where its echo was interrupted.
struct Client {
    stream: TcpStream,
    address: SocketAddr,
    /// The bytes that were received and not sent back yet.
    unsent: Vec<u8>,
}

impl Client {
    /// Sends back what the client sends. `WouldBlock` means that it is
    /// not over, and goes on with the next turn.
    fn echo(&mut self) -> io::Result<Turn> {
        let mut buffer = [0; 4096];
        // Bounded, because a client that sends and reads without a pause
        // would keep the thread for itself.
        for _ in 0..ROUNDS_PER_TURN {
            while !self.unsent.is_empty() {
                let count = self.stream.write(&self.unsent)?;
                self.unsent.drain(..count);
            }
            let count = self.stream.read(&mut buffer)?;
            if count == 0 {
                return Ok(Turn::Closed);
            }
            self.unsent.extend_from_slice(&buffer[..count]);
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
