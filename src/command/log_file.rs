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
//! two: what is written together goes into one file. A full disk loses lines; that is said on standard error,
//! and the next line that fits begins at the start of one.

use crate::base::human;
use crate::base::human::OneLine;
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::Errno;
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
    file: Mutex<Arc<File>>,
}

impl LogFile {
    /// Opens the file to append to it, and makes it if it is not there.
    ///
    /// # Errors
    /// A line that names the file and says why.
    pub fn open(path: &Path) -> Result<Arc<LogFile>, String> {
        let file = Mutex::new(Arc::new(open(path)?));
        Ok(Arc::new(LogFile { path: path.to_owned(), file }))
    }

    /// Its name.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens what has the name now, for all that is written from now on. It waits for nobody: what is being
    /// written, perhaps to a disk that hangs, goes on where it began.
    ///
    /// # Errors
    /// A line that names the file and says why; then the log goes on where it was.
    pub fn reopen(&self) -> Result<(), String> {
        let file = Arc::new(open(&self.path)?);
        *self.file.lock().unwrap_or_else(PoisonError::into_inner) = file;
        Ok(())
    }

    /// What writes to it, for the log's thread. `report` gets a line for the user when that fails, and the
    /// next only after it has succeeded again.
    pub fn writer(self: &Arc<LogFile>, report: fn(&str)) -> impl Write + Send + use<> {
        Writer { log: Arc::clone(self), report, is_failing: false, cut: None }
    }
}

fn open(path: &Path) -> Result<File, String> {
    // Not to wait for somebody who reads, if it is a FIFO.
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed();
    let opened = OpenOptions::new().append(true).create(true).mode(MODE).custom_flags(flags).open(path);
    let opened = opened.and_then(|file| {
        fcntl_setfl(&file, fcntl_getfl(&file)?.difference(OFlags::NONBLOCK))?;
        Ok(file)
    });
    opened.map_err(|error| {
        let why = match Errno::from_io_error(&error) {
            Some(Errno::NXIO) => "nobody reads there".to_owned(),
            _ => human::reason(&error),
        };
        format!("cannot open the log \"{}\": {why}", OneLine(path))
    })
}

struct Writer {
    log: Arc<LogFile>,
    report: fn(&str),
    is_failing: bool,
    /// The file whose last line is not whole, if one's is not.
    cut: Option<Arc<File>>,
}

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes)?;
        Ok(bytes.len())
    }

    /// All of it into the same file. Colours are for terminals, and are left out.
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let file = Arc::clone(&self.log.file.lock().unwrap_or_else(PoisonError::into_inner));
        let mut text = Vec::new();
        // What is left of a line for which there was no room stays alone.
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

/// How many bytes could be written, and why not more.
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
    use std::os::unix::fs::PermissionsExt;

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
        // As a disk does that fills up in the middle of the first line.
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
