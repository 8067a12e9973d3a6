//! What the integration tests share: a server process, a client on a raw socket, folders to serve.
//!
//! Nothing here sleeps. Each wait is for an event (a line, bytes, the end of a process) and gives up
//! with an explanation after [`PATIENCE`].

mod client;
mod process;
#[cfg(target_os = "linux")]
pub(crate) mod proxy;
#[cfg(unix)]
pub(crate) mod terminal;
#[cfg(unix)]
pub(crate) mod webdriver;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};
use tempfile::TempDir;

pub(crate) use client::{Client, Events, Reply, V4, V6, address_of_our_own, has_v6, port_of_our_own};
pub(crate) use process::{
    FEW, Finished, Process, Server, ask_to_stop, glasshttp, glasshttp_by, run, start_with_few_descriptors,
    take_all_descriptors,
};

/// How long anything may take before a test fails. Nothing takes so long unless it hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A length that no socket buffers hold: while a client has not read most of it, the server is
/// still sending.
pub(crate) const LARGE: u64 = 64 * 1024 * 1024;

// ---- folders

/// A temporary folder with these files: name (folders before it with `/`) and content.
pub(crate) fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, content) in files {
        write(folder.path(), name, content);
    }
    folder
}

/// All files below a folder, in order. Links are not followed.
pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).expect("a folder") {
            let entry = entry.expect("an entry");
            let is_folder = entry.file_type().expect("a type").is_dir();
            let list = if is_folder { &mut folders } else { &mut found };
            list.push(entry.path());
        }
    }
    found.sort();
    found
}

/// Those of them with this ending.
pub(crate) fn files_ending_in(ending: &str, folder: &Path) -> Vec<PathBuf> {
    let mut found = files_below(folder);
    found.retain(|path| path.extension().is_some_and(|found| found == ending));
    found
}

/// All files below a folder: the path from there, and the content.
pub(crate) fn contents_below(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let content = |path: PathBuf| {
        let name = path.strip_prefix(folder).expect("below it").to_str().expect("UTF-8").to_owned();
        (name, std::fs::read(path).expect("it can be read"))
    };
    files_below(folder).into_iter().map(content).collect()
}

/// Waits until what was written before is no longer so young that another change could hide behind it: until
/// then no entity tag is strong, and nothing is kept in memory.
pub(crate) fn let_settle() {
    std::thread::sleep(SETTLED_AFTER);
}

/// Longer than any step of the clock of a file system on which tests run.
const SETTLED_AFTER: Duration = Duration::from_millis(105);

/// Writes a file below a folder, and the folders that it needs. It was last changed in 2001: that
/// it is new makes no difference to what is tested.
pub(crate) fn write(folder: &Path, name: impl AsRef<Path>, content: impl AsRef<[u8]>) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().expect("it is below a folder")).expect("folders are made");
    std::fs::write(&path, content).expect("a file is written");
    settle(&path);
}

/// A file of so many zeros that takes no room on the disk.
pub(crate) fn write_sparse(folder: &Path, name: &str, length: u64) {
    let path = folder.join(name);
    File::create(&path).and_then(|file| file.set_len(length)).expect("a sparse file is made");
    settle(&path);
}

fn settle(path: &Path) {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let file = File::options().append(true).open(path);
    file.and_then(|file| file.set_modified(time)).expect("its time is set");
}

/// A named pipe. Whoever opens one to read waits until somebody opens it to write.
#[cfg(unix)]
pub(crate) fn make_fifo(path: &Path) {
    let made = Command::new("mkfifo").arg(path).status().expect("mkfifo runs");
    assert!(made.success(), "mkfifo: {made}");
}

/// Bytes to look at.
pub(crate) fn as_text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A name that need not be UTF-8.
#[cfg(unix)]
pub(crate) fn name(bytes: &[u8]) -> &std::ffi::OsStr {
    std::os::unix::ffi::OsStrExt::from_bytes(bytes)
}

/// Fails unless there is exactly one line, and it has all these parts. Gives the line.
pub(crate) fn one_line<'a>(lines: &'a [String], parts: &[&str], context: &dyn Debug) -> &'a str {
    let [line] = lines else { panic!("{context:?}: not one line: {lines:?}") };
    for part in parts {
        assert!(line.contains(part), "{context:?}: there is no {part:?} in {line:?}");
    }
    line
}

/// Asks again and again until there is an answer; fails after [`PATIENCE`].
pub(crate) fn wait_until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < until, "waited in vain for {what}");
        // What is asked for here tells nobody when it changes. The test must not take the processor
        // from the process that it waits for.
        std::thread::park_timeout(Duration::from_millis(1));
    }
}

/// Lets this process have so many files open, if it may.
#[cfg(unix)]
pub(crate) fn raise_open_files(count: u64) {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let maximum = limit.maximum;
    assert!(maximum.is_none_or(|maximum| maximum >= count), "the test needs {count} open files: {maximum:?}");
    if limit.current.is_some_and(|current| current < count) {
        setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).expect("it may be raised so far");
    }
}

/// A number from the environment, for those who want a test to take longer.
pub(crate) fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().unwrap_or_else(|_| panic!("{name}={value}")))
}

// ---- chance

/// Numbers that look random and are the same for the same seed.
pub(crate) struct Random(u64);

impl Random {
    /// A generator whose seed is printed when the test fails. `GLASSHTTP_TEST_SEED` sets it.
    pub(crate) fn from_environment() -> Random {
        let seed = setting("GLASSHTTP_TEST_SEED", 1);
        println!("GLASSHTTP_TEST_SEED={seed}");
        Random(seed)
    }

    /// A generator of this seed.
    pub(crate) fn new(seed: u64) -> Random {
        Random(seed)
    }

    /// Another generator, for another thread.
    pub(crate) fn fork(&mut self) -> Random {
        Random(self.next())
    }

    /// The generator splitmix64.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() >> 33).expect("31 bits") % end
    }

    /// One of these.
    pub(crate) fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }
}
