//! TLS: what turns `http` into `https`. The Cargo feature `tls` chooses the module.
//!
//! ```text
//! Acceptor::wrap(socket) ──▶ a socket with TLS         with the feature
//! Acceptor cannot be made                              without it
//! ```

#[cfg(not(feature = "tls"))]
mod disabled;
#[cfg(feature = "tls")]
mod enabled;

#[cfg(not(feature = "tls"))]
pub use disabled::Acceptor;
#[cfg(feature = "tls")]
pub use enabled::{Acceptor, Tls};
