//! The URLs of a server: which address a browser on this machine opens, and which addresses others can reach.
//!
//! ```text
//! it listens on     this machine               others
//! 127.0.0.1         http://localhost:8000/     none
//! 0.0.0.0           http://localhost:8000/     http://192.168.1.5:8000/, and each other address of its interfaces
//! 192.168.1.5       none                       http://192.168.1.5:8000/
//! ```
//!
//! A URL never has 0.0.0.0 or `::` in it: these say that a server listens on all addresses, and are no destination
//! (RFC 1122 section 3.2.1.3).

use crate::base::human;
use crate::http::base_path::BasePath;
use crate::site::Reach;
use if_addrs::{IfOperStatus, Interface};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::sync::Arc;

/// Where a server can be reached.
#[derive(Debug, Clone)]
pub(super) struct Places {
    /// Addresses, with the ports that the system gave.
    pub(super) addresses: Vec<SocketAddr>,
    /// The paths of Unix sockets.
    pub(super) sockets: Vec<PathBuf>,
    /// Whether another process opened them, and chose the ports.
    pub(super) are_given: bool,
    /// `http` or `https`.
    pub(super) scheme: &'static str,
    /// The path below which the site is.
    pub(super) base: BasePath,
}

/// Whether only this machine can connect to these addresses.
pub(super) fn are_local(addresses: &[SocketAddr]) -> bool {
    addresses.iter().all(|address| address.ip().to_canonical().is_loopback())
}

impl Places {
    /// The first of them, as programs need it.
    pub(super) fn first(&self) -> String {
        match (self.addresses.first(), self.sockets.first()) {
            (Some(address), _) => url(self, address.ip(), address.port()),
            (None, Some(socket)) => format!("unix:{}", human::OneLine(socket)),
            (None, None) => "nothing".to_owned(),
        }
    }

    /// How others reach the site that is there, found out when it is asked for.
    pub(super) fn reach(&self) -> Reach {
        let places = self.clone();
        Reach {
            scheme: self.scheme,
            elsewhere: Arc::new(move || Urls::of(&places).elsewhere.into_iter().next()),
        }
    }

    /// The URL for a browser on this machine.
    pub(super) fn own_url(&self) -> String {
        Urls::of(self).all().next().cloned().unwrap_or_default()
    }
}

/// URLs that a browser can open.
pub(super) struct Urls {
    /// Those that work on this machine alone.
    pub(super) here: Vec<String>,
    /// Those that work on other machines, too; the most likely to work first.
    pub(super) elsewhere: Vec<String>,
}

impl Urls {
    /// All of them; for a browser on this machine the first is best.
    pub(super) fn all(&self) -> impl Iterator<Item = &String> {
        self.here.iter().chain(&self.elsewhere)
    }

    pub(super) fn of(places: &Places) -> Urls {
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

/// The addresses by which other machines reach a server that is bound to these; the most likely to work first.
fn reached_from_elsewhere(bound: &[IpAddr], interfaces: &[Interface], outward: &[IpAddr]) -> Vec<IpAddr> {
    let is_named = |ip: &IpAddr| !ip.is_unspecified() && !ip.to_canonical().is_loopback();
    let mut found: Vec<_> = bound.iter().copied().filter(is_named).collect();
    for interface in interfaces {
        let ip = interface.ip();
        let listens = bound.iter().any(|bound| match bound {
            IpAddr::V4(bound) => bound.is_unspecified() && ip.is_ipv4(),
            // `::` also accepts clients of IPv4.
            IpAddr::V6(bound) => bound.is_unspecified(),
        });
        // A link-local address is one that a machine gives itself. In IPv6 it works only with the name of an interface
        // after it, and in IPv4 only between machines that all have one (RFC 3927 section 2.7).
        if listens && !interface.is_loopback() && !interface.is_link_local() && !found.contains(&ip) {
            found.push(ip);
        }
    }
    // A phone in the same house does not reach the address of a tunnel (a VPN, a modem), even where all traffic goes
    // through it. Nor does it reach the addresses of a bridge for virtual machines or containers, and where none of
    // them runs, that bridge is down.
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

/// The addresses from which this machine sends to others outside of its network. To connect a UDP socket sends nothing;
/// the system only chooses the address that it would send from.
fn outward_addresses() -> Vec<IpAddr> {
    // Addresses for documentation, which no machine has (RFC 5737, RFC 3849).
    let strangers = [("0.0.0.0:0", "192.0.2.1:9"), ("[::]:0", "[2001:db8::1]:9")];
    let address = |(from, to)| {
        let socket = UdpSocket::bind::<&str>(from).ok()?;
        socket.connect::<&str>(to).ok()?;
        socket.local_addr().ok().map(|address| address.ip())
    };
    strangers.into_iter().filter_map(address).collect()
}

fn url(places: &Places, ip: IpAddr, port: u16) -> String {
    // SocketAddr writes the brackets around an address of IPv6.
    format!("{}://{}{}", places.scheme, reachable(SocketAddr::new(ip, port)), places.base.start())
}

/// The address to connect to, from this machine, for a server that listens on this one.
pub(super) fn reachable(address: SocketAddr) -> SocketAddr {
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
        Interface {
            name: kind.to_owned(),
            addr,
            index: None,
            oper_status,
            is_p2p: kind == "t",
            #[cfg(windows)]
            adapter_name: String::new(),
        }
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
            // Link-local addresses.
            (&["0.0.0.0", "::"], &[("169.254.7.7", ""), ("fe80::1", ""), ("127.0.0.1", "")], &[], &[]),
            // Addresses that the user has named are all there.
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
}
