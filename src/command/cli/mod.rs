//! The command line: options and variables in, a [`Config`] out.
//!
//! ```text
//! glasshttp -p 80 www ──▶ Cli::read ──▶ Cli ──▶ Cli::into_config ──▶ Config
//!                            │
//!                            └─ help, the version, or one line about what is wrong: Unread
//! ```
//!
//! The options stand in groups, in the order in which `--help` shows them. Each group is a file with its options, their
//! defaults, the parsers of their values, and functions that compute what the configuration needs from them:
//!
//! | file | heading in `--help` | options |
//! |---|---|---|
//! | this one | Options | the folder, `--course`, `--completions`, `--man` |
//! | `listen.rs` | Where | the port, addresses, host names, proxies |
//! | [`../tls`](crate::command::tls) | Encryption | the certificate |
//! | `auth.rs` | Who | users and passwords |
//! | `files.rs` | What | index files, listings, hidden names, caching |
//! | `pages.rs` | For building pages | single-page applications, compression, CORS, header fields of your own, live reload |
//! | `sharing.rs` | For sharing files | uploads |
//! | `output.rs` | Output | the log, the inspector, the browser |
//! | `limits.rs` | Limits | threads, connections, timeouts |
//! | `running.rs` | For running it longer | the log file, the sandbox, `--check` |
//!
//! The plain case, `glasshttp folder`, goes through [`Cli::read`] and [`Cli::into_config`]; every option has its
//! default.
//!
//! A new option stands in the file of its group, and goes from there into the configuration. The table in
//! `tests/it/cli/help.rs`, `docs/options.md` in both languages and the changelog follow; the manual page, the completions
//! and the variable are made of the option itself.

mod auth;
mod check_url;
mod compress;
mod config;
mod files;
mod limits;
mod listen;
mod output;
mod pages;
mod running;
mod sharing;
#[cfg(test)]
mod tests;
mod usage_error;

pub use auth::AuthOptions;
pub use check_url::{Check, Endpoint, Url};
pub use config::{Config, Machine};
pub use listen::{DEFAULT_PORT, ListenOptions};
pub use output::OutputOptions;
pub use pages::Reloading;
pub use running::RunningOptions;

use super::tls::TlsOptions;
use super::values::yes_or_no;
use super::variables::{self, Variable};
use crate::base::human;
use crate::http::base_path::BasePath;
use crate::server;
use crate::site;
use clap::error::ErrorKind;
use clap::{ColorChoice, Command, CommandFactory, FromArgMatches, Parser, ValueHint};
use files::FileOptions;
use limits::LimitOptions;
use pages::PageOptions;
use sharing::SharingOptions;
use std::ffi::OsString;
use std::path::PathBuf;

/// Serves a folder over HTTP/1.1.
#[derive(Debug, Parser)]
#[command(
    name = "glasshttp",
    version,
    about = "Serves a folder over HTTP/1.1, so that a browser or curl can fetch what is in it.",
    after_help = "Examples:\n  \
        glasshttp                       this folder, at http://localhost:8000/, for this machine only\n  \
        glasshttp -p 0 site             another folder, on any free port\n  \
        glasshttp --lan photos          for everybody on your network\n  \
        glasshttp --course              a course: from the first socket to this server\n\n\
        Each option but --header can also be set by an environment variable: --port by GLASSHTTP_PORT, and so on.",
    override_usage = "glasshttp [OPTIONS] [FOLDER]",
    next_line_help = false,
    color = ColorChoice::Auto
)]
pub struct Cli {
    /// The folder to serve, or a single file (at / and at its name) [default: .]
    #[arg(value_name = "FOLDER", env = "GLASSHTTP_FOLDER", hide_env = true, value_hint = ValueHint::AnyPath)]
    folder: Option<PathBuf>,

    /// Serve the course that is in the program: in English at /, in Chinese at /zh/
    #[arg(long, env = "GLASSHTTP_COURSE", value_parser = yes_or_no, hide_env = true)]
    course: bool,

    /// Print what makes a shell complete these options, and end
    #[arg(long, value_name = "SHELL")]
    completions: Option<clap_complete::Shell>,

    /// Print the manual page, and end
    #[arg(long)]
    man: bool,

    #[command(flatten)]
    listen: ListenOptions,
    #[command(flatten)]
    tls: TlsOptions,
    #[command(flatten)]
    auth: AuthOptions,
    #[command(flatten)]
    files: FileOptions,
    #[command(flatten)]
    pages: PageOptions,
    #[command(flatten)]
    sharing: SharingOptions,
    #[command(flatten)]
    output: OutputOptions,
    #[command(flatten)]
    limits: LimitOptions,
    #[command(flatten)]
    running: RunningOptions,

    /// The variables of the environment that set options.
    #[arg(skip)]
    variables: Vec<Variable>,
}

/// Why the command line gives no [`Cli`].
#[derive(Debug)]
pub enum Unread {
    /// The user asked for help, or for the version.
    Help(clap::Error),
    /// Something makes no sense: a line that says what to do.
    Misuse(String),
}

/// A text for packages that the program prints in place of serving.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manual {
    /// A script with which this shell completes options.
    Completions(clap_complete::Shell),
    /// A page for `man`.
    Page,
}

impl Cli {
    /// Reads the command line and the environment.
    ///
    /// # Errors
    /// When something in them makes no sense, or the user asked for help.
    pub fn read() -> Result<Cli, Unread> {
        let arguments: Vec<_> = std::env::args_os().collect();
        let command = variables::without_unset(Cli::command());
        Cli::parse_by(command.clone(), &arguments).map_err(|error| {
            if !error.use_stderr() {
                return Unread::Help(error);
            }
            let to_blame =
                Variable::to_blame(&command, &error, |command| Cli::parse_by(command, &arguments).map(drop));
            let line = variables::rename_all(&to_blame, &usage_error::one_line(&error, &command));
            Unread::Misuse(format!("glasshttp: {line} (see glasshttp --help)"))
        })
    }

