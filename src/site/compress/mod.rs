//! Compressing: bytes in, fewer bytes out, a piece at a time.
//!
//! ```text
//! a file of up to 512 kB      compressed once, kept in the cache, sent with its length
//! a larger one                compressed while it is sent, in chunks; no more than a few pieces are in memory
//! what a request generates    (a listing, an error) likewise: small ones at once, large ones while they are sent
//! ```
//!
//! All but what is small is compressed by helpers: see [`crate::base::helpers`].
//!
//! Both ways feed the coder in the same manner and so make the same bytes: one entity tag does for both.
//!
//! The libraries for it come with the Cargo feature `compress`; one of them is written in C. Without the feature,
//! `disabled` stands in for `enabled`: it has the same names, and leaves every body as it is. This is the only place
//! of the chapter that asks for the feature.

#[cfg(not(feature = "compress"))]
#[path = "disabled.rs"]
mod chosen;
#[cfg(feature = "compress")]
#[path = "enabled/mod.rs"]
mod chosen;

pub use chosen::{Compressor, MAX_AT_ONCE, PendingCompression, is_worth_it};
pub(super) use chosen::{compress_body, compress_file};

use super::effort::Effort;
use crate::base::budget::Budget;
use crate::base::helpers::Helpers;
use crate::http::coding::Coding;
use std::sync::Arc;

/// What becomes of a file that might be compressed.
#[cfg_attr(not(feature = "compress"), expect(dead_code, reason = "then no file is compressed"))]
pub(super) enum Compression {
    /// It goes out as it is.
    No,
    /// These bytes were made of those.
    Done { original: Arc<[u8]>, compressed: Vec<u8>, coding: Coding },
    /// It is compressed while it is sent.
    Pending(PendingCompression),
    /// It takes longer than a worker may: this is what takes long.
    Takes(String),
    /// It goes out as it is this time.
    NotNow,
}

/// What there is to compress a file with.
#[cfg_attr(not(feature = "compress"), expect(dead_code, reason = "then no file is compressed"))]
pub(super) struct Means<'a> {
    /// The cache will keep what becomes of the file.
    pub(super) will_be_kept: bool,
    pub(super) effort: Effort,
    /// How many more may be compressed while they are sent, and by whom.
    pub(super) places: &'a Arc<Budget>,
    pub(super) helpers: Option<&'a Arc<Helpers>>,
}
