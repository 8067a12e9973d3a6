//! 6: entity tags, and 304.

use super::{Check, Exercise, HELLO, odd_paths, serves_hello, site};
use crate::bench::Bench;
use crate::http::Answer;
use crate::report::Outcome;
use crate::texts;
use std::time::{Duration, SystemTime};

pub const EXERCISE: Exercise = Exercise {
    number: 6,
    title: texts::STILL_GOOD,
    stage: "08_http_files",
    with_mio: false,
    start: |bench| bench.serve_files(site(&[])?, &[]),
    checks: &[
        Check { title: texts::HAS_A_TAG, look: texts::HAS_A_TAG_LOOK, run: has_a_tag },
        Check { title: texts::TAG_ALONE, look: texts::TAG_ALONE_LOOK, run: tag_alone },
        Check { title: texts::TAG_IN_A_LIST, look: texts::TAG_IN_A_LIST_LOOK, run: tag_in_a_list },
        Check { title: texts::WEAK_TAG, look: texts::WEAK_TAG_LOOK, run: weak_tag },
        Check { title: texts::ANY_TAG, look: texts::ANY_TAG_LOOK, run: any_tag },
        Check { title: texts::OTHER_TAGS, look: texts::OTHER_TAGS_LOOK, run: other_tags },
        Check { title: texts::FIELDS_IN_ANY_CASE, look: texts::FIELDS_IN_ANY_CASE_LOOK, run: any_case },
        Check { title: texts::NO_SPACE_BEHIND_COLON, look: texts::NO_SPACE_BEHIND_COLON_LOOK, run: no_space },
        Check { title: texts::FILE_CHANGES, look: texts::FILE_CHANGES_LOOK, run: file_changes },
        Check { title: texts::EMPTY_FILE, look: texts::EMPTY_FILE_LOOK, run: empty_file },
        Check { title: texts::ODD_PATHS, look: texts::ODD_PATHS_LOOK, run: paths },
        Check { title: texts::HEAD_TOO, look: texts::HEAD_TOO_LOOK, run: head_too },
        Check { title: texts::IN_PIECES, look: texts::IN_PIECES_LOOK, run: in_pieces },
        Check { title: texts::REQUEST_VANISHES, look: texts::REQUEST_VANISHES_LOOK, run: vanishes },
    ],
    probe: serves_hello,
    compare: texts::STILL_GOOD_COMPARE,
};

/// The tag of a response.
fn tag(answer: &Answer) -> Outcome<String> {
    answer.expect_status(200)?;
    match answer.field("etag") {
        Some(tag) if tag.len() > 2 && tag.starts_with('"') && tag.ends_with('"') => Ok(tag.to_owned()),
        _ => answer.fail(texts::AN_ETAG),
    }
}

fn known(bench: &Bench) -> Outcome<String> {
    tag(&bench.server().get("/hello.txt")?)
}

fn ask(bench: &Bench, fields: &str) -> Outcome<Answer> {
    bench.server().ask("GET /hello.txt", &format!("{fields}\r\n"))
}

/// 304, and what belongs to it.
fn expect_304(answer: &Answer, tag: &str, length: usize) -> Outcome {
    answer.expect_status(304)?;
    answer.expect_no_body()?;
    answer.expect_field("ETag", tag)?;
    let is_right = answer.field("content-length").is_none_or(|value| value == length.to_string());
    answer.expect(is_right, texts::NO_LENGTH_OF_0)
}

fn has_a_tag(bench: &Bench) -> Outcome {
    let first = bench.server().get("/hello.txt")?;
    first.expect_ok(HELLO)?;
    let known = tag(&first)?;
    let second = bench.server().get("/hello.txt")?;
    second.expect(tag(&second)? == known, texts::SAME_TAG.with([known]))
}

fn tag_alone(bench: &Bench) -> Outcome {
    let known = known(bench)?;
    expect_304(&ask(bench, &format!("If-None-Match: {known}"))?, &known, HELLO.len())
}

fn tag_in_a_list(bench: &Bench) -> Outcome {
    let known = known(bench)?;
    for fields in [
        format!("If-None-Match: \"old\", {known}, \"older\""),
        format!("If-None-Match: {known},\"old\""),
        format!("If-None-Match: \"old\",{known}"),
        format!("If-None-Match: \"old\"\r\nIf-None-Match: {known}"),
    ] {
        expect_304(&ask(bench, &fields)?, &known, HELLO.len())?;
    }
    Ok(())
}

