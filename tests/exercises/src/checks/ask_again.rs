//! 2: a datagram is sent again until an answer comes.

use super::{Check, Exercise, LIMIT};
use crate::bench::{Bench, ended, unusable, with_last_words};
use crate::process::{Finished, Process};
use crate::report::{Content, Failure, Outcome, seconds};
use crate::texts::{self, Message, Text};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

pub const EXERCISE: Exercise = Exercise {
    number: 2,
    title: texts::ASK_AGAIN,
    stage: "03_udp_echo",
    with_mio: false,
    start: |_| Ok(()),
    checks: &[
        Check { title: texts::ANSWERED_AT_ONCE, look: texts::ANSWERED_AT_ONCE_LOOK, run: answered_at_once },
        Check { title: texts::LOST_TWICE, look: texts::LOST_TWICE_LOOK, run: lost_twice },
        Check { title: texts::ODD_ANSWERS, look: texts::ODD_ANSWERS_LOOK, run: odd_answers },
        Check { title: texts::STRANGER, look: texts::STRANGER_LOOK, run: stranger },
        Check { title: texts::NEVER, look: texts::NEVER_LOOK, run: never },
        Check { title: texts::STILL_SERVES, look: texts::STILL_SERVES_LOOK, run: still_serves },
    ],
    // It is no server.
    probe: |_| Ok(()),
    compare: texts::ASK_AGAIN_COMPARE,
};

/// Half a second, after which the client asks again.
const PAUSE: Duration = Duration::from_millis(500);

fn socket() -> Outcome<(UdpSocket, String)> {
    let made = || {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = socket.local_addr()?.to_string();
        Ok((socket, address))
    };
    made().or_else(unusable)
}

/// Waits for a datagram. It must say this.
fn receive(
    socket: &UdpSocket,
    patience: Duration,
    text: &[u8],
    expected: impl Fn() -> Message,
    process: &Process,
) -> Outcome<SocketAddr> {
    let mut datagram = [0; 2048];
    let _ = socket.set_read_timeout(Some(patience));
    match socket.recv_from(&mut datagram) {
        Ok((length, from)) if &datagram[..length] == text => Ok(from),
        Ok((length, _)) => {
            Failure::new().came(&datagram[..length]).expected(Content::Bytes(text.to_vec())).fail()
        }
        Err(_) => {
            let came = match process.ended() {
                Some(status) => ended(status),
                None => texts::NO_DATAGRAM_FOR.with([seconds(patience)]),
            };
            with_last_words(Failure::new().came(came).expected(expected()), process).fail()
        }
    }
}

fn finish(process: &Process, patience: Duration) -> Outcome<Finished> {
    let Some(finished) = process.finish(patience) else {
        let failure = Failure::new().with(texts::PROGRAM, texts::DOES_NOT_END.with([seconds(patience)]));
        return failure.expected(texts::IT_ENDS).fail();
    };
    Ok(finished)
}

/// The answer on a line, the time on the next, exit code 0.
fn expect_printed(finished: &Finished, answer: &[u8], least: Duration, most: Duration) -> Outcome {
    let fail = |expected: Content| {
        let failure = Failure::new().sent(answer).with(texts::PRINTED, finished.stdout.as_slice());
        failure.expected(expected).fail()
    };
    let rest = finished.stdout.strip_prefix(answer).and_then(|rest| rest.strip_prefix(b"\n"));
    let Some(rest) = rest else {
        return fail(texts::ANSWER_LINE.into());
    };
    let time = str::from_utf8(rest).ok().and_then(|line| line.strip_suffix("\n"));
    let time = time.and_then(|line| line.strip_suffix(" ms")).and_then(|number| number.parse().ok());
    if !time.is_some_and(|time| (least.as_millis()..=most.as_millis()).contains(&time)) {
        let numbers = [least, most].map(|time| time.as_millis().to_string());
        return fail(texts::TIME_LINE.with(numbers).into());
    }
    if finished.status.code() != Some(0) {
        let failure = Failure::new().sent(answer).with(texts::PROGRAM, ended(finished.status));
        return failure.expected(texts::EXIT_CODE_0).fail();
    }
    Ok(())
}

