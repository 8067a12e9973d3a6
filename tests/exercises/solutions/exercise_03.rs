//! Exercise 3, solved: the server of stage 4 counts its clients.
//! `diff` with the stage shows it, and "New" marks it.

use std::env;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

fn main() -> ExitCode {
    let Some(port) = arguments() else {
        eprintln!(
            "Name a port, 0 for any free one: \
             cargo run --example exercise_03 -- 7004"
        );
        return ExitCode::from(2);
    };
    match listen(port) {
        Ok(listener) => serve(&listener),
        Err(error) => {
            eprintln!(
                "Cannot listen on port {port}: {error}. \
                 Choose another port."
            );
            ExitCode::FAILURE
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

/// Binds a listening socket to the port and prints its address.
fn listen(port: u16) -> io::Result<TcpListener> {
    // 127.0.0.1 is the loopback address: only programs on this machine
    // can connect to it.
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    // We ask the socket for its address, because for port 0 the kernel
    // has chosen a port.
    println!("Listening on {}", listener.local_addr()?);
    Ok(listener)
}

/// Accepts clients and serves each in a thread of its own, until the
/// process is ended.
fn serve(listener: &TcpListener) -> ! {
    loop {
        // Blocks until a client connects.
        match listener.accept() {
            Ok((client, address)) => start_thread(client, address),
            Err(error) => {
                eprintln!("Cannot accept: {error}");
                // Each connection is an open file, and a process may have
                // only so many. At that limit `accept` fails at once,
                // again and again, so we wait for some client to
                // disconnect.
                thread::sleep(Duration::from_millis(100));
            }
        }
    }
}

/// New: how many clients are connected.
static CONNECTED: AtomicUsize = AtomicUsize::new(0);

/// New: a client is counted for as long as this value lives.
struct Counted {
    /// How many there were when this one connected, itself included.
    number: usize,
}

impl Counted {
    fn new() -> Counted {
        // `fetch_add` adds and returns the previous value in one step, so
        // no two threads get the same number. To load, add and store
        // would be three steps, and another thread could come in between.
        let before = CONNECTED.fetch_add(1, Ordering::Relaxed);
        Counted { number: before + 1 }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        CONNECTED.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Starts a thread that serves the client, and returns without waiting
/// for it.
fn start_thread(mut client: TcpStream, address: SocketAddr) {
    // `move` gives the socket to the thread. It is closed when the thread
    // drops it.
    let started = thread::Builder::new()
        .spawn(move || handle(&mut client, address));
    // `thread::spawn` would panic if the system cannot create a thread.
    if let Err(error) = started {
        eprintln!("No thread for {address}: {error}");
    }
}

/// Serves one client, and prints when it connects and disconnects.
fn handle(client: &mut TcpStream, address: SocketAddr) {
    println!("{address} connected");
    let counted = Counted::new();
    match greet(client, &counted).and_then(|()| echo(client)) {
        Ok(()) => println!("{address} disconnected"),
        // A client may crash or lose its network at any time. That ends
        // its connection and must never end the server.
        Err(error) => println!("{address} disconnected: {error}"),
    }
}

/// New: the first line that a client receives.
fn greet(client: &mut TcpStream, counted: &Counted) -> io::Result<()> {
    client.write_all(format!("{} here\n", counted.number).as_bytes())
}

/// Sends back what the client sends, until the client closes its side of
/// the connection.
fn echo(client: &mut TcpStream) -> io::Result<()> {
    let mut buffer = [0; 4096];
    loop {
        // Blocks until bytes arrive and returns those that have: one, or
        // half a line, or three lines. What the client sent with one
        // write need not arrive in one read.
        let count = client.read(&mut buffer)?;
        // A read of 0 bytes is the end of the stream.
        if count == 0 {
            return Ok(());
        }
        // `write` may take only a part of the bytes. `write_all` repeats
        // it until all are taken.
        client.write_all(&buffer[..count])?;
    }
}
