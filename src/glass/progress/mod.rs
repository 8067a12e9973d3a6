//! Progress lines at the bottom of a terminal: transfers that take longer than two seconds, and how far they are.
//!
//! ```text
//! 14:29:01  200  GET /index.html  1.2 kB  0.3 ms                        the log, above and undisturbed
//! ↓  45%    315 MB of 700 MB  10.2 MB/s   0:37 left  192.168.1.20  /big.iso
//! ↑                  12.0 MB   3.1 MB/s              192.168.1.21  /clip.mov
//! and 3 more
//! ```
//!
//! A worker keeps in an atomic number how far a transfer is. When the transfer has taken long enough, the worker hands
//! it over, once, to a thread that draws; it never waits. That thread draws a few times a second, and only while there
//! is something to draw. A line is removed when its transfer ends, and when the server ends. `screen.rs` is how lines
//! are drawn on the terminal, and how other output is written above them ([`aside`]).

mod screen;

pub use screen::aside;

use crate::base::human;
use crate::base::human::write_escaped;
use crate::server::{Event, Exchange, Interests, Observer, Receiving, Sending};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

/// A transfer gets a line when it has taken this long.
const SHOW_AFTER: Duration = Duration::from_secs(2);

/// How often lines are redrawn.
const REDRAW_PAUSE: Duration = Duration::from_millis(250);

/// How many lines there are at most, besides the one that says how many more transfers there are.
const MAX_LINES: usize = 5;

/// The rate of a transfer is its average over this time.
const RATE_WINDOW: Duration = Duration::from_secs(5);

/// How many bytes of a target are shown. The terminal may be narrower.
const MAX_TARGET: usize = 100;

/// How long the end of the server may wait until the lines are removed: the terminal may be stuck.
const END_TIMEOUT: Duration = Duration::from_secs(1);

/// The progress lines: a thread that draws them.
#[derive(Debug)]
pub struct Progress {
    queue: Sender<Arc<Transfer>>,
    /// Closed when the thread has ended.
    drawing: Receiver<()>,
}

/// A transfer, shared by its worker and the thread that draws. It is over when the worker has dropped its reference.
#[derive(Debug)]
struct Transfer {
    /// It is an upload.
    incoming: bool,
    /// The target of the request, escaped.
    target: String,
    client: String,
    began: Instant,
    /// How many bytes there are, if that is known.
    length: Option<u64>,
    /// How many bytes are transferred.
    done: AtomicU64,
}

impl Progress {
    /// Draws on standard error, if that is a terminal that can move its cursor.
    pub fn start() -> Option<Progress> {
        let screen = screen::open()?;
        let (queue, transfers) = mpsc::channel();
        let (ended, drawing) = mpsc::sync_channel::<()>(0);
        let draw = move || {
            draw(&transfers, &screen);
            drop(ended);
        };
        std::thread::Builder::new().name("progress".to_owned()).spawn(draw).ok()?;
        Some(Progress { queue, drawing })
    }

    /// An observer for one worker.
    pub fn observer(&self) -> WorkerProgress {
        WorkerProgress { queue: self.queue.clone(), transfers: HashMap::new(), check_at: None }
    }

    /// Removes the lines, when all observers are gone.
    pub fn finish(self) {
        drop(self.queue);
        // Nothing is ever sent on this channel. It is closed when the thread ends, and that ends the wait.
        let _ = self.drawing.recv_timeout(END_TIMEOUT);
    }
}

impl Transfer {
    fn new(incoming: bool, exchange: &Exchange, length: Option<u64>) -> Transfer {
        Transfer {
            incoming,
            target: target(&exchange.request_line),
            client: exchange.real_client().to_string(),
            began: exchange.began,
            length,
            done: AtomicU64::new(0),
        }
    }
}

/// The observer of one worker.
#[derive(Debug)]
pub struct WorkerProgress {
    queue: Sender<Arc<Transfer>>,
    /// The transfers, by connection: each connection has one at a time.
    transfers: HashMap<u64, Tracked>,
    /// When one of them may have taken long enough to get a line.
    check_at: Option<Instant>,
}

#[derive(Debug)]
struct Tracked {
    /// The place of its exchange among those of its connection.
    number: u32,
    transfer: Arc<Transfer>,
    is_shown: bool,
}

impl WorkerProgress {
    /// Notes how far a transfer is. `new` makes it if it is a new one.
    fn note(&mut self, exchange: &Exchange, done: u64, new: impl FnOnce() -> Transfer) {
        let Exchange { connection, number, .. } = *exchange;
        if let Some(tracked) = self.transfers.get(&connection)
            && tracked.number == number
        {
            return tracked.transfer.done.store(done, Ordering::Relaxed);
        }
        let transfer = new();
        transfer.done.store(done, Ordering::Relaxed);
        self.check_at.get_or_insert(transfer.began + SHOW_AFTER);
        let tracked = Tracked { number, transfer: Arc::new(transfer), is_shown: false };
        self.transfers.insert(connection, tracked);
    }
}

