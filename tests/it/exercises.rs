//! The exercises of the guide (`www/guide/exercises.html`): when each is done.
//!
//! A reader writes `examples/exercise_01.rs` and asks
//!
//! ```sh
//! cargo test --test it exercise_01 -- --ignored
//! ```
//!
//! whether it does what it is to do. The example is built, started and spoken to over real sockets.
//!
//! A checker can be wrong, too: it may refuse what is right, or let pass what is not. So each is
//! shown, without `--ignored`, to accept a solution (`tests/exercises/`; look at it afterwards) and
//! to refuse the stage that the reader begins with, for the reason that the exercise is about.

mod workbench;

// Never compiled here, only formatted: each is a program of its own (see `build_solutions`).
#[cfg(false)]
#[path = "../exercises"]
mod solutions {
    mod solution_01;
    mod solution_02;
    mod solution_03;
    mod solution_04;
    mod solution_05;
    mod solution_06;
    mod solution_07;
    mod solution_08;
    mod solution_09;
    mod solution_10;
}

use crate::support::{LARGE, PATIENCE, V4, folder, write, write_sparse};
use std::collections::BTreeMap;
use std::fs;
use std::net::UdpSocket;
use std::os::unix::fs::symlink;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};
use workbench::{Answer, Bench, Heard, PROJECT, Running, Talk, build_examples, build_solutions, fail, show};

