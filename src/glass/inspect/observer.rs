//! The observer of one worker: what it is told goes to the [`Recorder`], which all workers share.

use super::message::{Longest, Message, Open, Progress};
use super::record::Recorder;
use super::summary::{Summary, method_and_target};
use crate::glass::sentence::{self, Facts};
use crate::http::client::Client;
use crate::server::{Event, Exchange, Interests, Observer, Sending};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// How often pages are told of the progress of one response.
const PROGRESS_PAUSE: Duration = Duration::from_millis(100);

/// The observer of one worker.
#[derive(Debug)]
pub struct WorkerInspector {
    recorder: Arc<Recorder>,
    worker: usize,
    /// When pages were last told of the progress on a connection.
    last_progress: HashMap<u64, Instant>,
    /// What the turn of a connection was about, as far as it is known.
    about: Option<(String, String)>,
}

impl Observer for WorkerInspector {
    fn interests(&self) -> Interests {
        Interests { connections: true, text: true, capture: true, bodies: true, turns: true }
    }

    fn notice(&mut self, event: &Event<'_>, now: Instant) {
        match event {
            Event::Opened { connection, client } => self.opened(*connection, *client, now),
            Event::Sending(sending) => self.sending(sending, now),
            Event::Ended(exchange) => self.ended(exchange),
            Event::Closed { connection } => self.closed(*connection, now),
            Event::Turn { connection, took } => self.took_turn(*connection, *took),
            Event::Left | Event::Came | Event::Receiving(_) | Event::Rejected => {}
        }
    }
}

impl WorkerInspector {
    /// The observer of the next worker.
    pub(super) fn new(recorder: &Arc<Recorder>) -> WorkerInspector {
        let (recorder, worker) = (Arc::clone(recorder), recorder.next_worker());
        WorkerInspector { recorder, worker, last_progress: HashMap::new(), about: None }
    }

    pub(super) fn opened(&mut self, connection: u64, client: Client, now: Instant) {
        let open =
            Open { connection, worker: self.worker, client, at: self.recorder.start.microseconds(now) };
        let mut state = self.recorder.state();
        state.connections.insert(connection, open);
        state.publish(&Message::Open(open));
    }

    pub(super) fn closed(&mut self, connection: u64, now: Instant) {
        self.last_progress.remove(&connection);
        let mut state = self.recorder.state();
        state.connections.remove(&connection);
        // Pages may show an internal connection, too, since browsers use one connection for several of their pages.
        state.internal.remove(&connection);
        state.publish(&Message::Close { connection, at: self.recorder.start.microseconds(now) });
    }

    /// A turn is over: pages are told of it if none was longer.
    pub(super) fn took_turn(&mut self, connection: u64, took: Duration) {
        let about = self.about.take();
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        // Mostly it is not, and then the lock is not taken.
        if took <= self.recorder.longest.load(Ordering::Relaxed) {
            return;
        }
        let mut state = self.recorder.state();
        if state.internal.contains(&connection) {
            return;
        }
        self.recorder.longest.store(took, Ordering::Relaxed);
        let (method, target) = about.unwrap_or_default();
        let longest = Longest { connection, worker: self.worker, took, method, target };
        state.publish(&Message::Turn(&longest));
        state.longest = Some(longest);
    }

    pub(super) fn ended(&mut self, exchange: &Exchange) {
        self.about = Some(method_and_target(&exchange.request_line));
        self.last_progress.remove(&exchange.connection);
        if exchange.is_internal {
            return self.recorder.state().hide(exchange.connection);
        }
        let Some(facts) = Facts::new(exchange) else { return };
        let facts = self.recorder.copies.note(facts);
        let sentence = sentence::of(&facts);
        let summary = Summary::new(&facts, &sentence, self.worker, self.recorder.start);
        let capture = facts.capture().clone();
        self.recorder.state().keep(summary, sentence.deciding, capture);
    }

    fn sending(&mut self, sending: &Sending<'_>, now: Instant) {
        let Sending { exchange, body_sent, body_length } = sending;
        self.about = Some(method_and_target(&exchange.request_line));
        let last_progress = self.last_progress.get(&exchange.connection);
        if last_progress
            .is_some_and(|&last_progress| now.saturating_duration_since(last_progress) < PROGRESS_PAUSE)
        {
            return;
        }
        self.last_progress.insert(exchange.connection, now);
        let mut state = self.recorder.state();
        if exchange.is_internal {
            return state.hide(exchange.connection);
        }
        let (method, target) = method_and_target(&exchange.request_line);
        state.publish(&Message::Progress(Progress {
            connection: exchange.connection,
            number: exchange.number,
            method,
            target,
            status: exchange.status.code(),
            sent: *body_sent,
            length: *body_length,
            began: self.recorder.start.microseconds(exchange.began),
            at: self.recorder.start.microseconds(now),
        }));
    }
}
