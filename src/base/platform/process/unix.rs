//! As Unixes have it.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::Duration;

pub(super) fn raise_open_files() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let current = if setrlimit(Resource::Nofile, raised).is_ok() { limit.maximum } else { limit.current };
    current.map_or(usize::MAX, |count| usize::try_from(count).unwrap_or(usize::MAX))
}

// A number of a process in POSIX; Linux has one for each thread.
#[cfg(target_os = "linux")]
pub(super) fn let_others_go_first() {
    let _ = rustix::process::setpriority_process(None, 5);
}

// There is no way that would not be for the whole process.
#[cfg(not(target_os = "linux"))]
pub(super) fn let_others_go_first() {}

pub(super) fn apart(command: &mut Command) -> &mut Command {
    command.process_group(0)
}

pub(super) fn host_name() -> Option<String> {
    rustix::system::uname().nodename().to_str().ok().map(str::to_owned)
}

pub(super) fn thread_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

// What `std::time::Instant` counts from, it does not say.
pub(super) fn monotonic_microseconds() -> i64 {
    use rustix::time::{ClockId, clock_gettime};
    let now = clock_gettime(ClockId::Monotonic);
    // Narrower on some machines.
    #[allow(clippy::useless_conversion)]
    let (seconds, nanoseconds) = (i64::from(now.tv_sec), i64::from(now.tv_nsec));
    seconds * 1_000_000 + nanoseconds / 1000
}
