//! The command: options in, exit code out.
//!
//! 0 after a stop that was asked for, 2 for a wrong command line, 1 for everything else. Each error
//! is one line on standard error.

use clap::{ColorChoice, CommandFactory};
use glasshttp::access_log::{self, AccessLog};
#[cfg(feature = "tls")]
use glasshttp::certificate::Certificate;
#[cfg(feature = "tls")]
use glasshttp::cli::TlsConfig;
use glasshttp::cli::{Cli, Config, Machine, Unread};
use glasshttp::http::Request;
use glasshttp::inspect::Inspector;
use glasshttp::log_file::LogFile;
#[cfg(feature = "metrics")]
use glasshttp::metrics::Metrics;
#[cfg(feature = "progress")]
use glasshttp::progress::{Progress, aside};
use glasshttp::quit_after::Activity;
#[cfg(feature = "reload")]
use glasshttp::reload::{self, Reload, Voice};
use glasshttp::sandbox::{Rules, Sandbox};
use glasshttp::server::{Arrival, Both, Observer, Server, Stopper};
use glasshttp::service_manager::ServiceManager;
#[cfg(feature = "auth")]
use glasshttp::site::{Gate, auth::Door};
use glasshttp::site::{Hosts, Root, Site, Upload, Uploads};
use glasshttp::start_lines::Places;
use glasshttp::{browser, habits, human, start_lines};
use jiff::tz::TimeZone;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

mod apart;
#[cfg(feature = "auth")]
mod auth;
mod doors;
mod signals;

use apart::Apart;
use doors::Doors;
use signals::Signals;

fn main() -> ExitCode {
    let cli = match Cli::read() {
        Ok(cli) => cli,
        Err(Unread::Help(help)) => {
            let _ = help.print();
            return ExitCode::SUCCESS;
        }
        Err(Unread::Misuse(line)) => {
            complain(&line);
            return ExitCode::from(2);
        }
    };
    let is_terminal = io::stdout().is_terminal();
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let machine = Machine { is_terminal, processors, open_files: raise_open_files() };
    let config = cli.into_config(&machine);
    let connections = config.server.max_connections;
    if connections > machine.room_for_connections() {
        complain(&config.by_variables(&format!(
            "glasshttp: --max-connections {connections} is more than the {} files that this process may \
             open allow for; raise that limit (ulimit -n) or lower this one",
            machine.open_files
        )));
    }
    match config.color {
        ColorChoice::Auto => anstream::ColorChoice::Auto,
        ColorChoice::Always => anstream::ColorChoice::Always,
        ColorChoice::Never => anstream::ColorChoice::Never,
    }
    .write_global();
    match run(&config, is_terminal) {
        Ok(()) => ExitCode::SUCCESS,
        Err(line) => {
            complain(&format!("glasshttp: {}", config.by_variables(&line)));
            ExitCode::FAILURE
        }
    }
}

/// A line on standard error, if there is one. (`eprintln!` panics where there is none.)
fn complain(line: &str) {
    aside(|| {
        let _ = writeln!(io::stderr(), "{line}");
    });
}

/// Writes to the terminal. (With the feature `progress`, lines that stand there make way.)
#[cfg(not(feature = "progress"))]
fn aside<T>(write: impl FnOnce() -> T) -> T {
    write()
}

/// Does what is asked for, which mostly is to serve. An error is one line that says what to do.
fn run(config: &Config, is_terminal: bool) -> Result<(), String> {
    #[cfg(feature = "auth")]
    if let Some(user) = &config.auth.hash {
        return auth::print_line(user);
    }
    #[cfg(feature = "manual")]
    if let Some(manual) = config.manual {
        let mut out = io::stdout();
        let printed = manual.render().and_then(|text| out.write_all(&text)).and_then(|()| out.flush());
        return printed.map_err(|error| format!("cannot print it: {}", start_lines::reason(&error)));
    }
    if let Some(target) = &config.check {
        let line = target.ask(config)?;
        if !config.quiet {
            let _ = writeln!(io::stdout(), "{line}");
        }
        return Ok(());
    }
    serve(config, is_terminal)
}

