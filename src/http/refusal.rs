//! A refusal: the status that a request earns instead of what it asked for, and one line that says
//! what is wrong in words that its sender can act on.
//!
//! ```
//! use glasshttp::http::{Refusal, Status};
//! let refusal = Refusal::new(Status::BAD_REQUEST, "a header line needs a colon");
//! assert_eq!(refusal.status.code(), 400);
//! ```

use super::Status;
use std::borrow::Cow;

/// Why a request is not answered as asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The status to answer with, a 4xx or 5xx.
    pub status: Status,
    /// One line for the person at the other end. It never names a path of this machine.
    pub why: Cow<'static, str>,
}

impl Refusal {
    /// A refusal with this status and this one-line reason.
    pub fn new(status: Status, why: impl Into<Cow<'static, str>>) -> Self {
        Refusal { status, why: why.into() }
    }

    /// 400: the bytes are not a request that we can be sure to have understood.
    pub(crate) fn bad_request(why: impl Into<Cow<'static, str>>) -> Self {
        Refusal::new(Status::BAD_REQUEST, why)
    }
}
