//! The command line: options in, [`Config`] out. Every default is in this file.

mod compress;

use self::compress::Compress;
use crate::command::check::Target;
use crate::command::habits;
use crate::command::manual::Manual;
use crate::command::private_files::ServedFolder;
use crate::command::tls;
use crate::command::values::{number, parse_seconds, parse_size, yes_or_no};
use crate::command::variables::{self, Variable};
use crate::glass::access_log::Format;
use crate::glass::inspect;
use crate::glass::reload;
use crate::http::base_path::BasePath;
use crate::http::forwarded::{Proxies, Proxy};
use crate::http::response::OwnFields;
use crate::server::{self, fault::Fault};
use crate::site::auth::Plain;
use crate::site::cache_control::Rule;
use crate::site::{self, Etags};
use clap::builder::PossibleValue;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ColorChoice, Command, CommandFactory, FromArgMatches, Parser, ValueEnum, ValueHint};
use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;
use std::time::Duration;

/// The port when none is given. Users of `python -m http.server` expect it.
pub const DEFAULT_PORT: u16 = 8000;

/// Serves a folder over HTTP/1.1.
#[derive(Debug, Parser)]
#[command(
    name = "glasshttp",
    version,
    about = "Serves a folder over HTTP/1.1, so that a browser or curl can fetch what is in it.",
    after_help = "Examples:\n  \
        glasshttp                       this folder, at http://localhost:8000/, for this machine only\n  \
        glasshttp -p 0 site             another folder, on any free port\n  \
        glasshttp --lan photos          for everybody on your network\n\n\
        Each option but --header can also be set by an environment variable: --port by GLASSHTTP_PORT, and so on.",
    override_usage = "glasshttp [OPTIONS] [FOLDER]",
    next_line_help = false,
    color = ColorChoice::Auto
)]
pub struct Cli {
    /// The folder to serve, or a single file (at / and at its name)
    #[arg(value_name = "FOLDER", default_value = ".", env = "GLASSHTTP_FOLDER", hide_env = true,
          value_hint = ValueHint::AnyPath)]
    folder: PathBuf,

    /// Print what makes a shell complete these options, and end
    #[arg(long, value_name = "SHELL")]
    completions: Option<clap_complete::Shell>,

    /// Print the manual page, and end
    #[arg(long)]
    man: bool,

    /// The port; 0 takes any free one [default: 8000]
    #[arg(short, long, value_name = "PORT", value_parser = number(0..=u16::MAX), env = "GLASSHTTP_PORT", hide_env = true,
          help_heading = "Where")]
    port: Option<u16>,

    /// An address to listen on, repeatable; 0.0.0.0 or :: is the whole network, unix:PATH a Unix socket
    /// [default: 127.0.0.1 and ::1]
    #[arg(short, long, alias = "host", value_name = "ADDR", value_delimiter = ',', value_parser = parse_address,
          env = "GLASSHTTP_BIND", hide_env = true, help_heading = "Where")]
    bind: Vec<Bind>,

    /// Who may connect to a Unix socket, as an octal file mode: 600 its owner, 660 its group, 666 all
    #[arg(long, value_name = "MODE", default_value = "600", value_parser = parse_mode,
          env = "GLASSHTTP_SOCKET_MODE", hide_env = true, help_heading = "Where")]
    socket_mode: u32,

    /// Share it with your network, on all addresses, and show a QR code of the first
    #[arg(long, env = "GLASSHTTP_LAN", value_parser = yes_or_no, hide_env = true,
          conflicts_with = "bind", help_heading = "Where")]
    lan: bool,

    /// Another host name to answer for (*.NAME: all below it), when only this machine can connect, and to take
    /// uploads under, repeatable [default: localhost and addresses; for uploads also this machine's name]
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = parse_host_name,
          env = "GLASSHTTP_ALLOW_HOST", hide_env = true, help_heading = "Where")]
    allow_host: Vec<String>,

    /// Serve all of it below PATH, as a proxy may want it that passes on what begins with PATH [default: /]
    #[arg(long, value_name = "PATH", default_value = "/", hide_default_value = true, value_parser = BasePath::parse,
          env = "GLASSHTTP_BASE_PATH", hide_env = true, help_heading = "Where")]
    base_path: BasePath,

    /// Believe proxies that say for whom they ask, by X-Forwarded-For or Forwarded: those on this machine, or
    /// ADDR (also a network, as 10.0.0.0/8), repeatable [default: nobody]
    #[arg(long, value_name = "ADDR", num_args = 0..=1, require_equals = true, default_missing_value = "loopback",
          value_delimiter = ',', value_parser = str::parse::<Proxy>, env = "GLASSHTTP_TRUST_PROXY", hide_env = true,
          help_heading = "Where")]
    trust_proxy: Vec<Proxy>,

    #[command(flatten)]
    tls: tls::Options,

    /// Ask for a name and a password, repeatable; all users of this machine can see it in the list of
    /// processes, but not in the variable GLASSHTTP_AUTH, nor --auth-file [default: everybody may come in]
    #[arg(short, long, value_name = "USER:PASSWORD", value_delimiter = '\n', value_parser = Plain::parse,
          env = "GLASSHTTP_AUTH", hide_env = true, help_heading = "Who")]
    auth: Vec<Plain>,

    /// A file of users and hashes of their passwords, as htpasswd -B and --hash write it; SIGHUP
    /// reads it again
    #[arg(long, value_name = "FILE", env = "GLASSHTTP_AUTH_FILE", hide_env = true,
          value_hint = ValueHint::FilePath, help_heading = "Who")]
    auth_file: Option<PathBuf>,

    /// Read a password, print the line of USER for the file, and end
    #[arg(long, value_name = "USER", help_heading = "Who")]
    hash: Option<String>,

    /// The file that stands for its folder, repeatable: the first that exists [default: index.html, index.htm]
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = parse_file_name,
          env = "GLASSHTTP_INDEX", hide_env = true, help_heading = "What")]
    index: Vec<String>,

    /// Do not list folders that have no index file [default: they are listed]
    #[arg(long, env = "GLASSHTTP_NO_LISTING", value_parser = yes_or_no, hide_env = true, help_heading = "What")]
    no_listing: bool,

    /// Serve names that start with a dot, too [default: only /.well-known/]
    #[arg(long, env = "GLASSHTTP_HIDDEN", value_parser = yes_or_no, hide_env = true, help_heading = "What")]
    hidden: bool,

    /// Follow links that lead out of the folder [default: they are refused]
    #[arg(long, env = "GLASSHTTP_FOLLOW_LINKS", value_parser = yes_or_no, hide_env = true, help_heading = "What")]
    follow_links: bool,

    /// How long browsers may use a copy without asking: seconds, no-cache, no-store or immutable (a year), for
    /// all files or for those of a pattern, as '/assets/**=immutable' or '*.css=3600', repeatable
    #[arg(long, value_name = "[PATTERN=]VALUE", value_delimiter = '\n', default_value = "no-cache",
          value_parser = Rule::parse, env = "GLASSHTTP_CACHE", hide_env = true, help_heading = "What")]
    cache: Vec<Rule>,

    /// What tells versions of a file apart (ETag): file, its size, times and number on the disk, or content, its
    /// bytes, for copies on several machines and trees that are deployed anew
    #[arg(
        long,
        value_name = "WHAT",
        default_value = "file",
        env = "GLASSHTTP_ETAG",
        hide_env = true,
        help_heading = "What"
    )]
    etag: Etags,

    /// For single-page applications: who asks for a page that is not there gets FILE (alias: --single)
    /// [default: 404; FILE: index.html]
    #[arg(long, alias = "single", value_name = "FILE", num_args = 0..=1, require_equals = true,
          default_missing_value = "index.html", value_parser = parse_file_name, env = "GLASSHTTP_SPA",
          hide_env = true, help_heading = "For building pages")]
    spa: Option<String>,

    /// Let /about name about.html
    #[arg(long, env = "GLASSHTTP_CLEAN_URLS", value_parser = yes_or_no, hide_env = true,
          help_heading = "For building pages")]
    clean_urls: bool,

    /// Send app.js.br, .zst or .gz in place of app.js, if it is there and the client takes it
    #[arg(long, env = "GLASSHTTP_PRECOMPRESSED", value_parser = yes_or_no, hide_env = true,
          help_heading = "For building pages")]
    precompressed: bool,

    #[command(flatten)]
    compress: Compress,

    /// Let pages of other origins read what is served: of all, or of ORIGIN alone (https://*.NAME: all
    /// below it), repeatable [default: of none]
    #[arg(long, value_name = "ORIGIN", num_args = 0..=1, require_equals = true, default_missing_value = "*",
          value_delimiter = ',', value_parser = parse_origin, env = "GLASSHTTP_CORS", hide_env = true,
          help_heading = "For building pages")]
    cors: Vec<String>,

    /// A header for every answer, repeatable; it replaces ours of the same name
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE", value_parser = parse_header,
          help_heading = "For building pages")]
    headers: Vec<(String, String)>,

    /// Isolate pages (COOP and COEP), so that they may use SharedArrayBuffer and wasm threads
    #[arg(long, env = "GLASSHTTP_ISOLATE", value_parser = yes_or_no, hide_env = true,
          help_heading = "For building pages")]
    isolate: bool,

    /// Reload pages in the browser when files change, and swap style sheets without; all ages of --cache are
    /// then no-cache. HOW is poll where nobody tells that files change (auto knows NFS, SMB, FUSE and more)
    /// [default: off; HOW: auto]
    #[arg(long, value_name = "HOW", num_args = 0..=1, require_equals = true, default_missing_value = "auto",
          value_parser = parse_reload, env = "GLASSHTTP_RELOAD", hide_env = true,
          help_heading = "For building pages")]
    reload: Option<ReloadHow>,

    /// Files that may change without a reload, repeatable: *.log at any depth, data/** from the folder
    #[arg(long, value_name = "GLOB", requires = "reload", value_parser = reload::Ignore::parse,
          env = "GLASSHTTP_RELOAD_IGNORE", hide_env = true, help_heading = "For building pages")]
    reload_ignore: Vec<reload::Ignore>,

    /// Let everybody who can connect add files with PUT; none is replaced
    #[arg(long, env = "GLASSHTTP_UPLOAD", value_parser = yes_or_no, hide_env = true,
          help_heading = "For sharing files")]
    upload: bool,

    /// Let uploads replace files
    #[arg(long, requires = "upload", env = "GLASSHTTP_OVERWRITE", value_parser = yes_or_no,
          hide_env = true, help_heading = "For sharing files")]
    overwrite: bool,

    /// How large an uploaded file may be: bytes, or with k, M or G
    #[arg(long, value_name = "SIZE", default_value = "1G", value_parser = parse_size,
          env = "GLASSHTTP_MAX_UPLOAD", hide_env = true, help_heading = "For sharing files")]
    max_upload: u64,

    /// How to log each request; auto is readable on a terminal and common elsewhere
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "auto",
        env = "GLASSHTTP_LOG",
        hide_env = true,
        help_heading = "Output"
    )]
    log: LogFormat,

    /// Show each exchange in full instead of the log: its bytes, and every decision with its reason
    #[arg(long, env = "GLASSHTTP_EXPLAIN", value_parser = yes_or_no, hide_env = true,
          conflicts_with = "quiet", help_heading = "Output")]
    explain: bool,

    /// Show what goes on in the server, live, at /.glass/, to browsers on this machine
    #[arg(long, env = "GLASSHTTP_INSPECT", value_parser = yes_or_no, hide_env = true,
          help_heading = "Output")]
    inspect: bool,

    /// Answer /.glass/health and /.glass/metrics (Prometheus), to whoever may ask for files
    #[arg(long, env = "GLASSHTTP_METRICS", value_parser = yes_or_no, hide_env = true,
          help_heading = "Output")]
    metrics: bool,

    /// Break a rule on purpose, to see what happens: slow=N (bytes a second), split, drop-after=N (bytes),
    /// no-length, wrong-length=+N or lf-only; repeatable, and only where this machine alone can see it
    #[arg(long = "fault", value_name = "FAULT", value_delimiter = ',', value_parser = str::parse::<Fault>,
          env = "GLASSHTTP_FAULT", hide_env = true, help_heading = "Output")]
    faults: Vec<Fault>,

    /// Show a QR code of the address, for the camera of a phone
    #[arg(long, env = "GLASSHTTP_QR", value_parser = yes_or_no, hide_env = true,
          conflicts_with = "quiet", help_heading = "Output")]
    qr: bool,

    /// Open the browser, at PATH if one is given
    #[arg(short, long, value_name = "PATH", num_args = 0..=1, require_equals = true, default_missing_value = "/",
          env = "GLASSHTTP_OPEN", hide_env = true, help_heading = "Output")]
    open: Option<String>,

    /// Print nothing but errors [default: the address and the log]
    #[arg(short, long, env = "GLASSHTTP_QUIET", value_parser = yes_or_no, hide_env = true, help_heading = "Output")]
    quiet: bool,

    /// Whether to print in colour
    #[arg(
        long,
        value_name = "WHEN",
        default_value = "auto",
        env = "GLASSHTTP_COLOR",
        hide_env = true,
        help_heading = "Output"
    )]
    color: ColorChoice,

    /// How many threads answer [default: one for each processor]
    #[arg(short, long, value_name = "N", value_parser = number(1..=1024_u16),
          env = "GLASSHTTP_THREADS", hide_env = true, help_heading = "Limits")]
    threads: Option<u16>,

    /// How many connections may be open [default: half of the files that may be open, at most 16384]
    #[arg(long, value_name = "N", value_parser = number(1..=u32::MAX),
          env = "GLASSHTTP_MAX_CONNECTIONS", hide_env = true, help_heading = "Limits")]
    max_connections: Option<u32>,

    /// How many megabytes of small files are kept in memory; 0 keeps none
    #[arg(
        long,
        value_name = "MB",
        default_value = "64",
        value_parser = number(0..=1_000_000_u32),
        env = "GLASSHTTP_CACHE_SIZE",
        hide_env = true,
        help_heading = "Limits"
    )]
    cache_size: u32,

    /// How long a request may take to arrive, uploads apart
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = parse_seconds,
          env = "GLASSHTTP_HEAD_TIMEOUT", hide_env = true, help_heading = "Limits")]
    head_timeout: Duration,

    /// How long a connection may stay open between requests
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = parse_seconds,
          env = "GLASSHTTP_IDLE_TIMEOUT", hide_env = true, help_heading = "Limits")]
    idle_timeout: Duration,

    /// How long a client may take no more of an answer, or send no more of an upload
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = parse_seconds,
          env = "GLASSHTTP_SEND_TIMEOUT", hide_env = true, help_heading = "Limits")]
    send_timeout: Duration,

    /// Write the log to this file, in the format common unless --log says another; SIGHUP opens it anew
    #[arg(long, value_name = "PATH", env = "GLASSHTTP_LOG_FILE", hide_env = true, value_hint = ValueHint::FilePath,
          help_heading = "For running it longer")]
    log_file: Option<PathBuf>,

    /// End, with exit code 0, after so long without a request [default: never]
    #[arg(long, value_name = "SECONDS", value_parser = parse_seconds, env = "GLASSHTTP_QUIT_AFTER", hide_env = true,
          help_heading = "For running it longer")]
    quit_after: Option<Duration>,

    /// Let the threads that face clients open all files that you may [default: those of the folder alone,
    /// where the kernel can see to it]
    #[arg(long, env = "GLASSHTTP_NO_SANDBOX", value_parser = yes_or_no, hide_env = true,
          help_heading = "For running it longer")]
    no_sandbox: bool,

    /// Ask a server whether it answers, and end: exit code 0 for 2xx and 3xx, else 1. URL is http://, https:// (whose
    /// certificate is not looked at) or unix:PATH [default: the server that the other options and variables describe,
    /// of which all but 5xx will do]
    #[arg(long, value_name = "URL", num_args = 0..=1, default_missing_value = "", value_parser = Target::parse,
          help_heading = "For running it longer")]
    check: Option<Target>,

    /// What of this was said by variables.
    #[arg(skip)]
    variables: Vec<Variable>,
}

