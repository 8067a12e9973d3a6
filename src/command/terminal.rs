//! Lines for people on the terminal, while lines of progress may stand at its foot.

use crate::glass::progress;
use std::io::{self, Write};

/// Reports something on a line of standard error. (`eprintln!` panics where standard error is closed.)
pub fn report(line: &str) {
    above_progress(|| {
        let _ = writeln!(io::stderr(), "{line}");
    });
}

/// Lets this function write to the terminal. Lines of progress that stand there are taken away before and drawn again
/// after it.
pub fn above_progress<T>(write: impl FnOnce() -> T) -> T {
    progress::aside(write)
}
