//! A build without the feature `compress`: no body is compressed, and the compiler can see that none ever is.

use super::{Compression, Means};
use crate::answer::{FilePart, Response, Stream};
use crate::base::budget::Budget;
use crate::base::helpers::Helpers;
use crate::http::coding::Coding;
use crate::site::root::OpenFile;
use std::sync::Arc;

/// No body is compressed while it is sent.
pub const MAX_AT_ONCE: usize = 0;

/// How the server compresses: in no way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compressor {}

impl Compressor {
    /// None, whatever the client accepts.
    pub fn for_client(_preferences: &[Coding]) -> Option<Compressor> {
        None
    }

    /// The coding that it makes.
    pub fn coding(self) -> Coding {
        match self {}
    }
}

/// A body that will be compressed while it is sent: there is none.
#[derive(Debug, Clone)]
pub enum PendingCompression {}

impl PendingCompression {
    /// The coding that it will be in.
    pub fn coding(&self) -> Coding {
        match *self {}
    }

    /// The body.
    pub fn start(&self, _bytes: FilePart) -> Box<dyn Stream> {
        match *self {}
    }
}

/// No type is worth it.
pub fn is_worth_it(_content_type: &str) -> bool {
    false
}

/// The file goes out as it is.
pub(in crate::site) fn compress_file(
    _by: Option<Compressor>,
    _file: &OpenFile,
    _content_type: &str,
    _means: &Means<'_>,
) -> Compression {
    Compression::No
}

/// The body stays as it is.
pub(in crate::site) fn compress_body(
    _: &mut Response,
    _by: Option<Compressor>,
    _places: &Arc<Budget>,
    _helpers: Option<&Arc<Helpers>>,
) {
}