/// An exercise, and how it is known to be done.
struct Exercise {
    number: u8,
    /// The stage that the reader begins with.
    from: &'static str,
    /// Fails, with a panic that says why, unless the program does what it is to do.
    check: fn(&Bench<'_>),
    /// Stages that must not pass as they are, and what the failure says of each.
    refused: &'static [(&'static str, &'static str)],
}

/// Two seconds, in which clients must speak or finish, where an exercise says so.
const LIMIT: Duration = Duration::from_secs(2);

/// The same, give or take what clocks round away: it must not be less.
const NEARLY_THE_LIMIT: Duration = Duration::from_millis(1900);

// ---- 1

const CAPITALS: Exercise = Exercise {
    number: 1,
    from: "01_echo_server",
    check: capitals,
    refused: &[("01_echo_server", "expected:  \"HELLO\\n\"")],
};

fn capitals(bench: &Bench<'_>) {
    let server = bench.serve(&[]);
    let mut talk = server.connect("a client that says something, reads the answer and says more");
    talk.send("hello\n");
    talk.expect("HELLO\n");
    talk.send("Grüße, 42\n");
    talk.expect("GRüßE, 42\n");

    let talk_on = |mut talk: Talk, sent: Vec<u8>| {
        let expected = sent.to_ascii_uppercase();
        talk.send_beside(sent);
        talk.expect(expected);
        talk.expect_end();
    };
    // The first client has to go, for the stage has time for one only.
    talk.finish();
    talk.expect_end();
    let every_byte = (0..=255).collect();
    talk_on(server.connect("a client that sends every byte there is, and finishes"), every_byte);
    let much = b"some more, ".repeat(20_000);
    talk_on(server.connect("a client that sends 220,000 bytes while it reads the answer"), much);
}

// ---- 2

const ASK_AGAIN: Exercise = Exercise {
    number: 2,
    from: "03_udp_echo",
    check: ask_again,
    refused: &[("03_udp_echo", "expected:  \"hello\" again, half a second after the first")],
};

fn ask_again(bench: &Bench<'_>) {
    let server = UdpSocket::bind((V4, 0)).expect("a socket");
    let address = server.local_addr().expect("a socket").to_string();
    let mut datagram = [0; 2048];

    let began = Instant::now();
    let process = bench.run(&["send", &address, "hello"]);
    let mut client = None;
    let who = "a server that loses the first two datagrams";
    for (count, which) in ["once", "again, half a second after the first", "a third time"].iter().enumerate()
    {
        let patience = if count == 0 { PATIENCE } else { bench.patience };
        server.set_read_timeout(Some(patience)).expect("a socket");
        let Ok((length, from)) = server.recv_from(&mut datagram) else {
            fail(who, "nothing yet", &format!("{count} of them, and no more"), &format!("\"hello\" {which}"));
        };
        if &datagram[..length] != b"hello" {
            fail(who, "nothing yet", &show(&datagram[..length]), &format!("\"hello\" {which}"));
        }
        client = Some(from);
    }
    let client = client.expect("three came");
    // Not from the address that was asked: this is nobody's answer.
    let stranger = UdpSocket::bind((V4, 0)).expect("a socket");
    stranger.send_to(b"something else", client).expect("it is sent");
    server.send_to(b"hello yourself", client).expect("it is sent");
    let finished = process.finish();
    let at_most = began.elapsed();
    let lines = finished.stdout.join("\n");
    let printed = show(lines.as_bytes());
    let sent = "\"something else\" from another port, then \"hello yourself\"";
    let Some(rest) = lines.strip_prefix("hello yourself\n") else {
        fail(who, sent, &printed, "\"hello yourself\" on a line of its own, printed by the client");
    };
    let time = rest.strip_suffix(" ms").and_then(|number| number.parse().ok()).map(Duration::from_millis);
    // Two times half a second have gone by, give or take what clocks round away.
    let possible = NEARLY_THE_LIMIT / 2..=at_most;
    if !time.is_some_and(|time| possible.contains(&time)) {
        let (least, most) = (possible.start().as_millis(), possible.end().as_millis());
        let expected = format!("a second line \"N ms\", and N from {least} to {most}");
        fail(who, sent, &printed, &expected);
    }
    if finished.code != Some(0) {
        fail(who, sent, &format!("exit code {:?}", finished.code), "exit code 0, for there was an answer");
    }

    let who = "a server that never answers";
    let began = Instant::now();
    let process = bench.run(&["send", &address, "is anybody there?"]);
    let finished = process.finish();
    let took = began.elapsed();
    server.set_nonblocking(true).expect("a socket");
    let count = std::iter::from_fn(|| server.recv_from(&mut datagram).ok())
        .filter(|(length, _)| *length == b"is anybody there?".len())
        .count();
    if count != 5 || took < Duration::from_millis(2400) {
        let came = format!("{count} datagrams, and after {took:?} the client ended");
        fail(who, "nothing", &came, "5 datagrams, and the end half a second after the last");
    }
    if finished.code == Some(0) || finished.stderr.is_empty() {
        let came = format!("exit code {:?}, and on standard error {:?}", finished.code, finished.stderr);
        fail(who, "nothing", &came, "an exit code other than 0, and a line on standard error");
    }
}

// ---- 3

const COUNT: Exercise = Exercise {
    number: 3,
    from: "04_echo_threads",
    check: count,
    refused: &[("04_echo_threads", "expected:  the line \"1 here\", before the client has said anything")],
};

fn count(bench: &Bench<'_>) {
    let server = bench.serve(&[]);
    let arrive = |who, expected: &str| {
        let mut talk = server.connect(who);
        let line = talk.line(&format!("the line {expected:?}, before the client has said anything"));
        if line != expected {
            talk.fail(format!("{line}\n").as_bytes(), false, &format!("the line {expected:?}"));
        }
        talk
    };
    let mut first = arrive("the first client", "1 here");
    let mut second = arrive("the second client, while the first is there", "2 here");
    first.send("hello\n");
    first.expect("hello\n");
    second.send("and from me\n");
    second.expect("and from me\n");

    second.finish();
    second.expect_end();
    let third = wait_for_count(&server, "a client that comes when the second has left", "2 here");
    // This one vanishes: the server's read fails, and does not say "the end".
    third.reset();
    let mut fourth = wait_for_count(&server, "a client that comes when the third has vanished", "2 here");
    fourth.send("still an echo\n");
    fourth.expect("still an echo\n");
}

/// Connects until the server counts so many; that somebody has left becomes known when it does.
fn wait_for_count(server: &Running, who: &'static str, expected: &str) -> Talk {
    let until = Instant::now() + PATIENCE.min(Duration::from_secs(5));
    loop {
        let mut talk = server.connect(who);
        let line = talk.line(&format!("the line {expected:?}"));
        if line == expected {
            return talk;
        }
        if Instant::now() > until {
            talk.fail(
                format!("{line}\n").as_bytes(),
                false,
                &format!("the line {expected:?}, sooner or later"),
            );
        }
        talk.finish();
        talk.expect_end();
    }
}

// ---- 4

const SILENCE: Exercise = Exercise {
    number: 4,
    from: "05_echo_pool",
    check: silence,
    refused: &[("05_echo_pool", "expected:  \"let me in\\n\"")],
};

fn silence(bench: &Bench<'_>) {
    let server = bench.serve(&["2"]);
    let began = Instant::now();
    let mut silent = server.connect("a client that says nothing");
    let mut soon_silent = server.connect("a client that says one thing and then nothing");
    soon_silent.send("one thing\n");
    soon_silent.expect("one thing\n");
    let mut third = server.connect("a third client, when two silent ones hold both threads");
    third.send("let me in\n");
    third.expect("let me in\n");
    if began.elapsed() < NEARLY_THE_LIMIT {
        let came = format!("an answer after {:?}", began.elapsed());
        fail(
            "a third client, when two hold both threads",
            "\"let me in\\n\"",
            &came,
            "to wait for two seconds",
        );
    }
    silent.expect_end();
    soon_silent.expect_end();
    third.finish();
    third.expect_end();

    // Its own pace: half a second between what it says. Should this machine be so busy that it was
    // much more, it tries again.
    let mut tries = 0;
    'again: loop {
        tries += 1;
        let mut talker = server.connect("a client that says something every half second, for three seconds");
        for _ in 0..6 {
            let before = Instant::now();
            talker.send("a word\n");
            talker.expect("a word\n");
            let heard = talker.listen(LIMIT / 4);
            if before.elapsed() > LIMIT / 2 && tries < 10 {
                continue 'again;
            }
            match heard {
                Heard::Nothing => {}
                Heard::Bytes(bytes) => talker.fail(&bytes, false, "nothing, until it speaks again"),
                Heard::End => talker.fail(b"", true, "to be kept, for it was never silent for two seconds"),
            }
        }
        break;
    }
}

