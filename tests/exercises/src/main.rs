//! `cargo exercise`: whether the exercises of the course (`www/guide/exercises.html`) are done.
//!
//! Without a number it says how far the reader is with each of the ten, with one it checks that one: it builds
//! `examples/exercise_07.rs`, starts it and talks to it over real sockets. It ends with 0 only if all that was asked
//! about is done.
//!
//! A checker can be wrong, too: it may refuse what is right, or let pass what is not. So `cargo test` (`mutants.rs`)
//! shows it a solution of each exercise, which it must accept, and many wrong ones, each of which it must refuse in the
//! check that is meant for it.

mod bench;
mod builder;
mod checks;
mod http;
#[cfg(test)]
mod mutants;
mod process;
mod report;
mod talk;
mod texts;

use builder::NoProgram;
use checks::{ALL, Exercise, Failed};
use std::collections::hash_map::DefaultHasher;
use std::env;
use std::fs;
use std::hash::{Hash, Hasher};
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use texts::{Language, Message, Text};

/// As `println!` does, but whoever has read enough may close the pipe.
macro_rules! print_line {
    ($($words:tt)*) => {{
        let _ = writeln!(io::stdout(), $($words)*);
    }};
}

/// How long anything may take that is to come at once.
const PATIENCE: Duration = Duration::from_secs(6);

/// How many are checked beside each other: most of the time each waits.
const BESIDE: usize = 8;

/// What the command line asks for.
struct Task {
    language: Language,
    /// None: how far the reader is with all.
    exercises: Vec<&'static Exercise>,
}

/// How far the reader is with an exercise.
enum State {
    NotBegun,
    /// It does not compile: what the compiler says.
    Unbuilt(NoProgram),
    Failed(Failed),
    /// With what could not be looked at here.
    Done(Vec<Text>),
}

fn main() -> ExitCode {
    let task = match arguments(env::args().skip(1)) {
        Ok(task) => task,
        Err((language, word)) => {
            if let Some(word) = &word {
                eprintln!("{}", texts::NO_SUCH_WORD.with([word.as_str()]).in_language(language));
            }
            eprintln!("{}", texts::USAGE.in_language(language));
            return if word.is_some() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    let is_done = if task.exercises.is_empty() {
        overview(task.language)
    } else {
        let mut done = 0;
        for (at, exercise) in task.exercises.iter().enumerate() {
            if at > 0 {
                print_line!();
            }
            done += usize::from(one(exercise, task.language));
        }
        done == task.exercises.len()
    };
    if is_done { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The task; or the language, and the word that is wrong, if the usage is to be told.
fn arguments(words: impl Iterator<Item = String>) -> Result<Task, (Language, Option<String>)> {
    let mut words = words;
    let mut task = Task { language: Language::of_environment(), exercises: Vec::new() };
    while let Some(word) = words.next() {
        let language = match word.strip_prefix("--language") {
            Some("") => Some(words.next().unwrap_or_default()),
            Some(named) => named.strip_prefix('=').map(str::to_owned),
            None => None,
        };
        if let Some(name) = language {
            task.language = Language::named(&name).ok_or((task.language, Some(word)))?;
            continue;
        }
        if matches!(word.as_str(), "-h" | "--help") {
            return Err((task.language, None));
        }
        let number = word.strip_prefix("exercise_").unwrap_or(&word).parse::<usize>();
        let exercise = number.ok().and_then(|number| ALL.iter().find(|exercise| exercise.number == number));
        task.exercises.push(exercise.ok_or((task.language, Some(word)))?);
    }
    Ok(task)
}

// ---- the reader's programs

/// The file that the reader writes.
fn file_of(exercise: &Exercise) -> PathBuf {
    builder::project().join("examples").join(format!("{}.rs", exercise.name()))
}

/// Builds the reader's program and tries it.
fn state_of(exercise: &Exercise) -> State {
    let (file, name) = (file_of(exercise), exercise.name());
    if !file.is_file() {
        return State::NotBegun;
    }
    let workshop = builder::workshop();
    let built = if exercise.with_mio {
        let built = builder::with_mio(&[(name, file)], &workshop.join("with_mio"));
        built.map(|mut programs| programs.remove(0))
    } else {
        builder::with_rustc(&file, &name, workshop)
    };
    match built {
        Err(complaint) => State::Unbuilt(complaint),
        Ok(program) => match exercise.check(&program, PATIENCE) {
            Ok(notes) => State::Done(notes),
            Err(failed) => State::Failed(failed),
        },
    }
}

/// The same, but quick where this very file has passed before this very checker.
fn known_state_of(exercise: &Exercise) -> State {
    let record = builder::workshop().join(format!("{}.done", exercise.name()));
    let now = fingerprint(exercise);
    if now.is_some() && fs::read_to_string(&record).ok() == now {
        return State::Done(Vec::new());
    }
    let state = state_of(exercise);
    if let (State::Done(_), Some(now)) = (&state, now) {
        // It is only slower without.
        let _ = fs::write(record, now);
    }
    state
}

/// Of the reader's file and of this program.
fn fingerprint(exercise: &Exercise) -> Option<String> {
    let mut hasher = DefaultHasher::new();
    fs::read(file_of(exercise)).ok()?.hash(&mut hasher);
    fs::read(env::current_exe().ok()?).ok()?.hash(&mut hasher);
    Some(format!("{:016x}", hasher.finish()))
}

/// Whether the reader's file is the stage as it was.
fn is_still_the_stage(exercise: &Exercise) -> bool {
    let stage = builder::project().join("examples").join(format!("{}.rs", exercise.stage));
    fs::read(stage).is_ok_and(|stage| fs::read(file_of(exercise)).is_ok_and(|file| file == stage))
}

fn begin_with(exercise: &Exercise) -> Message {
    texts::BEGIN_WITH.with([exercise.stage, &exercise.name()])
}

// ---- all ten

/// Says how far the reader is with each, one line each. Whether all are done.
fn overview(language: Language) -> bool {
    let (sender, states) = mpsc::channel();
    let next = std::sync::atomic::AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..BESIDE {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || {
                while let Some(exercise) = ALL.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
                    let _ = sender.send((exercise.number, known_state_of(exercise)));
                }
            });
        }
        drop(sender);
        let mut waiting: Vec<Option<State>> = ALL.iter().map(|_| None).collect();
        let (mut at, mut done, mut first) = (0, 0, None);
        for (number, state) in states {
            waiting[number - 1] = Some(state);
            while let Some(state) = waiting.get_mut(at).and_then(Option::take) {
                let exercise = ALL[at];
                print_line!("{}", line_of(exercise, &state, language));
                if matches!(state, State::Done(_)) {
                    done += 1;
                } else if first.is_none() {
                    first = Some((exercise, matches!(state, State::NotBegun)));
                }
                at += 1;
            }
        }
        let summary = match first {
            None => texts::ALL_DONE.into(),
            Some((exercise, is_new)) => {
                let command = if is_new {
                    begin_with(exercise)
                } else {
                    texts::CHECK_ONE.with([exercise.number.to_string()])
                };
                texts::SO_MANY_ARE_DONE.with([done.to_string(), command.in_language(language)])
            }
        };
        print_line!("\n{}", summary.in_language(language));
        done == ALL.len()
    })
}

