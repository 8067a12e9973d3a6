//! A real pool of one worker, with sockets that misbehave.

use super::*;
use crate::answer::{Arrival, Response};
use crate::http::{FieldLines, Request};
use crate::server::pool::{Caller, Pool, Stopper};
use crate::server::transport::Socket;
use mio::event::Source;
use std::fs::File;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};

/// A socket whose first read panics, as a library could that parses what clients send.
#[derive(Debug)]
struct Panicking(mio::net::TcpStream);

impl Transport for Panicking {
    fn read(&mut self, _into: &mut [u8]) -> io::Result<usize> {
        panic!("this is the panic that the test provokes")
    }

    fn write(&mut self, _bytes: &[u8], _more: bool) -> io::Result<usize> {
        Err(io::ErrorKind::WouldBlock.into())
    }

    fn write_file(&mut self, _file: &File, _offset: u64, _count: usize) -> io::Result<usize> {
        Err(io::ErrorKind::WouldBlock.into())
    }

    fn finish_writing(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Socket for Panicking {
    fn watched(&mut self) -> &mut dyn Source {
        &mut self.0
    }
}

fn respond(_: &Request<'_>, _: &Arrival<'_>) -> Response {
    Response { status: Status::NO_CONTENT, headers: FieldLines::default(), body: Body::Empty }
}

#[test]
fn a_panic_in_the_first_read_costs_its_connection_and_no_other() {
    let pool = Pool::new(&[], Options::default()).expect("a pool");
    let shared = pool.shared();
    let (stopper, caller) = (Stopper(Arc::clone(&shared)), Caller(Arc::clone(&shared)));
    let worker = std::thread::spawn(move || pool.run(&respond, &Vec::new));
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound");
    let accepted = || {
        let stream = TcpStream::connect(address).expect("it listens");
        stream.set_nonblocking(true).expect("set");
        let socket = ClientSocket::Other(Box::new(Panicking(mio::net::TcpStream::from_std(stream))));
        Accepted { socket, client: std::net::IpAddr::V4(Ipv4Addr::LOCALHOST).into(), by_port: true }
    };
    // One comes alone, and then two at the same time, which are both read before the first is answered.
    for count in [1, 2, 1] {
        (0..count).for_each(|_| shared.mailbox(0).hand_over(accepted()));
        let mut other = caller.connect().expect("the worker lives");
        other.set_read_timeout(Some(Duration::from_secs(20))).expect("set");
        other.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").expect("sent");
        let mut answer = String::new();
        other.read_to_string(&mut answer).expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 204 "), "{answer}");
    }
    stopper.stop();
    worker.join().expect("no panic ends the worker").expect("it ran until it was stopped");
    assert_eq!(shared.open_connections(), 0, "each is counted off");
}