// ---- 5

const HEAD: Exercise = Exercise {
    number: 5,
    from: "07_http_hello",
    check: head,
    refused: &[("07_http_hello", "expected:  nothing behind the blank line")],
};

fn head(bench: &Bench<'_>) {
    let server = bench.serve(&[]);
    let hello = "Hello over HTTP.\n";
    let get = server.get("a GET, to compare with", "/");
    get.expect_status(200);
    get.expect_body(hello);
    let head = server.ask("a HEAD", "HEAD /", "");
    head.expect_status(200);
    head.expect_no_body();
    for name in ["Content-Length", "Content-Type"] {
        head.expect_field(name, get.field(&name.to_ascii_lowercase()).unwrap_or_default());
    }

    for method in ["POST", "PUT", "DELETE"] {
        let refused = server.ask("a method that this page does not take", &format!("{method} /"), "");
        refused.expect_status(405);
        let allowed: Vec<_> = refused.field("allow").unwrap_or_default().split(',').map(str::trim).collect();
        if !["GET", "HEAD"].iter().all(|method| allowed.contains(method)) || allowed.contains(&method) {
            refused.fail("the field Allow, with the methods that can be used: GET, HEAD");
        }
    }
    for method in ["BREW", "head", "get"] {
        server.ask("a method that nobody knows", &format!("{method} /"), "").expect_status(501);
    }
    let mut talk = server.connect("a client whose first line is no request");
    talk.send("HELLO\r\n\r\n");
    talk.answer().expect_status(400);
    drop(talk);
    server.get("a GET, once more", "/").expect_body(hello);
}

// ---- 6

