//! What a process asks of the system for itself and for what it starts.

use std::process::Command;
use std::time::Duration;

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use unix as system;
#[cfg(windows)]
use windows as system;

/// Lets this process have as many files open as the administrator allows, and says how many that is. A connection is a
/// file, too.
pub fn raise_open_files() -> usize {
    system::raise_open_files()
}

/// Lets other threads go before this one: where both have something to do, they have three quarters of the time.
pub fn let_others_go_first() {
    system::let_others_go_first();
}

/// The name of this machine, if it is text.
pub fn host_name() -> Option<String> {
    system::host_name()
}

/// How long this thread has been on a core. Less than it was awake means that it waited for a core, or for a disk.
pub fn thread_time() -> Duration {
    system::thread_time()
}

/// Microseconds on the clock that never goes back, as other processes see it, too.
pub fn monotonic_microseconds() -> i64 {
    system::monotonic_microseconds()
}

/// A command that is started apart: a Ctrl-C for us is not meant for it.
pub fn apart(command: &mut Command) -> &mut Command {
    system::apart(command)
}
