//! What all chapters stand on.
//!
//! - [`trace`]: how each decision tells its reason to whoever asks. Read this one first, it is a page.
//! - [`human`]: bytes, sizes and errors as people read them; [`text_file`]: what they write.
//! - [`patterns`]: paths as people name many at once.
//! - [`budget`]: a bound on what all together may use; [`random`]: what nobody can guess.
//! - [`platform`]: what only one kind of system has, with its other ways beside it.

pub mod budget;
pub mod human;
pub mod patterns;
pub mod platform;
pub mod random;
pub mod text_file;
pub mod trace;
