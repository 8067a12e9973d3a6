//! The thread pool: so many workers, and who gets a new connection.
//!
//! Every worker listens. The kernel wakes one that sleeps, which accepts the connection and keeps
//! it, unless another worker has clearly fewer: then it goes into that one's inbox. So a few
//! connections stay together on one core, whose caches are warm; while that worker is busy, another
//! is woken in its place; and many connections are spread in any case.

use super::listen::Listener;
use super::transport::Socket;
use super::worker::Worker;
use super::{ObserverFactory, Options, Responder};
use crate::base::budget::Budget;
use crate::base::platform::local::{self, LocalStream, PolledStream};
use crate::http::client::Client;
use mio::Waker;
use std::io;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// How much memory large answers that were made may take in all while they wait to be sent, in bytes. A
/// file waits on disk, or in the cache that all share. But a listing is made for one request, and a client
/// that asks for a large one and does not read it leaves it in our memory; a thousand such clients would
/// leave a thousand. When this is spent, the answer is 503 until somebody has read theirs.
const LARGE_ANSWERS: usize = 256 * 1024 * 1024;

/// The workers before they run.
#[derive(Debug)]
pub(super) struct Pool {
    workers: Vec<Worker>,
    shared: Arc<Shared>,
}

/// What workers know of each other.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) options: Options,
    /// The memory for large answers.
    pub(super) budget: Arc<Budget>,
    stopping: AtomicBool,
    /// How many connections have got a number.
    numbered: AtomicU64,
    desks: Vec<Desk>,
}

/// Where a worker is reached by others.
#[derive(Debug)]
pub(super) struct Desk {
    /// How many connections it has, those in its inbox included.
    open: AtomicUsize,
    /// How many of these wait for a request.
    idle: AtomicUsize,
    /// Connections that others accepted for it.
    inbox: Mutex<Vec<Newcomer>>,
    waker: Waker,
}

/// A connection that was just accepted.
#[derive(Debug)]
pub(super) struct Newcomer {
    pub(super) socket: Box<dyn Socket>,
    pub(super) client: Client,
    /// It came by a port, and not by a way within this machine: it is to speak TLS, if any does.
    #[cfg_attr(not(feature = "tls"), expect(dead_code, reason = "then none does"))]
    pub(super) by_port: bool,
}

/// Who is to have a new connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Placement {
    /// The worker that accepted it.
    Here,
    /// The worker of this number.
    There(usize),
}

/// A worker that has so many more connections than another gives a new one away, even if it has time
/// for it. Fewer are not worth a second core: one answers small requests by the hundred thousand,
/// and on a machine where the clients run, too, they would get in each other's way (measured with
/// two cores and 64 connections: 15 % more requests, a fifth of the 99th percentile's latency).
const CLEARLY_MORE: usize = 64;

impl Pool {
    pub(super) fn new(listeners: &[Listener], options: Options) -> io::Result<Pool> {
        let mut polls = Vec::new();
        let mut desks = Vec::new();
        for _ in 0..options.threads.max(1) {
            let poll = mio::Poll::new()?;
            let waker = Waker::new(poll.registry(), super::worker::WAKER)?;
            desks.push(Desk {
                open: AtomicUsize::new(0),
                idle: AtomicUsize::new(0),
                inbox: Mutex::default(),
                waker,
            });
            polls.push(poll);
        }
        let shared = Arc::new(Shared {
            options,
            budget: Budget::new(LARGE_ANSWERS),
            stopping: AtomicBool::new(false),
            numbered: AtomicU64::new(0),
            desks,
        });
        let workers = polls
            .into_iter()
            .enumerate()
            .map(|(number, poll)| Worker::new(number, poll, listeners, Arc::clone(&shared)))
            .collect::<io::Result<_>>()?;
        Ok(Pool { workers, shared })
    }

    pub(super) fn stopper(&self) -> Stopper {
        Stopper(Arc::clone(&self.shared))
    }

    pub(super) fn caller(&self) -> Caller {
        Caller(Arc::clone(&self.shared))
    }

