//! What the program needs for `https`: the options, the certificate of the server, and a client for `--check`.
//!
//! The Cargo feature `tls` decides which of two modules has this part, and nothing outside of this file asks for it:
//!
//! ```text
//! with the feature       enabled/mod.rs    it is there, on top of rustls
//! without                disabled.rs       the same names: there are no options, and no value of `Certificate` exists
//! ```
//!
//! The plain case, `glasshttp folder`, goes through [`TlsOptions::source`], which gives `None`, and no further.

#[cfg(not(feature = "tls"))]
#[path = "disabled.rs"]
mod chosen;
#[cfg(feature = "tls")]
#[path = "enabled/mod.rs"]
mod chosen;

pub use chosen::{Certificate, IS_BUILT_IN, Source, TlsOptions, connect};
