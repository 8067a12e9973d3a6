//! 3: who connects is told how many are connected.

use super::{Check, Exercise};
use crate::bench::{Bench, Server};
use crate::report::Outcome;
use crate::talk::Talk;
use crate::texts;
use std::thread;
use std::time::{Duration, Instant};

pub const EXERCISE: Exercise = Exercise {
    number: 3,
    title: texts::COUNT,
    stage: "04_echo_threads",
    with_mio: false,
    start: |bench| bench.serve(&[]),
    checks: &[
        Check { title: texts::FIRST_AND_SECOND, look: texts::FIRST_AND_SECOND_LOOK, run: first_and_second },
        Check { title: texts::ECHO_AFTERWARDS, look: texts::ECHO_AFTERWARDS_LOOK, run: echo_afterwards },
        Check { title: texts::ONE_LEAVES, look: texts::ONE_LEAVES_LOOK, run: one_leaves },
        Check { title: texts::ONE_VANISHES, look: texts::ONE_VANISHES_LOOK, run: one_vanishes },
        Check { title: texts::MANY_AT_ONCE, look: texts::MANY_AT_ONCE_LOOK, run: many_at_once },
    ],
    // All have left: whoever comes is the first again.
    probe: |bench| wait_for_count(bench.server(), 1).map(drop),
    compare: texts::COUNT_COMPARE,
};

fn arrive(server: &Server, number: usize) -> Outcome<Talk> {
    let mut talk = server.connect()?;
    let expected = || texts::THE_LINE.with([format!("{number} here\\n")]);
    let line = talk.line(expected())?;
    if line != format!("{number} here") {
        return talk.fail(format!("{line}\n").as_bytes(), false, expected());
    }
    Ok(talk)
}

/// Connects until the server counts so many; that somebody has left becomes known when it does.
fn wait_for_count(server: &Server, number: usize) -> Outcome<Talk> {
    let until = Instant::now() + Duration::from_secs(2);
    let mut pause = Duration::from_millis(5);
    loop {
        let mut talk = server.connect()?;
        let line = talk.line(texts::THE_LINE.with([format!("{number} here\\n")]))?;
        if line == format!("{number} here") {
            return Ok(talk);
        }
        if Instant::now() > until {
            let expected = texts::THE_LINE_SOON.with([format!("{number} here\\n")]);
            return talk.fail(format!("{line}\n").as_bytes(), false, expected);
        }
        talk.finish();
        talk.expect_end()?;
        // Longer each time: this client, too, may be counted for a moment after it has left.
        thread::sleep(pause);
        pause *= 2;
    }
}

fn first_and_second(bench: &Bench) -> Outcome {
    let _first = arrive(bench.server(), 1)?;
    let _second = arrive(bench.server(), 2)?;
    let _third = arrive(bench.server(), 3)?;
    Ok(())
}

fn echo_afterwards(bench: &Bench) -> Outcome {
    let mut first = wait_for_count(bench.server(), 1)?;
    // It speaks before it has read its number.
    let mut second = bench.server().connect()?;
    second.send("hello\n");
    second.expect("2 here\nhello\n")?;
    let every_byte: Vec<u8> = (0..=255).collect();
    second.send(&every_byte);
    second.expect(&every_byte)?;
    first.send("and from me");
    first.expect("and from me")?;
    first.finish();
    first.expect_end()?;
    let much = b"some more, ".repeat(20_000);
    second.send_beside(much.clone());
    second.expect(much)?;
    second.expect_end()
}

fn one_leaves(bench: &Bench) -> Outcome {
    let _first = wait_for_count(bench.server(), 1)?;
    let mut second = arrive(bench.server(), 2)?;
    second.send("bye\n");
    second.expect("bye\n")?;
    second.finish();
    second.expect_end()?;
    // This one says nothing at all.
    let mut third = wait_for_count(bench.server(), 2)?;
    third.finish();
    third.expect_end()?;
    wait_for_count(bench.server(), 2).map(drop)
}

fn one_vanishes(bench: &Bench) -> Outcome {
    let _first = wait_for_count(bench.server(), 1)?;
    for _ in 0..3 {
        // The server's read fails, and does not say "the end".
        let mut second = wait_for_count(bench.server(), 2)?;
        second.send("I am not here any mo");
        second.reset();
    }
    let mut fourth = wait_for_count(bench.server(), 2)?;
    fourth.send("still an echo\n");
    fourth.expect("still an echo\n")
}

fn many_at_once(bench: &Bench) -> Outcome {
    const MANY: usize = 40;
    for _ in 0..3 {
        // It stays, and so do all that come: none is counted down meanwhile.
        let _first = wait_for_count(bench.server(), 1)?;
        let mut talks = Vec::new();
        for _ in 0..MANY {
            talks.push(bench.server().connect()?);
        }
        let mut numbers = Vec::new();
        for talk in &mut talks {
            let expected = || texts::THE_LINE.with([format!("2 here\\n ... {} here\\n", MANY + 1)]);
            let line = talk.line(expected())?;
            match line.strip_suffix(" here").and_then(|number| number.parse::<usize>().ok()) {
                Some(number) => numbers.push(number),
                None => return talk.fail(format!("{line}\n").as_bytes(), false, expected()),
            }
        }
        numbers.sort_unstable();
        if numbers.iter().copied().ne(2..=MANY + 1) {
            let text: Vec<String> = numbers.iter().map(usize::to_string).collect();
            let came = texts::THE_NUMBERS.with([text.join(" ")]);
            let failure = crate::report::Failure::new().came(came);
            return failure.expected(texts::EACH_NUMBER_ONCE.with([(MANY + 1).to_string()])).fail();
        }
    }
    Ok(())
}
