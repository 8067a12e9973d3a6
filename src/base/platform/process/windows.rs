//! As Windows has it.

use std::os::windows::process::CommandExt;
use std::process::Command;
use std::time::Duration;
use windows_sys::Win32::System::Threading::{CREATE_NEW_PROCESS_GROUP, CREATE_NO_WINDOW};

// It has no such limit: a process can have millions of handles.
pub(super) fn raise_open_files() -> usize {
    usize::MAX
}

// It could, but no safe call does that.
pub(super) fn let_others_go_first() {}

pub(super) fn apart(command: &mut Command) -> &mut Command {
    command.creation_flags(CREATE_NEW_PROCESS_GROUP | CREATE_NO_WINDOW)
}

pub(super) fn host_name() -> Option<String> {
    std::env::var("COMPUTERNAME").ok()
}

pub(super) fn thread_time() -> Duration {
    cpu_time::ThreadTime::try_now().map_or(Duration::ZERO, |time| time.as_duration())
}

// systemd alone asks for it.
pub(super) fn monotonic_microseconds() -> i64 {
    0
}
