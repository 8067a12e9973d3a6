//! What is wrong with a command line, in one line.
//!
//! ```text
//! clap                                                    one_line
//!
//! error: unexpected argument '-d' found                   unexpected argument '-d' found; tip: the folder comes
//!                                                         without an option: glasshttp FOLDER
//!   tip: to pass '-d' as a value, use '-- -d'
//!
//! Usage: glasshttp [OPTIONS] [FOLDER]
//!
//! For more information, try '--help'.
//! ```

use crate::command::tips;
use clap::Command;
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// The line: what is wrong, and a tip if there is one. `command` is the one that gave the error.
pub(super) fn one_line(error: &clap::Error, command: &Command) -> String {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.as_str(),
        _ => "",
    };
    let (argument, value) = (context(ContextKind::InvalidArg), context(ContextKind::InvalidValue));
    let option = argument.split(' ').next().unwrap_or_default();
    let mut text = error.to_string();
    // The value of --auth may hold a password, and this line may end up in a log.
    if option == "--auth" && !value.is_empty() {
        text = text.replace(value, "...");
    }
    let tip = match error.kind() {
        ErrorKind::UnknownArgument => tips::for_argument(argument, command),
        _ => tips::for_value(option, value),
    };
    let mut skipped = vec!["Usage:", "For more information", "tip: to pass"];
    // Our tip replaces clap's.
    if tip.is_some() {
        skipped.push("tip: ");
    }
    let is_kept = |line: &&str| !line.is_empty() && !skipped.iter().any(|start| line.starts_with(start));
    let lines = text.lines().map(str::trim).filter(is_kept).map(str::to_owned);
    let lines = lines.chain(tip.map(|tip| format!("tip: {tip}"))).collect::<Vec<_>>();
    lines.join("; ").replace(":; ", ": ").trim_start_matches("error: ").to_owned()
}
