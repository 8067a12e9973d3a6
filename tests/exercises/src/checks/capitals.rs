//! 1: an echo in capitals.

use super::{Check, Exercise};
use crate::bench::Bench;
use crate::report::Outcome;
use crate::texts;

pub const EXERCISE: Exercise = Exercise {
    number: 1,
    title: texts::CAPITALS,
    stage: "01_echo_server",
    with_mio: false,
    start: |bench| bench.serve(&[]),
    checks: &[
        Check { title: texts::CAPITALS_AT_ONCE, look: texts::CAPITALS_AT_ONCE_LOOK, run: at_once },
        Check { title: texts::ONLY_ASCII, look: texts::ONLY_ASCII_LOOK, run: only_ascii },
        Check { title: texts::CUT_LETTER, look: texts::CUT_LETTER_LOOK, run: cut_letter },
        Check { title: texts::EVERY_BYTE, look: texts::EVERY_BYTE_LOOK, run: every_byte },
        Check { title: texts::SAYS_NOTHING, look: texts::SAYS_NOTHING_LOOK, run: says_nothing },
        Check { title: texts::MUCH, look: texts::MUCH_LOOK, run: much },
        Check { title: texts::VANISHES, look: texts::VANISHES_LOOK, run: vanishes },
    ],
    probe,
    compare: texts::CAPITALS_COMPARE,
};

/// Sends all of it, and the end; it must come back in capitals.
fn whole(bench: &Bench, sent: Vec<u8>) -> Outcome {
    let mut talk = bench.server().connect()?;
    let expected = sent.to_ascii_uppercase();
    talk.send_beside(sent);
    talk.expect(expected)?;
    talk.expect_end()
}

fn at_once(bench: &Bench) -> Outcome {
    let mut talk = bench.server().connect()?;
    talk.send("hello\n");
    talk.expect("HELLO\n")?;
    talk.send("without an end of line");
    talk.expect("WITHOUT AN END OF LINE")?;
    talk.send("x");
    talk.expect("X")?;
    talk.finish();
    talk.expect_end()
}

fn only_ascii(bench: &Bench) -> Outcome {
    let mut talk = bench.server().connect()?;
    talk.send("Grüße, 42\n");
    talk.expect("GRüßE, 42\n")?;
    talk.send("@[`{ \u{e9}\u{3b1}\u{436} \u{4f60}\u{597d}\r\n");
    talk.expect("@[`{ \u{e9}\u{3b1}\u{436} \u{4f60}\u{597d}\r\n")
}

fn cut_letter(bench: &Bench) -> Outcome {
    let mut talk = bench.server().connect()?;
    talk.send(b"gr\xc3");
    talk.expect(b"GR\xc3")?;
    talk.send(b"\xbc\xc3");
    talk.expect(b"\xbc\xc3")?;
    talk.send(b"\x9fe");
    talk.expect(b"\x9fE")
}

fn every_byte(bench: &Bench) -> Outcome {
    whole(bench, (0..=255).collect())?;
    whole(bench, (0..=255).rev().cycle().take(2560).collect())
}

fn says_nothing(bench: &Bench) -> Outcome {
    for _ in 0..3 {
        let mut talk = bench.server().connect()?;
        talk.finish();
        talk.expect_end()?;
    }
    Ok(())
}

fn much(bench: &Bench) -> Outcome {
    whole(bench, b"some more, ".repeat(20_000))
}

fn vanishes(bench: &Bench) -> Outcome {
    for _ in 0..3 {
        let mut talk = bench.server().connect()?;
        talk.send("I am not here any mo");
        talk.reset();
    }
    Ok(())
}

fn probe(bench: &Bench) -> Outcome {
    whole(bench, b"are you still there?\n".to_vec())
}
