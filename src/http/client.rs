//! The client of a connection, and the one for which it asks if it is a proxy.
//!
//! ```text
//! 192.0.2.7      by TCP: an IP address
//! unix:          by a Unix socket, which has no addresses; mostly a proxy on this machine
//! ```

use crate::base::helpers::Owner;
use crate::base::trace::{self, Rfc};
use crate::http::fields::Fields;
use crate::http::forwarded::{self, Proxies, Said};
use ipnet::Ipv6Net;
use serde::{Serialize, Serializer};
use std::fmt;
use std::net::IpAddr;

/// A client, by its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Client {
    /// By TCP, from this address. An IPv4 address is written as one, however it came.
    Ip(IpAddr),
    /// By a Unix socket.
    Unix,
}

impl Client {
    /// Whether it connected by TCP from this machine itself. A client of a Unix socket is mostly a proxy, and anybody
    /// may be behind it.
    pub fn is_loopback(self) -> bool {
        matches!(self, Client::Ip(ip) if ip.is_loopback())
    }

    /// Whose turn it is when it has something made that takes a while: that of its address. A home or a server has a
    /// whole /64 of IPv6 addresses (RFC 6177).
    pub fn owner(self) -> Owner {
        match self {
            Client::Ip(IpAddr::V6(v6)) => Some(Ipv6Net::new_assert(v6, 64).network().into()),
            Client::Ip(v4) => Some(v4),
            Client::Unix => None,
        }
    }

    /// The address for which it sent a request with these fields, if it is one of these proxies and says so. A client
    /// of a Unix socket is trusted: the socket's permissions let it connect.
    pub fn asks_for(self, fields: &Fields<'_>, proxies: &Proxies) -> Option<IpAddr> {
        let rule = Rfc(7239, "5.2");
        let is_trusted = match self {
            Client::Ip(ip) => proxies.trust(ip),
            Client::Unix => true,
        };
        if !is_trusted {
            if forwarded::is_in(fields) {
                trace::decision("client", rule, || {
                    format!("{self} is no proxy that is trusted: for whom it says to ask is not believed")
                });
            }
            return None;
        }
        match forwarded::for_whom(fields, proxies) {
            Said::Nothing => None,
            Said::Address(address) => {
                trace::decision("client", rule, || {
                    format!("{self} is a trusted proxy, and asks for {address}")
                });
                Some(address)
            }
            Said::Unclear(why) => {
                trace::decision("client", rule, || {
                    format!(
                        "{self} is a trusted proxy, but for whom it asks {why}: it counts as the client itself"
                    )
                });
                None
            }
        }
    }
}

impl From<IpAddr> for Client {
    fn from(ip: IpAddr) -> Client {
        Client::Ip(ip.to_canonical())
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Client::Ip(ip) => ip.fmt(f),
            Client::Unix => f.pad("unix:"),
        }
    }
}

impl Serialize for Client {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_are_written_as_logs_do_and_only_those_of_this_machine_are_loopback() {
        let ip = |text: &str| Client::from(text.parse::<IpAddr>().expect("an address"));
        let table = [
            (ip("192.0.2.7"), "192.0.2.7", false),
            (ip("::ffff:192.0.2.7"), "192.0.2.7", false),
            (ip("127.0.0.1"), "127.0.0.1", true),
            (ip("::ffff:127.0.0.1"), "127.0.0.1", true),
            (ip("::1"), "::1", true),
            (ip("2001:db8::1"), "2001:db8::1", false),
            (Client::Unix, "unix:", false),
        ];
        for (client, written, is_loopback) in table {
            assert_eq!((client.to_string().as_str(), client.is_loopback()), (written, is_loopback));
        }
    }
}
