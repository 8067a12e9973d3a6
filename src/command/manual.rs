//! `--completions` and `--man`: what a package puts beside the program.
//!
//! ```text
//! glasshttp --completions bash > /usr/share/bash-completion/completions/glasshttp
//! glasshttp --man > /usr/share/man/man1/glasshttp.1
//! ```
//!
//! Both are made of the options as [`crate::command::cli`] declares them, and so can never be behind them.

use crate::command::cli::Cli;
use clap::CommandFactory;
use clap_complete::Shell;
use std::io;

/// What is to be printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manual {
    /// A script for this shell, by which it completes options.
    Completions(Shell),
    /// A page for `man`.
    Page,
}

impl Manual {
    /// Its text.
    ///
    /// # Errors
    /// None that memory could have.
    pub fn render(self) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        let mut command = Cli::command();
        match self {
            Manual::Completions(shell) => clap_complete::generate(shell, &mut command, "glasshttp", &mut out),
            Manual::Page => clap_mangen::Man::new(command).render(&mut out)?,
        }
        Ok(out)
    }
}
