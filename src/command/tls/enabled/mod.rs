//! `https` in a build that has it. Read `options`, then [`certificate`], then `client`.

mod certificate;
mod client;
mod options;

pub use certificate::Certificate;
pub use client::connect;
pub use options::{Source, TlsOptions};

/// Whether this build can speak TLS.
pub const IS_BUILT_IN: bool = true;
