//! The order of names in listings and in archives.
//!
//! ```text
//! Affe  Ämter  emil  Émile  file1  file2  file10  Zoë  Ω  中文
//! ```
//!
//! A run of digits counts as a number, and a letter as its plain form: without accents, in lower case. Characters that
//! are neither (spaces, signs) come before both. Names that do not differ in that are ordered by accents, then by their
//! bytes: no two names are equal.
//!
//! That is the order of the root of the Unicode Collation Algorithm (UTS #10), as far as names of files need it. The
//! whole algorithm (`icu_collator`) would make the program one and a half megabytes larger, and a listing of ten
//! thousand names take twice the time. `alphanumeric-sort` knows of numbers only: it has "Zebra" before "affe" and
//! "Ämter" behind both, takes text and no other bytes, and is slower, since it makes no keys (100,000 names such as
//! IMG_1234.jpg: 79 ms, here 58; in the order of bytes 15). The plain forms of letters come from Unicode's tables
//! (`unicode-normalization`).

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Marks of a sign and of a number in a key. Letters have no mark, and are larger.
const SIGN: u8 = 1;
const NUMBER: u8 = 2;

/// Ends each part of a key. Nothing in one begins with it, so that a name stands before all that only begin like it.
const END: u8 = 0;

/// The mark of a byte that is not UTF-8, in which this value never occurs: behind all letters.
const NO_TEXT: u8 = 0xff;

/// Adds the sort key of a name: of two keys, the smaller one comes first, byte by byte. It is made once for each name,
/// since a name is compared with many others. In its first part, names that differ in case or accents only are the same;
/// in the second they differ in accents. If even that is the same, the bytes of the names themselves decide.
pub fn push_key(name: &[u8], key: &mut Vec<u8>) {
    if name.is_ascii() {
        push_plain(name, key);
        key.push(END);
        let start = key.len();
        key.extend_from_slice(name);
        key[start..].make_ascii_lowercase();
    } else {
        for chunk in name.utf8_chunks() {
            let text = chunk.valid();
            if text.is_ascii() {
                push_plain(text.as_bytes(), key);
            } else {
                push_plain(fold(text, false).as_bytes(), key);
            }
            for &byte in chunk.invalid() {
                key.extend([NO_TEXT, byte]);
            }
        }
        key.push(END);
        // Each letter with its accents behind it, so that a letter without accents comes first.
        key.extend(fold(&String::from_utf8_lossy(name), true).bytes());
    }
    key.push(END);
}

/// Text in plain letters: in lower case and without accents.
pub fn plain(text: &str) -> String {
    fold(text, false)
}

/// Text in lower case, without accents or with each of them behind its letter.
fn fold(text: &str, with_accents: bool) -> String {
    let mut folded = String::with_capacity(text.len());
    // Decomposed (NFKD): letters and their accents apart, and compatibility characters ("ﬁ", "Ｆ") as plain letters.
    for small in text.nfkd().flat_map(char::to_lowercase) {
        match small {
            // In languages that have it this is a letter of its own, behind the one without the accent.
            '\u{306}' if folded.ends_with('и') => {
                folded.pop();
                folded.push('й');
            }
            accent if is_accent(accent) => folded.extend(with_accents.then_some(accent)),
            // Unicode does not decompose these, but its collation places them beside or among others.
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'þ' => folded.push_str("th"),
            'ø' => folded.push('o'),
            'ł' => folded.push('l'),
            'đ' | 'ð' => folded.push('d'),
            'ħ' => folded.push('h'),
            'ŧ' => folded.push('t'),
            'ı' => folded.push('i'),
            'ς' => folded.push('σ'),
            plain => folded.push(plain),
        }
    }
    folded
}

/// Whether it is an accent of Latin, Greek or Cyrillic letters, or a sound mark of kana. Most marks of other scripts
/// are vowels, and count as letters.
fn is_accent(letter: char) -> bool {
    matches!(letter, '\u{300}'..='\u{36f}' | '\u{3099}' | '\u{309a}')
}

/// Adds the key of text in plain letters; it is UTF-8.
fn push_plain(text: &[u8], key: &mut Vec<u8>) {
    let mut rest = text;
    while let Some(&byte) = rest.first() {
        let length = match byte {
            b'0'..=b'9' => {
                let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
                push_number(&rest[..digits], key);
                digits
            }
            0..=0x7f => {
                if !byte.is_ascii_alphabetic() {
                    key.push(SIGN);
                }
                key.push(byte.to_ascii_lowercase());
                1
            }
            _ => push_other(rest, key),
        };
        rest = &rest[length..];
    }
}

