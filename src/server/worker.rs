//! One worker: an event loop over the connections that it owns.
//!
//! ```text
//! loop:
//!   sleep until a socket is ready, a deadline comes, or somebody wakes us    (one epoll_wait)
//!   accept new connections
//!   give each connection that is ready its turn                             (Connection::advance)
//!   give those that did not finish in their last turn another, a while, and the new ones their first
//!   close or answer those whose time is up
//!   pass the log on, if it is time
//! ```
//!
//! A thread that blocks in `read` serves one client and costs its stack. A thread that asks the
//! kernel "which of these ten thousand sockets is ready?" serves all of them, as long as it never
//! waits for one alone. That is all there is to an event loop. [mio](https://docs.rs/mio) is that
//! question: `Poll` asks it, a `Token` says which socket. It tells once, when a socket becomes ready
//! (edge-triggered): see [`super::connection`].

use super::Options;
use super::application::Application;
use super::buffer::ReadBuffer;
use super::connection::{Connection, Next, TIME_TO_SPEAK, Turn};
use super::events::{Event, Observers};
use super::listen::{self, WatchedListener};
use super::shared::{Accepted, MAIL, Shared};
use super::timers::Timers;
use super::transport::Socket;
use crate::base::platform::failure::Failure;
use crate::base::trace;
use crate::http::date;
use mio::{Events, Interest, Poll, Token};
use slab::Slab;
use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The events of listeners count down from here; those of connections up from 0.
const FIRST_LISTENER: usize = usize::MAX - 1;

/// How long those that did not finish have their turns before the system is asked again what is new; as long
/// as what was new took, if that is longer. So who wants little is answered soon, however many want much.
const WHILE: Duration = Duration::from_millis(1);

/// A worker and all that it owns.
#[derive(Debug)]
pub(super) struct Worker {
    pub(super) number: usize,
    poll: Poll,
    pub(super) listeners: Vec<Listener>,
    pub(super) shared: Arc<Shared>,
}

#[derive(Debug)]
pub(super) struct Listener {
    pub(super) socket: WatchedListener,
    /// There may be connections to accept.
    pub(super) may_accept: bool,
}

/// The state of the loop while it runs. How connections come into it is in [`super::admission`].
pub(super) struct Loop<'a> {
    pub(super) worker: Worker,
    pub(super) application: &'a dyn Application,
    pub(super) observers: Observers,
    pub(super) connections: Slab<Slot>,
    timers: Timers,
    /// Connections that were accepted in this turn and have not had theirs.
    pub(super) accepted: Vec<Accepted>,
    /// Connections that can go on without an event.
    unfinished: VecDeque<usize>,
    /// Lent to connections for their turns.
    pub(super) input: ReadBuffer,
    output: Vec<u8>,
    pub(super) clock: Clock,
    pub(super) accept_again: Option<Instant>,
    /// Idle connections, the longest idle last, as of some time ago: see `make_room`.
    pub(super) longest_idle: Vec<(Instant, usize)>,
    /// While the server stops: until when those are waited for who have just connected.
    silent_until: Option<Instant>,
}

/// A connection in the worker's table.
pub(super) struct Slot {
    pub(super) connection: Connection<Box<dyn Socket>>,
    /// Its entry in the timers that counts.
    queued: Option<Instant>,
    registered: bool,
    /// Whether it is among those that can go on without an event.
    is_unfinished: bool,
    /// Whether it was idle after its last turn.
    is_idle: bool,
}

impl Slot {
    pub(super) fn new(connection: Connection<Box<dyn Socket>>) -> Slot {
        Slot { connection, queued: None, registered: false, is_unfinished: false, is_idle: false }
    }
}

/// The time of the turn, looked at once for all connections.
pub(super) struct Clock {
    pub(super) now: Instant,
    unix_seconds: u64,
    pub(super) date: [u8; date::LENGTH],
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
        Ok(Worker { number, poll, listeners, shared })
    }

    pub(super) fn number(&self) -> usize {
        self.number
    }

    /// Runs the loop until the server stops.
    pub(super) fn run(self, application: &dyn Application, observers: Observers) -> io::Result<()> {
        trace::switch(observers.interests().capture);
        let state = Loop {
            worker: self,
            application,
            observers,
            connections: Slab::new(),
            timers: Timers::default(),
            accepted: Vec::new(),
            unfinished: VecDeque::new(),
            input: ReadBuffer::default(),
            output: Vec::new(),
            clock: Clock::start(),
            accept_again: None,
            longest_idle: Vec::new(),
            silent_until: None,
        };
        state.run()
    }
}

