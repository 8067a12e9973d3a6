//! Exercise 1, solved: the echo server of stage 1 answers in
//! capitals.
//! `diff` with the stage shows it, and "New" marks it.

use std::env;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(port) = arguments() else {
        eprintln!(
            "Name a port, 0 for any free one: \
             cargo run --example exercise_01 -- 7001"
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

/// Accepts and serves one client after the other, until the process is
/// ended.
fn serve(listener: &TcpListener) -> ! {
    loop {
        // Blocks until a client connects.
        match listener.accept() {
            Ok((mut client, address)) => handle(&mut client, address),
            // Perhaps the client closed its connection while it was in
            // the queue. The others are still there.
            Err(error) => eprintln!("Cannot accept: {error}"),
        }
    }
}

/// Serves one client, and prints when it connects and disconnects.
fn handle(client: &mut TcpStream, address: SocketAddr) {
    println!("{address} connected");
    match echo(client) {
        Ok(()) => println!("{address} disconnected"),
        // A client may crash or lose its network at any time. That ends
        // its connection and must never end the server.
        Err(error) => println!("{address} disconnected: {error}"),
    }
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
        // New. Only the bytes of ASCII letters change. UTF-8 encodes all
        // other letters with bytes that are not ASCII, so these stay as
        // they are, wherever the text is cut.
        buffer[..count].make_ascii_uppercase();
        // `write` may take only a part of the bytes. `write_all` repeats
        // it until all are taken.
        client.write_all(&buffer[..count])?;
    }
}
