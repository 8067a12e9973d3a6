//! The terminal on which progress lines are drawn, and on which other output is written, too.
//!
//! ```text
//! indicatif ──text, cursor movements──▶ Terminal ──one write──▶ standard error
//! ```
//!
//! `indicatif` decides what is to be written where, and this writes it. All that it draws leaves in one write, so that
//! no half of it is ever seen, and errors of a terminal that is gone are ignored. (The terminal that comes with
//! `indicatif` panics at such an error while other output is written.) The last four columns stay empty. What is typed,
//! such as the `^C` that ends the server, is echoed behind the last line, and must not wrap to a new line, or the lines
//! could not be removed any more.

use crate::base::platform::terminal;
use indicatif::{MultiProgress, ProgressDrawTarget, TermLike};
use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

/// A process has one terminal.
static SCREEN: OnceLock<MultiProgress> = OnceLock::new();

/// How many redraws there are in a second, at most.
const REDRAWS_A_SECOND: u8 = 10;

/// How many columns stay empty for what is echoed.
const ECHO_COLUMNS: u16 = 4;

/// Where lines can be drawn: standard error, if it is a terminal that can move its cursor.
pub(super) fn open() -> Option<MultiProgress> {
    let is_dumb = std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
    if is_dumb || !io::stderr().is_terminal() {
        return None;
    }
    let target = ProgressDrawTarget::term_like_with_hz(Box::new(Terminal::default()), REDRAWS_A_SECOND);
    Some(SCREEN.get_or_init(|| MultiProgress::with_draw_target(target)).clone())
}

/// Writes something to the terminal. The progress lines make room for it, and are drawn again below it.
pub fn aside<T>(write: impl FnOnce() -> T) -> T {
    match SCREEN.get() {
        Some(screen) => screen.suspend(write),
        None => write(),
    }
}

/// Standard error, as a terminal.
#[derive(Debug, Default)]
struct Terminal(Mutex<Drawing>);

/// What is to be written by the next flush.
#[derive(Debug, Default)]
struct Drawing {
    text: String,
    /// How many columns of the current line are used.
    column: usize,
}

impl Terminal {
    fn drawing(&self) -> MutexGuard<'_, Drawing> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A control sequence that moves the cursor (ECMA-48 section 8.3).
    fn control(&self, count: usize, letter: char) {
        if count > 0 {
            self.drawing().text.push_str(&format!("\x1b[{count}{letter}"));
        }
    }
}

/// Its columns and rows, or the traditional 80 and 24.
fn size() -> (u16, u16) {
    terminal::size().filter(|&(columns, rows)| columns > ECHO_COLUMNS && rows > 0).unwrap_or((80, 24))
}

/// How many columns there are to draw in.
pub(super) fn width() -> usize {
    usize::from(size().0 - ECHO_COLUMNS)
}

impl TermLike for Terminal {
    fn width(&self) -> u16 {
        size().0 - ECHO_COLUMNS
    }

    fn height(&self) -> u16 {
        size().1
    }

    fn move_cursor_up(&self, count: usize) -> io::Result<()> {
        self.control(count, 'A');
        Ok(())
    }

    fn move_cursor_down(&self, count: usize) -> io::Result<()> {
        self.control(count, 'B');
        Ok(())
    }

    fn move_cursor_right(&self, count: usize) -> io::Result<()> {
        self.control(count, 'C');
        Ok(())
    }

    fn move_cursor_left(&self, count: usize) -> io::Result<()> {
        self.control(count, 'D');
        Ok(())
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.write_str(text)?;
        let mut drawing = self.drawing();
        drawing.text.push('\n');
        drawing.column = 0;
        Ok(())
    }

    /// Lines come padded with spaces, and it is expected that a terminal wraps when a line is full. Here a line is full
    /// before the columns that stay empty.
    fn write_str(&self, text: &str) -> io::Result<()> {
        let (width, columns) = (usize::from(self.width()), text.chars().count());
        let mut drawing = self.drawing();
        if text == "\r" {
            drawing.column = 0;
            drawing.text.push_str(text);
            return Ok(());
        }
        if drawing.column > 0 && drawing.column + columns > width {
            drawing.text.push('\n');
            drawing.column = 0;
        }
        drawing.column += columns;
        drawing.text.push_str(text.trim_end_matches(' '));
        Ok(())
    }

    fn clear_line(&self) -> io::Result<()> {
        let mut drawing = self.drawing();
        drawing.text.push_str("\r\x1b[2K");
        drawing.column = 0;
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        let text = std::mem::take(&mut self.drawing().text);
        if !text.is_empty() {
            let mut out = io::stderr().lock();
            // If the terminal is gone, there is nobody to tell.
            let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        }
        Ok(())
    }
}
