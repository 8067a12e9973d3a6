//! What all other chapters use.
//!
//! - [`trace`]: how each decision records its reason. Read this one first.
//! - [`human`]: bytes, sizes and errors as people read them; [`text_file`]: files that people write.
//! - [`patterns`]: patterns of paths.
//! - [`embedded`]: files that are in the program itself.
//! - [`budget`]: a bound on what is shared; [`random`]: words that nobody can guess.
//! - [`helpers`]: threads for what takes too long for a worker.
//! - [`platform`]: what only one kind of system has, with its other ways beside it.

pub mod budget;
pub mod embedded;
pub mod helpers;
pub mod human;
pub mod patterns;
pub mod platform;
pub mod random;
pub mod text_file;
pub mod trace;

#[cfg(test)]
pub(crate) mod tests;