/// Serves until a signal comes.
fn serve(config: &Config, is_terminal: bool) -> Result<(), String> {
    let shown = human::OneLine(&config.folder);
    let root =
        Root::open_path(&config.folder, config.follow_links).map_err(|error| cannot_serve(config, &error))?;
    if root.single_file().is_none() && !root.can_be_read() {
        complain(&format!(
            "glasshttp: \"{shown}\" may be entered but not read: files are served to who knows their names, \
             and no list of them"
        ));
    }
    let (root, sandbox) = around(root, config);
    #[cfg(feature = "tls")]
    let certificate = config.tls.as_ref().map(|which| open_certificate(which, config)).transpose()?;
    #[cfg(feature = "tls")]
    let is_secure = certificate.is_some();
    #[cfg(not(feature = "tls"))]
    let is_secure = false;
    let doors = Doors::open(config, is_terminal)?;
    let places = doors.places(is_secure, &config.site.base);
    let log_file = open_log(config)?;
    let mut site_options = config.site.clone();
    if doors.are_given && !(doors.are_local() && doors.sockets.is_empty()) {
        site_options.hosts = Hosts::Any;
    }
    let site = Arc::new(Site::new(root, site_options));
    let mut server_options = config.server.clone();
    #[cfg(feature = "tls")]
    {
        server_options.tls = certificate.as_ref().map(Certificate::config);
    }
    #[cfg(feature = "auth")]
    let door = auth::open(config, &site)?;
    #[cfg(feature = "auth")]
    {
        server_options.gate = door.clone().map(|door| door as Arc<dyn Gate>);
    }
    if config.site.upload.is_some() {
        server_options.uploads = Some(Arc::clone(&site) as Arc<dyn Uploads>);
    }
    warn(config, &places, server_options.gate.is_some());
    let server = Server::new(doors.listeners, server_options)
        .map_err(|error| format!("cannot start: {}", start_lines::reason(&error)))?;
    let manager = find_service_manager();
    let status = format!("Serving {shown} at {}", start_lines::first(&places));
    let mut signals = Signals::new(server.stopper(), manager.clone(), status.clone(), is_terminal);
    if let Some(file) = log_file.clone() {
        let apart = Apart::from(config);
        signals.on_reload(move || apart.check("the log", file.path()).and_then(|()| file.reopen()));
    }
    #[cfg(feature = "auth")]
    if let (Some(door), Some(path)) = (door.clone(), config.auth.file.clone()) {
        let apart = Apart::from(config);
        signals.on_reload(move || auth::reload(&door, &path, &apart));
    }
    #[cfg(feature = "tls")]
    if let Some(certificate) = certificate
        && let Some(files) = certificate.files().cloned()
    {
        let apart = Apart::from(config);
        signals.on_reload(move || apart.check("the key", &files.key).and_then(|()| certificate.reload()));
    }
    signals
        .listen()
        .map_err(|error| format!("cannot listen for signals: {}", start_lines::reason(&error)))?;
    if !config.quiet {
        // Nobody may be reading; that is no reason not to serve.
        let lines = start_lines::render(config, &places, is_terminal);
        let mut out = anstream::stdout();
        let _ = out.write_all(lines.as_bytes()).and_then(|()| out.flush());
    }
    if let Some(path) = &config.open {
        browser::open(browser::address(&start_lines::own_url(&places), path));
    }
    #[cfg(feature = "reload")]
    let reload = start_reload(config, &site)?;
    let ready = Ready {
        config,
        site,
        server,
        #[cfg(feature = "auth")]
        door,
        #[cfg(feature = "reload")]
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
            .unwrap_or_else(|error| Err(format!("cannot start: {}", start_lines::reason(&error)))),
        None => ready.answer("Sandbox: none, as --no-sandbox says"),
    }
}

/// Why this folder cannot be served, and what may have been meant.
fn cannot_serve(config: &Config, error: &io::Error) -> String {
    let tip = match error.kind() {
        io::ErrorKind::NotFound => {
            let arguments: Vec<_> = std::env::args_os().collect();
            habits::meant_as_value(&Cli::command(), &arguments, &config.folder)
                .or_else(|| habits::meant_by_folder(&config.folder))
        }
        _ => None,
    };
    let tip = tip.map_or_else(String::new, |tip| format!("; {tip}"));
    format!("cannot serve \"{}\": {}{tip}", human::OneLine(&config.folder), start_lines::reason(error))
}

