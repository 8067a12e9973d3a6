//! What `--help` says, and `--version`.

use crate::support::{glasshttp, run};

#[test]
fn version_and_help_go_to_standard_output_with_exit_code_0() {
    let version = concat!("glasshttp ", env!("CARGO_PKG_VERSION"));
    for (option, part) in [("--version", version), ("-V", version), ("--help", "Usage:"), ("-h", "Usage:")] {
        let end = run(glasshttp().arg(option));
        assert_eq!((end.code, end.stderr.len()), (Some(0), 0), "{option}");
        assert!(end.stdout.iter().any(|line| line.contains(part)), "{option}: {:?}", end.stdout);
    }
}

/// Each heading of the help, its options, and a part of what says their default.
const HELP: &[(&str, &[(&str, &str)])] = &[
    ("Arguments:", &[("[FOLDER]", ".")]),
    (
        "Options:",
        &[
            ("--course", ""),
            ("--completions <SHELL>", ""),
            ("--man", ""),
            ("-h, --help", ""),
            ("-V, --version", ""),
        ],
    ),
    (
        "Where:",
        &[
            ("-p, --port <PORT>", "8000"),
            ("-b, --bind <ADDR>", "127.0.0.1 and ::1"),
            ("--socket-mode <MODE>", "600"),
            ("--lan", ""),
            ("--allow-host <NAME>", "localhost and addresses"),
            ("--base-path <PATH>", "/"),
            ("--trust-proxy[=<ADDR>]", "nobody"),
        ],
    ),
    #[cfg(feature = "tls")]
    (
        "Encryption:",
        &[("--tls-cert <FILE>", ""), ("--tls-key <FILE>", "in the same file"), ("--tls-self-signed", "")],
    ),
    (
        "Who:",
        &[
            ("-a, --auth <USER:PASSWORD>", "everybody"),
            ("--auth-file <FILE>", ""),
            ("--auth-for <WHAT>", "everything"),
            ("--hash <USER>", ""),
        ],
    ),
    (
        "What:",
        &[
            ("--index <NAME>", "index.html, index.htm"),
            ("--no-listing", "they are listed"),
            ("--hidden", "only /.well-known/"),
            ("--follow-links", "they are refused"),
            ("--cache <[PATTERN=]VALUE>", "no-cache"),
            ("--etag <WHAT>", "file"),
        ],
    ),
    (
        "For building pages:",
        &[
            ("--spa[=<FILE>]", "404"),
            ("--clean-urls", ""),
            ("--precompressed", ""),
            #[cfg(feature = "compress")]
            ("--compress", ""),
            ("--cors[=<ORIGIN>]", "of none"),
            ("-H, --header <NAME: VALUE>", ""),
            ("--isolate", ""),
            ("--reload[=<HOW>]", "off; HOW: auto"),
            ("--reload-ignore <GLOB>", ""),
        ],
    ),
    ("For sharing files:", &[("--upload", ""), ("--overwrite", ""), ("--max-upload <SIZE>", "1G")]),
    (
        "Output:",
        &[
            ("--log <FORMAT>", "auto"),
            ("--explain", ""),
            ("--inspect", ""),
            ("--metrics", ""),
            ("--fault <FAULT>", ""),
            ("--qr", ""),
            ("-o, --open[=<PATH>]", ""),
            ("-q, --quiet", "the address and the log"),
            ("--color <WHEN>", "auto"),
        ],
    ),
    (
        "Limits:",
        &[
            ("-t, --threads <N>", "one for each processor"),
            ("--max-connections <N>", "half of the files"),
            ("--cache-size <MB>", "64"),
            ("--head-timeout <SECONDS>", "10"),
            ("--idle-timeout <SECONDS>", "60"),
            ("--send-timeout <SECONDS>", "30"),
        ],
    ),
    (
        "For running it longer:",
        &[
            ("--log-file <PATH>", ""),
            ("--quit-after <SECONDS>", "never"),
            ("--no-sandbox", "those of the folder alone"),
            ("--check [<URL>]", "the server that the other options"),
        ],
    ),
];

#[test]
fn help_names_each_option_with_its_default() {
    let groups = help_by_group();
    let expected: Vec<_> = HELP.iter().map(|(group, _)| *group).collect();
    let found: Vec<_> = groups.iter().map(|(group, _)| group.as_str()).collect();
    assert_eq!(found, expected);
    for ((group, options), (_, found)) in HELP.iter().zip(&groups) {
        assert_eq!(options.len(), found.len(), "{group} {found:?}");
        for ((option, default), entry) in options.iter().zip(found) {
            assert!(entry.starts_with(option), "{option} in {entry:?}");
            let has_default = entry.contains(&format!("[default: {default}"));
            assert!(has_default || default.is_empty(), "{default} in {entry:?}");
        }
    }
}

/// The groups of the help, each with its entries, and each entry on one line.
fn help_by_group() -> Vec<(String, Vec<String>)> {
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for line in run(glasshttp().arg("--help")).stdout {
        let words = line.split_whitespace().collect::<Vec<_>>().join(" ");
        let indent = line.len() - line.trim_start().len();
        match groups.last_mut() {
            _ if line.starts_with("Examples:") => break,
            _ if indent == 0 && line.ends_with(':') => groups.push((line, Vec::new())),
            Some((_, entries)) if words.starts_with(['-', '[']) && indent < 10 => entries.push(words),
            Some((_, entries)) if !words.is_empty() => {
                let entry = entries.last_mut().expect("an entry before its second line");
                *entry = format!("{entry} {words}");
            }
            _ => {}
        }
    }
    groups
}
