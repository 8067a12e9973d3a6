//! Serving: everything is opened that has to be had from outside of the folder, and then requests are answered.

use super::application::Application;
use super::browser;
use super::cli::{Cli, Config};
use super::listeners::Listeners;
use super::log_file::LogFile;
use super::quit_after::Activity;
use super::service_manager::ServiceManager;
use super::signals::Signals;
use super::start_lines;
use super::terminal::{above_progress, report};
use super::tips;
use super::tls::Certificate;
use super::urls::Places;
use super::users;
use super::warnings;
use crate::base::human;
use crate::base::platform::sandbox::Rules;
use crate::glass::Glass;
use crate::glass::access_log::{self, AccessLog};
use crate::glass::inspect::Inspector;
use crate::glass::metrics::Metrics;
use crate::glass::progress::Progress;
use crate::glass::reload::{self, Reload, Voice};
use crate::server::{Observer, Server, Stopper};
use crate::site::auth::Login;
use crate::site::sandbox::Sandbox;
use crate::site::upload::remove_leftovers;
use crate::site::{Hosts, Root, Site, Upload};
use clap::CommandFactory;
use jiff::tz::TimeZone;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

/// Serves until a signal comes.
pub(super) fn serve(config: &Config, is_terminal: bool) -> Result<(), String> {
    let shown = human::OneLine(&config.folder);
    let root =
        Root::open_path(&config.folder, config.follow_links).map_err(|error| cannot_serve(config, &error))?;
    if root.single_file().is_none() && !root.can_be_read() {
        report(&format!(
            "glasshttp: \"{shown}\" may be entered but not read: files are served to who knows their names, \
             and no list of them"
        ));
    }
    let (root, sandbox) = around(root, config);
    let certificate = config.tls.as_ref().map(|source| Certificate::open(source, &config.served_folder()));
    let certificate = certificate.transpose()?;
    let listeners = Listeners::open(config, is_terminal)?;
    let places = listeners.places(certificate.is_some(), &config.site.base);
    let log_file = open_log(config)?;
    let mut site_options = config.site.clone();
    if listeners.are_given && !(listeners.are_local() && listeners.sockets.is_empty()) {
        site_options.hosts = Hosts::Any;
    }
    let site = Arc::new(Site::new(root, site_options));
    let mut server_options = config.server.clone();
    server_options.tls = certificate.as_ref().map(Certificate::acceptor);
    let login = users::open(config, &site)?;
    warn(config, &places, login.is_some());
    let server = Server::new(listeners.open, server_options)
        .map_err(|error| format!("cannot start: {}", human::reason(&error)))?;
    let manager = find_service_manager();
    let status = format!("Serving {shown} at {}", places.first());
    let mut signals = Signals::new(server.stopper(), manager.clone(), status.clone(), is_terminal);
    if let Some(file) = log_file.clone() {
        let folder = config.served_folder();
        signals.on_reload(move || folder.must_not_serve("the log", file.path()).and_then(|()| file.reopen()));
    }
    if let (Some(login), Some(path)) = (login.clone(), config.auth.file.clone()) {
        let folder = config.served_folder();
        signals.on_reload(move || users::reload(&login, &path, &folder));
    }
    if let Some(certificate) = certificate.filter(Certificate::is_from_files) {
        let folder = config.served_folder();
        signals.on_reload(move || certificate.reload(&folder));
    }
    signals.listen().map_err(|error| format!("cannot listen for signals: {}", human::reason(&error)))?;
    if !config.output.quiet {
        // Nobody may be reading; that is no reason not to serve.
        let lines = start_lines::render(config, &places, is_terminal);
        let mut out = anstream::stdout();
        let _ = out.write_all(lines.as_bytes()).and_then(|()| out.flush());
    }
    if let Some(path) = &config.output.open {
        browser::open(browser::address(&places.own_url(), path));
    }
    let reload = start_reload(config, &site)?;
    let ready = Ready {
        config,
        site,
        server,
        login,
        reload,
        log_file,
        // It is looked for among some hundred files, which the sandbox does not allow.
        time_zone: if config.log.is_some() { TimeZone::system() } else { TimeZone::UTC },
        manager,
        status,
    };
    match sandbox {
        Some(sandbox) => sandbox
            .run(|extent| ready.answer(&extent))
            .unwrap_or_else(|error| Err(format!("cannot start: {}", human::reason(&error)))),
        None => ready.answer("Sandbox: none, as --no-sandbox says"),
    }
}

/// Why this folder cannot be served, and what may have been meant.
fn cannot_serve(config: &Config, error: &io::Error) -> String {
    let tip = match error.kind() {
        io::ErrorKind::NotFound => {
            let arguments: Vec<_> = std::env::args_os().collect();
            tips::for_value_without_equals_sign(&Cli::command(), &arguments, &config.folder)
                .or_else(|| tips::for_folder(&config.folder))
        }
        _ => None,
    };
    let tip = tip.map_or_else(String::new, |tip| format!("; {tip}"));
    format!("cannot serve \"{}\": {}{tip}", human::OneLine(&config.folder), human::reason(error))
}