impl Observer for WorkerProgress {
    fn interests(&self) -> Interests {
        Interests { connections: true, text: true, ..Interests::default() }
    }

    fn notice(&mut self, event: &Event<'_>, _now: Instant) {
        match event {
            Event::Receiving(Receiving { exchange, received, length }) => {
                self.note(exchange, *received, || Transfer::new(true, exchange, *length));
            }
            // The server's own pages are left out: a stream of events goes on for hours, and is not a download.
            Event::Sending(Sending { exchange, body_sent, body_length }) if !exchange.is_internal => {
                // The length of a stream is not known: `body_length` is what was sent of it.
                let length = (body_length > body_sent).then_some(*body_length);
                self.note(exchange, *body_sent, || Transfer::new(false, exchange, length));
            }
            Event::Ended(Exchange { connection, .. }) | Event::Closed { connection } => {
                if !self.transfers.is_empty() {
                    self.transfers.remove(connection);
                }
            }
            Event::Opened { .. }
            | Event::Left
            | Event::Came
            | Event::Sending(_)
            | Event::Rejected
            | Event::Turn { .. } => {}
        }
    }

    fn wake_at(&self) -> Option<Instant> {
        self.check_at
    }

    /// Hands over the transfers that have taken long enough.
    fn wake(&mut self) {
        let now = Instant::now();
        if self.check_at.is_none_or(|at| at > now) {
            return;
        }
        let mut next = None;
        for tracked in self.transfers.values_mut().filter(|tracked| !tracked.is_shown) {
            let at = tracked.transfer.began + SHOW_AFTER;
            if at <= now {
                tracked.is_shown = true;
                // This fails only if the thread has ended, and the lines with it.
                let _ = self.queue.send(Arc::clone(&tracked.transfer));
            } else {
                next = Some(next.map_or(at, |next: Instant| next.min(at)));
            }
        }
        // There may be thousands of them, each with a time of its own, so all are checked only now and then.
        self.check_at = next.map(|next| next.max(now + REDRAW_PAUSE));
    }
}

/// The target in a request line, escaped as in the log.
fn target(request_line: &[u8]) -> String {
    let target = request_line.split(|&byte| byte == b' ').nth(1).unwrap_or_default();
    let mut text = String::new();
    write_escaped(&mut text, &target[..target.len().min(MAX_TARGET)]);
    if target.len() > MAX_TARGET {
        text.push_str("...");
    }
    text
}

// ---- the thread that draws

/// A transfer that has a line, or would have one if there were room.
struct Shown {
    transfer: Arc<Transfer>,
    /// How far it was at earlier times, the first of them [`RATE_WINDOW`] ago or a little more.
    past: VecDeque<(Instant, u64)>,
}

impl Shown {
    fn new(transfer: Arc<Transfer>) -> Shown {
        let past = VecDeque::from([(transfer.began, 0)]);
        Shown { transfer, past }
    }

    /// Its line at this time.
    fn line(&mut self, now: Instant) -> String {
        let done = self.transfer.done.load(Ordering::Relaxed);
        self.past.push_back((now, done));
        while self.past.get(1).is_some_and(|(at, _)| now.saturating_duration_since(*at) >= RATE_WINDOW) {
            self.past.pop_front();
        }
        let (at, before) = self.past[0];
        let milliseconds = now.saturating_duration_since(at).as_millis().max(1);
        let rate = u128::from(done.saturating_sub(before)) * 1000 / milliseconds;
        line(&self.transfer, done, u64::try_from(rate).unwrap_or(u64::MAX))
    }
}

/// The line of a transfer of which `done` bytes are transferred, at `rate` bytes a second.
fn line(transfer: &Transfer, done: u64, rate: u64) -> String {
    let arrow = if transfer.incoming { '↑' } else { '↓' };
    let (mut share, mut amount, mut left) = (String::new(), human::Bytes(done).to_string(), String::new());
    if let Some(length) = transfer.length {
        let percent = u128::from(done) * 100 / u128::from(length.max(1));
        share = format!("{percent}%");
        amount = format!("{amount} of {}", human::Bytes(length));
        left = match length.saturating_sub(done).checked_div(rate) {
            Some(seconds) => format!("{} left", Clock(seconds)),
            None => "stalled".to_owned(),
        };
    }
    let rate = format!("{}/s", human::Bytes(rate));
    let Transfer { target, client, .. } = transfer;
    format!("{arrow} {share:>4}  {amount:>18}  {rate:>9}  {left:>10}  {client}  {target}")
}

/// Seconds in the form of a clock: `0:07`, `1:02:03`.
struct Clock(u64);

impl std::fmt::Display for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (hours, minutes, seconds) = (self.0 / 3600, self.0 / 60 % 60, self.0 % 60);
        match hours {
            0 => write!(f, "{minutes}:{seconds:02}"),
            1..100 => write!(f, "{hours}:{minutes:02}:{seconds:02}"),
            _ => write!(f, "days"),
        }
    }
}

