//! For whom a proxy asks: `Forwarded` (RFC 7239) and the older `X-Forwarded-For`.
//!
//! ```text
//! X-Forwarded-For: 203.0.113.9, 192.0.2.7           each proxy adds the address from which it was asked
//! Forwarded: for=203.0.113.9;proto=https, for="[2001:db8::1]:4711"
//! ```
//!
//! Any client can send such a field, and proxies pass on what it holds. Only what a trusted proxy has added is known to
//! be true, and proxies add at the end. So the list is read from its right: the peer of the connection is trusted, and
//! so the last address is true; if that is the address of a trusted proxy, too, then so is the one before it; and so
//! on to the first address that belongs to no trusted proxy. That is the client's, and whatever stands left of it is
//! only what the client says:
//!
//! ```text
//! X-Forwarded-For: 1.2.3.4, 203.0.113.9, 10.0.0.2   with 10.0.0.0/8 trusted: 203.0.113.9
//!                  forged   client       a proxy
//! ```
//!
//! Most proxies know one of the two fields, and pass on the other as it came. So if a request has both and they do not
//! agree, neither is believed: one of them may be the client's own.
//!
//! Written here: `forwarded-header-value` (last released in 2021) reads the fields, but whom of the list to believe is
//! what matters. Networks are a library's (`ipnet`).

use super::fields::{Fields, is_token_char};
use ipnet::IpNet;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

/// The proxies that are trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxies(pub Vec<Proxy>);

/// A proxy that is trusted, or a network in which all hosts are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proxy {
    /// Every proxy on this machine.
    Loopback,
    /// Every proxy whose address lies in this network.
    Network(IpNet),
}

impl Proxies {
    /// Whether this is the address of a trusted proxy.
    pub fn trust(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|proxy| proxy.is(address))
    }
}

impl Proxy {
    fn is(self, address: IpAddr) -> bool {
        match self {
            Proxy::Loopback => address.is_loopback(),
            Proxy::Network(network) => network.contains(&address),
        }
    }
}

impl FromStr for Proxy {
    type Err = String;

    /// Reads `loopback`, an address, or a network: an address, a slash, and how many of its bits count.
    fn from_str(text: &str) -> Result<Proxy, String> {
        if text == "loopback" {
            return Ok(Proxy::Loopback);
        }
        let network = network(text).map(Proxy::Network);
        network.ok_or_else(|| "it must be loopback, an address or a network such as 10.0.0.0/8".to_owned())
    }
}

/// An address, or a network. The standard library reads the address: `ipnet` takes `010.0.0.0` for 10.0.0.0, and others
/// take it for 8.0.0.0.
fn network(text: &str) -> Option<IpNet> {
    let Some((address, bits)) = text.split_once('/') else {
        return Some(text.parse::<IpAddr>().ok()?.to_canonical().into());
    };
    let bits = if bits.starts_with('+') { None } else { bits.parse().ok() };
    let network = IpNet::new(address.parse().ok()?, bits?).ok()?;
    // An IPv4 address in the form of IPv6 is the same address.
    match network.addr().to_canonical() {
        plain if plain == network.addr() => Some(network),
        plain => IpNet::new(plain, network.prefix_len().checked_sub(96)?).ok(),
    }
}

/// What the fields of a request say about the client that sent it first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// Nothing.
    Nothing,
    /// It has this address.
    Address(IpAddr),
    /// Nothing that could be taken as an address, for this reason.
    Unclear(Why),
}

/// Why a field does not name a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// A proxy does not tell the address.
    Hidden,
    /// It is not written as it must be.
    Malformed,
    /// Both fields are present, and differ.
    Contradiction,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Why::Hidden => "does not tell the address",
            Why::Malformed => "is malformed",
            Why::Contradiction => "comes as Forwarded and as X-Forwarded-For, which do not say the same",
        })
    }
}

/// The client that trusted proxies name.
pub fn for_whom(fields: &Fields<'_>, proxies: &Proxies) -> Said {
    let forwarded = fields.get_all("forwarded").flat_map(Elements::of);
    let older = fields.list("x-forwarded-for").map(|node| node_of(node, true));
    match (first_untrusted(forwarded, proxies), first_untrusted(older, proxies)) {
        (Said::Nothing, said) | (said, Said::Nothing) => said,
        (one, other) if one == other => one,
        _ => Said::Unclear(Why::Contradiction),
    }
}

/// Whether a request has one of the fields.
pub fn is_in(fields: &Fields<'_>) -> bool {
    ["forwarded", "x-forwarded-for"].iter().any(|name| fields.get(name).is_some())
}

/// A member of a list: the address in it, or why there is none.
type Node = Result<IpAddr, Why>;

