//! Who gets in: new connections are accepted, placed with a worker, and turned into [`Connection`]s; where there is no
//! room, an idle one is closed in their favour, or they get 503.
//!
//! ```text
//! accept ──▶ place ──▶ here: first turn (welcome)
//!                  ├─▶ another worker that has clearly fewer: its mailbox
//!                  └─▶ no room: an idle connection gives way, here or at another worker; if none is idle: 503
//! ```

use super::Options;
use super::application::Application;
use super::connection::{Connection, Next};
use super::events::Event;
use super::fault::Faulty;
use super::shared::{Accepted, Placement};
use super::transport::Socket;
use super::worker::{Loop, Slot, exhausted};
use crate::answer::Body;
use crate::http::date;
use crate::http::request::Version;
use crate::http::response::{Delimiting, Head};
use crate::http::{Refusal, Status};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How many connections a listener accepts in one turn before those that are open get theirs.
const ACCEPT_BUDGET: usize = 256;

/// How long not to accept after the system had no descriptor left. Without the pause the loop
/// would spin: the connection that could not be accepted is still there.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

impl Loop<'_> {
    pub(super) fn can_accept(&self) -> bool {
        self.worker.listeners.iter().any(|listener| listener.may_accept)
    }

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
                        // An idle connection gives its descriptor back at once.
                        self.make_room();
                        self.accept_again = Some(self.clock.now + ACCEPT_PAUSE);
                        return;
                    }
                    // The client has gone again before it was accepted, or the like.
                    Err(_) => {}
                }
            }
        }
    }

    /// Decides who is to have a new connection.
    fn place(&mut self, accepted: Accepted) {
        let (shared, here) = (Arc::clone(&self.worker.shared), self.worker.number);
        if shared.is_full() && !self.make_room() {
            // None of ours is idle. If one of another worker's is, that worker closes it.
            match shared.most_idle(here) {
                Some(there) => shared.mailbox(there).hand_over(accepted),
                None => self.reject(accepted),
            }
            return;
        }
        match shared.place(here) {
            Placement::Here => {
                shared.mailbox(here).count_open();
                self.accepted.push(accepted);
            }
            Placement::There(there) => shared.mailbox(there).hand_over(accepted),
        }
    }

    /// A connection that another worker has accepted for us; it is counted as ours already.
    pub(super) fn receive(&mut self, accepted: Accepted) {
        let shared = Arc::clone(&self.worker.shared);
        let one_too_many = shared.open_connections() > shared.options.max_connections;
        if (one_too_many && !self.make_room()) || shared.is_stopping() {
            shared.mailbox(self.worker.number).discount_open();
            self.reject(accepted);
        } else {
            self.accepted.push(accepted);
        }
    }

    /// There is no room for this one.
    fn reject(&mut self, accepted: Accepted) {
        reject(accepted, &self.clock.date, self.options(), self.application);
        self.observers.notice(&Event::Rejected, self.clock.now);
    }

    /// Gives new connections their first turn: often their requests are there
    /// already, and they may be over before the event loop ever has to know of them.
    ///
    /// Where there are several, all are listened to before the first is answered. So one look at a file, taken after
    /// that, is good for all who asked for it.
    pub(super) fn welcome(&mut self) {
        let accepted = std::mem::take(&mut self.accepted);
        let are_several = accepted.len() > 1;
        let mut keys = Vec::with_capacity(accepted.len());
        for accepted in accepted {
            keys.extend(self.admit(accepted, are_several));
        }
        let now = Instant::now();
        for key in keys {
            self.turn_of(key, now, Connection::advance);
        }
    }

    /// Takes a connection in, and listens to it if that is asked for. Gives its key unless it is over already.
    fn admit(&mut self, accepted: Accepted, listen: bool) -> Option<usize> {
        let (now, client) = (Instant::now(), accepted.client);
        let mut connection = Connection::new(self.wrap(accepted, now), client, now, self.options());
        if self.observers.interests().connections {
            let number = self.worker.shared.number_a_connection();
            connection = connection.numbered(number);
            self.observers.notice(&Event::Opened { connection: number, client }, now);
        }
        if listen {
            // Here a library reads the first bytes that a stranger has sent (TLS).
            let listened = catch_unwind(AssertUnwindSafe(|| connection.listen(&mut self.input)));
            if listened.is_err() {
                self.forget_buffers();
            }
            if listened.unwrap_or(Next::Close) == Next::Close {
                self.tell_of_the_end(&connection);
                self.worker.shared.mailbox(self.worker.number).discount_open();
                return None;
            }
        }
        Some(self.connections.insert(Slot::new(connection)))
    }

    /// What is to stand between a socket and its connection.
    fn wrap(&self, accepted: Accepted, now: Instant) -> Box<dyn Socket> {
        let mut socket = accepted.socket;
        if accepted.by_port
            && let Some(tls) = &self.options().tls
        {
            socket = tls.wrap(socket);
        }
        let faults = &self.options().faults;
        if faults.are_any() {
            socket = Box::new(Faulty::new(socket, faults.clone(), now));
        }
        socket
    }

    /// Closes the connection that has been idle for the longest time, if there is an idle one.
    ///
    /// To find it takes a look at all. So the look is taken once, and what it found is used up
    /// before the next: those that have been used meanwhile are passed over.
    pub(super) fn make_room(&mut self) -> bool {
        for has_looked in [false, true] {
            while let Some((deadline, key)) = self.longest_idle.pop() {
                let Some(slot) = self.connections.get_mut(key) else { continue };
                if !slot.connection.is_idle() || slot.connection.deadline() != deadline {
                    continue;
                }
                // Perhaps its next request has just come.
                slot.connection.notice(true, false, false);
                self.turn_of(key, Instant::now(), Connection::advance);
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
                // All idle connections may be idle for the same time, so the first deadline is the
                // longest idleness.
                let now = self.clock.now;
                let idle = self.connections.iter().filter(|(_, slot)| slot.connection.can_give_way(now));
                self.longest_idle = idle.map(|(key, slot)| (slot.connection.deadline(), key)).collect();
                self.longest_idle.sort_unstable_by(|a, b| b.cmp(a));
            }
        }
        false
    }
}

/// Answers 503 to a connection that there is no room for. It gets no slot and no second chance:
/// whatever of the answer does not fit into the socket's buffer at once is lost.
fn reject(accepted: Accepted, date: &[u8; date::LENGTH], options: &Options, application: &dyn Application) {
    // A client that speaks TLS would not understand it, and to agree on keys first would take a slot.
    if accepted.by_port && options.tls.is_some() {
        return;
    }
    let mut socket = accepted.socket;
    let why = "too many connections are open; try again in a moment";
    let response = application.refuse(None, &Refusal::new(Status::SERVICE_UNAVAILABLE, why));
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
    // To close with the request unread would take the answer back (see `connection`).
    let _ = socket.finish_writing();
    let _ = socket.read(&mut [0; 16 * 1024]);
}

#[cfg(test)]
mod tests;
