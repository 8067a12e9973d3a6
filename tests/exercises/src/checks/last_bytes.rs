//! 7: the last bytes of a file.

use super::{Check, Exercise, HELLO, odd_paths, serves_hello, site};
use crate::bench::Bench;
use crate::http::Answer;
use crate::report::Outcome;
use crate::texts;

pub const EXERCISE: Exercise = Exercise {
    number: 7,
    title: texts::LAST_BYTES,
    stage: "08_http_files",
    with_mio: false,
    start: |bench| bench.serve_files(site(&[("numbers.txt", numbers().as_bytes())])?, &[]),
    checks: &[
        Check { title: texts::LAST_FIVE, look: texts::LAST_FIVE_LOOK, run: last_five },
        Check { title: texts::MORE_THAN_THERE_IS, look: texts::MORE_THAN_THERE_IS_LOOK, run: more },
        Check { title: texts::LARGER_THAN_NUMBERS, look: texts::LARGER_THAN_NUMBERS_LOOK, run: larger },
        Check { title: texts::LAST_NONE, look: texts::LAST_NONE_LOOK, run: last_none },
        Check { title: texts::MALFORMED_RANGES, look: texts::MALFORMED_RANGES_LOOK, run: malformed },
        Check { title: texts::FIELDS_IN_ANY_CASE, look: texts::FIELDS_IN_ANY_CASE_LOOK, run: any_case },
        Check { title: texts::NO_SPACE_BEHIND_COLON, look: texts::NO_SPACE_BEHIND_COLON_LOOK, run: no_space },
        Check { title: texts::EMPTY_FILE, look: texts::RANGE_OF_EMPTY_LOOK, run: empty_file },
        Check { title: texts::ODD_PATHS, look: texts::ODD_PATHS_LOOK, run: paths },
        Check { title: texts::WITHOUT_RANGE, look: texts::WITHOUT_RANGE_LOOK, run: without_range },
        Check { title: texts::IN_PIECES, look: texts::IN_PIECES_LOOK, run: in_pieces },
        Check { title: texts::REQUEST_VANISHES, look: texts::REQUEST_VANISHES_LOOK, run: vanishes },
    ],
    probe: serves_hello,
    compare: texts::LAST_BYTES_COMPARE,
};

/// 1000 bytes: 200 lines of four digits, each the number of its first byte.
fn numbers() -> String {
    (0..200).map(|line| format!("{:04}\n", line * 5)).collect::<Vec<_>>().concat()
}

fn ask(bench: &Bench, fields: &str) -> Outcome<Answer> {
    bench.server().ask("GET /numbers.txt", &format!("{fields}\r\n"))
}

fn expect_part(answer: &Answer, first: usize) -> Outcome {
    answer.expect_status(206)?;
    answer.expect_field("Content-Range", &format!("bytes {first}-999/1000"))?;
    answer.expect_body(&numbers()[first..])
}

fn last_five(bench: &Bench) -> Outcome {
    for count in [5, 1, 10, 999] {
        expect_part(&ask(bench, &format!("Range: bytes=-{count}"))?, 1000 - count)?;
    }
    expect_part(&ask(bench, "Range: bytes=-0005")?, 995)
}

fn more(bench: &Bench) -> Outcome {
    for count in [1000, 1001, 5000] {
        expect_part(&ask(bench, &format!("Range: bytes=-{count}"))?, 0)?;
    }
    Ok(())
}

fn larger(bench: &Bench) -> Outcome {
    for count in [
        "4294967296",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551615",
        "18446744073709551616",
        "99999999999999999999999",
    ] {
        expect_part(&ask(bench, &format!("Range: bytes=-{count}"))?, 0)?;
    }
    Ok(())
}

fn last_none(bench: &Bench) -> Outcome {
    for count in ["0", "000"] {
        let none = ask(bench, &format!("Range: bytes=-{count}"))?;
        none.expect_status(416)?;
        none.expect_field("Content-Range", "bytes */1000")?;
    }
    Ok(())
}