const STILL_GOOD: Exercise = Exercise {
    number: 6,
    from: "08_http_files",
    check: still_good,
    refused: &[("08_http_files", "expected:  a field ETag")],
};

fn still_good(bench: &Bench<'_>) {
    let files = folder(&[("hello.txt", "Hello, world!\n")]);
    let server = bench.serve(&[path_of(files.path())]);
    let tag = |answer: &Answer| {
        answer.expect_status(200);
        match answer.field("etag") {
            Some(tag) if tag.len() > 2 && tag.starts_with('"') && tag.ends_with('"') => tag.to_owned(),
            _ => answer.fail("a field ETag, and its value in quotes"),
        }
    };
    let first = server.get("a client that has no copy yet", "/hello.txt");
    first.expect_body("Hello, world!\n");
    let known = tag(&first);
    if tag(&server.get("another one", "/hello.txt")) != known {
        first.fail("the same tag for the same file, each time");
    }

    let ask = |who, value: &str| server.ask(who, "GET /hello.txt", &format!("If-None-Match: {value}\r\n"));
    let still_good = |answer: Answer| {
        answer.expect_status(304);
        answer.expect_no_body();
        answer.expect_field("ETag", &known);
        if answer.field("content-length").is_some_and(|length| length != "14") {
            answer.fail("no Content-Length, or that of the file: it never means the length of a 304");
        }
    };
    let get_it = |answer: Answer, body: &str| {
        answer.expect_status(200);
        answer.expect_body(body);
    };
    still_good(ask("a client that has a copy", &known));
    still_good(ask("a client that has copies of several versions", &format!("\"old\", {known}, \"older\"")));
    still_good(ask("a client that shows the tag as a weak one", &format!("W/{known}")));
    still_good(ask("a client that has any copy at all", "*"));
    get_it(ask("a client that has another version", "\"another\""), "Hello, world!\n");
    let inside = format!("\"x{}", &known[1..]);
    get_it(ask("a client whose tag only ends like this one", &inside), "Hello, world!\n");

    // As long as before; `folder` said of the first that it was from the year 2001.
    fs::write(files.path().join("hello.txt"), "Hello, worms!\n").expect("a file is written");
    let after = ask("a client whose copy is of before the file changed", &known);
    get_it(after, "Hello, worms!\n");
    if tag(&server.get("a client that comes after the change", "/hello.txt")) == known {
        first.fail("another tag once the file has changed; its length is the same, its time is not");
    }
    server.get("a client that asks for nothing", "/nothing.txt").expect_status(404);
}

// ---- 7

const LAST_BYTES: Exercise = Exercise {
    number: 7,
    from: "08_http_files",
    check: last_bytes,
    refused: &[("08_http_files", "expected:  status 206")],
};

fn last_bytes(bench: &Bench<'_>) {
    let numbers: Vec<_> = (0..200).map(|number| format!("{:04}\n", number * 5)).collect();
    let numbers = numbers.concat();
    let files = folder(&[("numbers.txt", &numbers)]);
    let server = bench.serve(&[path_of(files.path())]);
    let ask = |who, range: &str| server.ask(who, "GET /numbers.txt", &format!("Range: {range}\r\n"));
    let part = |answer: Answer, first: usize| {
        answer.expect_status(206);
        answer.expect_field("Content-Range", &format!("bytes {first}-999/1000"));
        answer.expect_body(&numbers[first..]);
    };
    part(ask("a client that wants the last five bytes", "bytes=-5"), 995);
    part(ask("a client that wants the last one", "bytes=-1"), 999);
    part(ask("a client that wants more than there is", "bytes=-5000"), 0);
    part(ask("a client that wants more than a number holds", "bytes=-99999999999999999999999"), 0);

    let none = ask("a client that wants the last no bytes", "bytes=-0");
    none.expect_status(416);
    none.expect_field("Content-Range", "bytes */1000");
    for range in ["bytes=-", "bytes=-five", "bytes=--5", "bytes=-+5", "lines=-5"] {
        let answer = ask("a client whose range is malformed, or of another unit: it is ignored", range);
        answer.expect_status(200);
        answer.expect_body(&numbers);
    }
    let whole = server.get("a client that wants all", "/numbers.txt");
    whole.expect_status(200);
    whole.expect_body(&numbers);
    server.ask("a range of what is not there", "GET /nothing.txt", "Range: bytes=-5\r\n").expect_status(404);
}

