//! Which options an engine of the laboratory may have, and within which bounds. They are read as the command line reads
//! them, so that what a chapter says of `--head-timeout 2` is what happens.
//!
//! ```text
//! ["--threads", "1", "--cache", "3600"]    a Config
//! ["--follow-links"]                       --follow-links is not for the laboratory, which takes --cache, ...
//! ["--threads", "5"]                       the laboratory gives an engine 4 threads at most
//! ```

use crate::command::cli::{Cli, Config, Machine};
use std::time::Duration;

/// The options. What could open other files or ports, or ask for passwords, is none of them.
const ALLOWED: [&str; 16] = [
    "--cache",
    "--cache-size",
    "--clean-urls",
    "--compress",
    "--cors",
    "--etag",
    "--fault",
    "--head-timeout",
    "--hidden",
    "--idle-timeout",
    "--max-connections",
    "--no-listing",
    "--precompressed",
    "--send-timeout",
    "--spa",
    "--threads",
];

const MAX_THREADS: usize = 4;
const MAX_CONNECTIONS: usize = 50;
const MAX_TIMEOUT: Duration = Duration::from_secs(10);
const MAX_CACHE: usize = 16_000_000;

/// How long an engine waits for answers that are under way when its run is over.
const STOP_TIMEOUT: Duration = Duration::from_millis(200);

/// What has no option gets the value that it would have on a small machine.
const MACHINE: Machine = Machine { is_terminal: false, processors: 2, open_files: 32 + 2 * MAX_CONNECTIONS };

/// The configuration of an engine with these options.
///
/// # Errors
/// A sentence that names the option and the bound.
pub(super) fn read(words: &[String]) -> Result<Config, String> {
    for word in words {
        let name = word.split('=').next().unwrap_or_default();
        if word.starts_with('-') && !ALLOWED.contains(&name) {
            let shown: String = name.chars().take(40).flat_map(char::escape_debug).collect();
            return Err(format!("{shown} is not for the laboratory, which takes {}", ALLOWED.join(", ")));
        }
    }
    let mut config = Cli::of_words(words)?.into_config(&MACHINE);
    if config.folder.as_os_str() != "." {
        return Err("the laboratory chooses the folder by its name, and not by a path".to_owned());
    }
    // The defaults are for servers that run longer than a lesson.
    let server = &mut config.server;
    let is_named = |option: &str| words.iter().any(|word| word.split('=').next() == Some(option));
    let mut waits_too_long = false;
    for (option, timeout) in [
        ("--head-timeout", &mut server.head_timeout),
        ("--idle-timeout", &mut server.idle_timeout),
        ("--send-timeout", &mut server.send_timeout),
    ] {
        waits_too_long |= is_named(option) && *timeout > MAX_TIMEOUT;
        *timeout = MAX_TIMEOUT.min(*timeout);
    }
    if !is_named("--cache-size") {
        config.site.cache_size = MAX_CACHE;
    }
    let bounds = [
        (server.threads > MAX_THREADS, "4 threads"),
        (server.max_connections > MAX_CONNECTIONS, "50 connections"),
        (waits_too_long, "10 seconds for each wait"),
        (config.site.cache_size > MAX_CACHE, "16 MB of memory for files"),
    ];
    if let Some((_, what)) = bounds.iter().find(|(is_beyond, _)| *is_beyond) {
        return Err(format!("the laboratory gives an engine {what} at most"));
    }
    config.server.stop_timeout = STOP_TIMEOUT;
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Config, String> {
        super::read(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn options_of_the_course_are_read_as_on_the_command_line() {
        let config = read("--threads 1 --max-connections 1 --head-timeout 2 --fault lf-only --fault split")
            .expect("good");
        let server = &config.server;
        assert_eq!((server.threads, server.max_connections), (1, 1));
        assert_eq!(server.head_timeout, Duration::from_secs(2));
        assert!(server.faults.lf_only && server.faults.split);
        for line in ["", "--cache 3600", "--cors", "--cors=https://a.example", "--spa --clean-urls --hidden"]
        {
            assert!(read(line).is_ok(), "{line}");
        }
    }

    #[test]
    fn whoever_wants_more_is_told_the_option_or_the_bound() {
        let table = [
            ("--follow-links", "--follow-links is not for the laboratory"),
            ("--upload", "--upload is not for"),
            ("--port 80", "--port is not for"),
            ("-p80", "-p80 is not for"),
            ("--log-file=/tmp/x", "--log-file is not for"),
            ("--auth a:b", "--auth is not for"),
            ("--header X:y", "--header is not for"),
            ("/etc", "not by a path"),
            ("--threads 5", "4 threads"),
            ("--threads 0", "--threads"),
            ("--max-connections 51", "50 connections"),
            ("--head-timeout 11", "10 seconds"),
            ("--idle-timeout 60.5", "10 seconds"),
            ("--cache-size 17", "16 MB"),
            ("--fault nonsense", "--fault"),
            ("--threads", "--threads"),
        ];
        for (line, part) in table {
            let why = read(line).expect_err(line);
            assert!(why.contains(part) && !why.contains('\n'), "{line}: {why}");
        }
    }
}
