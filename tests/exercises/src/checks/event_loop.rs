//! 10: an event loop that serves files.

use super::{Check, Exercise, HELLO, odd_paths, serves_hello, site};
use crate::bench::{Bench, unusable};
use crate::http::Answer;
use crate::report::{Failure, Outcome};
use crate::talk::Talk;
use crate::texts::{self, Text};
use std::fs;
use std::time::Duration;

pub const EXERCISE: Exercise = Exercise {
    number: 10,
    title: texts::EVENT_LOOP,
    stage: "06_echo_event_loop",
    with_mio: true,
    start: |bench| bench.serve_files(large_site()?, &[]),
    checks: &[
        Check { title: texts::SERVES_FILES, look: texts::SERVES_FILES_LOOK, run: serves_files },
        Check { title: texts::EMPTY_FILE, look: texts::EMPTY_BODY_LOOK, run: empty_file },
        Check { title: texts::ODD_PATHS, look: texts::ODD_PATHS_LOOK, run: |bench| odd_paths(bench, "") },
        Check { title: texts::STAYS_INSIDE, look: texts::STAYS_INSIDE_LOOK, run: stays_inside },
        Check { title: texts::IN_PIECES, look: texts::IN_PIECES_LOOK, run: in_pieces },
        Check { title: texts::LARGE_FILE, look: texts::LARGE_FILE_LOOK, run: large_file },
        Check { title: texts::REQUEST_VANISHES, look: texts::REQUEST_VANISHES_LOOK, run: vanishes },
        Check { title: texts::TWENTY_STALL, look: texts::TWENTY_STALL_LOOK, run: twenty_stall },
    ],
    probe: serves_hello,
    compare: texts::EVENT_LOOP_COMPARE,
};

/// How long the large file is.
const LARGE: u64 = 64 * 1024 * 1024;

fn pattern() -> Vec<u8> {
    (0..2_000_000_u32).flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes()).collect()
}

fn large_site() -> Outcome<crate::bench::Folder> {
    let files = site(&[("pattern.bin", &pattern()), ("../secret.txt", b"not to be served")])?;
    // Nothing but zeros, which take no room on the disk.
    let made = fs::File::create(files.root().join("huge.bin")).and_then(|file| file.set_len(LARGE));
    made.or_else(unusable)?;
    #[cfg(unix)]
    std::os::unix::fs::symlink("../secret.txt", files.root().join("link.txt")).or_else(unusable)?;
    Ok(files)
}

fn serves_files(bench: &Bench) -> Outcome {
    bench.server().get("/hello.txt")?.expect_ok(HELLO)?;
    bench.server().get("/sub/index.html")?.expect_ok("<p>An index.\n")?;
    bench.server().get("/nothing.txt")?.expect_status(404)?;
    for fields in ["host:localhost\r\n", "X-Empty:\r\n", "Accept:*/*\r\n"] {
        bench.server().ask("GET /hello.txt", fields)?.expect_ok(HELLO)?;
    }
    Ok(())
}

fn empty_file(bench: &Bench) -> Outcome {
    bench.server().get("/empty.txt")?.expect_ok("")
}

fn stays_inside(bench: &Bench) -> Outcome {
    let mut targets = vec!["/../secret.txt", "/sub/../../secret.txt"];
    if cfg!(unix) {
        targets.push("/link.txt");
    }
    for target in targets {
        bench.server().get(target)?.expect_one_of(&[400, 403, 404])?;
    }
    Ok(())
}

const REQUEST: &str = "GET /hello.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
const HUGE: &str = "GET /huge.bin HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

fn in_pieces(bench: &Bench) -> Outcome {
    let mut talk = bench.server().connect()?;
    talk.trickle(REQUEST);
    talk.answer()?.expect_ok(HELLO)?;
    let mut talk = bench.server().connect()?;
    let (one, rest) = REQUEST.split_at(20);
    let (two, three) = rest.split_at(rest.len() - 2);
    talk.send_pieces(&[one.as_bytes(), two.as_bytes()]);
    talk.expect_nothing(Duration::from_millis(100), texts::NOTHING_YET)?;
    talk.send(three);
    talk.answer()?.expect_ok(HELLO)
}

