//! Sockets, threads and time: the only storey that knows them.
//!
//! ```text
//!  TcpListener ──accept──▶ worker ──(if another is less busy)──▶ that worker's inbox
//!                            │
//!                            ▼
//!              one event loop over the connections it owns
//!                            │
//!            bytes ──▶ Connection ──Request──▶ site ──Response──▶ Transmission ──▶ bytes
//! ```
//!
//! Read on in this order: [`listen`] (how a port is opened) and [`unix_socket`], [`pool`] and [`worker`] (who does the
//! work), [`connection`] (one client's state machine) with [`buffer`] (what came in), `body` (a request's
//! body: read past, kept or handed on) and [`crate::base::budget`] (memory for large answers),
//! [`transmit`] (what goes out) and [`transport`] (the socket behind both, perhaps with `tls`), then [`timers`]. Not on the
//! way of a request: [`events`] (what observers are told) and [`fault`] (faults made on purpose).

mod body;
pub mod buffer;
pub mod connection;
pub mod events;
pub mod fault;
pub mod listen;
pub mod pool;
pub mod timers;
#[cfg(feature = "tls")]
pub mod tls;
pub mod transmit;
pub mod transport;
pub mod unix_socket;
pub mod worker;

pub use events::{Both, Exchange, Observer, Receiving, Story, UnderWay};
pub use fault::Faults;
pub use listen::Listener;
pub use pool::{Caller, Stopper};

use crate::answer::{Gate, Response, Uploads};
use crate::http::Request;
use crate::http::base_path::BasePath;
use crate::http::client::Client;
use crate::http::forwarded::Proxies;
use crate::http::response::OwnFields;
use crate::http::target::Target;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What answers requests. It is called by several workers at once.
pub type Responder<'a> = dyn Fn(&Request<'_>, &Arrival<'_>) -> Response + Sync + 'a;

/// What is known of a request beside its bytes.
#[derive(Debug, Clone, Copy)]
pub struct Arrival<'a> {
    /// By when it had begun to arrive: the answer may be as old as that, and no older.
    pub time: Instant,
    /// Who sent it: the other end of the connection, whatever a proxy says.
    pub client: Client,
    /// Its body, if it is one that is kept (see [`Internal::keep_bodies`]) and all of it has come.
    pub body: Option<&'a [u8]>,
}

/// Targets that are the server's own. Faults spare them, and observers are told which they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Internal {
    /// What their paths begin with, decoded and seen from the base path: `.glass/`.
    pub prefix: &'static [u8],
    /// How many bytes of a POST to one of them, from this machine, are kept for [`Arrival::body`].
    pub keep_bodies: usize,
}

impl Internal {
    /// Whether this is for one of them.
    pub fn is_asked_for(&self, request: &Request<'_>, base: &BasePath) -> bool {
        let Target::Path { path, .. } = request.target else { return false };
        // Mostly it is not, and that can be seen without decoding: it is neither written there nor encoded.
        let is_written = || path.windows(self.prefix.len()).any(|part| part == self.prefix);
        let may_be = memchr::memchr(b'%', path).is_some() || is_written();
        may_be && base.below(path).is_some_and(|path| path.text().starts_with(self.prefix))
    }
}

/// Makes an observer for a worker; each has its own, so that they need not wait for each other.
pub type ObserverFactory<'a> = dyn Fn() -> Option<Box<dyn Observer>> + 'a;

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
    /// Where all of the site is, and the server's own with it.
    pub base: BasePath,
    /// What is the server's own, and not of the folder that it serves.
    pub internal: Option<Internal>,
    /// Who is asked whether a request may be answered at all.
    pub gate: Option<Arc<dyn Gate>>,
    /// Who takes bodies in (uploads); all others are read to their end and forgotten.
    pub uploads: Option<Arc<dyn Uploads>>,
    /// Proxies that are believed when they say for whom they ask, if any are.
    pub proxies: Option<Proxies>,
    /// Fields that every response has.
    pub fields: OwnFields,
    /// With it, all connections to ports speak TLS.
    #[cfg(feature = "tls")]
    pub tls: Option<Arc<rustls::ServerConfig>>,
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
            base: BasePath::default(),
            internal: None,
            gate: None,
            uploads: None,
            proxies: None,
            fields: OwnFields::default(),
            #[cfg(feature = "tls")]
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
        self.pool.stopper()
    }

    /// A handle that connects to the server from within.
    pub fn caller(&self) -> Caller {
        self.pool.caller()
    }

    /// Answers until it is stopped. Then no connection is accepted any more, idle ones are closed,
    /// and responses under way get [`Options::stop_timeout`] to finish.
    ///
    /// # Errors
    /// When a worker cannot be started, or its event loop fails; all others stop then, too.
    pub fn run(self, respond: &Responder<'_>, observers: &ObserverFactory<'_>) -> io::Result<()> {
        // Each worker has listeners of its own on the same sockets; these are not needed any more,
        // and once the workers stop listening nobody shall.
        drop(self.listeners);
        self.pool.run(respond, observers)
    }
}