fn line_of(exercise: &Exercise, state: &State, language: Language) -> String {
    let (word, more) = match state {
        State::Done(_) => (texts::DONE, String::new()),
        State::NotBegun => (texts::NOT_BEGUN, begin_with(exercise).in_language(language)),
        State::Unbuilt(_) => (texts::BEGUN, texts::DOES_NOT_COMPILE.in_language(language).to_owned()),
        State::Failed(failed) if failed.at == 0 => {
            (texts::BEGUN, texts::DOES_NOT_START.in_language(language).to_owned())
        }
        State::Failed(failed) => {
            let numbers = [failed.at.to_string(), exercise.count().to_string()];
            let [at, count] = numbers;
            let title = failed.title.in_language(language).to_owned();
            (texts::BEGUN, texts::NEXT_CHECK.with([at, count, title]).in_language(language))
        }
    };
    let title = padded(exercise.title.in_language(language), 32);
    let line = format!("{:>2}  {title}  {}  {more}", exercise.number, padded(word.in_language(language), 9));
    line.trim_end().to_owned()
}

/// Filled up with spaces to so many columns. Chinese letters take two.
fn padded(text: &str, columns: usize) -> String {
    let width: usize =
        text.chars().map(|letter| if letter >= '\u{1100}' && letter != '\u{2019}' { 2 } else { 1 }).sum();
    format!("{text}{}", " ".repeat(columns.saturating_sub(width)))
}

// ---- one

/// Checks one, and says what came of it. Whether it is done.
fn one(exercise: &Exercise, language: Language) -> bool {
    let say = |message: Message| print_line!("{}", message.in_language(language));
    let (number, title) = (exercise.number.to_string(), exercise.title.in_language(language).to_owned());
    let name = exercise.name();
    let workshop = builder::workshop();
    if exercise.with_mio && file_of(exercise).is_file() && !workshop.join("with_mio/target").exists() {
        eprintln!("{}", texts::MIO_FIRST.in_language(language));
    }
    match state_of(exercise) {
        State::NotBegun => {
            say(texts::NO_FILE.with([number, title, name]));
            print_line!("\n    {}", begin_with(exercise).in_language(language));
            false
        }
        State::Unbuilt(NoProgram::Refused(words)) => {
            say(texts::CANNOT_BUILD.with([number, title, name]));
            print_line!("\n{}", words.trim_end());
            false
        }
        State::Unbuilt(NoProgram::NoCompiler(why)) => {
            say(texts::NO_COMPILER.with([number, title, why]));
            false
        }
        State::Failed(failed) => {
            if failed.at == 0 {
                say(texts::FAILS_AT_START.with([number, title]));
            } else {
                say(texts::FAILS.with([number, title, failed.at.to_string(), exercise.count().to_string()]));
                print_line!("  {}", failed.title.in_language(language));
            }
            print_line!();
            print_line!("{}", failed.failure.show(language).trim_end());
            print_line!("  {}", texts::LOOK.in_language(language));
            print_indented(failed.look, language);
            if is_still_the_stage(exercise) {
                print_line!("\n{}", texts::STILL_THE_STAGE.in_language(language));
            }
            false
        }
        State::Done(notes) => {
            say(texts::IS_DONE.with([number, title, exercise.count().to_string()]));
            for note in notes {
                print_line!("{}", note.in_language(language));
            }
            let compare = texts::COMPARE_WITH.in_language(language);
            print_line!("\n  {compare}");
            print_indented(exercise.compare, language);
            print_line!("    {}", texts::ONE_SOLUTION.with([name]).in_language(language));
            match ALL.get(exercise.number) {
                Some(next) => {
                    let title = next.title.in_language(language).to_owned();
                    print_line!();
                    say(texts::NEXT_EXERCISE.with([next.number.to_string(), title]));
                    print_line!(
                        "    {}\n    cargo exercise {}",
                        begin_with(next).in_language(language),
                        next.number
                    );
                }
                None => print_line!("\n    cargo exercise"),
            }
            true
        }
    }
}

/// Words below the name of a part.
fn print_indented(text: Text, language: Language) {
    for line in report::wrapped(text.in_language(language)).lines() {
        print_line!("    {line}");
    }
}
