//! All is open that has to be: the server answers until it is stopped.

use crate::base::human;
use crate::command::application::Application;
use crate::command::cli::Config;
use crate::command::log_file::LogFile;
use crate::command::quit_after::Activity;
use crate::command::service_manager::ServiceManager;
use crate::command::terminal::report;
use crate::glass::Glass;
use crate::glass::access_log::{self, AccessLog};
use crate::glass::inspect::Inspector;
use crate::glass::laboratory::Laboratory;
use crate::glass::metrics::Metrics;
use crate::glass::progress::Progress;
use crate::glass::reload::Reload;
use crate::server::{Observer, Server, Stopper};
use crate::site::Site;
use crate::site::auth::Login;
use crate::site::upload::remove_leftovers;
use jiff::tz::TimeZone;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

/// All that has to be had from outside of the folder.
pub(super) struct Ready<'a> {
    pub(super) config: &'a Config,
    pub(super) site: Arc<Site>,
    pub(super) server: Server,
    pub(super) login: Option<Arc<Login>>,
    pub(super) reload: Option<Reload>,
    pub(super) laboratory: Option<Laboratory>,
    pub(super) log_file: Option<Arc<LogFile>>,
    pub(super) time_zone: TimeZone,
    pub(super) manager: Option<Arc<ServiceManager>>,
    pub(super) status: String,
}

impl Ready<'_> {
    /// Answers until the server is stopped, in the sandbox if there is one.
    pub(super) fn answer(self, sandbox: &str) -> Result<(), String> {
        let cannot_start = |error: io::Error| format!("cannot start: {}", human::reason(&error));
        if self.config.output.explain && !self.config.output.quiet {
            let mut out = io::stdout();
            let _ = writeln!(out, "{sandbox}").and_then(|()| out.flush());
        }
        let log = self.start_log();
        let Ready { config, site, server, manager, .. } = self;
        let activity = config.running.quit_after.map(|_| Activity::start());
        let progress = if config.output.quiet { None } else { Progress::start() };
        let glass = Glass {
            inspector: config.output.inspect.then(|| start_inspector(config, &server)),
            reload: self.reload,
            metrics: config.output.metrics.then(|| Metrics::new(Arc::clone(&site), config.server.threads)),
            laboratory: self.laboratory,
            ..Glass::of(&site)
        };
        let application = Application { login: self.login, glass, site: Arc::clone(&site) };
        let observers = || {
            let mut all: Vec<Box<dyn Observer>> = Vec::new();
            all.extend(log.as_ref().map(|log| Box::new(log.observer()) as _));
            all.extend(
                application.glass.inspector.as_ref().map(|inspector| Box::new(inspector.observer()) as _),
            );
            all.extend(application.glass.metrics.as_ref().map(|metrics| Box::new(metrics.observer()) as _));
            all.extend(activity.as_ref().map(|activity| Box::new(activity.observer()) as _));
            all.extend(progress.as_ref().map(|progress| Box::new(progress.observer()) as _));
            all
        };
        if let (Some(idle), Some(activity)) = (config.running.quit_after, &activity) {
            quit_when_idle(idle, Arc::clone(activity), server.stopper(), manager.clone())
                .map_err(cannot_start)?;
        }
        if let Some(manager) = &manager {
            manager.watch_over(server.heartbeat()).map_err(cannot_start)?;
            manager.ready(&self.status);
        }
        if config.site.upload.is_some() {
            clean_up(&site);
        }
        let result = server.run(&application, &observers);
        if let Some(progress) = progress {
            progress.finish();
        }
        finish_log(log);
        result.map_err(|error| format!("the server failed: {}", human::reason(&error)))
    }

    /// Starts the log, if there is to be one.
    fn start_log(&self) -> Option<AccessLog> {
        let (format, zone) = (self.config.log?, self.time_zone.clone());
        Some(match &self.log_file {
            Some(file) => {
                let report = |line: &str| report(&format!("glasshttp: {line}"));
                AccessLog::start(format, zone, file.writer(report))
            }
            None => AccessLog::start(format, zone, access_log::standard_output()).on_terminal(),
        })
    }
}

/// Removes what is left of uploads whose server was killed. To look for it can take long, and nobody waits:
/// it is not shown to anybody until then.
fn clean_up(site: &Site) {
    let root = Arc::clone(site.root());
    // Where no thread is to be had, the next start does it.
    let _ = std::thread::Builder::new().name("leftovers".to_owned()).spawn(move || {
        let removed = if root.single_file().is_some() { 0 } else { remove_leftovers(&root) };
        if removed > 0 {
            let what = if removed == 1 { "1 upload" } else { &format!("{removed} uploads") };
            report(&format!("glasshttp: removed what was left of {what} that an earlier run did not end"));
        }
    });
}

/// The inspector of a server.
fn start_inspector(config: &Config, server: &Server) -> Inspector {
    let caller = server.caller();
    Inspector::new(&config.server, Arc::new(move || caller.connect()))
}

/// Ends the log, and says if not all of it was written.
fn finish_log(log: Option<AccessLog>) {
    let lost = log.map_or(0, AccessLog::finish);
    if lost > 0 {
        report(&format!("glasshttp: {lost} lines of the log could not be written"));
    }
}

/// Stops the server when nobody has asked for anything for so long.
fn quit_when_idle(
    idle: Duration,
    activity: Arc<Activity>,
    stopper: Stopper,
    manager: Option<Arc<ServiceManager>>,
) -> io::Result<()> {
    std::thread::Builder::new().name("quit-after".to_owned()).spawn(move || {
        activity.wait_for_idleness(idle, || stopper.is_busy());
        if let Some(manager) = &manager {
            manager.stopping();
        }
        stopper.stop();
    })?;
    Ok(())
}
