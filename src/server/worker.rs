//! One worker: an event loop over the connections that it owns.
//!
//! ```text
//! loop:
//!   sleep until a socket is ready, a deadline passes, or another thread wakes us    (one epoll_wait)
//!   accept new connections
//!   give each connection that is ready a turn                                      (Connection::advance)
//!   give new connections their first turn
//!   give unfinished connections another turn, for one time slice
//!   give connections whose deadline has passed a turn, too                         (Connection::handle_timeout)
//!   wake the observers that asked for it: the log writes its lines
//! ```
//!
//! A thread that blocks in `read` serves one client, and costs its stack. A thread that asks the kernel which of ten
//! thousand sockets are ready serves all of them, as long as it never blocks on one of them. That is all there is to an
//! event loop. [mio](https://docs.rs/mio) asks that question: `Poll` asks it, and a `Token` says which socket is ready.
//! The kernel reports a socket once, when it becomes ready (edge-triggered, epoll(7)); [`super::connection`] says what
//! follows from that.
//!
//! The plain case, a request on an open connection: `run` → `take_turn` → `dispatch` → `run_turn` →
//! [`Connection::advance`]. How connections come in is in `admission.rs`, how a worker stops in `shutdown.rs`, and what
//! the loop keeps of each connection in `slot.rs`.

use super::Options;
use super::application::Application;
use super::balance::Balance;
use super::buffer::ReadBuffer;
use super::clock::Clock;
use super::connection::{AfterTurn, Connection, Turn};
use super::events::{Event, Observers};
use super::listen::{self, WatchedListener};
use super::shared::{Accepted, Shared, WAKER};
use super::slot::Slot;
use super::timers::Timers;
use super::transmit::Queue;
use super::transport::ClientSocket;
use crate::base::platform::failure::Failure;
use crate::base::trace;
use mio::{Events, Poll, Token};
use slab::Slab;
use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The tokens of listeners count down from here; those of connections count up from 0.
const FIRST_LISTENER: usize = usize::MAX - 1;

/// How long unfinished connections get turns before the kernel is asked again which sockets are ready; or as long as
/// the ready ones took, if that is longer. So a client that wants little is answered soon, however many want much.
const TIME_SLICE: Duration = Duration::from_millis(1);

/// A worker before it runs.
#[derive(Debug)]
pub(super) struct Worker {
    pub(super) number: usize,
    pub(super) poll: Poll,
    pub(super) listeners: Vec<Listener>,
    pub(super) shared: Arc<Shared>,
    /// The loop's buffer. It is made here, on the first thread, whose fresh memory is known to be zero: that of others is
    /// written to make sure, and then takes memory before it is used.
    input: Option<ReadBuffer>,
}

#[derive(Debug)]
pub(super) struct Listener {
    pub(super) socket: WatchedListener,
    /// There may be connections to accept.
    pub(super) may_accept: bool,
}

/// The state of the loop while it runs.
pub(super) struct Loop<'a> {
    pub(super) worker: Worker,
    pub(super) application: &'a dyn Application,
    pub(super) observers: Observers,
    pub(super) clock: Clock,
    pub(super) balance: Balance,

    // Connections.
    pub(super) connections: Slab<Slot>,
    timers: Timers,
    /// Connections that were accepted in this turn of the loop, and have not had their first turn.
    pub(super) accepted: Vec<Accepted>,
    /// Connections that can go on without an event, in the order in which they get their turns.
    unfinished: VecDeque<usize>,

    // Buffers, lent to each connection for its turn. So a connection that waits owns none.
    pub(super) input: ReadBuffer,
    output: Option<Box<Queue>>,

    // Room for new connections: see `admission.rs`.
    /// When to accept again, after the system had no descriptor left.
    pub(super) accept_again: Option<Instant>,
    /// Idle connections as they were some time ago, the longest idle last.
    pub(super) longest_idle: Vec<(Instant, usize)>,

    /// During a shutdown: until when new connections are spared.
    pub(super) grace_until: Option<Instant>,
}

impl Worker {
    pub(super) fn new(
        number: usize,
        poll: Poll,
        listeners: &[listen::Listener],
        shared: Arc<Shared>,
    ) -> io::Result<Worker> {
        let listeners = listeners
            .iter()
            .enumerate()
            .map(|(index, listener)| {
                let mut socket = listener.share()?;
                socket.watch(&poll, Token(FIRST_LISTENER - index))?;
                Ok(Listener { socket, may_accept: true })
            })
            .collect::<io::Result<_>>()?;
        Ok(Worker { number, poll, listeners, shared, input: Some(ReadBuffer::default()) })
    }