fn answered_at_once(bench: &Bench) -> Outcome {
    let (server, address) = socket()?;
    let began = Instant::now();
    let process = bench.run(&["send", &address, "hello"])?;
    let client =
        receive(&server, bench.patience, b"hello", || texts::THE_DATAGRAM.with(["hello"]), &process)?;
    let _ = server.send_to(b"hello yourself", client);
    let finished = finish(&process, bench.patience)?;
    expect_printed(&finished, b"hello yourself", Duration::ZERO, began.elapsed())
}

fn lost_twice(bench: &Bench) -> Outcome {
    // Should this machine be so busy that half a second cannot be measured, it tries again.
    for _ in 0..3 {
        if lose_twice(bench)?.is_none() {
            return Ok(());
        }
    }
    match lose_twice(bench)? {
        None => Ok(()),
        Some(pause) => {
            let came = texts::PAUSE_WAS.with([pause.as_millis().to_string()]);
            Failure::new().came(came).expected(texts::PAUSE_SHOULD_BE).fail()
        }
    }
}

/// Gives the pause between two datagrams, if it was not half a second.
fn lose_twice(bench: &Bench) -> Outcome<Option<Duration>> {
    let (server, address) = socket()?;
    let began = Instant::now();
    let process = bench.run(&["send", &address, "hello"])?;
    let mut times = Vec::new();
    let mut clients = Vec::new();
    for which in [texts::THE_DATAGRAM, texts::A_SECOND_DATAGRAM, texts::A_THIRD_DATAGRAM] {
        let patience = if clients.is_empty() { bench.patience } else { bench.patience.min(LIMIT) };
        clients.push(receive(&server, patience, b"hello", || which.with(["hello"]), &process)?);
        times.push(began.elapsed());
    }
    for pair in times.windows(2) {
        let pause = pair[1].saturating_sub(pair[0]);
        if pause < PAUSE * 4 / 5 || pause > PAUSE * 9 / 5 {
            return Ok(Some(pause));
        }
    }
    if clients[1..].iter().any(|client| *client != clients[0]) {
        let ports: Vec<String> = clients.iter().map(|client| client.port().to_string()).collect();
        let came = texts::FROM_PORTS.with([ports.join(", ")]);
        return Failure::new().came(came).expected(texts::FROM_ONE_PORT).fail();
    }
    let _ = server.send_to(b"hello yourself", clients[0]);
    let finished = finish(&process, bench.patience)?;
    // Two times half a second have gone by, give or take what clocks round away.
    expect_printed(&finished, b"hello yourself", PAUSE * 19 / 10, began.elapsed())?;
    Ok(None)
}

fn odd_answers(bench: &Bench) -> Outcome {
    let every_byte: Vec<u8> = (0..=255).collect();
    for (text, answer) in
        [("", &b"not empty"[..]), ("hello", b""), ("hello", &every_byte), ("a \u{4f60}", &[b'x'; 2000])]
    {
        let (server, address) = socket()?;
        let began = Instant::now();
        let process = bench.run(&["send", &address, text])?;
        let expected = || texts::THE_DATAGRAM.with([format!("{text:?}")]);
        let client = receive(&server, bench.patience, text.as_bytes(), expected, &process)?;
        let _ = server.send_to(answer, client);
        let finished = finish(&process, bench.patience)?;
        let outcome = expect_printed(&finished, answer, Duration::ZERO, began.elapsed());
        let said = |failure: Box<Failure>| {
            let what = if answer.is_empty() { texts::AN_EMPTY_ANSWER } else { texts::AN_ODD_ANSWER };
            Box::new(Failure::new().with(texts::NOTE, what).and(*failure))
        };
        outcome.map_err(said)?;
    }
    Ok(())
}

