//! Stage 2: an echo client. It sends the lines that you type and prints what comes back.
//!
//! # What is new
//!
//! The other side. A client does not bind, listen or accept; it *connects* to an address and a port
//! that it has to know beforehand. Its own port is chosen by the system. From there on both sides
//! are alike: each holds one end of a stream of bytes, and reads and writes.
//!
//! # Try it
//!
//! In one terminal, the server of stage 1:
//!
//! ```text
//! cargo run --example 01_echo_server -- 7001
//! ```
//!
//! In another one, this client. Type a line; Ctrl-D on an empty line says that there are no more.
//!
//! ```text
//! cargo run --example 02_echo_client -- 127.0.0.1:7001
//! Connected to 127.0.0.1:7001 from 127.0.0.1:40522
//! hello            (you typed this)
//! hello            (the server sent this)
//! ```
//!
//! Compare the address after "from" with the one that the server prints: a connection is known by
//! both its ends. That is why one server port can have many clients.
//!
//! Ctrl-C stops it, too. We hold nothing but a socket, and the kernel closes that.
//!
//! # What still hurts
//!
//! How does the client know that the answer is complete? TCP does not say: it carries bytes, not
//! messages, and it may deliver `hel` now and `lo` later. So `read_until` below reads and reads until
//! it has seen the end of a line. It works because both sides have agreed that lines matter; if the
//! server swallowed the line's end, we would wait for ever.
//!
//! There is another way to send, which keeps messages apart by itself. The next stage, `03_udp_echo`,
//! shows it, and what it costs.

use std::env;
use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(server) = arguments() else {
        eprintln!("Name a server as ADDRESS:PORT: cargo run --example 02_echo_client -- 127.0.0.1:7001");
        return ExitCode::from(2);
    };
    let stream = match connect(&server) {
        Ok(stream) => stream,
        Err(error) => {
            eprintln!("Cannot connect to {server}: {error}. Is a server running there?");
            return ExitCode::FAILURE;
        }
    };
    match talk(stream) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("The connection is lost: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The server's address and port. `None` if there is no port, or more than one argument.
fn arguments() -> Option<String> {
    let mut arguments = env::args_os().skip(1);
    let server = arguments.next()?.into_string().ok()?;
    let (_, port) = server.rsplit_once(':')?;
    port.parse::<u16>().ok()?;
    arguments.next().is_none().then_some(server)
}

/// Connects and says so. (On standard error: standard output is for what the server sends.)
fn connect(server: &str) -> io::Result<TcpStream> {
    // If `server` is a name, it is looked up first, and each of its addresses is tried.
    let stream = TcpStream::connect(server)?;
    eprintln!("Connected to {} from {}", stream.peer_addr()?, stream.local_addr()?);
    Ok(stream)
}

/// Sends each line that is typed, and prints the line that comes back for it.
fn talk(stream: TcpStream) -> io::Result<()> {
    // One read may bring more than one line, or less. `BufReader` keeps what is left over.
    let mut from_server = BufReader::new(stream);
    let mut typed = io::stdin().lock();
    let mut line = Vec::new();
    while typed.read_until(b'\n', &mut line)? > 0 {
        // The last line of a file may lack its end, and we would wait for it in vain.
        if !line.ends_with(b"\n") {
            line.push(b'\n');
        }
        from_server.get_mut().write_all(&line)?;
        line.clear();
        if from_server.read_until(b'\n', &mut line)? == 0 {
            return Err(io::Error::other("the server has closed it"));
        }
        io::stdout().write_all(&line)?;
        line.clear();
    }
    Ok(())
}