/// Why there is nothing to run.
#[derive(Debug)]
pub enum Unread {
    /// Help was asked for, or the version.
    Help(clap::Error),
    /// Something makes no sense: a line that says what to do.
    Misuse(String),
}

/// Where to listen.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Bind {
    /// `localhost`: both loopback addresses.
    Localhost,
    Address(IpAddr),
    /// `unix:PATH`
    Unix(PathBuf),
}

/// `--log`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LogFormat {
    Auto,
    Only(Format),
    Off,
}

/// `--reload`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ReloadHow {
    /// A variable says so.
    Off,
    Auto,
    Poll,
}

/// How it is seen that files change.
#[derive(Debug, Clone)]
pub struct ReloadConfig {
    /// By looking at them, whatever the system would tell.
    pub poll: bool,
    /// Which may change without a word to pages.
    pub ignore: Vec<reload::Ignore>,
}

/// What the command line asks for.
#[derive(Debug)]
pub struct Config {
    /// What to serve.
    pub folder: PathBuf,
    /// Whether links may lead out of it.
    pub follow_links: bool,
    /// Where to listen; empty for both loopback addresses, if there are no sockets either.
    pub addresses: Vec<IpAddr>,
    /// The names of Unix sockets on which to listen.
    pub sockets: Vec<PathBuf>,
    /// The permissions of these.
    pub socket_mode: u32,
    /// Everywhere was asked for, as far as this machine has it, and how others get here.
    pub lan: bool,
    /// The port, if one was given.
    pub port: Option<u16>,
    /// How the folder is served.
    pub site: site::Options,
    /// What the server allows itself.
    pub server: server::Options,
    /// Who may come in.
    pub auth: AuthConfig,
    /// Where the certificate for https comes from; `None` for http.
    pub tls: Option<tls::Source>,
    /// The log's format, if there is to be a log.
    pub log: Option<Format>,
    /// Whether exchanges are shown in full.
    pub explain: bool,
    /// Where it goes, if not to standard output.
    pub log_file: Option<PathBuf>,
    /// How long it stays without a request, if not for ever.
    pub quit_after: Option<Duration>,
    /// Whether the kernel is to keep what faces clients in the folder.
    pub sandbox: bool,
    /// What is to be printed, and nothing served.
    pub manual: Option<Manual>,
    /// What is to be asked whether it answers, and nothing served.
    pub check: Option<Target>,
    /// Whether browsers on this machine may look on, at `/.glass/`.
    pub inspect: bool,
    /// How it is seen that files change, if pages are to reload then: `site.script` says whether.
    pub reload: ReloadConfig,
    /// Whether whoever may ask for files may ask how the server does, at `/.glass/metrics`.
    pub metrics: bool,
    /// Whether to print a QR code, even if standard output is no terminal.
    pub qr: bool,
    /// What the browser is to be opened at, from the base path, if it is to be opened.
    pub open: Option<String>,
    /// Nothing but errors is to be printed.
    pub quiet: bool,
    /// Whether to print in colour.
    pub color: ColorChoice,
    /// What of this was said by variables.
    variables: Vec<Variable>,
}

