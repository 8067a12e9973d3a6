//! How much may be done for an answer, and what is left to helpers.
//!
//! ```text
//! GET /app.js       in memory                              answered at once, as nearly everything is
//! GET /large.js     to be compressed, once                 Takes: a helper answers it (base/helpers)
//! GET /large.js     meanwhile, by another client           waits for that, and then it is in memory
//! ```
//!
//! A worker answers with what takes a few hundred microseconds at most ([`Effort::Brief`]). Where an answer would take
//! longer, it stops with [`Takes`], and a helper answers the whole request anew, with all the time that it needs
//! ([`Effort::Full`]): from the same folder, by the same function, and so with the same answer. Nothing of an answer is
//! older than its request, since the helper begins after it.
//!
//! The plain case is the first line: [`Site::begin`] asks [`Site::try_respond`], and has an answer.

use super::Site;
use crate::answer::{Arrival, Awaited, Begin, Body, Response};
use crate::base::helpers::{Helpers, Kind, Outcome};
use crate::base::trace::{self, Decision};
use crate::http::{Refusal, Request};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};

/// Into how many parts a worker divides an answer. Each takes a third of a microsecond.
pub(super) const MAX_BRIEF_PARTS: usize = 256;

/// How much may be done for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effort {
    /// All that it takes.
    Full,
    /// What takes a few hundred microseconds. For more there is an error.
    Brief,
    /// The same, and what would take more is left out: there are too many who want more.
    Least,
}

/// An answer takes longer than a worker may.
#[derive(Debug)]
pub(super) struct Takes {
    /// What it is that takes long.
    pub(super) what: String,
    /// What the cache will know it by, so that it is made once for all who ask for it now.
    pub(super) key: Option<Box<[u8]>>,
}

impl Takes {
    /// There are so many parts.
    #[cold]
    pub(super) fn parts(count: usize) -> Takes {
        Takes { what: format!("to make {count} parts"), key: None }
    }

    /// It cannot take too long if there is time, or if it can be left out.
    pub(super) fn whatever<T>(self) -> T {
        unreachable!("{} may take as long as it does, or is left out", self.what)
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Unanswered {
    Refused(Refusal),
    Takes(Takes),
}

impl From<Refusal> for Unanswered {
    fn from(refusal: Refusal) -> Unanswered {
        Unanswered::Refused(refusal)
    }
}

impl From<Takes> for Unanswered {
    fn from(takes: Takes) -> Unanswered {
        Unanswered::Takes(takes)
    }
}

/// What helpers are making for the cache, and who else waits for that.
#[derive(Debug, Default)]
pub(super) struct Making(Mutex<HashMap<Box<[u8]>, Vec<Waker>>>);

impl Making {
    /// Waits for what is known by this key, if it is being made; if not, it is from now on. Says whether it was: of two
    /// workers that ask at the same time, one makes it.
    fn join_or_begin(&self, key: &[u8], waker: impl FnOnce() -> Waker) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(waiting) = all.get_mut(key) {
            waiting.push(waker());
            return true;
        }
        all.insert(key.into(), Vec::new());
        false
    }

    fn end(&self, key: &[u8]) {
        let waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
        waiting.into_iter().flatten().for_each(Waker::wake);
    }
}

/// Ends what is being made, also if it comes to nothing: then who waits for it makes it.
struct EndsMaking {
    site: Arc<Site>,
    key: Option<Box<[u8]>>,
}

impl Drop for EndsMaking {
    fn drop(&mut self) {
        if let Some(key) = &self.key {
            self.site.making.end(key);
        }
    }
}

/// An answer that a helper makes.
#[derive(Debug)]
struct ByHelper(Outcome<(Response, Vec<Decision>)>);

impl Awaited for ByHelper {
    fn poll(&mut self) -> Poll<Option<Response>> {
        self.0.poll().map(|(response, decisions)| {
            trace::add(decisions);
            Some(response)
        })
    }
}

/// What another request has made: when it is there, the site is asked again, and finds it in memory.
#[derive(Debug)]
struct ByAnother;

impl Awaited for ByAnother {
    fn poll(&mut self) -> Poll<Option<Response>> {
        Poll::Ready(None)
    }
}

impl Site {
    /// Begins to answer a request: with the answer, with the receiver of an upload, or elsewhere, if it takes long and
    /// the site has helpers.
    pub fn begin(self: &Arc<Site>, request: &Request<'_>, arrival: &Arrival<'_>) -> Begin {
        if let Some(picked) = self.begin_picked(request, arrival.head) {
            return picked;
        }
        if let Some(upload) = self.begin_upload(request, arrival.framing.length()) {
            return upload;
        }
        let Some(helpers) = &self.helpers else {
            return Begin::Answer(self.respond(request, arrival.time));
        };
        let before = trace::count();
        match self.try_respond(request, arrival.time, Effort::Brief) {
            Ok(response) => Begin::Answer(owned(response, arrival)),
            Err(takes) => {
                // Whoever answers it takes the same decisions again.
                trace::forget_after(before);
                self.begin_elsewhere(helpers, request, arrival, takes)
            }
        }
    }

    /// Lets a helper answer, or waits for one that makes the same for another request.
    #[cold]
    fn begin_elsewhere(
        self: &Arc<Site>,
        helpers: &Helpers,
        request: &Request<'_>,
        arrival: &Arrival<'_>,
        takes: Takes,
    ) -> Begin {
        let Takes { what, key } = takes;
        if key.as_ref().is_some_and(|key| self.making.join_or_begin(key, || arrival.waker())) {
            trace::decision("helper", None, || {
                format!("{what} is under way for another request: this one waits for that")
            });
            return Begin::Elsewhere(Box::new(ByAnother));
        }
        let ends = EndsMaking { site: Arc::clone(self), key };
        let (head, arrived, is_traced) = (arrival.head.to_vec(), arrival.time, trace::is_on());
        let answer = move || {
            let ends = ends;
            let request = Request::parse(&head).expect("it could be parsed before");
            let respond = || ends.site.respond(&request, arrived);
            if is_traced { trace::record(respond) } else { (respond(), Vec::new()) }
        };
        let owner = arrival.real_client().owner();
        if let Ok(outcome) = helpers.ask(owner, Kind::Long, arrival.waker(), answer) {
            trace::decision("helper", None, || {
                format!("{what} takes longer than others should wait: a helper answers this request")
            });
            return Begin::Elsewhere(Box::new(ByHelper(outcome)));
        }
        let response = self.try_respond(request, arrival.time, Effort::Least);
        Begin::Answer(owned(response.unwrap_or_else(Takes::whatever), arrival))
    }
}

/// The same response; if its body is made while it is sent, it is made for this client.
fn owned(mut response: Response, arrival: &Arrival<'_>) -> Response {
    if let Body::Stream(stream) = &mut response.body {
        stream.belong_to(arrival.real_client().owner());
    }
    response
}

#[cfg(test)]
mod tests;
