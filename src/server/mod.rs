//! Sockets, threads and time.
//!
//! ```text
//!  TcpListener ──accept──▶ worker ──(if it has too much to do)──▶ the mailbox of another worker
//!                            │
//!                            ▼
//!              one event loop over the connections it owns
//!                            │
//!            bytes ──▶ Connection ──Request──▶ Application ──Response──▶ Transmission ──▶ bytes
//! ```
//!
//! Read on in this order: [`application`] (the one question that a server asks), [`worker`] (the event loop) and
//! `admission` (how connections come into it), [`connection`] (the state machine of one client) with [`buffer`] (what
//! comes in) and `body` (the body of a request), [`transmit`] (what goes out) and [`transport`] (the socket behind
//! both, perhaps with [`tls`]). That is the plain case.
//!
//! Then, as you need it: [`listen`] and [`unix_socket`] (how a port is opened), [`pool`], `shared` and `balance` (the
//! workers together), `slot`, `clock` and [`timers`] (what a worker keeps of its connections and of the time), `shutdown`,
//! [`crate::base::budget`] (memory for large responses). Not on the way of a request: [`events`] (what observers are
//! told) and [`fault`] (fault injection).

mod admission;
pub mod application;
mod balance;
mod body;
pub mod buffer;
mod clock;
pub mod connection;
pub mod events;
pub mod fault;
pub mod listen;
pub mod pool;
mod shared;
mod shutdown;
mod slot;
pub mod timers;
pub mod tls;
pub mod transmit;
pub mod transport;
pub mod unix_socket;
pub mod worker;

pub use application::{Application, Begun};
pub use events::{
    Capture, Event, Exchange, GivenUp, Interests, Observer, ObserverFactory, Receiving, RequestBody, Sending,
};
pub use fault::Faults;
pub use listen::Listener;
pub use pool::{Caller, Heartbeat, Stopper};

use crate::http::forwarded::Proxies;
use crate::http::response::ExtraFields;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

/// The limits of a server, and what its clients may use. The defaults of the command line are in
/// [`crate::command::cli`].
#[derive(Debug, Clone)]
pub struct Options {
    /// How many workers there are, at least one.
    pub threads: usize,
    /// How many connections may be open at once.
    pub max_connections: usize,
    /// How long the head of a request may take, from its first byte to its last. Its body may take as long again; but
    /// the body of an upload as long as it progresses.
    pub head_timeout: Duration,
    /// How long a connection may stay open without a request.
    pub idle_timeout: Duration,
    /// How long a response may stall because the client reads no more of it, or an upload because the client sends no
    /// more.
    pub send_timeout: Duration,
    /// The trusted proxies: they are believed when they name the client on whose behalf they send a request.
    pub proxies: Option<Proxies>,
    /// Fields that every response has.
    pub fields: ExtraFields,
    /// If there is one, all connections to TCP ports speak TLS.
    pub tls: Option<tls::Acceptor>,
    /// The faults to inject.
    pub faults: Faults,
    /// How long responses under way may take to finish when the server stops.
    pub stop_timeout: Duration,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            threads: 1,
            max_connections: 100,
            head_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(60),
            send_timeout: Duration::from_secs(30),
            proxies: None,
            fields: ExtraFields::default(),
            tls: None,
            faults: Faults::default(),
            // `docker stop` kills a container after ten seconds.
            stop_timeout: Duration::from_secs(8),
        }
    }
}

/// A server that listens on its ports and does not answer yet.
#[derive(Debug)]
pub struct Server {
    listeners: Vec<Listener>,
    pool: pool::Pool,
}

impl Server {
    /// Makes a server for these listeners. Clients that connect wait in the backlog until [`Server::run`].
    ///
    /// # Errors
    /// When the system has no more descriptors or memory to give.
    pub fn new(listeners: Vec<Listener>, options: Options) -> io::Result<Server> {
        Ok(Server { pool: pool::Pool::new(&listeners, options)?, listeners })
    }

    /// The addresses on which it listens, with the ports that the system has given. Unix sockets have none.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.listeners.iter().filter_map(Listener::address).collect()
    }

    /// A handle that stops the server from another thread.
    pub fn stopper(&self) -> Stopper {
        Stopper(self.pool.shared())
    }

    /// A handle that shows from another thread whether the workers are alive.
    pub fn heartbeat(&self) -> Heartbeat {
        Heartbeat(self.pool.shared())
    }

    /// A handle that connects to the server from within.
    pub fn caller(&self) -> Caller {
        Caller(self.pool.shared())
    }

    /// Answers requests until it is stopped. Then no connection is accepted any more, idle ones are closed, and
    /// responses under way get [`Options::stop_timeout`] to finish.
    ///
    /// # Errors
    /// When a worker cannot be started, or its event loop fails. All other workers stop then, too.
    pub fn run(self, application: &dyn Application, observers: &ObserverFactory<'_>) -> io::Result<()> {
        // Each worker has descriptors of its own for the same sockets. A socket listens until the last descriptor is
        // closed, so these must not outlive those of the workers.
        drop(self.listeners);
        self.pool.run(application, observers)
    }
}
