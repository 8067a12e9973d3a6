//! The echo servers over TCP.

use super::{
    A_WHILE, ECHOES, Stage, assert_echoes, assert_hears_nothing, id, is_stopped, program, telling_its_id,
};
use crate::support::{Client, Random, as_text, raise_open_files, wait_until};
use rustix::process::Signal;
use std::io::{ErrorKind, Write};
use std::process::Command;

#[test]
fn bytes_of_all_values_come_back_as_they_were() {
    let all: Vec<u8> = (0..=u8::MAX).collect();
    for stage in ECHOES {
        let running = Stage::start(stage);
        let mut client = running.connect();
        client.send(&all);
        assert_eq!(client.bytes(all.len()), all, "{stage}");
    }
}

#[test]
fn a_megabyte_comes_back_as_it_was() {
    let mut random = Random::from_environment();
    let megabyte: Vec<u8> = (0..1024 * 1024 / 8).flat_map(|_| random.next().to_ne_bytes()).collect();
    for stage in ECHOES {
        let running = Stage::start(stage);
        let mut client = running.connect();
        let mut sender = client.sender();
        // Sent and read at the same time. Otherwise each side might wait until the other reads.
        let come_back = std::thread::scope(|scope| {
            scope.spawn(|| {
                sender.write_all(&megabyte).expect("it is taken");
                sender.shutdown(std::net::Shutdown::Write).expect("a socket");
            });
            client.rest().expect("it comes back")
        });
        // Compared first: nobody wants to see both in a message.
        assert!(come_back == megabyte, "{stage}: {} bytes, not the same", come_back.len());
    }
}

#[test]
fn an_echo_server_says_who_comes_and_who_goes() {
    for stage in ECHOES {
        let running = Stage::start(stage);
        let client = running.served();
        let address = client.sender().local_addr().expect("a socket");
        running.prints(&format!("{address} connected"));
        drop(client);
        running.prints(&format!("{address} disconnected"));
    }
}

#[test]
fn what_is_on_its_way_comes_back_after_the_client_has_said_that_it_is_done() {
    for stage in ECHOES {
        let running = Stage::start(stage);
        let mut client = running.connect();
        client.send("the last words");
        client.finish_sending();
        assert_eq!(as_text(&client.rest().expect("an end")), "the last words", "{stage}");
    }
}

#[test]
fn stage_1_lets_the_second_client_wait_until_the_first_has_left() {
    let running = Stage::start("01_echo_server");
    let first = running.served();
    let mut second = running.connect();
    second.send("hello");
    assert_hears_nothing(&mut second);
    drop(first);
    assert_eq!(as_text(&second.bytes(5)), "hello");
}

#[test]
fn stage_4_answers_both() {
    let running = Stage::start("04_echo_threads");
    let mut first = running.served();
    let mut second = running.served();
    assert_echoes(&mut first, b"one");
    assert_echoes(&mut second, b"two");
}

#[test]
fn stage_4_has_a_thread_for_each_client() {
    let running = Stage::start_command(&mut telling_its_id("04_echo_threads"));
    let clients: Vec<_> = (0..20).map(|_| running.served()).collect();
    assert_eq!(threads(&running), 1 + clients.len());
}

#[test]
fn stage_5_has_the_threads_it_was_told_to_and_no_more() {
    for (arguments, count) in [(&["3"][..], 3), (&[], 4)] {
        let running = Stage::start_command(telling_its_id("05_echo_pool").args(arguments));
        // Served, so that all are started; more than there are threads, so that it would show.
        let _served: Vec<_> = (0..count).map(|_| running.served()).collect();
        let _waiting: Vec<_> = (0..20).map(|_| running.connect()).collect();
        assert_eq!(threads(&running), 1 + count);
    }
}

#[test]
fn stage_5_is_stuck_when_silent_clients_fill_its_pool_and_freed_when_one_leaves() {
    let running = Stage::start_with("05_echo_pool", ["2"]);
    let mut first = running.served();
    let second = running.served();
    let mut third = running.connect();
    third.send("hello");
    assert_hears_nothing(&mut third);
    // Those who have a thread still have all of it.
    assert_echoes(&mut first, b"first");
    drop(second);
    assert_eq!(as_text(&third.bytes(5)), "hello");
}