/// All that has to be had from outside of the folder.
struct Ready<'a> {
    config: &'a Config,
    site: Arc<Site>,
    server: Server,
    #[cfg(feature = "auth")]
    door: Option<Arc<Door>>,
    #[cfg(feature = "reload")]
    reload: Option<Reload>,
    log_file: Option<Arc<LogFile>>,
    time_zone: TimeZone,
    manager: Option<Arc<ServiceManager>>,
    status: String,
}

impl Ready<'_> {
    /// Starts the log, if there is to be one.
    fn start_log(&self) -> Option<AccessLog> {
        let (format, zone) = (self.config.log?, self.time_zone.clone());
        Some(match &self.log_file {
            Some(file) => {
                let complain = |line: &str| complain(&format!("glasshttp: {line}"));
                AccessLog::start(format, zone, file.writer(complain))
            }
            None => AccessLog::start(format, zone, access_log::standard_output()),
        })
    }

    /// Answers until the server is stopped, in the sandbox if there is one.
    fn answer(self, sandbox: &str) -> Result<(), String> {
        #[cfg(feature = "auth")]
        if let Some(door) = &self.door {
            auth::start(door)?;
        }
        if self.config.explain && !self.config.quiet {
            let mut out = io::stdout();
            let _ = writeln!(out, "{sandbox}").and_then(|()| out.flush());
        }
        let log = self.start_log();
        let Ready { config, site, server, manager, .. } = self;
        let inspector = config.inspect.then(|| start_inspector(config, &server));
        let activity = config.quit_after.map(|_| Activity::start());
        #[cfg(feature = "metrics")]
        let metrics = config.metrics.then(|| Metrics::new(Arc::clone(&site), config.server.threads));
        #[cfg(feature = "progress")]
        let progress = if config.quiet { None } else { Progress::start() };
        let observers = || {
            let mut all: Vec<Box<dyn Observer>> = Vec::new();
            all.extend(log.as_ref().map(|log| Box::new(log.observer()) as _));
            all.extend(inspector.as_ref().map(|inspector| Box::new(inspector.observer()) as _));
            #[cfg(feature = "metrics")]
            all.extend(metrics.as_ref().map(|metrics| Box::new(metrics.observer()) as _));
            all.extend(activity.as_ref().map(|activity| Box::new(activity.observer()) as _));
            all.extend(
                manager.as_ref().and_then(|manager| manager.pulse()).map(|pulse| Box::new(pulse) as _),
            );
            #[cfg(feature = "progress")]
            all.extend(progress.as_ref().map(|progress| Box::new(progress.observer()) as _));
            all.into_iter().reduce(|one, other| Box::new(Both(one, other)))
        };
        let respond = |request: &Request<'_>, arrival: &Arrival<'_>| {
            #[cfg(feature = "reload")]
            if let Some(response) = self.reload.as_ref().and_then(|reload| reload.respond(request)) {
                return response;
            }
            #[cfg(feature = "metrics")]
            if let Some(response) = metrics.as_ref().and_then(|metrics| metrics.respond(request)) {
                return response;
            }
            let inspected = inspector.as_ref().and_then(|inspector| inspector.respond(request, arrival));
            inspected.unwrap_or_else(|| site.respond(request, arrival.time))
        };
        if let (Some(idle), Some(activity)) = (config.quit_after, &activity) {
            quit_when_idle(idle, Arc::clone(activity), server.stopper(), manager.clone())
                .map_err(|error| format!("cannot start: {}", start_lines::reason(&error)))?;
        }
        if let Some(manager) = &manager {
            manager
                .watch_over_workers()
                .map_err(|error| format!("cannot start: {}", start_lines::reason(&error)))?;
            manager.ready(&self.status);
        }
        if config.site.upload.is_some() {
            remove_leftovers(&site);
        }
        let result = server.run(&respond, &observers);
        #[cfg(feature = "progress")]
        if let Some(progress) = progress {
            progress.finish();
        }
        finish_log(log);
        result.map_err(|error| format!("the server failed: {}", start_lines::reason(&error)))
    }
}

/// The sandbox around what is served, if there is to be one.
fn around(root: Root, config: &Config) -> (Root, Option<Sandbox>) {
    if !config.sandbox {
        return (root, None);
    }
    let rules = Rules { may_read_anywhere: config.follow_links, may_add: config.site.upload.is_some() };
    let sandbox = Sandbox::new(root.path().to_owned(), rules);
    (root.with_deputies(sandbox.deputies()), Some(sandbox))
}