/// Draws until all observers are gone.
fn draw(transfers: &Receiver<Arc<Transfer>>, screen: &MultiProgress) {
    let mut shown: Vec<Shown> = Vec::new();
    let mut bar = None;
    loop {
        if shown.is_empty() {
            match transfers.recv() {
                Ok(transfer) => shown.push(Shown::new(transfer)),
                Err(_) => break,
            }
        }
        shown.extend(transfers.try_iter().map(Shown::new));
        shown.retain(|one| Arc::strong_count(&one.transfer) > 1);
        let now = Instant::now();
        let mut lines: Vec<String> = shown.iter_mut().map(|one| one.line(now)).take(MAX_LINES).collect();
        if shown.len() > MAX_LINES {
            lines.push(format!("and {} more", shown.len() - MAX_LINES));
        }
        show(lines, &mut bar, screen);
        if !shown.is_empty() && !pause(transfers, &mut shown) {
            break;
        }
    }
    show(Vec::new(), &mut bar, screen);
}

/// Takes new transfers until it is time to redraw. Returns false if there will be no more.
fn pause(transfers: &Receiver<Arc<Transfer>>, shown: &mut Vec<Shown>) -> bool {
    let until = Instant::now() + REDRAW_PAUSE;
    loop {
        match transfers.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(transfer) => shown.push(Shown::new(transfer)),
            Err(RecvTimeoutError::Timeout) => return true,
            Err(RecvTimeoutError::Disconnected) => return false,
        }
    }
}

/// Shows these lines and no others. For `indicatif` they are one bar, so that all of them are drawn at once.
fn show(mut lines: Vec<String>, bar: &mut Option<ProgressBar>, screen: &MultiProgress) {
    if lines.is_empty() {
        if let Some(bar) = bar.take() {
            bar.finish_and_clear();
            screen.remove(&bar);
        }
        return;
    }
    let width = screen::width();
    for line in &mut lines {
        // All characters in it are one column wide.
        if let Some((end, _)) = line.char_indices().nth(width) {
            line.truncate(end);
        }
    }
    let bar = bar.get_or_insert_with(|| {
        let style = ProgressStyle::with_template("{msg}").expect("a good template");
        screen.add(ProgressBar::new_spinner().with_style(style))
    });
    bar.set_message(lines.join("\n"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transfer(incoming: bool, length: Option<u64>) -> Transfer {
        let (target, client) = ("/big.iso".to_owned(), "127.0.0.1".to_owned());
        Transfer { incoming, target, client, began: Instant::now(), length, done: AtomicU64::new(0) }
    }

    #[test]
    fn a_line_says_how_far_how_fast_and_how_long() {
        let table = [
            (
                false,
                Some(700_000_000),
                315_000_000,
                10_200_000,
                "↓  45%    315 MB of 700 MB  10.2 MB/s   0:37 left",
            ),
            (false, Some(1000), 1000, 1000, "↓ 100%    1.0 kB of 1.0 kB   1.0 kB/s   0:00 left"),
            (false, Some(1000), 10, 0, "↓   1%      10 B of 1.0 kB      0 B/s     stalled"),
            (false, Some(36_610_000), 0, 1000, "↓   0%      0 B of 36.6 MB   1.0 kB/s  10:10:10 left"),
            (true, None, 12_000_000, 3_100_000, "↑                  12.0 MB   3.1 MB/s            "),
        ];
        for (incoming, length, done, rate, expected) in table {
            let found = line(&transfer(incoming, length), done, rate);
            assert_eq!(found, format!("{expected}  127.0.0.1  /big.iso"));
        }
    }

    #[test]
    fn a_target_cannot_control_a_terminal() {
        let table: [(&[u8], &str); 4] = [
            (b"GET /a%20b HTTP/1.1", "/a%20b"),
            (b"GET /\x1b[2J\xe2\x80\xae\n HTTP/1.1", "/\\x1b[2J\\xe2\\x80\\xae\\x0a"),
            (b"", ""),
            (b"GET", ""),
        ];
        for (request_line, expected) in table {
            assert_eq!(target(request_line), expected);
        }
        assert_eq!(target(&[b"GET /".as_slice(), &[b'x'; 9000]].concat()).len(), MAX_TARGET + 3);
    }

    #[test]
    fn the_rate_is_that_of_the_last_seconds() {
        let mut one = Shown::new(Arc::new(transfer(false, Some(1_000_000))));
        let began = one.transfer.began;
        let mut at = |seconds: u64, done: u64| {
            one.transfer.done.store(done, Ordering::Relaxed);
            one.line(began + Duration::from_secs(seconds))
        };
        assert!(at(2, 20_000).contains(" 10.0 kB/s "));
        assert!(at(4, 80_000).contains(" 20.0 kB/s "));
        assert!(at(9, 80_000).contains(" 0 B/s     stalled "));
    }
}
