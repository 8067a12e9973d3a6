//! What ends the program, or tells it something, from outside.

use std::io;

/// What came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Ctrl-C (SIGINT), and on Windows Ctrl-Break.
    Interrupt,
    /// Somebody ends the program (SIGTERM).
    Terminate,
    /// The terminal is gone, or a daemon is to read its files again (SIGHUP).
    HangUp,
}

impl Signal {
    /// The code with which a program ends that this ended: what shells report, or on Windows STATUS_CONTROL_C_EXIT.
    pub fn exit_code(self) -> i32 {
        system::exit_code(self)
    }
}

/// Those that come from now on: Ctrl-C, what ends the program, and a hang-up if that is wanted, which otherwise does what
/// it does to each program.
///
/// # Errors
/// When the system does not let us.
pub fn listen(hang_up: bool) -> io::Result<impl Iterator<Item = Signal> + Send> {
    system::listen(hang_up)
}

#[cfg(unix)]
mod system {
    use super::Signal;
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
    use signal_hook::iterator::Signals;
    use std::io;
    use std::sync::Arc;

    pub(super) fn exit_code(signal: Signal) -> i32 {
        128 + match signal {
            Signal::Interrupt => SIGINT,
            Signal::Terminate => SIGTERM,
            Signal::HangUp => SIGHUP,
        }
    }

    pub(super) fn listen(hang_up: bool) -> io::Result<impl Iterator<Item = Signal> + Send> {
        // The default action of SIGXFSZ ends the process. With any handler the write fails instead, which is all that
        // is needed.
        signal_hook::flag::register(SIGXFSZ, Arc::default())?;
        let mut signals = Signals::new([SIGINT, SIGTERM])?;
        if hang_up {
            signals.add_signal(SIGHUP)?;
        }
        Ok(std::iter::from_fn(move || signals.forever().next()).map(|signal| match signal {
            SIGINT => Signal::Interrupt,
            SIGHUP => Signal::HangUp,
            _ => Signal::Terminate,
        }))
    }
}

#[cfg(windows)]
mod system {
    use super::Signal;
    use std::io;
    use std::sync::mpsc::channel;
    use windows_sys::Win32::Foundation::STATUS_CONTROL_C_EXIT;

    pub(super) fn exit_code(_signal: Signal) -> i32 {
        STATUS_CONTROL_C_EXIT
    }

    // Ctrl-Break is as good as Ctrl-C. When the window is closed, or the user logs off, this hears of it too, but Windows
    // ends the program as soon as `ctrlc` has told us.
    pub(super) fn listen(_hang_up: bool) -> io::Result<impl Iterator<Item = Signal> + Send> {
        let (sender, signals) = channel();
        ctrlc::set_handler(move || {
            let _ = sender.send(Signal::Interrupt);
        })
        .map_err(io::Error::other)?;
        Ok(signals.into_iter())
    }
}
