//! Admission control: new connections are accepted, and turned into [`Connection`]s. If the limit on connections is
//! reached, an idle one is evicted to make room, or the new one gets 503.
//!
//! ```text
//! accept ──▶ place ──▶ its first turn (start_accepted)                                   the plain case
//!                  └─▶ no room: an idle connection is evicted, here or by another worker; if none is idle: 503
//! give ────▶ the mailbox of another worker ──▶ receive_moved: it goes on there            balance.rs
//! ```

use super::Options;
use super::application::{self, Application};
use super::connection::{AfterTurn, Connection};
use super::events::Event;
use super::fault::Faulty;
use super::shared::Accepted;
use super::slot::Slot;
use super::transport::{ClientSocket, Transport};
use super::worker::{Loop, exhausted};
use crate::answer::Body;
use crate::http::date;
use crate::http::request::Version;
use crate::http::response::{Delimiting, Head};
use crate::http::{Refusal, Status};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How many connections are accepted from one listener before those that are open get their turns.
const ACCEPT_BUDGET: usize = 256;

/// How long not to accept after the system had no descriptor left (EMFILE, accept(2)). Without the pause the loop would
/// spin, since the connection that could not be accepted still waits in the backlog.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

impl Loop<'_> {
    /// Whether there may be connections to accept.
    pub(super) fn can_accept(&self) -> bool {
        self.worker.listeners.iter().any(|listener| listener.may_accept)
    }

    /// Accepts the connections that wait.
    pub(super) fn accept(&mut self) {
        if self.accept_again.is_some_and(|at| at > self.clock.now) {
            return;
        }
        self.accept_again = None;
        for index in 0..self.worker.listeners.len() {
            let mut budget = ACCEPT_BUDGET;
            while self.worker.listeners[index].may_accept && budget > 0 {
                budget -= 1;
                match self.worker.listeners[index].socket.accept() {
                    Ok(accepted) => self.place(accepted),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        self.worker.listeners[index].may_accept = false;
                    }
                    Err(error) if exhausted(&error) => {
                        // To close an idle connection frees its descriptor at once.
                        self.evict_idle();
                        self.accept_again = Some(self.clock.now + ACCEPT_PAUSE);
                        return;
                    }
                    // The client has gone before it was accepted (ECONNABORTED), or the like.
                    Err(_) => {}
                }
            }
        }
    }

    /// Decides what becomes of a new connection. It stays here: see `balance.rs`.
    fn place(&mut self, accepted: Accepted) {
        let (shared, here) = (Arc::clone(&self.worker.shared), self.worker.number);
        if shared.is_full() && !self.evict_idle() {
            // None of our connections is idle. If another worker has an idle one, it closes that.
            match shared.most_idle(here) {
                Some(there) => shared.mailbox(there).hand_over(accepted),
                None => self.reject(accepted),
            }
            return;
        }
        shared.mailbox(here).add_open();
        self.accepted.push(accepted);
    }

    /// Takes a connection that another worker has accepted for this one, and has counted as this one's.
    pub(super) fn receive(&mut self, accepted: Accepted) {
        let shared = Arc::clone(&self.worker.shared);
        let one_too_many = shared.open_connections() > shared.options.max_connections;
        if (one_too_many && !self.evict_idle()) || shared.is_stopping() {
            shared.mailbox(self.worker.number).remove_open();
            self.reject(accepted);
        } else {
            self.accepted.push(accepted);
        }
    }

    /// Gives a connection that waits for its next request to another worker.
    pub(super) fn give(&mut self, key: usize, to: usize) {
        if self.worker.shared.is_stopping() {
            return;
        }
        if self.connections[key].deregister(self.worker.poll.registry()).is_err() {
            return self.close(key);
        }
        let slot = self.connections.remove(key);
        // It is counted twice for a moment, so that never more are let in than may be.
        let shared = &self.worker.shared;
        shared.mailbox(to).add_open();
        slot.discount(shared.mailbox(self.worker.number));
        if slot.connection.number() > 0 {
            self.observers.notice(&Event::Left, self.clock.now);
        }
        shared.mailbox(to).give(slot.connection, self.balance.gift());
        self.clean_timers();
    }

    /// Takes a connection that another worker has given to this one. Its next request may have arrived by now: then the
    /// registration reports it.
    pub(super) fn receive_moved(&mut self, mut connection: Connection<ClientSocket>) {
        if self.worker.shared.is_stopping() {
            connection.finish();
        }
        if connection.number() > 0 {
            self.observers.notice(&Event::Came, self.clock.now);
        }
        let key = self.connections.insert(Slot::new(connection));
        self.run_turn(key, self.clock.now, Connection::advance);
    }

    /// There is no room for this connection: it gets 503.
    fn reject(&mut self, accepted: Accepted) {
        reject(accepted, &self.clock.date, self.options(), self.application);
        self.observers.notice(&Event::Rejected, self.clock.now);
    }

    /// Gives new connections their first turn. Often their requests are there already, and a connection may be over
    /// before it has to be registered with the poll.
    ///
    /// If there are several, all are read from before the first is answered. So one check of a file, made after that,
    /// is fresh enough for all who ask for the file: see [`Arrival::time`](crate::answer::Arrival::time).
    pub(super) fn start_accepted(&mut self) {
        if self.accepted.is_empty() {
            return;
        }
        let accepted = std::mem::take(&mut self.accepted);
        let are_several = accepted.len() > 1;
        let mut keys = Vec::with_capacity(accepted.len());
        for accepted in accepted {
            keys.extend(self.admit(accepted, are_several));
        }
        let now = Instant::now();
        for key in keys {
            self.run_turn(key, now, Connection::advance);
        }
    }

    /// Adds a connection to the table, and reads from it if `read_ahead` says so. Returns its key, unless it is over
    /// already.
    fn admit(&mut self, accepted: Accepted, read_ahead: bool) -> Option<usize> {
        let (now, client) = (Instant::now(), accepted.client);
        let mut connection = Connection::new(self.wrap(accepted, now), client, now, self.options());
        if self.observers.interests().connections {
            let number = self.worker.shared.next_connection_number();
            connection = connection.numbered(number);
            self.observers.notice(&Event::Opened { connection: number, client }, now);
        }
        if read_ahead {
            // With TLS a library parses here what a stranger has sent, so a panic is caught as in any turn.
            let next = catch_unwind(AssertUnwindSafe(|| connection.read_ahead(&mut self.input)));
            if next.is_err() {
                self.reset_buffers();
            }
            if next.unwrap_or(AfterTurn::Close) == AfterTurn::Close {
                self.notify_closed(&connection);
                self.worker.shared.mailbox(self.worker.number).remove_open();
                return None;
            }
        }
        Some(self.connections.insert(Slot::new(connection)))
    }

    /// Wraps a socket in what is to stand between it and its connection: TLS, faults.
    fn wrap(&self, accepted: Accepted, now: Instant) -> ClientSocket {
        let mut socket = accepted.socket;
        if accepted.by_port
            && let Some(tls) = &self.options().tls
        {
            socket = tls.wrap(socket);
        }
        let faults = &self.options().faults;
        if faults.are_any() {
            socket = ClientSocket::Other(Box::new(Faulty::new(socket, faults.clone(), now)));
        }
        socket
    }

    /// Closes the connection that has been idle for the longest time. Returns whether there was one.
    ///
    /// To find it means to go through all connections. So this is done once for many evictions: `longest_idle` keeps
    /// what was found, and connections that were used since then are skipped.
    pub(super) fn evict_idle(&mut self) -> bool {
        for has_looked in [false, true] {
            while let Some((deadline, key)) = self.longest_idle.pop() {
                let Some(slot) = self.connections.get_mut(key) else { continue };
                if !slot.connection.is_idle() || slot.connection.deadline() != deadline {
                    continue;
                }
                // Its next request may have just arrived.
                slot.connection.note_readiness(true, false, false);
                self.run_turn(key, Instant::now(), Connection::advance);
                match self.connections.get(key) {
                    None => return true,
                    Some(slot) if slot.connection.is_idle() && slot.connection.deadline() == deadline => {
                        self.connections[key].connection.close_notify();
                        self.close(key);
                        return true;
                    }
                    Some(_) => {}
                }
            }
            if !has_looked {
                // All connections have the same idle timeout, so the earliest deadline belongs to the longest idle.
                let now = self.clock.now;
                let idle = self.connections.iter().filter(|(_, slot)| slot.connection.can_be_evicted(now));
                self.longest_idle = idle.map(|(key, slot)| (slot.connection.deadline(), key)).collect();
                self.longest_idle.sort_unstable_by(|a, b| b.cmp(a));
            }
        }
        false
    }
}

