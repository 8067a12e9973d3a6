//! Stage 1: an echo server. It sends back whatever a client sends, one client at a time.
//!
//! # What is new
//!
//! All of it, and it is less than one may fear. A server needs four things from the system:
//!
//! - *bind*: a socket gets an address and a port, so that others can find it;
//! - *listen*: from now on the kernel completes connections to that port and keeps them in a queue;
//! - *accept*: we take the next connection out of that queue, and get a second socket for it;
//! - *read* and *write*: on that second socket, bytes come in and go out.
//!
//! `TcpListener::bind` does the first two in one call.
//!
//! # Try it
//!
//! In one terminal:
//!
//! ```text
//! cargo run --example 01_echo_server -- 7001
//! ```
//!
//! In another one, connect and type a line. It comes back; Ctrl-C ends `nc`.
//!
//! ```text
//! nc 127.0.0.1 7001
//! hello            (you typed this)
//! hello            (the server sent this)
//! ```
//!
//! The first terminal shows who came and went. The port of the client was chosen by its system, so
//! you will see another number:
//!
//! ```text
//! Listening on 127.0.0.1:7001
//! 127.0.0.1:52814 is here
//! 127.0.0.1:52814 has left
//! ```
//!
//! Ctrl-C stops the server. We need not handle that signal: the process ends, the kernel closes its
//! sockets as it closes everything that a process leaves behind, and there is no file half written.
//!
//! # What still hurts
//!
//! Open a third terminal and connect there, too, while the first `nc` is still running. You can
//! connect, because the kernel does that for us, and you can type. But nothing comes back until the
//! first client has left: this program is inside `echo` and does not accept. Stage 4 cures that.
//!
//! Before that, a smaller wish: not everybody has `nc`, and it hides the client's side. The next
//! stage, `02_echo_client`, is our own.

use std::env;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(port) = arguments() else {
        eprintln!("Name a port, 0 for any free one: cargo run --example 01_echo_server -- 7001");
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

/// Serves one client after the other, until the process is ended.
fn serve(listener: &TcpListener) -> ! {
    loop {
        // Waits until somebody connects.
        match listener.accept() {
            Ok((mut client, address)) => attend(&mut client, address),
            // A client that vanished while it stood in the queue. The others are still there.
            Err(error) => eprintln!("Cannot accept: {error}"),
        }
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
