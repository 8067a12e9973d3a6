//! The floor under every HTTP server on a machine: it parses nothing, opens nothing and answers
//! each read that ends a head with one fixed response of the right size.
//!
//! `limit PORT BODY_BYTES [WORKERS]`: each worker is an event loop and listens for itself. What a
//! real server needs above this figure is what its own work costs.
#![forbid(unsafe_code)]

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use std::collections::HashMap;
use std::io::{ErrorKind, Read, Write};
use std::sync::Arc;

const LISTENER: Token = Token(usize::MAX);

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let port: u16 = arguments[1].parse().expect("a port");
    let body: usize = arguments[2].parse().expect("a number of bytes");
    let workers: usize = arguments.get(3).map_or(2, |count| count.parse().expect("a number of workers"));
    let listener = std::net::TcpListener::bind(("127.0.0.1", port)).expect("the port is free");
    listener.set_nonblocking(true).expect("it can be set");
    let mut response = format!(
        "HTTP/1.1 200 OK\r\nServer: limit\r\nDate: Sun, 22 Nov 2026 06:47:00 GMT\r\n\
         Content-Type: text/html; charset=utf-8\r\nContent-Length: {body}\r\n\
         Last-Modified: Sun, 22 Nov 2026 06:47:00 GMT\r\nETag: \"65f0c1a2-400-18a9\"\r\n\
         Accept-Ranges: bytes\r\n\r\n"
    )
    .into_bytes();
    response.resize(response.len() + body, b'x');
    let response = Arc::new(response);
    let threads: Vec<_> = (0..workers)
        .map(|_| {
            let listener = TcpListener::from_std(listener.try_clone().expect("a descriptor"));
            let response = Arc::clone(&response);
            std::thread::spawn(move || serve(listener, &response))
        })
        .collect();
    for thread in threads {
        thread.join().expect("a worker");
    }
}

fn serve(mut listener: TcpListener, response: &[u8]) {
    let mut poll = Poll::new().expect("an event loop");
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE).expect("registered");
    let mut streams: HashMap<Token, TcpStream> = HashMap::new();
    let mut events = Events::with_capacity(256);
    let mut buffer = [0; 8192];
    let mut next = 0;
    loop {
        if poll.poll(&mut events, None).is_err() {
            continue;
        }
        for event in &events {
            if event.token() == LISTENER {
                while let Ok((mut stream, _)) = listener.accept() {
                    let _ = stream.set_nodelay(true);
                    let token = Token(next);
                    next += 1;
                    poll.registry().register(&mut stream, token, Interest::READABLE).expect("registered");
                    streams.insert(token, stream);
                }
                continue;
            }
            let Some(stream) = streams.get_mut(&event.token()) else { continue };
            let open = match stream.read(&mut buffer) {
                Ok(0) => false,
                Ok(count) if buffer[..count].ends_with(b"\r\n\r\n") => {
                    let head = &buffer[..count];
                    let close = head.windows(17).any(|part| part.eq_ignore_ascii_case(b"connection: close"));
                    stream.write_all(response).is_ok() && !close
                }
                Ok(_) => true,
                Err(error) => error.kind() == ErrorKind::WouldBlock,
            };
            if !open {
                streams.remove(&event.token());
            }
        }
    }
}
