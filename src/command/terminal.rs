//! Lines for people on the terminal.

use crate::glass::progress;
use std::io::{self, Write};

/// Writes a line to standard error, if there is one. (`eprintln!` panics where there is none.)
pub fn complain(line: &str) {
    aside(|| {
        let _ = writeln!(io::stderr(), "{line}");
    });
}

/// Writes to the terminal. Lines of progress that stand there make way.
pub fn aside<T>(write: impl FnOnce() -> T) -> T {
    progress::aside(write)
}