/// All that has to be had from outside of the folder.
struct Ready<'a> {
    config: &'a Config,
    site: Arc<Site>,
    server: Server,
    login: Option<Arc<Login>>,
    reload: Option<Reload>,
    log_file: Option<Arc<LogFile>>,
    time_zone: TimeZone,
    manager: Option<Arc<ServiceManager>>,
    status: String,
}

impl Ready<'_> {
    /// Answers until the server is stopped, in the sandbox if there is one.
    fn answer(self, sandbox: &str) -> Result<(), String> {
        let cannot_start = |error: io::Error| format!("cannot start: {}", human::reason(&error));
        if let Some(login) = &self.login {
            users::start(login)?;
        }
        if self.config.output.explain && !self.config.output.quiet {
            let mut out = io::stdout();
            let _ = writeln!(out, "{sandbox}").and_then(|()| out.flush());
        }
        let log = self.start_log();
        let Ready { config, site, server, manager, .. } = self;
        let activity = config.running.quit_after.map(|_| Activity::start());
        let progress = if config.output.quiet { None } else { Progress::start() };
        let glass = Glass {
            base: config.site.base.clone(),
            hosts: site.options().hosts.clone(),
            trusted_hosts: config.site.trusted_hosts.clone(),
            inspector: config.output.inspect.then(|| start_inspector(config, &server)),
            reload: self.reload,
            metrics: config.output.metrics.then(|| Metrics::new(Arc::clone(&site), config.server.threads)),
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
            None => AccessLog::start(format, zone, access_log::standard_output()),
        })
    }
}

/// The sandbox around what is served, if there is to be one.
fn around(root: Root, config: &Config) -> (Root, Option<Sandbox>) {
    if config.running.no_sandbox {
        return (root, None);
    }
    let rules = Rules { may_read_anywhere: config.follow_links, may_add: config.site.upload.is_some() };
    let sandbox = Sandbox::new(root.path().to_owned(), rules);
    (root.with_openers(sandbox.openers()), Some(sandbox))
}

/// Says what is on and could surprise.
fn warn(config: &Config, places: &Places, asks_for_passwords: bool) {
    let home = std::env::home_dir();
    for line in warnings::lines(config, places, home.as_deref()) {
        report(&config.by_variables(&format!("glasshttp: {line}")));
    }
    if config.server.faults.are_any() {
        report(&format!(
            "glasshttp: THIS SERVER BREAKS THE RULES ON PURPOSE: {}",
            config.server.faults.names().join(", ")
        ));
    }
    if let Some(Upload { overwrite, most }) = config.site.upload {
        let who = if asks_for_passwords { "knows a password" } else { "can connect" };
        let (most, replace) = (human::Bytes(most), if overwrite { " and replace" } else { "" });
        report(&format!("glasshttp: uploads are on: whoever {who} may add{replace} files of up to {most}"));
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

/// Watches the folder, if that is asked for.
fn start_reload(config: &Config, site: &Site) -> Result<Option<Reload>, String> {
    if !config.site.script {
        return Ok(None);
    }
    let options = reload::Options {
        base: config.site.base.clone(),
        poll: config.reload.poll,
        ignore: config.reload.ignore.clone(),
        hidden: config.site.hidden,
        follow_links: config.follow_links,
        index: config.site.index.clone(),
        max_connections: config.server.max_connections,
    };
    let is_explained = config.output.explain && !config.output.quiet;
    let voice = Voice {
        complain: |line| report(&format!("glasshttp: {line}")),
        explain: is_explained.then_some(|line| {
            above_progress(|| {
                let mut out = io::stdout();
                let _ = writeln!(out, "{line}").and_then(|()| out.flush());
            });
        }),
    };
    Reload::start(Arc::clone(site.root()), options, voice)
        .map(Some)
        .map_err(|error| format!("cannot watch the folder: {}", human::reason(&error)))
}

/// Ends the log, and says if not all of it was written.
fn finish_log(log: Option<AccessLog>) {
    let lost = log.map_or(0, AccessLog::finish);
    if lost > 0 {
        report(&format!("glasshttp: {lost} lines of the log could not be written"));
    }
}

/// Opens the file for the log, if there is to be one.
fn open_log(config: &Config) -> Result<Option<Arc<LogFile>>, String> {
    let Some(path) = &config.running.log_file else { return Ok(None) };
    config.served_folder().must_not_serve("the log", path)?;
    LogFile::open(path).map(Some)
}

/// The service manager, if we were started by one. Without it we serve all the same.
fn find_service_manager() -> Option<Arc<ServiceManager>> {
    ServiceManager::from_environment().unwrap_or_else(|error| {
        report(&format!("glasshttp: cannot reach what NOTIFY_SOCKET names: {}", human::reason(&error)));
        None
    })
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
