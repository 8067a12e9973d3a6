//! What the file system says about a file.
//!
//! A file has two times. Programs can set one of them (`touch`, `cp -p`, `tar`, `rsync -a`), so it says little about
//! when the bytes last changed. The other is set by the system alone:
//!
//! ```text
//! modified (mtime)   when the bytes changed, or what a program claims: any time, even in the future or before 1970
//! changed  (ctime)   when anything of the file changed: bytes, times, permissions, name
//! ```

use crate::base::platform::status::{FileType, Stat, TELLS_WHEN_CHANGED};
pub use crate::base::platform::status::{Identity, Time};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The type of a file, its length, its times, and which file it is. As long as all of these are the same, so are the
/// bytes, with one exception: see [`Facts::is_settled`].
#[derive(Debug, Clone)]
pub struct Facts {
    /// A file, a directory, or something else.
    pub file_type: FileType,
    /// In bytes.
    pub length: u64,
    /// When its bytes last changed (mtime). Programs can set it.
    pub modified: Time,
    /// When anything of it last changed (ctime). Only the system sets it.
    pub changed: Time,
    /// Which file it is, whatever its name.
    pub identity: Identity,
    /// Whether it has no blocks on a disk: it is empty or consists of holes, or its length is a guess, as in `/proc`
    /// and `/sys`, where the system generates the bytes when they are read.
    pub is_without_blocks: bool,
}

/// Two changes within one step of the file system's clock get the same time. Where it counts nanoseconds, a step is one
/// tick of the kernel, which is ten milliseconds at most.
const FINE_STEP: Duration = Duration::from_millis(100);

/// The step where it counts seconds (FAT: two).
const COARSE_STEP: Duration = Duration::from_secs(2);

/// Dates that tools write in place of one, so that what they build is the same each time: files that have one
/// of them have it in each version. Zero and one are those of Nix and Bazel.
const NO_DATES: &[i64] = &[
    0,
    1,
    // 1980, where ZIP's calendar begins: Nix, Gradle, Python's wheels; in UTC, and a day later.
    315_532_800,
    315_619_200,
    // npm pack.
    499_162_500,
    // 2010: Bazel in its archives.
    1_262_304_000,
];

/// Blocks do not count: a file gets them some time after its bytes.
impl PartialEq for Facts {
    fn eq(&self, other: &Facts) -> bool {
        let all =
            |facts: &Facts| (facts.file_type, facts.length, facts.modified, facts.changed, facts.identity);
        all(self) == all(other)
    }
}

impl Eq for Facts {}

impl Facts {
    /// The facts in an answer of the system.
    pub fn new(stat: &Stat) -> Facts {
        Facts {
            file_type: stat.file_type,
            length: stat.length,
            modified: stat.modified,
            changed: stat.changed,
            identity: stat.identity,
            is_without_blocks: stat.is_without_blocks,
        }
    }

    /// Whether it is neither a file nor a directory, but a FIFO, a socket or a device.
    pub fn is_special(&self) -> bool {
        !matches!(self.file_type, FileType::RegularFile | FileType::Directory)
    }

    /// Whether the file last changed so long ago that another change would show.
    ///
    /// The ctime tells when that was, whatever mtime a program has set since. (On FAT the ctime is when the file was
    /// created; so where the mtime is later, and not in the future, it counts as well.)
    pub fn is_settled(&self) -> bool {
        let now = since_1970();
        is_long_ago(self.changed, now) && (is_ahead(self.modified, now) || is_long_ago(self.modified, now))
    }

    /// The date for Last-Modified, in seconds since 1970; `None` if there is none that would tell this version from
    /// others.
    ///
    /// It is never in the future (RFC 9110 section 8.8.2.1): then the ctime is used.
    pub fn date(&self) -> Option<u64> {
        let now = since_1970();
        let seconds = if is_ahead(self.modified, now) { self.changed.0 } else { self.modified.0 };
        if NO_DATES.contains(&seconds) {
            return None;
        }
        u64::try_from(seconds).ok().map(|seconds| seconds.min(now.as_secs()))
    }

    /// Whether the date is the ctime, which no program can set to that of another version.
    pub fn date_is_the_systems(&self) -> bool {
        TELLS_WHEN_CHANGED && self.date() == u64::try_from(self.changed.0).ok()
    }
}

/// Whether no later version of a file can get this date any more, unless a program sets it: that second is over, even
/// where the clock counts in steps of two.
pub fn date_is_over(date: u64) -> bool {
    since_1970() >= Duration::from_secs(date) + COARSE_STEP
}

fn since_1970() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn is_ahead((seconds, nanoseconds): Time, now: Duration) -> bool {
    u64::try_from(seconds).is_ok_and(|seconds| Duration::new(seconds, nanoseconds) > now)
}

fn is_long_ago((seconds, nanoseconds): Time, now: Duration) -> bool {
    // A time without microseconds may come from a clock that does not count them.
    let step = if nanoseconds.is_multiple_of(1_000_000) { COARSE_STEP } else { FINE_STEP };
    match u64::try_from(seconds) {
        Ok(seconds) => Duration::new(seconds, nanoseconds).saturating_add(step) <= now,
        Err(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(modified: Time, changed: Time) -> Facts {
        Facts {
            file_type: FileType::RegularFile,
            length: 1,
            modified,
            changed,
            identity: (1, 1),
            is_without_blocks: false,
        }
    }

    fn ago(milliseconds: i64) -> Time {
        let now = i64::try_from(since_1970().as_millis()).expect("it fits");
        let then = now - milliseconds;
        (then.div_euclid(1000), u32::try_from(then.rem_euclid(1000)).expect("it fits") * 1_000_000 + 1)
    }

    #[test]
    fn what_must_be_long_ago_is_the_last_change_whatever_time_a_program_has_set() {
        const HOURS: i64 = 3_600_000;
        let whole_second = |(seconds, _): Time| (seconds, 0);
        let table = [
            ("long ago", ago(5 * HOURS), ago(5 * HOURS), true),
            ("just now", ago(0), ago(0), false),
            ("set back just now", ago(5 * HOURS), ago(0), false),
            ("set ahead just now", ago(-5 * HOURS), ago(0), false),
            ("set ahead a while ago", ago(-5 * HOURS), ago(5000), true),
            ("before 1970", (-86_400, 0), ago(5000), true),
            ("before 1970, set just now", (-86_400, 0), ago(0), false),
            ("zero", (0, 0), ago(5000), true),
            ("a clock that counts seconds", whole_second(ago(1000)), whole_second(ago(1000)), false),
            ("the same, later", whole_second(ago(3000)), whole_second(ago(3000)), true),
            ("written again on FAT", ago(0), ago(5 * HOURS), false),
            ("the system's clock was set back", ago(-5 * HOURS), ago(-5 * HOURS), false),
        ];
        for (what, modified, changed, expected) in table {
            assert_eq!(facts(modified, changed).is_settled(), expected, "{what}");
        }
    }

    #[test]
    fn a_date_is_never_ahead_and_none_is_given_that_each_version_would_have() {
        let changed = ago(5000);
        let of = |modified| facts(modified, changed).date();
        assert_eq!(of((784_111_777, 5)), Some(784_111_777));
        assert_eq!(of(ago(-3_600_000)), u64::try_from(changed.0).ok());
        for none in [-1, 0, 1, 315_532_800, 499_162_500, -100_000_000] {
            assert_eq!(of((none, 0)), None, "{none}");
        }
        assert_eq!(facts(changed, changed).date_is_the_systems(), TELLS_WHEN_CHANGED);
        assert!(!facts((784_111_777, 5), changed).date_is_the_systems());
    }
}
