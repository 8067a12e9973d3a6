//! 9: a request must be whole within two seconds.

use super::{Check, Exercise, HELLO, LIMIT, NEARLY_THE_LIMIT, WELL_OVER_THE_LIMIT, odd_paths, site};
use crate::bench::Bench;
use crate::http::Answer;
use crate::report::{Failure, Outcome, seconds};
use crate::talk::{Heard, Talk};
use crate::texts;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

pub const EXERCISE: Exercise = Exercise {
    number: 9,
    title: texts::SLOW,
    stage: "09_http_pool",
    with_mio: false,
    start: |bench| bench.serve_files(site(&[])?, &["2"]),
    checks: &[
        Check { title: texts::AS_STAGE_9, look: texts::AS_STAGE_9_LOOK, run: as_before },
        Check { title: texts::FIELDS_IN_ANY_CASE, look: texts::CLOSE_IN_ANY_CASE_LOOK, run: any_case },
        Check { title: texts::ODD_PATHS, look: texts::ODD_PATHS_LOOK, run: |bench| odd_paths(bench, "") },
        Check { title: texts::REQUEST_VANISHES, look: texts::REQUEST_VANISHES_LOOK, run: vanishes },
        Check { title: texts::UNHURRIED, look: texts::UNHURRIED_LOOK, run: unhurried },
        Check { title: texts::TWO_CRAWL, look: texts::TWO_CRAWL_LOOK, run: two_crawl },
        Check { title: texts::OWN_CLOCKS, look: texts::OWN_CLOCKS_LOOK, run: own_clocks },
        Check { title: texts::SECOND_BEGUN, look: texts::SECOND_BEGUN_LOOK, run: second_begun },
    ],
    probe: both_threads,
    compare: texts::SLOW_COMPARE,
};

const REQUEST: &str = "GET /hello.txt HTTP/1.1\r\nHost: localhost\r\n\r\n";
const LAST_REQUEST: &str = "GET /hello.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// Two at the same time: neither thread is lost.
fn both_threads(bench: &Bench) -> Outcome {
    let mut talks = [bench.server().connect()?, bench.server().connect()?];
    for talk in &mut talks {
        talk.send(LAST_REQUEST);
    }
    for talk in &mut talks {
        talk.answer()?.expect_ok(HELLO)?;
    }
    Ok(())
}

fn as_before(bench: &Bench) -> Outcome {
    let mut talk = bench.server().connect()?;
    for _ in 0..3 {
        talk.send(REQUEST);
        talk.kept_answer()?.expect_ok(HELLO)?;
    }
    talk.send("GET /empty.txt HTTP/1.1\r\nHost: localhost\r\n\r\n");
    talk.kept_answer()?.expect_ok("")?;
    // Two in one piece.
    talk.send(format!("HEAD /empty.txt HTTP/1.1\r\nHost: localhost\r\n\r\n{LAST_REQUEST}"));
    let head = talk.kept_answer()?;
    head.expect_status(200)?;
    if !head.body.is_empty() {
        return Answer::parse(b"", &head.body)
            .map_or_else(|| head.fail(texts::A_RESPONSE), |last| last.expect_ok(HELLO));
    }
    talk.answer()?.expect_ok(HELLO)
}

fn any_case(bench: &Bench) -> Outcome {
    for field in ["connection: close", "CONNECTION: Close", "Connection:close", "Connection:\t close \t"] {
        let request = LAST_REQUEST.replace("Connection: close", field);
        bench.server().ask_raw(request)?.expect_ok(HELLO)?;
    }
    Ok(())
}

fn vanishes(bench: &Bench) -> Outcome {
    bench.server().vanish(LAST_REQUEST, &[0, 1, 5, 20, 40, 60])?;
    // While the server waits for another request.
    bench.server().vanish(REQUEST, &[])
}

fn unhurried(bench: &Bench) -> Outcome {
    for _ in 0..2 {
        let mut talk = bench.server().connect()?;
        let (one, other) = LAST_REQUEST.split_at(30);
        talk.send(one);
        talk.expect_nothing(LIMIT / 4, texts::NOTHING_YET)?;
        talk.send(other);
        talk.answer()?.expect_ok(HELLO)?;
    }
    Ok(())
}

