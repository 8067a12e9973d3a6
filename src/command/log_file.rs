//! `--log-file`: the log in a file that can be renamed while the server runs.
//!
//! ```text
//! glasshttp --log-file /var/log/glasshttp/access.log www
//! mv access.log access.log.1; kill -HUP PID        what logrotate does
//! access.log.1    has all lines until then
//! access.log      is a new file, and has all lines from then on
//! ```
//!
//! A process writes to the file that it has open, whatever the name of that file becomes. So a process has to be told
//! after its log was renamed; for daemons SIGHUP says so. No line is lost and none is split, since each write goes
//! into one file as a whole. When the disk is full, lines are lost; a line on standard error says so, and the next
//! line that fits begins at the start of a line.
//!
//! Written here: libraries for log files (`file-rotate`, `logroller`) rename and remove files themselves. Here another
//! program does that, as its user has told it.
//!
//! The plain case, `glasshttp folder`, logs to standard output and does not come here.

use crate::base::human::{self, OneLine};
use crate::base::platform::failure::Failure;
use crate::base::platform::open::to_append;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The mode of a new file. A log says which client asked for what, so it is for the owner and the group alone.
const MODE: u32 = 0o640;

/// The file of the log.
#[derive(Debug)]
pub struct LogFile {
    path: PathBuf,
    file: Mutex<Arc<File>>,
}

impl LogFile {
    /// Opens the file to append to it, and creates it if it does not exist.
    ///
    /// # Errors
    /// A line that names the file and says why.
    pub fn open(path: &Path) -> Result<Arc<LogFile>, String> {
        let file = Mutex::new(Arc::new(open(path)?));
        Ok(Arc::new(LogFile { path: path.to_owned(), file }))
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the file that has this path now, for all writes from now on. It does not wait for a write that is under
    /// way, perhaps to a disk that hangs; that one goes on to the old file.
    ///
    /// # Errors
    /// A line that names the file and says why; then the log stays in the old file.
    pub fn reopen(&self) -> Result<(), String> {
        let file = Arc::new(open(&self.path)?);
        *self.file.lock().unwrap_or_else(PoisonError::into_inner) = file;
        Ok(())
    }

    /// A writer for the log's thread. `report` gets a line for the user when a write fails, and the next such line only
    /// after a write has succeeded again.
    pub fn writer(self: &Arc<LogFile>, report: fn(&str)) -> impl Write + Send + use<> {
        Writer { log: Arc::clone(self), report, is_failing: false, cut: None }
    }
}

fn open(path: &Path) -> Result<File, String> {
    to_append(path, MODE).map_err(|error| {
        let why = match Failure::of(&error) {
            Some(Failure::NobodyThere) => "nobody reads there".to_owned(),
            _ => human::reason(&error),
        };
        format!("cannot open the log \"{}\": {why}", OneLine(path))
    })
}

struct Writer {
    log: Arc<LogFile>,
    report: fn(&str),
    is_failing: bool,
    /// The file that ends in an incomplete line, if there is one.
    cut: Option<Arc<File>>,
}

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes)?;
        Ok(bytes.len())
    }

    /// Writes all of it to the same file, without colours, which are for terminals.
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let file = Arc::clone(&self.log.file.lock().unwrap_or_else(PoisonError::into_inner));
        let mut text = Vec::new();
        // The start of a line for which there was no room stays on a line of its own.
        let is_cut = self.cut.take().is_some_and(|cut| Arc::ptr_eq(&cut, &file));
        if is_cut {
            text.push(b'\n');
        }
        match memchr::memchr(b'\x1b', bytes) {
            None => text.extend_from_slice(bytes),
            Some(_) => anstream::StripStream::new(&mut text).write_all(bytes)?,
        }
        let (written, result) = write_most(&mut &*file, &text);
        let is_cut = text[..written].last().map_or(is_cut, |&last| last != b'\n');
        self.cut = is_cut.then_some(file);
        if let Err(error) = &result
            && !self.is_failing
        {
            (self.report)(&format!(
                "cannot write the log \"{}\": {}; its lines are lost until that is mended",
                OneLine(&self.log.path),
                human::reason(error)
            ));
        }
        self.is_failing = result.is_err();
        result
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes as much as it can, and gives the number of bytes, and the error if that is not all.
fn write_most(out: &mut impl Write, bytes: &[u8]) -> (usize, io::Result<()>) {
    let mut written = 0;
    while written < bytes.len() {
        match out.write(&bytes[written..]) {
            Ok(0) => return (written, Err(io::ErrorKind::WriteZero.into())),
            Ok(count) => written += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (written, Err(error)),
        }
    }
    (written, Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(unix)]
    use std::os::unix::fs::PermissionsExt;

    #[cfg(unix)]
    #[test]
    fn what_was_there_is_kept_and_what_is_moved_away_gets_no_more() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        let read = |name: &str| std::fs::read_to_string(at(name)).expect("it is there");
        std::fs::write(at("log"), "before\n").expect("written");
        let log = LogFile::open(&at("log")).expect("it can be opened");
        let mut writer = log.writer(|line| panic!("{line}"));
        writer.write_all(b"one\n").expect("written");
        std::fs::rename(at("log"), at("log.1")).expect("moved");
        writer.write_all(b"two\n").expect("written");
        log.reopen().expect("it can be opened");
        writer.write_all(b"\x1b[2mthree\x1b[0m\n").expect("written");
        assert_eq!((&*read("log.1"), &*read("log")), ("before\none\ntwo\n", "three\n"));
        let mode = std::fs::metadata(at("log")).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777 & !MODE, 0, "{mode:o}");
    }

    #[test]
    fn after_a_line_for_which_there_was_no_room_the_next_begins_at_the_start_of_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log");
        let log = LogFile::open(&path).expect("it can be opened");
        let mut writer = Writer { log: Arc::clone(&log), report: |_| {}, is_failing: false, cut: None };
        // This is what remains when a disk fills up in the middle of a line.
        writer.write_all(b"a whole line\nhal").expect("written");
        writer.write_all(b"next\n").expect("written");
        writer.write_all(b"hal").expect("written");
        std::fs::rename(&path, folder.path().join("log.1")).expect("moved");
        log.reopen().expect("it can be opened");
        writer.write_all(b"other\n").expect("written");
        let read = |name| std::fs::read_to_string(folder.path().join(name)).expect("it is there");
        assert_eq!((&*read("log.1"), &*read("log")), ("a whole line\nhal\nnext\nhal", "other\n"));
    }

    #[test]
    fn what_cannot_be_opened_again_leaves_the_log_where_it_was() {
        let folder = tempfile::tempdir().expect("a folder");
        let (logs, away) = (folder.path().join("logs"), folder.path().join("away"));
        std::fs::create_dir(&logs).expect("made");
        let log = LogFile::open(&logs.join("log")).expect("it can be opened");
        std::fs::rename(&logs, &away).expect("moved");
        let line = log.reopen().expect_err("its folder is gone");
        assert!(line.starts_with("cannot open the log \"") && line.contains("no such file"), "{line}");
        log.writer(|line| panic!("{line}")).write_all(b"line\n").expect("written");
        assert_eq!(std::fs::read_to_string(away.join("log")).expect("it is there"), "line\n");
    }
}
