//! The checkers are checked: each solution in `solutions/` passes, and each wrong one in `mutants/` is refused by the
//! check that is meant for it. A few in `mutants/` are right in another way, and must pass.

use crate::builder;
use crate::checks::{ALL, Exercise};
use crate::texts::Language;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How many programs are tried beside each other. They wait more than they compute.
const BESIDE: usize = 8;

/// How long a solution may take for what is to come at once: this machine may be busy.
const PATIENCE: Duration = Duration::from_secs(20);

/// The same of a wrong one: most of them are refused by waiting.
const LITTLE_PATIENCE: Duration = Duration::from_secs(4);

/// A program, and what must come of it.
struct Candidate {
    exercise: &'static Exercise,
    name: String,
    /// Or why it could not be made.
    text: Result<String, String>,
    /// The check that must refuse it; none if it must pass.
    refused_by: Option<String>,
}

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All of them: the solution first, then what is made of it.
fn candidates(exercise: &'static Exercise) -> Vec<Candidate> {
    let file = exercise.name();
    let solution = read(&package().join(format!("solutions/{file}.rs")));
    let mutants = read(&package().join(format!("mutants/{file}.txt")));
    let mut found = Vec::new();
    for block in mutants.split("\n== ").skip(1) {
        let (name, rest) = block.split_once('\n').expect("a name is followed by more");
        let place = format!("mutants/{file}.txt, {name}");
        let (refused_by, rest) = rest.split_once('\n').unwrap_or((rest, ""));
        let refused_by = match refused_by.strip_prefix("refused by ") {
            Some(check) => Some(check.to_owned()),
            None if refused_by == "accepted" => None,
            None => panic!("{place}: refused by what?"),
        };
        let text = match rest.strip_prefix("instead ") {
            Some(other) => Ok(read(&builder::project().join(other.trim()))),
            None => mutate(&solution, rest, &place),
        };
        let name = name.to_owned();
        found.push(Candidate { exercise, name, text, refused_by });
    }
    let (name, text) = ("the solution".to_owned(), Ok(solution));
    found.insert(0, Candidate { exercise, name, text, refused_by: None });
    found
}

/// Replaces what stands behind each `--` by what stands behind the `++` that follows. Indentation makes no difference.
fn mutate(solution: &str, replacements: &str, place: &str) -> Result<String, String> {
    let mut text = solution.to_owned();
    let mut parts =
        format!("\n{}", replacements.trim_end()).split("\n--\n").map(str::to_owned).collect::<Vec<_>>();
    assert!(parts.remove(0).trim().is_empty() && !parts.is_empty(), "{place}: what is replaced?");
    for part in parts {
        let (old, new) = part.split_once("\n++").unwrap_or_else(|| panic!("{place}: replaced by what?"));
        let new = new.strip_prefix('\n').unwrap_or(new);
        text = replace(&text, old, new).map_err(|count| format!("{place}: {count} places are\n{old}"))?;
    }
    Ok(text)
}

/// Part of a line, or whole lines. They must be there once, else how often they are.
fn replace(text: &str, old: &str, new: &str) -> Result<String, usize> {
    if !old.contains('\n') {
        let old = old.trim();
        let count = text.matches(old).count();
        return if count == 1 { Ok(text.replace(old, new.trim())) } else { Err(count) };
    }
    let lines: Vec<&str> = text.lines().collect();
    let wanted: Vec<&str> = old.lines().map(str::trim).collect();
    let is_here = |at: &usize| wanted.iter().zip(&lines[*at..]).all(|(wanted, line)| *wanted == line.trim());
    let places: Vec<usize> = (0..=lines.len().saturating_sub(wanted.len())).filter(is_here).collect();
    let [at] = places[..] else { return Err(places.len()) };
    let replaced = [&lines[..at], &[new], &lines[at + wanted.len()..]].concat();
    Ok(replaced.join("\n") + "\n")
}

/// A name for the compiler.
fn crate_name(candidate: &Candidate) -> String {
    let letters =
        candidate.name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' });
    format!("{}_{}", candidate.exercise.name(), letters.collect::<String>())
}

