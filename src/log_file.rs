//! `--log-file`: the log in a file that can be moved away under it.
//!
//! ```text
//! glasshttp --log-file /var/log/glasshttp/access.log www
//! mv access.log access.log.1; kill -HUP PID        what logrotate does
//! access.log.1    all lines until then
//! access.log      made anew: all lines from then on
//! ```
//!
//! A process writes to the file that it has open, whatever its name becomes. So after a file is moved
//! away somebody has to say so; SIGHUP is what daemons have agreed on. No line is lost and none is cut in
//! two: the one who writes and the one who reopens take turns.

use crate::human::OneLine;
use crate::start_lines;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// A log tells who asked for what: that is for the owner and the group, not for everybody.
const MODE: u32 = 0o640;

/// The file.
#[derive(Debug)]
pub struct LogFile {
    path: PathBuf,
    file: Mutex<File>,
}

impl LogFile {
    /// Opens the file to append to it, and makes it if it is not there.
    ///
    /// # Errors
    /// A line that names the file and says why.
    pub fn open(path: &Path) -> Result<Arc<LogFile>, String> {
        let file = open(path)?;
        Ok(Arc::new(LogFile { path: path.to_owned(), file: Mutex::new(file) }))
    }

    /// Opens what has the name now. What was written until then is in the file that had it before.
    ///
    /// # Errors
    /// A line that names the file and says why; then the log goes on where it was.
    pub fn reopen(&self) -> Result<(), String> {
        let file = open(&self.path)?;
        *self.file.lock().unwrap_or_else(PoisonError::into_inner) = file;
        Ok(())
    }

    /// What writes to it, for the log's thread.
    pub fn writer(self: &Arc<LogFile>) -> impl Write + Send + use<> {
        Writer(Arc::clone(self))
    }
}

fn open(path: &Path) -> Result<File, String> {
    let opened = OpenOptions::new().append(true).create(true).mode(MODE).open(path);
    opened.map_err(|error| {
        format!("cannot open the log \"{}\": {}", OneLine(path), start_lines::reason(&error))
    })
}

struct Writer(Arc<LogFile>);

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.file.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    /// All of it into the same file. Colours are for terminals, and are left out.
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut file = self.0.file.lock().unwrap_or_else(PoisonError::into_inner);
        if memchr::memchr(b'\x1b', bytes).is_none() {
            return file.write_all(bytes);
        }
        let mut plain = Vec::with_capacity(bytes.len());
        anstream::StripStream::new(&mut plain).write_all(bytes)?;
        file.write_all(&plain)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn what_was_there_is_kept_and_what_is_moved_away_gets_no_more() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        let read = |name: &str| std::fs::read_to_string(at(name)).expect("it is there");
        std::fs::write(at("log"), "before\n").expect("written");
        let log = LogFile::open(&at("log")).expect("it can be opened");
        let mut writer = log.writer();
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
    fn what_cannot_be_opened_again_leaves_the_log_where_it_was() {
        let folder = tempfile::tempdir().expect("a folder");
        let (logs, away) = (folder.path().join("logs"), folder.path().join("away"));
        std::fs::create_dir(&logs).expect("made");
        let log = LogFile::open(&logs.join("log")).expect("it can be opened");
        std::fs::rename(&logs, &away).expect("moved");
        let line = log.reopen().expect_err("its folder is gone");
        assert!(line.starts_with("cannot open the log \"") && line.contains("no such file"), "{line}");
        log.writer().write_all(b"line\n").expect("written");
        assert_eq!(std::fs::read_to_string(away.join("log")).expect("it is there"), "line\n");
    }
}
