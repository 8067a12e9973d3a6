//! 5: HEAD, and the refusal of all but GET and HEAD.

use super::{Check, Exercise};
use crate::bench::Bench;
use crate::report::Outcome;
use crate::texts;
use std::time::Duration;

pub const EXERCISE: Exercise = Exercise {
    number: 5,
    title: texts::HEAD,
    stage: "07_http_hello",
    with_mio: false,
    start: |bench| bench.serve(&[]),
    checks: &[
        Check { title: texts::GET_AS_BEFORE, look: texts::GET_AS_BEFORE_LOOK, run: get_as_before },
        Check {
            title: texts::HEAD_WITHOUT_BODY,
            look: texts::HEAD_WITHOUT_BODY_LOOK,
            run: head_without_body,
        },
        Check { title: texts::NOT_ALLOWED, look: texts::NOT_ALLOWED_LOOK, run: not_allowed },
        Check { title: texts::NOBODY_KNOWS, look: texts::NOBODY_KNOWS_LOOK, run: nobody_knows },
        Check { title: texts::NO_REQUEST_LINE, look: texts::NO_REQUEST_LINE_LOOK, run: no_request_line },
        Check { title: texts::IN_PIECES, look: texts::IN_PIECES_LOOK, run: in_pieces },
        Check { title: texts::ODD_FIELDS, look: texts::ODD_FIELDS_LOOK, run: odd_fields },
        Check { title: texts::REQUEST_VANISHES, look: texts::REQUEST_VANISHES_LOOK, run: vanishes },
    ],
    probe,
    compare: texts::HEAD_COMPARE,
};

const GREETING: &str = "Hello over HTTP.\n";

fn probe(bench: &Bench) -> Outcome {
    bench.server().get("/")?.expect_ok(GREETING)
}

fn get_as_before(bench: &Bench) -> Outcome {
    for target in ["/", "/anything", "/?HEAD"] {
        bench.server().get(target)?.expect_ok(GREETING)?;
    }
    Ok(())
}

fn head_without_body(bench: &Bench) -> Outcome {
    let get = bench.server().get("/")?;
    let head = bench.server().ask("HEAD /", "")?;
    head.expect_status(200)?;
    head.expect_no_body()?;
    for (name, value) in get.fields.iter().filter(|(name, _)| name != "date") {
        head.expect_field(name, value)?;
    }
    Ok(())
}

fn not_allowed(bench: &Bench) -> Outcome {
    for method in ["POST", "PUT", "DELETE"] {
        let length = if method == "POST" { "Content-Length: 5\r\n" } else { "" };
        let body = if method == "POST" { "hello" } else { "" };
        let request =
            format!("{method} / HTTP/1.1\r\nHost: localhost\r\n{length}Connection: close\r\n\r\n{body}");
        let refused = bench.server().ask_raw(request)?;
        refused.expect_status(405)?;
        let allowed: Vec<_> = refused.field("allow").unwrap_or_default().split(',').map(str::trim).collect();
        let is_right = ["GET", "HEAD"].iter().all(|method| allowed.contains(method));
        refused.expect(is_right && !allowed.contains(&method), texts::ALLOW_FIELD)?;
    }
    Ok(())
}

fn nobody_knows(bench: &Bench) -> Outcome {
    for method in ["BREW", "head", "get", "Get", "GETS", "HEADER", "H", "POSTS"] {
        bench.server().ask(&format!("{method} /"), "")?.expect_status(501)?;
    }
    Ok(())
}

fn no_request_line(bench: &Bench) -> Outcome {
    for line in ["HELLO", "GET /", "GET", "GET / HTTP/1.1 more", "GET / FTP/1.1", " ", "HEAD"] {
        bench.server().ask_raw(format!("{line}\r\n\r\n"))?.expect_status(400)?;
    }
    // Not text at all: a refusal, whichever.
    let answer = bench.server().ask_raw(b"\xff\x00\xfe / HTTP/1.1\r\n\r\n")?;
    answer.expect_one_of(&[400, 501])
}

fn odd_fields(bench: &Bench) -> Outcome {
    for fields in ["host:localhost\r\n", "X-Method: HEAD\r\n", "X-Empty:\r\n", "X-\u{e9}: \u{4f60}\r\n"] {
        let answer = bench.server().ask("GET /", fields)?;
        answer.expect(answer.status == 400 || answer.body == GREETING.as_bytes(), texts::GREETING_OR_400)?;
    }
    bench.server().ask("GET /", "X-Method: HEAD\r\n")?.expect_ok(GREETING)?;
    let long = format!("GET / HTTP/1.1\r\nX-Long: {}", "x".repeat(9000));
    let mut talk = bench.server().connect()?;
    talk.send(long);
    let answer = talk.answer()?;
    answer.expect_one_of(&[400, 431])
}

fn in_pieces(bench: &Bench) -> Outcome {
    let request = "HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let mut talk = bench.server().connect()?;
    talk.trickle(request);
    let answer = talk.answer()?;
    answer.expect_status(200)?;
    answer.expect_no_body()?;
    let mut talk = bench.server().connect()?;
    let (before, last) = request.split_at(request.len() - 2);
    let (method, rest) = before.split_at(2);
    talk.send_pieces(&[method.as_bytes(), rest.as_bytes()]);
    talk.expect_nothing(Duration::from_millis(100), texts::NOTHING_YET)?;
    talk.send(last);
    let answer = talk.answer()?;
    answer.expect_status(200)?;
    answer.expect_no_body()
}

fn vanishes(bench: &Bench) -> Outcome {
    bench.server().vanish("HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n", &[0, 1, 4, 20])
}
