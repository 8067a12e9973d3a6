//! No option: this build cannot compress.

use crate::site::Codings;

/// No option.
#[derive(Debug, clap::Args)]
pub(crate) struct CompressOption {}

impl CompressOption {
    /// In which codings files may go out: those that are stored as they are sent.
    #[expect(clippy::unused_self, reason = "the option of other builds has a value")]
    pub(crate) fn codings(&self, precompressed: bool) -> Codings {
        Codings { precompressed }
    }
}
