//! Stage 2: an echo client. It sends the lines that you type and prints what comes back.
//!
//! # What is new
//!
//! The other side of a connection. A client does not bind, listen or accept; it *connects* to an address
//! and a port that it must know beforehand. The kernel chooses the client's own port. Once connected, both
//! sides are alike: each holds one end of a stream of bytes, and reads and writes.
//!
//! # Try it
//!
//! In one terminal, the server of stage 1:
//!
//! ```text
//! cargo run --example 01_echo_server -- 7001
//! ```
//!
//! In another one, this client. Type a line; Ctrl-D on an empty line ends the input.
//!
//! ```text
//! cargo run --example 02_echo_client -- 127.0.0.1:7001
//! Connected to 127.0.0.1:7001 from 127.0.0.1:40522
//! hello            (you typed this)
//! hello            (the server sent this)
//! ```
//!
//! Compare the address after "from" with the one that the server prints: the addresses and ports of both
//! ends together identify a connection. That is why one server port can have many clients.
//!
//! Ctrl-C stops the client. It holds nothing but a socket, and the kernel closes that.
//!
//! # What still hurts
//!
//! How does the client know that the answer is complete? TCP does not say: it carries bytes, not
//! messages, and it may deliver `hel` now and `lo` later. So `read_until` below reads until it has seen
//! the end of a line. That works because client and server agree that a message is a line; if the server
//! dropped the line feed, the client would wait for ever.
//!
//! Another protocol keeps messages apart by itself. The next stage, `03_udp_echo`, shows it, and what it
//! costs.

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
    match exchange_lines(stream) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("The connection is lost: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The server's address and port from the command line. `None` if there is no port, or more than one
/// argument.
fn arguments() -> Option<String> {
    let mut arguments = env::args_os().skip(1);
    let server = arguments.next()?.into_string().ok()?;
    let (_, port) = server.rsplit_once(':')?;
    port.parse::<u16>().ok()?;
    arguments.next().is_none().then_some(server)
}

/// Connects and prints both addresses. (To standard error: standard output is for what the server
/// sends.)
fn connect(server: &str) -> io::Result<TcpStream> {
    // If `server` is a name, this call resolves it first and tries each of its addresses.
    let stream = TcpStream::connect(server)?;
    eprintln!("Connected to {} from {}", stream.peer_addr()?, stream.local_addr()?);
    Ok(stream)
}

/// Sends each line of standard input, and prints the line that the server returns for it.
fn exchange_lines(stream: TcpStream) -> io::Result<()> {
    // One read may bring more than one line, or less. `BufReader` keeps the bytes behind the line for
    // the next one.
    let mut from_server = BufReader::new(stream);
    let mut typed = io::stdin().lock();
    let mut line = Vec::new();
    while typed.read_until(b'\n', &mut line)? > 0 {
        // The last line of a file may lack its line feed, and we would wait in vain for the server to
        // return one.
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
