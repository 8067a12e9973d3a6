//! A refusal: the status with which a request is answered instead of what it asked for, and one line that says what is
//! wrong, in words that help its sender.
//!
//! ```
//! use glasshttp::http::{Refusal, Status};
//! let refusal = Refusal::new(Status::BAD_REQUEST, "a header line needs a colon");
//! assert_eq!(refusal.status.code(), 400);
//! ```

use super::Status;
use crate::base::trace::{self, Rfc};
use std::borrow::Cow;
use std::panic::Location;

/// Why a request is not answered as asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The status to answer with, a 4xx or 5xx.
    pub status: Status,
    /// One line for the person at the other end. It never names a path of this machine.
    pub why: Cow<'static, str>,
    /// The rule that was broken, where there is one that says more than the status does.
    rule: Option<Rfc>,
    /// Which of several reasons for this status it is, in a word or two, where programs have to tell that; else empty.
    cause: &'static str,
    /// Where in the source it was refused.
    place: &'static Location<'static>,
}

impl Refusal {
    /// A refusal with this status and this one-line reason.
    #[track_caller]
    pub fn new(status: Status, why: impl Into<Cow<'static, str>>) -> Self {
        Refusal { status, why: why.into(), rule: None, cause: "", place: Location::caller() }
    }

    /// 400: the server cannot be sure to have understood the bytes as a request.
    #[track_caller]
    pub(crate) fn bad_request(why: impl Into<Cow<'static, str>>) -> Self {
        Refusal::new(Status::BAD_REQUEST, why)
    }

    /// Names the rule that the request broke.
    #[must_use]
    pub(crate) fn by(self, rule: Rfc) -> Self {
        Refusal { rule: Some(rule), ..self }
    }

    /// Says in a word or two which of several reasons for this status it is.
    #[must_use]
    pub fn because(self, cause: &'static str) -> Self {
        Refusal { cause, ..self }
    }

    /// Which of several reasons it is, as [`Refusal::because`] was told; else empty.
    pub fn cause(&self) -> &'static str {
        self.cause
    }

    /// Records that this refusal becomes the answer: as a decision of its own, with the place where it was made.
    pub(crate) fn record(&self) {
        let rule = self.rule.unwrap_or(self.status.defined_in());
        trace::decision_at(self.place, "refused", Some(rule), || {
            let text = format!("{:?}: {}", self.status, self.why);
            (self.cause, text, self.why.clone().into_owned())
        });
    }
}