    /// Runs the loop until the server stops.
    pub(super) fn run(mut self, application: &dyn Application, observers: Observers) -> io::Result<()> {
        trace::switch(observers.interests().capture);
        let clock = Clock::start();
        let balance = Balance::new(self.number, clock.now);
        let input = self.input.take().unwrap_or_default();
        let state = Loop {
            worker: self,
            application,
            observers,
            balance,
            clock,
            connections: Slab::new(),
            timers: Timers::default(),
            accepted: Vec::new(),
            unfinished: VecDeque::new(),
            input,
            output: None,
            accept_again: None,
            longest_idle: Vec::new(),
            grace_until: None,
        };
        state.run()
    }
}

impl Loop<'_> {
    fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(1024);
        let mut stop_at = None;
        loop {
            // A worker that is alone has nothing to share, and saves a look at the clock: what is due wakes it later by
            // as long as the last turn took.
            let mut now = self.clock.now;
            if self.worker.shared.mailboxes().len() > 1 {
                now = Instant::now();
                self.balance.sleeps(&self.worker.shared, self.clock.now, now);
            }
            let timeout = self.sleep_until(stop_at).map(|at| at.saturating_duration_since(now));
            match self.worker.poll.poll(&mut events, timeout) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
                _ => self.clock.tick(),
            }
            if self.worker.shared.is_stopping() && stop_at.is_none() {
                stop_at = Some(self.clock.now + self.options().stop_timeout);
                self.begin_shutdown();
            }
            self.take_turn(&events);
            if self.grace_until.is_some() {
                self.finish_connections();
            }
            if stop_at.is_some_and(|at| self.connections.is_empty() || at <= self.clock.now) {
                break;
            }
        }
        self.abandon_connections();
        self.observers.wake_all();
        Ok(())
    }

    /// When to wake up even if there is no event; `None` means never.
    fn sleep_until(&self, stop_at: Option<Instant>) -> Option<Instant> {
        if !self.unfinished.is_empty() || (self.accept_again.is_none() && self.can_accept()) {
            return Some(self.clock.now);
        }
        let others = [self.observers.wake_at(), self.accept_again, self.grace_until, stop_at];
        others.into_iter().fold(self.timers.next(), earlier)
    }

    /// One turn of the loop.
    fn take_turn(&mut self, events: &Events) {
        self.worker.shared.mailbox(self.worker.number).count_turn();
        // Connections that did not finish in the last turn come after those that have an event now.
        let mut unfinished = std::mem::take(&mut self.unfinished);
        for event in events {
            let Token(number) = event.token();
            if event.token() == WAKER {
                self.read_mail(&mut unfinished);
            } else if let Some(listener) = self.worker.listeners.get_mut(FIRST_LISTENER - number) {
                listener.may_accept = true;
            }
        }
        self.accept();
        for event in events {
            let Token(number) = event.token();
            let Some(slot) = self.connections.get_mut(number) else { continue };
            let failed = event.is_error();
            let (readable, writable) = (event.is_readable() || failed, event.is_writable() || failed);
            slot.connection.note_readiness(readable, writable, event.is_read_closed());
            if failed && slot.connection.is_postponed() {
                // Its client is gone: nobody waits for what is made elsewhere.
                self.run_turn(number, self.clock.now, Connection::abandon);
                continue;
            }
            self.dispatch(number, &mut unfinished);
        }
        self.start_accepted();
        self.resume(unfinished);
        self.expire_deadlines();
        self.observers.wake_due(self.clock.now);
    }

    /// Takes what other threads have put into the mailbox.
    pub(super) fn read_mail(&mut self, unfinished: &mut VecDeque<usize>) {
        let shared = Arc::clone(&self.worker.shared);
        let mail = shared.mailbox(self.worker.number).take();
        for key in mail.woken() {
            if let Some(slot) = self.connections.get_mut(key) {
                slot.connection.wake();
            }
            self.dispatch(key, unfinished);
        }
        for accepted in mail.accepted {
            self.receive(accepted);
        }
        for connection in mail.moved {
            self.receive_moved(connection);
        }
        if let Some(gift) = mail.gift {
            self.balance.take(gift, self.clock.now);
        }
    }

    /// A connection can go on: gives it a turn, now or with the unfinished ones.
    fn dispatch(&mut self, key: usize, unfinished: &mut VecDeque<usize>) {
        match self.connections.get_mut(key) {
            None => {}
            // It has a turn coming in this turn of the loop, and one is enough.
            Some(slot) if slot.is_unfinished => {}
            // To make a body while it is sent is work, so it takes its turn with the unfinished ones.
            Some(slot) if slot.connection.is_streaming() => {
                slot.is_unfinished = true;
                unfinished.push_back(key);
            }
            Some(_) => self.run_turn(key, self.clock.now, Connection::advance),
        }
    }

    // ---- turns of connections

    /// Gives unfinished connections another turn, one after the other, for one time slice. Those that it does not reach
    /// are the first in the next turn of the loop.
    fn resume(&mut self, mut unfinished: VecDeque<usize>) {
        if unfinished.is_empty() {
            return;
        }
        let now = Instant::now();
        let until = now + TIME_SLICE.max(now.saturating_duration_since(self.clock.now));
        while let Some(key) = unfinished.pop_front() {
            if let Some(slot) = self.connections.get_mut(key)
                && std::mem::take(&mut slot.is_unfinished)
            {
                self.run_turn(key, self.clock.now, Connection::advance);
                if Instant::now() >= until {
                    break;
                }
            }
        }
        unfinished.append(&mut self.unfinished);
        self.unfinished = unfinished;
    }

    /// Gives a connection a turn, and does with it what the turn's result says. A panic in the turn costs this
    /// connection and nothing else.
    pub(super) fn run_turn(
        &mut self,
        key: usize,
        now: Instant,
        act: fn(&mut Connection<ClientSocket>, &mut Turn<'_>) -> AfterTurn,
    ) {
        let Some(slot) = self.connections.get_mut(key) else { return };
        let (shared, worker) = (&self.worker.shared, self.worker.number);
        let mut turn = Turn {
            now,
            date: &self.clock.date,
            input: &mut self.input,
            output: &mut self.output,
            application: self.application,
            observers: &mut self.observers,
            options: &shared.options,
            budget: &shared.budget,
            wakers: &|| shared.waker(worker, key),
        };
        // The clock is read for those who want to know: see `Event::Turn`.
        let began = turn.observers.interests().turns.then(Instant::now);
        let next = catch_unwind(AssertUnwindSafe(|| act(&mut slot.connection, &mut turn)));
        let Ok(next) = next else {
            // The log is to have the exchanges that came before.
            let _ = catch_unwind(AssertUnwindSafe(|| slot.connection.abandon(&mut turn)));
            self.reset_buffers();
            return self.close(key);
        };
        if let Some(began) = began {
            let ended = Event::Turn { connection: slot.connection.number(), took: began.elapsed() };
            self.observers.notice(&ended, now);
        }
        if next == AfterTurn::Close || slot.register(self.worker.poll.registry(), key).is_err() {
            return self.close(key);
        }
        slot.arm(key, &mut self.timers);
        slot.update_idle(shared.mailbox(worker));
        if next == AfterTurn::Wait
            && slot.connection.is_idle()
            && let Some(to) = self.balance.moves_to(&mut slot.window)
        {
            return self.give(key, to);
        }
        if next == AfterTurn::Again && !slot.is_unfinished {
            slot.is_unfinished = true;
            self.unfinished.push_back(key);
        }
    }

    /// Closes a connection. Dropping the socket closes it, and with it the kernel drops its registration.
    pub(super) fn close(&mut self, key: usize) {
        let slot = self.connections.remove(key);
        self.notify_closed(&slot.connection);
        slot.discount(self.worker.shared.mailbox(self.worker.number));
        self.clean_timers();
    }

    /// Removes the timers of connections that are gone, when they have become many.
    pub(super) fn clean_timers(&mut self) {
        if self.timers.len() > 1024 + 2 * self.connections.len() {
            let slots = &self.connections;
            self.timers.retain(|at, key| slots.get(key).is_some_and(|slot| slot.is_queued_for(at)));
        }
    }

    /// Tells observers that a connection is closed, if they were told that it was opened.
    pub(super) fn notify_closed(&mut self, connection: &Connection<ClientSocket>) {
        if connection.number() > 0 {
            let closed = Event::Closed { connection: connection.number() };
            self.observers.notice(&closed, self.clock.now);
        }
    }

    /// Replaces the buffers: after a panic nobody knows what is in them.
    pub(super) fn reset_buffers(&mut self) {
        (self.input, self.output) = (ReadBuffer::default(), None);
        trace::take();
        trace::switch(self.observers.interests().capture);
    }

    /// Gives a turn to each connection whose deadline has passed.
    fn expire_deadlines(&mut self) {
        while let Some((at, key)) = self.timers.pop_due(self.clock.now) {
            if let Some(slot) = self.connections.get_mut(key)
                && slot.is_queued_for(at)
                && slot.is_overdue(key, &mut self.timers, self.clock.now)
            {
                self.run_turn(key, self.clock.now, Connection::handle_timeout);
            }
        }
    }

    pub(super) fn options(&self) -> &Options {
        &self.worker.shared.options
    }
}

/// The earlier of two times; `None` means never.
fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (time, None) | (None, time) => time,
    }
}

/// Whether the system, rather than this client, is the reason why a connection was not accepted.
pub(super) fn exhausted(error: &io::Error) -> bool {
    Failure::of(error) == Some(Failure::Exhausted)
}
