//! `--completions` and `--man`: files that a package installs beside the program.
//!
//! ```text
//! glasshttp --completions bash > /usr/share/bash-completion/completions/glasshttp
//! glasshttp --man > /usr/share/man/man1/glasshttp.1
//! ```
//!
//! Both are made from the options as [`crate::command::cli`] declares them, so they always agree with the program.

use crate::command::cli::{Cli, Manual};
use clap::CommandFactory;
use std::io;

/// The text of the script or the page.
///
/// # Errors
/// None, since it is written to memory.
pub(super) fn render(manual: Manual) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut command = Cli::command();
    match manual {
        Manual::Completions(shell) => clap_complete::generate(shell, &mut command, "glasshttp", &mut out),
        Manual::Page => clap_mangen::Man::new(command).render(&mut out)?,
    }
    Ok(out)
}
