//! Words that nobody can guess: for a border between parts, a file on its way, a script that is allowed.

use std::hash::{BuildHasher, RandomState};

/// Sixteen hexadecimal digits, other ones each time, from the random keys that the standard library's
/// hash maps have so that nobody can guess where they put things.
pub fn word() -> String {
    format!("{:016x}", RandomState::new().hash_one(()))
}
