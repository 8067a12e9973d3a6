//! A connection in its worker's table, with what the event loop has to know of it.
//!
//! ```text
//! Slab<Slot>:  key ──▶ Slot { connection, its timer, its registration with the poll }
//! ```
//!
//! The key is the token by which the kernel reports the connection's socket, and the key of its timers.

use super::connection::Connection;
use super::shared::Mailbox;
use super::timers::Timers;
use super::transport::{ClientSocket, Socket};
use mio::{Interest, Registry, Token};
use std::io;
use std::time::Instant;

/// A connection in the worker's table.
pub(super) struct Slot {
    pub(super) connection: Connection<ClientSocket>,
    /// Whether it is among those that can go on without an event.
    pub(super) is_unfinished: bool,
    /// The one of its entries in the timers that counts.
    queued: Option<Instant>,
    is_registered: bool,
    /// Whether it is counted as idle.
    is_idle: bool,
    /// The last of its worker's windows in which it has answered: see `balance.rs`.
    pub(super) window: u32,
}

impl Slot {
    pub(super) fn new(connection: Connection<ClientSocket>) -> Slot {
        Slot {
            connection,
            is_unfinished: false,
            queued: None,
            is_registered: false,
            is_idle: false,
            window: 0,
        }
    }

    /// Registers its socket with the poll, if it is not registered yet. Many connections are over after their first
    /// turn, and never cost this system call.
    pub(super) fn register(&mut self, registry: &Registry, key: usize) -> io::Result<()> {
        if !self.is_registered {
            let both = Interest::READABLE | Interest::WRITABLE;
            registry.register(self.connection.transport().watched(), Token(key), both)?;
            self.is_registered = true;
        }
        Ok(())
    }

    /// Removes its registration, so that another worker can have the connection.
    pub(super) fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        registry.deregister(self.connection.transport().watched())
    }

    /// Sets a timer for its deadline.
    pub(super) fn arm(&mut self, key: usize, timers: &mut Timers) {
        timers.arm(key, &mut self.queued, self.connection.deadline());
    }

    /// Whether this entry in the timers counts.
    pub(super) fn is_queued_for(&self, at: Instant) -> bool {
        self.queued == Some(at)
    }

    /// Its timer has fired. Returns whether its deadline has passed; if that was put off, the timer is set again.
    pub(super) fn is_overdue(&mut self, key: usize, timers: &mut Timers, now: Instant) -> bool {
        self.queued = None;
        let is_overdue = self.connection.deadline() <= now;
        if !is_overdue {
            self.arm(key, timers);
        }
        is_overdue
    }

    /// After a turn: keeps its worker's count of idle connections.
    pub(super) fn update_idle(&mut self, mailbox: &Mailbox) {
        let was_idle = std::mem::replace(&mut self.is_idle, self.connection.is_idle());
        match (was_idle, self.is_idle) {
            (false, true) => mailbox.add_idle(),
            (true, false) => mailbox.remove_idle(),
            _ => {}
        }
    }

    /// It is removed from the table: it does not count any more.
    pub(super) fn discount(&self, mailbox: &Mailbox) {
        mailbox.remove_open();
        if self.is_idle {
            mailbox.remove_idle();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With its timer, of 24 bytes, that is less than 450, and leaves something for tables that are not full.
    #[test]
    fn ten_thousand_idle_connections_take_little() {
        assert!(size_of::<Slot>() <= 360, "{}", size_of::<Slot>());
    }
}
