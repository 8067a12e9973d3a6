//! What the workers share: a mailbox for each, how much each has to do, and whether the server stops.
//!
//! ```text
//! worker 0 ─Connection─▶ Mailbox of worker 1 ──▶ worker 1 wakes up, and takes the connection
//! any thread ──key─────▶ Mailbox of worker 1 ──▶ worker 1 wakes up, and gives that connection a turn
//! ```
//!
//! These mailboxes have the only locks that workers share, and each is held for a few instructions. What goes into them,
//! and when, is decided in `balance.rs`.

use super::Options;
use super::connection::Connection;
use super::transport::ClientSocket;
use crate::base::budget::Budget;
use crate::http::client::Client;
use mio::Token;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};
use std::time::{Duration, Instant};

/// The token of a worker's waker: something has been put into its mailbox.
pub(super) const WAKER: Token = Token(usize::MAX);

/// How much memory all large responses together may take while they wait to be sent, in bytes. A file waits on disk, or
/// in the cache that all requests share. But a listing is made for one request, and a client that asks for a large one
/// and does not read it leaves it in our memory; a thousand such clients would leave a thousand. When this memory is
/// spent, the response is 503, until some of it has been sent.
const LARGE_RESPONSES: usize = 256 * 1024 * 1024;

/// What a worker has said of itself is forgotten after this time: since then, it sleeps.
const FORGOTTEN: Duration = Duration::from_millis(250);

/// What all workers share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) options: Options,
    /// The memory for large responses.
    pub(super) budget: Arc<Budget>,
    /// When the server was made.
    started: Instant,
    stopping: AtomicBool,
    /// The last number that was given to a connection.
    last_number: AtomicU64,
    mailboxes: Vec<Mailbox>,
}

/// Where other threads reach a worker, and what they see of it.
// Processors share memory in lines, two of which are fetched at once. A worker writes to its own with each request.
#[derive(Debug)]
#[repr(align(128))]
pub(super) struct Mailbox {
    /// How many connections the worker has, those in its mailbox included.
    open: AtomicUsize,
    /// How many of these wait for a request.
    idle: AtomicUsize,
    /// How many turns its event loop has begun: as long as this number grows, the worker is alive.
    turns: AtomicU64,
    /// How busy it was lately: see [`Shared::load`].
    load: AtomicU64,
    mail: Mutex<Mail>,
    waker: mio::Waker,
}

/// Why connections come from another worker.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gift {
    /// The other worker.
    pub(super) from: usize,
    /// It gives all that it has to do, and not half.
    pub(super) all: bool,
}

/// How busy a worker was, as shares of the time.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Load {
    /// When it was awake.
    pub(super) busy: f64,
    /// When it was on a core.
    pub(super) on_core: f64,
}

impl Load {
    /// It is written in a byte, of which this is the whole.
    const WHOLE: f64 = 200.0;

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is clamped")]
    fn byte(share: f64) -> u64 {
        (share * Load::WHOLE).clamp(0.0, 255.0) as u64
    }
}

/// What is in a mailbox.
#[derive(Debug, Default)]
pub(super) struct Mail {
    /// Connections that others have accepted for this one.
    pub(super) accepted: Vec<Accepted>,
    /// Connections that other workers have given to this one, between two requests.
    pub(super) moved: Vec<Connection<ClientSocket>>,
    /// Who has given them, and why.
    pub(super) gift: Option<Gift>,
    /// The connections whose wakers were called.
    woken: Vec<Arc<ConnectionWaker>>,
}

impl Mail {
    fn is_empty(&self) -> bool {
        self.accepted.is_empty() && self.moved.is_empty() && self.woken.is_empty()
    }

    /// The keys of the connections whose wakers were called.
    pub(super) fn woken(&self) -> impl Iterator<Item = usize> {
        self.woken.iter().map(|waker| {
            waker.is_posted.store(false, Ordering::Release);
            waker.key
        })
    }
}

/// A connection that was just accepted.
#[derive(Debug)]
pub(super) struct Accepted {
    pub(super) socket: ClientSocket,
    pub(super) client: Client,
    /// It came through a TCP port, and not from within this machine: if the server has TLS, it is to speak TLS.
    pub(super) by_port: bool,
}

impl Shared {
    /// For as many workers as there are wakers.
    pub(super) fn new(options: Options, wakers: Vec<mio::Waker>) -> Shared {
        Shared {
            options,
            budget: Budget::new(LARGE_RESPONSES),
            started: Instant::now(),
            stopping: AtomicBool::new(false),
            last_number: AtomicU64::new(0),
            mailboxes: wakers.into_iter().map(Mailbox::new).collect(),
        }
    }

    /// Tells all workers that the server is to stop.
    pub(super) fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
        self.wake_all();
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// Wakes each worker that sleeps.
    pub(super) fn wake_all(&self) {
        for mailbox in &self.mailboxes {
            mailbox.wake();
        }
    }

    pub(super) fn mailbox(&self, worker: usize) -> &Mailbox {
        &self.mailboxes[worker]
    }

    pub(super) fn mailboxes(&self) -> &[Mailbox] {
        &self.mailboxes
    }