impl Config {
    /// The folder that is served, for which files are no private ones.
    pub(crate) fn served_folder(&self) -> ServedFolder {
        ServedFolder::new(self.folder.clone(), self.site.hidden)
    }

    /// A line about options, in which each that was given by a variable is called by the variable's name, and what it
    /// says comes with that name: there is where whoever reads it has to change something.
    pub fn by_variables(&self, line: &str) -> String {
        variables::explain(&self.variables, line)
    }
}

/// Who may come in: everybody, if nobody is named.
#[derive(Debug)]
pub struct AuthConfig {
    /// Users whose passwords are on the command line or in the environment.
    pub plain: Vec<Plain>,
    /// A file of users.
    pub file: Option<PathBuf>,
    /// The user whose line for the file is to be printed, and nothing served.
    pub hash: Option<String>,
}

/// What of this machine the defaults depend on.
#[derive(Debug, Clone, Copy)]
pub struct Machine {
    /// Whether standard output is a terminal.
    pub is_terminal: bool,
    /// How many threads run at once.
    pub processors: usize,
    /// How many files this process may have open.
    pub open_files: usize,
}

impl Machine {
    /// How many connections there are files for; some are needed otherwise.
    pub fn room_for_connections(&self) -> usize {
        self.open_files.saturating_sub(32)
    }
}

