//! The option in a build that can compress.

use crate::command::values::yes_or_no;

/// The option.
#[derive(Debug, clap::Args)]
pub(crate) struct CompressOption {
    /// Compress text, scripts and the like on the way, with br, zstd or gzip
    #[arg(long, env = "GLASSHTTP_COMPRESS", value_parser = yes_or_no, hide_env = true)]
    compress: bool,
}

impl CompressOption {
    /// Whether it is given.
    pub(crate) fn is_given(&self) -> bool {
        self.compress
    }
}