#[test]
fn stage_5_serves_more_clients_than_its_queue_holds_one_after_the_other() {
    let running = Stage::start_with("05_echo_pool", ["1"]);
    let first = running.served();
    let mut others: Vec<_> = (0..100).map(|_| running.connect()).collect();
    for (number, client) in others.iter_mut().enumerate() {
        client.send(number.to_string());
    }
    drop(first);
    for (number, mut client) in others.into_iter().enumerate() {
        let number = number.to_string();
        assert_eq!(as_text(&client.bytes(number.len())), number);
    }
}

#[test]
fn a_loop_answers_a_newcomer_among_hundreds_of_silent_clients_and_needs_no_thread_for_them() {
    raise_open_files(1000);
    for (stage, arguments, count) in [("06_echo_event_loop", &[][..], 1), ("11_echo_loops", &["2"], 1 + 2)] {
        let running = Stage::start_command(telling_its_id(stage).args(arguments));
        let mut silent: Vec<_> = (0..400).map(|_| running.connect()).collect();
        for _ in 0..2 {
            assert_echoes(&mut running.connect(), b"hello");
        }
        assert_eq!(threads(&running), count, "{stage}");
        // And they are clients like any other.
        assert_echoes(&mut silent[200], b"now I speak");
        assert_echoes(&mut silent[201], b"and I");
    }
}

#[test]
fn a_loop_keeps_what_a_client_does_not_read_and_serves_the_others_meanwhile() {
    for (stage, arguments) in [("06_echo_event_loop", &[][..]), ("11_echo_loops", &["1"])] {
        let running = Stage::start_command(super::command(stage).arg("0").args(arguments));
        let mut greedy = Client::connect_with_little_room(running.address).expect("the stage listens");
        let sent = send_until_it_stalls(&greedy);
        assert_echoes(&mut running.connect(), b"hello");
        // It has sent more than it has got back. All the rest is there, and nothing twice.
        greedy.finish_sending();
        let come_back = greedy.rest().expect("it comes back");
        assert!(come_back == sent, "{stage}: {} of {} bytes, not the same", come_back.len(), sent.len());
    }
}

/// Sends numbers until the server takes no more: what was taken.
fn send_until_it_stalls(client: &Client) -> Vec<u8> {
    let mut sender = client.sender();
    sender.set_write_timeout(Some(A_WHILE)).expect("a socket");
    let mut sent = Vec::new();
    for number in 0_u64.. {
        let piece: Vec<u8> = (0..512).flat_map(|at| (number * 512 + at).to_be_bytes()).collect();
        let mut rest = piece.as_slice();
        while !rest.is_empty() {
            match sender.write(rest) {
                Ok(count) => {
                    sent.extend_from_slice(&rest[..count]);
                    rest = &rest[count..];
                }
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    return sent;
                }
                Err(error) => panic!("{error}"),
            }
        }
        assert!(sent.len() < 256 * 1024 * 1024, "it takes all that is sent, and keeps it");
    }
    sent
}

#[test]
fn a_loop_goes_on_after_it_was_stopped_and_continued() {
    for stage in ["06_echo_event_loop", "11_echo_loops"] {
        let running = Stage::start_command(&mut telling_its_id(stage));
        let mut client = running.served();
        running.process.signal(Signal::STOP);
        wait_until("it to stop", || is_stopped(&running).then_some(()));
        // This interrupts the wait for clients, with no client to tell of.
        running.process.signal(Signal::CONT);
        wait_until("it to go on", || (!is_stopped(&running)).then_some(()));
        assert_echoes(&mut client, b"are you there?");
    }
}

#[test]
fn with_no_file_left_to_open_the_next_client_waits_until_somebody_leaves() {
    for (stage, arguments) in [
        ("04_echo_threads", &[][..]),
        ("05_echo_pool", &[]),
        ("06_echo_event_loop", &[]),
        // Each thread has two files open for itself.
        ("11_echo_loops", &["2"]),
    ] {
        let mut command = Command::new("sh");
        let limited = command.args(["-c", "ulimit -n 16 && exec \"$@\"", "sh"]).arg(program(stage));
        let running = Stage::start_command(limited.arg("0").args(arguments));
        let mut clients: Vec<_> = (0..30).map(|_| running.connect()).collect();
        running.process.stderr.line("that it cannot accept", |line| line.contains("Too many open files"));
        let mut last = clients.pop().expect("30 of them");
        last.send("hello");
        drop(clients);
        assert_eq!(as_text(&last.bytes(5)), "hello", "{stage}");
    }
}

/// How many threads it has now. (For a stage that was started by [`telling_its_id`].)
fn threads(running: &Stage) -> usize {
    std::fs::read_dir(format!("/proc/{}/task", id(running))).expect("it runs").count()
}
