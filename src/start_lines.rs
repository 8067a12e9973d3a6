//! What is printed when the server starts.
//!
//! To a terminal: what is served, where, how to share it, how to stop. To anything else, exactly
//! one line, which scripts can rely on: `Listening on http://127.0.0.1:8000/`, the base path included. (With `--qr` a QR code
//! comes behind it.)

use crate::cli::{Config, DEFAULT_PORT};
use crate::http::base_path::BasePath;
use crate::{human, qr_code};
use anstyle::{AnsiColor, Color, Style};
use std::fmt::Write;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::path::PathBuf;

const LINK: Style = Style::new().underline().fg_color(Some(Color::Ansi(AnsiColor::Cyan)));

/// Where a server can be reached.
#[derive(Debug)]
pub struct Places {
    /// Addresses, with the ports that it really got.
    pub addresses: Vec<SocketAddr>,
    /// The names of Unix sockets.
    pub sockets: Vec<PathBuf>,
    /// Somebody else opened them, and chose the ports.
    pub are_given: bool,
    /// `http` or `https`.
    pub scheme: &'static str,
    /// Where the site is there.
    pub base: BasePath,
}

/// The lines, with colours that the output may take out.
pub fn render(config: &Config, places: &Places, is_terminal: bool) -> String {
    const BOLD: Style = Style::new().bold();
    let addresses = &places.addresses;
    if !is_terminal {
        let line = format!("Listening on {}\n", first(places));
        return if config.qr { line + &qr_code(&Urls::of(places)) } else { line };
    }
    let port = addresses.first().map_or(0, SocketAddr::port);
    let urls = Urls::of(places);
    let mut out = String::new();
    if config.port.is_none() && port != DEFAULT_PORT && !places.are_given && !addresses.is_empty() {
        let _ = writeln!(out, "Port {DEFAULT_PORT} is taken, so this is port {port}.");
    }
    let _ = writeln!(out, "{BOLD}glasshttp{BOLD:#} serves {}", human::OneLine(&config.folder));
    for url in urls.here.iter().chain(&urls.elsewhere) {
        let _ = writeln!(out, "  {LINK}{url}{LINK:#}");
    }
    for socket in &places.sockets {
        let _ = writeln!(out, "  unix:{}", human::OneLine(socket));
    }
    if let ([], [socket, ..]) = (addresses.as_slice(), places.sockets.as_slice()) {
        let (file, base) = (human::OneLine(socket), places.base.start());
        let _ = writeln!(
            out,
            "Who may write to that file can connect: curl --unix-socket {file} http://localhost{base}"
        );
    } else if addresses.iter().all(|address| address.ip().to_canonical().is_loopback()) {
        out.push_str("Only this machine can see it; --lan shares it with your network.\n");
    } else if config.lan && urls.elsewhere.is_empty() {
        out.push_str("This machine is in no network, so for now nobody else can see it.\n");
    }
    if config.qr || (config.lan && !urls.elsewhere.is_empty()) {
        out.push_str(&qr_code(&urls));
    }
    if config.inspect
        && let Some(url) = urls.here.first()
    {
        let _ = writeln!(out, "See what goes on in it: {LINK}{url}.glass/{LINK:#} (on this machine only)");
    }
    out.push_str("Ctrl-C stops it.\n");
    out
}

/// What a phone would open: an address that it can reach, if there is one.
fn qr_code(urls: &Urls) -> String {
    let (url, who) = match (urls.elsewhere.first(), urls.here.first()) {
        (Some(url), _) => (url, "A phone in your network can scan this to open"),
        (None, Some(url)) => (url, "Only this machine can open what this says:"),
        (None, None) => return String::new(),
    };
    match qr_code::render(url) {
        Some(code) => format!("{who} {LINK}{url}{LINK:#}\n{code}"),
        None => String::new(),
    }
}

/// The first of the places, for programs.
pub fn first(places: &Places) -> String {
    match (places.addresses.first(), places.sockets.first()) {
        (Some(address), _) => url(places, address.ip(), address.port()),
        (None, Some(socket)) => format!("unix:{}", human::OneLine(socket)),
        (None, None) => "nothing".to_owned(),
    }
}

/// The URL for a browser on this machine.
pub fn own_url(places: &Places) -> String {
    let urls = Urls::of(places);
    urls.here.into_iter().chain(urls.elsewhere).next().unwrap_or_default()
}