/// Adds a character that is not ASCII, and says how many bytes it has.
fn push_other(text: &[u8], key: &mut Vec<u8>) -> usize {
    // No character has more than four bytes; behind the first there may be a part of another.
    let start = text[..text.len().min(4)].utf8_chunks().next().and_then(|chunk| chunk.valid().chars().next());
    let letter = start.expect("it is UTF-8");
    if !letter.is_alphanumeric() && !is_combining_mark(letter) {
        key.push(SIGN);
    }
    key.extend_from_slice(&text[..letter.len_utf8()]);
    letter.len_utf8()
}

/// Adds a number: how many digits it has, and then the digits. So a longer number is larger.
fn push_number(digits: &[u8], key: &mut Vec<u8>) {
    let zeros = digits.iter().take_while(|&&digit| digit == b'0').count();
    let digits = &digits[zeros..];
    key.push(NUMBER);
    let mut count = digits.len();
    while let Some(rest) = count.checked_sub(0xff) {
        key.push(0xff);
        count = rest;
    }
    key.push(u8::try_from(count).expect("less than 255"));
    key.extend_from_slice(digits);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::cmp::Ordering;

    fn key(name: &[u8]) -> Vec<u8> {
        let mut key = Vec::new();
        push_key(name, &mut key);
        key
    }

    fn order(a: &[u8], b: &[u8]) -> Ordering {
        key(a).cmp(&key(b)).then_with(|| a.cmp(b))
    }

    #[test]
    fn numbers_are_ordered_by_value_and_letters_by_their_plain_forms() {
        let long = format!("n{}", "9".repeat(600));
        let longer = format!("n1{}", "0".repeat(600));
        let table: &[&[&str]] = &[
            &["file1", "file2", "file10", "file10a", "file10b"],
            &["file", "file1", "file1.txt", "file2.txt", "file10.txt"],
            &["Affe", "Ämter", "Azteke", "emil", "Émile", "Zebra", "Ω", "中文"],
            &["EMILE", "Emile", "emile", "Émile", "émile"],
            &["a", "á", "b"],
            &["01", "1", "02", "2", "010", "10"],
            &["v1.2.9", "v1.2.10", "v1.10.1", "v2"],
            &["2024-1-31", "2024-02-01", "2024-11-5"],
            &["n0", "n1", "n18446744073709551615", "n18446744073709551616", &long, &longer],
            &[" a", "(a)", "_a", "“a”", "1", "a"],
            &["a b", "a-b", "a_b", "a1", "ab"],
            &["Strasse", "Straße", "Strauß", "Streit"],
            &["ob", "Øb", "oc", "œb", "of"],
            &["łan", "lb"],
            &["ﬁn", "fio"],
            &["Ｆ１", "f2", "f１0"],
            &["Ёлка", "Ель", "Жук", "Иван", "ирис", "Йод", "каша"],
            &["काम", "किताब", "कुल"],
            &["が", "き"],
            &["İa", "ib"],
        ];
        for names in table {
            for pair in names.windows(2) {
                let [a, b] = [pair[0].as_bytes(), pair[1].as_bytes()];
                assert_eq!((order(a, b), order(b, a)), (Ordering::Less, Ordering::Greater), "{pair:?}");
            }
        }
    }

    #[test]
    fn the_same_letters_written_in_one_code_point_or_two_stand_side_by_side() {
        let (one, two) = ("\u{e4}x".as_bytes(), "a\u{308}x".as_bytes());
        assert_eq!(key(one), key(two));
        assert_eq!(order(two, one), Ordering::Less, "and still in an order");
    }

    #[test]
    fn names_that_are_not_utf8_have_a_place_behind_the_letters() {
        let names: [&[u8]; 6] = [b"a", b"az", "a\u{4e2d}".as_bytes(), b"a\x80", b"a\xff", b"b"];
        for pair in names.windows(2) {
            assert_eq!(order(pair[0], pair[1]), Ordering::Less, "{pair:?}");
        }
    }

    proptest! {
        #[test]
        fn any_names_are_in_one_order(mut names in proptest::collection::vec(
            prop_oneof![
                "[aAäÄ\u{e9}e\u{301}ßs0-2_ .中]{0,6}".prop_map(String::into_bytes),
                proptest::collection::vec(1_u8.., 0..6),
            ],
            2..12,
        )) {
            names.sort_by(|a, b| order(a, b));
            for (index, a) in names.iter().enumerate() {
                for b in &names[index..] {
                    prop_assert!(order(a, b).is_le() && order(b, a) == order(a, b).reverse());
                    prop_assert_eq!(order(a, b).is_eq(), a == b);
                    // So the key and the name behind it can be compared at once.
                    prop_assert!(key(a) == key(b) || !key(a).starts_with(&key(b)));
                }
            }
        }
    }
}