impl Cli {
    /// Reads the command line and the environment.
    ///
    /// # Errors
    /// When something in them makes no sense, or help was asked for.
    pub fn read() -> Result<Cli, Unread> {
        let arguments: Vec<_> = std::env::args_os().collect();
        let command = variables::heeded(Cli::command());
        Cli::parse_by(command.clone(), &arguments).map_err(|error| {
            if !error.use_stderr() {
                return Unread::Help(error);
            }
            let to_blame =
                Variable::to_blame(&command, &error, |command| Cli::parse_by(command, &arguments).map(drop));
            let line = variables::rename_all(&to_blame, &usage_error(&error));
            Unread::Misuse(format!("glasshttp: {line} (see glasshttp --help)"))
        })
    }

    /// Reads these arguments, the program's name first, and the variables that this command looks at.
    fn parse_by(mut command: Command, arguments: &[OsString]) -> Result<Cli, clap::Error> {
        let matches = command.try_get_matches_from_mut(arguments)?;
        let mut cli = Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))?;
        cli.variables = Variable::said(&command, &matches);
        cli.check()
    }

    /// What can only be seen once all is read.
    fn check(self) -> Result<Cli, clap::Error> {
        if self.log == LogFormat::Off && self.log_file.is_some() {
            let message = "--log off and --log-file contradict each other: leave one of them out";
            return Err(Cli::command().error(ErrorKind::ArgumentConflict, message));
        }
        Ok(self)
    }

    /// The fields that every response is to have.
    fn own_fields(&self) -> OwnFields {
        let mut fields = OwnFields::default();
        let isolation: &[_] = &[
            ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Cross-Origin-Embedder-Policy", "require-corp"),
        ];
        let isolation = if self.isolate { isolation } else { &[] };
        let own = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in isolation.iter().copied().chain(own) {
            fields.push(name, value).expect("it was looked at when it was read");
        }
        fields
    }

    /// Which pages of other origins may read what is served.
    fn cors(&self, own: &OwnFields) -> site::Cors {
        match self.cors.as_slice() {
            [] => site::Cors::Nobody,
            origins if origins.iter().any(|origin| origin == "*") => site::Cors::Everybody,
            origins => site::Cors::Origins(site::cors::Origins::new(origins.to_vec(), own.names())),
        }
    }

    /// How many connections there may be.
    fn max_connections(&self, machine: &Machine) -> usize {
        match self.max_connections {
            Some(count) => count as usize,
            // A connection may have a file open, too.
            None => (machine.room_for_connections() / 2).clamp(1, 16384),
        }
    }

    /// Which files stand for their folders.
    fn index(&self) -> Vec<String> {
        if self.index.is_empty() { vec!["index.html".into(), "index.htm".into()] } else { self.index.clone() }
    }

    /// How long browsers may keep files, with pages that reload or without.
    fn cache_control(&self, reload: bool) -> site::CacheControl {
        let mut cache_control = site::CacheControl::of(&self.cache);
        if self.spa.is_some() {
            cache_control = cache_control.with_fresh_pages();
        }
        if reload {
            // A page that reloads must not get what the browser has kept of the files that changed.
            cache_control = cache_control.without_ages();
        }
        cache_control
    }

    /// The configuration, with a default wherever nothing is said.
    pub fn into_config(self, machine: &Machine) -> Config {
        let script = self.reload.is_some_and(|how| how != ReloadHow::Off);
        let metrics = self.metrics;
        let (cache_control, index) = (self.cache_control(script), self.index());
        let (addresses, sockets) = (self.addresses(), self.sockets());
        let (fields, log) = (self.own_fields(), self.log_format(machine));
        let cors = self.cors(&fields);
        let max_connections = self.max_connections(machine);
        let loopback_only = addresses.iter().all(|address| address.to_canonical().is_loopback());
        // No page in a browser can be made to ask through a Unix socket.
        let checks_hosts = loopback_only && (sockets.is_empty() || !addresses.is_empty());
        Config {
            folder: self.folder,
            follow_links: self.follow_links,
            port: self.port,
            site: site::Options {
                base: self.base_path.clone(),
                index,
                listing: !self.no_listing,
                hidden: self.hidden,
                cache_control,
                etags: self.etag,
                fallback: self.spa,
                clean_urls: self.clean_urls,
                script,
                upload: self
                    .upload
                    .then_some(site::Upload { overwrite: self.overwrite, most: self.max_upload }),
                cors,
                codings: self.compress.codings(self.precompressed),
                cache_size: self.cache_size as usize * 1_000_000,
                count_cache: metrics,
                trusted_hosts: site::TrustedHosts::with(self.allow_host.clone()),
                hosts: if checks_hosts {
                    site::Hosts::LoopbackAnd(self.allow_host)
                } else {
                    site::Hosts::Any
                },
            },
            server: server::Options {
                threads: self.threads.map_or(machine.processors, usize::from),
                max_connections,
                head_timeout: self.head_timeout,
                idle_timeout: self.idle_timeout,
                send_timeout: self.send_timeout,
                fields,
                faults: self.faults.into_iter().collect(),
                proxies: (!self.trust_proxy.is_empty()).then_some(Proxies(self.trust_proxy)),
                base: self.base_path,
                internal: Some(server::Internal {
                    prefix: inspect::PREFIX,
                    keep_bodies: if self.inspect { inspect::MAX_COMPOSED } else { 0 },
                }),
                ..server::Options::default()
            },
            manual: match (self.completions, self.man) {
                (Some(shell), _) => Some(Manual::Completions(shell)),
                (None, page) => page.then_some(Manual::Page),
            },
            log,
            tls: self.tls.source(),
            explain: self.explain,
            log_file: self.log_file,
            quit_after: self.quit_after,
            sandbox: !self.no_sandbox,
            auth: AuthConfig { plain: self.auth, file: self.auth_file, hash: self.hash },
            check: self.check,
            addresses,
            sockets,
            socket_mode: self.socket_mode,
            lan: self.lan,
            inspect: self.inspect,
            reload: ReloadConfig { poll: self.reload == Some(ReloadHow::Poll), ignore: self.reload_ignore },
            metrics,
            qr: self.qr,
            open: self.open,
            quiet: self.quiet,
            color: self.color,
            variables: self.variables,
        }
    }

    /// The log's format, if there is to be a log.
    fn log_format(&self, machine: &Machine) -> Option<Format> {
        match self.log {
            // To write to a file prints nothing.
            _ if self.quiet && self.log_file.is_none() => None,
            _ if self.explain => Some(Format::Explain),
            LogFormat::Auto if self.log_file.is_some() => Some(Format::Common),
            LogFormat::Auto if machine.is_terminal => Some(Format::Pretty),
            LogFormat::Auto => Some(Format::Common),
            LogFormat::Only(format) => Some(format),
            LogFormat::Off => None,
        }
    }

    fn addresses(&self) -> Vec<IpAddr> {
        if self.lan {
            return vec![IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::UNSPECIFIED)];
        }
        let mut addresses = Vec::new();
        for bind in &self.bind {
            let meant = match bind {
                Bind::Localhost => vec![IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)],
                Bind::Address(address) => vec![*address],
                Bind::Unix(_) => continue,
            };
            for address in meant {
                // The same twice would find its own port taken.
                if !addresses.contains(&address) {
                    addresses.push(address);
                }
            }
        }
        addresses
    }

    fn sockets(&self) -> Vec<PathBuf> {
        let mut sockets = Vec::new();
        for bind in &self.bind {
            if let Bind::Unix(path) = bind
                && !sockets.contains(path)
            {
                sockets.push(path.clone());
            }
        }
        sockets
    }
}

