//! The thread pool: the workers, each on a thread of its own, and the handles by which other threads reach them.
//!
//! ```text
//! Pool::run ──▶ thread "worker-0": Worker::run, until the server stops
//!           ──▶ thread "worker-1": ...
//! ```
//!
//! Every worker listens on every socket. The kernel wakes a worker that sleeps, the first in order. That one accepts the
//! connection and keeps it. So connections stay together on one core, whose caches are warm, and while that worker is
//! busy, another one is woken. If one has too much to do all the same, it gives connections to another: see
//! `balance.rs`.

use super::Options;
use super::application::Application;
use super::events::{ObserverFactory, Observers};
use super::listen::Listener;
use super::shared::{Accepted, Mailbox, Shared, WAKER};
use super::transport::ClientSocket;
use super::worker::Worker;
use crate::base::platform::local::{self, LocalStream, PolledStream};
use crate::http::client::Client;
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;

/// The workers, before they run.
#[derive(Debug)]
pub(super) struct Pool {
    workers: Vec<Worker>,
    shared: Arc<Shared>,
}

impl Pool {
    pub(super) fn new(listeners: &[Listener], options: Options) -> io::Result<Pool> {
        let mut polls = Vec::new();
        let mut wakers = Vec::new();
        for _ in 0..options.threads.max(1) {
            let poll = mio::Poll::new()?;
            wakers.push(mio::Waker::new(poll.registry(), WAKER)?);
            polls.push(poll);
        }
        let shared = Arc::new(Shared::new(options, wakers));
        let workers = polls
            .into_iter()
            .enumerate()
            .map(|(number, poll)| Worker::new(number, poll, listeners, Arc::clone(&shared)))
            .collect::<io::Result<_>>()?;
        Ok(Pool { workers, shared })
    }

    pub(super) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }

    /// Runs all workers, each on a thread of its own, and returns when they have ended.
    pub(super) fn run(
        self,
        application: &dyn Application,
        observers: &ObserverFactory<'_>,
    ) -> io::Result<()> {
        let stopper = Stopper(self.shared);
        std::thread::scope(|scope| {
            let mut threads = Vec::new();
            let mut result = Ok(());
            for worker in self.workers {
                let (observers, stop_on_drop) = (Observers::new(observers()), StopOnDrop(stopper.clone()));
                let builder = std::thread::Builder::new().name(format!("worker-{}", worker.number));
                let thread = builder.spawn_scoped(scope, move || {
                    // If one worker ends, all do: no other would answer its connections.
                    let _at_the_end = stop_on_drop;
                    worker.run(application, observers)
                });
                match thread {
                    Ok(thread) => threads.push(thread),
                    // The closure is dropped, and with it its StopOnDrop: so the others stop.
                    Err(error) => {
                        result = Err(error);
                        break;
                    }
                }
            }
            for thread in threads {
                let ended = thread.join().unwrap_or_else(|_| Err(io::Error::other("a worker panicked")));
                result = result.and(ended);
            }
            result
        })
    }
}

/// Stops the server when it is dropped, also by a panic.
struct StopOnDrop(Stopper);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// Stops a running server from another thread.
#[derive(Debug, Clone)]
pub struct Stopper(pub(super) Arc<Shared>);

impl Stopper {
    /// Whether a request is being received or a response sent on any connection.
    pub fn is_busy(&self) -> bool {
        self.0.is_busy()
    }

    /// Begins to stop the server: see [`super::Server::run`]. It does not matter how often it is called.
    pub fn stop(&self) {
        self.0.stop();
    }
}

/// Shows from another thread whether the workers of a server are alive.
#[derive(Debug, Clone)]
pub struct Heartbeat(pub(super) Arc<Shared>);

impl Heartbeat {
    /// How many turns the event loop of each worker has begun. A worker that has nothing to do sleeps, and begins none.
    pub fn turns(&self) -> Vec<u64> {
        self.0.mailboxes().iter().map(Mailbox::turns).collect()
    }

    /// Wakes each worker, so that it begins a turn.
    pub fn wake(&self) {
        self.0.wake_all();
    }
}

/// Connects to a running server from within its process, whatever the server listens on.
#[derive(Debug, Clone)]
pub struct Caller(pub(super) Arc<Shared>);

impl Caller {
    /// Makes a connection, and returns the client's end of it. For the server the client is on this machine.
    ///
    /// # Errors
    /// When the system has no descriptor left.
    pub fn connect(&self) -> io::Result<LocalStream> {
        let (ours, theirs) = local::pair()?;
        theirs.set_nonblocking(true)?;
        let socket = ClientSocket::Other(Box::new(PolledStream::from_std(theirs)));
        let accepted = Accepted { socket, client: Client::Ip(Ipv4Addr::LOCALHOST.into()), by_port: false };
        match self.0.mailboxes().iter().min_by_key(|mailbox| mailbox.open()) {
            Some(least_busy) => least_busy.hand_over(accepted),
            None => unreachable!("there is a worker"),
        }
        Ok(ours)
    }
}
