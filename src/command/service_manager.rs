//! What the program tells the service manager that has started it: systemd, or another with the same protocol.
//!
//! ```text
//! READY=1            the server answers from now on, and units that wait for it may start
//! STATUS=...         a line that `systemctl status` shows
//! RELOADING=1        the server reads its files again, after SIGHUP, until the next READY=1
//! STOPPING=1         the server finishes the answers under way, and ends
//! WATCHDOG=1         the workers are alive; if this does not come for too long, the manager restarts the server
//! ```
//!
//! The messages are datagrams to the socket that `NOTIFY_SOCKET` names (sd_notify(3)): a path, or an abstract name if
//! it begins with `@`. The manager does not answer, and the server runs as well if no manager listens. One socket is
//! connected at the start and used for all messages, since the sandbox later lets the process reach no other.
//!
//! The plain case, `glasshttp folder`, has no service manager: [`ServiceManager::from_environment`] gives `None`.

use crate::server::{Exchange, Observer};
use rustix::time::{ClockId, clock_gettime};
use std::env;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixDatagram;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Variables that are meant for this process, and not for its children.
pub const VARIABLES: [&str; 6] =
    ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"];

/// A connection to the service manager.
#[derive(Debug)]
pub struct ServiceManager {
    socket: UnixDatagram,
    /// How long the manager waits for WATCHDOG=1; sd_watchdog_enabled(3) recommends to send it after half of that time.
    watchdog: Option<Duration>,
    pulses: Mutex<Vec<Arc<AtomicU64>>>,
    began: Instant,
}

impl ServiceManager {
    /// Connects to the service manager that the environment names, if it names one.
    ///
    /// # Errors
    /// When the connection fails.
    pub fn from_environment() -> io::Result<Option<Arc<ServiceManager>>> {
        let Some(address) = env::var_os("NOTIFY_SOCKET").filter(|address| !address.is_empty()) else {
            return Ok(None);
        };
        let number = |name: &str| env::var(name).ok()?.parse::<u64>().ok();
        let is_ours = number("WATCHDOG_PID").is_none_or(|pid| pid == u64::from(std::process::id()));
        let watchdog = number("WATCHDOG_USEC").filter(|&time| time > 0 && is_ours).map(Duration::from_micros);
        let (socket, pulses) = (connect(&address)?, Mutex::default());
        Ok(Some(Arc::new(ServiceManager { socket, watchdog, pulses, began: Instant::now() })))
    }

    /// Says that the server answers.
    pub fn ready(&self, status: &str) {
        self.tell(&format!("READY=1\nSTATUS={status}"));
    }

    /// Says that the server is about to read its files again.
    pub fn reloading(&self) {
        // By the time systemd can tell whether this answers the signal that it has just sent.
        let now = clock_gettime(ClockId::Monotonic);
        let microseconds = now.tv_sec * 1_000_000 + now.tv_nsec / 1000;
        self.tell(&format!("RELOADING=1\nMONOTONIC_USEC={microseconds}"));
    }

    /// Says that the server is about to end.
    pub fn stopping(&self) {
        self.tell("STOPPING=1\nSTATUS=Stopping; answers under way may finish");
    }

    fn tell(&self, lines: &str) {
        // The server runs as well if the manager does not get it.
        let _ = self.socket.send(lines.as_bytes());
    }

    /// An observer with which a worker shows that it is alive, if the manager wants to know.
    pub fn pulse(&self) -> Option<Pulse> {
        let interval = self.watchdog? / 4;
        let beat = Arc::new(AtomicU64::new(self.since_start()));
        self.pulses.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&beat));
        Some(Pulse { beat, began: self.began, interval, next: Instant::now() })
    }

    /// Starts a thread that sends WATCHDOG=1 for as long as all workers are alive, if the manager wants that.
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

fn connect(address: &OsStr) -> io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    match address.as_bytes() {
        [b'/', ..] => socket.connect(address)?,
        #[cfg(target_os = "linux")]
        [b'@', name @ ..] => {
            use std::os::linux::net::SocketAddrExt;
            socket.connect_addr(&std::os::unix::net::SocketAddr::from_abstract_name(name)?)?;
        }
        _ => return Err(io::Error::new(io::ErrorKind::InvalidInput, "it must begin with / or @")),
    }
    // A send must not block when the manager does not read.
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// Notes the time as long as its worker's loop runs: the loop asks each observer when it wants to be called, and calls
/// it then, whether or not there is anything else to do.
#[derive(Debug)]
pub struct Pulse {
    /// The last time that it noted, in microseconds after `began`.
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
        // The loop also calls it when another observer wants to be called.
        if self.next <= now {
            self.beat.store(to_microseconds(now.saturating_duration_since(self.began)), Ordering::Relaxed);
            self.next = now + self.interval;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manager(watchdog: Option<Duration>) -> (ServiceManager, UnixDatagram) {
        let (socket, other) = UnixDatagram::pair().expect("two sockets");
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
        // Both are due; then only one of them is called.
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
            assert!(connect(OsStr::new(address)).is_err(), "{address}");
        }
    }
}
