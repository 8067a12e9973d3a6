//! Stage 3: echo by datagrams, the server and its client in one program.
//!
//! # What is new
//!
//! UDP instead of TCP. There is no connection, so nothing to listen for and nothing to accept. Each
//! *datagram* is sent by itself, with an address on it, like a postcard:
//!
//! - its boundaries are kept: what was sent as one arrives as one, or not at all;
//! - it may be lost, and two may change places; nobody is told, and nobody sends it again;
//! - one socket serves everybody: the server asks of each datagram from whom it came;
//! - a datagram may be empty. That means nothing special: there is no stream that could end.
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
//! Start this second command twice, and look at the first terminal: two clients, two addresses, and
//! neither had to wait for the other.
//!
//! ```text
//! Listening on 127.0.0.1:7003
//! 5 bytes from 127.0.0.1:47091
//! 5 bytes from 127.0.0.1:38846
//! ```
//!
//! Ctrl-C stops it. Nobody can notice, because nobody is connected.
//!
//! # What still hurts
//!
//! Stop the server and send again. On one machine the kernel knows that nobody has that port and
//! says so ("Connection refused"). Across a network that message may get lost as well, and then all
//! that is left is to wait for a while and to guess; the sender below waits for one second. Whoever
//! needs all the bytes in order has to number them, confirm them and send them again, which is what
//! TCP does. Datagrams have a largest size, too (65,507 bytes here, and far less is wise on a network),
//! and the address on them is as easy to forge as the one on a postcard.
//!
//! For files we want all the bytes, in order. So back to TCP, and to what hurt in stage 1, the second
//! client that waits: the next stage is `04_echo_threads`.

use std::env;
use std::ffi::OsString;
use std::io::{self, Write};
use std::net::{Ipv4Addr, UdpSocket};
use std::process::ExitCode;
use std::time::Duration;

/// How long the sender waits for an answer before it takes it for lost.
const PATIENCE: Duration = Duration::from_secs(1);

/// No datagram is larger. What is larger than the buffer of who reads it is cut off, silently.
const LARGEST: usize = 65_535;

/// What the arguments ask for.
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

/// A port, or `send`, a server and a text.
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

/// Takes the port and says so. (A UDP port: a TCP port of the same number is another one.)
fn listen(port: u16) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, port))?;
    println!("Listening on {}", socket.local_addr()?);
    Ok(socket)
}

/// Sends each datagram back to where it came from, until the process is ended.
fn serve(socket: &UdpSocket) -> ! {
    let mut buffer = vec![0; LARGEST];
    loop {
        // Waits for a datagram, from anybody.
        let echoed = socket.recv_from(&mut buffer).and_then(|(count, sender)| {
            println!("{count} bytes from {sender}");
            // No `send_all` here: a datagram is sent as a whole or not at all.
            socket.send_to(&buffer[..count], sender)
        });
        // What went wrong with one datagram says nothing about the next.
        if let Err(error) = echoed {
            eprintln!("A datagram is lost: {error}");
        }
    }
}

/// Sends one datagram and prints the answer.
fn send(server: &str, text: &[u8]) -> io::Result<()> {
    // Port 0: the system chooses one, to which the answer will come.
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    // This connects nothing. It notes the address, so that datagrams of others are kept away.
    socket.connect(server)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.send(text)?;
    let mut buffer = vec![0; LARGEST];
    let count = socket.recv(&mut buffer).map_err(|error| match error.kind() {
        // The time is up. Systems differ in what they call that.
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
            io::Error::other("it took more than a second; the datagram or its answer may be lost")
        }
        _ => error,
    })?;
    buffer.truncate(count);
    buffer.push(b'\n');
    io::stdout().write_all(&buffer)
}