    /// The number of the next connection: 1, 2, 3.
    pub(super) fn next_connection_number(&self) -> u64 {
        self.last_number.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Whether all workers together have as many connections as the limit allows.
    pub(super) fn is_full(&self) -> bool {
        self.open_connections() >= self.options.max_connections
    }

    /// How many connections all workers have together.
    pub(super) fn open_connections(&self) -> usize {
        self.mailboxes.iter().map(Mailbox::open).sum()
    }

    /// Whether any connection is not idle.
    pub(super) fn is_busy(&self) -> bool {
        self.mailboxes.iter().any(|mailbox| mailbox.open() > mailbox.idle.load(Ordering::Relaxed))
    }

    /// How busy a worker was in the last window that it has finished; not at all, if that is long ago.
    pub(super) fn load(&self, worker: usize, now: Instant) -> Load {
        let [on_core, busy, time @ ..] = self.mailboxes[worker].load.load(Ordering::Relaxed).to_be_bytes();
        let milliseconds = time.into_iter().fold(0, |number, byte| number << 8 | u64::from(byte));
        let age = now.saturating_duration_since(self.started + Duration::from_millis(milliseconds));
        if age > FORGOTTEN {
            return Load::default();
        }
        Load { busy: f64::from(busy) / Load::WHOLE, on_core: f64::from(on_core) / Load::WHOLE }
    }

    /// Says how busy this worker was until now. No other thread writes this.
    pub(super) fn set_load(&self, worker: usize, load: Load, now: Instant) {
        let since = u64::try_from(now.saturating_duration_since(self.started).as_millis()).unwrap_or(0);
        let packed = Load::byte(load.on_core) << 56 | Load::byte(load.busy) << 48 | since & ((1 << 48) - 1);
        self.mailboxes[worker].load.store(packed, Ordering::Relaxed);
    }

    /// The worker other than `here` that has the most idle connections, if any of them has one.
    pub(super) fn most_idle(&self, here: usize) -> Option<usize> {
        let idle = self.mailboxes.iter().map(|mailbox| mailbox.idle.load(Ordering::Relaxed)).enumerate();
        let others = idle.filter(|&(worker, idle)| worker != here && idle > 0);
        others.max_by_key(|&(_, idle)| idle).map(|(worker, _)| worker)
    }

    /// A waker for a connection of this worker: see [`crate::answer::Arrival::waker`].
    pub(super) fn waker(self: &Arc<Shared>, worker: usize, key: usize) -> Waker {
        let is_posted = AtomicBool::new(false);
        Arc::new(ConnectionWaker { shared: Arc::clone(self), worker, key, is_posted }).into()
    }
}

/// Wakes a connection. If that is closed by then, its key may belong to another one, which gets a turn for nothing.
#[derive(Debug)]
struct ConnectionWaker {
    shared: Arc<Shared>,
    worker: usize,
    key: usize,
    /// It is in the mailbox already, and once is enough.
    is_posted: AtomicBool,
}

impl Wake for ConnectionWaker {
    fn wake(self: Arc<ConnectionWaker>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<ConnectionWaker>) {
        if !self.is_posted.swap(true, Ordering::AcqRel) {
            self.shared.mailbox(self.worker).post(|mail| mail.woken.push(Arc::clone(self)));
        }
    }
}

impl Mailbox {
    fn new(waker: mio::Waker) -> Mailbox {
        Mailbox {
            open: AtomicUsize::new(0),
            idle: AtomicUsize::new(0),
            turns: AtomicU64::new(0),
            load: AtomicU64::new(0),
            mail: Mutex::default(),
            waker,
        }
    }

    /// How many connections the worker has.
    pub(super) fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// The worker has one connection more.
    pub(super) fn add_open(&self) {
        self.open.fetch_add(1, Ordering::Relaxed);
    }

    /// The worker has one connection less.
    pub(super) fn remove_open(&self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }

    /// One connection more of the worker's is idle.
    pub(super) fn add_idle(&self) {
        self.idle.fetch_add(1, Ordering::Relaxed);
    }

    /// One connection less of the worker's is idle.
    pub(super) fn remove_idle(&self) {
        self.idle.fetch_sub(1, Ordering::Relaxed);
    }

    /// The worker begins a turn of its loop. No other thread writes this number.
    pub(super) fn count_turn(&self) {
        self.turns.store(self.turns().wrapping_add(1), Ordering::Relaxed);
    }

    /// How many turns the worker has begun.
    pub(super) fn turns(&self) -> u64 {
        self.turns.load(Ordering::Relaxed)
    }

    /// Gives a connection to the worker, between two requests. It is counted as the worker's already.
    pub(super) fn give(&self, connection: Connection<ClientSocket>, gift: Gift) {
        self.post(|mail| {
            mail.moved.push(connection);
            mail.gift = Some(gift);
        });
    }

    /// Hands a new connection over to the worker.
    pub(super) fn hand_over(&self, accepted: Accepted) {
        self.add_open();
        self.post(|mail| mail.accepted.push(accepted));
    }

    /// Puts something into the mailbox, and wakes the worker if the mailbox was empty.
    fn post(&self, put: impl FnOnce(&mut Mail)) {
        let was_empty = {
            let mut mail = self.mail();
            let was_empty = mail.is_empty();
            put(&mut mail);
            was_empty
        };
        if was_empty {
            self.wake();
        }
    }

    /// Takes what is in the mailbox.
    pub(super) fn take(&self) -> Mail {
        std::mem::take(&mut *self.mail())
    }

    fn mail(&self) -> MutexGuard<'_, Mail> {
        self.mail.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self) {
        // This fails only if the worker has ended, and the server with it.
        let _ = self.waker.wake();
    }
}