fn stranger(bench: &Bench) -> Outcome {
    let (server, address) = socket()?;
    let (other, _) = socket()?;
    let began = Instant::now();
    let process = bench.run(&["send", &address, "hello"])?;
    let client =
        receive(&server, bench.patience, b"hello", || texts::THE_DATAGRAM.with(["hello"]), &process)?;
    // One does not stop while the client waits.
    let mut datagram = [0; 2048];
    let patience = PAUSE * 6;
    let _ = server.set_read_timeout(Some(patience));
    let stop = AtomicBool::new(false);
    let again = thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) && process.ended().is_none() {
                let _ = other.send_to(b"something else", client);
                thread::sleep(PAUSE / 20);
            }
        });
        let again = server.recv_from(&mut datagram).is_ok_and(|(length, _)| &datagram[..length] == b"hello");
        stop.store(true, Ordering::Relaxed);
        again
    });
    let sent = |failure: Failure| failure.sent(b"something else").with(texts::NOTE, texts::FROM_A_STRANGER);
    let printed = process.stdout();
    if !printed.is_empty() {
        return sent(Failure::new())
            .with(texts::PRINTED, printed.as_slice())
            .expected(texts::NOT_PRINTED)
            .fail();
    }
    if !again {
        let failure = sent(Failure::new()).came(texts::NO_DATAGRAM_FOR.with([seconds(patience)]));
        return failure.expected(texts::A_SECOND_DATAGRAM.with(["hello"])).fail();
    }
    let _ = server.send_to(b"hello yourself", client);
    let finished = finish(&process, bench.patience)?;
    expect_printed(&finished, b"hello yourself", PAUSE * 19 / 20, began.elapsed())
}

fn never(bench: &Bench) -> Outcome {
    let (server, address) = socket()?;
    let process = bench.run(&["send", &address, "is anybody there?"])?;
    let wait = || texts::THE_DATAGRAM.with(["is anybody there?"]);
    receive(&server, bench.patience, b"is anybody there?", wait, &process)?;
    let began = Instant::now();
    let finished = finish(&process, bench.patience + PAUSE * 6)?;
    let took = began.elapsed();
    let _ = server.set_nonblocking(true);
    let count = 1 + std::iter::from_fn(|| server.recv_from(&mut [0; 64]).ok()).count();
    let fail = |came: Message, expected: Text| {
        with_last_words(Failure::new().came(came).expected(expected), &process)
    };
    if count != 5 {
        return fail(texts::DATAGRAMS.with([count.to_string()]), texts::FIVE_DATAGRAMS).fail();
    }
    if took < PAUSE * 24 / 5 || took > PAUSE * 10 {
        return fail(texts::ENDED_AFTER.with([seconds(took)]), texts::ENDS_HALF_A_SECOND_LATER).fail();
    }
    if finished.status.success() {
        return fail(ended(finished.status), texts::EXIT_CODE_NOT_0).fail();
    }
    if finished.stderr.is_empty() || !finished.stdout.is_empty() {
        let failure = Failure::new().with(texts::PRINTED, finished.stdout.as_slice());
        let failure = failure.with(texts::STDERR, finished.stderr.as_slice());
        return failure.expected(texts::A_LINE_ON_STDERR).fail();
    }
    if process.panicked() {
        return with_last_words(Failure::new(), &process).expected(texts::NO_PANIC).fail();
    }
    Ok(())
}

fn still_serves(bench: &Bench) -> Outcome {
    let server = bench.start(&[])?;
    let (client, _) = socket()?;
    let _ = client.set_read_timeout(Some(bench.patience));
    let every_byte: Vec<u8> = (0..=255).collect();
    for text in [&b"hello"[..], b"", &every_byte] {
        let _ = client.send_to(text, server.address);
        let mut datagram = [0; 2048];
        match client.recv_from(&mut datagram) {
            Ok((length, _)) if &datagram[..length] == text => {}
            Ok((length, _)) => {
                return Failure::new().sent(text).came(&datagram[..length]).expected(text).fail();
            }
            Err(_) => {
                let came = texts::NO_DATAGRAM_FOR.with([seconds(bench.patience)]);
                return server.explain(Failure::new().sent(text).came(came).expected(text)).fail();
            }
        }
    }
    Ok(())
}
