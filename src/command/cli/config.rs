//! What the command line comes to: all that the rest of the program has to know of it.
//!
//! Options that nothing has to be computed from stay in their groups, as [`Config::output`]; from others come the
//! options of the chapters below, as [`Config::site`].

use super::{AuthOptions, ListenOptions, Manual, OutputOptions, Reloading, RunningOptions};
use crate::command::private_files::ServedFolder;
use crate::command::tls;
use crate::command::variables::{self, Variable};
use crate::glass::access_log::Format;
use crate::server;
use crate::site;
use std::path::PathBuf;

/// What the command line asks for.
#[derive(Debug)]
pub struct Config {
    /// The folder to serve, or a single file. That of the course is known when it has been unpacked.
    pub folder: PathBuf,
    /// Whether the course is served.
    pub course: bool,
    /// Whether links may lead out of it.
    pub follow_links: bool,
    /// Where to listen.
    pub listen: ListenOptions,
    /// Where the certificate for https comes from; `None` for http.
    pub tls: Option<tls::Source>,
    /// Who may ask: everybody, if no user is named.
    pub auth: AuthOptions,
    /// How the folder is served.
    pub site: site::Options,
    /// What the server allows itself and its clients. What depends on open files is still to be set.
    pub server: server::Options,
    /// How changed files are noticed, if pages are reloaded then: `site.script` says whether.
    pub reload: Reloading,
    /// The format of the log; `None` for no log.
    pub log: Option<Format>,
    /// What the program prints and shows.
    pub output: OutputOptions,
    /// For servers that run longer.
    pub running: RunningOptions,
    /// The text to print in place of serving.
    pub manual: Option<Manual>,
    /// The variables of the environment that set options.
    pub(super) variables: Vec<Variable>,
}

impl Config {
    /// The folder that is served, which is no place for private files.
    pub(crate) fn served_folder(&self) -> ServedFolder {
        ServedFolder::new(self.folder.clone(), self.site.hidden)
    }

    /// A line that names options. Where a variable of the environment set an option, the result names the variable
    /// instead, or beside the value, since that is what the user has to change.
    pub fn by_variables(&self, line: &str) -> String {
        variables::explain(&self.variables, line)
    }
}

/// Properties of this machine that defaults depend on.
#[derive(Debug, Clone, Copy)]
pub struct Machine {
    /// Whether standard output is a terminal.
    pub is_terminal: bool,
    /// How many threads can run at once.
    pub processors: usize,
    /// How many files this process may have open.
    pub open_files: usize,
}

impl Machine {
    /// How many connections may be open: each is an open file, and the program needs some files itself.
    pub fn room_for_connections(&self) -> usize {
        self.open_files.saturating_sub(32)
    }
}