/// Reads the certificate, or makes one.
#[cfg(feature = "tls")]
fn open_certificate(which: &TlsConfig, config: &Config) -> Result<Certificate, String> {
    let certificate = match which {
        TlsConfig::Files(files) => {
            Apart::from(config).check("the key", &files.key)?;
            Certificate::from_files(files.clone())?
        }
        TlsConfig::SelfSigned => Certificate::self_signed()?,
    };
    if *which == TlsConfig::SelfSigned {
        complain(&format!(
            "glasshttp: nobody vouches for this certificate; its SHA-256 fingerprint is {}",
            certificate.fingerprint()
        ));
    }
    Ok(certificate)
}

/// Says what is on and could surprise.
fn warn(config: &Config, places: &Places, asks_for_passwords: bool) {
    let home = std::env::home_dir();
    for line in start_lines::warnings(config, places, home.as_deref()) {
        complain(&config.by_variables(&format!("glasshttp: {line}")));
    }
    if config.server.faults.are_any() {
        complain(&format!(
            "glasshttp: THIS SERVER BREAKS THE RULES ON PURPOSE: {}",
            config.server.faults.names().join(", ")
        ));
    }
    if let Some(Upload { overwrite, most }) = config.site.upload {
        let who = if asks_for_passwords { "knows a password" } else { "can connect" };
        let (most, replace) = (human::Bytes(most), if overwrite { " and replace" } else { "" });
        complain(&format!("glasshttp: uploads are on: whoever {who} may add{replace} files of up to {most}"));
    }
}

/// Removes what is left of uploads whose server was killed. To look for it can take long, and nobody waits:
/// it is not shown to anybody until then.
fn remove_leftovers(site: &Site) {
    let root = Arc::clone(site.root());
    // Where no thread is to be had, the next start does it.
    let _ = std::thread::Builder::new().name("leftovers".to_owned()).spawn(move || {
        let removed = if root.single_file().is_some() { 0 } else { root.remove_leftovers() };
        if removed > 0 {
            let what = if removed == 1 { "1 upload" } else { &format!("{removed} uploads") };
            complain(&format!("glasshttp: removed what was left of {what} that an earlier run did not end"));
        }
    });
}

/// The inspector of a server.
fn start_inspector(config: &Config, server: &Server) -> Inspector {
    let hosts = config.site.trusted_hosts.clone();
    let caller = server.caller();
    Inspector::new(&config.server, Arc::new(move || caller.connect()), hosts)
}

/// Watches the folder, if that is asked for.
#[cfg(feature = "reload")]
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
        hosts: site.options().hosts.clone(),
        max_connections: config.server.max_connections,
    };
    let is_explained = config.explain && !config.quiet;
    let voice = Voice {
        complain: |line| complain(&format!("glasshttp: {line}")),
        explain: is_explained.then_some(|line| {
            aside(|| {
                let mut out = io::stdout();
                let _ = writeln!(out, "{line}").and_then(|()| out.flush());
            });
        }),
    };
    Reload::start(Arc::clone(site.root()), options, voice)
        .map(Some)
        .map_err(|error| format!("cannot watch the folder: {}", start_lines::reason(&error)))
}

/// Ends the log, and says if not all of it was written.
fn finish_log(log: Option<AccessLog>) {
    let lost = log.map_or(0, AccessLog::finish);
    if lost > 0 {
        complain(&format!("glasshttp: {lost} lines of the log could not be written"));
    }
}

/// Opens the file for the log, if there is to be one.
fn open_log(config: &Config) -> Result<Option<Arc<LogFile>>, String> {
    let Some(path) = &config.log_file else { return Ok(None) };
    Apart::from(config).check("the log", path)?;
    LogFile::open(path).map(Some)
}

/// The service manager, if we were started by one. Without it we serve all the same.
fn find_service_manager() -> Option<Arc<ServiceManager>> {
    ServiceManager::from_environment().unwrap_or_else(|error| {
        complain(&format!(
            "glasshttp: cannot reach what NOTIFY_SOCKET names: {}",
            start_lines::reason(&error)
        ));
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

/// Lets this process have as many files open as the administrator allows, and says how many that
/// is. A connection is a file, too.
fn raise_open_files() -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let current = if setrlimit(Resource::Nofile, raised).is_ok() { limit.maximum } else { limit.current };
    current.map_or(usize::MAX, |count| usize::try_from(count).unwrap_or(usize::MAX))
}
