//! The thread pool: so many workers, each on a thread of its own, and the handles by which others reach them.
//!
//! Every worker listens. The kernel wakes one that sleeps, which accepts the connection and keeps
//! it, unless another worker has clearly fewer: then it goes into that one's mailbox (`shared.rs`). So a few
//! connections stay together on one core, whose caches are warm; while that worker is busy, another
//! is woken in its place; and many connections are spread in any case.

use super::Options;
use super::application::Application;
use super::events::{ObserverFactory, Observers};
use super::listen::Listener;
use super::shared::{Accepted, MAIL, Mailbox, Shared};
use super::worker::Worker;
use crate::base::platform::local::{self, LocalStream, PolledStream};
use crate::http::client::Client;
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;

/// The workers before they run.
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
            wakers.push(mio::Waker::new(poll.registry(), MAIL)?);
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
                let (observers, at_the_end) = (Observers::new(observers()), StopAtTheEnd(stopper.clone()));
                let builder = std::thread::Builder::new().name(format!("worker-{}", worker.number()));
                let thread = builder.spawn_scoped(scope, move || {
                    // A worker ends only when all do: nobody else would answer its connections.
                    let _at_the_end = at_the_end;
                    worker.run(application, observers)
                });
                match thread {
                    Ok(thread) => threads.push(thread),
                    // What was to be the thread's is dropped, and so the others stop.
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

/// Stops the server when it is dropped, be it by a panic.
struct StopAtTheEnd(Stopper);

impl Drop for StopAtTheEnd {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// Stops a running server from another thread.
#[derive(Debug, Clone)]
pub struct Stopper(pub(super) Arc<Shared>);

impl Stopper {
    /// Whether a connection is in the middle of something: a request on its way in, or a response on its
    /// way out.
    pub fn is_busy(&self) -> bool {
        self.0.is_busy()
    }

    /// Lets the server stop: see [`super::Server::run`]. To do it twice is the same as once.
    pub fn stop(&self) {
        self.0.stop();
    }
}

/// Shows from another thread whether the workers of a server are alive.
#[derive(Debug, Clone)]
pub struct Heartbeat(pub(super) Arc<Shared>);

impl Heartbeat {
    /// How many turns the event loop of each worker has begun. A worker that has nothing to do sleeps, and takes none.
    pub fn turns(&self) -> Vec<u64> {
        self.0.mailboxes().iter().map(Mailbox::turns).collect()
    }

    /// Lets each worker take a turn, soon.
    pub fn wake(&self) {
        self.0.wake_all();
    }
}

/// Connects to a running server from within, whatever it listens on.
#[derive(Debug, Clone)]
pub struct Caller(pub(super) Arc<Shared>);

impl Caller {
    /// The other end of a new connection. To the server it is one from this machine.
    ///
    /// # Errors
    /// When there is no descriptor left.
    pub fn connect(&self) -> io::Result<LocalStream> {
        let (ours, theirs) = local::pair()?;
        theirs.set_nonblocking(true)?;
        let socket = Box::new(PolledStream::from_std(theirs));
        let accepted = Accepted { socket, client: Client::Ip(Ipv4Addr::LOCALHOST.into()), by_port: false };
        match self.0.mailboxes().iter().min_by_key(|mailbox| mailbox.open()) {
            Some(least_busy) => least_busy.hand_over(accepted),
            None => unreachable!("there is a worker"),
        }
        Ok(ours)
    }
}
