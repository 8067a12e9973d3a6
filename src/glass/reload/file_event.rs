//! What has happened to a path. The system's events and our own polling say it in the same way.
//!
//! ```text
//! created              created, entry_changed
//! removed, renamed              entry_changed
//! written              (neither)
//! ```

/// What has happened to a path since it was last looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileEvent {
    /// The first thing that happened to it was that it was created.
    pub(super) created: bool,
    /// Its directory entry has changed: it was created, removed or renamed. If not, its content or metadata has.
    pub(super) entry_changed: bool,
}
