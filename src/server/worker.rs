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

use super::buffer::ReadBuffer;
use super::connection::{Connection, Next, TIME_TO_SPEAK, Turn};
use super::events::Observer;
use super::fault::Faulty;
use super::listen::{self, Door};
use super::pool::{Newcomer, Placement, Shared};
use super::timers::Timers;
use super::transport::{Socket, Transport};
use super::{Options, Responder};
use crate::base::platform::failure::Failure;
use crate::base::trace;
use crate::http::date;
use crate::http::response::{Framing, Head};
use crate::site::error_page;
use mio::{Events, Interest, Poll, Token};
use slab::Slab;
use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The event of somebody waking us.
pub(super) const WAKER: Token = Token(usize::MAX);

/// The events of listeners count down from here; those of connections up from 0.
const FIRST_LISTENER: usize = usize::MAX - 1;

/// How many connections a listener accepts in one turn before those that are open get theirs.
const ACCEPT_BUDGET: usize = 256;

/// How long those that did not finish have their turns before the system is asked again what is new; as long
/// as what was new took, if that is longer. So who wants little is answered soon, however many want much.
const WHILE: Duration = Duration::from_millis(1);

/// How long not to accept after the system had no descriptor left. Without the pause the loop
/// would spin: the connection that could not be accepted is still there.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A worker and all that it owns.
#[derive(Debug)]
pub(super) struct Worker {
    number: usize,
    poll: Poll,
    listeners: Vec<Listener>,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Listener {
    door: Door,
    /// There may be connections to accept.
    may_accept: bool,
}

/// The state of the loop while it runs.
struct Loop<'a> {
    worker: Worker,
    respond: &'a Responder<'a>,
    observer: Option<Box<dyn Observer>>,
    connections: Slab<Seat>,
    timers: Timers,
    /// Connections that were accepted in this turn and have not had theirs.
    newcomers: Vec<Newcomer>,
    /// Connections that can go on without an event.
    unfinished: VecDeque<usize>,
    /// Lent to connections for their turns.
    input: ReadBuffer,
    output: Vec<u8>,
    clock: Clock,
    accept_again: Option<Instant>,
    /// Idle connections, the longest idle last, as of some time ago: see [`Loop::make_room`].
    longest_idle: Vec<(Instant, usize)>,
    /// While the server stops: until when those are waited for who have just connected.
    newcomers_until: Option<Instant>,
}

/// A connection in the worker's table.
struct Seat {
    connection: Connection<Box<dyn Socket>>,
    /// Its entry in the timers that counts.
    queued: Option<Instant>,
    registered: bool,
    /// Whether it is among those that can go on without an event.
    is_unfinished: bool,
    /// Whether it was idle after its last turn.
    is_idle: bool,
}

/// The time of the turn, looked at once for all connections.
struct Clock {
    now: Instant,
    unix_seconds: u64,
    date: [u8; date::LENGTH],
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
                let mut door = listener.share()?;
                door.watch(&poll, Token(FIRST_LISTENER - index))?;
                Ok(Listener { door, may_accept: true })
            })
            .collect::<io::Result<_>>()?;
        Ok(Worker { number, poll, listeners, shared })
    }

    pub(super) fn number(&self) -> usize {
        self.number
    }

    /// Runs the loop until the server stops.
    pub(super) fn run(self, respond: &Responder<'_>, observer: Option<Box<dyn Observer>>) -> io::Result<()> {
        let mut events = Events::with_capacity(1024);
        let mut state = Loop {
            worker: self,
            respond,
            observer,
            connections: Slab::new(),
            timers: Timers::default(),
            newcomers: Vec::new(),
            unfinished: VecDeque::new(),
            input: ReadBuffer::default(),
            output: Vec::new(),
            clock: Clock::start(),
            accept_again: None,
            longest_idle: Vec::new(),
            newcomers_until: None,
        };
        trace::switch(state.observer.as_ref().is_some_and(|observer| observer.wants_stories()));
        let mut stop_at = None;
        loop {
            let timeout = state.sleep_until(stop_at).map(|at| at.saturating_duration_since(Instant::now()));
            match state.worker.poll.poll(&mut events, timeout) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
                _ => state.clock.tick(),
            }
            if state.worker.shared.is_stopping() && stop_at.is_none() {
                stop_at = Some(state.clock.now + state.options().stop_timeout);
                state.begin_to_stop();
            }
            state.take_turn(&events);
            if state.newcomers_until.is_some() {
                state.finish_connections();
            }
            if stop_at.is_some_and(|at| state.connections.is_empty() || at <= state.clock.now) {
                break;
            }
        }
        // Those whose time to finish is over are told of as well.
        let unfinished: Vec<_> = state.connections.iter().map(|(key, _)| key).collect();
        for key in unfinished {
            state.turn_of(key, state.clock.now, Connection::abandon);
        }
        if let Some(observer) = &mut state.observer {
            observer.flush();
        }
        Ok(())
    }
}

