//! Stage 2: an echo client. It sends the lines that you type, and prints
//! what comes back. Chapter 2 of the course builds it up.
//!
//! ```text
//! rustc --edition 2024 examples/02_echo_client.rs
//! ./02_echo_client 127.0.0.1:7001
//! ```
//!
//! Ctrl-D on an empty line ends it, Ctrl-C ends it at once.

use std::env;
use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(server) = arguments() else {
        eprintln!(
            "Name a server as ADDRESS:PORT: \
             cargo run --example 02_echo_client -- 127.0.0.1:7001"
        );
        return ExitCode::from(2);
    };
    let stream = match connect(&server) {
        Ok(stream) => stream,
        Err(error) => {
            eprintln!(
                "Cannot connect to {server}: {error}. \
                 Is a server running there?"
            );
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

/// The server's address and port from the command line. `None` if there
/// is no port, or more than one argument.
fn arguments() -> Option<String> {
    let mut arguments = env::args_os().skip(1);
    let server = arguments.next()?.into_string().ok()?;
    let (_, port) = server.rsplit_once(':')?;
    port.parse::<u16>().ok()?;
    arguments.next().is_none().then_some(server)
}

/// Connects and prints both addresses. (To standard error: standard
/// output is for what the server sends.)
fn connect(server: &str) -> io::Result<TcpStream> {
    // If `server` is a name, this call looks it up first and tries each
    // of its addresses.
    let stream = TcpStream::connect(server)?;
    eprintln!(
        "Connected to {} from {}",
        stream.peer_addr()?,
        stream.local_addr()?
    );
    Ok(stream)
}

/// Sends each line of standard input, and prints the line that the server
/// returns for it.
fn exchange_lines(stream: TcpStream) -> io::Result<()> {
    // One read may bring more than one line, or less. `BufReader` keeps
    // the bytes behind the line for the next one.
    let mut from_server = BufReader::new(stream);
    let mut typed = io::stdin().lock();
    let mut line = Vec::new();
    while typed.read_until(b'\n', &mut line)? > 0 {
        // The last line of a file may lack its line feed, and we would
        // wait in vain for the server to return one.
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
