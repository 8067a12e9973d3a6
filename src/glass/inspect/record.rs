//! What the inspector knows: the open connections, and the last exchanges with all that was captured of them.
//!
//! ```text
//! workers ──Event──▶ WorkerInspector ──▶ Recorder ──Message──▶ the pages that are open
//!                                        └─ a ring of exchanges ──▶ GET /.glass/exchange/17
//! ```
//!
//! All of it is behind one lock, which is held for as long as it takes to append to a list. Under full load this slows
//! the server down a little, and nobody who inspects a server will mind that. What is kept is bounded: see `ring.rs`.
//!
//! A new page is told what is known in pieces, as it takes them: to render all of ten thousand exchanges would hold
//! everybody else up.

use super::message::{self, Longest, Message, Open};
use super::ring::{Record, Ring};
use super::summary::{self, Since, Summary};
use crate::glass::events::{EventStream, Subscribers};
use crate::glass::sentence::Copies;
use crate::http::Refusal;
use crate::http::client::Client;
use crate::server::Capture;
use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// How many messages a new page gets in one piece, of what was known before.
const PIECE: usize = 32;

/// How long before a request its preflight can have been, in microseconds, and among how many exchanges it is looked for.
const PREFLIGHT_AGE: u64 = 10_000_000;
const PREFLIGHT_AMONG: usize = 1000;

/// Keeps what workers tell, and publishes it.
#[derive(Debug)]
pub(super) struct Recorder {
    pub(super) start: Since,
    workers: usize,
    faults: Vec<String>,
    /// How many workers have got their observer.
    observed: AtomicUsize,
    /// How long the longest turn took, in microseconds.
    pub(super) longest: AtomicU64,
    /// What browsers have got.
    pub(super) copies: Copies,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) connections: BTreeMap<u64, Open>,
    /// The connections that the server's own pages use: they are not shown.
    pub(super) internal: HashSet<u64>,
    ring: Ring,
    /// The longest turn of a connection so far.
    pub(super) longest: Option<Longest>,
    subscribers: Subscribers,
}

impl Recorder {
    pub(super) fn new(workers: usize, faults: Vec<String>) -> Recorder {
        let (observed, longest) = (AtomicUsize::new(0), AtomicU64::new(0));
        let (start, copies) = (Since(Instant::now()), Copies::default());
        Recorder { start, workers, faults, observed, longest, copies, state: Mutex::default() }
    }

    /// The number of the next worker.
    pub(super) fn next_worker(&self) -> usize {
        self.observed.fetch_add(1, Ordering::Relaxed)
    }

    /// All that is known of an exchange, as JSON.
    pub(super) fn exchange(&self, id: u64) -> Option<String> {
        self.state().ring.get(id).map(|record| self.detail(record))
    }

    /// The same for the last exchange of this client with this target.
    pub(super) fn last_for_target(&self, target: &[u8], client: Client) -> Option<String> {
        let state = self.state();
        let target = crate::glass::as_characters(target);
        let is_it = |record: &&Record| record.summary.target == target && record.summary.client == client;
        state.ring.iter().rev().find(is_it).map(|record| self.detail(record))
    }

    /// What was captured of an exchange, as `of` gives it; nothing, if it was dropped.
    pub(super) fn captured(&self, id: u64, of: fn(&Capture) -> Vec<u8>) -> Option<Vec<u8>> {
        self.state().ring.get(id)?.capture.as_ref().map(of)
    }

    fn detail(&self, record: &Record) -> String {
        summary::detail(&record.summary, record.deciding, record.capture.as_ref(), self.start)
    }

    /// Adds a page. It gets what is known already, and then everything as it happens.
    ///
    /// # Errors
    /// 503 if `most` pages are open already.
    pub(super) fn subscribe(self: &Arc<Self>, most: usize) -> Result<EventStream, Refusal> {
        let mut state = self.state();
        let subscriber = state.subscribers.add(most)?;
        let first = self.hello(state.longest.as_ref());
        let opens: Vec<_> = state
            .connections
            .values()
            .map(|open| (*open, state.internal.contains(&open.connection)))
            .collect();
        let (mut opens, mut first) = (opens.into_iter(), Some(first));
        let (mut next, end) = (state.ring.first_id(), state.ring.next_id());
        let recorder = Arc::clone(self);
        let known = move || {
            let mut piece = first.take().unwrap_or_default();
            for (open, is_internal) in opens.by_ref().take(PIECE) {
                piece.push_str(&Message::Open(open).render());
                if is_internal {
                    piece.push_str(&Message::Internal { connection: open.connection }.render());
                }
            }
            if piece.is_empty() {
                let summaries = recorder.summaries(&mut next, end);
                piece.extend(summaries.iter().map(|summary| message::ended(summary).to_string()));
            }
            (!piece.is_empty()).then(|| piece.into_bytes())
        };
        Ok(EventStream::after(Box::new(known), subscriber))
    }

    /// What a page is told first.
    fn hello(&self, longest: Option<&Longest>) -> String {
        let (version, now) = (env!("CARGO_PKG_VERSION"), self.start.microseconds(Instant::now()));
        let hello = Message::Hello { version, workers: self.workers, now, faults: &self.faults };
        let longest = longest.map(|longest| Message::Turn(longest).render());
        format!("{}{}", hello.render(), longest.as_deref().unwrap_or_default())
    }

    /// The next summaries of those from `next` on and before `end`.
    fn summaries(&self, next: &mut u64, end: u64) -> Vec<Arc<Summary>> {
        let state = self.state();
        // Meanwhile the oldest may have gone.
        *next = state.ring.first_id().max(*next);
        let piece = (*next..end).take(PIECE);
        let found: Vec<_> =
            piece.map_while(|id| state.ring.get(id)).map(|record| Arc::clone(&record.summary)).collect();
        *next += found.len() as u64;
        found
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Sends a message to all pages, if there are any.
    pub(super) fn publish(&mut self, message: &Message<'_>) {
        self.tell(|| message.render());
    }

    /// Sends a text to all pages; it is made only if there are any.
    fn tell(&mut self, render: impl FnOnce() -> Arc<str>) {
        if !self.subscribers.is_empty() {
            self.subscribers.publish(&render());
        }
    }

    /// A connection is used by one of the server's own pages.
    pub(super) fn hide(&mut self, connection: u64) {
        if self.internal.insert(connection) {
            self.publish(&Message::Internal { connection });
        }
    }

    /// Keeps an exchange, and tells pages of it.
    pub(super) fn keep(&mut self, mut summary: Summary, deciding: Option<usize>, capture: Capture) {
        summary.id = self.ring.next_id();
        summary.about = self.preflight_of(&summary);
        self.tell(|| message::ended(&summary));
        self.ring.push(Record { summary: Arc::new(summary), deciding, capture: Some(capture) });
    }

    /// The preflight of a request, if it had one a moment ago.
    fn preflight_of(&self, request: &Summary) -> Option<u64> {
        if !request.may_have_preflight() {
            return None;
        }
        let is_recent = |record: &&Record| record.summary.ended + PREFLIGHT_AGE >= request.began();
        let mut recent = self.ring.iter().rev().take(PREFLIGHT_AMONG).take_while(is_recent);
        recent.find(|record| record.summary.is_preflight_of(request)).map(|record| record.summary.id)
    }
}

#[cfg(test)]
mod tests;
