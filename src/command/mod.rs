//! The program around the server: options in, an exit code out.
//!
//! The plain case, `glasshttp folder`, goes from `main` to [`cli`] (options and their defaults), to [`run`], and to
//! [`serve`], which opens what is needed and runs the server. Read on in this order, and then the rest as you need it:
//!
//! - what users write and read: `variables` (the environment beside the options), `values` (parsers), `tips` (for users
//!   who know other servers), `urls` (of the server), `start_lines`, `warnings`, [`terminal`], [`qr_code`], `browser`
//!   (the user's, for `--open`), `manual`;
//! - what is opened at the start: `course` (for `--course`), `listeners`, `users`, [`tls`] (the certificate),
//!   `log_file`, and `private_files`, which makes sure that no client can ask for one of these files;
//! - what answers requests: `application`; and [`laboratory`], which starts engines for the course;
//! - for servers that run for longer: `signals`, `service_manager`, `quit_after`, `check` (whether a server answers).

mod application;
pub mod browser;
mod check;
pub mod cli;
mod course;
pub mod laboratory;
mod listeners;
pub mod log_file;
mod manual;
mod private_files;
pub mod qr_code;
pub mod quit_after;
pub mod serve;
pub mod service_manager;
mod signals;
mod start_lines;
pub mod terminal;
mod tips;
pub mod tls;
mod urls;
mod users;
mod values;
mod variables;
mod warnings;

use crate::base::human;
use crate::base::platform::process;
use clap::ColorChoice;
use cli::{Cli, Machine};
use course::Course;
use std::io::{self, IsTerminal, Write};
use terminal::report;

/// Does what the command line asks for, which mostly is to serve until a signal comes.
///
/// # Errors
/// A line that says what is wrong and what to do.
pub fn run(cli: Cli) -> Result<(), String> {
    let is_terminal = io::stdout().is_terminal();
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let machine = Machine { is_terminal, processors, open_files: process::raise_open_files() };
    let mut config = cli.into_config(&machine);
    let connections = config.server.max_connections;
    if connections > machine.room_for_connections() {
        report(&config.by_variables(&format!(
            "glasshttp: --max-connections {connections} is more than the {} files that this process may \
             open allow for; raise that limit (ulimit -n) or lower this one",
            machine.open_files
        )));
    }
    match config.output.color {
        ColorChoice::Auto => anstream::ColorChoice::Auto,
        ColorChoice::Always => anstream::ColorChoice::Always,
        ColorChoice::Never => anstream::ColorChoice::Never,
    }
    .write_global();
    act_on(&mut config, is_terminal).map_err(|line| config.by_variables(&line))
}

/// The one place that decides what the program does: it prints something, checks a server, or serves.
fn act_on(config: &mut cli::Config, is_terminal: bool) -> Result<(), String> {
    if let Some(user) = &config.auth.hash {
        return users::print_line(user);
    }
    if let Some(manual) = config.manual {
        let mut out = io::stdout();
        let printed = manual::render(manual).and_then(|text| out.write_all(&text)).and_then(|()| out.flush());
        return printed.map_err(|error| format!("cannot print it: {}", human::reason(&error)));
    }
    if let Some(check) = &config.running.check {
        let line = check::run(check, config)?;
        if !config.output.quiet {
            let _ = writeln!(io::stdout(), "{line}");
        }
        return Ok(());
    }
    let course = config.course.then(Course::unpack).transpose()?;
    if let Some(course) = &course {
        config.folder = course.path();
    }
    serve::serve(config, course.as_ref(), is_terminal)
}