/// Answers 503 to a connection for which there is no room. It gets no slot: what does not fit into the socket's send
/// buffer at once is lost.
fn reject(accepted: Accepted, date: &[u8; date::LENGTH], options: &Options, application: &dyn Application) {
    // A client that speaks TLS would not understand it, and a handshake would take a slot.
    if accepted.by_port && options.tls.is_some() {
        return;
    }
    let mut socket = accepted.socket;
    let why = "too many connections are open; try again in a moment";
    let refusal = Refusal::new(Status::SERVICE_UNAVAILABLE, why);
    let response = application::refuse(application, None, &refusal);
    let body = if let Body::Bytes(body) = response.body { body } else { Vec::new() };
    let mut out = Vec::new();
    let head = Head {
        status: response.status,
        headers: &response.headers,
        delimiting: Delimiting::Length(body.len() as u64),
        date,
        keep_alive: false,
        request_version: Version::Http11,
        own: &options.fields,
    };
    head.render(&mut out);
    out.extend_from_slice(&body);
    let _ = socket.write(&out, false);
    // To close with the request unread would send a reset, which could destroy the response (see
    // `connection/states.rs`).
    let _ = socket.finish_writing();
    let _ = socket.read(&mut [0; 16 * 1024]);
}

#[cfg(test)]
mod tests;
