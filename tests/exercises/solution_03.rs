//! Exercise 3, solved: the server of stage 4 says how many are here. Look for "New".
//!
//! The number goes down in `Drop`, not in a line behind `echo`: that line would be left out by a `?`
//! before it, and by a panic. What must happen in any case belongs to a value's end.

use std::env;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

fn main() -> ExitCode {
    let Some(port) = arguments() else {
        eprintln!("Name a port, 0 for any free one: cargo run --example exercise_03 -- 7004");
        return ExitCode::from(2);
    };
    match listen(port) {
        Ok(listener) => serve(&listener),
        Err(error) => {
            eprintln!("Cannot listen on port {port}: {error}. Choose another port.");
            ExitCode::FAILURE
        }
    }
}

/// The port. `None` if it is missing, is none, or if there is more than a port.
fn arguments() -> Option<u16> {
    let mut arguments = env::args_os().skip(1);
    let port = arguments.next()?.to_str()?.parse().ok()?;
    arguments.next().is_none().then_some(port)
}

/// Takes the port and says so.
fn listen(port: u16) -> io::Result<TcpListener> {
    // 127.0.0.1 is this machine as seen by itself: nobody else on the network can connect.
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    // Asked of the socket, because for port 0 the system has chosen one.
    println!("Listening on {}", listener.local_addr()?);
    Ok(listener)
}

/// Serves all clients, each in a thread of its own, until the process is ended.
fn serve(listener: &TcpListener) -> ! {
    loop {
        // Waits until somebody connects.
        match listener.accept() {
            Ok((client, address)) => start_thread(client, address),
            Err(error) => {
                eprintln!("Cannot accept: {error}");
                // Many clients are many open files, and their number is limited. Beyond it, accept
                // fails at once, again and again: we had better give somebody time to leave.
                thread::sleep(Duration::from_millis(100));
            }
        }
    }
}

/// New: how many clients are here.
static HERE: AtomicUsize = AtomicUsize::new(0);

/// New: one client that is counted, for as long as this value lives.
struct Counted {
    /// How many there were when this one came, itself included.
    number: usize,
}

impl Counted {
    fn new() -> Counted {
        // `fetch_add` adds and tells what was there before, in one step: no two threads get the
        // same number. To load, add and store would be three, with others in between.
        Counted { number: HERE.fetch_add(1, Ordering::Relaxed) + 1 }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        HERE.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Starts a thread that looks after the client, and does not wait for it.
fn start_thread(mut client: TcpStream, address: SocketAddr) {
    // `move`: the socket belongs to the thread now, and is closed when the thread is done with it.
    let started = thread::Builder::new().spawn(move || attend(&mut client, address));
    // `thread::spawn` would panic where the system has no more threads to give.
    if let Err(error) = started {
        eprintln!("No thread for {address}: {error}");
    }
}

/// Looks after one client, from its coming to its going.
fn attend(client: &mut TcpStream, address: SocketAddr) {
    println!("{address} is here");
    let counted = Counted::new();
    match greet(client, &counted).and_then(|()| echo(client)) {
        Ok(()) => println!("{address} has left"),
        // It may be switched off, or killed, or unplugged at any time. That is its own affair: it
        // must never end the server.
        Err(error) => println!("{address} is gone: {error}"),
    }
}

/// New: the first thing that a client hears.
fn greet(client: &mut TcpStream, counted: &Counted) -> io::Result<()> {
    client.write_all(format!("{} here\n", counted.number).as_bytes())
}

/// Sends back what the client sends, until it closes its end.
fn echo(client: &mut TcpStream) -> io::Result<()> {
    let mut buffer = [0; 4096];
    loop {
        // Waits for bytes and gives as many as there are: one, or half a line, or three lines. What
        // was one write over there need not be one read here.
        let count = client.read(&mut buffer)?;
        // A read of nothing is how the end of a stream looks.
        if count == 0 {
            return Ok(());
        }
        // `write` alone may take only a part of it. `write_all` goes on until all is taken.
        client.write_all(&buffer[..count])?;
    }
}
