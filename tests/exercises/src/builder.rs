//! Building a program: by rustc alone, or by cargo, where it needs mio.

use crate::process::{Finished, Process, executable, path};
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Condvar, Mutex, OnceLock, PoisonError};
use std::time::Duration;

/// How long a build may take; one may have to wait for a download.
const PATIENCE: Duration = Duration::from_secs(300);

/// The root of the project.
pub fn project() -> &'static Path {
    static ROOT: OnceLock<PathBuf> = OnceLock::new();
    ROOT.get_or_init(|| {
        // Said by `cargo run`; else where this was built.
        let package = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let package = package.filter(|package| package.ends_with("tests/exercises"));
        let package = package.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")));
        package.ancestors().nth(2).expect("it lies two folders below the root").to_owned()
    })
}

/// Where programs are built: beside this one, in the target folder.
pub fn workshop() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let program = env::current_exe().expect("it has been started");
        let target = program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").exists());
        let folder =
            target.map_or_else(|| env::temp_dir().join("glasshttp-exercises"), |it| it.join("readers"));
        fs::create_dir_all(&folder).expect("a folder is made");
        folder
    })
}

/// Why there is no program.
#[derive(Debug)]
pub enum NoProgram {
    /// The compiler refused it: in its own words.
    Refused(String),
    /// There is no compiler, or it did not end.
    NoCompiler(String),
}

/// Builds one file of Rust, with nothing but the standard library.
pub fn with_rustc(source: &Path, name: &str, folder: &Path) -> Result<PathBuf, NoProgram> {
    let program = folder.join(executable(name));
    let mut rustc = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    // From the root, so that the compiler names the file as the reader does.
    let source = source.strip_prefix(project()).unwrap_or(source);
    rustc.current_dir(project()).args(["--edition", "2024", "--crate-name", name, "--color", colour()]);
    rustc.arg("-o").arg(&program).arg(source);
    build(&mut rustc)?;
    Ok(program)
}

/// Builds files of Rust that use mio, in a package of their own, which depends on mio and on nothing else.
pub fn with_mio(sources: &[(String, PathBuf)], folder: &Path) -> Result<Vec<PathBuf>, NoProgram> {
    let mut manifest = String::from(
        "[package]\nname = \"with-mio\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [dependencies]\nmio = { version = \"1\", features = [\"os-poll\", \"net\"] }\n\n\
         [profile.dev]\ndebug = false\n",
    );
    for (name, source) in sources {
        let _ = write!(manifest, "\n[[bin]]\nname = {name:?}\npath = {:?}\n", path(source));
    }
    let problem = |error: std::io::Error| NoProgram::NoCompiler(error.to_string());
    fs::create_dir_all(folder).map_err(problem)?;
    let file = folder.join("Cargo.toml");
    if fs::read_to_string(&file).ok().as_ref() != Some(&manifest) {
        fs::write(&file, manifest).map_err(problem)?;
        // The version that the project uses: who has built that has it already.
        fs::copy(project().join("Cargo.lock"), folder.join("Cargo.lock")).map_err(problem)?;
    }
    let target = folder.join("target");
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(project()).args(["build", "--quiet", "--bins", "--color", colour()]);
    cargo.arg("--manifest-path").arg(file).arg("--target-dir").arg(&target);
    build(&mut cargo)?;
    Ok(sources.iter().map(|(name, _)| target.join("debug").join(executable(name))).collect())
}

fn colour() -> &'static str {
    if std::io::stdout().is_terminal() { "always" } else { "never" }
}

fn build(command: &mut Command) -> Result<(), NoProgram> {
    let _place = Place::take();
    let name = path(Path::new(command.get_program())).to_owned();
    let process = Process::start(command);
    let process = process.map_err(|error| NoProgram::NoCompiler(format!("{name}: {error}")))?;
    match process.finish(PATIENCE) {
        Some(Finished { status, .. }) if status.success() => Ok(()),
        Some(Finished { stderr, .. }) => {
            Err(NoProgram::Refused(String::from_utf8_lossy(&stderr).into_owned()))
        }
        None => Err(NoProgram::NoCompiler(format!("{name}: {} s", PATIENCE.as_secs()))),
    }
}

/// One of the places at which a compiler may run. It computes all the time, so more would only be slower.
struct Place;

static PLACES: Mutex<usize> = Mutex::new(2);
static FREE: Condvar = Condvar::new();

impl Place {
    fn take() -> Place {
        let places = PLACES.lock().unwrap_or_else(PoisonError::into_inner);
        let mut places =
            FREE.wait_while(places, |places| *places == 0).unwrap_or_else(PoisonError::into_inner);
        *places -= 1;
        Place
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        *PLACES.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        FREE.notify_one();
    }
}