fn malformed(bench: &Bench) -> Outcome {
    for range in [
        "bytes=-",
        "bytes=-five",
        "bytes=--5",
        "bytes=-+5",
        "lines=-5",
        "bytes=",
        "bytes",
        "",
        "-5",
        "=-5",
        "bytes=-5x",
        "bytes=-0x5",
        "bytes=-\u{0665}",
    ] {
        let answer = ask(bench, &format!("Range: {range}"))?;
        answer.expect_ok(numbers())?;
        answer.expect(answer.field("content-range").is_none(), texts::NO_CONTENT_RANGE)?;
    }
    // Of ranges that may be ignored, the part or the whole is right.
    for range in ["bytes=0-4", "bytes=995-", "bytes=-5,-6", "bytes=2-1", "bytes=5000-"] {
        ask(bench, &format!("Range: {range}"))?.expect_one_of(&[200, 206, 416])?;
    }
    Ok(())
}

fn any_case(bench: &Bench) -> Outcome {
    for fields in ["range: bytes=-5", "RANGE: bytes=-5", "Range: Bytes=-5", "rAnGe: BYTES=-5"] {
        expect_part(&ask(bench, fields)?, 995)?;
    }
    Ok(())
}

fn no_space(bench: &Bench) -> Outcome {
    for fields in ["Range:bytes=-5", "Range:\t  bytes=-5 \t"] {
        expect_part(&ask(bench, fields)?, 995)?;
    }
    Ok(())
}

fn empty_file(bench: &Bench) -> Outcome {
    for range in ["bytes=-5", "bytes=-1", "bytes=-0"] {
        let answer = bench.server().ask("GET /empty.txt", &format!("Range: {range}\r\n"))?;
        match answer.status {
            416 => answer.expect_field("Content-Range", "bytes */0")?,
            200 if range != "bytes=-0" => answer.expect_body("")?,
            _ => return answer.fail(texts::RANGE_OF_EMPTY),
        }
    }
    bench.server().get("/empty.txt")?.expect_ok("")
}

fn paths(bench: &Bench) -> Outcome {
    odd_paths(bench, "Range: bytes=-5\r\n")?;
    odd_paths(bench, "")?;
    let index = bench.server().ask("GET /sub/", "Range: bytes=-5\r\n")?;
    index.expect_status(206)?;
    index.expect_field("Content-Range", "bytes 8-12/13")?;
    index.expect_body("dex.\n")
}

fn without_range(bench: &Bench) -> Outcome {
    let whole = bench.server().get("/numbers.txt")?;
    whole.expect_ok(numbers())?;
    whole.expect(whole.field("content-range").is_none(), texts::NO_CONTENT_RANGE)?;
    bench.server().ask("GET /hello.txt", "X-Range: bytes=-5\r\n")?.expect_ok(HELLO)?;
    for fields in ["", "Range: bytes=-5\r\n"] {
        let head = bench.server().ask("HEAD /numbers.txt", fields)?;
        head.expect_status(200)?;
        head.expect_no_body()?;
        head.expect_field("Content-Length", "1000")?;
    }
    Ok(())
}

const REQUEST: &str =
    "GET /numbers.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nRange: bytes=-5\r\n\r\n";

fn in_pieces(bench: &Bench) -> Outcome {
    let mut talk = bench.server().connect()?;
    talk.trickle(REQUEST);
    expect_part(&talk.answer()?, 995)?;
    let mut talk = bench.server().connect()?;
    let (one, other) = REQUEST.split_at(REQUEST.len() - 6);
    talk.send_pieces(&[one.as_bytes(), other.as_bytes()]);
    expect_part(&talk.answer()?, 995)
}

fn vanishes(bench: &Bench) -> Outcome {
    bench.server().vanish(REQUEST, &[0, 5, 30, REQUEST.len() - 1])
}
