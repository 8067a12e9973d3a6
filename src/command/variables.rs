//! Variables of the environment: each can take the place of an option.
//!
//! ```text
//! GLASSHTTP_PORT=8080                     the same as --port 8080
//! GLASSHTTP_PORT=                         the same as no variable; so it is for all that are empty
//! GLASSHTTP_LAN=0                         the same as no variable: --lan is not given
//! GLASSHTTP_PORT=tcp://10.96.0.17:8000    ignored: Kubernetes sets it in all pods beside a service "glasshttp"
//! GLASSHTTP_PORT=x                        an error, which names GLASSHTTP_PORT and not --port
//! ```
//!
//! The options of [`crate::command::cli`] declare the variables, and clap reads them; there is no second list of them
//! here. The plain case, `glasshttp folder` without such variables, gets the command from [`without_unset`] unchanged
//! in effect.

use clap::builder::{FalseyValueParser, TypedValueParser};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};
use std::ffi::OsStr;
use std::net::SocketAddr;

/// A variable that sets an option, with the names of both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Variable {
    /// The option in messages of clap, such as `--port <PORT>`.
    shown: String,
    /// `--port`; `None` for the folder.
    option: Option<String>,
    name: String,
    /// The value of the variable.
    value: String,
}

/// The command without the variables that set nothing, which clap would take for values.
pub(crate) fn without_unset(command: Command) -> Command {
    let blank = Command::new("");
    command.mut_args(|arg| {
        let is_unset = arg.get_env().is_some_and(|name| {
            std::env::var_os(name).is_none_or(|value| sets_nothing(&arg, &value, &blank))
        });
        if is_unset { arg.env(None::<&'static str>) } else { arg }
    })
}

/// Whether a variable of this value sets nothing.
fn sets_nothing(arg: &Arg, value: &OsStr, command: &Command) -> bool {
    let is_no = || {
        matches!(arg.get_action(), ArgAction::SetTrue)
            && FalseyValueParser::new().parse_ref(command, None, value).is_ok_and(|said| !said)
    };
    value.is_empty() || (arg.get_id() == "port" && is_of_a_service(value)) || is_no()
}

/// Whether it is the address of a service. Kubernetes puts that into the variable NAME_PORT for each service, and
/// Docker for each link; it is not meant for the programs that run there.
fn is_of_a_service(value: &OsStr) -> bool {
    let value = value.to_str().unwrap_or_default();
    let address = ["tcp://", "udp://", "sctp://"].iter().find_map(|scheme| value.strip_prefix(scheme));
    address.is_some_and(|address| address.parse::<SocketAddr>().is_ok())
}

impl Variable {
    fn of(arg: &Arg) -> Option<Variable> {
        Some(Variable {
            shown: arg.to_string(),
            option: arg.get_long().map(|long| format!("--{long}")),
            name: arg.get_env()?.to_str()?.to_owned(),
            value: std::env::var(arg.get_env()?).unwrap_or_default(),
        })
    }

    /// The variables that set an option.
    pub(crate) fn set_by_environment(command: &Command, matches: &ArgMatches) -> Vec<Variable> {
        let is_said = |arg: &&Arg| {
            matches.try_contains_id(arg.get_id().as_str()).unwrap_or(false)
                && matches.value_source(arg.get_id().as_str()) == Some(ValueSource::EnvVariable)
        };
        command.get_arguments().filter(is_said).filter_map(Variable::of).collect()
    }

    /// The variables without which this error would not occur. `parse` is the function that gave the error.
    pub(crate) fn to_blame(
        command: &Command,
        error: &clap::Error,
        parse: impl Fn(Command) -> Result<(), clap::Error>,
    ) -> Vec<Variable> {
        let is_to_blame = |arg: &&Arg| {
            let without = command.clone().mut_arg(arg.get_id(), |arg| arg.env(None::<&'static str>));
            parse(without).err().is_none_or(|other| other.to_string() != error.to_string())
        };
        // A command has to be built before its arguments can be displayed.
        let mut built = command.clone();
        built.build();
        built
            .get_arguments()
            .filter(|arg| arg.get_env().is_some())
            .filter(is_to_blame)
            .filter_map(Variable::of)
            .collect()
    }
}

/// Replaces each option in a line by the variable that set it.
pub(crate) fn rename(variables: &[Variable], line: &str) -> String {
    variables.iter().fold(line.to_owned(), |line, one| {
        let line = line.replace(&format!("'{}'", one.shown), &one.name);
        one.option.as_ref().map_or_else(|| line.clone(), |option| replace_word(&line, option, &one.name))
    })
}

/// Does the same, and adds the name of a variable after its value where the line quotes that, as it does with paths:
/// `"/srv/www" (GLASSHTTP_FOLDER)`.
pub(crate) fn explain(variables: &[Variable], line: &str) -> String {
    variables.iter().fold(rename(variables, line), |line, one| {
        let quoted = format!("\"{}\"", one.value);
        let at = line.find(&quoted).filter(|_| !one.value.is_empty() && !line.contains(&one.name));
        at.map_or_else(
            || line.clone(),
            |at| {
                let (before, behind) = line.split_at(at + quoted.len());
                format!("{before} ({}){behind}", one.name)
            },
        )
    })
}

/// Does the same as [`rename`], and puts the names of variables that the line does not mention before it.
pub(crate) fn rename_all(variables: &[Variable], line: &str) -> String {
    let line = rename(variables, line);
    let missing = variables.iter().map(|one| one.name.as_str()).filter(|name| !line.contains(name));
    let missing = missing.collect::<Vec<_>>().join(", ");
    if missing.is_empty() { line } else { format!("{missing}: {line}") }
}

/// Replaces an option where it stands as a word: `--log` is one in `--log off`, and not in `--log-file`.
fn replace_word(text: &str, word: &str, by: &str) -> String {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
    let (mut done, mut rest) = (String::new(), text);
    while let Some(at) = rest.find(word) {
        let (before, behind) = (&rest[..at], &rest[at + word.len()..]);
        done.push_str(before);
        done.push_str(if before.ends_with(is_part) || behind.starts_with(is_part) { word } else { by });
        rest = behind;
    }
    done + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_address_with_a_port_is_that_of_a_service() {
        let table = [
            ("tcp://10.96.0.17:8000", true),
            ("tcp://[fd00::11]:8000", true),
            ("udp://172.17.0.5:53", true),
            ("tcp://10.96.0.17", false),
            ("tcp://glasshttp:8000", false),
            ("http://10.96.0.17:8000", false),
            ("10.96.0.17:8000", false),
            ("8000", false),
        ];
        for (value, expected) in table {
            assert_eq!(is_of_a_service(OsStr::new(value)), expected, "{value}");
        }
    }

    #[test]
    fn an_option_is_named_by_its_variable_and_others_that_begin_like_it_are_not() {
        let one = Variable {
            shown: "--log <FORMAT>".to_owned(),
            option: Some("--log".to_owned()),
            name: "GLASSHTTP_LOG".to_owned(),
            value: "a/b".to_owned(),
        };
        let table = [
            ("bad value for '--log <FORMAT>'", "bad value for GLASSHTTP_LOG"),
            ("--log off and --log-file contradict", "GLASSHTTP_LOG off and --log-file contradict"),
            ("choose with --log", "choose with GLASSHTTP_LOG"),
            ("--no--log, --logs", "--no--log, --logs"),
        ];
        for (line, expected) in table {
            assert_eq!(rename(std::slice::from_ref(&one), line), expected);
        }
        let table = [
            ("cannot open \"a/b\": no", "cannot open \"a/b\" (GLASSHTTP_LOG): no"),
            ("cannot open \"a/b\", as --log says", "cannot open \"a/b\", as GLASSHTTP_LOG says"),
            ("cannot open a/b: no", "cannot open a/b: no"),
        ];
        for (line, expected) in table {
            assert_eq!(explain(std::slice::from_ref(&one), line), expected);
        }
        assert_eq!(rename_all(&[one], "something is missing"), "GLASSHTTP_LOG: something is missing");
    }
}
