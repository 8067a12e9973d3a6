//! What is printed when the server starts.
//!
//! To a terminal: what is served, where, how to share it, how to stop. To anything else, exactly
//! one line, which scripts can rely on: `Listening on http://127.0.0.1:8000/`, the base path included. (With `--qr` a QR code
//! comes behind it.)

use super::{browser, qr_code};
use crate::base::human;
use crate::command::cli::{Config, DEFAULT_PORT};
use crate::http::base_path::BasePath;
use anstyle::{AnsiColor, Color, Style};
use if_addrs::{IfOperStatus, Interface};
use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};

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
        return if config.output.qr { line + &qr_code(&Urls::of(places)) } else { line };
    }
    let port = addresses.first().map_or(0, SocketAddr::port);
    let urls = Urls::of(places);
    let mut out = String::new();
    if config.listen.port.is_none() && port != DEFAULT_PORT && !places.are_given && !addresses.is_empty() {
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
    } else if config.listen.lan && urls.elsewhere.is_empty() {
        out.push_str("This machine is in no network, so for now nobody else can see it.\n");
    }
    if config.output.qr || (config.listen.lan && !urls.elsewhere.is_empty()) {
        out.push_str(&qr_code(&urls));
    }
    if config.output.inspect
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
    let another = match urls.elsewhere.len() {
        0 | 1 => "",
        _ => "If it does not get there: --bind ADDR --qr shows the code of another address.\n",
    };
    match qr_code::render(url) {
        Some(code) => format!("{who} {LINK}{url}{LINK:#}\n{code}{another}"),
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
        let bound: Vec<_> = ips().collect();
        let is_here = |ip: &IpAddr| ip.to_canonical().is_loopback();
        here.extend(
            bound.iter().filter(|ip| is_here(ip) && !is_localhost(**ip)).map(|ip| url(places, *ip, port)),
        );
        let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
        let elsewhere = reached_from_elsewhere(&bound, &interfaces, &outward_addresses());
        Urls { here, elsewhere: elsewhere.into_iter().map(|ip| url(places, ip, port)).collect() }
    }
}

/// The addresses by which others reach what is bound to these; the best known first.
fn reached_from_elsewhere(bound: &[IpAddr], interfaces: &[Interface], outward: &[IpAddr]) -> Vec<IpAddr> {
    let is_named = |ip: &IpAddr| !ip.is_unspecified() && !ip.to_canonical().is_loopback();
    let mut found: Vec<_> = bound.iter().copied().filter(is_named).collect();
    for interface in interfaces {
        let ip = interface.ip();
        let listens = bound.iter().any(|bound| match bound {
            IpAddr::V4(bound) => bound.is_unspecified() && ip.is_ipv4(),
            // `::` takes clients of both kinds.
            IpAddr::V6(bound) => bound.is_unspecified(),
        });
        // An address that a machine gives itself when nobody gives it one: in IPv6 it works only with the name of
        // an interface behind it, and in IPv4 with nobody who has got a proper one (RFC 3927 section 2.7).
        if listens && !interface.is_loopback() && !interface.is_link_local() && !found.contains(&ip) {
            found.push(ip);
        }
    }
    // What is at the other end of a tunnel (a VPN, a modem) is no phone in this house, though all traffic may go
    // that way. And a machine with virtual ones inside has addresses that only these can reach.
    found.sort_by_key(|ip| {
        let of = interfaces.iter().find(|interface| interface.ip() == *ip);
        let is_tunnel = of.is_some_and(Interface::is_p2p);
        let is_down = of.is_some_and(|of| {
            matches!(
                of.oper_status,
                IfOperStatus::Down | IfOperStatus::NotPresent | IfOperStatus::LowerLayerDown
            )
        });
        (is_tunnel, ip.is_ipv6(), is_down, !outward.contains(ip))
    });
    found
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

/// Folders in which more lies than most people think of, and what that is.
const LARGE: [(&str, &str); 6] = [
    ("/", "the whole machine: every file that you may read, of the system and of all users"),
    ("/etc", "the settings of this machine, and passwords and keys as far as you may read them"),
    ("/proc", "what runs on this machine, with the command lines and variables of your processes"),
    ("/root", "the administrator's whole home folder"),
    ("/run", "what runs on this machine, and keys and passwords as far as you may read them"),
    ("/var", "the logs, mails and databases of this machine as far as you may read them"),
];

/// What could surprise whoever starts a server like this: lines for standard error. `home` is the user's home folder.
pub fn warnings(config: &Config, places: &Places, home: Option<&Path>) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(port) = places.addresses.iter().map(SocketAddr::port).find(|port| browser::refuses(*port)) {
        lines.push(format!(
            "browsers refuse to open port {port}, which is another protocol's (the Fetch standard, \"port blocking\"); \
             for them choose another with --port"
        ));
    }
    if let Some(what) = gives_away(&config.folder, home) {
        let hidden = if config.site.hidden { ", hidden names too" } else { ", but for hidden names" };
        lines.push(format!(
            "this gives whoever can connect {what}{hidden}; name a smaller folder if you do not mean that"
        ));
    }
    lines
}

/// What this folder gives away, if it is a large one.
fn gives_away(folder: &Path, home: Option<&Path>) -> Option<&'static str> {
    let folder = folder.canonicalize().ok()?;
    if let Some((_, what)) = LARGE.iter().find(|(name, _)| Path::new(name) == folder) {
        return Some(what);
    }
    let home = home?.canonicalize().ok()?;
    match home.strip_prefix(&folder) {
        // That of a process without a home.
        _ if home == Path::new("/") => None,
        Ok(rest) if rest.as_os_str().is_empty() => Some("your whole home folder"),
        Ok(_) => Some("the home folders of this machine, as far as you may read them"),
        Err(_) => None,
    }
}

