//! "Where": the addresses and Unix sockets to listen on, and the names by which clients may ask.
//!
//! ```text
//! (nothing)                     port 8000 of 127.0.0.1 and ::1; clients must ask for localhost or an address
//! -p 0 -b 192.168.1.20          any free port of that address; any name
//! --lan                         all addresses of this machine; any name
//! -b unix:/run/site/socket      a Unix socket, and no port; any name
//! ```

use crate::base::platform::local;
use crate::command::values::{number, yes_or_no};
use crate::http::base_path::BasePath;
use crate::http::forwarded::{Proxies, Proxy};
use crate::http::host::Host;
use crate::site::{Hosts, TrustedHosts};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;

/// The port when none is given. Users of `python -m http.server` expect it.
pub const DEFAULT_PORT: u16 = 8000;

/// How many bytes the path of a Unix socket may have (`sun_path` in unix(7), without the NUL at its end).
const MAX_SOCKET_NAME: usize = 107;

/// The options below "Where".
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Where")]
pub struct ListenOptions {
    /// The port; 0 takes any free one [default: 8000]
    #[arg(short, long, value_name = "PORT", value_parser = number(0..=u16::MAX),
          env = "GLASSHTTP_PORT", hide_env = true)]
    pub port: Option<u16>,

    /// An address to listen on, repeatable; 0.0.0.0 or :: is the whole network, unix:PATH a Unix socket
    /// (alias: --host) [default: 127.0.0.1 and ::1]
    #[arg(short, long, alias = "host", value_name = "ADDR", value_delimiter = ',', value_parser = parse_address,
          env = "GLASSHTTP_BIND", hide_env = true)]
    bind: Vec<Bind>,

    /// Who may connect to a Unix socket, as an octal file mode: 600 its owner, 660 its group, 666 all
    #[arg(long, value_name = "MODE", default_value = "600", value_parser = parse_mode,
          env = "GLASSHTTP_SOCKET_MODE", hide_env = true)]
    pub socket_mode: u32,

    /// Share it with your network, on all addresses, and show a QR code of the first
    #[arg(long, env = "GLASSHTTP_LAN", value_parser = yes_or_no, hide_env = true,
          conflicts_with = "bind")]
    pub lan: bool,

    /// Another host name to answer for (*.NAME: all below it), when only this machine can connect, and to take
    /// uploads under, repeatable [default: localhost and addresses; for uploads also this machine's name]
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = parse_host_name,
          env = "GLASSHTTP_ALLOW_HOST", hide_env = true)]
    allow_host: Vec<String>,

    /// Serve all of it below PATH, as a proxy may want it that passes on what begins with PATH [default: /]
    #[arg(long, value_name = "PATH", default_value = "/", hide_default_value = true, value_parser = BasePath::parse,
          env = "GLASSHTTP_BASE_PATH", hide_env = true)]
    pub(super) base_path: BasePath,

    /// Believe proxies that say for whom they ask, by X-Forwarded-For or Forwarded: those on this machine, or
    /// ADDR (also a network, as 10.0.0.0/8), repeatable [default: nobody]
    #[arg(long, value_name = "ADDR", num_args = 0..=1, require_equals = true, default_missing_value = "loopback",
          value_delimiter = ',', value_parser = str::parse::<Proxy>, env = "GLASSHTTP_TRUST_PROXY", hide_env = true)]
    trust_proxy: Vec<Proxy>,
}

/// A value of `--bind`.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Bind {
    /// `localhost`: both loopback addresses.
    Localhost,
    Address(IpAddr),
    /// `unix:PATH`
    Unix(PathBuf),
}

impl ListenOptions {
    /// The addresses to listen on, each once, since it cannot be bound twice. An empty list stands for both loopback
    /// addresses, unless there are Unix sockets.
    pub fn addresses(&self) -> Vec<IpAddr> {
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
                if !addresses.contains(&address) {
                    addresses.push(address);
                }
            }
        }
        addresses
    }

    /// The paths of the Unix sockets to listen on, each once.
    pub fn sockets(&self) -> Vec<PathBuf> {
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

    /// Whether the user says where to listen.
    pub fn are_given(&self) -> bool {
        self.port.is_some() || self.lan || !self.bind.is_empty()
    }

    /// Whether to listen on a port, and not on Unix sockets alone.
    pub fn have_a_port(&self) -> bool {
        self.bind.is_empty() || self.bind.iter().any(|bind| !matches!(bind, Bind::Unix(_)))
    }

    /// The host names by which clients may ask for files. The server checks them where this machine alone can connect
    /// to a port: a page of the web can make the browser of this machine ask there (DNS rebinding). No page can make
    /// it connect to a Unix socket.
    pub(super) fn hosts(&self) -> Hosts {
        let is_loopback_only = self.addresses().iter().all(|address| address.to_canonical().is_loopback());
        if is_loopback_only && self.have_a_port() {
            Hosts::LoopbackAnd(self.allow_host.clone())
        } else {
            Hosts::Any
        }
    }

    /// The host names by which clients may ask to add files, and to look into the server.
    pub(super) fn trusted_hosts(&self) -> TrustedHosts {
        TrustedHosts::with(self.allow_host.clone())
    }

    /// The proxies whose X-Forwarded-For and Forwarded the server trusts, if there are any.
    pub(super) fn proxies(&self) -> Option<Proxies> {
        (!self.trust_proxy.is_empty()).then(|| Proxies(self.trust_proxy.clone()))
    }
}

/// The path in `unix:PATH`, if that is what this is.
///
/// # Errors
/// Where there are no Unix sockets.
pub(super) fn unix_path(text: &str) -> Result<Option<&str>, String> {
    let path = text.strip_prefix("unix:");
    if path.is_some() && !local::ARE_THERE {
        return Err("there are no Unix sockets on this system: name an address, such as 127.0.0.1".to_owned());
    }
    Ok(path)
}

/// Reads a value of `--bind`; brackets around an IPv6 address may stand there or not.
fn parse_address(text: &str) -> Result<Bind, String> {
    if text == "localhost" {
        return Ok(Bind::Localhost);
    }
    if let Some(path) = unix_path(text)? {
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

/// Reads an octal file mode.
fn parse_mode(text: &str) -> Result<u32, String> {
    match u32::from_str_radix(text, 8) {
        Ok(mode) if mode <= 0o777 => Ok(mode),
        _ => Err("it must be an octal file mode of three digits, such as 660".to_owned()),
    }
}

/// Reads a host name. One with `*.` or a dot before it stands for all names below it, and the result has the dot.
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
    match Host::parse(name.as_bytes()) {
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
