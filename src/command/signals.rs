//! What signals do.
//!
//! ```text
//! SIGINT, SIGTERM    the server stops: what is under way may finish; the second ends the process
//! SIGHUP             what can be opened anew is: the log, the users, the certificate; but it stops if its
//!                    terminal is gone
//! SIGXFSZ            nothing: that a file may not be larger (ulimit -f) is an error like a full disk
//! ```
//!
//! SIGHUP has two meanings: "your terminal has hung up", and for a daemon, which has none, "read again
//! what you read at the start". Which of the two it is can be seen: a terminal that is gone cannot be asked
//! anything. Where there is nothing to open anew, SIGHUP does what it does to any program: ends it.

use super::terminal::{above_progress, report};
use crate::command::service_manager::ServiceManager;
use crate::server::Stopper;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
use std::io;
use std::sync::Arc;

/// Opens something anew. An error is one line, and what was there before is still in use.
pub(crate) type Reload = Box<dyn Fn() -> Result<(), String> + Send>;

/// What is to be done when signals come.
pub(crate) struct Signals {
    stopper: Stopper,
    manager: Option<Arc<ServiceManager>>,
    /// What the manager is told while all is well.
    status: String,
    is_terminal: bool,
    reload: Vec<Reload>,
}

impl Signals {
    /// SIGINT and SIGTERM stop this server. `is_terminal` says what standard output was at the start.
    pub(crate) fn new(
        stopper: Stopper,
        manager: Option<Arc<ServiceManager>>,
        status: String,
        is_terminal: bool,
    ) -> Signals {
        Signals { stopper, manager, status, is_terminal, reload: Vec::new() }
    }

    /// SIGHUP does this, too, after what was given before.
    pub(crate) fn on_reload(&mut self, reload: impl Fn() -> Result<(), String> + Send + 'static) {
        self.reload.push(Box::new(reload));
    }

    /// Listens from now on, on a thread of its own.
    ///
    /// # Errors
    /// When the system does not let it.
    pub(crate) fn listen(self) -> io::Result<()> {
        // Whoever takes it lets the write fail instead; nobody need know that it came.
        signal_hook::flag::register(SIGXFSZ, Arc::default())?;
        let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM])?;
        // To a service manager we have said that we can be told to reload.
        if !self.reload.is_empty() || self.manager.is_some() {
            signals.add_signal(SIGHUP)?;
        }
        std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
            let mut is_stopping = false;
            for signal in signals.forever() {
                match signal {
                    SIGHUP if is_stopping => {}
                    SIGHUP if !self.has_lost_its_terminal() => self.reload(),
                    // What a shell reports for a process that a signal ended.
                    _ if is_stopping => above_progress(|| std::process::exit(128 + signal)),
                    _ => {
                        is_stopping = true;
                        self.stop();
                    }
                }
            }
        })?;
        Ok(())
    }

    fn stop(&self) {
        // Said first: the process may be over as soon as the server knows.
        if self.is_terminal {
            report("\nStopping; answers under way may finish. Once more ends it at once.");
        }
        if let Some(manager) = &self.manager {
            manager.stopping();
        }
        self.stopper.stop();
    }

    fn reload(&self) {
        if let Some(manager) = &self.manager {
            manager.reloading();
        }
        let mut status = self.status.clone();
        for why in self.reload.iter().filter_map(|reload| reload().err()) {
            report(&format!("glasshttp: {why}"));
            status = format!("{}, but when it was told to reload: {why}", self.status);
        }
        if let Some(manager) = &self.manager {
            manager.ready(&status);
        }
    }

    fn has_lost_its_terminal(&self) -> bool {
        self.is_terminal && rustix::termios::tcgetattr(io::stdout()).is_err()
    }
}
