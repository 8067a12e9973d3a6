//! What a worker decides, window by window; and then two real workers.

use super::*;
use crate::answer::{Arrival, Body, Response};
use crate::http::{FieldLines, Request, Status};
use crate::server::Options;
use crate::server::pool::{Caller, Pool, Stopper};
use std::io::{Read, Write};
use std::sync::Arc;

/// A load: when it was awake, and when it was on a core.
fn load(busy: f64, on_core: f64) -> Load {
    Load { busy, on_core }
}

/// What worker `here` gives to whom after each of these windows: whether all, and to which worker.
fn gifts(here: usize, seen: &[[Load; 3]]) -> Vec<Option<(bool, usize)>> {
    let start = Instant::now();
    let mut balance = Balance::new(here, start);
    let mut gifts = Vec::new();
    for (number, loads) in (1..).zip(seen) {
        (balance.window.active, balance.giving) = (8, None);
        balance.decide(loads, start + number * WINDOW);
        gifts.push(balance.giving.map(|giving| (giving.all, giving.to)));
    }
    gifts
}

#[test]
fn one_worker_keeps_what_it_can_do_and_gives_half_when_it_can_do_no_more() {
    let (asleep, full) = (Load::default(), load(0.99, 0.97));
    let table: [(&str, usize, [[Load; 3]; 2], Option<(bool, usize)>); 12] = [
        ("much, and not all the time", 0, [[load(0.8, 0.8), asleep, asleep]; 2], None),
        ("all the time, for a moment", 0, [[load(0.5, 0.5), asleep, asleep], [full, asleep, asleep]], None),
        ("all the time", 0, [[full, asleep, asleep]; 2], Some((false, 1))),
        ("all the time, and the next also", 0, [[full, full, asleep]; 2], Some((false, 2))),
        ("the last, all the time", 2, [[asleep, full, full]; 2], Some((false, 0))),
        ("all workers, all the time", 0, [[full; 3]; 2], None),
        ("it waits, alone", 0, [[load(1.0, 0.6), asleep, asleep]; 2], None),
        ("one suffices for two", 1, [[load(0.4, 0.4), load(0.3, 0.3), asleep]; 2], Some((true, 0))),
        ("one suffices for two, and it is the first", 0, [[load(0.3, 0.3), load(0.3, 0.3), asleep]; 2], None),
        ("one does not suffice", 1, [[load(0.7, 0.7), load(0.6, 0.6), asleep]; 2], None),
        ("two wait for cores", 1, [[load(0.9, 0.6), load(0.9, 0.6), asleep]; 2], Some((true, 0))),
        ("three wait, and it is not the last", 1, [[load(0.9, 0.6); 3]; 2], None),
    ];
    for (what, here, seen, expected) in table {
        assert_eq!(gifts(here, &seen).last(), Some(&expected), "{what}");
    }
}

#[test]
fn what_was_of_no_use_is_not_tried_again_at_once() {
    let start = Instant::now();
    let mut balance = Balance::new(0, start);
    let loads = [load(0.99, 0.97), Load::default()];
    let mut spread = Vec::new();
    for window in 1..=60 {
        let now = start + window * WINDOW;
        (balance.window.active, balance.giving) = (8, None);
        balance.decide(&loads, now);
        if balance.giving.is_some() {
            spread.push(window);
            // They come back.
            balance.take(Gift { from: 1, all: true }, now);
        }
    }
    // Pauses of a second, two, and four: ten windows a second.
    assert_eq!(spread, [2, 12, 32]);
}

#[test]
fn a_worker_to_which_all_was_given_and_that_waits_for_a_disk_gives_half_back() {
    let start = Instant::now();
    let mut balance = Balance::new(0, start);
    balance.take(Gift { from: 1, all: true }, start);
    balance.window.active = 8;
    balance.decide(&[load(1.0, 0.3), Load::default()], start + WINDOW);
    assert_eq!(balance.giving.map(|giving| (giving.to, giving.left, giving.all)), Some((1, 4, false)));
    let mut other = Balance::new(1, start);
    other.gathering.begin(0, start);
    other.take(Gift { from: 0, all: false }, start + WINDOW);
    assert!(!other.gathering.may_begin(start + 2 * WINDOW), "it has learnt from that");
}

#[test]
fn only_a_connection_that_was_busy_in_the_window_before_moves() {
    let mut balance = Balance::new(0, Instant::now());
    balance.giving = Some(Giving { to: 1, left: 1, all: false });
    let number = balance.window.number;
    let table = [
        ("it is new", 0, None),
        ("it has answered in this window already", number, None),
        ("it was idle for a while", number - 2, None),
        ("it is busy", number - 1, Some(1)),
        ("it is busy, and enough have moved", number - 1, None),
    ];
    for (what, mut last, expected) in table {
        assert_eq!(balance.moves_to(&mut last), expected, "{what}");
        assert_eq!(last, number, "{what}");
    }
    assert_eq!(balance.window.active, 4);
}

fn respond(_: &Request<'_>, _: &Arrival<'_>) -> Response {
    Response { status: Status::NO_CONTENT, headers: FieldLines::default(), body: Body::Empty }
}

#[test]
fn a_connection_that_moves_is_answered_by_the_other_worker() {
    let pool = Pool::new(&[], Options { threads: 2, ..Options::default() }).expect("a pool");
    let shared = pool.shared();
    let (stopper, caller) = (Stopper(Arc::clone(&shared)), Caller(Arc::clone(&shared)));
    let workers = std::thread::spawn(move || pool.run(&respond, &Vec::new));
    // The worker with fewer connections gets it.
    shared.mailbox(0).add_open();
    let mut client = caller.connect().expect("the workers live");
    shared.mailbox(0).remove_open();
    client.set_read_timeout(Some(Duration::from_secs(20))).expect("set");
    let mut ask = || {
        client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").expect("sent");
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            let mut bytes = [0; 1024];
            let count = client.read(&mut bytes).expect("an answer");
            assert!(count > 0, "it stays open");
            answer.extend_from_slice(&bytes[..count]);
        }
        assert!(answer.starts_with(b"HTTP/1.1 204 "), "{answer:?}");
    };
    let until = Instant::now() + Duration::from_secs(20);
    ask();
    // For worker 1, both have a little to do.
    while shared.mailbox(1).open() > 0 {
        assert!(Instant::now() < until, "it moves after two windows");
        shared.set_load(0, load(0.1, 0.1), Instant::now());
        ask();
    }
    ask();
    assert_eq!((shared.mailbox(0).open(), shared.mailbox(1).open()), (1, 0), "it is counted once");
    stopper.stop();
    workers.join().expect("no panic").expect("they ran until they were stopped");
    assert_eq!(shared.open_connections(), 0, "it is counted off");
}
