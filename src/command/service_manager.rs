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
//! connected at the start and used for all messages, since the sandbox later lets the process reach no other. (That is
//! why this is written here: `sd-notify` opens a socket for each message.)
//!
//! The plain case, `glasshttp folder`, has no service manager: [`ServiceManager::from_environment`] gives `None`.

use crate::base::platform::local::{LocalDatagram, datagrams_to};
use crate::base::platform::process;
use crate::server::Heartbeat;
use std::env;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// Variables that are meant for this process, and not for its children.
pub const VARIABLES: [&str; 6] =
    ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"];

/// A connection to the service manager.
#[derive(Debug)]
pub struct ServiceManager {
    socket: LocalDatagram,
    /// How long the manager waits for WATCHDOG=1 (sd_watchdog_enabled(3)); `None` if it does not want it.
    watchdog: Option<Duration>,
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
        let socket = datagrams_to(&address)?;
        Ok(Some(Arc::new(ServiceManager { socket, watchdog })))
    }

    /// Says that the server answers.
    pub fn ready(&self, status: &str) {
        self.tell(&format!("READY=1\nSTATUS={status}"));
    }

    /// Says that the server is about to read its files again.
    pub fn reloading(&self) {
        // By the time systemd can tell whether this answers the signal that it has just sent.
        let microseconds = process::monotonic_microseconds();
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

    /// Starts a thread that sends WATCHDOG=1 for as long as all workers of a server are alive, if the manager wants
    /// that.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn watch_over(self: &Arc<ServiceManager>, heartbeat: Heartbeat) -> io::Result<()> {
        let Some(limit) = self.watchdog else { return Ok(()) };
        let manager = Arc::clone(self);
        std::thread::Builder::new().name("watchdog".to_owned()).spawn(move || {
            let mut watch = Watch::default();
            loop {
                if watch.all_have_moved(&heartbeat.turns()) {
                    manager.tell("WATCHDOG=1");
                }
                // An idle worker sleeps. This wakes it, so that it shows that it is alive before the next check.
                heartbeat.wake();
                std::thread::sleep(limit / 4);
            }
        })?;
        Ok(())
    }
}

/// How many turns of its loop each worker had taken at the last check.
#[derive(Debug, Default)]
struct Watch(Vec<u64>);

impl Watch {
    /// Whether each worker has taken a turn since then.
    fn all_have_moved(&mut self, turns: &[u64]) -> bool {
        let before = std::mem::replace(&mut self.0, turns.to_vec());
        before.iter().zip(turns).all(|(before, now)| before != now)
    }
}

#[cfg(test)]
mod tests {
    #![cfg(unix)]
    #![allow(clippy::mixed_attributes_style)]

    use super::*;

    fn manager() -> (ServiceManager, LocalDatagram) {
        let (socket, other) = LocalDatagram::pair().expect("two sockets");
        (ServiceManager { socket, watchdog: None }, other)
    }

    #[test]
    fn each_message_is_lines_of_names_and_values() {
        let (manager, other) = manager();
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
    fn a_worker_that_takes_no_turn_keeps_the_watchdog_silent() {
        let mut watch = Watch::default();
        assert!(watch.all_have_moved(&[0, 0]), "nothing is known yet");
        assert!(watch.all_have_moved(&[1, 7]));
        assert!(!watch.all_have_moved(&[2, 7]), "the second is stuck");
        assert!(!watch.all_have_moved(&[2, 8]), "the first is stuck");
        assert!(watch.all_have_moved(&[3, 9]));
    }

    #[test]
    fn only_a_path_and_a_name_without_a_file_are_addresses() {
        for address in ["relative", "vsock:2:3", "/there/is/no/such/socket"] {
            assert!(datagrams_to(address.as_ref()).is_err(), "{address}");
        }
    }
}
