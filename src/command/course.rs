//! `--course`: the course that is in the program is served, without a checkout of its repository.
//!
//! ```text
//! glasshttp --course    TMPDIR/glasshttp-course-1f0c3a5b7d9e2846/course/        index.html, guide/, samples/, zh/, ...
//!                                                                laboratory/    hello.txt, numbers.txt, ...
//! ```
//!
//! It is unpacked into a folder, and that is served like any other: what the course says of files, their times and
//! tags holds for its own, and a reader can change one and see what happens. Beside it is the folder of its laboratory
//! ([`crate::command::laboratory`]). Both are this user's alone and go when the server ends; what a server leaves that
//! is killed, the next one removes
//! ([`crate::base::platform::private_folder`]).

use crate::base::embedded::COURSE;
use crate::base::human::{self, OneLine};
use crate::base::platform::private_folder::{PrivateFolder, remove_left};
use crate::command::laboratory::folder::{self, write};
use crate::command::terminal::report;
use cap_std::fs::Dir;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// How the names of such folders begin.
const PREFIX: &str = "glasshttp-course-";

/// Where the files of the course are in the repository.
const FOLDER: &str = "www/";

/// The names of the two folders.
const COURSE_NAME: &str = "course";
const LABORATORY_NAME: &str = "laboratory";

/// The course in a folder, which is removed when this is dropped.
#[derive(Debug)]
pub(crate) struct Course(Arc<PrivateFolder>);

impl Course {
    /// Unpacks it into a new folder where temporary files are.
    ///
    /// # Errors
    /// A line that says why it cannot be done there, and what to do.
    pub(crate) fn unpack() -> Result<Course, String> {
        let place = temporary_files();
        let failed = |error| {
            let (place, why) = (OneLine(&place), human::reason(&error));
            format!("cannot unpack the course into \"{place}\": {why}; name another folder in TMPDIR")
        };
        let course = PrivateFolder::create(&place, PREFIX).map_err(failed)?;
        // From here on it is removed, whatever happens.
        let course = Course(Arc::new(course));
        course.0.open().and_then(|folder| fill(&folder)).map_err(failed)?;
        // There may be a great many files to look through, and nobody waits. Where no thread is to be had, the next
        // start does it.
        let _ = std::thread::Builder::new()
            .name("leftovers".to_owned())
            .spawn(move || remove_left(&place, PREFIX));
        Ok(course)
    }

    /// Where it is.
    pub(crate) fn path(&self) -> PathBuf {
        self.0.path().join(COURSE_NAME)
    }

    /// Where the folder of its laboratory is.
    pub(crate) fn laboratory(&self) -> PathBuf {
        self.0.path().join(LABORATORY_NAME)
    }

    /// What removes it, for a process that ends at once.
    pub(crate) fn remover(&self) -> impl Fn() + Send + 'static + use<> {
        let folder = Arc::clone(&self.0);
        move || remove(&folder)
    }
}

impl Drop for Course {
    fn drop(&mut self) {
        remove(&self.0);
    }
}

fn remove(folder: &PrivateFolder) {
    if let Err(error) = folder.remove() {
        let (path, why) = (OneLine(folder.path()), human::reason(&error));
        report(&format!("glasshttp: cannot remove \"{path}\": {why}"));
    }
}

/// The folder for temporary files.
fn temporary_files() -> PathBuf {
    let place = std::env::temp_dir();
    // An empty variable is as good as none.
    if place.as_os_str().is_empty() { PathBuf::from("/tmp") } else { place }
}

/// Writes all files of the course. They are as old as the program that they were a part of: the times of two starts
/// are the same, and a new program has new ones.
fn fill(place: &Dir) -> io::Result<()> {
    let program = std::env::current_exe().and_then(std::fs::metadata).and_then(|program| program.modified());
    let time = program.unwrap_or_else(|_| SystemTime::now());
    place.create_dir(COURSE_NAME)?;
    let course = place.open_dir(COURSE_NAME)?;
    COURSE.for_each(|path, bytes| {
        let path = path.strip_prefix(FOLDER).expect("build.rs has taken it from there");
        write(&course, path, bytes, time)
    })?;
    folder::make(place, Path::new(LABORATORY_NAME))
}
