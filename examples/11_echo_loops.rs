//! Stage 11: the echo server with an event loop in each of several
//! threads. Chapter 9 of the course builds it up.
//!
//! ```text
//! cargo run --example 11_echo_loops -- 7011 2
//! ```
//!
//! Ctrl-C stops it.

use mio::event::Event;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token, Waker};
use std::collections::HashMap;
use std::env;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::{self, ExitCode};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

/// The token by which events name what another thread has handed over.
const NEWCOMERS: Token = Token(0);

/// A larger number of threads is probably a typing error.
const MAX_THREADS: usize = 1000;

/// A connection on its way to a worker, and the address of the client.
type Newcomer = (TcpStream, SocketAddr);

/// How many times a client is read from in one turn, before the others
/// get theirs.
const ROUNDS_PER_TURN: usize = 16;

fn main() -> ExitCode {
    let Some((port, threads)) = arguments() else {
        eprintln!(
            "Name a port, 0 for any free one, and maybe a number of \
             threads from 1 to {MAX_THREADS}: \
             cargo run --example 11_echo_loops -- 7011 2"
        );
        return ExitCode::from(2);
    };
    let doors = match start_workers(threads) {
        Ok(doors) => doors,
        Err(error) => {
            eprintln!(
                "Cannot start {threads} threads: {error}. Choose fewer."
            );
            return ExitCode::FAILURE;
        }
    };
    match listen(port) {
        Ok(listener) => serve(&listener, &doors),
        Err(error) => {
            eprintln!(
                "Cannot listen on port {port}: {error}. \
                 Choose another port."
            );
            ExitCode::FAILURE
        }
    }
}

/// The port and the number of threads from the command line: one for each
/// processor, if it does not say. `None` if one is wrong, or if there are
/// more arguments.
fn arguments() -> Option<(u16, usize)> {
    let mut arguments = env::args_os().skip(1);
    let port = arguments.next()?.to_str()?.parse().ok()?;
    let threads = match arguments.next() {
        Some(threads) => threads.to_str()?.parse().ok()?,
        None => thread::available_parallelism().ok()?.get(),
    };
    let are_right = (1..=MAX_THREADS).contains(&threads)
        && arguments.next().is_none();
    are_right.then_some((port, threads))
}

/// Starts the workers, and returns a door to each.
fn start_workers(threads: usize) -> io::Result<Vec<Door>> {
    let mut doors = Vec::new();
    for _ in 0..threads {
        let (worker, door) = Worker::new()?;
        thread::Builder::new().spawn(move || worker.run())?;
        doors.push(door);
    }
    Ok(doors)
}

/// Binds a listening socket to the port and prints its address.
fn listen(port: u16) -> io::Result<TcpListener> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    println!("Listening on {}", listener.local_addr()?);
    Ok(listener)
}

/// Accepts clients and hands them to the workers in turn, until the
/// process is ended.
fn serve(listener: &TcpListener, doors: &[Door]) -> ! {
    let mut turns = doors.iter().cycle();
    loop {
        // This socket blocks: the thread has nothing else to do.
        match listener.accept() {
            Ok((stream, address)) => {
                let door = turns.next().expect("there is a worker");
                if let Err(error) = door.hand_over(stream, address) {
                    eprintln!("Cannot hand over {address}: {error}");
                }
            }
            Err(error) => {
                eprintln!("Cannot accept: {error}");
                // Perhaps there are too many open files. We wait for some
                // client to disconnect.
                thread::sleep(Duration::from_millis(100));
            }
        }
    }
}

/// How the thread that accepts reaches a worker.
struct Door {
    newcomers: Sender<Newcomer>,
    waker: Waker,
}

impl Door {
    /// Gives a client to the worker, and wakes it.
    fn hand_over(
        &self,
        stream: std::net::TcpStream,
        address: SocketAddr,
    ) -> io::Result<()> {
        stream.set_nonblocking(true)?;
        let newcomer = (TcpStream::from_std(stream), address);
        self.newcomers.send(newcomer).expect("a worker never ends");
        self.waker.wake()
    }
}

/// A thread with an event loop, and the state of that.
struct Worker {
    poll: Poll,
    /// The events of the last `poll`.
    events: Events,
    /// Clients that were accepted for this worker.
    newcomers: Receiver<Newcomer>,
    /// The connections, by the token that their events carry.
    clients: HashMap<Token, Client>,
    /// The number of the newest token. No token is used twice, so a late
    /// event cannot reach another client.
    last_token: usize,
    /// Clients whose last turn ended with work left to do.
    unfinished: Vec<Token>,
}

impl Worker {
    /// A worker, and the door to it.
    fn new() -> io::Result<(Worker, Door)> {
        let poll = Poll::new()?;
        let waker = Waker::new(poll.registry(), NEWCOMERS)?;
        let (sender, newcomers) = mpsc::channel();
        let (events, clients) =
            (Events::with_capacity(256), HashMap::new());
        let worker = Worker {
            poll,
            events,
            newcomers,
            clients,
            last_token: NEWCOMERS.0,
            unfinished: Vec::new(),
        };
        Ok((worker, Door { newcomers: sender, waker }))
    }

    /// The event loop.
    fn run(mut self) {
        loop {
            match self.run_once() {
                Err(error)
                    if error.kind() != io::ErrorKind::Interrupted =>
                {
                    eprintln!("Cannot wait for clients: {error}");
                    process::exit(1);
                }
                _ => {}
            }
        }
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
                NEWCOMERS => self.welcome(),
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
    }

    /// Takes all clients that were handed over.
    fn welcome(&mut self) {
        loop {
            match self.newcomers.try_recv() {
                Ok((stream, address)) => {
                    self.register_client(stream, address);
                }
                Err(_) => return,
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
