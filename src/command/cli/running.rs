//! "For running it longer": what service managers, containers and log rotation need.

use super::Check;
use crate::command::values::{parse_seconds, yes_or_no};
use clap::ValueHint;
use std::path::PathBuf;
use std::time::Duration;

/// The options below "For running it longer".
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "For running it longer")]
pub struct RunningOptions {
    /// Write the log to this file, in the format common unless --log says another; SIGHUP opens it anew
    #[arg(long, value_name = "PATH", env = "GLASSHTTP_LOG_FILE", hide_env = true, value_hint = ValueHint::FilePath)]
    pub log_file: Option<PathBuf>,

    /// End, with exit code 0, after so long without a request [default: never]
    #[arg(long, value_name = "SECONDS", value_parser = parse_seconds, env = "GLASSHTTP_QUIT_AFTER", hide_env = true)]
    pub quit_after: Option<Duration>,

    /// Let the threads that face clients open all files that you may [default: those of the folder alone,
    /// where the kernel can see to it]
    #[arg(long, env = "GLASSHTTP_NO_SANDBOX", value_parser = yes_or_no, hide_env = true)]
    pub no_sandbox: bool,

    /// Ask a server whether it answers, and end: exit code 0 for 2xx and 3xx, else 1. URL is http://, https:// (whose
    /// certificate is not looked at) or unix:PATH [default: the server that the other options and variables describe,
    /// of which all but 5xx will do]
    #[arg(long, value_name = "URL", num_args = 0..=1, default_missing_value = "", value_parser = Check::parse)]
    pub check: Option<Check>,
}
