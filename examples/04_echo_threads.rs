//! Stage 4: the echo server of stage 1, with a thread for each client.
//!
//! # What is new
//!
//! One line in `serve`: instead of looking after the client itself, the loop starts a thread that
//! does, and goes back to accept the next one. `attend` and `echo` are those of stage 1, word for
//! word. They still wait, but now each waits for its own client only. See for yourself:
//!
//! ```text
//! diff examples/01_echo_server.rs examples/04_echo_threads.rs
//! ```
//!
//! # Try it
//!
//! In one terminal:
//!
//! ```text
//! cargo run --example 04_echo_threads -- 7004
//! ```
//!
//! In two others, at the same time (or with `cargo run --example 02_echo_client -- 127.0.0.1:7004`):
//!
//! ```text
//! nc 127.0.0.1 7004
//! ```
//!
//! Type in one and then in the other: both are answered. The first terminal shows that they are
//! there together:
//!
//! ```text
//! Listening on 127.0.0.1:7004
//! 127.0.0.1:52830 is here
//! 127.0.0.1:52844 is here
//! 127.0.0.1:52830 has left
//! 127.0.0.1:52844 has left
//! ```
//!
//! Ctrl-C stops it, all threads at once: they share the process, and none owns anything that would
//! be left half done.
//!
//! # What still hurts
//!
//! Who decides how many threads there are? The clients. Each thread has a stack of its own and is one
//! more for the system to take turns with, and a client costs its sender next to nothing. A thousand
//! that connect and say nothing are a thousand threads of ours that wait, and somewhere the system
//! refuses to make more.
//!
//! A server should decide for itself how much it takes on. The next stage, `05_echo_pool`, does.

use std::env;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

fn main() -> ExitCode {
    let Some(port) = arguments() else {
        eprintln!("Name a port, 0 for any free one: cargo run --example 04_echo_threads -- 7004");
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
    match echo(client) {
        Ok(()) => println!("{address} has left"),
        // It may be switched off, or killed, or unplugged at any time. That is its own affair: it
        // must never end the server.
        Err(error) => println!("{address} is gone: {error}"),
    }
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