/// Sends a head byte by byte, and never its end. It goes on even after its answer, until it is stopped.
fn crawl(mut talk: Talk, patience: Duration, stop: &Receiver<()>) -> (Talk, Vec<u8>, Option<Duration>) {
    let began = Instant::now();
    let beginning = "GET /hello.txt HTTP/1.1\r\nHost: localhost\r\nX-Slow: ";
    let mut bytes = beginning.bytes().chain(std::iter::repeat(b'a'));
    let (mut came, mut ended) = (Vec::new(), None);
    while began.elapsed() < patience * 2 {
        talk.send([bytes.next().expect("they never end")]);
        if ended.is_some() {
            if stop.recv_timeout(LIMIT / 10) == Err(RecvTimeoutError::Disconnected) {
                break;
            }
            continue;
        }
        match talk.listen(LIMIT / 10) {
            Heard::Nothing => {}
            Heard::Bytes(more) => came.extend_from_slice(&more),
            Heard::End => ended = Some(began.elapsed()),
        }
    }
    (talk, came, ended)
}

fn two_crawl(bench: &Bench) -> Outcome {
    // Both are connected before the third, so they are the ones whom the two threads take first.
    let slow_ones = [bench.server().connect()?, bench.server().connect()?];
    thread::scope(|scope| {
        let slow_ones = slow_ones.map(|talk| {
            let (stop, stopped) = mpsc::channel();
            let patience = bench.patience;
            (scope.spawn(move || crawl(talk, patience, &stopped)), stop)
        });
        let began = Instant::now();
        let third = bench.server().get("/hello.txt");
        let waited = began.elapsed();
        let slow_ones = slow_ones.map(|(crawler, stop)| {
            drop(stop);
            crawler.join().expect("it does not panic")
        });
        let third = third.map_err(|failure| {
            Box::new(Failure::new().with(texts::NOTE, texts::WHILE_TWO_CRAWL).and(*failure))
        });
        third?.expect_ok(HELLO)?;
        for (talk, came, ended) in slow_ones {
            match Answer::parse(b"", &came) {
                Some(answer) if answer.status == 408 && ended.is_some() => {}
                _ => return talk.fail(&came, ended.is_some(), texts::A_408),
            }
            if let Some(took) = ended.filter(|took| *took < NEARLY_THE_LIMIT) {
                return talk.fail(&came, true, texts::TWO_SECONDS_GIVEN.with([seconds(took)]));
            }
        }
        if waited > WELL_OVER_THE_LIMIT + Duration::from_millis(700) {
            let failure = Failure::new().with(texts::NOTE, texts::WHILE_TWO_CRAWL);
            let failure = failure.came(texts::ANSWER_AFTER.with([seconds(waited)]));
            return failure.expected(texts::AFTER_ABOUT_TWO).fail();
        }
        Ok(())
    })
}

/// Waits beside each other: who is silent before a request, and who has asked already.
fn own_clocks(bench: &Bench) -> Outcome {
    let root = crate::process::path(bench.files().root());
    let server = bench.start(&[root, "4"])?;
    let mut late = server.connect()?;
    let mut idle = server.connect()?;
    let mut steady = server.connect()?;
    idle.send(REQUEST);
    idle.kept_answer()?.expect_ok(HELLO)?;
    // Each of its requests takes three quarters of a second, and all of them more than two.
    for _ in 0..3 {
        let (one, other) = REQUEST.split_at(30);
        steady.send(one);
        steady.expect_nothing(LIMIT * 3 / 8, texts::NOTHING_YET)?;
        steady.send(other);
        steady.kept_answer()?.expect_ok(HELLO)?;
    }
    thread::sleep(LIMIT / 4);
    for talk in [&mut idle, &mut late] {
        talk.send(LAST_REQUEST);
        talk.answer()?.expect_ok(HELLO)?;
    }
    Ok(())
}

fn second_begun(bench: &Bench) -> Outcome {
    let mut talk = bench.server().connect()?;
    let began = Instant::now();
    talk.send(format!("{REQUEST}GET /hello.txt HT"));
    talk.kept_answer()?.expect_ok(HELLO)?;
    let answer = talk.answer()?;
    let took = began.elapsed();
    answer.expect(answer.status == 408, texts::A_408)?;
    let is_right = (NEARLY_THE_LIMIT..WELL_OVER_THE_LIMIT).contains(&took);
    answer.expect(is_right, texts::TWO_SECONDS_GIVEN.with([seconds(took)]))
}