fn weak_tag(bench: &Bench) -> Outcome {
    let known = known(bench)?;
    for fields in [format!("If-None-Match: W/{known}"), format!("If-None-Match: W/\"old\", W/{known}")] {
        expect_304(&ask(bench, &fields)?, &known, HELLO.len())?;
    }
    Ok(())
}

fn any_tag(bench: &Bench) -> Outcome {
    let known = known(bench)?;
    expect_304(&ask(bench, "If-None-Match: *")?, &known, HELLO.len())
}

fn other_tags(bench: &Bench) -> Outcome {
    let known = known(bench)?;
    let inside = known.trim_matches('"');
    let values = [
        "\"another\"".to_owned(),
        format!("\"x{inside}\""),
        format!("\"{inside}x\""),
        format!("W/\"x{inside}\""),
        "\"\"".to_owned(),
        String::new(),
        inside.to_owned(),
    ];
    for value in values {
        ask(bench, &format!("If-None-Match: {value}"))?.expect_ok(HELLO)?;
    }
    ask(bench, &format!("X-If-None-Match: {known}"))?.expect_ok(HELLO)
}

fn any_case(bench: &Bench) -> Outcome {
    let known = known(bench)?;
    for name in ["if-none-match", "IF-NONE-MATCH", "iF-nOnE-mAtCh"] {
        expect_304(&ask(bench, &format!("{name}: {known}"))?, &known, HELLO.len())?;
    }
    Ok(())
}

fn no_space(bench: &Bench) -> Outcome {
    let known = known(bench)?;
    for fields in [format!("If-None-Match:{known}"), format!("If-None-Match:\t  {known} \t")] {
        expect_304(&ask(bench, &fields)?, &known, HELLO.len())?;
    }
    Ok(())
}

/// A moment of the year 2001.
fn moment(milliseconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(1_000_000_000_000 + milliseconds)
}

fn file_changes(bench: &Bench) -> Outcome {
    let (server, files) = (bench.server(), bench.files());
    let mut tags: Vec<String> = Vec::new();
    // Another text at another time; the same length within the same second; the same time, but longer.
    for (content, at) in [("One.\n", 100), ("Two.\n", 600), ("Three.\n", 600), ("Four\n", 86_400_600)] {
        files.write("changes.txt", content.as_bytes(), moment(at))?;
        let now = server.get("/changes.txt")?;
        now.expect_ok(content)?;
        let new = tag(&now)?;
        now.expect(!tags.contains(&new), texts::ANOTHER_TAG)?;
        for old in &tags {
            let answer = server.ask("GET /changes.txt", &format!("If-None-Match: {old}\r\n"))?;
            answer.expect_ok(content)?;
        }
        tags.push(new);
    }
    Ok(())
}

fn empty_file(bench: &Bench) -> Outcome {
    let empty = bench.server().get("/empty.txt")?;
    empty.expect_ok("")?;
    let known = tag(&empty)?;
    let fields = format!("If-None-Match: {known}\r\n");
    expect_304(&bench.server().ask("GET /empty.txt", &fields)?, &known, 0)
}

fn paths(bench: &Bench) -> Outcome {
    odd_paths(bench, "If-None-Match: *\r\n")?;
    odd_paths(bench, "")?;
    let index = bench.server().get("/sub/")?;
    index.expect_ok("<p>An index.\n")?;
    let known = tag(&index)?;
    let fields = format!("If-None-Match: {known}\r\n");
    expect_304(&bench.server().ask("GET /sub/", &fields)?, &known, 13)
}

fn head_too(bench: &Bench) -> Outcome {
    let known = known(bench)?;
    let head = bench.server().ask("HEAD /hello.txt", "")?;
    head.expect_status(200)?;
    head.expect_no_body()?;
    head.expect_field("ETag", &known)?;
    let head = bench.server().ask("HEAD /hello.txt", &format!("If-None-Match: {known}\r\n"))?;
    expect_304(&head, &known, HELLO.len())
}

fn request(tag: &str) -> String {
    format!("GET /hello.txt HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: {tag}\r\nConnection: close\r\n\r\n")
}

fn in_pieces(bench: &Bench) -> Outcome {
    let known = known(bench)?;
    let mut talk = bench.server().connect()?;
    talk.trickle(request(&known));
    expect_304(&talk.answer()?, &known, HELLO.len())?;
    let mut talk = bench.server().connect()?;
    let request = request(&known);
    let (one, other) = request.split_at(request.len() - 30);
    talk.send_pieces(&[one.as_bytes(), other.as_bytes()]);
    expect_304(&talk.answer()?, &known, HELLO.len())
}

fn vanishes(bench: &Bench) -> Outcome {
    bench.server().vanish(&request("\"old\""), &[0, 5, 30, 60])
}
