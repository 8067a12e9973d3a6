//! "Who": the users who may ask, and `--hash`, which makes a line for their file.
//!
//! Without these options everybody who can connect may ask. [`crate::command::users`] reads the file.

use crate::site::auth::Plain;
use clap::ValueHint;
use std::path::PathBuf;

/// The options below "Who".
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Who")]
pub struct AuthOptions {
    /// Ask for a name and a password, repeatable; all users of this machine can see it in the list of
    /// processes, but not in the variable GLASSHTTP_AUTH, nor --auth-file [default: everybody may come in]
    #[arg(short = 'a', long = "auth", value_name = "USER:PASSWORD", value_delimiter = '\n', value_parser = Plain::parse,
          env = "GLASSHTTP_AUTH", hide_env = true)]
    pub plain: Vec<Plain>,

    /// A file of users and hashes of their passwords, as htpasswd -B and --hash write it; SIGHUP
    /// reads it again
    #[arg(long = "auth-file", value_name = "FILE", env = "GLASSHTTP_AUTH_FILE", hide_env = true,
          value_hint = ValueHint::FilePath)]
    pub file: Option<PathBuf>,

    /// Read a password, print the line of USER for the file, and end
    #[arg(long, value_name = "USER")]
    pub hash: Option<String>,
}
