//! Words that nobody can guess: for the boundary between parts, a temporary name, the nonce of a script.

/// Sixteen hexadecimal digits, other ones each time, from the system's random number generator (`man 2 getrandom`).
///
/// # Panics
/// If the system has no randomness to give: then nothing that depends on it would be safe.
pub fn word() -> String {
    format!("{:016x}", getrandom::u64().expect("the system has randomness to give"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_sixteen_digits_and_another_one_each_time() {
        let words: std::collections::HashSet<_> = (0..1000).map(|_| word()).collect();
        assert_eq!(words.len(), 1000);
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        assert!(words.iter().all(|word| word.len() == 16 && word.bytes().all(is_digit)));
    }
}
