//! Stage 3: echo by datagrams, the server and its client in one program.
//!
//! # What is new
//!
//! UDP instead of TCP. There is no connection, so there is nothing to listen for and nothing to accept.
//! Each *datagram* is sent by itself, with its destination address on it, like a postcard:
//!
//! - UDP keeps its boundaries: what was sent as one datagram arrives as one, or not at all;
//! - it may be lost, and two may arrive in another order; nobody is told, and nobody sends it again;
//! - one socket serves all clients: with each datagram, the server learns its sender's address;
//! - it may be empty. That has no special meaning, as there is no stream that could end.
//!
//! # Try it
//!
//! In one terminal, the server:
//!
//! ```text
//! cargo run --example 03_udp_echo -- 7003
//! ```
//!
//! In another one, send a datagram and see the answer:
//!
//! ```text
//! cargo run --example 03_udp_echo -- send 127.0.0.1:7003 hello
//! hello
//! ```
//!
//! Run this second command twice, and look at the first terminal: it shows two clients with two addresses,
//! and neither had to wait for the other.
//!
//! ```text
//! Listening on 127.0.0.1:7003
//! 5 bytes from 127.0.0.1:47091
//! 5 bytes from 127.0.0.1:38846
//! ```
//!
//! Ctrl-C stops the server. No client notices, because none is connected.
//!
//! # What still hurts
//!
//! Stop the server and send again. On one machine the kernel knows that no socket is bound to that port and
//! reports it ("Connection refused"). Across a network that report may get lost as well, and then the
//! sender can only wait for a while and guess; the one below waits for one second. A program that needs all
//! bytes in order has to number its datagrams, acknowledge them and send them again, which is what TCP
//! does. The size of a datagram is limited, too (65,507 bytes here, and far less is wise on a network), and
//! its source address is as easy to forge as the one on a postcard.
//!
//! For files we want all bytes, in order. So the next stage, `04_echo_threads`, returns to TCP and to the
//! problem of stage 1, the second client that has to wait.

use std::env;
use std::ffi::OsString;
use std::io::{self, Write};
use std::net::{Ipv4Addr, UdpSocket};
use std::process::ExitCode;
use std::time::Duration;

/// How long the client waits for the answer before it treats it as lost.
const TIMEOUT: Duration = Duration::from_secs(1);

/// No UDP datagram is larger. `recv_from` silently discards what does not fit into its buffer.
const MAX_DATAGRAM: usize = 65_535;

/// What the command line asks for.
enum Task {
    Serve { port: u16 },
    Send { server: String, text: OsString },
}

fn main() -> ExitCode {
    let Some(task) = arguments() else {
        eprintln!(
            "Name a port (0: any free one) to serve, as in: cargo run --example 03_udp_echo -- 7003; \
             or send: cargo run --example 03_udp_echo -- send 127.0.0.1:7003 hello"
        );
        return ExitCode::from(2);
    };
    match task {
        Task::Serve { port } => match listen(port) {
            Ok(socket) => serve(&socket),
            Err(error) => eprintln!("Cannot listen on port {port}: {error}. Choose another port."),
        },
        Task::Send { server, text } => match send(&server, text.as_encoded_bytes()) {
            Ok(()) => return ExitCode::SUCCESS,
            Err(error) => eprintln!("No answer from {server}: {error}"),
        },
    }
    ExitCode::FAILURE
}

/// Either a port, or `send`, a server and a text.
fn arguments() -> Option<Task> {
    let mut arguments = env::args_os().skip(1);
    let first = arguments.next()?;
    let task = if first == "send" {
        let server = arguments.next()?.into_string().ok()?;
        let (_, port) = server.rsplit_once(':')?;
        port.parse::<u16>().ok()?;
        Task::Send { server, text: arguments.next()? }
    } else {
        Task::Serve { port: first.to_str()?.parse().ok()? }
    };
    arguments.next().is_none().then_some(task)
}

/// Binds a socket to the port and prints its address. (UDP ports and TCP ports are separate, even with
/// the same number.)
fn listen(port: u16) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, port))?;
    println!("Listening on {}", socket.local_addr()?);
    Ok(socket)
}

/// Sends each datagram back to its sender, until the process is ended.
fn serve(socket: &UdpSocket) -> ! {
    let mut buffer = vec![0; MAX_DATAGRAM];
    loop {
        // Blocks until a datagram arrives, from any client.
        let echoed = socket.recv_from(&mut buffer).and_then(|(count, sender)| {
            println!("{count} bytes from {sender}");
            // There is no `send_all`: a datagram is sent as a whole or not at all.
            socket.send_to(&buffer[..count], sender)
        });
        // An error with one datagram says nothing about the next.
        if let Err(error) = echoed {
            eprintln!("A datagram is lost: {error}");
        }
    }
}

/// Sends one datagram and prints the answer.
fn send(server: &str, text: &[u8]) -> io::Result<()> {
    // With port 0 the kernel chooses the port, to which the answer will come.
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    // For UDP this sends nothing. It sets the destination, and the kernel drops datagrams from all
    // other addresses.
    socket.connect(server)?;
    socket.set_read_timeout(Some(TIMEOUT))?;
    socket.send(text)?;
    let mut buffer = vec![0; MAX_DATAGRAM];
    let count = socket.recv(&mut buffer).map_err(|error| match error.kind() {
        // The timeout has passed. Systems differ in which of the two errors they report.
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
            io::Error::other("it took more than a second; the datagram or its answer may be lost")
        }
        _ => error,
    })?;
    buffer.truncate(count);
    buffer.push(b'\n');
    io::stdout().write_all(&buffer)
}