impl ValueEnum for LogFormat {
    fn value_variants<'a>() -> &'a [Self] {
        &[
            LogFormat::Auto,
            LogFormat::Only(Format::Common),
            LogFormat::Only(Format::Combined),
            LogFormat::Only(Format::Json),
            LogFormat::Off,
        ]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(match self {
            LogFormat::Auto => "auto",
            LogFormat::Only(Format::Common) => "common",
            LogFormat::Only(Format::Combined) => "combined",
            LogFormat::Only(Format::Json) => "json",
            LogFormat::Only(Format::Pretty | Format::Explain) => return None,
            LogFormat::Off => "off",
        }))
    }
}

impl ValueEnum for Etags {
    fn value_variants<'a>() -> &'a [Self] {
        &[Etags::Facts, Etags::Content]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(match self {
            Etags::Facts => "file",
            Etags::Content => "content",
        }))
    }
}

fn parse_address(text: &str) -> Result<Bind, String> {
    if text == "localhost" {
        return Ok(Bind::Localhost);
    }
    if let Some(path) = text.strip_prefix("unix:") {
        if path.is_empty() || path.len() > MAX_SOCKET_NAME || path.ends_with('/') {
            return Err(format!(
                "behind unix: comes the path of a socket, of {MAX_SOCKET_NAME} bytes at most"
            ));
        }
        return Ok(Bind::Unix(path.into()));
    }
    let plain = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = plain.parse().map_err(|_| {
        "it must be an IP address of this machine, such as 127.0.0.1 or ::, or unix:PATH".to_owned()
    });
    address.map(Bind::Address)
}