fn url(places: &Places, ip: IpAddr, port: u16) -> String {
    // SocketAddr puts the brackets around IPv6.
    format!("{}://{}{}", places.scheme, reachable(SocketAddr::new(ip, port)), places.base.start())
}

/// Where to connect to reach, from this machine, what listens on this address: on "all" is none.
pub(crate) fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(v4) if v4.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(v6) if v6.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        other => other,
    };
    SocketAddr::new(ip, address.port())
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

    /// An interface with this address: `t` for a tunnel, `d` for one that is down.
    fn interface(ip: &str, kind: &str) -> Interface {
        use if_addrs::{IfAddr, Ifv4Addr, Ifv6Addr};
        let addr = match ip.parse().expect("an address") {
            IpAddr::V4(ip) => {
                IfAddr::V4(Ifv4Addr { ip, netmask: Ipv4Addr::BROADCAST, prefixlen: 32, broadcast: None })
            }
            IpAddr::V6(ip) => {
                IfAddr::V6(Ifv6Addr { ip, netmask: Ipv6Addr::LOCALHOST, prefixlen: 128, broadcast: None })
            }
        };
        let oper_status = if kind == "d" { IfOperStatus::Down } else { IfOperStatus::Up };
        Interface { name: kind.to_owned(), addr, index: None, oper_status, is_p2p: kind == "t" }
    }

    #[test]
    fn the_first_address_is_one_that_a_phone_in_the_house_can_reach() {
        type Case<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)], &'a [&'a str], &'a [&'a str]);
        let table: &[Case<'_>] = &[
            // A VPN has the default route.
            (
                &["0.0.0.0"],
                &[("10.8.0.2", "t"), ("192.168.1.5", "")],
                &["10.8.0.2"],
                &["192.168.1.5", "10.8.0.2"],
            ),
            (
                &["::"],
                &[("100.64.0.9", "t"), ("fd7a::9", "t"), ("2001:db8::5", ""), ("192.168.1.5", "")],
                &["100.64.0.9", "fd7a::9"],
                &["192.168.1.5", "2001:db8::5", "100.64.0.9", "fd7a::9"],
            ),
            // A bridge for containers, with and without any that run.
            (
                &["0.0.0.0"],
                &[("172.17.0.1", ""), ("192.168.1.5", "")],
                &["192.168.1.5"],
                &["192.168.1.5", "172.17.0.1"],
            ),
            (
                &["0.0.0.0"],
                &[("172.17.0.1", "d"), ("192.168.1.5", ""), ("10.8.0.2", "t")],
                &["10.8.0.2"],
                &["192.168.1.5", "172.17.0.1", "10.8.0.2"],
            ),
            // What a machine has given itself.
            (&["0.0.0.0", "::"], &[("169.254.7.7", ""), ("fe80::1", ""), ("127.0.0.1", "")], &[], &[]),
            // What somebody has named stands there whatever it is.
            (
                &["169.254.7.7", "10.8.0.2"],
                &[("169.254.7.7", ""), ("10.8.0.2", "t")],
                &[],
                &["169.254.7.7", "10.8.0.2"],
            ),
            (&["127.0.0.1"], &[("192.168.1.5", "")], &["192.168.1.5"], &[]),
        ];
        let parse =
            |ips: &[&str]| ips.iter().map(|ip| ip.parse().expect("an address")).collect::<Vec<IpAddr>>();
        for (bound, interfaces, outward, expected) in table {
            let interfaces: Vec<_> = interfaces.iter().map(|(ip, kind)| interface(ip, kind)).collect();
            let found = reached_from_elsewhere(&parse(bound), &interfaces, &parse(outward));
            assert_eq!(found, parse(expected), "{interfaces:?}");
        }
    }

    #[test]
    fn with_several_addresses_the_code_comes_with_how_to_get_that_of_another() {
        let urls = |count: usize| Urls {
            here: vec!["http://localhost:80/".to_owned()],
            elsewhere: (0..count).map(|number| format!("http://192.0.2.{number}:80/")).collect(),
        };
        for (count, expected) in [(0, false), (1, false), (2, true)] {
            assert_eq!(qr_code(&urls(count)).contains("--bind ADDR --qr"), expected, "{count}");
        }
    }

    #[test]
    fn large_folders_are_told_from_others_by_whatever_path() {
        let outer = tempfile::tempdir().expect("a folder");
        let (homes, home) = (outer.path().join("home"), outer.path().join("home/alice"));
        std::fs::create_dir_all(home.join("site")).expect("made");
        std::os::unix::fs::symlink("/", outer.path().join("root")).expect("a link");
        let table = [
            (PathBuf::from("/"), "whole machine"),
            (PathBuf::from("/tmp/.."), "whole machine"),
            (outer.path().join("root"), "whole machine"),
            (PathBuf::from("/etc"), "settings"),
            (home.clone(), "your whole home folder"),
            (home.join("site/.."), "your whole home folder"),
            (homes, "the home folders"),
            (home.join("site"), ""),
            (PathBuf::from("/usr/share"), ""),
        ];
        for (folder, part) in table {
            let found = gives_away(&folder, Some(&home));
            assert_eq!(found.is_some(), !part.is_empty(), "{folder:?} {found:?}");
            assert!(found.unwrap_or_default().contains(part), "{folder:?} {found:?}");
        }
        assert_eq!(gives_away(&home, Some(Path::new("/"))), None, "whoever has no home has / for one");
        assert_eq!(gives_away(&home, None), None);
    }
}
