//! Exercise 4, solved: the pool of stage 5 parts with clients that are silent. Look for "New".

use std::env;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// How many threads there are if nobody says.
const THREADS: usize = 4;

/// More than that is likely a slip of the finger.
const MOST_THREADS: usize = 1000;

/// How many clients may stand in the queue.
const QUEUE: usize = 64;

/// New: how long a client may be silent.
const SILENCE: Duration = Duration::from_secs(2);

/// Somebody who has connected.
type Client = (TcpStream, SocketAddr);

fn main() -> ExitCode {
    let Some((port, threads)) = arguments() else {
        eprintln!(
            "Name a port, 0 for any free one, and maybe a number of threads from 1 to {MOST_THREADS}: \
             cargo run --example exercise_04 -- 7005 4"
        );
        return ExitCode::from(2);
    };
    let queue = match start_pool(threads) {
        Ok(queue) => queue,
        Err(error) => {
            eprintln!("Cannot start {threads} threads: {error}. Choose fewer.");
            return ExitCode::FAILURE;
        }
    };
    match listen(port) {
        Ok(listener) => serve(&listener, &queue),
        Err(error) => {
            eprintln!("Cannot listen on port {port}: {error}. Choose another port.");
            ExitCode::FAILURE
        }
    }
}

/// The port and the number of threads. `None` if one is wrong, or if there is more than that.
fn arguments() -> Option<(u16, usize)> {
    let mut arguments = env::args_os().skip(1);
    let port = arguments.next()?.to_str()?.parse().ok()?;
    let threads = match arguments.next() {
        Some(threads) => threads.to_str()?.parse().ok()?,
        None => THREADS,
    };
    let are_right = (1..=MOST_THREADS).contains(&threads) && arguments.next().is_none();
    are_right.then_some((port, threads))
}

/// Takes the port and says so.
fn listen(port: u16) -> io::Result<TcpListener> {
    // 127.0.0.1 is this machine as seen by itself: nobody else on the network can connect.
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    // Asked of the socket, because for port 0 the system has chosen one.
    println!("Listening on {}", listener.local_addr()?);
    Ok(listener)
}

/// Starts the threads, and gives the end of the queue at which clients line up.
fn start_pool(threads: usize) -> io::Result<SyncSender<Client>> {
    let (queue, front) = mpsc::sync_channel(QUEUE);
    // The queue has one front. The threads share it, and the lock lets one at a time stand there.
    let front = Arc::new(Mutex::new(front));
    for number in 1..=threads {
        let front = Arc::clone(&front);
        thread::Builder::new().spawn(move || work(number, &front))?;
    }
    Ok(queue)
}

/// Puts all who connect into the queue, until the process is ended.
fn serve(listener: &TcpListener, queue: &SyncSender<Client>) -> ! {
    loop {
        // Waits until somebody connects.
        match listener.accept() {
            // Waits while the queue is full.
            Ok(client) => queue.send(client).expect("the threads never end"),
            Err(error) => {
                eprintln!("Cannot accept: {error}");
                // Too many open files, perhaps. Give somebody time to leave.
                thread::sleep(Duration::from_millis(100));
            }
        }
    }
}

/// A thread's life: one client after the other.
fn work(number: usize, front: &Mutex<Receiver<Client>>) {
    while let Some((mut client, address)) = next(front) {
        attend(number, &mut client, address);
    }
}

/// Waits for the next client; `None` if there will never be one. This is a function of its own so
/// that the lock is given back at its end: if `work` held it while it serves, no other thread could
/// get at the queue.
fn next(front: &Mutex<Receiver<Client>>) -> Option<Client> {
    let front = front.lock().expect("no thread panics while it waits");
    front.recv().ok()
}

/// Looks after one client, from its coming to its going.
fn attend(number: usize, client: &mut TcpStream, address: SocketAddr) {
    println!("Thread {number}: {address} is here");
    match echo(client) {
        Ok(()) => println!("Thread {number}: {address} has left"),
        // It may be switched off, or killed, or unplugged at any time. That is its own affair: it
        // must never end the server, nor this thread.
        Err(error) => println!("Thread {number}: {address} is gone: {error}"),
    }
}

/// Sends back what the client sends, until it closes its end.
fn echo(client: &mut TcpStream) -> io::Result<()> {
    let mut buffer = [0; 4096];
    // New. From now on each read that waits longer fails. The time begins anew with each, so whoever
    // goes on speaking may stay: that is right for an echo, and exercise 9 shows for what it is not.
    client.set_read_timeout(Some(SILENCE))?;
    // New. A client that does not read what we send makes `write_all` wait in the same way.
    client.set_write_timeout(Some(SILENCE))?;
    loop {
        // Waits for bytes and gives as many as there are: one, or half a line, or three lines. What
        // was one write over there need not be one read here.
        let count = client.read(&mut buffer)?;
        // A read of nothing is how the end of a stream looks.
        if count == 0 {
            return Ok(());
        }
        // `write` alone may take only a part of it. `write_all` goes on until all is taken.
        client.write_all(&buffer[..count])?;
    }
}
