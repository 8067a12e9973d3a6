//! Graceful shutdown: how a worker stops.
//!
//! ```text
//! stop ──▶ listeners are closed: no connection is accepted any more
//!          idle connections are closed, new ones after their first response
//!          responses under way are sent to their end
//!          after Options::stop_timeout: what is left is abandoned
//! ```

use super::connection::{Connection, GRACE_FOR_NEW};
use super::worker::Loop;
use std::collections::VecDeque;

impl Loop<'_> {
    /// Closes the listeners. From now on each turn ends with [`Loop::finish_connections`].
    pub(super) fn begin_shutdown(&mut self) {
        self.worker.listeners.clear();
        // Connections that another worker has accepted for this one are the last.
        self.read_mail(&mut VecDeque::new());
        self.grace_until = Some(self.clock.now + GRACE_FOR_NEW);
    }

    /// Lets each connection finish: the response under way is its last, and an idle one is closed. A client that has
    /// only just connected knows nothing of the shutdown, and gets one response.
    pub(super) fn finish_connections(&mut self) {
        let now = self.clock.now;
        self.grace_until = self.grace_until.filter(|&until| until > now);
        let is_new = |connection: &Connection<_>| connection.is_idle() && !connection.can_be_evicted(now);
        let is_spared = |connection: &_| self.grace_until.is_some() && is_new(connection);
        let open = self.connections.iter().filter(|(_, slot)| !slot.connection.is_finishing());
        let keys: Vec<_> =
            open.filter(|(_, slot)| !is_spared(&slot.connection)).map(|(key, _)| key).collect();
        for key in keys {
            self.connections[key].connection.finish();
            self.run_turn(key, now, Connection::advance);
        }
    }

    /// The time for finishing is over. Observers are told of the exchanges that were cut off.
    pub(super) fn abandon_connections(&mut self) {
        let keys: Vec<_> = self.connections.iter().map(|(key, _)| key).collect();
        for key in keys {
            self.run_turn(key, self.clock.now, Connection::abandon);
        }
    }
}
