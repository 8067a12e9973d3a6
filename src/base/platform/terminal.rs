//! What a terminal says of itself.

use rustix::termios::{tcgetattr, tcgetwinsize};
use std::io;

/// Columns and rows of the terminal that is standard error, if it is one that knows.
pub fn size() -> Option<(u16, u16)> {
    tcgetwinsize(io::stderr()).ok().map(|size| (size.ws_col, size.ws_row))
}

/// How many columns the terminal that is standard output has, if it is one that knows.
pub fn output_columns() -> Option<usize> {
    tcgetwinsize(io::stdout()).ok().map(|size| usize::from(size.ws_col)).filter(|&columns| columns > 0)
}

/// Whether the terminal that was standard output is gone: it cannot be asked anything.
pub fn is_gone() -> bool {
    tcgetattr(io::stdout()).is_err()
}
