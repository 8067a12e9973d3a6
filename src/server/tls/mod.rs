//! TLS: what turns `http` into `https`. The Cargo feature `tls` chooses the module.
//!
//! ```text
//! Acceptor::wrap(socket) ──▶ a socket with TLS         with the feature
//! Acceptor cannot be made                              without it
//! ```

#[cfg(not(feature = "tls"))]
#[path = "disabled.rs"]
mod chosen;
#[cfg(feature = "tls")]
#[path = "enabled/mod.rs"]
mod chosen;

pub use chosen::*;