/// Tries one. What is wrong, if it is.
fn judge(candidate: &Candidate, program: &Path) -> Result<(), String> {
    let (patience, exercise) = match candidate.refused_by {
        Some(_) => (LITTLE_PATIENCE, candidate.exercise),
        None => (PATIENCE, candidate.exercise),
    };
    let mut outcome = exercise.check(program, patience);
    // On a busy machine a mistake of time can be missed: once more.
    if outcome.is_ok() && candidate.refused_by.is_some() {
        outcome = exercise.check(program, patience);
    }
    match (outcome, &candidate.refused_by) {
        (Ok(_), None) => Ok(()),
        (Ok(_), Some(check)) => Err(format!("passes, and {check} should have refused it")),
        (Err(failed), Some(check)) if failed.title.name == check => {
            // It can be said, in both languages.
            for language in [Language::English, Language::Chinese] {
                let shown = failed.failure.show(language);
                assert!(shown.len() < 6000 && shown.lines().count() < 50, "too long:\n{shown}");
            }
            Ok(())
        }
        (Err(failed), wanted) => {
            let wanted = wanted.as_deref().unwrap_or("nothing");
            let shown = failed.failure.show(Language::English);
            Err(format!(
                "is refused by {} (check {}), and not by {wanted}:\n{shown}",
                failed.title.name, failed.at
            ))
        }
    }
}

#[test]
fn solutions_pass_and_mutants_are_refused() {
    // To look at a few: GLASSHTTP_ONLY=exercise_07 or a part of a name.
    let only = std::env::var("GLASSHTTP_ONLY").unwrap_or_default();
    let mut all: Vec<Candidate> = ALL.iter().flat_map(|exercise| candidates(exercise)).collect();
    all.retain(|candidate| crate_name(candidate).contains(&only));
    // Those that wait for seconds begin first.
    all.sort_by_key(|candidate| ![2, 4, 9, 10].contains(&candidate.exercise.number));
    let folder = builder::workshop().join("mutants");
    fs::create_dir_all(&folder).expect("a folder is made");

    let mut sources: Vec<(String, PathBuf)> = Vec::new();
    for candidate in &all {
        let name = crate_name(candidate);
        let source = folder.join(format!("{name}.rs"));
        // Not written anew if it is the same: cargo looks at the time.
        if let Ok(text) = &candidate.text
            && fs::read_to_string(&source).ok().as_ref() != Some(text)
        {
            fs::write(&source, text).expect("a file is written");
        }
        sources.push((name, source));
    }
    let with_mio = sources.iter().zip(&all).filter(|(_, one)| one.exercise.with_mio && one.text.is_ok());
    let with_mio: Vec<(String, PathBuf)> = with_mio.map(|(source, _)| source.clone()).collect();

    let (next, faults) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let mio = std::sync::OnceLock::new();
    let try_one = |at: usize| {
        let (candidate, (name, source)) = (&all[at], &sources[at]);
        candidate.text.as_ref().map_err(Clone::clone)?;
        let program = if candidate.exercise.with_mio {
            let programs = mio.get_or_init(|| {
                let programs = builder::with_mio(&with_mio, &folder.join("with_mio"));
                let programs = programs.map_err(|complaint| format!("{complaint:?}"));
                programs.map(|programs| with_mio.iter().map(|(name, _)| name.clone()).zip(programs).collect())
            });
            let programs: &BTreeMap<String, PathBuf> = programs.as_ref().map_err(Clone::clone)?;
            programs[name].clone()
        } else {
            builder::with_rustc(source, name, &folder).map_err(|complaint| format!("{complaint:?}"))?
        };
        judge(candidate, &program)
    };
    thread::scope(|scope| {
        for _ in 0..BESIDE {
            scope.spawn(|| {
                while let at = next.fetch_add(1, Ordering::Relaxed)
                    && at < all.len()
                {
                    let began = Instant::now();
                    let outcome = try_one(at);
                    let (number, name) = (all[at].exercise.number, &all[at].name);
                    println!("{number}, {name}: {:.1} s", began.elapsed().as_secs_f64());
                    if let Err(fault) = outcome {
                        crate::process::lock(&faults).push(format!("exercise {number}, {name}: {fault}"));
                    }
                }
            });
        }
    });
    let faults = faults.into_inner().expect("no thread panicked");
    assert!(faults.is_empty(), "{} of {}:\n{}", faults.len(), all.len(), faults.join("\n"));
}

#[test]
fn each_check_refuses_something() {
    for exercise in ALL {
        let refused_by: Vec<String> =
            candidates(exercise).into_iter().filter_map(|one| one.refused_by).collect();
        assert!(refused_by.len() >= 4, "exercise {} has {} mutants", exercise.number, refused_by.len());
        for title in exercise.titles() {
            assert!(
                refused_by.iter().any(|name| name == title),
                "exercise {}: nothing for {title}",
                exercise.number
            );
        }
    }
}

#[test]
fn a_stage_is_begun_with() {
    for exercise in ALL {
        let stage = format!("examples/{}.rs", exercise.stage);
        assert!(builder::project().join(&stage).is_file(), "there is no {stage}");
        let mutants = read(&package().join(format!("mutants/{}.txt", exercise.name())));
        assert!(
            mutants.contains(&format!("\ninstead {stage}\n")),
            "exercise {}: the stage as it is",
            exercise.number
        );
    }
}