impl Loop<'_> {
    /// When to wake up even if nothing happens.
    fn sleep_until(&self, stop_at: Option<Instant>) -> Option<Instant> {
        if !self.unfinished.is_empty() || (self.accept_again.is_none() && self.can_accept()) {
            return Some(self.clock.now);
        }
        let flush_at = self.observer.as_ref().and_then(|observer| observer.flush_at());
        [self.timers.next(), self.accept_again, flush_at, self.newcomers_until, stop_at]
            .into_iter()
            .flatten()
            .min()
    }

    fn take_turn(&mut self, events: &Events) {
        // Those that did not finish last time come after all that is new now.
        let mut unfinished = std::mem::take(&mut self.unfinished);
        for event in events {
            let Token(number) = event.token();
            if event.token() == WAKER {
                self.empty_inbox();
            } else if let Some(listener) = self.worker.listeners.get_mut(FIRST_LISTENER - number) {
                listener.may_accept = true;
            }
        }
        self.accept();
        for event in events {
            let Token(number) = event.token();
            let Some(seat) = self.connections.get_mut(number) else { continue };
            let failed = event.is_error();
            let (readable, writable) = (event.is_readable() || failed, event.is_writable() || failed);
            seat.connection.notice(readable, writable, event.is_read_closed());
            // One turn is enough for one round, and those that are unfinished have one coming.
            if seat.is_unfinished {
                continue;
            }
            // What is made while it is sent is work: it comes with the rest that does not finish at once.
            if seat.connection.is_streaming() {
                seat.is_unfinished = true;
                unfinished.push_back(number);
            } else {
                self.advance(number);
            }
        }
        self.go_on_with(unfinished);
        self.welcome_newcomers();
        self.end_overdue();
        let now = self.clock.now;
        if let Some(observer) = &mut self.observer
            && observer.flush_at().is_some_and(|at| at <= now)
        {
            observer.flush();
        }
    }

    // ---- connections come

    fn can_accept(&self) -> bool {
        self.worker.listeners.iter().any(|listener| listener.may_accept)
    }

    fn accept(&mut self) {
        if self.accept_again.is_some_and(|at| at > self.clock.now) {
            return;
        }
        self.accept_again = None;
        for index in 0..self.worker.listeners.len() {
            let mut budget = ACCEPT_BUDGET;
            while self.worker.listeners[index].may_accept && budget > 0 {
                budget -= 1;
                match self.worker.listeners[index].door.accept() {
                    Ok(newcomer) => self.place(newcomer),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        self.worker.listeners[index].may_accept = false;
                    }
                    Err(error) if is_exhaustion(&error) => {
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
    fn place(&mut self, newcomer: Newcomer) {
        let (shared, here) = (Arc::clone(&self.worker.shared), self.worker.number);
        if shared.is_full() && !self.make_room() {
            // None of ours is idle. If one of another worker's is, that worker closes it.
            match shared.who_has_idle_ones(here) {
                Some(there) => shared.desk(there).hand_over(newcomer),
                None => self.turn_away(newcomer),
            }
            return;
        }
        match shared.place(here) {
            Placement::Here => {
                shared.desk(here).count_one();
                self.newcomers.push(newcomer);
            }
            Placement::There(there) => shared.desk(there).hand_over(newcomer),
        }
    }

    /// Connections that others have accepted for us; they are counted as ours already.
    fn empty_inbox(&mut self) {
        let shared = Arc::clone(&self.worker.shared);
        for newcomer in shared.desk(self.worker.number).take_inbox() {
            let one_too_many = self.open_connections() > self.options().max_connections;
            if (one_too_many && !self.make_room()) || shared.is_stopping() {
                shared.desk(self.worker.number).discount_one();
                self.turn_away(newcomer);
            } else {
                self.newcomers.push(newcomer);
            }
        }
    }

    /// There is no room for this one.
    fn turn_away(&mut self, newcomer: Newcomer) {
        turn_away(newcomer, &self.clock.date, self.options());
        if let Some(observer) = &mut self.observer {
            observer.turned_away();
        }
    }

    fn open_connections(&self) -> usize {
        self.worker.shared.open_connections()
    }

    /// Takes new connections in and gives them their first turn: often their requests are there
    /// already, and they may be over before the event loop ever has to know of them.
    ///
    /// All are listened to before the first is answered. So one look at a file, taken after that,
    /// is good for all who asked for it.
    fn welcome_newcomers(&mut self) {
        if self.newcomers.is_empty() {
            return;
        }
        let now = Instant::now();
        let mut keys = Vec::with_capacity(self.newcomers.len());
        for newcomer in std::mem::take(&mut self.newcomers) {
            let client = newcomer.client;
            let mut connection = Connection::new(self.dress(newcomer, now), client, now, self.options());
            if let Some(observer) = &mut self.observer
                && observer.wants_connections()
            {
                let number = self.worker.shared.number_a_connection();
                connection = connection.numbered(number);
                observer.opened(number, client, now);
            }
            if connection.listen(&mut self.input) == Next::Close {
                self.tell_of_the_end(&connection);
                self.worker.shared.desk(self.worker.number).discount_one();
                continue;
            }
            keys.push(self.connections.insert(Seat {
                connection,
                queued: None,
                registered: false,
                is_unfinished: false,
                is_idle: false,
            }));
        }
        let now = Instant::now();
        for key in keys {
            self.turn_of(key, now, Connection::advance);
        }
    }

    /// What is to stand between a socket and its connection.
    fn dress(&self, newcomer: Newcomer, now: Instant) -> Box<dyn Socket> {
        let mut socket = newcomer.socket;
        #[cfg(feature = "tls")]
        if newcomer.by_port
            && let Some(config) = &self.options().tls
        {
            socket = Box::new(super::tls::Tls::new(socket, Arc::clone(config)));
        }
        let faults = &self.options().faults;
        if faults.are_any() {
            socket = Box::new(Faulty::new(socket, faults.clone(), now));
        }
        socket
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
            if let Some(seat) = self.connections.get_mut(key)
                && std::mem::take(&mut seat.is_unfinished)
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
    fn turn_of(
        &mut self,
        key: usize,
        now: Instant,
        act: impl FnOnce(&mut Connection<Box<dyn Socket>>, &mut Turn<'_>) -> Next,
    ) {
        let Some(seat) = self.connections.get_mut(key) else { return };
        let mut turn = Turn {
            now,
            date: &self.clock.date,
            input: &mut self.input,
            output: &mut self.output,
            respond: self.respond,
            observer: self.observer.as_deref_mut().map(|observer| observer as &mut dyn Observer),
            options: &self.worker.shared.options,
            budget: &self.worker.shared.budget,
        };
        let next = catch_unwind(AssertUnwindSafe(|| act(&mut seat.connection, &mut turn)));
        let next = next.unwrap_or_else(|_| {
            // The buffers may be in any state; these are in a good one.
            (self.input, self.output) = (ReadBuffer::default(), Vec::new());
            trace::take();
            trace::switch(self.observer.as_ref().is_some_and(|observer| observer.wants_stories()));
            Next::Close
        });
        if next == Next::Close {
            return self.close(key);
        }
        if !seat.registered {
            let both = Interest::READABLE | Interest::WRITABLE;
            if self
                .worker
                .poll
                .registry()
                .register(seat.connection.transport().watched(), Token(key), both)
                .is_err()
            {
                return self.close(key);
            }
            seat.registered = true;
        }
        let deadline = seat.connection.deadline();
        self.timers.arm(key, &mut seat.queued, deadline);
        if next == Next::Again && !seat.is_unfinished {
            seat.is_unfinished = true;
            self.unfinished.push_back(key);
        }
        let was_idle = std::mem::replace(&mut seat.is_idle, seat.connection.is_idle());
        let desk = self.worker.shared.desk(self.worker.number);
        match (was_idle, seat.is_idle) {
            (false, true) => desk.count_idle(),
            (true, false) => desk.discount_idle(),
            _ => {}
        }
    }

    /// Closing the socket is what dropping it does; with it the kernel forgets its registration.
    fn close(&mut self, key: usize) {
        let seat = self.connections.remove(key);
        self.tell_of_the_end(&seat.connection);
        let desk = self.worker.shared.desk(self.worker.number);
        desk.discount_one();
        if seat.is_idle {
            desk.discount_idle();
        }
        if self.timers.len() > 1024 + 2 * self.connections.len() {
            let seats = &self.connections;
            self.timers.retain(|at, key| seats.get(key).is_some_and(|seat| seat.queued == Some(at)));
        }
    }

    fn tell_of_the_end(&mut self, connection: &Connection<Box<dyn Socket>>) {
        if let Some(observer) = &mut self.observer
            && connection.number() > 0
        {
            observer.closed(connection.number(), self.clock.now);
        }
    }

    fn end_overdue(&mut self) {
        while let Some((at, key)) = self.timers.pop_due(self.clock.now) {
            let Some(seat) = self.connections.get_mut(key) else { continue };
            if seat.queued != Some(at) {
                continue;
            }
            seat.queued = None;
            let deadline = seat.connection.deadline();
            if deadline > self.clock.now {
                self.timers.arm(key, &mut seat.queued, deadline);
            } else {
                self.turn_of(key, self.clock.now, Connection::time_is_up);
            }
        }
    }

    /// Closes the connection that has been idle for the longest time, if there is an idle one.
    ///
    /// To find it takes a look at all. So the look is taken once, and what it found is used up
    /// before the next: those that have been used meanwhile are passed over.
    fn make_room(&mut self) -> bool {
        for has_looked in [false, true] {
            while let Some((deadline, key)) = self.longest_idle.pop() {
                let Some(seat) = self.connections.get_mut(key) else { continue };
                if !seat.connection.is_idle() || seat.connection.deadline() != deadline {
                    continue;
                }
                // Perhaps its next request has just come.
                seat.connection.notice(true, false, false);
                self.turn_of(key, Instant::now(), Connection::advance);
                match self.connections.get(key) {
                    None => return true,
                    Some(seat) if seat.connection.is_idle() && seat.connection.deadline() == deadline => {
                        self.connections[key].connection.take_leave();
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
                let idle = self.connections.iter().filter(|(_, seat)| seat.connection.can_give_way(now));
                self.longest_idle = idle.map(|(key, seat)| (seat.connection.deadline(), key)).collect();
                self.longest_idle.sort_unstable_by(|a, b| b.cmp(a));
            }
        }
        false
    }

    /// Stops listening and closes what is idle; the rest may finish.
    fn begin_to_stop(&mut self) {
        self.worker.listeners.clear();
        self.empty_inbox();
        self.newcomers_until = Some(self.clock.now + TIME_TO_SPEAK);
    }

    /// Whatever is under way is the last, and what is idle is over. But who has only just connected knows
    /// nothing of the end, and is answered once.
    fn finish_connections(&mut self) {
        let now = self.clock.now;
        self.newcomers_until = self.newcomers_until.filter(|&until| until > now);
        let may_speak = |connection: &Connection<_>| connection.is_idle() && !connection.can_give_way(now);
        let spares = |connection: &_| self.newcomers_until.is_some() && may_speak(connection);
        let keys = self.connections.iter().filter(|(_, seat)| !seat.connection.is_finishing());
        let keys: Vec<_> = keys.filter(|(_, seat)| !spares(&seat.connection)).map(|(key, _)| key).collect();
        for key in keys {
            self.connections[key].connection.finish();
            self.advance(key);
        }
    }

    fn options(&self) -> &Options {
        &self.worker.shared.options
    }
}

/// Whether the system, rather than this client, is the reason why a connection was not accepted.
fn is_exhaustion(error: &io::Error) -> bool {
    Failure::of(error) == Some(Failure::Exhausted)
}

/// Answers 503 to a connection that there is no room for. It gets no seat and no second chance:
/// whatever of the answer does not fit into the socket's buffer at once is lost.
fn turn_away(newcomer: Newcomer, date: &[u8; date::LENGTH], options: &Options) {
    // A client that speaks TLS would not understand it, and to agree with it first would take a seat.
    #[cfg(feature = "tls")]
    if newcomer.by_port && options.tls.is_some() {
        return;
    }
    let mut socket = newcomer.socket;
    let response = error_page::try_again("too many connections are open; try again in a moment");
    let crate::answer::Body::Bytes(body) = response.body else { unreachable!("a line is bytes") };
    let mut out = Vec::new();
    let head = Head {
        status: response.status,
        headers: &response.headers,
        framing: Framing::Length(body.len() as u64),
        date,
        keep_alive: false,
        request_version: crate::http::request::Version::Http11,
        own: &options.fields,
    };
    head.render(&mut out);
    out.extend_from_slice(&body);
    let _ = socket.write(&out, false);
    // To close with the request unread would take the answer back (see `connection`).
    let _ = socket.finish_writing();
    let _ = socket.read(&mut [0; 16 * 1024]);
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
