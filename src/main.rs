//! The program: the command line is read, what it asks for is done, and the exit code says how that went.
//!
//! 0 after a stop that was asked for, 2 for a wrong command line, 1 for everything else that goes wrong. Each error
//! is one line on standard error.

use glasshttp::command::cli::{Cli, Unread};
use glasshttp::command::{run, terminal::report};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match Cli::read() {
        Ok(cli) => cli,
        Err(Unread::Help(help)) => {
            let _ = help.print();
            return ExitCode::SUCCESS;
        }
        Err(Unread::Misuse(line)) => {
            report(&line);
            return ExitCode::from(2);
        }
    };
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(line) => {
            report(&format!("glasshttp: {line}"));
            ExitCode::FAILURE
        }
    }
}
