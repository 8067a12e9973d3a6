//! A terminal, for tests of what is shown on one and typed into one.

use crate::support::{as_text, wait_until};
use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};

/// Its size.
pub(crate) const COLUMNS: u16 = 80;
pub(crate) const ROWS: u16 = 24;

/// A terminal, as a program sees it: what is typed into it, and what is shown on it.
pub(crate) struct Terminal {
    master: File,
    shown: Arc<Mutex<Vec<u8>>>,
}

impl Terminal {
    /// One in which a command runs.
    pub(crate) fn run(command: &mut Command) -> (Terminal, Child) {
        use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
        use rustix::termios::{Winsize, tcsetwinsize};
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&master).and_then(|()| unlockpt(&master)).expect("it can be opened");
        let name = ptsname(&master, Vec::new()).expect("it has a name");
        let slave =
            File::options().read(true).write(true).open(name.to_str().expect("ASCII")).expect("opened");
        let size = Winsize { ws_row: ROWS, ws_col: COLUMNS, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&master, size).expect("it gets a size");
        let end = || slave.try_clone().expect("a descriptor");
        let child = command.stdin(end()).stdout(end()).stderr(end()).spawn().expect("it starts");
        let (master, shown) = (File::from(master), Arc::new(Mutex::new(Vec::new())));
        let (mut reader, seen) = (master.try_clone().expect("a descriptor"), Arc::clone(&shown));
        std::thread::spawn(move || {
            let mut piece = [0; 1024];
            while let Ok(count @ 1..) = reader.read(&mut piece) {
                seen.lock().expect("nobody panics").extend_from_slice(&piece[..count]);
            }
        });
        (Terminal { master, shown }, child)
    }

    pub(crate) fn shown(&self) -> String {
        as_text(&self.shown.lock().expect("nobody panics"))
    }

    /// Waits until that is shown, and what is typed is not; then types a line.
    pub(crate) fn answer(&mut self, prompt: &str, line: &str) {
        use rustix::termios::{LocalModes, tcgetattr};
        wait_until(prompt, || self.shown().contains(prompt).then_some(()));
        wait_until("no echo", || {
            let modes = tcgetattr(&self.master).expect("a terminal").local_modes;
            (!modes.contains(LocalModes::ECHO)).then_some(())
        });
        self.master.write_all(format!("{line}\n").as_bytes()).expect("it takes what is typed");
    }
}

impl Terminal {
    /// Types this.
    pub(crate) fn type_in(&mut self, bytes: &[u8]) {
        self.master.write_all(bytes).expect("it takes what is typed");
    }

    /// What a person sees: the lines, from the first that was ever written, without the spaces at their ends.
    /// Of what moves the cursor it knows only what is used here, and fails at everything else.
    pub(crate) fn screen(&self) -> Vec<String> {
        let shown = self.shown();
        let (mut lines, mut row, mut column) = (vec![Vec::new()], 0_usize, 0_usize);
        let mut letters = shown.chars().peekable();
        while let Some(letter) = letters.next() {
            match letter {
                '\r' => column = 0,
                '\n' => row += 1,
                '\x1b' => {
                    assert_eq!(letters.next(), Some('['), "{shown:?}");
                    let mut number = String::new();
                    while let Some(digit) = letters.next_if(|next| next.is_ascii_digit() || *next == ';') {
                        number.push(digit);
                    }
                    let count: usize = number.parse().unwrap_or(1);
                    match letters.next() {
                        Some('A') => row = row.checked_sub(count).expect("not above the first line"),
                        Some('B') => row += count,
                        Some('K') => {
                            assert_eq!(number, "2", "{shown:?}");
                            lines[row].clear();
                        }
                        Some('m') | None => {}
                        Some(other) => panic!("what is {other} in {shown:?}"),
                    }
                }
                letter => {
                    if column == usize::from(COLUMNS) {
                        (row, column) = (row + 1, 0);
                        lines.resize(lines.len().max(row + 1), Vec::new());
                    }
                    let line: &mut Vec<char> = &mut lines[row];
                    line.resize(line.len().max(column + 1), ' ');
                    line[column] = letter;
                    column += 1;
                }
            }
            lines.resize(lines.len().max(row + 1), Vec::new());
        }
        lines.into_iter().map(|line| line.into_iter().collect::<String>().trim_end().to_owned()).collect()
    }
}
