//! "Who": the users who may ask, and `--hash`, which makes a line for their file.
//!
//! Without these options everybody who can connect may ask. [`crate::command::users`] reads the file.

use crate::site::auth::{For, Plain};
use clap::builder::PossibleValue;
use clap::{ValueEnum, ValueHint};
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

    /// For what a password is asked: everything, or upload, with --upload: everybody may read, and a password is asked
    /// for adding alone [default: everything]
    #[arg(long = "auth-for", value_name = "WHAT", env = "GLASSHTTP_AUTH_FOR", hide_env = true)]
    pub asked_for: Option<For>,

    /// Read a password, print the line of USER for the file, and end
    #[arg(long, value_name = "USER")]
    pub hash: Option<String>,
}

impl AuthOptions {
    /// Whether there are users.
    pub(crate) fn has_users(&self) -> bool {
        !self.plain.is_empty() || self.file.is_some()
    }

    /// What does not go together with whether files may be added.
    pub(super) fn contradiction(&self, uploads: bool) -> Option<&'static str> {
        match self.asked_for? {
            _ if !self.has_users() => Some(
                "--auth-for says for what a password is asked: add --auth or --auth-file, which have the users",
            ),
            For::Upload if !uploads => Some(
                "--auth-for upload asks for a password for adding files, and none can be added: add --upload",
            ),
            _ => None,
        }
    }
}

impl ValueEnum for For {
    fn value_variants<'a>() -> &'a [Self] {
        &[For::Everything, For::Upload]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(match self {
            For::Everything => "everything",
            For::Upload => "upload",
        }))
    }
}
