//! What a file system tells of changes.

/// Whether the system watches a folder with all below it at once; else each folder needs a watch of its own.
pub const fn watches_trees() -> bool {
    cfg!(target_os = "macos")
}
