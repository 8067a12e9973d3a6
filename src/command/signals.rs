//! What the program does when signals come.
//!
//! ```text
//! SIGINT, SIGTERM    the server stops: answers under way may finish; a second signal ends the process
//! SIGHUP             the server opens the log again, and reads the users and the certificate again; but it stops if
//!                    its terminal is gone, or if there is nothing to read again and something to tidy up
//! SIGXFSZ            nothing: a file that may not grow any more (ulimit -f) is an error of the write, like a full disk
//! ```
//!
//! The plain case is Ctrl-C, which sends SIGINT. SIGHUP has two meanings: "your terminal has hung up", and for a
//! daemon, which has no terminal, "read your files again". The program can tell which it is: system calls on a
//! terminal that is gone fail. Where there is nothing to read again, SIGHUP keeps its default action, which ends the
//! process; but with `--course` on a terminal the server stops, so that no folder is left when the window is closed.

use super::terminal::{above_progress, report};
use crate::base::platform::signals::{self, Signal};
use crate::base::platform::terminal;
use crate::command::service_manager::ServiceManager;
use crate::server::Stopper;
use std::io;
use std::sync::Arc;

/// Reads something again. An error is one line, and what was read before stays in use.
pub(crate) type Reload = Box<dyn Fn() -> Result<(), String> + Send>;

/// Tidies up.
pub(crate) type Exit = Box<dyn Fn() + Send>;

/// What to do when signals come.
pub(crate) struct Signals {
    stopper: Stopper,
    manager: Option<Arc<ServiceManager>>,
    /// The status for the manager while all is well.
    status: String,
    is_terminal: bool,
    reload: Vec<Reload>,
    exit: Option<Exit>,
}

impl Signals {
    /// SIGINT and SIGTERM stop this server. `is_terminal` says whether standard output was a terminal at the start.
    pub(crate) fn new(
        stopper: Stopper,
        manager: Option<Arc<ServiceManager>>,
        status: String,
        is_terminal: bool,
    ) -> Signals {
        Signals { stopper, manager, status, is_terminal, reload: Vec::new(), exit: None }
    }

    /// SIGHUP calls this function, too, after those from before.
    pub(crate) fn on_reload(&mut self, reload: impl Fn() -> Result<(), String> + Send + 'static) {
        self.reload.push(Box::new(reload));
    }

    /// This is called before a signal ends the process at once. After a stop it is not: the server has ended then, and
    /// whoever started it goes on.
    pub(crate) fn on_exit(&mut self, exit: impl Fn() + Send + 'static) {
        self.exit = Some(Box::new(exit));
    }

    /// Listens from now on, on a thread of its own.
    ///
    /// # Errors
    /// When the system does not let it.
    pub(crate) fn listen(self) -> io::Result<()> {
        // A service manager expects that a service can reload.
        let can_reload = !self.reload.is_empty() || self.manager.is_some();
        // Without a terminal SIGHUP may be ignored, as by nohup, and stays so.
        let hang_up = can_reload || (self.exit.is_some() && self.is_terminal);
        let signals = signals::listen(hang_up)?;
        std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
            let mut is_stopping = false;
            for signal in signals {
                match signal {
                    Signal::HangUp if is_stopping => {}
                    Signal::HangUp if can_reload && !self.has_lost_its_terminal() => self.reload(),
                    _ if is_stopping => above_progress(|| {
                        self.exit.iter().for_each(|exit| exit());
                        std::process::exit(signal.exit_code())
                    }),
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
        // This comes first, since the process may end as soon as the server knows.
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
        self.is_terminal && terminal::is_gone()
    }
}
