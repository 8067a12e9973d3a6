//! Which names no file can have on Windows, and which stand for something else there.
//!
//! Windows makes something else of many a name before a file is looked for: it divides at a backslash, takes a colon for
//! a drive or for a stream beside the file's bytes, leaves dots and spaces at the end out, and finds devices in each
//! folder. What a server checks of such a name (whether it begins with a dot, how it ends) is then true of the name and
//! not of the file. So each is refused before anything is opened. Little is lost by that: what has such a name, made from
//! another system, few of Windows' own programs can open.
//!
//! ```text
//! a.txt                   a file can have it
//! a\b.txt  \\?\C:\x       two names, or a path of another kind
//! a.txt::$DATA  C:x       the bytes of a.txt; a path on another drive
//! a.txt.  a.txt%20        a.txt
//! nul  COM1.txt  LPT³     a device
//! LONGFI~1.TXT            perhaps a short name: the folder is asked (see `looks_short`)
//! ```
//!
//! They are functions of a text, and so tested wherever the program is built.

/// Why no file can have this name, if so: a clause that tells of it.
pub fn fault(name: &str) -> Option<&'static str> {
    if name.contains(['\\', '/']) {
        return Some("a backslash divides names, and none holds it");
    }
    if name.contains(':') {
        return Some("a colon tells of a drive or a stream, and no name holds it");
    }
    if name.contains(|letter: char| letter.is_ascii_control() || "<>\"|?*".contains(letter)) {
        return Some("it holds a character that no name holds");
    }
    if name.ends_with(['.', ' ']) {
        return Some("dots and spaces at the end of a name are left out: another file would be found");
    }
    is_device(name).then_some("it is the name of a device, in each folder and with each ending")
}

/// Whether this is a device's name, whatever ending it has: `CON`, `con.txt`, `NUL .tar.gz`, `COM¹`.
fn is_device(name: &str) -> bool {
    const ALONE: [&str; 7] = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$"];
    const NUMBERED: [&str; 2] = ["COM", "LPT"];
    let stem = name.split('.').next().unwrap_or(name).trim().to_ascii_uppercase();
    let is_numbered = |device: &str| {
        let number = stem.strip_prefix(device).unwrap_or_default();
        // The digits of ISO 8859-1 that stand above the line count, too.
        let mut letters = number.chars();
        letters.next().is_some_and(|letter| letter.is_ascii_digit() || "¹²³".contains(letter))
            && letters.next().is_none()
    };
    ALONE.contains(&&*stem) || NUMBERED.iter().any(|device| is_numbered(device))
}

/// Whether a name has the form of the short ones that Windows gives to files with long names, for programs from the time
/// of DOS: `LONGFI~1.TXT`. Most that have it are just short. (`fsutil` can give a file any name of that form.)
pub fn looks_short(name: &str) -> bool {
    let mut parts = name.split('.');
    let (stem, ending) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let fits = |part: &str, most: usize| part.chars().count() <= most;
    parts.next().is_none() && !stem.is_empty() && fits(stem, 8) && fits(ending, 3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_windows_makes_something_else_of_is_refused() {
        let table: &[(&str, &[&str])] = &[
            ("backslash", &["a\\b", "\\", "..\\x", "\\\\?\\C:\\x", "\\\\host\\share", "\\??\\C:\\x"]),
            ("colon", &["C:", "c:x", "a.txt::$DATA", "a:b", "x:$i30:$INDEX_ALLOCATION", ":", "a.txt:"]),
            ("character", &["a*", "?", "a<b", "a>b", "a|b", "\"", "a\tb", "a\u{1}", "\u{7f}", "a\nb"]),
            ("dots and spaces", &["a.", "a ", "a. .", "a.txt...", "...", ". ", " ", "CON ", "x.y "]),
            (
                "device",
                &[
                    "CON",
                    "con",
                    "Prn",
                    "AUX",
                    "nul",
                    "NUL.txt",
                    "nul.tar.gz",
                    "CON.",
                    "COM1",
                    "com0",
                    "COM9.x",
                    "LPT1",
                    "lpt9",
                    "COM¹",
                    "com².txt",
                    "LPT³",
                    "CON .txt",
                    " con",
                    "NUL  .a.b",
                    "CONIN$",
                    "conout$",
                    "CLOCK$",
                    "AUX.h",
                    "aux.c",
                ],
            ),
        ];
        for (word, names) in table {
            for name in *names {
                let why = fault(name).unwrap_or_else(|| panic!("{name:?} is taken"));
                // A device that ends in a dot is told of by the dot.
                assert!(why.contains(word) || why.contains("end of a name"), "{name:?}: {why}");
            }
        }
    }

    #[test]
    fn names_of_files_are_taken() {
        for name in [
            "a.txt",
            ".git",
            ".well-known",
            "a b",
            " a",
            "CONS",
            "CON1",
            "COM",
            "COM10",
            "COM¹0",
            "xCON",
            "LPT",
            "LPTx",
            "NULL",
            "null.txt",
            "a.CON",
            "file~1",
            "LONGFI~1.TXT",
            "100%.txt",
            "{a}[b](c)'",
            "日本語",
            "ſ",
            "CON-a",
            "$DATA",
            "COM⁴",
            "a;b",
            "a=b,c",
            "~",
            "#",
        ] {
            assert_eq!(fault(name), None, "{name:?}");
        }
    }

    #[test]
    fn short_names_are_known_by_their_form() {
        for name in ["LONGFI~1.TXT", "a~1", "GIT~1", "HTACCE~1", "A.TXT", "ABCDEFGH.IJK", "~", "A~BCDE~1.X"] {
            assert!(looks_short(name), "{name}");
        }
        for name in ["index.html", "longfile~1.txt", "a.b.c", ".git", "a~1.text", "ABCDEFGHI"] {
            assert!(!looks_short(name), "{name}");
        }
    }

    proptest! {
        #[test]
        fn what_is_taken_is_one_name_and_a_files(name in "\\PC{1,20}") {
            if fault(&name).is_none() {
                prop_assert!(!name.contains(['\\', '/', ':']));
                prop_assert!(!name.ends_with(['.', ' ']));
            }
        }

        #[test]
        fn a_device_is_one_with_each_ending(
            device in "(?i)(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])", spaces in " {0,3}", ending in "(\\.[a-z]{1,4}){0,2}",
        ) {
            let name = [device, spaces, ending].concat();
            prop_assert!(fault(&name).is_some());
        }
    }
}
