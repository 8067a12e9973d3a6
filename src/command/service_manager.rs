//! What is said to the service manager that has started us: systemd, or one that speaks as it does.
//!
//! ```text
//! READY=1            it answers from now on, and units that wait for it may start
//! STATUS=...         a line that `systemctl status` shows
//! RELOADING=1        after SIGHUP, until the next READY=1
//! STOPPING=1         it answers what is under way, and ends
//! WATCHDOG=1         the workers are alive; without it for too long we are started anew
//! ```
//!
//! The protocol is datagrams to the socket that `NOTIFY_SOCKET` names (sd_notify(3)): a path, or a name
//! without a file if it begins with `@`. Nobody answers, and if nobody listens that is no reason not to serve.
//! One socket, connected at the start, serves for all of it, since later the sandbox lets us reach no other.

use crate::base::platform::local::{LocalDatagram, datagrams_to};
use crate::base::platform::process;
use crate::server::{Exchange, Observer};
use std::env;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Variables that are meant for this process, and not for one that it starts.
pub const VARIABLES: [&str; 6] =
    ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"];

/// Who has started us and wants to know how it goes.
#[derive(Debug)]
pub struct ServiceManager {
    socket: LocalDatagram,
    /// How often it wants to hear that the workers are alive: after half of that time.
    watchdog: Option<Duration>,
    pulses: Mutex<Vec<Arc<AtomicU64>>>,
    began: Instant,
}

impl ServiceManager {
    /// The one that the environment names, if it names one.
    ///
    /// # Errors
    /// When it cannot be reached.
    pub fn from_environment() -> io::Result<Option<Arc<ServiceManager>>> {
        let Some(address) = env::var_os("NOTIFY_SOCKET").filter(|address| !address.is_empty()) else {
            return Ok(None);
        };
        let number = |name: &str| env::var(name).ok()?.parse::<u64>().ok();
        let is_ours = number("WATCHDOG_PID").is_none_or(|pid| pid == u64::from(std::process::id()));
        let watchdog = number("WATCHDOG_USEC").filter(|&time| time > 0 && is_ours).map(Duration::from_micros);
        let (socket, pulses) = (datagrams_to(&address)?, Mutex::default());
        Ok(Some(Arc::new(ServiceManager { socket, watchdog, pulses, began: Instant::now() })))
    }

    /// It answers.
    pub fn ready(&self, status: &str) {
        self.tell(&format!("READY=1\nSTATUS={status}"));
    }

    /// It is about to read again what it read at the start.
    pub fn reloading(&self) {
        // systemd tells by the time whether this is about the signal that it has just sent.
        let microseconds = process::monotonic_microseconds();
        self.tell(&format!("RELOADING=1\nMONOTONIC_USEC={microseconds}"));
    }

    /// It ends.
    pub fn stopping(&self) {
        self.tell("STOPPING=1\nSTATUS=Stopping; answers under way may finish");
    }

    fn tell(&self, lines: &str) {
        // Not to be heard is no reason not to serve.
        let _ = self.socket.send(lines.as_bytes());
    }

    /// An observer by which a worker shows that it is alive, if that is wanted.
    pub fn pulse(&self) -> Option<Pulse> {
        let interval = self.watchdog? / 4;
        let beat = Arc::new(AtomicU64::new(self.since_start()));
        self.pulses.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&beat));
        Some(Pulse { beat, began: self.began, interval, next: Instant::now() })
    }

    /// Says so for as long as the workers are alive, on a thread of its own, if that is wanted.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn watch_over_workers(self: &Arc<ServiceManager>) -> io::Result<()> {
        let Some(limit) = self.watchdog else { return Ok(()) };
        let manager = Arc::clone(self);
        std::thread::Builder::new().name("watchdog".to_owned()).spawn(move || {
            loop {
                if manager.all_are_alive(limit) {
                    manager.tell("WATCHDOG=1");
                }
                std::thread::sleep(limit / 2);
            }
        })?;
        Ok(())
    }

    fn all_are_alive(&self, limit: Duration) -> bool {
        let earliest = self.since_start().saturating_sub(to_microseconds(limit));
        let pulses = self.pulses.lock().unwrap_or_else(PoisonError::into_inner);
        pulses.iter().all(|beat| beat.load(Ordering::Relaxed) >= earliest)
    }

    fn since_start(&self) -> u64 {
        to_microseconds(self.began.elapsed())
    }
}

fn to_microseconds(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// Beats as long as its worker's loop turns: the loop asks observers when they want to be called, and
/// calls them then, whether or not there is anything else to do.
#[derive(Debug)]
pub struct Pulse {
    /// When it last did, in microseconds after the start.
    beat: Arc<AtomicU64>,
    began: Instant,
    interval: Duration,
    next: Instant,
}

impl Observer for Pulse {
    fn observe(&mut self, _exchange: &Exchange, _now: Instant) {}

    fn wants_text(&self) -> bool {
        false
    }

    fn flush_at(&self) -> Option<Instant> {
        Some(self.next)
    }

    fn flush(&mut self) {
        let now = Instant::now();
        // It is called when another observer wants it, too.
        if self.next <= now {
            self.beat.store(to_microseconds(now.saturating_duration_since(self.began)), Ordering::Relaxed);
            self.next = now + self.interval;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manager(watchdog: Option<Duration>) -> (ServiceManager, LocalDatagram) {
        let (socket, other) = LocalDatagram::pair().expect("two sockets");
        (ServiceManager { socket, watchdog, pulses: Mutex::default(), began: Instant::now() }, other)
    }

    #[test]
    fn each_message_is_lines_of_names_and_values() {
        let (manager, other) = manager(None);
        let heard = || {
            let mut message = [0; 256];
            let length = other.recv(&mut message).expect("a message");
            String::from_utf8_lossy(&message[..length]).into_owned()
        };
        manager.ready("Serving www");
        assert_eq!(heard(), "READY=1\nSTATUS=Serving www");
        manager.reloading();
        let reloading = heard();
        let time = reloading.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").expect("a time");
        assert!(time.parse::<u64>().is_ok_and(|time| time > 0), "{reloading}");
        manager.stopping();
        assert!(heard().starts_with("STOPPING=1\n"));
    }

    #[test]
    fn a_worker_without_a_pulse_keeps_the_watchdog_silent() {
        let limit = Duration::from_millis(1);
        let (manager, _other) = manager(Some(limit));
        let (mut lively, mut stuck) = (manager.pulse().expect("wanted"), manager.pulse().expect("wanted"));
        // Both have had their first turn, and then one of them no more.
        (lively.next, stuck.next) = (manager.began, manager.began);
        stuck.flush();
        let began = Instant::now();
        while began.elapsed() <= limit {
            std::thread::yield_now();
        }
        lively.next = manager.began;
        lively.flush();
        assert!(!manager.all_are_alive(limit));
        stuck.next = manager.began;
        stuck.flush();
        lively.next = manager.began;
        lively.flush();
        assert!(manager.all_are_alive(Duration::from_secs(1000)));
    }

    #[test]
    fn only_a_path_and_a_name_without_a_file_are_addresses() {
        for address in ["relative", "vsock:2:3", "/there/is/no/such/socket"] {
            assert!(datagrams_to(address.as_ref()).is_err(), "{address}");
        }
    }
}
