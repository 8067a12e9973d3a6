//! 8: a chunked body.

use super::{Check, Exercise, LIMIT};
use crate::bench::Bench;
use crate::http::Answer;
use crate::report::Outcome;
use crate::texts;

pub const EXERCISE: Exercise = Exercise {
    number: 8,
    title: texts::CHUNKS,
    stage: "07_http_hello",
    with_mio: false,
    start: |bench| bench.serve(&[]),
    checks: &[
        Check { title: texts::TWO_CHUNKS, look: texts::TWO_CHUNKS_LOOK, run: two_chunks },
        Check { title: texts::CHUNK_PIECES, look: texts::CHUNK_PIECES_LOOK, run: in_pieces },
        Check { title: texts::ANY_CONTENT, look: texts::ANY_CONTENT_LOOK, run: any_content },
        Check { title: texts::SIZE_FORMS, look: texts::SIZE_FORMS_LOOK, run: size_forms },
        Check { title: texts::TRAILERS, look: texts::TRAILERS_LOOK, run: trailers },
        Check { title: texts::FIELDS_IN_ANY_CASE, look: texts::CODING_IN_ANY_CASE_LOOK, run: any_case },
        Check { title: texts::NO_SPACE_BEHIND_COLON, look: texts::NO_SPACE_BEHIND_COLON_LOOK, run: no_space },
        Check { title: texts::MALFORMED_SIZES, look: texts::MALFORMED_SIZES_LOOK, run: malformed_sizes },
        Check { title: texts::MALFORMED_CHUNKS, look: texts::MALFORMED_CHUNKS_LOOK, run: malformed_chunks },
        Check { title: texts::WHOLE_FIRST, look: texts::WHOLE_FIRST_LOOK, run: whole_first },
        Check { title: texts::TWO_LENGTHS, look: texts::TWO_LENGTHS_LOOK, run: two_lengths },
        Check { title: texts::A_MILLION, look: texts::A_MILLION_LOOK, run: a_million },
        Check { title: texts::MORE_THAN_A_MILLION, look: texts::MORE_THAN_A_MILLION_LOOK, run: more },
        Check { title: texts::HUGE_SIZES, look: texts::HUGE_SIZES_LOOK, run: huge_sizes },
        Check { title: texts::SECOND_CHUNK_HUGE, look: texts::SECOND_CHUNK_HUGE_LOOK, run: second_huge },
        Check { title: texts::NEVER_ENDS, look: texts::NEVER_ENDS_LOOK, run: never_ends },
        Check { title: texts::BODY_VANISHES, look: texts::BODY_VANISHES_LOOK, run: vanishes },
    ],
    probe: |bench| bench.server().get("/")?.expect_ok("Hello over HTTP.\n"),
    compare: texts::CHUNKS_COMPARE,
};

const HEAD: &str =
    "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";

fn post(bench: &Bench, body: impl AsRef<[u8]>) -> Outcome<Answer> {
    bench.server().ask_raw([HEAD.as_bytes(), body.as_ref()].concat())
}

fn chunk(content: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", content.len()).as_bytes(), content, b"\r\n"].concat()
}

fn two_chunks(bench: &Bench) -> Outcome {
    post(bench, "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n")?.expect_ok("hello world")?;
    post(bench, "0\r\n\r\n")?.expect_ok("")
}

fn in_pieces(bench: &Bench) -> Outcome {
    let body = "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n";
    let mut talk = bench.server().connect()?;
    talk.trickle(HEAD);
    talk.trickle(body);
    talk.answer()?.expect_ok("hello world")?;
    let mut talk = bench.server().connect()?;
    let (one, other) = body.split_at(9);
    let with_head = format!("{HEAD}{one}");
    talk.send_pieces(&[with_head.as_bytes(), other.as_bytes()]);
    talk.answer()?.expect_ok("hello world")?;
    let mut talk = bench.server().connect()?;
    talk.send_pieces(&[HEAD.as_bytes(), b"5\r", b"\nhello\r", b"\n0\r\n", b"\r\n"]);
    talk.answer()?.expect_ok("hello")
}

fn any_content(bench: &Bench) -> Outcome {
    post(bench, "A\r\n0\r\n\r\nGET /\r\n0\r\n\r\n")?.expect_ok("0\r\n\r\nGET /")?;
    let every_byte: Vec<u8> = (0..=255).collect();
    post(bench, [chunk(&every_byte), b"0\r\n\r\n".to_vec()].concat())?.expect_ok(&every_byte)
}

fn size_forms(bench: &Bench) -> Outcome {
    post(bench, "00a\r\n0123456789\r\nB\r\n0123456789a\r\n0\r\n\r\n")?.expect_ok("01234567890123456789a")?;
    post(bench, "00000000000000005\r\nhello\r\n000\r\n\r\n")?.expect_ok("hello")?;
    post(bench, "5;note=x\r\nhello\r\n0;last\r\n\r\n")?.expect_ok("hello")?;
    post(bench, "5;note=\"a 5\"\r\nhello\r\n0\r\n\r\n")?.expect_ok("hello")
}

fn trailers(bench: &Bench) -> Outcome {
    post(bench, "1\r\nx\r\n0\r\nChecksum: 17\r\n\r\n")?.expect_ok("x")?;
    post(bench, "1\r\nx\r\n0\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n")?.expect_ok("x")
}

fn with_field(bench: &Bench, field: &str) -> Outcome<Answer> {
    let head = HEAD.replace("Transfer-Encoding: chunked", field);
    bench.server().ask_raw(format!("{head}5\r\nhello\r\n0\r\n\r\n"))
}

