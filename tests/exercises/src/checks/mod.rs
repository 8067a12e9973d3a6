//! The ten exercises, and when each is done.

mod ask_again;
mod capitals;
mod chunks;
mod count;
mod event_loop;
mod head;
mod last_bytes;
mod silence;
mod slow;
mod still_good;

use crate::bench::Bench;
use crate::report::{Failure, Outcome};
use crate::texts::{self, Text};
use std::path::Path;
use std::time::Duration;

/// An exercise.
pub struct Exercise {
    pub number: usize,
    pub title: Text,
    /// The stage that the reader begins with.
    pub stage: &'static str,
    /// Whether the program needs mio, and so cargo.
    pub with_mio: bool,
    /// Starts the server that the checks talk to, if it is one.
    start: fn(&mut Bench) -> Outcome,
    checks: &'static [Check],
    /// Whether the server still answers: asked after each check.
    probe: fn(&Bench) -> Outcome,
    /// What to compare with in the engine.
    pub compare: Text,
}

/// One rule of an exercise.
struct Check {
    title: Text,
    look: Text,
    run: fn(&Bench) -> Outcome,
}

/// The check that failed, and why.
pub struct Failed {
    /// Its number among all of the exercise; 0 if the program did not start.
    pub at: usize,
    pub title: Text,
    pub look: Text,
    pub failure: Box<Failure>,
}

/// All of them.
pub const ALL: [&Exercise; 10] = [
    &capitals::EXERCISE,
    &ask_again::EXERCISE,
    &count::EXERCISE,
    &silence::EXERCISE,
    &head::EXERCISE,
    &still_good::EXERCISE,
    &last_bytes::EXERCISE,
    &chunks::EXERCISE,
    &slow::EXERCISE,
    &event_loop::EXERCISE,
];

/// Two seconds, in which clients must speak or finish, where an exercise says so.
const LIMIT: Duration = Duration::from_secs(2);

/// The same, give or take what clocks round away: it must not be less.
const NEARLY_THE_LIMIT: Duration = Duration::from_millis(1900);

/// "About two seconds" is less than this.
const WELL_OVER_THE_LIMIT: Duration = Duration::from_millis(3800);

impl Exercise {
    /// The name of the reader's program.
    pub fn name(&self) -> String {
        format!("exercise_{:02}", self.number)
    }

    /// How many checks there are.
    pub fn count(&self) -> usize {
        self.checks.len()
    }

    /// The names of the checks.
    #[cfg(test)]
    pub fn titles(&self) -> impl Iterator<Item = &'static str> {
        self.checks.iter().map(|check| check.title.name)
    }

    /// Tries a program. Gives what could not be looked at on this system.
    pub fn check(&self, program: &Path, patience: Duration) -> Result<Vec<Text>, Failed> {
        let mut bench = Bench::new(program, patience);
        let failed = |at, title, look, failure| Failed { at, title, look, failure };
        if let Err(failure) = (self.start)(&mut bench) {
            return Err(failed(0, texts::IT_STARTS, texts::LISTENING_LOOK, failure));
        }
        for (at, check) in self.checks.iter().enumerate() {
            if let Err(failure) = self.run(check, &bench) {
                return Err(failed(at + 1, check.title, check.look, failure));
            }
        }
        Ok(bench.notes.into_inner().unwrap_or_default())
    }

    /// One check; afterwards the server must still be there and answer.
    fn run(&self, check: &Check, bench: &Bench) -> Outcome {
        let outcome = (check.run)(bench);
        let Some(server) = bench.running() else { return outcome };
        outcome.map_err(|failure| Box::new(server.explain(*failure)))?;
        let last = crate::process::lock(&server.last).clone();
        server.is_well()?;
        (self.probe)(bench).map_err(|failure| {
            let failure = Failure::new().with(texts::BEFORE, last.as_slice()).and(*failure);
            Box::new(server.explain(failure))
        })?;
        // What a thread says when it panics may be on its way.
        std::thread::sleep(Duration::from_millis(20));
        server.is_well()
    }
}

/// "Hello, world!" and a line feed, which several exercises serve.
const HELLO: &str = "Hello, world!\n";

/// The files of those that serve files.
fn site(more: &[(&str, &[u8])]) -> Outcome<crate::bench::Folder> {
    let always: [(&str, &[u8]); 4] = [
        ("hello.txt", HELLO.as_bytes()),
        ("empty.txt", b""),
        ("sub/index.html", b"<p>An index.\n"),
        ("bare/page.html", b"<p>A page in a folder without an index.\n"),
    ];
    crate::bench::Folder::with(&[&always, more].concat())
}

/// A file is there and comes whole: that a server of files still answers.
fn serves_hello(bench: &Bench) -> Outcome {
    bench.server().get("/hello.txt")?.expect_ok(HELLO)
}

/// Folders are no files, an empty file is one, and neither ends the server. `fields` are sent each time.
fn odd_paths(bench: &Bench, fields: &str) -> Outcome {
    for target in ["/sub", "/bare", "/bare/", "/nothing.txt", "/hello.txt/x"] {
        let answer = bench.server().ask(&format!("GET {target}"), fields)?;
        let is_refused = (300..500).contains(&answer.status) && !matches!(answer.status, 304 | 416);
        answer.expect(is_refused, texts::NO_FILE_THERE)?;
    }
    for target in
        ["/../secret", "/%2e%2e/secret", "/%", "/%zz", "/%00", "/\u{fffd}", "/hello.txt%00", "//", "/?"]
    {
        let answer = bench.server().ask(&format!("GET {target}"), fields)?;
        let is_right = matches!(answer.status, 200 | 206 | 300..500);
        answer.expect(is_right, texts::ANY_REFUSAL)?;
    }
    Ok(())
}