/// How long the kernel lets the name of a Unix socket be.
const MAX_SOCKET_NAME: usize = 107;

fn parse_mode(text: &str) -> Result<u32, String> {
    match u32::from_str_radix(text, 8) {
        Ok(mode) if mode <= 0o777 => Ok(mode),
        _ => Err("it must be an octal file mode of three digits, such as 660".to_owned()),
    }
}

/// A name, or one with `*.` or a dot in front, which means all below it and is given with the dot.
fn parse_host_name(text: &str) -> Result<String, String> {
    let (below, name) = match text.strip_prefix("*.").or_else(|| text.strip_prefix('.')) {
        Some(name) => (".", name),
        None => ("", text),
    };
    if name.contains('*') {
        return Err(
            "a star can only stand for all that is below a name, as in *.example.com; to answer for \
                    every name would let any page of the web read what is served here"
                .to_owned(),
        );
    }
    let name = name.strip_suffix('.').unwrap_or(name);
    match crate::http::host::Host::parse(name.as_bytes()) {
        Some(host)
            if host.port.is_none()
                && host.name.len() == name.len()
                && !name.starts_with('.')
                && !name.is_empty() =>
        {
            Ok(format!("{below}{}", name.to_ascii_lowercase()))
        }
        _ => Err("it must be a host name without a port, such as dev.example".to_owned()),
    }
}

fn parse_file_name(text: &str) -> Result<String, String> {
    if text.is_empty() || text.contains('/') || text == "." || text == ".." {
        return Err("it must be the name of a file, without a folder".to_owned());
    }
    Ok(text.to_owned())
}

fn parse_reload(text: &str) -> Result<ReloadHow, String> {
    match text.to_ascii_lowercase().as_str() {
        "auto" => Ok(ReloadHow::Auto),
        "poll" => Ok(ReloadHow::Poll),
        "" => Ok(ReloadHow::Off),
        text => match yes_or_no(text) {
            Ok(true) => Ok(ReloadHow::Auto),
            Ok(false) => Ok(ReloadHow::Off),
            Err(_) => Err("it must be auto or poll".to_owned()),
        },
    }
}

