//! 4: who is silent for two seconds is disconnected.

use super::{Check, Exercise, LIMIT, NEARLY_THE_LIMIT, WELL_OVER_THE_LIMIT};
use crate::bench::Bench;
use crate::report::{Failure, Outcome, seconds};
use crate::texts;
use std::thread;
use std::time::Instant;

pub const EXERCISE: Exercise = Exercise {
    number: 4,
    title: texts::SILENCE,
    stage: "05_echo_pool",
    with_mio: false,
    start: |bench| bench.serve(&["2"]),
    checks: &[
        Check { title: texts::ECHO_AS_BEFORE, look: texts::ECHO_AS_BEFORE_LOOK, run: echo_as_before },
        Check { title: texts::THREADS_VANISH, look: texts::THREADS_VANISH_LOOK, run: vanish },
        Check { title: texts::THIRD_GETS_IN, look: texts::THIRD_GETS_IN_LOOK, run: third_gets_in },
        Check { title: texts::TALKER_STAYS, look: texts::TALKER_STAYS_LOOK, run: talker_stays },
        Check { title: texts::NEVER_READS, look: texts::NEVER_READS_LOOK, run: never_reads },
    ],
    probe: both_threads,
    compare: texts::SILENCE_COMPARE,
};

/// Two at the same time: neither thread is lost.
fn both_threads(bench: &Bench) -> Outcome {
    let mut talks = [bench.server().connect()?, bench.server().connect()?];
    for talk in &mut talks {
        talk.send("are you still there?\n");
    }
    for talk in &mut talks {
        talk.expect("are you still there?\n")?;
        talk.finish();
        talk.expect_end()?;
    }
    Ok(())
}

fn echo_as_before(bench: &Bench) -> Outcome {
    let mut talk = bench.server().connect()?;
    let every_byte: Vec<u8> = (0..=255).collect();
    talk.send(&every_byte);
    talk.expect(&every_byte)?;
    talk.finish();
    talk.expect_end()?;
    for _ in 0..4 {
        let mut silent = bench.server().connect()?;
        silent.finish();
        silent.expect_end()?;
    }
    let mut talk = bench.server().connect()?;
    let much = b"some more, ".repeat(20_000);
    talk.send_beside(much.clone());
    talk.expect(much)?;
    talk.expect_end()
}

fn vanish(bench: &Bench) -> Outcome {
    for _ in 0..4 {
        let mut talk = bench.server().connect()?;
        talk.send("I am not here any mo");
        talk.reset();
    }
    Ok(())
}

fn third_gets_in(bench: &Bench) -> Outcome {
    let server = bench.server();
    let began = Instant::now();
    let mut silent = server.connect()?;
    let mut soon_silent = server.connect()?;
    soon_silent.send("one thing\n");
    soon_silent.expect("one thing\n")?;
    let mut third = server.connect()?;
    third.send("let me in\n");
    third.expect("let me in\n")?;
    let took = began.elapsed();
    if !(NEARLY_THE_LIMIT..WELL_OVER_THE_LIMIT).contains(&took) {
        let failure = Failure::new().sent(b"let me in\n").came(texts::ANSWER_AFTER.with([seconds(took)]));
        return failure.expected(texts::AFTER_ABOUT_TWO).fail();
    }
    silent.expect_end()?;
    soon_silent.expect_end()?;
    third.finish();
    third.expect_end()?;
    // A second time: threads that time out are not used up.
    let _silent = [server.connect()?, server.connect()?];
    let mut third = server.connect()?;
    third.send("me, too\n");
    third.expect("me, too\n")
}

fn talker_stays(bench: &Bench) -> Outcome {
    // Its own pace: half a second between what it says. Should this machine be so busy that it was much more, it
    // tries again.
    'again: for _ in 0..5 {
        let mut talker = bench.server().connect()?;
        for _ in 0..7 {
            let before = Instant::now();
            talker.send("a word\n");
            talker.expect("a word\n")?;
            let kept = talker.expect_nothing(LIMIT / 4, texts::TO_BE_KEPT);
            if before.elapsed() > LIMIT / 2 {
                continue 'again;
            }
            kept?;
        }
        return Ok(());
    }
    Failure::new().with(texts::CHECKER, texts::TOO_BUSY).fail()
}

fn never_reads(bench: &Bench) -> Outcome {
    let mut talks = [bench.server().connect()?, bench.server().connect()?];
    thread::scope(|scope| {
        for talk in &mut talks {
            scope.spawn(|| talk.stuff());
        }
    });
    let mut third = bench.server().connect()?;
    third.send("let me in\n");
    third.expect("let me in\n")?;
    third.finish();
    third.expect_end()
}
