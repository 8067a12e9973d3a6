//! Sockets, threads and time.
//!
//! ```text
//!  TcpListener ──accept──▶ worker ──(if another is less busy)──▶ that worker's mailbox
//!                            │
//!                            ▼
//!              one event loop over the connections it owns
//!                            │
//!            bytes ──▶ Connection ──Request──▶ Application ──Response──▶ Transmission ──▶ bytes
//! ```
//!
//! Read on in this order: [`application`] (the one question that a server asks), [`worker`] (the event loop) and
//! `admission` (how connections come into it), [`connection`] (one client's state machine) with [`buffer`] (what came
//! in) and `body` (a request's body), [`transmit`] (what goes out) and [`transport`] (the socket behind both, perhaps with
//! [`tls`]). Then, as you need it: [`listen`] and [`unix_socket`] (how a port is opened), [`pool`] and `shared` (the
//! workers together), [`timers`], [`crate::base::budget`] (memory for large answers). Not on the way of a request:
//! [`events`] (what observers are told) and [`fault`] (faults made on purpose).

mod admission;
pub mod application;
mod body;
pub mod buffer;
pub mod connection;
pub mod events;
pub mod fault;
pub mod listen;
pub mod pool;
mod shared;
pub mod timers;
pub mod tls;
pub mod transmit;
pub mod transport;
pub mod unix_socket;
pub mod worker;

pub use application::{Application, Begun};
pub use events::{Capture, Event, Exchange, Interests, Observer, ObserverFactory, Receiving, Sending};
pub use fault::Faults;
pub use listen::Listener;
pub use pool::{Caller, Heartbeat, Stopper};

use crate::http::forwarded::Proxies;
use crate::http::response::OwnFields;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

/// What a server allows itself and its clients. The command line's defaults are in [`crate::command::cli`].
#[derive(Debug, Clone)]
pub struct Options {
    /// How many workers, one at least.
    pub threads: usize,
    /// How many connections may be open at once.
    pub max_connections: usize,
    /// How long a request's head may take from its first byte to its last; then its body again, unless
    /// it is an upload.
    pub head_timeout: Duration,
    /// How long a connection may stay open without a request.
    pub idle_timeout: Duration,
    /// How long a response may stand still because the client takes no more of it, or an upload because
    /// the client sends no more.
    pub send_timeout: Duration,
    /// Proxies that are believed when they say for whom they ask, if any are.
    pub proxies: Option<Proxies>,
    /// Fields that every response has.
    pub fields: OwnFields,
    /// With it, all connections to ports speak TLS.
    pub tls: Option<tls::Acceptor>,
    /// What is to go wrong.
    pub faults: Faults,
    /// How long responses under way may take to finish once the server is to stop.
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
            fields: OwnFields::default(),
            tls: None,
            faults: Faults::default(),
            // What stops containers (docker stop, Kubernetes in a hurry) kills after ten.
            stop_timeout: Duration::from_secs(8),
        }
    }
}

/// A server that has its ports and does not answer yet.
#[derive(Debug)]
pub struct Server {
    listeners: Vec<Listener>,
    pool: pool::Pool,
}

impl Server {
    /// Makes the workers of a server for these listeners; clients that connect are kept waiting
    /// until [`Server::run`].
    ///
    /// # Errors
    /// When the system has no more descriptors or memory to give.
    pub fn new(listeners: Vec<Listener>, options: Options) -> io::Result<Server> {
        Ok(Server { pool: pool::Pool::new(&listeners, options)?, listeners })
    }

    /// The addresses on which it listens, with the ports that it really got. Unix sockets have none.
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

    /// Answers until it is stopped. Then no connection is accepted any more, idle ones are closed,
    /// and responses under way get [`Options::stop_timeout`] to finish.
    ///
    /// # Errors
    /// When a worker cannot be started, or its event loop fails; all others stop then, too.
    pub fn run(self, application: &dyn Application, observers: &ObserverFactory<'_>) -> io::Result<()> {
        // Each worker has listeners of its own on the same sockets; these are not needed any more,
        // and once the workers stop listening nobody shall.
        drop(self.listeners);
        self.pool.run(application, observers)
    }
}
