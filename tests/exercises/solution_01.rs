//! Exercise 1, solved: the echo server of stage 1, in capitals. Look for "New".

use std::env;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(port) = arguments() else {
        eprintln!("Name a port, 0 for any free one: cargo run --example exercise_01 -- 7001");
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
        // New. Bytes that are no letters of ASCII stay as they are, and so do those of which UTF-8
        // makes all other letters: none of them looks like one of ASCII. A text can be cut anywhere.
        buffer[..count].make_ascii_uppercase();
        // `write` alone may take only a part of it. `write_all` goes on until all is taken.
        client.write_all(&buffer[..count])?;
    }
}
