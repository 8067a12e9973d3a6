//! What the engine of a run tells: whose connection is which, and each exchange with its decisions.
//!
//! A client knows its port, and the engine numbers connections. They come together because clients connect one at a
//! time, and each waits until the engine has taken its connection, or turned it away.

use super::event::{Event, Exchange};
use super::report::Report;
use crate::glass::sentence::{self, Copies, Facts};
use crate::server::{self, Interests, Observer};
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How many exchanges are told. Each may have some 64 decisions, with lines of source.
const MAX_EXCHANGES: usize = 40;

/// How long a client waits for the engine to take its connection: as long as its only worker may be busy.
const PATIENCE: Duration = Duration::from_secs(1);

/// Which connection is whose.
#[derive(Debug, Default)]
pub(super) struct Arrivals {
    /// Held by the client that connects.
    door: Mutex<()>,
    state: Mutex<State>,
    arrived: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// The client whose connection the engine has not taken yet.
    expected: Option<usize>,
    /// Clients by the number of their connection.
    clients: HashMap<u64, usize>,
}

impl Arrivals {
    /// Connects, as this client, and waits until the engine knows of it.
    pub(super) fn connect<T, E>(
        &self,
        client: usize,
        connect: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let _door = self.door.lock().unwrap_or_else(PoisonError::into_inner);
        self.state().expected = Some(client);
        let connected = connect();
        if connected.is_ok() {
            let is_expected = |state: &mut State| state.expected.is_some();
            drop(self.arrived.wait_timeout_while(self.state(), PATIENCE, is_expected));
        }
        // Who comes later is somebody else.
        self.state().expected = None;
        connected
    }

    fn opened(&self, connection: u64) {
        let mut state = self.state();
        if let Some(client) = state.expected.take() {
            state.clients.insert(connection, client);
        }
        self.arrived.notify_all();
    }

    fn rejected(&self) {
        self.state().expected = None;
        self.arrived.notify_all();
    }

    fn client(&self, connection: u64) -> Option<usize> {
        self.state().clients.get(&connection).copied()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The observer of one worker of the engine. Those of all workers share what they know.
#[derive(Debug, Clone)]
pub(super) struct RunObserver {
    report: Arc<Report>,
    arrivals: Arc<Arrivals>,
    copies: Arc<Copies>,
    /// How many exchanges all workers have told.
    told: Arc<AtomicUsize>,
}

impl Observer for RunObserver {
    fn interests(&self) -> Interests {
        Interests { connections: true, text: true, capture: true, ..Interests::default() }
    }

    fn notice(&mut self, event: &server::Event<'_>, _now: Instant) {
        match event {
            server::Event::Opened { connection, .. } => self.arrivals.opened(*connection),
            server::Event::Rejected => self.arrivals.rejected(),
            server::Event::Ended(exchange) => self.ended(exchange),
            _ => {}
        }
    }
}

impl RunObserver {
    pub(super) fn new(report: Arc<Report>, arrivals: Arc<Arrivals>) -> RunObserver {
        RunObserver { report, arrivals, copies: Arc::default(), told: Arc::default() }
    }

    fn ended(&self, exchange: &server::Exchange) {
        let Some(facts) = Facts::new(exchange) else { return };
        match self.told.fetch_add(1, Ordering::Relaxed) {
            told if told < MAX_EXCHANGES => {}
            MAX_EXCHANGES => {
                let text = format!(
                    "the laboratory tells the decisions of {MAX_EXCHANGES} exchanges of a run at most"
                );
                return self.report.tell(&Event::Bound { text });
            }
            _ => return,
        }
        let facts = self.copies.note(facts);
        let client = self.arrivals.client(exchange.connection);
        let exchange = Exchange::new(client, &facts, sentence::of(&facts));
        self.report.tell(&Event::Exchange(Box::new(exchange)));
    }
}
