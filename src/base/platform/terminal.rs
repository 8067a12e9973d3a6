//! What a terminal says of itself.

use std::io;

/// Columns and rows of the terminal that is standard error, if it is one that knows.
#[cfg(unix)]
pub fn size() -> Option<(u16, u16)> {
    rustix::termios::tcgetwinsize(io::stderr()).ok().map(|size| (size.ws_col, size.ws_row))
}

/// The same of a console.
#[cfg(windows)]
pub fn size() -> Option<(u16, u16)> {
    terminal_size::terminal_size_of(io::stderr()).map(|(columns, rows)| (columns.0, rows.0))
}

/// How many columns the terminal that is standard output has, if it is one that knows.
#[cfg(unix)]
pub fn output_columns() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    Some(usize::from(size.ws_col)).filter(|&columns| columns > 0)
}

/// The same of a console.
#[cfg(windows)]
pub fn output_columns() -> Option<usize> {
    terminal_size::terminal_size_of(io::stdout()).map(|(columns, _)| usize::from(columns.0))
}

/// Whether the terminal that was standard output is gone: it cannot be asked anything.
#[cfg(unix)]
pub fn is_gone() -> bool {
    rustix::termios::tcgetattr(io::stdout()).is_err()
}

/// A console takes its programs with it.
#[cfg(windows)]
pub fn is_gone() -> bool {
    false
}
