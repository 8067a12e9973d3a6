//! Opens the user's browser, for `--open`.
//!
//! ```text
//! address("http://localhost:8000/", "a b/?q#c")    http://localhost:8000/a%20b/?q#c
//! open("http://localhost:8000/")                   runs xdg-open, or the system's other command for it
//! ```
//!
//! The server does not depend on it: a thread of its own does it, and a failure is one line on standard error.

use crate::base::human;
use crate::base::platform::process;
use crate::command::service_manager;
use crate::command::terminal::report;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use std::fmt::Display;
use std::io;
use std::process::{Command, Stdio};

/// What has to be percent-encoded in a URL. `?`, `#` and `%` stay as they are, so that PATH can have a query, a
/// fragment and encoded characters.
const NOT_IN_A_URL: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'`')
    .add(b'{')
    .add(b'}')
    .add(b'\\')
    .add(b'^')
    .add(b'|');

/// The ports that browsers refuse to connect to. The servers of other protocols take commands of a line each, and a
/// page could make a browser send a form that looks like some of them (the Fetch standard, "port blocking").
const BLOCKED: [u16; 83] = [
    0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103,
    104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514,
    515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723,
    2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
];

/// Whether browsers refuse to connect to this port.
pub fn refuses(port: u16) -> bool {
    BLOCKED.binary_search(&port).is_ok()
}

/// The URL of a path below a URL that ends in a slash. The path may begin with one.
pub fn address(url: &str, path: &str) -> String {
    format!("{url}{}", utf8_percent_encode(path.trim_start_matches('/'), NOT_IN_A_URL))
}

/// Opens a browser, without waiting for it.
pub fn open(url: String) {
    let failed = |why: &dyn Display| report(&format!("glasshttp: no browser could be opened ({why})"));
    let on_a_thread = move || {
        if let Err(why) = open_and_wait(&url) {
            failed(&why);
        }
    };
    if let Err(error) = std::thread::Builder::new().name("browser".to_owned()).spawn(on_a_thread) {
        failed(&error);
    }
}

/// Runs the system's commands for it until one succeeds. Some end when they have told a browser, others when the
/// browser ends.
fn open_and_wait(url: &str) -> Result<(), String> {
    let mut failed = "this system has no command for it".to_owned();
    for mut command in open::commands(url) {
        let name = command.get_program().to_string_lossy().into_owned();
        match detached(&mut command).status() {
            Ok(status) if status.success() => return Ok(()),
            Ok(status) => failed = format!("{name}: {status}"),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => failed = format!("{name}: {}", human::reason(&error)),
        }
    }
    Err(failed)
}

/// Separates a command from this process: its output does not appear among ours, Ctrl-C does not reach it, and it does
/// not take itself for the process that a service manager has started.
fn detached(command: &mut Command) -> &mut Command {
    for name in service_manager::VARIABLES {
        command.env_remove(name);
    }
    process::apart(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_stays_on_this_server_and_is_a_url() {
        let table = [
            ("", ""),
            ("/", ""),
            ("guide/", "guide/"),
            ("/guide/a.html?q=1#top", "guide/a.html?q=1#top"),
            ("//evil.example/", "evil.example/"),
            ("a b<\u{e9}>\n\\", "a%20b%3C%C3%A9%3E%0A%5C"),
            ("100%25", "100%25"),
        ];
        for (path, expected) in table {
            assert_eq!(address("http://localhost:1/", path), format!("http://localhost:1/{expected}"));
        }
    }

    #[test]
    fn ports_of_other_protocols_are_refused_and_those_of_the_web_are_not() {
        assert!(BLOCKED.is_sorted());
        for (port, expected) in [
            (22, true),
            (5060, true),
            (6000, true),
            (6666, true),
            (10080, true),
            (80, false),
            (443, false),
            (3000, false),
            (6001, false),
            (8080, false),
        ] {
            assert_eq!(refuses(port), expected, "{port}");
        }
    }
}
