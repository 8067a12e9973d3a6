//! Words that nobody can guess: for the boundary between parts, a temporary name, the nonce of a script.

/// Sixteen hexadecimal digits, other ones each time, from the system's random number generator (`man 2 getrandom`).
///
/// # Panics
/// If the system has no randomness to give: then nothing that depends on it would be safe.
pub fn word() -> String {
    format!("{:016x}", getrandom::u64().expect("the system has randomness to give"))
}

/// Whether a text is, letter by letter, one that [`word`] could have given.
pub fn is_word(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_sixteen_digits_and_another_one_each_time() {
        let words: std::collections::HashSet<_> = (0..1000).map(|_| word()).collect();
        assert_eq!(words.len(), 1000);
        assert!(words.iter().all(|word| is_word(word)));
        for other in ["", "0123456789abcde", "0123456789abcdef0", "0123456789ABCDEF", "0123456789abcdeg"] {
            assert!(!is_word(other), "{other}");
        }
    }
}
