//! Exercise 2, solved: the sender of stage 3 asks again when nothing comes. Look for "New".
//!
//! An answer may be late rather than lost. Then it comes after the next datagram was sent, and the
//! answer to that one comes, too, and is never read. For an echo both are the same; a protocol whose
//! answers differ needs a number in each question that comes back in its answer.

use std::env;
use std::ffi::OsString;
use std::io::{self, Write};
use std::net::{Ipv4Addr, UdpSocket};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// New: how long the sender waits for an answer before it asks again.
const PATIENCE: Duration = Duration::from_millis(500);

/// New: how often it asks in all.
const TRIES: usize = 5;

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
            "Name a port (0: any free one) to serve, as in: cargo run --example exercise_02 -- 7003; \
             or send: cargo run --example exercise_02 -- send 127.0.0.1:7003 hello"
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

/// New: sends a datagram until there is an answer, and prints that and how long it took.
fn send(server: &str, text: &[u8]) -> io::Result<()> {
    // Port 0: the system chooses one, to which the answer will come.
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    // This connects nothing. It notes the address, so that datagrams of others are kept away.
    socket.connect(server)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    let began = Instant::now();
    let mut buffer = vec![0; LARGEST];
    for _ in 0..TRIES {
        socket.send(text)?;
        match socket.recv(&mut buffer) {
            Ok(count) => {
                buffer.truncate(count);
                buffer.extend_from_slice(format!("\n{} ms\n", began.elapsed().as_millis()).as_bytes());
                return io::stdout().write_all(&buffer);
            }
            // The time is up. Systems differ in what they call that.
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other(format!("asked {TRIES} times in {:.1?}", began.elapsed())))
}