impl Loop<'_> {
    fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(1024);
        let mut stop_at = None;
        loop {
            let timeout = self.sleep_until(stop_at).map(|at| at.saturating_duration_since(Instant::now()));
            match self.worker.poll.poll(&mut events, timeout) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
                _ => self.clock.tick(),
            }
            if self.worker.shared.is_stopping() && stop_at.is_none() {
                stop_at = Some(self.clock.now + self.options().stop_timeout);
                self.begin_to_stop();
            }
            self.take_turn(&events);
            if self.silent_until.is_some() {
                self.finish_connections();
            }
            if stop_at.is_some_and(|at| self.connections.is_empty() || at <= self.clock.now) {
                break;
            }
        }
        // Those whose time to finish is over are told of as well.
        let unfinished: Vec<_> = self.connections.iter().map(|(key, _)| key).collect();
        for key in unfinished {
            self.turn_of(key, self.clock.now, Connection::abandon);
        }
        self.observers.wake_all();
        Ok(())
    }

    /// When to wake up even if nothing happens.
    fn sleep_until(&self, stop_at: Option<Instant>) -> Option<Instant> {
        if !self.unfinished.is_empty() || (self.accept_again.is_none() && self.can_accept()) {
            return Some(self.clock.now);
        }
        let observers = self.observers.wake_at();
        [self.timers.next(), self.accept_again, observers, self.silent_until, stop_at]
            .into_iter()
            .flatten()
            .min()
    }

    fn take_turn(&mut self, events: &Events) {
        self.worker.shared.mailbox(self.worker.number).count_turn();
        // Those that did not finish last time come after all that is new now.
        let mut unfinished = std::mem::take(&mut self.unfinished);
        for event in events {
            let Token(number) = event.token();
            if event.token() == MAIL {
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
            slot.connection.notice(readable, writable, event.is_read_closed());
            self.has_news(number, &mut unfinished);
        }
        self.go_on_with(unfinished);
        self.welcome();
        self.end_overdue();
        self.observers.wake_due(self.clock.now);
    }

    /// Takes what others have put into the mailbox.
    fn read_mail(&mut self, unfinished: &mut VecDeque<usize>) {
        let shared = Arc::clone(&self.worker.shared);
        let mail = shared.mailbox(self.worker.number).take();
        for key in mail.woken() {
            if let Some(slot) = self.connections.get_mut(key) {
                slot.connection.wake();
            }
            self.has_news(key, unfinished);
        }
        for accepted in mail.accepted {
            self.receive(accepted);
        }
    }

    /// A connection can go on.
    fn has_news(&mut self, key: usize, unfinished: &mut VecDeque<usize>) {
        match self.connections.get_mut(key) {
            // One turn is enough for one round, and those that are unfinished have one coming.
            None => {}
            Some(slot) if slot.is_unfinished => {}
            // What is made while it is sent is work: it comes with the rest that does not finish at once.
            Some(slot) if slot.connection.is_streaming() => {
                slot.is_unfinished = true;
                unfinished.push_back(key);
            }
            Some(_) => self.advance(key),
        }
    }

    // ---- connections move on

    /// Gives those that did not finish another turn, one after the other, for a while. Whoever is not reached
    /// is the first the next time.
    fn go_on_with(&mut self, mut unfinished: VecDeque<usize>) {
        if unfinished.is_empty() {
            return;
        }
        let now = Instant::now();
        let until = now + WHILE.max(now.saturating_duration_since(self.clock.now));
        while let Some(key) = unfinished.pop_front() {
            if let Some(slot) = self.connections.get_mut(key)
                && std::mem::take(&mut slot.is_unfinished)
            {
                self.advance(key);
                if Instant::now() >= until {
                    break;
                }
            }
        }
        unfinished.append(&mut self.unfinished);
        self.unfinished = unfinished;
    }

    fn advance(&mut self, key: usize) {
        self.turn_of(key, self.clock.now, Connection::advance);
    }

    /// Gives a connection its turn, and does with it what it says after that. A panic in it costs
    /// this connection and nothing else.
    pub(super) fn turn_of(
        &mut self,
        key: usize,
        now: Instant,
        act: fn(&mut Connection<Box<dyn Socket>>, &mut Turn<'_>) -> Next,
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
        let next = catch_unwind(AssertUnwindSafe(|| act(&mut slot.connection, &mut turn)));
        let Ok(next) = next else {
            // What was answered before is to be in the log.
            let _ = catch_unwind(AssertUnwindSafe(|| slot.connection.abandon(&mut turn)));
            self.forget_buffers();
            return self.close(key);
        };
        if next == Next::Close {
            return self.close(key);
        }
        if !slot.registered {
            let both = Interest::READABLE | Interest::WRITABLE;
            if self
                .worker
                .poll
                .registry()
                .register(slot.connection.transport().watched(), Token(key), both)
                .is_err()
            {
                return self.close(key);
            }
            slot.registered = true;
        }
        let deadline = slot.connection.deadline();
        self.timers.arm(key, &mut slot.queued, deadline);
        if next == Next::Again && !slot.is_unfinished {
            slot.is_unfinished = true;
            self.unfinished.push_back(key);
        }
        let was_idle = std::mem::replace(&mut slot.is_idle, slot.connection.is_idle());
        let mailbox = self.worker.shared.mailbox(self.worker.number);
        match (was_idle, slot.is_idle) {
            (false, true) => mailbox.count_idle(),
            (true, false) => mailbox.discount_idle(),
            _ => {}
        }
    }

    /// Closing the socket is what dropping it does; with it the kernel forgets its registration.
    pub(super) fn close(&mut self, key: usize) {
        let slot = self.connections.remove(key);
        self.tell_of_the_end(&slot.connection);
        let mailbox = self.worker.shared.mailbox(self.worker.number);
        mailbox.discount_open();
        if slot.is_idle {
            mailbox.discount_idle();
        }
        if self.timers.len() > 1024 + 2 * self.connections.len() {
            let slots = &self.connections;
            self.timers.retain(|at, key| slots.get(key).is_some_and(|slot| slot.queued == Some(at)));
        }
    }

    pub(super) fn tell_of_the_end(&mut self, connection: &Connection<Box<dyn Socket>>) {
        if connection.number() > 0 {
            let closed = Event::Closed { connection: connection.number() };
            self.observers.notice(&closed, self.clock.now);
        }
    }

    /// After a panic the buffers may be in any state; these are in a good one.
    pub(super) fn forget_buffers(&mut self) {
        (self.input, self.output) = (ReadBuffer::default(), Vec::new());
        trace::take();
        trace::switch(self.observers.interests().capture);
    }

    fn end_overdue(&mut self) {
        while let Some((at, key)) = self.timers.pop_due(self.clock.now) {
            let Some(slot) = self.connections.get_mut(key) else { continue };
            if slot.queued != Some(at) {
                continue;
            }
            slot.queued = None;
            let deadline = slot.connection.deadline();
            if deadline > self.clock.now {
                self.timers.arm(key, &mut slot.queued, deadline);
            } else {
                self.turn_of(key, self.clock.now, Connection::time_is_up);
            }
        }
    }

    /// Stops listening and closes what is idle; the rest may finish.
    fn begin_to_stop(&mut self) {
        self.worker.listeners.clear();
        self.read_mail(&mut VecDeque::new());
        self.silent_until = Some(self.clock.now + TIME_TO_SPEAK);
    }

    /// Whatever is under way is the last, and what is idle is over. But who has only just connected knows
    /// nothing of the end, and is answered once.
    fn finish_connections(&mut self) {
        let now = self.clock.now;
        self.silent_until = self.silent_until.filter(|&until| until > now);
        let may_speak = |connection: &Connection<_>| connection.is_idle() && !connection.can_give_way(now);
        let spares = |connection: &_| self.silent_until.is_some() && may_speak(connection);
        let keys = self.connections.iter().filter(|(_, slot)| !slot.connection.is_finishing());
        let keys: Vec<_> = keys.filter(|(_, slot)| !spares(&slot.connection)).map(|(key, _)| key).collect();
        for key in keys {
            self.connections[key].connection.finish();
            self.advance(key);
        }
    }

    pub(super) fn options(&self) -> &Options {
        &self.worker.shared.options
    }
}

/// Whether the system, rather than this client, is the reason why a connection was not accepted.
pub(super) fn exhausted(error: &io::Error) -> bool {
    Failure::of(error) == Some(Failure::Exhausted)
}

impl Clock {
    fn start() -> Clock {
        let mut clock = Clock { now: Instant::now(), unix_seconds: 0, date: date::imf_fixdate(0) };
        clock.tick();
        clock
    }

    /// Looks at the time; the date is written anew once a second.
    fn tick(&mut self) {
        self.now = Instant::now();
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        if seconds != self.unix_seconds {
            self.unix_seconds = seconds;
            self.date = date::imf_fixdate(seconds);
        }
    }
}
