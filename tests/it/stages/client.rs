//! The client of the echo servers.

use super::{A_WHILE, Stage, command, program};
use crate::support::{Finished, PATIENCE, Process, V4, one_line, run, wait_until};
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;

/// Runs the client with this for its input.
fn run_client(server: &Stage, input: &str) -> Finished {
    let mut command = Command::new("sh");
    command.args(["-c", "printf %s \"$0\" | exec \"$@\"", input]);
    run(command.arg(program("02_echo_client")).arg(server.address.to_string()))
}

#[test]
fn the_client_prints_what_comes_back_for_each_line_and_ends_with_its_input() {
    let server = Stage::start("01_echo_server");
    let ended = run_client(&server, "hello\n\ntwo words\n");
    assert_eq!((ended.code, ended.stdout), (Some(0), ["hello", "", "two words"].map(String::from).to_vec()));
}

#[test]
fn the_client_and_the_server_call_the_client_by_the_same_address() {
    let server = Stage::start("01_echo_server");
    let ended = run_client(&server, "");
    let start = format!("Connected to {} from ", server.address);
    let line = one_line(&ended.stderr, &[&start], &"client");
    let own = line.strip_prefix(&start).expect("it starts so");
    server.prints(&format!("{own} connected"));
    server.prints(&format!("{own} disconnected"));
}

#[test]
fn the_client_puts_a_line_together_that_comes_in_pieces() {
    let listener = TcpListener::bind((V4, 0)).expect("a free port");
    let mut client = start_client(&listener);
    let mut server = accept(&listener);
    client.type_in(b"hello\nnext\n");
    assert_eq!(read_line(&server), "hello\n");
    server.write_all(b"he").expect("it reads");
    // It goes on waiting for the rest and does not send its next line.
    server.set_read_timeout(Some(A_WHILE)).expect("a socket");
    // A machine that was stopped for a moment interrupts the wait.
    let heard = wait_until("an end of the wait", || {
        let heard = server.read(&mut [0; 8]).map_err(|error| error.kind());
        (heard != Err(ErrorKind::Interrupted)).then_some(heard)
    });
    assert_eq!(heard, Err(ErrorKind::WouldBlock));
    server.write_all(b"llo\n").expect("it reads");
    client.stdout.line("the line", |line| line == "hello");
}

#[test]
fn the_client_ends_the_last_line_where_its_input_does_not() {
    let server = Stage::start("01_echo_server");
    assert_eq!(run_client(&server, "no end").stdout, ["no end"]);
}

#[test]
fn the_client_says_when_the_server_closes() {
    let listener = TcpListener::bind((V4, 0)).expect("a free port");
    let mut client = start_client(&listener);
    let server = accept(&listener);
    client.type_in(b"hello\n");
    assert_eq!(read_line(&server), "hello\n");
    drop(server);
    let Finished { code, stdout, stderr } = client.finish();
    assert_eq!((code, stdout.as_slice()), (Some(1), &[][..]));
    assert!(stderr.last().is_some_and(|line| line.contains("the server has closed")), "{stderr:?}");
}

#[test]
fn the_client_says_when_nobody_is_there() {
    // The port is kept, so that nobody else can listen on it; and it is not listened on.
    let holder = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("a socket");
    holder.bind(&SocketAddr::new(V4, 0).into()).expect("a free port");
    let address = holder.local_addr().expect("bound").as_socket().expect("an address").to_string();
    let Finished { code, stderr, .. } = run(command("02_echo_client").arg(&address));
    assert_eq!(code, Some(1));
    one_line(&stderr, &["Cannot connect", &address, "Is a server running there?"], &"nobody");
}

fn start_client(listener: &TcpListener) -> Process {
    let address = listener.local_addr().expect("bound").to_string();
    Process::start(command("02_echo_client").arg(address))
}

fn accept(listener: &TcpListener) -> TcpStream {
    let (server, _) = listener.accept().expect("it connects");
    server.set_read_timeout(Some(PATIENCE)).expect("a socket");
    server
}

fn read_line(stream: &TcpStream) -> String {
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).expect("a line comes");
    line
}
