//! Serving: everything is opened that has to be had from outside of the folder, and then requests are answered
//! (`ready.rs`).

mod ready;

use super::browser;
use super::cli::{Cli, Config};
use super::course::Course;
use super::laboratory::Starter;
use super::listeners::Listeners;
use super::log_file::LogFile;
use super::service_manager::ServiceManager;
use super::signals::Signals;
use super::start_lines;
use super::terminal::{above_progress, report};
use super::tips;
use super::tls::Certificate;
use super::urls::Places;
use super::users;
use super::warnings;
use crate::base::helpers::Helpers;
use crate::base::human;
use crate::base::platform::sandbox::Rules;
use crate::glass::laboratory::Laboratory;
use crate::glass::reload::{self, Console, Reload};
use crate::server::{self, Server};
use crate::site::auth::Login;
use crate::site::sandbox::Sandbox;
use crate::site::{Hosts, Root, Site, Upload};
use clap::CommandFactory;
use jiff::tz::TimeZone;
use ready::Ready;
use std::io::{self, Write};
use std::sync::Arc;

/// Serves until a signal comes. The folder is the course's if that is given.
pub(in crate::command) fn serve(
    config: &Config,
    course: Option<&Course>,
    is_terminal: bool,
) -> Result<(), String> {
    let (root, sandbox) = open_folder(config)?;
    let certificate = config.tls.as_ref().map(|source| Certificate::open(source, &config.served_folder()));
    let certificate = certificate.transpose()?;
    let listeners = Listeners::open(config, is_terminal)?;
    let places = listeners.places(certificate.is_some(), &config.site.base);
    let log_file = open_log(config)?;
    let mut site_options = config.site.clone();
    site_options.reach = places.reach();
    if listeners.are_given && !(listeners.are_local() && listeners.sockets.is_empty()) {
        site_options.hosts = Hosts::Any;
    }
    let helpers = Helpers::new();
    let site = Arc::new(Site::new(root, site_options).with_helpers(Arc::clone(&helpers)));
    let login = users::open(config, &site)?;
    warn(config, &places, login.is_some());
    let tls = certificate.as_ref().map(|certificate| certificate.acceptor(&helpers));
    let server_options = server::Options { tls, ..config.server.clone() };
    let server = Server::new(listeners.open, server_options)
        .map_err(|error| format!("cannot start: {}", human::reason(&error)))?;
    let manager = find_service_manager();
    let status = format!("Serving {} at {}", human::OneLine(&config.folder), places.first());
    let mut signals = Signals::new(server.stopper(), manager.clone(), status.clone(), is_terminal);
    reload_at_sighup(config, &mut signals, log_file.as_ref(), login.as_ref(), certificate);
    if let Some(course) = course {
        signals.on_exit(course.remover());
    }
    let laboratory = course.map(start_laboratory).transpose()?;
    signals.listen().map_err(|error| format!("cannot listen for signals: {}", human::reason(&error)))?;
    say_where(config, &places, is_terminal);
    let reload = start_reload(config, &site)?;
    // It is looked for among some hundred files, which the sandbox does not allow.
    let time_zone = if config.log.is_some() { TimeZone::system() } else { TimeZone::UTC };
    let ready =
        Ready { config, site, server, login, reload, laboratory, log_file, time_zone, manager, status };
    match sandbox {
        Some(sandbox) => sandbox
            .run(|extent| ready.answer(&extent))
            .unwrap_or_else(|error| Err(format!("cannot start: {}", human::reason(&error)))),
        None => ready.answer("Sandbox: none, as --no-sandbox says"),
    }
}

/// Opens the folder, or the single file, with the sandbox around it if there is to be one.
fn open_folder(config: &Config) -> Result<(Root, Option<Sandbox>), String> {
    let root =
        Root::open_path(&config.folder, config.follow_links).map_err(|error| cannot_serve(config, &error))?;
    if root.single_file().is_none() && !root.can_be_read() {
        report(&format!(
            "glasshttp: \"{}\" may be entered but not read: files are served to who knows their names, \
             and no list of them",
            human::OneLine(&config.folder)
        ));
    }
    if config.site.upload.is_some()
        && let Some(why) = root.why_nothing_can_be_added()
    {
        let folder = human::OneLine(&config.folder);
        return Err(format!("--upload: no files can be added to \"{folder}\": {why}"));
    }
    if config.running.no_sandbox {
        return Ok((root, None));
    }
    let rules = Rules { may_read_anywhere: config.follow_links, may_add: config.site.upload.is_some() };
    let sandbox = Sandbox::new(root.path().to_owned(), rules);
    Ok((root.with_openers(sandbox.openers()), Some(sandbox)))
}

/// The laboratory of the course, whose engines are started outside of the sandbox.
fn start_laboratory(course: &Course) -> Result<Laboratory, String> {
    let starter = Starter::new(&course.path(), &course.laboratory())
        .map_err(|error| format!("cannot start the laboratory: {}", human::reason(&error)))?;
    Ok(Laboratory::new(Arc::new(starter)))
}

/// What is opened anew at SIGHUP, if there is any: the log, the file of users, the certificate.
fn reload_at_sighup(
    config: &Config,
    signals: &mut Signals,
    log_file: Option<&Arc<LogFile>>,
    login: Option<&Arc<Login>>,
    certificate: Option<Certificate>,
) {
    if let Some(file) = log_file.cloned() {
        let folder = config.served_folder();
        signals.on_reload(move || folder.must_not_serve("the log", file.path()).and_then(|()| file.reopen()));
    }
    if let (Some(login), Some(path)) = (login.cloned(), config.auth.file.clone()) {
        let folder = config.served_folder();
        signals.on_reload(move || users::reload(&login, &path, &folder));
    }
    if let Some(certificate) = certificate.filter(Certificate::is_from_files) {
        let folder = config.served_folder();
        signals.on_reload(move || certificate.reload(&folder));
    }
}

/// Says where the site is, to people and to the browser that is to be opened.
fn say_where(config: &Config, places: &Places, is_terminal: bool) {
    if !config.output.quiet {
        // Nobody may be reading; that is no reason not to serve.
        let lines = start_lines::render(config, places, is_terminal);
        let mut out = anstream::stdout();
        let _ = out.write_all(lines.as_bytes()).and_then(|()| out.flush());
        if !is_terminal && let Some(others) = start_lines::others(places) {
            report(&config.by_variables(&format!("glasshttp: {others}")));
        }
    }
    if let Some(path) = &config.output.open {
        browser::open(browser::address(&places.own_url(), path));
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
    if let Some(Upload { overwrite, most, asks_alone }) = config.site.upload {
        let who = if asks_for_passwords { "knows a password" } else { "can connect" };
        let (most, replace) = (human::Bytes(most), if overwrite { " and replace" } else { "" });
        let read = if asks_alone { ", and everybody may read" } else { "" };
        report(&format!(
            "glasshttp: uploads are on: whoever {who} may add{replace} files of up to {most}{read}"
        ));
    }
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
    let console = Console {
        warn: |line| report(&format!("glasshttp: {line}")),
        explain: is_explained.then_some(|line| {
            above_progress(|| {
                let mut out = io::stdout();
                let _ = writeln!(out, "{line}").and_then(|()| out.flush());
            });
        }),
    };
    Reload::start(Arc::clone(site.root()), options, console)
        .map(Some)
        .map_err(|error| format!("cannot watch the folder: {}", human::reason(&error)))
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
