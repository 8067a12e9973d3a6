//! Thousands of spellings by which somebody might ask for what is outside, for what is hidden, or for a device. On no
//! system does one of them get it.

use super::tests::{folder, get, site};
use crate::base::platform::names;
use std::collections::BTreeSet;
use std::path::Path;

/// How a path begins that some system takes for one from elsewhere.
const BEFORE: &[&str] = &[
    "",
    "..\\",
    "..\\..\\",
    "..%5c",
    "%2e%2e%5c",
    "%2e%2e%2f",
    "..%252f",
    "..%255c",
    "..%c0%af",
    "..%u2216",
    ".\\",
    ".%5c..%5c",
    "list\\..\\..\\",
    "list%5c..%5c..%5c",
    "list/..%5c..%5c",
    "..;/",
    "..%00/",
    "....//",
    "....\\\\",
    "..%20/",
    "..%20\\",
    "...\\",
    "..../",
    "a.txt\\..\\..\\",
    "\\",
    "%5c",
    "\\\\",
    "%5c%5c",
    "c:",
    "C:\\",
    "c%3a%5c",
    "C:..\\",
    "/c:/",
    "file:///",
    "\\\\?\\",
    "%5c%5c%3f%5c",
    "\\\\.\\",
    "//?/",
    "//./",
    "\\??\\",
    "\\\\localhost\\c$\\",
    "%5c%5clocalhost%5cC$%5c",
    "\\\\?\\UNC\\localhost\\c$\\",
    "\\\\?\\GLOBALROOT\\",
    "\\Device\\",
    "~/",
    "%7e/",
];

/// What is behind a name that some system leaves out, or takes for a part of the file.
const BEHIND: &[&str] = &[
    "",
    ".",
    "..",
    "...",
    "%20",
    "%20%20",
    ".%20",
    "%20.",
    "::$DATA",
    "::$data",
    ":$I30:$INDEX_ALLOCATION",
    ":stream",
    ":",
    "%3a%3a$DATA",
    "/",
    "/.",
    "\\",
    "%5c",
    "%00",
    "%00.txt",
    "%0a",
    "%2e",
    "*",
    "?",
    "<",
    "\"",
    "|",
    "/..%5c",
    "%e2%80%ae",
];

/// Devices of Windows, in each folder.
const DEVICES: &[&str] = &[
    "CON",
    "con",
    "PRN",
    "AUX",
    "aux",
    "NUL",
    "nul",
    "Nul",
    "COM0",
    "COM1",
    "com9",
    "COM%c2%b9",
    "COM%C2%B2",
    "COM%c2%b3",
    "LPT1",
    "lpt9",
    "LPT%c2%b3",
    "CONIN$",
    "CONOUT$",
    "CLOCK$",
];

/// What is behind the name of a device that is one all the same.
const STILL_A_DEVICE: &[&str] =
    &["", ".txt", ".tar.gz", "%20", "%20.txt", ".", "..", ":", "::$DATA", ".%20", "/", "/x", "%20%20.a.b"];

fn spellings(outside: &Path) -> BTreeSet<String> {
    let whole = outside.join("secret.txt").to_string_lossy().into_owned();
    let secrets = ["secret.txt", "SECRET.TXT", ".env", ".ENV", "%2eenv", "SECRET~1.TXT", "ENV~1", &whole];
    let mut all = BTreeSet::new();
    for before in BEFORE {
        for secret in secrets {
            for behind in BEHIND {
                all.insert(format!("/{before}{secret}{behind}"));
            }
        }
    }
    for folder in ["", "list/", "list\\", ".\\"] {
        for device in DEVICES {
            for behind in STILL_A_DEVICE {
                all.insert(format!("/{folder}{device}{behind}"));
            }
        }
    }
    // Not all can stand in a request line.
    all.retain(|target| !target.bytes().any(|byte| byte <= b' ' || byte == b'#' || byte == 0x7f));
    all
}

#[test]
fn nothing_outside_nothing_hidden_and_no_device_is_served_by_any_spelling() {
    let (outside, root) = folder();
    let site = site(&root);
    let spellings = spellings(outside.path());
    assert!(spellings.len() > 10_000, "{}", spellings.len());
    for target in &spellings {
        let (status, text) = get(&site, target);
        assert!(!text.contains("SECRET"), "{target}");
        assert!(matches!(status, 301 | 400 | 403 | 404) || is_of_the_folder(target), "{target}: {status}");
    }
}

/// Whether a spelling, in which `..` and a query are what they always are, names the folder itself.
fn is_of_the_folder(target: &str) -> bool {
    let path = target.split('?').next().unwrap_or(target);
    crate::http::target::DecodedPath::decode(path.as_bytes()).is_ok_and(|path| path.relative.is_empty())
}

#[test]
fn a_name_is_impossible_where_no_path_is_made_of_it() {
    // Where a backslash is a letter, it can be called that.
    for name in ["a\\b", "c:x", "a.txt.", "nul", "COM¹.txt", "a*"] {
        let is_taken = names::why_impossible(name.as_bytes()).is_none();
        assert_eq!(is_taken, names::path(name.as_bytes()).is_ok(), "{name}");
    }
    assert_eq!(names::why_impossible(b"list/a.txt"), None);
    assert_eq!(names::why_impossible(b"."), None, "the folder itself");
}