    /// Runs all workers, each on a thread of its own, and returns when they have ended.
    pub(super) fn run(self, respond: &Responder<'_>, observers: &ObserverFactory<'_>) -> io::Result<()> {
        let stopper = self.stopper();
        std::thread::scope(|scope| {
            let mut threads = Vec::new();
            let mut result = Ok(());
            for worker in self.workers {
                let (observer, at_the_end) = (observers(), StopAtTheEnd(stopper.clone()));
                let builder = std::thread::Builder::new().name(format!("worker-{}", worker.number()));
                let thread = builder.spawn_scoped(scope, move || {
                    // A worker ends only when all do: nobody else would answer its connections.
                    let _at_the_end = at_the_end;
                    worker.run(respond, observer)
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

impl Shared {
    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    pub(super) fn desk(&self, worker: usize) -> &Desk {
        &self.desks[worker]
    }

    /// A number for a connection: 1, 2, 3.
    pub(super) fn number_a_connection(&self) -> u64 {
        self.numbered.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Whether all workers together have as many connections as they may.
    pub(super) fn is_full(&self) -> bool {
        self.open_connections() >= self.options.max_connections
    }

    /// How many connections all workers have together.
    pub(super) fn open_connections(&self) -> usize {
        self.desks.iter().map(Desk::open).sum()
    }

    /// Who is to have a connection that this worker has accepted.
    pub(super) fn place(&self, here: usize) -> Placement {
        let mine = self.desks[here].open();
        let least = self.desks.iter().map(Desk::open).enumerate().min_by_key(|&(_, open)| open);
        match least {
            Some((there, open)) if there != here && open + CLEARLY_MORE <= mine => Placement::There(there),
            _ => Placement::Here,
        }
    }

    /// The worker other than this one that has the most idle connections, if any has one.
    pub(super) fn who_has_idle_ones(&self, here: usize) -> Option<usize> {
        let idle = self.desks.iter().map(|desk| desk.idle.load(Ordering::Relaxed)).enumerate();
        let others = idle.filter(|&(worker, idle)| worker != here && idle > 0);
        others.max_by_key(|&(_, idle)| idle).map(|(worker, _)| worker)
    }
}

impl Desk {
    fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// The worker has one connection more.
    pub(super) fn count_one(&self) {
        self.open.fetch_add(1, Ordering::Relaxed);
    }

    /// The worker has one connection less.
    pub(super) fn discount_one(&self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }

    /// One connection more of the worker's is idle.
    pub(super) fn count_idle(&self) {
        self.idle.fetch_add(1, Ordering::Relaxed);
    }

    /// One connection less of the worker's is idle.
    pub(super) fn discount_idle(&self) {
        self.idle.fetch_sub(1, Ordering::Relaxed);
    }

    /// Puts a connection into the worker's inbox, and wakes it if it has not been yet.
    pub(super) fn hand_over(&self, newcomer: Newcomer) {
        self.count_one();
        let was_empty = {
            let mut inbox = self.inbox.lock().unwrap_or_else(PoisonError::into_inner);
            inbox.push(newcomer);
            inbox.len() == 1
        };
        if was_empty {
            // It fails only if the worker is gone, and the server with it.
            let _ = self.waker.wake();
        }
    }

    /// Takes what is in the inbox.
    pub(super) fn take_inbox(&self) -> Vec<Newcomer> {
        std::mem::take(&mut *self.inbox.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Stops a running server from another thread.
#[derive(Debug, Clone)]
pub struct Stopper(Arc<Shared>);

impl Stopper {
    /// Whether a connection is in the middle of something: a request on its way in, or an answer on its
    /// way out.
    pub fn is_busy(&self) -> bool {
        self.0.desks.iter().any(|desk| desk.open() > desk.idle.load(Ordering::Relaxed))
    }

    /// Lets the server stop: see [`super::Server::run`]. To do it twice is the same as once.
    pub fn stop(&self) {
        self.0.stopping.store(true, Ordering::Release);
        for desk in &self.0.desks {
            let _ = desk.waker.wake();
        }
    }
}

/// Connects to a running server from within, whatever it listens on.
#[derive(Debug, Clone)]
pub struct Caller(Arc<Shared>);

impl Caller {
    /// The other end of a new connection. To the server it is one from this machine.
    ///
    /// # Errors
    /// When there is no descriptor left.
    pub fn connect(&self) -> io::Result<LocalStream> {
        let (ours, theirs) = local::pair()?;
        theirs.set_nonblocking(true)?;
        let socket = Box::new(PolledStream::from_std(theirs));
        let newcomer = Newcomer { socket, client: Client::Ip(Ipv4Addr::LOCALHOST.into()), by_port: false };
        match self.0.desks.iter().min_by_key(|desk| desk.open()) {
            Some(least_busy) => least_busy.hand_over(newcomer),
            None => unreachable!("there is a worker"),
        }
        Ok(ours)
    }
}
