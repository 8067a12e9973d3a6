//! No option: this build cannot compress.

/// No option.
#[derive(Debug, clap::Args)]
pub(crate) struct CompressOption {}

impl CompressOption {
    /// Whether it is given: never.
    #[expect(clippy::unused_self, reason = "the option of other builds has a value")]
    pub(crate) fn is_given(&self) -> bool {
        false
    }
}
