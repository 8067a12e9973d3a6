//! The terminal that lines are drawn on, and that others write on, too.
//!
//! `indicatif` says what is to be written where; this writes it. What it draws goes out in one write, so
//! that no half of it is ever seen, and a terminal that has gone away is no reason for anything but silence.
//! (Its own terminal answers errors with a panic where others write.) The last four columns stay empty: what
//! is typed, such as the `^C` that ends the server, is echoed behind the last line, and must not go to a new
//! one, or the lines could not be taken away any more.

use crate::base::platform::terminal;
use indicatif::{MultiProgress, ProgressDrawTarget, TermLike};
use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

/// A process has one terminal.
static SCREEN: OnceLock<MultiProgress> = OnceLock::new();

/// How often it may be drawn on in a second.
const MOST: u8 = 10;

/// The columns that stay empty.
const ECHO: u16 = 4;

/// Where lines can be drawn: standard error, if it is a terminal that can move its cursor.
pub(super) fn open() -> Option<MultiProgress> {
    let is_dumb = std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
    if is_dumb || !io::stderr().is_terminal() {
        return None;
    }
    let target = ProgressDrawTarget::term_like_with_hz(Box::new(Terminal::default()), MOST);
    Some(SCREEN.get_or_init(|| MultiProgress::with_draw_target(target)).clone())
}

/// Writes something to the terminal. The lines make room for it, and come back below it.
pub fn aside<T>(write: impl FnOnce() -> T) -> T {
    match SCREEN.get() {
        Some(screen) => screen.suspend(write),
        None => write(),
    }
}

/// Standard error, as a terminal.
#[derive(Debug, Default)]
struct Terminal(Mutex<Drawing>);

/// What is to be written with the next flush.
#[derive(Debug, Default)]
struct Drawing {
    text: String,
    /// How many columns of the current line are taken.
    column: usize,
}

impl Terminal {
    fn drawing(&self) -> MutexGuard<'_, Drawing> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A movement of the cursor, as ECMA-48 has it.
    fn control(&self, count: usize, letter: char) {
        if count > 0 {
            self.drawing().text.push_str(&format!("\x1b[{count}{letter}"));
        }
    }
}

/// Columns and rows, or what terminals used to have.
fn size() -> (u16, u16) {
    terminal::size().filter(|&(columns, rows)| columns > ECHO && rows > 0).unwrap_or((80, 24))
}

/// How many columns there are to draw in.
pub(super) fn width() -> usize {
    usize::from(size().0 - ECHO)
}

impl TermLike for Terminal {
    fn width(&self) -> u16 {
        size().0 - ECHO
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

    /// Lines come filled up with spaces, and rely on it that a terminal goes to a new line by itself where
    /// one is full. Here that is before its last columns.
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
            // Who has gone sees nothing.
            let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        }
        Ok(())
    }
}