/// The first address from the right that is not a trusted proxy's; if all are, the last. The list has to be parsed from
/// its left, so the one that is found last is the first from the right.
fn first_untrusted(nodes: impl Iterator<Item = Node>, proxies: &Proxies) -> Said {
    let mut found = Said::Nothing;
    for node in nodes {
        found = match (node, found) {
            (Ok(address), Said::Nothing) => Said::Address(address),
            (Ok(address), found) if proxies.trust(address) => found,
            (Ok(address), _) => Said::Address(address),
            (Err(why), _) => Said::Unclear(why),
        };
    }
    found
}

/// `192.0.2.7`, `192.0.2.7:4711`, `[2001:db8::1]`, `[2001:db8::1]:4711`, `unknown`, `_hidden`
/// (RFC 7239 section 6); in X-Forwarded-For also `2001:db8::1`.
fn node_of(text: &[u8], bare_v6: bool) -> Node {
    let Ok(text) = std::str::from_utf8(text) else { return Err(Why::Malformed) };
    if bare_v6 && let Ok(address) = text.parse::<Ipv6Addr>() {
        return Ok(IpAddr::V6(address).to_canonical());
    }
    let (name, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((_, "")) => (text, None),
        Some((address, port)) => {
            (&text[..address.len() + 2], Some(port.strip_prefix(':').ok_or(Why::Malformed)?))
        }
        None => text.split_once(':').map_or((text, None), |(name, port)| (name, Some(port))),
    };
    let is_port = |port: &str| {
        let is_number = port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok();
        is_number || is_hidden(port)
    };
    if !port.is_none_or(is_port) {
        return Err(Why::Malformed);
    }
    if name.eq_ignore_ascii_case("unknown") || is_hidden(name) {
        return Err(Why::Hidden);
    }
    let address = match name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(v6) => v6.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => name.parse().ok().map(IpAddr::V4),
    };
    address.map(|address| address.to_canonical()).ok_or(Why::Malformed)
}

/// `_` and a name that has a meaning for the proxy alone.
fn is_hidden(text: &str) -> bool {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    text.strip_prefix('_').is_some_and(|name| !name.is_empty() && name.bytes().all(is_name))
}

/// The elements of one Forwarded line, by the grammar of RFC 7239 section 4; white space around its separators is
/// allowed. Reading ends with the first element that is malformed: a quote that is never closed may enclose what a
/// proxy has added, and everything behind it.
struct Elements<'a>(&'a [u8]);

impl<'a> Elements<'a> {
    fn of(line: &'a [u8]) -> Elements<'a> {
        Elements(line)
    }

    /// The next element that is not empty, if there is one.
    fn element(&mut self) -> Result<Option<Node>, Why> {
        let (mut node, mut has_pairs) = (None, false);
        loop {
            self.skip_space();
            match self.0.first() {
                None => break,
                Some(b',') if has_pairs => break,
                Some(b',' | b';') => self.0 = &self.0[1..],
                Some(_) => {
                    let (name, value) = self.pair()?;
                    if name.eq_ignore_ascii_case(b"for") && node.replace(node_of(&value, false)).is_some() {
                        return Err(Why::Malformed);
                    }
                    has_pairs = true;
                    self.skip_space();
                    if !matches!(self.0.first(), None | Some(b',' | b';')) {
                        return Err(Why::Malformed);
                    }
                }
            }
        }
        Ok(has_pairs.then(|| node.unwrap_or(Err(Why::Hidden))))
    }

    /// `for=192.0.2.7` or `for="[2001:db8::1]"`: the name, and the value without its quotes.
    fn pair(&mut self) -> Result<(&'a [u8], Vec<u8>), Why> {
        let name = self.token()?;
        let Some((b'=', rest)) = self.0.split_first() else { return Err(Why::Malformed) };
        self.0 = rest;
        let Some((b'"', mut rest)) = rest.split_first() else { return Ok((name, self.token()?.to_vec())) };
        let mut value = Vec::new();
        loop {
            match rest {
                [b'"', behind @ ..] => {
                    self.0 = behind;
                    return Ok((name, value));
                }
                [b'\\', byte, behind @ ..] | [byte, behind @ ..] => {
                    value.push(*byte);
                    rest = behind;
                }
                [] => return Err(Why::Malformed),
            }
        }
    }

    fn token(&mut self) -> Result<&'a [u8], Why> {
        let ends = self.0.iter().position(|&byte| !is_token_char(byte)).unwrap_or(self.0.len());
        let (token, rest) = self.0.split_at(ends);
        self.0 = rest;
        if token.is_empty() { Err(Why::Malformed) } else { Ok(token) }
    }

    fn skip_space(&mut self) {
        while let [b' ' | b'\t', rest @ ..] = self.0 {
            self.0 = rest;
        }
    }
}

impl Iterator for Elements<'_> {
    type Item = Node;

    fn next(&mut self) -> Option<Node> {
        self.element().unwrap_or_else(|why| {
            self.0 = b"";
            Some(Err(why))
        })
    }
}

#[cfg(test)]
mod tests;