fn any_case(bench: &Bench) -> Outcome {
    for field in ["transfer-encoding: chunked", "TRANSFER-ENCODING: chunked", "Transfer-Encoding: Chunked"] {
        with_field(bench, field)?.expect_ok("hello")?;
    }
    Ok(())
}

fn no_space(bench: &Bench) -> Outcome {
    for field in ["Transfer-Encoding:chunked", "Transfer-Encoding:\t chunked \t"] {
        with_field(bench, field)?.expect_ok("hello")?;
    }
    Ok(())
}

fn malformed_sizes(bench: &Bench) -> Outcome {
    for size in ["five", "", "+5", "-5", "0x5", ";x=5", "5 5", "\u{0665}"] {
        post(bench, format!("{size}\r\nhello\r\n0\r\n\r\n"))?.expect_status(400)?;
    }
    post(bench, "5\nhello\r\n0\r\n\r\n")?.expect_status(400)?;
    post(bench, b"\xff\xfe\r\nhello\r\n0\r\n\r\n")?.expect_status(400)
}

fn malformed_chunks(bench: &Bench) -> Outcome {
    for body in [
        "4\r\nhello\r\n0\r\n\r\n",
        "6\r\nhello\r\n0\r\n\r\n",
        "5\r\nhello\n0\r\n\r\n",
        "5\r\nhello..0\r\n\r\n",
        "5\r\nhello0\r\n\r\n",
    ] {
        post(bench, body)?.expect_status(400)?;
    }
    Ok(())
}

fn whole_first(bench: &Bench) -> Outcome {
    for (before, content) in [("1\r\nx\r\n0\r\nChecksum: 17\r\n", "x"), ("5\r\nhello\r\n0\r\n", "hello")] {
        let mut waiting = bench.server().connect()?;
        waiting.send(format!("{HEAD}{before}"));
        waiting.expect_nothing(LIMIT / 10, texts::NOTHING_YET)?;
        waiting.send("\r\n");
        waiting.answer()?.expect_ok(content)?;
    }
    Ok(())
}

fn two_lengths(bench: &Bench) -> Outcome {
    for (one, other) in [("Content-Length: 5\r\n", ""), ("", "content-length:15\r\n")] {
        let head = HEAD.replace("Transfer-Encoding", &format!("{one}Transfer-Encoding"));
        let head = head.replace("Connection", &format!("{other}Connection"));
        bench.server().ask_raw(format!("{head}5\r\nhello\r\n0\r\n\r\n"))?.expect_status(400)?;
    }
    // No coding that ends: nobody knows where the body does.
    with_field(bench, "Transfer-Encoding: gzip")?.expect_one_of(&[400, 501])
}

fn content(length: u32) -> Vec<u8> {
    (0..length).map(|number| number.to_le_bytes()[0]).collect()
}

fn a_million(bench: &Bench) -> Outcome {
    let large = content(1_000_000);
    let mut body: Vec<u8> = large.chunks(50_000).flat_map(chunk).collect();
    body.extend_from_slice(b"0\r\n\r\n");
    post(bench, &body)?.expect_ok(&large)?;
    post(bench, [chunk(&large), b"0\r\n\r\n".to_vec()].concat())?.expect_ok(&large)
}

fn more(bench: &Bench) -> Outcome {
    // The bytes never come: the sizes alone say that it is too much.
    post(bench, "F4241\r\n")?.expect_status(413)?;
    let body = [&chunk(&content(600_000))[..], b"61A81\r\n"].concat();
    post(bench, &body)?.expect_status(413)?;
    let body = [&chunk(&content(1_000_000))[..], b"1\r\n"].concat();
    post(bench, &body)?.expect_status(413)
}

fn huge_sizes(bench: &Bench) -> Outcome {
    for size in ["FFFFFFFF", "7FFFFFFFFFFFFFFF", "8000000000000000", "FFFFFFFFFFFFFFFF"] {
        post(bench, format!("{size}\r\n"))?.expect_one_of(&[400, 413])?;
    }
    post(bench, "FFFFFFFF\r\n")?.expect_status(413)?;
    for size in ["FFFFFFFFFFFFFFFFF", "10000000000000005", &"F".repeat(500)] {
        post(bench, format!("{size}\r\nhello\r\n0\r\n\r\n"))?.expect_one_of(&[400, 413])?;
    }
    Ok(())
}

fn second_huge(bench: &Bench) -> Outcome {
    for size in ["FFFFFFFFFFFFFFFF", "fffffffffffffffe", "FFFFFFFFFFFFFFFB", "7FFFFFFFFFFFFFFF"] {
        post(bench, format!("5\r\nhello\r\n{size}\r\nhello\r\n0\r\n\r\n"))?.expect_one_of(&[400, 413])?;
    }
    Ok(())
}

fn never_ends(bench: &Bench) -> Outcome {
    let line = format!("5;note={}", "x".repeat(40_000));
    let trailers = format!("0\r\n{}", "X-Trailer: 1\r\n".repeat(3_000));
    for body in [line, trailers] {
        post(bench, body)?.expect_one_of(&[400, 413, 431])?;
    }
    Ok(())
}

fn vanishes(bench: &Bench) -> Outcome {
    let request = format!("{HEAD}5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n");
    let head = HEAD.len();
    bench.server().vanish(&request, &[0, 10, head, head + 1, head + 3, head + 5, head + 9, head + 20])
}