/// Addresses that a browser can open: never 0.0.0.0 or ::, which only say where a server listens.
struct Urls {
    /// On this machine alone.
    here: Vec<String>,
    /// On others, too; the best known first.
    elsewhere: Vec<String>,
}

impl Urls {
    fn of(places: &Places) -> Urls {
        let (addresses, scheme) = (&places.addresses, places.scheme);
        let port = addresses.first().map_or(0, SocketAddr::port);
        let ips = || addresses.iter().map(SocketAddr::ip);
        let is_localhost = |ip: IpAddr| ip == Ipv4Addr::LOCALHOST || ip == Ipv6Addr::LOCALHOST;
        let mut here = Vec::new();
        if ips().any(|ip| is_localhost(ip) || ip.is_unspecified()) {
            here.push(format!("{scheme}://localhost:{port}{}", places.base.start()));
        }
        let named = ips().filter(|ip| !is_localhost(*ip) && !ip.is_unspecified());
        let (loopback, mut others): (Vec<_>, Vec<_>) = named.partition(|ip| ip.to_canonical().is_loopback());
        here.extend(loopback.into_iter().map(|ip| url(places, ip, port)));
        for interface in if_addrs::get_if_addrs().unwrap_or_default() {
            let ip = interface.ip();
            let listens = ips().any(|bound| match bound {
                IpAddr::V4(bound) => bound.is_unspecified() && ip.is_ipv4(),
                // `::` takes clients of both kinds.
                IpAddr::V6(bound) => bound.is_unspecified(),
            });
            // An address that works only with the name of an interface behind it is no use in a URL.
            let is_link_local = matches!(ip, IpAddr::V6(v6) if v6.is_unicast_link_local());
            if listens && !interface.is_loopback() && !is_link_local && !others.contains(&ip) {
                others.push(ip);
            }
        }
        // A machine with virtual ones inside has addresses that only these can reach.
        let outward = outward_addresses();
        others.sort_by_key(|ip| (ip.is_ipv6(), !outward.contains(ip)));
        Urls { here, elsewhere: others.into_iter().map(|ip| url(places, ip, port)).collect() }
    }
}

/// The addresses by which this machine speaks to those outside of its network. To connect a UDP
/// socket sends nothing: the system only picks the address that it would send from.
fn outward_addresses() -> Vec<IpAddr> {
    // RFC 5737 and RFC 3849: nobody has these addresses.
    let strangers = [("0.0.0.0:0", "192.0.2.1:9"), ("[::]:0", "[2001:db8::1]:9")];
    let address = |(from, to)| {
        let socket = UdpSocket::bind::<&str>(from).ok()?;
        socket.connect::<&str>(to).ok()?;
        socket.local_addr().ok().map(|address| address.ip())
    };
    strangers.into_iter().filter_map(address).collect()
}

fn url(places: &Places, ip: IpAddr, port: u16) -> String {
    // SocketAddr puts the brackets around IPv6.
    format!("{}://{}{}", places.scheme, reachable(SocketAddr::new(ip, port)), places.base.start())
}

/// Where to connect to reach, from this machine, what listens on this address: on "all" is none.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(v4) if v4.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(v6) if v6.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        other => other,
    };
    SocketAddr::new(ip, address.port())
}

/// An error in words, without the number that the standard library adds.
pub fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(at) => text[..at].to_lowercase(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_can_be_opened() {
        let table = [
            ("127.0.0.1", "http://127.0.0.1:80/"),
            ("::1", "http://[::1]:80/"),
            ("0.0.0.0", "http://127.0.0.1:80/"),
            ("::", "http://[::1]:80/"),
            ("192.0.2.1", "http://192.0.2.1:80/"),
        ];
        let places = Places {
            addresses: Vec::new(),
            sockets: Vec::new(),
            are_given: false,
            scheme: "http",
            base: BasePath::default(),
        };
        for (ip, expected) in table {
            assert_eq!(url(&places, ip.parse().expect("an address"), 80), expected);
        }
    }

    #[test]
    fn reasons_have_no_numbers() {
        let error = io::Error::from_raw_os_error(rustix::io::Errno::NOENT.raw_os_error());
        assert_eq!(reason(&error), "no such file or directory");
    }
}
