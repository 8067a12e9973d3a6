//! TLS: what makes `https` of `http`. Without the feature `tls` there is none of it.

#[cfg(not(feature = "tls"))]
mod disabled;
#[cfg(feature = "tls")]
mod enabled;

#[cfg(not(feature = "tls"))]
pub use disabled::Acceptor;
#[cfg(feature = "tls")]
pub use enabled::{Acceptor, Tls};
