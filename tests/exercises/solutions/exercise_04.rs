//! Exercise 4, solved: in the pool of stage 5, whoever is silent for
//! two seconds must leave.
//! `diff` with the stage shows it, and "New" marks it.

use std::env;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// The number of threads if the command line does not say.
const THREADS: usize = 4;

/// A larger number is probably a typing error.
const MAX_THREADS: usize = 1000;

/// How many accepted clients may wait in the queue.
const QUEUE_LENGTH: usize = 64;

/// New: how long a read or a write may block.
const TIMEOUT: Duration = Duration::from_secs(2);

/// An accepted connection, and the address of the client.
type Client = (TcpStream, SocketAddr);

fn main() -> ExitCode {
    let Some((port, threads)) = arguments() else {
        eprintln!(
            "Name a port, 0 for any free one, and maybe a number of \
             threads from 1 to {MAX_THREADS}: \
             cargo run --example exercise_04 -- 7005 4"
        );
        return ExitCode::from(2);
    };
    let queue = match start_pool(threads) {
        Ok(queue) => queue,
        Err(error) => {
            eprintln!(
                "Cannot start {threads} threads: {error}. Choose fewer."
            );
            return ExitCode::FAILURE;
        }
    };
    match listen(port) {
        Ok(listener) => serve(&listener, &queue),
        Err(error) => {
            eprintln!(
                "Cannot listen on port {port}: {error}. \
                 Choose another port."
            );
            ExitCode::FAILURE
        }
    }
}

/// The port and the number of threads from the command line. `None` if
/// one is wrong, or if there are more arguments.
fn arguments() -> Option<(u16, usize)> {
    let mut arguments = env::args_os().skip(1);
    let port = arguments.next()?.to_str()?.parse().ok()?;
    let threads = match arguments.next() {
        Some(threads) => threads.to_str()?.parse().ok()?,
        None => THREADS,
    };
    let are_right = (1..=MAX_THREADS).contains(&threads)
        && arguments.next().is_none();
    are_right.then_some((port, threads))
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

/// Starts the threads and returns the sending end of the queue.
fn start_pool(threads: usize) -> io::Result<SyncSender<Client>> {
    let (queue, receiver) = mpsc::sync_channel(QUEUE_LENGTH);
    // The queue has one receiving end. The threads share it, and the lock
    // lets one of them use it at a time.
    let receiver = Arc::new(Mutex::new(receiver));
    for number in 1..=threads {
        let receiver = Arc::clone(&receiver);
        thread::Builder::new().spawn(move || work(number, &receiver))?;
    }
    Ok(queue)
}

/// Accepts clients and puts them into the queue, until the process is
/// ended.
fn serve(listener: &TcpListener, queue: &SyncSender<Client>) -> ! {
    loop {
        // Blocks until a client connects.
        match listener.accept() {
            // Blocks while the queue is full.
            Ok(client) => {
                queue.send(client).expect("the threads never end");
            }
            Err(error) => {
                eprintln!("Cannot accept: {error}");
                // Perhaps there are too many open files. We wait for some
                // client to disconnect.
                thread::sleep(Duration::from_millis(100));
            }
        }
    }
}

/// What each thread of the pool does: it serves one client after the
/// other.
fn work(number: usize, receiver: &Mutex<Receiver<Client>>) {
    while let Some((mut client, address)) = next_client(receiver) {
        handle(number, &mut client, address);
    }
}

/// Waits for the next client. `None` if there can be no more. This is a
/// function of its own so that the lock is released at its end: if `work`
/// held it while it serves a client, no other thread could receive the
/// next one.
fn next_client(receiver: &Mutex<Receiver<Client>>) -> Option<Client> {
    let receiver =
        receiver.lock().expect("no thread panics while it waits");
    receiver.recv().ok()
}

/// Serves one client, and prints when it connects and disconnects.
fn handle(number: usize, client: &mut TcpStream, address: SocketAddr) {
    println!("Thread {number}: {address} connected");
    match echo(client) {
        Ok(()) => println!("Thread {number}: {address} disconnected"),
        // A client may crash or lose its network at any time. That ends
        // its connection and must never end the server, nor this thread.
        Err(error) => {
            println!("Thread {number}: {address} disconnected: {error}");
        }
    }
}

/// Sends back what the client sends, until the client closes its side of
/// the connection.
fn echo(client: &mut TcpStream) -> io::Result<()> {
    let mut buffer = [0; 4096];
    // New. From now on, each read that blocks for longer fails. The time
    // begins anew with each read, so a client that keeps sending may
    // stay. That is right for an echo; exercise 9 shows where it is not.
    client.set_read_timeout(Some(TIMEOUT))?;
    // New. A client that does not read what we send makes `write_all`
    // block in the same way.
    client.set_write_timeout(Some(TIMEOUT))?;
    loop {
        // Blocks until bytes arrive and returns those that have: one, or
        // half a line, or three lines. What the client sent with one
        // write need not arrive in one read.
        let count = client.read(&mut buffer)?;
        // A read of 0 bytes is the end of the stream.
        if count == 0 {
            return Ok(());
        }
        // `write` may take only a part of the bytes. `write_all` repeats
        // it until all are taken.
        client.write_all(&buffer[..count])?;
    }
}