    /// Reads options that stand in a page of the course, for an engine of its laboratory. The variables of the
    /// environment are not for that.
    ///
    /// # Errors
    /// A line that says what makes no sense.
    pub(in crate::command) fn of_words(words: &[String]) -> Result<Cli, String> {
        let command = Cli::command().mut_args(|arg| arg.env(None::<&'static str>));
        let words = words.iter().map(String::as_str);
        let arguments: Vec<_> = std::iter::once("glasshttp").chain(words).map(OsString::from).collect();
        Cli::parse_by(command.clone(), &arguments).map_err(|error| usage_error::one_line(&error, &command))
    }

    /// Reads these arguments, of which the first is the program's name, and the variables that this command knows.
    fn parse_by(mut command: Command, arguments: &[OsString]) -> Result<Cli, clap::Error> {
        let matches = command.try_get_matches_from_mut(arguments)?;
        let mut cli = Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))?;
        cli.variables = Variable::set_by_environment(&command, &matches);
        cli.check()
    }

    /// Refuses options that contradict each other in a way that clap cannot express.
    fn check(self) -> Result<Cli, clap::Error> {
        match self.contradiction() {
            Some(line) => Err(Cli::command().error(ErrorKind::ArgumentConflict, line)),
            None => Ok(self),
        }
    }

    fn contradiction(&self) -> Option<String> {
        let contradict = |both: &str, what: &str| Some(format!("{both} contradict each other: {what}"));
        if self.output.log_is_off() && self.running.log_file.is_some() {
            return contradict("--log off and --log-file", "leave one of them out");
        }
        if let Some(line) = self.auth.contradiction(self.sharing.upload().is_some()) {
            return Some(line.to_owned());
        }
        match &self.folder {
            _ if !self.course => None,
            Some(folder) => contradict(
                &format!("--course and the folder \"{}\"", human::OneLine(folder)),
                "leave out --course to serve the folder, or the folder to serve the course",
            ),
            None if self.sharing.upload().is_some() => {
                contradict("--course and --upload", "what is added would be gone when the server ends")
            }
            None if self.listen.base_path != BasePath::default() => {
                contradict("--course and --base-path", "the pages of the course link to each other from /")
            }
            None => None,
        }
    }

    /// The configuration, with a default for each option that is not given.
    pub fn into_config(mut self, machine: &Machine) -> Config {
        // The pages of the course show the reader's own requests, and lead to the source.
        self.output.inspect |= self.course;
        Config {
            site: self.site_options(),
            server: self.server_options(machine),
            log: self.output.log_format(machine, self.running.log_file.is_some()),
            manual: self.manual(),
            folder: self.folder.unwrap_or_else(|| PathBuf::from(".")),
            course: self.course,
            follow_links: self.files.follow_links,
            listen: self.listen,
            tls: self.tls.source(),
            auth: self.auth,
            reload: self.pages.reloading(),
            output: self.output,
            running: self.running,
            variables: self.variables,
        }
    }

    /// How the folder is served.
    fn site_options(&self) -> site::Options {
        site::Options {
            base: self.listen.base_path.clone(),
            // Known when it listens.
            reach: site::Reach::default(),
            hosts: self.listen.hosts(),
            trusted_hosts: self.listen.trusted_hosts(),
            index: self.files.index(),
            listing: !self.files.no_listing,
            hidden: self.files.hidden,
            cache_control: self.cache_control(),
            etags: self.files.etag,
            fallback: self.pages.spa.clone(),
            clean_urls: self.pages.clean_urls,
            codings: self.pages.codings(),
            cors: self.pages.cors(),
            script: self.pages.reloads(),
            upload: self.upload(),
            cache_size: self.limits.cache_size(),
            count_cache: self.output.metrics,
        }
    }

    /// Which files clients may add.
    fn upload(&self) -> Option<site::Upload> {
        let asks_alone = self.auth.asked_for == Some(site::auth::For::Upload);
        self.sharing.upload().map(|upload| site::Upload { asks_alone, ..upload })
    }

    /// How long browsers may use files without asking.
    fn cache_control(&self) -> site::CacheControl {
        let mut cache_control = site::CacheControl::of(&self.files.cache);
        if self.pages.spa.is_some() {
            cache_control = cache_control.with_fresh_pages();
        }
        if self.pages.reloads() {
            // Otherwise a page that is reloaded would get old copies of the files that changed.
            cache_control = cache_control.without_ages();
        }
        cache_control
    }

    /// What the server allows itself and its clients.
    fn server_options(&self, machine: &Machine) -> server::Options {
        server::Options {
            proxies: self.listen.proxies(),
            threads: self.limits.threads(machine),
            max_connections: self.limits.max_connections(machine),
            head_timeout: self.limits.head_timeout,
            idle_timeout: self.limits.idle_timeout,
            send_timeout: self.limits.send_timeout,
            fields: self.pages.own_fields(),
            faults: self.output.faults.iter().copied().collect(),
            // What is left depends on files that are not open yet.
            ..server::Options::default()
        }
    }

    /// The text to print in place of serving, if the user asked for one.
    fn manual(&self) -> Option<Manual> {
        match self.completions {
            Some(shell) => Some(Manual::Completions(shell)),
            None => self.man.then_some(Manual::Page),
        }
    }
}
