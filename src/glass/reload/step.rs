//! What has happened to a path: of the system's watches and of our own looking the same.

/// What has happened to a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    /// The first of it was that it came into being.
    pub(super) came: bool,
    /// It came, went or changed its name at some time.
    pub(super) moved: bool,
}