/// As a browser writes it in an Origin field: scheme and host in lower case, a port unless it is the
/// scheme's own, nothing behind them. `*` for all; `*.` before a host for all below it.
fn parse_origin(text: &str) -> Result<String, String> {
    if text == "*" {
        return Ok(text.to_owned());
    }
    let must = "it must be an origin, such as http://localhost:5173";
    let lower = text.to_ascii_lowercase();
    let parts = [("http://", 80), ("https://", 443)]
        .iter()
        .find_map(|(scheme, port)| Some((*scheme, *port, lower.strip_prefix(scheme)?)));
    let Some((scheme, default_port, rest)) = parts else { return Err(must.to_owned()) };
    let (authority, behind) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let (below, host) = match authority.strip_prefix("*.").or_else(|| authority.strip_prefix('.')) {
        Some(host) => ("*.", host),
        None => ("", authority),
    };
    if host.contains('*') {
        return Err(
            "a star can only stand for all hosts below one, as in https://*.example.com, or alone for \
                    all origins"
                .to_owned(),
        );
    }
    let parsed = crate::http::host::Host::parse(host.as_bytes())
        .filter(|host| !host.name.is_empty() && !host.name.starts_with(b"."));
    let Some(host) = parsed else { return Err(must.to_owned()) };
    let name = host.written_as_browsers_do();
    let port = host.port.filter(|&port| port != default_port);
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    let origin = format!("{scheme}{below}{name}{port}");
    if behind.is_empty() { Ok(origin) } else { Err(format!("{must}, without anything behind it: {origin}")) }
}

fn parse_header(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once(':')
        .ok_or("it must be a name, a colon and a value, such as \"X-Robots-Tag: noindex\"")?;
    let value = value.trim_matches([' ', '\t']);
    OwnFields::default().push(name, value)?;
    Ok((name.to_owned(), value.to_owned()))
}

