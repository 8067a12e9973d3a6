//! The option in a build that can compress.

use crate::command::values::yes_or_no;
use crate::site::Codings;

/// The option.
#[derive(Debug, clap::Args)]
pub(crate) struct CompressOption {
    /// Compress text, scripts and the like on the way, with br, zstd or gzip
    #[arg(long, env = "GLASSHTTP_COMPRESS", value_parser = yes_or_no, hide_env = true)]
    compress: bool,
}

impl CompressOption {
    /// In which codings files may go out, beside those that are stored as they are sent.
    pub(crate) fn codings(&self, precompressed: bool) -> Codings {
        Codings { precompressed, compress: self.compress }
    }
}
