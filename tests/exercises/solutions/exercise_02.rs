//! Exercise 2, solved: the client of stage 3 asks again until an
//! answer comes.
//! `diff` with the stage shows it, and "New" marks it.

use std::env;
use std::ffi::OsString;
use std::io::{self, Write};
use std::net::{Ipv4Addr, UdpSocket};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// New: how long the client waits for an answer before it sends again.
const TIMEOUT: Duration = Duration::from_millis(500);

/// New: how many times it sends in all.
const TRIES: usize = 5;

/// No UDP datagram is larger. `recv_from` silently discards what does not
/// fit into its buffer.
const MAX_DATAGRAM: usize = 65_535;

/// What the command line asks for.
enum Task {
    Serve { port: u16 },
    Send { server: String, text: OsString },
}

fn main() -> ExitCode {
    let Some(task) = arguments() else {
        eprintln!(
            "Name a port (0: any free one) to serve, as in: \
             cargo run --example exercise_02 -- 7003; \
             or send: \
             cargo run --example exercise_02 -- send 127.0.0.1:7003 hello"
        );
        return ExitCode::from(2);
    };
    match task {
        Task::Serve { port } => match listen(port) {
            Ok(socket) => serve(&socket),
            Err(error) => eprintln!(
                "Cannot listen on port {port}: {error}. \
                 Choose another port."
            ),
        },
        Task::Send { server, text } => {
            match send(&server, text.as_encoded_bytes()) {
                Ok(()) => return ExitCode::SUCCESS,
                Err(error) => {
                    eprintln!("No answer from {server}: {error}");
                }
            }
        }
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

/// Binds a socket to the port and prints its address. (UDP ports and TCP
/// ports are separate, even with the same number.)
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
        let echoed =
            socket.recv_from(&mut buffer).and_then(|(count, sender)| {
                println!("{count} bytes from {sender}");
                // There is no `send_all`: a datagram is sent as a whole
                // or not at all.
                socket.send_to(&buffer[..count], sender)
            });
        // An error with one datagram says nothing about the next.
        if let Err(error) = echoed {
            eprintln!("A datagram is lost: {error}");
        }
    }
}

/// New: sends a datagram until an answer comes, and prints the answer and
/// how long it took.
fn send(server: &str, text: &[u8]) -> io::Result<()> {
    // With port 0 the kernel chooses the port, to which the answer will
    // come.
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    // For UDP this sends nothing. It sets the destination, and the kernel
    // drops datagrams from all other addresses.
    socket.connect(server)?;
    socket.set_read_timeout(Some(TIMEOUT))?;
    let began = Instant::now();
    let mut buffer = vec![0; MAX_DATAGRAM];
    for _ in 0..TRIES {
        socket.send(text)?;
        match socket.recv(&mut buffer) {
            Ok(count) => {
                buffer.truncate(count);
                let time = began.elapsed().as_millis();
                buffer.extend(format!("\n{time} ms\n").into_bytes());
                return io::stdout().write_all(&buffer);
            }
            Err(error) if has_timed_out(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other(format!("asked {TRIES} times")))
}

/// New: whether a read has failed because its timeout has passed. Systems
/// differ in which of the two errors they report.
fn has_timed_out(error: &io::Error) -> bool {
    let kind = error.kind();
    matches!(kind, io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}