/// One line that says what was wrong with the command line and what to do. (clap's own message has
/// several, with the usage between.)
fn usage_error(error: &clap::Error) -> String {
    let said = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.as_str(),
        _ => "",
    };
    let (argument, value) = (said(ContextKind::InvalidArg), said(ContextKind::InvalidValue));
    let option = argument.split(' ').next().unwrap_or_default();
    let mut text = error.to_string();
    // What was given for --auth may be a password, and this line may be kept.
    if option == "--auth" && !value.is_empty() {
        text = text.replace(value, "...");
    }
    let tip = match error.kind() {
        ErrorKind::UnknownArgument => habits::tip_for_argument(argument),
        _ => habits::tip_for_value(option, value),
    };
    let mut beside_the_point = vec!["Usage:", "For more information", "tip: to pass"];
    if tip.is_some() {
        beside_the_point.push("tip: ");
    }
    let says_something =
        |line: &&str| !line.is_empty() && !beside_the_point.iter().any(|start| line.starts_with(start));
    let lines = text.lines().map(str::trim).filter(says_something).map(str::to_owned);
    let lines = lines.chain(tip.map(|tip| format!("tip: {tip}"))).collect::<Vec<_>>();
    lines.join("; ").replace(":; ", ": ").trim_start_matches("error: ").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    const MACHINE: Machine = Machine { is_terminal: false, processors: 3, open_files: 1024 };

    fn config(arguments: &[&str]) -> Config {
        let arguments = std::iter::once("glasshttp").chain(arguments.iter().copied());
        Cli::try_parse_from(arguments).expect("good arguments").into_config(&MACHINE)
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn defaults_are_safe() {
        let config = config(&[]);
        assert_eq!(config.folder, PathBuf::from("."));
        assert_eq!((config.port, config.addresses.len()), (None, 0));
        assert!(!config.follow_links && !config.site.hidden && config.site.listing);
        assert_eq!(config.site.hosts, site::Hosts::LoopbackAnd(Vec::new()));
        assert_eq!(config.site.cache_control, "no-cache".into());
        assert_eq!((config.server.threads, config.server.max_connections), (3, 496));
        assert_eq!(config.log, Some(Format::Common));
    }

    #[test]
    fn live_reload_is_off_on_or_told_how_to_look() {
        let table: &[(&[&str], (bool, bool))] = &[
            (&[], (false, false)),
            (&["--reload"], (true, false)),
            (&["--reload", "folder"], (true, false)),
            (&["--reload=auto"], (true, false)),
            (&["--reload=poll"], (true, true)),
            (&["--reload=1"], (true, false)),
            (&["--reload=0"], (false, false)),
            (&["--reload="], (false, false)),
        ];
        for (arguments, expected) in table {
            let config = config(arguments);
            assert_eq!((config.site.script, config.reload.poll), *expected, "{arguments:?}");
        }
        let ignore =
            config(&["--reload", "--reload-ignore", "*.log", "--reload-ignore", "a,b"]).reload.ignore;
        assert_eq!(ignore.len(), 2);
    }

    #[test]
    fn what_is_under_way_at_a_stop_ends_before_a_container_is_killed() {
        let grace = config(&[]).server.stop_timeout;
        assert!(grace >= Duration::from_secs(5) && grace < Duration::from_secs(9), "{grace:?}");
    }

    #[test]
    fn the_host_is_checked_only_where_nobody_else_can_connect() {
        assert!(matches!(config(&["-b", "localhost"]).site.hosts, site::Hosts::LoopbackAnd(_)));
        assert!(matches!(config(&["-b", "127.0.0.2"]).site.hosts, site::Hosts::LoopbackAnd(_)));
        assert!(matches!(config(&["-b", "::ffff:127.0.0.1"]).site.hosts, site::Hosts::LoopbackAnd(_)));
        assert_eq!(config(&["-b", "127.0.0.1", "-b", "0.0.0.0"]).site.hosts, site::Hosts::Any);
        assert_eq!(config(&["--lan"]).site.hosts, site::Hosts::Any);
        let hosts = config(&["--allow-host", "Dev.Example"]).site.hosts;
        assert_eq!(hosts, site::Hosts::LoopbackAnd(vec!["dev.example".to_owned()]));
        let hosts = config(&["--allow-host", "*.A.example,.b.example", "--allow-host", "c."]).site.hosts;
        let expected = [".a.example", ".b.example", "c"].map(str::to_owned);
        assert_eq!(hosts, site::Hosts::LoopbackAnd(expected.to_vec()));
    }

    #[test]
    fn with_unix_sockets_alone_no_port_is_opened_and_hosts_are_not_checked() {
        let only = config(&[
            "--bind",
            "unix:/run/a",
            "--bind",
            "unix:b",
            "--bind",
            "unix:b",
            "--socket-mode",
            "660",
        ]);
        assert_eq!(only.sockets, [PathBuf::from("/run/a"), PathBuf::from("b")]);
        assert!(only.addresses.is_empty() && only.site.hosts == site::Hosts::Any);
        assert_eq!(only.socket_mode, 0o660);
        let both = config(&["--bind", "unix:/run/a,::1"]);
        assert_eq!((both.sockets.len(), both.addresses.len()), (1, 1));
        assert!(matches!(both.site.hosts, site::Hosts::LoopbackAnd(_)));
    }

    #[test]
    fn values_that_make_no_sense_are_refused_in_one_line_that_says_what_to_do() {
        let table: &[(&[&str], &str)] = &[
            (&["--port", "99999"], "--port"),
            (&["--port", "x"], "--port"),
            (&["--bind", "here"], "IP address"),
            (&["--bind", "unix:"], "path of a socket"),
            (&["--bind", "unix:/run/"], "path of a socket"),
            (&["--socket-mode", "8"], "octal"),
            (&["--socket-mode", "1777"], "octal"),
            (&["--index", "a/b"], "without a folder"),
            (&["--cache", "soon"], "no-store"),
            (&["--cache", "*.css=soon"], "*.css=3600"),
            (&["--cache", "[a=5"], "unclosed"),
            (&["--threads", "0"], "--threads"),
            (&["--head-timeout=-1"], "--head-timeout"),
            (&["--idle-timeout", "0"], "above 0"),
            (&["--log", "xml"], "combined"),
            (&["--allow-host", "a:1"], "without a port"),
            (&["--allow-host", "http://a"], "without a port"),
            (&["--allow-host", "."], "without a port"),
            (&["--allow-host", "*."], "without a port"),
            (&["--allow-host", "..a"], "without a port"),
            (&["--allow-host", "*"], "any page of the web"),
            (&["--allow-host", "*.*.a"], "as in *.example.com"),
            (&["--allow-host", "a.*.b"], "as in *.example.com"),
            (&["--allow-host", "*a.b"], "as in *.example.com"),
            (&["--cors=https://*"], "as in https://*.example.com"),
            (&["--cors=https://a.*"], "as in https://*.example.com"),
            (&["--cors=*.a.example"], "it must be an origin"),
            (&["--cors=https://a.example/"], "behind it: https://a.example"),
            (&["--cors=https://A.example:443/b?c"], "behind it: https://a.example"),
            (&["--cors=https://user@a.example"], "it must be an origin"),
            (&["--cors=a.example"], "it must be an origin"),
            (&["--no-such"], "--no-such"),
            (&["--lisitng"], "--no-listing"),
            (&["--base-path", "files"], "must be a path such as /files"),
            (&["--base-path", "/a?b"], "\"?\""),
            (&["--base-path", "/a/../b"], "no place in it"),
            (&["--base-path", "/a%0ab"], "control character"),
            (&["--trust-proxy=proxy.example"], "10.0.0.0/8"),
            (&["--trust-proxy=10.0.0.0/8,::/129"], "10.0.0.0/8"),
            (&["--trust-proxy="], "10.0.0.0/8"),
            (&["--lan", "--bind", "::1"], "'--bind <ADDR>'"),
            (&["--qr", "--quiet"], "'--quiet'"),
            (&["a", "b"], "unexpected argument 'b'"),
            (&["--log", "off", "--log-file", "x"], "contradict"),
            (&["--quit-after", "0"], "above 0"),
            (&["-p", "abc"], "a number from 0 to 65535"),
            (&["--threads", "two"], "a number from 1 to 1024"),
            (&["-d", "site"], "tip: the folder comes without an option"),
            (&["--directory", "site"], "tip: the folder comes without an option"),
            (&["--directory=site"], "tip: the folder comes without an option"),
            (&["--bind", "0.0.0.0:80"], "tip: the port comes with --port"),
            (&["site", "8080"], "--port PORT"),
            (&["--hsts"], "Strict-Transport-Security"),
            (&["--reload=often"], "auto or poll"),
            (&["--reload", "--reload-ignore", "[a.log"], "--reload-ignore"),
            (&["--reload", "--reload-ignore", "../a.log"], "without . and .."),
            (&["--reload-ignore", "a.log"], "--reload"),
        ];
        for &(arguments, part) in table {
            let arguments = std::iter::once("glasshttp").chain(arguments.iter().copied());
            let error = Cli::try_parse_from(arguments).and_then(Cli::check).expect_err("must be refused");
            let line = usage_error(&error);
            assert!(line.contains(part) && !line.contains('\n'), "{line}");
        }
    }
}
