//! The sockets on which the program listens. It opens those that the options name, or takes those that another process
//! has opened for it.
//!
//! The plain case, `glasshttp folder`, is [`Listeners::open`] with port 8000 on both loopback addresses; if that is
//! taken and the user can read which, the next port that is free.
//!
//! *Socket activation* is the other case: systemd (or `systemd-socket-activate`) opens the sockets, and starts the
//! server when a client connects. The sockets are open files of the new process, from number 3 on. Two variables say
//! so: LISTEN_FDS says how many there are, and LISTEN_PID which process they are for (sd_listen_fds(3)). So a server
//! needs no privilege to open a port, clients that connect while it restarts only wait a little, and a server that no
//! client needs does not run.

use super::terminal::report;
use crate::base::human;
use crate::base::platform::local;
use crate::command::cli::{Config, DEFAULT_PORT};
use crate::command::urls::{Places, are_local};
use crate::http::base_path::BasePath;
use crate::server::Listener;
use crate::server::listen::{self, BindError};
use crate::server::unix_socket::{SocketFile, UnixBindError, bind_unix};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

/// The open sockets.
#[derive(Debug, Default)]
pub(crate) struct Listeners {
    pub(crate) open: Vec<Listener>,
    /// The paths of the Unix sockets among them.
    pub(crate) sockets: Vec<PathBuf>,
    /// The files of these, which are removed at the end.
    pub(crate) files: Vec<SocketFile>,
    /// Whether another process opened them.
    pub(crate) are_given: bool,
}

impl Listeners {
    /// The sockets that another process opened for this one; `None` if there are none.
    fn given() -> Result<Option<Listeners>, String> {
        if !local::ARE_THERE {
            return if std::env::var_os("LISTEN_FDS").is_none() {
                Ok(None)
            } else {
                Err("LISTEN_FDS is set, and on this system no sockets can be handed over: use --bind and --port"
                    .to_owned())
            };
        }
        let mut given = listenfd::ListenFd::from_env();
        let mut listeners = Listeners { are_given: true, ..Listeners::default() };
        for index in 0..given.len() {
            if let Ok(Some(listener)) = given.take_tcp_listener(index) {
                listeners.open.push(listener.into());
            } else if let Some((listener, name)) = local::given(&mut given, index) {
                listeners.sockets.push(name.unwrap_or_else(|| "(without a name)".into()));
                listeners.open.push(listener.into());
            } else {
                return Err(format!(
                    "the open file {} that LISTEN_FDS speaks of is no socket that listens: \
                     ListenStream= in the .socket unit makes one",
                    index + 3
                ));
            }
        }
        Ok((!listeners.open.is_empty()).then_some(listeners))
    }

    /// Takes the sockets that another process opened, or opens those that the options name.
    pub(crate) fn open(config: &Config, is_terminal: bool) -> Result<Listeners, String> {
        let given = Listeners::given()?;
        if given.is_some() && config.listen.are_given() {
            let line = "glasshttp: --port and --bind are not used: the sockets were opened before the start";
            report(&config.by_variables(line));
        }
        let listeners = given.map_or_else(|| Listeners::from_options(config, is_terminal), Ok)?;
        if config.server.faults.are_any() && !listeners.are_local() {
            return Err(
                "--fault is for this machine alone: leave --bind and --lan out, or name a loopback address"
                    .to_owned(),
            );
        }
        Ok(listeners)
    }

    /// Opens the sockets that the options name.
    fn from_options(config: &Config, is_terminal: bool) -> Result<Listeners, String> {
        let mut listeners = Listeners::default();
        if config.listen.have_a_port() {
            listeners.open.extend(open_port(config, is_terminal)?.into_iter().map(Listener::from));
        }
        listeners.sockets = config.listen.sockets();
        for path in &listeners.sockets {
            let opened = bind_unix(path, config.listen.socket_mode);
            let (listener, file) = opened.map_err(|failed| unix_bind_failed(path, &failed))?;
            listeners.open.push(listener.into());
            listeners.files.push(file);
        }
        Ok(listeners)
    }

    /// Where clients reach them, with TLS or without.
    pub(crate) fn places(&self, is_secure: bool, base: &BasePath) -> Places {
        Places {
            addresses: self.addresses(),
            sockets: self.sockets.clone(),
            are_given: self.are_given,
            scheme: if is_secure { "https" } else { "http" },
            base: base.clone(),
        }
    }

    /// The addresses; Unix sockets have none.
    fn addresses(&self) -> Vec<SocketAddr> {
        self.open.iter().filter_map(Listener::address).collect()
    }

    /// Whether only this machine can connect.
    pub(crate) fn are_local(&self) -> bool {
        are_local(&self.addresses())
    }
}

/// Opens the port that the options name. Without that it opens port 8000 or, if that is taken and a user at a terminal
/// can read which it is, the next that is free.
fn open_port(config: &Config, is_terminal: bool) -> Result<Vec<TcpListener>, String> {
    let open = |port| match config.listen.addresses().as_slice() {
        _ if config.listen.lan => listen::bind_everywhere(port),
        [] => listen::bind_loopback(port),
        addresses => listen::bind_all(addresses, port),
    };
    let first = config.listen.port.unwrap_or(DEFAULT_PORT);
    let may_move = config.listen.port.is_none() && is_terminal && !config.output.quiet;
    let last = if may_move { first.saturating_add(100) } else { first };
    for port in first..last {
        match open(port) {
            Err(failed) if listen::is_taken(&failed.error) => {}
            opened => return opened.map_err(|failed| bind_failed(&failed)),
        }
    }
    open(last).map_err(|failed| bind_failed(&failed))
}

fn bind_failed(failed: &BindError) -> String {
    let (address, port) = (failed.address, failed.address.port());
    if listen::is_taken(&failed.error) {
        return format!(
            "port {port} is taken on {}: end what uses it, or choose another with --port (0: any free one)",
            address.ip()
        );
    }
    let advice = match failed.error.kind() {
        io::ErrorKind::PermissionDenied => {
            ": ports below 1024 are for the administrator, choose another with --port"
        }
        io::ErrorKind::AddrNotAvailable => ": --bind takes an address of this machine",
        _ => "",
    };
    format!("cannot listen on {address}: {}{advice}", human::reason(&failed.error))
}

fn unix_bind_failed(path: &Path, failed: &UnixBindError) -> String {
    let shown = human::OneLine(path);
    match failed {
        UnixBindError::NoSocket => {
            format!(
                "{shown} is there already and no socket; it is left as it is: name another in --bind unix:PATH"
            )
        }
        UnixBindError::Taken => {
            format!("somebody listens on {shown} already: end what does, or name another")
        }
        UnixBindError::Failed(error) => format!("cannot listen on {shown}: {}", human::reason(error)),
    }
}
