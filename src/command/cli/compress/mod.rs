//! `--compress`. The Cargo feature `compress` decides whether there is such an option; `disabled.rs` has the same
//! names.

#[cfg(not(feature = "compress"))]
#[path = "disabled.rs"]
mod chosen;
#[cfg(feature = "compress")]
#[path = "enabled.rs"]
mod chosen;

pub(super) use chosen::CompressOption;