fn large_file(bench: &Bench) -> Outcome {
    bench.server().get("/pattern.bin")?.expect_ok(pattern())?;
    // Several at the same time. Some read later, when as much is on its way as fits into the sockets.
    let request = REQUEST.replace("hello.txt", "pattern.bin");
    let mut late = Vec::new();
    for _ in 0..3 {
        let mut talk = bench.server().connect()?;
        talk.send(&request);
        late.push(talk);
    }
    let mut early = bench.server().connect()?;
    early.send(&request);
    early.answer()?.expect_ok(pattern())?;
    for mut talk in late {
        talk.answer()?.expect_ok(pattern())?;
    }
    Ok(())
}

fn vanishes(bench: &Bench) -> Outcome {
    bench.server().vanish(HUGE, &[0, 1, 5, 20, 40])?;
    // A head that never ends is refused, or its connection is closed.
    let mut talk = bench.server().connect()?;
    talk.send(format!("GET / HTTP/1.1\r\nX-Long: {}", "x".repeat(20_000)));
    talk.reset();
    Ok(())
}

fn twenty_stall(bench: &Bench) -> Outcome {
    let server = bench.server();
    let _half = {
        let mut talk = server.connect()?;
        talk.send(&REQUEST[..30]);
        talk
    };
    // The answer to each is larger than what the sockets hold, and none reads more than a byte of it.
    let mut stalled: Vec<(Talk, Vec<u8>)> = Vec::new();
    for _ in 0..20 {
        let mut talk = server.connect()?;
        talk.send(HUGE);
        stalled.push((talk, Vec::new()));
    }
    for (talk, came) in &mut stalled {
        *came = talk.bytes(1);
        if came.is_empty() {
            return talk.fail(b"", false, texts::BEGINNING_OF_ANSWER);
        }
    }
    let while_twenty = |failure: Box<Failure>| {
        Box::new(Failure::new().with(texts::NOTE, texts::WHILE_TWENTY_STALL).and(*failure))
    };
    serves_hello(bench).map_err(while_twenty)?;
    looks_well(bench).map_err(while_twenty)?;

    let (mut patient, mut came) = stalled.pop().expect("there are twenty");
    came.extend(patient.bytes(usize::MAX));
    let length = Answer::parse(b"", &came).map_or(0, |answer| answer.body.len() as u64);
    if length != LARGE {
        came.truncate(200);
        let numbers =
            [LARGE, length].map(|number| crate::report::group(usize::try_from(number).unwrap_or(0)));
        return patient.fail(&came, false, texts::ALL_OF_LARGE.with(numbers));
    }
    drop(patient);
    for (talk, _) in stalled {
        talk.reset();
    }
    serves_hello(bench)
}

/// One thread, little memory, and it sleeps while nobody can be served.
fn looks_well(bench: &Bench) -> Outcome {
    let folder = format!("/proc/{}", bench.server().process.id());
    let fail = |came: Text, number: u64, expected: Text| {
        Failure::new().with(texts::PROGRAM, came.with([number.to_string()])).expected(expected).fail()
    };
    let status = fs::read_to_string(format!("{folder}/status")).unwrap_or_default();
    let value = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        line.split_whitespace().next()?.parse::<u64>().ok()
    };
    let (Some(kilobytes), Some(threads), Some(before)) = (value("VmRSS"), value("Threads"), ticks(&folder))
    else {
        // Only Linux says so in files.
        crate::process::lock(&bench.notes).push(texts::NO_PROC);
        return Ok(());
    };
    if kilobytes > 100 * 1024 {
        return fail(texts::TAKES_MEMORY, kilobytes / 1024, texts::LESS_THAN_100);
    }
    if threads != 1 {
        return fail(texts::HAS_THREADS, threads, texts::ONE_THREAD);
    }
    // While nobody can be served it is to sleep: a second, of which it may run a twentieth. In the first the sockets'
    // buffers may still grow; whoever does not sleep does so in none.
    let (mut before, mut ran) = (before, 0);
    for _ in 0..3 {
        std::thread::sleep(Duration::from_secs(1));
        let now = ticks(&folder).unwrap_or(before);
        ran = now - before;
        before = now;
        if ran <= 5 {
            return Ok(());
        }
    }
    fail(texts::RAN_FOR, ran * 10, texts::TO_SLEEP)
}

/// How long the process has run, in hundredths of a second.
fn ticks(folder: &str) -> Option<u64> {
    let stat = fs::read_to_string(format!("{folder}/stat")).ok()?;
    // Behind the name, which may hold anything, stand 11 other values.
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut values = rest.split(' ').skip(11);
    let (user, system): (u64, u64) = (values.next()?.parse().ok()?, values.next()?.parse().ok()?);
    Some(user + system)
}