// ---- 8

const CHUNKED: Exercise = Exercise {
    number: 8,
    from: "07_http_hello",
    check: chunked,
    refused: &[("07_http_hello", "expected:  the body \"hello world\"")],
};

fn chunked(bench: &Bench<'_>) {
    let server = bench.serve(&[]);
    let head =
        "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
    let post = |who, body: &[u8]| {
        let mut talk = server.connect(who);
        talk.send([head.as_bytes(), body].concat());
        talk.answer()
    };
    let content = |answer: Answer, content: &[u8]| {
        answer.expect_status(200);
        answer.expect_body(content);
    };
    let who = "a client that sends two chunks";
    content(post(who, b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"), b"hello world");
    let who = "a client whose content looks like the end of the body";
    content(post(who, b"A\r\n0\r\n\r\nGET /\r\n0\r\n\r\n"), b"0\r\n\r\nGET /");
    let who = "a client whose sizes have both cases, zeros in front, and an extension";
    content(
        post(who, b"00a;note=x\r\n0123456789\r\nB\r\n0123456789a\r\n000\r\n\r\n"),
        b"01234567890123456789a",
    );
    let who = "a client that has a trailer field behind the last chunk";
    content(post(who, b"1\r\nx\r\n0\r\nChecksum: 17\r\n\r\n"), b"x");
    content(post("a client that sends no content", b"0\r\n\r\n"), b"");
    let one_by_one = |body| {
        let mut talk = server.connect("a client whose bytes come one by one");
        talk.trickle(head);
        talk.trickle(body);
        talk.answer()
    };
    content(one_by_one("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"), b"hello world");
    let large: Vec<u8> = (0..1_000_000_u32).map(|number| number.to_le_bytes()[0]).collect();
    let chunk = |piece: &[u8]| [format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat();
    let mut body: Vec<u8> = large.chunks(50_000).flat_map(chunk).collect();
    body.extend_from_slice(b"0\r\n\r\n");
    content(post("a client that sends a million bytes", &body), &large);

    let mut waiting = server.connect("a client that waits before the blank line at the end");
    waiting.send(format!("{head}1\r\nx\r\n0\r\nChecksum: 17\r\n"));
    match waiting.listen(LIMIT / 10) {
        Heard::Nothing => {}
        Heard::Bytes(came) => waiting.fail(&came, false, "nothing, until the body is whole"),
        Heard::End => waiting.fail(b"", true, "nothing, until the body is whole"),
    }
    waiting.send("\r\n");
    content(waiting.answer(), b"x");
    drop(waiting);

    let malformed: [(&str, &[u8]); 8] = [
        ("a client whose size is no number", b"five\r\nhello\r\n0\r\n\r\n"),
        ("a client whose size is empty", b"\r\nhello\r\n0\r\n\r\n"),
        ("a client whose size has a sign", b"+5\r\nhello\r\n0\r\n\r\n"),
        ("a client whose size is too small", b"4\r\nhello\r\n0\r\n\r\n"),
        ("a client whose size is too large", b"6\r\nhello\r\n0\r\n\r\n"),
        ("a client whose size ends with a line feed alone", b"5\nhello\r\n0\r\n\r\n"),
        ("a client whose chunk ends with a line feed alone", b"5\r\nhello\n0\r\n\r\n"),
        ("a client whose chunk ends with two other bytes", b"5\r\nhello..0\r\n\r\n"),
    ];
    for (who, body) in malformed {
        post(who, body).expect_status(400);
    }
    let mut both = server.connect("a client that says twice where its body ends");
    both.send(head.replace("Connection:", "Content-Length: 5\r\nConnection:"));
    both.send("5\r\nhello\r\n0\r\n\r\n");
    both.answer().expect_status(400);
    drop(both);

    let who = "a client that announces four thousand million bytes";
    post(who, b"FFFFFFFF\r\n").expect_status(413);
    let overflow = post("a client whose size no number holds", b"FFFFFFFFFFFFFFFFF\r\n");
    if !matches!(overflow.status, 400 | 413) {
        overflow.fail("status 400 or 413");
    }
    let body = [&chunk(&large[..600_000])[..], b"927C0\r\n"].concat();
    post("a client whose second chunk makes it more than a million", &body).expect_status(413);
    server.get("a GET, as before", "/").expect_status(200);
}

// ---- 9

const SLOW: Exercise = Exercise {
    number: 9,
    from: "09_http_pool",
    check: slow,
    refused: &[("09_http_pool", "a client that asks while two slow ones hold both threads")],
};

fn slow(bench: &Bench<'_>) {
    let files = folder(&[("hello.txt", "Hello, world!\n")]);
    let server = bench.serve(&[path_of(files.path()), "2"]);
    let unhurried = || {
        let mut talk = server.connect("a client that takes half a second over its request");
        talk.send("GET /hello.txt HTTP/1.1\r\nHost: local");
        if !matches!(talk.listen(LIMIT / 4), Heard::Nothing) {
            talk.fail(b"", true, "nothing, until the request is whole");
        }
        talk.send("host\r\nConnection: close\r\n\r\n");
        let answer = talk.answer();
        answer.expect_status(200);
        answer.expect_body("Hello, world!\n");
    };
    unhurried();

    let who = "a client that sends its request byte by byte, and never the end of it";
    // It goes on even after its answer, until it is stopped: that must not hold a thread either.
    let crawl = |mut talk: Talk, stop: Receiver<()>| {
        let began = Instant::now();
        let request = "GET /hello.txt HTTP/1.1\r\nHost: localhost\r\nX-Slow: ";
        let mut bytes = request.bytes().chain(std::iter::repeat(b'a'));
        let (mut came, mut ended) = (Vec::new(), None);
        while began.elapsed() < bench.patience {
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
    };
    // Both are connected before the third, so they are the ones whom the two threads take first.
    let slow_ones = [server.connect(who), server.connect(who)];
    std::thread::scope(|scope| {
        let slow_ones = slow_ones.map(|talk| {
            let (stop, stopped) = mpsc::channel();
            (scope.spawn(|| crawl(talk, stopped)), stop)
        });
        let answer = server.get("a client that asks while two slow ones hold both threads", "/hello.txt");
        answer.expect_status(200);
        for (slow_one, stop) in slow_ones {
            drop(stop);
            let (talk, came, ended) = slow_one.join().expect("it does not panic");
            match Answer::parse(who, b"", &came) {
                Some(answer) if answer.status == 408 && ended.is_some() => {}
                _ => talk.fail(&came, ended.is_some(), "status 408, and the end of the connection"),
            }
            if ended.is_some_and(|took| took < NEARLY_THE_LIMIT) {
                talk.fail(&came, true, &format!("to be given two seconds; these were {ended:?}"));
            }
        }
    });
    unhurried();
}

// ---- 10

const LOOP: Exercise = Exercise {
    number: 10,
    from: "06_echo_event_loop",
    check: event_loop,
    refused: &[
        ("06_echo_event_loop", "the line \"Listening on 127.0.0.1:PORT\""),
        ("08_http_files", "expected:  the beginning of an answer"),
        ("09_http_pool", "expected:  the beginning of an answer"),
    ],
};

fn event_loop(bench: &Bench<'_>) {
    let above = folder(&[("secret.txt", "not to be served"), ("site/hello.txt", "Hello, world!\n")]);
    let site = above.path().join("site");
    let pattern: Vec<u8> =
        (0..4_000_000_u32).flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    write(&site, "pattern.bin", &pattern);
    write_sparse(&site, "huge.bin", LARGE);
    let server = bench.serve(&[path_of(&site)]);
    let hello = |who| {
        let answer = server.get(who, "/hello.txt");
        answer.expect_status(200);
        answer.expect_body("Hello, world!\n");
    };
    hello("a first client");
    server.get("a client that asks for what is not there", "/nothing.txt").expect_status(404);
    symlink("../secret.txt", site.join("link.txt")).expect("a link is made");
    for (who, target) in [
        ("a client that wants to climb out of the folder", "/../secret.txt"),
        ("a client that follows a link out of the folder", "/link.txt"),
    ] {
        let outside = server.get(who, target);
        if !matches!(outside.status, 400 | 403 | 404) {
            outside.fail("a refusal: status 400, 403 or 404");
        }
    }
    let mut talk = server.connect("a client whose request comes byte by byte");
    talk.trickle("GET /hello.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    talk.answer().expect_body("Hello, world!\n");
    server.get("a client that wants sixteen million bytes", "/pattern.bin").expect_body(&pattern);

    // The answer to each is larger than what socket buffers hold, and none reads more than this.
    let half = server.connect("a client that sends half a request, and then nothing");
    let mut stalled: Vec<(Talk, Vec<u8>)> = (0..20)
        .map(|_| {
            let mut talk = server.connect_with_little_room("a client that asks for 64 MB and reads nothing");
            talk.send("GET /huge.bin HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            let beginning = talk.bytes(1);
            if beginning.is_empty() {
                talk.fail(b"", false, "the beginning of an answer");
            }
            (talk, beginning)
        })
        .collect();
    let who = "a client that asks while twenty others do not read their 64 MB";
    hello(who);
    let memory = server.process.memory() / (1024 * 1024);
    if memory > 100 {
        let came = format!("the server takes {memory} MB of memory");
        fail(who, "nothing", &came, "less than 100 MB: a piece of each file at a time, not all of it");
    }
    let threads = threads_of(bench.program);
    if threads != 1 {
        fail(who, "nothing", &format!("the server has {threads} threads"), "one thread");
    }
    // While nobody can be served it is to sleep: a second, of which it may run a fifth.
    let before = server.process.processor_ticks();
    let mut idle = server.connect("a client that listens for a second and says nothing");
    if !matches!(idle.listen(Duration::from_secs(1)), Heard::Nothing) {
        idle.fail(b"", true, "nothing: it has not asked");
    }
    let ticks = server.process.processor_ticks() - before;
    if ticks > 20 {
        let came = format!("the server ran for {} ms of a second", ticks * 10);
        fail("twenty clients that do not read", "nothing", &came, "to sleep until one of them reads");
    }

    let (mut patient, mut came) = stalled.pop().expect("there are twenty");
    came.extend(patient.bytes(usize::MAX));
    let answer = Answer::parse(who, b"", &came);
    if answer.is_none_or(|answer| answer.body.len() as u64 != LARGE) {
        patient.fail(&came, true, &format!("a head and {LARGE} bytes, once it reads"));
    }
    for (talk, _) in stalled {
        talk.reset();
    }
    hello("a client that asks after nineteen others have vanished in the middle of an answer");
    drop(half);
}

/// How many threads the process of this program has.
fn threads_of(program: &Path) -> usize {
    let program = program.canonicalize().expect("it is there");
    let processes = fs::read_dir("/proc").expect("this is Linux").flatten().map(|entry| entry.path());
    let its_own = processes.filter(|path| fs::read_link(path.join("exe")).is_ok_and(|exe| exe == program));
    its_own.filter_map(|path| Some(fs::read_dir(path.join("task")).ok()?.count())).max().expect("it runs")
}

fn path_of(path: &Path) -> &str {
    path.to_str().expect("a temporary folder has a plain name")
}

// ---- who is checked

impl Exercise {
    /// The reader's own program.
    fn check_the_readers(&self) {
        let name = format!("exercise_{:02}", self.number);
        let file = format!("examples/{name}.rs");
        assert!(
            Path::new(PROJECT).join(&file).exists(),
            "there is no {file} yet; begin with: cp examples/{}.rs {file}",
            self.from
        );
        let programs = build_examples(&[&name]);
        let programs =
            programs.unwrap_or_else(|complaints| panic!("\n{file} cannot be built yet:\n{complaints}"));
        (self.check)(&Bench { program: &programs[&name], patience: Duration::from_secs(10) });
    }

    /// The solution must pass.
    fn check_the_solution(&self) {
        static SOLUTIONS: OnceLock<Result<BTreeMap<String, PathBuf>, String>> = OnceLock::new();
        let names: Vec<_> = (1..=10).map(|number| format!("solution_{number:02}")).collect();
        let solutions = SOLUTIONS.get_or_init(|| build_solutions(&names));
        let solutions = solutions.as_ref().unwrap_or_else(|complaints| panic!("{complaints}"));
        let program = &solutions[&names[usize::from(self.number) - 1]];
        (self.check)(&Bench { program, patience: PATIENCE });
    }

    /// The stage as it is must not, and for the right reason.
    fn check_the_stages(&self) {
        static STAGES: OnceLock<Result<BTreeMap<String, PathBuf>, String>> = OnceLock::new();
        let names: Vec<_> =
            ALL.iter().flat_map(|exercise| exercise.refused).map(|(stage, _)| *stage).collect();
        let stages = STAGES.get_or_init(|| build_examples(&names));
        let stages = stages.as_ref().unwrap_or_else(|complaints| panic!("{complaints}"));
        assert_eq!(self.refused[0].0, self.from, "the stage that the reader begins with comes first");
        for (stage, refusal) in self.refused {
            // What a solution may need, and not much more: most stages are refused by waiting.
            let bench = Bench { program: &stages[*stage], patience: 2 * LIMIT };
            let Err(failure) = std::panic::catch_unwind(AssertUnwindSafe(|| (self.check)(&bench))) else {
                panic!("examples/{stage}.rs passes exercise {} as it is", self.number);
            };
            let failure = failure.downcast_ref::<String>().map_or("", String::as_str);
            assert!(
                failure.contains(refusal),
                "{stage} is refused for another reason than {refusal:?}: {failure}"
            );
        }
    }
}

/// All of them.
const ALL: [Exercise; 10] =
    [CAPITALS, ASK_AGAIN, COUNT, SILENCE, HEAD, STILL_GOOD, LAST_BYTES, CHUNKED, SLOW, LOOP];

/// The three tests of an exercise.
macro_rules! tests {
    ($($exercise:ident: $readers:ident, $solution:ident, $stage:ident;)*) => {$(
        #[test]
        #[ignore = "the reader's own: see www/guide/exercises.html"]
        fn $readers() {
            $exercise.check_the_readers();
        }

        #[test]
        fn $solution() {
            $exercise.check_the_solution();
        }

        #[test]
        fn $stage() {
            $exercise.check_the_stages();
        }
    )*};
}

tests! {
    CAPITALS: exercise_01, solution_01_is_accepted, stage_of_01_is_refused;
    ASK_AGAIN: exercise_02, solution_02_is_accepted, stage_of_02_is_refused;
    COUNT: exercise_03, solution_03_is_accepted, stage_of_03_is_refused;
    SILENCE: exercise_04, solution_04_is_accepted, stage_of_04_is_refused;
    HEAD: exercise_05, solution_05_is_accepted, stage_of_05_is_refused;
    STILL_GOOD: exercise_06, solution_06_is_accepted, stage_of_06_is_refused;
    LAST_BYTES: exercise_07, solution_07_is_accepted, stage_of_07_is_refused;
    CHUNKED: exercise_08, solution_08_is_accepted, stage_of_08_is_refused;
    SLOW: exercise_09, solution_09_is_accepted, stage_of_09_is_refused;
    LOOP: exercise_10, solution_10_is_accepted, stage_of_10_is_refused;
}
