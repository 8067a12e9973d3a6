//! Echo over UDP.

use super::{Stage, command, is_stopped, telling_its_id};
use crate::support::{Finished, PATIENCE, V4, as_text, one_line, run, wait_until};
use rustix::process::Signal;
use std::net::UdpSocket;
use std::time::Duration;

/// A socket that sends to the stage.
fn datagrams_to(running: &Stage) -> UdpSocket {
    let socket = UdpSocket::bind((V4, 0)).expect("a free port");
    socket.connect(running.address).expect("an address");
    socket.set_read_timeout(Some(PATIENCE)).expect("a socket");
    socket
}

fn receive(socket: &UdpSocket) -> Vec<u8> {
    let mut buffer = vec![0; 65_536];
    let count = socket.recv(&mut buffer).expect("an answer");
    buffer.truncate(count);
    buffer
}

#[test]
fn datagrams_come_back_one_by_one_with_their_boundaries() {
    let running = Stage::start("03_udp_echo");
    let socket = datagrams_to(&running);
    let all: Vec<u8> = (0..=u8::MAX).collect();
    let sent: [&[u8]; 4] = [b"one", b"", b"and two", &all];
    for datagram in sent {
        assert_eq!(socket.send(datagram).expect("it is sent"), datagram.len());
    }
    for datagram in sent {
        assert_eq!(receive(&socket), datagram);
    }
}

#[test]
fn the_largest_datagram_comes_back_whole() {
    let running = Stage::start("03_udp_echo");
    let socket = datagrams_to(&running);
    let largest = vec![b'x'; 65_507];
    socket.send(&largest).expect("it is sent");
    assert!(receive(&socket) == largest);
    assert!(socket.send(&[largest, vec![b'x']].concat()).is_err(), "one more byte, and it cannot be sent");
}

#[test]
fn one_socket_answers_everybody_who_sends() {
    let running = Stage::start("03_udp_echo");
    let sockets: Vec<_> = (0..10).map(|_| datagrams_to(&running)).collect();
    for (number, socket) in sockets.iter().enumerate() {
        socket.send(number.to_string().as_bytes()).expect("it is sent");
    }
    for (number, socket) in sockets.iter().enumerate() {
        assert_eq!(as_text(&receive(socket)), number.to_string());
        running.prints(&format!("1 bytes from {}", socket.local_addr().expect("bound")));
    }
}

#[test]
fn datagrams_that_find_no_room_are_lost_and_their_sender_is_not_told() {
    let running = Stage::start_command(&mut telling_its_id("03_udp_echo"));
    let socket = datagrams_to(&running);
    running.process.signal(Signal::STOP);
    wait_until("it to stop", || is_stopped(&running).then_some(()));
    let count = 2000;
    for _ in 0..count {
        // No error, each time.
        assert_eq!(socket.send(&[b'x'; 1000]).expect("it is sent"), 1000);
    }
    running.process.signal(Signal::CONT);
    // The end, sent until it arrives: then whatever did arrive before it has been dealt with.
    let mark = UdpSocket::bind((V4, 0)).expect("a free port");
    mark.connect(running.address).expect("an address");
    mark.set_read_timeout(Some(Duration::from_millis(20))).expect("a socket");
    wait_until("the mark", || {
        mark.send(b"end").expect("it is sent");
        mark.recv(&mut [0; 8]).ok()
    });
    // It prints in order: when this line is here, so are those before it.
    running.prints(&format!("3 bytes from {}", mark.local_addr().expect("bound")));
    let arrived = running.process.stdout.so_far().iter().filter(|line| line.contains("1000 bytes")).count();
    assert!(0 < arrived && arrived < count, "{arrived} of {count}");
}

#[test]
fn the_sender_prints_the_answer() {
    let running = Stage::start("03_udp_echo");
    let address = running.address.to_string();
    let ended = run(command("03_udp_echo").args(["send", &address, "hello there"]));
    assert_eq!((ended.code, ended.stdout, ended.stderr), (Some(0), vec!["hello there".into()], vec![]));
}

#[test]
fn the_sender_gives_up_when_no_answer_comes() {
    // It takes the datagram and says nothing.
    let silent = UdpSocket::bind((V4, 0)).expect("a free port");
    let address = silent.local_addr().expect("bound").to_string();
    let Finished { code, stderr, .. } = run(command("03_udp_echo").args(["send", &address, "hello"]));
    assert_eq!(code, Some(1));
    one_line(&stderr, &["No answer", &address, "lost"], &"silent");
    assert_eq!(receive(&silent), b"hello");
}
