//! "For sharing files": uploads, which are off unless the user asks for them.

use crate::command::values::{parse_size, yes_or_no};
use crate::site::Upload;

/// The options below "For sharing files".
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "For sharing files")]
pub(crate) struct SharingOptions {
    /// Let everybody who can connect add files with PUT; none is replaced
    #[arg(long, env = "GLASSHTTP_UPLOAD", value_parser = yes_or_no, hide_env = true)]
    upload: bool,

    /// Let uploads replace files
    #[arg(long, requires = "upload", env = "GLASSHTTP_OVERWRITE", value_parser = yes_or_no,
          hide_env = true)]
    overwrite: bool,

    /// How large an uploaded file may be: bytes, or with k, M or G
    #[arg(long, value_name = "SIZE", default_value = "1G", value_parser = parse_size,
          env = "GLASSHTTP_MAX_UPLOAD", hide_env = true)]
    max_upload: u64,
}

impl SharingOptions {
    /// Which files clients may add; `None` for no files.
    pub(super) fn upload(&self) -> Option<Upload> {
        self.upload.then_some(Upload { overwrite: self.overwrite, most: self.max_upload, asks_alone: false })
    }
}
