//! `--completions` and `--man`: that they name every option, and that the programs which they are for
//! take them.

use crate::support::{Finished, as_text, folder, glasshttp, one_line, run};
use std::fs;
use std::path::Path;
use std::process::Command;

const SHELLS: [&str; 5] = ["bash", "elvish", "fish", "powershell", "zsh"];

/// What is printed, and nothing else.
fn printed(options: &[&str]) -> String {
    let Finished { code, stdout, stderr } = run(glasshttp().args(options));
    assert_eq!((code, stderr), (Some(0), vec![]), "{options:?}");
    stdout.join("\n") + "\n"
}

/// The long names of all options, as the help has them.
pub(crate) fn options() -> Vec<String> {
    let help = printed(&["--help"]);
    let (options, _) = help.split_once("Examples:").expect("they come last");
    let is_part = |letter: char| letter.is_ascii_lowercase() || letter == '-';
    // An option's own line begins with its names; in others it is merely spoken of.
    let lines = options.lines().map(str::trim_start).filter(|line| line.starts_with('-'));
    let names = lines.filter_map(|line| {
        let name = &line[line.find("--")?..];
        Some(name[..name.find(|letter| !is_part(letter)).unwrap_or(name.len())].to_owned())
    });
    let names: Vec<_> = names.collect();
    assert!(names.len() > 30 && names.contains(&"--log-file".to_owned()), "{names:?}");
    names
}

/// Runs a program with this as its input; what it wrote to both of its outputs.
fn run_with(program: &str, arguments: &[&str], input: &Path) -> (bool, String) {
    let output = Command::new(program)
        .args(arguments)
        .arg(input)
        .output()
        .unwrap_or_else(|error| panic!("this test needs {program}: {error}"));
    (output.status.success(), as_text(&output.stdout) + &as_text(&output.stderr))
}

#[test]
fn every_option_is_in_the_page_and_in_what_each_shell_is_told() {
    let options = options();
    // In a page, a minus sign is one only with a backslash.
    let page = printed(&["--man"]).replace("\\-", "-");
    for option in &options {
        assert!(page.contains(option.as_str()), "{option} in the page");
    }
    for shell in SHELLS {
        let script = printed(&["--completions", shell]);
        for option in &options {
            // fish has names without dashes.
            let name = if shell == "fish" { option.trim_start_matches('-') } else { option };
            assert!(script.contains(name), "{option} for {shell}");
        }
    }
    let end = run(glasshttp().args(["--completions", "csh"]));
    assert_eq!(end.code, Some(2));
    one_line(&end.stderr, &["csh", "bash", "fish"], &"csh");
}

#[test]
fn bash_completes_options_and_their_values() {
    let folder = folder(&[("glasshttp.bash", &printed(&["--completions", "bash"]))]);
    let script = folder.path().join("glasshttp.bash");
    let (taken, said) = run_with("bash", &["-n"], &script);
    assert!(taken, "{said}");
    let table: &[(&[&str], &[&str], &[&str])] = &[
        (&["--log"], &["--log", "--log-file"], &["--lan"]),
        (&["--log", ""], &["auto", "common", "combined", "json", "off"], &["--log"]),
        (&["--quiet", "--quit"], &["--quit-after"], &["--quiet"]),
        (&["--completions", "f"], &["fish"], &["bash"]),
    ];
    for &(words, expected, not) in table {
        let quoted = words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" ");
        let (last, count) = (words.last().expect("one"), words.len());
        let before = if count > 1 { words[count - 2] } else { "glasshttp" };
        // As bash itself calls it when somebody presses the tab key.
        let call = format!(
            "source '{}'\nCOMP_WORDS=(glasshttp {quoted})\nCOMP_CWORD={count}\n\
             \"$(complete -p glasshttp | sed 's/.*-F \\([^ ]*\\).*/\\1/')\" glasshttp '{last}' '{before}'\n\
             printf '%s\\n' \"${{COMPREPLY[@]}}\"\n",
            script.display()
        );
        fs::write(folder.path().join("call"), call).expect("written");
        let (_, said) = run_with("bash", &["--norc"], &folder.path().join("call"));
        let completions: Vec<_> = said.lines().collect();
        assert!(expected.iter().all(|word| completions.contains(word)), "{words:?}: {said}");
        assert!(!not.iter().any(|word| completions.contains(word)), "{words:?}: {said}");
    }
}

#[test]
#[ignore = "it needs zsh and fish"]
fn the_other_shells_take_what_they_are_told() {
    for (shell, option) in [("zsh", "-n"), ("fish", "--no-execute")] {
        let folder = folder(&[("script", &printed(&["--completions", shell]))]);
        let (taken, said) = run_with(shell, &[option], &folder.path().join("script"));
        assert!(taken, "{shell}: {said}");
    }
    let folder = folder(&[("glasshttp.fish", &printed(&["--completions", "fish"]))]);
    let call = format!("source {}/glasshttp.fish; complete -C 'glasshttp --log-'", folder.path().display());
    fs::write(folder.path().join("call"), call).expect("written");
    let (_, said) = run_with("fish", &[], &folder.path().join("call"));
    assert!(said.starts_with("--log-file\t"), "{said}");
}

#[test]
#[ignore = "it needs man and mandoc"]
fn man_shows_the_page_and_a_strict_reader_finds_no_error_in_it() {
    let folder = folder(&[("glasshttp.1", &printed(&["--man"]))]);
    let page = folder.path().join("glasshttp.1");
    let (shown, text) = run_with("man", &["--warnings", "-l", "-P", "cat"], &page);
    assert!(shown && !text.contains("warning:"), "{text}");
    for part in ["NAME", "SYNOPSIS", "--quit-after", "How long a request may take to arrive"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let (right, said) = run_with("mandoc", &["-T", "lint", "-W", "error"], &page);
    assert!(right, "{said}");
}
